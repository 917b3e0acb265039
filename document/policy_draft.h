/* policy_draft.h - what the parts of the policy's parser share: the whole and the tracks (policy.c), ladders
 * (policy_ladder.c), routes (policy_route.c).  Callers: document/ only. */
#ifndef RECTIFY_DOCUMENT_POLICY_DRAFT_H
#define RECTIFY_DOCUMENT_POLICY_DRAFT_H

#include "document/field.h"

/* What is being built.  Nodes keep the places for what can be judged only when everything has been read. */
struct policy_draft {
  struct report *report;
  struct policy *policy;
  const struct yaml_node *tracks[TRACK_COUNT + 1];
  const struct yaml_node *edges[TRACK_COUNT + 1][EDGE_COUNT + 1];
  const struct yaml_node *ladders[LADDERS_MAX];
  const struct yaml_node *moves[LADDERS_MAX][RUNGS_MAX];
  bool ladder_used[LADDERS_MAX];
};

/* policy_ladder.c: the section `ladders`. */
void policy_ladders(struct policy_draft *draft, const struct yaml_node *node);
/* The index of the ladder that `node` names, marked as used; false and a report when there is none. */
bool policy_ladder_named(struct policy_draft *draft, const struct yaml_node *node, uint8_t *index);
/* After everything was read: no ladder is idle, no rung moves nowhere, no edge waits for a rung that is not there. */
void policy_ladders_check(struct policy_draft *draft);

/* policy_route.c: the section `routes`. */
void policy_routes(struct policy_draft *draft, const struct yaml_node *node);

#endif
