/* decide_rung.c - a due rung of a ladder: lights, notices, the climb to another track, proposals, and the next rung. */
#include "core/judge.h"
#include "rectify/must.h"

static void advance(struct judge *judge, struct case_clock *clock, const struct ladder *ladder) {
  clock->nth++;
  if (clock->rung + 1u < ladder->count) {
    clock->rung++;
  } else {
    must(ladder->rungs[clock->rung].every.count > 0); /* reminders never go silent */
    clock->repeat++;
  }
  timing_aim(judge, clock);
}

static void tell(struct judge *judge, const struct rung *rung, uint32_t recipients, bool copy) {
  for (uint32_t recipient = 1; recipient <= RECIPIENT_COUNT; recipient++)
    if ((recipients >> recipient & 1u) != 0)
      people_notify(judge, rung->notice, copy, recipient, people_recipient(judge, recipient));
}

/* ---- what a rung may ask of the case ---- */

static bool condition_holds(const struct case_state *state, enum condition condition) {
  switch (condition) {
  case CONDITION_UNSIGNED: return state->status == STATUS_DISPATCHED;
  case CONDITION_NO_PLAN: return (state->flags & CASE_PLAN_APPROVED) == 0;
  case CONDITION_REWORKED: return state->rework > 0;
  case CONDITION_EXTENDED: return state->extensions > 0;
  case CONDITION_RECURRENT: return state->same_problem > 0;
  case CONDITION_GRAVE: return state->severity >= SEVERITY_MAJOR;
  case CONDITION_REOPENED: return (state->flags & CASE_REOPENED) != 0;
  case CONDITION_NONE: return true;
  }
  return true;
}

static bool conditions_hold(const struct case_state *state, const struct rung *rung) {
  for (uint32_t condition = 1; condition <= CONDITION_COUNT; condition++) {
    bool holds = condition_holds(state, condition);
    if ((rung->conditions >> condition & 1u) != 0 && !holds) return false;
    if ((rung->unless >> condition & 1u) != 0 && holds) return false;
  }
  return true;
}

/* ---- what it does ---- */

/* A closed case, one that nobody has yet and one whose clocks stand still do not climb: the rung of a look-back or of a
 * decision only tells. */
static bool may_climb(const struct case_state *state) {
  bool works = state->status == STATUS_DISPATCHED || state->status == STATUS_RECTIFYING ||
               state->status == STATUS_VERIFYING || state->status == STATUS_STAGED;
  return works && (state->flags & CASE_HELD) == 0;
}

static void climb(struct judge *judge, const struct rung *rung, usec_t fire) {
  if (!may_climb(&judge->after)) return;
  uint32_t target = track_along(judge, rung->edge);
  if (target != 0) track_move(judge, target, rung->edge, fire);
  if (rung->propose) accountability_propose(judge);
}

/* The hold is over when its date has come, whether or not somebody remembers. */
static uint32_t fire_hold(struct judge *judge, const struct rung *rung, usec_t fire) {
  if (rung->at.count >= 0) hold_end(judge, fire);
  tell(judge, rung, rung->recipients, false);
  tell(judge, rung, rung->copies, true);
  return rung->at.count >= 0 ? RULE_HOLD_ENDED : judge->move->rule;
}

uint32_t decide_rung(struct judge *judge) {
  struct case_clock *clock = clock_find(&judge->after, judge->command->clock);
  must(clock != NULL);
  const struct ladder *ladder = ladder_of(judge->policy, clock);
  must(clock->rung < ladder->count);
  const struct rung *rung = &ladder->rungs[clock->rung];
  const usec_t fire = clock->next_fire;
  struct event *event = judge->event;
  event->effective = fire;
  event->fired_clock = clock->kind;
  event->fired_generation = clock->generation;
  event->fired_nth = clock->nth;
  advance(judge, clock, ladder);
  review_people(judge); /* who has left the post since is not told */
  if (event->fired_clock == CLOCK_HOLD) return fire_hold(judge, rung, fire);
  if (!conditions_hold(judge->before, rung)) return RULE_RUNG_PASSED_OVER;
  climb(judge, rung, fire);
  if (rung->light > judge->after.light) judge->after.light = rung->light; /* work betters a light, time never does */
  tell(judge, rung, rung->recipients, false);
  tell(judge, rung, rung->copies, true);
  return judge->move->rule;
}
