/* seal.h - heads of the log are signed after they are durable, and receipts leave with the signed head and a proof.
 *
 * Three parts: at the start, the log must extend the last head that the signer signed, else history was rolled back and the
 * daemon stops; then each batch waits, after its commit, for a signed head that covers it, while the next one commits; and what
 * was signed is kept, said to syslog once a minute, and pushed to watchers.  Without a signer receipts have proofs, and
 * heads no signature.  A signer that falls silent holds receipts up for SEAL_MSEC_MAX each, no more: they leave unsigned.
 */
#ifndef RECTIFY_SEAL_H
#define RECTIFY_SEAL_H

#include "daemon/batch.h"
#include "daemon/growth.h"
#include "daemon/signing.h"

struct daemon;

struct seal {
  struct signing *signing; /* NULL: there is no signer */
  struct growth growth;    /* since the last head signed */
  bool begun;              /* the log is loaded; growth begins where it was */
  bool proven;             /* it extends the last head signed */
  bool proving;            /* tiles for that proof are on their way */
  bool silent;             /* was said */
  int64_t again_at;        /* after an answer that signed nothing */
  uint64_t size;           /* of the last signed head, */
  struct hash root;
  size_t note_length; /* 0: none */
  char note[NOTE_BYTES_MAX];
  bool waits;      /* daemon->signed_ holds a batch that waits for a signature */
  bool answerable; /* ... and needs none: it is answered as soon as the next batch is on its way */
  int64_t waits_since;
  uint64_t kept_size; /* of the last head in the table */
  int64_t kept_at, said_at;
};

/* `path` of the signer's socket; "": none. */
void seal_open(struct daemon *daemon, const char *path);
void seal_close(struct daemon *daemon);

/* The log was loaded: begins to prove that it extends the last signed head; store_proven() is told.  At once without a signer. */
void seal_prove(struct daemon *daemon);
/* The store was lost.  What is durable is answered. */
void seal_forget(struct daemon *daemon);

/* The oldest batch that landed was told to watchers: it is answered, now or when its head is signed.  It stays where it is while its
 * place is taken; seal_turn() takes it later. */
void seal_take(struct daemon *daemon);
/* Answers it if it needs no signature. */
void seal_answer(struct daemon *daemon);
/* Whether nothing waits. */
bool seal_is_idle(const struct daemon *daemon);
void seal_turn(struct daemon *daemon, int64_t now_msec);
/* Keeps the last signed head in the table, if it is not there yet. */
void seal_keep(struct daemon *daemon);
/* When seal_turn() wants to be called at the latest. */
int64_t seal_next_msec(const struct daemon *daemon);

/* The proof that the leaf at `index` is in the log of `size` leaves; false where it cannot be made from memory. */
bool seal_inclusion(struct daemon *daemon, uint64_t index, uint64_t size, struct merkle_proof *out);

#endif
