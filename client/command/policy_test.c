/* policy_test.c - `policy test`: the tests inside policy files, played in virtual time; no daemon. */
#include <stdlib.h>
#include <string.h>

#include "client/command/language.h"
#include "client/command/policy.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "rectify/must.h"

enum { TEST_CALENDAR };
const struct flag policy_test_flags[] = {
    {"calendar", 'c', "FILE", "a calendar file besides those that are built in; may be repeated", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct column columns[] = {
    {"file", "file", "文件", COLUMN_MACHINE},
    {"line", "line", "行", COLUMN_NUMBER},
    {"test", "test", "测试", COLUMN_TEXT},
    {"result", "result", "结果", 0},
};

static const char *result_text(const struct session *session, bool failed) {
  if (session->format != FORMAT_TABLE) return failed ? "failed" : "passed";
  return failed ? _("FAILED") : _("passed");
}

struct counts {
  uint32_t passed, failed;
};

static void play(const struct session *session, const struct policy_file *file, const struct policy_tests *tests,
                 const struct calendar_set *calendars, struct sheet *sheet, struct counts *counts) {
  struct document_report report = {0, NULL};
  bool *failed = calloc(tests->count + 1, sizeof *failed);
  must(failed != NULL);
  uint32_t bad = policy_tests_run(file->path, file->policy, tests, calendars->rows, calendars->count, failed, &report);
  for (uint32_t i = 0; i < tests->count; i++) {
    sheet_string(sheet, file->path);
    sheet_number(sheet, tests->rows[i].line);
    sheet_string(sheet, tests->rows[i].name);
    sheet_string(sheet, result_text(session, failed[i]));
  }
  policy_say(&report);
  counts->failed += bad;
  counts->passed += tests->count - bad;
  free(failed);
}

static int test_file(const struct session *session, const char *path, const struct calendar_set *calendars,
                     struct sheet *sheet, struct counts *counts) {
  struct document_report report = {0, NULL};
  struct policy_file file;
  int code = policy_file_open(path, &file);
  if (code != EXIT_FINE) return code;
  struct policy_tests *tests = policy_tests_parse(path, file.text, file.length, &report);
  policy_say(&report);
  if (tests == NULL) code = EXIT_DOCUMENT;
  else if (tests->count == 0) complain("%s has no tests (key `tests`, see rectify-policy(5))", path);
  if (tests != NULL) play(session, &file, tests, calendars, sheet, counts);
  policy_tests_free(tests);
  policy_file_close(&file);
  return code;
}

/* All files are played, whatever the first ones give; the worst code is returned. */
static int test_files(const struct session *session, char **paths, const struct calendar_set *calendars) {
  struct column shown[sizeof columns / sizeof *columns];
  memcpy(shown, columns, sizeof columns);
  if (paths[1] != NULL) shown[0].flags = 0; /* several: each row says whose it is */
  struct sheet *sheet = sheet_open(session, stdout, shown, sizeof columns / sizeof *columns);
  struct counts counts = {0, 0};
  int code = EXIT_FINE;
  for (; *paths != NULL; paths++) {
    int got = test_file(session, *paths, calendars, sheet, &counts);
    if (got > code) code = got;
  }
  (void)sheet_close(sheet);
  (void)fprintf(session->format == FORMAT_TABLE ? stdout : stderr, "%u passed, %u failed\n", counts.passed, counts.failed);
  return code == EXIT_FINE && counts.failed > 0 ? EXIT_REFUSED : code;
}

int policy_test_run(struct session *session, struct arguments *arguments) {
  struct calendar_set *calendars = calendar_set_open();
  int code = EXIT_FINE, stop = EXIT_FINE, option;
  while (code == EXIT_FINE && (option = arguments_next(session, arguments, &stop)) != ARGUMENTS_END) {
    if (option == ARGUMENTS_STOP) {
      calendar_set_close(calendars);
      return stop;
    }
    if (option == TEST_CALENDAR) code = calendar_set_add(calendars, optarg);
  }
  if (code == EXIT_FINE) code = arguments_words(arguments, 1, FILES_MAX);
  if (code == EXIT_FINE) code = test_files(session, arguments->argv + optind, calendars);
  calendar_set_close(calendars);
  return code;
}
