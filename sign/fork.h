/* fork.h - going on after the history was rolled back: only as a fork that is on record, signed by two people.
 *
 * When the database is older than the last signed head (a backup was restored), the signer refuses, for ever.  To go
 * on, two people sign a text that says what is given up, where it goes on and why; the signer checks it against its own
 * state and then signs heads of the log NAME/2 (and NAME/3 after the next one), so that nobody can take the new history
 * for the old one.
 *
 *   rectify-fork/v1
 *   gives-up rectify.city.example/log 20852163 base64(root)        exactly the last head signed
 *   goes-on rectify.city.example/log/2 20852100 base64(root)       the database as it stands
 *   reason restored the backup of Tuesday after the disks failed
 *                                                                  (an empty line; the signatures of two people)
 *
 * The record is kept beside the signer's state and is the first event of the new history.  Pure but for libcrypto.
 */
#ifndef RECTIFY_SIGN_FORK_H
#define RECTIFY_SIGN_FORK_H

#include "sign/signer.h"

#define FORK_REASON_BYTES_MAX 400
#define FORK_PEOPLE_MAX 32
#define FORK_SIGNERS_LEAST 2

struct fork_record {
  struct checkpoint gives_up, goes_on;
  char reason[FORK_REASON_BYTES_MAX + 1]; /* one line */
};

enum fork_verdict {
  FORK_OK = 0,
  FORK_UNREADABLE, /* not such a record */
  FORK_NOT_LAST,   /* what it gives up is not the last head signed */
  FORK_NAME,       /* the new history does not have the next name */
  FORK_ALONE,      /* fewer than two of the people signed it */
};
const char *fork_verdict_text(enum fork_verdict verdict);

/* The name of the log after one more fork: NAME, NAME/2, NAME/3.  False when it does not fit. */
bool fork_next_origin(const struct note_signer *signer, const char *origin, char out[NOTE_NAME_BYTES_MAX + 1]);

/* The text that the people sign; returns its length, 0 when the reason is empty, too long or not one line. */
size_t fork_format(const struct fork_record *record, char out[NOTE_TEXT_BYTES_MAX]);
bool fork_parse(const char *text, size_t length, struct fork_record *out);

/* Public keys, one a line (empty lines and those that begin with # are passed over); false when one is none, when there
 * are more than FORK_PEOPLE_MAX, or when two have one name or one key. */
bool fork_people_parse(const char *text, size_t length, struct note_verifier out[FORK_PEOPLE_MAX], uint32_t *count);

/* Whether the signed note `bytes` lets the signer go on from `state`; then *next is the state to keep. */
enum fork_verdict fork_judge(const struct note_signer *signer, const struct signer_state *state, const char *bytes,
                             size_t length, const struct note_verifier *people, uint32_t people_count,
                             struct signer_state *next);

#endif
