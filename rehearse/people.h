/* people.h - what people do in a rehearsal: when each clock of a case is answered, and with which command.
 *
 * A branch is prompt (50 in 100), slow (35) or neglectful (15), by its unit and the seed.  Each clock is answered after a
 * share of its limit, in thousandths, drawn evenly; or never.  On days off nobody acts: the next working day, from 09:00 to
 * 17:00.
 *
 *                prompt         slow            neglectful       the office, verifiers, the body
 *   sign_for     100..900       500..1500  2%   800..3000  15%
 *   plan         300..1000      700..1500  2%   900..2500  20%
 *   progress     500..1000      800..1400  5%   1000..3000 30%
 *   rectify      300..950       700..1300  3%   900..2500  20%
 *   others                                                       200..1100  1%
 *   verification fails in 8, 15 and 30 of 100; look-backs find a relapse in 5; 3 in 100 cases are bounced; in one of ten
 *   the unit asks for half the extension that the policy allows.
 *
 * The percentage is of clocks that nobody answers.  A move to another track starts new clocks, which are drawn anew.
 */
#ifndef RECTIFY_REHEARSE_PEOPLE_H
#define RECTIFY_REHEARSE_PEOPLE_H

#include "rectify/core.h"

/* What is known of the people of one case besides the case. */
struct habits {
  uint64_t seed;    /* of the case */
  uint8_t temper;   /* prompt, slow, neglectful */
  bool has_asked;   /* for more time */
  uint8_t refusals; /* in a row; after some they give up until a clock is new */
  uint32_t given_up; /* the version of the case then */
  usec_t not_before;
};

void habits_draw(struct habits *habits, uint64_t seed, uint64_t finding, uint32_t unit);

/* When somebody acts next, and on which clock (CLOCK_NONE: asks for more time); INSTANT_NONE: nobody will. */
usec_t habits_next(const struct habits *habits, const struct world *world, const struct case_state *state, usec_t now,
                   uint32_t *clock);

/* The command that answers the clock; key and case_no are filled in.  *evidence counts are within EVIDENCE_MAX. */
void habits_command(struct habits *habits, const struct world *world, const struct case_state *state, usec_t now,
                    uint32_t clock, struct command *out);

/* After the answer: a refusal is tried again a working day later, a few times. */
void habits_note(struct habits *habits, bool refused, usec_t now);

#endif
