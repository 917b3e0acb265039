/* tally.h - what a rehearsal counts: filled event by event, in order of time.  Callers: play.c. */
#ifndef RECTIFY_REHEARSE_TALLY_H
#define RECTIFY_REHEARSE_TALLY_H

#include "rehearse/rehearse.h"

#define NOTICES_DAY_MAX 4096 /* told apart up to here, for the percentiles */

struct tally {
  const struct world *world;
  struct rehearsal_result *out;
  day_t day;           /* whose notices are being counted */
  uint32_t *today;     /* by officer: notices of the day */
  bool *told;          /* by officer: ever */
  uint32_t *busy;      /* the officers who have been told something today, */
  uint32_t busy_count; /* and how many */
  uint64_t days[NOTICES_DAY_MAX + 1]; /* officer-days by number of notices */
};

/* False when memory ran out. */
bool tally_open(struct tally *tally, const struct world *world, struct rehearsal_result *out);
/* An accepted event and the case after it. */
void tally_event(struct tally *tally, const struct event *event, const struct case_state *before, const struct case_state *after);
/* A case as it stands at the end. */
void tally_case(struct tally *tally, const struct case_state *state, usec_t until);
/* Settles the percentiles and frees everything but *out. */
void tally_close(struct tally *tally);

#endif
