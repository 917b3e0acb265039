/* evidence.h - what goes with a command: files, which are named by their hash, and texts read from elsewhere. */
#ifndef RECTIFY_EVIDENCE_H
#define RECTIFY_EVIDENCE_H

#include "client/command/command.h"

/* The pieces named on the command line; must not move once something was added. */
struct evidence_list {
  size_t count;
  bool unreadable; /* why evidence_add() failed: the file, not the words */
  Rectify__V1__Evidence pieces[EVIDENCE_MAX];
  Rectify__V1__Evidence *pointers[EVIDENCE_MAX];
  uint8_t sha256[EVIDENCE_MAX][HASH_BYTES];
  char *names[EVIDENCE_MAX]; /* owned */
  char *paths[EVIDENCE_MAX]; /* owned: where the files are, to be uploaded (upload.h) */
};
void evidence_init(struct evidence_list *list);
void evidence_free(struct evidence_list *list);
/* Reads and hashes "FILE", "KIND:FILE", "KIND/N:FILE" or "N:FILE": N is the measure of the plan that it shows done.  `kind`:
 * where none is said.  A file whose name looks so is written ./NAME.  False after a message. */
bool evidence_add(struct evidence_list *list, const char *text, uint32_t kind);

/* All of `in`, at most TEXT_BYTES_MAX bytes, without the last line end; to free(), NULL after a message. */
char *text_from(FILE *in);
/* What the user writes in $VISUAL, $EDITOR, or else editor, nano or vi, without lines that begin with #; to free(), NULL after a message. */
char *text_from_editor(const char *purpose);

#endif
