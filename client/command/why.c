/* why.c - `why`: every counted and every skipped day of a case's clocks, as the daemon explains them. */
#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "client/command/wrap.h"

#define REASON_COLUMN 21 /* where the daemon's lines say why a day was skipped: "2026-02-15 Sun    -  holiday" */

static const struct column columns[] = {{"line", "LINE", "说明", 0}};

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
    const uint8_t *line = page->lines[i].data;
    const bool day = page->lines[i].len > REASON_COLUMN && line[0] >= '0' && line[0] <= '9';
    wrap_line(stdout, line, page->lines[i].len, day ? REASON_COLUMN : 0, wrap_limit(stdout));
  }
  return EXIT_FINE;
}

int why_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__WhyQuery why = RECTIFY__V1__WHY_QUERY__INIT;
  struct explaining explaining = {session, NULL, 0};
  int code = arguments_plain(session, arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!case_read(arguments->argv[optind], &why.case_no))
    return complain_usage(arguments->verb, "'%s' is not a case number such as C-000042", arguments->argv[optind]);
  code = session_open(session);
  if (code != EXIT_FINE) return code;
  why.zh = session->zh;
  query.what_case = RECTIFY__V1__QUERY__WHAT_WHY;
  query.why = &why;
  if (session->format != FORMAT_TABLE) explaining.sheet = sheet_open(session, stdout, columns, 1);
  code = session_pages(session, &query, print_lines, &explaining);
  if (explaining.sheet != NULL) (void)sheet_close(explaining.sheet);
  if (code == EXIT_FINE && explaining.lines == 0 && session->format == FORMAT_TABLE)
    (void)puts(_("no clock runs on this case"));
  return code;
}
