/* upload.c - see upload.h. */
#include "client/command/upload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/command/keep.h"
#include "client/internal.h"
#include "client/spool_file.h"
#include "rectify/content.h"
#include "rectify/must.h"

#define PATH_BYTES 4096
#define BAR_BYTES_MIN (1u << 20) /* a smaller file is there before a bar could be read */

/* ---- looking at a file ---- */

static bool refuse(const char *path, uint32_t content) {
  complain("'%s' is %s; evidence is documents, pictures, films and plain text", path, word_text(words_content, content));
  return false;
}

bool file_look(const char *path, uint8_t sha256[HASH_BYTES], uint64_t *size) {
  uint8_t buffer[65536];
  ssize_t length = 0;
  struct content_look look = {0};
  int file = open(path, O_RDONLY | O_CLOEXEC);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  must(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
  while (file >= 0 && (length = read(file, buffer, sizeof buffer)) > 0) {
    must(EVP_DigestUpdate(context, buffer, (size_t)length) == 1);
    content_feed(&look, buffer, (size_t)length);
  }
  must(EVP_DigestFinal_ex(context, sha256, NULL) == 1);
  EVP_MD_CTX_free(context);
  *size = look.seen;
  bool fine = file >= 0 && length == 0;
  if (!fine) complain("cannot read the evidence '%s': %m", path);
  if (file >= 0) (void)close(file);
  return fine && (content_is_taken(content_of(&look)) || refuse(path, content_of(&look)));
}

/* ---- the bar ---- */

struct bar {
  const char *name;
  bool drawn;
};

static void draw(void *context, uint64_t done, uint64_t size) {
  enum { WIDTH = 24 };
  struct bar *bar = context;
  char cells[WIDTH + 1];
  const uint64_t filled = size > 0 ? done * WIDTH / size : WIDTH;
  if (size < BAR_BYTES_MIN || isatty(STDERR_FILENO) != 1) return;
  for (uint64_t i = 0; i < WIDTH; i++) cells[i] = i < filled ? '#' : '.';
  cells[WIDTH] = '\0';
  bar->drawn = true;
  (void)fprintf(stderr, "\r\033[K%s %3" PRIu64 " %%  %.1f/%.1f MiB  ", cells, done * 100 / size, (double)done / 1048576, (double)size / 1048576);
  print_safe(stderr, bar->name, strlen(bar->name) < 30 ? strlen(bar->name) : 30);
}

static void clear(const struct bar *bar) {
  if (bar->drawn) (void)fputs("\r\033[K", stderr);
}

static const char *name_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

/* ---- one file ---- */

/* RECTIFY_OK or another enum rectify_result; RECTIFY_SYSTEM after a message of its own. */
static int upload_as(struct session *session, const char *actor, const char *path, const char *name,
                     const uint8_t sha256[HASH_BYTES], uint64_t size) {
  struct bar bar = {.name = name};
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    complain("cannot read the evidence '%s': %m", path);
    return RECTIFY_SYSTEM;
  }
  const int result = rectify_upload(session->rectify, actor, file, sha256, size, session->timeout_msec, draw, &bar);
  clear(&bar);
  (void)close(file);
  session->heard |= result == RECTIFY_OK || result == RECTIFY_ERROR;
  if (result == RECTIFY_SYSTEM) complain("%s: %s", path, rectify_error_text(session->rectify));
  return result;
}

static int code_of(struct session *session, const char *path, int result) {
  if (result == RECTIFY_OK) return EXIT_FINE;
  if (result == RECTIFY_SYSTEM) return EXIT_SYSTEM;
  if (result == RECTIFY_ERROR) complain("'%s' was not taken:", path);
  return session_failure(session, result);
}

int upload_file(struct session *session, const char *path, const uint8_t sha256[HASH_BYTES], uint64_t size) {
  return code_of(session, path, upload_as(session, NULL, path, name_of(path), sha256, size));
}

/* ---- copies in the spool ---- */

/* FOLDER/files/SHA256-ACTOR, both in hexadecimal: a code may hold anything. */
static bool copy_path(const uint8_t *sha256, const void *actor, size_t actor_length, char out[PATH_BYTES]) {
  char folder[PATH_BYTES], hash[2 * HASH_BYTES + 1], code[2 * CODE_BYTES_MAX + 1];
  if (!spool_folder(folder) || actor_length > CODE_BYTES_MAX) return false;
  hex_text(sha256, HASH_BYTES, hash);
  hex_text(actor, actor_length, code);
  const int length = snprintf(out, PATH_BYTES, "%s/files/%s-%s", folder, hash, code);
  return length > 0 && length < PATH_BYTES;
}

static bool files_folder(char out[PATH_BYTES]) {
  char folder[PATH_BYTES];
  const int length = spool_folder(folder) ? snprintf(out, PATH_BYTES, "%s/files", folder) : -1;
  return length > 0 && length < PATH_BYTES;
}

static bool copy_bytes(int from, int to) {
  uint8_t buffer[65536];
  ssize_t length;
  while ((length = read(from, buffer, sizeof buffer)) > 0)
    for (ssize_t used = 0, put; used < length; used += put)
      if ((put = write(to, buffer + used, (size_t)(length - used))) < 0) return false;
  return length == 0 && fsync(to) == 0;
}

/* Whole or not at all, and on the disk before the command that names it. */
static bool copy_file(const char *path, const char *target) {
  char part[PATH_BYTES + 8];
  (void)snprintf(part, sizeof part, "%s.part", target);
  int from = open(path, O_RDONLY | O_CLOEXEC), to = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  bool fine = from >= 0 && to >= 0 && copy_bytes(from, to) && rename(part, target) == 0 && spool_folder_sync(target) == SPOOL_FILE_FINE;
  if (!fine) complain("cannot keep a copy of '%s': %m", path);
  if (from >= 0) (void)close(from);
  if (to >= 0) (void)close(to);
  return fine;
}

static int keep_copies(struct session *session, const struct evidence_list *list) {
  char target[PATH_BYTES], folder[PATH_BYTES];
  if (session_spool(session, true) == NULL) return EXIT_SYSTEM;
  if (!files_folder(folder) || (mkdir(folder, 0700) != 0 && errno != EEXIST)) {
    complain("cannot keep copies of files beside the spool: %m");
    return EXIT_SYSTEM;
  }
  for (size_t i = 0; i < list->count; i++) {
    if (!copy_path(list->sha256[i], session->actor, strlen(session->actor), target)) return EXIT_SYSTEM;
    if (access(target, F_OK) != 0 && !copy_file(list->paths[i], target)) return EXIT_SYSTEM;
  }
  return EXIT_FINE;
}

int upload_evidence(struct session *session, const struct evidence_list *list) {
  if (list->count == 0) return EXIT_FINE;
  if (session_will_save(session)) return keep_copies(session, list);
  for (size_t i = 0; i < list->count; i++) {
    const int result = upload_as(session, NULL, list->paths[i], list->names[i], list->sha256[i], list->pieces[i].size);
    if (result == RECTIFY_TIMEOUT && rectify_error(session->rectify) == NULL) {
      complain("%s", rectify_error_text(session->rectify));
      session->offline = session->fell_silent = true; /* and what names them is saved with them */
      return keep_copies(session, list);
    }
    if (result != RECTIFY_OK) return code_of(session, list->paths[i], result);
  }
  return EXIT_FINE;
}

/* ---- sending them from there ---- */

/* The pieces of one item. */
static size_t pieces_of(const Rectify__V1__Request *request, Rectify__V1__Evidence ***pieces) {
  const bool found = request->body_case == RECTIFY__V1__REQUEST__BODY_SUBMIT;
  *pieces = found ? request->submit->findings[0]->evidence : request->act->commands[0]->evidence;
  return found ? request->submit->findings[0]->n_evidence : request->act->commands[0]->n_evidence;
}

/* An error that will come again: the command goes with its hash alone, and whoever verifies sees that. */
static bool is_final(const struct session *session, const char *name) {
  const Rectify__V1__Error *error = rectify_error(session->rectify);
  if (error == NULL || (error->code != FAILURE_FIELD && error->code != FAILURE_TOO_LARGE && error->code != FAILURE_FORBIDDEN)) return false;
  complain("the file '%s' was not taken, only its hash goes:", name);
  (void)session_say_error(error);
  return true;
}

static int send_copy(struct session *session, const ProtobufCBinaryData *actor, const Rectify__V1__Evidence *piece) {
  char path[PATH_BYTES], code[CODE_BYTES_MAX + 1], name[NAME_BYTES_MAX + 1];
  if (!copy_path(piece->sha256.data, actor->data, actor->len, path) || access(path, R_OK) != 0) return RECTIFY_OK;
  (void)snprintf(code, sizeof code, "%.*s", (int)actor->len, (const char *)actor->data);
  (void)snprintf(name, sizeof name, "%.*s", (int)piece->name.len, (const char *)piece->name.data);
  const int result = upload_as(session, code, path, name, piece->sha256.data, piece->size);
  if (result != RECTIFY_ERROR || !is_final(session, name)) return result;
  (void)unlink(path);
  return RECTIFY_OK;
}

static bool may_go(const struct rectify_spooled *item, const char *endpoint) {
  return item->fate == RECTIFY_WAITING &&
         (endpoint == NULL || item->endpoint[0] == '\0' || client_endpoints_meet(item->endpoint, endpoint));
}

int upload_spooled(struct session *session, struct rectify_spool *spool, const char *endpoint) {
  char folder[PATH_BYTES];
  int result = RECTIFY_OK;
  if (!files_folder(folder) || access(folder, F_OK) != 0) return RECTIFY_OK;
  for (size_t i = 0; i < rectify_spool_count(spool) && result == RECTIFY_OK; i++) {
    struct rectify_spooled item;
    Rectify__V1__Evidence **pieces;
    if (rectify_spool_item(spool, i, &item) != RECTIFY_OK || !may_go(&item, endpoint)) continue;
    const size_t count = pieces_of(item.request, &pieces);
    for (size_t k = 0; k < count && result == RECTIFY_OK; k++) result = send_copy(session, &item.request->actor, pieces[k]);
  }
  return result;
}

static bool is_wanted(struct rectify_spool *spool, const char *name) {
  char path[PATH_BYTES];
  for (size_t i = 0; i < rectify_spool_count(spool); i++) {
    struct rectify_spooled item;
    Rectify__V1__Evidence **pieces;
    if (rectify_spool_item(spool, i, &item) != RECTIFY_OK) return true; /* damaged: nothing is thrown away */
    if (item.fate != RECTIFY_WAITING) continue;
    const size_t count = pieces_of(item.request, &pieces);
    for (size_t k = 0; k < count; k++)
      if (copy_path(pieces[k]->sha256.data, item.request->actor.data, item.request->actor.len, path) &&
          strcmp(name_of(path), name) == 0)
        return true;
  }
  return false;
}

void upload_forget(struct rectify_spool *spool) {
  char folder[PATH_BYTES], path[2 * PATH_BYTES];
  DIR *files = files_folder(folder) ? opendir(folder) : NULL;
  if (files == NULL) return;
  for (const struct dirent *entry; (entry = readdir(files)) != NULL;) {
    const size_t length = strlen(entry->d_name);
    if (entry->d_name[0] == '.' || (length > 5 && strcmp(entry->d_name + length - 5, ".part") == 0)) continue;
    (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (!is_wanted(spool, entry->d_name)) (void)unlink(path);
  }
  (void)closedir(files);
}
