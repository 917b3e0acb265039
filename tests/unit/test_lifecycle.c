/* test_lifecycle.c - the table of move.def as a whole: nothing unreachable, nothing without a way out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rectify/core.h"

static void test_rows(void **state) {
  (void)state;
  for (uint32_t i = 0; i < lifecycle_move_count; i++) {
    const struct move *move = &lifecycle_moves[i];
    assert_true(word_known(words_command, move->command));
    assert_true(move->from == STATUS_NONE || word_known(words_status, move->from));
    assert_true(word_known(words_status, move->to));
    assert_true(move->rule >= 600 && move->rule < 1000);
    assert_false(rule_refuses(move->rule));
    assert_non_null(lifecycle_move(move->command, move->from));
    for (uint32_t k = 0; k < i; k++) /* no row twice, and a rule belongs to one command */
      assert_false((lifecycle_moves[k].command == move->command && lifecycle_moves[k].from == move->from &&
                    lifecycle_moves[k].to == move->to) ||
                   (lifecycle_moves[k].rule == move->rule && lifecycle_moves[k].command != move->command));
  }
}

/* Every command leads somewhere, and its rule has a text: people see it. */
static void test_commands(void **state) {
  (void)state;
  for (const struct word *word = words_command; word->name != NULL; word++) {
    if (word->number >= COMMAND_PUBLISH) continue; /* of no case */
    bool moves = false;
    for (uint32_t i = 0; i < lifecycle_move_count; i++) {
      if (lifecycle_moves[i].command != word->number) continue;
      moves = true;
      assert_true(word_known(words_rule, lifecycle_moves[i].rule));
    }
    assert_true(moves);
  }
}

static void test_lookup(void **state) {
  (void)state;
  assert_int_equal(lifecycle_move(COMMAND_SIGN_FOR, STATUS_DISPATCHED)->to, STATUS_RECTIFYING);
  assert_int_equal(lifecycle_move(COMMAND_SIGN_FOR, STATUS_DISPATCHED)->rule, RULE_SIGNED_FOR);
  assert_int_equal(lifecycle_move(COMMAND_REASSIGN, STATUS_RECTIFYING)->to, STATUS_DISPATCHED);
  assert_null(lifecycle_move(COMMAND_SIGN_FOR, STATUS_RECTIFYING));
  assert_null(lifecycle_move(COMMAND_VERIFY_PASS, STATUS_RECTIFYING));
  assert_null(lifecycle_move(0, STATUS_DISPATCHED));
  assert_null(lifecycle_move(COMMAND_SIGN_FOR, 99));
}

/* Every status is reached from nothing, and from every open one some closed one is reached. */
static uint32_t reached_from(uint32_t from) {
  uint32_t reached = 1u << from;
  for (uint32_t round = 0; round <= STATUS_COUNT; round++)
    for (uint32_t i = 0; i < lifecycle_move_count; i++)
      if ((reached >> lifecycle_moves[i].from & 1u) != 0) reached |= 1u << lifecycle_moves[i].to;
  return reached;
}

static void test_reach(void **state) {
  (void)state;
  for (uint32_t status = 1; status <= STATUS_COUNT; status++) {
    assert_true((reached_from(STATUS_NONE) >> status & 1u) != 0);
    if (status_is_open(status)) assert_true((reached_from(status) >> STATUS_CLOSED_OUT & 1u) != 0);
  }
  assert_int_equal(reached_from(STATUS_WITHDRAWN), 1u << STATUS_WITHDRAWN); /* the only end that is one for ever */
  assert_true((reached_from(STATUS_ARCHIVED) >> STATUS_RECTIFYING & 1u) != 0);
  assert_true((reached_from(STATUS_MERGED) >> STATUS_DISPATCHED & 1u) != 0);
}

/* Closing takes verification: no other command closes a case out. */
static void test_only_a_pass_closes_out(void **state) {
  (void)state;
  for (uint32_t i = 0; i < lifecycle_move_count; i++)
    if (lifecycle_moves[i].to == STATUS_CLOSED_OUT && lifecycle_moves[i].from != STATUS_CLOSED_OUT)
      assert_int_equal(lifecycle_moves[i].command, COMMAND_VERIFY_PASS);
}

/* Every open status lets a rung fire; and the closed ones with a clock, of a look-back or of a decision under appeal. */
static void test_rungs_fire_while_open(void **state) {
  (void)state;
  for (uint32_t status = 1; status <= STATUS_COUNT; status++)
    assert_int_equal(lifecycle_move(COMMAND_RUNG_DUE, status) != NULL,
                     status_is_open(status) || status == STATUS_CLOSED_OUT || status == STATUS_ARCHIVED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),  cmocka_unit_test(test_commands),
      cmocka_unit_test(test_lookup), cmocka_unit_test(test_reach),
      cmocka_unit_test(test_only_a_pass_closes_out), cmocka_unit_test(test_rungs_fire_while_open),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
