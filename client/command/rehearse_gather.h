/* rehearse_gather.h - findings for a rehearsal, gathered row by row, with the units that they name; then the registry. */
#ifndef RECTIFY_CLIENT_COMMAND_REHEARSE_GATHER_H
#define RECTIFY_CLIENT_COMMAND_REHEARSE_GATHER_H

#include "client/command/rehearse_source.h"

/* A piece of a row; not terminated. */
struct piece {
  const char *text;
  size_t length;
};

struct gathered_row {
  usec_t at; /* 0: noon of the day found */
  day_t found_on;
  uint8_t kind, severity;
  struct piece unit, code, category, inspection, text;
};

/* Never NULL: out of memory ends the program. */
struct gathered *gathered_new(void);
void gathered_free(struct gathered *gathered);
/* Copies the row. */
void gathered_add(struct gathered *gathered, const struct gathered_row *row);
/* A unit and the one above it (empty: none), when the source knows them: all units, before the rows.  Without them every
 * unit that a row names is one. */
void gathered_unit(struct gathered *gathered, struct piece unit, struct piece parent);
/* Makes findings and registry of what was gathered. */
int gathered_finish(struct gathered *gathered, const struct source_plan *plan, struct source *out);

#endif
