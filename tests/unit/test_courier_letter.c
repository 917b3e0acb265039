/* Letters: every kind in both languages against files of tests/unit/letters, what a bad template is told, and what a hostile text
 * can do.  RECTIFY_GOLDEN=1 writes the files anew; git shows the difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "courier/example.h"
#include "courier/plan.h"

#define FOLDER "tests/unit/letters/"

static struct template_set set;

static int open_set(void **state) {
  char *errors = NULL;
  (void)state;
  if (!templates_load("", &set, &errors)) {
    fputs(errors, stderr);
    return -1;
  }
  free(errors);
  return 0;
}

static int close_set(void **state) {
  (void)state;
  templates_free(&set);
  return 0;
}

/* ---- golden files ---- */

static char *whole(const struct letter *letter) {
  char *text = NULL;
  assert_true(asprintf(&text, "%s\n\n%s\n%s", buffer_text(&letter->subject), buffer_text(&letter->text), buffer_text(&letter->html)) > 0);
  return text;
}

static void compare(const char *kind, enum language language) {
  struct letter letter = {0};
  char path[256];
  size_t length = 0;
  assert_true(example_render(&set, kind, language, &letter));
  char *text = whole(&letter);
  snprintf(path, sizeof path, FOLDER "%s.%s", kind, word_name(words_language, language));
  if (getenv("RECTIFY_GOLDEN") != NULL) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
  }
  char *wanted = document_read(path, 1 << 20, &length);
  if (wanted == NULL) fail_msg("cannot read %s", path);
  if (strcmp(wanted, text) != 0) fail_msg("%s is not what is rendered:\n%s", path, text);
  assert_null(strchr(text, '{'));
  free(wanted);
  free(text);
  letter_free(&letter);
}

static void test_golden(void **state) {
  (void)state;
  for (const struct word *kind = words_notice; kind->name != NULL; kind++) {
    compare(kind->name, LANGUAGE_ZH);
    compare(kind->name, LANGUAGE_EN);
  }
  compare("digest", LANGUAGE_ZH);
  compare("digest", LANGUAGE_EN);
  struct letter letter = {0};
  assert_false(example_render(&set, "nothing", LANGUAGE_EN, &letter));
}

/* ---- bad templates ---- */

static const char good[] = "# a comment\n--- subject\n{case}\n--- line\n{case}\n--- text\n{finding}\n--- html\n<p>{finding}</p>\n";

static void expect(const char *text, bool digest, const char *wanted) {
  struct document_report report = {0};
  struct template template;
  const bool fine = template_parse("t.txt", text, strlen(text), digest, &template, &report);
  if (wanted == NULL) {
    if (!fine) fail_msg("%s", report.text);
    return;
  }
  assert_false(fine);
  if (strstr(report.text, wanted) == NULL) fail_msg("wanted '%s' in:\n%s", wanted, report.text);
  document_report_free(&report);
}

/* The good file with `what` replaced. */
static void expect_with(const char *what, const char *with, const char *wanted) {
  char text[1024];
  const char *at = strstr(good, what);
  assert_non_null(at);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, with, at + strlen(what));
  expect(text, false, wanted);
}

static void test_errors(void **state) {
  (void)state;
  expect(good, false, NULL);
  expect_with("<p>{finding}", "<p>{findnig}", "t.txt:9:5: error: there is no variable 'findnig' (did you mean 'finding'?)");
  expect_with("<p>{finding}", "<p>{}", "t.txt:9:5: error: there is no variable ''");
  expect_with("<p>{finding}", "<p>{finding", "t.txt:9:4: error: a brace without its other half");
  expect_with("<p>{finding}", "<p>finding}", "t.txt:9:11: error: a brace without its other half");
  expect_with("<p>{finding}", "<p>{{finding}}", NULL);
  expect_with("{case}\n--- line", "\xe6\x95\n--- line", "t.txt:3:1: error: this is not UTF-8");
  expect_with("{case}\n--- line", "a\x01\n--- line", "t.txt:3:2: error: a control character");
  expect_with("{case}\n--- line", "\xe2\x80\xae\n--- line", "t.txt:3:1: error: a control character, or one that reorders");
  expect_with("{case}\n--- line", "{case}\n{unit}\n--- line", "t.txt: error: section 'subject' must be one line");
  expect_with("--- html\n<p>{finding}</p>\n", "", "t.txt: error: section 'html' is missing");
  expect_with("--- html", "--- htm", "t.txt:8:5: error: there is no section 'htm' here");
  expect_with("--- html", "--- text", "t.txt:8:5: error: section 'text' was there before");
  expect_with("# a comment", "hello", "t.txt:1:1: error: before the first section there are comments only");
  expect_with("{case}\n--- line", "{items}\n--- line", "t.txt:3:2: error: variable 'items' does not belong here");
  expect(good, true, "t.txt:4:5: error: there is no section 'line' here");
  expect("--- subject\n{count}\n--- text\n{items}\n--- html\n{case}\n", true, "t.txt:6:2: error: variable 'case' does not belong here");
  expect("", false, "t.txt: error: section 'subject' is missing");
}

static void test_folder(void **state) {
  struct template_set other;
  char *errors = NULL;
  (void)state;
  assert_true(templates_load("templates", &other, &errors));
  templates_free(&other);
  assert_false(templates_load("tests/unit/letters", &other, &errors));
  assert_non_null(strstr(errors, "tests/unit/letters/zh_CN/urge.txt: error: No such file or directory"));
  free(errors);
}

/* ---- rendering ---- */

static void render(const char *text, const char *const *values, enum section section, const char *wanted) {
  struct document_report report = {0};
  struct template template;
  struct buffer out = {0};
  char file[1024];
  snprintf(file, sizeof file, "--- subject\n%s\n--- line\nx\n--- text\n%s\n--- html\n%s\n", text, text, text);
  assert_true(template_parse("t.txt", file, strlen(file), false, &template, &report));
  template_render(&template, section, values, &out);
  assert_string_equal(buffer_text(&out), wanted);
  buffer_free(&out);
}

static void test_render(void **state) {
  const char *values[VARIABLES] = {[VARIABLE_CASE] = "<b>&\"'", [VARIABLE_FINDING] = "one\ntwo", [VARIABLE_UNIT] = ""};
  (void)state;
  render("a {case} b", values, SECTION_SUBJECT, "a <b>&\"' b");
  render("a {case} b", values, SECTION_TEXT, "a <b>&\"' b\n");
  render("a {case} b", values, SECTION_HTML, "a &lt;b&gt;&amp;&quot;&#39; b\n");
  render("{finding}", values, SECTION_SUBJECT, "one two");
  render("{finding}", values, SECTION_HTML, "one<br>two\n");
  render("{{{case}}}", values, SECTION_TEXT, "{<b>&\"'}\n");
  render("unit {unit}, {order}", values, SECTION_TEXT, "");     /* all are empty: the line goes */
  render("unit {unit} of {case}", values, SECTION_TEXT, "unit  of <b>&\"'\n");
  render("{{no}} variable", values, SECTION_TEXT, "{no} variable\n");
}

/* The dearest letter stays within what the daemon takes, and is UTF-8 to its end. */
static void test_bounds(void **state) {
  static char huge[TEXT_BYTES_MAX + 1];
  Rectify__V1__CaseRow of = RECTIFY__V1__CASE_ROW__INIT;
  Rectify__V1__NoticeRow row = RECTIFY__V1__NOTICE_ROW__INIT;
  const Rectify__V1__NoticeRow *rows[PLAN_LETTER_MAX];
  struct letter letter = {0};
  static struct zone zone;
  (void)state;
  assert_true(zone_load("Asia/Shanghai", &zone));
  for (size_t i = 0; i + 4 <= TEXT_BYTES_MAX; i += 4) memcpy(huge + i, i % 8 == 0 ? "\xf0\x9f\x94\xa5" : i % 32 == 4 ? "a\xe2\x80\xae" : "<\"\x01\x7f", 4);
  of.text = row.event_text = (ProtobufCBinaryData){TEXT_BYTES_MAX, (uint8_t *)huge};
  of.unit_name = of.handler_name = row.officer_name = (ProtobufCBinaryData){NAME_BYTES_MAX - 3, (uint8_t *)huge};
  row.rule_text = row.rule_text_zh = row.instead_of_name = row.officer_name;
  row.officer = (ProtobufCBinaryData){CODE_BYTES_MAX, (uint8_t *)huge};
  row.case_row = &of;
  for (int i = 0; i < PLAN_LETTER_MAX; i++) rows[i] = &row;
  for (uint32_t kind = 1; kind <= NOTICE_COUNT; kind++) {
    row.kind = kind;
    for (uint32_t count = 1; count <= PLAN_LETTER_MAX; count += PLAN_LETTER_MAX - 1) {
      letter_render(&set, LANGUAGE_ZH, &zone, 0, rows, count, &letter);
      assert_in_range(letter.subject.length, 1, LETTER_SUBJECT_BYTES_MAX);
      assert_in_range(letter.text.length, 1, LETTER_BODY_BYTES_MAX);
      assert_in_range(letter.html.length, 0, LETTER_HTML_BYTES_MAX);
      assert_false(letter.text.cut);
      assert_null(strchr(buffer_text(&letter.text), '\x01'));
      assert_null(strstr(buffer_text(&letter.text), "\xe2\x80\xae")); /* nothing that reorders a line */
      assert_null(strstr(buffer_text(&letter.html), "<\""));
    }
  }
  letter_free(&letter);
}

/* docs/COURIER.md lists each variable as variable.def explains it. */
static void test_manual(void **state) {
  static const char *const lines[] = {
#define VARIABLE(NAME, name, of, text) "\n| `" #name "` | " text,
#include "courier/variable.def"
#undef VARIABLE
  };
  size_t length = 0;
  char *manual = document_read("docs/COURIER.md", 1 << 20, &length);
  (void)state;
  assert_non_null(manual);
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    if (strstr(manual, lines[i]) == NULL) fail_msg("docs/COURIER.md lacks%s", lines[i]);
  free(manual);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_golden), cmocka_unit_test(test_errors), cmocka_unit_test(test_folder),
      cmocka_unit_test(test_render), cmocka_unit_test(test_bounds), cmocka_unit_test(test_manual),
  };
  return cmocka_run_group_tests(tests, open_set, close_set);
}
