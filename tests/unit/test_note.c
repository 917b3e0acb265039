/* test_note.c - signed notes: the published example, round trips, and everything that must not pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sign/note.h"

/* The example that the format's reference implementation publishes. */
#define PETER_PUBLIC "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PETER_PRIVATE "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define PETER_TEXT "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
#define PETER_LINE \
  "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

static void test_published(void **state) {
  static const char bytes[] = PETER_TEXT "\n" PETER_LINE;
  struct note note;
  struct note_verifier verifier;
  struct note_signer signer;
  char line[NOTE_LINE_BYTES_MAX], key[NOTE_KEY_TEXT_BYTES_MAX];
  (void)state;
  assert_true(note_verifier_parse(PETER_PUBLIC, strlen(PETER_PUBLIC), &verifier));
  assert_true(note_parse(bytes, sizeof bytes - 1, &note));
  assert_int_equal(note.text_length, strlen(PETER_TEXT));
  assert_true(note_is_signed_by(&note, &verifier, NULL));
  assert_true(note_signer_parse(PETER_PRIVATE, strlen(PETER_PRIVATE), &signer));
  size_t length = note_sign(&signer, PETER_TEXT, strlen(PETER_TEXT), 0, line); /* Ed25519 signs the same way each time */
  assert_int_equal(length, strlen(PETER_LINE));
  assert_string_equal(line, PETER_LINE);
  note_verifier_format(&signer.verifier, key);
  assert_string_equal(key, PETER_PUBLIC);
  note_signer_format(&signer, key);
  assert_string_equal(key, PETER_PRIVATE);
}

static struct note_signer signer_of(const char *name, uint8_t algorithm) {
  struct note_signer signer;
  assert_true(note_signer_new(name, algorithm, &signer));
  return signer;
}

static size_t make_note(const struct checkpoint *checkpoint, const struct note_signer *signers, uint32_t count, char *out) {
  char line[NOTE_LINE_BYTES_MAX];
  size_t text = checkpoint_format(checkpoint, out), used = text;
  out[used++] = '\n';
  for (uint32_t i = 0; i < count; i++) {
    size_t length = note_sign(&signers[i], out, text, 1700000000 + i, line);
    assert_true(length > 0);
    memcpy(out + used, line, length);
    used += length;
  }
  return used;
}

static void test_checkpoint(void **state) {
  struct checkpoint checkpoint = {.origin = "rectify.example/log", .size = 20852163}, again;
  struct note_signer signers[2] = {signer_of("rectify.example/log", NOTE_ED25519), signer_of("audit", NOTE_COSIGNATURE)};
  char bytes[NOTE_BYTES_MAX];
  struct note note;
  uint64_t seconds = 7;
  (void)state;
  memset(checkpoint.root.bytes, 0xa5, HASH_BYTES);
  size_t length = make_note(&checkpoint, signers, 2, bytes);
  assert_true(note_parse(bytes, length, &note));
  assert_int_equal(note.count, 2);
  assert_true(note_is_signed_by(&note, &signers[0].verifier, &seconds));
  assert_int_equal(seconds, 0);
  assert_true(note_is_signed_by(&note, &signers[1].verifier, &seconds));
  assert_int_equal(seconds, 1700000001);
  assert_true(checkpoint_parse(note.text, note.text_length, &again));
  assert_string_equal(again.origin, checkpoint.origin);
  assert_int_equal(again.size, checkpoint.size);
  assert_memory_equal(&again.root, &checkpoint.root, HASH_BYTES);
}

/* Whatever bit of the note is changed: either it is no note any more, or the log's signature does not hold. */
static void test_forged(void **state) {
  struct checkpoint checkpoint = {.origin = "rectify.example/log", .size = 5};
  struct note_signer signer = signer_of("rectify.example/log", NOTE_ED25519);
  char bytes[NOTE_BYTES_MAX];
  struct note note;
  (void)state;
  size_t length = make_note(&checkpoint, &signer, 1, bytes);
  for (size_t bit = 0; bit < length * 8; bit++) {
    bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
    assert_false(note_parse(bytes, length, &note) && note_is_signed_by(&note, &signer.verifier, NULL));
    bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
  }
  for (size_t cut = 1; cut <= length; cut++)
    assert_false(note_parse(bytes, length - cut, &note) && note_is_signed_by(&note, &signer.verifier, NULL));
  struct note_signer other = signer_of("rectify.example/log", NOTE_ED25519); /* the same name, another key */
  assert_true(note_parse(bytes, length, &note));
  assert_false(note_is_signed_by(&note, &other.verifier, NULL));
}

/* A cosignature is none of the log, and the log's is none of a witness, by the same key. */
static void test_algorithms_differ(void **state) {
  struct checkpoint checkpoint = {.origin = "log", .size = 1};
  struct note_signer as_log = signer_of("log", NOTE_ED25519), as_witness = as_log;
  char bytes[NOTE_BYTES_MAX], key[NOTE_KEY_TEXT_BYTES_MAX];
  struct note note;
  (void)state;
  as_witness.verifier.algorithm = NOTE_COSIGNATURE;
  note_signer_format(&as_witness, key);
  assert_false(note_signer_parse(key, strlen(key), &as_witness)); /* the id belongs to the algorithm */
  size_t length = make_note(&checkpoint, &as_log, 1, bytes);
  assert_true(note_parse(bytes, length, &note));
  as_log.verifier.algorithm = NOTE_COSIGNATURE;
  assert_false(note_is_signed_by(&note, &as_log.verifier, NULL));
}

static void test_bad_keys(void **state) {
  static const char *const bad[] = {"",
                                    "PeterNeumann",
                                    "PeterNeumann+c74f20a3",
                                    "PeterNeumann+c74f20a3+",
                                    "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                                    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
                                    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TX",
                                    "PeterNeumann+c74f20a3+CRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                                    "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                                    "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"};
  struct note_verifier verifier;
  struct note_signer signer;
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(note_verifier_parse(bad[i], strlen(bad[i]), &verifier));
  static const char with_nul[] = "PeterNeumann\0ignored+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  assert_false(note_verifier_parse(with_nul, sizeof with_nul - 1, &verifier));
  assert_false(note_signer_parse(PETER_PUBLIC, strlen(PETER_PUBLIC), &signer));
  assert_false(note_signer_new("two words", NOTE_ED25519, &signer));
  assert_false(note_signer_new("a+b", NOTE_ED25519, &signer));
  assert_false(note_signer_new("log", 9, &signer));
}

/* By hand: printf 'log\n5\nAAA...=\n' | sha256sum. */
static void test_code(void **state) {
  const struct checkpoint head = {.origin = "log", .size = 5};
  struct checkpoint other = head;
  char code[CHECKPOINT_CODE_BYTES], code_of_other[CHECKPOINT_CODE_BYTES];
  (void)state;
  checkpoint_code(&head, code);
  assert_string_equal(code, "e2fe-fde1-d8b5-a620-78a9-d224-9085-f510");
  other.size = 6;
  checkpoint_code(&other, code_of_other);
  assert_string_not_equal(code, code_of_other);
}

static void test_bad_checkpoints(void **state) {
#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
  static const char *const bad[] = {"",
                                    "log\n",
                                    "log\n5\n",
                                    "log\n5\n" ROOT, /* no last newline */
                                    "\n5\n" ROOT "\n",
                                    "log\n05\n" ROOT "\n",
                                    "log\n-5\n" ROOT "\n",
                                    "log\n9223372036854775808\n" ROOT "\n",
                                    "log\n5\nAAAA\n",
                                    "log\n5\n" ROOT "=\n"};
  struct checkpoint checkpoint;
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(checkpoint_parse(bad[i], strlen(bad[i]), &checkpoint));
  static const char with_nul[] = "log\0ignored\n5\n" ROOT "\n";
  assert_false(checkpoint_parse(with_nul, sizeof with_nul - 1, &checkpoint));
  static const char good[] = "log\n0\n" ROOT "\nmore lines may follow\n";
  assert_true(checkpoint_parse(good, sizeof good - 1, &checkpoint));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_published),         cmocka_unit_test(test_checkpoint), cmocka_unit_test(test_forged),
      cmocka_unit_test(test_algorithms_differ), cmocka_unit_test(test_bad_keys),   cmocka_unit_test(test_bad_checkpoints),
      cmocka_unit_test(test_code),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
