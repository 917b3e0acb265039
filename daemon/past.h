/* past.h - queries as of a date and as known at a head: cases and histories of an older log.
 *
 * A query of the past is answered by several short jobs on the reading connection, one after the other, so that neither the
 * loop nor another query waits for it: which log is meant (its size, its instant, the documents in force then); the tiles
 * that its root is made of; the documents of that time, one a job, unless they are at hand; the events, which are folded.
 * Rights are the actor's of today.  What is true of a case at an instant are its events up to the first that took effect
 * later; what a log of a size knows are the events below it.  Without a size, the log at the instant is meant.
 */
#ifndef RECTIFY_PAST_H
#define RECTIFY_PAST_H

#include "daemon/query.h"
#include "rectify/grade.h"

/* What was in force at some time.  Kept for the next query of that time; the least used one goes first. */
struct past_office {
  struct past_office *next;
  struct office *office;
  uint32_t registry, calendar; /* versions, when complete */
  uint32_t users;
  uint64_t used; /* when last: a counter */
  bool complete;
};

/* The fold of one case, and the facts about it that stand in its first row. */
struct past_fold {
  struct case_state state; /* case_no 0: none is being folded */
  bool stopped;            /* at an event that took effect later, or that cannot be read */
  struct facts facts;      /* where they are asked for */
};

struct past {
  Rectify__V1__Query *wanted; /* a copy of its own */
  void (*then)(struct query *query); /* what follows the job under way */
  uint64_t size;  /* of the log that is meant */
  usec_t as_of;
  uint64_t size_now;
  uint8_t tail[TILE_HASHES * HASH_BYTES]; /* leaves of the open tile now */
  uint32_t registry, calendar; /* versions in force then */
  struct past_office *office;  /* NULL: what is in force today */
  struct past_fold fold;
  uint64_t cases; /* that the log has; less where only some are asked for */
  uint32_t jobs;  /* of events, so far */
  int64_t from_case; /* where the next job begins, */
  int32_t from_version; /* behind this event of it */
};

/* ---- past.c ---- */
/* Whether the query is one; and starts it.  The query is answered and freed by what it started. */
bool past_is_wanted(const Rectify__V1__Query *wanted);
void past_start(struct query *query, const Rectify__V1__Query *wanted);
/* Begins the next job, of which `result` takes the results; `then` follows when it is done. */
bool past_job(struct query *query, pg_result_fn *result, void (*then)(struct query *query));
/* Answers with an error. */
void past_refuse(struct query *query, uint32_t failure, const char *field, const char *text);
void past_free(struct query *query);

/* ---- past_tree.c ---- */
/* Sets query->root of the log of past->size, then calls `then`. */
void past_find_root(struct query *query, void (*then)(struct query *query));

/* ---- past_office.c ---- */
/* Sets past->office, then calls `then`. */
void past_find_office(struct query *query, void (*then)(struct query *query));
/* Whether it is still what was found: documents of today may have become those of yesterday.  False when the query was ended. */
bool past_office_holds(struct query *query);
void past_office_release(struct past *past);

/* ---- past_cases.c ---- */
void past_ask_cases(struct query *query);

/* ---- past_facts.c: what counts for a unit ---- */
#define FACTS_CASES_MAX 256 /* cases with facts in one page */
/* Whether anything of the case is the business of the subtree of `top`, which the query asks about. */
bool past_facts_concern(const struct query *query, const struct past_fold *fold, uint32_t top);
/* Fills *row, the `at`-th of its page, with what is: of a case that is another unit's now, only what counted here.  About
 * how many bytes that were. */
size_t past_facts_row(const struct query *query, const struct past_fold *fold, uint32_t top, size_t at, Rectify__V1__CaseRow *row);

#endif
