/* follow.c - what follows from an event on other cases: core.h, case_follow_up(). */
#include "core/judge.h"

bool case_follow_up(const struct world *world, const struct case_state *after, const struct event *event, uint32_t index,
                    struct command *out, struct finding *finding) {
  (void)world;
  (void)after;
  (void)event;
  (void)index;
  (void)out;
  (void)finding;
  return false;
}
