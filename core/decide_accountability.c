/* decide_accountability.c - a proposal, the subject's statement, the body's decision, the appeal (domain.md §2).
 *
 * The daemon only proposes.  A person decides, nobody decides about himself, and who is concerned is heard first. */
#include "core/judge.h"

static void start_decision(struct judge *judge) {
  timing_answer(judge, CLOCK_DECISION, TRACK_ACCOUNTABILITY, judge->now);
}

/* From the moment it is recorded, however late the rung was: the subject's time must not run out unheard. */
void accountability_propose(struct judge *judge) {
  struct case_state *after = &judge->after;
  const uint32_t over = CASE_STATED | CASE_DECIDED | CASE_APPEALED;
  if ((after->flags & CASE_ACCOUNTABILITY) != 0 && (after->flags & CASE_DECIDED) == 0) return;
  after->flags = (after->flags | CASE_ACCOUNTABILITY) & ~over;
  uint32_t principal = people_recipient(judge, RECIPIENT_PRINCIPAL);
  after->subject = principal != 0 ? principal : after->handler;
  start_decision(judge);
  people_notify(judge, NOTICE_PROPOSAL, false, RECIPIENT_BODY, people_recipient(judge, RECIPIENT_BODY));
  people_notify(judge, NOTICE_PROPOSAL, false, RECIPIENT_SUBJECT, after->subject);
}

static bool within(const struct judge *judge, usec_t start, struct span span) {
  bool provisional;
  if (span.unit == SPAN_NONE) return false;
  const struct zone *zone = world_zone(judge->world, judge->after.unit);
  return judge->now < ladder_due(world_calendar(judge->world, judge->after.unit), zone, start, span, &provisional);
}

uint32_t accountability_settled(const struct judge *judge) {
  const struct case_state *state = &judge->after;
  if ((state->flags & CASE_ACCOUNTABILITY) == 0) return RULE_NONE;
  if ((state->flags & CASE_DECIDED) == 0) return RULE_PROPOSAL_OPEN;
  bool final = state->form == FORM_NONE_HELD || (state->flags & CASE_APPEALED) != 0;
  return !final && within(judge, state->decided, judge->policy->appeal) ? RULE_PROPOSAL_OPEN : RULE_NONE;
}

static uint32_t check_subject(const struct judge *judge) {
  if ((judge->after.flags & CASE_ACCOUNTABILITY) == 0) return RULE_NO_PROPOSAL;
  return judge->command->actor == judge->after.subject ? RULE_NONE : RULE_NOT_THE_SUBJECT;
}

uint32_t decide_statement(struct judge *judge) {
  uint32_t rule = check_subject(judge);
  if (rule != RULE_NONE) return rule;
  if ((judge->after.flags & CASE_DECIDED) != 0) return RULE_DECIDED_ALREADY;
  judge->after.flags |= CASE_STATED;
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_BODY, people_recipient(judge, RECIPIENT_BODY));
  return judge->move->rule;
}

/* ---- the decision ---- */

static uint32_t check_heard(const struct judge *judge) {
  const struct case_clock *clock = case_clock_of(&judge->after, CLOCK_DECISION);
  if ((judge->after.flags & (CASE_STATED | CASE_APPEALED)) != 0 || clock == NULL) return RULE_NONE;
  return within(judge, clock->start, judge->policy->statement) ? RULE_STATEMENT_PENDING : RULE_NONE;
}

static uint32_t check_document(const struct judge *judge) {
  const struct command *command = judge->command;
  if (command->form == FORM_NONE) return RULE_FORM_REQUIRED;
  if (command->form != FORM_NONE_HELD && command->number[0] == '\0') return RULE_NUMBER_REQUIRED;
  return has_evidence(judge, EVIDENCE_DECISION) ? RULE_NONE : RULE_DOCUMENT_REQUIRED;
}

/* Whom it is about: the subject proposed, or somebody else the body finds. */
static uint32_t name_subject(struct judge *judge) {
  const struct command *command = judge->command;
  if (command->officer_unknown || command->officer > judge->world->registry->officer_count) return RULE_OFFICER_UNKNOWN;
  if (command->officer != 0) judge->after.subject = command->officer;
  bool own = people_is_actor(judge, judge->after.subject) || people_is_actor(judge, judge->before->subject) ||
             people_is_actor(judge, judge->after.handler);
  return own ? RULE_FOUR_EYES : RULE_NONE;
}

uint32_t decide_decide(struct judge *judge) {
  struct case_state *after = &judge->after;
  if ((after->flags & CASE_ACCOUNTABILITY) == 0) return RULE_NO_PROPOSAL;
  if ((after->flags & CASE_DECIDED) != 0) return RULE_DECIDED_ALREADY;
  uint32_t rule = name_subject(judge);
  if (rule == RULE_NONE) rule = check_heard(judge);
  if (rule == RULE_NONE) rule = check_document(judge);
  if (rule != RULE_NONE) return rule;
  after->flags |= CASE_DECIDED;
  after->form = judge->command->form;
  after->decided = judge->now;
  timing_stop(judge, CLOCK_DECISION);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_SUBJECT, after->subject);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_HANDLER, after->handler);
  people_notify(judge, NOTICE_RECEIPT, false, RECIPIENT_OFFICE, people_office(judge));
  return judge->move->rule;
}

/* ---- the appeal: once, in time; what is decided after it stands ---- */

uint32_t decide_appeal(struct judge *judge) {
  struct case_state *after = &judge->after;
  uint32_t rule = check_subject(judge);
  if (rule != RULE_NONE) return rule;
  if ((after->flags & CASE_APPEALED) != 0) return RULE_APPEALED_ALREADY;
  if ((after->flags & CASE_DECIDED) == 0) return RULE_NOT_DECIDED;
  if (!within(judge, after->decided, judge->policy->appeal)) return RULE_APPEAL_LATE;
  after->flags = (after->flags | CASE_APPEALED) & ~(uint32_t)CASE_DECIDED;
  start_decision(judge);
  people_notify(judge, NOTICE_TASK, false, RECIPIENT_BODY, people_recipient(judge, RECIPIENT_BODY));
  return judge->move->rule;
}
