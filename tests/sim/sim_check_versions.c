/* sim_check_versions.c - the invariants of published documents: each event goes by the versions that stand before it in the log, each case
 * by the policy that it began with until it is moved to another, each date by the newest calendar. */
#include "document/document.h"
#include "rectify/words.h"
#include "tests/sim/sim.h"

static uint32_t newest[DOCUMENT_CALENDAR + 1];
static uint64_t reviews_wanted; /* size of the log with the last publication that cases are reviewed by */
static uint64_t published;

static struct {
  uint32_t version;
  struct calendar *calendar;
} parsed;

void check_versions_clear(void) {
  memset(newest, 0, sizeof newest);
  reviews_wanted = published = 0;
  parsed.version = 0;
}

uint64_t check_published_count(void) { return published; }

static void check_publication(const struct event *event, uint64_t log_index) {
  HOLDS(event->document_version == newest[event->document] + 1, "event %llu: version %u of document %u came after version %u",
        (unsigned long long)log_index, event->document_version, event->document, newest[event->document]);
  newest[event->document] = event->document_version;
  published += event->actor != 0;
  if (event->document != DOCUMENT_POLICY) reviews_wanted = log_index + 1;
}

/* What the shell decides by itself goes by no policy. */
static bool goes_by_a_policy(uint32_t command) {
  return command != COMMAND_READ && command != COMMAND_ERASE && command != COMMAND_ERASE_ASK;
}

/* A takeover knows what was published before it. */
static void check_policy(const struct event *event, const struct case_state *before, uint64_t log_index) {
  const bool moved = event->command == COMMAND_REBASE && !rule_refuses(event->rule);
  const uint32_t wanted = event->command == COMMAND_SUBMIT || moved ? newest[DOCUMENT_POLICY] : before->policy_version;
  if (before->case_no == 0 && event->command != COMMAND_SUBMIT) return; /* what follows from a case goes by that one's */
  HOLDS(event->policy_version == wanted, "event %llu of case %llu goes by version %u of the policy, not %u", (unsigned long long)log_index,
        (unsigned long long)event->case_no, event->policy_version, wanted);
}

void check_version(const struct event *event, const struct case_state *before, uint64_t log_index) {
  if (event->command == COMMAND_PUBLISH && !rule_refuses(event->rule)) {
    check_publication(event, log_index);
    return;
  }
  HOLDS(event->calendar_version == newest[DOCUMENT_CALENDAR] && event->registry_version == newest[DOCUMENT_REGISTRY],
        "event %llu goes by calendar %u and registry %u, and %u and %u are published", (unsigned long long)log_index, event->calendar_version,
        event->registry_version, newest[DOCUMENT_CALENDAR], newest[DOCUMENT_REGISTRY]);
  if (before != NULL && goes_by_a_policy(event->command)) check_policy(event, before, log_index);
  HOLDS(event->command != COMMAND_RUNG_DUE || server.head.reviewed >= reviews_wanted, "event %llu: a rung fired, and not all cases were reviewed",
        (unsigned long long)log_index);
}

/* ---- dates ---- */

static const struct calendar *calendar_now(void) {
  struct document_report report = {0};
  size_t length;
  if (parsed.version == newest[DOCUMENT_CALENDAR]) return parsed.calendar;
  if (parsed.calendar != NULL) calendar_free(parsed.calendar);
  const char *text = server_document(DOCUMENT_CALENDAR, newest[DOCUMENT_CALENDAR], &length);
  parsed.calendar = calendar_parse("calendar", text, length, &report);
  parsed.version = newest[DOCUMENT_CALENDAR];
  document_report_free(&report);
  must(parsed.calendar != NULL);
  return parsed.calendar;
}

/* Whose zone it is by, is the core's to know: both of the city's will do. */
static bool ends_on_a_working_day(usec_t due) {
  static struct zone zones[2];
  static bool loaded;
  if (!loaded) must(zone_load("Asia/Shanghai", &zones[0]) && zone_load("Europe/Berlin", &zones[1]));
  loaded = true;
  return workday_is(calendar_now(), zone_day_of(&zones[0], due - 1)) || workday_is(calendar_now(), zone_day_of(&zones[1], due - 1));
}

void check_dates(const struct case_state *state) {
  const usec_t now = sim_born + sim.now;
  if (!status_is_open(state->status) || server.head.reviewed < reviews_wanted) return;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX; i++) {
    const struct case_clock *clock = &state->clocks[i];
    if (clock->kind == 0 || clock->state != CLOCK_RUNNING || clock->budget.unit != SPAN_WD || clock->due <= now) continue;
    HOLDS(ends_on_a_working_day(clock->due), "case %llu: clock %u ends on a day that is none by calendar %u", (unsigned long long)state->case_no,
          clock->kind, newest[DOCUMENT_CALENDAR]);
  }
}

void check_reviewed(void) {
  HOLDS(server.head.reviewed >= reviews_wanted, "not all cases were reviewed after the publication that event %llu is", (unsigned long long)reviews_wanted - 1);
}
