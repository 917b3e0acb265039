/* submit.h - what `rectify submit` was told. */
#ifndef RECTIFY_SUBMIT_H
#define RECTIFY_SUBMIT_H

#include "client/command/draft.h"
#include "client/command/evidence.h"

struct submission {
  /* one finding */
  struct draft draft;
  struct evidence_list evidence;
  char *read_text; /* owned */
  bool has_field;
  struct note_signer signer;
  bool is_signed;
  /* a file */
  const char *jsonl, *csv, *map;
  uint32_t batch, window;
  day_t from, until; /* dates found, both included */
  bool dry_run, advance, in_date_order;
};

/* submit_file.c: rows of a file, streamed. */
int submit_file(struct session *session, const struct submission *submission);

#endif
