/* history.h - what `show` borrows from `history`. */
#ifndef RECTIFY_HISTORY_H
#define RECTIFY_HISTORY_H

#include "client/command/command.h"

/* Reads the one word CASE and opens the session; EXIT_FINE or the exit code to end with. */
int history_read(struct session *session, struct arguments *arguments, uint64_t *case_no);
/* Prints the events of the case but the first `skip`. */
int history_print(struct session *session, uint64_t case_no, uint64_t skip);

#endif
