/* The batch: what a request may come to, and where the same evidence was taken before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/batch.h"

static uint32_t weigh_act(uint32_t kind, size_t count, size_t evidence, bool preview) {
  static Rectify__V1__Command command, *commands[WIRE_ACT_MAX];
  Rectify__V1__Act act = RECTIFY__V1__ACT__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  rectify__v1__command__init(&command);
  command.command = kind;
  command.n_evidence = evidence;
  for (size_t i = 0; i < count; i++) commands[i] = &command;
  act.n_commands = count;
  act.commands = commands;
  act.preview = preview;
  request.body_case = RECTIFY__V1__REQUEST__BODY_ACT;
  request.act = &act;
  return batch_weigh(&request);
}

static uint32_t weigh_submit(size_t count, size_t evidence) {
  static Rectify__V1__Finding finding, *findings[WIRE_SUBMIT_MAX];
  Rectify__V1__Submit submit = RECTIFY__V1__SUBMIT__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  rectify__v1__finding__init(&finding);
  finding.n_evidence = evidence;
  for (size_t i = 0; i < count; i++) findings[i] = &finding;
  submit.n_findings = count;
  submit.findings = findings;
  request.body_case = RECTIFY__V1__REQUEST__BODY_SUBMIT;
  request.submit = &submit;
  return batch_weigh(&request);
}

/* Everything that a request may hold fits, but for many sweeps at once. */
static void test_weights(void **unused) {
  (void)unused;
  assert_int_equal(weigh_submit(1, 0), 1 + CO_UNITS_MAX + 2);
  assert_int_equal(weigh_act(COMMAND_SWEEP, 1, 0, false), 1 + SWEEP_MAX);
  assert_int_equal(weigh_act(COMMAND_COMMENT, 2, 3, false), 2 * (1 + 2 + 3));
  assert_true(weigh_submit(WIRE_SUBMIT_MAX, EVIDENCE_MAX) <= REQUEST_EVENTS_MAX);
  for (uint32_t kind = 1; kind <= COMMAND_COUNT; kind++)
    if (kind != COMMAND_SWEEP) assert_true(weigh_act(kind, WIRE_ACT_MAX, EVIDENCE_MAX, false) <= REQUEST_EVENTS_MAX);
  assert_true(weigh_act(COMMAND_SWEEP, 60, 0, false) <= REQUEST_EVENTS_MAX);
  assert_true(weigh_act(COMMAND_SWEEP, WIRE_ACT_MAX, 0, false) > REQUEST_EVENTS_MAX);
  assert_int_equal(weigh_act(COMMAND_SWEEP, WIRE_ACT_MAX, 0, true), 0);
  assert_true(weigh_submit(BATCH_EVENTS_MAX, 0) <= BATCH_WEIGHT_FULL); /* plain findings fill a batch by their number */
}

static struct hash hash_of(uint8_t last) {
  struct hash hash = {0}; /* all in one place of the index but for the seed */
  hash.bytes[HASH_BYTES - 1] = last;
  return hash;
}

static void test_seen(void **unused) {
  (void)unused;
  struct batch *batch = batch_new();
  const struct hash a = hash_of(1), b = hash_of(2), c = hash_of(3);
  assert_int_equal(batch_seen(batch, &a, 0), 0);
  batch_see(batch, &a, 7);
  batch_see(batch, &a, 7);
  assert_int_equal(batch_seen(batch, &a, 7), 0);
  assert_int_equal(batch_seen(batch, &a, 8), 7);
  batch_see(batch, &b, 9);
  batch_see(batch, &a, 8);
  batch_see(batch, &a, 10);
  assert_int_equal(batch_seen(batch, &a, 7), 8); /* each finds another one */
  assert_int_equal(batch_seen(batch, &a, 8), 7);
  assert_int_equal(batch_seen(batch, &a, 11), 7);
  assert_int_equal(batch_seen(batch, &b, 1), 9);
  assert_int_equal(batch_seen(batch, &c, 1), 0);
  batch_free(batch);
}

/* As many as may be, in one place; the next batch knows nothing of them. */
static void test_seen_full(void **unused) {
  (void)unused;
  struct batch *batch = batch_new();
  for (uint32_t i = 0; i < BATCH_SEEN_MAX; i++) {
    struct hash hash = {0};
    memcpy(hash.bytes, &i, sizeof i);
    batch_see(batch, &hash, i + 1);
  }
  for (uint32_t i = 0; i < BATCH_SEEN_MAX; i++) {
    struct hash hash = {0};
    memcpy(hash.bytes, &i, sizeof i);
    assert_int_equal(batch_seen(batch, &hash, 0), i + 1);
  }
  batch_reset(batch);
  const struct hash first = {0};
  assert_int_equal(batch_seen(batch, &first, 0), 0);
  batch_see(batch, &first, 3);
  assert_int_equal(batch_seen(batch, &first, 0), 3);
  batch_free(batch);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_weights), cmocka_unit_test(test_seen), cmocka_unit_test(test_seen_full)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
