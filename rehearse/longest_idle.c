/* longest_idle.c - the time to a proposal when nobody does anything: longest.h.
 *
 * Rungs that neither move nor propose change nothing here, and the conditions of the others are settled while nobody acts.
 * What is left is a search: in the present track, which rung that climbs may be the first to fire, and when at the latest?
 * Each move climbs, so that the search ends after four of them.  Where two clocks race, both orders are followed unless
 * one is surely the earlier: the working day of an instant is known as an interval only.
 */
#include <string.h>

#include "rehearse/facts.h"
#include "rehearse/longest.h"

#define NEVER INT32_MAX

/* An instant, from above: in working days since the report, then hours.  `day_end`: at the end of that working day. */
struct upper {
  int32_t wd;
  int32_t hours;
  bool day_end;
};

enum { SIGN, PLAN, RECTIFY, CLOCKS };
static const uint8_t clock_kinds[CLOCKS] = {[SIGN] = CLOCK_SIGN_FOR, [PLAN] = CLOCK_PLAN, [RECTIFY] = CLOCK_RECTIFY};

struct running {
  bool on;
  uint8_t track; /* whose ladder */
  struct span limit;
  int32_t low;   /* working day of its start, at the earliest */
  struct upper high;
  bool fresh;    /* it started with the last event: whatever it does comes after it */
};

struct search {
  const struct policy *policy;
  const struct route *route;
  struct facts facts;
  uint32_t conditions;
  struct longest *worst;
  bool has_days;  /* something on the way was counted in working days, or clocks race: */
  int32_t hours;  /* only without one do the hours of the longest mean something */
};

struct node {
  uint32_t track;
  int32_t low; /* of the last event */
  struct upper high;
  struct running clocks[CLOCKS];
  uint32_t path_count;
  uint8_t path[LONGEST_PATH_MAX];
};

/* One rung that may be the next to climb. */
struct candidate {
  const struct rung *rung;
  int32_t low;
  struct upper high;
  bool sure; /* it has not fired before the last event, and is not left out */
};

int32_t longest_days(int64_t hours) { return hours <= 0 ? 0 : (int32_t)((hours + 1) / 24 + 1); }

static int32_t total(struct upper upper) { return upper.wd + longest_days(upper.hours); }

static struct upper add(struct upper upper, struct span span) {
  if (span.unit == SPAN_HOURS && span.count <= 0) return upper;
  if (span.unit == SPAN_HOURS) return (struct upper){upper.wd, upper.hours + span.count, false};
  return (struct upper){total(upper) + upper.day_end + span.count, 0, true};
}

/* Of the same day the one that says less: days instead of hours. */
static struct upper later(struct upper a, struct upper b) {
  if (total(a) != total(b)) return total(a) > total(b) ? a : b;
  if (a.wd != b.wd) return a.wd > b.wd ? a : b;
  return a.hours > b.hours ? a : b;
}

static struct upper no_later(struct upper a, struct upper b) { return total(a) <= total(b) ? a : b; }

/* ---- when a rung fires ---- */

/* Before the due date, in the same unit as the limit: so much after the start, or left out when that is before it. */
static bool aim_early(const struct running *clock, const struct rung *rung, bool last, struct candidate *out) {
  const int32_t left = clock->limit.count + rung->at.count;
  if (left < 0 && !last) return false;
  out->low = clock->low;
  out->high = clock->high;
  if (left <= 0) { /* on the day of the start, if at all */
    if (clock->high.day_end) out->high = (struct upper){clock->high.wd + 1, 0, false};
    out->sure = last && clock->fresh;
    return true;
  }
  out->sure = clock->fresh;
  out->high = add(clock->high, (struct span){left, clock->limit.unit});
  if (clock->limit.unit == SPAN_WD) out->low += left;
  return true;
}

static bool aim_late(const struct running *clock, const struct rung *rung, struct candidate *out) {
  out->low = clock->low + (clock->limit.unit == SPAN_WD ? clock->limit.count : 0);
  out->high = add(clock->high, clock->limit);
  out->sure = clock->fresh;
  if (rung->at.unit == SPAN_HOURS) {
    out->high = add(out->high, rung->at);
    return true;
  }
  out->low += rung->at.count;
  if (out->high.day_end) out->high.wd += rung->at.count;
  else out->high = (struct upper){total(out->high) + rung->at.count, 0, true};
  return true;
}

/* Days before hours, or hours before the end of a day: somewhere between the start and the due date. */
static bool aim_between(const struct running *clock, const struct rung *rung, bool last, struct candidate *out) {
  out->low = clock->low;
  out->high = add(clock->high, clock->limit);
  out->sure = clock->fresh && (last || (rung->at.unit == SPAN_HOURS && rung->at.count >= -22)); /* a day of 23 hours */
  return true;
}

static bool aim(const struct running *clock, const struct rung *rung, bool last, struct candidate *out) {
  out->rung = rung;
  if (rung->at.count >= 0) return aim_late(clock, rung, out);
  if (rung->at.unit == clock->limit.unit) return aim_early(clock, rung, last, out);
  return aim_between(clock, rung, last, out);
}

/* Whether the rung can be the next to climb after the last event of `node`. */
static bool can_follow(const struct node *node, const struct running *clock, const struct rung *rung, bool last,
                       struct candidate *out) {
  if (!aim(clock, rung, last, out)) return false;
  if (out->low > total(node->high)) out->sure = true;
  if (last) { /* repeats for ever: at the latest one distance after the last event */
    out->sure = true;
    if (!clock->fresh) out->high = later(out->high, add(node->high, rung->every));
  } else if (total(out->high) < node->low) {
    return false;
  }
  if (out->low < node->low) out->low = node->low;
  return true;
}

/* ---- the search ---- */

#define CANDIDATES_MAX (CLOCKS * RUNGS_MAX)

static uint32_t candidates(const struct search *search, const struct node *node, struct candidate *out) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < CLOCKS; i++) {
    const struct running *clock = &node->clocks[i];
    if (!clock->on) continue;
    const uint32_t index = search->policy->tracks[clock->track].ladders[clock_kinds[i]];
    const struct ladder *ladder = &search->policy->ladders[index];
    for (uint32_t k = 0; k < ladder->count; k++) {
      const struct rung *rung = &ladder->rungs[k];
      if (!rung_climbs(search->policy, rung, node->track) || !rung_acts(rung, search->conditions)) continue;
      if (can_follow(node, clock, rung, k + 1 == ladder->count, &out[count])) count++;
    }
  }
  return count;
}

static bool is_worse(const struct longest *a, const struct longest *b) {
  if (!a->routed) return true;
  if (a->bounded != b->bounded) return a->bounded;
  return b->bounded && b->wd > a->wd;
}

static void ends(struct search *search, const struct node *node, bool bounded, struct upper at) {
  struct longest found = {.routed = true, .bounded = bounded, .route = search->route->number,
                          .severity = search->facts.severity, .same_problem = search->facts.same_problem,
                          .path_count = node->path_count};
  memcpy(found.path, node->path, sizeof found.path);
  if (bounded) found.wd = total(at);
  if (at.hours > search->hours) search->hours = at.hours;
  if (is_worse(search->worst, &found)) *search->worst = found;
}

static void start(struct node *node, uint32_t which, struct span limit) {
  if (limit.unit == SPAN_NONE) return;
  node->clocks[which] = (struct running){true, (uint8_t)node->track, limit, node->low, node->high, true};
}

static void enter(struct node *node, uint32_t track) {
  node->track = track;
  if (node->path_count < LONGEST_PATH_MAX) node->path[node->path_count++] = (uint8_t)track;
}

static void follow(struct search *search, const struct node *node);

static void take(struct search *search, const struct node *before, const struct candidate *candidate) {
  const struct track_policy *tracks = search->policy->tracks;
  const uint32_t target = rung_target(search->policy, candidate->rung, before->track);
  struct node node = *before;
  node.low = candidate->low;
  node.high = candidate->high;
  if (target != TRACK_NONE) enter(&node, target);
  if (candidate->rung->propose || target == TRACK_ACCOUNTABILITY) {
    ends(search, &node, true, node.high);
    return;
  }
  for (uint32_t i = 0; i < CLOCKS; i++) node.clocks[i].fresh = false;
  start(&node, RECTIFY, tracks[target].limits[CLOCK_RECTIFY]);
  if (!node.clocks[PLAN].on) start(&node, PLAN, tracks[target].limits[CLOCK_PLAN]);
  follow(search, &node);
}

static void follow(struct search *search, const struct node *node) {
  struct candidate found[CANDIDATES_MAX];
  const uint32_t count = candidates(search, node, found);
  struct upper until = {NEVER, 0, false}; /* by then one of them has fired */
  bool sure = false;
  if (count > 1) search->has_days = true;
  for (uint32_t i = 0; i < count; i++) {
    if (found[i].high.wd != 0) search->has_days = true;
    if (!found[i].sure) continue;
    until = sure ? no_later(until, found[i].high) : found[i].high;
    sure = true;
  }
  if (!sure) ends(search, node, false, node->high);
  for (uint32_t i = 0; i < count; i++) {
    if (sure && found[i].low > total(until)) continue;
    if (sure) found[i].high = no_later(found[i].high, until);
    take(search, node, &found[i]);
  }
}

void longest_idle(const struct policy *policy, uint32_t number, uint32_t severity, uint32_t same_problem,
                  struct longest *out) {
  const struct route *route = &policy->routes[number - 1];
  struct search search = {policy, route, {(uint8_t)severity, same_problem}, 0, out, false, 0};
  struct node node = {0};
  *out = (struct longest){0};
  search.conditions = facts_conditions(&search.facts) | CONDITIONS_IDLE;
  enter(&node, facts_first_track(policy, route, same_problem));
  if (node.track == TRACK_ACCOUNTABILITY) {
    ends(&search, &node, true, node.high);
    return;
  }
  for (uint32_t i = 0; i < CLOCKS; i++) start(&node, i, facts_limit(policy, route, node.track, clock_kinds[i]));
  follow(&search, &node);
  if (out->bounded && !search.has_days) out->hours = search.hours;
}
