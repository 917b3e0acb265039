/* policy_ladder.c - ladders and their rungs. */
#include <string.h>

#include "document/policy_draft.h"

enum {
  RUNG_AT, RUNG_NOTICE, RUNG_TO, RUNG_COPY, RUNG_LIGHT, RUNG_MOVE, RUNG_PROPOSE, RUNG_IF, RUNG_UNLESS, RUNG_EVERY,
  RUNG_COUNT
};
static const struct field rung_fields[] = {
    [RUNG_AT] = {"at", true},           [RUNG_NOTICE] = {"notice", false}, [RUNG_TO] = {"to", false},
    [RUNG_COPY] = {"copy", false},      [RUNG_LIGHT] = {"light", false},   [RUNG_MOVE] = {"move", false},
    [RUNG_PROPOSE] = {"propose", false}, [RUNG_IF] = {"if", false},        [RUNG_UNLESS] = {"unless", false},
    [RUNG_EVERY] = {"every", false},    [RUNG_COUNT] = {NULL, false},
};

/* Recipients follow from notices and the other way round; a copy is not sent to somebody who is told anyway. */
static void rung_check_notice(struct report *report, const struct yaml_node *node,
                              const struct yaml_node *const *values, const struct rung *rung) {
  bool told = values[RUNG_TO] != NULL, copied = values[RUNG_COPY] != NULL, notice = values[RUNG_NOTICE] != NULL;
  if (notice && !told) report_error(report, values[RUNG_NOTICE]->at, "a notice needs 'to': whom it goes to");
  if ((told || copied) && !notice) report_error(report, node->at, "a rung that tells somebody needs 'notice'");
  if ((rung->recipients & rung->copies) != 0)
    report_error(report, values[RUNG_COPY]->at, "the same recipient stands in 'to' and in 'copy'");
  if (!notice && !told && !copied && values[RUNG_LIGHT] == NULL && values[RUNG_MOVE] == NULL && !rung->propose)
    report_error(report, node->at, "a rung that does nothing: it needs a notice, a light, a move or a proposal");
}

/* What must hold and what must not: no condition in both, or the rung would never act. */
static void rung_read_conditions(struct report *report, const struct yaml_node *const *values, struct rung *rung) {
  rung->conditions = field_words(report, values[RUNG_IF], "condition", words_condition);
  rung->unless = field_words(report, values[RUNG_UNLESS], "condition", words_condition);
  for (uint32_t condition = 1; condition <= CONDITION_COUNT; condition++)
    if ((rung->conditions & rung->unless & 1u << condition) != 0)
      report_error(report, values[RUNG_UNLESS]->at, "'%s' stands in 'if' and in 'unless': the rung would never act",
                   word_name(words_condition, condition));
}

static void rung_check_every(struct report *report, const struct yaml_node *node,
                             const struct yaml_node *const *values, const struct rung *rung, bool is_last) {
  const struct yaml_node *every = values[RUNG_EVERY];
  if (every != NULL && !is_last) {
    report_error(report, every->at, "only the last rung of a ladder repeats");
    return;
  }
  if (!is_last) return;
  if (every == NULL) {
    report_error(report, node->at, "the last rung must repeat ('every'): reminders never go silent");
    return;
  }
  if (values[RUNG_NOTICE] == NULL)
    report_error(report, node->at, "the last rung must send a notice: reminders never go silent");
  if (rung->conditions != 0 || rung->unless != 0)
    report_error(report, node->at, "the last rung must not have conditions: reminders never go silent");
  if (rung->every.unit != SPAN_NONE && rung->at.unit != SPAN_NONE && rung->every.unit != rung->at.unit)
    report_error(report, every->at, "'every' must count in the same unit as 'at' (wd or h)");
}

/* Reads the k-th rung of the ladder at `index`. */
static void rung_read(struct policy_draft *draft, const struct yaml_node *node, uint32_t index, uint32_t k) {
  const struct yaml_node *values[RUNG_COUNT];
  struct report *report = draft->report;
  const bool is_last = node->next == NULL;
  if (!field_take(report, node, "a rung", rung_fields, values)) return;
  struct rung rung = {0};
  field_offset(report, values[RUNG_AT], "at", &rung.at);
  field_limit(report, values[RUNG_EVERY], "every", &rung.every);
  rung.notice = (uint8_t)field_word(report, values[RUNG_NOTICE], "notice", words_notice);
  rung.recipients = field_words(report, values[RUNG_TO], "recipient", words_recipient);
  rung.copies = field_words(report, values[RUNG_COPY], "recipient", words_recipient);
  rung.light = (uint8_t)field_word(report, values[RUNG_LIGHT], "light", words_light);
  rung.edge = (uint8_t)field_word(report, values[RUNG_MOVE], "edge", words_edge);
  field_flag(report, values[RUNG_PROPOSE], "propose", &rung.propose);
  rung_read_conditions(report, values, &rung);
  rung_check_notice(report, node, values, &rung);
  rung_check_every(report, node, values, &rung, is_last);
  draft->policy->ladders[index].rungs[k] = rung;
  draft->moves[index][k] = values[RUNG_MOVE];
  draft->proposals[index][k] = values[RUNG_PROPOSE];
}

/* A rung against the one before it: later, and in the same unit. */
static void rung_check_order(struct report *report, const struct yaml_node *node, const struct rung *before,
                             const struct rung *rung) {
  if (before->at.unit == SPAN_NONE || rung->at.unit == SPAN_NONE) return;
  if (before->at.unit != rung->at.unit)
    report_error(report, node->at,
                 "the rungs of one ladder count in one unit (wd or h): their order would depend on the day");
  else if (rung->at.count <= before->at.count)
    report_error(report, node->at, "rungs must ascend: this one is not after the one before it");
}

static void ladder_read(struct policy_draft *draft, const struct yaml_node *node, uint32_t index) {
  struct ladder *ladder = &draft->policy->ladders[index];
  draft->ladders[index] = node;
  field_code(draft->report, node->key, "the name of a ladder", ladder->name);
  if (!field_is(draft->report, node, YAML_SEQUENCE, "a ladder")) return;
  if (node->count == 0 || node->count > RUNGS_MAX) {
    report_error(draft->report, node->at, "a ladder has 1 to %d rungs; this has %u", RUNGS_MAX, node->count);
    return;
  }
  uint8_t light = LIGHT_NONE;
  for (const struct yaml_node *item = node->first; item != NULL; item = item->next) {
    struct rung *rung = &ladder->rungs[ladder->count];
    rung_read(draft, item, index, ladder->count);
    if (ladder->count > 0) rung_check_order(draft->report, item, rung - 1, rung);
    if (rung->light != LIGHT_NONE && rung->light < light)
      report_error(draft->report, item->at, "the light of a later rung must not be milder");
    if (rung->light > light) light = rung->light;
    ladder->count++;
  }
}

void policy_ladders(struct policy_draft *draft, const struct yaml_node *node) {
  if (!field_is(draft->report, node, YAML_MAPPING, "ladders")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
    if (draft->policy->ladder_count == LADDERS_MAX) {
      report_error(draft->report, child->at, "more than %d ladders", LADDERS_MAX);
      return;
    }
    ladder_read(draft, child, draft->policy->ladder_count++);
  }
}

/* After a slip of the pen all else is judged as if it were not there: the ladder that was meant is taken.  Else it would be
 * "used nowhere", and edges "never taken", too. */
static void take_meant(struct policy_draft *draft, const struct yaml_node *node, const struct word *table, uint8_t *index) {
  const char *meant = node != NULL && node->type == YAML_SCALAR ? word_nearest(table, node->text, node->length) : NULL;
  const uint32_t number = meant == NULL ? 0 : word_number(table, meant, strlen(meant));
  if (number == 0) return;
  *index = (uint8_t)(number - 1);
  draft->ladder_used[*index] = true;
}

bool policy_ladder_named(struct policy_draft *draft, const struct yaml_node *node, uint8_t *index) {
  struct word table[LADDERS_MAX + 1] = {{0}};
  for (uint32_t i = 0; i < draft->policy->ladder_count; i++)
    table[i] = (struct word){(uint16_t)(i + 1), draft->policy->ladders[i].name, "", ""};
  uint32_t number = field_word(draft->report, node, "ladder of this policy", table);
  if (number == 0) {
    take_meant(draft, node, table, index);
    return false;
  }
  *index = (uint8_t)(number - 1);
  draft->ladder_used[*index] = true;
  return true;
}

static bool track_uses(const struct track_policy *track, uint32_t ladder) {
  for (uint32_t clock = 1; clock <= CLOCK_COUNT; clock++)
    if (track->limits[clock].unit != SPAN_NONE && track->ladders[clock] == ladder) return true;
  return false;
}

/* Whether some track has the edge and uses the ladder. */
static bool edge_leads(const struct policy *policy, uint32_t ladder, uint32_t edge) {
  for (uint32_t track = 1; track <= TRACK_COUNT; track++)
    if (policy->tracks[track].edges[edge] != TRACK_NONE && track_uses(&policy->tracks[track], ladder)) return true;
  return false;
}

/* Whether some ladder of the track has a rung that moves along the edge. */
static bool edge_is_taken(const struct policy *policy, const struct track_policy *track, uint32_t edge) {
  for (uint32_t i = 0; i < policy->ladder_count; i++)
    for (uint32_t k = 0; k < policy->ladders[i].count; k++)
      if (policy->ladders[i].rungs[k].edge == edge && track_uses(track, i)) return true;
  return false;
}

static void ladder_check(struct policy_draft *draft, uint32_t index) {
  const struct ladder *ladder = &draft->policy->ladders[index];
  if (!draft->ladder_used[index]) {
    report_error(draft->report, draft->ladders[index]->key->at, "ladder '%s' is used nowhere", ladder->name);
    return;
  }
  for (uint32_t k = 0; k < ladder->count; k++) {
    uint32_t edge = ladder->rungs[k].edge;
    if (edge != EDGE_NONE && !edge_leads(draft->policy, index, edge))
      report_error(draft->report, draft->moves[index][k]->at, "no track that uses this ladder has an edge '%s'",
                   word_name(words_edge, edge));
  }
}

void policy_ladders_check(struct policy_draft *draft) {
  for (uint32_t i = 0; i < draft->policy->ladder_count; i++) ladder_check(draft, i);
  for (uint32_t track = 1; track <= TRACK_COUNT; track++) {
    const struct track_policy *row = &draft->policy->tracks[track];
    if (row->edges[EDGE_OVERDUE] != TRACK_NONE && !edge_is_taken(draft->policy, row, EDGE_OVERDUE))
      report_error(draft->report, draft->edges[track][EDGE_OVERDUE]->at,
                   "the edge 'overdue' is never taken: no rung of this track's ladders says 'move: overdue'");
  }
}
