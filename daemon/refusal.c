/* refusal.c - refusals are on record, one by one, up to a bound for each officer; beyond it they are counted, and the count is put
 * on record (quota.h): who tries a thousand times is seen, and cannot fill the log. */
#include "daemon/daemon.h"

bool refusal_is_recorded(struct daemon *daemon, struct item *item, uint32_t rule, usec_t now) {
  if (!rule_refuses(rule) || item->command.actor == 0) return true;
  if (quota_record_refusal(daemon->quotas, item->command.actor, now)) return true;
  item_fail(item, FAILURE_REFUSALS, word_text(words_failure, FAILURE_REFUSALS));
  return false;
}

bool refusal_counts_are_due(const struct daemon *daemon) {
  return quota_is_due(daemon->quotas, clock_now(), daemon->stopping);
}

void refusal_record_counts(struct daemon *daemon, struct batch *batch, usec_t now) {
  uint32_t officer, count;
  for (uint32_t i = 0; i < BATCH_COUNTS_MAX && quota_next_count(daemon->quotas, now, daemon->stopping, &officer, &count); i++) {
    struct event event = batch_event(daemon, COMMAND_COUNT_REFUSALS, now);
    event.rule = RULE_REFUSALS_COUNTED;
    event.subject = officer;
    event.counted = count;
    batch_random_key(&event.key);
    (void)record_event(daemon, batch, &event);
  }
}
