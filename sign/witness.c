/* witness.c - see witness.h. */
#include "sign/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "rectify/must.h"
#include "sign/digest.h"
#include "sign/secret.h"

const char *witness_status_text(enum witness_status status) {
  switch (status) {
    case WITNESS_OK:
      return "cosigned";
    case WITNESS_BAD_REQUEST:
      return "not a request";
    case WITNESS_FORBIDDEN:
      return "the log's key did not sign the head";
    case WITNESS_NOT_FOUND:
      return "a log that this witness does not know";
    case WITNESS_CONFLICT:
      return "the old size is not the one known here";
    case WITNESS_NOT_PROVED:
      return "the head is not shown to extend the last one";
    case WITNESS_FAULT:
      return "the head could not be kept";
  }
  must(false);
  return "";
}

/* ---- the text ---- */

static bool read_size(const char *text, size_t length, uint64_t *out) {
  *out = 0;
  if (length == 0 || length > 18 || (length > 1 && text[0] == '0')) return false;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    *out = *out * 10 + (uint64_t)(text[i] - '0');
  }
  return true;
}

bool witness_request_parse(const char *text, size_t length, struct witness_request *out) {
  const char *newline = memchr(text, '\n', length), *end = text + length;
  size_t got;
  memset(out, 0, sizeof *out);
  if (newline == NULL || newline - text < 5 || memcmp(text, "old ", 4) != 0) return false;
  if (!read_size(text + 4, (size_t)(newline - text - 4), &out->old_size)) return false;
  for (text = newline + 1; (newline = memchr(text, '\n', (size_t)(end - text))) != NULL && newline != text;
       text = newline + 1) {
    if (out->proof.count == WITNESS_PROOF_LINES_MAX) return false;
    uint8_t *hash = out->proof.hashes[out->proof.count++].bytes;
    if (!base64_decode(text, (size_t)(newline - text), hash, HASH_BYTES, &got) || got != HASH_BYTES) return false;
  }
  if (newline == NULL) return false;
  out->note = newline + 1;
  out->note_length = (size_t)(end - out->note);
  return out->note_length > 0 && out->note_length <= NOTE_BYTES_MAX;
}

size_t witness_request_format(const struct witness_request *request, char out[WITNESS_REQUEST_BYTES_MAX]) {
  must(request->proof.count <= WITNESS_PROOF_LINES_MAX && request->note_length <= NOTE_BYTES_MAX);
  char *at = out + snprintf(out, 32, "old %" PRIu64 "\n", request->old_size);
  for (uint32_t i = 0; i < request->proof.count; i++) {
    at += base64_encode(request->proof.hashes[i].bytes, HASH_BYTES, at);
    *at++ = '\n';
  }
  *at++ = '\n';
  memcpy(at, request->note, request->note_length);
  return (size_t)(at - out) + request->note_length;
}

/* ---- judging ---- */

static bool is_same(const struct hash *a, const struct hash *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

enum witness_status witness_judge(const struct note_verifier *log, const char *origin, const struct checkpoint *known,
                                  const struct witness_request *request, struct checkpoint *head) {
  struct note note;
  if (!note_parse(request->note, request->note_length, &note) || !checkpoint_parse(note.text, note.text_length, head))
    return WITNESS_BAD_REQUEST;
  if (strcmp(head->origin, origin) != 0) return WITNESS_NOT_FOUND;
  if (!note_is_signed_by(&note, log, NULL)) return WITNESS_FORBIDDEN;
  if (request->old_size > head->size) return WITNESS_BAD_REQUEST;
  if (request->old_size != known->size) return WITNESS_CONFLICT;
  if (head->size == known->size && known->size > 0)
    return !is_same(&head->root, &known->root) ? WITNESS_CONFLICT
           : request->proof.count > 0          ? WITNESS_NOT_PROVED
                                               : WITNESS_OK;
  if (known->size == 0) { /* nothing to be consistent with; the empty log has one root */
    struct hash empty = {0};
    digest_sha256("", 0, empty.bytes);
    bool fits = request->proof.count == 0 && (head->size > 0 || is_same(&head->root, &empty));
    return fits ? WITNESS_OK : WITNESS_NOT_PROVED;
  }
  bool proved = merkle_consistency_holds(digest_sha256, known->size, &known->root, head->size, &head->root,
                                         &request->proof);
  return proved ? WITNESS_OK : WITNESS_NOT_PROVED;
}

/* ---- the state ---- */

/* Also held by whoever reads, so that judging and keeping are one step. */
static int lock_state(const char *path, char *error, size_t error_bytes) {
  char name[SECRET_PATH_BYTES];
  int fd = -1;
  if (snprintf(name, sizeof name, "%s.lock", path) < (int)sizeof name)
    fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0 && flock(fd, LOCK_EX) == 0) return fd;
  snprintf(error, error_bytes, "%s: cannot be locked: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  return -1;
}

/* A file that is there but cannot be read is a fault: beginning anew would forget what was cosigned. */
static bool load(const char *path, const struct note_verifier *log, const char *origin, struct checkpoint *out,
                 char *error, size_t error_bytes) {
  char bytes[NOTE_BYTES_MAX];
  size_t length;
  struct note note;
  memset(out, 0, sizeof *out);
  if (access(path, F_OK) != 0 && errno == ENOENT) return true;
  if (!secret_read(path, bytes, sizeof bytes, &length, error, error_bytes)) return false;
  if (note_parse(bytes, length, &note) && note_is_signed_by(&note, log, NULL) &&
      checkpoint_parse(note.text, note.text_length, out) && strcmp(out->origin, origin) == 0)
    return true;
  snprintf(error, error_bytes, "%s: is not a head of %s", path, origin);
  return false;
}

static void add_locked(const struct note_signer *witness, const struct note_verifier *log, const char *origin,
                       const char *path, const struct witness_request *request, uint64_t seconds,
                       struct witness_answer *out, char *error, size_t error_bytes) {
  struct checkpoint known, head;
  struct note note;
  out->status = WITNESS_FAULT;
  if (!load(path, log, origin, &known, error, error_bytes)) return;
  out->known_size = known.size;
  enum witness_status status = witness_judge(log, origin, &known, request, &head);
  out->forked = status == WITNESS_CONFLICT && head.size == known.size && !is_same(&head.root, &known.root);
  if (status != WITNESS_OK) {
    out->status = status;
    return;
  }
  must(note_parse(request->note, request->note_length, &note));
  size_t length = note_sign(witness, note.text, note.text_length, seconds, out->line);
  if (length == 0 || !secret_replace(path, request->note, request->note_length, error, error_bytes)) {
    out->line[0] = '\0';
    return;
  }
  out->status = WITNESS_OK;
}

void witness_add(const struct note_signer *witness, const struct note_verifier *log, const char *origin,
                 const char *path, const char *text, size_t length, uint64_t seconds, struct witness_answer *out,
                 char *error, size_t error_bytes) {
  struct witness_request request;
  memset(out, 0, sizeof *out);
  snprintf(error, error_bytes, "%s", "the library cannot sign");
  out->status = WITNESS_BAD_REQUEST;
  if (!witness_request_parse(text, length, &request)) return;
  out->status = WITNESS_FAULT;
  int lock = lock_state(path, error, error_bytes);
  if (lock < 0) return;
  add_locked(witness, log, origin, path, &request, seconds, out, error, error_bytes);
  close(lock);
}
