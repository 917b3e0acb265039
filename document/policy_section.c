/* policy_section.c - the sections at the top level of a policy, other than tracks, ladders and routes.
 *
 * A section that is not there leaves its feature off: no bounces, no extensions, no holds, no stages, no sweeps. */
#include "document/policy_draft.h"

#include <string.h>

#define COUNT_MAX 100 /* bounces, extensions: more than anybody means */

enum { AGAIN_PROBLEM, AGAIN_PROBLEM_MIN, AGAIN_EDGE, AGAIN_KIND, AGAIN_KIND_MIN, AGAIN_KIND_TRACK, AGAIN_COUNT };
static const struct field again_fields[] = {
    [AGAIN_PROBLEM] = {"same_problem", false},
    [AGAIN_PROBLEM_MIN] = {"same_problem_min", false},
    [AGAIN_EDGE] = {"edge", false},
    [AGAIN_KIND] = {"same_kind", false},
    [AGAIN_KIND_MIN] = {"same_kind_min", false},
    [AGAIN_KIND_TRACK] = {"same_kind_track", false},
    [AGAIN_COUNT] = {NULL, false},
};

enum { UNROUTED_LIMIT, UNROUTED_LADDER, UNROUTED_COUNT };
static const struct field unrouted_fields[] = {
    [UNROUTED_LIMIT] = {"limit", true}, [UNROUTED_LADDER] = {"ladder", true}, [UNROUTED_COUNT] = {NULL, false}};

enum { BOUNCE_MAX, BOUNCE_COUNT };
static const struct field bounce_fields[] = {[BOUNCE_MAX] = {"max", true}, [BOUNCE_COUNT] = {NULL, false}};

enum { MORE_ASK_BEFORE, MORE_DECIDE, MORE_COUNT_MAX, MORE_TOTAL_MAX, MORE_LADDER, MORE_COUNT };
static const struct field more_fields[] = {
    [MORE_ASK_BEFORE] = {"ask_before", true}, [MORE_DECIDE] = {"decide_within", true},
    [MORE_COUNT_MAX] = {"count_max", true},   [MORE_TOTAL_MAX] = {"total_max", true},
    [MORE_LADDER] = {"ladder", true},         [MORE_COUNT] = {NULL, false},
};

enum { HOLD_MAX, HOLD_LADDER, HOLD_COUNT };
static const struct field hold_fields[] = {
    [HOLD_MAX] = {"max", true}, [HOLD_LADDER] = {"ladder", true}, [HOLD_COUNT] = {NULL, false}};

enum { STAGE_MAX, STAGE_COUNT };
static const struct field stage_fields[] = {[STAGE_MAX] = {"max", true}, [STAGE_COUNT] = {NULL, false}};

enum { BODY_STATEMENT, BODY_APPEAL, BODY_COUNT };
static const struct field body_fields[] = {
    [BODY_STATEMENT] = {"statement", true}, [BODY_APPEAL] = {"appeal", true}, [BODY_COUNT] = {NULL, false}};

enum { SWEEP_TRACK, SWEEP_LIMIT, SWEEP_COUNT };
static const struct field sweep_fields[] = {
    [SWEEP_TRACK] = {"track", true}, [SWEEP_LIMIT] = {"limit", true}, [SWEEP_COUNT] = {NULL, false}};

/* A key of `recurrence` that means nothing without another one. */
static void again_needs(struct policy_draft *draft, const struct yaml_node *node, const struct yaml_node *other,
                        const char *text) {
  if (node != NULL && other == NULL) report_error(draft->report, node->at, "%s", text);
}

static void again_check(struct policy_draft *draft, const struct yaml_node *const *values) {
  again_needs(draft, values[AGAIN_EDGE], values[AGAIN_PROBLEM], "an edge for recurrence needs the window 'same_problem'");
  again_needs(draft, values[AGAIN_PROBLEM_MIN], values[AGAIN_PROBLEM],
              "'same_problem_min' counts inside a window: it needs 'same_problem'");
  again_needs(draft, values[AGAIN_KIND_MIN], values[AGAIN_KIND],
              "'same_kind_min' counts inside a window: it needs 'same_kind'");
  again_needs(draft, values[AGAIN_KIND_MIN], values[AGAIN_KIND_TRACK],
              "'same_kind_min' needs 'same_kind_track': the track of the case that is opened then");
  again_needs(draft, values[AGAIN_KIND_TRACK], values[AGAIN_KIND],
              "'same_kind_track' needs the window 'same_kind'");
  again_needs(draft, values[AGAIN_KIND_TRACK], values[AGAIN_KIND_MIN],
              "'same_kind_track' needs 'same_kind_min': how many earlier findings ask for a rule");
}

void policy_recurrence(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[AGAIN_COUNT];
  struct policy *policy = draft->policy;
  policy->recurrence_min = 1;
  if (node == NULL || !field_take(draft->report, node, "recurrence", again_fields, values)) return;
  field_window(draft->report, values[AGAIN_PROBLEM], "same_problem", &policy->recurrence_days);
  field_integer(draft->report, values[AGAIN_PROBLEM_MIN], "same_problem_min", 1, SAME_PROBLEM_COUNT_MAX,
                &policy->recurrence_min);
  policy->recurrence_edge = (uint8_t)field_word(draft->report, values[AGAIN_EDGE], "edge", words_edge);
  field_window(draft->report, values[AGAIN_KIND], "same_kind", &policy->same_kind_days);
  field_integer(draft->report, values[AGAIN_KIND_MIN], "same_kind_min", 1, SAME_KIND_COUNT_MAX, &policy->same_kind_min);
  policy->same_kind_track = (uint8_t)field_word(draft->report, values[AGAIN_KIND_TRACK], "track", words_track);
  again_check(draft, values);
}

/* What its ladder must fulfil is judged only when it was found. */
static void office_ladder(struct policy_draft *draft, uint32_t office, const struct yaml_node *node, uint8_t *index) {
  if (policy_ladder_named(draft, node, index)) draft->office_ladders[office] = node;
}

void policy_unrouted(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[UNROUTED_COUNT];
  if (node == NULL || !field_take(draft->report, node, "unrouted", unrouted_fields, values)) return;
  field_limit(draft->report, values[UNROUTED_LIMIT], "limit", &draft->policy->unrouted);
  office_ladder(draft, OFFICE_UNROUTED, values[UNROUTED_LADDER], &draft->policy->unrouted_ladder);
}

void policy_bounce(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[BOUNCE_COUNT];
  int32_t max = 0;
  if (node == NULL || !field_take(draft->report, node, "bounce", bounce_fields, values)) return;
  field_integer(draft->report, values[BOUNCE_MAX], "max", 0, COUNT_MAX, &max);
  draft->policy->bounce_max = (uint8_t)max;
}

void policy_extension(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[MORE_COUNT];
  struct extension_policy *extension = &draft->policy->extension;
  struct span before = {0}, total = {0};
  int32_t count = 0;
  if (node == NULL || !field_take(draft->report, node, "extension", more_fields, values)) return;
  field_workdays(draft->report, values[MORE_ASK_BEFORE], "ask_before", 0, &before);
  field_limit(draft->report, values[MORE_DECIDE], "decide_within", &extension->decide);
  field_integer(draft->report, values[MORE_COUNT_MAX], "count_max", 1, COUNT_MAX, &count);
  field_workdays(draft->report, values[MORE_TOTAL_MAX], "total_max", 1, &total);
  office_ladder(draft, OFFICE_EXTENSION, values[MORE_LADDER], &extension->ladder);
  extension->ask_before_wd = before.count;
  extension->count_max = (uint8_t)count;
  extension->total_max_wd = (uint16_t)total.count;
}

void policy_hold(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[HOLD_COUNT];
  if (node == NULL || !field_take(draft->report, node, "hold", hold_fields, values)) return;
  field_workdays(draft->report, values[HOLD_MAX], "max", 1, &draft->policy->hold_max);
  office_ladder(draft, OFFICE_HOLD, values[HOLD_LADDER], &draft->policy->hold_ladder);
}

void policy_stage(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[STAGE_COUNT];
  if (node == NULL || !field_take(draft->report, node, "stage", stage_fields, values)) return;
  field_workdays(draft->report, values[STAGE_MAX], "max", 1, &draft->policy->stage_max);
}

void policy_accountability(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[BODY_COUNT];
  if (node == NULL || !field_take(draft->report, node, "accountability", body_fields, values)) return;
  field_workdays(draft->report, values[BODY_STATEMENT], "statement", 1, &draft->policy->statement);
  field_workdays(draft->report, values[BODY_APPEAL], "appeal", 1, &draft->policy->appeal);
}

void policy_sweep(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[SWEEP_COUNT];
  if (node == NULL || !field_take(draft->report, node, "sweep", sweep_fields, values)) return;
  draft->policy->sweep_track = (uint8_t)field_word(draft->report, values[SWEEP_TRACK], "track", words_track);
  field_limit(draft->report, values[SWEEP_LIMIT], "limit", &draft->policy->sweep_limit);
}

/* One word, not a section: what a piece of evidence must bring to count for closing. */
void policy_evidence(struct policy_draft *draft, const struct yaml_node *node) {
  if (node == NULL || !field_is(draft->report, node, YAML_SCALAR, "evidence")) return;
  const bool stored = node->length == strlen("stored") && memcmp(node->text, "stored", node->length) == 0;
  const bool named = node->length == strlen("named") && memcmp(node->text, "named", node->length) == 0;
  if (!stored && !named)
    report_error(draft->report, node->at, "evidence must be 'stored' (it counts with its file) or 'named' (its hash will do)");
  draft->policy->evidence_stored = stored;
}
