#include "daemon/batch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "rectify/must.h"
#include "sign/digest.h"

#define TEXT_BYTES (BATCH_TEXT_BYTES_MAX + 3 * WIRE_FRAME_BYTES_MAX) /* a signed finding is kept whole beside its text */
#define RECORD_BYTES (BATCH_FRESH_MAX * EVENT_BODY_BYTES_MAX)

static void *room_for(size_t count, size_t size) {
  void *room = calloc(count, size);
  must(room != NULL);
  return room;
}

struct batch *batch_new(void) {
  struct batch *batch = room_for(1, sizeof *batch);
  batch->touched = room_for(BATCH_FRESH_MAX, sizeof *batch->touched);
  batch->loaded = room_for(BATCH_LOADED_MAX, sizeof *batch->loaded);
  batch->keys = room_for(BATCH_KEYS, sizeof *batch->keys);
  batch->seen_index = room_for(BATCH_SEEN, sizeof *batch->seen_index);
  batch->seen = room_for(BATCH_SEEN_MAX, sizeof *batch->seen);
  batch->requests = room_for(BATCH_REQUESTS_MAX, sizeof *batch->requests);
  batch->items = room_for(BATCH_ITEMS_MAX, sizeof *batch->items);
  batch->fresh = room_for(BATCH_FRESH_MAX, sizeof *batch->fresh);
  must(getrandom(&batch->seed, sizeof batch->seed, 0) == sizeof batch->seed);
  batch->repeats = room_for(BATCH_ITEMS_MAX, sizeof *batch->repeats);
  batch->pieces = room_for(BATCH_ITEMS_MAX * EVIDENCE_MAX, sizeof *batch->pieces);
  batch->text = room_for(1, TEXT_BYTES);
  batch->records = room_for(1, RECORD_BYTES);
  return batch;
}

void batch_free(struct batch *batch) {
  if (batch == NULL) return;
  batch_reset(batch);
  free(batch->touched);
  free(batch->loaded);
  free(batch->keys);
  free(batch->seen_index);
  free(batch->seen);
  free(batch->requests);
  free(batch->items);
  free(batch->fresh);
  free(batch->repeats);
  free(batch->pieces);
  free(batch->text);
  free(batch->records);
  free(batch);
}

void batch_reset(struct batch *batch) {
  if (batch->item_count > 0) memset(batch->keys, 0, BATCH_KEYS * sizeof *batch->keys);
  if (batch->seen_count > 0) memset(batch->seen_index, 0, BATCH_SEEN * sizeof *batch->seen_index);
  batch->seen_count = batch->loaded_count = batch->weight = 0;
  batch->ends_with_rule = false;
  batch->reviews_until = 0;
  batch->request_count = batch->item_count = batch->fresh_count = batch->repeat_count = batch->piece_count = 0;
  batch->text_used = batch->record_used = batch->touched_count = 0;
  if (batch->has_publication) world_discard(&batch->publication);
  batch->has_publication = false;
  document_report_free(&batch->report);
  batch->report = (struct document_report){0};
}

bool batch_is_full(const struct batch *batch) {
  return batch->item_count >= BATCH_EVENTS_MAX || batch->request_count == BATCH_REQUESTS_MAX ||
         batch->text_used >= BATCH_TEXT_BYTES_MAX || batch->weight >= BATCH_WEIGHT_FULL || batch->ends_with_rule ||
         (batch->item_count > 0 && batch->items[0].command.kind == COMMAND_PUBLISH);
}

bool batch_only_opens(const struct batch *batch) {
  for (uint32_t i = 0; i < batch->item_count; i++)
    if (batch->items[i].command.kind != COMMAND_SUBMIT || batch->items[i].command.evidence_count > 0) return false;
  return true;
}

bool batch_moves_ground(const struct batch *batch) {
  for (uint32_t i = 0; i < batch->item_count; i++) {
    const uint32_t kind = batch->items[i].command.kind;
    if (kind == COMMAND_PUBLISH || kind == COMMAND_KEY_REGISTER || kind == COMMAND_KEY_REVOKE || kind == COMMAND_RULE_ISSUE) return true;
  }
  return batch->has_publication;
}

struct stretch batch_keep(struct batch *batch, const void *data, size_t length) {
  must(length <= TEXT_BYTES - batch->text_used);
  struct stretch stretch = {batch->text_used, (uint32_t)length};
  if (length > 0) memcpy(batch->text + batch->text_used, data, length);
  batch->text_used += (uint32_t)length;
  return stretch;
}

/* ---- the key index ---- */

static uint32_t key_slot(const struct batch *batch, const struct uuid *key) {
  uint64_t tail; /* the random end of a UUIDv7 */
  memcpy(&tail, key->bytes + 8, sizeof tail);
  uint32_t slot = (uint32_t)(tail * UINT64_C(0x9E3779B97F4A7C15) >> 40) & (BATCH_KEYS - 1);
  while (batch->keys[slot] != 0 &&
         memcmp(batch->items[batch->keys[slot] - 1].command.key.bytes, key->bytes, WIRE_ID_BYTES) != 0)
    slot = (slot + 1) & (BATCH_KEYS - 1);
  return slot;
}

bool batch_has_key(const struct batch *batch, const struct uuid *key) {
  return batch->item_count > 0 && batch->keys[key_slot(batch, key)] != 0;
}

/* ---- the index of evidence: at most two cases of each hash, so that each case finds another one ---- */

/* The slot of the next entry of the hash from `slot` on, or the free one behind the last. */
static uint32_t seen_slot(const struct batch *batch, const struct hash *sha256, uint32_t slot) {
  while (batch->seen_index[slot] != 0 &&
         memcmp(batch->seen[batch->seen_index[slot] - 1].sha256.bytes, sha256->bytes, HASH_BYTES) != 0)
    slot = (slot + 1) & (BATCH_SEEN - 1);
  return slot;
}

/* Clients choose the hashes; where they are kept is not theirs to choose. */
static uint32_t seen_first(const struct batch *batch, const struct hash *sha256) {
  uint64_t head;
  memcpy(&head, sha256->bytes, sizeof head);
  return seen_slot(batch, sha256, (uint32_t)((head ^ batch->seed) * UINT64_C(0x9E3779B97F4A7C15) >> 40) & (BATCH_SEEN - 1));
}

uint64_t batch_seen(const struct batch *batch, const struct hash *sha256, uint64_t case_no) {
  if (batch->seen_count == 0) return 0;
  uint32_t slot = seen_first(batch, sha256);
  for (; batch->seen_index[slot] != 0; slot = seen_slot(batch, sha256, (slot + 1) & (BATCH_SEEN - 1)))
    if (batch->seen[batch->seen_index[slot] - 1].case_no != case_no) return batch->seen[batch->seen_index[slot] - 1].case_no;
  return 0;
}

void batch_see(struct batch *batch, const struct hash *sha256, uint64_t case_no) {
  uint32_t slot = seen_first(batch, sha256), entries = 0;
  for (; batch->seen_index[slot] != 0; slot = seen_slot(batch, sha256, (slot + 1) & (BATCH_SEEN - 1)))
    if (batch->seen[batch->seen_index[slot] - 1].case_no == case_no || ++entries == 2) return;
  must(batch->seen_count < BATCH_SEEN_MAX);
  batch->seen[batch->seen_count] = (struct seen){*sha256, case_no};
  batch->seen_index[slot] = ++batch->seen_count;
}

/* ---- from the wire to commands ---- */

static void copy_code(char out[CODE_BYTES_MAX + 1], ProtobufCBinaryData bytes) {
  must(bytes.len <= CODE_BYTES_MAX);
  if (bytes.len > 0) memcpy(out, bytes.data, bytes.len);
  out[bytes.len] = '\0';
}

static uint32_t unit_id(const struct office *office, ProtobufCBinaryData code) {
  return code.len == 0 ? 0 : registry_unit_by_code(office->registry, (const char *)code.data, code.len);
}

static uint32_t officer_id(const struct office *office, ProtobufCBinaryData code) {
  return code.len == 0 ? 0 : registry_officer_by_code(office->registry, (const char *)code.data, code.len);
}

static struct item *new_item(struct batch *batch, ProtobufCBinaryData key, uint32_t kind, uint32_t actor) {
  must(batch->item_count < BATCH_ITEMS_MAX && key.len == WIRE_ID_BYTES);
  struct item *item = &batch->items[batch->item_count];
  memset(item, 0, sizeof *item);
  item->request = batch->request_count;
  item->command.kind = (uint8_t)kind;
  item->command.actor = actor;
  memcpy(item->command.key.bytes, key.data, WIRE_ID_BYTES);
  batch->keys[key_slot(batch, &item->command.key)] = batch->item_count + 1;
  batch->item_count++;
  return item;
}

/* Random bytes by the page: one system call for many salts.  Used bytes are wiped. */
static void take_random(uint8_t *out, size_t length) {
  static uint8_t pool[4096];
  static size_t left;
  if (left < length) {
    for (size_t got = 0; got < sizeof pool;) {
      ssize_t more = getrandom(pool + got, sizeof pool - got, 0);
      must(more > 0);
      got += (size_t)more;
    }
    left = sizeof pool;
  }
  left -= length;
  memcpy(out, pool + left, length);
  memset(pool + left, 0, length);
}

void batch_random_key(struct uuid *key) {
  take_random(key->bytes, sizeof key->bytes);
  key->bytes[6] = (uint8_t)(0x80 | (key->bytes[6] & 0x0f));
  key->bytes[8] = (uint8_t)(0x80 | (key->bytes[8] & 0x3f));
}

/* The record holds SHA-256(salt || text); the salt is random, so that short texts cannot be guessed from the hash. */
static void commit_to_text(struct batch *batch, struct item *item, ProtobufCBinaryData text) {
  if (text.len == 0) return;
  uint8_t salted[SALT_BYTES + TEXT_BYTES_MAX];
  must(text.len <= TEXT_BYTES_MAX);
  take_random(item->salt, SALT_BYTES);
  memcpy(salted, item->salt, SALT_BYTES);
  memcpy(salted + SALT_BYTES, text.data, text.len);
  digest_sha256(salted, SALT_BYTES + text.len, item->command.text.bytes);
  item->command.has_text = true;
  item->text = batch_keep(batch, text.data, text.len);
}

/* Whether it is right is seen when it is judged.  A signature without its key, or a key without a signature, is wrong. */
static void take_signature(struct batch *batch, struct item *item, const Rectify__V1__Finding *wire) {
  size_t length;
  if (wire->signature.len == 0 && wire->signer.len == 0) return;
  item->command.signature = SIGNATURE_BAD;
  if (wire->signature.len != SIGNATURE_BYTES || wire->signer.len != CLIENT_KEY_BYTES) return;
  uint8_t *bytes = codec_finding_to_sign(wire, &length);
  must(bytes != NULL);
  item->was_signed = batch_keep(batch, bytes, length);
  free(bytes);
  memcpy(item->signature, wire->signature.data, SIGNATURE_BYTES);
  memcpy(item->signer, wire->signer.data, CLIENT_KEY_BYTES);
  take_random(item->signature_salt, SALT_BYTES);
}

static void take_evidence(struct batch *batch, struct item *item, size_t count, Rectify__V1__Evidence **evidence) {
  item->piece_first = batch->piece_count;
  item->command.evidence_count = (uint16_t)count;
  for (size_t i = 0; i < count; i++) {
    item->command.evidence[i].kind = (uint8_t)evidence[i]->kind;
    item->command.evidence[i].measure = (uint8_t)evidence[i]->measure;
    memcpy(item->command.evidence[i].sha256.bytes, evidence[i]->sha256.data, HASH_BYTES);
    batch->pieces[batch->piece_count++] =
        (struct piece_name){batch_keep(batch, evidence[i]->name.data, evidence[i]->name.len), evidence[i]->size};
  }
}

static void take_finding(struct batch *batch, const struct office *office, const Rectify__V1__Finding *wire,
                         uint32_t actor) {
  struct item *item = new_item(batch, wire->id, COMMAND_SUBMIT, actor);
  struct finding *finding = &item->finding;
  finding->id = item->command.key;
  finding->team = unit_id(office, wire->team);
  finding->unit = unit_id(office, wire->unit);
  finding->kind = (uint8_t)wire->kind;
  finding->severity = (uint8_t)wire->severity;
  finding->found_on = wire->found_on;
  copy_code(finding->unit_code, wire->unit);
  copy_code(finding->code, wire->code);
  copy_code(finding->category, wire->category);
  copy_code(finding->inspection, wire->inspection);
  item->command.finding = finding;
  commit_to_text(batch, item, wire->text);
  item->command.plain = (const char *)batch->text + item->text.at;
  item->command.plain_length = item->text.length;
  take_evidence(batch, item, wire->n_evidence, wire->evidence);
  take_signature(batch, item, wire);
}

static void take_command(struct batch *batch, const struct office *office, const Rectify__V1__Command *wire,
                         uint32_t actor) {
  struct item *item = new_item(batch, wire->id, wire->command, actor);
  struct command *command = &item->command;
  command->case_no = wire->case_no;
  command->unit = unit_id(office, wire->unit);
  command->officer = officer_id(office, wire->officer);
  command->verifier = officer_id(office, wire->verifier);
  command->track = (uint8_t)wire->track;
  command->days = (uint16_t)wire->days;
  command->day = wire->day;
  command->measures = (uint8_t)wire->measures;
  command->form = (uint8_t)wire->form;
  command->other = wire->other;
  copy_code(command->number, wire->number);
  command->unit_unknown = wire->unit.len > 0 && command->unit == 0;
  command->officer_unknown =
      (wire->officer.len > 0 && command->officer == 0) || (wire->verifier.len > 0 && command->verifier == 0);
  commit_to_text(batch, item, wire->text);
  take_evidence(batch, item, wire->n_evidence, wire->evidence);
}

void batch_add(struct batch *batch, const struct command *command) {
  ProtobufCBinaryData key = {WIRE_ID_BYTES, (uint8_t *)(uintptr_t)command->key.bytes};
  struct item *item = new_item(batch, key, command->kind, 0);
  item->request = ITEM_NONE;
  item->command = *command;
}

void batch_own(struct batch *batch, const struct command *command, const char *text) {
  batch_add(batch, command);
  commit_to_text(batch, &batch->items[batch->item_count - 1], (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text});
}

static void take_publication(struct batch *batch, const Rectify__V1__Publish *wire, uint32_t actor) {
  struct item *item = new_item(batch, wire->id, COMMAND_PUBLISH, actor);
  item->document = wire->document;
  item->text = batch_keep(batch, wire->body.data, wire->body.len);
  item->file_name = batch_keep(batch, wire->file_name.data, wire->file_name.len);
}

static void take_key_change(struct batch *batch, const struct office *office, const Rectify__V1__KeyChange *wire,
                            uint32_t actor) {
  struct item *item = new_item(batch, wire->id, wire->revoke ? COMMAND_KEY_REVOKE : COMMAND_KEY_REGISTER, actor);
  memcpy(item->key.bytes, wire->public_key.data, CURVE_KEY_BYTES);
  item->key.officer = officer_id(office, wire->officer);
  item->key.from = wire->valid_from;
  item->key.until = wire->valid_until;
  item->key.kind = (uint8_t)wire->kind;
  commit_to_text(batch, item, wire->text);
}

size_t batch_items(const Rectify__V1__Request *request) {
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT) return request->submit->n_findings;
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_ACT) return request->act->n_commands;
  return 1;
}

/* The most that can follow from one command: core/follow.c. */
static uint32_t weigh_command(uint32_t command, size_t evidence) {
  uint32_t follow_ups = 2; /* a part; or a co-unit's case merged: both cases hear of it */
  if (command == COMMAND_SUBMIT) follow_ups = CO_UNITS_MAX + 2; /* and a rule asked for, or one that did not hold */
  if (command == COMMAND_DISPATCH) follow_ups = CO_UNITS_MAX;
  if (command == COMMAND_SWEEP) follow_ups = SWEEP_MAX;
  return 1 + follow_ups + (uint32_t)evidence; /* each piece may be another case's too */
}

uint32_t batch_weigh(const Rectify__V1__Request *request) {
  uint32_t weight = 0;
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_PUBLISH) return 1;
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT)
    for (size_t i = 0; i < request->submit->n_findings; i++)
      weight += weigh_command(COMMAND_SUBMIT, request->submit->findings[i]->n_evidence);
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_ACT && request->act->preview) return 0;
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_ACT)
    for (size_t i = 0; i < request->act->n_commands; i++)
      weight += weigh_command(request->act->commands[i]->command, request->act->commands[i]->n_evidence);
  return weight;
}

static void take_act(struct batch *batch, const struct office *office, const Rectify__V1__Act *act, uint32_t actor) {
  for (size_t i = 0; i < act->n_commands; i++) {
    take_command(batch, office, act->commands[i], actor);
    batch->items[batch->item_count - 1].preview = act->preview;
    batch->ends_with_rule |= !act->preview && act->commands[i]->command == COMMAND_RULE_ISSUE;
  }
}

bool batch_take(struct batch *batch, const struct office *office, const Rectify__V1__Request *request, uint32_t actor,
                const struct route_back *back, const struct uuid *id) {
  bool publishes = request->body_case == RECTIFY__V1__REQUEST__BODY_PUBLISH;
  uint32_t weight = batch_weigh(request);
  must(weight <= REQUEST_EVENTS_MAX);
  if (batch_is_full(batch) || (publishes && batch->item_count > 0)) return false;
  batch->weight += weight;
  struct batch_request *place = &batch->requests[batch->request_count];
  *place = (struct batch_request){*back, *id, batch->item_count, (uint32_t)batch_items(request), actor, false};
  must(batch->item_count + place->item_count <= BATCH_ITEMS_MAX);
  if (publishes) take_publication(batch, request->publish, actor);
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_KEY_CHANGE)
    take_key_change(batch, office, request->key_change, actor);
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT)
    for (size_t i = 0; i < request->submit->n_findings; i++)
      take_finding(batch, office, request->submit->findings[i], actor);
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_ACT) {
    place->preview = request->act->preview;
    take_act(batch, office, request->act, actor);
  }
  batch->request_count++;
  return true;
}
