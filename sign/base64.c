/* base64.c - base64 by libcrypto, made strict: only the one text that encoding gives is taken. */
#include <openssl/evp.h>
#include <string.h>

#include "rectify/must.h"
#include "sign/note.h"

#define TEXT_MAX 8192 /* of a record: base64 of 4096 bytes fits */

size_t base64_encode(const uint8_t *data, size_t length, char *out) {
  return (size_t)EVP_EncodeBlock((unsigned char *)out, data, (int)length);
}

bool base64_decode(const char *text, size_t length, uint8_t *out, size_t out_max, size_t *out_length) {
  uint8_t bytes[TEXT_MAX];
  char again[TEXT_MAX + 1];
  if (length == 0 || length % 4 != 0 || length > TEXT_MAX) return false;
  int decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length); /* counts the padding as bytes */
  if (decoded < 0) return false;
  size_t padding = (size_t)(text[length - 1] == '=') + (size_t)(text[length - 2] == '=');
  size_t count = (size_t)decoded - padding;
  if (count == 0 || count > out_max) return false;
  if (base64_encode(bytes, count, again) != length || memcmp(again, text, length) != 0) return false;
  memcpy(out, bytes, count);
  *out_length = count;
  return true;
}
