/* policy.c - a policy file into a struct policy: the whole, the tracks and their edges. */
#include <stdlib.h>
#include <string.h>

#include "document/policy_draft.h"

enum {
  TOP_POLICY, TOP_TITLE, TOP_REMIND_AT, TOP_RECURRENCE, TOP_UNROUTED, TOP_TRACKS, TOP_LADDERS, TOP_ROUTES,
  TOP_COUNT
};
static const struct field top_fields[] = {
    [TOP_POLICY] = {"policy", true},          [TOP_TITLE] = {"title", true},
    [TOP_REMIND_AT] = {"remind_at", true},    [TOP_RECURRENCE] = {"recurrence", false},
    [TOP_UNROUTED] = {"unrouted", true},      [TOP_TRACKS] = {"tracks", true},
    [TOP_LADDERS] = {"ladders", true},        [TOP_ROUTES] = {"routes", true},
    [TOP_COUNT] = {NULL, false},
};

enum { AGAIN_SAME_PROBLEM, AGAIN_SAME_KIND, AGAIN_EDGE, AGAIN_COUNT };
static const struct field again_fields[] = {
    [AGAIN_SAME_PROBLEM] = {"same_problem", false},
    [AGAIN_SAME_KIND] = {"same_kind", false},
    [AGAIN_EDGE] = {"edge", false},
    [AGAIN_COUNT] = {NULL, false},
};

enum { UNROUTED_LIMIT, UNROUTED_LADDER, UNROUTED_COUNT };
static const struct field unrouted_fields[] = {
    [UNROUTED_LIMIT] = {"limit", true}, [UNROUTED_LADDER] = {"ladder", true}, [UNROUTED_COUNT] = {NULL, false}};

enum { ON_LIMITS, ON_LADDERS, ON_EDGES, ON_REWORK_MAX, ON_COUNT };
static const struct field track_fields[] = {
    [ON_LIMITS] = {"limits", true},
    [ON_LADDERS] = {"ladders", true},
    [ON_EDGES] = {"edges", false},
    [ON_REWORK_MAX] = {"rework_max", false},
    [ON_COUNT] = {NULL, false},
};

#define REWORK_MAX_MAX 100

/* Without these three no case could go its way. */
static const uint8_t clocks_needed[] = {CLOCK_SIGN_FOR, CLOCK_RECTIFY, CLOCK_VERIFY};

static void policy_recurrence(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[AGAIN_COUNT];
  struct policy *policy = draft->policy;
  if (node == NULL || !field_take(draft->report, node, "recurrence", again_fields, values)) return;
  field_window(draft->report, values[AGAIN_SAME_PROBLEM], "same_problem", &policy->recurrence_days);
  field_window(draft->report, values[AGAIN_SAME_KIND], "same_kind", &policy->same_kind_days);
  policy->recurrence_edge = (uint8_t)field_word(draft->report, values[AGAIN_EDGE], "edge", words_edge);
  if (policy->recurrence_edge != EDGE_NONE && values[AGAIN_SAME_PROBLEM] == NULL)
    report_error(draft->report, values[AGAIN_EDGE]->at, "an edge for recurrence needs the window 'same_problem'");
}

static void policy_unrouted(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[UNROUTED_COUNT];
  if (node == NULL || !field_take(draft->report, node, "unrouted", unrouted_fields, values)) return;
  field_limit(draft->report, values[UNROUTED_LIMIT], "limit", &draft->policy->unrouted);
  policy_ladder_named(draft, values[UNROUTED_LADDER], &draft->policy->unrouted_ladder);
}

static void track_limits(struct policy_draft *draft, const struct yaml_node *node, struct track_policy *track,
                         const struct yaml_node **seen) {
  if (!field_is(draft->report, node, YAML_MAPPING, "limits")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
    uint32_t clock = field_key_word(draft->report, child, "clock", words_clock);
    if (clock == 0) continue;
    seen[clock] = child;
    field_limit(draft->report, child, "a limit", &track->limits[clock]);
  }
}

static void track_ladders(struct policy_draft *draft, const struct yaml_node *node, struct track_policy *track,
                          const struct yaml_node **seen) {
  if (!field_is(draft->report, node, YAML_MAPPING, "ladders")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
    uint32_t clock = field_key_word(draft->report, child, "clock", words_clock);
    if (clock == 0) continue;
    seen[clock] = child;
    policy_ladder_named(draft, child, &track->ladders[clock]);
  }
}

/* Each clock has a limit and a ladder, or neither; three are needed. */
static void track_clocks(struct policy_draft *draft, const struct yaml_node *const *values,
                         const struct yaml_node *const *limits, const struct yaml_node *const *ladders) {
  if (values[ON_LIMITS] == NULL || values[ON_LADDERS] == NULL) return;
  for (uint32_t clock = 1; clock <= CLOCK_COUNT; clock++) {
    const char *name = word_name(words_clock, clock);
    if (limits[clock] != NULL && ladders[clock] == NULL)
      report_error(draft->report, limits[clock]->key->at, "the clock '%s' has a limit but no ladder", name);
    if (limits[clock] == NULL && ladders[clock] != NULL)
      report_error(draft->report, ladders[clock]->key->at, "the clock '%s' has a ladder but no limit", name);
  }
  for (uint32_t i = 0; i < sizeof clocks_needed; i++)
    if (limits[clocks_needed[i]] == NULL && ladders[clocks_needed[i]] == NULL)
      report_error(draft->report, values[ON_LIMITS]->at, "every track needs a limit for '%s'",
                   word_name(words_clock, clocks_needed[i]));
}

static void track_edges(struct policy_draft *draft, const struct yaml_node *node, uint32_t number) {
  if (!field_is(draft->report, node, YAML_MAPPING, "edges")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
    uint32_t edge = field_key_word(draft->report, child, "edge", words_edge);
    uint32_t target = field_word(draft->report, child, "track", words_track);
    if (edge == 0 || target == 0) continue;
    draft->edges[number][edge] = child;
    if (track_is_stricter(target, number)) draft->policy->tracks[number].edges[edge] = (uint8_t)target;
    else
      report_error(draft->report, child->at, "an edge must lead to a stricter track: '%s' is not stricter than '%s'",
                   word_name(words_track, target), word_name(words_track, number));
  }
}

static void track_rework(struct policy_draft *draft, const struct yaml_node *node, uint32_t number) {
  int32_t most = 0;
  const struct yaml_node *edge = draft->edges[number][EDGE_QUALITY];
  if (node != NULL && !field_integer(draft->report, node, "rework_max", 0, REWORK_MAX_MAX, &most)) return;
  draft->policy->tracks[number].rework_max = (uint8_t)most;
  if (most > 0 && edge == NULL)
    report_error(draft->report, node->at, "rework_max has no effect without an edge 'quality'");
  if (most == 0 && edge != NULL && draft->policy->tracks[number].edges[EDGE_QUALITY] != TRACK_NONE)
    report_error(draft->report, edge->at, "the edge 'quality' is never taken without a rework_max of 1 or more");
}

static void track_read(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[ON_COUNT];
  const struct yaml_node *limits[CLOCK_COUNT + 1] = {NULL}, *ladders[CLOCK_COUNT + 1] = {NULL};
  uint32_t number = field_key_word(draft->report, node, "track", words_track);
  if (number == 0) return;
  draft->tracks[number] = node;
  if (!field_take(draft->report, node, "a track", track_fields, values)) return;
  struct track_policy *track = &draft->policy->tracks[number];
  track_limits(draft, values[ON_LIMITS], track, limits);
  track_ladders(draft, values[ON_LADDERS], track, ladders);
  track_clocks(draft, values, limits, ladders);
  track_edges(draft, values[ON_EDGES], number);
  track_rework(draft, values[ON_REWORK_MAX], number);
}

static void policy_tracks(struct policy_draft *draft, const struct yaml_node *node) {
  if (!field_is(draft->report, node, YAML_MAPPING, "tracks")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) track_read(draft, child);
  for (uint32_t track = 1; track <= TRACK_COUNT; track++)
    if (draft->tracks[track] == NULL)
      report_error(draft->report, node->at, "the track '%s' is missing", word_name(words_track, track));
}

static void policy_read(struct policy_draft *draft, const struct yaml_node *root) {
  const struct yaml_node *values[TOP_COUNT];
  if (!field_take(draft->report, root, "a policy", top_fields, values)) return;
  field_slug(draft->report, values[TOP_POLICY], "the policy's name", draft->policy->name);
  field_name(draft->report, values[TOP_TITLE], "title", draft->policy->title);
  field_time(draft->report, values[TOP_REMIND_AT], "remind_at", &draft->policy->remind_minutes);
  policy_ladders(draft, values[TOP_LADDERS]);
  policy_recurrence(draft, values[TOP_RECURRENCE]);
  policy_unrouted(draft, values[TOP_UNROUTED]);
  policy_tracks(draft, values[TOP_TRACKS]);
  policy_routes(draft, values[TOP_ROUTES]);
  policy_ladders_check(draft);
}

struct policy *policy_parse(const char *file_name, const char *text, size_t length, struct document_report *out) {
  struct report report;
  const struct yaml_node *root = NULL;
  report_open(&report, file_name);
  struct yaml *yaml = yaml_parse(&report, text, length, &root);
  struct policy_draft draft = {.report = &report, .policy = calloc(1, sizeof *draft.policy)};
  if (draft.policy == NULL) report_error(&report, (struct position){0, 0}, "out of memory");
  else if (root != NULL) policy_read(&draft, root);
  yaml_free(yaml);
  if (report_close(&report, out)) return draft.policy;
  free(draft.policy);
  return NULL;
}
