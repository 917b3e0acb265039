/* receipt.c - receipts: receipt.h. */
#include "verify/receipt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rectify/must.h"
#include "sign/digest.h"

#define FIRST_LINE "c2sp.org/tlog-proof@v1\n"

static const char *const texts[RECEIPT_VERDICT_COUNT] = {
    [RECEIPT_HOLDS] = "the receipt holds",
    [RECEIPT_UNREADABLE] = "this is not a receipt, or it was changed",
    [RECEIPT_NO_RECORD] = "what it says was recorded is not a record",
    [RECEIPT_OTHER_LOG] = "it is of another log",
    [RECEIPT_UNSIGNED] = "the log's key did not sign its head",
    [RECEIPT_NOT_COSIGNED] = "a witness that was named did not cosign its head, or its signature is not right",
    [RECEIPT_STRANGER] = "somebody who was not named here signed its head too: name him by --witness",
    [RECEIPT_NOT_INCLUDED] = "the record does not stand at that place of the log that was signed",
};

const char *receipt_verdict_text(enum receipt_verdict verdict) {
  must(verdict < RECEIPT_VERDICT_COUNT);
  return texts[verdict];
}

/* ---- writing ---- */

static char *put_base64(char *at, const void *data, size_t length) {
  at += base64_encode(data, length, at);
  *at++ = '\n';
  return at;
}

size_t receipt_format(const struct receipt *receipt, char out[RECEIPT_BYTES_MAX]) {
  must(receipt->record_length > 0 && receipt->record_length <= EVENT_BODY_BYTES_MAX);
  must(receipt->proof.count <= MERKLE_PROOF_MAX && receipt->note_length <= NOTE_BYTES_MAX);
  char *at = stpcpy(out, FIRST_LINE "extra ");
  at = put_base64(at, receipt->record, receipt->record_length);
  at += snprintf(at, 32, "index %" PRIu64 "\n", receipt->log_index);
  for (uint32_t i = 0; i < receipt->proof.count; i++) at = put_base64(at, receipt->proof.hashes[i].bytes, HASH_BYTES);
  *at++ = '\n';
  memcpy(at, receipt->note, receipt->note_length);
  return (size_t)(at - out) + receipt->note_length;
}

/* ---- reading ---- */

/* The next line without its newline, and without `prefix`, which it must begin with. */
static bool take_line(const char **text, size_t *left, const char *prefix, const char **line, size_t *length) {
  const char *newline = memchr(*text, '\n', *left);
  const size_t skip = strlen(prefix);
  if (newline == NULL || (size_t)(newline - *text) < skip || memcmp(*text, prefix, skip) != 0) return false;
  *line = *text + skip;
  *length = (size_t)(newline - *line);
  *left -= (size_t)(newline + 1 - *text);
  *text = newline + 1;
  return true;
}

static bool read_number(const char *line, size_t length, uint64_t *out) {
  *out = 0;
  if (length == 0 || length > 18) return false;
  for (size_t i = 0; i < length; i++) {
    if (line[i] < '0' || line[i] > '9') return false;
    *out = *out * 10 + (uint64_t)(line[i] - '0');
  }
  return true;
}

static bool read_proof(const char **text, size_t *left, struct merkle_proof *out) {
  const char *line;
  size_t length, got;
  while (take_line(text, left, "", &line, &length)) {
    if (length == 0) return true;
    if (out->count == MERKLE_PROOF_MAX) return false;
    if (!base64_decode(line, length, out->hashes[out->count++].bytes, HASH_BYTES, &got) || got != HASH_BYTES)
      return false;
  }
  return false;
}

bool receipt_parse(const char *text, size_t length, struct receipt *out) {
  char again[RECEIPT_BYTES_MAX];
  const char *at = text, *line;
  size_t left = length, line_length;
  memset(out, 0, sizeof *out);
  if (length > RECEIPT_BYTES_MAX || left < sizeof FIRST_LINE - 1 || memcmp(at, FIRST_LINE, sizeof FIRST_LINE - 1) != 0)
    return false;
  at += sizeof FIRST_LINE - 1;
  left -= sizeof FIRST_LINE - 1;
  if (!take_line(&at, &left, "extra ", &line, &line_length)) return false;
  if (!base64_decode(line, line_length, out->record, sizeof out->record, &out->record_length)) return false;
  if (!take_line(&at, &left, "index ", &line, &line_length) || !read_number(line, line_length, &out->log_index))
    return false;
  if (!read_proof(&at, &left, &out->proof) || left == 0 || left > NOTE_BYTES_MAX) return false;
  memcpy(out->note, at, left);
  out->note_length = left;
  return receipt_format(out, again) == length && memcmp(again, text, length) == 0; /* there is one way to write it */
}

/* ---- checking ---- */

/* By the log, by each witness, by nobody else. */
static enum receipt_verdict check_signatures(const struct note *note, const struct note_verifier *log,
                                             const struct note_verifier *witnesses, uint32_t witness_count) {
  if (!note_is_signed_by(note, log, NULL)) return RECEIPT_UNSIGNED;
  for (uint32_t i = 0; i < witness_count; i++)
    if (!note_is_signed_by(note, &witnesses[i], NULL)) return RECEIPT_NOT_COSIGNED;
  return note->count == 1 + witness_count ? RECEIPT_HOLDS : RECEIPT_STRANGER;
}

enum receipt_verdict receipt_check(const char *text, size_t length, const struct note_verifier *log,
                                   const struct note_verifier *witnesses, uint32_t witness_count, struct receipt *out) {
  struct note note;
  if (!receipt_parse(text, length, out)) return RECEIPT_UNREADABLE;
  if (!codec_event_unpack(out->record, out->record_length, &out->event)) return RECEIPT_NO_RECORD;
  if (!note_parse(out->note, out->note_length, &note) || !checkpoint_parse(note.text, note.text_length, &out->head))
    return RECEIPT_UNREADABLE;
  if (!checkpoint_is_of(&out->head, log->name)) return RECEIPT_OTHER_LOG;
  enum receipt_verdict verdict = check_signatures(&note, log, witnesses, witness_count);
  if (verdict != RECEIPT_HOLDS) return verdict;
  out->cosignatures = witness_count;
  merkle_leaf(digest_sha256, out->record, out->record_length, &out->leaf);
  bool included = merkle_inclusion_holds(digest_sha256, &out->leaf, out->log_index, out->head.size, &out->proof,
                                         &out->head.root);
  return included ? RECEIPT_HOLDS : RECEIPT_NOT_INCLUDED;
}
