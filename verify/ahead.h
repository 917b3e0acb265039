/* ahead.h - the sections of an export in their order, each looked at before its turn by other threads.
 *
 * What can be known of a section by itself - the leaf of a record, its event, whether its text is what was hashed, whether a head is
 * signed - is most of the work of verifying, and waits for no other section: a thread for each processor but the caller's does
 * it, some chunks of sections ahead of the caller.  What depends on the sections before is the caller's.
 */
#ifndef RECTIFY_VERIFY_AHEAD_H
#define RECTIFY_VERIFY_AHEAD_H

#include "proto/codec.h"
#include "verify/verify.h"

struct looked_record {
  struct hash leaf;
  bool readable; /* then `event` is it */
  bool text_differs;
  struct event event;
};

struct looked_head {
  bool readable, is_ours, is_signed; /* each only if the one before */
  struct checkpoint checkpoint;      /* if readable */
  uint32_t cosigned, cosigned_wrong; /* bits: witnesses of the options, by their place */
};

struct looked {
  struct export_section section;
  uint64_t offset; /* of the file, behind it */
  union {
    struct looked_record record; /* EXPORT_EVENT */
    struct looked_head head;     /* EXPORT_HEAD */
  };
};

/* Whether these bytes are a head of the log, and who signed it.  Pure. */
void look_at_head(const struct verify_options *options, const char *bytes, size_t length, struct looked_head *out);

struct ahead;

/* Begins to read at the first line of `file`, which stays the caller's, as do the options.  Where no thread can be had the caller's
 * own does all. */
struct ahead *ahead_new(FILE *file, const struct verify_options *options);
/* The next section, borrowed until the next call.  Returns one of enum export_result; once it is not EXPORT_OK, always the same.
 * Blocks on the file and on the threads. */
int ahead_next(struct ahead *ahead, const struct looked **out);
/* The file's offset behind what was handed out last. */
uint64_t ahead_offset(const struct ahead *ahead);
void ahead_free(struct ahead *ahead);

#endif
