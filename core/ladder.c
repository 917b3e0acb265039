/* ladder.c - due instants and when rungs fire.  The rule of policy.h, struct rung; DESIGN.md, "When a rung fires". */
#include "rectify/core.h"
#include "rectify/must.h"

/* workday_add() for any distance: a repeating rung may be thousands of working days overdue. */
static day_t add_far(const struct calendar *calendar, day_t day, int64_t count) {
  while (count > WORKDAYS_MAX && day < DAY_MAX) {
    day = workday_add(calendar, day, WORKDAYS_MAX);
    count -= WORKDAYS_MAX;
  }
  if (count < -WORKDAYS_MAX) count = -WORKDAYS_MAX;
  return day >= DAY_MAX ? DAY_MAX : workday_add(calendar, day, (int32_t)count);
}

usec_t ladder_due(const struct calendar *calendar, const struct zone *zone, usec_t start, struct span budget,
                  bool *provisional) {
  must(budget.unit == SPAN_WD || budget.unit == SPAN_HOURS);
  if (budget.unit == SPAN_HOURS) {
    usec_t due = start + budget.count * USEC_PER_HOUR;
    *provisional = workday_is_provisional(calendar, zone_day_of(zone, due));
    return due;
  }
  day_t last = workday_add(calendar, zone_day_of(zone, start), budget.count);
  *provisional = workday_is_provisional(calendar, last);
  return zone_day_start(zone, last + 1);
}

usec_t ladder_due_of(const struct calendar *calendar, const struct zone *zone, const struct case_clock *clock,
                     bool *provisional) {
  if (clock->budget.unit == SPAN_HOURS) {
    usec_t due = clock->start + (clock->budget.count + (int64_t)clock->extended) * USEC_PER_HOUR + clock->moved;
    *provisional = workday_is_provisional(calendar, zone_day_of(zone, due));
    return due;
  }
  int64_t count = clock->budget.count + (int64_t)clock->extended + clock->moved;
  day_t last = add_far(calendar, zone_day_of(zone, clock->start), count);
  *provisional = workday_is_provisional(calendar, last);
  return zone_day_start(zone, last + 1);
}

/* Days end at DAY_MAX; so that repeats beyond it still move on, each is a day later than the one before. */
static usec_t fire_on(const struct zone *zone, day_t day, uint32_t repeat) {
  usec_t fire = zone_day_start(zone, day + 1);
  return day < DAY_MAX ? fire : fire + repeat * 24 * USEC_PER_HOUR;
}

usec_t ladder_fire(const struct ladder *ladder, const struct calendar *calendar, const struct zone *zone, usec_t due,
                   int32_t remind_minutes, uint32_t index, uint32_t repeat) {
  must(index < ladder->count);
  const struct rung *rung = &ladder->rungs[index];
  must(repeat == 0 || (rung->every.unit == rung->at.unit && rung->every.count > 0));
  int64_t offset = rung->at.count + (int64_t)repeat * rung->every.count;
  if (rung->at.unit == SPAN_HOURS) return due + offset * USEC_PER_HOUR;
  day_t day = add_far(calendar, zone_day_of(zone, due - 1), offset);
  return offset < 0 ? zone_day_at(zone, day, remind_minutes) : fire_on(zone, day, repeat);
}

const struct ladder *ladder_of(const struct policy *policy, const struct case_clock *clock) {
  must(clock->track <= TRACK_COUNT && clock->kind <= CLOCK_COUNT);
  uint32_t index = policy->tracks[clock->track].ladders[clock->kind];
  if (clock->kind == CLOCK_HOLD) index = policy->hold_ladder;
  else if (clock->kind == CLOCK_EXTENSION) index = policy->extension.ladder;
  else if (clock->track == 0) index = policy->unrouted_ladder;
  must(index < policy->ladder_count);
  return &policy->ladders[index];
}

void ladder_aim(const struct policy *policy, const struct calendar *calendar, const struct zone *zone,
                struct case_clock *clock) {
  const struct ladder *ladder = ladder_of(policy, clock);
  clock->next_fire = INSTANT_NONE;
  if (clock->state != CLOCK_RUNNING) return;
  must(clock->rung < ladder->count);
  for (;; clock->rung++) { /* a short limit leaves no time for the early reminders */
    clock->next_fire =
        ladder_fire(ladder, calendar, zone, clock->due, policy->remind_minutes, clock->rung, clock->repeat);
    bool too_early = ladder->rungs[clock->rung].at.count < 0 && clock->next_fire < clock->start;
    if (!too_early || clock->rung + 1u >= ladder->count) return;
  }
}
