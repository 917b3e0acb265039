/* sim_plan.c - draws from a seed who does what when, and what breaks: some busy stretches of seconds with days between them, in
 * which only rungs fire.  A plan can be played without some of its steps: so a failing one is made short. */
#include "tests/sim/sim.h"

#define STRETCHES_MAX 5
#define STRETCH_SECONDS 40
#define FAULTS_MAX 6      /* of one stretch */
#define DEEDS_MAX 7       /* of one person in one stretch */
#define FAULT_MSEC_MAX 15000
#define OUTAGE_HOURS_MAX 3
#define RUSH_SECONDS 10
#define RUNGS_HOUR 16 /* in the city of city.yaml a day begins */
#define RUSH_DEEDS 5 /* of one person */
#define CENTURY_DAYS 36525
#define CENTURY_PAUSE_DAYS 25
#define POST_FAULTS_MAX 4 /* of one stretch */
#define FIRST_OF_POST STEP_COURIER_KILL /* what stands before befalls everybody */
#define LAST_OF_POST STEP_MAIL_REFUSES
#define AMENDMENTS_MAX 3 /* of one stretch */

static const struct {
  const char *name;
  bool is_fault;
} kinds[STEP_KINDS] = {
#define STEP(NAME, name, is_fault, text) {#name, is_fault},
#include "tests/sim/step.def"
#undef STEP
};

const char *step_name(uint32_t kind) { return kinds[kind].name; }
bool step_is_fault(uint32_t kind) { return kinds[kind].is_fault; }

static uint32_t below(uint32_t bound) { return dice_below(DICE_PLAN, bound); }

static void add(struct plan *plan, usec_t at, uint32_t kind, uint32_t who, uint32_t a) {
  if (plan->count == SIM_STEPS_MAX) return;
  plan->steps[plan->count++] = (struct step){at, (uint8_t)kind, (uint8_t)who, a, dice_below(DICE_PLAN, UINT32_MAX)};
}

/* ---- drawing ---- */

/* What takes from the database what it has, or is an operator's, PostgreSQL is not asked to do (sim_record.c). */
static bool is_recorded(uint32_t kind) {
  return kind != STEP_PG_FAILOVER && kind != STEP_UNNAMED && kind != STEP_ROLLED_BACK && kind != STEP_CORRUPT && kind != STEP_PG_FAIL;
}

static uint32_t some_fault(void) {
  uint32_t kind;
  do kind = below(FIRST_OF_POST);
  while (!kinds[kind].is_fault);
  return record_is_on() && !is_recorded(kind) ? STEP_PG_RESTART : kind;
}

static void add_fault(struct plan *plan, usec_t begin) {
  const uint32_t kind = some_fault();
  const uint32_t length = below(3) == 0 ? 50 + below(500) : 200 + below(FAULT_MSEC_MAX);
  add(plan, begin + below(STRETCH_SECONDS * 1000) * MSEC, kind, below(64), length);
}

static void add_deeds(struct plan *plan, usec_t begin, uint32_t who) {
  static const uint8_t weights[] = {STEP_FIND, STEP_FIND, STEP_FIND_NOW, STEP_FIND_NOW, STEP_ACT, STEP_ACT, STEP_ACT,
                                    STEP_ACT,  STEP_ACT,  STEP_ACT,      STEP_ACT_NOW,  STEP_ACT_NOW, STEP_ACT_NOW,
                                    STEP_READ, STEP_READ};
  for (uint32_t i = below(DEEDS_MAX + 1); i > 0; i--) {
    uint32_t kind = weights[below(sizeof weights)];
    if (below(30) == 0) kind = STEP_FORGET;
    if (below(60) == 0) kind = STEP_REGISTRY;
    add(plan, begin + below(STRETCH_SECONDS * 1000) * MSEC, kind, who, below(16));
  }
}

/* All hand in at once while the database is busy, and rungs become due: batches form, and the next one is decided before the last
 * has landed. */
static void add_rush(struct plan *plan, usec_t at) {
  add(plan, at, STEP_PG_SLOW, 0, 1000 * RUSH_SECONDS);
  for (uint32_t who = 0; who < SIM_WATCHER; who++)
    for (uint32_t i = 0; i < RUSH_DEEDS; i++) add(plan, at + below(1000 * RUSH_SECONDS) * MSEC, below(2) == 0 ? STEP_FIND : STEP_FIND_NOW, who, below(16));
}

/* Around the instant at which a day ends for those who have duties. */
static usec_t rush_hour(usec_t from) { return from - from % DAY + DAY + RUNGS_HOUR * HOUR - below(1000 * RUSH_SECONDS) * MSEC; }

static usec_t add_stretch(struct plan *plan, usec_t begin, bool outage) {
  for (uint32_t who = 0; who < SIM_WATCHER; who++) add_deeds(plan, begin, who);
  for (uint32_t i = below(FAULTS_MAX + 1); i > 0; i--) add_fault(plan, begin);
  if (below(2) == 0) add(plan, begin + below(10) * SECOND, STEP_WATCH, SIM_WATCHER, (20 + below(STRETCH_SECONDS)) * 1000);
  if (outage) add(plan, begin + STRETCH_SECONDS * SECOND, STEP_OUTAGE, 0, (1 + below(OUTAGE_HOURS_MAX)) * 3600 * 1000);
  return begin + (STRETCH_SECONDS + FAULT_MSEC_MAX / 1000 + 10) * SECOND;
}

/* A failover takes away what couriers were told, if they were told too early. */
static void add_lost_letters(struct plan *plan, usec_t begin) {
  static const uint8_t unsure[] = {STEP_PG_NOTICE, STEP_PG_DOUBT, STEP_UNNAMED};
  if (dice_below(DICE_POST, 3) != 0) return;
  const usec_t at = begin + dice_below(DICE_POST, STRETCH_SECONDS * 1000) * MSEC;
  const uint32_t length = 1000 + dice_below(DICE_POST, FAULT_MSEC_MAX);
  add(plan, at, unsure[dice_below(DICE_POST, sizeof unsure)], dice_below(DICE_POST, 64), length);
  add(plan, at + dice_below(DICE_POST, length) * MSEC, STEP_PG_FAILOVER, dice_below(DICE_POST, 64), 200);
}

/* What happens to couriers and the servers behind them: drawn apart, so that all else is the same with and without them. */
static void add_post_faults(struct plan *plan, usec_t begin) {
  for (uint32_t i = 1 + dice_below(DICE_POST, POST_FAULTS_MAX); i > 0; i--) {
    const uint32_t kind = FIRST_OF_POST + dice_below(DICE_POST, LAST_OF_POST + 1 - FIRST_OF_POST);
    const usec_t at = begin + dice_below(DICE_POST, STRETCH_SECONDS * 1000) * MSEC;
    add(plan, at, kind, dice_below(DICE_POST, 64), 200 + dice_below(DICE_POST, FAULT_MSEC_MAX));
  }
  if (!record_is_on()) add_lost_letters(plan, begin);
}

static void add_amendments(struct plan *plan, usec_t begin) {
  static const uint8_t amendments[] = {STEP_ERASE, STEP_POLICY, STEP_CALENDAR, STEP_REBASE};
  for (uint32_t i = 1 + dice_below(DICE_POST, AMENDMENTS_MAX); i > 0; i--) {
    const uint32_t kind = amendments[dice_below(DICE_POST, sizeof amendments)];
    const usec_t at = begin + dice_below(DICE_POST, STRETCH_SECONDS * 1000) * MSEC;
    add(plan, at, kind, dice_below(DICE_POST, SIM_WATCHER), dice_below(DICE_POST, 16));
  }
}

static int compare(const void *a, const void *b) {
  const struct step *x = a, *y = b;
  return x->at != y->at ? (x->at < y->at ? -1 : 1) : 0;
}

/* Insertion: steps of one instant stay in the order in which they were drawn. */
static void sort(struct plan *plan) {
  for (uint32_t i = 1; i < plan->count; i++) {
    const struct step step = plan->steps[i];
    uint32_t at = i;
    for (; at > 0 && compare(&plan->steps[at - 1], &step) > 0; at--) plan->steps[at] = plan->steps[at - 1];
    plan->steps[at] = step;
  }
}

void plan_make(struct plan *plan, uint64_t seed) {
  const uint32_t stretches = 1 + below(STRETCHES_MAX);
  usec_t at = 3 * SECOND, begins[STRETCHES_MAX];
  (void)seed;
  plan->count = 0;
  for (uint32_t i = 0; i < stretches; i++) {
    const bool outage = below(6) == 0, rush = below(4) == 0;
    if (rush) add_rush(plan, at = rush_hour(at));
    begins[i] = at;
    const usec_t end = add_stretch(plan, at, outage);
    plan->quiet_at = end + (outage ? OUTAGE_HOURS_MAX * HOUR : 0);
    at = plan->quiet_at + below(15 * 24) * HOUR + below(3600) * SECOND;
  }
  for (uint32_t i = 0; i < stretches && sim.amends; i++) add_amendments(plan, begins[i]);
  for (uint32_t i = 0; i < stretches && sim.posts; i++) add_post_faults(plan, begins[i]);
  sort(plan);
}

/* A finding every second year, somebody does something now and then, something breaks once a year; what else happens are rungs. */
void plan_century(struct plan *plan, uint64_t seed) {
  static const uint8_t deeds[] = {STEP_ACT, STEP_ACT_NOW, STEP_ACT, STEP_ACT_NOW, STEP_READ};
  usec_t at = 3 * SECOND;
  (void)seed;
  plan->count = 0;
  while (at < CENTURY_DAYS * DAY) {
    const uint32_t who = below(SIM_WATCHER);
    if (below(60) == 0) add(plan, at, STEP_FIND, who, 0);
    else add(plan, at, deeds[below(sizeof deeds)], who, 0);
    if (below(200) == 0) add(plan, at + SECOND, STEP_REGISTRY, who, 0);
    if (below(12) == 0) add_fault(plan, at);
    if (below(12) == 0) add(plan, at, STEP_WATCH, SIM_WATCHER, 60000);
    at += DAY + below(2 * CENTURY_PAUSE_DAYS * 24) * HOUR + below(3600) * SECOND;
  }
  for (uint32_t i = 0; i < plan->count; i++)
    if (plan->steps[i].kind == STEP_CLOCK) plan->steps[i].kind = STEP_DAEMON_KILL;
  plan->quiet_at = CENTURY_DAYS * DAY + 120 * SECOND;
  sort(plan);
}

void plan_tell(const struct step *step, char *out, size_t size) {
  if (kinds[step->kind].is_fault) snprintf(out, size, "%s (%u) for %u ms", kinds[step->kind].name, step->who, step->a);
  else snprintf(out, size, "person %u: %s", step->who, kinds[step->kind].name);
}
