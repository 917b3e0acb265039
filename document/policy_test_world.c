#include "document/policy_test_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Codes with a slash in front are nobody's: those of a policy rarely begin so, and if they do, they mean these. */
#define ROOT "/root"
#define TEAM "/team"
#define SOME_UNIT "/unit"
#define UNITS_TOLD_MAX (4 + ROUTES_MAX * (1 + CO_UNITS_MAX)) /* units of one test */

struct told {
  uint32_t count;
  const char *codes[UNITS_TOLD_MAX];
};

bool test_world_open(struct test_world *world, const struct policy *policy, const struct calendar *calendars,
                     uint32_t calendar_count) {
  *world = (struct test_world){.calendars = calendars, .calendar_count = calendar_count};
  world->policy = malloc(sizeof *world->policy);
  world->zones = calloc(ZONES_MAX, sizeof *world->zones);
  if (world->policy == NULL || world->zones == NULL) {
    test_world_close(world);
    return false;
  }
  *world->policy = *policy;
  world->policy->version = 1;
  world->world = (struct world){.policies = world->policy,
                                .policy_count = 1,
                                .calendars = calendars,
                                .calendar_count = calendar_count,
                                .zones = world->zones,
                                .calendar_version = 1};
  return true;
}

void test_world_close(struct test_world *world) {
  registry_free(world->registry);
  free(world->policy);
  free(world->zones);
  *world = (struct test_world){0};
}

static void tell(struct told *told, const char *code) {
  if (*code == '\0') return;
  for (uint32_t i = 0; i < told->count; i++)
    if (strcmp(told->codes[i], code) == 0) return;
  told->codes[told->count++] = code;
}

static void tell_all(struct told *told, const struct policy *policy, const struct policy_test *test, const char *unit) {
  tell(told, ROOT);
  tell(told, TEAM);
  tell(told, unit);
  tell(told, test->under);
  for (uint32_t i = 0; i < policy->route_count; i++) {
    tell(told, policy->routes[i].unit);
    for (uint32_t k = 0; k < policy->routes[i].co_unit_count; k++) tell(told, policy->routes[i].co_units[k]);
  }
}

static void write_unit(FILE *out, const struct told *told, uint32_t index, const struct policy_test *test,
                       const char *unit) {
  const char *code = told->codes[index];
  fprintf(out, "  - {code: \"%s\", name: \"%s\"", code, code);
  if (index == 0) fprintf(out, ", calendar: \"%s\", zone: \"%s\"", test->calendar, test->zone);
  else fprintf(out, ", parent: \"%s\"", strcmp(code, unit) == 0 && *test->under != '\0' ? test->under : ROOT);
  fprintf(out, "}\n");
}

static void write_post(FILE *out, const char *officer, const char *role, const char *unit) {
  fprintf(out, "  - {officer: %s, role: %s, unit: \"%s\"}\n", officer, role, unit);
}

static void write_people(FILE *out, const struct told *told) {
  static const char *const posts[] = {"office", "verifier", "body"};
  char officer[16];
  fprintf(out, "officers:\n  - {code: inspector, name: inspector, unit: \"" TEAM "\"}\n");
  for (uint32_t i = 0; i < 3; i++) fprintf(out, "  - {code: %s, name: %s, unit: \"" ROOT "\"}\n", posts[i], posts[i]);
  for (uint32_t i = 0; i < told->count; i++)
    fprintf(out, "  - {code: h%u, name: handler, unit: \"%s\"}\n  - {code: p%u, name: principal, unit: \"%s\"}\n", i,
            told->codes[i], i, told->codes[i]);
  fprintf(out, "appointments:\n");
  write_post(out, "inspector", "inspector", TEAM);
  for (uint32_t i = 0; i < 3; i++) write_post(out, posts[i], posts[i], ROOT);
  for (uint32_t i = 0; i < told->count; i++) {
    snprintf(officer, sizeof officer, "h%u", i);
    write_post(out, officer, "handler", told->codes[i]);
    officer[0] = 'p';
    write_post(out, officer, "principal", told->codes[i]);
  }
}

static bool calendar_is_known(const struct test_world *world, const char *name) {
  for (uint32_t i = 0; i < world->calendar_count; i++)
    if (strcmp(world->calendars[i].name, name) == 0) return true;
  return false;
}

/* The registry as its file would be: one way into the core, with all its checks. */
static char *registry_text(const struct test_world *world, const struct policy_test *test, const char *unit,
                           size_t *length) {
  char *text = NULL;
  struct told told = {0};
  FILE *out = open_memstream(&text, length);
  if (out == NULL) return NULL;
  tell_all(&told, world->policy, test, unit);
  fprintf(out, "registry: tests\nunits:\n");
  for (uint32_t i = 0; i < told.count; i++) write_unit(out, &told, i, test, unit);
  write_people(out, &told);
  if (fclose(out) == 0) return text;
  free(text);
  return NULL;
}

const char *test_world_people(struct test_world *world, const struct policy_test *test) {
  struct document_report report = {0};
  size_t length = 0;
  const char *unit = *test->unit != '\0' ? test->unit : SOME_UNIT;
  if (!calendar_is_known(world, test->calendar)) return "there is no such calendar";
  char *text = registry_text(world, test, unit, &length);
  if (text == NULL) return "out of memory";
  registry_free(world->registry);
  world->world.registry = world->registry = registry_parse("tests", text, length, NULL, world->calendars,
                                                           world->calendar_count, world->zones,
                                                           &world->world.zone_count, &report);
  free(text);
  document_report_free(&report);
  if (world->registry == NULL) return "this system does not know its time zone, or 'unit' and 'under' do not make a tree";
  world->registry->version = 1;
  world->unit = registry_unit_by_code(world->registry, unit, strlen(unit));
  world->team = registry_unit_by_code(world->registry, TEAM, strlen(TEAM));
  world->inspector = registry_officer_by_code(world->registry, "inspector", strlen("inspector"));
  return NULL;
}
