/* report_check.h - for the tests of documents: a document and the errors it must give, and only those. */
#ifndef RECTIFY_TESTS_REPORT_CHECK_H
#define RECTIFY_TESTS_REPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/document.h"

#define DOCUMENTS "tests/unit/documents/"

/* A file of tests/unit/documents, whole; to free(). */
static inline char *document_text(const char *name, size_t *length) {
  char path[256];
  snprintf(path, sizeof path, DOCUMENTS "%s", name);
  char *text = document_read(path, 4 * DOCUMENT_BYTES_MAX, length);
  if (text == NULL) fail_msg("cannot read %s", path);
  return text;
}

/* The example of docs/policy.md that begins with `first` ("policy:"); to free(). */
static inline char *document_example(const char *first) {
  size_t length = 0;
  char *manual = document_read("docs/policy.md", DOCUMENT_BYTES_MAX, &length), fence[64];
  if (manual == NULL) fail_msg("cannot read docs/policy.md");
  snprintf(fence, sizeof fence, "```yaml\n%s", first);
  const char *begin = strstr(manual, fence);
  const char *end = begin != NULL ? strstr(begin + 7, "```") : NULL;
  if (end == NULL) fail_msg("docs/policy.md has no example with %s", first);
  char *example = strndup(begin + strlen("```yaml\n"), (size_t)(end - begin) - strlen("```yaml\n"));
  assert_non_null(example);
  free(manual);
  return example;
}

/* The example of rectify-policy(5) that begins with `first`; to free(). */
#define MANUAL "docs/man/rectify-policy.5.scd"
static inline char *manual_example(const char *first) {
  size_t length = 0;
  char *manual = document_read(MANUAL, DOCUMENT_BYTES_MAX, &length), fence[64];
  if (manual == NULL) fail_msg("cannot read " MANUAL);
  snprintf(fence, sizeof fence, "\n```\n%s", first);
  const char *begin = strstr(manual, fence);
  const char *end = begin != NULL ? strstr(begin + 5, "\n```") : NULL;
  if (end == NULL) fail_msg(MANUAL " has no example with %s", first);
  char *example = strndup(begin + 5, (size_t)(end + 1 - begin) - 5);
  assert_non_null(example);
  free(manual);
  return example;
}

/* `text` with the first `what` replaced by `with`; to free().  Fails when `what` is not in it. */
static inline char *document_with(const char *text, const char *what, const char *with) {
  const char *at = strstr(text, what);
  if (at == NULL) fail_msg("nothing to replace: %s", what);
  size_t size = strlen(text) + strlen(with) + 1;
  char *out = malloc(size);
  assert_non_null(out);
  snprintf(out, size, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
  return out;
}

/* The report must be exactly the text of the file `name`. */
static inline void report_must_be_file(struct document_report *report, const char *name) {
  size_t length = 0;
  char *expected = document_text(name, &length);
  assert_non_null(report->text);
  assert_string_equal(report->text, expected);
  free(expected);
  document_report_free(report);
}

/* The report must be the one error `line`, "line:column: error: ..." of the file "f". */
static inline void report_must_be(struct document_report *report, const char *line) {
  char expected[1024];
  snprintf(expected, sizeof expected, "f:%s\n", line);
  assert_non_null(report->text);
  assert_string_equal(report->text, expected);
  assert_int_equal(report->errors, 1);
  document_report_free(report);
}

/* Whether the report is safe to print: no control characters but the line ends. */
static inline void report_must_be_plain(const struct document_report *report) {
  for (const char *c = report->text; c != NULL && *c != '\0'; c++)
    assert_true(*c == '\n' || (unsigned char)*c >= 0x20);
}

/* Numbers that look random and are the same in every run (xorshift, Marsaglia 2003). */
static inline uint32_t dice(uint32_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  *seed ^= *seed << 5;
  return *seed;
}

/* Damages a copy of `text` in 1 to 4 places: bytes changed, cut out, doubled, or replaced by something of YAML. */
static inline char *document_damage(const char *text, size_t length, uint32_t *seed, size_t *out_length) {
  static const char *const pieces[] = {"[", "]", "{", "}", ": ", "- ", "&a ", "*a", "!x ", "\"", "'", "|\n", "\n", "\t",
                                       "? ", "#", "%", "---\n", "...\n", "\xe5\xb8\x82", "\xff", "-", "99999999999"};
  char *out = malloc(length * 2 + 256);
  assert_non_null(out);
  memcpy(out, text, length);
  *out_length = length;
  for (uint32_t times = 1 + dice(seed) % 4; times > 0; times--) {
    size_t at = dice(seed) % (*out_length + 1), cut = dice(seed) % 24;
    const char *piece = pieces[dice(seed) % (sizeof pieces / sizeof *pieces)];
    if (cut > *out_length - at) cut = *out_length - at;
    if (dice(seed) % 2 == 0) cut = cut > 0 ? 1 : 0;
    memmove(out + at + strlen(piece), out + at + cut, *out_length - at - cut);
    memcpy(out + at, piece, strlen(piece));
    *out_length += strlen(piece) - cut;
  }
  return out;
}

#endif
