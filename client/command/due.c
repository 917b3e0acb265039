/* due.c - `due`: the last day that is in time, without a daemon. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/language.h"
#include "client/command/verb.h"
#include "document/document.h"
#include "rectify/must.h"

#define CALENDAR_DEFAULT "cn"
#define DAY_USEC (24 * USEC_PER_HOUR)

enum { DUE_CALENDAR, DUE_WHY };
const struct flag due_flags[] = {
    {"calendar", 'c', "NAME|FILE", "a built-in calendar (cn) or a calendar file", NULL},
    {"why", 0, NULL, "also print every counted and every skipped day, with the notice that made it", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static struct calendar *parse(const char *name, const char *text, size_t length) {
  struct document_report report = {0, NULL};
  struct calendar *calendar = calendar_parse(name, text, length, &report);
  if (calendar == NULL && report.text != NULL) (void)fputs(report.text, stderr);
  document_report_free(&report);
  return calendar;
}

static struct calendar *embedded(const char *name) {
  for (const struct document_embedded *file = document_embedded_calendars; file->file_name != NULL; file++) {
    struct calendar *calendar = parse(file->file_name, file->text, file->length);
    if (calendar != NULL && strcmp(calendar->name, name) == 0) return calendar;
    calendar_free(calendar);
  }
  return NULL;
}

static void say_known(const char *name) {
  (void)fprintf(stderr, _("rectify: there is no calendar '%s', neither built in nor as a file; built in are:"), name);
  for (const struct document_embedded *file = document_embedded_calendars; file->file_name != NULL; file++) {
    struct calendar *calendar = parse(file->file_name, file->text, file->length);
    if (calendar != NULL) (void)fprintf(stderr, " %s", calendar->name);
    calendar_free(calendar);
  }
  (void)fputc('\n', stderr);
}

static struct calendar *load(const char *name, int *exit_code) {
  size_t length;
  *exit_code = EXIT_USE;
  struct calendar *calendar = embedded(name);
  if (calendar != NULL) return calendar;
  if (access(name, F_OK) != 0) {
    say_known(name);
    return NULL;
  }
  *exit_code = EXIT_INPUT;
  char *text = document_read(name, DOCUMENT_BYTES_MAX, &length);
  if (text == NULL) {
    complain("cannot read '%s': %m", name);
    return NULL;
  }
  calendar = parse(name, text, length);
  free(text);
  *exit_code = EXIT_DOCUMENT;
  return calendar;
}

static const char *weekday_text(const struct session *session, day_t day) {
  static const char *const en[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static const char *const zh[] = {"周一", "周二", "周三", "周四", "周五", "周六", "周日"};
  int32_t index = workday_weekday(day);
  return in_language(session, en[index], zh[index]);
}

static const char *reason_text(enum workday_reason reason) {
  switch (reason) {
    case WORKDAY_PLAIN:
      return _("working day");
    case WORKDAY_MAKE_UP:
      return _("make-up working day");
    case WORKDAY_REST:
      return _("day of rest");
    case WORKDAY_HOLIDAY:
      return _("holiday");
  }
  return "?";
}

/* One line per day from `start` (not counted) to `due`, in the direction of counting. */
static void explain(const struct session *session, const struct calendar *calendar, day_t start, day_t due) {
  int32_t step = due < start ? -1 : 1, counted = 0;
  for (day_t day = start; day != due;) {
    const struct calendar_day *special = NULL;
    char text[11], number[12] = "";
    day += step;
    workday_format(day, text);
    enum workday_reason reason = workday_reason(calendar, day, &special);
    if (workday_is(calendar, day)) (void)snprintf(number, sizeof number, "%d", ++counted);
    (void)printf("%s %s %4s  %s", text, weekday_text(session, day), number, reason_text(reason));
    if (special != NULL) (void)printf(": %s (%s)", calendar->texts[special->name], calendar->texts[special->notice]);
    (void)putchar('\n');
  }
}

static void say_provisional(const struct calendar *calendar, day_t from, day_t to) {
  if (!workday_is_provisional(calendar, from) && !workday_is_provisional(calendar, to)) return;
  complain("provisional: calendar '%s' is published for %d to %d only; other years are counted by the weekly rule and may change",
           calendar->name, calendar->year_first, calendar->year_last);
}

static void print_hours(const char *text, usec_t instant) {
  day_t day = (day_t)(instant / DAY_USEC);
  int64_t seconds = instant % DAY_USEC / USEC_PER_SECOND;
  char date[11];
  workday_format(day, date);
  (void)printf("%sT%02d:%02d", date, (int)(seconds / 3600), (int)(seconds / 60 % 60));
  if (seconds % 60 != 0 || strlen(text) > sizeof "2026-02-13T09:00Z" - 1) (void)printf(":%02d", (int)(seconds % 60));
  (void)printf("%s\n", text[strlen(text) - 1] == 'Z' ? "Z" : "");
}

/* Round the clock, in the time that was written: no zone, no calendar. */
static int due_hours(struct session *session, const struct verb *verb, const char *text, struct span span) {
  usec_t start;
  bool has_time;
  session->utc = true;
  if (!instant_read(session, text, &start, &has_time) || !has_time)
    return complain_usage(verb, "a limit in hours counts from a date and time such as 2026-02-13T09:00, not from '%s'",
                          text);
  usec_t due = start + span.count * USEC_PER_HOUR;
  if (due < 0 || due / DAY_USEC > DAY_MAX) return complain_usage(verb, "the result lies outside 1970 to 2100");
  print_hours(text, due);
  return EXIT_FINE;
}

/* Counting stops at the first and the last day that there are. */
static bool is_inside(const struct calendar *calendar, day_t start, day_t due, int32_t count) {
  int32_t counted = 0;
  for (day_t day = start; day != due;) {
    day += due < start ? -1 : 1;
    counted += workday_is(calendar, day);
  }
  return counted == (count < 0 ? -count : count);
}

static int due_days(struct session *session, const struct verb *verb, const char *text, struct span span,
                    const char *name, bool why) {
  day_t start;
  usec_t ignored;
  int code;
  bool fine = instant_read(session, text, &ignored, NULL) && workday_parse(text, 10, &start);
  if (!fine) return complain_usage(verb, "'%s' is not a date such as 2026-02-13, from 1970 to 2100", text);
  struct calendar *calendar = load(name, &code);
  if (calendar == NULL) return code;
  day_t due = workday_add(calendar, start, span.count);
  if (!is_inside(calendar, start, due, span.count)) {
    calendar_free(calendar);
    return complain_usage(verb, "the result lies outside 1970 to 2100");
  }
  char date[11];
  if (why) explain(session, calendar, start, due);
  workday_format(due, date);
  (void)puts(date);
  say_provisional(calendar, start, due);
  calendar_free(calendar);
  return EXIT_FINE;
}

int due_run(struct session *session, struct arguments *arguments) {
  const char *name = CALENDAR_DEFAULT;
  struct span span;
  bool why = false;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code;
    if (option == DUE_CALENDAR) name = optarg;
    if (option == DUE_WHY) why = true;
  }
  exit_code = arguments_words(arguments, 2, 2);
  if (exit_code != EXIT_FINE) return exit_code;
  const char *start = arguments->argv[optind], *limit = arguments->argv[optind + 1];
  if (!span_read(limit, &span))
    return complain_usage(arguments->verb, "'%s' is not a limit such as 15wd (at most %d) or 24h (at most %d)", limit,
                          WORKDAYS_MAX, HOURS_MAX);
  if (span.unit == SPAN_HOURS) return due_hours(session, arguments->verb, start, span);
  return due_days(session, arguments->verb, start, span, name, why);
}
