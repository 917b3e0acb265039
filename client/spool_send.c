/* spool_send.c - sending what waits: one request at a time, so that nothing overtakes what was added before it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/spool.h"

/* Neighbours in the queue that go in one request: of one kind and one person. */
struct batch {
  uint8_t ids[SPOOL_BATCH_MAX][16]; /* places may change while the lock is free, ids do not */
  uint32_t count;
  Rectify__V1__Request request;
  Rectify__V1__Submit submit;
  Rectify__V1__Act act;
  Rectify__V1__Finding *findings[SPOOL_BATCH_MAX];
  Rectify__V1__Command *commands[SPOOL_BATCH_MAX];
};

/* One sender a spool: 0 it is us; -1 not now. */
static int sender_lock(struct rectify_spool *spool, bool wait) {
  char path[SPOOL_PATH_BYTES];
  if (snprintf(path, sizeof path, "%s/sender", spool->folder) >= (int)sizeof path) return -1;
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), got;
  if (fd < 0) return -1;
  do got = flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
  while (got != 0 && errno == EINTR);
  if (got == 0) return fd;
  int why = errno;
  close(fd);
  errno = why;
  return -1;
}

static bool fits(const struct batch *batch, const Rectify__V1__Request *next) {
  if (batch->count == 0) return true;
  const Rectify__V1__Request *first = &batch->request;
  return next->body_case == first->body_case && next->actor.len == first->actor.len &&
         memcmp(next->actor.data, first->actor.data, first->actor.len) == 0;
}

static void batch_put(struct batch *batch, const uint8_t id[16], Rectify__V1__Request *one) {
  if (batch->count == 0) batch->request = *one;
  memcpy(batch->ids[batch->count], id, 16);
  if (one->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT) batch->findings[batch->count] = one->submit->findings[0];
  else batch->commands[batch->count] = one->act->commands[0];
  batch->count++;
}

static void batch_close(struct batch *batch) {
  batch->submit = (Rectify__V1__Submit)RECTIFY__V1__SUBMIT__INIT;
  batch->act = (Rectify__V1__Act)RECTIFY__V1__ACT__INIT;
  batch->submit.n_findings = batch->act.n_commands = batch->count;
  batch->submit.findings = batch->findings;
  batch->act.commands = batch->commands;
  batch->request.id = (ProtobufCBinaryData){0};
  if (batch->request.body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT) batch->request.submit = &batch->submit;
  else batch->request.act = &batch->act;
}

/* The oldest that wait, at most `most`.  RECTIFY_OK with count 0: nothing waits. */
static int gather(struct rectify_spool *spool, const char *endpoint, uint32_t most, struct batch *batch) {
  size_t bytes = 0;
  batch->count = 0;
  codec_arena_reset(spool->arena);
  while (spool->first < spool->count && spool->entries[spool->first].fate != RECTIFY_WAITING) spool->first++;
  for (size_t i = spool->first; i < spool->count && batch->count < most && bytes < SPOOL_BATCH_BYTES_MAX; i++) {
    const struct spool_entry *entry = &spool->entries[i];
    if (entry->fate != RECTIFY_WAITING || !spool_may_go(spool, entry, endpoint)) continue;
    Rectify__V1__Request *one = spool_request(spool, entry);
    if (one == NULL) return RECTIFY_PROTOCOL;
    if (!fits(batch, one)) break;
    batch_put(batch, entry->id, one);
    bytes += entry->request.length;
  }
  if (batch->count > 0) batch_close(batch);
  return RECTIFY_OK;
}

static enum rectify_fate fate_of(const Rectify__V1__Outcome *outcome) {
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) return RECTIFY_RECEIVED;
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL) return RECTIFY_REFUSED;
  return outcome->error->code == FAILURE_REFUSALS ? RECTIFY_REFUSED : RECTIFY_FAILED;
}

static int tell(struct rectify_spool *spool, const struct batch *batch, rectify_settled_fn *settled, void *context) {
  struct rectify_spooled item;
  for (uint32_t i = 0; settled != NULL && i < batch->count; i++) {
    size_t at;
    if (!rectify_spool_find(spool, batch->ids[i], &at)) continue; /* forgotten by another process since */
    int result = rectify_spool_item(spool, at, &item);
    if (result != RECTIFY_OK) return result;
    settled(context, &item);
  }
  return RECTIFY_OK;
}

static int wrong_answer(struct rectify_spool *spool) {
  snprintf(spool->text, sizeof spool->text, "the answer does not fit what was sent");
  return RECTIFY_PROTOCOL;
}

static int settle(struct rectify_spool *spool, const struct batch *batch, Rectify__V1__Outcome *const *outcomes) {
  struct rectify_fate_of fates[SPOOL_BATCH_MAX] = {0};
  for (uint32_t i = 0; i < batch->count; i++) {
    const Rectify__V1__Outcome *outcome = outcomes[i];
    if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT__NOT_SET) return wrong_answer(spool);
    memcpy(fates[i].id, batch->ids[i], 16);
    fates[i].fate = fate_of(outcome);
    fates[i].outcome = outcome;
  }
  return rectify_spool_settle(spool, fates, batch->count, NULL);
}

/* What is not proved yet is asked for; what proves something else is no answer. */
static int settle_proven(struct rectify_spool *spool, struct rectify *rectify, const struct batch *batch, const Rectify__V1__Reply *reply,
                         int timeout_msec) {
  const ProtobufCBinaryData *actor = &batch->request.actor;
  Rectify__V1__Reply *own;
  int result = spool_complete(rectify, actor, reply, timeout_msec, &own);
  if (result == RECTIFY_OK) result = spool_check_head(spool, rectify, actor, own->outcomes, timeout_msec);
  if (result == RECTIFY_OK) result = settle(spool, batch, own->outcomes->outcomes);
  if (own != NULL) rectify__v1__reply__free_unpacked(own, NULL);
  return result;
}

/* About the item: it would fail again wherever it is sent.  Anything else is about the person, the connection or the daemon. */
static bool is_about_item(const Rectify__V1__Error *error) {
  return error->code == FAILURE_MALFORMED || error->code == FAILURE_FIELD || error->code == FAILURE_TOO_LARGE ||
         error->code == FAILURE_KEY_REUSED || error->code == FAILURE_NOT_FOUND ||
         error->code == FAILURE_INTERNAL; /* the database will not have it: the operator knows */
}

/* An error about one item of many does not say which: then they go one by one. */
static int settle_error(struct rectify_spool *spool, struct rectify *rectify, const struct batch *batch, uint32_t *singly) {
  const Rectify__V1__Error *error = rectify_error(rectify);
  if (error == NULL || !is_about_item(error)) return RECTIFY_ERROR;
  if (batch->count > 1) {
    *singly = batch->count;
    return RECTIFY_OK;
  }
  Rectify__V1__Outcome outcome = RECTIFY__V1__OUTCOME__INIT, *pointer = &outcome;
  outcome.id = (ProtobufCBinaryData){.len = 16, .data = (uint8_t *)(uintptr_t)batch->ids[0]};
  outcome.result_case = RECTIFY__V1__OUTCOME__RESULT_ERROR;
  outcome.error = (Rectify__V1__Error *)(uintptr_t)error;
  return settle(spool, batch, &pointer);
}

static int send_batch(struct rectify_spool *spool, struct rectify *rectify, struct batch *batch, int timeout_msec,
                      uint32_t *singly) {
  const Rectify__V1__Reply *reply;
  int result = client_ask_as(rectify, &batch->request.actor, &batch->request, timeout_msec, &reply);
  if (result == RECTIFY_ERROR) {
    const bool alone = batch->count == 1;
    result = settle_error(spool, rectify, batch, singly);
    if (result == RECTIFY_OK && !alone) batch->count = 0; /* nothing was settled */
  } else if (result == RECTIFY_OK) {
    const bool answers = reply->body_case == RECTIFY__V1__REPLY__BODY_OUTCOMES && reply->outcomes->preview == 0 &&
                         reply->outcomes->n_outcomes == batch->count;
    if (!answers) return wrong_answer(spool);
    result = spool->has_log ? settle_proven(spool, rectify, batch, reply, timeout_msec) : settle(spool, batch, reply->outcomes->outcomes);
  }
  if (result != RECTIFY_OK && spool->text[0] == '\0')
    snprintf(spool->text, sizeof spool->text, "%.500s", rectify_error_text(rectify));
  return result;
}

int rectify_spool_send(struct rectify_spool *spool, struct rectify *rectify, const char *endpoint, int timeout_msec,
                       rectify_settled_fn *settled, void *context) {
  struct batch batch;
  uint32_t singly = 0;
  int result = rectify_spool_refresh(spool);
  if (result != RECTIFY_OK) return result;
  int lock = sender_lock(spool, timeout_msec < 0);
  if (lock < 0 && errno != EWOULDBLOCK) return spool_failed(spool, "cannot send", SPOOL_FILE_FAILED);
  if (lock < 0) snprintf(spool->text, sizeof spool->text, "another process is sending what waits in %.300s", spool->folder);
  if (lock < 0) return RECTIFY_TIMEOUT;
  for (;;) {
    result = rectify_spool_refresh(spool);
    if (result == RECTIFY_OK) result = gather(spool, endpoint, singly > 0 ? 1 : SPOOL_BATCH_MAX, &batch);
    if (result != RECTIFY_OK || batch.count == 0) break;
    singly -= singly > 0;
    result = send_batch(spool, rectify, &batch, timeout_msec, &singly);
    if (result == RECTIFY_OK) result = tell(spool, &batch, settled, context);
    if (result != RECTIFY_OK) break;
  }
  close(lock);
  return result;
}
