/* csv.c - see csv.h.
 *
 * A record is first gathered whole (raw bytes, up to the line end that is outside quotes), then split.  A field whose
 * quotes are wrong ends the record at the next line end, so that one bad quote does not swallow the file silently: an
 * unclosed quote runs to the record's bound or the end of the file, and is reported where it was opened. */
#include "client/command/csv.h"

#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

struct csv_reader {
  FILE *in;
  uint64_t line; /* of the next byte */
  bool begun;
  char *raw;   /* CSV_RECORD_BYTES_MAX + 1 */
  char *texts; /* the fields without their quotes */
  size_t raw_length;
  struct csv_record record;
};

struct csv_reader *csv_open(FILE *in) {
  struct csv_reader *reader = calloc(1, sizeof *reader);
  must(reader != NULL);
  reader->raw = malloc(CSV_RECORD_BYTES_MAX + 1);
  reader->texts = malloc(CSV_RECORD_BYTES_MAX + 1);
  must(reader->raw != NULL && reader->texts != NULL);
  reader->in = in;
  reader->line = 1;
  return reader;
}

void csv_close(struct csv_reader *reader) {
  if (reader == NULL) return;
  free(reader->raw);
  free(reader->texts);
  free(reader);
}

static void skip_mark(struct csv_reader *reader) {
  static const uint8_t mark[3] = {0xef, 0xbb, 0xbf};
  int got[3];
  int count = 0;
  if (reader->begun) return;
  reader->begun = true;
  while (count < 3 && (got[count] = getc_unlocked(reader->in)) == mark[count]) count++;
  if (count == 3) return;
  /* Not a mark: what was read belongs to the first record. */
  for (int i = 0; i < count; i++) reader->raw[reader->raw_length++] = (char)mark[i];
  if (got[count] != EOF) (void)ungetc(got[count], reader->in);
}

static void skip_line(struct csv_reader *reader) {
  int c;
  while ((c = getc_unlocked(reader->in)) != EOF && c != '\n') continue;
  if (c == '\n') reader->line++;
}

struct gathering {
  bool quoted;               /* inside quotes */
  bool field_start;          /* the next byte begins a field */
  bool closed;               /* the byte before closed a quote, or was half of a pair */
  uint64_t line, line_start; /* of the byte; index in raw where its line began */
  uint64_t quote_line, quote_column;
};

static enum csv_result bad(struct csv_error *error, uint64_t line, uint64_t column, const char *text) {
  *error = (struct csv_error){line, column, text};
  return CSV_BAD;
}

/* Follows the quotes: a quote opens at the start of a field; inside, a quote closes or is half of a pair, which makes
 * closing and opening again the same. */
static void follow(struct gathering *state, const struct csv_reader *reader, int c) {
  bool counts = c == '"' && (state->quoted || state->field_start || state->closed);
  if (counts) state->quoted = !state->quoted;
  if (counts && state->quoted && state->field_start) {
    state->quote_line = state->line;
    state->quote_column = reader->raw_length - state->line_start + 1;
  }
  state->closed = counts && !state->quoted;
  state->field_start = c == ',' && !state->quoted;
}

static void close_record(struct csv_reader *reader) {
  if (reader->raw_length > 0 && reader->raw[reader->raw_length - 1] == '\r') reader->raw_length--;
}

/* Gathers one record into reader->raw. */
static enum csv_result gather(struct csv_reader *reader, struct csv_error *error) {
  struct gathering state = {.field_start = true, .line = reader->line};
  for (int c; (c = getc_unlocked(reader->in)) != EOF;) {
    if (c == '\n' && !state.quoted) {
      reader->line = state.line + 1;
      close_record(reader);
      return CSV_RECORD;
    }
    if (reader->raw_length == CSV_RECORD_BYTES_MAX) {
      uint64_t line = state.quoted ? state.quote_line : reader->line;
      uint64_t column = state.quoted ? state.quote_column : 1;
      reader->line = state.line;
      (void)ungetc(c, reader->in);
      skip_line(reader);
      return bad(error, line, column,
                 state.quoted ? "this quote is not closed (or the record is longer than 256 KiB)"
                              : "the record is longer than 256 KiB");
    }
    follow(&state, reader, c);
    reader->raw[reader->raw_length++] = (char)c;
    if (c != '\n') continue;
    state.line++;
    state.line_start = reader->raw_length;
  }
  if (ferror(reader->in) != 0) return CSV_UNREADABLE;
  reader->line = state.line;
  if (state.quoted) return bad(error, state.quote_line, state.quote_column, "this quote is not closed");
  if (reader->raw_length == 0) return CSV_END;
  close_record(reader);
  return CSV_RECORD;
}

/* Where splitting stands. */
struct splitting {
  const char *at, *end;
  const char *line_start;
  uint64_t line;
  char *out;
};

static uint64_t column_of(const struct splitting *state) {
  return (uint64_t)(state->at - state->line_start) + 1;
}

/* A quoted field; `at` is behind the opening quote.  Leaves `at` behind the closing one. */
static bool split_quoted(struct splitting *state, struct csv_error *error) {
  while (state->at < state->end) {
    char c = *state->at++;
    if (c == '"' && (state->at == state->end || *state->at != '"')) break;
    if (c == '"') state->at++;
    *state->out++ = c;
    if (c != '\n') continue;
    state->line++;
    state->line_start = state->at;
  }
  if (state->at == state->end || *state->at == ',') return true;
  (void)bad(error, state->line, column_of(state),
            "after a closing quote only a comma or the end of the line may follow");
  return false;
}

static bool split_plain(struct splitting *state, struct csv_error *error) {
  while (state->at < state->end && *state->at != ',') {
    if (*state->at == '"') {
      (void)bad(error, state->line, column_of(state), "a quote inside a field that does not begin with one");
      return false;
    }
    *state->out++ = *state->at++;
  }
  return true;
}

static enum csv_result split(struct csv_reader *reader, uint64_t line, struct csv_error *error) {
  struct splitting state = {reader->raw, reader->raw + reader->raw_length, reader->raw, line, reader->texts};
  struct csv_record *record = &reader->record;
  record->raw = reader->raw;
  record->raw_length = reader->raw_length;
  for (record->count = 0;; state.at++) {
    if (record->count == CSV_FIELDS_MAX) return bad(error, state.line, column_of(&state), "more than 256 fields");
    struct csv_field *field = &record->fields[record->count++];
    *field = (struct csv_field){state.out, 0, state.line, column_of(&state)};
    bool quoted = state.at < state.end && *state.at == '"';
    state.at += quoted;
    if (!(quoted ? split_quoted(&state, error) : split_plain(&state, error))) return CSV_BAD;
    field->length = (size_t)(state.out - field->text);
    if (state.at == state.end) return CSV_RECORD;
  }
}

enum csv_result csv_next(struct csv_reader *reader, const struct csv_record **record, struct csv_error *error) {
  enum csv_result result;
  uint64_t line;
  do {
    reader->raw_length = 0;
    skip_mark(reader);
    line = reader->line;
    result = gather(reader, error);
  } while (result == CSV_RECORD && reader->raw_length == 0);
  if (result == CSV_RECORD) result = split(reader, line, error);
  *record = &reader->record;
  return result;
}
