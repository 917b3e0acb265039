/* test_merkle_proof.c - proofs: the vectors of Certificate Transparency, every size up to 1,000, large random ones, and
 * forgeries, none of which may pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sign/digest.h"
#include "tests/lib/splitmix.h"

#define LEAVES 1000

static uint64_t random_state = 20260213;
static uint64_t random_next(void) { return splitmix64(&random_state); }

/* ---- a tree whose leaf i is any function of i; full subtrees are made when asked for, the first levels kept ---- */

static struct hash nodes[11][LEAVES + 24];
static struct hash roots[LEAVES + 1];

static void leaf_of(uint64_t index, struct hash *out) { merkle_leaf(digest_sha256, &index, sizeof index, out); }

static bool node_kept(void *context, uint32_t level, uint64_t index, struct hash *out) {
  (void)context;
  if (level > 10 || (index + 1) << level > LEAVES) return false;
  *out = nodes[level][index];
  return true;
}
static const struct merkle_source kept = {node_kept, NULL, digest_sha256, NULL};

static int grow(void **state) {
  struct merkle tree = {0};
  (void)state;
  merkle_root(digest_sha256, &tree, &roots[0]);
  for (uint64_t i = 0; i < LEAVES; i++) {
    leaf_of(i, &nodes[0][i]);
    merkle_append(digest_sha256, &tree, &nodes[0][i]);
    merkle_root(digest_sha256, &tree, &roots[i + 1]);
  }
  for (uint32_t level = 1; level <= 10; level++)
    for (uint64_t i = 0; (i + 1) << level <= LEAVES; i++)
      merkle_node(digest_sha256, &nodes[level - 1][2 * i], &nodes[level - 1][2 * i + 1], &nodes[level][i]);
  return 0;
}

/* ---- published vectors ---- */

static const struct {
  const char *bytes;
  size_t length;
} known_leaves[] = {{"", 0},
                    {"\x00", 1},
                    {"\x10", 1},
                    {"\x20\x21", 2},
                    {"\x30\x31", 2},
                    {"\x40\x41\x42\x43", 4},
                    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
                    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};

static bool known_node(void *context, uint32_t level, uint64_t index, struct hash *out) {
  if (level == 0) {
    merkle_leaf(digest_sha256, known_leaves[index].bytes, known_leaves[index].length, out);
    return true;
  }
  struct hash left, right;
  known_node(context, level - 1, 2 * index, &left);
  known_node(context, level - 1, 2 * index + 1, &right);
  merkle_node(digest_sha256, &left, &right, out);
  return true;
}

static void proof_is(const struct merkle_proof *proof, const char *const *expected, uint32_t count) {
  assert_int_equal(proof->count, count);
  for (uint32_t i = 0; i < count; i++) {
    char text[2 * HASH_BYTES + 1];
    for (int k = 0; k < HASH_BYTES; k++) snprintf(text + 2 * k, 3, "%02x", proof->hashes[i].bytes[k]);
    assert_string_equal(text, expected[i]);
  }
}

#define H1 "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
#define H2 "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
#define H3 "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
#define H4 "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
#define H5 "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
#define H6 "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
#define H7 "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
#define H8 "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

static void test_published(void **state) {
  const struct merkle_source source = {known_node, NULL, digest_sha256, NULL};
  struct merkle_proof proof;
  (void)state;
  assert_true(merkle_inclusion(&source, 0, 1, &proof));
  assert_int_equal(proof.count, 0);
  assert_true(merkle_inclusion(&source, 0, 8, &proof));
  proof_is(&proof, (const char *[]){H1, H2, H3}, 3);
  assert_true(merkle_inclusion(&source, 5, 8, &proof));
  proof_is(&proof, (const char *[]){H4, H5, H6}, 3);
  assert_true(merkle_inclusion(&source, 2, 3, &proof));
  proof_is(&proof, (const char *[]){H7}, 1);
  assert_true(merkle_consistency(&source, 1, 8, &proof));
  proof_is(&proof, (const char *[]){H1, H2, H3}, 3);
  assert_true(merkle_consistency(&source, 6, 8, &proof));
  proof_is(&proof, (const char *[]){H8, H5, H6}, 3);
  assert_true(merkle_consistency(&source, 2, 5, &proof));
  proof_is(&proof, (const char *[]){H2, H4}, 2);
}

/* The seven leaves of RFC 6962, 2.1.3 (RFC 9162, 2.1.5): a to j are leaves and nodes as the figure names them. */
static void test_example(void **state) {
  const struct merkle_source source = {known_node, NULL, digest_sha256, NULL};
  struct hash leaf[7], g, h, i, k, l, root;
  struct merkle_proof proof;
  (void)state;
  for (uint64_t n = 0; n < 7; n++) known_node(NULL, 0, n, &leaf[n]);
  const struct hash a = leaf[0], b = leaf[1], c = leaf[2], d = leaf[3], e = leaf[4], f = leaf[5], j = leaf[6];
  merkle_node(digest_sha256, &a, &b, &g);
  merkle_node(digest_sha256, &c, &d, &h);
  merkle_node(digest_sha256, &e, &f, &i);
  merkle_node(digest_sha256, &g, &h, &k);
  merkle_node(digest_sha256, &i, &j, &l);
  merkle_node(digest_sha256, &k, &l, &root);
  const struct {
    bool inclusion;
    uint64_t number; /* the leaf, or the older size */
    uint32_t count;
    struct hash hashes[4];
  } cases[] = {{true, 0, 3, {b, h, l}},  {true, 3, 3, {c, g, l}}, {true, 4, 3, {f, j, k}},    {true, 6, 2, {i, k}},
               {false, 3, 4, {c, d, g, l}}, {false, 4, 1, {l}},   {false, 6, 3, {i, j, k}}};
  for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
    if (cases[n].inclusion) assert_true(merkle_inclusion(&source, cases[n].number, 7, &proof));
    else assert_true(merkle_consistency(&source, cases[n].number, 7, &proof));
    assert_int_equal(proof.count, cases[n].count);
    assert_memory_equal(proof.hashes, cases[n].hashes, cases[n].count * sizeof *proof.hashes);
    if (cases[n].inclusion)
      assert_true(merkle_inclusion_holds(digest_sha256, &leaf[cases[n].number], cases[n].number, 7, &proof, &root));
  }
}

/* ---- every size ---- */

static void test_inclusion_everywhere(void **state) {
  (void)state;
  for (uint64_t size = 1; size <= LEAVES; size++)
    for (uint64_t index = 0; index < size; index++) {
      struct merkle_proof proof;
      assert_true(merkle_inclusion(&kept, index, size, &proof));
      assert_true(merkle_inclusion_holds(digest_sha256, &nodes[0][index], index, size, &proof, &roots[size]));
    }
  struct merkle_proof none;
  assert_false(merkle_inclusion(&kept, 0, 0, &none));
  assert_false(merkle_inclusion(&kept, 7, 7, &none));
}

static void test_consistency_everywhere(void **state) {
  (void)state;
  for (uint64_t size = 0; size <= LEAVES; size++)
    for (uint64_t old = 0; old <= size; old++) {
      struct merkle_proof proof;
      assert_true(merkle_consistency(&kept, old, size, &proof));
      assert_true(merkle_consistency_holds(digest_sha256, old, &roots[old], size, &roots[size], &proof));
      assert_true(proof.count <= MERKLE_PROOF_MAX);
    }
  struct merkle_proof none;
  assert_false(merkle_consistency(&kept, 8, 7, &none));
}

/* ---- large trees: any full subtree of one level is taken to be the same hash, so that trees of any size can be had ---- */

static bool node_made(void *context, uint32_t level, uint64_t index, struct hash *out) {
  struct hash below;
  (void)index;
  if (level == 0) {
    leaf_of(42, out);
    return true;
  }
  node_made(context, level - 1, 0, &below);
  merkle_node(digest_sha256, &below, &below, out);
  return true;
}

static void root_of(uint64_t size, struct hash *out) {
  struct merkle tree = {.size = size};
  for (int level = 63; level >= 0; level--)
    if ((size >> level & 1) != 0) node_made(NULL, (uint32_t)level, 0, &tree.frontier[tree.count++]);
  merkle_root(digest_sha256, &tree, out);
}

static void test_large(void **state) {
  const struct merkle_source source = {node_made, NULL, digest_sha256, NULL};
  (void)state;
  for (uint32_t i = 0; i < 100; i++) {
    uint64_t size = 2 + random_next() % (UINT64_C(1) << (2 + random_next() % 60)), index = random_next() % size;
    uint64_t old = 1 + random_next() % size;
    struct hash leaf, root, old_root;
    struct merkle_proof proof;
    leaf_of(42, &leaf);
    root_of(size, &root);
    root_of(old, &old_root);
    assert_true(merkle_inclusion(&source, index, size, &proof));
    assert_true(merkle_inclusion_holds(digest_sha256, &leaf, index, size, &proof, &root));
    assert_true(merkle_consistency(&source, old, size, &proof));
    assert_true(merkle_consistency_holds(digest_sha256, old, &old_root, size, &root, &proof));
  }
}

/* ---- forgeries ---- */

/* One thing changed, whichever. */
static void forge(struct merkle_proof *proof, uint64_t *index, uint64_t *size, struct hash *leaf, struct hash *root) {
  const uint32_t bit = (uint32_t)(random_next() % 256);
  switch (random_next() % 6) {
  case 0: leaf->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8); return;
  case 1: root->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8); return;
  case 2: *index ^= UINT64_C(1) << random_next() % 10; return;
  case 3: *size ^= UINT64_C(1) << random_next() % 10; return;
  case 4:
    if (proof->count > 0) proof->hashes[random_next() % proof->count].bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    else proof->hashes[proof->count++] = *leaf;
    return;
  default:
    if (proof->count > 0 && random_next() % 2 == 0) proof->count--;
    else proof->hashes[proof->count++] = *leaf;
  }
}

/* A size that another one has the same path in proves the same leaf: only the root tells.  So a forged size may pass when
 * the root is that of the forged tree, which it is not here; with the true root a changed size must fail unless the path is
 * the same, so sizes are compared by what they say about this leaf. */
static void test_forged_inclusion(void **state) {
  uint32_t passed_by_shape = 0;
  (void)state;
  for (uint32_t i = 0; i < 40000; i++) {
    uint64_t size = 1 + random_next() % LEAVES, index = random_next() % size, was_size = size, was_index = index;
    struct merkle_proof proof, was;
    struct hash leaf = nodes[0][index], root = roots[size];
    assert_true(merkle_inclusion(&kept, index, size, &proof));
    was = proof;
    forge(&proof, &index, &size, &leaf, &root);
    if (!merkle_inclusion_holds(digest_sha256, &leaf, index, size, &proof, &root)) continue;
    assert_true(size != was_size && index == was_index && proof.count == was.count); /* nothing else may pass */
    passed_by_shape++;
  }
  printf("# %u forged sizes had the same path\n", passed_by_shape);
}

static void test_forged_consistency(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 40000; i++) {
    uint64_t size = 2 + random_next() % (LEAVES - 1), old = 1 + random_next() % (size - 1), was = size, was_old = old;
    struct merkle_proof proof;
    struct hash old_root = roots[old], root = roots[size];
    assert_true(merkle_consistency(&kept, old, size, &proof));
    forge(&proof, &old, &size, &old_root, &root);
    if (!merkle_consistency_holds(digest_sha256, old, &old_root, size, &root, &proof)) continue;
    assert_true(size != was || old != was_old); /* only sizes of the same shape; both roots are the true ones */
    assert_memory_equal(&old_root, &roots[was_old], sizeof old_root);
    assert_memory_equal(&root, &roots[was], sizeof root);
  }
}

/* What no honest proof looks like: too long, of a leaf or a tree that is not there, empty where one is needed. */
static void test_impossible(void **state) {
  struct merkle_proof proof;
  (void)state;
  assert_true(merkle_inclusion(&kept, 5, 9, &proof));
  assert_true(merkle_inclusion_holds(digest_sha256, &nodes[0][5], 5, 9, &proof, &roots[9]));
  assert_false(merkle_inclusion_holds(digest_sha256, &nodes[0][5], 9, 9, &proof, &roots[9]));
  proof.count = MERKLE_PROOF_MAX + 1;
  assert_false(merkle_inclusion_holds(digest_sha256, &nodes[0][5], 5, 9, &proof, &roots[9]));
  assert_false(merkle_consistency_holds(digest_sha256, 5, &roots[5], 9, &roots[9], &proof));
  assert_true(merkle_consistency(&kept, 5, 9, &proof));
  assert_true(merkle_consistency_holds(digest_sha256, 5, &roots[5], 9, &roots[9], &proof));
  assert_false(merkle_consistency_holds(digest_sha256, 9, &roots[9], 5, &roots[5], &proof));
  proof.count = 0;
  assert_false(merkle_consistency_holds(digest_sha256, 5, &roots[5], 9, &roots[9], &proof));
  assert_false(merkle_inclusion(&kept, 9, 9, &proof));
  assert_false(merkle_consistency(&kept, 9, 5, &proof));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_published), cmocka_unit_test(test_example), cmocka_unit_test(test_inclusion_everywhere),
      cmocka_unit_test(test_consistency_everywhere), cmocka_unit_test(test_large),
      cmocka_unit_test(test_forged_inclusion),   cmocka_unit_test(test_forged_consistency),
      cmocka_unit_test(test_impossible),
  };
  return cmocka_run_group_tests(tests, grow, NULL);
}
