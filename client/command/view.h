/* view.h - lists of cases: which ones (options), which columns (a table per list), all pages of the answer. */
#ifndef RECTIFY_VIEW_H
#define RECTIFY_VIEW_H

#include "client/command/sheet.h"

struct view_column {
  struct column column;
  void (*put)(struct sheet *sheet, const Rectify__V1__CaseRow *row);
};

/* The rows of the options that say which cases, for the tables of verbs. */
#define CASE_FLAGS \
    {"unit", 'u', "UNIT", "of this unit and its subtree", NULL}, \
    {"status", 0, "STATUS", "in this status (may be repeated)", words_status}, \
    {"track", 0, "TRACK", "in this track (may be repeated)", words_track}, \
    {"light", 0, "LIGHT", "with this light (may be repeated)", words_light}, \
    {"officer", 'o', "OFFICER", "for which this officer must act now", NULL}, \
    {"handler", 0, "OFFICER", "whose responsible officer this is", NULL}, \
    {"kind", 0, "KIND", "of this kind (may be repeated)", words_kind}, \
    {"severity", 0, "SEVERITY", "of this severity (may be repeated)", words_severity}, \
    {"inspection", 0, "CODE", "of this inspection", NULL}, \
    {"category", 0, "CODE", "of this category", NULL}, \
    {"team", 0, "UNIT", "found by this team", NULL}, \
    {"parent", 0, "CASE", "that follow from this case", NULL}, \
    {"flag", 0, "NAME", "marked so; several: with all of them", words_mark}, \
    {"overdue", 0, NULL, "open and past the due date", NULL}, \
    {"open", 0, NULL, "open ones only", NULL}, \
    {"by-due", 0, NULL, "ordered by due date instead of by number", NULL}, \
    {"limit", 'n', "N", "at most N rows", NULL}

/* Further options of lists: what was. */
#define CASE_FLAG_COUNT 17

#define FILTER_WORDS_MAX 10

/* A query under construction; must not move once filter_init() has seen it. */
struct filter {
  Rectify__V1__CaseQuery query;
  uint32_t status[FILTER_WORDS_MAX], track[FILTER_WORDS_MAX], light[FILTER_WORDS_MAX], kind[FILTER_WORDS_MAX],
      severity[FILTER_WORDS_MAX];
  bool overdue;
  uint64_t rows_max; /* 0: all */
  uint32_t conditions; /* options that were read, for those who must not mean all cases */
  uint32_t used;       /* which ones: bits 1 << place among CASE_FLAGS */
};
#define FILTER_USED_UNIT (1u << 0)
#define FILTER_USED_OFFICER (1u << 4)
#define FILTER_USED_BY_DUE (1u << 15)
#define FILTER_USED_LIMIT (1u << 16)
void filter_init(struct filter *filter);
/* Reads one option of CASE_FLAGS by its place among them, from optarg.  False after a message. */
bool filter_option(struct filter *filter, int option);
/* Asks the daemon for what the query needs to know: its time.  Once, before the query. */
int filter_settle(struct session *session, struct filter *filter);
/* Reads one option behind CASE_FLAGS by its name, from optarg.  False after a message. */
typedef bool further_fn(struct session *session, void *context, const char *name);
/* Reads the options that begin with CASE_FLAGS, the further ones (NULL: PAST_FLAGS), and checks that no words follow; EXIT_FINE,
 * else the exit code to end with, negative when help was printed. */
int filter_read(struct session *session, struct arguments *arguments, struct filter *filter, further_fn *further,
                void *context);

/* What a list says besides its rows. */
struct view_end {
  uint64_t rows;
  uint64_t log_size;
  uint8_t root[HASH_BYTES];
  bool has_root;
  usec_t now; /* the daemon's, or the instant that was asked about */
  bool moved; /* the log grew while the pages were read */
};
/* Notes what a page says of the log; `end` begins as zeros. */
void view_note(struct view_end *end, const Rectify__V1__Page *page);
/* Asks for all pages and prints them. */
int view_print(struct session *session, struct filter *filter, const struct view_column *columns, size_t count,
               struct view_end *end);

/* The cell of the column `source` (enum ledger) where the row alone tells it (cases.c). */
void case_cell(struct sheet *sheet, uint32_t source, const Rectify__V1__CaseRow *row);
/* One case in the session's format, with the columns of `rectify cases` (cases.c). */
void case_print(const struct session *session, const Rectify__V1__CaseRow *row);

#endif
