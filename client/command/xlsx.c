/* xlsx.c - see xlsx.h. */
#include "client/command/xlsx.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "rectify/must.h"

#define CELL_BYTES_MAX 32000 /* a spreadsheet takes 32,767 characters */
#define FOOT_BYTES_MAX 200   /* of 255, with what is around it */
#define DAY_ZERO 25569       /* 1970-01-01 as spreadsheets count days */

struct xlsx {
  char *path, *temporary;
  lxw_workbook *book;
  lxw_worksheet *sheet;
  lxw_format *heading, *text, *number, *day;
  uint32_t row;
  bool full; /* rows were left out */
  bool cut;  /* and so was the end of a text */
  char cell[CELL_BYTES_MAX + 8];
};

static const char *day_format(enum ledger_dates dates) {
  switch (dates) {
    case LEDGER_DATES_ISO: return "yyyy-mm-dd";
    case LEDGER_DATES_SLASH: return "yyyy/m/d";
    case LEDGER_DATES_DOTS: return "yyyy.m.d";
    case LEDGER_DATES_CHINESE: return "[$-804]yyyy\"年\"m\"月\"d\"日\";@"; /* LibreOffice shows it as 2026/3/9 */
  }
  return "yyyy-mm-dd";
}

static lxw_format *format(struct xlsx *book, const char *number) {
  lxw_format *made = workbook_add_format(book->book);
  must(made != NULL);
  format_set_align(made, LXW_ALIGN_VERTICAL_TOP);
  if (number == NULL) format_set_text_wrap(made);
  else format_set_num_format(made, number);
  return made;
}

static void make_formats(struct xlsx *book, enum ledger_dates dates) {
  book->text = format(book, NULL);
  book->number = format(book, "0");
  book->day = format(book, day_format(dates));
  format_set_align(book->day, LXW_ALIGN_LEFT);
  book->heading = format(book, NULL);
  format_set_bold(book->heading);
  format_set_bg_color(book->heading, 0xE8E8E8);
  format_set_border(book->heading, LXW_BORDER_THIN);
}

static struct xlsx *give_up(struct xlsx *book) {
  if (book->temporary != NULL) (void)unlink(book->temporary);
  free(book->temporary);
  free(book->path);
  free(book);
  return NULL;
}

/* A file beside the place; a ledger has names of persons in it: it is the user's alone until he says otherwise. */
static bool make_temporary(struct xlsx *book, const char *path) {
  book->path = strdup(path);
  must(book->path != NULL && asprintf(&book->temporary, "%s.XXXXXX", path) > 0);
  const int fd = mkstemp(book->temporary);
  if (fd >= 0) return close(fd) == 0;
  complain("cannot write '%s': %m", path);
  free(book->temporary);
  book->temporary = NULL;
  return false;
}

struct xlsx *xlsx_open(const char *path, enum ledger_dates dates) {
  struct xlsx *book = calloc(1, sizeof *book);
  must(book != NULL);
  if (!make_temporary(book, path)) return give_up(book);
  lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = NULL, .use_zip64 = LXW_FALSE};
  book->book = workbook_new_opt(book->temporary, &options);
  must(book->book != NULL);
  make_formats(book, dates);
  return book;
}

static lxw_worksheet *sheet_of(struct xlsx *book) {
  if (book->sheet == NULL) book->sheet = workbook_add_worksheet(book->book, NULL);
  must(book->sheet != NULL);
  return book->sheet;
}

void xlsx_heading(struct xlsx *book, uint32_t at, const char *text, int32_t width) {
  must(book->row <= 1);
  book->row = 1;
  (void)worksheet_set_column(sheet_of(book), (lxw_col_t)at, (lxw_col_t)at, width, NULL);
  must(worksheet_write_string(book->sheet, 0, (lxw_col_t)at, text, book->heading) == LXW_NO_ERROR);
}

static bool has_room(struct xlsx *book) {
  if (book->row > XLSX_ROWS_MAX) book->full = true;
  return !book->full;
}

/* Whole characters of the text, NUL terminated, as many as a cell takes. */
static const char *cell(struct xlsx *book, const char *text, size_t length) {
  size_t kept = length <= CELL_BYTES_MAX ? length : CELL_BYTES_MAX;
  while (kept < length && kept > 0 && ((uint8_t)text[kept] & 0xc0) == 0x80) kept--;
  memcpy(book->cell, text, kept);
  memcpy(book->cell + kept, "…", kept < length ? sizeof "…" : 0);
  if (kept == length) book->cell[kept] = '\0';
  book->cut |= kept < length;
  return book->cell;
}

void xlsx_text(struct xlsx *book, uint32_t at, const void *text, size_t length) {
  if (length == 0 || !has_room(book)) return;
  must(worksheet_write_string(book->sheet, book->row, (lxw_col_t)at, cell(book, text, length), book->text) == LXW_NO_ERROR);
}

void xlsx_number(struct xlsx *book, uint32_t at, int64_t number) {
  if (!has_room(book)) return;
  must(worksheet_write_number(book->sheet, book->row, (lxw_col_t)at, (double)number, book->number) == LXW_NO_ERROR);
}

void xlsx_day(struct xlsx *book, uint32_t at, day_t day) {
  if (!has_room(book)) return;
  must(worksheet_write_number(book->sheet, book->row, (lxw_col_t)at, day + DAY_ZERO, book->day) == LXW_NO_ERROR);
}

void xlsx_next_row(struct xlsx *book) { book->row++; }

/* ---- the end ---- */

/* Text of the user in a header or footer, where & begins a code. */
static void add_plain(char *out, size_t size, const char *text) {
  size_t at = strlen(out);
  for (; *text != '\0' && at + 3 < size && at < FOOT_BYTES_MAX; text++) {
    if (*text == '&') out[at++] = '&';
    out[at++] = *text;
  }
  while (at > 0 && *text != '\0' && ((uint8_t)*text & 0xc0) == 0x80 && ((uint8_t)out[at - 1] & 0xc0) == 0x80) at--;
  out[at] = '\0';
}

static void set_pages(struct xlsx *book, const struct xlsx_frame *frame) {
  char above[256] = "&C&\"-,Bold\"", below[256] = "&L";
  add_plain(above, sizeof above, frame->title);
  add_plain(below, sizeof below, frame->page_foot);
  (void)strcat(below, "&R&P / &N");
  (void)worksheet_set_header(book->sheet, above);
  (void)worksheet_set_footer(book->sheet, below);
  worksheet_set_landscape(book->sheet);
  worksheet_set_paper(book->sheet, 9); /* A4 */
  worksheet_fit_to_pages(book->sheet, 1, 0);
  (void)worksheet_repeat_rows(book->sheet, 0, 0);
  worksheet_freeze_panes(book->sheet, 1, 0);
}

static void set_properties(struct xlsx *book, const struct xlsx_frame *frame) {
  char title[512];
  (void)snprintf(title, sizeof title, "%s", frame->title);
  lxw_doc_properties properties = {.title = title, .created = (time_t)(frame->created / USEC_PER_SECOND)};
  (void)workbook_set_properties(book->book, &properties);
}

static int write_out(struct xlsx *book) {
  const lxw_error wrong = workbook_close(book->book);
  if (wrong != LXW_NO_ERROR) complain("cannot write '%s': %s", book->path, lxw_strerror(wrong));
  if (wrong != LXW_NO_ERROR) return EXIT_SYSTEM;
  const int fd = open(book->temporary, O_RDONLY | O_CLOEXEC);
  const bool safe = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) (void)close(fd);
  if (safe && rename(book->temporary, book->path) == 0) return EXIT_FINE;
  complain("cannot write '%s': %m", book->path);
  return EXIT_SYSTEM;
}

/* Nothing of it is left but the library's own memory, which only its closing frees. */
static int abandon(struct xlsx *book, int code) {
  (void)give_up(book);
  return code;
}

int xlsx_close(struct xlsx *book, const struct xlsx_frame *frame) {
  if (frame == NULL || book->full) {
    if (book->full) complain("'%s': more than %d rows are too many for a spreadsheet: ask for fewer", book->path, XLSX_ROWS_MAX);
    (void)workbook_close(book->book);
    return abandon(book, EXIT_REFUSED);
  }
  if (book->row <= XLSX_ROWS_MAX && frame->foot[0] != '\0')
    (void)worksheet_write_string(sheet_of(book), book->row, 0, cell(book, frame->foot, strlen(frame->foot)), NULL);
  if (book->cut) complain("'%s': a text of more than %d bytes was cut", book->path, CELL_BYTES_MAX);
  set_pages(book, frame);
  set_properties(book, frame);
  const int code = write_out(book);
  if (code != EXIT_FINE) return abandon(book, code);
  free(book->temporary);
  book->temporary = NULL;
  return abandon(book, EXIT_FINE);
}
