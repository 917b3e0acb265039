/* sim_params.c - see sim_params.h. */
#include "tests/sim/sim_params.h"

#include <endian.h>

static int64_t number(const uint8_t *at, size_t length) {
  if (length == 0) return 0;
  int64_t value = (int8_t)at[0];
  for (size_t i = 1; i < length; i++) value = (int64_t)((uint64_t)value << 8 | at[i]);
  return value;
}

int64_t param(const struct server_params *params, int at) {
  return params->values[at] == NULL ? 0 : number((const uint8_t *)params->values[at], (size_t)params->lengths[at]);
}

static uint32_t word(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return be32toh(value);
}

struct cells cells_of(const struct server_params *params, int at) {
  const uint8_t *data = (const uint8_t *)params->values[at];
  must(at < params->count && data != NULL && params->lengths[at] >= 12);
  if (word(data) == 0) return (struct cells){0};
  return (struct cells){.count = word(data + 12), .at = data + 20};
}

void cell_next(struct cells *cells) {
  const uint32_t length = word(cells->at);
  cells->cell = length == UINT32_MAX ? NULL : cells->at + 4;
  cells->length = length == UINT32_MAX ? 0 : length;
  cells->at += 4 + cells->length;
}

int64_t next_int(struct cells *cells) {
  cell_next(cells);
  return cells->cell == NULL ? 0 : number(cells->cell, cells->length);
}

void next_text(struct cells *cells, char out[TEXT_MAX]) {
  cell_next(cells);
  must(cells->length < TEXT_MAX);
  memcpy(out, cells->cell, cells->length);
  out[cells->length] = '\0';
}

void next_bytes(struct cells *cells, void *out, size_t length) {
  cell_next(cells);
  must(cells->length == length);
  memcpy(out, cells->cell, length);
}

void *copy_of(const void *data, size_t length) {
  uint8_t *copy = malloc(length + 1);
  must(copy != NULL);
  if (length > 0) memcpy(copy, data, length);
  copy[length] = '\0';
  return copy;
}
