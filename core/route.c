/* route.c - which track a finding starts in: the first route whose conditions all hold. */
#include <string.h>

#include "core/judge.h"

static bool bit_allows(uint32_t bits, uint32_t number) { return bits == 0 || (bits >> number & 1u) != 0; }

static bool text_allows(const char *wanted, const char *given) { return *wanted == '\0' || strcmp(wanted, given) == 0; }

/* Whether `unit` or a unit above it has the code. */
static bool unit_allows(const struct registry *registry, const char *code, uint32_t unit) {
  if (*code == '\0') return true;
  for (uint32_t level = 0; unit != 0 && unit <= registry->unit_count && level <= UNIT_DEPTH_MAX; level++) {
    if (strcmp(registry->units[unit].code, code) == 0) return true;
    unit = registry->units[unit].parent;
  }
  return false;
}

static bool words_allow(const char *wanted, const char *plain, uint32_t length) {
  size_t least = strlen(wanted);
  if (least == 0) return true;
  for (size_t at = 0; at + least <= length; at++)
    if (memcmp(plain + at, wanted, least) == 0) return true;
  return false;
}

static bool route_allows(const struct route *route, const struct registry *registry, const struct finding *finding) {
  return bit_allows(route->kinds, finding->kind) && bit_allows(route->severities, finding->severity) &&
         text_allows(route->category, finding->category) && text_allows(route->inspection, finding->inspection) &&
         strncmp(route->code_prefix, finding->code, strlen(route->code_prefix)) == 0 &&
         finding->same_problem >= route->recurrence_min && finding->same_kind >= route->same_kind_min &&
         unit_allows(registry, route->unit, finding->unit);
}

const struct route *route_match(const struct policy *policy, const struct registry *registry,
                                const struct finding *finding, const char *plain, uint32_t plain_length) {
  for (uint32_t i = 0; i < policy->route_count; i++) {
    const struct route *route = &policy->routes[i];
    if (route_allows(route, registry, finding) && words_allow(route->text, plain, plain_length)) return route;
  }
  return NULL;
}

/* The registry's index by code belongs to document/; a route names few units, and seldom. */
static uint32_t unit_by_code(const struct registry *registry, const char *code) {
  uint32_t unit = 1;
  while (unit <= registry->unit_count && strcmp(registry->units[unit].code, code) != 0) unit++;
  return unit <= registry->unit_count && !registry->units[unit].retired ? unit : 0;
}

uint32_t route_co_units(const struct route *route, const struct registry *registry, uint32_t unit,
                        uint32_t out[CO_UNITS_MAX]) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < route->co_unit_count && i < CO_UNITS_MAX; i++) {
    uint32_t named = unit_by_code(registry, route->co_units[i]);
    bool skip = named == 0 || named == unit;
    for (uint32_t k = 0; k < count; k++) skip |= out[k] == named;
    if (!skip) out[count++] = named;
  }
  return count;
}

const struct route *route_of_kind(const struct policy *policy, uint32_t kind, uint32_t severity) {
  for (uint32_t i = 0; i < policy->route_count; i++) {
    const struct route *route = &policy->routes[i];
    bool plain = *route->category == '\0' && *route->code_prefix == '\0' && *route->unit == '\0' &&
                 *route->inspection == '\0' && *route->text == '\0' && route->recurrence_min == 0 &&
                 route->same_kind_min == 0;
    if (plain && bit_allows(route->kinds, kind) && bit_allows(route->severities, severity)) return route;
  }
  return NULL;
}
