/* spool_file.h - a file of records that only grows, and loses nothing that was said to be on disk.
 *
 *   16 bytes of a mark, then records: u32 length | the first 8 bytes of SHA-256(length || bytes) | bytes     (little-endian)
 *
 * A record is written in one go and synced before anybody is told.  A crash therefore leaves at most one torn record, at
 * the end, which the next process that holds the lock cuts off.  A bad record with a good one behind it is damage, and so is a
 * bad one at the end that is all there, for that is no crash's work: nothing is cut, and the file is refused by name.  The
 * caller holds the spool's lock for every call but spool_file_read(). */
#ifndef RECTIFY_SPOOL_FILE_H
#define RECTIFY_SPOOL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define SPOOL_PATH_BYTES 4096
#define SPOOL_RECORD_BYTES_MAX (8 * 1024 * 1024) /* above WIRE_FRAME_BYTES_MAX and the heads of its items */
#define SPOOL_MARK_BYTES 16

struct spool_file {
  char path[SPOOL_PATH_BYTES];
  const char *mark; /* SPOOL_MARK_BYTES: what kind of file it is */
  int fd;
  ino_t inode;  /* of the file that fd is: another process may have put a new one in its place */
  uint64_t end; /* behind the last record that was read */
};

/* Faults: errno is set; EBADMSG: the file is damaged. */
enum { SPOOL_FILE_FINE = 0, SPOOL_FILE_FAILED = -1, SPOOL_FILE_DAMAGED = -2 };

/* The calls that change the disk; tests put failing and dying ones in their place. */
struct spool_disk {
  int (*open)(const char *path, int flags); /* of a new file: mode 0600 */
  ssize_t (*write)(int fd, const void *data, size_t length, off_t at);
  int (*sync)(int fd);
  int (*truncate)(int fd, off_t length);
  int (*rename)(const char *from, const char *to);
};
extern struct spool_disk spool_disk;

typedef bool spool_record_fn(void *context, uint64_t at, const uint8_t *bytes, size_t length);

/* Opens or makes folder/name. */
int spool_file_open(struct spool_file *file, const char *folder, const char *name, const char *mark);
void spool_file_close(struct spool_file *file);
/* Whether the name stands for another file by now. */
bool spool_file_was_replaced(const struct spool_file *file);
/* Gives each record behind `end` to `record` (`at`: where its bytes begin), cuts a torn one off.  `record` returns false for one
 * that is not what it should be, which is damage. */
int spool_file_refresh(struct spool_file *file, spool_record_fn *record, void *context);
/* Writes one record behind `end` and syncs; `end` stays, the next refresh reads it.  After a failure the file is as before, or its
 * torn end will be cut off. */
int spool_file_append(struct spool_file *file, const uint8_t *bytes, size_t length);
/* Reads `length` bytes of a record. */
int spool_file_read(const struct spool_file *file, uint64_t at, void *out, size_t length);
/* Puts a file with these records in the place of this one, whole or not at all. */
struct spool_record {
  const uint8_t *bytes;
  size_t length;
};
int spool_file_replace(struct spool_file *file, const struct spool_record *records, size_t count);
/* Makes a name durable: syncs the folder of `path`. */
int spool_folder_sync(const char *path);

#endif
