/* people.c - who must act on a case, found in the registry on the day of the decision. */
#include "core/judge.h"

static day_t today(const struct judge *judge) { return world_today(judge->world, judge->after.unit, judge->now); }

static uint32_t unit_or_root(const struct judge *judge) {
  return judge->after.unit != 0 ? judge->after.unit : world_root(judge->world);
}

bool unit_known(const struct world *world, uint32_t unit) {
  return unit != 0 && unit <= world->registry->unit_count && !world->registry->units[unit].retired;
}

uint32_t people_handler_of(const struct world *world, uint32_t unit, usec_t now) {
  const struct registry *registry = world->registry;
  const day_t day = world_today(world, unit, now);
  for (uint32_t level = 0; unit != 0 && level <= UNIT_DEPTH_MAX; level++) {
    uint32_t officer = registry_holder_at(registry, unit, ROLE_HANDLER, day);
    if (officer == 0) officer = registry_holder_at(registry, unit, ROLE_PRINCIPAL, day);
    if (officer != 0) return officer;
    unit = registry->units[unit].parent;
  }
  return 0;
}

uint32_t people_handler(const struct judge *judge) {
  return people_handler_of(judge->world, judge->after.unit, judge->now);
}

bool people_answers(const struct judge *judge, uint32_t officer) {
  const uint32_t answers = ROLE_BIT(ROLE_HANDLER) | ROLE_BIT(ROLE_PRINCIPAL);
  return (registry_roles(judge->world->registry, officer, judge->after.unit, today(judge)) & answers) != 0;
}

uint32_t people_with_role(struct judge *judge, uint32_t role) {
  const struct registry *registry = judge->world->registry;
  const uint32_t unit = unit_or_root(judge), bit = ROLE_BIT(role);
  if ((registry_roles(registry, judge->command->actor, unit, today(judge)) & bit) != 0) return judge->command->actor;
  uint32_t officer = registry_on_behalf(registry, judge->command->actor, bit, unit, today(judge));
  if (officer != 0 && judge->on_behalf == 0) judge->on_behalf = officer;
  return officer;
}

bool people_has_role(struct judge *judge, uint32_t role) { return people_with_role(judge, role) != 0; }

bool people_is_actor(const struct judge *judge, uint32_t officer) {
  return officer != 0 && (officer == judge->command->actor || officer == judge->on_behalf);
}

static bool is_of_unit(const struct judge *judge, uint32_t officer) {
  const uint32_t answers = ROLE_BIT(ROLE_HANDLER) | ROLE_BIT(ROLE_PRINCIPAL);
  return (registry_roles_at(judge->world->registry, officer, judge->before->unit, today(judge)) & answers) != 0;
}

uint32_t people_check_own(const struct judge *judge, uint32_t by, uint32_t by_for) {
  if (people_is_actor(judge, by) || people_is_actor(judge, by_for)) return RULE_OWN_REQUEST;
  bool own = people_is_actor(judge, judge->before->handler) || is_of_unit(judge, judge->command->actor) ||
             (judge->on_behalf != 0 && is_of_unit(judge, judge->on_behalf));
  return own ? RULE_OWN_REQUEST : RULE_NONE;
}

uint32_t people_right(const struct judge *judge) {
  return judge->on_behalf != 0 ? judge->on_behalf : judge->command->actor;
}

bool people_not_above(const struct judge *judge, uint32_t officer, uint32_t roles, uint32_t role) {
  const struct registry *registry = judge->world->registry;
  uint32_t unit = judge->after.unit;
  for (uint32_t level = 0; unit != 0 && unit <= registry->unit_count && level <= UNIT_DEPTH_MAX; level++) {
    if ((registry_roles_at(registry, officer, unit, today(judge)) & roles) != 0) return true;
    if ((registry_roles_at(registry, people_right(judge), unit, today(judge)) & ROLE_BIT(role)) != 0) return false;
    unit = registry->units[unit].parent;
  }
  return false;
}

/* Four eyes (domain.md §3): neither the handler, nor who stands in for the handler, nor the handler's colleagues, nor people
 * of the case's unit; nor who asked for the closing or endorsed it, in whosever right. */
static struct holder_not four_eyes(const struct judge *judge) {
  const struct case_state *after = &judge->after;
  const struct registry *registry = judge->world->registry;
  const uint32_t acting = registry_stand_in(registry, after->handler, today(judge));
  return (struct holder_not){{after->handler, acting, after->closing_by, after->closing_for, after->endorsed_by, after->endorsed_for},
                             {after->unit, registry->officers[after->handler].unit}};
}

bool people_four_eyes(const struct judge *judge, uint32_t officer) {
  const struct holder_not holder_not = four_eyes(judge);
  return holder_allowed(judge->world->registry, officer, today(judge), &holder_not);
}

uint32_t people_check_verifier(const struct judge *judge, uint32_t officer) {
  const struct registry *registry = judge->world->registry;
  if (!officer_known(judge->world, officer)) return RULE_OFFICER_UNKNOWN;
  uint32_t roles = registry_roles(registry, officer, unit_or_root(judge), today(judge));
  if ((roles & (ROLE_BIT(ROLE_VERIFIER) | ROLE_BIT(ROLE_OFFICE))) == 0) return RULE_OFFICER_NOT_OF_UNIT;
  if (!people_four_eyes(judge, officer)) return RULE_VERIFIER_UNFIT;
  bool office = (roles & ROLE_BIT(ROLE_OFFICE)) != 0;
  return track_needs_office(judge->after.track) && !office ? RULE_OFFICE_VERIFIES : RULE_NONE;
}

static uint32_t find_verifier(const struct judge *judge) {
  const struct registry *registry = judge->world->registry;
  const struct holder_not holder_not = four_eyes(judge);
  const uint32_t unit = unit_or_root(judge);
  uint32_t officer = 0;
  if (!track_needs_office(judge->after.track))
    officer = registry_holder_but(registry, unit, ROLE_VERIFIER, today(judge), &holder_not);
  return officer != 0 ? officer : registry_holder_but(registry, unit, ROLE_OFFICE, today(judge), &holder_not);
}

void people_settle_verifier(struct judge *judge) {
  if (people_check_verifier(judge, judge->after.verifier) == RULE_NONE) return;
  uint32_t officer = find_verifier(judge);
  if (officer != 0) judge->after.verifier = officer;
}

uint32_t people_verifying(const struct judge *judge) {
  uint32_t verifier = judge->after.verifier;
  return people_check_verifier(judge, verifier) == RULE_NONE ? verifier : people_office(judge);
}

/* The registry document guarantees an open-ended office at the root.  Should that fail, whoever was ever of the office
 * is better than nobody: an open case has an accountable officer, always. */
static uint32_t office_ever(const struct registry *registry) {
  for (uint32_t i = 0; i < registry->appointment_count; i++)
    if (registry->by_officer[i].role == ROLE_OFFICE) return registry->by_officer[i].officer;
  return 1;
}

uint32_t people_office(const struct judge *judge) {
  uint32_t officer = registry_holder(judge->world->registry, unit_or_root(judge), ROLE_OFFICE, today(judge));
  return officer != 0 ? officer : office_ever(judge->world->registry);
}

uint32_t people_working(const struct judge *judge) {
  return people_answers(judge, judge->after.handler) ? judge->after.handler : people_office(judge);
}

static uint32_t holder(const struct judge *judge, uint32_t unit, uint32_t role) {
  return registry_holder(judge->world->registry, unit, role, today(judge));
}

/* The head of a unit above who is not the head that answers for the case already. */
static uint32_t people_above(const struct judge *judge, uint32_t unit) {
  const struct registry *registry = judge->world->registry;
  const struct holder_not holder_not = {.officers = {holder(judge, unit, ROLE_PRINCIPAL)}};
  return registry_holder_but(registry, registry->units[unit].parent, ROLE_PRINCIPAL, today(judge), &holder_not);
}

uint32_t people_recipient(const struct judge *judge, uint32_t recipient) {
  const uint32_t unit = unit_or_root(judge);
  const struct registry *registry = judge->world->registry;
  uint32_t body;
  switch ((enum recipient)recipient) {
  case RECIPIENT_NONE: return 0;
  case RECIPIENT_HANDLER: return judge->after.handler;
  case RECIPIENT_PRINCIPAL: return holder(judge, unit, ROLE_PRINCIPAL);
  case RECIPIENT_ABOVE: return people_above(judge, unit);
  case RECIPIENT_OFFICE: return people_office(judge);
  case RECIPIENT_VERIFIER: return judge->after.verifier;
  case RECIPIENT_BODY:
    body = holder(judge, unit, ROLE_BODY);
    return body != 0 ? body : people_office(judge);
  case RECIPIENT_ACCOUNTABLE: return judge->after.accountable;
  case RECIPIENT_REPORTER: return judge->after.reporter;
  case RECIPIENT_ABOVE_2: return people_above(judge, registry->units[unit].parent);
  case RECIPIENT_TOP: return holder(judge, world_root(judge->world), ROLE_PRINCIPAL);
  case RECIPIENT_SUBJECT: return judge->after.subject;
  case RECIPIENT_TEAM: return judge->after.team == 0 ? 0 : registry_holder_at(registry, judge->after.team, ROLE_PRINCIPAL, today(judge));
  }
  return 0;
}

/* A handler or verifier who left, and whom nobody follows, is not told: whoever acts in that place is. */
static uint32_t acts_in_place_of(const struct judge *judge, uint32_t recipient, uint32_t officer) {
  const struct case_state *after = &judge->after;
  if (recipient == RECIPIENT_HANDLER && officer == after->handler && after->unit != 0) return people_working(judge);
  if (recipient == RECIPIENT_VERIFIER && officer == after->verifier) return people_verifying(judge);
  return officer;
}

void people_notify(struct judge *judge, uint32_t notice, bool copy, uint32_t recipient, uint32_t officer) {
  struct event *event = judge->event;
  if (officer == 0 || notice == 0 || event->notice_count == EVENT_NOTICES_MAX) return;
  const uint32_t acting = acts_in_place_of(judge, recipient, officer);
  const uint32_t by = registry_stand_in(judge->world->registry, acting, today(judge));
  for (uint32_t i = 0; i < event->notice_count; i++)
    if (event->notices[i].officer == by && event->notices[i].kind == notice) return;
  event->notices[event->notice_count++] = (struct notice_out){.kind = (uint8_t)notice,
                                                              .copy = copy,
                                                              .recipient = (uint8_t)recipient,
                                                              .officer = by,
                                                              .instead_of = by != officer ? officer : 0};
}
