/* internal.h - the inside of librectify: shared by its own files and tests/unit/test_client.c. */
#ifndef RECTIFY_CLIENT_INTERNAL_H
#define RECTIFY_CLIENT_INTERNAL_H

#include "proto/codec.h"
#include "rectify/client.h"
#include "rectify/limits.h"

/* One slot more than the window, so that rectify_ask() works while the window is full. */
#define CLIENT_SLOTS (RECTIFY_WINDOW_MAX + 1)
/* Pushes kept while rectify_ask() waits; further ones are dropped, which the next push's previous_size shows. */
#define CLIENT_PUSHES_MAX 256
#define CLIENT_INBOX_MAX (CLIENT_PUSHES_MAX + CLIENT_SLOTS)
#define CLIENT_SNDHWM 16
#define CLIENT_RCVHWM 64
#define CLIENT_RANDOM_BYTES 512 /* fetched from the system at once */

/* How unanswered requests are resent: first after `first_msec`, then twice as long each time up to `max_msec`, each
 * time `jitter_percent` more or less, so that many clients of a restarted daemon do not come at once. */
struct client_timing {
  int32_t first_msec, max_msec, jitter_percent;
  int32_t patience_msec; /* silence after which the next daemon of the list is asked; doubled after each round of all */
};
extern const struct client_timing client_timing_default; /* 1 s, 30 s, 20 %, 2 s */

/* A request that has no answer yet: its bytes are kept and sent again, unchanged. */
struct client_slot {
  bool taken;
  bool blocked;      /* the socket took no more; sent as soon as it does */
  uint8_t id[WIRE_ID_BYTES];
  uint8_t *bytes;    /* owned */
  size_t length;
  int64_t send_at;   /* milliseconds of the monotonic clock */
  int32_t wait_msec; /* until the next resend, before jitter */
};

/* A reply that came while somebody waited for another one. */
struct client_item {
  uint8_t *bytes; /* owned */
  size_t length;
  bool is_push;
};

struct rectify {
  void *context, *socket;
  uint32_t monitors;     /* opened so far */
  void *monitor;         /* of a connection with keys: how its handshakes end */
  bool refused;          /* the daemon did not admit the key */
  bool handshake_failed; /* the last handshake ended without a word */
  struct codec_arena *arena; /* holds the reply last handed out */
  struct client_timing timing;
  char *endpoint;        /* the list */
  uint32_t endpoint_at, endpoint_count; /* which of them is connected */
  uint32_t rounds;       /* of all of them, without an answer */
  int64_t heard_at;      /* last answer, or when the first unanswered request came */
  int64_t waited;        /* in vain, before the caller gave up and until he asks again: he may be less patient than we are */
  char actor[CODE_BYTES_MAX + 1];
  size_t actor_length;

  struct client_slot slots[CLIENT_SLOTS];
  struct client_item inbox[CLIENT_INBOX_MAX]; /* ring, from inbox_first on */
  uint32_t inbox_first, inbox_count, inbox_pushes;

  uint8_t random[CLIENT_RANDOM_BYTES]; /* the first random_left bytes are unused */
  size_t random_left;
  uint64_t jitter_state;
  uint64_t key_msec; /* of the last key */
  uint32_t key_count; /* within that millisecond */

  const Rectify__V1__Error *error; /* in the arena */
  char text[512];
  char later[256]; /* what the daemon last said with "try later" */
};

/* ---- wire.c: the socket ---- */

/* Opens context and socket and connects, with `keys` unless NULL.  False with errno set; client_wire_close() then undoes what
 * was done. */
bool client_wire_open(struct rectify *rectify, const struct rectify_keys *keys);
/* Checks a list of endpoints; their number, 0 when one of them has no or another transport than `prefix`. */
uint32_t client_endpoints(const char *list, const char *prefix);
/* Whether two lists have an endpoint in common. */
bool client_endpoints_meet(const char *left, const char *right);
/* When to give the connected daemon up for the next of the list; INT64_MAX: not now. */
int64_t client_wire_patience(const struct rectify *rectify);
/* Connects to the next one, and sends to it what is unanswered.  False with errno. */
bool client_wire_next(struct rectify *rectify, int64_t now);
/* Whether the daemon has said that it does not admit the key. */
bool client_wire_refused(struct rectify *rectify);
void client_wire_close(struct rectify *rectify);
/* Hands one message to libzmq: 1 taken, 0 not now, -1 failed (errno). */
int client_wire_send(struct rectify *rectify, const void *data, size_t length);
/* Waits at most `wait_msec` until something can be read, or written too when `write` is set.  -1 with errno. */
int client_wire_wait(struct rectify *rectify, bool write, int64_t wait_msec);
/* Reads one message without waiting.  1: *bytes (to free with free()) and *length; 0: there is none; -1 with errno,
 * EPROTO when it has too many frames. */
int client_wire_receive(struct rectify *rectify, uint8_t **bytes, size_t *length);

/* ---- window.c: requests without an answer, replies without a taker ---- */

int64_t client_now_msec(void);
/* A slot for the packed request (taken over), to be sent at once; NULL when all slots are taken. */
struct client_slot *client_slot_take(struct rectify *rectify, const uint8_t id[WIRE_ID_BYTES], uint8_t *bytes,
                                     size_t length);
struct client_slot *client_slot_find(struct rectify *rectify, const uint8_t *id);
void client_slot_free(struct client_slot *slot);
/* The daemon said "later": resend after `msec`, or after the usual wait for 0. */
void client_slot_later(struct rectify *rectify, struct client_slot *slot, uint32_t msec);
/* Sends what is due.  *next_at: when to call again; *blocked: call again when the socket can be written.  -1: errno. */
int client_slots_send(struct rectify *rectify, int64_t now, int64_t *next_at, bool *blocked);
unsigned client_slots_taken(const struct rectify *rectify);

/* Keeps a reply (taken over) for rectify_receive(); a push too many is freed. */
void client_inbox_put(struct rectify *rectify, uint8_t *bytes, size_t length, bool is_push);
/* The oldest kept reply, to be freed by the caller; NULL when there is none. */
uint8_t *client_inbox_get(struct rectify *rectify, size_t *length);

/* rectify_ask() as somebody else than the connection's actor: for what several people left in one spool. */
int client_ask_as(struct rectify *rectify, const ProtobufCBinaryData *actor, Rectify__V1__Request *request,
                  int timeout_msec, const Rectify__V1__Reply **reply);

/* Makes the daemon's error that of the last call; RECTIFY_ERROR. */
int client_daemon_failed(struct rectify *rectify, const Rectify__V1__Error *error);

/* ---- key.c: random numbers ---- */

/* 0, or -1 with errno when the system gives no random numbers. */
int client_random(struct rectify *rectify, void *out, size_t size);
/* `msec` with the jitter of the timing. */
int64_t client_jitter(struct rectify *rectify, int64_t msec);

#endif
