/* policy_tests.c - the section `tests` of a policy. */
#include "document/policy_draft.h"

void policy_tests_check(struct report *report, const struct yaml_node *node) {
  (void)field_is(report, node, YAML_SEQUENCE, "tests");
}
