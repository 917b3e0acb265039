/* A step of the system's clock: followed when it is small, not believed when it is large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/clock.h"

#define HOUR USEC_PER_HOUR
#define DAY (24 * HOUR)
#define BEGIN (20000 * DAY)

static void test_even(void **unused) {
  (void)unused;
  struct clock_guard guard = {0};
  assert_int_equal(clock_guard(&guard, BEGIN, HOUR), BEGIN);
  assert_int_equal(clock_guard(&guard, BEGIN + 90 * DAY, HOUR + 90 * DAY), BEGIN + 90 * DAY); /* asleep, or idle: no step */
  assert_false(guard.held);
}

static void test_small(void **unused) {
  (void)unused;
  struct clock_guard guard = {0};
  (void)clock_guard(&guard, BEGIN, 0);
  assert_int_equal(clock_guard(&guard, BEGIN + 5 * HOUR, 0), BEGIN + 5 * HOUR);
  assert_int_equal(clock_guard(&guard, BEGIN, 0), BEGIN);
  assert_false(guard.held);
}

static void test_large(void **unused) {
  (void)unused;
  for (int sign = -1; sign <= 1; sign += 2) {
    struct clock_guard guard = {0};
    (void)clock_guard(&guard, BEGIN, 0);
    assert_int_equal(clock_guard(&guard, BEGIN + sign * 60 * DAY, HOUR), BEGIN + HOUR);
    assert_true(guard.held);
    assert_int_equal(clock_guard(&guard, BEGIN + sign * 60 * DAY + DAY, HOUR + DAY), BEGIN + HOUR + DAY); /* goes on evenly */
    assert_true(guard.held);
    assert_int_equal(clock_guard(&guard, BEGIN + HOUR + 1, HOUR), BEGIN + HOUR + 1); /* set right again */
    assert_false(guard.held);
  }
  struct clock_guard fresh = {0}; /* started again: it is meant */
  assert_int_equal(clock_guard(&fresh, BEGIN + 60 * DAY, HOUR), BEGIN + 60 * DAY);
  assert_false(fresh.held);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_even), cmocka_unit_test(test_small), cmocka_unit_test(test_large)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
