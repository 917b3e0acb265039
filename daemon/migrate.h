/* migrate.h - brings a database to the schema this program was built for, or says why not.
 *
 * The files migrations/NNNN_name.sql are compiled in.  Each is applied once, in order, in a transaction of its own, and
 * noted in public.rectify_migration with its SHA-256.  Forward only.  Blocking libpq: for start-up and
 * `rectifyd --migrate`, never from the loop.  Any number of daemons may run these at the same time.
 *
 * A migration may not begin or end transactions, and names its tables with their schema.  `SET LOCAL ROLE` is undone
 * after it.
 */
#ifndef RECTIFY_MIGRATE_H
#define RECTIFY_MIGRATE_H

#include <stddef.h>
#include <stdint.h>

/* Applies what is missing, as a user who may (the owner of the database, or a superuser).  Waits at most
 * MIGRATE_LOCK_SECONDS_MAX for another who migrates, and MIGRATE_TABLE_SECONDS_MAX for a table in use.
 *
 * Returns 0 when the schema is this program's; else -1 with the reason in `error`, and the database as the last
 * complete migration left it.  Faults: no connection; a noted migration that differs from the one compiled in; a
 * database newer than the program; an error of SQL, told as "migrations/NNNN_name.sql:LINE: message" with detail and
 * hint. */
#define MIGRATE_LOCK_SECONDS_MAX 60
#define MIGRATE_TABLE_SECONDS_MAX 10
int migrate_run(const char *conninfo_owner, char *error, size_t error_size);

/* Whether the schema is exactly what this program expects; changes nothing and needs no rights but to connect.
 * Returns 0, or -1 with the reason and what to do in `error`. */
int migrate_check(const char *conninfo, char *error, size_t error_size);

/* The migrations compiled in, ascending without gaps from 1. */
struct migration {
  int number;
  const char *name; /* "0001_spine" */
  const char *path; /* "migrations/0001_spine.sql" */
  const char *text; /* NUL terminated */
  const char *end;
};

/* The same as the two functions above for any list: what tests use.  `migrations` is borrowed for the call. */
int migrate_run_list(const char *conninfo_owner, const struct migration *migrations, int count, char *error,
                     size_t error_size);
int migrate_check_list(const char *conninfo, const struct migration *migrations, int count, char *error,
                       size_t error_size);

#endif
