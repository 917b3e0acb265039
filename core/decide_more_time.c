/* decide_more_time.c - more time: extensions, holds, stages.  How much is policy; that somebody else says yes is not. */
#include "core/judge.h"
#include "rectify/must.h"

/* ---- extensions ---- */

static int32_t days_left(const struct judge *judge) {
  const struct calendar *calendar = world_calendar(judge->world, judge->after.unit);
  const struct zone *zone = world_zone(judge->world, judge->after.unit);
  const struct case_clock *clock = case_clock_of(&judge->after, CLOCK_RECTIFY);
  must(clock != NULL); /* the move is from rectifying or staged */
  return workday_between(calendar, zone_day_of(zone, judge->now), zone_day_of(zone, clock->due - 1));
}

static bool is_pending(const struct judge *judge) { return case_clock_of(&judge->after, CLOCK_EXTENSION) != NULL; }

uint32_t decide_extension_ask(struct judge *judge) {
  const struct extension_policy *policy = &judge->policy->extension;
  struct case_state *after = &judge->after;
  const uint32_t days = judge->command->days;
  if (policy->count_max == 0) return RULE_NOT_IN_POLICY;
  if (is_pending(judge)) return RULE_EXTENSION_PENDING;
  if (days == 0) return RULE_DAYS_REQUIRED;
  if (after->extensions >= policy->count_max) return RULE_EXTENSION_COUNT;
  if (after->extended + days > policy->total_max_wd) return RULE_EXTENSION_TOTAL;
  if (days_left(judge) < policy->ask_before_wd) return RULE_EXTENSION_LATE;
  after->asked = (uint16_t)days;
  after->asked_by = judge->command->actor;
  after->asked_for = people_right(judge);
  timing_start(judge, CLOCK_EXTENSION, TRACK_NONE, policy->decide, judge->now);
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_OFFICE, people_office(judge));
  return judge->move->rule;
}

static uint32_t check_answer(const struct judge *judge) {
  if (!is_pending(judge)) return RULE_EXTENSION_NOT_PENDING;
  return people_check_own(judge, judge->after.asked_by, judge->after.asked_for);
}

/* An hour limit runs round the clock: a day more is 24 hours more. */
static void extend(struct judge *judge, uint32_t days) {
  struct case_clock *clock = clock_find(&judge->after, CLOCK_RECTIFY);
  must(clock != NULL);
  clock->extended += (int32_t)(clock->budget.unit == SPAN_HOURS ? days * 24 : days);
  timing_derive(judge, clock);
}

uint32_t decide_extension_grant(struct judge *judge) {
  struct case_state *after = &judge->after;
  const uint32_t days = judge->command->days != 0 ? judge->command->days : after->asked;
  uint32_t rule = check_answer(judge);
  if (rule != RULE_NONE) return rule;
  if (days > after->asked) return RULE_TOO_LONG;
  extend(judge, days);
  after->extensions++;
  after->extended = (uint16_t)(after->extended + days);
  timing_stop(judge, CLOCK_EXTENSION);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, after->handler);
  return judge->move->rule;
}

uint32_t decide_extension_refuse(struct judge *judge) {
  uint32_t rule = check_answer(judge);
  if (rule != RULE_NONE) return rule;
  timing_stop(judge, CLOCK_EXTENSION);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, judge->after.handler);
  return judge->move->rule;
}

/* ---- holds ---- */

/* `most` is the policy's bound for all of them together, `used` what earlier ones took: else one after the other would hide a
 * case for ever.  Without a bound there is no such thing. */
static uint32_t check_days(const struct judge *judge, struct span most, uint32_t used) {
  if (most.unit == SPAN_NONE) return RULE_NOT_IN_POLICY;
  if (judge->command->days == 0) return RULE_DAYS_REQUIRED;
  if (people_check_own(judge, 0, 0) != RULE_NONE) return RULE_OWN_REQUEST;
  return (int64_t)used + judge->command->days > most.count ? RULE_TOO_LONG : RULE_NONE;
}

uint32_t decide_hold(struct judge *judge) {
  uint32_t rule = check_days(judge, judge->policy->hold_max, judge->after.held);
  if (rule != RULE_NONE) return rule;
  timing_pause_unit(judge);
  judge->after.flags |= CASE_HELD;
  timing_start(judge, CLOCK_HOLD, TRACK_NONE, (struct span){judge->command->days, SPAN_WD}, judge->now);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, judge->after.handler);
  return judge->move->rule;
}

/* With the working days of this hold; the shortest takes one, else an hour limit could be held off for ever by the hour. */
static uint16_t held_until(const struct judge *judge, usec_t at) {
  const struct zone *zone = world_zone(judge->world, judge->after.unit);
  const struct case_clock *clock = case_clock_of(&judge->after, CLOCK_HOLD);
  must(clock != NULL);
  int32_t days = workday_between(world_calendar(judge->world, judge->after.unit), zone_day_of(zone, clock->start),
                                 zone_day_of(zone, at - 1));
  int32_t held = judge->after.held + (days > 0 ? days : 1);
  return (uint16_t)(held < UINT16_MAX ? held : UINT16_MAX);
}

void hold_end(struct judge *judge, usec_t at) {
  judge->after.flags &= ~(uint32_t)CASE_HELD;
  judge->after.held = held_until(judge, at);
  timing_stop(judge, CLOCK_HOLD);
  timing_resume_unit(judge, at);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, judge->after.handler);
}

uint32_t decide_resume(struct judge *judge) {
  if ((judge->after.flags & CASE_HELD) == 0) return RULE_NOT_ON_HOLD;
  hold_end(judge, judge->now);
  return judge->move->rule;
}

/* ---- stages ---- */

/* Done for now: a new promise with a new date, watched like the old one; the first date stays on record. */
uint32_t decide_stage(struct judge *judge) {
  uint32_t rule = check_days(judge, judge->policy->stage_max, judge->after.staged);
  if (rule != RULE_NONE) return rule;
  judge->after.status = judge->move->to;
  judge->after.staged = (uint16_t)(judge->after.staged + judge->command->days);
  timing_stop(judge, CLOCK_EXTENSION);
  timing_start(judge, CLOCK_RECTIFY, judge->after.track, (struct span){judge->command->days, SPAN_WD}, judge->now);
  if (case_clock_of(&judge->after, CLOCK_PROGRESS) == NULL) timing_progress(judge);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, judge->after.handler);
  return judge->move->rule;
}
