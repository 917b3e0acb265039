/* Every role × place × time × command, directly and through a substitute: what command.def says, and nothing else.  What is
 * expected is reckoned here from the table and the plain meaning of a place and a day, without core/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/city.h"

#define TODAY "2026-03-02"
#define TEXT_MAX 60000

/* Where the appointment is, seen from the case: its unit is `a`, its team `team-1`. */
enum place { PLACE_AT, PLACE_ABOVE, PLACE_BELOW, PLACE_BESIDE, PLACE_TEAM, PLACE_OTHER_TEAM, PLACES };
static const char *const place_units[PLACES] = {"a", "top", "b", "c", "team-1", "team-2"};
static const bool covers_unit[PLACES] = {[PLACE_AT] = true, [PLACE_ABOVE] = true};
static const bool covers_team[PLACES] = {[PLACE_TEAM] = true, [PLACE_ABOVE] = true};

enum when { WHEN_OPEN, WHEN_TODAY_ONLY, WHEN_ENDED_YESTERDAY, WHEN_FROM_TOMORROW, WHENS };
static const char *const when_fields[WHENS] = {
    "", ", from: 2026-03-02, until: 2026-03-02", ", until: 2026-03-01", ", from: 2026-03-03"};
static const bool is_now[WHENS] = {[WHEN_OPEN] = true, [WHEN_TODAY_ONLY] = true};

enum via { VIA_SELF, VIA_SUBSTITUTE, VIA_LATE_SUBSTITUTE, VIAS }; /* the last one's time is over */

static struct world world;
static struct calendar *calendar;
static struct zone zones[ZONES_MAX];
static struct registry *registry;
static day_t today;

static void name_of(uint32_t role, uint32_t place, uint32_t when, enum via via, char out[64]) {
  snprintf(out, 64, "r%u-p%u-w%u-v%d", role, place, when, (int)via);
}

/* Calls `each` for every officer of one time; `text` is where they write.  A time has a registry of its own, because a unit has
 * one principal at a time. */
static void for_all(void (*each)(char *text, uint32_t role, uint32_t place, uint32_t when, enum via via), uint32_t when,
                    char *text) {
  for (uint32_t role = 1; role <= ROLE_COUNT; role++)
    for (uint32_t place = 0; place < PLACES; place++)
      for (int via = 0; via < VIAS; via++) each(text, role, place, when, (enum via)via);
}

static void write_line(char *text, const char *line) {
  assert_true(strlen(text) + strlen(line) < TEXT_MAX);
  strcat(text, line);
}

static void write_officer(char *text, uint32_t role, uint32_t place, uint32_t when, enum via via) {
  char line[256], name[64];
  name_of(role, place, when, via, name);
  snprintf(line, sizeof line, "  - {code: %s, name: X, unit: top}\n", name);
  write_line(text, line);
}

static void write_appointment(char *text, uint32_t role, uint32_t place, uint32_t when, enum via via) {
  char line[256], name[64];
  if (via != VIA_SELF) return;
  name_of(role, place, when, via, name);
  snprintf(line, sizeof line, "  - {officer: %s, role: %s, unit: %s%s}\n", name, word_name(words_role, role),
           place_units[place], when_fields[when]);
  write_line(text, line);
}

static void write_substitution(char *text, uint32_t role, uint32_t place, uint32_t when, enum via via) {
  char line[256], name[64], other[64];
  if (via == VIA_SELF) return;
  name_of(role, place, when, VIA_SELF, name);
  name_of(role, place, when, via, other);
  snprintf(line, sizeof line, "  - {officer: %s, by: %s, from: %s, until: %s}\n", name, other,
           via == VIA_SUBSTITUTE ? "2026-03-01" : "2026-02-01", via == VIA_SUBSTITUTE ? "2026-03-09" : "2026-02-28");
  write_line(text, line);
}

static void load(uint32_t when) {
  static char text[TEXT_MAX];
  struct document_report report = {0};
  snprintf(text, sizeof text,
           "registry: matrix\nunits:\n  - {code: top, name: T, calendar: %s, zone: UTC}\n  - {code: a, name: A, parent: top}\n"
           "  - {code: b, name: B, parent: a}\n  - {code: c, name: C, parent: top}\n  - {code: team-1, name: T1, parent: top}\n"
           "  - {code: team-2, name: T2, parent: top}\nofficers:\n  - {code: root, name: R, unit: top}\n",
           calendar->name);
  for_all(write_officer, when, text);
  write_line(text, "appointments:\n  - {officer: root, role: administrator, unit: top}\n  - {officer: root, role: office, unit: top}\n");
  for_all(write_appointment, when, text);
  write_line(text, "substitutions:\n");
  for_all(write_substitution, when, text);
  registry_free(registry);
  registry = registry_parse("matrix.yaml", text, strlen(text), NULL, calendar, 1, zones, &world.zone_count, &report);
  if (registry == NULL) fail_msg("%s", report.text);
  world.registry = registry;
}

static int set_up(void **state) {
  (void)state;
  struct document_report report = {0};
  const struct document_embedded *row = document_embedded_calendars;
  calendar = calendar_parse(row->file_name, row->text, row->length, &report);
  if (calendar == NULL) return -1;
  world.calendars = calendar;
  world.calendar_count = 1;
  world.zones = zones;
  return workday_parse(TODAY, strlen(TODAY), &today) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  registry_free(registry);
  calendar_free(calendar);
  return 0;
}

static uint32_t unit(const char *code) { return registry_unit_by_code(registry, code, strlen(code)); }

/* What the table and the plain meaning say. */
static bool expected(uint32_t command, uint32_t role, uint32_t place, uint32_t when, enum via via) {
  const uint32_t roles = command_roles(command);
  if (roles == 0) return false;
  if ((roles & ROLE_SUBJECT) != 0) return true; /* whom it concerns is looked at elsewhere */
  if (!is_now[when] || via == VIA_LATE_SUBSTITUTE || (roles & ROLE_BIT(role)) == 0) return false;
  return role == ROLE_INSPECTOR ? covers_team[place] : covers_unit[place];
}

static uint32_t tried, allowed;

static void try(char *text, uint32_t role, uint32_t place, uint32_t when, enum via via) {
  char name[64];
  (void)text;
  name_of(role, place, when, via, name);
  const uint32_t actor = registry_officer_by_code(registry, name, strlen(name));
  assert_int_not_equal(actor, 0);
  for (const struct word *word = words_command; word->name != NULL; word++) {
    uint32_t on_behalf;
    uint32_t rule = authorise_command(&world, actor, word->number, unit("a"), unit("team-1"), today, &on_behalf);
    bool wanted = expected(word->number, role, place, when, via);
    tried++;
    allowed += wanted;
    if ((rule == RULE_NONE) != wanted) fail_msg("%s %s: rule %u, but the table says %s", name, word->name, rule, wanted ? "yes" : "no");
    if (rule != RULE_NONE && !rule_refuses(rule)) fail_msg("%s %s: %u is no refusal", name, word->name, rule);
    /* Whoever stands in does it for somebody, and nobody else does. */
    bool subject = (command_roles(word->number) & ROLE_SUBJECT) != 0;
    if (rule == RULE_NONE && !subject && (on_behalf != 0) != (via != VIA_SELF))
      fail_msg("%s %s: on behalf of %u", name, word->name, on_behalf);
  }
}

static void test_commands(void **state) {
  (void)state;
  for (uint32_t when = 0; when < WHENS; when++) {
    load(when);
    for_all(try, when, NULL);
  }
  assert_true(allowed > 100 && tried > 10 * allowed); /* the matrix is neither empty nor all one value */
}

static void try_read(char *text, uint32_t role, uint32_t place, uint32_t when, enum via via) {
  char name[64];
  (void)text;
  name_of(role, place, when, via, name);
  const uint32_t actor = registry_officer_by_code(registry, name, strlen(name));
  bool covers = role == ROLE_INSPECTOR ? covers_unit[place] || covers_team[place] : covers_unit[place];
  bool wanted = role != ROLE_ADMINISTRATOR && role != ROLE_COURIER && is_now[when] && via != VIA_LATE_SUBSTITUTE && covers;
  if (authorise_read(&world, actor, unit("a"), unit("team-1"), today) != wanted) fail_msg("%s reads: not %d", name, wanted);
}

static void test_reading(void **state) {
  (void)state;
  for (uint32_t when = 0; when < WHENS; when++) {
    load(when);
    for_all(try_read, when, NULL);
  }
}

static void test_nobody(void **state) {
  (void)state;
  uint32_t on_behalf;
  load(WHEN_OPEN);
  for (const struct word *word = words_command; word->name != NULL; word++) {
    assert_int_not_equal(authorise_command(&world, registry->officer_count + 1, word->number, unit("a"), 0, today, &on_behalf), RULE_NONE);
    if (command_roles(word->number) != 0)
      assert_int_not_equal(authorise_command(&world, 0, word->number, unit("a"), 0, today, &on_behalf), RULE_NONE);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_commands),
      cmocka_unit_test(test_reading),
      cmocka_unit_test(test_nobody),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
