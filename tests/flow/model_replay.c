/* model_replay.c - asks PostgreSQL what the simulated database was asked (tests/sim/sim_record.c writes it down), in the same order and
 * the same transactions, and compares the answers: so the simulator's model is held against the SQL that is shipped.
 *
 *   model_replay CONNINFO RECORD       of the superuser of a fresh, migrated cluster; prints TAP
 *
 * Left out: the lock and the standby, which are the server's own.  Rows of a statement without ORDER BY, but for those within it, are compared in any order. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/pg.h"
#include "daemon/statements.h"
#include "rectify/must.h"

#define PARAMS_MAX 128
#define STATEMENTS_MAX 64 /* of a transaction */
#define OID_BOOL 16
#define OID_TIMESTAMPTZ 1184
#define OID_DATE 1082

struct cell {
  int32_t length; /* -1: null */
  uint8_t *data;
};

struct asked {
  uint32_t statement;
  int32_t params, rows, columns;
  struct cell values[PARAMS_MAX];
  char sqlstate[6];
  struct cell *cells;
};

static FILE *record;
static PGconn *lines[3];
static uint64_t transactions, statements, rows_compared, differences, by_statement[STATEMENT_COUNT];

/* ---- reading ---- */

static int32_t get_int(void) {
  int32_t value;
  must(fread(&value, sizeof value, 1, record) == 1);
  return value;
}

static struct cell get_cell(void) {
  struct cell cell = {.length = get_int()};
  cell.data = malloc((size_t)(cell.length < 0 ? 0 : cell.length) + 1);
  must(cell.data != NULL && (cell.length <= 0 || fread(cell.data, 1, (size_t)cell.length, record) == (size_t)cell.length));
  cell.data[cell.length < 0 ? 0 : cell.length] = '\0';
  return cell;
}

static uint32_t statement_of(const struct cell *name) {
  uint32_t at = 0;
  while (at < STATEMENT_COUNT && strcmp(statement_text((enum statement)at)->name, (const char *)name->data) != 0) at++;
  must(at < STATEMENT_COUNT);
  return at;
}

static void get_asked(struct asked *out) {
  struct cell name = get_cell();
  *out = (struct asked){.statement = statement_of(&name), .params = get_int()};
  free(name.data);
  must(out->params <= PARAMS_MAX);
  for (int32_t i = 0; i < out->params; i++) out->values[i] = get_cell();
  struct cell sqlstate = get_cell();
  snprintf(out->sqlstate, sizeof out->sqlstate, "%s", (const char *)sqlstate.data);
  free(sqlstate.data);
  out->rows = get_int();
  out->columns = get_int();
  out->cells = calloc((size_t)out->rows * (size_t)out->columns + 1, sizeof *out->cells);
  must(out->cells != NULL);
  for (int32_t i = 0; i < out->rows * out->columns; i++) out->cells[i] = get_cell();
}

static void let_go(struct asked *asked) {
  for (int32_t i = 0; i < asked->params; i++) free(asked->values[i].data);
  for (int32_t i = 0; i < asked->rows * asked->columns; i++) free(asked->cells[i].data);
  free(asked->cells);
}

/* ---- rows as text ---- */

static int64_t number(const uint8_t *at, int32_t length) {
  int64_t value = length == 0 ? 0 : (int8_t)at[0];
  for (int32_t i = 1; i < length; i++) value = (int64_t)((uint64_t)value << 8 | at[i]);
  return value;
}

static bool is_number(Oid type) {
  return type == PG_INT2 || type == PG_INT4 || type == PG_INT8 || type == OID_BOOL || type == OID_TIMESTAMPTZ || type == OID_DATE;
}

/* The model has no dates: it gives the days that daemon/pg_values.c makes of one. */
#define DAYS_1970_TO_2000 10957

static void write_cell(FILE *out, Oid type, const uint8_t *data, int32_t length) {
  if (length < 0) fputs("-|", out);
  else if (is_number(type)) fprintf(out, "%ld|", number(data, length));
  else {
    for (int32_t i = 0; i < length; i++) fprintf(out, "%02x", data[i]);
    fputc('|', out);
  }
}

/* What the model leaves out because nobody in the simulator looks at it. */
static bool is_left_out(const struct asked *asked, int32_t row, int32_t column) {
  return asked->statement == STATEMENT_QUERY_CASES && asked->cells[row * asked->columns + column].length < 0;
}

static char *row_text(const struct asked *asked, const PGresult *real, int32_t row, bool of_real) {
  char *text = NULL;
  size_t size;
  FILE *out = open_memstream(&text, &size);
  must(out != NULL);
  for (int32_t column = 0; column < asked->columns; column++) {
    const struct cell *cell = row < asked->rows ? &asked->cells[row * asked->columns + column] : NULL;
    if (cell != NULL && is_left_out(asked, row, column)) continue;
    if (!of_real) write_cell(out, PQftype(real, column), cell->data, cell->length);
    else if (PQgetisnull(real, row, column)) write_cell(out, 0, NULL, -1);
    else if (PQftype(real, column) == OID_DATE)
      fprintf(out, "%ld|", number((const uint8_t *)PQgetvalue(real, row, column), PQgetlength(real, row, column)) + DAYS_1970_TO_2000);
    else write_cell(out, PQftype(real, column), (const uint8_t *)PQgetvalue(real, row, column), PQgetlength(real, row, column));
  }
  fclose(out);
  return text;
}

/* ---- comparing ---- */

static void differs(const struct asked *asked, const char *what, const char *model, const char *real) {
  differences++;
  if (differences > 20) return;
  printf("# transaction %lu, %s: %s: the model %.300s, PostgreSQL %.300s\n", transactions, statement_text((enum statement)asked->statement)->name,
         what, model, real);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* By an ORDER BY of its own, outside of brackets and remarks. */
static bool is_ordered(const char *sql) {
  int depth = 0;
  for (const char *at = sql; *at != '\0'; at++) {
    if (at[0] == '-' && at[1] == '-') at += strcspn(at, "\n") - 1;
    depth += (*at == '(') - (*at == ')');
    if (depth == 0 && strncmp(at, "ORDER BY", 8) == 0) return true;
  }
  return false;
}

static void compare_rows(const struct asked *asked, const PGresult *real) {
  const size_t rows = (size_t)asked->rows;
  char **model = calloc(rows + 1, sizeof *model), **there = calloc(rows + 1, sizeof *there);
  must(model != NULL && there != NULL);
  for (size_t row = 0; row < rows; row++) {
    model[row] = row_text(asked, real, (int32_t)row, false);
    there[row] = row_text(asked, real, (int32_t)row, true);
  }
  if (!is_ordered(statement_text((enum statement)asked->statement)->sql)) {
    qsort(model, rows, sizeof *model, by_text);
    qsort(there, rows, sizeof *there, by_text);
  }
  for (size_t row = 0; row < rows; row++, rows_compared++) {
    if (strcmp(model[row], there[row]) != 0) differs(asked, "a row", model[row], there[row]);
    free(model[row]);
    free(there[row]);
  }
  free(model);
  free(there);
}

static bool is_without_answer(uint32_t statement) {
  return statement == STATEMENT_APPEND || statement == STATEMENT_PROJECT_REGISTRY || statement == STATEMENT_PROJECT_ERASURES;
}

static void compare(const struct asked *asked, const PGresult *real) {
  const ExecStatusType status = PQresultStatus(real);
  const bool failed = status == PGRES_FATAL_ERROR;
  const char *sqlstate = failed ? PQresultErrorField(real, PG_DIAG_SQLSTATE) : "";
  char counts[2][32];
  by_statement[asked->statement]++;
  if (strcmp(sqlstate, asked->sqlstate) != 0) {
    differs(asked, "its end", asked->sqlstate, failed ? PQresultErrorMessage(real) : "done");
    return;
  }
  if (failed || is_without_answer(asked->statement)) return;
  snprintf(counts[0], sizeof counts[0], "%d", asked->rows);
  snprintf(counts[1], sizeof counts[1], "%d", PQntuples(real));
  if (asked->rows != PQntuples(real)) differs(asked, "rows", counts[0], counts[1]);
  else if (asked->rows > 0 && asked->columns > PQnfields(real)) differs(asked, "columns", "has more", "fewer");
  else if (asked->rows > 0) compare_rows(asked, real);
}

/* ---- asking ---- */

static bool is_the_servers_own(uint32_t statement) { return statement == STATEMENT_LOCK || statement == STATEMENT_CHECK_STANDBY; }

static void send(PGconn *line, const struct asked *asked) {
  const char *values[PARAMS_MAX];
  int lengths[PARAMS_MAX], formats[PARAMS_MAX];
  for (int32_t i = 0; i < asked->params; i++) {
    values[i] = asked->values[i].length < 0 ? NULL : (const char *)asked->values[i].data;
    lengths[i] = asked->values[i].length;
    formats[i] = 1;
  }
  must(PQsendQueryPrepared(line, statement_text((enum statement)asked->statement)->name, asked->params, values, lengths, formats, 1) == 1);
}

static void play(struct asked *asked, uint32_t count) {
  if (count == 0) return;
  PGconn *line = lines[statement_text((enum statement)asked[0].statement)->where];
  for (uint32_t i = 0; i < count; i++) send(line, &asked[i]);
  must(PQpipelineSync(line) == 1);
  for (uint32_t i = 0; i < count; i++) {
    PGresult *result = PQgetResult(line);
    must(result != NULL);
    compare(&asked[i], result);
    PQclear(result);
    must(PQgetResult(line) == NULL);
    statements++;
  }
  PGresult *sync = PQgetResult(line);
  must(PQresultStatus(sync) == PGRES_PIPELINE_SYNC);
  PQclear(sync);
  transactions++;
}

static void play_all(void) {
  static struct asked asked[STATEMENTS_MAX];
  uint32_t count = 0;
  for (int what; (what = fgetc(record)) != EOF;) {
    if (what == 'T') {
      play(asked, count);
      while (count > 0) let_go(&asked[--count]);
      continue;
    }
    must(what == 'S' && count < STATEMENTS_MAX);
    get_asked(&asked[count]);
    if (is_the_servers_own(asked[count].statement)) let_go(&asked[count]);
    else count++;
  }
  play(asked, count);
  while (count > 0) let_go(&asked[--count]);
}

static PGconn *connect(const char *conninfo, int where) {
  PGconn *line = PQconnectdb(conninfo);
  must(PQstatus(line) == CONNECTION_OK);
  PQclear(PQexec(line, where == PG_READS ? "SET SESSION AUTHORIZATION rectify_reader" : "SET SESSION AUTHORIZATION rectify_writer"));
  for (uint32_t at = 0; at < STATEMENT_COUNT; at++) {
    const struct statement_text *text = statement_text((enum statement)at);
    if (text->where != where) continue;
    PGresult *prepared = PQprepare(line, text->name, text->sql, 0, NULL);
    if (PQresultStatus(prepared) != PGRES_COMMAND_OK) fprintf(stderr, "%s: %s\n", text->name, PQerrorMessage(line));
    must(PQresultStatus(prepared) == PGRES_COMMAND_OK);
    PQclear(prepared);
  }
  must(PQenterPipelineMode(line) == 1);
  return line;
}

int main(int argc, char **argv) {
  must(argc == 3);
  record = fopen(argv[2], "rb");
  must(record != NULL);
  for (int where = 0; where < 3; where++) lines[where] = connect(argv[1], where);
  play_all();
  printf("%sok 1 - PostgreSQL answers %lu statements of %lu transactions as the model did\n", differences == 0 && statements > 0 ? "" : "not ",
         statements, transactions);
  printf("# %lu rows compared, %lu differences;", rows_compared, differences);
  for (uint32_t at = 0; at < STATEMENT_COUNT; at++)
    if (by_statement[at] > 0) printf(" %s %lu", statement_text((enum statement)at)->name, by_statement[at]);
  printf("\n");
  for (int where = 0; where < 3; where++) PQfinish(lines[where]);
  fclose(record);
  return differences == 0 && statements > 0 ? 0 : 1;
}
