/* Calendar files: what is read from a good one, every error of a bad one with its place, and hostile bytes. */
#include "report_check.h"

static struct calendar *parse(const char *text, size_t length, struct document_report *report) {
  return calendar_parse("f", text, length, report);
}

/* The one error that `text` gives. */
static void must_fail_with(const char *text, size_t length, const char *line) {
  struct document_report report = {0};
  assert_null(parse(text, length, &report));
  report_must_be(&report, line);
}

static day_t day(int year, int month, int of_month) {
  day_t out = 0;
  assert_true(workday_day(year, month, of_month, &out));
  return out;
}

static void test_good_calendar(void **state) {
  (void)state;
  size_t length = 0;
  char *text = document_text("calendar_good.yaml", &length);
  struct document_report report = {0};
  struct calendar *calendar = parse(text, length, &report);
  free(text);
  assert_non_null(calendar);
  assert_int_equal(report.errors, 0);
  assert_null(report.text);
  assert_string_equal(calendar->name, "demo");
  assert_string_equal(calendar->title, "演示日历");
  assert_int_equal(calendar->rest_mask, 1 << 5 | 1 << 6);
  assert_int_equal(calendar->year_first, 2019);
  assert_int_equal(calendar->year_last, 2020);
  assert_int_equal(calendar->version, 0);
  assert_int_equal(calendar->day_count, 10); /* 7 + 1 of 2019, 2 of 2020 */
  for (uint32_t i = 1; i < calendar->day_count; i++)
    assert_true(calendar->days[i - 1].day < calendar->days[i].day);
  assert_int_equal(calendar->days[0].day, day(2019, 2, 2));
  assert_int_equal(calendar->days[0].kind, CALENDAR_MAKE_UP);
  assert_int_equal(calendar->text_count, 5); /* 3 notices, 2 names, each once */
  calendar_free(calendar);
}

/* The emergency notice of 2020-01-26 turned a make-up Saturday into a day off. */
static void test_later_notice_replaces(void **state) {
  (void)state;
  size_t length = 0;
  char *text = document_text("calendar_good.yaml", &length);
  struct document_report report = {0};
  struct calendar *calendar = parse(text, length, &report);
  free(text);
  assert_non_null(calendar);
  const struct calendar_day *last = &calendar->days[calendar->day_count - 1];
  assert_int_equal(last->day, day(2020, 2, 1));
  assert_int_equal(last->kind, CALENDAR_HOLIDAY);
  assert_string_equal(calendar->texts[last->name], "春节延长");
  assert_string_equal(calendar->texts[last->notice], "国办发明电〔2020〕1号");
  assert_false(workday_is(calendar, day(2020, 2, 1)));
  calendar_free(calendar);
}

static void test_example_of_the_manual(void **state) {
  (void)state;
  char *text = document_example("calendar:");
  struct document_report report = {0};
  struct calendar *calendar = calendar_parse("docs/policy.md", text, strlen(text), &report);
  if (calendar == NULL) fail_msg("%s", report.text);
  assert_false(workday_is(calendar, day(2020, 2, 1)));
  calendar_free(calendar);
  free(text);
}

static void test_every_error_in_one_pass(void **state) {
  (void)state;
  size_t length = 0;
  char *text = document_text("calendar_bad.yaml", &length);
  struct document_report report = {0};
  assert_null(calendar_parse("calendar_bad.yaml", text, length, &report));
  assert_int_equal(report.errors, 20);
  report_must_be_file(&report, "calendar_bad.txt");
  free(text);
}

static void test_syntax_error_has_a_place(void **state) {
  (void)state;
  size_t length = 0;
  char *text = document_text("syntax_bad.yaml", &length);
  struct document_report report = {0};
  assert_null(calendar_parse("syntax_bad.yaml", text, length, &report));
  report_must_be_file(&report, "syntax_bad.txt");
  free(text);
}

static void test_directives(void **state) {
  (void)state;
  size_t length = 0;
  char *text = document_text("directive_bad.yaml", &length);
  struct document_report report = {0};
  assert_null(calendar_parse("directive_bad.yaml", text, length, &report));
  report_must_be_file(&report, "directive_bad.txt");
  free(text);
}

#define HEAD "calendar: a\ntitle: a\npublished: [2019, 2020]\n"

static void test_yaml_that_is_not_used(void **state) {
  (void)state;
  static const struct {
    const char *text, *error;
  } rows[] = {
      {HEAD "rest: &x [sunday]\n", "4:10: error: anchors and tags are not used in these files"},
      {HEAD "rest: !!seq [sunday]\n", "4:13: error: anchors and tags are not used in these files"},
      {HEAD "rest: *x\n", "4:8: error: aliases are not used in these files"},
      {HEAD "rest: sunday\n---\na: b\n", "5:1: error: a file holds one document only"},
      {HEAD "rest: sunday\nrest: sunday\n", "5:1: error: key 'rest' was given before, in line 4"},
      {HEAD "rest:\n\t- sunday\n", "5:1: error: indent with spaces, not with a tab"},
      {HEAD "rest: sunday\n? [a]\n: b\n", "5:3: error: a key must be a word"},
      {HEAD "rest: [[[[[[[[[[[[sunday]]]]]]]]]]]]\n", "4:18: error: nested too deeply"},
      {"", "1:1: error: the file is empty"},
      {"# nothing\n", "1:1: error: the file is empty"},
      {"sunday\n", "1:1: error: a calendar must be a mapping of keys to values"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    must_fail_with(rows[i].text, strlen(rows[i].text), rows[i].error);
}

static void test_bytes_that_are_not_text(void **state) {
  (void)state;
  static const char nul[] = "calendar: a\n\0rest: sunday\n", latin[] = "calendar: a\ntitle: \xe9t\xe9\n";
  static const char half[] = "title: \xe5\xb8", surrogate[] = "a: \xed\xa0\x80", escape[] = "a: \x1b[31m";
  static const char turn[] = "a: \xe2\x80\xae";
  must_fail_with(nul, sizeof nul - 1, "2:1: error: character U+0000 is not allowed here");
  must_fail_with(latin, sizeof latin - 1, "2:8: error: byte \\xe9 is not UTF-8");
  must_fail_with(half, sizeof half - 1, "1:8: error: byte \\xe5 is not UTF-8");
  must_fail_with(surrogate, sizeof surrogate - 1, "1:4: error: byte \\xed is not UTF-8");
  must_fail_with(escape, sizeof escape - 1, "1:4: error: character U+001B is not allowed here");
  must_fail_with(turn, sizeof turn - 1, "1:4: error: character U+202E is not allowed here");
}

/* What is quoted in an error cannot reach a terminal as a control sequence, in the file's name neither. */
static void test_report_is_safe_to_print(void **state) {
  (void)state;
  static const char text[] = HEAD "rest: \"sun\\e[31mday\"\n";
  struct document_report report = {0};
  assert_null(calendar_parse("\x1b]0;x\x07.yaml", text, sizeof text - 1, &report));
  report_must_be_plain(&report);
  assert_non_null(strstr(report.text, "\\x1b]0;x\\x07.yaml:4:7: error: "));
  assert_non_null(strstr(report.text, "'sun\\x1b[31mday' is no weekday"));
  document_report_free(&report);
}

static void test_errors_are_bounded(void **state) {
  (void)state;
  char text[8192] = HEAD "rest: sunday\ndays:\n";
  for (int i = 0; i < DOCUMENT_ERRORS_MAX + 20; i++) strcat(text, "  - {date: x, kind: x, name: x}\n");
  struct document_report report = {0};
  assert_null(parse(text, strlen(text), &report));
  assert_int_equal(report.errors, DOCUMENT_ERRORS_MAX + 1);
  assert_non_null(strstr(report.text, "f: error: too many errors; only 100 are shown\n"));
  document_report_free(&report);
}

static void test_size_is_bounded(void **state) {
  (void)state;
  char *text = malloc(DOCUMENT_BYTES_MAX + 1);
  assert_non_null(text);
  memset(text, '#', DOCUMENT_BYTES_MAX + 1);
  struct document_report report = {0};
  assert_null(parse(text, DOCUMENT_BYTES_MAX + 1, &report));
  assert_string_equal(report.text, "f: error: larger than 3670016 bytes\n");
  document_report_free(&report);
  free(text);
}

static void test_too_many_days(void **state) {
  (void)state;
  char text[2048] = HEAD "rest: sunday\nnotices: {n: n}\ndays:\n";
  for (int year = 2000; year < 2006; year++)
    snprintf(text + strlen(text), sizeof text - strlen(text),
             "  - {from: %d-01-01, until: %d-12-31, kind: holiday, name: a, notice: n}\n", year, year);
  must_fail_with(text, strlen(text), "1:1: error: more than 2048 special days");
}

static void test_week_without_work(void **state) {
  (void)state;
  static const char text[] = HEAD "rest: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]\n";
  must_fail_with(text, sizeof text - 1, "4:7: error: a week without a working day: no limit would ever end");
}

static void test_embedded_calendars(void **state) {
  (void)state;
  uint32_t count = 0;
  for (const struct document_embedded *row = document_embedded_calendars; row->file_name != NULL; row++, count++) {
    struct document_report report = {0};
    struct calendar *calendar = calendar_parse(row->file_name, row->text, row->length, &report);
    if (calendar == NULL) fail_msg("%s", report.text);
    /* Make-up Saturday 2026-02-14: counting holidays only would say 2026-02-24 (domain.md §4). */
    if (strcmp(calendar->name, "cn") == 0)
      assert_int_equal(workday_add(calendar, day(2026, 2, 13), 1), day(2026, 2, 14));
    calendar_free(calendar);
  }
  assert_int_equal(count, 3);
}

/* Damaged files end in a calendar or in a report, never in a crash. */
static void test_damaged_files(void **state) {
  (void)state;
  size_t length = 0;
  char *text = document_text("calendar_good.yaml", &length);
  uint32_t seed = 20190204, refused = 0;
  for (int i = 0; i < 1500; i++) {
    size_t damaged_length = 0;
    char *damaged = document_damage(text, length, &seed, &damaged_length);
    struct document_report report = {0};
    struct calendar *calendar = parse(damaged, damaged_length, &report);
    assert_true((calendar == NULL) == (report.errors > 0));
    assert_true((report.text == NULL) == (report.errors == 0));
    report_must_be_plain(&report);
    refused += calendar == NULL;
    calendar_free(calendar);
    document_report_free(&report);
    free(damaged);
  }
  assert_in_range(refused, 500, 1499); /* the damage does damage, but not always */
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good_calendar),
      cmocka_unit_test(test_later_notice_replaces),
      cmocka_unit_test(test_example_of_the_manual),
      cmocka_unit_test(test_every_error_in_one_pass),
      cmocka_unit_test(test_syntax_error_has_a_place),
      cmocka_unit_test(test_directives),
      cmocka_unit_test(test_yaml_that_is_not_used),
      cmocka_unit_test(test_bytes_that_are_not_text),
      cmocka_unit_test(test_report_is_safe_to_print),
      cmocka_unit_test(test_errors_are_bounded),
      cmocka_unit_test(test_size_is_bounded),
      cmocka_unit_test(test_too_many_days),
      cmocka_unit_test(test_week_without_work),
      cmocka_unit_test(test_embedded_calendars),
      cmocka_unit_test(test_damaged_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
