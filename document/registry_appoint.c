/* registry_appoint.c - who holds which role over which unit, from when until when. */
#include <stdlib.h>
#include <string.h>

#include "document/registry_draft.h"

enum { ROW_OFFICER, ROW_ROLE, ROW_UNIT, ROW_FROM, ROW_UNTIL, ROW_COUNT };
static const struct field row_fields[] = {
    [ROW_OFFICER] = {"officer", true}, [ROW_ROLE] = {"role", true},    [ROW_UNIT] = {"unit", true},
    [ROW_FROM] = {"from", false},      [ROW_UNTIL] = {"until", false}, [ROW_COUNT] = {NULL, false},
};

#define WHY_OFFICE \
  "somebody must be accountable for every case on every day, and where nobody else is, it is the office"

struct appoint_row {
  struct appointment appointment;
  struct position at;
};

static int compare_number(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int compare_unit(const struct appointment *a, const struct appointment *b) {
  int order = compare_number(a->unit, b->unit);
  if (order == 0) order = compare_number(a->role, b->role);
  return order != 0 ? order : compare_number(a->from, b->from);
}

static int compare_rows(const void *left, const void *right) {
  const struct appoint_row *a = left, *b = right;
  int order = compare_unit(&a->appointment, &b->appointment);
  if (order == 0) order = compare_number(a->appointment.officer, b->appointment.officer);
  return order != 0 ? order : compare_number(a->at.line, b->at.line);
}

static int compare_by_officer(const void *left, const void *right) {
  const struct appointment *a = left, *b = right;
  int order = compare_number(a->officer, b->officer);
  return order != 0 ? order : compare_unit(a, b);
}

static bool appoint_row(struct registry_draft *draft, const struct yaml_node *node, struct appoint_row *out) {
  const struct yaml_node *values[ROW_COUNT];
  if (!field_take(draft->report, node, "an appointment", row_fields, values)) return false;
  struct appointment row = {.from = DAY_MIN, .until = DAY_MAX};
  row.officer = registry_named_officer(draft, values[ROW_OFFICER]);
  row.role = (uint8_t)field_word(draft->report, values[ROW_ROLE], "role", words_role);
  row.unit = registry_named_unit(draft, values[ROW_UNIT]);
  field_date(draft->report, values[ROW_FROM], "from", &row.from);
  field_date(draft->report, values[ROW_UNTIL], "until", &row.until);
  if (row.from > row.until) report_error(draft->report, values[ROW_UNTIL]->at, "'until' is before 'from'");
  *out = (struct appoint_row){row, node->at};
  return row.officer != 0 && row.role != 0 && row.unit != 0;
}

static void appoint_twice(struct registry_draft *draft, const struct appoint_row *rows, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    const struct appointment *a = &rows[i - 1].appointment, *b = &rows[i].appointment;
    if (compare_unit(a, b) == 0 && a->officer == b->officer)
      report_error(draft->report, rows[i].at, "the same appointment was given before, in line %u", rows[i - 1].at.line);
  }
}

/* On every day a unit has one principal at most: who answers for it must not depend on an order of rows. */
static void appoint_principals(struct registry_draft *draft, const struct appoint_row *rows, uint32_t count) {
  const struct appoint_row *last = NULL; /* of those of the unit so far, the one that stays longest */
  for (uint32_t i = 0; i < count; i++) {
    const struct appointment *row = &rows[i].appointment;
    if (row->role != ROLE_PRINCIPAL) continue;
    bool same_unit = last != NULL && last->appointment.unit == row->unit;
    if (same_unit && row->from <= last->appointment.until && last->appointment.officer != row->officer)
      report_error(draft->report, rows[i].at,
                   "the unit '%s' has a principal on these days already, by line %u: one ends before the next begins",
                   draft->registry->units[row->unit].code, last->at.line);
    if (!same_unit || row->until > last->appointment.until) last = &rows[i];
  }
}

/* The office at the root, day by day: no gap from its first day on, and no end. */
static void appoint_office(struct registry_draft *draft, const struct appoint_row *rows, uint32_t count,
                           struct position root_at) {
  struct position last = {0, 0};
  day_t until = DAY_MIN;
  char date[11];
  for (uint32_t i = 0; i < count; i++) {
    const struct appointment *row = &rows[i].appointment;
    if (row->unit != draft->root || row->role != ROLE_OFFICE) continue;
    workday_format(until + (until < DAY_MAX ? 1 : 0), date);
    if (last.line != 0 && row->from > until + 1)
      report_error(draft->report, rows[i].at,
                   "nobody is the office of the root unit from %s until this begins: " WHY_OFFICE, date);
    if (last.line == 0 || row->until > until) until = row->until, last = rows[i].at;
  }
  workday_format(until, date);
  if (last.line == 0)
    report_error(draft->report, root_at, "the root unit has no appointment with the role office: " WHY_OFFICE);
  else if (until != DAY_MAX)
    report_error(draft->report, last, "nobody is the office of the root unit after %s: leave out 'until'; " WHY_OFFICE,
                 date);
}

static void appoint_store(struct registry *registry, const struct appoint_row *rows, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) registry->appointments[i] = registry->by_officer[i] = rows[i].appointment;
  registry->appointment_count = count;
  if (count > 0) qsort(registry->by_officer, count, sizeof *registry->by_officer, compare_by_officer);
}

static void appoint_rows(struct registry_draft *draft, const struct yaml_node *list, struct appoint_row *rows) {
  uint32_t count = 0;
  for (const struct yaml_node *node = list->first; node != NULL && !report_is_full(draft->report); node = node->next)
    if (appoint_row(draft, node, &rows[count])) count++;
  if (count > 0) qsort(rows, count, sizeof *rows, compare_rows);
  appoint_twice(draft, rows, count);
  if (!draft->stored) appoint_principals(draft, rows, count);
  if (draft->root != 0) appoint_office(draft, rows, count, draft->unit_nodes[draft->root]->at);
  appoint_store(draft->registry, rows, count);
}

void registry_appoint(struct registry_draft *draft, const struct yaml_node *list) {
  struct registry *registry = draft->registry;
  if (!field_is(draft->report, list, YAML_SEQUENCE, "appointments")) return;
  if (list->count > APPOINTMENTS_MAX) {
    report_error(draft->report, list->at, "more than %d appointments", APPOINTMENTS_MAX);
    return;
  }
  struct appoint_row *rows = calloc(list->count + 1, sizeof *rows);
  registry->appointments = calloc(list->count + 1, sizeof *registry->appointments);
  registry->by_officer = calloc(list->count + 1, sizeof *registry->by_officer);
  if (rows == NULL || registry->appointments == NULL || registry->by_officer == NULL)
    report_error(draft->report, list->at, "out of memory");
  else
    appoint_rows(draft, list, rows);
  free(rows);
}
