/* view.c - see view.h. */
#include "client/command/view.h"

#include <string.h>

#include "client/command/past.h"
#include "client/command/verb.h"
#include "rectify/must.h"

#define COLUMNS_MAX 64

enum {
  CASES_UNIT,
  CASES_STATUS,
  CASES_TRACK,
  CASES_LIGHT,
  CASES_OFFICER,
  CASES_HANDLER,
  CASES_KIND,
  CASES_SEVERITY,
  CASES_INSPECTION,
  CASES_CATEGORY,
  CASES_TEAM,
  CASES_PARENT,
  CASES_MARK,
  CASES_OVERDUE,
  CASES_OPEN,
  CASES_BY_DUE,
  CASES_LIMIT
};
const struct flag case_flags[] = {CASE_FLAGS, PAST_FLAGS, {NULL, 0, NULL, NULL, NULL}};
_Static_assert(CASES_LIMIT + 1 == CASE_FLAG_COUNT, "the options of lists that say which cases");
_Static_assert(FILTER_USED_UNIT == 1u << CASES_UNIT && FILTER_USED_OFFICER == 1u << CASES_OFFICER &&
                   FILTER_USED_BY_DUE == 1u << CASES_BY_DUE && FILTER_USED_LIMIT == 1u << CASES_LIMIT,
               "the bits of view.h");

void filter_init(struct filter *filter) {
  memset(filter, 0, sizeof *filter);
  rectify__v1__case_query__init(&filter->query);
  filter->query.status = filter->status;
  filter->query.track = filter->track;
  filter->query.light = filter->light;
  filter->query.kind = filter->kind;
  filter->query.severity = filter->severity;
}

static bool add_word(const struct flag *flag, uint32_t *list, size_t *count) {
  uint32_t number = read_word(flag->words, flag->name, optarg);
  if (number == 0) return false;
  if (*count < FILTER_WORDS_MAX) list[(*count)++] = number;
  return true;
}

static bool read_parent(struct filter *filter) {
  if (case_read(optarg, &filter->query.parent)) return true;
  complain("--parent wants a case number such as C-000042, not '%s'", optarg);
  return false;
}

static bool read_mark(struct filter *filter) {
  uint32_t mark = read_word(words_mark, "flag", optarg);
  if (mark == 0) return false;
  filter->query.flags |= 1u << (mark - 1);
  return true;
}

static bool read_limit(struct filter *filter) {
  int64_t number;
  if (!number_read(optarg, 1, INT64_MAX, &number)) {
    complain("--limit wants a number from 1, not '%s'", optarg);
    return false;
  }
  filter->rows_max = (uint64_t)number;
  return true;
}

/* The options that are one text of the query. */
static ProtobufCBinaryData *text_of(Rectify__V1__CaseQuery *query, int option) {
  switch (option) {
    case CASES_UNIT: return &query->unit;
    case CASES_OFFICER: return &query->accountable;
    case CASES_HANDLER: return &query->handler;
    case CASES_INSPECTION: return &query->inspection;
    case CASES_CATEGORY: return &query->category;
    case CASES_TEAM: return &query->team;
    default: return NULL;
  }
}

bool filter_option(struct filter *filter, int option) {
  filter->conditions++;
  filter->used |= 1u << option;
  Rectify__V1__CaseQuery *query = &filter->query;
  const struct flag *flag = &case_flags[option];
  ProtobufCBinaryData *text = text_of(query, option);
  if (text != NULL) {
    *text = wire_text(optarg);
    return true;
  }
  switch (option) {
    case CASES_STATUS: return add_word(flag, filter->status, &query->n_status);
    case CASES_TRACK: return add_word(flag, filter->track, &query->n_track);
    case CASES_LIGHT: return add_word(flag, filter->light, &query->n_light);
    case CASES_KIND: return add_word(flag, filter->kind, &query->n_kind);
    case CASES_SEVERITY: return add_word(flag, filter->severity, &query->n_severity);
    case CASES_PARENT: return read_parent(filter);
    case CASES_MARK: return read_mark(filter);
    case CASES_OVERDUE: filter->overdue = true; break;
    case CASES_BY_DUE: query->order = 1; return true;
    case CASES_LIMIT: return read_limit(filter);
    default: must(option == CASES_OPEN);
  }
  query->open_only = true;
  return true;
}

static bool read_past(struct session *session, void *context, const char *name) {
  (void)context;
  return past_option(session, name, optarg);
}

int filter_read(struct session *session, struct arguments *arguments, struct filter *filter, further_fn *further,
                void *context) {
  int exit_code = EXIT_FINE;
  if (further == NULL) further = read_past;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    const char *name = arguments->verb->flags[option].name;
    if (option < CASE_FLAG_COUNT ? !filter_option(filter, option) : !further(session, context, name)) return EXIT_USE;
  }
  int code = past_settle(session, arguments);
  if (code == EXIT_FINE && past_is_meant(session) && filter->query.order != 0)
    return complain_usage(arguments->verb, "--by-due tells what falls due now: it does not go with --as-of or --known-at");
  return code == EXIT_FINE ? arguments_words(arguments, 0, 0) : code;
}

struct printing {
  struct sheet *sheet;
  const struct view_column *columns;
  size_t count;
  uint64_t rows_max;
  struct view_end *end;
};

void view_note(struct view_end *end, const Rectify__V1__Page *page) {
  end->now = page->now;
  if (page->head == NULL) return;
  end->moved |= end->log_size != 0 && end->log_size != page->head->size;
  end->log_size = page->head->size;
  end->has_root = page->head->root.len == HASH_BYTES;
  if (end->has_root) memcpy(end->root, page->head->root.data, HASH_BYTES);
}

/* Goes on asking while it returns EXIT_FINE; -1 ends the list early. */
static int print_page(void *context, const Rectify__V1__Page *page) {
  struct printing *printing = context;
  view_note(printing->end, page);
  for (size_t i = 0; i < page->n_cases; i++) {
    if (printing->rows_max != 0 && printing->end->rows == printing->rows_max) return -1;
    for (size_t c = 0; c < printing->count; c++) printing->columns[c].put(printing->sheet, page->cases[i]);
    printing->end->rows++;
  }
  return EXIT_FINE;
}

static int note_instant(void *context, const Rectify__V1__Page *page) {
  *(usec_t *)context = page->now;
  return -1; /* one page tells */
}

/* The instant of the log that is asked about. */
static int settle_past(struct session *session, struct filter *filter) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery any = RECTIFY__V1__CASE_QUERY__INIT;
  usec_t instant = 0;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &any;
  query.limit = 1;
  const int code = session_pages(session, &query, note_instant, &instant);
  filter->query.due_before = instant + 1;
  return code < 0 ? EXIT_FINE : code;
}

int filter_settle(struct session *session, struct filter *filter) {
  const Rectify__V1__Pong *pong;
  if (!filter->overdue) return EXIT_FINE;
  if (past_is_meant(session)) return settle_past(session, filter);
  int code = session_ping(session, &pong);
  if (code == EXIT_FINE) filter->query.due_before = pong->now + 1; /* a due instant is the first that is too late */
  return code;
}

int view_print(struct session *session, struct filter *filter, const struct view_column *columns, size_t count,
               struct view_end *end) {
  struct column plain[COLUMNS_MAX];
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  int code = filter_settle(session, filter);
  if (code != EXIT_FINE) return code;
  must(count <= COLUMNS_MAX);
  for (size_t i = 0; i < count; i++) plain[i] = columns[i].column;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &filter->query;
  if (filter->rows_max != 0 && filter->rows_max < WIRE_PAGE_MAX) query.limit = (uint32_t)filter->rows_max;
  memset(end, 0, sizeof *end);
  struct printing printing = {sheet_open(session, stdout, plain, count), columns, count, filter->rows_max, end};
  code = session_pages(session, &query, print_page, &printing);
  (void)sheet_close(printing.sheet);
  return code < 0 ? EXIT_FINE : code;
}
