/* witness.c - `witness`: cosigns a log's heads for somebody who trusts neither the daemon nor its database. */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "client/command/trust.h"
#include "client/command/verb.h"
#include "sign/witness.h"

enum { WITNESS_KEY_FLAG, WITNESS_LOG_FLAG, WITNESS_ORIGIN_FLAG, WITNESS_STATE_FLAG };
const struct flag witness_flags[] = {
    {"key", 'k', "FILE", "the witness's secret key (`rectify key new --for witness`), or credential:NAME", NULL},
    {"log", 'l', "KEY", "the log's public key: NAME+ID+BASE64, or a file that holds it", NULL},
    {"origin", 0, "NAME", "the log's name, after a recorded fork: NAME/2; with a state of its own (the key's name)",
     NULL},
    {"state", 0, "FILE", "where the last head is kept; made when it is missing", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

struct job {
  struct note_signer witness;
  struct note_verifier log;
  const char *origin, *state;
  bool has_key, has_log;
};

static int say(const struct witness_answer *answer, const char *error) {
  switch (answer->status) {
    case WITNESS_OK:
      (void)fputs(answer->line, stdout);
      return EXIT_FINE;
    case WITNESS_CONFLICT:
      (void)printf("%" PRIu64 "\n", answer->known_size);
      complain("%d: %s", answer->status,
               answer->forked ? "the log has two heads of this size: a fork; keep this request as evidence"
                              : witness_status_text(answer->status));
      return answer->forked ? EXIT_DIFFERENT : EXIT_REFUSED;
    case WITNESS_FAULT:
      complain("%d: %s", answer->status, error);
      return EXIT_SYSTEM;
    case WITNESS_NOT_PROVED:
      complain("%d: %s", answer->status, witness_status_text(answer->status));
      return EXIT_DIFFERENT;
    case WITNESS_BAD_REQUEST:
    case WITNESS_FORBIDDEN:
    case WITNESS_NOT_FOUND:
      complain("%d: %s", answer->status, witness_status_text(answer->status));
      return EXIT_REFUSED;
  }
  return EXIT_SYSTEM;
}

static int add(const struct job *job, const char *path) {
  struct witness_answer answer;
  struct timespec now;
  char error[SECRET_ERROR_BYTES];
  size_t length;
  char *text = trust_file(path, WITNESS_REQUEST_BYTES_MAX, &length);
  if (text == NULL) return EXIT_INPUT;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  witness_add(&job->witness, &job->log, job->origin == NULL ? job->log.name : job->origin, job->state, text, length,
              (uint64_t)now.tv_sec, &answer, error, sizeof error);
  free(text);
  return say(&answer, error);
}

static int take(struct job *job, int option) {
  if (option == WITNESS_KEY_FLAG && !(job->has_key = trust_secret(optarg, &job->witness))) return EXIT_INPUT;
  if (option == WITNESS_LOG_FLAG && !(job->has_log = trust_public(optarg, &job->log))) return EXIT_INPUT;
  if (option == WITNESS_ORIGIN_FLAG) job->origin = optarg;
  if (option == WITNESS_STATE_FLAG) job->state = optarg;
  return EXIT_FINE;
}

int witness_run(struct session *session, struct arguments *arguments) {
  static struct job job;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code;
    exit_code = take(&job, option);
    if (exit_code != EXIT_FINE) return exit_code;
  }
  exit_code = arguments_words(arguments, 1, 1);
  if (exit_code != EXIT_FINE) return exit_code;
  if (!job.has_key || !job.has_log || job.state == NULL)
    return complain_usage(arguments->verb, "--key, --log and --state are needed");
  if (job.witness.verifier.algorithm != NOTE_COSIGNATURE)
    return complain_usage(arguments->verb,
                          "--key is not a witness's key: make one with `rectify key new --for witness`");
  exit_code = add(&job, arguments->argv[optind]);
  note_signer_wipe(&job.witness);
  return exit_code;
}
