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
  RECTIFY_UNPROVEN = -6, /* an answer does not prove itself: what answers has not the log whose key is known */
  RECTIFY_KEY = -5,      /* the daemon does not admit this key: not registered, revoked or expired; open again to retry */
};

/* Opens a connection to `endpoint` ("ipc:///path/of/socket") as officer `actor` (code; copied).  Does not wait for the
 * daemon.  Returns NULL with errno set when the endpoint is not usable.
 *
 * `endpoint` may be a list of up to RECTIFY_ENDPOINTS_MAX, with commas between: the daemons of one log.  The first is asked
 * first; after 2 s of silence while something is unanswered the next one is, and what is unanswered goes to it, unchanged. */
#define RECTIFY_ENDPOINTS_MAX 8
struct rectify *rectify_open(const char *endpoint, const char *actor);

/* The keys of a connection over TCP, which is CURVE always (CurveZMQ, ZeroMQ RFC 26; X25519). */
struct rectify_keys {
  uint8_t server_public[32];                    /* the daemon's, by another way than this connection */
  uint8_t client_public[32], client_secret[32]; /* one's own; the daemon knows whose the public half is */
};

/* The same to "tcp://HOST:PORT"; the keys are copied into libzmq, and not kept.  The daemons of a list share their key. */
struct rectify *rectify_open_keyed(const char *endpoint, const char *actor, const struct rectify_keys *keys);

/* Closes and frees; NULL is fine.  Anything unanswered stays unknown. */
void rectify_close(struct rectify *rectify);

/* Makes a UUIDv7 (RFC 9562): milliseconds and a counter, then 62 random bits; increasing within one connection. */
int rectify_key(struct rectify *rectify, uint8_t key[16]);

/* The same without a connection, for what will wait in a spool; 74 random bits.  RECTIFY_OK or RECTIFY_SYSTEM. */
int rectify_key_new(uint8_t key[16]);

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

/* Waits for the next reply to any rectify_send(), or a push.  *reply is owned by `rectify` until the next call but rectify_send().  Errors
 * of the daemon come as the reply's Error body (busy and unavailable are resent inside). */
int rectify_receive(struct rectify *rectify, int timeout_msec, const Rectify__V1__Reply **reply);

/* How many rectify_send() are unanswered. */
unsigned rectify_unanswered(const struct rectify *rectify);

/* The error of the last call that returned RECTIFY_ERROR, or NULL. */
const Rectify__V1__Error *rectify_error(const struct rectify *rectify);
/* A sentence for any failed call. */
const char *rectify_error_text(const struct rectify *rectify);

/* ---- letters, for who has the role courier ----
 *
 * Each is one rectify_ask(): it blocks for at most `timeout_msec`, resends inside, and what it returns is borrowed until the next
 * call.  All are safe to say again, also after a kill: see docs/PROTOCOL.md, "Letters". */

/* A page of notices that are in no letter yet, ascending by id, behind `cursor` (of the page before; NULL: from the first). */
int rectify_unposted(struct rectify *rectify, const ProtobufCBinaryData *cursor, int timeout_msec, const Rectify__V1__Page **page);
/* Makes `count` letters (1..WIRE_POST_MAX) in one transaction; each has its outcome, in their order.  `size`: of the head of the first
 * page that they were written of. */
int rectify_post(struct rectify *rectify, Rectify__V1__Letter **letters, size_t count, uint64_t size, int timeout_msec,
                 const Rectify__V1__LetterOutcomes **outcomes);
/* Leases up to `count` (1..LEASE_LETTERS_MAX) letters that are due now, of one channel (NULL: any), for `seconds`. */
int rectify_lease(struct rectify *rectify, const char *channel, uint32_t count, uint32_t seconds, int timeout_msec,
                  const Rectify__V1__Leased **leased);
/* Says what became of `count` attempts (1..WIRE_POST_MAX). */
int rectify_report(struct rectify *rectify, Rectify__V1__LetterReport **reports, size_t count, int timeout_msec,
                   const Rectify__V1__LetterOutcomes **outcomes);
/* Uploads a file of evidence in parts, as `actor` (NULL: the connection's), reading `file` from its start by pread(2); `sha256` and
 * `size` are those of the whole.  What is there already is not sent again, so that an upload which was cut off goes on.  Nothing
 * else may be unanswered.  RECTIFY_OK: the daemon has the whole file and has hashed it.  RECTIFY_TIMEOUT: no answer came for
 * `timeout_msec`; RECTIFY_SYSTEM: the file cannot be read; RECTIFY_ERROR: it is refused, and rectify_error() says why.
 * `progress` (may be NULL) is told how many bytes are there. */
typedef void rectify_progress_fn(void *context, uint64_t done, uint64_t size);
int rectify_upload(struct rectify *rectify, const char *actor, int file, const uint8_t sha256[32], uint64_t size, int timeout_msec,
                   rectify_progress_fn *progress, void *context);

/* ---- the spool: what waits for a daemon, on this machine's disk ----
 *
 * A folder that belongs to one person.  `queue` holds what is to be sent, `receipts` what became of it; both only grow, but for
 * rectify_spool_forget().  When rectify_spool_add() returns RECTIFY_OK, the items are on disk and survive kill -9 and a power
 * cut; when it does not, none of them is kept.  An item is one finding or one command; its id is its own for ever, so that
 * sending it twice, from here or from elsewhere, records it once.  Several processes may use one folder at the same time.
 * Items go out in the order in which they were added, one request at a time: the commands of a case are never re-ordered.
 *
 * A spool is not thread-safe.  All calls block on the disk. */
struct rectify_spool;

enum rectify_fate {
  RECTIFY_WAITING = 1,  /* saved here; no daemon has answered for it */
  RECTIFY_RECEIVED = 2, /* received there: its outcome is a receipt */
  RECTIFY_REFUSED = 3,  /* the rules said no: its outcome is the refusal */
  RECTIFY_FAILED = 4,   /* the daemon says that it would fail again: its outcome is the error */
  RECTIFY_DROPPED = 5,  /* a person said that it is not to be sent */
};

/* One item; borrowed from the spool until the next call on it. */
struct rectify_spooled {
  uint8_t id[16];
  enum rectify_fate fate;
  bool exported;          /* it is also in a bundle */
  int64_t saved_msec;     /* since 1970: when it was added */
  int64_t settled_msec;   /* when its fate became known; 0: waiting */
  const char *endpoint;   /* where it was to go when it was saved; "": anywhere */
  const Rectify__V1__Request *request; /* a Submit of one finding or an Act of one command, with its actor */
  const Rectify__V1__Outcome *outcome; /* NULL while it waits, or was dropped */
};

#define RECTIFY_TEXT_BYTES 512
/* Opens the spool in `folder`, which is made when it is missing (mode 0700).  A torn end, which a crash leaves, is cut off:
 * nobody was told that it was saved.  RECTIFY_OK; RECTIFY_SYSTEM or RECTIFY_PROTOCOL (damaged: by more than a torn end;
 * nothing is changed) with a sentence in `error`. */
int rectify_spool_open(const char *folder, struct rectify_spool **spool, char error[RECTIFY_TEXT_BYTES]);
void rectify_spool_close(struct rectify_spool *spool); /* NULL is fine */
/* A sentence for the last call that failed. */
const char *rectify_spool_error(const struct rectify_spool *spool);

/* Keeps all findings of a Submit or all commands of an Act, in order, to be sent as `actor`: all of them or none.  What is
 * there already, with the same id and content, is not kept twice; *known (may be NULL) counts it.  RECTIFY_OK;
 * RECTIFY_PROTOCOL when the daemon would not take the request for one, or an id is there with other content;
 * RECTIFY_SYSTEM when it cannot be kept (the disk is full). */
int rectify_spool_add(struct rectify_spool *spool, const char *endpoint, const char *actor,
                      const Rectify__V1__Request *request, uint32_t *known);

/* From now on only what proves itself is received or refused: `log_key` is the log's public key, "NAME+ID+BASE64".  Its record must be
 * the answer to what was sent (id, command and case, or the finding's kind, severity, day and codes, and whether it has a text:
 * the text itself only under a salt that the receipt does not hold), stand in the log, under a head that this key signed; and the
 * heads of what is sent must extend the newest one that was seen, which is kept in the folder (`head`).  What an answer lacks is
 * asked for.  Without this call receipts are kept as the daemon says them: nothing of that is checked.  RECTIFY_OK, or
 * RECTIFY_PROTOCOL when it is no such key. */
int rectify_spool_trust(struct rectify_spool *spool, const char *log_key);

/* Takes note of what other processes did.  RECTIFY_OK, RECTIFY_SYSTEM or RECTIFY_PROTOCOL. */
int rectify_spool_refresh(struct rectify_spool *spool);
size_t rectify_spool_count(const struct rectify_spool *spool);
/* How many wait; `endpoint` (may be NULL: all): those that may go to one of its daemons. */
size_t rectify_spool_waiting(const struct rectify_spool *spool, const char *endpoint);
/* The item at `index`, 0 the oldest.  RECTIFY_OK, RECTIFY_SYSTEM or RECTIFY_PROTOCOL. */
int rectify_spool_item(struct rectify_spool *spool, size_t index, struct rectify_spooled *item);
/* Where the item with that id stands; false when there is none. */
bool rectify_spool_find(const struct rectify_spool *spool, const uint8_t id[16], size_t *index);

/* Sends what waits, oldest first, until nothing waits: each answer is kept before the next request goes out, and given to
 * `settled` (may be NULL).  `endpoint`: only what may go to one of its daemons; NULL: all.  Gives an item up only on a refusal, or
 * on an error that is about the item itself and would come again; both are answers, and kept.  RECTIFY_OK; RECTIFY_TIMEOUT
 * when nobody answered one request for `timeout_msec` (negative: without end), or another process is sending; RECTIFY_ERROR
 * when the daemon will not hear this person or this connection (rectify_error()); RECTIFY_KEY, RECTIFY_SYSTEM,
 * RECTIFY_PROTOCOL.  After rectify_spool_trust() also RECTIFY_UNPROVEN, and RECTIFY_TIMEOUT while no head is signed.  Whatever is not settled waits on.  The sentence is in rectify_spool_error(). */
typedef void rectify_settled_fn(void *context, const struct rectify_spooled *item);
int rectify_spool_send(struct rectify_spool *spool, struct rectify *rectify, const char *endpoint, int timeout_msec,
                       rectify_settled_fn *settled, void *context);

/* What became of one item, as somebody else says who sent it (a bundle of receipts), or as a person decided. */
struct rectify_fate_of {
  uint8_t id[16];
  enum rectify_fate fate;              /* RECTIFY_WAITING: only that it was exported */
  int64_t when_msec;                   /* 0: now */
  const Rectify__V1__Outcome *outcome; /* NULL for RECTIFY_DROPPED and RECTIFY_WAITING */
};
/* Keeps them, all or none: RECTIFY_UNPROVEN or RECTIFY_TIMEOUT as for sending when one of them does not prove itself.  What is settled already stays as it is, and what is not here is passed over; *news (may be NULL)
 * counts the others. */
int rectify_spool_settle(struct rectify_spool *spool, const struct rectify_fate_of *fates, size_t count, uint32_t *news);
/* Forgets all that is settled: the files are written anew, whole or not at all. */
int rectify_spool_forget(struct rectify_spool *spool);

#ifdef __cplusplus
}
#endif
#endif
