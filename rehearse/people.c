/* people.c - what people do in a rehearsal: people.h. */
#include "rehearse/people.h"

#include <string.h>

#include "rehearse/dice.h"

enum { PROMPT, SLOW, NEGLECTFUL, OFFICIAL, TEMPERS };
#define REFUSALS_MAX 10
#define DAY_USEC (24 * USEC_PER_HOUR)

/* After which share of the limit, in thousandths, and how many of 100 never. */
struct share {
  uint16_t low, high;
  uint8_t never;
};

static struct share share_of(uint32_t clock, uint32_t temper) {
  static const struct share rows[CLOCK_COUNT + 1][OFFICIAL] = {
      [CLOCK_SIGN_FOR] = {{100, 900, 0}, {500, 1500, 2}, {800, 3000, 15}},
      [CLOCK_PLAN] = {{300, 1000, 0}, {700, 1500, 2}, {900, 2500, 20}},
      [CLOCK_PROGRESS] = {{500, 1000, 0}, {800, 1400, 5}, {1000, 3000, 30}},
      [CLOCK_RECTIFY] = {{300, 950, 0}, {700, 1300, 3}, {900, 2500, 20}},
  };
  static const struct share official = {200, 1100, 1};
  return temper < OFFICIAL && rows[clock][temper].high > 0 ? rows[clock][temper] : official;
}

/* Purposes of a draw, beyond the clocks. */
enum { DRAW_TEMPER = 100, DRAW_BOUNCE, DRAW_ASK, DRAW_FAIL, DRAW_RELAPSE, DRAW_HOUR, DRAW_UNIT, DRAW_NEVER };

void habits_draw(struct habits *habits, uint64_t seed, uint64_t finding, uint32_t unit) {
  const uint32_t of_hundred = dice_of(seed, unit, DRAW_TEMPER, 100);
  *habits = (struct habits){.seed = dice_mix(seed ^ dice_mix(finding))};
  habits->temper = of_hundred < 50 ? PROMPT : of_hundred < 85 ? SLOW : NEGLECTFUL;
}

/* ---- when ---- */

static usec_t in_office_hours(const struct habits *habits, const struct world *world, const struct case_state *state,
                              usec_t when, uint64_t purpose) {
  const struct calendar *calendar = world_calendar(world, state->unit);
  const struct zone *zone = world_zone(world, state->unit);
  const day_t day = zone_day_of(zone, when);
  if (workday_is(calendar, day)) return when;
  const int32_t minutes = 9 * 60 + (int32_t)dice_of(habits->seed, purpose, DRAW_HOUR, 8 * 60);
  return zone_day_at(zone, workday_add(calendar, day, 1), minutes);
}

/* Only in these do people answer the clock. */
static bool can_answer(const struct case_state *state, const struct case_clock *clock) {
  const bool works = state->status == STATUS_RECTIFYING || state->status == STATUS_STAGED;
  if (clock->state != CLOCK_RUNNING || clock->kind == CLOCK_HOLD) return false;
  if (clock->kind == CLOCK_RECTIFY) return works && case_clock_of(state, CLOCK_PLAN_REVIEW) == NULL;
  return clock->kind != CLOCK_PLAN || works;
}

static usec_t answer_at(const struct habits *habits, const struct world *world, const struct case_state *state,
                        const struct case_clock *clock) {
  const struct share share = share_of(clock->kind, habits->temper);
  const uint64_t purpose = (uint64_t)clock->generation << 8 | clock->kind;
  if (dice_of(habits->seed, purpose, DRAW_NEVER, 100) < share.never) return INSTANT_NONE;
  const uint32_t thousandths = share.low + dice_of(habits->seed, purpose, clock->kind, share.high - share.low + 1u);
  const usec_t when = clock->start + (clock->due - clock->start) / 1000 * thousandths;
  return in_office_hours(habits, world, state, when, purpose);
}

static bool asks_for_more(const struct habits *habits, const struct world *world, const struct case_state *state) {
  const struct policy *policy = world_policy(world, state->policy_version);
  return state->status == STATUS_RECTIFYING && !habits->has_asked && policy->extension.count_max > 0 &&
         dice_of(habits->seed, DRAW_ASK, 0, 10) == 0;
}

usec_t habits_next(const struct habits *habits, const struct world *world, const struct case_state *state, usec_t now,
                   uint32_t *clock) {
  usec_t next = INSTANT_NONE;
  *clock = CLOCK_NONE;
  if (habits->given_up != 0) return next;
  if (asks_for_more(habits, world, state)) return now;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && state->clocks[i].kind != 0; i++) {
    if (!can_answer(state, &state->clocks[i])) continue;
    const usec_t when = answer_at(habits, world, state, &state->clocks[i]);
    if (when >= next) continue;
    next = when;
    *clock = state->clocks[i].kind;
  }
  if (next == INSTANT_NONE) return next;
  if (next < habits->not_before) next = habits->not_before;
  return next > now ? next : now;
}

void habits_note(struct habits *habits, bool refused, usec_t now) {
  if (!refused) {
    habits->refusals = 0;
    habits->not_before = 0;
    return;
  }
  habits->not_before = now + DAY_USEC;
  if (++habits->refusals >= REFUSALS_MAX) habits->given_up = 1;
}

/* ---- what ---- */

static uint32_t holder(const struct world *world, const struct case_state *state, uint32_t role, usec_t now) {
  const day_t day = zone_day_of(world_zone(world, state->unit), now);
  const uint32_t unit = state->unit != 0 ? state->unit : 1; /* the root of a rehearsal is the first unit */
  return registry_holder(world->registry, unit, role, day);
}

static void add_evidence(struct command *out, uint32_t kind, uint32_t measure) {
  out->evidence[out->evidence_count++] = (struct evidence_item){.kind = (uint8_t)kind, .measure = (uint8_t)measure, .stored = true};
}

static void say_plan(struct command *out) {
  out->kind = COMMAND_PLAN_SUBMIT;
  out->measures = 1;
  add_evidence(out, EVIDENCE_PLAN, 0);
}

static void say_decision(struct command *out, uint32_t body) {
  out->kind = COMMAND_DECIDE;
  out->actor = body;
  out->form = FORM_WRITTEN_CHECK;
  strcpy(out->number, "1");
  add_evidence(out, EVIDENCE_DECISION, 0);
}

/* A closing, step by step: what the track still needs, then the request. */
static void close_case(const struct world *world, const struct case_state *state, usec_t now, struct command *out) {
  const struct policy *policy = world_policy(world, state->policy_version);
  const uint32_t office = holder(world, state, ROLE_OFFICE, now), flags = state->flags;
  if (policy->tracks[state->track].sweep && (flags & CASE_SWEPT) == 0) {
    out->kind = COMMAND_SWEEP, out->actor = office;
  } else if (state->track == TRACK_EARLY_WARNING && (flags & CASE_TALKED) == 0) {
    out->kind = COMMAND_TALK, out->actor = office;
  } else if (state->track == TRACK_SPECIAL_RECTIFICATION && (flags & CASE_PLAN_APPROVED) == 0) {
    say_plan(out);
  } else if (state->track == TRACK_NEW_RULES && (flags & CASE_RULE_ISSUED) == 0) {
    out->kind = COMMAND_RULE_ISSUE;
    out->day = zone_day_of(world_zone(world, state->unit), now);
    strcpy(out->number, "1");
    add_evidence(out, EVIDENCE_RULE_DOCUMENT, 0);
  } else if (state->track == TRACK_SUPERVISION && (flags & CASE_ORDER_SIGNED) == 0) {
    out->kind = COMMAND_ORDER_SIGN;
  } else if (state->track == TRACK_ACCOUNTABILITY && (flags & CASE_DECIDED) == 0) {
    say_decision(out, holder(world, state, ROLE_BODY, now));
  } else if ((flags & CASE_ENDORSED) == 0) {
    out->kind = COMMAND_ENDORSE, out->actor = holder(world, state, ROLE_PRINCIPAL, now);
  } else {
    out->kind = COMMAND_REQUEST_CLOSURE;
    add_evidence(out, EVIDENCE_MATERIAL, state->measures > 0 ? 1 : 0);
  }
}

/* Whose it is: the unit named, or one that the office finds. */
static void give_case(const struct habits *habits, const struct world *world, const struct case_state *state,
                      struct command *out) {
  out->actor = state->accountable;
  out->kind = state->status == STATUS_BOUNCED ? COMMAND_ADJUDICATE : COMMAND_DISPATCH;
  if (out->kind == COMMAND_ADJUDICATE) return; /* the unit's all along */
  out->unit = state->reported_unit != 0 ? state->reported_unit
                                        : 2 + dice_of(habits->seed, DRAW_UNIT, 0, world->registry->unit_count - 1);
}

static bool chance(const struct habits *habits, const struct case_state *state, uint64_t purpose, uint32_t of_hundred) {
  return dice_of(habits->seed, purpose, state->version, 100) < of_hundred;
}

static void answer(const struct habits *habits, const struct world *world, const struct case_state *state, usec_t now,
                   uint32_t clock, struct command *out) {
  static const uint8_t fails[] = {[PROMPT] = 8, [SLOW] = 15, [NEGLECTFUL] = 30};
  const struct policy *policy = world_policy(world, state->policy_version);
  const bool bounces = policy->bounce_max > 0 && state->bounces == 0 && chance(habits, state, DRAW_BOUNCE, 3);
  out->actor = state->handler;
  switch ((enum clock)clock) {
  case CLOCK_NONE:
    out->kind = COMMAND_EXTENSION_ASK;
    out->days = (uint16_t)((policy->extension.total_max_wd + 1) / 2);
    break;
  case CLOCK_SIGN_FOR: out->kind = bounces ? COMMAND_BOUNCE : COMMAND_SIGN_FOR; break;
  case CLOCK_PLAN: say_plan(out); break;
  case CLOCK_PROGRESS: out->kind = COMMAND_PROGRESS; break;
  case CLOCK_RECTIFY: close_case(world, state, now, out); break;
  case CLOCK_ADJUDICATE: give_case(habits, world, state, out); break;
  case CLOCK_EXTENSION: out->kind = COMMAND_EXTENSION_GRANT, out->actor = holder(world, state, ROLE_OFFICE, now); break;
  case CLOCK_PLAN_REVIEW: out->kind = COMMAND_PLAN_APPROVE, out->actor = holder(world, state, ROLE_OFFICE, now); break;
  case CLOCK_VERIFY:
    out->kind = chance(habits, state, DRAW_FAIL, fails[habits->temper]) ? COMMAND_VERIFY_FAIL : COMMAND_VERIFY_PASS;
    out->actor = state->accountable;
    break;
  case CLOCK_LOOK_BACK:
    out->kind = chance(habits, state, DRAW_RELAPSE, 5) ? COMMAND_LOOK_BACK_RELAPSE : COMMAND_LOOK_BACK_PASS;
    out->actor = state->accountable;
    break;
  case CLOCK_DECISION: say_decision(out, holder(world, state, ROLE_BODY, now)); break;
  case CLOCK_HOLD: break; /* habits_next() never names it */
  }
}

void habits_command(struct habits *habits, const struct world *world, const struct case_state *state, usec_t now,
                    uint32_t clock, struct command *out) {
  memset(out, 0, sizeof *out);
  out->case_no = state->case_no;
  out->has_text = true;
  answer(habits, world, state, now, clock, out);
  if (clock == CLOCK_NONE) habits->has_asked = true;
}
