/* test_people.c - core/people.c: who is told, once for each officer and kind, and never more than an event has room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/judge.h"
#include "tests/lib/city.h"

static struct city *city;
static struct event event;
static struct judge judge;

static void begin(void) {
  event = (struct event){0};
  judge = (struct judge){.world = &city->world, .policy = city->policy, .event = &event, .now = city_instant(city, "2026-03-02T09:00")};
  judge.after.unit = city_unit(city, "fire");
  judge.after.handler = city_officer(city, "h-fire");
}

static void tell(uint32_t notice, uint32_t officer) { people_notify(&judge, notice, false, RECIPIENT_OFFICE, officer); }

static void test_once_each(void **unused) {
  (void)unused;
  begin();
  tell(NOTICE_TASK, 0);
  tell(0, judge.after.handler);
  assert_int_equal(event.notice_count, 0);
  tell(NOTICE_TASK, judge.after.handler);
  tell(NOTICE_TASK, judge.after.handler);
  tell(NOTICE_URGE, judge.after.handler);
  tell(NOTICE_TASK, city_officer(city, "p-fire"));
  assert_int_equal(event.notice_count, 3);
}

static void test_no_more_than_there_is_room_for(void **unused) {
  (void)unused;
  begin();
  assert_true(city->registry->officer_count > EVENT_NOTICES_MAX);
  for (uint32_t officer = 1; officer <= city->registry->officer_count; officer++) tell(NOTICE_TASK, officer);
  assert_int_equal(event.notice_count, EVENT_NOTICES_MAX);
  for (uint32_t i = 1; i < EVENT_NOTICES_MAX; i++) assert_int_equal(event.notices[i].kind, NOTICE_TASK);
}

/* Units that a registry does not have, as a damaged record may name them. */
static void test_no_such_unit(void **unused) {
  (void)unused;
  const struct registry *registry = city->registry;
  const uint32_t beyond = registry->unit_count + 1, fire = city_unit(city, "fire");
  const day_t day = zone_day_of(world_zone(&city->world, fire), city_instant(city, "2026-03-02T09:00"));
  assert_true(registry_in_subtree(registry, fire, world_root(&city->world)));
  assert_false(registry_in_subtree(registry, 0, fire) || registry_in_subtree(registry, fire, 0));
  assert_false(registry_in_subtree(registry, beyond, fire) || registry_in_subtree(registry, fire, beyond));
  assert_int_equal(registry_holder(registry, beyond, ROLE_PRINCIPAL, day), 0);
  assert_int_equal(registry_roles(registry, city_officer(city, "p-fire"), beyond, day), 0);
  assert_ptr_equal(world_calendar(&city->world, beyond), world_calendar(&city->world, world_root(&city->world)));
  assert_ptr_equal(world_zone(&city->world, beyond), world_zone(&city->world, 0));
}

static int set_up(void **unused) {
  (void)unused;
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  return 0;
}

static int tear_down(void **unused) {
  (void)unused;
  city_close(city);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_once_each),
      cmocka_unit_test(test_no_such_unit),
      cmocka_unit_test(test_no_more_than_there_is_room_for),
  };
  return cmocka_run_group_tests_name("people", tests, set_up, tear_down);
}
