/* facts.c - what of a case counts for its unit, folded from its events: grade.h. */
#include "core/judge.h"
#include "rectify/grade.h"

static void put(struct facts *facts, struct score_mark mark) {
  if (facts->mark_count == FACTS_MARKS_MAX) facts->marks_lost++;
  else facts->marks[facts->mark_count++] = mark;
}

static void put_event(struct facts *facts, const struct world *world, uint32_t what, uint32_t unit, const struct event *event,
                      uint64_t log_index) {
  put(facts, (struct score_mark){.what = (uint8_t)what, .event = event->version, .log_index = log_index, .unit = unit,
                                 .day = zone_day_of(world_zone(world, unit), event->effective)});
}

/* ---- due dates ---- */

static struct score_mark *find_due(struct facts *facts, uint32_t generation) {
  for (uint32_t i = facts->mark_count; i-- > 0;)
    if (facts->marks[i].what <= SCORE_MISSED && facts->marks[i].generation == generation) return &facts->marks[i];
  return NULL;
}

static void put_due(struct facts *facts, const struct world *world, uint32_t what, const struct case_state *state,
                    const struct case_clock *clock, uint32_t event, uint64_t log_index) {
  if (find_due(facts, clock->generation) != NULL) return;
  put(facts, (struct score_mark){.what = (uint8_t)what, .event = event, .generation = clock->generation, .log_index = log_index,
                                 .unit = state->unit, .day = zone_day_of(world_zone(world, state->unit), clock->due - 1)});
}

static bool has_passed(const struct case_clock *clock, usec_t instant) {
  return clock != NULL && clock->state == CLOCK_RUNNING && clock->due <= instant;
}

/* The date was moved behind the instant at which it seemed missed. */
static void take_back(struct facts *facts, const struct case_clock *clock, usec_t instant) {
  struct score_mark *mark = clock == NULL || clock->due <= instant ? NULL : find_due(facts, clock->generation);
  if (mark == NULL || mark->what != SCORE_MISSED) return;
  for (; mark + 1 < facts->marks + facts->mark_count; mark++) *mark = mark[1];
  facts->mark_count--;
}

static void step_due(struct facts *facts, const struct world *world, const struct case_state *before, const struct event *event,
                     uint64_t log_index, const struct case_state *after) {
  const struct case_clock *was = case_clock_of(before, CLOCK_RECTIFY);
  if (has_passed(was, event->effective)) put_due(facts, world, SCORE_MISSED, before, was, event->version, log_index);
  if (event->rule == RULE_CLOSED_OUT && was != NULL) put_due(facts, world, SCORE_KEPT, before, was, event->version, log_index);
  take_back(facts, case_clock_of(after, CLOCK_RECTIFY), event->effective);
}

/* ---- everything else ---- */

/* SCORE_NONE: the event counts for nothing. */
static uint32_t score_of(const struct case_state *before, const struct event *event, const struct case_state *after) {
  if (event->rule == RULE_SIGNED_FOR) return SCORE_SIGNED;
  if (event->rule == RULE_ADJUDICATED) return before->unit == after->unit ? SCORE_BOUNCED : SCORE_NONE;
  if (event->rule == RULE_CLOSED_OUT) return SCORE_PASSED;
  if (event->rule == RULE_REWORK) return SCORE_FAILED;
  if (event->rule == RULE_CONSOLIDATED) return SCORE_CONSOLIDATED;
  if (event->rule == RULE_RELAPSED) return SCORE_RELAPSED;
  if (event->rule == RULE_REOPENED) return SCORE_REOPENED;
  if (event->rule == RULE_DECIDED && event->form != FORM_NONE_HELD) return SCORE_HELD_TO_ACCOUNT;
  return SCORE_NONE;
}

/* A finding counts for the first unit that it comes to; cases that follow from others bring no finding of their own. */
static void step_finding(struct facts *facts, const struct world *world, const struct event *event, uint64_t log_index,
                         const struct case_state *after) {
  if (facts->placed || after->unit == 0 || after->origin != ORIGIN_FINDING) return;
  facts->placed = true;
  put_event(facts, world, after->same_problem > 0 ? SCORE_REPEATED : SCORE_FRESH, after->unit, event, log_index);
}

/* Working days by status are those by holder, of which each call charges some. */
static int32_t charged(const struct attribution *holders) {
  int32_t days = 0;
  for (uint32_t holder = 1; holder <= HOLDER_COUNT; holder++) days += holders->days[holder];
  return days;
}

static void step_days(struct facts *facts, const struct world *world, const struct case_state *after, usec_t instant) {
  const int32_t before = charged(&facts->holders);
  attribution_step(&facts->holders, world_calendar(world, after->unit), world_zone(world, after->unit), after, instant);
  facts->status_days[facts->status] += charged(&facts->holders) - before;
  facts->status = after->status;
}

void facts_step(struct facts *facts, const struct world *world, const struct case_state *before, const struct event *event,
                uint64_t log_index, const struct case_state *after) {
  facts->last_index = log_index;
  if (rule_refuses(event->rule)) return;
  step_finding(facts, world, event, log_index, after);
  step_due(facts, world, before, event, log_index, after);
  const uint32_t score = score_of(before, event, after);
  if (score != SCORE_NONE) put_event(facts, world, score, before->unit, event, log_index);
  if (event->order_serial != 0) put_event(facts, world, SCORE_ORDERED, after->unit, event, log_index);
  step_days(facts, world, after, event->effective);
}

void facts_end(struct facts *facts, const struct world *world, const struct case_state *state, usec_t now) {
  const struct case_clock *clock = case_clock_of(state, CLOCK_RECTIFY);
  if (has_passed(clock, now)) put_due(facts, world, SCORE_MISSED, state, clock, state->version, facts->last_index);
  step_days(facts, world, state, now);
}
