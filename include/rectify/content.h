/* content.h - what a file is by its bytes: the allow-list of evidence.  Pure, in constant memory, and it parses nothing: it looks
 * at the first bytes, at whether all of it is UTF-8, and at names in the directory of a ZIP.
 *
 * The daemon asks before it keeps a file, the client before it sends one.  What is told is what the bytes claim to be; that a
 * viewer will find no harm in them is not. */
#ifndef RECTIFY_CONTENT_H
#define RECTIFY_CONTENT_H

#include <stddef.h>

#include "rectify/words.h"

enum content {
  CONTENT_NONE = 0,
#define CONTENT(no, NAME, name, zh, taken, text) CONTENT_##NAME = no,
#include "rectify/content.def"
#undef CONTENT
  CONTENT_COUNT = 22
};
extern const struct word words_content[];

#define CONTENT_HEAD_BYTES 96
#define CONTENT_CARRY_BYTES 66 /* of a ZIP directory's entry: its fixed part, and as much of a name as is looked at */

/* A file in passing; all zero before its first byte. */
struct content_look {
  uint64_t seen;
  uint8_t head[CONTENT_HEAD_BYTES];
  uint8_t carry[CONTENT_CARRY_BYTES]; /* the last bytes, for what begins in one part and ends in the next */
  uint32_t carried;
  uint32_t parts;      /* bits: names that a ZIP's directory has */
  bool not_text;
  uint8_t utf8_left;   /* bytes that a begun character still wants, */
  uint8_t utf8_low, utf8_high; /* and within what the next one must be */
};

/* The next `length` bytes of the file, in order; any number of calls. */
void content_feed(struct content_look *look, const void *data, size_t length);
/* What it is, after the last byte: enum content, never 0. */
uint32_t content_of(const struct content_look *look);
/* Whether evidence may be that; false for unknown numbers. */
bool content_is_taken(uint32_t content);

#endif
