/* calendar.h - calendars and time zones as the core sees them: plain tables, read only.
 *
 * A day is a civil date, counted in days since 1970-01-01.  An instant is microseconds since 1970-01-01T00:00:00Z
 * (UTC, leap seconds ignored, as POSIX time).  Filled by document/; nothing here allocates or asks the time.
 */
#ifndef RECTIFY_CALENDAR_H
#define RECTIFY_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rectify/limits.h"

typedef int64_t usec_t; /* an instant, or a span of real time, in microseconds */
typedef int32_t day_t;  /* a civil date, in days since 1970-01-01 */

#define USEC_PER_SECOND INT64_C(1000000)
#define USEC_PER_HOUR (3600 * USEC_PER_SECOND)
#define INSTANT_NONE INT64_MAX /* "never": later than every instant */

enum calendar_day_kind {
  CALENDAR_HOLIDAY = 1, /* a day off that the weekly rule would make a working day (or a rest day named anyway) */
  CALENDAR_MAKE_UP = 2, /* a working day that the weekly rule would make a rest day (调休补班) */
};

/* A day that differs from the weekly rule.  `name` and `notice` index calendar.texts. */
struct calendar_day {
  day_t day;
  uint8_t kind; /* enum calendar_day_kind */
  uint16_t name;
  uint16_t notice; /* the notice that made the day */
};

struct calendar {
  char name[CODE_BYTES_MAX + 1];
  char title[NAME_BYTES_MAX + 1];
  uint8_t rest_mask;     /* bit n set: weekday n rests; 0 = Monday ... 6 = Sunday */
  int16_t year_first;    /* the years whose notices are known; dates outside are provisional */
  int16_t year_last;
  uint32_t version;      /* number it was published under; 0 = straight from a file */
  uint32_t day_count;
  struct calendar_day days[CALENDAR_DAYS_MAX]; /* ascending by day, each day once */
  uint32_t text_count;
  char (*texts)[NAME_BYTES_MAX + 1]; /* owned by the document that was parsed */
};

/* A time zone as a table: offset_seconds[i] is east of UTC from transition[i] on; transition[0] is INT64_MIN. */
struct zone {
  char name[CODE_BYTES_MAX + 1];
  uint32_t count;
  usec_t transition[ZONE_TRANSITIONS_MAX];
  int32_t offset_seconds[ZONE_TRANSITIONS_MAX];
};

/* Why a day counts or does not. */
enum workday_reason {
  WORKDAY_PLAIN,   /* works by the weekly rule */
  WORKDAY_MAKE_UP, /* rests by the weekly rule, works by a notice */
  WORKDAY_REST,    /* rests by the weekly rule */
  WORKDAY_HOLIDAY, /* a day off by a notice */
};

/* The reason for `day`; *special is the row that made it so, or NULL.  `special` may be NULL. */
enum workday_reason workday_reason(const struct calendar *calendar, day_t day, const struct calendar_day **special);

/* Whether `day` is a working day. */
bool workday_is(const struct calendar *calendar, day_t day);

/* Whether `day` lies outside the years whose notices are published, so that it may still change. */
bool workday_is_provisional(const struct calendar *calendar, day_t day);

/* The `count`-th working day after `start` (count > 0), or before it (count < 0); `start` itself when count is 0,
 * working day or not.  The day of the event is not counted (domain.md §4).  |count| <= WORKDAYS_MAX.
 * Result is clamped to DAY_MIN..DAY_MAX. */
day_t workday_add(const struct calendar *calendar, day_t start, int32_t count);

/* The number of working days in (from, until]; negative of the same for until < from. */
int32_t workday_between(const struct calendar *calendar, day_t from, day_t until);

/* Civil date <-> day.  workday_day returns false when year-month-day is not a date in DAY_MIN..DAY_MAX. */
bool workday_day(int32_t year, int32_t month, int32_t day, day_t *out);
void workday_civil(day_t day, int32_t *year, int32_t *month, int32_t *day_of_month);
/* 0 = Monday ... 6 = Sunday. */
int32_t workday_weekday(day_t day);

/* "YYYY-MM-DD" into `out` (11 bytes, NUL terminated). */
void workday_format(day_t day, char out[11]);
/* Strict "YYYY-MM-DD" of `length` bytes; false when it is not one. */
bool workday_parse(const char *text, size_t length, day_t *out);

/* The first instant of `day` in the zone; the due instant of a day is zone_day_start(zone, day + 1): the first
 * instant that is too late. */
usec_t zone_day_start(const struct zone *zone, day_t day);
/* The civil date of `instant` in the zone. */
day_t zone_day_of(const struct zone *zone, usec_t instant);
/* The minutes after midnight that the clocks of the zone show at `instant`, 0 .. 1439. */
int32_t zone_minutes_of(const struct zone *zone, usec_t instant);
/* `day` at `minutes` after local midnight. */
usec_t zone_day_at(const struct zone *zone, day_t day, int32_t minutes);

#endif
