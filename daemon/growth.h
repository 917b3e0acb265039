/* growth.h - the end of the Merkle log in memory: the tree as it was at some size, and every leaf since.
 *
 * That is enough for all proofs about the end: that the log at any later size extends the one at `first`, and that each leaf
 * since is in it.  What lies before `first` is known by the roots of its full subtrees only; proofs about older leaves come from
 * tiles.  It starts again from each head that was signed, so that it stays small.
 */
#ifndef RECTIFY_GROWTH_H
#define RECTIFY_GROWTH_H

#include "rectify/core.h"

#define GROWTH_LEVELS 40

struct growth_level {
  uint64_t from; /* index of the first node kept: the first that lies wholly in the leaves kept */
  uint64_t count, room;
  struct hash *nodes;
};

struct growth {
  struct merkle before; /* the tree of the first `before.size` leaves */
  uint64_t size;        /* of the log, leaves kept included */
  struct growth_level levels[GROWTH_LEVELS];
  struct merkle_memo memo; /* of growth_source() */
};

/* Forgets the leaves and starts at `before`; the first time from all zero. */
void growth_start(struct growth *growth, const struct merkle *before);
void growth_free(struct growth *growth);
void growth_append(struct growth *growth, const struct hash *leaf);
/* Starts again at `size`, between the old start and the end; the leaves after it stay. */
void growth_advance(struct growth *growth, uint64_t size);
uint64_t growth_kept(const struct growth *growth);

/* For merkle_inclusion() of a leaf kept and merkle_consistency() from before.size, both to a size up to growth->size. */
struct merkle_source growth_source(struct growth *growth);
/* The root of the tree at `size`, between the start and the end. */
bool growth_root(struct growth *growth, uint64_t size, struct hash *out);

#endif
