/* city.c - a made-up municipality and its findings: city.h. */
#include "rehearse/city.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rehearse/dice.h"

enum { ROOT = 1, TEAM = 2, FIRST_UNIT = 3 };
enum { OFFICES = 3, BODIES = 1, VERIFIERS = 24, INSPECTORS = 40 };
enum { CODES = 60, CATEGORIES = 6, DAYS_PER_YEAR = 365 };

const char *city_plan_wrong(const struct city_plan *plan) {
  if (plan->units < 1 || plan->branches < plan->units) return "a city has at least one unit, and each unit a branch";
  if (plan->units + plan->branches + 2 > UNITS_MAX) return "too many units and branches";
  if (plan->people > OFFICERS_MAX) return "too many people";
  if (plan->people < CITY_PEOPLE_FIXED + plan->units + plan->branches)
    return "too few people: each unit and branch has a head, and 68 more inspect, verify and decide";
  if (plan->years < 1 || plan->years > 20 || plan->findings < 1 || plan->findings > 1000000) return "too much to play";
  return NULL;
}

/* ---- units: an Euler tour in the order of the numbers, branch by branch ---- */

static void name_unit(struct unit *unit, uint32_t id, uint32_t parent, const char *what, uint32_t number) {
  *unit = (struct unit){.id = id, .parent = parent};
  snprintf(unit->code, sizeof unit->code, "%s-%u", what, number);
  snprintf(unit->name, sizeof unit->name, "%s %u", what, number);
}

static void make_units(const struct city_plan *plan, struct registry *registry) {
  struct unit *units = registry->units;
  uint32_t branch = FIRST_UNIT + plan->units, tour = 1;
  name_unit(&units[ROOT], ROOT, 0, "city", 1);
  units[ROOT].enter = tour++;
  name_unit(&units[TEAM], TEAM, ROOT, "office-of-inspection", 1);
  units[TEAM].enter = tour++, units[TEAM].leave = tour - 1;
  for (uint32_t i = 0; i < plan->units; i++) {
    struct unit *unit = &units[FIRST_UNIT + i];
    const uint32_t until = FIRST_UNIT + plan->units + (uint32_t)((uint64_t)(i + 1) * plan->branches / plan->units);
    name_unit(unit, FIRST_UNIT + i, ROOT, "unit", i + 1);
    unit->enter = tour++;
    for (; branch < until; branch++) {
      name_unit(&units[branch], branch, FIRST_UNIT + i, "branch", branch - FIRST_UNIT - plan->units + 1);
      units[branch].enter = units[branch].leave = tour++;
    }
    unit->leave = tour - 1;
  }
  units[ROOT].leave = tour - 1;
}

/* ---- people and posts ---- */

static uint32_t hire(struct registry *registry, uint32_t unit) {
  const uint32_t id = ++registry->officer_count;
  struct officer *officer = &registry->officers[id];
  *officer = (struct officer){.id = id, .unit = unit};
  snprintf(officer->code, sizeof officer->code, "p%u", id);
  snprintf(officer->name, sizeof officer->name, "person %u", id);
  return id;
}

static void appoint(struct registry *registry, uint32_t officer, uint32_t role, uint32_t unit) {
  registry->appointments[registry->appointment_count++] =
      (struct appointment){.officer = officer, .unit = unit, .role = (uint8_t)role, .from = DAY_MIN, .until = DAY_MAX};
}

static void hire_many(struct registry *registry, uint32_t count, uint32_t role, uint32_t home, uint32_t unit) {
  for (uint32_t i = 0; i < count; i++) appoint(registry, hire(registry, home), role, unit);
}

static int by_unit(const void *a, const void *b) {
  const struct appointment *left = a, *right = b;
  if (left->unit != right->unit) return left->unit < right->unit ? -1 : 1;
  if (left->role != right->role) return left->role < right->role ? -1 : 1;
  return left->officer < right->officer ? -1 : left->officer > right->officer;
}

static int by_officer(const void *a, const void *b) {
  const struct appointment *left = a, *right = b;
  if (left->officer != right->officer) return left->officer < right->officer ? -1 : 1;
  return by_unit(a, b);
}

static void make_people(const struct city_plan *plan, struct made_city *city) {
  struct registry *registry = &city->registry;
  const uint32_t first_branch = FIRST_UNIT + plan->units;
  hire_many(registry, OFFICES, ROLE_OFFICE, ROOT, ROOT);
  hire_many(registry, BODIES, ROLE_BODY, ROOT, ROOT);
  hire_many(registry, VERIFIERS, ROLE_VERIFIER, ROOT, ROOT);
  city->inspector = registry->officer_count + 1;
  hire_many(registry, INSPECTORS, ROLE_INSPECTOR, TEAM, TEAM);
  for (uint32_t unit = FIRST_UNIT; unit <= registry->unit_count; unit++) hire_many(registry, 1, ROLE_PRINCIPAL, unit, unit);
  for (uint32_t unit = first_branch; unit <= registry->unit_count && registry->officer_count < plan->people; unit++)
    hire_many(registry, 1, ROLE_HANDLER, unit, unit);
  for (uint32_t i = 0; registry->officer_count < plan->people; i++)
    (void)hire(registry, first_branch + i % plan->branches);
  memcpy(registry->by_officer, registry->appointments, registry->appointment_count * sizeof *registry->appointments);
  qsort(registry->appointments, registry->appointment_count, sizeof *registry->appointments, by_unit);
  qsort(registry->by_officer, registry->appointment_count, sizeof *registry->by_officer, by_officer);
}

/* ---- findings ---- */

static uint8_t weighted(uint64_t *seed, const uint8_t *weights) {
  uint32_t left = dice_next(seed, 100);
  uint8_t number = 1;
  while (left >= weights[number]) left -= weights[number++];
  return number;
}

static uint32_t least_of_two(uint64_t *seed, uint32_t below) {
  const uint32_t a = dice_next(seed, below), b = dice_next(seed, below);
  return a < b ? a : b;
}

static const char *const codes[] = {
#define TEN(c) c "-0", c "-1", c "-2", c "-3", c "-4", c "-5", c "-6", c "-7", c "-8", c "-9"
    TEN("1"), TEN("2"), TEN("3"), TEN("4"), TEN("5"), TEN("6"),
#undef TEN
};
static const char *const categories[CATEGORIES] = {"category-1", "category-2", "category-3",
                                                   "category-4", "category-5", "category-6"};
_Static_assert(sizeof codes / sizeof *codes == CODES, "ten codes in each category");

static void make_finding(const struct city_plan *plan, const struct calendar *calendar, const struct zone *zone,
                         uint64_t *seed, day_t day, struct rehearsal_finding *out) {
  static const uint8_t kinds[KIND_COUNT + 1] = {0, 25, 10, 40, 20, 5};
  static const uint8_t severities[SEVERITY_COUNT + 1] = {0, 40, 40, 15, 5};
  const uint32_t branch = FIRST_UNIT + plan->units + least_of_two(seed, plan->branches);
  const uint32_t code = least_of_two(seed, CODES);
  while (!workday_is(calendar, day)) day++;
  *out = (struct rehearsal_finding){.found_on = day, .unit = dice_next(seed, 100) == 0 ? 0 : branch,
                                    .kind = weighted(seed, kinds), .severity = weighted(seed, severities),
                                    .code_key = code + 1, .category_key = code / (CODES / CATEGORIES) + 1,
                                    .code = codes[code], .category = categories[code / (CODES / CATEGORIES)],
                                    .inspection = "", .text = ""};
  out->at = zone_day_at(zone, day, 9 * 60 + (int32_t)dice_next(seed, 8 * 60));
}

static int by_time(const void *a, const void *b) {
  const struct rehearsal_finding *left = a, *right = b;
  if (left->at != right->at) return left->at < right->at ? -1 : 1;
  if (left->unit != right->unit) return left->unit < right->unit ? -1 : 1;
  if (left->code_key != right->code_key) return left->code_key < right->code_key ? -1 : 1;
  return left->kind != right->kind ? left->kind - right->kind : left->severity - right->severity;
}

static void make_findings(const struct city_plan *plan, const struct calendar *calendar, const struct zone *zone,
                          struct made_city *city) {
  uint64_t seed = dice_mix(plan->seed);
  for (uint32_t year = 0; year < plan->years; year++)
    for (uint32_t i = 0; i < plan->findings; i++) {
      const uint32_t of_year = (uint32_t)((uint64_t)i * (DAYS_PER_YEAR - 10) / plan->findings); /* a holiday may follow */
      make_finding(plan, calendar, zone, &seed, plan->first + (day_t)(year * DAYS_PER_YEAR + of_year),
                   &city->findings[city->count++]);
    }
  qsort(city->findings, city->count, sizeof *city->findings, by_time);
}

bool city_make(const struct city_plan *plan, const struct calendar *calendar, const struct zone *zone, struct made_city *out) {
  *out = (struct made_city){.team = TEAM};
  struct registry *registry = &out->registry;
  registry->version = 1;
  registry->unit_count = 2 + plan->units + plan->branches;
  const size_t posts = CITY_PEOPLE_FIXED + plan->units + 2 * (size_t)plan->branches;
  registry->units = calloc(registry->unit_count + 1, sizeof *registry->units);
  registry->officers = calloc(plan->people + 1, sizeof *registry->officers);
  registry->appointments = calloc(posts, sizeof *registry->appointments);
  registry->by_officer = calloc(posts, sizeof *registry->by_officer);
  out->findings = calloc((size_t)plan->findings * plan->years, sizeof *out->findings);
  if (registry->units == NULL || registry->officers == NULL || registry->appointments == NULL ||
      registry->by_officer == NULL || out->findings == NULL) {
    city_free(out);
    return false;
  }
  make_units(plan, registry);
  make_people(plan, out);
  make_findings(plan, calendar, zone, out);
  return true;
}

void city_free(struct made_city *city) {
  free(city->registry.units);
  free(city->registry.officers);
  free(city->registry.appointments);
  free(city->registry.by_officer);
  free(city->findings);
  *city = (struct made_city){0};
}
