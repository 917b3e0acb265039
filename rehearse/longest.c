/* longest.c - both figures for a kind of finding: longest.h.  Findings are told apart by what routes and conditions look
 * at: the severity, and the thresholds of recurrence. */
#include "rehearse/longest.h"

#include "rectify/core.h"
#include "rehearse/facts.h"

static bool bit_allows(uint32_t bits, uint32_t number) { return bits == 0 || (bits >> number & 1u) != 0; }

bool longest_next_route(const struct policy *policy, uint32_t kind, uint32_t severity, uint32_t same_problem,
                        uint32_t same_kind, uint32_t *at, bool *ends) {
  for (; *at < policy->route_count; ++*at) {
    const struct route *route = &policy->routes[*at];
    if (!bit_allows(route->kinds, kind) || !bit_allows(route->severities, severity)) continue;
    if (same_problem < route->recurrence_min || same_kind < route->same_kind_min) continue;
    *ends = *route->category == '\0' && *route->code_prefix == '\0' && *route->unit == '\0' &&
            *route->inspection == '\0' && *route->text == '\0';
    return true;
  }
  return false;
}

/* ---- the numbers of earlier findings at which something changes ---- */

#define THRESHOLDS_MAX (ROUTES_MAX + 3)

struct thresholds {
  uint32_t count;
  uint32_t at[THRESHOLDS_MAX];
};

static void note(struct thresholds *thresholds, uint32_t value) {
  for (uint32_t i = 0; i < thresholds->count; i++)
    if (thresholds->at[i] == value) return;
  thresholds->at[thresholds->count++] = value;
}

static struct thresholds of_same_problem(const struct policy *policy) {
  struct thresholds thresholds = {1, {0}};
  if (policy->recurrence_days == 0) return thresholds; /* nothing is ever counted */
  note(&thresholds, 1);
  note(&thresholds, policy->recurrence_min > 0 ? (uint32_t)policy->recurrence_min : 1);
  for (uint32_t i = 0; i < policy->route_count; i++) note(&thresholds, policy->routes[i].recurrence_min);
  return thresholds;
}

static struct thresholds of_same_kind(const struct policy *policy) {
  struct thresholds thresholds = {1, {0}};
  if (policy->same_kind_days == 0) return thresholds;
  for (uint32_t i = 0; i < policy->route_count; i++) note(&thresholds, policy->routes[i].same_kind_min);
  return thresholds;
}

/* ---- what goes on without end ---- */

/* Whether a rung of the clock's ladder climbs whatever people do. */
static bool ladder_climbs(const struct policy *policy, uint32_t track, uint32_t clock) {
  const struct facts plain = {SEVERITY_MINOR, 0};
  const struct ladder *ladder = &policy->ladders[policy->tracks[track].ladders[clock]];
  for (uint32_t k = 0; k < ladder->count; k++)
    if (rung_climbs(policy, &ladder->rungs[k], track) && rung_acts_always(&ladder->rungs[k], &plain)) return true;
  return false;
}

/* Of one track: whether somebody can stay in it for ever without breaking a count. */
static uint32_t open_in(const struct policy *policy, uint32_t track) {
  const struct track_policy *row = &policy->tracks[track];
  uint32_t open = 0;
  if (row->rework_max == 0 || row->edges[EDGE_QUALITY] == TRACK_NONE) open |= OPEN_REWORK;
  if (!ladder_climbs(policy, track, CLOCK_VERIFY)) open |= OPEN_VERIFIER;
  if (policy->bounce_max > 0) open |= OPEN_OFFICE;
  if (policy->hold_max.unit != SPAN_NONE) open |= OPEN_HOLD;
  return open;
}

static void take(struct longest *worst, const struct longest *found) {
  if (!found->routed || (worst->routed && !worst->bounded)) return;
  if (!worst->routed || !found->bounded || found->wd > worst->wd) *worst = *found;
}

static void take_route(const struct policy *policy, uint32_t index, uint32_t severity, uint32_t same_problem,
                       struct longest_kind *out) {
  struct longest idle = {0}, capped = {0};
  const uint32_t first = facts_first_track(policy, &policy->routes[index], same_problem);
  longest_idle(policy, index + 1, severity, same_problem, &idle);
  longest_capped(policy, index + 1, severity, same_problem, &capped);
  take(&out->idle, &idle);
  take(&out->capped, &capped);
  for (uint32_t track = 1; first != TRACK_ACCOUNTABILITY && track < TRACK_ACCOUNTABILITY; track++)
    if (track == first || track_is_stricter(track, first)) out->open |= open_in(policy, track);
}

void longest_of_kind(const struct policy *policy, uint32_t kind, struct longest_kind *out) {
  const struct thresholds problems = of_same_problem(policy), kinds = of_same_kind(policy);
  *out = (struct longest_kind){0};
  for (uint32_t severity = 1; severity <= SEVERITY_COUNT; severity++)
    for (uint32_t i = 0; i < problems.count * kinds.count; i++) {
      const uint32_t same_problem = problems.at[i % problems.count], same_kind = kinds.at[i / problems.count];
      bool ends = false;
      for (uint32_t at = 0; !ends && longest_next_route(policy, kind, severity, same_problem, same_kind, &at, &ends); at++)
        take_route(policy, at, severity, same_problem, out);
      if (!ends) out->uncaught |= (uint16_t)(1u << severity);
    }
}
