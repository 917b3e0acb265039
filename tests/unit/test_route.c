/* test_route.c - core/route.c: each condition of a route by itself, the first that matches wins, and the
 * units that it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/judge.h"
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
                          .same_problem = 2,
                          .same_kind = 3};
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

static void test_same_kind(void **state) {
  (void)state;
  assert_true(matches((struct route){.same_kind_min = 3}, finding()));
  assert_false(matches((struct route){.same_kind_min = 4}, finding()));
  assert_false(matches((struct route){.same_kind_min = 3, .recurrence_min = 3}, finding()));
}

static bool says(const char *wanted, const char *plain, uint32_t length) {
  struct finding facts = finding();
  policy.routes[0] = (struct route){0};
  snprintf(policy.routes[0].text, sizeof policy.routes[0].text, "%s", wanted);
  policy.route_count = 1;
  return route_match(&policy, city->registry, &facts, plain, length) == &policy.routes[0];
}

static void test_words(void **state) {
  const char plain[] = "the exit is blocked";
  (void)state;
  assert_true(says("exit", plain, sizeof plain - 1));
  assert_true(says("the", plain, sizeof plain - 1));
  assert_true(says("blocked", plain, sizeof plain - 1));
  assert_true(says(plain, plain, sizeof plain - 1));
  assert_false(says("Exit", plain, sizeof plain - 1));
  assert_false(says("exits", plain, sizeof plain - 1));
  assert_false(says("blocked", plain, sizeof plain - 2)); /* not beyond the text's length */
  assert_false(says("the exit is blocked.", plain, sizeof plain - 1));
  assert_true(says("", NULL, 0));
  assert_false(says("exit", NULL, 0));
}

/* A route that asks for more than the kind is none for the office's dispatch. */
static void test_of_kind(void **state) {
  const struct route asks[] = {{.category = "exits"}, {.code_prefix = "FIRE-"}, {.unit = "city"}, {.inspection = "spring"},
                               {.text = "exit"},      {.recurrence_min = 1},    {.same_kind_min = 1}};
  (void)state;
  policy.route_count = 1;
  for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
    policy.routes[0] = asks[i];
    assert_null(route_of_kind(&policy, KIND_PROMINENT, SEVERITY_ORDINARY));
  }
  policy.routes[0] = (struct route){.kinds = 1u << KIND_PROMINENT, .severities = 1u << SEVERITY_URGENT};
  assert_null(route_of_kind(&policy, KIND_PROMINENT, SEVERITY_ORDINARY));
  assert_null(route_of_kind(&policy, KIND_LOOPHOLE, SEVERITY_URGENT));
  assert_ptr_equal(route_of_kind(&policy, KIND_PROMINENT, SEVERITY_URGENT), &policy.routes[0]);
}

static void test_co_units(void **state) {
  const struct route route = {.co_unit_count = 5, .co_units = {"street", "nowhere", "fire", "school", "street"}};
  const struct route none = {0};
  uint32_t units[CO_UNITS_MAX];
  (void)state;
  assert_int_equal(route_co_units(&route, city->registry, city_unit(city, "fire"), units), 2);
  assert_int_equal(units[0], city_unit(city, "street"));
  assert_int_equal(units[1], city_unit(city, "school"));
  city->registry->units[city_unit(city, "street")].retired = true;
  assert_int_equal(route_co_units(&route, city->registry, city_unit(city, "school"), units), 1);
  assert_int_equal(units[0], city_unit(city, "fire"));
  city->registry->units[city_unit(city, "street")].retired = false;
  assert_int_equal(route_co_units(&none, city->registry, city_unit(city, "fire"), units), 0);
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
      cmocka_unit_test(test_recurrence), cmocka_unit_test(test_same_kind), cmocka_unit_test(test_words),
      cmocka_unit_test(test_of_kind), cmocka_unit_test(test_co_units), cmocka_unit_test(test_first_wins),
  };
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  city_close(city);
  return failed;
}
