/* test_authorise.c - core/registry.c and core/authorise.c in the city of the specs: subtrees, dates, teams, retirement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/city.h"

static struct city *city;

static day_t day(const char *text) {
  day_t out = 0;
  assert_true(workday_parse(text, strlen(text), &out));
  return out;
}

static uint32_t unit(const char *code) { return city_unit(city, code); }
static uint32_t officer(const char *code) { return city_officer(city, code); }
static uint32_t ask(const char *actor, uint32_t command, const char *unit_code, const char *team) {
  uint32_t on_behalf;
  return authorise_command(&city->world, officer(actor), command, unit(unit_code), unit(team), day("2026-03-02"), &on_behalf);
}

static void test_subtree(void **state) {
  (void)state;
  assert_true(registry_in_subtree(city->registry, unit("community"), unit("city")));
  assert_true(registry_in_subtree(city->registry, unit("community"), unit("street")));
  assert_true(registry_in_subtree(city->registry, unit("street"), unit("street")));
  assert_false(registry_in_subtree(city->registry, unit("street"), unit("community")));
  assert_false(registry_in_subtree(city->registry, unit("community"), unit("fire")));
  assert_false(registry_in_subtree(city->registry, 0, unit("city")));
  assert_false(registry_in_subtree(city->registry, unit("city"), 0));
  assert_false(registry_in_subtree(city->registry, 9999, unit("city")));
}

static void test_holders(void **state) {
  (void)state;
  const struct registry *registry = city->registry;
  assert_int_equal(registry_holder_at(registry, unit("fire"), ROLE_HANDLER, day("2026-03-02")), officer("h-fire"));
  assert_int_equal(registry_holder_at(registry, unit("fire"), ROLE_HANDLER, day("2018-12-31")), officer("h-fire-old"));
  assert_int_equal(registry_holder_at(registry, unit("fire"), ROLE_HANDLER, day("2019-01-01")), officer("h-fire"));
  assert_int_equal(registry_holder_at(registry, unit("community"), ROLE_HANDLER, day("2026-03-02")), 0);
  assert_int_equal(registry_holder(registry, unit("community"), ROLE_HANDLER, day("2026-03-02")), officer("h-street"));
  assert_int_equal(registry_holder(registry, unit("community"), ROLE_OFFICE, day("2026-03-02")), officer("off-street"));
  assert_int_equal(registry_holder(registry, unit("fire"), ROLE_OFFICE, day("2026-03-02")), officer("off-1"));
  assert_int_equal(registry_holder(registry, unit("city"), ROLE_PRINCIPAL, day("2020-01-01")), officer("p-city"));
  assert_int_equal(registry_holder(registry, unit("city"), ROLE_PRINCIPAL, day("2019-12-31")), 0);
  assert_int_equal(registry_holder(registry, 0, ROLE_OFFICE, day("2026-03-02")), 0);
}

static void test_roles(void **state) {
  (void)state;
  const struct registry *registry = city->registry;
  const day_t today = day("2026-03-02");
  assert_int_equal(registry_roles(registry, officer("off-street"), unit("community"), today), ROLE_BIT(ROLE_OFFICE));
  assert_int_equal(registry_roles(registry, officer("off-street"), unit("fire"), today), 0);
  assert_int_equal(registry_roles(registry, officer("off-street"), unit("city"), today), 0);
  assert_int_equal(registry_roles_anywhere(registry, officer("off-street"), today), ROLE_BIT(ROLE_OFFICE));
  assert_int_equal(registry_roles(registry, officer("h-fire-2"), unit("fire"), day("2019-12-31")), 0);
  assert_int_equal(registry_roles(registry, officer("h-fire-2"), unit("fire"), day("2020-01-01")),
                   ROLE_BIT(ROLE_HANDLER));
  assert_int_equal(registry_roles(registry, officer("h-fire-old"), unit("fire"), today), 0);
  assert_int_equal(registry_roles(registry, officer("off-1"), 0, today), 0);
  assert_int_equal(registry_roles(registry, 0, unit("city"), today), 0);
  assert_int_equal(registry_roles(registry, 9999, unit("city"), today), 0);
}

static void test_commands(void **state) {
  (void)state;
  assert_int_equal(ask("h-fire", COMMAND_SIGN_FOR, "fire", "team-1"), RULE_NONE);
  assert_int_equal(ask("p-fire", COMMAND_SIGN_FOR, "fire", "team-1"), RULE_NONE);
  assert_int_equal(ask("h-street", COMMAND_SIGN_FOR, "community", "team-1"), RULE_NONE);
  assert_int_equal(ask("h-street", COMMAND_SIGN_FOR, "fire", "team-1"), RULE_ROLE_MISSING);
  assert_int_equal(ask("off-1", COMMAND_SIGN_FOR, "fire", "team-1"), RULE_ROLE_MISSING);
  assert_int_equal(ask("p-city", COMMAND_ENDORSE, "fire", "team-1"), RULE_NONE); /* the head above may endorse */
  assert_int_equal(ask("nemo", COMMAND_SIGN_FOR, "fire", "team-1"), RULE_ACTOR_UNKNOWN);
  assert_int_equal(ask("off-1", COMMAND_DISPATCH, "", "team-1"), RULE_NONE); /* no unit yet: the root's */
  assert_int_equal(ask("off-street", COMMAND_DISPATCH, "", "team-1"), RULE_ROLE_MISSING);
  assert_int_equal(ask("admin", COMMAND_PUBLISH, "", ""), RULE_NONE);
  assert_int_equal(ask("off-1", COMMAND_PUBLISH, "", ""), RULE_ROLE_MISSING);
  for (const struct word *word = words_command; word->name != NULL; word++) { /* they look, they do not touch */
    if ((command_roles(word->number) & ROLE_SUBJECT) != 0) continue; /* whoever is concerned, auditors too */
    assert_int_not_equal(ask("auditor", word->number, "fire", "team-1"), RULE_NONE);
    if (word->number < COMMAND_PUBLISH) assert_int_not_equal(ask("admin", word->number, "fire", ""), RULE_NONE);
  }
}

static void test_inspectors(void **state) {
  (void)state;
  assert_int_equal(ask("insp-1", COMMAND_SUBMIT, "fire", "team-1"), RULE_NONE);
  assert_int_equal(ask("insp-1", COMMAND_SUBMIT, "", "team-1"), RULE_NONE);
  assert_int_equal(ask("insp-1", COMMAND_SUBMIT, "fire", "team-2"), RULE_NOT_OWN_TEAM);
  assert_int_equal(ask("insp-1", COMMAND_SUBMIT, "fire", ""), RULE_NOT_OWN_TEAM);
  assert_int_equal(ask("insp-1", COMMAND_COMMENT, "fire", "team-2"), RULE_NOT_OWN_TEAM);
  assert_int_equal(ask("insp-1", COMMAND_SIGN_FOR, "fire", "team-1"), RULE_ROLE_MISSING);
  assert_int_equal(ask("insp-street", COMMAND_SUBMIT, "fire", "street"), RULE_NONE);
  assert_int_equal(ask("insp-street", COMMAND_SUBMIT, "street", "team-1"), RULE_NOT_OWN_TEAM); /* the team counts, */
  assert_int_equal(ask("insp-street", COMMAND_COMMENT, "street", "team-1"), RULE_NOT_OWN_TEAM); /* not the unit */
  assert_int_equal(ask("h-fire", COMMAND_SUBMIT, "fire", "team-1"), RULE_ROLE_MISSING);
  assert_int_equal(ask("off-1", COMMAND_SUBMIT, "fire", ""), RULE_NONE);
  assert_int_equal(ask("off-street", COMMAND_SUBMIT, "", ""), RULE_ROLE_MISSING);
}

static void test_the_daemon(void **state) {
  (void)state;
  assert_int_equal(ask("", COMMAND_RUNG_DUE, "fire", ""), RULE_NONE);
  assert_int_equal(ask("off-1", COMMAND_RUNG_DUE, "fire", ""), RULE_NOT_FOR_PEOPLE);
  assert_int_equal(ask("", COMMAND_SIGN_FOR, "fire", ""), RULE_ACTOR_UNKNOWN);
  assert_int_equal(ask("", COMMAND_COUNT + 7, "fire", ""), RULE_NOT_FOR_PEOPLE);
}

static bool reads(const char *actor, const char *unit_code, const char *team) {
  return authorise_read(&city->world, officer(actor), unit(unit_code), unit(team), day("2026-03-02"));
}

static void test_reading(void **state) {
  (void)state;
  assert_true(reads("h-fire", "fire", "team-1"));
  assert_false(reads("h-fire", "street", "team-1"));
  assert_true(reads("auditor", "street", "team-1"));
  assert_true(reads("off-street", "community", "team-1"));
  assert_false(reads("off-street", "fire", "team-1"));
  assert_false(reads("off-street", "", "team-1"));
  assert_true(reads("off-1", "", "team-1"));
  assert_true(reads("insp-1", "fire", "team-1"));
  assert_true(reads("insp-1", "", "team-1"));
  assert_false(reads("insp-1", "fire", "team-2"));
  assert_false(reads("insp-1", "fire", ""));
  assert_false(reads("nemo", "fire", "team-1"));
}

/* Who leaves the registry loses everything, and the next in line takes over. */
static void test_retired(void **state) {
  (void)state;
  uint32_t gone = officer("h-fire");
  city->registry->officers[gone].retired = true;
  assert_int_equal(registry_holder_at(city->registry, unit("fire"), ROLE_HANDLER, day("2026-03-02")),
                   officer("h-fire-2"));
  assert_int_equal(registry_roles(city->registry, gone, unit("fire"), day("2026-03-02")), 0);
  uint32_t on_behalf;
  assert_int_equal(authorise_command(&city->world, gone, COMMAND_SIGN_FOR, unit("fire"), 0, day("2026-03-02"), &on_behalf),
                   RULE_ACTOR_UNKNOWN);
  assert_false(authorise_read(&city->world, gone, unit("fire"), 0, day("2026-03-02")));
  city->registry->officers[gone].retired = false;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_subtree),  cmocka_unit_test(test_holders),    cmocka_unit_test(test_roles),
      cmocka_unit_test(test_commands), cmocka_unit_test(test_inspectors), cmocka_unit_test(test_the_daemon),
      cmocka_unit_test(test_reading),  cmocka_unit_test(test_retired),
  };
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  city_close(city);
  return failed;
}
