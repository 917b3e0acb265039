/* courier.h - the courier's two files: its settings (courier.yaml) and whom it reaches where (contacts.yaml).
 *
 * Contacts stand in a file of the courier and not in the registry, because a published registry is kept for ever: addresses
 * change often, are personal data, and must be gone when they are struck out.  Callers: courier/, tests.
 */
#ifndef RECTIFY_DOCUMENT_COURIER_H
#define RECTIFY_DOCUMENT_COURIER_H

#include "document/document.h"

#define COURIER_CHANNELS_MAX 16
#define COURIER_VALUE_BYTES_MAX 1024 /* an endpoint, a path, a URL */
#define CONTACTS_MAX OFFICERS_MAX
#define CONTACT_CHANNELS_MAX 4       /* of one officer */
#define ADDRESS_BYTES_MAX 254        /* RFC 5321, 4.5.3.1.3, less the angle brackets */
#define CHANNEL_PER_MINUTE_MAX 1000  /* of one channel: the times of so many are kept */
#define CHANNEL_AT_ONCE_MAX 16

enum channel_type {
  CHANNEL_NONE = 0,
#define CHANNEL(no, NAME, name, zh, text) CHANNEL_##NAME = no,
#include "document/channel.def"
#undef CHANNEL
  CHANNEL_COUNT = 6
};
extern const struct word words_channel[];

enum language { LANGUAGE_NONE, LANGUAGE_EN, LANGUAGE_ZH, LANGUAGE_COUNT = LANGUAGE_ZH };
extern const struct word words_language[]; /* en, zh_CN */

/* One way out.  Texts that were not given are "". */
struct channel_setting {
  char name[CODE_BYTES_MAX + 1];              /* as contacts and letters name it */
  uint8_t type;                               /* enum channel_type */
  bool plain;                                 /* tls: none */
  char url[COURIER_VALUE_BYTES_MAX];          /* smtp://HOST:PORT; of the others, a URL that is no secret */
  char url_file[COURIER_VALUE_BYTES_MAX];     /* a bot's URL has its token in it: a file of the owner alone */
  char secret_file[COURIER_VALUE_BYTES_MAX];  /* what signs, or the password of `user` */
  char user[NAME_BYTES_MAX + 1];
  char from[ADDRESS_BYTES_MAX + 1];
  char from_name[NAME_BYTES_MAX + 1];
  char ca_file[COURIER_VALUE_BYTES_MAX];      /* who may have signed the server's certificate; "": the system's */
  int32_t per_minute;                         /* messages in any 60 seconds; 0: as many as go */
  int32_t at_once;                            /* messages that may be on their way at one time */
  int32_t timeout_seconds;                    /* of one message */
};

struct courier_config {
  char endpoint[COURIER_VALUE_BYTES_MAX];   /* of the daemon, or a list with commas */
  char server[2 * CLIENT_KEY_BYTES + 1];    /* the daemon's public key; "": not over TCP */
  char key_file[COURIER_VALUE_BYTES_MAX];   /* the courier's own */
  char officer[CODE_BYTES_MAX + 1];         /* the code it acts as */
  char contacts[COURIER_VALUE_BYTES_MAX];   /* the other file */
  char templates[COURIER_VALUE_BYTES_MAX];  /* a folder; "": those compiled in */
  char host[NAME_BYTES_MAX + 1];            /* the right half of each Message-ID */
  char zone[CODE_BYTES_MAX + 1];            /* whose wall clock quiet hours and digests follow */
  char calendar[CODE_BYTES_MAX + 1];        /* the published calendar of working days; "": Monday to Friday */
  uint8_t language;                         /* of who names none */
  uint16_t at_once;                         /* bits 1 << kind of notice: not gathered */
  uint16_t through_quiet;                   /* of these: not held back by quiet hours */
  int32_t gather_from;                      /* so many at one time are one letter all the same; 0: never */
  int32_t poll_seconds;
  int32_t lease_seconds;
  int32_t retry_first_seconds, retry_max_seconds;
  int32_t digest_minutes;                   /* after midnight, of who names none; -1: nothing is gathered */
  int32_t quiet_from, quiet_until;          /* likewise; equal: none */
  bool working_days;                        /* digests on working days only */
  uint32_t channel_count;
  struct channel_setting channels[COURIER_CHANNELS_MAX];
};

struct contact_address {
  uint8_t channel; /* index in courier_config.channels */
  char text[ADDRESS_BYTES_MAX + 1];
};

struct contact {
  char officer[CODE_BYTES_MAX + 1];
  uint8_t language;
  uint8_t zone; /* index in contacts.zones */
  bool working_days;
  int32_t quiet_from, quiet_until, digest_minutes;
  uint32_t address_count;
  struct contact_address addresses[CONTACT_CHANNELS_MAX];
};

#define CONTACT_ZONES_MAX 16

struct contacts {
  uint32_t count, zone_count;
  struct zone *zones;   /* the first is the configuration's */
  struct contact *rows; /* ascending by officer */
};

/* Reads courier.yaml into *config, with the defaults of all that is not there.  False with errors in *report: *config is then
 * not to be used. */
bool courier_config_parse(const char *file_name, const char *text, size_t length, struct courier_config *config,
                          struct document_report *report);
/* Reads contacts.yaml; channels are those of `config`, and so are the defaults.  False with errors in *report, and nothing to
 * free. */
bool contacts_parse(const char *file_name, const char *text, size_t length, const struct courier_config *config,
                    struct contacts *contacts, struct document_report *report);
void contacts_free(struct contacts *contacts);
/* The officer's row; NULL when there is none. */
const struct contact *contacts_find(const struct contacts *contacts, const char *officer);

#endif
