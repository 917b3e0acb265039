#include "daemon/clock.h"

#include <time.h>

static bool manual;
static usec_t latest;
static struct clock_guard guard;

void clock_set_manual(usec_t start) {
  manual = true;
  latest = start;
}

bool clock_is_manual(void) { return manual; }

usec_t clock_guard(struct clock_guard *of, usec_t real, usec_t boot) {
  const usec_t step = real - boot - of->offset, most = CLOCK_STEP_HOURS_MAX * USEC_PER_HOUR;
  of->held = of->begun && (step > most || step < -most);
  if (!of->held) of->offset = real - boot;
  of->begun = true;
  return boot + of->offset;
}

static usec_t read_clock(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (usec_t)now.tv_sec * USEC_PER_SECOND + now.tv_nsec / 1000;
}

static usec_t system_now(void) { return clock_guard(&guard, read_clock(CLOCK_REALTIME), read_clock(CLOCK_BOOTTIME)); }

usec_t clock_now(void) {
  usec_t now = manual ? latest : system_now();
  if (now > latest) latest = now;
  return latest;
}

bool clock_is_ahead(void) { return !manual && system_now() < latest; }

enum clock_news clock_turn(void) {
  static bool held, behind;
  if (manual) return CLOCK_SAME;
  const bool was_held = held, was_behind = behind;
  behind = system_now() < latest - USEC_PER_SECOND;
  held = guard.held;
  if (held != was_held) return held ? CLOCK_STEPPED : CLOCK_STEP_UNDONE;
  if (behind != was_behind) return behind ? CLOCK_FELL_BEHIND : CLOCK_CAUGHT_UP;
  return CLOCK_SAME;
}

void clock_advance(usec_t to) {
  if (to > latest) latest = to;
}

usec_t clock_system(void) { return read_clock(CLOCK_REALTIME); }

int64_t clock_monotonic_msec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_usec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
