/* test_story.c - core/explain_case.c: a whole history told word for word, in both languages, and what becomes of too much. */
#include "core/explain.h"
#include "core/text.h"
#include "rectify/explain.h"
#include "said.h"
#include "tests/lib/city.h"

#define EVENTS_MAX 300
#define COLUMNS_MAX 100

static struct city *city;
static struct event events[EVENTS_MAX];
static uint32_t event_count;
static struct case_state state;

/* ---- a history made by hand: what the core would record ---- */

static struct event *next_event(const char *when, uint32_t command, uint32_t rule, const char *actor) {
  struct event *event = &events[event_count];
  memset(event, 0, sizeof *event);
  event->case_no = 42;
  event->version = ++event_count;
  event->command = (uint8_t)command;
  event->rule = (uint16_t)rule;
  event->actor = actor == NULL ? 0 : city_officer(city, actor);
  event->recorded = event->effective = city_instant(city, when);
  event->policy_version = event->calendar_version = event->registry_version = 1;
  return event;
}

static void happened(void) {
  assert_true(case_apply(&state, &events[event_count - 1]));
}

static const struct calendar *calendar(void) { return world_calendar(&city->world, state.unit); }
static const struct zone *zone(void) { return world_zone(&city->world, state.unit); }

/* The clock as the next event leaves it: due where it must be. */
static void put_clock(struct event *event, struct case_clock clock) {
  clock.due = ladder_due_of(calendar(), zone(), &clock, &clock.provisional);
  clock.next_fire = clock.state == CLOCK_RUNNING ? clock.due : INSTANT_NONE;
  event->clocks[event->clock_count++] = clock;
}

static struct case_clock rectify_clock(void) {
  const struct case_clock *clock = case_clock_of(&state, CLOCK_RECTIFY);
  assert_non_null(clock);
  return *clock;
}

static void pause_clock(struct event *event) {
  struct case_clock clock = rectify_clock();
  clock.state = CLOCK_PAUSED;
  clock.paused = event->recorded;
  put_clock(event, clock);
}

static void resume_clock(struct event *event) {
  struct case_clock clock = rectify_clock();
  clock.moved += workday_between(calendar(), zone_day_of(zone(), clock.paused - 1), zone_day_of(zone(), event->effective - 1));
  clock.state = CLOCK_RUNNING;
  clock.paused = 0;
  put_clock(event, clock);
}

static void begin(void) {
  event_count = 0;
  memset(&state, 0, sizeof state);
  struct event *event = next_event("2026-03-02T09:00", COMMAND_SUBMIT, RULE_ACCEPTED_ROUTED, "insp-1");
  event->has_finding = true;
  event->finding = (struct finding){.kind = KIND_PROMINENT, .severity = SEVERITY_ORDINARY, .unit = city_unit(city, "fire")};
  event->status = STATUS_DISPATCHED;
  event->track = TRACK_SPECIAL_RECTIFICATION;
  event->light = LIGHT_GREEN;
  event->route = 4;
  event->unit = city_unit(city, "fire");
  event->handler = event->accountable = city_officer(city, "h-fire");
  put_clock(event, (struct case_clock){.kind = CLOCK_RECTIFY, .state = CLOCK_RUNNING, .track = event->track,
                                       .budget = {.count = 10, .unit = SPAN_WD}, .generation = 1, .start = event->recorded});
  happened();
  event = next_event("2026-03-03T10:00", COMMAND_SIGN_FOR, RULE_SIGNED_FOR, "h-fire-2");
  event->on_behalf = city_officer(city, "h-fire");
  event->status = STATUS_RECTIFYING;
  happened();
}

static void hold(const char *from, const char *until) {
  struct event *event = next_event(from, COMMAND_HOLD, RULE_HELD, "off-1");
  event->flags_set = CASE_HELD;
  pause_clock(event);
  happened();
  event = next_event(until, COMMAND_RUNG_DUE, RULE_HOLD_ENDED, NULL);
  event->flags_clear = CASE_HELD;
  event->fired_clock = CLOCK_HOLD;
  event->recorded += 3 * USEC_PER_HOUR; /* the daemon was away */
  resume_clock(event);
  happened();
}

static void extend(void) {
  struct event *event = next_event("2026-03-10T09:00", COMMAND_EXTENSION_ASK, RULE_EXTENSION_ASKED, "h-fire");
  event->asked = 7;
  event->asked_by = event->actor;
  event->clocks[event->clock_count++] = (struct case_clock){.kind = CLOCK_EXTENSION, .state = CLOCK_RUNNING, .generation = event->version,
                                                            .budget = {.count = 10, .unit = SPAN_WD}, .start = event->recorded,
                                                            .due = event->recorded + 1, .next_fire = event->recorded + 1};
  happened();
  event = next_event("2026-03-12T09:00", COMMAND_EXTENSION_GRANT, RULE_EXTENSION_GRANTED, "off-1");
  event->extensions = 1;
  event->extended = 5;
  event->clocks[event->clock_count++] = (struct case_clock){.kind = CLOCK_EXTENSION, .state = CLOCK_STOPPED};
  struct case_clock clock = rectify_clock();
  clock.extended += 5;
  put_clock(event, clock);
  happened();
}

static void verify_and_fail(void) {
  struct event *event = next_event("2026-03-16T09:00", COMMAND_REQUEST_CLOSURE, RULE_CLOSURE_REQUESTED, "h-fire");
  event->status = STATUS_VERIFYING;
  event->accountable = event->verifier = city_officer(city, "ver-1");
  pause_clock(event);
  happened();
  event = next_event("2026-03-18T09:00", COMMAND_VERIFY_FAIL, RULE_REWORK, "ver-1");
  event->status = STATUS_RECTIFYING;
  event->accountable = city_officer(city, "h-fire");
  event->rework = 1;
  resume_clock(event);
  happened();
}

static void tell_story(bool zh, const char *now) {
  struct story story;
  const char text[] = "第一行\n\x1bsecond";
  forget();
  story_begin(&story, &city->world, &state, zh, listen, &said_count);
  for (uint32_t i = 0; i < event_count; i++)
    story_event(&story, &events[i], text, i == 2 && events[i].actor != 0 ? sizeof text - 1 : 0);
  story_end(&story, city_instant(city, now));
}

static bool was_said(const char *line) {
  for (uint32_t i = 0; i < said_count; i++)
    if (strcmp(said[i], line) == 0) return true;
  return false;
}

/* ---- tests ---- */

#define DAYS_COUNTED \
  "2026-03-03 Tue    1", \
  "2026-03-04 Wed    2", \
  "2026-03-05 Thu    3", \
  "2026-03-06 Fri    4", \
  "2026-03-07 Sat    -  rest day", \
  "2026-03-08 Sun    -  rest day", \
  "2026-03-09 Mon    5", \
  "2026-03-10 Tue    6", \
  "2026-03-11 Wed    7", \
  "2026-03-12 Thu    8", \
  "2026-03-13 Fri    9", \
  "2026-03-14 Sat    -  rest day", \
  "2026-03-15 Sun    -  rest day", \
  "2026-03-16 Mon   10", \
  "2026-03-17 Tue   11", \
  "2026-03-18 Wed   12", \
  "2026-03-19 Thu   13", \
  "2026-03-20 Fri   14", \
  "2026-03-21 Sat    -  rest day", \
  "2026-03-22 Sun    -  rest day", \
  "2026-03-23 Mon   15", \
  "2026-03-24 Tue   16", \
  "2026-03-25 Wed   17", \
  "2026-03-26 Thu   18", \
  "2026-03-27 Fri   19"

static void test_whole_history(void **unused) {
  (void)unused;
  begin();
  hold("2026-03-04T09:00", "2026-03-07T00:00");
  extend();
  verify_and_fail();
  tell_story(false, "2026-03-20T12:00");
  tell_story(false, "2026-03-20T12:00");
  ASSERT_SAID("C-000042  rectifying  special_rectification  policy version 1, calendar cn",
              "",
              "what happened",
              "   1  2026-03-02 09:00  组员一  rule 600: accepted and dispatched by a route of the policy",
              "      policy version 1; calendar version 1; registry version 1; route 4; status dispatched",
              "      track special_rectification; light green; unit 消防 Fire Brigade; handler 消防承办",
              "      must act now: 消防承办; rectify 10wd, due 2026-03-16",
              "   2  2026-03-03 10:00  消防承办二 for 消防承办  rule 603: signed for",
              "      status rectifying",
              "   3  2026-03-04 09:00  督办一  rule 617: the unit's clocks stand still",
              "      | 第一行  second",
              "      on hold; rectify stands still",
              "   4  2026-03-07 00:00  rectifyd  rung_due (hold, rung 1)",
              "      rule 655: the hold is over; the unit's clocks run again",
              "      rectify +2wd, due 2026-03-16 -> 2026-03-18; recorded 2026-03-07 03:00",
              "   5  2026-03-10 09:00  消防承办  rule 614: extension asked for",
              "      asked for 7wd; extension 10wd, due 2026-03-10",
              "   6  2026-03-12 09:00  督办一  rule 615: extension granted",
              "      extension ends; rectify +5wd, due 2026-03-18 -> 2026-03-25",
              "   7  2026-03-16 09:00  消防承办  rule 612: closure requested with evidence and endorsement",
              "      status verifying; verifier 核查一; must act now: 核查一; rectify stands still",
              "   8  2026-03-18 09:00  核查一",
              "      rule 611: verification failed: back to work; the date moves only by the working days the verifier took",
              "      status rectifying; must act now: 消防承办; rework 1",
              "      rectify +2wd, due 2026-03-25 -> 2026-03-27",
              "",
              "why this date",
              "rectify: 10wd from 2026-03-02 09:00 (Asia/Shanghai), calendar cn",
              DAYS_COUNTED,
              "due: the end of 2026-03-27 Fri (Asia/Shanghai)",
              "counted: 10 + 5 extended + 4 moved = 19wd",
              "  moved by 2wd: on hold 2026-03-04 to 2026-03-07 (events 3 and 4)",
              "  extended by 5wd: granted 2026-03-12 by 督办一 (event 6)",
              "  moved by 2wd: verification 2026-03-16 to 2026-03-18 (events 7 and 8)",
              "",
              "holds and extensions",
              "  on hold 2026-03-04 to 2026-03-07 (events 3 and 4): 2wd by 督办一",
              "  extension 2026-03-10 to 2026-03-12 (events 5 and 6): asked for 7wd by 消防承办",
              "    granted 5wd by 督办一",
              "",
              "working days by holder",
              "  unit                     8",
              "  approver                 2",
              "  verifier                 2",
              "  hold                     2",
              "  total                   14");
}

static void test_in_chinese(void **unused) {
  (void)unused;
  begin();
  hold("2026-03-04T09:00", "2026-03-07T00:00");
  extend();
  tell_story(true, "2026-03-20T12:00");
  assert_string_equal(said[0], "C-000042  整改中  专项整治  规则第1版，日历 cn");
  assert_true(was_said("   2  2026-03-03 10:00  消防承办二 代 消防承办  规则号 603：签收"));
  assert_true(was_said("      整改：+2个工作日，截止 2026-03-16 -> 2026-03-18；记录于 2026-03-07 03:00"));
  assert_true(was_said("合计：时限 10 + 延期 5 + 顺延 2 = 17个工作日"));
  assert_true(was_said("  顺延 2个工作日：中止计时 2026-03-04 至 2026-03-07（第3、4号事件）"));
  assert_true(was_said("  延期 5个工作日：同意 2026-03-12 督办一（第6号事件）"));
  assert_true(was_said("  延期 2026-03-10 至 2026-03-12（第5、6号事件）：申请 7个工作日，消防承办；同意 5个工作日，督办一"));
  assert_true(was_said("  责任单位                10"));
  assert_true(was_said("  合计                    14"));
}

static void remind(const char *when, uint32_t clock, uint32_t rule) {
  struct event *event = next_event(when, COMMAND_RUNG_DUE, rule, NULL);
  event->fired_clock = (uint8_t)clock;
  event->fired_nth = event->version;
  happened();
}

static void test_reminders_that_repeat_are_counted(void **unused) {
  (void)unused;
  begin();
  remind("2026-03-17T00:00", CLOCK_RECTIFY, RULE_RUNG_FIRED);
  remind("2026-03-18T00:00", CLOCK_RECTIFY, RULE_RUNG_FIRED);
  remind("2026-03-19T00:00", CLOCK_RECTIFY, RULE_RUNG_FIRED);
  remind("2026-03-19T01:00", CLOCK_PLAN, RULE_RUNG_FIRED);
  remind("2026-03-20T01:00", CLOCK_PLAN, RULE_RUNG_PASSED_OVER);
  remind("2026-03-21T01:00", CLOCK_PLAN, RULE_RUNG_PASSED_OVER);
  tell_story(false, "2026-03-25T12:00");
  assert_string_equal(said[9], "   3  2026-03-17 00:00  rectifyd  rung_due (rectify, rung 4)  rule 650: a rung of the ladder fired");
  assert_string_equal(said[10], "      and again, 2 times, last on 2026-03-19 00:00 (event 5)");
  assert_string_equal(said[11], "   6  2026-03-19 01:00  rectifyd  rung_due (plan, rung 7)  rule 650: a rung of the ladder fired");
  assert_string_equal(said[12], "   7  2026-03-20 01:00  rectifyd  rung_due (plan, rung 8)");
  assert_string_equal(said[13], "      rule 651: a rung was due, but its condition does not hold");
  assert_string_equal(said[14], "      and again, 1 time, on 2026-03-21 01:00 (event 8)");
}

static void test_refusals_change_nothing(void **unused) {
  (void)unused;
  begin();
  (void)next_event("2026-03-04T09:00", COMMAND_EXTENSION_ASK, RULE_EXTENSION_LATE, "h-fire");
  happened();
  (void)next_event("2026-03-04T10:00", COMMAND_COMMENT, RULE_COMMENTED, "h-fire");
  happened();
  tell_story(false, "2026-03-05T12:00");
  assert_string_equal(said[9], "   3  2026-03-04 09:00  消防承办  extension_ask");
  assert_string_equal(said[10], "      refused, rule 170: an extension must be asked for earlier: so many working days before the "
                                "due date as the policy says");
  assert_string_equal(said[11], "      | 第一行  second");
  assert_string_equal(said[12], ""); /* a remark is not what made the case what it is */
  assert_true(was_said("  total                    3"));
}

/* A calendar published later, and the case moved to another policy. */
static void test_later_changes_have_before_and_after(void **unused) {
  (void)unused;
  begin();
  struct event *event = next_event("2026-03-05T09:00", COMMAND_REVIEW, RULE_REVIEWED, NULL);
  event->calendar_version = 2;
  struct case_clock clock = rectify_clock();
  clock.due += 24 * USEC_PER_HOUR;
  event->clocks[event->clock_count++] = clock;
  happened();
  event = next_event("2026-03-06T09:00", COMMAND_REBASE, RULE_REBASED, "off-1");
  event->calendar_version = 2;
  event->rebased_to = 2;
  clock.budget.count = 15;
  put_clock(event, clock);
  happened();
  tell_story(false, "2026-03-09T12:00");
  assert_true(was_said("      calendar version 1 -> 2; rectify due 2026-03-16 -> 2026-03-17"));
  assert_true(was_said("      policy version 1 -> 2; rectify 10wd -> 15wd, due 2026-03-17 -> 2026-03-23"));
}

/* ---- what will happen ---- */

static void foretell(void *context, const struct event *event, const struct case_state *after) { outlook_event(context, event, after); }

static void tell_outlook(bool zh, const char *now, uint32_t steps) {
  struct outlook outlook;
  forget();
  outlook_begin(&outlook, &city->world, &state, zh, listen, &said_count);
  case_forecast(&city->world, &state, city_instant(city, now), INSTANT_NONE, steps, foretell, &outlook);
  outlook_end(&outlook);
}

/* The climb of the policy, as far as a proposal; the same in Chinese. */
static void test_outlook(void **unused) {
  (void)unused;
  begin();
  tell_outlook(false, "2026-03-04T12:00", 12);
  assert_string_equal(said[1], "2026-03-11 09:00  rectify       reminder to 消防承办 (handler)");
  assert_string_equal(said[4], "                                urge (copy) to 市长 (above); light yellow");
  assert_string_equal(said[9], "                                track supervision; because overdue; light red; verifier 督办一");
  assert_string_equal(said[10], "                                rectify 15wd, due 2026-04-13; plan 5wd, due 2026-03-27");
  assert_string_equal(said[said_count - 1], "accountability is not proposed within these 12 steps");
  tell_outlook(true, "2026-03-04T12:00", 12);
  assert_string_equal(said[5], "                                催办通知（抄送）：发 市长（上级领导）；灯色 黄灯");
  assert_string_equal(said[said_count - 1], "以上 12 步之内不提出问责建议");
  tell_outlook(false, "2026-03-04T12:00", 20);
  assert_true(was_said("                                accountability proposed; rectify 20wd, due 2026-05-19"));
  assert_string_equal(said[said_count - 1], "accountability is proposed first on 2026-04-17 00:00");
}

static void test_outlook_of_a_hold(void **unused) {
  (void)unused;
  begin();
  struct event *event = next_event("2026-03-04T09:00", COMMAND_HOLD, RULE_HELD, "off-1");
  event->flags_set = CASE_HELD;
  pause_clock(event);
  put_clock(event, (struct case_clock){.kind = CLOCK_HOLD, .state = CLOCK_RUNNING, .generation = event->version,
                                       .start = event->recorded, .budget = {.count = 5, .unit = SPAN_WD}});
  happened();
  tell_outlook(false, "2026-03-05T12:00", 3);
  ASSERT_SAID("2026-03-12 00:00  hold          reminder to 消防承办 (handler); reminder to 督办一 (office)",
              "2026-03-12 00:00  hold          the hold ends; receipt to 消防承办 (handler)",
              "                                reminder to 消防承办 (handler); reminder to 消防队长 (principal)",
              "                                reminder to 督办一 (office); hold ends",
              "                                rectify +5wd, due 2026-03-16 -> 2026-03-23",
              "2026-03-16 09:00  rectify       reminder to 消防承办 (handler)",
              "accountability is not proposed within these 3 steps");
}

static void test_endorsed(void **unused) {
  (void)unused;
  begin();
  struct event *event = next_event("2026-03-05T09:00", COMMAND_ENDORSE, RULE_ENDORSED, "p-fire");
  event->flags_set = CASE_ENDORSED;
  happened();
  tell_story(false, "2026-03-06T12:00");
  assert_true(was_said("      endorsed by the principal"));
}

static void test_outlook_of_what_is_over(void **unused) {
  (void)unused;
  begin();
  struct event *event = next_event("2026-03-05T09:00", COMMAND_WITHDRAW_APPROVE, RULE_WITHDRAWN, "off-1");
  event->status = STATUS_WITHDRAWN;
  event->clocks[event->clock_count++] = (struct case_clock){.kind = CLOCK_RECTIFY, .state = CLOCK_STOPPED};
  happened();
  tell_outlook(false, "2026-03-06T09:00", 5);
  ASSERT_SAID("nothing will happen by itself: no clock runs");
}

/* What a rung waits for, and that its condition does not hold. */
static void test_outlook_of_a_condition(void **unused) {
  (void)unused;
  begin();
  const struct case_clock clock = rectify_clock();
  const uint32_t index = city->policy->tracks[clock.track].ladders[CLOCK_RECTIFY];
  struct rung *rung = &city->policy->ladders[index].rungs[0];
  const struct rung before = *rung;
  rung->conditions = 1u << CONDITION_REWORKED | 1u << CONDITION_GRAVE;
  rung->unless = 1u << CONDITION_UNSIGNED;
  tell_outlook(false, "2026-03-04T12:00", 1);
  *rung = before;
  assert_non_null(strstr(said[0], "nothing: only if reworked, grave not if unsigned"));
}

static void assert_put(const struct text *text, const char *wanted) { assert_string_equal(text->bytes, wanted); }
#define ASSERT_PUT(wanted, function, ...) \
  do {                                    \
    struct text text;                     \
    text_clear(&text);                    \
    function(&text, &teller, __VA_ARGS__); \
    assert_put(&text, wanted);            \
  } while (0)

/* People and units without a name go by their code; those that are not there, by their number. */
static void test_names(void **unused) {
  (void)unused;
  const struct teller teller = {.world = &city->world, .zone = zone(), .calendar = calendar()};
  const uint32_t officer = city_officer(city, "h-fire"), unit = city_unit(city, "fire");
  struct registry *registry = city->registry;
  ASSERT_PUT("rectifyd", put_officer, 0);
  ASSERT_PUT("消防承办", put_officer, officer);
  ASSERT_PUT("#9999", put_officer, 9999);
  ASSERT_PUT("#9999", put_unit, 9999);
  ASSERT_PUT("#0", put_unit, 0);
  const char of_officer = registry->officers[officer].name[0], of_unit = registry->units[unit].name[0];
  registry->officers[officer].name[0] = registry->units[unit].name[0] = '\0';
  ASSERT_PUT("h-fire", put_officer, officer);
  ASSERT_PUT("fire", put_unit, unit);
  registry->officers[officer].name[0] = of_officer;
  registry->units[unit].name[0] = of_unit;
  ASSERT_PUT("3wd", put_moved, SPAN_WD, 3);
  ASSERT_PUT("2h", put_moved, SPAN_HOURS, 2 * USEC_PER_HOUR);
  ASSERT_PUT("2h30m", put_moved, SPAN_HOURS, 2 * USEC_PER_HOUR + USEC_PER_HOUR / 2);
  assert_int_equal(text_width("a\u00e9\u5317\U0001F600"), 1 + 1 + 2 + 2);
}

static void test_days_of_a_closed_case_are_nobodys(void **unused) {
  (void)unused;
  begin();
  struct event *event = next_event("2026-03-05T09:00", COMMAND_VERIFY_PASS, RULE_CLOSED_OUT, "ver-1");
  event->status = STATUS_CLOSED_OUT;
  event->closed = event->recorded;
  event->clocks[event->clock_count++] = (struct case_clock){.kind = CLOCK_RECTIFY, .state = CLOCK_STOPPED};
  happened();
  tell_story(false, "2026-03-20T12:00");
  assert_string_equal(said[said_count - 2], "  unit                     3");
  assert_string_equal(said[said_count - 1], "  total                    3");
  assert_false(was_said("why this date"));
  event = next_event("2026-03-12T09:00", COMMAND_REOPEN, RULE_REOPENED, "off-1");
  event->status = STATUS_RECTIFYING;
  event->flags_set = CASE_REOPENED;
  happened();
  tell_story(false, "2026-03-20T12:00");
  assert_string_equal(said[said_count - 3], "  unit                     9");
  assert_string_equal(said[said_count - 2], "  (closed meanwhile)       5");
  assert_string_equal(said[said_count - 1], "  total                   14");
}

/* More spans than are kept: the sum still adds up, and says that something is not named. */
static void test_too_many_spans(void **unused) {
  char from[11], until[11];
  (void)unused;
  begin();
  day_t day = zone_day_of(zone(), events[0].recorded);
  for (int i = 0; i < 60; i++) {
    workday_format(day + 7 * i + 1, from);
    workday_format(day + 7 * i + 2, until);
    hold(from, until);
  }
  tell_story(false, until);
  assert_true(was_said("  and more, which the history lists"));
  bool rest = false;
  for (uint32_t i = 0; i < said_count; i++) rest |= strstr(said[i], "by an event that is not among those read") != NULL;
  assert_true(rest);
}

static void test_damaged_history_is_cut(void **unused) {
  (void)unused;
  begin();
  hold("2026-03-04T09:00", "2026-03-07T00:00");
  events[2].version = 9;
  tell_story(false, "2026-03-20T12:00");
  assert_string_equal(said[9], "cut here: of 4 events 2 could be read; what follows is told by these");
  assert_string_equal(said[10], "");
  assert_true(was_said("  moved by 2wd: by an event that is not among those read"));
}

static void test_lines_are_narrow(void **unused) {
  (void)unused;
  begin();
  hold("2026-03-04T09:00", "2026-03-07T00:00");
  extend();
  verify_and_fail();
  for (int zh = 0; zh < 2; zh++) {
    tell_story(zh, "2026-03-20T12:00");
    for (uint32_t i = 0; i < said_count; i++)
      if (strstr(said[i], "611") == NULL) assert_true(text_width(said[i]) <= COLUMNS_MAX);
  }
}

static int set_up(void **unused) {
  (void)unused;
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  return 0;
}

static int tear_down(void **unused) {
  (void)unused;
  forget();
  city_close(city);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_whole_history),
      cmocka_unit_test(test_in_chinese),
      cmocka_unit_test(test_reminders_that_repeat_are_counted),
      cmocka_unit_test(test_refusals_change_nothing),
      cmocka_unit_test(test_later_changes_have_before_and_after),
      cmocka_unit_test(test_outlook),
      cmocka_unit_test(test_outlook_of_a_hold),
      cmocka_unit_test(test_outlook_of_what_is_over),
      cmocka_unit_test(test_outlook_of_a_condition),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_endorsed),
      cmocka_unit_test(test_days_of_a_closed_case_are_nobodys),
      cmocka_unit_test(test_too_many_spans),
      cmocka_unit_test(test_damaged_history_is_cut),
      cmocka_unit_test(test_lines_are_narrow),
  };
  return cmocka_run_group_tests_name("story", tests, set_up, tear_down);
}
