/* tiles.h - proofs about any part of the log, from its tiles: full ones as the database keeps them, open ones from tree.h.
 *
 * In two steps, since the database answers later: make the proof from tiles_wishing(), which only notes what is asked for; ask the
 * database for the wishes and hand them in; make it again from tiles_source().
 */
#ifndef RECTIFY_TILES_H
#define RECTIFY_TILES_H

#include "daemon/tree.h"

#define TILE_WISHES_MAX 160 /* a proof has MERKLE_PROOF_MAX hashes, and its ragged part as many more nodes again */

struct tile_name {
  uint8_t level;
  uint64_t n;
};

struct tiles {
  const struct tree *tree; /* borrowed */
  uint32_t wish_count;
  struct tile_name wishes[TILE_WISHES_MAX];
  uint32_t count;
  struct tile tiles[TILE_WISHES_MAX];
};

/* Starts with nothing; returns NULL-free storage of the caller's. */
void tiles_start(struct tiles *tiles, const struct tree *tree);
/* Notes each full tile that is asked for, once; what it gives is no hash of the log. */
struct merkle_source tiles_wishing(struct tiles *tiles);
/* A tile from the database; false when it is none that was wished for. */
bool tiles_take(struct tiles *tiles, uint32_t level, uint64_t n, const void *hashes, size_t length);
/* Fails where a tile is wanting: it is filled, but not stored yet. */
struct merkle_source tiles_source(struct tiles *tiles);

#endif
