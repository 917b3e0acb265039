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
