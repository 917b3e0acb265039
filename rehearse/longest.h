/* longest.h - how long a policy may take from a report to an accountability proposal, derived from the policy alone.
 *
 * Two figures for each kind of finding, both in working days from the day of the report (which does not count) to the day
 * at whose end the proposal falls, by the calendar of the unit:
 *
 *   idle    nobody does anything.  The rungs of sign_for, plan and rectify fire, moves lead along the edges.
 *   capped  people drag it out with everything that the policy counts: each bounce, extension and counted rework to its
 *           limit, one stage (and one more after each counted rework), an escalation by hand to any stricter track at the
 *           worst moment; who must answer (adjudicate, verify, extension) answers on the last day.
 *
 * What the policy does not count is not in `capped`; `open` names it (enum longest_open).  Both figures are upper bounds
 * for every calendar, and for zones whose clocks are changed by at most an hour: a start on the night after a working day
 * is taken to lose that day; hours are taken to begin just before midnight.  tests/unit/test_longest.c plays the core
 * against them.  Pure: no I/O, no allocation.
 */
#ifndef RECTIFY_REHEARSE_LONGEST_H
#define RECTIFY_REHEARSE_LONGEST_H

#include "rectify/policy.h"

/* What can go on without end because the policy does not count it. */
enum longest_open {
  OPEN_REWORK = 1 << 0,   /* verification fails again and again in a track without a rework_max */
  OPEN_VERIFIER = 1 << 1, /* the verifier says nothing: the clock of rectify stands still, verify's ladder only tells */
  OPEN_OFFICE = 1 << 2,   /* the office does not adjudicate: its ladder only tells */
  OPEN_HOLD = 1 << 3,     /* holds follow one another, each within its limit */
};

#define LONGEST_PATH_MAX 5 /* tracks: each step climbs */

struct longest {
  bool routed;             /* a route can take the finding */
  bool bounded;            /* false: the last track of the path is never left */
  int32_t wd;              /* at most so many working days */
  int32_t hours;           /* at most so many hours, when the whole way is counted in hours; 0: it is not */
  uint16_t route;          /* the route, */
  uint8_t severity;        /* the severity, */
  uint32_t same_problem;   /* and the number of earlier findings that take so long */
  uint32_t path_count;
  uint8_t path[LONGEST_PATH_MAX]; /* enum track, from the first one on */
};

struct longest_kind {
  struct longest idle, capped;
  uint32_t open;          /* enum longest_open, over the tracks that a case of the kind may pass */
  uint16_t uncaught;      /* severities (bits 1 << enum severity) that some finding of the kind finds no route for */
};

/* Both figures for findings of `kind`, over every severity, recurrence and route. */
void longest_of_kind(const struct policy *policy, uint32_t kind, struct longest_kind *out);

/* The same for one finding: a route taken (by number) with these facts.  For tests and explanations. */
void longest_idle(const struct policy *policy, uint32_t route, uint32_t severity, uint32_t same_problem, struct longest *out);
void longest_capped(const struct policy *policy, uint32_t route, uint32_t severity, uint32_t same_problem,
                    struct longest *out);

/* A finding that nobody can be found for: after the office's limit, whatever track it names.  Idle it is never proposed. */
void longest_unrouted(const struct policy *policy, struct longest *capped, uint32_t *open);

/* The routes that a finding of these facts may take, by index from *at on; the answer is false when there are no more.  A
 * route that asks for code, category, unit, inspection or words may match or not; one that does not ends the list.
 * *ends: this one catches everything that is left. */
bool longest_next_route(const struct policy *policy, uint32_t kind, uint32_t severity, uint32_t same_problem,
                        uint32_t same_kind, uint32_t *at, bool *ends);

/* Working days that so many hours reach into, at most; 0 for 0. */
int32_t longest_days(int64_t hours);

#endif
