/* zone.c - a time zone as a table, asked from the C library: document.h, zone_load().
 *
 * The C library knows one zone at a time, in the environment variable TZ, for the whole process.  So zone_load() sets
 * TZ, asks, and puts TZ back: while it runs, local times of other threads would be wrong, and setenv() must not run
 * beside getenv().  Callers load zones from the one thread that they have, and nothing in rectify asks the C library for
 * a local time otherwise.  No state is left behind.
 *
 * The transitions are found by looking at the offset on each day of 1970-2100, and bisecting to the second between two
 * days that differ.  (Transitions that are undone within one day would be missed; there are none.)
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "document/document.h"

#define SECONDS_PER_DAY 86400
#define SCAN_END ((DAY_MAX + 1) * (time_t)SECONDS_PER_DAY)
#define ZONE_DIRECTORY "/usr/share/zoneinfo"
#define ZONE_FILE_MAGIC "TZif" /* RFC 9636, section 3.1 */

/* Area/City names as the database has them: no absolute path, no way up, nothing that TZ would take for a rule. */
static bool is_zone_name(const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length > CODE_BYTES_MAX || name[0] == '/' || strstr(name, "..") != NULL) return false;
  return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") == length;
}

/* The C library takes an unknown name for UTC without a word; so look whether it has a file of that name. */
static bool is_zone_known(const char *name) {
  const char *directory = getenv("TZDIR");
  char path[PATH_MAX], magic[sizeof ZONE_FILE_MAGIC - 1];
  int length = snprintf(path, sizeof path, "%s/%s", directory != NULL ? directory : ZONE_DIRECTORY, name);
  if (length < 0 || (size_t)length >= sizeof path) return false;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  ssize_t got = read(file, magic, sizeof magic);
  close(file);
  return got == (ssize_t)sizeof magic && memcmp(magic, ZONE_FILE_MAGIC, sizeof magic) == 0;
}

static int32_t offset_at(time_t when) {
  struct tm local;
  return localtime_r(&when, &local) != NULL ? (int32_t)local.tm_gmtoff : 0;
}

/* The first second in (low, high] whose offset is that of `high`. */
static time_t bisect(time_t low, time_t high) {
  int32_t after = offset_at(high);
  while (high - low > 1) {
    time_t middle = low + (high - low) / 2;
    if (offset_at(middle) == after) high = middle;
    else low = middle;
  }
  return high;
}

static bool add_row(struct zone *zone, usec_t transition, int32_t offset_seconds) {
  if (zone->count == ZONE_TRANSITIONS_MAX) return false;
  zone->transition[zone->count] = transition;
  zone->offset_seconds[zone->count++] = offset_seconds;
  return true;
}

static bool scan(struct zone *zone) {
  int32_t offset = offset_at(0);
  if (!add_row(zone, INT64_MIN, offset)) return false;
  for (time_t day = SECONDS_PER_DAY; day <= SCAN_END; day += SECONDS_PER_DAY) {
    int32_t next = offset_at(day);
    if (next == offset) continue;
    if (!add_row(zone, bisect(day - SECONDS_PER_DAY, day) * USEC_PER_SECOND, next)) return false;
    offset = next;
  }
  return true;
}

/* ":name" makes the C library look for a file and nothing else. */
static bool enter_zone(const char *name) {
  char value[CODE_BYTES_MAX + 2] = ":";
  strcat(value, name);
  if (setenv("TZ", value, 1) != 0) return false;
  tzset();
  return true;
}

static void leave_zone(const char *before) {
  if (before != NULL) setenv("TZ", before, 1);
  else unsetenv("TZ");
  tzset();
}

bool zone_load(const char *name, struct zone *out) {
  if (!is_zone_name(name) || !is_zone_known(name)) return false;
  const char *current = getenv("TZ");
  char *before = current != NULL ? strdup(current) : NULL;
  if (current != NULL && before == NULL) return false;
  struct zone zone = {0};
  strcpy(zone.name, name);
  bool ok = enter_zone(name) && scan(&zone);
  leave_zone(before);
  free(before);
  if (ok) *out = zone;
  return ok;
}
