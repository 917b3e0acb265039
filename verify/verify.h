/* verify.h - verifies an export of the log with nothing but the log's public key and, if there are, heads kept
 * elsewhere.
 *
 * Trusts neither the daemon nor its database: leaves and root are computed anew, every head's signature is checked and
 * its root compared, every case is folded again and its row compared with the fold.  A head kept outside is what finds
 * a tree that was rebuilt as a whole; the heads in the export alone find it only as long as the key was not stolen.
 * scripts/verify.py does the same without sharing a line.  Callers: the client's `verify --offline`, tests.
 */
#ifndef RECTIFY_VERIFY_VERIFY_H
#define RECTIFY_VERIFY_VERIFY_H

#include "sign/note.h"
#include "verify/export.h"

#define FINDING(NAME, name, text) VERIFY_##NAME,
enum verify_finding {
#include "verify/finding.def"
  VERIFY_FINDING_COUNT
};
#undef FINDING

const char *verify_finding_name(enum verify_finding finding);
const char *verify_finding_text(enum verify_finding finding);

/* A signed note that was kept outside; borrowed. */
struct verify_note {
  const char *bytes;
  size_t length;
  const char *from; /* a name for messages, such as its file */
};

/* A head's short code (checkpoint_code()) that stands on paper at its size, under the key's own name. */
struct verify_printed {
  uint64_t size;
  char code[CHECKPOINT_CODE_BYTES];
};

#define VERIFY_HEADS_MAX 1024
#define VERIFY_PRINTED_MAX 64
#define VERIFY_WITNESSES_MAX 16

struct verify_options {
  const struct note_verifier *log;       /* whose heads count; its name is the log's */
  const struct note_verifier *witnesses; /* whose cosignatures are checked */
  uint32_t witness_count;
  const struct verify_note *heads; /* kept outside, in any order; at most VERIFY_HEADS_MAX */
  uint32_t head_count;
  const struct verify_printed *printed; /* ascending by size; at most VERIFY_PRINTED_MAX */
  uint32_t printed_count;
  /* Called for each thing found, and for each text that was erased as it should be (VERIFY_FINDING_COUNT). */
  void (*tell)(void *context, enum verify_finding finding, const char *text);
  void *context;
};

struct verify_result {
  uint64_t events, cases, heads, cosignatures, erased;
  uint64_t covered;  /* the size of the largest good head: what lies behind is not signed yet */
  uint64_t findings; /* 0: nothing was tampered with */
};

/* Reads `file` to its end.  Returns 0, or -1 when it could not be read (errno).  Memory: one folded state a case, 32
 * bytes an event for the uniqueness of keys, chunks that are looked at ahead (ahead.h), and nothing that grows with the length of a
 * text.  Has threads of its own meanwhile; `tell` is called by the caller's. */
int verify_export(FILE *file, const struct verify_options *options, struct verify_result *out);

#endif
