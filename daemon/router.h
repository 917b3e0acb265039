/* router.h - the daemon's ROUTER socket: the only code of the daemon that knows libzmq.
 *
 * Frames: [routing id][empty delimiter, optional][envelope].  Anything else is read to its end, dropped and counted.
 * Routing ids are those libzmq generates; HANDOVER is never set.  A reply that cannot be sent at once is dropped: the
 * client's resend settles it.  Nothing here blocks.
 */
#ifndef RECTIFY_ROUTER_H
#define RECTIFY_ROUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rectify/limits.h"

/* Where an answer goes. */
struct route_back {
  uint8_t length;
  bool delimiter;
  uint8_t routing[WIRE_ROUTING_BYTES_MAX];
};

struct router;

struct router *router_new(void);
void router_free(struct router *router);

/* Whether `endpoint` is one that may be bound: 0, or -1 with a sentence in `error`. */
int router_check(const char *endpoint, char *error, size_t error_size);

/* Binds "ipc:///path" with permissions `mode`.  Returns 0, or -1 with a sentence in `error`. */
int router_bind(struct router *router, const char *endpoint, unsigned mode, char *error, size_t error_size);
/* Unbinds and closes: no further request comes in. */
void router_close(struct router *router);

/* The file descriptor-free handle for zmq_poll. */
void *router_socket(const struct router *router);

/* Reads the next well-formed message.  Returns its envelope (borrowed until the next call) or NULL when none waits. */
const uint8_t *router_receive(struct router *router, struct route_back *back, size_t *length);

/* Sends one envelope.  False when it could not be handed over at once. */
bool router_send(struct router *router, const struct route_back *back, const void *data, size_t length);

/* Messages dropped for their frames, so far. */
uint64_t router_dropped(const struct router *router);

/* Waits until something can be done: the socket (when `want_requests`), one of `count` descriptors, or the timeout. */
struct router_fd {
  int fd;
  short events, revents;
};
#define ROUTER_FDS_MAX 8
int router_wait(struct router *router, bool want_requests, struct router_fd *fds, int count, int timeout_msec);

#endif
