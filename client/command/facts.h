/* facts.h - what `grade` and `times` are reckoned from: the facts of the cases of a unit and its subtree, the units as they were, the
 * policy that was in force, all of one log; and the period that is asked about. */
#ifndef RECTIFY_FACTS_GATHERED_H
#define RECTIFY_FACTS_GATHERED_H

#include "client/command/sheet.h"
#include "rectify/grade.h"

struct period {
  const char *text;
  day_t from, until; /* both included */
};
/* "2026", "2026Q1", "2026-03", "2026-01-01..2026-06-30"; false after a message. */
bool period_read(const char *text, struct period *out);

struct gathered_unit {
  char code[CODE_BYTES_MAX + 1];
  char name[NAME_BYTES_MAX + 1];
  char above[CODE_BYTES_MAX + 1];
  uint32_t parent; /* index + 1; 0: none */
  uint32_t depth;  /* below the top; UINT32_MAX: not below it */
  bool retired;
};

struct gathered_mark {
  uint64_t case_no, log_index;
  uint32_t event, unit; /* index of the unit */
  day_t day;
  uint8_t what; /* enum score */
};

struct gathered_case {
  uint64_t case_no;
  uint32_t unit;
  uint8_t track;
  day_t closed; /* closed out on this day, and not opened again */
  int32_t holder_days[HOLDER_COUNT + 1], status_days[STATUS_COUNT + 1];
};

struct gathering {
  struct session *session;
  struct period period;
  const char *top_code; /* as given; NULL: the root */
  uint32_t top;         /* index of the unit asked about */
  struct gathered_unit *units;
  size_t unit_count, unit_room;
  uint32_t *by_code; /* indices of the units, ascending by code */
  struct gathered_mark *marks; /* of the period, by case; all are below the top */
  size_t mark_count, mark_room;
  struct gathered_case *cases; /* closed out in the period, below the top */
  size_t case_count, case_room;
  uint64_t lost; /* marks that one case had too many of */
  usec_t now;
  uint64_t size;
  uint8_t root[HASH_BYTES];
};

/* Reads --period and PAST_FLAGS by their names; false after a message. */
bool facts_option(struct gathering *gathering, const char *name, const char *value);
/* Everything below the unit.  EXIT_FINE, else the exit code after its message.  To free with facts_free(). */
int facts_gather(struct gathering *gathering);
void facts_free(struct gathering *gathering);
/* The index of the unit of this code; SIZE_MAX. */
size_t facts_unit(const struct gathering *gathering, const ProtobufCBinaryData *code);
/* Says on the sheet's last line, or on stderr for programs, which period and which log this is. */
void facts_say_head(const struct gathering *gathering, const char *more);

#endif
