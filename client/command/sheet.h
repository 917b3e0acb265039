/* sheet.h - rows for people and machines: an aligned table, RFC 4180 CSV, or JSON lines, from one description.
 *
 * Table: libsmartcols, CJK width, lights coloured on a terminal, the COLUMN_TEXT column cut to the terminal's width
 * (and never cut elsewhere); held in memory until sheet_close(). CSV and JSON lines: written as they come.  Names are
 * stable: column.name.  In CSV a text that begins with = + - @ (full-width or not), TAB, CR or LF, behind apostrophes or
 * not, gets a leading apostrophe, so that no spreadsheet takes it for a formula (OWASP, "CSV Injection"); numbers do not.
 * Missing numbers are empty in CSV and null in JSON.  XLSX: the columns that a wide table has, under the headings of CSV; texts, numbers and days as such.
 */
#ifndef RECTIFY_SHEET_H
#define RECTIFY_SHEET_H

#include "client/command/command.h"
#include "client/command/xlsx.h"

enum column_flag {
  COLUMN_NUMBER = 1 << 0,  /* right aligned, bare in JSON */
  COLUMN_TEXT = 1 << 1,    /* may be cut to the terminal's width; line breaks become spaces in a table */
  COLUMN_LIGHT = 1 << 2,   /* coloured by its number, with sheet_light() */
  COLUMN_MACHINE = 1 << 3, /* in CSV and JSON only */
  COLUMN_ROOM = 1 << 4,    /* left out of a terminal that is too narrow, from the right; the reader is told */
};

struct column {
  const char *name; /* key in JSON, header in CSV (unless --zh) */
  const char *en;
  const char *zh;
  uint32_t flags;
};

struct sheet;

/* `columns` is borrowed until sheet_close().  Rows are written to `out`.  Never NULL: out of memory ends the program.
 */
struct sheet *sheet_open(const struct session *session, FILE *out, const struct column *columns, size_t count);

/* How rows leave the program, beyond the session's format. */
struct sheet_form {
  struct xlsx *book;        /* of FORMAT_XLSX; borrowed until sheet_close(), and not closed by it */
  enum ledger_dates dates;  /* of sheet_day(), but in JSON */
  const uint8_t *widths;    /* of XLSX columns, in characters; borrowed */
  bool headings;            /* CSV and XLSX are headed by `en` instead of `name` */
  bool mark;                /* CSV begins with a byte order mark */
};
/* The same; `form` is copied. */
struct sheet *sheet_open_as(const struct session *session, FILE *out, const struct column *columns, size_t count,
                            const struct sheet_form *form);

/* The cells of a row, in column order; the row ends by itself with the last cell. */
void sheet_cell(struct sheet *sheet, const void *text, size_t length);
void sheet_string(struct sheet *sheet, const char *text);
void sheet_data(struct sheet *sheet, const ProtobufCBinaryData *data);
void sheet_number(struct sheet *sheet, int64_t number);
void sheet_hundredths(struct sheet *sheet, int64_t number); /* "-1.25" */
void sheet_truth(struct sheet *sheet, bool truth); /* in a COLUMN_NUMBER: true or false; in a table "yes" or nothing */
void sheet_nothing(struct sheet *sheet);
void sheet_case(struct sheet *sheet, uint64_t case_no); /* C-000042; "" for 0 */
void sheet_instant(struct sheet *sheet, usec_t instant);
void sheet_day(struct sheet *sheet, day_t day); /* nothing for 0 */
void sheet_day_text(struct sheet *sheet, const ProtobufCBinaryData *date); /* of one written YYYY-MM-DD */
void sheet_word(struct sheet *sheet, const struct word *table, uint32_t number); /* identifier for machines */
void sheet_marks(struct sheet *sheet, uint32_t flags); /* "held evidence_shared": the marks of mark.def by their names */
/* What was found, as a list has it; for people, of a restricted case, where it is. */
void sheet_finding(struct sheet *sheet, const Rectify__V1__CaseRow *row);
void sheet_light(struct sheet *sheet, uint32_t light);

/* Prints what is left and frees.  Returns the number of rows. */
uint64_t sheet_close(struct sheet *sheet);

/* One JSON string with quotes; bytes that are not UTF-8 become U+FFFD. */
void json_string(FILE *out, const void *text, size_t length);
/* One CSV field; `text` says that a formula must be defused. */
void csv_field(FILE *out, const void *data, size_t length, bool text);

#endif
