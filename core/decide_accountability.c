/* decide_accountability.c - a proposal, the statement, the decision, the appeal. */
#include "core/judge.h"

uint32_t decide_statement(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_decide(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_appeal(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

void accountability_propose(struct judge *judge, usec_t start) {
  (void)start;
  judge->after.flags |= CASE_ACCOUNTABILITY;
  people_notify(judge, NOTICE_PROPOSAL, false, RECIPIENT_BODY, people_recipient(judge, RECIPIENT_BODY));
}
