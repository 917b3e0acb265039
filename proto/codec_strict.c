/* codec_strict.c - reads the one packing of a message of numbers, and of messages of numbers in it: fields in ascending order, each once,
 * none that says nothing, numbers in their shortest form, nothing unknown.  What it takes would be packed into the same bytes again.
 *
 * Several times as fast as unpacking, and packing again to compare: a daemon reads a million states at its start. */
#include <string.h>

#include "proto/codec_internal.h"
#include "rectify/must.h"

struct reader {
  const uint8_t *at, *end;
};

/* A varint of at most 64 bits, in its shortest form. */
static bool take_number(struct reader *reader, uint64_t *out) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
    const uint8_t one = *reader->at++;
    if (shift == 63 && one > 1) return false;
    value |= (uint64_t)(one & 0x7f) << shift;
    if (one >= 0x80) continue;
    *out = value;
    return one != 0 || shift == 0;
  }
  return false;
}

static bool store32(void *at, uint64_t value) {
  const uint32_t low = (uint32_t)value;
  memcpy(at, &low, sizeof low);
  return value <= UINT32_MAX;
}

static bool store64(void *at, uint64_t value) {
  memcpy(at, &value, sizeof value);
  return true;
}

static uint64_t zigzag(uint64_t value) { return value >> 1 ^ (0 - (value & 1)); }

static bool store_number(const ProtobufCFieldDescriptor *field, uint64_t value, void *at) {
  protobuf_c_boolean yes = 1;
  if (field->type == PROTOBUF_C_TYPE_UINT32) return store32(at, value);
  if (field->type == PROTOBUF_C_TYPE_UINT64) return store64(at, value);
  if (field->type == PROTOBUF_C_TYPE_SINT64) return store64(at, zigzag(value));
  if (field->type == PROTOBUF_C_TYPE_SINT32) return value <= UINT32_MAX && store32(at, zigzag(value) & UINT32_MAX);
  must(field->type == PROTOBUF_C_TYPE_BOOL);
  memcpy(at, &yes, sizeof yes);
  return value == 1;
}

/* One of the messages in it, into the next place of its list. */
static bool take_part(struct reader *reader, const ProtobufCFieldDescriptor *field, uint8_t *message, size_t room) {
  size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
  ProtobufCMessage ***list = (ProtobufCMessage ***)(void *)(message + field->offset);
  uint64_t length;
  if (!take_number(reader, &length) || length > (uint64_t)(reader->end - reader->at) || *count == room) return false;
  const uint8_t *at = reader->at;
  reader->at += length;
  return codec_strict(at, length, (*list)[(*count)++], 0);
}

bool codec_strict(const uint8_t *data, size_t length, ProtobufCMessage *message, size_t room) {
  const ProtobufCFieldDescriptor *field = message->descriptor->fields, *end = field + message->descriptor->n_fields;
  struct reader reader = {data, data + length};
  while (reader.at < reader.end) {
    uint64_t mark, value;
    if (!take_number(&reader, &mark)) return false;
    while (field < end && field->id < mark >> 3) field++;
    if (field == end || field->id != mark >> 3) return false;
    if ((mark & 7) == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
      if (field->type != PROTOBUF_C_TYPE_MESSAGE || !take_part(&reader, field, (uint8_t *)message, room)) return false;
    } else {
      if ((mark & 7) != PROTOBUF_C_WIRE_TYPE_VARINT || field->type == PROTOBUF_C_TYPE_MESSAGE) return false;
      if (!take_number(&reader, &value) || value == 0) return false;
      if (!store_number(field, value, (uint8_t *)message + field->offset)) return false;
      field++;
    }
  }
  return true;
}
