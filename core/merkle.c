/* merkle.c - RFC 6962, section 2.1: Merkle tree hashes by their right edge alone. */
#include <string.h>

#include "rectify/core.h"
#include "rectify/must.h"

#define LEAF_BYTES_MAX EVENT_BODY_BYTES_MAX

void merkle_leaf(sha256_fn *sha256, const void *record, size_t length, struct hash *out) {
  uint8_t bytes[1 + LEAF_BYTES_MAX];
  must(length <= LEAF_BYTES_MAX);
  bytes[0] = 0x00; /* leaves and nodes hash in different domains, so that neither can pass for the other */
  if (length > 0) memcpy(bytes + 1, record, length);
  sha256(bytes, 1 + length, out->bytes);
}

void merkle_node(sha256_fn *sha256, const struct hash *left, const struct hash *right, struct hash *out) {
  uint8_t bytes[1 + 2 * HASH_BYTES];
  bytes[0] = 0x01;
  memcpy(bytes + 1, left->bytes, HASH_BYTES);
  memcpy(bytes + 1 + HASH_BYTES, right->bytes, HASH_BYTES);
  sha256(bytes, sizeof bytes, out->bytes);
}

/* Adding a leaf is adding 1 in binary: each carry joins two full subtrees of one size. */
void merkle_append(sha256_fn *sha256, struct merkle *tree, const struct hash *leaf) {
  must(tree->size < UINT64_MAX);
  struct hash carry = *leaf;
  for (uint64_t bits = tree->size; (bits & 1) != 0; bits >>= 1) {
    must(tree->count > 0);
    merkle_node(sha256, &tree->frontier[tree->count - 1], &carry, &carry);
    tree->count--;
  }
  must(tree->count < FRONTIER_MAX);
  tree->frontier[tree->count++] = carry;
  tree->size++;
}

void merkle_root(sha256_fn *sha256, const struct merkle *tree, struct hash *out) {
  if (tree->count == 0) {
    sha256("", 0, out->bytes);
    return;
  }
  struct hash root = tree->frontier[tree->count - 1];
  for (uint32_t i = tree->count - 1; i-- > 0;) merkle_node(sha256, &tree->frontier[i], &root, &root);
  *out = root;
}
