/* probe.c - what a batch must know from the database before it can be decided: keys recorded before, cases not in
 * memory, recurrences, evidence handed in before, rules in force. One job behind the last append on the same
 * connection: it sees all that was committed. */
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/must.h"

/* What was asked, in order, by who takes the answer: a question without rows is left out.  One probe is under way at a time. */
typedef void found_fn(struct daemon *daemon, struct batch *batch, const PGresult *result);
#define STEPS_MAX 7
static found_fn *steps[STEPS_MAX];
static unsigned step_count;
static bool overtaken; /* the database has what another daemon recorded: this one may neither build on it nor vouch for it */

static void ask(struct daemon *daemon, enum statement statement, const struct pg_params *params, found_fn *found) {
  must(step_count < STEPS_MAX);
  steps[step_count++] = found;
  pg_statement(daemon->store.pg, statement, params);
}

static void fail_key_reused(struct item *item) {
  item->outcome = ITEM_FAILED;
  item->failure = FAILURE_KEY_REUSED;
  item->failure_text = "this id was recorded for another command, case or kind of document";
}

static void found_key(struct daemon *daemon, struct batch *batch, const PGresult *result, int row) {
  size_t key_bytes, record_bytes;
  const uint8_t *key = pg_bytes(result, row, 0, &key_bytes);
  const uint8_t *record = pg_bytes(result, row, 2, &record_bytes);
  must(key_bytes == WIRE_ID_BYTES);
  struct recorded *repeat = &batch->repeats[batch->repeat_count];
  repeat->log_index = (uint64_t)pg_int(result, row, 1);
  overtaken |= repeat->log_index >= daemon->store.tree.merkle.size;
  codec_arena_reset(daemon->arena);
  if (!codec_event_unpack(daemon->arena, record, record_bytes, &repeat->event))
    store_damaged("the record of an event cannot be read");
  for (uint32_t i = 0; i < batch->item_count; i++) {
    struct item *item = &batch->items[i];
    if (memcmp(item->command.key.bytes, key, WIRE_ID_BYTES) != 0) continue;
    item->outcome = ITEM_REPEATED;
    item->recorded = batch->repeat_count++;
    bool same = repeat->event.command == item->command.kind && repeat->event.document == item->document &&
                (item->command.case_no == 0 || repeat->event.case_no == 0 ||
                 item->command.case_no == repeat->event.case_no) &&
                (!is_erasure(item->command.kind) || rule_refuses(repeat->event.rule) || repeat->event.other == item->command.other);
    if (same) return;
    fail_key_reused(item);
    return;
  }
}

/* Takes the case of a row into the book, unless it is there; the batch lets it go again. */
static uint64_t found_case(struct daemon *daemon, struct batch *batch, const PGresult *result, int row, int column) {
  uint64_t case_no = (uint64_t)pg_int(result, row, column);
  if (book_find(daemon->store.book, case_no) != NULL) return case_no;
  if (case_no > daemon->store.cases) {
    overtaken = true;
    return 0;
  }
  size_t length;
  const uint8_t *packed = pg_bytes(result, row, column + 1, &length);
  struct case_state state;
  if (!codec_state_unpack(packed, length, &state) || state.case_no != case_no)
    store_damaged("a case's folded state cannot be read");
  struct case_state *added = book_add(daemon->store.book, case_no);
  *added = state;
  book_aim(daemon->store.book, added);
  must(batch->loaded_count < BATCH_LOADED_MAX);
  batch->loaded[batch->loaded_count++] = case_no;
  return case_no;
}

/* Rows come in the order of the submitted items. */
static void found_recurrences(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  (void)daemon;
  int row = 0;
  for (uint32_t i = 0; i < batch->item_count && row < PQntuples(result); i++) {
    if (batch->items[i].command.kind != COMMAND_SUBMIT) continue;
    batch->items[i].finding.same_problem = (uint32_t)pg_int(result, row, 0);
    batch->items[i].finding.same_kind = (uint32_t)pg_int(result, row, 1);
    row++;
  }
}

static void found_keys(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  for (int row = 0; row < PQntuples(result); row++) found_key(daemon, batch, result, row);
}

static void found_cases(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  for (int row = 0; row < PQntuples(result); row++) found_case(daemon, batch, result, row, 0);
}

/* Row n belongs to the n-th piece of evidence that was asked about: pieces in the order of the items. */
static void found_evidence(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  int row = 0;
  int64_t n = 0;
  for (uint32_t i = 0; i < batch->item_count; i++) {
    struct command *command = &batch->items[i].command;
    for (uint32_t k = 0; k < command->evidence_count && row < PQntuples(result); k++)
      if (pg_int(result, row, 0) == ++n) command->evidence[k].also_in = found_case(daemon, batch, result, row++, 1);
  }
}

static void found_content(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  int row = 0;
  int64_t n = 0;
  (void)daemon;
  for (uint32_t i = 0; i < batch->item_count; i++) {
    struct command *command = &batch->items[i].command;
    for (uint32_t k = 0; k < command->evidence_count && row < PQntuples(result); k++) {
      command->evidence[k].stored = pg_int(result, row, 0) == ++n;
      row += command->evidence[k].stored;
    }
  }
}

static void found_rules(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  int row = 0;
  int64_t n = 0;
  for (uint32_t i = 0; i < batch->item_count && row < PQntuples(result); i++) {
    if (batch->items[i].command.kind != COMMAND_SUBMIT) continue;
    if (pg_int(result, row, 0) == ++n) batch->items[i].finding.rule_case = found_case(daemon, batch, result, row++, 1);
  }
}

static void probe_result(void *context, unsigned step, const PGresult *result) {
  struct daemon *daemon = context;
  must(step < step_count);
  steps[step](daemon, daemon->next, result);
}

/* An id that was refused because there was no such case, sent again for a case that there was: it was another one.  Not so in
 * the instant in which the case was opened, which may have been behind the refusal: the id may well be the same one's. */
static void fail_reused(struct daemon *daemon, struct batch *batch) {
  for (uint32_t i = 0; i < batch->item_count; i++) {
    struct item *item = &batch->items[i];
    if (item->outcome != ITEM_REPEATED || item->command.case_no == 0) continue;
    const struct event *event = &batch->repeats[item->recorded].event;
    const struct case_state *state = book_find(daemon->store.book, item->command.case_no);
    if (event->case_no == 0 && state != NULL && state->opened < event->recorded) fail_key_reused(item);
  }
}

static void probe_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  (void)sqlstate;
  if (outcome == PG_DONE && !overtaken) fail_reused(daemon, daemon->next);
  if (outcome == PG_DONE && overtaken) pipeline_probe_done(context, PG_FAILED, "another daemon has taken over");
  else pipeline_probe_done(context, outcome, text);
}

static void ask_keys(struct daemon *daemon, const struct batch *batch) {
  static struct pg_array keys;
  struct pg_params params;
  pg_array_reset(&keys, PG_UUID);
  for (uint32_t i = 0; i < batch->item_count; i++)
    pg_put_bytes(&keys, batch->items[i].command.key.bytes, WIRE_ID_BYTES);
  if (keys.count == 0) return;
  pg_params_reset(&params);
  pg_param_array(&params, &keys);
  ask(daemon, STATEMENT_PROBE_KEYS, &params, found_keys);
}

static void want_case(struct daemon *daemon, struct pg_array *cases, uint64_t case_no) {
  if (case_no == 0 || case_no > INT64_MAX) return;
  const struct case_state *state = book_find(daemon->store.book, case_no);
  if (state == NULL)
    pg_put_int(cases, (int64_t)case_no);
  else if (state->parent != 0 && book_find(daemon->store.book, state->parent) == NULL)
    pg_put_int(cases, (int64_t)state->parent);
}

static void ask_cases(struct daemon *daemon, const struct batch *batch) {
  static struct pg_array cases;
  struct pg_params params;
  pg_array_reset(&cases, PG_INT8);
  for (uint32_t i = 0; i < batch->item_count; i++) {
    want_case(daemon, &cases, batch->items[i].command.case_no);
    if (!is_erasure(batch->items[i].command.kind)) want_case(daemon, &cases, batch->items[i].command.other);
  }
  if (cases.count == 0) return;
  pg_params_reset(&params);
  pg_param_array(&params, &cases);
  ask(daemon, STATEMENT_PROBE_CASES, &params, found_cases);
}

static void ask_evidence(struct daemon *daemon, const struct batch *batch) {
  static struct pg_array hashes, owners;
  struct pg_params params;
  pg_array_reset(&hashes, PG_BYTEA);
  pg_array_reset(&owners, PG_INT8);
  for (uint32_t i = 0; i < batch->item_count; i++) {
    const struct command *command = &batch->items[i].command;
    for (uint32_t k = 0; k < command->evidence_count; k++) {
      pg_put_bytes(&hashes, command->evidence[k].sha256.bytes, HASH_BYTES);
      pg_put_int(&owners, (int64_t)command->case_no);
    }
  }
  if (hashes.count == 0) return;
  pg_params_reset(&params);
  pg_param_array(&params, &hashes);
  pg_param_array(&params, &owners);
  ask(daemon, STATEMENT_PROBE_EVIDENCE, &params, found_evidence);
}

/* Whose files they are: who hands one in has uploaded it, so that a hash alone opens nobody's file. */
static void ask_content(struct daemon *daemon, const struct batch *batch) {
  static struct pg_array hashes, officers;
  struct pg_params params;
  pg_array_reset(&hashes, PG_BYTEA);
  pg_array_reset(&officers, PG_INT4);
  for (uint32_t i = 0; i < batch->item_count; i++) {
    const struct command *command = &batch->items[i].command;
    for (uint32_t k = 0; k < command->evidence_count; k++) {
      pg_put_bytes(&hashes, command->evidence[k].sha256.bytes, HASH_BYTES);
      pg_put_int(&officers, command->actor);
    }
  }
  if (hashes.count == 0) return;
  pg_params_reset(&params);
  pg_param_array(&params, &hashes);
  pg_param_array(&params, &officers);
  ask(daemon, STATEMENT_PROBE_CONTENT, &params, found_content);
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
  if (arrays[0].count == 0) return;
  struct pg_params params;
  pg_params_reset(&params);
  for (int i = 0; i < 7; i++) pg_param_array(&params, &arrays[i]);
  pg_param_int4(&params, SAME_PROBLEM_COUNT_MAX);
  pg_param_int4(&params, SAME_KIND_COUNT_MAX + 1);
  ask(daemon, STATEMENT_PROBE_RECURRENCE, &params, found_recurrences);
}

/* Whether a rule stood against what was found: only where any was ever issued. */
static void ask_rules(struct daemon *daemon, const struct batch *batch) {
  static struct pg_array parents, categories, days;
  const struct registry *registry = daemon->store.office->registry;
  pg_array_reset(&parents, PG_TEXT);
  pg_array_reset(&categories, PG_TEXT);
  pg_array_reset(&days, PG_DATE);
  for (uint32_t i = 0; daemon->store.has_rules && i < batch->item_count; i++) {
    if (batch->items[i].command.kind != COMMAND_SUBMIT) continue;
    const struct finding *finding = &batch->items[i].finding;
    put_text(&parents, registry->units[registry->units[finding->unit].parent].code);
    put_text(&categories, finding->category);
    pg_put_int(&days, finding->found_on);
  }
  if (days.count == 0) return;
  struct pg_params params;
  pg_params_reset(&params);
  pg_param_array(&params, &parents);
  pg_param_array(&params, &categories);
  pg_param_array(&params, &days);
  ask(daemon, STATEMENT_PROBE_RULES, &params, found_rules);
}

/* A row may have no case: the texts of what concerns none can be erased too. */
static void found_erasure(struct daemon *daemon, struct batch *batch, struct item *item, const PGresult *result, int row) {
  struct command *command = &item->command;
  const uint64_t case_no = (uint64_t)pg_int(result, row, 1);
  item->erasure.found = pg_int(result, row, 5) != 0 || !pg_null(result, row, 4);
  item->erasure.elsewhere = command->case_no != 0 && command->case_no != case_no;
  item->erasure.asked_by = pg_null(result, row, 3) ? 0 : (uint32_t)pg_int(result, row, 3);
  item->erasure.done = !pg_null(result, row, 4);
  if (item->erasure.elsewhere || case_no == 0) return;
  command->case_no = found_case(daemon, batch, result, row, 1);
}

static void found_erasures(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  int row = 0;
  int64_t n = 0;
  for (uint32_t i = 0; i < batch->item_count && row < PQntuples(result); i++) {
    struct item *item = &batch->items[i];
    if (!is_erasure(item->command.kind)) continue;
    if (pg_int(result, row, 0) == ++n) found_erasure(daemon, batch, item, result, row++);
  }
}

static void ask_erasures(struct daemon *daemon, const struct batch *batch) {
  static struct pg_array indexes;
  struct pg_params params;
  pg_array_reset(&indexes, PG_INT8);
  for (uint32_t i = 0; i < batch->item_count; i++)
    if (is_erasure(batch->items[i].command.kind)) pg_put_int(&indexes, (int64_t)batch->items[i].command.other - 1);
  if (indexes.count == 0) return;
  pg_params_reset(&params);
  pg_param_array(&params, &indexes);
  ask(daemon, STATEMENT_PROBE_ERASURES, &params, found_erasures);
}

bool probe_send(struct daemon *daemon, struct batch *batch) {
  if (!pg_begin(daemon->store.pg, probe_result, probe_done, daemon)) return false;
  step_count = 0;
  overtaken = false;
  ask_keys(daemon, batch);
  ask_cases(daemon, batch);
  ask_recurrences(daemon, batch);
  ask_evidence(daemon, batch);
  ask_content(daemon, batch);
  ask_rules(daemon, batch);
  ask_erasures(daemon, batch);
  pg_end(daemon->store.pg);
  return true;
}
