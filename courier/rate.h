/* rate.h - so many messages in any 60 seconds and no more: what vendors of chat count.  Pure: milliseconds are a parameter.
 *
 * The times of the last messages are kept and not a count that fills up again: a bucket that is full at the wrong moment lets
 * twice as many through within one minute, and DingTalk then stays silent for ten.
 */
#ifndef RECTIFY_COURIER_RATE_H
#define RECTIFY_COURIER_RATE_H

#include <stdint.h>

#include "document/courier.h"

struct rate {
  uint32_t per_minute; /* 0: no bound */
  uint32_t at;         /* where the oldest stands */
  int64_t sent[CHANNEL_PER_MINUTE_MAX]; /* 0: none yet */
};

/* When the next message may go: `now`, or later. */
int64_t rate_next(const struct rate *rate, int64_t now_msec);
/* A message goes now. */
void rate_take(struct rate *rate, int64_t now_msec);

#endif
