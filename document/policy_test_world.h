/* policy_test_world.h - the little world in which the tests of a policy are played.  Callers: policy_test_run.c. */
#ifndef RECTIFY_DOCUMENT_POLICY_TEST_WORLD_H
#define RECTIFY_DOCUMENT_POLICY_TEST_WORLD_H

#include "document/policy_tests.h"

/* A root unit with office, verifier, body and principal; an inspection team; a unit of each code that the policy's routes
 * and the test name.  Every unit has a handler and a principal. */
struct test_world {
  struct world world;
  struct policy *policy; /* owned; version 1 */
  struct registry *registry; /* owned; of the present test */
  const struct calendar *calendars;
  uint32_t calendar_count;
  struct zone *zones; /* owned; loaded once, for all tests */
  uint32_t unit, team, inspector; /* of the present test */
};

/* False when memory ran out.  `calendars` are borrowed. */
bool test_world_open(struct test_world *world, const struct policy *policy, const struct calendar *calendars,
                     uint32_t calendar_count);
void test_world_close(struct test_world *world);

/* Makes the registry of one test; NULL, or why it cannot be made. */
const char *test_world_people(struct test_world *world, const struct policy_test *test);

#endif
