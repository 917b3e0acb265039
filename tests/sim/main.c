/* main.c - plays seeds, makes a failing one short, says how fast it went.  Prints TAP.
 *
 *   sim [--seeds N] [--from SEED] [--kept FILE] [--century] [--seed SEED [--trace] [--without 3,5-9] [--record FILE]] [--bug N]
 *
 * `--seed` plays one; `--trace` tells it step by step; `--without` leaves steps of its plan out, as the line says that a failing seed
 * ends with; `--record` writes down what the database is asked and answers.  Without `--seed`: those of FILE, one a line, then N from SEED on. */
#include <malloc.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "document/document.h"

#include "tests/sim/bugs.h"
#include "tests/sim/sim.h"

#define REST_SECONDS 120
#define CALM_SECONDS_MAX 600 /* after the last fault all must be done within */
#define SERVED_SECONDS_MAX 60 /* after the last fault somebody serves within */
#define LOOK_USEC (15 * 60 * SECOND)
#define LOOK_CENTURY_USEC (2 * DAY)
#define TWICE_EVERY 100      /* seeds: one is played a second time, and must be the same */
#define WITH_COURIERS(seed) (((seed) + 1) % 28 / 4 == 6) /* four of 28: they take long */
#define WITH_AMENDMENTS(seed) ((seed) % 14 / 7 == 1)    /* every other seven, those with couriers among them */
#define SHRINK_RUNS_MAX 400
#define FIRST_SEED UINT64_C(20261130)

unsigned sim_bug;

static struct {
  uint64_t seeds, from, seed, virtual_usec, events, answers, rungs, readings, closings, erasures, published, signed_heads, messages, letters, twice, runs;
  bool one, trace, century, no_century;
  const char *kept;
  bool without[SIM_STEPS_MAX];
} options = {.seeds = 100, .from = FIRST_SEED};

/* ---- one run ---- */

static void wake_standbys(void) {
  sim.resting = false;
  for (uint32_t i = 0; i < SIM_DAEMONS; i++) host_pause(i, false);
  courier_rest(false);
}

/* Nobody does anything for long: only rungs fire. */
static void rest(void *context, uint64_t number) {
  (void)context, (void)number;
  sim.resting = true;
  for (uint32_t i = 0; i < SIM_DAEMONS; i++) host_wake(i);
  courier_rest(true);
}

static void end_rest(void *context, uint64_t number) {
  (void)context, (void)number;
  wake_standbys();
}

static void begin_fault(void *context, uint64_t number) {
  (void)context;
  wake_standbys();
  fault_begin(&sim.plan.steps[number]);
}

static void look(void *context, uint64_t number) {
  (void)context, (void)number;
  check_timers();
  HOLDS(sim.now <= sim.last_trouble + SERVED_SECONDS_MAX * SECOND || host_ready_since() != INSTANT_NONE, "nobody serves, and nothing is wrong");
  for (uint32_t i = 0; i < SIM_PEOPLE && sim.now > sim.last_trouble + CALM_SECONDS_MAX * SECOND; i++)
    HOLDS(sim.now - person_busy_since(i) < 2 * CALM_SECONDS_MAX * SECOND, "person %u is not done with something, and nothing is wrong", i);
  if (sim.now < sim.plan.quiet_at) sim_after(options.century ? LOOK_CENTURY_USEC : LOOK_USEC, look, NULL, 0);
}

static void leave_out(struct plan *plan) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < plan->count; i++)
    if (!options.without[i]) plan->steps[kept++] = plan->steps[i];
  plan->count = kept;
}

static void rest_between(usec_t last, usec_t next) {
  if (next <= last + 10 * 60 * SECOND) return;
  sim_after(last + REST_SECONDS * SECOND, rest, NULL, 0);
  sim_after(next - SECOND, end_rest, NULL, 0);
}

static void schedule(void) {
  const struct plan *plan = &sim.plan;
  usec_t last = 0;
  for (uint32_t i = 0; i < plan->count; last = plan->steps[i++].at) {
    if (step_is_fault(plan->steps[i].kind)) sim_after(plan->steps[i].at, begin_fault, NULL, i);
    rest_between(last, plan->steps[i].at);
  }
  rest_between(last, plan->quiet_at);
  sim_after(LOOK_USEC, look, NULL, 0);
  sim_after(plan->quiet_at, end_rest, NULL, 0);
}

static bool all_done(void) {
  bool done = true;
  for (uint32_t i = 0; i < SIM_PEOPLE; i++) done = done && person_is_done(i);
  return done && server.durable == server.head.size && (!sim.posts || check_letters_settled());
}

static void play_on(void) {
  for (uint32_t i = 0; i < SIM_DAEMONS; i++) host_start(i);
  for (uint32_t i = 0; i < SIM_PEOPLE; i++) person_start(i);
  for (uint32_t i = 0; i < SIM_COURIERS && sim.posts; i++) courier_start(i);
  schedule();
  (void)sim_run(sim.plan.quiet_at);
  if (sim.posts) courier_at_ease();
  for (uint32_t second = 0; second < CALM_SECONDS_MAX && !all_done(); second++) (void)sim_run(sim.now + SECOND);
  for (uint32_t i = 0; i < SIM_PEOPLE; i++)
    HOLDS(person_is_done(i), "person %u was not done %d s after the last fault", i, CALM_SECONDS_MAX);
  (void)sim_run(sim.now + 60 * SECOND);
  check_timers();
  check_end(8);
  if (sim.posts) check_letters_end();
}

static void clear(void) {
  static int first_free = -1;
  if (first_free < 0) first_free = dup(0);
  if (first_free > 2) (void)close_range((unsigned)first_free, ~0U, 0);
  sim_clear();
  person_clear();
  courier_clear();
  host_clear();
  sim_clear();
  pq_clear();
  net_clear();
  server_clear();
  check_clear();
  check_letters_clear();
  check_versions_clear();
}

static void make_folders(void) {
  const char *room = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  char command[160];
  snprintf(sim.folder, sizeof sim.folder, "%s/rectify-sim-%d", room, (int)getpid());
  snprintf(command, sizeof command, "rm -rf %s", sim.folder);
  must(system(command) == 0 && mkdir(sim.folder, 0700) == 0);
}

static void remove_folders(void) {
  static const char *const names[] = {"queue", "receipts", "lock", "sender", "queue.new", "receipts.new"};
  char path[160];
  for (uint32_t i = 0; i < SIM_PEOPLE; i++) {
    for (uint32_t k = 0; k < sizeof names / sizeof names[0]; k++) {
      snprintf(path, sizeof path, "%s/%u/%s", sim.folder, i, names[k]);
      (void)unlink(path);
    }
    snprintf(path, sizeof path, "%s/%u", sim.folder, i);
    (void)rmdir(path);
  }
}

/* Plays the seed from nothing; sim.wrong says what broke. */
static bool play(uint64_t seed, bool trace) {
  char folder[sizeof sim.folder];
  memcpy(folder, sim.folder, sizeof folder);
  clear();
  memset(&sim, 0, sizeof sim);
  memcpy(sim.folder, folder, sizeof folder);
  remove_folders();
  sim.seed = seed;
  sim.trace = trace;
  sim_born = options.century ? CENTURY_BORN : SIM_BORN;
  for (uint32_t i = 0; i < DICE_STREAMS; i++) sim.dice[i] = seed * UINT64_C(0x9e3779b97f4a7c15) + i * UINT64_C(0xd1342543de82ef95);
  sim.posts = WITH_COURIERS(seed) && !options.century; /* they would look at their clocks for a hundred years */
  sim.amends = WITH_AMENDMENTS(seed) && !options.century;
  if (options.century) plan_century(&sim.plan, seed);
  else plan_make(&sim.plan, seed);
  system_clear();
  sim.signs = seed % 2 == 1 && !options.century; /* a signature a rung: a century has too many */
  sim.behind_min = seed % 3 == 0 ? BATCH_EVENTS_MAX : 1;
  sim.recent_keys = seed % 4 == 0 ? RECENT_KEYS_MAX : 1U << seed % 6;
  sim.recur_earlier = seed % 3 == 0 ? RECUR_EARLIER_DAYS : 0;
  sim.recur_rows = seed % 2 == 0 ? RECUR_DAY_MAX : (uint32_t)(1 + seed % 7);
  signer_clear();
  leave_out(&sim.plan);
  if (setjmp(sim_over) == 0) play_on();
  sim.process = NULL;
  system_exit = NULL;
  options.runs++;
  options.virtual_usec += (uint64_t)sim.now;
  options.events += check_event_count();
  options.answers += check_answer_count();
  options.rungs += check_rung_count();
  options.readings += check_reading_count();
  options.signed_heads += check_signed_count();
  options.closings += check_closing_count();
  options.erasures += check_erasure_count();
  options.published += check_published_count();
  options.messages += sim.messages;
  options.letters += check_letter_count();
  options.twice += check_twice_count();
  if (options.trace || getenv("SIM_LOUD") != NULL) printf("# %llu things happened\n", (unsigned long long)sim.steps_run);
  return sim.wrong[0] == '\0';
}

/* ---- making it short: leave out parts, large ones first, as long as something is still wrong ---- */

static uint32_t whole_count(uint64_t seed) {
  bool kept[SIM_STEPS_MAX];
  memcpy(kept, options.without, sizeof kept);
  memset(options.without, 0, sizeof options.without);
  for (uint32_t i = 0; i < DICE_STREAMS; i++) sim.dice[i] = seed * UINT64_C(0x9e3779b97f4a7c15) + i * UINT64_C(0xd1342543de82ef95);
  if (options.century) plan_century(&sim.plan, seed);
  else plan_make(&sim.plan, seed);
  memcpy(options.without, kept, sizeof kept);
  return sim.plan.count;
}

static bool fails_without(uint64_t seed, uint32_t from, uint32_t length) {
  bool kept[SIM_STEPS_MAX];
  memcpy(kept, options.without, sizeof kept);
  memset(options.without + from, 1, length);
  if (!play(seed, false)) return true;
  memcpy(options.without, kept, sizeof kept);
  return false;
}

static void shrink(uint64_t seed) {
  const uint32_t count = whole_count(seed);
  uint32_t runs = 0;
  for (uint32_t length = count / 2; length > 0; length /= 2)
    for (uint32_t from = 0; from < count && runs < SHRINK_RUNS_MAX; from += length, runs++)
      (void)fails_without(seed, from, from + length > count ? count - from : length);
}

static void print_without(uint64_t seed) {
  const uint32_t count = whole_count(seed);
  const char *comma = "";
  printf("# again: sim --seed %llu --trace%s%s --without ", (unsigned long long)seed, options.century ? " --century" : "",
         sim_bug != 0 ? " --bug" : "");
  for (uint32_t i = 0; i < count; i++) {
    if (!options.without[i]) continue;
    uint32_t last = i;
    while (last + 1 < count && options.without[last + 1]) last++;
    if (last > i) printf("%s%u-%u", comma, i, last);
    else printf("%s%u", comma, i);
    comma = ",";
    i = last;
  }
  printf("%s\n", *comma == '\0' ? "none" : "");
}

static void tell_short(uint64_t seed) {
  char text[100];
  printf("# seed %llu: %s\n", (unsigned long long)seed, sim.wrong);
  shrink(seed);
  (void)play(seed, false);
  printf("# made short to %u steps: %s\n", sim.plan.count, sim.wrong);
  for (uint32_t i = 0; i < sim.plan.count; i++) {
    plan_tell(&sim.plan.steps[i], text, sizeof text);
    printf("#   day %lld, %.3f s: %s\n", (long long)(sim.plan.steps[i].at / DAY), (double)(sim.plan.steps[i].at % DAY) / 1e6, text);
  }
  print_without(seed);
}

/* ---- many ---- */

static bool play_twice(uint64_t seed) {
  const uint64_t digest = sim.digest;
  if (seed % TWICE_EVERY != 0 || record_is_on()) return true;
  if (play(seed, false) && sim.digest == digest) return true;
  printf("# seed %llu: the second time it was another run\n", (unsigned long long)seed);
  return false;
}

static bool play_one(uint64_t seed) {
  if (play(seed, options.trace)) return options.trace || play_twice(seed);
  if (!options.trace && sim_bug == 0) tell_short(seed);
  else printf("# seed %llu: %s\n", (unsigned long long)seed, sim.wrong);
  return false;
}

static bool play_kept(void) {
  char line[100];
  bool held = true;
  FILE *file = options.kept == NULL ? NULL : fopen(options.kept, "r");
  if (options.kept != NULL && file == NULL) {
    perror(options.kept);
    return false;
  }
  while (held && file != NULL && fgets(line, sizeof line, file) != NULL)
    if (line[0] != '#' && line[0] != '\n') held = play_one(strtoull(line, NULL, 0));
  if (file != NULL) fclose(file);
  return held;
}

static bool play_all(uint64_t *played) {
  bool held = play_kept();
  for (*played = 0; held && *played < options.seeds;) held = play_one(options.from + (*played)++);
  return held;
}

/* ---- main ---- */

static void read_without(const char *list) {
  for (char *at = (char *)(uintptr_t)list; *at >= '0' && *at <= '9';) {
    unsigned long from = strtoul(at, &at, 10), to = *at == '-' ? strtoul(at + 1, &at, 10) : from;
    for (unsigned long i = from; i <= to && i < SIM_STEPS_MAX; i++) options.without[i] = true;
    if (*at == ',') at++;
  }
}

static void read_options(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(argv[i], "--trace") == 0) options.trace = true;
    else if (strcmp(argv[i], "--century") == 0) options.century = true;
    else if (i++ + 1 >= argc) break;
    else if (strcmp(argv[i - 1], "--seeds") == 0) options.seeds = strtoull(value, NULL, 0);
    else if (strcmp(argv[i - 1], "--from") == 0) options.from = strtoull(value, NULL, 0);
    else if (strcmp(argv[i - 1], "--kept") == 0) options.kept = value;
    else if (strcmp(argv[i - 1], "--record") == 0) record_open(value);
    else if (strcmp(argv[i - 1], "--bug") == 0) sim_bug = (unsigned)strtoul(value, NULL, 0);
    else if (strcmp(argv[i - 1], "--without") == 0) read_without(value);
    else if (strcmp(argv[i - 1], "--seed") == 0) {
      options.one = true;
      options.from = strtoull(value, NULL, 0);
      options.seeds = 1;
    } else {
      fprintf(stderr, "sim: no such option: %s\n", argv[i - 1]);
      exit(64);
    }
  }
}

/* Of the real clock, which the simulated one leaves alone. */
int __real_clock_gettime(clockid_t id, struct timespec *out);
static double seconds(void) {
  struct timespec now;
  __real_clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  uint64_t played;
  char command[160];
  read_options(argc, argv);
  (void)mallopt(M_MMAP_THRESHOLD, 512 * 1024); /* a daemon's large buffers are fresh pages, and need no clearing */
  host_prepare();
  make_folders();
  courier_prepare();
  const double begin = seconds();
  const bool held = play_all(&played);
  record_close();
  const double took = seconds() - begin;
  printf("1..1\n%sok 1 - %llu %s, and every invariant held\n", held ? "" : "not ", (unsigned long long)played,
         options.century ? "simulated centuries" : "seeds");
  printf("# %llu runs in %.1f s: %.1f runs/s, %.1f simulated years, %llu events (%.0f/s), %llu rungs, %llu answers, %llu readings, %llu closings, %llu erasures, %llu publications, %llu signed heads, %llu letters (%llu arrived once more), %llu messages\n",
         (unsigned long long)options.runs, took, (double)options.runs / took, (double)options.virtual_usec / 1e6 / 86400 / 365.25,
         (unsigned long long)options.events, (double)options.events / took, (unsigned long long)options.rungs,
         (unsigned long long)options.answers, (unsigned long long)options.readings, (unsigned long long)options.closings, (unsigned long long)options.erasures, (unsigned long long)options.published, (unsigned long long)options.signed_heads,
         (unsigned long long)options.letters, (unsigned long long)options.twice, (unsigned long long)options.messages);
  snprintf(command, sizeof command, "rm -rf %s", sim.folder);
  (void)!system(command);
  return held ? 0 : 1;
}
