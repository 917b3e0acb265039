/* view.c - see view.h. */
#include "client/command/view.h"

#include <string.h>

#include "client/command/verb.h"
#include "rectify/must.h"

#define COLUMNS_MAX 32

enum {
  CASES_UNIT,
  CASES_STATUS,
  CASES_TRACK,
  CASES_LIGHT,
  CASES_OFFICER,
  CASES_HANDLER,
  CASES_OVERDUE,
  CASES_OPEN,
  CASES_BY_DUE,
  CASES_LIMIT
};
const struct flag case_flags[] = {
    {"unit", 'u', "UNIT", "of this unit and its subtree", NULL},
    {"status", 0, "STATUS", "in this status (may be repeated)", words_status},
    {"track", 0, "TRACK", "in this track (may be repeated)", words_track},
    {"light", 0, "LIGHT", "with this light (may be repeated)", words_light},
    {"officer", 'o', "OFFICER", "for which this officer must act now", NULL},
    {"handler", 0, "OFFICER", "whose responsible officer this is", NULL},
    {"overdue", 0, NULL, "open and past the due date", NULL},
    {"open", 0, NULL, "open ones only", NULL},
    {"by-due", 0, NULL, "ordered by due date instead of by number", NULL},
    {"limit", 'n', "N", "at most N rows", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

void filter_init(struct filter *filter) {
  memset(filter, 0, sizeof *filter);
  rectify__v1__case_query__init(&filter->query);
  filter->query.status = filter->status;
  filter->query.track = filter->track;
  filter->query.light = filter->light;
}

static bool add_word(const struct flag *flag, uint32_t *list, size_t *count) {
  uint32_t number = read_word(flag->words, flag->name, optarg);
  if (number == 0) return false;
  if (*count < FILTER_WORDS_MAX) list[(*count)++] = number;
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

static bool apply(struct filter *filter, int option) {
  Rectify__V1__CaseQuery *query = &filter->query;
  switch (option) {
    case CASES_UNIT:
      query->unit = wire_text(optarg);
      return true;
    case CASES_STATUS:
      return add_word(&case_flags[option], filter->status, &query->n_status);
    case CASES_TRACK:
      return add_word(&case_flags[option], filter->track, &query->n_track);
    case CASES_LIGHT:
      return add_word(&case_flags[option], filter->light, &query->n_light);
    case CASES_OFFICER:
      query->accountable = wire_text(optarg);
      return true;
    case CASES_HANDLER:
      query->handler = wire_text(optarg);
      return true;
    case CASES_OVERDUE:
      filter->overdue = true;
      query->open_only = true;
      return true;
    case CASES_OPEN:
      query->open_only = true;
      return true;
    case CASES_BY_DUE:
      query->order = 1;
      return true;
    case CASES_LIMIT:
      return read_limit(filter);
    default:
      must(option == CASES_LIMIT);
      return false;
  }
}

int filter_read(struct session *session, struct arguments *arguments, struct filter *filter) {
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (!apply(filter, option)) return EXIT_USE;
  }
  return arguments_words(arguments, 0, 0);
}

struct printing {
  struct sheet *sheet;
  const struct view_column *columns;
  size_t count;
  uint64_t rows_max;
  struct view_end *end;
};

static void note_head(struct view_end *end, const Rectify__V1__Page *page) {
  end->now = page->now;
  if (page->head == NULL) return;
  end->log_size = page->head->size;
  end->has_root = page->head->root.len == HASH_BYTES;
  if (end->has_root) memcpy(end->root, page->head->root.data, HASH_BYTES);
}

/* Goes on asking while it returns EXIT_FINE; -1 ends the list early. */
static int print_page(void *context, const Rectify__V1__Page *page) {
  struct printing *printing = context;
  note_head(printing->end, page);
  for (size_t i = 0; i < page->n_cases; i++) {
    if (printing->rows_max != 0 && printing->end->rows == printing->rows_max) return -1;
    for (size_t c = 0; c < printing->count; c++) printing->columns[c].put(printing->sheet, page->cases[i]);
    printing->end->rows++;
  }
  return EXIT_FINE;
}

static int find_overdue(struct session *session, struct filter *filter) {
  const Rectify__V1__Pong *pong;
  int code = session_ping(session, &pong);
  if (code == EXIT_FINE) filter->query.due_before = pong->now + 1; /* a due instant is the first that is too late */
  return code;
}

int view_print(struct session *session, struct filter *filter, const struct view_column *columns, size_t count,
               struct view_end *end) {
  struct column plain[COLUMNS_MAX];
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  int code = filter->overdue ? find_overdue(session, filter) : EXIT_FINE;
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
