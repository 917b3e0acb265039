/* key.c - UUIDv7 keys (RFC 9562, section 5.7 and method 1 of 6.2) and the jitter of resends. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "client/internal.h"
#include "rectify/must.h"

#define KEY_COUNT_MAX 0xfff /* the 12 bits of rand_a */

int client_random(struct rectify *rectify, void *out, size_t size) {
  if (size > rectify->random_left) {
    ssize_t got;
    do got = getrandom(rectify->random, sizeof rectify->random, 0);
    while (got < 0 && errno == EINTR);
    if (got < (ssize_t)size) return -1;
    rectify->random_left = (size_t)got;
  }
  rectify->random_left -= size;
  memcpy(out, rectify->random + rectify->random_left, size);
  return 0;
}

/* xorshift64* (Vigna): quality does not matter here, being different from other clients does. */
static uint64_t jitter_next(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(0x2545f4914f6cdd1d);
}

int64_t client_jitter(struct rectify *rectify, int64_t msec) {
  uint64_t spread = (uint64_t)rectify->timing.jitter_percent;
  int64_t percent = 100 - (int64_t)spread + (int64_t)((jitter_next(&rectify->jitter_state) >> 32) % (2 * spread + 1));
  return msec * percent / 100;
}

static uint64_t wall_msec(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Moves (key_msec, key_count) on; never back, even when the clock is set back, so that keys increase. */
static void key_step(struct rectify *rectify) {
  uint64_t now = wall_msec();
  if (now > rectify->key_msec) {
    rectify->key_msec = now;
    rectify->key_count = 0;
  } else if (++rectify->key_count > KEY_COUNT_MAX) {
    rectify->key_msec++;
    rectify->key_count = 0;
  }
}

int rectify_key(struct rectify *rectify, uint8_t key[16]) {
  if (client_random(rectify, key + 8, 8) != 0) {
    strcpy(rectify->text, "the system gives no random numbers");
    return RECTIFY_SYSTEM;
  }
  key_step(rectify);
  for (unsigned i = 0; i < 6; i++) key[i] = (uint8_t)(rectify->key_msec >> (40 - 8 * i));
  key[6] = (uint8_t)(0x70 | rectify->key_count >> 8);
  key[7] = (uint8_t)rectify->key_count;
  key[8] = (uint8_t)(0x80 | (key[8] & 0x3f));
  return RECTIFY_OK;
}

int rectify_key_new(uint8_t key[16]) {
  const uint64_t now = wall_msec();
  ssize_t got;
  do got = getrandom(key, 16, 0);
  while (got < 0 && errno == EINTR);
  if (got != 16) return RECTIFY_SYSTEM;
  for (unsigned i = 0; i < 6; i++) key[i] = (uint8_t)(now >> (40 - 8 * i));
  key[6] = (uint8_t)(0x70 | (key[6] & 0x0f));
  key[8] = (uint8_t)(0x80 | (key[8] & 0x3f));
  return RECTIFY_OK;
}

/* The base's time and version, the rest from SHA-256(base, case_no as 8 bytes, the highest first). */
void rectify_key_for_case(const uint8_t base[16], uint64_t case_no, uint8_t key[16]) {
  uint8_t input[24], hash[HASH_BYTES];
  memcpy(input, base, 16);
  for (unsigned i = 0; i < 8; i++) input[16 + i] = (uint8_t)(case_no >> (56 - 8 * i));
  must(EVP_Digest(input, sizeof input, hash, NULL, EVP_sha256(), NULL) == 1);
  memcpy(key, base, 7);
  memcpy(key + 7, hash, 9);
  key[8] = (uint8_t)(0x80 | (key[8] & 0x3f));
}
