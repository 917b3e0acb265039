/* keep.h - how the commands use the spool: what a daemon does not answer for is saved here, and goes out later. */
#ifndef RECTIFY_KEEP_H
#define RECTIFY_KEEP_H

#include "client/command/command.h"

/* The spool of this user: $RECTIFY_SPOOL, else ~/.local/state/rectify/spool; opened when first asked for.  `make`: it may
 * be made.  NULL with a message; without `make` NULL and no message when there is none. */
struct rectify_spool *session_spool(struct session *session, bool make);

/* Whether the log's public key is known (--log, RECTIFY_LOG, ~/.config/rectify/log): then all findings and commands go through the
 * spool, which calls nothing received that does not prove itself. */
bool session_knows_log(struct session *session);

/* An id for a finding or command, with or without a connection.  EXIT_FINE, or an exit code after its message. */
int session_key(struct session *session, uint8_t id[16]);

#define SPOOL_FOLDER_BYTES 4096
/* Where the spool is, or would be; false: nobody says. */
bool spool_folder(char out[SPOOL_FOLDER_BYTES]);

/* Whether what is sent now is saved here, because nothing is to be sent or because something waits before it. */
bool session_will_save(struct session *session);

/* session_open() for a command that can be saved: with --offline nothing is opened. */
int session_open_to_send(struct session *session);

/* Sends a Submit or an Act.  Behind what waits in the spool already it queues up; when no daemon answers, or with --offline,
 * it is saved.  EXIT_FINE: *reply has an outcome for each item, without a result for what is only saved here; borrowed until
 * the next call.  Else the exit code after its message; EXIT_UNREACHABLE: unknown, and it could not be saved. */
int session_deliver(struct session *session, Rectify__V1__Request *request, const Rectify__V1__Reply **reply);

/* Saves all items of a request.  EXIT_FINE, or an exit code after its message. */
int session_save(struct session *session, const Rectify__V1__Request *request, uint32_t *known);

/* Before many findings are sent: sends what waits.  False: no daemon answered, so that they must be saved behind it. */
bool session_clear_spool(struct session *session);

/* Sends what was just saved; the exit code, after its message. */
int session_send_saved(struct session *session);

/* Once a daemon has answered: sends what waits, and says on stderr what came of it. */
void session_flush(struct session *session);

/* Who is to send what waits, and what a failed try means; `spool send`. */
int spool_failure(struct session *session, struct rectify_spool *spool, int result);

#endif
