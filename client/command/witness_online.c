/* witness_online.c - a witness of a running daemon: witness.h. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "client/command/verb.h"
#include "client/command/witness.h"

/* The last signed head and the proof that it extends the log of `old_size`, as a request of C2SP tlog-witness. */
struct asked {
  bool signed_once; /* there is a head at all */
  uint64_t size;
  size_t length;
  char text[WITNESS_REQUEST_BYTES_MAX];
};

static int fill(const Rectify__V1__Page *page, uint64_t old_size, struct asked *out) {
  static struct witness_request request;
  const Rectify__V1__Head *head = page->head;
  out->signed_once = head != NULL && head->note.len > 0;
  if (!out->signed_once) return EXIT_FINE;
  bool fits = head->note.len <= NOTE_BYTES_MAX && page->n_proof <= WITNESS_PROOF_LINES_MAX;
  for (size_t i = 0; fits && i < page->n_proof; i++) fits = page->proof[i].len == HASH_BYTES;
  if (!fits) {
    complain("the answer is no proof: is this rectifyd of the same version?");
    return EXIT_PROTOCOL;
  }
  request = (struct witness_request){.old_size = old_size, .note = (const char *)head->note.data, .note_length = head->note.len};
  request.proof.count = old_size > 0 ? (uint32_t)page->n_proof : 0;
  for (uint32_t i = 0; i < request.proof.count; i++) memcpy(request.proof.hashes[i].bytes, page->proof[i].data, HASH_BYTES);
  out->size = head->size;
  out->length = witness_request_format(&request, out->text);
  return EXIT_FINE;
}

static int ask(struct session *session, uint64_t old_size, struct asked *out) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__ProofQuery proof = RECTIFY__V1__PROOF_QUERY__INIT;
  const Rectify__V1__Page *page;
  proof.old_size = old_size > 0 ? old_size : 1;
  query.what_case = RECTIFY__V1__QUERY__WHAT_PROOF;
  query.proof = &proof;
  int code = session_page(session, &query, &page);
  return code == EXIT_FINE ? fill(page, old_size, out) : code;
}

static int hand_in(struct session *session, uint64_t size, const char *line) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Cosign cosign = RECTIFY__V1__COSIGN__INIT;
  const Rectify__V1__Reply *reply;
  cosign.size = size;
  cosign.line = wire_text(line);
  request.body_case = RECTIFY__V1__REQUEST__BODY_COSIGN;
  request.cosign = &cosign;
  return session_ask(session, &request, &reply);
}

/* The daemon does not know what is known here: the first answer tells, the second time it is proved from there. */
static int once(struct session *session, const struct witness_job *job) {
  static struct asked asked;
  static struct witness_answer answer;
  char error[SECRET_ERROR_BYTES];
  int code = ask(session, 0, &asked);
  if (code != EXIT_FINE) return code;
  if (!asked.signed_once) {
    complain("no head of that log was signed yet: does a signer run?  (rectifyd --signer)");
    return EXIT_REFUSED;
  }
  witness_ask(job, asked.text, asked.length, &answer, error);
  if (answer.status == WITNESS_CONFLICT && !answer.forked && answer.known_size > 0) {
    code = ask(session, answer.known_size, &asked);
    if (code != EXIT_FINE) return code;
    witness_ask(job, asked.text, asked.length, &answer, error);
  }
  code = witness_say(&answer, error);
  return code == EXIT_FINE ? hand_in(session, asked.size, answer.line) : code;
}

/* A witness goes on through restarts of the daemon; only what speaks against the log, or against this command, ends it. */
static bool goes_on(int code) { return code == EXIT_FINE || code == EXIT_UNREACHABLE || code == EXIT_REFUSED; }

int witness_online(struct session *session, const struct witness_job *job) {
  int code = session_open(session);
  if (code != EXIT_FINE) return code;
  for (;;) {
    code = once(session, job);
    (void)fflush(stdout);
    if (job->every_seconds == 0 || !goes_on(code)) return code;
    const struct timespec pause = {.tv_sec = job->every_seconds};
    if (nanosleep(&pause, NULL) != 0 && errno == EINTR) return EXIT_FINE;
  }
}
