/* check.c - what must hold, whatever was asked. */
#include <stdarg.h>

#include "tests/history/history.h"

void history_wrong(struct history *history, const char *format, ...) {
  if (history->wrong[0] != '\0') return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(history->wrong, sizeof history->wrong, format, arguments);
  va_end(arguments);
}

bool history_same(const struct case_state *a, const struct case_state *b) {
  static uint8_t packed_a[4 * STATE_BODY_BYTES_MAX], packed_b[4 * STATE_BODY_BYTES_MAX];
  const size_t length = codec_state_pack(a, packed_a);
  return codec_state_pack(b, packed_b) == length && memcmp(packed_a, packed_b, length) == 0;
}

/* Of the policies that are played: municipal.yaml. */
enum { HELD_MAX = 60, STAGED_MAX = 250, REPEAT_DAYS_MAX = 35 /* ten working days, holidays between */ };

#define HOLDS(condition) \
  if (!(condition)) history_wrong(history, "case %llu: %s", (unsigned long long)after->case_no, #condition)

/* ---- clocks ---- */

/* What alone may put the date of the whole off: everything else leaves it where it is. */
static bool may_put_off(const struct case_state *before, const struct case_state *after, const struct event *event) {
  static const uint8_t commands[] = {COMMAND_EXTENSION_GRANT, COMMAND_RESUME,  COMMAND_VERIFY_FAIL, COMMAND_ADJUDICATE,
                                     COMMAND_UNMERGE,         COMMAND_REVIEW,  COMMAND_REBASE,      COMMAND_STAGE,
                                     COMMAND_REOPEN,          COMMAND_LOOK_BACK_RELAPSE};
  for (size_t i = 0; i < sizeof commands; i++)
    if (commands[i] == event->command) return true;
  return event->rule == RULE_HOLD_ENDED || after->track != before->track || after->unit != before->unit;
}

static void check_put_off(struct history *history, const struct case_state *before, const struct case_state *after,
                          const struct event *event) {
  const struct case_clock *was = case_clock_of(before, CLOCK_RECTIFY), *is = case_clock_of(after, CLOCK_RECTIFY);
  if (was != NULL && is != NULL && is->due > was->due) HOLDS(may_put_off(before, after, event));
}

static void check_clock(struct history *history, const struct case_state *before, const struct case_state *after,
                        const struct case_clock *clock, const struct event *event) {
  const bool running = clock->state == CLOCK_RUNNING;
  HOLDS(running || clock->state == CLOCK_PAUSED);
  HOLDS((clock->next_fire != INSTANT_NONE) == running);
  HOLDS((clock->paused == 0) == running);
  HOLDS(clock->generation <= after->version && clock->moved >= 0 && clock->extended >= 0);
  HOLDS(case_clock_of(after, clock->kind) == clock);
  bool stands = after->status == STATUS_MERGED && clock->kind == CLOCK_RECTIFY && !running; /* till it is taken out again */
  HOLDS(status_is_open(after->status) || clock->kind == CLOCK_LOOK_BACK || clock->kind == CLOCK_DECISION || stands);
  const struct case_clock *was = case_clock_of(before, clock->kind);
  if (was == NULL || was->generation != clock->generation) {
    HOLDS(clock->generation == event->version && clock->nth == 0);
    return;
  }
  HOLDS(clock->nth >= was->nth && clock->rung >= was->rung && clock->repeat >= was->repeat);
  HOLDS(clock->start == was->start && clock->moved >= was->moved && clock->extended >= was->extended);
  HOLDS(clock->due >= was->due || event->command == COMMAND_REVIEW || after->unit != before->unit);
}

/* The date follows from what it stands on: start, budget, extensions, pauses that are over. */
static void check_due(struct history *history, const struct case_state *after, const struct case_clock *clock) {
  const struct world *world = &history->city->world;
  bool provisional = false;
  usec_t due = ladder_due_of(world_calendar(world, after->unit), world_zone(world, after->unit), clock, &provisional);
  HOLDS(clock->due == due && clock->provisional == provisional);
}

/* Reminders never go silent, however long ago the date was. */
static void check_reminds(struct history *history, const struct case_state *after, const struct case_clock *clock) {
  const usec_t at_most = REPEAT_DAYS_MAX * 24 * USEC_PER_HOUR;
  HOLDS(clock->state != CLOCK_RUNNING || clock->due > history->now || clock->next_fire <= history->now + at_most);
}

static void check_clocks(struct history *history, const struct case_state *before, const struct case_state *after,
                         const struct event *event) {
  bool free_seen = false, provisional = false;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX; i++) {
    const struct case_clock *clock = &after->clocks[i];
    free_seen |= clock->kind == 0;
    if (free_seen) HOLDS(clock->kind == 0);
    if (clock->kind == 0) continue;
    check_clock(history, before, after, clock, event);
    if (status_is_open(after->status)) check_due(history, after, clock);
    check_reminds(history, after, clock);
    provisional |= clock->provisional;
  }
  HOLDS(((after->flags & CASE_PROVISIONAL) != 0) == provisional);
}

/* ---- the status and what goes with it ---- */

static bool stands_still(const struct case_state *state) {
  return state->status == STATUS_VERIFYING || state->status == STATUS_BOUNCED || (state->flags & CASE_HELD) != 0;
}

static bool answers(const struct history *history, const struct case_state *state) {
  const struct world *world = &history->city->world;
  const day_t day = zone_day_of(world_zone(world, state->unit), history->now);
  return (registry_roles(world->registry, state->handler, state->unit, day) &
          (ROLE_BIT(ROLE_HANDLER) | ROLE_BIT(ROLE_PRINCIPAL))) != 0;
}

static void check_open(struct history *history, const struct case_state *after) {
  const struct case_clock *rectify = case_clock_of(after, CLOCK_RECTIFY);
  const bool unrouted = after->status == STATUS_UNROUTED;
  HOLDS(case_next_fire(after, NULL) != INSTANT_NONE);
  HOLDS(after->accountable != 0 && after->accountable <= history->city->registry->officer_count);
  HOLDS(after->closed == 0 && after->light != 0 && after->merged_into == 0);
  HOLDS((rectify == NULL) == unrouted && (after->unit == 0) == unrouted);
  HOLDS(unrouted || after->track != 0);
  if (rectify != NULL) HOLDS((rectify->state == CLOCK_PAUSED) == stands_still(after));
  HOLDS((case_clock_of(after, CLOCK_VERIFY) != NULL) == (after->status == STATUS_VERIFYING));
  HOLDS((case_clock_of(after, CLOCK_HOLD) != NULL) == ((after->flags & CASE_HELD) != 0));
  HOLDS((case_clock_of(after, CLOCK_ADJUDICATE) != NULL) == (unrouted || after->status == STATUS_BOUNCED));
  HOLDS(case_clock_of(after, CLOCK_LOOK_BACK) == NULL);
  bool units = after->status == STATUS_DISPATCHED || after->status == STATUS_RECTIFYING || after->status == STATUS_STAGED;
  if (units) HOLDS(after->accountable == after->handler || !answers(history, after));
  if (after->status == STATUS_RECTIFYING) HOLDS(case_clock_of(after, CLOCK_SIGN_FOR) == NULL);
  HOLDS(case_holder(after) != 0);
}

static void check_status(struct history *history, const struct case_state *after) {
  HOLDS(word_known(words_status, after->status));
  if (status_is_open(after->status)) {
    check_open(history, after);
    return;
  }
  HOLDS(after->closed != 0 && case_holder(after) == 0);
  HOLDS((after->merged_into != 0) == (after->status == STATUS_MERGED));
  if (after->status != STATUS_CLOSED_OUT) HOLDS(case_clock_of(after, CLOCK_LOOK_BACK) == NULL);
}

static bool move_exists(uint32_t command, uint32_t from, uint32_t to) {
  for (uint32_t i = 0; i < lifecycle_move_count; i++)
    if (lifecycle_moves[i].command == command && lifecycle_moves[i].from == from && lifecycle_moves[i].to == to) return true;
  return false;
}

/* ---- who ---- */

static bool acts(const struct event *event, uint32_t officer) {
  return officer != 0 && (event->actor == officer || event->on_behalf == officer);
}

static void check_eyes(struct history *history, const struct case_state *before, const struct case_state *after,
                       const struct event *event) {
  const struct officer *officers = history->city->registry->officers;
  const uint32_t command = event->command;
  bool checks = command == COMMAND_VERIFY_PASS || command == COMMAND_VERIFY_FAIL || command == COMMAND_LOOK_BACK_PASS ||
                command == COMMAND_LOOK_BACK_RELAPSE;
  if (checks) {
    HOLDS(!acts(event, before->handler) && officers[event->actor].unit != before->unit);
    HOLDS(!acts(event, before->closing_by) && !acts(event, before->closing_for));
    HOLDS(!acts(event, before->endorsed_by) && !acts(event, before->endorsed_for));
  }
  if (command == COMMAND_EXTENSION_GRANT || command == COMMAND_EXTENSION_REFUSE) HOLDS(!acts(event, before->asked_by) && !acts(event, before->asked_for));
  if (command == COMMAND_PLAN_APPROVE) HOLDS(!acts(event, before->plan_by) && !acts(event, before->plan_for));
  if (command == COMMAND_WITHDRAW_APPROVE) HOLDS(!acts(event, before->withdrawal_by) && before->absorbed == 0);
  bool goes = command == COMMAND_WITHDRAW_APPROVE || command == COMMAND_MERGE_INTO;
  if (goes) HOLDS((before->flags & CASE_ACCOUNTABILITY) == 0 || (before->flags & CASE_DECIDED) != 0);
  HOLDS(after->held <= HELD_MAX && after->staged <= STAGED_MAX);
  if (command == COMMAND_DECIDE) HOLDS(!acts(event, before->subject));
  if (command == COMMAND_STATEMENT || command == COMMAND_APPEAL) HOLDS(event->actor == before->subject);
  if (command != COMMAND_REQUEST_CLOSURE) return;
  HOLDS(after->evidence_count > after->evidence_spent && before->children == 0);
  const uint32_t heads = ROLE_BIT(ROLE_PRINCIPAL);
  const day_t day = zone_day_of(world_zone(&history->city->world, before->unit), history->now);
  HOLDS((before->flags & CASE_ENDORSED) != 0 ||
        (registry_roles(history->city->registry, after->endorsed_for, before->unit, day) & heads) != 0);
  if (before->track == TRACK_SPECIAL_RECTIFICATION) HOLDS((before->flags & CASE_PLAN_APPROVED) != 0);
  if (before->track == TRACK_EARLY_WARNING) HOLDS((before->flags & CASE_TALKED) != 0);
  if (before->track == TRACK_NEW_RULES) HOLDS((before->flags & CASE_RULE_ISSUED) != 0);
  if (before->track == TRACK_SUPERVISION) HOLDS((before->flags & CASE_ORDER_SIGNED) != 0);
  if (before->track == TRACK_ACCOUNTABILITY) HOLDS((before->flags & CASE_DECIDED) != 0);
}

static void check_notices(struct history *history, const struct case_state *after, const struct event *event) {
  for (uint32_t i = 0; i < event->notice_count; i++) {
    const struct notice_out *notice = &event->notices[i];
    HOLDS(word_known(words_notice, notice->kind) && word_known(words_recipient, notice->recipient));
    HOLDS(notice->officer != 0 && notice->officer <= history->city->registry->officer_count);
    for (uint32_t k = 0; k < i; k++)
      HOLDS(event->notices[k].officer != notice->officer || event->notices[k].kind != notice->kind);
  }
}

static void check_accepted(struct history *history, const struct case_state *before, const struct case_state *after,
                           const struct event *event) {
  HOLDS(move_exists(event->command, before->status, after->status));
  HOLDS(before->first_due == 0 || after->first_due == before->first_due);
  HOLDS(event->effective <= event->recorded && event->recorded == history->now);
  HOLDS((event->actor == 0) == (command_roles(event->command) == 0));
  HOLDS(after->light >= before->light || event->status != 0); /* time betters nothing */
  if (event->order_serial != 0)
    HOLDS(event->order_serial == history->order_serial + 1 || event->order_year != history->order_year);
  check_eyes(history, before, after, event);
  check_notices(history, after, event);
}

static void check_refused(struct history *history, const struct case_state *before, const struct case_state *after) {
  struct case_state expected = *before;
  expected.version = after->version;
  HOLDS(history_same(&expected, after));
}

/* ---- the days ---- */

static int32_t days_open(const struct history *history, const struct case_state *state) {
  const struct zone *zone = &history->city->zones[0];
  usec_t until = state->closed != 0 ? state->closed : history->now;
  return workday_between(&history->city->calendars[0], zone_day_of(zone, state->opened - 1),
                         zone_day_of(zone, until - 1));
}

static void check_days(struct history *history, const struct history_case *found) {
  const struct case_state *after = &found->state;
  if (history->city->world.calendar_version > 1) return;
  struct attribution attribution = found->attribution;
  attribution_step(&attribution, &history->city->calendars[0], &history->city->zones[0], after, history->now);
  int32_t total = 0;
  for (uint32_t holder = 0; holder <= HOLDER_COUNT; holder++) total += attribution.days[holder];
  HOLDS(total == days_open(history, after) && (found->was_closed || attribution.days[0] == 0));
}

static void check_post(struct history *history, const struct case_state *after);

void check_event(struct history *history, const struct case_state *before, const struct history_case *found,
                 const struct event *event) {
  const struct case_state *after = &found->state;
  if (rule_refuses(event->rule)) check_refused(history, before, after);
  else check_accepted(history, before, after, event);
  HOLDS(history_same(&found->folded, after));
  check_clocks(history, before, after, event);
  check_put_off(history, before, after, event);
  if (event->command == COMMAND_RUNG_DUE && !rule_refuses(event->rule) && status_is_open(after->status)) check_post(history, after); /* who left is not told */
  check_status(history, after);
}

/* ---- posts ---- */

static bool known(const struct history *history, uint32_t officer) {
  const struct registry *registry = history->city->registry;
  return officer != 0 && officer <= registry->officer_count && !registry->officers[officer].retired;
}

/* Who is accountable holds a post that fits, wherever anybody does. */
static void check_post(struct history *history, const struct case_state *after) {
  const struct world *world = &history->city->world;
  const uint32_t unit_roles = ROLE_BIT(ROLE_HANDLER) | ROLE_BIT(ROLE_PRINCIPAL), office = ROLE_BIT(ROLE_OFFICE);
  const day_t day = zone_day_of(world_zone(world, after->unit), history->now);
  const bool with_office = after->status == STATUS_UNROUTED || after->status == STATUS_BOUNCED;
  const uint32_t unit = after->unit != 0 ? after->unit : 1;
  const bool verifies = after->status == STATUS_VERIFYING;
  const uint32_t fits = verifies ? ROLE_BIT(ROLE_VERIFIER) | office : with_office || !answers(history, after) ? office : unit_roles;
  const uint32_t roles = registry_roles(world->registry, after->accountable, unit, day);
  if (known(history, after->accountable) && (roles & fits) != 0) return;
  for (uint32_t officer = 1; officer <= world->registry->officer_count; officer++) {
    bool could = (registry_roles(world->registry, officer, unit, day) & (fits & ~ROLE_BIT(ROLE_VERIFIER))) != 0;
    if (could) history_wrong(history, "case %llu: officer %u is accountable without a post, officer %u has one",
                             (unsigned long long)after->case_no, after->accountable, officer);
  }
}

void check_posts(struct history *history) {
  for (uint32_t i = 0; i < history->case_count; i++)
    if (status_is_open(history->cases[i].state.status)) check_post(history, &history->cases[i].state);
}

/* ---- between cases ---- */

static uint32_t open_parts(const struct history *history, uint64_t parent) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < history->case_count; i++) {
    const struct case_state *state = &history->cases[i].state;
    count += state->parent == parent && state->origin == ORIGIN_CO_UNIT && status_is_open(state->status);
  }
  return count;
}

static uint32_t merged_cases(const struct history *history, uint64_t into) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < history->case_count; i++) count += history->cases[i].state.merged_into == into;
  return count;
}

void check_cases(struct history *history) {
  for (uint32_t i = 0; i < history->case_count; i++) {
    const struct case_state *after = &history->cases[i].state;
    HOLDS(after->children == open_parts(history, after->case_no));
    HOLDS(after->absorbed == merged_cases(history, after->case_no));
    HOLDS(after->merged_into != after->case_no && after->parent < after->case_no && after->finding_of <= after->case_no);
    if (after->merged_into != 0) HOLDS(history_case_of(history, after->merged_into) != NULL);
    check_days(history, &history->cases[i]);
  }
}
