/* drafts.c - reads findings from CSV with a mapping, or from JSON lines: for `submit` and for `policy rehearse`. */
#include "client/command/drafts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/intake.h"
#include "client/command/jsonl.h"
#include "client/command/mapping.h"
#include "rectify/must.h"

static int unreadable(const struct draft_rows *rows) {
  intake_clear_line();
  complain("cannot read '%s': %m", rows->file);
  return EXIT_INPUT;
}

/* ---- CSV ---- */

static int csv_rows(const struct draft_rows *rows, struct csv_reader *reader, struct mapping *mapping, size_t width) {
  for (int code = EXIT_FINE; code == EXIT_FINE;) {
    const struct csv_record *record;
    struct csv_error error;
    struct draft draft;
    const void *key;
    size_t key_length;
    bool whole;
    enum csv_result result = csv_next(reader, &record, &error);
    if (result == CSV_END) return EXIT_FINE;
    if (result == CSV_UNREADABLE) return unreadable(rows);
    if (result == CSV_BAD) {
      rows->bad(rows->context, (struct place){error.line, error.column}, error.text);
      continue;
    }
    draft_begin(&draft, record->fields[0].line);
    if (record->count != width)
      draft_problem(&draft, draft.start, "the row has %zu fields, the header has %zu", record->count, width);
    mapping_apply(mapping, record, &draft, &key, &key_length, &whole);
    code = rows->row(rows->context, &draft, key, key_length, whole);
    if (code != EXIT_FINE) return code;
  }
  return EXIT_FINE;
}

static void say(struct document_report *report) {
  if (report->text != NULL) (void)fputs(report->text, stderr);
  document_report_free(report);
}

static struct mapping *load_mapping(const char *path, int *exit_code) {
  struct document_report report = {0, NULL};
  size_t length;
  char *text = document_read(path, DOCUMENT_BYTES_MAX, &length);
  *exit_code = EXIT_INPUT;
  if (text == NULL) {
    complain("cannot read the mapping '%s': %m", path);
    return NULL;
  }
  struct mapping *mapping = mapping_parse(path, text, length, &report);
  say(&report);
  free(text);
  *exit_code = mapping == NULL ? EXIT_DOCUMENT : EXIT_FINE;
  return mapping;
}

static int read_csv(const struct draft_rows *rows) {
  const struct csv_record *header;
  struct csv_error error;
  struct document_report report = {0, NULL};
  int code;
  struct mapping *mapping = load_mapping(rows->map, &code);
  if (mapping == NULL) return code;
  struct csv_reader *reader = csv_open(rows->in);
  enum csv_result result = csv_next(reader, &header, &error);
  code = EXIT_INPUT;
  if (result == CSV_END) complain("'%s' is empty; its first line must name the columns", rows->file);
  else if (result == CSV_UNREADABLE) (void)unreadable(rows);
  else if (result == CSV_BAD)
    (void)fprintf(stderr, "%s:%llu:%llu: error: %s\n", rows->file, (unsigned long long)error.line,
                  (unsigned long long)error.column, error.text);
  else if (!mapping_bind(mapping, header, &report)) code = EXIT_DOCUMENT;
  else code = csv_rows(rows, reader, mapping, header->count);
  say(&report);
  csv_close(reader);
  mapping_free(mapping);
  return code;
}

/* ---- JSON lines ---- */

static int take_line(const struct draft_rows *rows, const char *line, size_t length, uint64_t number, char *scratch) {
  struct draft draft;
  draft_begin(&draft, number);
  if (length > JSONL_LINE_BYTES_MAX) draft_problem(&draft, draft.start, "the line is longer than 256 KiB");
  else jsonl_read(line, length, scratch, &draft);
  return rows->row(rows->context, &draft, line, length, true);
}

static int read_jsonl(const struct draft_rows *rows) {
  char *line = NULL, *scratch = malloc(JSONL_LINE_BYTES_MAX);
  size_t size = 0;
  int code = EXIT_FINE;
  must(scratch != NULL);
  for (uint64_t number = 1; code == EXIT_FINE; number++) {
    errno = 0;
    ssize_t got = getline(&line, &size, rows->in);
    if (got < 0) {
      if (ferror(rows->in) != 0 || errno != 0) code = unreadable(rows);
      break;
    }
    size_t length = (size_t)got;
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
    if (length > 0) code = take_line(rows, line, length, number, scratch);
  }
  free(line);
  free(scratch);
  return code;
}

int drafts_read(const struct draft_rows *rows) { return rows->map != NULL ? read_csv(rows) : read_jsonl(rows); }
