/* export_read.c - reads an export, section by section: export.h. */
#include <string.h>

#include "verify/export.h"

#define HEAD_BYTES 5
#define EVENT_FIXED (8 + HASH_BYTES + 2)
#define CASE_FIXED (8 + EXPORT_COLUMN_COUNT * 8 + 2)

static uint64_t get(const uint8_t *at, uint32_t bytes) {
  uint64_t value = 0;
  for (uint32_t i = 0; i < bytes; i++) value = value << 8 | at[i];
  return value;
}

static int take(FILE *file, void *out, size_t length) {
  size_t got = length == 0 ? 0 : fread(out, 1, length, file);
  if (got == length) return EXPORT_OK;
  if (ferror(file) != 0) return EXPORT_FAULT;
  return got == 0 ? EXPORT_EOF : EXPORT_CUT;
}

int export_begin(struct export_reader *reader, FILE *file) {
  char line[sizeof EXPORT_FIRST_LINE - 1];
  int result = take(file, line, sizeof line);
  reader->file = file;
  reader->offset = sizeof line;
  if (result == EXPORT_FAULT) return result;
  return result == EXPORT_OK && memcmp(line, EXPORT_FIRST_LINE, sizeof line) == 0 ? EXPORT_OK : EXPORT_DAMAGED;
}

/* ---- bodies ---- */

static bool read_text(const uint8_t *at, uint32_t left, struct export_event *out) {
  if (left < 1) return false;
  out->text_kind = *at++;
  left--;
  switch (out->text_kind) {
    case EXPORT_TEXT_NONE:
    case EXPORT_TEXT_MISSING:
      return left == 0;
    case EXPORT_TEXT_ERASED:
      out->erased_by = left == 8 ? get(at, 8) : 0;
      return left == 8;
    case EXPORT_TEXT_HERE:
      if (left < SALT_BYTES || left - SALT_BYTES > TEXT_BYTES_MAX) return false;
      out->salt = at;
      out->text = at + SALT_BYTES;
      out->text_length = left - SALT_BYTES;
      return true;
    default:
      return false;
  }
}

static bool read_event(const uint8_t *body, uint32_t length, struct export_event *out) {
  if (length < EVENT_FIXED) return false;
  out->log_index = get(body, 8);
  memcpy(out->leaf.bytes, body + 8, HASH_BYTES);
  out->record_length = (uint32_t)get(body + 8 + HASH_BYTES, 2);
  out->record = body + EVENT_FIXED;
  if (out->record_length > EVENT_BODY_BYTES_MAX || out->record_length > length - EVENT_FIXED) return false;
  return read_text(out->record + out->record_length, length - EVENT_FIXED - out->record_length, out);
}

static bool read_case(const uint8_t *body, uint32_t length, struct export_case *out) {
  if (length < CASE_FIXED) return false;
  out->case_no = get(body, 8);
  for (uint32_t i = 0; i < EXPORT_COLUMN_COUNT; i++) out->columns[i] = (int64_t)get(body + 8 + 8 * i, 8);
  out->state_length = (uint32_t)get(body + CASE_FIXED - 2, 2);
  out->state = body + CASE_FIXED;
  return out->state_length == length - CASE_FIXED && out->state_length <= STATE_BODY_BYTES_MAX;
}

static bool read_end(const uint8_t *body, uint32_t length, struct export_end *out) {
  if (length != 24) return false;
  *out = (struct export_end){get(body, 8), get(body + 8, 8), get(body + 16, 8)};
  return true;
}

static bool read_body(struct export_section *out) {
  switch (out->tag) {
    case EXPORT_LOG:
    case EXPORT_HEAD:
      return out->length > 0;
    case EXPORT_EVENT:
      return read_event(out->body, out->length, &out->event);
    case EXPORT_CASE:
      return read_case(out->body, out->length, &out->row);
    case EXPORT_END:
      return read_end(out->body, out->length, &out->end);
    default:
      return false;
  }
}

int export_next(struct export_reader *reader, uint8_t body[EXPORT_BODY_BYTES_MAX], struct export_section *out) {
  uint8_t head[HEAD_BYTES];
  int result = take(reader->file, head, sizeof head);
  if (result != EXPORT_OK) return result;
  memset(out, 0, sizeof *out);
  out->tag = head[0];
  out->length = (uint32_t)get(head + 1, 4);
  out->body = body;
  if (out->length > EXPORT_BODY_BYTES_MAX) return EXPORT_DAMAGED;
  result = take(reader->file, body, out->length);
  if (result != EXPORT_OK) return result == EXPORT_EOF ? EXPORT_CUT : result;
  reader->offset += sizeof head + out->length;
  return read_body(out) ? EXPORT_OK : EXPORT_DAMAGED;
}

/* ---- taking up again ---- */

int export_find_tail(FILE *file, struct export_tail *out) {
  static uint8_t body[EXPORT_BODY_BYTES_MAX];
  struct export_reader reader;
  struct export_section section;
  memset(out, 0, sizeof *out);
  int result = export_begin(&reader, file);
  while (result == EXPORT_OK && (result = export_next(&reader, body, &section)) == EXPORT_OK) {
    if (section.tag == EXPORT_CASE || section.tag == EXPORT_END) break;
    if (section.tag == EXPORT_LOG) {
      if (out->log[0] != '\0' || section.length >= sizeof out->log) return EXPORT_DAMAGED;
      memcpy(out->log, section.body, section.length);
    }
    if (section.tag == EXPORT_EVENT) {
      if (section.event.log_index != out->next_index) return EXPORT_DAMAGED;
      out->next_index++;
    }
    out->heads += section.tag == EXPORT_HEAD;
    out->offset = reader.offset;
  }
  return result == EXPORT_DAMAGED || result == EXPORT_FAULT ? result : EXPORT_OK;
}
