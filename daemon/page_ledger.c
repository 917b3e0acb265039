/* page_ledger.c - what ledgers have beside the cases, into pages: query_ledger.c asks for it. */
#include <string.h>

#include "daemon/query.h"
#include "rectify/must.h"

enum { FACTS_CASE, FACTS_PART, FACTS_RECORDED, FACTS_ACTOR, FACTS_COMMAND, FACTS_TEXT, FACTS_NUMBER, FACTS_RECORD, FACTS_RESTRICTED };
enum { PART_PLAN = 1, PART_PROGRESS, PART_VERIFIED, PART_LOOK_BACK, PART_REMARK, PART_EVIDENCE, PART_CHILD };
enum { STEPS_INDEX, STEPS_CASE, STEPS_RECORDED, STEPS_ACTOR, STEPS_RECORD, STEPS_TEXT, STEPS_FIRST, STEPS_RESTRICTED };

#define CO_UNITS_BYTES_MAX (CO_UNITS_MAX * (NAME_BYTES_MAX + 1)) /* more of them are cut: a ledger's cell has its bounds */

struct facts_room {
  char units[CO_UNITS_BYTES_MAX], names[CO_UNITS_BYTES_MAX];
};

static void send(struct query *query, struct page *page, Rectify__V1__Ledger *ledger) {
  ledger->head_at = query->head_at;
  page->page.ledger = ledger;
  page_finish(query, page);
}

static bool unpack(ProtobufCBinaryData record, struct event *event) {
  return codec_event_unpack(record.data, record.len, event);
}

/* ---- facts ---- */

static void add_word(char *room, ProtobufCBinaryData *words, const char *word) {
  const size_t length = strlen(word), gap = words->len > 0;
  if (words->len + gap + length > CO_UNITS_BYTES_MAX) return;
  if (gap) room[words->len] = ' ';
  memcpy(room + words->len + gap, word, length);
  *words = (ProtobufCBinaryData){words->len + gap + length, (uint8_t *)room};
}

/* A case that follows counts from when it took effect; of several kinds, the parts of co-units are wanted. */
static void fill_child(const struct query *query, const PGresult *result, int at, Rectify__V1__LedgerFacts *facts,
                       struct facts_room *room) {
  const struct registry *registry = query_world(query)->registry;
  struct event event;
  if (!unpack(page_field(result, at, FACTS_RECORD), &event)) return;
  if (event.origin != ORIGIN_CO_UNIT || event.effective > query_now(query)) return;
  add_word(room->units, &facts->co_units, event.finding.unit_code);
  if (event.finding.unit != 0 && event.finding.unit <= registry->unit_count)
    add_word(room->names, &facts->co_unit_names, registry->units[event.finding.unit].name);
}

static void fill_fact(const struct query *query, const PGresult *result, int at, Rectify__V1__LedgerFacts *facts,
                      struct facts_room *room) {
  const ProtobufCBinaryData text = page_field(result, at, FACTS_TEXT);
  const usec_t recorded = pg_instant(result, at, FACTS_RECORDED);
  switch (pg_int(result, at, FACTS_PART)) {
    case PART_PLAN: facts->plan = text, facts->planned = recorded; break;
    case PART_PROGRESS: facts->progress = text, facts->progressed = recorded; break;
    case PART_VERIFIED:
      facts->verified = recorded;
      row_name_officer(query_world(query)->registry, (uint32_t)pg_int(result, at, FACTS_ACTOR), &facts->verified_by,
                       &facts->verified_by_name);
      break;
    case PART_LOOK_BACK:
      facts->look_back = (uint32_t)pg_int(result, at, FACTS_COMMAND);
      facts->looked_back = recorded, facts->look_back_text = text;
      break;
    case PART_REMARK: facts->remark = text, facts->remarked = recorded; break;
    case PART_EVIDENCE:
      facts->evidence_count = (uint32_t)pg_int(result, at, FACTS_NUMBER), facts->evidence = text;
      break;
    default: fill_child(query, result, at, facts, room);
  }
}

/* Cases of which there is nothing to tell have no row.  A page that is full ends before a case: the asker asks on from there. */
static void page_of_facts(struct query *query, const PGresult *result) {
  static Rectify__V1__LedgerFacts facts[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  static struct facts_room rooms[WIRE_PAGE_MAX];
  Rectify__V1__Ledger ledger = RECTIFY__V1__LEDGER__INIT;
  struct page page;
  page_begin(query, &page);
  for (int at = 0; at < PQntuples(result); at++) {
    const uint64_t case_no = (uint64_t)pg_int(result, at, FACTS_CASE);
    if (ledger.n_facts == 0 || pointers[ledger.n_facts - 1]->case_no != case_no) {
      must(ledger.n_facts < WIRE_PAGE_MAX);
      if (page.bytes >= WIRE_PAGE_BYTES_MAX) {
        page_set_cursor(&page, (int64_t)case_no, 0);
        break;
      }
      pointers[ledger.n_facts] = &facts[ledger.n_facts];
      rectify__v1__ledger_facts__init(&facts[ledger.n_facts]);
      facts[ledger.n_facts++].case_no = case_no;
    }
    fill_fact(query, result, at, pointers[ledger.n_facts - 1], &rooms[ledger.n_facts - 1]);
    page.bytes += page_field(result, at, FACTS_TEXT).len + 128;
  }
  ledger.facts = pointers;
  send(query, &page, &ledger);
}

/* ---- steps ---- */

struct step_room {
  Rectify__V1__EventRow event;
  char unit[CODE_BYTES_MAX + 1];
};

/* The first record of the case says for whom it was opened; false where that is not wanted. */
static bool fill_unit(const struct query *query, const PGresult *result, int at, Rectify__V1__LedgerStep *step,
                      struct step_room *room) {
  const struct registry *registry = query_world(query)->registry;
  struct event first;
  if (!unpack(page_field(result, at, STEPS_FIRST), &first)) return query->within == 0 && !query->nowhere;
  const uint32_t unit = first.finding.unit <= registry->unit_count ? first.finding.unit : 0;
  (void)memcpy(room->unit, first.finding.unit_code, sizeof room->unit);
  step->unit = answer_text(room->unit);
  if (unit != 0) step->unit_name = answer_text(registry->units[unit].name);
  if (query->within == 0) return !query->nowhere;
  return unit != 0 && registry_in_subtree(registry, unit, query->within);
}

static bool fill_step(const struct query *query, const PGresult *result, int at, Rectify__V1__LedgerStep *step,
                      struct step_room *room) {
  struct event event;
  rectify__v1__ledger_step__init(step);
  rectify__v1__event_row__init(&room->event);
  step->event = &room->event;
  room->event.log_index = (uint64_t)pg_int(result, at, STEPS_INDEX);
  room->event.record = page_field(result, at, STEPS_RECORD);
  room->event.text = page_field(result, at, STEPS_TEXT);
  const bool known = unpack(room->event.record, &event);
  row_of_people(query_world(query)->registry, (uint32_t)pg_int(result, at, STEPS_ACTOR), known ? event.on_behalf : 0,
                &room->event);
  return fill_unit(query, result, at, step, room);
}

/* Every row that was looked at moves the cursor, also one that is not wanted. */
static void page_of_steps(struct query *query, const PGresult *result) {
  static Rectify__V1__LedgerStep steps[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  static struct step_room rooms[WIRE_PAGE_MAX];
  Rectify__V1__Ledger ledger = RECTIFY__V1__LEDGER__INIT;
  struct page page;
  const int count = PQntuples(result);
  int at = 0;
  page_begin(query, &page);
  for (; at < count && !pg_null(result, at, STEPS_CASE) && page.bytes < WIRE_PAGE_BYTES_MAX; at++) {
    pointers[ledger.n_steps] = &steps[ledger.n_steps];
    if (!fill_step(query, result, at, &steps[ledger.n_steps], &rooms[ledger.n_steps])) continue;
    page.bytes += rooms[ledger.n_steps].event.record.len + rooms[ledger.n_steps].event.text.len + 256;
    ledger.n_steps++;
  }
  if (at < count) page_set_cursor(&page, pg_int(result, at, STEPS_INDEX), 1);
  else if (count > 0 && (uint32_t)count == query->limit) page_set_cursor(&page, pg_int(result, count - 1, STEPS_INDEX) + 1, 1);
  ledger.steps = pointers;
  send(query, &page, &ledger);
}

/* Words of what has become restricted since then: who reads them is on record first, as for a list of the past. */
static bool may_show(struct query *query, const PGresult *result, int column) {
  for (int at = 0; at < PQntuples(result); at++)
    if (pg_int(result, at, column) != 0) return reading_may_show(query, 0);
  return true;
}

void page_of_ledger(struct query *query, unsigned step, const PGresult *result) {
  if (step == 0) query->head_at = PQntuples(result) > 0 ? pg_instant(result, 0, 0) : 0;
  else if (!may_show(query, result, query->part == 0 ? FACTS_RESTRICTED : STEPS_RESTRICTED)) return;
  else if (query->part == 0) page_of_facts(query, result);
  else page_of_steps(query, result);
}
