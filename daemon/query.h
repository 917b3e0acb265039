/* query.h - what query.c (who may ask what, and the statements) and page.c (results into pages) share. */
#ifndef RECTIFY_QUERY_H
#define RECTIFY_QUERY_H

#include "daemon/daemon.h"

/* Where the next page starts: two numbers, as the 16 bytes of a cursor. */
struct cursor {
  int64_t first, second;
};

struct query {
  struct daemon *daemon;
  struct query *next; /* of daemon->queries */
  struct route_back back;
  struct uuid id;
  uint32_t actor;
  int what; /* Rectify__V1__Query__WhatCase */
  uint32_t limit;
  struct cursor cursor;
  bool needs_case; /* the first result after the head says whether the actor may see the case */
  bool may_see;
  bool answered;
  bool zh;
  struct hash root;
  uint64_t size, epoch;
};

/* Sends the page that `result` makes. */
void page_of_cases(struct query *query, const PGresult *result);
void page_of_events(struct query *query, const PGresult *result);
void page_of_notices(struct query *query, const PGresult *result);
void page_of_why(struct query *query, const PGresult *result);
void page_of_units(struct query *query);
void page_of_officers(struct query *query);

/* Scalar columns of query_cases. */
enum { CASES_NO, CASES_ID, CASES_VERSION, CASES_STATE, CASES_UNIT_CODE, CASES_INSPECTION, CASES_CATEGORY, CASES_CODE,
       CASES_DUE, CASES_DUE_CLOCK, CASES_TEXT, CASES_WITH_STATE, CASES_STATUS, CASES_TRACK, CASES_LIGHT, CASES_UNIT,
       CASES_HANDLER, CASES_VERIFIER, CASES_ACCOUNTABLE, CASES_TEAM, CASES_OPENED, CASES_FIRST_DUE, CASES_NEXT_FIRE,
       CASES_CLOSED };

#endif
