/* draft.c - see draft.h. */
#include "client/command/draft.h"
#include "client/command/language.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "proto/codec.h"
#include "rectify/must.h"

const struct word words_draft[] = {
    {DRAFT_UNIT + 1, "unit", "单位", "code of the unit, as found"},
    {DRAFT_KIND + 1, "kind", "问题类别", "kind of problem"},
    {DRAFT_SEVERITY + 1, "severity", "程度", "how severe it is"},
    {DRAFT_CATEGORY + 1, "category", "分类", "category"},
    {DRAFT_CODE + 1, "code", "条款", "code section of the rule that was broken"},
    {DRAFT_INSPECTION + 1, "inspection", "批次", "code of the inspection"},
    {DRAFT_TEAM + 1, "team", "检查组", "code of the inspection team"},
    {DRAFT_FOUND + 1, "found", "发现时间", "date found"},
    {DRAFT_TEXT + 1, "text", "问题描述", "what was found"},
    {DRAFT_ID + 1, "id", "标识", "UUIDv7"},
    {0, NULL, NULL, NULL},
};

void draft_begin(struct draft *draft, uint64_t line) {
  memset(draft, 0, sizeof *draft);
  draft->start = (struct place){line, 1};
}

void draft_set(struct draft *draft, enum draft_field field, const char *text, size_t length, struct place place) {
  draft->values[field] = (struct draft_value){text, length, place, true};
}

void draft_problem(struct draft *draft, struct place place, const char *format, ...) {
  va_list list;
  if (draft->problem[0] != '\0') return;
  draft->problem_place = place;
  va_start(list, format);
  (void)vsnprintf(draft->problem, sizeof draft->problem, _(format), list);
  va_end(list);
}

#define SHOWN(value) (int)((value)->length > 40 ? 40 : (value)->length), (value)->text

static uint32_t judge_word(struct draft *draft, enum draft_field field, const struct word *table) {
  const struct draft_value *value = &draft->values[field];
  if (!value->set || value->length == 0) return 0;
  uint32_t number = word_number(table, value->text, value->length);
  if (number != 0) return number;
  const char *near = value->length < CODE_BYTES_MAX ? word_nearest(table, value->text, value->length) : NULL;
  const char *name = words_draft[field].name;
  if (near != NULL)
    draft_problem(draft, value->place, "unknown %s '%.*s'; did you mean '%s'?", name, SHOWN(value), near);
  else draft_problem(draft, value->place, "unknown %s '%.*s'", name, SHOWN(value));
  return 0;
}

static void judge_found(struct draft *draft) {
  const struct draft_value *value = &draft->values[DRAFT_FOUND];
  if (!value->set || value->length == 0) draft_problem(draft, draft->start, "the date found is missing");
  else if (!workday_parse(value->text, value->length, &draft->found_on))
    draft_problem(draft, value->place, "'%.*s' is not a date such as 2026-02-13", SHOWN(value));
}

static void judge_id(struct draft *draft) {
  const struct draft_value *value = &draft->values[DRAFT_ID];
  if (!value->set || value->length == 0) return;
  draft->has_id = uuid_read(value->text, value->length, draft->id) && draft->id[6] >> 4 == 7 && draft->id[8] >> 6 == 2;
  if (!draft->has_id) draft_problem(draft, value->place, "'%.*s' is not a UUID of version 7", SHOWN(value));
}

static void judge_text(struct draft *draft, enum draft_field field, size_t most) {
  const struct draft_value *value = &draft->values[field];
  const char *name = words_draft[field].name;
  if (!value->set) return;
  if (value->length > most)
    draft_problem(draft, value->place, "%s has %zu bytes; at most %zu are possible", name, value->length, most);
  else if (!codec_text_ok(value->text, value->length))
    draft_problem(draft, value->place, "%s is not UTF-8, or holds control characters", name);
}

bool draft_judge(struct draft *draft) {
  static const enum draft_field codes[] = {DRAFT_UNIT, DRAFT_CATEGORY, DRAFT_CODE, DRAFT_INSPECTION, DRAFT_TEAM};
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) judge_text(draft, codes[i], CODE_BYTES_MAX);
  judge_text(draft, DRAFT_TEXT, TEXT_BYTES_MAX);
  draft->kind = judge_word(draft, DRAFT_KIND, words_kind);
  draft->severity = judge_word(draft, DRAFT_SEVERITY, words_severity);
  judge_found(draft);
  judge_id(draft);
  return draft->problem[0] == '\0';
}

static ProtobufCBinaryData wire(const struct draft *draft, enum draft_field field) {
  return wire_bytes(draft->values[field].text, draft->values[field].length);
}

void draft_finding(const struct draft *draft, Rectify__V1__Finding *finding) {
  rectify__v1__finding__init(finding);
  finding->id = wire_bytes(draft->id, sizeof draft->id);
  finding->team = wire(draft, DRAFT_TEAM);
  finding->inspection = wire(draft, DRAFT_INSPECTION);
  finding->unit = wire(draft, DRAFT_UNIT);
  finding->kind = draft->kind;
  finding->severity = draft->severity;
  finding->category = wire(draft, DRAFT_CATEGORY);
  finding->code = wire(draft, DRAFT_CODE);
  finding->found_on = draft->found_on;
  finding->text = wire(draft, DRAFT_TEXT);
}

void finding_sign(const struct note_signer *signer, Rectify__V1__Finding *finding, uint8_t signature[NOTE_SIGNATURE_BYTES]) {
  size_t length;
  if (signer == NULL) return;
  uint8_t *bytes = codec_finding_to_sign(finding, &length);
  must(bytes != NULL && signature_make(signer, bytes, length, signature));
  free(bytes);
  finding->signature = wire_bytes(signature, NOTE_SIGNATURE_BYTES);
  finding->signer = wire_bytes(signer->verifier.public_key, NOTE_KEY_BYTES);
}
