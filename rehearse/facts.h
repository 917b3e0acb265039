/* facts.h - what a rung does to a case, as far as the policy alone can tell; shared by the analyses of rehearse/. */
#ifndef RECTIFY_REHEARSE_FACTS_H
#define RECTIFY_REHEARSE_FACTS_H

#include "rectify/policy.h"

/* What is known of the finding. */
struct facts {
  uint8_t severity;
  uint32_t same_problem;
};

/* Conditions that nobody can change; the others hold or not by what people do. */
#define CONDITIONS_FIXED ((1u << CONDITION_RECURRENT) | (1u << CONDITION_GRAVE))
/* Those that hold as long as nobody does anything. */
#define CONDITIONS_IDLE ((1u << CONDITION_UNSIGNED) | (1u << CONDITION_NO_PLAN))

/* The bits of enum condition that the facts make true. */
uint32_t facts_conditions(const struct facts *facts);

/* Whether the rung acts when exactly the conditions of `true_bits` hold. */
bool rung_acts(const struct rung *rung, uint32_t true_bits);
/* Whether it acts whatever people do: it asks for nothing that they can change. */
bool rung_acts_always(const struct rung *rung, const struct facts *facts);

/* Where the rung moves a case in `track`: enum track, 0 nowhere. */
uint32_t rung_target(const struct policy *policy, const struct rung *rung, uint32_t track);
/* Whether it moves a case in `track` or proposes. */
bool rung_climbs(const struct policy *policy, const struct rung *rung, uint32_t track);

/* The track that a case of this route begins in: one up for a recurrence. */
uint32_t facts_first_track(const struct policy *policy, const struct route *route, uint32_t same_problem);
/* The limit of a clock in the track where the route's limits apply. */
struct span facts_limit(const struct policy *policy, const struct route *route, uint32_t track, uint32_t clock);

#endif
