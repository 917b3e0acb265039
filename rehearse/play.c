/* play.c - rehearse(): the loop of a rehearsal.  rehearse.h.
 *
 * A heap of cases by the time at which each next wants something: a rung that is due, or somebody who acts.  A case that
 * changed is put in again; what lies in the heap for its older state is recognised by the case's version and dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"
#include "rehearse/people.h"
#include "rehearse/tally.h"

struct player_case {
  struct case_state state;
  struct habits habits;
  uint32_t stamp; /* of its entry in the heap that counts */
  uint32_t clock; /* whom habits_next() named */
  bool acts;      /* a person acts next; else a rung fires */
};

struct entry {
  usec_t when;
  uint32_t index, stamp;
};

struct player {
  const struct rehearsal *rehearsal;
  struct tally tally;
  struct player_case *cases;
  uint32_t count, room;
  struct entry *heap;
  uint32_t heap_count, heap_room;
  uint32_t order_year, order_serial;
  bool exhausted; /* memory ran out */
};

/* ---- the heap: earliest first, then the older case ---- */

static bool is_earlier(const struct entry *a, const struct entry *b) {
  return a->when != b->when ? a->when < b->when : a->index < b->index;
}

static void push(struct player *player, struct entry entry) {
  if (player->heap_count == player->heap_room) {
    const uint32_t room = player->heap_room == 0 ? 1024 : 2 * player->heap_room;
    struct entry *heap = realloc(player->heap, room * sizeof *heap);
    if (heap == NULL) {
      player->exhausted = true;
      return;
    }
    player->heap = heap;
    player->heap_room = room;
  }
  uint32_t at = player->heap_count++;
  for (; at > 0 && is_earlier(&entry, &player->heap[(at - 1) / 2]); at = (at - 1) / 2)
    player->heap[at] = player->heap[(at - 1) / 2];
  player->heap[at] = entry;
}

static struct entry pop(struct player *player) {
  const struct entry top = player->heap[0], last = player->heap[--player->heap_count];
  uint32_t at = 0;
  for (uint32_t child; (child = 2 * at + 1) < player->heap_count; at = child) {
    if (child + 1 < player->heap_count && is_earlier(&player->heap[child + 1], &player->heap[child])) child++;
    if (!is_earlier(&player->heap[child], &last)) break;
    player->heap[at] = player->heap[child];
  }
  player->heap[at] = last;
  return top;
}

/* What the case wants next. */
static void plan(struct player *player, uint32_t index, usec_t now) {
  struct player_case *row = &player->cases[index];
  const usec_t fire = case_next_fire(&row->state, NULL);
  uint32_t clock = CLOCK_NONE;
  usec_t act = INSTANT_NONE;
  if (!player->rehearsal->idle) act = habits_next(&row->habits, &player->rehearsal->world, &row->state, now, &clock);
  row->acts = act < fire;
  row->clock = clock;
  row->stamp++;
  const usec_t when = row->acts ? act : fire;
  if (when <= player->rehearsal->until) push(player, (struct entry){when, index, row->stamp});
}

/* ---- commands ---- */

static bool make_room(struct player *player) {
  if (player->count < player->room) return true;
  const uint32_t room = player->room == 0 ? player->rehearsal->count + 1024 : 2 * player->room;
  struct player_case *cases = realloc(player->cases, room * sizeof *cases);
  if (cases == NULL) {
    player->exhausted = true;
    return false;
  }
  player->cases = cases;
  player->room = room;
  return true;
}

static struct fresh fresh_of(struct player *player, usec_t now) {
  int32_t year, month, day;
  workday_civil(zone_day_of(&player->rehearsal->world.zones[0], now), &year, &month, &day);
  if ((uint32_t)year != player->order_year) player->order_serial = 0;
  player->order_year = (uint32_t)year;
  return (struct fresh){player->count + 1, player->order_year, player->order_serial + 1};
}

static void follow_up(struct player *player, uint32_t index, const struct event *event, usec_t now);

/* Decides; on acceptance counts, and does what follows.  `index` of a new case: player->count, which then grows. */
static bool decide(struct player *player, uint32_t index, const struct command *command, usec_t now) {
  const bool is_new = index == player->count;
  const struct fresh fresh = fresh_of(player, now);
  struct decision decision;
  if (is_new && !make_room(player)) return false;
  struct player_case *row = &player->cases[index];
  if (is_new) memset(row, 0, sizeof *row);
  case_decide(&player->rehearsal->world, is_new ? NULL : &row->state, command, now, &fresh, &decision);
  if (rule_refuses(decision.rule)) {
    player->tally.out->refusals++;
    return false;
  }
  const struct case_state before = row->state;
  must(case_apply(&row->state, &decision.event));
  if (decision.event.order_serial != 0) player->order_serial = decision.event.order_serial;
  if (is_new) player->count++;
  tally_event(&player->tally, &decision.event, &before, &row->state);
  follow_up(player, index, &decision.event, now);
  return true;
}

static void spawn(struct player *player, struct command command, usec_t now) {
  const struct case_state parent = *command.other_state; /* the cases may move when one more is made */
  const uint32_t index = player->count;
  command.other_state = &parent;
  if (!decide(player, index, &command, now)) return;
  habits_draw(&player->cases[index].habits, player->rehearsal->seed, index, player->cases[index].state.unit);
  plan(player, index, now);
}

static void relate(struct player *player, const struct command *command, usec_t now) {
  must(command->case_no > 0 && command->case_no <= player->count);
  const uint32_t index = (uint32_t)command->case_no - 1;
  if (decide(player, index, command, now)) plan(player, index, now);
}

static void follow_up(struct player *player, uint32_t index, const struct event *event, usec_t now) {
  struct command command;
  struct finding finding;
  const struct case_state after = player->cases[index].state;
  for (uint32_t i = 0; case_follow_up(&player->rehearsal->world, &after, event, i, &command, &finding); i++) {
    if (command.kind == COMMAND_SPAWN) spawn(player, command, now);
    else relate(player, &command, now);
  }
}

/* ---- findings ---- */

static void copy(char out[CODE_BYTES_MAX + 1], const char *text) {
  size_t length = strlen(text);
  if (length > CODE_BYTES_MAX) length = CODE_BYTES_MAX;
  memcpy(out, text, length);
  out[length] = '\0';
}

static void count_unrouted(struct player *player, const struct finding *finding, const struct command *command) {
  const struct world *world = &player->rehearsal->world;
  if (finding->unit != 0 &&
      route_match(world->policies, world->registry, finding, command->plain, command->plain_length) == NULL)
    player->tally.out->unrouted[finding->kind]++;
  else player->tally.out->unit_unknown++;
}

static void submit(struct player *player, uint32_t at, const uint32_t *counts) {
  const struct rehearsal *rehearsal = player->rehearsal;
  const struct rehearsal_finding *from = &rehearsal->findings[at];
  struct finding finding = {.team = rehearsal->team, .unit = from->unit, .kind = from->kind, .severity = from->severity,
                            .found_on = from->found_on, .same_problem = counts[2 * at], .same_kind = counts[2 * at + 1]};
  copy(finding.unit_code, from->unit != 0 ? rehearsal->world.registry->units[from->unit].code : "unknown");
  copy(finding.code, from->code);
  copy(finding.category, from->category);
  copy(finding.inspection, from->inspection);
  const struct command command = {.kind = COMMAND_SUBMIT, .actor = rehearsal->inspector, .has_text = true,
                                  .plain = from->text, .plain_length = (uint32_t)strlen(from->text), .finding = &finding};
  const uint32_t index = player->count;
  if (!decide(player, index, &command, from->at)) return;
  if (player->cases[index].state.status == STATUS_UNROUTED) count_unrouted(player, &finding, &command);
  habits_draw(&player->cases[index].habits, rehearsal->seed, at, from->unit);
  plan(player, index, from->at);
}

/* ---- the loop ---- */

static void step(struct player *player) {
  const struct entry entry = pop(player);
  struct command command;
  uint32_t slot;
  if (player->cases[entry.index].stamp != entry.stamp) return;
  struct player_case *row = &player->cases[entry.index];
  const bool acts = row->acts;
  if (acts) {
    habits_command(&row->habits, &player->rehearsal->world, &row->state, entry.when, row->clock, &command);
  } else {
    (void)case_next_fire(&row->state, &slot);
    case_rung_command(&row->state, slot, &command);
  }
  const bool done = decide(player, entry.index, &command, entry.when);
  if (acts && command.kind != COMMAND_EXTENSION_ASK) habits_note(&player->cases[entry.index].habits, !done, entry.when);
  plan(player, entry.index, entry.when);
}

static void play(struct player *player, const uint32_t *counts) {
  const struct rehearsal *rehearsal = player->rehearsal;
  for (uint32_t at = 0; !player->exhausted;) {
    const bool more = at < rehearsal->count && rehearsal->findings[at].at <= rehearsal->until;
    if (!more && player->heap_count == 0) return;
    if (more && (player->heap_count == 0 || rehearsal->findings[at].at < player->heap[0].when)) submit(player, at++, counts);
    else step(player);
  }
}

bool rehearse(const struct rehearsal *rehearsal, struct rehearsal_result *out) {
  struct player player = {.rehearsal = rehearsal};
  *out = (struct rehearsal_result){0};
  uint32_t *counts = calloc(2 * (size_t)rehearsal->count + 1, sizeof *counts);
  bool fine = tally_open(&player.tally, &rehearsal->world, out) && counts != NULL && rehearsal_recurrence(rehearsal, counts);
  if (fine) {
    play(&player, counts);
    for (uint32_t i = 0; i < player.count; i++) tally_case(&player.tally, &player.cases[i].state, rehearsal->until);
  }
  tally_close(&player.tally);
  free(player.cases);
  free(player.heap);
  free(counts);
  if (fine && !player.exhausted) return true;
  rehearsal_free(out);
  return false;
}

void rehearsal_free(struct rehearsal_result *result) {
  free(result->units);
  *result = (struct rehearsal_result){0};
}
