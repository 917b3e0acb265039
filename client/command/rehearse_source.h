/* rehearse_source.h - where a rehearsal's findings come from: a file, or the daemon's record; and people for them. */
#ifndef RECTIFY_CLIENT_COMMAND_REHEARSE_SOURCE_H
#define RECTIFY_CLIENT_COMMAND_REHEARSE_SOURCE_H

#include "client/command/policy.h"
#include "rehearse/rehearse.h"

struct gathered;

/* Findings in order of time, and a registry in which each unit has a principal and a handler, and the root an office, four
 * verifiers and a body.  All owned. */
struct source {
  struct gathered *gathered; /* owns the texts of `findings` */
  struct rehearsal_finding *findings;
  uint32_t count;
  uint64_t bad; /* rows that could not be read; each was reported */
  struct registry *registry;
  struct zone *zones;
  uint32_t team, inspector;
};

/* What to read. */
struct source_plan {
  const char *csv, *map, *jsonl; /* a file; all NULL: the daemon */
  const struct calendar_set *calendars;
  const char *calendar, *zone;
};

/* EXIT_FINE, or an exit code after its message; *out is then empty.  A finding whose unit is empty or `unknown` is nobody's. */
int source_open(struct session *session, const struct source_plan *plan, struct source *out);
void source_close(struct source *source);

#endif
