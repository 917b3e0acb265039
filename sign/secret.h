/* secret.h - files that only their owner may read, and files that are replaced whole or not at all.
 *
 * Used for secret keys, for the last head that a signer or a witness signed, for records of forks.  All calls block on
 * the disk.  A function that fails leaves a sentence in *error, with the path, for people.
 */
#ifndef RECTIFY_SIGN_SECRET_H
#define RECTIFY_SIGN_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SECRET_PATH_BYTES 4096
#define SECRET_ERROR_BYTES (SECRET_PATH_BYTES + 200)

/* "credential:NAME" is the file NAME of $CREDENTIALS_DIRECTORY (systemd's LoadCredential=); any other path is itself.
 * False when the variable is not set or the name is not a plain one. */
bool secret_path(const char *given, char out[SECRET_PATH_BYTES], bool *is_credential);

/* Reads a regular file of at most out_max - 1 bytes that belongs to this user or root and is open to nobody else (of a
 * credential the group may read: so systemd hands them out). */
bool secret_read(const char *path, char *out, size_t out_max, size_t *length, char *error, size_t error_bytes);
/* The same for a file that is no secret but must not be changed by others: public keys that are trusted. */
bool trusted_read(const char *path, char *out, size_t out_max, size_t *length, char *error, size_t error_bytes);
/* Makes such a file, mode 0600, synced with its folder; refused when there is one already. */
bool secret_write(const char *path, const char *data, size_t length, char *error, size_t error_bytes);
/* Puts a new file in place of the old one, or makes it: whoever reads, also after a crash, finds the one or the other
 * whole.  After true it is the new one, for ever. */
bool secret_replace(const char *path, const char *data, size_t length, char *error, size_t error_bytes);

/* Makes a name durable: syncs the folder of `path` by `sync` (fsync() but in tests).  False, with errno, when it is not known to be. */
bool secret_sync_folder(const char *path, int (*sync)(int));

/* This process shows no memory to debuggers and core files, and keeps it out of the swap.  False when locking memory is
 * not allowed (RLIMIT_MEMLOCK); the rest holds all the same. */
bool secret_guard_memory(void);
/* Keeps one secret out of the swap where all memory may not be locked: a page or two, which any user may.  Forked
 * children do not inherit it. */
void secret_lock(void *secret, size_t length);

/* The calls that change the disk; tests put failing ones in their place. */
struct secret_disk {
  int (*create)(const char *path); /* O_EXCL, 0600 */
  ssize_t (*write)(int fd, const void *data, size_t length);
  int (*sync)(int fd);
  int (*close)(int fd);
  int (*rename)(const char *from, const char *to);
  int (*unlink)(const char *path);
};
extern struct secret_disk secret_disk;

#endif
