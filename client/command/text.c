/* text.c - how numbers, instants and ids are written and read on the command line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "client/command/command.h"

ProtobufCBinaryData wire_bytes(const void *data, size_t length) {
  return (ProtobufCBinaryData){.len = length, .data = (uint8_t *)(uintptr_t)data};
}

ProtobufCBinaryData wire_text(const char *text) {
  return text == NULL ? wire_bytes(NULL, 0) : wire_bytes(text, strlen(text));
}

bool wire_is(const ProtobufCBinaryData *data, const char *text) {
  return data->len == strlen(text) && memcmp(data->data, text, data->len) == 0;
}

bool number_read(const char *text, int64_t least, int64_t most, int64_t *out) {
  char *end;
  errno = 0;
  if (text[0] != '-' && (text[0] < '0' || text[0] > '9')) return false;
  long long value = strtoll(text, &end, 10);
  if (errno != 0 || *end != '\0' || end == text || value < least || value > most) return false;
  *out = value;
  return true;
}

void case_text(uint64_t case_no, char out[CASE_TEXT_BYTES]) {
  (void)snprintf(out, CASE_TEXT_BYTES, "C-%06llu", (unsigned long long)case_no);
}

bool case_read(const char *text, uint64_t *case_no) {
  int64_t number;
  if (strncasecmp(text, "c-", 2) == 0) text += 2;
  if (!number_read(text, 1, INT64_MAX, &number)) return false;
  *case_no = (uint64_t)number;
  return true;
}

static bool civil(usec_t instant, bool utc, struct tm *out) {
  time_t seconds = (time_t)(instant >= 0 ? instant / USEC_PER_SECOND
                                         : -((-instant + USEC_PER_SECOND - 1) / USEC_PER_SECOND));
  return (utc ? gmtime_r(&seconds, out) : localtime_r(&seconds, out)) != NULL;
}

void instant_text(const struct session *session, usec_t instant, char out[INSTANT_TEXT_BYTES]) {
  struct tm tm;
  out[0] = '\0';
  if (instant == 0 || instant == INSTANT_NONE || !civil(instant, session->utc, &tm)) return;
  (void)strftime(out, INSTANT_TEXT_BYTES, "%Y-%m-%d %H:%M:%S", &tm);
}

day_t instant_day(const struct session *session, usec_t instant) {
  struct tm tm;
  char text[INSTANT_TEXT_BYTES];
  day_t day = 0;
  if (instant == 0 || instant == INSTANT_NONE || !civil(instant, session->utc, &tm)) return 0;
  const size_t length = strftime(text, sizeof text, "%Y-%m-%d", &tm);
  return workday_parse(text, length, &day) ? day : 0;
}

void instant_machine(usec_t instant, char out[INSTANT_TEXT_BYTES]) {
  struct tm tm;
  out[0] = '\0';
  if (instant == 0 || instant == INSTANT_NONE || !civil(instant, true, &tm)) return;
  size_t length = strftime(out, INSTANT_TEXT_BYTES - 9, "%Y-%m-%dT%H:%M:%S", &tm);
  int fraction = (int)(((instant % USEC_PER_SECOND) + USEC_PER_SECOND) % USEC_PER_SECOND);
  (void)snprintf(out + length, INSTANT_TEXT_BYTES - length, ".%06dZ", fraction);
}

void instant_format(const struct session *session, usec_t instant, char out[INSTANT_TEXT_BYTES]) {
  if (session->format == FORMAT_TABLE) instant_text(session, instant, out);
  else instant_machine(instant, out);
}

/* "HH:MM" or "HH:MM:SS", then nothing or "Z". */
static bool time_read(const char *text, int *seconds, bool *zulu) {
  int value[3] = {0, 0, 0};
  static const int most[3] = {23, 59, 59};
  int parts = 0;
  for (; parts < 3; parts++) {
    if (parts > 0 && *text++ != ':') return false;
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return false;
    value[parts] = (text[0] - '0') * 10 + text[1] - '0';
    if (value[parts] > most[parts]) return false;
    text += 2;
    if (parts >= 1 && *text != ':') break;
  }
  if (parts == 3) return false;
  *seconds = value[0] * 3600 + value[1] * 60 + value[2];
  *zulu = *text == 'Z';
  return text[*zulu] == '\0';
}

static bool to_instant(day_t day, int seconds, bool utc, usec_t *instant) {
  int32_t year, month, day_of_month;
  workday_civil(day, &year, &month, &day_of_month);
  struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day_of_month, .tm_isdst = -1};
  tm.tm_hour = seconds / 3600;
  tm.tm_min = seconds / 60 % 60;
  tm.tm_sec = seconds % 60;
  time_t result = utc ? timegm(&tm) : mktime(&tm);
  *instant = (usec_t)result * USEC_PER_SECOND;
  return true;
}

bool instant_read(const struct session *session, const char *text, usec_t *instant, bool *has_time) {
  day_t day;
  int seconds = 0;
  bool zulu = false;
  size_t length = strlen(text);
  if (has_time != NULL) *has_time = length > 10;
  if (length < 10 || !workday_parse(text, 10, &day)) return false;
  if (length > 10 && (text[10] != 'T' || !time_read(text + 11, &seconds, &zulu))) return false;
  return to_instant(day, seconds, zulu || session->utc, instant);
}

void hex_text(const uint8_t *data, size_t length, char *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < length; i++) {
    out[2 * i] = digits[data[i] >> 4];
    out[2 * i + 1] = digits[data[i] & 15];
  }
  out[2 * length] = '\0';
}

void uuid_text(const uint8_t uuid[16], char out[UUID_TEXT_BYTES]) {
  static const size_t groups[] = {4, 2, 2, 2, 6};
  size_t from = 0;
  for (size_t group = 0; group < 5; from += groups[group++]) {
    hex_text(uuid + from, groups[group], out);
    out += 2 * groups[group];
    if (group < 4) *out++ = '-';
  }
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool uuid_read(const char *text, size_t length, uint8_t uuid[16]) {
  size_t at = 0;
  if (length != UUID_TEXT_BYTES - 1) return false;
  for (size_t i = 0; i < length; i++) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return false;
      continue;
    }
    int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    uuid[at++] = (uint8_t)(high << 4 | low);
    i++;
  }
  return true;
}

bool span_read(const char *text, struct span *out) {
  char digits[12];
  int64_t count;
  size_t length = strspn(text, "-+0123456789");
  if (length == 0 || length >= sizeof digits) return false;
  memcpy(digits, text, length);
  digits[length] = '\0';
  bool wd = strcmp(text + length, "wd") == 0;
  if (!wd && strcmp(text + length, "h") != 0) return false;
  int64_t most = wd ? WORKDAYS_MAX : HOURS_MAX;
  if (!number_read(digits + (digits[0] == '+'), -most, most, &count)) return false;
  *out = (struct span){.count = (int32_t)count, .unit = wd ? SPAN_WD : SPAN_HOURS};
  return true;
}

void span_text(struct span span, char out[24]) {
  static const char *const units[] = {"", "wd", "h"};
  (void)snprintf(out, 24, "%d%s", span.count, span.unit <= SPAN_HOURS ? units[span.unit] : "?");
}

void print_safe(FILE *out, const void *text, size_t length) {
  const uint8_t *bytes = text;
  for (size_t i = 0; i < length; i++) {
    bool c1 = bytes[i] == 0xc2 && i + 1 < length && bytes[i + 1] >= 0x80 && bytes[i + 1] <= 0x9f;
    bool c0 = bytes[i] < 0x20 && bytes[i] != '\n' && bytes[i] != '\t';
    if (c1) i++;
    if (c0 || c1 || bytes[i] == 0x7f) (void)fputs("\xef\xbf\xbd", out);
    else (void)fputc(bytes[i], out);
  }
}
