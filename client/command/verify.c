/* verify.c - `verify`: an export of the log, or a running daemon's, with nothing but its public key and heads kept elsewhere. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/export.h"
#include "client/command/language.h"
#include "client/command/trust.h"
#include "client/command/verb.h"
#include "rectify/must.h"
#include "verify/verify.h"

#define SHOWN_MAX 50 /* of one kind; more are counted only */

enum { VERIFY_OFFLINE_FLAG, VERIFY_KEY_FLAG, VERIFY_HEAD_FLAG, VERIFY_PRINTED_FLAG, VERIFY_WITNESS_FLAG };
const struct flag verify_flags[] = {
    {"offline", 0, "EXPORT", "the file that `rectify export log` wrote, or - for stdin", NULL},
    {"key", 'k', "KEY", "the log's public key: NAME+ID+BASE64, or a file that holds it", NULL},
    {"head", 0, "FILE", "a signed head that was kept elsewhere (or a receipt's); may be repeated", NULL},
    {"printed", 0, "SIZE:CODE", "the code of a head as a ledger or an order prints it; may be repeated", NULL},
    {"witness", 'w', "KEY", "a witness's public key: its cosignatures are checked too; may be repeated", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

struct job {
  struct session *session;
  const char *export;
  bool has_key;
  struct note_verifier log, witnesses[VERIFY_WITNESSES_MAX];
  struct verify_note heads[VERIFY_HEADS_MAX];
  struct verify_printed printed[VERIFY_PRINTED_MAX];
  struct verify_options options;
  uint64_t count[VERIFY_FINDING_COUNT];
};

static void tell(void *context, enum verify_finding finding, const char *text) {
  struct job *job = context;
  const bool erased = finding == VERIFY_FINDING_COUNT;
  if (!erased && ++job->count[finding] > SHOWN_MAX) return;
  if (job->session->format == FORMAT_JSON) {
    (void)printf("{\"%s\":\"%s\",\"text\":\"", erased ? "note" : "finding",
                 erased ? "erased" : verify_finding_name(finding));
    for (const char *at = text; *at != '\0'; at++) {
      bool plain = (unsigned char)*at >= ' ' && *at != '"' && *at != '\\';
      (void)printf(plain ? "%c" : "\\u%04x", (unsigned char)*at);
    }
    (void)puts("\"}");
    return;
  }
  (void)printf("%s: ", erased ? "erased" : verify_finding_name(finding));
  print_safe(stdout, text, strlen(text));
  if (!erased) (void)printf(" (%s)", verify_finding_text(finding));
  (void)putchar('\n');
}

static void tell_more(const struct job *job) {
  for (uint32_t i = 0; i < VERIFY_FINDING_COUNT; i++)
    if (job->count[i] > SHOWN_MAX)
      complain("%s: %" PRIu64 " more", verify_finding_name((enum verify_finding)i), job->count[i] - SHOWN_MAX);
}

static int verdict(const struct job *job, const struct verify_result *result) {
  tell_more(job);
  if (job->session->format == FORMAT_JSON)
    (void)printf("{\"events\":%" PRIu64 ",\"cases\":%" PRIu64 ",\"heads\":%" PRIu64 ",\"cosignatures\":%" PRIu64
                 ",\"erased\":%" PRIu64 ",\"covered\":%" PRIu64 ",\"findings\":%" PRIu64 "}\n",
                 result->events, result->cases, result->heads, result->cosignatures, result->erased, result->covered,
                 result->findings);
  else
    (void)printf(_("verify: %" PRIu64 " records, %" PRIu64 " cases, %" PRIu64 " heads, %" PRIu64 " cosignatures, %" PRIu64
                 " texts erased: %s\n"),
                 result->events, result->cases, result->heads, result->cosignatures, result->erased,
                 result->findings == 0 ? _("nothing was tampered with") : _("TAMPERED WITH"));
  if (result->findings == 0 && result->covered < result->events)
    complain("the last %" PRIu64 " records are not covered by a signed head yet", result->events - result->covered);
  if (result->findings == 0 && job->options.head_count == 0 && job->options.printed_count == 0)
    complain(
        "no --head or --printed: a log that was rewritten before its key was kept apart would pass; keep heads "
        "elsewhere");
  if (result->findings == 0) return EXIT_FINE;
  complain("%" PRIu64 " findings; keep the database and this export as they are", result->findings);
  return EXIT_DIFFERENT;
}

/* A running daemon's log is exported and verified as it is: the same eyes, whatever the way. */
static int run_online(struct job *job) {
  struct verify_result result;
  int code = session_open(job->session);
  if (code != EXIT_FINE) return code;
  FILE *file = tmpfile();
  if (file == NULL) return complain("cannot make a temporary file: %m"), EXIT_SYSTEM;
  code = export_log(job->session, file, false);
  rewind(file);
  if (code == EXIT_FINE && verify_export(file, &job->options, &result) == 0) code = verdict(job, &result);
  else if (code == EXIT_FINE) complain("cannot read a temporary file: %m"), code = EXIT_SYSTEM;
  (void)fclose(file);
  return code;
}

static int run(struct job *job) {
  struct verify_result result;
  FILE *file = strcmp(job->export, "-") == 0 ? stdin : fopen(job->export, "rb");
  bool fine = file != NULL && verify_export(file, &job->options, &result) == 0;
  if (!fine) complain("cannot read '%s': %m", job->export);
  if (file != NULL && file != stdin) (void)fclose(file);
  return fine ? verdict(job, &result) : EXIT_INPUT;
}

/* A head, or a receipt that has one behind its proof. */
static bool add_head(struct job *job, const char *path) {
  static const char receipt[] = "c2sp.org/tlog-proof@v1\n";
  size_t length, skip = 0;
  if (job->options.head_count == VERIFY_HEADS_MAX) return complain("at most %d heads", VERIFY_HEADS_MAX), false;
  char *bytes = trust_file(path, 4 * NOTE_BYTES_MAX, &length);
  if (bytes == NULL) return false;
  if (length > sizeof receipt && memcmp(bytes, receipt, sizeof receipt - 1) == 0) {
    const char *empty = memmem(bytes, length, "\n\n", 2);
    skip = empty == NULL ? 0 : (size_t)(empty + 2 - bytes);
  }
  memmove(bytes, bytes + skip, length - skip);
  job->heads[job->options.head_count++] = (struct verify_note){bytes, length - skip, path};
  return true;
}

/* "812:7f3a-09c2-...", kept in the order of sizes. */
static bool add_printed(struct job *job, const char *text) {
  struct verify_printed printed;
  int end = 0;
  uint32_t at = job->options.printed_count;
  bool fine = sscanf(text, "%" SCNu64 ":%39[0-9a-f-]%n", &printed.size, printed.code, &end) == 2 && text[end] == '\0';
  if (!fine || strlen(printed.code) != CHECKPOINT_CODE_BYTES - 1 || at == VERIFY_PRINTED_MAX)
    return complain("--printed wants SIZE:CODE, eight groups of four digits, at most %d times, not '%s'",
                    VERIFY_PRINTED_MAX, text),
           false;
  for (; at > 0 && job->printed[at - 1].size > printed.size; at--) job->printed[at] = job->printed[at - 1];
  job->printed[at] = printed;
  job->options.printed_count++;
  return true;
}

static int take(struct job *job, const struct verb *verb, int option) {
  switch (option) {
    case VERIFY_OFFLINE_FLAG:
      job->export = optarg;
      return EXIT_FINE;
    case VERIFY_KEY_FLAG:
      job->has_key = trust_public(optarg, &job->log);
      return job->has_key ? EXIT_FINE : EXIT_INPUT;
    case VERIFY_HEAD_FLAG:
      return add_head(job, optarg) ? EXIT_FINE : EXIT_INPUT;
    case VERIFY_PRINTED_FLAG:
      return add_printed(job, optarg) ? EXIT_FINE : EXIT_USE;
    case VERIFY_WITNESS_FLAG:
      if (job->options.witness_count == VERIFY_WITNESSES_MAX)
        return complain_usage(verb, "at most %d witnesses", VERIFY_WITNESSES_MAX);
      return trust_public(optarg, &job->witnesses[job->options.witness_count++]) ? EXIT_FINE : EXIT_INPUT;
    default:
      return EXIT_USE;
  }
}

int verify_run(struct session *session, struct arguments *arguments) {
  static struct job job;
  int exit_code = EXIT_FINE;
  job.session = session;
  job.options = (struct verify_options){.log = &job.log,
                                        .witnesses = job.witnesses,
                                        .heads = job.heads,
                                        .printed = job.printed,
                                        .tell = tell,
                                        .context = &job};
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code;
    exit_code = take(&job, arguments->verb, option);
    if (exit_code != EXIT_FINE) return exit_code;
  }
  exit_code = arguments_words(arguments, 0, 0);
  if (exit_code != EXIT_FINE) return exit_code;
  if (!job.has_key) return complain_usage(arguments->verb, "--key KEY is needed: the log's public key");
  exit_code = job.export == NULL ? run_online(&job) : run(&job);
  for (uint32_t i = 0; i < job.options.head_count; i++) free((char *)(uintptr_t)job.heads[i].bytes);
  return exit_code;
}
