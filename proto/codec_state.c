/* codec_state.c - struct case_state to and from the message CaseState. */
#include <string.h>

#include "proto/codec_rows.h"
#include "rectify/must.h"

#define MODEL struct case_state
static const struct record_row rows[] = {
    FIELD(2, case_no, 1, INT64_MAX),
    FIELD(3, version, 1, UINT32_MAX),
    NUMBER(4, status, NUMBERS_STATUS),
    NUMBER(5, track, NUMBERS_TRACK | OR_NONE),
    NUMBER(6, kind, NUMBERS_KIND | OR_NONE),
    NUMBER(7, severity, NUMBERS_SEVERITY | OR_NONE),
    NUMBER(8, light, NUMBERS_LIGHT | OR_NONE),
    COUNT32(9, flags),
    COUNT16(10, evidence_kinds),
    COUNT16(11, evidence_count),
    COUNT16(12, rework),
    COUNT16(13, bounces),
    COUNT16(14, route),
    COUNT32(15, unit),
    COUNT32(16, reported_unit),
    COUNT32(17, team),
    COUNT32(18, reporter),
    COUNT32(19, handler),
    COUNT32(20, verifier),
    COUNT32(21, accountable),
    COUNT32(22, policy_version),
    COUNT32(23, calendar_version),
    COUNT32(24, same_problem),
    COUNT32(25, same_kind),
    DAY(26, found_on),
    INSTANT(27, opened),
    INSTANT(28, first_due),
    INSTANT(29, closed),
    PARTS(30, clocks, codec_clock_record),
    NUMBER(31, origin, NUMBERS_ORIGIN | OR_NONE),
    LARGE(32, parent),
    LARGE(33, finding_of),
    LARGE(34, merged_into),
    COUNT16(35, children),
    FIELD(36, measures, 0, MEASURES_MAX),
    COUNT32(37, measures_shown),
    COUNT32(38, plan_by),
    COUNT8(39, extensions),
    COUNT16(40, extended),
    COUNT16(41, asked),
    COUNT32(42, asked_by),
    COUNT32(43, withdrawal_by),
    COUNT32(44, order_year),
    COUNT32(45, order_serial),
    DAY(46, rule_day),
    COUNT32(47, subject),
    NUMBER(48, form, NUMBERS_FORM | OR_NONE),
    INSTANT(49, decided),
    COUNT32(50, plan_for),
    COUNT32(51, asked_for),
    COUNT32(52, withdrawal_for),
    COUNT32(53, endorsed_by),
    COUNT32(54, endorsed_for),
    COUNT32(55, closing_by),
    COUNT32(56, closing_for),
    COUNT16(57, evidence_spent),
    COUNT16(58, held),
    COUNT16(59, staged),
    COUNT16(60, absorbed),
};
#undef MODEL
RECORD(codec_state_record, case_state, rows);

/* Taken slots come first (model.h). */
static bool taken_come_first(const struct case_state *state) {
  for (size_t i = 1; i < CASE_CLOCKS_MAX; i++)
    if (state->clocks[i].kind != CLOCK_NONE && state->clocks[i - 1].kind == CLOCK_NONE) return false;
  return true;
}

size_t codec_state_pack(const struct case_state *state, uint8_t *out) {
  must(taken_come_first(state));
  return codec_format_pack(&codec_state_record, state, out);
}

bool codec_state_unpack(const void *data, size_t length, struct case_state *out) {
  struct case_state state = {0};
  if (length > STATE_BODY_BYTES_MAX || !codec_format_unpack(&codec_state_record, data, length, &state)) return false;
  *out = state;
  return true;
}
