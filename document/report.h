/* report.h - errors in a document, gathered while it is read and handed out in the order of the file.
 *
 * At most DOCUMENT_ERRORS_MAX are kept; one more says that there were too many.  Messages may quote what stands in the
 * file: every control character, and every byte that is not UTF-8, leaves as \xNN, so that a report is safe to print.
 * Callers: document/ only.
 */
#ifndef RECTIFY_DOCUMENT_REPORT_H
#define RECTIFY_DOCUMENT_REPORT_H

#include "document/document.h"

/* A place in the file, counted from 1; line 0 stands for the file as a whole. */
struct position {
  uint32_t line;
  uint32_t column;
};

struct report_item {
  struct position at;
  char *text; /* owned; NULL when memory ran out */
};

struct report {
  const char *file; /* borrowed */
  uint32_t count;   /* of items */
  bool overflow;    /* an error beyond the last item was dropped */
  struct report_item items[DOCUMENT_ERRORS_MAX];
};

void report_open(struct report *report, const char *file);

/* Adds one error.  Longer messages than REPORT_MESSAGE_BYTES_MAX are cut. */
#define REPORT_MESSAGE_BYTES_MAX 512
void report_error(struct report *report, struct position at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether nothing was wrong so far. */
bool report_is_clean(const struct report *report);
/* Whether more errors would be dropped: long loops may stop here. */
bool report_is_full(const struct report *report);

/* Moves all errors, ascending by place, into *out and frees the rest.  Returns whether the document was clean. */
bool report_close(struct report *report, struct document_report *out);

/* A piece of the file for a message: at most 60 bytes of it, whole characters, "..." when cut. */
struct quoted {
  char text[64];
};
struct quoted report_quote(const char *text, size_t length);

/* " (did you mean 'x'?)" for the word of `table` nearest to the `length` bytes at `text`, or "". */
struct hint {
  char text[CODE_BYTES_MAX + 32];
};
struct hint report_hint(const struct word *table, const char *text, size_t length);

/* Length in bytes of the UTF-8 character (RFC 3629) at `text`, of which `length` bytes remain; 0 when it is not one.
 * *point is its code point. */
size_t utf8_next(const char *text, size_t length, uint32_t *point);
/* Whether a code point may stand in a text of ours: no control characters, no marks that reorder a line. */
bool utf8_is_plain(uint32_t point);

#endif
