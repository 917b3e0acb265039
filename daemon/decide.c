/* decide.c - the middle of the pipeline: commands and due rungs to events, events to records, records into the tree.
 * The core judges; here its answer is numbered, packed, hashed and applied to the book. */
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/must.h"

/* ---- recording one event ---- */

static void keep_touched(struct batch *batch, uint64_t case_no) {
  must(batch->touched_count < BATCH_FRESH_MAX);
  batch->touched[batch->touched_count++] = case_no;
}

struct recorded *record_event(struct daemon *daemon, struct batch *batch, const struct event *event,
                                     uint32_t item) {
  struct store *store = &daemon->store;
  must(batch->fresh_count < BATCH_FRESH_MAX);
  struct recorded *recorded = &batch->fresh[batch->fresh_count++];
  recorded->event = *event;
  recorded->item = item;
  if (event->case_no == 0) recorded->event.version = ++store->system_events;
  recorded->log_index = store->tree.merkle.size;
  uint8_t *at = batch->records + batch->record_used;
  size_t length = codec_event_pack(&recorded->event, at);
  recorded->record = (struct stretch){batch->record_used, (uint32_t)length};
  batch->record_used += (uint32_t)length;
  tree_append(&store->tree, at, length);
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
  keep_touched(batch, event->case_no);
}

/* ---- rungs ---- */

static void fire_rung(struct daemon *daemon, struct batch *batch, struct case_state *state, usec_t now) {
  static struct decision decision;
  struct command command;
  uint32_t index;
  must(case_next_fire(state, &index) <= now);
  case_rung_command(state, index, &command);
  struct fresh fresh = {0};
  case_decide(&daemon->store.office->world, state, &command, now, &fresh, &decision);
  must(decision.record);
  record_event(daemon, batch, &decision.event, ITEM_NONE);
  apply_to_book(daemon, batch, &decision.event);
}

static void fire_rungs(struct daemon *daemon, struct batch *batch, usec_t now) {
  for (uint32_t fired = 0; fired < BATCH_EVENTS_MAX; fired++) {
    usec_t when;
    struct case_state *state = book_next(daemon->store.book, &when);
    if (state == NULL || when > now) return;
    fire_rung(daemon, batch, state, now);
  }
}

/* ---- items ---- */

static void fail_item(struct item *item, uint32_t failure, const char *text) {
  item->outcome = ITEM_FAILED;
  item->failure = (uint16_t)failure;
  item->failure_text = text;
}

static bool in_window(day_t age, int32_t days) { return days > 0 && age >= 0 && age <= days; } /* 0 days: off */

/* Earlier items of the same batch are not in the database yet: count the ones of the same problem and kind. */
static void count_within(const struct daemon *daemon, struct batch *batch, uint32_t at) {
  struct item *item = &batch->items[at];
  const struct policy *policy = world_policy(&daemon->store.office->world, 0);
  for (uint32_t i = 0; i < at; i++) {
    const struct item *earlier = &batch->items[i];
    if (earlier->command.kind != COMMAND_SUBMIT || earlier->outcome != ITEM_FRESH) continue;
    if (batch->fresh[earlier->recorded].event.case_no == 0) continue;
    day_t age = item->finding.found_on - earlier->finding.found_on;
    if (earlier->problem_hash == item->problem_hash && item->finding.code[0] != '\0' &&
        strcmp(earlier->finding.unit_code, item->finding.unit_code) == 0 &&
        strcmp(earlier->finding.code, item->finding.code) == 0 && in_window(age, policy->recurrence_days) &&
        item->finding.same_problem < SAME_PROBLEM_COUNT_MAX)
      item->finding.same_problem++;
    if (earlier->kind_hash == item->kind_hash && item->finding.category[0] != '\0' && item->finding.unit != 0 &&
        strcmp(earlier->finding.category, item->finding.category) == 0 && in_window(age, policy->same_kind_days) &&
        item->finding.same_kind < SAME_KIND_COUNT_MAX)
      item->finding.same_kind++;
  }
}

static void decide_command(struct daemon *daemon, struct batch *batch, uint32_t at, usec_t now) {
  static struct decision decision;
  struct store *store = &daemon->store;
  struct item *item = &batch->items[at];
  struct case_state *state = item->command.case_no == 0 ? NULL : book_find(store->book, item->command.case_no);
  if (item->command.kind == COMMAND_SUBMIT) count_within(daemon, batch, at);
  struct fresh fresh = {.case_no = store->cases + 1};
  case_decide(&store->office->world, state, &item->command, now, &fresh, &decision);
  if (!decision.record) {
    fail_item(item, FAILURE_FIELD, "not a command for people");
    return;
  }
  if (item->command.kind == COMMAND_SUBMIT && decision.event.case_no != 0) store->cases++;
  item->recorded = batch->fresh_count;
  item->outcome = ITEM_FRESH;
  record_event(daemon, batch, &decision.event, at);
  apply_to_book(daemon, batch, &decision.event);
}

/* ---- publications ---- */

static void event_of_publication(const struct daemon *daemon, const struct item *item, usec_t now,
                                 const struct batch *batch, struct event *out) {
  const struct office *office = daemon->store.office;
  *out = (struct event){.command = COMMAND_PUBLISH,
                        .rule = RULE_PUBLISHED,
                        .key = item->command.key,
                        .actor = item->command.actor,
                        .recorded = now,
                        .effective = now,
                        .policy_version = office->versions[DOCUMENT_POLICY],
                        .calendar_version = office->versions[DOCUMENT_CALENDAR],
                        .registry_version = office->versions[DOCUMENT_REGISTRY],
                        .document = (uint8_t)item->document};
  tree_sha256(batch->text + item->text.at, item->text.length, out->document_sha256.bytes);
}

bool is_administrator(const struct registry *registry, uint32_t actor, usec_t now) {
  return (registry_roles_anywhere(registry, actor, (day_t)(now / (24 * USEC_PER_HOUR))) &
          ROLE_BIT(ROLE_ADMINISTRATOR)) != 0;
}

/* A registry that takes the administrator's own appointment away would be the last one ever. */
static const char *lock_out(const struct batch *batch, const struct item *item, usec_t now) {
  if (item->document != DOCUMENT_REGISTRY || item->command.actor == 0) return NULL;
  const struct registry *registry = batch->publication.parsed;
  return is_administrator(registry, item->command.actor, now)
             ? NULL
             : "this registry takes the publisher's own appointment as administrator away: nobody could mend it";
}

static const char *file_name_of(const struct batch *batch, const struct item *item, char out[NAME_BYTES_MAX + 1]) {
  memcpy(out, batch->text + item->file_name.at, item->file_name.length);
  out[item->file_name.length] = '\0';
  return item->file_name.length == 0 ? "document" : out;
}

static void decide_publication(struct daemon *daemon, struct batch *batch, uint32_t at, usec_t now) {
  struct item *item = &batch->items[at];
  struct office *office = daemon->store.office;
  struct event event;
  event_of_publication(daemon, item, now, batch, &event);
  if (item->command.actor != 0 && !is_administrator(office->registry, item->command.actor, now)) {
    event.rule = RULE_ROLE_MISSING;
  } else {
    char name[NAME_BYTES_MAX + 1];
    if (!world_parse(office, item->document, false, file_name_of(batch, item, name),
                     (char *)batch->text + item->text.at, item->text.length, &batch->publication, &batch->report)) {
      fail_item(item, FAILURE_DOCUMENT, batch->report.text);
      return;
    }
    const char *wrong = lock_out(batch, item, now);
    if (wrong != NULL) {
      world_discard(&batch->publication); /* the batch's rungs are recorded all the same: nothing must be adopted */
      fail_item(item, FAILURE_DOCUMENT, wrong);
      return;
    }
    batch->has_publication = true;
    event.document_version = batch->publication.version;
  }
  item->recorded = batch->fresh_count;
  item->outcome = ITEM_FRESH;
  record_event(daemon, batch, &event, at);
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

void batch_finish(struct daemon *daemon, struct batch *batch) {
  sort_touched(batch);
  tree_root(&daemon->store.tree, &batch->root_after);
}

void bootstrap_publication(struct daemon *daemon, struct batch *batch, uint32_t at, uint32_t version) {
  struct item *item = &batch->items[at];
  struct event event;
  event_of_publication(daemon, item, clock_now(), batch, &event);
  event.document_version = version;
  item->recorded = batch->fresh_count;
  item->outcome = ITEM_FRESH;
  record_event(daemon, batch, &event, at);
}

void batch_decide(struct daemon *daemon, struct batch *batch, bool with_rungs) {
  usec_t now = clock_now();
  batch_begin(daemon, batch);
  if (with_rungs) fire_rungs(daemon, batch, now);
  for (uint32_t at = 0; at < batch->item_count; at++) {
    if (batch->items[at].outcome != ITEM_PENDING) continue;
    if (batch->items[at].command.kind == COMMAND_PUBLISH)
      decide_publication(daemon, batch, at, now);
    else if (batch->items[at].command.kind > COMMAND_PUBLISH)
      decide_key_change(daemon, batch, at, now);
    else
      decide_command(daemon, batch, at, now);
  }
  batch_finish(daemon, batch);
}
