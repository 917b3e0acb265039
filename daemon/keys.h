/* keys.h - whose key is which: what the log's key events add up to, in memory.
 *
 * A key belongs to one officer (a program has an officer's entry of its own) from a day until a day, both included and counted
 * in UTC, and may be revoked at once.  Several keys of one officer may be valid together: that is how a key is changed without
 * a gap.  A key is never given to somebody else, and a revoked one never comes back.
 */
#ifndef RECTIFY_KEYS_H
#define RECTIFY_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "sign/curve.h"
#include "rectify/model.h"

struct key {
  uint8_t bytes[CURVE_KEY_BYTES];
  uint32_t officer;
  day_t from, until;
  bool revoked;
  uint8_t kind; /* enum key_kind: one to sign with opens no connection, and the other way round */
};

struct keys;

struct keys *keys_new(void);
void keys_free(struct keys *keys);
void keys_clear(struct keys *keys);
uint32_t keys_count(const struct keys *keys);

/* NULL when nobody registered it.  Borrowed until the next keys_put(). */
const struct key *keys_find(const struct keys *keys, const uint8_t bytes[CURVE_KEY_BYTES]);
/* Adds a key, or takes the new state of one that is there.  The caller keeps to KEYS_MAX. */
void keys_put(struct keys *keys, const struct key *key);

/* Whether the key may be used on `day`; else *why is a sentence for its holder. */
bool key_is_good(const struct key *key, day_t day, const char **why);

#endif
