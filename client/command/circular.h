/* circular.h - the figures of the monthly circular (通报), unit by unit; circular.c gathers, circular_print.c prints. */
#ifndef RECTIFY_CIRCULAR_H
#define RECTIFY_CIRCULAR_H

#include "client/command/ledger.h"

#define CIRCULAR_NAMED_MAX 200     /* overdue cases that are named; of the rest their number is told */
#define CIRCULAR_TEXT_BYTES_MAX 180 /* of their text */

/* What happened in the month, and what stood at its end. */
enum circular_figure {
  FIGURE_NEW,      /* opened */
  FIGURE_CLOSED,   /* struck off the list */
  FIGURE_ON_TIME,  /* ... within the first date, which extensions do not move */
  FIGURE_OPEN,     /* at the end */
  FIGURE_OVERDUE,  /* of these: whose date had passed */
  FIGURE_RED,      /* of these: with a red light */
  FIGURE_BOUNCED,  /* returned by the unit */
  FIGURE_RELAPSED, /* found to have come back */
  FIGURE_ORDERS,   /* supervision orders issued */
  FIGURE_COUNT
};

struct circular_unit {
  char code[CODE_BYTES_MAX + 1]; /* "" : with the office, no unit was found */
  char name[NAME_BYTES_MAX + 1];
  uint32_t figures[FIGURE_COUNT];
};

struct circular_case {
  uint64_t case_no;
  uint32_t unit; /* place in units */
  char handler[NAME_BYTES_MAX + 1];
  char due[11];
  int32_t days_over; /* working days */
  char text[CIRCULAR_TEXT_BYTES_MAX + 4];
};

struct circular {
  struct session *session;
  char month[8]; /* "2026-03" */
  day_t first, next;     /* its first day, and that of the month after */
  usec_t from, until;    /* where these begin in the zone of the root unit */
  struct view_end end;
  uint32_t unit_count, named_count, overdue;
  struct circular_unit *units; /* owned */
  uint32_t *by_code;           /* owned: places in units, ascending by code */
  uint32_t *unit_of;           /* owned: by case number, place in units plus 1; 0: not there */
  uint64_t case_max;
  struct circular_case named[CIRCULAR_NAMED_MAX];
};

/* ---- circular_print.c ---- */
/* In the session's format; `code` of the head, "" unknown. */
void circular_print(const struct circular *circular, bool html, const char *key);
/* Text for HTML; line ends become breaks. */
void html_text(FILE *out, const void *text, size_t length);
void html_begin(FILE *out, const struct session *session, const char *title);
void html_end(FILE *out);

#endif
