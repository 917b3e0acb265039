/* evidence_rows.h - the evidence of a case, as the daemon has it. */
#ifndef RECTIFY_EVIDENCE_ROWS_H
#define RECTIFY_EVIDENCE_ROWS_H

#include "client/command/command.h"

/* Gives all pages of it to `take`.  EXIT_FINE, or an exit code after its message. */
int evidence_rows(struct session *session, uint64_t case_no, page_fn *take, void *context);

#endif
