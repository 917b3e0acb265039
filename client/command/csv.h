/* csv.h - reads CSV (RFC 4180) record by record, in constant memory.
 *
 * Commas, double quotes, CRLF or LF; a quoted field may hold commas, doubled quotes and line ends, kept byte for byte.
 * A UTF-8 byte order mark at the start is skipped; empty lines are too.  Errors name line and column (both from 1,
 * columns in bytes) and cost their record only: reading goes on at the next line.
 */
#ifndef RECTIFY_CSV_H
#define RECTIFY_CSV_H

#include "client/command/command.h"

#define CSV_FIELDS_MAX 256
#define CSV_RECORD_BYTES_MAX (256 * 1024)

struct csv_field {
  const char *text; /* not NUL terminated */
  size_t length;
  uint64_t line; /* where it begins */
  uint64_t column;
};

struct csv_record {
  struct csv_field fields[CSV_FIELDS_MAX];
  size_t count;
  const char *raw; /* the exact bytes of the record, without its line end */
  size_t raw_length;
};

struct csv_error {
  uint64_t line, column;
  const char *text;
};

struct csv_reader;
struct csv_reader *csv_open(FILE *in); /* borrows `in`; never NULL */
void csv_close(struct csv_reader *reader);

enum csv_result { CSV_RECORD = 1, CSV_END = 0, CSV_BAD = -1, CSV_UNREADABLE = -2 };
/* The next record, borrowed until the next call.  CSV_BAD: *error says why, the record is skipped, go on.
 * CSV_UNREADABLE: the file failed (errno). */
enum csv_result csv_next(struct csv_reader *reader, const struct csv_record **record, struct csv_error *error);

#endif
