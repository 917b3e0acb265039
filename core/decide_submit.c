/* decide_submit.c - findings become cases, routed to a unit or left with the office; and the office's dispatch. */
#include "core/judge.h"
#include "rectify/must.h"

uint32_t submit_check_finding(const struct world *world, const struct finding *finding, usec_t now) {
  if (finding->unit == 0 && finding->unit_code[0] == '\0') return RULE_FINDING_UNIT_MISSING;
  if (!word_known(words_kind, finding->kind) || !word_known(words_severity, finding->severity))
    return RULE_FINDING_KIND_MISSING;
  return finding->found_on > world_today(world, finding->unit, now) ? RULE_FOUND_IN_FUTURE : RULE_NONE;
}

/* The same problem again in the unit: one track up at once, where policy says so. */
static void raise_recurrence(struct judge *judge, uint32_t same_problem) {
  uint32_t edge = judge->policy->recurrence_edge;
  uint32_t least = judge->policy->recurrence_min > 0 ? (uint32_t)judge->policy->recurrence_min : 1;
  uint32_t target = same_problem >= least ? track_along(judge, edge) : 0;
  if (target == 0) return;
  judge->after.track = (uint8_t)target;
  judge->event->edge = (uint8_t)edge;
}

/* The unit, its handler and the track are set: the case is theirs from now on. */
static void give_to_unit(struct judge *judge, const struct span *limits) {
  struct case_state *after = &judge->after;
  after->status = STATUS_DISPATCHED;
  after->light = LIGHT_GREEN;
  after->accountable = after->handler;
  people_settle_verifier(judge);
  timing_dispatch(judge, limits);
  const struct case_clock *clock = case_clock_of(after, CLOCK_RECTIFY);
  must(clock != NULL);
  after->first_due = clock->due;
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_HANDLER, after->handler);
  people_notify(judge, NOTICE_TASK, true, RECIPIENT_PRINCIPAL, people_recipient(judge, RECIPIENT_PRINCIPAL));
  track_enter(judge);
}

static uint32_t leave_unrouted(struct judge *judge) {
  struct case_state *after = &judge->after;
  after->unit = 0;
  after->status = STATUS_UNROUTED;
  after->light = LIGHT_GREEN;
  after->accountable = people_office(judge);
  timing_start(judge, CLOCK_ADJUDICATE, TRACK_NONE, judge->policy->unrouted, judge->now);
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_OFFICE, after->accountable);
  return RULE_ACCEPTED_UNROUTED;
}

uint32_t decide_submit(struct judge *judge) {
  const struct finding *finding = judge->command->finding;
  struct case_state *after = &judge->after;
  after->reporter = judge->command->actor;
  const struct route *route = route_match(judge->policy, judge->world->registry, finding, judge->command->plain,
                                          judge->command->plain_length);
  if (route == NULL || !unit_known(judge->world, finding->unit)) return leave_unrouted(judge);
  after->unit = finding->unit;
  after->handler = people_handler(judge);
  if (after->handler == 0) return leave_unrouted(judge);
  after->route = route->number;
  after->track = route->track;
  raise_recurrence(judge, finding->same_problem);
  give_to_unit(judge, route->limits);
  return RULE_ACCEPTED_ROUTED;
}

/* The office may name the track.  Else the kind decides: the finding's other facts are no longer at hand, so only routes
 * that ask for nothing else count. */
static const struct span *choose_track(struct judge *judge) {
  struct case_state *after = &judge->after;
  after->track = judge->command->track;
  if (after->track != TRACK_NONE) return NULL;
  const struct route *route = route_of_kind(judge->policy, after->kind, after->severity);
  after->track = route != NULL ? route->track : TRACK_SUPERVISION;
  if (route != NULL) after->route = route->number;
  raise_recurrence(judge, after->same_problem);
  return route != NULL ? route->limits : NULL;
}

uint32_t decide_dispatch(struct judge *judge) {
  const struct command *command = judge->command;
  struct case_state *after = &judge->after;
  if (command->officer_unknown) return RULE_OFFICER_UNKNOWN;
  if (command->unit_unknown || !unit_known(judge->world, command->unit)) return RULE_UNIT_UNKNOWN;
  after->unit = command->unit;
  if (command->officer != 0 && !officer_known(judge->world, command->officer)) return RULE_OFFICER_UNKNOWN;
  if (command->officer != 0 && !people_answers(judge, command->officer)) return RULE_OFFICER_NOT_OF_UNIT;
  after->handler = command->officer != 0 ? command->officer : people_handler(judge);
  if (after->handler == 0) return RULE_NOBODY_RESPONSIBLE;
  const struct span *limits = choose_track(judge);
  if (command->verifier != 0) {
    uint32_t rule = people_check_verifier(judge, command->verifier);
    if (rule != RULE_NONE) return rule;
    after->verifier = command->verifier;
  }
  timing_stop(judge, CLOCK_ADJUDICATE);
  give_to_unit(judge, limits);
  return judge->move->rule;
}
