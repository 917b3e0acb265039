/* timing.c - starts, stops, pauses and aims the clocks of a case, and moves it between tracks. */
#include "core/judge.h"
#include "rectify/must.h"

static const struct calendar *calendar_of(const struct judge *judge) {
  return world_calendar(judge->world, judge->after.unit);
}

static const struct zone *zone_of(const struct judge *judge) { return world_zone(judge->world, judge->after.unit); }

void timing_aim(struct judge *judge, struct case_clock *clock) {
  ladder_aim(judge->policy, calendar_of(judge), zone_of(judge), clock);
}

void timing_start(struct judge *judge, uint32_t kind, uint32_t track, struct span budget, usec_t start) {
  struct case_clock clock = {.kind = (uint8_t)kind,
                             .state = CLOCK_RUNNING,
                             .track = (uint8_t)track,
                             .budget = budget,
                             .generation = judge->number,
                             .start = start};
  clock.due = ladder_due(calendar_of(judge), zone_of(judge), start, budget, &clock.provisional);
  timing_aim(judge, &clock);
  must(clock_put(&judge->after, &clock));
}

void timing_stop(struct judge *judge, uint32_t kind) {
  const struct case_clock stopped = {.kind = (uint8_t)kind, .state = CLOCK_STOPPED};
  must(clock_put(&judge->after, &stopped));
}

void timing_stop_all(struct judge *judge) {
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX; i++) judge->after.clocks[i] = (struct case_clock){0};
}

void timing_pause(struct judge *judge, uint32_t kind) {
  struct case_clock *clock = clock_find(&judge->after, kind);
  if (clock == NULL || clock->state != CLOCK_RUNNING) return;
  clock->state = CLOCK_PAUSED;
  clock->paused = judge->now;
  clock->next_fire = INSTANT_NONE;
}

/* Working days that passed while the clock stood still are added to its working days; hours to its hours.  A stop that ends
 * with a day, as a hold does at its date, does not take the day that begins then: its first instant ends the day before. */
static int64_t stood_still(const struct judge *judge, const struct case_clock *clock, usec_t until) {
  if (clock->budget.unit == SPAN_HOURS) return until - clock->paused;
  const struct zone *zone = zone_of(judge);
  int32_t days = workday_between(calendar_of(judge), zone_day_of(zone, clock->paused - 1), zone_day_of(zone, until - 1));
  return days > 0 ? days : 0;
}

void timing_derive(struct judge *judge, struct case_clock *clock) {
  clock->due = ladder_due_of(calendar_of(judge), zone_of(judge), clock, &clock->provisional);
  timing_aim(judge, clock);
}

void timing_resume(struct judge *judge, uint32_t kind, usec_t at) {
  struct case_clock *clock = clock_find(&judge->after, kind);
  if (clock == NULL || clock->state != CLOCK_PAUSED) return;
  clock->moved += stood_still(judge, clock, at);
  clock->state = CLOCK_RUNNING;
  clock->paused = 0;
  timing_derive(judge, clock);
}

struct span timing_limit(const struct judge *judge, uint32_t kind, const struct span *limits) {
  if (limits != NULL && limits[kind].unit != SPAN_NONE) return limits[kind];
  return judge->policy->tracks[judge->after.track].limits[kind];
}

/* Starts the clock when the policy has a limit for it. */
static void start_limited(struct judge *judge, uint32_t kind, const struct span *limits) {
  const struct span limit = timing_limit(judge, kind, limits);
  if (limit.unit != SPAN_NONE) timing_start(judge, kind, judge->after.track, limit, judge->now);
}

void timing_plan(struct judge *judge, const struct span *limits) { start_limited(judge, CLOCK_PLAN, limits); }

void timing_progress(struct judge *judge) { start_limited(judge, CLOCK_PROGRESS, NULL); }

void timing_answer(struct judge *judge, uint32_t kind, uint32_t track, usec_t start) {
  const struct span limit = judge->policy->tracks[track].limits[kind];
  if (limit.unit != SPAN_NONE) timing_start(judge, kind, track, limit, start);
  else timing_start(judge, kind, TRACK_NONE, judge->policy->unrouted, start);
}

static const uint8_t unit_clocks[] = {CLOCK_SIGN_FOR, CLOCK_PLAN, CLOCK_PROGRESS, CLOCK_RECTIFY};

void timing_pause_unit(struct judge *judge) {
  for (size_t i = 0; i < sizeof unit_clocks; i++) timing_pause(judge, unit_clocks[i]);
}

void timing_resume_unit(struct judge *judge, usec_t at) {
  for (size_t i = 0; i < sizeof unit_clocks; i++) timing_resume(judge, unit_clocks[i], at);
}

void timing_dispatch(struct judge *judge, const struct span *limits) {
  start_limited(judge, CLOCK_SIGN_FOR, limits);
  if ((judge->after.flags & CASE_PLAN_APPROVED) == 0) timing_plan(judge, limits);
  timing_start(judge, CLOCK_RECTIFY, judge->after.track, timing_limit(judge, CLOCK_RECTIFY, limits), judge->now);
}

/* ---- tracks ---- */

bool track_needs_office(uint32_t track) { return track == TRACK_SUPERVISION || track == TRACK_ACCOUNTABILITY; }

bool track_is_stricter(uint32_t target, uint32_t from) {
  static const uint8_t ranks[TRACK_COUNT + 1] = {[TRACK_EARLY_WARNING] = 1,
                                                 [TRACK_SPECIAL_RECTIFICATION] = 2,
                                                 [TRACK_NEW_RULES] = 2,
                                                 [TRACK_SUPERVISION] = 3,
                                                 [TRACK_ACCOUNTABILITY] = 4};
  must(target <= TRACK_COUNT && from <= TRACK_COUNT);
  return target != TRACK_NEW_RULES && ranks[target] > ranks[from];
}

uint32_t track_along(const struct judge *judge, uint32_t edge) {
  must(edge <= EDGE_COUNT && judge->after.track <= TRACK_COUNT);
  uint32_t target = edge == 0 ? 0 : judge->policy->tracks[judge->after.track].edges[edge];
  return target == judge->after.track ? 0 : target;
}

void track_enter(struct judge *judge) {
  if (judge->after.track == TRACK_SUPERVISION) {
    /* In the event also when both happen to be those of the order before. */
    judge->event->order_year = judge->after.order_year = judge->fresh->order_year;
    judge->event->order_serial = judge->after.order_serial = judge->fresh->order_serial;
    judge->after.flags &= ~(uint32_t)CASE_ORDER_SIGNED;
    static const uint32_t to[] = {RECIPIENT_HANDLER, RECIPIENT_PRINCIPAL};
    for (uint32_t i = 0; i < 2; i++)
      people_notify(judge, NOTICE_SUPERVISION_ORDER, false, to[i], people_recipient(judge, to[i]));
  }
  if (judge->after.track == TRACK_ACCOUNTABILITY) {
    accountability_propose(judge);
  }
}

void track_move(struct judge *judge, uint32_t target, uint32_t edge, usec_t start) {
  must(target != 0 && target <= TRACK_COUNT);
  judge->after.track = (uint8_t)target;
  judge->event->edge = (uint8_t)edge;
  if (judge->after.light < LIGHT_YELLOW) judge->after.light = LIGHT_YELLOW; /* red stays red: time betters nothing */
  timing_stop(judge, CLOCK_EXTENSION); /* a new date: what was asked for the old one lapses */
  timing_start(judge, CLOCK_RECTIFY, target, judge->policy->tracks[target].limits[CLOCK_RECTIFY], start);
  bool planned = (judge->after.flags & CASE_PLAN_APPROVED) != 0 || judge->after.status == STATUS_VERIFYING ||
                 case_clock_of(&judge->after, CLOCK_PLAN_REVIEW) != NULL;
  if (!planned && case_clock_of(&judge->after, CLOCK_PLAN) == NULL) timing_plan(judge, NULL);
  track_enter(judge);
  people_settle_verifier(judge);
  if ((judge->after.flags & CASE_HELD) != 0 || judge->after.status == STATUS_BOUNCED) timing_pause_unit(judge);
  if (judge->after.status != STATUS_VERIFYING) return;
  timing_pause(judge, CLOCK_RECTIFY);
  uint32_t verifying = people_verifying(judge);
  if (verifying == judge->after.accountable) return;
  judge->after.accountable = verifying;
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_ACCOUNTABLE, verifying);
}
