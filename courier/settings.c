/* settings.c - see settings.h. */
#include "courier/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rectify/must.h"
#include "sign/curve.h"

static char *read_file(const char *path, size_t *length, struct buffer *errors) {
  char *text = document_read(path, SETTINGS_BYTES_MAX, length);
  if (text == NULL) buffer_putf(errors, "%.900s: error: %s\n", path, strerror(errno));
  return text;
}

static void take_report(struct document_report *report, struct buffer *errors) {
  buffer_puts(errors, report->text != NULL ? report->text : "");
  document_report_free(report);
}

static bool load_config(const char *path, struct settings *out, struct buffer *errors) {
  struct document_report report = {0};
  size_t length;
  char *text = read_file(path, &length, errors);
  if (text == NULL) return false;
  const bool fine = courier_config_parse(path, text, length, &out->config, &report);
  take_report(&report, errors);
  free(text);
  return fine;
}

/* Personal data: a file that is open to everybody is no file for them. */
static bool load_contacts(struct settings *out, struct buffer *errors) {
  struct document_report report = {0};
  struct stat status;
  size_t length;
  if (stat(out->config.contacts, &status) == 0 && (status.st_mode & 07) != 0) {
    buffer_putf(errors, "%.900s: error: others may read or change it: chmod 600\n", out->config.contacts);
    return false;
  }
  char *text = read_file(out->config.contacts, &length, errors);
  if (text == NULL) return false;
  const bool fine = contacts_parse(out->config.contacts, text, length, &out->config, &out->contacts, &report);
  take_report(&report, errors);
  explicit_bzero(text, length);
  free(text);
  return fine;
}

static bool load_key(const struct settings *out, struct buffer *errors) {
  char error[SECRET_ERROR_BYTES];
  struct curve_pair pair;
  if (out->config.key_file[0] == '\0') return true;
  const bool fine = curve_read(out->config.key_file, &pair, error);
  curve_wipe(&pair, sizeof pair);
  if (!fine) buffer_putf(errors, "%.900s\n", error);
  return fine;
}

static bool open_channels(struct settings *out, struct buffer *errors) {
  char error[CHANNEL_ERROR_BYTES];
  bool fine = true;
  for (uint32_t i = 0; i < out->config.channel_count; i++) {
    if (channel_open(&out->channels[i], &out->config.channels[i], out->config.host, error)) continue;
    buffer_putf(errors, "%.900s\n", error);
    fine = false;
  }
  return fine;
}

static bool load_templates(struct settings *out, struct buffer *errors) {
  char *said = NULL;
  const bool fine = templates_load(out->config.templates, &out->templates, &said);
  if (said != NULL) buffer_puts(errors, said);
  free(said);
  return fine;
}

struct settings *settings_load(const char *path, char **errors) {
  struct settings *settings = calloc(1, sizeof *settings);
  struct buffer said = {0};
  must(settings != NULL);
  secret_lock(settings->channels, sizeof settings->channels);
  bool fine = load_config(path, settings, &said);
  if (fine) { /* all that is wrong is said at one time */
    fine &= load_contacts(settings, &said);
    fine &= load_templates(settings, &said);
    fine &= open_channels(settings, &said);
    fine &= load_key(settings, &said);
  }
  *errors = said.data;
  if (fine) return settings;
  settings_free(settings);
  return NULL;
}

void settings_free(struct settings *settings) {
  if (settings == NULL) return;
  for (uint32_t i = 0; i < settings->config.channel_count; i++) channel_wipe(&settings->channels[i]);
  contacts_free(&settings->contacts);
  templates_free(&settings->templates);
  free(settings);
}

struct channel *settings_channel(struct settings *settings, const char *name, size_t length) {
  for (uint32_t i = 0; i < settings->config.channel_count; i++) {
    const char *own = settings->config.channels[i].name;
    if (strlen(own) == length && memcmp(own, name, length) == 0) return &settings->channels[i];
  }
  return NULL;
}

const char *settings_address(const struct settings *settings, const char *officer, const struct channel *channel) {
  const struct contact *contact = contacts_find(&settings->contacts, officer);
  for (uint32_t i = 0; contact != NULL && i < contact->address_count; i++)
    if (&settings->channels[contact->addresses[i].channel] == channel) return contact->addresses[i].text;
  return NULL;
}
