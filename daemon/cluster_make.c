/* cluster_make.c - the files of the private cluster: finding the programs, initdb, settings, socket directory, log.
 * See cluster.h for the layout. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/cluster_internal.h"

/* ---- the log ---------------------------------------------------------------------------------------------------- */

int cluster_log_open(const struct cluster *cluster) {
  return open(cluster->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void cluster_log_tail(const struct cluster *cluster, off_t from, char *error, size_t size) {
  size_t used = strlen(error);
  int fd = open(cluster->log, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  off_t end = lseek(fd, 0, SEEK_END);
  if (end - from > CLUSTER_TAIL_BYTES_MAX) from = end - CLUSTER_TAIL_BYTES_MAX;
  int head = snprintf(error + used, size - used, "\nthe end of %s:\n", cluster->log);
  if (end > from && head > 0 && used + (size_t)head + 1 < size) {
    used += (size_t)head;
    ssize_t got = pread(fd, error + used, size - used - 1, from);
    error[used + (got > 0 ? (size_t)got : 0)] = '\0';
  } else {
    error[used] = '\0';
  }
  close(fd);
}

/* The server keeps the file open for appending, so the bytes are copied away and the file cut; a line written between
 * the two is lost, which a log may. */
void cluster_log_trim(const struct cluster *cluster) {
  struct stat now;
  if (stat(cluster->log, &now) != 0 || now.st_size < CLUSTER_LOG_BYTES_MAX) return;
  char old[PATH_MAX + 8];
  snprintf(old, sizeof old, "%s.1", cluster->log);
  int from = open(cluster->log, O_RDWR | O_CLOEXEC);
  int to = open(old, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (from >= 0 && to >= 0) {
    off_t in = now.st_size - CLUSTER_LOG_BYTES_MAX, end = now.st_size;
    while (in < end && copy_file_range(from, &in, to, NULL, (size_t)(end - in), 0) > 0) continue;
    (void)!ftruncate(from, 0);
  }
  if (from >= 0) close(from);
  if (to >= 0) close(to);
}

/* ---- small files ------------------------------------------------------------------------------------------------ */

static int sync_path(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  int result = fsync(fd);
  close(fd);
  return result;
}

static int write_all(int fd, const char *text) {
  size_t length = strlen(text), done = 0;
  while (done < length) {
    ssize_t n = write(fd, text + done, length - done);
    if (n < 0 && errno != EINTR) return -1;
    if (n > 0) done += (size_t)n;
  }
  return 0;
}

/* Replaces `directory`/`name` as a whole, or not at all. */
static int write_file(const char *directory, const char *name, const char *text) {
  char path[PATH_MAX + 32], new_path[PATH_MAX + 48];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  snprintf(new_path, sizeof new_path, "%s.new", path);
  int fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -1;
  int result = write_all(fd, text);
  if (result == 0) result = fsync(fd);
  close(fd);
  if (result == 0) result = rename(new_path, path);
  if (result == 0) result = sync_path(directory);
  return result;
}

int cluster_make_parents(const char *path) {
  char part[PATH_MAX];
  snprintf(part, sizeof part, "%s", path);
  for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(part, 0755) != 0 && errno != EEXIST) return -1;
    *slash = '/';
  }
  return 0;
}

/* ---- the programs ----------------------------------------------------------------------------------------------- */

/* The major version that made the cluster; 0 when there is none yet. */
static long made_by(const struct cluster *cluster) {
  char path[PATH_MAX + 16], text[16] = "";
  snprintf(path, sizeof path, "%s/PG_VERSION", cluster->pgdata);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  return got > 0 ? strtol(text, NULL, 10) : 0;
}

static bool has_programs(const char *bin) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/postgres", bin);
  if (access(path, X_OK) != 0) return false;
  snprintf(path, sizeof path, "%s/initdb", bin);
  return access(path, X_OK) == 0;
}

/* The directory of version `wanted`, or of the highest one for 0. */
static bool search_programs(struct cluster *cluster, long wanted) {
  static const char prefix[] = "/usr/lib/postgresql/";
  glob_t found;
  long best = 0;
  if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) != 0) return false;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    long version = strtol(found.gl_pathv[i] + sizeof prefix - 1, NULL, 10);
    if (version <= best || (wanted != 0 && version != wanted) || !has_programs(found.gl_pathv[i])) continue;
    best = version;
    snprintf(cluster->bin, sizeof cluster->bin, "%s", found.gl_pathv[i]);
  }
  globfree(&found);
  return best > 0;
}

int cluster_find_programs(struct cluster *cluster, char *error, size_t size) {
  const char *given = getenv("PG_BIN");
  if (given != NULL && given[0] != '\0') {
    snprintf(cluster->bin, sizeof cluster->bin, "%s", given);
    if (has_programs(cluster->bin)) return 0;
    return cluster_fault(error, size, "PG_BIN is %s, but there are no programs initdb and postgres in it", given);
  }
  long wanted = made_by(cluster);
  if (search_programs(cluster, wanted)) return 0;
  if (wanted != 0)
    return cluster_fault(error, size,
                         "%s was made by PostgreSQL %ld, which is not installed: install the package postgresql-%ld, "
                         "or name its directory of programs in PG_BIN",
                         cluster->pgdata, wanted, wanted);
  return cluster_fault(error, size,
                       "no PostgreSQL under /usr/lib/postgresql: install the package postgresql, or name its directory "
                       "of programs in PG_BIN, or configure a database of your own");
}

/* ---- initdb ----------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  (void)status, (void)kind, (void)walk;
  return remove(path);
}

static int remove_tree(const char *path) {
  if (access(path, F_OK) != 0 && errno == ENOENT) return 0;
  return nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Waits for initdb; its exit status, or -1 when it had to be killed. */
static int wait_for(pid_t pid) {
  int status = 0;
  for (int naps = CLUSTER_START_SECONDS_MAX * 1000 / CLUSTER_NAP_MSEC; naps > 0; naps--) {
    pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (ended < 0 && errno != EINTR) return -1;
    cluster_nap();
  }
  kill(-pid, SIGKILL); /* it leads a session, so this reaches its children */
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return -1;
}

static int run_initdb(struct cluster *cluster, char *directory, int lock_fd, char *error, size_t size) {
  char program[PATH_MAX];
  snprintf(program, sizeof program, "%s/initdb", cluster->bin);
  char *const argv[] = {program,
                        (char[]){"-D"},
                        directory,
                        (char[]){"-U"},
                        (char[]){CLUSTER_SUPERUSER},
                        (char[]){"-E"},
                        (char[]){"UTF8"},
                        (char[]){"--locale=C.UTF-8"},
                        (char[]){"-k"},
                        (char[]){"--auth=trust"},
                        (char[]){"--no-instructions"},
                        NULL};
  int log_fd = cluster_log_open(cluster);
  if (log_fd < 0) return cluster_fault(error, size, "cannot write %s: %s", cluster->log, strerror(errno));
  off_t from = lseek(log_fd, 0, SEEK_END);
  pid_t pid = cluster_spawn(argv, log_fd, lock_fd);
  int wrong = errno;
  close(log_fd);
  if (pid < 0) return cluster_fault(error, size, "cannot run %s: %s", program, strerror(wrong));
  int status = wait_for(pid);
  if (status == 0) return 0;
  cluster_fault(error, size, "%s failed (%d)", program, status);
  cluster_log_tail(cluster, from, error, size);
  return -1;
}

/* Our settings come from a file of their own that is written anew at each start; ALTER SYSTEM still overrides it. */
static int add_include(const char *directory) {
  char path[PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/postgresql.conf", directory);
  int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) return -1;
  int result = write_all(fd, "\ninclude_if_exists = 'rectify.conf'\n");
  if (result == 0) result = fsync(fd);
  close(fd);
  return result;
}

int cluster_make(struct cluster *cluster, int lock_fd, char *error, size_t size) {
  if (made_by(cluster) != 0) return 0;
  char directory[PATH_MAX];
  snprintf(directory, sizeof directory, "%s/postgres.new", cluster->data_dir);
  if (remove_tree(directory) != 0)
    return cluster_fault(error, size, "cannot remove the unfinished %s: %s", directory, strerror(errno));
  if (run_initdb(cluster, directory, lock_fd, error, size) != 0) return -1;
  /* initdb has synced all it wrote.  The rename is what makes the cluster exist. */
  if (add_include(directory) != 0 || sync_path(directory) != 0 || rename(directory, cluster->pgdata) != 0 ||
      sync_path(cluster->data_dir) != 0)
    return cluster_fault(error, size, "cannot put the new cluster in place as %s: %s", cluster->pgdata,
                         strerror(errno));
  return 0;
}

/* ---- the socket directory --------------------------------------------------------------------------------------- */

/* The path of the socket must fit sun_path, and the path of its directory must mean itself in postgresql.conf and in
 * a connection string, where commas, quotes and spaces do not. */
static bool fits_socket(const char *directory) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-";
  return strlen(directory) + strlen("/.s.PGSQL." CLUSTER_PORT) <= CLUSTER_SOCKET_PATH_MAX &&
         strspn(directory, plain) == strlen(directory);
}

static bool is_private_directory(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
         (status.st_mode & 07777) == 0700;
}

/* The directory noted at an earlier start, if it is still ours alone: anybody may make names under /tmp. */
static bool recall_socket_dir(struct cluster *cluster) {
  char path[PATH_MAX + 32], text[CLUSTER_SOCKET_PATH_MAX + 2];
  snprintf(path, sizeof path, "%s/postgres-socket.path", cluster->data_dir);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  if (got <= 0) return false;
  text[got] = '\0';
  text[strcspn(text, "\n")] = '\0';
  if (!fits_socket(text) || !is_private_directory(text)) return false;
  snprintf(cluster->socket_dir, sizeof cluster->socket_dir, "%s", text);
  return true;
}

static int note_socket_dir(struct cluster *cluster, char *error, size_t size) {
  char text[CLUSTER_SOCKET_PATH_MAX + 2], directory[] = "/tmp/rectify-XXXXXX";
  if (mkdtemp(directory) == NULL)
    return cluster_fault(error, size, "cannot make a socket directory under /tmp: %s", strerror(errno));
  snprintf(text, sizeof text, "%s\n", directory);
  if (write_file(cluster->data_dir, "postgres-socket.path", text) != 0) {
    int wrong = errno;
    rmdir(directory);
    return cluster_fault(error, size, "cannot write %s/postgres-socket.path: %s", cluster->data_dir, strerror(wrong));
  }
  snprintf(cluster->socket_dir, sizeof cluster->socket_dir, "%s", directory);
  return 0;
}

int cluster_choose_socket_dir(struct cluster *cluster, char *error, size_t size) {
  char directory[PATH_MAX];
  snprintf(directory, sizeof directory, "%s/postgres-socket", cluster->data_dir);
  if (!fits_socket(directory)) return recall_socket_dir(cluster) ? 0 : note_socket_dir(cluster, error, size);
  if ((mkdir(directory, 0700) != 0 && errno != EEXIST) || chmod(directory, 0700) != 0 ||
      !is_private_directory(directory))
    return cluster_fault(error, size, "cannot make %s a directory of our own: %s", directory, strerror(errno));
  memcpy(cluster->socket_dir, directory, strlen(directory) + 1);
  return 0;
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

int cluster_configure(const struct cluster *cluster, char *error, size_t size) {
  static const char settings[] =
      "# Written by rectifyd at each start: changes here are lost.  ALTER SYSTEM overrides these.\n"
      "listen_addresses = ''\n"
      "port = " CLUSTER_PORT
      "\n"
      "unix_socket_directories = '%s'\n"
      "unix_socket_permissions = 0700\n"
      "max_connections = 20\n"
      "# what is acknowledged is on the disk\n"
      "fsync = on\n"
      "synchronous_commit = on\n"
      "full_page_writes = on\n"
      "shared_buffers = 128MB\n"
      "max_wal_size = 2GB\n"
      "wal_compression = off\n"
      "wal_retrieve_retry_interval = 200ms\n"
      "autovacuum = on\n"
      "# few short statements: compiling them or spreading them over processes costs more than it gives\n"
      "jit = off\n"
      "max_parallel_workers_per_gather = 0\n"
      "idle_in_transaction_session_timeout = 60s\n"
      "# stderr goes to postgres.log, which the daemon keeps short\n"
      "logging_collector = off\n"
      "log_destination = stderr\n"
      "log_line_prefix = '%%m [%%p] %%q%%u %%a '\n"
      "log_checkpoints = off\n"
      "log_statement = ddl\n"
      "log_error_verbosity = default\n"
      "lc_messages = 'C'\n"
      "timezone = 'UTC'\n"
      "log_timezone = 'UTC'\n";
  char text[sizeof settings + sizeof cluster->socket_dir];
  snprintf(text, sizeof text, settings, cluster->socket_dir);
  if (write_file(cluster->pgdata, "rectify.conf", text) == 0) return 0;
  return cluster_fault(error, size, "cannot write %s/rectify.conf: %s", cluster->pgdata, strerror(errno));
}
