/* describe.c - the parts of a policy in words: describe.h. */
#include "rehearse/describe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *line, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(line->text + line->used, sizeof line->text - line->used, format, arguments);
  va_end(arguments);
  if (size > 0) line->used += (uint32_t)size;
  if (line->used >= sizeof line->text) line->used = sizeof line->text - 1;
}

struct line describe_span(struct span span) {
  struct line line = {0};
  if (span.unit == SPAN_NONE) add(&line, "none");
  else add(&line, "%d%s", span.count, span.unit == SPAN_WD ? "wd" : "h");
  return line;
}

struct line describe_count(int64_t count) {
  struct line line = {0};
  if (count == 0) add(&line, "none");
  else add(&line, "%lld", (long long)count);
  return line;
}

struct line describe_truth(bool truth) {
  struct line line = {0};
  add(&line, truth ? "true" : "false");
  return line;
}

struct line describe_word(const struct word *table, uint32_t number) {
  struct line line = {0};
  add(&line, "%s", number != 0 ? word_name(table, number) : "none");
  return line;
}

/* "WHAT a or b" for the bits that are set. */
static void add_words(struct line *line, const char *what, const struct word *table, uint32_t bits, const char *joint) {
  const char *between = what;
  for (const struct word *word = table; word->name != NULL; word++) {
    if ((bits >> word->number & 1u) == 0) continue;
    add(line, "%s%s", between, word->name);
    between = joint;
  }
}

static void add_text(struct line *line, const char *what, const char *text) {
  if (*text != '\0') add(line, "%s%s %s", line->used > 0 ? ", " : "", what, text);
}

struct line describe_route(const struct route *route) {
  struct line line = {0};
  add_words(&line, "kind ", words_kind, route->kinds, " or ");
  add_words(&line, line.used > 0 ? ", severity " : "severity ", words_severity, route->severities, " or ");
  add_text(&line, "category", route->category);
  add_text(&line, "code", route->code_prefix);
  add_text(&line, "unit", route->unit);
  add_text(&line, "inspection", route->inspection);
  add_text(&line, "text", route->text);
  if (route->recurrence_min > 0) add(&line, "%s%u earlier same problems", line.used > 0 ? ", " : "", route->recurrence_min);
  if (route->same_kind_min > 0) add(&line, "%s%u earlier of the same kind", line.used > 0 ? ", " : "", route->same_kind_min);
  add(&line, "%s: %s", line.used > 0 ? "" : "anything", word_name(words_track, route->track));
  for (uint32_t clock = 1; clock <= CLOCK_COUNT; clock++)
    if (route->limits[clock].unit != SPAN_NONE)
      add(&line, ", %s %s", word_name(words_clock, clock), describe_span(route->limits[clock]).text);
  if (route->responsible == ROLE_PRINCIPAL) add(&line, ", responsible principal");
  for (uint32_t i = 0; i < route->co_unit_count; i++) add(&line, "%s%s", i == 0 ? ", with " : " and ", route->co_units[i]);
  add_words(&line, ", copy to ", words_recipient, route->copies, " and ");
  return line;
}

struct line describe_rung(const struct rung *rung) {
  struct line line = {0};
  if (rung->notice != NOTICE_NONE) add(&line, "%s", word_name(words_notice, rung->notice));
  add_words(&line, " to ", words_recipient, rung->recipients, " and ");
  add_words(&line, ", copy to ", words_recipient, rung->copies, " and ");
  if (rung->light != LIGHT_NONE) add_text(&line, "light", word_name(words_light, rung->light));
  if (rung->edge != EDGE_NONE) add_text(&line, "move", word_name(words_edge, rung->edge));
  if (rung->propose) add(&line, "%spropose", line.used > 0 ? ", " : "");
  add_words(&line, " if ", words_condition, rung->conditions, " and ");
  add_words(&line, " unless ", words_condition, rung->unless, " or ");
  if (rung->every.unit != SPAN_NONE) add(&line, ", every %s", describe_span(rung->every).text);
  return line;
}
