/* load.c - see load.h. */
#include "rehearse/load.h"

#include <string.h>

static uint32_t history_of(const struct load *load) {
  return load->history < LOAD_HISTORY_WEEKS ? load->history : LOAD_HISTORY_WEEKS;
}

/* By insertion: thirteen numbers. */
static uint32_t median_twice(const uint32_t *numbers, uint32_t count) {
  uint32_t sorted[LOAD_HISTORY_WEEKS];
  for (uint32_t i = 0; i < count; i++) {
    uint32_t at = i;
    for (; at > 0 && sorted[at - 1] > numbers[i]; at--) sorted[at] = sorted[at - 1];
    sorted[at] = numbers[i];
  }
  return count == 0 ? 0 : sorted[(count - 1) / 2] + sorted[count / 2];
}

static bool is_known(const struct load *load, uint32_t weeks) {
  uint32_t closings = 0;
  for (uint32_t i = 0; i < weeks; i++) closings += load->closed[i];
  return weeks >= LOAD_HISTORY_WEEKS_MIN && closings >= LOAD_CLOSINGS_MIN;
}

void load_foresee(const struct load *load, struct load_outlook *out) {
  const uint32_t weeks = history_of(load);
  uint32_t due = load->overdue;
  memset(out, 0, sizeof *out);
  out->known = is_known(load, weeks);
  out->pace_twice = out->known ? median_twice(load->closed, weeks) : 0;
  for (uint32_t week = 0; week < LOAD_AHEAD_WEEKS; week++) {
    struct load_week *one = &out->weeks[week];
    due += load->due[week];
    one->due_in_all = due;
    one->can_in_all = out->pace_twice * (week + 1) / 2;
    one->over = out->known && load->due[week] > 0 && due > one->can_in_all;
  }
}
