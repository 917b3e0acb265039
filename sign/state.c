/* state.c - files of the signer: the last head signed, and secrets that only their owner may read. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sign/signer.h"

#define PATH_BYTES 4096

static bool fail(char *error, size_t size, const char *path, const char *text) {
  snprintf(error, size, "%s: %s", path, text);
  return false;
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

static bool write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t put = write(fd, data, length);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    data += put;
    length -= (size_t)put;
  }
  return fsync(fd) == 0;
}

/* The name is durable only when the folder is. */
static bool sync_folder(const char *path) {
  char copy[PATH_BYTES];
  if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) return false;
  int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool ok = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  return ok;
}

/* ---- secrets ---- */

static const char *too_open(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return strerror(errno);
  if (!S_ISREG(status.st_mode)) return "not a regular file";
  if (status.st_uid != geteuid() && status.st_uid != 0) return "belongs to somebody else";
  if ((status.st_mode & 077) != 0) return "others may read or change it: chmod 600";
  return NULL;
}

bool secret_read(const char *path, char *out, size_t out_max, size_t *length, char *error, size_t error_bytes) {
  int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return fail(error, error_bytes, path, strerror(errno));
  const char *wrong = too_open(fd);
  bool ok = wrong == NULL && read_all(fd, out, out_max, length);
  if (!ok) fail(error, error_bytes, path, wrong != NULL ? wrong : strerror(errno));
  close(fd);
  return ok;
}

bool secret_write(const char *path, const char *data, size_t length, char *error, size_t error_bytes) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return fail(error, error_bytes, path, strerror(errno));
  bool ok = write_all(fd, data, length);
  int why = errno;
  if (close(fd) != 0) ok = false;
  if (ok && sync_folder(path)) return true;
  unlink(path);
  return fail(error, error_bytes, path, strerror(why));
}

/* ---- the last head ---- */

static bool note_fits(const struct note_signer *signer, struct signer_state *state) {
  struct note note;
  return note_parse(state->note, state->note_length, &note) && note_is_signed_by(&note, &signer->verifier, NULL) &&
         checkpoint_parse(note.text, note.text_length, &state->last) &&
         strcmp(state->last.origin, signer->verifier.name) == 0;
}

bool signer_state_load(const char *path, const struct note_signer *signer, struct signer_state *out, char *error,
                       size_t error_bytes) {
  memset(out, 0, sizeof *out);
  if (!secret_read(path, out->note, sizeof out->note, &out->note_length, error, error_bytes)) return false;
  return note_fits(signer, out) ? true : fail(error, error_bytes, path, "is not a head that this key signed");
}

bool signer_state_keep(const char *path, const struct signer_state *state, char *error, size_t error_bytes) {
  char fresh[PATH_BYTES];
  if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh) return fail(error, error_bytes, path, "too long");
  if (unlink(fresh) != 0 && errno != ENOENT) return fail(error, error_bytes, fresh, strerror(errno));
  if (!secret_write(fresh, state->note, state->note_length, error, error_bytes)) return false;
  if (rename(fresh, path) != 0 || !sync_folder(path)) return fail(error, error_bytes, path, strerror(errno));
  return true;
}
