#include "daemon/clock.h"

#include <time.h>

static bool manual;
static usec_t latest;

void clock_set_manual(usec_t start) {
  manual = true;
  latest = start;
}

bool clock_is_manual(void) { return manual; }

usec_t clock_now(void) {
  if (manual) return latest;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  usec_t usec = (usec_t)now.tv_sec * USEC_PER_SECOND + now.tv_nsec / 1000;
  if (usec > latest) latest = usec;
  return latest;
}

void clock_advance(usec_t to) {
  if (to > latest) latest = to;
}

int64_t clock_monotonic_msec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
