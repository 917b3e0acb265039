/* rehearse_source.c - reads findings for a rehearsal: CSV with a mapping, JSON lines, or the daemon's cases. */
#include "client/command/rehearse_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/jsonl.h"
#include "client/command/mapping.h"
#include "client/command/rehearse_gather.h"
#include "rectify/must.h"

struct reading {
  const char *file;
  FILE *in;
  struct gathered *gathered;
  uint64_t bad, told; /* `told`: findings that the daemon showed */
};

static void say_bad(struct reading *reading, struct place place, const char *text) {
  reading->bad++;
  (void)fprintf(stderr, "%s:%llu:%llu: error: %s\n", reading->file, (unsigned long long)place.line,
                (unsigned long long)place.column, text);
}

static struct piece piece_of(const struct draft *draft, enum draft_field field) {
  return (struct piece){draft->values[field].text, draft->values[field].length};
}

static void take(struct reading *reading, struct draft *draft) {
  if (!draft_judge(draft)) {
    say_bad(reading, draft->problem_place, draft->problem);
    return;
  }
  const struct gathered_row row = {.found_on = draft->found_on, .kind = (uint8_t)draft->kind,
                                   .severity = (uint8_t)draft->severity, .unit = piece_of(draft, DRAFT_UNIT),
                                   .code = piece_of(draft, DRAFT_CODE), .category = piece_of(draft, DRAFT_CATEGORY),
                                   .inspection = piece_of(draft, DRAFT_INSPECTION), .text = piece_of(draft, DRAFT_TEXT)};
  gathered_add(reading->gathered, &row);
}

static int unreadable(const char *path) {
  complain("cannot read '%s': %m", path);
  return EXIT_INPUT;
}

/* ---- CSV ---- */

static int read_rows(struct reading *reading, struct csv_reader *reader, struct mapping *mapping, size_t width) {
  for (;;) {
    const struct csv_record *record;
    struct csv_error error;
    struct draft draft;
    const void *key;
    size_t key_length;
    bool whole;
    enum csv_result result = csv_next(reader, &record, &error);
    if (result == CSV_END) return EXIT_FINE;
    if (result == CSV_UNREADABLE) return unreadable(reading->file);
    if (result == CSV_BAD) {
      say_bad(reading, (struct place){error.line, error.column}, error.text);
      continue;
    }
    draft_begin(&draft, record->fields[0].line);
    if (record->count != width)
      draft_problem(&draft, draft.start, "the row has %zu fields, the header has %zu", record->count, width);
    mapping_apply(mapping, record, &draft, &key, &key_length, &whole);
    take(reading, &draft);
  }
}

static struct mapping *read_mapping(const char *path, int *code) {
  struct document_report report = {0, NULL};
  size_t length;
  char *text = policy_read(path, &length);
  *code = EXIT_INPUT;
  if (text == NULL) return NULL;
  struct mapping *mapping = mapping_parse(path, text, length, &report);
  policy_say(&report);
  free(text);
  *code = EXIT_DOCUMENT;
  return mapping;
}

static int read_csv(struct reading *reading, const char *map) {
  const struct csv_record *header;
  struct csv_error error;
  struct document_report report = {0, NULL};
  int code;
  struct mapping *mapping = read_mapping(map, &code);
  if (mapping == NULL) return code;
  struct csv_reader *reader = csv_open(reading->in);
  code = EXIT_INPUT;
  if (csv_next(reader, &header, &error) != CSV_RECORD)
    complain("'%s' has no first line that names the columns", reading->file);
  else if (!mapping_bind(mapping, header, &report)) code = EXIT_DOCUMENT;
  else code = read_rows(reading, reader, mapping, header->count);
  policy_say(&report);
  csv_close(reader);
  mapping_free(mapping);
  return code;
}

/* ---- JSON lines ---- */

static int read_jsonl(struct reading *reading) {
  char *line = NULL, *scratch = malloc(JSONL_LINE_BYTES_MAX);
  size_t size = 0;
  int code = EXIT_FINE;
  must(scratch != NULL);
  for (uint64_t number = 1; code == EXIT_FINE; number++) {
    struct draft draft;
    errno = 0;
    ssize_t got = getline(&line, &size, reading->in);
    if (got < 0) {
      if (ferror(reading->in) != 0 || errno != 0) code = unreadable(reading->file);
      break;
    }
    size_t length = (size_t)got;
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) length--;
    if (length == 0) continue;
    draft_begin(&draft, number);
    if (length > JSONL_LINE_BYTES_MAX) draft_problem(&draft, draft.start, "the line is longer than 256 KiB");
    else jsonl_read(line, length, scratch, &draft);
    take(reading, &draft);
  }
  free(line);
  free(scratch);
  return code;
}

static int read_file(struct reading *reading, const struct source_plan *plan) {
  reading->file = plan->csv != NULL ? plan->csv : plan->jsonl;
  reading->in = fopen(reading->file, "re");
  if (reading->in == NULL) return unreadable(reading->file);
  int code = plan->csv != NULL ? read_csv(reading, plan->map) : read_jsonl(reading);
  (void)fclose(reading->in);
  return code;
}

/* ---- the daemon ---- */

static struct piece piece_of_wire(const ProtobufCBinaryData *data) {
  return (struct piece){(const char *)data->data, data->len};
}

static int take_units(void *context, const Rectify__V1__Page *page) {
  struct reading *reading = context;
  for (size_t i = 0; i < page->n_units; i++)
    if (!page->units[i]->retired)
      gathered_unit(reading->gathered, piece_of_wire(&page->units[i]->code), piece_of_wire(&page->units[i]->parent));
  return EXIT_FINE;
}

/* Cases that followed from others follow again in the rehearsal. */
static int take_cases(void *context, const Rectify__V1__Page *page) {
  struct reading *reading = context;
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *from = page->cases[i];
    const struct gathered_row row = {.at = from->opened, .found_on = from->found_on, .kind = (uint8_t)from->kind,
                                     .severity = (uint8_t)from->severity, .unit = piece_of_wire(&from->reported_unit),
                                     .code = piece_of_wire(&from->code), .category = piece_of_wire(&from->category),
                                     .inspection = piece_of_wire(&from->inspection), .text = piece_of_wire(&from->text)};
    if (from->parent != 0) continue;
    gathered_add(reading->gathered, &row);
    reading->told++;
  }
  return EXIT_FINE;
}

static int read_history(struct session *session, struct reading *reading) {
  Rectify__V1__Query units = RECTIFY__V1__QUERY__INIT, cases = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery all = RECTIFY__V1__CASE_QUERY__INIT;
  Rectify__V1__UnitQuery every = RECTIFY__V1__UNIT_QUERY__INIT;
  int code = session_open(session);
  if (code != EXIT_FINE) return code;
  units.what_case = RECTIFY__V1__QUERY__WHAT_UNITS;
  units.units = &every;
  cases.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  cases.cases = &all;
  code = session_pages(session, &units, take_units, reading);
  if (code == EXIT_FINE) code = session_pages(session, &cases, take_cases, reading);
  if (code != EXIT_FINE || reading->told > 0) return code;
  complain("there are no findings, or '%s' may read none; an auditor may read all (`rectify officer list`)", session->actor);
  return EXIT_REFUSED;
}

/* ---- */

int source_open(struct session *session, const struct source_plan *plan, struct source *out) {
  const bool file = plan->csv != NULL || plan->jsonl != NULL;
  struct reading reading = {.gathered = gathered_new()};
  *out = (struct source){.gathered = reading.gathered};
  int code = file ? read_file(&reading, plan) : read_history(session, &reading);
  if (code == EXIT_FINE) code = gathered_finish(reading.gathered, plan, out);
  out->bad = reading.bad;
  if (code != EXIT_FINE) source_close(out);
  return code;
}

void source_close(struct source *source) {
  gathered_free(source->gathered);
  free(source->findings);
  registry_free(source->registry);
  free(source->zones);
  *source = (struct source){0};
}
