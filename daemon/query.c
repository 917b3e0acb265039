/* query.c - who may ask what, and the statements that answer; cases are asked for in query_cases.c.  On the reading connection, as the role rectify_reader:
 * queries see committed rows only and never hold up the writer. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/past.h"
#include "daemon/query.h"
#include "rectify/must.h"

#define READER_RETRY_MSEC 500
#define QUERY_ROWS_DEFAULT WIRE_PAGE_MAX
#define FORECAST_STEPS_DEFAULT 12

/* ---- results ---- */

static void take_head(struct query *query, const PGresult *result) {
  size_t length;
  const uint8_t *root = pg_bytes(result, 0, 1, &length);
  must(length == HASH_BYTES);
  query->size = (uint64_t)pg_int(result, 0, 0);
  query->epoch = (uint64_t)pg_int(result, 0, 2);
  memcpy(query->root.bytes, root, HASH_BYTES);
}

static void take_rows(struct query *query, const PGresult *result) {
  switch ((Rectify__V1__Query__WhatCase)query->what) {
    case RECTIFY__V1__QUERY__WHAT_CASES: page_of_cases(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_HISTORY:
    case RECTIFY__V1__QUERY__WHAT_LOG: page_of_events(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_NOTICES: page_of_notices(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_UNPOSTED: page_of_unposted(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_LETTERS: page_of_letters(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_WHY: page_of_why(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_NEXT: page_of_next(query); return;
    case RECTIFY__V1__QUERY__WHAT_DOCUMENTS: page_of_documents(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_KEYS: page_of_keys(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_CHECKPOINTS: page_of_checkpoints(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_PROOF: page_of_proof(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_STORED: page_of_stored(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_EVIDENCE: page_of_evidence(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_CONTENT: page_of_content(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_LEDGER:
    case RECTIFY__V1__QUERY__WHAT_UNITS:
    case RECTIFY__V1__QUERY__WHAT_OFFICERS:
    case RECTIFY__V1__QUERY__WHAT__NOT_SET:
    case _RECTIFY__V1__QUERY__WHAT__CASE_IS_INT_SIZE: return;
  }
}

bool query_may_show(struct query *query, const PGresult *result) {
  if (query->wanted == NULL || pg_int(result, 0, CASES_RESTRICTED) == 0) return true;
  return reading_may_show(query, (uint64_t)pg_int(result, 0, CASES_NO));
}

/* The row says whether the actor may see the case, and holds it. */
static void take_case(struct query *query, const PGresult *result) {
  query->may_see = PQntuples(result) > 0;
  if (query->may_see && !query_may_show(query, result)) return;
  bool tells = query->what == RECTIFY__V1__QUERY__WHAT_WHY || query->what == RECTIFY__V1__QUERY__WHAT_NEXT;
  if (!query->may_see || !tells) return;
  query->has_state = page_state(query, result, 0, &query->state);
  if (query->what == RECTIFY__V1__QUERY__WHAT_NEXT) take_rows(query, result);
}

static void query_result(void *context, unsigned step, const PGresult *result) {
  struct query *query = context;
  if (query->daemon->store.office->registry == NULL) return; /* being loaded anew: answered "unavailable" at the end */
  if (step == 0) {
    take_head(query, result);
  } else if (query->what == RECTIFY__V1__QUERY__WHAT_LEDGER) {
    page_of_ledger(query, step - 1, result);
  } else if (step == 1 && query->needs_case) {
    take_case(query, result);
  } else if ((!query->needs_case || query->may_see) && !query->held) {
    take_rows(query, result);
  }
}

void query_end(struct query *query) {
  struct query **at = &query->daemon->queries;
  while (*at != query) at = &(*at)->next;
  *at = query->next;
  free(query->proof);
  if (query->wanted != NULL) rectify__v1__query__free_unpacked(query->wanted, NULL);
  past_free(query);
  free(query);
}

static void query_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct query *query = context;
  struct daemon *daemon = query->daemon;
  if (outcome != PG_DONE) log_warning("query.failed sqlstate=%s text=%s", sqlstate, text);
  if (outcome == PG_DONE && query->held) {
    reading_hold(query);
    return;
  }
  if (!query->answered) {
    if (outcome == PG_DONE && query->needs_case && !query->may_see)
      answer_error(daemon, &query->back, &query->id, FAILURE_NOT_FOUND, "query",
                   "there is no such case that you may read", 0);
    else
      answer_error(daemon, &query->back, &query->id, FAILURE_UNAVAILABLE, "query",
                   "the database cannot be reached; try later", RETRY_AFTER_MSEC);
  }
  query_end(query);
}

/* ---- asking ---- */

static void ask_history(struct query *query, const Rectify__V1__HistoryQuery *wanted) {
  struct pg_params params;
  query_ask_case(query, wanted->case_no);
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)wanted->case_no);
  pg_param_int4(&params, (int32_t)query->cursor.first);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_HISTORY, &params);
}

static void ask_log(struct query *query, const Rectify__V1__LogQuery *wanted, bool has_cursor) {
  struct pg_params params;
  const int64_t from = has_cursor && query->cursor.first < INT64_MAX ? query->cursor.first + 1 : (int64_t)wanted->from_index;
  if (wanted->readable) {
    query_ask_told(query, from);
    return;
  }
  pg_params_reset(&params);
  pg_param_int8(&params, from);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_param_bool(&params, wanted->with_stored);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_LOG, &params);
}

/* By enum of StoredQuery.part. */
static void ask_stored(struct query *query, const Rectify__V1__StoredQuery *wanted, bool has_cursor) {
  static const enum statement statements[] = {STATEMENT_QUERY_STORED, STATEMENT_QUERY_TILES, STATEMENT_QUERY_STORED_KEYS,
                                              STATEMENT_QUERY_FILES};
  struct pg_params params;
  pg_params_reset(&params);
  if (wanted->part == 1) pg_param_int8(&params, has_cursor ? query->cursor.first : 0);
  if (wanted->part == 1) pg_param_int8(&params, has_cursor ? query->cursor.second : -1);
  if (wanted->part == 3) pg_param_int8(&params, has_cursor ? query->cursor.first : 0);
  if (wanted->part == 2) pg_param_int8(&params, has_cursor ? query->cursor.first : -1);
  if (wanted->part != 0) pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, statements[wanted->part], &params);
}

static void ask_notices(struct query *query, const Rectify__V1__NoticeQuery *wanted, bool has_cursor) {
  struct pg_params params;
  if (wanted->case_no != 0) query_ask_case(query, wanted->case_no);
  pg_params_reset(&params);
  if (wanted->officer.len > 0)
    query_param_officer(&params, query->daemon->store.office->registry, wanted->officer);
  else if (wanted->case_no != 0)
    pg_param_null(&params);
  else
    pg_param_int4(&params, (int32_t)query->actor);
  if (wanted->case_no == 0)
    pg_param_null(&params);
  else
    pg_param_int8(&params, (int64_t)wanted->case_no);
  pg_param_int8(&params, has_cursor ? query->cursor.first : -1);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_NOTICES, &params);
}

static void ask_unposted(struct query *query, bool has_cursor) {
  struct pg_params params;
  pg_params_reset(&params);
  pg_param_int8(&params, has_cursor ? query->cursor.first : -1);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_UNPOSTED, &params);
}

static void ask_letters(struct query *query, const Rectify__V1__LetterQuery *wanted, bool has_cursor) {
  struct pg_params params;
  pg_params_reset(&params);
  query_param_officer(&params, query->daemon->store.office->registry, wanted->officer);
  if (wanted->case_no == 0) pg_param_null(&params);
  else pg_param_int8(&params, (int64_t)wanted->case_no);
  if (wanted->state == 0) pg_param_null(&params);
  else pg_param_int2(&params, (int16_t)wanted->state);
  if (wanted->id.len == 0) pg_param_null(&params);
  else pg_param_bytes(&params, wanted->id.data, wanted->id.len);
  pg_param_bool(&params, wanted->with_body);
  pg_param_int8(&params, has_cursor ? query->cursor.first : -1);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_param_int4(&params, LETTER_ATTEMPTS_SHOWN);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_LETTERS, &params);
}

/* One row more than is told, to know whether there are more. */
static void ask_why(struct query *query, const Rectify__V1__WhyQuery *wanted) {
  struct pg_params params;
  query_ask_case(query, wanted->case_no);
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)wanted->case_no);
  pg_param_int4(&params, STORY_EVENTS_MAX + 1);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_STORY, &params);
}

static void ask_documents(struct query *query, const Rectify__V1__DocumentQuery *wanted) {
  struct pg_params params;
  pg_params_reset(&params);
  pg_param_int2(&params, (int16_t)wanted->document);
  pg_param_int4(&params, (int32_t)wanted->version);
  pg_param_int4(&params, query->cursor.first > INT32_MAX ? INT32_MAX : (int32_t)query->cursor.first);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_DOCUMENTS, &params);
}

static void ask_keys(struct query *query, const Rectify__V1__KeyQuery *wanted, bool has_cursor) {
  struct pg_params params;
  pg_params_reset(&params);
  query_param_officer(&params, query->daemon->store.office->registry, wanted->officer);
  pg_param_int8(&params, has_cursor ? query->cursor.first : -1);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_KEYS, &params);
}

/* ---- starting ---- */

/* The request's memory is used for the next one. */
Rectify__V1__Query *query_copy(const Rectify__V1__Query *wanted) {
  uint8_t *packed = malloc(rectify__v1__query__get_packed_size(wanted) + 1);
  must(packed != NULL);
  Rectify__V1__Query *copy = rectify__v1__query__unpack(NULL, rectify__v1__query__pack(wanted, packed), packed);
  must(copy != NULL);
  free(packed);
  return copy;
}

/* No number of ours is negative; with other bytes nothing is reckoned. */
static bool is_cursor(ProtobufCBinaryData bytes) {
  return bytes.len == 0 || (bytes.len == 16 && bytes.data[0] < 0x80 && bytes.data[8] < 0x80);
}

/* Whether the answer may hold words that people wrote.  In a list of today those of restricted cases are left out: query_cases.sql. */
static bool shows_words(const Rectify__V1__Query *wanted) {
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_CASES)
    return wanted->cases->with_text && (wanted->cases->n_case_no == 1 || past_is_wanted(wanted));
  return wanted->what_case == RECTIFY__V1__QUERY__WHAT_HISTORY || wanted->what_case == RECTIFY__V1__QUERY__WHAT_WHY ||
         wanted->what_case == RECTIFY__V1__QUERY__WHAT_LOG || wanted->what_case == RECTIFY__V1__QUERY__WHAT_LEDGER ||
         wanted->what_case == RECTIFY__V1__QUERY__WHAT_EVIDENCE || wanted->what_case == RECTIFY__V1__QUERY__WHAT_CONTENT;
}

static struct query *new_query(struct daemon *daemon, const Rectify__V1__Query *wanted, uint32_t actor,
                               const struct route_back *back, const struct uuid *id) {
  struct query *query = calloc(1, sizeof *query);
  must(query != NULL);
  query->daemon = daemon;
  query->back = *back;
  query->id = *id;
  query->actor = actor;
  query->what = (int)wanted->what_case;
  query->limit = wanted->limit == 0 ? QUERY_ROWS_DEFAULT : wanted->limit;
  if (wanted->cursor.len == 16) {
    uint64_t wire[2];
    memcpy(wire, wanted->cursor.data, sizeof wire);
    query->cursor = (struct cursor){(int64_t)be64toh(wire[0]), (int64_t)be64toh(wire[1])};
  }
  if (shows_words(wanted)) query->wanted = query_copy(wanted);
  query->next = daemon->queries;
  daemon->queries = query;
  return query;
}

static bool from_memory(struct query *query) {
  if (query->what != RECTIFY__V1__QUERY__WHAT_UNITS && query->what != RECTIFY__V1__QUERY__WHAT_OFFICERS) return false;
  query->size = query->daemon->committed_size;
  query->root = query->daemon->committed_root;
  query->epoch = query->daemon->store.epoch;
  if (query->what == RECTIFY__V1__QUERY__WHAT_UNITS)
    page_of_units(query);
  else
    page_of_officers(query);
  query_end(query);
  return true;
}

static void ask(struct query *query, const Rectify__V1__Query *wanted) {
  struct pg_params none;
  pg_params_reset(&none);
  bool has_cursor = wanted->cursor.len == 16;
  pg_statement(query->daemon->reader, STATEMENT_QUERY_HEAD, &none);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_CASES) query_ask_cases(query, wanted->cases);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_HISTORY) ask_history(query, wanted->history);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_LOG) ask_log(query, wanted->log, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_NOTICES) ask_notices(query, wanted->notices, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_UNPOSTED) ask_unposted(query, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_LETTERS) ask_letters(query, wanted->letters, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_WHY) {
    query->zh = wanted->why->zh;
    ask_why(query, wanted->why);
  }
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_NEXT) {
    query->zh = wanted->next->zh;
    query->steps = wanted->next->steps == 0 ? FORECAST_STEPS_DEFAULT : wanted->next->steps;
    query_ask_case(query, wanted->next->case_no);
  }
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_DOCUMENTS) ask_documents(query, wanted->documents);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_KEYS) ask_keys(query, wanted->keys, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_CHECKPOINTS) query_ask_checkpoints(query, wanted->checkpoints, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_PROOF) query_ask_proof(query, wanted->proof);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_EVIDENCE) query_ask_evidence(query, wanted->evidence, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_CONTENT) query_ask_content(query, wanted->content, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_STORED) ask_stored(query, wanted->stored, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_LEDGER) query_ask_ledger(query, wanted->ledger, 0);
  pg_end(query->daemon->reader);
}

/* NULL, or what is wrong with a query that its fields alone do not tell. */
static const char *check(const struct daemon *daemon, const Rectify__V1__Query *wanted, const char **field) {
  *field = "query.proof.size";
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_PROOF) return query_check_proof(daemon, wanted->proof);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_LEDGER) return query_check_ledger(wanted->ledger, field);
  return NULL;
}

#define SAY_NUMBER(number) #number
#define SAY(text, bound) text " (" SAY_NUMBER(bound) "); try later"

/* NULL: there is a place, for this connection too; else which bound there is. */
static const char *no_place(const struct daemon *daemon, const struct route_back *back) {
  uint32_t all = 0, own = 0;
  for (const struct query *query = daemon->queries; query != NULL; query = query->next) {
    all++;
    own += route_back_same(&query->back, back);
  }
  if (own >= QUERIES_PER_CLIENT_MAX) return SAY("as many queries of this connection wait as may", QUERIES_PER_CLIENT_MAX);
  return all < QUERIES_MAX ? NULL : SAY("as many queries of all wait as may", QUERIES_MAX);
}

static void start(struct daemon *daemon, const Rectify__V1__Query *wanted, uint32_t actor, const struct route_back *back,
                  const struct uuid *id, uint32_t attempts) {
  const enum query_right right = query_right_of(daemon, wanted, actor);
  if (!query_may(daemon, right, actor)) {
    answer_error(daemon, back, id, FAILURE_FORBIDDEN, "query", query_why_not(right), 0);
    return;
  }
  if (!is_cursor(wanted->cursor)) {
    answer_error(daemon, back, id, FAILURE_FIELD, "query.cursor", "not a cursor of this daemon", 0);
    return;
  }
  const char *field, *wrong = check(daemon, wanted, &field);
  if (wrong != NULL) {
    answer_error(daemon, back, id, FAILURE_FIELD, field, wrong, 0);
    return;
  }
  const uint32_t failure = wanted->what_case == RECTIFY__V1__QUERY__WHAT_CASES
                               ? query_check_cases(daemon, wanted, actor, &field, &wrong) : FAILURE_NONE;
  if (failure != FAILURE_NONE) {
    answer_error(daemon, back, id, (uint16_t)failure, field, wrong, 0);
    return;
  }
  const char *full = no_place(daemon, back);
  if (full != NULL) {
    answer_error(daemon, back, id, FAILURE_BUSY, "query", full, RETRY_AFTER_MSEC);
    return;
  }
  struct query *query = new_query(daemon, wanted, actor, back, id);
  query->attempts = attempts;
  if (past_is_wanted(wanted)) {
    past_start(query, wanted);
    return;
  }
  if (from_memory(query)) return;
  if (pg_begin(daemon->reader, query_result, query_done, query)) {
    ask(query, wanted);
    return;
  }
  answer_error(daemon, back, id, FAILURE_UNAVAILABLE, "query", "the database cannot be reached; try later",
               RETRY_AFTER_MSEC);
  query_end(query);
}

void query_start(struct daemon *daemon, const Rectify__V1__Query *wanted, uint32_t actor,
                 const struct route_back *back, const struct uuid *id) {
  start(daemon, wanted, actor, back, id, 0);
}

void query_start_again(struct daemon *daemon, const Rectify__V1__Query *wanted, const struct query *before) {
  start(daemon, wanted, before->actor, &before->back, &before->id, before->attempts + 1);
}

void query_turn(struct daemon *daemon, int64_t now_msec) {
  pg_turn(daemon->reader, now_msec);
  if (pg_state(daemon->reader) != PG_DOWN || now_msec < daemon->reader_retry_at) return;
  if (daemon->store.state != STORE_READY) return;
  daemon->reader_retry_at = now_msec + READER_RETRY_MSEC;
  pg_connect(daemon->reader, daemon->reader_conninfo, now_msec);
}
