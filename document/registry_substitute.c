/* registry_substitute.c - who stands in for whom, from when until when.
 *
 * On no day may substitutions go in a circle, or be longer than SUBSTITUTION_CHAIN_MAX: the core follows a chain to its
 * end.  Each row is followed from its own days on, through the rows of its stand-in that share some of those days. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/registry_draft.h"

enum { ROW_OFFICER, ROW_BY, ROW_FROM, ROW_UNTIL, ROW_COUNT };
static const struct field row_fields[] = {
    [ROW_OFFICER] = {"officer", true}, [ROW_BY] = {"by", true}, [ROW_FROM] = {"from", true},
    [ROW_UNTIL] = {"until", true},     [ROW_COUNT] = {NULL, false},
};

struct substitute_row {
  struct substitution substitution;
  struct position at;
};

/* The way from the first row of a chain to its present end. */
struct chain {
  struct registry_draft *draft;
  const struct substitute_row *rows;
  uint32_t count;
  struct position at; /* of the first row */
  bool refused;       /* one error a row is enough */
  uint32_t length;
  uint32_t officers[SUBSTITUTION_CHAIN_MAX + 2];
};

static int compare_rows(const void *left, const void *right) {
  const struct substitute_row *a = left, *b = right;
  if (a->substitution.officer != b->substitution.officer)
    return a->substitution.officer < b->substitution.officer ? -1 : 1;
  if (a->substitution.from != b->substitution.from) return a->substitution.from < b->substitution.from ? -1 : 1;
  return (a->at.line > b->at.line) - (a->at.line < b->at.line);
}

static bool substitute_row(struct registry_draft *draft, const struct yaml_node *node, struct substitute_row *out) {
  const struct yaml_node *values[ROW_COUNT];
  if (!field_take(draft->report, node, "a substitution", row_fields, values)) return false;
  struct substitution row = {.from = DAY_MIN, .until = DAY_MAX};
  row.officer = registry_named_officer(draft, values[ROW_OFFICER]);
  row.by = registry_named_officer(draft, values[ROW_BY]);
  bool dated = field_date(draft->report, values[ROW_FROM], "from", &row.from);
  dated = field_date(draft->report, values[ROW_UNTIL], "until", &row.until) && dated;
  *out = (struct substitute_row){row, node->at};
  if (row.officer == 0 || row.by == 0 || !dated) return false;
  if (row.from > row.until) report_error(draft->report, values[ROW_UNTIL]->at, "'until' is before 'from'");
  else if (row.officer == row.by)
    report_error(draft->report, values[ROW_BY]->at, "nobody stands in for himself: 'by' must be somebody else");
  else return true;
  return false;
}

/* On every day at most one stands in for somebody. */
static void substitute_overlaps(struct registry_draft *draft, const struct substitute_row *rows, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    const struct substitution *before = &rows[i - 1].substitution, *row = &rows[i].substitution;
    if (before->officer == row->officer && row->from <= before->until)
      report_error(draft->report, rows[i].at, "somebody stands in for '%s' on these days already, by line %u",
                   draft->registry->officers[row->officer].code, rows[i - 1].at.line);
  }
}

static void chain_refuse(struct chain *chain, day_t day, const char *why) {
  char text[(CODE_BYTES_MAX + 8) * (SUBSTITUTION_CHAIN_MAX + 2)] = "", date[11];
  size_t used = 0;
  for (uint32_t i = 0; i < chain->length; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " by " : "",
                             chain->draft->registry->officers[chain->officers[i]].code);
  workday_format(day, date);
  report_error(chain->draft->report, chain->at, "%s on %s: %.300s", why, date, text);
  chain->refused = true;
}

/* The first row of `officer`, or where it would stand. */
static uint32_t chain_first(const struct chain *chain, uint32_t officer) {
  uint32_t low = 0, high = chain->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (chain->rows[middle].substitution.officer < officer) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Whether the way so far comes back to `officer`; its first row's officer reports the circle if it has the least number
 * of all in it, so that it is reported once. */
static bool chain_closes(struct chain *chain, uint32_t officer, day_t day) {
  bool closed = false, least = true;
  for (uint32_t i = 0; i < chain->length; i++) {
    if (chain->officers[i] == officer) closed = true;
    if (chain->officers[i] < chain->officers[0]) least = false;
  }
  if (!closed || !least || officer != chain->officers[0]) return closed;
  chain->officers[chain->length++] = officer;
  chain_refuse(chain, day, "substitutions must not go in a circle");
  chain->length--;
  return true;
}

/* Follows the chain from its end through all rows that share a day with from..until.  Recursion is as deep as a chain. */
static void chain_follow(struct chain *chain, uint32_t officer, day_t from, day_t until) {
  if (chain->refused || chain_closes(chain, officer, from)) return;
  chain->officers[chain->length++] = officer;
  if (chain->length == SUBSTITUTION_CHAIN_MAX + 2) {
    chain_refuse(chain, from, "a chain of substitutions is too long");
  } else {
    for (uint32_t i = chain_first(chain, officer); i < chain->count; i++) {
      const struct substitution *row = &chain->rows[i].substitution;
      if (row->officer != officer || row->from > until) break;
      if (row->until < from) continue;
      chain_follow(chain, row->by, row->from > from ? row->from : from, row->until < until ? row->until : until);
    }
  }
  chain->length--;
}

static void substitute_chains(struct registry_draft *draft, const struct substitute_row *rows, uint32_t count) {
  for (uint32_t i = 0; i < count && !report_is_full(draft->report); i++) {
    const struct substitution *row = &rows[i].substitution;
    struct chain chain = {.draft = draft, .rows = rows, .count = count, .at = rows[i].at};
    chain.officers[chain.length++] = row->officer;
    chain_follow(&chain, row->by, row->from, row->until);
  }
}

static void substitute_rows(struct registry_draft *draft, const struct yaml_node *list, struct substitute_row *rows) {
  struct registry *registry = draft->registry;
  uint32_t count = 0;
  for (const struct yaml_node *node = list->first; node != NULL && !report_is_full(draft->report); node = node->next)
    if (substitute_row(draft, node, &rows[count])) count++;
  if (count > 0) qsort(rows, count, sizeof *rows, compare_rows);
  substitute_overlaps(draft, rows, count);
  substitute_chains(draft, rows, count);
  for (uint32_t i = 0; i < count; i++) registry->substitutions[i] = rows[i].substitution;
  registry->substitution_count = count;
}

void registry_substitute(struct registry_draft *draft, const struct yaml_node *list) {
  if (!field_is(draft->report, list, YAML_SEQUENCE, "substitutions")) return;
  if (list->count > SUBSTITUTIONS_MAX) {
    report_error(draft->report, list->at, "more than %d substitutions", SUBSTITUTIONS_MAX);
    return;
  }
  struct substitute_row *rows = calloc(list->count + 1, sizeof *rows);
  draft->registry->substitutions = calloc(list->count + 1, sizeof *draft->registry->substitutions);
  if (rows == NULL || draft->registry->substitutions == NULL) report_error(draft->report, list->at, "out of memory");
  else substitute_rows(draft, list, rows);
  free(rows);
}
