/* clock.h - moving a manual clock. */
#ifndef RECTIFY_COMMAND_CLOCK_H
#define RECTIFY_COMMAND_CLOCK_H

#include "client/command/command.h"

/* Moves the daemon's clock to `until`, asking again while it gets on; EXIT_FINE or an exit code after its message. */
int clock_advance_to(struct session *session, usec_t until, usec_t *now);

#endif
