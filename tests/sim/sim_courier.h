/* sim_courier.h - a courier of the simulator: its main thread and its workers are coroutines, which wait where those wait. */
#ifndef RECTIFY_TESTS_SIM_COURIER_H
#define RECTIFY_TESTS_SIM_COURIER_H

#include <curl/curl.h>

#include "courier/deliver.h"
#include "tests/sim/sim.h"

#define TASKS_MAX 8 /* threads of one */

/* ---- sim_courier.c ---- */
typedef void *task_fn(void *context);
/* A thread of the courier that runs; it begins when that waits.  -1: there are too many. */
int task_new(task_fn *begin, void *context);
void task_join(int number);
void task_wake(int number);
int task_own(void);            /* that runs */
void task_wait(usec_t delay); /* INSTANT_NONE: until it is woken */
uint32_t courier_own(void);   /* whose code runs */
/* How long the main thread waits, who would wait that long: while nobody does anything it looks seldom. */
usec_t courier_patience(usec_t wait);

/* ---- sim_deliver.c ---- */
/* What the process that died had under way goes with it. */
void deliver_abandon(struct delivering *delivering);
/* The letter that the worker sends. */
const struct outgoing *deliver_sends(void);

#endif
