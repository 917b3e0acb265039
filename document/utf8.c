/* utf8.c - characters, as far as documents need them: where one ends, and whether it may stand in a text. */
#include "document/report.h"

static bool utf8_continues(const char *text, size_t from, size_t until) {
  for (size_t i = from; i < until; i++)
    if (((unsigned char)text[i] & 0xc0) != 0x80) return false;
  return true;
}

size_t utf8_next(const char *text, size_t length, uint32_t *point) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (length == 0) return 0;
  uint32_t first = (unsigned char)text[0];
  size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (size == 0 || size > length || !utf8_continues(text, 1, size)) return 0;
  uint32_t value = size == 1 ? first : first & (0x7fu >> size);
  for (size_t i = 1; i < size; i++) value = value << 6 | ((unsigned char)text[i] & 0x3fu);
  if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return 0;
  *point = value;
  return size;
}

bool utf8_is_plain(uint32_t point) {
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return false;
  /* U+202A..202E and U+2066..2069 make a reader see another text than the one stored; U+2028/9 break lines. */
  if ((point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069)) return false;
  return point != 0xfeff && point != 0xfffe && point != 0xffff;
}
