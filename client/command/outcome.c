/* outcome.c - see outcome.h. */
#include "client/command/outcome.h"

#include "client/command/sheet.h"

static const struct column columns[] = {
    {"case", "CASE", "编号", 0},
    {"outcome", "OUTCOME", "结果", 0}, /* accepted, repeated, refused, error */
    {"rule", "RULE", "规则", COLUMN_NUMBER},
    {"rule_text", "RULE TEXT", "说明", 0},
    {"status", "STATUS", "状态", 0},
    {"track", "TRACK", "整改类型", 0},
    {"due", "DUE", "完成时限", 0},
    {"provisional", "PROVISIONAL", "暂定", COLUMN_NUMBER},
    {"event", "EVENT", "事件号", COLUMN_NUMBER},
    {"log_index", "LOG INDEX", "日志号", COLUMN_NUMBER},
    {"recorded", "RECORDED", "记录时间", 0},
    {"id", "ID", "标识", 0},
};

static const char *rule_text(const struct session *session, uint32_t rule) {
  return in_language(session, word_text(words_rule, rule), word_zh(words_rule, rule));
}

static void receipt_row(struct sheet *sheet, const struct session *session, const Rectify__V1__Receipt *receipt) {
  sheet_case(sheet, receipt->case_no);
  sheet_string(sheet, receipt->repeated ? "repeated" : "accepted");
  sheet_number(sheet, receipt->rule);
  sheet_string(sheet, rule_text(session, receipt->rule));
  sheet_word(sheet, words_status, receipt->status);
  sheet_word(sheet, words_track, receipt->track);
  sheet_data(sheet, &receipt->due_text);
  sheet_truth(sheet, receipt->provisional);
  sheet_number(sheet, receipt->event_number);
  sheet_number(sheet, (int64_t)receipt->log_index);
  sheet_instant(sheet, receipt->recorded);
}

static void refusal_row(struct sheet *sheet, const struct session *session, const Rectify__V1__Refusal *refusal,
                        uint64_t case_no) {
  sheet_case(sheet, refusal->case_no != 0 ? refusal->case_no : case_no);
  sheet_string(sheet, "refused");
  sheet_number(sheet, refusal->rule);
  sheet_string(sheet, rule_text(session, refusal->rule));
  for (int i = 0; i < 4; i++) sheet_nothing(sheet);
  sheet_number(sheet, refusal->event_number);
  sheet_number(sheet, (int64_t)refusal->log_index);
  sheet_instant(sheet, refusal->recorded);
}

static void error_row(struct sheet *sheet, const Rectify__V1__Error *error, uint64_t case_no) {
  sheet_case(sheet, case_no);
  sheet_string(sheet, "error");
  sheet_nothing(sheet);
  if (error != NULL) sheet_data(sheet, &error->text);
  else sheet_nothing(sheet);
  for (int i = 0; i < 7; i++) sheet_nothing(sheet);
}

static void machine_row(struct sheet *sheet, const struct session *session, const Rectify__V1__Outcome *outcome,
                        uint64_t case_no) {
  char id[UUID_TEXT_BYTES] = "";
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) receipt_row(sheet, session, outcome->receipt);
  else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL)
    refusal_row(sheet, session, outcome->refusal, case_no);
  else error_row(sheet, outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_ERROR ? outcome->error : NULL, case_no);
  if (outcome->id.len == WIRE_ID_BYTES) uuid_text(outcome->id.data, id);
  sheet_string(sheet, id);
}

static void say_receipt(const struct session *session, uint32_t command, const Rectify__V1__Receipt *receipt) {
  char name[CASE_TEXT_BYTES];
  case_text(receipt->case_no, name);
  (void)printf("%s  %s", name, session->zh ? word_zh(words_command, command) : word_name(words_command, command));
  if (receipt->repeated) (void)fputs(in_language(session, " (recorded before)", "(此前已记录)"), stdout);
  (void)printf(": %s", rule_text(session, receipt->rule));
  if (receipt->status != 0) (void)printf(" -> %s", say_word(session, words_status, receipt->status));
  if (receipt->track != 0)
    (void)printf("%s%s", receipt->status != 0 ? ", " : " -> ", say_word(session, words_track, receipt->track));
  if (receipt->due_text.len > 0) {
    (void)fputs(in_language(session, ", due ", ",时限 "), stdout);
    print_safe(stdout, receipt->due_text.data, receipt->due_text.len);
  }
  if (receipt->provisional) (void)fputs(in_language(session, " (provisional)", "(暂定)"), stdout);
  (void)printf(" [%s %u, %s %llu]\n", in_language(session, "event", "事件"), receipt->event_number,
               in_language(session, "log", "日志"), (unsigned long long)receipt->log_index);
}

static const char *next_step(uint32_t rule) {
  switch (rule) {
    case RULE_EVIDENCE_REQUIRED:
    case RULE_DOCUMENT_REQUIRED:
      return "add --evidence KIND:FILE (`rectify request-closure --help` lists the kinds)";
    case RULE_ENDORSEMENT_REQUIRED:
      return "the principal of the unit says `rectify endorse CASE` first";
    case RULE_NO_SUCH_MOVE:
    case RULE_CASE_CLOSED:
      return "`rectify show CASE` tells where it stands";
    case RULE_ROLE_MISSING:
    case RULE_NOT_OWN_TEAM:
      return "`rectify officer list` shows who may";
    case RULE_UNIT_UNKNOWN:
      return "`rectify unit list` shows the codes";
    case RULE_FOUR_EYES:
      return "`rectify show CASE` names the verifier; the office may `rectify reassign CASE --verifier OFFICER`";
    case RULE_OFFICER_UNKNOWN:
    case RULE_ACTOR_UNKNOWN:
      return "`rectify officer list` shows the codes";
    default:
      return NULL;
  }
}

static void say_refusal(const struct session *session, const Rectify__V1__Refusal *refusal, uint64_t case_no) {
  char name[CASE_TEXT_BYTES] = "";
  if (refusal->case_no != 0 || case_no != 0) case_text(refusal->case_no != 0 ? refusal->case_no : case_no, name);
  (void)fprintf(stderr, "rectify: %s%s%s %u: %s\n", name, name[0] == '\0' ? "" : ": ",
                in_language(session, "refused, rule", "不予办理,规则"), refusal->rule,
                rule_text(session, refusal->rule));
  if (next_step(refusal->rule) != NULL) (void)fprintf(stderr, "%s\n", next_step(refusal->rule));
}

static void say_error(const Rectify__V1__Outcome *outcome, uint64_t case_no) {
  char name[CASE_TEXT_BYTES] = "";
  if (case_no != 0) case_text(case_no, name);
  (void)fprintf(stderr, "rectify: %s%s", name, case_no != 0 ? ": " : "");
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_ERROR) {
    (void)fprintf(stderr, "%s: ", word_text(words_failure, outcome->error->code));
    print_safe(stderr, outcome->error->text.data, outcome->error->text.len);
  }
  (void)fputc('\n', stderr);
}

static void say(const struct session *session, uint32_t command, const Rectify__V1__Outcome *outcome,
                uint64_t case_no) {
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) say_receipt(session, command, outcome->receipt);
  else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL)
    say_refusal(session, outcome->refusal, case_no);
  else say_error(outcome, case_no);
}

int outcomes_print(struct session *session, const Rectify__V1__Reply *reply, uint32_t command, const uint64_t *cases,
                   size_t count) {
  const Rectify__V1__Outcomes *outcomes = reply->outcomes;
  int code = EXIT_FINE;
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_OUTCOMES || outcomes->n_outcomes != count) {
    complain("the answer does not fit the question: is this rectifyd of the same version?");
    return EXIT_PROTOCOL;
  }
  struct sheet *sheet = session->format == FORMAT_TABLE
                            ? NULL
                            : sheet_open(session, stdout, columns, sizeof columns / sizeof columns[0]);
  for (size_t i = 0; i < count; i++) {
    const Rectify__V1__Outcome *outcome = outcomes->outcomes[i];
    uint64_t case_no = cases == NULL ? 0 : cases[i];
    if (outcome->result_case != RECTIFY__V1__OUTCOME__RESULT_RECEIPT) code = EXIT_REFUSED;
    if (sheet != NULL) machine_row(sheet, session, outcome, case_no);
    else say(session, command, outcome, case_no);
  }
  if (sheet != NULL) (void)sheet_close(sheet);
  return code;
}
