/* intake.c - the measuring half of bench/intake.sh: findings through librectify, and the same rows by bare libpq.
 *
 *   intake flood ENDPOINT PID BACKEND SEED COUNT  COUNT findings, REQUESTS_IN_FLIGHT requests of PER_REQUEST at a time; PID and
 *                                                 BACKEND: of the daemon, and of the server process that it writes through
 *   intake single ENDPOINT SEED COUNT             one finding at a time: latency
 *   intake bare CONNINFO SCHEMA FIRST LAST BATCH  the rows of cases FIRST..LAST, read from schema rectify, into the
 *                                                 plain tables of SCHEMA, BATCH cases a commit, one connection
 *   intake commit CONNINFO SCHEMA FIRST LAST      one event row a commit: latency
 *
 * Prints one line of numbers each, see the ends of the functions.  Called by bench/intake.sh only.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rectify/client.h"
#include "rectify/must.h"

#define REQUESTS_IN_FLIGHT 8
#define PER_REQUEST 250
#define UNITS 1300
#define CODES 400
#define CODES_PER_CATEGORY 20
#define TIMEOUT_MSEC 60000
#define TABLES_MAX 8
#define COLUMNS_MAX 24

static int64_t now_nsec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static _Noreturn void fail(const char *what, const char *why) {
  fprintf(stderr, "intake: %s: %s\n", what, why);
  exit(1);
}

/* ---- findings ---- */

static uint64_t random_state;

/* xorshift64*, Vigna 2016. */
static uint64_t random_next(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return random_state * UINT64_C(2685821657736338717);
}

/* Cumulative weights of 1, 1/2, 1/3, ...: a few units and a few rules make most of the findings. */
static double unit_weights[UNITS], code_weights[CODES];

static void weigh(double *weights, int count) {
  double sum = 0;
  for (int i = 0; i < count; i++) weights[i] = sum += 1.0 / (i + 1);
}

static int pick(const double *weights, int count) {
  double at = (double)(random_next() >> 11) / 9007199254740992.0 * weights[count - 1];
  int low = 0, high = count - 1;
  while (low < high) {
    int middle = (low + high) / 2;
    if (weights[middle] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

struct draft {
  Rectify__V1__Finding finding;
  uint8_t id[16];
  char unit[16], code[16], category[16], text[700];
};

static ProtobufCBinaryData bytes_of(const char *text) {
  return (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
}

/* A finding of about 600 bytes.  `today` in days since 1970-01-01. */
static void draft_fill(struct rectify *client, struct draft *draft, int32_t today) {
  Rectify__V1__Finding *finding = &draft->finding;
  rectify__v1__finding__init(finding);
  must(rectify_key(client, draft->id) == RECTIFY_OK);
  int code = pick(code_weights, CODES);
  snprintf(draft->unit, sizeof draft->unit, "u%04d", pick(unit_weights, UNITS));
  snprintf(draft->code, sizeof draft->code, "7.%d", code);
  snprintf(draft->category, sizeof draft->category, "g%d", code / CODES_PER_CATEGORY);
  size_t length = 300 + random_next() % 300;
  for (size_t i = 0; i < length; i += 3) memcpy(draft->text + i, i % 90 == 0 ? "。" : "查", 3);
  draft->text[length - length % 3] = '\0';
  finding->id = (ProtobufCBinaryData){16, draft->id};
  finding->team = bytes_of("team-1");
  finding->inspection = bytes_of("2026-spring");
  finding->unit = bytes_of(draft->unit);
  finding->kind = 1 + (uint32_t)(random_next() % 5);
  finding->severity = 1 + (uint32_t)(random_next() % 3);
  finding->category = bytes_of(draft->category);
  finding->code = bytes_of(draft->code);
  finding->found_on = today - (int32_t)(random_next() % 20);
  finding->text = bytes_of(draft->text);
}

static void send_findings(struct rectify *client, struct draft *drafts, uint32_t count, int32_t today) {
  static Rectify__V1__Finding *pointers[PER_REQUEST];
  Rectify__V1__Submit submit = RECTIFY__V1__SUBMIT__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  for (uint32_t i = 0; i < count; i++) {
    draft_fill(client, &drafts[i], today);
    pointers[i] = &drafts[i].finding;
  }
  submit.n_findings = count;
  submit.findings = pointers;
  request.body_case = RECTIFY__V1__REQUEST__BODY_SUBMIT;
  request.submit = &submit;
  if (rectify_send(client, &request) != RECTIFY_OK) fail("send", rectify_error_text(client));
}

/* Waits for one reply; each of its findings must have been accepted.  Returns how many. */
static uint32_t receive_outcomes(struct rectify *client) {
  const Rectify__V1__Reply *reply;
  if (rectify_receive(client, TIMEOUT_MSEC, &reply) != RECTIFY_OK) fail("receive", rectify_error_text(client));
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_OUTCOMES) fail("receive", "not outcomes");
  for (size_t i = 0; i < reply->outcomes->n_outcomes; i++)
    if (reply->outcomes->outcomes[i]->result_case != RECTIFY__V1__OUTCOME__RESULT_RECEIPT)
      fail("receive", "a finding was not accepted");
  return (uint32_t)reply->outcomes->n_outcomes;
}

static struct rectify *open_client(const char *endpoint, const char *seed) {
  random_state = strtoull(seed, NULL, 10) * UINT64_C(0x9e3779b97f4a7c15) + 1;
  weigh(unit_weights, UNITS);
  weigh(code_weights, CODES);
  struct rectify *client = rectify_open(endpoint, "inspector");
  if (client == NULL) fail(endpoint, "cannot be opened");
  return client;
}

static int32_t today_of(void) { return (int32_t)(time(NULL) / 86400) - 1; }

/* ---- the daemon from outside ---- */

/* Processor time of all its threads in nanoseconds: the ticks of /proc/PID/stat are too coarse for a second of work. */
static double cpu_nsec(const char *pid) {
  clockid_t clock;
  struct timespec used;
  if (clock_getcpuclockid(atoi(pid), &clock) != 0 || clock_gettime(clock, &used) != 0) fail(pid, "is no process");
  return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

static long resident_kb(const char *pid) {
  char path[64];
  long pages;
  snprintf(path, sizeof path, "/proc/%s/statm", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) fail(path, "cannot be read");
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Prints: findings per second; CPU in nanoseconds a finding of the daemon, of the server process and of this client; resident
 * kilobytes of the daemon. */
static void flood(const char *endpoint, const char *pid, const char *backend, const char *seed, uint32_t count) {
  static struct draft drafts[PER_REQUEST];
  struct rectify *client = open_client(endpoint, seed);
  int32_t today = today_of();
  uint32_t sent = 0, received = 0;
  char own[24];
  snprintf(own, sizeof own, "%d", getpid());
  const char *const who[3] = {pid, backend, own};
  double used[3];
  for (int i = 0; i < 3; i++) used[i] = cpu_nsec(who[i]);
  int64_t start = now_nsec();
  while (received < count) {
    while (sent < count && rectify_unanswered(client) < REQUESTS_IN_FLIGHT) {
      send_findings(client, drafts, PER_REQUEST, today);
      sent += PER_REQUEST;
    }
    received += receive_outcomes(client);
  }
  int64_t elapsed = now_nsec() - start;
  for (int i = 0; i < 3; i++) used[i] = (cpu_nsec(who[i]) - used[i]) / received;
  printf("%.0f %.0f %.0f %.0f %ld\n", received * 1e9 / (double)elapsed, used[0], used[1], used[2], resident_kb(pid));
  rectify_close(client);
}

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

/* Prints: p50 and p99 in microseconds. */
static void print_latencies(int64_t *latencies, uint32_t count) {
  qsort(latencies, count, sizeof *latencies, compare);
  printf("%.0f %.0f", (double)latencies[count / 2] / 1000, (double)latencies[count * 99 / 100] / 1000);
}

static void single(const char *endpoint, const char *seed, uint32_t count) {
  struct rectify *client = open_client(endpoint, seed);
  int64_t *latencies = calloc(count, sizeof *latencies);
  struct draft draft;
  int32_t today = today_of();
  must(latencies != NULL && count > 0);
  for (uint32_t i = 0; i < count; i++) {
    int64_t start = now_nsec();
    send_findings(client, &draft, 1, today);
    receive_outcomes(client);
    latencies[i] = now_nsec() - start;
  }
  print_latencies(latencies, count);
  puts("");
  free(latencies);
  rectify_close(client);
}

/* ---- the same rows, bare ---- */

struct table {
  const char *name, *of_case; /* of_case: the rows of cases $1..$2 */
  char select[4096], insert[4096];
  int column_count;
};

#define ACCEPTED "(SELECT f.log_index FROM rectify.finding AS f WHERE f.case_no BETWEEN $1 AND $2)"

static struct table tables[TABLES_MAX] = {
    {.name = "event", .of_case = "t.case_no BETWEEN $1 AND $2"},
    {.name = "private", .of_case = "t.log_index IN " ACCEPTED},
    {.name = "finding", .of_case = "t.case_no BETWEEN $1 AND $2"},
    {.name = "case_", .of_case = "t.case_no BETWEEN $1 AND $2"},
    {.name = "notice", .of_case = "t.id / 16 IN " ACCEPTED},
};
static int table_count = 5;

static PGresult *query(PGconn *connection, const char *sql, const char *first, const char *second, int binary) {
  const char *values[2] = {first, second};
  PGresult *result = PQexecParams(connection, sql, first != NULL ? 2 : 0, NULL, values, NULL, NULL, binary);
  if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
    fail(sql, PQerrorMessage(connection));
  return result;
}

/* Reads the columns of a table and makes its statements: arrays out of `rectify`, arrays into `schema`. */
static void learn_table(PGconn *connection, struct table *table, const char *schema) {
  char sql[512];
  size_t out = 0, in = 0;
  snprintf(sql, sizeof sql,
           "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'rectify.%s'::regclass "
           "AND attnum > 0 AND NOT attisdropped ORDER BY attnum", table->name);
  PGresult *columns = query(connection, sql, NULL, NULL, 0);
  table->column_count = PQntuples(columns);
  must(table->column_count <= COLUMNS_MAX);
  in += (size_t)snprintf(table->insert, sizeof table->insert, "INSERT INTO %s.%s SELECT * FROM unnest(", schema,
                         table->name);
  out += (size_t)snprintf(table->select, sizeof table->select, "SELECT ");
  for (int i = 0; i < table->column_count; i++) {
    const char *comma = i == 0 ? "" : ", ", *name = PQgetvalue(columns, i, 0);
    out += (size_t)snprintf(table->select + out, sizeof table->select - out, "%sarray_agg(t.%s ORDER BY t.%s)", comma,
                            name, PQgetvalue(columns, 0, 0));
    in += (size_t)snprintf(table->insert + in, sizeof table->insert - in, "%s$%d::%s[]", comma, i + 1,
                           PQgetvalue(columns, i, 1));
    must(out < sizeof table->select && in < sizeof table->insert);
  }
  snprintf(table->select + out, sizeof table->select - out, " FROM rectify.%s AS t WHERE %s", table->name,
           table->of_case);
  snprintf(table->insert + in, sizeof table->insert - in, ")");
  PQclear(columns);
}

static PGconn *open_database(const char *conninfo, const char *schema) {
  PGconn *connection = PQconnectdb(conninfo);
  if (PQstatus(connection) != CONNECTION_OK) fail(conninfo, PQerrorMessage(connection));
  for (int i = 0; i < table_count; i++) {
    learn_table(connection, &tables[i], schema);
    PGresult *result = PQprepare(connection, tables[i].name, tables[i].insert, 0, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(tables[i].insert, PQerrorMessage(connection));
    PQclear(result);
  }
  return connection;
}

/* The rows of the cases first..last of each table, one row of arrays in the wire's binary form: what goes in again. */
static void fetch(PGconn *connection, PGresult **rows, int64_t first, int64_t last) {
  char from[24], until[24];
  snprintf(from, sizeof from, "%ld", first);
  snprintf(until, sizeof until, "%ld", last);
  for (int i = 0; i < table_count; i++) rows[i] = query(connection, tables[i].select, from, until, 1);
}

static void send_insert(PGconn *connection, const struct table *table, const PGresult *row) {
  const char *values[COLUMNS_MAX];
  int lengths[COLUMNS_MAX], formats[COLUMNS_MAX];
  for (int i = 0; i < table->column_count; i++) {
    values[i] = PQgetisnull(row, 0, i) ? NULL : PQgetvalue(row, 0, i);
    lengths[i] = PQgetlength(row, 0, i);
    formats[i] = 1;
  }
  if (PQsendQueryPrepared(connection, table->name, table->column_count, values, lengths, formats, 1) != 1)
    fail(table->name, PQerrorMessage(connection));
}

/* One transaction: the statements of all tables in one pipeline, one round trip. */
static void insert(PGconn *connection, PGresult **rows) {
  must(PQenterPipelineMode(connection) == 1);
  for (int i = 0; i < table_count; i++) send_insert(connection, &tables[i], rows[i]);
  must(PQpipelineSync(connection) == 1);
  for (int i = 0; i <= table_count; i++) {
    PGresult *result = PQgetResult(connection);
    ExecStatusType status = PQresultStatus(result);
    if (status != (i < table_count ? PGRES_COMMAND_OK : PGRES_PIPELINE_SYNC)) fail("insert", PQerrorMessage(connection));
    PQclear(result);
    if (i < table_count) must(PQgetResult(connection) == NULL);
  }
  must(PQexitPipelineMode(connection) == 1);
}

/* Rows are read beforehand; only sending and committing is timed.  Prints: findings per second, the latencies, the server
 * process's CPU in nanoseconds a finding. */
static void bare(const char *conninfo, const char *schema, int64_t first, int64_t last, int64_t batch) {
  PGconn *connection = open_database(conninfo, schema);
  int64_t batches = (last - first + batch) / batch;
  PGresult *(*rows)[TABLES_MAX] = calloc((size_t)batches, sizeof *rows);
  int64_t *latencies = calloc((size_t)batches, sizeof *latencies);
  must(rows != NULL && latencies != NULL && batches > 0);
  for (int64_t i = 0; i < batches; i++) {
    int64_t end = first + (i + 1) * batch - 1;
    fetch(connection, rows[i], first + i * batch, end < last ? end : last);
  }
  PQclear(query(connection, "CHECKPOINT", NULL, NULL, 0));
  char backend[24];
  snprintf(backend, sizeof backend, "%d", PQbackendPID(connection));
  const double used = cpu_nsec(backend);
  int64_t start = now_nsec();
  for (int64_t i = 0; i < batches; i++) {
    int64_t begun = now_nsec();
    insert(connection, rows[i]);
    latencies[i] = now_nsec() - begun;
  }
  printf("%.0f ", (double)(last - first + 1) * 1e9 / (double)(now_nsec() - start));
  print_latencies(latencies, (uint32_t)batches);
  printf(" %.0f\n", (cpu_nsec(backend) - used) / (double)(last - first + 1));
  for (int64_t i = 0; i < batches; i++)
    for (int table = 0; table < table_count; table++) PQclear(rows[i][table]);
  free(rows);
  free(latencies);
  PQfinish(connection);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "flood") == 0 && argc == 7) flood(argv[2], argv[3], argv[4], argv[5], (uint32_t)atol(argv[6]));
  else if (strcmp(what, "single") == 0 && argc == 5) single(argv[2], argv[3], (uint32_t)atol(argv[4]));
  else if (strcmp(what, "bare") == 0 && argc == 7)
    bare(argv[2], argv[3], atol(argv[4]), atol(argv[5]), atol(argv[6]));
  else if (strcmp(what, "commit") == 0 && argc == 6) {
    table_count = 1;
    bare(argv[2], argv[3], atol(argv[4]), atol(argv[5]), 1);
  } else fail("usage", "see bench/intake.c");
  return 0;
}
