/* past.h - the options --as-of and --known-at, of the verbs that can tell what was: cases, ledger, show, history. */
#ifndef RECTIFY_PAST_OPTIONS_H
#define RECTIFY_PAST_OPTIONS_H

#include "client/command/command.h"
#include "sign/note.h"

#define PAST_FLAGS \
    {"as-of", 0, "DATE[THH:MM]", "what was true at the end of that day, or at that minute; needs no more than today's rights", NULL}, \
    {"known-at", 0, "SIZE", "what the log of that many events knew, as a ledger prints it", NULL}
extern const struct flag past_flags[];

/* Keeps one option of PAST_FLAGS by its name.  False after a message. */
bool past_option(struct session *session, const char *name, const char *value);
/* Where the day after the one written YYYY-MM-DD begins in the user's zone; -1: it is none. */
usec_t past_next_day(const struct session *session, const char *text);
/* Reads the date, once all options are known: --utc may come later.  EXIT_FINE, or EXIT_USE after a message. */
int past_settle(struct session *session, const struct arguments *arguments);
/* Reads options that are PAST_FLAGS alone; EXIT_FINE, else the exit code to end with, negative when help was printed. */
int past_read(struct session *session, struct arguments *arguments);
bool past_is_meant(const struct session *session);

/* The name of the log: of the public key `given` (its text or a file), or of ~/.config/rectify/log.  False, without a message
 * where nothing was given, when it is not known. */
bool past_log_name(const char *given, char out[NOTE_NAME_BYTES_MAX + 1]);

#endif
