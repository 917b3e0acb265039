/* decide_bounce.c - a unit says that a case is not its own, and the office says whose it is; findings that the team
 * takes back. */
#include "core/judge.h"

/* ---- bounce ---- */

/* What runs against the unit stands still while the office holds the case: no day is charged twice. */
uint32_t decide_bounce(struct judge *judge) {
  struct case_state *after = &judge->after;
  const uint32_t most = judge->policy->bounce_max;
  if (most == 0) return RULE_NOT_IN_POLICY;
  if (after->bounces >= most) return RULE_BOUNCE_CAP;
  after->bounces++;
  after->status = judge->move->to;
  timing_stop(judge, CLOCK_SIGN_FOR);
  timing_pause_unit(judge);
  timing_start(judge, CLOCK_ADJUDICATE, TRACK_NONE, judge->policy->unrouted, judge->now);
  after->accountable = people_office(judge);
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_OFFICE, after->accountable);
  return judge->move->rule;
}

/* ---- adjudicate ---- */

/* The office must reach over the unit it gives to as well as over the one it takes from. */
static uint32_t name_unit(struct judge *judge) {
  const struct command *command = judge->command;
  const uint32_t unit = command->unit != 0 ? command->unit : judge->before->unit;
  if (command->unit_unknown || !unit_known(judge->world, unit)) return RULE_UNIT_UNKNOWN;
  if (command->officer_unknown) return RULE_OFFICER_UNKNOWN;
  judge->after.unit = unit;
  if (unit == judge->before->unit) return RULE_NONE;
  judge->after.handler = 0;
  uint32_t on_behalf;
  return authorise_command(judge->world, command->actor, command->kind, unit, 0,
                           world_today(judge->world, unit, judge->now), &on_behalf);
}

/* Its own clocks from now on. */
static void to_another_unit(struct judge *judge) {
  leave_unit(judge);
  give_to_unit(judge, route_limits(judge));
}

uint32_t decide_adjudicate(struct judge *judge) {
  uint32_t rule = people_check_own(judge, 0, 0);
  if (rule == RULE_NONE) rule = name_unit(judge);
  if (rule == RULE_NONE) rule = name_people(judge);
  if (rule != RULE_NONE) return rule;
  timing_stop(judge, CLOCK_ADJUDICATE);
  if (judge->after.unit == judge->before->unit) resume_work(judge); /* it was this unit's all along */
  else to_another_unit(judge);
  return judge->move->rule;
}

/* ---- the finding is taken back ---- */

uint32_t decide_withdraw(struct judge *judge) {
  struct case_state *after = &judge->after;
  if ((after->flags & CASE_WITHDRAWAL) != 0) return RULE_WITHDRAWAL_PENDING;
  after->flags |= CASE_WITHDRAWAL;
  after->withdrawal_by = judge->command->actor;
  after->withdrawal_for = people_right(judge);
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_OFFICE, people_office(judge));
  return judge->move->rule;
}

static void tell_asker(struct judge *judge) {
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_REPORTER, judge->after.withdrawal_by);
}

uint32_t decide_withdraw_approve(struct judge *judge) {
  struct case_state *after = &judge->after;
  if ((after->flags & CASE_WITHDRAWAL) == 0) return RULE_WITHDRAWAL_NOT_PENDING;
  uint32_t rule = people_check_own(judge, after->withdrawal_by, after->withdrawal_for);
  if (rule != RULE_NONE) return rule;
  if (after->children > 0) return RULE_CO_UNITS_OPEN;
  if (after->absorbed > 0) return RULE_ABSORBED_OPEN; /* what is part of it would be gone with it */
  rule = accountability_settled(judge);
  if (rule != RULE_NONE) return rule;
  after->status = judge->move->to;
  after->closed = judge->now;
  after->flags &= ~(uint32_t)(CASE_WITHDRAWAL | CASE_HELD);
  timing_stop_all(judge);
  tell_asker(judge);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, after->handler);
  return judge->move->rule;
}

uint32_t decide_withdraw_refuse(struct judge *judge) {
  if ((judge->after.flags & CASE_WITHDRAWAL) == 0) return RULE_WITHDRAWAL_NOT_PENDING;
  judge->after.flags &= ~(uint32_t)CASE_WITHDRAWAL;
  tell_asker(judge);
  return judge->move->rule;
}
