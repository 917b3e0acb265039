/* curve.h - the keys of CURVE (CurveZMQ, ZeroMQ RFC 26; X25519 of RFC 7748): made, written, read.
 *
 * The secret half stays in a file of its owner alone; the public half is 64 hexadecimal digits, for registers, command lines
 * and configuration.  Nothing here logs, and what held a secret is wiped.
 */
#ifndef RECTIFY_DOCUMENT_CURVE_H
#define RECTIFY_DOCUMENT_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURVE_KEY_BYTES 32
#define CURVE_TEXT_BYTES (2 * CURVE_KEY_BYTES + 1)
#define CURVE_ERROR_BYTES 4400 /* a path and a sentence */

struct curve_pair {
  uint8_t public_key[CURVE_KEY_BYTES], secret[CURVE_KEY_BYTES];
};

/* A new random pair; false when the system has no random numbers. */
bool curve_new(struct curve_pair *out);
/* Overwrites what held a secret, so that the compiler does not leave it out. */
void curve_wipe(void *secret, size_t size);

/* The public half as text, and back; only hexadecimal digits, exactly 64. */
void curve_text(const uint8_t key[CURVE_KEY_BYTES], char out[CURVE_TEXT_BYTES]);
bool curve_of_text(const char *text, size_t length, uint8_t out[CURVE_KEY_BYTES]);

/* Writes the secret into a new file, mode 0600, durable; never over one that is there.  False with a sentence in `error`. */
bool curve_file_write(const char *path, const struct curve_pair *pair, char error[CURVE_ERROR_BYTES]);
/* Reads it; refuses what is not a regular file of this user or root that nobody else may read.  False with a sentence. */
bool curve_file_read(const char *path, struct curve_pair *out, char error[CURVE_ERROR_BYTES]);

#endif
