/* diff.c - in what two policies differ: diff.h.  Values are compared as the lines of describe.h show them, so that whatever
 * can be seen to differ is reported and nothing else. */
#include "rehearse/diff.h"

#include <stdio.h>
#include <string.h>

#include "rehearse/describe.h"
#include "rehearse/facts.h"

struct diff {
  const struct policy *before, *after;
  difference_fn *each;
  void *context;
  uint32_t count;
};

static void tell(struct diff *diff, const char *what, const char *before, const char *after) {
  diff->count++;
  diff->each(diff->context, what, before, after);
}

static void compare(struct diff *diff, const char *what, struct line before, struct line after) {
  if (strcmp(before.text, after.text) != 0) tell(diff, what, before.text, after.text);
}

/* ---- what stands at the top level ---- */

static struct line time_line(int32_t minutes) {
  struct line line = {0};
  line.used = (uint32_t)snprintf(line.text, sizeof line.text, "%02d:%02d", minutes / 60, minutes % 60);
  return line;
}

static struct line name_line(const char *text) {
  struct line line = {0};
  line.used = (uint32_t)snprintf(line.text, sizeof line.text, "%s", *text != '\0' ? text : "none");
  return line;
}

/* The name of a ladder that is in use. */
static struct line ladder_line(const struct policy *policy, uint32_t index, bool used) {
  return name_line(used && index < policy->ladder_count ? policy->ladders[index].name : "");
}

/* The rows: what it is called, and its line in a policy. */
#define SECTION_ROWS(X)                                                                                              \
  X("name", name_line(p->name))                                                                                      \
  X("title", name_line(p->title))                                                                                    \
  X("remind_at", time_line(p->remind_minutes))                                                                       \
  X("recurrence, window of the same problem in days", describe_count(p->recurrence_days))                            \
  X("recurrence, how many earlier ones of the same problem", describe_count(p->recurrence_min))                      \
  X("recurrence, edge", describe_word(words_edge, p->recurrence_edge))                                               \
  X("recurrence, window of the same kind in days", describe_count(p->same_kind_days))                                \
  X("recurrence, how many earlier ones of the same kind", describe_count(p->same_kind_min))                          \
  X("recurrence, track of the case for the same kind", describe_word(words_track, p->same_kind_track))               \
  X("unrouted, limit of the office", describe_span(p->unrouted))                                                     \
  X("unrouted, ladder", ladder_line(p, p->unrouted_ladder, true))                                                    \
  X("bounce, how often", describe_count(p->bounce_max))                                                              \
  X("extension, working days ahead", describe_count(p->extension.ask_before_wd))                                     \
  X("extension, limit of the decision", describe_span(p->extension.decide))                                          \
  X("extension, how often", describe_count(p->extension.count_max))                                                  \
  X("extension, working days in all", describe_count(p->extension.total_max_wd))                                     \
  X("extension, ladder", ladder_line(p, p->extension.ladder, p->extension.count_max > 0))                            \
  X("hold, the longest", describe_span(p->hold_max))                                                                 \
  X("hold, ladder", ladder_line(p, p->hold_ladder, p->hold_max.unit != SPAN_NONE))                                   \
  X("stage, the longest", describe_span(p->stage_max))                                                               \
  X("accountability, time of the statement", describe_span(p->statement))                                            \
  X("accountability, time of the appeal", describe_span(p->appeal))                                                  \
  X("sweep, track", describe_word(words_track, p->sweep_track))                                                      \
  X("sweep, limit", describe_span(p->sweep_limit))                                                                  \
  X("evidence counts with its file only", describe_truth(p->evidence_stored))

static void diff_sections(struct diff *diff) {
#define X(what, line_of)                  \
  {                                       \
    const struct policy *p = diff->before; \
    struct line before = line_of;         \
    p = diff->after;                      \
    compare(diff, what, before, line_of); \
  }
  SECTION_ROWS(X)
#undef X
}

/* ---- tracks ---- */

static void diff_track(struct diff *diff, uint32_t track) {
  const struct track_policy *before = &diff->before->tracks[track], *after = &diff->after->tracks[track];
  char what[128];
  const char *name = word_name(words_track, track);
  for (uint32_t clock = 1; clock <= CLOCK_COUNT; clock++) {
    snprintf(what, sizeof what, "track %s, limit of %s", name, word_name(words_clock, clock));
    compare(diff, what, describe_span(before->limits[clock]), describe_span(after->limits[clock]));
    snprintf(what, sizeof what, "track %s, ladder of %s", name, word_name(words_clock, clock));
    compare(diff, what, ladder_line(diff->before, before->ladders[clock], before->limits[clock].unit != SPAN_NONE),
            ladder_line(diff->after, after->ladders[clock], after->limits[clock].unit != SPAN_NONE));
  }
  for (uint32_t edge = 1; edge <= EDGE_COUNT; edge++) {
    snprintf(what, sizeof what, "track %s, edge %s", name, word_name(words_edge, edge));
    compare(diff, what, describe_word(words_track, before->edges[edge]), describe_word(words_track, after->edges[edge]));
  }
  snprintf(what, sizeof what, "track %s, rework_max", name);
  compare(diff, what, describe_count(before->rework_max), describe_count(after->rework_max));
  snprintf(what, sizeof what, "track %s, sweep", name);
  compare(diff, what, describe_truth(before->sweep), describe_truth(after->sweep));
}

/* ---- ladders, by name; rungs, by when they fire ---- */

static const struct ladder *ladder_named(const struct policy *policy, const char *name) {
  for (uint32_t i = 0; i < policy->ladder_count; i++)
    if (strcmp(policy->ladders[i].name, name) == 0) return &policy->ladders[i];
  return NULL;
}

static const struct rung *rung_at(const struct ladder *ladder, struct span at) {
  for (uint32_t k = 0; ladder != NULL && k < ladder->count; k++)
    if (ladder->rungs[k].at.count == at.count && ladder->rungs[k].at.unit == at.unit) return &ladder->rungs[k];
  return NULL;
}

static void diff_rung(struct diff *diff, const char *ladder, struct span at, const struct rung *before,
                      const struct rung *after) {
  char what[128];
  snprintf(what, sizeof what, "ladder %.63s, rung at %s%.20s", ladder, at.count > 0 ? "+" : "", describe_span(at).text);
  compare(diff, what, before != NULL ? describe_rung(before) : name_line(""), after != NULL ? describe_rung(after) : name_line(""));
}

static void diff_ladder(struct diff *diff, const char *name, const struct ladder *before, const struct ladder *after) {
  for (uint32_t k = 0; before != NULL && k < before->count; k++)
    diff_rung(diff, name, before->rungs[k].at, &before->rungs[k], rung_at(after, before->rungs[k].at));
  for (uint32_t k = 0; after != NULL && k < after->count; k++)
    if (rung_at(before, after->rungs[k].at) == NULL) diff_rung(diff, name, after->rungs[k].at, NULL, &after->rungs[k]);
}

static void diff_ladders(struct diff *diff) {
  for (uint32_t i = 0; i < diff->before->ladder_count; i++) {
    const struct ladder *ladder = &diff->before->ladders[i];
    diff_ladder(diff, ladder->name, ladder, ladder_named(diff->after, ladder->name));
  }
  for (uint32_t i = 0; i < diff->after->ladder_count; i++) {
    const struct ladder *ladder = &diff->after->ladders[i];
    if (ladder_named(diff->before, ladder->name) == NULL) diff_ladder(diff, ladder->name, NULL, ladder);
  }
}

/* ---- routes, whose order counts: the longest common part stays, the rest came or went ---- */

struct common {
  uint8_t length[ROUTES_MAX + 1][ROUTES_MAX + 1]; /* of the common part of what follows (i, k) */
};

static bool same_route(const struct diff *diff, uint32_t i, uint32_t k) {
  return strcmp(describe_route(&diff->before->routes[i]).text, describe_route(&diff->after->routes[k]).text) == 0;
}

static void find_common(const struct diff *diff, struct common *common) {
  memset(common, 0, sizeof *common);
  for (uint32_t i = diff->before->route_count; i-- > 0;)
    for (uint32_t k = diff->after->route_count; k-- > 0;) {
      const uint8_t down = common->length[i + 1][k], right = common->length[i][k + 1];
      common->length[i][k] = down > right ? down : right;
      if (same_route(diff, i, k)) common->length[i][k] = (uint8_t)(common->length[i + 1][k + 1] + 1);
    }
}

static void tell_route(struct diff *diff, uint32_t number, const struct route *before, const struct route *after) {
  char what[64];
  snprintf(what, sizeof what, "route %u%s", number, before == NULL ? " (new)" : after == NULL ? " (gone)" : "");
  struct line was = before != NULL ? describe_route(before) : name_line("");
  struct line is = after != NULL ? describe_route(after) : name_line("");
  tell(diff, what, was.text, is.text);
}

static void diff_routes(struct diff *diff) {
  const struct policy *before = diff->before, *after = diff->after;
  struct common common;
  uint32_t i = 0, k = 0;
  find_common(diff, &common);
  while (i < before->route_count || k < after->route_count) {
    const bool left = i < before->route_count, right = k < after->route_count;
    if (left && right && same_route(diff, i, k)) {
      i++, k++;
    } else if (left && right && common.length[i + 1][k + 1] == common.length[i][k]) {
      tell_route(diff, k + 1, &before->routes[i], &after->routes[k]); /* one in the place of the other */
      i++, k++;
    } else if (left && (!right || common.length[i + 1][k] >= common.length[i][k + 1])) {
      tell_route(diff, i + 1, &before->routes[i], NULL);
      i++;
    } else {
      tell_route(diff, k + 1, NULL, &after->routes[k]);
      k++;
    }
  }
}

uint32_t policy_diff(const struct policy *before, const struct policy *after, difference_fn *each, void *context) {
  struct diff diff = {before, after, each, context, 0};
  diff_sections(&diff);
  for (uint32_t track = 1; track <= TRACK_COUNT; track++) diff_track(&diff, track);
  diff_ladders(&diff);
  diff_routes(&diff);
  return diff.count;
}

void policy_treatment(const struct policy *policy, uint32_t kind, uint32_t severity, struct treatment *out) {
  bool ends = false;
  *out = (struct treatment){0};
  for (uint32_t at = 0; !ends && longest_next_route(policy, kind, severity, 0, 0, &at, &ends); at++) {
    if (!ends) continue;
    const struct route *route = &policy->routes[at];
    *out = (struct treatment){route->number, route->track, facts_limit(policy, route, route->track, CLOCK_RECTIFY)};
  }
}
