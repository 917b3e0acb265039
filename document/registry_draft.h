/* registry_draft.h - what the parts of the registry's parser share: rows (registry.c), the tree of units
 * (registry_tree.c), appointments (registry_appoint.c), substitutions (registry_substitute.c), codes (registry_index.c).  Callers: document/ only. */
#ifndef RECTIFY_DOCUMENT_REGISTRY_DRAFT_H
#define RECTIFY_DOCUMENT_REGISTRY_DRAFT_H

#include "document/field.h"

#define REGISTRY_INHERIT 0xff /* unit.calendar, unit.zone: to be taken from the parent */

/* Ids by code: open addressing, a power of two of slots at most half full, 0 = free. */
struct registry_index {
  uint32_t unit_mask, officer_mask;
  uint32_t *units, *officers;
};

/* Makes an index for so many units and officers; NULL when memory ran out.  The counts include rows still to come. */
struct registry_index *registry_index_new(uint32_t unit_max, uint32_t officer_max);
void registry_index_free(struct registry_index *index);
/* Adds a row whose code is not in the index yet. */
void registry_index_unit(struct registry *registry, uint32_t id);
void registry_index_officer(struct registry *registry, uint32_t id);

/* What is being built.  The node arrays are by id; NULL for what the file does not name. */
struct registry_draft {
  struct report *report;
  struct registry *registry;
  const struct yaml_node *root_node;     /* the file's mapping */
  const struct yaml_node **unit_nodes;   /* the row of each unit */
  const struct yaml_node **parent_nodes; /* its `parent` */
  const struct yaml_node **officer_nodes;
  const struct calendar *calendars;
  uint32_t calendar_count;
  struct zone *zones;
  uint32_t zone_count;
  bool stored;   /* it was published long ago: checks that were added since are left out */
  uint32_t root; /* id of the root unit; 0: none or not one */
};

/* registry_tree.c: settles parents, depth, the Euler tour and what is inherited.  Needs every unit's row read. */
void registry_tree(struct registry_draft *draft);

/* registry_appoint.c: reads, checks and sorts the appointments.  Needs units and officers. */
void registry_appoint(struct registry_draft *draft, const struct yaml_node *list);

/* registry_substitute.c: reads, checks and sorts the substitutions.  Needs officers. */
void registry_substitute(struct registry_draft *draft, const struct yaml_node *list);

/* A unit or officer named by `node`, which must be in the file; 0 and a report otherwise. */
uint32_t registry_named_unit(struct registry_draft *draft, const struct yaml_node *node);
uint32_t registry_named_officer(struct registry_draft *draft, const struct yaml_node *node);

#endif
