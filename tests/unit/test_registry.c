/* Registry files: what is read from a good one, ids over versions, the tree's shape, every error of a bad one with its
 * place, the bounds, and that 20,000 units take linear time. */
#include "rectify/must.h"
#include "report_check.h"

static struct calendar *calendars; /* cn, weekdays */
static struct zone zones[ZONES_MAX]; /* grows over the tests, as in a daemon over the versions */
static uint32_t zone_count;

static int set_up(void **state) {
  (void)state;
  calendars = calloc(2, sizeof *calendars);
  if (calendars == NULL) return -1;
  strcpy(calendars[0].name, "cn");
  strcpy(calendars[1].name, "weekdays");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  free(calendars);
  return 0;
}

static struct registry *parse_named(const char *name, const char *text, size_t length, const struct registry *previous,
                                    struct document_report *report) {
  return registry_parse(name, text, length, previous, calendars, 2, zones, &zone_count, report);
}

static struct registry *must_parse(const char *text, const struct registry *previous) {
  struct document_report report = {0};
  struct registry *registry = parse_named("f", text, strlen(text), previous, &report);
  if (registry == NULL) fail_msg("%s", report.text);
  return registry;
}

static void must_fail_with(const char *text, const char *line) {
  struct document_report report = {0};
  assert_null(parse_named("f", text, strlen(text), NULL, &report));
  report_must_be(&report, line);
}

static struct registry *good(void) {
  size_t length = 0;
  char *text = document_text("registry_good.yaml", &length);
  struct registry *registry = must_parse(text, NULL);
  free(text);
  return registry;
}

static const struct unit *unit(const struct registry *registry, const char *code) {
  for (uint32_t id = 1; id <= registry->unit_count; id++)
    if (strcmp(registry->units[id].code, code) == 0) return &registry->units[id];
  fail_msg("no unit %s", code);
  return NULL;
}

static bool inside(const struct registry *registry, const char *code, const char *above) {
  const struct unit *a = unit(registry, above), *b = unit(registry, code);
  return a->enter <= b->enter && b->leave <= a->leave;
}

static void test_good_registry(void **state) {
  (void)state;
  struct registry *registry = good();
  assert_int_equal(registry->unit_count, 5);
  assert_int_equal(registry->officer_count, 2);
  assert_int_equal(registry_unit_by_code(registry, "yard", 4), 1); /* ids follow the file's order */
  assert_int_equal(registry_unit_by_code(registry, "city", 4), 2);
  assert_int_equal(registry_unit_by_code(registry, "cit", 3), 0);
  assert_int_equal(registry_unit_by_code(registry, "", 0), 0);
  assert_int_equal(registry_officer_by_code(registry, "o114", 4), 2);
  assert_int_equal(registry_officer_by_code(registry, "o115", 4), 0);
  assert_string_equal(unit(registry, "street-east")->name, "东风街道");
  assert_int_equal(unit(registry, "yard")->parent, 3);
  assert_int_equal(unit(registry, "city")->parent, 0);
  assert_int_equal(registry->officers[2].unit, 3);
  registry_free(registry);
}

static void test_tour_tells_subtrees(void **state) {
  (void)state;
  struct registry *registry = good();
  assert_true(inside(registry, "yard", "yard"));
  assert_true(inside(registry, "yard", "street-east"));
  assert_true(inside(registry, "yard", "city"));
  assert_true(inside(registry, "hotel-bar", "hotel"));
  assert_false(inside(registry, "hotel-bar", "street-east"));
  assert_false(inside(registry, "street-east", "yard"));
  assert_false(inside(registry, "city", "hotel"));
  registry_free(registry);
}

static void test_calendar_and_zone_are_inherited(void **state) {
  (void)state;
  zone_count = 0;
  struct registry *registry = good();
  assert_int_equal(zone_count, 2);
  assert_int_equal(unit(registry, "yard")->calendar, 0);
  assert_string_equal(zones[unit(registry, "yard")->zone].name, "Asia/Shanghai");
  assert_int_equal(unit(registry, "hotel-bar")->calendar, 1);
  assert_string_equal(zones[unit(registry, "hotel-bar")->zone].name, "Europe/Berlin");
  registry_free(registry);
}

static void test_appointments_are_sorted(void **state) {
  (void)state;
  struct registry *registry = good();
  assert_int_equal(registry->appointment_count, 4);
  const struct appointment *rows = registry->appointments;
  assert_int_equal(rows[0].unit, 2);
  assert_int_equal(rows[0].role, ROLE_OFFICE);
  assert_int_equal(rows[0].from, DAY_MIN);
  assert_int_equal(rows[1].until, DAY_MAX);
  assert_int_equal(rows[2].role, ROLE_HANDLER);
  assert_int_equal(rows[3].role, ROLE_PRINCIPAL);
  assert_int_equal(registry->by_officer[0].officer, 1);
  assert_int_equal(registry->by_officer[1].officer, 2);
  assert_int_equal(registry->by_officer[1].unit, 2);
  assert_int_equal(registry->by_officer[3].role, ROLE_PRINCIPAL);
  registry_free(registry);
}

#define OFFICE "appointments:\n  - {officer: o, role: office, unit: city}\n"
#define CITY "{code: city, name: c, calendar: cn, zone: Asia/Shanghai}"

static void test_ids_are_kept(void **state) {
  (void)state;
  struct registry *first = must_parse("registry: r\nunits: [" CITY ", {code: a, name: a, parent: city}, "
                                      "{code: b, name: b, parent: a}]\n"
                                      "officers: [{code: p, name: p, unit: b}, {code: o, name: o, unit: b}]\n" OFFICE,
                                      NULL);
  /* a and b go, c comes; then b comes back below c. */
  struct registry *second = must_parse("registry: r\nunits: [{code: c, name: c, parent: city}, " CITY
                                       "]\nofficers: [{code: o, name: o, unit: c}]\n" OFFICE, first);
  assert_int_equal(second->unit_count, 4);
  assert_int_equal(unit(second, "city")->id, 1);
  assert_int_equal(unit(second, "c")->id, 4);
  assert_true(unit(second, "b")->retired);
  assert_int_equal(registry_unit_by_code(second, "b", 1), 0);
  assert_int_equal(unit(second, "b")->parent, 1); /* a is gone too: the nearest one left is the city */
  assert_true(inside(second, "b", "city"));
  assert_true(second->officers[1].retired);
  assert_int_equal(registry_officer_by_code(second, "p", 1), 0);
  assert_int_equal(registry_officer_by_code(second, "o", 1), 2);
  struct registry *third = must_parse("registry: r\nunits: [" CITY ", {code: b, name: B, parent: c}, "
                                      "{code: c, name: c, parent: city}]\n"
                                      "officers: [{code: o, name: o, unit: b}]\n" OFFICE, second);
  assert_int_equal(registry_unit_by_code(third, "b", 1), 3);
  assert_string_equal(unit(third, "b")->name, "B");
  assert_true(inside(third, "b", "c"));
  assert_true(unit(third, "a")->retired);
  registry_free(third);
  registry_free(second);
  registry_free(first);
}

/* A new root above or below: the old one stays in the reach of the new one. */
static void test_root_may_change(void **state) {
  (void)state;
  struct registry *first = must_parse("registry: r\nunits: [{code: old, name: x, calendar: cn, zone: Asia/Shanghai}, "
                                      "{code: city, name: c, parent: old}]\nofficers: [{code: o, name: o, unit: old}]\n"
                                      "appointments: [{officer: o, role: office, unit: old}]\n", NULL);
  struct registry *second = must_parse("registry: r\nunits: [" CITY "]\n"
                                       "officers: [{code: o, name: o, unit: city}]\n" OFFICE, first);
  assert_int_equal(unit(second, "city")->parent, 0);
  assert_int_equal(unit(second, "old")->parent, 2);
  assert_true(inside(second, "old", "city"));
  registry_free(second);
  registry_free(first);
}

static void test_example_of_the_manual(void **state) {
  (void)state;
  char *text = document_example("registry:");
  struct registry *registry = must_parse(text, NULL);
  assert_int_equal(registry->unit_count, 3);
  registry_free(registry);
  free(text);
}

static void test_every_error_in_one_pass(void **state) {
  (void)state;
  static const struct {
    const char *yaml, *expected;
    uint32_t errors;
  } rows[] = {{"registry_bad.yaml", "registry_bad.txt", 19},
              {"registry_roots.yaml", "registry_roots.txt", 2},
              {"registry_office.yaml", "registry_office.txt", 1}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t length = 0;
    char *text = document_text(rows[i].yaml, &length);
    struct document_report report = {0};
    assert_null(parse_named(rows[i].yaml, text, length, NULL, &report));
    assert_int_equal(report.errors, rows[i].errors);
    report_must_be_file(&report, rows[i].expected);
    free(text);
  }
}

/* On an error nothing is half-loaded, the zones neither. */
static void test_zones_stay_on_error(void **state) {
  (void)state;
  zone_count = 0;
  must_fail_with("registry: r\nunits:\n  - " CITY "\nofficers: []\nappointments: []\n",
                 "3:5: error: the root unit has no appointment with the role office: somebody must be accountable for "
                 "every case on every day, and where nobody else is, it is the office");
  assert_int_equal(zone_count, 0);
}

/* A registry of `levels` units in one line. */
static char *chain(uint32_t levels) {
  char *text = malloc(64 * (size_t)levels + 256);
  must(text != NULL);
  int length = sprintf(text, "registry: r\nunits:\n  - " CITY "\n");
  for (uint32_t i = 2; i <= levels; i++)
    length += i == 2 ? sprintf(text + length, "  - {code: u2, name: u, parent: city}\n")
                     : sprintf(text + length, "  - {code: u%u, name: u, parent: u%u}\n", i, i - 1);
  sprintf(text + length, "officers: [{code: o, name: o, unit: city}]\n" OFFICE);
  return text;
}

static void test_depth_is_bounded(void **state) {
  (void)state;
  char *text = chain(UNIT_DEPTH_MAX);
  registry_free(must_parse(text, NULL));
  free(text);
  text = chain(UNIT_DEPTH_MAX + 3);
  must_fail_with(text, "19:5: error: unit 'u17' lies deeper than 16 levels");
  free(text);
}

/* Retiring the lowest of the deepest line keeps the depth within its bound. */
static void test_retired_depth_is_bounded(void **state) {
  (void)state;
  char *text = chain(UNIT_DEPTH_MAX);
  struct registry *first = must_parse(text, NULL);
  char *changed = document_with(text, "  - {code: u16, name: u, parent: u15}\n", "");
  struct registry *second = must_parse(changed, first);
  assert_int_equal(unit(second, "u16")->parent, unit(second, "u15")->id);
  registry_free(second);
  registry_free(first);
  free(changed);
  free(text);
}

/* The largest registry: 20,000 units with codes as a municipality has them.  Quadratic work would take minutes here. */
static void test_largest_registry(void **state) {
  (void)state;
  char *text = malloc(DOCUMENT_BYTES_MAX);
  must(text != NULL);
  int length = sprintf(text, "registry: r\nunits:\n- " CITY "\n");
  for (uint32_t i = 2; i <= UNITS_MAX; i++) {
    if (i < 200) length += sprintf(text + length, "- {code: %u, name: u, parent: city}\n", i);
    else length += sprintf(text + length, "- {code: %u, name: u, parent: %u}\n", i, 2 + i % 198);
  }
  length += sprintf(text + length, "officers: [{code: o, name: o, unit: city}]\n" OFFICE);
  assert_true(length < DOCUMENT_BYTES_MAX);
  struct registry *registry = must_parse(text, NULL);
  assert_int_equal(registry->unit_count, UNITS_MAX);
  assert_int_equal(registry->units[1].leave, UNITS_MAX);
  assert_int_equal(registry_unit_by_code(registry, "19999", 5), 19999);
  struct registry *again = must_parse(text, registry);
  assert_int_equal(again->unit_count, UNITS_MAX);
  registry_free(again);
  /* One code more than there may be, retired ones included. */
  char *changed = document_with(text, "{code: 20000,", "{code: new,");
  struct document_report report = {0};
  assert_null(parse_named("f", changed, strlen(changed), registry, &report));
  report_must_be(&report, "20002:10: error: more than 20000 units, retired ones included");
  registry_free(registry);
  free(changed);
  free(text);
}

static void test_embedded_registry(void **state) {
  (void)state;
  struct document_report report = {0};
  struct registry *registry = parse_named(document_embedded_registry.file_name, document_embedded_registry.text,
                                          document_embedded_registry.length, NULL, &report);
  if (registry == NULL) fail_msg("%s", report.text);
  assert_int_equal(registry->unit_count, 1);
  assert_int_equal(registry_officer_by_code(registry, "office", 6), 1);
  uint32_t roles = 0;
  for (uint32_t i = 0; i < registry->appointment_count; i++) roles |= ROLE_BIT(registry->appointments[i].role);
  assert_int_equal(roles, ROLE_BIT(ROLE_OFFICE) | ROLE_BIT(ROLE_VERIFIER) | ROLE_BIT(ROLE_BODY) |
                              ROLE_BIT(ROLE_ADMINISTRATOR) | ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_INSPECTOR));
  registry_free(registry);
}

static void test_damaged_files(void **state) {
  (void)state;
  size_t length = 0;
  char *text = document_text("registry_good.yaml", &length);
  struct registry *previous = good();
  uint32_t seed = 1175, refused = 0;
  for (int i = 0; i < 1500; i++) {
    size_t damaged_length = 0;
    char *damaged = document_damage(text, length, &seed, &damaged_length);
    struct document_report report = {0};
    struct registry *registry = parse_named("f", damaged, damaged_length, i % 2 == 0 ? NULL : previous, &report);
    assert_true((registry == NULL) == (report.errors > 0));
    report_must_be_plain(&report);
    refused += registry == NULL;
    registry_free(registry);
    document_report_free(&report);
    free(damaged);
  }
  assert_in_range(refused, 500, 1499);
  registry_free(previous);
  free(text);
}

/* registry_reach() against registry_roles() of each officer, unit and role, on days around every appointment's ends. */
static void reach_must_agree(const struct registry *registry, uint32_t officer, uint32_t roles, day_t day) {
  int32_t marks[64];
  assert_true(registry->unit_count + 2 <= sizeof marks / sizeof *marks);
  registry_reach(registry, officer, roles, day, marks);
  for (uint32_t id = 1; id <= registry->unit_count; id++)
    assert_int_equal(marks[registry->units[id].enter] > 0,
                     (registry_roles(registry, officer, id, day) & roles) != 0);
}

static void test_reach_is_roles_of_each_unit(void **state) {
  (void)state;
  struct registry *registry = good();
  for (uint32_t officer = 1; officer <= registry->officer_count; officer++)
    for (uint32_t i = 0; i < registry->appointment_count; i++)
      for (uint32_t role = 0; role <= ROLE_COUNT; role++) {
        uint32_t roles = role == 0 ? UINT32_MAX : ROLE_BIT(role);
        reach_must_agree(registry, officer, roles, registry->appointments[i].from);
        reach_must_agree(registry, officer, roles, registry->appointments[i].from - 1);
        reach_must_agree(registry, officer, roles, registry->appointments[i].until);
      }
  registry_free(registry);
}

/* Would take libfyaml half a minute and a gigabyte (document/yaml.c). */
static void test_brackets_without_end(void **state) {
  (void)state;
  static char text[1024 * 1024];
  memset(text, '[', sizeof text - 1);
  must_fail_with(text, "1:129: error: nested too deeply");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_good_registry),
      cmocka_unit_test(test_tour_tells_subtrees),
      cmocka_unit_test(test_calendar_and_zone_are_inherited),
      cmocka_unit_test(test_appointments_are_sorted),
      cmocka_unit_test(test_ids_are_kept),
      cmocka_unit_test(test_root_may_change),
      cmocka_unit_test(test_example_of_the_manual),
      cmocka_unit_test(test_every_error_in_one_pass),
      cmocka_unit_test(test_zones_stay_on_error),
      cmocka_unit_test(test_depth_is_bounded),
      cmocka_unit_test(test_retired_depth_is_bounded),
      cmocka_unit_test(test_reach_is_roles_of_each_unit),
      cmocka_unit_test(test_brackets_without_end),
      cmocka_unit_test(test_largest_registry),
      cmocka_unit_test(test_embedded_registry),
      cmocka_unit_test(test_damaged_files),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
