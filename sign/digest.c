/* digest.c - see digest.h. */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Init() and what goes with it */
#include "sign/digest.h"

#include <openssl/sha.h>

#include "rectify/must.h"

/* Some fifteen hashes a finding: the general interface costs as much again as hashing two blocks does. */
void digest_sha256(const void *data, size_t length, uint8_t out[HASH_BYTES]) {
  SHA256_CTX context;
  must(SHA256_Init(&context) == 1 && SHA256_Update(&context, data, length) == 1 && SHA256_Final(out, &context) == 1);
}
