/* told.c - whatever a spec plays can be told, foretold and counted: its history, what comes next and what it counts for, of every case,
 * in both languages.  The words are tests/unit/test_story.c's to ask; here all histories must be told to their end. */
#include <string.h>

#include "core/text.h"
#include "rectify/explain.h"
#include "rectify/grade.h"
#include "tests/spec/spec.h"

#define STEPS 8
#define LINE_BYTES_MAX 512

struct ear {
  struct play *play;
  const char *name, *what;
  uint32_t lines;
};

static void hear(void *context, const char *line) {
  struct ear *ear = context;
  ear->lines++;
  if (strlen(line) >= LINE_BYTES_MAX) play_fail(ear->play, "%s: a line of the %s is too long", ear->name, ear->what);
  if (strstr(line, "cut here") != NULL || strstr(line, "#0") != NULL) play_fail(ear->play, "%s: the %s says: %s", ear->name, ear->what, line);
}

static void tell_story(struct play *play, const struct spec_case *found, bool zh) {
  struct story story;
  struct ear ear = {play, found->name, "history", 0};
  story_begin(&story, &play->city->world, &found->state, zh, hear, &ear);
  uint32_t before = ear.lines, events = 0;
  for (uint32_t i = 0; i < play->event_count; i++) {
    if (play->events[i].case_no != found->state.case_no) continue;
    story_event(&story, &play->events[i], "a remark", play->events[i].has_text ? 8 : 0);
    events++;
  }
  story_end(&story, play->now);
  if (events > 0 && ear.lines == before) play_fail(play, "%s: %u events, and nothing is told of them", found->name, events);
}

static void foretell(void *context, const struct event *event, const struct case_state *after) { outlook_event(context, event, after); }

static void tell_outlook(struct play *play, const struct spec_case *found, bool zh) {
  struct outlook outlook;
  struct ear ear = {play, found->name, "outlook", 0};
  outlook_begin(&outlook, &play->city->world, &found->state, zh, hear, &ear);
  case_forecast(&play->city->world, &found->state, play->now, INSTANT_NONE, STEPS, foretell, &outlook);
  outlook_end(&outlook);
  if (ear.lines < outlook.steps + 1) play_fail(play, "%s: %u steps foretold in %u lines", found->name, outlook.steps, ear.lines);
  if (status_is_open(found->state.status) && outlook.steps == 0) play_fail(play, "%s: open, and nothing will happen", found->name);
}

/* Each day is charged once, to a holder and to a status. */
static void count(struct play *play, const struct spec_case *found) {
  struct facts facts = {0};
  struct case_state before = {0}, after = {0};
  for (uint32_t i = 0; i < play->event_count; i++) {
    if (play->events[i].case_no != found->state.case_no || !case_apply(&after, &play->events[i])) continue;
    facts_step(&facts, &play->city->world, &before, &play->events[i], i, &after);
    before = after;
  }
  facts_end(&facts, &play->city->world, &after, play->now);
  int32_t holders = 0, statuses = 0;
  for (uint32_t i = 1; i <= HOLDER_COUNT; i++) holders += facts.holders.days[i];
  for (uint32_t i = 0; i <= STATUS_COUNT; i++) statuses += facts.status_days[i];
  if (holders != statuses) play_fail(play, "%s: %d days by holder, %d by status", found->name, holders, statuses);
  if (facts.marks_lost != 0) play_fail(play, "%s: what counts was lost", found->name);
}

void play_check_told(struct play *play) {
  uint32_t clock;
  for (uint32_t i = 0; i < play->case_count; i++) {
    const struct spec_case *found = &play->cases[i];
    const usec_t due = case_due(&found->state, &clock);
    if ((due != 0) != (clock != 0)) play_fail(play, "%s: a date of no clock", found->name);
    for (int zh = 0; zh < 2; zh++) {
      tell_story(play, found, zh);
      tell_outlook(play, found, zh);
    }
    count(play, found);
  }
}
