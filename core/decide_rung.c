/* decide_rung.c - a due rung of a ladder: lights, notices, the climb to another track, and the next rung. */
#include "core/judge.h"
#include "rectify/must.h"

static void advance(struct judge *judge, struct case_clock *clock, const struct ladder *ladder) {
  clock->nth++;
  if (clock->rung + 1u < ladder->count) {
    clock->rung++;
  } else {
    must(ladder->rungs[clock->rung].every.count > 0); /* reminders never go silent */
    clock->repeat++;
  }
  timing_aim(judge, clock);
}

static void tell(struct judge *judge, const struct rung *rung, uint32_t recipients, bool copy) {
  for (uint32_t recipient = 1; recipient <= RECIPIENT_COUNT; recipient++)
    if ((recipients >> recipient & 1u) != 0)
      people_notify(judge, rung->notice, copy, recipient, people_recipient(judge, recipient));
}

uint32_t decide_rung(struct judge *judge) {
  struct case_clock *clock = clock_find(&judge->after, judge->command->clock);
  must(clock != NULL);
  const struct ladder *ladder = ladder_of(judge->policy, clock);
  must(clock->rung < ladder->count);
  const struct rung *rung = &ladder->rungs[clock->rung];
  const usec_t fire = clock->next_fire;
  struct event *event = judge->event;
  event->effective = fire;
  event->fired_clock = clock->kind;
  event->fired_generation = clock->generation;
  event->fired_nth = clock->nth;
  advance(judge, clock, ladder);
  uint32_t target = track_along(judge, rung->edge);
  if (target != 0) track_move(judge, target, rung->edge, fire);
  if (rung->light > judge->after.light) judge->after.light = rung->light; /* work betters a light, time never does */
  tell(judge, rung, rung->recipients, false);
  tell(judge, rung, rung->copies, true);
  return judge->move->rule;
}
