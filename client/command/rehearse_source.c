/* rehearse_source.c - reads findings for a rehearsal: CSV with a mapping, JSON lines, or the daemon's cases. */
#include "client/command/rehearse_source.h"

#include <stdlib.h>
#include <string.h>

#include "client/command/drafts.h"
#include "client/command/rehearse_gather.h"
#include "rectify/must.h"

struct reading {
  const char *file;
  struct gathered *gathered;
  uint64_t bad, told; /* `told`: findings that the daemon showed */
};

static void say_bad(void *context, struct place place, const char *text) {
  struct reading *reading = context;
  reading->bad++;
  (void)fprintf(stderr, "%s:%llu:%llu: error: %s\n", reading->file, (unsigned long long)place.line,
                (unsigned long long)place.column, text);
}

static struct piece piece_of(const struct draft *draft, enum draft_field field) {
  return (struct piece){draft->values[field].text, draft->values[field].length};
}

static int take(void *context, struct draft *draft, const void *key, size_t key_length, bool whole) {
  struct reading *reading = context;
  (void)key, (void)key_length, (void)whole;
  if (!draft_judge(draft)) {
    say_bad(reading, draft->problem_place, draft->problem);
    return EXIT_FINE;
  }
  const struct gathered_row row = {.found_on = draft->found_on, .kind = (uint8_t)draft->kind,
                                   .severity = (uint8_t)draft->severity, .unit = piece_of(draft, DRAFT_UNIT),
                                   .code = piece_of(draft, DRAFT_CODE), .category = piece_of(draft, DRAFT_CATEGORY),
                                   .inspection = piece_of(draft, DRAFT_INSPECTION), .text = piece_of(draft, DRAFT_TEXT)};
  gathered_add(reading->gathered, &row);
  return EXIT_FINE;
}

static int read_file(struct reading *reading, const struct source_plan *plan) {
  reading->file = plan->csv != NULL ? plan->csv : plan->jsonl;
  FILE *in = fopen(reading->file, "re");
  if (in == NULL) {
    complain("cannot read '%s': %m", reading->file);
    return EXIT_INPUT;
  }
  const struct draft_rows rows = {in, reading->file, plan->csv != NULL ? plan->map : NULL, reading, take, say_bad};
  int code = drafts_read(&rows);
  (void)fclose(in);
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
