/* people.c - what people do: by the status of the case what somebody in that place would do, now and then something mad. */
#include "tests/history/history.h"

static uint32_t any_officer(struct history *history) {
  return dice_below(history, history->city->registry->officer_count + 2);
}

static uint32_t any_unit(struct history *history) {
  return dice_below(history, history->city->registry->unit_count + 2);
}

/* An officer who has the role somewhere. */
static uint32_t somebody(struct history *history, uint32_t role) {
  const struct registry *registry = history->city->registry;
  uint32_t first = dice_below(history, registry->appointment_count);
  for (uint32_t i = 0; i < registry->appointment_count; i++) {
    const struct appointment *row = &registry->appointments[(first + i) % registry->appointment_count];
    if (row->role == role) return row->officer;
  }
  return 1;
}

/* A unit where somebody inspects: a team that can take its findings back. */
static uint32_t some_team(struct history *history) {
  const struct registry *registry = history->city->registry;
  uint32_t first = dice_below(history, registry->appointment_count);
  for (uint32_t i = 0; i < registry->appointment_count; i++) {
    const struct appointment *row = &registry->appointments[(first + i) % registry->appointment_count];
    if (row->role == ROLE_INSPECTOR) return row->unit;
  }
  return 0;
}

static void any_evidence(struct history *history, const struct case_state *state, struct command *command) {
  command->evidence_count = (uint16_t)dice_below(history, 5);
  for (uint32_t i = 0; i < command->evidence_count; i++) {
    struct evidence_item *item = &command->evidence[i];
    item->kind = (uint8_t)(1 + dice_below(history, EVIDENCE_COUNT));
    item->measure = (uint8_t)dice_below(history, (dice_percent(history, 95) ? state->measures : MEASURES_MAX) + 1u);
    if (dice_percent(history, 10)) item->also_in = 1 + dice_below(history, history->case_count);
    if (item->also_in == state->case_no) item->also_in = 0;
    item->stored = dice_percent(history, 90);
    memset(item->sha256.bytes, (int)dice_below(history, 256), HASH_BYTES);
  }
}

/* Every field may be anything that the wire lets through. */
static void nonsense(struct history *history, const struct case_state *state, struct command *command) {
  do {
    command->kind = (uint8_t)(1 + dice_below(history, COMMAND_PUBLISH));
    if (command->kind == COMMAND_PUBLISH - 1) command->kind = COMMAND_RESTRICT; /* no command has that number, or the one before it */
    if (command->kind == COMMAND_PUBLISH - 2) command->kind = COMMAND_UNRESTRICT;
  } while (!word_known(words_command, command->kind) || command->kind == COMMAND_SUBMIT || command->kind == COMMAND_SPAWN);
  command->actor = any_officer(history);
  command->has_text = dice_percent(history, 80);
  any_evidence(history, state, command);
  if (dice_percent(history, 40)) command->unit = any_unit(history);
  if (dice_percent(history, 40)) command->officer = any_officer(history);
  if (dice_percent(history, 40)) command->verifier = any_officer(history);
  command->track = (uint8_t)dice_below(history, TRACK_COUNT + 1);
  command->unit_unknown = dice_percent(history, 5);
  command->officer_unknown = dice_percent(history, 5);
  command->clock = (uint8_t)dice_below(history, CLOCK_COUNT + 1);
  command->generation = dice_below(history, 8);
  command->nth = dice_below(history, 4);
  command->days = (uint16_t)dice_below(history, dice_percent(history, 50) ? WORKDAYS_MAX + 1 : UINT16_MAX + 1);
  command->day = (day_t)dice_below(history, DAY_MAX + 1);
  command->measures = (uint8_t)dice_below(history, UINT8_MAX + 1);
  if (dice_percent(history, 5)) command->unit = command->officer = command->verifier = UINT32_MAX;
  command->form = (uint8_t)dice_below(history, FORM_COUNT + 1);
  command->relation = 0;
}

static const uint8_t at_dispatched[] = {COMMAND_SIGN_FOR, COMMAND_SIGN_FOR,  COMMAND_SIGN_FOR, COMMAND_BOUNCE,
                                        COMMAND_REASSIGN, COMMAND_ORDER_SIGN, COMMAND_WITHDRAW, COMMAND_CO_UNIT,
                                        COMMAND_MERGE_INTO, COMMAND_TALK,     COMMAND_ESCALATE, COMMAND_ATTACH};
static const uint8_t at_rectifying[] = {
    COMMAND_PLAN_SUBMIT,   COMMAND_PLAN_APPROVE,     COMMAND_PLAN_RETURN,     COMMAND_PROGRESS,   COMMAND_ENDORSE,
    COMMAND_EXTENSION_ASK, COMMAND_EXTENSION_GRANT,  COMMAND_EXTENSION_REFUSE, COMMAND_HOLD,      COMMAND_RESUME,
    COMMAND_STAGE,         COMMAND_REQUEST_CLOSURE,  COMMAND_REQUEST_CLOSURE, COMMAND_REQUEST_CLOSURE, COMMAND_REASSIGN,
    COMMAND_ESCALATE,      COMMAND_HAND_OVER,        COMMAND_ATTACH,          COMMAND_MERGE_INTO, COMMAND_WITHDRAW,
    COMMAND_WITHDRAW_APPROVE, COMMAND_WITHDRAW_REFUSE, COMMAND_TALK,          COMMAND_RULE_ISSUE, COMMAND_ORDER_SIGN,
    COMMAND_SPLIT,         COMMAND_CO_UNIT,          COMMAND_SWEEP,           COMMAND_STATEMENT,  COMMAND_DECIDE,
    COMMAND_APPEAL,        COMMAND_REBASE,           COMMAND_TALK,            COMMAND_RULE_ISSUE, COMMAND_DECIDE};
static const uint8_t at_verifying[] = {COMMAND_VERIFY_PASS, COMMAND_VERIFY_PASS, COMMAND_VERIFY_FAIL, COMMAND_REASSIGN,
                                       COMMAND_ESCALATE,    COMMAND_HAND_OVER,   COMMAND_DECIDE,      COMMAND_STATEMENT};
static const uint8_t at_unrouted[] = {COMMAND_DISPATCH, COMMAND_DISPATCH, COMMAND_DISPATCH, COMMAND_WITHDRAW,
                                      COMMAND_WITHDRAW_APPROVE, COMMAND_HAND_OVER, COMMAND_MERGE_INTO};
static const uint8_t at_bounced[] = {COMMAND_ADJUDICATE, COMMAND_ADJUDICATE, COMMAND_ADJUDICATE, COMMAND_WITHDRAW,
                                     COMMAND_WITHDRAW_APPROVE, COMMAND_STATEMENT, COMMAND_HAND_OVER};
static const uint8_t at_closed[] = {COMMAND_LOOK_BACK_PASS, COMMAND_LOOK_BACK_RELAPSE, COMMAND_REOPEN, COMMAND_APPEAL,
                                    COMMAND_DECIDE,         COMMAND_COMMENT,           COMMAND_SWEEP};
static const uint8_t at_merged[] = {COMMAND_UNMERGE};
static const uint8_t at_absorbing[] = {COMMAND_WITHDRAW, COMMAND_WITHDRAW_APPROVE};

/* Somebody waits for an answer: it comes now and then. */
static uint8_t answer(struct history *history, const struct case_state *state) {
  const bool yes = dice_percent(history, 50);
  if (case_clock_of(state, CLOCK_EXTENSION) != NULL) return yes ? COMMAND_EXTENSION_GRANT : COMMAND_EXTENSION_REFUSE;
  if (case_clock_of(state, CLOCK_PLAN_REVIEW) != NULL) return yes ? COMMAND_PLAN_APPROVE : COMMAND_PLAN_RETURN;
  if ((state->flags & CASE_WITHDRAWAL) != 0) return yes ? COMMAND_WITHDRAW_APPROVE : COMMAND_WITHDRAW_REFUSE;
  return 0;
}

static uint8_t choose(struct history *history, const struct case_state *state) {
  if (state->absorbed > 0 && dice_percent(history, 5)) return at_absorbing[dice_below(history, 2)];
  uint8_t answered = dice_percent(history, 30) ? answer(history, state) : 0;
  if (answered != 0) return answered;
#define OF(list) return list[dice_below(history, sizeof list)]
  switch ((enum status)state->status) {
  case STATUS_DISPATCHED: OF(at_dispatched);
  case STATUS_RECTIFYING:
  case STATUS_STAGED: OF(at_rectifying);
  case STATUS_VERIFYING: OF(at_verifying);
  case STATUS_UNROUTED: OF(at_unrouted);
  case STATUS_BOUNCED: OF(at_bounced);
  case STATUS_CLOSED_OUT:
  case STATUS_ARCHIVED: OF(at_closed);
  case STATUS_MERGED: OF(at_merged);
  case STATUS_WITHDRAWN: return (state->flags & CASE_RESTRICTED) != 0 ? COMMAND_UNRESTRICT : COMMAND_RESTRICT;
  case STATUS_NONE: return COMMAND_COMMENT;
  }
#undef OF
  return COMMAND_COMMENT;
}

static uint32_t who(struct history *history, const struct case_state *state, uint32_t command) {
  const uint32_t roles = command_roles(command);
  if ((roles & ROLE_SUBJECT) != 0) return state->subject;
  if ((roles & ROLE_BIT(ROLE_VERIFIER)) != 0 && dice_percent(history, 70)) return state->verifier;
  if ((roles & ROLE_BIT(ROLE_HANDLER)) != 0 && dice_percent(history, 60)) return state->handler;
  uint32_t role = 1 + dice_below(history, ROLE_COUNT);
  while ((roles & ROLE_BIT(role)) == 0) role = role % ROLE_COUNT + 1;
  return somebody(history, role);
}

/* The document that the command needs, and evidence for each measure when it asks for the closure. */
static void hand_in(struct history *history, const struct case_state *state, struct command *command) {
  static const uint8_t kinds[COMMAND_COUNT + 1] = {[COMMAND_PLAN_SUBMIT] = EVIDENCE_PLAN,
                                                   [COMMAND_RULE_ISSUE] = EVIDENCE_RULE_DOCUMENT,
                                                   [COMMAND_DECIDE] = EVIDENCE_DECISION,
                                                   [COMMAND_ATTACH] = EVIDENCE_MATERIAL,
                                                   [COMMAND_REQUEST_CLOSURE] = EVIDENCE_MATERIAL};
  if (command->kind == COMMAND_REQUEST_CLOSURE || command->kind == COMMAND_ATTACH) any_evidence(history, state, command);
  if (kinds[command->kind] == 0 || dice_percent(history, 10)) return;
  command->evidence[0] = (struct evidence_item){.kind = kinds[command->kind], .stored = dice_percent(history, 90)};
  if (command->evidence_count == 0) command->evidence_count = 1;
  for (uint32_t measure = 1; measure <= state->measures && command->kind == COMMAND_REQUEST_CLOSURE; measure++) {
    if (command->evidence_count == EVIDENCE_MAX || dice_percent(history, 25)) return;
    command->evidence[command->evidence_count++] =
        (struct evidence_item){.kind = EVIDENCE_MATERIAL, .measure = (uint8_t)measure, .stored = dice_percent(history, 90)};
  }
}

static void sensible(struct history *history, const struct case_state *state, struct command *command) {
  command->kind = choose(history, state);
  command->actor = who(history, state, command->kind);
  command->has_text = dice_percent(history, 97);
  hand_in(history, state, command);
  command->days = (uint16_t)dice_below(history, command->kind == COMMAND_EXTENSION_ASK ? 15 : 70);
  command->day = zone_day_of(&history->city->zones[0], history->now) + (day_t)dice_below(history, 30);
  command->measures = (uint8_t)(dice_percent(history, 95) ? 1 + dice_below(history, 3) : 0);
  command->form = (uint8_t)dice_below(history, FORM_COUNT + 1);
  if (dice_percent(history, 90)) snprintf(command->number, sizeof command->number, "No. %u", dice_below(history, 100));
  if (dice_percent(history, 60)) command->unit = 1 + dice_below(history, history->city->registry->unit_count);
  if (command->kind == COMMAND_HAND_OVER) command->officer = 1 + dice_below(history, history->city->registry->officer_count);
  if (dice_percent(history, 10)) command->officer = any_officer(history);
  if (dice_percent(history, 10)) command->verifier = dice_percent(history, 50) ? state->handler : any_officer(history);
  if (command->kind == COMMAND_REASSIGN && dice_percent(history, 50)) command->verifier = somebody(history, ROLE_VERIFIER);
  if (dice_percent(history, 10)) command->day = 0;
  if (dice_percent(history, 10)) command->actor = state->asked_by != 0 ? state->asked_by : command->actor;
  if (dice_percent(history, 20)) command->track = (uint8_t)(1 + dice_below(history, TRACK_COUNT));
}

void people_ask(struct history *history, const struct case_state *state, struct command *out) {
  *out = (struct command){0};
  if (dice_percent(history, 75)) sensible(history, state, out);
  else nonsense(history, state, out);
  out->case_no = state->case_no;
  if (out->kind != COMMAND_MERGE_INTO) return;
  out->other = 1 + dice_below(history, history->case_count);
  struct history_case *other = history_case_of(history, out->other);
  out->other_state = other == NULL ? NULL : &other->state;
}

void people_find(struct history *history, struct command *out, struct finding *finding) {
  *finding = (struct finding){.kind = (uint8_t)(1 + dice_below(history, KIND_COUNT)),
                              .severity = (uint8_t)(1 + dice_below(history, SEVERITY_COUNT)),
                              .unit = any_unit(history),
                              .team = any_unit(history),
                              .found_on = zone_day_of(&history->city->zones[0], history->now) + 1 -
                                          (day_t)dice_below(history, 30),
                              .same_problem = dice_below(history, 3),
                              .same_kind = dice_below(history, 5)};
  *out = (struct command){.kind = COMMAND_SUBMIT, .actor = any_officer(history), .finding = finding};
  if (dice_percent(history, 70)) finding->team = some_team(history);
  if (dice_percent(history, 3)) finding->kind = 0;
  if (finding->unit > history->city->registry->unit_count) finding->unit = 0;
  if (dice_percent(history, 97)) snprintf(finding->unit_code, sizeof finding->unit_code, "somewhere");
  if (history->case_count > 0 && dice_percent(history, 10)) finding->rule_case = 1 + dice_below(history, history->case_count);
  if (dice_percent(history, 80)) out->actor = somebody(history, ROLE_OFFICE);
  out->has_text = dice_percent(history, 97);
  out->plain = "wet paint on the stairs";
  out->plain_length = 23;
}
