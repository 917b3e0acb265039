/* text.c - lines of text without snprintf; see text.h. */
#include "core/text.h"

#include <string.h>

#define DIGITS_MAX 20 /* of an int64_t, with its sign */

static bool is_continuation(char byte) { return ((unsigned char)byte & 0xc0u) == 0x80u; }

static void put_bytes(struct text *text, const char *bytes, size_t length) {
  size_t room = TEXT_LINE_BYTES_MAX - text->length;
  if (length > room) {
    length = room;
    while (length > 0 && is_continuation(bytes[length])) length--;
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = '\0';
}

void text_clear(struct text *text) {
  text->length = 0;
  text->bytes[0] = '\0';
}

void text_put(struct text *text, const char *string) { put_bytes(text, string, strlen(string)); }

void text_put_byte(struct text *text, char byte) { put_bytes(text, &byte, 1); }

void text_put_number(struct text *text, int64_t number, size_t width) {
  char digits[DIGITS_MAX];
  size_t at = DIGITS_MAX;
  uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
  do digits[--at] = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (number < 0) digits[--at] = '-';
  for (size_t columns = DIGITS_MAX - at; columns < width; columns++) text_put(text, " ");
  put_bytes(text, digits + at, DIGITS_MAX - at);
}

/* The code point at `at`, which is moved past it; a byte that begins none counts as one. */
static uint32_t next_character(const char **at) {
  const unsigned char *bytes = (const unsigned char *)*at;
  uint32_t more = bytes[0] >= 0xf0 ? 3 : bytes[0] >= 0xe0 ? 2 : bytes[0] >= 0xc0 ? 1 : 0;
  uint32_t character = more == 0 ? bytes[0] : bytes[0] & (0x3fu >> more);
  uint32_t i = 1;
  for (; i <= more && is_continuation((char)bytes[i]); i++) character = character << 6 | (bytes[i] & 0x3fu);
  *at += i;
  return character;
}

static bool is_wide(uint32_t character) {
  static const uint32_t wide[][2] = {{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xac00, 0xd7a3},
                                     {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
                                     {0x1f300, 0x1f64f}, {0x20000, 0x3fffd}};
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
    if (character >= wide[i][0] && character <= wide[i][1]) return true;
  return false;
}

size_t text_width(const char *string) {
  size_t columns = 0;
  while (*string != '\0') columns += is_wide(next_character(&string)) ? 2 : 1;
  return columns;
}

void text_pad(struct text *text, size_t column) {
  for (size_t at = text_width(text->bytes); at < column; at++) text_put(text, " ");
}

void text_put_day(struct text *text, day_t day) {
  char date[11];
  workday_format(day, date);
  text_put(text, date);
}

static void put_two(struct text *text, int32_t number) {
  const char digits[2] = {(char)('0' + number / 10 % 10), (char)('0' + number % 10)};
  put_bytes(text, digits, sizeof digits);
}

void text_put_instant(struct text *text, const struct zone *zone, usec_t instant) {
  int32_t minutes = zone_minutes_of(zone, instant);
  text_put_day(text, zone_day_of(zone, instant));
  text_put(text, " ");
  put_two(text, minutes / 60);
  text_put(text, ":");
  put_two(text, minutes % 60);
}
