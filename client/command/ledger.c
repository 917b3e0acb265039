/* ledger.c - `ledger` and `lists`: ledgers of cases or of steps, by a map, as a table, CSV, JSON lines or a spreadsheet. */
#include "client/command/language.h"
#include "client/command/ledger.h"

#include <string.h>

#include "client/command/past.h"
#include "client/command/verb.h"
#include "rectify/must.h"

static const struct word words_ledger_type[] = {{1, "rectification", "整改台账", "rectification"},
                                                {2, "work", "工作台账", "work"},
                                                {0, NULL, NULL, NULL}};
static const struct word words_list_type[] = {{1, "problem", "问题清单", "problem"},
                                              {2, "responsibility", "责任清单", "responsibility"},
                                              {3, "rectification", "整改清单", "rectification"},
                                              {0, NULL, NULL, NULL}};
/* The map of each, by number. */
static const char *const ledger_maps[] = {"rectification", "rectification", "work"};
static const char *const list_maps[] = {"problem", "problem", "responsibility", "measures"};

#define LEAVING_FLAGS \
    {"map", 0, "NAME|FILE", "which columns: a built-in map, or a file (docs/LEDGER.md)", NULL}, \
    {"xlsx", 0, "FILE", "write a spreadsheet, of one head of the log", NULL}, \
    {"bom", 0, NULL, "begin CSV with a byte order mark, as spreadsheet programs like it", NULL}, \
    {"log", 0, "KEY", "the log's public key, or a file with it (~/.config/rectify/log): then the head's short code is printed", NULL}
const struct flag ledger_flags[] = {
    CASE_FLAGS, PAST_FLAGS, LEAVING_FLAGS,
    {"type", 0, "TYPE", "rectification: a row a case; work: a row a step", words_ledger_type},
    {"from", 0, "DATE[THH:MM]", "of steps: from then on", NULL},
    {"until", 0, "DATE[THH:MM]", "of steps: until that day's end, or before that minute", NULL},
    {NULL, 0, NULL, NULL, NULL},
};
const struct flag lists_flags[] = {
    CASE_FLAGS, PAST_FLAGS, LEAVING_FLAGS,
    {"type", 0, "TYPE", "which of the three lists", words_list_type},
    {NULL, 0, NULL, NULL, NULL},
};

/* What was asked for. */
struct leaving {
  struct session *session;
  struct arguments *arguments;
  const char *map_given, *map_of_type, *xlsx, *key, *from, *until;
  bool bom;
  bool all; /* neither map nor type nor spreadsheet: whatever is known */
  struct filter filter;
  struct ledger_map map;
  struct sheet *sheet;
  struct view_end end;
};

static bool read_type(struct leaving *ledger) {
  const bool lists = ledger->arguments->verb->flags == lists_flags;
  const uint32_t type = read_word(lists ? words_list_type : words_ledger_type, "type", optarg);
  if (type != 0) ledger->map_of_type = lists ? list_maps[type] : ledger_maps[type];
  return type != 0;
}

static bool read_further(struct session *session, void *context, const char *name) {
  struct leaving *ledger = context;
  if (strcmp(name, "type") == 0) return read_type(ledger);
  if (strcmp(name, "bom") == 0) return ledger->bom = true;
  const struct { const char *name; const char **to; } texts[] = {{"map", &ledger->map_given}, {"xlsx", &ledger->xlsx},
                                                                {"log", &ledger->key},       {"from", &ledger->from},
                                                                {"until", &ledger->until}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (strcmp(name, texts[i].name) != 0) continue;
    *texts[i].to = optarg;
    return true;
  }
  return past_option(session, name, optarg);
}

/* What goes with what. */
static int check(const struct leaving *ledger) {
  const struct session *session = ledger->session;
  const struct verb *verb = ledger->arguments->verb;
  const uint32_t of_steps = FILTER_USED_UNIT | FILTER_USED_OFFICER | FILTER_USED_LIMIT, used = ledger->filter.used;
  const bool steps = ledger->map.of == LEDGER_OF_STEPS;
  if (steps && (used & ~of_steps) != 0)
    return complain_usage(verb, "of the conditions, a ledger of steps knows --unit, --officer (who did it), --from, --until and --limit");
  if (!steps && (ledger->from != NULL || ledger->until != NULL))
    return complain_usage(verb, "--from and --until are of a ledger of steps: --type work");
  if (ledger->bom && session->format != FORMAT_CSV) return complain_usage(verb, "--bom goes with --csv");
  if (ledger->xlsx == NULL) return EXIT_FINE;
  if (session->format != FORMAT_TABLE) return complain_usage(verb, "--xlsx does not go with --csv or --json");
  if ((used & FILTER_USED_BY_DUE) != 0)
    return complain_usage(verb, "a spreadsheet is of one head of the log, in the order of numbers: --by-due does not go with --xlsx");
  return EXIT_FINE;
}

static int load_map(struct leaving *ledger, const char *usual) {
  if (ledger->map_given != NULL && ledger->map_of_type != NULL)
    return complain_usage(ledger->arguments->verb, "--type and --map both say which columns: one of them is enough");
  if (ledger->map_given == NULL) ledger->map_given = ledger->map_of_type;
  if (ledger->map_given == NULL && ledger->xlsx != NULL) ledger->map_given = ledger_maps[0];
  if (ledger->map_given == NULL) ledger->map_given = usual;
  ledger->all = ledger->map_given == NULL;
  if (!ledger->all) return ledger_map_load(ledger->map_given, &ledger->map);
  ledger_map_all(&ledger->map);
  return EXIT_FINE;
}

/* ---- rows ---- */

static bool is_enough(const struct leaving *ledger) {
  return ledger->filter.rows_max != 0 && ledger->end.rows == ledger->filter.rows_max;
}

static int put(struct leaving *ledger, struct ledger_cell cell) {
  if (is_enough(ledger)) return -1;
  cell.session = ledger->session;
  cell.map = &ledger->map;
  cell.row = ++ledger->end.rows;
  ledger_put(ledger->sheet, &cell);
  return EXIT_FINE;
}

static int put_case(void *context, const Rectify__V1__CaseRow *row, const Rectify__V1__LedgerFacts *facts) {
  return put(context, (struct ledger_cell){.of = row, .facts = facts});
}

static int put_step(void *context, const Rectify__V1__LedgerStep *step, const struct event *event) {
  return put(context, (struct ledger_cell){.step = step, .event = event});
}

static int take_page(void *context, const Rectify__V1__Page *page) {
  struct leaving *ledger = context;
  view_note(&ledger->end, page);
  return ledger_cases(ledger->session, page, ledger_needs_facts(&ledger->map), put_case, ledger);
}

static int ask_cases(struct leaving *ledger) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  int code = filter_settle(ledger->session, &ledger->filter);
  if (code != EXIT_FINE) return code;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &ledger->filter.query;
  if (ledger->filter.rows_max != 0 && ledger->filter.rows_max < WIRE_PAGE_MAX) query.limit = (uint32_t)ledger->filter.rows_max;
  return session_pages(ledger->session, &query, take_page, ledger);
}

/* A day is meant until its end, a minute is not. */
static int read_period(struct leaving *ledger, Rectify__V1__LedgerQuery *wanted) {
  const struct verb *verb = ledger->arguments->verb;
  bool has_time = true;
  if (ledger->from != NULL && !instant_read(ledger->session, ledger->from, &wanted->from, NULL))
    return complain_usage(verb, "--from wants a date such as 2026-03-01 or 2026-03-01T09:00, not '%s'", ledger->from);
  if (ledger->until != NULL && !instant_read(ledger->session, ledger->until, &wanted->until, &has_time))
    return complain_usage(verb, "--until wants a date such as 2026-03-31 or 2026-03-31T09:00, not '%s'", ledger->until);
  if (!has_time) wanted->until = past_next_day(ledger->session, ledger->until);
  if (wanted->from >= 0 && wanted->until >= 0 && (wanted->until == 0 || wanted->until >= wanted->from)) return EXIT_FINE;
  return complain_usage(verb, "--until must not be before --from, nor either before 1970");
}

static int ask_steps(struct leaving *ledger, Rectify__V1__LedgerQuery *wanted) {
  wanted->part = 1;
  wanted->unit = ledger->filter.query.unit;
  wanted->officer = ledger->filter.query.accountable;
  return ledger_steps(ledger->session, wanted, &ledger->end, put_step, ledger);
}

/* ---- leaving ---- */

/* A spreadsheet says which head it is of, so all its pages must be: as known at what is the head now. */
static int pin(struct leaving *ledger) {
  const Rectify__V1__Pong *pong;
  if (ledger->xlsx == NULL || past_is_meant(ledger->session)) return EXIT_FINE;
  const int code = session_ping(ledger->session, &pong);
  if (code == EXIT_FINE && pong->head != NULL) ledger->session->known_at = pong->head->size;
  return code;
}

static const char *const counted[][2] = {[LEDGER_OF_CASES] = {"cases", "项"}, [LEDGER_OF_STEPS] = {"steps", "步"}};

static int finish_file(struct leaving *ledger, struct xlsx *book) {
  char head[LEDGER_HEAD_BYTES], code[LEDGER_CODE_BYTES], foot[LEDGER_HEAD_BYTES + LEDGER_CODE_BYTES + 32];
  const struct session *session = ledger->session;
  const char *const *words = counted[ledger->map.of];
  ledger_head(session, &ledger->end, words[0], words[1], head);
  ledger_code(&ledger->end, ledger->key, code);
  (void)snprintf(foot, sizeof foot, "%s%s%s", head, code[0] == '\0' ? "" : _("; short code "), code);
  const struct xlsx_frame frame = {.title = in_language(session, ledger->map.title_en, ledger->map.title_zh),
                                   .foot = foot,
                                   .page_foot = code[0] != '\0' ? code : head,
                                   .created = ledger->end.now};
  return xlsx_close(book, &frame);
}

static int print(struct leaving *ledger, Rectify__V1__LedgerQuery *steps) {
  struct column columns[LEDGER_COLUMNS_MAX];
  uint8_t widths[LEDGER_COLUMNS_MAX];
  struct sheet_form form = {.dates = ledger->map.dates, .widths = widths, .headings = !ledger->all, .mark = ledger->bom};
  if (ledger->xlsx != NULL) form.book = xlsx_open(ledger->xlsx, ledger->map.dates);
  if (ledger->xlsx != NULL && form.book == NULL) return EXIT_SYSTEM;
  ledger_columns(&ledger->map, ledger->all, columns, widths);
  if (form.book != NULL) ledger->session->format = FORMAT_XLSX;
  ledger->sheet = sheet_open_as(ledger->session, stdout, columns, ledger->map.column_count, &form);
  int code = ledger->map.of == LEDGER_OF_STEPS ? ask_steps(ledger, steps) : ask_cases(ledger);
  (void)sheet_close(ledger->sheet);
  if (code < 0) code = EXIT_FINE;
  if (form.book == NULL) return code;
  if (code == EXIT_FINE) return finish_file(ledger, form.book);
  (void)xlsx_close(form.book, NULL);
  return code;
}

static int run(struct session *session, struct arguments *arguments, const char *usual) {
  static struct leaving ledger; /* a map is too large for the stack */
  Rectify__V1__LedgerQuery steps = RECTIFY__V1__LEDGER_QUERY__INIT;
  ledger = (struct leaving){.session = session, .arguments = arguments};
  filter_init(&ledger.filter);
  ledger.filter.query.with_text = true;
  int code = filter_read(session, arguments, &ledger.filter, read_further, &ledger);
  if (code == EXIT_FINE) code = load_map(&ledger, usual);
  if (code == EXIT_FINE) code = check(&ledger);
  if (code == EXIT_FINE) code = read_period(&ledger, &steps);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = pin(&ledger);
  if (code == EXIT_FINE) code = print(&ledger, &steps);
  if (code != EXIT_FINE) return code;
  ledger_say_head(session, &ledger.end, ledger.key, counted[ledger.map.of][0], counted[ledger.map.of][1]);
  if (ledger.end.moved)
    (void)fprintf(stderr, _("the log grew while this was read: --known-at %llu gives a ledger of that one head\n"),
                  (unsigned long long)ledger.end.log_size);
  return code;
}

int ledger_run(struct session *session, struct arguments *arguments) { return run(session, arguments, NULL); }

int lists_run(struct session *session, struct arguments *arguments) { return run(session, arguments, list_maps[0]); }
