/* note.c - signed notes: note.h. */
#include "sign/note.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "rectify/must.h"
#include "sign/digest.h"

#define DASH "\xe2\x80\x94 " /* an em dash and a space begin a signature line */
#define DASH_BYTES (sizeof DASH - 1)

/* What an Ed25519 key signs is the text; what a cosigner signs says when and that it is a cosignature (C2SP
 * cosignature/v1). */
static size_t message_of(uint8_t algorithm, const char *text, size_t length, uint64_t seconds, char *out, size_t size) {
  int head = 0;
  if (algorithm == NOTE_COSIGNATURE)
    head = snprintf(out, size, "cosignature/v1\ntime %llu\n", (unsigned long long)seconds);
  must(head >= 0 && (size_t)head + length <= size);
  memcpy(out + head, text, length);
  return (size_t)head + length;
}

static void put_seconds(uint8_t out[8], uint64_t seconds) {
  for (int i = 7; i >= 0; i--, seconds >>= 8) out[i] = (uint8_t)seconds;
}

static uint64_t get_seconds(const uint8_t bytes[8]) {
  uint64_t seconds = 0;
  for (int i = 0; i < 8; i++) seconds = seconds << 8 | bytes[i];
  return seconds;
}

static bool ed25519_sign(const uint8_t seed[NOTE_KEY_BYTES], const char *message, size_t length, uint8_t *out) {
  size_t size = NOTE_SIGNATURE_BYTES;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, NOTE_KEY_BYTES);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool ok = key != NULL && context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
            EVP_DigestSign(context, out, &size, (const uint8_t *)message, length) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return ok;
}

static bool ed25519_verify(const uint8_t public_key[NOTE_KEY_BYTES], const char *message, size_t length,
                           const uint8_t *signature) {
  EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, NOTE_KEY_BYTES);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool ok = key != NULL && context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
            EVP_DigestVerify(context, signature, NOTE_SIGNATURE_BYTES, (const uint8_t *)message, length) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return ok;
}

bool signature_make(const struct note_signer *signer, const void *data, size_t length, uint8_t out[NOTE_SIGNATURE_BYTES]) {
  return ed25519_sign(signer->seed, data, length, out);
}

bool signature_holds(const uint8_t public_key[NOTE_KEY_BYTES], const void *data, size_t length,
                     const uint8_t signature[NOTE_SIGNATURE_BYTES]) {
  return public_key_is_sound(public_key) && ed25519_verify(public_key, data, length, signature);
}

size_t note_sign(const struct note_signer *signer, const char *text, size_t text_length, uint64_t seconds,
                 char out[NOTE_LINE_BYTES_MAX]) {
  char message[NOTE_BYTES_MAX], encoded[128];
  uint8_t bytes[4 + 8 + NOTE_SIGNATURE_BYTES];
  const struct note_verifier *own = &signer->verifier;
  if (text_length == 0 || text_length > NOTE_TEXT_BYTES_MAX) return 0;
  size_t length = message_of(own->algorithm, text, text_length, seconds, message, sizeof message), used = 4;
  memcpy(bytes, own->id, 4);
  if (own->algorithm == NOTE_COSIGNATURE) {
    put_seconds(bytes + used, seconds);
    used += 8;
  }
  if (!ed25519_sign(signer->seed, message, length, bytes + used)) return 0;
  base64_encode(bytes, used + NOTE_SIGNATURE_BYTES, encoded);
  int written = snprintf(out, NOTE_LINE_BYTES_MAX, DASH "%s %s\n", own->name, encoded);
  return written > 0 && written < NOTE_LINE_BYTES_MAX ? (size_t)written : 0;
}

/* ---- taking apart ---- */

/* One line "— name base64", without its newline. */
static bool parse_signature(const char *line, size_t length, struct note_signature *out) {
  uint8_t bytes[4 + 8 + NOTE_SIGNATURE_BYTES];
  size_t count = 0;
  if (length < DASH_BYTES || memcmp(line, DASH, DASH_BYTES) != 0) return false;
  line += DASH_BYTES;
  length -= DASH_BYTES;
  const char *space = memchr(line, ' ', length);
  size_t name = space == NULL ? 0 : (size_t)(space - line);
  if (name == 0 || name > NOTE_NAME_BYTES_MAX) return false;
  if (!base64_decode(space + 1, length - name - 1, bytes, sizeof bytes, &count) || count < 5) return false;
  memcpy(out->name, line, name);
  out->name[name] = '\0';
  memcpy(out->id, bytes, 4);
  out->length = count - 4;
  memcpy(out->bytes, bytes + 4, out->length);
  return true;
}

static bool parse_signatures(const char *at, const char *end, struct note *out) {
  while (at < end) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    if (newline == NULL || out->count == NOTE_SIGNATURES_MAX) return false;
    if (!parse_signature(at, (size_t)(newline - at), &out->signatures[out->count++])) return false;
    at = newline + 1;
  }
  return out->count > 0;
}

/* The signatures follow the last empty line. */
bool note_parse(const char *bytes, size_t length, struct note *out) {
  memset(out, 0, sizeof *out);
  if (length < 3 || length > NOTE_BYTES_MAX || memchr(bytes, '\0', length) != NULL) return false;
  size_t split = 0;
  for (size_t i = 1; i + 1 < length; i++)
    if (bytes[i - 1] == '\n' && bytes[i] == '\n') split = i;
  if (split == 0 || split > NOTE_TEXT_BYTES_MAX) return false;
  out->text = bytes;
  out->text_length = split;
  return parse_signatures(bytes + split + 1, bytes + length, out);
}

static bool signature_is(const struct note *note, const struct note_signature *signature,
                         const struct note_verifier *verifier, uint64_t *seconds) {
  char message[NOTE_BYTES_MAX];
  const bool cosigned = verifier->algorithm == NOTE_COSIGNATURE;
  if (strcmp(signature->name, verifier->name) != 0 || memcmp(signature->id, verifier->id, 4) != 0) return false;
  if (signature->length != NOTE_SIGNATURE_BYTES + (cosigned ? 8u : 0u)) return false;
  *seconds = cosigned ? get_seconds(signature->bytes) : 0;
  size_t length = message_of(verifier->algorithm, note->text, note->text_length, *seconds, message, sizeof message);
  return ed25519_verify(verifier->public_key, message, length, signature->bytes + (cosigned ? 8 : 0));
}

bool note_is_signed_by(const struct note *note, const struct note_verifier *verifier, uint64_t *seconds) {
  uint64_t when = 0;
  for (uint32_t i = 0; i < note->count; i++) {
    if (!signature_is(note, &note->signatures[i], verifier, &when)) continue;
    if (seconds != NULL) *seconds = when;
    return true;
  }
  return false;
}

/* ---- checkpoints ---- */

size_t checkpoint_format(const struct checkpoint *checkpoint, char out[NOTE_TEXT_BYTES_MAX]) {
  char root[64];
  base64_encode(checkpoint->root.bytes, HASH_BYTES, root);
  int length = snprintf(out, NOTE_TEXT_BYTES_MAX, "%s\n%llu\n%s\n", checkpoint->origin,
                        (unsigned long long)checkpoint->size, root);
  must(length > 0 && length < NOTE_TEXT_BYTES_MAX);
  return (size_t)length;
}

/* The next line without its newline; false at the end. */
static bool take_line(const char **text, size_t *left, const char **line, size_t *length) {
  const char *newline = memchr(*text, '\n', *left);
  if (newline == NULL) return false;
  *line = *text;
  *length = (size_t)(newline - *text);
  *left -= *length + 1;
  *text = newline + 1;
  return true;
}

/* Decimal without leading zeros, as the format says. */
static bool parse_size(const char *line, size_t length, uint64_t *out) {
  uint64_t value = 0;
  if (length == 0 || length > 19 || (length > 1 && line[0] == '0')) return false;
  for (size_t i = 0; i < length; i++) {
    if (line[i] < '0' || line[i] > '9') return false;
    value = value * 10 + (uint64_t)(line[i] - '0');
  }
  *out = value;
  return value <= INT64_MAX;
}

bool checkpoint_parse(const char *text, size_t length, struct checkpoint *out) {
  const char *line;
  size_t line_length, root_length = 0;
  memset(out, 0, sizeof *out);
  if (!take_line(&text, &length, &line, &line_length)) return false;
  if (line_length == 0 || line_length > NOTE_NAME_BYTES_MAX || memchr(line, '\0', line_length) != NULL) return false;
  memcpy(out->origin, line, line_length);
  if (!take_line(&text, &length, &line, &line_length) || !parse_size(line, line_length, &out->size)) return false;
  if (!take_line(&text, &length, &line, &line_length)) return false;
  return base64_decode(line, line_length, out->root.bytes, HASH_BYTES, &root_length) && root_length == HASH_BYTES;
}

bool checkpoint_is_of(const struct checkpoint *checkpoint, const char *name) {
  uint64_t number;
  const char *origin = checkpoint->origin;
  size_t length = strlen(name);
  if (strncmp(origin, name, length) != 0) return false;
  if (origin[length] == '\0') return true;
  return origin[length] == '/' && parse_size(origin + length + 1, strlen(origin + length + 1), &number) && number >= 2;
}

void checkpoint_code(const struct checkpoint *checkpoint, char out[CHECKPOINT_CODE_BYTES]) {
  char text[NOTE_TEXT_BYTES_MAX];
  uint8_t digest[HASH_BYTES];
  digest_sha256(text, checkpoint_format(checkpoint, text), digest);
  for (int group = 0; group < 8; group++)
    (void)snprintf(out + 5 * group, 6, "%02x%02x%s", digest[2 * group], digest[2 * group + 1], group < 7 ? "-" : "");
}
