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

/* Moves a manual clock forward to `to`; earlier instants change nothing. */
void clock_advance(usec_t to);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_monotonic_msec(void);

#endif
