/* span.c - limits, offsets, windows and times of day, as policies write them. */
#include <string.h>

#include "document/field.h"

#define MINUTES_PER_HOUR 60

/* The digits of `text` from *at on, as a number of at most 5 digits; -1 when there are none or too many. */
static int32_t span_digits(const char *text, uint32_t length, uint32_t *at) {
  int32_t value = 0;
  uint32_t begin = *at;
  for (; *at < length && text[*at] >= '0' && text[*at] <= '9'; (*at)++) {
    if (*at - begin == 5) return -1;
    value = value * 10 + (text[*at] - '0');
  }
  return *at > begin ? value : -1;
}

static bool span_ends(const struct yaml_node *node, uint32_t at, const char *unit) {
  return node->length - at == strlen(unit) && memcmp(node->text + at, unit, strlen(unit)) == 0;
}

static bool span_read(const struct yaml_node *node, struct span *out) {
  uint32_t at = 0;
  bool minus = node->length > 0 && node->text[0] == '-';
  if (node->length > 0 && (node->text[0] == '-' || node->text[0] == '+')) at++;
  int32_t count = span_digits(node->text, node->length, &at);
  uint8_t unit = span_ends(node, at, "wd") ? SPAN_WD : span_ends(node, at, "h") ? SPAN_HOURS : SPAN_NONE;
  if (count < 0 || unit == SPAN_NONE) return false;
  *out = (struct span){.count = minus ? -count : count, .unit = unit};
  return true;
}

bool field_offset(struct report *report, const struct yaml_node *node, const char *what, struct span *out) {
  if (!field_is(report, node, YAML_SCALAR, what)) return false;
  struct span span = {0};
  if (!span_read(node, &span)) {
    report_error(report, node->at,
                 "%s must be a number of working days or hours such as -3wd, 0wd or +24h; this is '%s'", what,
                 field_quote(node).text);
    return false;
  }
  int32_t max = span.unit == SPAN_WD ? WORKDAYS_MAX : HOURS_MAX;
  if (span.count < -max || span.count > max) {
    report_error(report, node->at, "%s goes up to %d%s; this is '%s'", what, max, span.unit == SPAN_WD ? "wd" : "h",
                 field_quote(node).text);
    return false;
  }
  *out = span;
  return true;
}

bool field_limit(struct report *report, const struct yaml_node *node, const char *what, struct span *out) {
  struct span span = {0};
  if (!field_offset(report, node, what, &span)) return false;
  if (span.count < 1) {
    report_error(report, node->at, "%s must be greater than 0; this is '%s'", what, field_quote(node).text);
    return false;
  }
  *out = span;
  return true;
}

bool field_workdays(struct report *report, const struct yaml_node *node, const char *what, int32_t min,
                    struct span *out) {
  if (!field_is(report, node, YAML_SCALAR, what)) return false;
  struct span span = {0};
  if (span_read(node, &span) && span.unit == SPAN_WD && span.count >= min && span.count <= WORKDAYS_MAX) {
    *out = span;
    return true;
  }
  report_error(report, node->at, "%s must be a number of working days from %dwd to %dwd; this is '%s'", what, min,
               WORKDAYS_MAX, field_quote(node).text);
  return false;
}

bool field_window(struct report *report, const struct yaml_node *node, const char *what, int32_t *days) {
  if (!field_is(report, node, YAML_SCALAR, what)) return false;
  uint32_t at = 0;
  int32_t count = span_digits(node->text, node->length, &at);
  if (count >= 0 && count <= FIELD_WINDOW_DAYS_MAX && span_ends(node, at, "d")) {
    *days = count;
    return true;
  }
  report_error(report, node->at, "%s must be a number of days from 0d to %dd; this is '%s'", what,
               FIELD_WINDOW_DAYS_MAX, field_quote(node).text);
  return false;
}

bool field_time(struct report *report, const struct yaml_node *node, const char *what, int32_t *minutes) {
  if (!field_is(report, node, YAML_SCALAR, what)) return false;
  uint32_t at = 0;
  int32_t hour = node->length == 5 ? span_digits(node->text, 2, &at) : -1;
  bool colon = hour >= 0 && at == 2 && node->text[2] == ':';
  at = 3;
  int32_t minute = colon ? span_digits(node->text, 5, &at) : -1;
  if (hour >= 0 && hour < 24 && minute >= 0 && minute < MINUTES_PER_HOUR && at == 5) {
    *minutes = hour * MINUTES_PER_HOUR + minute;
    return true;
  }
  report_error(report, node->at, "%s must be a time from 00:00 to 23:59; this is '%s'", what, field_quote(node).text);
  return false;
}
