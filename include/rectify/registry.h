/* registry.h - units, officers and appointments as the core sees them.  Filled by document/registry.c from YAML.
 *
 * Ids are dense from 1 and follow from the sequence of published versions: a code keeps its id for ever, a code that
 * a later version leaves out stays with `retired` set.  units[0] and officers[0] are unused ("none").
 */
#ifndef RECTIFY_REGISTRY_H
#define RECTIFY_REGISTRY_H

#include "rectify/calendar.h"
#include "rectify/words.h"

struct unit {
  uint32_t id;
  uint32_t parent; /* 0 for the root; there is exactly one root that is not retired */
  uint32_t enter;  /* Euler tour: b is in a's subtree iff a.enter <= b.enter && b.leave <= a.leave */
  uint32_t leave;
  uint8_t calendar; /* index into world.calendars, inherited from the parent where the file says nothing */
  uint8_t zone;     /* index into world.zones, inherited likewise */
  bool retired;
  char code[CODE_BYTES_MAX + 1];
  char name[NAME_BYTES_MAX + 1];
};

struct officer {
  uint32_t id;
  uint32_t unit; /* home unit */
  bool retired;
  char code[CODE_BYTES_MAX + 1];
  char name[NAME_BYTES_MAX + 1];
};

/* `officer` has `role` over the subtree of `unit` from `from` to `until`, both included. */
struct appointment {
  uint32_t officer;
  uint32_t unit;
  uint8_t role; /* enum role */
  day_t from;
  day_t until; /* DAY_MAX: open end */
};

/* From `from` to `until`, both included, `by` stands in for `officer`. */
struct substitution {
  uint32_t officer;
  uint32_t by;
  day_t from;
  day_t until;
};

struct registry {
  uint32_t version;
  uint32_t unit_count;    /* units[1 .. unit_count] */
  uint32_t officer_count; /* officers[1 .. officer_count] */
  uint32_t appointment_count;
  struct unit *units;
  struct officer *officers;
  struct appointment *appointments;   /* ascending by (unit, role, from, officer) */
  struct appointment *by_officer;     /* the same rows, ascending by (officer, unit, role, from) */
  uint32_t substitution_count;
  struct substitution *substitutions; /* ascending by (officer, from); no two of one officer overlap, no day has a cycle */
  struct registry_index *index;       /* document/registry.c's: ids by code */
};

/* Subtree test; ids must be in range, 0 is never inside. */
bool registry_in_subtree(const struct registry *registry, uint32_t unit, uint32_t ancestor);

/* The officer who holds `role` at `unit` itself on `day`; the earliest appointment wins; 0 when nobody does. */
uint32_t registry_holder_at(const struct registry *registry, uint32_t unit, uint32_t role, day_t day);

/* The same, walking up from `unit` to the root until somebody is found; 0 when nobody is. */
uint32_t registry_holder(const struct registry *registry, uint32_t unit, uint32_t role, day_t day);

/* ROLE_BITs that `officer` has on `day` by appointments at `unit` itself. */
uint32_t registry_roles_at(const struct registry *registry, uint32_t officer, uint32_t unit, day_t day);

/* ROLE_BITs that `officer` has over `unit` on `day` (through any appointment at `unit` or above it). */
uint32_t registry_roles(const struct registry *registry, uint32_t officer, uint32_t unit, day_t day);

/* ROLE_BITs that `officer` has anywhere on `day`. */
uint32_t registry_roles_anywhere(const struct registry *registry, uint32_t officer, day_t day);

/* Who acts for `officer` on `day`: the end of the chain of substitutions (A by B, B by C: C), the officer when there is
 * none.  The chain is bounded by SUBSTITUTION_CHAIN_MAX; the document's check refuses cycles and longer chains. */
uint32_t registry_stand_in(const struct registry *registry, uint32_t officer, day_t day);

/* Whom of those that `officer` stands in for on `day` has one of `roles` (ROLE_BITs) over `unit`; 0: nobody. */
uint32_t registry_on_behalf(const struct registry *registry, uint32_t officer, uint32_t roles, uint32_t unit, day_t day);

/* All units that `officer` reaches on `day` through an appointment with one of `roles` (ROLE_BITs): marks[enter] of such
 * a unit is then above 0, of the others 0.  `marks` has room for unit_count + 2.  In one pass over the officer's
 * appointments and one over the units, where asking registry_roles() of each unit would multiply the two. */
void registry_reach(const struct registry *registry, uint32_t officer, uint32_t roles, day_t day, int32_t *marks);

#endif
