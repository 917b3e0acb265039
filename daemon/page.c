/* page.c - rows of a result into one page, packed and sent while the result still lives.  A page ends early when it
 * would outgrow WIRE_PAGE_BYTES_MAX; the cursor then says where to go on. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/query.h"
#include "rectify/must.h"

struct page {
  Rectify__V1__Page page;
  Rectify__V1__Head head;
  uint8_t cursor[16];
  size_t bytes; /* of the rows so far, about */
};

static void begin(struct query *query, struct page *page) {
  rectify__v1__page__init(&page->page);
  rectify__v1__head__init(&page->head);
  page->head.size = query->size;
  page->head.epoch = query->epoch;
  page->head.root = (ProtobufCBinaryData){HASH_BYTES, query->root.bytes};
  page->page.head = &page->head;
  page->page.now = clock_now();
  page->bytes = 0;
}

static void set_cursor(struct page *page, int64_t first, int64_t second) {
  uint64_t wire[2] = {htobe64((uint64_t)first), htobe64((uint64_t)second)};
  memcpy(page->cursor, wire, sizeof wire);
  page->page.next_cursor = (ProtobufCBinaryData){sizeof page->cursor, page->cursor};
}

static void finish(struct query *query, struct page *page) {
  answer_page(query->daemon, &query->back, &query->id, &page->page);
  query->answered = true;
}

static ProtobufCBinaryData field(const PGresult *result, int row, int column) {
  size_t length;
  const uint8_t *data = pg_bytes(result, row, column, &length);
  return (ProtobufCBinaryData){length, (uint8_t *)(uintptr_t)data};
}

/* ---- cases ---- */

static bool case_of_row(struct daemon *daemon, const PGresult *result, int row, struct case_state *state) {
  size_t length;
  const uint8_t *packed = pg_bytes(result, row, CASES_STATE, &length);
  codec_arena_reset(daemon->arena);
  return codec_state_unpack(daemon->arena, packed, length, state);
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
}

static size_t fill_case(struct query *query, const PGresult *result, int at, Rectify__V1__CaseRow *row,
                        struct row_room *room) {
  struct case_state state;
  rectify__v1__case_row__init(row);
  if (case_of_row(query->daemon, result, at, &state)) row_of_case(query->daemon, &state, row, room);
  row->finding_id = field(result, at, CASES_ID);
  row->reported_unit = field(result, at, CASES_UNIT_CODE);
  row->inspection = field(result, at, CASES_INSPECTION);
  row->category = field(result, at, CASES_CATEGORY);
  row->code = field(result, at, CASES_CODE);
  row->text = field(result, at, CASES_TEXT);
  if (pg_int(result, at, CASES_WITH_STATE) != 0) {
    row->state = field(result, at, CASES_STATE);
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
  begin(query, &page);
  int count = PQntuples(result), used = 0;
  while (used < count && page.bytes < WIRE_PAGE_BYTES_MAX) {
    page.bytes += fill_case(query, result, used, &rows[used], &rooms[used]);
    pointers[used] = &rows[used];
    used++;
  }
  if (used > 0 && (used < count || (uint32_t)count == query->limit))
    set_cursor(&page, pg_null(result, used - 1, CASES_DUE) ? INSTANT_NONE : pg_instant(result, used - 1, CASES_DUE),
               pg_int(result, used - 1, CASES_NO));
  page.page.n_cases = (size_t)used;
  page.page.cases = pointers;
  finish(query, &page);
}

/* ---- events ---- */

enum { EVENTS_INDEX, EVENTS_RECORD, EVENTS_TEXT, EVENTS_SALT, EVENTS_ACTOR, EVENTS_VERSION };

static size_t fill_event(const struct registry *registry, const PGresult *result, int at, Rectify__V1__EventRow *row) {
  rectify__v1__event_row__init(row);
  row->log_index = (uint64_t)pg_int(result, at, EVENTS_INDEX);
  row->record = field(result, at, EVENTS_RECORD);
  row->text = field(result, at, EVENTS_TEXT);
  row->salt = field(result, at, EVENTS_SALT);
  uint32_t actor = (uint32_t)pg_int(result, at, EVENTS_ACTOR);
  if (actor != 0 && actor <= registry->officer_count) {
    row->actor = answer_text(registry->officers[actor].code);
    row->actor_name = answer_text(registry->officers[actor].name);
  }
  return row->record.len + row->text.len + row->salt.len + row->actor.len + row->actor_name.len + 40;
}

void page_of_events(struct query *query, const PGresult *result) {
  static Rectify__V1__EventRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  struct page page;
  begin(query, &page);
  const struct registry *registry = query->daemon->store.office->registry;
  int count = PQntuples(result), used = 0;
  while (used < count && page.bytes < WIRE_PAGE_BYTES_MAX) {
    page.bytes += fill_event(registry, result, used, &rows[used]);
    pointers[used] = &rows[used];
    used++;
  }
  bool of_case = query->what == RECTIFY__V1__QUERY__WHAT_HISTORY;
  if (used > 0 && (used < count || (uint32_t)count == query->limit))
    set_cursor(&page, pg_int(result, used - 1, of_case ? EVENTS_VERSION : EVENTS_INDEX), 0);
  page.page.n_events = (size_t)used;
  page.page.events = pointers;
  finish(query, &page);
}

/* ---- notices ---- */

void page_of_notices(struct query *query, const PGresult *result) {
  static Rectify__V1__NoticeRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  struct page page;
  begin(query, &page);
  const struct registry *registry = query->daemon->store.office->registry;
  int count = PQntuples(result);
  for (int i = 0; i < count; i++) {
    Rectify__V1__NoticeRow *row = pointers[i] = &rows[i];
    rectify__v1__notice_row__init(row);
    row->id = (uint64_t)pg_int(result, i, 0);
    row->case_no = (uint64_t)pg_int(result, i, 1);
    row->kind = (uint32_t)pg_int(result, i, 2);
    row->copy = pg_int(result, i, 3) != 0;
    row->recipient = (uint32_t)pg_int(result, i, 4);
    uint32_t officer = (uint32_t)pg_int(result, i, 5);
    if (officer <= registry->officer_count) {
      row->officer = answer_text(registry->officers[officer].code);
      row->officer_name = answer_text(registry->officers[officer].name);
    }
    row->created = pg_instant(result, i, 6);
  }
  if (count > 0 && (uint32_t)count == query->limit) set_cursor(&page, pg_int(result, count - 1, 0), 0);
  page.page.n_notices = (size_t)count;
  page.page.notices = pointers;
  finish(query, &page);
}

/* ---- why ---- */

struct lines {
  char *text;
  size_t used, room, count;
};

static void add_line(void *context, const char *text) {
  struct lines *lines = context;
  size_t length = strlen(text) + 1;
  if (lines->used + length > WIRE_PAGE_BYTES_MAX) return;
  if (lines->used + length > lines->room) {
    lines->room = lines->room == 0 ? 65536 : lines->room * 2;
    lines->text = realloc(lines->text, lines->room);
    must(lines->text != NULL);
  }
  memcpy(lines->text + lines->used, text, length);
  lines->used += length;
  lines->count++;
}

static void send_lines(struct query *query, struct lines *lines) {
  struct page page;
  begin(query, &page);
  ProtobufCBinaryData *fields = calloc(lines->count + 1, sizeof *fields);
  must(fields != NULL);
  const char *at = lines->text;
  for (size_t i = 0; i < lines->count; i++) {
    fields[i] = answer_text(at);
    at += fields[i].len + 1;
  }
  page.page.n_lines = lines->count;
  page.page.lines = fields;
  finish(query, &page);
  free(fields);
  free(lines->text);
}

void page_of_why(struct query *query, const PGresult *result) {
  struct case_state state;
  struct lines lines = {0};
  if (!case_of_row(query->daemon, result, 0, &state)) return;
  /* Published by a daemon that took over: see name_unit() in row.c. */
  if (state.policy_version > query->daemon->store.office->versions[DOCUMENT_POLICY]) return;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && state.clocks[i].kind != 0; i++)
    explain_clock(&query->daemon->store.office->world, &state, &state.clocks[i], query->zh, add_line, &lines);
  if (lines.count == 0) add_line(&lines, query->zh ? "事项已办结,没有运行中的时限" : "The case is closed: no clock runs.");
  send_lines(query, &lines);
}

/* ---- the registry ---- */

/* A cursor comes from the client: anything that is no id of ours is after the last. */
static uint32_t first_id(const struct query *query) {
  bool is_id = query->cursor.first >= 0 && query->cursor.first < OFFICERS_MAX;
  return is_id ? (uint32_t)query->cursor.first + 1 : UINT32_MAX;
}

void page_of_units(struct query *query) {
  static Rectify__V1__UnitRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  const struct registry *registry = query->daemon->store.office->registry;
  struct page page;
  begin(query, &page);
  uint32_t used = 0, id = first_id(query);
  for (; id <= registry->unit_count && used < query->limit; id++) {
    Rectify__V1__UnitRow *row = pointers[used] = &rows[used];
    rectify__v1__unit_row__init(row);
    row->id = id;
    row->code = answer_text(registry->units[id].code);
    row->name = answer_text(registry->units[id].name);
    row->parent = answer_text(registry->units[registry->units[id].parent].code);
    row->retired = registry->units[id].retired;
    used++;
  }
  if (id <= registry->unit_count) set_cursor(&page, id - 1, 0);
  page.page.n_units = used;
  page.page.units = pointers;
  finish(query, &page);
}

#define ROLES_SHOWN_MAX 16

struct role_room {
  char text[ROLES_SHOWN_MAX][CODE_BYTES_MAX + 32];
  ProtobufCBinaryData fields[ROLES_SHOWN_MAX];
};

static void fill_roles(const struct registry *registry, uint32_t officer, Rectify__V1__OfficerRow *row,
                       struct role_room *room) {
  uint32_t low = 0, high = registry->appointment_count;
  while (low < high) { /* first appointment of the officer */
    uint32_t middle = low + (high - low) / 2;
    if (registry->by_officer[middle].officer < officer)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < registry->appointment_count && registry->by_officer[low].officer == officer; low++) {
    if (row->n_roles == ROLES_SHOWN_MAX) break;
    char *text = room->text[row->n_roles];
    text[0] = '\0';
    strcat(strcat(strcat(text, word_name(words_role, registry->by_officer[low].role)), "@"),
           registry->units[registry->by_officer[low].unit].code);
    room->fields[row->n_roles++] = answer_text(text);
  }
  row->roles = room->fields;
}

void page_of_officers(struct query *query) {
  static Rectify__V1__OfficerRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  static struct role_room rooms[WIRE_PAGE_MAX];
  const struct registry *registry = query->daemon->store.office->registry;
  struct page page;
  begin(query, &page);
  uint32_t used = 0, id = first_id(query);
  for (; id <= registry->officer_count && used < query->limit; id++) {
    Rectify__V1__OfficerRow *row = pointers[used] = &rows[used];
    rectify__v1__officer_row__init(row);
    row->id = id;
    row->code = answer_text(registry->officers[id].code);
    row->name = answer_text(registry->officers[id].name);
    row->unit = answer_text(registry->units[registry->officers[id].unit].code);
    row->retired = registry->officers[id].retired;
    fill_roles(registry, id, row, &rooms[used++]);
  }
  if (id <= registry->officer_count) set_cursor(&page, id - 1, 0);
  page.page.n_officers = used;
  page.page.officers = pointers;
  finish(query, &page);
}
