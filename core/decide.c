/* decide.c - case_decide(): the checks that all commands share, then the command's own, then the event.
 *
 * The order of the checks is fixed, because it decides which rule a refusal cites: what only the daemon does, the case,
 * whether the command is offered, the life cycle, the actor's roles, the text, and last what the command itself asks for.
 */
#include <string.h>

#include "core/judge.h"
#include "rectify/must.h"

typedef uint32_t decide_fn(struct judge *judge);

static decide_fn *const decide_of[COMMAND_COUNT + 1] = {
    [COMMAND_SUBMIT] = decide_submit,
    [COMMAND_DISPATCH] = decide_dispatch,
    [COMMAND_SIGN_FOR] = decide_sign_for,
    [COMMAND_PROGRESS] = decide_remark,
    [COMMAND_COMMENT] = decide_remark,
    [COMMAND_ENDORSE] = decide_endorse,
    [COMMAND_REQUEST_CLOSURE] = decide_request_closure,
    [COMMAND_VERIFY_PASS] = decide_verify_pass,
    [COMMAND_VERIFY_FAIL] = decide_verify_fail,
    [COMMAND_REASSIGN] = decide_reassign,
    [COMMAND_ESCALATE] = decide_escalate,
    [COMMAND_RUNG_DUE] = decide_rung,
};

/* ---- checks ---- */

static uint32_t check_actor(const struct judge *judge, uint32_t unit, uint32_t team) {
  return authorise_command(judge->world, judge->command->actor, judge->command->kind, unit, team,
                           world_today(judge->world, unit, judge->now));
}

static uint32_t check_text(const struct judge *judge) {
  return command_needs_text(judge->command->kind) && !judge->command->has_text ? RULE_TEXT_REQUIRED : RULE_NONE;
}

static uint32_t check_submit(struct judge *judge) {
  const struct finding *finding = judge->command->finding;
  must(finding != NULL);
  judge->move = lifecycle_move(COMMAND_SUBMIT, STATUS_NONE);
  uint32_t rule = submit_check_finding(judge->world, finding, judge->now);
  if (rule != RULE_NONE) return rule;
  rule = check_actor(judge, finding->unit, finding->team);
  return rule != RULE_NONE ? rule : check_text(judge);
}

static uint32_t check_case(struct judge *judge) {
  const struct case_state *state = judge->before;
  const struct command *command = judge->command;
  if (command->kind == COMMAND_RUNG_DUE && !rung_is_due(state, command, judge->now)) return RULE_STALE_TIMER;
  if (!command_is_offered(command->kind)) return RULE_NOT_OFFERED;
  judge->move = lifecycle_move(command->kind, state->status);
  if (judge->move == NULL) return status_is_open(state->status) ? RULE_NO_SUCH_MOVE : RULE_CASE_CLOSED;
  uint32_t rule = check_actor(judge, state->unit, state->team);
  return rule != RULE_NONE ? rule : check_text(judge);
}

static uint32_t check(struct judge *judge, const struct case_state *current) {
  const struct command *command = judge->command;
  must(command->track <= TRACK_COUNT && command->evidence_count <= EVIDENCE_MAX);
  if (command->kind == COMMAND_PUBLISH) return RULE_NOT_FOR_PEOPLE;
  if (command->kind == COMMAND_RUNG_DUE && command->actor != 0) return RULE_NOT_FOR_PEOPLE;
  if (current != NULL) return check_case(judge);
  return command->kind == COMMAND_SUBMIT ? check_submit(judge) : RULE_NO_SUCH_CASE;
}

/* ---- the event ---- */

static void event_open(struct judge *judge, const struct case_state *current) {
  const struct command *command = judge->command;
  struct event *event = judge->event;
  memset(event, 0, sizeof *event);
  event->case_no = judge->before->case_no;
  event->version = current == NULL ? 0 : judge->number;
  event->command = command->kind;
  event->key = command->key;
  event->actor = command->actor;
  event->recorded = event->effective = judge->now;
  event->policy_version = judge->policy->version;
  event->calendar_version = judge->world->calendar_version;
  event->registry_version = judge->world->registry->version;
  event->has_text = command->has_text;
  event->text = command->text;
  event->evidence_count = command->evidence_count;
  memcpy(event->evidence, command->evidence, command->evidence_count * sizeof *command->evidence);
  event->has_finding = current == NULL && command->kind == COMMAND_SUBMIT;
  if (event->has_finding) event->finding = *command->finding;
}

static bool clock_same(const struct case_clock *a, const struct case_clock *b) {
  return a->state == b->state && a->track == b->track && a->provisional == b->provisional &&
         a->budget.count == b->budget.count && a->budget.unit == b->budget.unit && a->generation == b->generation &&
         a->nth == b->nth && a->rung == b->rung && a->repeat == b->repeat && a->start == b->start && a->due == b->due &&
         a->next_fire == b->next_fire && a->paused == b->paused;
}

static void event_clock(struct event *event, const struct case_clock *clock) {
  must(event->clock_count < sizeof event->clocks / sizeof *event->clocks);
  event->clocks[event->clock_count++] = *clock;
}

/* Stopped clocks first: they free the slots of those that start. */
static void event_clocks(struct judge *judge) {
  const struct case_clock *before = judge->before->clocks, *after = judge->after.clocks;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && before[i].kind != 0; i++) {
    if (case_clock_of(&judge->after, before[i].kind) != NULL) continue;
    event_clock(judge->event, &(struct case_clock){.kind = before[i].kind, .state = CLOCK_STOPPED});
  }
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && after[i].kind != 0; i++) {
    const struct case_clock *was = case_clock_of(judge->before, after[i].kind);
    if (was == NULL || !clock_same(was, &after[i])) event_clock(judge->event, &after[i]);
  }
}

static void settle_provisional(struct case_state *state) {
  bool provisional = false;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX; i++) provisional |= state->clocks[i].provisional;
  state->flags = (uint8_t)(provisional ? state->flags | CASE_PROVISIONAL : state->flags & ~CASE_PROVISIONAL);
}

/* The event says what changed; a value that stays is 0 in it. */
static void event_changes(struct judge *judge) {
  const struct case_state *before = judge->before, *after = &judge->after;
  struct event *event = judge->event;
#define CHANGE(field) \
  if (after->field != before->field) event->field = after->field
  CHANGE(status);
  CHANGE(track);
  CHANGE(light);
  CHANGE(rework);
  CHANGE(bounces);
  CHANGE(route);
  CHANGE(unit);
  CHANGE(handler);
  CHANGE(verifier);
  CHANGE(accountable);
  CHANGE(first_due);
  CHANGE(closed);
#undef CHANGE
  event->flags_set = (uint8_t)(after->flags & ~before->flags);
  event->flags_clear = (uint8_t)(before->flags & ~after->flags);
  event_clocks(judge);
}

static void event_accept(struct judge *judge, uint64_t new_case_no) {
  settle_provisional(&judge->after);
  event_changes(judge);
  if (judge->event->has_finding) {
    judge->event->case_no = new_case_no;
    judge->event->version = 1;
  }
  must(!status_is_open(judge->after.status) ||
       (judge->after.accountable != 0 && case_next_fire(&judge->after, NULL) != INSTANT_NONE));
}

void case_decide(const struct world *world, const struct case_state *current, const struct command *command,
                 usec_t now, uint64_t new_case_no, struct decision *out) {
  static const struct case_state no_case;
  struct judge judge = {.world = world, .command = command, .before = current != NULL ? current : &no_case,
                        .event = &out->event, .now = now};
  judge.policy = world_policy(world, judge.before->policy_version);
  judge.number = judge.before->version + 1;
  judge.after = *judge.before;
  event_open(&judge, current);
  uint32_t rule = check(&judge, current);
  if (rule == RULE_NONE) {
    must(decide_of[command->kind] != NULL);
    rule = decide_of[command->kind](&judge);
    if (rule_refuses(rule)) event_open(&judge, current); /* forget what the command had begun */
    else event_accept(&judge, new_case_no);
  }
  out->rule = out->event.rule = (uint16_t)rule;
  out->record = rule != RULE_STALE_TIMER;
}
