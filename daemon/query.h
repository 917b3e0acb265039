/* query.h - what query*.c (who may ask what, and the statements) and page*.c (results into pages) share. */
#ifndef RECTIFY_QUERY_H
#define RECTIFY_QUERY_H

#include "daemon/daemon.h"

/* Where the next page starts: two numbers, as the 16 bytes of a cursor. */
struct cursor {
  int64_t first, second;
};

struct past;

struct query {
  struct daemon *daemon;
  struct query *next; /* of daemon->queries */
  struct route_back back;
  struct uuid id;
  uint32_t actor;
  int what; /* Rectify__V1__Query__WhatCase */
  uint32_t limit;
  struct cursor cursor;
  struct proof_wanted *proof; /* of a ProofQuery; owned */
  bool record_came;
  bool needs_case; /* the first result after the head says whether the actor may see the case */
  bool may_see;
  bool answered;
  bool zh;
  uint32_t steps;          /* of a NextQuery */
  bool has_state;          /* of a WhyQuery or NextQuery: */
  struct case_state state; /* the case asked about */
  struct hash root;
  uint64_t size, epoch;
  struct past *past; /* of a query as of a date or as known at a head (past.h); else NULL */
};

/* ---- query_right.c ---- */
enum query_right query_right_of(const struct daemon *daemon, const Rectify__V1__Query *wanted, uint32_t actor);

/* ---- query.c ---- */
void query_end(struct query *query); /* when it was answered: frees it */

/* ---- past.c: what the answer is told by: the documents and the instant of the time that is asked about ---- */
const struct world *query_world(const struct query *query);
usec_t query_now(const struct query *query);

/* ---- query_cases.c ---- */
day_t query_today(const struct daemon *daemon); /* at the root */
void query_ask_cases(struct query *query, const Rectify__V1__CaseQuery *wanted);
/* Events of cases that the actor may read, and those that he was told of, from a log index on. */
void query_ask_told(struct query *query, int64_t from);
/* Whether the actor may see the case: one row or none, without counting as the page. */
void query_ask_case(struct query *query, uint64_t case_no);
/* Where a page of the past begins: behind event `version` of case `from`; of the log of `size`. */
struct past_page {
  int64_t from, until; /* no case behind it */
  int32_t version;
  uint64_t size;
  int32_t cases, events; /* at most */
};
/* The statement for it; adds the statement to the job that was begun. */
void query_ask_past_cases(struct query *query, const Rectify__V1__CaseQuery *wanted, struct past_page page);
/* The officer's id, NULL for the empty code; for an unknown one an id that nobody has. */
void query_param_officer(struct pg_params *params, const struct registry *registry, ProtobufCBinaryData code);

/* ---- page.c, page_case.c, page_letter.c, page_registry.c, page_told.c: each sends the page that `result` makes ---- */
void page_of_cases(struct query *query, const PGresult *result);
void page_of_events(struct query *query, const PGresult *result);
void page_of_notices(struct query *query, const PGresult *result);
void page_of_documents(struct query *query, const PGresult *result);
void page_of_unposted(struct query *query, const PGresult *result);
void page_of_letters(struct query *query, const PGresult *result);
/* NULL when the proof can be made, else what is wrong. */
const char *query_check_proof(const struct daemon *daemon, const Rectify__V1__ProofQuery *asked);
void query_ask_proof(struct query *query, const Rectify__V1__ProofQuery *asked);
void query_ask_checkpoints(struct query *query, const Rectify__V1__CheckpointQuery *asked, bool has_cursor);
void page_of_proof(struct query *query, const PGresult *result);
void page_of_checkpoints(struct query *query, const PGresult *result);
void page_of_keys(struct query *query, const PGresult *result);
/* Lines as they are; where there are more columns, the next two are the cursor. */
void page_of_stored(struct query *query, const PGresult *result);
void page_of_units(struct query *query);
void page_of_officers(struct query *query);
/* The case of a row of query_cases; false when it cannot be read, or names documents that this daemon has not read: another
 * one has taken over and published them. */
bool page_state(struct query *query, const PGresult *result, int row, struct case_state *state);
/* The events of query->state, explained. */
void page_of_why(struct query *query, const PGresult *result);
/* What will happen to query->state. */
void page_of_next(struct query *query);

/* ---- page.c: for them ---- */
struct page {
  Rectify__V1__Page page;
  Rectify__V1__Head head;
  uint8_t cursor[16];
  size_t bytes; /* of the rows so far, about */
};
void page_begin(struct query *query, struct page *page);
void page_set_cursor(struct page *page, int64_t first, int64_t second);
void page_finish(struct query *query, struct page *page);
ProtobufCBinaryData page_field(const PGresult *result, int row, int column);
/* The first nine columns, of a notice. */
void page_fill_notice(const struct registry *registry, const PGresult *result, int at, Rectify__V1__NoticeRow *row);

/* Scalar columns of query_cases. */
enum { CASES_NO, CASES_ID, CASES_VERSION, CASES_STATE, CASES_UNIT_CODE, CASES_INSPECTION, CASES_CATEGORY, CASES_CODE,
       CASES_DUE, CASES_DUE_CLOCK, CASES_TEXT, CASES_WITH_STATE, CASES_STATUS, CASES_TRACK, CASES_LIGHT, CASES_UNIT,
       CASES_HANDLER, CASES_VERIFIER, CASES_ACCOUNTABLE, CASES_TEAM, CASES_OPENED, CASES_FIRST_DUE, CASES_NEXT_FIRE,
       CASES_CLOSED, CASES_FLAGS, CASES_PARENT, CASES_FINDING_OF };

#endif
