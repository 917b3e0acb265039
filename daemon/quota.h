/* quota.h - how much of the daemon one officer may take: items a second, refusals on record, requests under way, watches.
 *
 * Token buckets in whole units.  Time is a parameter: of the monotonic clock where work is metered, of the daemon's clock where
 * the record is.  The bounds stand in limits.h (IDENTITY_...); the rate may be set lower by the operator.
 *
 * Refusals are on record one by one up to a bound, and beyond it only counted: the log cannot be filled by trying.  The count
 * is put on record as one event an hour at most; a crash may lose what was counted since the last one.
 */
#ifndef RECTIFY_QUOTA_H
#define RECTIFY_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "rectify/calendar.h"

struct quotas;

/* `rate`: items a second of one officer. */
struct quotas *quotas_new(uint32_t rate);
void quotas_free(struct quotas *quotas);

/* 0 when the officer may hand in so many items now, else in how many milliseconds. */
uint32_t quota_wait_msec(struct quotas *quotas, uint32_t officer, uint32_t items, int64_t now_msec);

/* They were not taken after all. */
void quota_give_back(struct quotas *quotas, uint32_t officer, uint32_t items);

/* Whether a refusal of the officer's is to be recorded; else it is counted. */
bool quota_record_refusal(struct quotas *quotas, uint32_t officer, usec_t now);

/* Somebody whose uncounted refusals are to be put on record now: the officer and how many, which are then forgotten.  `all`:
 * without waiting for the hour, before the daemon stops.  False: nobody. */
bool quota_is_due(const struct quotas *quotas, usec_t now, bool all);
bool quota_next_count(struct quotas *quotas, usec_t now, bool all, uint32_t *officer, uint32_t *count);

#endif
