/* policy_tests.c - the section `tests` of a policy, read: what is given, what is expected, and what then, if nobody does
 * anything. */
#include "document/policy_tests.h"

#include <stdlib.h>
#include <string.h>

#include "document/policy_draft.h"

#define DEFAULT_CALENDAR "cn"
#define DEFAULT_ZONE "Asia/Shanghai"
#define DEFAULT_MINUTES (9 * 60) /* of a report that has a date only */

enum { TEST_NAME, TEST_GIVEN, TEST_EXPECT, TEST_THEN, TEST_COUNT };
static const struct field test_fields[] = {
    [TEST_NAME] = {"name", true},  [TEST_GIVEN] = {"given", true}, [TEST_EXPECT] = {"expect", false},
    [TEST_THEN] = {"then", false}, [TEST_COUNT] = {NULL, false},
};

enum {
  GIVEN_KIND, GIVEN_SEVERITY, GIVEN_AT, GIVEN_UNIT, GIVEN_UNDER, GIVEN_CATEGORY, GIVEN_CODE, GIVEN_INSPECTION,
  GIVEN_TEXT, GIVEN_SAME_PROBLEM, GIVEN_SAME_KIND, GIVEN_CALENDAR, GIVEN_ZONE, GIVEN_COUNT
};
static const struct field given_fields[] = {
    [GIVEN_KIND] = {"kind", true},
    [GIVEN_SEVERITY] = {"severity", true},
    [GIVEN_AT] = {"at", true},
    [GIVEN_UNIT] = {"unit", false},
    [GIVEN_UNDER] = {"under", false},
    [GIVEN_CATEGORY] = {"category", false},
    [GIVEN_CODE] = {"code", false},
    [GIVEN_INSPECTION] = {"inspection", false},
    [GIVEN_TEXT] = {"text", false},
    [GIVEN_SAME_PROBLEM] = {"same_problem", false},
    [GIVEN_SAME_KIND] = {"same_kind", false},
    [GIVEN_CALENDAR] = {"calendar", false},
    [GIVEN_ZONE] = {"zone", false},
    [GIVEN_COUNT] = {NULL, false},
};

/* The keys of `expect`, and one more in a step of `then`. */
enum { STEP_AT = EXPECT_COUNT };
#define EXPECT_FIELDS                                                                                          \
  [EXPECT_TRACK] = {"track", false}, [EXPECT_ROUTE] = {"route", false}, [EXPECT_STATUS] = {"status", false},   \
  [EXPECT_LIGHT] = {"light", false}, [EXPECT_PROPOSED] = {"proposed", false},                                  \
  [EXPECT_RESPONSIBLE] = {"responsible", false}, [EXPECT_DUE] = {"due", false},                                \
  [EXPECT_SIGN_FOR] = {"sign_for", false}, [EXPECT_PLAN] = {"plan", false},                                    \
  [EXPECT_PROGRESS] = {"progress", false}, [EXPECT_DECISION] = {"decision", false}
static const struct field expect_fields[] = {EXPECT_FIELDS, [EXPECT_COUNT] = {NULL, false}};
static const struct field step_fields[] = {EXPECT_FIELDS, [STEP_AT] = {"at", true}, [STEP_AT + 1] = {NULL, false}};

/* "YYYY-MM-DD" or "YYYY-MM-DDTHH:MM". */
static bool take_time(struct report *report, const struct yaml_node *node, const char *what, struct local_time *out) {
  if (!field_is(report, node, YAML_SCALAR, what)) return false;
  struct yaml_node date = *node, clock = *node;
  bool timed = node->length == 16 && node->text[10] == 'T';
  if (timed) date.length = 10;
  if (node->length != 10 && !timed) {
    report_error(report, node->at, "%s must be a date or a date and time, such as 2026-02-09 or 2026-02-09T14:30; this is '%s'",
                 what, field_quote(node).text);
    return false;
  }
  clock.text += timed ? 11 : 0, clock.length = 5;
  struct local_time time = {.whole_day = !timed};
  if (!field_date(report, &date, what, &time.day)) return false;
  if (timed && !field_time(report, &clock, what, &time.minutes)) return false;
  *out = time;
  return true;
}

static bool is_none(const struct yaml_node *node) {
  return node->type == YAML_SCALAR && node->length == 4 && memcmp(node->text, "none", 4) == 0;
}

static void take_route(struct report *report, const struct yaml_node *node, struct expected *out) {
  int32_t number = 0;
  if (!is_none(node)) field_integer(report, node, "route (a number, or none)", 1, ROUTES_MAX, &number);
  out->number = (uint32_t)number;
}

static void take_expected(struct report *report, const struct yaml_node *node, uint32_t key, struct expected *out) {
  bool yes = false;
  if (node == NULL) return;
  *out = (struct expected){.line = node->at.line, .column = node->at.column};
  switch ((enum expect_key)key) {
    case EXPECT_TRACK: out->number = is_none(node) ? 0 : field_word(report, node, "track", words_track); break;
    case EXPECT_ROUTE: take_route(report, node, out); break;
    case EXPECT_STATUS: out->number = field_word(report, node, "status", words_status); break;
    case EXPECT_LIGHT: out->number = field_word(report, node, "light", words_light); break;
    case EXPECT_RESPONSIBLE: out->number = field_word(report, node, "role", words_role); break;
    case EXPECT_PROPOSED:
      field_flag(report, node, "proposed", &yes);
      out->number = yes;
      break;
    case EXPECT_DUE:
    case EXPECT_SIGN_FOR:
    case EXPECT_PLAN:
    case EXPECT_PROGRESS:
    case EXPECT_DECISION:
      out->none = is_none(node);
      if (!out->none) take_time(report, node, expect_fields[key].key, &out->due);
      break;
    case EXPECT_COUNT: break;
  }
}

static void take_expect(struct report *report, const struct yaml_node *node, struct expected *expect) {
  const struct yaml_node *values[EXPECT_COUNT];
  if (node == NULL || !field_take(report, node, "expect", expect_fields, values)) return;
  for (uint32_t key = 0; key < EXPECT_COUNT; key++) take_expected(report, values[key], key, &expect[key]);
}

static bool is_earlier(const struct local_time *a, const struct local_time *b) {
  int32_t a_minutes = a->whole_day ? 24 * 60 : a->minutes, b_minutes = b->whole_day ? 24 * 60 : b->minutes;
  return a->day != b->day ? a->day < b->day : a_minutes < b_minutes;
}

static void take_step(struct report *report, const struct yaml_node *node, const struct local_time *before,
                      struct policy_test_step *step) {
  const struct yaml_node *values[STEP_AT + 1];
  if (!field_take(report, node, "a step of 'then'", step_fields, values)) return;
  for (uint32_t key = 0; key < EXPECT_COUNT; key++) take_expected(report, values[key], key, &step->expect[key]);
  if (take_time(report, values[STEP_AT], "at", &step->at) && is_earlier(&step->at, before))
    report_error(report, values[STEP_AT]->at, "this is before what stands above it: time goes forward");
}

static void take_then(struct report *report, const struct yaml_node *list, struct policy_test *test) {
  const struct local_time *before = &test->at;
  if (!field_is(report, list, YAML_SEQUENCE, "then")) return;
  for (const struct yaml_node *node = list->first; node != NULL; node = node->next) {
    if (test->step_count == POLICY_TEST_STEPS_MAX) {
      report_error(report, node->at, "more than %d steps in one test", POLICY_TEST_STEPS_MAX);
      return;
    }
    struct policy_test_step *step = &test->steps[test->step_count++];
    take_step(report, node, before, step);
    before = &step->at;
  }
}

static void take_given(struct report *report, const struct yaml_node *node, struct policy_test *test) {
  const struct yaml_node *values[GIVEN_COUNT];
  int32_t same_problem = 0, same_kind = 0;
  strcpy(test->calendar, DEFAULT_CALENDAR);
  strcpy(test->zone, DEFAULT_ZONE);
  if (node == NULL || !field_take(report, node, "given", given_fields, values)) return;
  test->kind = (uint8_t)field_word(report, values[GIVEN_KIND], "kind", words_kind);
  test->severity = (uint8_t)field_word(report, values[GIVEN_SEVERITY], "severity", words_severity);
  if (take_time(report, values[GIVEN_AT], "at", &test->at) && test->at.whole_day)
    test->at.minutes = DEFAULT_MINUTES, test->at.whole_day = false;
  field_code(report, values[GIVEN_UNIT], "unit", test->unit);
  field_code(report, values[GIVEN_UNDER], "under", test->under);
  field_code(report, values[GIVEN_CATEGORY], "category", test->category);
  field_code(report, values[GIVEN_CODE], "code", test->code);
  field_code(report, values[GIVEN_INSPECTION], "inspection", test->inspection);
  field_name(report, values[GIVEN_TEXT], "text", test->text);
  field_integer(report, values[GIVEN_SAME_PROBLEM], "same_problem", 0, SAME_PROBLEM_COUNT_MAX, &same_problem);
  field_integer(report, values[GIVEN_SAME_KIND], "same_kind", 0, SAME_KIND_COUNT_MAX, &same_kind);
  field_code(report, values[GIVEN_CALENDAR], "calendar", test->calendar);
  field_code(report, values[GIVEN_ZONE], "zone", test->zone);
  test->same_problem = (uint32_t)same_problem;
  test->same_kind = (uint32_t)same_kind;
}

static bool asks_something(const struct policy_test *test) {
  for (uint32_t key = 0; key < EXPECT_COUNT; key++) {
    if (test->expect[key].line != 0) return true;
    for (uint32_t step = 0; step < test->step_count; step++)
      if (test->steps[step].expect[key].line != 0) return true;
  }
  return false;
}

static void take_test(struct report *report, const struct yaml_node *node, struct policy_test *test) {
  const struct yaml_node *values[TEST_COUNT];
  if (!field_take(report, node, "a test", test_fields, values)) return;
  test->line = node->at.line, test->column = node->at.column;
  field_name(report, values[TEST_NAME], "name", test->name);
  take_given(report, values[TEST_GIVEN], test);
  take_expect(report, values[TEST_EXPECT], test->expect);
  take_then(report, values[TEST_THEN], test);
  if (report_is_clean(report) && !asks_something(test))
    report_error(report, node->at, "a test that expects nothing cannot fail: it needs 'expect' or 'then'");
}

/* Reads the rows of `node`; false when memory ran out. */
static bool take_tests(struct report *report, const struct yaml_node *node, struct policy_tests *tests) {
  if (!field_is(report, node, YAML_SEQUENCE, "tests")) return true;
  if (node->count > POLICY_TESTS_MAX) {
    report_error(report, node->at, "more than %d tests", POLICY_TESTS_MAX);
    return true;
  }
  tests->rows = calloc(node->count + 1, sizeof *tests->rows);
  if (tests->rows == NULL) return false;
  for (const struct yaml_node *item = node->first; item != NULL; item = item->next)
    take_test(report, item, &tests->rows[tests->count++]);
  return true;
}

void policy_tests_check(struct report *report, const struct yaml_node *node) {
  struct policy_tests tests = {0};
  if (!take_tests(report, node, &tests)) report_error(report, node->at, "out of memory");
  free(tests.rows);
}

static const struct yaml_node *tests_node(const struct yaml_node *root) {
  if (root == NULL || root->type != YAML_MAPPING) return NULL;
  for (const struct yaml_node *child = root->first; child != NULL; child = child->next)
    if (child->key->length == 5 && memcmp(child->key->text, "tests", 5) == 0) return child;
  return NULL;
}

struct policy_tests *policy_tests_parse(const char *file_name, const char *text, size_t length,
                                        struct document_report *out) {
  struct report report;
  const struct yaml_node *root = NULL;
  report_open(&report, file_name);
  struct yaml *yaml = yaml_parse(&report, text, length, &root);
  struct policy_tests *tests = calloc(1, sizeof *tests);
  if (tests == NULL || !take_tests(&report, tests_node(root), tests))
    report_error(&report, (struct position){0, 0}, "out of memory");
  yaml_free(yaml);
  if (report_close(&report, out)) return tests;
  policy_tests_free(tests);
  return NULL;
}

void policy_tests_free(struct policy_tests *tests) {
  if (tests == NULL) return;
  free(tests->rows);
  free(tests);
}
