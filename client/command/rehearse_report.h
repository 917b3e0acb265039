/* rehearse_report.h - what a rehearsal found, as tables or for machines. */
#ifndef RECTIFY_CLIENT_COMMAND_REHEARSE_REPORT_H
#define RECTIFY_CLIENT_COMMAND_REHEARSE_REPORT_H

#include "client/command/command.h"
#include "rehearse/rehearse.h"

/* `beside`: the result under the current policy, NULL: none.  The figures first, then, for people, the ten units with the
 * most escalations. */
void rehearse_report(const struct session *session, const struct registry *registry, const struct rehearsal_result *result,
                     const struct rehearsal_result *beside);

#endif
