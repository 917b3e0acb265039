/* plan.c - see plan.h. */
#include "courier/plan.h"

#include "rectify/must.h"

#define DAYS_SEARCHED 400 /* no calendar rests for longer */

usec_t plan_quiet_end(const struct plan_officer *officer, usec_t now) {
  const int32_t from = officer->contact->quiet_from, until = officer->contact->quiet_until;
  const int32_t minutes = zone_minutes_of(officer->zone, now);
  const day_t today = zone_day_of(officer->zone, now);
  if (from == until) return now;
  if (from < until) return minutes >= from && minutes < until ? zone_day_at(officer->zone, today, until) : now;
  if (minutes < until) return zone_day_at(officer->zone, today, until);
  return minutes >= from ? zone_day_at(officer->zone, today + 1, until) : now;
}

usec_t plan_digest_at(const struct plan_officer *officer, usec_t instant) {
  const int32_t minutes = officer->contact->digest_minutes;
  day_t day = zone_day_of(officer->zone, instant);
  if (minutes < 0) return instant;
  for (int32_t i = 0; i < DAYS_SEARCHED; i++, day++) {
    if (officer->contact->working_days && !workday_is(officer->calendar, day)) continue;
    const usec_t at = zone_day_at(officer->zone, day, minutes);
    if (at >= instant) return at;
  }
  return instant;
}

/* ---- one officer ---- */

struct judging {
  const struct plan_rules *rules;
  const struct plan_officer *officer;
  const struct plan_notice *notices;
  struct plan_place *places;
  uint32_t count, letters;
  usec_t now, *next;
  bool force;
};

static void waits_until(struct judging *it, usec_t instant) {
  if (instant < *it->next) *it->next = instant;
}

static bool of_kind(uint16_t bits, uint8_t kind) { return (bits >> kind & 1) != 0; }

/* Urgent by its kind, or together with one that is. */
static bool is_urgent(const struct judging *it, uint32_t at) {
  const uint64_t digest = it->notices[at].digest;
  if (of_kind(it->rules->at_once, it->notices[at].kind)) return true;
  for (uint32_t i = 0; digest != 0 && i < it->count; i++)
    if (it->notices[i].digest == digest && of_kind(it->rules->at_once, it->notices[i].kind)) return true;
  return false;
}

/* From when on the notice may go by itself. */
static usec_t ready_at(const struct judging *it, uint32_t at, usec_t gathered_at) {
  const bool through = of_kind(it->rules->through_quiet, it->notices[at].kind);
  if (it->force) return it->now;
  if (it->notices[at].digest != 0 && !it->notices[at].settled) return it->now + 1;
  if (!it->places[at].urgent && gathered_at > it->now) return gathered_at;
  return through ? it->now : plan_quiet_end(it->officer, it->now);
}

/* All that waits for a digest goes with the oldest of it. */
static usec_t gathered_from(const struct judging *it) {
  for (uint32_t i = 0; i < it->count; i++)
    if (!it->places[i].urgent) return plan_digest_at(it->officer, it->notices[i].created);
  return it->now;
}

/* Gives notice `at` a place in the letter that `letter` and `used` stand for, or begins the next one. */
static void place_in(struct judging *it, uint32_t at, uint32_t *letter, uint32_t *used) {
  if (*letter == 0 || *used == PLAN_LETTER_MAX) {
    *letter = ++it->letters;
    *used = 0;
  }
  it->places[at].letter = *letter;
  ++*used;
}

/* Notices that go now and are to be in one letter: of one digest number, or (number 0) whatever has no place yet. */
static void place_together(struct judging *it, const bool *goes, bool urgent, uint64_t digest) {
  uint32_t letter = 0, used = 0;
  for (uint32_t i = 0; i < it->count; i++)
    if (goes[i] && it->places[i].letter == 0 && it->places[i].urgent == urgent &&
        (digest == 0 || it->notices[i].digest == digest))
      place_in(it, i, &letter, &used);
}

static void place_singles(struct judging *it, const bool *goes, bool urgent) {
  for (uint32_t i = 0; i < it->count; i++) {
    uint32_t letter = 0, used = 0;
    if (!goes[i] || it->places[i].letter != 0 || it->places[i].urgent != urgent) continue;
    if (it->notices[i].digest != 0) place_together(it, goes, urgent, it->notices[i].digest);
    else place_in(it, i, &letter, &used);
  }
}

static void place_all(struct judging *it, const bool *goes) {
  const bool digests = it->officer->contact->digest_minutes >= 0;
  int32_t singles = 0;
  for (uint32_t i = 0; i < it->count; i++) singles += goes[i] && (it->places[i].urgent || !digests);
  const bool flood = it->rules->gather_from > 0 && singles >= it->rules->gather_from;
  if (flood) place_together(it, goes, true, 0);
  else place_singles(it, goes, true);
  if (digests || flood) place_together(it, goes, false, 0);
  else place_singles(it, goes, false);
}

#define PLAN_AT_ONE_TIME 1024 /* notices judged together; of more, the oldest first */

uint32_t plan_officer(const struct plan_rules *rules, const struct plan_officer *officer, usec_t now, bool force,
                      const struct plan_notice *notices, uint32_t count, struct plan_place *places, usec_t *next) {
  bool goes[PLAN_AT_ONE_TIME];
  struct judging it = {.rules = rules, .officer = officer, .notices = notices, .places = places,
                       .count = count < PLAN_AT_ONE_TIME ? count : PLAN_AT_ONE_TIME, .now = now, .next = next, .force = force};
  for (uint32_t i = 0; i < count; i++) places[i] = (struct plan_place){0};
  for (uint32_t i = 0; i < it.count; i++) places[i].urgent = is_urgent(&it, i);
  const usec_t gathered_at = gathered_from(&it);
  for (uint32_t i = 0; i < it.count; i++) {
    const usec_t ready = ready_at(&it, i, gathered_at);
    goes[i] = ready <= now;
    if (!goes[i]) waits_until(&it, ready);
  }
  if (it.count < count) waits_until(&it, now);
  place_all(&it, goes);
  return it.letters;
}

int32_t plan_backoff(int32_t first, int32_t most, uint32_t failures, uint32_t random) {
  int64_t delay = first;
  must(first > 0 && most >= first);
  for (uint32_t i = 0; i < failures && delay < most; i++) delay *= 2;
  if (delay > most) delay = most;
  const int64_t spread = delay / 4;
  return (int32_t)(delay - spread + (int64_t)(random % (uint64_t)(2 * spread + 1)));
}
