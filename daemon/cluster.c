/* cluster.c - starting, adopting, watching and stopping the private PostgreSQL server.  See cluster.h. */
#include "daemon/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cluster_internal.h"
#include "rectify/must.h"

#define ATTEMPTS_MAX 60
#define ATTEMPT_NAPS 4 /* between two attempts */
#define NAPS_MAX (CLUSTER_START_SECONDS_MAX * 1000 / CLUSTER_NAP_MSEC)
#define PAUSE_MAX 15

int cluster_fault(char *error, size_t size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(error, size, format, arguments);
  va_end(arguments);
  return -1;
}

/* ---- the server that runs --------------------------------------------------------------------------------------- */

/* Line `number` (from 1) of `text` into `out`; false when it is not there or too long. */
static bool line_of(const char *text, int number, char *out, size_t size) {
  for (; number > 1; number--) {
    text = strchr(text, '\n');
    if (text == NULL) return false;
    text++;
  }
  size_t length = strcspn(text, "\n");
  if (length >= size) return false;
  memcpy(out, text, length);
  out[length] = '\0';
  return true;
}

/* Whether `pid` works in our cluster's directory, as a postmaster does for its whole life. */
static bool works_here(const struct cluster *cluster, pid_t pid) {
  char path[64];
  struct stat there, here;
  snprintf(path, sizeof path, "/proc/%ld/cwd", (long)pid);
  return stat(path, &there) == 0 && stat(cluster->pgdata, &here) == 0 && there.st_dev == here.st_dev &&
         there.st_ino == here.st_ino;
}

/* Reads postmaster.pid: 1 pid, 2 directory, 3 start, 4 port, 5 socket directory, 6 address, 7 shared memory, 8 status
 * (miscadmin.h of PostgreSQL).  False when there is none or it speaks of a process that is gone. */
static bool read_pidfile(const struct cluster *cluster, struct cluster_pidfile *out) {
  char path[PATH_MAX + 32], text[2 * PATH_MAX], word[32];
  snprintf(path, sizeof path, "%s/postmaster.pid", cluster->pgdata);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  if (got <= 0) return false;
  text[got] = '\0';
  pid_t pid = (pid_t)strtol(text, NULL, 10);
  *out = (struct cluster_pidfile){.ready = line_of(text, 8, word, sizeof word) && strncmp(word, "ready", 5) == 0};
  if (pid <= 0 || !works_here(cluster, pid) || !cluster_process_find(pid, &out->process)) return false;
  if (!line_of(text, 5, out->socket_dir, sizeof out->socket_dir)) out->socket_dir[0] = '\0';
  return true;
}

static void follow_socket(struct cluster *cluster, const struct cluster_pidfile *file) {
  if (file->socket_dir[0] != '\0') memcpy(cluster->socket_dir, file->socket_dir, sizeof cluster->socket_dir);
}

/* Adopts the server that runs, if one does. */
static bool adopt(struct cluster *cluster) {
  struct cluster_pidfile file;
  if (!read_pidfile(cluster, &file)) return false;
  cluster->server = file.process;
  follow_socket(cluster, &file);
  return true;
}

/* Removes the locks of a server that is gone.  PostgreSQL does so itself unless their number is in use: by its own
 * zombie, or by a stranger after a reboot.  That no orphaned backend still works on the files, PostgreSQL checks by the
 * shared memory keyed to the directory, which this does not touch. */
static void remove_stale_locks(const struct cluster *cluster) {
  char path[PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/postmaster.pid", cluster->pgdata);
  unlink(path);
  snprintf(path, sizeof path, "%s/.s.PGSQL." CLUSTER_PORT ".lock", cluster->socket_dir);
  unlink(path);
}

static int launch(struct cluster *cluster, char *error, size_t size) {
  char program[PATH_MAX];
  snprintf(program, sizeof program, "%s/postgres", cluster->bin);
  char *const argv[] = {program, (char[]){"-D"}, cluster->pgdata, NULL};
  int log_fd = cluster_log_open(cluster);
  if (log_fd < 0) return cluster_fault(error, size, "cannot write %s: %s", cluster->log, strerror(errno));
  cluster->log_start = lseek(log_fd, 0, SEEK_END);
  remove_stale_locks(cluster);
  pid_t pid = cluster_spawn(argv, log_fd, -1);
  int wrong = errno;
  close(log_fd);
  if (pid < 0) return cluster_fault(error, size, "cannot run %s: %s", program, strerror(wrong));
  cluster->server = (struct cluster_process){.pid = pid};
  cluster->failures++;
  /* It cannot have been reaped yet; if it is a zombie already, born 0 says dead at the next look. */
  (void)cluster_process_find(pid, &cluster->server);
  return 0;
}

/* ---- start ------------------------------------------------------------------------------------------------------ */

static int check_owner(const char *data_dir, char *error, size_t size) {
  struct stat status;
  if (stat(data_dir, &status) != 0)
    return cluster_fault(error, size, "cannot look at %s: %s", data_dir, strerror(errno));
  if (!S_ISDIR(status.st_mode)) return cluster_fault(error, size, "%s is not a directory", data_dir);
  if (status.st_uid != geteuid())
    return cluster_fault(error, size, "%s belongs to user number %ld; this program runs as number %ld", data_dir,
                         (long)status.st_uid, (long)geteuid());
  if ((status.st_mode & 022) != 0)
    return cluster_fault(error, size, "%s may be written by others: chmod go-w it first", data_dir);
  return 0;
}

static int open_data_dir(struct cluster *cluster, const char *data_dir, char *error, size_t size) {
  if (geteuid() == 0) return cluster_fault(error, size, "PostgreSQL refuses to run as root");
  if (data_dir[0] != '/') return cluster_fault(error, size, "the data directory %s is not an absolute path", data_dir);
  if (strlen(data_dir) >= sizeof cluster->data_dir - 32)
    return cluster_fault(error, size, "the path of the data directory is too long");
  if (cluster_make_parents(data_dir) != 0 || (mkdir(data_dir, 0700) != 0 && errno != EEXIST))
    return cluster_fault(error, size, "cannot make the data directory %s: %s", data_dir, strerror(errno));
  if (check_owner(data_dir, error, size) != 0) return -1;
  snprintf(cluster->data_dir, sizeof cluster->data_dir, "%s", data_dir);
  snprintf(cluster->pgdata, sizeof cluster->pgdata, "%s/postgres", data_dir);
  snprintf(cluster->log, sizeof cluster->log, "%s/postgres.log", data_dir);
  return 0;
}

/* The lock, or -1 with errno; EWOULDBLOCK: somebody else makes or starts the cluster. */
static int lock_try(const struct cluster *cluster) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/cluster.lock", cluster->data_dir);
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  int wrong = errno;
  close(fd);
  errno = wrong;
  return -1;
}

static int lock_wait(const struct cluster *cluster, char *error, size_t size) {
  /* Its holder may make a cluster, then start it. */
  for (int naps = 2 * NAPS_MAX; naps > 0; naps--) {
    int fd = lock_try(cluster);
    if (fd >= 0) return fd;
    if (errno != EWOULDBLOCK && errno != EINTR) break;
    cluster_nap();
  }
  return cluster_fault(error, size, "cannot lock %s/cluster.lock: %s", cluster->data_dir, strerror(errno));
}

static void conninfo_of(const struct cluster *cluster, const char *database, const char *user, char *out, size_t size) {
  snprintf(out, size, "host=%s port=" CLUSTER_PORT " dbname=%s user=%s", cluster->socket_dir, database, user);
}

enum wait_end { WAIT_READY, WAIT_DIED, WAIT_SLOW };

/* Waits until the server answers.  Its own note in postmaster.pid is awaited first: asking earlier would fill its log
 * with refusals. */
static enum wait_end wait_ready(struct cluster *cluster, int *naps) {
  char conninfo[512];
  size_t used;
  for (; *naps > 0; --*naps) {
    struct cluster_pidfile file;
    if (!cluster_process_alive(&cluster->server)) return WAIT_DIED;
    if (read_pidfile(cluster, &file) && file.ready && file.process.pid == cluster->server.pid) {
      follow_socket(cluster, &file); /* one that was adopted while it started had not noted it yet */
      conninfo_of(cluster, "postgres", CLUSTER_SUPERUSER, conninfo, sizeof conninfo);
      used = strlen(conninfo);
      snprintf(conninfo + used, sizeof conninfo - used, " connect_timeout=5");
      if (PQping(conninfo) == PQPING_OK) return WAIT_READY;
    }
    cluster_nap();
  }
  return WAIT_SLOW;
}

/* Starts the server until it stays up.  Worth another try: an adopted server that was just stopping, a race with
 * another start, and backends of a killed server that have not noticed yet. */
static int start_server(struct cluster *cluster, char *error, size_t size) {
  int naps = NAPS_MAX;
  bool adopted;
  for (int attempt = 1;; attempt++) {
    adopted = adopt(cluster);
    if (!adopted) {
      if (cluster_choose_socket_dir(cluster, error, size) != 0 || cluster_configure(cluster, error, size) != 0 ||
          launch(cluster, error, size) != 0)
        return -1;
    }
    enum wait_end end = wait_ready(cluster, &naps);
    if (end == WAIT_READY) break;
    cluster_fault(error, size,
                  end == WAIT_DIED ? "the PostgreSQL server of %s (process %ld) ended while starting"
                                   : "the PostgreSQL server of %s (process %ld) has not answered in time; "
                                     "it was left running",
                  cluster->pgdata, (long)cluster->server.pid);
    cluster_log_tail(cluster, cluster->log_start, error, size);
    bool again = adopted || strstr(error, "pre-existing shared memory block") != NULL ||
                 strstr(error, "postmaster.pid\" already exists") != NULL;
    if (end == WAIT_SLOW || !again || attempt == ATTEMPTS_MAX) return -1;
    for (int nap = 0; nap < ATTEMPT_NAPS; nap++) cluster_nap();
  }
  cluster->failures = 0;
  cluster->was_running = adopted;
  return 0;
}

static bool wait_end(const struct cluster *cluster, int seconds) {
  for (int naps = seconds * 1000 / CLUSTER_NAP_MSEC; naps > 0; naps--) {
    if (!cluster_process_alive(&cluster->server)) return true;
    cluster_nap();
  }
  return false;
}

/* Fast shutdown, then an immediate one. */
static void end_server(const struct cluster *cluster) {
  if (!cluster_process_alive(&cluster->server)) return;
  kill(cluster->server.pid, SIGINT);
  if (wait_end(cluster, CLUSTER_STOP_SECONDS_MAX)) return;
  kill(cluster->server.pid, SIGQUIT);
  (void)wait_end(cluster, 5);
}

static int ensure_database(const struct cluster *cluster, char *error, size_t size) {
  char conninfo[512];
  conninfo_of(cluster, "postgres", CLUSTER_SUPERUSER, conninfo, sizeof conninfo);
  PGconn *connection = PQconnectdb(conninfo);
  PGresult *found = PQexecParams(connection,
                                 "SELECT FROM pg_catalog.pg_database WHERE datname = '" CLUSTER_DATABASE "'", 0, NULL,
                                 NULL, NULL, NULL, 0);
  int result = PQresultStatus(found) == PGRES_TUPLES_OK ? 0 : -1;
  if (result == 0 && PQntuples(found) == 0) {
    PGresult *made = PQexecParams(connection, "CREATE DATABASE " CLUSTER_DATABASE, 0, NULL, NULL, NULL, NULL, 0);
    if (PQresultStatus(made) != PGRES_COMMAND_OK) result = -1;
    PQclear(made);
  }
  if (result != 0)
    cluster_fault(error, size, "cannot make database " CLUSTER_DATABASE ": %s", PQerrorMessage(connection));
  PQclear(found);
  PQfinish(connection);
  return result;
}

int cluster_start(const char *data_dir, struct cluster **out, char *error, size_t error_size) {
  must(data_dir != NULL && out != NULL && error_size > 0);
  struct cluster *cluster = calloc(1, sizeof *cluster);
  if (cluster == NULL) return cluster_fault(error, error_size, "out of memory");
  int result = open_data_dir(cluster, data_dir, error, error_size);
  int lock = result == 0 ? lock_wait(cluster, error, error_size) : -1;
  if (lock >= 0) {
    result = cluster_find_programs(cluster, error, error_size);
    if (result == 0) result = cluster_make(cluster, lock, error, error_size);
    if (result == 0) result = start_server(cluster, error, error_size);
    const bool ours = result == 0 && !cluster->was_running;
    if (result == 0) result = ensure_database(cluster, error, error_size);
    if (result != 0 && ours) end_server(cluster); /* under the lock: nobody can have adopted it yet */
    close(lock);
  }
  if (lock < 0 || result != 0) {
    cluster_leave(cluster);
    return -1;
  }
  *out = cluster;
  return 0;
}

bool cluster_was_running(const struct cluster *cluster) {
  return cluster->was_running;
}

const char *cluster_conninfo(const struct cluster *cluster, const char *user) {
  /* The table of texts is a memo: asking changes nothing that can be seen. */
  struct cluster_user *users = ((struct cluster *)(uintptr_t)cluster)->users;
  char text[512];
  must(strlen(user) < sizeof users[0].name);
  for (size_t i = 0; i < CLUSTER_USERS_MAX; i++) {
    if (users[i].conninfo != NULL && strcmp(users[i].name, user) == 0) return users[i].conninfo;
    if (users[i].conninfo != NULL) continue;
    snprintf(users[i].name, sizeof users[i].name, "%s", user);
    conninfo_of(cluster, CLUSTER_DATABASE, user, text, sizeof text);
    users[i].conninfo = strdup(text);
    must(users[i].conninfo != NULL);
    return users[i].conninfo;
  }
  must_fail("no more than CLUSTER_USERS_MAX users", __FILE__, __LINE__);
}

/* ---- watch ------------------------------------------------------------------------------------------------------ */

static int check_running(struct cluster *cluster) {
  struct cluster_pidfile file;
  if (cluster->failures > 0 && read_pidfile(cluster, &file) && file.ready) cluster->failures = 0;
  cluster_log_trim(cluster);
  return 0;
}

int cluster_check(struct cluster *cluster) {
  char error[256];
  if (cluster_process_alive(&cluster->server)) return check_running(cluster);
  /* A server that dies at every start must not be started at every call. */
  if (cluster->pause > 0) {
    cluster->pause--;
    return -1;
  }
  int lock = lock_try(cluster);
  if (lock < 0) return -1;
  int result = adopt(cluster) ? 0 : launch(cluster, error, sizeof error);
  close(lock);
  if (cluster->failures > 1) cluster->pause = cluster->failures < PAUSE_MAX ? cluster->failures - 1 : PAUSE_MAX;
  return result == 0 ? 1 : -1;
}

/* ---- end -------------------------------------------------------------------------------------------------------- */

void cluster_stop(struct cluster *cluster) {
  if (cluster == NULL) return;
  /* A standby may have started it again since we last looked. */
  if (!cluster_process_alive(&cluster->server)) (void)adopt(cluster);
  end_server(cluster);
  cluster_leave(cluster);
}

void cluster_leave(struct cluster *cluster) {
  if (cluster == NULL) return;
  for (size_t i = 0; i < CLUSTER_USERS_MAX; i++) free(cluster->users[i].conninfo);
  free(cluster);
}
