/* digest.h - SHA-256 by libcrypto, for core's Merkle functions. */
#ifndef RECTIFY_SIGN_DIGEST_H
#define RECTIFY_SIGN_DIGEST_H

#include "rectify/core.h"

void digest_sha256(const void *data, size_t length, uint8_t out[HASH_BYTES]);

#endif
