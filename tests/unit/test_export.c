/* test_export.c - an export that was cut off anywhere is taken up where its last whole section ends, and no cut is read
 * past. */
#include <unistd.h>

#include "tests/unit/proof_tree.h"
#include "verify/export.h"

#define RECORDS 12

static char bytes[64 * 1024];
static size_t length, ends[40], end_count, first_row;

static void make_event(uint64_t index, FILE *file) {
  static const uint8_t salt[SALT_BYTES] = {1};
  struct export_event event = {.log_index = index,
                               .record = (const uint8_t *)"a record",
                               .record_length = 8,
                               .text_kind = (uint8_t)(index % 4),
                               .salt = salt,
                               .text = (const uint8_t *)"text",
                               .erased_by = 77};
  event.text_length = event.text_kind == EXPORT_TEXT_HERE ? 4 : 0;
  assert_int_equal(export_write_event(file, &event), 0);
}

static void mark(FILE *file) {
  assert_int_equal(fflush(file), 0);
  ends[end_count++] = (size_t)ftell(file);
}

static int set_up(void **context) {
  struct export_case row = {
      .case_no = 5, .state = (const uint8_t *)"state", .state_length = 5, .columns = {1, -2, INT64_MAX}};
  const struct export_end end = {RECORDS, RECORDS / 4, 2};
  FILE *file = fmemopen(bytes, sizeof bytes, "w");
  (void)context;
  assert_true(file != NULL && export_write_log(file, "rectify.test/log") == 0);
  mark(file);
  for (uint64_t i = 0; i < RECORDS; i++) {
    make_event(i, file);
    mark(file);
    if (i % 4 != 3) continue;
    assert_int_equal(export_write_head(file, "a head", 6), 0);
    mark(file);
  }
  first_row = ends[end_count - 1];
  assert_true(export_write_case(file, &row) == 0 && export_write_case(file, &row) == 0 &&
              export_write_end(file, &end) == 0);
  mark(file);
  length = ends[end_count - 1];
  return fclose(file);
}

static void test_round_trip(void **context) {
  static uint8_t body[EXPORT_BODY_BYTES_MAX];
  struct export_reader reader;
  static struct export_section section;
  uint64_t events = 0, heads = 0, rows = 0;
  FILE *file = fmemopen(bytes, length, "r");
  (void)context;
  assert_int_equal(export_begin(&reader, file), EXPORT_OK);
  int result;
  while ((result = export_next(&reader, body, &section)) == EXPORT_OK) {
    if (section.tag == EXPORT_EVENT) {
      assert_int_equal(section.event.log_index, events);
      assert_int_equal(section.event.text_kind, events++ % 4);
      assert_int_equal(section.event.text_length, section.event.text_kind == EXPORT_TEXT_HERE ? 4 : 0);
      assert_int_equal(section.event.erased_by, section.event.text_kind == EXPORT_TEXT_ERASED ? 77 : 0);
    }
    heads += section.tag == EXPORT_HEAD;
    rows += section.tag == EXPORT_CASE;
    if (section.tag == EXPORT_CASE) assert_true(section.row.columns[1] == -2 && section.row.columns[2] == INT64_MAX);
    if (section.tag == EXPORT_END)
      assert_true(section.end.events == events && section.end.heads == heads && section.end.cases == rows);
  }
  assert_int_equal(result, EXPORT_EOF);
  assert_int_equal(events, RECORDS);
  assert_int_equal(heads, RECORDS / 4);
  assert_int_equal(rows, 2);
  (void)fclose(file);
}

static void test_every_cut(void **context) {
  struct export_tail tail;
  (void)context;
  for (size_t cut = sizeof EXPORT_FIRST_LINE - 1; cut <= length; cut++) {
    FILE *file = fmemopen(bytes, cut, "r");
    assert_int_equal(export_find_tail(file, &tail), EXPORT_OK);
    (void)fclose(file);
    size_t expected = 0;
    for (size_t i = 0; i < end_count && ends[i] <= cut && ends[i] <= first_row; i++) expected = ends[i];
    assert_int_equal(tail.offset, expected);
    if (expected == 0) assert_string_equal(tail.log, "");
    else assert_string_equal(tail.log, "rectify.test/log");
  }
  assert_int_equal(tail.next_index, RECORDS);
  assert_int_equal(tail.heads, RECORDS / 4);
}

/* Cut at each place, taken up, written on: the same bytes as if it had never been cut. */
static void test_resume(void **context) {
  char again[sizeof bytes];
  struct export_tail tail;
  (void)context;
  for (size_t cut = ends[0]; cut <= length; cut += 7) {
    memcpy(again, bytes, cut);
    FILE *file = fmemopen(again, cut, "r");
    assert_int_equal(export_find_tail(file, &tail), EXPORT_OK);
    (void)fclose(file);
    memset(again + tail.offset, 0, sizeof again - tail.offset);
    file = fmemopen(again + tail.offset, sizeof again - tail.offset, "w");
    bool head_is_due = tail.next_index % 4 == 0 && tail.heads < tail.next_index / 4;
    if (head_is_due) assert_int_equal(export_write_head(file, "a head", 6), 0);
    for (uint64_t i = tail.next_index; i < RECORDS; i++) {
      make_event(i, file);
      if (i % 4 == 3) assert_int_equal(export_write_head(file, "a head", 6), 0);
    }
    (void)fclose(file);
    assert_memory_equal(again, bytes, first_row);
  }
}

static void test_garbage(void **context) {
  static uint8_t body[EXPORT_BODY_BYTES_MAX];
  struct export_reader reader;
  struct export_section section;
  struct export_tail tail;
  char copy[sizeof bytes];
  (void)context;
  FILE *file = fmemopen(bytes + 1, length - 1, "r");
  assert_int_equal(export_begin(&reader, file), EXPORT_DAMAGED);
  (void)fclose(file);
  memcpy(copy, bytes, length);
  copy[ends[0] + 1] = 0x7f; /* a length beyond the bound is not believed */
  file = fmemopen(copy, length, "r");
  assert_int_equal(export_begin(&reader, file), EXPORT_OK);
  assert_int_equal(export_next(&reader, body, &section), EXPORT_OK);
  assert_int_equal(export_next(&reader, body, &section), EXPORT_DAMAGED);
  assert_int_equal(fseek(file, 0, SEEK_SET), 0);
  assert_int_equal(export_find_tail(file, &tail), EXPORT_DAMAGED); /* an export that is wrong is not written on */
  (void)fclose(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_every_cut),
                                     cmocka_unit_test(test_resume), cmocka_unit_test(test_garbage)};
  return cmocka_run_group_tests(tests, set_up, NULL);
}
