/* curve.h - the keys of CURVE (CurveZMQ, ZeroMQ RFC 26; X25519 of RFC 7748), by which the daemon and its clients know each other.
 *
 * The secret half stays in a file of its owner alone (secret.h); the public half is 64 hexadecimal digits, for registers, command
 * lines and configuration.  Made by libcrypto: libzmq's own maker initialises and ends its random numbers for all contexts.
 */
#ifndef RECTIFY_SIGN_CURVE_H
#define RECTIFY_SIGN_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sign/secret.h"

#define CURVE_KEY_BYTES 32
#define CURVE_TEXT_BYTES (2 * CURVE_KEY_BYTES + 1)
#define CURVE_LINE_BYTES 128 /* what a key file holds */

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

/* False for a public half of small order: with it the secret of a connection is known to everybody (point.c). */
bool curve_is_sound(const uint8_t key[CURVE_KEY_BYTES]);

/* The line of a key file, and back; false when it is no such line. */
void curve_line(const struct curve_pair *pair, char out[CURVE_LINE_BYTES]);
bool curve_of_line(const char *line, size_t length, struct curve_pair *out);

/* Reads a key file; false with a sentence in `error`. */
bool curve_read(const char *path, struct curve_pair *out, char error[SECRET_ERROR_BYTES]);

#endif
