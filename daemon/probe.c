/* probe.c - what a batch must know from the database before it can be decided: keys recorded before, cases not in
 * memory, recurrences, evidence handed in before, rules in force.  One job behind the last append on the same
 * connection, so that it sees all that was committed; or, of findings alone, before it ("ahead"), so that they can be decided
 * while it is under way: what that append adds for them are recurrences, and memory has those. */
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/must.h"

/* What was asked, in order, by who takes the answer: a question without rows is left out.  One probe is under way at a time. */
typedef void found_fn(struct daemon *daemon, struct batch *batch, const PGresult *result);
static pg_result_fn probe_result;
static pg_done_fn probe_done;
#define STEPS_MAX 8
static found_fn *steps[STEPS_MAX];
static unsigned step_count;
static bool begun; /* the job; false: it could not */
static bool overtaken; /* the database has what another daemon recorded: this one may neither build on it nor vouch for it */

/* The first one begins the job. */
static void ask(struct daemon *daemon, enum statement statement, const struct pg_params *params, found_fn *found) {
  must(step_count < STEPS_MAX);
  if (step_count == 0) begun = pg_begin(daemon->store.pg, probe_result, probe_done, daemon);
  steps[step_count++] = found;
  if (begun) pg_statement(daemon->store.pg, statement, params);
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
  if (!codec_event_unpack(record, record_bytes, &repeat->event))
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

/* ---- recurrences: what is not in memory of the problems and kinds that are found ---- */

/* The pairs that were asked for, in order; a row's number says which. */
struct asked {
  uint32_t numbers[BATCH_ITEMS_MAX];
  day_t last[BATCH_ITEMS_MAX]; /* days up to which */
  uint32_t count;
};
static struct asked asked[2], asked_many[2]; /* by enum recur_of; the others day by day */
static struct asked parts[2];                /* of this batch, those that were asked for up to a finding's day */

/* How many are counted, at most. */
static uint32_t most_of(enum recur_of of) { return of == RECUR_PROBLEM ? SAME_PROBLEM_COUNT_MAX : SAME_KIND_COUNT_MAX + 1; }

/* How many are read first. */
static uint32_t rows_of(const struct daemon *daemon, enum recur_of of) {
  return daemon->recur_rows < most_of(of) ? daemon->recur_rows : most_of(of);
}

struct told {
  uint32_t count;
  day_t oldest;
};

static void add_days(struct daemon *daemon, const struct asked *list, const PGresult *result, struct told *told) {
  for (int row = 0; row < PQntuples(result); row++) {
    const int64_t n = pg_int(result, row, 0), count = pg_int(result, row, 2);
    const day_t day = (day_t)pg_int(result, row, 1);
    must(n >= 1 && n <= list->count && count > 0);
    recur_add(daemon->store.recur, list->numbers[n - 1], day, (uint32_t)count);
    if (told == NULL) continue;
    told[n - 1].oldest = told[n - 1].count == 0 || day < told[n - 1].oldest ? day : told[n - 1].oldest;
    told[n - 1].count += (uint32_t)count;
  }
}

/* The youngest findings were read, of all or of those up to a day.  There may be more: if that matters, probe_suffices() will say so. */
static void found_days(struct daemon *daemon, enum recur_of of, const PGresult *result) {
  static struct told told[BATCH_ITEMS_MAX];
  memset(told, 0, asked[of].count * sizeof *told);
  add_days(daemon, &asked[of], result, told);
  for (uint32_t i = 0; i < asked[of].count; i++) {
    const bool is_whole = told[i].count < rows_of(daemon, of), to_the_end = asked[of].last[i] == DAY_MAX;
    if (is_whole && to_the_end) continue;
    recur_narrow(daemon->store.recur, asked[of].numbers[i], to_the_end ? told[i].oldest + 1 : DAY_MAX + 1);
  }
}

static void found_problems(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  (void)batch;
  found_days(daemon, RECUR_PROBLEM, result);
}

static void found_kinds(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  (void)batch;
  found_days(daemon, RECUR_KIND, result);
}

static void found_many_problems(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  (void)batch;
  add_days(daemon, &asked_many[RECUR_PROBLEM], result, NULL);
}

static void found_many_kinds(struct daemon *daemon, struct batch *batch, const PGresult *result) {
  (void)batch;
  add_days(daemon, &asked_many[RECUR_KIND], result, NULL);
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

/* Nothing to be asked is as good as an answer. */
static bool end_job(struct daemon *daemon) {
  if (step_count == 0) pipeline_probe_done(daemon, PG_DONE, "");
  else if (begun) pg_end(daemon->store.pg);
  return step_count == 0 || begun;
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

/* Where it is in the list; count: not. */
static uint32_t place_of(const struct asked *list, uint32_t number) {
  uint32_t at = 0;
  while (at < list->count && list->numbers[at] != number) at++;
  return at;
}

static bool is_asked(const struct asked *list, uint32_t number) { return place_of(list, number) < list->count; }

/* Adds it, or lowers the day up to which it is asked for. */
static void put_asked(struct asked *list, uint32_t at, uint32_t number, day_t last) {
  if (at == list->count) list->last[list->count++] = last;
  list->numbers[at] = number;
  if (last < list->last[at]) list->last[at] = last;
}

static void count_again(struct recur *recur, enum recur_of of, uint32_t number, day_t day) {
  if (number != RECUR_NONE && is_asked(&asked[of], number)) recur_add(recur, number, day, 1);
}

/* What the youngest batch that flies adds to what was asked ahead of it, and forgotten for that. */
static void add_flying(struct daemon *daemon) {
  must(daemon->flights > 0);
  const struct batch *fly = daemon->fly[daemon->flights - 1];
  for (uint32_t i = 0; i < fly->fresh_count; i++) {
    const struct recorded *recorded = &fly->fresh[i];
    if (recorded->item == ITEM_NONE || !recorded->event.has_finding || recorded->event.case_no == 0) continue;
    const struct item *item = &fly->items[recorded->item];
    count_again(daemon->store.recur, RECUR_PROBLEM, item->problem, item->finding.found_on);
    count_again(daemon->store.recur, RECUR_KIND, item->kind, item->finding.found_on);
  }
}

static void probe_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  (void)sqlstate;
  if (outcome == PG_DONE && !overtaken) fail_reused(daemon, daemon->next);
  if (outcome == PG_DONE && daemon->ahead) add_flying(daemon);
  if (outcome == PG_DONE && overtaken) pipeline_probe_done(context, PG_FAILED, "another daemon has taken over");
  else pipeline_probe_done(context, outcome, text);
}

static void ask_keys(struct daemon *daemon, const struct batch *batch) {
  static struct pg_array keys;
  struct pg_params params;
  pg_array_reset(&keys, PG_UUID);
  for (uint32_t i = 0; i < batch->item_count; i++)
    if (!recent_is_new(daemon->store.recent, &batch->items[i].command.key))
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

/* The words that a finding is counted by; false: it is not, as an empty word says nothing, or the policy does not ask. */
static bool words_of(const struct daemon *daemon, const struct finding *finding, enum recur_of of, const char **above, const char **word) {
  const struct world *world = &daemon->store.office->world;
  const struct unit *units = world->registry->units;
  *above = of == RECUR_PROBLEM ? finding->unit_code : units[units[finding->unit].parent].code;
  *word = of == RECUR_PROBLEM ? finding->code : finding->category;
  const struct policy *policy = world_policy(world, 0);
  const int32_t days = of == RECUR_PROBLEM ? policy->recurrence_days : policy->same_kind_days;
  return days != 0 && (*above)[0] != '\0' && (*word)[0] != '\0';
}

static day_t window_start(const struct daemon *daemon, const struct finding *finding, enum recur_of of) {
  const struct policy *policy = world_policy(&daemon->store.office->world, 0);
  const int32_t days = of == RECUR_PROBLEM ? policy->recurrence_days : policy->same_kind_days;
  return finding->found_on - days < DAY_MIN ? DAY_MIN : finding->found_on - days;
}

/* First a pair's youngest findings are read; if these are too few for what was found earlier, the youngest up to that day; and if
 * these are too few as well, days are counted one by one. */
static void want_days(struct daemon *daemon, const struct finding *finding, enum recur_of of) {
  struct recur *recur = daemon->store.recur;
  const char *above, *word;
  if (!words_of(daemon, finding, of, &above, &word)) return;
  const day_t from = window_start(daemon, finding, of);
  const uint32_t number = recur_take(recur, of, above, word);
  if (recur_knows(recur, number, from, finding->found_on, most_of(of))) return;
  const bool is_part = recur_is_part(recur, number), is_second = is_part && is_asked(&parts[of], number);
  const bool is_new = recur_from(recur, number) > DAY_MAX; /* else it may have been asked for by a finding before this one */
  struct asked *list = is_second || is_asked(&asked_many[of], number) ? &asked_many[of] : &asked[of];
  recur_start(recur, number, from < DAY_MIN + daemon->recur_earlier ? DAY_MIN : from - daemon->recur_earlier);
  put_asked(list, is_new ? list->count : place_of(list, number), number, is_part ? finding->found_on : DAY_MAX);
  if (is_part) put_asked(&parts[of], place_of(&parts[of], number), number, finding->found_on);
}

static void put_words(struct pg_array *above, struct pg_array *word, const struct recur *recur, uint32_t number) {
  const char *first = recur_words(recur, number), *second = first + strlen(first) + 1;
  put_text(above, first);
  put_text(word, second);
}

static void ask_days(struct daemon *daemon, const struct asked *list, uint32_t most, enum statement statement, found_fn *found) {
  static struct pg_array above, words, first, last;
  struct pg_params params;
  pg_array_reset(&above, PG_TEXT);
  pg_array_reset(&words, PG_TEXT);
  pg_array_reset(&first, PG_DATE);
  pg_array_reset(&last, PG_DATE);
  for (uint32_t i = 0; i < list->count; i++) {
    put_words(&above, &words, daemon->store.recur, list->numbers[i]);
    pg_put_int(&first, recur_from(daemon->store.recur, list->numbers[i]));
    pg_put_int(&last, list->last[i]);
  }
  if (first.count == 0) return;
  pg_params_reset(&params);
  pg_param_array(&params, &above);
  pg_param_array(&params, &words);
  pg_param_array(&params, &first);
  if (list != &asked_many[RECUR_PROBLEM] && list != &asked_many[RECUR_KIND]) pg_param_array(&params, &last);
  pg_param_int8(&params, most);
  ask(daemon, statement, &params, found);
}

/* Before all that is remembered grows beyond its bound it is forgotten: only here does nobody rely on it. */
static void ask_recurrences(struct daemon *daemon, const struct batch *batch) {
  if (recur_is_full(daemon->store.recur)) {
    recur_clear(daemon->store.recur);
    parts[RECUR_PROBLEM].count = parts[RECUR_KIND].count = 0;
  }
  asked[RECUR_PROBLEM].count = asked[RECUR_KIND].count = asked_many[RECUR_PROBLEM].count = asked_many[RECUR_KIND].count = 0;
  for (uint32_t i = 0; i < batch->item_count; i++) {
    if (batch->items[i].command.kind != COMMAND_SUBMIT) continue;
    want_days(daemon, &batch->items[i].finding, RECUR_PROBLEM);
    want_days(daemon, &batch->items[i].finding, RECUR_KIND);
  }
  ask_days(daemon, &asked[RECUR_PROBLEM], rows_of(daemon, RECUR_PROBLEM), STATEMENT_PROBE_PROBLEMS, found_problems);
  ask_days(daemon, &asked[RECUR_KIND], rows_of(daemon, RECUR_KIND), STATEMENT_PROBE_KINDS, found_kinds);
  ask_days(daemon, &asked_many[RECUR_PROBLEM], RECUR_DAY_MAX, STATEMENT_PROBE_MANY_PROBLEMS, found_many_problems);
  ask_days(daemon, &asked_many[RECUR_KIND], RECUR_DAY_MAX, STATEMENT_PROBE_MANY_KINDS, found_many_kinds);
}

/* False: it must be asked for. */
static bool find_number(const struct daemon *daemon, const struct finding *finding, enum recur_of of, uint32_t *number) {
  const char *above, *word;
  *number = RECUR_NONE;
  if (!words_of(daemon, finding, of, &above, &word)) return true;
  *number = recur_find(daemon->store.recur, of, above, word);
  return *number != RECUR_NONE &&
         recur_knows(daemon->store.recur, *number, window_start(daemon, finding, of), finding->found_on, most_of(of));
}

bool probe_suffices(struct daemon *daemon, struct batch *batch) {
  for (uint32_t i = 0; i < batch->item_count; i++) {
    struct item *item = &batch->items[i];
    if (item->command.kind != COMMAND_SUBMIT) continue;
    if (!find_number(daemon, &item->finding, RECUR_PROBLEM, &item->problem)) return false;
    if (!find_number(daemon, &item->finding, RECUR_KIND, &item->kind)) return false;
  }
  return true;
}

static uint32_t count_days(const struct daemon *daemon, const struct item *item, enum recur_of of) {
  const uint32_t number = of == RECUR_PROBLEM ? item->problem : item->kind;
  if (number == RECUR_NONE) return 0;
  return recur_count(daemon->store.recur, number, window_start(daemon, &item->finding, of), item->finding.found_on, most_of(of));
}

void probe_recurrences(struct daemon *daemon, struct item *item) {
  item->finding.same_problem = count_days(daemon, item, RECUR_PROBLEM);
  item->finding.same_kind = count_days(daemon, item, RECUR_KIND);
}

void probe_recorded(struct daemon *daemon, const struct item *item) {
  struct recur *recur = daemon->store.recur;
  if (item->problem != RECUR_NONE) recur_add(recur, item->problem, item->finding.found_on, 1);
  if (item->kind != RECUR_NONE) recur_add(recur, item->kind, item->finding.found_on, 1);
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

/* What is remembered must not be forgotten as a whole, for it alone knows what that batch adds. */
bool probe_may_go_ahead(const struct daemon *daemon, const struct batch *batch, const struct batch *before) {
  return batch_only_opens(batch) && !batch_moves_ground(before) && !recur_is_full(daemon->store.recur);
}

bool probe_send(struct daemon *daemon, struct batch *batch) {
  step_count = 0;
  overtaken = false;
  parts[RECUR_PROBLEM].count = parts[RECUR_KIND].count = 0;
  ask_keys(daemon, batch);
  ask_cases(daemon, batch);
  ask_recurrences(daemon, batch);
  ask_evidence(daemon, batch);
  ask_content(daemon, batch);
  ask_rules(daemon, batch);
  ask_erasures(daemon, batch);
  return end_job(daemon);
}

bool probe_again(struct daemon *daemon, struct batch *batch) {
  step_count = 0;
  overtaken = false;
  ask_recurrences(daemon, batch);
  return end_job(daemon);
}
