/* load.c - fills the tables of a database that no daemon serves with cases that were played through the daemon's own deciding,
 * packing and hashing, and writes what commit.c would have written, by binary COPY.
 *
 *   load CONNINFO CASES EVENTS TEXTS AT SPREAD
 *
 * CASES findings, each with EVENTS events: handed in, signed for, then remarks; EVENTS 1: handed in only.  Every TEXTS-th finding has
 * a text of twenty characters, the others one of two.  AT, seconds since 1970: when the last one was handed in; the first one SPREAD seconds before.  What follows by
 * the policy in force (a rule asked for, an order) comes on top.  The head of the log goes on from where it stands, and so do
 * the numbers of cases.  What recurs is counted within a wave of WAVE findings only.
 *
 * Prints one line: cases, events, seconds.  Called by bench/scale.sh, which takes the indexes away and puts them back.
 */
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/lib/made.h"
#include "daemon/daemon.h"
#include "rectify/must.h"

#define WAVE 400
#define FLUSH_BYTES (1 << 20)
#define ROW_BYTES_MAX (32 * 1024) /* the largest row: an event, a text, a tile */
#define PG_EPOCH_USEC (INT64_C(946684800) * USEC_PER_SECOND)
#define PG_EPOCH_DAY 10957

static _Noreturn void fail(const char *what, const char *why) {
  fprintf(stderr, "load: %s: %s\n", what, why);
  exit(1);
}

/* ---- COPY ---- */

enum table { EVENT, PRIVATE, FINDING, CASE, NOTICE, TILE, ORDER, TABLE_COUNT };

struct copy {
  const char *columns;
  int count;
  PGconn *connection;
  uint8_t *buffer;
  size_t used;
};

static struct copy copies[TABLE_COUNT] = {
    [EVENT] = {.columns = "event (log_index, case_no, version, key, command, rule, actor, recorded, record)", .count = 9},
    [PRIVATE] = {.columns = "private (log_index, salt, body)", .count = 3},
    [FINDING] = {.columns = "finding (case_no, id, log_index, team, unit, kind, severity, found_on, unit_code, parent_code, code, "
                            "category, inspection)", .count = 13},
    [CASE] = {.columns = "case_ (case_no, version, status, track, light, unit, handler, verifier, accountable, team, opened_at, due_at, "
                         "due_clock, first_due_at, next_fire_at, closed_at, state, flags, parent, finding_of)", .count = 20},
    [NOTICE] = {.columns = "notice (id, case_no, kind, copy, recipient, officer, created, instead_of, digest)", .count = 9},
    [TILE] = {.columns = "tile (level, n, hashes)", .count = 3},
    [ORDER] = {.columns = "supervision_order (year, serial, case_no, log_index)", .count = 4},
};

static PGconn *open_connection(const char *conninfo) {
  PGconn *connection = PQconnectdb(conninfo);
  if (PQstatus(connection) != CONNECTION_OK) fail(conninfo, PQerrorMessage(connection));
  return connection;
}

static PGresult *query(PGconn *connection, const char *sql, ExecStatusType wanted) {
  PGresult *result = PQexecParams(connection, sql, 0, NULL, NULL, NULL, NULL, 1);
  if (PQresultStatus(result) != wanted) fail(sql, PQerrorMessage(connection));
  return result;
}

static void put_bytes_of(struct copy *copy, const void *data, size_t length) {
  memcpy(copy->buffer + copy->used, data, length);
  copy->used += length;
}

static void copy_open(struct copy *copy, const char *conninfo) {
  static const uint8_t head[19] = "PGCOPY\n\377\r\n";
  char sql[512];
  copy->connection = open_connection(conninfo);
  copy->buffer = malloc(FLUSH_BYTES + ROW_BYTES_MAX);
  must(copy->buffer != NULL);
  (void)snprintf(sql, sizeof sql, "COPY rectify.%s FROM STDIN (FORMAT binary)", copy->columns);
  PQclear(query(copy->connection, sql, PGRES_COPY_IN));
  put_bytes_of(copy, head, sizeof head);
}

static void copy_flush(struct copy *copy) {
  if (PQputCopyData(copy->connection, (const char *)copy->buffer, (int)copy->used) != 1)
    fail(copy->columns, PQerrorMessage(copy->connection));
  copy->used = 0;
}

static void copy_close(struct copy *copy) {
  put_bytes_of(copy, "\377\377", 2);
  copy_flush(copy);
  if (PQputCopyEnd(copy->connection, NULL) != 1) fail(copy->columns, PQerrorMessage(copy->connection));
  PGresult *result = PQgetResult(copy->connection);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(copy->columns, PQerrorMessage(copy->connection));
  PQclear(result);
  PQfinish(copy->connection);
  free(copy->buffer);
}

static struct copy *row(enum table table) {
  struct copy *copy = &copies[table];
  if (copy->used >= FLUSH_BYTES) copy_flush(copy);
  const uint16_t count = htobe16((uint16_t)copy->count);
  put_bytes_of(copy, &count, sizeof count);
  return copy;
}

static void put_length(struct copy *copy, int32_t length) {
  const uint32_t big = htobe32((uint32_t)length);
  put_bytes_of(copy, &big, sizeof big);
}

static void put(struct copy *copy, int bytes, int64_t value) {
  const uint64_t big = htobe64((uint64_t)value);
  put_length(copy, bytes);
  put_bytes_of(copy, (const uint8_t *)&big + 8 - bytes, (size_t)bytes);
}
static void put1(struct copy *copy, bool value) { put(copy, 1, value); }
static void put2(struct copy *copy, int64_t value) { put(copy, 2, value); }
static void put4(struct copy *copy, int64_t value) { put(copy, 4, value); }
static void put8(struct copy *copy, int64_t value) { put(copy, 8, value); }
static void put_blob(struct copy *copy, const void *data, size_t length) {
  put_length(copy, (int32_t)length);
  put_bytes_of(copy, data, length);
}
static void put_text(struct copy *copy, const char *text) { put_blob(copy, text, strlen(text)); }
static void put_instant(struct copy *copy, usec_t instant) {
  if (instant == 0 || instant == INSTANT_NONE) put_length(copy, -1);
  else put8(copy, instant - PG_EPOCH_USEC);
}

/* ---- the rows: as commit.c ---- */

static void put_event(const struct batch *batch, const struct recorded *recorded) {
  const struct event *event = &recorded->event;
  struct copy *copy = row(EVENT);
  put8(copy, (int64_t)recorded->log_index);
  put8(copy, (int64_t)event->case_no);
  put4(copy, event->version);
  put_blob(copy, event->key.bytes, WIRE_ID_BYTES);
  put2(copy, event->command);
  put2(copy, event->rule);
  put4(copy, event->actor);
  put_instant(copy, event->recorded);
  put_blob(copy, batch->records + recorded->record.at, recorded->record.length);
}

static void put_notices(const struct recorded *recorded) {
  const struct event *event = &recorded->event;
  for (uint32_t i = 0; i < event->notice_count; i++) {
    struct copy *copy = row(NOTICE);
    put8(copy, (int64_t)(recorded->log_index * 16 + i));
    put8(copy, (int64_t)event->case_no);
    put2(copy, event->notices[i].kind);
    put1(copy, event->notices[i].copy);
    put2(copy, event->notices[i].recipient);
    put4(copy, event->notices[i].officer);
    put_instant(copy, event->recorded);
    put4(copy, event->notices[i].instead_of);
    put8(copy, (int64_t)recorded->digest);
  }
}

static void put_order(const struct recorded *recorded) {
  if (recorded->event.order_serial == 0) return;
  struct copy *copy = row(ORDER);
  put4(copy, recorded->event.order_year);
  put4(copy, recorded->event.order_serial);
  put8(copy, (int64_t)recorded->event.case_no);
  put8(copy, (int64_t)recorded->log_index);
}

static void put_private(const struct batch *batch, const struct item *item, uint64_t log_index) {
  if (item->text.length == 0) return;
  struct copy *copy = row(PRIVATE);
  put8(copy, (int64_t)log_index);
  put_blob(copy, item->salt, SALT_BYTES);
  put_blob(copy, batch->text + item->text.at, item->text.length);
}

static void put_finding(const struct registry *registry, const struct item *item, const struct recorded *recorded) {
  const struct finding *finding = &item->finding;
  struct copy *copy = row(FINDING);
  put8(copy, (int64_t)recorded->event.case_no);
  put_blob(copy, finding->id.bytes, WIRE_ID_BYTES);
  put8(copy, (int64_t)recorded->log_index);
  put4(copy, finding->team);
  put4(copy, finding->unit);
  put2(copy, finding->kind);
  put2(copy, finding->severity);
  put4(copy, finding->found_on - PG_EPOCH_DAY);
  put_text(copy, finding->unit_code);
  put_text(copy, registry->units[registry->units[finding->unit].parent].code);
  put_text(copy, finding->code);
  put_text(copy, finding->category);
  put_text(copy, finding->inspection);
}

static void put_case(const struct case_state *state) {
  uint8_t packed[STATE_BODY_BYTES_MAX];
  uint32_t clock;
  struct copy *copy = row(CASE);
  const usec_t due = case_due(state, &clock);
  put8(copy, (int64_t)state->case_no);
  put4(copy, state->version);
  put2(copy, state->status);
  put2(copy, state->track);
  put2(copy, state->light);
  put4(copy, state->unit);
  put4(copy, state->handler);
  put4(copy, state->verifier);
  put4(copy, state->accountable);
  put4(copy, state->team);
  put_instant(copy, state->opened);
  put_instant(copy, due);
  put2(copy, clock);
  put_instant(copy, state->first_due);
  put_instant(copy, case_next_fire(state, NULL));
  put_instant(copy, state->closed);
  put_blob(copy, packed, codec_state_pack(state, packed));
  put4(copy, state->flags);
  put8(copy, (int64_t)state->parent);
  put8(copy, (int64_t)state->finding_of);
}

static void put_tiles(struct tree *tree) {
  for (uint32_t i = 0; i < tree->full_count; i++) {
    struct copy *copy = row(TILE);
    put2(copy, tree->full[i].level);
    put8(copy, (int64_t)tree->full[i].n);
    put_blob(copy, tree->full[i].hashes, sizeof tree->full[i].hashes);
  }
  tree_written(tree);
}

static void put_batch(struct daemon *daemon, const struct batch *batch) {
  put_tiles(&daemon->store.tree);
  for (uint32_t i = 0; i < batch->fresh_count; i++) {
    const struct recorded *recorded = &batch->fresh[i];
    if (rule_refuses(recorded->event.rule)) fail("play", "a command was refused");
    put_event(batch, recorded);
    put_notices(recorded);
    put_order(recorded);
    if (recorded->item == ITEM_NONE) continue;
    put_private(batch, &batch->items[recorded->item], recorded->log_index);
    if (recorded->event.has_finding) put_finding(daemon->store.office->registry, &batch->items[recorded->item], recorded);
  }
}

/* ---- what the database has: as store.c ---- */

static uint64_t big(const PGresult *result, int line, int column) {
  uint64_t value = 0;
  for (int i = 0; i < PQgetlength(result, line, column); i++)
    value = value << 8 | (uint8_t)PQgetvalue(result, line, column)[i];
  return value;
}

static const uint8_t *blob(const PGresult *result, int line, int column, size_t *length) {
  *length = (size_t)PQgetlength(result, line, column);
  return (const uint8_t *)PQgetvalue(result, line, column);
}

static void read_documents(PGconn *connection, struct office *office) {
  PGresult *result = query(connection, "SELECT kind, file_name, body FROM rectify.document ORDER BY kind DESC, version", PGRES_TUPLES_OK);
  for (int line = 0; line < PQntuples(result); line++) {
    struct document_report report = {0};
    struct publication publication;
    if (!world_parse(office, (uint32_t)big(result, line, 0), true, PQgetvalue(result, line, 1), PQgetvalue(result, line, 2),
                     (size_t)PQgetlength(result, line, 2), &publication, &report))
      fail(PQgetvalue(result, line, 1), report.text);
    world_adopt(office, &publication);
    document_report_free(&report);
  }
  PQclear(result);
}

static void read_tiles(PGconn *connection, struct tree *tree) {
  for (uint32_t level = 0; level + 1 < TREE_LEVELS; level++) {
    char sql[160];
    (void)snprintf(sql, sizeof sql, "SELECT hashes FROM rectify.tile WHERE level = %u AND n >= %lu ORDER BY n", level,
                   tree_first_tile(tree, level));
    PGresult *result = query(connection, sql, PGRES_TUPLES_OK);
    for (int line = 0; line < PQntuples(result); line++) {
      size_t length;
      const uint8_t *hashes = blob(result, line, 0, &length);
      must(tree_load_tile(tree, level, hashes, length));
    }
    PQclear(result);
  }
  must(tree_is_whole(tree) && tree_is_true(tree));
}

static void read_head(PGconn *connection, struct store *store) {
  PGresult *result = query(connection,
                           "SELECT h.size, h.frontier, h.tail, h.cases, h.system_events, coalesce(o.year, 0), coalesce(o.serial, 0) "
                           "FROM rectify.head AS h LEFT JOIN (SELECT year, serial FROM rectify.supervision_order "
                           "ORDER BY year DESC, serial DESC LIMIT 1) AS o ON true", PGRES_TUPLES_OK);
  size_t frontier_bytes, tail_bytes;
  const uint8_t *frontier = blob(result, 0, 1, &frontier_bytes), *tail = blob(result, 0, 2, &tail_bytes);
  must(PQntuples(result) == 1 && tree_load(&store->tree, big(result, 0, 0), frontier, frontier_bytes, tail, tail_bytes));
  store->cases = big(result, 0, 3);
  store->system_events = (uint32_t)big(result, 0, 4);
  store->order_year = (uint32_t)big(result, 0, 5);
  store->order_serial = (uint32_t)big(result, 0, 6);
  PQclear(result);
  read_tiles(connection, &store->tree);
}

static void write_head(PGconn *connection, const struct store *store) {
  struct hash root;
  char *sql = malloc(4096 + 2 * sizeof store->tree.open[0]), *at = sql;
  must(sql != NULL);
  tree_root(&store->tree, &root);
  const struct {
    const char *name;
    const void *data;
    size_t length;
  } parts[] = {{"root", root.bytes, HASH_BYTES},
               {"frontier", store->tree.merkle.frontier, store->tree.merkle.count * HASH_BYTES},
               {"tail", store->tree.open[0], store->tree.open_count[0] * HASH_BYTES}};
  at += sprintf(at, "UPDATE rectify.head SET size = %lu, cases = %lu, clock = greatest(clock, to_timestamp(%ld))", store->tree.merkle.size,
                store->cases, clock_now() / USEC_PER_SECOND + 1);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    at += sprintf(at, ", %s = '\\x", parts[i].name);
    for (size_t byte = 0; byte < parts[i].length; byte++) at += sprintf(at, "%02x", ((const uint8_t *)parts[i].data)[byte]);
    *at++ = '\'';
  }
  *at = '\0';
  PQclear(query(connection, sql, PGRES_COMMAND_OK));
  free(sql);
}

/* ---- the history ---- */

static struct made_cases made;
static uint64_t events;

static void record(struct daemon *daemon) {
  batch_decide(daemon, daemon->next, false);
  put_batch(daemon, daemon->next);
  events += daemon->next->fresh_count;
  batch_reset(daemon->next);
}

static void make_key(struct uuid *key) { made_key(&made, clock_now(), key->bytes); }

static void submit(struct daemon *daemon, uint32_t count, uint32_t texts) {
  static struct made_finding findings[WAVE];
  static Rectify__V1__Finding *pointers[WAVE];
  static uint64_t nth;
  Rectify__V1__Submit submit = RECTIFY__V1__SUBMIT__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  const struct route_back nobody = {0};
  const struct uuid id = {0};
  for (uint32_t i = 0; i < count; i++) {
    struct uuid key;
    make_key(&key);
    made_fill(&made, &findings[i], key.bytes, (int32_t)(clock_now() / (24 * USEC_PER_HOUR)) - 1);
    made_words(&made, &findings[i], nth++ % texts == 0 ? 60 : 6);
    pointers[i] = &findings[i].finding;
  }
  submit.n_findings = count;
  submit.findings = pointers;
  request.body_case = RECTIFY__V1__REQUEST__BODY_SUBMIT;
  request.submit = &submit;
  const uint32_t inspector = registry_officer_by_code(daemon->store.office->registry, "inspector", strlen("inspector"));
  must(inspector != 0 && batch_take(daemon->next, daemon->store.office, &request, inspector, &nobody, &id));
  record(daemon);
}

/* By whoever answers for each case of the wave that has a unit. */
static void act(struct daemon *daemon, uint64_t first, uint32_t kind) {
  for (uint64_t case_no = first; case_no <= daemon->store.cases; case_no++) {
    const struct case_state *state = book_find(daemon->store.book, case_no);
    if (state == NULL || (kind == COMMAND_SIGN_FOR && state->status != STATUS_DISPATCHED)) continue;
    struct command command = {.kind = (uint8_t)kind, .case_no = case_no, .actor = state->handler != 0 ? state->handler : state->accountable};
    make_key(&command.key);
    if (kind == COMMAND_COMMENT) batch_own(daemon->next, &command, "已现场查看");
    else batch_add(daemon->next, &command);
    if (daemon->next->item_count == BATCH_EVENTS_MAX) record(daemon);
  }
  if (daemon->next->item_count > 0) record(daemon);
}

static void wave(struct daemon *daemon, uint32_t count, uint32_t each, uint32_t texts) {
  const uint64_t first = daemon->store.cases + 1;
  uint32_t cursor = 0;
  submit(daemon, count, texts);
  if (each > 1) act(daemon, first, COMMAND_SIGN_FOR);
  for (uint32_t i = 2; i < each; i++) act(daemon, first, COMMAND_COMMENT);
  for (const struct case_state *state; (state = book_walk(daemon->store.book, &cursor)) != NULL;) put_case(state);
  book_clear(daemon->store.book);
}

static void play(struct daemon *daemon, uint64_t cases, uint32_t each, uint32_t texts, usec_t at, usec_t spread) {
  clock_set_manual(at - spread);
  for (uint64_t done = 0; done < cases;) {
    const uint32_t count = cases - done < WAVE ? (uint32_t)(cases - done) : WAVE;
    wave(daemon, count, each, texts);
    done += count;
    clock_advance(at - spread + (usec_t)((double)spread * (double)done / (double)cases));
  }
}

int main(int argc, char **argv) {
  static struct daemon daemon;
  if (argc != 7) fail("usage", "see bench/load.c");
  const uint64_t began = (uint64_t)clock_monotonic_msec();
  PGconn *connection = open_connection(argv[1]);
  daemon.arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
  daemon.store.office = world_new();
  daemon.store.book = book_new();
  daemon.quotas = quotas_new(UINT32_MAX);
  daemon.next = batch_new();
  read_documents(connection, daemon.store.office);
  read_head(connection, &daemon.store);
  const uint64_t cases = daemon.store.cases;
  made_begin(&made, cases);
  for (int i = 0; i < TABLE_COUNT; i++) copy_open(&copies[i], argv[1]);
  play(&daemon, strtoull(argv[2], NULL, 10), (uint32_t)atol(argv[3]), (uint32_t)atol(argv[4]), atol(argv[5]) * USEC_PER_SECOND,
       atol(argv[6]) * USEC_PER_SECOND);
  for (int i = 0; i < TABLE_COUNT; i++) copy_close(&copies[i]);
  write_head(connection, &daemon.store);
  printf("%lu %lu %.1f\n", daemon.store.cases - cases, events, (double)((uint64_t)clock_monotonic_msec() - began) / 1000);
  PQfinish(connection);
  batch_free(daemon.next);
  book_free(daemon.store.book);
  world_free(daemon.store.office);
  codec_arena_free(daemon.arena);
  quotas_free(daemon.quotas);
  return 0;
}
