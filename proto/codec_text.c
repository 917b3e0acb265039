/* codec_text.c - UTF-8 (RFC 3629) and the characters that texts of the domain may hold.
 *
 * protobuf-c checks neither UTF-8 nor NUL.  Control characters are kept out at the door, because texts end on
 * terminals, in mails and in CSV files: C0 but tab and newline, DEL, and C1 (U+0080..U+009F). */
#include <string.h>

#include "proto/codec_internal.h"

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

enum strictness { ANY_BUT_NUL, TEXT, LINE };

/* Whether all eight bytes are printable ASCII: no high bit, none below 0x20 (a borrow reaches a high bit), no 0x7f (the
 * carry does). */
static bool eight_are_plain(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
  return ((word | (word - EACH_BYTE(0x20)) | (word + EACH_BYTE(0x01))) & EACH_BYTE(0x80)) == 0;
}

static bool ascii_ok(uint8_t byte, enum strictness strictness) {
  if (byte == 0) return false;
  if (strictness == ANY_BUT_NUL) return true;
  if (byte == '\t' || byte == '\n') return strictness == TEXT;
  return byte >= 0x20 && byte != 0x7f;
}

/* The length of the well-formed sequence of more than one byte at `at`, or 0 (RFC 3629, section 4). */
static size_t sequence_length(const uint8_t *at, size_t room) {
  uint8_t lead = at[0];
  size_t length = lead >= 0xc2 && lead <= 0xdf ? 2 : (lead & 0xf0) == 0xe0 ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length == 0 || length > room) return 0;
  for (size_t i = 1; i < length; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  uint8_t second = at[1];
  if (lead == 0xe0 && second < 0xa0) return 0; /* overlong */
  if (lead == 0xed && second > 0x9f) return 0; /* surrogate */
  if (lead == 0xf0 && second < 0x90) return 0; /* overlong */
  if (lead == 0xf4 && second > 0x8f) return 0; /* above U+10FFFF */
  return length;
}

static bool text_ok(const uint8_t *at, size_t length, enum strictness strictness) {
  const uint8_t *end = at + length;
  while (at < end) {
    if (end - at >= 8 && eight_are_plain(at)) {
      at += 8;
    } else if (*at < 0x80) {
      if (!ascii_ok(*at++, strictness)) return false;
    } else {
      size_t step = sequence_length(at, (size_t)(end - at));
      bool is_c1 = step == 2 && at[0] == 0xc2 && at[1] < 0xa0;
      if (step == 0 || (is_c1 && strictness != ANY_BUT_NUL)) return false;
      at += step;
    }
  }
  return true;
}

bool codec_text_ok(const void *data, size_t length) { return length == 0 || text_ok(data, length, TEXT); }

bool codec_line_ok(const void *data, size_t length) { return length == 0 || text_ok(data, length, LINE); }

bool codec_utf8_ok(const void *data, size_t length) { return length == 0 || text_ok(data, length, ANY_BUT_NUL); }
