/* test_apply.c - core/apply.c and core/case.c: what folds, what must not, and the key of a rung. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rectify/core.h"

static struct event accepted(void) {
  struct event event = {.case_no = 7,
                        .version = 1,
                        .command = COMMAND_SUBMIT,
                        .rule = RULE_ACCEPTED_ROUTED,
                        .actor = 5,
                        .recorded = 1000,
                        .policy_version = 3,
                        .calendar_version = 2,
                        .has_finding = true,
                        .status = STATUS_DISPATCHED,
                        .track = TRACK_SUPERVISION,
                        .light = LIGHT_GREEN,
                        .unit = 12,
                        .handler = 8,
                        .verifier = 9,
                        .accountable = 8,
                        .route = 4,
                        .first_due = 5000,
                        .clock_count = 2};
  event.finding = (struct finding){.team = 2, .unit = 11, .kind = KIND_PROMINENT, .severity = SEVERITY_MAJOR,
                                   .found_on = 20000, .same_problem = 1, .same_kind = 6};
  event.clocks[0] = (struct case_clock){.kind = CLOCK_SIGN_FOR, .state = CLOCK_RUNNING, .next_fire = 4000};
  event.clocks[1] = (struct case_clock){.kind = CLOCK_RECTIFY, .state = CLOCK_RUNNING, .next_fire = 3000};
  return event;
}

static struct event next(const struct case_state *state, uint32_t rule) {
  return (struct event){.case_no = state->case_no, .version = state->version + 1, .rule = (uint16_t)rule};
}

static struct case_state begun(void) {
  struct case_state state = {0};
  struct event event = accepted();
  assert_true(case_apply(&state, &event));
  return state;
}

static void must_not_apply(struct case_state *state, const struct event *event) {
  struct case_state before = *state;
  assert_false(case_apply(state, event));
  assert_memory_equal(state, &before, sizeof before);
}

static void test_first_event(void **unused) {
  struct case_state state = begun();
  (void)unused;
  assert_int_equal(state.case_no, 7);
  assert_int_equal(state.version, 1);
  assert_int_equal(state.status, STATUS_DISPATCHED);
  assert_int_equal(state.unit, 12);
  assert_int_equal(state.reported_unit, 11);
  assert_int_equal(state.team, 2);
  assert_int_equal(state.reporter, 5);
  assert_int_equal(state.kind, KIND_PROMINENT);
  assert_int_equal(state.severity, SEVERITY_MAJOR);
  assert_int_equal(state.found_on, 20000);
  assert_int_equal(state.same_problem, 1);
  assert_int_equal(state.same_kind, 6);
  assert_int_equal(state.opened, 1000);
  assert_int_equal(state.policy_version, 3);
  assert_int_equal(state.calendar_version, 2);
  assert_int_equal(state.route, 4);
}

static void test_zero_is_unchanged(void **unused) {
  struct case_state state = begun(), before = state;
  struct event event = next(&state, RULE_COMMENTED);
  (void)unused;
  assert_true(case_apply(&state, &event));
  before.version = 2;
  assert_memory_equal(&state, &before, sizeof before);
}

static void test_refusals_change_the_version_alone(void **unused) {
  struct case_state state = begun(), before = state;
  struct event event = next(&state, RULE_FOUR_EYES);
  (void)unused;
  event.status = STATUS_CLOSED_OUT;
  event.evidence_count = 1;
  event.evidence[0].kind = EVIDENCE_PLAN;
  event.clock_count = 1;
  event.clocks[0] = (struct case_clock){.kind = CLOCK_RECTIFY, .state = CLOCK_STOPPED};
  assert_true(case_apply(&state, &event));
  before.version = 2;
  assert_memory_equal(&state, &before, sizeof before);
}

static void test_what_does_not_follow(void **unused) {
  struct case_state state = begun(), empty = {0};
  struct event event;
  (void)unused;
  event = next(&state, RULE_COMMENTED), event.version = 3;
  must_not_apply(&state, &event);
  event = next(&state, RULE_COMMENTED), event.version = 1;
  must_not_apply(&state, &event);
  event = next(&state, RULE_COMMENTED), event.case_no = 8;
  must_not_apply(&state, &event);
  event = next(&state, RULE_COMMENTED), event.case_no = 0;
  must_not_apply(&state, &event);
  event = next(&state, RULE_ACCEPTED_ROUTED), event.has_finding = true;
  must_not_apply(&state, &event);
  event = accepted(), event.has_finding = false;
  must_not_apply(&empty, &event);
  event = accepted(), event.version = 2;
  must_not_apply(&empty, &event);
  event = accepted(), event.rule = RULE_FOUND_IN_FUTURE;
  must_not_apply(&empty, &event);
}

static void test_damaged_values(void **unused) {
  struct case_state state = begun();
  struct event event;
  (void)unused;
  event = next(&state, RULE_PROGRESS), event.evidence_count = EVIDENCE_MAX + 1;
  must_not_apply(&state, &event);
  event = next(&state, RULE_PROGRESS), event.evidence_count = 1, event.evidence[0].kind = EVIDENCE_COUNT + 1;
  must_not_apply(&state, &event);
  event = next(&state, RULE_PROGRESS), event.evidence_count = 1, event.evidence[0].measure = MEASURES_MAX + 1;
  must_not_apply(&state, &event);
  event = next(&state, RULE_PROGRESS), event.children_less = 1; /* it has none */
  must_not_apply(&state, &event);
  event = next(&state, RULE_PROGRESS), event.clock_count = CASE_CLOCKS_MAX + 3;
  must_not_apply(&state, &event);
  event = next(&state, RULE_PROGRESS), event.clock_count = 1; /* a clock of no kind */
  must_not_apply(&state, &event);
  event.clocks[0] = (struct case_clock){.kind = CLOCK_COUNT + 1, .state = CLOCK_RUNNING};
  must_not_apply(&state, &event);
  event.clocks[0] = (struct case_clock){.kind = CLOCK_VERIFY, .state = CLOCK_STATE_NONE};
  must_not_apply(&state, &event);
}

static void test_clock_slots(void **unused) {
  struct case_state state = begun();
  struct event event = next(&state, RULE_SIGNED_FOR);
  (void)unused;
  event.clock_count = 2;
  event.clocks[0] = (struct case_clock){.kind = CLOCK_SIGN_FOR, .state = CLOCK_STOPPED};
  event.clocks[1] = (struct case_clock){.kind = CLOCK_LOOK_BACK, .state = CLOCK_STOPPED}; /* never ran */
  assert_true(case_apply(&state, &event));
  assert_int_equal(state.clocks[0].kind, CLOCK_RECTIFY); /* taken slots come first */
  assert_int_equal(state.clocks[1].kind, 0);
  event = next(&state, RULE_PROGRESS);
  event.clock_count = CASE_CLOCKS_MAX;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX; i++)
    event.clocks[i] = (struct case_clock){.kind = (uint8_t)(CLOCK_RECTIFY + i), .state = CLOCK_RUNNING, .nth = 9};
  assert_true(case_apply(&state, &event)); /* one replaced, the others added */
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX; i++) assert_int_equal(state.clocks[i].kind, CLOCK_RECTIFY + i);
  assert_int_equal(state.clocks[0].nth, 9);
  event = next(&state, RULE_PROGRESS);
  event.clock_count = 2; /* the first part would fit: all or nothing */
  event.clocks[0] = (struct case_clock){.kind = CLOCK_RECTIFY, .state = CLOCK_RUNNING, .nth = 10};
  event.clocks[1] = (struct case_clock){.kind = CLOCK_PLAN, .state = CLOCK_RUNNING};
  must_not_apply(&state, &event);
}

static void test_evidence_and_flags(void **unused) {
  struct case_state state = begun();
  struct event event = next(&state, RULE_PROGRESS);
  (void)unused;
  event.evidence_count = 3;
  event.evidence[0].kind = event.evidence[1].kind = EVIDENCE_MATERIAL;
  event.evidence[2].kind = EVIDENCE_PLAN;
  event.flags_set = CASE_ENDORSED | CASE_PROVISIONAL;
  assert_true(case_apply(&state, &event));
  assert_int_equal(state.evidence_count, 3);
  assert_int_equal(state.evidence_kinds, 1u << EVIDENCE_MATERIAL | 1u << EVIDENCE_PLAN);
  assert_int_equal(state.flags, CASE_ENDORSED | CASE_PROVISIONAL);
  event = next(&state, RULE_REWORK), event.flags_clear = CASE_ENDORSED;
  assert_true(case_apply(&state, &event));
  assert_int_equal(state.flags, CASE_PROVISIONAL);
  state.evidence_count = UINT16_MAX - 1; /* counts to its end and stays there */
  event = next(&state, RULE_PROGRESS), event.evidence_count = 16;
  assert_true(case_apply(&state, &event));
  assert_int_equal(state.evidence_count, UINT16_MAX);
}

static void test_next_fire(void **unused) {
  struct case_state state = begun(), empty = {0};
  uint32_t index = 99;
  (void)unused;
  assert_int_equal(case_next_fire(&state, &index), 3000);
  assert_int_equal(index, 1);
  state.clocks[0].next_fire = 3000;
  assert_int_equal(case_next_fire(&state, &index), 3000);
  assert_int_equal(index, 0); /* of two at the same instant the first slot's, always */
  state.clocks[0].next_fire = 4000;
  state.clocks[1].state = CLOCK_PAUSED;
  assert_int_equal(case_next_fire(&state, NULL), 4000);
  assert_int_equal(case_next_fire(&empty, NULL), INSTANT_NONE);
  assert_ptr_equal(case_clock_of(&state, CLOCK_RECTIFY), &state.clocks[1]);
  assert_null(case_clock_of(&state, CLOCK_VERIFY));
  assert_null(case_clock_of(&state, CLOCK_NONE));
}

static void test_rung_key(void **unused) {
  static const uint8_t expected[16] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0x84, 0xef,
                                       0x80 | 0x0d, 0x26, 0xaf, 0x00, 0xde, 0xad, 0xbe, 0xef};
  struct case_state state = begun();
  struct command command;
  (void)unused;
  state.case_no = UINT64_C(0x123456789abc);
  state.clocks[1].generation = 0x09abcdef;
  state.clocks[1].nth = 0xdeadbeef;
  case_rung_command(&state, 1, &command);
  assert_memory_equal(command.key.bytes, expected, sizeof expected);
  assert_int_equal(command.kind, COMMAND_RUNG_DUE);
  assert_int_equal(command.actor, 0);
  assert_int_equal(command.clock, CLOCK_RECTIFY);
  assert_int_equal(command.generation, 0x09abcdef);
  assert_int_equal(command.nth, 0xdeadbeef);
  assert_int_equal(command.case_no, state.case_no);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_first_event),
      cmocka_unit_test(test_zero_is_unchanged),
      cmocka_unit_test(test_refusals_change_the_version_alone),
      cmocka_unit_test(test_what_does_not_follow),
      cmocka_unit_test(test_damaged_values),
      cmocka_unit_test(test_clock_slots),
      cmocka_unit_test(test_evidence_and_flags),
      cmocka_unit_test(test_next_fire),
      cmocka_unit_test(test_rung_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
