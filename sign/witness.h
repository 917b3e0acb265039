/* witness.h - what a witness does with a head (C2SP tlog-witness, without its HTTP): cosigns it when it extends the
 * last one.
 *
 * A witness belongs to somebody else than the log: an audit office.  It keeps one head a log and never goes back.  A
 * request is the text that the specification gives:
 *
 *   old 20852014                     the size that the witness is believed to know
 *   base64(hash)                     the consistency proof, at most 63 lines
 *                                    (an empty line)
 *   the signed head
 *
 * witness_judge() decides and is pure; witness_add() keeps the head on disk before it hands the cosignature out, and
 * holds a lock on the state meanwhile, so that two requests at a time cannot roll it back.
 */
#ifndef RECTIFY_SIGN_WITNESS_H
#define RECTIFY_SIGN_WITNESS_H

#include "sign/note.h"

#define WITNESS_PROOF_LINES_MAX 63
#define WITNESS_REQUEST_BYTES_MAX (32 + WITNESS_PROOF_LINES_MAX * 45 + 1 + NOTE_BYTES_MAX)

/* The specification's HTTP status codes. */
enum witness_status {
  WITNESS_OK = 200,
  WITNESS_BAD_REQUEST = 400, /* not a request; the old size is larger than the head's */
  WITNESS_FORBIDDEN = 403,   /* none of the log's keys signed the head */
  WITNESS_NOT_FOUND = 404,   /* a log that this witness does not know */
  WITNESS_CONFLICT = 409,    /* the old size is not the one known here, or the same size has another root: a fork */
  WITNESS_NOT_PROVED = 422,  /* the consistency proof does not hold */
  WITNESS_FAULT = 500,       /* the head could not be kept: nothing was cosigned */
};
const char *witness_status_text(enum witness_status status);

struct witness_request {
  uint64_t old_size;
  struct merkle_proof proof;
  const char *note; /* borrowed from the text */
  size_t note_length;
};
bool witness_request_parse(const char *text, size_t length, struct witness_request *out);
/* Returns the length. */
size_t witness_request_format(const struct witness_request *request, char out[WITNESS_REQUEST_BYTES_MAX]);

/* Judges a request for the log of key `log` on what is known of it: `known`, size 0 when nothing is.  `origin` is its
 * name: that of the key, or that of a recorded fork of it (fork.h), which is a log of its own here, with a state of its
 * own.  Fills *head when the answer is WITNESS_OK or WITNESS_CONFLICT. */
enum witness_status witness_judge(const struct note_verifier *log, const char *origin, const struct checkpoint *known,
                                  const struct witness_request *request, struct checkpoint *head);

struct witness_answer {
  enum witness_status status;
  bool forked;                    /* 409 because of another root: evidence against the log, to be kept */
  uint64_t known_size;            /* of the last head cosigned, for 409 */
  char line[NOTE_LINE_BYTES_MAX]; /* the cosignature, for 200; terminated */
};
/* Judges, keeps the head in the file `path` (made when it is missing), cosigns at `seconds` since 1970.  The answer
 * says what became of it; *error has a sentence when it is WITNESS_FAULT. */
void witness_add(const struct note_signer *witness, const struct note_verifier *log, const char *origin,
                 const char *path, const char *text, size_t length, uint64_t seconds, struct witness_answer *out,
                 char *error, size_t error_bytes);

#endif
