/* gaps.h - what a policy leaves out or can never do, although each of its parts is well formed.  Pure: no I/O. */
#ifndef RECTIFY_REHEARSE_GAPS_H
#define RECTIFY_REHEARSE_GAPS_H

#include "rectify/policy.h"

#define GAPS_MAX 200
#define GAP_BYTES_MAX 256

/* What a gap is about: a place in the file, for whoever knows where things stand. */
enum gap_place { GAP_FILE, GAP_ROUTE, GAP_TRACK, GAP_LADDER };

struct gap {
  bool error;    /* something written can never have an effect; else it may be meant so */
  uint8_t place; /* enum gap_place, */
  uint8_t index; /* and which: of a route or ladder in the policy, or enum track */
  char text[GAP_BYTES_MAX];
};

struct gaps {
  uint32_t count; /* at most GAPS_MAX; what is beyond is dropped */
  struct gap rows[GAPS_MAX];
};

/* Adds one; dropped when there are GAPS_MAX.  For the analyses of rehearse/. */
void gap_note(struct gaps *gaps, bool error, enum gap_place place, uint32_t index, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* All gaps of the policy, errors and warnings, in the order of the file's sections. */
void policy_gaps(const struct policy *policy, struct gaps *out);

#endif
