/* answer.c - replies: outcomes after the commit, errors at once.  A reply is packed into one buffer and handed to the
 * router; one that cannot be sent is dropped, the client's resend settles it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/must.h"

ProtobufCBinaryData answer_text(const char *text) {
  return (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
}

static ProtobufCBinaryData bytes_of(const void *data, size_t length) {
  return (ProtobufCBinaryData){length, (uint8_t *)(uintptr_t)data};
}

static bool send_reply(struct daemon *daemon, const struct route_back *back, const struct uuid *id,
                       Rectify__V1__Reply *reply) {
  reply->version = WIRE_VERSION;
  reply->id = bytes_of(id->bytes, WIRE_ID_BYTES);
  size_t length = rectify__v1__reply__get_packed_size(reply);
  if (length > WIRE_FRAME_BYTES_MAX) {
    log_err("answer.too_large bytes=%zu", length);
    return false;
  }
  rectify__v1__reply__pack(reply, daemon->scratch);
  return router_send(daemon->router, back, daemon->scratch, length);
}

void answer_head(const struct daemon *daemon, Rectify__V1__Head *head, const struct hash *root, uint64_t size) {
  head->size = size;
  head->root = bytes_of(root->bytes, HASH_BYTES);
  head->epoch = daemon->store.epoch;
  const struct seal *seal = &daemon->seal;
  const bool is_signed = seal->note_length > 0 && seal->size == size && memcmp(seal->root.bytes, root->bytes, HASH_BYTES) == 0;
  if (is_signed) head->note = bytes_of(seal->note, seal->note_length);
}

void answer_error(struct daemon *daemon, const struct route_back *back, const struct uuid *id, uint32_t code,
                  const char *field, const char *text, uint32_t retry_msec) {
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  Rectify__V1__Error error = RECTIFY__V1__ERROR__INIT;
  error.code = code;
  error.field = answer_text(field);
  error.text = answer_text(text);
  error.retry_msec = retry_msec;
  reply.body_case = RECTIFY__V1__REPLY__BODY_ERROR;
  reply.error = &error;
  send_reply(daemon, back, id, &reply);
}

void answer_pong(struct daemon *daemon, const struct route_back *back, const struct uuid *id) {
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  Rectify__V1__Pong pong = RECTIFY__V1__PONG__INIT;
  Rectify__V1__Head head = RECTIFY__V1__HEAD__INIT;
  const struct store *store = &daemon->store;
  uint64_t counts[TURN_BOUNDS];
  memcpy(counts, daemon->turns.count, sizeof counts);
  answer_head(daemon, &head, &daemon->committed_root, daemon->committed_size);
  pong.now = clock_now();
  pong.manual_clock = clock_is_manual();
  pong.head = &head;
  pong.software = answer_text(SOFTWARE);
  pong.policy_version = store->office->versions[DOCUMENT_POLICY];
  pong.calendar_version = store->office->versions[DOCUMENT_CALENDAR];
  pong.registry_version = store->office->versions[DOCUMENT_REGISTRY];
  pong.cases_open = book_open_count(store->book);
  pong.cases_total = daemon->committed_cases;
  pong.n_turns = TURN_BOUNDS;
  pong.turns = counts;
  pong.turn_usec_max = daemon->turns.usec_max;
  if (store->office->registry != NULL) pong.zone = answer_text(world_zone(&store->office->world, 0)->name);
  reply.body_case = RECTIFY__V1__REPLY__BODY_PONG;
  reply.pong = &pong;
  send_reply(daemon, back, id, &reply);
}

void answer_page(struct daemon *daemon, const struct route_back *back, const struct uuid *id,
                 Rectify__V1__Page *page) {
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  reply.body_case = RECTIFY__V1__REPLY__BODY_PAGE;
  reply.page = page;
  send_reply(daemon, back, id, &reply);
}

void answer_letters(struct daemon *daemon, const struct route_back *back, const struct uuid *id,
                    Rectify__V1__LetterOutcomes *outcomes) {
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  reply.body_case = RECTIFY__V1__REPLY__BODY_LETTERS;
  reply.letters = outcomes;
  send_reply(daemon, back, id, &reply);
}

void answer_leased(struct daemon *daemon, const struct route_back *back, const struct uuid *id, Rectify__V1__Leased *leased) {
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  reply.body_case = RECTIFY__V1__REPLY__BODY_LEASED;
  reply.leased = leased;
  send_reply(daemon, back, id, &reply);
}

void answer_uploaded(struct daemon *daemon, const struct route_back *back, const struct uuid *id,
                     Rectify__V1__Uploaded *uploaded) {
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  reply.body_case = RECTIFY__V1__REPLY__BODY_UPLOADED;
  reply.uploaded = uploaded;
  send_reply(daemon, back, id, &reply);
}

void answer_push(struct daemon *daemon, struct watcher *watcher, Rectify__V1__Push *push) {
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  reply.body_case = RECTIFY__V1__REPLY__BODY_PUSH;
  reply.push = push;
  watcher->lost = !send_reply(daemon, &watcher->back, &watcher->id, &reply);
}

/* ---- outcomes ---- */

/* All that one outcome points to. */
struct outcome_room {
  Rectify__V1__Outcome outcome;
  Rectify__V1__Receipt receipt;
  Rectify__V1__Refusal refusal;
  Rectify__V1__Error error;
  Rectify__V1__Head head;
  struct merkle_proof proof;
  ProtobufCBinaryData hashes[MERKLE_PROOF_MAX];
  char due[11];
  char order[24]; /* "2026-17" */
};

/* The head that answers the batch: the signed one that covers it, else its own. */
static void fill_head(struct daemon *daemon, const struct batch *batch, struct outcome_room *room) {
  const struct seal *seal = &daemon->seal;
  const uint64_t end = batch->size_before + batch->fresh_count;
  const bool is_signed = seal->note_length > 0 && seal->size >= end;
  rectify__v1__head__init(&room->head);
  answer_head(daemon, &room->head, is_signed ? &seal->root : &batch->root_after, is_signed ? seal->size : end);
}

/* How many hashes there are: none where the proof cannot be made from memory; the client can ask for it. */
static size_t fill_proof(struct daemon *daemon, uint64_t log_index, struct outcome_room *room) {
  if (!seal_inclusion(daemon, log_index, room->head.size, &room->proof)) return 0;
  for (uint32_t i = 0; i < room->proof.count; i++) room->hashes[i] = bytes_of(room->proof.hashes[i].bytes, HASH_BYTES);
  return room->proof.count;
}

static void fill_refusal(const struct event *event, uint64_t log_index, bool repeated, struct outcome_room *room) {
  rectify__v1__refusal__init(&room->refusal);
  room->refusal.rule = event->rule;
  room->refusal.text = answer_text(word_text(words_rule, event->rule));
  room->refusal.text_zh = answer_text(word_zh(words_rule, event->rule));
  room->refusal.case_no = event->case_no;
  room->refusal.event_number = event->version;
  room->refusal.log_index = log_index;
  room->refusal.recorded = event->recorded;
  room->refusal.repeated = repeated;
  room->outcome.result_case = RECTIFY__V1__OUTCOME__RESULT_REFUSAL;
  room->outcome.refusal = &room->refusal;
}

/* The due instant that the event itself set: a receipt says the same when it is asked for again years later. */
static void fill_due(const struct world *world, const struct event *event, uint32_t unit, struct outcome_room *room) {
  for (uint32_t i = 0; i < event->clock_count; i++) {
    const struct case_clock *clock = &event->clocks[i];
    bool shown = clock->kind == CLOCK_RECTIFY || clock->kind == CLOCK_VERIFY || clock->kind == CLOCK_ADJUDICATE;
    if (!shown || clock->state != CLOCK_RUNNING) continue;
    room->receipt.due = clock->due;
    room->receipt.provisional = clock->provisional;
    workday_format(zone_day_of(world_zone(world, unit), clock->due - 1), room->due);
    room->receipt.due_text = answer_text(room->due);
  }
}

static void fill_order(const struct event *event, struct outcome_room *room) {
  if (event->order_serial == 0) return;
  (void)snprintf(room->order, sizeof room->order, "%u-%u", event->order_year, event->order_serial);
  room->receipt.order = answer_text(room->order);
}

static void fill_receipt(struct daemon *daemon, const struct event *event, uint64_t log_index, uint32_t unit,
                         struct outcome_room *room) {
  rectify__v1__receipt__init(&room->receipt);
  Rectify__V1__Receipt *receipt = &room->receipt;
  receipt->case_no = event->case_no;
  receipt->event_number = event->version;
  receipt->log_index = log_index;
  receipt->rule = event->rule;
  receipt->recorded = event->recorded;
  receipt->status = event->status;
  receipt->track = event->track;
  receipt->document_version = event->document_version;
  fill_due(&daemon->store.office->world, event, unit, room);
  fill_order(event, room);
  room->outcome.result_case = RECTIFY__V1__OUTCOME__RESULT_RECEIPT;
  room->outcome.receipt = receipt;
}

static void fill_failure(const struct item *item, struct outcome_room *room) {
  rectify__v1__error__init(&room->error);
  room->error.code = item->failure;
  room->error.text = answer_text(item->failure_text == NULL ? "" : item->failure_text);
  room->outcome.result_case = RECTIFY__V1__OUTCOME__RESULT_ERROR;
  room->outcome.error = &room->error;
}

static void prove(struct daemon *daemon, const struct batch *batch, const struct recorded *recorded,
                  struct outcome_room *room) {
  const ProtobufCBinaryData record = bytes_of(batch->records + recorded->record.at, recorded->record.length);
  fill_head(daemon, batch, room);
  const size_t count = fill_proof(daemon, recorded->log_index, room);
  if (rule_refuses(recorded->event.rule)) {
    room->refusal.head = &room->head;
    room->refusal.record = record;
    room->refusal.n_proof = count;
    room->refusal.proof = room->hashes;
  } else {
    room->receipt.head = &room->head;
    room->receipt.record = record;
    room->receipt.n_proof = count;
    room->receipt.proof = room->hashes;
  }
}

static void fill_outcome(struct daemon *daemon, const struct batch *batch, const struct item *item,
                         struct outcome_room *room) {
  rectify__v1__outcome__init(&room->outcome);
  room->outcome.id = bytes_of(item->command.key.bytes, WIRE_ID_BYTES);
  must(item->outcome != ITEM_PENDING);
  if (item->outcome == ITEM_FAILED) {
    fill_failure(item, room);
    return;
  }
  const bool repeated = item->outcome == ITEM_REPEATED, fresh = item->outcome == ITEM_FRESH;
  const struct recorded *recorded = fresh ? &batch->fresh[item->recorded] : &batch->repeats[item->recorded];
  if (rule_refuses(recorded->event.rule)) {
    fill_refusal(&recorded->event, recorded->log_index, repeated, room);
  } else {
    fill_receipt(daemon, &recorded->event, recorded->log_index, recorded->unit, room);
    room->receipt.repeated = repeated;
    if (item->outcome == ITEM_PREVIEWED) room->receipt.order = answer_text(""); /* no number is promised */
  }
  if (fresh) prove(daemon, batch, recorded, room);
}

void answer_batch(struct daemon *daemon, struct batch *batch) {
  static struct outcome_room rooms[WIRE_SUBMIT_MAX];
  static Rectify__V1__Outcome *pointers[WIRE_SUBMIT_MAX];
  for (uint32_t i = 0; i < batch->request_count; i++) {
    const struct batch_request *request = &batch->requests[i];
    Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
    Rectify__V1__Outcomes outcomes = RECTIFY__V1__OUTCOMES__INIT;
    for (uint32_t j = 0; j < request->item_count; j++) {
      fill_outcome(daemon, batch, &batch->items[request->item_first + j], &rooms[j]);
      pointers[j] = &rooms[j].outcome;
    }
    outcomes.n_outcomes = request->item_count;
    outcomes.preview = request->preview;
    outcomes.outcomes = pointers;
    reply.body_case = RECTIFY__V1__REPLY__BODY_OUTCOMES;
    reply.outcomes = &outcomes;
    send_reply(daemon, &request->back, &request->id, &reply);
  }
}
