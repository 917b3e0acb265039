/* post.h - notices that are in no letter yet: read from the daemon, planned (plan.h), rendered (letter.h), posted.
 *
 * A letter is made when it may go, not before: until then an officer's notices gather at the daemon, and nothing is lost with this
 * process.  What was read is read anew before it is rendered, so that a letter says what is so when it leaves. */
#ifndef RECTIFY_COURIER_POST_H
#define RECTIFY_COURIER_POST_H

#include "courier/letter.h"
#include "courier/plan.h"
#include "courier/wire.h"

#define PENDING_MAX 20000   /* notices that wait here; beyond, they go without waiting */
#define DIGESTS_TRACKED 16  /* numbers of outages that are gathered at one time */

struct pending {
  Rectify__V1__NoticeRow *row; /* owned; NULL: posted */
  char officer[CODE_BYTES_MAX + 1];
};

struct posting {
  struct pending *rows; /* ascending by id */
  uint32_t count;
  uint64_t seen;        /* the last id that the round before this one knew */
  uint64_t last;        /* the last id that is known */
  bool at_end;          /* all that there is has been read */
  uint64_t size;        /* of the log when the oldest of the rows was read */
  bool anew;            /* a text was erased since: all is to be read again */
  usec_t read_at;       /* the daemon's clock when the rows were read from the first on */
  uint8_t cursor[WIRE_CURSOR_BYTES_MAX];
  size_t cursor_length; /* of the last page that was full */
  struct { uint64_t number, last; } digests[DIGESTS_TRACKED];
  uint64_t letters, nowhere; /* made since the start; of them, to officers without any address */
};

/* One round: so much is read and so much posted that letters can leave in between.  Returns how many letters were made, or -1 when the
 * daemon did not answer: the next round goes on. */
int post_round(struct posting *posting, struct wire *wire, const struct settings *settings, const struct calendar *calendar);
/* Whether the next round has something to do at once: not all was read, or not all that may go was posted. */
bool post_has_more(const struct posting *posting, int made);
void post_free(struct posting *posting);

#endif
