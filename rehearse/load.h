/* load.h - whether what falls due can be done at the pace of the past: for one officer, week by week.  Pure.
 *
 * Pace: the median of how many cases were closed a week, over the last LOAD_HISTORY_WEEKS whole weeks, or over as many as there are
 * since the first closing.  The median, because one week in which forty were closed in bulk says nothing about the next.
 *
 * A week is too full when more falls due by its end (what is overdue counts, and what an earlier week could not hold) than pace x
 * weeks until then can do, this week included.  It is named when something falls due in it: there the promise breaks. */
#ifndef RECTIFY_REHEARSE_LOAD_H
#define RECTIFY_REHEARSE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#define LOAD_HISTORY_WEEKS 13
#define LOAD_HISTORY_WEEKS_MIN 8 /* fewer say nothing about a pace, */
#define LOAD_CLOSINGS_MIN 4      /* nor do fewer closings in all */
#define LOAD_AHEAD_WEEKS 26

struct load {
  uint32_t closed[LOAD_HISTORY_WEEKS]; /* the newest whole week first */
  uint32_t history;                    /* how many of them lie behind the first closing ever; at most LOAD_HISTORY_WEEKS */
  uint32_t overdue;
  uint32_t due[LOAD_AHEAD_WEEKS]; /* this week first */
};

struct load_week {
  uint32_t due_in_all; /* by its end */
  uint32_t can_in_all;
  bool over;
};

struct load_outlook {
  bool known;         /* else there is too little history, and no week is over */
  uint32_t pace_twice; /* the median, times two: it may end on a half */
  struct load_week weeks[LOAD_AHEAD_WEEKS];
};

void load_foresee(const struct load *load, struct load_outlook *out);

#endif
