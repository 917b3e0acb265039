/* spool_prove.c - with the log's public key, only what proves itself is received: spool.h.
 *
 * An answer is the daemon's word; a record, its inclusion proof and a signed head are the log's.  What an answer lacks (a repeat has
 * no head, a signer may have been slow) is asked for before it is judged.  The newest head that was seen is kept beside the
 * queue: a log that has fewer records by now, or another root, is not the one that was answered for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/spool.h"
#include "sign/digest.h"
#include "sign/secret.h"

/* What receipt and refusal have in common. */
struct claim {
  Rectify__V1__Head **head;
  ProtobufCBinaryData *record, **proof;
  size_t *proof_count;
  uint64_t log_index, case_no;
  uint32_t event_number, rule;
};

static bool claim_of(Rectify__V1__Outcome *outcome, struct claim *claim) {
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) {
    Rectify__V1__Receipt *is = outcome->receipt;
    *claim = (struct claim){&is->head, &is->record, &is->proof, &is->n_proof, is->log_index, is->case_no, is->event_number, is->rule};
    return true;
  }
  if (outcome->result_case != RECTIFY__V1__OUTCOME__RESULT_REFUSAL) return false;
  Rectify__V1__Refusal *is = outcome->refusal;
  *claim = (struct claim){&is->head, &is->record, &is->proof, &is->n_proof, is->log_index, is->case_no, is->event_number, is->rule};
  return true;
}

static bool is_whole(const struct claim *claim) {
  const Rectify__V1__Head *head = *claim->head;
  return head != NULL && head->note.len > 0 && claim->record->len > 0 && (*claim->proof_count > 0 || head->size == 1);
}

int rectify_spool_trust(struct rectify_spool *spool, const char *log_key) {
  struct note_verifier log;
  if (!note_verifier_parse(log_key, strlen(log_key), &log) || log.algorithm != NOTE_ED25519) {
    snprintf(spool->text, sizeof spool->text, "'%.200s' is not the public key of a log, such as NAME+0123abcd+BASE64", log_key);
    return RECTIFY_PROTOCOL;
  }
  spool->log = log;
  spool->has_log = true;
  return RECTIFY_OK;
}

/* ---- whether it proves itself ---- */

static bool says(const ProtobufCBinaryData *bytes, const char *text) {
  return bytes->len == strlen(text) && (bytes->len == 0 || memcmp(bytes->data, text, bytes->len) == 0);
}

/* Piece by piece, as handed in; a refusal keeps none. */
static bool is_evidence(const struct event *event, size_t count, Rectify__V1__Evidence **sent) {
  if (rule_refuses(event->rule)) return true;
  if (event->evidence_count != count) return false;
  for (size_t i = 0; i < count; i++) {
    const struct evidence_item *item = &event->evidence[i];
    if (item->kind != sent[i]->kind || item->measure != sent[i]->measure || sent[i]->sha256.len != HASH_BYTES ||
        memcmp(item->sha256.bytes, sent[i]->sha256.data, HASH_BYTES) != 0)
      return false;
  }
  return true;
}

static bool is_finding(const struct event *event, const Rectify__V1__Finding *sent) {
  const struct finding *finding = &event->finding;
  if (event->command != COMMAND_SUBMIT || event->has_text != (sent->text.len > 0)) return false;
  if (!is_evidence(event, sent->n_evidence, sent->evidence)) return false;
  if (!event->has_finding) return rule_refuses(event->rule);
  return finding->kind == sent->kind && finding->severity == sent->severity && finding->found_on == sent->found_on &&
         says(&sent->unit, finding->unit_code) && says(&sent->code, finding->code) && says(&sent->category, finding->category) &&
         says(&sent->inspection, finding->inspection);
}

/* What a command says beside its words, as far as the record has it as it was said. */
static bool says_the_same(const struct event *event, const Rectify__V1__Command *sent) {
  const bool placed = sent->command == COMMAND_DISPATCH || sent->command == COMMAND_ESCALATE;
  if (rule_refuses(event->rule)) return true;
  if (placed && sent->track != 0 && event->track != sent->track) return false;
  if (sent->command == COMMAND_PLAN_SUBMIT && event->measures != sent->measures) return false;
  if (sent->command == COMMAND_EXTENSION_ASK && event->asked != sent->days) return false;
  if (sent->command == COMMAND_DECIDE && (event->form != sent->form || !says(&sent->number, event->number))) return false;
  return sent->command != COMMAND_RULE_ISSUE || says(&sent->number, event->number);
}

/* A refused command may be of no case; an erasure may leave the case to the daemon. */
static bool is_command(const struct event *event, const Rectify__V1__Command *sent) {
  const bool of_case = event->case_no == sent->case_no || sent->case_no == 0 || (event->case_no == 0 && rule_refuses(event->rule));
  return of_case && event->command == sent->command && event->has_text == (sent->text.len > 0) &&
         is_evidence(event, sent->n_evidence, sent->evidence) && says_the_same(event, sent);
}

static bool is_answer(const struct event *event, const struct spool_entry *entry, const Rectify__V1__Request *sent,
                      const struct claim *claim) {
  if (memcmp(event->key.bytes, entry->id, 16) != 0 || event->case_no != claim->case_no) return false;
  if (event->version != claim->event_number || event->rule != claim->rule) return false;
  return sent->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT ? is_finding(event, sent->submit->findings[0])
                                                              : is_command(event, sent->act->commands[0]);
}

static bool read_proof(const struct claim *claim, struct merkle_proof *out) {
  out->count = 0;
  if (*claim->proof_count > MERKLE_PROOF_MAX) return false;
  for (size_t i = 0; i < *claim->proof_count; i++) {
    const ProtobufCBinaryData *hash = &(*claim->proof)[i];
    if (hash->len != HASH_BYTES) return false;
    memcpy(out->hashes[out->count++].bytes, hash->data, HASH_BYTES);
  }
  return true;
}

/* The head of a note, when the log's key signed it; else what is wrong. */
static const char *read_head(const struct rectify_spool *spool, const char *bytes, size_t length, struct checkpoint *out) {
  struct note note;
  if (!note_parse(bytes, length, &note) || !checkpoint_parse(note.text, note.text_length, out)) return "its head is not one";
  if (!checkpoint_is_of(out, spool->log.name)) return "its head is that of another log";
  return note_is_signed_by(&note, &spool->log, NULL) ? NULL : "the log's key did not sign its head";
}

static const char *what_is_wrong(struct rectify_spool *spool, const struct spool_entry *entry, const Rectify__V1__Request *sent,
                                 const struct claim *claim) {
  static struct event event;
  struct checkpoint head;
  struct merkle_proof proof;
  struct hash leaf;
  const Rectify__V1__Head *given = *claim->head;
  const char *wrong = read_head(spool, (const char *)given->note.data, given->note.len, &head);
  if (wrong != NULL) return wrong;
  if (!codec_event_unpack(claim->record->data, claim->record->len, &event)) return "what it says was recorded is not a record";
  if (!is_answer(&event, entry, sent, claim)) return "what was recorded is not what was sent";
  if (!read_proof(claim, &proof)) return "its proof is not one";
  merkle_leaf(digest_sha256, claim->record->data, claim->record->len, &leaf);
  const bool holds = merkle_inclusion_holds(digest_sha256, &leaf, claim->log_index, head.size, &proof, &head.root);
  return holds ? NULL : "the record does not stand in the log that was signed";
}

static int unproven(struct rectify_spool *spool, const uint8_t id[16], const char *wrong) {
  char text[40], *at = text;
  for (int i = 0; i < 16; i++) at += sprintf(at, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", id[i]);
  snprintf(spool->text, sizeof spool->text,
           "the answer for %s does not prove itself: %s; it waits on, and what answers there may not be the daemon of the log %s", text,
           wrong, spool->log.name);
  return RECTIFY_UNPROVEN;
}

int spool_check_proof(struct rectify_spool *spool, const struct spool_entry *entry, const Rectify__V1__Outcome *outcome) {
  struct claim claim;
  if (!spool->has_log || outcome == NULL || !claim_of((Rectify__V1__Outcome *)(uintptr_t)outcome, &claim)) return RECTIFY_OK;
  if (!is_whole(&claim)) {
    snprintf(spool->text, sizeof spool->text, "there is no signed head for it yet, so it waits on: does a signer run?  (rectifyd --signer)");
    return RECTIFY_TIMEOUT;
  }
  codec_arena_reset(spool->arena);
  const Rectify__V1__Request *sent = spool_request(spool, entry);
  if (sent == NULL) return RECTIFY_PROTOCOL;
  const char *wrong = what_is_wrong(spool, entry, sent, &claim);
  return wrong == NULL ? RECTIFY_OK : unproven(spool, entry->id, wrong);
}

/* ---- what an answer lacks ---- */

static int ask_proof(struct rectify *rectify, const ProtobufCBinaryData *actor, const Rectify__V1__ProofQuery *what, int timeout_msec,
                     const Rectify__V1__Page **page) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__ProofQuery proof = *what;
  const Rectify__V1__Reply *reply;
  query.what_case = RECTIFY__V1__QUERY__WHAT_PROOF;
  query.proof = &proof;
  request.body_case = RECTIFY__V1__REQUEST__BODY_QUERY;
  request.query = &query;
  int result = client_ask_as(rectify, actor, &request, timeout_msec, &reply);
  if (result == RECTIFY_OK && reply->body_case != RECTIFY__V1__REPLY__BODY_PAGE) return RECTIFY_PROTOCOL;
  if (result == RECTIFY_OK) *page = reply->page;
  return result;
}

static void swap_bytes(ProtobufCBinaryData *left, ProtobufCBinaryData *right) {
  const ProtobufCBinaryData kept = *left;
  *left = *right;
  *right = kept;
}

/* What the page has goes to the claim, of which all is malloc()ed, and what that had goes with the copy. */
static bool fill_claim(const struct claim *claim, const Rectify__V1__Page *page) {
  const size_t length = rectify__v1__page__get_packed_size(page), count = *claim->proof_count;
  uint8_t *bytes = malloc(length + 1);
  Rectify__V1__Page *copy = bytes == NULL ? NULL : rectify__v1__page__unpack(NULL, rectify__v1__page__pack(page, bytes), bytes);
  free(bytes);
  if (copy == NULL) return false;
  Rectify__V1__Head *head = *claim->head;
  ProtobufCBinaryData *proof = *claim->proof;
  swap_bytes(claim->record, &copy->record);
  *claim->head = copy->head;
  *claim->proof = copy->proof;
  *claim->proof_count = copy->n_proof;
  copy->head = head;
  copy->proof = proof;
  copy->n_proof = count;
  rectify__v1__page__free_unpacked(copy, NULL);
  return true;
}

/* An error leaves the answer as it is: it proves nothing yet. */
static int complete(struct rectify *rectify, const ProtobufCBinaryData *actor, Rectify__V1__Outcomes *outcomes, int timeout_msec) {
  for (size_t i = 0; i < outcomes->n_outcomes; i++) {
    struct claim claim;
    Rectify__V1__ProofQuery what = RECTIFY__V1__PROOF_QUERY__INIT;
    const Rectify__V1__Page *page;
    if (!claim_of(outcomes->outcomes[i], &claim) || is_whole(&claim)) continue;
    what.log_index = claim.log_index;
    what.case_no = claim.case_no;
    int result = ask_proof(rectify, actor, &what, timeout_msec, &page);
    if (result == RECTIFY_ERROR) continue;
    if (result != RECTIFY_OK) return result;
    if (!fill_claim(&claim, page)) return RECTIFY_SYSTEM;
  }
  return RECTIFY_OK;
}

int spool_complete(struct rectify *rectify, const ProtobufCBinaryData *actor, const Rectify__V1__Reply *reply, int timeout_msec,
                   Rectify__V1__Reply **out) {
  const size_t length = rectify__v1__reply__get_packed_size(reply);
  uint8_t *bytes = malloc(length + 1);
  *out = bytes == NULL ? NULL : rectify__v1__reply__unpack(NULL, rectify__v1__reply__pack(reply, bytes), bytes);
  free(bytes);
  return *out == NULL ? RECTIFY_SYSTEM : complete(rectify, actor, (*out)->outcomes, timeout_msec);
}

/* ---- the newest head that was seen ---- */

static bool head_path(const struct rectify_spool *spool, char out[SPOOL_PATH_BYTES]) {
  return snprintf(out, SPOOL_PATH_BYTES, "%s/head", spool->folder) < SPOOL_PATH_BYTES;
}

static int load_head(struct rectify_spool *spool, struct checkpoint *out, bool *has) {
  char path[SPOOL_PATH_BYTES], note[NOTE_BYTES_MAX + 1], error[SECRET_ERROR_BYTES];
  size_t length;
  const bool named = head_path(spool, path);
  *has = false;
  if (named && access(path, F_OK) != 0 && errno == ENOENT) return RECTIFY_OK;
  const bool read = named && secret_read(path, note, sizeof note, &length, error, sizeof error);
  const char *wrong = read ? read_head(spool, note, length, out) : "it cannot be read, or others may change it";
  *has = wrong == NULL;
  if (*has) return RECTIFY_OK;
  snprintf(spool->text, sizeof spool->text, "%.300s/head, the newest head that was seen: %s", spool->folder, wrong);
  return RECTIFY_PROTOCOL;
}

static int keep_head(struct rectify_spool *spool, const ProtobufCBinaryData *note) {
  char path[SPOOL_PATH_BYTES], error[SECRET_ERROR_BYTES];
  if (head_path(spool, path) && secret_replace(path, (const char *)note->data, note->len, error, sizeof error)) return RECTIFY_OK;
  snprintf(spool->text, sizeof spool->text, "cannot keep the head of the log: %.400s", error);
  return RECTIFY_SYSTEM;
}

/* 1, or the number of a recorded fork, NAME/2 and so on. */
static unsigned long fork_number(const struct rectify_spool *spool, const struct checkpoint *head) {
  const char *rest = head->origin + strlen(spool->log.name);
  return *rest == '/' ? strtoul(rest + 1, NULL, 10) : 1;
}

static int head_wrong(struct rectify_spool *spool, const char *what, const struct checkpoint *seen, const struct checkpoint *now) {
  snprintf(spool->text, sizeof spool->text,
           "%s: a head of size %llu of %.100s was seen before, the answer is under one of size %llu; nothing was settled, keep %.150s/head", what,
           (unsigned long long)seen->size, seen->origin, (unsigned long long)now->size, spool->folder);
  return RECTIFY_UNPROVEN;
}

static int check_extends(struct rectify_spool *spool, struct rectify *rectify, const ProtobufCBinaryData *actor, const struct checkpoint *seen,
                         const struct checkpoint *now, int timeout_msec) {
  Rectify__V1__ProofQuery what = RECTIFY__V1__PROOF_QUERY__INIT;
  const Rectify__V1__Page *page;
  struct merkle_proof proof;
  what.old_size = seen->size;
  what.size = now->size;
  int result = ask_proof(rectify, actor, &what, timeout_msec, &page);
  if (result == RECTIFY_ERROR) return head_wrong(spool, "history not shown to extend what was seen", seen, now);
  if (result != RECTIFY_OK) return result;
  ProtobufCBinaryData *hashes = page->proof;
  size_t count = page->n_proof;
  const struct claim claim = {.proof = &hashes, .proof_count = &count};
  if (read_proof(&claim, &proof) &&
      merkle_consistency_holds(digest_sha256, seen->size, &seen->root, now->size, &now->root, &proof))
    return RECTIFY_OK;
  return head_wrong(spool, "history forked", seen, now);
}

int spool_check_head(struct rectify_spool *spool, struct rectify *rectify, const ProtobufCBinaryData *actor, Rectify__V1__Outcomes *outcomes,
                     int timeout_msec) {
  struct checkpoint seen, now, head;
  const ProtobufCBinaryData *note = NULL;
  bool has_seen;
  int result = load_head(spool, &seen, &has_seen);
  if (result != RECTIFY_OK) return result;
  for (size_t i = 0; i < outcomes->n_outcomes; i++) {
    struct claim claim;
    if (!claim_of(outcomes->outcomes[i], &claim) || !is_whole(&claim)) continue;
    const ProtobufCBinaryData *own = &(*claim.head)->note;
    if (read_head(spool, (const char *)own->data, own->len, &head) != NULL) continue; /* settling says so */
    const bool forked = has_seen && fork_number(spool, &head) > fork_number(spool, &seen); /* by a record that two people signed */
    if (has_seen && !forked && (head.size < seen.size || strcmp(head.origin, seen.origin) != 0))
      return head_wrong(spool, "history rolled back", &seen, &head);
    if (note != NULL && head.size <= now.size) continue;
    note = own;
    now = head;
  }
  if (note == NULL || (has_seen && memcmp(&seen, &now, sizeof now) == 0)) return RECTIFY_OK;
  if (has_seen && seen.size == now.size && strcmp(seen.origin, now.origin) == 0) result = head_wrong(spool, "history forked", &seen, &now);
  else if (has_seen && seen.size > 0 && strcmp(seen.origin, now.origin) == 0)
    result = check_extends(spool, rectify, actor, &seen, &now, timeout_msec);
  return result == RECTIFY_OK ? keep_head(spool, note) : result;
}
