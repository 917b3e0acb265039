/* The book: found by number, ordered by due rung, against a plain array as oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/book.h"
#include "proto/codec.h"
#include "tests/lib/splitmix.h"

#define CASES 3000
#define STEPS 60000

static uint64_t state = 42;

static uint32_t next_random(void) { return (uint32_t)splitmix64(&state); }

/* Fire time by case number; -1: not in the book; INSTANT_NONE: no timer. */
static usec_t oracle[CASES + 1];

static void aim(struct book *book, uint64_t case_no, usec_t fire) {
  struct case_state *found = book_find(book, case_no);
  if (found == NULL) found = book_add(book, case_no);
  found->version = 1; /* what packing asks for */
  if (found->status == 0) found->status = STATUS_RECTIFYING;
  found->clocks[0] = (struct case_clock){.kind = CLOCK_RECTIFY, .state = fire == INSTANT_NONE ? CLOCK_PAUSED : CLOCK_RUNNING, .next_fire = fire};
  book_aim(book, found);
  oracle[case_no] = fire;
}

static void check_first(struct book *book) {
  uint64_t best = 0, count = 0;
  for (uint64_t i = 1; i <= CASES; i++) {
    if (oracle[i] < 0) continue;
    count++;
    if (oracle[i] != INSTANT_NONE && (best == 0 || oracle[i] < oracle[best])) best = i;
  }
  usec_t when;
  const uint64_t first = book_next(book, &when);
  assert_int_equal(book_count(book), count);
  if (best == 0) {
    assert_int_equal(first, 0);
    assert_true(when == INSTANT_NONE);
    return;
  }
  assert_true(when == oracle[best]);
  assert_int_equal(first, best);
  assert_int_equal(book_find(book, first)->case_no, best);
}

static void one_step(struct book *book) {
  uint64_t case_no = 1 + next_random() % CASES;
  uint32_t what = next_random() % 10;
  if (what == 0 && oracle[case_no] >= 0) {
    book_remove(book, case_no);
    oracle[case_no] = -1;
  } else if (what == 1) {
    aim(book, case_no, INSTANT_NONE);
  } else {
    aim(book, case_no, 1 + next_random() % 999); /* 0 is no instant */
  }
}

static void test_order(void **unused) {
  (void)unused;
  const char *given = getenv("RECTIFY_SEED");
  if (given != NULL) state = strtoull(given, NULL, 0);
  print_message("# seed %llu\n", (unsigned long long)state);
  struct book *book = book_new();
  for (uint64_t i = 0; i <= CASES; i++) oracle[i] = -1;
  for (int step = 0; step < STEPS; step++) {
    one_step(book);
    if (step % 97 == 0) check_first(book);
    if (step % 31 == 0) book_settle(book, step % 3 == 0 ? 0 : 40);
  }
  for (uint64_t i = 1; i <= CASES; i++) {
    const struct case_state *found = book_find(book, i);
    assert_int_equal(found != NULL, oracle[i] >= 0);
    if (found != NULL) assert_int_equal(found->case_no, i);
    if (found != NULL) assert_true(found->clocks[0].next_fire == oracle[i]);
  }
  book_free(book);
}

/* Equal fire times: the older case first, so that a replay fires in the same order. */
static void test_ties(void **unused) {
  (void)unused;
  struct book *book = book_new();
  for (uint64_t i = 1; i <= CASES; i++) oracle[i] = -1;
  for (uint64_t i = 50; i >= 1; i--) aim(book, i, 7);
  for (uint64_t i = 1; i <= 50; i++) {
    usec_t when;
    assert_int_equal(book_next(book, &when), i);
    book_remove(book, i);
  }
  book_free(book);
}

static void test_clear(void **unused) {
  (void)unused;
  struct book *book = book_new();
  usec_t when;
  assert_null(book_find(book, 1));
  assert_int_equal(book_next(book, &when), 0);
  aim(book, 1, 5);
  book_clear(book);
  assert_null(book_find(book, 1));
  assert_int_equal(book_count(book), 0);
  aim(book, 1, 6);
  assert_int_equal(book_next(book, &when), 1);
  book_free(book);
}

/* What was packed comes out as it went in, wherever it came from, and is aimed as its state says. */
static void test_packed(void **unused) {
  (void)unused;
  struct book *book = book_new();
  struct case_state before = {.case_no = 7, .version = 3, .status = STATUS_VERIFYING, .track = TRACK_SUPERVISION, .unit = 12,
                              .handler = 5, .accountable = 5, .opened = 1000, .finding_of = 7, .same_kind = 2};
  before.clocks[0] = (struct case_clock){.kind = CLOCK_VERIFY, .state = CLOCK_RUNNING, .generation = 2, .due = 900, .next_fire = 800};
  uint8_t packed[STATE_BODY_BYTES_MAX];
  usec_t when;
  const size_t length = codec_state_pack(&before, packed);
  book_keep(book, &before, packed, length);
  assert_int_equal(book_next(book, &when), 7);
  assert_true(when == 800 && book_open_count(book) == 1);
  struct case_state *found = book_find(book, 7);
  assert_memory_equal(found, &before, sizeof before);
  found->clocks[0].next_fire = before.clocks[0].next_fire = 700;
  book_aim(book, found);
  book_settle(book, 1); /* one is unpacked, which may be */
  assert_ptr_equal(book_find(book, 7), found);
  book_settle(book, 0);
  assert_int_equal(book_next(book, &when), 7);
  assert_true(when == 700);
  assert_memory_equal(book_find(book, 7), &before, sizeof before);
  book_remove(book, 7);
  book_settle(book, 0);
  assert_null(book_find(book, 7));
  book_free(book);
}

/* Within a case the clock with the lower number fires first, in whatever order they were started. */
static void test_ties_within(void **unused) {
  (void)unused;
  struct case_state tied = {.clocks = {{.kind = CLOCK_SIGN_FOR, .state = CLOCK_RUNNING, .next_fire = 9},
                                       {.kind = CLOCK_RECTIFY, .state = CLOCK_RUNNING, .next_fire = 7},
                                       {.kind = CLOCK_PLAN, .state = CLOCK_RUNNING, .next_fire = 7},
                                       {.kind = CLOCK_DECISION, .state = CLOCK_RUNNING, .next_fire = 7}}};
  uint32_t index = 99;
  assert_true(case_next_fire(&tied, &index) == 7);
  assert_int_equal(index, 2);
  tied.clocks[2].state = CLOCK_PAUSED;
  assert_true(case_next_fire(&tied, &index) == 7);
  assert_int_equal(index, 1);
}

/* A walk meets each case once, whatever comes and goes meanwhile; open cases are counted as such. */
static void test_walk(void **unused) {
  (void)unused;
  struct book *book = book_new();
  for (uint64_t i = 1; i <= 9; i++) {
    aim(book, i, (usec_t)i);
    book_find(book, i)->status = i % 3 == 0 ? STATUS_CLOSED_OUT : STATUS_RECTIFYING;
    book_aim(book, book_find(book, i));
  }
  assert_int_equal(book_open_count(book), 6);
  uint32_t cursor = 0, met = 0;
  assert_int_equal(book_walk(book, &cursor)->case_no, 1);
  book_remove(book, 1);
  book_remove(book, 5);
  book_remove(book, 6);
  assert_int_equal(book_open_count(book), 4);
  aim(book, 10, 10); /* takes the place of one that went */
  for (const struct case_state *one; (one = book_walk(book, &cursor)) != NULL;) met |= 1u << one->case_no;
  assert_int_equal(met & 0x39c, 0x39c); /* 2, 3, 4, 7, 8, 9 */
  assert_int_equal(met & 0x62, 0);
  assert_null(book_walk(book, &cursor));
  book_free(book);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_ties),
                                     cmocka_unit_test(test_clear), cmocka_unit_test(test_ties_within),
                                     cmocka_unit_test(test_packed), cmocka_unit_test(test_walk)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
