/* next.c - `next`: what will happen to a case if nobody does anything: the daemon's lines for people, one row a rung for
 * programs. */
#include "client/command/events.h"
#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "client/command/wrap.h"
#include "rectify/must.h"

#define WHAT_COLUMN 32 /* where the daemon's lines say what happens */

enum { NEXT_STEPS };
const struct flag next_flags[] = {
    {"steps", 'n', "N", "so many rungs, 1 to 32 (12)", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct column columns[] = {
    {"case", "CASE", "编号", 0},
    {"fires", "FIRES", "触发时间", 0},
    {"clock", "CLOCK", "时限", 0},
    {"rung", "RUNG", "第几级", COLUMN_NUMBER}, /* of this clock, from 1 */
    {"rule", "RULE", "规则号", COLUMN_NUMBER},
    {"track", "TRACK", "整改类型", 0},
    {"light", "LIGHT", "灯色", COLUMN_LIGHT},
    {"effects", "EFFECTS", "内容", 0},
};

struct outlook {
  struct session *session;
  struct sheet *sheet; /* programs only */
  struct names names;
  size_t lines;
};

static int put_event(struct outlook *outlook, const Rectify__V1__EventRow *row) {
  struct event event;
  char effects[EFFECTS_BYTES_MAX];
  if (!codec_event_unpack(row->record.data, row->record.len, &event)) return session_misfit();
  event_effects(outlook->session, &outlook->names, NULL, &event, effects);
  sheet_case(outlook->sheet, event.case_no);
  sheet_instant(outlook->sheet, event.effective);
  sheet_word(outlook->sheet, words_clock, event.fired_clock);
  sheet_number(outlook->sheet, event.fired_nth + 1);
  sheet_number(outlook->sheet, event.rule);
  sheet_word(outlook->sheet, words_track, event.track);
  sheet_light(outlook->sheet, event.light);
  sheet_string(outlook->sheet, effects);
  return EXIT_FINE;
}

static int print_future(void *context, const Rectify__V1__Page *page) {
  struct outlook *outlook = context;
  int code = EXIT_FINE;
  if (outlook->sheet != NULL)
    for (size_t i = 0; i < page->n_events && code == EXIT_FINE; i++) code = put_event(outlook, page->events[i]);
  for (size_t i = 0; i < page->n_lines && outlook->sheet == NULL; i++, outlook->lines++) {
    wrap_line(stdout, page->lines[i].data, page->lines[i].len, WHAT_COLUMN, wrap_limit(stdout));
  }
  return code;
}

static int print_rows(struct session *session, Rectify__V1__Query *query) {
  struct outlook outlook = {.session = session};
  names_load(session, &outlook.names);
  outlook.sheet = sheet_open(session, stdout, columns, sizeof columns / sizeof columns[0]);
  int code = session_pages(session, query, print_future, &outlook);
  (void)sheet_close(outlook.sheet);
  names_free(&outlook.names);
  return code;
}

static int print_lines(struct session *session, Rectify__V1__Query *query) {
  struct outlook outlook = {.session = session};
  int code = session_pages(session, query, print_future, &outlook);
  if (code == EXIT_FINE && outlook.lines == 0)
    (void)puts(_("nothing fires on this case"));
  return code;
}

static int read_options(struct session *session, struct arguments *arguments, Rectify__V1__NextQuery *next) {
  int code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    int64_t steps = 0;
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if (!number_read(optarg, 1, FORECAST_STEPS_MAX, &steps))
      return complain_usage(arguments->verb, "--steps wants a number, 1 to %d, not '%s'", FORECAST_STEPS_MAX, optarg);
    next->steps = (uint32_t)steps;
  }
  code = arguments_words(arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!case_read(arguments->argv[optind], &next->case_no))
    return complain_usage(arguments->verb, "'%s' is not a case number such as C-000042", arguments->argv[optind]);
  return session_open(session);
}

int next_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__NextQuery next = RECTIFY__V1__NEXT_QUERY__INIT;
  int code = read_options(session, arguments, &next);
  if (code != EXIT_FINE) return code;
  next.zh = session->zh;
  query.what_case = RECTIFY__V1__QUERY__WHAT_NEXT;
  query.next = &next;
  return session->format == FORMAT_TABLE ? print_lines(session, &query) : print_rows(session, &query);
}
