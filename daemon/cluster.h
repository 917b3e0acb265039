/* cluster.h - the private PostgreSQL server of a daemon that was given no database.
 *
 * Layout under the data directory (0700, one owner for daemon and server):
 *   postgres/            the cluster itself: checksums on, fsync on, superuser rectify_admin, database rectify
 *   postgres.new/        a cluster being made; whatever is found here at start is the rest of a crash and removed
 *   postgres-socket/     the UNIX socket, 0700.  The only way in: there is no TCP port, so `trust` means "this account"
 *   postgres-socket.path the socket directory in use instead, under /tmp, when the path above cannot be one
 *   postgres.log[.1]     the server's log, at most CLUSTER_LOG_BYTES_MAX each
 *   cluster.lock         held (flock) while a cluster is made or started, also by initdb itself
 *
 * The server is a session of its own and outlives a killed daemon: the next one adopts it.  A second daemon on the same
 * data directory adopts it too, which is how a standby waits; only the active daemon, or who started it before any is active,
 * may stop it (cluster_stop), others leave it (cluster_leave).
 *
 * Does not migrate and does not hold a connection: migrate.h and pg.h do.  Called by main and the event loop; one
 * thread. SIGCHLD must not be ignored (SIG_IGN) while these are used; blocked or handled is fine.  Nothing here logs.
 */
#ifndef RECTIFY_CLUSTER_H
#define RECTIFY_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>

struct cluster;

#define CLUSTER_SUPERUSER "rectify_admin" /* owner of the cluster; migrations run as this user */
#define CLUSTER_DATABASE "rectify"
#define CLUSTER_START_SECONDS_MAX 60 /* making, starting and crash recovery, each */
#define CLUSTER_STOP_SECONDS_MAX 30  /* fast shutdown, before it becomes an immediate one */
#define CLUSTER_LOG_BYTES_MAX (8 * 1024 * 1024)

/* Makes the cluster under `data_dir` (absolute; created 0700, with what is missing above it) on first use, then starts
 * its server or adopts the one already running there, and waits until it answers and database rectify exists.  The
 * programs are those of the directory in the environment variable PG_BIN; else of the version that made the cluster;
 * else the highest under /usr/lib/postgresql.
 *
 * Blocks (start-up only), bounded by a few times CLUSTER_START_SECONDS_MAX.  Safe against a crash at any instant and
 * against several daemons starting at once.  Returns 0 and *out, to be ended with cluster_stop() or cluster_leave(); or
 * -1 with the reason in `error` (several lines when the server's log has something to say), *out untouched; a server that
 * was started in vain is stopped again, unless it just has not answered in time.
 * Faults: root, no PostgreSQL, a data directory of somebody else, disk, a server that does not start. */
int cluster_start(const char *data_dir, struct cluster **out, char *error, size_t error_size);

/* Whether the server ran already when cluster_start() was called: somebody else may be working on it. */
bool cluster_was_running(const struct cluster *cluster);

/* "host=... port=... dbname=rectify user=USER" for libpq.  Owned by the cluster until it ends; the same text for the
 * same user however often it is asked.  `user` is an identifier of ours (CLUSTER_SUPERUSER, rectify_writer, ...): at
 * most 63 bytes of [a-z0-9_]; at most CLUSTER_USERS_MAX different ones. */
#define CLUSTER_USERS_MAX 8
const char *cluster_conninfo(const struct cluster *cluster, const char *user);

/* Looks after the server: call it about once a second and on SIGCHLD.  Never blocks (a few reads under /proc; copying
 * the log when it is full).  If the server died it is started again, without waiting until it answers.
 * Returns 0: it runs.  1: it had died and was started again (or another daemon did so): expect to reconnect.
 * -1: it is down and cannot be started just now; later calls try again, less and less often. */
int cluster_check(struct cluster *cluster);

/* Stops the server (fast shutdown: sessions are cut, everything is checkpointed), whoever started it, and frees
 * `cluster`.  Blocks for at most CLUSTER_STOP_SECONDS_MAX and some; then the server is told to quit at once, which
 * loses nothing but time at its next start.  NULL is fine. */
void cluster_stop(struct cluster *cluster);

/* Frees `cluster` and leaves the server running.  NULL is fine. */
void cluster_leave(struct cluster *cluster);

/* Gives up root for good: the server refuses root and shares its owner with the daemon.  No-op when not root.
 *
 * The account is the owner of `data_dir` if that is one of rectify, postgres, nobody; else the first of these that
 * exists.  Creates `data_dir` (absolute) as that account's with mode 0700, or takes it over if it is root's and empty.
 * Then sets groups, gid and uid, and changes to "/"; keeps the process dumpable, as it was, for a core file of a bug.
 * Call before any thread exists and before relative paths are opened.
 * Returns 0, or -1 with the reason in `error`: a directory of another account, one that others may write to (or whose
 * parent lets others replace it), one that is root's and holds something, one that the account cannot reach. */
int cluster_drop_root(const char *data_dir, char *error, size_t error_size);

#endif
