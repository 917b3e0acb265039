/* aftermath.h - what a person asks next after an outcome, asked of the daemon at once: where a case stands that refused a
 * move, and which cases came of a command.  In words only; the rows for machines stay as they are.  Faults are not reported
 * upward: the outcome itself has been said. */
#ifndef RECTIFY_CLIENT_COMMAND_AFTERMATH_H
#define RECTIFY_CLIENT_COMMAND_AFTERMATH_H

#include "client/command/command.h"

/* On stderr: the status of the case, and the commands that the life cycle knows from there, whoever may give them. */
void aftermath_say_standing(struct session *session, uint64_t case_no);

/* Whether cases of their own come of a command: split, co_unit, sweep. */
bool aftermath_makes_cases(uint32_t command);
/* On stdout: a line for each case that came of the command on `case_no`; `recorded` is the instant of its receipt. */
void aftermath_say_new(struct session *session, uint32_t command, uint64_t case_no, usec_t recorded);

#endif
