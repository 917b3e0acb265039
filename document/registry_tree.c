/* registry_tree.c - units under their parents: one root, no cycles, bounded depth, the Euler tour, inheritance.
 *
 * One walk from the root numbers what it reaches; what it does not reach hangs in a cycle.  No recursion, linear time.
 */
#include <stdlib.h>
#include <string.h>

#include "document/registry_draft.h"

/* Children of each unit as lists, by id; level 1 is the root, 0 not reached. */
struct tree {
  uint32_t *first, *next, *level, *mark;
};

/* One allocation for all four; freed through `first`. */
static bool tree_new(struct tree *tree, uint32_t count) {
  size_t room = (size_t)count + 1;
  tree->first = calloc(room * 4, sizeof *tree->first);
  if (tree->first == NULL) return false;
  tree->next = tree->first + room;
  tree->level = tree->next + room;
  tree->mark = tree->level + room;
  return true;
}

static void tree_hang(struct tree *tree, struct unit *units, uint32_t id, uint32_t parent) {
  units[id].parent = parent;
  tree->next[id] = tree->first[parent];
  tree->first[parent] = id;
}

/* Parents as the file gives them.  The root is the one unit without. */
static void tree_parents(struct registry_draft *draft, struct tree *tree) {
  struct registry *registry = draft->registry;
  for (uint32_t id = registry->unit_count; id >= 1; id--) {
    const struct yaml_node *row = draft->unit_nodes[id], *node = draft->parent_nodes[id];
    if (row == NULL || node == NULL) continue;
    uint32_t parent = registry_named_unit(draft, node);
    if (parent == id) report_error(draft->report, node->at, "a unit cannot be its own parent");
    if (parent != 0 && parent != id) tree_hang(tree, registry->units, id, parent);
  }
}

static void tree_root_has(struct registry_draft *draft, uint32_t root, const char *key) {
  if (!field_has(draft->unit_nodes[root], key))
    report_error(draft->report, draft->unit_nodes[root]->at, "the root unit needs a %s, which the others inherit", key);
}

static void tree_root(struct registry_draft *draft) {
  struct registry *registry = draft->registry;
  uint32_t count = 0, first = 0;
  for (uint32_t id = 1; id <= registry->unit_count; id++) {
    if (draft->unit_nodes[id] == NULL || draft->parent_nodes[id] != NULL) continue;
    registry->units[id].parent = 0;
    if (count++ == 0) first = id;
    else
      report_error(draft->report, draft->unit_nodes[id]->at,
                   "unit '%s' has no parent, but '%s' is the root already: there is one root",
                   registry->units[id].code, registry->units[first].code);
  }
  if (count == 0)
    report_error(draft->report, draft->root_node->at, "no unit is the root: exactly one unit has no parent");
  if (count > 0) {
    tree_root_has(draft, first, "calendar");
    tree_root_has(draft, first, "zone");
  }
  draft->root = count == 1 ? first : 0;
}

static void tree_inherit(struct registry_draft *draft, uint32_t id) {
  struct unit *unit = &draft->registry->units[id];
  const struct unit *parent = &draft->registry->units[unit->parent];
  if (unit->parent != 0) {
    if (unit->calendar == REGISTRY_INHERIT) unit->calendar = parent->calendar;
    if (unit->zone == REGISTRY_INHERIT) unit->zone = parent->zone;
  }
}

/* Walks down from the root in preorder; `leave` is the last number given inside. */
static void tree_tour(struct registry_draft *draft, struct tree *tree) {
  struct unit *units = draft->registry->units;
  uint32_t number = 0, id = draft->root;
  tree->level[id] = 1;
  while (id != 0) {
    units[id].enter = units[id].leave = ++number;
    tree_inherit(draft, id);
    if (tree->level[id] == UNIT_DEPTH_MAX + 1)
      report_error(draft->report, draft->unit_nodes[id]->at, "unit '%s' lies deeper than %d levels", units[id].code,
                   UNIT_DEPTH_MAX);
    uint32_t child = tree->first[id];
    if (child != 0) {
      tree->level[child] = tree->level[id] + 1;
      id = child;
      continue;
    }
    while (id != 0 && tree->next[id] == 0) {
      id = units[id].parent;
      if (id != 0) units[id].leave = number;
    }
    if (id == 0) return;
    tree->level[tree->next[id]] = tree->level[id];
    id = tree->next[id];
  }
}

/* Reports each cycle once. */
static void tree_cycles(struct registry_draft *draft, struct tree *tree) {
  struct registry *registry = draft->registry;
  for (uint32_t start = 1; start <= registry->unit_count; start++) {
    uint32_t id = start;
    while (id != 0 && draft->unit_nodes[id] != NULL && tree->level[id] == 0 && tree->mark[id] == 0) {
      tree->mark[id] = start;
      id = registry->units[id].parent;
    }
    if (id == 0 || tree->level[id] != 0 || tree->mark[id] != start || draft->unit_nodes[id] == NULL) continue;
    report_error(draft->report, draft->parent_nodes[id]->at, "unit '%s' lies below itself", registry->units[id].code);
  }
}

/* A retired unit hangs below the nearest unit above it that is still there, so that its old cases stay in somebody's
 * reach; it has no children.  Chains are short: each version has settled the one before. */
static uint32_t tree_retired_parent(const struct registry_draft *draft, const struct tree *tree, uint32_t id) {
  const struct unit *units = draft->registry->units;
  uint32_t parent = units[id].parent;
  for (uint32_t step = 0; parent != 0 && units[parent].retired && step < UNITS_MAX; step++)
    parent = units[parent].parent;
  if (parent == 0 || units[parent].retired) return draft->root;
  return tree->level[parent] >= UNIT_DEPTH_MAX ? units[parent].parent : parent;
}

static void tree_retired(struct registry_draft *draft, struct tree *tree) {
  struct registry *registry = draft->registry;
  uint32_t *parents = tree->mark;
  for (uint32_t id = 1; id <= registry->unit_count; id++)
    parents[id] = registry->units[id].retired ? tree_retired_parent(draft, tree, id) : 0;
  for (uint32_t id = 1; id <= registry->unit_count; id++) {
    if (!registry->units[id].retired) continue;
    registry->units[id].calendar = registry->units[id].zone = REGISTRY_INHERIT;
    tree_hang(tree, registry->units, id, parents[id]);
  }
}

void registry_tree(struct registry_draft *draft) {
  struct tree tree;
  if (!tree_new(&tree, draft->registry->unit_count)) {
    report_error(draft->report, draft->root_node->at, "out of memory");
    return;
  }
  tree_parents(draft, &tree);
  tree_root(draft);
  if (draft->root != 0) tree_tour(draft, &tree);
  tree_cycles(draft, &tree);
  if (report_is_clean(draft->report)) {
    tree_retired(draft, &tree);
    tree_tour(draft, &tree); /* again, with the retired ones */
  }
  free(tree.first);
}
