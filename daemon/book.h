/* book.h - the cases with a timer in memory, which all open ones are: a cache of case_, found by number and ordered
 * by when they next want attention.
 *
 * A state is 900 bytes, packed some 150: those that nobody works on are kept packed, as the database has them.
 *
 * Owns its memory.  Out of memory ends the program: it is crash-only, the database has everything.
 */
#ifndef RECTIFY_BOOK_H
#define RECTIFY_BOOK_H

#include "rectify/core.h"

struct book;

struct book *book_new(void);
void book_free(struct book *book);
/* Forgets all cases. */
void book_clear(struct book *book);
uint64_t book_count(const struct book *book);
/* How many of its cases are open: closed ones are in it while a timer of theirs runs, or a batch needs them. */
uint64_t book_open_count(const struct book *book);
/* All cases one by one, for a walk that other work may interrupt: begin with *cursor 0; NULL at the end.  A case that stays in
 * the book is met exactly once. */
struct case_state *book_walk(struct book *book, uint32_t *cursor);

/* The case, or NULL; borrowed until the next book_settle(), book_clear(), or book_remove() of it. */
struct case_state *book_find(struct book *book, uint64_t case_no);
/* Adds a case that is not in the book yet (all zero but for its number) and returns it. */
struct case_state *book_add(struct book *book, uint64_t case_no);
/* Adds a case that is not in the book yet, aimed, by its state and the same state packed (codec_state_pack(); copied). */
void book_keep(struct book *book, const struct case_state *state, const uint8_t *packed, size_t length);
/* Puts the case where its clocks and its status now say.  To be called after every change of a case. */
void book_aim(struct book *book, const struct case_state *state);
void book_remove(struct book *book, uint64_t case_no);

/* The number of the case whose next rung is due first, and when (INSTANT_NONE and 0 when none is). */
uint64_t book_next(const struct book *book, usec_t *when);

/* Packs all states again when more than `most` are unpacked: for the end of a turn, when nothing is borrowed. */
void book_settle(struct book *book, uint32_t most);

#endif
