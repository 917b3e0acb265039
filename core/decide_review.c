/* decide_review.c - after a publication: dates and posts are settled again. */
#include "core/judge.h"

uint32_t decide_review(struct judge *judge) {
  (void)judge;
  return RULE_NOT_OFFERED;
}

bool review_people(struct judge *judge) {
  (void)judge;
  return false;
}
