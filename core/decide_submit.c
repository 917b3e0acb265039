/* decide_submit.c - findings become cases, given to a unit or left with the office; the office's dispatch; and what every
 * other command that gives a case to somebody needs (judge.h). */
#include "core/judge.h"
#include "rectify/must.h"

uint32_t submit_check_finding(const struct world *world, const struct finding *finding, usec_t now) {
  if (finding->unit == 0 && finding->unit_code[0] == '\0') return RULE_FINDING_UNIT_MISSING;
  if (!word_known(words_kind, finding->kind) || !word_known(words_severity, finding->severity))
    return RULE_FINDING_KIND_MISSING;
  return finding->found_on > world_today(world, finding->unit, now) ? RULE_FOUND_IN_FUTURE : RULE_NONE;
}

/* ---- by route ---- */

/* The route the case came by; NULL when none, or when the policy it was moved to has fewer. */
static const struct route *route_taken(const struct judge *judge) {
  uint32_t number = judge->after.route;
  return number != 0 && number <= judge->policy->route_count ? &judge->policy->routes[number - 1] : NULL;
}

/* The same problem again in the unit: one track up at once, where policy says so.  0: it stays where it is. */
static uint32_t recurrence_track(const struct judge *judge, uint32_t track) {
  const struct policy *policy = judge->policy;
  uint32_t least = policy->recurrence_min > 0 ? (uint32_t)policy->recurrence_min : 1;
  uint32_t edge = judge->after.same_problem >= least ? policy->recurrence_edge : EDGE_NONE;
  uint32_t target = edge != EDGE_NONE ? policy->tracks[track].edges[edge] : track;
  return target != track ? target : 0;
}

static void start_track(struct judge *judge, uint32_t track) {
  uint32_t raised = recurrence_track(judge, track);
  judge->after.track = (uint8_t)(raised != 0 ? raised : track);
  if (raised != 0) judge->event->edge = judge->policy->recurrence_edge;
}

/* A route's limits are for the track it leads to (one up for a recurrence); moved on from there, the track's own count. */
const struct span *route_limits(const struct judge *judge) {
  const struct route *route = route_taken(judge);
  if (route == NULL) return NULL;
  uint32_t raised = recurrence_track(judge, route->track);
  return judge->after.track == (raised != 0 ? raised : route->track) ? route->limits : NULL;
}

uint32_t people_responsible(const struct judge *judge) {
  const struct route *route = route_taken(judge);
  uint32_t principal = 0;
  if (route != NULL && route->responsible == ROLE_PRINCIPAL)
    principal = registry_holder(judge->world->registry, judge->after.unit, ROLE_PRINCIPAL,
                                world_today(judge->world, judge->after.unit, judge->now));
  return principal != 0 ? principal : people_handler(judge);
}

/* The co-units of a route that was just taken; follow.c opens as many cases.  A case that follows from another has none of
 * its own accord. */
static void wait_for_co_units(struct judge *judge) {
  const struct route *route = route_taken(judge);
  uint32_t units[CO_UNITS_MAX];
  if (route == NULL || judge->after.route == judge->before->route || judge->before->parent != 0) return;
  uint32_t count = route_co_units(route, judge->world->registry, judge->after.unit, units);
  judge->after.children = (uint16_t)(judge->after.children + count);
}

static void tell_copies(struct judge *judge) {
  const struct route *route = route_taken(judge);
  for (uint32_t to = 1; route != NULL && to <= RECIPIENT_COUNT; to++)
    if ((route->copies >> to & 1u) != 0) people_notify(judge, NOTICE_TASK, true, to, people_recipient(judge, to));
}

/* ---- whose it is from now on ---- */

void begin_work(struct judge *judge, const struct span *limits) {
  struct case_state *after = &judge->after;
  after->status = STATUS_DISPATCHED;
  if (after->unit != judge->before->unit) after->light = LIGHT_GREEN; /* another unit begins anew */
  after->accountable = after->handler;
  people_settle_verifier(judge);
  timing_dispatch(judge, limits);
  const struct case_clock *clock = case_clock_of(after, CLOCK_RECTIFY);
  must(clock != NULL);
  if (after->first_due == 0) after->first_due = clock->due;
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_HANDLER, after->handler);
  people_notify(judge, NOTICE_TASK, true, RECIPIENT_PRINCIPAL, people_recipient(judge, RECIPIENT_PRINCIPAL));
}

void resume_work(struct judge *judge) {
  struct case_state *after = &judge->after;
  const struct span sign_for = timing_limit(judge, CLOCK_SIGN_FOR, route_limits(judge));
  after->status = STATUS_DISPATCHED;
  after->accountable = after->handler;
  people_settle_verifier(judge);
  timing_resume_unit(judge, judge->now);
  if (sign_for.unit != SPAN_NONE) timing_start(judge, CLOCK_SIGN_FOR, after->track, sign_for, judge->now);
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_HANDLER, after->handler);
  people_notify(judge, NOTICE_TASK, true, RECIPIENT_PRINCIPAL, people_recipient(judge, RECIPIENT_PRINCIPAL));
}

void leave_unit(struct judge *judge) {
  static const uint8_t lapse[] = {CLOCK_PLAN, CLOCK_PLAN_REVIEW, CLOCK_PROGRESS, CLOCK_EXTENSION};
  for (size_t i = 0; i < sizeof lapse; i++) timing_stop(judge, lapse[i]);
  judge->after.flags &= ~(uint32_t)(CASE_ENDORSED | CASE_PLAN_APPROVED | CASE_TALKED);
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && judge->after.clocks[i].kind != 0; i++)
    timing_derive(judge, &judge->after.clocks[i]); /* by the calendar of the new unit */
}

void give_to_unit(struct judge *judge, const struct span *limits) {
  begin_work(judge, limits);
  tell_copies(judge);
  track_enter(judge);
}

/* Nobody's case: apply.c takes unit, people and track from an unrouted case. */
void give_to_office(struct judge *judge) {
  struct case_state *after = &judge->after;
  leave_unit(judge);
  timing_stop_all(judge);
  after->unit = after->handler = after->verifier = 0;
  after->track = TRACK_NONE;
  after->status = STATUS_UNROUTED;
  if (after->light == LIGHT_NONE) after->light = LIGHT_GREEN;
  after->accountable = people_office(judge);
  timing_start(judge, CLOCK_ADJUDICATE, TRACK_NONE, judge->policy->unrouted, judge->now);
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_OFFICE, after->accountable);
}

void take_facts(struct judge *judge) {
  const struct finding *finding = judge->command->finding;
  struct case_state *after = &judge->after;
  after->kind = finding->kind;
  after->severity = finding->severity;
  after->team = finding->team;
  after->same_problem = finding->same_problem;
  after->same_kind = finding->same_kind;
}

/* ---- commands ---- */

static uint32_t leave_unrouted(struct judge *judge) {
  judge->after.route = 0;
  give_to_office(judge);
  return RULE_ACCEPTED_UNROUTED;
}

uint32_t decide_submit(struct judge *judge) {
  const struct command *command = judge->command;
  struct case_state *after = &judge->after;
  judge->event->origin = ORIGIN_FINDING;
  after->reporter = command->actor;
  take_facts(judge);
  if (command->finding->rule_case != 0) after->flags |= CASE_RULE_FAILED;
  const struct route *route = route_match(judge->policy, judge->world->registry, command->finding, command->plain,
                                          command->plain_length);
  if (route == NULL || !unit_known(judge->world, command->finding->unit)) return leave_unrouted(judge);
  after->unit = command->finding->unit;
  after->route = route->number;
  after->handler = people_responsible(judge);
  if (after->handler == 0) return leave_unrouted(judge);
  start_track(judge, route->track);
  wait_for_co_units(judge);
  give_to_unit(judge, route_limits(judge));
  return RULE_ACCEPTED_ROUTED;
}

/* The office may name the track.  Else the kind decides: the finding's other facts are no longer at hand, so only routes
 * that ask for nothing else count. */
static void choose_track(struct judge *judge) {
  struct case_state *after = &judge->after;
  after->track = judge->command->track;
  if (after->track != TRACK_NONE) return;
  const struct route *route = route_of_kind(judge->policy, after->kind, after->severity);
  if (route != NULL) after->route = route->number;
  start_track(judge, route != NULL ? route->track : TRACK_SUPERVISION);
}

uint32_t name_people(struct judge *judge) {
  const struct command *command = judge->command;
  struct case_state *after = &judge->after;
  if (command->officer != 0 && !officer_known(judge->world, command->officer)) return RULE_OFFICER_UNKNOWN;
  if (command->officer != 0 && !people_answers(judge, command->officer)) return RULE_OFFICER_NOT_OF_UNIT;
  if (command->officer != 0) after->handler = command->officer;
  else if (after->handler == 0 || !officer_known(judge->world, after->handler) || !people_answers(judge, after->handler))
    after->handler = people_responsible(judge);
  if (after->handler == 0) return RULE_NOBODY_RESPONSIBLE;
  if (command->verifier == 0) return RULE_NONE;
  after->verifier = command->verifier;
  return people_check_verifier(judge, command->verifier);
}

uint32_t decide_dispatch(struct judge *judge) {
  const struct command *command = judge->command;
  if (command->officer_unknown) return RULE_OFFICER_UNKNOWN;
  if (command->unit_unknown || !unit_known(judge->world, command->unit)) return RULE_UNIT_UNKNOWN;
  judge->after.unit = command->unit;
  choose_track(judge);
  uint32_t rule = name_people(judge);
  if (rule != RULE_NONE) return rule;
  timing_stop(judge, CLOCK_ADJUDICATE);
  wait_for_co_units(judge);
  give_to_unit(judge, route_limits(judge));
  return judge->move->rule;
}
