/* codec_event.c - struct event to and from the message Event: the record that is hashed and kept for ever. */
#include <string.h>

#include "proto/codec_rows.h"
#include "rectify/must.h"

/* ---- clocks ---- */

#define STATES (NUMBER_BIT(CLOCK_RUNNING) | NUMBER_BIT(CLOCK_PAUSED) | NUMBER_BIT(CLOCK_STOPPED))
#define SPANS (NUMBER_BIT(SPAN_NONE) | NUMBER_BIT(SPAN_WD) | NUMBER_BIT(SPAN_HOURS))

#define MODEL struct case_clock
static const struct record_row clock_rows[] = {
    NUMBER(1, kind, NUMBERS_CLOCK),
    NUMBER(2, state, STATES),
    NUMBER(3, track, NUMBERS_TRACK | OR_NONE),
    FLAG(4, provisional),
    VALUE(5, budget, budget.count, INT32_MIN, INT32_MAX, 0),
    VALUE(6, budget_unit, budget.unit, 0, 0, SPANS),
    COUNT32(7, generation),
    COUNT32(8, nth),
    FIELD(9, rung, 0, RUNGS_MAX),
    COUNT32(10, repeat),
    INSTANT(11, start),
    INSTANT(12, due),
    VALUE(13, next_fire, next_fire, INT64_MIN, INT64_MAX, 0, .none = INSTANT_NONE),
    INSTANT(14, paused),
    INSTANT(15, moved),
    FIELD(16, extended, INT32_MIN, INT32_MAX),
};
#undef MODEL
RECORD(codec_clock_record, event_clock, clock_rows);

/* ---- what else an event has ---- */

#define MODEL struct notice_out
static const struct record_row notice_rows[] = {
    NUMBER(1, kind, NUMBERS_NOTICE),
    FLAG(2, copy),
    NUMBER(3, recipient, NUMBERS_RECIPIENT | OR_NONE),
    COUNT32(4, officer),
    COUNT32(5, instead_of),
};
#undef MODEL
static RECORD(notice_record, event_notice, notice_rows);

#define MODEL struct evidence_item
static const struct record_row evidence_rows[] = {
    NUMBER(1, kind, NUMBERS_EVIDENCE),
    BYTES(2, sha256),
    FIELD(3, measure, 0, MEASURES_MAX),
    LARGE(4, also_in),
    FLAG(5, absent),
};
#undef MODEL
static RECORD(evidence_record, event_evidence, evidence_rows);

#define MODEL struct finding
static const struct record_row finding_rows[] = {
    BYTES(1, id),
    COUNT32(2, team),
    COUNT32(3, unit),
    NUMBER(4, kind, NUMBERS_KIND | OR_NONE),
    NUMBER(5, severity, NUMBERS_SEVERITY | OR_NONE),
    DAY(6, found_on),
    COUNT32(7, same_problem),
    COUNT32(8, same_kind),
    LINE(9, unit_code),
    LINE(10, code),
    LINE(11, category),
    LINE(12, inspection),
    LARGE(13, rule_case),
};
#undef MODEL
static RECORD(finding_record, event_finding, finding_rows);

/* ---- the event ---- */

#define MODEL struct event
static const struct record_row event_rows[] = {
    LARGE(2, case_no),
    COUNT32(3, version),
    NUMBER(4, command, NUMBERS_COMMAND),
    COUNT16(5, rule),
    BYTES(6, key),
    COUNT32(7, actor),
    INSTANT(8, recorded),
    INSTANT(9, effective),
    COUNT32(10, policy_version),
    COUNT32(11, calendar_version),
    COUNT32(12, registry_version),
    BYTES_AS(ROW_BYTES_IF, 13, text_commitment, text, has_text),
    PARTS_COUNTED(14, evidence, evidence_count, evidence_record),
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
    PARTS_COUNTED(30, clocks, clock_count, codec_clock_record),
    PARTS_COUNTED(31, notices, notice_count, notice_record),
    NUMBER(32, fired_clock, NUMBERS_CLOCK | OR_NONE),
    COUNT32(33, fired_generation),
    COUNT32(34, fired_nth),
    PART(35, finding, has_finding, finding_record),
    FIELD(36, document, DOCUMENT_NONE, DOCUMENT_CALENDAR),
    COUNT32(37, document_version),
    BYTES_AS(ROW_BYTES_WITH, 38, document_sha256, document_sha256, document),
    COUNT32(39, on_behalf),
    LARGE(40, merged_into),
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
    DAY(52, rule_day),
    COUNT32(53, subject),
    NUMBER(54, form, NUMBERS_FORM | OR_NONE),
    INSTANT(55, decided),
    LINE(56, number),
    COUNT32(57, rebased_to),
    NUMBER(58, relation, NUMBERS_RELATION | OR_NONE),
    LARGE(59, other),
    NUMBER(60, origin, NUMBERS_ORIGIN | OR_NONE),
    LARGE(61, finding_of),
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
    BYTES_AS(ROW_BYTES_IF, 75, client_key, client_key, has_key),
    DAY(76, valid_from),
    DAY(77, valid_until),
    COUNT32(78, counted),
    BYTES_AS(ROW_BYTES_IF, 79, signature_commitment, signature, has_signature),
    FIELD(80, key_kind, KEY_TO_CONNECT, KEY_TO_SIGN),
};
#undef MODEL
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
