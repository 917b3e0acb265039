/* document.h - the files people write (policy, calendar, registry, mapping, configuration) into core structures.
 *
 * The only code that knows libfyaml.  Every error is reported as "file:line:column: error: text", all of them in one
 * pass (up to DOCUMENT_ERRORS_MAX), with "did you mean" where a word is near.  Unknown keys are errors.  Nothing is
 * half-loaded: on any error the result is NULL / false and only the report is filled.  Callers: daemon, client, tests.
 */
#ifndef RECTIFY_DOCUMENT_H
#define RECTIFY_DOCUMENT_H

#include "rectify/core.h"

/* Collects errors as text lines.  `text` is owned by the report; document_report_free() frees it. */
struct document_report {
  uint32_t errors;
  char *text; /* "file:line:column: error: ...\n" per error; NULL when none */
};
void document_report_free(struct document_report *report);

/* Parses a calendar.  Returns a calendar to free with calendar_free(), or NULL with errors in *report. */
struct calendar *calendar_parse(const char *file_name, const char *text, size_t length,
                                struct document_report *report);
void calendar_free(struct calendar *calendar);

/* Parses a policy.  To free with free(). */
struct policy *policy_parse(const char *file_name, const char *text, size_t length, struct document_report *report);
/* Where the parts of a policy stand in its file, for what is found out about them later; 0: not there. */
struct policy_places {
  struct { uint32_t line, column; } routes[ROUTES_MAX], tracks[TRACK_COUNT + 1], ladders[LADDERS_MAX];
};
/* The same, and fills *places when it returns a policy. */
struct policy *policy_parse_places(const char *file_name, const char *text, size_t length, struct policy_places *places,
                                   struct document_report *report);
/* The same for one that was published before, maybe under an older program: only what the core relies on is checked, so
 * that a check which was added since never keeps a daemon from starting.  Cases pinned to it go on under it. */
struct policy *policy_parse_stored(const char *file_name, const char *text, size_t length,
                                   struct document_report *report);

/* Parses a registry on top of `previous` (NULL: the first).  Calendar names are resolved against `calendars`, zone
 * names against and into `zones` (zone_load() for new ones, up to ZONES_MAX).  To free with registry_free(). */
struct registry *registry_parse(const char *file_name, const char *text, size_t length,
                                const struct registry *previous, const struct calendar *calendars,
                                uint32_t calendar_count, struct zone *zones, uint32_t *zone_count,
                                struct document_report *report);
/* The same for one that was published before, maybe under an older program: checks that were added since are left out. */
struct registry *registry_parse_stored(const char *file_name, const char *text, size_t length,
                                       const struct registry *previous, const struct calendar *calendars,
                                       uint32_t calendar_count, struct zone *zones, uint32_t *zone_count,
                                       struct document_report *report);
void registry_free(struct registry *registry);

/* Ids by code through a hash index that registry_parse() built; 0 when unknown or retired. */
uint32_t registry_unit_by_code(const struct registry *registry, const char *code, size_t length);
uint32_t registry_officer_by_code(const struct registry *registry, const char *code, size_t length);
/* The same with the retired ones: for who looks something up, never for who may act or is given something to do. */
uint32_t registry_find_unit(const struct registry *registry, const char *code, size_t length);
uint32_t registry_find_officer(const struct registry *registry, const char *code, size_t length);

/* Loads a zone by its IANA name through the C library's zoneinfo; false when the system does not know it, or when it has
 * more than ZONE_TRANSITIONS_MAX changes until 2100.  Sets and restores TZ of the whole process meanwhile (about 20 ms):
 * no other thread may use the environment or local time then. */
bool zone_load(const char *name, struct zone *out);

/* Reads a whole file of at most `bytes_max` bytes.  Returns a buffer to free(), or NULL with errno set (EFBIG: too
 * large). */
char *document_read(const char *path, size_t bytes_max, size_t *length);

/* The embedded defaults (policy/municipal.yaml, policy/calendar/...yaml, deploy/registry.yaml), compiled in. */
struct document_embedded {
  const char *file_name;
  const char *text;
  size_t length;
};
extern const struct document_embedded document_embedded_policy;
extern const struct document_embedded document_embedded_registry;
extern const struct document_embedded document_embedded_calendars[]; /* ends with file_name NULL */

#endif
