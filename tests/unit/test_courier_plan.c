/* When a notice becomes a letter: quiet hours, digests on working days, urgent kinds, outages, floods; backoff and rates.  In virtual
 * time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "courier/plan.h"
#include "courier/rate.h"

#define MINUTE (60 * USEC_PER_SECOND)

static struct zone shanghai;
static struct calendar *cn;
static struct contact contact;
static struct plan_officer officer;
static const struct plan_rules rules = {.at_once = 1u << NOTICE_URGE | 1u << NOTICE_INTERVIEW,
                                        .through_quiet = 1u << NOTICE_INTERVIEW,
                                        .gather_from = 4};

static int open_all(void **state) {
  (void)state;
  for (const struct document_embedded *one = document_embedded_calendars; cn == NULL; one++) {
    struct document_report report = {0};
    cn = calendar_parse(one->file_name, one->text, one->length, &report);
    if (cn != NULL && strcmp(cn->name, "cn") != 0) calendar_free(cn), cn = NULL;
  }
  contact = (struct contact){.working_days = true, .quiet_from = 20 * 60, .quiet_until = 7 * 60 + 30, .digest_minutes = 8 * 60 + 30};
  officer = (struct plan_officer){&contact, &shanghai, cn};
  return zone_load("Asia/Shanghai", &shanghai) ? 0 : -1;
}

static int close_all(void **state) {
  (void)state;
  calendar_free(cn);
  return 0;
}

static usec_t at(const char *day, int hour, int minute) {
  day_t number = 0;
  assert_true(workday_parse(day, strlen(day), &number));
  return zone_day_at(&shanghai, number, hour * 60 + minute);
}

static void test_quiet(void **state) {
  (void)state;
  assert_int_equal(plan_quiet_end(&officer, at("2026-03-02", 12, 0)), at("2026-03-02", 12, 0));
  assert_int_equal(plan_quiet_end(&officer, at("2026-03-02", 19, 59)), at("2026-03-02", 19, 59));
  assert_int_equal(plan_quiet_end(&officer, at("2026-03-02", 20, 0)), at("2026-03-03", 7, 30));
  assert_int_equal(plan_quiet_end(&officer, at("2026-03-03", 7, 29)), at("2026-03-03", 7, 30));
  assert_int_equal(plan_quiet_end(&officer, at("2026-03-03", 7, 30)), at("2026-03-03", 7, 30));
  contact.quiet_from = 12 * 60, contact.quiet_until = 14 * 60; /* a siesta */
  assert_int_equal(plan_quiet_end(&officer, at("2026-03-02", 13, 0)), at("2026-03-02", 14, 0));
  assert_int_equal(plan_quiet_end(&officer, at("2026-03-02", 23, 0)), at("2026-03-02", 23, 0));
  contact.quiet_from = contact.quiet_until = 0;
  assert_int_equal(plan_quiet_end(&officer, at("2026-03-02", 0, 0)), at("2026-03-02", 0, 0));
  contact.quiet_from = 20 * 60, contact.quiet_until = 7 * 60 + 30;
}

static void test_digest_at(void **state) {
  (void)state;
  assert_int_equal(plan_digest_at(&officer, at("2026-03-02", 8, 30)), at("2026-03-02", 8, 30));
  assert_int_equal(plan_digest_at(&officer, at("2026-03-02", 8, 31)), at("2026-03-03", 8, 30));
  assert_int_equal(plan_digest_at(&officer, at("2026-03-06", 9, 0)), at("2026-03-09", 8, 30));  /* over a weekend */
  assert_int_equal(plan_digest_at(&officer, at("2026-02-16", 9, 0)), at("2026-02-24", 8, 30));  /* over the Spring Festival */
  assert_int_equal(plan_digest_at(&officer, at("2026-02-27", 9, 0)), at("2026-02-28", 8, 30));  /* a Saturday that works */
  contact.working_days = false;
  assert_int_equal(plan_digest_at(&officer, at("2026-03-06", 9, 0)), at("2026-03-07", 8, 30));
  contact.working_days = true;
}

static uint32_t plan(const struct plan_notice *notices, uint32_t count, usec_t now, struct plan_place *places, usec_t *next) {
  *next = INSTANT_NONE;
  return plan_officer(&rules, &officer, now, false, notices, count, places, next);
}

static void test_gathered(void **state) {
  (void)state;
  const usec_t monday = at("2026-03-02", 10, 0);
  const struct plan_notice notices[] = {{0, monday, NOTICE_TASK, true}, {0, monday + MINUTE, NOTICE_REMINDER, true},
                                        {0, monday + 60 * MINUTE, NOTICE_URGE, true}};
  struct plan_place places[3];
  usec_t next;
  assert_int_equal(plan(notices, 3, monday + 61 * MINUTE, places, &next), 1); /* the urging letter alone */
  assert_int_equal(places[2].letter, 1);
  assert_true(places[2].urgent);
  assert_int_equal(places[0].letter, 0);
  assert_int_equal(next, at("2026-03-03", 8, 30));
  assert_int_equal(plan(notices, 2, at("2026-03-03", 8, 29), places, &next), 0);
  assert_int_equal(plan(notices, 2, at("2026-03-03", 8, 30), places, &next), 1);
  assert_int_equal(places[0].letter, 1);
  assert_int_equal(places[1].letter, 1);
  assert_false(places[0].urgent);
  assert_int_equal(next, INSTANT_NONE);
  /* The courier was away until the evening: no digest in quiet hours. */
  assert_int_equal(plan(notices, 2, at("2026-03-03", 22, 0), places, &next), 0);
  assert_int_equal(next, at("2026-03-04", 7, 30));
}

static void test_urgent(void **state) {
  (void)state;
  const usec_t night = at("2026-03-02", 23, 0);
  const struct plan_notice notices[] = {{0, night, NOTICE_URGE, true}, {0, night, NOTICE_INTERVIEW, true}};
  struct plan_place places[2];
  usec_t next;
  assert_int_equal(plan(notices, 2, night, places, &next), 1); /* a talk breaks the silence by the rules, urging does not */
  assert_int_equal(places[0].letter, 0);
  assert_int_equal(places[1].letter, 1);
  assert_int_equal(next, at("2026-03-03", 7, 30));
  assert_int_equal(plan(notices, 2, next, places, &next), 2);
  assert_int_not_equal(places[0].letter, places[1].letter);
}

static void test_outage(void **state) {
  (void)state;
  const usec_t noon = at("2026-03-02", 12, 0);
  struct plan_notice notices[] = {{7, noon, NOTICE_REMINDER, true}, {0, noon, NOTICE_TASK, true}, {7, noon, NOTICE_URGE, true},
                                  {7, noon, NOTICE_REMINDER, true}};
  struct plan_place places[4];
  usec_t next;
  assert_int_equal(plan(notices, 4, noon, places, &next), 1); /* all of the outage, and nothing else */
  assert_int_equal(places[0].letter, 1);
  assert_int_equal(places[2].letter, 1);
  assert_int_equal(places[3].letter, 1);
  assert_int_equal(places[1].letter, 0);
  for (int i = 0; i < 4; i++) notices[i].settled = notices[i].digest == 0;
  assert_int_equal(plan(notices, 4, noon, places, &next), 0); /* more of it may come */
  assert_true(next > noon && next < noon + MINUTE);
}

static void test_flood(void **state) {
  (void)state;
  const usec_t noon = at("2026-03-02", 12, 0);
  struct plan_notice notices[200];
  struct plan_place places[200];
  usec_t next = INSTANT_NONE;
  for (int i = 0; i < 200; i++) notices[i] = (struct plan_notice){0, noon, NOTICE_URGE, true};
  assert_int_equal(plan(notices, 3, noon, places, &next), 3);
  assert_int_equal(plan(notices, 4, noon, places, &next), 1);
  assert_int_equal(plan(notices, 200, noon, places, &next), 4); /* of 64 at most */
  assert_int_equal(places[63].letter, 1);
  assert_int_equal(places[64].letter, 2);
  contact.digest_minutes = -1; /* nothing is gathered */
  for (int i = 0; i < 3; i++) notices[i].kind = NOTICE_TASK;
  assert_int_equal(plan(notices, 3, noon, places, &next), 3);
  assert_false(places[0].urgent);
  contact.digest_minutes = 8 * 60 + 30;
  assert_int_equal(plan_officer(&rules, &officer, at("2026-03-02", 23, 0), true, notices, 3, places, &next), 1); /* no room to wait */
}

static void test_backoff(void **state) {
  (void)state;
  assert_int_equal(plan_backoff(60, 3600, 0, 0), 45);
  assert_int_equal(plan_backoff(60, 3600, 0, 15), 60);
  assert_int_equal(plan_backoff(60, 3600, 0, 30), 75);
  assert_int_equal(plan_backoff(60, 3600, 3, 120), 480);
  assert_int_equal(plan_backoff(60, 3600, 6, 0), 2700);
  for (uint32_t failures = 0; failures < 200; failures++) {
    const int32_t seconds = plan_backoff(60, 3600, failures, failures * 2654435761u);
    assert_in_range(seconds, 45, 4500);
  }
  assert_int_equal(plan_backoff(1, 1, UINT32_MAX, 77), 1);
}

/* Whatever comes when, no more than so many lie within any 60 seconds, and none waits longer than it must. */
static void test_rate(void **state) {
  (void)state;
  static struct rate rate;
  int64_t sent[300], now = 1000;
  uint32_t seed = 5;
  rate.per_minute = 20;
  for (int i = 0; i < 300; i++) {
    seed = seed * 1664525 + 1013904223;
    now += seed % 4000;
    now = rate_next(&rate, now);
    rate_take(&rate, now);
    sent[i] = now;
    if (i >= 20) assert_true(sent[i] - sent[i - 20] >= 60000);
  }
  rate.per_minute = 0;
  assert_int_equal(rate_next(&rate, now), now);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quiet),   cmocka_unit_test(test_digest_at), cmocka_unit_test(test_gathered),
      cmocka_unit_test(test_urgent),  cmocka_unit_test(test_outage),    cmocka_unit_test(test_flood),
      cmocka_unit_test(test_backoff), cmocka_unit_test(test_rate),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
