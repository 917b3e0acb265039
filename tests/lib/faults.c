/* faults.c - a library to be preloaded: makes the n-th call of one function of the C library fail, once or from then on.
 *
 * FAULT=FUNCTION:N:ERRNO[:on]    the N-th call fails with the error (a number), with :on all later ones too; N = 0: none does
 * FAULT_PROGRAM=NAME             only in the process of that name, for the environment is handed down
 * FAULT_UNDER=FOLDER             only calls about files in the folder are counted
 * FAULT_LOG=FILE                 told "FUNCTION N" when it struck, "calls N" at the end of the process, and "crash OBJECT" of a crash: the
 *                                program or library that it is to be blamed on, which is the innermost but the C library
 *
 * malloc is one of them, and stands for calloc and realloc too.  `short` is a write() of which half goes out before the error, as on a
 * full disk.
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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
  char function[32], under[PATH_MAX], log[PATH_MAX];
  long at, error;
  bool armed, on;
} fault;
static atomic_long calls;

static void tell(const char *word, const char *more) {
  char line[256];
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

__attribute__((constructor)) static void arm(void) {
  const char *what = getenv("FAULT"), *program = getenv("FAULT_PROGRAM"), *under = getenv("FAULT_UNDER"), *log = getenv("FAULT_LOG");
  char rest[8] = "";
  if (what == NULL || log == NULL || (program != NULL && strcmp(program, program_invocation_short_name) != 0)) return;
  if (sscanf(what, "%31[a-z_0-9]:%ld:%ld:%7s", fault.function, &fault.at, &fault.error, rest) < 3) return;
  (void)snprintf(fault.log, sizeof fault.log, "%s", log);
  if (under != NULL) (void)snprintf(fault.under, sizeof fault.under, "%s", under);
  fault.on = strcmp(rest, "on") == 0;
  void *frame;
  (void)backtrace(&frame, 1); /* what it loads is loaded now */
  (void)signal(SIGSEGV, crashed);
  fault.armed = true;
}

__attribute__((destructor)) static void report(void) {
  if (fault.armed) tell_number("calls", atomic_load(&calls));
}

static bool strikes(const char *function) {
  if (!fault.armed || strcmp(function, fault.function) != 0) return false;
  const long nth = atomic_fetch_add(&calls, 1) + 1;
  if (fault.at == 0 || !(nth == fault.at || (fault.on && nth > fault.at))) return false;
  if (nth == fault.at) tell_number(function, nth);
  errno = (int)fault.error;
  return true;
}

static bool is_under(const char *path) { return strncmp(path, fault.under, strlen(fault.under)) == 0; }

static bool strikes_path(const char *function, const char *path) { return is_under(path) && strikes(function); }

static bool strikes_fd(const char *function, int fd) {
  char link[32], path[PATH_MAX];
  if (!fault.armed || strcmp(function, fault.function) != 0) return false;
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
OF_FD(int, fsync, (int fd), (fd))
OF_FD(int, fdatasync, (int fd), (fd))
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

/* A connection that was reset stays so. */
static bool cuts(const char *function, int fd) {
  if (!strikes_fd(function, fd)) return false;
  (void)shutdown(fd, SHUT_RDWR);
  errno = (int)fault.error;
  return true;
}

ssize_t send(int fd, const void *data, size_t size, int flags) { return cuts("send", fd) ? -1 : NEXT(send)(fd, data, size, flags); }
ssize_t recv(int fd, void *data, size_t size, int flags) { return cuts("recv", fd) ? -1 : NEXT(recv)(fd, data, size, flags); }

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
