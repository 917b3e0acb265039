/* test_signer.c - what rectify-sign signs and what it refuses, its messages, its file under every fault, and the
 * program itself. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sign/secret.h"
#include "sign/signer.h"
#include "tests/unit/proof_tree.h"

static struct note_signer key;
static char folder[] = "/tmp/rectify-signer-XXXXXX";
static struct proof_tree true_history, forged = {.salt = 1, .from = 10};

static const char *in_folder(const char *name) {
  static char paths[4][SECRET_PATH_BYTES];
  static unsigned next;
  char *path = paths[next++ % 4];
  snprintf(path, SECRET_PATH_BYTES, "%s/%s", folder, name);
  return path;
}

static int set_up(void **state) {
  (void)state;
  key = proof_signer("rectify.test/log", NOTE_ED25519);
  return mkdtemp(folder) == NULL;
}

static int tear_down(void **state) {
  char command[4200];
  (void)state;
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

/* ---- judging ---- */

static struct signer_request request_of(struct proof_tree *tree, uint64_t old_size, uint64_t size) {
  struct signer_request request = {.ask = SIGNER_SIGN, .size = size};
  proof_root(tree, size, &request.root);
  if (old_size <= size) proof_consistency(tree, old_size, size, &request.proof);
  return request;
}

static struct signer_state state_at(uint64_t size) {
  struct signer_state state, next;
  assert_true(signer_begin(&key, &state));
  struct signer_request request = request_of(&true_history, 0, size);
  assert_int_equal(signer_judge(&key, &state, &request, &next), SIGNER_OK);
  return next;
}

static void is_signed(const struct signer_state *state, uint64_t size) {
  struct note note;
  struct checkpoint head;
  assert_true(note_parse(state->note, state->note_length, &note) && note_is_signed_by(&note, &key.verifier, NULL));
  assert_true(checkpoint_parse(note.text, note.text_length, &head));
  assert_int_equal(head.size, size);
  assert_string_equal(head.origin, "rectify.test/log");
  assert_memory_equal(&head, &state->last, sizeof head);
}

static void test_extends(void **context) {
  (void)context;
  for (uint64_t old = 0; old <= 70; old++) {
    struct signer_state state = state_at(old), next;
    for (uint64_t size = old; size <= 70; size++) {
      struct signer_request request = request_of(&true_history, old, size);
      assert_int_equal(signer_judge(&key, &state, &request, &next), SIGNER_OK);
      is_signed(&next, size);
    }
  }
}

static void test_refuses(void **context) {
  struct signer_state state = state_at(20), next;
  (void)context;
  memset(&next, 0x5a, sizeof next);
  const struct signer_state untouched = next;
  const struct {
    struct signer_request request;
    uint8_t verdict;
  } cases[] = {
      {request_of(&true_history, 20, 19), SIGNER_ROLLED_BACK},
      {request_of(&true_history, 0, 0), SIGNER_ROLLED_BACK},
      {request_of(&forged, 20, 20), SIGNER_FORKED},
      {request_of(&forged, 20, 30), SIGNER_NOT_PROVED},
      {request_of(&true_history, 19, 30), SIGNER_NOT_PROVED},
      {request_of(&true_history, 0, 30), SIGNER_NOT_PROVED}, /* an empty proof proves nothing but from size 0 */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(signer_judge(&key, &state, &cases[i].request, &next), cases[i].verdict);
    assert_memory_equal(&next, &untouched, sizeof next);
    assert_true(strlen(signer_verdict_text(cases[i].verdict)) > 5);
  }
  assert_string_equal(signer_verdict_text(SIGNER_ROLLED_BACK), "history rolled back");
}

/* The same head again gives the same note: there is one signature a size. */
static void test_again(void **context) {
  struct signer_state state = state_at(20), next;
  struct signer_request request = request_of(&true_history, 20, 20);
  (void)context;
  assert_int_equal(signer_judge(&key, &state, &request, &next), SIGNER_OK);
  assert_int_equal(next.note_length, state.note_length);
  assert_memory_equal(next.note, state.note, state.note_length);
}

/* ---- messages ---- */

static void test_messages(void **context) {
  static uint8_t bytes[SIGNER_REQUEST_BYTES_MAX + 1];
  static uint8_t reply_bytes[SIGNER_REPLY_BYTES_MAX];
  struct signer_request request = request_of(&true_history, 77, 299), again;
  struct signer_reply reply = {.verdict = SIGNER_FORKED, .size = 7, .note_length = 3, .note = "abc"}, reply_again;
  (void)context;
  size_t length = signer_request_pack(&request, bytes);
  assert_true(signer_request_unpack(bytes, length, &again));
  assert_memory_equal(&request, &again, sizeof again);
  for (size_t cut = 0; cut < length; cut++) assert_false(signer_request_unpack(bytes, cut, &again));
  assert_false(signer_request_unpack(bytes, length + 1, &again));
  bytes[0] = 3;
  assert_false(signer_request_unpack(bytes, length, &again));
  length = signer_reply_pack(&reply, reply_bytes);
  assert_true(signer_reply_unpack(reply_bytes, length, &reply_again));
  assert_int_equal(reply_again.verdict, SIGNER_FORKED);
  assert_memory_equal(reply_again.note, "abc", 3);
  for (size_t cut = 0; cut < length; cut++) assert_false(signer_reply_unpack(reply_bytes, cut, &reply_again));
}

/* ---- the file, under faults: call number `fault_at` to the disk fails, or ends the process as kill -9 would ---- */

enum fault { FAULT_NONE, FAULT_ERROR, FAULT_KILL, FAULT_TORN };
static enum fault fault;
static int fault_at, calls;
static struct secret_disk real;

static bool struck(void) {
  if (fault == FAULT_NONE || calls++ != fault_at) return false;
  if (fault == FAULT_KILL) raise(SIGKILL);
  errno = ENOSPC;
  return true;
}
static int bad_create(const char *path) {
  return struck() ? -1 : real.create(path);
}
static int bad_sync(int fd) {
  return struck() ? -1 : real.sync(fd);
}
static int bad_close(int fd) {
  int result = real.close(fd);
  return struck() ? -1 : result;
}
static int bad_rename(const char *from, const char *to) {
  return struck() ? -1 : real.rename(from, to);
}
static int bad_unlink(const char *path) {
  return struck() ? -1 : real.unlink(path);
}
static ssize_t bad_write(int fd, const void *data, size_t length) {
  if (!struck()) return real.write(fd, data, length < 50 ? length : 50); /* short writes are the rule here */
  if (fault != FAULT_TORN) return -1;
  (void)real.write(fd, data, length / 2);
  raise(SIGKILL);
  return -1;
}

static void faults(enum fault kind, int at) {
  fault = kind;
  fault_at = at;
  calls = 0;
  secret_disk = (struct secret_disk){bad_create, bad_write, bad_sync, bad_close, bad_rename, bad_unlink};
}

/* Keeps `next` in a process of its own with the fault; returns 1 when it said that it is kept, 0 when not, -1 when
 * killed. */
static int keep_in_child(const char *path, const struct signer_state *next, enum fault kind, int at) {
  char error[SECRET_ERROR_BYTES];
  int status;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    faults(kind, at);
    bool kept = signer_state_keep(path, next, error, sizeof error);
    _exit(fault != FAULT_NONE && calls <= fault_at ? 2 + kept : kept);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) return -1;
  return WEXITSTATUS(status); /* 2 and 3: the fault was never reached */
}

static void sweep(enum fault kind) {
  const char *path = in_folder("sweep");
  const struct signer_state before = state_at(20), after = state_at(33);
  char error[SECRET_ERROR_BYTES];
  struct signer_state found;
  int at = 0, killed = 0, failed = 0;
  (void)unlink(path);
  for (;; at++) {
    assert_true(at < 60);
    assert_true(signer_state_keep(path, &before, error, sizeof error)); /* also over what the last fault left */
    int kept = keep_in_child(path, &after, kind, at);
    assert_true(signer_state_load(path, &key, &found, error, sizeof error)); /* whole, whichever */
    bool is_new = found.last.size == 33;
    assert_memory_equal(&found, is_new ? &after : &before, sizeof found);
    if (kept == 1 || kept == 3) assert_true(is_new); /* what was said to be kept is */
    if (kept >= 2) break;
    killed += kept < 0;
    failed += kept == 0;
  }
  assert_true(at >= 8); /* the sweep met every call */
  if (kind == FAULT_ERROR) assert_true(failed >= 7);
  if (kind == FAULT_KILL) assert_int_equal(killed, at);
}

static void test_disk_errors(void **context) {
  (void)context;
  sweep(FAULT_ERROR);
}
static void test_kill(void **context) {
  (void)context;
  sweep(FAULT_KILL);
}
static void test_torn(void **context) {
  (void)context;
  sweep(FAULT_TORN);
}

/* ---- secrets ---- */

static void put_file(const char *path, const char *text, mode_t mode) {
  (void)unlink(path); /* one of before may be read-only */
  FILE *file = fopen(path, "w");
  assert_true(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0 && chmod(path, mode) == 0);
}

static void test_secrets(void **context) {
  char out[64], error[SECRET_ERROR_BYTES];
  size_t length;
  struct stat status;
  const char *path = in_folder("secret");
  (void)context;
  assert_true(secret_write(path, "abc", 3, error, sizeof error));
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(status.st_mode & 07777, 0600);
  assert_false(secret_write(path, "def", 3, error, sizeof error)); /* never over another one */
  assert_true(secret_read(path, out, sizeof out, &length, error, sizeof error) && length == 3);
  for (mode_t bit = 01; bit <= 040; bit <<= 1) {
    assert_int_equal(chmod(path, 0600 | bit), 0);
    assert_false(secret_read(path, out, sizeof out, &length, error, sizeof error));
    assert_non_null(strstr(error, "chmod 600"));
  }
  assert_int_equal(chmod(path, 0400), 0);
  assert_true(secret_read(path, out, sizeof out, &length, error, sizeof error));
  assert_false(secret_read(path, out, 2, &length, error, sizeof error)); /* too long */
  assert_int_equal(symlink(path, in_folder("link")), 0);
  assert_false(secret_read(in_folder("link"), out, sizeof out, &length, error, sizeof error));
  assert_false(secret_read(folder, out, sizeof out, &length, error, sizeof error));
}

static void test_credentials(void **context) {
  char out[64], error[SECRET_ERROR_BYTES];
  size_t length;
  (void)context;
  put_file(in_folder("log.key"), "abc", 0440); /* as systemd hands it out when it uses access lists */
  assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
  assert_false(secret_read("credential:log.key", out, sizeof out, &length, error, sizeof error));
  assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
  assert_true(secret_read("credential:log.key", out, sizeof out, &length, error, sizeof error) && length == 3);
  assert_false(secret_read("credential:../passwd", out, sizeof out, &length, error, sizeof error));
  assert_false(secret_read("credential:", out, sizeof out, &length, error, sizeof error));
  put_file(in_folder("log.key"), "abc", 0444);
  assert_false(secret_read("credential:log.key", out, sizeof out, &length, error, sizeof error));
}

static void test_guard(void **context) {
  int status;
  (void)context;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    struct rlimit core;
    bool before = prctl(PR_GET_DUMPABLE) == 1;
    (void)secret_guard_memory();
    _exit(before && prctl(PR_GET_DUMPABLE) == 0 && getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 ? 0 : 1);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A state that was torn, emptied, swapped for another key's, or edited is not begun with. */
static void test_damaged_state(void **context) {
  struct signer_state state = state_at(20), found;
  struct note_signer other = proof_signer("rectify.test/log", NOTE_ED25519);
  char error[SECRET_ERROR_BYTES];
  const char *path = in_folder("damaged");
  (void)context;
  assert_false(signer_state_load(path, &key, &found, error, sizeof error)); /* missing: no new one is begun by itself */
  for (size_t length = 0; length < state.note_length; length++) {
    struct signer_state torn = state;
    torn.note_length = length;
    assert_true(signer_state_keep(path, &torn, error, sizeof error));
    assert_false(signer_state_load(path, &key, &found, error, sizeof error));
  }
  assert_true(signer_state_keep(path, &state, error, sizeof error));
  assert_true(signer_state_load(path, &key, &found, error, sizeof error));
  assert_false(signer_state_load(path, &other, &found, error, sizeof error));
}

/* ---- the program ---- */

static const char *program(void) {
  static char path[SECRET_PATH_BYTES];
  const char *build = getenv("B");
  snprintf(path, sizeof path, "%s/rectify-sign", build != NULL ? build : "build");
  return path;
}

static pid_t start_program(int *fd) {
  int pair[2];
  char number[16];
  assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    (void)close(pair[0]);
    snprintf(number, sizeof number, "%d", pair[1]);
    execl(program(), "rectify-sign", "run", "--key", in_folder("run.key"), "--state", in_folder("run.state"), "--fd",
          number, NULL);
    _exit(127);
  }
  (void)close(pair[1]);
  *fd = pair[0];
  return child;
}

static struct signer_reply ask(int fd, const struct signer_request *request) {
  static uint8_t bytes[SIGNER_REQUEST_BYTES_MAX], answer[SIGNER_REPLY_BYTES_MAX];
  struct signer_reply reply;
  size_t length = signer_request_pack(request, bytes);
  assert_int_equal(send(fd, bytes, length, 0), length);
  ssize_t got = recv(fd, answer, sizeof answer, 0);
  assert_true(got > 0 && signer_reply_unpack(answer, (size_t)got, &reply));
  return reply;
}

static void run_new(void) {
  char text[NOTE_KEY_TEXT_BYTES_MAX + 1], error[SECRET_ERROR_BYTES];
  struct signer_state first;
  note_signer_format(&key, text);
  strcat(text, "\n");
  assert_true(secret_write(in_folder("run.key"), text, strlen(text), error, sizeof error));
  assert_true(signer_begin(&key, &first) && signer_state_keep(in_folder("run.state"), &first, error, sizeof error));
}

static bool has_no_core(pid_t child) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/limits", child);
  FILE *file = fopen(path, "r");
  bool none = false;
  while (file != NULL && fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, "Max core file size", 18) == 0) none = strstr(line + 18, " 0 ") != NULL;
  if (file != NULL) (void)fclose(file);
  return none;
}

static void test_program(void **context) {
  int fd, status;
  struct signer_request ask_status = {.ask = SIGNER_STATUS}, good = request_of(&true_history, 0, 20);
  (void)context;
  run_new();
  pid_t child = start_program(&fd);
  assert_int_equal(ask(fd, &ask_status).size, 0);
  assert_int_equal(ask(fd, &good).verdict, SIGNER_OK);
  assert_true(has_no_core(child));
  struct signer_request back = request_of(&true_history, 0, 10);
  assert_int_equal(ask(fd, &back).verdict, SIGNER_ROLLED_BACK);
  assert_int_equal(kill(child, SIGKILL), 0); /* at once after an answer: what was answered is on disk */
  assert_int_equal(waitpid(child, &status, 0), child);
  (void)close(fd);
  child = start_program(&fd);
  struct signer_reply reply = ask(fd, &ask_status);
  assert_int_equal(reply.size, 20);
  struct signer_request other = request_of(&forged, 20, 20);
  assert_int_equal(ask(fd, &other).verdict, SIGNER_FORKED);
  assert_int_equal(send(fd, "x", 1, 0), 1);
  uint8_t answer[SIGNER_REPLY_BYTES_MAX];
  assert_true(recv(fd, answer, sizeof answer, 0) > 0 && answer[0] == SIGNER_MALFORMED);
  (void)close(fd);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A folder that says it is written and cannot be opened any more, as on a disk that has gone meanwhile, is not. */
static char gone_from[SECRET_PATH_BYTES], gone_to[SECRET_PATH_BYTES];
static int sync_and_go(int fd) {
  struct stat status;
  assert_int_equal(fstat(fd, &status), 0);
  if (S_ISDIR(status.st_mode)) assert_int_equal(rename(gone_from, gone_to), 0);
  return 0;
}

static void test_folder_that_goes(void **context) {
  char error[SECRET_ERROR_BYTES], path[SECRET_PATH_BYTES + 8];
  (void)context;
  snprintf(gone_from, sizeof gone_from, "%s", in_folder("here"));
  snprintf(gone_to, sizeof gone_to, "%s", in_folder("gone"));
  snprintf(path, sizeof path, "%s/state", gone_from);
  assert_int_equal(mkdir(gone_from, 0700), 0);
  assert_true(secret_write(path, "abc", 3, error, sizeof error));
  secret_disk.sync = sync_and_go;
  assert_false(secret_replace(path, "def", 3, error, sizeof error));
  secret_disk = real;
  assert_non_null(strstr(error, "No such file"));
}

int main(void) {
  real = secret_disk;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_extends),       cmocka_unit_test(test_refuses),     cmocka_unit_test(test_again),
      cmocka_unit_test(test_messages),      cmocka_unit_test(test_disk_errors), cmocka_unit_test(test_kill),
      cmocka_unit_test(test_torn),          cmocka_unit_test(test_secrets),     cmocka_unit_test(test_credentials),
      cmocka_unit_test(test_folder_that_goes), cmocka_unit_test(test_damaged_state), cmocka_unit_test(test_guard),       cmocka_unit_test(test_program),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
