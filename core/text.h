/* text.h - lines of text in the core, where snprintf is not allowed: append, and never past the end.
 *
 * A line that would be longer than TEXT_LINE_BYTES_MAX is cut, between two characters of UTF-8.  The text is always NUL
 * terminated.  Callers: core/.
 */
#ifndef RECTIFY_CORE_TEXT_H
#define RECTIFY_CORE_TEXT_H

#include "rectify/calendar.h"

#define TEXT_LINE_BYTES_MAX 1023

struct text {
  size_t length;
  char bytes[TEXT_LINE_BYTES_MAX + 1];
};

void text_clear(struct text *text);
void text_put(struct text *text, const char *string);
void text_put_byte(struct text *text, char byte); /* of a string that is put byte by byte */
/* Decimal, right aligned in `width` columns. */
void text_put_number(struct text *text, int64_t number, size_t width);
/* Spaces up to the column; nothing when the text is as wide already. */
void text_pad(struct text *text, size_t column);
/* Columns that `string` takes on a terminal: two for the wide characters of East Asia (Unicode, UAX #11, W and F). */
size_t text_width(const char *string);
/* "YYYY-MM-DD" */
void text_put_day(struct text *text, day_t day);
/* "YYYY-MM-DD HH:MM" as the clocks of `zone` show it; seconds are dropped. */
void text_put_instant(struct text *text, const struct zone *zone, usec_t instant);

#endif
