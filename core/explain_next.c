/* explain_next.c - what will happen to a case if nobody does anything: the lines of case_forecast() (rectify/explain.h).
 *
 * One line for each rung: when, of which clock, whom it tells and what it changes; a rung whose condition will not hold
 * is said to pass.  The last line says when accountability is proposed first.
 */
#include "core/explain.h"

#define CLOCK_COLUMN 18
#define WHAT_COLUMN 32

void outlook_begin(struct outlook *outlook, const struct world *world, const struct case_state *present, bool zh,
                   explain_line_fn *line, void *context) {
  *outlook = (struct outlook){.world = world, .before = *present,
                              .teller = {.world = world, .zone = world_zone(world, present->unit),
                                         .calendar = world_calendar(world, present->unit), .zh = zh, .line = line,
                                         .context = context}};
}

static void add_notice(struct pieces *pieces, const struct notice_out *notice) {
  const struct teller *teller = pieces->teller;
  struct text text;
  text_clear(&text);
  text_put(&text, tell_word(teller, words_notice, notice->kind));
  if (notice->copy) text_put(&text, tell_in(teller, " (copy)", "（抄送）"));
  text_put(&text, tell_in(teller, " to ", "：发 "));
  put_officer(&text, teller, notice->officer);
  if (notice->instead_of != 0) {
    text_put(&text, tell_in(teller, " for ", " 代 "));
    put_officer(&text, teller, notice->instead_of);
  }
  text_put(&text, tell_in(teller, " (", "（"));
  text_put(&text, tell_word(teller, words_recipient, notice->recipient));
  text_put(&text, tell_in(teller, ")", "）"));
  pieces_add(pieces, text.bytes);
}

/* The rung that fires, as the clock stands before. */
static const struct rung *rung_of(const struct outlook *outlook, const struct event *event) {
  const struct case_clock *clock = case_clock_of(&outlook->before, event->fired_clock);
  if (clock == NULL) return NULL;
  const struct ladder *ladder = ladder_of(world_policy(outlook->world, outlook->before.policy_version), clock);
  return clock->rung < ladder->count ? &ladder->rungs[clock->rung] : NULL;
}

static void put_conditions(struct text *text, const struct teller *teller, uint32_t conditions, const char *before) {
  if (conditions == 0) return;
  text_put(text, before);
  const char *joint = "";
  for (uint32_t i = 1; i <= CONDITION_COUNT; i++) {
    if ((conditions >> i & 1u) == 0) continue;
    text_put(text, joint);
    text_put(text, tell_word(teller, words_condition, i));
    joint = tell_in(teller, ", ", "、");
  }
}

static void add_passed(struct pieces *pieces, const struct rung *rung) {
  const struct teller *teller = pieces->teller;
  struct text text;
  text_clear(&text);
  text_put(&text, tell_in(teller, "nothing:", "不触发："));
  if (rung != NULL) put_conditions(&text, teller, rung->conditions, tell_in(teller, " only if ", "仅当"));
  if (rung != NULL) put_conditions(&text, teller, rung->unless, tell_in(teller, " not if ", "除非"));
  pieces_add(pieces, text.bytes);
}

void outlook_event(struct outlook *outlook, const struct event *event, const struct case_state *after) {
  const struct teller *teller = &outlook->teller;
  struct pieces pieces;
  struct text head;
  text_clear(&head);
  put_instant(&head, teller, event->effective);
  text_pad(&head, CLOCK_COLUMN);
  text_put(&head, tell_word(teller, words_clock, event->fired_clock));
  text_put(&head, "  ");
  pieces_begin(&pieces, teller, head.bytes, WHAT_COLUMN);
  if (event->rule == RULE_RUNG_PASSED_OVER) add_passed(&pieces, rung_of(outlook, event));
  if (event->rule == RULE_HOLD_ENDED) pieces_add(&pieces, tell_in(teller, "the hold ends", "中止期满，恢复计时"));
  for (uint32_t i = 0; i < event->notice_count; i++) add_notice(&pieces, &event->notices[i]);
  pieces_of_change(&pieces, &outlook->before, event);
  if (pieces.first) pieces_add(&pieces, tell_text(teller, words_rule, event->rule));
  pieces_end(&pieces, true);
  if (outlook->proposed == 0 && (event->flags_set & CASE_ACCOUNTABILITY) != 0) outlook->proposed = event->effective;
  outlook->before = *after;
  outlook->steps++;
}

void outlook_end(struct outlook *outlook) {
  const struct teller *teller = &outlook->teller;
  struct text text;
  if (outlook->steps == 0) {
    tell(teller, tell_in(teller, "nothing will happen by itself: no clock runs", "没有运行中的时限，不会自动触发任何事项"));
    return;
  }
  text_clear(&text);
  if (outlook->proposed != 0) {
    text_put(&text, tell_in(teller, "accountability is proposed first on ", "最早提出问责建议："));
    put_instant(&text, teller, outlook->proposed);
  } else if ((outlook->before.flags & CASE_ACCOUNTABILITY) != 0) {
    text_put(&text, tell_in(teller, "accountability has been proposed already", "已提出问责建议"));
  } else {
    text_put(&text, tell_in(teller, "accountability is not proposed within these ", "以上 "));
    text_put_number(&text, outlook->steps, 0);
    text_put(&text, tell_in(teller, " steps", " 步之内不提出问责建议"));
  }
  tell(teller, text.bytes);
}
