/* test_zone.c - document/zone.c and core/zone.c: what the C library says about a zone, and days inside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "document/document.h"

#define ROUNDS 2000
#define HOURS(n) ((n) * USEC_PER_HOUR)

static uint64_t random_state;

static uint64_t random_next(void) {
  uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static void random_begin(const char *test) {
  const char *seed = getenv("RECTIFY_SEED");
  random_state = seed != NULL ? strtoull(seed, NULL, 0) : 20260308;
  printf("# %s: RECTIFY_SEED=%llu\n", test, (unsigned long long)random_state);
}

static const struct zone *load(const char *name) {
  static struct zone zone;
  if (!zone_load(name, &zone)) fail_msg("no zone %s", name);
  assert_string_equal(zone.name, name);
  return &zone;
}

static day_t day_of(const char *text) {
  day_t day = -1;
  if (!workday_parse(text, strlen(text), &day)) fail_msg("not a date: %s", text);
  return day;
}

/* "YYYY-MM-DDTHH:MMZ" */
static usec_t utc(const char *text) {
  int hour = 0, minute = 0;
  day_t day = -1;
  assert_true(workday_parse(text, 10, &day));
  assert_int_equal(sscanf(text + 10, "T%2d:%2dZ", &hour, &minute), 2);
  return HOURS((usec_t)day * 24 + hour) + minute * 60 * USEC_PER_SECOND;
}

static void test_shanghai_is_constant_since_1991(void **state) {
  const struct zone *zone = load("Asia/Shanghai");
  (void)state;
  assert_true(zone->transition[zone->count - 1] < utc("1992-01-01T00:00Z"));
  assert_int_equal(zone->offset_seconds[zone->count - 1], 8 * 3600);
  assert_int_equal(zone->count, 13); /* summer time in the six years 1986-1991 */
  assert_int_equal(zone_day_start(zone, day_of("1988-07-01")), utc("1988-06-30T15:00Z"));
  assert_int_equal(zone_day_start(zone, day_of("2026-10-23")), utc("2026-10-22T16:00Z"));
  assert_int_equal(zone_day_of(zone, utc("2026-10-22T15:59Z")), day_of("2026-10-22"));
  assert_int_equal(zone_day_of(zone, utc("2026-10-22T16:00Z")), day_of("2026-10-23"));
  assert_int_equal(zone_day_at(zone, day_of("2026-10-22"), 9 * 60), utc("2026-10-22T01:00Z"));
  assert_int_equal(zone_minutes_of(zone, utc("2026-10-22T01:30Z")), 9 * 60 + 30);
}

static void test_chicago_changes_its_clocks(void **state) {
  const struct zone *zone = load("America/Chicago");
  day_t spring = day_of("2026-03-08"), autumn = day_of("2026-11-01");
  (void)state;
  assert_int_equal(zone_day_start(zone, spring + 1) - zone_day_start(zone, spring), HOURS(23));
  assert_int_equal(zone_day_start(zone, autumn + 1) - zone_day_start(zone, autumn), HOURS(25));
  assert_int_equal(zone_day_at(zone, spring, 9 * 60), utc("2026-03-08T14:00Z"));
  assert_int_equal(zone_day_at(zone, spring, 2 * 60 + 30), utc("2026-03-08T08:00Z")); /* in the gap: its end */
  assert_int_equal(zone_day_at(zone, spring, 3 * 60), utc("2026-03-08T08:00Z"));
  assert_int_equal(zone_day_at(zone, autumn, 1 * 60 + 30), utc("2026-11-01T06:30Z")); /* twice: the earlier */
  assert_int_equal(zone_day_at(zone, autumn, 2 * 60), utc("2026-11-01T08:00Z"));
  assert_int_equal(zone_day_of(zone, utc("2026-11-02T05:59Z")), autumn);
  assert_int_equal(zone_day_start(zone, day_of("2012-07-01")), utc("2012-07-01T05:00Z"));
  assert_int_equal(zone_day_start(zone, day_of("2012-12-01")), utc("2012-12-01T06:00Z"));
}

/* Where the clocks go from 23:59 to 01:00 the day begins at 01:00. */
static void test_a_day_without_midnight(void **state) {
  const struct zone *zone = load("America/Sao_Paulo");
  day_t day = day_of("2018-11-04");
  (void)state;
  assert_int_equal(zone_day_start(zone, day), utc("2018-11-04T03:00Z"));
  assert_int_equal(zone_day_of(zone, utc("2018-11-04T03:00Z")), day);
  assert_int_equal(zone_minutes_of(zone, utc("2018-11-04T03:00Z")), 60);
  assert_int_equal(zone_day_of(zone, utc("2018-11-04T02:59Z")), day - 1);
  assert_int_equal(zone_minutes_of(zone, utc("2018-11-04T02:59Z")), 23 * 60 + 59);
  zone = load("Asia/Beirut");
  assert_int_equal(zone_day_start(zone, day_of("2022-03-27")), utc("2022-03-26T22:00Z"));
  assert_int_equal(zone_day_start(zone, day_of("2022-03-28")), utc("2022-03-27T21:00Z"));
}

static void test_a_day_that_never_was(void **state) {
  const struct zone *zone = load("Pacific/Apia");
  day_t day = day_of("2011-12-30");
  (void)state;
  assert_int_equal(zone_day_start(zone, day), utc("2011-12-30T10:00Z"));
  assert_int_equal(zone_day_start(zone, day + 1), utc("2011-12-30T10:00Z"));
  assert_int_equal(zone_day_of(zone, utc("2011-12-30T10:00Z")), day + 1);
  assert_int_equal(zone_day_of(zone, utc("2011-12-30T09:59Z")), day - 1);
}

static void test_every_day_begins_once(void **state) {
  static const char *const names[] = {"UTC", "Asia/Shanghai", "America/Chicago", "America/Sao_Paulo", "Asia/Beirut"};
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const struct zone *zone = load(names[i]);
    for (day_t day = DAY_MIN; day <= DAY_MAX; day++) {
      usec_t start = zone_day_start(zone, day), length = zone_day_start(zone, day + 1) - start;
      assert_int_equal(zone_day_of(zone, start), day);
      assert_int_equal(zone_day_of(zone, start - 1), day - 1);
      assert_true(length >= HOURS(23) && length <= HOURS(25));
    }
  }
}

/* The oracle: the C library itself, at random instants and around every transition. */
static void check_instant(const struct zone *zone, usec_t instant) {
  time_t seconds = (time_t)(instant / USEC_PER_SECOND);
  struct tm local;
  day_t day = -1;
  assert_non_null(localtime_r(&seconds, &local));
  assert_true(workday_day(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, &day));
  assert_int_equal(zone_day_of(zone, instant), day);
  assert_int_equal(zone_minutes_of(zone, instant), local.tm_hour * 60 + local.tm_min);
}

static void test_agrees_with_the_library(void **state) {
  static const char *const names[] = {"Asia/Shanghai",    "America/Chicago",   "America/Sao_Paulo", "Asia/Kathmandu",
                                      "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Apia",      "UTC"};
  (void)state;
  random_begin(__func__);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const struct zone *zone = load(names[i]);
    setenv("TZ", names[i], 1);
    tzset();
    for (int round = 0; round < ROUNDS; round++)
      check_instant(zone, (usec_t)(random_next() % (uint64_t)HOURS((usec_t)DAY_MAX * 24)) + HOURS(24));
    for (uint32_t row = 1; row < zone->count; row++) {
      check_instant(zone, zone->transition[row]);
      check_instant(zone, zone->transition[row] - USEC_PER_SECOND);
    }
  }
  unsetenv("TZ");
  tzset();
}

static void test_unknown_names_are_refused(void **state) {
  static const char *const wrong[] = {"",         "Asia/Nowhere", "/etc/localtime", "../zoneinfo/UTC", "Asia/../UTC", "Asia",
                                      "CST-8",    "tzdata.zi",    "Asia/Shanghai ",  "亚洲/上海",      ":UTC"};
  static struct zone zone = {.count = 4711};
  char longest[CODE_BYTES_MAX + 2];
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    if (zone_load(wrong[i], &zone)) fail_msg("taken for a zone: \"%s\"", wrong[i]);
  memset(longest, 'A', sizeof longest);
  longest[sizeof longest - 1] = '\0';
  assert_false(zone_load(longest, &zone));
  assert_int_equal(zone.count, 4711);
}

static void test_the_process_keeps_its_zone(void **state) {
  time_t noon = 1782820800; /* 2026-06-30T12:00:00Z */
  struct tm local;
  (void)state;
  setenv("TZ", "Asia/Kathmandu", 1);
  tzset();
  load("America/Chicago");
  assert_string_equal(getenv("TZ"), "Asia/Kathmandu");
  localtime_r(&noon, &local);
  assert_int_equal(local.tm_gmtoff, 5 * 3600 + 45 * 60);
  unsetenv("TZ");
  tzset();
  load("America/Chicago");
  assert_null(getenv("TZ"));
}

static void test_far_instants(void **state) {
  const struct zone *zone = load("America/Chicago");
  (void)state;
  assert_true(zone_day_of(zone, INSTANT_NONE) > DAY_MAX);
  assert_true(zone_day_of(zone, INT64_MIN) < DAY_MIN);
  assert_int_equal(zone_day_of(zone, 0), -1);
  assert_int_equal(zone_minutes_of(zone, -1), 17 * 60 + 59);
  assert_int_equal(zone_day_start(zone, DAY_MAX + 1), utc("2100-12-31T00:00Z") + HOURS(24 + 6));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shanghai_is_constant_since_1991),
      cmocka_unit_test(test_chicago_changes_its_clocks),
      cmocka_unit_test(test_a_day_without_midnight),
      cmocka_unit_test(test_a_day_that_never_was),
      cmocka_unit_test(test_every_day_begins_once),
      cmocka_unit_test(test_agrees_with_the_library),
      cmocka_unit_test(test_unknown_names_are_refused),
      cmocka_unit_test(test_the_process_keeps_its_zone),
      cmocka_unit_test(test_far_instants),
  };
  return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
