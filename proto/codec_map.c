/* codec_map.c - copies fields between the model's structures and the message's, row by row, with their ranges.
 *
 * The same rows serve both directions, so that a field cannot be written and forgotten on reading. */
#include <string.h>

#include "proto/codec_internal.h"
#include "proto/codec_numbers.h"
#include "rectify/must.h"

static int64_t load(const uint8_t *at, uint8_t size, bool is_signed) {
  if (size == 1) return *at;
  if (size == 2) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
  }
  if (size == 4) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return is_signed ? (int32_t)value : (int64_t)value;
  }
  int64_t value;
  must(size == sizeof value);
  memcpy(&value, at, sizeof value);
  return value;
}

/* Little endian machines keep the low bytes first; the others would need another line here. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "store() copies low bytes");

static void store(uint8_t *at, uint8_t size, int64_t value) {
  if (size == 1)
    memcpy(at, &value, 1);
  else if (size == 2)
    memcpy(at, &value, 2);
  else if (size == 4)
    memcpy(at, &value, 4);
  else
    memcpy(at, &value, 8);
}

static bool in_range(const struct map_row *row, int64_t value) {
  if (row->known != 0) return value >= 0 && value < 64 && (row->known >> value & 1) != 0;
  return value >= row->min && value <= row->max;
}

void codec_map_out(const struct map_row *rows, size_t count, const void *model, void *message) {
  for (const struct map_row *row = rows; row < rows + count; row++) {
    int64_t value = load((const uint8_t *)model + row->model_offset, row->model_size, row->is_signed);
    must(in_range(row, value));
    store((uint8_t *)message + row->message_offset, row->message_size, value);
  }
}

bool codec_map_in(const struct map_row *rows, size_t count, const void *message, void *model) {
  for (const struct map_row *row = rows; row < rows + count; row++) {
    int64_t value = load((const uint8_t *)message + row->message_offset, row->message_size, row->is_signed);
    if (!in_range(row, value)) return false;
    store((uint8_t *)model + row->model_offset, row->model_size, value);
  }
  return true;
}

#define CLOCK_FIELD(field, member, low, high) MAP_AS(EventClock, field, struct case_clock, member, low, high, 0)
#define CLOCK_NUMBER(field, member, numbers) MAP_AS(EventClock, field, struct case_clock, member, 0, 0, numbers)
#define CLOCK_INSTANT(field) CLOCK_FIELD(field, field, INT64_MIN, INT64_MAX)
#define STATES (NUMBER_BIT(CLOCK_RUNNING) | NUMBER_BIT(CLOCK_PAUSED) | NUMBER_BIT(CLOCK_STOPPED))
#define SPANS (NUMBER_BIT(SPAN_NONE) | NUMBER_BIT(SPAN_WD) | NUMBER_BIT(SPAN_HOURS))

static const struct map_row clock_rows[] = {
    CLOCK_NUMBER(kind, kind, NUMBERS_CLOCK),
    CLOCK_NUMBER(state, state, STATES),
    CLOCK_NUMBER(track, track, NUMBERS_TRACK | OR_NONE),
    CLOCK_FIELD(provisional, provisional, 0, 1),
    CLOCK_FIELD(budget, budget.count, INT32_MIN, INT32_MAX),
    CLOCK_NUMBER(budget_unit, budget.unit, SPANS),
    CLOCK_FIELD(generation, generation, 0, UINT32_MAX),
    CLOCK_FIELD(nth, nth, 0, UINT32_MAX),
    CLOCK_FIELD(rung, rung, 0, RUNGS_MAX),
    CLOCK_FIELD(repeat, repeat, 0, UINT32_MAX),
    CLOCK_INSTANT(start),
    CLOCK_INSTANT(due),
    CLOCK_INSTANT(paused),
    CLOCK_INSTANT(moved),
    CLOCK_FIELD(extended, extended, INT32_MIN, INT32_MAX),
};
enum { CLOCK_ROWS = sizeof clock_rows / sizeof clock_rows[0] };

void codec_clock_out(const struct case_clock *clock, Rectify__V1__EventClock *out) {
  rectify__v1__event_clock__init(out);
  codec_map_out(clock_rows, CLOCK_ROWS, clock, out);
  out->next_fire = clock->next_fire == INSTANT_NONE ? 0 : clock->next_fire;
}

bool codec_clock_in(const Rectify__V1__EventClock *clock, struct case_clock *out) {
  if (!codec_map_in(clock_rows, CLOCK_ROWS, clock, out)) return false;
  out->next_fire = clock->next_fire == 0 ? INSTANT_NONE : clock->next_fire;
  return clock->next_fire != INSTANT_NONE;
}
