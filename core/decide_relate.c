/* decide_relate.c - cases that have to do with each other: merge, split, co-units, sweeps. */
#include "core/judge.h"

uint32_t decide_merge_into(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_unmerge(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_split(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_co_unit(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_sweep(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_spawn(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

uint32_t decide_relate(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}
