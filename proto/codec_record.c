/* codec_record.c - what is kept for ever, by tables: structures of the model to their one packing as a message, and back.
 *
 * The one packing: fields in ascending order, each once, none that says nothing, numbers in their shortest form, nothing unknown.  So
 * equal records are equal bytes, and what is read would be packed into the same bytes again.  One pass each way, without protobuf-c's
 * structures between: the daemon packs two records for each event and reads a million at its start, an auditor reads all. */
#include <string.h>

#include "proto/codec_internal.h"
#include "rectify/must.h"

/* Little endian machines keep the low bytes first; the others would need another line here. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "store() copies low bytes");

static int64_t load(const uint8_t *at, const struct record_row *row) {
  int64_t value = 0;
  if (row->size == 1) return *at;
  if (row->size == 8) {
    memcpy(&value, at, 8);
  } else if (row->size == 2) {
    memcpy(&value, at, 2);
  } else {
    int32_t low;
    memcpy(&low, at, 4);
    value = row->zigzag ? low : (int64_t)(uint32_t)low;
  }
  return value;
}

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

static bool in_range(const struct record_row *row, int64_t value) {
  if (row->known != 0) return value >= 0 && value < 64 && (row->known >> value & 1) != 0;
  return value >= row->min && value <= row->max;
}

/* Whether a part that only its flag tells of is there. */
static bool is_told(const struct record_row *row, const uint8_t *model) { return model[row->flag] != 0; }

/* ---- packing ---- */

static uint8_t *put_number(uint8_t *at, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)value;
  return at;
}

static uint8_t *put_mark(uint8_t *at, const struct record_row *row, uint32_t wire_type) {
  return put_number(at, (uint32_t)row->number << 3 | wire_type);
}

static uint8_t *put_bytes(uint8_t *at, const struct record_row *row, const void *bytes, size_t length) {
  at = put_number(put_mark(at, row, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED), length);
  memcpy(at, bytes, length);
  return at + length;
}

static uint8_t *put_line(uint8_t *at, const struct record_row *row, const char *line) {
  const size_t length = strnlen(line, row->size);
  must(length < row->size && codec_line_ok(line, length));
  return length == 0 ? at : put_bytes(at, row, line, length);
}

static uint8_t *put_value(uint8_t *at, const struct record_row *row, const uint8_t *member) {
  const int64_t value = load(member, row);
  must(in_range(row, value));
  if (value == 0 || value == row->none) return at;
  const uint64_t bits = (uint64_t)value;
  return put_number(put_mark(at, row, PROTOBUF_C_WIRE_TYPE_VARINT), row->zigzag ? bits << 1 ^ (0 - (bits >> 63)) : bits);
}

/* Its length goes before it, in one byte for almost all. */
static uint8_t *put_part(uint8_t *at, const struct record_row *row, const void *model) {
  at = put_mark(at, row, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
  const size_t length = codec_record_pack(row->part, model, at + 1);
  if (length >= 0x80) memmove(at + 2, at + 1, length);
  must(length < 0x4000);
  return put_number(at, length) + length;
}

/* A list without a count ends before the first of its parts whose first number is 0. */
static size_t parts_of(const struct record_row *row, const uint8_t *model) {
  const uint8_t *part = model + row->offset;
  size_t count = 0;
  if (row->size == 0)
    while (count < row->room && load(part + count * row->stride + row->part->rows[0].offset, &row->part->rows[0]) != 0) count++;
  else
    memcpy(&count, model + row->flag, row->size);
  must(count <= row->room);
  return count;
}

static uint8_t *put_parts(uint8_t *at, const struct record_row *row, const uint8_t *model) {
  for (size_t i = 0, count = parts_of(row, model); i < count; i++) at = put_part(at, row, model + row->offset + i * row->stride);
  return at;
}

/* What is no number. */
static uint8_t *put(uint8_t *at, const struct record_row *row, const uint8_t *model) {
  const uint8_t *member = model + row->offset;
  if (row->kind == ROW_LINE) return put_line(at, row, (const char *)member);
  if (row->kind == ROW_PARTS) return put_parts(at, row, model);
  if (row->kind != ROW_BYTES && !is_told(row, model)) return at;
  return row->kind == ROW_PART_IF ? put_part(at, row, member) : put_bytes(at, row, member, row->size);
}

/* Most rows are numbers, and most of those 0: so these come first, without a jump by kind. */
size_t codec_record_pack(const struct record *record, const void *model, uint8_t *out) {
  const uint8_t *members = model;
  uint8_t *at = out;
  for (const struct record_row *row = record->rows; row < record->rows + record->count; row++)
    at = row->kind == ROW_NUMBER ? put_value(at, row, members + row->offset) : put(at, row, members);
  return (size_t)(at - out);
}

/* ---- reading ---- */

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

static bool take_value(struct reader *reader, const struct record_row *row, uint8_t *member) {
  uint64_t bits;
  if (!take_number(reader, &bits) || bits == 0) return false;
  const int64_t value = (int64_t)(row->zigzag ? bits >> 1 ^ (0 - (bits & 1)) : bits);
  if (value == row->none || !in_range(row, value)) return false;
  store(member, row->size, value);
  return true;
}

/* Bytes after their length: of just the size, or a line of less. */
static bool take_bytes(struct reader *bytes, const struct record_row *row, uint8_t *member) {
  const size_t length = (size_t)(bytes->end - bytes->at);
  if (row->kind == ROW_LINE ? length == 0 || length >= row->size || !codec_line_ok(bytes->at, length) : length != row->size)
    return false;
  memcpy(member, bytes->at, length);
  return true;
}

/* What only a flag tells of sets it; what another number tells of has that number before it. */
static bool tell(const struct record_row *row, uint8_t *model) {
  if (row->kind == ROW_BYTES_WITH) return is_told(row, model);
  if (row->kind == ROW_BYTES_IF || row->kind == ROW_PART_IF) model[row->flag] = 1;
  return true;
}

static bool take_next_part(const struct reader *bytes, const struct record_row *row, uint8_t *model, size_t nth) {
  if (nth == row->room) return false;
  if (row->size != 0) store(model + row->flag, row->size, (int64_t)nth + 1);
  return codec_record_unpack(row->part, bytes->at, (size_t)(bytes->end - bytes->at), model + row->offset + nth * row->stride);
}

static bool take_delimited(struct reader *reader, const struct record_row *row, uint8_t *model, size_t nth) {
  uint64_t length;
  if (row->kind == ROW_NUMBER || !take_number(reader, &length) || length > (uint64_t)(reader->end - reader->at)) return false;
  struct reader bytes = {reader->at, reader->at + length};
  reader->at = bytes.end;
  if (row->kind == ROW_PARTS) return take_next_part(&bytes, row, model, nth);
  if (!tell(row, model)) return false;
  if (row->kind == ROW_PART_IF) return codec_record_unpack(row->part, bytes.at, length, model + row->offset);
  return take_bytes(&bytes, row, model + row->offset);
}

/* The field is not there: which it may be not, and what that means. */
static bool leave_out(const struct record_row *row, uint8_t *model) {
  if (row->kind == ROW_BYTES) return false;
  if (row->kind == ROW_BYTES_WITH) return !is_told(row, model);
  if (row->kind != ROW_NUMBER) return true;
  if (row->none != 0) store(model + row->offset, row->size, row->none);
  return in_range(row, 0);
}

bool codec_record_unpack(const struct record *record, const uint8_t *data, size_t length, void *model) {
  const struct record_row *row = record->rows, *end = row + record->count;
  struct reader reader = {data, data + length};
  size_t nth = 0; /* of the parts of this row */
  while (reader.at < reader.end) {
    uint64_t mark;
    if (!take_number(&reader, &mark)) return false;
    for (; row < end && row->number < mark >> 3; row++, nth = 0)
      if (!leave_out(row, model)) return false;
    if (row == end || row->number != mark >> 3) return false;
    if ((mark & 7) == PROTOBUF_C_WIRE_TYPE_VARINT) {
      if (row->kind != ROW_NUMBER || !take_value(&reader, row, (uint8_t *)model + row->offset)) return false;
    } else if ((mark & 7) != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED || !take_delimited(&reader, row, model, nth++)) {
      return false;
    }
    if (row->kind != ROW_PARTS) row++, nth = 0;
  }
  for (; row < end; row++)
    if (!leave_out(row, model)) return false;
  return true;
}

/* ---- format 1 ---- */

static const uint8_t format[] = {1 << 3 | PROTOBUF_C_WIRE_TYPE_VARINT, 1};

size_t codec_format_pack(const struct record *record, const void *model, uint8_t *out) {
  memcpy(out, format, sizeof format);
  return sizeof format + codec_record_pack(record, model, out + sizeof format);
}

bool codec_format_unpack(const struct record *record, const uint8_t *data, size_t length, void *model) {
  return length >= sizeof format && memcmp(data, format, sizeof format) == 0 &&
         codec_record_unpack(record, data + sizeof format, length - sizeof format, model);
}
