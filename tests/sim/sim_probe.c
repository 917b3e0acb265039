/* sim_probe.c - daemon/probe.c once for each daemon: what it has asked goes with the process. */
#include "daemon/probe.c"

#include "tests/sim/sim.h"

struct kept {
  found_fn *steps[STEPS_MAX];
  unsigned step_count;
  bool overtaken;
  struct asked asked[2], parts[2], asked_many[2];
};

size_t probe_room(void) { return sizeof(struct kept); }

void probe_save(void *room) {
  struct kept *kept = room;
  memcpy(kept->steps, steps, sizeof steps);
  kept->step_count = step_count;
  kept->overtaken = overtaken;
  memcpy(kept->asked, asked, sizeof asked);
  memcpy(kept->parts, parts, sizeof parts);
  memcpy(kept->asked_many, asked_many, sizeof asked_many);
}

void probe_load(const void *room) {
  const struct kept *kept = room;
  memcpy(steps, kept->steps, sizeof steps);
  step_count = kept->step_count;
  overtaken = kept->overtaken;
  memcpy(asked, kept->asked, sizeof asked);
  memcpy(parts, kept->parts, sizeof parts);
  memcpy(asked_many, kept->asked_many, sizeof asked_many);
}
