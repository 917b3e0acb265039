/* order.h - what an act verb was told: one command, to be given for one case or for many.
 *
 * act.c gives it for the cases that are named, bulk.c for those that a filter finds. */
#ifndef RECTIFY_ORDER_H
#define RECTIFY_ORDER_H

#include "client/command/evidence.h"

/* Must not move once an option was read. */
struct order {
  Rectify__V1__Command command; /* copied for each case */
  struct evidence_list evidence;
  const char *text;
  char *read_text; /* owned */
  uint8_t id[16];
  bool has_id;
  bool preview; /* only ask what would come of it */
};
void order_init(struct order *order, const struct verb *verb);
void order_free(struct order *order);
/* The exit code after order_option() said false. */
int order_failure(const struct order *order);

/* Reads one option of an act verb by its name.  False after a message. */
bool order_option(struct order *order, const char *name, const char *value);
/* What the verb cannot do without: its options, the reason in words (from an editor on a terminal), an id.  Needs
 * session_open_to_send().  EXIT_FINE or the exit code after its message. */
int order_complete(struct session *session, const struct verb *verb, struct order *order);

/* The ids of the commands follow from the order's id and the case: the same order again is the same commands.
 * `alone`: the one command bears the order's id itself, as --id promises.  What no
 * daemon answers for is saved (keep.h).  *reply is borrowed until the next call. */
int order_send(struct session *session, const struct order *order, const uint64_t *cases, size_t count, bool alone,
               const Rectify__V1__Reply **reply);

#endif
