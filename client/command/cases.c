/* cases.c - the list of cases: `cases`; and what a row of a case alone tells, for ledger.c too. */
#include <string.h>

#include "client/command/verb.h"
#include "client/command/view.h"
#include "rectify/must.h"

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
  sheet_finding(sheet, row);
}
static void put_due(struct sheet *sheet, ROW) {
  sheet_day_text(sheet, &row->due_text);
}
static void put_due_at(struct sheet *sheet, ROW) {
  sheet_instant(sheet, row->due);
}
static void put_closed(struct sheet *sheet, ROW) {
  sheet_day_text(sheet, &row->closed_text);
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

/* When the next rung fires; nothing where no clock runs. */
static void put_next(struct sheet *sheet, ROW) {
  sheet_instant(sheet, row->next_fire == INSTANT_NONE ? 0 : row->next_fire);
}

static void put_team(struct sheet *sheet, ROW) {
  sheet_data(sheet, &row->team);
}

static void put_measures(struct sheet *sheet, ROW) {
  sheet_number(sheet, row->measures);
}

static void put_measures_shown(struct sheet *sheet, ROW) {
  sheet_number(sheet, __builtin_popcount(row->measures_shown));
}

static void put_bounces(struct sheet *sheet, ROW) {
  sheet_number(sheet, row->bounces);
}

static void put_rule_day(struct sheet *sheet, ROW) {
  if ((row->flags & CASE_RULE_ISSUED) != 0) sheet_day(sheet, row->rule_day);
  else sheet_nothing(sheet);
}

static void put_marks(struct sheet *sheet, ROW) {
  sheet_marks(sheet, row->flags);
}

static void put_found(struct sheet *sheet, ROW) {
  sheet_day(sheet, row->found_on);
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
    {{"handler", "HANDLER", "整改责任人", COLUMN_MACHINE}, put_handler},
    {{"handler_name", "NAME", "姓名", COLUMN_MACHINE}, put_handler_name},
    {{"verifier", "VERIFIER", "核查人", COLUMN_MACHINE}, put_verifier},
    {{"verifier_name", "NAME", "姓名", COLUMN_MACHINE}, put_verifier_name},
    {{"clock", "CLOCK", "时限", COLUMN_MACHINE}, put_clock},
    {{"due", "DUE", "完成时限", 0}, put_due},
    {{"due_at", "DUE AT", "到期时刻", COLUMN_MACHINE}, put_due_at},
    {{"working_days_left", "DAYS", "余工作日", COLUMN_NUMBER}, put_days_left},
    {{"next_at", "IF NOBODY ACTS", "若不处理", COLUMN_MACHINE}, put_next},
    {{"closed", "CLOSED", "销号日期", COLUMN_MACHINE}, put_closed},
    {{"found_on", "FOUND", "发现时间", COLUMN_MACHINE}, put_found},
    {{"inspection", "INSPECTION", "批次", COLUMN_MACHINE}, put_inspection},
    {{"team", "TEAM", "检查组", COLUMN_MACHINE}, put_team},
    {{"category", "CATEGORY", "分类", COLUMN_MACHINE}, put_category},
    {{"code", "CODE", "条款", COLUMN_ROOM}, put_code},
    {{"finding_id", "FINDING", "问题标识", COLUMN_MACHINE}, put_finding},
    {{"origin", "ORIGIN", "来源", COLUMN_MACHINE}, put_origin},
    {{"parent", "FOLLOWS FROM", "来自事项", COLUMN_MACHINE}, put_parent},
    {{"merged_into", "MERGED INTO", "并入", COLUMN_MACHINE}, put_merged_into},
    {{"order", "ORDER", "督办单", COLUMN_MACHINE}, put_order},
    {{"extensions", "EXTENSIONS", "延期次数", COLUMN_NUMBER | COLUMN_MACHINE}, put_extensions},
    {{"extended", "EXTENDED", "延期工作日", COLUMN_NUMBER | COLUMN_MACHINE}, put_extended},
    {{"measures", "MEASURES", "整改措施数", COLUMN_NUMBER | COLUMN_MACHINE}, put_measures},
    {{"measures_shown", "SHOWN", "已附佐证数", COLUMN_NUMBER | COLUMN_MACHINE}, put_measures_shown},
    {{"rework", "REWORKED", "返工次数", COLUMN_NUMBER | COLUMN_MACHINE}, put_rework},
    {{"bounces", "BOUNCED", "退单次数", COLUMN_NUMBER | COLUMN_MACHINE}, put_bounces},
    {{"same_problem", "SAME PROBLEM", "同一问题次数", COLUMN_NUMBER | COLUMN_MACHINE}, put_same_problem},
    {{"same_kind", "SAME KIND", "同类问题次数", COLUMN_NUMBER | COLUMN_MACHINE}, put_same_kind},
    {{"rule_day", "RULE IN EFFECT", "制度生效日", COLUMN_MACHINE}, put_rule_day},
    {{"subject", "ABOUT", "当事人", COLUMN_MACHINE}, put_subject},
    {{"form", "DECISION", "问责决定", COLUMN_MACHINE}, put_form},
    {{"marks", "MARKS", "标记", COLUMN_MACHINE}, put_marks},
    {{"text", "TEXT", "问题描述", COLUMN_TEXT}, put_text},
};

/* By enum ledger. */
static void (*const ledger_cells[LEDGER_COUNT + 1])(struct sheet *sheet, const Rectify__V1__CaseRow *row) = {
    [LEDGER_CASE] = put_case,
    [LEDGER_INSPECTION] = put_inspection,
    [LEDGER_KIND] = put_kind,
    [LEDGER_SEVERITY] = put_severity,
    [LEDGER_CATEGORY] = put_category,
    [LEDGER_CODE] = put_code,
    [LEDGER_TEXT] = put_text,
    [LEDGER_FOUND_ON] = put_found,
    [LEDGER_TRACK] = put_track,
    [LEDGER_UNIT] = put_unit,
    [LEDGER_UNIT_NAME] = put_unit_name,
    [LEDGER_HANDLER] = put_handler,
    [LEDGER_HANDLER_NAME] = put_handler_name,
    [LEDGER_VERIFIER] = put_verifier,
    [LEDGER_VERIFIER_NAME] = put_verifier_name,
    [LEDGER_DUE] = put_due,
    [LEDGER_STATUS] = put_status,
    [LEDGER_LIGHT] = put_light,
    [LEDGER_CLOSED_ON] = put_closed,
    [LEDGER_ORDER] = put_order,
    [LEDGER_EXTENSIONS] = put_extensions,
    [LEDGER_EXTENDED] = put_extended,
    [LEDGER_REWORK] = put_rework,
    [LEDGER_SAME_PROBLEM] = put_same_problem,
    [LEDGER_SAME_KIND] = put_same_kind,
    [LEDGER_ORIGIN] = put_origin,
    [LEDGER_PARENT] = put_parent,
    [LEDGER_MERGED_INTO] = put_merged_into,
    [LEDGER_ACCOUNTABLE] = put_accountable,
    [LEDGER_ACCOUNTABLE_NAME] = put_accountable_name,
    [LEDGER_SUBJECT] = put_subject,
    [LEDGER_FORM] = put_form,
    [LEDGER_MARKS] = put_marks,
};

void case_cell(struct sheet *sheet, uint32_t source, const Rectify__V1__CaseRow *row) {
  must(source <= LEDGER_COUNT && ledger_cells[source] != NULL);
  ledger_cells[source](sheet, row);
}

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
  int code = filter_read(session, arguments, &filter, NULL, NULL);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = view_print(session, &filter, cases_view, COUNT(cases_view), &end);
  if (code != EXIT_FINE) return code;
  if (end.rows > 0) return EXIT_FINE;
  say_none(session, &end, "no such cases among those that you may read", "可查看的事项中没有符合条件的");
  return say_unit(session, &filter.query.unit);
}
