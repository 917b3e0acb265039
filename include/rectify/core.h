/* core.h - the core's functions: pure, no I/O, no clock, no allocation, no globals, no floats.
 *
 * The live path, start-up, the doctor, specs and the simulator all go through case_decide() and case_apply().
 */
#ifndef RECTIFY_CORE_H
#define RECTIFY_CORE_H

#include "rectify/model.h"

/* Judges `command` on `current` at instant `now`.
 *
 * `current`: the case, or NULL when the command names none or an unknown one (SUBMIT needs NULL; anything else is
 * refused by rule 100; SPAWN, the daemon's own, needs NULL as well).  `case_no` of the event is current->case_no, or 0 for
 * an unknown case, or fresh->case_no for an accepted SUBMIT or SPAWN (a refused SUBMIT gets 0).  event.version is
 * current->version + 1, 1 for a new case, and 0 when event.case_no is 0 (the shell numbers those).  When the event has
 * order_serial, fresh->order_serial was used and the shell counts on.  Fills *out completely.  Never fails. */
struct fresh {
  uint64_t case_no;      /* the next case's number */
  uint32_t order_year;   /* local year at the root unit, */
  uint32_t order_serial; /* and the number of the next supervision order in it, from 1 */
};
void case_decide(const struct world *world, const struct case_state *current, const struct command *command,
                 usec_t now, const struct fresh *fresh, struct decision *out);

/* What follows from an accepted event: the `index`-th command of the daemon's own (SPAWN, RELATE), to be decided in the same
 * batch, right after it, on the case out->case_no (SPAWN: on none).  False when there are no more; at most FOLLOW_UPS_MAX.
 * `after` is the case folded with `event`.  The key is UUIDv8, a function of (case, version, index).  *finding is where
 * the facts of a SPAWN are put; out->finding points to it.  For RELATE the shell does nothing when it does not have
 * the case at hand and it is closed: see follow.c. */
bool case_follow_up(const struct world *world, const struct case_state *after, const struct event *event, uint32_t index,
                    struct command *out, struct finding *finding);

/* The REVIEW command of a case after a publication, or when an appointment has begun or ended: its key is a function of the
 * case, its version and the versions of `world`. */
void case_review_command(const struct world *world, const struct case_state *state, struct command *out);

/* To whom today is charged (holder.def); 0 when the case is closed. */
uint32_t case_holder(const struct case_state *state);

/* attribution.c: the working days of a case by holder.  The columns add up to the working days from the day it was opened
 * to the day it was closed, or to the day of the last call.  A day belongs to whoever held the case when it began;
 * what happens in the first instant of a day comes before it. */
struct attribution {
  bool begun;
  uint32_t holder; /* since when whose; 0: closed */
  day_t since;
  int32_t days[HOLDER_COUNT + 1]; /* by enum holder; 0: the days that it was closed, before it was opened again */
};
/* Charges the days until `instant` to the holder so far; from then on they are `after`'s.  The first call opens; an
 * instant before the last one charges nothing.  All calls of one case take the same calendar and zone. */
void attribution_step(struct attribution *attribution, const struct calendar *calendar, const struct zone *zone,
                      const struct case_state *after, usec_t instant);

/* forecast.c: what happens to the case if nobody does anything: fires its rungs in virtual time, from `now` on, up to `steps`
 * of them or until `until`, and calls `each` with every event and the case after it (borrowed for the call). */
void case_forecast(const struct world *world, const struct case_state *state, usec_t now, usec_t until, uint32_t steps,
                   void (*each)(void *context, const struct event *event, const struct case_state *after), void *context);

/* Folds `event` into *state (all zero before the first event).  The only function that changes a case.  Returns
 * false, and leaves *state untouched, when the event does not follow (wrong case, wrong number, no free clock slot):
 * then the stored record is damaged. */
bool case_apply(struct case_state *state, const struct event *event);

/* When the case next wants a RUNG_DUE command: the least next_fire of its clocks, INSTANT_NONE when none runs.
 * *index is the clock's slot; may be NULL. */
usec_t case_next_fire(const struct case_state *state, uint32_t *index);

/* The RUNG_DUE command for slot `index`, with its key: UUIDv8, a function of (case, clock, generation, nth), so that
 * a rung can be recorded once, ever. */
void case_rung_command(const struct case_state *state, uint32_t index, struct command *out);

/* The READ command by which `officer` is recorded as having been shown the words of the case (0: of the whole log), with its key:
 * UUIDv8, a function of (officer, case, day at the root), so that each day is recorded once. */
void case_read_command(const struct world *world, uint64_t case_no, uint32_t officer, usec_t now, struct command *out);

/* The due instant that binds the accountable officer: of the adjudicate, rectify or verify clock, by the case's status.
 * *clock is which; 0 and 0 when no such clock is there. */
usec_t case_due(const struct case_state *state, uint32_t *clock);

/* The running or paused clock of `kind`, or NULL. */
const struct case_clock *case_clock_of(const struct case_state *state, uint32_t kind);

/* The policy the case is pinned to, or the one in force for version 0. */
const struct policy *world_policy(const struct world *world, uint32_t version);
const struct calendar *world_calendar(const struct world *world, uint32_t unit);
const struct zone *world_zone(const struct world *world, uint32_t unit);

/* lifecycle.c: the row of move.def for (command, from), by number; NULL when there is none. */
struct move {
  uint16_t rule;
  uint8_t command, from, to;
};
const struct move *lifecycle_move(uint32_t command, uint32_t from);
extern const struct move lifecycle_moves[];
extern const uint32_t lifecycle_move_count;

/* authorise.c: RULE_NONE when `actor` may give `command` on a case of `unit` (or of `team` for an inspector) on `day`;
 * else the refusal.  *on_behalf: for whom, when the right is that of somebody the actor stands in for, else 0.  unit 0 (unrouted): the root unit counts. */
uint32_t authorise_command(const struct world *world, uint32_t actor, uint32_t command, uint32_t unit, uint32_t team,
                           day_t day, uint32_t *on_behalf);
/* Whether `actor` may read a case of `unit`: any role over it but administrator (domain.md §9: "but no case"), or inspector
 * of its own team. */
#define ROLES_READING (~(ROLE_BIT(ROLE_ADMINISTRATOR) | ROLE_BIT(ROLE_COURIER)))
bool authorise_read(const struct world *world, uint32_t actor, uint32_t unit, uint32_t team, day_t day);
/* The same; *on_behalf: whose right it is, when it is not the actor's own, else 0. */
bool authorise_reader(const struct world *world, uint32_t actor, uint32_t unit, uint32_t team, day_t day, uint32_t *on_behalf);

/* route.c: the first route of `policy` that matches, or NULL. */
const struct route *route_match(const struct policy *policy, const struct registry *registry,
                                const struct finding *finding, const char *plain, uint32_t plain_length);

/* timing.c: whether `target` is stricter than `from` (domain: early_warning, then special_rectification, supervision,
 * accountability; new_rules stands beside the lower two and is stricter than none).  Edges and escalations obey it. */
bool track_is_stricter(uint32_t target, uint32_t from);

/* ladder.c.  The due instant of `budget` counted from `start` (the day of `start` is not counted; working days end
 * with their day in the zone).  *provisional: beyond the calendar's published years. */
usec_t ladder_due(const struct calendar *calendar, const struct zone *zone, usec_t start, struct span budget,
                  bool *provisional);
/* The due instant of a clock derived from all it stands on: start, budget, extensions, pauses that are over. */
usec_t ladder_due_of(const struct calendar *calendar, const struct zone *zone, const struct case_clock *clock,
                     bool *provisional);
/* When the rung at `index` of `ladder`, repeated `repeat` times, fires for a clock due at `due`. */
usec_t ladder_fire(const struct ladder *ladder, const struct calendar *calendar, const struct zone *zone, usec_t due,
                   int32_t remind_minutes, uint32_t index, uint32_t repeat);
/* Sets clock->next_fire for its present rung/repeat. */
void ladder_aim(const struct policy *policy, const struct calendar *calendar, const struct zone *zone,
                struct case_clock *clock);
/* The ladder that applies to `clock`. */
const struct ladder *ladder_of(const struct policy *policy, const struct case_clock *clock);

/* explain.c: why the clock is due when it is, line by line (zh or en).  Calls `line` for each counted and each skipped
 * day; `line` borrows the text for the call. */
void explain_clock(const struct world *world, const struct case_state *state, const struct case_clock *clock, bool zh,
                   void (*line)(void *context, const char *text), void *context);

/* merkle.c: RFC 6962 tree, section 2.1.  `sha256` hashes `length` bytes into 32. */
typedef void sha256_fn(const void *data, size_t length, uint8_t out[HASH_BYTES]);

/* The right edge of a tree: for each bit set in `size`, the root of one full subtree, largest first. */
struct merkle {
  uint64_t size;
  uint32_t count;
  struct hash frontier[FRONTIER_MAX];
};
/* SHA-256(0x00 || record); length <= EVENT_BODY_BYTES_MAX. */
void merkle_leaf(sha256_fn *sha256, const void *record, size_t length, struct hash *out);
void merkle_node(sha256_fn *sha256, const struct hash *left, const struct hash *right, struct hash *out);
void merkle_append(sha256_fn *sha256, struct merkle *tree, const struct hash *leaf);
void merkle_root(sha256_fn *sha256, const struct merkle *tree, struct hash *out); /* empty tree: SHA-256 of nothing */

/* merkle_proof.c: RFC 9162 section 2.1.3 and 2.1.4 (the same trees as RFC 6962).  A proof is bounded by MERKLE_PROOF_MAX. */
struct merkle_proof {
  uint32_t count;
  struct hash hashes[MERKLE_PROOF_MAX]; /* from the leaf upward */
};
/* Where proofs get hashes from: the root of the full subtree of 2^level leaves that is the index-th of its level.  False
 * when it cannot be had; then no proof is made. */
struct merkle_source {
  bool (*node)(void *context, uint32_t level, uint64_t index, struct hash *out);
  void *context;
  sha256_fn *sha256;
  struct merkle_memo *memo; /* what the last proof was made of, for the next one; NULL: each is made anew */
};
/* Proofs of neighbouring leaves differ in the lowest hashes only.  Starts as all zero, and again for another log. */
struct merkle_memo {
  struct {
    uint64_t from, to; /* the leaves from..to-1; to 0: none */
    struct hash hash;
  } steps[FRONTIER_MAX];
};
/* That leaf `index` is in the tree of `size` leaves; that the tree of `size` extends the one of `old_size` (empty when they
 * are equal or the older one is empty).  False when there is none. */
bool merkle_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size, struct merkle_proof *out);
bool merkle_consistency(const struct merkle_source *source, uint64_t old_size, uint64_t size, struct merkle_proof *out);
/* Whether a proof, from anybody, proves it. */
bool merkle_inclusion_holds(sha256_fn *sha256, const struct hash *leaf, uint64_t index, uint64_t size,
                            const struct merkle_proof *proof, const struct hash *root);
bool merkle_consistency_holds(sha256_fn *sha256, uint64_t old_size, const struct hash *old_root, uint64_t size,
                              const struct hash *root, const struct merkle_proof *proof);

#endif
