/* workday.c - civil dates and working days: calendar.h, workday_*.
 *
 * Every function is total: any day_t gives an answer.  Counting goes from one special day to the next with arithmetic
 * in between, so it costs one search plus the special days that lie in the span, never a step per day.
 */
#include <string.h>

#include "rectify/calendar.h"

#define DAYS_PER_WEEK 7
#define EPOCH_WEEKDAY 3         /* 1970-01-01 was a Thursday */
#define EPOCH_FROM_MARCH 719468 /* days from 0000-03-01 to 1970-01-01 */
#define CIVIL_MIN (-719528)     /* 0000-01-01: what workday_format can write in ten characters */
#define CIVIL_MAX 2932896       /* 9999-12-31 */

static day_t clamp(int64_t day, day_t low, day_t high) {
  if (day < low) return low;
  return day > high ? high : (day_t)day;
}

int32_t workday_weekday(day_t day) {
  int32_t rest = (day % DAYS_PER_WEEK + EPOCH_WEEKDAY) % DAYS_PER_WEEK;
  return rest < 0 ? rest + DAYS_PER_WEEK : rest;
}

/* The index of the first special day that is not before `day`. */
static uint32_t special_from(const struct calendar *calendar, int64_t day) {
  uint32_t low = 0, high = calendar->day_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (calendar->days[middle].day < day) low = middle + 1;
    else high = middle;
  }
  return low;
}

static bool weekly_works(const struct calendar *calendar, int32_t weekday) {
  return (calendar->rest_mask >> weekday & 1u) == 0;
}

/* Working weekdays from Monday up to and including `weekday`. */
static int32_t weekly_up_to(const struct calendar *calendar, int32_t weekday) {
  int32_t works = 0;
  for (int32_t i = 0; i <= weekday; i++) works += weekly_works(calendar, i);
  return works;
}

static int32_t weekly_per_week(const struct calendar *calendar) {
  return weekly_up_to(calendar, DAYS_PER_WEEK - 1);
}

/* Working days by the weekly rule up to and including `day`, counted from some Monday before every day_t: only
 * differences mean something. */
static int64_t weekly_count(const struct calendar *calendar, int64_t day) {
  int64_t since_monday = day + EPOCH_WEEKDAY + INT64_C(1) * DAYS_PER_WEEK * INT32_MAX;
  return since_monday / DAYS_PER_WEEK * weekly_per_week(calendar) +
         weekly_up_to(calendar, (int32_t)(since_monday % DAYS_PER_WEEK));
}

/* The `count`-th working day by the weekly rule alone, `count` >= 1, beyond `from` in the direction `step`. */
static int64_t weekly_add(const struct calendar *calendar, int64_t from, int64_t count, int32_t step) {
  int32_t per_week = weekly_per_week(calendar);
  if (per_week == 0) return step > 0 ? DAY_MAX : DAY_MIN;
  int64_t day = from + step * DAYS_PER_WEEK * ((count - 1) / per_week);
  int32_t left = (int32_t)((count - 1) % per_week) + 1;
  int32_t weekday = workday_weekday((day_t)(day % DAYS_PER_WEEK));
  while (left > 0) { /* at most one week */
    day += step;
    weekday = (weekday + step + DAYS_PER_WEEK) % DAYS_PER_WEEK;
    if (weekly_works(calendar, weekday)) left--;
  }
  return day;
}

enum workday_reason workday_reason(const struct calendar *calendar, day_t day, const struct calendar_day **special) {
  uint32_t at = special_from(calendar, day);
  const struct calendar_day *row = NULL;
  if (at < calendar->day_count && calendar->days[at].day == day) row = &calendar->days[at];
  if (special != NULL) *special = row;
  if (row != NULL) return row->kind == CALENDAR_MAKE_UP ? WORKDAY_MAKE_UP : WORKDAY_HOLIDAY;
  return weekly_works(calendar, workday_weekday(day)) ? WORKDAY_PLAIN : WORKDAY_REST;
}

bool workday_is(const struct calendar *calendar, day_t day) {
  enum workday_reason reason = workday_reason(calendar, day, NULL);
  return reason == WORKDAY_PLAIN || reason == WORKDAY_MAKE_UP;
}

bool workday_is_provisional(const struct calendar *calendar, day_t day) {
  int32_t year, month, day_of_month;
  workday_civil(day, &year, &month, &day_of_month);
  return year < calendar->year_first || year > calendar->year_last;
}

/* Leaps from special day to special day, taking the plain stretch between two of them at once. */
static int64_t add_toward(const struct calendar *calendar, int64_t day, int64_t left, int32_t step) {
  int64_t at = (int64_t)special_from(calendar, step > 0 ? day + 1 : day) - (step > 0 ? 0 : 1);
  for (; at >= 0 && at < calendar->day_count; at += step) {
    const struct calendar_day *special = &calendar->days[at];
    int64_t plain = step > 0 ? weekly_count(calendar, special->day - INT64_C(1)) - weekly_count(calendar, day)
                             : weekly_count(calendar, day - 1) - weekly_count(calendar, special->day);
    if (plain >= left) break;
    left -= plain;
    day = special->day;
    if (special->kind == CALENDAR_MAKE_UP && --left == 0) return day;
  }
  return weekly_add(calendar, day, left, step);
}

day_t workday_add(const struct calendar *calendar, day_t start, int32_t count) {
  if (count == 0) return clamp(start, DAY_MIN, DAY_MAX);
  int64_t distance = count;
  if (distance < 0) return clamp(add_toward(calendar, start, -distance, -1), DAY_MIN, DAY_MAX);
  return clamp(add_toward(calendar, start, distance, 1), DAY_MIN, DAY_MAX);
}

int32_t workday_between(const struct calendar *calendar, day_t from, day_t until) {
  if (until < from) return -workday_between(calendar, until, from);
  int64_t days = weekly_count(calendar, until) - weekly_count(calendar, from);
  uint32_t at = special_from(calendar, from + INT64_C(1));
  for (; at < calendar->day_count && calendar->days[at].day <= until; at++) {
    const struct calendar_day *special = &calendar->days[at];
    days += (special->kind == CALENDAR_MAKE_UP) - weekly_works(calendar, workday_weekday(special->day));
  }
  return (int32_t)days;
}

static bool is_leap(int32_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

static int32_t month_days(int32_t year, int32_t month) {
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap(year));
}

/* Years are taken from March on, so that the leap day ends them; then (153 m + 2) / 5 is the number of days before the
 * m-th month (0 = March) because the months 31 30 31 30 31 repeat (Fliegel and Van Flandern, CACM 11 (1968) 657). */
bool workday_day(int32_t year, int32_t month, int32_t day, day_t *out) {
  if (year < 1970 || year > 2100 || month < 1 || month > 12) return false;
  if (day < 1 || day > month_days(year, month)) return false;
  int32_t march_year = month > 2 ? year : year - 1;
  int32_t march_month = month > 2 ? month - 3 : month + 9;
  int32_t before_year = march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400;
  *out = before_year + (153 * march_month + 2) / 5 + day - 1 - EPOCH_FROM_MARCH;
  return true;
}

/* The inverse: each division takes out one kind of period, the corrections keep its last leap day inside. */
void workday_civil(day_t day, int32_t *year, int32_t *month, int32_t *day_of_month) {
  int32_t days = clamp(day, CIVIL_MIN, CIVIL_MAX) + EPOCH_FROM_MARCH + 146097; /* 400 years up: never negative */
  int32_t era = days / 146097, of_era = days % 146097;
  int32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int32_t march_month = (5 * of_year + 2) / 153;
  *day_of_month = of_year - (153 * march_month + 2) / 5 + 1;
  *month = march_month < 10 ? march_month + 3 : march_month - 9;
  *year = (era - 1) * 400 + year_of_era + (*month <= 2);
}

static void put_digits(char *out, int32_t value, int32_t width) {
  for (int32_t i = width - 1; i >= 0; i--, value /= 10) out[i] = (char)('0' + value % 10);
}

void workday_format(day_t day, char out[11]) {
  int32_t year, month, day_of_month;
  workday_civil(day, &year, &month, &day_of_month);
  memcpy(out, "0000-00-00", 11);
  put_digits(out, year, 4);
  put_digits(out + 5, month, 2);
  put_digits(out + 8, day_of_month, 2);
}

/* Reads exactly `width` digits; -1 when they are not. */
static int32_t get_digits(const char *text, int32_t width) {
  int32_t value = 0;
  for (int32_t i = 0; i < width; i++) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool workday_parse(const char *text, size_t length, day_t *out) {
  if (length != 10 || text[4] != '-' || text[7] != '-') return false;
  return workday_day(get_digits(text, 4), get_digits(text + 5, 2), get_digits(text + 8, 2), out);
}
