/* explain_case.c - why a case stands where it stands: the fold of its history into sentences (rectify/explain.h).
 *
 * The events are told as they come; what they say of time that was given (holds, verifications, extensions) is kept as
 * spans, from which the end is told: each clock day by day, the spans, and the working days by holder.
 */
#include "core/explain.h"

#define TEXT_COLUMN 6 /* where what belongs to an event begins */
#define QUOTE_BYTES_MAX 240

/* ---- spans ---- */

static struct story_span *new_span(struct story *story) {
  if (story->span_count == STORY_SPANS_MAX) {
    story->spans_lost++;
    return NULL;
  }
  return &story->spans[story->span_count++];
}

static struct story_span *open_span(struct story *story, uint32_t reason, uint32_t clock, const struct event *event,
                                    usec_t from) {
  struct story_span *span = new_span(story);
  if (span == NULL) return NULL;
  *span = (struct story_span){.reason = (uint8_t)reason, .clock = (uint8_t)clock, .rule = event->rule,
                              .event = event->version, .officer = event->actor, .from = from};
  return span;
}

/* The one that is not over; NULL when it was lost. */
static struct story_span *find_open(struct story *story, uint32_t reason, uint32_t clock) {
  for (uint32_t i = story->span_count; i-- > 0;) {
    struct story_span *span = &story->spans[i];
    if (span->clock == clock && span->rule_end == 0 && (reason == 0 || span->reason == reason)) return span;
  }
  return NULL;
}

static void close_span(struct story_span *span, const struct event *event, int64_t amount) {
  if (span == NULL) return;
  span->rule_end = event->rule;
  span->event_end = event->version;
  span->officer_end = event->actor;
  span->until = event->effective;
  span->amount = amount;
}

/* A clock that ended or began anew owes nothing to what moved it before. */
static void drop_spans(struct story *story, uint32_t clock) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < story->span_count; i++)
    if (story->spans[i].clock != clock) story->spans[kept++] = story->spans[i];
  story->span_count = kept;
}

static uint32_t pause_reason(const struct case_state *after) {
  if (after->status == STATUS_VERIFYING) return STORY_VERIFICATION;
  if (after->status == STATUS_BOUNCED) return STORY_BOUNCE;
  return (after->flags & CASE_HELD) != 0 ? STORY_HOLD : STORY_OTHER;
}

/* What was added at one moment: a span that ends where it begins. */
static void note_moment(struct story *story, uint32_t reason, uint32_t clock, const struct event *event, int64_t amount) {
  close_span(open_span(story, reason, clock, event, event->effective), event, amount);
}

static void note_clock(struct story *story, const struct event *event, const struct case_clock *clock) {
  const struct case_clock *was = case_clock_of(&story->state, clock->kind); /* as before the event */
  const bool same = was != NULL && clock->state != CLOCK_STOPPED && was->generation == clock->generation;
  if (!same) {
    drop_spans(story, clock->kind);
    return;
  }
  int64_t moved = clock->moved - was->moved;
  if (was->state == CLOCK_PAUSED && clock->state == CLOCK_RUNNING) close_span(find_open(story, 0, clock->kind), event, moved);
  else if (moved != 0) note_moment(story, STORY_OTHER, clock->kind, event, moved);
  if (clock->extended != was->extended)
    note_moment(story, STORY_EXTENSION, clock->kind, event, (int64_t)clock->extended - was->extended);
}

/* `after` says why a clock stands still. */
static void note_pauses(struct story *story, const struct event *event, const struct case_state *after) {
  for (uint32_t i = 0; i < event->clock_count; i++) {
    const struct case_clock *clock = &event->clocks[i], *was = case_clock_of(&story->state, clock->kind);
    if (clock->state != CLOCK_PAUSED || find_open(story, 0, clock->kind) != NULL) continue;
    if (was != NULL && was->generation == clock->generation && was->state == CLOCK_PAUSED) continue;
    (void)open_span(story, pause_reason(after), clock->kind, event, clock->paused);
  }
}

static int32_t days_between(const struct story *story, usec_t from, usec_t until) {
  const struct teller *teller = &story->teller;
  return workday_between(teller->calendar, zone_day_of(teller->zone, from - 1), zone_day_of(teller->zone, until - 1));
}

/* Holds and extensions of the case itself; `after` has the numbers. */
static void note_case(struct story *story, const struct event *event, const struct case_state *after) {
  struct story_span *span = find_open(story, STORY_HOLD, 0);
  if ((event->flags_clear & CASE_HELD) != 0 && span != NULL)
    close_span(span, event, days_between(story, span->from, event->effective));
  if ((event->flags_set & CASE_HELD) != 0) (void)open_span(story, STORY_HOLD, 0, event, event->effective);
  if (event->rule == RULE_EXTENSION_ASKED) {
    span = open_span(story, STORY_EXTENSION, 0, event, event->effective);
    if (span != NULL) span->asked = after->asked;
  }
  if (event->rule == RULE_EXTENSION_GRANTED || event->rule == RULE_EXTENSION_REFUSED)
    close_span(find_open(story, STORY_EXTENSION, 0), event, (int64_t)after->extended - story->state.extended);
}

static void note(struct story *story, const struct event *event, const struct case_state *after) {
  for (uint32_t i = 0; i < event->clock_count; i++) note_clock(story, event, &event->clocks[i]);
  note_pauses(story, event, after);
  note_case(story, event, after);
  attribution_step(&story->attribution, story->teller.calendar, story->teller.zone, after, event->effective);
}

/* ---- what was given, in words ---- */

static const char *const reasons[][2] = {
    [STORY_HOLD] = {"on hold", "中止计时"},           [STORY_VERIFICATION] = {"verification", "核查"},
    [STORY_BOUNCE] = {"bounced", "退单待终审"},       [STORY_EXTENSION] = {"extension", "延期"},
    [STORY_OTHER] = {"", ""},
};

static void put_day_of(struct text *text, const struct teller *teller, usec_t instant) {
  text_put_day(text, zone_day_of(teller->zone, instant));
}

static void put_events(struct text *text, const struct teller *teller, const struct story_span *span) {
  const bool two = span->rule_end != 0 && span->event_end != span->event;
  text_put(text, tell_in(teller, two ? " (events " : " (event ", "（第"));
  text_put_number(text, span->event, 0);
  if (two) {
    text_put(text, tell_in(teller, " and ", "、"));
    text_put_number(text, span->event_end, 0);
  }
  text_put(text, tell_in(teller, ")", "号事件）"));
}

void put_story_span(struct text *text, const struct teller *teller, const struct story_span *span) {
  const bool moment = span->from == span->until;
  if (span->reason == STORY_EXTENSION && span->clock != 0) text_put(text, tell_in(teller, "granted", "同意"));
  else text_put(text, tell_in(teller, reasons[span->reason][0], reasons[span->reason][1]));
  if (span->reason == STORY_OTHER) text_put(text, tell_text(teller, words_rule, span->rule));
  text_put(text, " ");
  put_day_of(text, teller, span->from);
  if (span->rule_end != 0 && !moment) {
    text_put(text, tell_in(teller, " to ", " 至 "));
    put_day_of(text, teller, span->until);
  }
  if (span->reason == STORY_EXTENSION && span->clock != 0) {
    text_put(text, tell_in(teller, " by ", " "));
    put_officer(text, teller, span->officer);
  }
  put_events(text, teller, span);
}

/* ---- events ---- */

static void put_who(struct text *text, const struct teller *teller, const struct event *event) {
  put_officer(text, teller, event->actor);
  if (event->on_behalf == 0) return;
  text_put(text, tell_in(teller, " for ", " 代 "));
  put_officer(text, teller, event->on_behalf);
}

static void put_rule(struct text *text, const struct teller *teller, uint32_t rule) {
  if (rule_refuses(rule)) text_put(text, tell_in(teller, "refused, ", "不予办理，"));
  text_put(text, tell_in(teller, "rule ", "规则号 "));
  text_put_number(text, rule, 0);
  text_put(text, tell_in(teller, ": ", "："));
  text_put(text, tell_text(teller, words_rule, rule));
}

/* "  3  2026-02-09 09:00  C for A": number, date, people, and what was tried when it was refused. */
static void put_head(struct text *text, const struct teller *teller, const struct event *event) {
  text_put_number(text, event->version, TEXT_COLUMN - 2);
  text_put(text, "  ");
  put_instant(text, teller, event->effective);
  text_put(text, "  ");
  put_who(text, teller, event);
  text_put(text, "  ");
  if (!rule_refuses(event->rule) && event->fired_clock == 0) return;
  text_put(text, tell_word(teller, words_command, event->command));
  if (event->fired_clock != 0) {
    text_put(text, tell_in(teller, " (", "（"));
    text_put(text, tell_word(teller, words_clock, event->fired_clock));
    text_put(text, tell_in(teller, ", rung ", "，第"));
    text_put_number(text, (int64_t)event->fired_nth + 1, 0);
    text_put(text, tell_in(teller, ")", "级）"));
  }
  text_put(text, "  ");
}

/* Head and rule on one line where there is room. */
static void tell_head(const struct teller *teller, const struct event *event) {
  struct text head, rule;
  text_clear(&head);
  text_clear(&rule);
  put_head(&head, teller, event);
  put_rule(&rule, teller, event->rule);
  if (text_width(head.bytes) + text_width(rule.bytes) > EXPLAIN_COLUMNS) {
    while (head.bytes[head.length - 1] == ' ') head.bytes[--head.length] = '\0';
    tell(teller, head.bytes);
    text_clear(&head);
    text_pad(&head, TEXT_COLUMN);
  }
  text_put(&head, rule.bytes);
  tell(teller, head.bytes);
}

/* What was said, on one line: line breaks and other controls become spaces. */
static void tell_quote(const struct teller *teller, const char *said, size_t length) {
  struct text text;
  text_clear(&text);
  text_pad(&text, TEXT_COLUMN);
  text_put(&text, "| ");
  size_t shown = length > QUOTE_BYTES_MAX ? QUOTE_BYTES_MAX : length;
  while (shown > 0 && shown < length && ((unsigned char)said[shown] & 0xc0u) == 0x80u) shown--;
  for (size_t i = 0; i < shown; i++) text_put_byte(&text, (unsigned char)said[i] < 0x20 ? ' ' : said[i]);
  if (shown < length) text_put(&text, "…");
  tell(teller, text.bytes);
}

static void add_versions(struct pieces *pieces, const char *en, const char *zh, uint32_t was, uint32_t is) {
  struct text text;
  if (was == is) return;
  text_clear(&text);
  text_put(&text, tell_in(pieces->teller, en, zh));
  if (was != 0) {
    text_put_number(&text, was, 0);
    text_put(&text, " -> ");
  }
  text_put_number(&text, is, 0);
  pieces_add(pieces, text.bytes);
}

/* By which documents the case was taken in, and which new ones a review found. */
static void add_documents(struct pieces *pieces, const struct story *story, const struct event *event) {
  if (!event->has_finding && event->command != COMMAND_REVIEW && event->command != COMMAND_REBASE) return;
  if (event->has_finding) add_versions(pieces, "policy version ", "规则版本 ", 0, event->policy_version);
  add_versions(pieces, "calendar version ", "日历版本 ", story->calendar_version, event->calendar_version);
  add_versions(pieces, "registry version ", "名册版本 ", story->registry_version, event->registry_version);
}

static void add_recorded(struct pieces *pieces, const struct event *event) {
  struct text text;
  if (event->recorded - event->effective < 60 * USEC_PER_SECOND) return;
  text_clear(&text);
  text_put(&text, tell_in(pieces->teller, "recorded ", "记录于 "));
  put_instant(&text, pieces->teller, event->recorded);
  pieces_add(pieces, text.bytes);
}

static void tell_event(const struct story *story, const struct event *event, const char *text, size_t length) {
  const struct teller *teller = &story->teller;
  struct pieces pieces;
  tell_head(teller, event);
  if (length > 0) tell_quote(teller, text, length);
  pieces_begin(&pieces, teller, "", TEXT_COLUMN);
  if (!rule_refuses(event->rule)) {
    add_documents(&pieces, story, event);
    pieces_of_change(&pieces, &story->state, event);
  }
  add_recorded(&pieces, event);
  pieces_end(&pieces, false);
}

/* ---- reminders that repeat ---- */

static bool only_reminds(const struct event *event) {
  return event->command == COMMAND_RUNG_DUE && event->status == 0 && event->track == 0 && event->light == 0 &&
         event->flags_set == 0 && event->flags_clear == 0 && event->accountable == 0 && event->clock_count <= 1;
}

static void tell_again(struct story *story) {
  struct text text;
  if (story->again.count > 0) {
    text_clear(&text);
    text_pad(&text, TEXT_COLUMN);
    text_put(&text, tell_in(&story->teller, "and again, ", "其后又 "));
    text_put_number(&text, story->again.count, 0);
    text_put(&text, tell_in(&story->teller, story->again.count == 1 ? " time, on " : " times, last on ", " 次，最后于 "));
    put_instant(&text, &story->teller, story->again.last);
    text_put(&text, tell_in(&story->teller, " (event ", "（第"));
    text_put_number(&text, story->again.version, 0);
    text_put(&text, tell_in(&story->teller, ")", "号事件）"));
    tell(&story->teller, text.bytes);
  }
  story->again.count = 0;
  story->again.clock = 0;
}

/* Whether the event only repeats what was told last. */
static bool is_again(struct story *story, const struct event *event) {
  if (only_reminds(event) && story->again.clock == event->fired_clock && story->again.rule == event->rule) {
    story->again.count++;
    story->again.version = event->version;
    story->again.last = event->effective;
    return true;
  }
  tell_again(story);
  if (only_reminds(event)) {
    story->again.clock = event->fired_clock;
    story->again.rule = event->rule;
  }
  return false;
}

/* ---- the story ---- */

static void tell_title(const struct teller *teller, const char *en, const char *zh) {
  tell(teller, "");
  tell(teller, tell_in(teller, en, zh));
}

void story_begin(struct story *story, const struct world *world, const struct case_state *present, bool zh,
                 explain_line_fn *line, void *context) {
  *story = (struct story){.present = present,
                          .teller = {.world = world, .zone = world_zone(world, present->unit),
                                     .calendar = world_calendar(world, present->unit), .zh = zh, .line = line,
                                     .context = context}};
  const struct teller *teller = &story->teller;
  struct text text;
  text_clear(&text);
  put_case(&text, present->case_no);
  text_put(&text, "  ");
  text_put(&text, tell_word(teller, words_status, present->status));
  if (present->track != 0) {
    text_put(&text, "  ");
    text_put(&text, tell_word(teller, words_track, present->track));
  }
  text_put(&text, tell_in(teller, "  policy version ", "  规则第"));
  text_put_number(&text, present->policy_version, 0);
  text_put(&text, tell_in(teller, ", calendar ", "版，日历 "));
  text_put(&text, teller->calendar->name);
  if (teller->calendar->version != 0) {
    text_put(&text, tell_in(teller, " version ", " 第"));
    text_put_number(&text, teller->calendar->version, 0);
    text_put(&text, tell_in(teller, "", "版"));
  }
  tell(teller, text.bytes);
  tell_title(teller, "what happened", "经过");
}

void story_event(struct story *story, const struct event *event, const char *text, size_t length) {
  if (story->damaged) return;
  struct case_state after = story->state;
  if (!case_apply(&after, event)) {
    story_cut(story);
    return;
  }
  if (event->rule != RULE_COMMENTED && event->rule != RULE_READ && !is_again(story, event)) tell_event(story, event, text, length);
  if (!rule_refuses(event->rule)) note(story, event, &after);
  story->state = after;
  story->calendar_version = event->calendar_version;
  story->registry_version = event->registry_version;
}

void story_cut(struct story *story) {
  struct text text;
  if (story->damaged) return;
  tell_again(story);
  story->damaged = true;
  text_clear(&text);
  text_put(&text, tell_in(&story->teller, "cut here: of ", "至此为止：共 "));
  text_put_number(&text, story->present->version, 0);
  text_put(&text, tell_in(&story->teller, " events ", " 个事件，已读 "));
  text_put_number(&text, story->state.version, 0);
  text_put(&text, tell_in(&story->teller, " could be read; what follows is told by these", " 个；以下仅据此说明"));
  tell(&story->teller, text.bytes);
}

/* ---- the end ---- */

static void tell_clocks(const struct story *story) {
  const struct case_clock *clocks = story->present->clocks;
  if (clocks[0].kind == 0) return;
  for (uint32_t i = 0; i < CASE_CLOCKS_MAX && clocks[i].kind != 0; i++) {
    tell_title(&story->teller, "why this date", "时限由来");
    explain_told(&story->teller, &clocks[i], story);
  }
}

static void add_days_by(struct pieces *pieces, const char *en, const char *zh, int64_t days, uint32_t officer) {
  const struct teller *teller = pieces->teller;
  struct text text;
  text_clear(&text);
  text_put(&text, tell_in(teller, en, zh));
  if (days != 0) put_span(&text, teller, (struct span){.count = (int32_t)days, .unit = SPAN_WD});
  text_put(&text, tell_in(teller, days != 0 ? " by " : "by ", days != 0 ? "，" : ""));
  put_officer(&text, teller, officer);
  pieces_add(pieces, text.bytes);
}

static void add_extension(struct pieces *pieces, const struct story_span *span) {
  add_days_by(pieces, "asked for ", "申请 ", span->asked, span->officer);
  if (span->rule_end == 0) pieces_add(pieces, tell_in(pieces->teller, "waits for a decision", "待审批"));
  else if (span->rule_end == RULE_EXTENSION_REFUSED) add_days_by(pieces, "refused ", "不同意 ", 0, span->officer_end);
  else add_days_by(pieces, "granted ", "同意 ", span->amount, span->officer_end);
}

static void add_hold(struct pieces *pieces, const struct story_span *span) {
  add_days_by(pieces, "", "", span->amount, span->officer);
  if (span->rule_end == 0) pieces_add(pieces, tell_in(pieces->teller, "not over", "未结束"));
}

static void tell_span(const struct teller *teller, const struct story_span *span) {
  struct pieces pieces;
  struct text text;
  text_clear(&text);
  text_put(&text, "  ");
  put_story_span(&text, teller, span);
  text_put(&text, tell_in(teller, ": ", "："));
  pieces_begin(&pieces, teller, text.bytes, 4);
  if (span->reason == STORY_EXTENSION) add_extension(&pieces, span);
  else add_hold(&pieces, span);
  pieces_end(&pieces, true);
}

static void tell_spans(const struct story *story) {
  const struct teller *teller = &story->teller;
  bool titled = false;
  for (uint32_t i = 0; i < story->span_count; i++) {
    if (story->spans[i].clock != 0) continue;
    if (!titled) tell_title(teller, "holds and extensions", "中止与延期");
    titled = true;
    tell_span(teller, &story->spans[i]);
  }
  if (story->spans_lost > 0) tell(teller, tell_in(teller, "  and more, which the history lists", "  其余见历史记录"));
}

static void tell_days(const struct teller *teller, const char *name, int32_t days) {
  struct text text;
  text_clear(&text);
  text_put(&text, "  ");
  text_put(&text, name);
  text_pad(&text, 22);
  text_put_number(&text, days, 6);
  tell(teller, text.bytes);
}

static void tell_holders(struct story *story, usec_t now) {
  const struct teller *teller = &story->teller;
  struct attribution *sum = &story->attribution;
  if (!sum->begun) return;
  if (status_is_open(story->state.status)) attribution_step(sum, teller->calendar, teller->zone, &story->state, now);
  int32_t total = sum->days[0];
  tell_title(teller, "working days by holder", "各方用时（工作日）");
  for (uint32_t holder = 1; holder <= HOLDER_COUNT; holder++) {
    total += sum->days[holder];
    if (sum->days[holder] != 0) tell_days(teller, tell_word(teller, words_holder, holder), sum->days[holder]);
  }
  if (sum->days[0] != 0) tell_days(teller, tell_in(teller, "(closed meanwhile)", "（其间已办结）"), sum->days[0]);
  tell_days(teller, tell_in(teller, "total", "合计"), total);
}

void story_end(struct story *story, usec_t now) {
  tell_again(story);
  tell_clocks(story);
  tell_spans(story);
  tell_holders(story, now);
}
