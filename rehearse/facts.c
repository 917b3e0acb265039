/* facts.c - what a rung does to a case, as far as the policy alone can tell: facts.h.  The same rules as
 * core/decide_rung.c and core/decide_submit.c, read from the other side; tests/unit/test_longest.c holds them together. */
#include "rehearse/facts.h"

uint32_t facts_conditions(const struct facts *facts) {
  uint32_t bits = 0;
  if (facts->same_problem > 0) bits |= 1u << CONDITION_RECURRENT;
  if (facts->severity >= SEVERITY_MAJOR) bits |= 1u << CONDITION_GRAVE;
  return bits;
}

bool rung_acts(const struct rung *rung, uint32_t true_bits) {
  return (rung->conditions & ~true_bits) == 0 && (rung->unless & true_bits) == 0;
}

bool rung_acts_always(const struct rung *rung, const struct facts *facts) {
  return ((rung->conditions | rung->unless) & ~CONDITIONS_FIXED) == 0 && rung_acts(rung, facts_conditions(facts));
}

uint32_t rung_target(const struct policy *policy, const struct rung *rung, uint32_t track) {
  uint32_t target = rung->edge == EDGE_NONE ? TRACK_NONE : policy->tracks[track].edges[rung->edge];
  return target == track ? TRACK_NONE : target;
}

bool rung_climbs(const struct policy *policy, const struct rung *rung, uint32_t track) {
  return rung->propose || rung_target(policy, rung, track) != TRACK_NONE;
}

uint32_t facts_first_track(const struct policy *policy, const struct route *route, uint32_t same_problem) {
  const uint32_t least = policy->recurrence_min > 0 ? (uint32_t)policy->recurrence_min : 1;
  if (same_problem < least || policy->recurrence_edge == EDGE_NONE) return route->track;
  const uint32_t raised = policy->tracks[route->track].edges[policy->recurrence_edge];
  return raised != TRACK_NONE ? raised : route->track;
}

struct span facts_limit(const struct policy *policy, const struct route *route, uint32_t track, uint32_t clock) {
  if (route != NULL && route->limits[clock].unit != SPAN_NONE) return route->limits[clock];
  return policy->tracks[track].limits[clock];
}
