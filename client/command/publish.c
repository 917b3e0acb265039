/* publish.c - documents: `registry load`, `policy publish`, `calendar publish`. */
#include <stdlib.h>
#include <string.h>

#include "client/command/policy.h"
#include "client/command/verb.h"

const struct flag publish_flags[] = {
    {"id", 0, "UUID", "the publication's own id: repeating it with the same id does nothing twice", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static bool check_calendar(const char *path, const char *text, size_t length) {
  struct document_report report = {0, NULL};
  struct calendar *calendar = calendar_parse(path, text, length, &report);
  policy_say(&report);
  bool fine = calendar != NULL;
  calendar_free(calendar);
  return fine;
}

static bool check_policy(const char *path, const char *text, size_t length) {
  struct document_report report = {0, NULL};
  struct policy *policy = policy_parse(path, text, length, &report);
  policy_say(&report);
  bool fine = policy != NULL;
  free(policy);
  return fine;
}

static const char *const document_names[] = {"", "registry", "policy", "calendar"};

static void say_version(const struct session *session, enum document_kind kind, uint32_t version, uint64_t log_index,
                        bool repeated) {
  if (session->format == FORMAT_JSON)
    (void)printf("{\"document\":\"%s\",\"version\":%u,\"log_index\":%llu,\"repeated\":%s}\n", document_names[kind],
                 version, (unsigned long long)log_index, repeated ? "true" : "false");
  else
    (void)printf("%s version %u %s [log %llu]\n", document_names[kind], version,
                 repeated ? "was published before" : "published", (unsigned long long)log_index);
}

static int say_published(const struct session *session, enum document_kind kind, const Rectify__V1__Outcome *outcome) {
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL) {
    uint32_t rule = outcome->refusal->rule;
    complain("refused, rule %u: %s", rule,
             in_language(session, word_text(words_rule, rule), word_zh(words_rule, rule)));
    return EXIT_REFUSED;
  }
  if (outcome->result_case != RECTIFY__V1__OUTCOME__RESULT_RECEIPT) {
    const Rectify__V1__Error *error = outcome->error;
    complain("%s", word_text(words_failure, error == NULL ? 0 : error->code));
    if (error != NULL) print_safe(stderr, error->text.data, error->text.len);
    if (error != NULL && (error->text.len == 0 || error->text.data[error->text.len - 1] != '\n')) (void)fputc('\n', stderr);
    return error != NULL && error->code == FAILURE_DOCUMENT ? EXIT_DOCUMENT : EXIT_REFUSED;
  }
  const Rectify__V1__Receipt *receipt = outcome->receipt;
  say_version(session, kind, receipt->document_version, receipt->log_index, receipt->repeated);
  return EXIT_FINE;
}

/* ---- the same text again ---- */

/* The newest version of the document, by its file name where several go on side by side. */
struct newest {
  enum document_kind kind;
  const char *file_name;
  uint32_t version;
  uint64_t log_index;
  uint8_t sha256[HASH_BYTES];
};

/* Whether the stored name is that of the file; what is built in was stored with its folder. */
static bool same_file(const ProtobufCBinaryData *stored, const char *file_name) {
  const size_t length = strlen(file_name);
  if (stored->len < length || memcmp(stored->data + stored->len - length, file_name, length) != 0) return false;
  return stored->len == length || stored->data[stored->len - length - 1] == '/';
}

static int take_documents(void *context, const Rectify__V1__Page *page) {
  struct newest *newest = context;
  for (size_t i = 0; i < page->n_documents; i++) {
    const Rectify__V1__DocumentRow *row = page->documents[i];
    if (row->version < newest->version || row->sha256.len != HASH_BYTES) continue;
    if (newest->kind == DOCUMENT_CALENDAR && !same_file(&row->file_name, newest->file_name)) continue;
    newest->version = row->version;
    newest->log_index = row->log_index;
    memcpy(newest->sha256, row->sha256.data, HASH_BYTES);
  }
  return EXIT_FINE;
}

/* Whether the text is in force already: then that is said, and nothing is sent.  To go back to an older text is another
 * publication. */
static int is_in_force(struct session *session, enum document_kind kind, const char *file_name, const char *text,
                       size_t length, bool *in_force) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__DocumentQuery documents = RECTIFY__V1__DOCUMENT_QUERY__INIT;
  struct newest newest = {.kind = kind, .file_name = file_name};
  uint8_t hash[HASH_BYTES];
  documents.document = kind;
  query.what_case = RECTIFY__V1__QUERY__WHAT_DOCUMENTS;
  query.documents = &documents;
  int code = session_pages(session, &query, take_documents, &newest);
  sha256(text, length, hash);
  *in_force = code == EXIT_FINE && newest.version > 0 && memcmp(hash, newest.sha256, HASH_BYTES) == 0;
  if (*in_force) say_version(session, kind, newest.version, newest.log_index, true);
  return code;
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

static int send_document(struct session *session, enum document_kind kind, const uint8_t id[16], const char *path,
                         const char *text, size_t length) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Publish publish = RECTIFY__V1__PUBLISH__INIT;
  const Rectify__V1__Reply *reply;
  publish.id = wire_bytes(id, 16);
  publish.document = kind;
  publish.file_name = wire_text(base_name(path));
  publish.body = wire_bytes(text, length);
  request.body_case = RECTIFY__V1__REQUEST__BODY_PUBLISH;
  request.publish = &publish;
  int code = session_ask(session, &request, &reply);
  if (code == EXIT_UNREACHABLE) {
    char said[UUID_TEXT_BYTES];
    uuid_text(id, said);
    (void)fprintf(
        stderr,
        "whether it was recorded is unknown; say the same again with --id %s: then it cannot be published twice\n",
        said);
  }
  if (code != EXIT_FINE) return code;
  if (reply->body_case == RECTIFY__V1__REPLY__BODY_OUTCOMES && reply->outcomes->n_outcomes == 1)
    return say_published(session, kind, reply->outcomes->outcomes[0]);
  return session_misfit();
}

static int read_id(struct session *session, struct arguments *arguments, uint8_t id[16], bool *has_id) {
  int exit_code = EXIT_FINE;
  *has_id = false;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    *has_id = uuid_read(optarg, strlen(optarg), id);
    if (!*has_id) return complain_usage(arguments->verb, "--id wants a UUID, not '%s'", optarg);
  }
  return arguments_words(arguments, 1, 1);
}

static int publish(struct session *session, struct arguments *arguments, enum document_kind kind,
                   bool (*check)(const char *path, const char *text, size_t length)) {
  uint8_t id[16];
  bool has_id;
  size_t length;
  int code = read_id(session, arguments, id, &has_id);
  if (code == EXIT_FINE) code = session_open(session);
  if (code != EXIT_FINE) return code;
  if (!has_id && rectify_key(session->rectify, id) != RECTIFY_OK) return session_failure(session, RECTIFY_SYSTEM);
  const char *path = arguments->argv[optind];
  char *text = policy_read(path, &length);
  if (text == NULL) return EXIT_INPUT;
  bool fine = check == NULL || check(path, text, length), in_force = false;
  code = fine ? EXIT_FINE : EXIT_DOCUMENT;
  if (fine && !has_id) code = is_in_force(session, kind, base_name(path), text, length, &in_force);
  if (code == EXIT_FINE && !in_force) code = send_document(session, kind, id, path, text, length);
  free(text);
  return code;
}

int registry_load_run(struct session *session, struct arguments *arguments) {
  return publish(session, arguments, DOCUMENT_REGISTRY, NULL); /* it builds on the one in force: the daemon checks */
}

int policy_publish_run(struct session *session, struct arguments *arguments) {
  return publish(session, arguments, DOCUMENT_POLICY, check_policy);
}

int calendar_publish_run(struct session *session, struct arguments *arguments) {
  return publish(session, arguments, DOCUMENT_CALENDAR, check_calendar);
}
