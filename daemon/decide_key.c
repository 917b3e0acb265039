/* decide_key.c - registering and revoking clients' keys: events of no case, judged here as publications are.
 * They take effect in memory when they are decided: a batch that does not land is forgotten whole, keys included. */
#include <string.h>

#include "daemon/daemon.h"
#include "sign/note.h"

static void event_of_key(const struct daemon *daemon, const struct item *item, usec_t now, struct event *out) {
  *out = batch_event(daemon, item->command.kind, now);
  out->key = item->command.key;
  out->actor = item->command.actor;
  out->has_text = item->command.has_text;
  out->text = item->command.text;
  out->has_key = true;
  memcpy(out->client_key.bytes, item->key.bytes, CLIENT_KEY_BYTES);
  out->key_kind = item->key.kind;
}

static bool is_sound(const struct key *key) {
  return key->kind == KEY_TO_SIGN ? public_key_is_sound(key->bytes) : curve_is_sound(key->bytes);
}

/* Registering a key of one's own again sets its days anew: that is how one is prolonged, or given an end. */
static uint32_t judge_register(const struct daemon *daemon, struct item *item, day_t today, const struct key *is) {
  struct key *key = &item->key;
  const struct registry *registry = daemon->store.office->registry;
  if (key->from == 0) key->from = today;
  if (key->until == 0) key->until = DAY_MAX;
  if (key->officer == 0 || registry->officers[key->officer].retired) return RULE_OFFICER_UNKNOWN;
  if (key->until < key->from || key->until < today) return RULE_KEY_TIME;
  if (is != NULL && (is->revoked || is->officer != key->officer || is->kind != key->kind)) return RULE_KEY_TAKEN;
  if (!is_sound(key)) return RULE_KEY_WEAK;
  if (is == NULL) return keys_count(daemon->store.keys) < KEYS_MAX ? RULE_KEY_REGISTERED : RULE_KEY_COUNT;
  return is->from == key->from && is->until == key->until ? RULE_NOTHING_TO_CHANGE : RULE_KEY_REGISTERED;
}

static uint32_t judge_revoke(struct item *item, const struct key *is) {
  if (is == NULL || is->revoked) return RULE_KEY_UNKNOWN;
  if (!item->command.has_text) return RULE_TEXT_REQUIRED;
  item->key = *is;
  item->key.revoked = true;
  return RULE_KEY_REVOKED;
}

void decide_key_change(struct daemon *daemon, struct batch *batch, uint32_t at, usec_t now) {
  struct item *item = &batch->items[at];
  const struct key *is = keys_find(daemon->store.keys, item->key.bytes);
  struct event event;
  event_of_key(daemon, item, now, &event);
  uint32_t rule = RULE_ROLE_MISSING;
  if (is_administrator(daemon->store.office->registry, item->command.actor, now))
    rule = item->command.kind == COMMAND_KEY_REVOKE
               ? judge_revoke(item, is)
               : judge_register(daemon, item, (day_t)(now / (24 * USEC_PER_HOUR)), is);
  event.rule = (uint16_t)rule;
  if (!rule_refuses(rule)) {
    keys_put(daemon->store.keys, &item->key);
    event.subject = item->key.officer;
    event.key_kind = item->key.kind; /* of a revoked one: what it was */
    event.valid_from = item->key.from;
    event.valid_until = item->key.until;
  }
  batch_record(daemon, batch, &event, at);
}
