/* What a policy leaves out, how long it takes, and in what two differ: the shipped policies, and each with one change. */
#include "report_check.h"

#include "rehearse/diff.h"
#include "rehearse/gaps.h"
#include "rehearse/longest.h"

static struct policy *parse(const char *text) {
  struct document_report report = {0};
  struct policy *policy = policy_parse("f", text, strlen(text), &report);
  if (policy == NULL) fail_msg("%s", report.text);
  return policy;
}

/* The default policy, with one change unless `what` is NULL. */
static struct policy *municipal(const char *what, const char *with) {
  char *text = strndup(document_embedded_policy.text, document_embedded_policy.length);
  char *changed = what == NULL ? strdup(text) : document_with(text, what, with);
  struct policy *policy = parse(changed);
  free(changed);
  free(text);
  return policy;
}

static bool has_gap(const struct gaps *gaps, bool error, const char *text) {
  for (uint32_t i = 0; i < gaps->count; i++)
    if (gaps->rows[i].error == error && strcmp(gaps->rows[i].text, text) == 0) return true;
  for (uint32_t i = 0; i < gaps->count; i++) print_message("# gap: %s\n", gaps->rows[i].text);
  return false;
}

static void must_have_gap(const char *what, const char *with, bool error, const char *text) {
  struct gaps gaps;
  struct policy *policy = municipal(what, with);
  policy_gaps(policy, &gaps);
  assert_true(has_gap(&gaps, error, text));
  free(policy);
}

static void test_gaps(void **state) {
  (void)state;
  struct gaps gaps;
  struct policy *policy = municipal(NULL, NULL);
  policy_gaps(policy, &gaps);
  assert_int_equal(gaps.count, 0);
  free(policy);
  must_have_gap("  - {kind: [poor_execution], track: supervision}\n",
                "  - {kind: [poor_execution], track: supervision}\n  - {severity: minor, track: supervision}\n", true,
                "route 7 is never reached: the routes before it together match everything that it would");
  must_have_gap("  - {kind: [poor_execution], track: supervision}\n", "", false,
                "some findings of kind poor_execution (minor, ordinary, major) match no route: they wait for the office");
  must_have_gap("move: overdue}", "move: overdue, if: grave}", false,
                "track supervision: every rung of ladder 'rectify' that leads on has a condition; without it a case stays there");
  must_have_gap("{sign_for: 2wd, rectify: 10wd, verify: 10wd, look_back: 60wd}",
                "{sign_for: 12wd, rectify: 10wd, verify: 10wd, look_back: 60wd}", false,
                "track early_warning: 'sign_for' may take longer than 'rectify'");
  must_have_gap("extension: {ask_before: 20wd", "extension: {ask_before: 251wd", true,
                "extension: it must be asked for 251wd before the date, and no limit is so long");
  must_have_gap("- {at: -5wd, notice: reminder, to: [handler]}", "- {at: -5wd, notice: reminder, to: [handler, subject]}", false,
                "ladder 'rectify': there is no subject to tell before accountability is proposed");
}

static char *minimal(void) {
  size_t length = 0;
  char *text = document_read("policy/minimal.yaml", DOCUMENT_BYTES_MAX, &length), *ended = strndup(text, length);
  free(text);
  return ended;
}

/* What nothing leads into, nothing leads out of, and nobody hears of. */
static void test_gaps_of_the_smallest(void **state) {
  (void)state;
  struct gaps gaps;
  char *text = minimal(), *changed = document_with(text, "{kind: loophole, track: new_rules}", "{kind: loophole, track: supervision}");
  struct policy *policy = parse(changed);
  policy_gaps(policy, &gaps);
  assert_int_equal(gaps.count, 5);
  assert_true(has_gap(&gaps, false, "track new_rules: no route, edge or section leads there; only the office can put a case into it"));
  assert_true(has_gap(&gaps, false, "track supervision: nothing leads on; a case that nobody puts right stays there, and "
                                    "ladder 'usual' reminds for ever"));
  assert_true(has_gap(&gaps, false, "ladder 'usual' (rectify): only whoever is late is told; nobody else hears of it"));
  free(policy);
  free(changed);
  free(text);
}

static void must_take(const struct policy *policy, uint32_t kind, int32_t idle, int32_t capped, uint32_t open) {
  struct longest_kind found;
  longest_of_kind(policy, kind, &found);
  assert_true(found.idle.bounded && found.capped.bounded);
  assert_int_equal(found.idle.wd, idle);
  assert_int_equal(found.capped.wd, capped);
  assert_int_equal(found.open, open);
}

/* By hand: supervision is 15wd and the rung at +3wd; special_rectification 30wd and +3wd, and one night between.  With the
 * caps: 18wd, the extension 30wd, the stage 250wd and +3wd, a bounce 18wd and 3wd of the office and a night. */
static void test_longest_of_the_default(void **state) {
  (void)state;
  const uint32_t open = OPEN_REWORK | OPEN_VERIFIER | OPEN_OFFICE | OPEN_HOLD;
  struct policy *policy = municipal(NULL, NULL);
  must_take(policy, KIND_POOR_EXECUTION, 15 + 3, 18 + 30 + 253 + (18 + 3 + 1), open);
  must_take(policy, KIND_PROMINENT, 33 + 1 + 18, (33 + 2 * 10 + 1 + 18) + 30 + 3 * 253 + (33 + 3 + 1), open);
  must_take(policy, KIND_NO_RESPONSIBILITY, 0, 0, 0);
  free(policy);
}

static void test_never(void **state) {
  (void)state;
  struct longest_kind found;
  char *text = minimal();
  struct policy *policy = parse(text);
  longest_of_kind(policy, KIND_INCIPIENT, &found);
  assert_true(found.idle.routed && !found.idle.bounded && !found.capped.bounded);
  assert_int_equal(found.idle.path_count, 1);
  assert_int_equal(found.idle.path[0], TRACK_EARLY_WARNING);
  free(policy);
  free(text);
}

/* ---- diff ---- */

struct lines {
  uint32_t count;
  char text[8][1024];
};

static void take(void *context, const char *what, const char *before, const char *after) {
  struct lines *lines = context;
  assert_true(lines->count < 8);
  snprintf(lines->text[lines->count++], sizeof lines->text[0], "%.200s: %.300s > %.300s", what, before, after);
}

static void must_differ(const char *what, const char *with, uint32_t count, const char *line) {
  struct lines lines = {0};
  struct policy *before = municipal(NULL, NULL), *after = municipal(what, with);
  assert_int_equal(policy_diff(before, after, take, &lines), count);
  assert_int_equal(lines.count, count);
  if (count > 0) assert_string_equal(lines.text[0], line);
  lines.count = 0;
  assert_int_equal(policy_diff(after, before, take, &lines), count); /* and back */
  free(before);
  free(after);
}

static void test_diff(void **state) {
  (void)state;
  must_differ(NULL, NULL, 0, "");
  must_differ("# The default policy", "# A default policy", 0, "");
  must_differ("bounce: {max: 1}", "bounce: {max: 2}", 1, "bounce, how often: 1 > 2");
  must_differ("plan_review: 5wd, progress: 10wd, rectify: 30wd", "plan_review: 5wd, progress: 10wd, rectify: 24h", 1,
              "track special_rectification, limit of rectify: 30wd > 24h");
  must_differ("{at: -3wd, notice: reminder, to: [handler]}", "{at: -2wd, notice: reminder, to: [handler]}", 2,
              "ladder rectify, rung at -3wd: reminder to handler > none");
  must_differ("  - {severity: [urgent], track: supervision}\n", "", 1,
              "route 2 (gone): severity urgent: supervision > none");
  must_differ("  - {kind: [loophole], track: new_rules}\n",
              "  - {kind: [loophole], track: new_rules, limits: {rectify: 5wd}, copy: [above, top]}\n", 1,
              "route 4: kind loophole: new_rules > kind loophole: new_rules, rectify 5wd, copy to above and top");
}

static void test_treatment(void **state) {
  (void)state;
  struct treatment treatment;
  struct policy *policy = municipal("  - {kind: [poor_execution], track: supervision}\n", "");
  policy_treatment(policy, KIND_LOOPHOLE, SEVERITY_URGENT, &treatment);
  assert_int_equal(treatment.route, 2);
  assert_int_equal(treatment.track, TRACK_SUPERVISION);
  assert_int_equal(treatment.due.count, 15);
  policy_treatment(policy, KIND_POOR_EXECUTION, SEVERITY_MINOR, &treatment);
  assert_int_equal(treatment.route, 0);
  free(policy);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_gaps), cmocka_unit_test(test_gaps_of_the_smallest),
                                     cmocka_unit_test(test_longest_of_the_default),
                                     cmocka_unit_test(test_never), cmocka_unit_test(test_diff),
                                     cmocka_unit_test(test_treatment)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
