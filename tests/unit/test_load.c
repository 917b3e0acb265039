/* Whether what falls due can be done at the pace of the past. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rehearse/load.h"

static struct load steady(uint32_t a_week) {
  struct load load = {.history = LOAD_HISTORY_WEEKS};
  for (int i = 0; i < LOAD_HISTORY_WEEKS; i++) load.closed[i] = a_week;
  return load;
}

static void test_pace(void **unused) {
  (void)unused;
  struct load_outlook out;
  struct load load = steady(3);
  load.closed[4] = 40; /* in bulk: the median does not move */
  load.closed[7] = 0;
  load_foresee(&load, &out);
  assert_true(out.known);
  assert_int_equal(out.pace_twice, 6);
  load = (struct load){.history = 8, .closed = {1, 2, 1, 2, 1, 2, 1, 2, 99, 99, 99, 99, 99}};
  load_foresee(&load, &out); /* eight weeks: the older ones are not the officer's */
  assert_int_equal(out.pace_twice, 3);
  assert_int_equal(out.weeks[0].can_in_all, 1);
  assert_int_equal(out.weeks[1].can_in_all, 3);
}

static void test_too_full(void **unused) {
  (void)unused;
  struct load_outlook out;
  struct load load = steady(2);
  load.due[0] = 2, load.due[1] = 2, load.due[3] = 5, load.due[4] = 1, load.due[9] = 1;
  load_foresee(&load, &out);
  const bool over[] = {false, false, false, true, false, false};
  for (int i = 0; i < 6; i++) assert_int_equal(out.weeks[i].over, over[i]);
  assert_int_equal(out.weeks[3].due_in_all, 9);
  assert_int_equal(out.weeks[3].can_in_all, 8);
  load.overdue = 30; /* the past takes the weeks to come: all that something falls due in are too full, */
  load_foresee(&load, &out);
  assert_true(out.weeks[0].over && out.weeks[1].over && out.weeks[3].over && out.weeks[4].over && out.weeks[9].over);
  assert_false(out.weeks[2].over || out.weeks[8].over); /* but none in which nothing does */
}

static void test_too_little(void **unused) {
  (void)unused;
  struct load_outlook out;
  struct load load = steady(2);
  load.due[0] = 100;
  load.history = LOAD_HISTORY_WEEKS_MIN - 1;
  load_foresee(&load, &out);
  assert_false(out.known || out.weeks[0].over);
  assert_int_equal(out.weeks[0].due_in_all, 100);
  load = (struct load){.history = 13, .closed = {1, 1, 1}, .due = {9}};
  load_foresee(&load, &out);
  assert_false(out.known);
  load.closed[9] = 1; /* four closings in thirteen weeks: a pace of nought, and it is known */
  load_foresee(&load, &out);
  assert_true(out.known && out.weeks[0].over);
  assert_int_equal(out.pace_twice, 0);
  load = (struct load){.history = 4000};
  load_foresee(&load, &out);
  assert_false(out.known);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_pace), cmocka_unit_test(test_too_full), cmocka_unit_test(test_too_little)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
