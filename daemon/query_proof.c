/* query_proof.c - proofs about any part of the log, and the heads that were signed: for receipts that got lost, for witnesses, for
 * verifiers.  A proof needs tiles: which ones is reckoned from the tree in memory, before the database is asked. */
#include <stdlib.h>
#include <string.h>

#include "daemon/query.h"
#include "daemon/tiles.h"
#include "rectify/must.h"

struct proof_wanted {
  uint64_t log_index, case_no, old_size, size;
  bool of_own;     /* an event of no case for who may not read the whole log: only one of his own */
  bool has_record; /* of an inclusion: it was found, and is of the case, or of the asker */
  uint8_t record[EVENT_BODY_BYTES_MAX];
  size_t record_length;
  struct hash root; /* at `size`, as the head says */
  struct tiles tiles;
};

static bool is_inclusion(const struct proof_wanted *wanted) { return wanted->old_size == 0; }

static bool make(struct proof_wanted *wanted, const struct merkle_source *source, struct merkle_proof *out) {
  if (is_inclusion(wanted)) return merkle_inclusion(source, wanted->log_index, wanted->size, out);
  return merkle_consistency(source, wanted->old_size, wanted->size, out);
}

/* ---- asking ---- */

/* NULL: it can be asked for. */
static const char *check(const struct daemon *daemon, const struct proof_wanted *wanted) {
  if (wanted->size > daemon->committed_size) return "the log is not that large";
  if (wanted->old_size > wanted->size) return "the older log is the larger one";
  if (is_inclusion(wanted) && wanted->log_index >= wanted->size) return "the event is not in a log of that size";
  return NULL;
}

static void ask_tiles(struct query *query, const struct tiles *tiles) {
  static struct pg_array levels, numbers;
  struct pg_params params;
  pg_array_reset(&levels, PG_INT2);
  pg_array_reset(&numbers, PG_INT8);
  for (uint32_t i = 0; i < tiles->wish_count; i++) {
    pg_put_int(&levels, tiles->wishes[i].level);
    pg_put_int(&numbers, (int64_t)tiles->wishes[i].n);
  }
  pg_params_reset(&params);
  pg_param_array(&params, &levels);
  pg_param_array(&params, &numbers);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_TILES_NAMED, &params);
}

static void ask_record(struct query *query, uint64_t log_index) {
  struct pg_params params;
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)log_index);
  pg_param_int4(&params, 1);
  pg_param_bool(&params, false);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_LOG, &params);
}

const char *query_check_proof(const struct daemon *daemon, const Rectify__V1__ProofQuery *asked) {
  struct proof_wanted wanted = {.log_index = asked->log_index, .old_size = asked->old_size, .size = asked->size};
  if (wanted.size == 0) wanted.size = daemon->seal.note_length > 0 ? daemon->seal.size : daemon->committed_size;
  return check(daemon, &wanted);
}

void query_ask_proof(struct query *query, const Rectify__V1__ProofQuery *asked) {
  const struct daemon *daemon = query->daemon;
  struct merkle_proof proof;
  struct proof_wanted *wanted = query->proof = calloc(1, sizeof *wanted);
  must(wanted != NULL);
  wanted->log_index = asked->log_index;
  wanted->case_no = asked->case_no;
  wanted->old_size = asked->old_size;
  wanted->size = asked->size;
  if (wanted->size == 0) wanted->size = daemon->seal.note_length > 0 ? daemon->seal.size : daemon->committed_size;
  tiles_start(&wanted->tiles, &daemon->store.tree);
  const struct merkle_source wishing = tiles_wishing(&wanted->tiles);
  (void)make(wanted, &wishing, &proof);
  wanted->of_own = is_inclusion(wanted) && asked->case_no == 0 && !query_may(daemon, QUERY_LOG, query->actor);
  if (asked->case_no != 0) query_ask_case(query, asked->case_no);
  ask_record(query, is_inclusion(wanted) ? wanted->log_index : INT64_MAX); /* no row */
  ask_tiles(query, &wanted->tiles);
}

/* ---- results ---- */

static void take_record(struct query *query, const PGresult *result) {
  struct proof_wanted *wanted = query->proof;
  static struct event event;
  size_t length;
  if (PQntuples(result) != 1 || (uint64_t)pg_int(result, 0, 0) != wanted->log_index) return;
  const uint8_t *record = pg_bytes(result, 0, 1, &length);
  if (length > sizeof wanted->record || !codec_event_unpack(record, length, &event)) return;
  if (wanted->case_no != 0 && event.case_no != wanted->case_no) return;
  if (wanted->of_own && event.actor != query->actor) return;
  if (event.command == COMMAND_READ && event.actor != query->actor && !query_may(query->daemon, QUERY_LOG, query->actor)) return;
  memcpy(wanted->record, record, length);
  wanted->record_length = length;
  wanted->has_record = true;
}

static void send_proof(struct query *query, const struct merkle_proof *proof) {
  const struct proof_wanted *wanted = query->proof;
  const struct seal *seal = &query->daemon->seal;
  ProtobufCBinaryData hashes[MERKLE_PROOF_MAX];
  struct page page;
  page_begin(query, &page);
  for (uint32_t i = 0; i < proof->count; i++)
    hashes[i] = (ProtobufCBinaryData){HASH_BYTES, (uint8_t *)(uintptr_t)proof->hashes[i].bytes};
  page.page.n_proof = proof->count;
  page.page.proof = hashes;
  page.page.record = (ProtobufCBinaryData){wanted->record_length, (uint8_t *)(uintptr_t)wanted->record};
  page.head.size = wanted->size;
  page.head.root = (ProtobufCBinaryData){HASH_BYTES, (uint8_t *)(uintptr_t)wanted->root.bytes};
  page.head.note = (ProtobufCBinaryData){0, NULL};
  if (seal->note_length > 0 && seal->size == wanted->size)
    page.head.note = (ProtobufCBinaryData){seal->note_length, (uint8_t *)(uintptr_t)seal->note};
  page_finish(query, &page);
}

/* The root at any size up to now, from the same tiles: what a proof is checked against must not be taken from elsewhere. */
static bool find_root(struct proof_wanted *wanted, const struct daemon *daemon) {
  if (wanted->size == daemon->committed_size) wanted->root = daemon->committed_root;
  else if (daemon->seal.note_length > 0 && wanted->size == daemon->seal.size) wanted->root = daemon->seal.root;
  else memset(&wanted->root, 0, sizeof wanted->root); /* of an older head: the asker holds it */
  return true;
}

/* Records come first, then tiles. */
void page_of_proof(struct query *query, const PGresult *result) {
  struct proof_wanted *wanted = query->proof;
  struct merkle_proof proof;
  if (!query->record_came) {
    query->record_came = true;
    take_record(query, result);
    return;
  }
  for (int row = 0; row < PQntuples(result); row++) {
    size_t length;
    const uint8_t *hashes = pg_bytes(result, row, 2, &length);
    (void)tiles_take(&wanted->tiles, (uint32_t)pg_int(result, row, 0), (uint64_t)pg_int(result, row, 1), hashes, length);
  }
  const struct merkle_source source = tiles_source(&wanted->tiles);
  query->may_see = (query->may_see || wanted->of_own) && (wanted->has_record || !is_inclusion(wanted));
  query->needs_case |= wanted->of_own;
  if (query->needs_case && !query->may_see) return; /* told at the end: no such event of that case, or of his */
  if (!make(wanted, &source, &proof) || !find_root(wanted, query->daemon)) return; /* a tile is on its way: try again */
  send_proof(query, &proof);
}

/* ---- signed heads ---- */

void query_ask_checkpoints(struct query *query, const Rectify__V1__CheckpointQuery *asked, bool has_cursor) {
  struct pg_params params;
  const int64_t from = has_cursor && query->cursor.first < INT64_MAX ? query->cursor.first + 1 : (int64_t)asked->from_size;
  pg_params_reset(&params);
  pg_param_int8(&params, from);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_CHECKPOINTS, &params);
}

void page_of_checkpoints(struct query *query, const PGresult *result) {
  static ProtobufCBinaryData notes[WIRE_PAGE_MAX];
  struct page page;
  page_begin(query, &page);
  const int count = PQntuples(result);
  int used = 0;
  for (; used < count && page.bytes < WIRE_PAGE_BYTES_MAX; used++) {
    notes[used] = page_field(result, used, 1);
    page.bytes += notes[used].len;
  }
  if (used > 0 && (used < count || (uint32_t)count == query->limit)) page_set_cursor(&page, pg_int(result, used - 1, 0), 0);
  page.page.n_checkpoints = (size_t)used;
  page.page.checkpoints = notes;
  page_finish(query, &page);
}
