/* signed.h - the inspectors' own signatures, checked against nothing but the log: its key events say whose a key was. */
#ifndef RECTIFY_SIGNED_H
#define RECTIFY_SIGNED_H

#include "client/command/command.h"

/* A key to sign with, as the log has it so far. */
struct signed_key {
  uint8_t bytes[CLIENT_KEY_BYTES];
  uint32_t officer;
  day_t from, until;
  bool revoked;
};

struct signed_log {
  struct signed_key *keys; /* owned */
  size_t count, room;
  uint64_t good, erased;
};

/* Takes the next event of the log: notes a key, or checks a signature.  NULL, or what is wrong. */
const char *signed_check(struct signed_log *log, const struct event *event, const Rectify__V1__EventRow *row);

#endif
