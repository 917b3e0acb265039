/* page_case.c - cases into one page, and a case out of a row. */
#include "daemon/query.h"

static bool unpack_state(const PGresult *result, int row, struct case_state *state) {
  size_t length;
  const uint8_t *packed = pg_bytes(result, row, CASES_STATE, &length);
  return codec_state_unpack(packed, length, state);
}

/* Another daemon may have taken over and published documents that this one has not read.  To show ids without names is
 * one thing, to decide by them (a forecast does) another. */
static bool is_known(const struct world *world, const struct case_state *state) {
  const struct registry *registry = world->registry;
  const uint32_t units[] = {state->unit, state->reported_unit, state->team};
  const uint32_t officers[] = {state->reporter,      state->handler,        state->verifier,    state->accountable,
                               state->subject,       state->plan_by,        state->plan_for,    state->asked_by,
                               state->asked_for,     state->withdrawal_by,  state->withdrawal_for, state->endorsed_by,
                               state->endorsed_for,  state->closing_by,     state->closing_for};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (units[i] > registry->unit_count) return false;
  for (size_t i = 0; i < sizeof officers / sizeof *officers; i++)
    if (officers[i] > registry->officer_count) return false;
  return state->policy_version != 0 && state->policy_version <= world->policies[world->policy_count - 1].version;
}

static bool are_on_ladders(const struct policy *policy, const struct case_state *state) {
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && state->clocks[i].kind != 0; i++) {
    const struct case_clock *clock = &state->clocks[i];
    if (clock->kind > CLOCK_COUNT || clock->track > TRACK_COUNT) return false;
    if (clock->budget.unit != SPAN_WD && clock->budget.unit != SPAN_HOURS) return false;
    if (clock->rung >= ladder_of(policy, clock)->count) return false;
  }
  return true;
}

bool page_state(struct query *query, const PGresult *result, int row, struct case_state *state) {
  const struct world *world = &query->daemon->store.office->world;
  return unpack_state(result, row, state) && is_known(world, state) &&
         are_on_ladders(world_policy(world, state->policy_version), state);
}

static void fill_columns(const PGresult *result, int at, Rectify__V1__CaseColumns *columns) {
  rectify__v1__case_columns__init(columns);
  columns->status = (uint32_t)pg_int(result, at, CASES_STATUS);
  columns->track = (uint32_t)pg_int(result, at, CASES_TRACK);
  columns->light = (uint32_t)pg_int(result, at, CASES_LIGHT);
  columns->unit = (uint32_t)pg_int(result, at, CASES_UNIT);
  columns->handler = (uint32_t)pg_int(result, at, CASES_HANDLER);
  columns->verifier = (uint32_t)pg_int(result, at, CASES_VERIFIER);
  columns->accountable = (uint32_t)pg_int(result, at, CASES_ACCOUNTABLE);
  columns->team = (uint32_t)pg_int(result, at, CASES_TEAM);
  columns->opened = pg_instant(result, at, CASES_OPENED);
  columns->due = pg_instant(result, at, CASES_DUE);
  columns->due_clock = (uint32_t)pg_int(result, at, CASES_DUE_CLOCK);
  columns->first_due = pg_instant(result, at, CASES_FIRST_DUE);
  columns->next_fire = pg_instant(result, at, CASES_NEXT_FIRE);
  columns->closed = pg_instant(result, at, CASES_CLOSED);
  columns->flags = (uint32_t)pg_int(result, at, CASES_FLAGS);
  columns->parent = (uint64_t)pg_int(result, at, CASES_PARENT);
  columns->version = (uint32_t)pg_int(result, at, CASES_VERSION);
  columns->finding_of = (uint64_t)pg_int(result, at, CASES_FINDING_OF);
}

static size_t fill_case(struct query *query, const PGresult *result, int at, Rectify__V1__CaseRow *row,
                        struct row_room *room) {
  struct case_state state;
  rectify__v1__case_row__init(row);
  if (unpack_state(result, at, &state)) row_of_case(query_world(query), query_now(query), &state, row, room);
  row->finding_id = page_field(result, at, CASES_ID);
  row->reported_unit = page_field(result, at, CASES_UNIT_CODE);
  row->inspection = page_field(result, at, CASES_INSPECTION);
  row->category = page_field(result, at, CASES_CATEGORY);
  row->code = page_field(result, at, CASES_CODE);
  row->text = page_field(result, at, CASES_TEXT);
  if (pg_int(result, at, CASES_WITH_STATE) != 0) {
    row->state = page_field(result, at, CASES_STATE);
    row->version = (uint32_t)pg_int(result, at, CASES_VERSION);
    row->columns = &room->columns;
    fill_columns(result, at, row->columns);
  }
  return row->text.len + row->state.len + 600;
}

void page_of_cases(struct query *query, const PGresult *result) {
  static Rectify__V1__CaseRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  static struct row_room rooms[WIRE_PAGE_MAX];
  struct page page;
  if (PQntuples(result) == 1 && !query_may_show(query, result)) return;
  page_begin(query, &page);
  if (query->searches) page.page.searched = query->searched;
  int count = PQntuples(result), used = 0;
  while (used < count && page.bytes < WIRE_PAGE_BYTES_MAX) {
    page.bytes += fill_case(query, result, used, &rows[used], &rooms[used]);
    pointers[used] = &rows[used];
    used++;
  }
  if (used > 0 && (used < count || (uint32_t)count == query->limit))
    page_set_cursor(&page, pg_null(result, used - 1, CASES_DUE) ? INSTANT_NONE : pg_instant(result, used - 1, CASES_DUE),
               pg_int(result, used - 1, CASES_NO));
  page.page.n_cases = (size_t)used;
  page.page.cases = pointers;
  page_finish(query, &page);
}
