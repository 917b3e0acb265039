/* aftermath.h - what a person asks next after an outcome, asked of the daemon at once: where a case stands that refused a
 * move, and which cases came of a command.  In words only; the rows for machines stay as they are.  Faults are not reported
 * upward: the outcome itself has been said. */
#ifndef RECTIFY_CLIENT_COMMAND_AFTERMATH_H
#define RECTIFY_CLIENT_COMMAND_AFTERMATH_H

#include "client/command/command.h"

/* On stderr: the status of the case, and the commands that the life cycle knows from there, whoever may give them. */
void aftermath_say_standing(struct session *session, uint64_t case_no);

/* On stdout: a line for each case that follows from `case_no` and was opened at `recorded`, the instant of the receipt. */
void aftermath_say_new(struct session *session, uint64_t case_no, usec_t recorded);

#endif
