/* grade.c - points and grades of what was counted: grade.h. */
#include "rectify/grade.h"
#include "rectify/must.h"

#define S(score) (1u << SCORE_##score)
static const struct {
  uint32_t good, bad;
} components[] = {
#define COMPONENT(no, NAME, name, zh, good, bad, text) [no] = {good, bad},
#include "rectify/component.def"
#undef COMPONENT
};
#undef S

uint32_t component_good(uint32_t component) {
  must(component >= 1 && component <= COMPONENT_COUNT);
  return components[component].good;
}

uint32_t component_bad(uint32_t component) {
  must(component >= 1 && component <= COMPONENT_COUNT);
  return components[component].bad;
}

uint32_t tally_sum(const struct score_tally *tally, uint32_t scores) {
  uint32_t sum = 0;
  for (uint32_t score = 1; score <= SCORE_COUNT; score++)
    if ((scores >> score & 1u) != 0) sum += tally->counts[score];
  return sum;
}

int32_t grade_points(uint32_t weight, uint32_t expected, uint32_t cases, uint32_t good, uint32_t count) {
  must(weight <= 100 && expected <= 100 && cases > 0 && good <= count);
  const uint64_t of = (uint64_t)cases + count;
  const uint64_t well = (uint64_t)100 * good + (uint64_t)cases * expected;
  return (int32_t)((2 * weight * well + of) / (2 * of));
}

/* Differences of rounded sums add up; a sum of rounded shares would not. */
int32_t grade_gave(uint32_t weight, uint32_t expected, uint32_t cases, uint32_t good, uint32_t bad, uint32_t nth) {
  const uint32_t of = cases + good + bad;
  must(nth <= good);
  const uint64_t until = (uint64_t)weight * (100 * (uint64_t)nth + (uint64_t)cases * expected);
  const int32_t sum = (int32_t)((2 * until + of) / (2 * (uint64_t)of));
  if (nth == 0) return sum;
  const uint64_t before = until - (uint64_t)100 * weight;
  return sum - (int32_t)((2 * before + of) / (2 * (uint64_t)of));
}

int32_t grade_took(uint32_t weight, uint32_t expected, uint32_t cases, uint32_t good, uint32_t bad, uint32_t nth) {
  must(nth <= bad);
  const uint32_t count = good + bad, still_good = good + bad - nth;
  const int32_t left = grade_points(weight, expected, cases, still_good, count);
  if (nth == 0) return (int32_t)(weight * GRADE_POINT) - left;
  return grade_points(weight, expected, cases, still_good + 1, count) - left;
}

static int32_t extra_points(const struct grading_extra *extra, uint32_t count) {
  const int64_t points = (int64_t)extra->points * count;
  const int64_t bounded = points > extra->most ? extra->most : points < -(int64_t)extra->most ? -(int64_t)extra->most : points;
  return (int32_t)(bounded * GRADE_POINT);
}

static void find_grade(const struct grading *grading, const struct score_tally *tally, struct score_card *card) {
  card->veto = -1;
  for (uint32_t i = 0; i < grading->veto_count && card->veto < 0; i++)
    if (tally->counts[grading->vetoes[i].score] >= grading->vetoes[i].least) card->veto = (int32_t)i;
  card->grade = 0;
  while (card->grade + 1 < grading->grade_count &&
         (card->veto >= 0 || card->points < grading->grades[card->grade].from * GRADE_POINT))
    card->grade++;
}

void score_card(const struct grading *grading, const struct score_tally *tally, struct score_card *out) {
  must(grading->cases > 0 && grading->grade_count > 0);
  *out = (struct score_card){0};
  for (uint32_t i = 0; i < grading->component_count; i++) {
    const struct grading_component *row = &grading->components[i];
    const uint32_t good = tally_sum(tally, component_good(row->component)), bad = tally_sum(tally, component_bad(row->component));
    out->components[i].good = good;
    out->components[i].bad = bad;
    out->components[i].points = grade_points(row->weight, row->expected, (uint32_t)grading->cases, good, good + bad);
    out->points += out->components[i].points;
  }
  for (uint32_t i = 0; i < grading->extra_count; i++) {
    out->extras[i] = extra_points(&grading->extras[i], tally->counts[grading->extras[i].score]);
    out->points += out->extras[i];
  }
  if (out->points < 0) out->points = 0;
  find_grade(grading, tally, out);
}

int32_t percentile(const int32_t *sorted, size_t count, uint32_t percent) {
  must(count > 0 && percent >= 1 && percent <= 100);
  return sorted[(percent * count + 99) / 100 - 1];
}
