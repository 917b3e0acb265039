/* view.h - lists of cases: which ones (options), which columns (a table per list), all pages of the answer. */
#ifndef RECTIFY_VIEW_H
#define RECTIFY_VIEW_H

#include "client/command/sheet.h"

struct view_column {
  struct column column;
  void (*put)(struct sheet *sheet, const Rectify__V1__CaseRow *row);
};

#define FILTER_WORDS_MAX 10

/* A query under construction; must not move once filter_init() has seen it. */
struct filter {
  Rectify__V1__CaseQuery query;
  uint32_t status[FILTER_WORDS_MAX], track[FILTER_WORDS_MAX], light[FILTER_WORDS_MAX], kind[FILTER_WORDS_MAX],
      severity[FILTER_WORDS_MAX];
  bool overdue;
  uint64_t rows_max; /* 0: all */
};
void filter_init(struct filter *filter);
/* Reads the options of case_flags and the words after them; EXIT_FINE, else the exit code to end with, negative when
 * help was printed. */
int filter_read(struct session *session, struct arguments *arguments, struct filter *filter);

/* What a list says besides its rows. */
struct view_end {
  uint64_t rows;
  uint64_t log_size;
  uint8_t root[HASH_BYTES];
  bool has_root;
  usec_t now; /* the daemon's */
};
/* Asks for all pages and prints them. */
int view_print(struct session *session, struct filter *filter, const struct view_column *columns, size_t count,
               struct view_end *end);

/* One case in the session's format, with the columns of `rectify cases` (cases.c). */
void case_print(const struct session *session, const Rectify__V1__CaseRow *row);

#endif
