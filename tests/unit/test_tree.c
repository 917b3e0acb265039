/* The log's right edge: tiles as they fill, and the same tree again after a reload from what the database keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/tree.h"

#define TILES_MAX 600

/* What the database would hold. */
struct shelf {
  uint32_t count;
  struct tile tiles[TILES_MAX];
};

static void grow(struct tree *tree, struct shelf *shelf, uint64_t until) {
  while (tree->merkle.size < until) {
    uint64_t number = tree->merkle.size;
    tree_append(tree, &number, sizeof number, &(struct hash){0});
    for (uint32_t i = 0; i < tree->full_count; i++) {
      assert_true(shelf->count < TILES_MAX);
      shelf->tiles[shelf->count++] = tree->full[i];
    }
    tree_written(tree);
  }
}

static void reload(const struct tree *from, const struct shelf *shelf, struct tree *to) {
  assert_true(tree_load(to, from->merkle.size, (const uint8_t *)from->merkle.frontier,
                        from->merkle.count * HASH_BYTES, (const uint8_t *)from->open[0],
                        from->open_count[0] * HASH_BYTES));
  for (uint32_t level = 0; level + 1 < TREE_LEVELS; level++)
    for (uint32_t i = 0; i < shelf->count; i++)
      if (shelf->tiles[i].level == level && shelf->tiles[i].n >= tree_first_tile(to, level))
        assert_true(tree_load_tile(to, level, (const uint8_t *)shelf->tiles[i].hashes, TILE_HASHES * HASH_BYTES));
}

static void test_reload(void **unused) {
  (void)unused;
  static const uint64_t sizes[] = {0, 1, 255, 256, 257, 511, 512, 65535, 65536, 65537, 66000, 131072};
  static struct tree grown, loaded;
  static struct shelf shelf;
  memset(&grown, 0, sizeof grown);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct hash a, b;
    grow(&grown, &shelf, sizes[i]);
    reload(&grown, &shelf, &loaded);
    assert_true(tree_is_whole(&loaded));
    tree_root(&grown, &a);
    tree_root(&loaded, &b);
    assert_memory_equal(a.bytes, b.bytes, HASH_BYTES);
    for (uint32_t level = 0; level < TREE_LEVELS; level++) {
      assert_int_equal(grown.open_count[level], loaded.open_count[level]);
      assert_memory_equal(grown.open[level], loaded.open[level], grown.open_count[level] * HASH_BYTES);
    }
  }
}

/* Tiles are numbered from 0 at each level; a tile of level 1 holds the roots of 256 tiles of level 0. */
static void test_tiles(void **unused) {
  (void)unused;
  static struct tree tree;
  static struct shelf shelf;
  uint64_t next[TREE_LEVELS] = {0};
  memset(&tree, 0, sizeof tree);
  shelf.count = 0;
  grow(&tree, &shelf, 65536 + 300);
  for (uint32_t i = 0; i < shelf.count; i++) assert_int_equal(shelf.tiles[i].n, next[shelf.tiles[i].level]++);
  assert_int_equal(next[0], 257);
  assert_int_equal(next[1], 1);
}

static void test_damage(void **unused) {
  (void)unused;
  static struct tree tree, loaded;
  static struct shelf shelf;
  memset(&tree, 0, sizeof tree);
  shelf.count = 0;
  grow(&tree, &shelf, 600);
  const uint8_t *frontier = (const uint8_t *)tree.merkle.frontier, *tail = (const uint8_t *)tree.open[0];
  size_t frontier_bytes = tree.merkle.count * HASH_BYTES, tail_bytes = tree.open_count[0] * HASH_BYTES;
  assert_false(tree_load(&loaded, 601, frontier, frontier_bytes, tail, tail_bytes));
  assert_false(tree_load(&loaded, 600, frontier, frontier_bytes - HASH_BYTES, tail, tail_bytes));
  assert_false(tree_load(&loaded, 600, frontier, frontier_bytes, tail, tail_bytes - HASH_BYTES));
  assert_true(tree_load(&loaded, 600, frontier, frontier_bytes, tail, tail_bytes));
  assert_false(tree_is_whole(&loaded)); /* two tiles of level 0 are missing */
  assert_false(tree_load_tile(&loaded, 0, tail, tail_bytes));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reload), cmocka_unit_test(test_tiles),
                                     cmocka_unit_test(test_damage)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
