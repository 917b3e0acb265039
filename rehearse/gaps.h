/* gaps.h - what a policy leaves out or can never do, although each of its parts is well formed.  Pure: no I/O. */
#ifndef RECTIFY_REHEARSE_GAPS_H
#define RECTIFY_REHEARSE_GAPS_H

#include "rectify/policy.h"

#define GAPS_MAX 200
#define GAP_BYTES_MAX 256

struct gap {
  bool error; /* something written can never have an effect; else it may be meant so */
  char text[GAP_BYTES_MAX];
};

struct gaps {
  uint32_t count; /* at most GAPS_MAX; what is beyond is dropped */
  struct gap rows[GAPS_MAX];
};

/* All gaps of the policy, errors and warnings, in the order of the file's sections. */
void policy_gaps(const struct policy *policy, struct gaps *out);

#endif
