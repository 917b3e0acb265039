/* trust.h - what the commands about keys, receipts and proofs share.  They need no daemon. */
#ifndef RECTIFY_TRUST_H
#define RECTIFY_TRUST_H

#include "client/command/command.h"
#include "sign/note.h"
#include "sign/secret.h"

/* A public key: the text itself, NAME+ID+BASE64, or a file that holds it.  False with a message. */
bool trust_public(const char *given, struct note_verifier *out);
/* A secret key of a file (or credential:NAME) that is open to nobody else; guards the memory first.  False with a
 * message. */
bool trust_secret(const char *path, struct note_signer *out);
/* The whole of a file, or of stdin for "-", at most `max` bytes; freed by the caller.  NULL with a message. */
char *trust_file(const char *path, size_t max, size_t *length);

#endif
