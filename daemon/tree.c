#include "daemon/tree.h"

#include <string.h>

#include "rectify/must.h"
#include "sign/digest.h"

void tree_tile_root(const struct hash *hashes, struct hash *out) {
  struct merkle merkle = {0};
  for (int i = 0; i < TILE_HASHES; i++) merkle_append(digest_sha256, &merkle, &hashes[i]);
  merkle_root(digest_sha256, &merkle, out);
}

static void append_at(struct tree *tree, uint32_t level, struct hash hash) {
  for (; level < TREE_LEVELS; level++) {
    tree->open[level][tree->open_count[level]++] = hash;
    if (tree->open_count[level] < TILE_HASHES) return;
    must(tree->full_count < TREE_FULL_MAX);
    struct tile *full = &tree->full[tree->full_count++];
    full->level = (uint8_t)level;
    full->n = (tree->merkle.size >> (8 * (level + 1))) - 1;
    memcpy(full->hashes, tree->open[level], sizeof full->hashes);
    tree->open_count[level] = 0;
    tree_tile_root(full->hashes, &hash);
  }
}

void tree_append(struct tree *tree, const void *record, size_t length, struct hash *leaf) {
  merkle_leaf(digest_sha256, record, length, leaf);
  merkle_append(digest_sha256, &tree->merkle, leaf);
  append_at(tree, 0, *leaf);
}

void tree_root(const struct tree *tree, struct hash *out) { merkle_root(digest_sha256, &tree->merkle, out); }

void tree_written(struct tree *tree) { tree->full_count = 0; }

bool tree_load(struct tree *tree, uint64_t size, const uint8_t *frontier, size_t frontier_bytes, const uint8_t *tail,
               size_t tail_bytes) {
  memset(tree, 0, sizeof *tree);
  size_t count = (size_t)__builtin_popcountll(size);
  if (frontier_bytes != count * HASH_BYTES || tail_bytes != size % TILE_HASHES * HASH_BYTES) return false;
  tree->merkle.size = size;
  tree->merkle.count = (uint32_t)count;
  if (frontier_bytes > 0) memcpy(tree->merkle.frontier, frontier, frontier_bytes);
  if (tail_bytes > 0) memcpy(tree->open[0], tail, tail_bytes);
  tree->open_count[0] = (uint32_t)(size % TILE_HASHES);
  return true;
}

uint64_t tree_first_tile(const struct tree *tree, uint32_t level) {
  uint64_t full = tree->merkle.size >> (8 * (level + 1));
  return full - full % TILE_HASHES;
}

bool tree_load_tile(struct tree *tree, uint32_t level, const uint8_t *hashes, size_t length) {
  if (level + 1 >= TREE_LEVELS || length != TILE_HASHES * HASH_BYTES) return false;
  if (tree->open_count[level + 1] == TILE_HASHES) return false;
  tree_tile_root((const struct hash *)hashes, &tree->open[level + 1][tree->open_count[level + 1]++]);
  return true;
}

bool tree_is_whole(const struct tree *tree) {
  for (uint32_t level = 0; level < TREE_LEVELS; level++)
    if (tree->open_count[level] != (tree->merkle.size >> (8 * level)) % TILE_HASHES) return false;
  return true;
}

/* The hashes of an open tile are the leaves of a small tree, and its frontier is that part of the whole one's. */
bool tree_is_true(const struct tree *tree) {
  uint32_t used = 0;
  for (uint32_t level = TREE_LEVELS; level-- > 0;) {
    struct merkle part = {0};
    for (uint32_t i = 0; i < tree->open_count[level]; i++) merkle_append(digest_sha256, &part, &tree->open[level][i]);
    if (used + part.count > tree->merkle.count) return false;
    if (memcmp(tree->merkle.frontier + used, part.frontier, part.count * sizeof part.frontier[0]) != 0) return false;
    used += part.count;
  }
  return used == tree->merkle.count;
}
