/* decide_plan.c - the plan: submitted, approved, returned. */
#include "core/judge.h"

uint32_t decide_plan_submit(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_plan_approve(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_plan_return(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}
