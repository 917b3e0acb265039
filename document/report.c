/* report.c - gathers errors, orders them, writes them safely. */
#include "document/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void report_open(struct report *report, const char *file) {
  memset(report, 0, sizeof *report);
  report->file = file;
}

/* A copy of `text` in which nothing can disturb a terminal or a log; NULL when memory ran out. */
static char *report_escape(const char *text) {
  size_t length = strlen(text), used = 0;
  char *out = malloc(length * 4 + 1);
  if (out == NULL) return NULL;
  for (size_t at = 0; at < length;) {
    uint32_t point = 0;
    size_t size = utf8_next(text + at, length - at, &point);
    if (size > 0 && utf8_is_plain(point)) {
      memcpy(out + used, text + at, size);
      used += size, at += size;
      continue;
    }
    for (size_t end = at + (size > 0 ? size : 1); at < end; at++)
      used += (size_t)snprintf(out + used, 5, "\\x%02x", (unsigned)(unsigned char)text[at]);
  }
  out[used] = '\0';
  return out;
}

void report_error(struct report *report, struct position at, const char *format, ...) {
  if (report->count == DOCUMENT_ERRORS_MAX) {
    report->overflow = true;
    return;
  }
  char message[REPORT_MESSAGE_BYTES_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  report->items[report->count++] = (struct report_item){.at = at, .text = report_escape(message)};
}

bool report_is_clean(const struct report *report) { return report->count == 0; }

bool report_is_full(const struct report *report) { return report->overflow; }

static bool report_is_after(struct position a, struct position b) {
  return a.line != b.line ? a.line > b.line : a.column > b.column;
}

/* Insertion sort: stable, and there are few. */
static void report_sort(struct report *report) {
  for (uint32_t i = 1; i < report->count; i++) {
    struct report_item item = report->items[i];
    uint32_t k = i;
    for (; k > 0 && report_is_after(report->items[k - 1].at, item.at); k--) report->items[k] = report->items[k - 1];
    report->items[k] = item;
  }
}

static void report_write(FILE *stream, const char *file, const struct report_item *item) {
  const char *text = item->text != NULL ? item->text : "out of memory";
  if (item->at.line == 0) {
    fprintf(stream, "%s: error: %s\n", file, text);
    return;
  }
  fprintf(stream, "%s:%u:%u: error: %s\n", file, item->at.line, item->at.column, text);
}

static char *report_render(struct report *report) {
  char *text = NULL, *file = report_escape(report->file);
  size_t length = 0;
  FILE *stream = open_memstream(&text, &length);
  if (stream != NULL) {
    const char *shown = file != NULL ? file : "?";
    for (uint32_t i = 0; i < report->count; i++) report_write(stream, shown, &report->items[i]);
    if (report->overflow) fprintf(stream, "%s: error: too many errors; only %u are shown\n", shown, report->count);
    if (fclose(stream) != 0) {
      free(text);
      text = NULL;
    }
  }
  free(file);
  return text;
}

bool report_close(struct report *report, struct document_report *out) {
  out->errors = report->count + (report->overflow ? 1 : 0);
  out->text = NULL;
  if (report->count == 0) return true;
  report_sort(report);
  out->text = report_render(report);
  for (uint32_t i = 0; i < report->count; i++) free(report->items[i].text);
  report->count = 0;
  return false;
}

void document_report_free(struct document_report *report) {
  free(report->text);
  *report = (struct document_report){0};
}

struct quoted report_quote(const char *text, size_t length) {
  struct quoted quoted;
  size_t cut = length;
  if (length > sizeof quoted.text - 1) {
    cut = sizeof quoted.text - 4;
    while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80) cut--;
  }
  memcpy(quoted.text, text, cut);
  strcpy(quoted.text + cut, cut < length ? "..." : "");
  return quoted;
}

struct hint report_hint(const struct word *table, const char *text, size_t length) {
  struct hint hint = {{0}};
  const char *near = length <= CODE_BYTES_MAX ? word_nearest(table, text, length) : NULL;
  if (near != NULL) snprintf(hint.text, sizeof hint.text, " (did you mean '%s'?)", near);
  return hint;
}
