#include "daemon/tiles.h"

#include <string.h>

#include "sign/digest.h"

#define TILE_BITS 8 /* TILE_HASHES is 256 */
_Static_assert(TILE_HASHES == 1 << TILE_BITS, "tile levels are eight tree levels");

void tiles_start(struct tiles *tiles, const struct tree *tree) {
  tiles->tree = tree;
  tiles->wish_count = tiles->count = 0;
}

/* Where a node's leaves-of-the-tile stand: `count` hashes from `offset` in the tile. */
struct place {
  struct tile_name name;
  uint32_t offset, count;
};

static struct place place_of(uint32_t level, uint64_t index) {
  const uint32_t inside = level % TILE_BITS;
  return (struct place){.name = {(uint8_t)(level / TILE_BITS), index >> (TILE_BITS - inside)},
                        .offset = (uint32_t)(index << inside & (TILE_HASHES - 1)),
                        .count = UINT32_C(1) << inside};
}

static void hash_up(const struct hash *hashes, uint32_t count, struct hash *out) {
  struct merkle merkle = {0};
  for (uint32_t i = 0; i < count; i++) merkle_append(digest_sha256, &merkle, &hashes[i]);
  merkle_root(digest_sha256, &merkle, out);
}

/* 1: it stands in an open tile; 0: in a full one; -1: there is no such node yet. */
static int in_open_tile(const struct tree *tree, const struct place *place, struct hash *out) {
  if (place->name.level >= TREE_LEVELS) return -1;
  const uint32_t level = place->name.level;
  const uint64_t open = level + 1 == TREE_LEVELS ? 0 : tree->merkle.size >> (TILE_BITS * (level + 1));
  if (place->name.n < open) return 0;
  if (place->name.n > open || place->offset + place->count > tree->open_count[level]) return -1;
  hash_up(tree->open[level] + place->offset, place->count, out);
  return 1;
}

static bool wish(void *context, uint32_t level, uint64_t index, struct hash *out) {
  struct tiles *tiles = context;
  const struct place place = place_of(level, index);
  memset(out, 0, sizeof *out);
  const int open = in_open_tile(tiles->tree, &place, out);
  if (open != 0) return open > 0;
  for (uint32_t i = 0; i < tiles->wish_count; i++)
    if (tiles->wishes[i].level == place.name.level && tiles->wishes[i].n == place.name.n) return true;
  if (tiles->wish_count == TILE_WISHES_MAX) return false;
  tiles->wishes[tiles->wish_count++] = place.name;
  return true;
}

struct merkle_source tiles_wishing(struct tiles *tiles) { return (struct merkle_source){wish, tiles, digest_sha256, NULL}; }

bool tiles_take(struct tiles *tiles, uint32_t level, uint64_t n, const void *hashes, size_t length) {
  if (length != TILE_HASHES * HASH_BYTES || tiles->count == TILE_WISHES_MAX) return false;
  for (uint32_t i = 0; i < tiles->wish_count; i++) {
    if (tiles->wishes[i].level != level || tiles->wishes[i].n != n) continue;
    struct tile *tile = &tiles->tiles[tiles->count++];
    tile->level = (uint8_t)level;
    tile->n = n;
    memcpy(tile->hashes, hashes, length);
    return true;
  }
  return false;
}

static bool node(void *context, uint32_t level, uint64_t index, struct hash *out) {
  const struct tiles *tiles = context;
  const struct place place = place_of(level, index);
  const int open = in_open_tile(tiles->tree, &place, out);
  if (open != 0) return open > 0;
  for (uint32_t i = 0; i < tiles->count; i++) {
    const struct tile *tile = &tiles->tiles[i];
    if (tile->level != place.name.level || tile->n != place.name.n) continue;
    hash_up(tile->hashes + place.offset, place.count, out);
    return true;
  }
  return false;
}

struct merkle_source tiles_source(struct tiles *tiles) { return (struct merkle_source){node, tiles, digest_sha256, NULL}; }
