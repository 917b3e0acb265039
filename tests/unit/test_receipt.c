/* test_receipt.c - receipts hold as written, and not when one bit of them is another. */
#include "tests/unit/proof_tree.h"
#include "verify/receipt.h"

#define LOG "rectify.test/log"

static struct note_signer key, witness;
static struct hash leaves[PROOF_LEAVES];
static uint8_t records[PROOF_LEAVES][EVENT_BODY_BYTES_MAX];
static size_t lengths[PROOF_LEAVES];

static void make_record(uint32_t i) {
  struct event event = {.case_no = 1 + i / 10,
                        .version = 1 + i % 10,
                        .command = COMMAND_COMMENT,
                        .rule = RULE_COMMENTED,
                        .actor = i,
                        .recorded = INT64_C(1770000000000000) + i,
                        .policy_version = 1};
  memcpy(event.key.bytes, &i, sizeof i);
  event.key.bytes[15] = 1;
  lengths[i] = codec_event_pack(&event, records[i]);
  merkle_leaf(digest_sha256, records[i], lengths[i], &leaves[i]);
}

static int set_up(void **context) {
  (void)context;
  key = proof_signer(LOG, NOTE_ED25519);
  witness = proof_signer("witness.test", NOTE_COSIGNATURE);
  for (uint32_t i = 0; i < PROOF_LEAVES; i++) make_record(i);
  return 0;
}

static bool node(void *context, uint32_t level, uint64_t index, struct hash *out) {
  struct merkle part = {0};
  (void)context;
  for (uint64_t i = index << level; i < (index + 1) << level; i++) merkle_append(digest_sha256, &part, &leaves[i]);
  merkle_root(digest_sha256, &part, out);
  return true;
}

static size_t make_receipt(uint64_t index, uint64_t size, bool cosigned, char out[RECEIPT_BYTES_MAX]) {
  const struct merkle_source source = {node, NULL, digest_sha256, NULL};
  static struct receipt receipt;
  struct checkpoint head = {.origin = LOG, .size = size};
  struct merkle edge = {0};
  memset(&receipt, 0, sizeof receipt);
  for (uint64_t i = 0; i < size; i++) merkle_append(digest_sha256, &edge, &leaves[i]);
  merkle_root(digest_sha256, &edge, &head.root);
  size_t text = checkpoint_format(&head, receipt.note), length = text + 1;
  receipt.note[text] = '\n';
  length += note_sign(&key, receipt.note, text, 0, receipt.note + length);
  if (cosigned) length += note_sign(&witness, receipt.note, text, 1770000000, receipt.note + length);
  receipt.note_length = length;
  receipt.log_index = index;
  receipt.record_length = lengths[index];
  memcpy(receipt.record, records[index], lengths[index]);
  assert_true(merkle_inclusion(&source, index, size, &receipt.proof));
  return receipt_format(&receipt, out);
}

static uint32_t witnesses; /* whether the witness is asked for */

static enum receipt_verdict check(const char *text, size_t length) {
  static struct receipt receipt;
  return receipt_check(text, length, &key.verifier, &witness.verifier, witnesses, &receipt);
}

static void test_holds(void **context) {
  static struct receipt receipt;
  char text[RECEIPT_BYTES_MAX];
  (void)context;
  for (uint64_t size = 1; size <= PROOF_LEAVES; size += 13)
    for (uint64_t index = 0; index < size; index += 3) {
      size_t length = make_receipt(index, size, index % 2 == 0, text);
      const uint32_t asked = index % 2 == 0;
      assert_int_equal(receipt_check(text, length, &key.verifier, &witness.verifier, asked, &receipt),
                       RECEIPT_HOLDS);
      assert_int_equal(receipt.log_index, index);
      assert_int_equal(receipt.head.size, size);
      assert_int_equal(receipt.event.actor, index);
      assert_int_equal(receipt.cosignatures, index % 2 == 0);
      assert_memory_equal(&receipt.leaf, &leaves[index], sizeof receipt.leaf);
    }
}

/* Every bit, every byte by every other value at a few places, every cut, every byte left out, every byte twice. */
static void test_mutated(void **context) {
  char text[RECEIPT_BYTES_MAX], other[RECEIPT_BYTES_MAX];
  (void)context;
  for (int cosigned = 0; cosigned < 2; cosigned++) {
    witnesses = (uint32_t)cosigned;
    size_t length = make_receipt(123, 257, cosigned != 0, text);
    assert_int_equal(check(text, length), RECEIPT_HOLDS);
    for (size_t bit = 0; bit < length * 8; bit++) {
      memcpy(other, text, length);
      other[bit / 8] = (char)(other[bit / 8] ^ 1 << bit % 8);
      assert_int_not_equal(check(other, length), RECEIPT_HOLDS);
    }
    for (size_t at = 0; at < length; at++) {
      assert_int_not_equal(check(text, at), RECEIPT_HOLDS);
      memcpy(other, text, at);
      memcpy(other + at, text + at + 1, length - at - 1);
      assert_int_not_equal(check(other, length - 1), RECEIPT_HOLDS);
      memcpy(other + at, text + at, 1);
      memcpy(other + at + 1, text + at, length - at);
      assert_int_not_equal(check(other, length + 1), RECEIPT_HOLDS);
      memcpy(other, text, length);
      for (int value = 0; value < 256; value += 1 + (at % 7 == 0 ? 0 : 30)) {
        other[at] = (char)value;
        if (other[at] != text[at]) assert_int_not_equal(check(other, length), RECEIPT_HOLDS);
      }
    }
  }
}

/* Parts of two receipts that both hold do not make a third. */
static void test_mixed(void **context) {
  static struct receipt one, two, mixed;
  char text[RECEIPT_BYTES_MAX];
  (void)context;
  witnesses = 0;
  for (uint64_t other = 100; other < 140; other++) {
    assert_true(receipt_parse(text, make_receipt(123, 257, false, text), &one));
    assert_true(receipt_parse(text, make_receipt(other, 200 + other % 57, false, text), &two));
    for (int parts = 1; parts < 15; parts++) {
      mixed = one;
      if ((parts & 1) != 0)
        memcpy(mixed.record, two.record, sizeof mixed.record), mixed.record_length = two.record_length;
      if ((parts & 2) != 0) mixed.log_index = two.log_index;
      if ((parts & 4) != 0) mixed.proof = two.proof;
      if ((parts & 8) != 0) memcpy(mixed.note, two.note, sizeof mixed.note), mixed.note_length = two.note_length;
      size_t length = receipt_format(&mixed, text);
      bool holds = check(text, length) == RECEIPT_HOLDS;
      bool is_one = mixed.log_index == one.log_index && memcmp(mixed.record, one.record, mixed.record_length) == 0;
      bool is_two = mixed.log_index == two.log_index && memcmp(mixed.record, two.record, mixed.record_length) == 0;
      if (holds) assert_true(is_one || is_two);
    }
  }
}

static void test_verdicts(void **context) {
  char text[RECEIPT_BYTES_MAX];
  static struct receipt receipt;
  struct note_signer thief = proof_signer(LOG, NOTE_ED25519),
                     other_log = proof_signer("rectify.test/other", NOTE_ED25519);
  (void)context;
  size_t length = make_receipt(3, 20, true, text);
  assert_int_equal(receipt_check(text, length, &thief.verifier, &witness.verifier, 1, &receipt),
                   RECEIPT_UNSIGNED);
  assert_int_equal(receipt_check(text, length, &other_log.verifier, &witness.verifier, 1, &receipt),
                   RECEIPT_OTHER_LOG);
  assert_int_equal(receipt_check(text, length, &key.verifier, NULL, 0, &receipt), RECEIPT_STRANGER);
  assert_int_equal(receipt_check(text, length, &key.verifier, &thief.verifier, 1, &receipt),
                   RECEIPT_NOT_COSIGNED);
  witnesses = 1;
  assert_true(receipt_parse(text, length, &receipt));
  receipt.log_index = 4;
  assert_int_equal(check(text, receipt_format(&receipt, text)), RECEIPT_NOT_INCLUDED);
  assert_true(receipt_parse(text, make_receipt(3, 20, true, text), &receipt));
  receipt.record_length = 1;
  assert_int_equal(check(text, receipt_format(&receipt, text)), RECEIPT_NO_RECORD);
  for (int i = 0; i < RECEIPT_VERDICT_COUNT; i++)
    assert_true(strlen(receipt_verdict_text((enum receipt_verdict)i)) > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_holds), cmocka_unit_test(test_mutated),
                                     cmocka_unit_test(test_mixed), cmocka_unit_test(test_verdicts)};
  return cmocka_run_group_tests(tests, set_up, NULL);
}
