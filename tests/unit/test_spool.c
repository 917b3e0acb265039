/* The spool of librectify: a death and a failure at every write, a torn and a damaged file, two processes, and random
 * sequences of saving, sending, dropping and forgetting against a model, with a daemon that loses what it likes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "client/spool.h"

static char folder[64], error[RECTIFY_TEXT_BYTES];
static const struct spool_disk *real;
static struct spool_disk kept_real;

static int set_up(void **state) {
  (void)state;
  strcpy(folder, "/tmp/rectify-spool-XXXXXX");
  kept_real = spool_disk;
  real = &kept_real;
  return mkdtemp(folder) == NULL;
}

/* A line of shell, with the spool as $1. */
static void run(const char *script) {
  char line[512];
  snprintf(line, sizeof line, "set -- '%s'; %s", folder, script);
  assert_int_equal(system(line), 0);
}

static int tear_down(void **state) {
  (void)state;
  spool_disk = kept_real;
  run("rm -rf $1 $1.copy");
  return 0;
}

static void make_id(uint32_t number, uint8_t id[16]) {
  memset(id, 0, 16);
  id[6] = 0x70;
  id[8] = 0x80;
  for (unsigned i = 0; i < 4; i++) id[12 + i] = (uint8_t)(number >> (24 - 8 * i));
}

static uint32_t number_of(const uint8_t id[16]) {
  return (uint32_t)id[12] << 24 | (uint32_t)id[13] << 16 | (uint32_t)id[14] << 8 | id[15];
}

/* Adds the commands first..first+count-1, all about case 42. */
static int add(struct rectify_spool *spool, uint32_t first, uint32_t count, uint32_t *known) {
  enum { MOST = 8 };
  static uint8_t ids[MOST][16];
  Rectify__V1__Command commands[MOST], *pointers[MOST];
  Rectify__V1__Act act = RECTIFY__V1__ACT__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  static uint8_t text[] = "seen on site";
  for (uint32_t i = 0; i < count; i++) {
    make_id(first + i, ids[i]);
    rectify__v1__command__init(&commands[i]);
    commands[i].id = (ProtobufCBinaryData){.len = 16, .data = ids[i]};
    commands[i].command = COMMAND_COMMENT;
    commands[i].case_no = 42;
    commands[i].text = (ProtobufCBinaryData){.len = sizeof text - 1, .data = text};
    pointers[i] = &commands[i];
  }
  act.n_commands = count;
  act.commands = pointers;
  request.body_case = RECTIFY__V1__REQUEST__BODY_ACT;
  request.act = &act;
  return rectify_spool_add(spool, "ipc:///a", first % 7 == 0 ? "o2" : "o1", &request, known);
}

static struct rectify_spool *open_spool(void) {
  struct rectify_spool *spool;
  int result = rectify_spool_open(folder, &spool, error);
  if (result != RECTIFY_OK) print_error("%s\n", error);
  assert_int_equal(result, RECTIFY_OK);
  return spool;
}

static uint32_t number_at(struct rectify_spool *spool, size_t at) {
  struct rectify_spooled item;
  assert_int_equal(rectify_spool_item(spool, at, &item), RECTIFY_OK);
  return number_of(item.id);
}

static void keeps_and_knows(void **state) {
  (void)state;
  uint32_t known = 9;
  struct rectify_spool *spool = open_spool();
  assert_int_equal(add(spool, 1, 3, &known), RECTIFY_OK);
  assert_int_equal(known, 0);
  rectify_spool_close(spool);
  spool = open_spool();
  assert_int_equal(rectify_spool_count(spool), 3);
  assert_int_equal(rectify_spool_waiting(spool, NULL), 3);
  assert_int_equal(rectify_spool_waiting(spool, "ipc:///b,ipc:///a"), 3);
  assert_int_equal(rectify_spool_waiting(spool, "ipc:///b"), 0);
  assert_int_equal(add(spool, 2, 3, &known), RECTIFY_OK);
  assert_int_equal(known, 2);
  for (uint32_t i = 0; i < 4; i++) assert_int_equal(number_at(spool, i), i + 1);
  struct rectify_spooled item;
  assert_int_equal(rectify_spool_item(spool, 0, &item), RECTIFY_OK);
  assert_string_equal(item.endpoint, "ipc:///a");
  assert_int_equal(item.request->act->commands[0]->case_no, 42);
  assert_int_equal(item.fate, RECTIFY_WAITING);
  assert_null(item.outcome);
  rectify_spool_close(spool);
}

static void refuses_other_content_and_nonsense(void **state) {
  (void)state;
  struct rectify_spool *spool = open_spool();
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Submit submit = RECTIFY__V1__SUBMIT__INIT;
  Rectify__V1__Finding finding = RECTIFY__V1__FINDING__INIT, *pointer = &finding;
  uint8_t id[16];
  assert_int_equal(add(spool, 1, 1, NULL), RECTIFY_OK);
  make_id(1, id);
  submit.n_findings = 1;
  submit.findings = &pointer;
  request.body_case = RECTIFY__V1__REQUEST__BODY_SUBMIT;
  request.submit = &submit;
  assert_int_equal(rectify_spool_add(spool, "", "o1", &request, NULL), RECTIFY_PROTOCOL); /* no id */
  finding.id = (ProtobufCBinaryData){.len = 16, .data = id};
  assert_int_equal(rectify_spool_add(spool, "", "o1", &request, NULL), RECTIFY_PROTOCOL);
  assert_non_null(strstr(rectify_spool_error(spool), "something else"));
  request.body_case = RECTIFY__V1__REQUEST__BODY_PING;
  assert_int_equal(rectify_spool_add(spool, "", "o1", &request, NULL), RECTIFY_PROTOCOL);
  assert_int_equal(rectify_spool_count(spool), 1);
  rectify_spool_close(spool);
}

/* ---- a death at every write ---- */

static int calls, fatal; /* the fatal-th call is the last one */
static bool dies;        /* else it fails */
static bool cuts_power;  /* what was written since the last sync is lost with it */
enum { FILES_MAX = 64 };
static bool is_tracked[FILES_MAX];
static off_t synced[FILES_MAX]; /* length that is on disk for sure */

static bool is_fatal(void) { return ++calls == fatal; }

static off_t length_of(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_size : 0;
}

static int end(void) {
  for (int fd = 0; cuts_power && fd < FILES_MAX; fd++)
    if (is_tracked[fd] && real->truncate(fd, synced[fd]) != 0) is_tracked[fd] = false;
  if (dies) _exit(9);
  errno = ENOSPC;
  return -1;
}
static int bad_open(const char *path, int flags) {
  if (is_fatal()) return end();
  int fd = real->open(path, flags);
  assert_true(fd < FILES_MAX);
  if (fd < 0) return fd;
  is_tracked[fd] = true;
  synced[fd] = length_of(fd);
  return fd;
}
static ssize_t bad_write(int fd, const void *data, size_t length, off_t at) {
  if (!is_fatal()) return real->write(fd, data, length, at);
  (void)real->write(fd, data, length / 2, at); /* half of it is there */
  return end();
}
static int bad_sync(int fd) {
  if (is_fatal()) return end();
  if (fd < FILES_MAX) synced[fd] = length_of(fd);
  return real->sync(fd);
}
static int bad_truncate(int fd, off_t length) { return is_fatal() ? end() : real->truncate(fd, length); }
static int bad_rename(const char *from, const char *to) { return is_fatal() ? end() : real->rename(from, to); }
static const struct spool_disk bad_disk = {bad_open, bad_write, bad_sync, bad_truncate, bad_rename};

/* What a run says that it did: so many commands are saved, so many of them settled, and all settled ones forgotten. */
struct said {
  uint32_t saved, dropped, forgotten;
};

static int drop(struct rectify_spool *spool, uint32_t number) {
  struct rectify_fate_of fate = {.fate = RECTIFY_DROPPED};
  make_id(number, fate.id);
  return rectify_spool_settle(spool, &fate, 1, NULL);
}

/* Saves, drops and forgets until something fails; `said` goes to `out` after each step that was promised. */
static void scenario(int out) {
  struct said said = {0};
  struct rectify_spool *spool;
  if (rectify_spool_open(folder, &spool, error) != RECTIFY_OK) return;
  for (uint32_t round = 0; round < 4; round++) {
    if (add(spool, said.saved + 1, 3, NULL) != RECTIFY_OK) break;
    said.saved += 3;
    if (write(out, &said, sizeof said) != sizeof said) break;
    if (drop(spool, said.dropped + 1) != RECTIFY_OK) break;
    said.dropped++;
    if (write(out, &said, sizeof said) != sizeof said) break;
    if (round % 2 == 0) continue;
    if (rectify_spool_forget(spool) != RECTIFY_OK) break;
    said.forgotten = said.dropped;
    if (write(out, &said, sizeof said) != sizeof said) break;
  }
  rectify_spool_close(spool);
}

/* Runs it in a child; what it said last.  True when it came to its end without meeting the fatal call. */
static bool run_scenario(struct said *said) {
  int pipes[2], status;
  struct said last;
  assert_int_equal(pipe(pipes), 0);
  *said = (struct said){0};
  pid_t child = fork();
  if (child == 0) {
    spool_disk = bad_disk;
    calls = 0;
    scenario(pipes[1]);
    _exit(calls >= fatal ? 8 : 0);
  }
  close(pipes[1]);
  while (read(pipes[0], &last, sizeof last) == sizeof last) *said = last;
  close(pipes[0]);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status) == 0;
}

/* All that was promised is there, in order; at most the step that was under way may be there beyond it, whole. */
static void check_against(const struct said *said) {
  struct rectify_spool *spool = open_spool();
  uint32_t previous = 0, last = 0, dropped = 0;
  for (size_t i = 0; i < rectify_spool_count(spool); i++) {
    struct rectify_spooled item;
    assert_int_equal(rectify_spool_item(spool, i, &item), RECTIFY_OK);
    last = number_of(item.id);
    if (i > 0) assert_int_equal(last, previous + 1);
    else assert_in_range(last, 1, said->dropped + 2); /* forgotten ones are gone from the front */
    previous = last;
    if (item.fate == RECTIFY_DROPPED) dropped = last;
    if (last <= said->dropped && last > said->forgotten) assert_int_equal(item.fate, RECTIFY_DROPPED);
    if (last > said->dropped + 1) assert_int_equal(item.fate, RECTIFY_WAITING);
  }
  assert_true(last == said->saved || last == said->saved + 3);
  assert_true(dropped == 0 || dropped <= said->dropped + 1);
  assert_int_equal(add(spool, last + 1, 1, NULL), RECTIFY_OK); /* and life goes on */
  assert_int_equal(number_at(spool, rectify_spool_count(spool) - 1), last + 1);
  rectify_spool_close(spool);
  spool = open_spool();
  assert_int_equal(number_at(spool, rectify_spool_count(spool) - 1), last + 1);
  rectify_spool_close(spool);
}

static void sweep(bool with_death, bool with_power_cut) {
  struct said said;
  dies = with_death;
  cuts_power = with_power_cut;
  for (fatal = 1;; fatal++) {
    run("rm -rf $1/*");
    bool whole = run_scenario(&said);
    check_against(&said);
    if (whole) break;
    assert_true(fatal < 1000);
  }
  assert_in_range(fatal, 30, 999); /* it did meet many writes */
  print_message("# %d calls that change the disk, a %s at each\n", fatal - 1,
                with_power_cut ? "power cut" : with_death ? "death" : "failure");
  cuts_power = false;
}

static void survives_a_death_at_every_write(void **state) {
  (void)state;
  sweep(true, false);
}

static void survives_a_power_cut_at_every_write(void **state) {
  (void)state;
  sweep(true, true);
}

static void survives_a_full_disk_at_every_write(void **state) {
  (void)state;
  sweep(false, false);
}

static void says_that_the_disk_is_full(void **state) {
  (void)state;
  struct rectify_spool *spool = open_spool();
  assert_int_equal(add(spool, 1, 2, NULL), RECTIFY_OK);
  const uint64_t end = spool->queue.end;
  spool_disk = bad_disk;
  calls = 0;
  fatal = 1;
  dies = false;
  assert_int_equal(add(spool, 3, 2, NULL), RECTIFY_SYSTEM);
  assert_non_null(strstr(rectify_spool_error(spool), "nothing was kept"));
  assert_non_null(strstr(rectify_spool_error(spool), "the disk is full"));
  spool_disk = kept_real;
  struct stat status;
  assert_int_equal(fstat(spool->queue.fd, &status), 0);
  assert_int_equal(status.st_size, end); /* nothing half kept */
  assert_int_equal(add(spool, 3, 2, NULL), RECTIFY_OK);
  assert_int_equal(rectify_spool_count(spool), 4);
  rectify_spool_close(spool);
}

/* A folder that says it is written and cannot be opened any more, as on a disk that has gone meanwhile, is not. */
static char here[128], gone[128];
static int sync_and_go(int fd) {
  (void)fd;
  assert_int_equal(rename(here, gone), 0);
  return 0;
}

static void sees_that_the_folder_went(void **state) {
  (void)state;
  char path[160];
  snprintf(here, sizeof here, "%s/here", folder);
  snprintf(gone, sizeof gone, "%s/gone", folder);
  snprintf(path, sizeof path, "%s/queue", here);
  assert_int_equal(mkdir(here, 0700), 0);
  assert_int_equal(spool_folder_sync(path), SPOOL_FILE_FINE);
  spool_disk.sync = sync_and_go;
  assert_int_equal(spool_folder_sync(path), SPOOL_FILE_FAILED);
  spool_disk = kept_real;
  assert_int_equal(rmdir(gone), 0);
}

/* ---- what the file may look like ---- */

static void change(const char *name, off_t at, int by, off_t cut) {
  char path[128];
  uint8_t byte;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int fd = open(path, O_RDWR);
  assert_true(fd >= 0);
  if (by != 0) {
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte = (uint8_t)(byte ^ by);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
  }
  if (cut >= 0) assert_int_equal(ftruncate(fd, cut), 0);
  close(fd);
}

/* Cut anywhere in the last record, or never written from there on, the first two are there; a byte changed in any, also in the last,
 * it is refused. */
static void cuts_off_a_torn_end_but_no_damage(void **state) {
  (void)state;
  struct rectify_spool *spool = open_spool();
  uint64_t ends[3];
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(add(spool, i + 1, 1, NULL), RECTIFY_OK);
    ends[i] = spool->queue.end;
  }
  rectify_spool_close(spool);
  run("cp $1/queue $1.copy");
  for (uint64_t cut = ends[1]; cut < ends[2]; cut++) {
    run("cp $1.copy $1/queue");
    change("queue", 0, 0, (off_t)cut);
    spool = open_spool();
    assert_int_equal(rectify_spool_count(spool), 2);
    assert_int_equal(spool->queue.end, ends[1]);
    rectify_spool_close(spool);
  }
  for (uint64_t cut = ends[1]; cut < ends[2]; cut++) {
    run("cp $1.copy $1/queue");
    change("queue", 0, 0, (off_t)cut);
    change("queue", 0, 0, (off_t)ends[2]);
    spool = open_spool();
    assert_int_equal(rectify_spool_count(spool), 2);
    rectify_spool_close(spool);
  }
  for (uint64_t at = 0; at < ends[2]; at++) {
    run("cp $1.copy $1/queue");
    change("queue", (off_t)at, 0x40, -1);
    assert_int_equal(rectify_spool_open(folder, &spool, error), RECTIFY_PROTOCOL);
    assert_non_null(strstr(error, "damaged"));
  }
}

/* Two processes add at once: all of both, each in its own order, nothing twice. */
static void two_processes_share_it(void **state) {
  (void)state;
  enum { EACH = 60 };
  pid_t children[2];
  for (uint32_t who = 0; who < 2; who++) {
    children[who] = fork();
    if (children[who] != 0) continue;
    struct rectify_spool *spool = open_spool();
    bool fine = true;
    for (uint32_t i = 0; i < EACH; i++) fine &= add(spool, (who + 1) * 1000 + i, 1, NULL) == RECTIFY_OK;
    for (uint32_t i = 0; i < EACH; i += 7) fine &= rectify_spool_forget(spool) == RECTIFY_OK;
    _exit(!fine);
  }
  for (uint32_t who = 0; who < 2; who++) {
    int status;
    assert_int_equal(waitpid(children[who], &status, 0), children[who]);
    assert_int_equal(status, 0);
  }
  struct rectify_spool *spool = open_spool();
  uint32_t next[2] = {1000, 2000};
  assert_int_equal(rectify_spool_count(spool), 2 * EACH);
  for (size_t i = 0; i < 2 * EACH; i++) {
    uint32_t number = number_at(spool, i);
    assert_int_equal(number, next[number / 1000 - 1]++);
  }
  rectify_spool_close(spool);
}

/* ---- random sequences against a model ---- */

enum { ITEMS_MAX = 4000, STEPS = 260 };
static void *context, *router;
static char endpoint[96];
static atomic_bool online, stop;
static uint64_t chance_state, daemon_chance; /* of each side its own */
/* What the daemon knows, in the order in which it came to know it. */
static uint32_t heard[ITEMS_MAX], heard_count;
static bool is_heard[ITEMS_MAX];

static uint32_t chance_of(uint64_t *state, uint32_t one_of) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (uint32_t)(*state >> 33) % one_of;
}

static uint32_t chance(uint32_t one_of) { return chance_of(&chance_state, one_of); }

/* Every eleventh is refused; every 37th is an error of its field, for the whole request. */
static void answer(const uint8_t *routing, size_t routing_length, const Rectify__V1__Request *request, bool is_lost) {
  static Rectify__V1__Outcome outcomes[SPOOL_BATCH_MAX], *pointers[SPOOL_BATCH_MAX];
  static Rectify__V1__Receipt receipts[SPOOL_BATCH_MAX];
  static Rectify__V1__Refusal refusals[SPOOL_BATCH_MAX];
  Rectify__V1__Outcomes all = RECTIFY__V1__OUTCOMES__INIT;
  Rectify__V1__Error error_body = RECTIFY__V1__ERROR__INIT;
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  bool bad = false;
  size_t length;
  for (size_t i = 0; i < request->act->n_commands; i++) bad |= number_of(request->act->commands[i]->id.data) % 37 == 0;
  for (size_t i = 0; i < request->act->n_commands && !bad; i++) {
    const uint8_t *id = request->act->commands[i]->id.data;
    const uint32_t number = number_of(id);
    rectify__v1__outcome__init(&outcomes[i]);
    rectify__v1__receipt__init(&receipts[i]);
    rectify__v1__refusal__init(&refusals[i]);
    outcomes[i].id = request->act->commands[i]->id;
    outcomes[i].result_case = number % 11 == 0 ? RECTIFY__V1__OUTCOME__RESULT_REFUSAL : RECTIFY__V1__OUTCOME__RESULT_RECEIPT;
    refusals[i].rule = RULE_NO_SUCH_MOVE;
    receipts[i].rule = RULE_COMMENTED;
    receipts[i].case_no = 42;
    receipts[i].event_number = number;
    receipts[i].repeated = is_heard[number];
    if (number % 11 == 0) outcomes[i].refusal = &refusals[i];
    else outcomes[i].receipt = &receipts[i];
    pointers[i] = &outcomes[i];
    if (!is_heard[number]) heard[heard_count++] = number;
    is_heard[number] = true;
  }
  reply.version = WIRE_VERSION;
  reply.id = request->id;
  all.n_outcomes = request->act->n_commands;
  all.outcomes = pointers;
  reply.body_case = bad ? RECTIFY__V1__REPLY__BODY_ERROR : RECTIFY__V1__REPLY__BODY_OUTCOMES;
  error_body.code = FAILURE_FIELD;
  if (bad) reply.error = &error_body;
  else reply.outcomes = &all;
  if (is_lost) return;
  uint8_t *bytes = codec_pack(&reply.base, &length);
  (void)zmq_send(router, routing, routing_length, ZMQ_SNDMORE);
  (void)zmq_send(router, bytes, length, 0);
  free(bytes);
}

/* A daemon that is off from time to time, loses requests and answers, and says "later". */
static void *serve(void *unused) {
  (void)unused;
  static uint8_t bytes[1 << 20];
  struct codec_arena *arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
  while (!atomic_load(&stop)) {
    uint8_t routing[16];
    struct uuid id;
    bool has_id;
    struct codec_error fault;
    int routing_length = zmq_recv(router, routing, sizeof routing, 0);
    if (routing_length < 0) continue;
    int length = zmq_recv(router, bytes, sizeof bytes, 0);
    codec_arena_reset(arena);
    Rectify__V1__Request *request = codec_request(arena, bytes, (size_t)length, &id, &has_id, &fault);
    if (request == NULL || !atomic_load(&online) || chance_of(&daemon_chance, 6) == 0) continue;
    answer(routing, (size_t)routing_length, request, chance_of(&daemon_chance, 6) == 0);
  }
  codec_arena_free(arena);
  return NULL;
}

/* What the client side must have come to. */
static uint32_t added_count, told_count;
static bool is_dropped[ITEMS_MAX], is_told[ITEMS_MAX];

static void told(void *unused, const struct rectify_spooled *item) {
  (void)unused;
  const uint32_t number = number_of(item->id);
  assert_false(is_told[number]);
  is_told[number] = true;
  told_count++;
  enum rectify_fate fate = number % 37 == 0 ? RECTIFY_FAILED : number % 11 == 0 ? RECTIFY_REFUSED : RECTIFY_RECEIVED;
  assert_int_equal(item->fate, fate);
  assert_non_null(item->outcome);
  if (fate == RECTIFY_RECEIVED) assert_int_equal(item->outcome->receipt->event_number, number);
}

static uint32_t random_waiting(struct rectify_spool *spool) {
  struct rectify_spooled item;
  size_t count = rectify_spool_count(spool);
  if (count == 0) return 0;
  assert_int_equal(rectify_spool_item(spool, chance((uint32_t)count), &item), RECTIFY_OK);
  return item.fate == RECTIFY_WAITING ? number_of(item.id) : 0;
}

static struct rectify_spool *step(struct rectify_spool *spool, struct rectify *client) {
  const uint32_t what = chance(12);
  if (what < 5) {
    const uint32_t count = 1 + chance(8);
    assert_int_equal(add(spool, added_count + 1, count, NULL), RECTIFY_OK);
    added_count += count;
  } else if (what < 7) {
    int result = rectify_spool_send(spool, client, NULL, 40, told, NULL);
    assert_true(result == RECTIFY_OK || result == RECTIFY_TIMEOUT);
    if (!atomic_load(&online) && rectify_spool_waiting(spool, NULL) > 0) assert_int_equal(result, RECTIFY_TIMEOUT);
  } else if (what == 7) {
    atomic_store(&online, chance(2) == 0);
  } else if (what == 8) {
    uint32_t number = random_waiting(spool);
    if (number != 0) assert_int_equal(drop(spool, number), RECTIFY_OK);
    if (number != 0) is_dropped[number] = true;
  } else if (what == 9) {
    if (chance(4) == 0) assert_int_equal(rectify_spool_forget(spool), RECTIFY_OK);
  } else {
    rectify_spool_close(spool);
    return open_spool();
  }
  return spool;
}

static void check_end(struct rectify_spool *spool) {
  uint32_t previous = 0, seen = 0;
  for (uint32_t i = 0; i < heard_count; previous = heard[i++]) assert_true(heard[i] > previous); /* in order, once */
  assert_int_equal(rectify_spool_waiting(spool, NULL), 0);
  for (uint32_t number = 1; number <= added_count; number++) {
    if (!is_dropped[number]) assert_true(is_told[number]);
    if (!is_dropped[number] && number % 37 != 0) assert_true(is_heard[number]);
    if (is_dropped[number]) assert_false(is_told[number]);
    seen += is_heard[number];
  }
  assert_int_equal(seen, heard_count);
}

static void random_sequences_agree_with_the_model(void **state) {
  (void)state;
  pthread_t thread;
  int patience = 20, linger = 0;
  const char *given = getenv("SEED");
  uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 20260211;
  print_message("# seed %llu\n", (unsigned long long)seed);
  chance_state = seed | 1;
  daemon_chance = (seed << 1) | 1;
  snprintf(endpoint, sizeof endpoint, "ipc://%s/socket", folder);
  context = zmq_ctx_new();
  router = zmq_socket(context, ZMQ_ROUTER);
  zmq_setsockopt(router, ZMQ_RCVTIMEO, &patience, sizeof patience);
  zmq_setsockopt(router, ZMQ_LINGER, &linger, sizeof linger);
  assert_int_equal(zmq_bind(router, endpoint), 0);
  struct rectify *client = rectify_open(endpoint, "o9");
  client->timing = (struct client_timing){.first_msec = 3, .max_msec = 8, .jitter_percent = 20};
  struct rectify_spool *spool = open_spool();
  assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
  for (uint32_t i = 0; i < STEPS; i++) spool = step(spool, client);
  atomic_store(&online, true);
  assert_int_equal(rectify_spool_send(spool, client, NULL, 10000, told, NULL), RECTIFY_OK);
  atomic_store(&stop, true);
  pthread_join(thread, NULL);
  check_end(spool);
  print_message("# %u added, %u heard of, %u answered\n", added_count, heard_count, told_count);
  assert_in_range(added_count, 100, ITEMS_MAX);
  rectify_spool_close(spool);
  rectify_close(client);
  zmq_close(router);
  zmq_ctx_term(context);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(keeps_and_knows),
      TEST(refuses_other_content_and_nonsense),
      TEST(survives_a_death_at_every_write),
      TEST(survives_a_power_cut_at_every_write),
      TEST(survives_a_full_disk_at_every_write),
      TEST(says_that_the_disk_is_full),
      TEST(sees_that_the_folder_went),
      TEST(cuts_off_a_torn_end_but_no_damage),
      TEST(two_processes_share_it),
      TEST(random_sequences_agree_with_the_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
