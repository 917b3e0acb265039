/* grade.c - `grade`: the score cards of a unit and those below it, by the policy in force; with --why every point and its event. */
#include <stdlib.h>
#include <string.h>

#include "client/command/facts.h"
#include "client/command/past.h"
#include "client/command/policy.h"
#include "client/command/verb.h"
#include "rectify/must.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { GRADE_WHY, GRADE_PERIOD };
const struct flag grade_flags[] = {
    {"why", 'w', NULL, "every point of the unit, and the event that gave or took it", NULL},
    {"period", 'p', "PERIOD", "2026, 2026Q1, 2026-03 or 2026-01-01..2026-06-30 (needed)", NULL},
    PAST_FLAGS,
    {NULL, 0, NULL, NULL, NULL},
};

struct grading_run {
  struct gathering all;
  struct policy *policy;
  uint32_t policy_version;
  struct score_tally *tallies; /* by unit: its own and those below it */
};

/* ---- the policy ---- */

struct shelf {
  uint64_t size;
  uint32_t version;
  char *text;
  size_t length;
};

static int take_policies(void *context, const Rectify__V1__Page *page) {
  struct shelf *shelf = context;
  for (size_t i = 0; i < page->n_documents; i++) {
    const Rectify__V1__DocumentRow *row = page->documents[i];
    if (row->log_index < shelf->size && row->version > shelf->version && row->body.len == 0) shelf->version = row->version;
    if (row->body.len == 0 || shelf->text != NULL) continue;
    shelf->text = strndup((const char *)row->body.data, row->body.len);
    shelf->length = row->body.len;
    must(shelf->text != NULL);
  }
  return EXIT_FINE;
}

static int ask_policies(struct session *session, struct shelf *shelf, uint32_t version) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__DocumentQuery documents = RECTIFY__V1__DOCUMENT_QUERY__INIT;
  documents.document = DOCUMENT_POLICY;
  documents.version = version;
  query.what_case = RECTIFY__V1__QUERY__WHAT_DOCUMENTS;
  query.documents = &documents;
  return session_pages(session, &query, take_policies, shelf);
}

/* The last one that the log of this answer has. */
static int fetch_policy(struct grading_run *run) {
  struct shelf shelf = {.size = run->all.size};
  struct document_report report = {0, NULL};
  int code = ask_policies(run->all.session, &shelf, 0);
  if (code == EXIT_FINE && shelf.version != 0) code = ask_policies(run->all.session, &shelf, shelf.version);
  if (code == EXIT_FINE && shelf.text == NULL) code = session_misfit();
  if (code == EXIT_FINE) {
    run->policy = policy_parse_stored("the policy in force", shelf.text, shelf.length, &report);
    run->policy_version = shelf.version;
    policy_say(&report);
    if (run->policy == NULL) code = EXIT_DOCUMENT;
  }
  free(shelf.text);
  if (code != EXIT_FINE || run->policy->grading.cases > 0) return code;
  complain("policy version %u grades nobody: it has no section `grading` (rectify-policy(5))", run->policy_version);
  return EXIT_REFUSED;
}

/* ---- counting ---- */

/* For the unit, and for all above it up to the top. */
static void count_mark(struct grading_run *run, const struct gathered_mark *mark) {
  const struct gathering *all = &run->all;
  for (size_t at = mark->unit; all->units[at].depth != UINT32_MAX; at = all->units[at].parent - 1) {
    run->tallies[at].counts[mark->what]++;
    if (at == all->top) return;
  }
}

static bool has_anything(const struct score_tally *tally) { return tally_sum(tally, UINT32_MAX) > 0; }

/* ---- the table ---- */

#define HEADS_MAX (4 + 3 * GRADING_COMPONENTS_MAX + GRADING_EXTRAS_MAX + 3)

struct card_columns {
  struct column rows[HEADS_MAX];
  char names[2 * GRADING_COMPONENTS_MAX][64];
  size_t count;
};

static void add_column(struct card_columns *columns, const char *name, const char *en, const char *zh, uint32_t flags) {
  must(columns->count < HEADS_MAX);
  columns->rows[columns->count++] = (struct column){name, en, zh, flags};
}

/* People see "12/14" beside the points of a component, programs the two numbers. */
static void add_component(struct card_columns *columns, const struct session *session, uint32_t at, uint32_t component) {
  const char *name = word_name(words_component, component), *zh = word_zh(words_component, component);
  add_column(columns, name, name, zh, COLUMN_NUMBER);
  if (session->format == FORMAT_TABLE) {
    add_column(columns, "of", "OF", "计", 0);
    return;
  }
  (void)snprintf(columns->names[2 * at], sizeof columns->names[0], "%s_good", name);
  (void)snprintf(columns->names[2 * at + 1], sizeof columns->names[0], "%s_bad", name);
  add_column(columns, columns->names[2 * at], columns->names[2 * at], columns->names[2 * at], COLUMN_NUMBER);
  add_column(columns, columns->names[2 * at + 1], columns->names[2 * at + 1], columns->names[2 * at + 1], COLUMN_NUMBER);
}

static void make_columns(const struct grading_run *run, struct card_columns *columns) {
  const struct grading *grading = &run->policy->grading;
  add_column(columns, "unit", "UNIT", "单位", 0);
  add_column(columns, "unit_name", "NAME", "名称", COLUMN_ROOM);
  add_column(columns, "above", "ABOVE", "上级", COLUMN_MACHINE);
  for (uint32_t i = 0; i < grading->component_count; i++)
    add_component(columns, run->all.session, i, grading->components[i].component);
  for (uint32_t i = 0; i < grading->extra_count; i++)
    add_column(columns, word_name(words_score, grading->extras[i].score), word_name(words_score, grading->extras[i].score),
               word_zh(words_score, grading->extras[i].score), COLUMN_NUMBER);
  add_column(columns, "points", "POINTS", "得分", COLUMN_NUMBER);
  add_column(columns, "grade", "GRADE", "等次", 0);
  add_column(columns, "veto", "VETO", "一票否决", 0);
}

static const char *grade_name(const struct grading_run *run, const struct score_card *card) {
  const struct grading_grade *grade = &run->policy->grading.grades[card->grade];
  return run->all.session->format == FORMAT_JSON ? grade->name : in_language(run->all.session, grade->name, grade->zh);
}

static void print_components(const struct grading_run *run, struct sheet *sheet, const struct score_card *card) {
  char of[32];
  for (uint32_t i = 0; i < run->policy->grading.component_count; i++) {
    const uint32_t good = card->components[i].good, bad = card->components[i].bad;
    sheet_hundredths(sheet, card->components[i].points);
    if (run->all.session->format == FORMAT_TABLE) {
      (void)snprintf(of, sizeof of, "%u/%u", good, good + bad);
      sheet_string(sheet, of);
      continue;
    }
    sheet_number(sheet, good);
    sheet_number(sheet, bad);
  }
}

static void print_card(const struct grading_run *run, struct sheet *sheet, size_t unit) {
  const struct grading *grading = &run->policy->grading;
  const struct gathered_unit *row = &run->all.units[unit];
  struct score_card card;
  score_card(grading, &run->tallies[unit], &card);
  sheet_string(sheet, row->code);
  sheet_string(sheet, row->name);
  sheet_string(sheet, row->above);
  print_components(run, sheet, &card);
  for (uint32_t i = 0; i < grading->extra_count; i++) sheet_hundredths(sheet, card.extras[i]);
  sheet_hundredths(sheet, card.points);
  sheet_string(sheet, grade_name(run, &card));
  sheet_word(sheet, words_score, card.veto < 0 ? SCORE_NONE : grading->vetoes[card.veto].score);
}

/* The units below follow each unit, in the order of the registry. */
static void print_below(const struct grading_run *run, struct sheet *sheet, size_t unit) {
  const struct gathering *all = &run->all;
  print_card(run, sheet, unit);
  for (size_t i = 0; i < all->unit_count; i++)
    if (all->units[i].parent == unit + 1 && all->units[i].depth != UINT32_MAX && has_anything(&run->tallies[i]))
      print_below(run, sheet, i);
}

static void print_cards(const struct grading_run *run) {
  struct card_columns columns = {.count = 0};
  make_columns(run, &columns);
  struct sheet *sheet = sheet_open(run->all.session, stdout, columns.rows, columns.count);
  print_below(run, sheet, run->all.top);
  (void)sheet_close(sheet);
}

/* ---- why ---- */

static const struct column why_columns[] = {
    {"component", "COMPONENT", "项目", 0},
    {"what", "WHAT", "事由", 0},
    {"case", "CASE", "编号", 0},
    {"event", "EVENT", "事件", COLUMN_NUMBER},
    {"log_index", "LOG INDEX", "日志号", COLUMN_NUMBER},
    {"day", "DAY", "日期", 0},
    {"unit", "UNIT", "单位", 0},
    {"gave", "GAVE", "得分", COLUMN_NUMBER},
    {"took", "TOOK", "失分", COLUMN_NUMBER},
};

static void print_event(struct sheet *sheet, const struct gathering *all, const struct gathered_mark *mark) {
  char day[11];
  workday_format(mark->day, day);
  sheet_word(sheet, words_score, mark->what);
  sheet_case(sheet, mark->case_no);
  sheet_number(sheet, mark->event);
  sheet_number(sheet, (int64_t)mark->log_index);
  sheet_string(sheet, day);
  sheet_string(sheet, all->units[mark->unit].code);
}

/* What the imagined cases give and take. */
static void print_start(const struct grading_run *run, struct sheet *sheet, const struct grading_component *row, uint32_t good,
                        uint32_t bad) {
  char text[64];
  const struct session *session = run->all.session;
  const uint32_t cases = (uint32_t)run->policy->grading.cases;
  (void)snprintf(text, sizeof text, session->zh ? "起算 %u 件，%u%%" : "%u imagined, %u%% well", cases, row->expected);
  sheet_word(sheet, words_component, row->component);
  sheet_string(sheet, text);
  sheet_string(sheet, "");
  sheet_nothing(sheet);
  sheet_nothing(sheet);
  sheet_string(sheet, "");
  sheet_string(sheet, run->all.units[run->all.top].code);
  sheet_hundredths(sheet, grade_gave(row->weight, row->expected, cases, good, bad, 0));
  sheet_hundredths(sheet, grade_took(row->weight, row->expected, cases, good, bad, 0));
}

static void print_component(const struct grading_run *run, struct sheet *sheet, const struct grading_component *row,
                            const struct score_tally *tally) {
  const uint32_t scores_good = component_good(row->component), scores_bad = component_bad(row->component);
  const uint32_t good = tally_sum(tally, scores_good), bad = tally_sum(tally, scores_bad), cases = (uint32_t)run->policy->grading.cases;
  uint32_t nth_good = 0, nth_bad = 0;
  print_start(run, sheet, row, good, bad);
  for (size_t i = 0; i < run->all.mark_count; i++) {
    const struct gathered_mark *mark = &run->all.marks[i];
    const bool is_good = (scores_good >> mark->what & 1u) != 0, is_bad = (scores_bad >> mark->what & 1u) != 0;
    if (!is_good && !is_bad) continue;
    sheet_word(sheet, words_component, row->component);
    print_event(sheet, &run->all, mark);
    sheet_hundredths(sheet, is_good ? grade_gave(row->weight, row->expected, cases, good, bad, ++nth_good) : 0);
    sheet_hundredths(sheet, is_bad ? grade_took(row->weight, row->expected, cases, good, bad, ++nth_bad) : 0);
  }
}

/* Each gives or takes its points until the bound of the policy is reached. */
static void print_extra(const struct grading_run *run, struct sheet *sheet, const struct grading_extra *extra) {
  const int32_t most = extra->most * GRADE_POINT;
  int32_t left = most;
  for (size_t i = 0; i < run->all.mark_count; i++) {
    const struct gathered_mark *mark = &run->all.marks[i];
    const int32_t size = (extra->points < 0 ? -extra->points : extra->points) * GRADE_POINT;
    if (mark->what != extra->score) continue;
    const int32_t counts = size < left ? size : left;
    left -= counts;
    sheet_string(sheet, "");
    print_event(sheet, &run->all, mark);
    sheet_hundredths(sheet, extra->points > 0 ? counts : 0);
    sheet_hundredths(sheet, extra->points < 0 ? counts : 0);
  }
}

static int by_log(const void *a, const void *b) {
  const struct gathered_mark *x = a, *y = b;
  if (x->log_index != y->log_index) return x->log_index < y->log_index ? -1 : 1;
  return (x->what > y->what) - (x->what < y->what);
}

/* All that was counted for the unit lies below it: nothing else was gathered. */
static void print_why(struct grading_run *run) {
  const struct grading *grading = &run->policy->grading;
  if (run->all.mark_count > 0) qsort(run->all.marks, run->all.mark_count, sizeof *run->all.marks, by_log);
  struct sheet *sheet = sheet_open(run->all.session, stdout, why_columns, COUNT(why_columns));
  for (uint32_t i = 0; i < grading->component_count; i++)
    print_component(run, sheet, &grading->components[i], &run->tallies[run->all.top]);
  for (uint32_t i = 0; i < grading->extra_count; i++) print_extra(run, sheet, &grading->extras[i]);
  (void)sheet_close(sheet);
}

static void say_total(const struct grading_run *run) {
  const struct gathered_unit *unit = &run->all.units[run->all.top];
  struct score_card card;
  if (run->all.session->format != FORMAT_TABLE) return;
  score_card(&run->policy->grading, &run->tallies[run->all.top], &card);
  (void)printf(run->all.session->zh ? "%s %s：%d.%02d 分，%s\n" : "%s %s: %d.%02d points, %s\n", unit->code, unit->name,
               card.points / GRADE_POINT, card.points % GRADE_POINT, grade_name(run, &card));
}

/* ---- the command ---- */

static int read_grade(struct session *session, struct arguments *arguments, struct gathering *all, bool *why) {
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (option == GRADE_WHY) *why = true;
    else if (!facts_option(all, arguments->verb->flags[option].name, optarg)) return EXIT_USE;
  }
  int code = past_settle(session, arguments);
  if (code == EXIT_FINE) code = arguments_words(arguments, 0, 1);
  if (code != EXIT_FINE) return code;
  all->top_code = arguments->argv[optind];
  if (all->period.text == NULL) return complain_usage(arguments->verb, "--period is needed: 2026, 2026Q1, 2026-03 or FROM..TO");
  return session_open(session);
}

static void say_policy(const struct grading_run *run) {
  char more[CODE_BYTES_MAX + 64];
  (void)snprintf(more, sizeof more, run->all.session->zh ? "；规则 %s 第 %u 版" : "; policy %s version %u", run->policy->name,
                 run->policy_version);
  facts_say_head(&run->all, more);
}

int grade_run(struct session *session, struct arguments *arguments) {
  struct grading_run run = {.all = {.session = session}};
  bool why = false;
  int code = read_grade(session, arguments, &run.all, &why);
  if (code == EXIT_FINE) code = facts_gather(&run.all);
  if (code == EXIT_FINE) code = fetch_policy(&run);
  if (code == EXIT_FINE) {
    run.tallies = calloc(run.all.unit_count + 1, sizeof *run.tallies);
    must(run.tallies != NULL);
    for (size_t i = 0; i < run.all.mark_count; i++) count_mark(&run, &run.all.marks[i]);
    if (why) print_why(&run);
    else print_cards(&run);
    if (why) say_total(&run);
    say_policy(&run);
  }
  free(run.tallies);
  free(run.policy);
  facts_free(&run.all);
  return code;
}
