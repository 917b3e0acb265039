/* pipeline.c - requests in, batches round, outcomes out.
 *
 *   gather ──seal──▶ next ──probe, decide──▶ fly ──commit──▶ answered
 *
 * The next batch's probe follows the append in the same connection.  Of findings alone it goes ahead of it, and they are
 * decided while that commits.  Where nothing has to be asked there is no probe.  No timers: a batch leaves when the connection is
 * idle, so light load means batches of one, and heavy load makes them grow; one that is full already leaves behind the one that
 * commits, and the database has its next append at once.  It cannot be committed without that one: append() moves the log's head
 * from where that one puts it, or not at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/must.h"

#define RECEIVE_PER_TURN 128
#define CASES_UNPACKED_MAX 2048 /* a few batches of them; packing so many takes 2 ms */
#define CAUTIOUS_MSEC 10000 /* a few resends: all who were in the refused batch have come back by then */
#define SAME_KEY_RETRY_MSEC 50

static void swap(struct batch **a, struct batch **b) {
  struct batch *kept = *a;
  *a = *b;
  *b = kept;
}

static void unavailable(struct daemon *daemon, const struct route_back *back, const struct uuid *id) {
  answer_error(daemon, back, id, FAILURE_UNAVAILABLE, "", "the database cannot be reached; try later",
               RETRY_AFTER_MSEC);
}

static void refuse_batch(struct daemon *daemon, struct batch *batch) {
  for (uint32_t i = 0; i < batch->request_count; i++)
    unavailable(daemon, &batch->requests[i].back, &batch->requests[i].id);
  batch_reset(batch);
}

void pipeline_forget(struct daemon *daemon) {
  seal_forget(daemon);
  reading_forget(daemon);
  dead_forget(daemon);
  refuse_batch(daemon, daemon->gather);
  refuse_batch(daemon, daemon->next);
  for (uint32_t i = 0; i < daemon->flights; i++) batch_reset(daemon->fly[i]); /* in doubt: no answer, the resend settles it */
  daemon->flights = daemon->landed = 0;
  daemon->stage = NEXT_NONE;
  daemon->ahead = false;
  daemon->advance.wanted = daemon->advance.under_way = daemon->advance.keeping = false;
}

/* ---- requests ---- */

bool pipeline_has_key(const struct daemon *daemon, const struct uuid *key) {
  bool has = batch_has_key(daemon->gather, key) || batch_has_key(daemon->next, key);
  for (uint32_t i = 0; i < daemon->flights; i++) has |= batch_has_key(daemon->fly[i], key);
  return has;
}

static bool key_is_under_way(const struct daemon *daemon, const ProtobufCBinaryData *key) {
  struct uuid uuid;
  memcpy(uuid.bytes, key->data, WIRE_ID_BYTES);
  return pipeline_has_key(daemon, &uuid);
}

static bool any_key_is_under_way(const struct daemon *daemon, const Rectify__V1__Request *request) {
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_PUBLISH)
    return key_is_under_way(daemon, &request->publish->id);
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_KEY_CHANGE)
    return key_is_under_way(daemon, &request->key_change->id);
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT)
    for (size_t i = 0; i < request->submit->n_findings; i++)
      if (key_is_under_way(daemon, &request->submit->findings[i]->id)) return true;
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_ACT)
    for (size_t i = 0; i < request->act->n_commands; i++)
      if (key_is_under_way(daemon, &request->act->commands[i]->id)) return true;
  return false;
}

/* What one officer may take; the sentence says which bound it is. */
static bool over_quota(struct daemon *daemon, const Rectify__V1__Request *request, uint32_t actor,
                       const struct route_back *back, const struct uuid *id) {
  const struct batch *batch = daemon->gather;
  uint32_t waiting = 0;
  for (uint32_t i = 0; i < batch->request_count; i++) waiting += batch->requests[i].actor == actor;
  if (waiting >= IDENTITY_REQUESTS_MAX) {
    answer_error(daemon, back, id, FAILURE_BUSY, "", "256 requests of this officer wait already; try later",
                 SAME_KEY_RETRY_MSEC);
    return true;
  }
  const uint32_t wait = quota_wait_msec(daemon->quotas, actor, (uint32_t)batch_items(request), clock_monotonic_msec());
  if (wait == 0) return false;
  answer_error(daemon, back, id, FAILURE_BUSY, "",
               "more findings and commands a second than one officer may hand in (identity_rate); try later", wait);
  return true;
}

/* Only an Act can be: of findings any number that a request may hold fits. */
static void too_heavy(struct daemon *daemon, const struct route_back *back, const struct uuid *id) {
  char text[256];
  (void)snprintf(text, sizeof text,
                 "with all that can follow from its commands (%d cases from one sweep) the request may come to more than %d "
                 "events, which is what one transaction takes: send them in several requests",
                 SWEEP_MAX, REQUEST_EVENTS_MAX);
  answer_error(daemon, back, id, FAILURE_TOO_LARGE, "act.commands", text, 0);
}

#define SAY_NUMBER(number) #number
#define SAY_BOUND(bound) SAY_NUMBER(bound)

static void gather_request(struct daemon *daemon, const Rectify__V1__Request *request, uint32_t actor,
                           const struct route_back *back, const struct uuid *id) {
  if (daemon->advance.wanted) /* what came before is judged before; what comes now, after: and reading never stops */
    answer_error(daemon, back, id, FAILURE_BUSY, "", "the clock is being moved; try later", RETRY_AFTER_MSEC);
  else if (any_key_is_under_way(daemon, request))
    answer_error(daemon, back, id, FAILURE_BUSY, "", "the same id is being worked on", SAME_KEY_RETRY_MSEC);
  else if (batch_weigh(request) > REQUEST_EVENTS_MAX)
    too_heavy(daemon, back, id);
  else if (over_quota(daemon, request, actor, back, id))
    return;
  else if (!batch_take(daemon->gather, daemon->store.office, request, actor, back, id)) {
    quota_give_back(daemon->quotas, actor, (uint32_t)batch_items(request));
    answer_error(daemon, back, id, FAILURE_BUSY, "", "the next batch is full already (" SAY_BOUND(BATCH_EVENTS_MAX) " findings and commands, what follows from them, or their texts); try later", SAME_KEY_RETRY_MSEC);
  }
}

/* Rungs come first in a batch, and no other flies with it. */
static bool is_firing(const struct daemon *daemon) { return daemon->flights > 0 && daemon->fly[0]->fresh[0].item == ITEM_NONE; }

/* The clock, which only an advance moves, was kept there; nothing is due, and what was due is durable.  A repeat that comes
 * late must not hold up what its client has sent since. */
static bool stands_there(const struct daemon *daemon, usec_t until) {
  usec_t when;
  book_next(daemon->store.book, &when);
  const bool idle = !daemon->advance.wanted && !is_firing(daemon) && !review_is_pending(daemon);
  return idle && until <= clock_now() && when > clock_now();
}

static void want_advance(struct daemon *daemon, usec_t until, const struct route_back *back, const struct uuid *id) {
  if (!clock_is_manual()) {
    answer_error(daemon, back, id, FAILURE_CLOCK, "clock_advance", "this daemon's clock is real and cannot be moved", 0);
  } else if (until >= DAY_MAX * 24 * USEC_PER_HOUR) {
    answer_error(daemon, back, id, FAILURE_FIELD, "clock_advance.until", "lies on 2100-12-31 or later, beyond all calendars", 0);
  } else if (stands_there(daemon, until)) {
    answer_pong(daemon, back, id);
  } else if (daemon->advance.wanted && memcmp(daemon->advance.id.bytes, id->bytes, WIRE_ID_BYTES) != 0) {
    answer_error(daemon, back, id, FAILURE_BUSY, "clock_advance", "the clock is being moved already", RETRY_AFTER_MSEC);
  } else {
    daemon->advance.wanted = true;
    daemon->advance.until = until;
    daemon->advance.back = *back;
    daemon->advance.id = *id;
  }
}

static void dispatch(struct daemon *daemon, const Rectify__V1__Request *request, uint32_t actor,
                     const struct route_back *back, const struct uuid *id) {
  switch (request->body_case) {
    case RECTIFY__V1__REQUEST__BODY_SUBMIT:
    case RECTIFY__V1__REQUEST__BODY_ACT:
    case RECTIFY__V1__REQUEST__BODY_KEY_CHANGE:
    case RECTIFY__V1__REQUEST__BODY_PUBLISH: gather_request(daemon, request, actor, back, id); return;
    case RECTIFY__V1__REQUEST__BODY_QUERY: query_start(daemon, request->query, actor, back, id); return;
    case RECTIFY__V1__REQUEST__BODY_WATCH: watch_request(daemon, request->watch, actor, back, id); return;
    case RECTIFY__V1__REQUEST__BODY_CLOCK_ADVANCE:
      want_advance(daemon, request->clock_advance->until, back, id);
      return;
    case RECTIFY__V1__REQUEST__BODY_COSIGN: cosign_request(daemon, request->cosign, actor, back, id); return;
    case RECTIFY__V1__REQUEST__BODY_POST:
    case RECTIFY__V1__REQUEST__BODY_LEASE:
    case RECTIFY__V1__REQUEST__BODY_REPORT: letter_request(daemon, request, actor, back, id); return;
    case RECTIFY__V1__REQUEST__BODY_UPLOAD: content_upload(daemon, request->upload, actor, back, id); return;
    case RECTIFY__V1__REQUEST__BODY_PART: content_part(daemon, request->part, actor, back, id); return;
    case RECTIFY__V1__REQUEST__BODY_PING: answer_pong(daemon, back, id); return;
    case RECTIFY__V1__REQUEST__BODY__NOT_SET:
    case _RECTIFY__V1__REQUEST__BODY__CASE_IS_INT_SIZE: break;
  }
  answer_error(daemon, back, id, FAILURE_MALFORMED, "body", "the request has no body", 0);
}

static void take_request(struct daemon *daemon, const uint8_t *data, size_t length, const struct route_back *back) {
  struct codec_error error;
  struct uuid id;
  bool has_id;
  codec_arena_reset(daemon->arena);
  Rectify__V1__Request *request = codec_request(daemon->arena, data, length, &id, &has_id, &error);
  if (request == NULL) {
    answer_error(daemon, back, &id, error.code, error.field, error.text, 0);
    return;
  }
  if (daemon->store.state != STORE_READY || daemon->store.bootstrap) {
    unavailable(daemon, back, &id);
    return;
  }
  uint32_t actor = registry_officer_by_code(daemon->store.office->registry, (const char *)request->actor.data,
                                            request->actor.len);
  if (actor == 0) {
    answer_error(daemon, back, &id, FAILURE_ACTOR, "actor", "the actor is not in the registry", 0);
    return;
  }
  const char *why;
  if (!identity_holds(daemon, router_sender(daemon->router), actor, &why)) {
    answer_error(daemon, back, &id, FAILURE_KEY, "actor", why, 0);
    return;
  }
  dispatch(daemon, request, actor, back, &id);
}

bool pipeline_wants_requests(const struct daemon *daemon) {
  return !daemon->stopping && !batch_is_full(daemon->gather);
}

static void receive(struct daemon *daemon) {
  for (int i = 0; i < RECEIVE_PER_TURN && pipeline_wants_requests(daemon); i++) {
    struct route_back back;
    size_t length;
    const uint8_t *data = router_receive(daemon->router, &back, &length);
    if (data == NULL) return;
    take_request(daemon, data, length, &back);
  }
}

/* ---- batches ---- */

/* The next batch relies on what was in the book when its probe left. */
static bool next_needs(const struct daemon *daemon, uint64_t case_no) {
  for (uint32_t i = 0; daemon->stage != NEXT_NONE && i < daemon->next->item_count; i++) {
    const struct command *command = &daemon->next->items[i].command;
    if (command->case_no == case_no || command->other == case_no) return true;
    if (daemon->next->items[i].finding.rule_case == case_no) return true;
  }
  return false;
}

/* People are told of what is behind when that lands. */
static bool flight_touches(const struct daemon *daemon, uint64_t case_no) {
  for (uint32_t i = daemon->landed; i < daemon->flights; i++)
    for (uint32_t k = 0; k < daemon->fly[i]->touched_count; k++)
      if (daemon->fly[i]->touched[k] == case_no) return true;
  return false;
}

static void evict_if_closed(struct daemon *daemon, uint64_t case_no) {
  const struct case_state *state = case_no == 0 ? NULL : book_find(daemon->store.book, case_no);
  if (state == NULL || status_is_open(state->status) || case_next_fire(state, NULL) != INSTANT_NONE) return;
  if (next_needs(daemon, case_no) || flight_touches(daemon, case_no)) return;
  book_remove(daemon->store.book, case_no);
}

/* Cases that the batch closed, and closed ones that were loaded for its commands or kept for them. */
static void evict_closed(struct daemon *daemon, const struct batch *batch) {
  for (uint32_t i = 0; i < batch->touched_count; i++) evict_if_closed(daemon, batch->touched[i]);
  for (uint32_t i = 0; i < batch->loaded_count; i++) evict_if_closed(daemon, batch->loaded[i]);
  for (uint32_t i = 0; i < batch->item_count; i++) {
    evict_if_closed(daemon, batch->items[i].command.case_no);
    evict_if_closed(daemon, batch->items[i].command.other);
  }
}

static void adopt(struct daemon *daemon, struct batch *batch) {
  const uint32_t kind = batch->publication.kind;
  if (batch->size_before == 0) review_want(daemon, daemon->committed_size); /* the first start: of no case */
  if (!batch->has_publication) return;
  world_adopt(daemon->store.office, &batch->publication);
  batch->has_publication = false;
  if (review_is_reason(kind)) review_want(daemon, daemon->committed_size);
}

/* The batch is durable: people may hear of it. */
static void land(struct daemon *daemon, struct batch *batch) {
  daemon->committed_size = batch->size_before + batch->fresh_count;
  daemon->committed_root = batch->root_after;
  daemon->committed_cases = batch->cases_after;
  for (uint32_t i = 0; i < batch->fresh_count; i++) growth_append(&daemon->seal.growth, &batch->fresh[i].leaf);
  adopt(daemon, batch);
  review_landed(daemon, batch);
  reading_landed(daemon, batch);
  dead_landed(daemon, batch);
  watch_tell(daemon, batch);
  evict_closed(daemon, batch);
  search_wait(daemon);
}

/* Errors that lie in the data (SQLSTATE classes 22 and 23): the same bytes will fail again.  All others (disk full, too
 * many connections, a cancelled statement, ...) pass. */
static bool lies_in_the_data(const char *sqlstate) {
  return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0;
}

/* A batch that the server refuses although it is up: found by trying its requests one at a time; the one that is
 * refused alone is told so. */
static bool tell_poisoned(struct daemon *daemon, const struct batch *batch, const char *text) {
  if (batch->request_count != 1 || batch->fresh[0].item == ITEM_NONE) return false; /* or rungs are in it */
  if (batch->item_count != batch->requests[0].item_count) return false;            /* or reviews */
  char sentence[640];
  snprintf(sentence, sizeof sentence, "the database refused to record this: %s", text);
  answer_error(daemon, &batch->requests[0].back, &batch->requests[0].id, FAILURE_INTERNAL, "", sentence, 0);
  return true;
}

static bool is_cautious(const struct daemon *daemon) { return clock_monotonic_msec() < daemon->cautious_until; }

void pipeline_commit_done(struct daemon *daemon, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  if (daemon->store.state == STORE_DOWN) return; /* of a batch behind one that was not committed: forgotten with it */
  must(daemon->landed < daemon->flights);
  struct batch *batch = daemon->fly[daemon->landed];
  if (outcome == PG_DONE) {
    daemon->store.bootstrap = false;
    daemon->store.failures = 0;
    daemon->landed++;
    land(daemon, batch);
    seal_take(daemon);
    return;
  }
  if (outcome == PG_FAILED) {
    log_err("commit.failed sqlstate=%s events=%u text=%s", sqlstate, batch->fresh_count, text);
    bool told = lies_in_the_data(sqlstate) && tell_poisoned(daemon, batch, text);
    if (lies_in_the_data(sqlstate)) daemon->cautious_until = clock_monotonic_msec() + CAUTIOUS_MSEC;
    if (!told) refuse_batch(daemon, batch); /* nothing is in doubt: who hears so comes back soon */
  } else {
    log_warning("commit.in_doubt events=%u text=%s", batch->fresh_count, text);
  }
  store_restart(daemon, "a batch was not committed");
}

void pipeline_probe_done(struct daemon *daemon, enum pg_outcome outcome, const char *text) {
  if (outcome == PG_DONE)
    daemon->stage = NEXT_KNOWN;
  else if (daemon->store.state == STORE_READY)
    store_restart(daemon, text);
}

/* In cautious times a batch carries one request: the others go back to their senders, who come again. */
static void thin_out(struct daemon *daemon, struct batch *batch) {
  if (!is_cautious(daemon) || batch->request_count <= 1) return;
  for (uint32_t i = 1; i < batch->request_count; i++)
    answer_error(daemon, &batch->requests[i].back, &batch->requests[i].id, FAILURE_BUSY, "",
                 "recovering from a refused batch; try later", SAME_KEY_RETRY_MSEC);
  batch->request_count = 1;
  batch->item_count = batch->requests[0].item_count;
}

/* Whether there is a next batch now, to be asked about. */
static bool seal(struct daemon *daemon) {
  const bool own = !is_cautious(daemon); /* commands of the daemon's own */
  const bool reviews = own && review_has_more(daemon), readers = own && reading_waits(daemon), dead = own && dead_have_some(daemon);
  if (daemon->stage != NEXT_NONE || daemon->advance.under_way) return false;
  if (daemon->gather->item_count == 0 && !reviews && !readers && !dead) return false;
  thin_out(daemon, daemon->gather);
  if (reviews) review_fill(daemon, daemon->gather);
  if (readers) reading_fill(daemon, daemon->gather);
  if (dead) dead_fill(daemon, daemon->gather);
  swap(&daemon->gather, &daemon->next);
  daemon->stage = NEXT_ASKED;
  return true;
}

static bool ask(struct daemon *daemon, bool ahead) {
  daemon->ahead = ahead;
  if (probe_send(daemon, daemon->next)) return true;
  store_restart(daemon, "the probe could not be sent");
  return false;
}

static void launch(struct daemon *daemon) {
  must(daemon->flights < FLIGHTS_MAX);
  struct batch *batch = daemon->next;
  daemon->stage = NEXT_NONE;
  if (batch->fresh_count == 0) { /* nothing but repeats: all of it is durable already */
    land(daemon, batch);
    answer_batch(daemon, batch);
    batch_reset(batch);
    return;
  }
  swap(&daemon->next, &daemon->fly[daemon->flights++]);
  const bool more = seal(daemon), ahead = more && probe_may_go_ahead(daemon, daemon->next, batch);
  if (ahead && !ask(daemon, true)) return;
  if (!commit_send(daemon, batch)) store_restart(daemon, "the append could not be sent");
  else if (more && !ahead) (void)ask(daemon, false);
}

static void decide(struct daemon *daemon, bool with_rungs) {
  batch_decide(daemon, daemon->next, with_rungs);
  commit_fill(daemon, daemon->next);
  daemon->stage = NEXT_DECIDED;
}

/* Something of the daemon's own, which is decided while nothing flies: a rung, or a count of refusals. */
static bool is_due(const struct daemon *daemon) {
  usec_t when;
  book_next(daemon->store.book, &when);
  return (when <= clock_now() && !review_is_pending(daemon)) || refusal_counts_are_due(daemon);
}

/* While another one flies, a batch is decided that only adds cases: what people hear of those that are there, when that one lands,
 * must not be what this one makes of them.  A rung would, and a finding against a rule. */
static bool may_decide(const struct daemon *daemon) {
  if (daemon->stage != NEXT_KNOWN) return false;
  if (daemon->flights == 0) return true;
  for (uint32_t i = 0; daemon->ahead && i < daemon->next->item_count; i++)
    if (daemon->next->items[i].finding.rule_case != 0) return false;
  return daemon->ahead && !is_due(daemon);
}

static void decide_next(struct daemon *daemon) {
  if (!may_decide(daemon)) return;
  if (probe_suffices(daemon, daemon->next)) {
    decide(daemon, daemon->flights == 0 && !is_cautious(daemon));
    return;
  }
  daemon->stage = NEXT_ASKED;
  daemon->ahead = false;
  if (!probe_again(daemon, daemon->next)) store_restart(daemon, "the probe could not be sent");
}

/* Behind one that has not landed only what is full: it is not sooner durable for it, and what comes in meanwhile is the next batch,
 * which is to be large too. */
static bool may_launch(const struct daemon *daemon) {
  const bool full = daemon->next->item_count >= daemon->behind_min && daemon->next->fresh_count > 0;
  return daemon->stage == NEXT_DECIDED && (daemon->flights == 0 || (full && daemon->flights < FLIGHTS_MAX && !is_cautious(daemon)));
}

static void fly_next(struct daemon *daemon) {
  for (decide_next(daemon); may_launch(daemon); decide_next(daemon)) launch(daemon);
}

/* What can leave at once; what can be decided while another one flies can wait for answers to be sent. */
static void fly_first(struct daemon *daemon) {
  if (daemon->flights == 0) decide_next(daemon);
  if (may_launch(daemon)) launch(daemon);
}

static void fly_rungs(struct daemon *daemon) {
  if (daemon->flights > 0 || daemon->stage != NEXT_NONE || !is_due(daemon)) return;
  decide(daemon, true);
  launch(daemon);
}

/* ---- the manual clock ---- */

/* No row, or NULL: another daemon's epoch stands in the head, and this one may not keep anything any more. */
static void keep_clock_result(void *context, unsigned step, const PGresult *result) {
  struct daemon *daemon = context;
  (void)step;
  daemon->advance.kept = PQntuples(result) == 1 && pg_int(result, 0, 0) != 0;
}

static void keep_clock_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  (void)sqlstate;
  if (outcome != PG_DONE || !daemon->advance.kept) {
    if (daemon->store.state == STORE_READY)
      store_restart(daemon, outcome == PG_DONE ? "the clock was not kept: another daemon has taken over" : text);
    return;
  }
  if (!daemon->advance.wanted) return;
  daemon->advance.wanted = daemon->advance.under_way = daemon->advance.keeping = false;
  answer_pong(daemon, &daemon->advance.back, &daemon->advance.id);
}

static void keep_clock(struct daemon *daemon) {
  struct pg_params params;
  if (!pg_begin(daemon->store.pg, keep_clock_result, keep_clock_done, daemon)) return;
  daemon->advance.kept = false;
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)daemon->store.epoch);
  pg_param_instant(&params, clock_now());
  pg_statement(daemon->store.pg, STATEMENT_SET_CLOCK, &params);
  pg_end(daemon->store.pg);
}

/* Steps from due rung to due rung, so that each is recorded at its own instant; then the clock stands at `until` and
 * that too is kept before it is said. */
static void advance(struct daemon *daemon) {
  if (!daemon->advance.wanted || daemon->flights > 0 || daemon->stage != NEXT_NONE || review_is_pending(daemon)) return;
  if (!daemon->advance.under_way && daemon->gather->item_count > 0) return;
  daemon->advance.under_way = true;
  usec_t when;
  book_next(daemon->store.book, &when);
  if (when <= daemon->advance.until) {
    clock_advance(when);
    fly_rungs(daemon);
  } else if (!daemon->advance.keeping) {
    daemon->advance.keeping = true;
    clock_advance(daemon->advance.until);
    keep_clock(daemon);
  }
}

/* ---- the loop's view ---- */

void pipeline_turn(struct daemon *daemon) {
  if (daemon->store.state == STORE_READY) fly_first(daemon); /* first of all: the database has nothing to do until then */
  seal_answer(daemon);
  receive(daemon);
  if (daemon->store.state != STORE_READY) return;
  if (daemon->store.state == STORE_READY && daemon->flights == 0 && seal(daemon)) (void)ask(daemon, false);
  if (daemon->store.state == STORE_READY) fly_next(daemon);
  if (daemon->store.state == STORE_READY && !daemon->stopping) advance(daemon);
  if (daemon->store.state == STORE_READY && (!daemon->stopping || refusal_counts_are_due(daemon))) fly_rungs(daemon);
  search_turn(daemon);
  book_settle(daemon->store.book, CASES_UNPACKED_MAX);
}

bool pipeline_is_idle(const struct daemon *daemon) {
  if (daemon->store.state != STORE_READY) return true;
  return daemon->flights == 0 && daemon->stage == NEXT_NONE && daemon->gather->item_count == 0 && !refusal_counts_are_due(daemon) &&
         seal_is_idle(daemon);
}

usec_t pipeline_next_fire(const struct daemon *daemon) {
  usec_t when = INSTANT_NONE;
  bool waits = daemon->flights > 0 || daemon->stage != NEXT_NONE || review_is_pending(daemon);
  if (daemon->store.state == STORE_READY && !waits && !clock_is_manual())
    book_next(daemon->store.book, &when);
  return when;
}

/* ---- the first start ---- */

void pipeline_bootstrap(struct daemon *daemon) {
  batch_begin(daemon, daemon->next);
  publish_embedded(daemon, daemon->next);
  batch_finish(daemon, daemon->next);
  commit_fill(daemon, daemon->next);
  launch(daemon);
}
