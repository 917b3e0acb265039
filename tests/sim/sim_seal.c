/* sim_seal.c - daemon/seal.c once for each daemon: the tiles that a proof waits for go with the process. */
#include "daemon/seal.c"

#include "tests/sim/sim.h"

struct kept {
  uint64_t from, to;
  struct tiles tiles;
};

size_t seal_room(void) { return sizeof(struct kept); }

void seal_save(void *room) {
  struct kept *kept = room;
  kept->from = proof_from;
  kept->to = proof_to;
  if (proof_to != 0) kept->tiles = tiles;
}

void seal_load(const void *room) {
  const struct kept *kept = room;
  proof_from = kept->from;
  proof_to = kept->to;
  if (proof_to != 0) tiles = kept->tiles;
}

void seal_wipe(void *room) { ((struct kept *)room)->from = ((struct kept *)room)->to = 0; }
