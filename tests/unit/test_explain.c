/* test_explain.c - core/explain.c: what `rectify why` prints, word for word, and core/text.c. */
#include "core/text.h"
#include "document/document.h"
#include "said.h"

/* A city of one unit, Chinese calendar, Shanghai time. */
static struct calendar *calendar;
static struct zone zone;
static struct unit units[2] = {[1] = {.id = 1, .enter = 1, .leave = 2, .code = "city"}};
static struct registry registry = {.unit_count = 1, .units = units};
static struct world world = {
    .calendar_count = 1, .zones = &zone, .zone_count = 1, .calendar_version = 3, .registry = &registry};

static void explain(const struct case_clock *clock, bool zh) {
  const struct case_state state = {.unit = 1, .calendar_version = 3};
  forget();
  explain_clock(&world, &state, clock, zh, listen, &said_count);
}

static day_t day_of(const char *text) {
  day_t day = -1;
  assert_true(workday_parse(text, strlen(text), &day));
  return day;
}

/* A rectify clock of `count` working days that started at 09:30 on `start`. */
static struct case_clock clock_of(const char *start, int32_t count) {
  day_t day = day_of(start);
  return (struct case_clock){
      .kind = CLOCK_RECTIFY,
      .state = CLOCK_RUNNING,
      .budget = {.count = count, .unit = SPAN_WD},
      .start = zone_day_at(&zone, day, 9 * 60 + 30),
      .due = zone_day_start(&zone, workday_add(calendar, day, count) + 1),
  };
}

static void test_each_day_has_its_reason(void **state) {
  struct case_clock clock = clock_of("2026-02-12", 4);
  (void)state;
  explain(&clock, false);
#define N2026 "国办发明电〔2025〕7号 国务院办公厅关于2026年部分节假日安排的通知（2025-11-04）"
  ASSERT_SAID("rectify: 4wd from 2026-02-12 09:30 (Asia/Shanghai), calendar cn version 2",
              "2026-02-13 Fri    1",
              "2026-02-14 Sat    2  make-up day 春节 by " N2026,
              "2026-02-15 Sun    -  holiday 春节 by " N2026,
              "2026-02-16 Mon    -  holiday 春节 by " N2026,
              "2026-02-17 Tue    -  holiday 春节 by " N2026,
              "2026-02-18 Wed    -  holiday 春节 by " N2026,
              "2026-02-19 Thu    -  holiday 春节 by " N2026,
              "2026-02-20 Fri    -  holiday 春节 by " N2026,
              "2026-02-21 Sat    -  holiday 春节 by " N2026,
              "2026-02-22 Sun    -  holiday 春节 by " N2026,
              "2026-02-23 Mon    -  holiday 春节 by " N2026,
              "2026-02-24 Tue    3",
              "2026-02-25 Wed    4",
              "due: the end of 2026-02-25 Wed (Asia/Shanghai)");
}

static void test_in_chinese(void **state) {
  struct case_clock clock = clock_of("2026-01-02", 2);
  (void)state;
  explain(&clock, true);
  ASSERT_SAID("整改：2个工作日，自 2026-01-02 09:30 起（Asia/Shanghai），日历 cn 第2版",
              "2026-01-03 周六    -  放假 元旦 依据 " N2026,
              "2026-01-04 周日    1  补班 元旦 依据 " N2026,
              "2026-01-05 周一    2",
              "截止：2026-01-05 周一 日终（Asia/Shanghai）");
}

static void test_rest_days_and_provisional(void **state) {
  struct case_clock clock = clock_of("2027-03-05", 1);
  (void)state;
  clock.provisional = true;
  explain(&clock, false);
  ASSERT_SAID("rectify: 1wd from 2027-03-05 09:30 (Asia/Shanghai), calendar cn version 2",
              "2027-03-06 Sat    -  rest day",
              "2027-03-07 Sun    -  rest day",
              "2027-03-08 Mon    1",
              "due: the end of 2027-03-08 Mon (Asia/Shanghai)",
              "provisional: notices are known for 2019 to 2026 only; the date may still change");
  explain(&clock, true);
  assert_string_equal(said[said_count - 1], "暂定：只有 2019 至 2026 年的放假通知，日期仍可能变更");
}

static void test_moved_and_paused(void **state) {
  struct case_clock clock = clock_of("2026-03-02", 2);
  (void)state;
  clock.due += 24 * USEC_PER_HOUR;
  clock.moved = 1;
  clock.state = CLOCK_PAUSED;
  clock.paused = zone_day_at(&zone, day_of("2026-03-03"), 17 * 60);
  explain(&clock, false);
  ASSERT_SAID("rectify: 2wd from 2026-03-02 09:30 (Asia/Shanghai), calendar cn version 2",
              "2026-03-03 Tue    1",
              "2026-03-04 Wed    2",
              "2026-03-05 Thu    3",
              "due: the end of 2026-03-05 Thu (Asia/Shanghai)",
              "counted: 2 + 0 extended + 1 moved = 3wd",
              "paused: since 2026-03-03 17:00; the due date moves on when the clock runs again");
}

static void test_calendar_published_later(void **state) {
  struct case_clock clock = clock_of("2026-03-02", 1);
  (void)state;
  calendar->version = 5;
  explain(&clock, false);
  assert_int_equal(said_count, 3); /* a later calendar that counts the same is none of the case's business */
  clock.budget.count = 2; /* the 3rd was a working day less when the date was reckoned */
  explain(&clock, false);
  calendar->version = 2;
  ASSERT_SAID("rectify: 2wd from 2026-03-02 09:30 (Asia/Shanghai), calendar cn version 5",
              "2026-03-03 Tue    1",
              "due: the end of 2026-03-03 Tue (Asia/Shanghai)",
              "recounted: 1wd by version 5 of the calendar, 2wd when the date was reckoned");
}

static void test_hours_are_one_line(void **state) {
  usec_t start = zone_day_at(&zone, day_of("2026-02-14"), 16 * 60 + 5);
  struct case_clock clock = {.kind = CLOCK_SIGN_FOR,
                             .state = CLOCK_RUNNING,
                             .budget = {.count = 24, .unit = SPAN_HOURS},
                             .start = start,
                             .due = start + 24 * USEC_PER_HOUR};
  (void)state;
  explain(&clock, false);
  ASSERT_SAID("sign_for: 24h round the clock from 2026-02-14 16:05 to 2026-02-15 16:05 (Asia/Shanghai)");
  explain(&clock, true);
  ASSERT_SAID("签收：24小时不间断，自 2026-02-14 16:05 至 2026-02-15 16:05（Asia/Shanghai）");
  clock.due += USEC_PER_HOUR + 5 * USEC_PER_HOUR + 20 * 60 * USEC_PER_SECOND;
  clock.extended = 1;
  clock.moved = 5 * USEC_PER_HOUR + 20 * 60 * USEC_PER_SECOND;
  explain(&clock, false);
  ASSERT_SAID("sign_for: 24h round the clock from 2026-02-14 16:05 to 2026-02-15 22:25 (Asia/Shanghai)",
              "counted: 24h + 1h extended + 5h20m moved");
}

static void test_every_day_of_the_longest_limit(void **state) {
  struct case_clock clock = clock_of("2019-01-02", WORKDAYS_MAX);
  day_t start = day_of("2019-01-02"), due = workday_add(calendar, start, WORKDAYS_MAX);
  (void)state;
  explain(&clock, false);
  assert_int_equal(said_count, due - start + 2);
  assert_non_null(strstr(said[said_count - 2], " 4000"));
}

static void test_text_is_cut_between_characters(void **state) {
  struct text text;
  (void)state;
  text_clear(&text);
  for (int i = 0; i < 500; i++) text_put(&text, "月");
  assert_int_equal(text.length, TEXT_LINE_BYTES_MAX - TEXT_LINE_BYTES_MAX % 3);
  text_clear(&text);
  text_put(&text, "x");
  for (int i = 0; i < 500; i++) text_put(&text, "月");
  assert_int_equal(text.length, 1 + 340 * 3);
  assert_string_equal(text.bytes + text.length - 3, "月");
}

static void test_text_numbers(void **state) {
  struct text text;
  (void)state;
  text_clear(&text);
  text_put_number(&text, INT64_MIN, 0);
  assert_string_equal(text.bytes, "-9223372036854775808");
  text_clear(&text);
  text_put_number(&text, 0, 1);
  text_put_number(&text, -7, 4);
  text_put_number(&text, 12345, 4);
  assert_string_equal(text.bytes, "0  -712345");
}

static int set_up(void **state) {
  struct document_report report = {0};
  (void)state;
  const struct document_embedded *cn = &document_embedded_calendars[0];
  calendar = calendar_parse(cn->file_name, cn->text, cn->length, &report);
  document_report_free(&report);
  if (calendar == NULL || strcmp(calendar->name, "cn") != 0) return -1;
  calendar->version = 2;
  world.calendars = calendar;
  return zone_load("Asia/Shanghai", &zone) ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  forget();
  calendar_free(calendar);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_day_has_its_reason),
      cmocka_unit_test(test_in_chinese),
      cmocka_unit_test(test_rest_days_and_provisional),
      cmocka_unit_test(test_moved_and_paused),
      cmocka_unit_test(test_calendar_published_later),
      cmocka_unit_test(test_hours_are_one_line),
      cmocka_unit_test(test_every_day_of_the_longest_limit),
      cmocka_unit_test(test_text_is_cut_between_characters),
      cmocka_unit_test(test_text_numbers),
  };
  return cmocka_run_group_tests_name("explain", tests, set_up, tear_down);
}
