/* contacts.c - contacts.yaml: who is reached where, in which language, and when; see courier.h. */
#include <stdlib.h>
#include <string.h>

#include "document/courier_field.h"

struct contacts_draft {
  struct report *report;
  const struct courier_config *config;
  struct contacts *out;
};

/* ---- addresses ---- */

static int32_t channel_named(const struct courier_config *config, const struct yaml_node *key) {
  for (uint32_t i = 0; i < config->channel_count; i++)
    if (strlen(config->channels[i].name) == key->length && memcmp(config->channels[i].name, key->text, key->length) == 0)
      return (int32_t)i;
  return -1;
}

static struct hint channel_hint(const struct courier_config *config, const struct yaml_node *key) {
  struct word table[COURIER_CHANNELS_MAX + 1] = {{0}};
  for (uint16_t i = 0; i < config->channel_count; i++)
    table[i] = (struct word){(uint16_t)(i + 1), config->channels[i].name, "", ""};
  return report_hint(table, key->text, key->length);
}

/* Of a bot: whom the message mentions.  It travels in JSON, so letters that people have in such names are enough. */
static bool is_mention(const char *text) {
  for (const char *c = text; *c != '\0'; c++)
    if ((unsigned char)*c <= ' ' || strchr("<>\"'&\\", *c) != NULL) return false;
  return true;
}

static bool take_address(struct contacts_draft *draft, const struct yaml_node *node, struct contact_address *out) {
  const int32_t channel = channel_named(draft->config, node->key);
  if (channel < 0) {
    report_error(draft->report, node->key->at, "there is no channel '%s'%s", field_quote(node->key).text,
                 channel_hint(draft->config, node->key).text);
    return false;
  }
  out->channel = (uint8_t)channel;
  if (draft->config->channels[channel].type == CHANNEL_SMTP)
    return courier_mail_address(draft->report, node, "the address", out->text);
  if (!courier_value(draft->report, node, "the address", out->text, sizeof out->text)) return false;
  if (is_mention(out->text)) return true;
  report_error(draft->report, node->at, "the address has spaces, quotes or angle brackets: '%s'", field_quote(node).text);
  return false;
}

static void take_addresses(struct contacts_draft *draft, const struct yaml_node *node, struct contact *contact) {
  if (!field_is(draft->report, node, YAML_MAPPING, "channels")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
    if (contact->address_count == CONTACT_CHANNELS_MAX) {
      report_error(draft->report, child->key->at, "more than %d channels of one officer", CONTACT_CHANNELS_MAX);
      return;
    }
    if (take_address(draft, child, &contact->addresses[contact->address_count])) contact->address_count++;
  }
}

/* ---- rows ---- */

/* Zones are few, so each is kept once. */
static uint8_t zone_named(struct contacts_draft *draft, const struct yaml_node *node) {
  struct contacts *out = draft->out;
  char name[CODE_BYTES_MAX + 1];
  if (node == NULL || !field_phrase(draft->report, node, "zone", name)) return 0;
  for (uint32_t i = 0; i < out->zone_count; i++)
    if (strcmp(out->zones[i].name, name) == 0) return (uint8_t)i;
  if (out->zone_count == CONTACT_ZONES_MAX)
    report_error(draft->report, node->at, "more than %d time zones", CONTACT_ZONES_MAX);
  else if (zone_load(name, &out->zones[out->zone_count]))
    return (uint8_t)out->zone_count++;
  else
    report_error(draft->report, node->at, "the system knows no time zone '%s'", field_quote(node).text);
  return 0;
}

static void take_contact(struct contacts_draft *draft, const struct yaml_node *node, struct contact *contact) {
  enum { OFFICER, LANGUAGE, CHANNELS, ZONE, QUIET, DIGEST, WORKING };
  static const struct field fields[] = {{"officer", true}, {"language", false},     {"channels", true}, {"zone", false}, {"quiet", false},
                                        {"digest", false}, {"working_days", false}, {NULL, false}};
  const struct courier_config *config = draft->config;
  const struct yaml_node *values[FIELDS_MAX];
  *contact = (struct contact){.language = config->language,
                              .working_days = config->working_days,
                              .quiet_from = config->quiet_from,
                              .quiet_until = config->quiet_until,
                              .digest_minutes = config->digest_minutes};
  if (!field_take(draft->report, node, "a contact", fields, values)) return;
  field_code(draft->report, values[OFFICER], "officer", contact->officer);
  if (values[LANGUAGE] != NULL)
    contact->language = (uint8_t)field_word(draft->report, values[LANGUAGE], "language", words_language);
  contact->zone = zone_named(draft, values[ZONE]);
  courier_quiet(draft->report, values[QUIET], &contact->quiet_from, &contact->quiet_until);
  courier_digest(draft->report, values[DIGEST], &contact->digest_minutes);
  field_flag(draft->report, values[WORKING], "working_days", &contact->working_days);
  take_addresses(draft, values[CHANNELS], contact);
}

static int is_officer(const void *key, const void *row) { return strcmp(key, ((const struct contact *)row)->officer); }

static int by_officer(const void *left, const void *right) {
  const struct contact *a = left, *b = right;
  return strcmp(a->officer, b->officer);
}

static void refuse_twice(struct contacts_draft *draft, const struct yaml_node *list) {
  const struct contacts *contacts = draft->out;
  for (uint32_t i = 1; i < contacts->count; i++)
    if (contacts->rows[i].officer[0] != '\0' && strcmp(contacts->rows[i].officer, contacts->rows[i - 1].officer) == 0)
      report_error(draft->report, list->at, "officer '%s' has more than one contact", contacts->rows[i].officer);
}

static void take_rows(struct contacts_draft *draft, const struct yaml_node *list) {
  struct contacts *out = draft->out;
  if (!field_is(draft->report, list, YAML_SEQUENCE, "contacts")) return;
  if (list->count > CONTACTS_MAX) {
    report_error(draft->report, list->at, "more than %d contacts", CONTACTS_MAX);
    return;
  }
  out->rows = calloc(list->count + 1, sizeof *out->rows);
  out->zones = calloc(CONTACT_ZONES_MAX, sizeof *out->zones);
  if (out->rows == NULL || out->zones == NULL || !zone_load(draft->config->zone, &out->zones[out->zone_count++])) {
    report_error(draft->report, list->at, "out of memory");
    return;
  }
  for (const struct yaml_node *node = list->first; node != NULL; node = node->next)
    take_contact(draft, node, &out->rows[out->count++]);
  qsort(out->rows, out->count, sizeof *out->rows, by_officer);
  refuse_twice(draft, list);
}

bool contacts_parse(const char *file_name, const char *text, size_t length, const struct courier_config *config,
                    struct contacts *contacts, struct document_report *out) {
  static const struct field fields[] = {{"contacts", true}, {NULL, false}};
  const struct yaml_node *root = NULL, *values[FIELDS_MAX];
  struct report report;
  struct contacts_draft draft = {.report = &report, .config = config, .out = contacts};
  *contacts = (struct contacts){0};
  report_open(&report, file_name);
  struct yaml *yaml = yaml_parse(&report, text, length, &root);
  if (root != NULL && field_take(&report, root, "the file of contacts", fields, values)) take_rows(&draft, values[0]);
  yaml_free(yaml);
  const bool fine = report_close(&report, out);
  if (!fine) contacts_free(contacts);
  return fine;
}

void contacts_free(struct contacts *contacts) {
  free(contacts->rows);
  free(contacts->zones);
  *contacts = (struct contacts){0};
}

const struct contact *contacts_find(const struct contacts *contacts, const char *officer) {
  if (contacts->count == 0) return NULL;
  return bsearch(officer, contacts->rows, contacts->count, sizeof *contacts->rows, is_officer);
}
