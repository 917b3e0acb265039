/* fuzz_document.c - hostile documents: policies, the tests inside them, calendars, registries, configurations, mappings.  The first
 * byte chooses.  What is taken is used: dates are counted by the calendar, the policy is looked through, the registry is asked.  What
 * is not taken has a report whose lines each name a place, and nothing is half-loaded.
 *
 * `make test` replays corpus/document through it; `make fuzz` searches. */
#include <stdlib.h>
#include <string.h>

#include "client/command/mapping.h"
#include "document/config.h"
#include "document/document.h"
#include "document/policy_tests.h"
#include "rectify/calendar.h"
#include "rectify/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAME "f.yaml"

/* Each line of the report begins with the file's name, and there is one exactly when nothing was taken. */
static void judge(bool taken, struct document_report *report) {
  must(taken == (report->errors == 0));
  must(taken || report->text != NULL);
  if (report->text != NULL) must(strncmp(report->text, NAME, sizeof NAME - 1) == 0);
  document_report_free(report);
}

static void try_calendar(const char *text, size_t length) {
  struct document_report report = {0, NULL};
  struct calendar *calendar = calendar_parse(NAME, text, length, &report);
  judge(calendar != NULL, &report);
  if (calendar == NULL) return;
  for (day_t day = 20000; day < 20800; day += 37) {
    const day_t due = workday_add(calendar, day, 15);
    must(due > day && workday_is(calendar, due));
  }
  calendar_free(calendar);
}

static void try_policy(const char *text, size_t length) {
  struct document_report report = {0, NULL};
  struct policy *policy = policy_parse(NAME, text, length, &report);
  judge(policy != NULL, &report);
  if (policy == NULL) return;
  struct policy_tests *tests = policy_tests_parse(NAME, text, length, &report);
  judge(tests != NULL, &report);
  policy_tests_free(tests);
  free(policy);
}

static void try_registry(const char *text, size_t length) {
  static struct zone zones[ZONES_MAX];
  uint32_t zone_count = 0;
  struct document_report report = {0, NULL};
  const struct document_embedded *weekly = document_embedded_calendars;
  struct calendar *calendar = calendar_parse(weekly->file_name, weekly->text, weekly->length, &report);
  must(calendar != NULL);
  struct registry *registry = registry_parse(NAME, text, length, NULL, calendar, 1, zones, &zone_count, &report);
  judge(registry != NULL, &report);
  if (registry != NULL) {
    struct document_report again = {0, NULL}; /* the same once more on top of itself */
    struct registry *next = registry_parse(NAME, text, length, registry, calendar, 1, zones, &zone_count, &again);
    judge(next != NULL, &again);
    must(next != NULL);
    registry_free(next);
  }
  registry_free(registry);
  calendar_free(calendar);
}

static void try_config(const char *text, size_t length) {
  static struct config config;
  struct document_report report = {0, NULL};
  memset(&config, 0, sizeof config);
  const bool taken = config_parse(NAME, text, length, &config, &report);
  judge(taken, &report);
}

static void try_mapping(const char *text, size_t length) {
  struct document_report report = {0, NULL};
  struct mapping *mapping = mapping_parse(NAME, text, length, &report);
  judge(mapping != NULL, &report);
  mapping_free(mapping);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  char *text = malloc(size); /* its own block, so that reading on is seen */
  must(text != NULL);
  memcpy(text, data + 1, size - 1);
  switch (data[0]) {
    case 'c': try_calendar(text, size - 1); break;
    case 'p': try_policy(text, size - 1); break;
    case 'r': try_registry(text, size - 1); break;
    case 'f': try_config(text, size - 1); break;
    case 'm': try_mapping(text, size - 1); break;
    default: break;
  }
  free(text);
  return 0;
}
