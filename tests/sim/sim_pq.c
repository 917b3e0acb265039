/* sim_pq.c - libpq's calls, as far as daemon/pg.c uses them, to sim_server.c.  What is sent travels in order and arrives later;
 * a connection breaks before, while or after the server works, and only the server knows which. */
#include <errno.h>

#include "daemon/pg.h"
#include "tests/sim/sim.h"

#define RESULTS_MAX 512
#define CONNECT_MSEC 3
#define NO_NOTICE UINT32_MAX
#define NOTICED_MSEC 5000 /* until the server finds out that a client is dead */
#define CUT_OFF_MSEC 10000 /* and that nobody is at the far end of a line, from when the client has given it up */
#define GONE_MSEC 30000 /* until nobody keeps a line to a server that is gone, whether he asks it something or not */
#define SILENCE_MSEC 5000 /* until a client finds out that a line was cut without a word */

/* ---- results ---- */

struct cell {
  size_t at, length;
  bool null;
};

struct pg_result {
  ExecStatusType status;
  char sqlstate[6], text[100];
  const char *name; /* of the first column, where somebody asks for it */
  int columns;
  uint32_t count, room;
  struct cell *cells;
  uint8_t *data;
  size_t used, data_room;
};

struct pg_result *result_new(int status) {
  struct pg_result *result = calloc(1, sizeof *result);
  must(result != NULL);
  result->status = (ExecStatusType)status;
  result->name = "";
  result->columns = 1;
  return result;
}

struct pg_result *result_error(const char *sqlstate, const char *text) {
  struct pg_result *result = result_new(PGRES_FATAL_ERROR);
  snprintf(result->sqlstate, sizeof result->sqlstate, "%s", sqlstate);
  snprintf(result->text, sizeof result->text, "%s", text);
  return result;
}

void result_columns(struct pg_result *result, int columns) { result->columns = columns; }
void result_name(struct pg_result *result, const char *name) { result->name = name; }

void result_bytes(struct pg_result *result, const void *data, size_t length) {
  if (result->count == result->room) {
    result->room = result->room == 0 ? 16 : 2 * result->room;
    result->cells = realloc(result->cells, result->room * sizeof *result->cells);
  }
  while (result->used + length + 1 > result->data_room) {
    result->data_room = result->data_room == 0 ? 256 : 2 * result->data_room;
    result->data = realloc(result->data, result->data_room);
  }
  must(result->cells != NULL && result->data != NULL);
  result->cells[result->count++] = (struct cell){result->used, length, false};
  if (length > 0) memcpy(result->data + result->used, data, length);
  result->data[result->used + length] = '\0';
  result->used += length + 1;
}

void result_int(struct pg_result *result, int64_t value) {
  uint8_t wire[8];
  for (int i = 0; i < 8; i++) wire[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
  result_bytes(result, wire, sizeof wire);
}

void result_null(struct pg_result *result) {
  result_bytes(result, "", 0);
  result->cells[result->count - 1].null = true;
}

void PQclear(PGresult *result) {
  if (result == NULL) return;
  free(result->cells);
  free(result->data);
  free(result);
}

ExecStatusType PQresultStatus(const PGresult *result) { return result->status; }
char *PQresultErrorMessage(const PGresult *result) { return (char *)(uintptr_t)result->text; }
char *PQresultErrorField(const PGresult *result, int field) {
  return (char *)(uintptr_t)(field == PG_DIAG_SQLSTATE ? result->sqlstate : result->text);
}
int PQnfields(const PGresult *result) { return result->columns; }
char *PQfname(const PGresult *result, int column) {
  must(column == 0);
  return (char *)(uintptr_t)result->name;
}
int PQntuples(const PGresult *result) { return (int)result->count / result->columns; }
Oid PQftype(const PGresult *result, int column) {
  (void)result, (void)column;
  return PG_INT8;
}
static const struct cell *cell_of(const PGresult *result, int row, int column) {
  must(row * result->columns + column < (int)result->count);
  return &result->cells[row * result->columns + column];
}
char *PQgetvalue(const PGresult *result, int row, int column) { return (char *)result->data + cell_of(result, row, column)->at; }
int PQgetlength(const PGresult *result, int row, int column) { return (int)cell_of(result, row, column)->length; }
int PQgetisnull(const PGresult *result, int row, int column) { return cell_of(result, row, column)->null; }

PGresult *PQcopyResult(const PGresult *result, int flags) {
  struct pg_result *copy = result_new(result->status);
  must(flags == (PG_COPYRES_ATTRS | PG_COPYRES_TUPLES));
  copy->columns = result->columns;
  for (uint32_t i = 0; i < result->count; i++) {
    const struct cell *cell = &result->cells[i];
    if (cell->null) result_null(copy);
    else result_bytes(copy, result->data + cell->at, cell->length);
  }
  return copy;
}

/* ---- connections ---- */

struct asked {
  struct asked *next;
  uint32_t statement; /* STATEMENT_COUNT: nothing that matters here */
  int count;
  char **values;
  int *lengths;
};

/* What travels: a job to the server, its results back. */
struct parcel {
  struct pg_conn *connection;
  struct asked *first, *last;
  struct pg_result *results[RESULTS_MAX];
  uint32_t count;
  bool noticed;
};

struct pg_conn {
  struct pg_conn *next;
  uint64_t session;
  struct process *owner;
  uint32_t node; /* of the server it is connected to */
  bool finished, broken, up, refused;
  bool writes; /* what daemon/pg.c calls `writer` */
  bool cut_off; /* the client has given the line up, and the server has not noticed: what is on its way arrives, but no answer */
  usec_t hangs_until, last_there, last_back; /* in order */
  PQnoticeReceiver notice;
  void *notice_context;
  struct parcel *building;
  struct pg_result *ready[RESULTS_MAX + 8];
  uint32_t ready_first, ready_count;
  uint32_t notice_at; /* so many results come before it; NO_NOTICE: there is none */
};

static struct pg_conn *connections;
static uint64_t sessions;
static uint32_t doubt, doubt_noticed, fail, slow_msec;

static void asked_free(struct asked *asked) {
  for (struct asked *next; asked != NULL; asked = next) {
    next = asked->next;
    for (int i = 0; i < asked->count; i++) free(asked->values[i]);
    free(asked->values);
    free(asked->lengths);
    free(asked);
  }
}

static void parcel_free(struct parcel *parcel) {
  if (parcel == NULL) return;
  asked_free(parcel->first);
  for (uint32_t i = 0; i < parcel->count; i++) PQclear(parcel->results[i]);
  free(parcel);
}

void pq_clear(void) {
  for (struct pg_conn *next; connections != NULL; connections = next) {
    next = connections->next;
    parcel_free(connections->building);
    while (connections->ready_count > 0) PQclear(connections->ready[(connections->ready_first + --connections->ready_count) % (RESULTS_MAX + 8)]);
    free(connections);
  }
  sessions = 0;
  doubt = doubt_noticed = fail = slow_msec = 0;
}

/* What still is on its way to it is not done. */
static void session_ends(void *context, uint64_t session) {
  (void)context;
  for (struct pg_conn *at = connections; at != NULL; at = at->next)
    if (at->session == session) at->broken = true;
  server_release(session);
}

static void break_it(struct pg_conn *connection) {
  if (connection->broken || connection->finished) return;
  connection->broken = true;
  sim_after(dice_below(DICE_SERVER, NOTICED_MSEC) * MSEC, session_ends, NULL, connection->session);
  host_wake(connection->owner->number);
}

/* pg_terminate_backend(): what still is on its way to the session is not done, and its lock goes a moment later. */
void pq_end_session(uint64_t session) {
  for (struct pg_conn *at = connections; at != NULL; at = at->next) {
    if (at->session != session) continue;
    if (!at->broken && !at->finished) host_wake(at->owner->number);
    at->broken = true;
  }
  sim_after(1 + dice_below(DICE_SERVER, (uint32_t)MSEC), session_ends, NULL, session);
}

void pq_cut(const struct process *process) {
  for (struct pg_conn *at = connections; at != NULL; at = at->next)
    if (at->owner == process) break_it(at);
}

void pq_cut_all(void) {
  for (struct pg_conn *at = connections; at != NULL; at = at->next) {
    break_it(at);
    server_release(at->session);
  }
}

static void hears_nothing(struct pg_conn *connection) {
  if (connection->finished || connection->broken) return;
  connection->cut_off = true;
  host_wake(connection->owner->number);
}

/* The client's side has noticed that nothing comes through (keepalives, tcp_user_timeout: start_connection() of daemon/pg.c). */
static void falls_silent(void *context, uint64_t number) {
  struct pg_conn *connection = context;
  (void)number;
  if (sim.now < connection->hangs_until) hears_nothing(connection);
}

void pq_hang(const struct process *process, usec_t until) {
  for (struct pg_conn *at = connections; at != NULL; at = at->next) {
    if (at->owner != process || at->finished) continue;
    at->hangs_until = until;
    sim_after(SILENCE_MSEC * MSEC, falls_silent, at, 0);
  }
}

/* By now the lines beside the writer's are known to be dead.  That one is left as it is: who was overtaken may not hear of it for long. */
static void old_servers_are_gone(void *context, uint64_t number) {
  (void)context, (void)number;
  for (struct pg_conn *at = connections; at != NULL; at = at->next)
    if (at->up && !at->writes && at->node != server.node) hears_nothing(at);
}

void pq_server_is_gone(void) { sim_after(GONE_MSEC * MSEC, old_servers_are_gone, NULL, 0); }

void pq_doubt(uint32_t percent, bool noticed) {
  if (noticed) doubt_noticed = percent;
  else doubt = percent;
}

void pq_fail(uint32_t percent) { fail = percent; }
void pq_slow(uint32_t msec) { slow_msec = msec; }
bool pq_is_slow(void) { return slow_msec > 0; }

usec_t pq_busy_until(void) {
  usec_t until = sim.now;
  for (const struct pg_conn *at = connections; at != NULL; at = at->next)
    if (!at->broken && !at->finished && at->last_there > until) until = at->last_there;
  return until;
}

static usec_t travel(usec_t *last, const struct pg_conn *connection) {
  usec_t at = sim.now + 50 + dice_below(DICE_SERVER, 400);
  if (connection->hangs_until > at) at = connection->hangs_until;
  if (*last >= at) at = *last + 1;
  *last = at;
  return at - sim.now;
}

/* A busy server comes to it later. */
static usec_t until_done(struct pg_conn *connection) {
  if (slow_msec == 0) return travel(&connection->last_there, connection);
  connection->last_there = (connection->last_there > sim.now ? connection->last_there : sim.now) + dice_below(DICE_SERVER, slow_msec) * MSEC;
  return travel(&connection->last_there, connection);
}

/* ---- the server's side ---- */

/* The results are there. */
static void come_back(void *context, uint64_t number) {
  struct parcel *parcel = context;
  struct pg_conn *connection = parcel->connection;
  (void)number;
  if (connection->finished || connection->broken || connection->cut_off) {
    parcel_free(parcel);
    return;
  }
  if (parcel->noticed) connection->notice_at = connection->ready_count; /* behind what came before */
  for (uint32_t i = 0; i < parcel->count; i++) {
    must(connection->ready_count < RESULTS_MAX + 8);
    connection->ready[(connection->ready_first + connection->ready_count++) % (RESULTS_MAX + 8)] = parcel->results[i];
  }
  parcel->count = 0;
  parcel_free(parcel);
  host_wake(connection->owner->number);
}

static void put(struct parcel *parcel, struct pg_result *result) {
  must(parcel->count < RESULTS_MAX);
  parcel->results[parcel->count++] = result;
}

/* One transaction: after the first error the rest is not looked at. */
static bool run_all(struct parcel *parcel, bool refuse) {
  bool failed = false, wrote = false;
  if (!refuse) record_transaction();
  for (struct asked *asked = parcel->first; asked != NULL; asked = asked->next) {
    const struct server_params params = {asked->count, (const char *const *)asked->values, asked->lengths};
    struct pg_result *result;
    if (failed) result = result_new(PGRES_PIPELINE_ABORTED);
    else if (asked->statement == STATEMENT_COUNT) result = result_new(PGRES_COMMAND_OK);
    else if (refuse && server_may_write(asked->statement)) result = result_error("53100", "could not extend file: No space left on device");
    else result = server_run(asked->statement, &params, parcel->connection->session);
    if (!failed && !refuse && asked->statement != STATEMENT_COUNT) record_statement(asked->statement, &params, result);
    failed |= PQresultStatus(result) == PGRES_FATAL_ERROR;
    wrote |= !failed && server_wrote(asked->statement);
    put(parcel, result);
    put(parcel, NULL);
  }
  put(parcel, result_new(PGRES_PIPELINE_SYNC));
  return wrote;
}

static bool may_write(const struct parcel *parcel) {
  for (const struct asked *asked = parcel->first; asked != NULL; asked = asked->next)
    if (server_may_write(asked->statement)) return true;
  return false;
}

/* The job has reached the server. */
static void work(void *context, uint64_t number) {
  struct parcel *parcel = context;
  struct pg_conn *connection = parcel->connection;
  const bool lost = connection->broken || connection->node != server.node || sim.now < server.down_until;
  const bool doubtful = !lost && may_write(parcel) && dice_percent(DICE_SERVER, doubt);
  (void)number;
  if (doubtful && dice_percent(DICE_SERVER, 50)) break_it(connection); /* before */
  if (lost || connection->broken) {
    parcel_free(parcel);
    return;
  }
  const bool wrote = run_all(parcel, dice_percent(DICE_SERVER, fail));
  parcel->noticed = wrote && dice_percent(DICE_SERVER, doubt_noticed);
  if (doubtful) sim_tell("  database: %s, and the connection breaks", wrote ? "committed" : "not committed");
  if (parcel->noticed) sim_tell("  database: committed, but the standby has not confirmed");
  const bool safe = wrote && !server.unnamed && !parcel->noticed && !(doubtful && dice_percent(DICE_SERVER, 50));
  if (safe) server_make_durable();
  if (doubtful) break_it(connection);
  sim_after(travel(&connection->last_back, connection), come_back, parcel, 0);
}

/* ---- libpq ---- */

static bool is_down(const struct pg_conn *connection) { return connection->broken || connection->cut_off; }

static void connected(void *context, uint64_t number) {
  struct pg_conn *connection = context;
  (void)number;
  connection->up = sim.now >= server.down_until && sim.now >= connection->hangs_until;
  connection->refused = !connection->up;
  connection->node = server.node;
  host_wake(connection->owner->number);
}

PGconn *PQconnectStartParams(const char *const *names, const char *const *values, int expand) {
  struct pg_conn *connection = calloc(1, sizeof *connection);
  (void)names, (void)expand;
  must(connection != NULL);
  connection->writes = strcmp(values[0], "rectifyd writer") == 0;
  connection->session = ++sessions;
  connection->notice_at = NO_NOTICE;
  connection->owner = sim.process;
  for (struct pg_conn *at = connections; at != NULL; at = at->next)
    if (at->owner == connection->owner && at->hangs_until > connection->hangs_until) connection->hangs_until = at->hangs_until;
  connection->next = connections;
  connections = connection;
  sim_after(CONNECT_MSEC * MSEC, connected, connection, 0);
  return connection;
}

PostgresPollingStatusType PQconnectPoll(PGconn *connection) {
  if (connection->refused || is_down(connection)) return PGRES_POLLING_FAILED;
  return connection->up ? PGRES_POLLING_OK : PGRES_POLLING_READING;
}

ConnStatusType PQstatus(const PGconn *connection) { return is_down(connection) ? CONNECTION_BAD : CONNECTION_OK; }

char *PQerrorMessage(const PGconn *connection) {
  static char broken[] = "server closed the connection unexpectedly", refused[] = "connection refused";
  return connection->refused ? refused : broken;
}

PQnoticeReceiver PQsetNoticeReceiver(PGconn *connection, PQnoticeReceiver receiver, void *context) {
  connection->notice = receiver;
  connection->notice_context = context;
  return NULL;
}

/* A session that was ended properly lets go of its lock at once; a dead process's when the server finds out; one at the far end of a
 * line that was cut much later. */
static usec_t until_released(struct pg_conn *connection) {
  const bool hangs = connection->hangs_until > sim.now;
  if (connection->cut_off) return dice_below(DICE_SERVER, CUT_OFF_MSEC) * MSEC;
  if (!connection->owner->alive || hangs) return dice_below(DICE_SERVER, NOTICED_MSEC) * MSEC;
  return travel(&connection->last_there, connection);
}

void PQfinish(PGconn *connection) {
  if (!connection->broken) sim_after(until_released(connection), session_ends, NULL, connection->session);
  connection->finished = true;
  parcel_free(connection->building);
  connection->building = NULL;
  while (connection->ready_count > 0)
    PQclear(connection->ready[(connection->ready_first + --connection->ready_count) % (RESULTS_MAX + 8)]);
}

int PQsocket(const PGconn *connection) { return (int)connection->session; }
int PQbackendPID(const PGconn *connection) { return (int)connection->session; }
int PQsetnonblocking(PGconn *connection, int on) {
  (void)connection, (void)on;
  return 0;
}
int PQenterPipelineMode(PGconn *connection) {
  (void)connection;
  return 1;
}
int PQflush(PGconn *connection) {
  (void)connection;
  return 0;
}
int PQconsumeInput(PGconn *connection) { return !is_down(connection); }
int PQisBusy(PGconn *connection) { return connection->ready_count == 0 && !is_down(connection); }

static void tell_notice(PGconn *connection) {
  static const PGresult notice = {.text = "canceling wait for synchronous replication due to user request"};
  connection->notice_at = NO_NOTICE;
  connection->notice(connection->notice_context, &notice);
}

PGresult *PQgetResult(PGconn *connection) {
  if (connection->ready_count == 0) return NULL;
  if (connection->notice_at == 0) tell_notice(connection);
  else if (connection->notice_at != NO_NOTICE) connection->notice_at--;
  struct pg_result *result = connection->ready[connection->ready_first];
  connection->ready_first = (connection->ready_first + 1) % (RESULTS_MAX + 8);
  connection->ready_count--;
  return result;
}

static struct asked *ask(PGconn *connection, uint32_t statement, int count, const char *const *values, const int *lengths) {
  if (connection->building == NULL) connection->building = calloc(1, sizeof *connection->building);
  struct parcel *parcel = connection->building;
  struct asked *asked = calloc(1, sizeof *asked);
  must(parcel != NULL && asked != NULL);
  parcel->connection = connection;
  asked->statement = statement;
  asked->count = count;
  asked->values = calloc((size_t)count + 1, sizeof *asked->values);
  asked->lengths = calloc((size_t)count + 1, sizeof *asked->lengths);
  must(asked->values != NULL && asked->lengths != NULL);
  for (int i = 0; i < count; i++) {
    asked->lengths[i] = lengths[i];
    if (values[i] == NULL) continue;
    asked->values[i] = malloc((size_t)lengths[i] + 1);
    must(asked->values[i] != NULL);
    memcpy(asked->values[i], values[i], (size_t)lengths[i]);
  }
  if (parcel->first == NULL) parcel->first = asked;
  else parcel->last->next = asked;
  parcel->last = asked;
  return asked;
}

int PQsendQueryParams(PGconn *connection, const char *sql, int count, const Oid *types, const char *const *values,
                      const int *lengths, const int *formats, int format) {
  (void)sql, (void)types, (void)formats, (void)format;
  ask(connection, STATEMENT_COUNT, count, values, lengths);
  return 1;
}

int PQsendPrepare(PGconn *connection, const char *name, const char *sql, int count, const Oid *types) {
  (void)name, (void)sql, (void)count, (void)types;
  ask(connection, STATEMENT_COUNT, 0, NULL, NULL);
  return 1;
}

int PQsendQueryPrepared(PGconn *connection, const char *name, int count, const char *const *values, const int *lengths,
                        const int *formats, int format) {
  uint32_t statement = 0;
  (void)formats, (void)format;
  while (statement < STATEMENT_COUNT && strcmp(statement_text(statement)->name, name) != 0) statement++;
  must(statement < STATEMENT_COUNT);
  ask(connection, statement, count, values, lengths);
  return 1;
}

int PQpipelineSync(PGconn *connection) {
  struct parcel *parcel = connection->building;
  if (parcel == NULL) parcel = calloc(1, sizeof *parcel);
  must(parcel != NULL);
  parcel->connection = connection;
  connection->building = NULL;
  if (connection->owner->alive) sim_after(until_done(connection), work, parcel, 0);
  else parcel_free(parcel);
  return 1;
}
