/* times.c - `times`: how many working days cases took, as percentiles by track, unit, stage or holder. */
#include <stdlib.h>
#include <string.h>

#include "client/command/facts.h"
#include "client/command/past.h"
#include "client/command/verb.h"
#include "rectify/must.h"

static const struct word words_by[] = {
    {1, "track", "整改类型", "the working days from acceptance to close-out, by the track in which it was closed"},
    {2, "unit", "责任单位", "the same, by the unit that closed it"},
    {3, "stage", "阶段", "the working days in each status"},
    {4, "holder", "承担人", "the working days charged to each holder"},
    {0, NULL, NULL, NULL},
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { BY_TRACK = 1, BY_UNIT, BY_STAGE, BY_HOLDER };

enum { TIMES_BY, TIMES_PERIOD };
const struct flag times_flags[] = {
    {"by", 'b', "WHAT", "track (the default), unit, stage or holder", words_by},
    {"period", 'p', "PERIOD", "2026, 2026Q1, 2026-03 or 2026-01-01..2026-06-30 (needed)", NULL},
    PAST_FLAGS,
    {NULL, 0, NULL, NULL, NULL},
};

/* One value of one group: what the percentiles are of. */
struct sample {
  uint32_t group;
  int32_t days;
};

struct samples {
  struct sample *rows;
  size_t count;
};

static int32_t all_days(const struct gathered_case *one) {
  int32_t days = 0;
  for (uint32_t holder = 1; holder <= HOLDER_COUNT; holder++) days += one->holder_days[holder];
  return days;
}

static void put(struct samples *samples, uint32_t group, int32_t days) {
  samples->rows[samples->count++] = (struct sample){group, days};
}

/* A status or holder that a case spent no day with is none of its stages. */
static void put_case(struct samples *samples, uint32_t by, const struct gathered_case *one) {
  if (by == BY_TRACK) put(samples, one->track, all_days(one));
  if (by == BY_UNIT) put(samples, one->unit, all_days(one));
  for (uint32_t i = 1; by == BY_STAGE && i <= STATUS_COUNT; i++)
    if (one->status_days[i] > 0) put(samples, i, one->status_days[i]);
  for (uint32_t i = 1; by == BY_HOLDER && i <= HOLDER_COUNT; i++)
    if (one->holder_days[i] > 0) put(samples, i, one->holder_days[i]);
}

static int in_order(const void *a, const void *b) {
  const struct sample *x = a, *y = b;
  if (x->group != y->group) return x->group < y->group ? -1 : 1;
  return (x->days > y->days) - (x->days < y->days);
}

/* ---- the table ---- */

static void print_group(const struct gathering *all, struct sheet *sheet, uint32_t by, uint32_t group) {
  if (by == BY_UNIT) sheet_string(sheet, all->units[group].code);
  if (by == BY_TRACK) sheet_word(sheet, words_track, group);
  if (by == BY_STAGE) sheet_word(sheet, words_status, group);
  if (by == BY_HOLDER) sheet_word(sheet, words_holder, group);
}

static void print_rows(const struct gathering *all, struct sheet *sheet, uint32_t by, const struct sample *rows, size_t count) {
  int64_t sum = 0;
  int32_t *days = calloc(count, sizeof *days);
  must(days != NULL);
  for (size_t i = 0; i < count; i++) sum += days[i] = rows[i].days;
  print_group(all, sheet, by, rows[0].group);
  sheet_number(sheet, (int64_t)count);
  sheet_number(sheet, percentile(days, count, 50));
  sheet_number(sheet, percentile(days, count, 90));
  sheet_number(sheet, percentile(days, count, 99));
  sheet_number(sheet, days[count - 1]);
  sheet_number(sheet, sum);
  free(days);
}

static void print_times(const struct gathering *all, uint32_t by, const struct samples *samples) {
  const struct column columns[] = {
      {word_name(words_by, by), word_name(words_by, by), word_zh(words_by, by), 0},
      {"cases", "CASES", "事项数", COLUMN_NUMBER},
      {"p50", "P50", "中位数", COLUMN_NUMBER},
      {"p90", "P90", "P90", COLUMN_NUMBER},
      {"p99", "P99", "P99", COLUMN_NUMBER},
      {"max", "MAX", "最长", COLUMN_NUMBER},
      {"sum", "SUM", "合计", COLUMN_NUMBER},
  };
  struct sheet *sheet = sheet_open(all->session, stdout, columns, COUNT(columns));
  for (size_t first = 0, next; first < samples->count; first = next) {
    for (next = first; next < samples->count && samples->rows[next].group == samples->rows[first].group;) next++;
    print_rows(all, sheet, by, samples->rows + first, next - first);
  }
  (void)sheet_close(sheet);
}

/* ---- the command ---- */

static int read_times(struct session *session, struct arguments *arguments, struct gathering *all, uint32_t *by) {
  int exit_code = EXIT_FINE;
  *by = BY_TRACK;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (option == TIMES_BY) *by = read_word(words_by, "--by", optarg);
    if (*by == 0 || (option != TIMES_BY && !facts_option(all, arguments->verb->flags[option].name, optarg))) return EXIT_USE;
  }
  int code = past_settle(session, arguments);
  if (code == EXIT_FINE) code = arguments_words(arguments, 0, 1);
  if (code != EXIT_FINE) return code;
  all->top_code = arguments->argv[optind];
  if (all->period.text == NULL) return complain_usage(arguments->verb, "--period is needed: 2026, 2026Q1, 2026-03 or FROM..TO");
  return session_open(session);
}

int times_run(struct session *session, struct arguments *arguments) {
  struct gathering all = {.session = session};
  uint32_t by;
  int code = read_times(session, arguments, &all, &by);
  if (code == EXIT_FINE) code = facts_gather(&all);
  if (code == EXIT_FINE) {
    struct samples samples = {calloc(all.case_count * STATUS_COUNT + 1, sizeof *samples.rows), 0};
    must(samples.rows != NULL);
    for (size_t i = 0; i < all.case_count; i++) put_case(&samples, by, &all.cases[i]);
    qsort(samples.rows, samples.count, sizeof *samples.rows, in_order);
    print_times(&all, by, &samples);
    free(samples.rows);
    facts_say_head(&all, "");
  }
  facts_free(&all);
  return code;
}
