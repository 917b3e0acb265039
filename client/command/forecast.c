/* forecast.c - `forecast`: the weeks in which more falls due for an officer than the last quarter says can be done (rehearse/load.h).
 *
 * What falls due: open cases that the officer is responsible for and must act on now.  What was done: cases that he was responsible
 * for, by the day on which they were closed out.  Weeks begin on Monday. */
#include <string.h>

#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "rehearse/load.h"

enum { FORECAST_OFFICER, FORECAST_WEEKS };
const struct flag forecast_flags[] = {
    {"officer", 'o', "OFFICER", "somebody else's, as far as you may read it", NULL},
    {"weeks", 'w', "N", "so many weeks ahead, 1 to 26 (13)", NULL},
    {NULL, 0, NULL, NULL, NULL},
};
#define WEEKS_DEFAULT 13

static const struct column columns[] = {
    {"week", "WEEK OF", "周(周一)", 0},
    {"due", "DUE", "到期", COLUMN_NUMBER},
    {"due_in_all", "DUE IN ALL", "累计到期", COLUMN_NUMBER},
    {"can_in_all", "CAN BE DONE", "可办结", COLUMN_NUMBER},
    {"over", "TOO FULL", "超出", COLUMN_NUMBER},
};

struct gathering {
  const char *officer;
  day_t monday; /* of this week */
  day_t today, first_closed;
  uint32_t weeks, later;
  struct load load;
};

static day_t monday_of(day_t day) { return day - workday_weekday(day); }

/* What is due later than the weeks that are looked at is counted apart. */
static int take_open(void *context, const Rectify__V1__Page *page) {
  struct gathering *gathering = context;
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *row = page->cases[i];
    day_t day;
    if (!wire_is(&row->accountable, gathering->officer)) continue; /* somebody else must act now */
    if (!workday_parse((const char *)row->due_text.data, row->due_text.len, &day)) continue;
    const int32_t week = (monday_of(day) - gathering->monday) / 7;
    if (day < gathering->today) gathering->load.overdue++;
    else if (week < LOAD_AHEAD_WEEKS) gathering->load.due[week]++;
    else gathering->later++;
  }
  return EXIT_FINE;
}

static int take_closed(void *context, const Rectify__V1__Page *page) {
  struct gathering *gathering = context;
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *row = page->cases[i];
    day_t day;
    if (!workday_parse((const char *)row->closed_text.data, row->closed_text.len, &day)) continue;
    if (gathering->first_closed == 0 || day < gathering->first_closed) gathering->first_closed = day;
    const int32_t back = (gathering->monday - monday_of(day)) / 7; /* 0: this week, which is not over */
    if (back >= 1 && back <= LOAD_HISTORY_WEEKS) gathering->load.closed[back - 1]++;
  }
  return EXIT_FINE;
}

static int gather(struct session *session, struct gathering *gathering) {
  uint32_t closed[] = {STATUS_CLOSED_OUT, STATUS_ARCHIVED};
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery cases = RECTIFY__V1__CASE_QUERY__INIT;
  cases.handler = wire_text(gathering->officer);
  cases.open_only = true;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &cases;
  int code = session_pages(session, &query, take_open, gathering);
  if (code != EXIT_FINE) return code;
  cases.open_only = false;
  cases.n_status = sizeof closed / sizeof closed[0];
  cases.status = closed;
  query.cursor = wire_bytes(NULL, 0);
  code = session_pages(session, &query, take_closed, gathering);
  const day_t first = gathering->first_closed;
  if (first != 0) gathering->load.history = (uint32_t)((gathering->monday - monday_of(first)) / 7);
  return code;
}

static void print(const struct session *session, const struct gathering *gathering, const struct load_outlook *outlook) {
  struct sheet *sheet = sheet_open(session, stdout, columns, sizeof columns / sizeof columns[0]);
  for (uint32_t week = 0; week < gathering->weeks; week++) {
    const struct load_week *one = &outlook->weeks[week];
    char text[11];
    workday_format(gathering->monday + 7 * (day_t)week, text);
    sheet_string(sheet, text);
    sheet_number(sheet, gathering->load.due[week]);
    sheet_number(sheet, one->due_in_all);
    if (outlook->known) sheet_number(sheet, one->can_in_all);
    else sheet_nothing(sheet);
    sheet_truth(sheet, one->over);
  }
  (void)sheet_close(sheet);
}

static void say_weeks(const struct gathering *gathering, const struct load_outlook *outlook) {
  bool any = false;
  for (uint32_t week = 0; week < gathering->weeks; week++) {
    char text[11];
    if (!outlook->weeks[week].over) continue;
    workday_format(gathering->monday + 7 * (day_t)week, text);
    if (!any) (void)fputs(_("more falls due than can be done in the weeks of "), stdout);
    (void)printf("%s%s", any ? ", " : "", text);
    any = true;
  }
  if (!any) (void)fputs(_("what falls due can be done"), stdout);
  (void)putchar('\n');
}

static void say_pace(const struct session *session, const struct gathering *gathering, const struct load_outlook *outlook) {
  const uint32_t weeks = gathering->load.history < LOAD_HISTORY_WEEKS ? gathering->load.history : LOAD_HISTORY_WEEKS;
  const char *half = outlook->pace_twice % 2 != 0 ? ".5" : "";
  if (session->format != FORMAT_TABLE) return;
  (void)printf(session->zh ? "已逾期 %u 项；%u 周之后到期 %u 项\n" : "%u overdue; due in %u weeks or later: %u\n", gathering->load.overdue,
               LOAD_AHEAD_WEEKS, gathering->later);
  if (!outlook->known) {
    (void)printf(session->zh ? "历史太少，无法判断：需要首次销号后满 %u 周、共 %u 项\n"
                             : "too little history to say what can be done: it takes %u weeks since the first closing, and %u closings in them\n",
                 LOAD_HISTORY_WEEKS_MIN, LOAD_CLOSINGS_MIN);
    return;
  }
  (void)printf(session->zh ? "每周可办结 %u%s 项（最近 %u 周销号数的中位数）\n" : "%u%s cases a week can be done (median of the closings of the last %u weeks)\n",
               outlook->pace_twice / 2, half, weeks);
  say_weeks(gathering, outlook);
}

static int read_options(struct session *session, struct arguments *arguments, struct gathering *gathering) {
  int code = EXIT_FINE;
  int64_t weeks = WEEKS_DEFAULT;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if (option == FORECAST_OFFICER) gathering->officer = optarg;
    else if (!number_read(optarg, 1, LOAD_AHEAD_WEEKS, &weeks))
      return complain_usage(arguments->verb, "--weeks wants a number, 1 to %d, not '%s'", LOAD_AHEAD_WEEKS, optarg);
  }
  if (gathering->officer == NULL) gathering->officer = session->actor;
  gathering->weeks = (uint32_t)weeks;
  return arguments_words(arguments, 0, 0);
}

int forecast_run(struct session *session, struct arguments *arguments) {
  struct gathering gathering = {0};
  struct load_outlook outlook;
  const Rectify__V1__Pong *pong;
  char today[INSTANT_TEXT_BYTES];
  int code = read_options(session, arguments, &gathering);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = session_ping(session, &pong);
  if (code != EXIT_FINE) return code;
  instant_text(session, pong->now, today);
  if (!workday_parse(today, strlen("2026-02-13"), &gathering.today)) return session_misfit();
  gathering.monday = monday_of(gathering.today);
  code = gather(session, &gathering);
  if (code != EXIT_FINE) return code;
  load_foresee(&gathering.load, &outlook);
  print(session, &gathering, &outlook);
  say_pace(session, &gathering, &outlook);
  return EXIT_FINE;
}
