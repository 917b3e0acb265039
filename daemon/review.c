/* review.c - after a publication of a calendar or a registry every case with a timer is looked at again: dates are counted by
 * the calendars in force, posts that nobody holds any more are filled.
 *
 * The reviews travel as items without a request, a bounded number in each batch beside whatever else waits.  Until all of
 * them are durable no rung fires: none may go by a date that no longer holds.  Then the head keeps by which publication
 * the cases were reviewed, so that a daemon that starts later knows whether anything is left to do; one that was
 * interrupted begins again: a review that was recorded is known by its key, and one that finds nothing leaves no trace.
 * A policy is no reason: each case goes on by the one that it began with. */
#include "daemon/daemon.h"
#include "rectify/must.h"

bool review_is_pending(const struct daemon *daemon) { return daemon->store.reviewed < daemon->store.reviews_wanted; }

bool review_is_reason(uint32_t document) { return document == DOCUMENT_CALENDAR || document == DOCUMENT_REGISTRY; }

void review_want(struct daemon *daemon, uint64_t size) {
  struct store *store = &daemon->store;
  store->reviews_wanted = size;
  store->review_cursor = 0;
  store->reviews_handed_out = false;
}

bool review_has_more(const struct daemon *daemon) {
  return review_is_pending(daemon) && !daemon->store.reviews_handed_out && !daemon->stopping;
}

void review_fill(struct daemon *daemon, struct batch *batch) {
  struct store *store = &daemon->store;
  const bool publishes = batch->item_count > 0 && batch->items[0].command.kind == COMMAND_PUBLISH;
  if (!review_has_more(daemon) || publishes) return;
  for (uint32_t i = 0; i < REVIEW_CASES_MAX; i++) {
    struct command command;
    const struct case_state *state = book_walk(store->book, &store->review_cursor);
    if (state == NULL) {
      store->reviews_handed_out = true;
      batch->reviews_until = store->reviews_wanted;
      return;
    }
    case_review_command(&store->office->world, state, &command);
    if (!batch_has_key(batch, &command.key)) batch_add(batch, &command);
  }
}

/* ---- the mark ---- */

/* Runs in the one job that keeps it; another daemon's epoch in the head means no row. */
static void keep_result(void *context, unsigned step, const PGresult *result) {
  struct daemon *daemon = context;
  (void)step;
  if (PQntuples(result) == 1) daemon->store.reviewed = daemon->store.reviews_kept;
}

static void keep_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  (void)sqlstate;
  if (daemon->store.state != STORE_READY) return;
  if (outcome != PG_DONE || daemon->store.reviewed != daemon->store.reviews_kept)
    store_restart(daemon, outcome == PG_DONE ? "the reviews were not kept: another daemon has taken over" : text);
}

void review_landed(struct daemon *daemon, const struct batch *batch) {
  struct store *store = &daemon->store;
  struct pg_params params;
  if (batch->reviews_until == 0 || batch->reviews_until != store->reviews_wanted) return; /* or overtaken by a newer one */
  if (!pg_begin(store->pg, keep_result, keep_done, daemon)) return;
  store->reviews_kept = batch->reviews_until;
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)store->epoch);
  pg_param_int8(&params, (int64_t)batch->reviews_until);
  pg_statement(store->pg, STATEMENT_SET_REVIEWED, &params);
  pg_end(store->pg);
}
