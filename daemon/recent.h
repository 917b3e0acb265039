/* recent.h - which keys are certainly on no record, without asking the database.
 *
 * Clients make keys as UUIDv7 (RFC 9562, 5.7), which grow with time.  What has to be known is the greatest of them that was on record
 * when the daemon had taken over, and those that were recorded since: one that is greater, and not among these, is new.  Of every
 * other, also of each that is no UUIDv7, the database has to be asked.  To be started anew whenever a batch fails.
 */
#ifndef RECTIFY_RECENT_H
#define RECTIFY_RECENT_H

#include <stdbool.h>

#include "rectify/model.h"

struct recent;

/* Owned by the caller.  Remembers up to `most` keys, a power of two. */
struct recent *recent_new(uint32_t most);
void recent_free(struct recent *recent);

/* Forgets what it had.  `greatest`: of the UUIDv7 on record (sql/load_numbers.sql); NULL: there are none. */
void recent_start(struct recent *recent, const struct uuid *greatest);

/* The key is on record, or about to be.  When all that can be are remembered they are forgotten, and what is new lies beyond them. */
void recent_add(struct recent *recent, const struct uuid *key);

/* False: it may be on record. */
bool recent_is_new(const struct recent *recent, const struct uuid *key);

#endif
