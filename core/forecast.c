/* forecast.c - what happens if nobody does anything: core.h, case_forecast(). */
#include "core/judge.h"

void case_forecast(const struct world *world, const struct case_state *state, usec_t now, usec_t until, uint32_t steps,
                   void (*each)(void *context, const struct event *event, const struct case_state *after), void *context) {
  struct case_state after = *state;
  struct command command;
  struct decision decision;
  const struct fresh fresh = {0};
  for (uint32_t step = 0; step < steps; step++) {
    uint32_t index;
    usec_t when = case_next_fire(&after, &index);
    if (when == INSTANT_NONE || when > until) return;
    case_rung_command(&after, index, &command);
    case_decide(world, &after, &command, when > now ? when : now, &fresh, &decision);
    if (!decision.record || !case_apply(&after, &decision.event)) return;
    each(context, &decision.event, &after);
  }
}
