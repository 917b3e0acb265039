/* signed.c - see signed.h. */
#include "client/command/signed.h"

#include <stdlib.h>
#include <string.h>

#include "proto/codec.h"
#include "rectify/must.h"
#include "sign/note.h"

static struct signed_key *find(const struct signed_log *log, const uint8_t bytes[CLIENT_KEY_BYTES]) {
  for (size_t i = 0; i < log->count; i++)
    if (memcmp(log->keys[i].bytes, bytes, CLIENT_KEY_BYTES) == 0) return &log->keys[i];
  return NULL;
}

static void note_key(struct signed_log *log, const struct event *event) {
  struct signed_key *key = find(log, event->client_key.bytes);
  if (key == NULL && log->count == log->room) {
    log->room = log->room == 0 ? 64 : 2 * log->room;
    log->keys = reallocarray(log->keys, log->room, sizeof *log->keys);
    must(log->keys != NULL);
  }
  if (key == NULL) key = &log->keys[log->count++];
  *key = (struct signed_key){.officer = event->subject,
                             .from = event->valid_from,
                             .until = event->valid_until,
                             .revoked = event->command == COMMAND_KEY_REVOKE};
  memcpy(key->bytes, event->client_key.bytes, CLIENT_KEY_BYTES);
}

/* SHA-256(salt || signature || signer || bytes), as the record has it. */
static bool is_committed(const struct event *event, const Rectify__V1__EventRow *row) {
  const ProtobufCBinaryData *const parts[] = {&row->signature_salt, &row->signature, &row->signer, &row->signed_};
  uint8_t sum[HASH_BYTES], *all, *at;
  size_t length = 0;
  for (size_t i = 0; i < 4; i++) length += parts[i]->len;
  all = at = malloc(length);
  must(all != NULL);
  for (size_t i = 0; i < 4; i++) at = mempcpy(at, parts[i]->data, parts[i]->len);
  sha256(all, length, sum);
  free(all);
  return memcmp(sum, event->signature.bytes, HASH_BYTES) == 0;
}

/* The bytes are a finding with the event's id and the text that stands beside it. */
static bool is_this_finding(const struct event *event, const Rectify__V1__EventRow *row) {
  const size_t prefix = sizeof CODEC_SIGNED_PREFIX - 1;
  if (row->signed_.len < prefix || memcmp(row->signed_.data, CODEC_SIGNED_PREFIX, prefix) != 0) return false;
  Rectify__V1__Finding *finding = rectify__v1__finding__unpack(NULL, row->signed_.len - prefix, row->signed_.data + prefix);
  if (finding == NULL) return false;
  bool fine = finding->id.len == sizeof event->key.bytes && memcmp(finding->id.data, event->key.bytes, finding->id.len) == 0 &&
              finding->text.len == row->text.len &&
              (row->text.len == 0 || memcmp(finding->text.data, row->text.data, row->text.len) == 0);
  rectify__v1__finding__free_unpacked(finding, NULL);
  return fine;
}

/* On the day of the event, by what the log had said before it. */
static bool was_good(const struct signed_key *key, const struct event *event) {
  const day_t day = (day_t)(event->recorded / (24 * USEC_PER_HOUR));
  return key != NULL && key->officer == event->actor && !key->revoked && day >= key->from && day <= key->until;
}

static const char *check(const struct signed_log *log, const struct event *event, const Rectify__V1__EventRow *row) {
  if (row->signature_salt.len != SALT_BYTES || row->signature.len != NOTE_SIGNATURE_BYTES || row->signer.len != NOTE_KEY_BYTES)
    return "is not complete";
  if (!is_committed(event, row)) return "it is not what the record commits to";
  if (!signature_holds(row->signer.data, row->signed_.data, row->signed_.len, row->signature.data))
    return "it is not over these bytes";
  if (!is_this_finding(event, row)) return "what was signed is another finding";
  return was_good(find(log, row->signer.data), event) ? NULL : "the key was not the actor's to sign with on that day";
}

const char *signed_check(struct signed_log *log, const struct event *event, const Rectify__V1__EventRow *row) {
  if (event->has_key && event->key_kind == KEY_TO_SIGN && !rule_refuses(event->rule)) note_key(log, event);
  if (!event->has_signature) return row->signed_.len > 0 ? "one is stored, which the record does not know" : NULL;
  if (row->signed_.len == 0) {
    log->erased += row->text.len == 0;
    return row->text.len == 0 ? NULL : "what was signed is gone, and its text is not";
  }
  const char *wrong = check(log, event, row);
  log->good += wrong == NULL;
  return wrong;
}
