/* explain_change.c - what an event changed, piece by piece: from what to what.  See core/explain.h. */
#include "core/explain.h"

#define ARROW " -> "

/* Begins a piece: its name and a space. */
static void named(struct text *text, const struct teller *teller, const char *en, const char *zh) {
  text_clear(text);
  text_put(text, tell_in(teller, en, zh));
  text_put(text, " ");
}

static void add_word(struct pieces *pieces, const struct word *table, uint32_t number, const char *en, const char *zh) {
  struct text text;
  if (number == 0) return;
  named(&text, pieces->teller, en, zh);
  text_put(&text, tell_word(pieces->teller, table, number));
  pieces_add(pieces, text.bytes);
}

static void add_number(struct pieces *pieces, int64_t number, const char *en, const char *zh) {
  struct text text;
  if (number == 0) return;
  named(&text, pieces->teller, en, zh);
  text_put_number(&text, number, 0);
  pieces_add(pieces, text.bytes);
}

static void add_officer(struct pieces *pieces, uint32_t officer, const char *en, const char *zh) {
  struct text text;
  if (officer == 0) return;
  named(&text, pieces->teller, en, zh);
  put_officer(&text, pieces->teller, officer);
  pieces_add(pieces, text.bytes);
}

static void add_case(struct pieces *pieces, uint64_t case_no, const char *en, const char *zh) {
  struct text text;
  if (case_no == 0) return;
  named(&text, pieces->teller, en, zh);
  put_case(&text, case_no);
  pieces_add(pieces, text.bytes);
}

/* ---- clocks ---- */

static void put_new_clock(struct text *text, const struct teller *teller, const struct case_clock *clock) {
  put_span(text, teller, clock->budget);
  text_put(text, tell_in(teller, ", due ", "，截止 "));
  put_due(text, teller, clock->budget.unit, clock->due);
  if (clock->provisional) text_put(text, tell_in(teller, " (provisional)", "（暂定）"));
}

static bool same_span(struct span a, struct span b) { return a.count == b.count && a.unit == b.unit; }

/* "+3wd, due 2026-03-02 -> 2026-03-05": what was added and where the date went; false when neither changed. */
static bool put_moved_clock(struct text *text, const struct teller *teller, const struct case_clock *was,
                            const struct case_clock *clock) {
  size_t before = text->length;
  uint8_t unit = clock->budget.unit;
  int64_t moved = clock->moved - was->moved, more = (int64_t)clock->extended - was->extended;
  if (!same_span(was->budget, clock->budget)) {
    put_span(text, teller, was->budget);
    text_put(text, ARROW);
    put_span(text, teller, clock->budget);
  }
  if (more > 0 || moved > 0) {
    if (text->length > before) text_put(text, tell_in(teller, ", ", "，"));
    text_put(text, "+");
    if (more > 0) put_span(text, teller, (struct span){.count = (int32_t)more, .unit = unit});
    else put_moved(text, teller, unit, moved);
  }
  if (clock->due == was->due) return text->length > before;
  if (text->length > before) text_put(text, tell_in(teller, ", ", "，"));
  text_put(text, tell_in(teller, "due ", "截止 "));
  put_due(text, teller, unit, was->due);
  text_put(text, ARROW);
  put_due(text, teller, unit, clock->due);
  return true;
}

static void add_clock(struct pieces *pieces, const struct case_state *before, const struct case_clock *clock) {
  const struct teller *teller = pieces->teller;
  const struct case_clock *was = case_clock_of(before, clock->kind);
  struct text text;
  text_clear(&text);
  text_put(&text, tell_word(teller, words_clock, clock->kind));
  text_put(&text, tell_in(teller, " ", "："));
  if (clock->state == CLOCK_STOPPED) {
    text_put(&text, tell_in(teller, "ends", "结束"));
  } else if (was == NULL || was->generation != clock->generation) {
    put_new_clock(&text, teller, clock);
  } else if (clock->state == CLOCK_PAUSED && was->state == CLOCK_RUNNING) {
    text_put(&text, tell_in(teller, "stands still", "暂停"));
  } else if (!put_moved_clock(&text, teller, was, clock)) {
    if (clock->state == was->state) return; /* only moved on along its ladder */
    text_put(&text, tell_in(teller, "runs on", "恢复"));
  }
  pieces_add(pieces, text.bytes);
}

/* ---- flags ---- */

#define MARK(no, NAME, name, zh, text) _Static_assert(CASE_##NAME == 1 << (no - 1), #NAME);
#include "rectify/mark.def"
#undef MARK

/* What the rule's own words say, or the clock's. */
#define MARKS_QUIET \
  (CASE_PROVISIONAL | CASE_TALKED | CASE_RULE_ISSUED | CASE_STATED | CASE_DECIDED | CASE_APPEALED | CASE_PLAN_APPROVED)

static void add_flags(struct pieces *pieces, const struct event *event) {
  for (uint32_t mark = 1; mark <= MARK_COUNT; mark++)
    if ((event->flags_set & ~(uint32_t)MARKS_QUIET) >> (mark - 1) & 1u)
      pieces_add(pieces, tell_text(pieces->teller, words_mark, mark));
}

/* ---- documents and other cases ---- */

static void add_order(struct pieces *pieces, const struct event *event) {
  struct text text;
  if (event->order_serial == 0) return;
  named(&text, pieces->teller, "supervision order", "督办单");
  text_put_number(&text, event->order_year, 0);
  text_put(&text, "-");
  text_put_number(&text, event->order_serial, 0);
  pieces_add(pieces, text.bytes);
}

static void add_rebase(struct pieces *pieces, const struct case_state *before, const struct event *event) {
  struct text text;
  if (event->rebased_to == 0) return;
  named(&text, pieces->teller, "policy version", "规则版本");
  text_put_number(&text, before->policy_version, 0);
  text_put(&text, ARROW);
  text_put_number(&text, event->rebased_to, 0);
  pieces_add(pieces, text.bytes);
}

static void add_days(struct pieces *pieces, const struct case_state *before, const struct event *event) {
  struct text text;
  if (event->rule == RULE_EXTENSION_ASKED) { /* as many as the last time: unchanged */
    named(&text, pieces->teller, "asked for", "申请");
    int32_t asked = event->asked != 0 ? event->asked : before->asked;
    put_span(&text, pieces->teller, (struct span){.count = asked, .unit = SPAN_WD});
    pieces_add(pieces, text.bytes);
  }
  if (event->rule_day == 0) return;
  named(&text, pieces->teller, "in effect from", "生效日期");
  text_put_day(&text, event->rule_day);
  pieces_add(pieces, text.bytes);
}

static void add_number_of(struct pieces *pieces, const struct event *event) {
  struct text text;
  if (event->number[0] == '\0') return;
  named(&text, pieces->teller, "document", "文号");
  text_put(&text, event->number);
  pieces_add(pieces, text.bytes);
}

static void add_unit(struct pieces *pieces, const struct event *event) {
  struct text text;
  if (event->unit == 0) return;
  named(&text, pieces->teller, "unit", "单位");
  put_unit(&text, pieces->teller, event->unit);
  pieces_add(pieces, text.bytes);
}

void pieces_of_change(struct pieces *pieces, const struct case_state *before, const struct event *event) {
  add_word(pieces, words_origin, event->origin == ORIGIN_FINDING ? 0 : event->origin, "origin", "来源");
  add_word(pieces, words_relation, event->relation, "relation", "关联");
  add_case(pieces, event->other, "case", "事项");
  add_case(pieces, event->merged_into, "into", "并入");
  add_number(pieces, event->route, "route", "路由");
  add_word(pieces, words_status, event->status, "status", "状态");
  add_word(pieces, words_track, event->track, "track", "措施");
  add_word(pieces, words_edge, event->edge, "because", "原因");
  add_word(pieces, words_light, event->light, "light", "灯色");
  add_rebase(pieces, before, event);
  add_unit(pieces, event);
  add_officer(pieces, event->handler, "handler", "整改责任人");
  add_officer(pieces, event->verifier, "verifier", "核查人");
  add_officer(pieces, event->accountable, "must act now:", "当前责任人");
  add_officer(pieces, event->subject, "about", "当事人");
  add_word(pieces, words_form, event->form, "decision", "决定");
  add_number_of(pieces, event);
  add_order(pieces, event);
  add_number(pieces, event->measures, "measures", "整改措施数");
  add_days(pieces, before, event);
  add_number(pieces, event->bounces, "bounces", "退单次数");
  add_number(pieces, event->rework, "rework", "返工次数");
  add_flags(pieces, event);
  for (uint32_t i = 0; i < event->clock_count; i++) add_clock(pieces, before, &event->clocks[i]);
}
