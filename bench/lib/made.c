/* made.c - findings of a made-up city, see made.h. */
#include "bench/lib/made.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rectify/must.h"

#define CODES_PER_CATEGORY 20
#define WORD_BYTES 6

static void weigh(double *weights, int count) {
  double sum = 0;
  for (int i = 0; i < count; i++) weights[i] = sum += 1.0 / (i + 1);
}

void made_begin(struct made_cases *made, uint64_t seed) {
  made->dice = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
  weigh(made->units, MADE_UNITS);
  weigh(made->codes, MADE_CODES);
}

/* xorshift64*, Vigna 2016. */
uint64_t made_next(struct made_cases *made) {
  made->dice ^= made->dice >> 12;
  made->dice ^= made->dice << 25;
  made->dice ^= made->dice >> 27;
  return made->dice * UINT64_C(2685821657736338717);
}

double made_share(struct made_cases *made) { return (double)(made_next(made) >> 11) / 9007199254740992.0; }

static int pick(struct made_cases *made, const double *weights, int count) {
  const double at = made_share(made) * weights[count - 1];
  int low = 0, high = count - 1;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (weights[middle] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

void made_key(struct made_cases *made, int64_t now_usec, uint8_t key[16]) {
  const uint64_t msec = (uint64_t)now_usec / 1000, high = made_next(made), low = made_next(made);
  for (int i = 0; i < 6; i++) key[i] = (uint8_t)(msec >> (40 - 8 * i));
  memcpy(key + 6, &high, 2);
  memcpy(key + 8, &low, 8);
  key[6] = (uint8_t)(0x70 | (key[6] & 0x0f));
  key[8] = (uint8_t)(0x80 | (key[8] & 0x3f));
}

ProtobufCBinaryData made_bytes(const char *text) {
  return (ProtobufCBinaryData){strlen(text), (uint8_t *)(uintptr_t)text};
}

int32_t made_yesterday(void) { return (int32_t)(time(NULL) / 86400) - 1; }

void made_fill(struct made_cases *made, struct made_finding *draft, const uint8_t id[16], int32_t until) {
  Rectify__V1__Finding *finding = &draft->finding;
  const int code = pick(made, made->codes, MADE_CODES);
  rectify__v1__finding__init(finding);
  memcpy(draft->id, id, sizeof draft->id);
  (void)snprintf(draft->unit, sizeof draft->unit, "u%04d", pick(made, made->units, MADE_UNITS));
  (void)snprintf(draft->code, sizeof draft->code, "7.%d", code);
  (void)snprintf(draft->category, sizeof draft->category, "g%d", code / CODES_PER_CATEGORY);
  finding->id = (ProtobufCBinaryData){sizeof draft->id, draft->id};
  finding->team = made_bytes("team-1");
  finding->inspection = made_bytes("2026-spring");
  finding->unit = made_bytes(draft->unit);
  finding->kind = 1 + (uint32_t)(made_next(made) % 5);
  finding->severity = 1 + (uint32_t)(made_next(made) % 3);
  finding->category = made_bytes(draft->category);
  finding->code = made_bytes(draft->code);
  finding->found_on = until - (int32_t)(made_next(made) % 20);
}

void made_text(struct made_cases *made, struct made_finding *draft) {
  const size_t length = 300 + made_next(made) % 300;
  for (size_t i = 0; i < length; i += 3) memcpy(draft->text + i, i % 90 == 0 ? "。" : "查", 3);
  draft->text[length - length % 3] = '\0';
  draft->finding.text = made_bytes(draft->text);
}

void made_words(struct made_cases *made, struct made_finding *draft, size_t bytes) {
  static const char *const words[] = {"消防", "通道", "堵塞", "台账", "缺失", "整改", "未到", "位，", "值班", "脱岗", "灭火", "器材", "过期", "用电", "线路", "老化"};
  must(bytes % WORD_BYTES == 0 && bytes < sizeof draft->text);
  for (size_t i = 0; i < bytes; i += WORD_BYTES) memcpy(draft->text + i, words[made_next(made) % 16], WORD_BYTES);
  draft->text[bytes] = '\0';
  draft->finding.text = made_bytes(draft->text);
}

Rectify__V1__Request made_request(Rectify__V1__Submit *submit, Rectify__V1__Finding **findings, size_t count) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  rectify__v1__submit__init(submit);
  submit->n_findings = count;
  submit->findings = findings;
  request.body_case = RECTIFY__V1__REQUEST__BODY_SUBMIT;
  request.submit = submit;
  return request;
}
