/* buffer.h - a text that grows up to a bound, and how it is escaped for where it goes.  Always NUL terminated.
 *
 * What does not fit is cut between two characters, and `cut` says so.  A process without memory ends (must). */
#ifndef RECTIFY_COURIER_BUFFER_H
#define RECTIFY_COURIER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
  char *data; /* owned; NULL: empty so far */
  size_t length, room;
  size_t bytes_max; /* 0: BUFFER_BYTES_MAX */
  bool cut;
};
#define BUFFER_BYTES_MAX (1024 * 1024)

enum escape { ESCAPE_NONE, ESCAPE_HTML, ESCAPE_ONE_LINE };

void buffer_clear(struct buffer *buffer); /* keeps the memory */
void buffer_free(struct buffer *buffer);
/* The text; "" when nothing was put. */
const char *buffer_text(const struct buffer *buffer);

void buffer_put(struct buffer *buffer, const char *text, size_t length);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_putf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_put_escaped(struct buffer *buffer, enum escape escape, const char *text, size_t length);
/* A JSON string with its quotes (RFC 8259, section 7). */
void buffer_put_json(struct buffer *buffer, const char *text, size_t length);

/* The most of `length` bytes that is at most `bytes_max` and ends between two characters. */
size_t text_cut(const char *text, size_t length, size_t bytes_max);

#endif
