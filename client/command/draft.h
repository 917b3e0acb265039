/* draft.h - one finding while it is read: values, where each came from, and what is wrong with it. */
#ifndef RECTIFY_DRAFT_H
#define RECTIFY_DRAFT_H

#include "client/command/command.h"
#include "sign/note.h"

enum draft_field {
  DRAFT_UNIT,
  DRAFT_KIND,
  DRAFT_SEVERITY,
  DRAFT_CATEGORY,
  DRAFT_CODE,
  DRAFT_INSPECTION,
  DRAFT_TEAM,
  DRAFT_FOUND,
  DRAFT_TEXT,
  DRAFT_ID,
  DRAFT_FIELDS
};

/* Names of the fields as words, numbered enum draft_field + 1; for options, JSON, mappings and "did you mean". */
extern const struct word words_draft[];

struct place {
  uint64_t line, column;
};

struct draft_value {
  const char *text; /* borrowed */
  size_t length;
  struct place place;
  bool set;
};

#define PROBLEM_BYTES_MAX 256
struct draft {
  struct place start; /* of the row */
  struct draft_value values[DRAFT_FIELDS];
  /* Judged by draft_judge(): */
  uint8_t id[16];
  bool has_id;
  bool derived; /* the id was made from the row, not brought by it */
  uint32_t kind, severity;
  day_t found_on;
  /* The first thing that is wrong; text empty: nothing. */
  struct place problem_place;
  char problem[PROBLEM_BYTES_MAX];
};

void draft_begin(struct draft *draft, uint64_t line);
void draft_set(struct draft *draft, enum draft_field field, const char *text, size_t length, struct place place);
/* Notes a problem unless there is one already. */
void draft_problem(struct draft *draft, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Reads words, date and id, checks lengths and UTF-8: what would make the daemon refuse the whole request.  What the
 * rules say about the finding is the daemon's to judge.  True when nothing is wrong. */
bool draft_judge(struct draft *draft);
/* Points `finding` into the draft; valid as long as the draft and what it borrows. */
void draft_finding(const struct draft *draft, Rectify__V1__Finding *finding);
/* Signs the finding as it is; the signature goes into `signature`, which must live as long.  NULL signer: nothing is done. */
void finding_sign(const struct note_signer *signer, Rectify__V1__Finding *finding, uint8_t signature[NOTE_SIGNATURE_BYTES]);

#endif
