/* policy_test_run.c - the tests of a policy, played: a report under virtual time, and then nobody does anything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/policy_test_world.h"
#include "document/report.h"

#define RUNGS_PLAYED_MAX 100000 /* of one step: decades, even in hours */

struct test_run {
  struct test_world *world;
  struct report *report;
  const struct policy_test *test;
  struct case_state state;
  bool failed;
};

/* The names that `expect` gives the values. */
static const char *const expect_names[EXPECT_COUNT] = {
    [EXPECT_TRACK] = "track",       [EXPECT_ROUTE] = "route",       [EXPECT_STATUS] = "status",
    [EXPECT_LIGHT] = "light",       [EXPECT_PROPOSED] = "proposed", [EXPECT_RESPONSIBLE] = "responsible",
    [EXPECT_DUE] = "due",           [EXPECT_SIGN_FOR] = "sign_for", [EXPECT_PLAN] = "plan",
    [EXPECT_PROGRESS] = "progress", [EXPECT_DECISION] = "decision"};
static const uint8_t expect_clocks[EXPECT_COUNT] = {[EXPECT_SIGN_FOR] = CLOCK_SIGN_FOR,
                                                    [EXPECT_PLAN] = CLOCK_PLAN,
                                                    [EXPECT_PROGRESS] = CLOCK_PROGRESS,
                                                    [EXPECT_DECISION] = CLOCK_DECISION};

/* A value as the file would write it. */
struct shown {
  char text[CODE_BYTES_MAX + 1];
};

static struct shown show_text(const char *text) {
  struct shown shown;
  snprintf(shown.text, sizeof shown.text, "%s", text);
  return shown;
}

static struct shown show_word(const struct word *table, uint32_t number) {
  struct shown shown;
  snprintf(shown.text, sizeof shown.text, "%s", number != 0 ? word_name(table, number) : "none");
  return shown;
}

static struct shown show_time(day_t day, int32_t minutes, bool whole_day) {
  struct shown shown;
  char date[11];
  workday_format(day, date);
  if (whole_day) snprintf(shown.text, sizeof shown.text, "%s", date);
  else snprintf(shown.text, sizeof shown.text, "%sT%02d:%02d", date, minutes / 60, minutes % 60);
  return shown;
}

static struct shown show_due(const struct zone *zone, usec_t due, bool whole_day) {
  if (whole_day) return show_time(zone_day_of(zone, due - 1), 0, true);
  return show_time(zone_day_of(zone, due), zone_minutes_of(zone, due), false);
}

static const struct zone *run_zone(const struct test_run *run) {
  return world_zone(&run->world->world, run->world->unit);
}

/* The due instant that the key asks for; 0 when there is no such clock. */
static usec_t due_of(const struct case_state *state, uint32_t key) {
  uint32_t kind;
  if (key == EXPECT_DUE) return case_due(state, &kind);
  const struct case_clock *clock = case_clock_of(state, expect_clocks[key]);
  return clock != NULL ? clock->due : 0;
}

static struct shown wanted_of(const struct expected *expected, uint32_t key) {
  switch ((enum expect_key)key) {
    case EXPECT_TRACK: return show_word(words_track, expected->number);
    case EXPECT_STATUS: return show_word(words_status, expected->number);
    case EXPECT_LIGHT: return show_word(words_light, expected->number);
    case EXPECT_RESPONSIBLE: return show_word(words_role, expected->number);
    case EXPECT_PROPOSED: return show_text(expected->number != 0 ? "true" : "false");
    case EXPECT_ROUTE: break;
    case EXPECT_DUE:
    case EXPECT_SIGN_FOR:
    case EXPECT_PLAN:
    case EXPECT_PROGRESS:
    case EXPECT_DECISION:
      if (expected->none) return show_word(words_clock, 0);
      return show_time(expected->due.day, expected->due.minutes, expected->due.whole_day);
    case EXPECT_COUNT: break;
  }
  struct shown shown;
  snprintf(shown.text, sizeof shown.text, expected->number != 0 ? "%u" : "none", expected->number);
  return shown;
}

/* The role in which the accountable officer has the case. */
static uint32_t role_of(const struct test_run *run, usec_t now) {
  static const uint8_t roles[] = {ROLE_HANDLER, ROLE_PRINCIPAL, ROLE_VERIFIER, ROLE_OFFICE, ROLE_BODY, ROLE_INSPECTOR};
  const struct registry *registry = run->world->registry;
  uint32_t unit = run->state.unit != 0 ? run->state.unit : run->world->unit;
  uint32_t held = registry_roles(registry, run->state.accountable, unit, zone_day_of(run_zone(run), now));
  for (uint32_t i = 0; i < sizeof roles; i++)
    if ((held & ROLE_BIT(roles[i])) != 0) return roles[i];
  return ROLE_NONE;
}

static struct shown got_of(const struct test_run *run, const struct expected *expected, uint32_t key, usec_t now) {
  const struct case_state *state = &run->state;
  struct expected got = {0};
  switch ((enum expect_key)key) {
    case EXPECT_TRACK: got.number = state->track; break;
    case EXPECT_ROUTE: got.number = state->route; break;
    case EXPECT_STATUS: got.number = state->status; break;
    case EXPECT_LIGHT: got.number = state->light; break;
    case EXPECT_PROPOSED: got.number = (state->flags & CASE_ACCOUNTABILITY) != 0; break;
    case EXPECT_RESPONSIBLE: got.number = role_of(run, now); break;
    case EXPECT_DUE:
    case EXPECT_SIGN_FOR:
    case EXPECT_PLAN:
    case EXPECT_PROGRESS:
    case EXPECT_DECISION: {
      usec_t due = due_of(state, key);
      return due != 0 ? show_due(run_zone(run), due, expected->due.whole_day) : show_word(words_clock, 0);
    }
    case EXPECT_COUNT: break;
  }
  return wanted_of(&got, key);
}

static void check(struct test_run *run, const struct expected *expect, usec_t now) {
  for (uint32_t key = 0; key < EXPECT_COUNT; key++) {
    const struct expected *expected = &expect[key];
    if (expected->line == 0) continue;
    struct shown wanted = wanted_of(expected, key), got = got_of(run, expected, key, now);
    if (strcmp(wanted.text, got.text) == 0) continue;
    run->failed = true;
    report_error(run->report, (struct position){expected->line, expected->column}, "test '%s': %s is %s, not %s",
                 run->test->name, expect_names[key], got.text, wanted.text);
  }
}

static void refuse(struct test_run *run, const char *why) {
  run->failed = true;
  report_error(run->report, (struct position){run->test->line, run->test->column}, "test '%s' cannot be played: %s",
               run->test->name, why);
}

static void fill_finding(const struct test_run *run, struct finding *finding) {
  const struct policy_test *test = run->test;
  *finding = (struct finding){.team = run->world->team,
                              .unit = run->world->unit,
                              .kind = test->kind,
                              .severity = test->severity,
                              .found_on = test->at.day,
                              .same_problem = test->same_problem,
                              .same_kind = test->same_kind};
  strcpy(finding->unit_code, run->world->registry->units[run->world->unit].code);
  strcpy(finding->code, test->code);
  strcpy(finding->category, test->category);
  strcpy(finding->inspection, test->inspection);
}

/* The report; false when it is refused. */
static bool submit(struct test_run *run, usec_t now) {
  int32_t year, month, day;
  struct finding finding;
  struct decision decision;
  fill_finding(run, &finding);
  workday_civil(run->test->at.day, &year, &month, &day);
  const struct fresh fresh = {1, (uint32_t)year, 1};
  const struct command command = {.kind = COMMAND_SUBMIT,
                                  .actor = run->world->inspector,
                                  .has_text = true,
                                  .plain = run->test->text,
                                  .plain_length = (uint32_t)strlen(run->test->text),
                                  .finding = &finding};
  case_decide(&run->world->world, NULL, &command, now, &fresh, &decision);
  if (!rule_refuses(decision.rule) && case_apply(&run->state, &decision.event)) return true;
  refuse(run, word_text(words_rule, decision.rule));
  return false;
}

static void take_state(void *context, const struct event *event, const struct case_state *after) {
  struct test_run *run = context;
  (void)event;
  run->state = *after;
}

static void play(struct test_run *run) {
  const struct policy_test *test = run->test;
  usec_t now = zone_day_at(run_zone(run), test->at.day, test->at.minutes);
  if (!submit(run, now)) return;
  check(run, test->expect, now);
  for (uint32_t i = 0; i < test->step_count; i++) {
    const struct policy_test_step *step = &test->steps[i];
    const struct local_time *at = &step->at;
    usec_t until = at->whole_day ? zone_day_start(run_zone(run), at->day + 1) - 1
                                 : zone_day_at(run_zone(run), at->day, at->minutes);
    struct case_state before = run->state; /* the forecast reads what take_state() overwrites */
    case_forecast(&run->world->world, &before, now, until, RUNGS_PLAYED_MAX, take_state, run);
    now = until;
    check(run, step->expect, now);
  }
}

static bool run_one(struct test_world *world, const struct policy_test *test, struct report *report) {
  struct test_run run = {.world = world, .report = report, .test = test};
  const char *wrong = test_world_people(world, test);
  if (wrong != NULL) refuse(&run, wrong);
  else play(&run);
  return !run.failed;
}

uint32_t policy_tests_run(const char *file_name, const struct policy *policy, const struct policy_tests *tests,
                          const struct calendar *calendars, uint32_t calendar_count, bool *failed,
                          struct document_report *out) {
  struct report report;
  struct test_world world;
  uint32_t count = 0;
  report_open(&report, file_name);
  if (!test_world_open(&world, policy, calendars, calendar_count)) {
    report_error(&report, (struct position){0, 0}, "out of memory");
    count = tests->count;
    for (uint32_t i = 0; failed != NULL && i < count; i++) failed[i] = true;
  } else {
    for (uint32_t i = 0; i < tests->count; i++) {
      bool bad = !run_one(&world, &tests->rows[i], &report);
      if (failed != NULL) failed[i] = bad;
      count += bad;
    }
    test_world_close(&world);
  }
  (void)report_close(&report, out);
  return count;
}
