/* cluster_process.c - starting the server's processes and telling whether they live.  See cluster_internal.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/cluster_internal.h"

/* A zombie counts as dead: pid 1 may be slow to reap, and nothing runs there any more. */
bool cluster_process_find(pid_t pid, struct cluster_process *out) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return false;
  text[length] = '\0';

  /* The name stands in parentheses and may hold any byte, so fields are counted from the last one: 3 is the state,
   * 22 the start time (proc(5)). */
  const char *rest = strrchr(text, ')');
  char state;
  unsigned long long born;
  if (rest == NULL ||
      sscanf(rest + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &state,
             &born) != 2)
    return false;
  if (state == 'Z' || state == 'X') return false;
  *out = (struct cluster_process){.pid = pid, .born = born};
  return true;
}

bool cluster_process_alive(const struct cluster_process *process) {
  struct cluster_process now;
  if (process->pid <= 0) return false;
  if (cluster_process_find(process->pid, &now) && now.born == process->born) return true;
  /* ECHILD is fine: adopted, or reaped by the loop. */
  (void)waitpid(process->pid, NULL, WNOHANG);
  return false;
}

static int spawn_actions(posix_spawn_file_actions_t *actions, int log_fd, int keep_fd) {
  int wrong = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (wrong == 0) wrong = posix_spawn_file_actions_adddup2(actions, log_fd, STDOUT_FILENO);
  if (wrong == 0) wrong = posix_spawn_file_actions_adddup2(actions, log_fd, STDERR_FILENO);
  /* dup2 also clears close-on-exec; keep_fd may itself be 3, which dup2 of the spawn call allows for. */
  if (wrong == 0 && keep_fd >= 0) wrong = posix_spawn_file_actions_adddup2(actions, keep_fd, 3);
  if (wrong == 0) wrong = posix_spawn_file_actions_addclosefrom_np(actions, keep_fd >= 0 ? 4 : 3);
  return wrong;
}

static int spawn_attributes(posix_spawnattr_t *attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int wrong = posix_spawnattr_setsigmask(attributes, &none);
  if (wrong == 0) wrong = posix_spawnattr_setsigdefault(attributes, &all);
  if (wrong == 0)
    wrong = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  return wrong;
}

pid_t cluster_spawn(char *const argv[], int log_fd, int keep_fd) {
  /* A fixed environment: PGPORT, PGOPTIONS and the like of whoever started the daemon must not reach the server. */
  char path[] = "PATH=/usr/bin:/bin", lang[] = "LANG=C.UTF-8", lc_all[] = "LC_ALL=C.UTF-8";
  char *const environment[] = {path, lang, lc_all, NULL};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  pid_t pid = -1;
  int wrong = posix_spawn_file_actions_init(&actions);
  if (wrong != 0) goto out;
  wrong = posix_spawnattr_init(&attributes);
  if (wrong != 0) goto free_actions;
  wrong = spawn_actions(&actions, log_fd, keep_fd);
  if (wrong == 0) wrong = spawn_attributes(&attributes);
  if (wrong == 0) wrong = posix_spawn(&pid, argv[0], &actions, &attributes, argv, environment);
  posix_spawnattr_destroy(&attributes);
free_actions:
  posix_spawn_file_actions_destroy(&actions);
out:
  errno = wrong;
  return wrong == 0 ? pid : -1;
}

void cluster_nap(void) {
  (void)poll(NULL, 0, CLUSTER_NAP_MSEC);
}
