/* words.c - the tables of words.h, made from the *.def files, and what can be asked of them. */
#include "rectify/words.h"

#include <string.h>

#include "rectify/limits.h"

#define WORDS_END {0, NULL, NULL, NULL}

const struct word words_status[] = {
#define STATUS(no, NAME, name, zh, open, text) {no, #name, zh, text},
#include "rectify/status.def"
#undef STATUS
    WORDS_END};
const struct word words_track[] = {
#define TRACK(no, NAME, name, zh, need, text) {no, #name, zh, text},
#include "rectify/track.def"
#undef TRACK
    WORDS_END};
const struct word words_kind[] = {
#define KIND(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/kind.def"
#undef KIND
    WORDS_END};
const struct word words_severity[] = {
#define SEVERITY(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/severity.def"
#undef SEVERITY
    WORDS_END};
const struct word words_role[] = {
#define ROLE(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/role.def"
#undef ROLE
    WORDS_END};
const struct word words_clock[] = {
#define CLOCK(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/clock.def"
#undef CLOCK
    WORDS_END};
const struct word words_light[] = {
#define LIGHT(no, NAME, name, zh) {no, #name, zh, #name},
#include "rectify/light.def"
#undef LIGHT
    WORDS_END};
const struct word words_edge[] = {
#define EDGE(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/edge.def"
#undef EDGE
    WORDS_END};
const struct word words_evidence[] = {
#define EVIDENCE(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/evidence.def"
#undef EVIDENCE
    WORDS_END};
const struct word words_notice[] = {
#define NOTICE(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/notice.def"
#undef NOTICE
    WORDS_END};
const struct word words_recipient[] = {
#define RECIPIENT(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/recipient.def"
#undef RECIPIENT
    WORDS_END};
const struct word words_command[] = {
#define COMMAND(no, NAME, name, zh, roles, needs_text, text) {no, #name, zh, text},
#include "rectify/command.def"
#undef COMMAND
    WORDS_END};
const struct word words_rule[] = {
#define RULE(no, NAME, refuses, zh, en) {no, #NAME, zh, en},
#include "rectify/rule.def"
#undef RULE
    WORDS_END};
const struct word words_origin[] = {
#define ORIGIN(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/origin.def"
#undef ORIGIN
    WORDS_END};
const struct word words_relation[] = {
#define RELATION(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/relation.def"
#undef RELATION
    WORDS_END};
const struct word words_form[] = {
#define FORM(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/form.def"
#undef FORM
    WORDS_END};
const struct word words_holder[] = {
#define HOLDER(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/holder.def"
#undef HOLDER
    WORDS_END};
const struct word words_condition[] = {
#define CONDITION(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/condition.def"
#undef CONDITION
    WORDS_END};
const struct word words_mark[] = {
#define MARK(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/mark.def"
#undef MARK
    WORDS_END};
const struct word words_delivery[] = {
#define DELIVERY(no, NAME, name, zh, reported, text) {no, #name, zh, text},
#include "rectify/delivery.def"
#undef DELIVERY
    WORDS_END};
const struct word words_letter_state[] = {
#define LETTER_STATE(no, NAME, name, zh, text) {no, #name, zh, text},
#include "rectify/letter_state.def"
#undef LETTER_STATE
    WORDS_END};
const struct word words_letter_result[] = {
#define LETTER_RESULT(no, NAME, name, zh, ok, text) {no, #name, zh, text},
#include "rectify/letter_result.def"
#undef LETTER_RESULT
    WORDS_END};
const struct word words_failure[] = {
#define FAILURE(no, NAME, name, retry, text) {no, #name, text, text},
#include "rectify/error.def"
#undef FAILURE
    WORDS_END};

static const struct word *word_of(const struct word *table, uint32_t number) {
  for (const struct word *word = table; word->name != NULL; word++)
    if (word->number == number) return word;
  return NULL;
}

const char *word_name(const struct word *table, uint32_t number) {
  const struct word *word = word_of(table, number);
  return word == NULL ? "?" : word->name;
}

const char *word_zh(const struct word *table, uint32_t number) {
  const struct word *word = word_of(table, number);
  return word == NULL ? "?" : word->zh;
}

const char *word_text(const struct word *table, uint32_t number) {
  const struct word *word = word_of(table, number);
  return word == NULL ? "?" : word->text;
}

uint32_t word_number(const struct word *table, const char *name, size_t length) {
  for (const struct word *word = table; word->name != NULL; word++)
    if (strlen(word->name) == length && memcmp(word->name, name, length) == 0) return word->number;
  return 0;
}

bool word_known(const struct word *table, uint32_t number) { return word_of(table, number) != NULL; }

/* ---- did you mean ---- */

#define NEAR_MAX 2

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* One row of the distance table (optimal string alignment: a swap of two neighbours costs 1): `row` for the first
 * `i` bytes of `a`, from the rows for one byte less and for two. */
static void near_row(uint32_t *row, const uint32_t *above, const uint32_t *above2, const char *a, size_t i,
                     const char *b, size_t b_length) {
  row[0] = (uint32_t)i;
  for (size_t j = 1; j <= b_length; j++) {
    bool same = a[i - 1] == b[j - 1];
    row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same);
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = least(row[j], above2[j - 2] + 1);
  }
}

/* Both lengths <= CODE_BYTES_MAX. */
static uint32_t near_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  uint32_t rows[3][CODE_BYTES_MAX + 1];
  for (size_t j = 0; j <= b_length; j++) rows[0][j] = (uint32_t)j;
  for (size_t i = 1; i <= a_length; i++)
    near_row(rows[i % 3], rows[(i + 2) % 3], rows[(i + 1) % 3], a, i, b, b_length);
  return rows[a_length % 3][b_length];
}

const char *word_nearest(const struct word *table, const char *name, size_t length) {
  const char *nearest = NULL;
  uint32_t best = NEAR_MAX + 1;
  if (length > CODE_BYTES_MAX) return NULL;
  for (const struct word *word = table; word->name != NULL; word++) {
    size_t word_length = strlen(word->name);
    if (word_length > CODE_BYTES_MAX) continue;
    uint32_t distance = near_distance(name, length, word->name, word_length);
    if (distance >= best) continue;
    best = distance;
    nearest = word->name;
  }
  return nearest;
}

/* ---- the other columns ---- */

bool status_is_open(uint32_t status) {
  static const bool opens[STATUS_COUNT + 1] = {
#define STATUS(no, NAME, name, zh, open, text) [no] = open,
#include "rectify/status.def"
#undef STATUS
  };
  return status <= STATUS_COUNT && opens[status];
}

bool rule_refuses(uint32_t rule) {
  static const struct {
    uint16_t number;
    bool refuses;
  } rows[] = {
#define RULE(no, NAME, refuses, zh, en) {no, refuses},
#include "rectify/rule.def"
#undef RULE
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].number == rule) return rows[i].refuses;
  return false;
}

bool failure_is_retry(uint32_t failure) {
  static const bool retries[] = {
#define FAILURE(no, NAME, name, retry, text) [no] = retry,
#include "rectify/error.def"
#undef FAILURE
  };
  return failure < sizeof retries / sizeof *retries && retries[failure];
}

bool letter_result_is_fine(uint32_t result) {
  static const bool fine[LETTER_RESULT_COUNT + 1] = {
#define LETTER_RESULT(no, NAME, name, zh, ok, text) [no] = ok,
#include "rectify/letter_result.def"
#undef LETTER_RESULT
  };
  return result <= LETTER_RESULT_COUNT && fine[result];
}

uint32_t track_need(uint32_t track) {
  static const uint16_t needs[TRACK_COUNT + 1] = {
#define TRACK(no, NAME, name, zh, need, text) [no] = RULE_##need,
#include "rectify/track.def"
#undef TRACK
  };
  return track <= TRACK_COUNT ? needs[track] : 0;
}

struct command_row {
  uint32_t roles;
  bool needs_text;
};

static const struct command_row command_rows[COMMAND_COUNT + 1] = {
#define B(role) ROLE_BIT(ROLE_##role)
#define SUBJECT ROLE_SUBJECT
#define COMMAND(no, NAME, name, zh, roles, needs_text, text) [no] = {roles, needs_text},
#include "rectify/command.def"
#undef COMMAND
#undef SUBJECT
#undef B
};

static const struct command_row *command_row(uint32_t command) {
  return &command_rows[command <= COMMAND_COUNT ? command : 0];
}

uint32_t command_roles(uint32_t command) { return command_row(command)->roles; }
bool command_needs_text(uint32_t command) { return command_row(command)->needs_text; }
