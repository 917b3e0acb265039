/* codec.c - requests and replies: from hostile bytes to a checked message, and back. */
#include "proto/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/codec_internal.h"

/* Slots of the table that finds an id twice; a power of two, at most half full. */
#define ID_SLOTS 1024
_Static_assert(ID_SLOTS >= 2 * WIRE_SUBMIT_MAX && ID_SLOTS >= 2 * WIRE_ACT_MAX, "the table of ids is large enough");

/* Unpacks into the arena; NULL with *error filled. */
static ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *type, struct codec_arena *arena, const void *data,
                                size_t length, struct codec_error *error) {
  if (length > WIRE_FRAME_BYTES_MAX) {
    codec_fail(error, FAILURE_TOO_LARGE, "", "at most %d bytes, %zu were sent", WIRE_FRAME_BYTES_MAX, length);
    return NULL;
  }
  ProtobufCMessage *message = protobuf_c_message_unpack(type, &arena->allocator, length, data);
  if (message == NULL && arena->exhausted)
    codec_fail(error, FAILURE_TOO_LARGE, "", "unpacks to more than %zu bytes", arena->bytes_max);
  else if (message == NULL)
    codec_fail(error, FAILURE_MALFORMED, "", "these bytes are not a message of protocol version %d", WIRE_VERSION);
  return message;
}

/* ---- the request's id, when all else fails ---- */

struct scan {
  const uint8_t *at, *end;
};

static bool scan_varint(struct scan *scan, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64 && scan->at < scan->end; shift += 7) {
    uint8_t byte = *scan->at++;
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

/* Reads one field's tag and skips its value; *data and *size are those of a length-delimited field, else size is 0. */
static bool scan_field(struct scan *scan, uint64_t *tag, const uint8_t **data, size_t *size) {
  uint64_t value = 0;
  *size = 0;
  if (!scan_varint(scan, tag)) return false;
  unsigned wire_type = (unsigned)(*tag & 7);
  if (wire_type == 0) return scan_varint(scan, &value);
  if (wire_type == 2 && !scan_varint(scan, &value)) return false;
  uint64_t skip = wire_type == 1 ? 8 : wire_type == 5 ? 4 : value;
  if ((wire_type != 1 && wire_type != 2 && wire_type != 5) || skip > (uint64_t)(scan->end - scan->at)) return false;
  *data = scan->at;
  *size = wire_type == 2 ? (size_t)skip : 0;
  scan->at += skip;
  return true;
}

/* The id of a request that does not unpack, so that its sender gets an answer all the same. */
static bool id_recover(const void *data, size_t length, struct uuid *id) {
  struct scan scan = {.at = data, .end = (const uint8_t *)data + length};
  const uint64_t id_tag = 2 << 3 | 2;
  uint64_t tag;
  const uint8_t *bytes = NULL;
  size_t size;
  bool found = false;
  while (scan.at < scan.end && scan_field(&scan, &tag, &bytes, &size)) {
    if (tag != id_tag) continue;
    found = size == sizeof id->bytes;
    if (found) memcpy(id->bytes, bytes, sizeof id->bytes);
  }
  if (!found) *id = (struct uuid){0};
  return found;
}

/* ---- the same id twice in one request ---- */

/* All items of one request carry their id as the first field after the base. */
_Static_assert(offsetof(Rectify__V1__Finding, id) == offsetof(Rectify__V1__Command, id), "ids at the same place");

static const uint8_t *item_id(void *const *items, size_t index) {
  return ((const Rectify__V1__Finding *)items[index])->id.data;
}

/* The index of an earlier item with the id of item `index`, or `index` after entering it.  `slots` hold index + 1. */
static size_t id_enter(uint16_t slots[ID_SLOTS], void *const *items, size_t index) {
  const uint8_t *id = item_id(items, index);
  uint64_t head, tail;
  memcpy(&head, id, sizeof head);
  memcpy(&tail, id + 8, sizeof tail);
  uint64_t mixed = (head ^ tail) * UINT64_C(0x9e3779b97f4a7c15);
  for (size_t probe = (size_t)(mixed >> 54);; probe = (probe + 1) % ID_SLOTS) {
    if (slots[probe] == 0) {
      slots[probe] = (uint16_t)(index + 1);
      return index;
    }
    if (memcmp(item_id(items, slots[probe] - 1u), id, WIRE_ID_BYTES) == 0) return slots[probe] - 1u;
  }
}

static bool ids_differ(const char *path, void *const *items, size_t count, struct codec_error *error) {
  uint16_t slots[ID_SLOTS] = {0};
  for (size_t i = 0; i < count; i++) {
    size_t first = id_enter(slots, items, i);
    if (first == i) continue;
    codec_fail(error, FAILURE_FIELD, "", "the same id as %s[%zu]", path, first);
    snprintf(error->field, sizeof error->field, "%s[%zu].id", path, i);
    return false;
  }
  return true;
}

static bool request_ids_differ(const Rectify__V1__Request *request, struct codec_error *error) {
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT)
    return ids_differ("submit.findings", (void *const *)request->submit->findings, request->submit->n_findings, error);
  if (request->body_case == RECTIFY__V1__REQUEST__BODY_ACT)
    return ids_differ("act.commands", (void *const *)request->act->commands, request->act->n_commands, error);
  return true;
}

/* ---- requests and replies ---- */

/* Another version may mean anything by its other fields, so it is told apart before they are looked at. */
static bool version_ok(uint32_t version, struct codec_error *error) {
  if (version == WIRE_VERSION) return true;
  codec_fail(error, FAILURE_VERSION, "version", "version %u is not spoken here, version %d is", version, WIRE_VERSION);
  return false;
}

Rectify__V1__Request *codec_request(struct codec_arena *arena, const void *data, size_t length, struct uuid *id,
                                    bool *has_id, struct codec_error *error) {
  *has_id = false;
  *id = (struct uuid){0};
  Rectify__V1__Request *request = (Rectify__V1__Request *)(void *)unpack(&rectify__v1__request__descriptor, arena, data,
                                                                         length, error);
  if (request == NULL) {
    *has_id = id_recover(data, length, id);
    return NULL;
  }
  *has_id = request->id.len == sizeof id->bytes;
  if (*has_id) memcpy(id->bytes, request->id.data, sizeof id->bytes);
  bool ok = version_ok(request->version, error) && codec_check(&codec_request_rules, &request->base, error) &&
            request_ids_differ(request, error);
  return ok ? request : NULL;
}

Rectify__V1__Reply *codec_reply(struct codec_arena *arena, const void *data, size_t length, struct codec_error *error) {
  Rectify__V1__Reply *reply = (Rectify__V1__Reply *)(void *)unpack(&rectify__v1__reply__descriptor, arena, data, length,
                                                                   error);
  if (reply == NULL) return NULL;
  bool ok = version_ok(reply->version, error) && codec_check(&codec_reply_rules, &reply->base, error);
  return ok ? reply : NULL;
}

uint8_t *codec_pack(const ProtobufCMessage *message, size_t *length) {
  *length = protobuf_c_message_get_packed_size(message);
  uint8_t *out = malloc(*length > 0 ? *length : 1);
  if (out != NULL) protobuf_c_message_pack(message, out);
  return out;
}

uint8_t *codec_finding_to_sign(const Rectify__V1__Finding *finding, size_t *length) {
  const size_t prefix = sizeof CODEC_SIGNED_PREFIX - 1;
  Rectify__V1__Finding bare = *finding;
  bare.signature = bare.signer = (ProtobufCBinaryData){0};
  *length = prefix + protobuf_c_message_get_packed_size(&bare.base);
  uint8_t *out = malloc(*length);
  if (out == NULL) return NULL;
  memcpy(out, CODEC_SIGNED_PREFIX, prefix);
  protobuf_c_message_pack(&bare.base, out + prefix);
  return out;
}
