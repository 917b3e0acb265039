/* history.c - `show` and `history`: one case, and all that happened to it. */
#include <stdlib.h>
#include <string.h>

#include "client/command/events.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "client/command/view.h"
#include "rectify/must.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ARENA_BYTES (64 * 1024)
#define SHOW_EVENTS 5

const struct flag no_flags[] = {{NULL, 0, NULL, NULL, NULL}};

static const struct column history_columns[] = {
    {"case", "CASE", "编号", COLUMN_MACHINE},
    {"event", "NO", "序号", COLUMN_NUMBER},
    {"recorded", "WHEN", "时间", 0},
    {"effective", "EFFECTIVE", "生效时间", COLUMN_MACHINE},
    {"actor", "WHO", "人员", 0},
    {"actor_name", "NAME", "姓名", COLUMN_MACHINE},
    {"command", "WHAT", "操作", 0},
    {"rule", "RULE", "规则", COLUMN_NUMBER},
    {"rule_text", "VERDICT", "结果", 0},
    {"effects", "EFFECTS", "内容", 0},
    {"text", "TEXT", "说明", 0},
    {"log_index", "LOG INDEX", "日志号", COLUMN_NUMBER | COLUMN_MACHINE},
};

struct history {
  struct session *session;
  struct sheet *sheet;
  struct names names;
  struct codec_arena *arena;
  uint64_t seen;
  uint64_t skip; /* events not shown, from the first */
  bool damaged;
};

static void put_event(struct history *history, const Rectify__V1__EventRow *row, const struct event *event) {
  char what[WHAT_BYTES_MAX], effects[EFFECTS_BYTES_MAX];
  struct sheet *sheet = history->sheet;
  event_what(history->session, event, what);
  event_effects(history->session, &history->names, event, effects);
  sheet_case(sheet, event->case_no);
  sheet_number(sheet, event->version);
  sheet_instant(sheet, event->recorded);
  sheet_instant(sheet, event->effective);
  if (row->actor.len > 0) sheet_data(sheet, &row->actor);
  else sheet_string(sheet, in_language(history->session, "(rectifyd)", "(系统)"));
  sheet_data(sheet, &row->actor_name);
  if (history->session->format == FORMAT_TABLE) sheet_string(sheet, what);
  else sheet_word(sheet, words_command, event->command);
  sheet_number(sheet, event->rule);
  sheet_string(sheet,
               in_language(history->session, word_text(words_rule, event->rule), word_zh(words_rule, event->rule)));
  sheet_string(sheet, effects);
  sheet_data(sheet, &row->text);
  sheet_number(sheet, (int64_t)row->log_index);
}

/* One event as a few lines; a table would be wider than any terminal. */
static void say_event(struct history *history, const Rectify__V1__EventRow *row, const struct event *event) {
  const struct session *session = history->session;
  char what[WHAT_BYTES_MAX], effects[EFFECTS_BYTES_MAX], when[INSTANT_TEXT_BYTES];
  event_what(session, event, what);
  event_effects(session, &history->names, event, effects);
  instant_text(session, event->recorded, when);
  (void)printf("%3u  %s  ", event->version, when);
  if (row->actor.len == 0) (void)fputs(in_language(session, "rectifyd", "系统"), stdout);
  print_safe(stdout, row->actor.data, row->actor.len);
  if (row->actor_name.len > 0) (void)putchar(' ');
  print_safe(stdout, row->actor_name.data, row->actor_name.len);
  (void)printf("  %s\n     %s%u: %s\n", what,
               in_language(session, rule_refuses(event->rule) ? "refused, rule " : "rule ",
                           rule_refuses(event->rule) ? "不予办理,规则 " : "规则 "),
               event->rule, in_language(session, word_text(words_rule, event->rule), word_zh(words_rule, event->rule)));
  if (effects[0] != '\0') (void)printf("     %s\n", effects);
  if (row->text.len == 0) return;
  (void)fputs("     | ", stdout);
  for (size_t i = 0, from = 0; i <= row->text.len; i++) {
    if (i < row->text.len && row->text.data[i] != '\n') continue;
    if (from > 0) (void)fputs("\n     | ", stdout);
    print_safe(stdout, row->text.data + from, i - from);
    from = i + 1;
  }
  (void)putchar('\n');
}

static int print_events(void *context, const Rectify__V1__Page *page) {
  struct history *history = context;
  for (size_t i = 0; i < page->n_events; i++) {
    struct event event;
    const Rectify__V1__EventRow *row = page->events[i];
    if (history->seen++ < history->skip) continue;
    codec_arena_reset(history->arena);
    if (!codec_event_unpack(history->arena, row->record.data, row->record.len, &event)) {
      complain("the record at log index %llu cannot be read; `rectify doctor` checks the whole log",
               (unsigned long long)row->log_index);
      history->damaged = true;
    } else if (history->sheet != NULL) put_event(history, row, &event);
    else say_event(history, row, &event);
  }
  return EXIT_FINE;
}

static int history_print(struct session *session, uint64_t case_no, uint64_t skip) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__HistoryQuery which = RECTIFY__V1__HISTORY_QUERY__INIT;
  struct history history = {.session = session, .skip = skip};
  which.case_no = case_no;
  query.what_case = RECTIFY__V1__QUERY__WHAT_HISTORY;
  query.history = &which;
  names_load(session, &history.names);
  history.arena = codec_arena_new(ARENA_BYTES);
  must(history.arena != NULL);
  if (session->format != FORMAT_TABLE)
    history.sheet = sheet_open(session, stdout, history_columns, COUNT(history_columns));
  int code = session_pages(session, &query, print_events, &history);
  if (history.sheet != NULL) (void)sheet_close(history.sheet);
  codec_arena_free(history.arena);
  names_free(&history.names);
  if (code == EXIT_FINE && history.seen == 0) {
    complain("there is no such case, or you may not read it; `rectify cases` lists those you may");
    return EXIT_REFUSED;
  }
  return code == EXIT_FINE && history.damaged ? EXIT_DIFFERENT : code;
}

static int read_case(struct session *session, struct arguments *arguments, uint64_t *case_no) {
  int code = arguments_plain(session, arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!case_read(arguments->argv[optind], case_no))
    return complain_usage(arguments->verb, "'%s' is not a case number such as C-000042", arguments->argv[optind]);
  return session_open(session);
}

int history_run(struct session *session, struct arguments *arguments) {
  uint64_t case_no;
  int code = read_case(session, arguments, &case_no);
  return code == EXIT_FINE ? history_print(session, case_no, 0) : code;
}

/* ---- show ---- */

static void label(const struct session *session, const char *en, const char *zh) {
  if (session->zh) (void)printf("%s:", zh);
  else (void)printf("%-13s ", en);
}

static void say_data(const struct session *session, const char *en, const char *zh, const ProtobufCBinaryData *code,
                     const ProtobufCBinaryData *name) {
  if (code->len == 0) return;
  label(session, en, zh);
  print_safe(stdout, code->data, code->len);
  if (name != NULL && name->len > 0) {
    (void)putchar(' ');
    print_safe(stdout, name->data, name->len);
  }
  (void)putchar('\n');
}

static const char *light_colour(const struct session *session, uint32_t light) {
  static const char *const codes[] = {"", "\033[32m", "\033[33m", "\033[31m"};
  return session->colour && light < COUNT(codes) ? codes[light] : "";
}

static void say_head(const struct session *session, const Rectify__V1__CaseRow *row) {
  char name[CASE_TEXT_BYTES], found[11];
  const char *colour = light_colour(session, row->light);
  case_text(row->case_no, name);
  workday_format(row->found_on, found);
  (void)printf("%s  %s%s%s  %s  %s\n", name, colour, say_word(session, words_light, row->light),
               colour[0] != '\0' ? "\033[0m" : "", say_word(session, words_status, row->status),
               say_word(session, words_track, row->track));
  label(session, "finding", "问题");
  (void)printf("%s, %s, %s %s\n", say_word(session, words_kind, row->kind),
               say_word(session, words_severity, row->severity), in_language(session, "found", "发现于"), found);
  say_data(session, "category", "分类", &row->category, NULL);
  say_data(session, "code", "条款", &row->code, NULL);
  say_data(session, "inspection", "批次", &row->inspection, NULL);
  say_data(session, "team", "检查组", &row->team, NULL);
}

static void say_dates(const struct session *session, const Rectify__V1__CaseRow *row) {
  say_data(session, "closed", "销号日期", &row->closed_text, NULL);
  if (row->due_text.len == 0) return;
  label(session, "due", "时限");
  print_safe(stdout, row->due_text.data, row->due_text.len);
  (void)printf(" (%s)%s: ", say_word(session, words_clock, row->due_clock),
               row->provisional
                   ? in_language(session, " provisional: the calendar of that year is not published yet", " 暂定")
                   : "");
  int32_t left = row->working_days_left;
  const char *days = in_language(session, left == 1 || left == -1 ? "working day" : "working days", "个工作日");
  int32_t count = left < 0 ? -left : left;
  if (session->zh) (void)printf("%s %d %s\n", left < 0 ? "逾期" : "剩余", count, days);
  else (void)printf("%d %s %s\n", count, days, left < 0 ? "overdue" : "left");
}

static void say_clocks(const struct session *session, const Rectify__V1__CaseRow *row) {
  struct case_state state;
  struct codec_arena *arena = codec_arena_new(ARENA_BYTES);
  uint32_t next = 0;
  must(arena != NULL);
  bool known = row->state.len > 0 && codec_state_unpack(arena, row->state.data, row->state.len, &state);
  codec_arena_free(arena);
  if (row->next_fire == 0 || row->next_fire == INSTANT_NONE) return;
  char when[INSTANT_TEXT_BYTES];
  instant_text(session, row->next_fire, when);
  label(session, "otherwise", "若不处理");
  (void)printf("%s %s", in_language(session, "if nobody acts, at", ""), when);
  known = known && case_next_fire(&state, &next) != INSTANT_NONE;
  const char *clock = known ? say_word(session, words_clock, state.clocks[next].kind) : "";
  if (known && session->zh) (void)printf(" 触发“%s”时限的第 %u 级", clock, state.clocks[next].nth + 1);
  if (known && !session->zh) (void)printf(" rung %u of the clock '%s' fires", state.clocks[next].nth + 1, clock);
  (void)printf("%s\n", in_language(session, " (a reminder, a light, or the next track, as the policy says)",
                                   "(提醒、亮灯或升级,依政策)"));
}

static void say_case(const struct session *session, const Rectify__V1__CaseRow *row) {
  say_head(session, row);
  say_data(session, "unit", "责任单位", row->unit.len > 0 ? &row->unit : &row->reported_unit, &row->unit_name);
  say_data(session, "must act now", "当前责任人", &row->accountable, &row->accountable_name);
  say_data(session, "handler", "整改责任人", &row->handler, &row->handler_name);
  say_data(session, "verifier", "核查人", &row->verifier, &row->verifier_name);
  say_dates(session, row);
  say_clocks(session, row);
  if (row->rework > 0 || row->same_problem > 0 || row->same_kind > 0) {
    label(session, "again", "重复");
    (void)printf("%s %u; %s %u; %s %u\n", in_language(session, "reworked", "返工"), row->rework,
                 in_language(session, "same problem before", "同一问题"), row->same_problem,
                 in_language(session, "same kind before", "同类问题"), row->same_kind);
  }
  (void)putchar('\n');
  print_safe(stdout, row->text.data, row->text.len);
  (void)fputs("\n\n", stdout);
}

struct showing {
  struct session *session;
  bool found;
  uint32_t version;
};

static int show_page(void *context, const Rectify__V1__Page *page) {
  struct showing *showing = context;
  for (size_t i = 0; i < page->n_cases; i++) {
    showing->found = true;
    showing->version = page->cases[i]->version;
    if (showing->session->format == FORMAT_TABLE) say_case(showing->session, page->cases[i]);
    else case_print(showing->session, page->cases[i]);
  }
  return EXIT_FINE;
}

int show_run(struct session *session, struct arguments *arguments) {
  uint64_t case_no;
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery which = RECTIFY__V1__CASE_QUERY__INIT;
  struct showing showing = {session, false, 0};
  int code = read_case(session, arguments, &case_no);
  if (code != EXIT_FINE) return code;
  which.n_case_no = 1;
  which.case_no = &case_no;
  which.with_text = true;
  which.with_state = true;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &which;
  code = session_pages(session, &query, show_page, &showing);
  if (code != EXIT_FINE) return code;
  if (!showing.found) {
    complain("there is no such case, or you may not read it; `rectify cases` lists those you may");
    return EXIT_REFUSED;
  }
  if (session->format != FORMAT_TABLE) return EXIT_FINE;
  return history_print(session, case_no, showing.version > SHOW_EVENTS ? showing.version - SHOW_EVENTS : 0);
}
