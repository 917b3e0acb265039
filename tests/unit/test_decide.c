/* test_decide.c - core/decide*.c where a transcript does not reach: the event's header, versions, stale timers, people
 * who have left.  What commands do is in tests/spec. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/city.h"

static struct city *city;
static struct decision decision;
static struct finding finding;

static usec_t at(const char *text) { return city_instant(city, text); }
static uint32_t officer(const char *code) { return city_officer(city, code); }

static struct command command(uint32_t kind, const char *actor) {
  struct command out = {.kind = (uint8_t)kind, .actor = officer(actor), .has_text = true};
  memset(out.key.bytes, (int)kind, sizeof out.key.bytes);
  memset(out.text.bytes, 0x5a, sizeof out.text.bytes);
  if (kind == COMMAND_SUBMIT) out.finding = &finding;
  return out;
}

static uint32_t decide(struct case_state *state, const struct command *asked, const char *now) {
  case_decide(&city->world, state, asked, at(now), &(struct fresh){.case_no = 41}, &decision);
  assert_int_equal(decision.rule, decision.event.rule);
  return decision.rule;
}

static struct case_state submitted(const char *unit, uint32_t kind) {
  struct case_state state = {0};
  struct command asked = command(COMMAND_SUBMIT, "insp-1");
  finding = (struct finding){.kind = (uint8_t)kind, .severity = SEVERITY_ORDINARY, .unit = city_unit(city, unit),
                             .team = city_unit(city, "team-1"), .found_on = 20000};
  snprintf(finding.unit_code, sizeof finding.unit_code, "%s", unit);
  case_decide(&city->world, NULL, &asked, at("2026-03-02T09:00"), &(struct fresh){.case_no = 41}, &decision);
  assert_false(rule_refuses(decision.rule));
  assert_true(case_apply(&state, &decision.event));
  return state;
}

static void test_header(void **state) {
  (void)state;
  city->world.calendar_version = 6;
  city->registry->version = 8;
  struct case_state folded = submitted("fire", KIND_PROMINENT);
  const struct event *event = &decision.event;
  assert_true(decision.record);
  assert_int_equal(event->case_no, 41);
  assert_int_equal(event->version, 1);
  assert_int_equal(event->command, COMMAND_SUBMIT);
  assert_int_equal(event->recorded, at("2026-03-02T09:00"));
  assert_int_equal(event->effective, event->recorded);
  assert_int_equal(event->policy_version, 1);
  assert_int_equal(event->calendar_version, 6);
  assert_int_equal(event->registry_version, 8);
  assert_true(event->has_text && event->has_finding);
  assert_int_equal(event->text.bytes[31], 0x5a);
  assert_memory_equal(&event->finding, &finding, sizeof finding);
  assert_int_equal(event->key.bytes[3], COMMAND_SUBMIT);
  assert_int_equal(folded.calendar_version, 6);
}

/* A refusal is on record with all that was tried, and with no effects. */
static void test_refusal_has_no_effects(void **state) {
  struct case_state folded = submitted("fire", KIND_PROMINENT);
  struct command asked = command(COMMAND_REASSIGN, "off-1");
  (void)state;
  asked.unit = city_unit(city, "street");
  asked.officer = officer("h-street");
  asked.verifier = officer("insp-1"); /* the last thing looked at is what is wrong */
  asked.evidence_count = 1;
  asked.evidence[0].kind = EVIDENCE_PLAN;
  assert_int_equal(decide(&folded, &asked, "2026-03-03T09:00"), RULE_OFFICER_NOT_OF_UNIT);
  const struct event *event = &decision.event;
  assert_int_equal(event->case_no, 41);
  assert_int_equal(event->version, 2);
  assert_int_equal(event->evidence_count, 1);
  assert_true(event->has_text);
  assert_int_equal(event->unit | event->handler | event->verifier | event->accountable, 0);
  assert_int_equal(event->clock_count | event->notice_count | event->flags_set | event->flags_clear | event->status, 0);
}

static void test_refused_submit_has_no_case(void **state) {
  struct command asked = command(COMMAND_SUBMIT, "insp-2");
  (void)state;
  submitted("fire", KIND_PROMINENT);
  assert_int_equal(decide(NULL, &asked, "2026-03-02T09:00"), RULE_NOT_OWN_TEAM);
  assert_int_equal(decision.event.case_no, 0);
  assert_int_equal(decision.event.version, 0);
  assert_true(decision.event.has_finding && decision.record);
}

static void test_unknown_case(void **state) {
  (void)state;
  for (const struct word *word = words_command; word->name != NULL; word++) {
    if (word->number == COMMAND_SUBMIT) continue;
    struct command asked = command(word->number, word->number == COMMAND_RUNG_DUE ? "" : "off-1");
    asked.case_no = 77;
    bool own = command_roles(word->number) == 0 && word->number != COMMAND_RUNG_DUE;
    bool of_case = word->number < COMMAND_PUBLISH || word->number == COMMAND_RESTRICT || word->number == COMMAND_UNRESTRICT;
    uint32_t expected = !of_case || own ? RULE_NOT_FOR_PEOPLE : RULE_NO_SUCH_CASE;
    assert_int_equal(decide(NULL, &asked, "2026-03-02T09:00"), expected);
    assert_int_equal(decision.event.case_no, 0);
    assert_int_equal(decision.event.version, 0);
  }
}

static void test_number_of_no_command(void **state) {
  struct case_state folded = submitted("fire", KIND_PROMINENT);
  struct command asked = command(49, "off-1");
  (void)state;
  assert_int_equal(decide(&folded, &asked, "2026-03-02T09:00"), RULE_NOT_FOR_PEOPLE);
  asked.kind = 0;
  assert_int_equal(decide(&folded, &asked, "2026-03-02T09:00"), RULE_NOT_FOR_PEOPLE);
  asked.kind = 255;
  assert_int_equal(decide(&folded, &asked, "2026-03-02T09:00"), RULE_NOT_FOR_PEOPLE);
}

/* Each way in which a rung can be stale: it leaves no trace. */
static void test_stale_timers(void **state) {
  struct case_state folded = submitted("fire", KIND_PROMINENT), closed;
  struct command rung, asked;
  uint32_t index = 0;
  (void)state;
  case_next_fire(&folded, &index);
  case_rung_command(&folded, index, &rung);
  assert_int_equal(decide(&folded, &rung, "2026-03-04T23:59"), RULE_STALE_TIMER); /* too early */
  assert_false(decision.record);
  asked = rung, asked.nth++;
  assert_int_equal(decide(&folded, &asked, "2026-03-05"), RULE_STALE_TIMER);
  asked = rung, asked.generation++;
  assert_int_equal(decide(&folded, &asked, "2026-03-05"), RULE_STALE_TIMER);
  asked = rung, asked.clock = CLOCK_VERIFY;
  assert_int_equal(decide(&folded, &asked, "2026-03-05"), RULE_STALE_TIMER);
  closed = folded, closed.status = STATUS_CLOSED_OUT, memset(closed.clocks, 0, sizeof closed.clocks);
  assert_int_equal(decide(&closed, &rung, "2026-03-05"), RULE_STALE_TIMER);
  asked = rung, asked.actor = officer("off-1");
  assert_int_equal(decide(&folded, &asked, "2026-03-05"), RULE_NOT_FOR_PEOPLE);
  assert_true(decision.record);
  assert_int_equal(decide(&folded, &rung, "2026-03-05"), RULE_RUNG_FIRED);
  assert_true(case_apply(&folded, &decision.event));
  assert_int_equal(decide(&folded, &rung, "2026-03-05"), RULE_STALE_TIMER); /* once, ever */
}

static void test_late_rung(void **state) {
  struct case_state folded = submitted("fire", KIND_PROMINENT);
  struct command rung;
  uint32_t index = 0;
  (void)state;
  case_next_fire(&folded, &index);
  case_rung_command(&folded, index, &rung);
  assert_int_equal(decide(&folded, &rung, "2026-03-20T10:00"), RULE_RUNG_FIRED);
  assert_int_equal(decision.event.recorded, at("2026-03-20T10:00"));
  assert_int_equal(decision.event.effective, at("2026-03-05"));
  assert_int_equal(decision.event.fired_clock, CLOCK_SIGN_FOR);
  assert_int_equal(decision.event.fired_generation, 1);
  assert_int_equal(decision.event.fired_nth, 0);
}

/* A case keeps the policy it was accepted under; a new one takes the newest. */
static void test_pinned_policy(void **state) {
  static struct policy policies[2];
  struct case_state folded = submitted("fire", KIND_PROMINENT);
  struct command asked = command(COMMAND_ESCALATE, "off-1");
  (void)state;
  policies[0] = policies[1] = *city->policy;
  policies[1].version = 2;
  policies[1].tracks[TRACK_SUPERVISION].limits[CLOCK_RECTIFY].count = 1;
  policies[1].tracks[TRACK_SPECIAL_RECTIFICATION].limits[CLOCK_RECTIFY].count = 2;
  city->world.policies = policies;
  city->world.policy_count = 2;
  assert_int_equal(decide(&folded, &asked, "2026-03-03T09:00"), RULE_ESCALATED);
  assert_int_equal(decision.event.policy_version, 1);
  assert_int_equal(decision.event.clocks[0].budget.count, 15);
  folded = submitted("fire", KIND_PROMINENT);
  assert_int_equal(folded.policy_version, 2);
  assert_int_equal(case_clock_of(&folded, CLOCK_RECTIFY)->budget.count, 2);
  assert_ptr_equal(world_policy(&city->world, 1), &policies[0]);
  assert_ptr_equal(world_policy(&city->world, 0), &policies[1]);
  city->world.policies = city->policy;
  city->world.policy_count = 1;
}

static void set_retired(const char *code, bool retired) {
  uint32_t id = officer(code);
  if (id == 0) { /* retired already: not found by code */
    for (uint32_t i = 1; i <= city->registry->officer_count; i++)
      if (strcmp(city->registry->officers[i].code, code) == 0) id = i;
  }
  city->registry->officers[id].retired = retired;
}

/* The verifier left while the unit worked: another one is found when closing is asked for. */
static void test_verifier_has_left(void **state) {
  struct case_state folded = submitted("fire", KIND_INCIPIENT);
  struct command asked = command(COMMAND_SIGN_FOR, "h-fire");
  (void)state;
  assert_int_equal(folded.verifier, officer("ver-1"));
  decide(&folded, &asked, "2026-03-03T09:00");
  assert_true(case_apply(&folded, &decision.event));
  set_retired("ver-1", true);
  asked = command(COMMAND_REQUEST_CLOSURE, "p-fire");
  asked.evidence_count = 1;
  asked.evidence[0].kind = EVIDENCE_MATERIAL;
  asked.evidence[0].stored = true;
  folded.flags |= CASE_TALKED;
  assert_int_equal(decide(&folded, &asked, "2026-03-04T09:00"), RULE_CLOSURE_REQUESTED);
  assert_int_equal(decision.event.verifier, officer("ver-2"));
  assert_int_equal(decision.event.accountable, officer("ver-2"));
  set_retired("ver-1", false);
}

/* With no office at all on the day, the case is still somebody's. */
static void test_no_office_today(void **state) {
  struct registry *registry = city->registry;
  (void)state;
  for (uint32_t i = 0; i < registry->appointment_count; i++) {
    if (registry->appointments[i].role == ROLE_OFFICE) registry->appointments[i].from += 1000000;
    if (registry->by_officer[i].role == ROLE_OFFICE) registry->by_officer[i].from += 1000000;
  }
  struct case_state folded = submitted("atlantis", KIND_PROMINENT);
  assert_int_equal(folded.status, STATUS_UNROUTED);
  assert_int_equal(folded.accountable, officer("off-1")); /* the lowest number that ever had the role */
  for (uint32_t i = 0; i < registry->appointment_count; i++) {
    if (registry->appointments[i].role == ROLE_OFFICE) registry->appointments[i].from -= 1000000;
    if (registry->by_officer[i].role == ROLE_OFFICE) registry->by_officer[i].from -= 1000000;
  }
}

/* A unit that has been closed takes no new cases, and its old ones can still be handled. */
static void test_retired_unit(void **state) {
  struct case_state folded = submitted("fire", KIND_PROMINENT);
  uint32_t fire = city_unit(city, "fire");
  (void)state;
  city->registry->units[fire].retired = true;
  struct command asked = command(COMMAND_SUBMIT, "insp-1");
  finding.unit = fire;
  assert_int_equal(decide(NULL, &asked, "2026-03-03T09:00"), RULE_ACCEPTED_UNROUTED);
  asked = command(COMMAND_SIGN_FOR, "h-fire");
  assert_int_equal(decide(&folded, &asked, "2026-03-03T09:00"), RULE_SIGNED_FOR);
  asked = command(COMMAND_REASSIGN, "off-1");
  asked.unit = city_unit(city, "street");
  assert_int_equal(decide(&folded, &asked, "2026-03-03T09:00"), RULE_REASSIGNED);
  asked.unit = fire;
  assert_int_equal(decide(&folded, &asked, "2026-03-03T09:00"), RULE_UNIT_UNKNOWN);
  city->registry->units[fire].retired = false;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_header),
      cmocka_unit_test(test_refusal_has_no_effects),
      cmocka_unit_test(test_refused_submit_has_no_case),
      cmocka_unit_test(test_unknown_case),
      cmocka_unit_test(test_number_of_no_command),
      cmocka_unit_test(test_stale_timers),
      cmocka_unit_test(test_late_rung),
      cmocka_unit_test(test_pinned_policy),
      cmocka_unit_test(test_verifier_has_left),
      cmocka_unit_test(test_no_office_today),
      cmocka_unit_test(test_retired_unit),
  };
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  city_close(city);
  return failed;
}
