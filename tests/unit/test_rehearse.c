/* Rehearsals: the same input gives the same result, the figures add up, recurrences are those that a naive count finds, and
 * what is opened at a threshold is opened once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rehearse/city.h"
#include "tests/lib/city.h"

struct scene {
  struct calendar *calendar;
  struct zone zone;
  struct policy *policy;
  struct made_city city;
  struct rehearsal rehearsal;
};

static const struct city_plan small = {4, 20, 200, 7, 600, 1, 20454}; /* 2026-01-01 */

static struct calendar *calendar_cn(void) {
  struct document_report report = {0};
  const struct document_embedded *file = document_embedded_calendars;
  struct calendar *calendar = calendar_parse(file->file_name, file->text, file->length, &report);
  assert_non_null(calendar);
  return calendar;
}

static struct policy *policy_of(const char *path) {
  struct document_report report = {0};
  size_t length = 0;
  char *text = document_read(path, DOCUMENT_BYTES_MAX, &length);
  assert_non_null(text);
  struct policy *policy = policy_parse(path, text, length, &report);
  if (policy == NULL) fail_msg("%s", report.text);
  policy->version = 1;
  free(text);
  return policy;
}

static void scene_open(struct scene *scene, const char *policy, const struct city_plan *plan) {
  memset(scene, 0, sizeof *scene);
  scene->calendar = calendar_cn();
  assert_true(zone_load("Asia/Shanghai", &scene->zone));
  scene->policy = policy_of(policy);
  assert_null(city_plan_wrong(plan));
  assert_true(city_make(plan, scene->calendar, &scene->zone, &scene->city));
  scene->rehearsal = (struct rehearsal){
      .world = {.policies = scene->policy, .policy_count = 1, .calendars = scene->calendar, .calendar_count = 1,
                .zones = &scene->zone, .zone_count = 1, .calendar_version = 1, .registry = &scene->city.registry},
      .findings = scene->city.findings, .count = scene->city.count, .seed = plan->seed, .team = scene->city.team,
      .inspector = scene->city.inspector,
      .until = zone_day_start(&scene->zone, plan->first + (day_t)plan->years * 365) - 1};
}

static void scene_close(struct scene *scene) {
  city_free(&scene->city);
  free(scene->policy);
  calendar_free(scene->calendar);
}

static struct rehearsal_result play(const struct scene *scene) {
  struct rehearsal_result result;
  assert_true(rehearse(&scene->rehearsal, &result));
  return result;
}

static bool same_results(const struct rehearsal_result *a, const struct rehearsal_result *b) {
  struct rehearsal_result left = *a, right = *b;
  if (a->unit_count != b->unit_count || memcmp(a->units, b->units, a->unit_count * sizeof *a->units) != 0) return false;
  left.units = right.units = NULL;
  return memcmp(&left, &right, sizeof left) == 0;
}

static void test_same_seed_same_result(void **state) {
  (void)state;
  struct scene first, second;
  scene_open(&first, "policy/municipal.yaml", &small);
  scene_open(&second, "policy/municipal.yaml", &small);
  struct rehearsal_result a = play(&first), b = play(&second);
  assert_true(same_results(&a, &b));
  rehearsal_free(&b);
  second.rehearsal.seed = 8; /* the same city, other people */
  b = play(&second);
  assert_false(same_results(&a, &b));
  rehearsal_free(&a);
  rehearsal_free(&b);
  scene_close(&first);
  scene_close(&second);
}

static uint64_t sum(const uint32_t *counts, uint32_t count) {
  uint64_t total = 0;
  for (uint32_t i = 0; i <= count; i++) total += counts[i];
  return total;
}

static void must_add_up(const struct scene *scene, const struct rehearsal_result *result) {
  uint64_t moves = 0, proposals = 0;
  for (uint32_t i = 0; i < result->unit_count; i++) {
    const struct rehearsal_unit *row = &result->units[i];
    moves += row->moves, proposals += row->proposals;
    assert_int_equal(sum(row->into, TRACK_COUNT), row->moves);
  }
  assert_int_equal(result->findings, scene->rehearsal.count);
  assert_int_equal(result->closed + result->open, result->findings + result->spawned);
  assert_true(result->overdue <= result->open);
  assert_int_equal(sum(result->moved, TRACK_COUNT), sum(result->edges, EDGE_COUNT));
  assert_int_equal(sum(result->moved, TRACK_COUNT), moves);
  assert_int_equal(result->proposals, proposals);
  assert_true(result->day_p50 <= result->day_p99 && result->day_p99 <= result->day_max);
  assert_true(result->notices >= result->officer_days);
}

static void test_figures_add_up(void **state) {
  (void)state;
  static const char *const policies[] = {"policy/municipal.yaml", "policy/food-safety.yaml", "policy/minimal.yaml"};
  for (size_t i = 0; i < 3; i++) {
    struct scene scene;
    scene_open(&scene, policies[i], &small);
    struct rehearsal_result result = play(&scene);
    must_add_up(&scene, &result);
    assert_true(result.closed > 0 && result.refusals < result.events / 10);
    rehearsal_free(&result);
    scene.rehearsal.idle = true;
    result = play(&scene);
    must_add_up(&scene, &result);
    assert_int_equal(result.closed, 0);
    assert_int_equal(result.refusals, 0);
    rehearsal_free(&result);
    scene_close(&scene);
  }
}

/* Hours do not wait for a holiday to end; working days do. */
static void test_due_dates_and_long_holidays(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, "policy/food-safety.yaml", &small);
  struct rehearsal_result result = play(&scene);
  assert_true(result.dues_inside > 0);
  rehearsal_free(&result);
  scene_close(&scene);
  scene_open(&scene, "policy/municipal.yaml", &small);
  result = play(&scene);
  assert_int_equal(result.dues_inside, 0);
  assert_true(result.dues_eve > 0);
  rehearsal_free(&result);
  scene_close(&scene);
}

static uint32_t naive(const struct scene *scene, uint32_t at, bool kind) {
  const struct rehearsal_finding *rows = scene->rehearsal.findings, *row = &rows[at];
  const struct unit *units = scene->city.registry.units;
  const int32_t days = kind ? scene->policy->same_kind_days : scene->policy->recurrence_days;
  const uint32_t most = kind ? SAME_KIND_COUNT_MAX + 1 : SAME_PROBLEM_COUNT_MAX;
  uint32_t count = 0;
  for (uint32_t i = 0; i < at && row->unit != 0; i++) {
    bool same = kind ? rows[i].unit != 0 && units[rows[i].unit].parent == units[row->unit].parent &&
                           rows[i].category_key == row->category_key
                     : rows[i].unit == row->unit && rows[i].code_key == row->code_key;
    if (same && rows[i].found_on >= row->found_on - days) count++;
  }
  return count < most ? count : most;
}

static void test_recurrence(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, "policy/food-safety.yaml", &small);
  uint32_t *counts = calloc(2 * (size_t)scene.rehearsal.count, sizeof *counts), again = 0;
  assert_non_null(counts);
  assert_true(rehearsal_recurrence(&scene.rehearsal, counts));
  for (uint32_t i = 0; i < scene.rehearsal.count; i++) {
    assert_int_equal(counts[2 * i], naive(&scene, i, false));
    assert_int_equal(counts[2 * i + 1], naive(&scene, i, true));
    again += counts[2 * i];
  }
  assert_true(again > 0);
  free(counts);
  scene_close(&scene);
}

/* The eleventh of the same kind within the window asks for a rule; the twelfth and all that follow do not ask again. */
static void test_a_threshold_opens_one_case(void **state) {
  (void)state;
  struct scene scene;
  struct rehearsal_finding findings[40];
  scene_open(&scene, "policy/food-safety.yaml", &small);
  assert_int_equal(scene.policy->same_kind_min, SAME_KIND_COUNT_MAX);
  for (uint32_t i = 0; i < 40; i++) {
    findings[i] = scene.city.findings[0];
    findings[i].unit = scene.city.registry.unit_count;
    findings[i].at += (usec_t)i * USEC_PER_SECOND;
  }
  scene.rehearsal.findings = findings;
  scene.rehearsal.count = 40;
  scene.rehearsal.idle = true;
  struct rehearsal_result result = play(&scene);
  assert_int_equal(result.spawned, 1);
  rehearsal_free(&result);
  scene_close(&scene);
}

static void test_city_as_planned(void **state) {
  (void)state;
  struct city_plan plan = small;
  struct scene scene;
  scene_open(&scene, "policy/minimal.yaml", &plan);
  const struct registry *registry = &scene.city.registry;
  assert_int_equal(registry->unit_count, 2 + 4 + 20);
  assert_int_equal(registry->officer_count, 200);
  for (uint32_t unit = 1; unit <= registry->unit_count; unit++) {
    uint32_t above = registry->units[unit].parent;
    assert_true(registry_in_subtree(registry, unit, 1));
    assert_true(above == 0 || registry_in_subtree(registry, unit, above));
    assert_true(above == 0 || !registry_in_subtree(registry, above, unit));
    if (unit > 2) assert_int_not_equal(registry_holder_at(registry, unit, ROLE_PRINCIPAL, 20500), 0);
  }
  for (uint32_t i = 1; i < scene.city.count; i++) assert_true(scene.city.findings[i - 1].at <= scene.city.findings[i].at);
  scene_close(&scene);
  plan.people = 91;
  assert_non_null(city_plan_wrong(&plan));
  plan.people = 92;
  assert_null(city_plan_wrong(&plan));
  plan.branches = 3;
  assert_non_null(city_plan_wrong(&plan));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_seed_same_result),      cmocka_unit_test(test_figures_add_up),
      cmocka_unit_test(test_due_dates_and_long_holidays), cmocka_unit_test(test_recurrence),
      cmocka_unit_test(test_a_threshold_opens_one_case), cmocka_unit_test(test_city_as_planned),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
