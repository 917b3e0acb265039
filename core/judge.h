/* judge.h - what the files behind case_decide() share; nobody outside core/ includes it.
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
};

/* ---- one function per command, each returning the verdict's rule ---- */
uint32_t decide_submit(struct judge *judge);
uint32_t decide_dispatch(struct judge *judge);
uint32_t decide_sign_for(struct judge *judge);
uint32_t decide_remark(struct judge *judge); /* progress and comment: only what came with them is recorded */
uint32_t decide_endorse(struct judge *judge);
uint32_t decide_request_closure(struct judge *judge);
uint32_t decide_verify_pass(struct judge *judge);
uint32_t decide_verify_fail(struct judge *judge);
uint32_t decide_reassign(struct judge *judge);
uint32_t decide_escalate(struct judge *judge);
uint32_t decide_rung(struct judge *judge);

/* Whether the rung of the command is due: its clock runs, has not been restarted, and nobody was quicker. */
bool rung_is_due(const struct case_state *state, const struct command *command, usec_t now);

/* Refuses a finding that cannot be one, or RULE_NONE. */
uint32_t submit_check_finding(const struct world *world, const struct finding *finding, usec_t now);

/* ---- world.c ---- */
uint32_t world_root(const struct world *world); /* the one unit without a parent that is not retired */
day_t world_today(const struct world *world, uint32_t unit, usec_t now); /* in the zone of `unit`; 0: the root */

/* ---- authorise.c ---- */
bool officer_known(const struct world *world, uint32_t officer); /* in the registry and not retired */

/* ---- registry.c: registry_holder(), passing over an officer and the people of two units ---- */
struct holder_not {
  uint32_t officer;  /* 0: nobody */
  uint32_t homes[2]; /* home units; 0: nowhere */
};
bool holder_allowed(const struct registry *registry, uint32_t officer, const struct holder_not *holder_not);
uint32_t registry_holder_but(const struct registry *registry, uint32_t unit, uint32_t role, day_t day,
                             const struct holder_not *holder_not);

/* ---- route.c: the first route with no condition but kind and severity that fits; NULL when none does ---- */
const struct route *route_of_kind(const struct policy *policy, uint32_t kind, uint32_t severity);

/* ---- people.c: who must act; all about `after` of the judge and the day of its `now` ---- */

/* Whether `unit` is in the registry and not retired. */
bool unit_known(const struct world *world, uint32_t unit);
/* Who answers for the unit: its handler, else its principal, else those of the units above; 0: nobody. */
uint32_t people_handler(const struct judge *judge);
/* RULE_NONE when `officer` may be made the verifier, else the refusal. */
uint32_t people_check_verifier(const struct judge *judge, uint32_t officer);
/* Whether the officer may check what this handler and unit did. */
bool people_four_eyes(const struct judge *judge, uint32_t officer);
/* Keeps the verifier if fit, else finds another, nearest first; leaves it as it is when there is nobody. */
void people_settle_verifier(struct judge *judge);
/* Who must verify: the verifier if fit, else the office. */
uint32_t people_verifying(const struct judge *judge);
/* The office's officer for the unit; never 0 (see people.c). */
uint32_t people_office(const struct judge *judge);
/* Whether the officer answers for the unit: handler or principal over it. */
bool people_answers(const struct judge *judge, uint32_t officer);
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
/* Runs on from now; the due date moves by the time the clock stood still. */
void timing_resume(struct judge *judge, uint32_t kind);
/* Aims the clock at its next rung. */
void timing_aim(struct judge *judge, struct case_clock *clock);
/* sign_for and rectify of the present track, from now; `rectify` overrides the track's limit when set. */
void timing_dispatch(struct judge *judge, struct span rectify);
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
