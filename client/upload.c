/* upload.c - a file of evidence goes to the daemon in parts: what is there already is not sent again, a few parts are under way at
 * one time, and the answer to the one that makes it whole says that the daemon has hashed it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/internal.h"
#include "rectify/must.h"

#define WINDOW 4 /* parts that have no answer: a megabyte */

struct upload {
  struct rectify *rectify;
  int file;
  int timeout_msec;
  Rectify__V1__Upload what;
  uint8_t have[CONTENT_CHUNKS_MAX / 8];
  uint32_t parts, next, unanswered;
  uint64_t done; /* bytes */
  bool complete;
  uint8_t *bytes; /* of one part */
};

static uint64_t part_bytes(const struct upload *upload, uint32_t n) {
  const uint64_t left = upload->what.size - (uint64_t)n * CONTENT_CHUNK_BYTES;
  return left < CONTENT_CHUNK_BYTES ? left : CONTENT_CHUNK_BYTES;
}

static bool has(const struct upload *upload, uint32_t n) { return (upload->have[n / 8] >> n % 8 & 1) != 0; }

static int misfit(struct rectify *rectify) {
  (void)snprintf(rectify->text, sizeof rectify->text, "the answer does not fit what was sent");
  return RECTIFY_PROTOCOL;
}

static int begin(struct upload *upload) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  const Rectify__V1__Reply *reply;
  request.body_case = RECTIFY__V1__REQUEST__BODY_UPLOAD;
  request.upload = &upload->what;
  int result = rectify_ask(upload->rectify, &request, upload->timeout_msec, &reply);
  if (result != RECTIFY_OK) return result;
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_UPLOADED) return misfit(upload->rectify);
  const Rectify__V1__Uploaded *uploaded = reply->uploaded;
  upload->complete = uploaded->complete;
  if (!upload->complete && (uploaded->part_bytes != CONTENT_CHUNK_BYTES || uploaded->have.len > sizeof upload->have))
    return misfit(upload->rectify);
  if (uploaded->have.len > 0) memcpy(upload->have, uploaded->have.data, uploaded->have.len);
  for (uint32_t n = 0; n < upload->parts; n++) upload->done += has(upload, n) ? part_bytes(upload, n) : 0;
  return RECTIFY_OK;
}

/* A file that is being written to meanwhile has another hash in the end, and the daemon says so. */
static bool read_part(const struct upload *upload, uint32_t n, size_t length) {
  size_t used = 0;
  while (used < length) {
    const ssize_t got = pread(upload->file, upload->bytes + used, length - used, (off_t)n * CONTENT_CHUNK_BYTES + (off_t)used);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    used += (size_t)got;
  }
  return true;
}

static int send_part(struct upload *upload, uint32_t n) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Part part = RECTIFY__V1__PART__INIT;
  const size_t length = (size_t)part_bytes(upload, n);
  errno = 0;
  if (!read_part(upload, n, length)) {
    (void)snprintf(upload->rectify->text, sizeof upload->rectify->text, "the file cannot be read to its end: %s",
                   errno != 0 ? strerror(errno) : "it has become shorter");
    return RECTIFY_SYSTEM;
  }
  part.sha256 = upload->what.sha256;
  part.n = n;
  part.bytes = (ProtobufCBinaryData){.len = length, .data = upload->bytes};
  request.body_case = RECTIFY__V1__REQUEST__BODY_PART;
  request.part = &part;
  const int result = rectify_send(upload->rectify, &request);
  if (result == RECTIFY_OK) upload->unanswered++;
  return result;
}

static int fill_window(struct upload *upload) {
  int result = RECTIFY_OK;
  for (; upload->next < upload->parts && upload->unanswered < WINDOW && result == RECTIFY_OK; upload->next++)
    if (!has(upload, upload->next)) result = send_part(upload, upload->next);
  return result;
}

static int take_answer(struct upload *upload) {
  const Rectify__V1__Reply *reply;
  int result = rectify_receive(upload->rectify, upload->timeout_msec, &reply);
  if (result != RECTIFY_OK) return result;
  if (reply->body_case == RECTIFY__V1__REPLY__BODY_ERROR) return client_daemon_failed(upload->rectify, reply->error);
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_UPLOADED) return misfit(upload->rectify);
  upload->unanswered--;
  upload->complete |= reply->uploaded->complete != 0;
  upload->done += CONTENT_CHUNK_BYTES;
  if (upload->done > upload->what.size) upload->done = upload->what.size;
  return RECTIFY_OK;
}

static int send_parts(struct upload *upload, rectify_progress_fn *progress, void *context) {
  int result = RECTIFY_OK;
  while (result == RECTIFY_OK && !upload->complete) {
    result = fill_window(upload);
    if (result != RECTIFY_OK) break;
    if (upload->unanswered == 0) return misfit(upload->rectify); /* all of it is there, and it is not complete */
    result = take_answer(upload);
    if (result == RECTIFY_OK && progress != NULL) progress(context, upload->done, upload->what.size);
  }
  /* Late answers are to nobody. */
  for (unsigned i = 0; i < CLIENT_SLOTS; i++) client_slot_free(&upload->rectify->slots[i]);
  return result;
}

static int run(struct upload *upload, rectify_progress_fn *progress, void *context) {
  int result = begin(upload);
  if (result != RECTIFY_OK || upload->complete) return result;
  upload->bytes = malloc(CONTENT_CHUNK_BYTES);
  must(upload->bytes != NULL);
  result = send_parts(upload, progress, context);
  free(upload->bytes);
  return result;
}

int rectify_upload(struct rectify *rectify, const char *actor, int file, const uint8_t sha256[32], uint64_t size, int timeout_msec,
                   rectify_progress_fn *progress, void *context) {
  char own[CODE_BYTES_MAX + 1];
  const size_t length = rectify->actor_length;
  struct upload upload = {.rectify = rectify, .file = file, .timeout_msec = timeout_msec};
  must(rectify_unanswered(rectify) == 0 && (actor == NULL || (actor[0] != '\0' && strlen(actor) <= CODE_BYTES_MAX)));
  upload.what = (Rectify__V1__Upload)RECTIFY__V1__UPLOAD__INIT;
  upload.what.sha256 = (ProtobufCBinaryData){.len = HASH_BYTES, .data = (uint8_t *)(uintptr_t)sha256};
  upload.what.size = size;
  const uint64_t parts = size / CONTENT_CHUNK_BYTES + (size % CONTENT_CHUNK_BYTES != 0);
  upload.parts = parts < CONTENT_CHUNKS_MAX ? (uint32_t)parts : CONTENT_CHUNKS_MAX; /* a larger one is refused as it begins */
  memcpy(own, rectify->actor, length);
  if (actor != NULL) memcpy(rectify->actor, actor, rectify->actor_length = strlen(actor));
  const int result = run(&upload, progress, context);
  memcpy(rectify->actor, own, rectify->actor_length = length);
  return result;
}
