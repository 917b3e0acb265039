/* rate.c - see rate.h. */
#include "courier/rate.h"

#define MINUTE_MSEC 60000

int64_t rate_next(const struct rate *rate, int64_t now_msec) {
  if (rate->per_minute == 0 || rate->sent[rate->at] == 0) return now_msec;
  const int64_t free_at = rate->sent[rate->at] + MINUTE_MSEC;
  return free_at > now_msec ? free_at : now_msec;
}

void rate_take(struct rate *rate, int64_t now_msec) {
  if (rate->per_minute == 0) return;
  rate->sent[rate->at] = now_msec;
  rate->at = (rate->at + 1) % rate->per_minute;
}
