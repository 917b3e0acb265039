/* accept.c - accept4() as libzmq calls it: connections alone never take the last open files.
 *
 * libzmq ends the process when accept4() of a local socket fails with EMFILE, and offers no bound on connections.  A program's
 * own accept4() goes before the C library's, for libraries too; so a connection too many is closed here and reported as one
 * that its peer gave up, which libzmq takes calmly.  The system hands out the lowest free number: a number near the limit
 * means that so many files are open.  Called from libzmq's thread. */
#include <errno.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/router.h"

#define FILES_KEPT 64 /* for the database, the log, documents, another daemon's look at us */

static atomic_ulong turned_away;

uint64_t router_turned_away(void) { return turned_away; }

int accept4(int socket, __SOCKADDR_ARG address, socklen_t *length, int flags) {
  struct rlimit limit;
  int fd = (int)syscall(SYS_accept4, socket, address.__sockaddr__, length, flags);
  bool many = fd < 0 && errno == EMFILE;
  if (fd >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    many = (rlim_t)fd + FILES_KEPT >= limit.rlim_cur;
  if (!many) return fd;
  if (fd >= 0) close(fd);
  turned_away++;
  errno = ECONNABORTED;
  return -1;
}
