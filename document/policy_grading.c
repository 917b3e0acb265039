/* policy_grading.c - the section `grading`: how many points a unit gets for what, and which grade that is.  A policy without it grades
 * nobody. */
#include "document/policy_draft.h"

#define GRADING_CASES_MAX 1000
#define EXTRA_POINTS_MAX 100
#define VETO_MAX 1000

enum { GRADING_CASES, GRADING_COMPONENTS, GRADING_EXTRAS, GRADING_VETO, GRADING_GRADES, GRADING_COUNT };
static const struct field grading_fields[] = {
    [GRADING_CASES] = {"cases", true}, [GRADING_COMPONENTS] = {"components", true}, [GRADING_EXTRAS] = {"extras", false},
    [GRADING_VETO] = {"veto", false},  [GRADING_GRADES] = {"grades", true},         [GRADING_COUNT] = {NULL, false},
};

enum { PART_WEIGHT, PART_EXPECTED, PART_COUNT };
static const struct field part_fields[] = {
    [PART_WEIGHT] = {"weight", true}, [PART_EXPECTED] = {"expected", true}, [PART_COUNT] = {NULL, false}};

enum { EXTRA_POINTS, EXTRA_MOST, EXTRA_COUNT };
static const struct field extra_fields[] = {
    [EXTRA_POINTS] = {"points", true}, [EXTRA_MOST] = {"most", true}, [EXTRA_COUNT] = {NULL, false}};

enum { GRADE_FROM, GRADE_NAME, GRADE_ZH, GRADE_COUNT };
static const struct field grade_fields[] = {
    [GRADE_FROM] = {"from", true}, [GRADE_NAME] = {"name", true}, [GRADE_ZH] = {"zh", true}, [GRADE_COUNT] = {NULL, false}};

static void component_read(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[PART_COUNT];
  struct grading *grading = &draft->policy->grading;
  int32_t weight = 0, expected = 0;
  const uint32_t component = field_key_word(draft->report, node, "component", words_component);
  if (component == 0 || !field_take(draft->report, node, "a component", part_fields, values)) return;
  field_integer(draft->report, values[PART_WEIGHT], "weight", 1, 100, &weight);
  field_integer(draft->report, values[PART_EXPECTED], "expected", 0, 100, &expected);
  grading->components[grading->component_count++] = (struct grading_component){
      .component = (uint8_t)component, .weight = (uint8_t)weight, .expected = (uint8_t)expected};
}

static void components_read(struct policy_draft *draft, const struct yaml_node *node) {
  const struct grading *grading = &draft->policy->grading;
  uint32_t sum = 0, read = 0;
  if (!field_is(draft->report, node, YAML_MAPPING, "components")) return;
  for (const struct yaml_node *child = node->first; child != NULL && read < GRADING_COMPONENTS_MAX; child = child->next, read++)
    component_read(draft, child);
  for (uint32_t i = 0; i < grading->component_count; i++) sum += grading->components[i].weight;
  if (sum != 100 && grading->component_count == node->count)
    report_error(draft->report, node->key->at, "the weights of the components must add up to 100, not %u", sum);
}

static void extra_read(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[EXTRA_COUNT];
  struct grading *grading = &draft->policy->grading;
  int32_t points = 0, most = 0;
  const uint32_t score = field_key_word(draft->report, node, "thing that is counted", words_score);
  if (score == 0 || !field_take(draft->report, node, "an extra", extra_fields, values)) return;
  if (field_integer(draft->report, values[EXTRA_POINTS], "points", -EXTRA_POINTS_MAX, EXTRA_POINTS_MAX, &points) && points == 0)
    report_error(draft->report, values[EXTRA_POINTS]->at, "an extra of no points changes nothing");
  field_integer(draft->report, values[EXTRA_MOST], "most", 1, EXTRA_POINTS_MAX, &most);
  grading->extras[grading->extra_count++] = (struct grading_extra){
      .score = (uint8_t)score, .points = (int16_t)points, .most = (uint16_t)most};
}

static void veto_read(struct policy_draft *draft, const struct yaml_node *node) {
  struct grading *grading = &draft->policy->grading;
  int32_t least = 0;
  const uint32_t score = field_key_word(draft->report, node, "thing that is counted", words_score);
  if (score == 0 || !field_integer(draft->report, node, "veto", 1, VETO_MAX, &least)) return;
  grading->vetoes[grading->veto_count++] = (struct grading_veto){.score = (uint8_t)score, .least = (uint16_t)least};
}

/* Each child of a mapping of at most `most` ones. */
static void each_of(struct policy_draft *draft, const struct yaml_node *node, const char *what, uint32_t most,
                    void (*read)(struct policy_draft *draft, const struct yaml_node *node)) {
  if (!field_is(draft->report, node, YAML_MAPPING, what)) return;
  if (node->count > most) {
    report_error(draft->report, node->at, "'%s' holds at most %u; this has %u", what, most, node->count);
    return;
  }
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) read(draft, child);
}

static void grade_read(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[GRADE_COUNT];
  struct grading *grading = &draft->policy->grading;
  struct grading_grade *grade = &grading->grades[grading->grade_count];
  if (!field_take(draft->report, node, "a grade", grade_fields, values)) return;
  field_phrase(draft->report, values[GRADE_NAME], "name", grade->name);
  field_phrase(draft->report, values[GRADE_ZH], "zh", grade->zh);
  if (!field_integer(draft->report, values[GRADE_FROM], "from", 0, 200, &grade->from)) return;
  if (grading->grade_count > 0 && grade->from >= grade[-1].from)
    report_error(draft->report, values[GRADE_FROM]->at, "grades must descend: this one does not begin below the one before it");
  if (node->next == NULL && grade->from != 0)
    report_error(draft->report, values[GRADE_FROM]->at, "the last grade must begin at 0: every unit has one");
  grading->grade_count++;
}

static void grades_read(struct policy_draft *draft, const struct yaml_node *node) {
  if (!field_is(draft->report, node, YAML_SEQUENCE, "grades")) return;
  if (node->count < 2 || node->count > GRADES_MAX) {
    report_error(draft->report, node->at, "there are 2 to %d grades; these are %u", GRADES_MAX, node->count);
    return;
  }
  for (const struct yaml_node *item = node->first; item != NULL; item = item->next) grade_read(draft, item);
}

void policy_grading(struct policy_draft *draft, const struct yaml_node *node) {
  const struct yaml_node *values[GRADING_COUNT];
  if (node == NULL || !field_take(draft->report, node, "grading", grading_fields, values)) return;
  field_integer(draft->report, values[GRADING_CASES], "cases", 1, GRADING_CASES_MAX, &draft->policy->grading.cases);
  components_read(draft, values[GRADING_COMPONENTS]);
  each_of(draft, values[GRADING_EXTRAS], "extras", GRADING_EXTRAS_MAX, extra_read);
  each_of(draft, values[GRADING_VETO], "veto", GRADING_VETOES_MAX, veto_read);
  grades_read(draft, values[GRADING_GRADES]);
}
