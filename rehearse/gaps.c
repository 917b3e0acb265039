/* gaps.c - what a policy leaves out or can never do: gaps.h.  Each check is one function over the parsed policy. */
#include "rehearse/gaps.h"

#include <stdarg.h>
#include <stdio.h>

#include "rectify/core.h"
#include "rehearse/facts.h"
#include "rehearse/longest.h"

void gap_note(struct gaps *gaps, bool error, enum gap_place place, uint32_t index, const char *format, ...) {
  va_list arguments;
  if (gaps->count == GAPS_MAX) return;
  struct gap *gap = &gaps->rows[gaps->count++];
  gap->error = error;
  gap->place = (uint8_t)place;
  gap->index = (uint8_t)index;
  va_start(arguments, format);
  vsnprintf(gap->text, sizeof gap->text, format, arguments);
  va_end(arguments);
}

/* ---- routes ---- */

/* Earlier findings are counted no further: with so many, every threshold that can be met is met. */
static const uint32_t counts[] = {0, SAME_KIND_COUNT_MAX};

/* The routes that a finding of this kind and severity may take, as bits. */
static uint64_t routes_of(const struct policy *policy, uint32_t kind, uint32_t severity) {
  uint64_t taken = 0;
  for (uint32_t same = 0; same <= SAME_PROBLEM_COUNT_MAX; same++)
    for (uint32_t i = 0; i < 2; i++) {
      bool ends = false;
      for (uint32_t at = 0; !ends && longest_next_route(policy, kind, severity, same, counts[i], &at, &ends); at++)
        taken |= UINT64_C(1) << at;
    }
  return taken;
}

/* One route may be hidden by several together: five kinds, one route each, leave nothing for a sixth. */
static void check_hidden(const struct policy *policy, struct gaps *gaps) {
  uint64_t taken = 0;
  for (uint32_t kind = 1; kind <= KIND_COUNT; kind++)
    for (uint32_t severity = 1; severity <= SEVERITY_COUNT; severity++) taken |= routes_of(policy, kind, severity);
  for (uint32_t i = 0; i < policy->route_count; i++)
    if ((taken >> i & 1u) == 0)
      gap_note(gaps, true, GAP_ROUTE, i, "route %u is never reached: the routes before it together match everything that it would", i + 1);
}

static void check_uncaught(const struct policy *policy, struct gaps *gaps) {
  for (uint32_t kind = 1; kind <= KIND_COUNT; kind++) {
    struct longest_kind found;
    char list[128];
    int used = 0;
    longest_of_kind(policy, kind, &found);
    if (found.uncaught == 0) continue;
    for (uint32_t severity = 1; severity <= SEVERITY_COUNT; severity++)
      if ((found.uncaught >> severity & 1u) != 0)
        used += snprintf(list + used, sizeof list - (size_t)used, "%s%s", used > 0 ? ", " : "",
                         word_name(words_severity, severity));
    gap_note(gaps, false, GAP_FILE, 0, "some findings of kind %s (%s) match no route: they wait for the office", word_name(words_kind, kind), list);
  }
}

/* ---- tracks ---- */

static uint32_t tracks_entered(const struct policy *policy) {
  uint32_t entered = 0;
  for (uint32_t i = 0; i < policy->route_count; i++) {
    entered |= 1u << policy->routes[i].track;
    entered |= 1u << facts_first_track(policy, &policy->routes[i], SAME_PROBLEM_COUNT_MAX);
  }
  entered |= 1u << policy->same_kind_track | 1u << policy->sweep_track;
  for (uint32_t round = 0; round < TRACK_COUNT; round++)
    for (uint32_t track = 1; track <= TRACK_COUNT; track++)
      for (uint32_t edge = 1; (entered >> track & 1u) != 0 && edge <= EDGE_COUNT; edge++)
        entered |= 1u << policy->tracks[track].edges[edge];
  return entered & ~1u;
}

/* Whether time alone leads on from the track, whatever people do. */
static bool leads_on(const struct policy *policy, uint32_t track, bool always) {
  const struct facts plain = {SEVERITY_MINOR, 0};
  const struct ladder *ladder = &policy->ladders[policy->tracks[track].ladders[CLOCK_RECTIFY]];
  for (uint32_t k = 0; k < ladder->count; k++)
    if (rung_climbs(policy, &ladder->rungs[k], track) && (!always || rung_acts_always(&ladder->rungs[k], &plain))) return true;
  return false;
}

static void check_tracks(const struct policy *policy, struct gaps *gaps) {
  const uint32_t entered = tracks_entered(policy);
  for (uint32_t track = 1; track <= TRACK_COUNT; track++) {
    const char *name = word_name(words_track, track);
    const char *ladder = policy->ladders[policy->tracks[track].ladders[CLOCK_RECTIFY]].name;
    if ((entered >> track & 1u) == 0) {
      gap_note(gaps, false, GAP_TRACK, track, "track %s: no route, edge or section leads there; only the office can put a case into it", name);
      continue;
    }
    if (track == TRACK_ACCOUNTABILITY || leads_on(policy, track, true)) continue;
    if (leads_on(policy, track, false))
      gap_note(gaps, false, GAP_TRACK, track, "track %s: every rung of ladder '%s' that leads on has a condition; without it a case stays there",
           name, ladder);
    else
      gap_note(gaps, false, GAP_TRACK, track, "track %s: nothing leads on; a case that nobody puts right stays there, and ladder '%s' reminds for ever",
           name, ladder);
  }
  if (policy->recurrence_edge == EDGE_NONE) return;
  for (uint32_t track = 1; track <= TRACK_COUNT; track++)
    if (policy->tracks[track].edges[policy->recurrence_edge] != TRACK_NONE) return;
  gap_note(gaps, true, GAP_FILE, 0, "recurrence: no track has the edge '%s', so that a recurrence changes nothing",
       word_name(words_edge, policy->recurrence_edge));
}

/* ---- limits that contradict each other ---- */

static bool is_longer(struct span a, struct span b) {
  return a.unit != SPAN_NONE && a.unit == b.unit && a.count > b.count;
}

static void check_limits(const struct policy *policy, struct gaps *gaps) {
  for (uint32_t track = 1; track <= TRACK_COUNT; track++) {
    const struct span *limits = policy->tracks[track].limits;
    const char *name = word_name(words_track, track);
    static const uint8_t within[] = {CLOCK_SIGN_FOR, CLOCK_PLAN, CLOCK_PROGRESS};
    for (uint32_t i = 0; i < sizeof within; i++)
      if (is_longer(limits[within[i]], limits[CLOCK_RECTIFY]))
        gap_note(gaps, false, GAP_TRACK, track, "track %s: '%s' may take longer than 'rectify'", name, word_name(words_clock, within[i]));
  }
  for (uint32_t i = 0; i < policy->route_count; i++) {
    const struct route *route = &policy->routes[i];
    if (is_longer(facts_limit(policy, route, route->track, CLOCK_SIGN_FOR), facts_limit(policy, route, route->track, CLOCK_RECTIFY)) &&
        route->limits[CLOCK_RECTIFY].unit != SPAN_NONE)
      gap_note(gaps, false, GAP_ROUTE, i, "route %u: 'sign_for' may take longer than 'rectify'", i + 1);
  }
}

/* More time must be asked for so early that no limit leaves room for it. */
static void check_extension(const struct policy *policy, struct gaps *gaps) {
  const struct span ask = {policy->extension.ask_before_wd, SPAN_WD};
  bool possible = policy->stage_max.unit != SPAN_NONE && !is_longer(ask, policy->stage_max);
  for (uint32_t track = 1; track <= TRACK_COUNT; track++) possible |= !is_longer(ask, policy->tracks[track].limits[CLOCK_RECTIFY]);
  for (uint32_t i = 0; i < policy->route_count; i++) {
    const struct span limit = policy->routes[i].limits[CLOCK_RECTIFY];
    possible |= limit.unit != SPAN_NONE && !is_longer(ask, limit);
  }
  if (policy->extension.count_max > 0 && !possible)
    gap_note(gaps, true, GAP_FILE, 0, "extension: it must be asked for %dwd before the date, and no limit is so long", ask.count);
}

/* ---- who is told ---- */

/* The recipients whom a ladder ever tells. */
static uint32_t told_by(const struct ladder *ladder) {
  uint32_t told = 0;
  for (uint32_t k = 0; k < ladder->count; k++) told |= ladder->rungs[k].recipients | (uint32_t)ladder->rungs[k].copies;
  return told;
}

static void check_told(const struct policy *policy, struct gaps *gaps) {
  const uint32_t self = 1u << RECIPIENT_HANDLER | 1u << RECIPIENT_ACCOUNTABLE;
  uint64_t seen = 0, subject = 0;
  for (uint32_t track = 1; track <= TRACK_COUNT; track++)
    for (uint32_t clock = 1; clock <= CLOCK_COUNT; clock++) {
      const uint32_t index = policy->tracks[track].ladders[clock];
      const struct ladder *ladder = &policy->ladders[index];
      if (policy->tracks[track].limits[clock].unit == SPAN_NONE) continue;
      if (clock == CLOCK_RECTIFY && (seen >> index & 1u) == 0 && (told_by(ladder) & ~self) == 0)
        gap_note(gaps, false, GAP_LADDER, index, "ladder '%s' (rectify): only whoever is late is told; nobody else hears of it", ladder->name);
      if (clock == CLOCK_RECTIFY) seen |= UINT64_C(1) << index;
      const bool early = clock != CLOCK_DECISION && track != TRACK_ACCOUNTABILITY;
      if (early && (subject >> index & 1u) == 0 && (told_by(ladder) >> RECIPIENT_SUBJECT & 1u) != 0) {
        subject |= UINT64_C(1) << index;
        gap_note(gaps, false, GAP_LADDER, index, "ladder '%s': there is no subject to tell before accountability is proposed", ladder->name);
      }
    }
}

void policy_gaps(const struct policy *policy, struct gaps *out) {
  out->count = 0;
  check_hidden(policy, out);
  check_uncaught(policy, out);
  check_tracks(policy, out);
  check_limits(policy, out);
  check_extension(policy, out);
  check_told(policy, out);
}
