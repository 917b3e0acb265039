/* key.c - keys of signed notes: made, written, read. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "rectify/must.h"
#include "sign/note.h"

#define PRIVATE_PREFIX "PRIVATE+KEY+"

static bool name_ok(const char *name) {
  size_t length = strnlen(name, NOTE_NAME_BYTES_MAX + 1);
  if (length == 0 || length > NOTE_NAME_BYTES_MAX) return false;
  for (size_t i = 0; i < length;
       i++) /* the format forbids Unicode spaces and plus; this is narrower: printable ASCII */
    if (name[i] <= ' ' || name[i] > '~' || name[i] == '+') return false;
  return true;
}

static void make_id(struct note_verifier *verifier) {
  uint8_t bytes[NOTE_NAME_BYTES_MAX + 2 + NOTE_KEY_BYTES], digest[HASH_BYTES];
  unsigned int size = sizeof digest;
  size_t length = strlen(verifier->name);
  memcpy(bytes, verifier->name, length);
  bytes[length++] = '\n';
  bytes[length++] = verifier->algorithm;
  memcpy(bytes + length, verifier->public_key, NOTE_KEY_BYTES);
  must(EVP_Digest(bytes, length + NOTE_KEY_BYTES, digest, &size, EVP_sha256(), NULL) == 1);
  memcpy(verifier->id, digest, sizeof verifier->id);
}

static bool derive(struct note_signer *signer) {
  size_t length = NOTE_KEY_BYTES;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, signer->seed, NOTE_KEY_BYTES);
  bool ok = key != NULL && EVP_PKEY_get_raw_public_key(key, signer->verifier.public_key, &length) == 1;
  EVP_PKEY_free(key);
  if (ok) make_id(&signer->verifier);
  return ok;
}

static bool algorithm_ok(uint8_t algorithm) {
  return algorithm == NOTE_ED25519 || algorithm == NOTE_COSIGNATURE;
}

bool note_signer_new(const char *name, uint8_t algorithm, struct note_signer *out) {
  *out = (struct note_signer){0};
  if (!name_ok(name) || !algorithm_ok(algorithm)) return false;
  snprintf(out->verifier.name, sizeof out->verifier.name, "%s", name);
  out->verifier.algorithm = algorithm;
  return RAND_priv_bytes(out->seed, NOTE_KEY_BYTES) == 1 && derive(out);
}

void note_signer_wipe(struct note_signer *signer) {
  OPENSSL_cleanse(signer, sizeof *signer);
}

/* ---- the text of a key: name+id+base64(algorithm || 32 bytes) ---- */

static void format(const struct note_verifier *verifier, const uint8_t bytes[NOTE_KEY_BYTES], const char *prefix,
                   char out[NOTE_KEY_TEXT_BYTES_MAX]) {
  uint8_t key[1 + NOTE_KEY_BYTES];
  char encoded[64];
  key[0] = verifier->algorithm;
  memcpy(key + 1, bytes, NOTE_KEY_BYTES);
  base64_encode(key, sizeof key, encoded);
  snprintf(out, NOTE_KEY_TEXT_BYTES_MAX, "%s%s+%02x%02x%02x%02x+%s", prefix, verifier->name, verifier->id[0],
           verifier->id[1], verifier->id[2], verifier->id[3], encoded);
  OPENSSL_cleanse(key, sizeof key);
  OPENSSL_cleanse(encoded, sizeof encoded);
}

void note_verifier_format(const struct note_verifier *verifier, char out[NOTE_KEY_TEXT_BYTES_MAX]) {
  format(verifier, verifier->public_key, "", out);
}

void note_signer_format(const struct note_signer *signer, char out[NOTE_KEY_TEXT_BYTES_MAX]) {
  format(&signer->verifier, signer->seed, PRIVATE_PREFIX, out);
}

/* What stands between two pluses. */
static bool take_part(const char **text, size_t *length, char *out, size_t out_max) {
  const char *plus = memchr(*text, '+', *length);
  size_t part = plus == NULL ? 0 : (size_t)(plus - *text);
  if (part == 0 || part > out_max || memchr(*text, '\0', part) != NULL) return false;
  memcpy(out, *text, part);
  out[part] = '\0';
  *text += part + 1;
  *length -= part + 1;
  return true;
}

static bool parse(const char *text, size_t length, struct note_verifier *out, uint8_t bytes[NOTE_KEY_BYTES],
                  char id[9]) {
  uint8_t key[1 + NOTE_KEY_BYTES];
  size_t key_length = 0;
  if (!take_part(&text, &length, out->name, NOTE_NAME_BYTES_MAX) || !name_ok(out->name)) return false;
  if (!take_part(&text, &length, id, 8) || strlen(id) != 8) return false;
  if (!base64_decode(text, length, key, sizeof key, &key_length) || key_length != sizeof key) return false;
  out->algorithm = key[0];
  memcpy(bytes, key + 1, NOTE_KEY_BYTES);
  OPENSSL_cleanse(key, sizeof key);
  return algorithm_ok(out->algorithm);
}

static bool id_is(const struct note_verifier *verifier, const char id[9]) {
  char own[9];
  snprintf(own, sizeof own, "%02x%02x%02x%02x", verifier->id[0], verifier->id[1], verifier->id[2], verifier->id[3]);
  return strcmp(own, id) == 0;
}

bool note_verifier_parse(const char *text, size_t length, struct note_verifier *out) {
  char id[9];
  *out = (struct note_verifier){0};
  if (!parse(text, length, out, out->public_key, id)) return false;
  make_id(out);
  return id_is(out, id) && public_key_is_sound(out->public_key);
}

bool note_signer_parse(const char *text, size_t length, struct note_signer *out) {
  const size_t prefix = sizeof PRIVATE_PREFIX - 1;
  char id[9];
  *out = (struct note_signer){0};
  if (length < prefix || memcmp(text, PRIVATE_PREFIX, prefix) != 0) return false;
  bool ok = parse(text + prefix, length - prefix, &out->verifier, out->seed, id) && derive(out) &&
            id_is(&out->verifier, id);
  if (!ok) note_signer_wipe(out);
  return ok;
}
