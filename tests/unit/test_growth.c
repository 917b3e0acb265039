/* Proofs from the end of the log: what core/merkle_proof.c checks, for all small sizes and starts, and some large ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/growth.h"
#include "daemon/tree.h"
#include "sign/digest.h"

static void leaf_of(uint64_t number, struct hash *out) { merkle_leaf(digest_sha256, &number, sizeof number, out); }

static void grow(struct merkle *tree, uint64_t until) {
  while (tree->size < until) {
    struct hash leaf;
    leaf_of(tree->size, &leaf);
    merkle_append(digest_sha256, tree, &leaf);
  }
}

static void fill(struct growth *growth, uint64_t until) {
  while (growth->size < until) {
    struct hash leaf;
    leaf_of(growth->size, &leaf);
    growth_append(growth, &leaf);
  }
}

/* Every proof that the growth can make, to the size `size`. */
static void check(struct growth *growth, const struct merkle *tree) {
  struct merkle_source source = growth_source(growth);
  struct merkle_proof proof;
  struct hash root, old_root, leaf, again;
  merkle_root(digest_sha256, tree, &root);
  assert_true(growth_root(growth, tree->size, &again));
  assert_memory_equal(&again, &root, sizeof root);
  merkle_root(digest_sha256, &growth->before, &old_root);
  assert_true(merkle_consistency(&source, growth->before.size, tree->size, &proof));
  assert_true(merkle_consistency_holds(digest_sha256, growth->before.size, &old_root, tree->size, &root, &proof));
  for (uint64_t i = growth->before.size; i < tree->size; i++) {
    leaf_of(i, &leaf);
    assert_true(merkle_inclusion(&source, i, tree->size, &proof));
    assert_true(merkle_inclusion_holds(digest_sha256, &leaf, i, tree->size, &proof, &root));
  }
}

static void test_small(void **unused) {
  (void)unused;
  for (uint64_t first = 0; first <= 40; first++)
    for (uint64_t size = first; size <= 80; size++) {
      struct growth growth = {0};
      struct merkle before = {0}, tree = {0};
      grow(&before, first);
      grow(&tree, size);
      growth_start(&growth, &before);
      fill(&growth, size + 3); /* the log has gone on meanwhile */
      check(&growth, &tree);
      growth_free(&growth);
    }
}

static void test_advance(void **unused) {
  (void)unused;
  struct growth growth = {0};
  struct merkle before = {0}, tree = {0};
  static const uint64_t steps[] = {0, 1, 1, 7, 256, 257, 700, 1023, 1024, 1500, 4096, 5000};
  grow(&before, 0);
  growth_start(&growth, &before);
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    fill(&growth, steps[i] + 300);
    growth_advance(&growth, steps[i]);
    assert_int_equal(growth_kept(&growth), growth.size - steps[i]);
    grow(&tree, steps[i] + 123 < growth.size ? steps[i] + 123 : growth.size);
    check(&growth, &tree);
  }
  growth_free(&growth);
}

/* What lies before is not known: no proof, rather than a wrong one. */
static void test_older(void **unused) {
  (void)unused;
  struct growth growth = {0};
  struct merkle before = {0};
  struct merkle_proof proof;
  grow(&before, 100);
  growth_start(&growth, &before);
  fill(&growth, 140);
  struct merkle_source source = growth_source(&growth);
  assert_false(merkle_inclusion(&source, 50, 140, &proof));
  assert_false(merkle_consistency(&source, 90, 140, &proof));
  assert_false(merkle_inclusion(&source, 120, 141, &proof)); /* nor what is not there yet */
  assert_true(merkle_inclusion(&source, 120, 140, &proof));
  growth_free(&growth);
}

/* What was remembered of the log before is not taken for this one's. */
static void test_another_log(void **unused) {
  (void)unused;
  struct growth growth = {0};
  struct merkle before = {0}, tree = {0};
  struct merkle_proof proof;
  struct hash leaf, root;
  growth_start(&growth, &before);
  fill(&growth, 100);
  const struct merkle_source source = growth_source(&growth);
  assert_true(merkle_inclusion(&source, 70, 100, &proof));
  growth_start(&growth, &before);
  for (uint64_t i = 0; i < 100; i++) {
    leaf_of(i + 1000, &leaf);
    growth_append(&growth, &leaf);
    merkle_append(digest_sha256, &tree, &leaf);
  }
  merkle_root(digest_sha256, &tree, &root);
  leaf_of(1070, &leaf);
  assert_true(merkle_inclusion(&source, 70, 100, &proof));
  assert_true(merkle_inclusion_holds(digest_sha256, &leaf, 70, 100, &proof, &root));
  growth_free(&growth);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small),
      cmocka_unit_test(test_advance),
      cmocka_unit_test(test_older),
      cmocka_unit_test(test_another_log),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
