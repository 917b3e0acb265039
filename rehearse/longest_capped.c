/* longest_capped.c - the time to a proposal when people use everything that the policy counts: longest.h.
 *
 * Against people who drag it out only the clock of `rectify` helps: every other one they can answer.  So a track costs its
 * limit and the offset of the first rung that climbs whatever people do, plus what they can add in it; and as the office
 * may move a case to any stricter track by hand, every way up is tried.  There are at most eight.
 */
#include <string.h>

#include "rectify/core.h"
#include "rehearse/facts.h"
#include "rehearse/longest.h"

struct way {
  const struct policy *policy;
  const struct route *route; /* NULL: none, the track's own limits */
  struct facts facts;
  int32_t days;        /* so far */
  int32_t split;       /* what a stop in the middle of hours costs: they touch one more day */
  int32_t rounds;      /* counted verifications: after each, another stage is possible */
  int32_t stage_most;  /* the dearest single stage and bounce on the way */
  int32_t bounce_most;
  uint32_t path_count;
  uint8_t path[LONGEST_PATH_MAX];
  struct longest *worst;
};

/* Working days of a span that begins at any time of a day. */
static int32_t days_of(struct span span) {
  if (span.unit == SPAN_NONE) return 0;
  return span.unit == SPAN_WD ? span.count : longest_days(span.count);
}

/* From the start of the clock to the rung. */
static int32_t days_until(struct span limit, const struct rung *rung) {
  if (limit.unit == SPAN_HOURS && rung->at.unit == SPAN_HOURS) return longest_days(limit.count + rung->at.count);
  const int32_t days = days_of(limit) + (rung->at.count > 0 ? days_of(rung->at) : 0);
  if (limit.unit != rung->at.unit || rung->at.count >= 0) return days;
  return limit.count + rung->at.count > 0 ? limit.count + rung->at.count : 0;
}

/* The rung of the track's rectify ladder that climbs whatever people do; NULL: there is none.  One before the due date can
 * be left out by a short stage, unless it is the last and repeats. */
static const struct rung *climbing_rung(const struct way *way, uint32_t track) {
  const struct ladder *ladder = &way->policy->ladders[way->policy->tracks[track].ladders[CLOCK_RECTIFY]];
  for (uint32_t k = 0; k < ladder->count; k++) {
    const struct rung *rung = &ladder->rungs[k];
    bool stays = rung->at.count >= 0 || k + 1 == ladder->count;
    if (stays && rung_climbs(way->policy, rung, track) && rung_acts_always(rung, &way->facts)) return rung;
  }
  return NULL;
}

static int32_t stage_days(const struct way *way, const struct rung *rung) {
  const struct span most = way->policy->stage_max;
  return most.unit == SPAN_NONE ? 0 : days_until(most, rung);
}

/* Verifications that the track counts; 0: it counts none. */
static int32_t counted_rounds(const struct way *way, uint32_t track) {
  const struct track_policy *row = &way->policy->tracks[track];
  return row->edges[EDGE_QUALITY] == TRACK_NONE ? 0 : row->rework_max;
}

static int32_t extension_days(const struct way *way) {
  const struct extension_policy *extension = &way->policy->extension;
  if (extension->count_max == 0) return 0;
  return way->split != 0 ? longest_days(extension->total_max_wd * INT64_C(24)) : extension->total_max_wd;
}

static int32_t most(int32_t a, int32_t b) { return a > b ? a : b; }

static void reached(const struct way *way, bool bounded) {
  struct longest found = {.routed = true, .bounded = bounded, .route = way->route != NULL ? way->route->number : 0,
                          .severity = way->facts.severity, .same_problem = way->facts.same_problem,
                          .path_count = way->path_count};
  memcpy(found.path, way->path, sizeof found.path);
  if (bounded) found.wd = way->days + (1 + way->rounds) * way->stage_most + way->policy->bounce_max * way->bounce_most;
  struct longest *worst = way->worst;
  if (worst->routed && !worst->bounded) return;
  if (!worst->routed || !bounded || found.wd > worst->wd) *worst = found;
}

static void climb(struct way way, uint32_t track);

/* By the rung, or by hand to any track that is stricter; the night before the new start may cost a day. */
static void climb_on(const struct way *way, uint32_t track, const struct rung *rung) {
  const uint32_t target = rung_target(way->policy, rung, track);
  if (rung->propose || target == TRACK_ACCOUNTABILITY) {
    struct way end = *way;
    if (target != TRACK_NONE && end.path_count < LONGEST_PATH_MAX) end.path[end.path_count++] = (uint8_t)target;
    reached(&end, true);
  }
  for (uint32_t next = 1; next < TRACK_ACCOUNTABILITY; next++) {
    if (!track_is_stricter(next, track)) continue;
    struct way on = *way;
    on.days += 1;
    climb(on, next);
  }
}

static void climb(struct way way, uint32_t track) {
  if (way.path_count < LONGEST_PATH_MAX) way.path[way.path_count++] = (uint8_t)track;
  if (track == TRACK_ACCOUNTABILITY) {
    reached(&way, true);
    return;
  }
  const struct rung *rung = climbing_rung(&way, track);
  if (rung == NULL) {
    reached(&way, false);
    return;
  }
  const struct route *route = way.path_count == 1 ? way.route : NULL;
  const struct span limit = facts_limit(way.policy, route, track, CLOCK_RECTIFY);
  const int32_t phase = days_until(limit, rung), rounds = counted_rounds(&way, track);
  way.days += phase + rounds * (days_of(way.policy->tracks[track].limits[CLOCK_VERIFY]) + way.split);
  way.rounds += rounds;
  way.stage_most = most(way.stage_most, stage_days(&way, rung));
  way.bounce_most = most(way.bounce_most, phase + days_of(way.policy->unrouted) + way.split + 1);
  climb_on(&way, track, rung);
}

static bool counts_hours(const struct policy *policy) {
  for (uint32_t i = 0; i < policy->route_count; i++)
    if (policy->routes[i].limits[CLOCK_RECTIFY].unit == SPAN_HOURS) return true;
  for (uint32_t track = 1; track <= TRACK_COUNT; track++)
    if (policy->tracks[track].limits[CLOCK_RECTIFY].unit == SPAN_HOURS) return true;
  return false;
}

static void begin(struct way *way, uint32_t track) {
  way->split = counts_hours(way->policy);
  way->days += extension_days(way);
  climb(*way, track);
}

void longest_capped(const struct policy *policy, uint32_t number, uint32_t severity, uint32_t same_problem,
                    struct longest *out) {
  const struct route *route = &policy->routes[number - 1];
  struct way way = {.policy = policy, .route = route, .facts = {(uint8_t)severity, same_problem}, .worst = out};
  *out = (struct longest){0};
  const uint32_t first = facts_first_track(policy, route, same_problem);
  if (first == TRACK_ACCOUNTABILITY) climb(way, first); /* at once: nobody has had time for anything */
  else begin(&way, first);
}

/* Whatever track the office names; or none, and then the route of the kind decides, with its limits. */
static void from_office(const struct policy *policy, struct facts facts, struct longest *capped) {
  for (uint32_t track = 1; track <= TRACK_COUNT; track++) {
    struct way way = {.policy = policy, .facts = facts, .worst = capped, .days = days_of(policy->unrouted) + 1};
    begin(&way, track);
  }
  for (uint32_t i = 0; i < policy->route_count; i++) {
    struct way way = {.policy = policy, .route = &policy->routes[i], .facts = facts, .worst = capped,
                      .days = days_of(policy->unrouted) + 1};
    begin(&way, facts_first_track(policy, way.route, facts.same_problem));
  }
}

void longest_unrouted(const struct policy *policy, struct longest *capped, uint32_t *open) {
  static const struct facts kinds_of_facts[] = {
      {SEVERITY_MINOR, 0}, {SEVERITY_MAJOR, 0}, {SEVERITY_MINOR, SAME_PROBLEM_COUNT_MAX}, {SEVERITY_MAJOR, SAME_PROBLEM_COUNT_MAX}};
  *capped = (struct longest){0};
  for (uint32_t i = 0; i < sizeof kinds_of_facts / sizeof *kinds_of_facts; i++) from_office(policy, kinds_of_facts[i], capped);
  *open = OPEN_OFFICE;
}
