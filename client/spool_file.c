/* spool_file.c - see spool_file.h. */
#include "client/spool_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rectify/must.h"
#include "sign/secret.h"

#define HEAD_BYTES 12
#define HOLE_BYTES_MIN 16 /* records are text, ids and small numbers: none has so many zeros in a row */
#define SUM_BYTES 8

static int disk_open(const char *path, int flags) { return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600); }

struct spool_disk spool_disk = {disk_open, pwrite, fsync, ftruncate, rename};

/* ---- records ---- */

static void put_length(uint8_t out[4], uint32_t length) {
  for (unsigned i = 0; i < 4; i++) out[i] = (uint8_t)(length >> (8 * i));
}

static uint32_t get_length(const uint8_t in[4]) {
  return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static void sum(const uint8_t head[4], const uint8_t *bytes, size_t length, uint8_t out[SUM_BYTES]) {
  uint8_t digest[32];
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  must(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
       EVP_DigestUpdate(context, head, 4) == 1 && EVP_DigestUpdate(context, bytes, length) == 1 &&
       EVP_DigestFinal_ex(context, digest, NULL) == 1);
  EVP_MD_CTX_free(context);
  memcpy(out, digest, SUM_BYTES);
}

/* The length of the bytes of the record at `in`; 0 when none begins there. */
static uint32_t record_at(const uint8_t *in, size_t room) {
  uint8_t expected[SUM_BYTES];
  if (room <= HEAD_BYTES) return 0;
  const uint32_t length = get_length(in);
  if (length == 0 || length > SPOOL_RECORD_BYTES_MAX || length > room - HEAD_BYTES) return 0;
  sum(in, in + HEAD_BYTES, length, expected);
  return memcmp(expected, in + 4, SUM_BYTES) == 0 ? length : 0;
}

/* ---- the disk ---- */

static int write_all(int fd, const uint8_t *data, size_t length, uint64_t at) {
  while (length > 0) {
    ssize_t put = spool_disk.write(fd, data, length, (off_t)at);
    if (put < 0 && errno == EINTR) continue;
    if (put == 0) errno = ENOSPC;
    if (put <= 0) return SPOOL_FILE_FAILED;
    data += put;
    length -= (size_t)put;
    at += (uint64_t)put;
  }
  return SPOOL_FILE_FINE;
}

int spool_file_read(const struct spool_file *file, uint64_t at, void *out, size_t length) {
  uint8_t *to = out;
  while (length > 0) {
    ssize_t got = pread(file->fd, to, length, (off_t)at);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EBADMSG;
    if (got <= 0) return got == 0 ? SPOOL_FILE_DAMAGED : SPOOL_FILE_FAILED;
    to += got;
    length -= (size_t)got;
    at += (uint64_t)got;
  }
  return SPOOL_FILE_FINE;
}

int spool_folder_sync(const char *path) {
  return secret_sync_folder(path, spool_disk.sync) ? SPOOL_FILE_FINE : SPOOL_FILE_FAILED;
}

/* ---- open ---- */

/* A file that is new, or whose making was cut short, gets its mark; one that has another is somebody else's. */
static int check_mark(struct spool_file *file, off_t size) {
  uint8_t found[SPOOL_MARK_BYTES];
  size_t length = size < SPOOL_MARK_BYTES ? (size_t)size : SPOOL_MARK_BYTES;
  int result = spool_file_read(file, 0, found, length);
  if (result != SPOOL_FILE_FINE) return result;
  errno = EBADMSG;
  if (memcmp(found, file->mark, length) != 0) return SPOOL_FILE_DAMAGED;
  if (length == SPOOL_MARK_BYTES) return SPOOL_FILE_FINE;
  if (write_all(file->fd, (const uint8_t *)file->mark, SPOOL_MARK_BYTES, 0) != 0 || spool_disk.sync(file->fd) != 0)
    return SPOOL_FILE_FAILED;
  return spool_folder_sync(file->path);
}

static int open_named(struct spool_file *file) {
  struct stat status;
  file->fd = spool_disk.open(file->path, O_RDWR | O_CREAT);
  if (file->fd < 0 || fstat(file->fd, &status) != 0) return SPOOL_FILE_FAILED;
  file->inode = status.st_ino;
  file->end = SPOOL_MARK_BYTES;
  return check_mark(file, status.st_size);
}

int spool_file_open(struct spool_file *file, const char *folder, const char *name, const char *mark) {
  file->mark = mark;
  file->fd = -1;
  errno = ENAMETOOLONG;
  if (snprintf(file->path, sizeof file->path, "%s/%s", folder, name) >= (int)sizeof file->path) return SPOOL_FILE_FAILED;
  return open_named(file);
}

void spool_file_close(struct spool_file *file) {
  if (file->fd >= 0) close(file->fd);
  file->fd = -1;
}

bool spool_file_was_replaced(const struct spool_file *file) {
  struct stat status;
  return file->fd < 0 || stat(file->path, &status) != 0 || status.st_ino != file->inode;
}

/* ---- reading on ---- */

/* Whether a good record begins anywhere in what is behind a bad one. */
static bool good_behind(const uint8_t *bytes, size_t length) {
  for (size_t at = 1; at + HEAD_BYTES < length; at++)
    if (record_at(bytes + at, length - at) > 0) return true;
  return false;
}

/* What a crash never wrote reads as zeros: at the end, or as a block in between. */
static bool has_a_hole(const uint8_t *bytes, size_t length) {
  size_t zeros = 0;
  for (size_t i = 0; i < length && zeros < HOLE_BYTES_MIN; i++) zeros = bytes[i] == 0 ? zeros + 1 : 0;
  return zeros >= HOLE_BYTES_MIN || bytes[length - 1] == 0;
}

/* Whether the bad record at the very end was written to its last byte: then it was changed afterwards, by a disk that rots, and
 * somebody may have been told that it is kept. */
static bool was_whole(const uint8_t *bytes, size_t length) {
  uint8_t head[4], expected[SUM_BYTES];
  if (length <= HEAD_BYTES || length - HEAD_BYTES > SPOOL_RECORD_BYTES_MAX) return false;
  put_length(head, (uint32_t)(length - HEAD_BYTES));
  sum(head, bytes + HEAD_BYTES, length - HEAD_BYTES, expected);
  if (memcmp(expected, bytes + 4, SUM_BYTES) == 0) return true; /* its length alone is wrong */
  return get_length(bytes) == length - HEAD_BYTES && !has_a_hole(bytes, length);
}

static int take_records(struct spool_file *file, const uint8_t *bytes, size_t length, spool_record_fn *record,
                        void *context) {
  size_t at = 0;
  for (uint32_t got; (got = record_at(bytes + at, length - at)) > 0; at += HEAD_BYTES + got) {
    errno = EBADMSG;
    if (!record(context, file->end + at + HEAD_BYTES, bytes + at + HEAD_BYTES, got)) return SPOOL_FILE_DAMAGED;
  }
  errno = EBADMSG;
  if (at < length && (good_behind(bytes + at, length - at) || was_whole(bytes + at, length - at))) return SPOOL_FILE_DAMAGED;
  file->end += at;
  if (at == length) return SPOOL_FILE_FINE;
  if (spool_disk.truncate(file->fd, (off_t)file->end) != 0) return SPOOL_FILE_FAILED;
  return spool_disk.sync(file->fd) == 0 ? SPOOL_FILE_FINE : SPOOL_FILE_FAILED;
}

int spool_file_refresh(struct spool_file *file, spool_record_fn *record, void *context) {
  struct stat status;
  if (fstat(file->fd, &status) != 0) return SPOOL_FILE_FAILED;
  errno = EBADMSG; /* shorter than what was read from it: somebody cut it */
  if ((uint64_t)status.st_size < file->end) return SPOOL_FILE_DAMAGED;
  const size_t length = (size_t)status.st_size - file->end;
  if (length == 0) return SPOOL_FILE_FINE;
  uint8_t *bytes = malloc(length);
  if (bytes == NULL) return SPOOL_FILE_FAILED;
  int result = spool_file_read(file, file->end, bytes, length);
  if (result == SPOOL_FILE_FINE) result = take_records(file, bytes, length, record, context);
  int why = errno;
  free(bytes);
  errno = why;
  return result;
}

/* ---- writing ---- */

static uint8_t *record_make(const uint8_t *bytes, size_t length) {
  errno = EMSGSIZE;
  if (length == 0 || length > SPOOL_RECORD_BYTES_MAX) return NULL;
  uint8_t *record = malloc(HEAD_BYTES + length);
  if (record == NULL) return NULL;
  put_length(record, (uint32_t)length);
  memcpy(record + HEAD_BYTES, bytes, length);
  sum(record, bytes, length, record + 4);
  return record;
}

static int write_record(struct spool_file *file, const uint8_t *bytes, size_t length) {
  uint8_t *record = record_make(bytes, length);
  if (record == NULL) return SPOOL_FILE_FAILED;
  int result = write_all(file->fd, record, HEAD_BYTES + length, file->end);
  int why = errno;
  free(record);
  errno = why;
  return result;
}

static int sync_file(const struct spool_file *file) {
  return spool_disk.sync(file->fd) == 0 ? SPOOL_FILE_FINE : SPOOL_FILE_FAILED;
}

int spool_file_append(struct spool_file *file, const uint8_t *bytes, size_t length) {
  int result = write_record(file, bytes, length);
  if (result == SPOOL_FILE_FINE) result = sync_file(file);
  int why = errno;
  if (result != SPOOL_FILE_FINE) (void)spool_disk.truncate(file->fd, (off_t)file->end);
  errno = why;
  return result;
}

static int write_fresh(struct spool_file *fresh, const char *path, const struct spool_record *records, size_t count) {
  errno = ENAMETOOLONG;
  if (snprintf(fresh->path, sizeof fresh->path, "%s.new", path) >= (int)sizeof fresh->path) return SPOOL_FILE_FAILED;
  fresh->fd = spool_disk.open(fresh->path, O_RDWR | O_CREAT | O_TRUNC);
  if (fresh->fd < 0 || write_all(fresh->fd, (const uint8_t *)fresh->mark, SPOOL_MARK_BYTES, 0) != 0)
    return SPOOL_FILE_FAILED;
  fresh->end = SPOOL_MARK_BYTES;
  for (size_t i = 0; i < count; i++) {
    if (write_record(fresh, records[i].bytes, records[i].length) != SPOOL_FILE_FINE) return SPOOL_FILE_FAILED;
    fresh->end += HEAD_BYTES + records[i].length;
  }
  return sync_file(fresh);
}

int spool_file_replace(struct spool_file *file, const struct spool_record *records, size_t count) {
  struct spool_file fresh = {.mark = file->mark, .fd = -1};
  int result = write_fresh(&fresh, file->path, records, count);
  if (result == SPOOL_FILE_FINE && spool_disk.rename(fresh.path, file->path) != 0) result = SPOOL_FILE_FAILED;
  if (result == SPOOL_FILE_FINE) result = spool_folder_sync(file->path);
  int why = errno;
  spool_file_close(&fresh);
  errno = why;
  if (result != SPOOL_FILE_FINE) return result;
  spool_file_close(file);
  return open_named(file);
}
