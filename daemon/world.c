#include "daemon/world.h"

#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

struct office *world_new(void) {
  struct office *office = calloc(1, sizeof *office);
  must(office != NULL);
  office->zones = calloc(ZONES_MAX, sizeof *office->zones);
  office->calendars = calloc(CALENDARS_MAX, sizeof *office->calendars);
  must(office->zones != NULL && office->calendars != NULL);
  office->world.zones = office->zones;
  office->world.calendars = office->calendars;
  return office;
}

void world_free(struct office *office) {
  if (office == NULL) return;
  for (uint32_t i = 0; i < office->world.calendar_count; i++) free(office->calendars[i].texts);
  registry_free(office->registry);
  free(office->calendars);
  free(office->zones);
  free(office->policies);
  free(office);
}

static bool refuse(struct document_report *report, const char *file_name, const char *text) {
  report->errors = 1;
  size_t length = strlen(file_name) + strlen(text) + 16;
  report->text = malloc(length);
  must(report->text != NULL);
  report->text[0] = '\0';
  strcat(strcat(strcat(strcat(report->text, file_name), ":1:1: error: "), text), "\n");
  return false;
}

static bool calendar_fits(const struct office *office, const struct calendar *calendar) {
  for (uint32_t i = 0; i < office->world.calendar_count; i++)
    if (strcmp(office->calendars[i].name, calendar->name) == 0) return true;
  return office->world.calendar_count < CALENDARS_MAX;
}

bool world_parse(struct office *office, uint32_t kind, bool stored, const char *file_name, const char *text,
                 size_t length, struct publication *out, struct document_report *report) {
  const uint32_t zones_before = office->world.zone_count;
  *out = (struct publication){.kind = kind, .version = office->versions[kind] + 1};
  if (kind == DOCUMENT_CALENDAR) {
    struct calendar *calendar = calendar_parse(file_name, text, length, report);
    if (calendar == NULL) return false;
    out->parsed = calendar;
    if (calendar_fits(office, calendar)) return true;
    world_discard(out);
    return refuse(report, file_name, "too many calendars");
  }
  if (kind == DOCUMENT_POLICY) {
    if (office->world.policy_count == POLICIES_MAX) return refuse(report, file_name, "too many policy versions");
    out->parsed = (stored ? policy_parse_stored : policy_parse)(file_name, text, length, report);
  } else {
    out->parsed = (stored ? registry_parse_stored : registry_parse)(
        file_name, text, length, office->registry, office->calendars, office->world.calendar_count, office->zones,
        &office->world.zone_count, report);
    if (out->parsed == NULL) office->world.zone_count = zones_before; /* what a refused one named takes no place */
  }
  return out->parsed != NULL;
}

void world_discard(struct publication *publication) {
  if (publication->kind == DOCUMENT_CALENDAR) calendar_free(publication->parsed);
  if (publication->kind == DOCUMENT_POLICY) free(publication->parsed);
  if (publication->kind == DOCUMENT_REGISTRY) registry_free(publication->parsed);
  publication->parsed = NULL;
}

/* A name keeps its place: units hold indexes. */
static void adopt_calendar(struct office *office, struct calendar *calendar) {
  uint32_t at = 0;
  while (at < office->world.calendar_count && strcmp(office->calendars[at].name, calendar->name) != 0) at++;
  must(at < CALENDARS_MAX);
  if (at == office->world.calendar_count)
    office->world.calendar_count++;
  else
    free(office->calendars[at].texts);
  office->calendars[at] = *calendar;
  free(calendar);
}

static void adopt_policy(struct office *office, struct policy *policy) {
  uint32_t count = office->world.policy_count + 1;
  office->policies = realloc(office->policies, count * sizeof *office->policies);
  must(office->policies != NULL);
  office->policies[count - 1] = *policy;
  office->world.policies = office->policies;
  office->world.policy_count = count;
  free(policy);
}

void world_adopt(struct office *office, struct publication *publication) {
  office->versions[publication->kind] = publication->version;
  if (publication->kind == DOCUMENT_CALENDAR) {
    struct calendar *calendar = publication->parsed;
    calendar->version = publication->version;
    office->world.calendar_version = publication->version;
    adopt_calendar(office, calendar);
  } else if (publication->kind == DOCUMENT_POLICY) {
    struct policy *policy = publication->parsed;
    policy->version = publication->version;
    adopt_policy(office, policy);
  } else {
    struct registry *registry = publication->parsed;
    registry->version = publication->version;
    registry_free(office->registry);
    office->registry = registry;
    office->world.registry = registry;
  }
  publication->parsed = NULL;
}
