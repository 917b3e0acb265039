/* batch.h - what is decided and committed together: requests, their items, the events they caused.
 *
 * A batch goes round: gather (requests come in) -> next (sealed; the database is probed) -> fly (committing) -> answered
 * and reset.  There are three of them, see pipeline.c.  Everything lives in the batch's own bounded buffers.
 */
#ifndef RECTIFY_BATCH_H
#define RECTIFY_BATCH_H

#include "daemon/keys.h"
#include "daemon/router.h"
#include "daemon/tree.h"
#include "daemon/world.h"
#include "proto/codec.h"

#define BATCH_ITEMS_MAX (BATCH_EVENTS_MAX + WIRE_SUBMIT_MAX) /* a request that fits in part is taken whole */
#define BATCH_FRESH_MAX (BATCH_ITEMS_MAX + BATCH_EVENTS_MAX) /* items and rungs */
#define BATCH_KEYS 4096                                      /* slots of the key index; power of two > 2 * items */
#define ITEM_NONE UINT32_MAX

enum item_outcome { ITEM_PENDING, ITEM_FRESH, ITEM_REPEATED, ITEM_FAILED };

/* A stretch of the batch's text buffer. */
struct stretch {
  uint32_t at, length;
};

struct piece_name { /* of a piece of evidence */
  struct stretch name;
  uint64_t size;
};

struct item {
  uint32_t request;
  struct command command;
  struct finding finding; /* SUBMIT */
  struct stretch text;    /* free text; for PUBLISH the document */
  struct stretch file_name;
  uint8_t salt[SALT_BYTES];
  uint32_t piece_first; /* names of command.evidence, in batch.pieces */
  uint64_t problem_hash, kind_hash; /* of the recurrence keys, to find earlier ones in the same batch */
  struct key key;       /* KEY_REGISTER, KEY_REVOKE */
  uint32_t document;    /* PUBLISH: enum document_kind */
  enum item_outcome outcome;
  uint32_t recorded; /* index into batch.fresh or batch.repeats */
  uint16_t failure;  /* enum failure */
  const char *failure_text; /* static, or batch.report */
};

struct recorded {
  struct event event;
  uint64_t log_index;
  uint32_t item; /* ITEM_NONE: a rung */
  struct stretch record; /* in batch.records */
};

struct batch_request {
  struct route_back back;
  struct uuid id;
  uint32_t item_first, item_count;
};

struct batch {
  uint32_t request_count, item_count, fresh_count, repeat_count, piece_count;
  uint32_t text_used, record_used;
  bool has_publication;
  struct publication publication;
  struct document_report report;
  uint64_t size_before; /* of the log */
  struct hash root_after;
  uint64_t epoch;
  uint64_t *touched; /* case numbers changed, ascending, each once */
  uint32_t touched_count;
  uint32_t *keys; /* index: item number + 1 */
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
/* Whether the key is one of the batch's. */
bool batch_has_key(const struct batch *batch, const struct uuid *key);

/* Takes a Submit, Act or Publish of `actor` into the batch; copies all it needs.  False when there is no room for it
 * (the caller says "busy"). */
bool batch_take(struct batch *batch, const struct office *office, const Rectify__V1__Request *request, uint32_t actor,
                const struct route_back *back, const struct uuid *id);

/* Copies bytes into the text buffer; must fit. */
struct stretch batch_keep(struct batch *batch, const void *data, size_t length);

#endif
