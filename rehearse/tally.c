/* tally.c - what a rehearsal counts: tally.h. */
#include "rehearse/tally.h"

#include <stdlib.h>
#include <string.h>

bool tally_open(struct tally *tally, const struct world *world, struct rehearsal_result *out) {
  const struct registry *registry = world->registry;
  memset(tally, 0, sizeof *tally);
  tally->world = world;
  tally->out = out;
  tally->today = calloc(registry->officer_count + 1, sizeof *tally->today);
  tally->told = calloc(registry->officer_count + 1, sizeof *tally->told);
  tally->busy = calloc(registry->officer_count + 1, sizeof *tally->busy);
  out->units = calloc(registry->unit_count + 1, sizeof *out->units);
  out->unit_count = registry->unit_count;
  for (uint32_t i = 0; out->units != NULL && i <= registry->unit_count; i++) out->units[i].unit = i;
  return tally->today != NULL && tally->told != NULL && tally->busy != NULL && out->units != NULL;
}

/* ---- notices by officer and day ---- */

static void end_day(struct tally *tally) {
  for (uint32_t i = 0; i < tally->busy_count; i++) {
    uint32_t *count = &tally->today[tally->busy[i]];
    if (*count > tally->out->day_max) tally->out->day_max = *count;
    tally->days[*count < NOTICES_DAY_MAX ? *count : NOTICES_DAY_MAX]++;
    tally->out->officer_days++;
    *count = 0;
  }
  tally->busy_count = 0;
}

static void count_notices(struct tally *tally, const struct event *event, const struct case_state *after) {
  const day_t day = zone_day_of(world_zone(tally->world, after->unit), event->recorded);
  if (day != tally->day) end_day(tally);
  tally->day = day;
  for (uint32_t i = 0; i < event->notice_count; i++) {
    const uint32_t officer = event->notices[i].officer;
    if (tally->today[officer]++ == 0) tally->busy[tally->busy_count++] = officer;
    if (!tally->told[officer]) tally->out->officers_told++;
    tally->told[officer] = true;
  }
  tally->out->notices += event->notice_count;
}

/* The least number of notices that so many of 100 officer-days do not exceed. */
static uint32_t percentile(const struct tally *tally, uint64_t of_hundred) {
  const uint64_t rank = (tally->out->officer_days * of_hundred + 99) / 100;
  uint64_t seen = 0;
  uint32_t count = 0;
  while (count < NOTICES_DAY_MAX && (seen += tally->days[count]) < rank) count++;
  return tally->out->officer_days == 0 ? 0 : count;
}

/* ---- due dates and long holidays ---- */

/* Days off in a row around `day`, itself included; 0 when it works. */
static int32_t days_off(const struct calendar *calendar, day_t day) {
  if (workday_is(calendar, day)) return 0;
  int32_t count = 1;
  for (day_t before = day - 1; count < 30 && !workday_is(calendar, before); before--) count++;
  for (day_t after = day + 1; count < 30 && !workday_is(calendar, after); after++) count++;
  return count;
}

static void count_dues(struct tally *tally, const struct event *event, const struct case_state *after) {
  const struct calendar *calendar = world_calendar(tally->world, after->unit);
  const struct zone *zone = world_zone(tally->world, after->unit);
  for (uint32_t i = 0; i < event->clock_count; i++) {
    const struct case_clock *clock = &event->clocks[i];
    if (clock->state != CLOCK_RUNNING || clock->generation != event->version) continue;
    const day_t day = zone_day_of(zone, clock->due - 1);
    tally->out->dues++;
    if (days_off(calendar, day) >= HOLIDAY_LONG_DAYS) tally->out->dues_inside++;
    else if (workday_is(calendar, day) && days_off(calendar, day + 1) >= HOLIDAY_LONG_DAYS) tally->out->dues_eve++;
  }
}

/* ---- tracks and units ---- */

static struct rehearsal_unit *row_of(struct tally *tally, uint32_t unit) {
  const struct registry *registry = tally->world->registry;
  while (unit != 0 && registry->units[unit].parent != 0 && registry->units[registry->units[unit].parent].parent != 0)
    unit = registry->units[unit].parent;
  return &tally->out->units[unit];
}

static void count_tracks(struct tally *tally, const struct event *event, const struct case_state *before,
                         const struct case_state *after) {
  struct rehearsal_result *out = tally->out;
  if (before->track == TRACK_NONE && after->track != TRACK_NONE) out->first[after->track]++;
  if (before->track != TRACK_NONE && after->track != before->track && after->track != TRACK_NONE) {
    out->moved[after->track]++;
    out->edges[event->edge]++;
    struct rehearsal_unit *row = row_of(tally, after->unit);
    row->moves++;
    row->into[after->track]++;
  }
  const bool new_proposal = (event->flags_set & CASE_ACCOUNTABILITY) != 0;
  out->proposals += new_proposal;
  if (new_proposal) row_of(tally, after->unit)->proposals++;
}

static void count_finding(struct tally *tally, const struct event *event, const struct case_state *after) {
  if (event->command == COMMAND_SPAWN) {
    tally->out->spawned++;
    return;
  }
  tally->out->findings++;
  row_of(tally, after->unit)->findings++;
}

void tally_event(struct tally *tally, const struct event *event, const struct case_state *before,
                 const struct case_state *after) {
  tally->out->events++;
  if (event->command == COMMAND_RUNG_DUE) tally->out->rungs++;
  if (event->has_finding) count_finding(tally, event, after);
  count_tracks(tally, event, before, after);
  count_dues(tally, event, after);
  count_notices(tally, event, after);
}

void tally_case(struct tally *tally, const struct case_state *state, usec_t until) {
  uint32_t clock;
  if (!status_is_open(state->status)) {
    tally->out->closed++;
    return;
  }
  tally->out->open++;
  const usec_t due = case_due(state, &clock);
  if (due != 0 && due <= until) tally->out->overdue++;
}

static int by_moves(const void *a, const void *b) {
  const struct rehearsal_unit *left = a, *right = b;
  if (left->moves != right->moves) return left->moves > right->moves ? -1 : 1;
  if (left->findings != right->findings) return left->findings > right->findings ? -1 : 1;
  return left->unit < right->unit ? -1 : 1;
}

void tally_close(struct tally *tally) {
  struct rehearsal_result *out = tally->out;
  end_day(tally);
  out->day_p50 = percentile(tally, 50);
  out->day_p99 = percentile(tally, 99);
  uint32_t kept = 0;
  for (uint32_t i = 1; out->units != NULL && i <= out->unit_count; i++)
    if (out->units[i].findings + out->units[i].moves + out->units[i].proposals > 0) out->units[kept++] = out->units[i];
  out->unit_count = kept;
  if (kept > 0) qsort(out->units, kept, sizeof *out->units, by_moves);
  free(tally->today);
  free(tally->told);
  free(tally->busy);
}
