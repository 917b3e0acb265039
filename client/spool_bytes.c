/* spool_bytes.c - numbers and parts of the spool's records: little-endian, lengths before contents. */
#include <stdlib.h>
#include <string.h>

#include "client/spool.h"

static bool make_room(struct spool_bytes *bytes, size_t more) {
  const size_t most = bytes->most != 0 ? bytes->most : SPOOL_RECORD_BYTES_MAX;
  if (bytes->failed || more > most - bytes->length) return false;
  if (bytes->length + more <= bytes->room) return true;
  size_t room = bytes->room == 0 ? 1024 : bytes->room;
  while (room < bytes->length + more) room *= 2;
  uint8_t *data = realloc(bytes->data, room);
  if (data == NULL) return false;
  bytes->data = data;
  bytes->room = room;
  return true;
}

void spool_put(struct spool_bytes *bytes, const void *data, size_t length) {
  bytes->failed = !make_room(bytes, length);
  if (bytes->failed || length == 0) return;
  memcpy(bytes->data + bytes->length, data, length);
  bytes->length += length;
}

void spool_put_number(struct spool_bytes *bytes, uint64_t number, unsigned size) {
  uint8_t out[8];
  for (unsigned i = 0; i < size; i++) out[i] = (uint8_t)(number >> (8 * i));
  spool_put(bytes, out, size);
}

size_t spool_part_begin(struct spool_bytes *bytes) {
  size_t begun = bytes->length;
  spool_put_number(bytes, 0, 4);
  return begun;
}

void spool_part_end(struct spool_bytes *bytes, size_t begun) {
  if (bytes->failed) return;
  const size_t length = bytes->length - begun - 4;
  for (unsigned i = 0; i < 4; i++) bytes->data[begun + i] = (uint8_t)(length >> (8 * i));
}

bool spool_get(struct spool_reader *reader, void *out, size_t length) {
  if (length > reader->left) return false;
  if (length > 0) memcpy(out, reader->at, length);
  reader->at += length;
  reader->left -= length;
  return true;
}

bool spool_get_number(struct spool_reader *reader, uint64_t *number, unsigned size) {
  uint8_t in[8] = {0};
  if (!spool_get(reader, in, size)) return false;
  *number = 0;
  for (unsigned i = 0; i < size; i++) *number |= (uint64_t)in[i] << (8 * i);
  return true;
}

bool spool_get_part(struct spool_reader *reader, struct spool_reader *part) {
  uint64_t length;
  if (!spool_get_number(reader, &length, 4) || length > reader->left) return false;
  *part = (struct spool_reader){reader->at, (size_t)length};
  reader->at += length;
  reader->left -= (size_t)length;
  return true;
}
