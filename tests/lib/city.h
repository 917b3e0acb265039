/* city.h - for specs and unit tests of the core: a world made of the shipped calendars, a policy and a registry file.
 *
 * Everything is loaded by document/, as in the daemon.  A file that cannot be loaded ends the program with its errors.
 */
#ifndef RECTIFY_TESTS_CITY_H
#define RECTIFY_TESTS_CITY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/document.h"

#define CITY_REGISTRY "tests/spec/city.yaml"
#define CITY_POLICY "policy/municipal.yaml"

struct city {
  struct world world;
  struct policy *policy; /* all versions, ascending */
  struct registry *registry;
  struct calendar calendars[CALENDARS_MAX];
  struct calendar *parsed[CALENDARS_MAX]; /* own the texts of `calendars` */
  struct zone zones[ZONES_MAX];
};

static inline void city_need(const void *made, const char *what, struct document_report *report) {
  if (made == NULL) {
    fprintf(stderr, "cannot load %s\n%s", what, report->text != NULL ? report->text : "");
    exit(2);
  }
  document_report_free(report);
}

static inline char *city_read(const char *path, size_t *length) {
  char *text = document_read(path, DOCUMENT_BYTES_MAX, length);
  if (text == NULL) {
    perror(path);
    exit(2);
  }
  return text;
}

static inline void city_calendars(struct city *city) {
  struct document_report report = {0};
  for (const struct document_embedded *row = document_embedded_calendars; row->file_name != NULL; row++) {
    struct calendar *calendar = calendar_parse(row->file_name, row->text, row->length, &report);
    city_need(calendar, row->file_name, &report);
    city->parsed[city->world.calendar_count] = calendar;
    city->calendars[city->world.calendar_count++] = *calendar;
  }
  city->world.calendars = city->calendars;
}

/* Replaces the registry by the file's next version (the first one when there is none). */
static inline void city_publish_registry(struct city *city, const char *path) {
  struct document_report report = {0};
  size_t length = 0;
  char *text = city_read(path, &length);
  struct registry *registry = registry_parse(path, text, length, city->registry, city->calendars,
                                             city->world.calendar_count, city->zones, &city->world.zone_count, &report);
  free(text);
  city_need(registry, path, &report);
  registry->version = city->registry == NULL ? 1 : city->registry->version + 1;
  registry_free(city->registry);
  city->world.registry = city->registry = registry;
}

static inline struct city *city_open(const char *policy_path, const char *registry_path) {
  struct document_report report = {0};
  size_t length = 0;
  struct city *city = calloc(1, sizeof *city);
  if (city == NULL) exit(2);
  city_calendars(city);
  char *text = city_read(policy_path, &length);
  city->policy = policy_parse(policy_path, text, length, &report);
  free(text);
  city_need(city->policy, policy_path, &report);
  city->policy->version = 1;
  city->world.policies = city->policy;
  city->world.policy_count = 1;
  city->world.calendar_version = 1;
  city->world.zones = city->zones;
  city_publish_registry(city, registry_path);
  return city;
}

/* The file's next version, in force from now on. */
static inline void city_publish_policy(struct city *city, const char *path) {
  struct document_report report = {0};
  size_t length = 0;
  char *text = city_read(path, &length);
  struct policy *parsed = policy_parse(path, text, length, &report);
  free(text);
  city_need(parsed, path, &report);
  parsed->version = city->world.policy_count + 1;
  city->policy = realloc(city->policy, (city->world.policy_count + 1) * sizeof *city->policy);
  if (city->policy == NULL) exit(2);
  city->policy[city->world.policy_count++] = *parsed;
  city->world.policies = city->policy;
  free(parsed);
}

/* Replaces the calendar of the same name by the file. */
static inline void city_publish_calendar(struct city *city, const char *path) {
  struct document_report report = {0};
  size_t length = 0;
  char *text = city_read(path, &length);
  struct calendar *parsed = calendar_parse(path, text, length, &report);
  free(text);
  city_need(parsed, path, &report);
  uint32_t at = 0;
  while (at < city->world.calendar_count && strcmp(city->calendars[at].name, parsed->name) != 0) at++;
  if (at == city->world.calendar_count) exit(2);
  parsed->version = ++city->world.calendar_version;
  calendar_free(city->parsed[at]);
  city->parsed[at] = parsed;
  city->calendars[at] = *parsed;
}

static inline void city_close(struct city *city) {
  if (city == NULL) return;
  for (uint32_t i = 0; i < city->world.calendar_count; i++) calendar_free(city->parsed[i]);
  registry_free(city->registry);
  free(city->policy);
  free(city);
}

static inline uint32_t city_officer(const struct city *city, const char *code) {
  return registry_officer_by_code(city->registry, code, strlen(code));
}

static inline uint32_t city_unit(const struct city *city, const char *code) {
  return registry_unit_by_code(city->registry, code, strlen(code));
}

/* "2026-02-13T09:00" or "2026-02-13" (its first instant) on the clocks of the root; ends the program when it is not one. */
static inline usec_t city_instant(const struct city *city, const char *text) {
  day_t day = 0;
  int hour = 0, minute = 0, end = 0;
  const struct zone *zone = &city->zones[city->registry->units[city_unit(city, "city")].zone];
  size_t length = strlen(text);
  bool ok = length >= 10 && workday_parse(text, 10, &day);
  if (ok && length > 10) ok = sscanf(text + 10, "T%2d:%2d%n", &hour, &minute, &end) == 2 && text[10 + end] == '\0';
  if (!ok) {
    fprintf(stderr, "not a date and time: %s\n", text);
    exit(2);
  }
  return zone_day_at(zone, day, hour * 60 + minute);
}

#endif
