/* clock.h - the only code of the daemon that asks for the time.
 *
 * The domain's clock says when something happened; it is the system's, or a manual one that only moves when told
 * (demonstrations and tests).  The monotonic clock paces reconnects and leases and is never recorded.
 */
#ifndef RECTIFY_CLOCK_H
#define RECTIFY_CLOCK_H

#include "rectify/calendar.h"

/* Makes the clock manual, standing at `start`. */
void clock_set_manual(usec_t start);
bool clock_is_manual(void);

/* The domain's now.  Never runs backwards within one process: a system clock set back stands still until it has
 * caught up. */
usec_t clock_now(void);

/* Whether the system's clock is behind what clock_now() says, so that it stands still. */
bool clock_is_ahead(void);

/* A step of the system's clock cannot be taken back once something was recorded by it: rungs fire, dates are reckoned.  So one
 * of more than CLOCK_STEP_HOURS_MAX, either way, is not followed: the clock goes on evenly, until the step is undone or the
 * daemon is started again, which says that it was meant. */
#define CLOCK_STEP_HOURS_MAX 6
struct clock_guard {
  bool begun, held;
  usec_t offset; /* of the system's clock from the time since boot, as it was trusted last */
};
/* What the clock says when the system's says `real` and `boot` have passed since the machine started (suspended or not). */
usec_t clock_guard(struct clock_guard *guard, usec_t real, usec_t boot);

/* What has changed since the last call; never for a manual clock. */
enum clock_news { CLOCK_SAME, CLOCK_STEPPED, CLOCK_STEP_UNDONE, CLOCK_FELL_BEHIND, CLOCK_CAUGHT_UP };
enum clock_news clock_turn(void);

/* Moves a manual clock forward to `to`; earlier instants change nothing. */
void clock_advance(usec_t to);

/* The system's clock as it stands, whatever the domain's says: for the log's lines, never recorded. */
usec_t clock_system(void);

/* Milliseconds of CLOCK_MONOTONIC, and microseconds. */
int64_t clock_monotonic_msec(void);
int64_t clock_monotonic_usec(void);

#endif
