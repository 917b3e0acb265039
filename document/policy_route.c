/* policy_route.c - routes: which finding starts in which track.  The first that matches wins, so each must be able to
 * match something that those before it do not. */
#include <string.h>

#include "document/policy_draft.h"

enum {
  ROUTE_KIND, ROUTE_SEVERITY, ROUTE_CATEGORY, ROUTE_CODE_PREFIX, ROUTE_UNIT, ROUTE_INSPECTION, ROUTE_RECURRENCE_MIN,
  ROUTE_TRACK, ROUTE_RECTIFY, ROUTE_COUNT
};
static const struct field route_fields[] = {
    [ROUTE_KIND] = {"kind", false},
    [ROUTE_SEVERITY] = {"severity", false},
    [ROUTE_CATEGORY] = {"category", false},
    [ROUTE_CODE_PREFIX] = {"code_prefix", false},
    [ROUTE_UNIT] = {"unit", false},
    [ROUTE_INSPECTION] = {"inspection", false},
    [ROUTE_RECURRENCE_MIN] = {"recurrence_min", false},
    [ROUTE_TRACK] = {"track", true},
    [ROUTE_RECTIFY] = {"rectify", false},
    [ROUTE_COUNT] = {NULL, false},
};

#define RECURRENCE_MIN_MAX 1000

/* Naming every word of a table is the same as naming none. */
static uint16_t route_words(struct report *report, const struct yaml_node *node, const char *what,
                            const struct word *table, uint32_t count) {
  uint16_t bits = field_words(report, node, what, table);
  uint16_t all = (uint16_t)((1u << (count + 1)) - 2);
  return bits == all ? 0 : bits;
}

static void route_read(struct policy_draft *draft, const struct yaml_node *node, struct route *route) {
  const struct yaml_node *values[ROUTE_COUNT];
  struct report *report = draft->report;
  int32_t recurrence = 0;
  if (!field_take(report, node, "a route", route_fields, values)) return;
  route->kinds = route_words(report, values[ROUTE_KIND], "kind", words_kind, KIND_COUNT);
  route->severities = route_words(report, values[ROUTE_SEVERITY], "severity", words_severity, SEVERITY_COUNT);
  field_code(report, values[ROUTE_CATEGORY], "category", route->category);
  field_code(report, values[ROUTE_CODE_PREFIX], "code_prefix", route->code_prefix);
  field_code(report, values[ROUTE_UNIT], "unit", route->unit);
  field_code(report, values[ROUTE_INSPECTION], "inspection", route->inspection);
  field_integer(report, values[ROUTE_RECURRENCE_MIN], "recurrence_min", 1, RECURRENCE_MIN_MAX, &recurrence);
  route->recurrence_min = (uint16_t)recurrence;
  route->track = (uint8_t)field_word(report, values[ROUTE_TRACK], "track", words_track);
  field_limit(report, values[ROUTE_RECTIFY], "rectify", &route->limits[CLOCK_RECTIFY]);
}

/* Whether every finding with one of `inner` (0: any) has one of `outer`. */
static bool route_bits_within(uint16_t inner, uint16_t outer) {
  return outer == 0 || (inner != 0 && (inner & ~outer) == 0);
}

static bool route_text_within(const char *inner, const char *outer) {
  return outer[0] == '\0' || strcmp(inner, outer) == 0;
}

/* Whether `before` matches everything that `route` does.  Which unit lies under which is not known here, so units are
 * compared by their code. */
static bool route_is_shadowed(const struct route *route, const struct route *before) {
  return route_bits_within(route->kinds, before->kinds) && route_bits_within(route->severities, before->severities) &&
         route_text_within(route->category, before->category) &&
         strncmp(route->code_prefix, before->code_prefix, strlen(before->code_prefix)) == 0 &&
         route_text_within(route->unit, before->unit) && route_text_within(route->inspection, before->inspection) &&
         route->recurrence_min >= before->recurrence_min;
}

static void route_check(struct policy_draft *draft, const struct yaml_node *node, uint32_t index) {
  const struct route *routes = draft->policy->routes;
  for (uint32_t i = 0; i < index; i++) {
    if (!route_is_shadowed(&routes[index], &routes[i])) continue;
    report_error(draft->report, node->at, "route %u is never reached: route %u matches everything that it would",
                 index + 1, i + 1);
    return;
  }
}

void policy_routes(struct policy_draft *draft, const struct yaml_node *node) {
  struct policy *policy = draft->policy;
  if (!field_is(draft->report, node, YAML_SEQUENCE, "routes")) return;
  for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
    if (policy->route_count == ROUTES_MAX) {
      report_error(draft->report, item->at, "more than %d routes", ROUTES_MAX);
      return;
    }
    uint32_t index = policy->route_count++, errors = draft->report->count;
    policy->routes[index].number = (uint16_t)(index + 1);
    route_read(draft, item, &policy->routes[index]);
    if (draft->report->count == errors) route_check(draft, item, index);
  }
}
