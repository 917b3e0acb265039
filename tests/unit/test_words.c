/* test_words.c - the tables of the *.def files: unique, complete, found by number and by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rectify/words.h"

static const struct word *const tables[] = {words_status,   words_track,  words_kind,      words_severity, words_role,
                                            words_clock,    words_light,  words_edge,      words_evidence, words_notice,
                                            words_recipient, words_command, words_rule,    words_failure};

static void test_every_word_is_found(void **state) {
  (void)state;
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
    assert_non_null(tables[t][0].name);
    for (const struct word *word = tables[t]; word->name != NULL; word++) {
      assert_string_equal(word_name(tables[t], word->number), word->name);
      assert_string_equal(word_zh(tables[t], word->number), word->zh);
      assert_string_equal(word_text(tables[t], word->number), word->text);
      assert_int_equal(word_number(tables[t], word->name, strlen(word->name)), word->number);
      assert_true(word_known(tables[t], word->number));
      assert_true(word->number != 0 && *word->zh != '\0' && *word->text != '\0');
    }
  }
}

static void test_unknown_numbers_and_names(void **state) {
  (void)state;
  assert_string_equal(word_name(words_track, 0), "?");
  assert_string_equal(word_zh(words_track, 6), "?");
  assert_string_equal(word_text(words_track, UINT32_MAX), "?");
  assert_false(word_known(words_track, 0));
  assert_int_equal(word_number(words_track, "supervisio", 10), 0);
  assert_int_equal(word_number(words_track, "supervisionary", 14), 0);
  assert_int_equal(word_number(words_track, "supervisionary", 11), TRACK_SUPERVISION); /* the length counts */
  assert_int_equal(word_number(words_track, "", 0), 0);
}

static const char *nearest(const char *name) { return word_nearest(words_track, name, strlen(name)); }

static void test_did_you_mean(void **state) {
  char longest[200];
  (void)state;
  assert_string_equal(nearest("supervision"), "supervision");
  assert_string_equal(nearest("supervison"), "supervision");   /* one left out */
  assert_string_equal(nearest("supervvision"), "supervision"); /* one too many */
  assert_string_equal(nearest("supervizion"), "supervision");  /* one wrong */
  assert_string_equal(nearest("usprevision"), "supervision");  /* two swaps cost 1 each */
  assert_string_equal(nearest("new_rlue"), "new_rules");       /* a swap and one left out */
  assert_null(nearest("usprevisin"));                          /* 3 */
  assert_null(nearest(""));
  memset(longest, 'a', sizeof longest);
  assert_null(word_nearest(words_track, longest, sizeof longest));
  assert_string_equal(word_nearest(words_role, "bod", 3), "body");
  assert_string_equal(word_nearest(words_light, "rd", 2), "red");
}

static void test_columns(void **state) {
  (void)state;
  assert_false(status_is_open(STATUS_NONE));
  assert_true(status_is_open(STATUS_UNROUTED));
  assert_true(status_is_open(STATUS_STAGED));
  assert_false(status_is_open(STATUS_CLOSED_OUT));
  assert_false(status_is_open(99));
  assert_true(rule_refuses(RULE_FOUR_EYES));
  assert_false(rule_refuses(RULE_CLOSED_OUT));
  assert_false(rule_refuses(9999));
  assert_true(failure_is_retry(FAILURE_BUSY));
  assert_false(failure_is_retry(FAILURE_MALFORMED));
  assert_false(failure_is_retry(9999));
  assert_true(letter_result_is_fine(LETTER_RESULT_MADE));
  assert_false(letter_result_is_fine(9999));
  assert_int_equal(ledger_column_of(9999), 0);
  assert_int_equal(track_need(TRACK_NEW_RULES), RULE_RULE_DOCUMENT_REQUIRED);
  assert_int_equal(track_need(0), 0);
  assert_int_equal(track_need(77), 0);
  assert_int_equal(command_roles(COMMAND_ENDORSE), ROLE_BIT(ROLE_PRINCIPAL));
  assert_int_equal(command_roles(COMMAND_RUNG_DUE), 0);
  assert_int_equal(command_roles(1000), 0);
  assert_true(command_needs_text(COMMAND_VERIFY_FAIL) && !command_needs_text(COMMAND_VERIFY_PASS));
}

/* Every track asks for a document of its own, so that one track's closing is not another's. */
static void test_track_needs_differ(void **state) {
  (void)state;
  for (uint32_t track = 1; track <= TRACK_COUNT; track++) {
    assert_true(rule_refuses(track_need(track)));
    for (uint32_t other = 1; other < track; other++) assert_int_not_equal(track_need(track), track_need(other));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_word_is_found), cmocka_unit_test(test_unknown_numbers_and_names),
      cmocka_unit_test(test_did_you_mean),        cmocka_unit_test(test_columns),
      cmocka_unit_test(test_track_needs_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
