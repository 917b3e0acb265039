/* submit.c - `submit`: its options, and one finding by options. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/command/intake.h"
#include "client/command/keep.h"
#include "client/command/outcome.h"
#include "client/command/submit.h"
#include "client/command/trust.h"
#include "client/command/upload.h"
#include "client/command/verb.h"

#define BATCH_DEFAULT 100
#define WINDOW_DEFAULT 8

enum {
  SUBMIT_UNIT,
  SUBMIT_KIND,
  SUBMIT_SEVERITY,
  SUBMIT_CATEGORY,
  SUBMIT_CODE,
  SUBMIT_INSPECTION,
  SUBMIT_TEAM,
  SUBMIT_FOUND,
  SUBMIT_TEXT,
  SUBMIT_ID, /* as enum draft_field */
  SUBMIT_EVIDENCE,
  SUBMIT_JSONL,
  SUBMIT_CSV,
  SUBMIT_MAP,
  SUBMIT_FROM,
  SUBMIT_UNTIL,
  SUBMIT_IN_DATE_ORDER,
  SUBMIT_ADVANCE,
  SUBMIT_DRY_RUN,
  SUBMIT_BATCH,
  SUBMIT_WINDOW,
  SUBMIT_SIGN
};
const struct flag submit_flags[] = {
    {"unit", 'u', "UNIT", "code of the unit, as found; may be unknown to the registry", NULL},
    {"kind", 'k', "KIND", "kind of problem", words_kind},
    {"severity", 's', "SEVERITY", "how severe it is", words_severity},
    {"category", 'c', "CATEGORY", "category, for recurrences of the same kind", NULL},
    {"code", 0, "CODE", "code section of the rule broken, for recurrences of the same problem", NULL},
    {"inspection", 'i', "INSPECTION", "code of the inspection", NULL},
    {"team", 't', "TEAM", "code of the inspection team; an inspector's own", NULL},
    {"found", 'f', "DATE", "date found (the daemon's today)", NULL},
    {"message", 'm', "TEXT", "what was found; - reads it from standard input", NULL},
    {"id", 0, "UUID", "the finding's id (UUIDv7): the same id is the same finding, for ever", NULL},
    {"evidence", 'e', "[KIND:]FILE", "a piece of evidence (may be repeated)", words_evidence},
    {"jsonl", 0, "FILE", "findings from JSON lines; - reads standard input", NULL},
    {"csv", 0, "FILE", "findings from CSV, with --map; - reads standard input", NULL},
    {"map", 0, "MAPPING", "mapping file: from columns to fields", NULL},
    {"from", 0, "DATE", "only rows found on this date or later", NULL},
    {"until", 0, "DATE", "only rows found on this date or earlier", NULL},
    {"in-date-order", 0, NULL, "read the whole file first, then submit by date found", NULL},
    {"advance", 0, NULL,
     "move a manual clock to noon UTC of each row's date before submitting it; implies --in-date-order", NULL},
    {"dry-run", 0, NULL, "check only; needs no daemon", NULL},
    {"batch", 0, "N", "findings in one request, 1 to 500 (100)", NULL},
    {"window", 0, "N", "requests in flight, 1 to 32 (8)", NULL},
    {"sign", 0, "KEYFILE", "sign each finding with this key of yours (`rectify key new --for person`)", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static bool read_number(const char *name, int64_t most, uint32_t *out) {
  int64_t number;
  if (!number_read(optarg, 1, most, &number)) {
    complain("--%s wants a number, 1 to %lld, not '%s'", name, (long long)most, optarg);
    return false;
  }
  *out = (uint32_t)number;
  return true;
}

static bool read_day(const char *name, day_t *day) {
  if (workday_parse(optarg, strlen(optarg), day)) return true;
  complain("--%s wants a date such as 2026-02-13, not '%s'", name, optarg);
  return false;
}

static bool read_signer(struct submission *submission) {
  submission->is_signed = trust_secret(optarg, &submission->signer);
  if (!submission->is_signed || submission->signer.verifier.algorithm == NOTE_ED25519) return submission->is_signed;
  complain("'%s' is a witness's key, which cosigns heads only", optarg);
  return false;
}

static bool apply_file(struct submission *submission, int option) {
  switch (option) {
    case SUBMIT_JSONL:
      submission->jsonl = optarg;
      return true;
    case SUBMIT_CSV:
      submission->csv = optarg;
      return true;
    case SUBMIT_MAP:
      submission->map = optarg;
      return true;
    case SUBMIT_FROM:
      return read_day("from", &submission->from);
    case SUBMIT_UNTIL:
      return read_day("until", &submission->until);
    case SUBMIT_IN_DATE_ORDER:
      submission->in_date_order = true;
      return true;
    case SUBMIT_ADVANCE:
      submission->advance = submission->in_date_order = true;
      return true;
    case SUBMIT_DRY_RUN:
      submission->dry_run = true;
      return true;
    case SUBMIT_BATCH:
      return read_number("batch", WIRE_SUBMIT_MAX, &submission->batch);
    case SUBMIT_SIGN:
      return read_signer(submission);
    case SUBMIT_WINDOW:
      return read_number("window", INTAKE_WINDOW_MAX, &submission->window);
    default:
      return false;
  }
}

static bool apply(struct submission *submission, int option) {
  if (option > SUBMIT_EVIDENCE) return apply_file(submission, option);
  submission->has_field = true;
  if (option == SUBMIT_EVIDENCE) return evidence_add(&submission->evidence, optarg, EVIDENCE_MATERIAL);
  const char *text = optarg;
  if (option == SUBMIT_TEXT && strcmp(optarg, "-") == 0) text = submission->read_text = text_from(stdin);
  if (text == NULL) return false;
  draft_set(&submission->draft, (enum draft_field)option, text, strlen(text), (struct place){0, 0});
  return true;
}

/* The daemon's today, in the user's zone: it refuses a date that lies in its future, and a manual clock stands anywhere.  A
 * dry run asks nobody; where no daemon answers it is this machine's day, and the finding is saved without asking again. */
static int set_today(struct session *session, struct submission *submission, char text[INSTANT_TEXT_BYTES]) {
  const Rectify__V1__Pong *pong;
  usec_t now = (usec_t)time(NULL) * USEC_PER_SECOND;
  if (submission->draft.values[DRAFT_FOUND].set) return EXIT_FINE;
  if (!submission->dry_run && !session->offline) {
    int code = session_ping(session, &pong);
    if (code == EXIT_FINE) now = pong->now;
    else if (code == EXIT_UNREACHABLE) session->offline = true;
    else return code;
  }
  instant_text(session, now, text);
  draft_set(&submission->draft, DRAFT_FOUND, text, strlen("2026-02-13"), (struct place){0, 0});
  return EXIT_FINE;
}

static int complete(const struct verb *verb, struct submission *submission) {
  static const enum draft_field needed[] = {DRAFT_UNIT, DRAFT_KIND, DRAFT_SEVERITY};
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
    if (!submission->draft.values[needed[i]].set)
      return complain_usage(verb, "submit: --%s is missing", words_draft[needed[i]].name);
  if (submission->draft.values[DRAFT_TEXT].set) return EXIT_FINE;
  if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
    return complain_usage(verb, "submit needs to be told what was found: -m TEXT");
  submission->read_text = text_from_editor("submit");
  if (submission->read_text == NULL) return EXIT_INPUT;
  if (submission->read_text[0] == '\0') return complain_usage(verb, "submit: the text is empty; nothing was done");
  draft_set(&submission->draft, DRAFT_TEXT, submission->read_text, strlen(submission->read_text), (struct place){0, 0});
  return EXIT_FINE;
}

static int send_one(struct session *session, struct submission *submission) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Submit submit = RECTIFY__V1__SUBMIT__INIT;
  Rectify__V1__Finding finding, *pointer = &finding;
  const Rectify__V1__Reply *reply;
  uint8_t signature[NOTE_SIGNATURE_BYTES];
  draft_finding(&submission->draft, &finding);
  finding.n_evidence = submission->evidence.count;
  finding.evidence = submission->evidence.pointers;
  finding_sign(submission->is_signed ? &submission->signer : NULL, &finding, signature);
  submit.n_findings = 1;
  submit.findings = &pointer;
  request.body_case = RECTIFY__V1__REQUEST__BODY_SUBMIT;
  request.submit = &submit;
  int code = upload_evidence(session, &submission->evidence);
  if (code == EXIT_FINE) code = session_deliver(session, &request, &reply);
  if (code == EXIT_UNREACHABLE) {
    char id[UUID_TEXT_BYTES];
    uuid_text(submission->draft.id, id);
    (void)fprintf(
        stderr,
        "whether it was recorded is unknown; say the same again with --id %s: then it cannot be recorded twice\n", id);
  }
  return code == EXIT_FINE ? outcomes_print(session, reply, COMMAND_SUBMIT, false, NULL, 1) : code;
}

static int submit_one(struct session *session, const struct verb *verb, struct submission *submission) {
  char today[INSTANT_TEXT_BYTES];
  struct draft *draft = &submission->draft;
  const bool asked_offline = session->offline;
  int code = complete(verb, submission);
  if (code == EXIT_FINE) code = set_today(session, submission, today);
  if (code != EXIT_FINE) return code;
  if (!draft_judge(draft)) return complain_usage(verb, "%s", draft->problem);
  if (submission->dry_run) return EXIT_FINE;
  code = session_open_to_send(session);
  if (code == EXIT_FINE && !draft->has_id) code = session_key(session, draft->id);
  if (code == EXIT_FINE) code = send_one(session, submission);
  return code == EXIT_FINE && session->offline && !asked_offline ? EXIT_SAVED : code;
}

static int read_options(struct session *session, struct arguments *arguments, struct submission *submission) {
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (!apply(submission, option)) return submission->evidence.unreadable ? EXIT_INPUT : EXIT_USE;
  }
  int code = arguments_words(arguments, 0, 0);
  bool file = submission->csv != NULL || submission->jsonl != NULL;
  if (code != EXIT_FINE) return code;
  if (submission->csv != NULL && submission->jsonl != NULL)
    return complain_usage(arguments->verb, "submit: either --csv or --jsonl");
  if ((submission->csv != NULL) != (submission->map != NULL))
    return complain_usage(arguments->verb, "submit: --csv FILE and --map MAPPING go together");
  if (file && submission->has_field)
    return complain_usage(arguments->verb,
                          "submit: the rows of a file bring their own fields; leave out --unit, -m and the like");
  if (!file && (submission->advance || submission->in_date_order))
    return complain_usage(arguments->verb, "submit: --advance and --in-date-order go with a file");
  if (submission->advance && session->offline)
    return complain_usage(arguments->verb, "submit: --advance moves a daemon's clock, so it cannot be said --offline");
  return EXIT_FINE;
}

int submit_run(struct session *session, struct arguments *arguments) {
  struct submission submission = {.batch = BATCH_DEFAULT, .window = WINDOW_DEFAULT, .from = DAY_MIN, .until = DAY_MAX};
  draft_begin(&submission.draft, 0);
  evidence_init(&submission.evidence);
  int code = read_options(session, arguments, &submission);
  bool file = submission.csv != NULL || submission.jsonl != NULL;
  if (code == EXIT_FINE && !submission.dry_run) code = session_open_to_send(session);
  if (code == EXIT_FINE)
    code = file ? submit_file(session, &submission) : submit_one(session, arguments->verb, &submission);
  note_signer_wipe(&submission.signer);
  evidence_free(&submission.evidence);
  free(submission.read_text);
  return code;
}
