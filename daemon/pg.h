/* pg.h - one asynchronous connection to PostgreSQL in pipeline mode.
 *
 * Work goes in jobs: a few prepared statements and one Sync, which is one transaction.  A job ends in exactly one of
 * three ways: PG_DONE (committed), PG_FAILED (the server said no and the connection is good: nothing was changed) or
 * PG_UNKNOWN (connection lost, or any notice came with the commit: nobody knows).  Nothing here blocks.
 */
#ifndef RECTIFY_PG_H
#define RECTIFY_PG_H

#include <libpq-fe.h>

#include "daemon/statements.h"
#include "rectify/calendar.h"
#include "rectify/model.h"

enum pg_outcome { PG_DONE, PG_FAILED, PG_UNKNOWN };

/* `step` numbers the statements of the job from 0.  The result is cleared by the caller of the function. */
typedef void pg_result_fn(void *context, unsigned step, const PGresult *result);
/* `sqlstate` and `text` tell of PG_FAILED and PG_UNKNOWN; they are borrowed for the call. */
typedef void pg_done_fn(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text);

struct pg;

/* What a connection is for: which statements are prepared on it.  The writer's appends wait for nothing that a file of evidence
 * brings: files have a connection of their own, which writes too. */
enum pg_use { PG_READS = 0, PG_WRITES = 1, PG_KEEPS = 2 };

/* `name` (borrowed) appears in the log. */
struct pg *pg_new(const char *name, enum pg_use use);
void pg_free(struct pg *pg);

/* Begins to connect; earlier work is dropped as PG_UNKNOWN. */
void pg_connect(struct pg *pg, const char *conninfo, int64_t now_msec);
/* Ends the connection; every unfinished job is told PG_UNKNOWN. */
void pg_drop(struct pg *pg, const char *why);

enum pg_state { PG_DOWN, PG_CONNECTING, PG_UP };
enum pg_state pg_state(const struct pg *pg);

/* For the loop: -1 when there is nothing to wait for; POLLIN / POLLOUT bits otherwise. */
/* Process id of the server's process behind the connection; 0: none. */
int pg_backend(const struct pg *pg);
int pg_socket(const struct pg *pg);
short pg_events(const struct pg *pg);
/* Does what can be done now. */
void pg_turn(struct pg *pg, int64_t now_msec);

/* Parameters of one statement, all binary. */
#define PG_PARAMS_MAX 96
struct pg_params {
  int count;
  const char *values[PG_PARAMS_MAX];
  int lengths[PG_PARAMS_MAX];
  char scratch[PG_PARAMS_MAX][8];
};
void pg_params_reset(struct pg_params *params);
void pg_param_null(struct pg_params *params);
void pg_param_int2(struct pg_params *params, int16_t value);
void pg_param_int4(struct pg_params *params, int32_t value);
void pg_param_int8(struct pg_params *params, int64_t value);
void pg_param_bool(struct pg_params *params, bool value);
void pg_param_instant(struct pg_params *params, usec_t value);
void pg_param_bytes(struct pg_params *params, const void *data, size_t length); /* borrowed until the job is sent */

/* An array parameter, filled row by row and used again after pg_array_reset(). */
struct pg_array {
  uint32_t type; /* element type OID, see below */
  uint32_t count;
  bool nulls;
  size_t used, room;
  char *data;
};
#define PG_BOOL 16
#define PG_BYTEA 17
#define PG_INT8 20
#define PG_INT2 21
#define PG_INT4 23
#define PG_TEXT 25
#define PG_DATE 1082
#define PG_INSTANT 1184 /* timestamptz */
#define PG_UUID 2950
void pg_array_reset(struct pg_array *array, uint32_t type);
void pg_array_free(struct pg_array *array);
void pg_put_int(struct pg_array *array, int64_t value); /* BOOL, INT2, INT4, INT8, DATE (days since 1970), INSTANT */
void pg_put_bytes(struct pg_array *array, const void *data, size_t length); /* BYTEA, TEXT, UUID */
void pg_put_null(struct pg_array *array);
void pg_param_array(struct pg_params *params, struct pg_array *array); /* borrowed until the job is sent */

/* A job: begin, one or more statements, end.  pg_begin() is false when PG_DOWN or too many jobs wait. */
bool pg_begin(struct pg *pg, pg_result_fn *result, pg_done_fn *done, void *context);
void pg_statement(struct pg *pg, enum statement statement, const struct pg_params *params);
void pg_end(struct pg *pg);

/* Reading binary results; the column's type is the statement's promise. */
int64_t pg_int(const PGresult *result, int row, int column); /* any integer, boolean or date (days since 1970) */
usec_t pg_instant(const PGresult *result, int row, int column); /* 0 for NULL */
const uint8_t *pg_bytes(const PGresult *result, int row, int column, size_t *length);
bool pg_null(const PGresult *result, int row, int column);

#endif
