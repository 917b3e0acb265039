/* order.c - see order.h. */
#include "client/command/order.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/keep.h"
#include "client/command/language.h"
#include "client/command/upload.h"
#include "client/command/verb.h"
#include "proto/codec.h"
#include "rectify/must.h"

/* ---- the options, as rows for --help ---- */

#define TEXT {"message", 'm', "TEXT", "the reason or report in words; - reads it from standard input", NULL}
#define EVIDENCE                                                                                                      \
  {"evidence", 'e', "[WHAT:]FILE", "a piece of evidence (may be repeated); WHAT is KIND, N or KIND/N, for measure N " \
   "of the plan; it is uploaded first, unless it is there", words_evidence}
#define ID {"id", 0, "UUID", "the command's own id: repeating it with the same id does nothing twice", NULL}
#define PREVIEW {"preview", 0, NULL, "only say what would come of it; nothing is recorded", NULL}
#define UNIT(help) {"unit", 'u', "UNIT", help, NULL}
#define OFFICER(help) {"officer", 'o', "OFFICER", help, NULL}
#define VERIFIER {"verifier", 0, "OFFICER", "this officer will verify; else whoever has the role", NULL}
#define TRACK(help) {"track", 0, "TRACK", help, words_track}
#define DAYS(help) {"days", 'd', "N", help, NULL}
#define NUMBER {"number", 0, "NUMBER", "number of the document, at most 63 bytes", NULL}
#define NONE {NULL, 0, NULL, NULL, NULL}
#define COMMON TEXT, EVIDENCE, ID, PREVIEW

const struct flag act_flags[] = {COMMON, NONE};
const struct flag act_track_flags[] = {TRACK("to this track; else along the overdue edge of the policy"), COMMON, NONE};
const struct flag act_place_flags[] = {
    UNIT("to this unit"), OFFICER("to this responsible officer; else whoever answers for the unit"), VERIFIER,
    TRACK("in this track; else by the policy's routes"), COMMON, NONE,
};
const struct flag act_people_flags[] = {
    UNIT("to this unit; else it stays where it is"),
    OFFICER("to this responsible officer; else whoever answers for the unit"), VERIFIER, COMMON, NONE,
};
const struct flag act_split_flags[] = {
    UNIT("the part goes to this unit; else it stays in the same"),
    OFFICER("to this responsible officer; else whoever answers for the unit"),
    TRACK("in this track; else in the same"), COMMON, NONE,
};
const struct flag act_co_unit_flags[] = {
    UNIT("the co-unit (needed)"), OFFICER("its responsible officer; else whoever answers for it"), COMMON, NONE,
};
const struct flag act_officer_flags[] = {OFFICER("who has the post from now on (needed)"), COMMON, NONE};
const struct flag act_plan_flags[] = {
    {"measures", 0, "N", "how many measures the plan has, 1 to 32 (needed)", NULL}, COMMON, NONE};
const struct flag act_days_flags[] = {DAYS("so many working days, 1 to 4000 (needed)"), COMMON, NONE};
const struct flag act_grant_flags[] = {DAYS("fewer working days than were asked for; else as asked"), COMMON, NONE};
const struct flag act_into_flags[] = {
    {"into", 0, "CASE", "the case that goes on (needed)", NULL}, COMMON, NONE};
const struct flag act_rule_flags[] = {
    NUMBER, {"date", 0, "DATE", "the rule takes effect on this date (needed)", NULL}, COMMON, NONE};
const struct flag act_decide_flags[] = {
    {"form", 0, "FORM", "what was decided (needed)", words_form}, NUMBER,
    OFFICER("whom it is about; else the subject of the proposal"), COMMON, NONE,
};

const struct flag act_erase_ask_flags[] = {
    {"index", 0, "N", "log index of the event whose text it is, as `rectify history --json` tells it (needed)", NULL},
    {"ground", 0, "TEXT", "the legal ground, such as an article of a law; at most 63 bytes (needed)", NULL},
    TEXT, ID, PREVIEW, NONE};
const struct flag act_erase_flags[] = {
    {"index", 0, "N", "log index of the event whose text it is (needed)", NULL}, TEXT, ID, PREVIEW, NONE};

/* ---- what each option does to the command ---- */

static bool read_message(struct order *order, const char *value) {
  order->text = value;
  return true;
}

/* A command that needs a document takes its evidence for that document unless another kind is said. */
static bool read_evidence(struct order *order, const char *value) {
  static const struct {
    uint32_t command, kind;
  } kinds[] = {{COMMAND_PLAN_SUBMIT, EVIDENCE_PLAN},       {COMMAND_RULE_ISSUE, EVIDENCE_RULE_DOCUMENT},
               {COMMAND_DECIDE, EVIDENCE_DECISION},        {COMMAND_TALK, EVIDENCE_TALK_RECORD},
               {COMMAND_ORDER_SIGN, EVIDENCE_SUPERVISION_ORDER}};
  uint32_t kind = EVIDENCE_MATERIAL;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (kinds[i].command == order->command.command) kind = kinds[i].kind;
  return evidence_add(&order->evidence, value, kind);
}

static bool read_id(struct order *order, const char *value) {
  order->has_id = uuid_read(value, strlen(value), order->id);
  if (!order->has_id) complain("--id wants a UUID such as 018f4b2e-7c11-7abc-8def-0123456789ab, not '%s'", value);
  return order->has_id;
}

static bool read_preview(struct order *order, const char *value) {
  (void)value;
  order->preview = true;
  return true;
}

static bool read_code(const char *name, const char *value, ProtobufCBinaryData *out) {
  const size_t length = strlen(value);
  const bool fine = length >= 1 && length <= CODE_BYTES_MAX && codec_text_ok(value, length) && strchr(value, '\n') == NULL;
  if (!fine) complain("--%s wants 1 to %d bytes in one line, not '%s'", name, CODE_BYTES_MAX, value);
  *out = wire_text(value);
  return fine;
}

static bool read_unit(struct order *order, const char *value) { return read_code("unit", value, &order->command.unit); }

static bool read_officer(struct order *order, const char *value) {
  return read_code("officer", value, &order->command.officer);
}

static bool read_verifier(struct order *order, const char *value) {
  return read_code("verifier", value, &order->command.verifier);
}

static bool read_document(struct order *order, const char *value) {
  return read_code("number", value, &order->command.number);
}

static bool read_track(struct order *order, const char *value) {
  order->command.track = read_word(words_track, "track", value);
  return order->command.track != 0;
}

static bool read_form(struct order *order, const char *value) {
  order->command.form = read_word(words_form, "form", value);
  return order->command.form != 0;
}

/* "20" or "20wd": hours are for limits of the policy, not for people. */
static bool read_days(struct order *order, const char *value) {
  struct span span;
  int64_t number = 0;
  bool fine = number_read(value, 1, WORKDAYS_MAX, &number);
  if (!fine && span_read(value, &span) && span.unit == SPAN_WD && span.count >= 1) {
    number = span.count;
    fine = true;
  }
  if (!fine) complain("--days wants a number of working days, 1 to %d, such as 20 or 20wd, not '%s'", WORKDAYS_MAX, value);
  order->command.days = (uint32_t)number;
  return fine;
}

static bool read_measures(struct order *order, const char *value) {
  int64_t number = 0;
  const bool fine = number_read(value, 1, MEASURES_MAX, &number);
  if (!fine) complain("--measures wants a number, 1 to %d, not '%s'", MEASURES_MAX, value);
  order->command.measures = (uint32_t)number;
  return fine;
}

static bool read_date(struct order *order, const char *value) {
  day_t day = 0;
  const bool fine = workday_parse(value, strlen(value), &day) && day > 0;
  if (!fine) complain("--date wants a date such as 2026-02-13, not '%s'", value);
  order->command.day = day;
  return fine;
}

static bool read_into(struct order *order, const char *value) {
  const bool fine = case_read(value, &order->command.other);
  if (!fine) complain("--into wants a case number such as C-000042, not '%s'", value);
  return fine;
}

static bool read_index(struct order *order, const char *value) {
  int64_t number = 0;
  const bool fine = number_read(value, 0, INT64_MAX - 1, &number);
  if (!fine) complain("--index wants a log index, a number from 0, not '%s'", value);
  order->command.other = (uint64_t)number + 1;
  return fine;
}

static bool read_ground(struct order *order, const char *value) { return read_code("ground", value, &order->command.number); }

static const struct option_reader {
  const char *name;
  bool (*read)(struct order *order, const char *value);
} readers[] = {
    {"message", read_message}, {"evidence", read_evidence}, {"id", read_id},           {"preview", read_preview},
    {"unit", read_unit},       {"officer", read_officer},   {"verifier", read_verifier}, {"track", read_track},
    {"days", read_days},       {"measures", read_measures}, {"date", read_date},       {"number", read_document},
    {"form", read_form},       {"into", read_into},         {"index", read_index},     {"ground", read_ground},
};

bool order_option(struct order *order, const char *name, const char *value) {
  for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
    if (strcmp(readers[i].name, name) == 0) return readers[i].read(order, value);
  must(false); /* every row of the tables above has a reader: command.t tries all verbs */
  return false;
}

int order_failure(const struct order *order) { return order->evidence.unreadable ? EXIT_INPUT : EXIT_USE; }

/* ---- completing ---- */

void order_init(struct order *order, const struct verb *verb) {
  memset(order, 0, sizeof *order);
  rectify__v1__command__init(&order->command);
  order->command.command = verb->command;
  evidence_init(&order->evidence);
}

void order_free(struct order *order) {
  evidence_free(&order->evidence);
  free(order->read_text);
  order->read_text = NULL;
}

/* What the rules would refuse anyway is said here before it goes on record as an attempt. */
static const char *missing(const struct order *order) {
  const Rectify__V1__Command *command = &order->command;
  const struct {
    uint32_t command;
    bool said;
    const char *text;
  } needs[] = {
      {COMMAND_EXTENSION_ASK, command->days != 0, N_("--days N: how many working days more")},
      {COMMAND_HOLD, command->days != 0, N_("--days N: for how many working days at most")},
      {COMMAND_STAGE, command->days != 0, N_("--days N: the working days until it is looked at again")},
      {COMMAND_PLAN_SUBMIT, command->measures != 0, N_("--measures N: how many measures the plan has")},
      {COMMAND_PLAN_SUBMIT, order->evidence.count > 0, N_("--evidence FILE: the plan")},
      {COMMAND_RULE_ISSUE, command->number.len > 0, N_("--number NUMBER: of the rule")},
      {COMMAND_RULE_ISSUE, command->day != 0, N_("--date DATE: when the rule takes effect")},
      {COMMAND_RULE_ISSUE, order->evidence.count > 0, N_("--evidence FILE: the rule")},
      {COMMAND_DECIDE, command->form != 0, N_("--form FORM: what was decided")},
      {COMMAND_DECIDE, command->form <= FORM_NONE_HELD || command->number.len > 0, N_("--number NUMBER: of the decision")},
      {COMMAND_DECIDE, order->evidence.count > 0, N_("--evidence FILE: the decision")},
      {COMMAND_MERGE_INTO, command->other != 0, N_("--into CASE: the case that goes on")},
      {COMMAND_ERASE_ASK, command->other != 0, N_("--index N: log index of the event whose text it is")},
      {COMMAND_ERASE_ASK, command->number.len > 0, N_("--ground TEXT: the legal ground")},
      {COMMAND_ERASE, command->other != 0, N_("--index N: log index of the event whose text it is")},
      {COMMAND_HAND_OVER, command->officer.len > 0, N_("--officer OFFICER: who has the post from now on")},
      {COMMAND_CO_UNIT, command->unit.len > 0, N_("--unit UNIT: the co-unit")},
      {COMMAND_ATTACH, order->evidence.count > 0, N_("--evidence FILE")},
  };
  for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
    if (needs[i].command == command->command && !needs[i].said) return needs[i].text;
  return NULL;
}

static int read_text(const struct verb *verb, struct order *order) {
  bool from_input = order->text != NULL && strcmp(order->text, "-") == 0;
  bool needed = command_needs_text(verb->command);
  if (from_input) order->read_text = text_from(stdin);
  else if (order->text == NULL && needed && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
    order->read_text = text_from_editor(verb->name);
  else if (order->text == NULL && needed)
    return complain_usage(verb, "%s needs a reason in words: -m TEXT", verb->name);
  if (order->text == NULL && !needed) return EXIT_FINE;
  if (order->read_text != NULL) order->text = order->read_text;
  else if (from_input || order->text == NULL) return EXIT_INPUT;
  if (strlen(order->text) > TEXT_BYTES_MAX) {
    complain("the text has %zu bytes; at most %d are possible", strlen(order->text), TEXT_BYTES_MAX);
    return EXIT_INPUT;
  }
  if (needed && order->text[0] == '\0')
    return complain_usage(verb, "%s: the text is empty; nothing was done", verb->name);
  order->command.text = wire_text(order->text);
  return EXIT_FINE;
}

int order_complete(struct session *session, const struct verb *verb, struct order *order) {
  const char *what = missing(order);
  if (what != NULL) return complain_usage(verb, "%s needs %s", verb->name, _(what));
  int code = read_text(verb, order);
  if (code != EXIT_FINE) return code;
  order->command.n_evidence = order->evidence.count;
  order->command.evidence = order->evidence.pointers;
  return order->has_id ? EXIT_FINE : session_key(session, order->id);
}

/* ---- sending ---- */

struct letter {
  Rectify__V1__Command command;
  uint8_t id[16];
};

static void say_unknown(const struct order *order) {
  char id[UUID_TEXT_BYTES];
  uuid_text(order->id, id);
  (void)fprintf(stderr, _("whether it was recorded is unknown; say the same again with --id %s: then it cannot happen twice\n"),
                id);
}

int order_send(struct session *session, const struct order *order, const uint64_t *cases, size_t count, bool alone,
               const Rectify__V1__Reply **reply) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Act act = RECTIFY__V1__ACT__INIT;
  struct letter *letters = calloc(count, sizeof *letters);
  Rectify__V1__Command **pointers = calloc(count, sizeof *pointers);
  must(letters != NULL && pointers != NULL && count <= WIRE_ACT_MAX && (!alone || count == 1));
  for (size_t i = 0; i < count; i++) {
    struct letter *letter = &letters[i];
    if (alone) memcpy(letter->id, order->id, 16);
    else rectify_key_for_case(order->id, cases[i], letter->id);
    letter->command = order->command;
    letter->command.case_no = cases[i];
    letter->command.id = wire_bytes(letter->id, 16);
    pointers[i] = &letter->command;
  }
  act.n_commands = count;
  act.commands = pointers;
  act.preview = order->preview;
  request.body_case = RECTIFY__V1__REQUEST__BODY_ACT;
  request.act = &act;
  int code = upload_evidence(session, &order->evidence); /* before a preview too: it tells what would come of it */
  if (code == EXIT_FINE) code = order->preview ? session_ask(session, &request, reply) : session_deliver(session, &request, reply);
  free(pointers);
  free(letters);
  if (code == EXIT_UNREACHABLE && !order->preview) say_unknown(order);
  return code;
}
