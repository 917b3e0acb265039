/* policy_check.c - what a new policy must fulfil as a whole.  A policy that was published before these checks were made is
 * not held to them (policy_parse_stored): the core goes without whatever it leaves out. */
#include "document/policy_draft.h"

/* Clocks that do not belong to a track, and where they are set. */
static const char *const elsewhere[CLOCK_COUNT + 1] = {
    [CLOCK_ADJUDICATE] = "'unrouted' at the top level", [CLOCK_EXTENSION] = "'extension' at the top level",
    [CLOCK_HOLD] = "'hold' at the top level"};

/* A clock that means nothing without the other. */
static void check_pair(struct policy_draft *draft, uint32_t track, uint32_t clock, uint32_t other, const char *why) {
  const struct yaml_node *node = draft->limits[track][clock];
  if (node == NULL || draft->limits[track][other] != NULL) return;
  report_error(draft->report, node->key->at, "a limit for '%s' needs one for '%s': %s", word_name(words_clock, clock),
               word_name(words_clock, other), why);
}

static void check_track(struct policy_draft *draft, uint32_t track) {
  for (uint32_t clock = 1; clock <= CLOCK_COUNT; clock++)
    if (elsewhere[clock] != NULL && draft->limits[track][clock] != NULL)
      report_error(draft->report, draft->limits[track][clock]->key->at, "a track has no clock '%s': it is set by %s",
                   word_name(words_clock, clock), elsewhere[clock]);
  check_pair(draft, track, CLOCK_PLAN, CLOCK_PLAN_REVIEW, "somebody must approve or return the plan");
  check_pair(draft, track, CLOCK_PLAN_REVIEW, CLOCK_PLAN, "there is no plan to approve");
  if (track == TRACK_ACCOUNTABILITY) {
    if (draft->tracks[track] != NULL && draft->limits[track][CLOCK_DECISION] == NULL)
      report_error(draft->report, draft->tracks[track]->at,
                   "the track 'accountability' needs a limit and a ladder for 'decision': a proposal must be decided on");
  } else if (draft->limits[track][CLOCK_DECISION] != NULL) {
    report_error(draft->report, draft->limits[track][CLOCK_DECISION]->key->at,
                 "the clock 'decision' is set in the track 'accountability', for all proposals");
  }
  if (draft->policy->tracks[track].sweep && draft->policy->sweep_track == TRACK_NONE)
    report_error(draft->report, draft->sweeps[track]->at,
                 "'sweep: true' needs the section 'sweep' at the top level: track and limit of the siblings' cases");
}

/* That the office is late is not the unit's fault: the ladders of its clocks tell, but do not move the case. */
static void check_office_ladder(struct policy_draft *draft, uint32_t index) {
  static const char why[] = "a clock of the office has this ladder, and must not %s: the unit would pay for the office";
  const struct ladder *ladder = &draft->policy->ladders[index];
  for (uint32_t k = 0; k < ladder->count; k++) {
    if (ladder->rungs[k].edge != EDGE_NONE) report_error(draft->report, draft->moves[index][k]->at, why, "move the case");
    if (ladder->rungs[k].propose)
      report_error(draft->report, draft->proposals[index][k]->at, why, "propose accountability");
  }
}

/* Each ladder of the office once, whatever names it. */
static void check_office_ladders(struct policy_draft *draft) {
  const struct policy *policy = draft->policy;
  const uint8_t ladders[OFFICE_COUNT] = {[OFFICE_UNROUTED] = policy->unrouted_ladder,
                                         [OFFICE_EXTENSION] = policy->extension.ladder,
                                         [OFFICE_HOLD] = policy->hold_ladder};
  bool seen[LADDERS_MAX] = {false};
  for (uint32_t i = 0; i < OFFICE_COUNT; i++) {
    if (draft->office_ladders[i] == NULL || seen[ladders[i]]) continue;
    seen[ladders[i]] = true;
    check_office_ladder(draft, ladders[i]);
  }
}

/* A hold ends when the rung at its due date fires, which therefore must be there, unconditional and the last. */
static void check_hold_ladder(struct policy_draft *draft, const struct yaml_node *node) {
  const struct ladder *ladder = &draft->policy->ladders[draft->policy->hold_ladder];
  if (ladder->count > 0 && ladder->rungs[ladder->count - 1].at.count != 0)
    report_error(draft->report, node->at,
                 "the ladder '%s' of holds must have its last rung at 0wd: the hold ends there; reminders stand before it",
                 ladder->name);
}

void policy_check(struct policy_draft *draft) {
  for (uint32_t track = 1; track <= TRACK_COUNT; track++) check_track(draft, track);
  check_office_ladders(draft);
  if (draft->office_ladders[OFFICE_HOLD] != NULL) check_hold_ladder(draft, draft->office_ladders[OFFICE_HOLD]);
}
