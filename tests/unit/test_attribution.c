/* test_attribution.c - core/attribution.c: each working day of a case is charged to exactly one holder, against an oracle
 * that goes day by day.  RECTIFY_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/city.h"
#include "tests/lib/splitmix.h"

#define RUNS 2000
#define EVENTS_MAX 60
#define DAY_USEC (24 * USEC_PER_HOUR)

static struct city *city;
static const struct calendar *calendar;
static const struct zone *zone;
static uint64_t random_state;

static uint32_t random_below(uint32_t bound) { return (uint32_t)(splitmix64(&random_state) >> 16) % bound; }

/* ---- who holds it ---- */

static uint32_t holder_of(uint32_t status, uint32_t flags, uint32_t clock) {
  struct case_state state = {.status = (uint8_t)status, .flags = flags};
  if (clock != 0) state.clocks[0] = (struct case_clock){.kind = (uint8_t)clock, .state = CLOCK_RUNNING};
  return case_holder(&state);
}

static void test_unit_from_dispatch_on(void **unused) {
  (void)unused;
  assert_int_equal(holder_of(STATUS_DISPATCHED, 0, CLOCK_SIGN_FOR), HOLDER_UNIT); /* signed for or not */
  assert_int_equal(holder_of(STATUS_RECTIFYING, 0, CLOCK_RECTIFY), HOLDER_UNIT);
  assert_int_equal(holder_of(STATUS_STAGED, 0, CLOCK_RECTIFY), HOLDER_UNIT);
  assert_int_equal(holder_of(STATUS_RECTIFYING, CASE_WITHDRAWAL, CLOCK_RECTIFY), HOLDER_UNIT);
}

static void test_approver_while_plan_or_extension_waits(void **unused) {
  (void)unused;
  assert_int_equal(holder_of(STATUS_RECTIFYING, 0, CLOCK_PLAN_REVIEW), HOLDER_APPROVER);
  assert_int_equal(holder_of(STATUS_RECTIFYING, 0, CLOCK_EXTENSION), HOLDER_APPROVER);
  assert_int_equal(holder_of(STATUS_STAGED, 0, CLOCK_EXTENSION), HOLDER_APPROVER);
}

static void test_verifier_adjudicator_hold(void **unused) {
  (void)unused;
  assert_int_equal(holder_of(STATUS_VERIFYING, 0, CLOCK_VERIFY), HOLDER_VERIFIER);
  assert_int_equal(holder_of(STATUS_VERIFYING, 0, CLOCK_EXTENSION), HOLDER_VERIFIER);
  assert_int_equal(holder_of(STATUS_UNROUTED, 0, CLOCK_ADJUDICATE), HOLDER_ADJUDICATOR);
  assert_int_equal(holder_of(STATUS_BOUNCED, 0, CLOCK_ADJUDICATE), HOLDER_ADJUDICATOR);
  assert_int_equal(holder_of(STATUS_RECTIFYING, CASE_HELD, CLOCK_HOLD), HOLDER_HOLD);
  assert_int_equal(holder_of(STATUS_STAGED, CASE_HELD, CLOCK_EXTENSION), HOLDER_HOLD);
}

static void test_nobody_when_closed(void **unused) {
  (void)unused;
  for (uint32_t status = STATUS_CLOSED_OUT; status <= STATUS_COUNT; status++)
    assert_int_equal(holder_of(status, CASE_HELD, CLOCK_LOOK_BACK), 0);
}

/* ---- counting ---- */

static struct attribution sum;

static void step(const char *when, uint32_t status) {
  const struct case_state state = {.status = (uint8_t)status};
  attribution_step(&sum, calendar, zone, &state, city_instant(city, when));
}

static void test_spring_festival(void **unused) {
  (void)unused;
  sum = (struct attribution){0};
  step("2026-02-12T09:00", STATUS_DISPATCHED);
  step("2026-02-12T11:00", STATUS_BOUNCED);
  step("2026-02-13T17:00", STATUS_DISPATCHED); /* the 13th began with the adjudicator */
  step("2026-02-14T10:00", STATUS_VERIFYING);  /* a make-up Saturday, the unit's */
  step("2026-02-25T10:00", STATUS_CLOSED_OUT); /* nine days off between */
  step("2026-03-25T10:00", STATUS_ARCHIVED);
  assert_int_equal(sum.days[HOLDER_ADJUDICATOR], 1);
  assert_int_equal(sum.days[HOLDER_UNIT], 1);
  assert_int_equal(sum.days[HOLDER_VERIFIER], 2);
  assert_int_equal(sum.days[0], 0);
}

/* A rung that fires late counts from its time, which may lie before what was recorded last. */
static void test_instants_that_go_back_charge_nothing(void **unused) {
  (void)unused;
  sum = (struct attribution){0};
  step("2026-03-02T09:00", STATUS_DISPATCHED);
  step("2026-03-06T09:00", STATUS_VERIFYING);
  step("2026-03-04T09:00", STATUS_RECTIFYING);
  step("2026-03-09T09:00", STATUS_RECTIFYING);
  assert_int_equal(sum.days[HOLDER_UNIT], 5);
  assert_int_equal(sum.days[HOLDER_VERIFIER], 0);
}

/* ---- the property ---- */

struct moment {
  usec_t at;
  struct case_state state;
};
static struct moment moments[EVENTS_MAX];

static void random_state_of(struct case_state *state) {
  static const uint8_t clocks[] = {CLOCK_RECTIFY, CLOCK_EXTENSION, CLOCK_PLAN_REVIEW, CLOCK_VERIFY, CLOCK_SIGN_FOR};
  *state = (struct case_state){.status = (uint8_t)(1 + random_below(random_below(4) == 0 ? STATUS_COUNT : 6))};
  if (random_below(4) == 0) state->flags = CASE_HELD;
  state->clocks[0] = (struct case_clock){.kind = clocks[random_below(sizeof clocks)], .state = CLOCK_RUNNING};
}

static uint32_t random_history(void) {
  usec_t at = city_instant(city, "2019-06-01") + random_below(365 * 6) * DAY_USEC;
  uint32_t count = 2 + random_below(EVENTS_MAX - 2);
  for (uint32_t i = 0; i < count; i++) {
    at += (usec_t)random_below(random_below(3) == 0 ? 40 * 24 * 60 : 24 * 60) * 60 * USEC_PER_SECOND;
    moments[i].at = at;
    random_state_of(&moments[i].state);
  }
  return count;
}

/* Day by day: who held the case when the day began (its first instant ends the day before), for each working day after the first until the last open one. */
static void oracle(uint32_t count, int32_t days[HOLDER_COUNT + 1]) {
  uint32_t last = count - 1; /* the moment that ended it, if it is closed */
  while (last > 0 && !status_is_open(moments[last].state.status) && !status_is_open(moments[last - 1].state.status)) last--;
  day_t from = zone_day_of(zone, moments[0].at - 1), until = zone_day_of(zone, moments[last].at - 1);
  for (day_t day = from + 1; day <= until; day++) {
    uint32_t i = 0;
    while (i + 1 < count && zone_day_of(zone, moments[i + 1].at - 1) < day) i++;
    if (workday_is(calendar, day)) days[case_holder(&moments[i].state)]++;
  }
}

static void test_columns_add_up(void **unused) {
  (void)unused;
  for (uint32_t run = 0; run < RUNS; run++) {
    int32_t expected[HOLDER_COUNT + 1] = {0}, total = 0;
    uint32_t count = random_history(), last = count - 1;
    sum = (struct attribution){0};
    for (uint32_t i = 0; i < count; i++) attribution_step(&sum, calendar, zone, &moments[i].state, moments[i].at);
    oracle(count, expected);
    for (uint32_t holder = 0; holder <= HOLDER_COUNT; holder++) {
      assert_int_equal(sum.days[holder], expected[holder]);
      total += sum.days[holder];
    }
    while (last > 0 && !status_is_open(moments[last].state.status) && !status_is_open(moments[last - 1].state.status)) last--;
    assert_int_equal(total, workday_between(calendar, zone_day_of(zone, moments[0].at - 1), zone_day_of(zone, moments[last].at - 1)));
  }
}

static int set_up(void **unused) {
  (void)unused;
  const char *seed = getenv("RECTIFY_SEED");
  random_state = seed != NULL ? strtoull(seed, NULL, 0) : UINT64_C(0x5eed2026);
  printf("# RECTIFY_SEED=%#llx\n", (unsigned long long)random_state);
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  calendar = world_calendar(&city->world, 0);
  zone = world_zone(&city->world, 0);
  return 0;
}

static int tear_down(void **unused) {
  (void)unused;
  city_close(city);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unit_from_dispatch_on),
      cmocka_unit_test(test_approver_while_plan_or_extension_waits),
      cmocka_unit_test(test_verifier_adjudicator_hold),
      cmocka_unit_test(test_nobody_when_closed),
      cmocka_unit_test(test_spring_festival),
      cmocka_unit_test(test_instants_that_go_back_charge_nothing),
      cmocka_unit_test(test_columns_add_up),
  };
  return cmocka_run_group_tests_name("attribution", tests, set_up, tear_down);
}
