/* fuzz_codec.c - hostile bytes to the codec.  The first byte chooses the reader: 0 request, 1 reply, 2 event, 3 state.
 *
 * `make test` replays corpus/codec through it; `make fuzz` searches. */
#include <stdlib.h>
#include <string.h>

#include "proto/codec_internal.h"
#include "rectify/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct codec_arena *arena;

/* Wrong exactly when there is an error with a text; an id exactly when one could be read. */
static void try_request(const uint8_t *data, size_t size) {
  struct codec_error error = {0};
  struct uuid id;
  bool has_id;
  Rectify__V1__Request *request = codec_request(arena, data, size, &id, &has_id, &error);
  must((request == NULL) == (error.code != 0) && (error.code == 0 || error.text[0] != '\0'));
  must(memchr(error.field, '\0', sizeof error.field) != NULL);
  if (request == NULL) return;
  must(has_id && memcmp(id.bytes, request->id.data, sizeof id.bytes) == 0);
  size_t length;
  uint8_t *again = codec_pack(&request->base, &length); /* what is accepted can be said again */
  must(again != NULL);
  codec_arena_reset(arena);
  must(codec_request(arena, again, length, &id, &has_id, &error) != NULL);
  free(again);
}

static void try_reply(const uint8_t *data, size_t size) {
  struct codec_error error = {0};
  Rectify__V1__Reply *reply = codec_reply(arena, data, size, &error);
  must((reply == NULL) == (error.code != 0));
  must(reply == NULL || (reply->id.len == WIRE_ID_BYTES && reply->body_case != 0));
}

static void try_event(const uint8_t *data, size_t size) {
  static struct event event;
  uint8_t again[EVENT_BODY_BYTES_MAX];
  if (!codec_event_unpack(data, size, &event)) return;
  must(codec_event_pack(&event, again) == size && memcmp(again, data, size) == 0);
}

static void try_state(const uint8_t *data, size_t size) {
  struct case_state state;
  uint8_t again[STATE_BODY_BYTES_MAX];
  if (!codec_state_unpack(data, size, &state)) return;
  must(codec_state_pack(&state, again) == size && memcmp(again, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const readers[])(const uint8_t *, size_t) = {try_request, try_reply, try_event, try_state};
  if (size == 0) return 0;
  if (arena == NULL) arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
  must(arena != NULL);
  codec_arena_reset(arena);
  uint8_t *exact = malloc(size); /* its own block, so that reading on is seen */
  must(exact != NULL);
  memcpy(exact, data + 1, size - 1);
  readers[data[0] % 4](exact, size - 1);
  free(exact);
  return 0;
}
