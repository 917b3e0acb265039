/* buffer.c - see buffer.h. */
#include "courier/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

void buffer_clear(struct buffer *buffer) {
  buffer->length = 0;
  buffer->cut = false;
  if (buffer->data != NULL) buffer->data[0] = '\0';
}

void buffer_free(struct buffer *buffer) {
  free(buffer->data);
  *buffer = (struct buffer){.bytes_max = buffer->bytes_max};
}

const char *buffer_text(const struct buffer *buffer) { return buffer->data == NULL ? "" : buffer->data; }

size_t text_cut(const char *text, size_t length, size_t bytes_max) {
  if (length <= bytes_max) return length;
  size_t cut = bytes_max;
  while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80) cut--;
  return cut;
}

static void grow(struct buffer *buffer, size_t more) {
  if (buffer->length + more + 1 <= buffer->room) return;
  while (buffer->room < buffer->length + more + 1) buffer->room = buffer->room == 0 ? 512 : buffer->room * 2;
  buffer->data = realloc(buffer->data, buffer->room);
  must(buffer->data != NULL);
}

void buffer_put(struct buffer *buffer, const char *text, size_t length) {
  const size_t most = buffer->bytes_max != 0 ? buffer->bytes_max : BUFFER_BYTES_MAX;
  if (buffer->cut) return;
  const size_t fits = text_cut(text, length, most - buffer->length);
  buffer->cut = fits < length;
  grow(buffer, fits);
  memcpy(buffer->data + buffer->length, text, fits);
  buffer->data[buffer->length += fits] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *text) { buffer_put(buffer, text, strlen(text)); }

void buffer_putf(struct buffer *buffer, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  must(length >= 0 && (size_t)length < sizeof text);
  buffer_put(buffer, text, (size_t)length);
}

static void put_html(struct buffer *buffer, char byte) {
  switch (byte) {
    case '&': buffer_puts(buffer, "&amp;"); return;
    case '<': buffer_puts(buffer, "&lt;"); return;
    case '>': buffer_puts(buffer, "&gt;"); return;
    case '"': buffer_puts(buffer, "&quot;"); return;
    case '\'': buffer_puts(buffer, "&#39;"); return;
    case '\n': buffer_puts(buffer, "<br>"); return;
    default: buffer_put(buffer, &byte, 1);
  }
}

/* Plain stretches are put at once, so that a cut falls between characters. */
static bool is_plain(enum escape escape, char byte) {
  if (escape == ESCAPE_HTML) return strchr("&<>\"'\n", byte) == NULL || byte == '\0';
  return byte != '\n';
}

void buffer_put_escaped(struct buffer *buffer, enum escape escape, const char *text, size_t length) {
  size_t from = 0;
  for (size_t i = 0; escape != ESCAPE_NONE && i < length; i++) {
    if (is_plain(escape, text[i])) continue;
    buffer_put(buffer, text + from, i - from);
    if (escape == ESCAPE_HTML) put_html(buffer, text[i]);
    else buffer_puts(buffer, " ");
    from = i + 1;
  }
  buffer_put(buffer, text + from, length - from);
}

void buffer_put_json(struct buffer *buffer, const char *text, size_t length) {
  size_t from = 0;
  buffer_puts(buffer, "\"");
  for (size_t i = 0; i < length; i++) {
    const unsigned char byte = (unsigned char)text[i];
    if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f) continue;
    buffer_put(buffer, text + from, i - from);
    if (byte == '"' || byte == '\\') buffer_putf(buffer, "\\%c", byte);
    else if (byte == '\n') buffer_puts(buffer, "\\n");
    else buffer_putf(buffer, "\\u%04x", byte);
    from = i + 1;
  }
  buffer_put(buffer, text + from, length - from);
  buffer_puts(buffer, "\"");
}
