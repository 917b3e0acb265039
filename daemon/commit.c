/* commit.c - one batch into one call of rectify.append(): columns filled row by row, sent as binary arrays. */
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/must.h"

/* The array parameters of append(), in its order: COLUMN(name, element type). */
#define COLUMNS                                                                                                      \
  COLUMN(t_level, PG_INT2) COLUMN(t_n, PG_INT8) COLUMN(t_hashes, PG_BYTEA)                                           \
  COLUMN(e_case, PG_INT8) COLUMN(e_version, PG_INT4) COLUMN(e_key, PG_UUID) COLUMN(e_command, PG_INT2)               \
  COLUMN(e_rule, PG_INT2) COLUMN(e_actor, PG_INT4) COLUMN(e_recorded, PG_INSTANT) COLUMN(e_record, PG_BYTEA)         \
  COLUMN(x_index, PG_INT8) COLUMN(x_salt, PG_BYTEA) COLUMN(x_body, PG_TEXT)                                          \
  COLUMN(v_index, PG_INT8) COLUMN(v_ordinal, PG_INT2) COLUMN(v_case, PG_INT8) COLUMN(v_kind, PG_INT2)                \
  COLUMN(v_sha256, PG_BYTEA) COLUMN(v_name, PG_TEXT) COLUMN(v_size, PG_INT8) COLUMN(v_measure, PG_INT2)              \
  COLUMN(f_case, PG_INT8) COLUMN(f_id, PG_UUID) COLUMN(f_index, PG_INT8) COLUMN(f_team, PG_INT4)                     \
  COLUMN(f_unit, PG_INT4) COLUMN(f_kind, PG_INT2) COLUMN(f_severity, PG_INT2) COLUMN(f_found, PG_DATE)               \
  COLUMN(f_unit_code, PG_TEXT) COLUMN(f_parent_code, PG_TEXT) COLUMN(f_code, PG_TEXT) COLUMN(f_category, PG_TEXT)    \
  COLUMN(f_inspection, PG_TEXT)                                                                                      \
  COLUMN(c_case, PG_INT8) COLUMN(c_version, PG_INT4) COLUMN(c_status, PG_INT2) COLUMN(c_track, PG_INT2)              \
  COLUMN(c_light, PG_INT2) COLUMN(c_unit, PG_INT4) COLUMN(c_handler, PG_INT4) COLUMN(c_verifier, PG_INT4)            \
  COLUMN(c_accountable, PG_INT4) COLUMN(c_team, PG_INT4) COLUMN(c_opened, PG_INSTANT) COLUMN(c_due, PG_INSTANT)      \
  COLUMN(c_due_clock, PG_INT2) COLUMN(c_first_due, PG_INSTANT) COLUMN(c_next_fire, PG_INSTANT)                       \
  COLUMN(c_closed, PG_INSTANT) COLUMN(c_state, PG_BYTEA) COLUMN(c_flags, PG_INT4) COLUMN(c_parent, PG_INT8)          \
  COLUMN(c_finding_of, PG_INT8)                                                                                      \
  COLUMN(n_id, PG_INT8) COLUMN(n_case, PG_INT8) COLUMN(n_kind, PG_INT2) COLUMN(n_copy, PG_BOOL)                      \
  COLUMN(n_recipient, PG_INT2) COLUMN(n_officer, PG_INT4) COLUMN(n_created, PG_INSTANT)                              \
  COLUMN(n_instead_of, PG_INT4) COLUMN(n_digest, PG_INT8)                                                            \
  COLUMN(d_kind, PG_INT2) COLUMN(d_version, PG_INT4) COLUMN(d_file_name, PG_TEXT) COLUMN(d_body, PG_TEXT)            \
  COLUMN(d_sha256, PG_BYTEA) COLUMN(d_index, PG_INT8)                                                                \
  COLUMN(o_year, PG_INT4) COLUMN(o_serial, PG_INT4) COLUMN(o_case, PG_INT8) COLUMN(o_index, PG_INT8)                 \
  COLUMN(r_case, PG_INT8) COLUMN(r_index, PG_INT8) COLUMN(r_finding_of, PG_INT8) COLUMN(r_effective, PG_DATE)        \
  COLUMN(r_number, PG_TEXT)

enum column {
#define COLUMN(name, type) C_##name,
  COLUMNS
#undef COLUMN
  COLUMN_COUNT
};

static const uint32_t column_types[COLUMN_COUNT] = {
#define COLUMN(name, type) type,
    COLUMNS
#undef COLUMN
};

static struct pg_array columns[COLUMN_COUNT]; /* kept from batch to batch: no allocation on the hot path */

void commit_free(void) {
  for (int i = 0; i < COLUMN_COUNT; i++) pg_array_free(&columns[i]);
}

static void put(enum column column, int64_t value) { pg_put_int(&columns[column], value); }

static void put_bytes(enum column column, const void *data, size_t length) {
  pg_put_bytes(&columns[column], data, length);
}

static void put_text(enum column column, const char *text) { put_bytes(column, text, strlen(text)); }

static void put_instant(enum column column, usec_t instant) {
  if (instant == 0 || instant == INSTANT_NONE)
    pg_put_null(&columns[column]);
  else
    put(column, instant);
}

static void put_tiles(const struct tree *tree) {
  for (uint32_t i = 0; i < tree->full_count; i++) {
    put(C_t_level, tree->full[i].level);
    put(C_t_n, (int64_t)tree->full[i].n);
    put_bytes(C_t_hashes, tree->full[i].hashes, sizeof tree->full[i].hashes);
  }
}

static void put_event(const struct batch *batch, const struct recorded *recorded) {
  const struct event *event = &recorded->event;
  put(C_e_case, (int64_t)event->case_no);
  put(C_e_version, event->version);
  put_bytes(C_e_key, event->key.bytes, WIRE_ID_BYTES);
  put(C_e_command, event->command);
  put(C_e_rule, event->rule);
  put(C_e_actor, event->actor);
  put(C_e_recorded, event->recorded);
  put_bytes(C_e_record, batch->records + recorded->record.at, recorded->record.length);
}

static void put_notices(const struct recorded *recorded) {
  const struct event *event = &recorded->event;
  for (uint32_t i = 0; i < event->notice_count; i++) {
    put(C_n_id, (int64_t)(recorded->log_index * 16 + i));
    put(C_n_case, (int64_t)event->case_no);
    put(C_n_kind, event->notices[i].kind);
    put(C_n_copy, event->notices[i].copy);
    put(C_n_recipient, event->notices[i].recipient);
    put(C_n_officer, event->notices[i].officer);
    put(C_n_created, event->recorded);
    put(C_n_instead_of, event->notices[i].instead_of);
    put(C_n_digest, (int64_t)recorded->digest);
  }
}

static void put_private(const struct batch *batch, const struct item *item, uint64_t log_index) {
  if (item->command.kind == COMMAND_PUBLISH || item->text.length == 0) return;
  put(C_x_index, (int64_t)log_index);
  put_bytes(C_x_salt, item->salt, SALT_BYTES);
  put_bytes(C_x_body, batch->text + item->text.at, item->text.length);
}

/* What was refused was handed in all the same, but taken for no case. */
static void put_evidence(const struct batch *batch, const struct item *item, const struct recorded *recorded) {
  for (uint32_t i = 0; i < item->command.evidence_count; i++) {
    const struct piece_name *piece = &batch->pieces[item->piece_first + i];
    put(C_v_index, (int64_t)recorded->log_index);
    put(C_v_ordinal, i);
    put(C_v_case, rule_refuses(recorded->event.rule) ? 0 : (int64_t)recorded->event.case_no);
    put(C_v_kind, item->command.evidence[i].kind);
    put_bytes(C_v_sha256, item->command.evidence[i].sha256.bytes, HASH_BYTES);
    put_bytes(C_v_name, batch->text + piece->name.at, piece->name.length);
    put(C_v_size, (int64_t)piece->size);
    put(C_v_measure, item->command.evidence[i].measure);
  }
}

static void put_finding(const struct registry *registry, const struct item *item, const struct recorded *recorded) {
  const struct finding *finding = &item->finding;
  put(C_f_case, (int64_t)recorded->event.case_no);
  put_bytes(C_f_id, finding->id.bytes, WIRE_ID_BYTES);
  put(C_f_index, (int64_t)recorded->log_index);
  put(C_f_team, finding->team);
  put(C_f_unit, finding->unit);
  put(C_f_kind, finding->kind);
  put(C_f_severity, finding->severity);
  put(C_f_found, finding->found_on);
  put_text(C_f_unit_code, finding->unit_code);
  put_text(C_f_parent_code, registry->units[registry->units[finding->unit].parent].code);
  put_text(C_f_code, finding->code);
  put_text(C_f_category, finding->category);
  put_text(C_f_inspection, finding->inspection);
}

static void put_document(const struct batch *batch, const struct item *item, const struct recorded *recorded) {
  put(C_d_kind, item->document);
  put(C_d_version, recorded->event.document_version);
  put_bytes(C_d_file_name, batch->text + item->file_name.at, item->file_name.length);
  put_bytes(C_d_body, batch->text + item->text.at, item->text.length);
  put_bytes(C_d_sha256, recorded->event.document_sha256.bytes, HASH_BYTES);
  put(C_d_index, (int64_t)recorded->log_index);
}

static void put_order(const struct recorded *recorded) {
  if (recorded->event.order_serial == 0) return;
  put(C_o_year, recorded->event.order_year);
  put(C_o_serial, recorded->event.order_serial);
  put(C_o_case, (int64_t)recorded->event.case_no);
  put(C_o_index, (int64_t)recorded->log_index);
}

static void put_rule(struct daemon *daemon, const struct item *item, const struct recorded *recorded) {
  const struct event *event = &recorded->event;
  if (event->command != COMMAND_RULE_ISSUE || rule_refuses(event->rule)) return;
  put(C_r_case, (int64_t)event->case_no);
  put(C_r_index, (int64_t)recorded->log_index);
  put(C_r_finding_of, (int64_t)book_find(daemon->store.book, event->case_no)->finding_of);
  put(C_r_effective, item->command.day);
  put_text(C_r_number, event->number);
}

static void put_case(const struct case_state *state) {
  uint8_t packed[STATE_BODY_BYTES_MAX];
  uint32_t clock;
  put(C_c_case, (int64_t)state->case_no);
  put(C_c_version, state->version);
  put(C_c_status, state->status);
  put(C_c_track, state->track);
  put(C_c_light, state->light);
  put(C_c_unit, state->unit);
  put(C_c_handler, state->handler);
  put(C_c_verifier, state->verifier);
  put(C_c_accountable, state->accountable);
  put(C_c_team, state->team);
  put(C_c_opened, state->opened);
  put_instant(C_c_due, case_due(state, &clock));
  put(C_c_due_clock, clock);
  put_instant(C_c_first_due, state->first_due);
  put_instant(C_c_next_fire, case_next_fire(state, NULL));
  put_instant(C_c_closed, state->closed);
  put_bytes(C_c_state, packed, codec_state_pack(state, packed));
  put(C_c_flags, state->flags);
  put(C_c_parent, (int64_t)state->parent);
  put(C_c_finding_of, (int64_t)state->finding_of);
}

static void put_rows(struct daemon *daemon, const struct batch *batch) {
  put_tiles(&daemon->store.tree);
  for (uint32_t i = 0; i < batch->fresh_count; i++) {
    const struct recorded *recorded = &batch->fresh[i];
    put_event(batch, recorded);
    put_notices(recorded);
    put_order(recorded);
    if (recorded->item == ITEM_NONE) continue;
    const struct item *item = &batch->items[recorded->item];
    put_private(batch, item, recorded->log_index);
    put_evidence(batch, item, recorded);
    if (recorded->event.has_finding && recorded->event.case_no != 0)
      put_finding(daemon->store.office->registry, item, recorded);
    put_rule(daemon, item, recorded);
    if (recorded->event.document_version != 0) put_document(batch, item, recorded);
  }
  for (uint32_t i = 0; i < batch->touched_count; i++) put_case(book_find(daemon->store.book, batch->touched[i]));
}

/* ---- the registry as tables, in the transaction that publishes it ---- */

static void put_units(struct pg_array *array, const struct registry *registry) {
  for (uint32_t i = 1; i <= registry->unit_count; i++) {
    const struct unit *unit = &registry->units[i];
    pg_put_int(&array[0], unit->id);
    pg_put_int(&array[1], unit->parent);
    pg_put_bytes(&array[2], unit->code, strlen(unit->code));
    pg_put_bytes(&array[3], unit->name, strlen(unit->name));
    pg_put_int(&array[4], unit->retired);
  }
}

static void put_officers(struct pg_array *array, const struct registry *registry) {
  for (uint32_t i = 1; i <= registry->officer_count; i++) {
    const struct officer *officer = &registry->officers[i];
    pg_put_int(&array[0], officer->id);
    pg_put_int(&array[1], officer->unit);
    pg_put_bytes(&array[2], officer->code, strlen(officer->code));
    pg_put_bytes(&array[3], officer->name, strlen(officer->name));
    pg_put_int(&array[4], officer->retired);
  }
}

static void put_appointments(struct pg_array *array, const struct registry *registry) {
  for (uint32_t i = 0; i < registry->appointment_count; i++) {
    const struct appointment *appointment = &registry->appointments[i];
    pg_put_int(&array[0], appointment->officer);
    pg_put_int(&array[1], appointment->unit);
    pg_put_int(&array[2], appointment->role);
    pg_put_int(&array[3], appointment->from);
    pg_put_int(&array[4], appointment->until);
  }
}

static void put_substitutions(struct pg_array *array, const struct registry *registry) {
  for (uint32_t i = 0; i < registry->substitution_count; i++) {
    const struct substitution *substitution = &registry->substitutions[i];
    pg_put_int(&array[0], substitution->officer);
    pg_put_int(&array[1], substitution->by);
    pg_put_int(&array[2], substitution->from);
    pg_put_int(&array[3], substitution->until);
  }
}

#define REGISTRY_ARRAYS 19

void commit_send_registry(struct pg *pg, enum statement statement, const struct registry *registry, uint64_t epoch) {
  static const uint32_t types[REGISTRY_ARRAYS] = {PG_INT4, PG_INT4, PG_TEXT, PG_TEXT, PG_BOOL, PG_INT4, PG_INT4,
                                                  PG_TEXT, PG_TEXT, PG_BOOL, PG_INT4, PG_INT4, PG_INT2, PG_DATE,
                                                  PG_DATE, PG_INT4, PG_INT4, PG_DATE, PG_DATE};
  struct pg_array array[REGISTRY_ARRAYS] = {0};
  struct pg_params params;
  for (int i = 0; i < REGISTRY_ARRAYS; i++) pg_array_reset(&array[i], types[i]);
  put_units(&array[0], registry);
  put_officers(&array[5], registry);
  put_appointments(&array[10], registry);
  put_substitutions(&array[15], registry);
  pg_params_reset(&params);
  for (int i = 0; i < REGISTRY_ARRAYS; i++) pg_param_array(&params, &array[i]);
  if (statement == STATEMENT_CHECK_REGISTRY) pg_param_int8(&params, (int64_t)epoch);
  pg_statement(pg, statement, &params);
  for (int i = 0; i < REGISTRY_ARRAYS; i++) pg_array_free(&array[i]);
}

/* ---- clients' keys, likewise ---- */

/* Each key once, as the batch left it. */
static bool is_last_of_key(const struct batch *batch, uint32_t at) {
  const struct event *event = &batch->fresh[at].event;
  if (!event->has_key || rule_refuses(event->rule)) return false;
  for (uint32_t i = at + 1; i < batch->fresh_count; i++) {
    const struct event *later = &batch->fresh[i].event;
    if (later->has_key && !rule_refuses(later->rule) &&
        memcmp(later->client_key.bytes, event->client_key.bytes, CLIENT_KEY_BYTES) == 0)
      return false;
  }
  return true;
}

static void send_keys(struct pg *pg, const struct batch *batch) {
  static const uint32_t types[7] = {PG_BYTEA, PG_INT4, PG_DATE, PG_DATE, PG_BOOL, PG_INT8, PG_INT2};
  static struct pg_array array[7];
  struct pg_params params;
  uint32_t count = 0;
  for (int i = 0; i < 7; i++) pg_array_reset(&array[i], types[i]);
  for (uint32_t i = 0; i < batch->fresh_count; i++) {
    const struct event *event = &batch->fresh[i].event;
    if (!is_last_of_key(batch, i)) continue;
    pg_put_bytes(&array[0], event->client_key.bytes, CLIENT_KEY_BYTES);
    pg_put_int(&array[1], event->subject);
    pg_put_int(&array[2], event->valid_from);
    pg_put_int(&array[3], event->valid_until);
    pg_put_int(&array[4], event->command == COMMAND_KEY_REVOKE);
    pg_put_int(&array[5], (int64_t)batch->fresh[i].log_index);
    pg_put_int(&array[6], event->key_kind);
    count++;
  }
  if (count == 0) return;
  pg_params_reset(&params);
  for (int i = 0; i < 7; i++) pg_param_array(&params, &array[i]);
  pg_statement(pg, STATEMENT_PROJECT_KEYS, &params);
}

/* ---- erasures, likewise ---- */

static void send_erasures(struct pg *pg, const struct batch *batch) {
  static const uint32_t types[5] = {PG_INT8, PG_INT8, PG_INT4, PG_INT8, PG_INT8};
  static struct pg_array array[5];
  struct pg_params params;
  for (int i = 0; i < 5; i++) pg_array_reset(&array[i], types[i]);
  for (uint32_t i = 0; i < batch->fresh_count; i++) {
    const struct event *event = &batch->fresh[i].event;
    if (!is_erasure(event->command) || rule_refuses(event->rule)) continue;
    struct pg_array *to = event->command == COMMAND_ERASE ? &array[3] : &array[0];
    pg_put_int(&to[0], (int64_t)event->other - 1);
    pg_put_int(&to[1], (int64_t)batch->fresh[i].log_index);
    if (event->command == COMMAND_ERASE_ASK) pg_put_int(&array[2], event->actor);
  }
  if (array[0].count == 0 && array[3].count == 0) return;
  pg_params_reset(&params);
  for (int i = 0; i < 5; i++) pg_param_array(&params, &array[i]);
  pg_statement(pg, STATEMENT_PROJECT_ERASURES, &params);
}

/* ---- inspectors' signatures, likewise ---- */

static void send_signatures(struct pg *pg, const struct batch *batch) {
  static const uint32_t types[5] = {PG_INT8, PG_BYTEA, PG_BYTEA, PG_BYTEA, PG_BYTEA};
  static struct pg_array array[5];
  struct pg_params params;
  for (int i = 0; i < 5; i++) pg_array_reset(&array[i], types[i]);
  for (uint32_t i = 0; i < batch->fresh_count; i++) {
    const struct recorded *recorded = &batch->fresh[i];
    if (!recorded->event.has_signature) continue;
    const struct item *item = &batch->items[recorded->item];
    pg_put_int(&array[0], (int64_t)recorded->log_index);
    pg_put_bytes(&array[1], item->signature_salt, SALT_BYTES);
    pg_put_bytes(&array[2], batch->text + item->was_signed.at, item->was_signed.length);
    pg_put_bytes(&array[3], item->signature, SIGNATURE_BYTES);
    pg_put_bytes(&array[4], item->signer, CLIENT_KEY_BYTES);
  }
  if (array[0].count == 0) return;
  pg_params_reset(&params);
  for (int i = 0; i < 5; i++) pg_param_array(&params, &array[i]);
  pg_statement(pg, STATEMENT_PROJECT_SIGNATURES, &params);
}

/* ---- sending ---- */

bool standby_take(const PGresult *result, struct standby_check *check) {
  if (PQnfields(result) != 2 || strcmp(PQfname(result, 0), "on_standby") != 0) return false;
  *check = (struct standby_check){pg_int(result, 0, 0) != 0, pg_instant(result, 0, 1)};
  return true;
}

bool standby_has_it(const struct standby_check *earlier, const struct standby_check *later) {
  return earlier->named && later->named && earlier->loaded == later->loaded;
}

/* Jobs end in order: what ends belongs to the oldest batch that has not landed. */
static struct batch *oldest(struct daemon *daemon) {
  must(daemon->landed < FLIGHTS_MAX);
  return daemon->fly[daemon->landed];
}

static void append_result(void *context, unsigned step, const PGresult *result) {
  (void)step;
  (void)standby_take(result, &oldest(context)->before);
}

static void append_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  const bool committed = outcome == PG_DONE && daemon->store.wants_standby;
  if (committed) oldest(daemon)->committed = true;
  else pipeline_commit_done(context, outcome, sqlstate, text);
}

static void check_result(void *context, unsigned step, const PGresult *result) {
  (void)step;
  (void)standby_take(result, &oldest(context)->after);
}

/* Who empties the list of standbys releases whatever waits for one, and no warning comes with it: committed on the disk alone where a
 * standby was promised is not known to be kept. */
static void check_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct batch *batch = oldest(context);
  if (!batch->committed) return;
  batch->committed = false;
  const bool kept = standby_has_it(&batch->before, &batch->after);
  if (outcome != PG_DONE || kept) pipeline_commit_done(context, outcome == PG_DONE ? PG_DONE : PG_UNKNOWN, sqlstate, text);
  else pipeline_commit_done(context, PG_UNKNOWN, "", "the settings were read again, or synchronous_standby_names is empty, but durability is standby");
}

static bool send_check(struct daemon *daemon) {
  struct pg_params params;
  pg_params_reset(&params);
  if (!pg_begin(daemon->store.pg, check_result, check_done, daemon)) return false;
  pg_statement(daemon->store.pg, STATEMENT_CHECK_STANDBY, &params);
  pg_end(daemon->store.pg);
  return true;
}

static void put_head(struct daemon *daemon, const struct batch *batch, struct pg_params *params) {
  const struct store *store = &daemon->store;
  const struct tree *tree = &store->tree;
  pg_param_int8(params, (int64_t)batch->size_before);
  pg_param_int8(params, (int64_t)batch->epoch);
  pg_param_int8(params, (int64_t)tree->merkle.size);
  pg_param_bytes(params, batch->root_after.bytes, HASH_BYTES);
  pg_param_bytes(params, tree->merkle.frontier, tree->merkle.count * HASH_BYTES);
  pg_param_bytes(params, tree->open[0], tree->open_count[0] * HASH_BYTES);
  pg_param_int8(params, (int64_t)store->cases);
  pg_param_int4(params, (int32_t)store->system_events);
  pg_param_instant(params, clock_now());
}

void commit_fill(struct daemon *daemon, const struct batch *batch) {
  for (int i = 0; i < COLUMN_COUNT; i++) pg_array_reset(&columns[i], column_types[i]);
  put_rows(daemon, batch);
}

bool commit_send(struct daemon *daemon, struct batch *batch) {
  static struct pg_params params;
  struct pg *pg = daemon->store.pg;
  if (!pg_begin(pg, append_result, append_done, daemon)) return false;
  batch->before = batch->after = (struct standby_check){0};
  batch->committed = false;
  pg_params_reset(&params);
  put_head(daemon, batch, &params);
  for (int i = 0; i < COLUMN_COUNT; i++) pg_param_array(&params, &columns[i]);
  pg_statement(pg, STATEMENT_APPEND, &params);
  if (daemon->store.bootstrap)
    commit_send_registry(pg, STATEMENT_PROJECT_REGISTRY, daemon->store.office->registry, batch->epoch);
  if (batch->has_publication && batch->publication.kind == DOCUMENT_REGISTRY)
    commit_send_registry(pg, STATEMENT_PROJECT_REGISTRY, batch->publication.parsed, batch->epoch);
  send_keys(pg, batch);
  send_erasures(pg, batch);
  send_signatures(pg, batch);
  if (daemon->store.wants_standby) {
    pg_params_reset(&params);
    pg_statement(pg, STATEMENT_CHECK_STANDBY, &params);
  }
  pg_end(pg);
  tree_written(&daemon->store.tree);
  return !daemon->store.wants_standby || send_check(daemon);
}
