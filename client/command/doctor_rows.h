/* doctor_rows.h - what the tables must hold, reckoned from the records: for `doctor`.
 *
 * Each row that follows from a record is one line of fields with tabs between, as daemon/sql/query_log.sql and its like write it
 * from the tables.  What stands in no record is not compared: names and sizes of evidence, digests of notices, the unit above
 * the one reported.
 */
#ifndef RECTIFY_DOCTOR_ROWS_H
#define RECTIFY_DOCTOR_ROWS_H

#include "client/command/command.h"

#define ROWS_BYTES_MAX (16 * 1024)

struct row_counts {
  uint64_t finding, notice, evidence, order, rule, document;
};

/* The lines of an event; `after` is its case as folded with it, or NULL.  `out` has ROWS_BYTES_MAX bytes.  Counts them. */
void rows_of_event(const struct event *event, const struct case_state *after, char *out, struct row_counts *counts);

/* The tiles of the log, as they fill up: the hash of each one. */
struct tile_sums;
struct tile_sums *tile_sums_new(void);
void tile_sums_free(struct tile_sums *sums); /* NULL is fine */
void tile_sums_add(struct tile_sums *sums, const struct hash *leaf);
uint64_t tile_sums_count(const struct tile_sums *sums);
/* The line of a tile; false: it is not full. */
bool tile_sums_line(const struct tile_sums *sums, uint32_t level, uint64_t n, char out[160]);
/* SHA-256 over the leaves that are in no full tile. */
void tile_sums_tail(const struct tile_sums *sums, uint8_t out[HASH_BYTES]);

/* Clients' keys, as the log's events leave them. */
struct key_sums;
struct key_sums *key_sums_new(void);
void key_sums_free(struct key_sums *sums); /* NULL is fine */
void key_sums_add(struct key_sums *sums, const struct event *event, uint64_t log_index);
/* The next line in the order of the log; false: there is none. */
bool key_sums_next(struct key_sums *sums, char out[256]);

#endif
