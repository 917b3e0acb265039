/* due.c - case_due(): which of a case's dates is the one that people ask about. */
#include "rectify/core.h"

usec_t case_due(const struct case_state *state, uint32_t *clock) {
  static const uint8_t clock_of_status[STATUS_COUNT + 1] = {
      [STATUS_UNROUTED] = CLOCK_ADJUDICATE, [STATUS_BOUNCED] = CLOCK_ADJUDICATE, [STATUS_DISPATCHED] = CLOCK_RECTIFY,
      [STATUS_RECTIFYING] = CLOCK_RECTIFY,  [STATUS_STAGED] = CLOCK_RECTIFY,     [STATUS_VERIFYING] = CLOCK_VERIFY};
  const struct case_clock *found = case_clock_of(state, clock_of_status[state->status]);
  *clock = found == NULL ? 0 : found->kind;
  return found == NULL ? 0 : found->due;
}
