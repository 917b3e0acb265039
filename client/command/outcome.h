/* outcome.h - receipts, refusals and errors of commands, for people and machines. */
#ifndef RECTIFY_OUTCOME_H
#define RECTIFY_OUTCOME_H

#include "client/command/command.h"

/* Prints one line per outcome of `reply`.  `preview`: nothing was recorded, or so it was asked.  `cases` names them where
 * the outcome does not; NULL for findings.  Returns EXIT_FINE when all were (would be) accepted, EXIT_REFUSED when one was not, EXIT_SAVED
 * when one is only saved here (but not with --offline). */
int outcomes_print(struct session *session, const Rectify__V1__Reply *reply, uint32_t command, bool preview,
                   const uint64_t *cases, size_t count);

#endif
