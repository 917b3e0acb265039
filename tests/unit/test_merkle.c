/* test_merkle.c - core/merkle.c against the test vectors of Certificate Transparency and a naive recursive oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "rectify/core.h"

#define SIZE_MAX_TESTED 300

static void sha256(const void *data, size_t length, uint8_t out[HASH_BYTES]) {
  unsigned int size = HASH_BYTES;
  assert_int_equal(EVP_Digest(data, length, out, &size, EVP_sha256(), NULL), 1);
}

static void hex(const struct hash *hash, char out[2 * HASH_BYTES + 1]) {
  for (int i = 0; i < HASH_BYTES; i++) snprintf(out + 2 * i, 3, "%02x", hash->bytes[i]);
}

static void must_be(const struct hash *hash, const char *expected) {
  char text[2 * HASH_BYTES + 1];
  hex(hash, text);
  assert_string_equal(text, expected);
}

/* The leaves and roots that the Certificate Transparency project publishes with its reference code. */
static void test_known_roots(void **state) {
  static const struct {
    const char *leaf;
    size_t length;
    const char *root; /* of the tree that ends with this leaf */
  } rows[] = {
      {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
      {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
      {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
      {"\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
      {"\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
      {"\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
      {"\x50\x51\x52\x53\x54\x55\x56\x57", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
      {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
       "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
  };
  struct merkle tree = {0};
  struct hash root, leaf;
  (void)state;
  merkle_root(sha256, &tree, &root);
  must_be(&root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    merkle_leaf(sha256, rows[i].leaf, rows[i].length, &leaf);
    merkle_append(sha256, &tree, &leaf);
    merkle_root(sha256, &tree, &root);
    must_be(&root, rows[i].root);
  }
}

/* RFC 6962, 2.1, as it is written: split at the largest power of two below the size. */
static void naive_root(const struct hash *leaves, size_t count, struct hash *out) {
  if (count == 1) {
    *out = leaves[0];
    return;
  }
  size_t split = 1;
  while (split * 2 < count) split *= 2;
  struct hash left, right;
  naive_root(leaves, split, &left);
  naive_root(leaves + split, count - split, &right);
  merkle_node(sha256, &left, &right, out);
}

static void test_against_the_definition(void **state) {
  static struct hash leaves[SIZE_MAX_TESTED];
  struct merkle tree = {0};
  (void)state;
  for (uint32_t size = 1; size <= SIZE_MAX_TESTED; size++) {
    struct hash root, naive;
    merkle_leaf(sha256, &size, sizeof size, &leaves[size - 1]);
    merkle_append(sha256, &tree, &leaves[size - 1]);
    merkle_root(sha256, &tree, &root);
    naive_root(leaves, size, &naive);
    assert_memory_equal(&root, &naive, sizeof root);
    assert_int_equal(tree.size, size);
    assert_int_equal(tree.count, (uint32_t)__builtin_popcount(size)); /* one full subtree for each bit */
  }
}

/* The frontier holds the full subtrees, largest first, and nothing else of the leaves. */
static void test_frontier(void **state) {
  static struct hash leaves[13];
  struct merkle tree = {0};
  struct hash part;
  (void)state;
  for (uint32_t i = 0; i < 13; i++) {
    merkle_leaf(sha256, &i, sizeof i, &leaves[i]);
    merkle_append(sha256, &tree, &leaves[i]);
  }
  assert_int_equal(tree.count, 3);
  naive_root(leaves, 8, &part);
  assert_memory_equal(&tree.frontier[0], &part, sizeof part);
  naive_root(leaves + 8, 4, &part);
  assert_memory_equal(&tree.frontier[1], &part, sizeof part);
  assert_memory_equal(&tree.frontier[2], &leaves[12], sizeof part);
}

/* A leaf whose record looks like a node must not hash as one. */
static void test_domains_differ(void **state) {
  struct hash a = {{1}}, b = {{2}}, node, leaf;
  uint8_t record[2 * HASH_BYTES];
  (void)state;
  memcpy(record, a.bytes, HASH_BYTES);
  memcpy(record + HASH_BYTES, b.bytes, HASH_BYTES);
  merkle_node(sha256, &a, &b, &node);
  merkle_leaf(sha256, record, sizeof record, &leaf);
  assert_memory_not_equal(&node, &leaf, sizeof node);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_roots),
      cmocka_unit_test(test_against_the_definition),
      cmocka_unit_test(test_frontier),
      cmocka_unit_test(test_domains_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
