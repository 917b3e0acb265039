/* explain.h - how explanations are put together: lines of at most EXPLAIN_COLUMNS, made of pieces, in two languages.
 *
 * A teller holds one line that is being made.  Pieces are joined by semicolons; one that does not fit any more begins the
 * next line, indented.  Shared by explain.c (a clock), explain_case.c (a history) and explain_next.c (what is to come).
 */
#ifndef RECTIFY_CORE_EXPLAIN_H
#define RECTIFY_CORE_EXPLAIN_H

#include "core/text.h"
#include "rectify/explain.h"

#define EXPLAIN_COLUMNS 100

/* `en` or `zh`, as the teller speaks. */
const char *tell_in(const struct teller *teller, const char *en, const char *zh);
/* A word of a table, in the teller's language: the identifier, or the Chinese. */
const char *tell_word(const struct teller *teller, const struct word *table, uint32_t number);
/* Its text: the English or the Chinese sentence. */
const char *tell_text(const struct teller *teller, const struct word *table, uint32_t number);
/* Hands a whole line over. */
void tell(const struct teller *teller, const char *text);

/* Names, by the registry in force; "#7" for an id that it does not have. */
void put_officer(struct text *text, const struct teller *teller, uint32_t officer);
void put_unit(struct text *text, const struct teller *teller, uint32_t unit);
void put_case(struct text *text, uint64_t case_no); /* C-000042 */
void put_instant(struct text *text, const struct teller *teller, usec_t instant);
/* The last day in time (or, for hours, the instant) of a due instant. */
void put_due(struct text *text, const struct teller *teller, uint8_t unit, usec_t due);
/* "15wd", "24h"; "3h20m" for microseconds. */
void put_span(struct text *text, const struct teller *teller, struct span span);
void put_moved(struct text *text, const struct teller *teller, uint8_t unit, int64_t moved);

/* One line after another, made of pieces. */
struct pieces {
  const struct teller *teller;
  size_t indent; /* of all lines but the first */
  bool first;    /* nothing was put on this line since it began */
  struct text line;
};
/* Begins with `head`, which pieces follow from column `indent` on. */
void pieces_begin(struct pieces *pieces, const struct teller *teller, const char *head, size_t indent);
void pieces_add(struct pieces *pieces, const char *text);
/* Hands the last line over, unless nothing was put on it and `even_empty` is false. */
void pieces_end(struct pieces *pieces, bool even_empty);

/* A piece for each thing that `event` changed in the case as it was `before`, in words (explain_change.c). */
void pieces_of_change(struct pieces *pieces, const struct case_state *before, const struct event *event);

/* One clock, day by day; with a story also what moved it (explain.c). */
void explain_told(const struct teller *teller, const struct case_clock *clock, const struct story *story);

/* "on hold 2026-02-10 to 2026-02-13 (events 5 to 7)": a span of a story without its amount (explain_case.c). */
void put_story_span(struct text *text, const struct teller *teller, const struct story_span *span);

#endif
