/* posts.c - whether the people whom a policy counts on are there: posts.h. */
#include "rehearse/posts.h"

#include <string.h>

#include "rectify/core.h"

struct posts {
  const struct policy *policy;
  const struct registry *registry;
  day_t day;
  struct gaps *gaps;
};

/* ---- units that routes name ---- */

static bool is_unit(const struct registry *registry, const char *code) {
  for (uint32_t unit = 1; unit <= registry->unit_count; unit++)
    if (!registry->units[unit].retired && strcmp(registry->units[unit].code, code) == 0) return true;
  return false;
}

static void check_routes(const struct posts *posts) {
  for (uint32_t i = 0; i < posts->policy->route_count; i++) {
    const struct route *route = &posts->policy->routes[i];
    if (*route->unit != '\0' && !is_unit(posts->registry, route->unit))
      gap_note(posts->gaps, true, GAP_ROUTE, i, "route %u: the registry has no unit '%s'", i + 1, route->unit);
    for (uint32_t k = 0; k < route->co_unit_count; k++)
      if (!is_unit(posts->registry, route->co_units[k]))
        gap_note(posts->gaps, true, GAP_ROUTE, i, "route %u: the registry has no unit '%s' that could take part", i + 1,
                 route->co_units[k]);
  }
}

/* ---- people, unit by unit ---- */

/* Whether somebody is meant by the recipient in cases of the unit; those who come with the case itself always are. */
static bool is_somebody(const struct posts *posts, uint32_t unit, enum recipient recipient) {
  const struct registry *registry = posts->registry;
  const uint32_t above = registry->units[unit].parent;
  switch (recipient) {
  case RECIPIENT_PRINCIPAL: return registry_holder(registry, unit, ROLE_PRINCIPAL, posts->day) != 0;
  case RECIPIENT_ABOVE: return above == 0 || registry_holder(registry, above, ROLE_PRINCIPAL, posts->day) != 0;
  case RECIPIENT_ABOVE_2:
    return above == 0 || registry->units[above].parent == 0 ||
           registry_holder(registry, registry->units[above].parent, ROLE_PRINCIPAL, posts->day) != 0;
  case RECIPIENT_TOP:
    while (registry->units[unit].parent != 0) unit = registry->units[unit].parent;
    return registry_holder(registry, unit, ROLE_PRINCIPAL, posts->day) != 0;
  case RECIPIENT_OFFICE: return registry_holder(registry, unit, ROLE_OFFICE, posts->day) != 0;
  case RECIPIENT_VERIFIER:
    return registry_holder(registry, unit, ROLE_VERIFIER, posts->day) != 0 ||
           registry_holder(registry, unit, ROLE_OFFICE, posts->day) != 0;
  case RECIPIENT_BODY: return registry_holder(registry, unit, ROLE_BODY, posts->day) != 0;
  case RECIPIENT_NONE:
  case RECIPIENT_HANDLER:
  case RECIPIENT_ACCOUNTABLE:
  case RECIPIENT_REPORTER:
  case RECIPIENT_SUBJECT:
  case RECIPIENT_TEAM: break;
  }
  return true;
}

/* How many units have nobody; *first is one of them. */
static uint32_t units_without(const struct posts *posts, enum recipient recipient, uint32_t *first) {
  uint32_t count = 0;
  for (uint32_t unit = 1; unit <= posts->registry->unit_count; unit++) {
    if (posts->registry->units[unit].retired || is_somebody(posts, unit, recipient)) continue;
    if (count++ == 0) *first = unit;
  }
  return count;
}

static uint32_t recipients_used(const struct policy *policy) {
  uint32_t used = 0;
  for (uint32_t i = 0; i < policy->ladder_count; i++)
    for (uint32_t k = 0; k < policy->ladders[i].count; k++)
      used |= policy->ladders[i].rungs[k].recipients | (uint32_t)policy->ladders[i].rungs[k].copies;
  for (uint32_t i = 0; i < policy->route_count; i++) used |= policy->routes[i].copies;
  return used;
}

static void check_recipients(const struct posts *posts) {
  const uint32_t used = recipients_used(posts->policy);
  for (uint32_t recipient = 1; recipient <= RECIPIENT_COUNT; recipient++) {
    uint32_t first = 0, count = (used >> recipient & 1u) != 0 ? units_without(posts, recipient, &first) : 0;
    if (count > 0)
      gap_note(posts->gaps, false, GAP_FILE, 0, "nobody is '%s' for %u units (%s): what is sent to them reaches no one",
               word_name(words_recipient, recipient), count, posts->registry->units[first].code);
  }
}

static bool answers(const struct posts *posts, uint32_t unit) {
  return registry_holder(posts->registry, unit, ROLE_HANDLER, posts->day) != 0 ||
         registry_holder(posts->registry, unit, ROLE_PRINCIPAL, posts->day) != 0;
}

static void check_responsible(const struct posts *posts) {
  uint32_t count = 0, first = 0;
  for (uint32_t unit = 1; unit <= posts->registry->unit_count; unit++) {
    if (posts->registry->units[unit].retired || answers(posts, unit)) continue;
    if (count++ == 0) first = unit;
  }
  if (count > 0)
    gap_note(posts->gaps, false, GAP_FILE, 0, "nobody answers for %u units (%s): their findings wait for the office", count,
             posts->registry->units[first].code);
  count = units_without(posts, RECIPIENT_BODY, &first);
  if (count > 0)
    gap_note(posts->gaps, false, GAP_FILE, 0, "nobody can decide on accountability for %u units (%s): no officer is 'body'", count,
             posts->registry->units[first].code);
}

void policy_posts(const struct policy *policy, const struct registry *registry, day_t day, struct gaps *gaps) {
  const struct posts posts = {policy, registry, day, gaps};
  check_routes(&posts);
  check_responsible(&posts);
  check_recipients(&posts);
}
