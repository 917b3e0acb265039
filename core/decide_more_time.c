/* decide_more_time.c - more time: extensions, holds, stages. */
#include "core/judge.h"

uint32_t decide_extension_ask(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_extension_grant(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_extension_refuse(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_hold(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_resume(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_stage(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

void hold_end(struct judge *judge, usec_t at) {
  (void)judge;
  (void)at;
}
