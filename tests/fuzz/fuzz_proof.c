/* fuzz_proof.c - forged proofs.  A head (size and root) is held fast, as a signed one is; everything else is the forger's: whatever the
 * verifier takes is the true leaf at its place, or the true root of the older tree, by the one proof there is.
 *
 * An input is a size and a place, and then what is done to the honest proof: three bytes each, a deed, where, and with what.  The first
 * byte chooses: inclusion or consistency.
 *
 * `make test` replays corpus/proof through it; `make fuzz` searches. */
#include <string.h>

#include "rectify/must.h"
#include "sign/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LEAVES 300

static struct hash leaves[LEAVES], roots[LEAVES + 1];

static void grow(void) {
  struct merkle tree = {0};
  merkle_root(digest_sha256, &tree, &roots[0]);
  for (uint64_t i = 0; i < LEAVES; i++) {
    merkle_leaf(digest_sha256, &i, sizeof i, &leaves[i]);
    merkle_append(digest_sha256, &tree, &leaves[i]);
    merkle_root(digest_sha256, &tree, &roots[i + 1]);
  }
}

static bool node(void *context, uint32_t level, uint64_t index, struct hash *out) {
  (void)context;
  if (level == 0) {
    *out = leaves[index];
    return true;
  }
  struct hash left, right;
  (void)node(NULL, level - 1, 2 * index, &left);
  (void)node(NULL, level - 1, 2 * index + 1, &right);
  merkle_node(digest_sha256, &left, &right, out);
  return true;
}

static const struct merkle_source source = {node, NULL, digest_sha256, NULL};

/* What the forger says beside the head. */
struct claim {
  uint64_t place;   /* of the leaf, or the older tree's size */
  struct hash hash; /* the leaf, or the older root */
  struct merkle_proof proof;
};

static void forge(struct claim *claim, uint8_t deed, uint8_t where, uint8_t with) {
  struct merkle_proof *proof = &claim->proof;
  if (proof->count > MERKLE_PROOF_MAX) proof->count = 0; /* was refused for that; there is no room for what it says */
  const uint32_t at = proof->count > 0 ? where % proof->count : 0;
  switch (deed % 8) {
  case 0: proof->hashes[at].bytes[with % HASH_BYTES] ^= (uint8_t)(1 + where / 16); break;
  case 1: claim->hash.bytes[with % HASH_BYTES] ^= (uint8_t)(1 + where % 255); break;
  case 2: claim->place = (uint64_t)where << 8 | with; break;
  case 3: proof->count = with % (MERKLE_PROOF_MAX + 2); break;
  case 4: claim->hash = where % 2 == 0 ? leaves[with] : roots[with]; break;
  case 5: proof->hashes[at] = where % 2 == 0 ? leaves[with] : roots[with]; break;
  case 6: {
    const struct hash kept = proof->hashes[at];
    proof->hashes[at] = claim->hash;
    claim->hash = kept;
    break;
  }
  default: /* one more, or one less */
    if (with % 2 == 0 && proof->count < MERKLE_PROOF_MAX) proof->hashes[proof->count++] = claim->hash;
    else if (proof->count > 0) memmove(&proof->hashes[at], &proof->hashes[at + 1], (--proof->count - at) * sizeof proof->hashes[0]);
  }
}

static bool proof_same(const struct merkle_proof *a, const struct merkle_proof *b) {
  return a->count == b->count && memcmp(a->hashes, b->hashes, a->count * sizeof a->hashes[0]) == 0;
}

static bool hash_is(const struct hash *a, const struct hash *b) { return memcmp(a, b, sizeof *a) == 0; }

static bool make(bool inclusion, uint64_t place, uint64_t size, struct merkle_proof *out) {
  memset(out, 0, sizeof *out);
  return inclusion ? merkle_inclusion(&source, place, size, out) : merkle_consistency(&source, place, size, out);
}

/* Holds exactly when all of it is true. */
static void judge(bool inclusion, const struct claim *claim, uint64_t size) {
  struct merkle_proof honest;
  const bool true_place = make(inclusion, claim->place, size, &honest);
  const bool is_true = true_place && hash_is(&claim->hash, inclusion ? &leaves[claim->place] : &roots[claim->place]) &&
                       proof_same(&claim->proof, &honest);
  const bool holds = inclusion ? merkle_inclusion_holds(digest_sha256, &claim->hash, claim->place, size, &claim->proof, &roots[size])
                               : merkle_consistency_holds(digest_sha256, claim->place, &claim->hash, size, &roots[size], &claim->proof);
  must(holds == is_true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct claim claim;
  if (size < 4) return 0;
  if (roots[0].bytes[0] == 0) grow();
  const bool inclusion = data[0] % 2 == 0;
  const uint64_t leaf_count = 1 + ((uint64_t)data[1] << 8 | data[2]) % LEAVES;
  claim.place = inclusion ? data[3] * leaf_count / 256 : data[3] * (leaf_count + 1) / 256;
  must(make(inclusion, claim.place, leaf_count, &claim.proof));
  claim.hash = inclusion ? leaves[claim.place] : roots[claim.place];
  judge(inclusion, &claim, leaf_count);
  for (size_t at = 4; at + 3 <= size && at < 40; at += 3) {
    forge(&claim, data[at], data[at + 1], data[at + 2]);
    judge(inclusion, &claim, leaf_count);
  }
  return 0;
}
