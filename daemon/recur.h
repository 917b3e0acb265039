/* recur.h - how many findings of a problem, or of a kind, are on record, day by day, in memory.
 *
 * A cache of the table `finding`: of each pair of words that was asked for (unit and code; unit above and category) the days
 * on which such findings were found, from one day on.  From there it is complete: the probe brings what is durable, and each
 * finding that is decided is added.  So it must be cleared whenever a batch fails.  Of days before there may be fewer than on
 * record.  Counts are of a bound (RECUR_DAY_MAX a day): what is asked is "how many, up to a bound".
 */
#ifndef RECTIFY_RECUR_H
#define RECTIFY_RECUR_H

#include <stdbool.h>
#include <stdint.h>

#include "rectify/model.h"

struct recur;

/* Which pair of words: unit and code, or unit above and category. */
enum recur_of { RECUR_PROBLEM, RECUR_KIND };

#define RECUR_NONE 0 /* no number */

/* Owned by the caller. */
struct recur *recur_new(void);
void recur_free(struct recur *recur);
void recur_clear(struct recur *recur);

/* Whether it takes more than RECUR_BYTES_MAX: to be cleared before the next questions are asked. */
bool recur_is_full(const struct recur *recur);

/* The number of the pair, good until the next clear; RECUR_NONE: nothing is known of it. */
uint32_t recur_find(const struct recur *recur, enum recur_of of, const char *above, const char *word);
/* The same, taken up if it is new: then nothing is known from any day on. */
uint32_t recur_take(struct recur *recur, enum recur_of of, const char *above, const char *word);

/* Both words, one behind the other, each with its end; good until the next clear. */
const char *recur_words(const struct recur *recur, uint32_t number);

/* The day that it is complete from. */
day_t recur_from(const struct recur *recur, uint32_t number);
/* Whether recur_count() can tell. */
bool recur_knows(const struct recur *recur, uint32_t number, day_t from, day_t until, uint32_t most);
/* Forgets what was counted: it will be complete from this day on, once recur_add() has told what the database has. */
void recur_start(struct recur *recur, uint32_t number, day_t from);
/* The database has told a part of its findings: it is complete from this day on, DAY_MAX + 1 for none, and may have more before. */
void recur_narrow(struct recur *recur, uint32_t number, day_t from);
/* Whether a part is all that was told since recur_start(). */
bool recur_is_part(const struct recur *recur, uint32_t number);
/* `count` more findings of that day.  Days before the one that it is complete from are left out. */
void recur_add(struct recur *recur, uint32_t number, day_t day, uint32_t count);
/* How many from `from` to `until`, both included, up to `most`, which is at most RECUR_DAY_MAX; only if recur_knows(). */
uint32_t recur_count(const struct recur *recur, uint32_t number, day_t from, day_t until, uint32_t most);

#endif
