/* query_cases.c - the statement of a CaseQuery: what the actor may read, and every condition, as parameters. */
#include <string.h>

#include "daemon/query.h"
#include "rectify/must.h"

/* Who has left, and a unit that is gone, are found by their codes: their cases and notices are still there. */
#define NO_SUCH_ID (-1) /* a code that no registry ever had: nothing has this id, so nothing is found */

day_t query_today(const struct daemon *daemon) {
  return zone_day_of(world_zone(&daemon->store.office->world, 0), clock_now());
}

/* ---- what cannot be asked ---- */

/* Spaces aside: then the index has a pair of it.  A space is an ASCII one or U+3000; the word is UTF-8. */
static bool has_two_characters(const ProtobufCBinaryData *word) {
  uint32_t characters = 0;
  for (size_t i = 0; i < word->len; i++) {
    const uint8_t *at = word->data + i;
    if ((*at & 0xc0) == 0x80 || *at == ' ') continue;
    if (word->len - i >= 3 && memcmp(at, "\xe3\x80\x80", 3) == 0) continue;
    characters++;
  }
  return characters >= 2;
}

static const char *wrong_words(const Rectify__V1__CaseQuery *wanted) {
  bool found = wanted->n_words == 0;
  for (size_t i = 0; i < wanted->n_words; i++) found |= has_two_characters(&wanted->words[i]);
  if (!found) return "one word at least must have two characters: single ones stand in too many texts";
  return wanted->n_words > 0 && wanted->order != 0 ? "cases that are searched for come in the order of their numbers only" : NULL;
}

static uint32_t wrong_facts(const struct daemon *daemon, const Rectify__V1__Query *wanted, uint32_t actor, const char **text) {
  const struct office *office = daemon->store.office;
  const ProtobufCBinaryData *code = &wanted->cases->unit;
  const uint32_t unit = registry_find_unit(office->registry, (const char *)code->data, code->len);
  *text = "facts are told as of or as known at some time: all pages of one log";
  if (wanted->as_of == 0 && wanted->known_at == 0) return FAILURE_FIELD;
  *text = "facts are told about a unit of the registry";
  if (unit == 0) return FAILURE_FIELD;
  *text = "only who may read all cases of that unit is told what counts for it";
  return authorise_read(&office->world, actor, unit, 0, query_today(daemon)) ? FAILURE_NONE : FAILURE_FORBIDDEN;
}

uint32_t query_check_cases(const struct daemon *daemon, const Rectify__V1__Query *wanted, uint32_t actor, const char **field,
                           const char **text) {
  *field = "query.cases.words";
  *text = wrong_words(wanted->cases);
  if (*text != NULL) return FAILURE_FIELD;
  *field = "query.cases.unit";
  return wanted->cases->with_facts ? wrong_facts(daemon, wanted, actor, text) : FAILURE_NONE;
}

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
void query_scope_find(const struct daemon *daemon, uint32_t actor, struct query_scope *scope) {
  static bool any[UNITS_MAX + 1], inspects[UNITS_MAX + 1];
  const struct registry *registry = daemon->store.office->registry;
  day_t day = query_today(daemon);
  *scope = (struct query_scope){.all = authorise_read(&daemon->store.office->world, actor, 0, 0, day)};
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

void query_scope_free(struct query_scope *scope) {
  pg_array_free(&scope->units);
  pg_array_free(&scope->teams);
}

void query_param_scope(struct pg_params *params, struct query_scope *scope) {
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
  struct pg_array numbers, units, statuses, tracks, lights, kinds, severities, words;
};

static void free_arrays(struct case_arrays *arrays) {
  pg_array_free(&arrays->numbers);
  pg_array_free(&arrays->units);
  pg_array_free(&arrays->statuses);
  pg_array_free(&arrays->tracks);
  pg_array_free(&arrays->lights);
  pg_array_free(&arrays->kinds);
  pg_array_free(&arrays->severities);
  pg_array_free(&arrays->words);
}

/* $1 to $11: which, who may, where it stands. */
static void param_standing(struct query *query, const Rectify__V1__CaseQuery *wanted, struct query_scope *scope,
                           struct case_arrays *arrays, struct pg_params *params) {
  const struct registry *registry = query->daemon->store.office->registry;
  pg_array_reset(&arrays->numbers, PG_INT8);
  for (size_t i = 0; i < wanted->n_case_no; i++) pg_put_int(&arrays->numbers, (int64_t)wanted->case_no[i]);
  param_optional_array(params, &arrays->numbers);
  query_param_scope(params, scope);
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

static void param_cases(struct query *query, const Rectify__V1__CaseQuery *wanted, struct query_scope *scope,
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

/* $24 and $25: the words, and how many findings that are not indexed yet are read for them. */
static void param_words(struct query *query, const Rectify__V1__CaseQuery *wanted, struct case_arrays *arrays,
                        struct pg_params *params) {
  pg_array_reset(&arrays->words, PG_TEXT);
  for (size_t i = 0; i < wanted->n_words; i++) pg_put_bytes(&arrays->words, wanted->words[i].data, wanted->words[i].len);
  pg_param_array(params, &arrays->words);
  pg_param_int4(params, SEARCH_TAIL_MAX);
  query->searches = true;
  query->searched = search_reach(query->daemon);
}

static enum statement statement_of(const Rectify__V1__CaseQuery *wanted) {
  if (wanted->n_words > 0) return STATEMENT_QUERY_CASES_WORDS;
  return wanted->order == 1 ? STATEMENT_QUERY_CASES_BY_DUE : STATEMENT_QUERY_CASES;
}

void query_ask_cases(struct query *query, const Rectify__V1__CaseQuery *wanted) {
  struct pg_params params;
  struct query_scope scope;
  struct case_arrays arrays = {0};
  query_scope_find(query->daemon, query->actor, &scope);
  param_cases(query, wanted, &scope, &arrays, &params);
  if (wanted->n_words > 0) param_words(query, wanted, &arrays, &params);
  pg_statement(query->daemon->reader, statement_of(wanted), &params);
  free_arrays(&arrays);
  query_scope_free(&scope);
}

void query_ask_past_cases(struct query *query, const Rectify__V1__CaseQuery *wanted, struct past_page page) {
  struct pg_params params;
  struct query_scope scope;
  struct case_arrays arrays = {0};
  if (wanted->with_facts) scope = (struct query_scope){.all = true}; /* of one unit, which the actor may read whole */
  else query_scope_find(query->daemon, query->actor, &scope);
  pg_params_reset(&params);
  pg_array_reset(&arrays.numbers, PG_INT8);
  for (size_t i = 0; i < wanted->n_case_no; i++) pg_put_int(&arrays.numbers, (int64_t)wanted->case_no[i]);
  param_optional_array(&params, &arrays.numbers);
  query_param_scope(&params, &scope);
  param_text(&params, wanted->finding_id);
  param_facts(query, wanted, &arrays, &params);
  pg_param_int8(&params, page.from);
  pg_param_int4(&params, page.version);
  pg_param_int8(&params, (int64_t)page.size);
  pg_param_int4(&params, page.cases);
  pg_param_int4(&params, page.events);
  pg_param_bool(&params, wanted->with_text);
  pg_param_int8(&params, page.until);
  pg_param_instant(&params, page.as_of);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_PAST_CASES, &params);
  free_arrays(&arrays);
  query_scope_free(&scope);
}

void query_ask_case(struct query *query, uint64_t case_no) {
  struct pg_params params;
  struct query_scope scope;
  query->needs_case = true;
  query_scope_find(query->daemon, query->actor, &scope);
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)case_no);
  query_param_scope(&params, &scope);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_CASE, &params);
  query_scope_free(&scope);
}

void query_ask_told(struct query *query, int64_t from) {
  struct pg_params params;
  struct query_scope scope;
  query_scope_find(query->daemon, query->actor, &scope);
  pg_params_reset(&params);
  pg_param_int8(&params, from);
  query_param_scope(&params, &scope);
  pg_param_int4(&params, (int32_t)query->actor);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_TOLD, &params);
  query_scope_free(&scope);
}
