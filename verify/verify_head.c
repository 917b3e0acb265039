/* verify_head.c - signed heads, those in the export and those kept outside, against the records. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sign/digest.h"
#include "verify/verify_internal.h"

static const char *where(const char *from) {
  return from == NULL ? "in the export" : from;
}

static void check_witnesses(struct verify *verify, const struct looked_head *head, const char *from) {
  for (uint32_t i = 0; i < verify->options->witness_count; i++) {
    if ((head->cosigned >> i & 1) != 0) verify->result.cosignatures++;
    if ((head->cosigned_wrong >> i & 1) != 0)
      verify_found(verify, VERIFY_COSIGNATURE_WRONG, "head of size %" PRIu64 " %s: the signature of %s is not right",
                   head->checkpoint.size, where(from), verify->options->witnesses[i].name);
  }
}

/* Whether it is a head of this log, signed by its key. */
static bool is_good(struct verify *verify, const struct looked_head *head, const char *from) {
  const char *log = verify->options->log->name;
  const uint64_t size = head->checkpoint.size;
  if (!head->readable)
    verify_found(verify, VERIFY_HEAD_UNREADABLE, "the head %s after %" PRIu64 " records", where(from), verify->size);
  else if (!head->is_ours)
    verify_found(verify, VERIFY_HEAD_OTHER_LOG, "head of size %" PRIu64 " %s: it is of %s, not of %s", size, where(from),
                 head->checkpoint.origin, log);
  else if (!head->is_signed)
    verify_found(verify, VERIFY_HEAD_UNSIGNED, "head of size %" PRIu64 " %s: not signed by %s", size, where(from), log);
  if (!head->is_signed) return false;
  check_witnesses(verify, head, from);
  verify->result.heads++;
  return true;
}

/* ---- against the records ---- */

static void check_fork(struct verify *verify, const struct checkpoint *head, const char *from) {
  bool same_size = verify->has_last && verify->last.size == head->size;
  if (same_size && memcmp(&verify->last.root, &head->root, sizeof head->root) != 0)
    verify_found(verify, VERIFY_FORK,
                 "two heads of size %" PRIu64 " are signed, with different roots (the second one %s)", head->size,
                 where(from));
  verify->last = *head;
  verify->has_last = true;
}

static void tell_differs(struct verify *verify, const struct checkpoint *head, const char *from) {
  /* heads in the export may have been signed anew by whoever stole the key: they vouch for nothing kept outside */
  uint64_t good = from != NULL ? verify->outside_good : verify->result.covered;
  if (verify->told_differs) return; /* all later heads differ as well */
  verify->told_differs = true;
  if (verify->records_wrong)
    verify_found(verify, VERIFY_HEAD_DIFFERS,
                 "head of size %" PRIu64 " %s: records %" PRIu64 " to %" PRIu64 " are not those that were signed",
                 head->size, where(from), good, head->size - (head->size > 0));
  else
    verify_found(verify, VERIFY_TREE_REBUILT,
                 "head of size %" PRIu64 " %s: records %" PRIu64 " to %" PRIu64
                 " are not those that were signed, and the tree was built anew over them",
                 head->size, where(from), good, head->size - (head->size > 0));
}

static void check_root(struct verify *verify, const struct checkpoint *head, const char *from) {
  struct hash root;
  check_fork(verify, head, from);
  merkle_root(digest_sha256, &verify->tree, &root);
  if (verify->tree.size != head->size || memcmp(&root, &head->root, sizeof root) != 0) {
    tell_differs(verify, head, from);
    return;
  }
  verify->result.covered = head->size;
  if (from != NULL) verify->outside_good = head->size;
}

void head_in_export(struct verify *verify, const struct looked_head *looked) {
  const struct checkpoint *head = &looked->checkpoint;
  if (!is_good(verify, looked, NULL)) return;
  if (head->size == verify->size) check_root(verify, head, NULL);
  else if (head->size > verify->size) verify->ahead = head->size > verify->ahead ? head->size : verify->ahead;
  else tell_differs(verify, head, NULL); /* more records than were signed stand before it */
}

/* What stands on paper has no signature, and needs none: it was out of everybody's reach. */
static void check_printed(struct verify *verify, const struct verify_printed *printed) {
  struct checkpoint head = {.size = printed->size};
  char code[CHECKPOINT_CODE_BYTES];
  (void)snprintf(head.origin, sizeof head.origin, "%s", verify->options->log->name);
  merkle_root(digest_sha256, &verify->tree, &head.root);
  checkpoint_code(&head, code);
  if (verify->tree.size == printed->size && strcmp(code, printed->code) == 0) verify->outside_good = printed->size;
  else tell_differs(verify, &head, "on paper");
}

static void check_all_printed(struct verify *verify) {
  const struct verify_options *options = verify->options;
  for (; verify->printed_at < options->printed_count; verify->printed_at++) {
    if (options->printed[verify->printed_at].size > verify->size) return;
    check_printed(verify, &options->printed[verify->printed_at]);
  }
}

void head_check_outside(struct verify *verify) {
  check_all_printed(verify);
  for (; verify->outside_at < verify->outside_count; verify->outside_at++) {
    const struct verify_head *head = &verify->outside[verify->outside_at];
    if (head->checkpoint.size > verify->size) return;
    check_root(verify, &head->checkpoint, head->from);
  }
}

/* ---- before and after ---- */

static int by_size(const void *a, const void *b) {
  const struct verify_head *x = a, *y = b;
  return (x->checkpoint.size > y->checkpoint.size) - (x->checkpoint.size < y->checkpoint.size);
}

void head_begin(struct verify *verify) {
  const struct verify_options *options = verify->options;
  for (uint32_t i = 0; i < options->head_count && i < VERIFY_HEADS_MAX; i++) {
    struct verify_head *head = &verify->outside[verify->outside_count];
    struct looked_head looked;
    head->from = options->heads[i].from;
    look_at_head(options, options->heads[i].bytes, options->heads[i].length, &looked);
    head->checkpoint = looked.checkpoint;
    verify->outside_count += is_good(verify, &looked, head->from);
  }
  qsort(verify->outside, verify->outside_count, sizeof *verify->outside, by_size);
  head_check_outside(verify);
}

void head_finish(struct verify *verify) {
  if (verify->outside_at < verify->outside_count) {
    const struct verify_head *largest = &verify->outside[verify->outside_count - 1];
    verify_found(verify, VERIFY_LOG_SHORTER, "%" PRIu64 " records are here, %" PRIu64 " were signed (head %s)",
                 verify->size, largest->checkpoint.size, largest->from);
  }
  if (verify->printed_at < verify->options->printed_count)
    verify_found(verify, VERIFY_LOG_SHORTER, "%" PRIu64 " records are here, %" PRIu64 " were printed", verify->size,
                 verify->options->printed[verify->options->printed_count - 1].size);
  if (verify->ahead > verify->size)
    verify_found(verify, VERIFY_LOG_SHORTER,
                 "%" PRIu64 " records are here, %" PRIu64 " were signed (head in the export)", verify->size,
                 verify->ahead);
  else if (verify->ahead > 0) {
    const struct checkpoint head = {.size = verify->ahead};
    tell_differs(verify, &head, NULL); /* fewer records than were signed stand before it */
  }
  if (verify->result.heads == 0 && verify->size > 0)
    verify_found(verify, VERIFY_HEAD_MISSING, "%" PRIu64 " records", verify->size);
}
