/* policy.c - a policy file into a struct policy: the whole.  Its parts: policy_section.c (what stands at the top level),
 * policy_track.c, policy_ladder.c, policy_route.c, policy_tests.c; policy_check.c judges them together. */
#include <stdlib.h>

#include "document/policy_draft.h"

enum {
  TOP_POLICY, TOP_TITLE, TOP_REMIND_AT, TOP_RECURRENCE, TOP_UNROUTED, TOP_BOUNCE, TOP_EXTENSION, TOP_HOLD, TOP_STAGE,
  TOP_ACCOUNTABILITY, TOP_SWEEP, TOP_EVIDENCE, TOP_TRACKS, TOP_LADDERS, TOP_ROUTES, TOP_GRADING, TOP_TESTS, TOP_COUNT
};
static const struct field top_fields[] = {
    [TOP_POLICY] = {"policy", true},
    [TOP_TITLE] = {"title", true},
    [TOP_REMIND_AT] = {"remind_at", true},
    [TOP_RECURRENCE] = {"recurrence", false},
    [TOP_UNROUTED] = {"unrouted", true},
    [TOP_BOUNCE] = {"bounce", false},
    [TOP_EXTENSION] = {"extension", false},
    [TOP_HOLD] = {"hold", false},
    [TOP_STAGE] = {"stage", false},
    [TOP_ACCOUNTABILITY] = {"accountability", false},
    [TOP_SWEEP] = {"sweep", false},
    [TOP_EVIDENCE] = {"evidence", false},
    [TOP_TRACKS] = {"tracks", true},
    [TOP_LADDERS] = {"ladders", true},
    [TOP_ROUTES] = {"routes", true},
    [TOP_GRADING] = {"grading", false},
    [TOP_TESTS] = {"tests", false},
    [TOP_COUNT] = {NULL, false},
};

static void policy_read(struct policy_draft *draft, const struct yaml_node *root) {
  const struct yaml_node *values[TOP_COUNT];
  if (!field_take(draft->report, root, "a policy", top_fields, values)) return;
  field_slug(draft->report, values[TOP_POLICY], "the policy's name", draft->policy->name);
  field_name(draft->report, values[TOP_TITLE], "title", draft->policy->title);
  field_time(draft->report, values[TOP_REMIND_AT], "remind_at", &draft->policy->remind_minutes);
  policy_ladders(draft, values[TOP_LADDERS]);
  policy_recurrence(draft, values[TOP_RECURRENCE]);
  policy_unrouted(draft, values[TOP_UNROUTED]);
  policy_bounce(draft, values[TOP_BOUNCE]);
  policy_extension(draft, values[TOP_EXTENSION]);
  policy_hold(draft, values[TOP_HOLD]);
  policy_stage(draft, values[TOP_STAGE]);
  policy_accountability(draft, values[TOP_ACCOUNTABILITY]);
  policy_sweep(draft, values[TOP_SWEEP]);
  policy_evidence(draft, values[TOP_EVIDENCE]);
  policy_tracks(draft, values[TOP_TRACKS]);
  policy_routes(draft, values[TOP_ROUTES]);
  policy_ladders_check(draft);
  policy_grading(draft, values[TOP_GRADING]);
  if (draft->stored) return;
  policy_check(draft);
  policy_tests_check(draft->report, values[TOP_TESTS]);
}

/* A track and a ladder stand where their names do. */
static void policy_note_places(const struct policy_draft *draft, struct policy_places *out) {
  *out = (struct policy_places){0};
  for (uint32_t i = 0; i < ROUTES_MAX; i++)
    if (draft->routes[i] != NULL) out->routes[i].line = draft->routes[i]->at.line, out->routes[i].column = draft->routes[i]->at.column;
  for (uint32_t i = 1; i <= TRACK_COUNT; i++) {
    const struct yaml_node *key = draft->tracks[i] != NULL ? draft->tracks[i]->key : NULL;
    if (key != NULL) out->tracks[i].line = key->at.line, out->tracks[i].column = key->at.column;
  }
  for (uint32_t i = 0; i < LADDERS_MAX; i++) {
    const struct yaml_node *key = draft->ladders[i] != NULL ? draft->ladders[i]->key : NULL;
    if (key != NULL) out->ladders[i].line = key->at.line, out->ladders[i].column = key->at.column;
  }
}

static struct policy *policy_build(const char *file_name, const char *text, size_t length, bool stored,
                                   struct policy_places *places, struct document_report *out) {
  struct report report;
  const struct yaml_node *root = NULL;
  report_open(&report, file_name);
  struct yaml *yaml = yaml_parse(&report, text, length, &root);
  struct policy_draft draft = {.report = &report, .policy = calloc(1, sizeof *draft.policy), .stored = stored};
  if (draft.policy == NULL) report_error(&report, (struct position){0, 0}, "out of memory");
  else if (root != NULL) policy_read(&draft, root);
  if (places != NULL) policy_note_places(&draft, places);
  yaml_free(yaml);
  if (report_close(&report, out)) return draft.policy;
  free(draft.policy);
  return NULL;
}

struct policy *policy_parse(const char *file_name, const char *text, size_t length, struct document_report *report) {
  return policy_build(file_name, text, length, false, NULL, report);
}

struct policy *policy_parse_places(const char *file_name, const char *text, size_t length, struct policy_places *places,
                                   struct document_report *report) {
  return policy_build(file_name, text, length, false, places, report);
}

struct policy *policy_parse_stored(const char *file_name, const char *text, size_t length,
                                   struct document_report *report) {
  return policy_build(file_name, text, length, true, NULL, report);
}
