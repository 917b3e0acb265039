/* authorise.c - may this officer do this to a case of this unit today?  The roles of a command stand in command.def. */
#include "core/judge.h"

bool officer_known(const struct world *world, uint32_t officer) {
  return officer != 0 && officer <= world->registry->officer_count && !world->registry->officers[officer].retired;
}

/* Whom the actor stands in for and who may do it: over the unit, or over the team for an inspector's right. */
static uint32_t find_principal(const struct registry *registry, uint32_t actor, uint32_t allowed, uint32_t unit,
                               uint32_t team, day_t day) {
  const uint32_t inspector = ROLE_BIT(ROLE_INSPECTOR);
  uint32_t officer = registry_on_behalf(registry, actor, allowed & ~inspector, unit, day);
  return officer != 0 ? officer : registry_on_behalf(registry, actor, allowed & inspector, team, day);
}

uint32_t authorise_command(const struct world *world, uint32_t actor, uint32_t command, uint32_t unit, uint32_t team,
                           day_t day, uint32_t *on_behalf) {
  const uint32_t inspector = ROLE_BIT(ROLE_INSPECTOR);
  const uint32_t allowed = command_roles(command);
  const struct registry *registry = world->registry;
  *on_behalf = 0;
  if (allowed == 0) return actor == 0 && word_known(words_command, command) ? RULE_NONE : RULE_NOT_FOR_PEOPLE;
  if ((allowed & ROLE_SUBJECT) != 0) /* whoever it is: decide_accountability.c compares; also after leaving the post */
    return actor != 0 && actor <= registry->officer_count ? RULE_NONE : RULE_ACTOR_UNKNOWN;
  if (!officer_known(world, actor)) return RULE_ACTOR_UNKNOWN;
  if (unit == 0) unit = world_root(world);
  uint32_t roles = registry_roles(registry, actor, unit, day);
  if ((roles & allowed & ~inspector) != 0) return RULE_NONE;
  if ((allowed & inspector) != 0 && (registry_roles(registry, actor, team, day) & inspector) != 0) return RULE_NONE;
  *on_behalf = find_principal(registry, actor, allowed, unit, team, day);
  if (*on_behalf != 0) return RULE_NONE;
  if ((allowed & inspector) == 0) return RULE_ROLE_MISSING;
  bool inspects = (registry_roles_anywhere(registry, actor, day) & inspector) != 0;
  return inspects ? RULE_NOT_OWN_TEAM : RULE_ROLE_MISSING;
}

bool authorise_reader(const struct world *world, uint32_t actor, uint32_t unit, uint32_t team, day_t day, uint32_t *on_behalf) {
  const struct registry *registry = world->registry;
  *on_behalf = 0;
  if (!officer_known(world, actor)) return false;
  if (unit == 0) unit = world_root(world);
  if ((registry_roles(registry, actor, unit, day) & ROLES_READING) != 0) return true;
  if ((registry_roles(registry, actor, team, day) & ROLE_BIT(ROLE_INSPECTOR)) != 0) return true;
  *on_behalf = registry_on_behalf(registry, actor, ROLES_READING, unit, day);
  if (*on_behalf == 0) *on_behalf = registry_on_behalf(registry, actor, ROLE_BIT(ROLE_INSPECTOR), team, day);
  return *on_behalf != 0;
}

bool authorise_read(const struct world *world, uint32_t actor, uint32_t unit, uint32_t team, day_t day) {
  uint32_t on_behalf;
  return authorise_reader(world, actor, unit, team, day, &on_behalf);
}
