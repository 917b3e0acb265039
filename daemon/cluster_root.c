/* cluster_root.c - giving up root for the account that owns the data directory.  See cluster.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cluster_internal.h"

struct account {
  char name[64];
  uid_t uid;
  gid_t gid;
};

static const char *const accounts[] = {"rectify", "postgres", "nobody"};

static bool account_named(const char *name, struct account *out) {
  const struct passwd *entry = getpwnam(name);
  if (entry == NULL || entry->pw_uid == 0) return false;
  *out = (struct account){.uid = entry->pw_uid, .gid = entry->pw_gid};
  snprintf(out->name, sizeof out->name, "%s", name);
  return true;
}

/* The first account that exists; with `owner` not 0, the one that is `owner`. */
static bool account_choose(uid_t owner, struct account *out) {
  for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++)
    if (account_named(accounts[i], out) && (owner == 0 || out->uid == owner)) return true;
  return false;
}

static bool is_empty(int directory) {
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = copy < 0 ? NULL : fdopendir(copy);
  if (entries == NULL) {
    if (copy >= 0) close(copy);
    return false;
  }
  int count = 0;
  while (count <= 2 && readdir(entries) != NULL) count++;
  closedir(entries);
  return count <= 2; /* "." and ".." */
}

/* Whether anybody may rename what lies in the directory that holds `path`. */
static bool parent_is_open(const char *path) {
  char parent[PATH_MAX];
  struct stat status;
  snprintf(parent, sizeof parent, "%s", path);
  char *slash = strrchr(parent, '/');
  if (slash == NULL || slash == parent) return false;
  *slash = '\0';
  return stat(parent, &status) != 0 || ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0);
}

/* Chooses the account for the open directory and makes the directory its own.  All by descriptor: names under a
 * directory like /tmp may be exchanged between two looks. */
static int take_directory(int directory, const char *path, struct account *account, char *error, size_t size) {
  struct stat status;
  /* Until the descriptor is closed: another daemon starting now must see it before or after, not between. */
  if (flock(directory, LOCK_EX) != 0 || fstat(directory, &status) != 0)
    return cluster_fault(error, size, "cannot look at %s: %s", path, strerror(errno));
  if ((status.st_mode & S_IWOTH) != 0)
    return cluster_fault(error, size, "%s may be written by everybody: not used as a data directory", path);
  if (!account_choose(status.st_uid, account)) {
    if (status.st_uid == 0)
      return cluster_fault(error, size, "none of the accounts rectify, postgres, nobody exists to run as");
    return cluster_fault(error, size, "%s belongs to user number %ld: start the daemon as that user", path,
                         (long)status.st_uid);
  }
  if (status.st_uid == 0 && !is_empty(directory))
    return cluster_fault(error, size, "%s is root's and not empty: chown it to %s, or name another data directory",
                         path, account->name);
  if (fchown(directory, account->uid, account->gid) != 0 || fchmod(directory, 0700) != 0)
    return cluster_fault(error, size, "cannot give %s to %s: %s", path, account->name, strerror(errno));
  return 0;
}

static int become(const struct account *account, char *error, size_t size) {
  int dumpable = prctl(PR_GET_DUMPABLE);
  if (initgroups(account->name, account->gid) != 0 || setgid(account->gid) != 0 || setuid(account->uid) != 0)
    return cluster_fault(error, size, "cannot become %s: %s", account->name, strerror(errno));
  if (setuid(0) == 0) return cluster_fault(error, size, "root could be taken back after becoming %s", account->name);
  if (dumpable == 1) (void)prctl(PR_SET_DUMPABLE, 1); /* setuid() clears it; it lets a bug leave a core file */
  return 0;
}

int cluster_drop_root(const char *data_dir, char *error, size_t error_size) {
  struct account account;
  if (geteuid() != 0) return 0;
  if (data_dir[0] != '/')
    return cluster_fault(error, error_size, "the data directory %s is not an absolute path", data_dir);
  if (cluster_make_parents(data_dir) != 0 || (mkdir(data_dir, 0700) != 0 && errno != EEXIST))
    return cluster_fault(error, error_size, "cannot make the data directory %s: %s", data_dir, strerror(errno));
  if (parent_is_open(data_dir))
    return cluster_fault(error, error_size, "the directory above %s lets everybody replace it", data_dir);
  int directory = open(data_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0)
    return cluster_fault(error, error_size, "cannot open the data directory %s: %s", data_dir, strerror(errno));
  int result = take_directory(directory, data_dir, &account, error, error_size);
  if (result == 0) result = become(&account, error, error_size);
  close(directory);
  if (result != 0) return -1;
  if (access(data_dir, R_OK | W_OK | X_OK) != 0)
    return cluster_fault(error, error_size, "user %s cannot reach %s (%s): use a directory under /var/lib or /var/tmp",
                         account.name, data_dir, strerror(errno));
  if (chdir("/") != 0) return cluster_fault(error, error_size, "cannot change to /: %s", strerror(errno));
  return 0;
}
