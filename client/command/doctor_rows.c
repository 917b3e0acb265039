#include "client/command/doctor_rows.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/core.h"
#include "rectify/must.h"

/* ---- the rows of an event ---- */

struct lines {
  char *text;
  size_t used;
};

static void line(struct lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(struct lines *lines, const char *format, ...) {
  va_list list;
  va_start(list, format);
  int length = vsnprintf(lines->text + lines->used, ROWS_BYTES_MAX - lines->used, format, list);
  va_end(list);
  must(length >= 0 && lines->used + (size_t)length < ROWS_BYTES_MAX);
  lines->used += (size_t)length;
}

static void put_event(struct lines *lines, const struct event *event) {
  char key[UUID_TEXT_BYTES];
  uuid_text(event->key.bytes, key);
  line(lines, "event\t%llu\t%u\t%s\t%u\t%u\t%u\t%lld\n", (unsigned long long)event->case_no, event->version, key, event->command,
       event->rule, event->actor, (long long)event->recorded);
}

static void put_finding(struct lines *lines, const struct finding *finding) {
  char id[UUID_TEXT_BYTES];
  uuid_text(finding->id.bytes, id);
  line(lines, "finding\t%s\t%u\t%u\t%u\t%u\t%d\t%s\t%s\t%s\t%s\n", id, finding->team, finding->unit, finding->kind, finding->severity,
       finding->found_on, finding->unit_code, finding->code, finding->category, finding->inspection);
}

static void put_notices(struct lines *lines, const struct event *event) {
  for (uint32_t i = 0; i < event->notice_count; i++) {
    const struct notice_out *notice = &event->notices[i];
    line(lines, "notice\t%u\t%llu\t%u\t%d\t%u\t%u\t%lld\t%u\n", i, (unsigned long long)event->case_no, notice->kind, notice->copy,
         notice->recipient, notice->officer, (long long)event->recorded, notice->instead_of);
  }
}

/* What was refused was handed in all the same, but taken for no case. */
static void put_evidence(struct lines *lines, const struct event *event) {
  char hash[2 * HASH_BYTES + 1];
  for (uint32_t i = 0; i < event->evidence_count; i++) {
    hex_text(event->evidence[i].sha256.bytes, HASH_BYTES, hash);
    line(lines, "evidence\t%u\t%llu\t%u\t%s\t%u\n", i, rule_refuses(event->rule) ? 0 : (unsigned long long)event->case_no,
         event->evidence[i].kind, hash, event->evidence[i].measure);
  }
}

static void put_document(struct lines *lines, const struct event *event) {
  char hash[2 * HASH_BYTES + 1];
  hex_text(event->document_sha256.bytes, HASH_BYTES, hash);
  line(lines, "document\t%u\t%u\t%s\t%s\n", event->document, event->document_version, hash, hash);
}

void rows_of_event(const struct event *event, const struct case_state *after, char *out, struct row_counts *counts) {
  struct lines lines = {out, 0};
  const bool has_finding = event->command == COMMAND_SUBMIT && event->has_finding && event->case_no != 0;
  const bool has_rule = event->command == COMMAND_RULE_ISSUE && !rule_refuses(event->rule) && after != NULL;
  put_event(&lines, event);
  if (has_finding) put_finding(&lines, &event->finding);
  put_notices(&lines, event);
  put_evidence(&lines, event);
  if (event->order_serial != 0) line(&lines, "order\t%u\t%u\n", event->order_year, event->order_serial);
  if (has_rule) line(&lines, "rule\t%llu\t%d\t%s\n", (unsigned long long)event->case_no, after->rule_day, event->number);
  if (event->document_version != 0) put_document(&lines, event);
  counts->finding += has_finding;
  counts->notice += event->notice_count;
  counts->evidence += event->evidence_count;
  counts->order += event->order_serial != 0;
  counts->rule += has_rule;
  counts->document += event->document_version != 0;
}

/* ---- tiles ---- */

#define TILE_LEVELS 8 /* of 256 hashes each: 2^64 leaves */

struct tile_level {
  uint32_t open_count;
  struct hash open[TILE_HASHES];
  struct hash *full; /* SHA-256 of each full tile, by number */
  uint64_t full_count, room;
};

struct tile_sums {
  struct tile_level levels[TILE_LEVELS];
};

struct tile_sums *tile_sums_new(void) {
  struct tile_sums *sums = calloc(1, sizeof *sums);
  must(sums != NULL);
  return sums;
}

void tile_sums_free(struct tile_sums *sums) {
  if (sums == NULL) return;
  for (int i = 0; i < TILE_LEVELS; i++) free(sums->levels[i].full);
  free(sums);
}

static void hash_of(const void *data, size_t length, uint8_t out[HASH_BYTES]) { sha256(data, length, out); }

/* Notes the full tile; its root is a hash of the level above. */
static struct hash close_tile(struct tile_level *level) {
  struct merkle merkle = {0};
  struct hash root;
  if (level->full_count == level->room) {
    level->room = level->room == 0 ? 64 : 2 * level->room;
    level->full = reallocarray(level->full, level->room, sizeof *level->full);
    must(level->full != NULL);
  }
  sha256(level->open, sizeof level->open, level->full[level->full_count++].bytes);
  for (int i = 0; i < TILE_HASHES; i++) merkle_append(hash_of, &merkle, &level->open[i]);
  merkle_root(hash_of, &merkle, &root);
  level->open_count = 0;
  return root;
}

void tile_sums_add(struct tile_sums *sums, const struct hash *leaf) {
  struct hash hash = *leaf;
  for (int i = 0; i < TILE_LEVELS; i++) {
    struct tile_level *level = &sums->levels[i];
    level->open[level->open_count++] = hash;
    if (level->open_count < TILE_HASHES) return;
    hash = close_tile(level);
  }
}

uint64_t tile_sums_count(const struct tile_sums *sums) {
  uint64_t count = 0;
  for (int i = 0; i < TILE_LEVELS; i++) count += sums->levels[i].full_count;
  return count;
}

bool tile_sums_line(const struct tile_sums *sums, uint32_t level, uint64_t n, char out[160]) {
  char hash[2 * HASH_BYTES + 1];
  if (level >= TILE_LEVELS || n >= sums->levels[level].full_count) return false;
  hex_text(sums->levels[level].full[n].bytes, HASH_BYTES, hash);
  (void)snprintf(out, 160, "tile\t%u\t%llu\t%s", level, (unsigned long long)n, hash);
  return true;
}

void tile_sums_tail(const struct tile_sums *sums, uint8_t out[HASH_BYTES]) {
  sha256(sums->levels[0].open, sums->levels[0].open_count * HASH_BYTES, out);
}

/* ---- keys ---- */

struct key_sum {
  struct hash key;
  uint64_t log_index;
  uint32_t officer;
  day_t from, until;
  uint32_t kind;
  bool revoked;
};

struct key_sums {
  struct key_sum *keys;
  size_t count, room, at;
  bool sorted;
};

struct key_sums *key_sums_new(void) {
  struct key_sums *sums = calloc(1, sizeof *sums);
  must(sums != NULL);
  return sums;
}

void key_sums_free(struct key_sums *sums) {
  if (sums != NULL) free(sums->keys);
  free(sums);
}

void key_sums_add(struct key_sums *sums, const struct event *event, uint64_t log_index) {
  if (!event->has_key || rule_refuses(event->rule)) return;
  if (sums->count == sums->room) {
    sums->room = sums->room == 0 ? 64 : 2 * sums->room;
    sums->keys = reallocarray(sums->keys, sums->room, sizeof *sums->keys);
    must(sums->keys != NULL);
  }
  sums->keys[sums->count++] = (struct key_sum){.key = event->client_key,
                                               .log_index = log_index,
                                               .officer = event->subject,
                                               .from = event->valid_from,
                                               .until = event->valid_until,
                                               .kind = event->key_kind,
                                               .revoked = event->command == COMMAND_KEY_REVOKE};
  sums->sorted = false;
}

static int by_key(const void *a, const void *b) {
  const struct key_sum *left = a, *right = b;
  const int order = memcmp(left->key.bytes, right->key.bytes, HASH_BYTES);
  if (order != 0) return order;
  return left->log_index < right->log_index ? -1 : 1;
}

static int by_index(const void *a, const void *b) {
  const struct key_sum *left = a, *right = b;
  return left->log_index < right->log_index ? -1 : 1;
}

/* Of each key, what was said of it last. */
static void sort(struct key_sums *sums) {
  size_t kept = 0;
  if (sums->count > 0) qsort(sums->keys, sums->count, sizeof *sums->keys, by_key);
  for (size_t i = 0; i < sums->count; i++) {
    const bool is_last = i + 1 == sums->count || memcmp(sums->keys[i].key.bytes, sums->keys[i + 1].key.bytes, HASH_BYTES) != 0;
    if (is_last) sums->keys[kept++] = sums->keys[i];
  }
  sums->count = kept;
  if (kept > 0) qsort(sums->keys, kept, sizeof *sums->keys, by_index);
  sums->sorted = true;
  sums->at = 0;
}

bool key_sums_next(struct key_sums *sums, char out[256]) {
  char hash[2 * HASH_BYTES + 1];
  if (!sums->sorted) sort(sums);
  if (sums->at == sums->count) return false;
  const struct key_sum *key = &sums->keys[sums->at++];
  hex_text(key->key.bytes, HASH_BYTES, hash);
  (void)snprintf(out, 256, "key\t%llu\t%s\t%u\t%u\t%d\t%d\t%d", (unsigned long long)key->log_index, hash, key->officer,
                 key->kind, key->from, key->until, key->revoked);
  return true;
}
