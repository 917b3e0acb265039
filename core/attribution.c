/* attribution.c - to whom each working day of a case is charged: core.h, struct attribution. */
#include "core/judge.h"

uint32_t case_holder(const struct case_state *state) {
  if (!status_is_open(state->status)) return 0;
  if (state->status == STATUS_UNROUTED || state->status == STATUS_BOUNCED) return HOLDER_ADJUDICATOR;
  if (state->status == STATUS_VERIFYING) return HOLDER_VERIFIER;
  if ((state->flags & CASE_HELD) != 0) return HOLDER_HOLD;
  bool asked = case_clock_of(state, CLOCK_PLAN_REVIEW) != NULL || case_clock_of(state, CLOCK_EXTENSION) != NULL;
  return asked ? HOLDER_APPROVER : HOLDER_UNIT;
}

void attribution_step(struct attribution *attribution, const struct calendar *calendar, const struct zone *zone,
                      const struct case_state *after, usec_t instant) {
  day_t day = zone_day_of(zone, instant - 1); /* the first instant of a day ends the day before */
  uint32_t holder = case_holder(after);
  if (!attribution->begun) {
    *attribution = (struct attribution){.begun = true, .holder = holder, .since = day};
    return;
  }
  if (attribution->holder == 0 && holder == 0) return; /* days after the end are nobody's, unless it is opened again */
  if (day > attribution->since) {
    attribution->days[attribution->holder] += workday_between(calendar, attribution->since, day);
    attribution->since = day;
  }
  attribution->holder = holder;
}
