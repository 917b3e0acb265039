/* faults.c - put before a program by LD_PRELOAD, it breaks what the program stands on.  For the fault tests alone, and never with a
 * program that was built with a sanitizer, which has a malloc() of its own and must come first: tests/lib/harness.py's preloaded().
 *
 * FAULT=FUNCTION:N:DEED    what becomes of the N-th call, counted in each process; N = 0: nothing.  DEED is a number: the call fails with
 *                          this error; `before`, `after`: the process is killed at once, before or after the work of the call
 * FAULT_SLOW=MSEC          each fdatasync and fsync takes so much longer
 * FAULT_LIE=1              fdatasync, fsync and msync say that they are done, and do nothing: a disk that lies
 * FAULT_PROGRAM=NAME       only in processes of that name, for the environment is handed down
 * FAULT_UNDER=FOLDER       of FAULT: only calls about files in the folder are counted
 * FAULT_LOG=FILE           of FAULT: told "FUNCTION N" when it struck, "calls N" at the end of the process, and "crash OBJECT" of a crash:
 *                          the program or library that it is to be blamed on, which is the innermost but the C library
 *
 * malloc is one of the functions, and stands for calloc and realloc too.  `short` is a write() of which half goes out before the error, as
 * on a full disk.  Only send, recv and zmq_send know `after`.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct {
  char function[32], under[PATH_MAX], log[PATH_MAX];
  enum { FAILS = 1, DIES_BEFORE, DIES_AFTER } deed; /* 0: no call is struck */
  long at, error, slow_msec;
  bool lies;
} fault;
static atomic_long calls;

static void tell(const char *word, const char *more) {
  char line[256];
  if (fault.log[0] == '\0') return;
  const int length = snprintf(line, sizeof line, "%s %.200s\n", word, more);
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, fault.log, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (fd < 0) return;
  (void)syscall(SYS_write, fd, line, (size_t)length);
  (void)syscall(SYS_close, fd);
}

static void tell_number(const char *word, long number) {
  char digits[24];
  (void)snprintf(digits, sizeof digits, "%ld", number);
  tell(word, digits);
}

static void crashed(int number) {
  void *frames[32];
  const int count = backtrace(frames, 32);
  Dl_info info, own;
  (void)dladdr((void *)&fault, &own);
  for (int i = 0; i < count; i++) {
    if (dladdr(frames[i], &info) == 0 || info.dli_fbase == own.dli_fbase || strstr(info.dli_fname, "/libc.so") != NULL) continue;
    tell("crash", info.dli_fname);
    break;
  }
  (void)signal(number, SIG_DFL);
  (void)raise(number);
}

static void surely(bool fine, const char *text) {
  if (fine) return;
  (void)fprintf(stderr, "faults.c: cannot be understood: %s\n", text);
  abort();
}

static void arm(const char *text) {
  char deed[8] = "", *end;
  surely(sscanf(text, "%31[a-z_0-9]:%ld:%7s", fault.function, &fault.at, deed) == 3, text);
  fault.error = strtol(deed, &end, 10);
  fault.deed = strcmp(deed, "before") == 0 ? DIES_BEFORE : strcmp(deed, "after") == 0 ? DIES_AFTER : FAILS;
  surely(fault.deed != FAILS || (fault.error > 0 && *end == '\0'), text);
  const bool carries = strcmp(fault.function, "send") == 0 || strcmp(fault.function, "recv") == 0 || strcmp(fault.function, "zmq_send") == 0;
  surely(fault.deed != DIES_AFTER || carries, text);
}

static void expect_crashes(void) {
  void *frame;
  (void)backtrace(&frame, 1); /* what it loads is loaded now */
  (void)signal(SIGSEGV, crashed);
}

__attribute__((constructor)) static void read_environment(void) {
  const char *what = getenv("FAULT"), *program = getenv("FAULT_PROGRAM"), *under = getenv("FAULT_UNDER"), *log = getenv("FAULT_LOG");
  const char *slow = getenv("FAULT_SLOW");
  if (program != NULL && strcmp(program, program_invocation_short_name) != 0) return;
  if (under != NULL) (void)snprintf(fault.under, sizeof fault.under, "%s", under);
  if (log != NULL) (void)snprintf(fault.log, sizeof fault.log, "%s", log);
  if (log != NULL && what != NULL) expect_crashes();
  fault.lies = getenv("FAULT_LIE") != NULL;
  if (slow != NULL) {
    fault.slow_msec = strtol(slow, NULL, 10);
    surely(fault.slow_msec > 0, slow);
  }
  if (what != NULL) arm(what);
}

__attribute__((destructor)) static void report(void) {
  if (fault.deed != 0) tell_number("calls", atomic_load(&calls));
}

static bool is_counted(const char *function) { return fault.deed != 0 && strcmp(function, fault.function) == 0; }

static void die(void) { (void)kill(getpid(), SIGKILL); }

/* Whether this is the call, and it fails or dies after its work.  Who dies before it does so here. */
static bool strikes(const char *function) {
  if (!is_counted(function)) return false;
  const long nth = atomic_fetch_add(&calls, 1) + 1;
  if (nth != fault.at) return false;
  tell_number(function, nth);
  if (fault.deed == DIES_BEFORE) die();
  errno = (int)fault.error;
  return true;
}

static bool is_under(const char *path) { return strncmp(path, fault.under, strlen(fault.under)) == 0; }

static bool strikes_path(const char *function, const char *path) { return is_under(path) && strikes(function); }

static bool strikes_fd(const char *function, int fd) {
  char link[32], path[PATH_MAX];
  if (!is_counted(function)) return false;
  if (fault.under[0] == '\0') return strikes(function);
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  return strikes_path(function, path);
}

/* ---- memory ---- */

extern void *__libc_malloc(size_t size), *__libc_calloc(size_t count, size_t size), *__libc_realloc(void *old, size_t size);

void *malloc(size_t size) { return strikes("malloc") ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return strikes("malloc") ? NULL : __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { return strikes("malloc") ? NULL : __libc_realloc(old, size); }

/* ---- calls ---- */

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OF_FD(type, name, parameters, arguments) \
  type name parameters {                         \
    if (strikes_fd(#name, fd)) return -1;        \
    return NEXT(name) arguments;                 \
  }
OF_FD(int, ftruncate, (int fd, off_t length), (fd, length))
OF_FD(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
OF_FD(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
OF_FD(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size))
OF_FD(ssize_t, pread, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
OF_FD(int, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
OF_FD(int, accept4, (int fd, struct sockaddr *from, socklen_t *size, int flags), (fd, from, size, flags))
OF_FD(int, epoll_wait, (int fd, struct epoll_event *events, int most, int timeout), (fd, events, most, timeout))
OF_FD(int, epoll_ctl, (int fd, int deed, int about, struct epoll_event *event), (fd, deed, about, event))

ssize_t write(int fd, const void *data, size_t size) {
  if (strikes_fd("write", fd)) return -1;
  if (!strikes_fd("short", fd)) return NEXT(write)(fd, data, size);
  (void)NEXT(write)(fd, data, size / 2);
  errno = (int)fault.error;
  return -1;
}

/* By the clock, not by what is left: a server gets signals all the time, and each ends a sleep.  errno is the caller's. */
static void be_slow(void) {
  struct timespec end;
  if (fault.slow_msec == 0) return;
  (void)clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_nsec += fault.slow_msec % 1000 * 1000000;
  end.tv_sec += fault.slow_msec / 1000 + end.tv_nsec / 1000000000;
  end.tv_nsec %= 1000000000;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR) continue;
}

#define FLUSHES(name)                     \
  int name(int fd) {                      \
    if (strikes_fd(#name, fd)) return -1; \
    if (fault.lies) return 0;             \
    be_slow();                            \
    return NEXT(name)(fd);                \
  }
FLUSHES(fsync)
FLUSHES(fdatasync)

int msync(void *at, size_t size, int flags) { return fault.lies ? 0 : NEXT(msync)(at, size, flags); }

/* A call that carries something: it can be the last.  A connection that was reset stays so. */
#define CARRIES(type, name, parameters, arguments, struck, reset) \
  type name parameters {                                          \
    const bool now = struck;                                      \
    if (now && fault.deed == FAILS) {                             \
      reset;                                                      \
      errno = (int)fault.error;                                   \
      return -1;                                                  \
    }                                                             \
    const type done = NEXT(name) arguments;                       \
    if (now) die();                                               \
    return done;                                                  \
  }
CARRIES(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags), strikes_fd("send", fd), shutdown(fd, SHUT_RDWR))
CARRIES(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags), strikes_fd("recv", fd), shutdown(fd, SHUT_RDWR))
int zmq_send(void *socket, const void *data, size_t size, int flags);
CARRIES(int, zmq_send, (void *socket, const void *data, size_t size, int flags), (socket, data, size, flags), strikes("zmq_send"), (void)0)

#define PLAIN(type, name, parameters, arguments) \
  type name parameters {                         \
    if (strikes(#name)) return -1;               \
    return NEXT(name) arguments;                 \
  }
PLAIN(int, poll, (struct pollfd *fds, nfds_t count, int timeout), (fds, count, timeout))
PLAIN(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
PLAIN(int, eventfd, (unsigned count, int flags), (count, flags))
PLAIN(int, epoll_create1, (int flags), (flags))

int rename(const char *from, const char *to) {
  if (strikes_path("rename", to)) return -1;
  return NEXT(rename)(from, to);
}

int unlink(const char *path) {
  if (strikes_path("unlink", path)) return -1;
  return NEXT(unlink)(path);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (strikes_path("open", path)) return -1;
  return NEXT(open)(path, flags, mode);
}
