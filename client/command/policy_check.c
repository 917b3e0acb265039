/* policy_check.c - `policy check`: the errors of a policy, its gaps, and the longest time from a report to an accountability
 * proposal; no daemon. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/command/language.h"
#include "client/command/policy.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "rectify/must.h"
#include "rehearse/gaps.h"
#include "rehearse/longest.h"
#include "rehearse/posts.h"

static const struct column columns[] = {
    {"file", "file", "文件", COLUMN_MACHINE},
    {"kind", "kind", "类别", 0},
    {"idle", "if nobody acts", "无人处理", 0},
    {"idle_wd", "", "", COLUMN_NUMBER | COLUMN_MACHINE},
    {"idle_hours", "", "", COLUMN_NUMBER | COLUMN_MACHINE},
    {"capped", "by the caps", "用尽上限", 0},
    {"capped_wd", "", "", COLUMN_NUMBER | COLUMN_MACHINE},
    {"uncapped", "without a cap", "无上限", 0},
    {"route", "route", "分派", COLUMN_NUMBER},
    {"way", "the longest way if nobody acts", "无人处理时的最长路径", 0},
};

/* The words of enum longest_open, and what they mean. */
static const struct {
  uint32_t bit;
  const char *name, *text;
} opens[] = {
    {OPEN_REWORK, "rework",
     "rectifying > verifying > rectifying: where a track has no rework_max, verification may fail any number of times"},
    {OPEN_VERIFIER, "verifier",
     "a verifier who does not answer: the clock of 'rectify' stands still, and the ladder of 'verify' only tells"},
    {OPEN_OFFICE, "office", "an office that does not say whose case it is: its ladder only tells"},
    {OPEN_HOLD, "hold", "holds one after the other, each within hold.max"},
};

static const char *longest_text(const struct longest *longest, char out[64]) {
  if (!longest->routed) (void)snprintf(out, 64, "-");
  else if (!longest->bounded) (void)snprintf(out, 64, "never");
  else if (longest->hours > 0) (void)snprintf(out, 64, "%dh (at most %dwd)", longest->hours, longest->wd);
  else (void)snprintf(out, 64, "%dwd", longest->wd);
  return out;
}

static const char *way_text(const struct longest *longest, char out[160]) {
  int used = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < longest->path_count; i++)
    used += snprintf(out + used, 160 - (size_t)used, "%s%s", i > 0 ? " > " : "", word_name(words_track, longest->path[i]));
  if (longest->routed && !longest->bounded)
    (void)snprintf(out + used, 160 - (size_t)used, "%s for ever", used > 0 ? "" : "with the office");
  return out;
}

static const char *open_text(uint32_t open, char out[64]) {
  int used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < sizeof opens / sizeof *opens; i++)
    if ((open & opens[i].bit) != 0) used += snprintf(out + used, 64 - (size_t)used, "%s%s", used > 0 ? " " : "", opens[i].name);
  return out;
}

static void wd_cell(struct sheet *sheet, const struct longest *longest) {
  if (longest->routed && longest->bounded) sheet_number(sheet, longest->wd);
  else sheet_nothing(sheet);
}

static void row(struct sheet *sheet, const char *file, const char *kind, const struct longest_kind *found) {
  char text[64], way[160];
  sheet_string(sheet, file);
  sheet_string(sheet, kind);
  sheet_string(sheet, longest_text(&found->idle, text));
  wd_cell(sheet, &found->idle);
  if (found->idle.hours > 0) sheet_number(sheet, found->idle.hours);
  else sheet_nothing(sheet);
  sheet_string(sheet, longest_text(&found->capped, text));
  wd_cell(sheet, &found->capped);
  sheet_string(sheet, open_text(found->open, text));
  if (found->idle.route != 0) sheet_number(sheet, found->idle.route);
  else sheet_nothing(sheet);
  sheet_string(sheet, way_text(&found->idle, way));
}

static struct sheet *open_sheet(const struct session *session) {
  return sheet_open(session, stdout, columns, sizeof columns / sizeof *columns);
}

static uint32_t say_longest(const struct session *session, struct sheet *sheet, const struct policy_file *file) {
  const struct policy *policy = file->policy;
  uint32_t open = 0;
  for (uint32_t kind = 1; kind <= KIND_COUNT; kind++) {
    struct longest_kind found;
    longest_of_kind(policy, kind, &found);
    row(sheet, file->path, say_word(session, words_kind, kind), &found);
    open |= found.open;
  }
  struct longest_kind nobody = {.idle = {.routed = true}};
  longest_unrouted(policy, &nobody.capped, &nobody.open);
  row(sheet, file->path, session->format == FORMAT_TABLE ? _("(with the office)") : "unrouted",
      &nobody);
  return open | nobody.open;
}

/* "FILE:LINE:COLUMN" of what the gap is about, or "FILE". */
static void say_place(const struct policy_file *file, const struct gap *gap) {
  uint32_t line = 0, column = 0;
  switch ((enum gap_place)gap->place) {
    case GAP_FILE: break;
    case GAP_ROUTE: line = file->places.routes[gap->index].line, column = file->places.routes[gap->index].column; break;
    case GAP_TRACK: line = file->places.tracks[gap->index].line, column = file->places.tracks[gap->index].column; break;
    case GAP_LADDER: line = file->places.ladders[gap->index].line, column = file->places.ladders[gap->index].column; break;
  }
  if (line == 0) (void)fprintf(stderr, "%s", file->path);
  else (void)fprintf(stderr, "%s:%u:%u", file->path, line, column);
}

/* Errors and warnings go where the parser's go; how many errors there are. */
static uint32_t say_gaps(const struct policy_file *file, const struct gaps *gaps) {
  uint32_t errors = 0;
  for (uint32_t i = 0; i < gaps->count; i++) {
    say_place(file, &gaps->rows[i]);
    (void)fprintf(stderr, ": %s: %s\n", gaps->rows[i].error ? "error" : "warning", gaps->rows[i].text);
    errors += gaps->rows[i].error;
  }
  return errors;
}

static void say_notes(uint32_t open) {
  (void)puts(_("\nWorking days from the day of the report to the day at whose end accountability is proposed, at most.\n"
             "By the caps: every bounce, extension, stage and counted rework used up, answers on the last day.\n"
             "Without a cap, and in no figure:"));
  for (size_t i = 0; i < sizeof opens / sizeof *opens; i++)
    if ((open & opens[i].bit) != 0) (void)printf("  %-9s%s\n", opens[i].name, opens[i].text);
  (void)puts(_("  (always) merging and taking out again, closing and opening again, another policy: each starts a limit anew"));
}

/* ---- the people ---- */

enum { CHECK_REGISTRY, CHECK_ON };
const struct flag policy_check_flags[] = {
    {"registry", 0, "FILE", "also look whether this registry has the units and people that the policy counts on", NULL},
    {"on", 0, "DATE", "the day on which to look (today)", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static int check_people(const struct policy *policy, const char *path, day_t day, struct gaps *gaps) {
  struct document_report report = {0, NULL};
  uint32_t zone_count = 0;
  size_t length;
  char *text = policy_read(path, &length);
  if (text == NULL) return EXIT_INPUT;
  struct calendar_set *calendars = calendar_set_open();
  struct zone *zones = calloc(ZONES_MAX, sizeof *zones);
  must(zones != NULL);
  struct registry *registry =
      registry_parse(path, text, length, NULL, calendars->rows, calendars->count, zones, &zone_count, &report);
  policy_say(&report);
  if (registry != NULL) policy_posts(policy, registry, day, gaps);
  int code = registry != NULL ? EXIT_FINE : EXIT_DOCUMENT;
  registry_free(registry);
  free(zones);
  calendar_set_close(calendars);
  free(text);
  return code;
}

/* ---- */

/* What is asked of each file. */
struct asked {
  const char *registry; /* NULL: not of the people */
  day_t day;
  struct sheet *sheet; /* for machines one of all files; NULL for a table: a person gets one for each */
};

static void say_table(const struct session *session, const struct policy_file *file) {
  struct sheet *sheet = open_sheet(session);
  uint32_t open = say_longest(session, sheet, file);
  (void)sheet_close(sheet);
  say_notes(open);
}

static int check(const struct session *session, const struct policy_file *file, const struct asked *asked) {
  static struct gaps gaps;
  const struct policy *policy = file->policy;
  policy_gaps(policy, &gaps);
  int code = asked->registry != NULL ? check_people(policy, asked->registry, asked->day, &gaps) : EXIT_FINE;
  const uint32_t errors = say_gaps(file, &gaps);
  if (asked->sheet == NULL)
    (void)printf("%s: %s (%u routes, %u ladders, %u errors, %u warnings)\n\n", file->path,
                 errors == 0 ? "ok" : "not fit to be published", policy->route_count, policy->ladder_count, errors,
                 gaps.count - errors);
  (void)fflush(stdout);
  if (asked->sheet == NULL) say_table(session, file);
  else (void)say_longest(session, asked->sheet, file);
  return errors == 0 ? code : EXIT_DOCUMENT;
}

/* All files are checked, whatever the first ones give; the worst code is returned. */
static int check_files(const struct session *session, char **paths, struct asked *asked) {
  int code = EXIT_FINE;
  if (session->format != FORMAT_TABLE) asked->sheet = open_sheet(session);
  for (char **path = paths; *path != NULL; path++) {
    struct policy_file file;
    int got = policy_file_open(*path, &file);
    if (path != paths && asked->sheet == NULL) (void)putchar('\n');
    if (got == EXIT_FINE) {
      got = check(session, &file, asked);
      policy_file_close(&file);
    }
    if (got > code) code = got;
  }
  if (asked->sheet != NULL) (void)sheet_close(asked->sheet);
  return code;
}

static day_t today(void) { return (day_t)(time(NULL) / (24 * 60 * 60)); }

int policy_check_run(struct session *session, struct arguments *arguments) {
  struct asked asked = {.day = today()};
  int code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code;
    if (option == CHECK_REGISTRY) asked.registry = optarg;
    if (option == CHECK_ON && !workday_parse(optarg, strlen(optarg), &asked.day))
      return complain_usage(arguments->verb, "--on wants a date such as 2026-03-02, not '%s'", optarg);
  }
  code = arguments_words(arguments, 1, FILES_MAX);
  return code == EXIT_FINE ? check_files(session, arguments->argv + optind, &asked) : code;
}
