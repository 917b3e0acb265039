/* sim_host.c - a daemon as its main() runs it: made, turned when something is there or due, killed, stopped, stood still,
 * started again by a supervisor. */
#include "daemon/daemon.h"
#include "tests/sim/sim.h"

#define BATCHES (3 + FLIGHTS_MAX) /* of a daemon */
#define TURN_MSEC 1000      /* at least so often while something is under way */
#define START_MSEC 50
#define SUPERVISOR_MSEC 1000
#define STOP_MSEC_MAX 10000
#define SPOILT_SECONDS 60   /* what was read spoilt may be looked at so much later */

struct host {
  struct process process;
  struct daemon daemon;
  bool made, bound, turn_asked, wanted; /* wanted: the supervisor starts it again */
  uint64_t timer;                       /* of the newest one; older ones are void */
  usec_t ready_since, stop_deadline;
  void *clock, *probe, *uploads, *seal; /* of the process, while the other one runs */
  struct batch *batches[BATCHES];
  jmp_buf exit;
};

static struct host hosts[SIM_DAEMONS];
static const char *const endpoints[SIM_DAEMONS] = {"ipc:///sim/0", "ipc:///sim/1"};

struct process *host_process(uint32_t number) { return &hosts[number].process; }
bool host_is_up(uint32_t number) { return hosts[number].made; }
bool host_is_ready(uint32_t number) { return hosts[number].made && hosts[number].daemon.store.state == STORE_READY; }

static const struct host *serving(void) {
  for (uint32_t i = 0; i < SIM_DAEMONS; i++)
    if (host_is_ready(i) && !hosts[i].process.paused && hosts[i].daemon.store.epoch == server.head.epoch) return &hosts[i];
  return NULL;
}

bool host_serves(uint32_t number) { return serving() == &hosts[number]; }
usec_t host_ready_since(void) { return serving() == NULL ? INSTANT_NONE : serving()->ready_since; }
usec_t host_skew(void) { return serving() == NULL ? 0 : serving()->process.skew; }

/* ---- into the process and out of it ---- */

static struct host *inside; /* whose statics are in their places; NULL: nobody's */

static void put_away(void) {
  if (inside == NULL) return;
  clock_save(inside->clock);
  probe_save(inside->probe);
  uploads_save(inside->uploads);
  seal_save(inside->seal);
  inside = NULL;
}

static void enter(struct host *host) {
  sim.process = &host->process;
  system_exit = &host->exit;
  if (inside == host) return;
  put_away();
  clock_load(host->clock);
  probe_load(host->probe);
  uploads_load(host->uploads);
  seal_load(host->seal);
  inside = host;
}

static void leave(void) {
  sim.process = NULL;
  system_exit = NULL;
}

/* As a fresh process has them. */
static void wipe(struct host *host) {
  if (inside == host) inside = NULL;
  memset(host->clock, 0, clock_room());
  memset(host->probe, 0, probe_room());
  memset(host->uploads, 0, uploads_room());
  seal_wipe(host->seal);
}

static void make(struct host *host) {
  struct daemon *daemon = &host->daemon;
  memset(daemon, 0, sizeof *daemon);
  daemon->arena = codec_arena_new(WIRE_UNPACK_BYTES_MAX);
  daemon->scratch = malloc(WIRE_FRAME_BYTES_MAX);
  must(daemon->arena != NULL && daemon->scratch != NULL);
  daemon->router = router_new();
  daemon->store.office = world_new();
  daemon->store.book = book_new();
  daemon->store.keys = keys_new();
  daemon->store.recur = recur_new();
  daemon->store.recent = recent_new(sim.recent_keys);
  daemon->store.conninfo = daemon->reader_conninfo = "simulated";
  daemon->store.wants_standby = true;
  daemon->store.pg = pg_new("writer", PG_WRITES);
  daemon->reader = pg_new("reader", PG_READS);
  daemon->post.pg = pg_new("letters", PG_WRITES);
  daemon->post.dead_wanted = true;
  daemon->content_bytes_max = (uint64_t)CONTENT_MIB_DEFAULT << 20;
  daemon->content_day_bytes_max = (uint64_t)CONTENT_DAY_MIB_DEFAULT << 20;
  daemon->keeper = pg_new("keeper", PG_KEEPS);
  daemon->quotas = quotas_new(IDENTITY_ITEMS_PER_SECOND);
  daemon->gather = host->batches[0];
  daemon->next = host->batches[1];
  daemon->signed_ = host->batches[2];
  for (int i = 0; i < FLIGHTS_MAX; i++) daemon->fly[i] = host->batches[3 + i];
  daemon->behind_min = sim.behind_min;
  daemon->recur_rows = sim.recur_rows;
  daemon->recur_earlier = sim.recur_earlier;
  seal_open(daemon, sim.signs ? "signer" : "");
  host->bound = false;
}

/* As stop() of main.c; what a dead process still says is dropped. */
static void unmake(struct host *host) {
  struct daemon *daemon = &host->daemon;
  if (!host->made) return;
  host->made = false;
  host->timer++;
  enter(host);
  pg_free(daemon->reader);
  pg_free(daemon->post.pg);
  pg_free(daemon->keeper);
  router_close(daemon->router);
  daemon->store.state = STORE_DOWN;
  pg_free(daemon->store.pg);
  router_free(daemon->router);
  for (uint32_t i = 0; i < BATCHES; i++) batch_reset(host->batches[i]);
  seal_close(daemon);
  book_free(daemon->store.book);
  world_free(daemon->store.office);
  codec_arena_free(daemon->arena);
  keys_free(daemon->store.keys);
  recur_free(daemon->store.recur);
  recent_free(daemon->store.recent);
  quotas_free(daemon->quotas);
  free(daemon->scratch);
  leave();
  host->process.alive = false;
}

/* ---- the supervisor ---- */

static void start_again(void *context, uint64_t number) {
  (void)context;
  if (hosts[number].wanted && !hosts[number].made) host_start((uint32_t)number);
}

static void ended(struct host *host, int code) {
  const bool damaged = code == 2;
  sim_tell("daemon %u ends with code %d", host->process.number, code);
  if (damaged)
    HOLDS(server.corrupt || server.rolled_back || sim.now < sim.last_spoilt + SPOILT_SECONDS * SECOND, "daemon %u says that the database is damaged, and it is not",
          host->process.number);
  net_forget(&host->process);
  host->process.alive = false;
  unmake(host);
  sim_after((damaged ? 5 : 1) * SUPERVISOR_MSEC * MSEC, start_again, NULL, host->process.number);
}

/* ---- the loop ---- */

static void bind_when_ready(struct host *host) {
  char error[256];
  if (host->bound || host->daemon.store.state != STORE_READY) return;
  must(router_bind(host->daemon.router, endpoints[host->process.number], 0600, error, sizeof error) == 0);
  host->bound = true;
  sim_tell("daemon %u serves, epoch %llu", host->process.number, (unsigned long long)host->daemon.store.epoch);
}

static bool lacks_a_line(const struct daemon *daemon) {
  return pg_state(daemon->reader) != PG_UP || pg_state(daemon->post.pg) != PG_UP || pg_state(daemon->keeper) != PG_UP;
}

static bool has_leisure(const struct daemon *daemon) {
  return daemon->store.indexed < daemon->committed_cases && !daemon->store.index_failed;
}

static bool signer_is_awaited(const struct daemon *daemon) {
  return daemon->seal.signing != NULL && daemon->store.state >= STORE_LOADING &&
         (!signing_is_idle(daemon->seal.signing) || daemon->seal.size < daemon->committed_size || daemon->seal.kept_size < daemon->seal.size);
}

/* Something may have to be given up after a while; a daemon that only waits for its next try has its own instant. */
static bool is_busy(const struct daemon *daemon) {
  const enum store_state state = daemon->store.state;
  const bool waits = (state == STORE_DOWN || state == STORE_STANDBY) && !daemon->store.waiting;
  return (state != STORE_READY && !waits) || daemon->flights > 0 || daemon->stage != NEXT_NONE || daemon->queries != NULL || daemon->post.jobs > 0 || signer_is_awaited(daemon) ||
         (state == STORE_READY && (lacks_a_line(daemon) || has_leisure(daemon))) || daemon->stopping ||
         clock_monotonic_msec() < daemon->cautious_until;
}

static void alarm_rings(void *context, uint64_t number) {
  struct host *host = context;
  if (host->timer == number) host_wake(host->process.number);
}

static void set_alarm(struct host *host) {
  const struct daemon *daemon = &host->daemon;
  usec_t wait = store_next_msec(daemon) == INT64_MAX ? INSTANT_NONE : (store_next_msec(daemon) - clock_monotonic_msec()) * MSEC;
  if (seal_next_msec(daemon) != INT64_MAX && (seal_next_msec(daemon) - clock_monotonic_msec()) * MSEC < wait)
    wait = (seal_next_msec(daemon) - clock_monotonic_msec()) * MSEC;
  const usec_t fire = pipeline_next_fire(daemon);
  if (fire != INSTANT_NONE && fire - clock_now() + MSEC < wait) wait = fire - clock_now() + MSEC;
  if (is_busy(daemon) && wait > TURN_MSEC * MSEC) wait = TURN_MSEC * MSEC;
  host->timer++;
  if (wait != INSTANT_NONE) sim_after(wait < MSEC ? MSEC : wait, alarm_rings, host, host->timer);
}

static void one_turn(struct host *host) {
  struct daemon *daemon = &host->daemon;
  const bool was_ready = daemon->store.state == STORE_READY;
  const int64_t now = clock_monotonic_msec();
  (void)router_wait(daemon->router, host->bound && pipeline_wants_requests(daemon), NULL, 0, 0);
  (void)clock_turn();
  store_turn(daemon, now);
  bind_when_ready(host);
  (void)router_turn(daemon->router, now);
  query_turn(daemon, now);
  letter_turn(daemon, now);
  content_turn(daemon, now);
  seal_turn(daemon, now);
  pipeline_turn(daemon);
  if (daemon->store.state == STORE_READY && !was_ready) host->ready_since = sim.now;
  if (daemon->store.state == STORE_STANDBY && sim.resting) host->process.paused = true;
}

static void turn(void *context, uint64_t number) {
  struct host *host = context;
  (void)number;
  host->turn_asked = false;
  if (!host->made || host->process.paused) return;
  enter(host);
  const int code = setjmp(host->exit);
  if (code != 0) {
    leave();
    ended(host, code);
    return;
  }
  one_turn(host);
  const bool over = host->daemon.stopping && (pipeline_is_idle(&host->daemon) || sim.now >= host->stop_deadline);
  if (!over) set_alarm(host);
  if (!over && net_readable(&host->process) && pipeline_wants_requests(&host->daemon)) host_wake(host->process.number);
  leave();
  if (over) ended(host, 256);
}

void host_wake(uint32_t number) {
  struct host *host = &hosts[number];
  if (host->turn_asked || !host->made) return;
  host->turn_asked = true;
  sim_after(10, turn, host, 0);
}

/* ---- what happens to it ---- */

void host_start(uint32_t number) {
  struct host *host = &hosts[number];
  if (host->made) return;
  wipe(host);
  host->process.alive = host->made = host->wanted = true;
  host->process.number = number;
  enter(host);
  make(host);
  leave();
  host_wake(number);
}

void host_crash(uint32_t number) {
  struct host *host = &hosts[number];
  net_forget(&host->process);
  host->process.alive = host->wanted = false;
  unmake(host);
}

void host_stop(uint32_t number) {
  struct host *host = &hosts[number];
  if (!host->made) return;
  host->daemon.stopping = true;
  host->stop_deadline = sim.now + STOP_MSEC_MAX * MSEC;
  host_wake(number);
}

void host_pause(uint32_t number, bool paused) {
  hosts[number].process.paused = paused;
  if (!paused) host_wake(number);
}

/* Making a batch takes as long as half a run, and draws random numbers: they are made once. */
void host_prepare(void) {
  for (uint32_t i = 0; i < SIM_DAEMONS; i++) {
    for (uint32_t k = 0; k < BATCHES; k++) hosts[i].batches[k] = batch_new();
    hosts[i].clock = malloc(clock_room());
    hosts[i].probe = malloc(probe_room());
    hosts[i].uploads = malloc(uploads_room());
    hosts[i].seal = calloc(1, seal_room());
    must(hosts[i].clock != NULL && hosts[i].probe != NULL && hosts[i].uploads != NULL && hosts[i].seal != NULL);
  }
}

void host_clear(void) {
  for (uint32_t i = 0; i < SIM_DAEMONS; i++) {
    struct host *host = &hosts[i];
    host->process.alive = host->wanted = host->turn_asked = false;
    unmake(host);
    host->process = (struct process){.number = i};
  }
}
