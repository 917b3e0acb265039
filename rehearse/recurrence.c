/* recurrence.c - rehearsal_recurrence(): earlier findings of the same problem and of the same kind.  The findings of one key
 * are brought together in order of time; then two hands go over them, the second no more than a window ahead. */
#include <stdlib.h>

#include "rehearse/rehearse.h"

struct keyed {
  uint64_t key;
  day_t day;
  uint32_t index;
};

static int by_key(const void *a, const void *b) {
  const struct keyed *left = a, *right = b;
  if (left->key != right->key) return left->key < right->key ? -1 : 1;
  return left->index < right->index ? -1 : left->index > right->index;
}

/* Counts, for each row with a key, the rows of its key before it that are at most `days` older. */
static void count(struct keyed *rows, uint32_t size, int32_t days, uint32_t most, uint32_t *counts) {
  uint32_t first = 0;
  if (size > 0) qsort(rows, size, sizeof *rows, by_key);
  for (uint32_t i = 0; i < size; i++) {
    if (rows[first].key != rows[i].key) first = i;
    while (first < i && rows[first].day < rows[i].day - days) first++;
    if (rows[i].key != 0 && days > 0) counts[2 * rows[i].index] = i - first < most ? i - first : most;
  }
}

/* A unit and a text, or 0 when one of them is not there. */
static uint64_t key_of(uint32_t unit, uint32_t text) {
  return unit == 0 || text == 0 ? 0 : (uint64_t)unit << 32 | text;
}

bool rehearsal_recurrence(const struct rehearsal *rehearsal, uint32_t *counts) {
  const struct policy *policy = rehearsal->world.policies;
  const struct unit *units = rehearsal->world.registry->units;
  struct keyed *rows = calloc((size_t)rehearsal->count + 1, sizeof *rows);
  if (rows == NULL) return false;
  for (uint32_t i = 0; i < rehearsal->count; i++) {
    const struct rehearsal_finding *finding = &rehearsal->findings[i];
    rows[i] = (struct keyed){key_of(finding->unit, finding->code_key), finding->found_on, i};
  }
  count(rows, rehearsal->count, policy->recurrence_days, SAME_PROBLEM_COUNT_MAX, counts);
  for (uint32_t i = 0; i < rehearsal->count; i++) {
    const struct rehearsal_finding *finding = &rehearsal->findings[i];
    rows[i] = (struct keyed){key_of(units[finding->unit].parent, finding->category_key), finding->found_on, i};
  }
  count(rows, rehearsal->count, policy->same_kind_days, SAME_KIND_COUNT_MAX + 1, counts + 1);
  free(rows);
  return true;
}
