/* facts.c - see facts.h. */
#include "client/command/facts.h"
#include "client/command/language.h"

#include <stdlib.h>
#include <string.h>

#include "client/command/past.h"
#include "rectify/must.h"

/* ---- the period ---- */

static day_t day_at(int64_t year, int64_t month) { /* the first of the month; month 13 is the next year's first */
  char text[48];
  day_t day = 0;
  if (month > 12) return day_at(year + 1, month - 12);
  (void)snprintf(text, sizeof text, "%04lld-%02lld-01", (long long)year, (long long)month);
  must(workday_parse(text, 10, &day));
  return day;
}

static bool months(struct period *out, int64_t year, int64_t month, int64_t count) {
  out->from = day_at(year, month);
  out->until = day_at(year, month + count) - 1;
  return true;
}

bool period_read(const char *text, struct period *out) {
  const size_t length = strlen(text);
  char digits[8] = "";
  int64_t year = 0, part = 0;
  out->text = text;
  if (length == 22 && memcmp(text + 10, "..", 2) == 0 && workday_parse(text, 10, &out->from) &&
      workday_parse(text + 12, 10, &out->until) && out->from <= out->until)
    return true;
  if (length >= 4) memcpy(digits, text, 4);
  if (length >= 4 && number_read(digits, 1970, 2099, &year)) {
    if (length == 4) return months(out, year, 1, 12);
    if (length == 6 && (text[4] == 'Q' || text[4] == 'q') && number_read(text + 5, 1, 4, &part))
      return months(out, year, 3 * part - 2, 3);
    if (length == 7 && text[4] == '-' && number_read(text[5] == '0' ? text + 6 : text + 5, 1, 12, &part))
      return months(out, year, part, 1);
  }
  complain("--period wants 2026, 2026Q1, 2026-03 or 2026-01-01..2026-06-30, not '%s'", text);
  return false;
}

bool facts_option(struct gathering *gathering, const char *name, const char *value) {
  if (strcmp(name, "period") == 0) return period_read(value, &gathering->period);
  return past_option(gathering->session, name, value);
}

/* ---- units ---- */

static void *more_room(void *rows, size_t used, size_t *room, size_t size) {
  if (used < *room) return rows;
  *room = *room == 0 ? 256 : 2 * *room;
  rows = realloc(rows, *room * size);
  must(rows != NULL);
  return rows;
}

static void copy(const ProtobufCBinaryData *data, char *out, size_t room) {
  const size_t length = data->len < room - 1 ? data->len : room - 1;
  if (length > 0) memcpy(out, data->data, length);
  out[length] = '\0';
}

static int take_units(void *context, const Rectify__V1__Page *page) {
  struct gathering *all = context;
  for (size_t i = 0; i < page->n_units; i++) {
    const Rectify__V1__UnitRow *row = page->units[i];
    all->units = more_room(all->units, all->unit_count, &all->unit_room, sizeof *all->units);
    struct gathered_unit *unit = &all->units[all->unit_count++];
    *unit = (struct gathered_unit){.depth = UINT32_MAX, .retired = row->retired};
    copy(&row->code, unit->code, sizeof unit->code);
    copy(&row->name, unit->name, sizeof unit->name);
    copy(&row->parent, unit->above, sizeof unit->above);
  }
  return EXIT_FINE;
}

static int by_code(const void *a, const void *b, void *units) {
  const struct gathered_unit *rows = units;
  return strcmp(rows[*(const uint32_t *)a].code, rows[*(const uint32_t *)b].code);
}

static void sort_units(struct gathering *all) {
  all->by_code = calloc(all->unit_count + 1, sizeof *all->by_code);
  must(all->by_code != NULL);
  for (uint32_t i = 0; i < all->unit_count; i++) all->by_code[i] = i;
  qsort_r(all->by_code, all->unit_count, sizeof *all->by_code, by_code, all->units);
}

static size_t find_unit(const struct gathering *all, const char *code) {
  size_t low = 0, high = all->unit_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const int order = strcmp(all->units[all->by_code[middle]].code, code);
    if (order == 0) return all->by_code[middle];
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return SIZE_MAX;
}

size_t facts_unit(const struct gathering *gathering, const ProtobufCBinaryData *code) {
  char text[CODE_BYTES_MAX + 1];
  copy(code, text, sizeof text);
  return find_unit(gathering, text);
}

/* Depths below the top; those of a circle, which no registry has, stay without. */
static void find_depths(struct gathering *all) {
  for (size_t i = 0; i < all->unit_count; i++) {
    const size_t above = all->units[i].above[0] == '\0' ? SIZE_MAX : find_unit(all, all->units[i].above);
    all->units[i].parent = above == SIZE_MAX ? 0 : (uint32_t)above + 1;
  }
  for (size_t i = 0; i < all->unit_count; i++) {
    uint32_t depth = 0;
    size_t at = i;
    for (; at != all->top && all->units[at].parent != 0 && depth <= UNIT_DEPTH_MAX; depth++) at = all->units[at].parent - 1;
    if (at == all->top) all->units[i].depth = depth;
  }
}

static int find_top(struct gathering *all) {
  size_t at = all->top_code == NULL ? 0 : find_unit(all, all->top_code);
  while (all->top_code == NULL && at < all->unit_count && (all->units[at].above[0] != '\0' || all->units[at].retired)) at++;
  if (at >= all->unit_count) {
    complain("the registry has no unit '%s'; `rectify unit list` shows the codes", all->top_code == NULL ? "" : all->top_code);
    return EXIT_REFUSED;
  }
  all->top = (uint32_t)at;
  find_depths(all);
  return EXIT_FINE;
}

static int gather_units(struct gathering *all) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__UnitQuery every = RECTIFY__V1__UNIT_QUERY__INIT;
  query.what_case = RECTIFY__V1__QUERY__WHAT_UNITS;
  query.units = &every;
  query.as_of = all->session->as_of;
  query.known_at = all->session->known_at;
  const int code = session_pages(all->session, &query, take_units, all);
  if (code != EXIT_FINE) return code;
  sort_units(all);
  return find_top(all);
}

/* ---- cases ---- */

static bool is_within(const struct period *period, day_t day) { return period->from <= day && day <= period->until; }

static void take_mark(struct gathering *all, uint64_t case_no, const Rectify__V1__CaseMark *row) {
  const size_t unit = facts_unit(all, &row->unit);
  if (!is_within(&all->period, row->day) || unit == SIZE_MAX || row->what == 0 || row->what > SCORE_COUNT) return;
  all->marks = more_room(all->marks, all->mark_count, &all->mark_room, sizeof *all->marks);
  all->marks[all->mark_count++] = (struct gathered_mark){.case_no = case_no, .log_index = row->log_index, .event = row->event,
                                                         .unit = (uint32_t)unit, .day = row->day, .what = (uint8_t)row->what};
}

static void take_case(struct gathering *all, const Rectify__V1__CaseRow *row) {
  const Rectify__V1__CaseFacts *facts = row->facts;
  const size_t unit = facts_unit(all, &row->unit);
  struct gathered_case one = {.case_no = row->case_no, .unit = (uint32_t)unit, .track = (uint8_t)row->track};
  if (row->status != STATUS_CLOSED_OUT && row->status != STATUS_ARCHIVED) return;
  if (row->closed_text.len != 10 || !workday_parse((const char *)row->closed_text.data, 10, &one.closed)) return;
  if (!is_within(&all->period, one.closed) || unit == SIZE_MAX || row->track > TRACK_COUNT) return;
  for (size_t i = 0; i < facts->n_holder_days && i < HOLDER_COUNT; i++) one.holder_days[i + 1] = (int32_t)facts->holder_days[i];
  for (size_t i = 0; i < facts->n_status_days && i < STATUS_COUNT; i++) one.status_days[i + 1] = (int32_t)facts->status_days[i];
  all->cases = more_room(all->cases, all->case_count, &all->case_room, sizeof *all->cases);
  all->cases[all->case_count++] = one;
}

static int take_cases(void *context, const Rectify__V1__Page *page) {
  struct gathering *all = context;
  all->now = page->now;
  if (page->head != NULL && page->head->root.len == HASH_BYTES) memcpy(all->root, page->head->root.data, HASH_BYTES);
  if (page->head != NULL) all->size = page->head->size;
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *row = page->cases[i];
    if (row->facts == NULL) return session_misfit();
    for (size_t k = 0; k < row->facts->n_marks; k++) take_mark(all, row->case_no, row->facts->marks[k]);
    all->lost += row->facts->marks_lost;
    take_case(all, row);
  }
  return EXIT_FINE;
}

static int gather_cases(struct gathering *all) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery cases = RECTIFY__V1__CASE_QUERY__INIT;
  cases.unit = wire_text(all->units[all->top].code);
  cases.with_facts = true;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &cases;
  return session_pages(all->session, &query, take_cases, all);
}

/* All pages are of one log: where none was named, of the present one. */
static int choose_log(struct session *session) {
  const Rectify__V1__Pong *pong;
  if (past_is_meant(session)) return EXIT_FINE;
  const int code = session_ping(session, &pong);
  if (code == EXIT_FINE && pong->head == NULL) return session_misfit();
  if (code == EXIT_FINE) session->known_at = pong->head->size;
  return code;
}

int facts_gather(struct gathering *gathering) {
  int code = choose_log(gathering->session);
  if (code == EXIT_FINE) code = gather_units(gathering);
  return code == EXIT_FINE ? gather_cases(gathering) : code;
}

void facts_free(struct gathering *gathering) {
  free(gathering->units);
  free(gathering->by_code);
  free(gathering->marks);
  free(gathering->cases);
}

void facts_say_head(const struct gathering *gathering, const char *more) {
  const struct session *session = gathering->session;
  FILE *out = session->format == FORMAT_TABLE ? stdout : stderr;
  char from[11], until[11], now[INSTANT_TEXT_BYTES], root[2 * HASH_BYTES + 1];
  workday_format(gathering->period.from, from);
  workday_format(gathering->period.until, until);
  instant_text(session, gathering->now, now);
  hex_text(gathering->root, HASH_BYTES, root);
  const unsigned long long size = gathering->size;
  (void)fprintf(out, _("%s to %s, as of %s; log of %llu events, root %s%s\n"), from, until, now, size, root, more);
  if (gathering->lost > 0)
    (void)fprintf(stderr, _("%llu events of cases with more than %d of them are not counted\n"), (unsigned long long)gathering->lost,
                  FACTS_MARKS_MAX);
}
