/* export.h - the whole log of a running daemon, into the format of docs/EXPORT.md. */
#ifndef RECTIFY_EXPORT_COMMAND_H
#define RECTIFY_EXPORT_COMMAND_H

#include <stdio.h>

#include "client/command/command.h"

/* Reads what the daemon has, all of it, and writes it to `file`: from its start, or where `resume` says that an export which was
 * cut off can go on.  Blocks; memory is 16 bytes a case.  EXIT_FINE or an exit code after its message. */
int export_log(struct session *session, FILE *file, bool resume);

#endif
