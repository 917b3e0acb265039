/* decide_work.c - the unit's daily work: sign for, report, endorse, record a talk, a rule, an order signed for. */
#include "core/judge.h"

uint32_t decide_sign_for(struct judge *judge) {
  struct case_state *after = &judge->after;
  after->status = judge->move->to;
  if (after->order_serial != 0) after->flags |= CASE_ORDER_SIGNED; /* the order came with the case */
  timing_stop(judge, CLOCK_SIGN_FOR);
  timing_progress(judge);
  return judge->move->rule;
}

uint32_t decide_remark(struct judge *judge) { return judge->move->rule; }

uint32_t decide_attach(struct judge *judge) {
  return judge->command->evidence_count == 0 ? RULE_EVIDENCE_REQUIRED : judge->move->rule;
}

uint32_t decide_progress(struct judge *judge) {
  timing_progress(judge);
  return judge->move->rule;
}

uint32_t decide_endorse(struct judge *judge) {
  judge->after.flags |= CASE_ENDORSED;
  judge->after.endorsed_by = judge->command->actor;
  judge->after.endorsed_for = people_right(judge);
  return judge->move->rule;
}

uint32_t decide_order_sign(struct judge *judge) {
  struct case_state *after = &judge->after;
  if (after->order_serial == 0 || (after->flags & CASE_ORDER_SIGNED) != 0) return RULE_ORDER_NOT_PENDING;
  after->flags |= CASE_ORDER_SIGNED;
  return judge->move->rule;
}

/* Who has to be talked to does not hold the talk. */
uint32_t decide_talk(struct judge *judge) {
  if (people_is_actor(judge, judge->after.handler)) return RULE_FOUR_EYES;
  judge->after.flags |= CASE_TALKED;
  people_notify(judge, NOTICE_INTERVIEW, false, RECIPIENT_HANDLER, judge->after.handler);
  return judge->move->rule;
}

bool evidence_is_absent(const struct judge *judge, const struct evidence_item *item) {
  return judge->policy->evidence_stored && !item->stored;
}

bool evidence_shows(const struct judge *judge, const struct evidence_item *item) {
  const struct command *command = judge->command;
  if (evidence_is_absent(judge, item)) return false;
  if (item->kind == EVIDENCE_PLAN || item->kind == EVIDENCE_DECISION) return false;
  return command->kind != COMMAND_VERIFY_FAIL && command->kind != COMMAND_LOOK_BACK_RELAPSE && command->kind != COMMAND_REOPEN;
}

bool has_evidence(const struct judge *judge, uint32_t kind) {
  for (uint32_t i = 0; i < judge->command->evidence_count; i++)
    if (judge->command->evidence[i].kind == kind) return true;
  return false;
}

/* Number and title (the text), effective date, and the rule itself as evidence (domain.md §2, new_rules). */
uint32_t decide_rule_issue(struct judge *judge) {
  const struct command *command = judge->command;
  if (command->number[0] == '\0') return RULE_NUMBER_REQUIRED;
  if (command->day == 0) return RULE_DATE_REQUIRED;
  if (!has_evidence(judge, EVIDENCE_RULE_DOCUMENT)) return RULE_DOCUMENT_REQUIRED;
  judge->after.flags |= CASE_RULE_ISSUED;
  judge->after.rule_day = command->day;
  return judge->move->rule;
}
