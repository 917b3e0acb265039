/* show.c - `show`: one case: facts, who must act until when, what came of it, what happens otherwise, its last events. */
#include <stdlib.h>
#include <string.h>

#include "client/command/history.h"
#include "client/command/language.h"
#include "client/command/past.h"
#include "client/command/possible.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "client/command/view.h"
#include "client/command/wrap.h"
#include "core/text.h"
#include "proto/codec.h"
#include "rectify/core.h"
#include "rectify/must.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SHOW_EVENTS 5

#define LABEL_WIDTH 13

/* Between the parts of a line. */
static const char *joint(void) { return _("; "); }
static const char *comma(void) { return _(", "); }

static void label(FILE *out, const struct session *session, const char *en, const char *zh) {
  const char *text = in_language(session, en, zh);
  const size_t width = text_width(text);
  (void)fprintf(out, "%s%*s ", text, width < LABEL_WIDTH ? (int)(LABEL_WIDTH - width) : 0, "");
}

static void say_data(FILE *out, const struct session *session, const char *en, const char *zh,
                     const ProtobufCBinaryData *code, const ProtobufCBinaryData *name) {
  if (code->len == 0) return;
  label(out, session, en, zh);
  print_safe(out, code->data, code->len);
  if (name != NULL && name->len > 0) {
    (void)fputc(' ', out);
    print_safe(out, name->data, name->len);
  }
  (void)fputc('\n', out);
}

static const char *light_colour(const struct session *session, uint32_t light) {
  static const char *const codes[] = {"", "\033[32m", "\033[33m", "\033[31m"};
  return session->colour && light < COUNT(codes) ? codes[light] : "";
}

static void say_head(const struct session *session, const Rectify__V1__CaseRow *row) {
  char name[CASE_TEXT_BYTES];
  const char *colour = light_colour(session, row->light);
  case_text(row->case_no, name);
  (void)printf("%s  %s%s%s  %s  %s\n", name, colour, say_word(session, words_light, row->light),
               colour[0] != '\0' ? "\033[0m" : "", say_word(session, words_status, row->status),
               say_word(session, words_track, row->track));
}

static void say_finding(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row) {
  char found[11];
  workday_format(row->found_on, found);
  label(out, session, "finding", "问题");
  (void)fprintf(out, "%s%s%s%s%s %s\n", say_word(session, words_kind, row->kind), comma(),
               say_word(session, words_severity, row->severity), comma(), _("found"), found);
  say_data(out, session, "category", "分类", &row->category, NULL);
  say_data(out, session, "code", "条款", &row->code, NULL);
  say_data(out, session, "inspection", "批次", &row->inspection, NULL);
  say_data(out, session, "team", "检查组", &row->team, NULL);
}

static void say_dates(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row) {
  say_data(out, session, "closed", "销号日期", &row->closed_text, NULL);
  if (row->due_text.len == 0) return;
  label(out, session, "due", "时限");
  print_safe(out, row->due_text.data, row->due_text.len);
  (void)fprintf(out, " (%s)%s: ", say_word(session, words_clock, row->due_clock),
               row->provisional
                   ? _(" provisional: the calendar of that year is not published yet")
                   : "");
  int32_t left = row->working_days_left;
  const int32_t count = left < 0 ? -left : left;
  (void)fprintf(out, left < 0 ? language_form("%d working day overdue\n", "%d working days overdue\n", (unsigned)count)
                              : language_form("%d working day left\n", "%d working days left\n", (unsigned)count), count);
}

/* ---- what came of it; each line only where there is something to say ---- */

static void say_case_no(FILE *out, const struct session *session, uint64_t case_no, const char *en, const char *zh,
                        const char *more) {
  char name[CASE_TEXT_BYTES];
  if (case_no == 0) return;
  case_text(case_no, name);
  label(out, session, en, zh);
  (void)fprintf(out, "%s%s%s\n", name, more[0] != '\0' ? "  " : "", more);
}

static void say_origin(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row) {
  const char *origin = row->origin == ORIGIN_FINDING ? "" : say_word(session, words_origin, row->origin);
  say_case_no(out, session, row->parent, "follows from", "来自事项", origin);
  if (row->finding_of != row->case_no && row->finding_of != row->parent)
    say_case_no(out, session, row->finding_of, "finding of", "问题属于", "");
  say_case_no(out, session, row->merged_into, "merged into", "并入", "");
}

static const char *plan_state(const Rectify__V1__CaseRow *row,
                              const struct case_state *state) {
  if ((row->flags & CASE_PLAN_APPROVED) != 0) return _("approved");
  if (state != NULL && case_clock_of(state, CLOCK_PLAN_REVIEW) != NULL)
    return _("waits for approval");
  return _("returned");
}

static void say_plan(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row,
                     const struct case_state *state) {
  if (row->measures == 0) return;
  label(out, session, "plan", "整改方案");
  (void)fprintf(out, "%s%s%u %s", plan_state(row, state), comma(), row->measures,
               language_form("measure", "measures", row->measures));
  uint32_t all = row->measures < 32 ? (1u << row->measures) - 1 : UINT32_MAX;
  uint32_t missing = all & ~row->measures_shown;
  if (missing == 0) (void)fputs(_("; evidence for each"), out);
  else (void)fputs(_("; no evidence yet for"), out);
  for (uint32_t i = 0; i < 32; i++)
    if ((missing >> i & 1u) != 0) (void)fprintf(out, " %u", i + 1);
  (void)fputc('\n', out);
}

static void say_extensions(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row,
                           const struct case_state *state) {
  const bool waits = state != NULL && case_clock_of(state, CLOCK_EXTENSION) != NULL;
  if (row->extensions == 0 && !waits) return;
  label(out, session, "extensions", "延期");
  if (row->extensions > 0)
    (void)fprintf(out, "%u %s%s%u %s", row->extensions, _("granted"), comma(), row->extended,
                 _("working days in all"));
  if (waits)
    (void)fprintf(out, "%s%s %u %s", row->extensions > 0 ? joint() : "", _("asked for"), state->asked,
                 _("working days, waits for a decision"));
  (void)fputc('\n', out);
}

/* "on hold until 2026-03-20": the last day of the hold's own clock. */
static void say_hold(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row,
                     const struct case_state *state) {
  char until[INSTANT_TEXT_BYTES] = "";
  if ((row->flags & CASE_HELD) == 0) return;
  const struct case_clock *clock = state == NULL ? NULL : case_clock_of(state, CLOCK_HOLD);
  if (clock != NULL) instant_text(session, clock->due - 1, until);
  label(out, session, "on hold", "中止计时");
  (void)fprintf(out, "%s %.10s\n", _("until"), until);
}

static void say_order(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row) {
  if (row->order.len == 0) return;
  label(out, session, "order", "督办单");
  print_safe(out, row->order.data, row->order.len);
  const bool is_signed = (row->flags & CASE_ORDER_SIGNED) != 0;
  (void)fprintf(out, "%s%s\n", comma(), is_signed ? _("signed for")
                                                   : _("not signed for yet"));
}

static void say_rule(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row) {
  char day[11];
  if ((row->flags & CASE_RULE_ISSUED) == 0) return;
  workday_format(row->rule_day, day);
  label(out, session, "rule issued", "制度");
  (void)fprintf(out, "%s %s\n", _("in effect from"), day);
}

static void say_accountability(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row) {
  static const uint32_t steps[] = {MARK_STATED, MARK_APPEALED};
  if ((row->flags & CASE_ACCOUNTABILITY) == 0 && row->form == 0) return;
  label(out, session, "accountable", "问责");
  (void)fputs(_("proposed"), out);
  if (row->subject.len > 0) {
    (void)fputs(_(", about "), out);
    print_safe(out, row->subject.data, row->subject.len);
    if (row->subject_name.len > 0) (void)fputc(' ', out);
    print_safe(out, row->subject_name.data, row->subject_name.len);
  }
  for (size_t i = 0; i < COUNT(steps); i++)
    if ((row->flags >> (steps[i] - 1) & 1u) != 0)
      (void)fprintf(out, "%s%s", joint(), in_language(session, word_text(words_mark, steps[i]), word_zh(words_mark, steps[i])));
  if (row->form != 0)
    (void)fprintf(out, "%s%s %s", joint(), _("decided:"),
                 say_word(session, words_form, row->form));
  (void)fputc('\n', out);
}

/* Marks that no other line tells. */
static void say_marks(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row) {
  static const uint32_t marks[] = {MARK_ENDORSED,        MARK_TALKED,      MARK_SWEPT,   MARK_WITHDRAWAL,
                                   MARK_EVIDENCE_SHARED, MARK_RULE_FAILED, MARK_REOPENED, MARK_RESTRICTED};
  bool any = false;
  for (size_t i = 0; i < COUNT(marks); i++) {
    if ((row->flags >> (marks[i] - 1) & 1u) == 0) continue;
    if (!any) label(out, session, "marks", "标记");
    (void)fprintf(out, "%s%s", any ? joint() : "", in_language(session, word_text(words_mark, marks[i]), word_zh(words_mark, marks[i])));
    any = true;
  }
  if (any) (void)fputc('\n', out);
}

static void say_again(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row) {
  if (row->rework == 0 && row->bounces == 0 && row->same_problem == 0 && row->same_kind == 0) return;
  label(out, session, "again", "重复");
  (void)fprintf(out, "%s %u%s%s %u%s%s %u%s%s %u\n", _("reworked"), row->rework, joint(),
               _("bounced"), row->bounces, joint(),
               _("same problem before"), row->same_problem, joint(),
               _("same kind before"), row->same_kind);
}

static void say_otherwise(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row,
                          const struct case_state *state) {
  uint32_t next = 0;
  char when[INSTANT_TEXT_BYTES];
  if (row->next_fire == 0 || row->next_fire == INSTANT_NONE) return;
  instant_text(session, row->next_fire, when);
  label(out, session, "otherwise", "若不处理");
  (void)fprintf(out, "%s%s", _("if nobody acts, at "), when);
  const bool known = state != NULL && case_next_fire(state, &next) != INSTANT_NONE;
  const char *clock = known ? say_word(session, words_clock, state->clocks[next].kind) : "";
  if (known) (void)fprintf(out, _(" rung %1$u of the clock '%2$s' fires"), state->clocks[next].nth + 1, clock);
  (void)fprintf(out, "%s\n", _("; `rectify next` tells the rest"));
}

static void say_workflow(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row,
                         const struct case_state *state) {
  say_origin(out, session, row);
  say_hold(out, session, row, state);
  say_extensions(out, session, row, state);
  say_order(out, session, row);
  say_plan(out, session, row, state);
  say_rule(out, session, row);
  say_accountability(out, session, row);
  say_marks(out, session, row);
  say_again(out, session, row);
}

static void say_facts(FILE *out, const struct session *session, const Rectify__V1__CaseRow *row,
                      const struct case_state *state) {
  say_finding(out, session, row);
  say_data(out, session, "unit", "责任单位", row->unit.len > 0 ? &row->unit : &row->reported_unit, &row->unit_name);
  say_data(out, session, "must act now", "当前责任人", &row->accountable, &row->accountable_name);
  say_data(out, session, "handler", "整改责任人", &row->handler, &row->handler_name);
  say_data(out, session, "verifier", "核查人", &row->verifier, &row->verifier_name);
  say_dates(out, session, row);
  say_workflow(out, session, row, state);
  say_otherwise(out, session, row, state);
}

/* The lines of `text`, broken where the terminal is narrower, the rest below what they began with. */
static void print_lines(const char *text, size_t indent) {
  const size_t width = wrap_limit(stdout);
  while (*text != '\0') {
    const size_t length = strcspn(text, "\n");
    wrap_line(stdout, text, length, indent, width);
    text += length + (text[length] == '\n');
  }
}

static void say_case(const struct session *session, const Rectify__V1__CaseRow *row, const struct case_state *state) {
  char *text = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&text, &length);
  must(out != NULL);
  say_head(session, row);
  say_facts(out, session, row, state);
  must(fclose(out) == 0);
  print_lines(text, LABEL_WIDTH + 1);
  free(text);
}

/* ---- cases that follow from it ---- */

static int say_children(void *context, const Rectify__V1__Page *page) {
  const struct session *session = context;
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *row = page->cases[i];
    char name[CASE_TEXT_BYTES];
    case_text(row->case_no, name);
    label(stdout, session, i == 0 ? "leads to" : "", i == 0 ? "派生事项" : "");
    (void)printf("%s  %s  %s  ", name, say_word(session, words_origin, row->origin),
                 say_word(session, words_status, row->status));
    print_safe(stdout, row->unit.data, row->unit.len);
    (void)putchar('\n');
  }
  return EXIT_FINE;
}

static int show_children(struct session *session, uint64_t case_no) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery which = RECTIFY__V1__CASE_QUERY__INIT;
  which.parent = case_no;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &which;
  return session_pages(session, &query, say_children, session);
}

/* ---- show ---- */

struct showing {
  struct session *session;
  bool found;
  uint32_t version, status;
  char *text; /* of the finding: it comes last, and the page is gone by then */
};

static int show_page(void *context, const Rectify__V1__Page *page) {
  struct showing *showing = context;
  struct case_state state;
  if (page->n_cases == 0) return EXIT_FINE;
  const Rectify__V1__CaseRow *row = page->cases[0];
  showing->found = true;
  showing->version = row->version;
  showing->status = row->status;
  if (showing->session->format != FORMAT_TABLE) {
    case_print(showing->session, row);
    return EXIT_FINE;
  }
  const bool known = row->state.len > 0 && codec_state_unpack(row->state.data, row->state.len, &state);
  say_case(showing->session, row, known ? &state : NULL);
  showing->text = strndup(row->text.len > 0 ? (const char *)row->text.data : "", row->text.len);
  must(showing->text != NULL);
  return EXIT_FINE;
}

/* What the reader can do with it; of the past nothing. */
static int show_possible(struct session *session, uint64_t case_no, const struct showing *showing) {
  char text[POSSIBLE_BYTES_MAX];
  if (past_is_meant(session)) return EXIT_FINE;
  const int code = possible_verbs(session, case_no, showing->status, text);
  if (code != EXIT_FINE || text[0] == '\0') return code;
  label(stdout, session, "you can", "可办理");
  wrap_words(stdout, text, LABEL_WIDTH + 1, LABEL_WIDTH + 1, wrap_width(stdout));
  return EXIT_FINE;
}

/* What follows the facts: cases that follow, what can be done, the finding's own words, the last events. */
static int show_rest(struct session *session, uint64_t case_no, const struct showing *showing) {
  int code = show_children(session, case_no);
  if (code == EXIT_FINE) code = show_possible(session, case_no, showing);
  if (code != EXIT_FINE) return code;
  (void)putchar('\n');
  print_lines(showing->text, 0);
  (void)putchar('\n');
  return history_print(session, case_no, showing->version > SHOW_EVENTS ? showing->version - SHOW_EVENTS : 0);
}

int show_run(struct session *session, struct arguments *arguments) {
  uint64_t case_no;
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery which = RECTIFY__V1__CASE_QUERY__INIT;
  struct showing showing = {.session = session};
  int code = history_read(session, arguments, &case_no);
  if (code != EXIT_FINE) return code;
  which.n_case_no = 1;
  which.case_no = &case_no;
  which.with_text = true;
  which.with_state = true;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &which;
  code = session_pages(session, &query, show_page, &showing);
  if (code == EXIT_FINE && !showing.found) {
    complain("there is no such case, or you may not read it; `rectify cases` lists those you may");
    code = EXIT_REFUSED;
  }
  if (code == EXIT_FINE && session->format == FORMAT_TABLE) code = show_rest(session, case_no, &showing);
  free(showing.text);
  return code;
}
