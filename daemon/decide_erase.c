/* decide_erase.c - erasing personal text: events of the text's own case (or of none, as the text's is), judged here because
 * they move nothing.  Two persons: the office at the root asks and names the legal ground, an administrator who did not ask
 * erases.  What is erased, and how, is the database's: the migration `erasure`. */
#include <string.h>

#include "daemon/daemon.h"
#include "rectify/must.h"

bool is_erasure(uint32_t command) { return command == COMMAND_ERASE_ASK || command == COMMAND_ERASE; }

/* What this batch, which the database has not seen, said of the same text before. */
static void look_within(const struct batch *batch, struct item *item) {
  for (uint32_t i = 0; i < batch->fresh_count; i++) {
    const struct event *event = &batch->fresh[i].event;
    if (event->other != item->command.other || rule_refuses(event->rule)) continue;
    if (event->command == COMMAND_ERASE_ASK) item->erasure.asked_by = event->actor;
    if (event->command == COMMAND_ERASE) item->erasure.done = true;
  }
}

/* Whoever has the right only in somebody's stead must not do for him what he began. */
static bool asked_by_another(const struct item *item, uint32_t on_behalf) {
  const uint32_t asked_by = item->erasure.asked_by;
  return asked_by != 0 && asked_by != item->command.actor && asked_by != on_behalf;
}

static uint32_t judge(const struct daemon *daemon, struct item *item, usec_t now, uint32_t *on_behalf) {
  const struct world *world = &daemon->store.office->world;
  const struct command *command = &item->command;
  const uint32_t rule =
      authorise_command(world, command->actor, command->kind, 0, 0, zone_day_of(world_zone(world, 0), now), on_behalf);
  if (rule != RULE_NONE) return rule;
  if (item->erasure.elsewhere || !item->erasure.found) return RULE_ERASURE_UNKNOWN;
  if (item->erasure.done) return RULE_NOTHING_TO_CHANGE;
  if (command->kind == COMMAND_ERASE) return asked_by_another(item, *on_behalf) ? RULE_ERASED : RULE_ERASURE_NOT_ASKED;
  if (!command->has_text) return RULE_TEXT_REQUIRED;
  return command->number[0] != '\0' ? RULE_ERASURE_ASKED : RULE_NUMBER_REQUIRED;
}

void erasure_decide(struct daemon *daemon, struct batch *batch, struct item *item, usec_t now, struct decision *out) {
  struct command *command = &item->command;
  struct event *event = &out->event;
  const struct case_state *state = command->case_no == 0 ? NULL : book_find(daemon->store.book, command->case_no);
  uint32_t on_behalf = 0;
  command->evidence_count = 0; /* nothing is shown by it */
  look_within(batch, item);
  const uint32_t rule = judge(daemon, item, now, &on_behalf);
  out->rule = (uint16_t)rule;
  out->record = true;
  *event = batch_event(daemon, command->kind, now);
  if (state != NULL) {
    event->case_no = state->case_no;
    event->version = state->version + 1;
  }
  event->rule = (uint16_t)rule;
  event->key = command->key;
  event->actor = command->actor;
  event->on_behalf = on_behalf;
  event->has_text = command->has_text;
  event->text = command->text;
  if (rule_refuses(rule)) return;
  event->other = command->other;
  memcpy(event->number, command->number, sizeof event->number);
}
