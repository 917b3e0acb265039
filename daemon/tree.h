/* tree.h - the Merkle log's right edge in memory: frontier, open tiles, and the tiles that a batch fills.
 *
 * The live copy runs ahead of the database by the batch in flight; a batch that fails makes the daemon reload it.
 */
#ifndef RECTIFY_TREE_H
#define RECTIFY_TREE_H

#include "rectify/core.h"

#define TREE_LEVELS 8
#define TREE_FULL_MAX 104 /* tiles that one batch can fill: BATCH_FRESH_MAX / 256, and one more of each level (batch.h) */

struct tile {
  uint8_t level;
  uint64_t n;
  struct hash hashes[TILE_HASHES];
};

struct tree {
  struct merkle merkle;
  uint32_t open_count[TREE_LEVELS];
  struct hash open[TREE_LEVELS][TILE_HASHES];
  uint32_t full_count; /* filled since tree_written() */
  struct tile full[TREE_FULL_MAX];
};

/* The root of a full tile. */
void tree_tile_root(const struct hash *hashes, struct hash *out);

/* Appends the leaf of one record; *leaf is its hash. */
void tree_append(struct tree *tree, const void *record, size_t length, struct hash *leaf);
void tree_root(const struct tree *tree, struct hash *out);
/* Forgets the full tiles: they are on their way to the database. */
void tree_written(struct tree *tree);

/* Starts from a stored head: `frontier` and `tail` as the columns of rectify.head.  Levels above 0 are filled by
 * tree_load_tile(), in order of (level, n).  False when the sizes do not fit. */
bool tree_load(struct tree *tree, uint64_t size, const uint8_t *frontier, size_t frontier_bytes, const uint8_t *tail,
               size_t tail_bytes);
bool tree_load_tile(struct tree *tree, uint32_t level, const uint8_t *hashes, size_t length);
/* The first tile of `level` whose root belongs to the open tile of level + 1. */
uint64_t tree_first_tile(const struct tree *tree, uint32_t level);
/* Whether all open tiles are as full as the size says. */
bool tree_is_whole(const struct tree *tree);
/* Whether the open tiles hash to the frontier, and so to the root. */
bool tree_is_true(const struct tree *tree);

#endif
