/* fuzz_spool.c - hostile spools and bundles.  The first byte chooses: a file `queue`, a file `receipts` behind a good queue, the
 * records of either with their sums made right, or a bundle.  Whatever is opened can be listed, added to and opened again; no
 * bundle is taken that no key has signed.
 *
 * `make test` replays corpus/spool through it; `make fuzz` searches. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/bundle.h"
#include "rectify/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64];

static void remove_folder(void) {
  static const char *const names[] = {"queue", "receipts", "lock", "sender", "queue.new", "receipts.new"};
  char path[128];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    (void)unlink(path);
  }
  (void)rmdir(folder);
}

static void make_folder(void) {
  strcpy(folder, "/tmp/rectify-fuzz-XXXXXX");
  must(mkdtemp(folder) != NULL);
}

static void put_file(const char *name, const char *mark, const uint8_t *data, size_t size) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  must(fd >= 0 && write(fd, mark, strlen(mark)) == (ssize_t)strlen(mark) && write(fd, data, size) == (ssize_t)size);
  close(fd);
}

/* The same bytes as one record with its right sum. */
static void put_record(const char *name, const char *mark, const uint8_t *data, size_t size) {
  struct spool_file file;
  if (size == 0) return;
  must(spool_file_open(&file, folder, name, mark) == SPOOL_FILE_FINE);
  must(spool_file_append(&file, data, size) == SPOOL_FILE_FINE);
  spool_file_close(&file);
}

/* One command; the same each time. */
static int add(struct rectify_spool *spool) {
  static uint8_t id[16] = {[6] = 0x70, [8] = 0x80}, text[] = "seen";
  Rectify__V1__Command command = RECTIFY__V1__COMMAND__INIT, *pointer = &command;
  Rectify__V1__Act act = RECTIFY__V1__ACT__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  command.id = (ProtobufCBinaryData){sizeof id, id};
  command.command = COMMAND_COMMENT;
  command.case_no = 1;
  command.text = (ProtobufCBinaryData){sizeof text - 1, text};
  act.n_commands = 1;
  act.commands = &pointer;
  request.body_case = RECTIFY__V1__REQUEST__BODY_ACT;
  request.act = &act;
  return rectify_spool_add(spool, "ipc:///a", "o1", &request, NULL);
}

static void list(struct rectify_spool *spool) {
  struct rectify_spooled item;
  size_t waiting = 0, at;
  for (size_t i = 0; i < rectify_spool_count(spool); i++) {
    waiting += spool->entries[i].fate == RECTIFY_WAITING;
    must(rectify_spool_find(spool, spool->entries[i].id, &at) && at == i);
    if (rectify_spool_item(spool, i, &item) == RECTIFY_OK) must(item.request != NULL && memcmp(item.id, spool->entries[i].id, 16) == 0);
  }
  must(waiting == rectify_spool_waiting(spool, NULL) && rectify_spool_waiting(spool, "ipc:///a") <= waiting);
}

static void try_folder(void) {
  char error[RECTIFY_TEXT_BYTES];
  struct rectify_spool *spool;
  if (rectify_spool_open(folder, &spool, error) != RECTIFY_OK) return;
  list(spool);
  const size_t before = rectify_spool_count(spool);
  const bool added = add(spool) == RECTIFY_OK;
  must(!added || rectify_spool_count(spool) <= before + 1);
  rectify_spool_close(spool);
  must(rectify_spool_open(folder, &spool, error) == RECTIFY_OK);
  must(rectify_spool_count(spool) >= before);
  (void)rectify_spool_forget(spool);
  list(spool);
  rectify_spool_close(spool);
}

static void try_bundle(const uint8_t *data, size_t size) {
  struct note_verifier nobody = {.name = "nobody", .algorithm = NOTE_ED25519};
  struct bundle bundle;
  must(bundle_open(data, size, &nobody, &bundle) != NULL);
}

static int no_sync(int fd) {
  (void)fd; /* whether it is durable is tests/unit/test_spool.c's to ask */
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char queue[] = "rectify queue 1\n", receipts[] = "rectify fates 1\n";
  if (size == 0 || size > 100000) return 0;
  if (data[0] == '4') {
    try_bundle(data + 1, size - 1);
    return 0;
  }
  spool_disk.sync = no_sync;
  make_folder();
  if (data[0] == '0') put_file("queue", queue, data + 1, size - 1);
  if (data[0] == '1') put_file("receipts", receipts, data + 1, size - 1);
  if (data[0] == '2') put_record("queue", queue, data + 1, size - 1);
  if (data[0] == '3') {
    struct rectify_spool *spool;
    char error[RECTIFY_TEXT_BYTES];
    must(rectify_spool_open(folder, &spool, error) == RECTIFY_OK && add(spool) == RECTIFY_OK);
    rectify_spool_close(spool);
    put_record("receipts", receipts, data + 1, size - 1);
  }
  try_folder();
  remove_folder();
  return 0;
}
