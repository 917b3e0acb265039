/* publish.c - publications of documents: parsed and checked here, recorded by decide.c, adopted once they are durable. */
#include <string.h>

#include "daemon/daemon.h"
#include "sign/digest.h"

static void event_of_publication(const struct daemon *daemon, const struct item *item, usec_t now,
                                 const struct batch *batch, struct event *out) {
  *out = batch_event(daemon, COMMAND_PUBLISH, now);
  out->rule = RULE_PUBLISHED;
  out->key = item->command.key;
  out->actor = item->command.actor;
  out->document = (uint8_t)item->document;
  digest_sha256(batch->text + item->text.at, item->text.length, out->document_sha256.bytes);
}

bool is_administrator(const struct registry *registry, uint32_t actor, usec_t now) {
  return (registry_roles_anywhere(registry, actor, (day_t)(now / (24 * USEC_PER_HOUR))) &
          ROLE_BIT(ROLE_ADMINISTRATOR)) != 0;
}

/* A registry that takes the administrator's own appointment away would be the last one ever. */
static const char *lock_out(const struct batch *batch, const struct item *item, usec_t now) {
  if (item->document != DOCUMENT_REGISTRY || item->command.actor == 0) return NULL;
  const struct registry *registry = batch->publication.parsed;
  return is_administrator(registry, item->command.actor, now)
             ? NULL
             : "this registry takes the publisher's own appointment as administrator away: nobody could mend it";
}

static const char *file_name_of(const struct batch *batch, const struct item *item, char out[NAME_BYTES_MAX + 1]) {
  memcpy(out, batch->text + item->file_name.at, item->file_name.length);
  out[item->file_name.length] = '\0';
  return item->file_name.length == 0 ? "document" : out;
}

void publish_decide(struct daemon *daemon, struct batch *batch, uint32_t at, usec_t now) {
  struct item *item = &batch->items[at];
  struct office *office = daemon->store.office;
  struct event event;
  event_of_publication(daemon, item, now, batch, &event);
  if (item->command.actor != 0 && !is_administrator(office->registry, item->command.actor, now)) {
    event.rule = RULE_ROLE_MISSING;
  } else {
    char name[NAME_BYTES_MAX + 1];
    if (!world_parse(office, item->document, false, file_name_of(batch, item, name),
                     (char *)batch->text + item->text.at, item->text.length, &batch->publication, &batch->report)) {
      item_fail(item, FAILURE_DOCUMENT, batch->report.text);
      return;
    }
    const char *wrong = lock_out(batch, item, now);
    if (wrong != NULL) {
      world_discard(&batch->publication); /* the batch's rungs are recorded all the same: nothing must be adopted */
      item_fail(item, FAILURE_DOCUMENT, wrong);
      return;
    }
    batch->has_publication = true;
    event.document_version = batch->publication.version;
  }
  batch_record(daemon, batch, &event, at);
}

/* ---- the first start ---- */

/* A document of the first start, as the `version`-th of its kind. */
static void record_embedded(struct daemon *daemon, struct batch *batch, uint32_t at, uint32_t version) {
  struct item *item = &batch->items[at];
  struct event event;
  event_of_publication(daemon, item, clock_now(), batch, &event);
  event.document_version = version;
  batch_record(daemon, batch, &event, at);
}

/* UUIDv8 from the document's hash: starting twice publishes once. */
static struct uuid document_key(const struct document_embedded *document) {
  struct hash hash;
  struct uuid key;
  digest_sha256(document->text, document->length, hash.bytes);
  memcpy(key.bytes, hash.bytes, WIRE_ID_BYTES);
  key.bytes[6] = (uint8_t)(0x80 | (key.bytes[6] & 0x0f));
  key.bytes[8] = (uint8_t)(0x80 | (key.bytes[8] & 0x3f));
  return key;
}

static void add_embedded(struct daemon *daemon, struct batch *batch, uint32_t kind, uint32_t version,
                         const struct document_embedded *document) {
  struct item *item = &batch->items[batch->item_count];
  memset(item, 0, sizeof *item);
  item->command.kind = COMMAND_PUBLISH;
  item->command.key = document_key(document);
  item->document = kind;
  item->text = batch_keep(batch, document->text, document->length);
  item->file_name = batch_keep(batch, document->file_name, strlen(document->file_name));
  record_embedded(daemon, batch, batch->item_count++, version);
}

void publish_embedded(struct daemon *daemon, struct batch *batch) {
  uint32_t version = 0;
  for (const struct document_embedded *at = document_embedded_calendars; at->file_name != NULL; at++)
    add_embedded(daemon, batch, DOCUMENT_CALENDAR, ++version, at);
  add_embedded(daemon, batch, DOCUMENT_POLICY, 1, &document_embedded_policy);
  add_embedded(daemon, batch, DOCUMENT_REGISTRY, 1, &document_embedded_registry);
}
