/* zone.c - between instants and civil dates, by the tables that zone_load() made: calendar.h, zone_*. */
#include "rectify/calendar.h"
#include "rectify/must.h"

#define USEC_PER_MINUTE (60 * USEC_PER_SECOND)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)
#define DAY_FAR 100000000 /* nearly the reach of usec_t in days */

/* The last row whose transition is not after `instant`. */
static uint32_t row_at(const struct zone *zone, usec_t instant) {
  must(zone->count > 0 && zone->count <= ZONE_TRANSITIONS_MAX);
  uint32_t low = 0, high = zone->count; /* row `low` begins at or before `instant`, row `high` after it */
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (zone->transition[middle] <= instant) low = middle;
    else high = middle;
  }
  return low;
}

static usec_t offset_of(const struct zone *zone, uint32_t row) {
  return zone->offset_seconds[row] * USEC_PER_SECOND;
}

/* The first instant at which the local clock shows `local` or later.  In a gap that is the end of the gap; of two
 * instants with the same local time it is the earlier.  The search begins a day early because no zone is a day or
 * more away from UTC, then walks over the rows that end before `local`: one or two. */
static usec_t first_reaching(const struct zone *zone, usec_t local) {
  uint32_t row = row_at(zone, local - USEC_PER_DAY);
  while (row + 1 < zone->count && zone->transition[row + 1] + offset_of(zone, row) <= local) row++;
  usec_t instant = local - offset_of(zone, row);
  return instant > zone->transition[row] ? instant : zone->transition[row];
}

usec_t zone_day_at(const struct zone *zone, day_t day, int32_t minutes) {
  must(day >= -DAY_FAR && day <= DAY_FAR);
  return first_reaching(zone, day * USEC_PER_DAY + minutes * USEC_PER_MINUTE);
}

usec_t zone_day_start(const struct zone *zone, day_t day) { return zone_day_at(zone, day, 0); }

/* What the clocks of the zone show, as if it were UTC.  Far instants are cut, so that INSTANT_NONE cannot overflow. */
static usec_t local_of(const struct zone *zone, usec_t instant) {
  const usec_t far = DAY_FAR * USEC_PER_DAY;
  if (instant > far) instant = far;
  if (instant < -far) instant = -far;
  return instant + offset_of(zone, row_at(zone, instant));
}

day_t zone_day_of(const struct zone *zone, usec_t instant) {
  usec_t local = local_of(zone, instant);
  return (day_t)(local / USEC_PER_DAY - (local % USEC_PER_DAY < 0));
}

int32_t zone_minutes_of(const struct zone *zone, usec_t instant) {
  usec_t of_day = local_of(zone, instant) % USEC_PER_DAY;
  return (int32_t)((of_day < 0 ? of_day + USEC_PER_DAY : of_day) / USEC_PER_MINUTE);
}
