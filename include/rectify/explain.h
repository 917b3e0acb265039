/* explain.h - "why?" and "what next?": a case's history and future told in sentences, in English or Chinese.
 *
 * Pure, as all of core/: the caller brings the events and takes the lines.  A line is UTF-8 without a line break, at most
 * 100 columns wide where its parts allow (a CJK character is two columns), and borrowed for the call.
 */
#ifndef RECTIFY_EXPLAIN_H
#define RECTIFY_EXPLAIN_H

#include "rectify/core.h"

typedef void explain_line_fn(void *context, const char *text);

/* Who is told, in which language, with which names and clocks on the wall. */
struct teller {
  const struct world *world;
  const struct zone *zone;         /* of the case's unit, */
  const struct calendar *calendar; /* and its calendar in force */
  bool zh;
  explain_line_fn *line;
  void *context;
};

/* ---- explain_case.c: why a case stands where it stands ---- */

enum story_reason {
  STORY_HOLD = 1,      /* the case was on hold */
  STORY_VERIFICATION,  /* somebody verified */
  STORY_BOUNCE,        /* the office had to say whose case it is */
  STORY_EXTENSION,     /* more time was asked for */
  STORY_OTHER,         /* anything else that moved a clock: the rule says what */
};

/* Some time that was given: to the whole case (clock 0), or to one of its clocks. */
struct story_span {
  uint8_t reason; /* enum story_reason */
  uint8_t clock;
  uint16_t rule;          /* that began it */
  uint16_t rule_end;      /* that ended it; 0: it is not over */
  uint32_t event, event_end; /* their numbers */
  uint32_t officer, officer_end; /* who; 0: the daemon */
  usec_t from, until;
  int32_t asked;  /* extension: working days asked for */
  int64_t amount; /* what it added: working days; to a clock of hours: microseconds, or hours for an extension */
};

#define STORY_SPANS_MAX 64

/* The fold of a case's history into sentences.  Fill with story_begin(), give it every event in order, then end it.  About
 * 10 kB; no part of it is the caller's business. */
struct story {
  struct teller teller;
  const struct case_state *present; /* as stored; borrowed until story_end() */
  struct case_state state;          /* as folded so far */
  struct attribution attribution;
  uint32_t calendar_version, registry_version; /* of the last event */
  bool damaged;
  uint32_t span_count, spans_lost;
  struct story_span spans[STORY_SPANS_MAX];
  struct { /* reminders that only repeat are counted instead of told */
    uint32_t count, version;
    uint8_t clock;
    uint16_t rule;
    usec_t last;
  } again;
};

/* `present`: the case as it stands (its unit says which zone and calendar).  Tells the head. */
void story_begin(struct story *story, const struct world *world, const struct case_state *present, bool zh,
                 explain_line_fn *line, void *context);
/* Tells the next event: its date, number and people, the rule that fired, what it changed.  `text`: what was said with it,
 * `length` bytes, may be NULL. */
void story_event(struct story *story, const struct event *event, const char *text, size_t length);
/* The events could not be read on: says so.  Later ones are ignored. */
void story_cut(struct story *story);
/* Tells every day of each clock that runs or stands still, what moved it, holds and extensions, and the working days by
 * holder until `now`, or until the case was closed. */
void story_end(struct story *story, usec_t now);

/* ---- explain_next.c: what will happen if nobody does anything ---- */

struct outlook {
  struct teller teller;
  const struct world *world;
  struct case_state before; /* the next event */
  uint32_t steps;
  usec_t proposed; /* when accountability is proposed first; 0: not within the steps */
};

void outlook_begin(struct outlook *outlook, const struct world *world, const struct case_state *present, bool zh,
                   explain_line_fn *line, void *context);
/* One step of case_forecast(). */
void outlook_event(struct outlook *outlook, const struct event *event, const struct case_state *after);
void outlook_end(struct outlook *outlook);

#endif
