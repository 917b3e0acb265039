/* secret.c - see secret.h. */
#include "sign/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CREDENTIAL "credential:"

static int create_file(const char *path) {
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

struct secret_disk secret_disk = {create_file, write, fsync, close, rename, unlink};

static bool fail(char *error, size_t size, const char *path, const char *text) {
  snprintf(error, size, "%s: %s", path, text);
  return false;
}

bool secret_guard_memory(void) {
  const struct rlimit none = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  (void)prctl(PR_SET_DUMPABLE, 0);
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
}

void secret_lock(void *secret, size_t length) {
  (void)mlock(secret, length);
}

/* ---- reading ---- */

bool secret_path(const char *given, char out[SECRET_PATH_BYTES], bool *is_credential) {
  const size_t skip = sizeof CREDENTIAL - 1;
  *is_credential = strncmp(given, CREDENTIAL, skip) == 0;
  if (!*is_credential) return snprintf(out, SECRET_PATH_BYTES, "%s", given) < SECRET_PATH_BYTES;
  const char *folder = getenv("CREDENTIALS_DIRECTORY");
  if (folder == NULL || given[skip] == '\0' || given[skip] == '.' || strchr(given + skip, '/') != NULL) return false;
  return snprintf(out, SECRET_PATH_BYTES, "%s/%s", folder, given + skip) < SECRET_PATH_BYTES;
}

static bool read_all(int fd, char *out, size_t out_max, size_t *length) {
  *length = 0;
  while (*length < out_max) {
    ssize_t got = read(fd, out + *length, out_max - *length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    *length += (size_t)got;
  }
  errno = EFBIG;
  return false;
}

static const char *too_open(int fd, mode_t forbidden) {
  struct stat status;
  if (fstat(fd, &status) != 0) return strerror(errno);
  if (!S_ISREG(status.st_mode)) return "not a regular file";
  if (status.st_uid != geteuid() && status.st_uid != 0) return "belongs to somebody else";
  if ((status.st_mode & forbidden) == 0) return NULL;
  return forbidden == 022 ? "others may change it: chmod go-w" : "others may read or change it: chmod 600";
}

static bool read_checked(const char *given, mode_t forbidden, char *out, size_t out_max, size_t *length, char *error,
                         size_t error_bytes) {
  char path[SECRET_PATH_BYTES];
  bool is_credential;
  if (!secret_path(given, path, &is_credential))
    return fail(error, error_bytes, given, "no such credential ($CREDENTIALS_DIRECTORY)");
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return fail(error, error_bytes, path, strerror(errno));
  const char *wrong = too_open(fd, is_credential ? forbidden & ~(mode_t)040 : forbidden);
  bool ok = wrong == NULL && read_all(fd, out, out_max, length);
  if (!ok) fail(error, error_bytes, path, wrong != NULL ? wrong : strerror(errno));
  close(fd);
  return ok;
}

bool secret_read(const char *path, char *out, size_t out_max, size_t *length, char *error, size_t error_bytes) {
  return read_checked(path, 077, out, out_max, length, error, error_bytes);
}

bool trusted_read(const char *path, char *out, size_t out_max, size_t *length, char *error, size_t error_bytes) {
  return read_checked(path, 022, out, out_max, length, error, error_bytes);
}

/* ---- writing ---- */

static bool write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t put = secret_disk.write(fd, data, length);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    data += put;
    length -= (size_t)put;
  }
  return secret_disk.sync(fd) == 0;
}

/* XFS that has shut down because of an error says success for a folder that it has not written (seen on Linux 6.18), but opens nothing
 * any more: so the folder is opened once more after that. */
bool secret_sync_folder(const char *path, int (*sync)(int)) {
  char copy[SECRET_PATH_BYTES];
  errno = ENAMETOOLONG;
  if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) return false;
  const char *folder = dirname(copy);
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), again = -1;
  bool ok = fd >= 0 && sync(fd) == 0 && (again = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0;
  int why = errno;
  if (fd >= 0) close(fd);
  if (again >= 0) close(again);
  errno = why;
  return ok;
}

bool secret_write(const char *path, const char *data, size_t length, char *error, size_t error_bytes) {
  int fd = secret_disk.create(path);
  if (fd < 0) return fail(error, error_bytes, path, strerror(errno));
  bool ok = write_all(fd, data, length);
  int why = errno;
  if (secret_disk.close(fd) != 0 && ok) {
    why = errno;
    ok = false;
  }
  if (ok && secret_sync_folder(path, secret_disk.sync)) return true;
  if (ok) why = errno;
  (void)secret_disk.unlink(path);
  return fail(error, error_bytes, path, strerror(why));
}

bool secret_replace(const char *path, const char *data, size_t length, char *error, size_t error_bytes) {
  char fresh[SECRET_PATH_BYTES];
  if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
    return fail(error, error_bytes, path, "too long a path");
  if (secret_disk.unlink(fresh) != 0 && errno != ENOENT) return fail(error, error_bytes, fresh, strerror(errno));
  if (!secret_write(fresh, data, length, error, error_bytes)) return false;
  if (secret_disk.rename(fresh, path) != 0 || !secret_sync_folder(path, secret_disk.sync))
    return fail(error, error_bytes, path, strerror(errno));
  return true;
}
