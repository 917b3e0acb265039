/* signing.h - the daemon's side of rectify-sign: one UNIX socket, one question at a time, nothing blocks.
 *
 * The signer holds the key and the last head it signed; the daemon proves that each head extends that one (sign/signer.h).
 */
#ifndef RECTIFY_SIGNING_H
#define RECTIFY_SIGNING_H

#include "sign/signer.h"

enum signing_news {
  SIGNING_NONE,
  SIGNING_UP,       /* connected: nothing is under way */
  SIGNING_ANSWERED, /* signing_reply() is the answer to what was asked */
  SIGNING_LOST,     /* the connection ended; it is tried again */
};

struct signing;

/* `path` is borrowed. */
struct signing *signing_new(const char *path);
void signing_free(struct signing *signing);

/* For the loop: -1 while there is no connection. */
int signing_fd(const struct signing *signing);
enum signing_news signing_turn(struct signing *signing, int64_t now_msec);

/* Whether something can be asked. */
bool signing_is_idle(const struct signing *signing);
/* Asks for the last head signed, or for a signature; `proof` NULL: the empty one.  Only while idle. */
void signing_ask_status(struct signing *signing);
void signing_ask_sign(struct signing *signing, uint64_t size, const struct hash *root, const struct merkle_proof *proof);
/* The last answer. */
const struct signer_reply *signing_reply(const struct signing *signing);

#endif
