/* migrate.c - see migrate.h. */
#include "daemon/migrate.h"

#include <libpq-fe.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

/* ---- the files compiled in -------------------------------------------------------------------------------------- */

#define MIGRATION(number, name, path)           \
  __asm__(                                      \
      ".pushsection .rodata\n"                  \
      "migration_" #number ":\n.incbin \"" path \
      "\"\n"                                    \
      "migration_" #number                      \
      "_end:\n.byte 0\n"                        \
      ".popsection\n");                         \
  extern const char migration_##number[], migration_##number##_end[];
#include "migrations.inc"
#undef MIGRATION

static const struct migration embedded[] = {
#define MIGRATION(number, name, path) {number, name, path, migration_##number, migration_##number##_end},
#include "migrations.inc"
#undef MIGRATION
};
enum { EMBEDDED_COUNT = sizeof embedded / sizeof embedded[0] };

/* ---- talking to the database ------------------------------------------------------------------------------------ */

/* One run: the connection, the list, and where the reason goes. */
struct run {
  PGconn *connection;
  const struct migration *list;
  int count;
  char *error;
  size_t error_size;
};

static int fault(const struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int fault(const struct run *run, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(run->error, run->error_size, format, arguments);
  va_end(arguments);
  size_t length = strlen(run->error);
  while (length > 0 && run->error[length - 1] == '\n') run->error[--length] = '\0'; /* libpq ends its texts so */
  return -1;
}

static void ignore_notice(void *context, const PGresult *result) {
  (void)context, (void)result;
}

static int connect_to(struct run *run, const char *conninfo) {
  const char *const names[] = {"connect_timeout", "dbname", "client_encoding", NULL};
  const char *const values[] = {"10", conninfo, "UTF8", NULL};
  run->connection = PQconnectdbParams(names, values, 1);
  if (PQstatus(run->connection) != CONNECTION_OK)
    return fault(run, "cannot connect to migrate: %s", PQerrorMessage(run->connection));
  PQsetNoticeReceiver(run->connection, ignore_notice, NULL);
  return 0;
}

/* One statement without a result. */
static int say(const struct run *run, const char *statement) {
  PGresult *result = PQexecParams(run->connection, statement, 0, NULL, NULL, NULL, NULL, 0);
  ExecStatusType status = PQresultStatus(result);
  PQclear(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return 0;
  return fault(run, "cannot migrate: %s", PQerrorMessage(run->connection));
}

static int say_all(const struct run *run, const char *const *statements) {
  for (; *statements != NULL; statements++)
    if (say(run, *statements) != 0) return -1;
  return 0;
}

/* ---- what is noted ---------------------------------------------------------------------------------------------- */

static void hex_of(const struct migration *migration, char out[2 * SHA256_DIGEST_LENGTH + 1]) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256((const unsigned char *)migration->text, (size_t)(migration->end - migration->text), digest);
  for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* Compares the rows of rectify_migration (number, name, hash), ascending, with the list.  Returns how many are noted,
 * or -1. */
static int compare(const struct run *run, const PGresult *rows) {
  char hex[2 * SHA256_DIGEST_LENGTH + 1];
  int noted = PQntuples(rows);
  int last = noted == 0 ? 0 : atoi(PQgetvalue(rows, noted - 1, 0));
  const int newest = run->list[run->count - 1].number;
  if (last > newest)
    return fault(run, "database is at %d, this program knows %d: use the newer program", last, newest);
  for (int i = 0; i < noted; i++) {
    const struct migration *migration = &run->list[i];
    if (atoi(PQgetvalue(rows, i, 0)) != migration->number)
      return fault(run, "migration %d is not noted in the database, but %d is", migration->number, last);
    hex_of(migration, hex);
    if (strcmp(PQgetvalue(rows, i, 2), hex) != 0)
      return fault(run,
                   "migration %d was applied as %s with SHA-256 %s, but this program's %s has %s: an applied migration "
                   "never changes; use the program that made the database, or one after it",
                   migration->number, PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2), migration->path, hex);
  }
  return noted;
}

static int count_noted(const struct run *run) {
  PGresult *rows = PQexecParams(
      run->connection, "SELECT number, name, encode(sha256, 'hex') FROM public.rectify_migration ORDER BY number", 0,
      NULL, NULL, NULL, NULL, 0);
  int noted = PQresultStatus(rows) == PGRES_TUPLES_OK
                  ? compare(run, rows)
                  : fault(run, "cannot read public.rectify_migration: %s", PQerrorMessage(run->connection));
  PQclear(rows);
  return noted;
}

/* Whether the table exists: 1, 0, or -1 for a fault. */
static int is_noted_at_all(const struct run *run) {
  PGresult *row = PQexecParams(run->connection, "SELECT to_regclass('public.rectify_migration') IS NOT NULL", 0, NULL,
                               NULL, NULL, NULL, 0);
  int found = PQresultStatus(row) == PGRES_TUPLES_OK
                  ? PQgetvalue(row, 0, 0)[0] == 't'
                  : fault(run, "cannot look for public.rectify_migration: %s", PQerrorMessage(run->connection));
  PQclear(row);
  return found;
}

/* ---- applying --------------------------------------------------------------------------------------------------- */

/* The line (from 1) of character `position` (from 1) of a UTF-8 text. */
static int line_at(const char *text, const char *end, long position) {
  int line = 1;
  for (; text < end && position > 1; text++) {
    if (*text == '\n') line++;
    if (((unsigned char)text[1] & 0xC0) != 0x80) position--; /* the next byte begins a character */
  }
  return line;
}

/* The line of the `number`-th statement's end cannot be known without parsing SQL; an error that comes with a position
 * gives the line, one from execution gives the number of the statement instead. */
static int fault_of_sql(const struct run *run, const struct migration *migration, const PGresult *result, int number) {
  char where[64];
  const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
  const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
  const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
  const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
  if (position != NULL) snprintf(where, sizeof where, "%d", line_at(migration->text, migration->end, atol(position)));
  else snprintf(where, sizeof where, "statement %d", number);
  return fault(run, "%s:%s: error: %s%s%s%s%s%s%s", migration->path, where,
               message != NULL ? message : PQerrorMessage(run->connection), detail != NULL ? "\ndetail: " : "",
               detail != NULL ? detail : "", hint != NULL ? "\nhint: " : "", hint != NULL ? hint : "",
               context != NULL ? "\ncontext: " : "", context != NULL ? context : "");
}

/* Runs the statements of one file inside the open transaction. */
static int run_file(const struct run *run, const struct migration *migration) {
  int outcome = 0, number = 0;
  if (PQsendQuery(run->connection, migration->text) == 0)
    return fault(run, "%s: cannot send: %s", migration->path, PQerrorMessage(run->connection));
  for (PGresult *result; (result = PQgetResult(run->connection)) != NULL; PQclear(result)) {
    ExecStatusType status = PQresultStatus(result);
    number++;
    if (outcome == 0 && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
      outcome = fault_of_sql(run, migration, result, number);
    /* A COPY would wait for data that nobody sends. */
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      PQclear(result);
      return fault(run, "%s: statement %d: COPY is not possible in a migration", migration->path, number);
    }
  }
  if (outcome == 0 && PQtransactionStatus(run->connection) != PQTRANS_INTRANS)
    outcome = fault(run, "%s: a migration must not end the transaction it runs in", migration->path);
  return outcome;
}

static int note(const struct run *run, const struct migration *migration) {
  char number[16], hex[2 * SHA256_DIGEST_LENGTH + 1];
  snprintf(number, sizeof number, "%d", migration->number);
  hex_of(migration, hex);
  const char *const values[] = {number, migration->name, hex};
  PGresult *result = PQexecParams(run->connection,
                                  "INSERT INTO public.rectify_migration (number, name, sha256, applied_at) "
                                  "VALUES ($1, $2, decode($3, 'hex'), transaction_timestamp())",
                                  3, NULL, values, NULL, NULL, 0);
  ExecStatusType status = PQresultStatus(result);
  PQclear(result);
  if (status == PGRES_COMMAND_OK) return 0;
  return fault(run, "%s: cannot note it: %s", migration->path, PQerrorMessage(run->connection));
}

#define TEXT(x) #x
#define SECONDS(x) "'" TEXT(x) "s'"

static const char *const session[] = {
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET search_path = public, pg_temp",
    NULL,
};

/* The lock's number is "rectify" in ASCII. */
static const char *const begin[] = {
    "BEGIN ISOLATION LEVEL READ COMMITTED",
    "SET LOCAL lock_timeout = " SECONDS(MIGRATE_LOCK_SECONDS_MAX),
    "SELECT pg_advisory_xact_lock(x'72656374696679'::bigint)",
    "SET LOCAL lock_timeout = " SECONDS(MIGRATE_TABLE_SECONDS_MAX),
    NULL,
};

static const char *const table[] = {
    "CREATE TABLE public.rectify_migration ("
    " number integer PRIMARY KEY CHECK (number >= 1),"
    " name text NOT NULL,"
    " sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),"
    " applied_at timestamptz NOT NULL)",
    "COMMENT ON TABLE public.rectify_migration IS 'Migrations applied to this database; written by rectifyd only'",
    "COMMENT ON COLUMN public.rectify_migration.sha256 IS 'of the file that was applied'",
    "GRANT SELECT ON public.rectify_migration TO PUBLIC",
    NULL,
};

static const char *const end[] = {"COMMIT", NULL};

/* Applies the next missing migration in one transaction.  1: done, there may be more.  0: none was missing.  -1. */
static int step(const struct run *run) {
  if (say_all(run, begin) != 0) return -1;
  int exists = is_noted_at_all(run);
  if (exists < 0 || (exists == 0 && say_all(run, table) != 0)) return -1;
  int noted = count_noted(run);
  if (noted < 0) return -1;
  if (noted < run->count) {
    const struct migration *next = &run->list[noted];
    if (run_file(run, next) != 0 || say(run, "RESET ROLE") != 0 || note(run, next) != 0) return -1;
  }
  if (say_all(run, end) != 0) return -1;
  return noted < run->count;
}

int migrate_run_list(const char *conninfo_owner, const struct migration *migrations, int count, char *error,
                     size_t error_size) {
  must(count >= 1 && error_size > 0);
  struct run run = {.list = migrations, .count = count, .error = error, .error_size = error_size};
  int result = connect_to(&run, conninfo_owner);
  if (result == 0) result = say_all(&run, session);
  if (result == 0)
    while ((result = step(&run)) > 0) continue;
  PQfinish(run.connection);
  return result;
}

/* ---- checking --------------------------------------------------------------------------------------------------- */

static int check(const struct run *run) {
  int exists = is_noted_at_all(run);
  if (exists < 0) return -1;
  if (exists == 0)
    return fault(run, "the database has no schema of rectify: run `rectifyd --migrate` as the database's owner");
  int noted = count_noted(run);
  if (noted < 0) return -1;
  if (noted < run->count)
    return fault(run, "database is at %d, this program needs %d: run `rectifyd --migrate` as the database's owner",
                 noted, run->count);
  return 0;
}

int migrate_check_list(const char *conninfo, const struct migration *migrations, int count, char *error,
                       size_t error_size) {
  must(count >= 1 && error_size > 0);
  struct run run = {.list = migrations, .count = count, .error = error, .error_size = error_size};
  int result = connect_to(&run, conninfo);
  if (result == 0) result = check(&run);
  PQfinish(run.connection);
  return result;
}

int migrate_run(const char *conninfo_owner, char *error, size_t error_size) {
  return migrate_run_list(conninfo_owner, embedded, EMBEDDED_COUNT, error, error_size);
}

int migrate_check(const char *conninfo, char *error, size_t error_size) {
  return migrate_check_list(conninfo, embedded, EMBEDDED_COUNT, error, error_size);
}
