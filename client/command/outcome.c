/* outcome.c - see outcome.h. */
#include "client/command/outcome.h"

#include <string.h>

#include "client/command/aftermath.h"
#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/wrap.h"
#include "rectify/must.h"

#define REFUSAL_LINE_BYTES_MAX 512

static const struct column columns[] = {
    {"case", "CASE", "编号", 0},
    {"outcome", "OUTCOME", "结果", 0}, /* accepted, repeated, refused, error, saved; of a preview would_accept, would_refuse */
    {"rule", "RULE", "规则号", COLUMN_NUMBER},
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

/* What was asked, for the words around the answer. */
struct asked {
  uint32_t command;
  bool preview;
};

static void receipt_row(struct sheet *sheet, const struct session *session, const struct asked *asked,
                        const Rectify__V1__Receipt *receipt) {
  const char *accepted = asked->preview ? "would_accept" : "accepted";
  sheet_case(sheet, receipt->case_no);
  sheet_string(sheet, receipt->repeated ? "repeated" : accepted);
  sheet_number(sheet, receipt->rule);
  sheet_string(sheet, rule_text(session, receipt->rule));
  sheet_word(sheet, words_status, receipt->status);
  sheet_word(sheet, words_track, receipt->track);
  sheet_data(sheet, &receipt->due_text);
  sheet_truth(sheet, receipt->provisional);
  sheet_number(sheet, receipt->event_number);
  if (asked->preview && !receipt->repeated) sheet_nothing(sheet);
  else sheet_number(sheet, (int64_t)receipt->log_index);
  sheet_instant(sheet, receipt->recorded);
}

static void refusal_row(struct sheet *sheet, const struct session *session, const struct asked *asked,
                        const Rectify__V1__Refusal *refusal, uint64_t case_no) {
  sheet_case(sheet, refusal->case_no != 0 ? refusal->case_no : case_no);
  sheet_string(sheet, asked->preview && !refusal->repeated ? "would_refuse" : "refused");
  sheet_number(sheet, refusal->rule);
  sheet_string(sheet, rule_text(session, refusal->rule));
  for (int i = 0; i < 4; i++) sheet_nothing(sheet);
  sheet_number(sheet, refusal->event_number);
  if (asked->preview && !refusal->repeated) sheet_nothing(sheet);
  else sheet_number(sheet, (int64_t)refusal->log_index);
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

/* Saved here, and not received there. */
static void saved_row(struct sheet *sheet, uint64_t case_no) {
  sheet_case(sheet, case_no);
  sheet_string(sheet, "saved");
  sheet_nothing(sheet);
  sheet_string(sheet, "saved here, not received there yet");
  for (int i = 0; i < 7; i++) sheet_nothing(sheet);
}

static void machine_row(struct sheet *sheet, const struct session *session, const struct asked *asked,
                        const Rectify__V1__Outcome *outcome, uint64_t case_no) {
  char id[UUID_TEXT_BYTES] = "";
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) receipt_row(sheet, session, asked, outcome->receipt);
  else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL)
    refusal_row(sheet, session, asked, outcome->refusal, case_no);
  else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT__NOT_SET) saved_row(sheet, case_no);
  else error_row(sheet, outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_ERROR ? outcome->error : NULL, case_no);
  if (outcome->id.len == WIRE_ID_BYTES) uuid_text(outcome->id.data, id);
  sheet_string(sheet, id);
}

static void say_receipt(const struct session *session, const struct asked *asked, const Rectify__V1__Receipt *receipt) {
  char name[CASE_TEXT_BYTES];
  case_text(receipt->case_no, name);
  (void)printf("%s  %s", name,
               session->zh ? word_zh(words_command, asked->command) : word_name(words_command, asked->command));
  if (receipt->repeated) (void)fputs(_(" (recorded before; nothing was done again)"), stdout);
  else if (asked->preview) (void)fputs(_(" (preview, nothing recorded)"), stdout);
  (void)printf(": %s", rule_text(session, receipt->rule));
  if (receipt->status != 0) (void)printf(" -> %s", say_word(session, words_status, receipt->status));
  if (receipt->track != 0)
    (void)printf("%s%s", receipt->status != 0 ? ", " : " -> ", say_word(session, words_track, receipt->track));
  if (receipt->due_text.len > 0) {
    (void)fputs(_(", due "), stdout);
    print_safe(stdout, receipt->due_text.data, receipt->due_text.len);
  }
  if (receipt->provisional) (void)fputs(_(" (provisional)"), stdout);
  if (receipt->order.len > 0) {
    (void)fputs(_(", supervision order "), stdout);
    print_safe(stdout, receipt->order.data, receipt->order.len);
  }
  if (asked->preview && !receipt->repeated) (void)putchar('\n');
  else
    (void)printf(" [%s %u, %s %llu]\n", _("event"), receipt->event_number,
                 _("log"), (unsigned long long)receipt->log_index);
}

/* What helps: by rule. */
static const struct advice {
  uint32_t rule;
  const char *text;
} advices[] = {
    {RULE_EVIDENCE_REQUIRED, "add --evidence [KIND:]FILE"},
    {RULE_EVIDENCE_NOT_STORED, "hand in the file itself: -e [KIND:]FILE uploads it"},
    {RULE_MEASURE_NOT_STORED, "hand in the file itself: -e N:FILE uploads it"},
    {RULE_DOCUMENT_REQUIRED, "add --evidence KIND:FILE (the command's --help lists the kinds)"},
    {RULE_ENDORSEMENT_REQUIRED, "the principal of the unit says `rectify endorse CASE` first"},
    {RULE_PLAN_REQUIRED, "`rectify plan submit CASE --measures N -e FILE`; then the office says `rectify plan approve CASE`"},
    {RULE_MEASURE_UNSHOWN, "`rectify show CASE` names the measures without evidence; -e N:FILE shows measure N done"},
    {RULE_TALK_REQUIRED, "the principal or the office says `rectify talk CASE -m TEXT`"},
    {RULE_RULE_DOCUMENT_REQUIRED, "`rectify issue-rule CASE --number NUMBER --date DATE -m TITLE -e FILE`"},
    {RULE_ORDER_REQUIRED, "`rectify sign-order CASE`"},
    {RULE_DECISION_REQUIRED, "the accountability body says `rectify decide CASE`"},
    {RULE_SWEEP_REQUIRED, "the office says `rectify sweep CASE`"},
    {RULE_CO_UNITS_OPEN, "`rectify cases --parent CASE` lists them"},
    {RULE_ON_HOLD, "the office says `rectify resume CASE`"},
    {RULE_ROLE_MISSING, "`rectify officer list` shows who may"},
    {RULE_NOT_OWN_TEAM, "say --team TEAM, your own: `rectify officer list` shows inspector@TEAM; the office may for any"},
    {RULE_UNIT_UNKNOWN, "`rectify unit list` shows the codes"},
    {RULE_FOUR_EYES, "`rectify show CASE` names the verifier; the office may `rectify reassign CASE --verifier OFFICER`"},
    {RULE_OFFICER_UNKNOWN, "`rectify officer list` shows the codes"},
    {RULE_ACTOR_UNKNOWN, "`rectify officer list` shows the codes"},
    {RULE_NOT_IN_POLICY, "`rectify documents policy VERSION` prints the policy; `rectify show CASE --json` names its version"},
    {RULE_EXTENSION_LATE, "`rectify why CASE` counts the days; the office may `rectify hold CASE` where nothing can be done"},
};

static const char *next_step(uint32_t rule) {
  for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
    if (advices[i].rule == rule) return advices[i].text;
  return NULL;
}

/* The daemon's own date stands in the refusal: nobody else's says what its future is. */
static void say_advice(const struct session *session, const Rectify__V1__Refusal *refusal) {
  char now[INSTANT_TEXT_BYTES];
  instant_text(session, refusal->recorded, now);
  if (refusal->rule == RULE_FOUND_IN_FUTURE && now[0] != '\0')
    (void)fprintf(stderr, _("the daemon's date is %.10s; say --found DATE\n"), now);
  else if (next_step(refusal->rule) != NULL)
    wrap_line(stderr, next_step(refusal->rule), strlen(next_step(refusal->rule)), 2, wrap_limit(stderr));
}

static void say_refusal(const struct session *session, const struct asked *asked, const Rectify__V1__Refusal *refusal,
                        uint64_t case_no) {
  const char *refused = _("refused, rule");
  if (asked->preview) refused = _("would be refused, rule");
  char name[CASE_TEXT_BYTES] = "", line[REFUSAL_LINE_BYTES_MAX];
  if (refusal->case_no != 0 || case_no != 0) case_text(refusal->case_no != 0 ? refusal->case_no : case_no, name);
  const char *again = _(" (recorded before; nothing was decided again: use another --id)");
  (void)snprintf(line, sizeof line, "rectify: %s%s%s %u: %s%s", name, name[0] == '\0' ? "" : ": ", refused, refusal->rule,
                 rule_text(session, refusal->rule), refusal->repeated ? again : "");
  wrap_line(stderr, line, strlen(line), 2, wrap_limit(stderr));
  if (!refusal->repeated) say_advice(session, refusal);
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

static void say_saved(const struct session *session, const struct asked *asked, const Rectify__V1__Outcome *outcome,
                      uint64_t case_no) {
  char name[CASE_TEXT_BYTES] = "", id[UUID_TEXT_BYTES] = "";
  if (case_no != 0) case_text(case_no, name);
  if (outcome->id.len == WIRE_ID_BYTES) uuid_text(outcome->id.data, id);
  (void)printf("%s%s%s: %s [%s]\n", name, name[0] == '\0' ? "" : "  ",
               session->zh ? word_zh(words_command, asked->command) : word_name(words_command, asked->command),
               _("saved here, not received there yet"), id);
}

static void say(const struct session *session, const struct asked *asked, const Rectify__V1__Outcome *outcome,
                uint64_t case_no) {
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) say_receipt(session, asked, outcome->receipt);
  else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL)
    say_refusal(session, asked, outcome->refusal, case_no);
  else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT__NOT_SET) say_saved(session, asked, outcome, case_no);
  else say_error(outcome, case_no);
}

/* The worst of them says how it went; what was to be saved is well saved. */
static int code_of(const struct session *session, const Rectify__V1__Outcome *outcome) {
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) return EXIT_FINE;
  if (outcome->result_case != RECTIFY__V1__OUTCOME__RESULT__NOT_SET) return EXIT_REFUSED;
  return session->offline && !session->fell_silent ? EXIT_FINE : EXIT_SAVED;
}

static bool fits(const Rectify__V1__Reply *reply, bool preview, size_t count) {
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_OUTCOMES || reply->outcomes->n_outcomes != count) {
    (void)session_misfit();
    return false;
  }
  if ((reply->outcomes->preview != 0) == preview) return true;
  complain("the daemon does not know previews: it may have recorded the command; `rectify history CASE` tells");
  return false;
}

/* What is to be asked after the answer was said: it is gone by then. */
struct question {
  uint64_t case_no;
  usec_t recorded; /* 0: where it stands; else which cases were opened then */
};

static bool has_question(const struct asked *asked, const Rectify__V1__Outcome *outcome, uint64_t case_no,
                         struct question *out) {
  *out = (struct question){case_no, 0};
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL)
    return case_no != 0 && (outcome->refusal->rule == RULE_NO_SUCH_MOVE || outcome->refusal->rule == RULE_CASE_CLOSED);
  if (outcome->result_case != RECTIFY__V1__OUTCOME__RESULT_RECEIPT || asked->preview || !aftermath_makes_cases(asked->command))
    return false;
  if (outcome->receipt->repeated) return false;
  out->recorded = outcome->receipt->recorded;
  return out->recorded != 0;
}

static void ask_on(struct session *session, uint32_t command, const struct question *questions, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (questions[i].recorded == 0) aftermath_say_standing(session, questions[i].case_no);
    else aftermath_say_new(session, command, questions[i].case_no, questions[i].recorded);
}

int outcomes_print(struct session *session, const Rectify__V1__Reply *reply, uint32_t command, bool preview,
                   const uint64_t *cases, size_t count) {
  const Rectify__V1__Outcomes *outcomes = reply->outcomes;
  const struct asked asked = {command, preview};
  struct question questions[WIRE_ACT_MAX];
  size_t question_count = 0;
  int code = EXIT_FINE;
  if (!fits(reply, preview, count)) return EXIT_PROTOCOL;
  must(count <= WIRE_ACT_MAX);
  struct sheet *sheet = session->format == FORMAT_TABLE
                            ? NULL
                            : sheet_open(session, stdout, columns, sizeof columns / sizeof columns[0]);
  for (size_t i = 0; i < count; i++) {
    const Rectify__V1__Outcome *outcome = outcomes->outcomes[i];
    uint64_t case_no = cases == NULL ? 0 : cases[i];
    int one = code_of(session, outcome);
    if (code == EXIT_FINE || one == EXIT_REFUSED) code = one;
    if (sheet != NULL) machine_row(sheet, session, &asked, outcome, case_no);
    else say(session, &asked, outcome, case_no);
    if (sheet == NULL && has_question(&asked, outcome, case_no, &questions[question_count])) question_count++;
  }
  if (sheet != NULL) (void)sheet_close(sheet);
  ask_on(session, command, questions, question_count);
  return code;
}
