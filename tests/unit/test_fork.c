/* test_fork.c - going on after a rollback: two people, the last head, the next name; nothing less. */
#include "sign/fork.h"
#include "tests/unit/proof_tree.h"

#define LOG "rectify.test/log"

static struct note_signer key, ann, ben;
static struct note_verifier people[FORK_PEOPLE_MAX];
static uint32_t people_count;
static struct proof_tree tree;
static struct signer_state state;

static int set_up(void **context) {
  char text[3 * NOTE_KEY_TEXT_BYTES_MAX] = "# who may sign a fork\n\n";
  (void)context;
  key = proof_signer(LOG, NOTE_ED25519);
  ann = proof_signer("ann", NOTE_ED25519);
  ben = proof_signer("ben", NOTE_ED25519);
  note_verifier_format(&ann.verifier, text + strlen(text));
  strcat(text, "\n");
  note_verifier_format(&ben.verifier, text + strlen(text));
  struct checkpoint head = {.origin = LOG, .size = 20};
  proof_root(&tree, 20, &head.root);
  if (!signer_sign_head(&key, &head, &state)) return 1;
  return fork_people_parse(text, strlen(text), people, &people_count) && people_count == 2 ? 0 : 1;
}

static struct fork_record good(void) {
  struct fork_record record = {
      .gives_up = state.last, .goes_on = {.origin = LOG "/2", .size = 15}, .reason = "the disks failed 磁盘"};
  proof_root(&tree, 15, &record.goes_on.root);
  return record;
}

static size_t note_of(const struct fork_record *record, const struct note_signer *one, const struct note_signer *two,
                      char *out) {
  size_t text = fork_format(record, out), length = text + 1;
  assert_true(text > 0);
  out[text] = '\n';
  length += note_sign(one, out, text, 0, out + length);
  if (two != NULL) length += note_sign(two, out, text, 0, out + length);
  return length;
}

static enum fork_verdict judge(const struct fork_record *record, const struct note_signer *one,
                               const struct note_signer *two, struct signer_state *next) {
  char note[NOTE_BYTES_MAX];
  return fork_judge(&key, &state, note, note_of(record, one, two, note), people, people_count, next);
}

static void test_goes_on(void **context) {
  struct fork_record record = good();
  struct signer_state next, third;
  struct signer_request request = {.ask = SIGNER_SIGN, .size = 30};
  (void)context;
  assert_int_equal(judge(&record, &ann, &ben, &next), FORK_OK);
  assert_string_equal(next.last.origin, LOG "/2");
  assert_int_equal(next.last.size, 15);
  proof_root(&tree, 30, &request.root); /* and on, from there, under the new name */
  proof_consistency(&tree, 15, 30, &request.proof);
  assert_int_equal(signer_judge(&key, &next, &request, &third), SIGNER_OK);
  assert_string_equal(third.last.origin, LOG "/2");
  assert_true(checkpoint_is_of(&third.last, LOG));
  char origin[NOTE_NAME_BYTES_MAX + 1];
  assert_true(fork_next_origin(&key, third.last.origin, origin));
  assert_string_equal(origin, LOG "/3");
}

static void test_refused(void **context) {
  struct fork_record record = good();
  struct note_signer stranger = proof_signer("carl", NOTE_ED25519);
  struct signer_state next;
  (void)context;
  assert_int_equal(judge(&record, &ann, NULL, &next), FORK_ALONE);
  assert_int_equal(judge(&record, &ann, &ann, &next), FORK_ALONE); /* twice the same person */
  assert_int_equal(judge(&record, &ann, &stranger, &next), FORK_ALONE);
  assert_int_equal(judge(&record, &ann, &key, &next), FORK_ALONE); /* the signer itself is nobody */
  record.gives_up.size = 19;
  assert_int_equal(judge(&record, &ann, &ben, &next), FORK_NOT_LAST);
  record = good();
  record.gives_up.root.bytes[0] ^= 1;
  assert_int_equal(judge(&record, &ann, &ben, &next), FORK_NOT_LAST);
  record = good();
  strcpy(record.goes_on.origin, LOG);
  assert_int_equal(judge(&record, &ann, &ben, &next), FORK_NAME);
  strcpy(record.goes_on.origin, LOG "/3");
  assert_int_equal(judge(&record, &ann, &ben, &next), FORK_NAME);
}

/* No bit of a signed record can be another one. */
static void test_mutated(void **context) {
  struct fork_record record = good();
  struct signer_state next;
  char note[NOTE_BYTES_MAX];
  size_t length = note_of(&record, &ann, &ben, note);
  (void)context;
  for (size_t bit = 0; bit < length * 8; bit++) {
    note[bit / 8] = (char)(note[bit / 8] ^ 1 << bit % 8);
    assert_int_not_equal(fork_judge(&key, &state, note, length, people, people_count, &next), FORK_OK);
    note[bit / 8] = (char)(note[bit / 8] ^ 1 << bit % 8);
  }
  assert_int_equal(fork_judge(&key, &state, note, length, people, people_count, &next), FORK_OK);
}

static void test_texts(void **context) {
  struct fork_record record = good(), again;
  char text[NOTE_TEXT_BYTES_MAX];
  (void)context;
  size_t length = fork_format(&record, text);
  assert_true(fork_parse(text, length, &again));
  assert_memory_equal(&record, &again, sizeof again);
  for (size_t cut = 0; cut < length; cut++) assert_false(fork_parse(text, cut, &again));
  strcpy(record.reason, "two\nlines");
  assert_int_equal(fork_format(&record, text), 0);
  record.reason[0] = '\0';
  assert_int_equal(fork_format(&record, text), 0);
  memset(record.reason, 'x', FORK_REASON_BYTES_MAX);
  record.reason[FORK_REASON_BYTES_MAX] = '\0';
  assert_true(fork_format(&record, text) > 0);
}

static void test_people(void **context) {
  char text[4 * NOTE_KEY_TEXT_BYTES_MAX];
  struct note_verifier list[FORK_PEOPLE_MAX];
  struct note_signer again = ann;
  uint32_t count;
  (void)context;
  note_verifier_format(&ann.verifier, text);
  size_t one = strlen(text);
  text[one] = '\n';
  memcpy(text + one + 1, text, one); /* the same person twice */
  assert_false(fork_people_parse(text, 2 * one + 1, list, &count));
  assert_true(fork_people_parse(text, one, list, &count) && count == 1);
  assert_false(fork_people_parse("ann", 3, list, &count));
  struct note_signer witness = proof_signer("witness", NOTE_COSIGNATURE);
  note_verifier_format(&witness.verifier, text);
  assert_false(fork_people_parse(text, strlen(text), list, &count));
  note_signer_wipe(&again);
  for (size_t i = 0; i < sizeof again; i++) assert_int_equal(((uint8_t *)&again)[i], 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_goes_on), cmocka_unit_test(test_refused), cmocka_unit_test(test_mutated),
      cmocka_unit_test(test_texts),   cmocka_unit_test(test_people),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
