/* explain.c - why a clock is due when it is: core.h, explain_clock().
 *
 * First what was counted, then every day from the day after the start to the due day with its number or the reason why
 * it does not count, then the due day.  The numbers come from the calendar in force; where they and the recorded due
 * date part (pauses, a calendar published later), the explanation says so instead of hiding it.
 */
#include "core/text.h"
#include "rectify/core.h"
#include "rectify/must.h"

#define NUMBER_COLUMNS 4 /* of WORKDAYS_MAX */

/* The sentences, in English and Chinese.  {x} stands for a value: put_value() lists them. */
enum sentence {
  SAY_LIMIT,
  SAY_LIMIT_FILE,
  SAY_HOURS,
  SAY_HOURS_MOVED,
  SAY_WORKS,
  SAY_MADE_UP,
  SAY_RESTS,
  SAY_HOLIDAY,
  SAY_DUE,
  SAY_MOVED,
  SAY_RECOUNTED,
  SAY_PAUSED,
  SAY_PROVISIONAL,
};

static const char *const sentences[][2] = {
    [SAY_LIMIT] = {"{c}: {n}wd from {s} ({z}), calendar {k} version {v}",
                   "{c}：{n}个工作日，自 {s} 起（{z}），日历 {k} 第{v}版"},
    [SAY_LIMIT_FILE] = {"{c}: {n}wd from {s} ({z}), calendar {k}", "{c}：{n}个工作日，自 {s} 起（{z}），日历 {k}"},
    [SAY_HOURS] = {"{c}: {n}h round the clock from {s} to {u} ({z})", "{c}：{n}小时不间断，自 {s} 至 {u}（{z}）"},
    [SAY_HOURS_MOVED] = {"moved: the clock was paused meanwhile", "变动：期间暂停计时，截止时刻顺延"},
    [SAY_WORKS] = {"{d} {w} {i}", "{d} {w} {i}"},
    [SAY_MADE_UP] = {"{d} {w} {i}  make-up day {m} by {b}", "{d} {w} {i}  补班 {m} 依据 {b}"},
    [SAY_RESTS] = {"{d} {w}    -  rest day", "{d} {w}    -  休息日"},
    [SAY_HOLIDAY] = {"{d} {w}    -  holiday {m} by {b}", "{d} {w}    -  放假 {m} 依据 {b}"},
    [SAY_DUE] = {"due: the end of {d} {w} ({z})", "截止：{d} {w} 日终（{z}）"},
    [SAY_MOVED] = {"moved: {x}wd beyond the limit; the clock was paused, or the calendar has changed since",
                   "变动：与时限相差 {x} 个工作日；期间暂停计时，或日历其后有变更"},
    [SAY_RECOUNTED] = {"recounted: last reckoned when version {o} was the newest; these days are of version {v}",
                       "重数：最近一次核定时最新日历为第{o}版，以上各日按第{v}版"},
    [SAY_PAUSED] = {"paused: since {p}; the due date moves on when the clock runs again",
                    "暂停：自 {p} 起；恢复计时后截止日顺延"},
    [SAY_PROVISIONAL] = {"provisional: notices are known for {y} to {Y} only; the date may still change",
                         "暂定：只有 {y} 至 {Y} 年的放假通知，日期仍可能变更"},
};

static const char *const weekdays[][2] = {{"Mon", "周一"}, {"Tue", "周二"}, {"Wed", "周三"}, {"Thu", "周四"},
                                          {"Fri", "周五"}, {"Sat", "周六"}, {"Sun", "周日"}};

struct explanation {
  const struct case_state *state;
  const struct case_clock *clock;
  const struct calendar *calendar;
  const struct zone *zone;
  bool zh;
  day_t day;                          /* the day being told */
  int32_t number;                     /* working days counted so far */
  const struct calendar_day *special; /* the row that made the day so */
  void (*line)(void *context, const char *text);
  void *context;
};

static void put_clock(struct text *text, const struct explanation *it) {
  text_put(text, it->zh ? word_zh(words_clock, it->clock->kind) : word_name(words_clock, it->clock->kind));
}

static void put_special(struct text *text, const struct explanation *it, bool notice) {
  must(it->special != NULL && it->special->name < it->calendar->text_count &&
       it->special->notice < it->calendar->text_count);
  text_put(text, it->calendar->texts[notice ? it->special->notice : it->special->name]);
}

static void put_value(struct text *text, const struct explanation *it, char letter) {
  switch (letter) {
    case 'c': put_clock(text, it); return;
    case 'n': text_put_number(text, it->clock->budget.count, 0); return;
    case 's': text_put_instant(text, it->zone, it->clock->start); return;
    case 'u': text_put_instant(text, it->zone, it->clock->due); return;
    case 'p': text_put_instant(text, it->zone, it->clock->paused); return;
    case 'z': text_put(text, it->zone->name); return;
    case 'k': text_put(text, it->calendar->name); return;
    case 'v': text_put_number(text, it->calendar->version, 0); return;
    case 'o': text_put_number(text, it->state->calendar_version, 0); return;
    case 'y': text_put_number(text, it->calendar->year_first, 0); return;
    case 'Y': text_put_number(text, it->calendar->year_last, 0); return;
    case 'd': text_put_day(text, it->day); return;
    case 'w': text_put(text, weekdays[workday_weekday(it->day)][it->zh]); return;
    case 'i': text_put_number(text, it->number, NUMBER_COLUMNS); return;
    case 'm': put_special(text, it, false); return;
    case 'b': put_special(text, it, true); return;
    case 'x': text_put_number(text, it->number - it->clock->budget.count, 0); return;
    default: must(false); /* a sentence uses a letter that is not above */
  }
}

static void say(const struct explanation *it, enum sentence sentence) {
  struct text text;
  text_clear(&text);
  for (const char *at = sentences[sentence][it->zh]; *at != '\0';) {
    if (*at == '{') {
      put_value(&text, it, at[1]);
      at += sizeof "{x}" - 1;
    } else {
      text_put_byte(&text, *at++);
    }
  }
  it->line(it->context, text.bytes);
}

static void say_day(struct explanation *it) {
  enum workday_reason reason = workday_reason(it->calendar, it->day, &it->special);
  it->number += reason == WORKDAY_PLAIN || reason == WORKDAY_MAKE_UP;
  switch (reason) {
    case WORKDAY_PLAIN: say(it, SAY_WORKS); return;
    case WORKDAY_MAKE_UP: say(it, SAY_MADE_UP); return;
    case WORKDAY_REST: say(it, SAY_RESTS); return;
    case WORKDAY_HOLIDAY: say(it, SAY_HOLIDAY); return;
  }
}

/* The due instant is the first that is too late, so the due day is that of the instant before. */
static void say_days(struct explanation *it) {
  day_t start = zone_day_of(it->zone, it->clock->start), due = zone_day_of(it->zone, it->clock->due - 1);
  if (due > DAY_MAX) due = DAY_MAX;
  for (it->day = start + 1; it->day <= due; it->day++) say_day(it);
  it->day = due;
}

void explain_clock(const struct world *world, const struct case_state *state, const struct case_clock *clock, bool zh,
                   void (*line)(void *context, const char *text), void *context) {
  struct explanation it = {
      .state = state,
      .clock = clock,
      .calendar = world_calendar(world, state->unit),
      .zone = world_zone(world, state->unit),
      .zh = zh,
      .line = line,
      .context = context,
  };
  if (clock->budget.unit == SPAN_HOURS) {
    say(&it, SAY_HOURS);
    if (clock->due != clock->start + clock->budget.count * USEC_PER_HOUR) say(&it, SAY_HOURS_MOVED);
  } else {
    say(&it, it.calendar->version == 0 ? SAY_LIMIT_FILE : SAY_LIMIT);
    say_days(&it);
    say(&it, SAY_DUE);
    if (it.number != clock->budget.count) say(&it, SAY_MOVED);
    if (it.calendar->version > state->calendar_version) say(&it, SAY_RECOUNTED);
    if (clock->provisional) say(&it, SAY_PROVISIONAL);
  }
  if (clock->state == CLOCK_PAUSED) say(&it, SAY_PAUSED);
}
