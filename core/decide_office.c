/* decide_office.c - what the office does to a case that is under way: reassign and escalate. */
#include "core/judge.h"

/* ---- reassign ---- */

/* While somebody verifies, and in a staged case, people may change but the unit stays. */
static bool stays_put(const struct judge *judge) {
  return judge->move->from == judge->move->to && judge->move->from != STATUS_DISPATCHED;
}

static uint32_t check_named(const struct judge *judge) {
  const struct command *command = judge->command;
  if (command->unit_unknown) return RULE_UNIT_UNKNOWN;
  if (command->officer_unknown) return RULE_OFFICER_UNKNOWN;
  if (command->unit == 0 && command->officer == 0 && command->verifier == 0) return RULE_NOTHING_TO_CHANGE;
  if (command->unit != 0 && !unit_known(judge->world, command->unit)) return RULE_UNIT_UNKNOWN;
  if (command->officer != 0 && !officer_known(judge->world, command->officer)) return RULE_OFFICER_UNKNOWN;
  return RULE_NONE;
}

/* The office must reach over the unit it gives to as well as over the one it takes from. */
static uint32_t change_unit(struct judge *judge) {
  const struct command *command = judge->command;
  if (command->unit == 0 || command->unit == judge->after.unit) return RULE_NONE;
  if (stays_put(judge)) return RULE_NO_SUCH_MOVE;
  if (people_check_own(judge, 0, 0) != RULE_NONE) return RULE_OWN_REQUEST;
  judge->after.unit = command->unit;
  uint32_t on_behalf;
  return authorise_command(judge->world, command->actor, command->kind, command->unit, 0,
                           world_today(judge->world, command->unit, judge->now), &on_behalf);
}

static uint32_t change_handler(struct judge *judge) {
  uint32_t officer = judge->command->officer;
  if (officer != 0 && !people_answers(judge, officer)) return RULE_OFFICER_NOT_OF_UNIT;
  if (officer == 0 && judge->after.unit == judge->before->unit) return RULE_NONE;
  judge->after.handler = officer != 0 ? officer : people_handler(judge);
  return judge->after.handler == 0 ? RULE_NOBODY_RESPONSIBLE : RULE_NONE;
}

static uint32_t change_verifier(struct judge *judge) {
  uint32_t verifier = judge->command->verifier;
  if (verifier != 0) {
    uint32_t rule = people_check_verifier(judge, verifier);
    if (rule != RULE_NONE) return rule;
    judge->after.verifier = verifier;
  }
  people_settle_verifier(judge);
  return RULE_NONE;
}

static uint32_t change_people(struct judge *judge) {
  uint32_t rule = check_named(judge);
  if (rule == RULE_NONE) rule = change_unit(judge);
  if (rule == RULE_NONE) rule = change_handler(judge);
  if (rule == RULE_NONE) rule = change_verifier(judge);
  if (rule != RULE_NONE) return rule;
  const struct case_state *before = judge->before, *after = &judge->after;
  bool changed =
      after->unit != before->unit || after->handler != before->handler || after->verifier != before->verifier;
  return changed ? RULE_NONE : RULE_NOTHING_TO_CHANGE;
}

/* A new owner signs for the case anew, but a new owner is no new date: the rectify clock keeps its own. */
static void hand_to_owner(struct judge *judge) {
  struct case_state *after = &judge->after;
  bool new_unit = after->unit != judge->before->unit;
  const struct span limit = judge->policy->tracks[after->track].limits[CLOCK_SIGN_FOR];
  if (new_unit || judge->before->status == STATUS_RECTIFYING) {
    after->status = STATUS_DISPATCHED;
    if (limit.unit != SPAN_NONE) timing_start(judge, CLOCK_SIGN_FOR, after->track, limit, judge->now);
  }
  timing_stop(judge, CLOCK_PROGRESS); /* until it is signed for */
  if (!new_unit) return;
  leave_unit(judge);
  timing_plan(judge, NULL);
}

static void tell_owner(struct judge *judge) {
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_HANDLER, judge->after.handler);
  if (judge->after.unit != judge->before->unit)
    people_notify(judge, NOTICE_TASK, true, RECIPIENT_PRINCIPAL, people_recipient(judge, RECIPIENT_PRINCIPAL));
}

uint32_t decide_reassign(struct judge *judge) {
  struct case_state *after = &judge->after;
  uint32_t rule = change_people(judge);
  if (rule != RULE_NONE) return rule;
  bool new_owner = after->unit != judge->before->unit || after->handler != judge->before->handler;
  if (new_owner && !stays_put(judge)) hand_to_owner(judge);
  bool verifying = after->status == STATUS_VERIFYING;
  after->accountable = verifying ? people_verifying(judge) : people_working(judge);
  if (new_owner) tell_owner(judge);
  if (verifying && after->accountable != judge->before->accountable)
    people_notify(judge, NOTICE_TASK, false, RECIPIENT_ACCOUNTABLE, after->accountable);
  return judge->move->rule;
}

/* ---- escalate ---- */

uint32_t decide_escalate(struct judge *judge) {
  uint32_t target = judge->command->track, edge = EDGE_NONE;
  if (target == TRACK_NONE) {
    edge = EDGE_OVERDUE;
    target = track_along(judge, edge);
    if (target == 0) return RULE_TRACK_LAST;
  } else if (!track_is_stricter(target, judge->after.track)) {
    return RULE_TRACK_NOT_STRICTER;
  }
  track_move(judge, target, edge, judge->now);
  if (target != TRACK_SUPERVISION) /* there the order itself tells the handler */
    people_notify(judge, NOTICE_URGE, false, RECIPIENT_HANDLER, judge->after.handler);
  return judge->move->rule;
}

/* ---- the post changes hands: nothing but the person ---- */

/* While nobody knows whose case it is, it is the office's post. */
static uint32_t hand_office(struct judge *judge, uint32_t officer) {
  const uint32_t unit = judge->after.unit != 0 ? judge->after.unit : world_root(judge->world);
  const day_t today = world_today(judge->world, judge->after.unit, judge->now);
  uint32_t roles = registry_roles(judge->world->registry, officer, unit, today);
  if ((roles & ROLE_BIT(ROLE_OFFICE)) == 0) return RULE_OFFICER_NOT_OF_UNIT;
  if (officer == judge->after.accountable) return RULE_NOTHING_TO_CHANGE;
  judge->after.accountable = officer;
  return RULE_NONE;
}

static uint32_t hand_unit(struct judge *judge, uint32_t officer) {
  struct case_state *after = &judge->after;
  const uint32_t answers = ROLE_BIT(ROLE_HANDLER) | ROLE_BIT(ROLE_PRINCIPAL);
  if (!people_answers(judge, officer)) return RULE_OFFICER_NOT_OF_UNIT;
  bool upward = !people_has_role(judge, ROLE_OFFICE) && !people_not_above(judge, officer, answers, ROLE_PRINCIPAL);
  if (upward) return RULE_OFFICER_NOT_OF_UNIT; /* a head of unit hands on to the own people, not to those above */
  if (officer == after->handler) return RULE_NOTHING_TO_CHANGE;
  after->handler = officer;
  people_settle_verifier(judge);
  after->accountable = after->status == STATUS_VERIFYING ? people_verifying(judge) : officer;
  return RULE_NONE;
}

uint32_t decide_hand_over(struct judge *judge) {
  const uint32_t officer = judge->command->officer, status = judge->before->status;
  if (judge->command->officer_unknown || !officer_known(judge->world, officer)) return RULE_OFFICER_UNKNOWN;
  const bool office = status == STATUS_UNROUTED || status == STATUS_BOUNCED;
  uint32_t rule = office ? hand_office(judge, officer) : hand_unit(judge, officer);
  if (rule != RULE_NONE) return rule;
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_HANDLER, officer);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, office ? judge->before->accountable : judge->before->handler);
  return judge->move->rule;
}

/* ---- another policy ---- */

/* What has come before now, or before the clock was stopped, has come under the old policy: nothing fires twice, nothing in a
 * flood. */
static void skip_past(struct judge *judge, struct case_clock *clock) {
  const struct ladder *ladder = ladder_of(judge->policy, clock);
  const struct calendar *calendar = world_calendar(judge->world, judge->after.unit);
  const struct zone *zone = world_zone(judge->world, judge->after.unit);
  const usec_t until = clock->state == CLOCK_PAUSED ? clock->paused : judge->now;
  while (ladder_fire(ladder, calendar, zone, clock->due, judge->policy->remind_minutes, clock->rung, clock->repeat) <=
         until) {
    if (clock->rung + 1u < ladder->count) clock->rung++;
    else clock->repeat++;
  }
}

/* The new limit, from the same start, with what extensions and pauses have added.  False: the policy has no such clock. */
static bool rebase_clock(struct judge *judge, struct case_clock *clock) {
  const struct span limit = judge->policy->tracks[clock->track].limits[clock->kind];
  const bool promised = judge->after.status == STATUS_STAGED && clock->kind == CLOCK_RECTIFY;
  if (clock->track != TRACK_NONE && limit.unit == SPAN_NONE) {
    if (clock->kind != CLOCK_PLAN_REVIEW && clock->kind != CLOCK_DECISION) return false;
    clock->track = TRACK_NONE; /* somebody waits for an answer all the same: timing_answer() */
    clock->budget = judge->policy->unrouted;
  } else if (clock->track != TRACK_NONE && !promised && limit.unit == clock->budget.unit) {
    clock->budget = limit;
  } else if (clock->track != TRACK_NONE && !promised) {
    clock->budget = limit;
    clock->moved = clock->extended = 0; /* days and hours do not add */
  }
  clock->generation = judge->number;
  clock->nth = clock->repeat = 0;
  clock->rung = 0;
  timing_derive(judge, clock);
  skip_past(judge, clock);
  timing_aim(judge, clock);
  return true;
}

uint32_t decide_rebase(struct judge *judge) {
  const struct policy *policy = world_policy(judge->world, 0);
  if (policy->version == judge->before->policy_version) return RULE_NOTHING_TO_CHANGE;
  judge->policy = policy;
  judge->event->policy_version = judge->event->rebased_to = policy->version;
  for (uint32_t kind = 1; kind <= CLOCK_COUNT; kind++) {
    struct case_clock *clock = clock_find(&judge->after, kind);
    if (clock != NULL && !rebase_clock(judge, clock)) timing_stop(judge, kind);
  }
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, judge->after.handler);
  return judge->move->rule;
}

/* A notice to somebody could not be delivered: the office, which knows other ways, is told, also of a closed case. */
uint32_t decide_undelivered(struct judge *judge) {
  people_notify(judge, NOTICE_UNDELIVERED, false, RECIPIENT_OFFICE, people_office(judge));
  return judge->move->rule;
}
