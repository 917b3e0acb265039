/* main.c - start-up in order, the loop, the stop. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cluster.h"
#include "daemon/daemon.h"
#include "daemon/migrate.h"
#include "daemon/options.h"
#include "daemon/pid_file.h"
#include "rectify/must.h"

#define TURN_MSEC_MAX 1000
#define STOP_MSEC_MAX 10000
#define ERROR_BYTES 8192
#define TELL_MSEC 10000 /* between two lines about the same thing */

struct running {
  struct options options;
  struct curve_pair server; /* of the remote door, when there is one */
  struct cluster *cluster; /* NULL: a database was given */
  struct daemon daemon;
  int signals;
  bool bound;
  int64_t next_check, next_look, next_tell; /* monotonic ms */
  uint64_t bound_epoch; /* when the socket's file was last seen to */
  uint64_t turned_away; /* connections, as told */
  int64_t stop_deadline;
};

static _Noreturn void give_up(int code, const char *text) {
  log_err("start.failed reason=%s", text);
  exit(code);
}

/* ---- start ---- */

static int open_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGCHLD);
  must(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  signal(SIGPIPE, SIG_IGN);
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  must(fd >= 0);
  return fd;
}

/* As many open files as we may: at the limit libzmq aborts in accept() instead of letting a connection wait. */
static void raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void detach(void) {
  if (daemon(0, 0) != 0) give_up(EXIT_TEMPORARY, strerror(errno));
}

static void write_pid(const char *path) {
  char text[CONFIG_BYTES_MAX + 64];
  if (pid_file_open(path) == 0) return;
  snprintf(text, sizeof text, "%s: %s", path, strerror(errno));
  give_up(EXIT_CONFIG, text);
}

/* libpq obeys the variables PG... of whoever started the daemon: hosts, services, encodings.  The private server needs none. */
static void forget_libpq_variables(void) {
  for (char **at = environ; *at != NULL;) {
    char name[64];
    const size_t length = strcspn(*at, "=");
    const bool is_libpq = strncmp(*at, "PG", 2) == 0 && strncmp(*at, "PG_BIN=", 7) != 0 && length < sizeof name;
    if (is_libpq) {
      memcpy(name, *at, length);
      name[length] = '\0';
    }
    if (is_libpq && unsetenv(name) == 0) continue; /* what comes after it has moved here */
    at++;
  }
}

/* What would else show as a bug at the first document, or as damage at the next start. */
static void check_time(const struct options *options) {
  struct zone zone;
  if (!zone_load("Asia/Shanghai", &zone))
    give_up(EXIT_CONFIG, "there are no time zones: install the package tzdata, or name its directory in TZDIR");
  if ((options->manual_clock ? options->clock_start : clock_now()) >= DAY_MAX * 24 * USEC_PER_HOUR)
    give_up(EXIT_CONFIG, "the clock says 2100-12-31 or later, which is beyond all calendars: set it");
}

/* The socket's usual place, also where no cluster needs it.  What cannot be made shows when the socket is bound. */
static void make_data_dir(const char *data_dir) {
  char part[CONFIG_BYTES_MAX];
  for (size_t i = 1; data_dir[i] != '\0'; i++) {
    if (data_dir[i] != '/') continue;
    memcpy(part, data_dir, i);
    part[i] = '\0';
    (void)mkdir(part, 0755);
  }
  (void)mkdir(data_dir, 0700);
}

static void start_cluster(struct running *running) {
  char error[ERROR_BYTES];
  struct config *config = &running->options.config;
  if (config->database[0] != '\0') {
    make_data_dir(config->data_dir);
    return;
  }
  forget_libpq_variables();
  log_info("cluster.starting data=%s", config->data_dir);
  if (cluster_start(config->data_dir, &running->cluster, error, sizeof error) != 0) give_up(EXIT_UNAVAILABLE, error);
  snprintf(config->database, CONFIG_BYTES_MAX, "%s", cluster_conninfo(running->cluster, "rectify_writer"));
  snprintf(config->database_reader, CONFIG_BYTES_MAX, "%s", cluster_conninfo(running->cluster, "rectify_reader"));
  snprintf(config->database_owner, CONFIG_BYTES_MAX, "%s", cluster_conninfo(running->cluster, CLUSTER_SUPERUSER));
}

/* The server may be stopped by the daemon that has the lock, or has had it, and by the one that started it and has not seen
 * another hold the lock: who adopted it, or stands by, leaves it to the others. */
static void end_cluster(struct cluster *cluster, bool has_lock, bool stands_by) {
  if (cluster == NULL) return;
  if (has_lock || (!cluster_was_running(cluster) && !stands_by)) cluster_stop(cluster);
  else cluster_leave(cluster);
}

static void migrate(struct running *running) {
  char error[ERROR_BYTES];
  const struct config *config = &running->options.config;
  int rc = config->database_owner[0] != '\0' ? migrate_run(config->database_owner, error, sizeof error)
                                             : migrate_check(config->database, error, sizeof error);
  if (rc == 0) return;
  end_cluster(running->cluster, false, false);
  give_up(EXIT_UNAVAILABLE, error);
}

static void check_endpoint(const struct config *config) {
  char error[ERROR_BYTES];
  if (router_check(config->endpoint, config->listen, error, sizeof error) != 0) {
    fprintf(stderr, "rectifyd: %s\n", error);
    exit(EXIT_USAGE);
  }
}

/* The secret stays out of core files, of other processes' sight and of the swap. */
static void read_server_key(struct running *running) {
  char error[SECRET_ERROR_BYTES];
  const struct rlimit none = {0, 0};
  if (running->options.config.listen[0] == '\0') return;
  (void)setrlimit(RLIMIT_CORE, &none);
  (void)prctl(PR_SET_DUMPABLE, 0);
  if (mlock(&running->server, sizeof running->server) != 0) log_warning("key.not_locked reason=%s", strerror(errno));
  if (!curve_read(running->options.config.server_key, &running->server, error)) give_up(EXIT_CONFIG, error);
}

static void make_daemon(struct running *running) {
  struct daemon *daemon = &running->daemon;
  daemon->arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
  daemon->scratch = malloc(WIRE_FRAME_BYTES_MAX);
  must(daemon->arena != NULL && daemon->scratch != NULL);
  daemon->router = router_new();
  daemon->store.office = world_new();
  daemon->store.book = book_new();
  daemon->store.keys = keys_new();
  daemon->store.recur = recur_new();
  daemon->store.recent = recent_new(RECENT_KEYS_MAX);
  daemon->store.conninfo = running->options.config.database;
  daemon->store.wants_standby = running->options.wants_standby;
  daemon->store.pg = pg_new("writer", PG_WRITES);
  daemon->reader_conninfo = running->options.config.database_reader;
  daemon->reader = pg_new("reader", PG_READS);
  daemon->post.pg = pg_new("letters", PG_WRITES);
  daemon->post.dead_wanted = true;
  daemon->keeper = pg_new("keeper", PG_KEEPS);
  daemon->content_bytes_max = (uint64_t)running->options.evidence_mib << 20;
  daemon->content_day_bytes_max = (uint64_t)running->options.evidence_day_mib << 20;
  daemon->quotas = quotas_new(running->options.identity_rate);
  daemon->gather = batch_new();
  daemon->next = batch_new();
  for (int i = 0; i < FLIGHTS_MAX; i++) daemon->fly[i] = batch_new();
  daemon->signed_ = batch_new();
  daemon->behind_min = BATCH_EVENTS_MAX;
  daemon->recur_rows = RECUR_DAY_MAX;
  daemon->recur_earlier = RECUR_EARLIER_DAYS;
  seal_open(daemon, running->options.config.signer);
}

static void start(struct running *running) {
  char error[ERROR_BYTES];
  struct options *options = &running->options;
  check_endpoint(&options->config);
  if (options->background) detach();
  log_open(!options->background, options->log_level);
  write_pid(options->pid_file); /* while root may still write to /run */
  read_server_key(running);     /* and read what is root's */
  if (cluster_drop_root(options->config.data_dir, error, sizeof error) != 0) give_up(EXIT_CONFIG, error);
  if (router_check_place(options->config.endpoint, error, sizeof error) != 0) give_up(EXIT_CONFIG, error);
  check_time(options);
  raise_file_limit();
  running->signals = open_signals();
  if (options->manual_clock) clock_set_manual(options->clock_start);
  start_cluster(running);
  migrate(running);
}

/* ---- the loop ---- */

static int timeout_msec(const struct running *running) {
  const struct daemon *daemon = &running->daemon;
  int64_t now = clock_monotonic_msec(), wait = store_next_msec(daemon) - now;
  if (seal_next_msec(daemon) - now < wait) wait = seal_next_msec(daemon) - now;
  usec_t fire = pipeline_next_fire(daemon);
  if (fire != INSTANT_NONE) {
    usec_t until = fire - clock_now();
    int64_t fire_msec = until <= 0 ? 0 : until / 1000 + 1;
    if (fire_msec < wait) wait = fire_msec;
  }
  if (wait > TURN_MSEC_MAX) wait = TURN_MSEC_MAX;
  return wait < 0 ? 0 : (int)wait;
}

static void wait_for_work(struct running *running) {
  struct daemon *daemon = &running->daemon;
  struct router_fd fds[ROUTER_FDS_MAX] = {{.fd = running->signals, .events = POLLIN}};
  int count = 1;
  if (pg_socket(daemon->store.pg) >= 0)
    fds[count++] = (struct router_fd){.fd = pg_socket(daemon->store.pg), .events = pg_events(daemon->store.pg)};
  if (pg_socket(daemon->reader) >= 0)
    fds[count++] = (struct router_fd){.fd = pg_socket(daemon->reader), .events = pg_events(daemon->reader)};
  if (pg_socket(daemon->post.pg) >= 0)
    fds[count++] = (struct router_fd){.fd = pg_socket(daemon->post.pg), .events = pg_events(daemon->post.pg)};
  if (pg_socket(daemon->keeper) >= 0)
    fds[count++] = (struct router_fd){.fd = pg_socket(daemon->keeper), .events = pg_events(daemon->keeper)};
  if (daemon->seal.signing != NULL && signing_fd(daemon->seal.signing) >= 0)
    fds[count++] = (struct router_fd){.fd = signing_fd(daemon->seal.signing), .events = POLLIN};
  router_wait(daemon->router, running->bound && pipeline_wants_requests(daemon), fds, count, timeout_msec(running));
}

static void take_signals(struct running *running) {
  struct signalfd_siginfo info;
  while (read(running->signals, &info, sizeof info) == (ssize_t)sizeof info) {
    if (info.ssi_signo == SIGCHLD) running->next_check = 0;
    if (info.ssi_signo == SIGHUP) log_info("signal.hangup action=none");
    if (info.ssi_signo != SIGTERM && info.ssi_signo != SIGINT) continue;
    if (!running->daemon.stopping) {
      log_info("stop.asked");
      running->daemon.stopping = true;
      running->stop_deadline = clock_monotonic_msec() + STOP_MSEC_MAX;
    }
  }
}

static void look_after_cluster(struct running *running, int64_t now) {
  if (running->cluster == NULL || now < running->next_check) return;
  running->next_check = now + 1000;
  int rc = cluster_check(running->cluster);
  if (rc > 0) log_warning("cluster.restarted");
  if (rc < 0) log_err("cluster.down data=%s", running->options.config.data_dir);
}

/* What cannot be bound will not be next time either: all is put away that was started for it. */
static _Noreturn void give_up_bound(struct running *running, const char *error) {
  pg_free(running->daemon.reader);
  pg_free(running->daemon.post.pg);
  pg_free(running->daemon.keeper);
  router_close(running->daemon.router);
  running->daemon.store.state = STORE_DOWN;
  pg_free(running->daemon.store.pg);
  if (running->cluster != NULL) cluster_stop(running->cluster);
  pid_file_remove();
  give_up(EXIT_CONFIG, error);
}

/* Somebody removed the socket's file: clients that are in stay, new ones would knock in vain.  A file of another daemon is left
 * alone, unless this one has just taken over. */
static void look_after_door(struct running *running, int64_t now) {
  char error[ERROR_BYTES];
  const struct store *store = &running->daemon.store;
  const struct options *options = &running->options;
  if (!running->bound || store->state != STORE_READY) return;
  const bool fresh = running->bound_epoch != store->epoch;
  if (!fresh && now < running->next_look) return;
  running->bound_epoch = store->epoch;
  running->next_look = now + 1000;
  const enum door_file file = router_look(running->daemon.router);
  if (file == DOOR_FILE_OURS || (file == DOOR_FILE_OF_ANOTHER && !fresh)) return;
  if (router_bind(running->daemon.router, options->config.endpoint, options->socket_mode, error, sizeof error) == 0)
    log_warning("door.file_gone endpoint=%s action=made_again", options->config.endpoint);
  else
    log_err("door.file_gone endpoint=%s reason=%s", options->config.endpoint, error);
}

/* A standby binds only when it takes over: on ipc a second bind would take the path away from the active daemon. */
static void bind_when_ready(struct running *running) {
  char error[ERROR_BYTES];
  if (running->bound || running->daemon.store.state != STORE_READY) return;
  const struct options *options = &running->options;
  if (router_bind(running->daemon.router, options->config.endpoint, options->socket_mode, error, sizeof error) != 0)
    give_up_bound(running, error);
  running->bound = true;
  running->bound_epoch = running->daemon.store.epoch;
  if (pid_file_take() != 0) log_warning("pid_file.not_written file=%s reason=%s", options->pid_file, strerror(errno));
  log_info("ready endpoint=%s clock=%s", options->config.endpoint, clock_is_manual() ? "manual" : "real");
  if (options->config.listen[0] == '\0') return;
  if (router_listen(running->daemon.router, options->config.listen, &running->server, identity_admits, &running->daemon,
                    error, sizeof error) != 0)
    give_up_bound(running, error);
}

static void tell_of_turned_away(struct running *running, int64_t now) {
  const uint64_t count = router_turned_away();
  if (count == running->turned_away || now < running->next_tell) return;
  log_warning("door.full connections_closed=%lu reason=too many open files (LimitNOFILE)", count - running->turned_away);
  running->turned_away = count;
  running->next_tell = now + TELL_MSEC;
}

static void tell_of_door(enum door_news news, const char *listen) {
  switch (news) {
    case DOOR_SAME: return;
    case DOOR_OPENED: log_info("door.open listen=%s", listen); return;
    case DOOR_UNPROVEN: log_warning("door.unproven listen=%s action=closed_until_a_stranger_is_refused", listen); return;
    case DOOR_ADMITS: log_err("door.admits_strangers listen=%s action=closed_for_good", listen); return;
  }
}

static void tell_of_clock(void) {
  switch (clock_turn()) {
    case CLOCK_SAME: return;
    case CLOCK_STEPPED:
      log_err("clock.stepped action=going_on_evenly what_to_do=set the system's clock right, or start the daemon again to follow it");
      return;
    case CLOCK_STEP_UNDONE: log_info("clock.step_undone"); return;
    case CLOCK_FELL_BEHIND: log_warning("clock.behind_the_record action=standing_still_until_it_has_caught_up"); return;
    case CLOCK_CAUGHT_UP: log_info("clock.caught_up"); return;
  }
}

static bool is_over(const struct running *running) {
  if (!running->daemon.stopping) return false;
  return pipeline_is_idle(&running->daemon) || clock_monotonic_msec() >= running->stop_deadline;
}

static void count_turn(struct turns *turns, int64_t usec) {
  static const int64_t bounds[TURN_BOUNDS] = {1000, 2000, 5000, 10000, 20000, 40000, 100000, INT64_MAX};
  int at = 0;
  while (usec > bounds[at]) at++;
  turns->count[at]++;
  if (usec > (int64_t)turns->usec_max) turns->usec_max = (uint64_t)usec;
}

static void loop(struct running *running) {
  struct daemon *daemon = &running->daemon;
  while (!is_over(running)) {
    wait_for_work(running);
    const int64_t begun = clock_monotonic_usec(), now = begun / 1000;
    const bool serving = daemon->store.state == STORE_READY;
    take_signals(running);
    tell_of_clock();
    look_after_cluster(running, now);
    store_turn(daemon, now);
    bind_when_ready(running);
    look_after_door(running, now);
    tell_of_turned_away(running, now);
    tell_of_door(router_turn(daemon->router, now), router_listening(daemon->router));
    query_turn(daemon, now);
    letter_turn(daemon, now);
    content_turn(daemon, now);
    seal_turn(daemon, now);
    pipeline_turn(daemon);
    if (serving) count_turn(&daemon->turns, clock_monotonic_usec() - begun);
  }
}

/* ---- the stop ---- */

/* Socket first, lock next, cluster last: a standby that gets the lock finds the path free.  Ending a connection tells
 * its unfinished jobs, which answer: the router is freed after both. */
static void stop(struct running *running) {
  struct daemon *daemon = &running->daemon;
  const struct store *store = &daemon->store;
  const bool stands_by = store->state == STORE_STANDBY, has_lock = store->was_ready || store->state >= STORE_LOADING;
  pg_free(daemon->reader); /* queries under way are answered "unavailable" */
  pg_free(daemon->post.pg);
  pg_free(daemon->keeper); /* so are uploads */
  router_close(daemon->router);
  daemon->store.state = STORE_DOWN;
  pg_free(daemon->store.pg);
  end_cluster(running->cluster, has_lock, stands_by);
  router_free(daemon->router);
  batch_free(daemon->gather);
  batch_free(daemon->next);
  for (int i = 0; i < FLIGHTS_MAX; i++) batch_free(daemon->fly[i]);
  batch_free(daemon->signed_);
  seal_close(daemon);
  commit_free();
  past_office_forget_all();
  book_free(daemon->store.book);
  world_free(daemon->store.office);
  codec_arena_free(daemon->arena);
  keys_free(daemon->store.keys);
  recur_free(daemon->store.recur);
  recent_free(daemon->store.recent);
  quotas_free(daemon->quotas);
  free(daemon->scratch);
  curve_wipe(&running->server, sizeof running->server);
  pid_file_remove();
  log_info("stopped");
}

int main(int argc, char **argv) {
  static struct running running;
  options_read(argc, argv, &running.options);
  start(&running);
  if (running.options.migrate_only) {
    end_cluster(running.cluster, false, false);
    log_info("migrated");
    return 0;
  }
  make_daemon(&running);
  loop(&running);
  stop(&running);
  return 0;
}
