/* cluster_internal.h - what the files of cluster.h share.  Nobody else includes it. */
#ifndef RECTIFY_CLUSTER_INTERNAL_H
#define RECTIFY_CLUSTER_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/cluster.h"

#define CLUSTER_PORT "5432"         /* only part of the socket's name; no TCP port is opened */
#define CLUSTER_NAP_MSEC 50         /* between two looks while waiting */
#define CLUSTER_SOCKET_PATH_MAX 107 /* bytes of sun_path without its NUL */
#define CLUSTER_TAIL_BYTES_MAX 1500 /* of the server's log, quoted in an error */

/* A process by number and birth, so that a reused number is not mistaken for it. */
struct cluster_process {
  pid_t pid; /* 0: none */
  unsigned long long born;
};

/* What postmaster.pid says of the server. */
struct cluster_pidfile {
  struct cluster_process process;
  char socket_dir[CLUSTER_SOCKET_PATH_MAX + 1];
  bool ready;
};

struct cluster_user {
  char name[64];
  char *conninfo;
};

struct cluster {
  char data_dir[PATH_MAX - 64];
  char pgdata[PATH_MAX];
  char bin[PATH_MAX - 64];
  char log[PATH_MAX];
  char socket_dir[CLUSTER_SOCKET_PATH_MAX + 1];
  struct cluster_process server;
  off_t log_start;   /* length of the log when the server was started: what follows is its own */
  bool was_running;  /* adopted by cluster_start() */
  unsigned failures; /* starts since it was last seen ready */
  unsigned pause;    /* calls of cluster_check to let pass before the next start */
  struct cluster_user users[CLUSTER_USERS_MAX];
};

/* Fills `error` and returns -1, for `return cluster_fault(...)`. */
int cluster_fault(char *error, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* cluster_process.c */

/* The living process `pid`; false when there is none or only its zombie. */
bool cluster_process_find(pid_t pid, struct cluster_process *out);
/* Whether it lives.  Reaps it when it was our child. */
bool cluster_process_alive(const struct cluster_process *process);
/* Starts argv[0] in a session of its own, signals reset, stdin empty, stdout and stderr to log_fd, nothing else
 * inherited but `keep_fd` (-1: nothing).  Returns its pid, or -1 with errno. */
pid_t cluster_spawn(char *const argv[], int log_fd, int keep_fd);
/* Waits one CLUSTER_NAP_MSEC. */
void cluster_nap(void);

/* cluster_make.c */

/* Opens the server's log for appending; -1 with errno. */
int cluster_log_open(const struct cluster *cluster);
/* Appends the end of the log, from byte `from` on, to the text in `error`. */
void cluster_log_tail(const struct cluster *cluster, off_t from, char *error, size_t size);
/* Moves the log aside when it is full. */
void cluster_log_trim(const struct cluster *cluster);
/* Makes the missing directories above `path`, to be passed through by all; -1 with errno. */
int cluster_make_parents(const char *path);
/* Finds the programs; fills cluster->bin. */
int cluster_find_programs(struct cluster *cluster, char *error, size_t size);
/* Makes the cluster unless there is one.  `lock_fd` is handed to initdb, so that the lock outlives a killed daemon. */
int cluster_make(struct cluster *cluster, int lock_fd, char *error, size_t size);
/* Chooses the socket directory and makes it; fills cluster->socket_dir. */
int cluster_choose_socket_dir(struct cluster *cluster, char *error, size_t size);
/* Writes the settings that are ours. */
int cluster_configure(const struct cluster *cluster, char *error, size_t size);

#endif
