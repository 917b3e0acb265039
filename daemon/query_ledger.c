/* query_ledger.c - the statements of a LedgerQuery: what ledgers have beside the cases.  The cases come first, by a CaseQuery; what
 * their events say up to the version told there is the same for ever, so that the present and the past need one statement. */
#include "daemon/query.h"

/* Events a page: whoever may read few cases must not make the database read the whole log.  Where nearly all are wanted, hardly
 * more than fill a page. */
#define STEPS_LOOKED_AT 8192

enum { PART_FACTS, PART_STEPS, PART_ORDER };

const char *query_check_ledger(const Rectify__V1__LedgerQuery *wanted, const char **field) {
  *field = "query.ledger.version";
  if (wanted->n_version != wanted->n_case_no) return "one for each case number is needed";
  *field = "query.ledger.case_no";
  for (size_t i = 1; i < wanted->n_case_no; i++)
    if (wanted->case_no[i] <= wanted->case_no[i - 1]) return "must ascend";
  *field = "query.ledger.until";
  return wanted->until != 0 && wanted->until < wanted->from ? "must not be before `from`" : NULL;
}

static void param_size(struct pg_params *params, uint64_t size) {
  if (size == 0) pg_param_null(params);
  else pg_param_int8(params, (int64_t)size);
}

static void ask_facts(struct query *query, const Rectify__V1__LedgerQuery *wanted, uint64_t size, struct query_scope *scope) {
  static struct pg_array numbers, versions;
  struct pg_params params;
  pg_array_reset(&numbers, PG_INT8);
  pg_array_reset(&versions, PG_INT4);
  for (size_t i = 0; i < wanted->n_case_no; i++) {
    pg_put_int(&numbers, (int64_t)wanted->case_no[i]);
    pg_put_int(&versions, wanted->version[i]);
  }
  pg_params_reset(&params);
  pg_param_array(&params, &numbers);
  pg_param_array(&params, &versions);
  query_param_scope(&params, scope);
  param_size(&params, size);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_LEDGER_FACTS, &params);
}

static void ask_steps(struct query *query, const Rectify__V1__LedgerQuery *wanted, uint64_t size, struct query_scope *scope) {
  const struct registry *registry = query_world(query)->registry;
  struct pg_params params;
  query->within = wanted->unit.len == 0 ? 0 : registry_find_unit(registry, (const char *)wanted->unit.data, wanted->unit.len);
  query->nowhere = wanted->unit.len > 0 && query->within == 0;
  pg_params_reset(&params);
  if (query->cursor.second == 0) pg_param_null(&params);
  else pg_param_int8(&params, query->cursor.first);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_param_instant(&params, wanted->from);
  if (wanted->until == 0) pg_param_null(&params);
  else pg_param_instant(&params, wanted->until);
  param_size(&params, size);
  query_param_scope(&params, scope);
  query_param_officer(&params, registry, wanted->officer);
  pg_param_int8(&params, scope->all && wanted->officer.len == 0 ? 2 * (int64_t)query->limit : STEPS_LOOKED_AT);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_LEDGER_STEPS, &params);
}

static void ask_order(struct query *query, const Rectify__V1__LedgerQuery *wanted, uint64_t size, struct query_scope *scope) {
  struct pg_params params;
  pg_params_reset(&params);
  pg_param_int4(&params, (int32_t)wanted->order_year);
  pg_param_int4(&params, (int32_t)wanted->order_serial);
  query_param_scope(&params, scope);
  param_size(&params, size);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_LEDGER_ORDER, &params);
}

void query_ask_ledger(struct query *query, const Rectify__V1__LedgerQuery *wanted, uint64_t size) {
  struct pg_params params;
  struct query_scope scope;
  query->part = wanted->part;
  pg_params_reset(&params);
  param_size(&params, size);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_INSTANT, &params);
  query_scope_find(query->daemon, query->actor, &scope);
  if (wanted->part == PART_FACTS) ask_facts(query, wanted, size, &scope);
  if (wanted->part == PART_STEPS) ask_steps(query, wanted, size, &scope);
  if (wanted->part == PART_ORDER) ask_order(query, wanted, size, &scope);
  query_scope_free(&scope);
}
