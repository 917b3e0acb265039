/* curve.h - key pairs of CURVE (ZeroMQ RFC 26), by which the daemon knows its clients.  Not to be called while a
 * context is open: making one initialises and ends the library's source of random numbers. */
#ifndef RECTIFY_CURVE_H
#define RECTIFY_CURVE_H

#include <stdbool.h>

#define CURVE_KEY_BYTES 41 /* Z85 of 32 bytes, terminated */

/* False when the library was built without CURVE. */
bool curve_new(char public_key[CURVE_KEY_BYTES], char secret_key[CURVE_KEY_BYTES]);
/* False when it is not a secret key. */
bool curve_public_of(const char *secret_key, char public_key[CURVE_KEY_BYTES]);

#endif
