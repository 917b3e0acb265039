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

/* ---- codec_record.c: what is kept for ever, by tables ---- */

enum row_kind {
  ROW_NUMBER,
  ROW_LINE,       /* text in one line, in an array that ends with NUL; empty: not there */
  ROW_BYTES,      /* an array of bytes, always there */
  ROW_BYTES_IF,   /* there when its flag, a bool of the model alone, says so */
  ROW_BYTES_WITH, /* there when a number before it is not 0 */
  ROW_PART_IF,    /* a record in it, there when its flag says so */
  ROW_PARTS,      /* an array of records */
};

/* A field of a message, and the member of a structure that it stands for. */
struct record_row {
  const char *name; /* in the schema, as is its */
  uint16_t number;
  uint16_t offset;  /* of the member in the structure */
  uint8_t kind;     /* enum row_kind */
  uint8_t size;     /* bytes of the member; of ROW_PARTS, of its count: 0 when it has none and ends before a part that is empty */
  uint8_t room;     /* of ROW_PARTS: how many there may be */
  bool zigzag;      /* of a number: sint32 and sint64 */
  uint16_t flag;    /* offset of what tells whether it is there, or how many */
  uint16_t stride;  /* of ROW_PARTS */
  int64_t min, max; /* of a number */
  uint64_t known;   /* bit n: number n is known; 0: any within min..max */
  int64_t none;     /* what is not written, as 0 never is, and read where nothing stands */
  const struct record *part;
};

struct record {
  const ProtobufCMessageDescriptor *message; /* the schema, which the rows agree with (test_codec_events.c) */
  const struct record_row *rows;             /* of all its fields but `format`, ascending */
  size_t count;
};

/* The one packing of *model; a value out of range is a bug of the caller, and so is an `out` without room for the largest.  Returns
 * the length. */
size_t codec_record_pack(const struct record *record, const void *model, uint8_t *out);
/* The inverse, into *model, all zero before; false when the bytes are not the one packing of values in range, with *model spoilt. */
bool codec_record_unpack(const struct record *record, const uint8_t *data, size_t length, void *model);

/* The same with what an Event and a CaseState begin with: format 1. */
size_t codec_format_pack(const struct record *record, const void *model, uint8_t *out);
bool codec_format_unpack(const struct record *record, const uint8_t *data, size_t length, void *model);

extern const struct record codec_event_record, codec_state_record;
extern const struct record codec_clock_record; /* clocks are the same in events and states */

#endif
