/* said.h - for the tests of explanations: the lines that were said, and those that must be. */
#ifndef RECTIFY_TESTS_SAID_H
#define RECTIFY_TESTS_SAID_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINES_MAX 6000

static char *said[LINES_MAX];
static uint32_t said_count;

static void listen(void *context, const char *text) {
  assert_ptr_equal(context, &said_count);
  assert_true(said_count < LINES_MAX);
  said[said_count++] = strdup(text);
}

static void forget(void) {
  while (said_count > 0) free(said[--said_count]);
}

static void assert_said(const char *const *expected, uint32_t count) {
  for (uint32_t i = 0; i < count && i < said_count; i++) assert_string_equal(said[i], expected[i]);
  assert_int_equal(said_count, count);
}
#define ASSERT_SAID(...)                                             \
  do {                                                               \
    static const char *const lines_[] = {__VA_ARGS__};               \
    assert_said(lines_, (uint32_t)(sizeof lines_ / sizeof *lines_)); \
  } while (0)

#endif
