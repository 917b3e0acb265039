/* decide_close.c - closing a case and what comes after: closure request, verification, reopening, look-back. */
#include "core/judge.h"

/* ---- closing ---- */

static uint32_t check_evidence(const struct judge *judge) {
  if (judge->before->evidence_count + judge->command->evidence_count == 0) return RULE_EVIDENCE_REQUIRED;
  return RULE_NONE;
}

uint32_t decide_request_closure(struct judge *judge) {
  struct case_state *after = &judge->after;
  bool principal = people_has_role(judge, ROLE_PRINCIPAL);
  if (!principal && (after->flags & CASE_ENDORSED) == 0) return RULE_ENDORSEMENT_REQUIRED;
  uint32_t rule = check_evidence(judge);
  if (rule != RULE_NONE) return rule;
  after->status = judge->move->to;
  timing_pause(judge, CLOCK_RECTIFY);
  timing_start(judge, CLOCK_VERIFY, after->track, judge->policy->tracks[after->track].limits[CLOCK_VERIFY], judge->now);
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

uint32_t decide_verify_pass(struct judge *judge) {
  struct case_state *after = &judge->after;
  uint32_t rule = check_four_eyes(judge);
  if (rule != RULE_NONE) return rule;
  after->status = judge->move->to;
  after->closed = judge->now;
  timing_stop_all(judge);
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
  after->accountable = after->handler;
  timing_stop(judge, CLOCK_VERIFY);
  timing_resume(judge, CLOCK_RECTIFY, judge->now);
  people_notify(judge, NOTICE_URGE, false, RECIPIENT_HANDLER, after->handler);
  follow_quality(judge);
  return judge->move->rule;
}

/* ---- after the close ---- */

uint32_t decide_reopen(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_look_back_pass(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_look_back_relapse(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}
