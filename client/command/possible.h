/* possible.h - what the session's actor can do with a case as it stands, asked by a preview of each command. */
#ifndef RECTIFY_POSSIBLE_H
#define RECTIFY_POSSIBLE_H

#include "client/command/command.h"

#define POSSIBLE_BYTES_MAX 512
/* "sign-for, bounce, comment": verbs that the rules would take from the actor now, or would once something that the command line
 * brings is said.  EXIT_FINE, with "" for none, or an exit code after its message.  Nothing is recorded. */
int possible_verbs(struct session *session, uint64_t case_no, uint32_t status, char out[POSSIBLE_BYTES_MAX]);

#endif
