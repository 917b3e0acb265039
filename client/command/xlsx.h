/* xlsx.h - one sheet of rows as an XLSX file, for sheet.c.  The only code that knows libxlsxwriter.
 *
 * Rows go to the library's temporary file as they come, so that memory does not grow with them.  Texts are always strings, never
 * formulas; days are dates.  The file is written beside its place under another name and moved there when it is whole; the same
 * cells and the same `created` give the same bytes.
 */
#ifndef RECTIFY_XLSX_H
#define RECTIFY_XLSX_H

#include "client/command/command.h"
#include "document/ledger_map.h"

#define XLSX_ROWS_MAX 1048575 /* a spreadsheet has no more, its heading counted */

struct xlsx;

/* NULL after a message: there is no writing at `path`. */
struct xlsx *xlsx_open(const char *path, enum ledger_dates dates);
/* Before any row: the heading of the column at `at`, and how wide it is in characters. */
void xlsx_heading(struct xlsx *book, uint32_t at, const char *text, int32_t width);
/* A cell of the present row, columns ascending; xlsx_next_row() ends it. */
void xlsx_text(struct xlsx *book, uint32_t at, const void *text, size_t length);
void xlsx_number(struct xlsx *book, uint32_t at, int64_t number);
void xlsx_day(struct xlsx *book, uint32_t at, day_t day);
void xlsx_next_row(struct xlsx *book);

/* What stands around the rows; borrowed. */
struct xlsx_frame {
  const char *title; /* of the sheet, and above each printed page */
  const char *foot;  /* in the last row */
  const char *page_foot; /* below each printed page */
  usec_t created;
};
/* Ends the file and frees; EXIT_FINE or an exit code after a message, and then there is no new file.  `frame` NULL: it is given up. */
int xlsx_close(struct xlsx *book, const struct xlsx_frame *frame);

#endif
