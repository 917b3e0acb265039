/* The tests inside policy files: those that are shipped, and the worked example of the manual, hold; one that does not hold
 * says where, what came and what was expected. */
#include "report_check.h"

#include "document/policy_tests.h"

struct run {
  struct policy *policy;
  struct policy_tests *tests;
  struct calendar *parsed[CALENDARS_MAX];
  struct calendar rows[CALENDARS_MAX];
  uint32_t count;
};

static void run_open(struct run *run, const char *name, const char *text) {
  struct document_report report = {0};
  *run = (struct run){0};
  run->policy = policy_parse(name, text, strlen(text), &report);
  if (run->policy == NULL) fail_msg("%s", report.text);
  run->tests = policy_tests_parse(name, text, strlen(text), &report);
  if (run->tests == NULL) fail_msg("%s", report.text);
  for (const struct document_embedded *file = document_embedded_calendars; file->file_name != NULL; file++) {
    run->parsed[run->count] = calendar_parse(file->file_name, file->text, file->length, &report);
    assert_non_null(run->parsed[run->count]);
    run->rows[run->count] = *run->parsed[run->count];
    run->count++;
  }
}

static void run_close(struct run *run) {
  for (uint32_t i = 0; i < run->count; i++) calendar_free(run->parsed[i]);
  policy_tests_free(run->tests);
  free(run->policy);
}

static void must_hold(const char *name, const char *text, uint32_t least) {
  struct document_report report = {0};
  struct run run;
  run_open(&run, name, text);
  uint32_t failed = policy_tests_run(name, run.policy, run.tests, run.rows, run.count, NULL, &report);
  if (failed > 0) fail_msg("%s", report.text);
  assert_true(run.tests->count >= least);
  run_close(&run);
}

static char *file_text(const char *path) {
  size_t length = 0;
  char *text = document_read(path, DOCUMENT_BYTES_MAX, &length), *out = NULL;
  if (text == NULL) fail_msg("cannot read %s", path);
  out = strndup(text, length);
  free(text);
  return out;
}

static void test_shipped_policies(void **state) {
  (void)state;
  static const char *const paths[] = {"policy/municipal.yaml", "policy/food-safety.yaml", "policy/minimal.yaml"};
  for (size_t i = 0; i < 3; i++) {
    char *text = file_text(paths[i]);
    must_hold(paths[i], text, 1);
    free(text);
  }
}

static void test_example_of_the_manual(void **state) {
  (void)state;
  char *text = manual_example("policy:");
  must_hold(MANUAL, text, 4);
  free(text);
}

/* Every expectation that fails is reported, each at its own place; the other tests are played all the same. */
static void test_what_came_instead(void **state) {
  (void)state;
  char *text = file_text("policy/minimal.yaml");
  char *wrong = document_with(text, "expect: {track: early_warning, due: 2026-04-14, plan: none}",
                              "expect: {track: supervision, due: 2026-04-13, plan: 2026-04-01}");
  struct document_report report = {0};
  bool failed[1];
  struct run run;
  run_open(&run, "f", wrong);
  assert_int_equal(run.tests->count, 1);
  assert_int_equal(policy_tests_run("f", run.policy, run.tests, run.rows, run.count, failed, &report), 1);
  assert_true(failed[0]);
  assert_int_equal(report.errors, 3);
  assert_string_equal(report.text,
                      "f:42:21: error: test 'thirty working days, whatever it is': track is early_warning, not supervision\n"
                      "f:42:39: error: test 'thirty working days, whatever it is': due is 2026-04-14, not 2026-04-13\n"
                      "f:42:57: error: test 'thirty working days, whatever it is': plan is none, not 2026-04-01\n");
  document_report_free(&report);
  run_close(&run);
  free(wrong);
  free(text);
}

static void test_a_calendar_that_is_not_there(void **state) {
  (void)state;
  char *text = file_text("policy/minimal.yaml");
  char *wrong = document_with(text, "at: 2026-03-02}", "at: 2026-03-02, calendar: mars}");
  struct document_report report = {0};
  struct run run;
  run_open(&run, "f", wrong);
  assert_int_equal(policy_tests_run("f", run.policy, run.tests, run.rows, run.count, NULL, &report), 1);
  assert_non_null(strstr(report.text, "cannot be played: there is no such calendar"));
  document_report_free(&report);
  run_close(&run);
  free(wrong);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shipped_policies), cmocka_unit_test(test_example_of_the_manual),
      cmocka_unit_test(test_what_came_instead), cmocka_unit_test(test_a_calendar_that_is_not_there)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
