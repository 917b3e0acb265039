/* export_write.c - writes the sections of an export: export.h. */
#include <errno.h>
#include <string.h>

#include "rectify/must.h"
#include "verify/export.h"

static uint8_t *put(uint8_t *at, uint64_t value, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
  return at + bytes;
}

static uint8_t *put_bytes(uint8_t *at, const void *data, size_t length) {
  if (length > 0) memcpy(at, data, length);
  return at + length;
}

static int write_section(FILE *file, uint8_t tag, const void *body, size_t length) {
  uint8_t head[5];
  must(length <= EXPORT_BODY_BYTES_MAX);
  head[0] = tag;
  put(head + 1, length, 4);
  return fwrite(head, 1, sizeof head, file) == sizeof head && fwrite(body, 1, length, file) == length ? 0 : -1;
}

int export_write_log(FILE *file, const char *name) {
  if (fputs(EXPORT_FIRST_LINE, file) < 0) return -1;
  return write_section(file, EXPORT_LOG, name, strlen(name));
}

int export_write_event(FILE *file, const struct export_event *event) {
  uint8_t body[EXPORT_BODY_BYTES_MAX], *at = put(body, event->log_index, 8);
  must(event->record_length <= EVENT_BODY_BYTES_MAX && event->text_length <= TEXT_BYTES_MAX);
  at = put_bytes(at, event->leaf.bytes, HASH_BYTES);
  at = put(at, event->record_length, 2);
  at = put_bytes(at, event->record, event->record_length);
  at = put(at, event->text_kind, 1);
  if (event->text_kind == EXPORT_TEXT_ERASED) at = put(at, event->erased_by, 8);
  if (event->text_kind == EXPORT_TEXT_HERE) {
    at = put_bytes(at, event->salt, SALT_BYTES);
    at = put_bytes(at, event->text, event->text_length);
  }
  return write_section(file, EXPORT_EVENT, body, (size_t)(at - body));
}

int export_write_head(FILE *file, const char *note, size_t length) {
  return write_section(file, EXPORT_HEAD, note, length);
}

int export_write_case(FILE *file, const struct export_case *row) {
  uint8_t body[EXPORT_BODY_BYTES_MAX], *at = put(body, row->case_no, 8);
  must(row->state_length <= STATE_BODY_BYTES_MAX);
  for (uint32_t i = 0; i < EXPORT_COLUMN_COUNT; i++) at = put(at, (uint64_t)row->columns[i], 8);
  at = put(at, row->state_length, 2);
  at = put_bytes(at, row->state, row->state_length);
  return write_section(file, EXPORT_CASE, body, (size_t)(at - body));
}

int export_write_end(FILE *file, const struct export_end *end) {
  uint8_t body[24];
  put(put(put(body, end->events, 8), end->heads, 8), end->cases, 8);
  return write_section(file, EXPORT_END, body, sizeof body);
}
