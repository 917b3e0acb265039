#include "daemon/router.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/outbox.h"
#include "rectify/must.h"

#define PROOF_MSEC 60000 /* how often the remote door is tried by a stranger */
#define AGAIN_MSEC 1000  /* after a trial that proved nothing */
#define ENDPOINT_BYTES 256
#define ZAP_ENFORCE_DOMAIN 93 /* ZMQ_ZAP_ENFORCE_DOMAIN: hidden as a draft, obeyed by libzmq 4.3.4 all the same */

struct door {
  void *socket;
  bool bound;
  bool ready; /* something may wait at the socket: asking it for nothing costs several system calls */
};

struct router {
  void *context;
  struct door local, remote;
  char path[sizeof((struct sockaddr_un *)0)->sun_path]; /* of the local door's file, and which file it is */
  dev_t device;
  ino_t inode;
  struct zap *zap;
  struct stranger *stranger;
  char knock_at[ENDPOINT_BYTES]; /* the remote door's address, from inside */
  uint8_t server[CURVE_KEY_BYTES];
  bool proven; /* the last stranger was refused, not long ago */
  bool shut;   /* a stranger was admitted: for good */
  int64_t knock_after;
  uint64_t dropped;
  bool remote_next; /* doors take turns */
  bool has_sender;
  uint8_t sender[CURVE_KEY_BYTES];
  zmq_msg_t envelope;
};

bool route_back_same(const struct route_back *a, const struct route_back *b) {
  return a->remote == b->remote && a->length == b->length && memcmp(a->routing, b->routing, a->length) == 0;
}

static void set_int(void *socket, int option, int value) { must(zmq_setsockopt(socket, option, &value, sizeof value) == 0); }

/* All that both doors have in common.  High-water marks are set before any bind. */
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
  router->local.socket = open_socket(router->context);
  zmq_msg_init(&router->envelope);
  return router;
}

/* libzmq leaves the file of an ipc socket.  Another daemon's that took the path meanwhile is not touched. */
static void remove_file(const struct router *router) {
  struct stat now;
  if (stat(router->path, &now) == 0 && now.st_dev == router->device && now.st_ino == router->inode)
    unlink(router->path);
}

static void close_door(struct door *door) {
  if (door->socket != NULL) zmq_close(door->socket);
  *door = (struct door){0};
}

void router_close(struct router *router) {
  if (router->local.bound) remove_file(router);
  close_door(&router->local);
  close_door(&router->remote);
  stranger_free(router->stranger);
  zap_free(router->zap);
  router->stranger = NULL;
  router->zap = NULL;
}

void router_free(struct router *router) {
  if (router == NULL) return;
  router_close(router);
  zmq_msg_close(&router->envelope);
  zmq_ctx_term(router->context);
  free(router);
}

/* ---- binding ---- */

int router_check(const char *endpoint, const char *listen, char *error, size_t error_size) {
  if (strncmp(endpoint, "ipc:///", 7) != 0) {
    snprintf(error, error_size, "endpoint %s: must be ipc:///PATH; TCP is `listen`, and needs a key", endpoint);
    return -1;
  }
  if (strlen(endpoint + 6) >= sizeof((struct sockaddr_un *)0)->sun_path) {
    snprintf(error, error_size, "endpoint %s: a socket's path has at most 107 bytes", endpoint);
    return -1;
  }
  if (listen[0] != '\0' && (strncmp(listen, "tcp://", 6) != 0 || strlen(listen) >= ENDPOINT_BYTES - 16)) {
    snprintf(error, error_size, "listen %.200s: must be tcp://ADDRESS:PORT", listen);
    return -1;
  }
  return 0;
}

static int bind_failed(const char *endpoint, int reason, char *error, size_t error_size) {
  snprintf(error, error_size, "endpoint %s: %s", endpoint, zmq_strerror(reason));
  return -1;
}

/* libzmq would remove whatever is there. */
int router_check_place(const char *endpoint, char *error, size_t error_size) {
  struct stat file;
  if (lstat(endpoint + 6, &file) != 0 || S_ISSOCK(file.st_mode)) return 0;
  snprintf(error, error_size, "endpoint %s: what is there is no socket; it was left alone", endpoint);
  return -1;
}

enum door_file router_look(const struct router *router) {
  struct stat file;
  if (lstat(router->path, &file) != 0) return DOOR_FILE_GONE;
  return file.st_dev == router->device && file.st_ino == router->inode ? DOOR_FILE_OURS : DOOR_FILE_OF_ANOTHER;
}

int router_bind(struct router *router, const char *endpoint, unsigned mode, char *error, size_t error_size) {
  if (router_check(endpoint, "", error, error_size) != 0) return -1;
  if (router_check_place(endpoint, error, error_size) != 0) return -1;
  mode_t before = umask((mode_t)~mode & 0777);
  int rc = zmq_bind(router->local.socket, endpoint);
  int reason = errno;
  umask(before);
  if (rc != 0) return bind_failed(endpoint, reason, error, error_size);
  chmod(endpoint + 6, (mode_t)mode);
  struct stat file = {0};
  snprintf(router->path, sizeof router->path, "%s", endpoint + 6);
  (void)stat(router->path, &file);
  router->device = file.st_dev;
  router->inode = file.st_ino;
  router->local.bound = true;
  return 0;
}

/* Everything that keeps strangers out, read back where libzmq lets us. */
static void arm(void *socket, const struct curve_pair *server) {
  int enforced = 0, serves = 0;
  size_t size = sizeof enforced;
  set_int(socket, ZMQ_CURVE_SERVER, 1);
  must(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, server->secret, CURVE_KEY_BYTES) == 0);
  must(zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) == 0);
  set_int(socket, ZAP_ENFORCE_DOMAIN, 1);
  must(zmq_getsockopt(socket, ZAP_ENFORCE_DOMAIN, &enforced, &size) == 0 && enforced == 1);
  size = sizeof serves;
  must(zmq_getsockopt(socket, ZMQ_CURVE_SERVER, &serves, &size) == 0 && serves == 1);
  set_int(socket, ZMQ_TCP_KEEPALIVE, 1);
}

/* Where the own door is found from inside: an address for "any" is the loopback one. */
static void find_door(struct router *router) {
  char bound[ENDPOINT_BYTES];
  size_t size = sizeof bound;
  must(zmq_getsockopt(router->remote.socket, ZMQ_LAST_ENDPOINT, bound, &size) == 0);
  const char *port = strrchr(bound, ':');
  const bool any = strncmp(bound, "tcp://0.0.0.0:", 14) == 0 || strncmp(bound, "tcp://[::]:", 11) == 0;
  must(port != NULL);
  if (any) snprintf(router->knock_at, sizeof router->knock_at, "tcp://127.0.0.1%s", port);
  else snprintf(router->knock_at, sizeof router->knock_at, "%s", bound);
}

int router_listen(struct router *router, const char *listen, const struct curve_pair *server, zap_admit_fn *admit,
                  void *context, char *error, size_t error_size) {
  if (router->remote.bound) return 0;
  if (router->zap == NULL) router->zap = zap_new(router->context, admit, context);
  must(router->zap != NULL); /* one router a process */
  if (router->remote.socket == NULL) {
    router->remote.socket = open_socket(router->context);
    arm(router->remote.socket, server);
    set_int(router->remote.socket, ZMQ_IPV6, strchr(listen, '[') != NULL); /* where an IPv6 address was asked for */
  }
  if (zmq_bind(router->remote.socket, listen) != 0) return bind_failed(listen, errno, error, error_size);
  router->remote.bound = true;
  memcpy(router->server, server->public_key, CURVE_KEY_BYTES);
  router->stranger = stranger_new(router->context);
  find_door(router);
  return 0;
}

const char *router_listening(const struct router *router) { return router->knock_at; }

/* ---- the proof ---- */

static enum door_news heard(struct router *router, enum stranger_news news, int64_t now_msec) {
  const bool was = router->proven;
  switch (news) {
    case STRANGER_NONE: return DOOR_SAME;
    case STRANGER_REFUSED:
      router->proven = !router->shut;
      router->knock_after = now_msec + PROOF_MSEC;
      return router->proven && !was ? DOOR_OPENED : DOOR_SAME;
    case STRANGER_ADMITTED:
      router->proven = false;
      router->shut = true;
      router->knock_after = INT64_MAX;
      return DOOR_ADMITS;
    case STRANGER_UNHEARD:
      router->proven = false;
      router->knock_after = now_msec + AGAIN_MSEC;
      return was ? DOOR_UNPROVEN : DOOR_SAME;
  }
  return DOOR_SAME;
}

enum door_news router_turn(struct router *router, int64_t now_msec) {
  if (!router->remote.bound) return DOOR_SAME;
  zap_turn(router->zap);
  if (stranger_socket(router->stranger) == NULL && now_msec >= router->knock_after &&
      !stranger_knock(router->stranger, router->knock_at, router->server, now_msec))
    return heard(router, STRANGER_UNHEARD, now_msec);
  return heard(router, stranger_turn(router->stranger, now_msec), now_msec);
}

/* ---- receiving ---- */

static bool more(void *socket) {
  int value = 0;
  size_t size = sizeof value;
  return zmq_getsockopt(socket, ZMQ_RCVMORE, &value, &size) == 0 && value != 0;
}

/* Reads whatever is left of a message that has too many frames.  Ends: libzmq delivers whole messages only. */
static void drain(struct router *router, void *socket) {
  while (more(socket)) {
    if (zmq_msg_recv(&router->envelope, socket, ZMQ_DONTWAIT) < 0) return;
  }
}

/* Who the connection belongs to, as the handshake found out. */
static bool take_sender(struct router *router, const struct door *door) {
  router->has_sender = door == &router->remote;
  if (!router->has_sender) return true;
  const char *user = zmq_msg_gets(&router->envelope, "User-Id");
  return user != NULL && curve_of_text(user, strlen(user), router->sender);
}

/* 1: a message, 0: one that was dropped, -1: none waits. */
static int receive_one(struct router *router, struct door *door, struct route_back *back) {
  void *socket = door->socket;
  if (zmq_msg_recv(&router->envelope, socket, ZMQ_DONTWAIT) < 0) return -1;
  size_t length = zmq_msg_size(&router->envelope);
  bool usable = length <= sizeof back->routing && more(socket);
  if (usable) memcpy(back->routing, zmq_msg_data(&router->envelope), length);
  back->remote = door == &router->remote;
  back->length = (uint8_t)length;
  back->delimiter = false;
  usable = usable && zmq_msg_recv(&router->envelope, socket, ZMQ_DONTWAIT) >= 0;
  if (usable && zmq_msg_size(&router->envelope) == 0 && more(socket)) {
    back->delimiter = true;
    usable = zmq_msg_recv(&router->envelope, socket, ZMQ_DONTWAIT) >= 0;
  }
  if (usable && !more(socket) && take_sender(router, door)) return 1;
  drain(router, socket);
  router->dropped++;
  return 0;
}

static const uint8_t *receive_at(struct router *router, struct door *door, struct route_back *back, size_t *length) {
  if (door == &router->remote && !router->proven) return NULL;
  for (int tries = 0; door->socket != NULL && door->ready && tries < 64; tries++) {
    int got = receive_one(router, door, back);
    door->ready = got >= 0;
    if (got < 0) return NULL;
    if (got == 0) continue;
    *length = zmq_msg_size(&router->envelope);
    return zmq_msg_data(&router->envelope);
  }
  return NULL;
}

const uint8_t *router_receive(struct router *router, struct route_back *back, size_t *length) {
  router->remote_next = !router->remote_next;
  struct door *first = router->remote_next ? &router->remote : &router->local;
  const uint8_t *data = receive_at(router, first, back, length);
  if (data != NULL) return data;
  return receive_at(router, first == &router->local ? &router->remote : &router->local, back, length);
}

const uint8_t *router_sender(const struct router *router) { return router->has_sender ? router->sender : NULL; }

uint64_t router_dropped(const struct router *router) { return router->dropped; }

/* ---- sending and waiting ---- */

static bool begin_message(void *socket, const struct route_back *back) {
  if (zmq_send(socket, back->routing, back->length, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) return false;
  return !back->delimiter || zmq_send(socket, "", 0, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0;
}

static bool send_large(void *socket, const struct route_back *back, const void *data, size_t length) {
  zmq_msg_t message;
  if (!outbox_message(back, data, length, &message)) return false;
  if (begin_message(socket, back) && zmq_msg_send(&message, socket, ZMQ_DONTWAIT) >= 0) return true;
  zmq_msg_close(&message);
  return false;
}

bool router_send(struct router *router, const struct route_back *back, const void *data, size_t length) {
  void *socket = back->remote ? router->remote.socket : router->local.socket;
  if (socket == NULL) return false;
  if (length >= WIRE_LARGE_BYTES) return send_large(socket, back, data, length);
  return begin_message(socket, back) && zmq_send(socket, data, length, ZMQ_DONTWAIT) >= 0;
}

static void watch(zmq_pollitem_t *items, int *used, void *socket) {
  if (socket != NULL) items[(*used)++] = (zmq_pollitem_t){.socket = socket, .events = ZMQ_POLLIN};
}

static void note_ready(const zmq_pollitem_t *items, int used, struct door *door) {
  for (int i = 0; i < used; i++)
    if (door->socket != NULL && items[i].socket == door->socket && (items[i].revents & ZMQ_POLLIN) != 0) door->ready = true;
}

int router_wait(struct router *router, bool want_requests, struct router_fd *fds, int count, int timeout_msec) {
  must(count <= ROUTER_FDS_MAX);
  zmq_pollitem_t items[ROUTER_FDS_MAX + 4];
  int used = 0;
  for (int i = 0; i < count; i++) {
    short events = 0;
    if (fds[i].events & 1) events |= ZMQ_POLLIN;
    if (fds[i].events & 4) events |= ZMQ_POLLOUT;
    items[used++] = (zmq_pollitem_t){.fd = fds[i].fd, .events = events};
  }
  if (want_requests && router->local.bound) watch(items, &used, router->local.socket);
  if (want_requests && router->proven) watch(items, &used, router->remote.socket);
  if (router->zap != NULL) watch(items, &used, zap_socket(router->zap));
  if (router->stranger != NULL) watch(items, &used, stranger_socket(router->stranger));
  int ready = zmq_poll(items, used, timeout_msec);
  for (int i = 0; i < count; i++) fds[i].revents = ready > 0 ? items[i].revents : 0;
  if (ready > 0) note_ready(items, used, &router->local);
  if (ready > 0) note_ready(items, used, &router->remote);
  return ready;
}
