/* proof_tree.h - for tests of heads and proofs: a tree that keeps all its leaves, whose leaf i is a function of (i,
 * salt). */
#ifndef RECTIFY_TESTS_PROOF_TREE_H
#define RECTIFY_TESTS_PROOF_TREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sign/digest.h"
#include "sign/note.h"

#define PROOF_LEAVES 300

struct proof_tree {
  uint64_t salt; /* from leaf `from` on: trees with the same salt share all leaves */
  uint64_t from;
};

static inline bool proof_node(void *context, uint32_t level, uint64_t index, struct hash *out) {
  const struct proof_tree *tree = context;
  if (level == 0) {
    const uint64_t leaf[2] = {index, index >= tree->from ? tree->salt : 0};
    merkle_leaf(digest_sha256, leaf, sizeof leaf, out);
    return true;
  }
  struct hash left, right;
  (void)proof_node(context, level - 1, 2 * index, &left);
  (void)proof_node(context, level - 1, 2 * index + 1, &right);
  merkle_node(digest_sha256, &left, &right, out);
  return true;
}

static inline void proof_root(struct proof_tree *tree, uint64_t size, struct hash *out) {
  struct merkle edge = {0};
  for (uint64_t i = 0; i < size; i++) {
    struct hash leaf;
    (void)proof_node(tree, 0, i, &leaf);
    merkle_append(digest_sha256, &edge, &leaf);
  }
  merkle_root(digest_sha256, &edge, out);
}

static inline void proof_consistency(struct proof_tree *tree, uint64_t old_size, uint64_t size,
                                     struct merkle_proof *out) {
  const struct merkle_source source = {proof_node, tree, digest_sha256, NULL};
  assert_true(merkle_consistency(&source, old_size, size, out));
}

static inline struct note_signer proof_signer(const char *name, uint8_t algorithm) {
  struct note_signer signer;
  assert_true(note_signer_new(name, algorithm, &signer));
  return signer;
}

/* A signed head of the tree; returns its length. */
static inline size_t proof_head(struct proof_tree *tree, uint64_t size, const struct note_signer *signer,
                                const char *origin, char out[NOTE_BYTES_MAX]) {
  struct checkpoint head = {.size = size};
  snprintf(head.origin, sizeof head.origin, "%s", origin);
  proof_root(tree, size, &head.root);
  size_t text = checkpoint_format(&head, out);
  out[text] = '\n';
  return text + 1 + note_sign(signer, out, text, 0, out + text + 1);
}

#endif
