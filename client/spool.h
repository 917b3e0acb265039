/* spool.h - the inside of the spool: shared by its own files and tests/unit/test_spool.c.
 *
 * Record of `queue`: items, each u32 length | 16 id | i64 saved | u16 length of the endpoint | endpoint | packed Request.
 * Record of `receipts`: notes, each u32 length | 16 id | i64 when | u8 fate | packed Reply with one outcome, or nothing.
 * Both little-endian; the items of one record were added together, all or none. */
#ifndef RECTIFY_SPOOL_H
#define RECTIFY_SPOOL_H

#include "client/internal.h"
#include "client/spool_file.h"
#include "sign/note.h"

#define SPOOL_ITEMS_MAX (16 * 1024 * 1024)
#define SPOOL_ENDPOINT_BYTES_MAX 511
#define SPOOL_BATCH_MAX 100               /* items of one request */
#define SPOOL_BATCH_BYTES_MAX (512 * 1024)

struct spool_part {
  uint64_t at; /* in its file */
  uint32_t length;
};

struct spool_entry {
  uint8_t id[16];
  uint8_t fate; /* enum rectify_fate */
  bool exported;
  int64_t saved_msec, settled_msec;
  struct spool_part endpoint, request; /* in queue */
  struct spool_part reply;             /* in receipts */
};

struct rectify_spool {
  char folder[SPOOL_PATH_BYTES];
  struct spool_file queue, receipts;
  int lock; /* of its own file; held while the files are read on or written */
  struct spool_entry *entries;
  size_t count, room, waiting;
  size_t first; /* no entry before it waits */
  uint32_t *index; /* by id, open addressing: entry + 1; 0: free */
  size_t index_room;
  struct codec_arena *arena, *reply_arena;
  uint8_t *scratch; /* WIRE_FRAME_BYTES_MAX */
  char endpoint[SPOOL_ENDPOINT_BYTES_MAX + 1]; /* of the item handed out last */
  Rectify__V1__Reply *settled; /* of the item handed out last, in reply_arena */
  bool has_log;
  struct note_verifier log; /* whose receipts are believed, when it is known */
  char text[RECTIFY_TEXT_BYTES];
};

/* ---- spool.c ---- */
/* Takes the lock and reads on; SPOOL_OK or a result with its sentence, then the lock is free. */
int spool_begin(struct rectify_spool *spool);
int spool_end(struct rectify_spool *spool, int result);
int spool_failed(struct rectify_spool *spool, const char *what, int result);
/* The request of an entry into the arena, which is not reset; NULL with a sentence. */
Rectify__V1__Request *spool_request(struct rectify_spool *spool, const struct spool_entry *entry);
/* Whether it may go to one of the daemons of `endpoint`. */
bool spool_may_go(struct rectify_spool *spool, const struct spool_entry *entry, const char *endpoint);

/* ---- spool_prove.c: with the log's key, what is not proved is not received ---- */
/* Whether the outcome proves itself to be the answer to the entry; errors and outcomes without a key pass.  RECTIFY_OK;
 * RECTIFY_TIMEOUT: there is no signed head yet; RECTIFY_UNPROVEN.  Resets both arenas. */
int spool_check_proof(struct rectify_spool *spool, const struct spool_entry *entry, const Rectify__V1__Outcome *outcome);
/* A copy of a reply of outcomes, with the proofs that were missing as far as the daemon gives them; *out is to be freed with
 * rectify__v1__reply__free_unpacked(), also after a failure. */
int spool_complete(struct rectify *rectify, const ProtobufCBinaryData *actor, const Rectify__V1__Reply *reply, int timeout_msec,
                   Rectify__V1__Reply **out);
/* Holds the heads of the outcomes against the newest one that was seen, and keeps the newer.  RECTIFY_OK or RECTIFY_UNPROVEN: the
 * log went back or forked; or what the asking came to. */
int spool_check_head(struct rectify_spool *spool, struct rectify *rectify, const ProtobufCBinaryData *actor, Rectify__V1__Outcomes *outcomes,
                     int timeout_msec);

/* ---- spool_bytes.c: records ---- */
struct spool_bytes {
  uint8_t *data; /* owned */
  size_t length, room;
  size_t most; /* 0: SPOOL_RECORD_BYTES_MAX */
  bool failed; /* out of memory, or too much for a record */
};
/* Begins a part whose length is filled in by spool_part_end(). */
size_t spool_part_begin(struct spool_bytes *bytes);
void spool_part_end(struct spool_bytes *bytes, size_t begun);
void spool_put(struct spool_bytes *bytes, const void *data, size_t length);
void spool_put_number(struct spool_bytes *bytes, uint64_t number, unsigned size);
/* A reader of what was put; *left counts down.  False: too short. */
struct spool_reader {
  const uint8_t *at;
  size_t left;
};
bool spool_get(struct spool_reader *reader, void *out, size_t length);
bool spool_get_number(struct spool_reader *reader, uint64_t *number, unsigned size);
/* The next part; its reader is *part. */
bool spool_get_part(struct spool_reader *reader, struct spool_reader *part);

#endif
