/* clock.c - see clock.h. */
#include "courier/clock.h"

#include <time.h>

static int64_t read_msec(clockid_t which) {
  struct timespec now;
  clock_gettime(which, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_forward_msec(void) { return read_msec(CLOCK_MONOTONIC); }

int64_t clock_wall_msec(void) { return read_msec(CLOCK_REALTIME); }
