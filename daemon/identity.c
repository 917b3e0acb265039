/* identity.c - whom a connection belongs to.  The handshake is the first gate; each message passes the second one here, so that
 * a key that was revoked a moment ago is dead on connections that are open too.
 *
 * The local door is a file: whoever may open it may name any actor, as the operator's own tools do. */
#include "daemon/daemon.h"
#include "sign/note.h"

static day_t today(void) { return (day_t)(clock_now() / (24 * USEC_PER_HOUR)); }

bool identity_admits(void *context, const uint8_t bytes[CURVE_KEY_BYTES]) {
  const struct daemon *daemon = context;
  const struct key *key = keys_find(daemon->store.keys, bytes);
  const char *why;
  return key != NULL && key->kind == KEY_TO_CONNECT && key_is_good(key, today(), &why);
}

bool identity_holds(const struct daemon *daemon, const uint8_t *bytes, uint32_t actor, const char **why) {
  if (bytes == NULL) return true;
  const struct key *key = keys_find(daemon->store.keys, bytes);
  if (key == NULL) *why = "this key is not registered";
  else if (key->kind != KEY_TO_CONNECT) *why = "this key is for signing only";
  else if (!key_is_good(key, today(), why)) return false;
  else if (key->officer != actor) *why = "this key belongs to another officer";
  else return true;
  return false;
}

bool identity_signed(const struct daemon *daemon, const struct batch *batch, const struct item *item) {
  const struct key *key = keys_find(daemon->store.keys, item->signer);
  const char *why;
  return key != NULL && key->kind == KEY_TO_SIGN && key->officer == item->command.actor && key_is_good(key, today(), &why) &&
         signature_holds(item->signer, batch->text + item->was_signed.at, item->was_signed.length, item->signature);
}
