/* router.h - the daemon's two doors, ROUTER sockets both: the only code of the daemon that knows libzmq (with zap.h, stranger.c, outbox.h and accept.c).
 *
 * The local door is a socket file, guarded by its permissions.  The remote door is TCP with CURVE, always; it serves only
 * while it is proven that a stranger is refused (zap.h).
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

#include "daemon/zap.h"
#include "rectify/limits.h"

/* Where an answer goes. */
struct route_back {
  bool remote;
  uint8_t length;
  bool delimiter;
  uint8_t routing[WIRE_ROUTING_BYTES_MAX];
};

/* Whether both are the same connection. */
bool route_back_same(const struct route_back *a, const struct route_back *b);

struct router;

struct router *router_new(void);
void router_free(struct router *router);

/* Whether `endpoint` ("ipc:///PATH") and `listen` ("tcp://ADDRESS:PORT", or empty) may be bound: 0, or -1 with a sentence
 * in `error`. */
int router_check(const char *endpoint, const char *listen, char *error, size_t error_size);

/* Connections closed at once since the start, because too many files are open (accept.c). */
uint64_t router_turned_away(void);

/* Whether the local door can be made: nothing that is no socket stands at its path.  0, or -1 with a sentence in `error`. */
int router_check_place(const char *endpoint, char *error, size_t error_size);
/* Whether clients that come anew find the local door: its file is there, and ours. */
enum door_file { DOOR_FILE_OURS, DOOR_FILE_GONE, DOOR_FILE_OF_ANOTHER };
enum door_file router_look(const struct router *router);
/* Binds the local door with permissions `mode`, once more if it was bound: the clients that have come in stay.  Returns 0, or -1
 * with a sentence in `error`. */
int router_bind(struct router *router, const char *endpoint, unsigned mode, char *error, size_t error_size);
/* Binds the remote door with the key pair `server` (copied into libzmq); `admit` is asked at each handshake.  It serves from
 * the first proof on.  Returns 0, or -1 with a sentence in `error`. */
int router_listen(struct router *router, const char *listen, const struct curve_pair *server, zap_admit_fn *admit,
                  void *context, char *error, size_t error_size);
/* Where the remote door is found from this machine, with the port that was taken where the port was `*`; "" while there is
 * none. */
const char *router_listening(const struct router *router);
/* Unbinds and closes both: no further request comes in. */
void router_close(struct router *router);

/* What happened to the remote door, for the log. */
enum door_news {
  DOOR_SAME,
  DOOR_OPENED,   /* a stranger was refused: it serves */
  DOOR_ADMITS,   /* a stranger was admitted: it serves no longer, and nothing may until somebody has looked */
  DOOR_UNPROVEN, /* no answer in time: it serves no longer, until a proof succeeds */
};
/* Answers handshakes, and keeps the proof fresh. */
enum door_news router_turn(struct router *router, int64_t now_msec);

/* Reads the next well-formed message.  Returns its envelope (borrowed until the next call) or NULL when none waits. */
const uint8_t *router_receive(struct router *router, struct route_back *back, size_t *length);
/* The key of the sender of that message, NULL at the local door; borrowed likewise. */
const uint8_t *router_sender(const struct router *router);

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
