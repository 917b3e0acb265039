/* query.c - who may ask what, and the statements that answer.  On the reading connection, as the role rectify_reader:
 * queries see committed rows only and never hold up the writer. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/query.h"
#include "rectify/must.h"

#define READER_RETRY_MSEC 500
#define QUERY_ROWS_DEFAULT WIRE_PAGE_MAX

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
    case RECTIFY__V1__QUERY__WHAT_WHY: page_of_why(query, result); return;
    case RECTIFY__V1__QUERY__WHAT_UNITS:
    case RECTIFY__V1__QUERY__WHAT_OFFICERS:
    case RECTIFY__V1__QUERY__WHAT_NEXT:
    case RECTIFY__V1__QUERY__WHAT_DOCUMENTS:
    case RECTIFY__V1__QUERY__WHAT__NOT_SET:
    case _RECTIFY__V1__QUERY__WHAT__CASE_IS_INT_SIZE: return;
  }
}

static void query_result(void *context, unsigned step, const PGresult *result) {
  struct query *query = context;
  if (query->daemon->store.office->registry == NULL) return; /* being loaded anew: answered "unavailable" at the end */
  if (step == 0) {
    take_head(query, result);
  } else if (step == 1 && query->needs_case) {
    query->may_see = PQntuples(result) > 0;
    if (query->may_see && query->what == RECTIFY__V1__QUERY__WHAT_WHY) take_rows(query, result);
  } else if (!query->needs_case || query->may_see) {
    take_rows(query, result);
  }
}

static void end_query(struct query *query) {
  struct query **at = &query->daemon->queries;
  while (*at != query) at = &(*at)->next;
  *at = query->next;
  free(query);
}

static void query_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct query *query = context;
  struct daemon *daemon = query->daemon;
  if (outcome != PG_DONE) log_warning("query.failed sqlstate=%s text=%s", sqlstate, text);
  if (!query->answered) {
    if (outcome == PG_DONE && query->needs_case && !query->may_see)
      answer_error(daemon, &query->back, &query->id, FAILURE_NOT_FOUND, "query",
                   "there is no such case that you may read", 0);
    else
      answer_error(daemon, &query->back, &query->id, FAILURE_UNAVAILABLE, "query",
                   "the database cannot be reached; try later", RETRY_AFTER_MSEC);
  }
  end_query(query);
}

/* ---- who may read what ---- */

static day_t today(const struct daemon *daemon) {
  return zone_day_of(world_zone(&daemon->store.office->world, 0), clock_now());
}

static bool reads_all(const struct daemon *daemon, uint32_t actor) {
  return authorise_read(&daemon->store.office->world, actor, 0, 0, today(daemon));
}

/* The whole log and other people's notices: who oversees everything. */
static bool oversees(const struct daemon *daemon, uint32_t actor) {
  const struct registry *registry = daemon->store.office->registry;
  uint32_t root = 1;
  while (root <= registry->unit_count && (registry->units[root].parent != 0 || registry->units[root].retired)) root++;
  return (registry_roles(registry, actor, root, today(daemon)) & (ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_OFFICE))) != 0;
}

struct scope {
  bool all;
  struct pg_array units, teams;
};

/* What authorise_read() would say of each unit, and of each unit as the team. */
static void find_scope(const struct daemon *daemon, uint32_t actor, struct scope *scope) {
  static int32_t any[UNITS_MAX + 2], inspects[UNITS_MAX + 2];
  const struct registry *registry = daemon->store.office->registry;
  day_t day = today(daemon);
  *scope = (struct scope){.all = reads_all(daemon, actor)};
  pg_array_reset(&scope->units, PG_INT4);
  pg_array_reset(&scope->teams, PG_INT4);
  if (scope->all) return;
  registry_reach(registry, actor, ROLES_READING, day, any);
  registry_reach(registry, actor, ROLE_BIT(ROLE_INSPECTOR), day, inspects);
  for (uint32_t unit = 1; unit <= registry->unit_count; unit++) {
    if (any[registry->units[unit].enter] > 0) pg_put_int(&scope->units, unit);
    if (inspects[registry->units[unit].enter] > 0) pg_put_int(&scope->teams, unit);
  }
}

static void free_scope(struct scope *scope) {
  pg_array_free(&scope->units);
  pg_array_free(&scope->teams);
}

static void param_scope(struct pg_params *params, struct scope *scope) {
  if (scope->all) {
    pg_param_null(params);
    pg_param_null(params);
    return;
  }
  pg_param_array(params, &scope->units);
  pg_param_array(params, &scope->teams);
}

/* ---- parameters ---- */

static void param_optional_array(struct pg_params *params, struct pg_array *array) {
  if (array->count == 0)
    pg_param_null(params);
  else
    pg_param_array(params, array);
}

static void param_numbers(struct pg_params *params, struct pg_array *array, size_t count, const uint32_t *numbers) {
  pg_array_reset(array, PG_INT2);
  for (size_t i = 0; i < count; i++) pg_put_int(array, numbers[i]);
  param_optional_array(params, array);
}

static void param_subtree(struct pg_params *params, struct pg_array *array, const struct registry *registry,
                          ProtobufCBinaryData code) {
  pg_array_reset(array, PG_INT4);
  if (code.len == 0) {
    pg_param_null(params);
    return;
  }
  uint32_t top = registry_unit_by_code(registry, (const char *)code.data, code.len);
  for (uint32_t unit = 1; unit <= registry->unit_count; unit++)
    if (top != 0 && registry_in_subtree(registry, unit, top)) pg_put_int(array, unit);
  pg_param_array(params, array); /* empty when the code is unknown: nothing is found */
}

static void param_officer(struct pg_params *params, const struct registry *registry, ProtobufCBinaryData code) {
  if (code.len == 0)
    pg_param_null(params);
  else
    pg_param_int4(params, (int32_t)registry_officer_by_code(registry, (const char *)code.data, code.len));
}

/* The due instant of the last row: the first page starts before all. */
static void param_last_due(struct pg_params *params, const struct query *query) {
  if (query->cursor.second == 0)
    pg_param_instant(params, USEC_PER_SECOND);
  else if (query->cursor.first == INSTANT_NONE)
    pg_param_int8(params, INT64_MAX); /* 'infinity': among the cases without one */
  else
    pg_param_instant(params, query->cursor.first);
}

struct case_arrays {
  struct pg_array numbers, units, statuses, tracks, lights;
};

static void free_arrays(struct case_arrays *arrays) {
  pg_array_free(&arrays->numbers);
  pg_array_free(&arrays->units);
  pg_array_free(&arrays->statuses);
  pg_array_free(&arrays->tracks);
  pg_array_free(&arrays->lights);
}

static void param_cases(struct query *query, const Rectify__V1__CaseQuery *wanted, struct scope *scope,
                        struct case_arrays *arrays, struct pg_params *params) {
  const struct registry *registry = query->daemon->store.office->registry;
  pg_params_reset(params);
  pg_array_reset(&arrays->numbers, PG_INT8);
  for (size_t i = 0; i < wanted->n_case_no; i++) pg_put_int(&arrays->numbers, (int64_t)wanted->case_no[i]);
  param_optional_array(params, &arrays->numbers);
  param_scope(params, scope);
  param_subtree(params, &arrays->units, registry, wanted->unit);
  param_numbers(params, &arrays->statuses, wanted->n_status, wanted->status);
  param_numbers(params, &arrays->tracks, wanted->n_track, wanted->track);
  param_numbers(params, &arrays->lights, wanted->n_light, wanted->light);
  param_officer(params, registry, wanted->accountable);
  pg_param_bool(params, wanted->open_only);
  if (wanted->due_before == 0)
    pg_param_null(params);
  else
    pg_param_instant(params, wanted->due_before);
  pg_param_int8(params, query->cursor.second);
  pg_param_int4(params, (int32_t)query->limit);
  pg_param_bool(params, wanted->with_text);
  pg_param_bool(params, wanted->with_state);
  if (wanted->finding_id.len == 0)
    pg_param_null(params);
  else
    pg_param_bytes(params, wanted->finding_id.data, wanted->finding_id.len);
  param_officer(params, registry, wanted->handler);
  if (wanted->order == 1) param_last_due(params, query);
}

static void ask_cases(struct query *query, const Rectify__V1__CaseQuery *wanted) {
  struct pg_params params;
  struct scope scope;
  struct case_arrays arrays = {0};
  find_scope(query->daemon, query->actor, &scope);
  param_cases(query, wanted, &scope, &arrays, &params);
  enum statement statement = wanted->order == 1 ? STATEMENT_QUERY_CASES_BY_DUE : STATEMENT_QUERY_CASES;
  pg_statement(query->daemon->reader, statement, &params);
  free_arrays(&arrays);
  free_scope(&scope);
}

/* Whether the actor may see the case: one row or none. */
static void ask_one_case(struct query *query, uint64_t case_no) {
  Rectify__V1__CaseQuery one = RECTIFY__V1__CASE_QUERY__INIT;
  struct cursor cursor = query->cursor;
  query->needs_case = true;
  query->cursor = (struct cursor){0};
  one.n_case_no = 1;
  one.case_no = &case_no;
  ask_cases(query, &one);
  query->cursor = cursor;
}

static void ask_history(struct query *query, const Rectify__V1__HistoryQuery *wanted) {
  struct pg_params params;
  ask_one_case(query, wanted->case_no);
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)wanted->case_no);
  pg_param_int4(&params, (int32_t)query->cursor.first);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_HISTORY, &params);
}

static void ask_log(struct query *query, const Rectify__V1__LogQuery *wanted, bool has_cursor) {
  struct pg_params params;
  pg_params_reset(&params);
  pg_param_int8(&params, has_cursor && query->cursor.first < INT64_MAX ? query->cursor.first + 1
                                                                       : (int64_t)wanted->from_index);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_LOG, &params);
}

static void ask_notices(struct query *query, const Rectify__V1__NoticeQuery *wanted, bool has_cursor) {
  struct pg_params params;
  if (wanted->case_no != 0) ask_one_case(query, wanted->case_no);
  pg_params_reset(&params);
  if (wanted->officer.len > 0)
    param_officer(&params, query->daemon->store.office->registry, wanted->officer);
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

/* ---- starting ---- */

static bool is_own(const struct daemon *daemon, const Rectify__V1__NoticeQuery *wanted, uint32_t actor) {
  if (wanted->officer.len == 0) return true;
  return registry_officer_by_code(daemon->store.office->registry, (const char *)wanted->officer.data,
                                  wanted->officer.len) == actor;
}

static bool is_allowed(const struct daemon *daemon, const Rectify__V1__Query *wanted, uint32_t actor) {
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_LOG) return oversees(daemon, actor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_NOTICES)
    return is_own(daemon, wanted->notices, actor) || oversees(daemon, actor);
  return true;
}

/* No number of ours is negative; with other bytes nothing is reckoned. */
static bool is_cursor(ProtobufCBinaryData bytes) {
  return bytes.len == 0 || (bytes.len == 16 && bytes.data[0] < 0x80 && bytes.data[8] < 0x80);
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
  end_query(query);
  return true;
}

static void ask(struct query *query, const Rectify__V1__Query *wanted) {
  struct pg_params none;
  pg_params_reset(&none);
  bool has_cursor = wanted->cursor.len == 16;
  pg_statement(query->daemon->reader, STATEMENT_QUERY_HEAD, &none);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_CASES) ask_cases(query, wanted->cases);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_HISTORY) ask_history(query, wanted->history);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_LOG) ask_log(query, wanted->log, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_NOTICES) ask_notices(query, wanted->notices, has_cursor);
  if (wanted->what_case == RECTIFY__V1__QUERY__WHAT_WHY) {
    query->zh = wanted->why->zh;
    ask_one_case(query, wanted->why->case_no);
  }
  pg_end(query->daemon->reader);
}

/* Whether there is a place, for this connection too. */
static bool has_place(const struct daemon *daemon, const struct route_back *back) {
  uint32_t all = 0, own = 0;
  for (const struct query *query = daemon->queries; query != NULL; query = query->next) {
    all++;
    own += query->back.length == back->length && memcmp(query->back.routing, back->routing, back->length) == 0;
  }
  return all < QUERIES_MAX && own < QUERIES_PER_CLIENT_MAX;
}

void query_start(struct daemon *daemon, const Rectify__V1__Query *wanted, uint32_t actor,
                 const struct route_back *back, const struct uuid *id) {
  if (!is_allowed(daemon, wanted, actor)) {
    answer_error(daemon, back, id, FAILURE_FORBIDDEN, "query", "only the office or an auditor of the whole may read this",
                 0);
    return;
  }
  if (!is_cursor(wanted->cursor)) {
    answer_error(daemon, back, id, FAILURE_FIELD, "query.cursor", "not a cursor of this daemon", 0);
    return;
  }
  if (!has_place(daemon, back)) {
    answer_error(daemon, back, id, FAILURE_BUSY, "query", "too many queries wait; try later", RETRY_AFTER_MSEC);
    return;
  }
  struct query *query = new_query(daemon, wanted, actor, back, id);
  if (from_memory(query)) return;
  if (pg_begin(daemon->reader, query_result, query_done, query)) {
    ask(query, wanted);
    return;
  }
  answer_error(daemon, back, id, FAILURE_UNAVAILABLE, "query", "the database cannot be reached; try later",
               RETRY_AFTER_MSEC);
  end_query(query);
}

void query_turn(struct daemon *daemon, int64_t now_msec) {
  pg_turn(daemon->reader, now_msec);
  if (pg_state(daemon->reader) != PG_DOWN || now_msec < daemon->reader_retry_at) return;
  if (daemon->store.state != STORE_READY) return;
  daemon->reader_retry_at = now_msec + READER_RETRY_MSEC;
  pg_connect(daemon->reader, daemon->reader_conninfo, now_msec);
}
