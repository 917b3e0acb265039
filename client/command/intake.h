/* intake.h - many findings into the daemon: batches, several in flight, each row's outcome told by its place.
 *
 * A batch that the daemon refuses as a whole for one field is resent without that row; one that it finds too large, or
 * refuses without naming a row, is halved until the row is found.  A row with a derived id that had been refused before
 * this run is tried again under its next id (id_again()): a refused id never made a case, so nothing can double.
 * When no daemon answers, what has no answer and all that follows is saved in the spool (keep.h), in the order of the rows.
 * Nothing is given up on silently: the counts add up to the rows handed in, or intake_finish() says that the outcome is
 * unknown.
 */
#ifndef RECTIFY_INTAKE_H
#define RECTIFY_INTAKE_H

#include "client/command/draft.h"
#include "client/command/sheet.h"

#define INTAKE_WINDOW_MAX 32

struct intake_counts {
  uint64_t accepted, repeated, refused, bad;
  uint64_t saved; /* here, not received there */
};

struct intake;
/* `file` names the source in messages.  With --json, outcomes go to stdout row by row.  Never NULL. */
struct intake *intake_open(struct session *session, const char *file, uint32_t batch, uint32_t window);
void intake_close(struct intake *intake);

/* From now on rows are saved, not sent. */
void intake_offline(struct intake *intake);
/* Whether rows may be saved at all: not while a manual clock must move between them.  True unless said. */
void intake_may_save(struct intake *intake, bool may);

/* Each finding is signed with this key; NULL: none is.  Borrowed. */
void intake_sign(struct intake *intake, const struct note_signer *signer);

/* Copies the finding of a judged draft into the current batch.  EXIT_FINE or the exit code to stop with. */
int intake_add(struct intake *intake, const struct draft *draft);
/* Reports a row that cannot be sent. */
void intake_bad(struct intake *intake, struct place place, const char *text);
/* A progress bar may stand on the line: to be called before anything is said on stderr. */
void intake_clear_line(void);
/* Sends what is gathered and waits for every answer. */
int intake_drain(struct intake *intake);
/* Names the lines that were there already, as ranges; nothing when there are none. */
void intake_print_repeated(struct intake *intake, FILE *out);
const struct intake_counts *intake_counts(const struct intake *intake);

#endif
