/* decide.c - the middle of the pipeline: commands, due rungs and what follows from them to events, events to records,
 * records into the tree.  The core judges; here its answer is numbered, packed, hashed and applied to the book. */
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/must.h"
#include "sign/digest.h"

#define FOLLOW_DEPTH_MAX 4 /* what follows from what follows; today nothing does */

/* ---- recording one event ---- */

/* Numbers go on from the last one recorded.  The clock cannot run back, but the root's zone may change. */
static struct fresh next_numbers(const struct store *store, usec_t now) {
  const struct world *world = &store->office->world;
  int32_t year, month, day;
  workday_civil(zone_day_of(world_zone(world, 0), now), &year, &month, &day);
  const uint32_t order_year = (uint32_t)year > store->order_year ? (uint32_t)year : store->order_year;
  return (struct fresh){store->cases + 1, order_year, order_year == store->order_year ? store->order_serial + 1 : 1};
}

static void count_on(struct store *store, const struct event *event) {
  if (event->has_finding && event->case_no != 0) store->cases++;
  if (event->command == COMMAND_RULE_ISSUE && !rule_refuses(event->rule)) store->has_rules = true;
  if (event->order_serial == 0) return;
  store->order_year = event->order_year;
  store->order_serial = event->order_serial;
}

struct recorded *record_event(struct daemon *daemon, struct batch *batch, const struct event *event) {
  struct store *store = &daemon->store;
  must(batch->fresh_count < BATCH_FRESH_MAX);
  struct recorded *recorded = &batch->fresh[batch->fresh_count++];
  recorded->event = *event;
  recorded->item = ITEM_NONE;
  recorded->digest = 0;
  if (event->case_no == 0) recorded->event.version = ++store->system_events;
  recorded->log_index = store->tree.merkle.size;
  recent_add(store->recent, &event->key);
  uint8_t *at = batch->records + batch->record_used;
  size_t length = codec_event_pack(&recorded->event, at);
  recorded->record = (struct stretch){batch->record_used, (uint32_t)length};
  batch->record_used += (uint32_t)length;
  tree_append(&store->tree, at, length, &recorded->leaf);
  recorded->unit = 0;
  return recorded;
}

static void apply_to_book(struct daemon *daemon, struct batch *batch, const struct event *event) {
  if (event->case_no == 0) return;
  struct case_state *state = book_find(daemon->store.book, event->case_no);
  if (state == NULL) {
    struct case_state fresh = {0};
    must(case_apply(&fresh, event));
    state = book_add(daemon->store.book, event->case_no);
    *state = fresh;
  } else {
    must(case_apply(state, event));
  }
  book_aim(daemon->store.book, state);
  batch->touched[batch->touched_count++] = event->case_no; /* as many as events */
}

/* ---- one command, and what follows from it ---- */

static struct recorded *take_event(struct daemon *daemon, struct batch *batch, const struct event *event) {
  struct recorded *recorded = record_event(daemon, batch, event);
  count_on(&daemon->store, event);
  apply_to_book(daemon, batch, event);
  const struct case_state *after = event->case_no == 0 ? NULL : book_find(daemon->store.book, event->case_no);
  recorded->unit = after != NULL ? after->unit : 0;
  return recorded;
}

static const struct case_state *find_state(const struct daemon *daemon, uint64_t case_no) {
  return case_no == 0 ? NULL : book_find(daemon->store.book, case_no);
}

static void judge(struct daemon *daemon, const struct command *command, const struct case_state *state, usec_t now,
                  struct decision *out) {
  const struct store *store = &daemon->store;
  const struct fresh fresh = next_numbers(store, now);
  case_decide(&store->office->world, state, command, now, &fresh, out);
}

/* A closed case that is not at hand may miss what happened on another: core/follow.c. */
static bool is_at_hand(const struct daemon *daemon, const struct command *command) {
  return command->kind != COMMAND_RELATE || book_find(daemon->store.book, command->case_no) != NULL;
}

/* Right behind the event at `at`, all the daemon's own commands that follow from it, each with its own behind it. */
static void follow_up(struct daemon *daemon, struct batch *batch, uint32_t at, usec_t now, uint32_t depth) {
  static struct decision decision;
  const struct event *cause = &batch->fresh[at].event;
  struct command command;
  struct finding finding;
  if (cause->case_no == 0 || rule_refuses(cause->rule)) return;
  const struct case_state after = *book_find(daemon->store.book, cause->case_no);
  for (uint32_t i = 0; case_follow_up(&daemon->store.office->world, &after, cause, i, &command, &finding); i++) {
    must(i < FOLLOW_UPS_MAX && depth < FOLLOW_DEPTH_MAX);
    if (!is_at_hand(daemon, &command)) continue;
    judge(daemon, &command, find_state(daemon, command.case_no), now, &decision);
    must(decision.record);
    take_event(daemon, batch, &decision.event);
    follow_up(daemon, batch, batch->fresh_count - 1, now, depth + 1);
  }
}

/* ---- rungs ---- */

/* The rungs that make up for one outage share a digest, however many batches they take. */
static uint64_t digest_of(struct store *store, usec_t due, usec_t now) {
  if (now - due <= LATE_MINUTES * 60 * USEC_PER_SECOND) return 0;
  if (store->digest == 0) store->digest = store->tree.merkle.size;
  return store->digest;
}

static void fire_rung(struct daemon *daemon, struct batch *batch, struct case_state *state, usec_t now) {
  static struct decision decision;
  struct command command;
  uint32_t index;
  const usec_t due = case_next_fire(state, &index);
  must(due <= now);
  case_rung_command(state, index, &command);
  judge(daemon, &command, state, now, &decision);
  must(decision.record);
  const uint64_t digest = digest_of(&daemon->store, due, now);
  take_event(daemon, batch, &decision.event)->digest = digest;
  follow_up(daemon, batch, batch->fresh_count - 1, now, 0);
}

static void fire_rungs(struct daemon *daemon, struct batch *batch, usec_t now) {
  const uint32_t most = batch->item_count > 0 ? RUNGS_BESIDE_REQUESTS : BATCH_EVENTS_MAX;
  for (uint32_t fired = 0; fired < most; fired++) {
    usec_t when;
    const uint64_t case_no = book_next(daemon->store.book, &when);
    if (case_no == 0 || when > now) {
      daemon->store.digest = 0;
      return;
    }
    fire_rung(daemon, batch, book_find(daemon->store.book, case_no), now);
  }
}

/* ---- items ---- */

void item_fail(struct item *item, uint32_t failure, const char *text) {
  item->outcome = ITEM_FAILED;
  item->failure = (uint16_t)failure;
  item->failure_text = text;
}

/* The record holds SHA-256(salt || signature || signer || bytes), so that all three can be erased with the text. */
static void check_signature(const struct daemon *daemon, const struct batch *batch, struct item *item) {
  if (item->was_signed.length == 0 || !identity_signed(daemon, batch, item)) return;
  const struct {
    const uint8_t *data;
    size_t length;
  } parts[] = {{item->signature_salt, SALT_BYTES},
               {item->signature, SIGNATURE_BYTES},
               {item->signer, CLIENT_KEY_BYTES},
               {batch->text + item->was_signed.at, item->was_signed.length}};
  uint8_t *all = malloc(SALT_BYTES + SIGNATURE_BYTES + CLIENT_KEY_BYTES + item->was_signed.length), *at = all;
  must(all != NULL);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) at = mempcpy(at, parts[i].data, parts[i].length);
  digest_sha256(all, (size_t)(at - all), item->command.signed_hash.bytes);
  free(all);
  item->command.signature = SIGNATURE_GOOD;
}

/* What the command may look at besides its case: the other case as it stands now, evidence of this batch. */
/* A preview is on no record: it must tell nobody about a case that is not theirs to read. */
static const struct case_state *unless_hidden(const struct daemon *daemon, const struct item *item, const struct case_state *state, usec_t now) {
  const struct world *world = &daemon->store.office->world;
  if (state == NULL || !item->preview || state->subject == item->command.actor) return state;
  const day_t day = zone_day_of(world_zone(world, state->unit), now);
  return authorise_read(world, item->command.actor, state->unit, state->team, day) ? state : NULL;
}

static void look_around(struct daemon *daemon, struct batch *batch, uint32_t at, usec_t now) {
  struct command *command = &batch->items[at].command;
  if (command->kind == COMMAND_SUBMIT) probe_recurrences(daemon, &batch->items[at]);
  check_signature(daemon, batch, &batch->items[at]);
  if (command->other != 0)
    command->other_state = unless_hidden(daemon, &batch->items[at], book_find(daemon->store.book, command->other), now);
  for (uint32_t i = 0; i < command->evidence_count; i++) {
    struct evidence_item *piece = &command->evidence[i];
    if (piece->also_in == 0) piece->also_in = batch_seen(batch, &piece->sha256, command->case_no);
  }
}

static void note_evidence(struct batch *batch, const struct event *event) {
  if (rule_refuses(event->rule)) return;
  for (uint32_t i = 0; i < event->evidence_count; i++) batch_see(batch, &event->evidence[i].sha256, event->case_no);
}

static void preview(struct batch *batch, struct item *item, const struct event *event) {
  item->outcome = ITEM_PREVIEWED;
  item->recorded = batch->repeat_count++;
  batch->repeats[item->recorded] = (struct recorded){.event = *event, .item = ITEM_NONE};
}

/* Attempts are on record, also those on other people's cases. */
static const struct case_state *state_for(const struct daemon *daemon, const struct item *item, usec_t now) {
  return unless_hidden(daemon, item, find_state(daemon, item->command.case_no), now);
}

/* A review whose case has gone out of the book since is about nothing. */
static bool is_moot(const struct daemon *daemon, const struct item *item) {
  return item->command.kind == COMMAND_REVIEW && book_find(daemon->store.book, item->command.case_no) == NULL;
}

static void decide_command(struct daemon *daemon, struct batch *batch, uint32_t at, usec_t now) {
  static struct decision decision;
  struct item *item = &batch->items[at];
  decision.record = false;
  if (item->command.kind == COMMAND_READ) reading_decide(daemon, item, now, &decision);
  else if (is_erasure(item->command.kind)) erasure_decide(daemon, batch, item, now, &decision);
  else look_around(daemon, batch, at, now);
  if (decision.record && item->preview && state_for(daemon, item, now) == NULL) decision.event.case_no = decision.event.version = 0;
  if (!decision.record && !is_moot(daemon, item)) judge(daemon, &item->command, state_for(daemon, item, now), now, &decision);
  if (!decision.record) {
    item_fail(item, FAILURE_FIELD, "not a command for people");
  } else if (item->preview) {
    preview(batch, item, &decision.event);
  } else if (refusal_is_recorded(daemon, item, decision.rule, now)) {
    item->recorded = batch->fresh_count;
    item->outcome = ITEM_FRESH;
    take_event(daemon, batch, &decision.event)->item = at;
    if (decision.event.has_finding && decision.event.case_no != 0) probe_recorded(daemon, item);
    note_evidence(batch, &decision.event);
    follow_up(daemon, batch, item->recorded, now, 0);
  }
}

struct event batch_event(const struct daemon *daemon, uint32_t command, usec_t now) {
  const struct office *office = daemon->store.office;
  return (struct event){.command = (uint8_t)command,
                        .recorded = now,
                        .effective = now,
                        .policy_version = office->versions[DOCUMENT_POLICY],
                        .calendar_version = office->versions[DOCUMENT_CALENDAR],
                        .registry_version = office->versions[DOCUMENT_REGISTRY]};
}

void batch_record(struct daemon *daemon, struct batch *batch, const struct event *event, uint32_t at) {
  if (!refusal_is_recorded(daemon, &batch->items[at], event->rule, event->recorded)) return;
  batch->items[at].recorded = batch->fresh_count;
  batch->items[at].outcome = ITEM_FRESH;
  record_event(daemon, batch, event)->item = at;
}

/* ---- the batch ---- */

static int compare_numbers(const void *a, const void *b) {
  const uint64_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

static void sort_touched(struct batch *batch) {
  qsort(batch->touched, batch->touched_count, sizeof *batch->touched, compare_numbers);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < batch->touched_count; i++)
    if (kept == 0 || batch->touched[kept - 1] != batch->touched[i]) batch->touched[kept++] = batch->touched[i];
  batch->touched_count = kept;
}

void batch_begin(struct daemon *daemon, struct batch *batch) {
  batch->size_before = daemon->store.tree.merkle.size;
  batch->epoch = daemon->store.epoch;
}

/* Where the case of a repeat is now: a receipt's last day is that of the unit's zone. */
static uint32_t unit_of(struct daemon *daemon, const struct event *event) {
  if (event->unit != 0 || event->case_no == 0) return event->unit;
  const struct case_state *state = book_find(daemon->store.book, event->case_no);
  return state == NULL ? 0 : state->unit;
}

void batch_finish(struct daemon *daemon, struct batch *batch) {
  for (uint32_t i = 0; i < batch->repeat_count; i++) batch->repeats[i].unit = unit_of(daemon, &batch->repeats[i].event);
  sort_touched(batch);
  tree_root(&daemon->store.tree, &batch->root_after);
  batch->cases_after = daemon->store.cases;
}

void batch_decide(struct daemon *daemon, struct batch *batch, bool with_rungs) {
  usec_t now = clock_now();
  batch_begin(daemon, batch);
  if (with_rungs && !review_is_pending(daemon)) fire_rungs(daemon, batch, now);
  if (with_rungs) refusal_record_counts(daemon, batch, now);
  for (uint32_t at = 0; at < batch->item_count; at++) {
    if (batch->items[at].outcome != ITEM_PENDING) continue;
    if (batch->items[at].command.kind == COMMAND_PUBLISH)
      publish_decide(daemon, batch, at, now);
    else if (batch->items[at].command.kind > COMMAND_PUBLISH && batch->items[at].command.kind <= COMMAND_KEY_REVOKE)
      decide_key_change(daemon, batch, at, now);
    else
      decide_command(daemon, batch, at, now);
  }
  batch_finish(daemon, batch);
}
