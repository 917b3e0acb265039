#include "daemon/growth.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/tree.h"
#include "rectify/must.h"
#include "sign/digest.h"

static uint64_t first_inside(uint64_t size, uint32_t level) {
  return (size >> level) + ((size & ((UINT64_C(1) << level) - 1)) != 0);
}

void growth_start(struct growth *growth, const struct merkle *before) {
  growth->before = *before;
  growth->size = before->size;
  growth->memo = (struct merkle_memo){0};
  for (uint32_t level = 0; level < GROWTH_LEVELS; level++) {
    growth->levels[level].from = first_inside(before->size, level);
    growth->levels[level].count = 0;
  }
}

void growth_free(struct growth *growth) {
  for (uint32_t level = 0; level < GROWTH_LEVELS; level++) free(growth->levels[level].nodes);
  memset(growth, 0, sizeof *growth);
}

uint64_t growth_kept(const struct growth *growth) { return growth->size - growth->before.size; }

static void push(struct growth_level *level, const struct hash *hash) {
  if (level->count == level->room) {
    level->room = level->room == 0 ? 64 : 2 * level->room;
    level->nodes = realloc(level->nodes, level->room * sizeof *level->nodes);
    must(level->nodes != NULL);
  }
  level->nodes[level->count++] = *hash;
}

/* A node is complete as soon as its right child is; those that began before the leaves kept are not kept. */
void growth_append(struct growth *growth, const struct hash *leaf) {
  struct hash hash = *leaf;
  uint64_t index = growth->size++;
  for (uint32_t level = 0; level < GROWTH_LEVELS; level++, index >>= 1) {
    struct growth_level *kept = &growth->levels[level];
    if (index < kept->from) return;
    must(index == kept->from + kept->count);
    push(kept, &hash);
    if ((index & 1) == 0 || kept->count < 2) return;
    merkle_node(digest_sha256, &kept->nodes[kept->count - 2], &hash, &hash);
  }
}

void growth_advance(struct growth *growth, uint64_t size) {
  must(size >= growth->before.size && size <= growth->size);
  const struct growth_level *leaves = &growth->levels[0];
  for (uint64_t i = growth->before.size; i < size; i++)
    merkle_append(digest_sha256, &growth->before, &leaves->nodes[i - leaves->from]);
  for (uint32_t level = 0; level < GROWTH_LEVELS; level++) {
    struct growth_level *kept = &growth->levels[level];
    const uint64_t from = first_inside(size, level);
    const uint64_t gone = from - kept->from < kept->count ? from - kept->from : kept->count;
    if (gone > 0) memmove(kept->nodes, kept->nodes + gone, (kept->count - gone) * sizeof *kept->nodes);
    kept->count -= gone;
    kept->from = from;
  }
}

/* ---- nodes ---- */

/* The right edge of `before` has one full subtree for each bit of its size, the largest first. */
static bool before_node(const struct growth *growth, uint32_t level, uint64_t index, struct hash *out) {
  const uint64_t size = growth->before.size;
  if ((size >> level & 1) == 0 || index != (size >> level) - 1) return false;
  const uint64_t larger = level < 63 ? size >> (level + 1) : 0;
  *out = growth->before.frontier[__builtin_popcountll(larger)];
  return true;
}

/* A subtree across the start is put together from its halves; there is one of each level at most. */
static bool node(void *context, uint32_t level, uint64_t index, struct hash *out) {
  struct growth *growth = context;
  struct hash halves[2];
  if (level >= GROWTH_LEVELS) return false;
  const struct growth_level *kept = &growth->levels[level];
  if (index >= kept->from) {
    if (index - kept->from >= kept->count) return false;
    *out = kept->nodes[index - kept->from];
    return true;
  }
  if ((index + 1) << level <= growth->before.size) return before_node(growth, level, index, out);
  if (level == 0 || !node(context, level - 1, 2 * index, &halves[0]) || !node(context, level - 1, 2 * index + 1, &halves[1]))
    return false;
  merkle_node(digest_sha256, &halves[0], &halves[1], out);
  return true;
}

struct merkle_source growth_source(struct growth *growth) { return (struct merkle_source){node, growth, digest_sha256, &growth->memo}; }

bool growth_root(struct growth *growth, uint64_t size, struct hash *out) {
  if (size < growth->before.size || size > growth->size) return false;
  struct merkle merkle = growth->before;
  const struct growth_level *leaves = &growth->levels[0];
  for (uint64_t i = merkle.size; i < size; i++) merkle_append(digest_sha256, &merkle, &leaves->nodes[i - leaves->from]);
  merkle_root(digest_sha256, &merkle, out);
  return true;
}
