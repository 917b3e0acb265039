/* recent.c - an open-addressing table of keys, and the greatest of those that are not in it. */
#include "daemon/recent.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "rectify/limits.h"
#include "rectify/must.h"

static const struct uuid none; /* a free slot; no UUIDv7 */

struct recent {
  uint64_t seed; /* clients make the keys; where they are kept is not theirs to choose */
  struct uuid greatest, greatest_kept; /* of those on record that are not kept; of those that are */
  uint32_t count, most;
  size_t slot_count; /* twice as many */
  struct uuid *slots;
};

static int compare(const struct uuid *a, const struct uuid *b) { return memcmp(a->bytes, b->bytes, sizeof a->bytes); }

struct recent *recent_new(uint32_t most) {
  struct recent *recent = calloc(1, sizeof *recent);
  must(recent != NULL && most > 0 && (most & (most - 1)) == 0);
  recent->most = most;
  recent->slot_count = 2 * (size_t)most;
  must((recent->slots = calloc(recent->slot_count, sizeof *recent->slots)) != NULL);
  must(getrandom(&recent->seed, sizeof recent->seed, 0) == sizeof recent->seed);
  return recent;
}

void recent_free(struct recent *recent) {
  if (recent == NULL) return;
  free(recent->slots);
  free(recent);
}

/* The key's, or the free one where it belongs. */
static struct uuid *slot_of(const struct recent *recent, const struct uuid *key) {
  uint64_t high, low;
  memcpy(&high, key->bytes, sizeof high);
  memcpy(&low, key->bytes + sizeof high, sizeof low);
  uint64_t hash = (recent->seed ^ high) * UINT64_C(0x9E3779B97F4A7C15);
  hash = (hash ^ hash >> 29 ^ low) * UINT64_C(0xBF58476D1CE4E5B9);
  size_t slot = (hash ^ hash >> 32) & (recent->slot_count - 1);
  while (compare(&recent->slots[slot], &none) != 0 && compare(&recent->slots[slot], key) != 0)
    slot = (slot + 1) & (recent->slot_count - 1);
  return &recent->slots[slot];
}

static void forget(struct recent *recent) {
  if (recent->count > 0) memset(recent->slots, 0, recent->slot_count * sizeof *recent->slots);
  recent->count = 0;
  recent->greatest_kept = none;
}

void recent_start(struct recent *recent, const struct uuid *greatest) {
  forget(recent);
  recent->greatest = greatest == NULL ? none : *greatest;
}

static bool is_beyond(const struct recent *recent, const struct uuid *key) {
  return key->bytes[6] >> 4 == 7 && key->bytes[0] < UUID_V7_END && compare(key, &recent->greatest) > 0;
}

void recent_add(struct recent *recent, const struct uuid *key) {
  if (!is_beyond(recent, key)) return;
  struct uuid *slot = slot_of(recent, key);
  recent->count += compare(slot, &none) == 0;
  *slot = *key;
  if (compare(key, &recent->greatest_kept) > 0) recent->greatest_kept = *key;
  if (recent->count < recent->most) return;
  recent->greatest = recent->greatest_kept;
  forget(recent);
}

bool recent_is_new(const struct recent *recent, const struct uuid *key) {
  return is_beyond(recent, key) && compare(slot_of(recent, key), &none) == 0;
}
