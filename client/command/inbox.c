/* inbox.c - `inbox`: what waits for an officer and for those whom he stands in for, by due date: what is asked of him now, and what
 * happens if he does nothing. */
#include <stdlib.h>
#include <string.h>

#include "client/command/events.h"
#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "client/command/wrap.h"
#include "core/text.h"
#include "rectify/must.h"

#define ROWS_MAX 5000
#define PEOPLE_MAX 64 /* whom one officer stands in for */
#define FORETOLD_MAX 200 /* rows of a table for which the daemon is asked what comes; programs get it for all */

enum { INBOX_OFFICER, INBOX_HANDLER, INBOX_LIMIT };
const struct flag inbox_flags[] = {
    {"officer", 'o', "OFFICER", "somebody else's inbox, as far as you may read it", NULL},
    {"all-mine", 0, NULL, "also the cases where somebody else must act now, but you are the responsible officer", NULL},
    {"limit", 'n', "N", "at most N rows", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct column columns[] = {
    {"case", "CASE", "编号", 0},
    {"light", "LIGHT", "灯色", COLUMN_LIGHT},
    {"due", "DUE", "完成时限", 0},
    {"working_days_left", "DAYS", "余工作日", COLUMN_NUMBER},
    {"for", "FOR", "代理", 0},
    {"clock", "WHAT FALLS DUE", "时限", COLUMN_ROOM},
    {"do", "WHAT TO DO", "办理", 0}, /* verbs of this program */
    {"next_at", "ELSE, ON", "逾期触发", COLUMN_MACHINE},
    {"next", "IF NOTHING IS DONE", "不办的后果", 0},
    {"status", "STATUS", "状态", COLUMN_ROOM},
    {"track", "TRACK", "整改类型", COLUMN_ROOM},
    {"unit", "UNIT", "责任单位", COLUMN_ROOM},
    {"text", "TEXT", "问题描述", COLUMN_TEXT},
};

struct entry {
  Rectify__V1__CaseRow *row; /* owned */
  int person;                /* whose it is: 0 the officer's own */
};

struct inbox {
  struct session *session;
  const char *officer;
  bool handler;
  int64_t limit;
  char people[PEOPLE_MAX][CODE_BYTES_MAX + 1];
  int people_count, person; /* whose page it is */
  struct entry *entries;
  size_t count;
};

/* ---- whose cases ---- */

/* Who is to be told of others' cases stands in for them today. */
static int take_officers(void *context, const Rectify__V1__Page *page) {
  struct inbox *inbox = context;
  for (size_t i = 0; i < page->n_officers && inbox->people_count < PEOPLE_MAX; i++) {
    const Rectify__V1__OfficerRow *row = page->officers[i];
    if (row->code.len > CODE_BYTES_MAX || !wire_is(&row->stand_in, inbox->officer)) continue;
    memcpy(inbox->people[inbox->people_count], row->code.data, row->code.len);
    inbox->people[inbox->people_count++][row->code.len] = '\0';
  }
  return EXIT_FINE;
}

static int find_people(struct inbox *inbox) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__OfficerQuery every = RECTIFY__V1__OFFICER_QUERY__INIT;
  (void)snprintf(inbox->people[inbox->people_count++], sizeof inbox->people[0], "%s", inbox->officer);
  query.what_case = RECTIFY__V1__QUERY__WHAT_OFFICERS;
  query.officers = &every;
  return session_pages(inbox->session, &query, take_officers, inbox);
}

static Rectify__V1__CaseRow *copy_row(const Rectify__V1__CaseRow *row) {
  const size_t length = rectify__v1__case_row__get_packed_size(row);
  uint8_t *bytes = malloc(length + 1);
  must(bytes != NULL);
  Rectify__V1__CaseRow *copy = rectify__v1__case_row__unpack(NULL, rectify__v1__case_row__pack(row, bytes), bytes);
  free(bytes);
  must(copy != NULL);
  return copy;
}

static int take_cases(void *context, const Rectify__V1__Page *page) {
  struct inbox *inbox = context;
  for (size_t i = 0; i < page->n_cases; i++) {
    if (inbox->count == ROWS_MAX) return -1;
    inbox->entries[inbox->count++] = (struct entry){copy_row(page->cases[i]), inbox->person};
  }
  return EXIT_FINE;
}

static int find_cases(struct inbox *inbox) {
  int code = EXIT_FINE;
  for (inbox->person = 0; inbox->person < inbox->people_count && code == EXIT_FINE; inbox->person++) {
    Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
    Rectify__V1__CaseQuery cases = RECTIFY__V1__CASE_QUERY__INIT;
    cases.with_text = cases.with_state = cases.open_only = true;
    cases.order = 1;
    if (inbox->handler) cases.handler = wire_text(inbox->people[inbox->person]);
    else cases.accountable = wire_text(inbox->people[inbox->person]);
    query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
    query.cases = &cases;
    code = session_pages(inbox->session, &query, take_cases, inbox);
  }
  return code < 0 ? EXIT_FINE : code;
}

/* By due date, those without one last; then by number. */
static int by_due(const void *a, const void *b) {
  const Rectify__V1__CaseRow *left = ((const struct entry *)a)->row, *right = ((const struct entry *)b)->row;
  const usec_t one = left->due != 0 ? left->due : INSTANT_NONE, other = right->due != 0 ? right->due : INSTANT_NONE;
  if (one != other) return one < other ? -1 : 1;
  return left->case_no < right->case_no ? -1 : left->case_no > right->case_no;
}

/* ---- what is asked, and what comes ---- */

/* Of the clocks that run against the unit, the one that is due first: a plan comes before what it plans. */
static uint32_t clock_at_hand(const Rectify__V1__CaseRow *row) {
  static struct case_state state;
  uint32_t found = row->due_clock;
  usec_t due = INSTANT_NONE;
  if (found != CLOCK_RECTIFY || !codec_state_unpack(row->state.data, row->state.len, &state)) return found;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && state.clocks[i].kind != 0; i++) {
    const struct case_clock *clock = &state.clocks[i];
    const bool of_unit = clock->kind >= CLOCK_SIGN_FOR && clock->kind <= CLOCK_RECTIFY;
    if (!of_unit || clock->state != CLOCK_RUNNING || clock->due >= due) continue;
    found = clock->kind;
    due = clock->due;
  }
  return found;
}

/* The verbs that stop the clock at hand. */
static const char *what_to_do(const Rectify__V1__CaseRow *row) {
  static const char *const verbs_of[CLOCK_COUNT + 1] = {
      [CLOCK_SIGN_FOR] = "sign-for | bounce",     [CLOCK_PLAN] = "plan submit",
      [CLOCK_PROGRESS] = "progress",              [CLOCK_RECTIFY] = "request-closure",
      [CLOCK_ADJUDICATE] = "adjudicate",          [CLOCK_EXTENSION] = "extension grant | refuse",
      [CLOCK_VERIFY] = "pass | fail",             [CLOCK_LOOK_BACK] = "look-back pass | relapse",
      [CLOCK_PLAN_REVIEW] = "plan approve | return", [CLOCK_DECISION] = "decide",
      [CLOCK_HOLD] = "resume",
  };
  if (row->status == STATUS_UNROUTED) return "dispatch";
  if (row->status == STATUS_DISPATCHED) return "sign-for | bounce"; /* whatever runs beside: nothing else can be done before */
  const uint32_t clock = clock_at_hand(row);
  const char *text = clock <= CLOCK_COUNT ? verbs_of[clock] : NULL;
  return text == NULL ? "" : text;
}

struct outlook {
  usec_t at; /* 0: nothing comes */
  char text[200];
};

static void add(struct outlook *outlook, const char *text) {
  const size_t used = strlen(outlook->text);
  (void)snprintf(outlook->text + used, sizeof outlook->text - used, "%s%s", used > 0 ? ", " : "", text);
}

/* Of the first rung, in a few words: who is told how, and what it changes. */
static void tell_event(const struct session *session, const struct event *event, struct outlook *outlook) {
  uint32_t told = 0;
  outlook->at = event->effective;
  for (uint32_t i = 0; i < event->notice_count; i++) {
    const uint32_t kind = event->notices[i].kind;
    if ((told >> kind & 1u) == 0) add(outlook, say_word(session, words_notice, kind));
    told |= 1u << kind;
  }
  if (event->light != 0) add(outlook, say_word(session, words_light, event->light));
  if (event->track != 0) add(outlook, say_word(session, words_track, event->track));
  if ((event->flags_set & CASE_ACCOUNTABILITY) != 0) add(outlook, _("accountability proposed"));
  if (outlook->text[0] == '\0') add(outlook, in_language(session, word_text(words_rule, event->rule), word_zh(words_rule, event->rule)));
}

static int foretell(struct session *session, uint64_t case_no, struct outlook *outlook) {
  static struct event event;
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__NextQuery next = RECTIFY__V1__NEXT_QUERY__INIT;
  const Rectify__V1__Page *page;
  *outlook = (struct outlook){0};
  next.case_no = case_no;
  next.steps = 1;
  next.zh = session->zh;
  query.what_case = RECTIFY__V1__QUERY__WHAT_NEXT;
  query.next = &next;
  int code = session_page(session, &query, &page);
  if (code != EXIT_FINE || page->n_events == 0) return code;
  if (!codec_event_unpack(page->events[0]->record.data, page->events[0]->record.len, &event)) return session_misfit();
  tell_event(session, &event, outlook);
  return EXIT_FINE;
}

/* ---- printing ---- */

#define OUTLOOK_WIDTH 24 /* columns of a table */

/* For people with its day before it, "05-26 reminder, red"; cut, since `next` tells it whole. */
static void put_outlook(const struct session *session, struct sheet *sheet, const struct outlook *outlook) {
  char when[INSTANT_TEXT_BYTES], text[sizeof when + sizeof outlook->text];
  if (session->format != FORMAT_TABLE || outlook->at == 0) {
    sheet_string(sheet, outlook->text);
    return;
  }
  instant_text(session, outlook->at, when);
  (void)snprintf(text, sizeof text, "%.5s %s", when + strlen("2026-"), outlook->text);
  for (size_t length = strlen(text); text_width(text) > OUTLOOK_WIDTH; text[length] = '\0')
    do length--;
    while (((uint8_t)text[length] & 0xc0) == 0x80);
  sheet_string(sheet, text);
}

static void put_entry(const struct inbox *inbox, struct sheet *sheet, const struct entry *entry,
                      const struct outlook *outlook) {
  const Rectify__V1__CaseRow *row = entry->row;
  sheet_case(sheet, row->case_no);
  sheet_light(sheet, row->light);
  sheet_data(sheet, &row->due_text);
  if (row->due_text.len > 0) sheet_number(sheet, row->working_days_left);
  else sheet_nothing(sheet);
  sheet_string(sheet, entry->person == 0 ? "" : inbox->people[entry->person]);
  sheet_word(sheet, words_clock, row->due_clock);
  sheet_string(sheet, inbox->handler ? "" : what_to_do(row));
  sheet_instant(sheet, outlook->at);
  put_outlook(inbox->session, sheet, outlook);
  sheet_word(sheet, words_status, row->status);
  sheet_word(sheet, words_track, row->track);
  sheet_data(sheet, row->unit.len > 0 ? &row->unit : &row->reported_unit);
  sheet_finding(sheet, row);
}

static int print(struct inbox *inbox) {
  struct session *session = inbox->session;
  const size_t most = session->format == FORMAT_TABLE ? FORETOLD_MAX : ROWS_MAX;
  struct outlook outlook = {0};
  int code = EXIT_FINE;
  struct sheet *sheet = sheet_open(session, stdout, columns, sizeof columns / sizeof columns[0]);
  for (size_t i = 0; i < inbox->count && code == EXIT_FINE && (inbox->limit == 0 || (int64_t)i < inbox->limit); i++) {
    outlook = (struct outlook){0};
    if (i < most) code = foretell(session, inbox->entries[i].row->case_no, &outlook);
    if (code == EXIT_FINE) put_entry(inbox, sheet, &inbox->entries[i], &outlook);
  }
  (void)sheet_close(sheet);
  return code;
}

static void say_more(const struct inbox *inbox) {
  const struct session *session = inbox->session;
  if (session->format != FORMAT_TABLE) return;
  if (inbox->count == 0) {
    (void)puts(_("nothing waits for you; `rectify cases` lists what you may read"));
    return;
  }
  (void)fflush(stdout);
  (void)fputc('\n', stderr);
  wrap_words(stderr, _("`rectify show CASE` tells what you can do with one; `rectify next CASE` what happens if nobody acts"),
             0, 0, wrap_width(stderr));
}

/* ---- the verb ---- */

static int read_options(struct session *session, struct arguments *arguments, struct inbox *inbox) {
  int code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if (option == INBOX_OFFICER) inbox->officer = optarg;
    if (option == INBOX_HANDLER) inbox->handler = true;
    if (option == INBOX_LIMIT && !number_read(optarg, 1, INT64_MAX, &inbox->limit))
      return complain_usage(arguments->verb, "--limit wants a number from 1, not '%s'", optarg);
  }
  if (inbox->officer == NULL) inbox->officer = session->actor;
  return arguments_words(arguments, 0, 0);
}

int inbox_run(struct session *session, struct arguments *arguments) {
  static struct inbox inbox;
  inbox = (struct inbox){.session = session};
  int code = read_options(session, arguments, &inbox);
  if (code == EXIT_FINE) code = session_open(session);
  if (code != EXIT_FINE) return code;
  inbox.entries = calloc(ROWS_MAX, sizeof *inbox.entries);
  must(inbox.entries != NULL);
  code = find_people(&inbox);
  if (code == EXIT_FINE) code = find_cases(&inbox);
  if (code == EXIT_FINE) {
    qsort(inbox.entries, inbox.count, sizeof *inbox.entries, by_due);
    code = print(&inbox);
  }
  if (code == EXIT_FINE) say_more(&inbox);
  if (code == EXIT_FINE && session->format == FORMAT_TABLE && strcmp(inbox.officer, session->actor) == 0) letters_say_undelivered(session);
  for (size_t i = 0; i < inbox.count; i++) rectify__v1__case_row__free_unpacked(inbox.entries[i].row, NULL);
  free(inbox.entries);
  return code;
}
