/* decide_relate.c - cases that have to do with each other: merge, split, co-units, sweeps, and the daemon's own commands
 * that follow_up() makes of them. */
#include "core/judge.h"
#include "rectify/must.h"

/* ---- merge ---- */

/* The office must reach over both cases. */
static uint32_t check_other(const struct judge *judge) {
  const struct command *command = judge->command;
  const struct case_state *other = command->other_state;
  if (command->other == judge->before->case_no) return RULE_MERGE_INTO_ITSELF;
  if (command->other == 0 || other == NULL || !status_is_open(other->status)) return RULE_OTHER_NOT_OPEN;
  uint32_t on_behalf;
  return authorise_command(judge->world, command->actor, command->kind, other->unit, other->team,
                           world_today(judge->world, other->unit, judge->now), &on_behalf);
}

/* By way of a part that is split off, or of a finding submitted anew, a case would get another date or a milder track. */
static bool is_easier(const struct case_state *state, const struct case_state *other) {
  return track_is_stricter(state->track, other->track) || other->opened > state->opened;
}

uint32_t decide_merge_into(struct judge *judge) {
  struct case_state *after = &judge->after;
  uint32_t rule = check_other(judge);
  if (rule == RULE_NONE) rule = people_check_own(judge, 0, 0);
  if (rule != RULE_NONE) return rule;
  if (after->children > 0) return RULE_CO_UNITS_OPEN;
  if (is_easier(after, judge->command->other_state)) return RULE_MERGE_EASIER;
  rule = accountability_settled(judge);
  if (rule != RULE_NONE) return rule;
  after->status = judge->move->to;
  after->merged_into = judge->command->other;
  after->closed = judge->now;
  for (uint32_t kind = 1; kind <= CLOCK_COUNT; kind++)
    if (kind != CLOCK_RECTIFY) timing_stop(judge, kind);
  timing_pause(judge, CLOCK_RECTIFY); /* its time stands still; to be merged and taken out again is no new date */
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, after->handler);
  return judge->move->rule;
}

/* Who had it before, if still answering for the unit; else whoever does now. */
static bool find_owner(struct judge *judge) {
  struct case_state *after = &judge->after;
  if (!unit_known(judge->world, after->unit)) return false;
  if (!officer_known(judge->world, after->handler) || !people_answers(judge, after->handler))
    after->handler = people_responsible(judge);
  return after->handler != 0;
}

/* It goes on where it was: to be signed for anew, but with neither a new date nor a better light. */
static void take_up(struct judge *judge) {
  struct case_state *after = &judge->after;
  if (case_clock_of(after, CLOCK_RECTIFY) == NULL) { /* nobody had it yet */
    begin_work(judge, route_limits(judge));
    return;
  }
  resume_work(judge);
  if ((after->flags & CASE_PLAN_APPROVED) == 0) timing_plan(judge, route_limits(judge));
}

uint32_t decide_unmerge(struct judge *judge) {
  struct case_state *after = &judge->after;
  judge->event->other = after->merged_into; /* for follow.c: the case itself no longer knows */
  after->merged_into = 0;
  after->closed = 0;
  after->flags &= ~(uint32_t)CASE_ENDORSED;
  if (find_owner(judge)) take_up(judge);
  else give_to_office(judge);
  return judge->move->rule;
}

/* ---- a part of it, or the same elsewhere ---- */

/* Who is named for the case that follows: what the daemon makes of this event can no longer be refused. */
static uint32_t check_part(const struct judge *judge, uint32_t unit) {
  const struct command *command = judge->command;
  const struct world *world = judge->world;
  struct judge there = *judge;
  there.after.unit = unit;
  if (command->unit_unknown || !unit_known(world, unit)) return RULE_UNIT_UNKNOWN;
  if (command->officer_unknown) return RULE_OFFICER_UNKNOWN;
  if (command->officer != 0 && !officer_known(world, command->officer)) return RULE_OFFICER_UNKNOWN;
  if (command->officer != 0 && !people_answers(&there, command->officer)) return RULE_OFFICER_NOT_OF_UNIT;
  if (command->officer == 0 && people_handler_of(world, unit, judge->now) == 0) return RULE_NOBODY_RESPONSIBLE;
  return authorise_command(world, command->actor, command->kind, unit, 0, world_today(world, unit, judge->now),
                           &there.on_behalf);
}

static void note_part(struct judge *judge, uint32_t unit) {
  judge->event->spawn_unit = unit;
  judge->event->spawn_officer = judge->command->officer;
  judge->event->spawn_track = judge->command->track != TRACK_NONE ? judge->command->track : judge->after.track;
}

uint32_t decide_split(struct judge *judge) {
  const uint32_t unit = judge->command->unit != 0 ? judge->command->unit : judge->after.unit;
  uint32_t rule = check_part(judge, unit);
  if (rule != RULE_NONE) return rule;
  note_part(judge, unit);
  return judge->move->rule;
}

uint32_t decide_co_unit(struct judge *judge) {
  const uint32_t unit = judge->command->unit;
  uint32_t rule = check_part(judge, unit);
  if (rule != RULE_NONE) return rule;
  if (unit == judge->after.unit) return RULE_NOTHING_TO_CHANGE;
  if (judge->after.children >= CHILDREN_MAX) return RULE_CO_UNITS_OPEN;
  judge->after.children++;
  note_part(judge, unit);
  return judge->move->rule;
}

uint32_t decide_sweep(struct judge *judge) {
  struct case_state *after = &judge->after;
  if (judge->policy->sweep_track == TRACK_NONE) return RULE_NOT_IN_POLICY;
  if ((after->flags & CASE_SWEPT) != 0) return RULE_NOTHING_TO_CHANGE;
  if (follow_sibling(judge->world, after->unit, judge->now, 0) == 0) return RULE_NO_SIBLINGS;
  after->flags |= CASE_SWEPT;
  return judge->move->rule;
}

/* ---- the daemon's own: never refused, for what they follow from is on record ---- */

uint32_t decide_spawn(struct judge *judge) {
  const struct command *command = judge->command;
  const struct case_state *parent = command->other_state;
  struct case_state *after = &judge->after;
  must(parent != NULL);
  judge->event->origin = command->origin;
  judge->event->finding_of = parent->finding_of;
  take_facts(judge);
  after->unit = command->unit;
  after->handler = command->officer;
  if (!find_owner(judge)) {
    give_to_office(judge);
    return judge->move->rule;
  }
  const struct span sweep[CLOCK_COUNT + 1] = {[CLOCK_RECTIFY] = judge->policy->sweep_limit};
  after->track = command->track != TRACK_NONE ? command->track : parent->track;
  must(after->track != TRACK_NONE);
  give_to_unit(judge, command->origin == ORIGIN_SWEEP ? sweep : NULL);
  return judge->move->rule;
}

static void tell_accountable(struct judge *judge) {
  if (status_is_open(judge->after.status))
    people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_ACCOUNTABLE, judge->after.accountable);
}

uint32_t decide_relate(struct judge *judge) {
  struct case_state *after = &judge->after;
  judge->event->relation = judge->command->relation;
  switch ((enum relation)judge->command->relation) {
  case RELATION_NONE: break;
  case RELATION_CHILD_DONE:
    if (after->children > 0) after->children--;
    tell_accountable(judge);
    break;
  case RELATION_CHILD_BACK:
    if (after->children < CHILDREN_MAX) after->children++;
    tell_accountable(judge);
    break;
  case RELATION_ABSORBED:
  case RELATION_RELEASED: tell_accountable(judge); break;
  case RELATION_EVIDENCE_SHARED: after->flags |= CASE_EVIDENCE_SHARED; break;
  case RELATION_RULE_FAILED:
    people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_OFFICE, people_office(judge));
    break;
  }
  return judge->move->rule;
}
