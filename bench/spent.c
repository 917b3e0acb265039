/* spent.c - runs a command and writes into a file what it took: kilobytes that it was resident at most, and seconds.
 *
 *   spent FILE COMMAND...
 *
 * The kernel counts what a process was resident before it became the command, too: so this is a small program, and no script.
 * Called by bench/ledger.sh.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/lib/measure.h"
#include "rectify/must.h"

int main(int argc, char **argv) {
  struct rusage used;
  int status;
  if (argc < 3) fail("usage", "see bench/spent.c");
  const int64_t began = now_nsec();
  const pid_t child = fork();
  must(child >= 0);
  if (child == 0) {
    execvp(argv[2], argv + 2);
    fail(argv[2], "cannot be run");
  }
  must(wait4(child, &status, 0, &used) == child);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail(argv[2], "failed");
  FILE *file = fopen(argv[1], "w");
  if (file == NULL) fail(argv[1], "cannot be written");
  fprintf(file, "%ld %.1f\n", used.ru_maxrss, (double)(now_nsec() - began) / 1e9);
  return fclose(file) == 0 ? 0 : 1;
}
