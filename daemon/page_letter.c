/* page_letter.c - notices that wait for a letter, with all that a template needs; and letters with their attempts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/query.h"
#include "rectify/must.h"

/* ---- notices in no letter ---- */

enum { UNPOSTED_VERSION = 9, UNPOSTED_COMMAND, UNPOSTED_RULE, UNPOSTED_RECORD, UNPOSTED_EVENT_TEXT, UNPOSTED_STATE, UNPOSTED_UNIT_CODE,
       UNPOSTED_INSPECTION, UNPOSTED_CATEGORY, UNPOSTED_CODE, UNPOSTED_TEXT };

/* All that one of them points to. */
struct unposted_room {
  Rectify__V1__NoticeRow notice;
  Rectify__V1__CaseRow row;
  struct row_room room;
  char order[24]; /* "2026-17" */
};

static void fill_case(struct query *query, const PGresult *result, int at, struct unposted_room *room) {
  struct case_state state;
  ProtobufCBinaryData packed = page_field(result, at, UNPOSTED_STATE);
  rectify__v1__case_row__init(&room->row);
  if (codec_state_unpack(packed.data, packed.len, &state))
    row_of_case(query_world(query), query_now(query), &state, &room->row, &room->room);
  room->row.reported_unit = page_field(result, at, UNPOSTED_UNIT_CODE);
  room->row.inspection = page_field(result, at, UNPOSTED_INSPECTION);
  room->row.category = page_field(result, at, UNPOSTED_CATEGORY);
  room->row.code = page_field(result, at, UNPOSTED_CODE);
  room->row.text = page_field(result, at, UNPOSTED_TEXT);
  room->notice.case_row = &room->row;
}

static void fill_cause(const PGresult *result, int at, struct unposted_room *room) {
  Rectify__V1__NoticeRow *notice = &room->notice;
  ProtobufCBinaryData record = page_field(result, at, UNPOSTED_RECORD);
  struct event event;
  notice->event_number = (uint32_t)pg_int(result, at, UNPOSTED_VERSION);
  notice->command = (uint32_t)pg_int(result, at, UNPOSTED_COMMAND);
  notice->rule = (uint32_t)pg_int(result, at, UNPOSTED_RULE);
  notice->rule_text = answer_text(word_text(words_rule, notice->rule));
  notice->rule_text_zh = answer_text(word_zh(words_rule, notice->rule));
  notice->event_text = page_field(result, at, UNPOSTED_EVENT_TEXT);
  if (!codec_event_unpack(record.data, record.len, &event) || event.order_serial == 0) return;
  (void)snprintf(room->order, sizeof room->order, "%u-%u", event.order_year, event.order_serial);
  notice->order = answer_text(room->order);
}

static size_t fill_unposted(struct query *query, const PGresult *result, int at, struct unposted_room *room) {
  const struct registry *registry = query->daemon->store.office->registry;
  Rectify__V1__NoticeRow *notice = &room->notice;
  page_fill_notice(registry, result, at, notice);
  fill_case(query, result, at, room);
  fill_cause(result, at, room);
  const uint32_t officer = notice->officer.len == 0 ? 0 : registry_officer_by_code(registry, (const char *)notice->officer.data, notice->officer.len);
  row_name_unit(registry, registry->officers[officer].unit, &notice->officer_unit, &notice->officer_unit_name);
  return room->row.text.len + notice->event_text.len + 1500;
}

void page_of_unposted(struct query *query, const PGresult *result) {
  static struct unposted_room rooms[WIRE_PAGE_MAX];
  static Rectify__V1__NoticeRow *pointers[WIRE_PAGE_MAX];
  struct page page;
  page_begin(query, &page);
  int count = PQntuples(result), used = 0;
  while (used < count && page.bytes < WIRE_PAGE_BYTES_MAX) {
    page.bytes += fill_unposted(query, result, used, &rooms[used]);
    pointers[used] = &rooms[used].notice;
    used++;
  }
  if (used > 0 && (used < count || (uint32_t)count == query->limit)) page_set_cursor(&page, (int64_t)pointers[used - 1]->id, 0);
  page.page.n_notices = (size_t)used;
  page.page.notices = pointers;
  page_finish(query, &page);
}

/* ---- letters ---- */

enum { LETTERS_N, LETTERS_ID, LETTERS_OFFICER, LETTERS_CHANNEL, LETTERS_LANGUAGE, LETTERS_URGENT, LETTERS_SUBJECT, LETTERS_BODY,
       LETTERS_HTML, LETTERS_NOT_BEFORE, LETTERS_MADE, LETTERS_STATE, LETTERS_ATTEMPTS, LETTERS_FAILURES, LETTERS_LEASED_UNTIL,
       LETTERS_SETTLED, LETTERS_OPENED, LETTERS_ACKNOWLEDGED, LETTERS_NOTICES, LETTERS_CASES, LETTERS_ATTEMPT, LETTERS_LEASED,
       LETTERS_ENDED, LETTERS_OUTCOME, LETTERS_ANSWER };

/* All that one letter points to; its attempts are rows behind one another. */
struct letter_room {
  Rectify__V1__LetterRow row;
  Rectify__V1__Letter letter;
  uint64_t notices[LETTER_NOTICES_MAX], cases[LETTER_NOTICES_MAX];
  Rectify__V1__DeliveryRow deliveries[LETTER_ATTEMPTS_SHOWN], *pointers[LETTER_ATTEMPTS_SHOWN];
};

static void fill_letter(const struct registry *registry, const PGresult *result, int at, struct letter_room *room) {
  Rectify__V1__LetterRow *row = &room->row;
  Rectify__V1__Letter *letter = &room->letter;
  rectify__v1__letter_row__init(row);
  rectify__v1__letter__init(letter);
  letter->id = page_field(result, at, LETTERS_ID);
  row_name_officer(registry, (uint32_t)pg_int(result, at, LETTERS_OFFICER), &letter->officer, &row->officer_name);
  letter->channel = page_field(result, at, LETTERS_CHANNEL);
  letter->language = page_field(result, at, LETTERS_LANGUAGE);
  letter->urgent = pg_int(result, at, LETTERS_URGENT) != 0;
  letter->subject = page_field(result, at, LETTERS_SUBJECT);
  letter->body = page_field(result, at, LETTERS_BODY);
  letter->html = page_field(result, at, LETTERS_HTML);
  letter->n_notices = letter_numbers(page_field(result, at, LETTERS_NOTICES), room->notices, LETTER_NOTICES_MAX);
  letter->notices = room->notices;
  row->n_cases = letter_numbers(page_field(result, at, LETTERS_CASES), room->cases, LETTER_NOTICES_MAX);
  row->cases = room->cases;
  row->letter = letter;
}

static void fill_standing(const PGresult *result, int at, Rectify__V1__LetterRow *row) {
  row->state = (uint32_t)pg_int(result, at, LETTERS_STATE);
  row->made = pg_instant(result, at, LETTERS_MADE);
  row->not_before = pg_instant(result, at, LETTERS_NOT_BEFORE);
  row->attempts = (uint32_t)pg_int(result, at, LETTERS_ATTEMPTS);
  row->failures = (uint32_t)pg_int(result, at, LETTERS_FAILURES);
  row->leased_until = pg_instant(result, at, LETTERS_LEASED_UNTIL);
  row->settled = pg_instant(result, at, LETTERS_SETTLED);
  row->opened = pg_instant(result, at, LETTERS_OPENED);
  row->acknowledged = pg_instant(result, at, LETTERS_ACKNOWLEDGED);
}

static size_t add_delivery(const PGresult *result, int at, struct letter_room *room) {
  if (pg_null(result, at, LETTERS_ATTEMPT)) return 0;
  must(room->row.n_deliveries < LETTER_ATTEMPTS_SHOWN);
  Rectify__V1__DeliveryRow *row = room->pointers[room->row.n_deliveries] = &room->deliveries[room->row.n_deliveries];
  rectify__v1__delivery_row__init(row);
  row->attempt = (uint32_t)pg_int(result, at, LETTERS_ATTEMPT);
  row->leased = pg_instant(result, at, LETTERS_LEASED);
  row->ended = pg_instant(result, at, LETTERS_ENDED);
  row->outcome = (uint32_t)pg_int(result, at, LETTERS_OUTCOME);
  row->answer = page_field(result, at, LETTERS_ANSWER);
  room->row.deliveries = room->pointers;
  room->row.n_deliveries++;
  return row->answer.len + 40;
}

/* The letter whose first row is at *at, and its attempts; *at moves behind them. */
static size_t take_letter(struct query *query, const PGresult *result, int *at, struct letter_room *room) {
  const int64_t n = pg_int(result, *at, LETTERS_N);
  fill_letter(query->daemon->store.office->registry, result, *at, room);
  fill_standing(result, *at, &room->row);
  size_t bytes = room->letter.subject.len + room->letter.body.len + room->letter.html.len + (room->letter.n_notices + room->row.n_cases) * 10;
  while (*at < PQntuples(result) && pg_int(result, *at, LETTERS_N) == n) bytes += add_delivery(result, (*at)++, room);
  return bytes + 400;
}

void page_of_letters(struct query *query, const PGresult *result) {
  static Rectify__V1__LetterRow *pointers[WIRE_PAGE_MAX];
  struct letter_room *rooms = calloc(query->limit, sizeof *rooms);
  struct page page;
  must(rooms != NULL);
  page_begin(query, &page);
  int at = 0;
  uint32_t used = 0;
  while (at < PQntuples(result) && page.bytes < WIRE_PAGE_BYTES_MAX) {
    page.bytes += take_letter(query, result, &at, &rooms[used]);
    pointers[used] = &rooms[used].row;
    used++;
  }
  if (used > 0 && (at < PQntuples(result) || used == query->limit)) page_set_cursor(&page, pg_int(result, at - 1, LETTERS_N), 0);
  page.page.n_letters = used;
  page.page.letters = pointers;
  page_finish(query, &page);
  free(rooms);
}
