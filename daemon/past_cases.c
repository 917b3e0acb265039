/* past_cases.c - cases of an older log: their events are folded, a bounded number in each job; conditions on what changes are
 * looked at in the fold. */
#include <string.h>

#include "daemon/past.h"
#include "rectify/must.h"

#define CASES_A_JOB FACTS_CASES_MAX
#define EVENTS_A_JOB 4096
#define RANGE_A_JOB 4096 /* case numbers that are looked at: whoever may read few cases must not make the database read all */
#define JOBS_A_PAGE 16   /* then an empty page says where to go on, so that nobody waits for long */

enum { ROW_CASE, ROW_VERSION, ROW_RECORD, ROW_ID, ROW_UNIT_CODE, ROW_INSPECTION, ROW_CATEGORY, ROW_CODE, ROW_TEXT, ROW_INDEX, ROW_RESTRICTED, ROW_WAS_RESTRICTED };

/* A page under construction, while the result of one job lives. */
struct harvest {
  struct query *query;
  const PGresult *result;
  struct page page;
  size_t used;
  int64_t last;   /* the last case that was finished */
  uint32_t cases; /* begun */
  bool full;
  uint32_t facts_of; /* the unit that facts are asked about; 0: none are */
};

/* ---- conditions ---- */

static bool is_among(size_t count, const uint32_t *numbers, uint32_t number) {
  for (size_t i = 0; i < count; i++)
    if (numbers[i] == number) return true;
  return count == 0;
}

static bool is_officer(const struct registry *registry, ProtobufCBinaryData code, uint32_t officer) {
  return code.len == 0 ||
         (officer != 0 && registry_officer_by_code(registry, (const char *)code.data, code.len) == officer);
}

static bool is_due_before(const struct case_state *state, usec_t before) {
  uint32_t clock;
  const usec_t due = case_due(state, &clock);
  return before == 0 || (due != 0 && due < before);
}

static bool is_wanted(const struct query *query, const struct case_state *state) {
  const Rectify__V1__CaseQuery *wanted = query->past->wanted->cases;
  const struct registry *registry = query_world(query)->registry;
  if (!is_among(wanted->n_status, wanted->status, state->status)) return false;
  if (!is_among(wanted->n_track, wanted->track, state->track)) return false;
  if (!is_among(wanted->n_light, wanted->light, state->light)) return false;
  if (wanted->unit.len > 0 &&
      !registry_in_subtree(registry, state->unit,
                           registry_unit_by_code(registry, (const char *)wanted->unit.data, wanted->unit.len)))
    return false;
  if (!is_officer(registry, wanted->accountable, state->accountable)) return false;
  if (!is_officer(registry, wanted->handler, state->handler)) return false;
  if (wanted->open_only && !status_is_open(state->status)) return false;
  return is_due_before(state, wanted->due_before) && (state->flags & wanted->flags) == wanted->flags;
}

/* ---- rows ---- */

static Rectify__V1__CaseRow rows[CASES_A_JOB], *pointers[CASES_A_JOB];
static struct row_room rooms[CASES_A_JOB];
static uint8_t states[CASES_A_JOB][STATE_BODY_BYTES_MAX];

/* A list has no words of what was restricted then, so that it stays the same for ever; for those of what has become restricted
 * since, its reader is recorded, as one of the whole log is. */
static void show_words(struct harvest *harvest, const struct case_state *state, int first, Rectify__V1__CaseRow *row) {
  struct query *query = harvest->query;
  const bool listed = query->past->wanted->cases->n_case_no != 1;
  const bool restricted = (state->flags & CASE_RESTRICTS) != 0 || pg_int(harvest->result, first, ROW_WAS_RESTRICTED) != 0;
  if (listed && restricted) return;
  row->text = page_field(harvest->result, first, ROW_TEXT);
  if (row->text.len > 0 && pg_int(harvest->result, first, ROW_RESTRICTED) != 0)
    (void)reading_may_show(query, listed ? 0 : state->case_no);
}

/* `first` is the first row of the case in this result: it has the facts. */
static void fill_row(struct harvest *harvest, const struct case_state *state, int first) {
  const struct query *query = harvest->query;
  const PGresult *result = harvest->result;
  Rectify__V1__CaseRow *row = pointers[harvest->used] = &rows[harvest->used];
  rectify__v1__case_row__init(row);
  row_of_case(query_world(query), query_now(query), state, row, &rooms[harvest->used]);
  row->finding_id = page_field(result, first, ROW_ID);
  row->reported_unit = page_field(result, first, ROW_UNIT_CODE);
  row->inspection = page_field(result, first, ROW_INSPECTION);
  row->category = page_field(result, first, ROW_CATEGORY);
  row->code = page_field(result, first, ROW_CODE);
  show_words(harvest, state, first, row);
  if (query->past->wanted->cases->with_state) {
    row->state.data = states[harvest->used];
    row->state.len = codec_state_pack(state, row->state.data);
  }
  harvest->page.bytes += row->text.len + row->state.len + 600;
  harvest->used++;
}

static void fill_facts(struct harvest *harvest, struct past_fold *fold) {
  const struct query *query = harvest->query;
  facts_end(&fold->facts, query_world(query), &fold->state, query_now(query));
  if (!past_facts_concern(query, fold, harvest->facts_of)) return;
  pointers[harvest->used] = &rows[harvest->used];
  harvest->page.bytes += past_facts_row(query, fold, harvest->facts_of, harvest->used, &rows[harvest->used]);
  harvest->used++;
}

static void finish_case(struct harvest *harvest, int first) {
  struct past_fold *fold = &harvest->query->past->fold;
  if (harvest->facts_of != 0 && fold->state.case_no != 0) fill_facts(harvest, fold);
  else if (fold->state.case_no != 0 && is_wanted(harvest->query, &fold->state)) fill_row(harvest, &fold->state, first);
  harvest->last = pg_int(harvest->result, first, ROW_CASE);
  harvest->full = harvest->used == harvest->query->limit || harvest->page.bytes >= WIRE_PAGE_BYTES_MAX;
  *fold = (struct past_fold){0};
}

static void fold_event(struct harvest *harvest, int row) {
  struct past_fold *fold = &harvest->query->past->fold;
  struct event event;
  struct case_state before;
  ProtobufCBinaryData record = page_field(harvest->result, row, ROW_RECORD);
  if (fold->stopped) return;
  if (harvest->facts_of != 0) before = fold->state;
  fold->stopped = !codec_event_unpack(record.data, record.len, &event) ||
                  event.effective > harvest->query->past->as_of || !case_apply(&fold->state, &event);
  if (fold->stopped || harvest->facts_of == 0) return;
  facts_step(&fold->facts, query_world(harvest->query), &before, &event, (uint64_t)pg_int(harvest->result, row, ROW_INDEX),
             &fold->state);
}

/* ---- a job ---- */

static void send(struct harvest *harvest, bool ended) {
  if (!ended) page_set_cursor(&harvest->page, 0, harvest->query->past->from_case - 1);
  harvest->page.page.n_cases = harvest->used;
  harvest->page.page.cases = pointers;
  page_finish(harvest->query, &harvest->page);
}

/* The last case may go on in rows that were not asked for: it is read again by the next job, or, where it is the only one,
 * folded on. */
static void leave_rest(struct harvest *harvest, int first, int last) {
  struct past *past = harvest->query->past;
  const bool alone = first == 0;
  past->from_case = pg_int(harvest->result, first, ROW_CASE);
  past->from_version = alone ? (int32_t)pg_int(harvest->result, last, ROW_VERSION) : 0;
  if (!alone) past->fold = (struct past_fold){0};
}

/* Folds the rows of one job; returns the first row of the last case, which is not finished yet unless the page is full. */
static int fold_rows(struct harvest *harvest, int count) {
  int first = 0;
  for (int row = 0; row < count; row++) {
    if (row > 0 && pg_int(harvest->result, row, ROW_CASE) != pg_int(harvest->result, first, ROW_CASE)) {
      finish_case(harvest, first);
      if (harvest->full) break;
      first = row;
    }
    if (row == first) harvest->cases++;
    fold_event(harvest, row);
  }
  return first;
}

/* Where the next job begins. */
static void move_on(struct harvest *harvest, int all, int count) {
  struct past *past = harvest->query->past;
  const int first = fold_rows(harvest, count);
  const bool cut = all > count && pg_int(harvest->result, count, ROW_CASE) == pg_int(harvest->result, first, ROW_CASE);
  if (!harvest->full && cut) {
    leave_rest(harvest, first, count - 1);
    return;
  }
  if (count > 0 && !harvest->full) finish_case(harvest, first);
  const bool more_in_range = harvest->full || all > count || harvest->cases == CASES_A_JOB;
  past->from_case = more_in_range ? harvest->last + 1 : past->from_case + RANGE_A_JOB;
  past->from_version = 0;
}

/* The right to it was looked at when the query came; by a code that nobody had then, nothing is found. */
static uint32_t facts_of(const struct query *query) {
  const Rectify__V1__CaseQuery *wanted = query->past->wanted->cases;
  if (!wanted->with_facts) return 0;
  const uint32_t unit = registry_find_unit(query_world(query)->registry, (const char *)wanted->unit.data, wanted->unit.len);
  return unit == 0 ? UINT32_MAX : unit;
}

static void take_events(void *context, unsigned step, const PGresult *result) {
  struct query *query = context;
  struct harvest harvest = {.query = query, .result = result, .facts_of = facts_of(query)};
  const int all = PQntuples(result);
  (void)step;
  if (query->daemon->store.office->registry == NULL) return;
  page_begin(query, &harvest.page);
  move_on(&harvest, all, all > EVENTS_A_JOB ? EVENTS_A_JOB : all);
  if (query->held) return;
  const bool ended = query->past->from_case > (int64_t)query->past->cases;
  const bool enough = ++query->past->jobs >= JOBS_A_PAGE && query->past->from_version == 0;
  if (harvest.used > 0 || ended || enough) send(&harvest, ended);
}

/* Cases by their numbers are not looked for among all, nor are those that follow from one before it. */
static void narrow(struct past *past) {
  const Rectify__V1__CaseQuery *wanted = past->wanted->cases;
  uint64_t least = wanted->n_case_no > 0 ? UINT64_MAX : wanted->parent, most = 0;
  for (size_t i = 0; i < wanted->n_case_no; i++) {
    if (wanted->case_no[i] < least) least = wanted->case_no[i];
    if (wanted->case_no[i] > most) most = wanted->case_no[i];
  }
  if (wanted->n_case_no > 0 && most < past->cases) past->cases = most;
  if ((int64_t)least > past->from_case) past->from_case = (int64_t)least;
  if (past->from_case > (int64_t)past->cases + 1) past->from_case = (int64_t)past->cases + 1;
}

void past_ask_cases(struct query *query) {
  struct past *past = query->past;
  if (!past_office_holds(query) || !past_job(query, take_events, past_ask_cases)) return;
  if (past->jobs == 0) narrow(past);
  const int64_t last = past->from_case > (int64_t)past->cases ? 0 : past->from_case + RANGE_A_JOB - 1;
  query_ask_past_cases(query, past->wanted->cases,
                       (struct past_page){.from = past->from_case,
                                          .until = last < (int64_t)past->cases ? last : (int64_t)past->cases,
                                          .version = past->from_version,
                                          .size = past->size,
                                          .as_of = past->as_of,
                                          .cases = CASES_A_JOB,
                                          .events = EVENTS_A_JOB + 1});
  pg_end(query->daemon->reader);
}
