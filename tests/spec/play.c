/* play.c - the shell of the specs: virtual time, numbered keys, events in memory. */
#include <stdarg.h>

#include "tests/spec/spec.h"

void play_fail(struct play *play, const char *format, ...) {
  va_list arguments;
  play->failed = true;
  printf("# %s:%d: ", play->file, play->line);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
}

void play_close(struct play *play) {
  city_close(play->city);
  free(play->events);
  play->city = NULL;
  play->events = NULL;
}

struct spec_case *play_case(struct play *play, const char *name) {
  for (uint32_t i = 0; i < play->case_count; i++)
    if (strcmp(play->cases[i].name, name) == 0) return &play->cases[i];
  return NULL;
}

static void record(struct play *play, const struct event *event) {
  if (play->event_count == play->event_room) {
    play->event_room = play->event_room == 0 ? 64 : play->event_room * 2;
    play->events = realloc(play->events, play->event_room * sizeof *play->events);
    if (play->events == NULL) exit(2);
  }
  for (uint32_t i = 0; i < play->event_count; i++)
    if (memcmp(&play->events[i].key, &event->key, sizeof event->key) == 0) play_fail(play, "a key was used twice");
  play->events[play->event_count++] = *event;
}

static bool move_exists(uint32_t command, uint32_t from, uint32_t to) {
  for (uint32_t i = 0; i < lifecycle_move_count; i++)
    if (lifecycle_moves[i].command == command && lifecycle_moves[i].from == from && lifecycle_moves[i].to == to)
      return true;
  return false;
}

/* What holds after every event, whatever the spec is about. */
static void check_case(struct play *play, const struct case_state *before, const struct spec_case *found) {
  const struct case_state *state = &found->state;
  const struct event *event = &play->decision.event;
  if (status_is_open(state->status) && state->accountable == 0)
    play_fail(play, "%s: nobody is accountable", found->name);
  if (status_is_open(state->status) && case_next_fire(state, NULL) == INSTANT_NONE)
    play_fail(play, "%s: no timer runs", found->name);
  if (!status_is_open(state->status) && case_next_fire(state, NULL) != INSTANT_NONE)
    play_fail(play, "%s: a timer runs on a closed case", found->name);
  if (!rule_refuses(event->rule) && !move_exists(event->command, before->status, state->status))
    play_fail(play, "%s: move.def knows no %s from %s to %s", found->name, word_name(words_command, event->command),
              word_name(words_status, before->status), word_name(words_status, state->status));
}

struct spec_case *play_command(struct play *play, struct spec_case *found, const char *name,
                               const struct command *command) {
  struct case_state before = {0};
  if (found != NULL) before = found->state;
  case_decide(&play->city->world, found != NULL ? &found->state : NULL, command, play->now, play->case_count + 1,
              &play->decision);
  const struct event *event = &play->decision.event;
  if (!play->decision.record) return found;
  record(play, event);
  if (event->case_no == 0) return found;
  if (found == NULL) {
    if (play->case_count == SPEC_CASES_MAX) exit(2);
    found = &play->cases[play->case_count++];
    snprintf(found->name, sizeof found->name, "%s", name);
  }
  if (!case_apply(&found->state, event)) play_fail(play, "%s: the event does not follow", found->name);
  check_case(play, &before, found);
  return found;
}

void play_until(struct play *play, usec_t until, bool outage) {
  if (until < play->now) play_fail(play, "time does not go back");
  for (;;) {
    struct spec_case *next = NULL;
    uint32_t slot = 0, index = 0;
    usec_t fire = INSTANT_NONE;
    for (uint32_t i = 0; i < play->case_count; i++) {
      usec_t at = case_next_fire(&play->cases[i].state, &index);
      if (at >= fire) continue;
      fire = at;
      slot = index;
      next = &play->cases[i];
    }
    if (next == NULL || fire > until) break;
    struct command command;
    case_rung_command(&next->state, slot, &command);
    if (outage) play->now = until;
    else if (fire > play->now) play->now = fire;
    play_command(play, next, NULL, &command);
    if (play->decision.rule != RULE_RUNG_FIRED) {
      play_fail(play, "%s: a due rung gave rule %u", next->name, play->decision.rule);
      return;
    }
  }
  play->now = until;
}

void play_check_fold(struct play *play) {
  for (uint32_t i = 0; i < play->case_count; i++) {
    struct case_state state = {0};
    for (uint32_t k = 0; k < play->event_count; k++)
      if (play->events[k].case_no == play->cases[i].state.case_no && !case_apply(&state, &play->events[k]))
        play_fail(play, "%s: event %u does not fold", play->cases[i].name, play->events[k].version);
    if (memcmp(&state, &play->cases[i].state, sizeof state) != 0)
      play_fail(play, "%s: the fold of the events is not the case", play->cases[i].name);
  }
}
