/* why.c - `why` and `next`: what the daemon explains line by line: how a case came to be due when it is, and what will
 * happen if nobody does anything. */
#include "client/command/sheet.h"
#include "client/command/verb.h"

static const struct column columns[] = {{"line", "LINE", "说明", 0}};

enum { NEXT_STEPS };
const struct flag next_flags[] = {
    {"steps", 'n', "N", "so many rungs, 1 to 32 (12)", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

struct explaining {
  struct session *session;
  struct sheet *sheet;
  size_t lines;
};

static int print_lines(void *context, const Rectify__V1__Page *page) {
  struct explaining *explaining = context;
  for (size_t i = 0; i < page->n_lines; i++, explaining->lines++) {
    if (explaining->sheet != NULL) {
      sheet_data(explaining->sheet, &page->lines[i]);
      continue;
    }
    print_safe(stdout, page->lines[i].data, page->lines[i].len);
    (void)putchar('\n');
  }
  return EXIT_FINE;
}

static int explain(struct session *session, Rectify__V1__Query *query, const char *none) {
  struct explaining explaining = {session, NULL, 0};
  if (session->format != FORMAT_TABLE) explaining.sheet = sheet_open(session, stdout, columns, 1);
  int code = session_pages(session, query, print_lines, &explaining);
  if (explaining.sheet != NULL) (void)sheet_close(explaining.sheet);
  if (code == EXIT_FINE && explaining.lines == 0 && session->format == FORMAT_TABLE) (void)puts(none);
  return code;
}

static int read_case(struct session *session, struct arguments *arguments, uint64_t *case_no) {
  int code = arguments_words(arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!case_read(arguments->argv[optind], case_no))
    return complain_usage(arguments->verb, "'%s' is not a case number such as C-000042", arguments->argv[optind]);
  return session_open(session);
}

int why_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__WhyQuery why = RECTIFY__V1__WHY_QUERY__INIT;
  int code = arguments_plain(session, arguments, 1, 1);
  if (code == EXIT_FINE) code = read_case(session, arguments, &why.case_no);
  if (code != EXIT_FINE) return code;
  why.zh = session->zh;
  query.what_case = RECTIFY__V1__QUERY__WHAT_WHY;
  query.why = &why;
  return explain(session, &query, in_language(session, "no clock runs on this case", "该事项没有时限"));
}

int next_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__NextQuery next = RECTIFY__V1__NEXT_QUERY__INIT;
  int code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    int64_t steps = 0;
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if (!number_read(optarg, 1, FORECAST_STEPS_MAX, &steps))
      return complain_usage(arguments->verb, "--steps wants a number, 1 to %d, not '%s'", FORECAST_STEPS_MAX, optarg);
    next.steps = (uint32_t)steps;
  }
  code = read_case(session, arguments, &next.case_no);
  if (code != EXIT_FINE) return code;
  next.zh = session->zh;
  query.what_case = RECTIFY__V1__QUERY__WHAT_NEXT;
  query.next = &next;
  return explain(session, &query, in_language(session, "nothing fires on this case", "该事项不会触发任何时限"));
}
