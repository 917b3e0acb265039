/* sim_server_content.c - files of evidence in the simulated database: what the functions of migrations/0010_content.sql do.  One file is at
 * most two parts, and nobody comes near a quota. */
#include "daemon/tree.h"
#include "rectify/limits.h"
#include "sign/digest.h"
#include "tests/sim/sim_params.h"

#define PARTS_MAX 2

enum { STATE_GO_ON = 0, STATE_HERE = 1, STATE_NOT_BEGUN = 5, STATE_SIZE = 6, STATE_OTHER_BYTES = 7 };

struct upload {
  uint8_t sha256[32];
  uint32_t officer;
  uint64_t size;
  int64_t number, touched;
  bool done;
  struct {
    uint8_t *bytes;
    size_t length;
  } parts[PARTS_MAX];
};

static struct upload *uploads;
static uint64_t count, room;
static int64_t numbers;

static void forget(struct upload *upload) {
  for (uint32_t n = 0; n < PARTS_MAX; n++) free(upload->parts[n].bytes);
  *upload = uploads[--count];
}

void content_clear(void) {
  while (count > 0) forget(&uploads[count - 1]);
  numbers = 0;
}

static struct upload *upload_of(const void *sha256, int64_t officer) {
  for (uint64_t i = 0; i < count; i++)
    if (uploads[i].officer == officer && memcmp(uploads[i].sha256, sha256, 32) == 0) return &uploads[i];
  return NULL;
}

static struct upload *asked_for(const struct server_params *params) { return upload_of(params->values[0], param(params, 1)); }

static void touch(struct upload *upload, int64_t now) {
  if (upload != NULL && now > upload->touched) upload->touched = now;
}

/* A commit: what came before is on the standby when this is. */
static void committed(void) {
  if (!server.unnamed) server_make_durable();
}

bool server_has_content(const uint8_t sha256[32], uint32_t officer) {
  const struct upload *upload = upload_of(sha256, officer);
  return upload != NULL && upload->done;
}

static void state_row(struct pg_result *result, int state, int64_t part, int64_t number) {
  result_int(result, state);
  if (part < 0) result_null(result);
  else result_int(result, part);
  if (number == 0) result_null(result);
  else result_int(result, number);
}

static struct upload *begun(const struct server_params *params) {
  if (count == room) {
    room = room == 0 ? 64 : 2 * room;
    uploads = realloc(uploads, room * sizeof *uploads);
    must(uploads != NULL);
  }
  struct upload *upload = &uploads[count++];
  *upload = (struct upload){.officer = (uint32_t)param(params, 1), .size = (uint64_t)param(params, 2), .number = ++numbers};
  memcpy(upload->sha256, params->values[0], 32);
  return upload;
}

struct pg_result *content_begin(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct upload *upload = asked_for(params);
  bool has_part = false;
  result_columns(result, 3);
  touch(upload, param(params, 3));
  if (upload != NULL && upload->done) {
    state_row(result, STATE_HERE, -1, 0);
    return result;
  }
  if (upload != NULL && upload->size != (uint64_t)param(params, 2)) {
    forget(upload);
    upload = NULL;
  }
  if (upload == NULL) upload = begun(params);
  touch(upload, param(params, 3));
  for (uint32_t n = 0; n < PARTS_MAX; n++) {
    if (upload->parts[n].bytes == NULL) continue;
    state_row(result, STATE_GO_ON, n, upload->number);
    has_part = true;
  }
  if (!has_part) state_row(result, STATE_GO_ON, -1, upload->number);
  return result;
}

struct pg_result *content_keep_part(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct upload *upload = asked_for(params);
  const uint64_t n = (uint64_t)param(params, 2);
  const size_t length = (size_t)params->lengths[3];
  result_columns(result, 3);
  touch(upload, param(params, 4));
  if (upload == NULL || upload->done) {
    state_row(result, upload == NULL ? STATE_NOT_BEGUN : STATE_HERE, 0, upload == NULL ? 0 : upload->number);
    return result;
  }
  const uint64_t parts = (upload->size + CONTENT_CHUNK_BYTES - 1) / CONTENT_CHUNK_BYTES;
  const uint64_t wanted = n + 1 < parts ? CONTENT_CHUNK_BYTES : upload->size - n * CONTENT_CHUNK_BYTES;
  must(parts <= PARTS_MAX);
  if (n >= parts || length != wanted) {
    state_row(result, STATE_SIZE, 0, upload->number);
    return result;
  }
  if (upload->parts[n].bytes == NULL) {
    upload->parts[n].bytes = copy_of(params->values[3], length);
    upload->parts[n].length = length;
  }
  int64_t missing = 0;
  for (uint64_t i = 0; i < parts; i++) missing += upload->parts[i].bytes == NULL;
  state_row(result, STATE_GO_ON, missing, upload->number);
  return result;
}

struct pg_result *content_load_parts(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  const struct upload *upload = asked_for(params);
  int64_t rows = param(params, 3);
  for (uint64_t n = (uint64_t)param(params, 2); upload != NULL && n < PARTS_MAX && rows > 0; n++) {
    if (upload->parts[n].bytes == NULL) continue;
    result_bytes(result, upload->parts[n].bytes, upload->parts[n].length);
    rows--;
  }
  return result;
}

static bool has_its_hash(const struct upload *upload) {
  uint8_t *whole = malloc(upload->size + 1), hash[32];
  size_t used = 0;
  must(whole != NULL);
  for (uint32_t n = 0; n < PARTS_MAX; n++) {
    if (upload->parts[n].bytes == NULL) continue;
    memcpy(whole + used, upload->parts[n].bytes, upload->parts[n].length);
    used += upload->parts[n].length;
  }
  digest_sha256(whole, used, hash);
  free(whole);
  return used == upload->size && memcmp(hash, upload->sha256, sizeof hash) == 0;
}

struct pg_result *content_finish(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct upload *upload = asked_for(params);
  int state = STATE_HERE;
  if (upload == NULL || upload->number != param(params, 2) || upload->done) {
    state = upload != NULL && upload->done ? STATE_HERE : STATE_NOT_BEGUN;
  } else if (!has_its_hash(upload)) {
    forget(upload);
    state = STATE_OTHER_BYTES;
  } else {
    upload->done = true;
  }
  committed();
  result_int(result, state);
  return result;
}

struct pg_result *content_drop(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct upload *upload = asked_for(params);
  if (upload != NULL && !upload->done) forget(upload);
  result_null(result);
  return result;
}

/* What stood still, and files that nobody handed in. */
struct pg_result *content_sweep(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  int64_t swept = 0;
  for (uint64_t i = count; i > 0 && swept < param(params, 1); i--) {
    struct upload *upload = &uploads[i - 1];
    if (upload->touched >= param(params, 0) || (upload->done && server_has_evidence(upload->sha256))) continue;
    forget(upload);
    swept++;
  }
  committed();
  result_int(result, swept);
  return result;
}

struct pg_result *content_probe(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct cells hash = cells_of(params, 0), officer = cells_of(params, 1);
  for (uint32_t i = 0; i < hash.count; i++) {
    cell_next(&hash);
    if (server_has_content(hash.cell, (uint32_t)next_int(&officer))) result_int(result, (int64_t)i + 1);
  }
  return result;
}
