/* outbox.h - large answers under way, counted until libzmq has let go of them.
 *
 * libzmq bounds its queues in messages, of each connection: with pages of half a megabyte that is no bound.  Here bytes are
 * bounded, of one connection (WIRE_LARGE_CLIENT_BYTES_MAX) and of all (WIRE_LARGE_SUM_BYTES_MAX).  One outbox a process;
 * messages are let go by libzmq's thread, also after router_free().
 */
#ifndef RECTIFY_OUTBOX_H
#define RECTIFY_OUTBOX_H

#include <zmq.h>

#include "daemon/router.h"

/* Makes `message` a copy of an answer of at least WIRE_LARGE_BYTES, counted for the connection.  False: there is no room, the
 * answer is to be dropped. */
bool outbox_message(const struct route_back *back, const void *data, size_t length, zmq_msg_t *message);

#endif
