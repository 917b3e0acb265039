/* past_tree.c - the root of an older log, from the tiles that are kept: of each level, the open tile at that size. */
#include <string.h>

#include "daemon/past.h"
#include "rectify/must.h"
#include "sign/digest.h"

static struct {
  bool known;
  uint64_t size;
  struct hash root;
} latest; /* pages of one list ask for the same */

/* The open tile of each level at a size, as far as it was filled. */
struct open_tiles {
  uint32_t wanted[TREE_LEVELS], count[TREE_LEVELS];
  struct hash hashes[TREE_LEVELS][TILE_HASHES];
};
static struct open_tiles tiles; /* made and used up within one result */

/* Ranges of tiles: the tile itself where it is full by now (purpose: its level), else those below whose roots fill it. */
#define PURPOSE_BELOW TREE_LEVELS

static void put_range(struct pg_array *arrays, uint32_t purpose, uint32_t level, uint64_t low, uint64_t high) {
  pg_put_int(&arrays[0], purpose);
  pg_put_int(&arrays[1], level);
  pg_put_int(&arrays[2], (int64_t)low);
  pg_put_int(&arrays[3], (int64_t)high);
}

static uint32_t filled(uint64_t size, uint32_t level) { return (uint32_t)(size >> (8 * level)) % TILE_HASHES; }

static void ask_level(struct pg_array *arrays, const struct past *past, uint32_t level) {
  const uint64_t n = level + 1 < TREE_LEVELS ? past->size >> (8 * (level + 1)) : 0;
  const uint64_t full = level + 1 < TREE_LEVELS ? past->size_now >> (8 * (level + 1)) : 0;
  if (filled(past->size, level) == 0) return;
  if (n < full) put_range(arrays, level, level, n, n);
  else if (level > 0) put_range(arrays, PURPOSE_BELOW + level, level - 1, n * TILE_HASHES, (past->size >> (8 * level)) - 1);
}

static void take_hashes(uint32_t level, const uint8_t *hashes, size_t length) {
  must(length >= tiles.wanted[level] * HASH_BYTES);
  memcpy(tiles.hashes[level], hashes, tiles.wanted[level] * HASH_BYTES);
  tiles.count[level] = tiles.wanted[level];
}

static void take_below(uint32_t level, const uint8_t *hashes, size_t length) {
  must(level < TREE_LEVELS && length == sizeof tiles.hashes[level] && tiles.count[level] < tiles.wanted[level]);
  tree_tile_root((const struct hash *)hashes, &tiles.hashes[level][tiles.count[level]++]);
}

/* The full subtrees of the right edge, largest first, are those of the open tiles from the highest level down. */
static bool root_of(uint64_t size, struct hash *out) {
  struct merkle tree = {.size = size};
  for (uint32_t level = TREE_LEVELS; level-- > 0;) {
    struct merkle part = {0};
    if (tiles.count[level] != tiles.wanted[level]) return false;
    for (uint32_t i = 0; i < tiles.count[level]; i++) merkle_append(digest_sha256, &part, &tiles.hashes[level][i]);
    memcpy(&tree.frontier[tree.count], part.frontier, part.count * sizeof *part.frontier);
    tree.count += part.count;
  }
  merkle_root(digest_sha256, &tree, out);
  return true;
}

static void take_tiles(void *context, unsigned step, const PGresult *result) {
  struct query *query = context;
  const struct past *past = query->past;
  (void)step;
  memset(&tiles, 0, sizeof tiles);
  for (uint32_t level = 0; level < TREE_LEVELS; level++) tiles.wanted[level] = filled(past->size, level);
  if (past->size >> 8 == past->size_now >> 8) take_hashes(0, past->tail, sizeof past->tail);
  for (int row = 0; row < PQntuples(result); row++) {
    size_t length;
    const uint32_t purpose = (uint32_t)pg_int(result, row, 0);
    const uint8_t *hashes = pg_bytes(result, row, 1, &length);
    if (purpose < PURPOSE_BELOW) take_hashes(purpose, hashes, length);
    else take_below(purpose - PURPOSE_BELOW, hashes, length);
  }
  if (!root_of(past->size, &query->root)) {
    log_err("past.tiles_missing size=%llu", (unsigned long long)past->size);
    past_refuse(query, FAILURE_INTERNAL, "query", "the tree of that log cannot be made: tiles are missing");
    return;
  }
  latest.known = true;
  latest.size = past->size;
  latest.root = query->root;
}

void past_find_root(struct query *query, void (*then)(struct query *query)) {
  static const uint32_t types[4] = {PG_INT4, PG_INT2, PG_INT8, PG_INT8};
  static struct pg_array arrays[4];
  const struct past *past = query->past;
  struct pg_params params;
  if (past->size == past->size_now || (latest.known && latest.size == past->size)) {
    if (past->size != past->size_now) query->root = latest.root;
    then(query);
    return;
  }
  if (!past_job(query, take_tiles, then)) return;
  for (int i = 0; i < 4; i++) pg_array_reset(&arrays[i], types[i]);
  for (uint32_t level = 0; level < TREE_LEVELS; level++) ask_level(arrays, past, level);
  pg_params_reset(&params);
  for (int i = 0; i < 4; i++) pg_param_array(&params, &arrays[i]);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_PAST_TILES, &params);
  pg_end(query->daemon->reader);
}
