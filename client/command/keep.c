/* keep.c - see keep.h. */
#include "client/command/keep.h"
#include "client/command/language.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/upload.h"
#include "rectify/must.h"
#include "sign/note.h"

#define PATH_BYTES SPOOL_FOLDER_BYTES

bool spool_folder(char out[SPOOL_FOLDER_BYTES]) {
  const char *said = getenv("RECTIFY_SPOOL"), *home = getenv("HOME");
  int length = -1;
  if (said != NULL && said[0] != '\0') length = snprintf(out, PATH_BYTES, "%s", said);
  else if (home != NULL && home[0] == '/') length = snprintf(out, PATH_BYTES, "%s/.local/state/rectify/spool", home);
  return length > 0 && length < PATH_BYTES;
}

bool session_knows_log(struct session *session) {
  static char line[NOTE_KEY_TEXT_BYTES_MAX + 2];
  char path[HOME_PATH_BYTES];
  FILE *file = session->log_key == NULL && home_file("log", path) ? fopen(path, "re") : NULL;
  if (file != NULL && fgets(line, sizeof line, file) != NULL) line[strcspn(line, "\n")] = '\0';
  if (file != NULL) (void)fclose(file);
  if (session->log_key == NULL) session->log_key = line;
  return session->log_key[0] != '\0';
}

/* Where the log's key is known, receipts must prove themselves. */
static bool trust_log(struct session *session) {
  if (!session_knows_log(session) || rectify_spool_trust(session->spool, session->log_key) == RECTIFY_OK) return true;
  complain("%s", rectify_spool_error(session->spool));
  return false;
}

struct rectify_spool *session_spool(struct session *session, bool make) {
  char path[PATH_BYTES], error[RECTIFY_TEXT_BYTES];
  if (session->spool != NULL || (session->spool_failed && !make)) return session->spool;
  if (!spool_folder(path)) {
    if (make) complain("nowhere to save anything: neither RECTIFY_SPOOL nor HOME says where");
    return NULL;
  }
  if (!make && access(path, F_OK) != 0) return NULL;
  if (rectify_spool_open(path, &session->spool, error) != RECTIFY_OK) complain("%s", error);
  else if (trust_log(session)) return session->spool;
  rectify_spool_close(session->spool);
  session->spool = NULL;
  session->spool_failed = true;
  return NULL;
}

int session_key(struct session *session, uint8_t id[16]) {
  if (session->rectify != NULL)
    return rectify_key(session->rectify, id) == RECTIFY_OK ? EXIT_FINE : session_failure(session, RECTIFY_SYSTEM);
  if (rectify_key_new(id) == RECTIFY_OK) return EXIT_FINE;
  complain("the system gives no random numbers");
  return EXIT_SYSTEM;
}

int session_open_to_send(struct session *session) {
  return session->offline ? session_actor(session) : session_open(session);
}

/* ---- saving ---- */

int session_save(struct session *session, const Rectify__V1__Request *request, uint32_t *known) {
  struct rectify_spool *spool = session_spool(session, true);
  if (spool == NULL) return EXIT_SYSTEM;
  int result = rectify_spool_add(spool, session->endpoint, session->actor, request, known);
  if (result == RECTIFY_OK) return EXIT_FINE;
  complain("%s", rectify_spool_error(spool));
  return result == RECTIFY_SYSTEM ? EXIT_SYSTEM : EXIT_INPUT;
}

static size_t item_count(const Rectify__V1__Request *request) {
  return request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT ? request->submit->n_findings : request->act->n_commands;
}

static const ProtobufCBinaryData *item_id(const Rectify__V1__Request *request, size_t at) {
  return request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT ? &request->submit->findings[at]->id
                                                                 : &request->act->commands[at]->id;
}

static Rectify__V1__Outcome *copy_outcome(const Rectify__V1__Outcome *from) {
  size_t length = rectify__v1__outcome__get_packed_size(from);
  uint8_t *bytes = malloc(length + 1);
  must(bytes != NULL);
  Rectify__V1__Outcome *copy = rectify__v1__outcome__unpack(NULL, rectify__v1__outcome__pack(from, bytes), bytes);
  free(bytes);
  must(copy != NULL);
  return copy;
}

/* What the spool knows of each item, as the daemon would say it. */
static int outcomes_of_spool(struct session *session, const Rectify__V1__Request *request, const Rectify__V1__Reply **reply) {
  const size_t count = item_count(request);
  Rectify__V1__Reply *own = calloc(1, sizeof *own);
  Rectify__V1__Outcomes *all = calloc(1, sizeof *all);
  must(own != NULL && all != NULL);
  rectify__v1__reply__init(own);
  rectify__v1__outcomes__init(all);
  all->outcomes = calloc(count, sizeof *all->outcomes);
  must(all->outcomes != NULL);
  own->body_case = RECTIFY__V1__REPLY__BODY_OUTCOMES;
  own->outcomes = all;
  session_forget_reply(session);
  session->spooled = own;
  for (size_t i = 0; i < count; i++) {
    Rectify__V1__Outcome none = RECTIFY__V1__OUTCOME__INIT;
    struct rectify_spooled item = {.outcome = NULL};
    size_t at;
    if (rectify_spool_find(session->spool, item_id(request, i)->data, &at) &&
        rectify_spool_item(session->spool, at, &item) != RECTIFY_OK)
      return complain("%s", rectify_spool_error(session->spool)), EXIT_PROTOCOL;
    none.id = *item_id(request, i);
    all->outcomes[all->n_outcomes++] = copy_outcome(item.outcome != NULL ? item.outcome : &none);
  }
  *reply = own;
  return EXIT_FINE;
}

void session_forget_reply(struct session *session) {
  if (session->spooled != NULL) rectify__v1__reply__free_unpacked(session->spooled, NULL);
  session->spooled = NULL;
}

/* ---- sending what waits ---- */

int spool_failure(struct session *session, struct rectify_spool *spool, int result) {
  if (result == RECTIFY_ERROR || result == RECTIFY_KEY) {
    int code = session_failure(session, result);
    (void)fputs(_("what was saved here waits on, the oldest first: `rectify spool show --waiting`; `rectify spool drop ID` lets the others pass\n"),
                stderr);
    return code;
  }
  if (rectify_spool_error(spool)[0] != '\0') complain("%s", rectify_spool_error(spool));
  if (result == RECTIFY_TIMEOUT) return EXIT_SAVED;
  if (result == RECTIFY_UNPROVEN) return EXIT_DIFFERENT;
  return result == RECTIFY_SYSTEM ? EXIT_SYSTEM : EXIT_PROTOCOL;
}

static bool something_waits(struct session *session) {
  struct rectify_spool *spool = session_spool(session, false);
  return spool != NULL && rectify_spool_refresh(spool) == RECTIFY_OK &&
         rectify_spool_waiting(spool, session->endpoint) > 0;
}

bool session_will_save(struct session *session) {
  return session->offline || session_knows_log(session) || something_waits(session);
}

struct tally {
  uint64_t received, refused, failed;
};

static void count(void *context, const struct rectify_spooled *item) {
  struct tally *tally = context;
  tally->received += item->fate == RECTIFY_RECEIVED;
  tally->refused += item->fate == RECTIFY_REFUSED;
  tally->failed += item->fate == RECTIFY_FAILED;
}

/* What is waited for is said here; spool_failure() then says the rest. */
static int files_failure(struct session *session, int result) {
  if (result == RECTIFY_TIMEOUT || result == RECTIFY_PROTOCOL) complain("a file that was saved here: %s", rectify_error_text(session->rectify));
  return result;
}

static int send_waiting(struct session *session, struct tally *tally) {
  int result = upload_spooled(session, session->spool, session->endpoint);
  if (result != RECTIFY_OK) return files_failure(session, result);
  result = rectify_spool_send(session->spool, session->rectify, session->endpoint, session->timeout_msec, count, tally);
  upload_forget(session->spool);
  const uint64_t all = tally->received + tally->refused + tally->failed;
  if (all > 0)
    (void)fprintf(stderr, "rectify: %llu %s: %llu %s, %llu %s; `rectify spool show`\n", (unsigned long long)all,
                  _("saved here before went out"),
                  (unsigned long long)tally->received, _("received there"),
                  (unsigned long long)(tally->refused + tally->failed), _("refused"));
  return result;
}

bool session_clear_spool(struct session *session) {
  struct tally tally = {0, 0, 0};
  if (session->offline) return false;
  if (!something_waits(session)) return true;
  int result = send_waiting(session, &tally);
  if (result != RECTIFY_OK) (void)spool_failure(session, session->spool, result);
  return result == RECTIFY_OK;
}

void session_flush(struct session *session) {
  struct tally tally = {0, 0, 0};
  if (session->rectify == NULL || !session->heard || session->offline || !something_waits(session)) return;
  int result = send_waiting(session, &tally);
  if (result != RECTIFY_OK) (void)spool_failure(session, session->spool, result);
}

int session_send_saved(struct session *session) {
  struct tally tally = {0, 0, 0};
  int result = send_waiting(session, &tally);
  if (result != RECTIFY_OK) return spool_failure(session, session->spool, result);
  return tally.refused + tally.failed > 0 ? EXIT_REFUSED : EXIT_FINE;
}

/* ---- delivering ---- */

/* Ours are the last in the queue: what was settled before them is only counted. */
static int deliver_behind(struct session *session, Rectify__V1__Request *request, const Rectify__V1__Reply **reply) {
  struct tally tally = {0, 0, 0};
  int code = session_save(session, request, NULL);
  if (code != EXIT_FINE) return code;
  int result = session->offline ? RECTIFY_OK : send_waiting(session, &tally);
  if (result != RECTIFY_OK) code = spool_failure(session, session->spool, result);
  if (code == EXIT_DIFFERENT) return code;
  return outcomes_of_spool(session, request, reply);
}

int session_deliver(struct session *session, Rectify__V1__Request *request, const Rectify__V1__Reply **reply) {
  if (session_will_save(session)) return deliver_behind(session, request, reply);
  int result = rectify_ask(session->rectify, request, session->timeout_msec, reply);
  session->heard |= result == RECTIFY_OK || result == RECTIFY_ERROR;
  if (result == RECTIFY_OK) return EXIT_FINE;
  int code = session_failure(session, result);
  if (code != EXIT_UNREACHABLE) return code;
  if (session_save(session, request, NULL) != EXIT_FINE) return EXIT_UNREACHABLE;
  return outcomes_of_spool(session, request, reply);
}
