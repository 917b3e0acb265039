/* core/grade.c and core/facts.c: points, their rounding and their parts, thresholds and vetoes, percentiles; what of a case counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rectify/grade.h"
#include "tests/lib/city.h"

/* ---- points ---- */

static void test_points_by_hand(void **unused) {
  (void)unused;
  /* 40 points, 90 % expected, ten imagined cases: 9 of 10 are well before anything is counted. */
  assert_int_equal(grade_points(40, 90, 10, 0, 0), 3600);
  assert_int_equal(grade_points(40, 90, 10, 10, 10), 3800);  /* 19 of 20 */
  assert_int_equal(grade_points(40, 90, 10, 0, 10), 1800);   /* 9 of 20 */
  assert_int_equal(grade_points(40, 90, 10, 1, 1), 3636);    /* 4000 * 10 / 11 = 3636.36 */
  assert_int_equal(grade_points(40, 90, 10, 0, 1), 3273);    /* 4000 * 9 / 11 = 3272.73 */
  assert_int_equal(grade_points(1, 50, 1, 0, 3), 13);        /* 100 * 0.5 / 4 = 12.5, half up */
  assert_int_equal(grade_points(1, 50, 1, 1, 3), 38);        /* 37.5 */
  assert_int_equal(grade_points(100, 100, 1000, UINT32_MAX / 2, UINT32_MAX / 2), 10000);
  assert_int_equal(grade_points(100, 0, 1, 0, 4000000), 0);
}

/* The more cases a unit has, the less counts what is imagined: the same share comes ever closer to itself. */
static void test_size(void **unused) {
  (void)unused;
  int32_t before = grade_points(100, 90, 10, 0, 0);
  for (uint32_t n = 2; n <= 2048; n *= 2) {
    const int32_t points = grade_points(100, 90, 10, n / 2, n);
    assert_true(points < before && points >= 5000);
    before = points;
  }
  assert_true(before < 5030);
  /* One slip costs a small unit less than a tenth of what it would cost without. */
  assert_int_equal(grade_points(100, 90, 10, 0, 1), 8182);
}

static void test_parts_add_up(void **unused) {
  (void)unused;
  static const uint32_t weights[] = {1, 7, 33, 40, 100}, expected[] = {0, 50, 90, 100}, cases[] = {1, 3, 10, 1000};
  for (size_t i = 0; i < 5 * 4 * 4; i++)
    for (uint32_t good = 0; good <= 12; good++)
      for (uint32_t bad = 0; bad <= 12; bad++) {
        const uint32_t w = weights[i % 5], e = expected[i / 5 % 4], c = cases[i / 20];
        int32_t gave = 0, took = 0;
        for (uint32_t n = 0; n <= good; n++) {
          gave += grade_gave(w, e, c, good, bad, n);
          assert_true(grade_gave(w, e, c, good, bad, n) >= 0);
        }
        for (uint32_t n = 0; n <= bad; n++) {
          took += grade_took(w, e, c, good, bad, n);
          assert_true(grade_took(w, e, c, good, bad, n) >= 0);
        }
        const int32_t points = grade_points(w, e, c, good, good + bad);
        assert_int_equal(gave, points);
        assert_int_equal(took, (int32_t)w * GRADE_POINT - points);
      }
}

/* ---- cards ---- */

static struct grading grading_of(void) {
  return (struct grading){
      .cases = 10,
      .component_count = 2,
      .components = {{COMPONENT_ON_TIME, 60, 90}, {COMPONENT_LOOK_BACK, 40, 100}},
      .extra_count = 2,
      .extras = {{SCORE_ORDERED, -2, 5}, {SCORE_CONSOLIDATED, 1, 3}},
      .veto_count = 1,
      .vetoes = {{SCORE_HELD_TO_ACCOUNT, 2}},
      .grade_count = 3,
      .grades = {{90, "advanced", "先进"}, {60, "ordinary", "一般"}, {0, "behind", "后进"}},
  };
}

static struct score_card card_of(const struct grading *grading, struct score_tally tally) {
  struct score_card card;
  score_card(grading, &tally, &card);
  return card;
}

static void test_card(void **unused) {
  (void)unused;
  const struct grading grading = grading_of();
  struct score_tally tally = {.counts = {[SCORE_KEPT] = 8, [SCORE_MISSED] = 2, [SCORE_CONSOLIDATED] = 2, [SCORE_ORDERED] = 1}};
  struct score_card card = card_of(&grading, tally);
  assert_int_equal(card.components[0].good, 8);
  assert_int_equal(card.components[0].bad, 2);
  assert_int_equal(card.components[0].points, 5100); /* 60 * 17 / 20 */
  assert_int_equal(card.components[1].points, 4000);
  assert_int_equal(card.extras[0], -200);
  assert_int_equal(card.extras[1], 200);
  assert_int_equal(card.points, 9100);
  assert_int_equal(card.grade, 0);
  assert_int_equal(card.veto, -1);
}

static void test_extras_are_bounded(void **unused) {
  (void)unused;
  struct grading grading = grading_of();
  assert_int_equal(card_of(&grading, (struct score_tally){.counts = {[SCORE_ORDERED] = 3}}).extras[0], -500);
  assert_int_equal(card_of(&grading, (struct score_tally){.counts = {[SCORE_ORDERED] = 4000000}}).extras[0], -500);
  assert_int_equal(card_of(&grading, (struct score_tally){.counts = {[SCORE_CONSOLIDATED] = 9}}).extras[1], 300);
  grading.extras[0] = (struct grading_extra){SCORE_ORDERED, -100, 100};
  grading.components[0].expected = grading.components[1].expected = 0;
  assert_int_equal(card_of(&grading, (struct score_tally){.counts = {[SCORE_ORDERED] = 3}}).points, 0); /* never below */
}

static void test_thresholds(void **unused) {
  (void)unused;
  struct grading grading = grading_of();
  grading.components[0].expected = 90; /* 54 + 40 points and no case: 94 */
  grading.grades[0].from = 94;
  assert_int_equal(card_of(&grading, (struct score_tally){{0}}).grade, 0); /* from: that many are enough */
  grading.grades[0].from = 95;
  assert_int_equal(card_of(&grading, (struct score_tally){{0}}).grade, 1);
  grading.components[0].expected = grading.components[1].expected = 0;
  assert_int_equal(card_of(&grading, (struct score_tally){{0}}).grade, 2);
}

static void test_veto(void **unused) {
  (void)unused;
  const struct grading grading = grading_of();
  struct score_card card = card_of(&grading, (struct score_tally){.counts = {[SCORE_HELD_TO_ACCOUNT] = 1}});
  assert_int_equal(card.grade, 0);
  assert_int_equal(card.veto, -1);
  card = card_of(&grading, (struct score_tally){.counts = {[SCORE_HELD_TO_ACCOUNT] = 2}});
  assert_int_equal(card.points, 9400); /* the points stay */
  assert_int_equal(card.grade, 2);
  assert_int_equal(card.veto, 0);
}

/* ---- percentiles ---- */

static void test_percentiles(void **unused) {
  (void)unused;
  int32_t days[100];
  for (int32_t i = 0; i < 100; i++) days[i] = i + 1;
  assert_int_equal(percentile(days, 100, 50), 50);
  assert_int_equal(percentile(days, 100, 90), 90);
  assert_int_equal(percentile(days, 100, 99), 99);
  assert_int_equal(percentile(days, 100, 100), 100);
  assert_int_equal(percentile(days, 10, 90), 9);
  assert_int_equal(percentile(days, 10, 99), 10);
  assert_int_equal(percentile(days, 2, 50), 1);
  assert_int_equal(percentile(days, 3, 50), 2);
  assert_int_equal(percentile(days, 1, 1), 1);
}

/* ---- facts ---- */

#define DAY_USEC (24 * USEC_PER_HOUR)
#define START ((usec_t)20458 * DAY_USEC) /* 2026-01-05T00:00Z */

/* A case under construction: what the core would have recorded, put together by hand. */
struct tale {
  struct city *city;
  struct case_state state;
  struct facts facts;
  uint64_t index;
};

static struct case_clock rectify(uint32_t generation, uint32_t state, usec_t due) {
  return (struct case_clock){.kind = CLOCK_RECTIFY, .state = (uint8_t)state, .generation = generation, .due = due,
                             .budget = {10, SPAN_WD}, .paused = state == CLOCK_PAUSED ? due - 1 : 0};
}

static void happens(struct tale *tale, usec_t instant, uint32_t rule, struct event event) {
  const struct case_state before = tale->state;
  event.case_no = 1;
  event.version = before.version + 1;
  event.rule = (uint16_t)rule;
  event.recorded = event.effective = instant;
  if (before.version == 0) {
    event.command = COMMAND_SUBMIT;
    event.has_finding = true;
    event.origin = ORIGIN_FINDING;
    event.accountable = 1;
  }
  assert_true(case_apply(&tale->state, &event));
  facts_step(&tale->facts, &tale->city->world, &before, &event, tale->index++, &tale->state);
}

static struct tale begin(struct city *city, usec_t due) {
  struct tale tale = {.city = city, .index = 100};
  happens(&tale, START, RULE_ACCEPTED_ROUTED,
          (struct event){.status = STATUS_DISPATCHED, .unit = 2, .clock_count = 1, .clocks = {rectify(1, CLOCK_RUNNING, due)}});
  return tale;
}

static uint32_t count_of(const struct facts *facts, uint32_t what) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < facts->mark_count; i++) count += facts->marks[i].what == what;
  return count;
}

static struct city *city;

static void test_kept(void **unused) {
  (void)unused;
  const usec_t due = START + 10 * DAY_USEC;
  struct tale tale = begin(city, due);
  happens(&tale, START + DAY_USEC, RULE_SIGNED_FOR, (struct event){.status = STATUS_RECTIFYING});
  happens(&tale, due - 1, RULE_CLOSURE_REQUESTED,
          (struct event){.status = STATUS_VERIFYING, .clock_count = 1, .clocks = {rectify(1, CLOCK_PAUSED, due)}});
  assert_int_equal(count_of(&tale.facts, SCORE_KEPT), 0); /* not before it is verified, */
  happens(&tale, due + 5 * DAY_USEC, RULE_CLOSED_OUT,     /* which may be late */
          (struct event){.status = STATUS_CLOSED_OUT, .closed = due + 5 * DAY_USEC, .clock_count = 1,
                         .clocks = {rectify(1, CLOCK_STOPPED, due)}});
  facts_end(&tale.facts, &city->world, &tale.state, due + 90 * DAY_USEC);
  assert_int_equal(count_of(&tale.facts, SCORE_KEPT), 1);
  assert_int_equal(count_of(&tale.facts, SCORE_MISSED), 0);
  assert_int_equal(count_of(&tale.facts, SCORE_SIGNED), 1);
  assert_int_equal(count_of(&tale.facts, SCORE_PASSED), 1);
  assert_int_equal(count_of(&tale.facts, SCORE_FRESH), 1);
  const struct score_mark *kept = &tale.facts.marks[2];
  assert_int_equal(kept->what, SCORE_KEPT);
  assert_int_equal(kept->event, 4);
  assert_int_equal(kept->log_index, 103);
  assert_int_equal(kept->unit, 2);
  assert_int_equal(kept->day, zone_day_of(world_zone(&city->world, 2), due - 1));
}

static void test_missed_once(void **unused) {
  (void)unused;
  const usec_t due = START + 10 * DAY_USEC;
  struct tale tale = begin(city, due);
  happens(&tale, due - 1, RULE_COMMENTED, (struct event){0});
  assert_int_equal(count_of(&tale.facts, SCORE_MISSED), 0);
  happens(&tale, due, RULE_RUNG_FIRED, (struct event){.command = COMMAND_RUNG_DUE});
  assert_int_equal(count_of(&tale.facts, SCORE_MISSED), 1);
  assert_int_equal(tale.facts.marks[1].event, 3);
  happens(&tale, due + DAY_USEC, RULE_RUNG_FIRED, (struct event){.command = COMMAND_RUNG_DUE});
  happens(&tale, due + 2 * DAY_USEC, RULE_CLOSURE_REQUESTED,
          (struct event){.status = STATUS_VERIFYING, .clock_count = 1, .clocks = {rectify(1, CLOCK_PAUSED, due)}});
  happens(&tale, due + 3 * DAY_USEC, RULE_REWORK, /* moved by what the verifier took: still past */
          (struct event){.status = STATUS_RECTIFYING, .clock_count = 1, .clocks = {rectify(1, CLOCK_RUNNING, due + DAY_USEC)}});
  happens(&tale, due + 4 * DAY_USEC, RULE_COMMENTED, (struct event){0});
  assert_int_equal(count_of(&tale.facts, SCORE_MISSED), 1);
  assert_int_equal(count_of(&tale.facts, SCORE_FAILED), 1);
  happens(&tale, due + 5 * DAY_USEC, RULE_CLOSED_OUT,
          (struct event){.status = STATUS_CLOSED_OUT, .closed = due, .clock_count = 1, .clocks = {rectify(1, CLOCK_STOPPED, due)}});
  assert_int_equal(count_of(&tale.facts, SCORE_KEPT), 0);
}

/* Another limit is another promise. */
static void test_missed_again_after_escalation(void **unused) {
  (void)unused;
  const usec_t due = START + 10 * DAY_USEC, next = START + 30 * DAY_USEC;
  struct tale tale = begin(city, due);
  happens(&tale, due, RULE_ESCALATED, (struct event){.track = TRACK_SUPERVISION, .order_year = 2026, .order_serial = 1,
                                                     .clock_count = 1, .clocks = {rectify(2, CLOCK_RUNNING, next)}});
  facts_end(&tale.facts, &city->world, &tale.state, next - 1);
  assert_int_equal(count_of(&tale.facts, SCORE_MISSED), 1);
  facts_end(&tale.facts, &city->world, &tale.state, next);
  assert_int_equal(count_of(&tale.facts, SCORE_MISSED), 2);
  assert_int_equal(count_of(&tale.facts, SCORE_ORDERED), 1);
}

/* Asked for in time, granted after the date: nobody's fault but the approver's. */
static void test_taken_back(void **unused) {
  (void)unused;
  const usec_t due = START + 10 * DAY_USEC;
  struct tale tale = begin(city, due);
  happens(&tale, due, RULE_RUNG_FIRED, (struct event){.command = COMMAND_RUNG_DUE});
  assert_int_equal(count_of(&tale.facts, SCORE_MISSED), 1);
  happens(&tale, due + DAY_USEC, RULE_EXTENSION_GRANTED,
          (struct event){.extensions = 1, .clock_count = 1, .clocks = {rectify(1, CLOCK_RUNNING, due + 20 * DAY_USEC)}});
  assert_int_equal(count_of(&tale.facts, SCORE_MISSED), 0);
  facts_end(&tale.facts, &city->world, &tale.state, due + 20 * DAY_USEC);
  assert_int_equal(count_of(&tale.facts, SCORE_MISSED), 1);
}

static void test_nothing_is_missed_while_paused_or_refused(void **unused) {
  (void)unused;
  const usec_t due = START + 10 * DAY_USEC;
  struct tale tale = begin(city, due);
  happens(&tale, due - 1, RULE_HELD, (struct event){.flags_set = CASE_HELD, .clock_count = 1, .clocks = {rectify(1, CLOCK_PAUSED, due)}});
  facts_end(&tale.facts, &city->world, &tale.state, due + DAY_USEC);
  assert_int_equal(count_of(&tale.facts, SCORE_MISSED), 0);
  tale = begin(city, due);
  happens(&tale, due - 1, RULE_FOUR_EYES, (struct event){.command = COMMAND_VERIFY_PASS});
  assert_int_equal(tale.facts.mark_count, 1); /* the finding */
}

static void test_bounces(void **unused) {
  (void)unused;
  for (uint32_t other = 0; other <= 1; other++) {
    struct tale tale = begin(city, START + 10 * DAY_USEC);
    happens(&tale, START + DAY_USEC, RULE_BOUNCED, (struct event){.status = STATUS_BOUNCED, .bounces = 1});
    happens(&tale, START + 2 * DAY_USEC, RULE_ADJUDICATED, (struct event){.status = STATUS_DISPATCHED, .unit = other == 1 ? 3 : 0});
    assert_int_equal(count_of(&tale.facts, SCORE_BOUNCED), 1 - other); /* another unit's: the bounce was right */
  }
}

/* Days by status are the days by holder, once more. */
static void test_days(void **unused) {
  (void)unused;
  struct tale tale = begin(city, START + 30 * DAY_USEC);
  happens(&tale, START + 2 * DAY_USEC, RULE_SIGNED_FOR, (struct event){.status = STATUS_RECTIFYING});
  happens(&tale, START + 9 * DAY_USEC, RULE_CLOSURE_REQUESTED, (struct event){.status = STATUS_VERIFYING});
  happens(&tale, START + 11 * DAY_USEC, RULE_CLOSED_OUT, (struct event){.status = STATUS_CLOSED_OUT, .closed = START + 11 * DAY_USEC});
  facts_end(&tale.facts, &city->world, &tale.state, START + 90 * DAY_USEC);
  assert_int_equal(tale.facts.status_days[STATUS_DISPATCHED], 2);
  assert_int_equal(tale.facts.status_days[STATUS_RECTIFYING], 5);
  assert_int_equal(tale.facts.status_days[STATUS_VERIFYING], 2);
  assert_int_equal(tale.facts.holders.days[HOLDER_UNIT], 7);
  assert_int_equal(tale.facts.holders.days[HOLDER_VERIFIER], 2);
}

static void test_too_many(void **unused) {
  (void)unused;
  struct tale tale = begin(city, START + 10 * DAY_USEC);
  for (uint32_t i = 0; i < FACTS_MARKS_MAX + 3; i++) happens(&tale, START + 1, RULE_SIGNED_FOR, (struct event){0});
  assert_int_equal(tale.facts.mark_count, FACTS_MARKS_MAX);
  assert_int_equal(tale.facts.marks_lost, 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_points_by_hand), cmocka_unit_test(test_size), cmocka_unit_test(test_parts_add_up),
      cmocka_unit_test(test_card), cmocka_unit_test(test_extras_are_bounded), cmocka_unit_test(test_thresholds),
      cmocka_unit_test(test_veto), cmocka_unit_test(test_percentiles), cmocka_unit_test(test_kept),
      cmocka_unit_test(test_missed_once), cmocka_unit_test(test_missed_again_after_escalation), cmocka_unit_test(test_taken_back),
      cmocka_unit_test(test_nothing_is_missed_while_paused_or_refused), cmocka_unit_test(test_bounces), cmocka_unit_test(test_days),
      cmocka_unit_test(test_too_many),
  };
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
