/* printed_order.c - `order`: a supervision order (督办单) as it goes out on paper: as the case stood right after the event that
 * issued it, whatever came later, so that it can be printed again a year on. */
#include <stdlib.h>
#include <string.h>

#include "client/command/circular.h"
#include "client/command/language.h"
#include "client/command/verb.h"
#include "proto/codec.h"
#include "rectify/must.h"

enum { ORDER_HTML, ORDER_LOG };
const struct flag printed_order_flags[] = {
    {"html", 0, NULL, "a page to print", NULL},
    {"log", 0, "KEY", "the log's public key, or a file with it (~/.config/rectify/log): then the head's short code is printed", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct word words_part[] = {
    {1, "number", "督办单号", "Order"},          {2, "issued", "签发日期", "Issued on"},
    {3, "unit", "责任单位", "Unit"},             {4, "officer", "责任人", "Responsible"},
    {5, "case", "事项编号", "Case"},             {6, "found", "发现时间", "Found on"},
    {7, "what", "督办事项", "What is wrong"},    {8, "todo", "办理要求", "To do"},
    {9, "due", "完成时限", "By"},                {10, "issued_by", "签发人", "Issued by"},
    {11, "event", "依据", "On record"},          {12, "note", "签发说明", "Why"},
    {13, "code", "日志短码", "Short code"},      {0, NULL, NULL, NULL}};
enum { PART_NUMBER = 1, PART_ISSUED, PART_UNIT, PART_OFFICER, PART_CASE, PART_FOUND, PART_WHAT, PART_TODO, PART_DUE, PART_ISSUED_BY,
       PART_EVENT, PART_NOTE, PART_CODE, PART_COUNT };

#define PART_BYTES_MAX (TEXT_BYTES_MAX + 64)
struct paper {
  struct session *session;
  struct view_end end;
  uint64_t case_no, log_index; /* of the event that issued it; case 0: there is none */
  char parts[PART_COUNT][PART_BYTES_MAX];
};

#define BYTES(field) (int)(field).len, (field).len > 0 ? (const char *)(field).data : ""
#define SAY(paper, part, ...) (void)snprintf((paper)->parts[part], PART_BYTES_MAX, __VA_ARGS__)

static void say_day(struct paper *paper, uint32_t part, day_t day) {
  if (day != 0) workday_format(day, paper->parts[part]);
}

/* ---- the event ---- */

static int take_event(void *context, const Rectify__V1__LedgerStep *step, const struct event *event) {
  struct paper *paper = context;
  const Rectify__V1__EventRow *row = step->event;
  const struct session *session = paper->session;
  paper->case_no = event->case_no;
  paper->log_index = row->log_index;
  say_day(paper, PART_ISSUED, instant_day(session, event->recorded));
  /* A rung issues it, or a route that begins with supervision: whoever handed the finding in issued nothing. */
  if (event->actor == 0) SAY(paper, PART_ISSUED_BY, "%s", _("rectifyd, by the policy's ladder"));
  else if (event->command == COMMAND_SUBMIT) SAY(paper, PART_ISSUED_BY, "%s", _("rectifyd, by a route of the policy"));
  else SAY(paper, PART_ISSUED_BY, "%.*s (%.*s)", BYTES(row->actor_name), BYTES(row->actor));
  const unsigned long long index = row->log_index;
  SAY(paper, PART_EVENT, _("event %llu of the log, event %u of the case: %s"), index, event->version,
      in_language(session, word_text(words_rule, event->rule), word_zh(words_rule, event->rule)));
  SAY(paper, PART_NOTE, "%.*s", BYTES(row->text));
  return EXIT_FINE;
}

static int find_event(struct paper *paper, uint32_t year, uint32_t serial) {
  Rectify__V1__LedgerQuery wanted = RECTIFY__V1__LEDGER_QUERY__INIT;
  struct view_end end = {0};
  wanted.part = 2;
  wanted.order_year = year;
  wanted.order_serial = serial;
  const int code = ledger_steps(paper->session, &wanted, &end, take_event, paper);
  if (code != EXIT_FINE || paper->case_no != 0) return code;
  complain("there is no supervision order %s on a case that you may read", paper->parts[PART_NUMBER]);
  return EXIT_REFUSED;
}

/* ---- the case right after it ---- */

/* The date of putting it right, which may be behind the one that falls due first. */
static void say_due(struct paper *paper, const Rectify__V1__CaseRow *row) {
  struct case_state state;
  day_t day = 0;
  if (codec_state_unpack(row->state.data, row->state.len, &state))
    for (size_t i = 0; i < CASE_CLOCKS_MAX; i++)
      if (state.clocks[i].kind == CLOCK_RECTIFY) day = instant_day(paper->session, state.clocks[i].due - 1);
  if (day != 0) say_day(paper, PART_DUE, day);
  else SAY(paper, PART_DUE, "%.*s", BYTES(row->due_text));
}

static int take_case(void *context, const Rectify__V1__Page *page) {
  struct paper *paper = context;
  view_note(&paper->end, page);
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *row = page->cases[i];
    paper->end.rows++;
    case_text(row->case_no, paper->parts[PART_CASE]);
    SAY(paper, PART_UNIT, "%.*s (%.*s)", BYTES(row->unit_name), BYTES(row->unit));
    SAY(paper, PART_OFFICER, "%.*s (%.*s)", BYTES(row->handler_name), BYTES(row->handler));
    SAY(paper, PART_WHAT, "%.*s", BYTES(row->text));
    say_day(paper, PART_FOUND, row->found_on);
    say_due(paper, row);
  }
  return EXIT_FINE;
}

static int find_case(struct paper *paper) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery wanted = RECTIFY__V1__CASE_QUERY__INIT;
  wanted.case_no = &paper->case_no;
  wanted.n_case_no = 1;
  wanted.with_text = wanted.with_state = true;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &wanted;
  paper->session->known_at = paper->log_index + 1;
  const int code = session_pages(paper->session, &query, take_case, paper);
  return code == EXIT_FINE && paper->end.rows == 0 ? session_misfit() : code;
}

/* ---- printing ---- */

static void say_todo(struct paper *paper) {
  SAY(paper, PART_TODO, "%s",
      _("Sign for this order. Put it right by the date below, with evidence for each measure, and ask for the closing."));
}

static void print_text(const struct paper *paper) {
  const bool zh = paper->session->zh;
  (void)printf("%s\n\n", zh ? "督 办 单" : "SUPERVISION ORDER");
  for (uint32_t part = 1; part < PART_COUNT; part++) {
    if (paper->parts[part][0] == '\0') continue;
    (void)printf("%s%s", zh ? word_zh(words_part, part) : word_text(words_part, part), zh ? "：" : ": ");
    print_safe(stdout, paper->parts[part], strlen(paper->parts[part]));
    (void)putchar('\n');
  }
  (void)putchar('\n');
}

static void print_html(const struct paper *paper) {
  char head[LEDGER_HEAD_BYTES];
  html_begin(stdout, paper->session, _("Supervision order"));
  (void)fputs("<table>\n", stdout);
  for (uint32_t part = 1; part < PART_COUNT; part++) {
    if (paper->parts[part][0] == '\0') continue;
    (void)printf("<tr><th>%s</th><td>", paper->session->zh ? word_zh(words_part, part) : word_text(words_part, part));
    html_text(stdout, paper->parts[part], strlen(paper->parts[part]));
    (void)fputs("</td></tr>\n", stdout);
  }
  ledger_head(paper->session, &paper->end, "case", "项", head);
  (void)printf("</table>\n<p class=\"head\">%s</p>\n", head);
  html_end(stdout);
}

static void print_row(const struct paper *paper) {
  struct column columns[PART_COUNT];
  for (uint32_t part = 1; part < PART_COUNT; part++)
    columns[part - 1] = (struct column){word_name(words_part, part), word_text(words_part, part), word_zh(words_part, part), 0};
  struct sheet *sheet = sheet_open(paper->session, stdout, columns, PART_COUNT - 1);
  for (uint32_t part = 1; part < PART_COUNT; part++) sheet_string(sheet, paper->parts[part]);
  (void)sheet_close(sheet);
}

static void print(const struct paper *paper, bool html) {
  char head[LEDGER_HEAD_BYTES];
  if (html) {
    print_html(paper);
    return;
  }
  if (paper->session->format != FORMAT_TABLE) {
    print_row(paper);
    return;
  }
  print_text(paper);
  ledger_head(paper->session, &paper->end, "case", "项", head);
  (void)printf("%s\n", head);
  if (paper->parts[PART_CODE][0] == '\0') return;
  (void)printf("%s rectify verify --key LOG.PUB --printed %s\n", _("To check it:"),
               paper->parts[PART_CODE]);
}

/* "2026-17" */
static bool read_number(const char *text, uint32_t *year, uint32_t *serial) {
  char *end;
  const unsigned long first = strtoul(text, &end, 10);
  if (text[0] < '1' || text[0] > '9' || end - text != 4 || *end != '-' || end[1] < '1' || end[1] > '9') return false;
  const char *rest = end + 1;
  const unsigned long second = strtoul(rest, &end, 10);
  if (*end != '\0' || end - rest > 9) return false;
  *year = (uint32_t)first;
  *serial = (uint32_t)second;
  return true;
}

int printed_order_run(struct session *session, struct arguments *arguments) {
  static struct paper paper;
  const char *key = NULL;
  bool html = false;
  uint32_t year, serial;
  int code = EXIT_FINE;
  paper = (struct paper){.session = session};
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if (option == ORDER_HTML) html = true;
    if (option == ORDER_LOG) key = optarg;
  }
  code = arguments_words(arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!read_number(arguments->argv[optind], &year, &serial))
    return complain_usage(arguments->verb, "the number of an order is wanted, such as 2026-17, not '%s'", arguments->argv[optind]);
  if (html && session->format != FORMAT_TABLE) return complain_usage(arguments->verb, "--html does not go with --csv or --json");
  SAY(&paper, PART_NUMBER, "%u-%u", year, serial);
  code = session_open(session);
  if (code == EXIT_FINE) code = find_event(&paper, year, serial);
  if (code == EXIT_FINE) code = find_case(&paper);
  if (code != EXIT_FINE) return code;
  say_todo(&paper);
  ledger_code(&paper.end, key, paper.parts[PART_CODE]);
  print(&paper, html);
  return EXIT_FINE;
}
