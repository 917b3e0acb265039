/* probe.c - what a batch must know from the database before it can be decided: keys recorded before, cases not in
 * memory, recurrences.  One job behind the last append on the same connection: it sees all that was committed. */
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/must.h"

enum { STEP_KEYS, STEP_CASES, STEP_RECURRENCE };

static void found_key(struct daemon *daemon, struct batch *batch, const PGresult *result, int row) {
  size_t key_bytes, record_bytes;
  const uint8_t *key = pg_bytes(result, row, 0, &key_bytes);
  const uint8_t *record = pg_bytes(result, row, 2, &record_bytes);
  must(key_bytes == WIRE_ID_BYTES);
  struct recorded *repeat = &batch->repeats[batch->repeat_count];
  repeat->log_index = (uint64_t)pg_int(result, row, 1);
  codec_arena_reset(daemon->arena);
  if (!codec_event_unpack(daemon->arena, record, record_bytes, &repeat->event))
    store_damaged("the record of an event cannot be read");
  for (uint32_t i = 0; i < batch->item_count; i++) {
    struct item *item = &batch->items[i];
    if (memcmp(item->command.key.bytes, key, WIRE_ID_BYTES) != 0) continue;
    item->outcome = ITEM_REPEATED;
    item->recorded = batch->repeat_count++;
    bool same = repeat->event.command == item->command.kind &&
                (item->command.case_no == 0 || repeat->event.case_no == 0 ||
                 item->command.case_no == repeat->event.case_no);
    if (same) return;
    item->outcome = ITEM_FAILED;
    item->failure = FAILURE_KEY_REUSED;
    item->failure_text = "this id was recorded for another command or case";
    return;
  }
}

static void found_case(struct daemon *daemon, const PGresult *result, int row) {
  uint64_t case_no = (uint64_t)pg_int(result, row, 0);
  if (book_find(daemon->store.book, case_no) != NULL) return;
  size_t length;
  const uint8_t *packed = pg_bytes(result, row, 1, &length);
  struct case_state state;
  codec_arena_reset(daemon->arena);
  if (!codec_state_unpack(daemon->arena, packed, length, &state) || state.case_no != case_no)
    store_damaged("a case's folded state cannot be read");
  struct case_state *added = book_add(daemon->store.book, case_no);
  *added = state;
  book_aim(daemon->store.book, added);
}

/* Rows come in the order of the submitted items. */
static void found_recurrences(struct batch *batch, const PGresult *result) {
  int row = 0;
  for (uint32_t i = 0; i < batch->item_count && row < PQntuples(result); i++) {
    if (batch->items[i].command.kind != COMMAND_SUBMIT) continue;
    batch->items[i].finding.same_problem = (uint32_t)pg_int(result, row, 0);
    batch->items[i].finding.same_kind = (uint32_t)pg_int(result, row, 1);
    row++;
  }
}

static void probe_result(void *context, unsigned step, const PGresult *result) {
  struct daemon *daemon = context;
  struct batch *batch = daemon->next;
  if (step == STEP_KEYS)
    for (int row = 0; row < PQntuples(result); row++) found_key(daemon, batch, result, row);
  if (step == STEP_CASES)
    for (int row = 0; row < PQntuples(result); row++) found_case(daemon, result, row);
  if (step == STEP_RECURRENCE) found_recurrences(batch, result);
}

static void probe_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  (void)sqlstate;
  pipeline_probe_done(context, outcome, text);
}

static void ask_keys(struct daemon *daemon, const struct batch *batch) {
  static struct pg_array keys;
  struct pg_params params;
  pg_array_reset(&keys, PG_UUID);
  for (uint32_t i = 0; i < batch->item_count; i++)
    pg_put_bytes(&keys, batch->items[i].command.key.bytes, WIRE_ID_BYTES);
  pg_params_reset(&params);
  pg_param_array(&params, &keys);
  pg_statement(daemon->store.pg, STATEMENT_PROBE_KEYS, &params);
}

static void ask_cases(struct daemon *daemon, const struct batch *batch) {
  static struct pg_array cases;
  struct pg_params params;
  pg_array_reset(&cases, PG_INT8);
  for (uint32_t i = 0; i < batch->item_count; i++) {
    uint64_t case_no = batch->items[i].command.case_no;
    if (case_no != 0 && case_no <= INT64_MAX && book_find(daemon->store.book, case_no) == NULL)
      pg_put_int(&cases, (int64_t)case_no);
  }
  pg_params_reset(&params);
  pg_param_array(&params, &cases);
  pg_statement(daemon->store.pg, STATEMENT_PROBE_CASES, &params);
}

static void put_text(struct pg_array *array, const char *text) { pg_put_bytes(array, text, strlen(text)); }

static day_t window_start(day_t until, int32_t days) {
  if (days == 0) return until + 1; /* an empty window: recurrence is off */
  return until - days < DAY_MIN ? DAY_MIN : until - days;
}

static void ask_recurrences(struct daemon *daemon, const struct batch *batch) {
  static struct pg_array arrays[7];
  static const uint32_t types[7] = {PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_DATE, PG_DATE, PG_DATE};
  const struct world *world = &daemon->store.office->world;
  const struct policy *policy = world_policy(world, 0);
  for (int i = 0; i < 7; i++) pg_array_reset(&arrays[i], types[i]);
  for (uint32_t i = 0; i < batch->item_count; i++) {
    if (batch->items[i].command.kind != COMMAND_SUBMIT) continue;
    const struct finding *finding = &batch->items[i].finding;
    put_text(&arrays[0], finding->unit_code);
    put_text(&arrays[1], finding->code);
    put_text(&arrays[2], world->registry->units[world->registry->units[finding->unit].parent].code);
    put_text(&arrays[3], finding->category);
    pg_put_int(&arrays[4], window_start(finding->found_on, policy->recurrence_days));
    pg_put_int(&arrays[5], finding->found_on);
    pg_put_int(&arrays[6], window_start(finding->found_on, policy->same_kind_days));
  }
  struct pg_params params;
  pg_params_reset(&params);
  for (int i = 0; i < 7; i++) pg_param_array(&params, &arrays[i]);
  pg_param_int4(&params, SAME_PROBLEM_COUNT_MAX);
  pg_param_int4(&params, SAME_KIND_COUNT_MAX);
  pg_statement(daemon->store.pg, STATEMENT_PROBE_RECURRENCE, &params);
}

bool probe_send(struct daemon *daemon, struct batch *batch) {
  if (!pg_begin(daemon->store.pg, probe_result, probe_done, daemon)) return false;
  ask_keys(daemon, batch);
  ask_cases(daemon, batch);
  ask_recurrences(daemon, batch);
  pg_end(daemon->store.pg);
  return true;
}
