#include "daemon/router.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "rectify/must.h"

struct router {
  void *context;
  void *socket;
  bool bound;
  bool ready; /* something may wait at the socket: asking it for nothing costs several system calls */
  char path[sizeof((struct sockaddr_un *)0)->sun_path]; /* of the socket file, and which file it is */
  dev_t device;
  ino_t inode;
  uint64_t dropped;
  zmq_msg_t envelope;
};

static void set_int(void *socket, int option, int value) { must(zmq_setsockopt(socket, option, &value, sizeof value) == 0); }

static void *open_socket(void *context) {
  void *socket = zmq_socket(context, ZMQ_ROUTER);
  must(socket != NULL);
  int64_t frame_max = WIRE_FRAME_BYTES_MAX;
  must(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0);
  set_int(socket, ZMQ_RCVHWM, WIRE_HWM);
  set_int(socket, ZMQ_SNDHWM, WIRE_SEND_HWM);
  set_int(socket, ZMQ_LINGER, 1000);
  set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
  set_int(socket, ZMQ_HANDSHAKE_IVL, 2000);
  set_int(socket, ZMQ_HEARTBEAT_IVL, 5000);
  set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, 15000);
  set_int(socket, ZMQ_BACKLOG, 512);
  return socket;
}

struct router *router_new(void) {
  struct router *router = calloc(1, sizeof *router);
  must(router != NULL);
  router->context = zmq_ctx_new();
  must(router->context != NULL);
  router->socket = open_socket(router->context);
  zmq_msg_init(&router->envelope);
  return router;
}

/* libzmq leaves the file of an ipc socket.  Another daemon's that took the path meanwhile is not touched. */
static void remove_file(const struct router *router) {
  struct stat now;
  if (stat(router->path, &now) == 0 && now.st_dev == router->device && now.st_ino == router->inode)
    unlink(router->path);
}

void router_close(struct router *router) {
  if (router->socket == NULL) return;
  if (router->bound) remove_file(router);
  zmq_close(router->socket);
  router->socket = NULL;
}

void router_free(struct router *router) {
  if (router == NULL) return;
  router_close(router);
  zmq_msg_close(&router->envelope);
  zmq_ctx_term(router->context);
  free(router);
}

int router_check(const char *endpoint, char *error, size_t error_size) {
  if (strncmp(endpoint, "ipc:///", 7) != 0) {
    snprintf(error, error_size, "endpoint %s: only ipc:///PATH is offered until clients have keys", endpoint);
    return -1;
  }
  if (strlen(endpoint + 6) >= sizeof((struct sockaddr_un *)0)->sun_path) {
    snprintf(error, error_size, "endpoint %s: a socket's path has at most 107 bytes", endpoint);
    return -1;
  }
  return 0;
}

int router_bind(struct router *router, const char *endpoint, unsigned mode, char *error, size_t error_size) {
  if (router->bound) return 0;
  if (router_check(endpoint, error, error_size) != 0) return -1;
  mode_t before = umask((mode_t)~mode & 0777);
  int rc = zmq_bind(router->socket, endpoint);
  int reason = errno;
  umask(before);
  if (rc != 0) {
    snprintf(error, error_size, "endpoint %s: %s", endpoint, zmq_strerror(reason));
    return -1;
  }
  chmod(endpoint + 6, (mode_t)mode);
  struct stat file = {0};
  snprintf(router->path, sizeof router->path, "%s", endpoint + 6);
  (void)stat(router->path, &file);
  router->device = file.st_dev;
  router->inode = file.st_ino;
  router->bound = true;
  return 0;
}

void *router_socket(const struct router *router) { return router->socket; }

uint64_t router_dropped(const struct router *router) { return router->dropped; }

static bool more(void *socket) {
  int value = 0;
  size_t size = sizeof value;
  return zmq_getsockopt(socket, ZMQ_RCVMORE, &value, &size) == 0 && value != 0;
}

/* Reads whatever is left of a message that has too many frames.  Ends: libzmq delivers whole messages only. */
static void drain(struct router *router) {
  while (more(router->socket)) {
    if (zmq_msg_recv(&router->envelope, router->socket, ZMQ_DONTWAIT) < 0) return;
  }
}

/* 1: a message, 0: one that was dropped, -1: none waits. */
static int receive_one(struct router *router, struct route_back *back) {
  if (zmq_msg_recv(&router->envelope, router->socket, ZMQ_DONTWAIT) < 0) return -1;
  size_t length = zmq_msg_size(&router->envelope);
  bool usable = length <= sizeof back->routing && more(router->socket);
  if (usable) memcpy(back->routing, zmq_msg_data(&router->envelope), length);
  back->length = (uint8_t)length;
  back->delimiter = false;
  usable = usable && zmq_msg_recv(&router->envelope, router->socket, ZMQ_DONTWAIT) >= 0;
  if (usable && zmq_msg_size(&router->envelope) == 0 && more(router->socket)) {
    back->delimiter = true;
    usable = zmq_msg_recv(&router->envelope, router->socket, ZMQ_DONTWAIT) >= 0;
  }
  if (usable && !more(router->socket)) return 1;
  drain(router);
  router->dropped++;
  return 0;
}

const uint8_t *router_receive(struct router *router, struct route_back *back, size_t *length) {
  if (router->socket == NULL || !router->ready) return NULL;
  for (int tries = 0; tries < 64; tries++) {
    int got = receive_one(router, back);
    router->ready = got >= 0;
    if (got < 0) return NULL;
    if (got == 0) continue;
    *length = zmq_msg_size(&router->envelope);
    return zmq_msg_data(&router->envelope);
  }
  return NULL;
}

bool router_send(struct router *router, const struct route_back *back, const void *data, size_t length) {
  if (router->socket == NULL) return false;
  if (zmq_send(router->socket, back->routing, back->length, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) return false;
  if (back->delimiter && zmq_send(router->socket, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) return false;
  return zmq_send(router->socket, data, length, ZMQ_DONTWAIT) >= 0;
}

int router_wait(struct router *router, bool want_requests, struct router_fd *fds, int count, int timeout_msec) {
  must(count <= ROUTER_FDS_MAX);
  zmq_pollitem_t items[ROUTER_FDS_MAX + 1];
  int used = 0;
  for (int i = 0; i < count; i++) {
    short events = 0;
    if (fds[i].events & 1) events |= ZMQ_POLLIN;
    if (fds[i].events & 4) events |= ZMQ_POLLOUT;
    items[used++] = (zmq_pollitem_t){.fd = fds[i].fd, .events = events};
  }
  bool asks = want_requests && router->socket != NULL && router->bound;
  if (asks) items[used++] = (zmq_pollitem_t){.socket = router->socket, .events = ZMQ_POLLIN};
  int ready = zmq_poll(items, used, timeout_msec);
  for (int i = 0; i < count; i++) fds[i].revents = ready > 0 ? items[i].revents : 0;
  if (asks && ready > 0 && (items[used - 1].revents & ZMQ_POLLIN) != 0) router->ready = true;
  return ready;
}
