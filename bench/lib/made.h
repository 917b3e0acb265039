/* made.h - findings of a made-up city for the benchmarks: 1,300 units × 400 codes, a few of which make most of the findings.
 * The units' codes are those of the registry that bench/lib/common.sh publishes. */
#ifndef RECTIFY_BENCH_MADE_H
#define RECTIFY_BENCH_MADE_H

#include "rectify/v1/rectify.pb-c.h"

#define MADE_UNITS 1300
#define MADE_CODES 400
#define MADE_TEXT_MAX 700

struct made_cases {
  uint64_t dice;
  double units[MADE_UNITS], codes[MADE_CODES]; /* cumulative weights of 1, 1/2, 1/3, ... */
};

struct made_finding {
  Rectify__V1__Finding finding; /* its fields point into this struct */
  uint8_t id[16];
  char unit[16], code[16], category[16], text[MADE_TEXT_MAX];
};

/* The same seed makes the same findings. */
void made_begin(struct made_cases *made, uint64_t seed);
uint64_t made_next(struct made_cases *made); /* any number */
double made_share(struct made_cases *made);  /* 0 to below 1 */

/* A UUIDv7 of the instant, in microseconds since 1970. */
void made_key(struct made_cases *made, int64_t now_usec, uint8_t key[16]);

/* Borrowed. */
ProtobufCBinaryData made_bytes(const char *text);

/* Yesterday, in days since 1970-01-01: no zone is still before it. */
int32_t made_yesterday(void);

/* A finding of that id without a text, found within the twenty days until `until`. */
void made_fill(struct made_cases *made, struct made_finding *draft, const uint8_t id[16], int32_t until);
/* Gives it a text of 300 to 600 bytes of one character that recurs: next to nothing for the index of texts. */
void made_text(struct made_cases *made, struct made_finding *draft);
/* Gives it one of `bytes`, a multiple of 6, of words that can be searched for. */
void made_words(struct made_cases *made, struct made_finding *draft, size_t bytes);

/* A request that hands in those findings; `submit` and what `findings` points at are borrowed. */
Rectify__V1__Request made_request(Rectify__V1__Submit *submit, Rectify__V1__Finding **findings, size_t count);

#endif
