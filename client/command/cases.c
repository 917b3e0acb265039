/* cases.c - the lists of cases: `cases`, `inbox`, `ledger`. */
#include <string.h>

#include "client/command/past.h"
#include "client/command/verb.h"
#include "client/command/view.h"
#include "client/command/wrap.h"

#define ROW const Rectify__V1__CaseRow *row
static void put_case(struct sheet *sheet, ROW) {
  sheet_case(sheet, row->case_no);
}
static void put_light(struct sheet *sheet, ROW) {
  sheet_light(sheet, row->light);
}
static void put_status(struct sheet *sheet, ROW) {
  sheet_word(sheet, words_status, row->status);
}
static void put_track(struct sheet *sheet, ROW) {
  sheet_word(sheet, words_track, row->track);
}
static void put_kind(struct sheet *sheet, ROW) {
  sheet_word(sheet, words_kind, row->kind);
}
static void put_severity(struct sheet *sheet, ROW) {
  sheet_word(sheet, words_severity, row->severity);
}
static void put_unit(struct sheet *sheet, ROW) {
  sheet_data(sheet, row->unit.len > 0 ? &row->unit : &row->reported_unit);
}
static void put_unit_name(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->unit_name);
}
static void put_accountable(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->accountable);
}
static void put_accountable_name(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->accountable_name);
}
static void put_handler(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->handler);
}
static void put_handler_name(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->handler_name);
}
static void put_verifier(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->verifier);
}
static void put_verifier_name(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->verifier_name);
}
static void put_inspection(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->inspection);
}
static void put_category(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->category);
}
static void put_code(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->code);
}
static void put_text(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->text);
}
static void put_due(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->due_text);
}
static void put_due_at(struct sheet *sheet, ROW) {
  sheet_instant(sheet, row->due);
}
static void put_closed(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->closed_text);
}
static void put_rework(struct sheet *sheet, ROW) {
  sheet_number(sheet, row->rework);
}
static void put_same_problem(struct sheet *sheet, ROW) {
  sheet_number(sheet, row->same_problem);
}
static void put_same_kind(struct sheet *sheet, ROW) {
  sheet_number(sheet, row->same_kind);
}
static void put_origin(struct sheet *sheet, ROW) {
  sheet_word(sheet, words_origin, row->origin);
}
static void put_parent(struct sheet *sheet, ROW) {
  sheet_case(sheet, row->parent);
}
static void put_merged_into(struct sheet *sheet, ROW) {
  sheet_case(sheet, row->merged_into);
}
static void put_order(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->order);
}
static void put_extensions(struct sheet *sheet, ROW) {
  sheet_number(sheet, row->extensions);
}
static void put_extended(struct sheet *sheet, ROW) {
  sheet_number(sheet, row->extended);
}
static void put_subject(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->subject);
}
static void put_form(struct sheet *sheet, ROW) {
  sheet_word(sheet, words_form, row->form);
}
static void put_clock(struct sheet *sheet, ROW) {
  sheet_word(sheet, words_clock, row->due_clock);
}

static void put_days_left(struct sheet *sheet, ROW) {
  if (row->due_text.len > 0) sheet_number(sheet, row->working_days_left);
  else sheet_nothing(sheet);
}

static void put_marks(struct sheet *sheet, ROW) {
  sheet_marks(sheet, row->flags);
}

static void put_found(struct sheet *sheet, ROW) {
  char text[11];
  workday_format(row->found_on, text);
  sheet_string(sheet, text);
}

static void put_finding(struct sheet *sheet, ROW) {
  char text[UUID_TEXT_BYTES] = "";
  if (row->finding_id.len == WIRE_ID_BYTES) uuid_text(row->finding_id.data, text);
  sheet_string(sheet, text);
}
#undef ROW

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct view_column cases_view[] = {
    {{"case", "CASE", "编号", 0}, put_case},
    {{"light", "LIGHT", "灯色", COLUMN_LIGHT}, put_light},
    {{"status", "STATUS", "状态", 0}, put_status},
    {{"track", "TRACK", "整改类型", COLUMN_ROOM}, put_track},
    {{"kind", "KIND", "问题类别", COLUMN_MACHINE}, put_kind},
    {{"severity", "SEVERITY", "程度", COLUMN_MACHINE}, put_severity},
    {{"unit", "UNIT", "责任单位", 0}, put_unit},
    {{"unit_name", "UNIT NAME", "单位名称", COLUMN_MACHINE}, put_unit_name},
    {{"accountable", "WHO MUST ACT", "当前责任人", 0}, put_accountable},
    {{"accountable_name", "NAME", "姓名", COLUMN_MACHINE}, put_accountable_name},
    {{"clock", "CLOCK", "时限", COLUMN_MACHINE}, put_clock},
    {{"due", "DUE", "完成时限", 0}, put_due},
    {{"due_at", "DUE AT", "到期时刻", COLUMN_MACHINE}, put_due_at},
    {{"working_days_left", "DAYS", "余工作日", COLUMN_NUMBER}, put_days_left},
    {{"found_on", "FOUND", "发现时间", COLUMN_MACHINE}, put_found},
    {{"category", "CATEGORY", "分类", COLUMN_MACHINE}, put_category},
    {{"code", "CODE", "条款", COLUMN_ROOM}, put_code},
    {{"finding_id", "FINDING", "问题标识", COLUMN_MACHINE}, put_finding},
    {{"origin", "ORIGIN", "来源", COLUMN_MACHINE}, put_origin},
    {{"parent", "FOLLOWS FROM", "来自事项", COLUMN_MACHINE}, put_parent},
    {{"merged_into", "MERGED INTO", "并入", COLUMN_MACHINE}, put_merged_into},
    {{"order", "ORDER", "督办单", COLUMN_MACHINE}, put_order},
    {{"extensions", "EXTENSIONS", "延期次数", COLUMN_NUMBER | COLUMN_MACHINE}, put_extensions},
    {{"extended", "EXTENDED", "延期工作日", COLUMN_NUMBER | COLUMN_MACHINE}, put_extended},
    {{"subject", "ABOUT", "当事人", COLUMN_MACHINE}, put_subject},
    {{"form", "DECISION", "问责决定", COLUMN_MACHINE}, put_form},
    {{"marks", "MARKS", "标记", COLUMN_MACHINE}, put_marks},
    {{"text", "TEXT", "问题描述", COLUMN_TEXT}, put_text},
};

static const struct view_column inbox_view[] = {
    {{"case", "CASE", "编号", 0}, put_case},
    {{"light", "LIGHT", "灯色", COLUMN_LIGHT}, put_light},
    {{"due", "DUE", "完成时限", 0}, put_due},
    {{"working_days_left", "DAYS", "余工作日", COLUMN_NUMBER}, put_days_left},
    {{"clock", "WHAT FALLS DUE", "时限", 0}, put_clock},
    {{"status", "STATUS", "状态", COLUMN_ROOM}, put_status},
    {{"track", "TRACK", "整改类型", COLUMN_ROOM}, put_track},
    {{"unit", "UNIT", "责任单位", COLUMN_ROOM}, put_unit},
    {{"text", "TEXT", "问题描述", COLUMN_TEXT}, put_text},
};

/* The columns of a rectification ledger (整改台账). */
static const struct view_column ledger_view[] = {
    {{"case", "CASE", "编号", 0}, put_case},
    {{"inspection", "SOURCE", "问题来源", COLUMN_ROOM}, put_inspection},
    {{"kind", "KIND", "问题类别", COLUMN_ROOM}, put_kind},
    {{"category", "CATEGORY", "分类", COLUMN_ROOM}, put_category},
    {{"code", "CODE", "条款", COLUMN_ROOM}, put_code},
    {{"text", "DESCRIPTION", "问题描述", COLUMN_TEXT}, put_text},
    {{"found_on", "FOUND", "发现时间", COLUMN_ROOM}, put_found},
    {{"track", "TRACK", "整改类型", COLUMN_ROOM}, put_track},
    {{"unit", "UNIT", "责任单位", 0}, put_unit},
    {{"unit_name", "UNIT NAME", "单位名称", COLUMN_MACHINE}, put_unit_name},
    {{"handler", "RESPONSIBLE", "责任人", 0}, put_handler},
    {{"handler_name", "NAME", "责任人姓名", COLUMN_MACHINE}, put_handler_name},
    {{"verifier", "VERIFIER", "核查人", COLUMN_ROOM}, put_verifier},
    {{"verifier_name", "NAME", "核查人姓名", COLUMN_MACHINE}, put_verifier_name},
    {{"due", "DUE", "完成时限", 0}, put_due},
    {{"status", "STATUS", "进展情况", 0}, put_status},
    {{"light", "LIGHT", "灯色", COLUMN_LIGHT}, put_light},
    {{"order", "ORDER", "督办单", COLUMN_ROOM}, put_order},
    {{"extended", "EXTENDED", "延期工作日", COLUMN_NUMBER | COLUMN_ROOM}, put_extended},
    {{"rework", "REWORK", "返工次数", COLUMN_NUMBER | COLUMN_ROOM}, put_rework},
    {{"closed_on", "CLOSED", "销号日期", COLUMN_ROOM}, put_closed},
    {{"same_problem", "SAME PROBLEM", "同一问题", COLUMN_NUMBER | COLUMN_ROOM}, put_same_problem},
    {{"same_kind", "SAME KIND", "同类问题", COLUMN_NUMBER | COLUMN_ROOM}, put_same_kind},
    {{"origin", "ORIGIN", "来源", COLUMN_MACHINE}, put_origin},
    {{"parent", "FOLLOWS FROM", "来自事项", COLUMN_MACHINE}, put_parent},
    {{"merged_into", "MERGED INTO", "并入", COLUMN_MACHINE}, put_merged_into},
    {{"extensions", "EXTENSIONS", "延期次数", COLUMN_NUMBER | COLUMN_MACHINE}, put_extensions},
    {{"subject", "ABOUT", "当事人", COLUMN_MACHINE}, put_subject},
    {{"form", "DECISION", "问责决定", COLUMN_MACHINE}, put_form},
    {{"marks", "MARKS", "标记", COLUMN_MACHINE}, put_marks},
};

void case_print(const struct session *session, const Rectify__V1__CaseRow *row) {
  struct column columns[COUNT(cases_view)];
  for (size_t i = 0; i < COUNT(cases_view); i++) columns[i] = cases_view[i].column;
  struct sheet *sheet = sheet_open(session, stdout, columns, COUNT(cases_view));
  for (size_t i = 0; i < COUNT(cases_view); i++) cases_view[i].put(sheet, row);
  (void)sheet_close(sheet);
}

static void say_none(const struct session *session, const struct view_end *end, const char *en, const char *zh) {
  if (end->rows == 0 && session->format == FORMAT_TABLE) (void)puts(in_language(session, en, zh));
}

struct unit_asked {
  const ProtobufCBinaryData *code;
  bool known;
};

static int look_for_unit(void *context, const Rectify__V1__Page *page) {
  struct unit_asked *asked = context;
  for (size_t i = 0; i < page->n_units; i++) {
    const ProtobufCBinaryData *code = &page->units[i]->code;
    if (code->len == asked->code->len && memcmp(code->data, asked->code->data, code->len) == 0) asked->known = true;
  }
  return EXIT_FINE;
}

/* Nothing was found: because nobody knows the unit?  A finding may name one that the registry does not have, so that this is
 * said and not refused. */
static int say_unit(struct session *session, const ProtobufCBinaryData *unit) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__UnitQuery every = RECTIFY__V1__UNIT_QUERY__INIT;
  struct unit_asked asked = {unit, unit->len == 0};
  query.what_case = RECTIFY__V1__QUERY__WHAT_UNITS;
  query.units = &every;
  int code = asked.known ? EXIT_FINE : session_pages(session, &query, look_for_unit, &asked);
  if (code == EXIT_FINE && !asked.known)
    complain("the registry has no unit '%.*s'; `rectify unit list` shows the codes", (int)unit->len, (const char *)unit->data);
  return code;
}

int cases_run(struct session *session, struct arguments *arguments) {
  struct filter filter;
  struct view_end end;
  filter_init(&filter);
  filter.query.with_text = true;
  int code = filter_read(session, arguments, &filter);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = view_print(session, &filter, cases_view, COUNT(cases_view), &end);
  if (code != EXIT_FINE) return code;
  if (end.rows > 0) return EXIT_FINE;
  say_none(session, &end, "no such cases among those that you may read", "可查看的事项中没有符合条件的");
  return say_unit(session, &filter.query.unit);
}

enum { INBOX_OFFICER, INBOX_HANDLER, INBOX_LIMIT };
const struct flag inbox_flags[] = {
    {"officer", 'o', "OFFICER", "somebody else's inbox, as far as you may read it", NULL},
    {"all-mine", 0, NULL, "also the cases where somebody else must act now, but you are the responsible officer", NULL},
    {"limit", 'n', "N", "at most N rows", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static int inbox_read(struct session *session, struct arguments *arguments, struct filter *filter,
                      const char **officer) {
  bool handler = false;
  int64_t limit = 0;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (option == INBOX_OFFICER) *officer = optarg;
    if (option == INBOX_HANDLER) handler = true;
    if (option == INBOX_LIMIT && !number_read(optarg, 1, INT64_MAX, &limit))
      return complain_usage(arguments->verb, "--limit wants a number from 1, not '%s'", optarg);
  }
  if (*officer == NULL) *officer = session->actor;
  filter->rows_max = (uint64_t)limit;
  if (handler) filter->query.handler = wire_text(*officer);
  else filter->query.accountable = wire_text(*officer);
  return arguments_words(arguments, 0, 0);
}

int inbox_run(struct session *session, struct arguments *arguments) {
  struct filter filter;
  struct view_end end;
  const char *officer = NULL;
  filter_init(&filter);
  filter.query.with_text = true;
  filter.query.open_only = true;
  filter.query.order = 1;
  int code = inbox_read(session, arguments, &filter, &officer);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = view_print(session, &filter, inbox_view, COUNT(inbox_view), &end);
  if (code != EXIT_FINE) return code;
  say_none(session, &end, "nothing waits for you; `rectify cases` lists what you may read",
           "没有待办事项；rectify cases 列出可查看的事项");
  if (session->format == FORMAT_TABLE && strcmp(officer, session->actor) == 0) letters_say_undelivered(session);
  if (end.rows == 0 || session->format != FORMAT_TABLE) return EXIT_FINE;
  (void)fflush(stdout);
  (void)fputc('\n', stderr);
  wrap_words(stderr, in_language(session, "`rectify next CASE` tells what happens if nobody acts; `rectify --help` lists what you can do",
                                 "`rectify next CASE` 列出无人处理时的后果；`rectify --help` 列出可用的命令"),
             0, 0, wrap_width(stderr));
  return EXIT_FINE;
}

/* "812:7f3a-09c2-...": what paper needs, where the log's name is known. */
static bool head_code(const struct view_end *end, const char *key, char out[20 + 1 + CHECKPOINT_CODE_BYTES]) {
  struct checkpoint head = {.size = end->log_size};
  char code[CHECKPOINT_CODE_BYTES];
  if (!end->has_root || !past_log_name(key, head.origin)) return false;
  memcpy(head.root.bytes, end->root, HASH_BYTES);
  checkpoint_code(&head, code);
  (void)snprintf(out, 20 + 1 + CHECKPOINT_CODE_BYTES, "%llu:%s", (unsigned long long)end->log_size, code);
  return true;
}

static void say_head_json(const struct session *session, const struct view_end *end, const char *root, const char *code) {
  char now[INSTANT_TEXT_BYTES];
  instant_format(session, end->now, now);
  (void)fprintf(stderr, "{\"cases\":%llu,\"as_of\":\"%s\",\"log_size\":%llu,\"root\":\"%s\",\"code\":",
                (unsigned long long)end->rows, now, (unsigned long long)end->log_size, root);
  if (code[0] != '\0') (void)fprintf(stderr, "\"%s\"}\n", code);
  else (void)fputs("null}\n", stderr);
}

/* The head that the ledger was made from: `rectify verify --printed` holds an export against it. */
static void say_head(const struct session *session, const struct filter *filter, const struct view_end *end) {
  FILE *out = session->format == FORMAT_TABLE ? stdout : stderr;
  char root[2 * HASH_BYTES + 1] = "?", now[INSTANT_TEXT_BYTES], code[20 + 1 + CHECKPOINT_CODE_BYTES] = "";
  if (end->has_root) hex_text(end->root, HASH_BYTES, root);
  instant_text(session, end->now, now);
  (void)head_code(end, filter->log, code);
  if (session->format == FORMAT_JSON) {
    say_head_json(session, end, root, code);
    return;
  }
  if (session->zh)
    (void)fprintf(out, "共 %llu 项；截至 %s；日志 %llu 条，根 %s\n", (unsigned long long)end->rows, now,
                  (unsigned long long)end->log_size, root);
  else
    (void)fprintf(out, "%llu cases as of %s; log of %llu events, root %s\n", (unsigned long long)end->rows, now,
                  (unsigned long long)end->log_size, root);
  if (code[0] != '\0') (void)fprintf(out, "%s %s\n", in_language(session, "short code", "短码"), code);
}

int ledger_run(struct session *session, struct arguments *arguments) {
  struct filter filter;
  struct view_end end;
  filter_init(&filter);
  filter.query.with_text = true;
  int code = filter_read(session, arguments, &filter);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = view_print(session, &filter, ledger_view, COUNT(ledger_view), &end);
  if (code != EXIT_FINE) return code;
  say_head(session, &filter, &end);
  if (end.moved)
    (void)fprintf(stderr, "the log grew while this was read: --known-at %llu gives a ledger of that one head\n",
                  (unsigned long long)end.log_size);
  return code;
}
