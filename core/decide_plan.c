/* decide_plan.c - the plan: submitted with its measures, approved by somebody else, or returned. */
#include "core/judge.h"

static bool is_pending(const struct judge *judge) { return case_clock_of(&judge->after, CLOCK_PLAN_REVIEW) != NULL; }

uint32_t decide_plan_submit(struct judge *judge) {
  struct case_state *after = &judge->after;
  const uint8_t measures = judge->command->measures;
  if ((after->flags & CASE_PLAN_APPROVED) != 0) return RULE_PLAN_STANDS;
  if (is_pending(judge)) return RULE_PLAN_PENDING;
  if (measures == 0 || measures > MEASURES_MAX) return RULE_MEASURES_REQUIRED;
  if (!has_evidence(judge, EVIDENCE_PLAN)) return RULE_DOCUMENT_REQUIRED;
  judge->event->measures = after->measures = measures; /* also when it is the same number: nothing is shown yet */
  after->measures_shown = 0;
  after->plan_by = judge->command->actor;
  after->plan_for = people_right(judge);
  timing_stop(judge, CLOCK_PLAN);
  timing_answer(judge, CLOCK_PLAN_REVIEW, after->track, judge->now);
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_OFFICE, people_office(judge));
  return judge->move->rule;
}

uint32_t decide_plan_approve(struct judge *judge) {
  if (!is_pending(judge)) return RULE_PLAN_NOT_PENDING;
  uint32_t rule = people_check_own(judge, judge->after.plan_by, judge->after.plan_for);
  if (rule != RULE_NONE) return rule;
  judge->after.flags |= CASE_PLAN_APPROVED;
  timing_stop(judge, CLOCK_PLAN_REVIEW);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, judge->after.handler);
  return judge->move->rule;
}

uint32_t decide_plan_return(struct judge *judge) {
  if (!is_pending(judge)) return RULE_PLAN_NOT_PENDING;
  timing_stop(judge, CLOCK_PLAN_REVIEW);
  timing_plan(judge, NULL);
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_HANDLER, judge->after.handler);
  return judge->move->rule;
}
