/* stranger.c - tries the TCP door with a key that nobody has registered, as somebody from outside would. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "daemon/zap.h"
#include "rectify/must.h"

#define ANSWER_MSEC 5000
#define EVENTS (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

struct stranger {
  void *context;
  void *socket, *monitor; /* NULL: no knock under way */
  int64_t until;
  uint64_t knocks; /* each monitor has an address of its own: libzmq frees one late */
};

struct stranger *stranger_new(void *zmq_context) {
  struct stranger *stranger = calloc(1, sizeof *stranger);
  must(stranger != NULL);
  stranger->context = zmq_context;
  return stranger;
}

static void leave(struct stranger *stranger) {
  if (stranger->monitor != NULL) zmq_close(stranger->monitor);
  if (stranger->socket != NULL) zmq_close(stranger->socket);
  stranger->monitor = stranger->socket = NULL;
}

void stranger_free(struct stranger *stranger) {
  if (stranger == NULL) return;
  leave(stranger);
  free(stranger);
}

void *stranger_socket(const struct stranger *stranger) { return stranger->monitor; }

static bool set(void *socket, int option, const void *value, size_t size) {
  return zmq_setsockopt(socket, option, value, size) == 0;
}

static bool set_int(void *socket, int option, int value) { return set(socket, option, &value, sizeof value); }

static bool dress(void *socket, const uint8_t server[CURVE_KEY_BYTES]) {
  struct curve_pair pair;
  bool ok = curve_new(&pair) && set(socket, ZMQ_CURVE_PUBLICKEY, pair.public_key, CURVE_KEY_BYTES) &&
            set(socket, ZMQ_CURVE_SECRETKEY, pair.secret, CURVE_KEY_BYTES) &&
            set(socket, ZMQ_CURVE_SERVERKEY, server, CURVE_KEY_BYTES) && set_int(socket, ZMQ_LINGER, 0) &&
            set_int(socket, ZMQ_HANDSHAKE_IVL, ANSWER_MSEC);
  curve_wipe(&pair, sizeof pair);
  return ok;
}

bool stranger_knock(struct stranger *stranger, const char *endpoint, const uint8_t server[CURVE_KEY_BYTES],
                    int64_t now_msec) {
  char address[64];
  leave(stranger);
  snprintf(address, sizeof address, "inproc://stranger-%lu", stranger->knocks++);
  stranger->socket = zmq_socket(stranger->context, ZMQ_DEALER);
  stranger->monitor = zmq_socket(stranger->context, ZMQ_PAIR);
  stranger->until = now_msec + ANSWER_MSEC;
  bool ok = stranger->socket != NULL && stranger->monitor != NULL && dress(stranger->socket, server) &&
            set_int(stranger->monitor, ZMQ_LINGER, 0) &&
            zmq_socket_monitor(stranger->socket, address, EVENTS) == 0 &&
            zmq_connect(stranger->monitor, address) == 0 && zmq_connect(stranger->socket, endpoint) == 0;
  if (!ok) leave(stranger);
  return ok;
}

/* An event is two frames: its number in the first two bytes of one, an address in the other. */
static uint16_t next_event(void *monitor) {
  uint8_t frame[8], address[8];
  uint16_t event = 0;
  if (zmq_recv(monitor, frame, sizeof frame, ZMQ_DONTWAIT) < (int)sizeof event) return 0;
  (void)zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT);
  memcpy(&event, frame, sizeof event);
  return event;
}

enum stranger_news stranger_turn(struct stranger *stranger, int64_t now_msec) {
  if (stranger->monitor == NULL) return STRANGER_NONE;
  enum stranger_news news = STRANGER_NONE;
  const uint16_t event = next_event(stranger->monitor);
  if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) news = STRANGER_ADMITTED;
  else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) news = STRANGER_REFUSED;
  else if (now_msec >= stranger->until) news = STRANGER_UNHEARD;
  if (news != STRANGER_NONE) leave(stranger);
  return news;
}
