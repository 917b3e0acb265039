/* seen.c - see seen.h.  Open addressing; 128 bits of SHA-256 stand for the row. */
#include "client/command/seen.h"

#include <stdlib.h>
#include <string.h>

#include "client/command/command.h"
#include "rectify/must.h"

#define SLOTS_FIRST 4096 /* a power of two */

struct slot {
  uint64_t key[2];
  uint64_t count; /* 0: free */
};

struct seen {
  struct slot *slots;
  size_t size, used;
};

struct seen *seen_new(void) {
  struct seen *seen = calloc(1, sizeof *seen);
  must(seen != NULL);
  seen->size = SLOTS_FIRST;
  seen->slots = calloc(seen->size, sizeof *seen->slots);
  must(seen->slots != NULL);
  return seen;
}

void seen_free(struct seen *seen) {
  if (seen == NULL) return;
  free(seen->slots);
  free(seen);
}

/* The slot of a key, or the free one where it belongs.  At least a quarter of the slots is free. */
static struct slot *find(struct slot *slots, size_t size, const uint64_t key[2]) {
  size_t at = (size_t)key[0] & (size - 1);
  while (slots[at].count != 0 && (slots[at].key[0] != key[0] || slots[at].key[1] != key[1])) at = (at + 1) & (size - 1);
  return &slots[at];
}

static void grow(struct seen *seen) {
  struct slot *slots = calloc(2 * seen->size, sizeof *slots);
  must(slots != NULL);
  for (size_t i = 0; i < seen->size; i++)
    if (seen->slots[i].count != 0) *find(slots, 2 * seen->size, seen->slots[i].key) = seen->slots[i];
  free(seen->slots);
  seen->slots = slots;
  seen->size *= 2;
}

uint64_t seen_count(struct seen *seen, const void *data, size_t length) {
  uint8_t hash[HASH_BYTES];
  uint64_t key[2];
  sha256(data, length, hash);
  memcpy(key, hash, sizeof key);
  if (seen->used * 4 >= seen->size * 3) grow(seen);
  struct slot *slot = find(seen->slots, seen->size, key);
  if (slot->count == 0) {
    memcpy(slot->key, key, sizeof key);
    seen->used++;
  }
  return slot->count++;
}
