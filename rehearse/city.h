/* city.h - a made-up municipality and its findings, for rehearsals: the same seed gives the same city.
 *
 * Below the root: a unit `office-of-inspection` whose people inspect, and `units` units with `branches` branches, shared out
 * evenly.  `people` people: the office (3), the accountability body (1), 24 verifiers and 40 inspectors; a principal of each
 * unit; a principal and, where there are people left, a handler of each branch; the rest are staff without an appointment.
 *
 * Findings: on working days from 09:00 to 17:00, evenly over the year; at a branch, the first ones more often (the least of
 * two draws); kinds prominent 25, loophole 10, incipient 40, poor_execution 20, no_responsibility 5 of 100; severities minor
 * 40, ordinary 40, major 15, urgent 5; one of 60 codes in 6 categories (the least of two draws); the unit is unknown in 1 of
 * 100.
 */
#ifndef RECTIFY_REHEARSE_CITY_H
#define RECTIFY_REHEARSE_CITY_H

#include "rehearse/rehearse.h"

#define CITY_PEOPLE_FIXED 68 /* office, body, verifiers, inspectors */

struct city_plan {
  uint32_t units, branches, people;
  uint64_t seed;
  uint32_t findings; /* in a year */
  uint32_t years;
  day_t first;       /* first day of the first year */
};

struct made_city {
  struct registry registry; /* units[1] is the root; index NULL */
  uint32_t team, inspector;
  struct rehearsal_finding *findings;
  uint32_t count;
};

/* Why the plan cannot be: a sentence, or NULL. */
const char *city_plan_wrong(const struct city_plan *plan);

/* Makes the city; its units take calendar and zone 0.  False when memory ran out.  `calendar` and `zone` are borrowed for
 * the call. */
bool city_make(const struct city_plan *plan, const struct calendar *calendar, const struct zone *zone, struct made_city *out);
void city_free(struct made_city *city);

#endif
