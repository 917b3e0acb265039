#include "daemon/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char name[PATH_MAX];
static int file = -1;
static bool ours;

static int open_file(void) { return open(name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644); } /* root follows no link */

/* Whether the name still means the open file: who held it removes it at its end. */
static bool is_there(void) {
  struct stat named, held;
  return lstat(name, &named) == 0 && fstat(file, &held) == 0 && named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

static int write_it(void) {
  char text[16];
  int length = snprintf(text, sizeof text, "%d\n", getpid());
  if (ftruncate(file, 0) != 0 || pwrite(file, text, (size_t)length, 0) != length) return -1;
  ours = true;
  return 0;
}

int pid_file_take(void) {
  if (name[0] == '\0' || ours) return 0;
  if (!is_there()) {
    int again = open_file();
    if (again < 0) return -1;
    close(file);
    file = again;
  }
  if (flock(file, LOCK_EX | LOCK_NB) != 0) return -1;
  return write_it();
}

int pid_file_open(const char *path) {
  if (path[0] == '\0') return 0;
  if (snprintf(name, sizeof name, "%s", path) >= (int)sizeof name) {
    errno = ENAMETOOLONG;
    return -1;
  }
  file = open_file();
  if (file < 0) return -1;
  return pid_file_take() == 0 || errno == EWOULDBLOCK ? 0 : -1;
}

void pid_file_remove(void) {
  if (ours && is_there()) (void)unlink(name);
}
