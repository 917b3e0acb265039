#include "daemon/pg.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/clock.h"
#include "daemon/log.h"
#include "rectify/must.h"

#define JOBS_MAX 192 /* two of each request of a courier (LETTER_JOBS_MAX), and others */
#define CONNECT_MSEC_MAX 10000
#define SILENCE_MSEC_MAX 30000 /* a server that owes an answer and says nothing for so long is given up */
#define STATEMENT_MSEC_MAX "25000"

#define OWN_MAX 64

struct job {
  pg_result_fn *result;
  pg_done_fn *done;
  void *context;
  unsigned step;
  uint32_t sent, told; /* statements, those of ours included */
  uint64_t own;        /* bits, of the first OWN_MAX: the statement is not the caller's, who hears nothing of it */
  bool failed;
  char sqlstate[6];
  char text[512];
};

/* How the session plans prepared statements: anew for each call, or once for all parameters. */
enum plans { PLANS_UNKNOWN, PLANS_EACH, PLANS_ONCE };

struct pg {
  const char *name;
  enum plans plans; /* of the reading connection */
  enum pg_use use;
  enum pg_state state;
  PGconn *connection;
  PostgresPollingStatusType polling;
  int64_t connect_deadline;
  int64_t heard_at; /* monotonic ms: the last result, or the last turn with nothing owed */
  bool noticed; /* a notice arrived since the last job ended */
  bool broken;  /* sending failed: to be dropped at the next turn, not under the caller's feet */
  uint32_t first, count;
  struct job jobs[JOBS_MAX];
};

struct pg *pg_new(const char *name, enum pg_use use) {
  struct pg *pg = calloc(1, sizeof *pg);
  must(pg != NULL);
  pg->name = name;
  pg->use = use;
  return pg;
}

void pg_free(struct pg *pg) {
  if (pg == NULL) return;
  pg_drop(pg, "closing");
  free(pg);
}

/* A notice at COMMIT may mean "committed here, but not on the standby": it makes the outcome unknown. */
static void on_notice(void *context, const PGresult *result) {
  struct pg *pg = context;
  pg->noticed = true;
  log_warning("pg.notice connection=%s text=%s", pg->name, PQresultErrorMessage(result));
}

/* A batch of 500 findings is some 350 KB.  What the kernel does not take at once goes when the loop comes round again, which is
 * milliseconds in which the server waits.  TCP finds its own size. */
static void widen(int fd) {
  struct sockaddr_storage name;
  socklen_t length = sizeof name;
  const int bytes = 1 << 20;
  if (getsockname(fd, (struct sockaddr *)&name, &length) == 0 && name.ss_family == AF_UNIX)
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* What comes after `dbname` goes before what it says: texts are UTF-8 whatever PGCLIENTENCODING says.  What comes before it is what
 * holds if it says nothing: a line to the server that was cut without a word is noticed after some five seconds, whether
 * something was under way on it or not. */
static PGconn *start_connection(const char *name, const char *conninfo) {
  char application[32]; /* as pg_stat_activity shows it */
  (void)snprintf(application, sizeof application, "rectifyd %s", name);
  const char *const names[] = {"fallback_application_name", "keepalives_idle", "keepalives_interval", "keepalives_count",
                               "tcp_user_timeout", "dbname", "client_encoding", NULL};
  const char *const values[] = {application, "2", "1", "3", "5000", conninfo, "UTF8", NULL};
  return PQconnectStartParams(names, values, 1);
}

void pg_connect(struct pg *pg, const char *conninfo, int64_t now_msec) {
  pg_drop(pg, "reconnecting");
  pg->connection = start_connection(pg->name, conninfo);
  must(pg->connection != NULL);
  if (PQstatus(pg->connection) == CONNECTION_BAD) {
    pg_drop(pg, PQerrorMessage(pg->connection));
    return;
  }
  PQsetNoticeReceiver(pg->connection, on_notice, pg);
  pg->state = PG_CONNECTING;
  pg->polling = PGRES_POLLING_WRITING;
  pg->connect_deadline = now_msec + CONNECT_MSEC_MAX;
  pg->heard_at = now_msec;
}

static struct job *job_at(struct pg *pg, uint32_t offset) { return &pg->jobs[(pg->first + offset) % JOBS_MAX]; }

static void end_job(struct pg *pg, enum pg_outcome outcome) {
  struct job *job = job_at(pg, 0);
  pg_done_fn *done = job->done;
  void *context = job->context;
  char sqlstate[6], text[512];
  memcpy(sqlstate, job->sqlstate, sizeof sqlstate);
  memcpy(text, job->text, sizeof text);
  pg->first = (pg->first + 1) % JOBS_MAX;
  pg->count--;
  done(context, outcome, sqlstate, text);
}

static void copy_text(char *out, size_t size, const char *text) {
  size_t length = strlen(text);
  if (length >= size) length = size - 1;
  memcpy(out, text, length);
  out[length] = '\0';
}

void pg_drop(struct pg *pg, const char *why) {
  if (pg->connection == NULL) return;
  char text[512];
  copy_text(text, sizeof text, why);
  PGconn *connection = pg->connection;
  pg->connection = NULL;
  pg->state = PG_DOWN;
  pg->broken = pg->noticed = false;
  PQfinish(connection);
  while (pg->count > 0) {
    copy_text(job_at(pg, 0)->text, sizeof job_at(pg, 0)->text, text);
    end_job(pg, PG_UNKNOWN);
  }
}

enum pg_state pg_state(const struct pg *pg) { return pg->state; }

int pg_backend(const struct pg *pg) { return pg->connection == NULL ? 0 : PQbackendPID(pg->connection); }

int pg_socket(const struct pg *pg) { return pg->connection == NULL ? -1 : PQsocket(pg->connection); }

short pg_events(const struct pg *pg) {
  if (pg->state == PG_CONNECTING) return pg->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT;
  if (pg->state == PG_DOWN) return 0;
  return (short)(pg->broken || PQflush(pg->connection) == 1 ? POLLIN | POLLOUT : POLLIN);
}

static void prepared(void *context, unsigned step, const PGresult *result) {
  (void)context, (void)step, (void)result;
}

static void all_prepared(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct pg *pg = context;
  if (outcome == PG_DONE) return;
  log_err("pg.prepare_failed connection=%s sqlstate=%s text=%s", pg->name, sqlstate, text);
  if (pg->connection != NULL) pg_drop(pg, "a statement could not be prepared");
}

static bool send_text(struct pg *pg, const char *text) {
  return PQsendQueryParams(pg->connection, text, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

/* A statement that waits for somebody else's lock ends before the server counts as silent (SILENCE_MSEC_MAX), and a session
 * that was given up ends by itself, also when the machine at this end is gone without a word: else it would keep its lock, and its
 * place, for ever, or for the hours that the server's system takes, and no standby could take over.  What is committed is on the
 * disk, whatever the database or the role sets.  Nothing here is worth compiling: plans without sequential scans look dear, and
 * a server would compile them for seconds.  Settings that an older server does not know are left out.
 *
 * The reader's statements are planned with their parameters: "NULL or equal" is nothing then, where a plan for all parameters sorts
 * the whole table for each page.  Planning takes longer than looking up by a key does, so those have one plan: see plan().
 *
 * All statements of one job of the reader see the same committed log: a page's rows and its head belong together. */
static bool send_session(struct pg *pg) {
  static const char reader[] = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
  static const char bounds[] =
      "SELECT set_config(s.name, w.value, false) FROM pg_catalog.pg_settings AS s JOIN (VALUES "
      "('statement_timeout', '" STATEMENT_MSEC_MAX "'), ('client_connection_check_interval', '2000'), ('jit', 'off'), "
      "('tcp_keepalives_idle', '2'), ('tcp_keepalives_interval', '1'), ('tcp_keepalives_count', '3'), ('tcp_user_timeout', '10000')) "
      "AS w (name, value) "
      "ON w.name = s.name";
  static const char durable[] =
      "SELECT set_config('synchronous_commit', 'on', false) "
      "WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')";
  return send_text(pg, bounds) && send_text(pg, pg->use != PG_READS ? durable : reader);
}

static void prepare_all(struct pg *pg) {
  must(pg_begin(pg, prepared, all_prepared, pg));
  if (!send_session(pg)) {
    pg_drop(pg, PQerrorMessage(pg->connection));
    return;
  }
  for (enum statement at = 0; at < STATEMENT_COUNT; at++) {
    const struct statement_text *text = statement_text(at);
    if (text->where != (int)pg->use) continue;
    if (PQsendPrepare(pg->connection, text->name, text->sql, 0, NULL) != 1) {
      pg_drop(pg, PQerrorMessage(pg->connection));
      return;
    }
  }
  pg_end(pg);
}

static void connecting(struct pg *pg, int64_t now_msec) {
  pg->polling = PQconnectPoll(pg->connection);
  if (pg->polling == PGRES_POLLING_FAILED) {
    pg_drop(pg, PQerrorMessage(pg->connection));
  } else if (pg->polling == PGRES_POLLING_OK) {
    pg->state = PG_UP;
    pg->plans = PLANS_UNKNOWN;
    pg->noticed = false; /* warnings of the connection itself say nothing about a commit */
    if (PQsetnonblocking(pg->connection, 1) != 0 || PQenterPipelineMode(pg->connection) != 1)
      pg_drop(pg, PQerrorMessage(pg->connection));
    else
      prepare_all(pg);
    if (pg->state == PG_UP) widen(PQsocket(pg->connection));
  } else if (now_msec >= pg->connect_deadline) {
    pg_drop(pg, "connecting took too long");
  }
}

static void take_error(struct job *job, const PGresult *result) {
  if (job->failed) return;
  job->failed = true;
  const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  copy_text(job->sqlstate, sizeof job->sqlstate, sqlstate != NULL ? sqlstate : "");
  /* Without the detail: "Failing row contains (...)" would carry free text into the log and to other people. */
  const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  copy_text(job->text, sizeof job->text, primary != NULL ? primary : PQresultErrorMessage(result));
}

/* Connection-class errors leave the outcome open even when the server managed to send them. */
static bool is_connection_error(const char *sqlstate) {
  return sqlstate[0] == '\0' || strncmp(sqlstate, "08", 2) == 0 || strncmp(sqlstate, "57P", 3) == 0;
}

static void finish_job(struct pg *pg) {
  struct job *job = job_at(pg, 0);
  enum pg_outcome outcome = PG_DONE;
  if (job->failed) pg->plans = PLANS_UNKNOWN; /* what it set is taken back */
  if (job->failed) outcome = is_connection_error(job->sqlstate) ? PG_UNKNOWN : PG_FAILED;
  if (outcome == PG_DONE && pg->noticed) {
    outcome = PG_UNKNOWN;
    copy_text(job->text, sizeof job->text, "a notice came with the commit");
  }
  pg->noticed = false;
  end_job(pg, outcome);
}

static bool is_own(const struct job *job) { return job->told < OWN_MAX && (job->own >> job->told & 1) != 0; }

static void take_result(struct pg *pg, const PGresult *result) {
  struct job *job = job_at(pg, 0);
  switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC: finish_job(pg); return;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
      if (!is_own(job)) job->result(job->context, job->step, result);
      return;
    case PGRES_PIPELINE_ABORTED: return;
    case PGRES_EMPTY_QUERY:
    case PGRES_COPY_OUT:
    case PGRES_COPY_IN:
    case PGRES_COPY_BOTH:
    case PGRES_BAD_RESPONSE:
    case PGRES_NONFATAL_ERROR:
    case PGRES_FATAL_ERROR:
    case PGRES_SINGLE_TUPLE: break;
  }
  take_error(job, result);
}

static void count_statement(struct job *job) {
  job->step += !is_own(job);
  job->told++;
}

/* Hands out what has arrived; a callback may drop the connection, so it is looked at anew each time. */
static void take_results(struct pg *pg, int64_t now_msec) {
  if (pg->count == 0) pg->heard_at = now_msec;
  while (pg->connection != NULL && pg->count > 0 && !PQisBusy(pg->connection)) {
    PGresult *result = PQgetResult(pg->connection);
    pg->heard_at = now_msec;
    if (result == NULL) {
      if (PQstatus(pg->connection) == CONNECTION_BAD) return; /* no Sync will come: NULL for ever */
      count_statement(job_at(pg, 0));
      continue;
    }
    take_result(pg, result);
    PQclear(result);
    pg->heard_at = clock_monotonic_msec(); /* our own time over a large result is not the server's silence */
  }
}

void pg_turn(struct pg *pg, int64_t now_msec) {
  if (pg->state == PG_DOWN) return;
  if (pg->state == PG_CONNECTING) {
    connecting(pg, now_msec);
    return;
  }
  if (pg->broken) {
    pg_drop(pg, "sending failed");
    return;
  }
  if (PQconsumeInput(pg->connection) != 1) {
    take_results(pg, now_msec);
    if (pg->connection != NULL) pg_drop(pg, PQerrorMessage(pg->connection));
    return;
  }
  take_results(pg, now_msec);
  if (pg->connection != NULL && PQstatus(pg->connection) == CONNECTION_BAD)
    pg_drop(pg, PQerrorMessage(pg->connection));
  else if (pg->connection != NULL && pg->count > 0 && now_msec - pg->heard_at > SILENCE_MSEC_MAX)
    pg_drop(pg, "the server has been silent for too long");
  else if (pg->connection != NULL && PQflush(pg->connection) < 0)
    pg_drop(pg, PQerrorMessage(pg->connection));
}

bool pg_begin(struct pg *pg, pg_result_fn *result, pg_done_fn *done, void *context) {
  if (pg->state != PG_UP || pg->count == JOBS_MAX) return false;
  struct job *job = job_at(pg, pg->count++);
  *job = (struct job){.result = result, .done = done, .context = context};
  return true;
}

static void send_statement(struct pg *pg, enum statement statement, const struct pg_params *params, bool own) {
  static int formats[PG_PARAMS_MAX];
  struct job *job = job_at(pg, pg->count - 1);
  if (formats[0] == 0)
    for (int i = 0; i < PG_PARAMS_MAX; i++) formats[i] = 1;
  if (own) job->own |= UINT64_C(1) << job->sent;
  job->sent++;
  if (PQsendQueryPrepared(pg->connection, statement_text(statement)->name, params->count, params->values,
                          params->lengths, formats, 1) == 1)
    return;
  pg->broken = true;
  log_err("pg.send_failed connection=%s statement=%s text=%s", pg->name, statement_text(statement)->name,
          PQerrorMessage(pg->connection));
}

/* How the statement is to be planned, where the one before it was to be planned otherwise. */
static void plan(struct pg *pg, const struct statement_text *text) {
  static const struct pg_params none;
  const enum plans wanted = text->by_key ? PLANS_ONCE : PLANS_EACH;
  if (pg->use != PG_READS || pg->plans == wanted || job_at(pg, pg->count - 1)->sent >= OWN_MAX) return;
  pg->plans = wanted;
  send_statement(pg, wanted == PLANS_ONCE ? STATEMENT_PLAN_ONCE : STATEMENT_PLAN_EACH, &none, true);
}

void pg_statement(struct pg *pg, enum statement statement, const struct pg_params *params) {
  if (pg->state != PG_UP) return;
  plan(pg, statement_text(statement));
  send_statement(pg, statement, params, false);
}

void pg_end(struct pg *pg) {
  if (pg->state != PG_UP) return;
  if (PQpipelineSync(pg->connection) == 1 && PQflush(pg->connection) >= 0) return;
  pg->broken = true;
  log_err("pg.sync_failed connection=%s text=%s", pg->name, PQerrorMessage(pg->connection));
}
