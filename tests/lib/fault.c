/* fault.c - put before a program by LD_PRELOAD, it breaks what the program stands on.  For the fault tests alone.
 *
 *   FAULT_KILL=CALL:SIDE:N    SIGKILL at the N-th call of send, recv or zmq_send, `before` or `after` the work of the call
 *   FAULT_SLOW=MSEC           each fdatasync and fsync takes so much longer
 *   FAULT_LIE=1               fdatasync, fsync and msync say that they are done, and do nothing: a disk that lies
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char call_to_kill[16], side_to_kill[8];
static unsigned long kill_at;
static atomic_ulong calls;
static long slow_msec;
static bool lies;

__attribute__((constructor)) static void read_environment(void) {
  const char *kill_text = getenv("FAULT_KILL"), *slow_text = getenv("FAULT_SLOW");
  if (kill_text != NULL && sscanf(kill_text, "%15[^:]:%7[^:]:%lu", call_to_kill, side_to_kill, &kill_at) != 3) abort();
  if (slow_text != NULL) slow_msec = strtol(slow_text, NULL, 10);
  lies = getenv("FAULT_LIE") != NULL;
}

static bool is_the_one(const char *call) {
  return strcmp(call, call_to_kill) == 0 && atomic_fetch_add(&calls, 1) + 1 == kill_at;
}

static void die(bool now, const char *side) {
  if (now && strcmp(side, side_to_kill) == 0) kill(getpid(), SIGKILL);
}

ssize_t send(int socket, const void *data, size_t size, int flags) {
  static ssize_t (*real)(int, const void *, size_t, int);
  if (real == NULL) real = dlsym(RTLD_NEXT, "send");
  const bool now = is_the_one("send");
  die(now, "before");
  const ssize_t done = real(socket, data, size, flags);
  die(now, "after");
  return done;
}

ssize_t recv(int socket, void *data, size_t size, int flags) {
  static ssize_t (*real)(int, void *, size_t, int);
  if (real == NULL) real = dlsym(RTLD_NEXT, "recv");
  const bool now = is_the_one("recv");
  die(now, "before");
  const ssize_t done = real(socket, data, size, flags);
  die(now, "after");
  return done;
}

int zmq_send(void *socket, const void *data, size_t size, int flags);
int zmq_send(void *socket, const void *data, size_t size, int flags) {
  static int (*real)(void *, const void *, size_t, int);
  if (real == NULL) real = dlsym(RTLD_NEXT, "zmq_send");
  const bool now = is_the_one("zmq_send");
  die(now, "before");
  const int done = real(socket, data, size, flags);
  die(now, "after");
  return done;
}

static int flush(const char *call, int file) {
  if (lies) return 0;
  struct timespec left = {slow_msec / 1000, slow_msec % 1000 * 1000000};
  while (slow_msec > 0 && nanosleep(&left, &left) != 0 && errno == EINTR) continue; /* PostgreSQL's latches are signals */
  int (*real)(int) = dlsym(RTLD_NEXT, call);
  return real(file);
}

int fdatasync(int file) { return flush("fdatasync", file); }

int fsync(int file) { return flush("fsync", file); }

int msync(void *at, size_t size, int flags) {
  int (*real)(void *, size_t, int) = dlsym(RTLD_NEXT, "msync");
  return lies ? 0 : real(at, size, flags);
}
