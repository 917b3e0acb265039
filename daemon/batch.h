/* batch.h - what is decided and committed together: requests, their items, the events they caused.
 *
 * A batch goes round: gather (requests come in) -> next (sealed; the database is probed) -> fly (committing) -> signed (durable;
 * its head is being signed) -> answered and reset.  There are four of them, see pipeline.c.  Everything lives in the batch's own bounded buffers.
 */
#ifndef RECTIFY_BATCH_H
#define RECTIFY_BATCH_H

#include "daemon/keys.h"
#include "daemon/router.h"
#include "daemon/tree.h"
#include "daemon/world.h"
#include "proto/codec.h"

/* A request that fits in part is taken whole; reviews, readers and letters given up come on top. */
#define BATCH_ITEMS_MAX (BATCH_EVENTS_MAX + WIRE_SUBMIT_MAX + REVIEW_CASES_MAX + QUERIES_MAX + DEAD_LETTERS_MAX)
/* What the items may come to with all that follows from them (batch_take() weighs them), reviews and rungs. */
#define BATCH_COUNTS_MAX 64 /* counts of refusals in one batch */
#define BATCH_FRESH_MAX \
  (BATCH_WEIGHT_FULL + REQUEST_EVENTS_MAX + REVIEW_CASES_MAX + QUERIES_MAX + DEAD_LETTERS_MAX + BATCH_EVENTS_MAX + BATCH_COUNTS_MAX)
#define BATCH_KEYS 4096     /* slots of the key index; power of two > 2 * items */
#define BATCH_SEEN 65536    /* slots of the index of evidence; power of two > 2 * BATCH_SEEN_MAX */
#define BATCH_SEEN_MAX (BATCH_ITEMS_MAX * EVIDENCE_MAX)
#define BATCH_LOADED_MAX (BATCH_ITEMS_MAX * (5 + EVIDENCE_MAX)) /* case and parent, the other and its parent, rule, evidence */
#define ITEM_NONE UINT32_MAX
_Static_assert(BATCH_FRESH_MAX / TILE_HASHES + 2 * TREE_LEVELS <= TREE_FULL_MAX, "the tree has room for a batch's tiles");
_Static_assert(BATCH_KEYS > 2 * BATCH_ITEMS_MAX && BATCH_SEEN > 2 * BATCH_SEEN_MAX, "the indexes are half empty");

enum item_outcome { ITEM_PENDING, ITEM_FRESH, ITEM_REPEATED, ITEM_FAILED, ITEM_PREVIEWED };

/* A stretch of the batch's text buffer. */
struct stretch {
  uint32_t at, length;
};

struct piece_name { /* of a piece of evidence */
  struct stretch name;
  uint64_t size;
};

struct item {
  uint32_t request; /* ITEM_NONE: a review, a reader or the like, which nobody asked for */
  bool preview;     /* only to be judged */
  struct command command;
  struct finding finding; /* SUBMIT */
  struct stretch text;    /* free text; for PUBLISH the document */
  struct stretch file_name;
  uint8_t salt[SALT_BYTES];
  struct stretch was_signed; /* SUBMIT: the exact bytes; length 0: not signed */
  uint8_t signature[SIGNATURE_BYTES], signer[CLIENT_KEY_BYTES], signature_salt[SALT_BYTES];
  uint32_t piece_first; /* names of command.evidence, in batch.pieces */
  uint32_t problem, kind; /* SUBMIT: their numbers, see recur.h; RECUR_NONE: not counted */
  struct key key;       /* KEY_REGISTER, KEY_REVOKE */
  struct {              /* ERASE_ASK, ERASE: what the database has of the text */
    bool found, elsewhere, done; /* there is something to erase; it is another case's than was said; it is erased already */
    uint32_t asked_by;
  } erasure;
  uint32_t document;    /* PUBLISH: enum document_kind */
  enum item_outcome outcome;
  uint32_t recorded; /* index into batch.fresh; of a repeat or a preview, into batch.repeats */
  uint16_t failure;  /* enum failure */
  const char *failure_text; /* static, or batch.report */
};

struct recorded {
  struct event event;
  uint64_t log_index;
  uint32_t item;   /* ITEM_NONE: a rung, or what follows from another event */
  uint32_t unit;   /* of the case after it */
  uint64_t digest; /* of its notices; 0: each by itself */
  struct stretch record; /* in batch.records */
  struct hash leaf;
};

struct batch_request {
  struct route_back back;
  struct uuid id;
  uint32_t item_first, item_count;
  uint32_t actor;
  bool preview;
};

/* Evidence that the batch has taken for a case. */
struct seen {
  struct hash sha256;
  uint64_t case_no;
};

/* What the server says that a commit waits for, and when its session read its settings last: see check_standby.sql. */
struct standby_check {
  bool named;
  usec_t loaded;
};

struct batch {
  uint32_t request_count, item_count, fresh_count, repeat_count, piece_count, seen_count, loaded_count;
  uint32_t weight;    /* events that the items may come to */
  bool ends_with_rule; /* a rule is issued: what is found against it is judged in a later batch, which can look it up */
  uint64_t reviews_until; /* with its reviews all cases are done by this publication (store.reviews_wanted); 0: not yet */
  uint32_t text_used, record_used;
  bool has_publication;
  struct publication publication;
  struct document_report report;
  uint64_t size_before; /* of the log */
  uint64_t cases_after; /* the highest case number */
  struct hash root_after;
  uint64_t epoch;
  struct standby_check before, after; /* its commit, where a standby is to have it too */
  bool committed;                     /* it is, and `after` is awaited */
  uint64_t *touched; /* case numbers changed, ascending, each once */
  uint32_t touched_count;
  uint64_t *loaded; /* case numbers that its probe brought into the book */
  uint32_t *keys; /* index: item number + 1 */
  uint64_t seed;        /* of the index of evidence */
  uint32_t *seen_index; /* number in `seen` + 1 */
  struct seen *seen;
  struct batch_request *requests;
  struct item *items;
  struct recorded *fresh, *repeats;
  struct piece_name *pieces;
  uint8_t *text, *records;
};

struct batch *batch_new(void);
void batch_free(struct batch *batch);
void batch_reset(struct batch *batch);

/* Whether no further request should be taken. */
bool batch_is_full(const struct batch *batch);
/* Whether all of it are findings without evidence: none of them looks at a case that is there, or changes one. */
bool batch_only_opens(const struct batch *batch);
/* Whether what comes after it is judged by something else: another policy, calendar or registry, other keys, a new rule. */
bool batch_moves_ground(const struct batch *batch);
/* Whether the key is one of the batch's. */
bool batch_has_key(const struct batch *batch, const struct uuid *key);

/* How many events the request may come to, with all that can follow from each of its commands: beyond REQUEST_EVENTS_MAX no
 * batch takes it. */
/* Findings or commands in a request that hands some in; 1 for another one. */
size_t batch_items(const Rectify__V1__Request *request);
uint32_t batch_weigh(const Rectify__V1__Request *request);
/* Takes a Submit, Act or Publish of `actor` into the batch; copies all it needs.  False when there is no room for it
 * (the caller says "busy"). */
bool batch_take(struct batch *batch, const struct office *office, const Rectify__V1__Request *request, uint32_t actor,
                const struct route_back *back, const struct uuid *id);

/* Adds a command of the daemon's own, such as the review of a case; only at the end, when all requests are in. */
void batch_add(struct batch *batch, const struct command *command);
/* The same with a text. */
void batch_own(struct batch *batch, const struct command *command, const char *text);
/* Another case of this batch that the same bytes were taken for; 0: none. */
uint64_t batch_seen(const struct batch *batch, const struct hash *sha256, uint64_t case_no);
/* Notes that they were taken for this one. */
void batch_see(struct batch *batch, const struct hash *sha256, uint64_t case_no);

/* A random UUIDv8 for an event that nobody's key causes. */
void batch_random_key(struct uuid *key);

/* Copies bytes into the text buffer; must fit. */
struct stretch batch_keep(struct batch *batch, const void *data, size_t length);

#endif
