/* decide_work.c - the unit's daily work: sign for, report, endorse, record a talk, a rule, an order signed for. */
#include "core/judge.h"

uint32_t decide_sign_for(struct judge *judge) {
  judge->after.status = judge->move->to;
  timing_stop(judge, CLOCK_SIGN_FOR);
  return judge->move->rule;
}

uint32_t decide_remark(struct judge *judge) { return judge->move->rule; }

uint32_t decide_endorse(struct judge *judge) {
  judge->after.flags |= CASE_ENDORSED;
  return judge->move->rule;
}

uint32_t decide_progress(struct judge *judge) { return judge->move->rule; }

uint32_t decide_order_sign(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_talk(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_rule_issue(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}
