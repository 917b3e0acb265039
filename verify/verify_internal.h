/* verify_internal.h - what the files of the verifier share. */
#ifndef RECTIFY_VERIFY_INTERNAL_H
#define RECTIFY_VERIFY_INTERNAL_H

#include "verify/ahead.h"

struct folded {
  struct case_state state; /* case_no 0: free slot */
  bool compared;
  bool broken; /* an event did not follow: the rest says nothing about the row */
};

/* A text that is said to have been erased by an event to come. */
struct claim {
  uint64_t index, erased_by, case_no;
  uint64_t count; /* of records that say so: one that stands there twice claims twice */
};

/* Who last asked for a text to be erased. */
struct ask {
  uint64_t other, case_no;
  uint32_t actor;
};

struct verify_head {
  struct checkpoint checkpoint;
  const char *from; /* where it was kept; NULL: in the export */
};

struct verify {
  const struct verify_options *options;
  struct verify_result result;
  struct merkle tree;
  uint64_t size; /* of the log as its indexes say: one more than the last one */

  /* verify_head.c */
  struct verify_head outside[VERIFY_HEADS_MAX]; /* ascending by size */
  uint32_t outside_count, outside_at, printed_at;
  struct checkpoint last; /* the last signed head that was met, for forks */
  bool has_last;
  uint64_t ahead;        /* the largest size that a head in the export named before its place */
  uint64_t outside_good; /* size of the last head kept outside that was right */
  bool records_wrong;    /* something is wrong with records themselves */
  bool told_differs;

  /* verify_case.c */
  struct folded *cases; /* open addressing by case number */
  size_t case_slots, case_used;
  uint32_t last_version_of_none;

  /* key_set.c */
  struct uuid *keys; /* open addressing by value; all zero: free */
  size_t key_slots, key_used;
  bool has_zero_key;

  void *claims; /* not yet borne out, and */
  void *asks;   /* who asked, one a text: trees of search.h */
};

/* Tells and counts a finding. */
void verify_found(struct verify *verify, enum verify_finding finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- verify_head.c ---- */
void head_begin(struct verify *verify);
/* A head that stands here in the export. */
void head_in_export(struct verify *verify, const struct looked_head *looked);
/* To be called whenever the log has grown, and once before its first record. */
void head_check_outside(struct verify *verify);
void head_finish(struct verify *verify);

/* ---- verify_case.c ---- */
void case_fold_event(struct verify *verify, const struct event *event, uint64_t log_index);
void case_compare_row(struct verify *verify, const struct export_case *row);
void case_find_missing(struct verify *verify);

/* ---- key_set.c ---- */
/* Makes room for about so many keys, before the first. */
void key_set_expect(struct verify *verify, uint64_t count);
/* False when the key was in the set already. */
bool key_set_add(struct verify *verify, const struct uuid *key);

#endif
