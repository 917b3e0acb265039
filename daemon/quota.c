#include "daemon/quota.h"

#include <stdlib.h>
#include <string.h>

#include "rectify/limits.h"
#include "rectify/must.h"

#define HOUR_USEC (INT64_C(3600) * USEC_PER_SECOND)
#define REFUSAL_USEC (HOUR_USEC / IDENTITY_REFUSALS_PER_HOUR)

/* Buckets are kept as what is missing from full: 0 needs no setting up. */
struct quota {
  int64_t items_missing; /* in thousandths */
  int64_t items_at;      /* ms */
  uint32_t refusals_missing;
  usec_t refusals_at;
  uint32_t counted; /* refusals that are not on record */
  usec_t counted_since;
};

struct quotas {
  uint32_t rate;
  uint32_t room; /* officers 0 .. room - 1 */
  uint32_t counting; /* officers with something counted */
  usec_t first_count_due;
  struct quota *officers;
};

struct quotas *quotas_new(uint32_t rate) {
  struct quotas *quotas = calloc(1, sizeof *quotas);
  must(quotas != NULL && rate > 0);
  quotas->rate = rate;
  quotas->first_count_due = INSTANT_NONE;
  return quotas;
}

void quotas_free(struct quotas *quotas) {
  if (quotas == NULL) return;
  free(quotas->officers);
  free(quotas);
}

static struct quota *quota_of(struct quotas *quotas, uint32_t officer) {
  must(officer <= OFFICERS_MAX);
  if (officer < quotas->room) return &quotas->officers[officer];
  uint32_t room = (officer / 1024 + 1) * 1024;
  quotas->officers = realloc(quotas->officers, room * sizeof *quotas->officers);
  must(quotas->officers != NULL);
  memset(quotas->officers + quotas->room, 0, (room - quotas->room) * sizeof *quotas->officers);
  quotas->room = room;
  return &quotas->officers[officer];
}

/* A full bucket holds two seconds' worth, and never less than the largest request. */
uint32_t quota_wait_msec(struct quotas *quotas, uint32_t officer, uint32_t items, int64_t now_msec) {
  struct quota *quota = quota_of(quotas, officer);
  const int64_t rate = quotas->rate, full = 1000 * (2 * rate > WIRE_SUBMIT_MAX ? 2 * rate : WIRE_SUBMIT_MAX);
  const int64_t elapsed = now_msec - quota->items_at;
  const int64_t refilled = elapsed > full / rate ? full : elapsed * rate;
  quota->items_missing = quota->items_missing > refilled ? quota->items_missing - refilled : 0;
  quota->items_at = now_msec;
  const int64_t after = quota->items_missing + 1000 * (int64_t)items;
  if (after > full) return (uint32_t)((after - full + rate - 1) / rate);
  quota->items_missing = after;
  return 0;
}

void quota_give_back(struct quotas *quotas, uint32_t officer, uint32_t items) {
  struct quota *quota = quota_of(quotas, officer);
  quota->items_missing = quota->items_missing > 1000 * (int64_t)items ? quota->items_missing - 1000 * (int64_t)items : 0;
}

/* ---- refusals ---- */

static void refill(struct quota *quota, usec_t now) {
  if (quota->refusals_missing == 0) quota->refusals_at = now;
  const usec_t come_back = (now - quota->refusals_at) / REFUSAL_USEC;
  if (come_back <= 0) return;
  quota->refusals_missing -= come_back < quota->refusals_missing ? (uint32_t)come_back : quota->refusals_missing;
  quota->refusals_at += come_back * REFUSAL_USEC;
}

bool quota_record_refusal(struct quotas *quotas, uint32_t officer, usec_t now) {
  struct quota *quota = quota_of(quotas, officer);
  refill(quota, now);
  if (quota->refusals_missing < IDENTITY_REFUSALS_MAX) {
    quota->refusals_missing++;
    return true;
  }
  if (quota->counted == 0) {
    quota->counted_since = now;
    quotas->counting++;
    if (now + HOUR_USEC < quotas->first_count_due) quotas->first_count_due = now + HOUR_USEC;
  }
  if (quota->counted < UINT32_MAX) quota->counted++;
  return false;
}

bool quota_is_due(const struct quotas *quotas, usec_t now, bool all) {
  return quotas->counting > 0 && (all || now >= quotas->first_count_due);
}

/* The earliest of those that are left. */
static void find_first(struct quotas *quotas) {
  quotas->first_count_due = INSTANT_NONE;
  for (uint32_t i = 0; quotas->counting > 0 && i < quotas->room; i++) {
    const struct quota *quota = &quotas->officers[i];
    if (quota->counted > 0 && quota->counted_since + HOUR_USEC < quotas->first_count_due)
      quotas->first_count_due = quota->counted_since + HOUR_USEC;
  }
}

bool quota_next_count(struct quotas *quotas, usec_t now, bool all, uint32_t *officer, uint32_t *count) {
  for (uint32_t i = 0; quota_is_due(quotas, now, all) && i < quotas->room; i++) {
    struct quota *quota = &quotas->officers[i];
    if (quota->counted == 0 || (!all && now < quota->counted_since + HOUR_USEC)) continue;
    *officer = i;
    *count = quota->counted;
    quota->counted = 0;
    quotas->counting--;
    find_first(quotas);
    return true;
  }
  return false;
}
