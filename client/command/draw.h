/* draw.h - the draw of a look-back: which closed cases are looked at again, chosen by nobody.  docs/LOOKBACK.md specifies the
 * file and the algorithm, so that others can repeat a draw without this program.
 *
 * The seed is a hash of a signed head of the log, fixed after the closings, and of what a second party may add.  Each case has
 * a rank by it; of each stratum the lowest ranks are drawn.  No I/O here; memory grows with the cases and is owned by the draw.
 */
#ifndef RECTIFY_DRAW_H
#define RECTIFY_DRAW_H

#include "sign/note.h"

#define DRAW_VALUE_BYTES_MAX 200
#define DRAW_FILE_BYTES_MAX (64 * 1024 * 1024)
#define DRAW_BY_COUNT 4

extern const char *const draw_by_names[DRAW_BY_COUNT]; /* none, unit, track, kind */

struct draw_case {
  uint64_t case_no;
  char stratum[CODE_BYTES_MAX + 1];
  uint8_t rank[HASH_BYTES];
  bool drawn;
};

struct draw_stratum {
  const char *name; /* of its first case */
  size_t first, size, drawn; /* of draw->cases */
};

struct draw {
  char from[11], until[11]; /* days of closing, both included */
  uint32_t by;              /* index of draw_by_names */
  bool by_count;
  uint32_t amount; /* cases in all, or the rate in hundredths of a percent, 1 to 10000 */
  char value[DRAW_VALUE_BYTES_MAX + 1]; /* of a second party; empty: none */
  char note[NOTE_BYTES_MAX]; /* the signed head */
  size_t note_length;
  struct checkpoint head; /* what it says */
  uint8_t seed[HASH_BYTES];
  size_t case_count, case_room, stratum_count;
  struct draw_case *cases; /* by stratum, then by number */
  struct draw_stratum *strata;
};

void draw_free(struct draw *draw);
/* Keeps the note; false when it is none, or not signed by `key`. */
bool draw_head(struct draw *draw, const char *note, size_t length, const struct note_verifier *key);
void draw_add(struct draw *draw, uint64_t case_no, const char *stratum, size_t length);
/* Orders the cases, ranks them and draws. */
void draw_make(struct draw *draw);
size_t draw_count(const struct draw *draw);

/* The file, in the one way to write it; freed by the caller. */
char *draw_format(const struct draw *draw, size_t *length);
/* What a file says was asked for, and of which cases; the draw is yet to be made.  False when it is none. */
bool draw_parse(const char *text, size_t length, const struct note_verifier *key, struct draw *out);

/* bound.c: the smallest number of bad cases in the population which would have shown more than `bad` ones with a probability of
 * at least 95 %; the population's size + 1 when no number would.  Exact: hypergeometric, in integers of any size.
 * For several strata: for bad = 0 the worst spread of the bad ones over the strata; else the binomial bound at the lowest
 * rate of any stratum, which is never too low (*conservative). */
uint64_t draw_bound(const struct draw *draw, uint64_t bad, bool *conservative);

#endif
