/* words.h - the enumerations of the domain, made from the *.def tables, and their names.
 *
 * Numbers start at 1; 0 is "none" or "unchanged".  The functions never fail: an unknown number is named "?".
 */
#ifndef RECTIFY_WORDS_H
#define RECTIFY_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum status {
  STATUS_NONE = 0,
#define STATUS(no, NAME, name, zh, open, text) STATUS_##NAME = no,
#include "rectify/status.def"
#undef STATUS
  STATUS_COUNT = 10
};
enum track {
  TRACK_NONE = 0,
#define TRACK(no, NAME, name, zh, need, text) TRACK_##NAME = no,
#include "rectify/track.def"
#undef TRACK
  TRACK_COUNT = 5
};
enum kind {
  KIND_NONE = 0,
#define KIND(no, NAME, name, zh, text) KIND_##NAME = no,
#include "rectify/kind.def"
#undef KIND
  KIND_COUNT = 5
};
enum severity {
  SEVERITY_NONE = 0,
#define SEVERITY(no, NAME, name, zh, text) SEVERITY_##NAME = no,
#include "rectify/severity.def"
#undef SEVERITY
  SEVERITY_COUNT = 4
};
enum role {
  ROLE_NONE = 0,
#define ROLE(no, NAME, name, zh, text) ROLE_##NAME = no,
#include "rectify/role.def"
#undef ROLE
  ROLE_COUNT = 9
};
enum clock {
  CLOCK_NONE = 0,
#define CLOCK(no, NAME, name, zh, text) CLOCK_##NAME = no,
#include "rectify/clock.def"
#undef CLOCK
  CLOCK_COUNT = 11
};
enum light {
  LIGHT_NONE = 0,
#define LIGHT(no, NAME, name, zh) LIGHT_##NAME = no,
#include "rectify/light.def"
#undef LIGHT
  LIGHT_COUNT = 3
};
enum edge {
  EDGE_NONE = 0,
#define EDGE(no, NAME, name, zh, text) EDGE_##NAME = no,
#include "rectify/edge.def"
#undef EDGE
  EDGE_COUNT = 3
};
enum evidence {
  EVIDENCE_NONE = 0,
#define EVIDENCE(no, NAME, name, zh, text) EVIDENCE_##NAME = no,
#include "rectify/evidence.def"
#undef EVIDENCE
  EVIDENCE_COUNT = 6
};
enum notice {
  NOTICE_NONE = 0,
#define NOTICE(no, NAME, name, zh, text) NOTICE_##NAME = no,
#include "rectify/notice.def"
#undef NOTICE
  NOTICE_COUNT = 9
};
enum recipient {
  RECIPIENT_NONE = 0,
#define RECIPIENT(no, NAME, name, zh, text) RECIPIENT_##NAME = no,
#include "rectify/recipient.def"
#undef RECIPIENT
  RECIPIENT_COUNT = 12
};
enum origin {
  ORIGIN_NONE = 0,
#define ORIGIN(no, NAME, name, zh, text) ORIGIN_##NAME = no,
#include "rectify/origin.def"
#undef ORIGIN
  ORIGIN_COUNT = 5
};
enum relation {
  RELATION_NONE = 0,
#define RELATION(no, NAME, name, zh, text) RELATION_##NAME = no,
#include "rectify/relation.def"
#undef RELATION
  RELATION_COUNT = 6
};
enum form {
  FORM_NONE = 0,
#define FORM(no, NAME, name, zh, text) FORM_##NAME = no,
#include "rectify/form.def"
#undef FORM
  FORM_COUNT = 7
};
enum holder {
  HOLDER_NONE = 0,
#define HOLDER(no, NAME, name, zh, text) HOLDER_##NAME = no,
#include "rectify/holder.def"
#undef HOLDER
  HOLDER_COUNT = 5
};
enum ledger {
  LEDGER_NONE = 0,
#define LEDGER(no, NAME, name, zh, of, text) LEDGER_##NAME = no,
#include "rectify/ledger.def"
#undef LEDGER
  LEDGER_COUNT = 68
};
enum condition {
  CONDITION_NONE = 0,
#define CONDITION(no, NAME, name, zh, text) CONDITION_##NAME = no,
#include "rectify/condition.def"
#undef CONDITION
  CONDITION_COUNT = 7
};
enum mark {
  MARK_NONE = 0,
#define MARK(no, NAME, name, zh, text) MARK_##NAME = no,
#include "rectify/mark.def"
#undef MARK
  MARK_COUNT = 17
};
enum delivery {
  DELIVERY_NONE = 0,
#define DELIVERY(no, NAME, name, zh, reported, text) DELIVERY_##NAME = no,
#include "rectify/delivery.def"
#undef DELIVERY
  DELIVERY_COUNT = 7
};
enum letter_state {
  LETTER_STATE_UNKNOWN = 0,
#define LETTER_STATE(no, NAME, name, zh, text) LETTER_##NAME = no,
#include "rectify/letter_state.def"
#undef LETTER_STATE
  LETTER_STATE_COUNT = 4
};
enum letter_result {
  LETTER_RESULT_NONE = 0,
#define LETTER_RESULT(no, NAME, name, zh, ok, text) LETTER_RESULT_##NAME = no,
#include "rectify/letter_result.def"
#undef LETTER_RESULT
  LETTER_RESULT_COUNT = 12
};
enum score {
  SCORE_NONE = 0,
#define SCORE(no, NAME, name, zh, text) SCORE_##NAME = no,
#include "rectify/score.def"
#undef SCORE
  SCORE_COUNT = 13
};
enum component {
  COMPONENT_NONE = 0,
#define COMPONENT(no, NAME, name, zh, good, bad, text) COMPONENT_##NAME = no,
#include "rectify/component.def"
#undef COMPONENT
  COMPONENT_COUNT = 6
};
enum command_kind {
  COMMAND_NONE = 0,
#define COMMAND(no, NAME, name, zh, roles, needs_text, text) COMMAND_##NAME = no,
#include "rectify/command.def"
#undef COMMAND
  COMMAND_COUNT = 60
};
enum rule {
  RULE_NONE = 0,
#define RULE(no, NAME, refuses, zh, en) RULE_##NAME = no,
#include "rectify/rule.def"
#undef RULE
};
enum failure {
  FAILURE_NONE = 0,
#define FAILURE(no, NAME, name, retry, text) FAILURE_##NAME = no,
#include "rectify/error.def"
#undef FAILURE
};

#define ROLE_BIT(role) (1u << (role))
#define ROLE_SUBJECT (1u << 31) /* in command_roles(): the subject of a proposal, in person; not an appointment */

/* One word of a table: its number, its identifier ("special_rectification"), its Chinese and English text. */
struct word {
  uint16_t number;
  const char *name;
  const char *zh;
  const char *text;
};

/* The tables, each ending with a row whose name is NULL. */
extern const struct word words_status[], words_track[], words_kind[], words_severity[], words_role[], words_clock[],
    words_light[], words_edge[], words_evidence[], words_notice[], words_recipient[], words_command[], words_rule[],
    words_failure[], words_origin[], words_relation[], words_form[], words_holder[], words_condition[], words_mark[],
    words_delivery[], words_letter_state[], words_letter_result[], words_ledger[], words_score[], words_component[];

/* The identifier of `number` in `table`, or "?". */
const char *word_name(const struct word *table, uint32_t number);
/* The Chinese text of `number` in `table`, or "?". */
const char *word_zh(const struct word *table, uint32_t number);
/* The English text of `number` in `table`, or "?". */
const char *word_text(const struct word *table, uint32_t number);
/* The number of the identifier of `length` bytes in `table`, or 0. */
uint32_t word_number(const struct word *table, const char *name, size_t length);
/* Whether `number` is in `table` (0 is not). */
bool word_known(const struct word *table, uint32_t number);
/* The identifier nearest to `name` (Damerau-Levenshtein distance <= 2), for "did you mean"; NULL when none is near. */
const char *word_nearest(const struct word *table, const char *name, size_t length);

/* Which ledgers may show column `number` of ledger.def: bits 1 of cases, 2 of steps; 0 for an unknown one. */
uint32_t ledger_column_of(uint32_t number);
bool status_is_open(uint32_t status);
bool rule_refuses(uint32_t rule);
bool failure_is_retry(uint32_t failure);
/* The rule that refuses a closing in `track` while what the track needs is missing. */
uint32_t track_need(uint32_t track);
/* Roles (ROLE_BIT, or ROLE_SUBJECT) that may give `command`; 0 for the daemon's own and for unknown numbers. */
uint32_t command_roles(uint32_t command);
bool command_needs_text(uint32_t command);
/* Whether the courier need not care about what it was told of a letter. */
bool letter_result_is_fine(uint32_t result);

#endif
