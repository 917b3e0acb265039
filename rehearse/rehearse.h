/* rehearse.h - a policy played over findings in virtual time: who would have been escalated, how many notices a day.
 *
 * The same core as the daemon's: findings are submitted, people act (people.h), rungs fire, follow-ups are decided at once.
 * What is missing is the database.  Integers only and an order that depends on nothing but the input: the same input gives
 * the same result, everywhere.  No I/O, no clock; memory is allocated.
 */
#ifndef RECTIFY_REHEARSE_REHEARSE_H
#define RECTIFY_REHEARSE_REHEARSE_H

#include "rectify/core.h"

struct rehearsal_finding {
  usec_t at; /* submitted */
  day_t found_on;
  uint32_t unit; /* 0: nobody knows it */
  uint8_t kind, severity;
  uint32_t code_key, category_key; /* equal numbers are equal texts; 0: none */
  const char *code, *category, *inspection, *text; /* borrowed; "" for none */
};

struct rehearsal {
  struct world world; /* one policy, of version 1 */
  const struct rehearsal_finding *findings; /* ascending by `at` */
  uint32_t count;
  usec_t until;
  uint64_t seed;
  bool idle; /* nobody does anything, ever */
  uint32_t team, inspector; /* who submits */
};

#define HOLIDAY_LONG_DAYS 5 /* so many days off in a row are a long holiday */

/* A unit right below the root, with everything below it. */
struct rehearsal_unit {
  uint32_t unit;
  uint32_t findings, moves, proposals;
  uint32_t into[TRACK_COUNT + 1]; /* the moves, by the track that they led to */
};

struct rehearsal_result {
  uint32_t findings;              /* accepted */
  uint32_t unrouted[KIND_COUNT + 1]; /* by kind: no route matched, */
  uint32_t unit_unknown;          /* or nobody could be found */
  uint32_t spawned;               /* cases that followed from others */
  uint32_t closed, open, overdue; /* at the end; overdue: open and beyond the date */
  uint32_t first[TRACK_COUNT + 1];  /* cases that began in the track */
  uint32_t moved[TRACK_COUNT + 1];  /* moves into the track */
  uint32_t edges[EDGE_COUNT + 1];   /* moves along the edge; 0: by hand */
  uint32_t proposals;
  uint64_t events, refusals, rungs;
  uint64_t notices, officer_days;   /* days on which an officer is told something */
  uint32_t officers_told;
  uint32_t day_p50, day_p99, day_max; /* notices of an officer on such a day */
  uint64_t dues;                    /* limits that started to run, */
  uint64_t dues_inside, dues_eve;   /* that end inside a long holiday, or on the last day before one */
  uint32_t unit_count;
  struct rehearsal_unit *units;     /* owned; most moves first */
};

/* Plays it.  False when memory ran out: *out is then empty. */
bool rehearse(const struct rehearsal *rehearsal, struct rehearsal_result *out);
void rehearsal_free(struct rehearsal_result *result);

/* How often the same problem, or the same kind, was found before within the policy's windows, for each finding: sets
 * counts[2 * i] and counts[2 * i + 1].  False when memory ran out. */
bool rehearsal_recurrence(const struct rehearsal *rehearsal, uint32_t *counts);

#endif
