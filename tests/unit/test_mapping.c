/* Rows to findings: mapping files, JSON lines, what is checked before anything is sent, and the ids of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/command/jsonl.h"
#include "client/command/mapping.h"
#include "client/command/seen.h"

static const char good[] =
    "unit: {column: u, empty: nobody}\n"
    "text: {column: t}\n"
    "found: {column: d}\n"
    "severity: {constant: major}\n"
    "kind: {column: k, words: {Yes: prominent, 否: incipient}, otherwise: poor_execution}\n";

static struct mapping *parse(const char *text, char **errors) {
  struct document_report report = {0, NULL};
  struct mapping *mapping = mapping_parse("m.yaml", text, strlen(text), &report);
  if (errors != NULL) *errors = report.text;
  else document_report_free(&report);
  return mapping;
}

static void expect_errors(const char *text, const char *wanted) {
  char *errors = NULL;
  assert_null(parse(text, &errors));
  assert_non_null(errors);
  if (strstr(errors, wanted) == NULL) fail_msg("wanted '%s' in:\n%s", wanted, errors);
  free(errors);
}

static void mapping_errors(void **state) {
  (void)state;
  expect_errors("unit: {colum: x}\n", "m.yaml:1:8: error: unknown key 'colum' (did you mean 'column'?)");
  expect_errors("fund: {column: x}\n", "m.yaml:1:1: error: unknown field 'fund' (did you mean 'found'?)");
  expect_errors("unit: {column: x, constant: y}\n",
                "m.yaml:1:7: error: 'unit' must name exactly one of column and constant");
  expect_errors("unit: {constant: x, otherwise: y}\n", "words, otherwise and empty go with a column");
  expect_errors("unit: {column: x, otherwise: y}\n", "otherwise goes with words");
  expect_errors("unit: {derive: [x]}\n", "only an id can be derived");
  expect_errors("id: {constant: x}\n", "an id cannot be the same for all rows");
  expect_errors("kind: {constant: prominant}\n",
                "m.yaml:1:18: error: unknown kind 'prominant' (did you mean 'prominent'?)");
  expect_errors("unit: {column: x}\n", "the field 'text' is missing");
}

/* There is room for one list of columns, and for one of words: the second of either is an error, not read. */
static void mapping_same_key_twice(void **state) {
  static const char list[] = "derive: [a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a]";
  char text[512];
  (void)state;
  (void)snprintf(text, sizeof text, "id: {%s, %s, %s}\n", list, list, list);
  expect_errors(text, "m.yaml:1:");
  expect_errors("unit: {column: x}\nunit: {column: y}\n", "m.yaml:2:");
}

/* The records of `text`: header, then one row. */
struct fixture {
  FILE *in;
  struct csv_reader *reader;
  const struct csv_record *record;
};

static void next(struct fixture *fixture) {
  struct csv_error error;
  assert_int_equal(csv_next(fixture->reader, &fixture->record, &error), CSV_RECORD);
}

static void begin(struct fixture *fixture, const char *text) {
  fixture->in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
  fixture->reader = csv_open(fixture->in);
  next(fixture);
}

static void end(struct fixture *fixture) {
  csv_close(fixture->reader);
  (void)fclose(fixture->in);
}

static bool apply(struct mapping *mapping, struct fixture *fixture, struct draft *draft, const void **key,
                  size_t *length, bool *whole) {
  next(fixture);
  draft_begin(draft, fixture->record->fields[0].line);
  mapping_apply(mapping, fixture->record, draft, key, length, whole);
  return draft_judge(draft);
}

static void mapping_rows(void **state) {
  (void)state;
  struct fixture fixture;
  struct document_report report = {0, NULL};
  struct draft draft;
  const void *key;
  size_t length;
  bool whole;
  struct mapping *mapping = parse(good, NULL);
  assert_non_null(mapping);
  begin(&fixture, "k,u,t,d\nYes,u1,\"a \"\"b\"\"\",2026-02-13\n否,,t,2026-02-14\nmaybe,u3,t,2026-13-01\nYes,u4\n");
  assert_true(mapping_bind(mapping, fixture.record, &report));
  assert_true(apply(mapping, &fixture, &draft, &key, &length, &whole));
  assert_int_equal(draft.kind, KIND_PROMINENT);
  assert_int_equal(draft.severity, SEVERITY_MAJOR);
  assert_int_equal(draft.values[DRAFT_TEXT].length, 5);
  assert_memory_equal(draft.values[DRAFT_TEXT].text, "a \"b\"", 5);
  assert_true(whole);
  assert_int_equal(length, strlen("Yes,u1,\"a \"\"b\"\"\",2026-02-13"));
  assert_true(apply(mapping, &fixture, &draft, &key, &length, &whole));
  assert_int_equal(draft.kind, KIND_INCIPIENT);
  assert_memory_equal(draft.values[DRAFT_UNIT].text, "nobody", 6);
  assert_false(apply(mapping, &fixture, &draft, &key, &length, &whole));
  assert_int_equal(draft.kind, KIND_POOR_EXECUTION);
  assert_string_equal(draft.problem, "'2026-13-01' is not a date such as 2026-02-13");
  assert_int_equal(draft.problem_place.line, 4);
  assert_int_equal(draft.problem_place.column, 12);
  assert_false(apply(mapping, &fixture, &draft, &key, &length, &whole));
  assert_string_equal(draft.problem, "the row has 2 fields; column 'd' is number 4");
  end(&fixture);
  begin(&fixture, "k,u,t,t\n");
  assert_false(mapping_bind(mapping, fixture.record, &report));
  assert_non_null(strstr(report.text, "m.yaml:2:16: error: the file has two columns 't'"));
  assert_non_null(strstr(report.text, "m.yaml:3:17: error: the file has no column 'd'"));
  document_report_free(&report);
  end(&fixture);
  mapping_free(mapping);
}

/* With `derive` only the named columns make the id, and "ab","c" is not "a","bc". */
static void mapping_derive(void **state) {
  (void)state;
  struct fixture fixture;
  struct document_report report = {0, NULL};
  struct draft draft;
  const void *key;
  size_t length;
  bool whole;
  char text[512];
  uint8_t ids[3][16];
  (void)snprintf(text, sizeof text, "%sid: {derive: [k, u]}\n", good);
  struct mapping *mapping = parse(text, NULL);
  begin(&fixture, "k,u,t,d\nab,c,t,2026-02-13\nab,c,other,2026-02-13\na,bc,t,2026-02-13\n");
  assert_true(mapping_bind(mapping, fixture.record, &report));
  for (int i = 0; i < 3; i++) {
    assert_true(apply(mapping, &fixture, &draft, &key, &length, &whole));
    assert_false(whole);
    id_derive(NULL, key, length, 0, draft.found_on, ids[i]);
  }
  assert_memory_equal(ids[0], ids[1], 16);
  assert_memory_not_equal(ids[0], ids[2], 16);
  end(&fixture);
  mapping_free(mapping);
}

static const char *judge_line(const char *line, struct draft *draft, char *scratch) {
  draft_begin(draft, 7);
  jsonl_read(line, strlen(line), scratch, draft);
  (void)draft_judge(draft);
  return draft->problem;
}

static void json_lines(void **state) {
  (void)state;
  char scratch[512];
  struct draft draft;
  assert_string_equal(judge_line(" { \"unit\" : \"\\u4e2d\\ud83d\\ude00\\n\\\"\" , \"found\":\"2026-01-02\", \"code\": "
                                 "12.5, \"team\": null } ",
                                 &draft, scratch),
                      "");
  assert_int_equal(draft.values[DRAFT_UNIT].length, 9);
  assert_memory_equal(draft.values[DRAFT_UNIT].text, "\xe4\xb8\xad\xf0\x9f\x98\x80\n\"", 9);
  assert_memory_equal(draft.values[DRAFT_CODE].text, "12.5", 4);
  assert_false(draft.values[DRAFT_TEAM].set);
  static const char *const wrong[][2] = {
      {"[]", "a JSON object is expected"},
      {"{\"unit\":\"a\"", "a comma or a closing brace is expected"},
      {"{\"unit\":\"a\"} x", "nothing may follow the object"},
      {"{\"unit\":{}}", "a string is expected"},
      {"{\"unit\" \"a\"}", "a colon is expected"},
      {"{\"unit\":\"a", "this string is not closed"},
      {"{\"unit\":\"\\ud83d\"}", "half of a surrogate pair"},
      {"{\"unit\":\"\\u12\"}", "four hexadecimal digits must follow \\u"},
      {"{\"unit\":\"\\x\"}", "no such escape"},
      {"{\"unit\":\"a\tb\"}", "a control character inside a string"},
      {"{\"kimd\":\"a\"}", "unknown name 'kimd'; did you mean 'kind'?"},
      {"{\"unit\":\"a\",\"unit\":\"b\"}", "'unit' is named twice"},
      {"{\"unit\":\"\\u0000\",\"found\":\"2026-01-02\"}", "unit is not UTF-8, or holds control characters"},
      {"{\"kind\":\"promonent\",\"found\":\"2026-01-02\"}", "unknown kind 'promonent'; did you mean 'prominent'?"},
      {"{\"found\":\"2026-01-02\",\"id\":\"x\"}", "'x' is not a UUID of version 7"},
      {"{}", "the date found is missing"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_string_equal(judge_line(wrong[i][0], &draft, scratch), wrong[i][1]);
  (void)judge_line("{\"unit\":\"a\", \"kimd\":\"a\"}", &draft, scratch);
  assert_int_equal(draft.problem_place.line, 7);
  assert_int_equal(draft.problem_place.column, 14);
}

/* The same row gives the same id for ever: this one must never change, or a file submitted twice would double. */
static void ids(void **state) {
  (void)state;
  uint8_t id[16], other[16];
  char text[UUID_TEXT_BYTES];
  day_t day;
  assert_true(workday_parse("2011-05-03", 10, &day));
  id_derive(NULL, "a,b,c", 5, 0, day, id);
  uuid_text(id, text);
  assert_string_equal(text, "012fb327-7c00-7afe-8c44-e2ef42ce3132");
  uint8_t from[HASH_BYTES] = {1};
  id_derive(from, "a,b,c", 5, 0, day, other);
  uuid_text(other, text);
  assert_string_equal(text, "012fb327-7c00-7396-8256-947f878ce2bc");
  id_derive(NULL, "a,b,c", 5, 1, day, other);
  assert_memory_equal(id, other, 6);
  assert_memory_not_equal(id, other, 16);
  assert_int_equal(other[6] >> 4, 7);
  assert_int_equal(other[8] >> 6, 2);
  memcpy(other, id, 16);
  id_again(other);
  assert_memory_equal(id, other, 6);
  assert_memory_not_equal(id, other, 16);
  assert_int_equal(other[6] >> 4, 7);
  assert_int_equal(other[8] >> 6, 2);
  rectify_key_for_case(id, 42, other);
  assert_memory_equal(id, other, 7);
  assert_memory_not_equal(id, other, 16);
}

static void ordinals(void **state) {
  (void)state;
  struct seen *seen = seen_new();
  for (uint32_t i = 0; i < 10000; i++) assert_int_equal(seen_count(seen, &i, sizeof i), 0);
  for (uint32_t i = 0; i < 10000; i++) assert_int_equal(seen_count(seen, &i, sizeof i), 1);
  uint32_t first = 0;
  assert_int_equal(seen_count(seen, &first, sizeof first), 2);
  seen_free(seen);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mapping_errors), cmocka_unit_test(mapping_same_key_twice), cmocka_unit_test(mapping_rows), cmocka_unit_test(mapping_derive),
      cmocka_unit_test(json_lines),     cmocka_unit_test(ids),          cmocka_unit_test(ordinals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
