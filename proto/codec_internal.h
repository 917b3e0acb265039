/* codec_internal.h - what the files of the codec share.  Nobody else includes this but tests and fuzzers. */
#ifndef RECTIFY_CODEC_INTERNAL_H
#define RECTIFY_CODEC_INTERNAL_H

#include <stdalign.h>

#include "proto/codec.h"

/* ---- codec_arena.c ---- */

struct codec_arena {
  ProtobufCAllocator allocator; /* hands out of `bytes`; its data is the arena */
  size_t bytes_max;
  size_t used;
  bool exhausted; /* an allocation did not fit since the last reset */
  alignas(16) uint8_t bytes[];
};

/* ---- codec_strict.c ---- */

/* Reads `message`, made empty by its init function, of whose fields all are numbers or one is a list of such messages.  Its list, if it
 * has one, points to `room` empty messages, which are filled.  False when the bytes are not the one packing of some message. */
bool codec_strict(const uint8_t *data, size_t length, ProtobufCMessage *message, size_t room);

/* ---- codec_text.c ---- */

/* Whether the bytes are UTF-8 (RFC 3629) without NUL, whatever else they hold: documents, which their parsers judge. */
bool codec_utf8_ok(const void *data, size_t length);
/* codec_text_ok() without tab and newline: codes, names. */
bool codec_line_ok(const void *data, size_t length);

/* ---- codec_rules.c: what each field of a message must be ---- */

enum check {
  CHECK_FREE,        /* anything the wire type can hold */
  CHECK_ID,          /* 16 bytes */
  CHECK_ID_OR_NONE,  /* 16 bytes or absent */
  CHECK_KEY,         /* 16 bytes, a UUIDv7 (RFC 9562) */
  CHECK_HASH,        /* 32 bytes */
  CHECK_EXACT_OR_NONE, /* max bytes, or absent */
  CHECK_BYTES,       /* min..max bytes */
  CHECK_LINE,        /* min..max bytes of text in one line */
  CHECK_TEXT,        /* min..max bytes of text */
  CHECK_DOCUMENT,    /* min..max bytes of UTF-8 */
  CHECK_NUMBER,      /* one of the numbers of `known`, or 0 when bit 0 is set */
  CHECK_RANGE,       /* min..max */
  CHECK_MESSAGE,     /* by the rules of its own type */
};

struct field_rule {
  const char *name; /* as in the schema; rows stand in the order of the field numbers */
  enum check check;
  int64_t min, max;
  uint64_t known;              /* bit n: number n is known */
  uint32_t count_min, count_max; /* of a repeated field */
};

struct message_rule {
  const ProtobufCMessageDescriptor *message;
  const struct field_rule *fields;
  uint32_t field_count;
  const char *oneof;     /* a oneof that must be set, or NULL */
  size_t oneof_offset;   /* of its case in the C structure */
};

struct rule_set {
  const struct message_rule *messages;
  uint32_t message_count;
  bool tolerant; /* unknown fields, and messages without rules, are let pass */
};

extern const struct rule_set codec_request_rules, codec_reply_rules;

/* The rules of one message type, or NULL. */
const struct message_rule *codec_rule_of(const struct rule_set *rules, const ProtobufCMessageDescriptor *message);

/* ---- codec_check.c ---- */

/* Checks `message` and everything in it; false with *error filled at the first thing that is wrong. */
bool codec_check(const struct rule_set *rules, const ProtobufCMessage *message, struct codec_error *error);

/* Fills *error; `format` as for printf. */
void codec_fail(struct codec_error *error, uint16_t code, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- codec_map.c: fields between a model structure and a message structure ---- */

struct map_row {
  const char *name;
  uint16_t message_offset, model_offset;
  uint8_t message_size, model_size;
  bool is_signed;
  int64_t min, max;
  uint64_t known; /* bit n: number n is known; 0: any within min..max */
};

/* `field` of message type M (short) and of structure S, under the same name, within min..max. */
#define MAP_AS(M, field, S, member, low, high, numbers)                                                         \
  {                                                                                                             \
    .name = #field, .message_offset = offsetof(Rectify__V1__##M, field), .model_offset = offsetof(S, member),   \
    .message_size = sizeof(((Rectify__V1__##M *)0)->field), .model_size = sizeof(((S *)0)->member),             \
    .is_signed = MAP_SIGNED(((Rectify__V1__##M *)0)->field), .min = (low), .max = (high), .known = (numbers)    \
  }
#define MAP_SIGNED(lvalue) _Generic((lvalue), int32_t : true, int64_t : true, default : false)

/* Copies the rows' fields out of the model; a value out of range is a bug of the caller. */
void codec_map_out(const struct map_row *rows, size_t count, const void *model, void *message);
/* The inverse; false when a value is out of range. */
bool codec_map_in(const struct map_row *rows, size_t count, const void *message, void *model);

/* Clocks are the same in events and states. */
void codec_clock_out(const struct case_clock *clock, Rectify__V1__EventClock *out);
bool codec_clock_in(const Rectify__V1__EventClock *clock, struct case_clock *out);

#endif
