/* query_cases.c - the statement of a CaseQuery: what the actor may read, and every condition, as parameters. */
#include <string.h>

#include "daemon/query.h"
#include "rectify/must.h"

/* Who has left, and a unit that is gone, are found by their codes: their cases and notices are still there. */
#define NO_SUCH_ID (-1) /* a code that no registry ever had: nothing has this id, so nothing is found */

day_t query_today(const struct daemon *daemon) {
  return zone_day_of(world_zone(&daemon->store.office->world, 0), clock_now());
}

struct scope {
  bool all;
  struct pg_array units, teams;
};

/* Marks what the officer reaches over as a reader, and as an inspector of a team, in what is marked already. */
static void add_reach(const struct registry *registry, uint32_t officer, day_t day, bool *any, bool *inspects) {
  static int32_t marks[UNITS_MAX + 2];
  registry_reach(registry, officer, ROLES_READING, day, marks);
  for (uint32_t unit = 1; unit <= registry->unit_count; unit++) any[unit] |= marks[registry->units[unit].enter] > 0;
  registry_reach(registry, officer, ROLE_BIT(ROLE_INSPECTOR), day, marks);
  for (uint32_t unit = 1; unit <= registry->unit_count; unit++) inspects[unit] |= marks[registry->units[unit].enter] > 0;
}

/* The actor's own reach, and that of everybody whom the actor stands in for. */
static void add_all_reach(const struct registry *registry, uint32_t actor, day_t day, bool *any, bool *inspects) {
  add_reach(registry, actor, day, any, inspects);
  for (uint32_t i = 0; i < registry->substitution_count; i++) {
    const struct substitution *row = &registry->substitutions[i];
    bool today = row->from <= day && day <= row->until && row->officer != actor;
    if (today && registry_stand_in(registry, row->officer, day) == actor)
      add_reach(registry, row->officer, day, any, inspects);
  }
}

/* What authorise_read() would say of each unit, and of each unit as the team. */
static void find_scope(const struct daemon *daemon, uint32_t actor, struct scope *scope) {
  static bool any[UNITS_MAX + 1], inspects[UNITS_MAX + 1];
  const struct registry *registry = daemon->store.office->registry;
  day_t day = query_today(daemon);
  *scope = (struct scope){.all = authorise_read(&daemon->store.office->world, actor, 0, 0, day)};
  pg_array_reset(&scope->units, PG_INT4);
  pg_array_reset(&scope->teams, PG_INT4);
  if (scope->all) return;
  memset(any, 0, sizeof any);
  memset(inspects, 0, sizeof inspects);
  add_all_reach(registry, actor, day, any, inspects);
  for (uint32_t unit = 1; unit <= registry->unit_count; unit++) {
    if (any[unit]) pg_put_int(&scope->units, unit);
    if (inspects[unit]) pg_put_int(&scope->teams, unit);
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
  uint32_t top = registry_find_unit(registry, (const char *)code.data, code.len);
  for (uint32_t unit = 1; unit <= registry->unit_count; unit++)
    if (top != 0 && registry_in_subtree(registry, unit, top)) pg_put_int(array, unit);
  pg_param_array(params, array); /* empty when the code is unknown: nothing is found */
}

void query_param_officer(struct pg_params *params, const struct registry *registry, ProtobufCBinaryData code) {
  uint32_t officer = registry_find_officer(registry, (const char *)code.data, code.len);
  if (code.len == 0) pg_param_null(params);
  else pg_param_int4(params, officer == 0 ? NO_SUCH_ID : (int32_t)officer);
}

static void param_team(struct pg_params *params, const struct registry *registry, ProtobufCBinaryData code) {
  uint32_t unit = registry_find_unit(registry, (const char *)code.data, code.len);
  if (code.len == 0) pg_param_null(params);
  else pg_param_int4(params, unit == 0 ? NO_SUCH_ID : (int32_t)unit);
}

static void param_text(struct pg_params *params, ProtobufCBinaryData text) {
  if (text.len == 0) pg_param_null(params);
  else pg_param_bytes(params, text.data, text.len);
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
  struct pg_array numbers, units, statuses, tracks, lights, kinds, severities;
};

static void free_arrays(struct case_arrays *arrays) {
  pg_array_free(&arrays->numbers);
  pg_array_free(&arrays->units);
  pg_array_free(&arrays->statuses);
  pg_array_free(&arrays->tracks);
  pg_array_free(&arrays->lights);
  pg_array_free(&arrays->kinds);
  pg_array_free(&arrays->severities);
}

/* $1 to $11: which, who may, where it stands. */
static void param_standing(struct query *query, const Rectify__V1__CaseQuery *wanted, struct scope *scope,
                           struct case_arrays *arrays, struct pg_params *params) {
  const struct registry *registry = query->daemon->store.office->registry;
  pg_array_reset(&arrays->numbers, PG_INT8);
  for (size_t i = 0; i < wanted->n_case_no; i++) pg_put_int(&arrays->numbers, (int64_t)wanted->case_no[i]);
  param_optional_array(params, &arrays->numbers);
  param_scope(params, scope);
  param_subtree(params, &arrays->units, registry, wanted->unit);
  param_numbers(params, &arrays->statuses, wanted->n_status, wanted->status);
  param_numbers(params, &arrays->tracks, wanted->n_track, wanted->track);
  param_numbers(params, &arrays->lights, wanted->n_light, wanted->light);
  query_param_officer(params, registry, wanted->accountable);
  pg_param_bool(params, wanted->open_only);
  if (wanted->due_before == 0) pg_param_null(params);
  else pg_param_instant(params, wanted->due_before);
  pg_param_int8(params, query->cursor.second);
}

/* What never changes of a case: $17 to $22. */
static void param_facts(struct query *query, const Rectify__V1__CaseQuery *wanted, struct case_arrays *arrays,
                        struct pg_params *params) {
  const struct registry *registry = query->daemon->store.office->registry;
  param_numbers(params, &arrays->kinds, wanted->n_kind, wanted->kind);
  param_numbers(params, &arrays->severities, wanted->n_severity, wanted->severity);
  param_text(params, wanted->inspection);
  param_text(params, wanted->category);
  param_team(params, registry, wanted->team);
  if (wanted->parent == 0) pg_param_null(params);
  else pg_param_int8(params, (int64_t)wanted->parent);
}

static void param_cases(struct query *query, const Rectify__V1__CaseQuery *wanted, struct scope *scope,
                        struct case_arrays *arrays, struct pg_params *params) {
  pg_params_reset(params);
  param_standing(query, wanted, scope, arrays, params);
  pg_param_int4(params, (int32_t)query->limit);
  pg_param_bool(params, wanted->with_text);
  pg_param_bool(params, wanted->with_state);
  param_text(params, wanted->finding_id); /* 16 bytes: as the server takes a UUID */
  query_param_officer(params, query->daemon->store.office->registry, wanted->handler);
  param_facts(query, wanted, arrays, params);
  pg_param_int4(params, (int32_t)wanted->flags);
  if (wanted->order == 1) param_last_due(params, query);
}

void query_ask_cases(struct query *query, const Rectify__V1__CaseQuery *wanted) {
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

void query_ask_past_cases(struct query *query, const Rectify__V1__CaseQuery *wanted, struct past_page page) {
  struct pg_params params;
  struct scope scope;
  struct case_arrays arrays = {0};
  find_scope(query->daemon, query->actor, &scope);
  pg_params_reset(&params);
  pg_array_reset(&arrays.numbers, PG_INT8);
  for (size_t i = 0; i < wanted->n_case_no; i++) pg_put_int(&arrays.numbers, (int64_t)wanted->case_no[i]);
  param_optional_array(&params, &arrays.numbers);
  param_scope(&params, &scope);
  param_text(&params, wanted->finding_id);
  param_facts(query, wanted, &arrays, &params);
  pg_param_int8(&params, page.from);
  pg_param_int4(&params, page.version);
  pg_param_int8(&params, (int64_t)page.size);
  pg_param_int4(&params, page.cases);
  pg_param_int4(&params, page.events);
  pg_param_bool(&params, wanted->with_text);
  pg_param_int8(&params, page.until);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_PAST_CASES, &params);
  free_arrays(&arrays);
  free_scope(&scope);
}

void query_ask_case(struct query *query, uint64_t case_no) {
  Rectify__V1__CaseQuery one = RECTIFY__V1__CASE_QUERY__INIT;
  struct cursor cursor = query->cursor;
  query->needs_case = true;
  query->cursor = (struct cursor){0};
  one.n_case_no = 1;
  one.case_no = &case_no;
  query_ask_cases(query, &one);
  query->cursor = cursor;
}

void query_ask_told(struct query *query, int64_t from) {
  struct pg_params params;
  struct scope scope;
  find_scope(query->daemon, query->actor, &scope);
  pg_params_reset(&params);
  pg_param_int8(&params, from);
  param_scope(&params, &scope);
  pg_param_int4(&params, (int32_t)query->actor);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_TOLD, &params);
  free_scope(&scope);
}
