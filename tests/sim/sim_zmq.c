/* sim_zmq.c - libzmq's calls, as far as daemon and client use them, over a made-up network: one ROUTER a daemon, a DEALER a
 * client.  A message arrives whole, later, never, twice or before an earlier one.  A socket that is gone takes its messages
 * along.  A DEALER sends only while somebody is bound at its endpoint, as ZMQ_IMMEDIATE has it. */
#include <errno.h>
#include <zmq.h>

#include "tests/sim/sim.h"

#define SOCKETS_MAX 256
#define FRAMES 3

struct frame {
  uint8_t *data;
  size_t length;
};

struct message {
  struct message *next;
  uint32_t count, at; /* frames, and the next one to be read */
  struct frame frames[FRAMES];
};

struct socket {
  uint64_t number; /* never given twice in a run; 0: free */
  int type;
  struct process *owner;
  char endpoint[64];
  bool bound;
  uint64_t peer; /* of a DEALER: the ROUTER it spoke to last */
  struct message *first, *last;
  struct message sending;
  bool more; /* what was received last has another frame */
};

static struct socket sockets[SOCKETS_MAX];
static uint64_t numbers;

/* What a zmq_msg_t holds here. */
struct content {
  uint8_t *data;
  size_t length;
  zmq_free_fn *let_go;
  void *hint;
  bool more;
};
_Static_assert(sizeof(struct content) <= sizeof(zmq_msg_t), "a message fits");

static struct content *content_of(const zmq_msg_t *message) { return (struct content *)(uintptr_t)message; }

/* ---- messages ---- */

static void message_free(struct message *message) {
  for (uint32_t i = message->at; i < message->count; i++) free(message->frames[i].data);
  message->count = message->at = 0;
}

static void put_frame(struct message *message, const void *data, size_t length) {
  must(message->count < FRAMES);
  struct frame *frame = &message->frames[message->count++];
  frame->data = malloc(length + 1);
  must(frame->data != NULL);
  if (length > 0) memcpy(frame->data, data, length);
  frame->length = length;
}

static struct message *message_copy(const struct message *message, uint32_t from) {
  struct message *copy = calloc(1, sizeof *copy);
  must(copy != NULL);
  for (uint32_t i = from; i < message->count; i++) put_frame(copy, message->frames[i].data, message->frames[i].length);
  return copy;
}

/* ---- sockets ---- */

static struct socket *socket_numbered(uint64_t number) {
  for (struct socket *socket = sockets; number != 0 && socket < sockets + SOCKETS_MAX; socket++)
    if (socket->number == number) return socket;
  return NULL;
}

static struct socket *bound_at(const char *endpoint) {
  for (struct socket *socket = sockets; socket < sockets + SOCKETS_MAX; socket++)
    if (socket->number != 0 && socket->bound && socket->owner->alive && strcmp(socket->endpoint, endpoint) == 0) return socket;
  return NULL;
}

static void socket_free(struct socket *socket) {
  while (socket->first != NULL) {
    struct message *message = socket->first;
    socket->first = message->next;
    message_free(message);
    free(message);
  }
  message_free(&socket->sending);
  *socket = (struct socket){0};
}

void net_clear(void) {
  for (struct socket *socket = sockets; socket < sockets + SOCKETS_MAX; socket++) socket_free(socket);
  numbers = 0;
}

void net_forget(const struct process *process) {
  for (struct socket *socket = sockets; socket < sockets + SOCKETS_MAX; socket++)
    if (socket->number != 0 && socket->owner == process) socket->bound = false;
}

bool net_readable(const struct process *process) {
  for (struct socket *socket = sockets; socket < sockets + SOCKETS_MAX; socket++)
    if (socket->number != 0 && socket->owner == process && socket->first != NULL) return true;
  return false;
}

static void wake(const struct process *process) {
  if (process->number < SIM_DAEMONS) host_wake(process->number);
  else if (process->number < SIM_DAEMONS + SIM_PEOPLE) person_wake(process->number - SIM_DAEMONS);
  else courier_wake(process->number - SIM_DAEMONS - SIM_PEOPLE);
}

/* ---- the network ---- */

/* A message comes to a socket, if that is still there. */
static void arrive(void *context, uint64_t number) {
  struct message *message = context;
  struct socket *to = socket_numbered(number);
  if (to == NULL || !to->owner->alive) {
    message_free(message);
    free(message);
    return;
  }
  sim_digest(number * 31 + message->frames[message->count - 1].length);
  sim.messages++;
  if (to->last == NULL || to->first == NULL) to->first = message;
  else to->last->next = message;
  to->last = message;
  wake(to->owner);
}

static usec_t delay(void) {
  usec_t most = dice_percent(DICE_NET, sim.slow) ? 3000 * MSEC : 2 * MSEC;
  return 100 + dice_below(DICE_NET, (uint32_t)most);
}

static void post(struct message *message, const struct socket *from, const struct socket *to) {
  const bool reply = from->type == ZMQ_ROUTER;
  const uint32_t daemon = reply ? from->owner->number : to->owner->number;
  const uint32_t person = (reply ? to->owner->number : from->owner->number) - SIM_DAEMONS; /* or courier */
  if (!reply && person != SIM_WATCHER && host_serves(daemon)) /* who watches renews it with the same bytes */
    check_sent(person, message->frames[message->count - 1].data, message->frames[message->count - 1].length);
  const bool lost = dice_percent(DICE_NET, sim.loss) || sim.cut[person][daemon] || (reply && sim.cut_replies);
  if (dice_percent(DICE_NET, sim.twice)) sim_after(delay(), arrive, message_copy(message, 0), to->number);
  if (!lost) {
    sim_after(delay(), arrive, message, to->number);
    return;
  }
  message_free(message);
  free(message);
}

/* The frames are all there: off it goes.  A ROUTER's first frame says to whom. */
static int send_off(struct socket *socket) {
  const bool router = socket->type == ZMQ_ROUTER;
  struct socket *to = NULL;
  if (router) {
    uint64_t number;
    must(socket->sending.frames[0].length == sizeof number);
    memcpy(&number, socket->sending.frames[0].data, sizeof number);
    to = socket_numbered(number);
    if (to != NULL && to->peer != socket->number) to = NULL;
  } else {
    to = bound_at(socket->endpoint);
    if (to != NULL) socket->peer = to->number;
  }
  if (to != NULL && socket->owner->alive) {
    struct message *message = message_copy(&socket->sending, router ? 1 : 0);
    if (!router) {
      memmove(message->frames + 1, message->frames, message->count * sizeof *message->frames);
      message->count++;
      message->frames[0].data = malloc(sizeof socket->number);
      must(message->count <= FRAMES && message->frames[0].data != NULL);
      memcpy(message->frames[0].data, &socket->number, sizeof socket->number);
      message->frames[0].length = sizeof socket->number;
    }
    post(message, socket, to);
  }
  message_free(&socket->sending);
  errno = router ? EHOSTUNREACH : EAGAIN;
  return to != NULL || !socket->owner->alive ? 0 : -1;
}

/* ---- libzmq ---- */

void *zmq_ctx_new(void) { return sockets; }
int zmq_ctx_term(void *context) {
  (void)context;
  return 0;
}
const char *zmq_strerror(int number) { return strerror(number); }

void *zmq_socket(void *context, int type) {
  (void)context;
  must(type == ZMQ_ROUTER || type == ZMQ_DEALER);
  for (struct socket *socket = sockets; socket < sockets + SOCKETS_MAX; socket++) {
    if (socket->number != 0) continue;
    *socket = (struct socket){.number = ++numbers, .type = type, .owner = sim.process};
    return socket;
  }
  errno = EMFILE;
  return NULL;
}

int zmq_close(void *socket) {
  socket_free(socket);
  return 0;
}

int zmq_setsockopt(void *socket, int option, const void *value, size_t length) {
  (void)socket, (void)option, (void)value, (void)length;
  return 0;
}

int zmq_getsockopt(void *from, int option, void *value, size_t *length) {
  const struct socket *socket = from;
  const int more = socket->more;
  must(option == ZMQ_RCVMORE && *length == sizeof more);
  memcpy(value, &more, sizeof more);
  return 0;
}

static void name(struct socket *socket, const char *endpoint) { snprintf(socket->endpoint, sizeof socket->endpoint, "%s", endpoint); }

int zmq_bind(void *socket, const char *endpoint) {
  name(socket, endpoint);
  ((struct socket *)socket)->bound = true;
  for (uint32_t i = 0; i < SIM_PEOPLE; i++) person_wake(i); /* who waits to be connected */
  for (uint32_t i = 0; i < SIM_COURIERS; i++) courier_wake(i);
  return 0;
}

int zmq_connect(void *socket, const char *endpoint) {
  name(socket, endpoint);
  return 0;
}

int zmq_socket_monitor(void *socket, const char *address, int events) {
  (void)socket, (void)address, (void)events;
  return -1;
}

static int send_frame(struct socket *socket, const void *data, size_t length, int flags) {
  if (socket->type == ZMQ_DEALER && bound_at(socket->endpoint) == NULL) {
    errno = EAGAIN;
    return -1;
  }
  put_frame(&socket->sending, data, length);
  if ((flags & ZMQ_SNDMORE) != 0) return (int)length;
  return send_off(socket) == 0 ? (int)length : -1;
}

int zmq_send(void *socket, const void *data, size_t length, int flags) { return send_frame(socket, data, length, flags); }

int zmq_msg_send(zmq_msg_t *message, void *socket, int flags) {
  const struct content *content = content_of(message);
  int sent = send_frame(socket, content->data, content->length, flags);
  if (sent >= 0) zmq_msg_close(message);
  return sent;
}

int zmq_msg_init(zmq_msg_t *message) {
  *content_of(message) = (struct content){0};
  return 0;
}

int zmq_msg_init_data(zmq_msg_t *message, void *data, size_t length, zmq_free_fn *let_go, void *hint) {
  *content_of(message) = (struct content){data, length, let_go, hint, false};
  return 0;
}

int zmq_msg_close(zmq_msg_t *message) {
  struct content *content = content_of(message);
  if (content->let_go != NULL) content->let_go(content->data, content->hint);
  else free(content->data);
  *content = (struct content){0};
  return 0;
}

void *zmq_msg_data(zmq_msg_t *message) { return content_of(message)->data; }
size_t zmq_msg_size(const zmq_msg_t *message) { return content_of(message)->length; }
int zmq_msg_more(const zmq_msg_t *message) { return content_of(message)->more; }
const char *zmq_msg_gets(const zmq_msg_t *message, const char *property) {
  (void)message, (void)property;
  return NULL;
}

int zmq_msg_recv(zmq_msg_t *into, void *from, int flags) {
  struct socket *socket = from;
  struct message *message = socket->first;
  (void)flags;
  zmq_msg_close(into);
  if (message == NULL) {
    errno = EAGAIN;
    return -1;
  }
  struct content *content = content_of(into);
  content->data = message->frames[message->at].data;
  content->length = message->frames[message->at].length;
  socket->more = content->more = ++message->at < message->count;
  if (socket->more) return (int)content->length;
  socket->first = message->next;
  if (socket->first == NULL) socket->last = NULL;
  free(message);
  return (int)content->length;
}

int zmq_recv(void *socket, void *buffer, size_t length, int flags) {
  (void)socket, (void)buffer, (void)length, (void)flags;
  errno = EAGAIN;
  return -1;
}

static int look(zmq_pollitem_t *items, int count) {
  int ready = 0;
  for (int i = 0; i < count; i++) {
    const struct socket *socket = items[i].socket;
    items[i].revents = 0;
    if (socket == NULL) continue;
    if ((items[i].events & ZMQ_POLLIN) != 0 && socket->first != NULL) items[i].revents |= ZMQ_POLLIN;
    if ((items[i].events & ZMQ_POLLOUT) != 0 && bound_at(socket->endpoint) != NULL) items[i].revents |= ZMQ_POLLOUT;
    ready += items[i].revents != 0;
  }
  return ready;
}

/* A daemon does not wait: it is called when something is there.  A client does; once it is dead nothing works any more. */
int zmq_poll(zmq_pollitem_t *items, int count, long timeout_msec) {
  const usec_t until = timeout_msec < 0 ? INSTANT_NONE : sim.now + timeout_msec * MSEC;
  int ready = look(items, count);
  if (sim.process->number < SIM_DAEMONS) return ready;
  while (ready == 0 && sim.process->alive && sim.now < until) {
    if (sim.process->number < SIM_DAEMONS + SIM_PEOPLE) person_wait(until - sim.now);
    else courier_wait(until - sim.now);
    ready = look(items, count);
  }
  if (sim.process->alive) return ready;
  errno = ETERM;
  return -1;
}
