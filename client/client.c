/* client.c - the calls of librectify (include/rectify/client.h).
 *
 * One loop serves them all: send what is due, wait, read one reply, give it to whom it belongs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/internal.h"
#include "rectify/must.h"

/* ---- open and close ---- */

/* A file has permissions; TCP needs keys. */
static int endpoint_error(const char *endpoint, const struct rectify_keys *keys) {
  if (endpoint == NULL) return EINVAL;
  if (client_endpoints(endpoint, "tcp://") > 0) return keys == NULL ? EPROTONOSUPPORT : 0;
  return keys == NULL && client_endpoints(endpoint, "ipc://") > 0 ? 0 : EINVAL;
}

static int open_error(const char *endpoint, const char *actor, const struct rectify_keys *keys) {
  size_t length = actor != NULL ? strnlen(actor, CODE_BYTES_MAX + 1) : 0;
  if (length == 0 || length > CODE_BYTES_MAX || !codec_text_ok(actor, length)) return EINVAL;
  return endpoint_error(endpoint, keys);
}

static bool rectify_fill(struct rectify *rectify, const char *endpoint, const char *actor,
                         const struct rectify_keys *keys) {
  rectify->timing = client_timing_default;
  rectify->actor_length = strlen(actor);
  memcpy(rectify->actor, actor, rectify->actor_length);
  rectify->endpoint = strdup(endpoint);
  rectify->endpoint_count = client_endpoints(endpoint, "");
  rectify->arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
  if (rectify->endpoint == NULL || rectify->arena == NULL) return false;
  if (client_random(rectify, &rectify->jitter_state, sizeof rectify->jitter_state) != 0) return false;
  rectify->jitter_state |= 1; /* xorshift must not start at 0 */
  return client_wire_open(rectify, keys);
}

static struct rectify *open_checked(const char *endpoint, const char *actor, const struct rectify_keys *keys) {
  errno = open_error(endpoint, actor, keys);
  if (errno != 0) return NULL;
  struct rectify *rectify = calloc(1, sizeof *rectify);
  if (rectify == NULL) return NULL;
  if (rectify_fill(rectify, endpoint, actor, keys)) return rectify;
  int error = errno;
  rectify_close(rectify);
  errno = error;
  return NULL;
}

struct rectify *rectify_open(const char *endpoint, const char *actor) { return open_checked(endpoint, actor, NULL); }

struct rectify *rectify_open_keyed(const char *endpoint, const char *actor, const struct rectify_keys *keys) {
  if (keys != NULL) return open_checked(endpoint, actor, keys);
  errno = EINVAL;
  return NULL;
}

void rectify_close(struct rectify *rectify) {
  if (rectify == NULL) return;
  client_wire_close(rectify);
  for (unsigned i = 0; i < CLIENT_SLOTS; i++) client_slot_free(&rectify->slots[i]);
  size_t length;
  for (uint8_t *bytes; (bytes = client_inbox_get(rectify, &length)) != NULL;) free(bytes);
  codec_arena_free(rectify->arena);
  free(rectify->endpoint);
  free(rectify);
}

/* ---- errors ---- */

const Rectify__V1__Error *rectify_error(const struct rectify *rectify) { return rectify->error; }

const char *rectify_error_text(const struct rectify *rectify) { return rectify->text; }

static void errors_clear(struct rectify *rectify) {
  rectify->error = NULL;
  rectify->text[0] = rectify->later[0] = '\0';
}

static int system_failed(struct rectify *rectify, const char *what) {
  char reason[128];
  snprintf(rectify->text, sizeof rectify->text, "%s: %s", what, strerror_r(errno, reason, sizeof reason));
  return RECTIFY_SYSTEM;
}

static int protocol_failed(struct rectify *rectify, const struct codec_error *error) {
  snprintf(rectify->text, sizeof rectify->text, "the answer from %s is not one: %s%s%s", rectify->endpoint,
           error->field, error->field[0] != '\0' ? ": " : "", error->text);
  return RECTIFY_PROTOCOL;
}

static int timed_out(struct rectify *rectify, int timeout_msec) {
  if (rectify->later[0] != '\0')
    snprintf(rectify->text, sizeof rectify->text, "the daemon at %s says for %g s: %s", rectify->endpoint,
             timeout_msec / 1000.0, rectify->later);
  else if (client_slots_taken(rectify) == 0)
    snprintf(rectify->text, sizeof rectify->text, "nothing came from %s within %g s", rectify->endpoint,
             timeout_msec / 1000.0);
  else
    snprintf(rectify->text, sizeof rectify->text, "no daemon answered at %s within %g s; %s", rectify->endpoint,
             timeout_msec / 1000.0,
             rectify->handshake_failed ? "the handshake failed: is the server's key the right one?" : "is rectifyd running?");
  return RECTIFY_TIMEOUT;
}

static int not_admitted(struct rectify *rectify) {
  snprintf(rectify->text, sizeof rectify->text,
           "the daemon at %s does not admit this key: it is not registered, was revoked, or has expired",
           rectify->endpoint);
  return RECTIFY_KEY;
}

static int bytes_width(const ProtobufCBinaryData *bytes) { return (int)(bytes->len > 400 ? 400 : bytes->len); }

static const char *bytes_text(const ProtobufCBinaryData *bytes) {
  return bytes->len > 0 ? (const char *)bytes->data : "";
}

int client_daemon_failed(struct rectify *rectify, const Rectify__V1__Error *error) {
  rectify->error = error;
  snprintf(rectify->text, sizeof rectify->text, "%.*s%s%.*s", bytes_width(&error->field), bytes_text(&error->field),
           error->field.len > 0 ? ": " : "", bytes_width(&error->text), bytes_text(&error->text));
  return RECTIFY_ERROR;
}

/* ---- sending ---- */

static bool is_full(const struct rectify *rectify) { return rectify_unanswered(rectify) >= RECTIFY_WINDOW_MAX; }

/* Completes the envelope; the request's id is the caller's, if it has one. */
static int request_fill(struct rectify *rectify, Rectify__V1__Request *request, uint8_t id[WIRE_ID_BYTES]) {
  request->version = WIRE_VERSION;
  request->actor = (ProtobufCBinaryData){.len = rectify->actor_length, .data = (uint8_t *)rectify->actor};
  if (request->id.len == WIRE_ID_BYTES) {
    memcpy(id, request->id.data, WIRE_ID_BYTES);
    return RECTIFY_OK;
  }
  request->id = (ProtobufCBinaryData){.len = WIRE_ID_BYTES, .data = id};
  return rectify_key(rectify, id);
}

/* Packs the request into a slot; *slot is the slot. */
static int request_enter(struct rectify *rectify, Rectify__V1__Request *request, struct client_slot **slot) {
  uint8_t id[WIRE_ID_BYTES];
  size_t length;
  int result = request_fill(rectify, request, id);
  if (result != RECTIFY_OK) return result;
  errno = EALREADY; /* two answers to one id could not be told apart */
  if (client_slot_find(rectify, id) != NULL) return system_failed(rectify, "this request id is waiting for its answer");
  uint8_t *bytes = codec_pack(&request->base, &length);
  if (bytes == NULL) return system_failed(rectify, "packing a request");
  *slot = NULL;
  if (client_slots_taken(rectify) == 0) rectify->heard_at = client_now_msec() - rectify->waited;
  if (length <= WIRE_FRAME_BYTES_MAX) *slot = client_slot_take(rectify, id, bytes, length);
  if (*slot != NULL) return RECTIFY_OK;
  free(bytes);
  errno = length <= WIRE_FRAME_BYTES_MAX ? ENOBUFS : EMSGSIZE;
  return system_failed(rectify, "the request cannot be sent");
}

int rectify_send(struct rectify *rectify, Rectify__V1__Request *request) {
  struct client_slot *slot;
  int64_t next_at;
  bool blocked;
  errors_clear(rectify);
  if (is_full(rectify)) {
    snprintf(rectify->text, sizeof rectify->text, "%d requests wait for their answers already", RECTIFY_WINDOW_MAX);
    return RECTIFY_TIMEOUT;
  }
  Rectify__V1__Request whole = *request;
  int result = request_enter(rectify, &whole, &slot);
  if (result != RECTIFY_OK) return result;
  if (request->id.len != WIRE_ID_BYTES) request->id = (ProtobufCBinaryData){.len = WIRE_ID_BYTES, .data = slot->id};
  if (client_slots_send(rectify, client_now_msec(), &next_at, &blocked) != 0)
    return system_failed(rectify, "sending a request");
  return RECTIFY_OK;
}

unsigned rectify_unanswered(const struct rectify *rectify) {
  return client_slots_taken(rectify) + rectify->inbox_count - rectify->inbox_pushes;
}

/* ---- receiving ---- */

/* What one received message turned out to be. */
enum arrival { ARRIVAL_NOTHING, ARRIVAL_WANTED, ARRIVAL_OTHER, ARRIVAL_BROKEN };

/* "Try later" keeps the slot; its bytes go out again. */
static bool put_off(struct rectify *rectify, struct client_slot *slot, const Rectify__V1__Reply *reply) {
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_ERROR || !failure_is_retry(reply->error->code)) return false;
  client_slot_later(rectify, slot, reply->error->retry_msec);
  snprintf(rectify->later, sizeof rectify->later, "%.*s", bytes_width(&reply->error->text),
           bytes_text(&reply->error->text));
  return true;
}

/* Gives a reply to its slot.  `wanted`: the slot somebody waits for; NULL: any reply or push will do. */
static enum arrival arrive(struct rectify *rectify, const struct client_slot *wanted, const Rectify__V1__Reply *reply) {
  if (reply->body_case == RECTIFY__V1__REPLY__BODY_PUSH) return wanted == NULL ? ARRIVAL_WANTED : ARRIVAL_OTHER;
  struct client_slot *slot = client_slot_find(rectify, reply->id.data);
  if (slot == NULL || put_off(rectify, slot, reply)) return ARRIVAL_NOTHING;
  client_slot_free(slot);
  return wanted == NULL || slot == wanted ? ARRIVAL_WANTED : ARRIVAL_OTHER;
}

/* Reads messages that are there until one is wanted.  1: *reply; 0: no more there; negative: enum rectify_result. */
static int read_wanted(struct rectify *rectify, const struct client_slot *wanted, const Rectify__V1__Reply **reply) {
  uint8_t *bytes;
  size_t length;
  int got;
  while ((got = client_wire_receive(rectify, &bytes, &length)) == 1) {
    struct codec_error error;
    codec_arena_reset(rectify->arena);
    *reply = codec_reply(rectify->arena, bytes, length, &error);
    rectify->heard_at = client_now_msec();
    rectify->rounds = 0;
    rectify->waited = 0;
    enum arrival arrival = *reply == NULL ? ARRIVAL_BROKEN : arrive(rectify, wanted, *reply);
    if (arrival == ARRIVAL_OTHER)
      client_inbox_put(rectify, bytes, length, (*reply)->body_case == RECTIFY__V1__REPLY__BODY_PUSH);
    else
      free(bytes);
    if (arrival == ARRIVAL_BROKEN) return protocol_failed(rectify, &error);
    if (arrival == ARRIVAL_WANTED) return 1;
  }
  if (got == 0) return 0;
  system_failed(rectify, "receiving");
  return errno == EPROTO ? RECTIFY_PROTOCOL : RECTIFY_SYSTEM;
}

/* The loop.  1: *reply; negative: enum rectify_result. */
static int wait_wanted(struct rectify *rectify, const struct client_slot *wanted, int timeout_msec,
                       const Rectify__V1__Reply **reply) {
  int64_t until = timeout_msec < 0 ? INT64_MAX : client_now_msec() + timeout_msec;
  for (;;) {
    int64_t now = client_now_msec(), next_at;
    bool blocked;
    if (client_slots_send(rectify, now, &next_at, &blocked) != 0) return system_failed(rectify, "sending a request");
    int got = read_wanted(rectify, wanted, reply);
    if (got != 0) return got;
    if (client_wire_refused(rectify)) return not_admitted(rectify);
    if (now >= until) return timed_out(rectify, timeout_msec);
    int64_t patience = client_wire_patience(rectify);
    if (now >= patience && !client_wire_next(rectify, now)) return system_failed(rectify, "connecting to the next daemon");
    if (now >= patience) continue;
    if (next_at > patience) next_at = patience;
    if (client_wire_wait(rectify, blocked, (next_at < until ? next_at : until) - now) == 0) continue;
    if (errno != EINTR) return system_failed(rectify, "waiting for an answer");
    if (wanted == NULL) return timed_out(rectify, timeout_msec); /* lets the caller see to its signal */
  }
}

int rectify_ask(struct rectify *rectify, Rectify__V1__Request *request, int timeout_msec,
                const Rectify__V1__Reply **reply) {
  struct client_slot *slot;
  errors_clear(rectify);
  Rectify__V1__Request whole = *request; /* the caller's stays as it is, to be asked again */
  int result = request_enter(rectify, &whole, &slot);
  if (result != RECTIFY_OK) return result;
  result = wait_wanted(rectify, slot, timeout_msec, reply);
  if (result < 0) {
    client_slot_free(slot);
    if (client_slots_taken(rectify) == 0) rectify->waited = client_now_msec() - rectify->heard_at;
    return result;
  }
  if ((*reply)->body_case == RECTIFY__V1__REPLY__BODY_ERROR) return client_daemon_failed(rectify, (*reply)->error);
  return RECTIFY_OK;
}

int client_ask_as(struct rectify *rectify, const ProtobufCBinaryData *actor, Rectify__V1__Request *request,
                  int timeout_msec, const Rectify__V1__Reply **reply) {
  char own[CODE_BYTES_MAX + 1];
  const size_t length = rectify->actor_length;
  must(actor->len >= 1 && actor->len <= CODE_BYTES_MAX);
  memcpy(own, rectify->actor, length);
  memcpy(rectify->actor, actor->data, rectify->actor_length = actor->len);
  int result = rectify_ask(rectify, request, timeout_msec, reply);
  memcpy(rectify->actor, own, rectify->actor_length = length);
  return result;
}

int rectify_receive(struct rectify *rectify, int timeout_msec, const Rectify__V1__Reply **reply) {
  size_t length;
  errors_clear(rectify);
  uint8_t *bytes = client_inbox_get(rectify, &length);
  if (bytes == NULL) {
    int result = wait_wanted(rectify, NULL, timeout_msec, reply);
    return result < 0 ? result : RECTIFY_OK;
  }
  struct codec_error error;
  codec_arena_reset(rectify->arena);
  *reply = codec_reply(rectify->arena, bytes, length, &error);
  free(bytes);
  return *reply != NULL ? RECTIFY_OK : protocol_failed(rectify, &error);
}
