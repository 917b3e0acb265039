/* policy_diff.c - `policy diff`: in what two policies differ, and what that changes for each kind of finding; no daemon. */
#include <string.h>

#include "client/command/language.h"
#include "client/command/policy.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "rehearse/describe.h"
#include "rehearse/diff.h"

static const struct column columns[] = {
    {"what", "what differs", "差异", 0}, {"before", "before", "旧", 0}, {"after", "after", "新", 0}};
static const struct column effect_columns[] = {
    {"effect", "effect on", "影响", 0}, {"before", "before", "旧", 0}, {"after", "after", "新", 0}};

static void put(void *context, const char *what, const char *before, const char *after) {
  struct sheet *sheet = context;
  sheet_string(sheet, what);
  sheet_string(sheet, before);
  sheet_string(sheet, after);
}

static void put_if(struct sheet *sheet, const char *what, const char *before, const char *after) {
  if (strcmp(before, after) != 0) put(sheet, what, before, after);
}

static const char *treatment_text(const struct treatment *treatment, char out[128]) {
  if (treatment->route == 0) return "no route: waits for the office";
  (void)snprintf(out, 128, "%s, due after %.20s (route %u)", word_name(words_track, treatment->track),
                 describe_span(treatment->due).text, treatment->route);
  return out;
}

static void put_treatment(struct sheet *sheet, const struct policy *before, const struct policy *after, uint32_t kind,
                          uint32_t severity) {
  struct treatment was, is;
  char what[96], was_text[128], is_text[128];
  policy_treatment(before, kind, severity, &was);
  policy_treatment(after, kind, severity, &is);
  const struct span due = is.due;
  if (was.track == is.track && was.due.count == due.count && was.due.unit == due.unit) return; /* another number is no effect */
  (void)snprintf(what, sizeof what, "%s, %s", word_name(words_kind, kind), word_name(words_severity, severity));
  put(sheet, what, treatment_text(&was, was_text), treatment_text(&is, is_text));
}

static const char *longest_line(const struct longest *longest, char out[64]) {
  if (!longest->routed) return "no route";
  if (!longest->bounded) return "never";
  (void)snprintf(out, 64, "%dwd", longest->wd);
  return out;
}

static void put_longest(struct sheet *sheet, const struct policy *before, const struct policy *after, uint32_t kind) {
  struct longest_kind was, is;
  char what[96], was_text[64], is_text[64];
  longest_of_kind(before, kind, &was);
  longest_of_kind(after, kind, &is);
  (void)snprintf(what, sizeof what, "%s, longest time to a proposal if nobody acts", word_name(words_kind, kind));
  put_if(sheet, what, longest_line(&was.idle, was_text), longest_line(&is.idle, is_text));
  (void)snprintf(what, sizeof what, "%s, longest time to a proposal by the caps", word_name(words_kind, kind));
  put_if(sheet, what, longest_line(&was.capped, was_text), longest_line(&is.capped, is_text));
}

static uint64_t say_effects(const struct session *session, const struct policy *before, const struct policy *after) {
  const bool machine = session->format != FORMAT_TABLE;
  struct sheet *sheet = sheet_open(session, stdout, machine ? columns : effect_columns, 3);
  for (uint32_t kind = 1; kind <= KIND_COUNT; kind++) {
    for (uint32_t severity = 1; severity <= SEVERITY_COUNT; severity++) put_treatment(sheet, before, after, kind, severity);
    put_longest(sheet, before, after, kind);
  }
  return sheet_close(sheet);
}

/* Machines read one list: the effects follow the differences under the same names, without a second header. */
static int say(const struct session *session, const struct policy *before, const struct policy *after) {
  struct sheet *sheet = sheet_open(session, stdout, columns, 3);
  uint32_t count = policy_diff(before, after, put, sheet);
  (void)sheet_close(sheet);
  if (count == 0) {
    (void)fputs(_("the two policies do not differ\n"), session->format == FORMAT_TABLE ? stdout : stderr);
    return EXIT_FINE;
  }
  if (session->format == FORMAT_CSV) return EXIT_REFUSED;
  if (session->format == FORMAT_TABLE) (void)putchar('\n');
  if (say_effects(session, before, after) == 0 && session->format == FORMAT_TABLE)
    (void)puts(_("nothing changes for a plain finding of any kind"));
  return EXIT_REFUSED;
}

/* As diff(1): 0 when they are alike, 1 when they differ. */
int policy_diff_run(struct session *session, struct arguments *arguments) {
  struct policy_file before, after;
  int code = arguments_plain(session, arguments, 2, 2);
  if (code == EXIT_FINE) code = policy_file_open(arguments->argv[optind], &before);
  if (code != EXIT_FINE) return code;
  code = policy_file_open(arguments->argv[optind + 1], &after);
  if (code == EXIT_FINE) {
    code = say(session, before.policy, after.policy);
    policy_file_close(&after);
  }
  policy_file_close(&before);
  return code;
}
