/* policy_route.c - routes: which finding starts in which track.  The first that matches wins, so each must be able to
 * match something that those before it do not. */
#include <string.h>

#include "document/policy_draft.h"

enum {
  ROUTE_KIND, ROUTE_SEVERITY, ROUTE_CATEGORY, ROUTE_CODE_PREFIX, ROUTE_UNIT, ROUTE_INSPECTION, ROUTE_TEXT,
  ROUTE_RECURRENCE_MIN, ROUTE_SAME_KIND_MIN, ROUTE_TRACK, ROUTE_RECTIFY, ROUTE_LIMITS, ROUTE_RESPONSIBLE,
  ROUTE_CO_UNITS, ROUTE_COPY, ROUTE_COUNT
};
static const struct field route_fields[] = {
    [ROUTE_KIND] = {"kind", false},
    [ROUTE_SEVERITY] = {"severity", false},
    [ROUTE_CATEGORY] = {"category", false},
    [ROUTE_CODE_PREFIX] = {"code_prefix", false},
    [ROUTE_UNIT] = {"unit", false},
    [ROUTE_INSPECTION] = {"inspection", false},
    [ROUTE_TEXT] = {"text", false},
    [ROUTE_RECURRENCE_MIN] = {"recurrence_min", false},
    [ROUTE_SAME_KIND_MIN] = {"same_kind_min", false},
    [ROUTE_TRACK] = {"track", true},
    [ROUTE_RECTIFY] = {"rectify", false},
    [ROUTE_LIMITS] = {"limits", false},
    [ROUTE_RESPONSIBLE] = {"responsible", false},
    [ROUTE_CO_UNITS] = {"co_units", false},
    [ROUTE_COPY] = {"copy", false},
    [ROUTE_COUNT] = {NULL, false},
};

#define RECURRENCE_MIN_STORED_MAX 1000 /* older policies may ask for more than is counted: such a route never matches */

/* The clocks whose limit a route may set: those of the responsible unit. */
static const struct word route_clocks[] = {{CLOCK_SIGN_FOR, "sign_for", "", ""},
                                           {CLOCK_PLAN, "plan", "", ""},
                                           {CLOCK_PROGRESS, "progress", "", ""},
                                           {CLOCK_RECTIFY, "rectify", "", ""},
                                           {0, NULL, NULL, NULL}};

/* Who may be made responsible. */
static const struct word route_roles[] = {
    {ROLE_HANDLER, "handler", "", ""}, {ROLE_PRINCIPAL, "principal", "", ""}, {0, NULL, NULL, NULL}};

/* Naming every word of a table is the same as naming none. */
static uint16_t route_words(struct report *report, const struct yaml_node *node, const char *what,
                            const struct word *table, uint32_t count) {
  uint16_t bits = field_words(report, node, what, table);
  uint16_t all = (uint16_t)((1u << (count + 1)) - 2);
  return bits == all ? 0 : bits;
}

static void route_conditions(struct policy_draft *draft, const struct yaml_node *const *values, struct route *route) {
  struct report *report = draft->report;
  int32_t same_problem = 0, same_kind = 0;
  route->kinds = route_words(report, values[ROUTE_KIND], "kind", words_kind, KIND_COUNT);
  route->severities = route_words(report, values[ROUTE_SEVERITY], "severity", words_severity, SEVERITY_COUNT);
  field_code(report, values[ROUTE_CATEGORY], "category", route->category);
  field_code(report, values[ROUTE_CODE_PREFIX], "code_prefix", route->code_prefix);
  field_code(report, values[ROUTE_UNIT], "unit", route->unit);
  field_code(report, values[ROUTE_INSPECTION], "inspection", route->inspection);
  field_phrase(report, values[ROUTE_TEXT], "text", route->text);
  field_integer(report, values[ROUTE_RECURRENCE_MIN], "recurrence_min", 1,
                draft->stored ? RECURRENCE_MIN_STORED_MAX : SAME_PROBLEM_COUNT_MAX, &same_problem);
  field_integer(report, values[ROUTE_SAME_KIND_MIN], "same_kind_min", 1, SAME_KIND_COUNT_MAX, &same_kind);
  route->recurrence_min = (uint16_t)same_problem;
  route->same_kind_min = (uint16_t)same_kind;
}

static void route_limit(struct policy_draft *draft, const struct yaml_node *node, struct route *route) {
  uint32_t clock = field_key_word(draft->report, node, "clock whose limit a route may set", route_clocks);
  if (clock == 0 || !field_limit(draft->report, node, "a limit", &route->limits[clock])) return;
  if (route->track != TRACK_NONE && draft->policy->tracks[route->track].limits[clock].unit == SPAN_NONE)
    report_error(draft->report, node->key->at, "the track '%s' has no clock '%s': it needs a limit and a ladder there",
                 word_name(words_track, route->track), word_name(words_clock, clock));
}

static void route_limits(struct policy_draft *draft, const struct yaml_node *const *values, struct route *route) {
  const struct yaml_node *node = values[ROUTE_LIMITS];
  field_limit(draft->report, values[ROUTE_RECTIFY], "rectify", &route->limits[CLOCK_RECTIFY]);
  if (!field_is(draft->report, node, YAML_MAPPING, "limits")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next)
    route_limit(draft, child, route);
  if (values[ROUTE_RECTIFY] != NULL && field_has(node, "rectify"))
    report_error(draft->report, values[ROUTE_RECTIFY]->key->at,
                 "'rectify' is the short form of 'limits: {rectify: ...}': give one of them");
}

static void route_co_unit(struct policy_draft *draft, const struct yaml_node *node, struct route *route) {
  char code[CODE_BYTES_MAX + 1];
  if (!field_code(draft->report, node, "a co-unit", code)) return;
  for (uint32_t i = 0; i < route->co_unit_count; i++) {
    if (strcmp(route->co_units[i], code) != 0) continue;
    report_error(draft->report, node->at, "the co-unit '%s' is named twice", code);
    return;
  }
  if (route->co_unit_count == CO_UNITS_MAX) {
    report_error(draft->report, node->at, "more than %d co-units", CO_UNITS_MAX);
    return;
  }
  strcpy(route->co_units[route->co_unit_count++], code);
}

static void route_co_units(struct policy_draft *draft, const struct yaml_node *node, struct route *route) {
  if (node == NULL) return;
  if (node->type == YAML_SCALAR) {
    route_co_unit(draft, node, route);
    return;
  }
  if (!field_is(draft->report, node, YAML_SEQUENCE, "co_units")) return;
  for (const struct yaml_node *item = node->first; item != NULL; item = item->next) route_co_unit(draft, item, route);
  if (node->first == NULL) report_error(draft->report, node->at, "the list of co-units is empty");
}

static void route_read(struct policy_draft *draft, const struct yaml_node *node, struct route *route) {
  const struct yaml_node *values[ROUTE_COUNT];
  struct report *report = draft->report;
  if (!field_take(report, node, "a route", route_fields, values)) return;
  route_conditions(draft, values, route);
  route->track = (uint8_t)field_word(report, values[ROUTE_TRACK], "track", words_track);
  route_limits(draft, values, route);
  uint32_t role = field_word(report, values[ROUTE_RESPONSIBLE], "role that can be responsible", route_roles);
  if (role == ROLE_PRINCIPAL) route->responsible = ROLE_PRINCIPAL;
  route_co_units(draft, values[ROUTE_CO_UNITS], route);
  route->copies = field_words(report, values[ROUTE_COPY], "recipient", words_recipient);
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
         strstr(route->text, before->text) != NULL && route->recurrence_min >= before->recurrence_min &&
         route->same_kind_min >= before->same_kind_min;
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
    draft->routes[index] = item;
    route_read(draft, item, &policy->routes[index]);
    if (draft->report->count == errors) route_check(draft, item, index);
  }
}
