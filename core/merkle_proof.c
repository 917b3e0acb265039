/* merkle_proof.c - RFC 6962 / RFC 9162 section 2.1: proofs that a leaf is in a tree and that a tree extends another one.
 *
 * Making a proof asks for the hashes of full subtrees only, which is what tiles keep; the ragged right edge is put together
 * from them.  Checking needs no tree at all.
 */
#include "rectify/core.h"
#include "rectify/must.h"

static uint64_t half_of(uint64_t size) { /* the largest power of two below size; size > 1 */
  uint64_t half = 1;
  while (half < size - half) half <<= 1;
  return half;
}

/* ---- making ---- */

/* The hash of the leaves from..to-1, from being a multiple of the largest full subtree in it. */
static bool range_hash(const struct merkle_source *source, uint64_t from, uint64_t to, struct hash *out) {
  struct hash parts[FRONTIER_MAX];
  uint32_t count = 0;
  must(from < to);
  do {
    uint32_t level = 0;
    while (level < 63 && (UINT64_C(2) << level) <= to - from) level++;
    must(count < FRONTIER_MAX && (from & ((UINT64_C(1) << level) - 1)) == 0);
    if (!source->node(source->context, level, from >> level, &parts[count++])) return false;
    from += UINT64_C(1) << level;
  } while (from < to);
  *out = parts[--count];
  while (count > 0) merkle_node(source->sha256, &parts[--count], out, out);
  return true;
}

/* Halves on the way down to one leaf, or to the end of the older tree. */
struct cut {
  uint64_t from, to;
};

/* The one at `depth` halves below the root. */
static bool step_hash(const struct merkle_source *source, uint32_t depth, const struct cut *cut, struct hash *out) {
  if (source->memo == NULL) return range_hash(source, cut->from, cut->to, out);
  must(depth < FRONTIER_MAX);
  if (source->memo->steps[depth].from != cut->from || source->memo->steps[depth].to != cut->to) {
    source->memo->steps[depth].to = 0;
    if (!range_hash(source, cut->from, cut->to, &source->memo->steps[depth].hash)) return false;
    source->memo->steps[depth].from = cut->from;
    source->memo->steps[depth].to = cut->to;
  }
  *out = source->memo->steps[depth].hash;
  return true;
}

static bool hashes_upward(const struct merkle_source *source, const struct cut *cuts, uint32_t count, struct merkle_proof *out) {
  if (out->count + count > MERKLE_PROOF_MAX) return false;
  for (uint32_t i = count; i-- > 0;)
    if (!step_hash(source, i, &cuts[i], &out->hashes[out->count++])) return false;
  return true;
}

bool merkle_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size, struct merkle_proof *out) {
  struct cut cuts[FRONTIER_MAX];
  uint32_t count = 0;
  uint64_t from = 0, to = size;
  out->count = 0;
  if (index >= size) return false;
  while (to - from > 1) {
    uint64_t middle = from + half_of(to - from);
    bool left = index < middle;
    must(count < FRONTIER_MAX);
    cuts[count++] = left ? (struct cut){middle, to} : (struct cut){from, middle};
    if (left) to = middle;
    else from = middle;
  }
  return hashes_upward(source, cuts, count, out);
}

bool merkle_consistency(const struct merkle_source *source, uint64_t old_size, uint64_t size, struct merkle_proof *out) {
  struct cut cuts[FRONTIER_MAX];
  uint32_t count = 0;
  uint64_t from = 0, to = size;
  out->count = 0;
  if (old_size > size) return false;
  if (old_size == 0 || old_size == size) return true;
  while (old_size != to) {
    uint64_t middle = from + half_of(to - from);
    bool left = old_size <= middle;
    must(count < FRONTIER_MAX);
    cuts[count++] = left ? (struct cut){middle, to} : (struct cut){from, middle};
    if (left) to = middle;
    else from = middle;
  }
  if (from != 0 && !range_hash(source, from, to, &out->hashes[out->count++])) return false;
  return hashes_upward(source, cuts, count, out);
}

/* ---- checking ---- */

static bool hash_same(const struct hash *a, const struct hash *b) {
  uint8_t differs = 0;
  for (uint32_t i = 0; i < HASH_BYTES; i++) differs |= (uint8_t)(a->bytes[i] ^ b->bytes[i]);
  return differs == 0;
}

/* RFC 9162, 2.1.3.2. */
bool merkle_inclusion_holds(sha256_fn *sha256, const struct hash *leaf, uint64_t index, uint64_t size,
                            const struct merkle_proof *proof, const struct hash *root) {
  struct hash hash = *leaf;
  if (index >= size || proof->count > MERKLE_PROOF_MAX) return false;
  uint64_t fn = index, sn = size - 1;
  for (uint32_t i = 0; i < proof->count; i++) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      merkle_node(sha256, &proof->hashes[i], &hash, &hash);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      merkle_node(sha256, &hash, &proof->hashes[i], &hash);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && hash_same(&hash, root);
}

/* RFC 9162, 2.1.4.2: both roots from one proof. */
static bool roots_of(sha256_fn *sha256, uint64_t fn, uint64_t sn, const struct hash *first, const struct hash *hashes,
                     uint32_t count, struct hash *old_root, struct hash *root) {
  *old_root = *root = *first;
  for (uint32_t i = 0; i < count; i++) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      merkle_node(sha256, &hashes[i], old_root, old_root);
      merkle_node(sha256, &hashes[i], root, root);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      merkle_node(sha256, root, &hashes[i], root);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0;
}

bool merkle_consistency_holds(sha256_fn *sha256, uint64_t old_size, const struct hash *old_root, uint64_t size,
                              const struct hash *root, const struct merkle_proof *proof) {
  if (old_size > size || proof->count > MERKLE_PROOF_MAX) return false;
  if (old_size == size) return proof->count == 0 && hash_same(old_root, root);
  if (old_size == 0) {
    struct hash empty;
    sha256("", 0, empty.bytes);
    return proof->count == 0 && hash_same(old_root, &empty);
  }
  uint64_t fn = old_size - 1, sn = size - 1;
  bool whole = (old_size & (old_size - 1)) == 0; /* the older tree is one full subtree: its root is not in the proof */
  while ((fn & 1) != 0) {
    fn >>= 1;
    sn >>= 1;
  }
  if (!whole && proof->count == 0) return false;
  struct hash made_old, made;
  const struct hash *first = whole ? old_root : &proof->hashes[0];
  uint32_t skip = whole ? 0 : 1;
  if (!roots_of(sha256, fn, sn, first, proof->hashes + skip, proof->count - skip, &made_old, &made)) return false;
  return hash_same(&made_old, old_root) && hash_same(&made, root);
}
