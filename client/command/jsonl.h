/* jsonl.h - reads findings from JSON lines: one flat object a line, the names of enum draft_field.
 *
 * Values are strings (numbers are taken as written, null as absent).  Unknown and repeated names, nested values and
 * bytes that are no JSON are errors with their column; the line is skipped, the next ones are read.
 */
#ifndef RECTIFY_JSONL_H
#define RECTIFY_JSONL_H

#include "client/command/draft.h"

#define JSONL_LINE_BYTES_MAX (256 * 1024)

/* Reads one line of `length` bytes into the draft.  `scratch` has room for `length` bytes and is borrowed by the draft.
 * Problems are noted in the draft. */
void jsonl_read(const char *line, size_t length, char *scratch, struct draft *draft);

#endif
