/* case.c - what can be read off a folded case: its clocks, what fires next, and the rung's command. */
#include <string.h>

#include "core/judge.h"
#include "rectify/must.h"

struct case_clock *clock_find(struct case_state *state, uint32_t kind) {
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && state->clocks[i].kind != 0; i++)
    if (state->clocks[i].kind == kind) return &state->clocks[i];
  return NULL;
}

const struct case_clock *case_clock_of(const struct case_state *state, uint32_t kind) {
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && state->clocks[i].kind != 0; i++)
    if (state->clocks[i].kind == kind) return &state->clocks[i];
  return NULL;
}

bool clock_put(struct case_state *state, const struct case_clock *clock) {
  struct case_clock *clocks = state->clocks;
  uint32_t at = 0;
  while (at < CASE_CLOCKS_MAX && clocks[at].kind != 0 && clocks[at].kind != clock->kind) at++;
  if (clock->state != CLOCK_STOPPED) {
    if (at == CASE_CLOCKS_MAX) return false;
    clocks[at] = *clock;
    return true;
  }
  if (at == CASE_CLOCKS_MAX || clocks[at].kind == 0) return true;
  memmove(&clocks[at], &clocks[at + 1], (CASE_CLOCKS_MAX - at - 1) * sizeof *clocks);
  clocks[CASE_CLOCKS_MAX - 1] = (struct case_clock){0};
  return true;
}

/* Of two that fire at one instant the one with the lower number is first, in whatever order they were started. */
usec_t case_next_fire(const struct case_state *state, uint32_t *index) {
  usec_t next = INSTANT_NONE;
  uint32_t kind = 0;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && state->clocks[i].kind != 0; i++) {
    const struct case_clock *clock = &state->clocks[i];
    if (clock->state != CLOCK_RUNNING || clock->next_fire == INSTANT_NONE) continue;
    if (clock->next_fire > next || (clock->next_fire == next && clock->kind > kind)) continue;
    next = clock->next_fire;
    kind = clock->kind;
    if (index != NULL) *index = i;
  }
  return next;
}

static void put_big_endian(uint8_t *out, uint32_t bytes, uint64_t value) {
  for (uint32_t i = bytes; i-- > 0; value >>= 8) out[i] = (uint8_t)value;
}

/* UUIDv8 (RFC 9562, 5.8): 48 bits case, version and what it is for, 30 bits number around the variant, 32 bits nth. */
void case_own_key(uint64_t case_no, uint32_t what, uint32_t number, uint32_t nth, struct uuid *out) {
  uint8_t *bytes = out->bytes;
  must(case_no < UINT64_C(1) << 48 && what < 16 && number < UINT32_C(1) << 30);
  put_big_endian(bytes, 6, case_no);
  bytes[6] = (uint8_t)(0x80 | what);
  bytes[7] = (uint8_t)number;
  bytes[8] = (uint8_t)(0x80 | (number >> 8 & 0x3f));
  put_big_endian(bytes + 9, 2, number >> 14);
  bytes[11] = 0;
  put_big_endian(bytes + 12, 4, nth);
}

void case_rung_command(const struct case_state *state, uint32_t index, struct command *out) {
  must(index < CASE_CLOCKS_MAX && state->clocks[index].state == CLOCK_RUNNING);
  const struct case_clock *clock = &state->clocks[index];
  memset(out, 0, sizeof *out);
  out->kind = COMMAND_RUNG_DUE;
  out->case_no = state->case_no;
  out->clock = clock->kind;
  out->generation = clock->generation;
  out->nth = clock->nth;
  case_own_key(state->case_no, clock->kind, clock->generation, clock->nth, &out->key);
}

/* Each publication raises one of the two versions by one, so that their sum names it; an appointment that ends on its day
 * asks for a review without one, so that the case's own version stands in the key too. */
void case_review_command(const struct world *world, const struct case_state *state, struct command *out) {
  memset(out, 0, sizeof *out);
  out->kind = COMMAND_REVIEW;
  out->case_no = state->case_no;
  case_own_key(state->case_no, KEY_REVIEW, world->calendar_version + world->registry->version, state->version, &out->key);
}

/* One a day and officer, whatever was shown how often. */
void case_read_command(const struct world *world, uint64_t case_no, uint32_t officer, usec_t now, struct command *out) {
  memset(out, 0, sizeof *out);
  out->kind = COMMAND_READ;
  out->case_no = case_no;
  out->actor = officer;
  case_own_key(case_no, KEY_READ, officer, (uint32_t)world_today(world, 0, now), &out->key);
}

bool rung_is_due(const struct case_state *state, const struct command *command, usec_t now) {
  const struct case_clock *clock = case_clock_of(state, command->clock);
  return clock != NULL && clock->state == CLOCK_RUNNING && clock->generation == command->generation &&
         clock->nth == command->nth && clock->next_fire <= now;
}
