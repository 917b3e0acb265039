/* finish.c - closes what is open at the end of a history, with everybody there again and of good will: no sequence of commands
 * makes a case that nobody can close.
 *
 * One thing stands above closing: four eyes.  A case whose every verifier is of its own unit waits for an appointment. */
#include "tests/history/history.h"

enum { PASSES_MAX = 40 };

/* The first officer who may, or 0; *rule is the last refusal otherwise. */
static uint32_t find_actor(struct history *history, const struct history_case *found, struct command *command, uint32_t *rule) {
  static struct decision decision;
  const struct fresh fresh = {history->case_count + 1, history->order_year, history->order_serial + 1};
  bool four_eyes = false;
  for (uint32_t officer = 1; officer <= history->city->registry->officer_count; officer++) {
    command->actor = officer;
    case_decide(&history->city->world, &found->state, command, history->now, &fresh, &decision);
    if (!rule_refuses(decision.rule)) return officer;
    if (decision.rule == RULE_FOUR_EYES) four_eyes = true;
    if (decision.rule != RULE_ROLE_MISSING && decision.rule != RULE_NOT_THE_SUBJECT) *rule = decision.rule;
  }
  if (four_eyes) *rule = RULE_FOUR_EYES;
  return 0;
}

/* Whether somebody did it. */
static bool somebody_does(struct history *history, struct history_case *found, struct command *command, uint32_t *rule) {
  command->case_no = found->state.case_no;
  command->has_text = true;
  if (find_actor(history, found, command, rule) == 0) return false;
  history_key(history, command);
  return !rule_refuses(history_command(history, found, command));
}

static struct command document(uint32_t kind, uint32_t evidence) {
  struct command command = {.kind = (uint8_t)kind, .evidence_count = 1, .measures = 1, .day = 20000, .form = FORM_NONE_HELD,
                            .number = "7"};
  command.evidence[0].kind = (uint8_t)evidence;
  command.evidence[0].stored = true;
  return command;
}

/* What the track still needs; kind 0: nothing. */
static struct command track_command(const struct case_state *state) {
  const bool reviewed = case_clock_of(state, CLOCK_PLAN_REVIEW) != NULL;
  const uint32_t flags = state->flags;
  switch ((enum track)state->track) {
  case TRACK_EARLY_WARNING:
    if ((flags & CASE_TALKED) == 0) return (struct command){.kind = COMMAND_TALK};
    break;
  case TRACK_SPECIAL_RECTIFICATION:
    if ((flags & CASE_PLAN_APPROVED) == 0 && reviewed) return (struct command){.kind = COMMAND_PLAN_APPROVE};
    if ((flags & CASE_PLAN_APPROVED) == 0) return document(COMMAND_PLAN_SUBMIT, EVIDENCE_PLAN);
    break;
  case TRACK_NEW_RULES:
    if ((flags & CASE_RULE_ISSUED) == 0) return document(COMMAND_RULE_ISSUE, EVIDENCE_RULE_DOCUMENT);
    break;
  case TRACK_SUPERVISION:
    if ((flags & CASE_ORDER_SIGNED) == 0) return (struct command){.kind = COMMAND_ORDER_SIGN};
    break;
  case TRACK_ACCOUNTABILITY:
    if ((flags & (CASE_DECIDED | CASE_STATED | CASE_APPEALED)) == 0) return (struct command){.kind = COMMAND_STATEMENT};
    if ((flags & CASE_DECIDED) == 0) return document(COMMAND_DECIDE, EVIDENCE_DECISION);
    break;
  case TRACK_NONE: break;
  }
  return (struct command){0};
}

static struct command show_measures(const struct case_state *state) {
  struct command command = {.kind = COMMAND_ATTACH};
  for (uint32_t measure = 1; measure <= state->measures && command.evidence_count < EVIDENCE_MAX; measure++)
    if ((state->measures_shown >> (measure - 1) & 1u) == 0)
      command.evidence[command.evidence_count++] =
          (struct evidence_item){.kind = EVIDENCE_MATERIAL, .measure = (uint8_t)measure, .stored = true};
  return command;
}

static struct command unit_command(const struct history *history, const struct case_state *state) {
  if ((state->flags & CASE_HELD) != 0) return (struct command){.kind = COMMAND_RESUME};
  struct command command = track_command(state);
  if (command.kind != 0) return command;
  command = show_measures(state);
  if (command.evidence_count > 0) return command;
  bool sweeps = world_policy(&history->city->world, state->policy_version)->tracks[state->track].sweep;
  if (sweeps && (state->flags & CASE_SWEPT) == 0) command.kind = COMMAND_SWEEP;
  else command = document(COMMAND_REQUEST_CLOSURE, EVIDENCE_MATERIAL);
  return command;
}

static struct command next_command(const struct history *history, const struct case_state *state) {
  const uint32_t fire = city_unit(history->city, "fire");
  switch ((enum status)state->status) {
  case STATUS_UNROUTED: return (struct command){.kind = COMMAND_DISPATCH, .unit = fire};
  case STATUS_BOUNCED: return (struct command){.kind = COMMAND_ADJUDICATE, .unit = fire};
  case STATUS_DISPATCHED: return (struct command){.kind = COMMAND_SIGN_FOR};
  case STATUS_RECTIFYING:
  case STATUS_STAGED: return unit_command(history, state);
  case STATUS_VERIFYING: return (struct command){.kind = COMMAND_VERIFY_PASS};
  case STATUS_CLOSED_OUT:
  case STATUS_ARCHIVED:
  case STATUS_WITHDRAWN:
  case STATUS_MERGED:
  case STATUS_NONE: break;
  }
  return (struct command){0};
}

/* One step of a case; whether there was one. */
static bool take_step(struct history *history, struct history_case *found) {
  uint32_t rule = RULE_NONE;
  struct command command = next_command(history, &found->state);
  if (command.kind == 0) return false;
  if (somebody_does(history, found, &command, &rule)) return true;
  if (command.kind == COMMAND_SWEEP && rule == RULE_NO_SIBLINGS) { /* closed without */
    command = document(COMMAND_REQUEST_CLOSURE, EVIDENCE_MATERIAL);
    if (somebody_does(history, found, &command, &rule)) return true;
  }
  const bool waits = command.kind == COMMAND_REQUEST_CLOSURE && found->state.children > 0; /* for its parts */
  const bool unfit = command.kind == COMMAND_VERIFY_PASS && rule == RULE_FOUR_EYES;
  if (!waits && !unfit)
    history_wrong(history, "case %llu: nobody can %s it: rule %u", (unsigned long long)found->state.case_no,
                  word_name(words_command, command.kind), rule);
  return false;
}

void history_finish(struct history *history) {
  if (history->wrong[0] != '\0') return;
  history_people_back(history);
  bool moved = true;
  for (uint32_t pass = 0; pass < PASSES_MAX && moved; pass++) {
    moved = false;
    for (uint32_t i = history->case_count; i-- > 0 && history->wrong[0] == '\0';)
      moved |= take_step(history, &history->cases[i]);
  }
  if (moved && history->wrong[0] == '\0') history_wrong(history, "the cases do not come to an end");
}
