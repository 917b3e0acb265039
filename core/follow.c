/* follow.c - what follows from an event on other cases: core.h, case_follow_up().
 *
 * A table of sources: each says how many commands it makes of the event, and makes the i-th.  All is derived from the event
 * and the case after it, so that a second look gives the same commands with the same keys.  None of them can be refused:
 * what they ask for was checked when the event was decided, and RELATE is possible in every status.
 *
 * A case that is closed and not at hand may miss a RELATE.  Nothing is lost by it: the other case's event says the same,
 * and what a closed case waits for is looked at only when it is open again.
 */
#include <string.h>

#include "core/judge.h"

struct follow {
  const struct world *world;
  const struct case_state *after;
  const struct event *event;
  const struct policy *policy; /* of the case */
  struct command *out;
  struct finding *finding;
};

/* ---- making ---- */

/* A case that follows is about the same finding; it repeats the facts without the texts. */
static bool spawn(const struct follow *follow, uint32_t origin, uint32_t unit, uint32_t track) {
  const struct case_state *after = follow->after;
  struct command *out = follow->out;
  struct finding *finding = follow->finding;
  out->kind = COMMAND_SPAWN;
  out->other = after->case_no;
  out->other_state = after;
  out->origin = (uint8_t)origin;
  out->unit = unit;
  out->track = (uint8_t)track;
  out->finding = finding;
  finding->id = out->key;
  finding->team = after->team;
  finding->unit = unit;
  finding->kind = after->kind;
  finding->severity = after->severity;
  finding->found_on = after->found_on;
  memcpy(finding->unit_code, follow->world->registry->units[unit].code, sizeof finding->unit_code);
  return true;
}

static bool relate(const struct follow *follow, uint32_t relation, uint64_t on) {
  follow->out->kind = COMMAND_RELATE;
  follow->out->case_no = on;
  follow->out->other = follow->after->case_no;
  follow->out->relation = (uint8_t)relation;
  return true;
}

/* ---- co-units named by the route ---- */

static uint32_t count_route(const struct follow *follow) {
  const struct event *event = follow->event;
  bool routes = event->command == COMMAND_SUBMIT || event->command == COMMAND_DISPATCH;
  return routes && event->route != 0 ? event->children_more : 0;
}

static bool make_route(const struct follow *follow, uint32_t i) {
  uint32_t units[CO_UNITS_MAX];
  const struct route *route = &follow->policy->routes[follow->event->route - 1];
  uint32_t count = route_co_units(route, follow->world->registry, follow->after->unit, units);
  return i < count && spawn(follow, ORIGIN_CO_UNIT, units[i], follow->after->track);
}

/* ---- the same kind once too often: a rule is missing, and the unit above has to make it ---- */

/* At the root there is nobody above; exactly at the threshold, so that it happens once. */
static uint32_t unit_above(const struct follow *follow) {
  const uint32_t unit = follow->event->finding.unit;
  if (!unit_known(follow->world, unit)) return 0;
  const uint32_t parent = follow->world->registry->units[unit].parent;
  return parent != 0 ? parent : unit;
}

static uint32_t count_same_kind(const struct follow *follow) {
  const struct policy *policy = follow->policy;
  if (follow->event->command != COMMAND_SUBMIT || policy->same_kind_track == TRACK_NONE) return 0;
  if (policy->same_kind_min <= 0 || follow->event->finding.same_kind != (uint32_t)policy->same_kind_min) return 0;
  return unit_above(follow) != 0;
}

static bool make_same_kind(const struct follow *follow, uint32_t i) {
  (void)i;
  return spawn(follow, ORIGIN_SAME_KIND, unit_above(follow), follow->policy->same_kind_track);
}

/* ---- split and co_unit: the event names whom ---- */

static uint32_t count_part(const struct follow *follow) { return follow->event->spawn_unit != 0; }

static bool make_part(const struct follow *follow, uint32_t i) {
  (void)i;
  const struct event *event = follow->event;
  follow->out->officer = event->spawn_officer;
  return spawn(follow, event->command == COMMAND_SPLIT ? ORIGIN_SPLIT : ORIGIN_CO_UNIT, event->spawn_unit,
               event->spawn_track);
}

/* ---- a co-unit's case: the lead's case waits for it ---- */

static uint32_t child_relation(const struct follow *follow) {
  if (follow->after->origin != ORIGIN_CO_UNIT || follow->after->parent == 0) return RELATION_NONE;
  switch (follow->event->command) {
  case COMMAND_VERIFY_PASS:
  case COMMAND_WITHDRAW_APPROVE:
  case COMMAND_MERGE_INTO: return RELATION_CHILD_DONE;
  case COMMAND_REOPEN:
  case COMMAND_LOOK_BACK_RELAPSE:
  case COMMAND_UNMERGE: return RELATION_CHILD_BACK;
  default: return RELATION_NONE;
  }
}

static uint32_t count_child(const struct follow *follow) { return child_relation(follow) != RELATION_NONE; }

static bool make_child(const struct follow *follow, uint32_t i) {
  (void)i;
  return relate(follow, child_relation(follow), follow->after->parent);
}

/* ---- merged and taken out again ---- */

static uint32_t count_merge(const struct follow *follow) {
  return follow->event->command == COMMAND_MERGE_INTO || follow->event->command == COMMAND_UNMERGE;
}

static bool make_merge(const struct follow *follow, uint32_t i) {
  (void)i;
  if (follow->event->command == COMMAND_MERGE_INTO) return relate(follow, RELATION_ABSORBED, follow->after->merged_into);
  return relate(follow, RELATION_RELEASED, follow->event->other);
}

/* ---- evidence that another case has too ---- */

/* The i-th other case; 0: there are not so many. */
static uint64_t shared_with(const struct follow *follow, uint32_t i) {
  const struct event *event = follow->event;
  for (uint32_t at = 0; at < event->evidence_count; at++) {
    const uint64_t other = event->evidence[at].also_in;
    bool seen = other == 0 || other == event->case_no;
    for (uint32_t k = 0; k < at; k++) seen |= event->evidence[k].also_in == other;
    if (!seen && i-- == 0) return other;
  }
  return 0;
}

static uint32_t count_evidence(const struct follow *follow) {
  uint32_t count = 0;
  while (shared_with(follow, count) != 0) count++;
  return count;
}

static bool make_evidence(const struct follow *follow, uint32_t i) {
  return relate(follow, RELATION_EVIDENCE_SHARED, shared_with(follow, i));
}

/* ---- a rule that did not hold ---- */

static uint32_t count_rule(const struct follow *follow) {
  return follow->event->command == COMMAND_SUBMIT && follow->event->finding.rule_case != 0;
}

static bool make_rule(const struct follow *follow, uint32_t i) {
  (void)i;
  return relate(follow, RELATION_RULE_FAILED, follow->event->finding.rule_case);
}

/* ---- sweep ---- */

uint32_t follow_sibling(const struct world *world, uint32_t unit, usec_t now, uint32_t i) {
  const struct registry *registry = world->registry;
  if (!unit_known(world, unit) || registry->units[unit].parent == 0) return 0;
  const uint32_t parent = registry->units[unit].parent;
  for (uint32_t other = 1; other <= registry->unit_count; other++) {
    if (registry->units[other].parent != parent || other == unit || registry->units[other].retired) continue;
    if (people_handler_of(world, other, now) != 0 && i-- == 0) return other;
  }
  return 0;
}

/* The last source: it alone ends when it finds no more, so that siblings are not counted for each of them. */
static uint32_t count_sweep(const struct follow *follow) {
  return follow->event->command == COMMAND_SWEEP ? SWEEP_MAX : 0;
}

static bool make_sweep(const struct follow *follow, uint32_t i) {
  uint32_t unit = follow_sibling(follow->world, follow->after->unit, follow->event->recorded, i);
  return unit != 0 && spawn(follow, ORIGIN_SWEEP, unit, follow->policy->sweep_track);
}

/* ---- */

static const struct source {
  uint32_t (*count)(const struct follow *follow);
  bool (*make)(const struct follow *follow, uint32_t i);
} sources[] = {
    {count_route, make_route}, {count_same_kind, make_same_kind}, {count_part, make_part}, {count_child, make_child},
    {count_merge, make_merge}, {count_evidence, make_evidence},   {count_rule, make_rule}, {count_sweep, make_sweep},
};

bool case_follow_up(const struct world *world, const struct case_state *after, const struct event *event, uint32_t index,
                    struct command *out, struct finding *finding) {
  if (event->case_no == 0 || rule_refuses(event->rule)) return false;
  const struct follow follow = {world, after, event, world_policy(world, after->policy_version), out, finding};
  memset(out, 0, sizeof *out);
  memset(finding, 0, sizeof *finding);
  case_own_key(event->case_no, KEY_FOLLOW_UP, event->version, index, &out->key);
  for (size_t i = 0, left = index; i < sizeof sources / sizeof *sources; i++) {
    uint32_t count = sources[i].count(&follow);
    if (left < count) return sources[i].make(&follow, (uint32_t)left);
    left -= count;
  }
  return false;
}
