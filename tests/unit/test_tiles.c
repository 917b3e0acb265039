/* Proofs from tiles: about leaves of any age, to heads of any size, with what is in the database and what is still open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/growth.h"
#include "daemon/tiles.h"
#include "sign/digest.h"

#define SIZE 70000 /* beyond one tile of tiles */
#define SHELF_MAX 300

static struct tree tree;
static struct tile shelf[SHELF_MAX]; /* what the database has */
static uint32_t shelf_count;
static struct growth all; /* every leaf, as the oracle */

static int set_up(void **unused) {
  (void)unused;
  const struct merkle nothing = {0};
  growth_start(&all, &nothing);
  for (uint64_t number = 0; number < SIZE; number++) {
    struct hash leaf;
    merkle_leaf(digest_sha256, &number, sizeof number, &leaf);
    growth_append(&all, &leaf);
    tree_append(&tree, &number, sizeof number, &(struct hash){0});
    for (uint32_t i = 0; i < tree.full_count; i++) shelf[shelf_count++] = tree.full[i];
    tree_written(&tree);
  }
  return shelf_count < SHELF_MAX ? 0 : -1;
}

static int tear_down(void **unused) {
  (void)unused;
  growth_free(&all);
  return 0;
}

static void fetch(struct tiles *tiles) {
  for (uint32_t i = 0; i < shelf_count; i++) (void)tiles_take(tiles, shelf[i].level, shelf[i].n, shelf[i].hashes, sizeof shelf[i].hashes);
  assert_int_equal(tiles->count, tiles->wish_count);
}

static uint64_t random_below(uint64_t bound) {
  static uint64_t state = 88172645463325252;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % bound;
}

static void check_inclusion(uint64_t index, uint64_t size) {
  static struct tiles tiles;
  struct merkle_proof proof;
  struct hash leaf, root;
  tiles_start(&tiles, &tree);
  struct merkle_source wishing = tiles_wishing(&tiles), source = tiles_source(&tiles);
  assert_true(merkle_inclusion(&wishing, index, size, &proof));
  fetch(&tiles);
  assert_true(merkle_inclusion(&source, index, size, &proof));
  merkle_leaf(digest_sha256, &index, sizeof index, &leaf);
  assert_true(growth_root(&all, size, &root));
  assert_true(merkle_inclusion_holds(digest_sha256, &leaf, index, size, &proof, &root));
}

static void check_consistency(uint64_t old_size, uint64_t size) {
  static struct tiles tiles;
  struct merkle_proof proof;
  struct hash old_root, root;
  tiles_start(&tiles, &tree);
  struct merkle_source wishing = tiles_wishing(&tiles), source = tiles_source(&tiles);
  assert_true(merkle_consistency(&wishing, old_size, size, &proof));
  fetch(&tiles);
  assert_true(merkle_consistency(&source, old_size, size, &proof));
  assert_true(growth_root(&all, old_size, &old_root) && growth_root(&all, size, &root));
  assert_true(merkle_consistency_holds(digest_sha256, old_size, &old_root, size, &root, &proof));
}

static void test_edges(void **unused) {
  (void)unused;
  static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 512, 65535, 65536, 65537, 65792, SIZE - 1, SIZE};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    check_inclusion(0, sizes[i]);
    check_inclusion(sizes[i] - 1, sizes[i]);
    for (size_t j = 0; j <= i; j++) check_consistency(sizes[j], sizes[i]);
  }
}

static void test_random(void **unused) {
  (void)unused;
  for (int i = 0; i < 150; i++) {
    uint64_t size = 1 + random_below(SIZE);
    check_inclusion(random_below(size), size);
    check_consistency(1 + random_below(size), size);
  }
}

static void test_wanting(void **unused) {
  (void)unused;
  static struct tiles tiles;
  struct merkle_proof proof;
  tiles_start(&tiles, &tree);
  struct merkle_source wishing = tiles_wishing(&tiles), source = tiles_source(&tiles);
  assert_true(merkle_inclusion(&wishing, 1000, SIZE, &proof));
  assert_false(merkle_inclusion(&source, 1000, SIZE, &proof)); /* nothing was fetched */
  assert_false(tiles_take(&tiles, 0, 200, shelf[0].hashes, sizeof shelf[0].hashes)); /* not asked for */
  assert_false(tiles_take(&tiles, tiles.wishes[0].level, tiles.wishes[0].n, shelf[0].hashes, 32)); /* not a tile */
  assert_false(merkle_inclusion(&wishing, 5, SIZE + 1000, &proof)); /* not there yet */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_edges),
      cmocka_unit_test(test_random),
      cmocka_unit_test(test_wanting),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
