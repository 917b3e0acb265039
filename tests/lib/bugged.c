/* bugged.c - which planted bug bites in `rectifyd-bugs`, the daemon of the fault tests' controls: RECTIFY_BUG=N, tests/sim/bugs.txt. */
#include <stdlib.h>

#include "tests/sim/bugs.h"

unsigned sim_bug;

__attribute__((constructor)) static void choose(void) {
  const char *text = getenv("RECTIFY_BUG");
  if (text != NULL) sim_bug = (unsigned)strtoul(text, NULL, 10);
}
