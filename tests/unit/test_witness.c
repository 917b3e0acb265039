/* test_witness.c - the rules of C2SP tlog-witness, one by one; what was cosigned stays cosigned, also under faults. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sign/secret.h"
#include "sign/witness.h"
#include "tests/unit/proof_tree.h"

#define LOG "rectify.test/log"

static struct note_signer key, witness;
static struct proof_tree history, forged = {.salt = 1, .from = 10};
static char folder[] = "/tmp/rectify-witness-XXXXXX", path[SECRET_PATH_BYTES];

static int set_up(void **context) {
  (void)context;
  key = proof_signer(LOG, NOTE_ED25519);
  witness = proof_signer("witness.test", NOTE_COSIGNATURE);
  if (mkdtemp(folder) == NULL) return 1;
  snprintf(path, sizeof path, "%s/log", folder);
  return 0;
}

static int fresh(void **context) {
  (void)context;
  (void)unlink(path);
  return 0;
}

static int tear_down(void **context) {
  char command[4200];
  (void)context;
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

/* The request for the head of `tree` of `size`, with the proof from `proved_from`, saying that the old size is `old`.
 */
static size_t request_of(struct proof_tree *tree, uint64_t old, uint64_t proved_from, uint64_t size,
                         const struct note_signer *by, char out[WITNESS_REQUEST_BYTES_MAX]) {
  char note[NOTE_BYTES_MAX];
  struct witness_request request = {.old_size = old, .note = note};
  request.note_length = proof_head(tree, size, by, by->verifier.name, note);
  if (proved_from <= size) proof_consistency(tree, proved_from, size, &request.proof);
  return witness_request_format(&request, out);
}

static const char *origin = LOG;

static struct witness_answer ask(const char *text, size_t length) {
  struct witness_answer answer;
  char error[SECRET_ERROR_BYTES];
  witness_add(&witness, &key.verifier, origin, path, text, length, 1679315147, &answer, error, sizeof error);
  return answer;
}

static struct witness_answer ask_for(struct proof_tree *tree, uint64_t old, uint64_t proved_from, uint64_t size) {
  char text[WITNESS_REQUEST_BYTES_MAX];
  return ask(text, request_of(tree, old, proved_from, size, &key, text));
}

static void test_cosigns(void **context) {
  char bytes[NOTE_BYTES_MAX];
  struct note note;
  uint64_t seconds = 0;
  (void)context;
  struct witness_answer answer = ask_for(&history, 0, 0, 20);
  assert_int_equal(answer.status, WITNESS_OK);
  size_t length = proof_head(&history, 20, &key, LOG, bytes); /* the line fits the head, as anybody can check */
  memcpy(bytes + length, answer.line, strlen(answer.line));
  assert_true(note_parse(bytes, length + strlen(answer.line), &note));
  assert_true(note_is_signed_by(&note, &witness.verifier, &seconds) && seconds == 1679315147);
  assert_true(note_is_signed_by(&note, &key.verifier, NULL));
  for (uint64_t size = 21; size < 60; size++)
    assert_int_equal(ask_for(&history, size - 1, size - 1, size).status, WITNESS_OK);
  assert_int_equal(ask_for(&history, 59, 59, 59).status, WITNESS_OK); /* the same again, at another time */
}

static void test_conflict(void **context) {
  (void)context;
  assert_int_equal(ask_for(&history, 0, 0, 20).status, WITNESS_OK);
  struct witness_answer answer = ask_for(&history, 0, 0, 30); /* it is known up to 20 here */
  assert_int_equal(answer.status, WITNESS_CONFLICT);
  assert_int_equal(answer.known_size, 20);
  assert_false(answer.forked);
  assert_int_equal(ask_for(&history, 10, 10, 30).status, WITNESS_CONFLICT);
  assert_int_equal(ask_for(&history, 25, 25, 30).status, WITNESS_CONFLICT);
  answer = ask_for(&history, 10, 10, 19); /* a rollback */
  assert_int_equal(answer.status, WITNESS_CONFLICT);
  answer = ask_for(&forged, 20, 20, 20);
  assert_int_equal(answer.status, WITNESS_CONFLICT);
  assert_true(answer.forked && answer.line[0] == '\0');
  assert_int_equal(ask_for(&history, 20, 20, 30).status, WITNESS_OK); /* nothing of that was kept */
}

static void test_not_proved(void **context) {
  (void)context;
  assert_int_equal(ask_for(&history, 0, 0, 20).status, WITNESS_OK);
  assert_int_equal(ask_for(&forged, 20, 20, 30).status, WITNESS_NOT_PROVED);
  assert_int_equal(ask_for(&history, 20, 19, 30).status, WITNESS_NOT_PROVED);
  assert_int_equal(ask_for(&history, 20, 0, 30).status, WITNESS_NOT_PROVED);  /* an empty proof */
  assert_int_equal(ask_for(&history, 20, 10, 20).status, WITNESS_NOT_PROVED); /* a proof where none belongs */
  assert_int_equal(ask_for(&history, 20, 20, 30).status, WITNESS_OK);
}

static void test_first(void **context) {
  (void)context;
  assert_int_equal(ask_for(&history, 0, 5, 20).status, WITNESS_NOT_PROVED); /* from size 0 the proof is empty */
  assert_int_equal(ask_for(&history, 5, 5, 20).status, WITNESS_CONFLICT);
  assert_int_equal(ask_for(&history, 0, 0, 0).status, WITNESS_OK);
  assert_int_equal(ask_for(&history, 0, 0, 20).status, WITNESS_OK);
}

static void test_strangers(void **context) {
  char text[WITNESS_REQUEST_BYTES_MAX];
  struct note_signer other_log = proof_signer("rectify.test/other", NOTE_ED25519),
                     thief = proof_signer(LOG, NOTE_ED25519);
  (void)context;
  assert_int_equal(ask(text, request_of(&history, 0, 0, 20, &other_log, text)).status, WITNESS_NOT_FOUND);
  assert_int_equal(ask(text, request_of(&history, 0, 0, 20, &thief, text)).status, WITNESS_FORBIDDEN);
  assert_int_equal(ask(text, request_of(&history, 21, 99, 20, &key, text)).status, WITNESS_BAD_REQUEST);
}

/* A recorded fork is another log to a witness: somebody has to say that it is to be taken for one. */
static void test_fork(void **context) {
  char text[WITNESS_REQUEST_BYTES_MAX], note[NOTE_BYTES_MAX];
  struct witness_request request = {.note = note};
  (void)context;
  request.note_length = proof_head(&history, 20, &key, LOG "/2", note);
  size_t length = witness_request_format(&request, text);
  assert_int_equal(ask(text, length).status, WITNESS_NOT_FOUND);
  origin = LOG "/2";
  assert_int_equal(ask(text, length).status, WITNESS_OK);
  assert_int_equal(ask_for(&history, 20, 20, 30).status, WITNESS_NOT_FOUND); /* and the old name is none any more */
  origin = LOG;
  assert_int_equal(ask_for(&history, 20, 20, 30).status, WITNESS_FAULT); /* states are not shared */
}

static void test_malformed(void **context) {
  static const char *const bad[] = {"",
                                    "old",
                                    "old 0",
                                    "old 0\n",
                                    "old 0\n\n",
                                    "old 00\n\nx",
                                    "old -1\n\nx",
                                    "old 1 \n\nx",
                                    "OLD 0\n\nx",
                                    "old 0\nAAAA\n\nx",
                                    "old 0\nx\n\n",
                                    "old 9999999999999999999\n\nx"};
  char text[WITNESS_REQUEST_BYTES_MAX];
  (void)context;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(ask(bad[i], strlen(bad[i])).status, WITNESS_BAD_REQUEST);
  size_t length = request_of(&history, 0, 0, 20, &key, text);
  for (size_t cut = 1; cut < length; cut++) assert_int_not_equal(ask(text, length - cut).status, WITNESS_OK);
  for (size_t bit = 0; bit < length * 8; bit++) {
    text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    assert_int_not_equal(ask(text, length).status, WITNESS_OK);
    text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
  }
  assert_int_equal(ask(text, length).status, WITNESS_OK);
}

/* ---- faults ---- */

static struct secret_disk real;
static int fault_at, calls;
static bool struck(void) {
  errno = ENOSPC;
  return calls++ == fault_at;
}
static int bad_create(const char *name) {
  return struck() ? -1 : real.create(name);
}
static ssize_t bad_write(int fd, const void *data, size_t length) {
  return struck() ? -1 : real.write(fd, data, length);
}
static int bad_sync(int fd) {
  return struck() ? -1 : real.sync(fd);
}
static int bad_rename(const char *from, const char *to) {
  return struck() ? -1 : real.rename(from, to);
}

/* A head that could not be kept is not cosigned; a fork of it can then not be either, or only that. */
static void test_disk_full(void **context) {
  (void)context;
  for (fault_at = 0; fault_at < 5; fault_at++) {
    (void)unlink(path);
    secret_disk = real;
    assert_int_equal(ask_for(&history, 0, 0, 20).status, WITNESS_OK);
    secret_disk = (struct secret_disk){bad_create, bad_write, bad_sync, real.close, bad_rename, real.unlink};
    calls = 0;
    struct witness_answer answer = ask_for(&history, 20, 20, 30);
    assert_int_equal(answer.status, WITNESS_FAULT);
    assert_int_equal(answer.line[0], '\0');
    secret_disk = real;
    answer = ask_for(&history, 20, 20, 30);
    assert_true(answer.status == WITNESS_OK || (answer.status == WITNESS_CONFLICT && answer.known_size == 30));
  }
}

/* A damaged state stops the witness: beginning anew would let a rewritten log through. */
static void test_damaged_state(void **context) {
  char error[SECRET_ERROR_BYTES];
  (void)context;
  assert_int_equal(ask_for(&history, 0, 0, 20).status, WITNESS_OK);
  assert_true(secret_replace(path, "x", 1, error, sizeof error));
  assert_int_equal(ask_for(&history, 0, 0, 20).status, WITNESS_FAULT);
  assert_true(secret_replace(path, "", 0, error, sizeof error));
  assert_int_equal(ask_for(&forged, 0, 0, 20).status, WITNESS_FAULT);
}

/* Two at a time: each size is cosigned with one root, and the state never goes back. */
static void test_two_at_a_time(void **context) {
  struct proof_tree *trees[2] = {&history, &forged};
  int signed_count = 0, status;
  (void)context;
  assert_int_equal(ask_for(&history, 0, 0, 10).status, WITNESS_OK); /* what both have in common */
  pid_t children[8];
  for (int i = 0; i < 8; i++) {
    children[i] = fork();
    assert_true(children[i] >= 0);
    if (children[i] == 0) _exit(ask_for(trees[i % 2], 10, 10, (uint64_t)(11 + i / 2)).status == WITNESS_OK ? 1 : 0);
  }
  for (int i = 0; i < 8; i++) {
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    signed_count += WEXITSTATUS(status);
  }
  assert_int_equal(signed_count, 1);
}

int main(void) {
  real = secret_disk;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_cosigns, fresh),       cmocka_unit_test_setup(test_conflict, fresh),
      cmocka_unit_test_setup(test_not_proved, fresh),    cmocka_unit_test_setup(test_first, fresh),
      cmocka_unit_test_setup(test_strangers, fresh),     cmocka_unit_test_setup(test_fork, fresh),
      cmocka_unit_test_setup(test_malformed, fresh),     cmocka_unit_test_setup(test_disk_full, fresh),
      cmocka_unit_test_setup(test_damaged_state, fresh), cmocka_unit_test_setup(test_two_at_a_time, fresh),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
