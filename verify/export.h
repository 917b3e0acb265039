/* export.h - a log on file, to be verified by whoever has the log's public key: docs/EXPORT.md is its specification.
 *
 * A file is a first line and sections: tag, length (32 bits), body; numbers big endian.  It is written front to back
 * and read front to back in constant memory; one that was cut off is taken up again where its last whole section ends.
 * Callers: verify/, the client, tests.  Reading and writing block on the file; nothing is logged.
 */
#ifndef RECTIFY_VERIFY_EXPORT_H
#define RECTIFY_VERIFY_EXPORT_H

#include <stdio.h>

#include "rectify/core.h"

#define EXPORT_FIRST_LINE "rectify-export 1\n"
#define EXPORT_BODY_BYTES_MAX (32 * 1024)

enum export_tag {
  EXPORT_LOG = 'L',   /* the log's name; the first section */
  EXPORT_EVENT = 'E', /* a record, its leaf, its text; ascending by index */
  EXPORT_HEAD = 'H',  /* a signed note; stands where the log had its size */
  EXPORT_CASE = 'C',  /* a row of a case at the end of the log; after all records */
  EXPORT_END = 'Z',   /* how many there were of each; the last section */
};

enum export_text { EXPORT_TEXT_NONE = 0, EXPORT_TEXT_HERE = 1, EXPORT_TEXT_ERASED = 2, EXPORT_TEXT_MISSING = 3 };

#define COLUMN(name, value) EXPORT_COLUMN_##name,
enum export_column {
#include "verify/column.def"
  EXPORT_COLUMN_COUNT
};
#undef COLUMN

struct export_event {
  uint64_t log_index;
  struct hash leaf; /* as the log's tiles keep it: tells which record was changed, not only that one was */
  uint32_t record_length;
  const uint8_t *record;
  uint8_t text_kind; /* enum export_text */
  uint32_t text_length;
  const uint8_t *salt, *text; /* where text_kind says so */
  uint64_t erased_by;         /* log index of the event that erased the text */
};

struct export_case {
  uint64_t case_no;
  uint32_t state_length;
  const uint8_t *state; /* message CaseState, as stored */
  int64_t columns[EXPORT_COLUMN_COUNT];
};

struct export_end {
  uint64_t events, heads, cases;
};

/* One section; what its pointers point to lies in the body it was read into. */
struct export_section {
  uint8_t tag; /* enum export_tag */
  uint32_t length;
  const uint8_t *body;
  union {
    struct export_event event;
    struct export_case row;
    struct export_end end;
  };
};

/* ---- export_read.c ---- */

enum export_result {
  EXPORT_OK = 0,
  EXPORT_EOF = 1,      /* the file ends between two sections */
  EXPORT_CUT = -1,     /* it ends within one */
  EXPORT_DAMAGED = -2, /* not an export */
  EXPORT_FAULT = -3,   /* cannot be read; errno */
};

struct export_reader {
  FILE *file;
  uint64_t offset; /* of the next section */
};

/* Begins to read at the first line; EXPORT_OK or what is wrong. */
int export_begin(struct export_reader *reader, FILE *file);
/* The next section, taken apart; its body is put into `body`.  Returns one of enum export_result. */
int export_next(struct export_reader *reader, uint8_t body[EXPORT_BODY_BYTES_MAX], struct export_section *out);

/* Where an export that was cut off can go on: the end of its last record or head, before any row. */
struct export_tail {
  uint64_t offset;     /* cut the file here, then append */
  uint64_t next_index; /* of the record to go on with */
  uint64_t heads;
  char log[128]; /* empty: even the name is missing, begin anew */
};
int export_find_tail(FILE *file, struct export_tail *out);

/* ---- export_write.c: each returns 0, or -1 with errno; `heads` and so on are counted by the caller ---- */
int export_write_log(FILE *file, const char *name);
int export_write_event(FILE *file, const struct export_event *event);
int export_write_head(FILE *file, const char *note, size_t length);
int export_write_case(FILE *file, const struct export_case *row);
int export_write_end(FILE *file, const struct export_end *end);

#endif
