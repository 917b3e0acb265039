/* circular_print.c - see circular.h: as text, CSV, JSON lines, or a page to print. */
#include <string.h>

#include "client/command/circular.h"
#include "client/command/language.h"

#define COLUMNS (2 + FIGURE_COUNT + 1)

static const struct column columns[COLUMNS] = {
    {"unit", "UNIT", "单位代码", COLUMN_ROOM},
    {"unit_name", "NAME", "单位", 0},
    [2 + FIGURE_NEW] = {"new", "NEW", "新增", COLUMN_NUMBER},
    [2 + FIGURE_CLOSED] = {"closed", "CLOSED", "销号", COLUMN_NUMBER},
    [2 + FIGURE_ON_TIME] = {"on_time", "ON TIME", "按期销号", COLUMN_NUMBER},
    [2 + FIGURE_OPEN] = {"open", "OPEN", "在办", COLUMN_NUMBER},
    [2 + FIGURE_OVERDUE] = {"overdue", "OVERDUE", "超期", COLUMN_NUMBER},
    [2 + FIGURE_RED] = {"red", "RED", "红灯", COLUMN_NUMBER},
    [2 + FIGURE_BOUNCED] = {"bounced", "BOUNCED", "退单", COLUMN_NUMBER},
    [2 + FIGURE_RELAPSED] = {"relapsed", "RELAPSED", "反弹", COLUMN_NUMBER},
    [2 + FIGURE_ORDERS] = {"orders", "ORDERS", "督办单", COLUMN_NUMBER},
    {"overdue_cases", "OVERDUE CASES", "超期事项", COLUMN_MACHINE},
};
static const struct column named_columns[] = {
    {"case", "CASE", "编号", 0},
    {"unit_name", "UNIT", "单位", 0},
    {"handler", "RESPONSIBLE", "责任人", 0},
    {"due", "DUE", "完成时限", 0},
    {"days_over", "DAYS OVER", "超期工作日", COLUMN_NUMBER},
    {"text", "WHAT", "问题", COLUMN_TEXT},
};

static const char *unit_name(const struct circular_unit *unit) {
  if (unit->code[0] == '\0') return _("(with the office)");
  return unit->name[0] != '\0' ? unit->name : unit->code;
}

static void sum(const struct circular *circular, uint32_t figures[FIGURE_COUNT]) {
  memset(figures, 0, FIGURE_COUNT * sizeof *figures);
  for (uint32_t i = 0; i < circular->unit_count; i++)
    for (int k = 0; k < FIGURE_COUNT; k++) figures[k] += circular->units[i].figures[k];
}

/* "C-000004 C-000009": those that are named, of one unit. */
static void put_named(struct sheet *sheet, const struct circular *circular, uint32_t place) {
  char text[CIRCULAR_NAMED_MAX * CASE_TEXT_BYTES], number[CASE_TEXT_BYTES];
  size_t at = 0;
  text[0] = '\0';
  for (uint32_t i = 0; i < circular->named_count; i++) {
    if (circular->named[i].unit != place) continue;
    case_text(circular->named[i].case_no, number);
    at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at > 0 ? " " : "", number);
  }
  sheet_cell(sheet, text, at);
}

static void put_unit(struct sheet *sheet, const struct circular *circular, uint32_t place) {
  const struct circular_unit *unit = &circular->units[place];
  sheet_string(sheet, unit->code);
  sheet_string(sheet, unit_name(unit));
  for (int k = 0; k < FIGURE_COUNT; k++) sheet_number(sheet, unit->figures[k]);
  put_named(sheet, circular, place);
}

/* The sum is for people; programs can add. */
static void print_units(const struct circular *circular) {
  uint32_t figures[FIGURE_COUNT];
  struct sheet *sheet = sheet_open(circular->session, stdout, columns, COLUMNS);
  for (uint32_t i = 0; i < circular->unit_count; i++) put_unit(sheet, circular, circular->by_code[i]);
  if (circular->session->format == FORMAT_TABLE) {
    sum(circular, figures);
    sheet_string(sheet, "");
    sheet_string(sheet, _("all"));
    for (int k = 0; k < FIGURE_COUNT; k++) sheet_number(sheet, figures[k]);
    sheet_string(sheet, "");
  }
  (void)sheet_close(sheet);
}

static void print_rest(const struct circular *circular, const char *before, const char *behind) {
  const uint32_t rest = circular->overdue - circular->named_count;
  if (rest == 0) return;
  (void)printf("%s", before);
  (void)printf(_("and %u more"), rest);
  (void)printf("%s", behind);
}

static void print_named(const struct circular *circular) {
  struct sheet *sheet = sheet_open(circular->session, stdout, named_columns, sizeof named_columns / sizeof *named_columns);
  for (uint32_t i = 0; i < circular->named_count; i++) {
    const struct circular_case *named = &circular->named[i];
    sheet_case(sheet, named->case_no);
    sheet_string(sheet, unit_name(&circular->units[named->unit]));
    sheet_string(sheet, named->handler);
    sheet_string(sheet, named->due);
    sheet_number(sheet, named->days_over);
    sheet_string(sheet, named->text);
  }
  (void)sheet_close(sheet);
  print_rest(circular, "", "\n");
}

#define TITLE_BYTES 128
static void title(const struct circular *circular, char out[TITLE_BYTES]) {
  (void)snprintf(out, TITLE_BYTES, _("Circular on rectification, %.4s-%.2s"), circular->month, circular->month + 5);
}

static void print_text(const struct circular *circular) {
  char text[TITLE_BYTES];
  title(circular, text);
  (void)printf("%s\n\n", text);
  print_units(circular);
  if (circular->overdue > 0) {
    (void)printf("\n%s\n\n", _("Overdue, by name"));
    print_named(circular);
  }
  (void)putchar('\n');
}

/* ---- a page to print ---- */

void html_text(FILE *out, const void *text, size_t length) {
  const char *bytes = text;
  for (size_t i = 0; i < length; i++) {
    switch (bytes[i]) {
      case '&': (void)fputs("&amp;", out); break;
      case '<': (void)fputs("&lt;", out); break;
      case '>': (void)fputs("&gt;", out); break;
      case '"': (void)fputs("&quot;", out); break;
      case '\n': (void)fputs("<br>", out); break;
      default: (void)fputc(bytes[i], out);
    }
  }
}

static void html_string(FILE *out, const char *text) { html_text(out, text, strlen(text)); }

void html_begin(FILE *out, const struct session *session, const char *heading) {
  (void)fprintf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n<title>", session->zh ? "zh-CN" : "en");
  html_string(out, heading);
  (void)fputs("</title>\n<style>\nbody { font-family: serif; margin: 2em auto; max-width: 60em; }\nh1 { text-align: center; }\n"
              "table { border-collapse: collapse; width: 100%; }\nth, td { border: 1px solid; padding: .2em .4em; text-align: left;"
              " vertical-align: top; }\n.number { text-align: right; }\n.head { font-size: small; overflow-wrap: anywhere; }\n"
              "@media print { body { margin: 0; } tr { break-inside: avoid; } thead { display: table-header-group; } }\n"
              "</style>\n</head>\n<body>\n<h1>", out);
  html_string(out, heading);
  (void)fputs("</h1>\n", out);
}

void html_end(FILE *out) { (void)fputs("</body>\n</html>\n", out); }

static void html_header(const struct session *session, const struct column *heads, size_t count) {
  (void)fputs("<table>\n<thead><tr>", stdout);
  for (size_t i = 0; i < count; i++) {
    if ((heads[i].flags & COLUMN_MACHINE) != 0) continue;
    (void)fputs("<th>", stdout);
    html_string(stdout, in_language(session, heads[i].en, heads[i].zh));
    (void)fputs("</th>", stdout);
  }
  (void)fputs("</tr></thead>\n", stdout);
}

static void html_cell(const char *text) {
  (void)fputs("<td>", stdout);
  html_string(stdout, text);
  (void)fputs("</td>", stdout);
}

static void html_figures(const char *code, const char *name, const uint32_t figures[FIGURE_COUNT]) {
  (void)fputs("<tr>", stdout);
  html_cell(code);
  html_cell(name);
  for (int k = 0; k < FIGURE_COUNT; k++) (void)printf("<td class=\"number\">%u</td>", figures[k]);
  (void)fputs("</tr>\n", stdout);
}

static void html_units(const struct circular *circular) {
  uint32_t figures[FIGURE_COUNT];
  html_header(circular->session, columns, COLUMNS);
  for (uint32_t i = 0; i < circular->unit_count; i++) {
    const struct circular_unit *unit = &circular->units[circular->by_code[i]];
    html_figures(unit->code, unit_name(unit), unit->figures);
  }
  sum(circular, figures);
  html_figures("", _("all"), figures);
  (void)fputs("</table>\n", stdout);
}

static void html_named(const struct circular *circular) {
  char number[CASE_TEXT_BYTES];
  (void)printf("<h2>%s</h2>\n", _("Overdue, by name"));
  html_header(circular->session, named_columns, sizeof named_columns / sizeof *named_columns);
  for (uint32_t i = 0; i < circular->named_count; i++) {
    const struct circular_case *named = &circular->named[i];
    case_text(named->case_no, number);
    (void)fputs("<tr>", stdout);
    html_cell(number);
    html_cell(unit_name(&circular->units[named->unit]));
    html_cell(named->handler);
    html_cell(named->due);
    (void)printf("<td class=\"number\">%d</td>", named->days_over);
    html_cell(named->text);
    (void)fputs("</tr>\n", stdout);
  }
  (void)fputs("</table>\n", stdout);
  print_rest(circular, "<p>", "</p>\n");
}

static void print_html(const struct circular *circular, const char *key) {
  char text[TITLE_BYTES], head[LEDGER_HEAD_BYTES], code[LEDGER_CODE_BYTES];
  title(circular, text);
  html_begin(stdout, circular->session, text);
  html_units(circular);
  if (circular->overdue > 0) html_named(circular);
  ledger_head(circular->session, &circular->end, "cases", "项", head);
  ledger_code(&circular->end, key, code);
  (void)fputs("<p class=\"head\">", stdout);
  html_string(stdout, head);
  if (code[0] != '\0') (void)printf("<br>%s %s", _("short code"), code);
  (void)fputs("</p>\n", stdout);
  html_end(stdout);
}

void circular_print(const struct circular *circular, bool html, const char *key) {
  if (html) {
    print_html(circular, key);
    return;
  }
  if (circular->session->format == FORMAT_TABLE) print_text(circular);
  else print_units(circular);
  ledger_say_head(circular->session, &circular->end, key, "cases", "项");
}
