/* hash.c - SHA-256 and the ids made from it. */
#include <openssl/evp.h>
#include <string.h>

#include "client/command/command.h"
#include "rectify/must.h"

void sha256(const void *data, size_t length, uint8_t out[HASH_BYTES]) {
  must(EVP_Digest(data, length, out, NULL, EVP_sha256(), NULL) == 1);
}

static void put_big_endian(uint64_t value, uint8_t *out, int bytes) {
  for (int i = bytes - 1; i >= 0; i--, value >>= 8) out[i] = (uint8_t)value;
}

void id_derive(const uint8_t *from, const void *data, size_t length, uint64_t ordinal, day_t found_on, uint8_t id[16]) {
  uint8_t inner[2 * HASH_BYTES + 8], hash[HASH_BYTES];
  sha256(data, length, inner);
  put_big_endian(ordinal, inner + HASH_BYTES, 8);
  if (from != NULL) memcpy(inner + HASH_BYTES + 8, from, HASH_BYTES);
  sha256(inner, from == NULL ? HASH_BYTES + 8 : sizeof inner, hash);
  memcpy(id, hash, 16);
  put_big_endian((uint64_t)(found_on < 0 ? 0 : found_on) * 86400 * 1000, id, 6);
  id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
  id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

void id_again(uint8_t id[16]) {
  uint8_t hash[HASH_BYTES];
  sha256(id, 16, hash);
  memcpy(id + 6, hash, 10);
  id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
  id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}
