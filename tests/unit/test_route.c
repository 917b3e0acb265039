/* test_route.c - core/route.c: each condition of a route by itself, and the first that matches wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/city.h"

static struct city *city;
static struct policy policy; /* routes alone matter */

static struct finding finding(void) {
  return (struct finding){.kind = KIND_PROMINENT,
                          .severity = SEVERITY_ORDINARY,
                          .unit = city_unit(city, "community"),
                          .unit_code = "community",
                          .code = "FIRE-7",
                          .category = "exits",
                          .inspection = "spring",
                          .same_problem = 2};
}

static bool matches(struct route route, struct finding facts) {
  policy.routes[0] = route;
  policy.route_count = 1;
  return route_match(&policy, city->registry, &facts, "", 0) == &policy.routes[0];
}

static void test_kinds_and_severities(void **state) {
  (void)state;
  assert_true(matches((struct route){0}, finding()));
  assert_true(matches((struct route){.kinds = 1u << KIND_PROMINENT}, finding()));
  assert_true(matches((struct route){.kinds = 1u << KIND_PROMINENT | 1u << KIND_LOOPHOLE}, finding()));
  assert_false(matches((struct route){.kinds = 1u << KIND_LOOPHOLE}, finding()));
  assert_true(matches((struct route){.severities = 1u << SEVERITY_ORDINARY}, finding()));
  assert_false(matches((struct route){.severities = 1u << SEVERITY_URGENT}, finding()));
}

static void test_texts(void **state) {
  (void)state;
  assert_true(matches((struct route){.category = "exits"}, finding()));
  assert_false(matches((struct route){.category = "exit"}, finding()));
  assert_false(matches((struct route){.category = "exits2"}, finding()));
  assert_true(matches((struct route){.inspection = "spring"}, finding()));
  assert_false(matches((struct route){.inspection = "autumn"}, finding()));
  assert_true(matches((struct route){.code_prefix = "FIRE-"}, finding()));
  assert_true(matches((struct route){.code_prefix = "FIRE-7"}, finding()));
  assert_false(matches((struct route){.code_prefix = "FIRE-71"}, finding()));
  assert_false(matches((struct route){.code_prefix = "fire"}, finding()));
}

static void test_units(void **state) {
  struct finding unknown = finding();
  (void)state;
  assert_true(matches((struct route){.unit = "community"}, finding()));
  assert_true(matches((struct route){.unit = "street"}, finding()));
  assert_true(matches((struct route){.unit = "city"}, finding()));
  assert_false(matches((struct route){.unit = "fire"}, finding()));
  unknown.unit = 0;
  assert_false(matches((struct route){.unit = "community"}, unknown)); /* known to the registry or not at all */
  assert_true(matches((struct route){0}, unknown));
}

static void test_recurrence(void **state) {
  (void)state;
  assert_true(matches((struct route){.recurrence_min = 2}, finding()));
  assert_false(matches((struct route){.recurrence_min = 3}, finding()));
}

static void test_first_wins(void **state) {
  struct finding facts = finding();
  (void)state;
  policy.routes[0] = (struct route){.kinds = 1u << KIND_LOOPHOLE};
  policy.routes[1] = (struct route){.kinds = 1u << KIND_PROMINENT, .category = "exits"};
  policy.routes[2] = (struct route){.kinds = 1u << KIND_PROMINENT};
  policy.route_count = 3;
  assert_ptr_equal(route_match(&policy, city->registry, &facts, "", 0), &policy.routes[1]);
  facts.category[0] = 'x';
  assert_ptr_equal(route_match(&policy, city->registry, &facts, "", 0), &policy.routes[2]);
  facts.kind = KIND_INCIPIENT;
  assert_null(route_match(&policy, city->registry, &facts, "", 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kinds_and_severities), cmocka_unit_test(test_texts), cmocka_unit_test(test_units),
      cmocka_unit_test(test_recurrence), cmocka_unit_test(test_first_wins),
  };
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  city_close(city);
  return failed;
}
