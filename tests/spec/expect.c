/* expect.c - what can be expected of a case and of the last decision, and how they are shown. */
#include <stdarg.h>

#include "tests/spec/spec.h"

struct look {
  const struct play *play;
  const struct case_state *state; /* all zero when there is no case */
  const struct event *event;      /* the last decision's, or the last one of a case that was not decided on */
  char **words;
  uint32_t count;
};

static const char *officer_code(const struct play *play, uint32_t officer) {
  return officer == 0 || officer > play->city->registry->officer_count ? "nobody"
                                                                      : play->city->registry->officers[officer].code;
}

static bool is(const struct look *look, uint32_t at, const char *word) {
  return at < look->count && strcmp(look->words[at], word) == 0;
}

static bool is_code(const struct look *look, uint32_t officer) {
  return look->count == 2 && is(look, 1, officer_code(look->play, officer));
}

static bool is_number(const struct look *look, uint32_t number) {
  return look->count == 2 && strtoul(look->words[1], NULL, 10) == number;
}

/* The last day that is in time, or the exact instant when a time of day is given. */
static bool is_due(const struct look *look, usec_t due, const char *text) {
  char day[11];
  if (due == 0) return false;
  if (strchr(text, 'T') != NULL) return city_instant(look->play->city, text) == due;
  workday_format(zone_day_of(world_zone(&look->play->city->world, look->state->unit), due - 1), day);
  return strcmp(day, text) == 0;
}

static bool clock_is_due(const struct look *look, uint32_t kind, const char *text) {
  const struct case_clock *clock = case_clock_of(look->state, kind);
  return clock != NULL && is_due(look, clock->due, text);
}

static bool has_notice(const struct look *look, uint32_t kind) {
  const struct event *event = look->event;
  for (uint32_t i = 0; i < event->notice_count; i++) {
    const struct notice_out *notice = &event->notices[i];
    if (notice->kind == kind && is(look, 2, officer_code(look->play, notice->officer)) &&
        notice->copy == is(look, 3, "copy") &&
        (is(look, 3, "for") ? is(look, 4, officer_code(look->play, notice->instead_of)) : notice->instead_of == 0))
      return true;
  }
  return false;
}

static bool clock_is(const struct look *look, uint32_t kind) {
  const struct case_clock *clock = case_clock_of(look->state, kind);
  if (is(look, 1, "none")) return clock == NULL;
  if (is(look, 1, "running")) return clock != NULL && clock->state == CLOCK_RUNNING;
  if (is(look, 1, "paused")) return clock != NULL && clock->state == CLOCK_PAUSED;
  return is(look, 1, "due") && look->count == 3 && clock_is_due(look, kind, look->words[2]);
}

/* Words of the tables; *known is whether it was one. */
static bool is_word(const struct look *look, bool *known) {
  const char *word = look->words[0];
  const size_t length = strlen(word);
  const struct case_state *state = look->state;
  uint32_t number;
  *known = true;
  if (look->count == 1 && (number = word_number(words_status, word, length)) != 0) return state->status == number;
  if (look->count == 1 && (number = word_number(words_track, word, length)) != 0) return state->track == number;
  if (look->count == 1 && (number = word_number(words_light, word, length)) != 0) return state->light == number;
  if (is(look, 1, "to") && (number = word_number(words_notice, word, length)) != 0) return has_notice(look, number);
  if (look->count > 1 && (number = word_number(words_clock, word, length)) != 0) return clock_is(look, number);
  *known = false;
  return false;
}

static bool is_decision(const struct look *look, bool *known) {
  const struct event *event = look->event;
  *known = true;
  if (is(look, 0, "refused")) return rule_refuses(event->rule);
  if (is(look, 0, "rule")) return is_number(look, event->rule);
  if (is(look, 0, "unrecorded")) return !look->play->decision.record;
  if (is(look, 0, "edge") && event->edge == 0) return is(look, 1, "none");
  if (is(look, 0, "edge")) return is(look, 1, word_name(words_edge, event->edge));
  if (is(look, 0, "notices")) return is_number(look, event->notice_count);
  *known = false;
  return false;
}

static bool is_flag(const struct look *look, bool *known) {
  static const struct {
    const char *name;
    uint32_t flag;
  } flags[] = {{"endorsed", CASE_ENDORSED},
               {"provisional", CASE_PROVISIONAL},
               {"proposed", CASE_ACCOUNTABILITY},
               {"restricted", CASE_RESTRICTED},
               {"held", CASE_HELD},
               {"planned", CASE_PLAN_APPROVED},
               {"talked", CASE_TALKED},
               {"rule_issued", CASE_RULE_ISSUED},
               {"order_signed", CASE_ORDER_SIGNED},
               {"stated", CASE_STATED},
               {"decided", CASE_DECIDED},
               {"appealed", CASE_APPEALED},
               {"swept", CASE_SWEPT},
               {"withdrawing", CASE_WITHDRAWAL},
               {"shared", CASE_EVIDENCE_SHARED},
               {"rule_failed", CASE_RULE_FAILED},
               {"reopened", CASE_REOPENED}};
  const bool negated = is(look, 0, "not");
  *known = true;
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (is(look, negated, flags[i].name)) return ((look->state->flags & flags[i].flag) != 0) != negated;
  *known = false;
  return false;
}

static bool is_case(const struct look *look, uint64_t case_no) {
  if (is(look, look->count - 1, "none")) return case_no == 0;
  for (uint32_t i = 0; i < look->play->case_count; i++)
    if (look->play->cases[i].state.case_no == case_no) return is(look, look->count - 1, look->play->cases[i].name);
  return false;
}

static bool is_order(const struct look *look) {
  char number[32];
  snprintf(number, sizeof number, "%u-%u", look->state->order_year, look->state->order_serial);
  return look->count == 2 && (is(look, 1, "none") ? look->state->order_serial == 0 : is(look, 1, number));
}

/* Facts of the wider workflow. */
static bool is_wide_fact(const struct look *look, bool *known) {
  const struct case_state *state = look->state;
  *known = true;
  if (is(look, 0, "bounces")) return is_number(look, state->bounces);
  if (is(look, 0, "children")) return is_number(look, state->children);
  if (is(look, 0, "extensions")) return is_number(look, state->extensions);
  if (is(look, 0, "extended")) return is_number(look, state->extended);
  if (is(look, 0, "measures")) return is_number(look, state->measures);
  if (is(look, 0, "policy")) return is_number(look, state->policy_version);
  if (is(look, 0, "subject")) return is_code(look, state->subject);
  if (is(look, 0, "form")) return is(look, 1, word_name(words_form, state->form));
  if (is(look, 0, "origin")) return is(look, 1, word_name(words_origin, state->origin));
  if (is(look, 0, "parent")) return is_case(look, state->parent);
  if (is(look, 0, "about")) return is_case(look, state->finding_of);
  if (is(look, 0, "merged") && is(look, 1, "into")) return is_case(look, state->merged_into);
  if (is(look, 0, "order")) return is_order(look);
  if (is(look, 0, "holder")) return is(look, 1, word_name(words_holder, case_holder(state)));
  if (is(look, 0, "for")) return is_code(look, look->event->on_behalf);
  if (is(look, 0, "relation")) /* "relation absorbed F2" */
    return is(look, 1, word_name(words_relation, look->event->relation)) && is_case(look, look->event->other);
  *known = false;
  return false;
}

/* "charged unit 5": so many working days so far. */
static bool is_charged(const struct look *look, const struct spec_case *found) {
  uint32_t holder = look->count == 3 ? word_number(words_holder, look->words[1], strlen(look->words[1])) : 0;
  if (holder == 0 || found == NULL) return false;
  const struct world *world = &look->play->city->world;
  struct attribution attribution = found->attribution;
  attribution_step(&attribution, &world->calendars[0], world_zone(world, 0), &found->state, look->play->now);
  return attribution.days[holder] == (int32_t)strtol(look->words[2], NULL, 10);
}

static bool is_fact(const struct look *look, bool *known) {
  const struct case_state *state = look->state;
  *known = true;
  if (is(look, 0, "due")) return look->count == 2 && clock_is_due(look, CLOCK_RECTIFY, look->words[1]);
  if (is(look, 0, "first") && is(look, 1, "due"))
    return look->count == 3 && is_due(look, state->first_due, look->words[2]);
  if (is(look, 0, "accountable")) return is_code(look, state->accountable);
  if (is(look, 0, "handler")) return is_code(look, state->handler);
  if (is(look, 0, "verifier")) return is_code(look, state->verifier);
  if (is(look, 0, "unit")) return is(look, 1, state->unit == 0 ? "none" : look->play->city->registry->units[state->unit].code);
  if (is(look, 0, "rework")) return is_number(look, state->rework);
  if (is(look, 0, "evidence")) return is_number(look, state->evidence_count);
  if (is(look, 0, "route")) return is_number(look, state->route);
  if (is(look, 0, "version")) return is_number(look, state->version);
  if (is(look, 0, "next"))
    return look->count == 2 && case_next_fire(state, NULL) == city_instant(look->play->city, look->words[1]);
  *known = false;
  return false;
}

static const struct event *event_of(const struct play *play, const struct spec_case *found) {
  if (found == NULL || play->decision.event.case_no == found->state.case_no) return &play->decision.event;
  for (uint32_t i = play->event_count; i-- > 0;)
    if (play->events[i].case_no == found->state.case_no) return &play->events[i];
  return &play->decision.event;
}

static uint32_t split(char *text, char **words) {
  uint32_t count = 0;
  char *rest = NULL;
  char *word = strtok_r(text, " ", &rest);
  for (; word != NULL && count < SPEC_WORDS_MAX; word = strtok_r(NULL, " ", &rest)) words[count++] = word;
  return count;
}

static void expect_one(struct play *play, struct spec_case *found, char *text, bool *refused) {
  static bool (*const asks[])(const struct look *look, bool *known) = {is_decision, is_flag, is_fact, is_wide_fact, is_word};
  static const struct case_state no_case;
  char *words[SPEC_WORDS_MAX], shown[SPEC_LINE_MAX], instead[SPEC_LINE_MAX];
  snprintf(shown, sizeof shown, "%s", text);
  struct look look = {.play = play,
                      .state = found != NULL ? &found->state : &no_case,
                      .event = event_of(play, found),
                      .words = words,
                      .count = split(text, words)};
  bool known = false, holds = false;
  if (look.count == 0) return;
  if (is(&look, 0, "refused")) *refused = true;
  for (size_t i = 0; i < sizeof asks / sizeof *asks && !known; i++) holds = asks[i](&look, &known);
  if (is(&look, 0, "charged")) {
    known = true;
    holds = is_charged(&look, found);
  }
  if (holds) return;
  describe_case(play, found, instead, sizeof instead);
  if (known) play_fail(play, "expected '%s', got %s", shown, instead);
  else play_fail(play, "nothing like '%s' can be expected", shown);
}

/* What stands in parentheses is for the reader. */
static void cut_asides(char *text) {
  char *out = text;
  bool aside = false;
  for (const char *at = text; *at != '\0'; at++) {
    if (*at == '(') aside = true;
    if (!aside) *out++ = *at;
    if (*at == ')') aside = false;
  }
  *out = '\0';
}

void expect(struct play *play, struct spec_case *found, char *text, bool *refused) {
  char *rest = NULL;
  cut_asides(text);
  for (char *one = strtok_r(text, ",", &rest); one != NULL; one = strtok_r(NULL, ",", &rest))
    expect_one(play, found, one, refused);
}

/* ---- showing ---- */

struct line {
  char *out;
  size_t size, used;
};

static void put(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *line, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line->out + line->used, line->size - line->used, format, arguments);
  va_end(arguments);
  if (length > 0) line->used += (size_t)length;
  if (line->used >= line->size) line->used = line->size - 1;
}

static void put_instant(struct line *line, const struct zone *zone, usec_t instant) {
  char day[11];
  day_t date = zone_day_of(zone, instant);
  int minutes = (int)((instant - zone_day_start(zone, date)) / (60 * USEC_PER_SECOND));
  workday_format(date, day);
  put(line, "%sT%02d:%02d", day, minutes / 60, minutes % 60);
}

static void put_notices(struct line *line, const struct play *play, const struct event *event) {
  for (uint32_t i = 0; i < event->notice_count; i++) {
    const struct notice_out *notice = &event->notices[i];
    put(line, "; %s to %s%s", word_name(words_notice, notice->kind), officer_code(play, notice->officer),
        notice->copy ? " copy" : "");
  }
}

void describe_rung(const struct play *play, const struct event *event, char *out, size_t size) {
  struct line line = {out, size, 0};
  put_instant(&line, &play->city->zones[0], event->effective);
  put(&line, " %s", word_name(words_clock, event->fired_clock));
  if (event->light != 0) put(&line, "; %s", word_name(words_light, event->light));
  if (event->track != 0) put(&line, "; moves to %s", word_name(words_track, event->track));
  put_notices(&line, play, event);
}

void describe_case(const struct play *play, const struct spec_case *found, char *out, size_t size) {
  struct line line = {out, size, 0};
  const struct event *event = event_of(play, found);
  put(&line, "rule %u", event->rule);
  if (found == NULL) return;
  const struct case_state *state = &found->state;
  const struct zone *zone = world_zone(&play->city->world, state->unit);
  put(&line, "; %s; %s; %s; unit %s; accountable %s; handler %s; verifier %s", word_name(words_status, state->status),
      word_name(words_track, state->track), word_name(words_light, state->light),
      play->city->registry->units[state->unit].code, officer_code(play, state->accountable),
      officer_code(play, state->handler), officer_code(play, state->verifier));
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && state->clocks[i].kind != 0; i++) {
    put(&line, "; %s %s due ", word_name(words_clock, state->clocks[i].kind),
        state->clocks[i].state == CLOCK_PAUSED ? "paused" : "running");
    put_instant(&line, zone, state->clocks[i].due - 1);
  }
  put(&line, "; rework %u; route %u; evidence %u", state->rework, state->route, state->evidence_count);
  put_notices(&line, play, event);
}
