#include "document/curve.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_PREFIX "curve25519-secret "
#define FILE_BYTES (sizeof SECRET_PREFIX - 1 + 2 * CURVE_KEY_BYTES + 1) /* one line */

static bool derive(struct curve_pair *pair) {
  size_t length = CURVE_KEY_BYTES;
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, pair->secret, CURVE_KEY_BYTES);
  bool ok = key != NULL && EVP_PKEY_get_raw_public_key(key, pair->public_key, &length) == 1;
  EVP_PKEY_free(key);
  return ok && length == CURVE_KEY_BYTES;
}

bool curve_new(struct curve_pair *out) { return RAND_priv_bytes(out->secret, CURVE_KEY_BYTES) == 1 && derive(out); }

void curve_wipe(void *secret, size_t size) { OPENSSL_cleanse(secret, size); }

/* ---- text ---- */

void curve_text(const uint8_t key[CURVE_KEY_BYTES], char out[CURVE_TEXT_BYTES]) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < CURVE_KEY_BYTES; i++) {
    out[2 * i] = digits[key[i] >> 4];
    out[2 * i + 1] = digits[key[i] & 15];
  }
  out[2 * CURVE_KEY_BYTES] = '\0';
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool curve_of_text(const char *text, size_t length, uint8_t out[CURVE_KEY_BYTES]) {
  if (length != 2 * CURVE_KEY_BYTES) return false;
  for (size_t i = 0; i < CURVE_KEY_BYTES; i++) {
    int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}

/* ---- files ---- */

static bool failed(char error[CURVE_ERROR_BYTES], const char *path, const char *reason) {
  snprintf(error, CURVE_ERROR_BYTES, "%.4000s: %s", path, reason);
  return false;
}

/* The key and its name in the folder are on disk before anybody relies on them. */
static bool sync_folder(const char *path) {
  char folder[4096];
  const char *slash = strrchr(path, '/');
  size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
  if (length >= sizeof folder) return false;
  memcpy(folder, path, length);
  strcpy(folder + length, length == 0 ? "." : "");
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool ok = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  return ok;
}

bool curve_file_write(const char *path, const struct curve_pair *pair, char error[CURVE_ERROR_BYTES]) {
  char line[FILE_BYTES + 1];
  strcpy(line, SECRET_PREFIX);
  curve_text(pair->secret, line + sizeof SECRET_PREFIX - 1);
  strcat(line, "\n");
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && write(fd, line, FILE_BYTES) == (ssize_t)FILE_BYTES && fsync(fd) == 0;
  int reason = errno;
  OPENSSL_cleanse(line, sizeof line);
  if (fd >= 0) close(fd);
  if (!ok && fd >= 0) unlink(path);
  if (!ok) return failed(error, path, reason == EEXIST ? "is there already; a key is never written over" : strerror(reason));
  return sync_folder(path) || failed(error, path, strerror(errno));
}

static const char *unfit(int fd) {
  struct stat file;
  if (fstat(fd, &file) != 0) return strerror(errno);
  if (!S_ISREG(file.st_mode)) return "is not a file";
  if (file.st_uid != geteuid() && file.st_uid != 0) return "belongs to somebody else";
  if ((file.st_mode & 077) != 0) return "others may read this secret key: chmod 600 it, or make a new one";
  return NULL;
}

static bool parse(const char *line, size_t length, struct curve_pair *out) {
  const size_t prefix = sizeof SECRET_PREFIX - 1;
  if (length > 0 && line[length - 1] == '\n') length--;
  return length == FILE_BYTES - 1 && memcmp(line, SECRET_PREFIX, prefix) == 0 &&
         curve_of_text(line + prefix, length - prefix, out->secret) && derive(out);
}

bool curve_file_read(const char *path, struct curve_pair *out, char error[CURVE_ERROR_BYTES]) {
  char line[FILE_BYTES + 1];
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return failed(error, path, strerror(errno));
  const char *wrong = unfit(fd);
  ssize_t got = wrong == NULL ? read(fd, line, sizeof line) : 0;
  close(fd);
  if (wrong == NULL && (got < 0 || !parse(line, (size_t)got, out)))
    wrong = got < 0 ? strerror(errno) : "is not the secret key that `rectify key new` makes";
  OPENSSL_cleanse(line, sizeof line);
  if (wrong == NULL) return true;
  curve_wipe(out, sizeof *out);
  return failed(error, path, wrong);
}
