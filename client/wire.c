/* wire.c - the one DEALER socket of a client.
 *
 * No routing id is set: the daemon's ROUTER makes one, which nobody else can take.  ZMQ_IMMEDIATE keeps messages here
 * while no daemon is connected, so that a restarted one is not met by a queue of repeats.  Heartbeats find out a daemon that
 * keeps its connections but does nothing, so that the client comes to the one that took over. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "client/internal.h"

static bool option(void *socket, int name, int value) { return zmq_setsockopt(socket, name, &value, sizeof value) == 0; }

static bool options_set(void *socket) {
  int64_t bytes_max = WIRE_FRAME_BYTES_MAX;
  return option(socket, ZMQ_LINGER, 0) && option(socket, ZMQ_SNDHWM, CLIENT_SNDHWM) &&
         option(socket, ZMQ_RCVHWM, CLIENT_RCVHWM) && option(socket, ZMQ_IMMEDIATE, 1) &&
         option(socket, ZMQ_HEARTBEAT_IVL, 5000) && option(socket, ZMQ_HEARTBEAT_TIMEOUT, 15000) &&
         option(socket, ZMQ_RECONNECT_IVL, 50) && option(socket, ZMQ_RECONNECT_IVL_MAX, 1000) &&
         zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) == 0;
}

static bool key(void *socket, int name, const uint8_t bytes[CLIENT_KEY_BYTES]) {
  return zmq_setsockopt(socket, name, bytes, CLIENT_KEY_BYTES) == 0;
}

/* A refused handshake is not tried again by libzmq: the monitor tells us, so that nobody waits in vain. */
static bool dress(struct rectify *rectify, const struct rectify_keys *keys) {
  char address[64]; /* a new one: the last socket's may be closing still */
  (void)snprintf(address, sizeof address, "inproc://rectify-handshakes-%u", ++rectify->monitors);
  const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
  rectify->monitor = zmq_socket(rectify->context, ZMQ_PAIR);
  return rectify->monitor != NULL && key(rectify->socket, ZMQ_CURVE_SERVERKEY, keys->server_public) &&
         key(rectify->socket, ZMQ_CURVE_PUBLICKEY, keys->client_public) &&
         key(rectify->socket, ZMQ_CURVE_SECRETKEY, keys->client_secret) && option(rectify->socket, ZMQ_TCP_KEEPALIVE, 1) &&
         option(rectify->monitor, ZMQ_LINGER, 0) && zmq_socket_monitor(rectify->socket, address, events) == 0 &&
         zmq_connect(rectify->monitor, address) == 0;
}

/* ---- several endpoints: one is connected at a time ---- */

/* Where the endpoint `at` of a list stands; NULL behind the last one. */
static const char *list_at(const char *list, uint32_t at, size_t *length) {
  for (; at > 0; at--) {
    list += strcspn(list, ",");
    if (*list == '\0') return NULL;
    list++;
  }
  *length = strcspn(list, ",");
  return list;
}

uint32_t client_endpoints(const char *list, const char *prefix) {
  uint32_t count = 0;
  size_t length;
  for (const char *one; (one = list_at(list, count, &length)) != NULL; count++)
    if (count == RECTIFY_ENDPOINTS_MAX || length <= strlen(prefix) || strncmp(one, prefix, strlen(prefix)) != 0) return 0;
  return count;
}

bool client_endpoints_meet(const char *left, const char *right) {
  size_t length, other;
  const char *one, *two;
  for (uint32_t i = 0; (one = list_at(left, i, &length)) != NULL; i++)
    for (uint32_t k = 0; (two = list_at(right, k, &other)) != NULL; k++)
      if (length == other && memcmp(one, two, length) == 0) return true;
  return false;
}

static bool connect_one(struct rectify *rectify) {
  size_t length;
  const char *one = list_at(rectify->endpoint, rectify->endpoint_at, &length);
  char *copy = one == NULL ? NULL : strndup(one, length);
  bool fine = copy != NULL && zmq_connect(rectify->socket, copy) == 0;
  free(copy);
  return fine;
}

int64_t client_wire_patience(const struct rectify *rectify) {
  int64_t wait = rectify->timing.patience_msec;
  if (rectify->endpoint_count < 2 || client_slots_taken(rectify) == 0) return INT64_MAX;
  for (uint32_t i = 0; i < rectify->rounds && wait < rectify->timing.max_msec; i++) wait *= 2;
  return rectify->heard_at + wait;
}

static bool socket_open(struct rectify *rectify, const struct rectify_keys *keys) {
  rectify->socket = zmq_socket(rectify->context, ZMQ_DEALER);
  return rectify->socket != NULL && options_set(rectify->socket) && (keys == NULL || dress(rectify, keys)) &&
         connect_one(rectify);
}

bool client_wire_open(struct rectify *rectify, const struct rectify_keys *keys) {
  rectify->context = zmq_ctx_new();
  return rectify->context != NULL && socket_open(rectify, keys);
}

static void socket_close(struct rectify *rectify) {
  if (rectify->monitor != NULL) zmq_close(rectify->monitor);
  if (rectify->socket != NULL) zmq_close(rectify->socket);
  rectify->monitor = rectify->socket = NULL;
}

/* The keys are libzmq's to keep. */
static bool keys_of(void *socket, struct rectify_keys *keys) {
  size_t sizes[3] = {CLIENT_KEY_BYTES, CLIENT_KEY_BYTES, CLIENT_KEY_BYTES};
  return zmq_getsockopt(socket, ZMQ_CURVE_SERVERKEY, keys->server_public, &sizes[0]) == 0 &&
         zmq_getsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->client_public, &sizes[1]) == 0 &&
         zmq_getsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->client_secret, &sizes[2]) == 0;
}

/* A new socket, because one that is disconnected still takes messages for the silent daemon.  What was handed to that is lost
 * with it: everything unanswered goes out again. */
bool client_wire_next(struct rectify *rectify, int64_t now) {
  struct rectify_keys keys;
  const bool keyed = rectify->monitor != NULL;
  if (keyed && !keys_of(rectify->socket, &keys)) return false;
  rectify->endpoint_at = (rectify->endpoint_at + 1) % rectify->endpoint_count;
  rectify->rounds += rectify->endpoint_at == 0;
  rectify->heard_at = now + client_jitter(rectify, rectify->timing.first_msec) / 8; /* not all clients in one instant */
  rectify->handshake_failed = false;
  for (struct client_slot *slot = rectify->slots; slot < rectify->slots + CLIENT_SLOTS; slot++)
    if (slot->taken) slot->send_at = now;
  socket_close(rectify);
  const bool fine = socket_open(rectify, keyed ? &keys : NULL);
  explicit_bzero(&keys, sizeof keys);
  return fine;
}

/* An event is two frames: its number in the first two bytes of one, an address in the other. */
bool client_wire_refused(struct rectify *rectify) {
  uint8_t frame[8], peer[256];
  while (rectify->monitor != NULL && zmq_recv(rectify->monitor, frame, sizeof frame, ZMQ_DONTWAIT) >= 2) {
    uint16_t event;
    memcpy(&event, frame, sizeof event);
    (void)zmq_recv(rectify->monitor, peer, sizeof peer, ZMQ_DONTWAIT);
    rectify->refused |= event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    rectify->handshake_failed = event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
  }
  return rectify->refused;
}

void client_wire_close(struct rectify *rectify) {
  socket_close(rectify);
  if (rectify->context != NULL)
    while (zmq_ctx_term(rectify->context) != 0 && errno == EINTR) continue;
  rectify->context = NULL;
}

int client_wire_send(struct rectify *rectify, const void *data, size_t length) {
  while (zmq_send(rectify->socket, data, length, ZMQ_DONTWAIT) < 0)
    if (errno != EINTR) return errno == EAGAIN ? 0 : -1;
  return 1;
}

int client_wire_wait(struct rectify *rectify, bool write, int64_t wait_msec) {
  zmq_pollitem_t items[2] = {{.socket = rectify->socket, .events = ZMQ_POLLIN},
                             {.socket = rectify->monitor, .events = ZMQ_POLLIN}};
  if (write) items[0].events |= ZMQ_POLLOUT;
  if (wait_msec < 0) wait_msec = 0;
  return zmq_poll(items, rectify->monitor != NULL ? 2 : 1, wait_msec > INT_MAX ? INT_MAX : (long)wait_msec) < 0 ? -1 : 0;
}

static int frame_receive(void *socket, zmq_msg_t *frame) {
  int got;
  do got = zmq_msg_recv(frame, socket, ZMQ_DONTWAIT);
  while (got < 0 && errno == EINTR);
  return got < 0 ? -1 : 0;
}

/* Moves on to the last frame of the message; the number of frames with something in them, and one if all are empty. */
static int frames_receive(void *socket, zmq_msg_t *frame) {
  int full = 0;
  if (frame_receive(socket, frame) != 0) return -1;
  while (zmq_msg_more(frame)) {
    if (zmq_msg_size(frame) > 0) full++;
    if (frame_receive(socket, frame) != 0) return -1;
  }
  return full + 1;
}

int client_wire_receive(struct rectify *rectify, uint8_t **bytes, size_t *length) {
  zmq_msg_t frame;
  zmq_msg_init(&frame);
  int frames = frames_receive(rectify->socket, &frame);
  int result = frames < 0 ? (errno == EAGAIN ? 0 : -1) : 1;
  if (frames > 1) {
    errno = EPROTO;
    result = -1;
  }
  if (result == 1) {
    *length = zmq_msg_size(&frame);
    *bytes = malloc(*length > 0 ? *length : 1);
    if (*bytes != NULL && *length > 0) memcpy(*bytes, zmq_msg_data(&frame), *length);
    if (*bytes == NULL) result = -1;
  }
  zmq_msg_close(&frame);
  return result;
}
