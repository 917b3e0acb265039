/* ledger_facts.c - asks for what ledgers have beside the rows of cases. */
#include <stdlib.h>
#include <string.h>

#include "client/command/ledger.h"
#include "proto/codec.h"
#include "rectify/must.h"

/* ---- of cases ---- */

struct fetching {
  struct session *session;
  ledger_case_fn *take;
  void *context;
};

static const Rectify__V1__LedgerFacts none = RECTIFY__V1__LEDGER_FACTS__INIT;

static int by_case(const void *a, const void *b) {
  const uint64_t one = (*(Rectify__V1__CaseRow *const *)a)->case_no, other = (*(Rectify__V1__CaseRow *const *)b)->case_no;
  return (one > other) - (one < other);
}

/* The answer ascends by case; who has nothing to tell is left out. */
static const Rectify__V1__LedgerFacts *facts_of(const Rectify__V1__Page *page, uint64_t case_no) {
  size_t low = 0, high = page->ledger->n_facts;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (page->ledger->facts[middle]->case_no < case_no) low = middle + 1;
    else high = middle;
  }
  return low < page->ledger->n_facts && page->ledger->facts[low]->case_no == case_no ? page->ledger->facts[low] : &none;
}

static int ask(const struct fetching *fetching, Rectify__V1__CaseRow *const *rows, size_t count, const Rectify__V1__Page **page) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__LedgerQuery wanted = RECTIFY__V1__LEDGER_QUERY__INIT;
  Rectify__V1__CaseRow *sorted[WIRE_PAGE_MAX];
  uint64_t numbers[WIRE_PAGE_MAX];
  uint32_t versions[WIRE_PAGE_MAX];
  must(count <= WIRE_PAGE_MAX);
  memcpy(sorted, rows, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, by_case);
  for (size_t i = 0; i < count; i++) numbers[i] = sorted[i]->case_no, versions[i] = sorted[i]->version;
  wanted.case_no = numbers, wanted.version = versions;
  wanted.n_case_no = wanted.n_version = count;
  query.what_case = RECTIFY__V1__QUERY__WHAT_LEDGER;
  query.ledger = &wanted;
  query.as_of = fetching->session->as_of;
  query.known_at = fetching->session->known_at;
  const int code = session_page(fetching->session, &query, page);
  return code == EXIT_FINE && (*page)->ledger == NULL ? session_misfit() : code;
}

/* Texts too long for one page: in two halves, and so on.  One case always fits. */
static int give(const struct fetching *fetching, Rectify__V1__CaseRow *const *rows, size_t count) {
  const Rectify__V1__Page *page;
  int code = ask(fetching, rows, count, &page);
  if (code != EXIT_FINE) return code;
  if (page->next_cursor.len > 0 && count > 1) {
    code = give(fetching, rows, count / 2);
    return code == EXIT_FINE ? give(fetching, rows + count / 2, count - count / 2) : code;
  }
  for (size_t i = 0; i < count && code == EXIT_FINE; i++)
    code = fetching->take(fetching->context, rows[i], facts_of(page, rows[i]->case_no));
  return code;
}

/* An answer lives until the next one: the rows are copied before the facts are asked for. */
static Rectify__V1__Page *copy_of(const Rectify__V1__Page *page) {
  uint8_t *packed = malloc(rectify__v1__page__get_packed_size(page) + 1);
  must(packed != NULL);
  Rectify__V1__Page *copy = rectify__v1__page__unpack(NULL, rectify__v1__page__pack(page, packed), packed);
  must(copy != NULL);
  free(packed);
  return copy;
}

int ledger_cases(struct session *session, const Rectify__V1__Page *page, bool with_facts, ledger_case_fn *take, void *context) {
  const struct fetching fetching = {session, take, context};
  int code = EXIT_FINE;
  if (with_facts && page->n_cases > 0) {
    Rectify__V1__Page *copy = copy_of(page);
    code = give(&fetching, copy->cases, copy->n_cases);
    rectify__v1__page__free_unpacked(copy, NULL);
    return code;
  }
  for (size_t i = 0; i < page->n_cases && code == EXIT_FINE; i++) code = take(context, page->cases[i], &none);
  return code;
}

/* ---- steps ---- */

struct stepping {
  struct view_end *end;
  ledger_step_fn *take;
  void *context;
};

static int take_steps(void *context, const Rectify__V1__Page *page) {
  const struct stepping *stepping = context;
  struct event event;
  int code = EXIT_FINE;
  view_note(stepping->end, page);
  if (page->ledger == NULL) return session_misfit();
  for (size_t i = 0; i < page->ledger->n_steps && code == EXIT_FINE; i++) {
    const Rectify__V1__LedgerStep *step = page->ledger->steps[i];
    if (step->event == NULL || !codec_event_unpack(step->event->record.data, step->event->record.len, &event))
      return session_misfit();
    code = stepping->take(stepping->context, step, &event);
  }
  return code;
}

int ledger_steps(struct session *session, Rectify__V1__LedgerQuery *wanted, struct view_end *end, ledger_step_fn *take,
                 void *context) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  struct stepping stepping = {end, take, context};
  query.what_case = RECTIFY__V1__QUERY__WHAT_LEDGER;
  query.ledger = wanted;
  return session_pages(session, &query, take_steps, &stepping);
}
