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

struct spec_case *play_case_numbered(struct play *play, uint64_t case_no) {
  for (uint32_t i = 0; i < play->case_count; i++)
    if (play->cases[i].state.case_no == case_no) return &play->cases[i];
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
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && state->clocks[i].kind != 0; i++)
    if (!status_is_open(state->status) && state->clocks[i].state == CLOCK_RUNNING &&
        state->clocks[i].kind != CLOCK_LOOK_BACK && state->clocks[i].kind != CLOCK_DECISION)
      play_fail(play, "%s: a timer runs on a closed case", found->name);
  if (!rule_refuses(event->rule) && !move_exists(event->command, before->status, state->status))
    play_fail(play, "%s: move.def knows no %s from %s to %s", found->name, word_name(words_command, event->command),
              word_name(words_status, before->status), word_name(words_status, state->status));
}

static struct fresh fresh_numbers(struct play *play) {
  int32_t year, month, day;
  workday_civil(zone_day_of(world_zone(&play->city->world, 0), play->now), &year, &month, &day);
  if (play->order_year != (uint32_t)year) play->order_serial = 0;
  play->order_year = (uint32_t)year;
  return (struct fresh){play->case_count + 1, play->order_year, play->order_serial + 1};
}

static void follow_up(struct play *play, const struct spec_case *cause);

/* The days that a case was open are charged, all of them and each once. */
static void charge(struct play *play, struct spec_case *found) {
  const struct world *world = &play->city->world;
  attribution_step(&found->attribution, &world->calendars[0], world_zone(world, 0), &found->state, play->now);
  int32_t total = 0;
  for (uint32_t i = 1; i <= HOLDER_COUNT; i++) total += found->attribution.days[i];
  const struct zone *zone = world_zone(world, 0);
  int32_t all = workday_between(&world->calendars[0], zone_day_of(zone, found->state.opened - 1), zone_day_of(zone, play->now - 1));
  found->was_closed |= !status_is_open(found->state.status);
  if (!found->was_closed && play->city->world.calendar_version == 1 && total != all)
    play_fail(play, "%s: %d days are charged, %d have passed", found->name, total, all);
}

struct spec_case *play_command(struct play *play, struct spec_case *found, const char *name,
                               const struct command *command) {
  struct case_state before = {0};
  if (found != NULL) before = found->state;
  const struct fresh fresh = fresh_numbers(play);
  case_decide(&play->city->world, found != NULL ? &found->state : NULL, command, play->now, &fresh, &play->decision);
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
  if (event->order_serial != 0) play->order_serial = event->order_serial;
  check_case(play, &before, found);
  charge(play, found);
  if (!rule_refuses(event->rule)) follow_up(play, found);
  return found;
}

/* As the daemon does: what follows is decided right after it. */
static void follow_up(struct play *play, const struct spec_case *cause) {
  const struct decision decision = play->decision;
  const struct case_state after = cause->state;
  struct command command;
  struct finding finding;
  for (uint32_t i = 0; case_follow_up(&play->city->world, &after, &decision.event, i, &command, &finding); i++) {
    char name[64] = "";
    struct spec_case *on = play_case_numbered(play, command.case_no);
    if (command.kind == COMMAND_SPAWN) {
      struct spec_case *parent = play_case_numbered(play, command.other);
      snprintf(name, sizeof name, "%.20s.%u", parent->name, ++parent->children);
      command.other_state = &parent->state;
    } else if (on == NULL) {
      continue;
    }
    play_command(play, on, name, &command);
    if (rule_refuses(play->decision.rule)) play_fail(play, "what follows was refused: rule %u", play->decision.rule);
  }
  play->decision = decision;
}

void play_review(struct play *play) {
  for (uint32_t i = 0; i < play->case_count; i++) {
    struct command command;
    if (case_next_fire(&play->cases[i].state, NULL) == INSTANT_NONE) continue;
    case_review_command(&play->city->world, &play->cases[i].state, &command);
    play_command(play, &play->cases[i], NULL, &command);
  }
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
    if (rule_refuses(play->decision.rule)) {
      play_fail(play, "%s: a due rung gave rule %u", next->name, play->decision.rule);
      return;
    }
  }
  play->now = until;
}

void play_as_of(const struct play *play, const struct spec_case *found, usec_t instant, struct spec_case *out) {
  *out = *found;
  out->state = (struct case_state){0};
  for (uint32_t i = 0; i < play->event_count; i++)
    if (play->events[i].case_no == found->state.case_no && play->events[i].recorded <= instant)
      case_apply(&out->state, &play->events[i]);
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
