/* codec_state.c - struct case_state to and from the message CaseState. */
#include <string.h>

#include "proto/codec_internal.h"
#include "proto/codec_numbers.h"
#include "rectify/must.h"

#define FIELD(field, low, high) MAP_AS(CaseState, field, struct case_state, field, low, high, 0)
#define NUMBER(field, numbers) MAP_AS(CaseState, field, struct case_state, field, 0, 0, numbers)
#define COUNT16(field) FIELD(field, 0, UINT16_MAX)
#define COUNT32(field) FIELD(field, 0, UINT32_MAX)
#define INSTANT(field) FIELD(field, INT64_MIN, INT64_MAX)

static const struct map_row rows[] = {
    FIELD(case_no, 1, INT64_MAX),
    FIELD(version, 1, UINT32_MAX),
    NUMBER(status, NUMBERS_STATUS),
    NUMBER(track, NUMBERS_TRACK | OR_NONE),
    NUMBER(kind, NUMBERS_KIND | OR_NONE),
    NUMBER(severity, NUMBERS_SEVERITY | OR_NONE),
    NUMBER(light, NUMBERS_LIGHT | OR_NONE),
    COUNT32(flags),
    COUNT16(evidence_kinds),
    COUNT16(evidence_count),
    COUNT16(rework),
    COUNT16(bounces),
    COUNT16(route),
    COUNT32(unit),
    COUNT32(reported_unit),
    COUNT32(team),
    COUNT32(reporter),
    COUNT32(handler),
    COUNT32(verifier),
    COUNT32(accountable),
    COUNT32(policy_version),
    COUNT32(calendar_version),
    COUNT32(same_problem),
    COUNT32(same_kind),
    FIELD(found_on, DAY_MIN, DAY_MAX),
    INSTANT(opened),
    INSTANT(first_due),
    INSTANT(closed),
    NUMBER(origin, NUMBERS_ORIGIN | OR_NONE),
    FIELD(parent, 0, INT64_MAX),
    FIELD(finding_of, 0, INT64_MAX),
    FIELD(merged_into, 0, INT64_MAX),
    COUNT16(children),
    FIELD(measures, 0, MEASURES_MAX),
    COUNT32(measures_shown),
    COUNT32(plan_by),
    FIELD(extensions, 0, UINT8_MAX),
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
    COUNT16(absorbed),
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* Taken slots come first (model.h). */
static size_t clocks_taken(const struct case_state *state) {
  size_t taken = 0;
  for (size_t i = 0; i < CASE_CLOCKS_MAX; i++) {
    if (state->clocks[i].kind == CLOCK_NONE) continue;
    must(i == taken);
    taken++;
  }
  return taken;
}

size_t codec_state_pack(const struct case_state *state, uint8_t *out) {
  Rectify__V1__CaseState message = RECTIFY__V1__CASE_STATE__INIT;
  Rectify__V1__EventClock clocks[CASE_CLOCKS_MAX], *clock_list[CASE_CLOCKS_MAX];
  message.format = 1;
  codec_map_out(rows, ROWS, state, &message);
  message.n_clocks = clocks_taken(state);
  message.clocks = clock_list;
  for (size_t i = 0; i < message.n_clocks; i++) {
    clock_list[i] = &clocks[i];
    codec_clock_out(&state->clocks[i], &clocks[i]);
  }
  return rectify__v1__case_state__pack(&message, out);
}

static bool state_in(const Rectify__V1__CaseState *message, struct case_state *out) {
  if (message->format != 1 || message->n_clocks > CASE_CLOCKS_MAX) return false;
  if (!codec_map_in(rows, ROWS, message, out)) return false;
  for (size_t i = 0; i < message->n_clocks; i++)
    if (!codec_clock_in(message->clocks[i], &out->clocks[i])) return false;
  return true;
}

/* Only the one packing of a state is accepted, so that equal states are equal bytes. */
bool codec_state_unpack(const void *data, size_t length, struct case_state *out) {
  Rectify__V1__CaseState message = RECTIFY__V1__CASE_STATE__INIT;
  Rectify__V1__EventClock clocks[CASE_CLOCKS_MAX], *clock_list[CASE_CLOCKS_MAX];
  struct case_state state = {0};
  must(message.base.descriptor->n_fields == ROWS + 2); /* and format and clocks: nothing is read that is not kept */
  if (length > STATE_BODY_BYTES_MAX) return false;
  for (size_t i = 0; i < CASE_CLOCKS_MAX; i++) {
    rectify__v1__event_clock__init(&clocks[i]);
    clock_list[i] = &clocks[i];
  }
  message.clocks = clock_list;
  if (!codec_strict(data, length, &message.base, CASE_CLOCKS_MAX) || !state_in(&message, &state)) return false;
  *out = state;
  return true;
}
