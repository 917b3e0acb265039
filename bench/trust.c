/* trust.c - what proofs cost: hashing, the tree, signing, proofs and receipts; prints rows of a table.  Called by
 * trust.sh.
 *
 * CPU time, the best of ROUNDS rounds: other load on the machine shows least. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rectify/must.h"
#include "sign/digest.h"
#include "sign/signer.h"
#include "verify/receipt.h"

#define ROUNDS 5
#define RECORD_BYTES 200
#define LEAVES (1u << 20)
#define LEVELS 21

static uint8_t record[RECORD_BYTES];
static struct hash *nodes[LEVELS];
static struct note_signer key;
static struct merkle tree;
static struct hash root;
static struct merkle_proof proof;
static char note[NOTE_BYTES_MAX], line[NOTE_LINE_BYTES_MAX];
static size_t text_length;
static struct receipt receipt;

static double now_nsec(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void measure(const char *what, uint32_t count, void (*run)(uint32_t i)) {
  double best = 1e18;
  for (int round = 0; round < ROUNDS; round++) {
    double begin = now_nsec();
    for (uint32_t i = 0; i < count; i++) run(i);
    double each = (now_nsec() - begin) / count;
    if (each < best) best = each;
  }
  printf("| %s | %.0f ns |\n", what, best);
}

static bool node(void *context, uint32_t level, uint64_t index, struct hash *out) {
  (void)context;
  *out = nodes[level][index];
  return true;
}
static const struct merkle_source source = {node, NULL, digest_sha256, NULL};

static void one_leaf(uint32_t i) {
  struct hash leaf;
  memcpy(record, &i, sizeof i);
  merkle_leaf(digest_sha256, record, sizeof record, &leaf);
}
static void one_append(uint32_t i) {
  if (i == 0) tree = (struct merkle){0};
  merkle_append(digest_sha256, &tree, &nodes[0][i]);
}
static void one_batch(uint32_t i) { /* 256 events, the root, one signature */
  if (i == 0) tree = (struct merkle){0};
  for (uint32_t k = 0; k < 256; k++) {
    struct hash leaf;
    memcpy(record, &k, sizeof k);
    merkle_leaf(digest_sha256, record, sizeof record, &leaf);
    merkle_append(digest_sha256, &tree, &leaf);
  }
  struct checkpoint head = {.origin = "rectify.bench/log", .size = tree.size};
  merkle_root(digest_sha256, &tree, &head.root);
  char text[NOTE_TEXT_BYTES_MAX];
  must(note_sign(&key, text, checkpoint_format(&head, text), 0, line) > 0);
}
static void one_sign(uint32_t i) {
  (void)i;
  must(note_sign(&key, note, text_length, 0, line) > 0);
}
static void one_signature_check(uint32_t i) {
  struct note parsed;
  (void)i;
  must(note_parse(receipt.note, receipt.note_length, &parsed) && note_is_signed_by(&parsed, &key.verifier, NULL));
}
static void one_inclusion(uint32_t i) {
  must(merkle_inclusion(&source, i * 7919u % (LEAVES - 5), LEAVES - 5, &proof));
}
static void one_inclusion_check(uint32_t i) {
  (void)i;
  must(merkle_inclusion_holds(digest_sha256, &receipt.leaf, receipt.log_index, LEAVES - 5, &receipt.proof, &root));
}
static void one_consistency(uint32_t i) {
  must(merkle_consistency(&source, 1 + i * 7919u % (LEAVES - 6), LEAVES - 5, &proof));
}
static void one_receipt(uint32_t i) {
  static char text[RECEIPT_BYTES_MAX];
  static struct receipt checked;
  (void)i;
  size_t length = receipt_format(&receipt, text);
  must(receipt_check(text, length, &key.verifier, NULL, 0, &checked) == RECEIPT_HOLDS);
}

static void grow(void) {
  struct event event = {.case_no = 4711,
                        .version = 12,
                        .command = COMMAND_COMMENT,
                        .rule = RULE_COMMENTED,
                        .actor = 17,
                        .recorded = INT64_C(1770000000000000),
                        .effective = INT64_C(1770000000000000),
                        .has_text = true,
                        .policy_version = 3,
                        .calendar_version = 2,
                        .registry_version = 9};
  memset(event.key.bytes, 7, sizeof event.key.bytes);
  receipt.record_length = codec_event_pack(&event, receipt.record);
  receipt.log_index = LEAVES / 3;
  for (uint32_t level = 0; level < LEVELS; level++)
    must((nodes[level] = malloc((LEAVES >> level) * sizeof **nodes)) != NULL);
  for (uint32_t i = 0; i < LEAVES; i++) merkle_leaf(digest_sha256, &i, sizeof i, &nodes[0][i]);
  merkle_leaf(digest_sha256, receipt.record, receipt.record_length, &nodes[0][receipt.log_index]);
  receipt.leaf = nodes[0][receipt.log_index];
  for (uint32_t level = 1; level < LEVELS; level++)
    for (uint32_t i = 0; i < LEAVES >> level; i++)
      merkle_node(digest_sha256, &nodes[level - 1][2 * i], &nodes[level - 1][2 * i + 1], &nodes[level][i]);
  for (uint32_t i = 0; i < LEAVES - 5; i++) merkle_append(digest_sha256, &tree, &nodes[0][i]);
  merkle_root(digest_sha256, &tree, &root);
}

static void make_receipt(void) {
  struct checkpoint head = {.origin = "rectify.bench/log", .size = LEAVES - 5, .root = root};
  must(merkle_inclusion(&source, receipt.log_index, LEAVES - 5, &receipt.proof));
  text_length = checkpoint_format(&head, note);
  memcpy(receipt.note, note, text_length);
  receipt.note[text_length] = '\n';
  receipt.note_length = text_length + 1 + note_sign(&key, note, text_length, 0, receipt.note + text_length + 1);
}

int main(void) {
  static char text[RECEIPT_BYTES_MAX];
  must(note_signer_new("rectify.bench/log", NOTE_ED25519, &key));
  grow();
  make_receipt();
  printf("| what | each |\n|---|---|\n");
  measure("leaf of a record of 200 bytes", 200000, one_leaf);
  measure("append to the tree (its nodes)", LEAVES - 5, one_append);
  measure("batch of 256 events: leaves, tree, root, one signature", 400, one_batch);
  measure("sign a head (Ed25519)", 2000, one_sign);
  measure("check a head's signature", 2000, one_signature_check);
  measure("make an inclusion proof, a million leaves", 100000, one_inclusion);
  measure("check an inclusion proof", 20000, one_inclusion_check);
  measure("make a consistency proof", 100000, one_consistency);
  measure("check a receipt, from its text", 1000, one_receipt);
  printf("\nA receipt under a head of a million records: %zu bytes as text, of them %u hashes of the proof.\n",
         receipt_format(&receipt, text), receipt.proof.count);
  for (uint32_t level = 0; level < LEVELS; level++) free(nodes[level]);
  return 0;
}
