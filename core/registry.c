/* registry.c - who answers for what, on which day: registry.h.  The rows are sorted by document/registry.c. */
#include "rectify/registry.h"

#include "core/judge.h"

bool registry_in_subtree(const struct registry *registry, uint32_t unit, uint32_t ancestor) {
  if (unit == 0 || ancestor == 0 || unit > registry->unit_count || ancestor > registry->unit_count) return false;
  const struct unit *inner = &registry->units[unit], *outer = &registry->units[ancestor];
  return outer->enter <= inner->enter && inner->leave <= outer->leave;
}

static bool holds_on(const struct registry *registry, const struct appointment *row, day_t day) {
  return row->from <= day && day <= row->until && !registry->officers[row->officer].retired;
}

/* The index of the first row of (unit, role) or of what follows it. */
static uint32_t first_of_unit(const struct registry *registry, uint32_t unit, uint32_t role) {
  uint32_t low = 0, high = registry->appointment_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const struct appointment *row = &registry->appointments[middle];
    if (row->unit < unit || (row->unit == unit && row->role < role)) low = middle + 1;
    else high = middle;
  }
  return low;
}

bool holder_allowed(const struct registry *registry, uint32_t officer, day_t day, const struct holder_not *holder_not) {
  const uint32_t answers = ROLE_BIT(ROLE_HANDLER) | ROLE_BIT(ROLE_PRINCIPAL);
  for (uint32_t i = 0; i < HOLDER_NOT_MAX; i++)
    if (officer == holder_not->officers[i]) return false;
  for (uint32_t i = 0; i < 2; i++) {
    const uint32_t unit = holder_not->homes[i];
    if (unit == 0) continue;
    if (registry->officers[officer].unit == unit) return false;
    if ((registry_roles_at(registry, officer, unit, day) & answers) != 0) return false;
  }
  return true;
}

static uint32_t holder_at_but(const struct registry *registry, uint32_t unit, uint32_t role, day_t day,
                              const struct holder_not *holder_not) {
  for (uint32_t i = first_of_unit(registry, unit, role); i < registry->appointment_count; i++) {
    const struct appointment *row = &registry->appointments[i];
    if (row->unit != unit || row->role != role) return 0;
    if (holds_on(registry, row, day) && holder_allowed(registry, row->officer, day, holder_not))
      return row->officer;
  }
  return 0;
}

uint32_t registry_holder_but(const struct registry *registry, uint32_t unit, uint32_t role, day_t day,
                             const struct holder_not *holder_not) {
  for (uint32_t level = 0; unit != 0 && unit <= registry->unit_count && level <= UNIT_DEPTH_MAX; level++) {
    uint32_t officer = holder_at_but(registry, unit, role, day, holder_not);
    if (officer != 0) return officer;
    unit = registry->units[unit].parent;
  }
  return 0;
}

uint32_t registry_holder_at(const struct registry *registry, uint32_t unit, uint32_t role, day_t day) {
  static const struct holder_not nobody;
  return holder_at_but(registry, unit, role, day, &nobody);
}

uint32_t registry_holder(const struct registry *registry, uint32_t unit, uint32_t role, day_t day) {
  static const struct holder_not nobody;
  return registry_holder_but(registry, unit, role, day, &nobody);
}

/* The index of the first row of `officer` in by_officer at `unit` or at one behind it. */
static uint32_t first_of_officer(const struct registry *registry, uint32_t officer, uint32_t unit) {
  uint32_t low = 0, high = registry->appointment_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const struct appointment *row = &registry->by_officer[middle];
    if (row->officer < officer || (row->officer == officer && row->unit < unit)) low = middle + 1;
    else high = middle;
  }
  return low;
}

uint32_t registry_roles_at(const struct registry *registry, uint32_t officer, uint32_t unit, day_t day) {
  uint32_t roles = 0;
  for (uint32_t i = first_of_officer(registry, officer, unit); i < registry->appointment_count; i++) {
    const struct appointment *row = &registry->by_officer[i];
    if (row->officer != officer || row->unit != unit) break;
    if (holds_on(registry, row, day)) roles |= ROLE_BIT(row->role);
  }
  return roles;
}

void registry_reach(const struct registry *registry, uint32_t officer, uint32_t roles, day_t day, int32_t *marks) {
  for (uint32_t i = 0; i < registry->unit_count + 2; i++) marks[i] = 0;
  for (uint32_t i = first_of_officer(registry, officer, 0); i < registry->appointment_count; i++) {
    const struct appointment *row = &registry->by_officer[i];
    if (row->officer != officer) break;
    if (!holds_on(registry, row, day) || (roles & ROLE_BIT(row->role)) == 0) continue;
    marks[registry->units[row->unit].enter]++;
    marks[registry->units[row->unit].leave + 1]--;
  }
  for (uint32_t i = 1; i < registry->unit_count + 2; i++) marks[i] += marks[i - 1];
}

/* Up from the unit, a search at each: what it costs does not grow with how often the officer was appointed. */
uint32_t registry_roles(const struct registry *registry, uint32_t officer, uint32_t unit, day_t day) {
  uint32_t roles = 0;
  for (uint32_t level = 0; unit != 0 && unit <= registry->unit_count && level <= UNIT_DEPTH_MAX; level++) {
    roles |= registry_roles_at(registry, officer, unit, day);
    unit = registry->units[unit].parent;
  }
  return roles;
}

uint32_t registry_roles_anywhere(const struct registry *registry, uint32_t officer, day_t day) {
  uint32_t roles = 0;
  for (uint32_t i = first_of_officer(registry, officer, 0); i < registry->appointment_count; i++) {
    const struct appointment *row = &registry->by_officer[i];
    if (row->officer != officer) break;
    if (holds_on(registry, row, day)) roles |= ROLE_BIT(row->role);
  }
  return roles;
}

/* ---- substitutions ---- */

/* The index of the first row of `officer` or of what follows it. */
static uint32_t first_substitution(const struct registry *registry, uint32_t officer) {
  uint32_t low = 0, high = registry->substitution_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (registry->substitutions[middle].officer < officer) low = middle + 1;
    else high = middle;
  }
  return low;
}

static uint32_t stands_in(const struct registry *registry, uint32_t officer, day_t day) {
  for (uint32_t i = first_substitution(registry, officer); i < registry->substitution_count; i++) {
    const struct substitution *row = &registry->substitutions[i];
    if (row->officer != officer) return 0;
    if (row->from <= day && day <= row->until && !registry->officers[row->by].retired) return row->by;
  }
  return 0;
}

uint32_t registry_stand_in(const struct registry *registry, uint32_t officer, day_t day) {
  for (uint32_t step = 0; step < SUBSTITUTION_CHAIN_MAX; step++) {
    uint32_t by = stands_in(registry, officer, day);
    if (by == 0) return officer;
    officer = by;
  }
  return officer;
}

uint32_t registry_on_behalf(const struct registry *registry, uint32_t officer, uint32_t roles, uint32_t unit, day_t day) {
  if (roles == 0) return 0;
  for (uint32_t i = 0; i < registry->substitution_count; i++) {
    const struct substitution *row = &registry->substitutions[i];
    if (row->from > day || day > row->until || row->officer == officer) continue;
    if (registry_stand_in(registry, row->officer, day) != officer) continue;
    if ((registry_roles(registry, row->officer, unit, day) & roles) != 0) return row->officer;
  }
  return 0;
}
