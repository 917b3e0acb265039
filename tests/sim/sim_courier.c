/* sim_courier.c - couriers: each runs the loop of courier/main.c over courier/post.c and courier/deliver.c, by its own settings and
 * contacts, and is killed, stopped, stood still and started again.  Two of them act as one officer, as a second machine would. */
#include <sys/stat.h>
#include <ucontext.h>

int courier_program(int count, char **words);
#define main courier_program
#include "courier/main.c"
#undef main

#include "tests/sim/sim_courier.h"

#define STACK_BYTES (256 * 1024)
#define WORKER_STACK_BYTES (64 * 1024)
#define START_AGAIN_MSEC 3000
#define SETTLED_MSEC 11000 /* from a notice until it is looked for: a round later */
#define SELDOM (8 * HOUR)

struct task {
  ucontext_t context;
  uint8_t *stack;
  task_fn *begin;
  void *argument;
  bool made, waiting, rung;
  uint64_t timer;
};

/* Task 0 is the main thread. */
static struct life {
  struct process process;
  struct courier it;
  struct task tasks[TASKS_MAX];
  bool wanted; /* it is started again */
} lives[SIM_COURIERS];

static ucontext_t outside;
static int own = -1; /* the task that runs */
static bool at_ease; /* the second contacts are in force: nobody has quiet hours, nothing is gathered */
static char paths[2][96];

struct process *courier_process(uint32_t number) { return &lives[number].process; }
uint32_t courier_own(void) { return (uint32_t)own / TASKS_MAX; }
int task_own(void) { return own; }
static struct task *task_of(int number) { return &lives[number / TASKS_MAX].tasks[number % TASKS_MAX]; }

/* ---- coroutines ---- */

static void ended(struct life *life);

static void resume(int number) {
  struct task *task = task_of(number);
  struct life *life = &lives[number / TASKS_MAX];
  task->timer++;
  task->waiting = task->rung = false;
  sim.process = &life->process;
  own = number;
  must(swapcontext(&outside, &task->context) == 0);
  sim.process = NULL;
  own = -1;
  if (task->waiting) return;
  task->made = false;
  if (task == life->tasks) ended(life);
}

static void ring(void *context, uint64_t timer) {
  const int number = (int)(intptr_t)context;
  struct task *task = task_of(number);
  if (!task->made || !task->waiting || task->timer != timer) return;
  if (lives[number / TASKS_MAX].process.paused) task->rung = true;
  else resume(number);
}

static void ring_after(int number, usec_t delay) { sim_after(delay, ring, (void *)(intptr_t)number, task_of(number)->timer); }

/* What a dead process calls fails at once, until its loop is over. */
static void come_to_an_end(struct life *life) {
  life->it.ending = true;
  life->it.end_at = 0;
}

void task_wait(usec_t delay) {
  const int number = own;
  struct task *task = task_of(number);
  if (number % TASKS_MAX == 0 && !lives[number / TASKS_MAX].process.alive) {
    come_to_an_end(&lives[number / TASKS_MAX]);
    return;
  }
  task->waiting = true;
  if (delay < INSTANT_NONE - sim.now) ring_after(number, delay);
  must(swapcontext(&task->context, &outside) == 0);
}

void task_wake(int number) {
  if (task_of(number)->made && task_of(number)->waiting) ring_after(number, 20);
}

static void begin(void) {
  const struct task *task = task_of(own);
  (void)task->begin(task->argument);
}

static void start_task(int number, task_fn *what, void *argument, size_t stack_bytes) {
  struct task *task = task_of(number);
  if (task->stack == NULL) task->stack = malloc(stack_bytes);
  must(task->stack != NULL && getcontext(&task->context) == 0);
  task->context.uc_stack.ss_sp = task->stack;
  task->context.uc_stack.ss_size = stack_bytes;
  task->context.uc_link = &outside;
  makecontext(&task->context, begin, 0);
  task->begin = what;
  task->argument = argument;
  task->made = task->waiting = true;
  task->rung = false;
  task->timer++;
  ring_after(number, 1);
}

int task_new(task_fn *what, void *context) {
  const int first = own / TASKS_MAX * TASKS_MAX;
  for (int number = first + 1; number < first + TASKS_MAX; number++) {
    if (task_of(number)->made) continue;
    start_task(number, what, context, WORKER_STACK_BYTES);
    return number;
  }
  return -1;
}

void task_join(int number) {
  while (task_of(number)->made && lives[number / TASKS_MAX].process.alive) task_wait(MSEC);
}

/* ---- a life ---- */

/* As run_run() of main.c. */
static void *live(void *context) {
  struct life *life = context;
  struct courier *it = &life->it;
  *it = (struct courier){.path = paths[at_ease], .signals = -1, .ending = !life->process.alive};
  it->settings = load_or_end(it->path);
  it->wire.config = &it->settings->config;
  set_calendar(it, weekdays());
  must(deliver_open(&it->delivering));
  sim_tell("courier %u begins", courier_own());
  loop(it);
  return NULL;
}

static void start_again(void *context, uint64_t number) {
  (void)context;
  if (lives[number].wanted) courier_start((uint32_t)number);
}

/* What it had goes with it: letters under way are their servers'. */
static void let_go(struct courier *it) {
  deliver_abandon(&it->delivering);
  post_free(&it->posting);
  wire_close(&it->wire);
  settings_free(it->settings);
  calendar_free(it->calendar);
}

static void ended(struct life *life) {
  const uint32_t number = (uint32_t)(life - lives);
  sim.process = &life->process;
  life->process.alive = false;
  let_go(&life->it);
  sim.process = NULL;
  for (int i = 0; i < TASKS_MAX; i++) life->tasks[i].made = false;
  sim_tell("courier %u is gone", number);
  sim_after(START_AGAIN_MSEC * MSEC, start_again, NULL, number);
}

void courier_start(uint32_t number) {
  struct life *life = &lives[number];
  if (life->tasks[0].made) return;
  life->process = (struct process){.alive = true, .number = SIM_DAEMONS + SIM_PEOPLE + number};
  life->wanted = true;
  start_task((int)number * TASKS_MAX, live, life, STACK_BYTES);
}

static void die(void *context, uint64_t number) {
  struct life *life = &lives[number];
  (void)context;
  if (!life->tasks[0].made) return;
  life->process.alive = life->process.paused = false;
  come_to_an_end(life);
  resume((int)number * TASKS_MAX);
}

/* kill -9: its main thread runs to its end, and none of what it calls works any more. */
void courier_crash(uint32_t number) {
  lives[number].process.alive = false;
  sim_after(0, die, NULL, number);
}

void courier_stop(uint32_t number) {
  struct life *life = &lives[number];
  if (!life->tasks[0].made || life->it.settings == NULL) return;
  life->it.ending = true;
  life->it.end_at = clock_forward_msec() + GRACE_MSEC;
  courier_wake(number);
}

/* All tasks that a ring or a message would have gone on with. */
void courier_pause(uint32_t number, bool paused) {
  struct life *life = &lives[number];
  life->process.paused = paused;
  for (int i = 0; i < TASKS_MAX && !paused; i++)
    if (life->tasks[i].made && life->tasks[i].rung) ring_after((int)number * TASKS_MAX + i, 20);
}

void courier_wait(usec_t delay) { task_wait(delay); }
void courier_wake(uint32_t number) { task_wake((int)number * TASKS_MAX); }

/* ---- while nobody does anything ---- */

usec_t courier_patience(usec_t wait) {
  const struct courier *it = &lives[courier_own()].it;
  const bool idle = it->delivering.under_way == 0 && it->delivering.report_count == 0 && !it->ending && !it->reload;
  return sim.resting && idle ? SELDOM : wait;
}

static void look(void *context, uint64_t number) {
  (void)context;
  if (sim.resting) courier_wake((uint32_t)number);
}

void courier_rest(bool resting) {
  if (!sim.posts) return;
  courier_pause(1, resting);
  if (!resting) courier_wake(0);
}

void courier_notices(void) {
  if (sim.posts && sim.resting) sim_after(SETTLED_MSEC * MSEC, look, NULL, 0);
}

/* Contacts without hours of their own, and SIGHUP. */
void courier_at_ease(void) {
  at_ease = true;
  for (uint32_t i = 0; i < SIM_COURIERS; i++) {
    lives[i].it.path = paths[1];
    lives[i].it.reload = true;
    courier_wake(i);
  }
}

/* ---- files ---- */

extern const struct document_embedded sim_courier_file, sim_contacts_file;

static void put_file(const char *name, const char *text, size_t length, const char *more) {
  char path[160];
  snprintf(path, sizeof path, "%s/%s", sim.folder, name);
  FILE *file = fopen(path, "w");
  must(file != NULL && chmod(path, 0600) == 0);
  must(fwrite(text, 1, length, file) == length && fputs(more, file) >= 0 && fclose(file) == 0);
}

void courier_prepare(void) {
  static const char *const times[2] = {"quiet: 20:00-07:30, digest: \"08:30\"", "quiet: none, digest: none"};
  char name[32], more[600];
  put_file("secret", "secret\n", 7, "");
  for (int i = 0; i < 2; i++) {
    snprintf(name, sizeof name, "contacts-%d.yaml", i);
    put_file(name, sim_contacts_file.text, sim_contacts_file.length, "");
    snprintf(more, sizeof more, "    secret_file: %s/secret\ncontacts: %s/%s\ntimes: {zone: Asia/Shanghai, %s}\n", sim.folder, sim.folder, name,
             times[i]);
    snprintf(paths[i], sizeof paths[i], "%s/courier-%d.yaml", sim.folder, i);
    snprintf(name, sizeof name, "courier-%d.yaml", i);
    put_file(name, sim_courier_file.text, sim_courier_file.length, more);
  }
}

void courier_clear(void) {
  at_ease = false;
  for (uint32_t i = 0; i < SIM_COURIERS; i++) {
    struct life *life = &lives[i];
    life->wanted = false;
    life->process.alive = false;
    if (life->tasks[0].made && life->it.settings != NULL) let_go(&life->it);
    life->it = (struct courier){0};
    for (int k = 0; k < TASKS_MAX; k++) life->tasks[k].made = life->tasks[k].waiting = false;
  }
}
