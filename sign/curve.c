#include "sign/curve.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "curve25519-secret "
#define PREFIX_BYTES (sizeof PREFIX - 1)

static bool derive(struct curve_pair *pair) {
  size_t length = CURVE_KEY_BYTES;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, pair->secret, CURVE_KEY_BYTES);
  bool ok = key != NULL && EVP_PKEY_get_raw_public_key(key, pair->public_key, &length) == 1;
  EVP_PKEY_free(key);
  return ok && length == CURVE_KEY_BYTES;
}

bool curve_new(struct curve_pair *out) { return RAND_priv_bytes(out->secret, CURVE_KEY_BYTES) == 1 && derive(out); }

void curve_wipe(void *secret, size_t size) { OPENSSL_cleanse(secret, size); }

void curve_text(const uint8_t key[CURVE_KEY_BYTES], char out[CURVE_TEXT_BYTES]) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < CURVE_KEY_BYTES; i++) {
    out[2 * i] = digits[key[i] >> 4];
    out[2 * i + 1] = digits[key[i] & 15];
  }
  out[2 * CURVE_KEY_BYTES] = '\0';
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool curve_of_text(const char *text, size_t length, uint8_t out[CURVE_KEY_BYTES]) {
  if (length != 2 * CURVE_KEY_BYTES) return false;
  for (size_t i = 0; i < CURVE_KEY_BYTES; i++) {
    int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}

void curve_line(const struct curve_pair *pair, char out[CURVE_LINE_BYTES]) {
  memcpy(out, PREFIX, PREFIX_BYTES);
  curve_text(pair->secret, &out[PREFIX_BYTES]);
  memcpy(&out[PREFIX_BYTES + CURVE_TEXT_BYTES - 1], "\n", 2);
}

bool curve_of_line(const char *line, size_t length, struct curve_pair *out) {
  if (length > 0 && line[length - 1] == '\n') length--;
  return length == PREFIX_BYTES + CURVE_TEXT_BYTES - 1 && memcmp(line, PREFIX, PREFIX_BYTES) == 0 &&
         curve_of_text(line + PREFIX_BYTES, length - PREFIX_BYTES, out->secret) && derive(out);
}

bool curve_read(const char *path, struct curve_pair *out, char error[SECRET_ERROR_BYTES]) {
  char line[CURVE_LINE_BYTES];
  size_t length = 0;
  if (!secret_read(path, line, sizeof line, &length, error, SECRET_ERROR_BYTES)) return false;
  bool fine = curve_of_line(line, length, out);
  curve_wipe(line, sizeof line);
  if (!fine) snprintf(error, SECRET_ERROR_BYTES, "%s: is not the secret key that `rectify key new` makes", path);
  return fine;
}
