/* decide_bounce.c - bounces and their adjudication; findings that the team takes back. */
#include "core/judge.h"

uint32_t decide_bounce(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_adjudicate(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_withdraw(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_withdraw_approve(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_withdraw_refuse(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}
