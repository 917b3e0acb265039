/* grade.h - what is counted of a case for its unit, and how a policy makes points and a grade of it.
 *
 * Pure and in whole numbers: points are hundredths of a point, rounded half up once a component.  The same counts and the
 * same policy give the same points on every machine.
 */
#ifndef RECTIFY_GRADE_H
#define RECTIFY_GRADE_H

#include "rectify/core.h"

/* ---- facts.c: what is counted ---- */

#define FACTS_MARKS_MAX 64 /* of one case; more are counted as lost, and whoever asks is told */

/* Something that counts for a unit, and the event that shows it. */
struct score_mark {
  uint8_t what;       /* enum score */
  uint32_t event;     /* its number in the case; of MISSED: the first event after the date had passed */
  uint32_t generation; /* KEPT and MISSED: of the clock */
  uint64_t log_index; /* of the event */
  uint32_t unit;      /* who was responsible then */
  day_t day;          /* local day on which it counts: of the event; of KEPT and MISSED the due date's last day */
};

/* The fold of one case into what counts.  All zero before the first event. */
struct facts {
  struct attribution holders;             /* working days by holder */
  int32_t status_days[STATUS_COUNT + 1];  /* the same days by the status that the case was in when they began */
  uint8_t status;
  uint32_t marks_lost;
  uint32_t mark_count;
  struct score_mark marks[FACTS_MARKS_MAX]; /* in the order of the log */
  bool placed;                              /* FRESH or REPEATED was noted */
  uint64_t last_index;
};

/* Takes the next event: `before` and `after` are the case without and with it, `log_index` where it stands in the log.  Refused
 * attempts count for nothing.  Days are those of the calendar and zone that the case's unit has in `world`.
 *
 * A due date is one of the `rectify` clock.  KEPT: a closing was asked for before it had passed, and verified.  MISSED: it
 * passed while that clock ran; taken back when the date is moved behind that (an extension asked for in time and granted
 * late).  While somebody verifies it is neither. */
void facts_step(struct facts *facts, const struct world *world, const struct case_state *before, const struct event *event,
                uint64_t log_index, const struct case_state *after);
/* The case as it stands at `now`: a date that has passed by then is MISSED though nothing was recorded since. */
void facts_end(struct facts *facts, const struct world *world, const struct case_state *state, usec_t now);

/* ---- grade.c: points ---- */

#define GRADE_POINT 100 /* hundredths */

/* How many of each kind were counted, by enum score. */
struct score_tally {
  uint32_t counts[SCORE_COUNT + 1];
};

uint32_t component_good(uint32_t component); /* bits 1 << enum score */
uint32_t component_bad(uint32_t component);
uint32_t tally_sum(const struct score_tally *tally, uint32_t scores);

/* Points of `weight` (1 to 100) for `good` of `count`: in hundredths,
 *   weight * (100 * good + cases * expected) / (cases + count), rounded half up:
 * as if `cases` (from 1) more had been counted of which `expected` in a hundred were well.  A unit with nothing to count has what is
 * expected, one with few stays near it, and nobody's points depend on other units. */
int32_t grade_points(uint32_t weight, uint32_t expected, uint32_t cases, uint32_t good, uint32_t count);

/* What the `nth` good one (from 1) gave, and the `nth` bad one took, of `good` and `bad`; nth 0: what was given and taken before
 * anything was counted.  All that was given adds up to grade_points(), all that was taken to what is missing from the weight. */
int32_t grade_gave(uint32_t weight, uint32_t expected, uint32_t cases, uint32_t good, uint32_t bad, uint32_t nth);
int32_t grade_took(uint32_t weight, uint32_t expected, uint32_t cases, uint32_t good, uint32_t bad, uint32_t nth);

struct score_card {
  struct {
    uint32_t good, bad;
    int32_t points;
  } components[GRADING_COMPONENTS_MAX]; /* as in the policy */
  int32_t extras[GRADING_EXTRAS_MAX];   /* likewise */
  int32_t points;                       /* all together, never below 0 */
  int32_t veto;                         /* index of the veto that decided; -1 none */
  uint32_t grade;                       /* index into the policy's grades */
};
/* The policy must have a grading. */
void score_card(const struct grading *grading, const struct score_tally *tally, struct score_card *out);

/* ---- percentiles ---- */

/* The value that `percent` (1 to 100) in a hundred of `sorted` (ascending, `count` of them, from 1) do not exceed: the nearest rank,
 * ceil(percent * count / 100). */
int32_t percentile(const int32_t *sorted, size_t count, uint32_t percent);

#endif
