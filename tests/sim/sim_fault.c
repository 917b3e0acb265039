/* sim_fault.c - what breaks: how each fault of step.def begins and ends. */
#include "tests/sim/sim.h"

static const usec_t clock_steps[] = {90 * SECOND, -90 * SECOND, 5 * HOUR, -2 * HOUR, 30 * DAY, -30 * DAY};

static uint32_t daemon_of(const struct step *step) { return step->who % SIM_DAEMONS; }
static uint32_t person_of(const struct step *step) { return step->who % SIM_WATCHER; }
static uint32_t percent_of(const struct step *step) { return 10 + step->dice % 60; }
static usec_t length_of(const struct step *step) { return step->a * MSEC; }

static void wake_all(void) {
  for (uint32_t i = 0; i < SIM_DAEMONS; i++) host_wake(i);
}

static void nothing(const struct step *step) { (void)step; }

/* ---- the network ---- */

static void loss(const struct step *step) { sim.loss = percent_of(step); }
static void no_loss(const struct step *step) { (void)step, sim.loss = 0; }
static void twice(const struct step *step) { sim.twice = percent_of(step); }
static void once(const struct step *step) { (void)step, sim.twice = 0; }
static void slow(const struct step *step) { sim.slow = percent_of(step); }
static void fast(const struct step *step) { (void)step, sim.slow = 0; }
static void cut(const struct step *step) { sim.cut[person_of(step)][daemon_of(step)] = true; }
static void join(const struct step *step) { sim.cut[person_of(step)][daemon_of(step)] = false; }
static void cut_replies(const struct step *step) { (void)step, sim.cut_replies = true; }
static void join_replies(const struct step *step) { (void)step, sim.cut_replies = false; }

/* ---- processes ---- */

static void daemon_kill(const struct step *step) { host_crash(daemon_of(step)); }
static void daemon_start(const struct step *step) { host_start(daemon_of(step)); }
static void daemon_stop(const struct step *step) { host_stop(daemon_of(step)); }
static void daemon_pause(const struct step *step) { host_pause(daemon_of(step), true); }
static void daemon_go_on(const struct step *step) { host_pause(daemon_of(step), false); }

static void outage(const struct step *step) {
  (void)step;
  for (uint32_t i = 0; i < SIM_DAEMONS; i++) host_crash(i);
}

static void start_all(const struct step *step) {
  (void)step;
  for (uint32_t i = 0; i < SIM_DAEMONS; i++) host_start(i);
}

static void client_kill(const struct step *step) { person_crash(person_of(step)); }
static void disk_dies(const struct step *step) { sim.disk_dies = 1 + percent_of(step) / 3; }
static void disk_lives(const struct step *step) { (void)step, sim.disk_dies = 0; }

static uint32_t courier_of(const struct step *step) { return step->who % SIM_COURIERS; }
static void courier_kill(const struct step *step) { courier_crash(courier_of(step)); }
static void courier_term(const struct step *step) { courier_stop(courier_of(step)); }
static void courier_stand(const struct step *step) { courier_pause(courier_of(step), true); }
static void courier_go_on(const struct step *step) { courier_pause(courier_of(step), false); }
static bool *courier_line(const struct step *step) { return &sim.cut[SIM_PEOPLE + courier_of(step)][step->dice % SIM_DAEMONS]; }
static void courier_cut(const struct step *step) { *courier_line(step) = true; }
static void courier_join(const struct step *step) { *courier_line(step) = false; }
static void courier_dies(const struct step *step) { sim.courier_dies = percent_of(step); }
static void courier_lives(const struct step *step) { (void)step, sim.courier_dies = 0; }

/* ---- servers of mail ---- */

static void mail_down(const struct step *step) { (void)step, sim.mail_down = 100; }
static void mail_up(const struct step *step) { (void)step, sim.mail_down = 0; }
static void mail_slow(const struct step *step) { sim.mail_slow = percent_of(step); }
static void mail_fast(const struct step *step) { (void)step, sim.mail_slow = 0; }
static void mail_loses(const struct step *step) { sim.mail_loses = percent_of(step); }
static void mail_answers(const struct step *step) { (void)step, sim.mail_loses = 0; }
static void mail_refuses(const struct step *step) { sim.mail_refuses = percent_of(step); }
static void mail_takes(const struct step *step) { (void)step, sim.mail_refuses = 0; }

/* ---- clocks ---- */

static void clock_set(const struct step *step) {
  sim.clock_was_set = true;
  host_process(daemon_of(step))->skew = clock_steps[step->dice % (sizeof clock_steps / sizeof clock_steps[0])];
  wake_all();
}

/* A daemon that was started by the wrong clock does not follow a large step back: its operator starts it again. */
static void clock_back(const struct step *step) {
  const usec_t skew = host_process(daemon_of(step))->skew;
  host_process(daemon_of(step))->skew = 0;
  if (skew > DAY || skew < -DAY) host_stop(daemon_of(step));
  wake_all();
}

/* ---- the database ---- */

static void pg_cut(const struct step *step) { pq_cut(host_process(daemon_of(step))); }
static void pg_hang(const struct step *step) { pq_hang(host_process(daemon_of(step)), sim.now + length_of(step)); }

static void pg_restart(const struct step *step) {
  server.down_until = sim.now + length_of(step);
  server.node++;
  pq_cut_all();
}

/* What had not reached the standby is lost, if it was in doubt; who was connected hears of it, or hears nothing any more. */
static void pg_failover(const struct step *step) {
  if (step->dice % 2 == 0) server_lose_tail();
  server_make_durable();
  server.node++;
  server.down_until = sim.now + length_of(step) / 5;
  if (step->dice / 2 % 2 == 0) pq_cut_all();
  else
    for (uint32_t i = 0; i < SIM_DAEMONS; i++) pq_hang(host_process(i), sim.now + length_of(step));
  pq_server_is_gone();
  server_lock_lost();
}

static void pg_fail(const struct step *step) { pq_fail(percent_of(step)); }
static void pg_slow(const struct step *step) { pq_slow(20 * percent_of(step)); }
static void pg_swift(const struct step *step) {
  (void)step;
  pq_slow(0);
  if (pq_busy_until() > sim.last_trouble) sim.last_trouble = pq_busy_until();
}
static void pg_works(const struct step *step) { (void)step, pq_fail(0); }
static void pg_doubt(const struct step *step) { pq_doubt(percent_of(step), false); }
static void pg_sure(const struct step *step) { (void)step, pq_doubt(0, false); }
static void pg_notice(const struct step *step) { pq_doubt(percent_of(step), true); }
static void pg_no_notice(const struct step *step) { (void)step, pq_doubt(0, true); }
/* At once, or between two questions of a daemon that takes over. */
static void unnamed(const struct step *step) {
  if (step->dice % 2 == 0) server_unnames(true);
  else server.unnames = true;
}

static void named(const struct step *step) { (void)step, server_unnames(false); }
static void lock_lost(const struct step *step) { (void)step, server_lock_lost(); }

static void corrupt(const struct step *step) {
  server_corrupt(step->dice);
  sim.last_spoilt = sim.now + length_of(step);
}

static void signer_kill(const struct step *step) {
  if (step->dice % 2 == 0) signer_dies();
  else sim.signer_dies = percent_of(step);
}

static void signer_lives(const struct step *step) {
  (void)step;
  sim.signer_dies = 0;
  signer_starts();
}

/* Who restores a backup stops the daemons before. */
static void rolled_back(const struct step *step) {
  if (!sim.signs || !server_roll_back(signer_size())) return;
  for (uint32_t i = 0; i < SIM_DAEMONS; i++) host_crash(i);
  start_all(step);
}

static void put_back(const struct step *step) {
  if (!server.rolled_back) return;
  for (uint32_t i = 0; i < SIM_DAEMONS; i++) host_crash(i);
  server_roll_forward();
  start_all(step);
}

static void mend(const struct step *step) { (void)step, server_mend(); }

/* ---- all of them ---- */

static const struct {
  void (*begin)(const struct step *step), (*end)(const struct step *step);
} faults[STEP_KINDS] = {
    [STEP_LOSS] = {loss, no_loss},
    [STEP_SIGNER_KILL] = {signer_kill, signer_lives},
    [STEP_ROLLED_BACK] = {rolled_back, put_back},
    [STEP_TWICE] = {twice, once},
    [STEP_SLOW] = {slow, fast},
    [STEP_CUT] = {cut, join},
    [STEP_CUT_REPLIES] = {cut_replies, join_replies},
    [STEP_DAEMON_KILL] = {daemon_kill, daemon_start},
    [STEP_OUTAGE] = {outage, start_all},
    [STEP_DAEMON_STOP] = {daemon_stop, nothing},
    [STEP_DAEMON_PAUSE] = {daemon_pause, daemon_go_on},
    [STEP_CLIENT_KILL] = {client_kill, nothing},
    [STEP_DISK_DIES] = {disk_dies, disk_lives},
    [STEP_PG_CUT] = {pg_cut, nothing},
    [STEP_PG_HANG] = {pg_hang, nothing},
    [STEP_PG_SLOW] = {pg_slow, pg_swift},
    [STEP_PG_RESTART] = {pg_restart, nothing},
    [STEP_PG_FAILOVER] = {pg_failover, nothing},
    [STEP_PG_FAIL] = {pg_fail, pg_works},
    [STEP_PG_DOUBT] = {pg_doubt, pg_sure},
    [STEP_PG_NOTICE] = {pg_notice, pg_no_notice},
    [STEP_UNNAMED] = {unnamed, named},
    [STEP_LOCK_LOST] = {lock_lost, nothing},
    [STEP_CLOCK] = {clock_set, clock_back},
    [STEP_CORRUPT] = {corrupt, mend},
    [STEP_COURIER_KILL] = {courier_kill, nothing},
    [STEP_COURIER_STOP] = {courier_term, nothing},
    [STEP_COURIER_PAUSE] = {courier_stand, courier_go_on},
    [STEP_COURIER_CUT] = {courier_cut, courier_join},
    [STEP_COURIER_DIES] = {courier_dies, courier_lives},
    [STEP_MAIL_DOWN] = {mail_down, mail_up},
    [STEP_MAIL_SLOW] = {mail_slow, mail_fast},
    [STEP_MAIL_LOSES] = {mail_loses, mail_answers},
    [STEP_MAIL_REFUSES] = {mail_refuses, mail_takes},
};

static void end_fault(void *context, uint64_t number) {
  const struct step *step = &sim.plan.steps[number];
  (void)context;
  if (sim.now > sim.last_trouble) sim.last_trouble = sim.now;
  faults[step->kind].end(step);
}

void fault_begin(const struct step *step) {
  const usec_t end = sim.now + length_of(step);
  char text[100];
  plan_tell(step, text, sizeof text);
  sim_tell("FAULT %s", text);
  if (end > sim.last_trouble) sim.last_trouble = end;
  faults[step->kind].begin(step);
  sim_after(length_of(step), end_fault, NULL, (uint64_t)(step - sim.plan.steps));
}
