/* test_ladder.c - core/ladder.c: due instants, when rungs fire, and what a clock aims at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/city.h"

static struct city *city;
static const struct calendar *calendar;
static const struct zone *zone;

#define WD(n) \
  (struct span) { n, SPAN_WD }
#define HOURS(n) \
  (struct span) { n, SPAN_HOURS }

static usec_t at(const char *text) { return city_instant(city, text); }

static void due_is(const char *start, struct span budget, const char *due, bool provisional) {
  bool got = !provisional;
  assert_int_equal(ladder_due(calendar, zone, at(start), budget, &got), at(due));
  assert_int_equal(got, provisional);
}

static void test_due(void **state) {
  (void)state;
  due_is("2026-02-13T09:00", WD(1), "2026-02-15", false); /* 02-14 is a make-up Saturday */
  due_is("2026-02-13T00:00", WD(1), "2026-02-15", false);
  due_is("2026-02-13T23:59", WD(1), "2026-02-15", false); /* the day of the event does not count, at whatever hour */
  due_is("2026-02-14T00:00", WD(1), "2026-02-25", false);
  due_is("2026-02-15T12:00", WD(1), "2026-02-25", false); /* in the holidays */
  due_is("2026-02-09T09:00", WD(30), "2026-03-28", false);
  due_is("2026-02-13T09:00", HOURS(24), "2026-02-14T09:00", false);
  due_is("2026-12-30T09:00", WD(1), "2027-01-01", false); /* the first instant too late; the last day is still known */
  due_is("2026-12-31T09:00", WD(1), "2027-01-02", true);
  due_is("2026-12-31T09:00", HOURS(24), "2027-01-01T09:00", true);
}

static const struct ladder days = {"days",
                                   4,
                                   {{.at = {-3, SPAN_WD}},
                                    {.at = {-1, SPAN_WD}},
                                    {.at = {0, SPAN_WD}},
                                    {.at = {2, SPAN_WD}, .every = {5, SPAN_WD}}}};
static const struct ladder hours = {
    "hours", 2, {{.at = {-2, SPAN_HOURS}}, {.at = {1, SPAN_HOURS}, .every = {24, SPAN_HOURS}}}};

static void fires(const struct ladder *ladder, uint32_t index, uint32_t repeat, const char *due, const char *when) {
  assert_int_equal(ladder_fire(ladder, calendar, zone, at(due), 9 * 60 + 30, index, repeat), at(when));
}

/* Due at the end of Friday 2026-03-13. */
static void test_fire(void **state) {
  (void)state;
  fires(&days, 0, 0, "2026-03-14", "2026-03-10T09:30");
  fires(&days, 1, 0, "2026-03-14", "2026-03-12T09:30");
  fires(&days, 2, 0, "2026-03-14", "2026-03-14T00:00"); /* not before the deadline has passed */
  fires(&days, 3, 0, "2026-03-14", "2026-03-18T00:00");
  fires(&days, 3, 1, "2026-03-14", "2026-03-25T00:00");
  fires(&days, 3, 2, "2026-03-14", "2026-04-01T00:00");
  fires(&days, 0, 0, "2026-02-25", "2026-02-12T09:30"); /* over the holidays: 02-14, 02-13, 02-12 */
  fires(&hours, 0, 0, "2026-03-14T11:30", "2026-03-14T09:30");
  fires(&hours, 1, 0, "2026-03-14T11:30", "2026-03-14T12:30");
  fires(&hours, 1, 3, "2026-03-14T11:30", "2026-03-17T12:30");
}

/* A rung of a ladder in days on a limit in hours: by the day on which it is due. */
static void test_days_on_hours(void **state) {
  (void)state;
  fires(&days, 1, 0, "2026-03-13T10:00", "2026-03-12T09:30");
  fires(&days, 2, 0, "2026-03-13T10:00", "2026-03-14T00:00");
}

/* Repeats never stop nor stand still, even where the calendar ends. */
static void test_repeats_go_on(void **state) {
  usec_t before = 0;
  (void)state;
  for (uint32_t repeat = 0; repeat < 6000; repeat++) {
    usec_t fire = ladder_fire(&days, calendar, zone, at("2026-03-14"), 0, 3, repeat);
    assert_true(fire > before && fire != INSTANT_NONE);
    before = fire;
  }
  assert_true(before > at("2100-12-31"));
}

static void aim_is(struct case_clock *clock, uint32_t rung, const char *when) {
  ladder_aim(city->policy, calendar, zone, clock);
  assert_int_equal(clock->rung, rung);
  assert_int_equal(clock->next_fire, at(when));
}

/* The rectify ladder of the default policy: -5, -3, -1, 0, +3, +8 wd. */
static struct case_clock clock_due(const char *start, const char *due) {
  return (struct case_clock){.kind = CLOCK_RECTIFY,
                             .state = CLOCK_RUNNING,
                             .track = TRACK_SPECIAL_RECTIFICATION,
                             .start = at(start),
                             .due = at(due)};
}

static void test_aim(void **state) {
  (void)state;
  struct case_clock clock = clock_due("2026-03-02T09:00", "2026-03-14");
  aim_is(&clock, 0, "2026-03-06T09:00");
  clock.rung = 3;
  aim_is(&clock, 3, "2026-03-14T00:00");
  clock.state = CLOCK_PAUSED;
  ladder_aim(city->policy, calendar, zone, &clock);
  assert_int_equal(clock.next_fire, INSTANT_NONE);
  assert_int_equal(clock.rung, 3);
}

static void test_short_limits_skip(void **state) {
  (void)state;
  struct case_clock clock = clock_due("2026-03-12T09:00", "2026-03-14"); /* 1 wd: its -1wd is at the very start */
  aim_is(&clock, 2, "2026-03-12T09:00");
  clock = clock_due("2026-03-12T09:01", "2026-03-14");
  aim_is(&clock, 3, "2026-03-14T00:00");
  assert_int_equal(clock.nth, 0); /* skipped, not fired */
  clock = clock_due("2026-03-10T10:00", "2026-03-14");
  aim_is(&clock, 2, "2026-03-12T09:00");
}

static void test_ladder_of(void **state) {
  (void)state;
  struct case_clock clock = {.kind = CLOCK_VERIFY, .track = TRACK_SUPERVISION};
  assert_string_equal(ladder_of(city->policy, &clock)->name, "verify");
  clock = (struct case_clock){.kind = CLOCK_ADJUDICATE, .track = 0};
  assert_string_equal(ladder_of(city->policy, &clock)->name, "office");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_due),           cmocka_unit_test(test_fire), cmocka_unit_test(test_days_on_hours),
      cmocka_unit_test(test_repeats_go_on), cmocka_unit_test(test_aim),  cmocka_unit_test(test_short_limits_skip),
      cmocka_unit_test(test_ladder_of),
  };
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  calendar = world_calendar(&city->world, 0);
  zone = world_zone(&city->world, 0);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  city_close(city);
  return failed;
}
