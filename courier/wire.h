/* wire.h - the courier's connection to the daemon: opened by the settings, what fails is logged once and not at each try. */
#ifndef RECTIFY_COURIER_WIRE_H
#define RECTIFY_COURIER_WIRE_H

#include "courier/settings.h"
#include "rectify/client.h"

#define WIRE_TIMEOUT_MSEC 5000 /* of one question; a silent daemon is asked again at the next round */

struct wire {
  struct rectify *rectify; /* NULL: to be opened */
  const struct courier_config *config; /* borrowed */
  bool silent;             /* the last question had no answer, and that was said */
  usec_t now;              /* the daemon's clock, as it said last */
};

/* Opens if need be.  False when the system refuses; that was said. */
bool wire_open(struct wire *wire);
void wire_close(struct wire *wire);
/* Takes note of how a question ended (enum rectify_result); true: RECTIFY_OK. */
bool wire_ended(struct wire *wire, int result);

/* The daemon's clock, and the number of the newest calendar.  False: no answer. */
bool wire_ping(struct wire *wire, uint32_t *calendar_version);
/* The newest published calendar called `name`; NULL: there is none, or no answer (*answered tells).  To free with
 * calendar_free(). */
struct calendar *wire_calendar(struct wire *wire, const char *name, bool *answered);

ProtobufCBinaryData wire_text(const char *text); /* borrowed */
ProtobufCBinaryData wire_bytes(const void *bytes, size_t length);
/* A text of the wire of at most size - 1 bytes; "" when it is longer. */
void wire_copy(const ProtobufCBinaryData *data, char *out, size_t size);

#endif
