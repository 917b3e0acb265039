/* made.h - findings of a made-up city for the benchmarks: 1,300 units × 400 codes, a few of which make most of the findings.
 * The units' codes are those of the registry that the scripts of bench/ publish.  Included by each program that hands some in. */
#ifndef RECTIFY_BENCH_MADE_H
#define RECTIFY_BENCH_MADE_H

#include <stdio.h>
#include <string.h>

#include "rectify/v1/rectify.pb-c.h"

#define MADE_UNITS 1300
#define MADE_CODES 400
#define MADE_CODES_PER_CATEGORY 20
#define MADE_TEXT_MAX 700

struct made_cases {
  uint64_t dice;
  double units[MADE_UNITS], codes[MADE_CODES]; /* cumulative weights of 1, 1/2, 1/3, ... */
};

struct made_finding {
  Rectify__V1__Finding finding;
  uint8_t id[16];
  char unit[16], code[16], category[16], text[MADE_TEXT_MAX];
};

/* xorshift64*, Vigna 2016. */
static inline uint64_t made_next(struct made_cases *made) {
  made->dice ^= made->dice >> 12;
  made->dice ^= made->dice << 25;
  made->dice ^= made->dice >> 27;
  return made->dice * UINT64_C(2685821657736338717);
}

static inline void made_weigh(double *weights, int count) {
  double sum = 0;
  for (int i = 0; i < count; i++) weights[i] = sum += 1.0 / (i + 1);
}

static inline void made_begin(struct made_cases *made, uint64_t seed) {
  made->dice = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
  made_weigh(made->units, MADE_UNITS);
  made_weigh(made->codes, MADE_CODES);
}

static inline int made_pick(struct made_cases *made, const double *weights, int count) {
  const double at = (double)(made_next(made) >> 11) / 9007199254740992.0 * weights[count - 1];
  int low = 0, high = count - 1;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (weights[middle] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/* A UUIDv7 of the instant, in microseconds. */
static inline void made_key(struct made_cases *made, int64_t now_usec, uint8_t key[16]) {
  const uint64_t msec = (uint64_t)now_usec / 1000, high = made_next(made), low = made_next(made);
  for (int i = 0; i < 6; i++) key[i] = (uint8_t)(msec >> (40 - 8 * i));
  memcpy(key + 6, &high, 2);
  memcpy(key + 8, &low, 8);
  key[6] = (uint8_t)(0x70 | (key[6] & 0x0f));
  key[8] = (uint8_t)(0x80 | (key[8] & 0x3f));
}

static inline ProtobufCBinaryData made_bytes(const char *text) {
  return (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
}

/* A finding of that id with a text of `text_bytes` (a multiple of 6), found within the twenty days until `today`. */
static inline void made_fill(struct made_cases *made, struct made_finding *draft, const uint8_t id[16], int32_t today, size_t text_bytes) {
  static const char *const words[] = {"消防", "通道", "堵塞", "台账", "缺失", "整改", "未到", "位，", "值班", "脱岗", "灭火", "器材", "过期", "用电", "线路", "老化"};
  Rectify__V1__Finding *finding = &draft->finding;
  const int code = made_pick(made, made->codes, MADE_CODES);
  size_t length = 0;
  rectify__v1__finding__init(finding);
  memcpy(draft->id, id, sizeof draft->id);
  (void)snprintf(draft->unit, sizeof draft->unit, "u%04d", made_pick(made, made->units, MADE_UNITS));
  (void)snprintf(draft->code, sizeof draft->code, "7.%d", code);
  (void)snprintf(draft->category, sizeof draft->category, "g%d", code / MADE_CODES_PER_CATEGORY);
  for (; length + 6 <= text_bytes; length += 6) memcpy(draft->text + length, words[made_next(made) % 16], 6);
  draft->text[length] = '\0';
  finding->id = (ProtobufCBinaryData){16, draft->id};
  finding->team = made_bytes("team-1");
  finding->inspection = made_bytes("2026-spring");
  finding->unit = made_bytes(draft->unit);
  finding->kind = 1 + (uint32_t)(made_next(made) % 5);
  finding->severity = 1 + (uint32_t)(made_next(made) % 3);
  finding->category = made_bytes(draft->category);
  finding->code = made_bytes(draft->code);
  finding->found_on = today - (int32_t)(made_next(made) % 20);
  finding->text = made_bytes(draft->text);
}

#endif
