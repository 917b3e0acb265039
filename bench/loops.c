/* loops.c - the bare half of bench/peers.sh and intake.sh: the rows of findings that rectifyd has recorded, written again by libpq alone.
 *
 *   loops single CONNINFO SCHEMA FIRST LAST MSEC CONNECTIONS TABLES   one finding a commit on each connection
 *   loops unnest CONNINFO SCHEMA FIRST LAST MSEC BATCH TABLES         BATCH findings a commit, one connection
 *   loops copy CONNINFO SCHEMA FIRST LAST MSEC BATCH TABLES           BATCH findings a commit, two connections, COPY BINARY
 *
 * The rows of cases FIRST..LAST are read from schema rectify beforehand and go into the plain tables of SCHEMA, until all are
 * written or MSEC have passed.  TABLES: how many of the tables below get rows.  Prints: findings a second, p50, p99 and largest
 * time of a commit in microseconds, findings written; unnest also the server process's CPU in nanoseconds a finding.
 */
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/lib/measure.h"
#include "rectify/must.h"

#define TABLES 5
#define COLUMNS_MAX 32
#define CONNECTIONS_MAX 64
#define COPIERS 2
#define LIST_BYTES 4096
#define SQL_BYTES (2 * LIST_BYTES)

static void report(int64_t *latencies, size_t commits, int64_t findings, int64_t elapsed) {
  printf("%.0f ", (double)findings * 1e9 / (double)elapsed);
  print_latencies(latencies, commits);
  printf(" %ld", findings);
}

/* ---- what is written, and from where it is read ---- */

#define CASES "BETWEEN current_setting('bench.first')::bigint AND current_setting('bench.last')::bigint"
#define ACCEPTED "rectify.finding AS f WHERE f.case_no " CASES

struct table {
  const char *name, *of_cases; /* of_cases: the rows of the cases of set_cases() */
  const char *case_no;         /* whose a row is */
  int column_count;
  /* What the server makes of its columns for our statements. */
  char list[LIST_BYTES], values[LIST_BYTES], arrays[LIST_BYTES], array_values[LIST_BYTES];
};

/* The first two are what a case management system writes at the least. */
static struct table tables[TABLES] = {
    {.name = "event", .of_cases = "t.case_no " CASES, .case_no = "t.case_no"},
    {.name = "case_", .of_cases = "t.case_no " CASES, .case_no = "t.case_no"},
    {.name = "finding", .of_cases = "t.case_no " CASES, .case_no = "t.case_no"},
    {.name = "private",
     .of_cases = "t.log_index IN (SELECT f.log_index FROM " ACCEPTED ")",
     .case_no = "(SELECT e.case_no FROM rectify.event AS e WHERE e.log_index = t.log_index)"},
    {.name = "notice",
     .of_cases = "t.id BETWEEN (SELECT 16 * min(f.log_index) FROM " ACCEPTED ") AND (SELECT 16 * max(f.log_index) + 15 FROM "
                 ACCEPTED ") AND t.id / 16 IN (SELECT f.log_index FROM " ACCEPTED ")",
     .case_no = "(SELECT e.case_no FROM rectify.event AS e WHERE e.log_index = t.id / 16)"},
};

static int table_count; /* how many of them get rows */

static void set_cases(PGconn *connection, int64_t first, int64_t last) {
  char sql[256];
  snprintf(sql, sizeof sql, "SELECT set_config('bench.first', '%ld', false), set_config('bench.last', '%ld', false)", first, last);
  PQclear(database_query(connection, sql, PGRES_TUPLES_OK));
}

static void learn_table(PGconn *connection, struct table *table) {
  char sql[1024];
  snprintf(sql, sizeof sql,
           "SELECT count(*)::text, string_agg(format('t.%%I', name), ', '), string_agg(format('$%%s::%%s', n, type), ', '), "
           "string_agg(format('array_agg(t.%%I ORDER BY t.%%I)', name, first), ', '), "
           "string_agg(format('$%%s::%%s[]', n, type), ', ') FROM (SELECT attname AS name, "
           "format_type(atttypid, NULL) AS type, row_number() OVER (ORDER BY attnum) AS n, "
           "first_value(attname) OVER (ORDER BY attnum) AS first FROM pg_attribute "
           "WHERE attrelid = 'rectify.%s'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS c", table->name);
  PGresult *columns = database_query(connection, sql, PGRES_TUPLES_OK);
  char *lists[] = {table->list, table->values, table->arrays, table->array_values};
  table->column_count = atoi(PQgetvalue(columns, 0, 0));
  must(table->column_count <= COLUMNS_MAX);
  for (int i = 0; i < 4; i++) must(snprintf(lists[i], LIST_BYTES, "%s", PQgetvalue(columns, 0, i + 1)) < LIST_BYTES);
  PQclear(columns);
}

static void prepare(PGconn *connection, const struct table *table, const char *sql) {
  PGresult *result = PQprepare(connection, table->name, sql, 0, NULL);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(sql, PQerrorMessage(connection));
  PQclear(result);
}

/* One execution of the table's insert with the row of `rows`, from column `skip` on. */
static void send_row(PGconn *connection, const struct table *table, const PGresult *rows, int row, int skip) {
  const char *values[COLUMNS_MAX];
  int lengths[COLUMNS_MAX], formats[COLUMNS_MAX];
  for (int i = 0; i < table->column_count; i++) {
    values[i] = PQgetisnull(rows, row, i + skip) ? NULL : PQgetvalue(rows, row, i + skip);
    lengths[i] = PQgetlength(rows, row, i + skip);
    formats[i] = 1;
  }
  if (PQsendQueryPrepared(connection, table->name, table->column_count, values, lengths, formats, 1) != 1)
    fail(table->name, PQerrorMessage(connection));
}

/* ---- one finding a commit, on many connections of one thread ---- */

struct work {
  PGresult *rows[TABLES]; /* column 0 is the case's number; ascending */
  int next_row[TABLES];
  int64_t next, last;
};

struct line {
  PGconn *connection;
  int64_t begun; /* 0: idle */
};

static void read_work(const char *conninfo, struct work *work) {
  PGconn *connection = database_open(conninfo);
  set_cases(connection, work->next, work->last);
  for (int i = 0; i < table_count; i++) {
    char sql[SQL_BYTES];
    must(snprintf(sql, sizeof sql, "SELECT %s, %s FROM rectify.%s AS t WHERE %s ORDER BY 1", tables[i].case_no, tables[i].list,
                  tables[i].name, tables[i].of_cases) < (int)sizeof sql);
    work->rows[i] = database_query(connection, sql, PGRES_TUPLES_OK);
  }
  if (PQntuples(work->rows[0]) < work->last - work->next + 1) fail("read", "not so many cases");
  PQfinish(connection);
}

static void open_line(const char *conninfo, const char *schema, struct line *line) {
  line->connection = database_open(conninfo);
  for (int i = 0; i < table_count; i++) {
    char sql[SQL_BYTES];
    must(snprintf(sql, sizeof sql, "INSERT INTO %s.%s VALUES (%s)", schema, tables[i].name, tables[i].values) < (int)sizeof sql);
    prepare(line->connection, &tables[i], sql);
  }
  must(PQenterPipelineMode(line->connection) == 1 && PQsetnonblocking(line->connection, 1) == 0);
}

static int64_t case_of(const PGresult *rows, int row) {
  uint64_t number = 0;
  const unsigned char *bytes = (const unsigned char *)PQgetvalue(rows, row, 0);
  must(PQgetlength(rows, row, 0) == 8);
  for (int i = 0; i < 8; i++) number = number << 8 | bytes[i];
  return (int64_t)number;
}

/* All rows of the next case, in one pipeline: one transaction, one round trip. */
static void line_begin(struct line *line, struct work *work) {
  int64_t case_no = work->next++;
  line->begun = now_nsec();
  for (int i = 0; i < table_count; i++) {
    PGresult *rows = work->rows[i];
    for (int *row = &work->next_row[i]; *row < PQntuples(rows) && case_of(rows, *row) == case_no; ++*row)
      send_row(line->connection, &tables[i], rows, *row, 1);
  }
  must(PQpipelineSync(line->connection) == 1);
}

/* Takes what has come.  Returns the time of the commit, or 0: not yet. */
static int64_t line_take(struct line *line) {
  int64_t taken = 0;
  if (PQconsumeInput(line->connection) != 1) fail("read", PQerrorMessage(line->connection));
  while (taken == 0 && PQisBusy(line->connection) == 0) {
    PGresult *result = PQgetResult(line->connection);
    ExecStatusType status = PQresultStatus(result);
    if (result != NULL && status != PGRES_COMMAND_OK && status != PGRES_PIPELINE_SYNC)
      fail("insert", PQresultErrorMessage(result));
    if (status == PGRES_PIPELINE_SYNC) taken = now_nsec() - line->begun;
    PQclear(result);
  }
  return taken;
}

static void wait_for_lines(const struct line *lines, int count) {
  struct pollfd polled[CONNECTIONS_MAX];
  for (int i = 0; i < count; i++) {
    int left = lines[i].begun == 0 ? 0 : PQflush(lines[i].connection);
    if (left < 0) fail("write", PQerrorMessage(lines[i].connection));
    polled[i] = (struct pollfd){.fd = lines[i].begun == 0 ? -1 : PQsocket(lines[i].connection),
                                .events = (short)(left > 0 ? POLLIN | POLLOUT : POLLIN)};
  }
  must(poll(polled, (nfds_t)count, -1) > 0);
}

static void single(const char *conninfo, const char *schema, int64_t first, int64_t last, int64_t msec, int count) {
  static struct line lines[CONNECTIONS_MAX];
  struct work work = {.next = first, .last = last};
  int64_t *latencies = calloc((size_t)(last - first + 1), sizeof *latencies), done = 0, under_way = 0;
  must(latencies != NULL && count >= 1 && count <= CONNECTIONS_MAX);
  read_work(conninfo, &work);
  for (int i = 0; i < count; i++) open_line(conninfo, schema, &lines[i]);
  int64_t start = now_nsec(), end = start + msec * 1000000;
  do {
    for (int i = 0; i < count; i++) {
      int64_t taken = lines[i].begun == 0 ? 0 : line_take(&lines[i]);
      if (taken != 0) lines[i].begun = 0, latencies[done++] = taken, under_way--;
      if (lines[i].begun != 0 || work.next > last || now_nsec() >= end) continue;
      line_begin(&lines[i], &work);
      under_way++;
    }
    if (under_way > 0) wait_for_lines(lines, count);
  } while (under_way > 0);
  report(latencies, (size_t)done, done, now_nsec() - start);
  for (int i = 0; i < count; i++) PQfinish(lines[i].connection);
  for (int i = 0; i < table_count; i++) PQclear(work.rows[i]);
  free(latencies);
}

/* ---- many a commit through arrays ---- */

/* One row of arrays in the wire's binary form: what goes in again. */
static PGresult *read_arrays(PGconn *connection, const struct table *table, int64_t first, int64_t last) {
  char sql[SQL_BYTES];
  set_cases(connection, first, last);
  must(snprintf(sql, sizeof sql, "SELECT %s FROM rectify.%s AS t WHERE %s", table->arrays, table->name, table->of_cases) <
       (int)sizeof sql);
  return database_query(connection, sql, PGRES_TUPLES_OK);
}

/* One transaction: the statements of all tables in one pipeline, one round trip. */
static void insert_arrays(PGconn *connection, PGresult **rows) {
  must(PQenterPipelineMode(connection) == 1);
  for (int i = 0; i < table_count; i++) send_row(connection, &tables[i], rows[i], 0, 0);
  must(PQpipelineSync(connection) == 1);
  for (int i = 0; i <= table_count; i++) {
    PGresult *result = PQgetResult(connection);
    if (PQresultStatus(result) != (i < table_count ? PGRES_COMMAND_OK : PGRES_PIPELINE_SYNC))
      fail("insert", PQerrorMessage(connection));
    PQclear(result);
    if (i < table_count) must(PQgetResult(connection) == NULL);
  }
  must(PQexitPipelineMode(connection) == 1);
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static void read_batch(PGconn *connection, PGresult **rows, int64_t first, int64_t last) {
  for (int i = 0; i < table_count; i++) rows[i] = read_arrays(connection, &tables[i], first, last);
}

static PGconn *open_unnest(const char *conninfo, const char *schema) {
  PGconn *connection = database_open(conninfo);
  for (int i = 0; i < table_count; i++) {
    char sql[SQL_BYTES];
    must(snprintf(sql, sizeof sql, "INSERT INTO %s.%s SELECT * FROM unnest(%s)", schema, tables[i].name,
                  tables[i].array_values) < (int)sizeof sql);
    prepare(connection, &tables[i], sql);
  }
  return connection;
}

static void unnest(const char *conninfo, const char *schema, int64_t first, int64_t last, int64_t msec, int64_t batch) {
  size_t batches = (size_t)((last - first + batch) / batch), done = 0;
  PGconn *connection = open_unnest(conninfo, schema);
  PGresult *(*rows)[TABLES] = calloc(batches, sizeof *rows);
  int64_t *latencies = calloc(batches, sizeof *latencies);
  must(rows != NULL && latencies != NULL);
  for (size_t k = 0; k < batches; k++) {
    const int64_t from = first + (int64_t)k * batch;
    read_batch(connection, rows[k], from, smaller(from + batch - 1, last));
  }
  const double used_nsec = cpu_nsec(PQbackendPID(connection));
  int64_t start = now_nsec(), begun = start;
  while (done < batches && begun < start + msec * 1000000) {
    insert_arrays(connection, rows[done]);
    int64_t end = now_nsec();
    latencies[done++] = end - begun;
    begun = end;
  }
  const int64_t findings = smaller((int64_t)done * batch, last - first + 1);
  report(latencies, done, findings, begun - start);
  printf(" %.0f", (cpu_nsec(PQbackendPID(connection)) - used_nsec) / (double)findings);
  for (size_t k = 0; k < batches; k++)
    for (int i = 0; i < table_count; i++) PQclear(rows[k][i]);
  free(rows);
  free(latencies);
  PQfinish(connection);
}

/* ---- many a commit through COPY, two threads with a connection each ---- */

struct stream {
  char *bytes;
  size_t length;
};

struct copier {
  pthread_t thread;
  PGconn *connection;
  struct stream (*streams)[TABLES]; /* of each batch */
  size_t batches, done;
  int64_t *latencies;
  const char *sql; /* BEGIN, one COPY a table, COMMIT: one message, answered COPY by COPY */
  int64_t end;
};

/* The rows as COPY gives them out: what goes in again. */
static struct stream read_stream(PGconn *connection, const struct table *table, int64_t first, int64_t last) {
  struct stream stream = {NULL, 0};
  char sql[SQL_BYTES], *row;
  int length;
  set_cases(connection, first, last);
  must(snprintf(sql, sizeof sql, "COPY (SELECT t.* FROM rectify.%s AS t WHERE %s ORDER BY 1) TO STDOUT (FORMAT binary)",
                table->name, table->of_cases) < (int)sizeof sql);
  PGresult *result = PQexec(connection, sql);
  if (PQresultStatus(result) != PGRES_COPY_OUT) fail(sql, PQerrorMessage(connection));
  PQclear(result);
  while ((length = PQgetCopyData(connection, &row, 0)) > 0) {
    stream.bytes = realloc(stream.bytes, stream.length + (size_t)length);
    must(stream.bytes != NULL);
    memcpy(stream.bytes + stream.length, row, (size_t)length);
    stream.length += (size_t)length;
    PQfreemem(row);
  }
  while ((result = PQgetResult(connection)) != NULL) {
    if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(sql, PQerrorMessage(connection));
    PQclear(result);
  }
  return stream;
}

static void expect(PGconn *connection, ExecStatusType status) {
  PGresult *result = PQgetResult(connection);
  if (PQresultStatus(result) != status) fail("copy", PQerrorMessage(connection));
  PQclear(result);
}

static void copy_batch(struct copier *copier, const struct stream *streams) {
  PGconn *connection = copier->connection;
  if (PQsendQuery(connection, copier->sql) != 1) fail("copy", PQerrorMessage(connection));
  expect(connection, PGRES_COMMAND_OK);
  for (int i = 0; i < table_count; i++) {
    expect(connection, PGRES_COPY_IN);
    if (PQputCopyData(connection, streams[i].bytes, (int)streams[i].length) != 1 || PQputCopyEnd(connection, NULL) != 1)
      fail("copy", PQerrorMessage(connection));
    expect(connection, PGRES_COMMAND_OK);
  }
  expect(connection, PGRES_COMMAND_OK);
  must(PQgetResult(connection) == NULL);
}

static void *copier_run(void *context) {
  struct copier *copier = context;
  int64_t begun = now_nsec();
  while (copier->done < copier->batches && begun < copier->end) {
    copy_batch(copier, copier->streams[copier->done]);
    int64_t end = now_nsec();
    copier->latencies[copier->done++] = end - begun;
    begun = end;
  }
  return NULL;
}

static void copier_open(struct copier *copier, const char *conninfo, int64_t first, size_t batches, int64_t batch) {
  copier->connection = database_open(conninfo);
  copier->streams = calloc(batches, sizeof *copier->streams);
  must(copier->streams != NULL);
  copier->batches = batches;
  for (size_t k = 0; k < batches; k++)
    for (int i = 0; i < table_count; i++)
      copier->streams[k][i] =
          read_stream(copier->connection, &tables[i], first + (int64_t)k * batch, first + (int64_t)(k + 1) * batch - 1);
}

static void copier_close(struct copier *copier) {
  for (size_t k = 0; k < copier->batches; k++)
    for (int i = 0; i < table_count; i++) free(copier->streams[k][i].bytes);
  free(copier->streams);
  PQfinish(copier->connection);
}

static void copy(const char *conninfo, const char *schema, int64_t first, int64_t last, int64_t msec, int64_t batch) {
  struct copier copiers[COPIERS] = {0};
  size_t share = (size_t)((last - first + 1) / batch / COPIERS), done = 0, used = 0;
  int64_t *latencies = calloc(share * COPIERS, sizeof *latencies);
  char sql[1024];
  if (share == 0) fail("copy", "fewer findings than a batch for each connection");
  must(latencies != NULL);
  used = (size_t)snprintf(sql, sizeof sql, "BEGIN;");
  for (int i = 0; i < table_count; i++)
    used += (size_t)snprintf(sql + used, sizeof sql - used, "COPY %s.%s FROM STDIN (FORMAT binary);", schema, tables[i].name);
  must((size_t)snprintf(sql + used, sizeof sql - used, "COMMIT") < sizeof sql - used);
  for (int i = 0; i < COPIERS; i++) copier_open(&copiers[i], conninfo, first + i * (int64_t)share * batch, share, batch);
  int64_t start = now_nsec();
  for (int i = 0; i < COPIERS; i++) {
    copiers[i].sql = sql, copiers[i].end = start + msec * 1000000, copiers[i].latencies = latencies + (size_t)i * share;
    must(pthread_create(&copiers[i].thread, NULL, copier_run, &copiers[i]) == 0);
  }
  for (int i = 0; i < COPIERS; i++) must(pthread_join(copiers[i].thread, NULL) == 0);
  int64_t elapsed = now_nsec() - start;
  for (int i = 0; i < COPIERS; i++) {
    memmove(latencies + done, copiers[i].latencies, copiers[i].done * sizeof *latencies);
    done += copiers[i].done;
    copier_close(&copiers[i]);
  }
  report(latencies, done, (int64_t)done * batch, elapsed);
  free(latencies);
}

int main(int argc, char **argv) {
  if (argc != 9) fail("usage", "see bench/loops.c");
  const char *what = argv[1], *conninfo = argv[2], *schema = argv[3];
  int64_t first = atol(argv[4]), last = atol(argv[5]), msec = atol(argv[6]), count = atol(argv[7]);
  table_count = atoi(argv[8]);
  must(first > 0 && last >= first && count > 0 && table_count >= 1 && table_count <= TABLES);
  PGconn *connection = database_open(conninfo);
  for (int i = 0; i < table_count; i++) learn_table(connection, &tables[i]);
  PQfinish(connection);
  if (strcmp(what, "single") == 0) single(conninfo, schema, first, last, msec, (int)count);
  else if (strcmp(what, "unnest") == 0) unnest(conninfo, schema, first, last, msec, count);
  else if (strcmp(what, "copy") == 0) copy(conninfo, schema, first, last, msec, count);
  else fail("usage", "see bench/loops.c");
  puts("");
  return 0;
}
