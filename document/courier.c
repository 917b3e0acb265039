/* courier.c - courier.yaml: see courier.h. */
#include "document/courier.h"

#include <string.h>

#include "document/courier_field.h"

const struct word words_channel[] = {
#define CHANNEL(no, NAME, name, zh, text) {no, #name, zh, text},
#include "document/channel.def"
#undef CHANNEL
    {0, NULL, NULL, NULL},
};

const struct word words_language[] = {
    {LANGUAGE_EN, "en", "英文", "English"}, {LANGUAGE_ZH, "zh_CN", "中文", "Chinese"}, {0, NULL, NULL, NULL}};

/* ---- one channel ---- */

enum { TYPE, TLS, URL, URL_FILE, SECRET_FILE, USER, FROM, FROM_NAME, CA_FILE, PER_MINUTE, AT_ONCE, TIMEOUT };
static const struct field channel_fields[] = {
    {"type", true},       {"tls", false},    {"url", false},       {"url_file", false}, {"secret_file", false},
    {"user", false},      {"from", false},   {"from_name", false}, {"ca_file", false},  {"per_minute", false},
    {"at_once", false},   {"timeout", false}, {NULL, false}};

/* What a type needs and cannot use, and what its vendor allows (docs/COURIER.md cites where that stands). */
static const struct channel_rule {
  uint16_t needs, refuses; /* bits 1 << key */
  int32_t per_minute, at_once;
} channel_rules[] = {
#define K(key) (1u << (key))
    [CHANNEL_SMTP] = {K(URL) | K(FROM), K(URL_FILE), 0, 4},
    [CHANNEL_WECOM] = {K(URL_FILE), K(URL) | K(SECRET_FILE) | K(USER) | K(FROM) | K(FROM_NAME), 20, 1},
    [CHANNEL_DINGTALK] = {K(URL_FILE) | K(SECRET_FILE), K(URL) | K(USER) | K(FROM) | K(FROM_NAME), 20, 1},
    [CHANNEL_FEISHU] = {K(URL_FILE) | K(SECRET_FILE), K(URL) | K(USER) | K(FROM) | K(FROM_NAME), 100, 1},
    [CHANNEL_WEBHOOK] = {K(SECRET_FILE), K(USER) | K(FROM) | K(FROM_NAME), 0, 4},
    [CHANNEL_SYSLOG] = {0,
                        K(TLS) | K(URL) | K(URL_FILE) | K(SECRET_FILE) | K(USER) | K(FROM) | K(FROM_NAME) | K(CA_FILE) |
                            K(TIMEOUT),
                        0, 1},
#undef K
};

static void check_keys(struct report *report, const struct yaml_node *node, const struct yaml_node **values, uint8_t type) {
  const struct channel_rule *rule = &channel_rules[type];
  for (uint32_t i = 0; channel_fields[i].key != NULL; i++) {
    const bool there = values[i] != NULL;
    if (there && (rule->refuses >> i & 1) != 0)
      report_error(report, values[i]->key->at, "a channel of type %s has no key '%s'", word_name(words_channel, type),
                   channel_fields[i].key);
    if (!there && (rule->needs >> i & 1) != 0)
      report_error(report, node->at, "a channel of type %s needs the key '%s'", word_name(words_channel, type),
                   channel_fields[i].key);
  }
  if (type == CHANNEL_WEBHOOK && (values[URL] == NULL) == (values[URL_FILE] == NULL))
    report_error(report, node->at, "a channel of type webhook needs one of the keys 'url' and 'url_file'");
  if (type == CHANNEL_SMTP && (values[USER] == NULL) != (values[SECRET_FILE] == NULL))
    report_error(report, node->at, "'user' and 'secret_file' (the password) go together");
}

static void take_tls(struct report *report, const struct yaml_node *node, struct channel_setting *out) {
  static const struct word ways[] = {{1, "required", "", ""}, {2, "none", "", ""}, {0, NULL, NULL, NULL}};
  out->plain = node != NULL && field_word(report, node, "way of tls", ways) == 2;
}

/* A password over a line that anybody reads is nobody's secret. */
static void check_url(struct report *report, const struct yaml_node *node, const struct channel_setting *channel) {
  const bool mail = channel->type == CHANNEL_SMTP;
  if (node == NULL || channel->url[0] == '\0') return;
  const char *plain = mail ? "smtp://" : "http://", *safe = mail ? "smtps://" : "https://";
  if (strncmp(channel->url, plain, strlen(plain)) != 0 && strncmp(channel->url, safe, strlen(safe)) != 0)
    report_error(report, node->at, "url must begin with %s or %s; this is '%s'", plain, safe, field_quote(node).text);
  else if (!mail && !channel->plain && strncmp(channel->url, safe, strlen(safe)) != 0)
    report_error(report, node->at, "a webhook in the clear needs 'tls: none' beside it");
}

static void take_channel(struct report *report, const struct yaml_node *node, struct channel_setting *out) {
  const struct yaml_node *values[FIELDS_MAX];
  if (!field_take(report, node, "a channel", channel_fields, values)) return;
  out->type = (uint8_t)field_word(report, values[TYPE], "type of channel", words_channel);
  if (out->type == CHANNEL_NONE) return;
  check_keys(report, node, values, out->type);
  out->per_minute = channel_rules[out->type].per_minute;
  out->at_once = channel_rules[out->type].at_once;
  out->timeout_seconds = 30;
  take_tls(report, values[TLS], out);
  courier_value(report, values[URL], "url", out->url, sizeof out->url);
  courier_value(report, values[URL_FILE], "url_file", out->url_file, sizeof out->url_file);
  courier_value(report, values[SECRET_FILE], "secret_file", out->secret_file, sizeof out->secret_file);
  courier_value(report, values[CA_FILE], "ca_file", out->ca_file, sizeof out->ca_file);
  field_name(report, values[USER], "user", out->user);
  field_name(report, values[FROM_NAME], "from_name", out->from_name);
  courier_mail_address(report, values[FROM], "from", out->from);
  field_integer(report, values[PER_MINUTE], "per_minute", 1, CHANNEL_PER_MINUTE_MAX, &out->per_minute);
  field_integer(report, values[AT_ONCE], "at_once", 1, CHANNEL_AT_ONCE_MAX, &out->at_once);
  field_integer(report, values[TIMEOUT], "timeout", 1, 600, &out->timeout_seconds);
  check_url(report, values[URL], out);
}

/* As the daemon takes it: it stands in each letter. */
static void take_channel_name(struct report *report, const struct yaml_node *key, struct channel_setting *out) {
  if (!field_slug(report, key, "the name of a channel", out->name)) return;
  if (strcmp(out->name, "none") == 0)
    report_error(report, key->at, "'none' is what letters to nobody are marked with; a channel has another name");
  if (out->name[0] < 'a' || out->name[0] > 'z' || key->length > LETTER_CHANNEL_BYTES_MAX)
    report_error(report, key->at, "the name of a channel begins with a letter and has at most %d bytes; this is '%s'",
                 LETTER_CHANNEL_BYTES_MAX, field_quote(key).text);
}

static void take_channels(struct report *report, const struct yaml_node *node, struct courier_config *config) {
  if (!field_is(report, node, YAML_MAPPING, "channels")) return;
  for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
    if (config->channel_count == COURIER_CHANNELS_MAX) {
      report_error(report, child->key->at, "more than %d channels", COURIER_CHANNELS_MAX);
      return;
    }
    struct channel_setting *channel = &config->channels[config->channel_count++];
    take_channel_name(report, child->key, channel);
    take_channel(report, child, channel);
  }
}

/* ---- the whole ---- */

enum { ENDPOINT, SERVER, KEY_FILE, OFFICER, CONTACTS, TEMPLATES, HOST, LANGUAGE, URGENT, TIMES, POLL, LEASE, RETRY, CHANNELS };
static const struct field fields[] = {
    {"endpoint", true},   {"server", false}, {"key_file", false}, {"officer", true},   {"contacts", true},
    {"templates", false}, {"host", true},    {"language", false}, {"urgent", false},   {"times", false},
    {"poll", false},      {"lease", false},  {"retry", false},    {"channels", true},  {NULL, false}};

static void take_urgent(struct report *report, const struct yaml_node *node, struct courier_config *config) {
  enum { KINDS, THROUGH, GATHER };
  static const struct field urgent[] = {
      {"at_once", false}, {"through_quiet", false}, {"gather_from", false}, {NULL, false}};
  const struct yaml_node *values[FIELDS_MAX];
  if (node == NULL || !field_take(report, node, "urgent", urgent, values)) return;
  if (values[KINDS] != NULL) config->at_once = field_words(report, values[KINDS], "kind of notice", words_notice);
  config->through_quiet = field_words(report, values[THROUGH], "kind of notice", words_notice);
  if ((config->through_quiet & ~config->at_once) != 0)
    report_error(report, values[THROUGH]->at, "through_quiet names a kind that at_once does not");
  field_integer(report, values[GATHER], "gather_from", 0, 1000, &config->gather_from);
}

static void take_times(struct report *report, const struct yaml_node *node, struct courier_config *config) {
  enum { ZONE, CALENDAR, QUIET, DIGEST, WORKING };
  static const struct field times[] = {{"zone", false},   {"calendar", false},     {"quiet", false},
                                       {"digest", false}, {"working_days", false}, {NULL, false}};
  const struct yaml_node *values[FIELDS_MAX];
  if (node == NULL || !field_take(report, node, "times", times, values)) return;
  if (field_phrase(report, values[ZONE], "zone", config->zone) && !zone_load(config->zone, &(struct zone){0}))
    report_error(report, values[ZONE]->at, "the system knows no time zone '%s'", field_quote(values[ZONE]).text);
  field_slug(report, values[CALENDAR], "calendar", config->calendar);
  courier_quiet(report, values[QUIET], &config->quiet_from, &config->quiet_until);
  courier_digest(report, values[DIGEST], &config->digest_minutes);
  field_flag(report, values[WORKING], "working_days", &config->working_days);
}

static void take_retry(struct report *report, const struct yaml_node *node, struct courier_config *config) {
  enum { FIRST, MOST };
  static const struct field retry[] = {{"first", false}, {"max", false}, {NULL, false}};
  const struct yaml_node *values[FIELDS_MAX];
  if (node == NULL || !field_take(report, node, "retry", retry, values)) return;
  field_integer(report, values[FIRST], "first", 1, 3600, &config->retry_first_seconds);
  field_integer(report, values[MOST], "max", 1, 86400, &config->retry_max_seconds);
  if (config->retry_max_seconds < config->retry_first_seconds)
    report_error(report, node->at, "retry: max is less than first");
}

/* Over TCP there are keys, always. */
static void take_keys(struct report *report, const struct yaml_node **values, struct courier_config *config) {
  const bool tcp = strncmp(config->endpoint, "tcp://", 6) == 0;
  char server[COURIER_VALUE_BYTES_MAX] = "";
  courier_value(report, values[KEY_FILE], "key_file", config->key_file, sizeof config->key_file);
  courier_value(report, values[SERVER], "server", server, sizeof server);
  if (tcp && (values[SERVER] == NULL || values[KEY_FILE] == NULL))
    report_error(report, values[ENDPOINT]->at, "TCP needs the keys 'server' and 'key_file' beside it");
  if (server[0] == '\0') return;
  if (strlen(server) == sizeof config->server - 1 && strspn(server, "0123456789abcdef") == sizeof config->server - 1)
    memcpy(config->server, server, sizeof config->server);
  else
    report_error(report, values[SERVER]->at, "server must be 64 hexadecimal digits, as `rectify key public` prints them");
}

static void take_all(struct report *report, const struct yaml_node *root, struct courier_config *config) {
  const struct yaml_node *values[FIELDS_MAX];
  if (!field_take(report, root, "the configuration", fields, values)) return;
  courier_value(report, values[ENDPOINT], "endpoint", config->endpoint, sizeof config->endpoint);
  courier_value(report, values[CONTACTS], "contacts", config->contacts, sizeof config->contacts);
  courier_value(report, values[TEMPLATES], "templates", config->templates, sizeof config->templates);
  field_code(report, values[OFFICER], "officer", config->officer);
  courier_host(report, values[HOST], config->host);
  if (values[LANGUAGE] != NULL) config->language = (uint8_t)field_word(report, values[LANGUAGE], "language", words_language);
  field_integer(report, values[POLL], "poll", 1, 3600, &config->poll_seconds);
  field_integer(report, values[LEASE], "lease", 10, 3600, &config->lease_seconds);
  if (values[ENDPOINT] != NULL) take_keys(report, values, config);
  take_urgent(report, values[URGENT], config);
  take_times(report, values[TIMES], config);
  take_retry(report, values[RETRY], config);
  take_channels(report, values[CHANNELS], config);
  for (uint32_t i = 0; i < config->channel_count; i++)
    if (config->channels[i].timeout_seconds >= config->lease_seconds && config->channels[i].type != CHANNEL_NONE)
      report_error(report, values[CHANNELS]->at, "channel %s: its timeout is not below the lease of %d seconds",
                   config->channels[i].name, config->lease_seconds);
}

static void set_defaults(struct courier_config *config) {
  memset(config, 0, sizeof *config);
  strcpy(config->zone, "Asia/Shanghai");
  config->language = LANGUAGE_ZH;
  config->at_once = (1u << NOTICE_URGE) | (1u << NOTICE_SUPERVISION_ORDER) | (1u << NOTICE_INTERVIEW) | (1u << NOTICE_PROPOSAL);
  config->gather_from = 6;
  config->poll_seconds = 5;
  config->lease_seconds = 120;
  config->retry_first_seconds = 60;
  config->retry_max_seconds = 3600;
  config->digest_minutes = 8 * 60 + 30;
  config->working_days = true;
}

bool courier_config_parse(const char *file_name, const char *text, size_t length, struct courier_config *config,
                          struct document_report *out) {
  struct report report;
  const struct yaml_node *root = NULL;
  set_defaults(config);
  report_open(&report, file_name);
  struct yaml *yaml = yaml_parse(&report, text, length, &root);
  if (root != NULL) take_all(&report, root, config);
  yaml_free(yaml);
  return report_close(&report, out);
}
