/* sheet.c - see sheet.h.  The only code that knows libsmartcols. */
#include "client/command/language.h"
#include "client/command/sheet.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "proto/codec.h"
#include "rectify/must.h"

struct sheet {
  const struct session *session;
  const struct column *columns;
  size_t count;
  size_t at; /* next column */
  uint64_t rows;
  FILE *out;
  struct libscols_table *table; /* FORMAT_TABLE */
  struct libscols_line *line;
  bool terminal;
  struct sheet_form form;
  uint32_t xlsx_at; /* place of the next column in XLSX, which has fewer */
};

static const char *const light_colours[] = {NULL, "green", "yellow", "red"};

static void table_open(struct sheet *sheet) {
  sheet->terminal = isatty(fileno(sheet->out)) == 1;
  scols_init_debug(0);
  sheet->table = scols_new_table();
  must(sheet->table != NULL);
  (void)scols_table_set_stream(sheet->table, sheet->out);
  (void)scols_table_enable_colors(sheet->table, sheet->session->colour);
  if (!sheet->terminal) {
    (void)scols_table_set_termforce(sheet->table, SCOLS_TERMFORCE_ALWAYS);
    (void)scols_table_set_termwidth(sheet->table, 100000);
    (void)scols_table_enable_minout(sheet->table, 1);
  }
  for (size_t i = 0; i < sheet->count; i++) {
    const struct column *column = &sheet->columns[i];
    int flags = (column->flags & COLUMN_NUMBER) != 0 ? SCOLS_FL_RIGHT : 0;
    if ((column->flags & COLUMN_TEXT) != 0 && sheet->terminal) flags |= SCOLS_FL_TRUNC;
    if ((column->flags & COLUMN_MACHINE) != 0) flags |= SCOLS_FL_HIDDEN;
    must(scols_table_new_column(sheet->table, in_language(sheet->session, column->en, column->zh), 0, flags) != NULL);
  }
}

static const char *heading(const struct sheet *sheet, size_t at) {
  const struct column *column = &sheet->columns[at];
  return in_language(sheet->session, sheet->form.headings ? column->en : column->name, column->zh);
}

static void csv_header(struct sheet *sheet) {
  if (sheet->form.mark) (void)fputs("\xef\xbb\xbf", sheet->out);
  for (size_t i = 0; i < sheet->count; i++) {
    const char *name = heading(sheet, i);
    if (i > 0) (void)fputc(',', sheet->out);
    csv_field(sheet->out, name, strlen(name), true);
  }
  (void)fputs("\r\n", sheet->out);
}

#define WIDTH_USUAL 14

static void xlsx_header(struct sheet *sheet) {
  uint32_t at = 0;
  for (size_t i = 0; i < sheet->count; i++) {
    if ((sheet->columns[i].flags & COLUMN_MACHINE) != 0) continue;
    xlsx_heading(sheet->form.book, at++, heading(sheet, i), sheet->form.widths != NULL ? sheet->form.widths[i] : WIDTH_USUAL);
  }
}

struct sheet *sheet_open(const struct session *session, FILE *out, const struct column *columns, size_t count) {
  const struct sheet_form plain = {.dates = LEDGER_DATES_ISO};
  return sheet_open_as(session, out, columns, count, &plain);
}

struct sheet *sheet_open_as(const struct session *session, FILE *out, const struct column *columns, size_t count,
                            const struct sheet_form *form) {
  struct sheet *sheet = calloc(1, sizeof *sheet);
  must(sheet != NULL && count > 0);
  sheet->session = session;
  sheet->columns = columns;
  sheet->count = count;
  sheet->out = out;
  sheet->form = *form;
  if (session->format == FORMAT_TABLE) table_open(sheet);
  if (session->format == FORMAT_CSV) csv_header(sheet);
  if (session->format == FORMAT_XLSX) xlsx_header(sheet);
  return sheet;
}

/* Length of the UTF-8 sequence at `data`, or 0 when it is none. */
static size_t sequence(const uint8_t *data, size_t length) {
  for (size_t n = 1; n <= 4 && n <= length; n++)
    if (codec_text_ok(data, n)) return n;
  return 0;
}

void json_string(FILE *out, const void *text, size_t length) {
  static const char replacement[] = "\xef\xbf\xbd";
  const uint8_t *data = text;
  (void)fputc('"', out);
  for (size_t i = 0; i < length;) {
    if (data[i] == '"' || data[i] == '\\') (void)fprintf(out, "\\%c", data[i]);
    else if (data[i] == '\n') (void)fputs("\\n", out);
    else if (data[i] < 0x20 || data[i] == 0x7f) (void)fprintf(out, "\\u%04x", data[i]);
    else if (data[i] < 0x80) (void)fputc(data[i], out);
    else {
      size_t n = sequence(data + i, length - i);
      if (n > 0) (void)fwrite(data + i, 1, n, out);
      else (void)fputs(replacement, out);
      i += n > 0 ? n : 1;
      continue;
    }
    i++;
  }
  (void)fputc('"', out);
}

/* Full-width signs too: some programs take them for the others.  Also one that has an apostrophe of its own before it: so that
 * taking one away always gives the text back. */
static bool is_formula(const char *bytes, size_t length) {
  static const char *const starts[] = {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"};
  while (length > 1 && bytes[0] == '\'') bytes++, length--;
  for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
    if (length >= strlen(starts[i]) && memcmp(bytes, starts[i], strlen(starts[i])) == 0) return true;
  return false;
}

void csv_field(FILE *out, const void *data, size_t length, bool text) {
  const char *bytes = data;
  bool formula = text && is_formula(bytes, length);
  bool quoted = false;
  for (size_t i = 0; i < length; i++)
    if (memchr(",\"\r\n", bytes[i], 4) != NULL) quoted = true;
  if (quoted) (void)fputc('"', out);
  if (formula) (void)fputc('\'', out);
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == '"') (void)fputc('"', out);
    (void)fputc(bytes[i], out);
  }
  if (quoted) (void)fputc('"', out);
}

/* A copy without line breaks and control characters, for one line of a table. */
static char *one_line(const void *text, size_t length) {
  char *copy = malloc(length + 1);
  must(copy != NULL);
  if (length > 0) memcpy(copy, text, length);
  for (size_t i = 0; i < length; i++)
    if ((uint8_t)copy[i] < 0x20 || copy[i] == 0x7f) copy[i] = ' ';
  copy[length] = '\0';
  return copy;
}

static void table_cell(struct sheet *sheet, const void *text, size_t length) {
  if (sheet->at == 0) sheet->line = scols_table_new_line(sheet->table, NULL);
  must(sheet->line != NULL);
  must(scols_line_refer_data(sheet->line, sheet->at, one_line(text, length)) == 0);
}

static void json_cell(struct sheet *sheet, const void *text, size_t length, bool number) {
  const char *name = sheet->columns[sheet->at].name;
  (void)fputc(sheet->at == 0 ? '{' : ',', sheet->out);
  json_string(sheet->out, name, strlen(name));
  (void)fputc(':', sheet->out);
  if (!number) json_string(sheet->out, text, length);
  else if (length == 0) (void)fputs("null", sheet->out);
  else (void)fwrite(text, 1, length, sheet->out);
}

/* On to the next column, or row. */
static void next(struct sheet *sheet) {
  const bool last = sheet->at + 1 == sheet->count, shown = (sheet->columns[sheet->at].flags & COLUMN_MACHINE) == 0;
  sheet->at = last ? 0 : sheet->at + 1;
  sheet->xlsx_at = last ? 0 : sheet->xlsx_at + shown;
  sheet->rows += last;
  if (last && sheet->session->format == FORMAT_XLSX) xlsx_next_row(sheet->form.book);
}

static void xlsx_cell(struct sheet *sheet, const void *text, size_t length, bool number) {
  char digits[24] = "";
  if ((sheet->columns[sheet->at].flags & COLUMN_MACHINE) != 0) return;
  if (number && length > 0 && length < sizeof digits) memcpy(digits, text, length);
  if (!number) xlsx_text(sheet->form.book, sheet->xlsx_at, text, length);
  else if (digits[0] == '-' || (digits[0] >= '0' && digits[0] <= '9'))
    xlsx_number(sheet->form.book, sheet->xlsx_at, strtoll(digits, NULL, 10));
  else xlsx_text(sheet->form.book, sheet->xlsx_at, text, length); /* true and false */
}

static void cell(struct sheet *sheet, const void *text, size_t length) {
  bool number = (sheet->columns[sheet->at].flags & COLUMN_NUMBER) != 0;
  bool last = sheet->at + 1 == sheet->count;
  if (sheet->session->format == FORMAT_TABLE) table_cell(sheet, text, length);
  if (sheet->session->format == FORMAT_JSON) {
    json_cell(sheet, text, length, number);
    if (last) (void)fputs("}\n", sheet->out);
  }
  if (sheet->session->format == FORMAT_CSV) {
    if (sheet->at > 0) (void)fputc(',', sheet->out);
    csv_field(sheet->out, text, length, !number);
    if (last) (void)fputs("\r\n", sheet->out);
  }
  if (sheet->session->format == FORMAT_XLSX) xlsx_cell(sheet, text, length, number);
  next(sheet);
}

void sheet_cell(struct sheet *sheet, const void *text, size_t length) {
  must((sheet->columns[sheet->at].flags & COLUMN_NUMBER) == 0 || length == 0);
  cell(sheet, text, length);
}

void sheet_string(struct sheet *sheet, const char *text) {
  sheet_cell(sheet, text, strlen(text));
}

void sheet_data(struct sheet *sheet, const ProtobufCBinaryData *data) {
  sheet_cell(sheet, data->data, data->len);
}

void sheet_number(struct sheet *sheet, int64_t number) {
  char text[24];
  int length = snprintf(text, sizeof text, "%lld", (long long)number);
  cell(sheet, text, (size_t)length);
}

void sheet_hundredths(struct sheet *sheet, int64_t number) {
  char text[32];
  const int64_t size = number < 0 ? -number : number;
  int length = snprintf(text, sizeof text, "%s%lld.%02lld", number < 0 ? "-" : "", (long long)(size / 100), (long long)(size % 100));
  cell(sheet, text, (size_t)length);
}

void sheet_truth(struct sheet *sheet, bool truth) {
  const char *text = truth ? "true" : "false";
  if (sheet->session->format == FORMAT_TABLE) text = truth ? _("yes") : "";
  cell(sheet, text, strlen(text));
}

void sheet_nothing(struct sheet *sheet) {
  cell(sheet, "", 0);
}

void sheet_case(struct sheet *sheet, uint64_t case_no) {
  char text[CASE_TEXT_BYTES] = "";
  if (case_no != 0) case_text(case_no, text);
  sheet_string(sheet, text);
}

void sheet_instant(struct sheet *sheet, usec_t instant) {
  char text[INSTANT_TEXT_BYTES];
  instant_format(sheet->session, instant, text);
  sheet_string(sheet, text);
}

static void day_text(enum ledger_dates dates, day_t day, char out[24]) {
  int32_t year, month, day_of_month;
  workday_civil(day, &year, &month, &day_of_month);
  switch (dates) {
    case LEDGER_DATES_ISO: workday_format(day, out); return;
    case LEDGER_DATES_SLASH: (void)snprintf(out, 24, "%d/%d/%d", year, month, day_of_month); return;
    case LEDGER_DATES_DOTS: (void)snprintf(out, 24, "%d.%d.%d", year, month, day_of_month); return;
    case LEDGER_DATES_CHINESE: (void)snprintf(out, 24, "%d年%d月%d日", year, month, day_of_month); return;
  }
}

void sheet_day(struct sheet *sheet, day_t day) {
  char text[24] = "";
  if (sheet->session->format == FORMAT_XLSX && day != 0) {
    if ((sheet->columns[sheet->at].flags & COLUMN_MACHINE) == 0) xlsx_day(sheet->form.book, sheet->xlsx_at, day);
    next(sheet);
    return;
  }
  if (day != 0) day_text(sheet->session->format == FORMAT_JSON ? LEDGER_DATES_ISO : sheet->form.dates, day, text);
  sheet_string(sheet, text);
}

void sheet_day_text(struct sheet *sheet, const ProtobufCBinaryData *date) {
  day_t day = 0;
  if (date->len > 0 && !workday_parse((const char *)date->data, date->len, &day)) sheet_data(sheet, date);
  else sheet_day(sheet, day);
}

void sheet_word(struct sheet *sheet, const struct word *table, uint32_t number) {
  if (sheet->session->format == FORMAT_JSON) sheet_string(sheet, number == 0 ? "" : word_name(table, number));
  else sheet_string(sheet, say_word(sheet->session, table, number));
}

void sheet_finding(struct sheet *sheet, const Rectify__V1__CaseRow *row) {
  const bool kept_back = row->text.len == 0 && (row->flags & CASE_RESTRICTS) != 0;
  if (kept_back && sheet->session->format == FORMAT_TABLE) sheet_string(sheet, _("(restricted: `rectify show` tells it)"));
  else sheet_data(sheet, &row->text);
}

void sheet_marks(struct sheet *sheet, uint32_t flags) {
  char text[MARK_COUNT * 32];
  size_t at = 0;
  text[0] = '\0';
  for (uint32_t mark = 1; mark <= MARK_COUNT; mark++) {
    const bool names = sheet->session->format == FORMAT_JSON || !sheet->session->zh;
    const char *name = names ? word_name(words_mark, mark) : word_zh(words_mark, mark);
    if ((flags >> (mark - 1) & 1u) == 0 || at + strlen(name) + 2 > sizeof text) continue;
    at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at > 0 ? " " : "", name);
  }
  sheet_string(sheet, text);
}

void sheet_light(struct sheet *sheet, uint32_t light) {
  size_t at = sheet->at;
  sheet_word(sheet, words_light, light);
  if (sheet->line == NULL || light >= sizeof light_colours / sizeof light_colours[0]) return;
  struct libscols_cell *coloured = scols_line_get_cell(sheet->line, at);
  if (coloured != NULL && light_colours[light] != NULL) (void)scols_cell_set_color(coloured, light_colours[light]);
}

/* ---- narrow terminals ---- */

#define TEXT_LEAST 12 /* of a COLUMN_TEXT that is cut: fewer columns say nothing */

/* The widest cell of a column, its header included. */
static size_t column_width(struct sheet *sheet, size_t at) {
  const struct column *column = &sheet->columns[at];
  struct libscols_iter *lines = scols_new_iter(SCOLS_ITER_FORWARD);
  struct libscols_line *line;
  size_t width = text_width(in_language(sheet->session, column->en, column->zh));
  must(lines != NULL);
  if ((column->flags & COLUMN_TEXT) != 0 && width < TEXT_LEAST) width = TEXT_LEAST;
  while ((column->flags & COLUMN_TEXT) == 0 && scols_table_next_line(sheet->table, lines, &line) == 0) {
    const char *data = scols_cell_get_data(scols_line_get_cell(line, at));
    if (data != NULL && text_width(data) > width) width = text_width(data);
  }
  scols_free_iter(lines);
  return width;
}

/* Hides what does not fit; how many columns that were. */
static uint32_t fit(struct sheet *sheet) {
  size_t whole = 0, wide = scols_table_get_termwidth(sheet->table);
  uint32_t hidden = 0;
  for (size_t i = 0; i < sheet->count; i++)
    if ((sheet->columns[i].flags & COLUMN_MACHINE) == 0) whole += column_width(sheet, i) + 1;
  for (size_t i = sheet->count; i > 0 && whole > wide + 1; i--) {
    if ((sheet->columns[i - 1].flags & COLUMN_ROOM) == 0) continue;
    struct libscols_column *column = scols_table_get_column(sheet->table, i - 1);
    must(scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_HIDDEN) == 0);
    whole -= column_width(sheet, i - 1) + 1;
    hidden++;
  }
  return hidden;
}

/* A copy of the beginning of `text` that takes `width` columns at most, with an ellipsis. */
static char *beginning(const char *text, size_t width) {
  size_t kept = 0, used = 1, whole = strlen(text);
  char one[8], *copy = malloc(whole + sizeof "…");
  must(copy != NULL);
  for (size_t bytes; kept < whole; kept += bytes) {
    bytes = sequence((const uint8_t *)text + kept, whole - kept);
    if (bytes == 0) bytes = 1;
    memcpy(one, text + kept, bytes);
    one[bytes] = '\0';
    used += text_width(one);
    if (used > width) break;
  }
  memcpy(copy, text, kept);
  memcpy(copy + kept, "…", sizeof "…");
  return copy;
}

/* Where one column is of text, it gets what the others leave, and one sees where it was cut. */
static void shorten(struct sheet *sheet) {
  size_t taken = 0, text = sheet->count, texts = 0;
  for (size_t i = 0; i < sheet->count; i++) {
    if ((scols_column_get_flags(scols_table_get_column(sheet->table, i)) & SCOLS_FL_HIDDEN) != 0) continue;
    const bool is_text = (sheet->columns[i].flags & COLUMN_TEXT) != 0;
    if (is_text) text = i;
    texts += is_text;
    taken += 1 + (is_text ? 0 : column_width(sheet, i));
  }
  const size_t wide = scols_table_get_termwidth(sheet->table) + 1;
  if (texts != 1 || taken + TEXT_LEAST > wide) return;
  struct libscols_iter *lines = scols_new_iter(SCOLS_ITER_FORWARD);
  struct libscols_line *line;
  must(lines != NULL);
  while (scols_table_next_line(sheet->table, lines, &line) == 0) {
    const char *data = scols_cell_get_data(scols_line_get_cell(line, text));
    if (data != NULL && text_width(data) > wide - taken)
      must(scols_line_refer_data(line, text, beginning(data, wide - taken)) == 0);
  }
  scols_free_iter(lines);
}

static void print_table(struct sheet *sheet) {
  const uint32_t hidden = sheet->terminal ? fit(sheet) : 0;
  if (sheet->terminal) shorten(sheet);
  (void)scols_print_table(sheet->table);
  if (hidden == 0) return;
  (void)fflush(sheet->out);
  (void)fprintf(stderr, language_form("(%u column is too much for this terminal; --csv and --json show all)\n",
                                      "(%u columns are too many for this terminal; --csv and --json show all)\n", hidden), hidden);
}

uint64_t sheet_close(struct sheet *sheet) {
  uint64_t rows = sheet->rows;
  must(sheet->at == 0);
  if (sheet->table != NULL) {
    if (rows > 0) print_table(sheet);
    scols_unref_table(sheet->table);
  }
  free(sheet);
  return rows;
}
