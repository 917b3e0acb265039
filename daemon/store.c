/* store.c - the writing connection's life: connect, take the lock, take over (raise the epoch), load documents and
 * numbers, tiles, and the cases with a timer page by page, check the registry's tables, serve; and from the start again after any
 * doubt.  Each step is one job; while one is under way `waiting` is set. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/daemon.h"
#include "rectify/must.h"
#include "sign/digest.h"

#define LOAD_ROWS 1000 /* about what a socket holds: the server goes on reading meanwhile */
#define STANDBY_MSEC 500
#define BACKOFF_MSEC_MAX 5000

/* 100 ms, doubled to 5 s. */
static int64_t backoff_msec(uint32_t failures) {
  int64_t wait = INT64_C(100) << (failures < 6 ? failures : 6);
  return wait > BACKOFF_MSEC_MAX ? BACKOFF_MSEC_MAX : wait;
}

void store_restart(struct daemon *daemon, const char *why) {
  struct store *store = &daemon->store;
  if (store->state == STORE_READY) log_warning("store.lost reason=%s", why);
  store->state = STORE_DOWN;
  store->waiting = false;
  store->retry_at = clock_monotonic_msec() + backoff_msec(store->failures++);
  search_forget(store);
  pg_drop(store->pg, why);
  pipeline_forget(daemon);
  book_clear(store->book);
  recur_clear(store->recur);
}

static void step_failed(struct daemon *daemon, const char *step, const char *sqlstate, const char *text) {
  if (daemon->store.state == STORE_DOWN) return;
  log_warning("store.step_failed step=%s sqlstate=%s text=%s", step, sqlstate, text);
  store_restart(daemon, step);
}

/* A head that does not hash to its own root, or has no place for its tiles, was written by somebody else: no daemon may
 * build on it.  Ends the program: somebody must look. */
_Noreturn void store_damaged(const char *what) {
  log_err("store.damaged what=%s action=stopping", what);
  exit(2);
}

/* ---- cases ---- */

static void take_case(struct daemon *daemon, const PGresult *result, int row) {
  struct store *store = &daemon->store;
  size_t length;
  uint64_t case_no = (uint64_t)pg_int(result, row, 0);
  const uint8_t *packed = pg_bytes(result, row, 1, &length);
  struct case_state state;
  if (!codec_state_unpack(packed, length, &state) || state.case_no != case_no)
    store_damaged("a case's folded state cannot be read");
  if (case_next_fire(&state, NULL) == INSTANT_NONE) store_damaged("a case's folded state has lost its timer");
  if (case_no > store->cases) store_damaged("there is a case beyond the head's count");
  book_keep(store->book, &state, packed, length);
}

static void ask_cases(struct daemon *daemon);

static void cases_result(void *context, unsigned step, const PGresult *result) {
  (void)step;
  struct daemon *daemon = context;
  int rows = PQntuples(result);
  daemon->store.waiting = rows == LOAD_ROWS; /* for cases_done: another page is under way */
  if (rows > 0) daemon->store.loaded_until = (uint64_t)pg_int(result, rows - 1, 0);
  if (rows == LOAD_ROWS) ask_cases(daemon); /* the server reads it while this one is taken in */
  for (int row = 0; row < rows; row++) take_case(daemon, result, row);
}

static void become_ready(struct daemon *daemon) {
  struct store *store = &daemon->store;
  store->state = STORE_READY;
  store->was_ready = true;
  log_info("store.ready epoch=%lu log_size=%lu cases=%lu open=%lu", store->epoch, store->tree.merkle.size,
           store->cases, book_open_count(store->book));
  store->digest = 0;
  store->review_cursor = 0;
  store->reviews_handed_out = false;
  if (review_is_pending(daemon)) log_info("store.reviews_left publication=%lu", store->reviews_wanted);
  if (store->bootstrap) pipeline_bootstrap(daemon);
}

/* ---- the registry as tables ---- */

static void registry_result(void *context, unsigned step, const PGresult *result) {
  (void)context, (void)step;
  if (PQntuples(result) == 1 && pg_int(result, 0, 0) != 0)
    log_err("store.registry_tables_differ action=written_anew reason=somebody changed them behind the daemon's back");
}

static void registry_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  if (outcome != PG_DONE)
    step_failed(daemon, "check_registry", sqlstate, text);
  else
    become_ready(daemon);
}

/* An auditor's own SQL sees what these tables allow (migrations/0004_walls.sql). */
static void ask_registry(struct daemon *daemon) {
  struct store *store = &daemon->store;
  if (store->bootstrap) {
    become_ready(daemon);
    return;
  }
  if (!pg_begin(store->pg, registry_result, registry_done, daemon)) return;
  commit_send_registry(store->pg, STATEMENT_CHECK_REGISTRY, store->office->registry, store->epoch);
  pg_end(store->pg);
}

void store_proven(struct daemon *daemon) { ask_registry(daemon); }

static void cases_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  bool more = daemon->store.waiting;
  if (outcome != PG_DONE)
    step_failed(daemon, "load_cases", sqlstate, text);
  else if (!more)
    seal_prove(daemon);
}

static void ask_cases(struct daemon *daemon) {
  struct pg_params params;
  if (!pg_begin(daemon->store.pg, cases_result, cases_done, daemon)) return;
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)daemon->store.loaded_until);
  pg_param_int4(&params, LOAD_ROWS);
  pg_statement(daemon->store.pg, STATEMENT_LOAD_CASES, &params);
  pg_end(daemon->store.pg);
}

/* ---- tiles ---- */

static void tiles_result(void *context, unsigned step, const PGresult *result) {
  (void)step;
  struct daemon *daemon = context;
  for (int row = 0; row < PQntuples(result); row++) {
    size_t length;
    const uint8_t *hashes = pg_bytes(result, row, 2, &length);
    if (!tree_load_tile(&daemon->store.tree, (uint32_t)pg_int(result, row, 0), hashes, length))
      store_damaged("a tile of the log is too many");
  }
}

static void tiles_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  if (outcome != PG_DONE) {
    step_failed(daemon, "load_tiles", sqlstate, text);
    return;
  }
  if (!tree_is_whole(&daemon->store.tree)) store_damaged("a tile of the log is missing");
  if (!tree_is_true(&daemon->store.tree)) store_damaged("the head's tail, or a tile, does not hash to the head's root");
  daemon->store.loaded_until = 0;
  ask_cases(daemon);
}

static void ask_tiles(struct daemon *daemon) {
  static struct pg_array levels, firsts;
  struct pg_params params;
  if (!pg_begin(daemon->store.pg, tiles_result, tiles_done, daemon)) return;
  pg_array_reset(&levels, PG_INT2);
  pg_array_reset(&firsts, PG_INT8);
  for (uint32_t level = 0; level + 1 < TREE_LEVELS; level++) {
    pg_put_int(&levels, level);
    pg_put_int(&firsts, (int64_t)tree_first_tile(&daemon->store.tree, level));
  }
  pg_params_reset(&params);
  pg_param_array(&params, &levels);
  pg_param_array(&params, &firsts);
  pg_statement(daemon->store.pg, STATEMENT_LOAD_TILES, &params);
  pg_end(daemon->store.pg);
}

/* ---- clients' keys ---- */

/* What was known before is forgotten only now: handshakes are answered while the store is reloaded, too. */
static void keys_result(void *context, unsigned step, const PGresult *result) {
  (void)step;
  struct daemon *daemon = context;
  keys_clear(daemon->store.keys);
  if (PQntuples(result) > KEYS_MAX) store_damaged("there are more keys than can be registered");
  for (int row = 0; row < PQntuples(result); row++) {
    struct key key = {0};
    size_t length;
    const uint8_t *bytes = pg_bytes(result, row, 0, &length);
    if (length != CURVE_KEY_BYTES) store_damaged("a client's key has a wrong size");
    memcpy(key.bytes, bytes, CURVE_KEY_BYTES);
    key.officer = (uint32_t)pg_int(result, row, 1);
    key.from = (day_t)pg_int(result, row, 2);
    key.until = (day_t)pg_int(result, row, 3);
    key.revoked = pg_int(result, row, 4) != 0;
    key.kind = (uint8_t)pg_int(result, row, 5);
    keys_put(daemon->store.keys, &key);
  }
}

static void keys_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  if (outcome != PG_DONE)
    step_failed(daemon, "load_keys", sqlstate, text);
  else
    ask_tiles(daemon);
}

static void ask_keys(struct daemon *daemon) {
  struct pg_params params;
  pg_params_reset(&params);
  if (!pg_begin(daemon->store.pg, keys_result, keys_done, daemon)) return;
  pg_statement(daemon->store.pg, STATEMENT_LOAD_KEYS, &params);
  pg_end(daemon->store.pg);
}

/* ---- documents ---- */

static bool take_document(struct office *office, uint32_t kind, const char *file_name, const char *text,
                          size_t length) {
  struct document_report report = {0};
  struct publication publication;
  bool fine = world_parse(office, kind, true, file_name, text, length, &publication, &report);
  if (fine)
    world_adopt(office, &publication);
  else
    log_err("store.document_unreadable kind=%u file=%s errors=%s", kind, file_name, report.text);
  document_report_free(&report);
  return fine;
}

static void take_embedded(struct office *office) {
  const struct document_embedded *calendar = document_embedded_calendars, *policy = &document_embedded_policy,
                                 *registry = &document_embedded_registry;
  bool fine = true;
  for (; calendar->file_name != NULL; calendar++)
    fine = fine && take_document(office, DOCUMENT_CALENDAR, calendar->file_name, calendar->text, calendar->length);
  fine = fine && take_document(office, DOCUMENT_POLICY, policy->file_name, policy->text, policy->length);
  fine = fine && take_document(office, DOCUMENT_REGISTRY, registry->file_name, registry->text, registry->length);
  must(fine);
}

/* The text is the one that was published: by its own hash and by the log's. */
static bool is_as_published(const PGresult *result, int row) {
  struct event event;
  struct hash hash;
  size_t length, hash_bytes, record_bytes;
  const uint8_t *body = pg_bytes(result, row, 3, &length), *stored = pg_bytes(result, row, 5, &hash_bytes),
                *record = pg_bytes(result, row, 6, &record_bytes);
  digest_sha256(body, length, hash.bytes);
  return hash_bytes == HASH_BYTES && memcmp(hash.bytes, stored, HASH_BYTES) == 0 &&
         codec_event_unpack(record, record_bytes, &event) && event.document == pg_int(result, row, 0) &&
         event.document_version == pg_int(result, row, 1) &&
         memcmp(hash.bytes, event.document_sha256.bytes, HASH_BYTES) == 0;
}

static void take_numbers(struct store *store, const PGresult *result) {
  store->order_year = (uint32_t)pg_int(result, 0, 0);
  store->order_serial = (uint32_t)pg_int(result, 0, 1);
  store->has_rules = pg_int(result, 0, 2) != 0;
  size_t length;
  struct uuid greatest;
  const uint8_t *key = pg_null(result, 0, 3) ? NULL : pg_bytes(result, 0, 3, &length);
  must(key == NULL || length == sizeof greatest.bytes);
  if (key != NULL) memcpy(greatest.bytes, key, sizeof greatest.bytes);
  recent_start(store->recent, key == NULL ? NULL : &greatest);
}

static void documents_result(void *context, unsigned step, const PGresult *result) {
  struct daemon *daemon = context;
  struct store *store = &daemon->store;
  if (step == 1) {
    take_numbers(store, result);
    return;
  }
  store->reviews_wanted = 0;
  world_free(store->office);
  store->office = world_new();
  store->bootstrap = PQntuples(result) == 0;
  if (store->bootstrap) take_embedded(store->office);
  for (int row = 0; row < PQntuples(result); row++) {
    size_t name_length, length;
    const char *name = (const char *)pg_bytes(result, row, 2, &name_length);
    const char *body = (const char *)pg_bytes(result, row, 3, &length);
    if (!is_as_published(result, row)) store_damaged("a published document is not what was published");
    if (!take_document(store->office, (uint32_t)pg_int(result, row, 0), name, body, length))
      store_damaged("a published document cannot be read");
    uint64_t size = (uint64_t)pg_int(result, row, 4) + 1;
    if (review_is_reason((uint32_t)pg_int(result, row, 0)) && size > store->reviews_wanted) store->reviews_wanted = size;
  }
}

static void documents_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  if (outcome != PG_DONE)
    step_failed(daemon, "load_documents", sqlstate, text);
  else
    ask_keys(daemon);
}

static void ask_documents(struct daemon *daemon) {
  struct pg_params params;
  pg_params_reset(&params);
  if (!pg_begin(daemon->store.pg, documents_result, documents_done, daemon)) return;
  pg_statement(daemon->store.pg, STATEMENT_LOAD_DOCUMENTS, &params);
  pg_statement(daemon->store.pg, STATEMENT_LOAD_NUMBERS, &params);
  pg_end(daemon->store.pg);
}

/* ---- lock and head ---- */

/* A manual clock goes on from where the database left it, wherever it was told to start; within one process no clock
 * ever runs backwards. */
static void clock_restore(usec_t recorded, bool again) {
  if (clock_is_manual() && !again && recorded > 0)
    clock_set_manual(recorded);
  else
    clock_advance(recorded);
}

/* What was acknowledged is in no backup made before: going on from one would give its case numbers away a second time. */
static void check_goes_on(const struct daemon *daemon, uint64_t size, const struct hash *root, uint64_t epoch) {
  if (!daemon->store.was_ready) return;
  if (size < daemon->committed_size || epoch <= daemon->store.epoch)
    store_damaged("the log is shorter or older than what was acknowledged: another database, or an older backup");
  if (size == daemon->committed_size && memcmp(root->bytes, daemon->committed_root.bytes, HASH_BYTES) != 0)
    store_damaged("the log is not the one that was written");
}

static void take_head(struct daemon *daemon, const PGresult *result) {
  struct store *store = &daemon->store;
  if (PQntuples(result) != 1) store_damaged("the log has no head");
  size_t root_bytes, frontier_bytes, tail_bytes;
  uint64_t size = (uint64_t)pg_int(result, 0, 0);
  const uint8_t *root = pg_bytes(result, 0, 1, &root_bytes), *frontier = pg_bytes(result, 0, 2, &frontier_bytes),
                *tail = pg_bytes(result, 0, 3, &tail_bytes);
  if (!tree_load(&store->tree, size, frontier, frontier_bytes, tail, tail_bytes)) store_damaged("the head's sizes disagree");
  struct hash computed;
  tree_root(&store->tree, &computed);
  if (root_bytes != HASH_BYTES || memcmp(computed.bytes, root, HASH_BYTES) != 0)
    store_damaged("the head's frontier does not hash to its root");
  check_goes_on(daemon, size, &computed, (uint64_t)pg_int(result, 0, 4));
  store->epoch_asked = (uint64_t)pg_int(result, 0, 4);
  store->cases = (uint64_t)pg_int(result, 0, 5);
  store->system_events = (uint32_t)pg_int(result, 0, 6);
  clock_restore(pg_instant(result, 0, 7), store->was_ready);
  store->reviewed = (uint64_t)pg_int(result, 0, 8);
  store->size_asked = size;
  store->root_asked = computed;
}

/* What was in doubt is durable with the epoch; not before: a failover may still take away what the head has. */
static void head_holds(struct daemon *daemon) {
  struct store *store = &daemon->store;
  if (store->size_asked != daemon->committed_size) watch_missed(daemon);
  store->epoch = store->epoch_asked; /* a server that died before has forgotten it, and gives it again */
  daemon->committed_size = store->size_asked;
  daemon->committed_root = store->root_asked;
  daemon->committed_cases = store->cases;
}

/* What the session found: see lock.sql. */
static struct {
  bool got, stranger, durable, standby;
  uint64_t epoch;
} lock;

static void not_durable(struct daemon *daemon) {
  log_err("store.not_durable action=not_serving reason=%s", lock.durable
    ? "durability is standby, and synchronous_standby_names of this server is empty" : "fsync or full_page_writes of the server is off");
  store_restart(daemon, "not durable");
}

static void take_over_result(void *context, unsigned step, const PGresult *result) {
  if (step == 0) take_head(context, result);
  else lock.standby = pg_int(result, 0, 0) != 0;
}

static void take_over_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  if (outcome != PG_DONE) {
    step_failed(daemon, "take_over", sqlstate, text);
    return;
  }
  if (daemon->store.wants_standby && !lock.standby) { /* no standby is known to have what was in doubt, nor the epoch */
    not_durable(daemon);
    return;
  }
  head_holds(daemon);
  daemon->store.state = STORE_LOADING;
  recur_clear(daemon->store.recur);
  book_clear(daemon->store.book);
  ask_documents(daemon);
}

static void ask_take_over(struct daemon *daemon) {
  struct pg_params params;
  pg_params_reset(&params);
  if (!pg_begin(daemon->store.pg, take_over_result, take_over_done, daemon)) return;
  pg_statement(daemon->store.pg, STATEMENT_TAKE_OVER, &params);
  if (daemon->store.wants_standby) pg_statement(daemon->store.pg, STATEMENT_CHECK_STANDBY, &params);
  pg_end(daemon->store.pg);
}

static void lock_result(void *context, unsigned step, const PGresult *result) {
  (void)context, (void)step;
  lock.got = pg_int(result, 0, 0) != 0;
  lock.stranger = pg_int(result, 0, 1) != 0;
  lock.epoch = pg_null(result, 0, 2) ? 0 : (uint64_t)pg_int(result, 0, 2);
  lock.durable = pg_int(result, 0, 3) != 0;
  lock.standby = pg_int(result, 0, 4) != 0;
}

/* Somebody has the lock.  Another daemon raises the epoch; if that stands where it was, it is a session of our own that the
 * server has not ended yet, and waiting helps. */
static void wait_for_lock(struct daemon *daemon) {
  struct store *store = &daemon->store;
  /* Having served, this daemon still owns the socket's path; only a new process can be a clean standby. */
  if (store->was_ready && lock.epoch > store->epoch) {
    log_err("store.superseded action=stopping");
    _exit(75);
  }
  if (store->state != STORE_STANDBY && store->was_ready) log_warning("store.lock_held action=waiting");
  if (store->state != STORE_STANDBY && !store->was_ready)
    log_info("store.standby%s", lock.stranger ? " lock=held_by_a_session_that_is_no_daemon" : "");
  store->state = STORE_STANDBY;
  store->retry_at = clock_monotonic_msec() + STANDBY_MSEC;
}

static void lock_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  struct store *store = &daemon->store;
  store->waiting = false;
  if (outcome != PG_DONE) {
    step_failed(daemon, "lock", sqlstate, text);
    return;
  }
  if (!lock.durable || (store->wants_standby && !lock.standby)) {
    not_durable(daemon);
    return;
  }
  /* Who took the lock and is no daemon keeps the next one out, but not this one: the epoch still is its own. */
  const bool robbed = !lock.got && lock.stranger && store->was_ready && lock.epoch == store->epoch;
  if (robbed) log_warning("store.lock_taken action=going_on by=a session that is no daemon");
  if (!lock.got && !robbed) {
    wait_for_lock(daemon);
    return;
  }
  store->waiting = true;
  store->session = pg_backend(store->pg);
  ask_take_over(daemon);
}

static void ask_lock(struct daemon *daemon) {
  struct pg_params params;
  pg_params_reset(&params);
  pg_param_int4(&params, daemon->store.session);
  pg_param_int8(&params, (int64_t)daemon->store.epoch);
  if (!pg_begin(daemon->store.pg, lock_result, lock_done, daemon)) return;
  pg_statement(daemon->store.pg, STATEMENT_LOCK, &params);
  pg_end(daemon->store.pg);
  daemon->store.waiting = true;
}

/* ---- the loop's view ---- */

static void on_down(struct daemon *daemon, int64_t now_msec) {
  struct store *store = &daemon->store;
  if (now_msec < store->retry_at) return;
  store->state = STORE_CONNECTING;
  pg_connect(store->pg, store->conninfo, now_msec);
}

static bool is_lost(const struct store *store) {
  return store->state != STORE_DOWN && pg_state(store->pg) == PG_DOWN;
}

void store_turn(struct daemon *daemon, int64_t now_msec) {
  struct store *store = &daemon->store;
  pg_turn(store->pg, now_msec);
  if (is_lost(store)) store_restart(daemon, "connection lost");
  if (store->state == STORE_DOWN) on_down(daemon, now_msec);
  if (store->state == STORE_CONNECTING && pg_state(store->pg) == PG_UP && !store->waiting) ask_lock(daemon);
  if (store->state == STORE_STANDBY && now_msec >= store->retry_at && !store->waiting) ask_lock(daemon);
}

int64_t store_next_msec(const struct daemon *daemon) {
  const struct store *store = &daemon->store;
  if ((store->state == STORE_DOWN || store->state == STORE_STANDBY) && !store->waiting) return store->retry_at;
  return INT64_MAX;
}
