/* signer.h - what rectify-sign does with a request, and the bytes that it and its one client exchange.
 *
 * The signer keeps the last head it signed and signs only what extends it: whoever takes the daemon or the database
 * over cannot get a rewritten history signed.  Messages are datagrams of a UNIX SOCK_SEQPACKET socket, numbers big
 * endian. signer.c decides and packs, without I/O; state.c keeps the last head on disk; main.c is the program.
 */
#ifndef RECTIFY_SIGN_SIGNER_H
#define RECTIFY_SIGN_SIGNER_H

#include "sign/note.h"

enum signer_ask { SIGNER_STATUS = 1, SIGNER_SIGN = 2 };

/* What became of a request. */
enum signer_verdict {
  SIGNER_OK = 0,
  SIGNER_MALFORMED = 1,   /* not a request */
  SIGNER_ROLLED_BACK = 2, /* smaller than the last head signed */
  SIGNER_FORKED = 3,      /* as large as the last head signed, with another root */
  SIGNER_NOT_PROVED = 4,  /* larger, but not shown to extend it */
  SIGNER_FAULT = 5,       /* the state could not be kept: nothing was signed */
};

struct signer_request {
  uint8_t ask; /* enum signer_ask */
  uint64_t size;
  struct hash root;
  struct merkle_proof proof; /* of consistency, from the last head signed */
};

struct signer_reply {
  uint8_t verdict; /* enum signer_verdict */
  uint64_t size;   /* of the last head signed: prove from here */
  struct hash root;
  size_t note_length;
  char note[NOTE_BYTES_MAX]; /* the last head signed, as a signed note; empty when none was */
};

#define SIGNER_REQUEST_BYTES_MAX (1 + 8 + HASH_BYTES + 4 + MERKLE_PROOF_MAX * HASH_BYTES)
#define SIGNER_REPLY_BYTES_MAX (1 + 8 + HASH_BYTES + 4 + NOTE_BYTES_MAX)

size_t signer_request_pack(const struct signer_request *request, uint8_t out[SIGNER_REQUEST_BYTES_MAX]);
bool signer_request_unpack(const uint8_t *data, size_t length, struct signer_request *out);
size_t signer_reply_pack(const struct signer_reply *reply, uint8_t out[SIGNER_REPLY_BYTES_MAX]);
bool signer_reply_unpack(const uint8_t *data, size_t length, struct signer_reply *out);

/* The last head signed. */
struct signer_state {
  struct checkpoint last; /* size 0: none; its origin is the log's name */
  size_t note_length;
  char note[NOTE_BYTES_MAX];
};

/* Judges `request` against `state`: SIGNER_OK and *next, the state to keep before the answer goes out, or the refusal.
 */
uint8_t signer_judge(const struct note_signer *signer, const struct signer_state *state,
                     const struct signer_request *request, struct signer_state *next);

/* The head of the log before its first event, signed: what a new signer begins with.  False when the library fails. */
bool signer_begin(const struct note_signer *signer, struct signer_state *out);
/* Signs `head` whatever the state was: only a fork that two people signed may do that (fork.h). */
bool signer_sign_head(const struct note_signer *signer, const struct checkpoint *head, struct signer_state *out);
/* What a refusal is called, for logs and for people: "history rolled back" and so on. */
const char *signer_verdict_text(uint8_t verdict);

/* ---- state.c ---- */

/* Reads the state; false with a sentence in *error when there is none or it is not this signer's. */
bool signer_state_load(const char *path, const struct note_signer *signer, struct signer_state *out, char *error,
                       size_t error_bytes);
/* Keeps it: a new file, synced, in place of the old one, the folder synced.  False with a sentence. */
bool signer_state_keep(const char *path, const struct signer_state *state, char *error, size_t error_bytes);

#endif
