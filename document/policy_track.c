/* policy_track.c - the five tracks: limits and ladders by clock, edges to the stricter ones. */
#include "document/policy_draft.h"

enum { ON_LIMITS, ON_LADDERS, ON_EDGES, ON_REWORK_MAX, ON_SWEEP, ON_COUNT };
static const struct field track_fields[] = {
    [ON_LIMITS] = {"limits", true},          [ON_LADDERS] = {"ladders", true}, [ON_EDGES] = {"edges", false},
    [ON_REWORK_MAX] = {"rework_max", false}, [ON_SWEEP] = {"sweep", false},    [ON_COUNT] = {NULL, false},
};

#define REWORK_MAX_MAX 100

/* Without these three no case could go its way. */
static const uint8_t clocks_needed[] = {CLOCK_SIGN_FOR, CLOCK_RECTIFY, CLOCK_VERIFY};

static void track_limits(struct policy_draft *draft, const struct yaml_node *node, uint32_t number,
                         const struct yaml_node **seen) {
  if (!field_is(draft->report, node, YAML_MAPPING, "limits")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
    uint32_t clock = field_key_word(draft->report, child, "clock", words_clock);
    if (clock == 0) continue;
    seen[clock] = draft->limits[number][clock] = child;
    field_limit(draft->report, child, "a limit", &draft->policy->tracks[number].limits[clock]);
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
  track_limits(draft, values[ON_LIMITS], number, limits);
  track_ladders(draft, values[ON_LADDERS], track, ladders);
  track_clocks(draft, values, limits, ladders);
  track_edges(draft, values[ON_EDGES], number);
  track_rework(draft, values[ON_REWORK_MAX], number);
  if (field_flag(draft->report, values[ON_SWEEP], "sweep", &track->sweep)) draft->sweeps[number] = values[ON_SWEEP];
}

void policy_tracks(struct policy_draft *draft, const struct yaml_node *node) {
  if (!field_is(draft->report, node, YAML_MAPPING, "tracks")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) track_read(draft, child);
  for (uint32_t track = 1; track <= TRACK_COUNT; track++)
    if (draft->tracks[track] == NULL)
      report_error(draft->report, node->at, "the track '%s' is missing", word_name(words_track, track));
}
