/* drafts.h - a file of findings, CSV with a mapping or JSON lines, as drafts, row by row. */
#ifndef RECTIFY_COMMAND_DRAFTS_H
#define RECTIFY_COMMAND_DRAFTS_H

#include <stdio.h>

#include "client/command/draft.h"

/* What is read, and who takes it. */
struct draft_rows {
  FILE *in;
  const char *file; /* its name, for messages */
  const char *map;  /* the path of the CSV's mapping; NULL: JSON lines */
  void *context;
  /* One row, also one with a problem: draft_judge() tells.  `key`: the bytes that identify it, all of the row or (not `whole`)
   * the columns that the mapping names; borrowed, as the draft's values are, until the call returns.  EXIT_FINE goes on. */
  int (*row)(void *context, struct draft *draft, const void *key, size_t key_length, bool whole);
  /* A piece of the file that is no row. */
  void (*bad)(void *context, struct place place, const char *text);
};

/* Blocks until the end of the file.  EXIT_FINE, what `row` returned, or after a message EXIT_INPUT (a file cannot be read) or
 * EXIT_DOCUMENT (the mapping has errors, or does not fit the first line). */
int drafts_read(const struct draft_rows *rows);

#endif
