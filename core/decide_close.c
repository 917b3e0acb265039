/* decide_close.c - closing a case and what comes after: closure request, verification, reopening, look-back. */
#include "core/judge.h"

/* ---- asking for it ---- */

/* Each measure of the plan, by what was handed in before or comes now; what comes without its file is told apart. */
static uint32_t check_measures_shown(const struct judge *judge) {
  const struct command *command = judge->command;
  uint32_t shown = judge->before->measures_shown, absent = 0;
  for (uint32_t i = 0; i < command->evidence_count; i++) {
    const struct evidence_item *piece = &command->evidence[i];
    if (piece->measure == 0) continue;
    if (evidence_is_absent(judge, piece)) absent |= 1u << (piece->measure - 1);
    else shown |= 1u << (piece->measure - 1);
  }
  for (uint32_t measure = 0; measure < judge->before->measures; measure++)
    if ((shown >> measure & 1u) == 0) return (absent >> measure & 1u) != 0 ? RULE_MEASURE_NOT_STORED : RULE_MEASURE_UNSHOWN;
  return RULE_NONE;
}

/* What a track needs before a case in it can be closed (domain.md §2). */
static uint32_t check_track(const struct judge *judge) {
  static const uint32_t flags[TRACK_COUNT + 1] = {[TRACK_EARLY_WARNING] = CASE_TALKED,
                                                  [TRACK_SPECIAL_RECTIFICATION] = CASE_PLAN_APPROVED,
                                                  [TRACK_NEW_RULES] = CASE_RULE_ISSUED,
                                                  [TRACK_SUPERVISION] = CASE_ORDER_SIGNED,
                                                  [TRACK_ACCOUNTABILITY] = CASE_DECIDED};
  const uint32_t track = judge->before->track;
  if ((judge->before->flags & flags[track]) == 0) return track_need(track);
  return track == TRACK_SPECIAL_RECTIFICATION ? check_measures_shown(judge) : RULE_NONE;
}

/* Pieces that show it put right, with those that come now. */
static uint32_t evidence_shown(const struct judge *judge) {
  uint32_t shown = judge->before->evidence_count - judge->before->evidence_spent;
  for (uint32_t i = 0; i < judge->command->evidence_count; i++)
    shown += evidence_shows(judge, &judge->command->evidence[i]);
  return shown;
}

/* Nothing shows it put right: because nothing was handed in, or because its file was not. */
static uint32_t why_nothing_shows(const struct judge *judge) {
  for (uint32_t i = 0; i < judge->command->evidence_count; i++)
    if (evidence_is_absent(judge, &judge->command->evidence[i])) return RULE_EVIDENCE_NOT_STORED;
  return RULE_EVIDENCE_REQUIRED;
}

static uint32_t check_closing(struct judge *judge) {
  const struct case_state *before = judge->before;
  const uint32_t principal = people_with_role(judge, ROLE_PRINCIPAL);
  if (principal == 0 && (before->flags & CASE_ENDORSED) == 0) return RULE_ENDORSEMENT_REQUIRED;
  if (principal != 0 && (before->flags & CASE_ENDORSED) == 0) { /* the head endorses by asking */
    judge->after.endorsed_by = judge->command->actor;
    judge->after.endorsed_for = principal;
  }
  if (evidence_shown(judge) == 0) return why_nothing_shows(judge);
  if (before->children > 0) return RULE_CO_UNITS_OPEN;
  bool sweeps = judge->policy->tracks[before->track].sweep && follow_sibling(judge->world, before->unit, judge->now, 0) != 0;
  if (sweeps && (before->flags & CASE_SWEPT) == 0) return RULE_SWEEP_REQUIRED;
  return check_track(judge);
}

uint32_t decide_request_closure(struct judge *judge) {
  static const uint8_t over[] = {CLOCK_PLAN, CLOCK_PLAN_REVIEW, CLOCK_PROGRESS, CLOCK_EXTENSION};
  struct case_state *after = &judge->after;
  uint32_t rule = check_closing(judge);
  if (rule != RULE_NONE) return rule;
  after->status = judge->move->to;
  after->closing_by = judge->command->actor;
  after->closing_for = people_right(judge);
  for (size_t i = 0; i < sizeof over; i++) timing_stop(judge, over[i]);
  timing_pause(judge, CLOCK_RECTIFY);
  timing_start(judge, CLOCK_VERIFY, after->track, timing_limit(judge, CLOCK_VERIFY, NULL), judge->now);
  people_settle_verifier(judge);
  after->accountable = people_verifying(judge);
  uint32_t recipient = after->accountable == after->verifier ? RECIPIENT_VERIFIER : RECIPIENT_OFFICE;
  people_notify(judge, NOTICE_TASK, false, recipient, after->accountable);
  return judge->move->rule;
}

/* ---- verifying ---- */

/* No policy can switch this off: whoever put it right, or sits where it went wrong, does not say that it is right. */
static uint32_t check_four_eyes(struct judge *judge) {
  if (!people_four_eyes(judge, judge->command->actor)) return RULE_FOUR_EYES;
  if (judge->on_behalf != 0 && !people_four_eyes(judge, judge->on_behalf)) return RULE_FOUR_EYES;
  bool office = people_has_role(judge, ROLE_OFFICE);
  return track_needs_office(judge->before->track) && !office ? RULE_OFFICE_VERIFIES : RULE_NONE;
}

/* What runs on after the close: the time of the look-back, and of a decision that an appeal has opened again. */
static void stop_for_closing(struct judge *judge) {
  for (uint32_t kind = 1; kind <= CLOCK_COUNT; kind++)
    if (kind != CLOCK_DECISION) timing_stop(judge, kind);
  const struct span limit = timing_limit(judge, CLOCK_LOOK_BACK, NULL);
  if (limit.unit == SPAN_NONE) return;
  timing_start(judge, CLOCK_LOOK_BACK, judge->after.track, limit, judge->now);
  people_settle_verifier(judge);
  judge->after.accountable = people_verifying(judge);
}

uint32_t decide_verify_pass(struct judge *judge) {
  struct case_state *after = &judge->after;
  uint32_t rule = check_four_eyes(judge);
  if (rule != RULE_NONE) return rule;
  after->status = judge->move->to;
  after->closed = judge->now;
  stop_for_closing(judge);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, after->handler);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_REPORTER, after->reporter);
  return judge->move->rule;
}

/* Failing too often says something about the unit: the quality edge. */
static void follow_quality(struct judge *judge) {
  uint32_t most = judge->policy->tracks[judge->after.track].rework_max;
  if (most == 0 || judge->after.rework < most) return;
  uint32_t target = track_along(judge, EDGE_QUALITY);
  if (target != 0) track_move(judge, target, EDGE_QUALITY, judge->now);
}

uint32_t decide_verify_fail(struct judge *judge) {
  struct case_state *after = &judge->after;
  uint32_t rule = check_four_eyes(judge);
  if (rule != RULE_NONE) return rule;
  after->status = judge->move->to;
  after->flags &= ~(uint32_t)CASE_ENDORSED;
  if (after->rework < UINT16_MAX) after->rework++;
  after->accountable = people_working(judge);
  timing_stop(judge, CLOCK_VERIFY);
  timing_resume(judge, CLOCK_RECTIFY, judge->now);
  timing_progress(judge);
  people_notify(judge, NOTICE_URGE, false, RECIPIENT_HANDLER, after->handler);
  follow_quality(judge);
  return judge->move->rule;
}

/* ---- after the close ---- */

/* Reopened is not new: the first date stays, and a date that has passed shows.  What was shown before did not hold. */
static void work_again(struct judge *judge) {
  struct case_state *after = &judge->after;
  after->status = judge->move->to;
  after->flags = (after->flags | CASE_REOPENED) & ~(uint32_t)CASE_ENDORSED;
  after->closed = 0;
  after->evidence_spent = after->evidence_count;
  judge->event->measures = after->measures; /* not one of them is shown any more */
  after->measures_shown = 0;
  uint32_t handler = people_answers(judge, after->handler) ? after->handler : people_responsible(judge);
  if (handler != 0) after->handler = handler;
  after->accountable = people_working(judge);
  people_settle_verifier(judge);
  uint8_t light = after->first_due <= judge->now ? LIGHT_RED : LIGHT_YELLOW;
  if (after->light < light) after->light = light;
  timing_stop(judge, CLOCK_LOOK_BACK);
  timing_start(judge, CLOCK_RECTIFY, after->track, timing_limit(judge, CLOCK_RECTIFY, NULL), judge->now);
  timing_progress(judge);
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_HANDLER, after->handler);
}

uint32_t decide_reopen(struct judge *judge) {
  work_again(judge);
  return judge->move->rule;
}

uint32_t decide_look_back_pass(struct judge *judge) {
  uint32_t rule = check_four_eyes(judge);
  if (rule != RULE_NONE) return rule;
  judge->after.status = judge->move->to;
  timing_stop(judge, CLOCK_LOOK_BACK);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, judge->after.handler);
  return judge->move->rule;
}

uint32_t decide_look_back_relapse(struct judge *judge) {
  uint32_t rule = check_four_eyes(judge);
  if (rule != RULE_NONE) return rule;
  work_again(judge);
  uint32_t target = track_along(judge, EDGE_RELAPSE);
  if (target != 0) track_move(judge, target, EDGE_RELAPSE, judge->now);
  return judge->move->rule;
}
