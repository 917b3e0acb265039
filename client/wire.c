/* wire.c - the one DEALER socket of a client.
 *
 * No routing id is set: the daemon's ROUTER makes one, which nobody else can take.  ZMQ_IMMEDIATE keeps messages here
 * while no daemon is connected, so that a restarted one is not met by a queue of repeats. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "client/internal.h"

static bool option(void *socket, int name, int value) { return zmq_setsockopt(socket, name, &value, sizeof value) == 0; }

static bool options_set(void *socket) {
  int64_t bytes_max = WIRE_FRAME_BYTES_MAX;
  return option(socket, ZMQ_LINGER, 0) && option(socket, ZMQ_SNDHWM, CLIENT_SNDHWM) &&
         option(socket, ZMQ_RCVHWM, CLIENT_RCVHWM) && option(socket, ZMQ_IMMEDIATE, 1) &&
         option(socket, ZMQ_RECONNECT_IVL, 50) && option(socket, ZMQ_RECONNECT_IVL_MAX, 1000) &&
         zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) == 0;
}

bool client_wire_open(struct rectify *rectify) {
  rectify->context = zmq_ctx_new();
  if (rectify->context == NULL) return false;
  rectify->socket = zmq_socket(rectify->context, ZMQ_DEALER);
  return rectify->socket != NULL && options_set(rectify->socket) &&
         zmq_connect(rectify->socket, rectify->endpoint) == 0;
}

void client_wire_close(struct rectify *rectify) {
  if (rectify->socket != NULL) zmq_close(rectify->socket);
  if (rectify->context != NULL)
    while (zmq_ctx_term(rectify->context) != 0 && errno == EINTR) continue;
  rectify->socket = rectify->context = NULL;
}

int client_wire_send(struct rectify *rectify, const void *data, size_t length) {
  while (zmq_send(rectify->socket, data, length, ZMQ_DONTWAIT) < 0)
    if (errno != EINTR) return errno == EAGAIN ? 0 : -1;
  return 1;
}

int client_wire_wait(struct rectify *rectify, bool write, int64_t wait_msec) {
  zmq_pollitem_t item = {.socket = rectify->socket, .events = ZMQ_POLLIN};
  if (write) item.events |= ZMQ_POLLOUT;
  if (wait_msec < 0) wait_msec = 0;
  return zmq_poll(&item, 1, wait_msec > INT_MAX ? INT_MAX : (long)wait_msec) < 0 ? -1 : 0;
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
