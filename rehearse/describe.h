/* describe.h - the parts of a policy in words, one line each, for people who compare two of them.  Pure: no I/O. */
#ifndef RECTIFY_REHEARSE_DESCRIBE_H
#define RECTIFY_REHEARSE_DESCRIBE_H

#include "rectify/policy.h"

#define DESCRIBE_BYTES_MAX 640

/* A line of text; too long ones are cut. */
struct line {
  uint32_t used;
  char text[DESCRIBE_BYTES_MAX];
};

/* "15wd", "24h", "none". */
struct line describe_span(struct span span);
/* "3", "none" for 0. */
struct line describe_count(int64_t count);
/* "true", "false". */
struct line describe_truth(bool truth);
/* The word, or "none". */
struct line describe_word(const struct word *table, uint32_t number);
/* "kind prominent or loophole, severity urgent: supervision, rectify 24h, copy to above". */
struct line describe_route(const struct route *route);
/* "urge to handler and principal, copy to office, light yellow, move overdue, every 10wd"; what it does, not when. */
struct line describe_rung(const struct rung *rung);

#endif
