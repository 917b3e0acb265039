/* test_note.c - signed notes: the published example, round trips, and everything that must not pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "sign/curve.h"
#include "sign/digest.h"
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

/* The known encodings of points of small order, canonical or not, without the sign of x; made sure of here: each of them with R =
 * the same bytes or the neutral point is what libraries without this check let pass. */
static const char *const small_orders[] = {
    "0000000000000000000000000000000000000000000000000000000000000000", "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};

static void key_of_hex(const char *hex, uint8_t out[NOTE_KEY_BYTES]) {
  assert_true(curve_of_text(hex, strlen(hex), out));
}

static void test_small_orders(void **state) {
  uint8_t key[NOTE_KEY_BYTES];
  char text[NOTE_KEY_TEXT_BYTES_MAX];
  (void)state;
  for (size_t i = 0; i < 2 * sizeof small_orders / sizeof *small_orders; i++) {
    struct note_verifier parsed, weak = {.name = "log", .algorithm = NOTE_ED25519};
    key_of_hex(small_orders[i / 2], key);
    key[31] |= i % 2 == 0 ? 0 : 0x80;
    assert_false(public_key_is_sound(key));
    uint8_t preimage[5 + NOTE_KEY_BYTES] = "log\n\x01", digest[HASH_BYTES];
    memcpy(preimage + 5, key, NOTE_KEY_BYTES);
    memcpy(weak.public_key, key, NOTE_KEY_BYTES);
    digest_sha256(preimage, sizeof preimage, digest);
    memcpy(weak.id, digest, sizeof weak.id);
    note_verifier_format(&weak, text);
    assert_false(note_verifier_parse(text, strlen(text), &parsed));
    assert_memory_equal(parsed.id, weak.id, sizeof weak.id); /* refused for the point, and for nothing else */
  }
}

/* With the neutral point as key and as R, and S = 0, the equation holds for every message. */
static void test_forgery(void **state) {
  const uint8_t neutral[NOTE_KEY_BYTES] = {1}, signature[NOTE_SIGNATURE_BYTES] = {1};
  EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, neutral, sizeof neutral);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  (void)state;
  assert_int_equal(EVP_DigestVerifyInit(context, NULL, NULL, NULL, key), 1);
  assert_int_equal(EVP_DigestVerify(context, signature, sizeof signature, (const uint8_t *)"any", 3), 1); /* so it is */
  assert_false(signature_holds(neutral, "any", 3, signature));
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
}

/* Half of all y are of no point; the base point and keys that were made are.  Of 2 to 65, by Euler's criterion, in Python. */
static void test_sound_keys(void **state) {
  static const char on_curve[] = "0111100110001110110101111111101101010110111000100110111110111101";
  uint8_t key[NOTE_KEY_BYTES];
  (void)state;
  key_of_hex("5866666666666666666666666666666666666666666666666666666666666666", key);
  assert_true(public_key_is_sound(key));
  for (int i = 0; i < 200; i++) assert_true(public_key_is_sound(signer_of("log", NOTE_ED25519).verifier.public_key));
  for (uint8_t y = 2; on_curve[y - 2] != '\0'; y++) {
    memset(key, 0, sizeof key);
    key[0] = y;
    assert_int_equal(public_key_is_sound(key), on_curve[y - 2] == '1');
  }
  key_of_hex("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", key); /* 3 + p: a point in another writing */
  assert_false(public_key_is_sound(key));
}

/* With points of small order all have the same secret: RFC 7748, 6.1. */
static void test_curve_keys(void **state) {
  static const char *const weak[] = {
      "0000000000000000000000000000000000000000000000000000000000000000", "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"};
  uint8_t key[CURVE_KEY_BYTES];
  struct curve_pair pair;
  (void)state;
  for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
    key_of_hex(weak[i], key);
    assert_false(curve_is_sound(key));
  }
  for (int i = 0; i < 20; i++) {
    assert_true(curve_new(&pair));
    assert_true(curve_is_sound(pair.public_key));
  }
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
      cmocka_unit_test(test_code),              cmocka_unit_test(test_small_orders), cmocka_unit_test(test_forgery),
      cmocka_unit_test(test_sound_keys),        cmocka_unit_test(test_curve_keys),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
