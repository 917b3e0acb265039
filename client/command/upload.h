/* upload.h - the files of evidence on their way: before the command that names them, or into the spool with it. */
#ifndef RECTIFY_UPLOAD_H
#define RECTIFY_UPLOAD_H

#include "client/command/evidence.h"

/* SHA-256, size and kind of a file, in constant memory.  False after a message: it cannot be read, or is nothing that is taken. */
bool file_look(const char *path, uint8_t sha256[HASH_BYTES], uint64_t *size);

/* Uploads one file as the session's actor, with a bar on a terminal.  EXIT_FINE when the daemon has it, else an exit code after its
 * message; what arrived stays there, and the next try goes on from it. */
int upload_file(struct session *session, const char *path, const uint8_t sha256[HASH_BYTES], uint64_t size);

/* Before a command is sent: its files are uploaded; where no daemon answers, or with --offline, or behind what waits, they are copied
 * into the spool, from where they go before what names them.  EXIT_FINE, or an exit code after its message. */
int upload_evidence(struct session *session, const struct evidence_list *list);

/* Before what waits in the spool is sent: the files that it names.  One that the daemon will never take is said and left out: the
 * command says that it has only a hash.  RECTIFY_OK, or why nothing may be sent now (enum rectify_result).  `endpoint` as
 * rectify_spool_send(). */
int upload_spooled(struct session *session, struct rectify_spool *spool, const char *endpoint);
/* Afterwards: copies that nothing waits for any more go. */
void upload_forget(struct rectify_spool *spool);

#endif
