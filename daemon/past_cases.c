/* past_cases.c - cases of an older log: their events are folded, a bounded number in each job; conditions on what changes are
 * looked at in the fold. */
#include <string.h>

#include "daemon/past.h"
#include "rectify/must.h"

#define CASES_A_JOB 256
#define EVENTS_A_JOB 4096

enum { ROW_CASE, ROW_VERSION, ROW_RECORD, ROW_ID, ROW_UNIT_CODE, ROW_INSPECTION, ROW_CATEGORY, ROW_CODE, ROW_TEXT };

/* A page under construction, while the result of one job lives. */
struct harvest {
  struct query *query;
  const PGresult *result;
  struct page page;
  size_t used;
  int64_t last; /* the last case that was finished */
  bool full;
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
  row->text = page_field(result, first, ROW_TEXT);
  if (query->past->wanted->cases->with_state) {
    row->state.data = states[harvest->used];
    row->state.len = codec_state_pack(state, row->state.data);
  }
  harvest->page.bytes += row->text.len + row->state.len + 600;
  harvest->used++;
}

static void finish_case(struct harvest *harvest, int first) {
  struct past_fold *fold = &harvest->query->past->fold;
  if (fold->state.case_no != 0 && is_wanted(harvest->query, &fold->state)) fill_row(harvest, &fold->state, first);
  harvest->last = pg_int(harvest->result, first, ROW_CASE);
  harvest->full = harvest->used == harvest->query->limit || harvest->page.bytes >= WIRE_PAGE_BYTES_MAX;
  *fold = (struct past_fold){0};
}

static void fold_event(struct harvest *harvest, int row) {
  struct past_fold *fold = &harvest->query->past->fold;
  struct event event;
  ProtobufCBinaryData record = page_field(harvest->result, row, ROW_RECORD);
  if (fold->stopped) return;
  codec_arena_reset(harvest->query->daemon->arena);
  fold->stopped = !codec_event_unpack(harvest->query->daemon->arena, record.data, record.len, &event) ||
                  event.effective > harvest->query->past->as_of || !case_apply(&fold->state, &event);
}

/* ---- a job ---- */

static void send(struct harvest *harvest, bool ended) {
  if (!ended) page_set_cursor(&harvest->page, 0, harvest->last);
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

static void take_events(void *context, unsigned step, const PGresult *result) {
  struct query *query = context;
  struct harvest harvest = {.query = query, .result = result};
  (void)step;
  if (query->daemon->store.office->registry == NULL) return;
  page_begin(query, &harvest.page);
  const int all = PQntuples(result), count = all > EVENTS_A_JOB ? EVENTS_A_JOB : all;
  uint32_t cases = 0;
  int first = 0;
  for (int row = 0; row < count && !harvest.full; row++) {
    if (row == 0 || pg_int(result, row, ROW_CASE) != pg_int(result, first, ROW_CASE)) {
      if (row > 0) finish_case(&harvest, first);
      if (harvest.full) break;
      first = row;
      cases++;
    }
    fold_event(&harvest, row);
  }
  const bool cut = all > count && pg_int(result, count, ROW_CASE) == pg_int(result, first, ROW_CASE);
  if (count > 0 && !harvest.full && !cut) finish_case(&harvest, first);
  if (!harvest.full && cut) leave_rest(&harvest, first, count - 1);
  else query->past->from_case = harvest.last + 1, query->past->from_version = 0;
  const bool ended = !harvest.full && all == count && cases < CASES_A_JOB;
  if (harvest.used > 0 || ended) send(&harvest, ended);
}

/* The documents of today may have become those of yesterday since the query began. */
static bool is_still_today(const struct query *query) {
  const struct past *past = query->past;
  const uint32_t *today = query->daemon->store.office->versions;
  return past->office != NULL || (past->registry == today[DOCUMENT_REGISTRY] && past->calendar == today[DOCUMENT_CALENDAR]);
}

void past_ask_cases(struct query *query) {
  const struct past *past = query->past;
  if (!is_still_today(query)) {
    past_refuse(query, FAILURE_BUSY, "query", "another registry or calendar was just published; try again");
    query_end(query);
    return;
  }
  if (!past_job(query, take_events, past_ask_cases)) return;
  query_ask_past_cases(query, past->wanted->cases,
                       (struct past_page){past->from_case, past->from_version, past->size, CASES_A_JOB, EVENTS_A_JOB + 1});
  pg_end(query->daemon->reader);
}
