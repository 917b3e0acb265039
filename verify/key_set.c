/* key_set.c - the keys of all events: that each was recorded once cannot be seen in constant memory. */
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"
#include "verify/verify_internal.h"

#define SLOTS_FIRST 65536

/* Whoever makes keys could choose them to collide; all that would do is make the verifier slow, so the mixing is
 * strong. */
static size_t slot_of(const struct uuid *key) {
  uint64_t high, low;
  memcpy(&high, key->bytes, 8);
  memcpy(&low, key->bytes + 8, 8);
  high = (high ^ low >> 32) * UINT64_C(0x9e3779b97f4a7c15);
  low = (low ^ high >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
  return (size_t)(low ^ low >> 32 ^ high);
}

static struct uuid *find(struct uuid *keys, size_t slots, const struct uuid *key) {
  static const struct uuid none;
  size_t at = slot_of(key) & (slots - 1);
  while (memcmp(&keys[at], &none, sizeof none) != 0 && memcmp(&keys[at], key, sizeof *key) != 0)
    at = (at + 1) & (slots - 1);
  return &keys[at];
}

static void grow(struct verify *verify) {
  static const struct uuid none;
  size_t slots = verify->key_slots == 0 ? SLOTS_FIRST : 2 * verify->key_slots;
  struct uuid *keys = calloc(slots, sizeof *keys);
  must(keys != NULL);
  for (size_t i = 0; i < verify->key_slots; i++)
    if (memcmp(&verify->keys[i], &none, sizeof none) != 0) *find(keys, slots, &verify->keys[i]) = verify->keys[i];
  free(verify->keys);
  verify->keys = keys;
  verify->key_slots = slots;
}

/* Growing moves all keys, each to a place far away: of a million, some 8 % of the verifier's time. */
void key_set_expect(struct verify *verify, uint64_t count) {
  size_t slots = SLOTS_FIRST;
  while (slots * 2 < count * 3 && slots < SIZE_MAX / 2 / sizeof *verify->keys) slots *= 2;
  verify->keys = calloc(slots, sizeof *verify->keys);
  if (verify->keys != NULL) verify->key_slots = slots; /* else it grows */
}

bool key_set_add(struct verify *verify, const struct uuid *key) {
  static const struct uuid none;
  if (memcmp(key, &none, sizeof none) == 0) { /* stands for a free slot */
    bool first = !verify->has_zero_key;
    verify->has_zero_key = true;
    return first;
  }
  if (verify->key_used * 3 >= verify->key_slots * 2) grow(verify);
  struct uuid *slot = find(verify->keys, verify->key_slots, key);
  if (memcmp(slot, key, sizeof *key) == 0) return false;
  *slot = *key;
  verify->key_used++;
  return true;
}
