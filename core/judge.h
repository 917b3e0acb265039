/* judge.h - what the files behind case_decide() share; nobody outside core/ but a unit test includes it.
 *
 * A judge holds one command while it is decided.  decide.c makes the checks that all commands share and hands on to one
 * function of decide_*.c, which changes `after`, a copy of the case, and returns the verdict.  When that accepts, the
 * event is the difference between `before` and `after`; a refusal drops `after`.
 */
#ifndef RECTIFY_CORE_JUDGE_H
#define RECTIFY_CORE_JUDGE_H

#include "rectify/core.h"

struct judge {
  const struct world *world;
  const struct policy *policy; /* the case is pinned to it */
  const struct command *command;
  const struct case_state *before; /* all zero for a new case */
  struct case_state after;
  const struct move *move;
  struct event *event; /* handlers set edge, effective, fired_* and notices; the rest is made by decide.c */
  usec_t now;
  uint32_t number; /* of the event within the case */
  const struct fresh *fresh;
  uint32_t on_behalf; /* whom the actor stands in for */
};

/* ---- one function per command, each returning the verdict's rule ---- */
uint32_t decide_submit(struct judge *judge);
uint32_t decide_dispatch(struct judge *judge);
uint32_t decide_sign_for(struct judge *judge);
uint32_t decide_remark(struct judge *judge); /* comment: only what came with it is recorded */
uint32_t decide_attach(struct judge *judge);
uint32_t decide_progress(struct judge *judge);
/* Whether the piece that the command hands in may show that the problem is put right: not a plan, nor a decision about
 * a person, nor what comes with the finding that it is not put right. */
bool evidence_shows(const struct command *command, const struct evidence_item *item);
/* Whether the command hands in evidence of the kind. */
bool has_evidence(const struct judge *judge, uint32_t kind);
uint32_t decide_endorse(struct judge *judge);
uint32_t decide_order_sign(struct judge *judge);
uint32_t decide_talk(struct judge *judge);
uint32_t decide_rule_issue(struct judge *judge);
/* decide_plan.c */
uint32_t decide_plan_submit(struct judge *judge);
uint32_t decide_plan_approve(struct judge *judge);
uint32_t decide_plan_return(struct judge *judge);
/* decide_more_time.c */
uint32_t decide_extension_ask(struct judge *judge);
uint32_t decide_extension_grant(struct judge *judge);
uint32_t decide_extension_refuse(struct judge *judge);
uint32_t decide_hold(struct judge *judge);
uint32_t decide_resume(struct judge *judge);
uint32_t decide_stage(struct judge *judge);
/* decide_close.c */
uint32_t decide_request_closure(struct judge *judge);
uint32_t decide_verify_pass(struct judge *judge);
uint32_t decide_verify_fail(struct judge *judge);
uint32_t decide_reopen(struct judge *judge);
uint32_t decide_look_back_pass(struct judge *judge);
uint32_t decide_look_back_relapse(struct judge *judge);
/* decide_bounce.c: bounces, and findings taken back */
uint32_t decide_bounce(struct judge *judge);
uint32_t decide_adjudicate(struct judge *judge);
uint32_t decide_withdraw(struct judge *judge);
uint32_t decide_withdraw_approve(struct judge *judge);
uint32_t decide_withdraw_refuse(struct judge *judge);
/* decide_relate.c: cases that have to do with each other */
uint32_t decide_merge_into(struct judge *judge);
uint32_t decide_unmerge(struct judge *judge);
uint32_t decide_split(struct judge *judge);
uint32_t decide_co_unit(struct judge *judge);
uint32_t decide_sweep(struct judge *judge);
uint32_t decide_spawn(struct judge *judge);
uint32_t decide_relate(struct judge *judge);
/* decide_office.c */
uint32_t decide_reassign(struct judge *judge);
uint32_t decide_escalate(struct judge *judge);
uint32_t decide_hand_over(struct judge *judge);
uint32_t decide_rebase(struct judge *judge);
uint32_t decide_undelivered(struct judge *judge);
/* decide_accountability.c */
uint32_t decide_statement(struct judge *judge);
uint32_t decide_decide(struct judge *judge);
uint32_t decide_appeal(struct judge *judge);
/* decide_review.c */
uint32_t decide_review(struct judge *judge);
uint32_t decide_rung(struct judge *judge);

/* Proposes accountability: subject, decision clock, notices (decide_accountability.c).  Nothing when it has been proposed and
 * not decided. */
void accountability_propose(struct judge *judge);
/* RULE_NONE, or the refusal: the case can not go away while a proposal is undecided or may be appealed against. */
uint32_t accountability_settled(const struct judge *judge);
/* The hold is over at `at`: the unit's clocks run again (decide_more_time.c). */
void hold_end(struct judge *judge, usec_t at);
/* Puts others in place of a handler, a verifier or an office who no longer hold their posts; the accountable officer follows
 * (decide_review.c). */
void review_people(struct judge *judge);

/* Whether the rung of the command is due: its clock runs, has not been restarted, and nobody was quicker. */
bool rung_is_due(const struct case_state *state, const struct command *command, usec_t now);

/* Refuses a finding that cannot be one, or RULE_NONE. */
uint32_t submit_check_finding(const struct world *world, const struct finding *finding, usec_t now);

/* ---- case.c: keys of the daemon's own commands; `what` is the clock of a rung, or one of these ---- */
enum { KEY_REVIEW = 14, KEY_FOLLOW_UP = 15 };
_Static_assert((int)CLOCK_COUNT < (int)KEY_REVIEW, "a key tells rungs, reviews and follow-ups apart");
void case_own_key(uint64_t case_no, uint32_t what, uint32_t number, uint32_t nth, struct uuid *out);

/* ---- world.c ---- */
uint32_t world_root(const struct world *world); /* the one unit without a parent that is not retired */
day_t world_today(const struct world *world, uint32_t unit, usec_t now); /* in the zone of `unit`; 0: the root */

/* ---- authorise.c ---- */
bool officer_known(const struct world *world, uint32_t officer); /* in the registry and not retired */

/* ---- registry.c: registry_holder(), passing over officers and the people of two units ---- */
enum { HOLDER_NOT_MAX = 6 };
struct holder_not {
  uint32_t officers[HOLDER_NOT_MAX]; /* 0: nobody */
  uint32_t homes[2];                 /* units: who has a home or a post of handler or principal there; 0: nowhere */
};
bool holder_allowed(const struct registry *registry, uint32_t officer, day_t day, const struct holder_not *holder_not);
uint32_t registry_holder_but(const struct registry *registry, uint32_t unit, uint32_t role, day_t day,
                             const struct holder_not *holder_not);

/* ---- route.c: the first route with no condition but kind and severity that fits; NULL when none does ---- */
const struct route *route_of_kind(const struct policy *policy, uint32_t kind, uint32_t severity);

/* The co-units of `route` for a case of `unit`, in its order, and how many: unknown and retired ones, the unit itself and
 * repetitions are left out. */
uint32_t route_co_units(const struct route *route, const struct registry *registry, uint32_t unit,
                        uint32_t out[CO_UNITS_MAX]);

/* ---- follow.c: the i-th sibling of `unit` for a sweep (same parent, not retired, somebody answers for it); 0: no more */
uint32_t follow_sibling(const struct world *world, uint32_t unit, usec_t now, uint32_t i);

/* ---- decide_submit.c: giving a case to somebody, for all commands that do ---- */

/* What the finding says, for a new case: known to the judge before the event is folded. */
void take_facts(struct judge *judge);
/* Who answers for the unit, as the case's route wants it: the handler, or the principal; 0: nobody. */
uint32_t people_responsible(const struct judge *judge);
/* Handler and verifier as the command names them, for `after.unit` and `after.track`; a handler who is not named stays while
 * still answering for the unit.  RULE_NONE or the refusal. */
uint32_t name_people(struct judge *judge);
/* The limits that the case's route sets for its track, for timing_limit(); NULL: none. */
const struct span *route_limits(const struct judge *judge);
/* The unit, its handler and the track are set: dispatched, with clocks from now.  The first date stays where there is one;
 * the light is green for a unit that did not have the case before. */
void begin_work(struct judge *judge, const struct span *limits);
/* The same for a unit that had it before: its clocks run on, and their dates move by the working days that they stood still. */
void resume_work(struct judge *judge);
/* begin_work() with what a new dispatch brings besides: the route's copies, and what the track asks for at once. */
void give_to_unit(struct judge *judge, const struct span *limits);
/* Unrouted: the office must say whose it is. */
void give_to_office(struct judge *judge);
/* The unit of `after` is another one than before: what the one that it leaves had handed in, been told or asked for lapses. */
void leave_unit(struct judge *judge);

/* ---- people.c: who must act; all about `after` of the judge and the day of its `now` ---- */

/* Whether `unit` is in the registry and not retired. */
bool unit_known(const struct world *world, uint32_t unit);
/* Who answers for the unit: its handler, else its principal, else those of the units above; 0: nobody. */
uint32_t people_handler(const struct judge *judge);
/* The same for any unit. */
uint32_t people_handler_of(const struct world *world, uint32_t unit, usec_t now);
/* RULE_NONE when `officer` may be made the verifier, else the refusal. */
uint32_t people_check_verifier(const struct judge *judge, uint32_t officer);
/* Whether the officer may check what this handler and unit did. */
bool people_four_eyes(const struct judge *judge, uint32_t officer);
/* Keeps the verifier if fit, else finds another, nearest first; leaves it as it is when there is nobody. */
void people_settle_verifier(struct judge *judge);
/* Who must verify: the verifier if fit, else the office. */
uint32_t people_verifying(const struct judge *judge);
/* Who must work on it: the handler, and when he answers for the unit no longer, the office, to find another. */
uint32_t people_working(const struct judge *judge);
/* The office's officer for the unit; never 0 (see people.c). */
uint32_t people_office(const struct judge *judge);
/* Whether the officer answers for the unit: handler or principal over it. */
bool people_answers(const struct judge *judge, uint32_t officer);
/* Whether the actor has the role over the case's unit, or stands in for somebody who has: then on_behalf says for whom. */
bool people_has_role(struct judge *judge, uint32_t role);
/* The same: who has it, the actor or whom the actor stands in for; 0: neither. */
uint32_t people_with_role(struct judge *judge, uint32_t role);
/* Whether the officer is the actor or whom the actor stands in for. */
bool people_is_actor(const struct judge *judge, uint32_t officer);
/* RULE_OWN_REQUEST when the actor, or whom he stands in for, asked for it (`by`, `by_for`; 0: nobody), is the handler, or is
 * handler or head of the unit itself: nobody gives himself more time, or his own case away. */
uint32_t people_check_own(const struct judge *judge, uint32_t by, uint32_t by_for);
/* In whose right the actor acts: the own one, or that of whom he stands in for. */
uint32_t people_right(const struct judge *judge);
/* Whether the officer has a post with one of `roles` over the case's unit that is not above the actor's own as `role`. */
bool people_not_above(const struct judge *judge, uint32_t officer, uint32_t roles, uint32_t role);
/* Who is meant by a recipient.def number; 0: nobody. */
uint32_t people_recipient(const struct judge *judge, uint32_t recipient);
/* Adds a notice to the event: once for each officer and kind, bounded by EVENT_NOTICES_MAX. */
void people_notify(struct judge *judge, uint32_t notice, bool copy, uint32_t recipient, uint32_t officer);

/* ---- timing.c: clocks and tracks of `after` ---- */

/* Starts the clock of `kind` at instant `start`, in place of one that there may be. */
void timing_start(struct judge *judge, uint32_t kind, uint32_t track, struct span budget, usec_t start);
void timing_stop(struct judge *judge, uint32_t kind);
void timing_stop_all(struct judge *judge);
void timing_pause(struct judge *judge, uint32_t kind);
/* Runs on from `at`; the due date moves by the time the clock stood still.  Pausing what does not run and resuming what is
 * not paused does nothing. */
void timing_resume(struct judge *judge, uint32_t kind, usec_t at);
/* Derives the clock's due date anew from all it stands on, and aims it. */
void timing_derive(struct judge *judge, struct case_clock *clock);
/* Aims the clock at its next rung. */
void timing_aim(struct judge *judge, struct case_clock *clock);
/* The limit of the clock `kind` in the present track; where `limits` (by enum clock; may be NULL) sets one, that one. */
struct span timing_limit(const struct judge *judge, uint32_t kind, const struct span *limits);
/* The clocks of a dispatch in the present track, from now: sign_for and rectify; `limits` as in timing_limit(). */
void timing_dispatch(struct judge *judge, const struct span *limits);
/* The plan clock, and the progress clock, from now, where the policy sets a limit. */
void timing_plan(struct judge *judge, const struct span *limits);
void timing_progress(struct judge *judge);
/* The clock of somebody's answer, by the limit of `track`; where policy sets none, by that of an unrouted case: no question
 * stays without a date. */
void timing_answer(struct judge *judge, uint32_t kind, uint32_t track, usec_t start);
/* sign_for, plan, progress and rectify: the clocks that run against the unit. */
void timing_pause_unit(struct judge *judge);
void timing_resume_unit(struct judge *judge, usec_t at);
/* What a track asks for at once: the order, the proposal. */
void track_enter(struct judge *judge);
/* Moves the case to `target`; its rectify clock starts again at `start`. */
void track_move(struct judge *judge, uint32_t target, uint32_t edge, usec_t start);
/* Where `edge` leads from the present track; 0: nowhere else. */
uint32_t track_along(const struct judge *judge, uint32_t edge);
/* Whether the office verifies in `track`. */
bool track_needs_office(uint32_t track);
/* Whether `target` is stricter than `from` (domain.md §2; new_rules stands beside the lower two). */
bool track_is_stricter(uint32_t target, uint32_t from);

/* The slot of the clock of `kind`, or NULL. */
struct case_clock *clock_find(struct case_state *state, uint32_t kind);
/* Puts `clock` into the state: STOPPED frees its slot, else it replaces its kind's or is added.  False when full. */
bool clock_put(struct case_state *state, const struct case_clock *clock);

#endif
