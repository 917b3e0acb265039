/* Lines for people: paragraphs that keep their layout, words that are not cut, Chinese that breaks where it may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/command/wrap.h"
#include "core/text.h"

static char *written;
static size_t length;

static FILE *begin(void) {
  FILE *out = open_memstream(&written, &length);
  assert_non_null(out);
  return out;
}

/* What was printed since begin() is `expected`. */
static void ends_as(FILE *out, const char *expected) {
  assert_int_equal(fclose(out), 0);
  assert_string_equal(written, expected);
  free(written);
}

static void test_paragraphs(void **state) {
  FILE *out = begin();
  (void)state;
  wrap_text(out, "one two three\nfour.  Five six\n\nExamples:\n  kept as it stands, however long\nseven\n", 14);
  ends_as(out, "one two three\nfour.  Five\nsix\n\nExamples:\n  kept as it stands, however long\nseven\n");
  out = begin();
  wrap_text(out, "a sentence.\nAnother one.\n", 80); /* broken by the text between two sentences */
  ends_as(out, "a sentence.  Another one.\n");
  out = begin();
  wrap_text(out, "", 80);
  ends_as(out, "");
}

/* What a shell is given again must come out whole. */
static void test_commands(void **state) {
  FILE *out = begin();
  (void)state;
  wrap_text(out, "  rectify a -m 'one two three' --four five\n", 24);
  ends_as(out, "  rectify a -m \\\n      'one two three' \\\n      --four five\n");
  out = begin();
  wrap_text(out, "  rectify a -m 'one two three four five six'\n", 20);
  ends_as(out, "  rectify a -m \\\n      'one two three four five six'\n");
  out = begin();
  wrap_text(out, "  rectify a b\n", 13); /* fits */
  ends_as(out, "  rectify a b\n");
}

static void test_words(void **state) {
  FILE *out = begin();
  (void)state;
  wrap_words(out, "aa bb cc", 10, 4, 15);
  ends_as(out, "aa bb\n    cc\n");
  out = begin();
  wrap_words(out, "far-too-long-for-the-line b", 0, 2, 10); /* never cut */
  ends_as(out, "far-too-long-for-the-line\n  b\n");
  out = begin();
  wrap_words(out, "", 3, 3, 10);
  ends_as(out, "\n");
}

static void wraps(const char *line, size_t indent, size_t width, const char *expected) {
  FILE *out = begin();
  wrap_line(out, line, strlen(line), indent, width);
  ends_as(out, expected);
}

static void test_lines(void **state) {
  (void)state;
  wraps("short", 0, 10, "short\n");
  wraps("", 0, 10, "\n");
  wraps("  four five six", 0, 11, "  four five\n    six\n");
  wraps("aaaa bb; cc dd ee", 2, 12, "aaaa bb;\n  cc dd ee\n");          /* behind the semicolon */
  wraps("a; bbbb cccc dddd", 2, 12, "a; bbbb cccc\n  dddd\n");          /* too early in the line */
  wraps("提醒：发 王芳；提醒：发 何建国", 2, 20, "提醒：发 王芳；\n  提醒：发 何建国\n");
  wraps("一二三四五，六七", 0, 10, "一二三四\n  五，六七\n");           /* no line begins with a comma */
  wraps("2026-05-01 五一", 40, 200, "2026-05-01 五一\n");
  wraps("a\033[31mb", 0, 40, "a\xef\xbf\xbd[31mb\n");
}

/* Every line fits, and nothing but spaces is lost. */
static void test_any_width(void **state) {
  static const char text[] = "2026-05-22 00:00  整改  问责建议：发 陆振华（问责决定机关）；urge (copy) to Peter Novak; 通报";
  (void)state;
  for (size_t width = 40; width < 110; width++) {
    FILE *out = begin();
    wrap_line(out, text, strlen(text), 32, width);
    assert_int_equal(fclose(out), 0);
    const char *from = text;
    for (char *line = strtok(written, "\n"); line != NULL; line = strtok(NULL, "\n")) {
      assert_true(text_width(line) <= width);
      line += strspn(line, " ");
      from += strspn(from, " ");
      assert_memory_equal(line, from, strlen(line));
      from += strlen(line);
    }
    assert_string_equal(from, "");
    free(written);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_paragraphs),
      cmocka_unit_test(test_commands), cmocka_unit_test(test_words),
      cmocka_unit_test(test_lines),
      cmocka_unit_test(test_any_width),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
