/* zap.h - who may come in through the TCP door: the ZAP handler (ZeroMQ RFC 27) and the proof that it is obeyed.
 *
 * libzmq asks at each handshake.  libzmq 4.3.4 lets everybody in when nobody answers, so the handler is bound before the door
 * is, the door has a domain that is enforced, and the stranger below tries the door from outside: at the start, and every
 * minute.  Nothing here blocks; all is called from the loop, through router.c.
 */
#ifndef RECTIFY_ZAP_H
#define RECTIFY_ZAP_H

#include <stdbool.h>
#include <stdint.h>

#include "sign/curve.h"

#define ZAP_DOMAIN "rectify"

/* Whether the holder of the key may connect.  Each message is looked at again: this is the first gate, not the only one. */
typedef bool zap_admit_fn(void *context, const uint8_t key[CURVE_KEY_BYTES]);

struct zap;

/* NULL when another handler has the place. */
struct zap *zap_new(void *zmq_context, zap_admit_fn *admit, void *context);
void zap_free(struct zap *zap);
void *zap_socket(const struct zap *zap); /* to be polled */
/* Answers the handshakes that wait. */
void zap_turn(struct zap *zap);

enum stranger_news {
  STRANGER_NONE,
  STRANGER_REFUSED,  /* as it must be */
  STRANGER_ADMITTED, /* the door stands open */
  STRANGER_UNHEARD,  /* no answer in time: nothing is proven */
};

struct stranger;

struct stranger *stranger_new(void *zmq_context);
void stranger_free(struct stranger *stranger);
/* Knocks with a fresh random key at `endpoint` (tcp://HOST:PORT of the own door); its server key is `server`. */
bool stranger_knock(struct stranger *stranger, const char *endpoint, const uint8_t server[CURVE_KEY_BYTES],
                    int64_t now_msec);
/* The monitor's socket to be polled while a knock is under way, else NULL. */
void *stranger_socket(const struct stranger *stranger);
enum stranger_news stranger_turn(struct stranger *stranger, int64_t now_msec);

#endif
