/* The CSV reader: RFC 4180, byte for byte, and where it says that something is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/command/csv.h"

#define TEXT_MAX 4096

/* Reads `text` and writes what was found: fields in [], one record a line, "line:column text" for errors. */
static void read_all(const char *text, size_t length, char *out) {
  FILE *in = fmemopen((void *)(uintptr_t)text, length, "r");
  assert_non_null(in);
  struct csv_reader *reader = csv_open(in);
  const struct csv_record *record;
  struct csv_error error;
  enum csv_result result;
  size_t at = 0;
  out[0] = '\0';
  while ((result = csv_next(reader, &record, &error)) != CSV_END) {
    if (result == CSV_BAD) {
      at += (size_t)snprintf(out + at, TEXT_MAX - at, "%llu:%llu %s\n", (unsigned long long)error.line,
                             (unsigned long long)error.column, error.text);
      continue;
    }
    assert_int_equal(result, CSV_RECORD);
    for (size_t i = 0; i < record->count; i++)
      at += (size_t)snprintf(out + at, TEXT_MAX - at, "[%.*s]", (int)record->fields[i].length, record->fields[i].text);
    at += (size_t)snprintf(out + at, TEXT_MAX - at, "\n");
  }
  csv_close(reader);
  (void)fclose(in);
}

static void expect(const char *text, const char *wanted) {
  char got[TEXT_MAX];
  read_all(text, strlen(text), got);
  assert_string_equal(got, wanted);
}

static void plain(void **state) {
  (void)state;
  expect("a,b\nc,d\n", "[a][b]\n[c][d]\n");
  expect("a,b\r\nc,d", "[a][b]\n[c][d]\n");
  expect(",\n", "[][]\n");
  expect("a\n\n\r\nb\n", "[a]\n[b]\n");
  expect(
      "\xef\xbb\xbf"
      "a,b\n",
      "[a][b]\n");
  expect(
      "\xef\xbb"
      "a\n",
      "[\xef\xbb"
      "a]\n");
  expect("a b , c\n", "[a b ][ c]\n");
}

static void quoted(void **state) {
  (void)state;
  expect("\"a,b\",c\n", "[a,b][c]\n");
  expect("\"say \"\"no\"\"\",\"\"\n", "[say \"no\"][]\n");
  expect("\"\"\"\"\n", "[\"]\n");
  expect("\"one\ntwo\r\nthree\",x\ny,z\n", "[one\ntwo\r\nthree][x]\n[y][z]\n");
}

static void wrong(void **state) {
  (void)state;
  expect("a,b\"c\nd\n", "1:4 a quote inside a field that does not begin with one\n[d]\n");
  expect("a,\"b\"c,d\ne\n", "1:6 after a closing quote only a comma or the end of the line may follow\n[e]\n");
  expect("ok\na,\"b\nc\n", "[ok]\n2:3 this quote is not closed\n");
  expect("\"x\ny\" z\nnext\n", "2:3 after a closing quote only a comma or the end of the line may follow\n[next]\n");
  expect("ab\"\"c,d\nnext\n", "1:3 a quote inside a field that does not begin with one\n[next]\n");
}

static void places(void **state) {
  (void)state;
  static const char text[] = "head\n\"a\nb\",c\nd,\"e\"\n";
  FILE *in = fmemopen((void *)(uintptr_t)text, sizeof text - 1, "r");
  struct csv_reader *reader = csv_open(in);
  const struct csv_record *record;
  struct csv_error error;
  assert_int_equal(csv_next(reader, &record, &error), CSV_RECORD);
  assert_int_equal(csv_next(reader, &record, &error), CSV_RECORD);
  assert_int_equal(record->fields[0].line, 2);
  assert_int_equal(record->fields[0].column, 1);
  assert_int_equal(record->fields[1].line, 3);
  assert_int_equal(record->fields[1].column, 4);
  assert_int_equal(record->raw_length, 7);
  assert_memory_equal(record->raw, "\"a\nb\",c", 7);
  assert_int_equal(csv_next(reader, &record, &error), CSV_RECORD);
  assert_int_equal(record->fields[1].line, 4);
  assert_int_equal(record->fields[1].column, 3);
  assert_int_equal(csv_next(reader, &record, &error), CSV_END);
  csv_close(reader);
  (void)fclose(in);
}

static void bounds(void **state) {
  (void)state;
  size_t length = CSV_RECORD_BYTES_MAX + 10;
  char *text = malloc(length + 16), got[TEXT_MAX];
  assert_non_null(text);
  memset(text, 'x', length);
  strcpy(text + length, "\nnext\n");
  read_all(text, strlen(text), got);
  assert_string_equal(got, "1:1 the record is longer than 256 KiB\n[next]\n");
  free(text);
  char many[CSV_FIELDS_MAX + 8];
  memset(many, ',', CSV_FIELDS_MAX);
  strcpy(many + CSV_FIELDS_MAX, "\nok\n");
  read_all(many, strlen(many), got);
  assert_string_equal(got, "1:257 more than 256 fields\n[ok]\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain),  cmocka_unit_test(quoted), cmocka_unit_test(wrong),
      cmocka_unit_test(places), cmocka_unit_test(bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
