/* sim_deliver.c - courier/deliver.c, whose threads are coroutines of sim_courier.c: what a system's thread waits for, they wait for. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sim/sim_courier.h"

#define SPINS_MAX 1000

static struct slot *working[SIM_COURIERS * TASKS_MAX]; /* by number of the thread */

static int begin_thread(pthread_t *thread, const pthread_attr_t *how, task_fn *begin, void *context) {
  (void)how;
  const int number = task_new(begin, context);
  if (number < 0) return EAGAIN;
  *thread = (pthread_t)number;
  working[number] = context;
  return 0;
}

static int join_thread(pthread_t thread, void **result) {
  (void)result;
  task_join((int)thread);
  return 0;
}

static int wait_for(sem_t *semaphore) {
  while (sem_trywait(semaphore) != 0) task_wait(INSTANT_NONE);
  return 0;
}

/* Each semaphore is one worker's. */
static int post_to(sem_t *semaphore) {
  struct slot *slot = (struct slot *)(uintptr_t)((uint8_t *)semaphore - offsetof(struct slot, go));
  const int result = sem_post(semaphore);
  task_wake((int)slot->thread);
  return result;
}

/* The bell of a courier's workers. */
static bool rung[SIM_COURIERS];

static int make_bell(unsigned first, int flags) {
  (void)first, (void)flags;
  rung[courier_own()] = false;
  return (int)courier_own();
}

static ssize_t ring_bell(int bell, const void *one, size_t length) {
  (void)one;
  rung[bell] = true;
  task_wake(bell * TASKS_MAX);
  return (ssize_t)length;
}

static ssize_t read_bell(int bell, void *count, size_t length) {
  (void)count;
  rung[bell] = false;
  return (ssize_t)length;
}

static int close_bell(int bell) {
  (void)bell;
  return 0;
}

/* Who does not wait looks at something else each time. */
static void check_spinning(bool waits) {
  static uint32_t turns;
  static usec_t since;
  turns = waits || sim.now != since ? 0 : turns + 1;
  since = sim.now;
  HOLDS(turns < SPINS_MAX, "courier %u turns round and round, and waits for nothing", courier_own());
}

static int wait_for_bell(struct pollfd *waits, nfds_t count, int wait_msec) {
  const int bell = waits[count - 1].fd;
  check_spinning(!rung[bell] && wait_msec != 0);
  if (!rung[bell] && wait_msec != 0) task_wait(courier_patience(wait_msec * MSEC));
  waits[count - 1].revents = rung[bell] ? POLLIN : 0;
  return rung[bell];
}

/* ---- what it is told ---- */

static int leased_by(struct rectify *rectify, const char *channel, uint32_t most, uint32_t seconds, int timeout_msec, const Rectify__V1__Leased **leased) {
  const int result = rectify_lease(rectify, channel, most, seconds, timeout_msec, leased);
  if (result == RECTIFY_OK && sim.process->alive) check_leased(courier_own(), *leased);
  return result;
}

static int reported_by(struct rectify *rectify, Rectify__V1__LetterReport **reports, size_t count, int timeout_msec,
                       const Rectify__V1__LetterOutcomes **outcomes) {
  struct { uint8_t id[16]; uint32_t outcome; } said[WIRE_POST_MAX]; /* the other courier fills `reports` anew meanwhile */
  must(count <= WIRE_POST_MAX);
  for (size_t i = 0; i < count; i++) {
    memcpy(said[i].id, reports[i]->letter.data, 16);
    said[i].outcome = reports[i]->outcome;
  }
  const int result = rectify_report(rectify, reports, count, timeout_msec, outcomes);
  for (size_t i = 0; result == RECTIFY_OK && sim.process->alive && i < count; i++)
    check_reported(said[i].id, said[i].outcome, (*outcomes)->outcomes[i]->result);
  return result;
}

#define rectify_lease leased_by
#define rectify_report reported_by
#define pthread_create begin_thread
#define pthread_join join_thread
#define sem_wait wait_for
#define sem_post post_to
#define eventfd make_bell
#define write ring_bell
#define read read_bell
#define close close_bell
#define poll wait_for_bell
#include "courier/deliver.c"

const struct outgoing *deliver_sends(void) { return &working[task_own()]->letter; }

void deliver_abandon(struct delivering *it) {
  for (struct slot *slot = it->slots; slot < it->slots + SLOTS_MAX; slot++) {
    if (!slot->has_thread) continue;
    exchange_clear(&slot->exchange);
    free_letter(&slot->letter);
    curl_easy_cleanup(slot->exchange.easy);
  }
}
