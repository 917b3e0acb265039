/* sim_commit.c - daemon/commit.c once for each daemon: what it awaits of the batch under way goes with the process. */
#include "daemon/commit.c"

#include "tests/sim/sim.h"

struct kept {
  struct standby_check before, after;
  bool committed;
};

size_t commit_room(void) { return sizeof(struct kept); }

void commit_save(void *room) { *(struct kept *)room = (struct kept){before, after, committed}; }

void commit_load(const void *room) {
  const struct kept *kept = room;
  before = kept->before;
  after = kept->after;
  committed = kept->committed;
}
