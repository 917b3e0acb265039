/* decide.c - case_decide(): the checks that all commands share, then the command's own, then the event.
 *
 * The order of the checks is fixed, because it decides which rule a refusal cites: what only the daemon does, the case,
 * the life cycle, the actor's roles, the text, and last what the command itself asks for.
 */
#include <string.h>

#include "core/judge.h"
#include "rectify/must.h"

typedef uint32_t decide_fn(struct judge *judge);

static decide_fn *const decide_of[COMMAND_COUNT + 1] = {
    [COMMAND_SUBMIT] = decide_submit,
    [COMMAND_DISPATCH] = decide_dispatch,
    [COMMAND_SIGN_FOR] = decide_sign_for,
    [COMMAND_BOUNCE] = decide_bounce,
    [COMMAND_ADJUDICATE] = decide_adjudicate,
    [COMMAND_PLAN_SUBMIT] = decide_plan_submit,
    [COMMAND_PLAN_APPROVE] = decide_plan_approve,
    [COMMAND_PLAN_RETURN] = decide_plan_return,
    [COMMAND_PROGRESS] = decide_progress,
    [COMMAND_COMMENT] = decide_remark,
    [COMMAND_ENDORSE] = decide_endorse,
    [COMMAND_EXTENSION_ASK] = decide_extension_ask,
    [COMMAND_EXTENSION_GRANT] = decide_extension_grant,
    [COMMAND_EXTENSION_REFUSE] = decide_extension_refuse,
    [COMMAND_HOLD] = decide_hold,
    [COMMAND_RESUME] = decide_resume,
    [COMMAND_STAGE] = decide_stage,
    [COMMAND_REQUEST_CLOSURE] = decide_request_closure,
    [COMMAND_VERIFY_PASS] = decide_verify_pass,
    [COMMAND_VERIFY_FAIL] = decide_verify_fail,
    [COMMAND_REASSIGN] = decide_reassign,
    [COMMAND_ESCALATE] = decide_escalate,
    [COMMAND_HAND_OVER] = decide_hand_over,
    [COMMAND_ATTACH] = decide_attach,
    [COMMAND_MERGE_INTO] = decide_merge_into,
    [COMMAND_WITHDRAW] = decide_withdraw,
    [COMMAND_REOPEN] = decide_reopen,
    [COMMAND_LOOK_BACK_PASS] = decide_look_back_pass,
    [COMMAND_LOOK_BACK_RELAPSE] = decide_look_back_relapse,
    [COMMAND_DECIDE] = decide_decide,
    [COMMAND_TALK] = decide_talk,
    [COMMAND_RULE_ISSUE] = decide_rule_issue,
    [COMMAND_ORDER_SIGN] = decide_order_sign,
    [COMMAND_WITHDRAW_APPROVE] = decide_withdraw_approve,
    [COMMAND_WITHDRAW_REFUSE] = decide_withdraw_refuse,
    [COMMAND_UNMERGE] = decide_unmerge,
    [COMMAND_SPLIT] = decide_split,
    [COMMAND_CO_UNIT] = decide_co_unit,
    [COMMAND_SWEEP] = decide_sweep,
    [COMMAND_RUNG_DUE] = decide_rung,
    [COMMAND_SPAWN] = decide_spawn,
    [COMMAND_RELATE] = decide_relate,
    [COMMAND_REVIEW] = decide_review,
    [COMMAND_STATEMENT] = decide_statement,
    [COMMAND_APPEAL] = decide_appeal,
    [COMMAND_REBASE] = decide_rebase,
    [COMMAND_UNDELIVERED] = decide_undelivered,
};

/* ---- checks ---- */

static uint32_t check_actor(struct judge *judge, uint32_t unit, uint32_t team) {
  return authorise_command(judge->world, judge->command->actor, judge->command->kind, unit, team,
                           world_today(judge->world, unit, judge->now), &judge->on_behalf);
}

/* While the unit's clocks stand still, only what is not the unit's work goes on. */
static bool goes_on_hold(uint32_t command) {
  static const uint8_t commands[] = {COMMAND_RESUME,      COMMAND_COMMENT,  COMMAND_ATTACH,           COMMAND_HAND_OVER,
                                     COMMAND_WITHDRAW,    COMMAND_DECIDE,   COMMAND_WITHDRAW_APPROVE, COMMAND_WITHDRAW_REFUSE,
                                     COMMAND_STATEMENT,   COMMAND_APPEAL,   COMMAND_RUNG_DUE,         COMMAND_RELATE,
                                     COMMAND_REVIEW,      COMMAND_UNDELIVERED};
  for (size_t i = 0; i < sizeof commands; i++)
    if (commands[i] == command) return true;
  return false;
}

/* A new plan has new measures: its own document belongs to none of them. */
static uint32_t check_measures(const struct judge *judge) {
  const struct command *command = judge->command;
  uint32_t most = command->kind == COMMAND_PLAN_SUBMIT ? 0 : judge->before->measures;
  for (uint32_t i = 0; i < command->evidence_count; i++)
    if (command->evidence[i].measure > most) return RULE_MEASURE_UNKNOWN;
  return RULE_NONE;
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
  if (rule == RULE_NONE && judge->command->signature == SIGNATURE_BAD) rule = RULE_SIGNATURE_WRONG;
  return rule != RULE_NONE ? rule : check_text(judge);
}

static uint32_t check_case(struct judge *judge) {
  const struct case_state *state = judge->before;
  const struct command *command = judge->command;
  if (command->kind == COMMAND_RUNG_DUE && !rung_is_due(state, command, judge->now)) return RULE_STALE_TIMER;
  judge->move = lifecycle_move(command->kind, state->status);
  if (judge->move == NULL) return status_is_open(state->status) ? RULE_NO_SUCH_MOVE : RULE_CASE_CLOSED;
  uint32_t rule = check_actor(judge, state->unit, state->team);
  if (rule == RULE_NONE && (state->flags & CASE_HELD) != 0 && !goes_on_hold(command->kind)) rule = RULE_ON_HOLD;
  if (rule == RULE_NONE) rule = check_text(judge);
  return rule != RULE_NONE ? rule : check_measures(judge);
}

/* The daemon's own: what follows from another case. */
static uint32_t check_spawn(struct judge *judge) {
  const struct command *command = judge->command;
  must(command->finding != NULL && command->origin != ORIGIN_NONE && command->other != 0);
  judge->move = lifecycle_move(COMMAND_SPAWN, STATUS_NONE);
  return RULE_NONE;
}

static uint32_t check(struct judge *judge, const struct case_state *current) {
  const struct command *command = judge->command;
  must(command->track <= TRACK_COUNT && command->evidence_count <= EVIDENCE_MAX);
  const bool is_about_case = command->kind < COMMAND_PUBLISH || command->kind == COMMAND_UNDELIVERED;
  if (!is_about_case) return RULE_NOT_FOR_PEOPLE; /* daemon/decide.c has them */
  if (command_roles(command->kind) == 0 && command->actor != 0) return RULE_NOT_FOR_PEOPLE;
  if (current != NULL) return check_case(judge);
  if (command->kind == COMMAND_SPAWN) return check_spawn(judge);
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
  event->on_behalf = judge->on_behalf;
  event->recorded = event->effective = judge->now;
  event->policy_version = judge->policy->version;
  event->calendar_version = judge->world->calendar_version;
  event->registry_version = judge->world->registry->version;
  event->has_text = command->has_text;
  event->has_signature = command->signature == SIGNATURE_GOOD;
  if (event->has_signature) event->signature = command->signed_hash;
  event->text = command->text;
  event->evidence_count = command->evidence_count;
  memcpy(event->evidence, command->evidence, command->evidence_count * sizeof *command->evidence);
  bool makes_case = command->kind == COMMAND_SUBMIT || command->kind == COMMAND_SPAWN;
  event->has_finding = current == NULL && makes_case && command->finding != NULL; /* a client may send anything */
  if (command->kind == COMMAND_SPAWN || command->kind == COMMAND_RELATE) event->other = command->other;
  memcpy(event->number, command->number, sizeof event->number);
  if (event->has_finding) event->finding = *command->finding;
}

static bool clock_same(const struct case_clock *a, const struct case_clock *b) {
  return a->state == b->state && a->track == b->track && a->provisional == b->provisional &&
         a->budget.count == b->budget.count && a->budget.unit == b->budget.unit && a->generation == b->generation &&
         a->nth == b->nth && a->rung == b->rung && a->repeat == b->repeat && a->start == b->start && a->due == b->due &&
         a->next_fire == b->next_fire && a->paused == b->paused && a->moved == b->moved && a->extended == b->extended;
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
  state->flags = provisional ? state->flags | CASE_PROVISIONAL : state->flags & ~(uint32_t)CASE_PROVISIONAL;
}

/* The same evidence for another case is taken, and flagged on both (domain.md §3); follow.c tells the other. */
static void settle_evidence(struct judge *judge) {
  const struct command *command = judge->command;
  uint32_t spent = judge->after.evidence_spent;
  for (uint32_t i = 0; i < command->evidence_count; i++) {
    if (command->evidence[i].also_in != 0) judge->after.flags |= CASE_EVIDENCE_SHARED;
    spent += !evidence_shows(command, &command->evidence[i]);
  }
  judge->after.evidence_spent = (uint16_t)(spent < UINT16_MAX ? spent : UINT16_MAX);
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
  CHANGE(merged_into);
  CHANGE(plan_by);
  CHANGE(plan_for);
  CHANGE(extensions);
  CHANGE(extended);
  CHANGE(asked);
  CHANGE(asked_by);
  CHANGE(asked_for);
  CHANGE(withdrawal_by);
  CHANGE(withdrawal_for);
  CHANGE(endorsed_by);
  CHANGE(endorsed_for);
  CHANGE(closing_by);
  CHANGE(closing_for);
  CHANGE(evidence_spent);
  CHANGE(held);
  CHANGE(staged);
  CHANGE(order_year);
  CHANGE(order_serial);
  CHANGE(rule_day);
  CHANGE(subject);
  CHANGE(form);
  CHANGE(decided);
#undef CHANGE
  event->flags_set = after->flags & ~before->flags;
  event->flags_clear = before->flags & ~after->flags;
  if (after->children > before->children) event->children_more = (uint16_t)(after->children - before->children);
  if (after->children < before->children) event->children_less = (uint16_t)(before->children - after->children);
  event_clocks(judge);
}

static void event_accept(struct judge *judge) {
  judge->event->on_behalf = judge->on_behalf;
  settle_evidence(judge);
  settle_provisional(&judge->after);
  event_changes(judge);
  if (judge->event->has_finding) {
    judge->event->case_no = judge->fresh->case_no;
    judge->event->version = 1;
  }
  must(!status_is_open(judge->after.status) ||
       (judge->after.accountable != 0 && case_next_fire(&judge->after, NULL) != INSTANT_NONE));
}

void case_decide(const struct world *world, const struct case_state *current, const struct command *command,
                 usec_t now, const struct fresh *fresh, struct decision *out) {
  static const struct case_state no_case;
  struct judge judge = {.world = world, .command = command, .before = current != NULL ? current : &no_case,
                        .event = &out->event, .now = now, .fresh = fresh};
  judge.policy = world_policy(world, judge.before->policy_version);
  judge.number = judge.before->version + 1;
  judge.after = *judge.before;
  event_open(&judge, current);
  uint32_t rule = check(&judge, current);
  if (rule == RULE_NONE) {
    must(decide_of[command->kind] != NULL);
    rule = decide_of[command->kind](&judge);
    if (rule_refuses(rule)) event_open(&judge, current); /* forget what the command had begun */
    else event_accept(&judge);
  }
  out->rule = out->event.rule = (uint16_t)rule;
  out->record = rule != RULE_STALE_TIMER && rule != RULE_NOTHING_TO_REVIEW;
}
