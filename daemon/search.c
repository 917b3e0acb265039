/* search.c - the findings into the index that searches use (migrations/0011_search.sql), a step at a time and only while nothing
 * else is to be done: taking findings in does not wait for it.  Called by pipeline.c; page_case.c says how far a search looked. */
#include "daemon/daemon.h"

#define QUIET_MSEC 200 /* after the last commit: clients that hand in one thing after another are served first */

/* No row: another daemon has taken over, which this one finds out by itself. */
static void take_step(void *context, unsigned step, const PGresult *result) {
  struct daemon *daemon = context;
  (void)step;
  if (PQntuples(result) == 1) daemon->store.indexed = (uint64_t)pg_int(result, 0, 0);
  else daemon->store.index_failed = true;
}

/* Searches go on without it, over what they can read by themselves; the next start tries again. */
static void step_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  daemon->store.indexing = false;
  if (outcome != PG_FAILED) return;
  daemon->store.index_failed = true;
  log_err("search.index_failed sqlstate=%s text=%s", sqlstate, text);
}

void search_wait(struct daemon *daemon) { daemon->store.index_at = clock_monotonic_msec() + QUIET_MSEC; }

void search_forget(struct store *store) {
  store->indexed = 0;
  store->indexing = store->index_failed = false;
}

uint64_t search_reach(const struct daemon *daemon) {
  const uint64_t reach = daemon->store.indexed + SEARCH_TAIL_MAX;
  return reach < daemon->committed_cases ? reach : daemon->committed_cases;
}

static bool is_time(const struct daemon *daemon) {
  const struct store *store = &daemon->store;
  const bool work = daemon->flights > 0 || daemon->stage != NEXT_NONE || daemon->gather->item_count > 0 || daemon->advance.wanted;
  if (store->state != STORE_READY || daemon->stopping || store->indexing || store->index_failed) return false;
  if (store->indexed >= daemon->committed_cases) return false;
  if (store->indexed == 0) return true; /* the first step tells how far they are */
  return !work && clock_monotonic_msec() >= store->index_at;
}

void search_turn(struct daemon *daemon) {
  struct pg_params params;
  if (!is_time(daemon) || !pg_begin(daemon->store.pg, take_step, step_done, daemon)) return;
  daemon->store.indexing = true;
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)daemon->store.epoch);
  pg_param_int4(&params, SEARCH_INDEX_MAX);
  pg_statement(daemon->store.pg, STATEMENT_INDEX_FINDINGS, &params);
  pg_end(daemon->store.pg);
}
