#include "daemon/zap.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "rectify/must.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define HANDSHAKES_PER_TURN 64
#define FRAMES_MAX 8
#define FRAME_BYTES 256

struct zap {
  void *socket;
  zap_admit_fn *admit;
  void *context;
};

/* One frame of a request; longer ones are cut, which no honest field is. */
struct frame {
  uint8_t bytes[FRAME_BYTES];
  size_t length;
};

/* RFC 27: version, request id, domain, address, identity, mechanism, credentials. */
enum { VERSION, REQUEST, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIALS, FRAMES };

struct zap *zap_new(void *zmq_context, zap_admit_fn *admit, void *context) {
  void *socket = zmq_socket(zmq_context, ZMQ_REP);
  must(socket != NULL);
  const int linger = 0;
  must(zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger) == 0);
  if (zmq_bind(socket, ZAP_ENDPOINT) != 0) {
    zmq_close(socket);
    return NULL;
  }
  struct zap *zap = calloc(1, sizeof *zap);
  must(zap != NULL);
  *zap = (struct zap){socket, admit, context};
  return zap;
}

void zap_free(struct zap *zap) {
  if (zap == NULL) return;
  zmq_close(zap->socket);
  free(zap);
}

void *zap_socket(const struct zap *zap) { return zap->socket; }

static bool has_more(void *socket) {
  int more = 0;
  size_t size = sizeof more;
  return zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more != 0;
}

/* The frames of one request; 0 when none waits. */
static int receive(void *socket, struct frame frames[FRAMES_MAX]) {
  struct frame spare;
  int count = 0;
  do {
    struct frame *frame = count < FRAMES_MAX ? &frames[count] : &spare;
    int got = zmq_recv(socket, frame->bytes, FRAME_BYTES, ZMQ_DONTWAIT);
    if (got < 0) return 0;
    frame->length = (size_t)got < FRAME_BYTES ? (size_t)got : FRAME_BYTES;
    count++;
  } while (has_more(socket));
  return count;
}

static bool frame_is(const struct frame *frame, const char *text) {
  return frame->length == strlen(text) && memcmp(frame->bytes, text, frame->length) == 0;
}

static bool admits(const struct zap *zap, const struct frame *frames, int count) {
  return count == FRAMES && frame_is(&frames[VERSION], "1.0") && frame_is(&frames[DOMAIN], ZAP_DOMAIN) &&
         frame_is(&frames[MECHANISM], "CURVE") && frames[CREDENTIALS].length == CURVE_KEY_BYTES &&
         zap->admit(zap->context, frames[CREDENTIALS].bytes);
}

static void send(void *socket, const void *data, size_t length, bool more) {
  (void)zmq_send(socket, data, length, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)); /* inproc, one answer a question */
}

/* The user id is the key itself, as text: every message carries it, and nobody can choose it. */
static void answer(const struct zap *zap, const struct frame *frames, int count) {
  char user[CURVE_TEXT_BYTES] = "";
  bool admitted = admits(zap, frames, count);
  if (admitted) curve_text(frames[CREDENTIALS].bytes, user);
  const char *code = admitted ? "200" : "400", *text = admitted ? "OK" : "the key is not registered";
  send(zap->socket, "1.0", 3, true);
  send(zap->socket, count > REQUEST ? frames[REQUEST].bytes : (const uint8_t *)"", count > REQUEST ? frames[REQUEST].length : 0, true);
  send(zap->socket, code, 3, true);
  send(zap->socket, text, strlen(text), true);
  send(zap->socket, user, strlen(user), true);
  send(zap->socket, "", 0, false);
}

void zap_turn(struct zap *zap) {
  static struct frame frames[FRAMES_MAX];
  for (int i = 0; i < HANDSHAKES_PER_TURN; i++) {
    int count = receive(zap->socket, frames);
    if (count == 0) return;
    answer(zap, frames, count);
  }
}
