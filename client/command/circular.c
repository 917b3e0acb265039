/* circular.c - `circular`: what became of the cases in one month, unit by unit, as it stood at the month's end. */
#include "client/command/circular.h"
#include "client/command/language.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/command/past.h"
#include "client/command/verb.h"
#include "document/document.h"
#include "rectify/must.h"

enum { CIRCULAR_UNIT, CIRCULAR_HTML, CIRCULAR_LOG };
const struct flag circular_flags[] = {
    {"unit", 'u', "UNIT", "of this unit and its subtree", NULL},
    {"html", 0, NULL, "a page to print", NULL},
    {"log", 0, "KEY", "the log's public key, or a file with it (~/.config/rectify/log): then the head's short code is printed", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

/* ---- units ---- */

static void keep(char *out, size_t size, const ProtobufCBinaryData *text) {
  (void)snprintf(out, size, "%.*s", (int)text->len, text->len > 0 ? (const char *)text->data : "");
}

static uint32_t add_unit(struct circular *circular, uint32_t at, const char *code, const ProtobufCBinaryData *name) {
  const uint32_t place = circular->unit_count++;
  circular->units = reallocarray(circular->units, circular->unit_count, sizeof *circular->units);
  circular->by_code = reallocarray(circular->by_code, circular->unit_count, sizeof *circular->by_code);
  must(circular->units != NULL && circular->by_code != NULL);
  memmove(circular->by_code + at + 1, circular->by_code + at, (place - at) * sizeof *circular->by_code);
  circular->by_code[at] = place;
  memset(&circular->units[place], 0, sizeof circular->units[place]);
  (void)snprintf(circular->units[place].code, sizeof circular->units[place].code, "%s", code);
  keep(circular->units[place].name, sizeof circular->units[place].name, name);
  return place;
}

static uint32_t unit_place(struct circular *circular, const Rectify__V1__CaseRow *row) {
  char code[CODE_BYTES_MAX + 1];
  keep(code, sizeof code, &row->unit);
  uint32_t low = 0, high = circular->unit_count;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (strcmp(circular->units[circular->by_code[middle]].code, code) < 0) low = middle + 1;
    else high = middle;
  }
  if (low < circular->unit_count && strcmp(circular->units[circular->by_code[low]].code, code) == 0)
    return circular->by_code[low];
  return add_unit(circular, low, code, &row->unit_name);
}

static void note_case(struct circular *circular, uint64_t case_no, uint32_t place) {
  if (case_no >= circular->case_max) {
    const uint64_t wanted = case_no + 4096;
    circular->unit_of = reallocarray(circular->unit_of, wanted, sizeof *circular->unit_of);
    must(circular->unit_of != NULL);
    memset(circular->unit_of + circular->case_max, 0, (wanted - circular->case_max) * sizeof *circular->unit_of);
    circular->case_max = wanted;
  }
  circular->unit_of[case_no] = place + 1;
}

/* ---- the cases at the end of the month ---- */

static void name_case(struct circular *circular, const Rectify__V1__CaseRow *row, uint32_t place) {
  if (circular->overdue++ >= CIRCULAR_NAMED_MAX) return;
  struct circular_case *named = &circular->named[circular->named_count++];
  *named = (struct circular_case){.case_no = row->case_no, .unit = place, .days_over = -row->working_days_left};
  keep(named->handler, sizeof named->handler, row->handler_name.len > 0 ? &row->handler_name : &row->handler);
  keep(named->due, sizeof named->due, &row->due_text);
  size_t kept = row->text.len <= CIRCULAR_TEXT_BYTES_MAX ? row->text.len : CIRCULAR_TEXT_BYTES_MAX;
  while (kept < row->text.len && kept > 0 && (row->text.data[kept] & 0xc0) == 0x80) kept--;
  if (row->text.len == 0 && (row->flags & CASE_RESTRICTS) != 0) {
    (void)snprintf(named->text, sizeof named->text, "%s", _("(restricted)"));
    return;
  }
  (void)snprintf(named->text, sizeof named->text, "%.*s%s", (int)kept, kept > 0 ? (const char *)row->text.data : "",
                 kept < row->text.len ? "…" : "");
}

static bool in_month(const struct circular *circular, usec_t instant) {
  return instant >= circular->from && instant < circular->until;
}

static void count_case(struct circular *circular, const Rectify__V1__CaseRow *row) {
  const uint32_t place = unit_place(circular, row);
  uint32_t *figures = circular->units[place].figures;
  const bool open = status_is_open(row->status);
  const bool closed = (row->status == STATUS_CLOSED_OUT || row->status == STATUS_ARCHIVED) && in_month(circular, row->closed);
  const bool overdue = open && row->due != 0 && row->due <= circular->end.now; /* the first instant that is too late */
  note_case(circular, row->case_no, place);
  figures[FIGURE_NEW] += in_month(circular, row->opened);
  figures[FIGURE_CLOSED] += closed;
  figures[FIGURE_ON_TIME] += closed && row->first_due != 0 && row->closed < row->first_due;
  figures[FIGURE_OPEN] += open;
  figures[FIGURE_OVERDUE] += overdue;
  figures[FIGURE_RED] += open && row->light == LIGHT_RED;
  if (overdue) name_case(circular, row, place);
}

static int take_cases(void *context, const Rectify__V1__Page *page) {
  struct circular *circular = context;
  view_note(&circular->end, page);
  for (size_t i = 0; i < page->n_cases; i++) count_case(circular, page->cases[i]);
  circular->end.rows += page->n_cases;
  return EXIT_FINE;
}

static int ask_cases(struct circular *circular, const char *unit) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery wanted = RECTIFY__V1__CASE_QUERY__INIT;
  wanted.with_text = true;
  if (unit != NULL) wanted.unit = wire_text(unit);
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &wanted;
  return session_pages(circular->session, &query, take_cases, circular);
}

/* ---- what was done in the month ---- */

static int count_step(void *context, const Rectify__V1__LedgerStep *step, const struct event *event) {
  struct circular *circular = context;
  (void)step;
  const uint32_t slot = event->case_no < circular->case_max ? circular->unit_of[event->case_no] : 0;
  if (slot == 0) return EXIT_FINE; /* of another unit */
  uint32_t *figures = circular->units[slot - 1].figures;
  figures[FIGURE_BOUNCED] += event->command == COMMAND_BOUNCE;
  figures[FIGURE_RELAPSED] += event->command == COMMAND_LOOK_BACK_RELAPSE;
  figures[FIGURE_ORDERS] += event->order_serial != 0;
  return EXIT_FINE;
}

static int ask_steps(struct circular *circular) {
  Rectify__V1__LedgerQuery wanted = RECTIFY__V1__LEDGER_QUERY__INIT;
  wanted.part = 1;
  wanted.from = circular->from;
  wanted.until = circular->until;
  return ledger_steps(circular->session, &wanted, &circular->end, count_step, circular);
}

/* ---- which month ---- */

static bool read_month(struct circular *circular, const char *text) {
  char first[11];
  int32_t year, month, day_of_month;
  if (strlen(text) != sizeof circular->month - 1) return false;
  (void)snprintf(first, sizeof first, "%s-01", text);
  if (!workday_parse(first, strlen(first), &circular->first) || circular->first <= 0) return false;
  workday_civil(circular->first + 31, &year, &month, &day_of_month); /* always in the next month */
  circular->next = circular->first + 31 - (day_of_month - 1);
  (void)snprintf(circular->month, sizeof circular->month, "%s", text);
  return true;
}

/* The month of the root unit, whoever asks from wherever: from here on all times are read and printed in its zone. */
static int enter_zone(struct circular *circular, const ProtobufCBinaryData *name) {
  static struct zone zone;
  char text[sizeof zone.name];
  keep(text, sizeof text, name);
  if (!zone_load(text, &zone)) {
    complain("this system does not know the time zone '%s' of the root unit", text);
    return EXIT_USE;
  }
  must(setenv("TZ", text, 1) == 0);
  tzset();
  circular->session->utc = false;
  circular->from = zone_day_start(&zone, circular->first);
  circular->until = zone_day_start(&zone, circular->next);
  return EXIT_FINE;
}

/* A month that is over is told as of its last instant; the present one, as of what is the head now. */
static int settle(struct circular *circular) {
  const Rectify__V1__Pong *pong;
  int code = session_ping(circular->session, &pong);
  if (code == EXIT_FINE) code = enter_zone(circular, &pong->zone);
  if (code != EXIT_FINE) return code;
  if (pong->now < circular->from) {
    complain("%s is still to come", circular->month);
    return EXIT_USE;
  }
  if (pong->now >= circular->until) circular->session->as_of = circular->until - 1;
  else if (pong->head != NULL) circular->session->known_at = pong->head->size;
  return EXIT_FINE;
}

static int gather(struct circular *circular, const char *unit) {
  int code = session_open(circular->session);
  if (code == EXIT_FINE) code = settle(circular);
  if (code == EXIT_FINE) code = ask_cases(circular, unit);
  return code == EXIT_FINE ? ask_steps(circular) : code;
}

int circular_run(struct session *session, struct arguments *arguments) {
  static struct circular circular;
  const char *unit = NULL, *key = NULL;
  bool html = false;
  int code = EXIT_FINE;
  circular = (struct circular){.session = session};
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if (option == CIRCULAR_UNIT) unit = optarg;
    if (option == CIRCULAR_HTML) html = true;
    if (option == CIRCULAR_LOG) key = optarg;
  }
  code = arguments_words(arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!read_month(&circular, arguments->argv[optind]))
    return complain_usage(arguments->verb, "a month is wanted, such as 2026-03, not '%s'", arguments->argv[optind]);
  if (html && session->format != FORMAT_TABLE) return complain_usage(arguments->verb, "--html does not go with --csv or --json");
  code = gather(&circular, unit);
  if (code == EXIT_FINE) circular_print(&circular, html, key);
  free(circular.units);
  free(circular.by_code);
  free(circular.unit_of);
  return code;
}
