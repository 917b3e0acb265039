/* codec_event.c - struct event to and from the message Event: the record that is hashed and kept for ever. */
#include <string.h>

#include "proto/codec_internal.h"
#include "proto/codec_numbers.h"
#include "rectify/must.h"

#define FIELD(field, low, high) MAP_AS(Event, field, struct event, field, low, high, 0)
#define NUMBER(field, numbers) MAP_AS(Event, field, struct event, field, 0, 0, numbers)
#define COUNT8(field) FIELD(field, 0, UINT8_MAX)
#define COUNT16(field) FIELD(field, 0, UINT16_MAX)
#define COUNT32(field) FIELD(field, 0, UINT32_MAX)
#define INSTANT(field) FIELD(field, INT64_MIN, INT64_MAX)

static const struct map_row event_rows[] = {
    FIELD(case_no, 0, INT64_MAX),
    COUNT32(version),
    NUMBER(command, NUMBERS_COMMAND),
    COUNT16(rule),
    COUNT32(actor),
    INSTANT(recorded),
    INSTANT(effective),
    COUNT32(policy_version),
    COUNT32(calendar_version),
    COUNT32(registry_version),
    NUMBER(status, NUMBERS_STATUS | OR_NONE),
    NUMBER(track, NUMBERS_TRACK | OR_NONE),
    NUMBER(light, NUMBERS_LIGHT | OR_NONE),
    NUMBER(edge, NUMBERS_EDGE | OR_NONE),
    COUNT32(flags_set),
    COUNT32(flags_clear),
    COUNT16(rework),
    COUNT16(bounces),
    COUNT16(route),
    COUNT32(unit),
    COUNT32(handler),
    COUNT32(verifier),
    COUNT32(accountable),
    INSTANT(first_due),
    INSTANT(closed),
    NUMBER(fired_clock, NUMBERS_CLOCK | OR_NONE),
    COUNT32(fired_generation),
    COUNT32(fired_nth),
    FIELD(document, DOCUMENT_NONE, DOCUMENT_CALENDAR),
    COUNT32(document_version),
    COUNT32(on_behalf),
    FIELD(merged_into, 0, INT64_MAX),
    COUNT16(children_more),
    COUNT16(children_less),
    FIELD(measures, 0, MEASURES_MAX),
    COUNT32(plan_by),
    COUNT8(extensions),
    COUNT16(extended),
    COUNT16(asked),
    COUNT32(asked_by),
    COUNT32(withdrawal_by),
    COUNT32(order_year),
    COUNT32(order_serial),
    FIELD(rule_day, DAY_MIN, DAY_MAX),
    COUNT32(subject),
    NUMBER(form, NUMBERS_FORM | OR_NONE),
    INSTANT(decided),
    COUNT32(rebased_to),
    NUMBER(relation, NUMBERS_RELATION | OR_NONE),
    FIELD(other, 0, INT64_MAX),
    NUMBER(origin, NUMBERS_ORIGIN | OR_NONE),
    FIELD(finding_of, 0, INT64_MAX),
    COUNT32(spawn_unit),
    COUNT32(spawn_officer),
    NUMBER(spawn_track, NUMBERS_TRACK | OR_NONE),
    FIELD(valid_from, DAY_MIN, DAY_MAX),
    FIELD(valid_until, DAY_MIN, DAY_MAX),
    COUNT32(counted),
    COUNT32(plan_for),
    COUNT32(asked_for),
    COUNT32(withdrawal_for),
    COUNT32(endorsed_by),
    COUNT32(endorsed_for),
    COUNT32(closing_by),
    COUNT32(closing_for),
    COUNT16(evidence_spent),
    COUNT16(held),
    COUNT16(staged),
    FIELD(key_kind, KEY_TO_CONNECT, KEY_TO_SIGN),
};
enum { EVENT_ROWS = sizeof event_rows / sizeof event_rows[0] };

#define NOTICE_NUMBER(field, numbers) MAP_AS(EventNotice, field, struct notice_out, field, 0, 0, numbers)
static const struct map_row notice_rows[] = {
    NOTICE_NUMBER(kind, NUMBERS_NOTICE),
    MAP_AS(EventNotice, copy, struct notice_out, copy, 0, 1, 0),
    NOTICE_NUMBER(recipient, NUMBERS_RECIPIENT | OR_NONE),
    MAP_AS(EventNotice, officer, struct notice_out, officer, 0, UINT32_MAX, 0),
    MAP_AS(EventNotice, instead_of, struct notice_out, instead_of, 0, UINT32_MAX, 0),
};
enum { NOTICE_ROWS = sizeof notice_rows / sizeof notice_rows[0] };

#define EVIDENCE_FIELD(field, low, high) MAP_AS(EventEvidence, field, struct evidence_item, field, low, high, 0)
static const struct map_row evidence_rows[] = {
    MAP_AS(EventEvidence, kind, struct evidence_item, kind, 0, 0, NUMBERS_EVIDENCE),
    EVIDENCE_FIELD(measure, 0, MEASURES_MAX),
    EVIDENCE_FIELD(also_in, 0, INT64_MAX),
    EVIDENCE_FIELD(absent, 0, 1),
};
enum { EVIDENCE_ROWS = sizeof evidence_rows / sizeof evidence_rows[0] };

#define FINDING_FIELD(field, low, high) MAP_AS(EventFinding, field, struct finding, field, low, high, 0)
static const struct map_row finding_rows[] = {
    FINDING_FIELD(team, 0, UINT32_MAX),
    FINDING_FIELD(unit, 0, UINT32_MAX),
    MAP_AS(EventFinding, kind, struct finding, kind, 0, 0, NUMBERS_KIND | OR_NONE),
    MAP_AS(EventFinding, severity, struct finding, severity, 0, 0, NUMBERS_SEVERITY | OR_NONE),
    FINDING_FIELD(found_on, DAY_MIN, DAY_MAX),
    FINDING_FIELD(same_problem, 0, UINT32_MAX),
    FINDING_FIELD(same_kind, 0, UINT32_MAX),
    FINDING_FIELD(rule_case, 0, INT64_MAX),
};
enum { FINDING_ROWS = sizeof finding_rows / sizeof finding_rows[0] };

/* Rules are more than a word has bits. */
#define RULE_NUMBER_MAX 1023
#define RULE(no, ...) [no] = true,
static const bool rule_known[RULE_NUMBER_MAX + 1] = {
#include "rectify/rule.def"
};
#undef RULE

/* What the packed message points at, on the caller's stack. */
struct event_parts {
  Rectify__V1__EventEvidence evidence[EVIDENCE_MAX], *evidence_list[EVIDENCE_MAX];
  Rectify__V1__EventClock clocks[CASE_CLOCKS_MAX + 2], *clock_list[CASE_CLOCKS_MAX + 2];
  Rectify__V1__EventNotice notices[EVENT_NOTICES_MAX], *notice_list[EVENT_NOTICES_MAX];
  Rectify__V1__EventFinding finding;
};

static ProtobufCBinaryData borrow(const void *data, size_t length) {
  return (ProtobufCBinaryData){.len = length, .data = (uint8_t *)(uintptr_t)data};
}

static ProtobufCBinaryData borrow_text(const char text[CODE_BYTES_MAX + 1]) {
  size_t length = strnlen(text, CODE_BYTES_MAX + 1);
  must(length <= CODE_BYTES_MAX && codec_line_ok(text, length));
  return borrow(text, length);
}

static void finding_out(const struct finding *finding, Rectify__V1__EventFinding *out) {
  rectify__v1__event_finding__init(out);
  codec_map_out(finding_rows, FINDING_ROWS, finding, out);
  out->id = borrow(finding->id.bytes, sizeof finding->id.bytes);
  out->unit_code = borrow_text(finding->unit_code);
  out->code = borrow_text(finding->code);
  out->category = borrow_text(finding->category);
  out->inspection = borrow_text(finding->inspection);
}

static void evidence_out(const struct event *event, struct event_parts *parts) {
  must(event->evidence_count <= EVIDENCE_MAX);
  for (size_t i = 0; i < event->evidence_count; i++) {
    parts->evidence_list[i] = &parts->evidence[i];
    rectify__v1__event_evidence__init(&parts->evidence[i]);
    codec_map_out(evidence_rows, EVIDENCE_ROWS, &event->evidence[i], &parts->evidence[i]);
    parts->evidence[i].sha256 = borrow(event->evidence[i].sha256.bytes, HASH_BYTES);
  }
}

static void clocks_out(const struct event *event, struct event_parts *parts) {
  must(event->clock_count <= CASE_CLOCKS_MAX + 2);
  for (size_t i = 0; i < event->clock_count; i++) {
    parts->clock_list[i] = &parts->clocks[i];
    codec_clock_out(&event->clocks[i], &parts->clocks[i]);
  }
}

static void notices_out(const struct event *event, struct event_parts *parts) {
  must(event->notice_count <= EVENT_NOTICES_MAX);
  for (size_t i = 0; i < event->notice_count; i++) {
    parts->notice_list[i] = &parts->notices[i];
    rectify__v1__event_notice__init(&parts->notices[i]);
    codec_map_out(notice_rows, NOTICE_ROWS, &event->notices[i], &parts->notices[i]);
  }
}

static void event_out(const struct event *event, struct event_parts *parts, Rectify__V1__Event *out) {
  rectify__v1__event__init(out);
  out->format = 1;
  codec_map_out(event_rows, EVENT_ROWS, event, out);
  out->key = borrow(event->key.bytes, sizeof event->key.bytes);
  out->number = borrow_text(event->number);
  if (event->has_text) out->text_commitment = borrow(event->text.bytes, HASH_BYTES);
  if (event->document != DOCUMENT_NONE) out->document_sha256 = borrow(event->document_sha256.bytes, HASH_BYTES);
  if (event->has_key) out->client_key = borrow(event->client_key.bytes, CLIENT_KEY_BYTES);
  if (event->has_signature) out->signature_commitment = borrow(event->signature.bytes, HASH_BYTES);
  evidence_out(event, parts);
  clocks_out(event, parts);
  notices_out(event, parts);
  out->n_evidence = event->evidence_count;
  out->evidence = parts->evidence_list;
  out->n_clocks = event->clock_count;
  out->clocks = parts->clock_list;
  out->n_notices = event->notice_count;
  out->notices = parts->notice_list;
  if (!event->has_finding) return;
  finding_out(&event->finding, &parts->finding);
  out->finding = &parts->finding;
}

/* The bounds of the fields bound the record below EVENT_BODY_BYTES_MAX; test_codec_events.c packs the largest one. */
size_t codec_event_pack(const struct event *event, uint8_t *out) {
  struct event_parts parts;
  Rectify__V1__Event message;
  must(rule_known[event->rule & RULE_NUMBER_MAX] && event->rule <= RULE_NUMBER_MAX);
  event_out(event, &parts, &message);
  return rectify__v1__event__pack(&message, out);
}

static bool take(const ProtobufCBinaryData *bytes, uint8_t *out, size_t size) {
  if (bytes->len != size) return false;
  memcpy(out, bytes->data, size);
  return true;
}

static bool take_text(const ProtobufCBinaryData *bytes, char out[CODE_BYTES_MAX + 1]) {
  if (bytes->len > CODE_BYTES_MAX || !codec_line_ok(bytes->data, bytes->len)) return false;
  if (bytes->len > 0) memcpy(out, bytes->data, bytes->len);
  return true;
}

static bool finding_in(const Rectify__V1__EventFinding *finding, struct finding *out) {
  return codec_map_in(finding_rows, FINDING_ROWS, finding, out) &&
         take(&finding->id, out->id.bytes, sizeof out->id.bytes) && take_text(&finding->unit_code, out->unit_code) &&
         take_text(&finding->code, out->code) && take_text(&finding->category, out->category) &&
         take_text(&finding->inspection, out->inspection);
}

static bool evidence_in(const Rectify__V1__Event *message, struct event *out) {
  if (message->n_evidence > EVIDENCE_MAX) return false;
  out->evidence_count = (uint16_t)message->n_evidence;
  for (size_t i = 0; i < message->n_evidence; i++) {
    const Rectify__V1__EventEvidence *evidence = message->evidence[i];
    if (!codec_map_in(evidence_rows, EVIDENCE_ROWS, evidence, &out->evidence[i])) return false;
    if (!take(&evidence->sha256, out->evidence[i].sha256.bytes, HASH_BYTES)) return false;
  }
  return true;
}

static bool clocks_in(const Rectify__V1__Event *message, struct event *out) {
  if (message->n_clocks > CASE_CLOCKS_MAX + 2) return false;
  out->clock_count = (uint8_t)message->n_clocks;
  for (size_t i = 0; i < message->n_clocks; i++)
    if (!codec_clock_in(message->clocks[i], &out->clocks[i])) return false;
  return true;
}

static bool notices_in(const Rectify__V1__Event *message, struct event *out) {
  if (message->n_notices > EVENT_NOTICES_MAX) return false;
  out->notice_count = (uint8_t)message->n_notices;
  for (size_t i = 0; i < message->n_notices; i++)
    if (!codec_map_in(notice_rows, NOTICE_ROWS, message->notices[i], &out->notices[i])) return false;
  return true;
}

static bool event_in(const Rectify__V1__Event *message, struct event *out) {
  if (message->format != 1 || !codec_map_in(event_rows, EVENT_ROWS, message, out)) return false;
  if (out->rule > RULE_NUMBER_MAX || !rule_known[out->rule]) return false;
  if (!take(&message->key, out->key.bytes, sizeof out->key.bytes)) return false;
  if (!take_text(&message->number, out->number)) return false;
  out->has_text = message->text_commitment.len > 0;
  if (out->has_text && !take(&message->text_commitment, out->text.bytes, HASH_BYTES)) return false;
  size_t document_bytes = out->document != DOCUMENT_NONE ? HASH_BYTES : 0;
  if (message->document_sha256.len != document_bytes) return false;
  if (document_bytes > 0) memcpy(out->document_sha256.bytes, message->document_sha256.data, document_bytes);
  out->has_key = message->client_key.len > 0;
  if (out->has_key && !take(&message->client_key, out->client_key.bytes, CLIENT_KEY_BYTES)) return false;
  out->has_signature = message->signature_commitment.len > 0;
  if (out->has_signature && !take(&message->signature_commitment, out->signature.bytes, HASH_BYTES)) return false;
  out->has_finding = message->finding != NULL;
  if (out->has_finding && !finding_in(message->finding, &out->finding)) return false;
  return evidence_in(message, out) && clocks_in(message, out) && notices_in(message, out);
}

/* Only the one packing of an event is accepted: see codec_state_unpack(). */
bool codec_event_unpack(struct codec_arena *arena, const void *data, size_t length, struct event *out) {
  if (length > EVENT_BODY_BYTES_MAX) return false;
  size_t mark = arena->used;
  uint8_t again[EVENT_BODY_BYTES_MAX];
  memset(out, 0, sizeof *out);
  Rectify__V1__Event *message = rectify__v1__event__unpack(&arena->allocator, length, data);
  bool ok = message != NULL && event_in(message, out) && codec_event_pack(out, again) == length &&
            memcmp(again, data, length) == 0;
  arena->used = mark;
  return ok;
}
