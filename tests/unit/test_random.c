/* test_random.c - thousands of random commands, sensible ones and nonsense, on random cases in random time.
 *
 * Whatever is asked: the core never fails, an open case has exactly one accountable officer and a timer, a refusal changes
 * nothing, the fold of the events is the case, and no rung fires twice.  RECTIFY_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/city.h"

#define RUNS 40
#define STEPS 600
#define CASES_MAX 12
#define EVENTS_MAX 40000
#define DAY_USEC (24 * USEC_PER_HOUR)

static uint64_t random_state;

/* splitmix64: a counter, mixed. */
static uint32_t random_below(uint32_t bound) {
  uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)((z ^ (z >> 31)) >> 16) % bound;
}

static bool chance(uint32_t percent) { return random_below(100) < percent; }

static struct city *city;
static struct policy policies[2];
static struct case_state cases[CASES_MAX];
static uint32_t case_count;
static struct event *events;
static uint32_t event_count;
static usec_t now;
static uint32_t accepted_count[COMMAND_COUNT + 1], refused_count[1000];

/* ---- what must hold ---- */

static bool move_exists(uint32_t command, uint32_t from, uint32_t to) {
  for (uint32_t i = 0; i < lifecycle_move_count; i++)
    if (lifecycle_moves[i].command == command && lifecycle_moves[i].from == from && lifecycle_moves[i].to == to)
      return true;
  return false;
}

static void check_clocks(const struct case_state *before, const struct case_state *after, const struct event *event) {
  const bool open = status_is_open(after->status);
  bool free_seen = false, provisional = false;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX; i++) {
    const struct case_clock *clock = &after->clocks[i];
    free_seen |= clock->kind == 0;
    if (free_seen) {
      assert_int_equal(clock->kind, 0); /* taken slots come first */
      continue;
    }
    assert_true(open);
    assert_true(clock->state == CLOCK_RUNNING || clock->state == CLOCK_PAUSED);
    assert_int_equal(clock->next_fire == INSTANT_NONE, clock->state == CLOCK_PAUSED);
    assert_int_equal(clock->paused != 0, clock->state == CLOCK_PAUSED);
    assert_true(clock->due > clock->start && clock->generation <= after->version);
    assert_ptr_equal(case_clock_of(after, clock->kind), clock); /* one of each kind */
    provisional |= clock->provisional;
    const struct case_clock *was = case_clock_of(before, clock->kind);
    if (was == NULL || was->generation != clock->generation) {
      assert_int_equal(clock->generation, event->version);
      assert_int_equal(clock->nth, 0);
      continue;
    }
    assert_true(clock->nth >= was->nth && clock->rung >= was->rung && clock->repeat >= was->repeat);
    assert_true(clock->start == was->start && clock->due >= was->due);
  }
  assert_int_equal((after->flags & CASE_PROVISIONAL) != 0, provisional);
}

static void check_status(const struct case_state *state) {
  const struct case_clock *rectify = case_clock_of(state, CLOCK_RECTIFY);
  const bool verifying = state->status == STATUS_VERIFYING, unrouted = state->status == STATUS_UNROUTED;
  if (!status_is_open(state->status)) {
    assert_int_equal(state->status, STATUS_CLOSED_OUT);
    assert_int_equal(case_next_fire(state, NULL), INSTANT_NONE);
    assert_true(state->closed != 0);
    return;
  }
  assert_true(case_next_fire(state, NULL) != INSTANT_NONE);
  assert_true(state->accountable != 0 && state->accountable <= city->registry->officer_count);
  assert_true(state->closed == 0 && state->light != 0);
  assert_int_equal(case_clock_of(state, CLOCK_VERIFY) != NULL, verifying);
  assert_int_equal(case_clock_of(state, CLOCK_ADJUDICATE) != NULL, unrouted);
  assert_int_equal(rectify == NULL, unrouted);
  assert_int_equal(state->unit == 0, unrouted);
  assert_int_equal(state->track == 0, unrouted);
  if (!unrouted) assert_int_equal(rectify->state, verifying ? CLOCK_PAUSED : CLOCK_RUNNING);
  if (!unrouted && !verifying) assert_int_equal(state->accountable, state->handler);
  if (state->status == STATUS_RECTIFYING) assert_null(case_clock_of(state, CLOCK_SIGN_FOR));
}

static void check_accepted(const struct case_state *before, const struct case_state *after, const struct event *event) {
  const struct officer *actor = &city->registry->officers[event->actor];
  assert_true(move_exists(event->command, before->status, after->status));
  if (before->first_due != 0) assert_int_equal(after->first_due, before->first_due);
  if (event->command == COMMAND_RUNG_DUE) assert_true(event->effective <= event->recorded && event->actor == 0);
  else assert_true(event->effective == event->recorded && event->actor != 0);
  if (event->command == COMMAND_VERIFY_PASS || event->command == COMMAND_VERIFY_FAIL) {
    assert_true(event->actor != before->handler && actor->unit != before->unit);
    assert_true(actor->unit != city->registry->officers[before->handler].unit);
  }
  for (uint32_t i = 0; i < event->notice_count; i++) {
    assert_true(word_known(words_notice, event->notices[i].kind));
    assert_true(word_known(words_recipient, event->notices[i].recipient));
    assert_true(event->notices[i].officer != 0 && event->notices[i].officer <= city->registry->officer_count);
    for (uint32_t k = 0; k < i; k++)
      assert_false(event->notices[k].officer == event->notices[i].officer &&
                   event->notices[k].kind == event->notices[i].kind);
  }
}

static void check_refused(const struct case_state *before, const struct case_state *after) {
  struct case_state expected = *before;
  expected.version = after->version;
  assert_memory_equal(&expected, after, sizeof expected);
}

/* ---- playing ---- */

static uint32_t play(struct case_state *state, const struct command *command) {
  static struct decision decision;
  case_decide(&city->world, state, command, now, &(struct fresh){.case_no = case_count + 1}, &decision);
  const struct event *event = &decision.event;
  assert_int_equal(event->rule, decision.rule);
  assert_int_equal(decision.record, decision.rule != RULE_STALE_TIMER);
  if (rule_refuses(decision.rule)) refused_count[decision.rule]++;
  else accepted_count[command->kind]++;
  if (!decision.record) return decision.rule;
  assert_true(event_count < EVENTS_MAX);
  events[event_count++] = *event;
  if (event->case_no == 0) return decision.rule;
  if (state == NULL) {
    state = &cases[case_count++];
    memset(state, 0, sizeof *state);
  }
  struct case_state before = *state;
  assert_true(case_apply(state, event));
  if (rule_refuses(decision.rule)) check_refused(&before, state);
  else check_accepted(&before, state, event);
  check_clocks(&before, state, event);
  check_status(state);
  return decision.rule;
}

/* Fires what is due until `until`: at its time, or late. */
static void run_until(usec_t until, bool late) {
  for (;;) {
    struct case_state *next = NULL;
    usec_t fire = INSTANT_NONE;
    uint32_t slot = 0, index = 0;
    for (uint32_t i = 0; i < case_count; i++) {
      usec_t at = case_next_fire(&cases[i], &index);
      if (at >= fire) continue;
      fire = at, slot = index, next = &cases[i];
    }
    if (fire > until) break;
    if (late) now = until;
    else if (fire > now) now = fire;
    struct command command;
    case_rung_command(next, slot, &command);
    struct case_clock fired = next->clocks[slot];
    assert_int_equal(play(next, &command), RULE_RUNG_FIRED);
    const struct case_clock *after = case_clock_of(next, fired.kind);
    if (after->generation == fired.generation) assert_true(after->next_fire > fired.next_fire);
    assert_int_equal(play(next, &command), RULE_STALE_TIMER);
  }
  now = until;
}

/* ---- commands ---- */

static uint32_t any_officer(void) { return random_below(city->registry->officer_count + 2); }
static uint32_t any_unit(void) { return random_below(city->registry->unit_count + 2); }

static void random_key(struct command *command) {
  for (int i = 0; i < WIRE_ID_BYTES; i++) command->key.bytes[i] = (uint8_t)random_below(256);
  command->key.bytes[6] = 0x70; /* a client's: no rung has version 7 */
}

static void random_evidence(struct command *command, uint32_t most) {
  command->evidence_count = (uint16_t)random_below(most + 1);
  for (uint32_t i = 0; i < command->evidence_count; i++)
    command->evidence[i].kind = (uint8_t)(1 + random_below(EVIDENCE_COUNT));
}

static struct command nonsense(void) {
  struct command command = {.kind = (uint8_t)random_below(COMMAND_COUNT + 5), .actor = any_officer()};
  if (command.kind == COMMAND_SUBMIT) command.kind = COMMAND_COMMENT;
  command.has_text = chance(80);
  random_evidence(&command, EVIDENCE_MAX);
  if (chance(40)) command.unit = any_unit();
  if (chance(40)) command.officer = any_officer();
  if (chance(40)) command.verifier = any_officer();
  if (chance(40)) command.track = (uint8_t)random_below(TRACK_COUNT + 1);
  command.unit_unknown = chance(5);
  command.officer_unknown = chance(5);
  command.clock = (uint8_t)random_below(CLOCK_COUNT + 3);
  command.generation = random_below(8);
  command.nth = random_below(4);
  return command;
}

/* An officer who has the role, of those there are. */
static uint32_t somebody(uint32_t role) {
  uint32_t first = random_below(city->registry->appointment_count);
  for (uint32_t i = 0; i < city->registry->appointment_count; i++) {
    const struct appointment *row = &city->registry->appointments[(first + i) % city->registry->appointment_count];
    if (row->role == role) return row->officer;
  }
  return 1;
}

/* What people would do next, most of the time. */
static struct command sensible(const struct case_state *state) {
  struct command command = {.has_text = true, .actor = somebody(ROLE_OFFICE)};
  const bool office = chance(20);
  switch ((enum status)state->status) {
  case STATUS_UNROUTED:
    command.kind = COMMAND_DISPATCH;
    command.unit = 1 + random_below(city->registry->unit_count);
    return command;
  case STATUS_DISPATCHED:
  case STATUS_RECTIFYING:
  case STATUS_STAGED:
    command.kind = chance(50) ? COMMAND_REASSIGN : COMMAND_ESCALATE;
    if (command.kind == COMMAND_REASSIGN) command.unit = 1 + random_below(city->registry->unit_count);
    else command.track = (uint8_t)random_below(TRACK_COUNT + 1);
    if (office) return command;
    command.actor = state->handler;
    command.kind = COMMAND_SIGN_FOR;
    if (state->status == STATUS_DISPATCHED) return command;
    random_evidence(&command, 6);
    command.kind = chance(30) ? COMMAND_PROGRESS : chance(30) ? COMMAND_ENDORSE : COMMAND_REQUEST_CLOSURE;
    if (command.kind != COMMAND_PROGRESS && chance(70)) command.actor = somebody(ROLE_PRINCIPAL);
    return command;
  case STATUS_VERIFYING:
    command.kind = chance(30) ? COMMAND_VERIFY_PASS : COMMAND_VERIFY_FAIL;
    command.actor = state->verifier;
    if (office) command.kind = chance(50) ? COMMAND_ESCALATE : COMMAND_REASSIGN;
    if (office) command.actor = somebody(ROLE_OFFICE), command.verifier = somebody(ROLE_VERIFIER);
    return command;
  case STATUS_NONE:
  case STATUS_BOUNCED:
  case STATUS_CLOSED_OUT:
  case STATUS_ARCHIVED:
  case STATUS_WITHDRAWN:
  case STATUS_MERGED:
    command.kind = COMMAND_COMMENT;
    return command;
  }
  return command;
}

static void submit_something(void) {
  struct finding finding = {.kind = (uint8_t)random_below(KIND_COUNT + 1),
                            .severity = (uint8_t)random_below(SEVERITY_COUNT + 1),
                            .unit = any_unit(),
                            .team = any_unit(),
                            .found_on = 18000 + (day_t)random_below(2500),
                            .same_problem = random_below(3)};
  struct command command = {.kind = COMMAND_SUBMIT, .actor = any_officer(), .finding = &finding};
  command.has_text = chance(95);
  if (finding.unit > city->registry->unit_count) finding.unit = 0;
  if (chance(90)) snprintf(finding.unit_code, sizeof finding.unit_code, "somewhere");
  if (chance(70)) command.actor = somebody(ROLE_OFFICE);
  random_key(&command);
  play(case_count == 0 || (case_count < CASES_MAX && chance(95)) ? NULL : &cases[0], &command);
}

static void act_on_something(void) {
  struct case_state *state = &cases[random_below(case_count)];
  struct command command = chance(60) ? sensible(state) : nonsense();
  command.case_no = state->case_no;
  random_key(&command);
  play(chance(98) || command.kind == COMMAND_SUBMIT ? state : NULL, &command);
}

/* People come and go, units close: the registry of the next day. */
static void change_registry(void) {
  struct registry *registry = city->registry;
  uint32_t officer = 1 + random_below(registry->officer_count), unit = 2 + random_below(registry->unit_count - 1);
  if (chance(60)) registry->officers[officer].retired = chance(40);
  else registry->units[unit].retired = chance(40);
}

/* ---- one run ---- */

static int by_key(const void *a, const void *b) {
  return memcmp(&((const struct event *)a)->key, &((const struct event *)b)->key, sizeof(struct uuid));
}

static void check_folds(void) {
  for (uint32_t i = 0; i < case_count; i++) {
    struct case_state state = {0};
    for (uint32_t k = 0; k < event_count; k++)
      if (events[k].case_no == cases[i].case_no) assert_true(case_apply(&state, &events[k]));
    assert_memory_equal(&state, &cases[i], sizeof state);
  }
}

static void check_keys(void) {
  qsort(events, event_count, sizeof *events, by_key);
  for (uint32_t i = 1; i < event_count; i++) assert_true(by_key(&events[i - 1], &events[i]) != 0);
}

static void run(void) {
  case_count = event_count = 0;
  now = city_instant(city, "2025-01-02T08:00");
  for (uint32_t i = 1; i <= city->registry->officer_count; i++) city->registry->officers[i].retired = false;
  for (uint32_t i = 1; i <= city->registry->unit_count; i++) city->registry->units[i].retired = false;
  city->world.policy_count = 1;
  for (uint32_t step = 0; step < STEPS; step++) {
    if (case_count == 0 || chance(5)) submit_something();
    if (case_count > 0) act_on_something();
    if (chance(30)) run_until(now + random_below(2) * DAY_USEC + random_below(86400) * USEC_PER_SECOND, chance(10));
    if (chance(1)) run_until(now + random_below(200) * DAY_USEC, chance(50));
    if (chance(5)) change_registry();
    if (chance(1)) city->world.policy_count = 2;
  }
  check_folds();
  check_keys();
}

static void test_random_histories(void **state) {
  const char *seed = getenv("RECTIFY_SEED");
  uint64_t first = seed != NULL ? strtoull(seed, NULL, 0) : 20260213;
  uint32_t runs = seed != NULL ? 1 : RUNS;
  (void)state;
  for (uint32_t i = 0; i < runs; i++) {
    random_state = first + i;
    printf("# RECTIFY_SEED=%llu\n", (unsigned long long)random_state);
    run();
  }
  if (runs == 1) return;
  for (const struct word *word = words_command; word->name != NULL; word++) /* all that is offered did happen */
    if (command_is_offered(word->number) && word->number != COMMAND_PUBLISH)
      assert_true(accepted_count[word->number] >= 20);
  for (const struct word *word = words_rule; word->name != NULL; word++) /* and each refusal, too */
    if (rule_refuses(word->number)) {
      if (refused_count[word->number] == 0) print_error("rule %u was never given\n", word->number);
      assert_true(refused_count[word->number] > 0);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_histories)};
  size_t length = 0;
  struct document_report report = {0};
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  char *text = city_read("tests/spec/short.yaml", &length);
  struct policy *other = policy_parse("short.yaml", text, length, &report);
  city_need(other, "tests/spec/short.yaml", &report);
  policies[0] = *city->policy;
  policies[1] = *other;
  policies[1].version = 2;
  city->world.policies = policies;
  free(text);
  free(other);
  events = calloc(EVENTS_MAX, sizeof *events);
  int failed = events == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
  free(events);
  city_close(city);
  return failed;
}
