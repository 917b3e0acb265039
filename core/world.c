/* world.c - the part of the world that concerns one case: its policy, its unit's calendar and zone, the root. */
#include "core/judge.h"
#include "rectify/must.h"

const struct policy *world_policy(const struct world *world, uint32_t version) {
  uint32_t count = world->policy_count;
  while (count > 0 && version != 0 && world->policies[count - 1].version != version) count--;
  must(count > 0); /* a case is pinned to a policy that was published */
  return &world->policies[count - 1];
}

uint32_t world_root(const struct world *world) {
  const struct registry *registry = world->registry;
  uint32_t unit = 1;
  while (unit <= registry->unit_count && (registry->units[unit].parent != 0 || registry->units[unit].retired)) unit++;
  must(unit <= registry->unit_count); /* a registry has a root */
  return unit;
}

static const struct unit *unit_or_root(const struct world *world, uint32_t unit) {
  if (unit == 0 || unit > world->registry->unit_count) unit = world_root(world);
  return &world->registry->units[unit];
}

const struct calendar *world_calendar(const struct world *world, uint32_t unit) {
  uint32_t index = unit_or_root(world, unit)->calendar;
  must(index < world->calendar_count);
  return &world->calendars[index];
}

const struct zone *world_zone(const struct world *world, uint32_t unit) {
  uint32_t index = unit_or_root(world, unit)->zone;
  must(index < world->zone_count);
  return &world->zones[index];
}

day_t world_today(const struct world *world, uint32_t unit, usec_t now) {
  return zone_day_of(world_zone(world, unit), now);
}
