/* Buckets of one officer: what fits, when to come back, and which refusals are only counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/quota.h"
#include "rectify/limits.h"

#define HOUR (INT64_C(3600) * USEC_PER_SECOND)

static void test_items(void **unused) {
  (void)unused;
  struct quotas *quotas = quotas_new(1000);
  assert_int_equal(quota_wait_msec(quotas, 7, 2000, 5000), 0); /* two seconds' worth at once */
  assert_int_equal(quota_wait_msec(quotas, 7, 1, 5000), 1);
  assert_int_equal(quota_wait_msec(quotas, 7, 500, 5000), 500);
  assert_int_equal(quota_wait_msec(quotas, 8, 2000, 5000), 0); /* another officer's is another bucket */
  assert_int_equal(quota_wait_msec(quotas, 7, 500, 5499), 1);
  assert_int_equal(quota_wait_msec(quotas, 7, 500, 5500), 0); /* who comes back then is served */
  assert_int_equal(quota_wait_msec(quotas, 7, 1, 5500), 1);
  assert_int_equal(quota_wait_msec(quotas, 7, 2000, INT64_C(900000000)), 0); /* never more than full, */
  assert_int_equal(quota_wait_msec(quotas, 7, 1, INT64_C(900000000)), 1);    /* however long ago */
  quotas_free(quotas);
}

/* The largest request fits at any rate: nobody is refused for ever. */
static void test_largest(void **unused) {
  (void)unused;
  struct quotas *quotas = quotas_new(1);
  assert_int_equal(quota_wait_msec(quotas, 1, WIRE_SUBMIT_MAX, 10), 0);
  uint32_t wait = quota_wait_msec(quotas, 1, WIRE_SUBMIT_MAX, 10);
  assert_int_equal(wait, 1000 * WIRE_SUBMIT_MAX);
  assert_int_equal(quota_wait_msec(quotas, 1, WIRE_SUBMIT_MAX, 10 + wait), 0);
  quotas_free(quotas);
}

static void test_refusals(void **unused) {
  (void)unused;
  struct quotas *quotas = quotas_new(1000);
  uint32_t officer, count;
  usec_t now = 50 * HOUR;
  for (int i = 0; i < IDENTITY_REFUSALS_MAX; i++) assert_true(quota_record_refusal(quotas, 3, now));
  for (int i = 0; i < 10000; i++) assert_false(quota_record_refusal(quotas, 3, now + i));
  assert_true(quota_record_refusal(quotas, 4, now)); /* others are on record as before */
  assert_false(quota_is_due(quotas, now + HOUR - 1, false));
  assert_false(quota_next_count(quotas, now + HOUR - 1, false, &officer, &count));
  assert_true(quota_next_count(quotas, now + HOUR, false, &officer, &count));
  assert_int_equal(officer, 3);
  assert_int_equal(count, 10000);
  assert_false(quota_next_count(quotas, now + HOUR, true, &officer, &count)); /* once */
  for (int i = 0; i < IDENTITY_REFUSALS_PER_HOUR; i++) assert_true(quota_record_refusal(quotas, 3, now + HOUR));
  assert_false(quota_record_refusal(quotas, 3, now + HOUR)); /* as many as came back within the hour */
  assert_true(quota_next_count(quotas, now + HOUR, true, &officer, &count)); /* before a stop, at once */
  assert_int_equal(count, 1);
  quotas_free(quotas);
}

static void test_several_count(void **unused) {
  (void)unused;
  struct quotas *quotas = quotas_new(1000);
  uint32_t officer, count, seen = 0;
  for (uint32_t who = 1; who <= 3000; who += 1000)
    for (uint32_t i = 0; i < IDENTITY_REFUSALS_MAX + who; i++) (void)quota_record_refusal(quotas, who, (usec_t)who);
  assert_true(quota_next_count(quotas, HOUR + 1, false, &officer, &count)); /* the others' hour is not over */
  assert_int_equal(officer, 1);
  assert_int_equal(count, 1);
  assert_false(quota_is_due(quotas, HOUR + 1, false));
  while (quota_next_count(quotas, HOUR + 2001, false, &officer, &count)) {
    assert_int_equal(count, officer);
    seen++;
  }
  assert_int_equal(seen, 2);
  quotas_free(quotas);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_items),
      cmocka_unit_test(test_largest),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_several_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
