/* codec_check.c - walks an unpacked message by its descriptors and holds each field against its rule.
 *
 * The depth is that of the schema, which never nests a type in itself. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/codec_internal.h"
#include "rectify/must.h"

/* Where the walk is: a chain of steps on the stack, written out as "submit.findings[3].unit" only when needed. */
struct step {
  const struct step *parent;
  const char *name;
  bool has_index;
  size_t index;
};

struct walk {
  const struct rule_set *rules;
  struct codec_error *error;
};

static void path_write(const struct step *step, char *out, size_t room) {
  if (step == NULL) return;
  path_write(step->parent, out, room);
  size_t used = strlen(out);
  const char *dot = used > 0 ? "." : "";
  if (step->has_index)
    snprintf(out + used, room - used, "%s%s[%zu]", dot, step->name, step->index);
  else
    snprintf(out + used, room - used, "%s%s", dot, step->name);
}

__attribute__((format(printf, 3, 0))) static void fail_text(struct codec_error *error, uint16_t code, const char *format, va_list arguments) {
  error->code = code;
  vsnprintf(error->text, sizeof error->text, format, arguments);
}

void codec_fail(struct codec_error *error, uint16_t code, const char *field, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_text(error, code, format, arguments);
  va_end(arguments);
  snprintf(error->field, sizeof error->field, "%s", field);
}

/* Always false, so that a check can `return wrong(...)`. */
__attribute__((format(printf, 4, 5))) static bool wrong(const struct walk *walk, uint16_t code, const struct step *step,
                                                        const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_text(walk->error, code, format, arguments);
  va_end(arguments);
  walk->error->field[0] = '\0';
  path_write(step, walk->error->field, sizeof walk->error->field);
  return false;
}

static bool is_uuid7(const ProtobufCBinaryData *bytes) {
  return bytes->len == WIRE_ID_BYTES && bytes->data[6] >> 4 == 7 && bytes->data[8] >> 6 == 2;
}

static bool check_exact(const struct walk *walk, const ProtobufCBinaryData *bytes, size_t size, const struct step *at) {
  if (bytes->len == size) return true;
  return wrong(walk, FAILURE_FIELD, at, "%zu bytes are needed, %zu were sent", size, bytes->len);
}

static bool check_length(const struct walk *walk, const struct field_rule *rule, const ProtobufCBinaryData *bytes,
                         const struct step *at) {
  if (bytes->len > (uint64_t)rule->max)
    return wrong(walk, FAILURE_FIELD, at, "at most %" PRId64 " bytes, %zu were sent", rule->max, bytes->len);
  if (bytes->len < (uint64_t)rule->min) return wrong(walk, FAILURE_FIELD, at, "must not be empty");
  return true;
}

static bool check_line(const struct walk *walk, const struct field_rule *rule, const ProtobufCBinaryData *bytes,
                       const struct step *at) {
  if (!check_length(walk, rule, bytes, at)) return false;
  if (codec_line_ok(bytes->data, bytes->len)) return true;
  return wrong(walk, FAILURE_FIELD, at, "must be UTF-8 in one line, without control characters");
}

static bool check_text(const struct walk *walk, const struct field_rule *rule, const ProtobufCBinaryData *bytes,
                       const struct step *at) {
  if (!check_length(walk, rule, bytes, at)) return false;
  if (codec_text_ok(bytes->data, bytes->len)) return true;
  return wrong(walk, FAILURE_FIELD, at, "must be UTF-8 without control characters other than tab and newline");
}

static bool check_document(const struct walk *walk, const struct field_rule *rule, const ProtobufCBinaryData *bytes,
                           const struct step *at) {
  if (!check_length(walk, rule, bytes, at)) return false;
  if (codec_utf8_ok(bytes->data, bytes->len)) return true;
  return wrong(walk, FAILURE_FIELD, at, "must be UTF-8 without NUL");
}

static bool check_bytes(const struct walk *walk, const struct field_rule *rule, const ProtobufCBinaryData *bytes,
                        const struct step *at) {
  switch (rule->check) {
    case CHECK_ID: return check_exact(walk, bytes, WIRE_ID_BYTES, at);
    case CHECK_ID_OR_NONE: return bytes->len == 0 || check_exact(walk, bytes, WIRE_ID_BYTES, at);
    case CHECK_HASH: return check_exact(walk, bytes, HASH_BYTES, at);
    case CHECK_KEY:
      if (!check_exact(walk, bytes, WIRE_ID_BYTES, at)) return false;
      return is_uuid7(bytes) || wrong(walk, FAILURE_FIELD, at, "must be a UUIDv7 (RFC 9562)");
    case CHECK_EXACT_OR_NONE: return bytes->len == 0 || check_exact(walk, bytes, (size_t)rule->max, at);
    case CHECK_BYTES: return check_length(walk, rule, bytes, at);
    case CHECK_LINE: return check_line(walk, rule, bytes, at);
    case CHECK_TEXT: return check_text(walk, rule, bytes, at);
    case CHECK_DOCUMENT: return check_document(walk, rule, bytes, at);
    case CHECK_FREE: return true;
    case CHECK_NUMBER:
    case CHECK_RANGE:
    case CHECK_MESSAGE: break;
  }
  must(rule->check == CHECK_FREE); /* a field of bytes has a rule for bytes */
  return false;
}

/* A number as it is: `negative` tells how to read the 64 bits. */
static bool check_number(const struct walk *walk, const struct field_rule *rule, uint64_t value, bool is_signed,
                         const struct step *at) {
  if (rule->check == CHECK_FREE) return true;
  if (rule->check == CHECK_NUMBER) {
    if (value < 64 && (rule->known >> value & 1) != 0) return true;
    return wrong(walk, FAILURE_FIELD, at, "%" PRIu64 " is not a known number", value);
  }
  must(rule->check == CHECK_RANGE);
  bool too_low = is_signed ? (int64_t)value < rule->min : value < (uint64_t)rule->min;
  bool too_high = is_signed ? (int64_t)value > rule->max : value > (uint64_t)rule->max;
  if (!too_low && !too_high) return true;
  return wrong(walk, FAILURE_FIELD, at, "must be within %" PRId64 "..%" PRId64, rule->min, rule->max);
}

static bool check_message(const struct walk *walk, const ProtobufCMessage *message, const struct step *at);

/* One value: `value` points at the number, the bytes or the submessage's pointer. */
static bool check_value(const struct walk *walk, const struct field_rule *rule, const ProtobufCFieldDescriptor *field,
                        const void *value, const struct step *at) {
  switch (field->type) {
    case PROTOBUF_C_TYPE_BYTES: return check_bytes(walk, rule, value, at);
    case PROTOBUF_C_TYPE_UINT32: return check_number(walk, rule, *(const uint32_t *)value, false, at);
    case PROTOBUF_C_TYPE_UINT64: return check_number(walk, rule, *(const uint64_t *)value, false, at);
    case PROTOBUF_C_TYPE_SINT32: return check_number(walk, rule, (uint64_t)*(const int32_t *)value, true, at);
    case PROTOBUF_C_TYPE_SINT64: return check_number(walk, rule, (uint64_t)*(const int64_t *)value, true, at);
    case PROTOBUF_C_TYPE_BOOL: return true;
    case PROTOBUF_C_TYPE_MESSAGE: {
      const ProtobufCMessage *inner = *(ProtobufCMessage *const *)value;
      return rule->check == CHECK_FREE || inner == NULL || check_message(walk, inner, at);
    }
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_STRING: break;
  }
  must(field->type == PROTOBUF_C_TYPE_BYTES); /* the schema uses the types above only */
  return false;
}

/* Bytes from one element of a repeated field to the next. */
static size_t element_size(ProtobufCType type) {
  if (type == PROTOBUF_C_TYPE_BYTES) return sizeof(ProtobufCBinaryData);
  if (type == PROTOBUF_C_TYPE_MESSAGE) return sizeof(ProtobufCMessage *);
  if (type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_SINT64) return sizeof(uint64_t);
  return sizeof(uint32_t);
}

static bool check_repeated(const struct walk *walk, const struct field_rule *rule,
                           const ProtobufCFieldDescriptor *field, const uint8_t *message, const struct step *at) {
  size_t count = *(const size_t *)(const void *)(message + field->quantifier_offset);
  if (rule->check == CHECK_FREE) return true;
  if (count > rule->count_max)
    return wrong(walk, FAILURE_TOO_LARGE, at, "at most %" PRIu32 " items, %zu were sent", rule->count_max, count);
  if (count < rule->count_min) return wrong(walk, FAILURE_FIELD, at, "must not be empty");
  const uint8_t *elements = *(uint8_t *const *)(const void *)(message + field->offset);
  struct step step = {.parent = at->parent, .name = at->name, .has_index = true};
  for (; step.index < count; step.index++)
    if (!check_value(walk, rule, field, elements + step.index * element_size(field->type), &step)) return false;
  return true;
}

static bool field_is_set(const ProtobufCFieldDescriptor *field, const uint8_t *message) {
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) return true;
  return *(const uint32_t *)(const void *)(message + field->quantifier_offset) == field->id;
}

/* Unknown fields come first: a message that says something unknown is not judged by the rest. */
static bool check_envelope(const struct walk *walk, const struct message_rule *rule, const ProtobufCMessage *message,
                           const struct step *at) {
  if (message->n_unknown_fields > 0 && !walk->rules->tolerant)
    return wrong(walk, FAILURE_FIELD, at, "unknown field %" PRIu32, message->unknown_fields[0].tag);
  if (rule->oneof == NULL) return true;
  const uint8_t *bytes = (const uint8_t *)message;
  if (*(const uint32_t *)(const void *)(bytes + rule->oneof_offset) != 0) return true;
  struct step missing = {.parent = at, .name = rule->oneof};
  return wrong(walk, FAILURE_FIELD, &missing, "one of its fields must be set");
}

static bool check_message(const struct walk *walk, const ProtobufCMessage *message, const struct step *at) {
  const struct message_rule *rule = codec_rule_of(walk->rules, message->descriptor);
  must(rule != NULL && rule->field_count == message->descriptor->n_fields);
  if (!check_envelope(walk, rule, message, at)) return false;
  const uint8_t *bytes = (const uint8_t *)message;
  for (uint32_t i = 0; i < rule->field_count; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    struct step step = {.parent = at, .name = field->name};
    if (!field_is_set(field, bytes)) continue;
    bool ok = field->label == PROTOBUF_C_LABEL_REPEATED
                  ? check_repeated(walk, &rule->fields[i], field, bytes, &step)
                  : check_value(walk, &rule->fields[i], field, bytes + field->offset, &step);
    if (!ok) return false;
  }
  return true;
}

bool codec_check(const struct rule_set *rules, const ProtobufCMessage *message, struct codec_error *error) {
  struct walk walk = {.rules = rules, .error = error};
  return check_message(&walk, message, NULL);
}
