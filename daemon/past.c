/* past.c - see past.h: which log is meant, and one job after the other. */
#include "daemon/past.h"

#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

bool past_is_wanted(const Rectify__V1__Query *wanted) { return wanted->as_of != 0 || wanted->known_at != 0; }

const struct world *query_world(const struct query *query) {
  if (query->past != NULL && query->past->office != NULL) return &query->past->office->office->world;
  return &query->daemon->store.office->world;
}

usec_t query_now(const struct query *query) { return query->past != NULL ? query->past->as_of : clock_now(); }

void past_refuse(struct query *query, uint32_t failure, const char *field, const char *text) {
  const uint32_t retry = failure == FAILURE_BUSY || failure == FAILURE_UNAVAILABLE ? RETRY_AFTER_MSEC : 0;
  if (!query->answered) answer_error(query->daemon, &query->back, &query->id, failure, field, text, retry);
  query->answered = true;
}

void past_free(struct query *query) {
  struct past *past = query->past;
  if (past == NULL) return;
  past_office_release(past);
  rectify__v1__query__free_unpacked(past->wanted, NULL);
  free(past);
  query->past = NULL;
}

/* ---- jobs ---- */

static void job_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct query *query = context;
  if (outcome != PG_DONE) log_warning("query.failed sqlstate=%s text=%s", sqlstate, text);
  if (outcome != PG_DONE || query->daemon->store.office->registry == NULL)
    past_refuse(query, FAILURE_UNAVAILABLE, "query", "the database cannot be reached; try later");
  if (query->answered) query_end(query);
  else if (query->held) reading_hold(query);
  else query->past->then(query);
}

bool past_job(struct query *query, pg_result_fn *result, void (*then)(struct query *query)) {
  query->past->then = then;
  if (pg_begin(query->daemon->reader, result, job_done, query)) return true;
  past_refuse(query, FAILURE_BUSY, "query", "too many queries wait; try later");
  query_end(query);
  return false;
}

/* ---- the history of a case ---- */

static void history_result(void *context, unsigned step, const PGresult *result) {
  struct query *query = context;
  if (query->daemon->store.office->registry == NULL) return;
  if (step == 0) query->may_see = PQntuples(result) > 0;
  if (step == 0 && query->may_see) (void)query_may_show(query, result);
  if (step > 0 && query->may_see && !query->held) page_of_events(query, result);
}

static void history_done(struct query *query) {
  past_refuse(query, FAILURE_NOT_FOUND, "query", "there is no such case that you may read");
  query_end(query);
}

static void ask_history(struct query *query) {
  const struct past *past = query->past;
  struct pg_params params;
  if (!past_office_holds(query) || !past_job(query, history_result, history_done)) return;
  query_ask_case(query, past->wanted->history->case_no);
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)past->wanted->history->case_no);
  pg_param_int4(&params, (int32_t)query->cursor.first);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_param_int8(&params, (int64_t)past->size);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_PAST_HISTORY, &params);
  pg_end(query->daemon->reader);
}

/* ---- what a ledger has beside the cases ---- */

static void ledger_result(void *context, unsigned step, const PGresult *result) {
  struct query *query = context;
  if (query->daemon->store.office->registry != NULL) page_of_ledger(query, step, result);
}

static void ask_ledger(struct query *query) {
  if (!past_office_holds(query) || !past_job(query, ledger_result, query_end)) return;
  query_ask_ledger(query, query->past->wanted->ledger, query->past->size);
  pg_end(query->daemon->reader);
}

static void tell_units(struct query *query) {
  page_of_units(query);
  query_end(query);
}

static void ask_rows(struct query *query) {
  if (query->what == RECTIFY__V1__QUERY__WHAT_HISTORY) ask_history(query);
  else if (query->what == RECTIFY__V1__QUERY__WHAT_LEDGER) ask_ledger(query);
  else if (query->what == RECTIFY__V1__QUERY__WHAT_UNITS) tell_units(query);
  else past_ask_cases(query);
}

/* ---- which log is meant ---- */

enum { PAST_SIZE_NOW, PAST_EPOCH, PAST_ROOT, PAST_TAIL, PAST_SIZE, PAST_AS_OF, PAST_REGISTRY, PAST_CALENDAR, PAST_CASES };

static void take_log(void *context, unsigned step, const PGresult *result) {
  struct query *query = context;
  struct past *past = query->past;
  size_t length;
  (void)step;
  must(PQntuples(result) == 1);
  past->size_now = (uint64_t)pg_int(result, 0, PAST_SIZE_NOW);
  query->epoch = (uint64_t)pg_int(result, 0, PAST_EPOCH);
  const uint8_t *root = pg_bytes(result, 0, PAST_ROOT, &length);
  must(length == HASH_BYTES);
  memcpy(query->root.bytes, root, HASH_BYTES);
  const uint8_t *tail = pg_bytes(result, 0, PAST_TAIL, &length);
  must(length <= sizeof past->tail);
  if (length > 0) memcpy(past->tail, tail, length);
  past->size = query->size = (uint64_t)pg_int(result, 0, PAST_SIZE);
  past->as_of = pg_instant(result, 0, PAST_AS_OF);
  past->registry = (uint32_t)pg_int(result, 0, PAST_REGISTRY);
  past->calendar = (uint32_t)pg_int(result, 0, PAST_CALENDAR);
  past->cases = (uint64_t)pg_int(result, 0, PAST_CASES);
}

static void find_office(struct query *query) { past_find_office(query, ask_rows); }

static void log_is_known(struct query *query) {
  const struct past *past = query->past;
  const char *why = NULL, *field = "query.as_of";
  if (past->size > past->size_now) {
    why = "the log has fewer events than that";
    field = "query.known_at";
  } else if (past->registry == 0 || past->calendar == 0) {
    why = "that was before the log began";
  }
  if (why == NULL) {
    past_find_root(query, find_office);
    return;
  }
  past_refuse(query, FAILURE_FIELD, field, why);
  query_end(query);
}

/* ---- starting ---- */

static struct past *new_past(const Rectify__V1__Query *wanted) {
  struct past *past = calloc(1, sizeof *past);
  must(past != NULL);
  past->wanted = query_copy(wanted);
  return past;
}

/* NULL: it can be asked. */
static const char *cannot(const Rectify__V1__Query *wanted, const char **field) {
  *field = "query.as_of";
  const bool can = wanted->what_case == RECTIFY__V1__QUERY__WHAT_CASES || wanted->what_case == RECTIFY__V1__QUERY__WHAT_HISTORY ||
                   wanted->what_case == RECTIFY__V1__QUERY__WHAT_LEDGER || wanted->what_case == RECTIFY__V1__QUERY__WHAT_UNITS;
  if (!can) return "only cases, histories, ledgers and units can be asked for as of the past";
  if (wanted->as_of > clock_now()) return "that is still to come";
  *field = "query.cases.order";
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_CASES && wanted->cases->order != 0)
    return "cases of the past come in the order of their numbers only";
  *field = "query.cases.words";
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_CASES && wanted->cases->n_words > 0)
    return "texts are searched as they are now, not as of the past";
  return NULL;
}

/* Events that were recorded by then are still on their way to the database: an answer without them would not be the last word. */
static bool is_on_its_way(const struct daemon *daemon, usec_t as_of) {
  const struct batch *first = daemon->flights > 0 ? daemon->fly[0] : daemon->stage == NEXT_DECIDED ? daemon->next : NULL;
  return as_of != 0 && first != NULL && first->fresh_count > 0 && first->fresh[0].event.recorded <= as_of;
}

void past_start(struct query *query, const Rectify__V1__Query *wanted) {
  struct pg_params params;
  const char *field, *why = cannot(wanted, &field);
  query->past = new_past(wanted);
  query->past->from_case = query->cursor.second < INT64_MAX ? query->cursor.second + 1 : INT64_MAX;
  if (why != NULL) {
    past_refuse(query, FAILURE_FIELD, field, why);
    query_end(query);
    return;
  }
  if (is_on_its_way(query->daemon, wanted->as_of)) {
    past_refuse(query, FAILURE_BUSY, "query", "what happened by then is still being recorded; try again");
    query_end(query);
    return;
  }
  if (!past_job(query, take_log, log_is_known)) return;
  pg_params_reset(&params);
  if (wanted->as_of == 0) pg_param_null(&params);
  else pg_param_instant(&params, wanted->as_of);
  if (wanted->known_at == 0) pg_param_null(&params);
  else pg_param_int8(&params, (int64_t)wanted->known_at);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_PAST, &params);
  pg_end(query->daemon->reader);
}
