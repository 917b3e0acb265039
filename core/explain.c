/* explain.c - why a clock is due when it is: core.h, explain_clock().
 *
 * First what was counted, then every day from the day after the start to the due day with its number or the reason why
 * it does not count, then the due day and the sum: limit, extensions, and the time that the clock stood still.  Told with
 * the case's story, each of these has its dates.  The numbers come from the calendar in force; where they and the recorded
 * due date part (a calendar published later), the explanation says so instead of hiding it.
 */
#include "core/explain.h"
#include "rectify/must.h"

#define NUMBER_COLUMNS 4 /* of WORKDAYS_MAX */

/* The sentences, in English and Chinese.  {x} stands for a value: put_value() lists them. */
enum sentence {
  SAY_LIMIT,
  SAY_LIMIT_FILE,
  SAY_HOURS,
  SAY_HOURS_SUM,
  SAY_WORKS,
  SAY_MADE_UP,
  SAY_RESTS,
  SAY_HOLIDAY,
  SAY_DUE,
  SAY_SUM,
  SAY_MOVED_ELSE,
  SAY_EXTENDED_ELSE,
  SAY_RECOUNTED,
  SAY_PAUSED,
  SAY_PROVISIONAL,
};

static const char *const sentences[][2] = {
    [SAY_LIMIT] = {"{c}: {n}wd from {s} ({z}), calendar {k} version {v}",
                   "{c}：{n}个工作日，自 {s} 起（{z}），日历 {k} 第{v}版"},
    [SAY_LIMIT_FILE] = {"{c}: {n}wd from {s} ({z}), calendar {k}", "{c}：{n}个工作日，自 {s} 起（{z}），日历 {k}"},
    [SAY_HOURS] = {"{c}: {n}h round the clock from {s} to {u} ({z})", "{c}：{n}小时不间断，自 {s} 至 {u}（{z}）"},
    [SAY_HOURS_SUM] = {"counted: {n}h + {e}h extended + {M} moved", "合计：时限 {n}小时 + 延期 {e}小时 + 顺延 {M}"},
    [SAY_WORKS] = {"{d} {w} {I}", "{d} {w} {I}"},
    [SAY_MADE_UP] = {"{d} {w} {I}  make-up day {m} by {b}", "{d} {w} {I}  补班 {m} 依据 {b}"},
    [SAY_RESTS] = {"{d} {w}    -  rest day", "{d} {w}    -  休息日"},
    [SAY_HOLIDAY] = {"{d} {w}    -  holiday {m} by {b}", "{d} {w}    -  放假 {m} 依据 {b}"},
    [SAY_DUE] = {"due: the end of {d} {w} ({z})", "截止：{d} {w} 日终（{z}）"},
    [SAY_SUM] = {"counted: {n} + {e} extended + {M} moved = {t}wd", "合计：时限 {n} + 延期 {e} + 顺延 {M} = {t}个工作日"},
    [SAY_MOVED_ELSE] = {"  moved by {r}: by an event that is not among those read", "  顺延 {r}：依据不在所读事件之内"},
    [SAY_EXTENDED_ELSE] = {"  extended by {g}: by an event that is not among those read", "  延期 {g}：依据不在所读事件之内"},
    [SAY_RECOUNTED] = {"recounted: {i}wd by version {v} of the calendar, {t}wd when the date was reckoned",
                       "重数：按日历第{v}版为 {i} 个工作日，核定时为 {t} 个工作日"},
    [SAY_PAUSED] = {"paused: since {p}; the due date moves on when the clock runs again",
                    "暂停：自 {p} 起；恢复计时后截止日顺延"},
    [SAY_PROVISIONAL] = {"provisional: notices are known for {y} to {Y} only; the date may still change",
                         "暂定：只有 {y} 至 {Y} 年的放假通知，日期仍可能变更"},
};

static const char *const weekdays[][2] = {{"Mon", "周一"}, {"Tue", "周二"}, {"Wed", "周三"}, {"Thu", "周四"},
                                          {"Fri", "周五"}, {"Sat", "周六"}, {"Sun", "周日"}};

struct explanation {
  const struct teller *teller;
  const struct case_clock *clock;
  const struct calendar *calendar;
  const struct zone *zone;
  bool zh;
  day_t day;                          /* the day being told */
  int32_t number;                     /* working days counted so far */
  int64_t moved_else, extended_else;  /* what no span of the story accounts for */
  const struct calendar_day *special; /* the row that made the day so */
};

static int64_t total_of(const struct case_clock *clock) {
  return clock->budget.count + (int64_t)clock->extended + clock->moved;
}

/* A number of working days stands bare in a sum; hours carry their unit. */
static void put_sum(struct text *text, const struct explanation *it, int64_t moved) {
  if (it->clock->budget.unit == SPAN_HOURS) put_moved(text, it->teller, SPAN_HOURS, moved);
  else text_put_number(text, moved, 0);
}

/* Of an extension: working days, or hours. */
static void put_days(struct text *text, const struct explanation *it, int64_t days) {
  put_span(text, it->teller, (struct span){.count = (int32_t)days, .unit = it->clock->budget.unit});
}

static void put_special(struct text *text, const struct explanation *it, bool notice) {
  must(it->special != NULL && it->special->name < it->calendar->text_count &&
       it->special->notice < it->calendar->text_count);
  text_put(text, it->calendar->texts[notice ? it->special->notice : it->special->name]);
}

static void put_value(struct text *text, const struct explanation *it, char letter) {
  switch (letter) {
    case 'c': text_put(text, tell_word(it->teller, words_clock, it->clock->kind)); return;
    case 'n': text_put_number(text, it->clock->budget.count, 0); return;
    case 's': text_put_instant(text, it->zone, it->clock->start); return;
    case 'u': text_put_instant(text, it->zone, it->clock->due); return;
    case 'p': text_put_instant(text, it->zone, it->clock->paused); return;
    case 'z': text_put(text, it->zone->name); return;
    case 'k': text_put(text, it->calendar->name); return;
    case 'v': text_put_number(text, it->calendar->version, 0); return;
    case 'y': text_put_number(text, it->calendar->year_first, 0); return;
    case 'Y': text_put_number(text, it->calendar->year_last, 0); return;
    case 'd': text_put_day(text, it->day); return;
    case 'w': text_put(text, weekdays[workday_weekday(it->day)][it->zh]); return;
    case 'i': text_put_number(text, it->number, 0); return;
    case 'I': text_put_number(text, it->number, NUMBER_COLUMNS); return;
    case 'm': put_special(text, it, false); return;
    case 'b': put_special(text, it, true); return;
    case 'e': text_put_number(text, it->clock->extended, 0); return;
    case 'M': put_sum(text, it, it->clock->moved); return;
    case 'r': put_moved(text, it->teller, it->clock->budget.unit, it->moved_else); return;
    case 'g': put_days(text, it, it->extended_else); return;
    case 't': text_put_number(text, total_of(it->clock), 0); return;
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
  tell(it->teller, text.bytes);
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

static void say_span(const struct explanation *it, const struct story_span *span) {
  struct text text;
  text_clear(&text);
  if (span->reason == STORY_EXTENSION) {
    text_put(&text, tell_in(it->teller, "  extended by ", "  延期 "));
    put_days(&text, it, span->amount);
  } else {
    text_put(&text, tell_in(it->teller, "  moved by ", "  顺延 "));
    put_moved(&text, it->teller, it->clock->budget.unit, span->amount);
  }
  text_put(&text, tell_in(it->teller, ": ", "："));
  put_story_span(&text, it->teller, span);
  tell(it->teller, text.bytes);
}

/* Each span of the story that moved this clock, or gave it days. */
static void say_spans(struct explanation *it, const struct story *story) {
  it->moved_else = it->clock->moved;
  it->extended_else = it->clock->extended;
  for (uint32_t i = 0; i < story->span_count; i++) {
    const struct story_span *span = &story->spans[i];
    if (span->clock != it->clock->kind || span->amount == 0) continue;
    say_span(it, span);
    if (span->reason == STORY_EXTENSION) it->extended_else -= span->amount;
    else it->moved_else -= span->amount;
  }
  if (it->extended_else != 0) say(it, SAY_EXTENDED_ELSE);
  if (it->moved_else != 0) say(it, SAY_MOVED_ELSE);
}

void explain_told(const struct teller *teller, const struct case_clock *clock, const struct story *story) {
  struct explanation it = {.teller = teller, .clock = clock, .calendar = teller->calendar, .zone = teller->zone,
                           .zh = teller->zh};
  const bool changed = clock->extended != 0 || clock->moved != 0;
  if (clock->budget.unit == SPAN_HOURS) {
    say(&it, SAY_HOURS);
    if (changed) say(&it, SAY_HOURS_SUM);
  } else {
    say(&it, it.calendar->version == 0 ? SAY_LIMIT_FILE : SAY_LIMIT);
    say_days(&it);
    say(&it, SAY_DUE);
    if (changed) say(&it, SAY_SUM);
    if (clock->provisional) say(&it, SAY_PROVISIONAL);
  }
  if (changed && story != NULL) say_spans(&it, story);
  if (clock->budget.unit == SPAN_WD && it.number != total_of(clock)) say(&it, SAY_RECOUNTED);
  if (clock->state == CLOCK_PAUSED) say(&it, SAY_PAUSED);
}

void explain_clock(const struct world *world, const struct case_state *state, const struct case_clock *clock, bool zh,
                   void (*line)(void *context, const char *text), void *context) {
  const struct teller teller = {.world = world,
                                .calendar = world_calendar(world, state->unit),
                                .zone = world_zone(world, state->unit),
                                .zh = zh,
                                .line = line,
                                .context = context};
  explain_told(&teller, clock, NULL);
}
