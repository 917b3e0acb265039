/* policy_draft.h - what the parts of the policy's parser share.  Callers: document/ only. */
#ifndef RECTIFY_DOCUMENT_POLICY_DRAFT_H
#define RECTIFY_DOCUMENT_POLICY_DRAFT_H

#include "document/field.h"

/* The clocks of the office, whose ladders are named at the top level. */
enum { OFFICE_UNROUTED, OFFICE_EXTENSION, OFFICE_HOLD, OFFICE_COUNT };

/* What is being built.  Nodes keep the places for what can be judged only when everything has been read. */
struct policy_draft {
  struct report *report;
  struct policy *policy;
  bool stored; /* it was published long ago: only what the core relies on is checked */
  const struct yaml_node *tracks[TRACK_COUNT + 1];
  const struct yaml_node *edges[TRACK_COUNT + 1][EDGE_COUNT + 1];
  const struct yaml_node *limits[TRACK_COUNT + 1][CLOCK_COUNT + 1];
  const struct yaml_node *sweeps[TRACK_COUNT + 1];
  const struct yaml_node *office_ladders[OFFICE_COUNT]; /* where the top level names a ladder */
  const struct yaml_node *ladders[LADDERS_MAX];
  const struct yaml_node *moves[LADDERS_MAX][RUNGS_MAX];
  const struct yaml_node *proposals[LADDERS_MAX][RUNGS_MAX];
  bool ladder_used[LADDERS_MAX];
  const struct yaml_node *routes[ROUTES_MAX];
};

/* policy_section.c: what stands at the top level.  `node` NULL: the section is not there. */
void policy_recurrence(struct policy_draft *draft, const struct yaml_node *node);
void policy_unrouted(struct policy_draft *draft, const struct yaml_node *node);
void policy_bounce(struct policy_draft *draft, const struct yaml_node *node);
void policy_extension(struct policy_draft *draft, const struct yaml_node *node);
void policy_hold(struct policy_draft *draft, const struct yaml_node *node);
void policy_stage(struct policy_draft *draft, const struct yaml_node *node);
void policy_accountability(struct policy_draft *draft, const struct yaml_node *node);
void policy_sweep(struct policy_draft *draft, const struct yaml_node *node);
void policy_evidence(struct policy_draft *draft, const struct yaml_node *node);

/* policy_grading.c: the section `grading`. */
void policy_grading(struct policy_draft *draft, const struct yaml_node *node);

/* policy_track.c: the section `tracks`. */
void policy_tracks(struct policy_draft *draft, const struct yaml_node *node);

/* policy_ladder.c: the section `ladders`. */
void policy_ladders(struct policy_draft *draft, const struct yaml_node *node);
/* The index of the ladder that `node` names, marked as used; false and a report when there is none, and then the one that
 * was probably meant is taken all the same. */
bool policy_ladder_named(struct policy_draft *draft, const struct yaml_node *node, uint8_t *index);
/* After everything was read: no ladder is idle, no rung moves nowhere, no edge waits for a rung that is not there. */
void policy_ladders_check(struct policy_draft *draft);

/* policy_route.c: the section `routes`.  After the tracks: a limit needs the track's clock. */
void policy_routes(struct policy_draft *draft, const struct yaml_node *node);

/* policy_check.c: what a new policy must fulfil as a whole. */
void policy_check(struct policy_draft *draft);

/* policy_tests.c: the form of the section `tests`. */
void policy_tests_check(struct report *report, const struct yaml_node *node);

#endif
