/* decide_review.c - after a publication: dates are counted again by the calendars in force, and posts that nobody holds any
 * more are filled (domain.md §4, hand-over).  Also before each rung: who has left is not told. */
#include "core/judge.h"

static bool holds_office(const struct judge *judge, uint32_t officer) {
  const struct world *world = judge->world;
  const uint32_t unit = judge->after.unit != 0 ? judge->after.unit : world_root(world);
  const uint32_t roles = registry_roles(world->registry, officer, unit, world_today(world, judge->after.unit, judge->now));
  return officer_known(world, officer) && (roles & ROLE_BIT(ROLE_OFFICE)) != 0;
}

static void review_handler(struct judge *judge) {
  struct case_state *after = &judge->after;
  if (after->unit == 0 || people_answers(judge, after->handler)) return;
  uint32_t handler = people_responsible(judge);
  if (handler != 0) after->handler = handler; /* else nobody is left: see people_working() */
}

static uint32_t who_is_accountable(struct judge *judge) {
  const struct case_state *after = &judge->after;
  switch ((enum status)after->status) {
  case STATUS_UNROUTED:
  case STATUS_BOUNCED: return holds_office(judge, after->accountable) ? after->accountable : people_office(judge);
  case STATUS_VERIFYING: people_settle_verifier(judge); return people_verifying(judge);
  case STATUS_CLOSED_OUT:
    if (case_clock_of(after, CLOCK_LOOK_BACK) == NULL) return after->accountable;
    people_settle_verifier(judge);
    return people_verifying(judge);
  case STATUS_DISPATCHED:
  case STATUS_RECTIFYING:
  case STATUS_STAGED: return people_working(judge);
  case STATUS_ARCHIVED:
  case STATUS_WITHDRAWN:
  case STATUS_MERGED:
  case STATUS_NONE: break;
  }
  return after->accountable;
}

void review_people(struct judge *judge) {
  struct case_state *after = &judge->after;
  if (status_is_open(after->status)) review_handler(judge);
  uint32_t accountable = who_is_accountable(judge);
  if (after->handler != judge->before->handler) {
    people_settle_verifier(judge); /* who was one may be the handler now */
    people_notify(judge, NOTICE_TASK, false, RECIPIENT_HANDLER, after->handler);
  }
  if (accountable != after->accountable) people_notify(judge, NOTICE_TASK, false, RECIPIENT_ACCOUNTABLE, accountable);
  after->accountable = accountable;
}

static bool same_people(const struct case_state *a, const struct case_state *b) {
  return a->handler == b->handler && a->verifier == b->verifier && a->accountable == b->accountable;
}

/* Whether some date moved.  Pauses that are over keep the days that were counted for them. */
static bool review_dates(struct judge *judge) {
  bool moved = false;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && judge->after.clocks[i].kind != 0; i++) {
    struct case_clock *clock = &judge->after.clocks[i];
    const struct case_clock was = *clock;
    timing_derive(judge, clock);
    moved |= was.due != clock->due || was.next_fire != clock->next_fire || was.provisional != clock->provisional;
  }
  return moved;
}

uint32_t decide_review(struct judge *judge) {
  const struct case_clock *was = case_clock_of(judge->before, CLOCK_RECTIFY);
  bool moved = review_dates(judge);
  review_people(judge);
  if (!moved && same_people(&judge->after, judge->before)) return RULE_NOTHING_TO_REVIEW;
  const struct case_clock *is = case_clock_of(&judge->after, CLOCK_RECTIFY);
  if (was != NULL && is != NULL && was->due != is->due)
    people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, judge->after.handler);
  return judge->move->rule;
}
