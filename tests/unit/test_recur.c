/* Recurrences: counted by day up to their bound, against a plain list of findings as oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/recur.h"
#include "tests/lib/splitmix.h"

#define WORDS 30
#define DAYS 60
#define FIRST 20000
#define FINDINGS 20000

static uint64_t state = 42;

static uint32_t next_random(void) { return (uint32_t)splitmix64(&state); }

static uint32_t oracle[2][WORDS][WORDS][DAYS];
static uint32_t parts, suffices; /* how often a part was told, and was enough */

static void name(char out[8], uint32_t word) { snprintf(out, 8, "w%u", word); }

static uint32_t count_plainly(uint32_t of, uint32_t above, uint32_t word, int32_t from, int32_t until, uint32_t most) {
  uint32_t sum = 0;
  for (int32_t day = from; day <= until; day++)
    if (day >= FIRST && day < FIRST + DAYS) sum += oracle[of][above][word][day - FIRST];
  return sum < most ? sum : most;
}

/* The "database" tells the youngest findings from the day on, `rows` of them at most; whether that may not be all. */
static bool tell_youngest(struct recur *recur, uint32_t number, const uint32_t *counts, int32_t from, uint32_t rows) {
  int32_t day = FIRST + DAYS - 1;
  recur_start(recur, number, from);
  for (; day >= from && day >= FIRST && rows > 0; day--) {
    const uint32_t count = counts[day - FIRST] < rows ? counts[day - FIRST] : rows;
    if (count > 0) recur_add(recur, number, day, count);
    rows -= count;
  }
  if (rows == 0) recur_narrow(recur, number, day + 2);
  return rows == 0;
}

/* As the probe does: what is not known is told by the "database". */
static uint32_t known(struct recur *recur, uint32_t of, uint32_t above, uint32_t word, int32_t from, int32_t until, uint32_t most) {
  char first[8], second[8];
  name(first, above);
  name(second, word);
  uint32_t number = recur_take(recur, of, first, second);
  assert_int_equal(recur_find(recur, of, first, second), number);
  if (recur_knows(recur, number, from, until, most)) return number;
  const bool is_part = tell_youngest(recur, number, oracle[of][above][word], from, 1 + next_random() % RECUR_DAY_MAX);
  parts += is_part;
  if (recur_knows(recur, number, from, until, most)) {
    suffices += is_part;
    return number;
  }
  assert_true(is_part);
  recur_start(recur, number, from);
  for (int32_t i = 0; i < DAYS; i++) {
    uint32_t count = oracle[of][above][word][i];
    if (count > 0 && FIRST + i >= from) recur_add(recur, number, FIRST + i, count < RECUR_DAY_MAX ? count : RECUR_DAY_MAX);
  }
  assert_true(recur_knows(recur, number, from, until, most));
  return number;
}

static void one_finding(struct recur *recur) {
  const uint32_t of = next_random() % 2, above = next_random() % WORDS, most = next_random() % (RECUR_DAY_MAX + 1);
  const uint32_t word = next_random() % 3 == 0 ? 0 : next_random() % WORDS; /* some are frequent, so that bounds are met */
  const int32_t day = FIRST + (int32_t)(next_random() % 2 == 0 ? DAYS - 1 : next_random() % DAYS), window = (int32_t)(next_random() % DAYS);
  const uint32_t number = known(recur, of, above % (word == 0 ? 2 : WORDS), word, day - window, day, most);
  const uint32_t unit = above % (word == 0 ? 2 : WORDS);
  assert_int_equal(recur_count(recur, number, day - window, day, most), count_plainly(of, unit, word, day - window, day, most));
  oracle[of][unit][word][day - FIRST]++;
  recur_add(recur, number, day, 1);
}

static void test_oracle(void **context) {
  (void)context;
  struct recur *recur = recur_new();
  for (int i = 0; i < FINDINGS; i++) {
    one_finding(recur);
    if (i % 301 == 300) recur_clear(recur); /* it is read anew */
  }
  assert_true(suffices > 50 && parts > suffices + 50);
  recur_free(recur);
}

/* "a" and "bc" are not "ab" and "c"; a problem is no kind. */
static void test_words_are_kept_apart(void **context) {
  (void)context;
  struct recur *recur = recur_new();
  assert_int_equal(recur_find(recur, RECUR_PROBLEM, "a", "bc"), RECUR_NONE);
  const uint32_t one = recur_take(recur, RECUR_PROBLEM, "a", "bc"), two = recur_take(recur, RECUR_PROBLEM, "ab", "c");
  const uint32_t three = recur_take(recur, RECUR_KIND, "a", "bc");
  assert_true(one != two && one != three && two != three);
  assert_string_equal(recur_words(recur, two), "ab");
  assert_string_equal(recur_words(recur, two) + 3, "c");
  recur_free(recur);
}

static void test_what_is_before_the_first_day(void **context) {
  (void)context;
  struct recur *recur = recur_new();
  const uint32_t number = recur_take(recur, RECUR_KIND, "a", "b");
  assert_false(recur_knows(recur, number, DAY_MAX, DAY_MAX, 1));
  recur_start(recur, number, 100);
  assert_int_equal(recur_from(recur, number), 100);
  recur_add(recur, number, 99, 5);
  recur_add(recur, number, 100, 2);
  assert_int_equal(recur_count(recur, number, 100, 200, 50), 2);
  assert_int_equal(recur_count(recur, number, 101, 200, 50), 0);
  recur_narrow(recur, number, 101); /* of day 100 there may be more */
  assert_true(recur_knows(recur, number, 100, 200, 2) && recur_knows(recur, number, 101, 200, 50));
  assert_false(recur_knows(recur, number, 100, 200, 3));
  recur_add(recur, number, 100, 1);
  assert_int_equal(recur_count(recur, number, 100, 200, 2), 2);
  recur_start(recur, number, 90); /* further back: what was counted comes again */
  assert_int_equal(recur_count(recur, number, 90, 200, 50), 0);
  recur_free(recur);
}

static void test_bound_of_memory(void **context) {
  (void)context;
  struct recur *recur = recur_new();
  char word[16];
  uint32_t count = 0;
  for (; !recur_is_full(recur); count++) {
    assert_true(count < 10 * 1000 * 1000);
    snprintf(word, sizeof word, "w%u", count);
    const uint32_t number = recur_take(recur, RECUR_PROBLEM, "u", word);
    recur_start(recur, number, 0);
    recur_add(recur, number, 1, 1);
  }
  assert_true(count > 100 * 1000);
  recur_clear(recur);
  assert_false(recur_is_full(recur));
  assert_int_equal(recur_find(recur, RECUR_PROBLEM, "u", "w1"), RECUR_NONE);
  recur_free(recur);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_oracle), cmocka_unit_test(test_words_are_kept_apart),
                                     cmocka_unit_test(test_what_is_before_the_first_day), cmocka_unit_test(test_bound_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
