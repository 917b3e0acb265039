/* past_facts.c - what of cases counts for a unit and its subtree, as rows of a page.  Called by past_cases.c, which folds.
 *
 * Who asks may read all cases of the unit (query_cases.c looked at that).  What counted here of a case that is another unit's now
 * is told too, so that a score is the same whoever looks; of the case itself nothing more. */
#include "daemon/past.h"

static Rectify__V1__CaseMark marks[FACTS_CASES_MAX][FACTS_MARKS_MAX], *mark_pointers[FACTS_CASES_MAX][FACTS_MARKS_MAX];
static Rectify__V1__CaseFacts facts_rows[FACTS_CASES_MAX];
static uint32_t days[FACTS_CASES_MAX][HOLDER_COUNT + STATUS_COUNT];
static struct row_room rooms[FACTS_CASES_MAX];

/* An unknown unit holds nothing. */
static bool is_below(const struct query *query, uint32_t unit, uint32_t top) {
  const struct registry *registry = query_world(query)->registry;
  return unit != 0 && unit <= registry->unit_count && top <= registry->unit_count && registry_in_subtree(registry, unit, top);
}

bool past_facts_concern(const struct query *query, const struct past_fold *fold, uint32_t top) {
  if (is_below(query, fold->state.unit, top)) return true;
  for (uint32_t i = 0; i < fold->facts.mark_count; i++)
    if (is_below(query, fold->facts.marks[i].unit, top)) return true;
  return false;
}

static void fill_mark(const struct query *query, const struct score_mark *mark, Rectify__V1__CaseMark *row) {
  rectify__v1__case_mark__init(row);
  row->what = mark->what;
  row->event = mark->event;
  row->log_index = mark->log_index;
  row->day = mark->day;
  row->unit = answer_text(query_world(query)->registry->units[mark->unit].code);
}

static void fill_days(const struct facts *facts, uint32_t *out, Rectify__V1__CaseFacts *row) {
  row->n_holder_days = HOLDER_COUNT;
  row->holder_days = out;
  row->n_status_days = STATUS_COUNT;
  row->status_days = out + HOLDER_COUNT;
  for (uint32_t i = 0; i < HOLDER_COUNT; i++) row->holder_days[i] = (uint32_t)facts->holders.days[i + 1];
  for (uint32_t i = 0; i < STATUS_COUNT; i++) row->status_days[i] = (uint32_t)facts->status_days[i + 1];
}

size_t past_facts_row(const struct query *query, const struct past_fold *fold, uint32_t top, size_t at, Rectify__V1__CaseRow *row) {
  Rectify__V1__CaseFacts *facts = &facts_rows[at];
  rectify__v1__case_row__init(row);
  rectify__v1__case_facts__init(facts);
  row->case_no = fold->state.case_no;
  row->facts = facts;
  facts->marks = mark_pointers[at];
  facts->marks_lost = fold->facts.marks_lost;
  for (uint32_t i = 0; i < fold->facts.mark_count; i++) {
    if (!is_below(query, fold->facts.marks[i].unit, top)) continue;
    mark_pointers[at][facts->n_marks] = &marks[at][facts->n_marks];
    fill_mark(query, &fold->facts.marks[i], &marks[at][facts->n_marks++]);
  }
  if (is_below(query, fold->state.unit, top)) {
    row_of_case(query_world(query), query_now(query), &fold->state, row, &rooms[at]);
    fill_days(&fold->facts, days[at], facts);
  }
  return 600 + facts->n_marks * 48;
}
