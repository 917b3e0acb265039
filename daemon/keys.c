#include "daemon/keys.h"

#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

/* Ascending by bytes: a key comes rarely, and is looked up with every message. */
struct keys {
  struct key *keys;
  uint32_t count, room;
};

struct keys *keys_new(void) {
  struct keys *keys = calloc(1, sizeof *keys);
  must(keys != NULL);
  return keys;
}

void keys_free(struct keys *keys) {
  if (keys == NULL) return;
  free(keys->keys);
  free(keys);
}

void keys_clear(struct keys *keys) { keys->count = 0; }

uint32_t keys_count(const struct keys *keys) { return keys->count; }

/* The place of the first key that is not smaller. */
static uint32_t place_of(const struct keys *keys, const uint8_t bytes[CURVE_KEY_BYTES]) {
  uint32_t low = 0, high = keys->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (memcmp(keys->keys[middle].bytes, bytes, CURVE_KEY_BYTES) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

static bool is_at(const struct keys *keys, uint32_t place, const uint8_t bytes[CURVE_KEY_BYTES]) {
  return place < keys->count && memcmp(keys->keys[place].bytes, bytes, CURVE_KEY_BYTES) == 0;
}

const struct key *keys_find(const struct keys *keys, const uint8_t bytes[CURVE_KEY_BYTES]) {
  uint32_t place = place_of(keys, bytes);
  return is_at(keys, place, bytes) ? &keys->keys[place] : NULL;
}

static void make_room(struct keys *keys) {
  if (keys->count < keys->room) return;
  keys->room = keys->room == 0 ? 256 : keys->room * 2;
  keys->keys = realloc(keys->keys, keys->room * sizeof *keys->keys);
  must(keys->keys != NULL);
}

void keys_put(struct keys *keys, const struct key *key) {
  uint32_t place = place_of(keys, key->bytes);
  if (!is_at(keys, place, key->bytes)) {
    must(keys->count < KEYS_MAX);
    make_room(keys);
    memmove(&keys->keys[place + 1], &keys->keys[place], (keys->count - place) * sizeof *keys->keys);
    keys->count++;
  }
  keys->keys[place] = *key;
}

bool key_is_good(const struct key *key, day_t day, const char **why) {
  if (key->revoked) *why = "this key was revoked";
  else if (day < key->from) *why = "this key is not valid yet";
  else if (day > key->until) *why = "this key has expired";
  else return true;
  return false;
}
