/* test_workday.c - core/workday.c against a naive oracle that looks at one day after the other, and known dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/document.h"
#include "tests/lib/splitmix.h"

#define ROUNDS 3000
#define RANDOM_CALENDARS 40

static uint64_t random_state;

/* The seed is enough to repeat a run. */
static uint64_t random_next(void) { return splitmix64(&random_state); }

static int32_t random_in(int32_t low, int32_t high) {
  return low + (int32_t)(random_next() % (uint64_t)(high - low + 1));
}

static void random_begin(const char *test) {
  const char *seed = getenv("RECTIFY_SEED");
  random_state = seed != NULL ? strtoull(seed, NULL, 0) : 20260213;
  printf("# %s: RECTIFY_SEED=%llu\n", test, (unsigned long long)random_state);
}

/* Calendars: the ones that ship, by name. */
static struct calendar *calendar_of(const char *name) {
  for (const struct document_embedded *at = document_embedded_calendars; at->file_name != NULL; at++) {
    struct document_report report = {0};
    struct calendar *calendar = calendar_parse(at->file_name, at->text, at->length, &report);
    if (calendar == NULL) print_message("# %s\n", report.text);
    document_report_free(&report);
    assert_non_null(calendar);
    if (strcmp(calendar->name, name) == 0) return calendar;
    calendar_free(calendar);
  }
  fail_msg("no calendar %s", name);
  return NULL;
}

/* A random week with at least one working day, and a dense patch of special days that make no sense. */
static void random_calendar(struct calendar *calendar) {
  memset(calendar, 0, sizeof *calendar);
  calendar->rest_mask = (uint8_t)random_in(0, 126);
  day_t day = random_in(15000, 16000);
  while (calendar->day_count < CALENDAR_DAYS_MAX && day < 20000) {
    struct calendar_day *row = &calendar->days[calendar->day_count++];
    row->day = day;
    row->kind = (uint8_t)(random_in(0, 2) == 0 ? CALENDAR_MAKE_UP : CALENDAR_HOLIDAY);
    day += random_in(0, 3) == 0 ? random_in(1, 90) : 1;
  }
}

/* The oracle. */
static bool naive_works(const struct calendar *calendar, day_t day) {
  for (uint32_t i = 0; i < calendar->day_count; i++)
    if (calendar->days[i].day == day) return calendar->days[i].kind == CALENDAR_MAKE_UP;
  return (calendar->rest_mask & 1u << ((day + 3) % 7)) == 0;
}

static day_t naive_add(const struct calendar *calendar, day_t day, int32_t count) {
  int32_t step = count > 0 ? 1 : -1;
  while (count != 0) {
    if (day == (step > 0 ? DAY_MAX : DAY_MIN)) return day;
    day += step;
    if (naive_works(calendar, day)) count -= step;
  }
  return day;
}

static void check_properties(const struct calendar *calendar, int32_t rounds) {
  for (int32_t i = 0; i < rounds; i++) {
    day_t day = random_in(14000, 21000), later = day + random_in(0, 40);
    int32_t a = random_in(1, 300), b = random_in(1, 60);
    day_t due = workday_add(calendar, day, a);
    assert_int_equal(workday_is(calendar, day), naive_works(calendar, day));
    assert_int_equal(due, naive_add(calendar, day, a));
    assert_int_equal(workday_add(calendar, day, -b), naive_add(calendar, day, -b));
    assert_true(workday_add(calendar, later, a) >= due);
    assert_true(workday_add(calendar, later, -a) >= workday_add(calendar, day, -a));
    assert_int_equal(workday_add(calendar, due, b), workday_add(calendar, day, a + b));
    assert_int_equal(workday_between(calendar, day, due), a);
    assert_int_equal(workday_between(calendar, due, day), -a);
    if (workday_is(calendar, day)) assert_int_equal(workday_add(calendar, due, -a), day);
  }
}

static void test_properties_of_shipped_calendars(void **state) {
  static const char *const names[] = {"cn", "weekdays", "us-federal"};
  (void)state;
  random_begin(__func__);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    struct calendar *calendar = calendar_of(names[i]);
    check_properties(calendar, ROUNDS);
    calendar_free(calendar);
  }
}

static void test_properties_of_random_calendars(void **state) {
  static struct calendar calendar;
  (void)state;
  random_begin(__func__);
  for (int32_t i = 0; i < RANDOM_CALENDARS; i++) {
    random_calendar(&calendar);
    check_properties(&calendar, ROUNDS / 20);
  }
}

static void test_between_counts_every_span(void **state) {
  struct calendar *calendar = calendar_of("cn");
  (void)state;
  random_begin(__func__);
  for (int32_t i = 0; i < ROUNDS; i++) {
    day_t from = random_in(17500, 21000), until = from + random_in(0, 200);
    int32_t count = 0;
    for (day_t day = from + 1; day <= until; day++) count += naive_works(calendar, day);
    assert_int_equal(workday_between(calendar, from, until), count);
  }
  calendar_free(calendar);
}

/* Known dates. */
static day_t day_of(const char *text) {
  day_t day = -1;
  if (!workday_parse(text, strlen(text), &day)) fail_msg("not a date: %s", text);
  return day;
}

static void assert_day(day_t day, const char *expected) {
  char text[11];
  workday_format(day, text);
  assert_string_equal(text, expected);
}

static void test_make_up_saturday_counts(void **state) {
  struct calendar *calendar = calendar_of("cn");
  (void)state;
  assert_day(workday_add(calendar, day_of("2026-02-13"), 1), "2026-02-14");
  assert_day(workday_add(calendar, day_of("2026-02-13"), 2), "2026-02-24");
  assert_day(workday_add(calendar, day_of("2026-09-25"), 15), "2026-10-22");
  assert_day(workday_add(calendar, day_of("2026-02-24"), -1), "2026-02-14");
  assert_day(workday_add(calendar, day_of("2026-02-17"), 0), "2026-02-17");
  assert_day(workday_add(calendar, day_of("2022-12-30"), 1), "2023-01-03");
  assert_day(workday_add(calendar, day_of("2018-12-28"), 2), "2019-01-02");
  calendar_free(calendar);
}

static void test_emergency_notice_overrides(void **state) {
  struct calendar *calendar = calendar_of("cn");
  const struct calendar_day *row = NULL;
  (void)state;
  assert_int_equal(workday_reason(calendar, day_of("2020-02-01"), &row), WORKDAY_HOLIDAY);
  assert_non_null(strstr(calendar->texts[row->notice], "延长2020年春节假期"));
  assert_int_equal(workday_reason(calendar, day_of("2019-05-01"), &row), WORKDAY_HOLIDAY);
  assert_non_null(strstr(calendar->texts[row->notice], "调整2019年劳动节"));
  assert_day(workday_add(calendar, day_of("2020-01-23"), 1), "2020-02-03");
  calendar_free(calendar);
}

static void test_reasons(void **state) {
  struct calendar *calendar = calendar_of("cn");
  const struct calendar_day *row = NULL;
  (void)state;
  assert_int_equal(workday_reason(calendar, day_of("2026-02-14"), &row), WORKDAY_MAKE_UP);
  assert_string_equal(calendar->texts[row->name], "春节");
  assert_int_equal(workday_reason(calendar, day_of("2026-02-15"), &row), WORKDAY_HOLIDAY);
  assert_int_equal(row->day, day_of("2026-02-15"));
  assert_int_equal(workday_reason(calendar, day_of("2026-03-01"), &row), WORKDAY_REST);
  assert_null(row);
  assert_int_equal(workday_reason(calendar, day_of("2026-03-02"), &row), WORKDAY_PLAIN);
  assert_null(row);
  assert_int_equal(workday_reason(calendar, day_of("2026-03-02"), NULL), WORKDAY_PLAIN);
  calendar_free(calendar);
}

static void test_provisional_outside_published_years(void **state) {
  struct calendar *calendar = calendar_of("cn");
  (void)state;
  assert_true(workday_is_provisional(calendar, day_of("2018-12-31")));
  assert_false(workday_is_provisional(calendar, day_of("2019-01-01")));
  assert_false(workday_is_provisional(calendar, day_of("2026-12-31")));
  assert_true(workday_is_provisional(calendar, day_of("2027-01-01")));
  calendar_free(calendar);
}

static void test_observed_days(void **state) {
  struct calendar *calendar = calendar_of("us-federal");
  (void)state;
  assert_day(workday_add(calendar, day_of("2010-12-30"), 1), "2011-01-03");
  assert_day(workday_add(calendar, day_of("2021-12-30"), 1), "2022-01-03");
  assert_day(workday_add(calendar, day_of("2021-06-17"), 1), "2021-06-21");
  assert_day(workday_add(calendar, day_of("2020-06-18"), 1), "2020-06-19");
  assert_day(workday_add(calendar, day_of("2025-12-23"), 1), "2025-12-29");
  assert_day(workday_add(calendar, day_of("2015-12-23"), 1), "2015-12-24");
  calendar_free(calendar);
}

static void test_ends_of_the_range(void **state) {
  static struct calendar idle = {.rest_mask = 0x7f};
  struct calendar *calendar = calendar_of("weekdays");
  (void)state;
  assert_int_equal(workday_add(calendar, DAY_MAX - 3, WORKDAYS_MAX), DAY_MAX);
  assert_int_equal(workday_add(calendar, DAY_MIN + 3, -WORKDAYS_MAX), DAY_MIN);
  assert_int_equal(workday_add(calendar, INT32_MAX, INT32_MAX), DAY_MAX);
  assert_int_equal(workday_add(calendar, INT32_MIN, INT32_MIN), DAY_MIN);
  assert_int_equal(workday_add(&idle, 20000, 1), DAY_MAX);
  assert_int_equal(workday_add(&idle, 20000, -1), DAY_MIN);
  calendar_free(calendar);
}

/* Civil dates. */
static int32_t naive_month_days(int32_t year, int32_t month) {
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month == 2) return leap ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static void assert_civil(day_t day, int32_t year, int32_t month, int32_t day_of_month) {
  int32_t y, m, d;
  day_t back;
  char text[11], expected[40];
  workday_civil(day, &y, &m, &d);
  assert_int_equal(y, year);
  assert_int_equal(m, month);
  assert_int_equal(d, day_of_month);
  assert_true(workday_day(year, month, day_of_month, &back));
  assert_int_equal(back, day);
  snprintf(expected, sizeof expected, "%04d-%02d-%02d", year, month, day_of_month);
  workday_format(day, text);
  assert_string_equal(text, expected);
  assert_true(workday_parse(text, 10, &back));
  assert_int_equal(back, day);
  assert_int_equal(workday_weekday(day), (day + 3) % 7);
}

static void test_every_date_there_and_back(void **state) {
  day_t day = 0;
  (void)state;
  for (int32_t year = 1970; year <= 2100; year++)
    for (int32_t month = 1; month <= 12; month++) {
      day_t none;
      for (int32_t d = 1; d <= naive_month_days(year, month); d++) assert_civil(day++, year, month, d);
      assert_false(workday_day(year, month, naive_month_days(year, month) + 1, &none));
    }
  assert_int_equal(day, DAY_MAX + 1);
}

static void test_days_beyond_the_range_are_still_dates(void **state) {
  (void)state;
  assert_day(-1, "1969-12-31");
  assert_day(DAY_MAX + 1, "2101-01-01");
  assert_day(INT32_MIN, "0000-01-01");
  assert_day(INT32_MAX, "9999-12-31");
  assert_int_equal(workday_weekday(-1), 2);
}

static void test_parse_is_strict(void **state) {
  static const char *const wrong[] = {
      "",           "2026-02-29", "2100-02-29",  "2026-2-1",   "2026-02-1",  "2026-02-30", "2026-04-31", "2026-13-01",
      "2026-00-10", "2026-01-00", "2026-01-32",  "1969-12-31", "2101-01-01", "2026/01/01", "2026-01/01", " 2026-01-01",
      "20260101",   "2026-01-0a", "2026-01-01 ", "+026-01-01", "-026-01-01", "2026-0x-01", "0000-00-00", "２０２６",
  };
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    day_t day = 4711;
    if (workday_parse(wrong[i], strlen(wrong[i]), &day)) fail_msg("taken for a date: \"%s\"", wrong[i]);
    assert_int_equal(day, 4711);
  }
  day_t day = 4711;
  assert_false(workday_parse("2026-01-0\0", 10, &day));
  assert_true(workday_parse("2024-02-29 and more", 10, &day));
  assert_day(day, "2024-02-29");
  assert_int_equal(day_of("2000-02-29"), 11016);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_properties_of_shipped_calendars),
      cmocka_unit_test(test_properties_of_random_calendars),
      cmocka_unit_test(test_between_counts_every_span),
      cmocka_unit_test(test_make_up_saturday_counts),
      cmocka_unit_test(test_emergency_notice_overrides),
      cmocka_unit_test(test_reasons),
      cmocka_unit_test(test_provisional_outside_published_years),
      cmocka_unit_test(test_observed_days),
      cmocka_unit_test(test_ends_of_the_range),
      cmocka_unit_test(test_every_date_there_and_back),
      cmocka_unit_test(test_days_beyond_the_range_are_still_dates),
      cmocka_unit_test(test_parse_is_strict),
  };
  return cmocka_run_group_tests_name("workday", tests, NULL, NULL);
}
