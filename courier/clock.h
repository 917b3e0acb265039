/* clock.h - the system's clocks: one that only goes forward for pauses and rates, and the time of day for what vendors sign and for
 * the log.  When letters are due is the daemon's clock's to say. */
#ifndef RECTIFY_COURIER_CLOCK_H
#define RECTIFY_COURIER_CLOCK_H

#include <stdint.h>

int64_t clock_forward_msec(void);
int64_t clock_wall_msec(void); /* since 1970, UTC */

#endif
