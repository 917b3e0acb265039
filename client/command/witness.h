/* witness.h - what `witness` on requests and `witness` of a running daemon share. */
#ifndef RECTIFY_WITNESS_COMMAND_H
#define RECTIFY_WITNESS_COMMAND_H

#include "client/command/command.h"
#include "sign/secret.h"
#include "sign/witness.h"

struct witness_job {
  struct note_signer witness;
  struct note_verifier log;
  const char *origin, *state;
  bool has_key, has_log;
  unsigned every_seconds; /* 0: once */
};

/* Judges a request, keeps the head and cosigns it. */
void witness_ask(const struct witness_job *job, const char *text, size_t length, struct witness_answer *answer,
                 char error[SECRET_ERROR_BYTES]);
/* Prints the cosignature, or says why there is none; the exit code. */
int witness_say(const struct witness_answer *answer, const char *error);

/* witness_online.c: asks the daemon for its last signed head and the proof that it extends the one known here, cosigns it, and
 * hands the line in.  Once, or every so many seconds until a signal. */
int witness_online(struct session *session, const struct witness_job *job);

#endif
