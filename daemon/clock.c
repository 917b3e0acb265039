#include "daemon/clock.h"

#include <time.h>

static bool manual;
static usec_t latest;

void clock_set_manual(usec_t start) {
  manual = true;
  latest = start;
}

bool clock_is_manual(void) { return manual; }

static usec_t system_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (usec_t)now.tv_sec * USEC_PER_SECOND + now.tv_nsec / 1000;
}

usec_t clock_now(void) {
  usec_t now = manual ? latest : system_now();
  if (now > latest) latest = now;
  return latest;
}

bool clock_is_ahead(void) { return !manual && system_now() < latest; }

void clock_advance(usec_t to) {
  if (to > latest) latest = to;
}

int64_t clock_monotonic_msec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
