/* Keys that are certainly new, against a plain list of all that were ever recorded as oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/recent.h"
#include "tests/lib/splitmix.h"

#define KEYS 4000
#define KEPT 64

static uint64_t state = 7;

static uint32_t next_random(uint32_t bound) { return (uint32_t)(splitmix64(&state) % bound); }

static struct uuid recorded[KEYS];
static uint32_t recorded_count;

static bool is_recorded(const struct uuid *key) {
  for (uint32_t i = 0; i < recorded_count; i++)
    if (memcmp(&recorded[i], key, sizeof *key) == 0) return true;
  return false;
}

/* Of a client whose clock may be wrong by some; few enough for a key to come again. */
static struct uuid make(uint32_t now, uint32_t version) {
  struct uuid key = {{1}};
  const uint32_t time = now + next_random(40) - 20;
  key.bytes[4] = (uint8_t)(time >> 8);
  key.bytes[5] = (uint8_t)time;
  key.bytes[6] = (uint8_t)(version << 4);
  key.bytes[15] = (uint8_t)next_random(4);
  return key;
}

/* As sql/load_numbers.sql. */
static void start(struct recent *recent) {
  const struct uuid *greatest = NULL;
  for (uint32_t i = 0; i < recorded_count; i++)
    if (recorded[i].bytes[6] >> 4 == 7 && recorded[i].bytes[0] < UUID_V7_END &&
        (greatest == NULL || memcmp(&recorded[i], greatest, sizeof *greatest) > 0))
      greatest = &recorded[i];
  recent_start(recent, greatest);
}

static void test_oracle(void **context) {
  (void)context;
  struct recent *recent = recent_new(KEPT);
  uint32_t found_new = 0;
  recorded_count = 0;
  start(recent);
  for (uint32_t i = 0; i < KEYS; i++) {
    const struct uuid key = make(1000 + i / 4, next_random(10) == 0 ? 8 : 7);
    if (recent_is_new(recent, &key)) {
      assert_false(is_recorded(&key));
      found_new++;
    }
    if (!is_recorded(&key)) recorded[recorded_count++] = key;
    recent_add(recent, &key);
    assert_false(recent_is_new(recent, &key));
    if (next_random(500) == 0) start(recent);
  }
  assert_true(found_new > KEYS / 4);
  recent_free(recent);
}

/* Nobody's clock is right for ever: of what is beyond all calendars, and of other kinds of keys, nothing is said. */
static void test_others(void **context) {
  (void)context;
  struct recent *recent = recent_new(KEPT);
  struct uuid key = {{1, 0x9a, 0, 0, 0, 0, 0x70}};
  assert_true(recent_is_new(recent, &key));
  key.bytes[6] = 0x80;
  assert_false(recent_is_new(recent, &key));
  key.bytes[6] = 0x7f;
  key.bytes[0] = UUID_V7_END;
  assert_false(recent_is_new(recent, &key));
  recent_add(recent, &key); /* is not what all others have to be greater than */
  key.bytes[0] = UUID_V7_END - 1;
  assert_true(recent_is_new(recent, &key));
  recent_start(recent, &key);
  assert_false(recent_is_new(recent, &key));
  key.bytes[15]++;
  assert_true(recent_is_new(recent, &key));
  recent_free(recent);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_oracle), cmocka_unit_test(test_others)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
