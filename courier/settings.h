/* settings.h - all that the courier is told by files: settings, contacts, templates, secrets.  Loaded whole or not at all, so that a
 * slip in one file leaves the courier as it was.  Callers: main.c, post.c, deliver.c. */
#ifndef RECTIFY_COURIER_SETTINGS_H
#define RECTIFY_COURIER_SETTINGS_H

#include "courier/channel.h"
#include "courier/template.h"

struct settings {
  struct courier_config config;
  struct contacts contacts;
  struct template_set templates;
  struct channel channels[COURIER_CHANNELS_MAX]; /* as config.channels */
};

#define SETTINGS_BYTES_MAX (16 * 1024 * 1024) /* of one file */

/* Reads `path` and what it names.  NULL with all that is wrong in *errors (to free): lines, most with file:line:column. */
struct settings *settings_load(const char *path, char **errors);
void settings_free(struct settings *settings); /* NULL is fine; secrets are overwritten */

/* The channel of that name; NULL: none. */
struct channel *settings_channel(struct settings *settings, const char *name, size_t length);
/* The officer's address there; NULL: none. */
const char *settings_address(const struct settings *settings, const char *officer, const struct channel *channel);

#endif
