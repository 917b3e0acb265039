/* policy_tests.h - the section `tests` of a policy file: what its author expects of it, and whether it is so.
 *
 * Not part of struct policy: the daemon checks the form when a policy is published, and otherwise leaves it alone.
 * Callers: the client (`rectify policy test`), tests.
 */
#ifndef RECTIFY_DOCUMENT_POLICY_TESTS_H
#define RECTIFY_DOCUMENT_POLICY_TESTS_H

#include "document/document.h"

#define POLICY_TESTS_MAX 256
#define POLICY_TEST_STEPS_MAX 16 /* looks into the future of one test */

/* What can be expected of a case.  The last ones are dates of its clocks. */
enum expect_key {
  EXPECT_TRACK, EXPECT_ROUTE, EXPECT_STATUS, EXPECT_LIGHT, EXPECT_PROPOSED, EXPECT_RESPONSIBLE,
  EXPECT_DUE, EXPECT_SIGN_FOR, EXPECT_PLAN, EXPECT_PROGRESS, EXPECT_DECISION, EXPECT_COUNT
};

/* A local time of the test's unit.  `whole_day`: only the date was given. */
struct local_time {
  day_t day;
  int32_t minutes; /* after midnight */
  bool whole_day;
};

struct expected {
  uint32_t line, column; /* in the file; line 0: not asked */
  uint32_t number;       /* enum track, status, light, role; the route's number, 0 none; 0 or 1 */
  struct local_time due; /* the clock's due instant; a date: its last day */
  bool none;             /* no such clock */
};

struct policy_test_step {
  struct local_time at; /* nobody has done anything until then; a date: to the end of that day */
  struct expected expect[EXPECT_COUNT];
};

struct policy_test {
  uint32_t line, column;
  char name[NAME_BYTES_MAX + 1];
  uint8_t kind, severity;
  struct local_time at; /* of the report; a date: 09:00 */
  uint32_t same_problem, same_kind;
  char unit[CODE_BYTES_MAX + 1];  /* empty: some unit */
  char under[CODE_BYTES_MAX + 1]; /* the unit above it; empty: the root */
  char category[CODE_BYTES_MAX + 1], code[CODE_BYTES_MAX + 1], inspection[CODE_BYTES_MAX + 1];
  char text[NAME_BYTES_MAX + 1];
  char calendar[CODE_BYTES_MAX + 1], zone[CODE_BYTES_MAX + 1];
  struct expected expect[EXPECT_COUNT]; /* right after the report */
  uint32_t step_count;
  struct policy_test_step steps[POLICY_TEST_STEPS_MAX];
};

struct policy_tests {
  uint32_t count;
  struct policy_test *rows; /* owned */
};

/* Reads the section `tests` and nothing else of a policy.  To free with policy_tests_free(); NULL with errors in *report,
 * no rows when there is no such section. */
struct policy_tests *policy_tests_parse(const char *file_name, const char *text, size_t length,
                                        struct document_report *report);
void policy_tests_free(struct policy_tests *tests); /* NULL is fine */

/* Plays every test under `policy` in virtual time, in a registry that has one unit of each code that the policy and the test
 * name, with one officer for each role.  Returns how many tests failed; failed[i] says whether the i-th did (NULL: not
 * asked), *report where what was expected and what came.  Sets TZ of the process meanwhile (zone_load). */
uint32_t policy_tests_run(const char *file_name, const struct policy *policy, const struct policy_tests *tests,
                          const struct calendar *calendars, uint32_t calendar_count, bool *failed,
                          struct document_report *report);

#endif
