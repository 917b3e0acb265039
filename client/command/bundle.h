/* bundle.h - the file that carries a spool over an air gap.
 *
 *   rectify bundle 1                a signed note (sign/note.h): who made it, and what the body must be
 *   from li.wei
 *   items 2
 *   fates 1
 *   bytes 512
 *   sha256 9f86d081...
 *                                   (an empty line)
 *   — li.wei base64                 the signature
 *                                   (an empty line)
 *   the body: parts, each u32 length | u8 1 | packed Request of one finding or command
 *                            or   u32 length | u8 2 | 16 id | i64 when | u8 fate | packed Reply with one outcome, or nothing */
#ifndef RECTIFY_BUNDLE_H
#define RECTIFY_BUNDLE_H

#include "client/spool.h"
#include "sign/note.h"

#define BUNDLE_BYTES_MAX (256 * 1024 * 1024)

enum bundle_part { BUNDLE_ITEM = 1, BUNDLE_FATE = 2 };

/* What the note of a bundle says. */
struct bundle {
  char from[NOTE_NAME_BYTES_MAX + 1];
  uint64_t items, fates, bytes;
  char sha256[2 * HASH_BYTES + 1];
  const uint8_t *body; /* borrowed from what was read */
};

/* The file for this body, made by `signer`; freed by the caller.  NULL: out of memory. */
uint8_t *bundle_make(const struct note_signer *signer, const struct bundle *bundle, size_t *length);
/* Takes a file apart; NULL, or what is wrong with it. */
const char *bundle_open(const uint8_t *file, size_t length, const struct note_verifier *from, struct bundle *out);

#endif
