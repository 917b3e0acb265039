/* load.c - fills the tables of a database that no daemon serves with cases that were played through the daemon's own deciding,
 * packing and hashing, and writes the rows of its commit by binary COPY.  It includes commit.c, whose rows are its own affair.
 *
 *   load CONNINFO CASES EVENTS TEXTS AT SPREAD
 *
 * CASES findings, each with EVENTS events: handed in, signed for, then remarks; EVENTS 1: handed in only.  Every TEXTS-th finding has
 * a text of twenty characters, the others one of two.  AT, seconds since 1970: when the last one was handed in; the first one SPREAD
 * seconds before.  What follows by the policy in force (a rule asked for, an order) comes on top.  The head of the log goes on from
 * where it stands, and so do the numbers of cases.  What recurs is counted within a wave of WAVE findings only.
 *
 * Prints one line: cases, events, seconds.  Called by bench/scale.sh, which takes the indexes away and puts them back.
 */
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/lib/made.h"
#include "bench/lib/measure.h"
#include "daemon/commit.c"

#define WAVE 400
#define FLUSH_BYTES (1 << 20)
#define ARRAY_HEADER_BYTES 20 /* of an array of one dimension, on the wire */

/* ---- COPY of what commit.c has put into its columns ---- */

struct copy {
  const char *table; /* with the columns, in the order of commit.c */
  enum column first, last;
  PGconn *connection;
  char *buffer;
  size_t used, room;
};

static struct copy copies[] = {
    {.table = "event (case_no, version, key, command, rule, actor, recorded, record, log_index)", .first = C_e_case, .last = C_e_record},
    {.table = "private (log_index, salt, body)", .first = C_x_index, .last = C_x_body},
    {.table = "finding (case_no, id, log_index, team, unit, kind, severity, found_on, unit_code, parent_code, code, category, inspection)",
     .first = C_f_case, .last = C_f_inspection},
    {.table = "case_ (case_no, version, status, track, light, unit, handler, verifier, accountable, team, opened_at, due_at, "
              "due_clock, first_due_at, next_fire_at, closed_at, state, flags, parent, finding_of)", .first = C_c_case, .last = C_c_finding_of},
    {.table = "notice (id, case_no, kind, copy, recipient, officer, created, instead_of, digest)", .first = C_n_id, .last = C_n_digest},
    {.table = "tile (level, n, hashes)", .first = C_t_level, .last = C_t_hashes},
    {.table = "supervision_order (year, serial, case_no, log_index)", .first = C_o_year, .last = C_o_index},
};
#define COPY_COUNT (sizeof copies / sizeof copies[0])

static void copy_put(struct copy *copy, const void *data, size_t length) {
  if (copy->used + length > copy->room) {
    copy->room = 2 * (copy->used + length);
    copy->buffer = realloc(copy->buffer, copy->room);
    must(copy->buffer != NULL);
  }
  memcpy(copy->buffer + copy->used, data, length);
  copy->used += length;
}

static void copy_open(struct copy *copy, const char *conninfo) {
  static const uint8_t head[19] = "PGCOPY\n\377\r\n";
  char sql[512];
  copy->connection = database_open(conninfo);
  (void)snprintf(sql, sizeof sql, "COPY rectify.%s FROM STDIN (FORMAT binary)", copy->table);
  PQclear(database_query(copy->connection, sql, PGRES_COPY_IN));
  copy_put(copy, head, sizeof head);
}

static void copy_flush(struct copy *copy) {
  if (PQputCopyData(copy->connection, copy->buffer, (int)copy->used) != 1) fail(copy->table, PQerrorMessage(copy->connection));
  copy->used = 0;
}

static void copy_close(struct copy *copy) {
  copy_put(copy, "\377\377", 2);
  copy_flush(copy);
  if (PQputCopyEnd(copy->connection, NULL) != 1) fail(copy->table, PQerrorMessage(copy->connection));
  PGresult *result = PQgetResult(copy->connection);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(copy->table, PQerrorMessage(copy->connection));
  PQclear(result);
  PQfinish(copy->connection);
  free(copy->buffer);
}

/* The element of an array at `*at`, length and bytes as a row of COPY has them, too; goes on behind it. */
static void copy_element(struct copy *copy, const struct pg_array *array, size_t *at) {
  uint32_t wire;
  memcpy(&wire, array->data + *at, sizeof wire);
  const int32_t length = (int32_t)be32toh(wire);
  const size_t bytes = sizeof wire + (length > 0 ? (size_t)length : 0);
  copy_put(copy, array->data + *at, bytes);
  *at += bytes;
}

/* The rows of its columns; of an event also where in the log it is, which the database counts by itself otherwise. */
static void copy_rows(struct copy *copy, const struct batch *batch) {
  size_t at[COLUMN_COUNT];
  const bool numbered = copy->first == C_e_case;
  const uint16_t width = htobe16((uint16_t)(copy->last - copy->first + 1 + (numbered ? 1 : 0)));
  for (uint32_t i = copy->first; i <= copy->last; i++) at[i] = ARRAY_HEADER_BYTES;
  for (uint32_t row = 0; row < columns[copy->first].count; row++) {
    copy_put(copy, &width, sizeof width);
    for (uint32_t i = copy->first; i <= copy->last; i++) copy_element(copy, &columns[i], &at[i]);
    if (numbered) {
      const uint32_t length = htobe32(sizeof(uint64_t));
      const uint64_t log_index = htobe64(batch->fresh[row].log_index);
      copy_put(copy, &length, sizeof length);
      copy_put(copy, &log_index, sizeof log_index);
    }
  }
  if (copy->used >= FLUSH_BYTES) copy_flush(copy);
}

static void columns_reset(void) {
  for (int i = 0; i < COLUMN_COUNT; i++) pg_array_reset(&columns[i], column_types[i]);
}

/* ---- what the database has: as store.c ---- */

static void read_documents(PGconn *connection, struct office *office) {
  PGresult *result = database_query(connection, "SELECT kind, file_name, body FROM rectify.document ORDER BY kind DESC, version", PGRES_TUPLES_OK);
  for (int line = 0; line < PQntuples(result); line++) {
    struct document_report report = {0};
    struct publication publication;
    if (!world_parse(office, (uint32_t)pg_int(result, line, 0), true, PQgetvalue(result, line, 1), PQgetvalue(result, line, 2),
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
    PGresult *result = database_query(connection, sql, PGRES_TUPLES_OK);
    for (int line = 0; line < PQntuples(result); line++) {
      size_t length;
      const uint8_t *hashes = pg_bytes(result, line, 0, &length);
      must(tree_load_tile(tree, level, hashes, length));
    }
    PQclear(result);
  }
  must(tree_is_whole(tree) && tree_is_true(tree));
}

static void read_head(PGconn *connection, struct store *store) {
  PGresult *result = database_query(connection,
                           "SELECT h.size, h.frontier, h.tail, h.cases, h.system_events, coalesce(o.year, 0), coalesce(o.serial, 0) "
                           "FROM rectify.head AS h LEFT JOIN (SELECT year, serial FROM rectify.supervision_order "
                           "ORDER BY year DESC, serial DESC LIMIT 1) AS o ON true", PGRES_TUPLES_OK);
  size_t frontier_bytes, tail_bytes;
  const uint8_t *frontier = pg_bytes(result, 0, 1, &frontier_bytes), *tail = pg_bytes(result, 0, 2, &tail_bytes);
  must(PQntuples(result) == 1 && tree_load(&store->tree, (uint64_t)pg_int(result, 0, 0), frontier, frontier_bytes, tail, tail_bytes));
  store->cases = (uint64_t)pg_int(result, 0, 3);
  store->system_events = (uint32_t)pg_int(result, 0, 4);
  store->order_year = (uint32_t)pg_int(result, 0, 5);
  store->order_serial = (uint32_t)pg_int(result, 0, 6);
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
  PQclear(database_query(connection, sql, PGRES_COMMAND_OK));
  free(sql);
}

/* ---- the history ---- */

static struct made_cases made;
static uint64_t events;

/* Cases are written once, when their wave is over: COPY puts no row in place of another. */
static void record(struct daemon *daemon) {
  struct batch *batch = daemon->next;
  batch_decide(daemon, batch, false);
  for (uint32_t i = 0; i < batch->fresh_count; i++)
    if (rule_refuses(batch->fresh[i].event.rule)) fail("play", "a command was refused");
  columns_reset();
  put_rows(daemon, batch);
  for (size_t i = 0; i < COPY_COUNT; i++)
    if (copies[i].first != C_c_case) copy_rows(&copies[i], batch);
  tree_written(&daemon->store.tree);
  events += batch->fresh_count;
  batch_reset(batch);
}

static void record_cases(struct daemon *daemon) {
  uint32_t cursor = 0;
  columns_reset();
  for (const struct case_state *state; (state = book_walk(daemon->store.book, &cursor)) != NULL;) put_case(state);
  for (size_t i = 0; i < COPY_COUNT; i++) copy_rows(&copies[i], daemon->next);
  book_clear(daemon->store.book);
}

static void make_key(struct uuid *key) { made_key(&made, clock_now(), key->bytes); }

static void submit(struct daemon *daemon, uint32_t count, uint32_t texts) {
  static struct made_finding findings[WAVE];
  static Rectify__V1__Finding *pointers[WAVE];
  static uint64_t nth;
  Rectify__V1__Submit submit;
  const struct route_back nobody = {0};
  const struct uuid id = {0};
  for (uint32_t i = 0; i < count; i++) {
    struct uuid key;
    make_key(&key);
    made_fill(&made, &findings[i], key.bytes, (int32_t)(clock_now() / (24 * USEC_PER_HOUR)) - 1);
    made_words(&made, &findings[i], nth++ % texts == 0 ? 60 : 6);
    pointers[i] = &findings[i].finding;
  }
  Rectify__V1__Request request = made_request(&submit, pointers, count);
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
  submit(daemon, count, texts);
  if (each > 1) act(daemon, first, COMMAND_SIGN_FOR);
  for (uint32_t i = 2; i < each; i++) act(daemon, first, COMMAND_COMMENT);
  record_cases(daemon);
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
  const int64_t began = now_nsec();
  PGconn *connection = database_open(argv[1]);
  daemon.arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
  daemon.store.office = world_new();
  daemon.store.book = book_new();
  daemon.store.recent = recent_new(RECENT_KEYS_MAX);
  daemon.quotas = quotas_new(UINT32_MAX);
  daemon.next = batch_new();
  read_documents(connection, daemon.store.office);
  read_head(connection, &daemon.store);
  const uint64_t cases = daemon.store.cases;
  made_begin(&made, cases);
  for (size_t i = 0; i < COPY_COUNT; i++) copy_open(&copies[i], argv[1]);
  play(&daemon, strtoull(argv[2], NULL, 10), (uint32_t)atol(argv[3]), (uint32_t)atol(argv[4]), atol(argv[5]) * USEC_PER_SECOND,
       atol(argv[6]) * USEC_PER_SECOND);
  for (size_t i = 0; i < COPY_COUNT; i++) copy_close(&copies[i]);
  write_head(connection, &daemon.store);
  printf("%lu %lu %.1f\n", daemon.store.cases - cases, events, (double)(now_nsec() - began) / 1e9);
  PQfinish(connection);
  batch_free(daemon.next);
  book_free(daemon.store.book);
  recent_free(daemon.store.recent);
  world_free(daemon.store.office);
  codec_arena_free(daemon.arena);
  quotas_free(daemon.quotas);
  commit_free();
  return 0;
}
