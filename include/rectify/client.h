/* client.h - librectify: a client of rectifyd in a few calls.
 *
 * One `struct rectify` is one connection; it is not thread-safe, different ones are independent.  No globals, no stdio,
 * no signals.  Every call that talks to the daemon blocks for at most its `timeout_msec` and then returns
 * RECTIFY_TIMEOUT: the outcome is then UNKNOWN, and calling again with the same keys settles it (the daemon answers a
 * repeated key with its first receipt).  Lost replies, restarts and "try later" are handled inside by resending with
 * backoff and jitter until the timeout.
 *
 * Messages are those of proto/rectify/v1/rectify.proto, as protobuf-c structures.
 */
#ifndef RECTIFY_CLIENT_H
#define RECTIFY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rectify/v1/rectify.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

struct rectify;

enum rectify_result {
  RECTIFY_OK = 0,
  RECTIFY_TIMEOUT = -1,  /* no answer in time: outcome unknown, call again with the same keys */
  RECTIFY_ERROR = -2,    /* the daemon answered with an error: see rectify_error() */
  RECTIFY_PROTOCOL = -3, /* the answer was not one */
  RECTIFY_SYSTEM = -4,   /* the system refused (memory, sockets, random numbers): see rectify_error_text() */
  RECTIFY_KEY = -5,      /* the daemon does not admit this key: not registered, revoked or expired; open again to retry */
};

/* Opens a connection to `endpoint` ("ipc:///path/of/socket") as officer `actor` (code; copied).  Does not wait for the
 * daemon.  Returns NULL with errno set when the endpoint is not usable. */
struct rectify *rectify_open(const char *endpoint, const char *actor);

/* The keys of a connection over TCP, which is CURVE always (CurveZMQ, ZeroMQ RFC 26; X25519). */
struct rectify_keys {
  uint8_t server_public[32];                    /* the daemon's, by another way than this connection */
  uint8_t client_public[32], client_secret[32]; /* one's own; the daemon knows whose the public half is */
};

/* The same to "tcp://HOST:PORT"; the keys are copied into libzmq, and not kept. */
struct rectify *rectify_open_keyed(const char *endpoint, const char *actor, const struct rectify_keys *keys);

/* Closes and frees; NULL is fine.  Anything unanswered stays unknown. */
void rectify_close(struct rectify *rectify);

/* Makes a UUIDv7 (RFC 9562): milliseconds and a counter, then 62 random bits; increasing within one connection. */
int rectify_key(struct rectify *rectify, uint8_t key[16]);

/* The key for one of many cases that the same command is given for: it follows from `base` (of rectify_key()) and the case, so
 * that keeping the base alone lets all be said again, and no command happens twice whichever cases are left.  `key` must not
 * be `base`. */
void rectify_key_for_case(const uint8_t base[16], uint64_t case_no, uint8_t key[16]);

/* Asks and waits for the reply.  `request` needs a body only: version, id and actor are filled in, in a copy (an id of
 * 16 bytes is kept: to renew a watch).  timeout_msec < 0: without end, here and below.  On RECTIFY_OK *reply is the
 * answer (never an Error body), owned by `rectify` until the next call on it.  On RECTIFY_ERROR the reply's error is in
 * rectify_error(). */
int rectify_ask(struct rectify *rectify, Rectify__V1__Request *request, int timeout_msec,
                const Rectify__V1__Reply **reply);

/* Asks without waiting: for many requests in flight.  Fills request->id if empty; it then points into `rectify` until
 * the answer was received (start the next request from an empty id).  RECTIFY_OK or RECTIFY_SYSTEM.  The packed bytes
 * are kept and resent until answered.  At most RECTIFY_WINDOW_MAX may be unanswered; then RECTIFY_TIMEOUT. */
#define RECTIFY_WINDOW_MAX 64
int rectify_send(struct rectify *rectify, Rectify__V1__Request *request);

/* Waits for the next reply to any rectify_send(), or a push.  *reply is owned by `rectify` until the next call.  Errors
 * of the daemon come as the reply's Error body (busy and unavailable are resent inside). */
int rectify_receive(struct rectify *rectify, int timeout_msec, const Rectify__V1__Reply **reply);

/* How many rectify_send() are unanswered. */
unsigned rectify_unanswered(const struct rectify *rectify);

/* The error of the last call that returned RECTIFY_ERROR, or NULL. */
const Rectify__V1__Error *rectify_error(const struct rectify *rectify);
/* A sentence for any failed call. */
const char *rectify_error_text(const struct rectify *rectify);

#ifdef __cplusplus
}
#endif
#endif
