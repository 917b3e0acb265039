/* note.h - signed notes (C2SP signed-note) and checkpoints (C2SP tlog-checkpoint): texts that say how large the log is
 * and what its root is, with signatures behind, so that anybody's tools can check them without this program.
 *
 *   rectify.city.example/log       origin: the name of the log
 *   20852163                       size
 *   CsUYapGG...=                   root, base64
 *                                  (an empty line)
 *   — rectify.city.example/log base64(key id || Ed25519 signature)
 *   — witness.example          base64(key id || u64 seconds || Ed25519 signature)      a cosignature/v1
 *
 * Does no I/O but key files (key.c).  Nothing here blocks.  Callers: rectify-sign, the witness, the verifier, the
 * client.
 */
#ifndef RECTIFY_SIGN_NOTE_H
#define RECTIFY_SIGN_NOTE_H

#include "rectify/core.h"

#define NOTE_BYTES_MAX 8192
#define NOTE_TEXT_BYTES_MAX 1024
#define NOTE_NAME_BYTES_MAX 100
#define NOTE_SIGNATURES_MAX 16
#define NOTE_KEY_BYTES 32 /* Ed25519: seed and public key */
#define NOTE_SIGNATURE_BYTES 64
#define NOTE_LINE_BYTES_MAX 300 /* one signature line */
#define NOTE_KEY_TEXT_BYTES_MAX 200

/* Algorithms by the first byte of a key (C2SP signed-note): others, such as SM2, can follow. */
enum note_algorithm { NOTE_ED25519 = 0x01, NOTE_COSIGNATURE = 0x04 };

/* Who signed: name+id+base64(algorithm || public key). */
struct note_verifier {
  char name[NOTE_NAME_BYTES_MAX + 1];
  uint8_t algorithm; /* enum note_algorithm */
  uint8_t public_key[NOTE_KEY_BYTES];
  uint8_t id[4]; /* SHA-256(name || "\n" || algorithm || public key), its first bytes */
};

struct note_signer {
  struct note_verifier verifier;
  uint8_t seed[NOTE_KEY_BYTES]; /* secret: wiped by note_signer_wipe() */
};

struct note_signature {
  char name[NOTE_NAME_BYTES_MAX + 1];
  uint8_t id[4];
  uint8_t bytes[8 + NOTE_SIGNATURE_BYTES];
  size_t length;
};

/* A note taken apart; `text` is borrowed from what was parsed and includes its last newline. */
struct note {
  const char *text;
  size_t text_length;
  uint32_t count;
  struct note_signature signatures[NOTE_SIGNATURES_MAX];
};

struct checkpoint {
  char origin[NOTE_NAME_BYTES_MAX + 1];
  uint64_t size;
  struct hash root;
};

/* ---- keys ---- */

/* A new key from the system's random numbers; false when there are none or the name is not one (no spaces, no plus). */
bool note_signer_new(const char *name, uint8_t algorithm, struct note_signer *out);
/* "PRIVATE+KEY+name+id+base64(algorithm || seed)" and back; the same as other tools for signed notes write. */
bool note_signer_parse(const char *text, size_t length, struct note_signer *out);
void note_signer_format(const struct note_signer *signer, char out[NOTE_KEY_TEXT_BYTES_MAX]);
void note_signer_wipe(struct note_signer *signer);
/* Whether the bytes are a key of Ed25519 that proves something (point.c): a point of the curve, in the one way to write it, and
 * none of small order, for which anybody can sign. */
bool public_key_is_sound(const uint8_t key[NOTE_KEY_BYTES]);
/* "name+id+base64(algorithm || public key)" and back; a key that is not sound is none. */
bool note_verifier_parse(const char *text, size_t length, struct note_verifier *out);
void note_verifier_format(const struct note_verifier *verifier, char out[NOTE_KEY_TEXT_BYTES_MAX]);

/* ---- notes ---- */

/* One signature line, newline included, for the text of a note; returns its length, 0 when the library fails. `seconds`
 * (since 1970) is signed with it when the key is a cosigner's. */
size_t note_sign(const struct note_signer *signer, const char *text, size_t text_length, uint64_t seconds,
                 char out[NOTE_LINE_BYTES_MAX]);
/* Takes a note apart; false when it is not one. */
bool note_parse(const char *bytes, size_t length, struct note *out);
/* Whether one of the signatures is that key's and right.  *seconds is when a cosigner signed, else 0; may be NULL. */
bool note_is_signed_by(const struct note *note, const struct note_verifier *verifier, uint64_t *seconds);

/* Ed25519 (RFC 8032) over any bytes, for what is no note.  The bytes must begin with what no note begins with.  False when the
 * library fails, the key is not sound, or the signature is not right. */
bool signature_make(const struct note_signer *signer, const void *data, size_t length, uint8_t out[NOTE_SIGNATURE_BYTES]);
bool signature_holds(const uint8_t public_key[NOTE_KEY_BYTES], const void *data, size_t length,
                     const uint8_t signature[NOTE_SIGNATURE_BYTES]);

/* ---- checkpoints ---- */

/* The text of a note; returns its length. */
size_t checkpoint_format(const struct checkpoint *checkpoint, char out[NOTE_TEXT_BYTES_MAX]);
/* The first three lines of a note's text; lines after them are let pass, as the format says.  False when it is none. */
bool checkpoint_parse(const char *text, size_t length, struct checkpoint *out);

#define CHECKPOINT_CODE_BYTES 40
/* The short code of a head for paper: the first 128 bits of SHA-256 of the text, as eight groups of four hexadecimal
 * digits, "7f3a-09c2-...", terminated.  Nobody can make another head with the same code; the full form is the signed
 * note. */
void checkpoint_code(const struct checkpoint *checkpoint, char out[CHECKPOINT_CODE_BYTES]);

/* Whether its origin is the log `name`, or one of its recorded forks, name/2, name/3 and so on (fork.h). */
bool checkpoint_is_of(const struct checkpoint *checkpoint, const char *name);

/* ---- base64.c: RFC 4648, with padding, nothing else let pass ---- */
size_t base64_encode(const uint8_t *data, size_t length, char *out); /* out holds 4 * ((length + 2) / 3) + 1 */
/* Returns false unless it decodes to 1..out_max bytes and is the one way to write them. */
bool base64_decode(const char *text, size_t length, uint8_t *out, size_t out_max, size_t *out_length);

#endif
