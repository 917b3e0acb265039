/* possible.c - see possible.h. */
#include "client/command/possible.h"

#include <string.h>

#include "client/command/keep.h"
#include "rectify/core.h"

/* What stands in the way is only that nothing more was said: a number, a date, a file. */
static bool wants_more(uint32_t rule) {
  static const uint32_t rules[] = {RULE_TEXT_REQUIRED,   RULE_EVIDENCE_REQUIRED, RULE_DOCUMENT_REQUIRED, RULE_MEASURES_REQUIRED,
                                   RULE_DAYS_REQUIRED,   RULE_DATE_REQUIRED,     RULE_NUMBER_REQUIRED,   RULE_FORM_REQUIRED,
                                   RULE_NOTHING_TO_CHANGE, RULE_OTHER_NOT_OPEN,  RULE_MERGE_INTO_ITSELF, RULE_UNIT_UNKNOWN,
                                   RULE_OFFICER_UNKNOWN, RULE_EVIDENCE_NOT_STORED};
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
    if (rules[i] == rule) return true;
  return false;
}

static const struct verb *verb_of(uint32_t command) {
  for (const struct verb *verb = verbs; verb->name != NULL; verb++)
    if (verb->command == command) return verb;
  return NULL;
}

static bool is_possible(const Rectify__V1__Outcome *outcome) {
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) return true;
  return outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL && wants_more(outcome->refusal->rule);
}

struct question {
  Rectify__V1__Command commands[COMMAND_COUNT], *pointers[COMMAND_COUNT];
  uint8_t ids[COMMAND_COUNT][WIRE_ID_BYTES];
  size_t count;
};

/* Every command that people may give in that status, with words, so that the want of them does not hide anything. */
static int fill(struct session *session, struct question *question, uint64_t case_no, uint32_t status) {
  for (uint32_t kind = 1; kind < COMMAND_PUBLISH; kind++) {
    if (command_roles(kind) == 0 || lifecycle_move(kind, status) == NULL || verb_of(kind) == NULL) continue;
    const int code = session_key(session, question->ids[question->count]);
    if (code != EXIT_FINE) return code;
    Rectify__V1__Command *command = question->pointers[question->count] = &question->commands[question->count];
    rectify__v1__command__init(command);
    command->id = wire_bytes(question->ids[question->count], WIRE_ID_BYTES);
    command->command = kind;
    command->case_no = case_no;
    command->text = wire_text("?");
    question->count++;
  }
  return EXIT_FINE;
}

int possible_verbs(struct session *session, uint64_t case_no, uint32_t status, char out[POSSIBLE_BYTES_MAX]) {
  static struct question question;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Act act = RECTIFY__V1__ACT__INIT;
  const Rectify__V1__Reply *reply;
  size_t used = 0;
  out[0] = '\0';
  question.count = 0;
  int code = fill(session, &question, case_no, status);
  if (code != EXIT_FINE || question.count == 0) return code;
  act.n_commands = question.count;
  act.commands = question.pointers;
  act.preview = true;
  request.body_case = RECTIFY__V1__REQUEST__BODY_ACT;
  request.act = &act;
  code = session_ask(session, &request, &reply);
  if (code != EXIT_FINE) return code;
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_OUTCOMES || !reply->outcomes->preview || reply->outcomes->n_outcomes != question.count)
    return session_misfit();
  for (size_t i = 0; i < question.count; i++) {
    if (!is_possible(reply->outcomes->outcomes[i])) continue;
    const int length = snprintf(out + used, POSSIBLE_BYTES_MAX - used, "%s%s", used > 0 ? ", " : "", verb_of(question.commands[i].command)->name);
    if (length > 0 && used + (size_t)length < POSSIBLE_BYTES_MAX) used += (size_t)length;
  }
  return EXIT_FINE;
}
