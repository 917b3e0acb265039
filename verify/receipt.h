/* receipt.h - a receipt on file: that a record stands in the log, to be checked by anybody with the log's public key.
 *
 * The text is that of C2SP tlog-proof, so that other tools can check it too; its `extra` is the record itself, from
 * which the leaf is made, so nothing in it is taken on trust:
 *
 *   c2sp.org/tlog-proof@v1
 *   extra base64(record)
 *   index 812
 *   base64(hash)                   the inclusion proof, from the leaf upward; any number of lines
 *                                  (an empty line)
 *   the signed head
 *
 * Callers: the client, the daemon's edge, tests.  Pure but for libcrypto; nothing blocks.
 */
#ifndef RECTIFY_VERIFY_RECEIPT_H
#define RECTIFY_VERIFY_RECEIPT_H

#include "proto/codec.h"
#include "sign/note.h"

#define RECEIPT_BYTES_MAX 20480

enum receipt_verdict {
  RECEIPT_HOLDS = 0,
  RECEIPT_UNREADABLE,   /* not a receipt, or not written as one is */
  RECEIPT_NO_RECORD,    /* its record is not one of a log of this program */
  RECEIPT_OTHER_LOG,    /* the head is that of another log */
  RECEIPT_UNSIGNED,     /* the log's key did not sign the head */
  RECEIPT_NOT_COSIGNED, /* a witness that was asked for did not cosign it */
  RECEIPT_STRANGER,     /* some signature is of nobody who was asked for */
  RECEIPT_NOT_INCLUDED, /* the record is not where it is said to be in the log that was signed */
  RECEIPT_VERDICT_COUNT
};

/* What the verdict means, in a sentence. */
const char *receipt_verdict_text(enum receipt_verdict verdict);

struct receipt {
  uint8_t record[EVENT_BODY_BYTES_MAX];
  size_t record_length;
  uint64_t log_index;
  struct merkle_proof proof;
  char note[NOTE_BYTES_MAX]; /* the signed head */
  size_t note_length;
  /* filled by receipt_check() */
  struct event event; /* the record, unpacked */
  struct hash leaf;
  struct checkpoint head;
  uint32_t cosignatures;
};

/* Writes the text; returns its length, not terminated. */
size_t receipt_format(const struct receipt *receipt, char out[RECEIPT_BYTES_MAX]);
/* The inverse; false when the text is not exactly what receipt_format() writes. */
bool receipt_parse(const char *text, size_t length, struct receipt *out);
/* Parses and checks: record, signatures, inclusion.  The head must be signed by `log`, by each of the witnesses, and by
 * nobody else, so that no byte of a receipt that holds can be another one. */
enum receipt_verdict receipt_check(const char *text, size_t length, const struct note_verifier *log,
                                   const struct note_verifier *witnesses, uint32_t witness_count, struct receipt *out);

#endif
