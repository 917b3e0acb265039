/* signer.c - what may be signed: signer.h.  No I/O. */
#include "sign/signer.h"

#include <stdio.h>
#include <string.h>

#include "rectify/must.h"
#include "sign/digest.h"

/* ---- messages ---- */

static uint8_t *put(uint8_t *at, uint64_t value, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
  return at + bytes;
}

static uint64_t get(const uint8_t *at, uint32_t bytes) {
  uint64_t value = 0;
  for (uint32_t i = 0; i < bytes; i++) value = value << 8 | at[i];
  return value;
}

size_t signer_request_pack(const struct signer_request *request, uint8_t out[SIGNER_REQUEST_BYTES_MAX]) {
  uint8_t *at = put(put(out, request->ask, 1), request->size, 8);
  must(request->proof.count <= MERKLE_PROOF_MAX);
  memcpy(at, request->root.bytes, HASH_BYTES);
  at = put(at + HASH_BYTES, request->proof.count, 4);
  memcpy(at, request->proof.hashes, request->proof.count * sizeof *request->proof.hashes);
  return (size_t)(at - out) + request->proof.count * HASH_BYTES;
}

bool signer_request_unpack(const uint8_t *data, size_t length, struct signer_request *out) {
  const size_t head = 1 + 8 + HASH_BYTES + 4;
  memset(out, 0, sizeof *out);
  if (length < head) return false;
  out->ask = data[0];
  out->size = get(data + 1, 8);
  memcpy(out->root.bytes, data + 9, HASH_BYTES);
  uint64_t count = get(data + 9 + HASH_BYTES, 4);
  if (count > MERKLE_PROOF_MAX || length != head + count * HASH_BYTES) return false;
  out->proof.count = (uint32_t)count;
  memcpy(out->proof.hashes, data + head, count * HASH_BYTES);
  return (out->ask == SIGNER_STATUS || out->ask == SIGNER_SIGN) && out->size <= INT64_MAX;
}

size_t signer_reply_pack(const struct signer_reply *reply, uint8_t out[SIGNER_REPLY_BYTES_MAX]) {
  uint8_t *at = put(put(out, reply->verdict, 1), reply->size, 8);
  must(reply->note_length <= NOTE_BYTES_MAX);
  memcpy(at, reply->root.bytes, HASH_BYTES);
  at = put(at + HASH_BYTES, reply->note_length, 4);
  memcpy(at, reply->note, reply->note_length);
  return (size_t)(at - out) + reply->note_length;
}

bool signer_reply_unpack(const uint8_t *data, size_t length, struct signer_reply *out) {
  const size_t head = 1 + 8 + HASH_BYTES + 4;
  memset(out, 0, sizeof *out);
  if (length < head) return false;
  out->verdict = data[0];
  out->size = get(data + 1, 8);
  memcpy(out->root.bytes, data + 9, HASH_BYTES);
  out->note_length = get(data + 9 + HASH_BYTES, 4);
  if (out->note_length > NOTE_BYTES_MAX || length != head + out->note_length) return false;
  memcpy(out->note, data + head, out->note_length);
  return out->verdict <= SIGNER_FAULT;
}

/* ---- judging ---- */

static uint8_t extends(const struct checkpoint *last, const struct signer_request *request) {
  if (request->size < last->size) return SIGNER_ROLLED_BACK;
  bool proved = merkle_consistency_holds(digest_sha256, last->size, &last->root, request->size, &request->root,
                                         &request->proof);
  if (proved) return SIGNER_OK;
  return request->size == last->size ? SIGNER_FORKED : SIGNER_NOT_PROVED;
}

bool signer_sign_head(const struct note_signer *signer, const struct checkpoint *head, struct signer_state *out) {
  char line[NOTE_LINE_BYTES_MAX];
  const struct checkpoint signed_head = *head; /* may be out->last */
  memset(out, 0, sizeof *out);
  out->last = signed_head;
  size_t text = checkpoint_format(&out->last, out->note);
  size_t length = note_sign(signer, out->note, text, 0, line);
  if (length == 0) return false;
  out->note[text] = '\n';
  memcpy(out->note + text + 1, line, length);
  out->note_length = text + 1 + length;
  return true;
}

bool signer_begin(const struct note_signer *signer, struct signer_state *out) {
  struct checkpoint empty = {0};
  snprintf(empty.origin, sizeof empty.origin, "%s", signer->verifier.name);
  digest_sha256("", 0, empty.root.bytes);
  return signer_sign_head(signer, &empty, out);
}

uint8_t signer_judge(const struct note_signer *signer, const struct signer_state *state,
                     const struct signer_request *request, struct signer_state *next) {
  uint8_t verdict = extends(&state->last, request);
  if (verdict != SIGNER_OK) return verdict;
  *next = *state;
  if (request->size == state->last.size) return SIGNER_OK; /* signed already: the same note */
  struct checkpoint head = state->last;
  head.size = request->size;
  head.root = request->root;
  return signer_sign_head(signer, &head, next) ? SIGNER_OK : SIGNER_FAULT;
}

const char *signer_verdict_text(uint8_t verdict) {
  static const char *const texts[] = {[SIGNER_OK] = "signed",
                                      [SIGNER_MALFORMED] = "not a request",
                                      [SIGNER_ROLLED_BACK] = "history rolled back",
                                      [SIGNER_FORKED] = "history forked: the same size with another root",
                                      [SIGNER_NOT_PROVED] = "history not shown to extend the last signed head",
                                      [SIGNER_FAULT] = "the state could not be kept"};
  must(verdict <= SIGNER_FAULT);
  return texts[verdict];
}
