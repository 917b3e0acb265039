/* play.c - plays a history: commands, what follows from them, time, publications. */
#include "tests/history/history.h"

#define DAY_USEC (24 * USEC_PER_HOUR)
#define DIGEST_PRIME UINT64_C(0x100000001b3) /* FNV-1a */

struct history_case *history_case_of(struct history *history, uint64_t case_no) {
  return case_no == 0 || case_no > history->case_count ? NULL : &history->cases[case_no - 1];
}

static void tell(const struct history *history, const struct event *event) {
  if (!history->tell) return;
  char day[11];
  workday_format(zone_day_of(&history->city->zones[0], event->recorded), day);
  printf("#   %s case %llu event %u: officer %u (for %u) %s -> rule %u %s\n", day, (unsigned long long)event->case_no,
         event->version, event->actor, event->on_behalf, word_name(words_command, event->command), event->rule,
         word_text(words_rule, event->rule));
}

/* As the daemon does: packed, kept, and folded from what was kept. */
static void record(struct history *history, const struct event *event, struct history_case *found) {
  static uint8_t packed[4 * EVENT_BODY_BYTES_MAX], state_packed[4 * STATE_BODY_BYTES_MAX];
  struct event again;
  struct case_state state;
  size_t length = codec_event_pack(event, packed);
  if (length > EVENT_BODY_BYTES_MAX) history_wrong(history, "a record of %zu bytes", length);
  if (length > history->event_bytes) history->event_bytes = length;
  for (size_t i = 0; i < length; i++) history->digest = (history->digest ^ packed[i]) * DIGEST_PRIME;
  if (!codec_event_unpack(packed, length, &again)) history_wrong(history, "a record cannot be read again");
  if (found == NULL) return;
  if (!case_apply(&found->folded, &again)) history_wrong(history, "a record does not follow");
  length = codec_state_pack(&found->state, state_packed);
  if (length > STATE_BODY_BYTES_MAX) history_wrong(history, "a state of %zu bytes", length);
  if (length > history->state_bytes) history->state_bytes = length;
  if (!codec_state_unpack(state_packed, length, &state) || !history_same(&state, &found->state))
    history_wrong(history, "case %llu: the packed state is another one", (unsigned long long)event->case_no);
}

static void remember_key(struct history *history, const struct uuid *key) {
  if (history->event_count == HISTORY_EVENTS_MAX) return;
  for (uint32_t i = 0; i < history->event_count; i++)
    if (memcmp(&history->keys[i], key, sizeof *key) == 0) history_wrong(history, "a key was recorded twice");
  history->keys[history->event_count++] = *key;
}

static struct fresh fresh_numbers(struct history *history) {
  int32_t year, month, day;
  workday_civil(zone_day_of(&history->city->zones[0], history->now), &year, &month, &day);
  if (history->order_year != (uint32_t)year) history->order_serial = 0;
  history->order_year = (uint32_t)year;
  return (struct fresh){history->case_count + 1, history->order_year, history->order_serial + 1};
}

static void follow_up(struct history *history, const struct history_case *cause, const struct event *event) {
  const struct case_state after = cause->state;
  const struct event caused = *event;
  struct command command;
  struct finding finding;
  for (uint32_t i = 0; case_follow_up(&history->city->world, &after, &caused, i, &command, &finding); i++) {
    if (i == FOLLOW_UPS_MAX) history_wrong(history, "more follows than the bound says");
    struct history_case *on = history_case_of(history, command.case_no);
    if (command.kind == COMMAND_SPAWN) {
      if (history->case_count == HISTORY_CASES_MAX) return;
      command.other_state = &history_case_of(history, command.other)->state;
    } else if (on == NULL) {
      continue;
    }
    uint32_t rule = history_command(history, on, &command);
    if (rule_refuses(rule)) history_wrong(history, "what follows was refused by rule %u", rule);
  }
}

uint32_t history_command(struct history *history, struct history_case *found, const struct command *command) {
  struct decision decision;
  const struct fresh fresh = fresh_numbers(history);
  case_decide(&history->city->world, found == NULL ? NULL : &found->state, command, history->now, &fresh, &decision);
  const struct event *event = &decision.event;
  if (rule_refuses(decision.rule)) history->refused[decision.rule]++;
  else history->accepted[command->kind]++;
  if (!decision.record) return decision.rule;
  remember_key(history, &event->key);
  tell(history, event);
  if (event->case_no != 0 && found == NULL) found = &history->cases[history->case_count++];
  if (event->case_no == 0) {
    record(history, event, NULL);
    return decision.rule;
  }
  const struct case_state before = found->state;
  if (!case_apply(&found->state, event)) history_wrong(history, "an event does not follow");
  record(history, event, found);
  check_event(history, &before, found, event);
  attribution_step(&found->attribution, &history->city->calendars[0], &history->city->zones[0], &found->state, history->now);
  found->was_closed |= before.closed != 0;
  if (event->order_serial != 0) history->order_serial = event->order_serial;
  if (!rule_refuses(decision.rule)) follow_up(history, found, event);
  return decision.rule;
}

/* ---- time ---- */

static struct history_case *next_due(struct history *history, usec_t *fire, uint32_t *slot) {
  struct history_case *next = NULL;
  uint32_t index = 0;
  *fire = INSTANT_NONE;
  for (uint32_t i = 0; i < history->case_count; i++) {
    usec_t at = case_next_fire(&history->cases[i].state, &index);
    if (at >= *fire) continue;
    *fire = at;
    *slot = index;
    next = &history->cases[i];
  }
  return next;
}

static void keep_event(void *context, const struct event *event, const struct case_state *after) {
  struct event *kept = context;
  *kept = *event;
  (void)after;
}

static bool same_rung(const struct event *a, const struct event *b) {
  return a->rule == b->rule && a->effective == b->effective && a->fired_clock == b->fired_clock && a->track == b->track &&
         a->light == b->light && a->flags_set == b->flags_set && a->notice_count == b->notice_count &&
         memcmp(a->notices, b->notices, sizeof a->notices) == 0;
}

/* What is foretold if nobody does anything is what happens. */
static void check_forecast(struct history *history, const struct case_state *state, const struct command *command) {
  static struct event foretold;
  static struct decision decision;
  const struct fresh fresh = fresh_numbers(history);
  foretold = (struct event){0};
  case_forecast(&history->city->world, state, history->now, INSTANT_NONE - 1, 1, keep_event, &foretold);
  case_decide(&history->city->world, state, command, history->now, &fresh, &decision);
  if (!same_rung(&foretold, &decision.event))
    history_wrong(history, "case %llu: what fires was not foretold", (unsigned long long)state->case_no);
}

/* Fires what is due until `until`: at its time, or late; each rung once. */
static void run_until(struct history *history, usec_t until, bool late) {
  while (history->wrong[0] == '\0') {
    usec_t fire;
    uint32_t slot = 0;
    struct history_case *next = next_due(history, &fire, &slot);
    if (next == NULL || fire > until) break;
    struct command command;
    if (late) history->now = until;
    else if (fire > history->now) history->now = fire;
    case_rung_command(&next->state, slot, &command);
    check_forecast(history, &next->state, &command);
    uint32_t rule = history_command(history, next, &command);
    if (rule_refuses(rule)) history_wrong(history, "a due rung was refused by rule %u", rule);
    if (history_command(history, next, &command) != RULE_STALE_TIMER) history_wrong(history, "a rung fired twice");
  }
  if (history->now < until) history->now = until;
}

/* ---- publications ---- */

void history_review(struct history *history) {
  for (uint32_t i = 0; i < history->case_count; i++) {
    struct command command;
    if (case_next_fire(&history->cases[i].state, NULL) == INSTANT_NONE) continue;
    case_review_command(&history->city->world, &history->cases[i].state, &command);
    history_command(history, &history->cases[i], &command);
  }
}

/* A holiday more, or one less. */
static void publish_calendar(struct history *history) {
  struct city *city = history->city;
  struct calendar *calendar = &city->calendars[0];
  struct calendar_day *day = &calendar->days[dice_below(history, calendar->day_count)];
  day->kind = day->kind == CALENDAR_HOLIDAY ? CALENDAR_MAKE_UP : CALENDAR_HOLIDAY;
  calendar->version = ++city->world.calendar_version;
  history_review(history);
}

/* An appointment ends today, or goes on for ever.  The order of the rows does not depend on it. */
static void change_appointment(struct history *history) {
  struct registry *registry = history->city->registry;
  struct appointment *row = &registry->appointments[dice_below(history, registry->appointment_count)];
  const day_t today = zone_day_of(&history->city->zones[0], history->now);
  const struct appointment was = *row;
  const day_t until = dice_percent(history, 50) && row->from <= today ? today : DAY_MAX;
  row->until = until;
  for (uint32_t i = 0; i < registry->appointment_count; i++)
    if (memcmp(&registry->by_officer[i], &was, sizeof was) == 0) registry->by_officer[i].until = until;
}

/* People come, go, move and stand in for each other; units close. */
static void publish_registry(struct history *history) {
  struct registry *registry = history->city->registry;
  struct officer *officer = &registry->officers[1 + dice_below(history, registry->officer_count)];
  const uint32_t unit = 2 + dice_below(history, registry->unit_count - 1), what = dice_below(history, 100);
  if (what < 50) officer->retired = dice_percent(history, 40);
  else if (what < 70) registry->units[unit].retired = dice_percent(history, 40);
  else if (what < 85) change_appointment(history);
  else if (what < 95) officer->unit = unit;
  else registry->substitutions[dice_below(history, registry->substitution_count)].until += (day_t)dice_below(history, 60);
  registry->version++;
  history_review(history);
  check_posts(history);
}

/* ---- a history ---- */

void history_key(struct history *history, struct command *command) {
  history->key_next++;
  memcpy(command->key.bytes, &history->key_next, sizeof history->key_next);
  command->key.bytes[15] = 7;
}

static void submit(struct history *history) {
  struct command command;
  struct finding finding;
  people_find(history, &command, &finding);
  history_key(history, &command);
  finding.id = command.key;
  history_command(history, NULL, &command);
}

static void act(struct history *history) {
  struct command command;
  struct history_case *found = &history->cases[dice_below(history, history->case_count)];
  people_ask(history, &found->state, &command);
  history_key(history, &command);
  history_command(history, dice_percent(history, 98) ? found : NULL, &command);
}

static void play_step(struct history *history) {
  uint32_t what = dice_below(history, 100);
  if (history->case_count == 0 || (what < 6 && history->case_count < HISTORY_CASES_MAX / 4)) submit(history);
  else if (what < 80) act(history);
  else if (what < 94)
    run_until(history, history->now + dice_below(history, 3) * DAY_USEC + dice_below(history, 86400) * USEC_PER_SECOND,
              dice_percent(history, 10));
  else if (what < 95) run_until(history, history->now + dice_below(history, 120) * DAY_USEC, dice_percent(history, 50));
  else if (what < 98) publish_registry(history);
  else if (what < 99) publish_calendar(history);
  else if (history->city->world.policy_count < 3) history->city->world.policy_count++;
}

void history_play(struct history *history, const uint64_t *steps, uint32_t count) {
  for (uint32_t step = 0; step < count && history->wrong[0] == '\0'; step++) {
    if (history->event_count > HISTORY_EVENTS_MAX - 1000) return;
    history->dice = steps[step];
    play_step(history);
    check_cases(history);
  }
}
