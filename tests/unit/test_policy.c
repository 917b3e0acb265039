/* Policy files: the default policy says what the founding sentence says; every error of a bad file has its place; what
 * a span, a window and a time may look like; hostile bytes. */
#include "report_check.h"

/* The default policy as a string, to change. */
static char *municipal(void) {
  char *text = malloc(document_embedded_policy.length + 1);
  assert_non_null(text);
  memcpy(text, document_embedded_policy.text, document_embedded_policy.length);
  text[document_embedded_policy.length] = '\0';
  return text;
}

static struct policy *default_policy(void) {
  struct document_report report = {0};
  struct policy *policy = policy_parse(document_embedded_policy.file_name, document_embedded_policy.text,
                                       document_embedded_policy.length, &report);
  if (policy == NULL) fail_msg("%s", report.text);
  return policy;
}

/* The default policy with one change parses. */
static struct policy *must_parse(const char *what, const char *with) {
  char *text = municipal(), *changed = document_with(text, what, with);
  struct document_report report = {0};
  struct policy *policy = policy_parse("f", changed, strlen(changed), &report);
  if (policy == NULL) fail_msg("%s", report.text);
  free(changed);
  free(text);
  return policy;
}

/* The default policy with one change gives one error, which ends so (places move with the file's comments). */
static void must_refuse(const char *what, const char *with, const char *error) {
  char *text = municipal(), *changed = document_with(text, what, with);
  struct document_report report = {0};
  assert_null(policy_parse("f", changed, strlen(changed), &report));
  const char *at = strstr(report.text, ": error: ");
  assert_non_null(at);
  char expected[512];
  snprintf(expected, sizeof expected, ": error: %s\n", error);
  assert_string_equal(at, expected);
  document_report_free(&report);
  free(changed);
  free(text);
}

static void test_founding_sentence_routes(void **state) {
  (void)state;
  static const struct {
    uint16_t kinds, severities;
    uint8_t track;
  } rows[] = {
      {1u << KIND_NO_RESPONSIBILITY, 0, TRACK_ACCOUNTABILITY},
      {0, 1u << SEVERITY_URGENT, TRACK_SUPERVISION},
      {1u << KIND_PROMINENT, 0, TRACK_SPECIAL_RECTIFICATION},
      {1u << KIND_LOOPHOLE, 0, TRACK_NEW_RULES},
      {1u << KIND_INCIPIENT, 0, TRACK_EARLY_WARNING},
      {1u << KIND_POOR_EXECUTION, 0, TRACK_SUPERVISION},
  };
  struct policy *policy = default_policy();
  assert_int_equal(policy->route_count, sizeof rows / sizeof *rows);
  for (uint32_t i = 0; i < policy->route_count; i++) {
    assert_int_equal(policy->routes[i].number, i + 1);
    assert_int_equal(policy->routes[i].kinds, rows[i].kinds);
    assert_int_equal(policy->routes[i].severities, rows[i].severities);
    assert_int_equal(policy->routes[i].track, rows[i].track);
    assert_int_equal(policy->routes[i].limits[CLOCK_RECTIFY].unit, SPAN_NONE);
  }
  free(policy);
}

static void test_founding_sentence_edges(void **state) {
  (void)state;
  struct policy *policy = default_policy();
  const struct track_policy *tracks = policy->tracks;
  assert_int_equal(tracks[TRACK_EARLY_WARNING].edges[EDGE_OVERDUE], TRACK_SPECIAL_RECTIFICATION);
  assert_int_equal(tracks[TRACK_EARLY_WARNING].edges[EDGE_RELAPSE], TRACK_SPECIAL_RECTIFICATION);
  assert_int_equal(tracks[TRACK_NEW_RULES].edges[EDGE_OVERDUE], TRACK_SUPERVISION);
  assert_int_equal(tracks[TRACK_NEW_RULES].edges[EDGE_RELAPSE], TRACK_SUPERVISION);
  assert_int_equal(tracks[TRACK_SPECIAL_RECTIFICATION].edges[EDGE_OVERDUE], TRACK_SUPERVISION);
  assert_int_equal(tracks[TRACK_SPECIAL_RECTIFICATION].edges[EDGE_QUALITY], TRACK_SUPERVISION);
  assert_int_equal(tracks[TRACK_SPECIAL_RECTIFICATION].rework_max, 2);
  assert_int_equal(tracks[TRACK_SUPERVISION].edges[EDGE_OVERDUE], TRACK_ACCOUNTABILITY);
  for (uint32_t edge = 1; edge <= EDGE_COUNT; edge++)
    assert_int_equal(tracks[TRACK_ACCOUNTABILITY].edges[edge], TRACK_NONE);
  assert_int_equal(policy->recurrence_days, 365);
  assert_int_equal(policy->recurrence_edge, EDGE_RELAPSE);
  assert_int_equal(policy->remind_minutes, 9 * 60);
  free(policy);
}

static void test_default_limits_and_ladders(void **state) {
  (void)state;
  static const int32_t rectify[TRACK_COUNT + 1] = {[TRACK_EARLY_WARNING] = 10,
                                                   [TRACK_NEW_RULES] = 60,
                                                   [TRACK_SPECIAL_RECTIFICATION] = 30,
                                                   [TRACK_SUPERVISION] = 15,
                                                   [TRACK_ACCOUNTABILITY] = 20};
  struct policy *policy = default_policy();
  for (uint32_t track = 1; track <= TRACK_COUNT; track++) {
    const struct track_policy *row = &policy->tracks[track];
    assert_int_equal(row->limits[CLOCK_RECTIFY].count, rectify[track]);
    assert_int_equal(row->limits[CLOCK_RECTIFY].unit, SPAN_WD);
    assert_int_equal(row->limits[CLOCK_VERIFY].count, 10);
    assert_string_equal(policy->ladders[row->ladders[CLOCK_RECTIFY]].name, "rectify");
    assert_string_equal(policy->ladders[row->ladders[CLOCK_SIGN_FOR]].name, "sign_for");
    assert_string_equal(policy->ladders[row->ladders[CLOCK_VERIFY]].name, "verify");
  }
  assert_string_equal(policy->ladders[policy->unrouted_ladder].name, "office");
  free(policy);
}

static void test_rung_as_written(void **state) {
  (void)state;
  struct policy *policy = default_policy();
  const struct ladder *ladder = &policy->ladders[policy->tracks[TRACK_SUPERVISION].ladders[CLOCK_RECTIFY]];
  assert_int_equal(ladder->count, 6);
  assert_int_equal(ladder->rungs[0].at.count, -5);
  const struct rung *red = &ladder->rungs[4];
  assert_int_equal(red->at.count, 3);
  assert_int_equal(red->at.unit, SPAN_WD);
  assert_int_equal(red->light, LIGHT_RED);
  assert_int_equal(red->edge, EDGE_OVERDUE);
  assert_int_equal(red->recipients, 1u << RECIPIENT_HANDLER | 1u << RECIPIENT_PRINCIPAL);
  assert_int_equal(red->copies, 1u << RECIPIENT_ABOVE | 1u << RECIPIENT_OFFICE);
  assert_int_equal(red->every.unit, SPAN_NONE);
  assert_int_equal(ladder->rungs[5].every.count, 10);
  free(policy);
}

static void test_every_error_in_one_pass(void **state) {
  (void)state;
  size_t length = 0;
  char *text = document_text("policy_bad.yaml", &length);
  struct document_report report = {0};
  assert_null(policy_parse("policy_bad.yaml", text, length, &report));
  assert_int_equal(report.errors, 47);
  report_must_be_file(&report, "policy_bad.txt");
  free(text);
}

static void test_example_of_the_manual(void **state) {
  (void)state;
  char *text = manual_example("policy:");
  struct document_report report = {0};
  struct policy *policy = policy_parse(MANUAL, text, strlen(text), &report);
  if (policy == NULL) fail_msg("%s", report.text);
  assert_int_equal(policy->route_count, 9);
  free(policy);
  free(text);
}

static void test_spans(void **state) {
  (void)state;
  struct policy *policy = must_parse("unrouted: {limit: 3wd", "unrouted: {limit: 4000wd");
  assert_int_equal(policy->unrouted.count, WORKDAYS_MAX);
  free(policy);
  policy = must_parse("unrouted: {limit: 3wd", "unrouted: {limit: +9600h");
  assert_int_equal(policy->unrouted.count, HOURS_MAX);
  assert_int_equal(policy->unrouted.unit, SPAN_HOURS);
  free(policy);
  static const char *const bad[] = {"4", "wd", "4 wd", "--4wd", "4wdx", "4d", "4.5h", "999999h", "0x4h", "4WD", "\"\""};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char with[64], error[256];
    snprintf(with, sizeof with, "unrouted: {limit: %s", bad[i]);
    snprintf(error, sizeof error,
             "limit must be a number of working days or hours such as -3wd, 0wd or +24h; this is '%s'",
             strcmp(bad[i], "\"\"") == 0 ? "" : bad[i]);
    must_refuse("unrouted: {limit: 3wd", with, error);
  }
  must_refuse("unrouted: {limit: 3wd", "unrouted: {limit: 4001wd", "limit goes up to 4000wd; this is '4001wd'");
  must_refuse("unrouted: {limit: 3wd", "unrouted: {limit: 9601h", "limit goes up to 9600h; this is '9601h'");
  must_refuse("unrouted: {limit: 3wd", "unrouted: {limit: -1wd", "limit must be greater than 0; this is '-1wd'");
}

static void test_times(void **state) {
  (void)state;
  struct policy *policy = must_parse("\"09:00\"", "23:59");
  assert_int_equal(policy->remind_minutes, 23 * 60 + 59);
  free(policy);
  static const char *const bad[] = {"24:00", "9:00", "09:60", "09-00", "09:0x", "009:0"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char error[128];
    snprintf(error, sizeof error, "remind_at must be a time from 00:00 to 23:59; this is '%s'", bad[i]);
    must_refuse("\"09:00\"", bad[i], error);
  }
}

/* A ladder that does not end in a repeating notice would fall silent one day. */
static void test_ladders_never_go_silent(void **state) {
  (void)state;
  must_refuse("copy: [body], every: 5wd", "copy: [body]",
              "the last rung must repeat ('every'): reminders never go silent");
  must_refuse("{at: 0wd, notice: urge, to: [office]}", "{at: 0wd, notice: urge, to: [office], every: 1wd}",
              "only the last rung of a ladder repeats");
  must_refuse("{at: +2wd, notice: urge, to: [office], copy: [body], every: 5wd}", "{at: +2wd, light: red, every: 5wd}",
              "the last rung must send a notice: reminders never go silent");
}

/* Four tracks have an edge `overdue`; without the rung that takes it each of them is reported. */
static void test_edges_need_a_rung(void **state) {
  (void)state;
  char *text = municipal(), *changed = document_with(text, "light: red, move: overdue", "light: red, move: quality");
  struct document_report report = {0};
  assert_null(policy_parse("f", changed, strlen(changed), &report));
  uint32_t found = 0;
  for (const char *at = report.text; (at = strstr(at, "the edge 'overdue' is never taken")) != NULL; at++) found++;
  assert_int_equal(found, 4);
  assert_int_equal(report.errors, 4);
  document_report_free(&report);
  free(changed);
  free(text);
}

static void test_edges_and_moves_fit(void **state) {
  (void)state;
  must_refuse("to: [verifier], copy: [office], every", "to: [verifier], copy: [office], move: relaps, every",
              "'relaps' is no edge (did you mean 'relapse'?)");
  must_refuse("copy: [office, top], every", "copy: [office, top], move: overdue, every",
              "no track that uses this ladder has an edge 'overdue'");
  must_refuse("to: [office], copy: [body], every", "to: [office], copy: [body], move: overdue, every",
              "a clock of the office has this ladder, and must not move the case: the unit would pay for the office");
  must_refuse("    rework_max: 2\n", "", "the edge 'quality' is never taken without a rework_max of 1 or more");
}

/* Edges climb: early_warning, special_rectification, supervision, accountability; new_rules stands beside them. */
static void test_edges_climb(void **state) {
  (void)state;
  must_refuse("edges: {overdue: supervision, quality: supervision, relapse: supervision}",
              "edges: {overdue: supervision, quality: supervision, relapse: early_warning}",
              "an edge must lead to a stricter track: 'early_warning' is not stricter than 'special_rectification'");
  must_refuse("edges: {overdue: special_rectification, relapse: special_rectification}",
              "edges: {overdue: special_rectification, relapse: new_rules}",
              "an edge must lead to a stricter track: 'new_rules' is not stricter than 'early_warning'");
}

static void test_routes_that_are_never_reached(void **state) {
  (void)state;
  static const char last[] = "  - {kind: [poor_execution], track: supervision}\n";
  struct policy *policy = must_parse(last, "  - {code_prefix: X1, unit: a, category: c, inspection: i, "
                                           "recurrence_min: 2, track: supervision, rectify: 24h}\n");
  const struct route *route = &policy->routes[5];
  assert_string_equal(route->code_prefix, "X1");
  assert_string_equal(route->unit, "a");
  assert_string_equal(route->category, "c");
  assert_string_equal(route->inspection, "i");
  assert_int_equal(route->recurrence_min, 2);
  assert_int_equal(route->limits[CLOCK_RECTIFY].count, 24);
  assert_int_equal(route->limits[CLOCK_RECTIFY].unit, SPAN_HOURS);
  free(policy);
  must_refuse(last, "  - {track: new_rules}\n  - {kind: [poor_execution], track: supervision}\n",
              "route 7 is never reached: route 6 matches everything that it would");
  must_refuse(last, "  - {kind: incipient, unit: a, track: supervision}\n",
              "route 6 is never reached: route 5 matches everything that it would");
}

static void test_damaged_files(void **state) {
  (void)state;
  char *text = municipal();
  uint32_t seed = 2018, refused = 0;
  for (int i = 0; i < 1500; i++) {
    size_t length = 0;
    char *damaged = document_damage(text, strlen(text), &seed, &length);
    struct document_report report = {0};
    struct policy *policy = policy_parse("f", damaged, length, &report);
    assert_true((policy == NULL) == (report.errors > 0));
    report_must_be_plain(&report);
    refused += policy == NULL;
    free(policy);
    document_report_free(&report);
    free(damaged);
  }
  assert_in_range(refused, 500, 1499);
  free(text);
}

/* ---- grading ---- */

static void test_default_grading(void **state) {
  (void)state;
  struct policy *policy = default_policy();
  const struct grading *grading = &policy->grading;
  assert_int_equal(grading->cases, 10);
  assert_int_equal(grading->component_count, 5);
  assert_int_equal(grading->components[0].component, COMPONENT_ON_TIME);
  assert_int_equal(grading->components[0].weight, 40);
  assert_int_equal(grading->extras[1].score, SCORE_HELD_TO_ACCOUNT);
  assert_int_equal(grading->extras[1].points, -5);
  assert_int_equal(grading->extras[1].most, 20);
  assert_int_equal(grading->vetoes[0].least, 2);
  assert_int_equal(grading->grade_count, 3);
  assert_string_equal(grading->grades[0].zh, "先进");
  free(policy);
}

static void test_bad_gradings(void **state) {
  (void)state;
  must_refuse("on_time: {weight: 40,", "on_time: {weight: 41,", "the weights of the components must add up to 100, not 101");
  must_refuse("on_time: {weight: 40, expected: 90}", "on_time: {weight: 40, expected: 101}",
              "expected must be a number from 0 to 100; this is '101'");
  must_refuse("    bounce: {weight: 10, expected: 95}", "    bounse: {weight: 10, expected: 95}",
              "'bounse' is no component (did you mean 'bounce'?)");
  must_refuse("  cases: 10\n", "  cases: 0\n", "cases must be a number from 1 to 1000; this is '0'");
  must_refuse("ordered: {points: -1, most: 10}", "ordered: {points: 0, most: 10}", "an extra of no points changes nothing");
  must_refuse("ordered: {points: -1, most: 10}", "ordered: {points: -101, most: 10}",
              "points must be a number from -100 to 100; this is '-101'");
  must_refuse("veto: {held_to_account: 2}", "veto: {held_to_acount: 2}",
              "'held_to_acount' is no thing that is counted (did you mean 'held_to_account'?)");
  must_refuse("{from: 75, name: ordinary", "{from: 90, name: ordinary",
              "grades must descend: this one does not begin below the one before it");
  must_refuse("{from: 0, name: behind", "{from: 1, name: behind", "the last grade must begin at 0: every unit has one");
  must_refuse(", zh: 后进}", "}", "a grade needs the key 'zh'");
}

static void test_without_grading(void **state) {
  (void)state;
  size_t length;
  struct document_report report = {0};
  char *text = document_read("policy/minimal.yaml", DOCUMENT_BYTES_MAX, &length);
  assert_non_null(text);
  struct policy *policy = policy_parse("policy/minimal.yaml", text, length, &report);
  assert_non_null(policy);
  assert_int_equal(policy->grading.cases, 0);
  free(policy);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_default_grading),
      cmocka_unit_test(test_bad_gradings),
      cmocka_unit_test(test_without_grading),
      cmocka_unit_test(test_founding_sentence_routes),
      cmocka_unit_test(test_founding_sentence_edges),
      cmocka_unit_test(test_default_limits_and_ladders),
      cmocka_unit_test(test_rung_as_written),
      cmocka_unit_test(test_every_error_in_one_pass),
      cmocka_unit_test(test_example_of_the_manual),
      cmocka_unit_test(test_spans),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_ladders_never_go_silent),
      cmocka_unit_test(test_edges_need_a_rung),
      cmocka_unit_test(test_edges_and_moves_fit),
      cmocka_unit_test(test_edges_climb),
      cmocka_unit_test(test_routes_that_are_never_reached),
      cmocka_unit_test(test_damaged_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
