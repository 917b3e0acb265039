/* spool.c - the spool of librectify (include/rectify/client.h): what waits, and what became of it. */
#include "client/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rectify/must.h"

static const char queue_mark[SPOOL_MARK_BYTES + 1] = "rectify queue 1\n", receipts_mark[SPOOL_MARK_BYTES + 1] = "rectify fates 1\n";

const char *rectify_spool_error(const struct rectify_spool *spool) { return spool->text; }

static int64_t wall_msec(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What `errno` says, in a sentence that names the spool. */
int spool_failed(struct rectify_spool *spool, const char *what, int result) {
  const bool damaged = result == SPOOL_FILE_DAMAGED;
  char reason[128];
  const char *why = damaged ? "it is damaged; nothing was changed in it" : strerror_r(errno, reason, sizeof reason);
  if (!damaged && (errno == ENOSPC || errno == EDQUOT)) why = "the disk is full";
  snprintf(spool->text, sizeof spool->text, "%s: the spool %.300s: %s", what, spool->folder, why);
  return damaged ? RECTIFY_PROTOCOL : RECTIFY_SYSTEM;
}

/* ---- the index ---- */

/* The last eight bytes of an id are random. */
static size_t index_slot(const struct rectify_spool *spool, const uint8_t id[16]) {
  uint64_t hash;
  memcpy(&hash, id + 8, sizeof hash);
  size_t slot = (hash * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & (spool->index_room - 1);
  while (spool->index[slot] != 0 && memcmp(spool->entries[spool->index[slot] - 1].id, id, 16) != 0)
    slot = (slot + 1) & (spool->index_room - 1);
  return slot;
}

static bool index_grow(struct rectify_spool *spool) {
  const size_t room = spool->index_room == 0 ? 256 : 2 * spool->index_room;
  uint32_t *index = calloc(room, sizeof *index);
  if (index == NULL) return false;
  free(spool->index);
  spool->index = index;
  spool->index_room = room;
  for (size_t i = 0; i < spool->count; i++) index[index_slot(spool, spool->entries[i].id)] = (uint32_t)i + 1;
  return true;
}

static struct spool_entry *find(const struct rectify_spool *spool, const uint8_t id[16]) {
  uint32_t found = spool->index_room == 0 ? 0 : spool->index[index_slot(spool, id)];
  return found == 0 ? NULL : &spool->entries[found - 1];
}

/* A second entry of the same id is passed over: the first one counts. */
static bool enter(struct rectify_spool *spool, const struct spool_entry *entry) {
  if (find(spool, entry->id) != NULL) return true;
  if (spool->count == SPOOL_ITEMS_MAX) return false;
  if (2 * spool->count >= spool->index_room && !index_grow(spool)) return false;
  if (spool->count == spool->room) {
    const size_t room = spool->room == 0 ? 128 : 2 * spool->room;
    struct spool_entry *entries = reallocarray(spool->entries, room, sizeof *entries);
    if (entries == NULL) return false;
    spool->entries = entries;
    spool->room = room;
  }
  spool->entries[spool->count] = *entry;
  spool->index[index_slot(spool, entry->id)] = (uint32_t)++spool->count;
  spool->waiting++;
  return true;
}

/* ---- reading the records ---- */

static bool take_item(struct rectify_spool *spool, uint64_t at, const uint8_t *base, struct spool_reader part) {
  struct spool_entry entry = {.fate = RECTIFY_WAITING};
  uint64_t saved, length;
  if (!spool_get(&part, entry.id, 16) || !spool_get_number(&part, &saved, 8) || !spool_get_number(&part, &length, 2))
    return false;
  if (length > part.left || length > SPOOL_ENDPOINT_BYTES_MAX || part.left - length > WIRE_FRAME_BYTES_MAX) return false;
  entry.saved_msec = (int64_t)saved;
  entry.endpoint = (struct spool_part){at + (uint64_t)(part.at - base), (uint32_t)length};
  entry.request = (struct spool_part){entry.endpoint.at + length, (uint32_t)(part.left - length)};
  return enter(spool, &entry);
}

static bool take_items(void *context, uint64_t at, const uint8_t *bytes, size_t length) {
  struct spool_reader reader = {bytes, length}, part;
  while (reader.left > 0)
    if (!spool_get_part(&reader, &part) || !take_item(context, at, bytes, part)) return false;
  return true;
}

/* What was settled stays settled; a receipt outdoes only what a person decided here. */
static bool is_news(const struct spool_entry *entry, uint8_t fate) {
  if (entry->fate == RECTIFY_WAITING) return fate != RECTIFY_WAITING || !entry->exported;
  return entry->fate == RECTIFY_DROPPED && fate != RECTIFY_DROPPED && fate != RECTIFY_WAITING;
}

static bool take_fate(struct rectify_spool *spool, uint64_t at, const uint8_t *base, struct spool_reader part) {
  uint8_t id[16];
  uint64_t when, fate;
  if (!spool_get(&part, id, 16) || !spool_get_number(&part, &when, 8) || !spool_get_number(&part, &fate, 1)) return false;
  if (fate < RECTIFY_WAITING || fate > RECTIFY_DROPPED || part.left > WIRE_FRAME_BYTES_MAX) return false;
  struct spool_entry *entry = find(spool, id);
  if (entry == NULL || !is_news(entry, (uint8_t)fate)) return true;
  if (fate == RECTIFY_WAITING) {
    entry->exported = true;
    return true;
  }
  spool->waiting -= entry->fate == RECTIFY_WAITING;
  entry->fate = (uint8_t)fate;
  entry->settled_msec = (int64_t)when;
  entry->reply = (struct spool_part){at + (uint64_t)(part.at - base), (uint32_t)part.left};
  return true;
}

static bool take_fates(void *context, uint64_t at, const uint8_t *bytes, size_t length) {
  struct spool_reader reader = {bytes, length}, part;
  while (reader.left > 0)
    if (!spool_get_part(&reader, &part) || !take_fate(context, at, bytes, part)) return false;
  return true;
}

/* ---- the lock ---- */

/* Another process has forgotten what was settled: all is read again. */
static int reopen(struct rectify_spool *spool) {
  spool_file_close(&spool->queue);
  spool_file_close(&spool->receipts);
  spool->count = spool->waiting = spool->first = 0;
  if (spool->index != NULL) memset(spool->index, 0, spool->index_room * sizeof *spool->index);
  int result = spool_file_open(&spool->queue, spool->folder, "queue", queue_mark);
  return result != 0 ? result : spool_file_open(&spool->receipts, spool->folder, "receipts", receipts_mark);
}

/* Receipts are read behind the items that they are about. */
static int read_on(struct rectify_spool *spool) {
  int result = 0;
  if (spool_file_was_replaced(&spool->queue) || spool_file_was_replaced(&spool->receipts)) result = reopen(spool);
  if (result == 0) result = spool_file_refresh(&spool->queue, take_items, spool);
  if (result == 0) result = spool_file_refresh(&spool->receipts, take_fates, spool);
  return result;
}

int spool_begin(struct rectify_spool *spool) {
  spool->text[0] = '\0';
  int got;
  do got = flock(spool->lock, LOCK_EX);
  while (got != 0 && errno == EINTR);
  if (got != 0) return spool_failed(spool, "cannot lock", SPOOL_FILE_FAILED);
  int result = read_on(spool);
  return result == 0 ? RECTIFY_OK : spool_end(spool, spool_failed(spool, "cannot read", result));
}

int spool_end(struct rectify_spool *spool, int result) {
  (void)flock(spool->lock, LOCK_UN);
  return result;
}

int rectify_spool_refresh(struct rectify_spool *spool) {
  int result = spool_begin(spool);
  return result == RECTIFY_OK ? spool_end(spool, RECTIFY_OK) : result;
}

/* ---- open and close ---- */

/* The folder and those above it that are missing, each durable in its own. */
static int make_folders(const char *folder) {
  char path[SPOOL_PATH_BYTES];
  struct stat status;
  size_t length = strlen(folder);
  memcpy(path, folder, length + 1);
  if (stat(path, &status) == 0) return 0;
  for (size_t at = 1; at <= length; at++) {
    if (folder[at] != '/' && folder[at] != '\0') continue;
    path[at] = '\0';
    if (mkdir(path, 0700) == 0 && spool_folder_sync(path) != 0) return -1;
    if (folder[at] == '\0') break;
    path[at] = '/';
  }
  return stat(path, &status) == 0 ? 0 : -1;
}

static int open_files(struct rectify_spool *spool) {
  char path[SPOOL_PATH_BYTES];
  if (make_folders(spool->folder) != 0) return spool_failed(spool, "cannot make", SPOOL_FILE_FAILED);
  if (snprintf(path, sizeof path, "%s/lock", spool->folder) >= (int)sizeof path) errno = ENAMETOOLONG;
  else spool->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (spool->lock < 0) return spool_failed(spool, "cannot open", SPOOL_FILE_FAILED);
  return rectify_spool_refresh(spool);
}

int rectify_spool_open(const char *folder, struct rectify_spool **out, char error[RECTIFY_TEXT_BYTES]) {
  struct rectify_spool *spool = calloc(1, sizeof *spool);
  const size_t length = folder == NULL ? 0 : strlen(folder);
  snprintf(error, RECTIFY_TEXT_BYTES, "the spool: no memory, or no folder");
  if (spool == NULL) return RECTIFY_SYSTEM;
  spool->queue.fd = spool->receipts.fd = spool->lock = -1;
  int result = RECTIFY_SYSTEM;
  if (length > 0 && length < SPOOL_PATH_BYTES - 32) {
    memcpy(spool->folder, folder, length);
    spool->arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
    spool->reply_arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
    spool->scratch = malloc(WIRE_FRAME_BYTES_MAX);
    if (spool->arena != NULL && spool->reply_arena != NULL && spool->scratch != NULL) result = open_files(spool);
  }
  *out = result == RECTIFY_OK ? spool : NULL;
  if (result == RECTIFY_OK) return RECTIFY_OK;
  if (spool->text[0] != '\0') memcpy(error, spool->text, RECTIFY_TEXT_BYTES);
  rectify_spool_close(spool);
  return result;
}

void rectify_spool_close(struct rectify_spool *spool) {
  if (spool == NULL) return;
  spool_file_close(&spool->queue);
  spool_file_close(&spool->receipts);
  if (spool->lock >= 0) close(spool->lock);
  codec_arena_free(spool->arena);
  codec_arena_free(spool->reply_arena);
  free(spool->scratch);
  free(spool->index);
  free(spool->entries);
  free(spool);
}

/* ---- looking ---- */

size_t rectify_spool_count(const struct rectify_spool *spool) { return spool->count; }

bool rectify_spool_find(const struct rectify_spool *spool, const uint8_t id[16], size_t *index) {
  const struct spool_entry *entry = find(spool, id);
  if (entry != NULL) *index = (size_t)(entry - spool->entries);
  return entry != NULL;
}

static bool read_endpoint(struct rectify_spool *spool, const struct spool_entry *entry) {
  spool->endpoint[entry->endpoint.length] = '\0';
  return spool_file_read(&spool->queue, entry->endpoint.at, spool->endpoint, entry->endpoint.length) == 0;
}

bool spool_may_go(struct rectify_spool *spool, const struct spool_entry *entry, const char *endpoint) {
  if (endpoint == NULL || entry->endpoint.length == 0) return true;
  return read_endpoint(spool, entry) && client_endpoints_meet(spool->endpoint, endpoint);
}

size_t rectify_spool_waiting(const struct rectify_spool *spool, const char *endpoint) {
  struct rectify_spool *reads = (struct rectify_spool *)(uintptr_t)spool; /* only its buffer changes */
  size_t waiting = 0;
  if (endpoint == NULL) return spool->waiting;
  for (size_t i = 0; i < spool->count; i++)
    waiting += spool->entries[i].fate == RECTIFY_WAITING && spool_may_go(reads, &spool->entries[i], endpoint);
  return waiting;
}

Rectify__V1__Request *spool_request(struct rectify_spool *spool, const struct spool_entry *entry) {
  struct codec_error error;
  struct uuid id;
  bool has_id;
  int result = spool_file_read(&spool->queue, entry->request.at, spool->scratch, entry->request.length);
  if (result != 0) {
    (void)spool_failed(spool, "cannot read", result);
    return NULL;
  }
  Rectify__V1__Request *request = codec_request(spool->arena, spool->scratch, entry->request.length, &id, &has_id, &error);
  const bool one = request != NULL && memcmp(id.bytes, entry->id, 16) == 0 &&
                   ((request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT && request->submit->n_findings == 1) ||
                    (request->body_case == RECTIFY__V1__REQUEST__BODY_ACT && request->act->n_commands == 1));
  if (one) return request;
  snprintf(spool->text, sizeof spool->text, "the spool %.300s: an item is not one of this version", spool->folder);
  return NULL;
}

static int read_reply(struct rectify_spool *spool, const struct spool_entry *entry, struct rectify_spooled *item) {
  struct codec_error error;
  item->outcome = NULL;
  if (entry->reply.length == 0) return RECTIFY_OK;
  int result = spool_file_read(&spool->receipts, entry->reply.at, spool->scratch, entry->reply.length);
  if (result != 0) return spool_failed(spool, "cannot read", result);
  codec_arena_reset(spool->reply_arena);
  Rectify__V1__Reply *reply = codec_reply(spool->reply_arena, spool->scratch, entry->reply.length, &error);
  if (reply != NULL && reply->body_case == RECTIFY__V1__REPLY__BODY_OUTCOMES && reply->outcomes->n_outcomes == 1) {
    item->outcome = reply->outcomes->outcomes[0];
    return RECTIFY_OK;
  }
  snprintf(spool->text, sizeof spool->text, "the spool %.300s: an answer is not one of this version", spool->folder);
  return RECTIFY_PROTOCOL;
}

int rectify_spool_item(struct rectify_spool *spool, size_t index, struct rectify_spooled *item) {
  must(index < spool->count);
  const struct spool_entry *entry = &spool->entries[index];
  codec_arena_reset(spool->arena);
  memcpy(item->id, entry->id, 16);
  item->fate = entry->fate;
  item->exported = entry->exported;
  item->saved_msec = entry->saved_msec;
  item->settled_msec = entry->settled_msec;
  item->request = spool_request(spool, entry);
  if (item->request == NULL) return RECTIFY_PROTOCOL;
  if (!read_endpoint(spool, entry)) return spool_failed(spool, "cannot read", SPOOL_FILE_FAILED);
  item->endpoint = spool->endpoint;
  return read_reply(spool, entry, item);
}

/* ---- adding ---- */

struct adding {
  struct rectify_spool *spool;
  const char *endpoint;
  Rectify__V1__Request whole;
  struct spool_bytes bytes;
  int64_t now;
  uint32_t known;
};

/* As it would go out: the daemon's own checks, before anything is kept. */
static bool is_sendable(struct rectify_spool *spool, const Rectify__V1__Request *whole) {
  struct codec_error error = {0};
  struct uuid id;
  bool has_id;
  size_t length;
  uint8_t *bytes = codec_pack(&whole->base, &length);
  codec_arena_reset(spool->arena);
  bool fine = bytes != NULL && length <= WIRE_FRAME_BYTES_MAX &&
              codec_request(spool->arena, bytes, length, &id, &has_id, &error) != NULL;
  free(bytes);
  if (!fine)
    snprintf(spool->text, sizeof spool->text, "nothing was kept: %s%s%s", error.field, error.field[0] != '\0' ? ": " : "",
             error.text[0] != '\0' ? error.text : "the request is too large");
  return fine;
}

static bool is_same(struct rectify_spool *spool, const struct spool_entry *entry, const uint8_t *bytes, size_t length) {
  return entry->request.length == length &&
         spool_file_read(&spool->queue, entry->request.at, spool->scratch, length) == 0 &&
         memcmp(spool->scratch, bytes, length) == 0;
}

static int put_item(struct adding *adding, const ProtobufCBinaryData *id, Rectify__V1__Request *single) {
  size_t length;
  single->id = *id;
  uint8_t *bytes = codec_pack(&single->base, &length);
  if (bytes == NULL) return spool_failed(adding->spool, "cannot keep this", SPOOL_FILE_FAILED);
  const struct spool_entry *there = find(adding->spool, id->data);
  int result = RECTIFY_OK;
  if (there != NULL && is_same(adding->spool, there, bytes, length)) {
    adding->known++;
  } else if (there != NULL) {
    snprintf(adding->spool->text, RECTIFY_TEXT_BYTES, "nothing was kept: the id is in the spool already, for something else");
    result = RECTIFY_PROTOCOL;
  } else {
    const size_t begun = spool_part_begin(&adding->bytes);
    spool_put(&adding->bytes, id->data, 16);
    spool_put_number(&adding->bytes, (uint64_t)adding->now, 8);
    spool_put_number(&adding->bytes, strlen(adding->endpoint), 2);
    spool_put(&adding->bytes, adding->endpoint, strlen(adding->endpoint));
    spool_put(&adding->bytes, bytes, length);
    spool_part_end(&adding->bytes, begun);
  }
  free(bytes);
  return result;
}

static int put_items(struct adding *adding) {
  const Rectify__V1__Request *whole = &adding->whole;
  Rectify__V1__Request single = *whole;
  Rectify__V1__Submit submit = RECTIFY__V1__SUBMIT__INIT;
  Rectify__V1__Act act = RECTIFY__V1__ACT__INIT;
  const bool findings = whole->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT;
  const size_t count = findings ? whole->submit->n_findings : whole->act->n_commands;
  int result = RECTIFY_OK;
  submit.n_findings = act.n_commands = 1;
  if (findings) single.submit = &submit;
  else single.act = &act;
  for (size_t i = 0; i < count && result == RECTIFY_OK; i++) {
    if (findings) submit.findings = &whole->submit->findings[i];
    else act.commands = &whole->act->commands[i];
    result = put_item(adding, findings ? &whole->submit->findings[i]->id : &whole->act->commands[i]->id, &single);
  }
  return result;
}

/* Appends what was put to `file`, and reads it back. */
static int keep(struct rectify_spool *spool, struct spool_file *file, const struct spool_bytes *bytes) {
  errno = bytes->failed ? EMSGSIZE : 0;
  int result = bytes->failed ? SPOOL_FILE_FAILED : SPOOL_FILE_FINE;
  if (result == 0 && bytes->length > 0) result = spool_file_append(file, bytes->data, bytes->length);
  if (result == 0) result = read_on(spool);
  return result == 0 ? RECTIFY_OK : spool_failed(spool, "nothing was kept", result);
}

static bool is_for_spool(const Rectify__V1__Request *request, const char *endpoint, const char *actor) {
  return strlen(endpoint) <= SPOOL_ENDPOINT_BYTES_MAX && actor != NULL &&
         (request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT ||
          (request->body_case == RECTIFY__V1__REQUEST__BODY_ACT && !request->act->preview));
}

int rectify_spool_add(struct rectify_spool *spool, const char *endpoint, const char *actor,
                      const Rectify__V1__Request *request, uint32_t *known) {
  struct adding adding = {.spool = spool, .endpoint = endpoint, .whole = *request, .now = wall_msec()};
  uint8_t any[WIRE_ID_BYTES] = {1};
  spool->text[0] = '\0';
  if (!is_for_spool(request, endpoint, actor)) {
    snprintf(spool->text, sizeof spool->text, "nothing was kept: only findings and commands of somebody wait in a spool");
    return RECTIFY_PROTOCOL;
  }
  adding.whole.version = WIRE_VERSION;
  adding.whole.actor = (ProtobufCBinaryData){.len = strlen(actor), .data = (uint8_t *)(uintptr_t)actor};
  adding.whole.id = (ProtobufCBinaryData){.len = sizeof any, .data = any};
  if (!is_sendable(spool, &adding.whole)) return RECTIFY_PROTOCOL;
  int result = spool_begin(spool);
  if (result != RECTIFY_OK) return result;
  result = put_items(&adding);
  if (result == RECTIFY_OK) result = keep(spool, &spool->queue, &adding.bytes);
  if (result == RECTIFY_OK && known != NULL) *known = adding.known;
  free(adding.bytes.data);
  return spool_end(spool, result);
}

/* ---- settling ---- */

static void put_fate(struct rectify_spool *spool, struct spool_bytes *bytes, const struct rectify_fate_of *fate) {
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  Rectify__V1__Outcomes outcomes = RECTIFY__V1__OUTCOMES__INIT;
  Rectify__V1__Outcome *one = (Rectify__V1__Outcome *)(uintptr_t)fate->outcome;
  const size_t begun = spool_part_begin(bytes);
  size_t length = 0;
  uint8_t *packed = NULL;
  (void)spool;
  if (one != NULL) {
    outcomes.n_outcomes = 1;
    outcomes.outcomes = &one;
    reply.version = WIRE_VERSION;
    reply.id = (ProtobufCBinaryData){.len = 16, .data = (uint8_t *)(uintptr_t)fate->id};
    reply.body_case = RECTIFY__V1__REPLY__BODY_OUTCOMES;
    reply.outcomes = &outcomes;
    packed = codec_pack(&reply.base, &length);
    bytes->failed |= packed == NULL;
  }
  spool_put(bytes, fate->id, 16);
  spool_put_number(bytes, (uint64_t)(fate->when_msec != 0 ? fate->when_msec : wall_msec()), 8);
  spool_put_number(bytes, fate->fate, 1);
  spool_put(bytes, packed, length);
  spool_part_end(bytes, begun);
  free(packed);
}

int rectify_spool_settle(struct rectify_spool *spool, const struct rectify_fate_of *fates, size_t count, uint32_t *news) {
  struct spool_bytes bytes = {0};
  uint32_t fresh = 0;
  int result = spool_begin(spool);
  if (result != RECTIFY_OK) return result;
  for (size_t i = 0; i < count && result == RECTIFY_OK; i++) {
    const struct spool_entry *entry = find(spool, fates[i].id);
    if (entry == NULL || !is_news(entry, (uint8_t)fates[i].fate)) continue;
    result = spool_check_proof(spool, entry, fates[i].outcome);
    put_fate(spool, &bytes, &fates[i]);
    fresh++;
  }
  if (result == RECTIFY_OK) result = keep(spool, &spool->receipts, &bytes);
  if (result == RECTIFY_OK && news != NULL) *news = fresh;
  free(bytes.data);
  return spool_end(spool, result);
}

/* ---- forgetting ---- */

/* The record that keeps one waiting item by itself. */
static bool copy_item(struct rectify_spool *spool, const struct spool_entry *entry, struct spool_bytes *bytes) {
  const size_t begun = spool_part_begin(bytes);
  spool_put(bytes, entry->id, 16);
  spool_put_number(bytes, (uint64_t)entry->saved_msec, 8);
  spool_put_number(bytes, entry->endpoint.length, 2);
  if (!read_endpoint(spool, entry)) return false;
  spool_put(bytes, spool->endpoint, entry->endpoint.length);
  if (spool_file_read(&spool->queue, entry->request.at, spool->scratch, entry->request.length) != 0) return false;
  spool_put(bytes, spool->scratch, entry->request.length);
  spool_part_end(bytes, begun);
  return !bytes->failed;
}

/* The queue first: what it no longer names, no receipt is looked up for. */
static int rewrite(struct rectify_spool *spool, struct spool_bytes *copies, struct spool_record *records) {
  struct spool_bytes notes = {0};
  size_t kept = 0;
  for (size_t i = 0; i < spool->count; i++) {
    const struct spool_entry *entry = &spool->entries[i];
    if (entry->fate != RECTIFY_WAITING) continue;
    if (!copy_item(spool, entry, &copies[kept])) return SPOOL_FILE_FAILED;
    records[kept] = (struct spool_record){copies[kept].data, copies[kept].length};
    kept++;
  }
  for (size_t i = 0; i < spool->count; i++) {
    struct rectify_fate_of exported = {.fate = RECTIFY_WAITING};
    memcpy(exported.id, spool->entries[i].id, 16);
    if (spool->entries[i].fate == RECTIFY_WAITING && spool->entries[i].exported) put_fate(spool, &notes, &exported);
  }
  const struct spool_record note = {notes.data, notes.length};
  int result = notes.failed ? SPOOL_FILE_FAILED : spool_file_replace(&spool->queue, records, kept);
  if (result == 0) result = spool_file_replace(&spool->receipts, &note, notes.length > 0);
  free(notes.data);
  return result != 0 ? result : reopen(spool);
}

int rectify_spool_forget(struct rectify_spool *spool) {
  int result = spool_begin(spool);
  if (result != RECTIFY_OK) return result;
  const size_t room = spool->waiting + 1;
  struct spool_bytes *copies = calloc(room, sizeof *copies);
  struct spool_record *records = calloc(room, sizeof *records);
  int done = copies != NULL && records != NULL ? rewrite(spool, copies, records) : SPOOL_FILE_FAILED;
  if (done == 0) done = read_on(spool);
  result = done == 0 ? RECTIFY_OK : spool_failed(spool, "nothing was forgotten", done);
  for (size_t i = 0; copies != NULL && i < room; i++) free(copies[i].data);
  free(copies);
  free(records);
  return spool_end(spool, result);
}
