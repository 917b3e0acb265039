/* lists.c - `unit list`, `officer list`. */
#include "client/command/sheet.h"
#include "client/command/verb.h"

static const struct column unit_columns[] = {
    {"code", "CODE", "代码", 0},
    {"name", "NAME", "名称", COLUMN_TEXT},
    {"parent", "PARENT", "上级", 0},
    {"retired", "RETIRED", "已停用", COLUMN_NUMBER},
};
static const struct column officer_columns[] = {
    {"code", "CODE", "代码", 0},
    {"name", "NAME", "姓名", 0},
    {"unit", "UNIT", "单位", 0},
    {"roles", "ROLES", "角色", COLUMN_TEXT}, /* role@unit, separated by spaces */
    {"retired", "RETIRED", "已停用", COLUMN_NUMBER},
};

static int print_units(void *context, const Rectify__V1__Page *page) {
  struct sheet *sheet = context;
  for (size_t i = 0; i < page->n_units; i++) {
    sheet_data(sheet, &page->units[i]->code);
    sheet_data(sheet, &page->units[i]->name);
    sheet_data(sheet, &page->units[i]->parent);
    sheet_truth(sheet, page->units[i]->retired);
  }
  return EXIT_FINE;
}

#define ROLES_BYTES_MAX 4096
static void put_roles(struct sheet *sheet, const Rectify__V1__OfficerRow *row) {
  char text[ROLES_BYTES_MAX];
  size_t at = 0;
  for (size_t i = 0; i < row->n_roles; i++) {
    int length = snprintf(text + at, sizeof text - at, "%s%.*s", at > 0 ? " " : "", (int)row->roles[i].len,
                          (const char *)row->roles[i].data);
    if (length < 0 || at + (size_t)length >= sizeof text) break;
    at += (size_t)length;
  }
  sheet_cell(sheet, text, at);
}

static int print_officers(void *context, const Rectify__V1__Page *page) {
  struct sheet *sheet = context;
  for (size_t i = 0; i < page->n_officers; i++) {
    sheet_data(sheet, &page->officers[i]->code);
    sheet_data(sheet, &page->officers[i]->name);
    sheet_data(sheet, &page->officers[i]->unit);
    put_roles(sheet, page->officers[i]);
    sheet_truth(sheet, page->officers[i]->retired);
  }
  return EXIT_FINE;
}

static int list(struct session *session, struct arguments *arguments, Rectify__V1__Query *query, page_fn *print,
                const struct column *columns, size_t count) {
  int code = arguments_plain(session, arguments, 0, 0);
  if (code == EXIT_FINE) code = session_open(session);
  if (code != EXIT_FINE) return code;
  struct sheet *sheet = sheet_open(session, stdout, columns, count);
  code = session_pages(session, query, print, sheet);
  (void)sheet_close(sheet);
  return code;
}

int unit_list_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__UnitQuery units = RECTIFY__V1__UNIT_QUERY__INIT;
  query.what_case = RECTIFY__V1__QUERY__WHAT_UNITS;
  query.units = &units;
  return list(session, arguments, &query, print_units, unit_columns, sizeof unit_columns / sizeof unit_columns[0]);
}

int officer_list_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__OfficerQuery officers = RECTIFY__V1__OFFICER_QUERY__INIT;
  query.what_case = RECTIFY__V1__QUERY__WHAT_OFFICERS;
  query.officers = &officers;
  return list(session, arguments, &query, print_officers, officer_columns,
              sizeof officer_columns / sizeof officer_columns[0]);
}
