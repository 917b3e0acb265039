/* The records of the log and the folded states: packed and unpacked they stay what they were, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/codec_internal.h"

#define ROUNDS 20000

static uint64_t random_state;

static int seed(void **state) {
  (void)state;
  random_state = 20260209;
  return 0;
}

static uint64_t random_next(void) {
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  uint64_t high = random_state >> 32;
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return high << 32 | random_state >> 32;
}

/* 0 .. limit - 1 */
static uint32_t below(uint32_t limit) { return (uint32_t)(random_next() % limit); }

/* A third zeros, a third small, a third anything of so many bits. */
static uint64_t some(unsigned bits) {
  uint32_t way = below(3);
  uint64_t any = bits == 64 ? random_next() : random_next() & ((UINT64_C(1) << bits) - 1);
  return way == 0 ? 0 : way == 1 ? any & 0x7f : any;
}

static uint8_t some_flag_bits(void) { return (uint8_t)some(8); }
static uint32_t some_id(void) { return (uint32_t)some(32); }
static uint16_t some_count(void) { return (uint16_t)some(16); }
static usec_t some_instant(void) { return (usec_t)some(64); }

static void some_bytes(uint8_t *out, size_t size) {
  for (size_t i = 0; i < size; i++) out[i] = (uint8_t)random_next();
}

static void some_code(char out[CODE_BYTES_MAX + 1]) {
  uint32_t length = below(2) ? below(CODE_BYTES_MAX + 1) : below(8);
  for (uint32_t i = 0; i < length; i++) out[i] = (char)('!' + below(90));
}

static void some_clock(struct case_clock *clock, bool may_be_stopped) {
  clock->kind = (uint8_t)(1 + below(CLOCK_COUNT));
  clock->state = (uint8_t)(1 + below(may_be_stopped ? 3 : 2));
  clock->track = (uint8_t)below(TRACK_COUNT + 1);
  clock->provisional = below(2) != 0;
  clock->budget = (struct span){.count = (int32_t)some(32), .unit = (uint8_t)below(3)};
  clock->generation = some_id();
  clock->nth = some_id();
  clock->rung = (uint8_t)below(RUNGS_MAX + 1);
  clock->repeat = some_id();
  clock->start = some_instant();
  clock->due = some_instant();
  clock->paused = some_instant();
  clock->next_fire = some_instant();
  if (clock->next_fire == 0) clock->next_fire = INSTANT_NONE;
}

static void some_finding(struct finding *finding) {
  some_bytes(finding->id.bytes, 16);
  finding->team = some_id();
  finding->unit = some_id();
  finding->kind = (uint8_t)below(KIND_COUNT + 1);
  finding->severity = (uint8_t)below(SEVERITY_COUNT + 1);
  finding->found_on = (day_t)below(DAY_MAX + 1);
  finding->same_problem = some_id();
  finding->same_kind = some_id();
  some_code(finding->unit_code);
  some_code(finding->code);
  some_code(finding->category);
  some_code(finding->inspection);
}

static void some_lists(struct event *event) {
  event->evidence_count = (uint16_t)below(EVIDENCE_MAX + 1);
  for (unsigned i = 0; i < event->evidence_count; i++) {
    event->evidence[i].kind = (uint8_t)(1 + below(EVIDENCE_COUNT));
    some_bytes(event->evidence[i].sha256.bytes, HASH_BYTES);
  }
  event->clock_count = (uint8_t)below(CASE_CLOCKS_MAX + 3);
  for (unsigned i = 0; i < event->clock_count; i++) some_clock(&event->clocks[i], true);
  event->notice_count = (uint8_t)below(EVENT_NOTICES_MAX + 1);
  for (unsigned i = 0; i < event->notice_count; i++)
    event->notices[i] = (struct notice_out){.kind = (uint8_t)(1 + below(NOTICE_COUNT)),
                                            .copy = below(2) != 0,
                                            .recipient = (uint8_t)below(RECIPIENT_COUNT + 1),
                                            .officer = some_id()};
}

static void some_effects(struct event *event) {
  event->status = (uint8_t)below(STATUS_COUNT + 1);
  event->track = (uint8_t)below(TRACK_COUNT + 1);
  event->light = (uint8_t)below(LIGHT_COUNT + 1);
  event->edge = (uint8_t)below(EDGE_COUNT + 1);
  event->flags_set = some_flag_bits();
  event->flags_clear = some_flag_bits();
  event->rework = some_count();
  event->bounces = some_count();
  event->route = some_count();
  event->unit = some_id();
  event->handler = some_id();
  event->verifier = some_id();
  event->accountable = some_id();
  event->first_due = some_instant();
  event->closed = some_instant();
  event->fired_clock = (uint8_t)below(CLOCK_COUNT + 1);
  event->fired_generation = some_id();
  event->fired_nth = some_id();
}

static void some_event(struct event *event) {
  static const uint16_t rules[] = {RULE_NO_SUCH_CASE, RULE_ROLE_MISSING, RULE_ACCEPTED_ROUTED, RULE_RUNG_FIRED, RULE_PUBLISHED};
  memset(event, 0, sizeof *event);
  event->case_no = some(63);
  event->version = some_id();
  event->command = (uint8_t)(1 + below(COMMAND_DECIDE));
  event->rule = rules[below(5)];
  some_bytes(event->key.bytes, 16);
  event->actor = some_id();
  event->recorded = some_instant();
  event->effective = some_instant();
  event->policy_version = some_id();
  event->calendar_version = some_id();
  event->registry_version = some_id();
  event->has_text = below(2) != 0;
  if (event->has_text) some_bytes(event->text.bytes, HASH_BYTES);
  some_effects(event);
  some_lists(event);
  event->has_finding = below(2) != 0;
  if (event->has_finding) some_finding(&event->finding);
  event->document = (uint8_t)below(DOCUMENT_CALENDAR + 1);
  event->document_version = some_id();
  if (event->document != DOCUMENT_NONE) some_bytes(event->document_sha256.bytes, HASH_BYTES);
}

static void some_state(struct case_state *out) {
  memset(out, 0, sizeof *out);
  out->case_no = 1 + (some(63) >> 1);
  out->version = 1 + (some_id() >> 1);
  out->status = (uint8_t)(1 + below(STATUS_COUNT));
  out->track = (uint8_t)below(TRACK_COUNT + 1);
  out->kind = (uint8_t)below(KIND_COUNT + 1);
  out->severity = (uint8_t)below(SEVERITY_COUNT + 1);
  out->light = (uint8_t)below(LIGHT_COUNT + 1);
  out->flags = some_flag_bits();
  uint16_t *counts[] = {&out->evidence_kinds, &out->evidence_count, &out->rework, &out->bounces, &out->route};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) *counts[i] = some_count();
  uint32_t *ids[] = {&out->unit,     &out->reported_unit, &out->team,           &out->reporter,
                     &out->handler,  &out->verifier,      &out->accountable,    &out->policy_version,
                     &out->same_kind, &out->same_problem,  &out->calendar_version};
  for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) *ids[i] = some_id();
  out->found_on = (day_t)below(DAY_MAX + 1);
  out->opened = some_instant();
  out->first_due = some_instant();
  out->closed = some_instant();
  for (uint32_t i = 0, clocks = below(CASE_CLOCKS_MAX + 1); i < clocks; i++) some_clock(&out->clocks[i], true);
}

static void test_events_come_back(void **state) {
  (void)state;
  static struct event in, out;
  for (unsigned round = 0; round < ROUNDS; round++) {
    uint8_t bytes[EVENT_BODY_BYTES_MAX], again[EVENT_BODY_BYTES_MAX];
    some_event(&in);
    size_t length = codec_event_pack(&in, bytes);
    assert_true(length <= sizeof bytes);
    assert_true(codec_event_unpack(bytes, length, &out));
    assert_memory_equal(&in, &out, sizeof in);
    assert_int_equal(codec_event_pack(&out, again), length);
    assert_memory_equal(bytes, again, length);
  }
}

static void test_states_come_back(void **state) {
  (void)state;
  static struct case_state in, out;
  for (unsigned round = 0; round < ROUNDS; round++) {
    uint8_t bytes[STATE_BODY_BYTES_MAX];
    some_state(&in);
    size_t length = codec_state_pack(&in, bytes);
    assert_true(length <= sizeof bytes);
    assert_true(codec_state_unpack(bytes, length, &out));
    assert_memory_equal(&in, &out, sizeof in);
  }
}

/* Whatever bytes are accepted are the one packing of what they say. */
static void test_changed_records_are_refused_or_mean_something_else(void **state) {
  (void)state;
  static struct event in, out;
  unsigned accepted = 0;
  for (unsigned round = 0; round < ROUNDS; round++) {
    uint8_t bytes[EVENT_BODY_BYTES_MAX], again[EVENT_BODY_BYTES_MAX];
    some_event(&in);
    size_t length = codec_event_pack(&in, bytes);
    bytes[below((uint32_t)length)] ^= (uint8_t)(1 + below(255));
    if (!codec_event_unpack(bytes, length, &out)) continue;
    accepted++;
    assert_int_equal(codec_event_pack(&out, again), length);
    assert_memory_equal(bytes, again, length);
    assert_memory_not_equal(&in, &out, sizeof in);
  }
  assert_true(accepted > 0 && accepted < ROUNDS);
}

/* A message cut between two fields is a message too; anywhere else the cut is seen. */
static void test_truncated_records(void **state) {
  (void)state;
  static struct event event, out;
  static struct case_state folded;
  uint8_t bytes[EVENT_BODY_BYTES_MAX], again[EVENT_BODY_BYTES_MAX];
  unsigned accepted = 0;
  some_event(&event);
  event.document = DOCUMENT_POLICY;
  size_t length = codec_event_pack(&event, bytes);
  for (size_t cut = 0; cut < length; cut++) {
    if (!codec_event_unpack(bytes, cut, &out)) continue;
    accepted++;
    assert_int_equal(codec_event_pack(&out, again), cut);
    assert_memory_equal(bytes, again, cut);
    assert_true(cut <= length - HASH_BYTES - 5); /* a document without its hash is refused */
  }
  assert_true(accepted < 64 + CASE_CLOCKS_MAX + 2 + EVENT_NOTICES_MAX + EVIDENCE_MAX);
  some_state(&folded);
  some_clock(&folded.clocks[0], false);
  length = codec_state_pack(&folded, bytes);
  assert_false(codec_state_unpack(bytes, length - 1, &folded));
  assert_false(codec_state_unpack(bytes, 0, &folded));
}

/* Every field at its longest on the wire. */
static void largest_clock(struct case_clock *clock) {
  *clock = (struct case_clock){.kind = CLOCK_COUNT, .state = CLOCK_STOPPED, .track = TRACK_COUNT, .provisional = true,
                               .budget = {.count = INT32_MIN, .unit = SPAN_HOURS}, .generation = UINT32_MAX,
                               .nth = UINT32_MAX, .rung = RUNGS_MAX, .repeat = UINT32_MAX, .start = INT64_MIN,
                               .due = INT64_MIN, .next_fire = INT64_MIN, .paused = INT64_MIN, .moved = INT64_MIN,
                               .extended = INT32_MIN};
}

static void largest_effects(struct event *event) {
  event->status = STATUS_COUNT;
  event->track = TRACK_COUNT;
  event->light = LIGHT_COUNT;
  event->edge = EDGE_COUNT;
  event->flags_set = event->flags_clear = event->on_behalf = UINT32_MAX;
  event->merged_into = event->other = event->finding_of = INT64_MAX;
  event->children_more = event->children_less = event->extended = event->asked = UINT16_MAX;
  event->measures = MEASURES_MAX;
  event->extensions = UINT8_MAX;
  event->plan_by = event->asked_by = event->withdrawal_by = event->order_year = event->order_serial = UINT32_MAX;
  event->plan_for = event->asked_for = event->withdrawal_for = event->endorsed_by = event->endorsed_for = UINT32_MAX;
  event->closing_by = event->closing_for = UINT32_MAX;
  event->evidence_spent = event->held = event->staged = UINT16_MAX;
  event->subject = event->rebased_to = event->spawn_unit = event->spawn_officer = UINT32_MAX;
  event->spawn_track = TRACK_COUNT;
  event->rule_day = DAY_MAX;
  event->form = FORM_COUNT;
  event->decided = INT64_MIN;
  event->relation = RELATION_COUNT;
  event->origin = ORIGIN_COUNT;
  memset(event->number, 'x', CODE_BYTES_MAX);
  event->rework = event->bounces = event->route = UINT16_MAX;
  event->unit = event->handler = event->verifier = event->accountable = UINT32_MAX;
  event->first_due = event->closed = INT64_MIN;
  event->fired_clock = CLOCK_COUNT;
  event->fired_generation = event->fired_nth = event->document_version = UINT32_MAX;
  event->document = DOCUMENT_CALENDAR;
}

static void largest_event(struct event *event) {
  memset(event, 0, sizeof *event);
  event->case_no = INT64_MAX;
  event->version = event->actor = UINT32_MAX;
  event->policy_version = event->calendar_version = event->registry_version = UINT32_MAX;
  event->command = COMMAND_PUBLISH;
  event->rule = RULE_PUBLISHED;
  event->recorded = event->effective = INT64_MIN;
  event->has_text = event->has_finding = event->has_signature = event->has_key = true;
  event->key_kind = KEY_TO_SIGN;
  event->valid_from = event->valid_until = DAY_MAX;
  largest_effects(event);
  event->evidence_count = EVIDENCE_MAX;
  for (unsigned i = 0; i < EVIDENCE_MAX; i++)
    event->evidence[i] =
        (struct evidence_item){.kind = EVIDENCE_COUNT, .measure = MEASURES_MAX, .also_in = INT64_MAX, .absent = true};
  event->clock_count = CASE_CLOCKS_MAX + 2;
  for (unsigned i = 0; i < event->clock_count; i++) largest_clock(&event->clocks[i]);
  event->notice_count = EVENT_NOTICES_MAX;
  for (unsigned i = 0; i < EVENT_NOTICES_MAX; i++)
    event->notices[i] = (struct notice_out){NOTICE_COUNT, true, RECIPIENT_COUNT, UINT32_MAX, UINT32_MAX};
  struct finding *finding = &event->finding;
  finding->team = finding->unit = finding->same_problem = finding->same_kind = UINT32_MAX;
  finding->kind = KIND_COUNT;
  finding->rule_case = INT64_MAX;
  finding->severity = SEVERITY_COUNT;
  finding->found_on = DAY_MAX;
  char *codes[] = {finding->unit_code, finding->code, finding->category, finding->inspection};
  for (unsigned i = 0; i < 4; i++) memset(codes[i], 'x', CODE_BYTES_MAX);
}

static void test_the_largest_fit(void **state) {
  (void)state;
  static struct event event, event_out;
  static uint8_t bytes[4 * EVENT_BODY_BYTES_MAX];
  largest_event(&event);
  size_t length = codec_event_pack(&event, bytes);
  assert_true(length <= EVENT_BODY_BYTES_MAX);
  assert_true(codec_event_unpack(bytes, length, &event_out));
  assert_memory_equal(&event, &event_out, sizeof event);

  struct case_state folded = {.case_no = INT64_MAX, .version = UINT32_MAX, .status = STATUS_COUNT,
                              .track = TRACK_COUNT, .kind = KIND_COUNT, .severity = SEVERITY_COUNT,
                              .light = LIGHT_COUNT, .flags = UINT32_MAX, .origin = ORIGIN_COUNT,
                              .parent = INT64_MAX, .finding_of = INT64_MAX, .merged_into = INT64_MAX,
                              .children = UINT16_MAX, .measures = MEASURES_MAX, .measures_shown = UINT32_MAX,
                              .plan_by = UINT32_MAX, .extensions = UINT8_MAX, .extended = UINT16_MAX,
                              .asked = UINT16_MAX, .asked_by = UINT32_MAX, .withdrawal_by = UINT32_MAX,
                              .plan_for = UINT32_MAX, .asked_for = UINT32_MAX, .withdrawal_for = UINT32_MAX,
                              .endorsed_by = UINT32_MAX, .endorsed_for = UINT32_MAX, .closing_by = UINT32_MAX,
                              .closing_for = UINT32_MAX, .evidence_spent = UINT16_MAX, .held = UINT16_MAX,
                              .staged = UINT16_MAX, .absorbed = UINT16_MAX,
                              .order_year = UINT32_MAX, .order_serial = UINT32_MAX, .rule_day = DAY_MAX,
                              .subject = UINT32_MAX, .form = FORM_COUNT, .decided = INT64_MIN, .evidence_kinds = UINT16_MAX,
                              .evidence_count = UINT16_MAX, .rework = UINT16_MAX, .bounces = UINT16_MAX,
                              .route = UINT16_MAX, .unit = UINT32_MAX, .reported_unit = UINT32_MAX,
                              .team = UINT32_MAX, .reporter = UINT32_MAX, .handler = UINT32_MAX,
                              .verifier = UINT32_MAX, .accountable = UINT32_MAX, .policy_version = UINT32_MAX,
                              .calendar_version = UINT32_MAX, .same_problem = UINT32_MAX, .same_kind = UINT32_MAX,
                              .found_on = DAY_MAX, .opened = INT64_MIN, .first_due = INT64_MIN, .closed = INT64_MIN};
  for (unsigned i = 0; i < CASE_CLOCKS_MAX; i++) largest_clock(&folded.clocks[i]);
  assert_true(codec_state_pack(&folded, bytes) <= STATE_BODY_BYTES_MAX);
}

/* One field of an otherwise good message out of its range. */
struct spoil {
  const char *name;
  size_t offset;
  uint32_t value;
};
#define SPOIL(Type, field, number) {#field, offsetof(Rectify__V1__##Type, field), number}

static void test_event_numbers_have_ranges(void **state) {
  (void)state;
  static const struct spoil spoils[] = {
      SPOIL(Event, format, 2),          SPOIL(Event, command, 0),
      SPOIL(Event, command, 47),        SPOIL(Event, rule, 99),
      SPOIL(Event, rule, 1 << 16),      SPOIL(Event, status, STATUS_COUNT + 1),
      SPOIL(Event, track, 6),           SPOIL(Event, light, 4),
      SPOIL(Event, edge, 4),            SPOIL(Event, measures, 33),
      SPOIL(Event, rework, 1 << 16),    SPOIL(Event, fired_clock, 12),
      SPOIL(Event, document, 4),        SPOIL(Event, case_no, UINT32_MAX), /* control: in range */
  };
  static struct event event;
  for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
    Rectify__V1__Event message = RECTIFY__V1__EVENT__INIT;
    uint8_t key[16] = {1}, bytes[EVENT_BODY_BYTES_MAX];
    message.format = 1;
    message.command = COMMAND_COMMENT;
    message.rule = RULE_COMMENTED;
    message.key = (ProtobufCBinaryData){.len = sizeof key, .data = key};
    memcpy((uint8_t *)&message + spoils[i].offset, &spoils[i].value, sizeof spoils[i].value);
    size_t length = rectify__v1__event__pack(&message, bytes);
    bool ok = codec_event_unpack(bytes, length, &event);
    if (ok != (strcmp(spoils[i].name, "case_no") == 0)) fail_msg("%s %u", spoils[i].name, spoils[i].value);
  }
}

static void test_clock_numbers_have_ranges(void **state) {
  (void)state;
  static const struct spoil spoils[] = {
      SPOIL(EventClock, kind, 0),        SPOIL(EventClock, kind, 12), SPOIL(EventClock, state, 0),
      SPOIL(EventClock, state, 4),       SPOIL(EventClock, track, 6), SPOIL(EventClock, rung, RUNGS_MAX + 1),
      SPOIL(EventClock, budget_unit, 3), SPOIL(EventClock, nth, 7), /* control: in range */
  };
  struct case_state folded = {.case_no = 1, .version = 1, .status = STATUS_DISPATCHED};
  for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
    Rectify__V1__CaseState message = RECTIFY__V1__CASE_STATE__INIT;
    Rectify__V1__EventClock clock = RECTIFY__V1__EVENT_CLOCK__INIT, *clocks[] = {&clock};
    uint8_t bytes[STATE_BODY_BYTES_MAX];
    message.format = message.version = message.status = 1;
    message.case_no = 1;
    message.n_clocks = 1;
    message.clocks = clocks;
    clock.kind = clock.state = 1;
    memcpy((uint8_t *)&clock + spoils[i].offset, &spoils[i].value, sizeof spoils[i].value);
    size_t length = rectify__v1__case_state__pack(&message, bytes);
    bool ok = codec_state_unpack(bytes, length, &folded);
    if (ok != (strcmp(spoils[i].name, "nth") == 0)) fail_msg("%s %u", spoils[i].name, spoils[i].value);
  }
  assert_int_equal(folded.clocks[0].next_fire, INSTANT_NONE);
}

/* The format is for ever: bytes written once must always be read, and written, the same. */
static void test_a_known_record(void **state) {
  (void)state;
  static struct event event;
  event = (struct event){.case_no = 300, .version = 2, .command = COMMAND_SIGN_FOR, .rule = RULE_SIGNED_FOR,
                         .key = {{1, 2, 3}}, .actor = 7, .recorded = 5, .effective = 5, .policy_version = 1,
                         .status = STATUS_RECTIFYING, .clock_count = 1};
  event.clocks[0] = (struct case_clock){.kind = CLOCK_SIGN_FOR, .state = CLOCK_STOPPED, .next_fire = INSTANT_NONE};
  static const uint8_t known[] = {0x08, 1, 0x10, 0xac, 2, 0x18, 2, 0x20, 3, 0x28, 0xdb, 4, 0x32, 16, 1, 2, 3, 0, 0, 0,
                                  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x38, 7, 0x40, 10, 0x48, 10, 0x50, 1, 0x78, 4,
                                  0xf2, 1, 4, 0x08, 1, 0x10, 3};
  uint8_t bytes[EVENT_BODY_BYTES_MAX];
  assert_int_equal(codec_event_pack(&event, bytes), sizeof known);
  assert_memory_equal(bytes, known, sizeof known);
}

/* ---- by the schema ---- */

static const struct record_row *row_named(const struct record *record, const char *name) {
  for (size_t i = 0; i < record->count; i++)
    if (strcmp(record->rows[i].name, name) == 0) return &record->rows[i];
  return NULL;
}

static bool is_written_as(const struct record_row *row, const ProtobufCFieldDescriptor *field) {
  const bool is_signed = field->type == PROTOBUF_C_TYPE_SINT32 || field->type == PROTOBUF_C_TYPE_SINT64;
  if (row->kind == ROW_PARTS || row->kind == ROW_PART_IF)
    return field->type == PROTOBUF_C_TYPE_MESSAGE && field->descriptor == row->part->message &&
           (field->label == PROTOBUF_C_LABEL_REPEATED) == (row->kind == ROW_PARTS);
  if (row->kind != ROW_NUMBER) return field->type == PROTOBUF_C_TYPE_BYTES;
  return row->zigzag == is_signed && (is_signed || field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_UINT64 ||
                                      field->type == PROTOBUF_C_TYPE_BOOL);
}

/* Every field has its row, under its name and number and as its type is written; rows ascend. */
static void agrees_with_schema(const struct record *record) {
  for (size_t i = 1; i < record->count; i++) assert_true(record->rows[i - 1].number < record->rows[i].number);
  size_t fields = 0;
  for (unsigned i = 0; i < record->message->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &record->message->fields[i];
    if (strcmp(field->name, "format") == 0) continue;
    const struct record_row *row = row_named(record, field->name);
    if (row == NULL || row->number != field->id || !is_written_as(row, field))
      fail_msg("%s.%s: no such row", record->message->short_name, field->name);
    if (row->part != NULL) agrees_with_schema(row->part);
    fields++;
  }
  assert_int_equal(fields, record->count);
}

static void test_the_rows_are_those_of_the_schema(void **state) {
  (void)state;
  agrees_with_schema(&codec_event_record);
  agrees_with_schema(&codec_state_record);
}

/* Read and packed by protobuf-c, the bytes are the same. */
static bool is_canonical(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t length) {
  static uint8_t again[2 * EVENT_BODY_BYTES_MAX];
  ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, length, bytes);
  if (message == NULL) return false;
  const bool same = protobuf_c_message_get_packed_size(message) <= sizeof again &&
                    protobuf_c_message_pack(message, again) == length && memcmp(again, bytes, length) == 0;
  protobuf_c_message_free_unpacked(message, NULL);
  return same;
}

/* So that a record is what any reader of the schema reads, and none that is taken has another packing. */
static void test_protobuf_packs_the_same(void **state) {
  (void)state;
  static struct event event, event_out;
  static struct case_state folded, folded_out;
  for (unsigned round = 0; round < ROUNDS; round++) {
    uint8_t bytes[EVENT_BODY_BYTES_MAX];
    some_event(&event);
    size_t length = codec_event_pack(&event, bytes);
    assert_true(is_canonical(&rectify__v1__event__descriptor, bytes, length));
    bytes[below((uint32_t)length)] ^= (uint8_t)(1 + below(255));
    if (codec_event_unpack(bytes, length, &event_out)) assert_true(is_canonical(&rectify__v1__event__descriptor, bytes, length));
    some_state(&folded);
    length = codec_state_pack(&folded, bytes);
    assert_true(is_canonical(&rectify__v1__case_state__descriptor, bytes, length));
    bytes[below((uint32_t)length)] ^= (uint8_t)(1 + below(255));
    if (codec_state_unpack(bytes, length, &folded_out))
      assert_true(is_canonical(&rectify__v1__case_state__descriptor, bytes, length));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_events_come_back, seed),
      cmocka_unit_test_setup(test_states_come_back, seed),
      cmocka_unit_test_setup(test_changed_records_are_refused_or_mean_something_else, seed),
      cmocka_unit_test_setup(test_truncated_records, seed),
      cmocka_unit_test(test_the_largest_fit),
      cmocka_unit_test(test_event_numbers_have_ranges),
      cmocka_unit_test(test_clock_numbers_have_ranges),
      cmocka_unit_test(test_a_known_record),
      cmocka_unit_test(test_the_rows_are_those_of_the_schema),
      cmocka_unit_test_setup(test_protobuf_packs_the_same, seed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
