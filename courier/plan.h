/* plan.h - when a notice becomes a letter, and with which others; pure: the instant is a parameter.
 *
 * Urgent kinds go at once, but not in an officer's quiet hours unless the settings say so; all else is gathered until the
 * officer's next time for digests, on a working day where the officer wishes.  Notices that make up for an outage (the same digest
 * number) are one letter, urgent when one of them is.  Many urgent ones at one time are one letter too: nobody reads a flood.
 * Callers: post.c, tests.
 */
#ifndef RECTIFY_COURIER_PLAN_H
#define RECTIFY_COURIER_PLAN_H

#include "document/courier.h"

#define PLAN_LETTER_MAX 64 /* notices in one letter; of more, the next letter */

struct plan_rules {
  uint16_t at_once, through_quiet; /* bits 1 << kind of notice */
  int32_t gather_from;             /* so many urgent ones are one letter; 0: never */
};

/* The officer: what contacts.yaml says, the zone it names, and the calendar of working days. */
struct plan_officer {
  const struct contact *contact;
  const struct zone *zone;
  const struct calendar *calendar;
};

struct plan_notice {
  uint64_t digest;  /* 0: one by itself */
  usec_t created;
  uint8_t kind;
  bool settled;     /* no more notices of its digest number are to be expected */
};

/* What becomes of one notice now. */
struct plan_place {
  uint32_t letter; /* from 1; those with the same number are one letter.  0: it waits */
  bool urgent;
};

/* Judges the notices of one officer, in the order of their ids.  Returns how many letters there are, fills `places`, and lowers
 * *next to the instant from which on a notice that waits may go (`now`: it waits for others of its number).  `force`: nothing
 * waits. */
uint32_t plan_officer(const struct plan_rules *rules, const struct plan_officer *officer, usec_t now, bool force,
                      const struct plan_notice *notices, uint32_t count, struct plan_place *places, usec_t *next);

/* The end of the officer's quiet hours if `now` lies in them; else `now`. */
usec_t plan_quiet_end(const struct plan_officer *officer, usec_t now);
/* The first time for digests that is not before `instant`; `instant` when the officer wants none. */
usec_t plan_digest_at(const struct plan_officer *officer, usec_t instant);

/* Seconds until the next attempt after `failures` + 1 passing failures: `first`, doubled each time up to `most`, less or more a
 * quarter by `random`, so that what failed together does not come again together. */
int32_t plan_backoff(int32_t first, int32_t most, uint32_t failures, uint32_t random);

#endif
