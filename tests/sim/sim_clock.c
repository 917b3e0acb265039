/* sim_clock.c - daemon/clock.c once for each daemon: what it remembers goes with the process. */
#include "daemon/clock.c"

#include "tests/sim/sim.h"

struct kept {
  bool manual;
  usec_t latest;
  struct clock_guard guard;
};

size_t clock_room(void) { return sizeof(struct kept); }

void clock_save(void *room) { *(struct kept *)room = (struct kept){manual, latest, guard}; }

void clock_load(const void *room) {
  const struct kept *kept = room;
  manual = kept->manual;
  latest = kept->latest;
  guard = kept->guard;
}
