/* The longest time to a proposal, as rehearse/ derives it from the policy, against the core itself: random policies,
 * calendars and findings are played in virtual time, once with nobody doing anything and once with people who drag it
 * out.  No proposal may come later than was said, and where one was promised it must come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/document.h"
#include "rehearse/longest.h"

#define TRIALS 20000
#define STEPS_MAX 200000 /* rungs that repeat every hour, over years of holidays */

static const char people[] =
    "registry: r\n"
    "units:\n  - {code: root, name: r, calendar: c, zone: ZONE}\n  - {code: a, name: a, parent: root}\n"
    "  - {code: b, name: b, parent: root}\n  - {code: team, name: t, parent: root}\n"
    "officers:\n  - {code: office, name: o, unit: root}\n  - {code: ha, name: h, unit: a}\n  - {code: hb, name: h, unit: b}\n"
    "  - {code: ins, name: i, unit: team}\n"
    "appointments:\n  - {officer: office, role: office, unit: root}\n  - {officer: ha, role: principal, unit: a}\n"
    "  - {officer: hb, role: principal, unit: b}\n  - {officer: ins, role: inspector, unit: team}\n";

struct stage {
  struct world world;
  struct policy policy;
  struct calendar calendar;
  struct zone zones[ZONES_MAX];
  struct registry *registry;
  struct case_state state;
  usec_t now, reported;
  uint64_t seed;
};

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint32_t roll(struct stage *stage, uint32_t below) {
  uint64_t z = stage->seed += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)((z ^ z >> 31) % below);
}

static void load_people(struct stage *stage, const char *zone) {
  struct document_report report = {0};
  char text[sizeof people + 32];
  const char *at = strstr(people, "ZONE");
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - people), people, zone, at + 4);
  strcpy(stage->calendar.name, "c");
  stage->world = (struct world){.policies = &stage->policy, .policy_count = 1, .calendars = &stage->calendar,
                                .calendar_count = 1, .zones = stage->zones, .calendar_version = 1};
  stage->registry = registry_parse("r", text, strlen(text), NULL, &stage->calendar, 1, stage->zones,
                                   &stage->world.zone_count, &report);
  if (stage->registry == NULL) fail_msg("%s", report.text);
  stage->registry->version = 1;
  stage->world.registry = stage->registry;
}

/* ---- random documents ---- */

static void make_calendar(struct stage *stage) {
  struct calendar *calendar = &stage->calendar;
  calendar->rest_mask = (uint8_t)(roll(stage, 3) == 0 ? roll(stage, 127) : 0x60);
  calendar->day_count = 0;
  for (day_t day = 18000; day < 24000 && calendar->day_count < 400;) {
    day += 1 + (day_t)roll(stage, 60);
    uint8_t kind = roll(stage, 3) == 0 ? CALENDAR_MAKE_UP : CALENDAR_HOLIDAY;
    for (uint32_t run = 1 + roll(stage, 9); run > 0; run--)
      calendar->days[calendar->day_count++] = (struct calendar_day){.day = day++, .kind = kind};
  }
}

static struct span make_limit(struct stage *stage) {
  if (roll(stage, 3) == 0) return (struct span){1 + (int32_t)roll(stage, 100), SPAN_HOURS};
  return (struct span){1 + (int32_t)roll(stage, 12), SPAN_WD};
}

static void make_ladder(struct stage *stage, struct ladder *ladder, bool may_climb) {
  const bool hours = roll(stage, 3) == 0;
  const uint8_t unit = hours ? SPAN_HOURS : SPAN_WD;
  int32_t at = (int32_t)roll(stage, 8) - 5;
  ladder->count = 1 + roll(stage, 4);
  for (uint32_t k = 0; k < ladder->count; k++) {
    struct rung *rung = &ladder->rungs[k];
    *rung = (struct rung){.at = {hours ? at * 7 : at, unit}, .notice = NOTICE_URGE, .recipients = 1u << RECIPIENT_HANDLER};
    at += 1 + (int32_t)roll(stage, 5);
    if (may_climb && roll(stage, 2) == 0) rung->edge = (uint8_t)(1 + roll(stage, EDGE_COUNT));
    if (may_climb && roll(stage, 6) == 0) rung->propose = true;
    if (k + 1 == ladder->count) rung->every = (struct span){1 + (int32_t)roll(stage, 40), unit};
    else if (roll(stage, 3) == 0) rung->conditions = (uint16_t)(1u << (1 + roll(stage, CONDITION_COUNT)));
    else if (roll(stage, 4) == 0) rung->unless = (uint16_t)(1u << (1 + roll(stage, CONDITION_COUNT)));
  }
}

static void make_track(struct stage *stage, uint32_t track) {
  static const uint8_t clocks[] = {CLOCK_SIGN_FOR, CLOCK_RECTIFY, CLOCK_VERIFY, CLOCK_PLAN, CLOCK_PLAN_REVIEW};
  struct track_policy *row = &stage->policy.tracks[track];
  for (uint32_t i = 0; i < sizeof clocks; i++) {
    if (clocks[i] >= CLOCK_PLAN && clocks[i] != CLOCK_VERIFY && clocks[i] != CLOCK_RECTIFY && roll(stage, 2) == 0) continue;
    row->limits[clocks[i]] = make_limit(stage);
    row->ladders[clocks[i]] = (uint8_t)(1 + roll(stage, 4));
  }
  for (uint32_t edge = 1; edge <= EDGE_COUNT; edge++)
    for (uint32_t tries = 0; tries < 4 && row->edges[edge] == 0 && roll(stage, 8) != 0; tries++) {
      uint32_t target = 1 + roll(stage, TRACK_COUNT);
      if (track_is_stricter(target, track)) row->edges[edge] = (uint8_t)target;
    }
  if (row->edges[EDGE_QUALITY] != 0) row->rework_max = (uint8_t)roll(stage, 4);
}

static void make_policy(struct stage *stage) {
  struct policy *policy = &stage->policy;
  memset(policy, 0, sizeof *policy);
  policy->version = 1;
  policy->remind_minutes = (int32_t)roll(stage, 24 * 60);
  policy->recurrence_days = 100;
  policy->recurrence_min = 1 + (int32_t)roll(stage, 2);
  policy->recurrence_edge = (uint8_t)roll(stage, EDGE_COUNT + 1);
  policy->ladder_count = 5;
  for (uint32_t i = 0; i < 5; i++) make_ladder(stage, &policy->ladders[i], i > 0);
  for (uint32_t track = 1; track <= TRACK_COUNT; track++) make_track(stage, track);
  policy->unrouted = make_limit(stage);
  policy->bounce_max = (uint8_t)roll(stage, 3);
  policy->extension = (struct extension_policy){.ask_before_wd = (int32_t)roll(stage, 3), .decide = make_limit(stage),
                                                .count_max = (uint8_t)roll(stage, 3),
                                                .total_max_wd = (uint16_t)(1 + roll(stage, 8))};
  if (roll(stage, 2) == 0) policy->stage_max = (struct span){1 + (int32_t)roll(stage, 20), SPAN_WD};
  policy->route_count = 1;
  policy->routes[0] = (struct route){.number = 1, .track = (uint8_t)(1 + roll(stage, TRACK_COUNT))};
  if (roll(stage, 3) == 0) policy->routes[0].limits[CLOCK_RECTIFY] = make_limit(stage);
}

/* ---- playing ---- */

static bool give(struct stage *stage, const struct command *command) {
  const struct fresh fresh = {1, 2026, 1};
  struct decision decision;
  case_decide(&stage->world, stage->state.version == 0 ? NULL : &stage->state, command, stage->now, &fresh, &decision);
  if (rule_refuses(decision.rule)) return false;
  assert_true(case_apply(&stage->state, &decision.event));
  return true;
}

static uint32_t officer(const struct stage *stage, const char *code) {
  return registry_officer_by_code(stage->registry, code, strlen(code));
}

static uint32_t unit(const struct stage *stage, const char *code) {
  return registry_unit_by_code(stage->registry, code, strlen(code));
}

static void submit(struct stage *stage, bool unknown) {
  struct finding finding = {.team = unit(stage, "team"), .unit = unknown ? 0 : unit(stage, "a"), .kind = KIND_PROMINENT,
                            .severity = (uint8_t)(1 + roll(stage, SEVERITY_COUNT)), .same_problem = roll(stage, 4),
                            .unit_code = "a"};
  const struct command command = {.kind = COMMAND_SUBMIT, .actor = officer(stage, "ins"), .has_text = true, .finding = &finding};
  stage->now = stage->reported = (18300 + (usec_t)roll(stage, 3000)) * 24 * USEC_PER_HOUR +
                                 (usec_t)roll(stage, 24 * 60) * 60 * USEC_PER_SECOND;
  memset(&stage->state, 0, sizeof stage->state);
  finding.found_on = zone_day_of(&stage->zones[0], stage->now);
  assert_true(give(stage, &command));
}

static bool is_proposed(const struct stage *stage) { return (stage->state.flags & CASE_ACCOUNTABILITY) != 0; }

/* Fires what is due next; *when: its time. */
static void fire(struct stage *stage, usec_t *when) {
  uint32_t index = 0;
  struct command command;
  *when = case_next_fire(&stage->state, &index);
  assert_true(*when != INSTANT_NONE);
  if (*when > stage->now) stage->now = *when;
  else *when = stage->now; /* a repeating rung that lies before its clock's start fires at once */
  case_rung_command(&stage->state, index, &command);
  assert_true(give(stage, &command));
}

/* Working days from the report to the end of the day on which `when` falls. */
static int32_t days_until(const struct stage *stage, usec_t when) {
  const struct zone *zone = &stage->zones[0];
  usec_t last = when > stage->reported ? when - 1 : when;
  return workday_between(&stage->calendar, zone_day_of(zone, stage->reported), zone_day_of(zone, last));
}

static void must_hold(const struct stage *stage, const struct longest *said, bool came, usec_t when, uint64_t seed) {
  if (!said->bounded) return;
  if (!came) fail_msg("seed %llu: a proposal was promised within %d wd and never came", (unsigned long long)seed, said->wd);
  if (days_until(stage, when) > said->wd)
    fail_msg("seed %llu: %d wd were said, it took %d", (unsigned long long)seed, said->wd, days_until(stage, when));
}

struct sums {
  uint32_t bounded, never, exact, looseness;
};

static void play_idle(struct stage *stage, uint64_t seed, struct sums *sums) {
  struct longest said;
  usec_t when = stage->now;
  submit(stage, false);
  when = stage->now;
  longest_idle(&stage->policy, 1, stage->state.severity, stage->state.same_problem, &said);
  uint32_t steps = 0;
  for (; !is_proposed(stage) && steps < (said.bounded ? STEPS_MAX : 400); steps++) fire(stage, &when);
  must_hold(stage, &said, is_proposed(stage), when, seed);
  if (said.bounded) sums->bounded++;
  else if (!is_proposed(stage)) sums->never++;
  if (said.bounded && days_until(stage, when) == said.wd) sums->exact++;
  if (said.hours > 0 && when - stage->reported > said.hours * USEC_PER_HOUR)
    fail_msg("seed %llu: %d hours were said, it took %lld usec", (unsigned long long)seed, said.hours,
             (long long)(when - stage->reported));
}

/* ---- people who drag it out ---- */

/* Without being asked to close anything for real: what a closing needs besides is another test's matter. */
static bool request_closure(struct stage *stage) {
  const uint32_t ready = CASE_ENDORSED | CASE_TALKED | CASE_PLAN_APPROVED | CASE_RULE_ISSUED | CASE_ORDER_SIGNED | CASE_SWEPT;
  struct command command = {.kind = COMMAND_REQUEST_CLOSURE, .actor = officer(stage, "ha"), .evidence_count = 1};
  const struct track_policy *row = &stage->policy.tracks[stage->state.track];
  if (row->rework_max == 0 || row->edges[EDGE_QUALITY] == 0) return false; /* not counted by the policy */
  stage->state.flags |= ready;
  command.evidence[0].kind = EVIDENCE_MATERIAL;
  if (stage->state.unit == unit(stage, "b")) command.actor = officer(stage, "hb");
  return give(stage, &command);
}

static bool act(struct stage *stage) {
  const uint32_t office = officer(stage, "office");
  const bool in_b = stage->state.unit == unit(stage, "b");
  const uint32_t handler = officer(stage, in_b ? "hb" : "ha");
  struct command command = {.actor = office, .has_text = true};
  switch (stage->state.status) {
  case STATUS_BOUNCED:
    command.kind = COMMAND_ADJUDICATE;
    if (roll(stage, 3) != 0) command.unit = unit(stage, in_b ? "a" : "b");
    return give(stage, &command);
  case STATUS_VERIFYING:
    command.kind = roll(stage, 4) == 0 ? COMMAND_ESCALATE : COMMAND_VERIFY_FAIL;
    return give(stage, &command);
  default: break;
  }
  switch (roll(stage, 8)) {
  case 0: command.kind = COMMAND_SIGN_FOR, command.actor = handler; break;
  case 1: command.kind = COMMAND_BOUNCE, command.actor = handler; break;
  case 2: command.kind = COMMAND_EXTENSION_ASK, command.actor = handler, command.days = (uint16_t)(1 + roll(stage, 8)); break;
  case 3: command.kind = COMMAND_EXTENSION_GRANT; break;
  case 4: command.kind = COMMAND_STAGE, command.days = (uint16_t)stage->policy.stage_max.count; break;
  case 5: return request_closure(stage);
  case 6:
    command.kind = COMMAND_ESCALATE;
    if (roll(stage, 2) == 0) command.track = (uint8_t)(1 + roll(stage, TRACK_COUNT - 1));
    break;
  case 7: command.kind = COMMAND_REASSIGN, command.unit = unit(stage, in_b ? "a" : "b"); break;
  }
  return give(stage, &command);
}

/* Whoever must answer does so in time; the rest is chance, often in the last moment before the next rung. */
static void drag(struct stage *stage, usec_t *when) {
  const struct case_clock *asked = case_clock_of(&stage->state, stage->state.status == STATUS_BOUNCED ? CLOCK_ADJUDICATE : CLOCK_VERIFY);
  const bool answers = stage->state.status == STATUS_BOUNCED || stage->state.status == STATUS_VERIFYING;
  usec_t next = case_next_fire(&stage->state, NULL);
  if (next <= stage->now) {
    fire(stage, when);
    return;
  }
  if (answers && next >= asked->due) {
    stage->now = asked->due - 1 > stage->now ? asked->due - 1 : stage->now;
    for (uint32_t tries = 0; tries < 50; tries++)
      if (act(stage)) break;
    *when = stage->now;
    return;
  }
  usec_t moment = next - 1;
  if (roll(stage, 4) == 0) moment = stage->now + (next - 1 - stage->now) / 2;
  const usec_t before = stage->now;
  stage->now = moment;
  for (uint32_t tries = roll(stage, 3); tries > 0; tries--)
    if (act(stage)) {
      *when = stage->now;
      return;
    }
  stage->now = before;
  fire(stage, when);
}

static void play_capped(struct stage *stage, uint64_t seed, struct sums *sums) {
  struct longest said;
  submit(stage, false);
  usec_t when = stage->now;
  longest_capped(&stage->policy, 1, stage->state.severity, stage->state.same_problem, &said);
  uint32_t steps = 0;
  for (; !is_proposed(stage) && steps < STEPS_MAX && (said.bounded || steps < 100); steps++) drag(stage, &when);
  must_hold(stage, &said, is_proposed(stage), when, seed);
  sums->bounded += said.bounded;
  sums->never += !said.bounded;
  if (said.bounded) sums->looseness += (uint32_t)(said.wd - days_until(stage, when));
  sums->exact += said.bounded && said.wd > 0 && days_until(stage, when) == said.wd;
}

/* Nobody's case: the office gives it to a unit on the last day, in any track, and then people drag it out. */
static void play_unrouted(struct stage *stage, uint64_t seed, struct sums *sums) {
  struct longest said;
  uint32_t open, steps = 0;
  longest_unrouted(&stage->policy, &said, &open);
  submit(stage, true);
  usec_t when = stage->now, until = case_clock_of(&stage->state, CLOCK_ADJUDICATE)->due;
  while (case_next_fire(&stage->state, NULL) < until) fire(stage, &when);
  stage->now = until - 1;
  const struct command command = {.kind = COMMAND_DISPATCH, .actor = officer(stage, "office"), .unit = unit(stage, "a"),
                                  .track = (uint8_t)roll(stage, TRACK_COUNT + 1)};
  assert_true(give(stage, &command));
  when = stage->now;
  for (; !is_proposed(stage) && steps < STEPS_MAX && (said.bounded || steps < 100); steps++) drag(stage, &when);
  must_hold(stage, &said, is_proposed(stage), when, seed);
  sums->bounded += said.bounded;
}

static void play_all(void (*play)(struct stage *stage, uint64_t seed, struct sums *sums), struct sums *sums) {
  static const char *const zones[] = {"Asia/Shanghai", "America/Chicago", "UTC"};
  static struct stage stage;
  for (uint32_t z = 0; z < 3; z++) {
    load_people(&stage, zones[z]);
    for (uint64_t seed = z * TRIALS / 3; seed < (z + 1) * TRIALS / 3; seed++) {
      stage.seed = seed;
      make_calendar(&stage);
      make_policy(&stage);
      play(&stage, seed, sums);
    }
    registry_free(stage.registry);
  }
}

/* The seed of a failure plays it again.  The bounds must also be worth something: often they are met exactly. */
static void test_idle(void **state) {
  (void)state;
  struct sums sums = {0};
  play_all(play_idle, &sums);
  printf("# idle: %u bounded, of them %u exact; %u never\n", sums.bounded, sums.exact, sums.never);
  assert_true(sums.bounded > TRIALS / 4 && sums.exact > sums.bounded / 3 && sums.never > TRIALS / 20);
}

static void test_capped(void **state) {
  (void)state;
  struct sums sums = {0};
  play_all(play_capped, &sums);
  printf("# capped: %u bounded, of them %u reached; %u not; %u wd to spare in all\n", sums.bounded, sums.exact, sums.never,
         sums.looseness);
  assert_true(sums.bounded > TRIALS / 10 && sums.exact > 20);
}

static void test_unrouted(void **state) {
  (void)state;
  struct sums sums = {0};
  play_all(play_unrouted, &sums);
  printf("# unrouted: %u bounded\n", sums.bounded);
  assert_true(sums.bounded > TRIALS / 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_idle), cmocka_unit_test(test_capped), cmocka_unit_test(test_unrouted)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
