/* rehearse_report.c - the figures of a rehearsal: rehearse_report.h. */
#include "client/command/rehearse_report.h"

#include <string.h>

#include "client/command/sheet.h"

#define UNITS_SHOWN 10
#define FIGURES_MAX 64

struct figure {
  char name[64];
  uint64_t value;
};

struct figures {
  uint32_t count;
  struct figure rows[FIGURES_MAX];
};

static void add(struct figures *figures, const char *what, const char *of, uint64_t value) {
  struct figure *row = &figures->rows[figures->count++];
  (void)snprintf(row->name, sizeof row->name, "%s%s%s", what, *of != '\0' ? " " : "", of);
  row->value = value;
}

static void add_words(struct figures *figures, const char *what, const struct word *table, const uint32_t *counts) {
  for (; table->name != NULL; table++) add(figures, what, table->name, counts[table->number]);
}

static void fill(const struct rehearsal_result *result, struct figures *figures) {
  uint64_t uncaught = 0;
  for (uint32_t kind = 1; kind <= KIND_COUNT; kind++) uncaught += result->unrouted[kind];
  add(figures, "findings", "", result->findings);
  add(figures, "no route", "", uncaught);
  for (uint32_t kind = 1; kind <= KIND_COUNT; kind++)
    if (result->unrouted[kind] > 0) add(figures, "no route,", word_name(words_kind, kind), result->unrouted[kind]);
  add(figures, "unit unknown or nobody there", "", result->unit_unknown);
  add(figures, "cases that followed from others", "", result->spawned);
  add_words(figures, "began in", words_track, result->first);
  add_words(figures, "moved into", words_track, result->moved);
  add_words(figures, "moved for", words_edge, result->edges);
  add(figures, "accountability proposed", "", result->proposals);
  add(figures, "closed at the end", "", result->closed);
  add(figures, "open at the end", "", result->open);
  add(figures, "overdue at the end", "", result->overdue);
  add(figures, "notices", "", result->notices);
  add(figures, "officers told", "", result->officers_told);
  add(figures, "notices an officer and day, p50", "", result->day_p50);
  add(figures, "notices an officer and day, p99", "", result->day_p99);
  add(figures, "notices an officer and day, max", "", result->day_max);
  add(figures, "due dates", "", result->dues);
  add(figures, "due dates inside long holidays", "", result->dues_inside);
  add(figures, "due dates on the eve of long holidays", "", result->dues_eve);
  add(figures, "events", "", result->events);
}

static const struct column columns[] = {{"figure", "", "", 0},
                                        {"draft", "draft", "草案", COLUMN_NUMBER},
                                        {"current", "current", "现行", COLUMN_NUMBER},
                                        {"difference", "difference", "差", COLUMN_NUMBER}};

static uint64_t value_of(const struct figures *figures, const char *name) {
  for (uint32_t i = 0; i < figures->count; i++)
    if (strcmp(figures->rows[i].name, name) == 0) return figures->rows[i].value;
  return 0;
}

static void put_figures(const struct session *session, const struct figures *draft, const struct figures *current) {
  struct sheet *sheet = sheet_open(session, stdout, columns, current != NULL ? 4 : 2);
  for (uint32_t i = 0; i < draft->count; i++) {
    const struct figure *row = &draft->rows[i];
    sheet_string(sheet, row->name);
    sheet_number(sheet, (int64_t)row->value);
    if (current == NULL) continue;
    const uint64_t before = value_of(current, row->name);
    sheet_number(sheet, (int64_t)before);
    sheet_number(sheet, (int64_t)row->value - (int64_t)before);
  }
  (void)sheet_close(sheet);
}

static const struct column unit_columns[] = {
    {"unit", "unit", "单位", 0}, {"findings", "findings", "问题", COLUMN_NUMBER},
    {"moves", "escalations", "升级", COLUMN_NUMBER},
    {"special_rectification", "to special_rectification", "专项整治", COLUMN_NUMBER},
    {"supervision", "to supervision", "强化督导", COLUMN_NUMBER},
    {"accountability", "to accountability", "严肃问责", COLUMN_NUMBER},
    {"proposals", "proposals", "问责建议", COLUMN_NUMBER}};

/* By unit: those right below the root, with all that is below them. */
static void put_units(const struct session *session, const struct registry *registry, const struct rehearsal_result *result) {
  struct sheet *sheet = sheet_open(session, stdout, unit_columns, sizeof unit_columns / sizeof *unit_columns);
  for (uint32_t i = 0; i < result->unit_count && i < UNITS_SHOWN; i++) {
    const struct rehearsal_unit *row = &result->units[i];
    sheet_string(sheet, registry->units[row->unit].code);
    sheet_number(sheet, row->findings);
    sheet_number(sheet, row->moves);
    for (uint32_t track = TRACK_SPECIAL_RECTIFICATION; track <= TRACK_ACCOUNTABILITY; track++)
      sheet_number(sheet, row->into[track]); /* moves lead to no other track */
    sheet_number(sheet, row->proposals);
  }
  (void)sheet_close(sheet);
}

void rehearse_report(const struct session *session, const struct registry *registry, const struct rehearsal_result *result,
                     const struct rehearsal_result *beside) {
  struct figures draft = {0}, current = {0};
  fill(result, &draft);
  if (beside != NULL) fill(beside, &current);
  put_figures(session, &draft, beside != NULL ? &current : NULL);
  if (session->format == FORMAT_CSV) return; /* one table in one file */
  if (session->format == FORMAT_TABLE) (void)putchar('\n');
  put_units(session, registry, result);
}
