/* evidence_get.c - `evidence get`: a file of evidence, held against its hash before it gets its name; never over a file that is
 * there, and nothing is opened or run. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/evidence_rows.h"
#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"
#include "rectify/must.h"

#define PATH_BYTES 4096
#define PREFIX_DIGITS_MIN 8

enum { GET_OUTPUT };
const struct flag evidence_get_flags[] = {
    {"output", 'o', "FILE", "write it there instead of under its own name; never over a file that is there", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

/* ---- which piece ---- */

struct wanted {
  const char *text; /* N, or the hash's first digits */
  int64_t number, seen; /* number 0: by the hash */
  uint32_t found;   /* different hashes that begin so */
  bool stored, erased;
  uint64_t size;
  uint8_t sha256[HASH_BYTES];
  char name[NAME_BYTES_MAX + 1];
};

static bool is_meant(const struct wanted *wanted, const Rectify__V1__EvidenceRow *row) {
  char hash[2 * HASH_BYTES + 1];
  if (wanted->number != 0) return wanted->seen == wanted->number;
  hex_text(row->sha256.data, HASH_BYTES, hash);
  return strncasecmp(hash, wanted->text, strlen(wanted->text)) == 0;
}

/* The same bytes may have been handed in twice, once without the file. */
static int look(void *context, const Rectify__V1__Page *page) {
  struct wanted *wanted = context;
  for (size_t i = 0; i < page->n_evidence; i++) {
    const Rectify__V1__EvidenceRow *row = page->evidence[i];
    wanted->seen++;
    if (row->sha256.len != HASH_BYTES || !is_meant(wanted, row)) continue;
    const bool again = wanted->found > 0 && memcmp(wanted->sha256, row->sha256.data, HASH_BYTES) == 0;
    wanted->found += !again;
    wanted->stored |= row->stored != 0;
    wanted->erased |= row->erased != 0;
    memcpy(wanted->sha256, row->sha256.data, HASH_BYTES);
    wanted->size = row->size;
    (void)snprintf(wanted->name, sizeof wanted->name, "%.*s", (int)row->name.len, row->name.len > 0 ? (const char *)row->name.data : "");
  }
  return EXIT_FINE;
}

static int find(struct session *session, uint64_t case_no, struct wanted *wanted) {
  int code = evidence_rows(session, case_no, look, wanted);
  if (code != EXIT_FINE) return code;
  if (wanted->found == 1 && wanted->stored) return EXIT_FINE;
  if (wanted->found == 0) complain("the case has no evidence '%s'; `rectify evidence list` shows what it has", wanted->text);
  else if (wanted->found > 1) complain("'%s' may be several pieces: give more of the hash", wanted->text);
  else if (wanted->erased) complain("the file was erased; only its hash stays");
  else complain("only its hash was handed in: the file is not here");
  return EXIT_REFUSED;
}

/* The last part of what it was called, if that can be a file's name here. */
static void own_name(const struct wanted *wanted, char out[PATH_BYTES]) {
  char hash[2 * HASH_BYTES + 1];
  const char *slash = strrchr(wanted->name, '/'), *name = slash == NULL ? wanted->name : slash + 1;
  hex_text(wanted->sha256, HASH_BYTES, hash);
  if (name[0] == '\0') (void)snprintf(out, PATH_BYTES, "%.16s", hash);
  else (void)snprintf(out, PATH_BYTES, "%s%s", name[0] == '.' || name[0] == '-' ? "_" : "", name);
}

/* ---- fetching it ---- */

struct fetch {
  int file;
  EVP_MD_CTX *context;
  uint64_t bytes;
};

static int take_parts(void *context, const Rectify__V1__Page *page) {
  struct fetch *fetch = context;
  for (size_t i = 0; i < page->n_parts; i++) {
    const ProtobufCBinaryData *part = &page->parts[i];
    must(EVP_DigestUpdate(fetch->context, part->data, part->len) == 1);
    fetch->bytes += part->len;
    for (size_t used = 0; used < part->len;) {
      const ssize_t put = write(fetch->file, part->data + used, part->len - used);
      if (put < 0) return complain("cannot write: %m"), EXIT_SYSTEM;
      used += (size_t)put;
    }
  }
  return EXIT_FINE;
}

static int fetch_parts(struct session *session, uint64_t case_no, const struct wanted *wanted, int file) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__ContentQuery content = RECTIFY__V1__CONTENT_QUERY__INIT;
  struct fetch fetch = {.file = file, .context = EVP_MD_CTX_new()};
  uint8_t hash[HASH_BYTES];
  must(fetch.context != NULL && EVP_DigestInit_ex(fetch.context, EVP_sha256(), NULL) == 1);
  content.case_no = case_no;
  content.sha256 = wire_bytes(wanted->sha256, HASH_BYTES);
  query.what_case = RECTIFY__V1__QUERY__WHAT_CONTENT;
  query.content = &content;
  int code = session_pages(session, &query, take_parts, &fetch);
  must(EVP_DigestFinal_ex(fetch.context, hash, NULL) == 1);
  EVP_MD_CTX_free(fetch.context);
  if (code != EXIT_FINE || memcmp(hash, wanted->sha256, HASH_BYTES) == 0) return code;
  complain("what came (%llu bytes) is not what was handed in: its SHA-256 differs; nothing was kept.  Tell whoever runs the database: "
           "`rectify doctor` names the file",
           (unsigned long long)fetch.bytes);
  return EXIT_DIFFERENT;
}

static int fetch_file(struct session *session, uint64_t case_no, const struct wanted *wanted, const char *path) {
  char part[PATH_BYTES + 8];
  (void)snprintf(part, sizeof part, "%s.XXXXXX", path);
  if (access(path, F_OK) == 0) {
    complain("'%s' is there already; -o FILE writes elsewhere", path);
    return EXIT_INPUT;
  }
  int file = mkostemp(part, O_CLOEXEC);
  if (file < 0) return complain("'%s': %m", path), EXIT_SYSTEM;
  int code = fetch_parts(session, case_no, wanted, file);
  if (code == EXIT_FINE && (fsync(file) != 0 || renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) != 0)) {
    complain(errno == EEXIST ? N_("'%s' is there already; -o FILE writes elsewhere") : "'%s': %m", path);
    code = EXIT_SYSTEM;
  }
  (void)close(file);
  if (code != EXIT_FINE) (void)unlink(part);
  return code;
}

/* ---- the verb ---- */

static int read_which(const struct arguments *arguments, struct wanted *wanted) {
  const size_t length = strlen(wanted->text);
  if (length < PREFIX_DIGITS_MIN && number_read(wanted->text, 1, INT64_MAX, &wanted->number)) return EXIT_FINE;
  if (length >= PREFIX_DIGITS_MIN && length <= 2 * HASH_BYTES && strspn(wanted->text, "0123456789abcdefABCDEF") == length) return EXIT_FINE;
  return complain_usage(arguments->verb, "'%s' is neither a number of `rectify evidence list` nor %d digits or more of a SHA-256", wanted->text,
                        PREFIX_DIGITS_MIN);
}

static void say_done(const struct session *session, const struct wanted *wanted, const char *path) {
  char hash[2 * HASH_BYTES + 1];
  hex_text(wanted->sha256, HASH_BYTES, hash);
  if (session->format == FORMAT_JSON) {
    (void)fputs("{\"file\":", stdout);
    json_string(stdout, path, strlen(path));
    (void)printf(",\"sha256\":\"%s\",\"size\":%llu}\n", hash, (unsigned long long)wanted->size);
    return;
  }
  print_safe(stdout, path, strlen(path));
  (void)printf("  %llu %s, SHA-256 %s\n", (unsigned long long)wanted->size, _("bytes"), hash);
}

int evidence_get_run(struct session *session, struct arguments *arguments) {
  const char *output = NULL;
  char path[PATH_BYTES];
  struct wanted wanted = {0};
  uint64_t case_no;
  int code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    output = optarg;
  }
  code = arguments_words(arguments, 2, 2);
  if (code != EXIT_FINE) return code;
  if (!case_read(arguments->argv[optind], &case_no))
    return complain_usage(arguments->verb, "'%s' is not a case number such as C-000042", arguments->argv[optind]);
  wanted.text = arguments->argv[optind + 1];
  code = read_which(arguments, &wanted);
  if (code == EXIT_FINE) code = session_open(session);
  if (code == EXIT_FINE) code = find(session, case_no, &wanted);
  if (code != EXIT_FINE) return code;
  own_name(&wanted, path);
  if (output != NULL && snprintf(path, sizeof path, "%s", output) >= PATH_BYTES) return complain("the name is too long"), EXIT_USE;
  code = fetch_file(session, case_no, &wanted, path);
  if (code == EXIT_FINE) say_done(session, &wanted, path);
  return code;
}
