/* pg_values.c - PostgreSQL's binary representations: big-endian integers, instants in microseconds since 2000-01-01,
 * dates in days since 2000-01-01, one-dimensional arrays. */
#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/pg.h"
#include "rectify/must.h"

#define DAYS_1970_TO_2000 10957
#define USEC_1970_TO_2000 (INT64_C(86400) * DAYS_1970_TO_2000 * USEC_PER_SECOND)
#define ARRAY_HEADER_BYTES 20

void pg_params_reset(struct pg_params *params) { params->count = 0; }

static char *scratch(struct pg_params *params, int length) {
  must(params->count < PG_PARAMS_MAX);
  char *at = params->scratch[params->count];
  params->values[params->count] = at;
  params->lengths[params->count++] = length;
  return at;
}

void pg_param_null(struct pg_params *params) { pg_param_bytes(params, NULL, 0); }

void pg_param_int2(struct pg_params *params, int16_t value) {
  uint16_t wire = htobe16((uint16_t)value);
  memcpy(scratch(params, 2), &wire, 2);
}

void pg_param_int4(struct pg_params *params, int32_t value) {
  uint32_t wire = htobe32((uint32_t)value);
  memcpy(scratch(params, 4), &wire, 4);
}

void pg_param_int8(struct pg_params *params, int64_t value) {
  uint64_t wire = htobe64((uint64_t)value);
  memcpy(scratch(params, 8), &wire, 8);
}

void pg_param_bool(struct pg_params *params, bool value) { *scratch(params, 1) = value ? 1 : 0; }

void pg_param_instant(struct pg_params *params, usec_t value) { pg_param_int8(params, value - USEC_1970_TO_2000); }

void pg_param_bytes(struct pg_params *params, const void *data, size_t length) {
  must(params->count < PG_PARAMS_MAX && length <= INT32_MAX);
  params->values[params->count] = data;
  params->lengths[params->count++] = (int)length;
}

void pg_array_reset(struct pg_array *array, uint32_t type) {
  array->type = type;
  array->count = 0;
  array->nulls = false;
  array->used = ARRAY_HEADER_BYTES;
}

void pg_array_free(struct pg_array *array) {
  free(array->data);
  *array = (struct pg_array){0};
}

static char *grow(struct pg_array *array, size_t more) {
  if (array->used + more > array->room || array->data == NULL) {
    size_t room = array->room == 0 ? 4096 : array->room;
    while (room < array->used + more) room *= 2;
    array->data = realloc(array->data, room);
    must(array->data != NULL);
    array->room = room;
  }
  char *at = array->data + array->used;
  array->used += more;
  return at;
}

static void put_length(char *at, int32_t length) {
  uint32_t wire = htobe32((uint32_t)length);
  memcpy(at, &wire, 4);
}

static int width_of(uint32_t type) {
  switch (type) {
    case PG_BOOL: return 1;
    case PG_INT2: return 2;
    case PG_INT4:
    case PG_DATE: return 4;
    default: return 8;
  }
}

void pg_put_int(struct pg_array *array, int64_t value) {
  int width = width_of(array->type);
  if (array->type == PG_DATE) value -= DAYS_1970_TO_2000;
  if (array->type == PG_INSTANT) value -= USEC_1970_TO_2000;
  uint64_t wire = htobe64((uint64_t)value);
  char *at = grow(array, (size_t)width + 4);
  put_length(at, width);
  memcpy(at + 4, (char *)&wire + 8 - width, (size_t)width);
  array->count++;
}

void pg_put_bytes(struct pg_array *array, const void *data, size_t length) {
  char *at = grow(array, length + 4);
  put_length(at, (int32_t)length);
  if (length > 0) memcpy(at + 4, data, length);
  array->count++;
}

void pg_put_null(struct pg_array *array) {
  put_length(grow(array, 4), -1);
  array->nulls = true;
  array->count++;
}

void pg_param_array(struct pg_params *params, struct pg_array *array) {
  if (array->data == NULL) {
    grow(array, 1);
    array->used--;
  }
  uint32_t header[5] = {htobe32(array->count > 0), htobe32(array->nulls), htobe32(array->type), htobe32(array->count),
                        htobe32(1)};
  memcpy(array->data, header, sizeof header);
  pg_param_bytes(params, array->data, array->count > 0 ? array->used : 12);
}

bool pg_null(const PGresult *result, int row, int column) { return PQgetisnull(result, row, column); }

const uint8_t *pg_bytes(const PGresult *result, int row, int column, size_t *length) {
  *length = (size_t)PQgetlength(result, row, column);
  return (const uint8_t *)PQgetvalue(result, row, column);
}

int64_t pg_int(const PGresult *result, int row, int column) {
  size_t length;
  const uint8_t *at = pg_bytes(result, row, column, &length);
  must(length <= 8);
  if (length == 0) return 0;
  int64_t value = (int8_t)at[0];
  for (size_t i = 1; i < length; i++) value = (int64_t)((uint64_t)value << 8 | at[i]);
  return PQftype(result, column) == PG_DATE ? value + DAYS_1970_TO_2000 : value;
}

usec_t pg_instant(const PGresult *result, int row, int column) {
  if (pg_null(result, row, column)) return 0;
  return pg_int(result, row, column) + USEC_1970_TO_2000;
}
