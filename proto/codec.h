/* codec.h - the only code that knows protobuf-c: checks and unpacks what arrives, packs what leaves.
 *
 * Hostile bytes are expected: the arena bounds memory (WIRE_UNPACK_BYTES_MAX), the schema bounds depth, and nothing is
 * handed on before every field was checked (length, UTF-8, NUL, known number, no unknown fields on the daemon's side).
 * Callers: daemon/, client/, tests/.  Never blocks, never logs.
 */
#ifndef RECTIFY_CODEC_H
#define RECTIFY_CODEC_H

#include "rectify/core.h"
#include "rectify/v1/rectify.pb-c.h"

/* A bump allocator for unpacked messages; one per stage, reset between messages.  Owns its memory. */
struct codec_arena;
struct codec_arena *codec_arena_new(size_t bytes_max); /* NULL: out of memory */
void codec_arena_reset(struct codec_arena *arena);
void codec_arena_free(struct codec_arena *arena); /* NULL is fine */

/* What was wrong with a message: error.def number, the field's path, a text. */
struct codec_error {
  uint16_t code; /* enum failure */
  char field[128];
  char text[256];
};

/* Unpacks and checks one request of `length` bytes.  Returns it (borrowed from the arena until its reset) or NULL with
 * *error filled; then `id` holds the request's id if it could still be read, else zeros and *has_id is false. */
Rectify__V1__Request *codec_request(struct codec_arena *arena, const void *data, size_t length, struct uuid *id,
                                    bool *has_id, struct codec_error *error);

/* The same for a reply, on the client's side: unknown fields are tolerated there. */
Rectify__V1__Reply *codec_reply(struct codec_arena *arena, const void *data, size_t length, struct codec_error *error);

/* Packs the record of an event, exactly the bytes that are hashed and stored.  `out` has EVENT_BODY_BYTES_MAX bytes.
 * Returns the length. */
size_t codec_event_pack(const struct event *event, uint8_t *out);
/* The inverse; false when the bytes are not the one packing of a record of format 1 with values in range: then *out is spoilt. */
bool codec_event_unpack(const void *data, size_t length, struct event *out);

/* The same for a folded state (STATE_BODY_BYTES_MAX); *out stays as it was when the bytes are not one. */
size_t codec_state_pack(const struct case_state *state, uint8_t *out);
bool codec_state_unpack(const void *data, size_t length, struct case_state *out);

/* Whether `length` bytes are UTF-8 (RFC 3629) without NUL and control characters other than tab and newline. */
bool codec_text_ok(const void *data, size_t length);

/* What an inspector signs of a finding: "rectify finding 1\n" and the message packed by ascending field numbers without
 * `signature` and `signer`.  Freed by the caller with free(); NULL: out of memory. */
#define CODEC_SIGNED_PREFIX "rectify finding 1\n"
uint8_t *codec_finding_to_sign(const Rectify__V1__Finding *finding, size_t *length);

/* Packs any reply or request into a fresh buffer that the caller frees with free(); NULL: out of memory. */
uint8_t *codec_pack(const ProtobufCMessage *message, size_t *length);

#endif
