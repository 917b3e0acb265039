/* history.h - random histories: thousands of commands, sensible ones and nonsense, on cases that have to do with each other,
 * in random time, with publications in between.
 *
 * A history is a list of steps; a step is one number, and all that happens in it follows from that number and from what
 * happened before.  So any part of a history is a history again, and one that breaks a promise can be made short: steps are
 * left out as long as it still breaks (main.c).  play.c plays, people.c says what people do, finish.c closes what is
 * open in the end, check.c says what must hold.
 */
#ifndef RECTIFY_TESTS_HISTORY_H
#define RECTIFY_TESTS_HISTORY_H

#include "proto/codec.h"
#include "tests/lib/city.h"

#define HISTORY_STEPS_MAX 400
#define HISTORY_CASES_MAX 160
#define HISTORY_EVENTS_MAX 20000

struct history_case {
  struct case_state state;
  struct case_state folded; /* from the packed records alone */
  struct attribution attribution;
  bool was_closed; /* once: the days in between are nobody's */
};

struct history {
  struct city *city;
  uint64_t dice; /* of the step under way */
  usec_t now;
  uint32_t case_count;
  struct history_case cases[HISTORY_CASES_MAX];
  uint32_t event_count;
  struct uuid keys[HISTORY_EVENTS_MAX];
  uint64_t digest;   /* of all records: the same commands give the same bytes */
  uint32_t order_year, order_serial;
  uint64_t key_next;
  size_t event_bytes, state_bytes; /* the longest */
  bool tell;         /* print what happens */
  char wrong[400];   /* what was broken; empty: nothing */
  uint32_t accepted[COMMAND_COUNT + 1], refused[1000];
};

/* ---- main.c ---- */
/* A number below `bound` from the step's dice. */
uint32_t dice_below(struct history *history, uint32_t bound);
bool dice_percent(struct history *history, uint32_t percent);

/* ---- play.c ---- */
/* Plays the steps from nothing.  Stops at the first thing that is wrong. */
void history_play(struct history *history, const uint64_t *steps, uint32_t count);
struct history_case *history_case_of(struct history *history, uint64_t case_no);

/* Decides, records, folds and checks; returns the verdict's rule.  `found` NULL: no case. */
uint32_t history_command(struct history *history, struct history_case *found, const struct command *command);
void history_key(struct history *history, struct command *command);
/* Every case with a timer is reviewed, as after a publication. */
void history_review(struct history *history);

/* ---- main.c ---- */
/* Everybody and every unit is there again, as at the beginning. */
void history_people_back(struct history *history);

/* ---- finish.c ---- */
/* With everybody there again and of good will each open case can be closed: none was made that nobody can close. */
void history_finish(struct history *history);

/* ---- people.c ---- */
/* What somebody asks of the case next: mostly sensible, sometimes nonsense. */
void people_ask(struct history *history, const struct case_state *state, struct command *out);
/* A finding, mostly a good one. */
void people_find(struct history *history, struct command *out, struct finding *finding);

/* ---- check.c ---- */
/* Notes the first thing that is wrong. */
void history_wrong(struct history *history, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What must hold after an event that was recorded. */
/* Whether two states are the same in every field: by what is packed of them, for the bytes between fields may be any. */
bool history_same(const struct case_state *a, const struct case_state *b);

void check_event(struct history *history, const struct case_state *before, const struct history_case *after,
                 const struct event *event);
/* What must hold when every open case was reviewed after a publication. */
void check_posts(struct history *history);
/* What must hold between cases, at the end of each step. */
void check_cases(struct history *history);

#endif
