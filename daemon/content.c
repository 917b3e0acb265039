/* content.c - files of evidence come in: an upload begins, its parts are kept, and with the last one the whole is looked at and
 * hashed.  All of it on a connection of its own, so that no append waits for a photograph; reading them again is query_content.c's.
 *
 * An upload that is whole is read once more, a few parts a job, to find out what it is (core/content.c); then the database
 * hashes it and takes it, or throws it away (migrations/0010_content.sql). */
#include <stdio.h>
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/content.h"
#include "rectify/must.h"

#define RETRY_MSEC 500
#define LOOK_PARTS 8 /* read in one job: 2 MiB */
#define SWEEP_ROWS 100
#define SWEEP_USEC (USEC_PER_HOUR)
#define DAY_USEC (24 * USEC_PER_HOUR)

/* Whom the answer goes to, and about which file. */
struct asked {
  bool used;
  struct daemon *daemon;
  struct route_back back;
  struct uuid id;
  uint32_t actor;
  struct hash sha256;
};

/* One request at the database. */
static struct job {
  struct asked asked;
  uint64_t size; /* of an Upload; 0: it is a Part */
  uint32_t state, missing;
  int64_t number; /* of the upload, below */
  uint8_t have[CONTENT_CHUNKS_MAX / 8];
} jobs[CONTENT_JOBS_MAX];

/* A file that is being looked at as a whole. */
static struct check {
  struct asked asked;
  struct content_look look;
  uint32_t next; /* part */
  bool more;     /* the last job brought as many as it may */
  int64_t number; /* the upload that is looked at: begun anew it has another, and is not taken for this one */
  uint32_t state;
  uint32_t content;
} checks[CONTENT_CHECKS_MAX];

/* What rectify.begin_upload(), rectify.keep_part() and rectify.finish_upload() answer. */
enum {
  STATE_GO_ON = 0,
  STATE_HERE = 1,
  STATE_ERASED = 2,
  STATE_DAY_BYTES = 3,
  STATE_UNFINISHED = 4,
  STATE_NOT_BEGUN = 5,
  STATE_SIZE = 6,
  STATE_OTHER_BYTES = 7
};

/* ---- answers ---- */

static void answer_no(const struct asked *asked, uint32_t failure, const char *field, const char *text) {
  answer_error(asked->daemon, &asked->back, &asked->id, failure, field, text, failure_is_retry(failure) ? RETRY_AFTER_MSEC : 0);
}

static void answer_lost(const struct asked *asked) {
  answer_no(asked, FAILURE_UNAVAILABLE, "upload", "the database cannot be reached; try later");
}

static Rectify__V1__Uploaded uploaded_of(const struct asked *asked) {
  Rectify__V1__Uploaded uploaded = RECTIFY__V1__UPLOADED__INIT;
  uploaded.sha256 = (ProtobufCBinaryData){HASH_BYTES, (uint8_t *)(uintptr_t)asked->sha256.bytes};
  uploaded.part_bytes = CONTENT_CHUNK_BYTES;
  return uploaded;
}

static void answer_complete(const struct asked *asked, uint32_t content) {
  Rectify__V1__Uploaded uploaded = uploaded_of(asked);
  uploaded.complete = true;
  uploaded.content = content;
  answer_uploaded(asked->daemon, &asked->back, &asked->id, &uploaded);
}

static void answer_progress(struct job *job) {
  Rectify__V1__Uploaded uploaded = uploaded_of(&job->asked);
  uploaded.missing = job->missing;
  if (job->size != 0) uploaded.have = (ProtobufCBinaryData){sizeof job->have, job->have};
  answer_uploaded(job->asked.daemon, &job->asked.back, &job->asked.id, &uploaded);
}

static void answer_erased(const struct asked *asked) {
  answer_no(asked, FAILURE_FORBIDDEN, "upload.sha256", "this file was erased, for ever");
}

static void answer_not_begun(const struct asked *asked) {
  answer_no(asked, FAILURE_NOT_FOUND, "part.sha256", "no such upload was begun, or it was thrown away");
}

static void answer_state(const struct job *job) {
  const struct daemon *daemon = job->asked.daemon;
  char text[200];
  switch (job->state) {
    case STATE_HERE: answer_complete(&job->asked, CONTENT_NONE); return;
    case STATE_ERASED: answer_erased(&job->asked); return;
    case STATE_DAY_BYTES:
      (void)snprintf(text, sizeof text, "more than the %lu MiB of files that one officer may begin to upload in 24 hours (evidence_day_mib)",
                     daemon->content_day_bytes_max >> 20);
      answer_no(&job->asked, FAILURE_BUSY, "upload.size", text);
      return;
    case STATE_UNFINISHED:
      answer_no(&job->asked, FAILURE_BUSY, "upload", "64 uploads of this officer are begun and not finished; finish them, or wait a week");
      return;
    case STATE_NOT_BEGUN: answer_not_begun(&job->asked); return;
    case STATE_SIZE: answer_no(&job->asked, FAILURE_FIELD, "part.bytes", "a part has 262144 bytes, the last one what is left of the size"); return;
    default: must(job->state <= STATE_SIZE);
  }
}

/* ---- looking at the whole ---- */

static void look_on(struct check *check);

static void end_check(struct check *check) { check->asked.used = false; }

static void finish_result(void *context, unsigned step, const PGresult *result) {
  struct check *check = context;
  (void)step;
  if (content_is_taken(check->content)) check->state = (uint32_t)pg_int(result, 0, 0);
}

static void refuse_content(const struct check *check) {
  char text[256];
  (void)snprintf(text, sizeof text, "this is %s; evidence is documents, pictures, films and plain text",
                 word_text(words_content, check->content));
  answer_no(&check->asked, FAILURE_FIELD, "upload", text);
}

static void answer_finished(const struct check *check) {
  switch (check->state) {
    case STATE_HERE: answer_complete(&check->asked, check->content); return;
    case STATE_ERASED: answer_erased(&check->asked); return;
    case STATE_NOT_BEGUN: answer_not_begun(&check->asked); return;
    case STATE_OTHER_BYTES:
      answer_no(&check->asked, FAILURE_FIELD, "upload.sha256", "the bytes that came have another SHA-256; they were thrown away");
      return;
    default: must(check->state == STATE_HERE);
  }
}

static void finish_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct check *check = context;
  if (outcome != PG_DONE) {
    log_warning("content.finish_failed sqlstate=%s text=%s", sqlstate, text);
    answer_lost(&check->asked);
  } else if (!content_is_taken(check->content)) {
    refuse_content(check);
  } else {
    answer_finished(check);
  }
  end_check(check);
}

/* By what it is: the database takes it if its hash is right, or it goes. */
static void finish(struct check *check) {
  struct pg_params params;
  struct daemon *daemon = check->asked.daemon;
  check->content = content_of(&check->look);
  const bool taken = content_is_taken(check->content);
  if (!pg_begin(daemon->keeper, finish_result, finish_done, check)) {
    answer_lost(&check->asked);
    end_check(check);
    return;
  }
  pg_params_reset(&params);
  pg_param_bytes(&params, check->asked.sha256.bytes, HASH_BYTES);
  pg_param_int4(&params, (int32_t)check->asked.actor);
  if (taken) pg_param_int8(&params, check->number);
  if (taken) pg_param_int2(&params, (int16_t)check->content);
  if (taken) pg_param_instant(&params, clock_now());
  pg_statement(daemon->keeper, taken ? STATEMENT_FINISH_UPLOAD : STATEMENT_DROP_UPLOAD, &params);
  pg_end(daemon->keeper);
}

static void look_result(void *context, unsigned step, const PGresult *result) {
  struct check *check = context;
  (void)step;
  for (int row = 0; row < PQntuples(result); row++) {
    size_t length;
    const uint8_t *bytes = pg_bytes(result, row, 0, &length);
    content_feed(&check->look, bytes, length);
  }
  check->next += (uint32_t)PQntuples(result);
  check->more = PQntuples(result) == LOOK_PARTS;
}

static void look_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct check *check = context;
  if (outcome != PG_DONE) {
    log_warning("content.look_failed sqlstate=%s text=%s", sqlstate, text);
    answer_lost(&check->asked);
    end_check(check);
  } else if (check->more) {
    look_on(check);
  } else {
    finish(check);
  }
}

static void look_on(struct check *check) {
  struct pg_params params;
  struct daemon *daemon = check->asked.daemon;
  if (!pg_begin(daemon->keeper, look_result, look_done, check)) {
    answer_lost(&check->asked);
    end_check(check);
    return;
  }
  pg_params_reset(&params);
  pg_param_bytes(&params, check->asked.sha256.bytes, HASH_BYTES);
  pg_param_int4(&params, (int32_t)check->asked.actor);
  pg_param_int4(&params, (int32_t)check->next);
  pg_param_int4(&params, LOOK_PARTS);
  pg_statement(daemon->keeper, STATEMENT_LOAD_PARTS, &params);
  pg_end(daemon->keeper);
}

/* One look at a time at the same upload; whoever sends its last part again meanwhile is to come back. */
static struct check *free_check(const struct asked *asked) {
  struct check *found = NULL;
  for (uint32_t i = 0; i < CONTENT_CHECKS_MAX; i++) {
    const struct asked *other = &checks[i].asked;
    if (!other->used) found = &checks[i];
    else if (other->actor == asked->actor && memcmp(other->sha256.bytes, asked->sha256.bytes, HASH_BYTES) == 0) return NULL;
  }
  return found;
}

static void look(const struct asked *asked, int64_t number) {
  struct check *check = free_check(asked);
  if (check == NULL) {
    answer_no(asked, FAILURE_BUSY, "upload", "files are being looked at; try later");
    return;
  }
  *check = (struct check){.asked = *asked, .number = number};
  check->asked.used = true;
  look_on(check);
}

/* ---- requests ---- */

/* A row for each part that is here, or one without. */
static void begin_result(void *context, unsigned step, const PGresult *result) {
  struct job *job = context;
  const uint32_t parts = (uint32_t)((job->size + CONTENT_CHUNK_BYTES - 1) / CONTENT_CHUNK_BYTES);
  (void)step;
  job->missing = parts;
  for (int row = 0; row < PQntuples(result); row++) {
    job->state = (uint32_t)pg_int(result, row, 0);
    if (!pg_null(result, row, 2)) job->number = pg_int(result, row, 2);
    if (pg_null(result, row, 1)) continue;
    const uint32_t n = (uint32_t)pg_int(result, row, 1);
    must(n < parts && parts <= CONTENT_CHUNKS_MAX);
    job->have[n / 8] |= (uint8_t)(1u << n % 8);
    job->missing--;
  }
}

static void part_result(void *context, unsigned step, const PGresult *result) {
  struct job *job = context;
  (void)step;
  job->state = (uint32_t)pg_int(result, 0, 0);
  job->missing = (uint32_t)pg_int(result, 0, 1);
  if (!pg_null(result, 0, 2)) job->number = pg_int(result, 0, 2);
}

static void job_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct job *job = context;
  job->asked.used = false;
  if (outcome != PG_DONE) {
    log_warning("content.failed sqlstate=%s text=%s", sqlstate, text);
    answer_lost(&job->asked);
  } else if (job->state != STATE_GO_ON) {
    answer_state(job);
  } else if (job->missing == 0) {
    look(&job->asked, job->number);
  } else {
    answer_progress(job);
  }
}

/* NULL: none is free, or this officer has enough of them. */
static struct job *free_job(uint32_t actor) {
  struct job *found = NULL;
  uint32_t own = 0;
  for (uint32_t i = 0; i < CONTENT_JOBS_MAX; i++) {
    if (!jobs[i].asked.used) found = &jobs[i];
    else if (jobs[i].asked.actor == actor) own++;
  }
  return own < CONTENT_JOBS_EACH_MAX ? found : NULL;
}

/* NULL when it was answered already. */
static struct job *take_job(const struct asked *asked, uint64_t size, pg_result_fn *result) {
  struct job *job = free_job(asked->actor);
  if (!query_may(asked->daemon, QUERY_UPLOAD, asked->actor)) {
    answer_no(asked, FAILURE_FORBIDDEN, "upload", query_why_not(QUERY_UPLOAD));
    return NULL;
  }
  if (job == NULL) {
    answer_no(asked, FAILURE_BUSY, "upload", "too many parts of files wait, of this officer or of all; try later");
    return NULL;
  }
  if (!pg_begin(asked->daemon->keeper, result, job_done, job)) {
    answer_lost(asked);
    return NULL;
  }
  *job = (struct job){.asked = *asked, .size = size};
  job->asked.used = true;
  return job;
}

static struct asked asked_of(struct daemon *daemon, const ProtobufCBinaryData *sha256, uint32_t actor, const struct route_back *back,
                             const struct uuid *id) {
  struct asked asked = {.daemon = daemon, .back = *back, .id = *id, .actor = actor};
  memcpy(asked.sha256.bytes, sha256->data, HASH_BYTES);
  return asked;
}

void content_upload(struct daemon *daemon, const Rectify__V1__Upload *upload, uint32_t actor, const struct route_back *back,
                    const struct uuid *id) {
  const struct asked asked = asked_of(daemon, &upload->sha256, actor, back, id);
  struct pg_params params;
  char text[128];
  if (upload->size == 0) {
    answer_no(&asked, FAILURE_FIELD, "upload.size", "an empty file is no evidence");
    return;
  }
  if (upload->size > daemon->content_bytes_max) {
    (void)snprintf(text, sizeof text, "a file of evidence has at most %lu MiB here (evidence_mib)", daemon->content_bytes_max >> 20);
    answer_no(&asked, FAILURE_TOO_LARGE, "upload.size", text);
    return;
  }
  if (take_job(&asked, upload->size, begin_result) == NULL) return;
  pg_params_reset(&params);
  pg_param_bytes(&params, asked.sha256.bytes, HASH_BYTES);
  pg_param_int4(&params, (int32_t)actor);
  pg_param_int8(&params, (int64_t)upload->size);
  pg_param_instant(&params, clock_now());
  pg_param_int8(&params, (int64_t)daemon->content_day_bytes_max);
  pg_param_int4(&params, CONTENT_UPLOADS_MAX);
  pg_statement(daemon->keeper, STATEMENT_BEGIN_UPLOAD, &params);
  pg_end(daemon->keeper);
}

void content_part(struct daemon *daemon, const Rectify__V1__Part *part, uint32_t actor, const struct route_back *back,
                  const struct uuid *id) {
  const struct asked asked = asked_of(daemon, &part->sha256, actor, back, id);
  struct pg_params params;
  if (take_job(&asked, 0, part_result) == NULL) return;
  pg_params_reset(&params);
  pg_param_bytes(&params, asked.sha256.bytes, HASH_BYTES);
  pg_param_int4(&params, (int32_t)actor);
  pg_param_int4(&params, (int32_t)part->n);
  pg_param_bytes(&params, part->bytes.data, part->bytes.len);
  pg_param_instant(&params, clock_now());
  pg_statement(daemon->keeper, STATEMENT_KEEP_PART, &params);
  pg_end(daemon->keeper);
}

/* ---- the loop's view ---- */

static void sweep_result(void *context, unsigned step, const PGresult *result) {
  struct daemon *daemon = context;
  (void)step;
  const int64_t swept = pg_int(result, 0, 0);
  if (swept > 0) log_info("content.swept uploads=%ld", swept);
  if (swept >= SWEEP_ROWS) daemon->content_swept_at = 0; /* there may be more */
}

static void sweep_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  (void)context;
  if (outcome != PG_DONE) log_warning("content.sweep_failed sqlstate=%s text=%s", sqlstate, text);
}

static void sweep(struct daemon *daemon) {
  struct pg_params params;
  const usec_t now = clock_now();
  if (pg_state(daemon->keeper) != PG_UP || (daemon->content_swept_at != 0 && now < daemon->content_swept_at + SWEEP_USEC)) return;
  if (!pg_begin(daemon->keeper, sweep_result, sweep_done, daemon)) return;
  daemon->content_swept_at = now;
  pg_params_reset(&params);
  pg_param_instant(&params, now - CONTENT_KEEP_DAYS * DAY_USEC);
  pg_param_int4(&params, SWEEP_ROWS);
  pg_statement(daemon->keeper, STATEMENT_SWEEP_UPLOADS, &params);
  pg_end(daemon->keeper);
}

void content_turn(struct daemon *daemon, int64_t now_msec) {
  pg_turn(daemon->keeper, now_msec);
  if (daemon->store.state != STORE_READY) return;
  sweep(daemon);
  if (pg_state(daemon->keeper) != PG_DOWN || now_msec < daemon->keeper_retry_at) return;
  daemon->keeper_retry_at = now_msec + RETRY_MSEC;
  pg_connect(daemon->keeper, daemon->store.conninfo, now_msec);
}
