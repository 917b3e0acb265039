/* reading.c - who is shown the words of a restricted case is recorded first: the answer leaves when the event is durable.
 *
 * A query that comes upon such words in its result is held back (query.c, past.c): its reader goes into the next batch as an
 * item without a request, and when that has landed the query is asked anew.  One event an officer, case and local day,
 * by its key; of the whole log, an event of no case.  Nobody can read the log full. */
#include <stdlib.h>
#include <string.h>

#include "daemon/query.h"
#include "rectify/must.h"

#define ATTEMPTS_MAX 3 /* midnight may pass between the event and the answer; more is no accident */

/* ---- what is on record ---- */

/* The readers recorded last; who has dropped out is recorded again, which his key makes a repeat. */
static bool is_recorded(const struct daemon *daemon, const struct uuid *key) {
  for (uint32_t i = 0; i < READERS_KEPT_MAX; i++)
    if (memcmp(daemon->readers.keys[i].bytes, key->bytes, sizeof key->bytes) == 0) return true;
  return false;
}

static void keep(struct daemon *daemon, const struct uuid *key) {
  if (is_recorded(daemon, key)) return;
  daemon->readers.keys[daemon->readers.next] = *key;
  daemon->readers.next = (daemon->readers.next + 1) % READERS_KEPT_MAX;
}

/* ---- a query that is held back ---- */

bool reading_may_show(struct query *query, uint64_t case_no) {
  if (query->held) return false;
  case_read_command(&query->daemon->store.office->world, case_no, query->actor, clock_now(), &query->reader);
  query->held = !is_recorded(query->daemon, &query->reader.key);
  return !query->held;
}

static void refuse(struct query *query, const char *text, uint32_t retry_msec) {
  answer_error(query->daemon, &query->back, &query->id, FAILURE_BUSY, "query", text, retry_msec);
  query_end(query);
}

void reading_hold(struct query *query) {
  struct daemon *daemon = query->daemon;
  must(query->held && !query->answered);
  const uint32_t wait = quota_wait_msec(daemon->quotas, query->actor, 1, clock_monotonic_msec());
  if (query->attempts >= ATTEMPTS_MAX) refuse(query, "its reading could not be recorded; try later", RETRY_AFTER_MSEC);
  else if (wait > 0)
    refuse(query, "more findings, commands and readings of restricted cases a second than one officer may have (identity_rate); try later", wait);
  else query->waits = true;
}

static void ask_again(struct query *query) {
  struct query kept = *query;
  query->wanted = NULL;
  query_end(query);
  query_start_again(kept.daemon, kept.wanted, &kept);
  rectify__v1__query__free_unpacked(kept.wanted, NULL);
}

/* ---- batches ---- */

bool reading_waits(const struct daemon *daemon) {
  for (const struct query *query = daemon->queries; query != NULL; query = query->next)
    if (query->waits) return true;
  return false;
}

void reading_fill(struct daemon *daemon, struct batch *batch) {
  for (const struct query *query = daemon->queries; query != NULL; query = query->next)
    if (query->waits && !batch_has_key(batch, &query->reader.key)) batch_add(batch, &query->reader);
}

/* What was read is the case as it is now; in whose right, says the registry of today. */
void reading_decide(struct daemon *daemon, struct item *item, usec_t now, struct decision *out) {
  const struct world *world = &daemon->store.office->world;
  const struct command *command = &item->command;
  const struct case_state *state = command->case_no == 0 ? NULL : book_find(daemon->store.book, command->case_no);
  const uint32_t unit = state == NULL ? 0 : state->unit;
  struct event *event = &out->event;
  out->rule = RULE_READ;
  out->record = true;
  *event = batch_event(daemon, COMMAND_READ, now);
  event->rule = RULE_READ;
  event->key = command->key;
  event->actor = command->actor;
  if (state != NULL) {
    event->case_no = state->case_no;
    event->version = state->version + 1;
  }
  (void)authorise_reader(world, command->actor, unit, state == NULL ? 0 : state->team, zone_day_of(world_zone(world, unit), now),
                         &event->on_behalf);
}

void reading_landed(struct daemon *daemon, const struct batch *batch) {
  for (uint32_t i = 0; i < batch->item_count; i++)
    if (batch->items[i].command.kind == COMMAND_READ && batch->items[i].outcome != ITEM_FAILED) keep(daemon, &batch->items[i].command.key);
  for (struct query *next, *query = daemon->queries; query != NULL; query = next) {
    next = query->next;
    if (query->waits && is_recorded(daemon, &query->reader.key)) ask_again(query);
  }
}

void reading_forget(struct daemon *daemon) {
  for (struct query *next, *query = daemon->queries; query != NULL; query = next) {
    next = query->next;
    if (!query->waits) continue;
    answer_error(daemon, &query->back, &query->id, FAILURE_UNAVAILABLE, "query", "the database cannot be reached; try later", RETRY_AFTER_MSEC);
    query_end(query);
  }
}
