/* codec_rows.h - how the rows of codec_record.c are written down, for codec_event.c and codec_state.c: each macro is a row of structure
 * MODEL, which is defined before a table, and undefined behind it. */
#ifndef RECTIFY_CODEC_ROWS_H
#define RECTIFY_CODEC_ROWS_H

#include "proto/codec_internal.h"
#include "proto/codec_numbers.h"

#define ROW(row_kind, no, field, member, ...) \
  { .name = #field, .number = (no), .kind = (row_kind), .offset = offsetof(MODEL, member), __VA_ARGS__ }
#define SIZE_OF(member) .size = sizeof(((MODEL *)0)->member)

/* Numbers; a member that is signed is sint32 or sint64 in the schema. */
#define VALUE(no, field, member, low, high, numbers, ...)                                                                    \
  ROW(ROW_NUMBER, no, field, member, SIZE_OF(member), .min = (low), .max = (high), .known = (numbers),                       \
      .zigzag = _Generic(((MODEL *)0)->member, int32_t : true, int64_t : true, default : false), __VA_ARGS__)
#define FIELD(no, field, low, high) VALUE(no, field, field, low, high, 0)
#define NUMBER(no, field, numbers) VALUE(no, field, field, 0, 0, numbers)
#define FLAG(no, field) FIELD(no, field, 0, 1)
#define COUNT8(no, field) FIELD(no, field, 0, UINT8_MAX)
#define COUNT16(no, field) FIELD(no, field, 0, UINT16_MAX)
#define COUNT32(no, field) FIELD(no, field, 0, UINT32_MAX)
#define LARGE(no, field) FIELD(no, field, 0, INT64_MAX)
#define DAY(no, field) FIELD(no, field, DAY_MIN, DAY_MAX)
#define INSTANT(no, field) FIELD(no, field, INT64_MIN, INT64_MAX)

#define LINE(no, field) ROW(ROW_LINE, no, field, field, SIZE_OF(field))
#define BYTES(no, field) ROW(ROW_BYTES, no, field, field, SIZE_OF(field))
#define BYTES_AS(row_kind, no, field, member, of) ROW(row_kind, no, field, member, SIZE_OF(member), .flag = offsetof(MODEL, of))
#define PART(no, field, of, record) ROW(ROW_PART_IF, no, field, field, .flag = offsetof(MODEL, of), .part = &(record))
#define PARTS(no, field, record, ...)                                                                \
  ROW(ROW_PARTS, no, field, field, .room = sizeof(((MODEL *)0)->field) / sizeof(((MODEL *)0)->field)[0], \
      .stride = sizeof(((MODEL *)0)->field)[0], .part = &(record), __VA_ARGS__)
#define PARTS_COUNTED(no, field, counter, record) PARTS(no, field, record, SIZE_OF(counter), .flag = offsetof(MODEL, counter))

#define RECORD(name, M, rows) \
  const struct record name = {&rectify__v1__##M##__descriptor, rows, sizeof(rows) / sizeof(rows)[0]}

#endif
