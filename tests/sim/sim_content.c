/* sim_content.c - daemon/content.c once for each daemon: files that come in and are looked at go with the process. */
#include "daemon/content.c"

#include "tests/sim/sim.h"

struct kept {
  struct job jobs[CONTENT_JOBS_MAX];
  struct check checks[CONTENT_CHECKS_MAX];
};

size_t uploads_room(void) { return sizeof(struct kept); }

void uploads_save(void *room) {
  struct kept *kept = room;
  memcpy(kept->jobs, jobs, sizeof jobs);
  memcpy(kept->checks, checks, sizeof checks);
}

void uploads_load(const void *room) {
  const struct kept *kept = room;
  memcpy(jobs, kept->jobs, sizeof jobs);
  memcpy(checks, kept->checks, sizeof checks);
}
