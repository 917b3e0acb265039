/* codec_event.c - struct event to and from the message Event: the record that is hashed and kept for ever. */
#include <string.h>

#include "proto/codec_internal.h"
#include "proto/codec_numbers.h"
#include "rectify/must.h"

/* ---- clocks ---- */

#define CLOCK_FIELD(no, field, member, low, high) ROW_AS(no, field, struct case_clock, member, low, high, 0)
#define CLOCK_NUMBER(no, field, member, numbers) ROW_AS(no, field, struct case_clock, member, 0, 0, numbers)
#define CLOCK_INSTANT(no, field) CLOCK_FIELD(no, field, field, INT64_MIN, INT64_MAX)
#define STATES (NUMBER_BIT(CLOCK_RUNNING) | NUMBER_BIT(CLOCK_PAUSED) | NUMBER_BIT(CLOCK_STOPPED))
#define SPANS (NUMBER_BIT(SPAN_NONE) | NUMBER_BIT(SPAN_WD) | NUMBER_BIT(SPAN_HOURS))

static const struct record_row clock_rows[] = {
    CLOCK_NUMBER(1, kind, kind, NUMBERS_CLOCK),
    CLOCK_NUMBER(2, state, state, STATES),
    CLOCK_NUMBER(3, track, track, NUMBERS_TRACK | OR_NONE),
    CLOCK_FIELD(4, provisional, provisional, 0, 1),
    CLOCK_FIELD(5, budget, budget.count, INT32_MIN, INT32_MAX),
    CLOCK_NUMBER(6, budget_unit, budget.unit, SPANS),
    CLOCK_FIELD(7, generation, generation, 0, UINT32_MAX),
    CLOCK_FIELD(8, nth, nth, 0, UINT32_MAX),
    CLOCK_FIELD(9, rung, rung, 0, RUNGS_MAX),
    CLOCK_FIELD(10, repeat, repeat, 0, UINT32_MAX),
    CLOCK_INSTANT(11, start),
    CLOCK_INSTANT(12, due),
    ROW_OF(ROW_NUMBER, 13, next_fire, struct case_clock, next_fire, SIZE_OF(struct case_clock, next_fire), .zigzag = true,
           .min = INT64_MIN, .max = INT64_MAX, .none = INSTANT_NONE),
    CLOCK_INSTANT(14, paused),
    CLOCK_INSTANT(15, moved),
    CLOCK_FIELD(16, extended, extended, INT32_MIN, INT32_MAX),
};
RECORD(codec_clock_record, event_clock, clock_rows);

/* ---- what else an event has ---- */

#define NOTICE_FIELD(no, field, high, numbers) ROW_AS(no, field, struct notice_out, field, 0, high, numbers)
static const struct record_row notice_rows[] = {
    NOTICE_FIELD(1, kind, 0, NUMBERS_NOTICE),
    NOTICE_FIELD(2, copy, 1, 0),
    NOTICE_FIELD(3, recipient, 0, NUMBERS_RECIPIENT | OR_NONE),
    NOTICE_FIELD(4, officer, UINT32_MAX, 0),
    NOTICE_FIELD(5, instead_of, UINT32_MAX, 0),
};
static RECORD(notice_record, event_notice, notice_rows);

#define EVIDENCE_FIELD(no, field, high, numbers) ROW_AS(no, field, struct evidence_item, field, 0, high, numbers)
static const struct record_row evidence_rows[] = {
    EVIDENCE_FIELD(1, kind, 0, NUMBERS_EVIDENCE),
    ROW_OF(ROW_BYTES, 2, sha256, struct evidence_item, sha256, SIZE_OF(struct evidence_item, sha256)),
    EVIDENCE_FIELD(3, measure, MEASURES_MAX, 0),
    EVIDENCE_FIELD(4, also_in, INT64_MAX, 0),
    EVIDENCE_FIELD(5, absent, 1, 0),
};
static RECORD(evidence_record, event_evidence, evidence_rows);

#define FINDING_FIELD(no, field, low, high, numbers) ROW_AS(no, field, struct finding, field, low, high, numbers)
static const struct record_row finding_rows[] = {
    ROW_OF(ROW_BYTES, 1, id, struct finding, id, SIZE_OF(struct finding, id)),
    FINDING_FIELD(2, team, 0, UINT32_MAX, 0),
    FINDING_FIELD(3, unit, 0, UINT32_MAX, 0),
    FINDING_FIELD(4, kind, 0, 0, NUMBERS_KIND | OR_NONE),
    FINDING_FIELD(5, severity, 0, 0, NUMBERS_SEVERITY | OR_NONE),
    FINDING_FIELD(6, found_on, DAY_MIN, DAY_MAX, 0),
    FINDING_FIELD(7, same_problem, 0, UINT32_MAX, 0),
    FINDING_FIELD(8, same_kind, 0, UINT32_MAX, 0),
    ROW_LINE_AS(9, struct finding, unit_code),
    ROW_LINE_AS(10, struct finding, code),
    ROW_LINE_AS(11, struct finding, category),
    ROW_LINE_AS(12, struct finding, inspection),
    FINDING_FIELD(13, rule_case, 0, INT64_MAX, 0),
};
static RECORD(finding_record, event_finding, finding_rows);

/* ---- the event ---- */

#define FIELD(no, field, low, high) ROW_AS(no, field, struct event, field, low, high, 0)
#define NUMBER(no, field, numbers) ROW_AS(no, field, struct event, field, 0, 0, numbers)
#define COUNT8(no, field) FIELD(no, field, 0, UINT8_MAX)
#define COUNT16(no, field) FIELD(no, field, 0, UINT16_MAX)
#define COUNT32(no, field) FIELD(no, field, 0, UINT32_MAX)
#define INSTANT(no, field) FIELD(no, field, INT64_MIN, INT64_MAX)
#define BYTES(kind, no, field, member, of) \
  ROW_OF(kind, no, field, struct event, member, SIZE_OF(struct event, member), .flag = offsetof(struct event, of))
#define LIST(no, field, counter, record)                                                                     \
  ROW_LIST_AS(no, field, struct event, field, SIZE_OF(struct event, counter), .flag = offsetof(struct event, counter), \
              .part = &(record))

static const struct record_row event_rows[] = {
    FIELD(2, case_no, 0, INT64_MAX),
    COUNT32(3, version),
    NUMBER(4, command, NUMBERS_COMMAND),
    COUNT16(5, rule),
    ROW_OF(ROW_BYTES, 6, key, struct event, key, SIZE_OF(struct event, key)),
    COUNT32(7, actor),
    INSTANT(8, recorded),
    INSTANT(9, effective),
    COUNT32(10, policy_version),
    COUNT32(11, calendar_version),
    COUNT32(12, registry_version),
    BYTES(ROW_BYTES_IF, 13, text_commitment, text, has_text),
    LIST(14, evidence, evidence_count, evidence_record),
    NUMBER(15, status, NUMBERS_STATUS | OR_NONE),
    NUMBER(16, track, NUMBERS_TRACK | OR_NONE),
    NUMBER(17, light, NUMBERS_LIGHT | OR_NONE),
    NUMBER(18, edge, NUMBERS_EDGE | OR_NONE),
    COUNT32(19, flags_set),
    COUNT32(20, flags_clear),
    COUNT16(21, rework),
    COUNT16(22, bounces),
    COUNT16(23, route),
    COUNT32(24, unit),
    COUNT32(25, handler),
    COUNT32(26, verifier),
    COUNT32(27, accountable),
    INSTANT(28, first_due),
    INSTANT(29, closed),
    LIST(30, clocks, clock_count, codec_clock_record),
    LIST(31, notices, notice_count, notice_record),
    NUMBER(32, fired_clock, NUMBERS_CLOCK | OR_NONE),
    COUNT32(33, fired_generation),
    COUNT32(34, fired_nth),
    ROW_OF(ROW_PART_IF, 35, finding, struct event, finding, .flag = offsetof(struct event, has_finding), .part = &finding_record),
    FIELD(36, document, DOCUMENT_NONE, DOCUMENT_CALENDAR),
    COUNT32(37, document_version),
    BYTES(ROW_BYTES_WITH, 38, document_sha256, document_sha256, document),
    COUNT32(39, on_behalf),
    FIELD(40, merged_into, 0, INT64_MAX),
    COUNT16(41, children_more),
    COUNT16(42, children_less),
    FIELD(43, measures, 0, MEASURES_MAX),
    COUNT32(44, plan_by),
    COUNT8(45, extensions),
    COUNT16(46, extended),
    COUNT16(47, asked),
    COUNT32(48, asked_by),
    COUNT32(49, withdrawal_by),
    COUNT32(50, order_year),
    COUNT32(51, order_serial),
    FIELD(52, rule_day, DAY_MIN, DAY_MAX),
    COUNT32(53, subject),
    NUMBER(54, form, NUMBERS_FORM | OR_NONE),
    INSTANT(55, decided),
    ROW_LINE_AS(56, struct event, number),
    COUNT32(57, rebased_to),
    NUMBER(58, relation, NUMBERS_RELATION | OR_NONE),
    FIELD(59, other, 0, INT64_MAX),
    NUMBER(60, origin, NUMBERS_ORIGIN | OR_NONE),
    FIELD(61, finding_of, 0, INT64_MAX),
    COUNT32(62, spawn_unit),
    COUNT32(63, spawn_officer),
    NUMBER(64, spawn_track, NUMBERS_TRACK | OR_NONE),
    COUNT32(65, plan_for),
    COUNT32(66, asked_for),
    COUNT32(67, withdrawal_for),
    COUNT32(68, endorsed_by),
    COUNT32(69, endorsed_for),
    COUNT32(70, closing_by),
    COUNT32(71, closing_for),
    COUNT16(72, evidence_spent),
    COUNT16(73, held),
    COUNT16(74, staged),
    BYTES(ROW_BYTES_IF, 75, client_key, client_key, has_key),
    FIELD(76, valid_from, DAY_MIN, DAY_MAX),
    FIELD(77, valid_until, DAY_MIN, DAY_MAX),
    COUNT32(78, counted),
    BYTES(ROW_BYTES_IF, 79, signature_commitment, signature, has_signature),
    FIELD(80, key_kind, KEY_TO_CONNECT, KEY_TO_SIGN),
};
RECORD(codec_event_record, event, event_rows);

/* Rules are more than a word has bits. */
#define RULE_NUMBER_MAX 1023
#define RULE(no, ...) [no] = true,
static const bool rule_known[RULE_NUMBER_MAX + 1] = {
#include "rectify/rule.def"
};
#undef RULE

static bool is_rule(uint16_t rule) { return rule <= RULE_NUMBER_MAX && rule_known[rule]; }

/* The bounds of the fields bound the record below EVENT_BODY_BYTES_MAX; test_codec_events.c packs the largest one. */
size_t codec_event_pack(const struct event *event, uint8_t *out) {
  must(is_rule(event->rule));
  return codec_format_pack(&codec_event_record, event, out);
}

bool codec_event_unpack(const void *data, size_t length, struct event *out) {
  memset(out, 0, sizeof *out);
  return length <= EVENT_BODY_BYTES_MAX && codec_format_unpack(&codec_event_record, data, length, out) && is_rule(out->rule);
}
