/* policy_file.c - files that the subcommands `policy ...` read: policies and calendars.  policy.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/policy.h"
#include "rectify/must.h"

char *policy_read(const char *path, size_t *length) {
  char *text = document_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, DOCUMENT_BYTES_MAX, length);
  if (text == NULL && errno == EFBIG) complain("'%s' is larger than %d bytes", path, DOCUMENT_BYTES_MAX);
  else if (text == NULL) complain("cannot read '%s': %m", path);
  return text;
}

void policy_say(struct document_report *report) {
  if (report->text != NULL) (void)fputs(report->text, stderr);
  document_report_free(report);
}

static int parse(const char *path, struct policy_file *out) {
  struct document_report report = {0, NULL};
  out->policy = policy_parse_places(path, out->text, out->length, &out->places, &report);
  policy_say(&report);
  if (out->policy != NULL) return EXIT_FINE;
  policy_file_close(out);
  return EXIT_DOCUMENT;
}

int policy_file_open(const char *path, struct policy_file *out) {
  *out = (struct policy_file){.path = strcmp(path, "-") == 0 ? "standard input" : path};
  out->text = policy_read(path, &out->length);
  return out->text == NULL ? EXIT_INPUT : parse(path, out);
}

/* Of the list the newest version; of one version its text. */
struct fetching {
  uint32_t version;
  struct policy_file *out;
};

static int take_documents(void *context, const Rectify__V1__Page *page) {
  struct fetching *fetching = context;
  for (size_t i = 0; i < page->n_documents; i++) {
    const Rectify__V1__DocumentRow *row = page->documents[i];
    if (row->version > fetching->version) fetching->version = row->version;
    if (row->body.len == 0 || fetching->out->text != NULL) continue;
    fetching->out->text = strndup((const char *)row->body.data, row->body.len);
    fetching->out->length = row->body.len;
    must(fetching->out->text != NULL);
  }
  return EXIT_FINE;
}

int policy_file_fetch(struct session *session, struct policy_file *out) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__DocumentQuery documents = RECTIFY__V1__DOCUMENT_QUERY__INIT;
  struct fetching fetching = {0, out};
  *out = (struct policy_file){.path = "the policy in force"};
  documents.document = DOCUMENT_POLICY;
  query.what_case = RECTIFY__V1__QUERY__WHAT_DOCUMENTS;
  query.documents = &documents;
  int code = session_pages(session, &query, take_documents, &fetching);
  if (code != EXIT_FINE) return code;
  documents.version = fetching.version;
  query.cursor = (ProtobufCBinaryData){0, NULL};
  code = session_pages(session, &query, take_documents, &fetching);
  if (code != EXIT_FINE) return code;
  if (out->text != NULL) return parse(out->path, out);
  complain("the daemon has no policy");
  return EXIT_PROTOCOL;
}

void policy_file_close(struct policy_file *file) {
  free(file->policy);
  free(file->text);
  *file = (struct policy_file){0};
}

/* ---- calendars ---- */

int calendar_set_find(const struct calendar_set *set, const char *name) {
  for (uint32_t i = 0; i < set->count; i++)
    if (strcmp(set->rows[i].name, name) == 0) return (int)i;
  return -1;
}

static int put(struct calendar_set *set, const char *path, const char *text, size_t length) {
  struct document_report report = {0, NULL};
  struct calendar *calendar = calendar_parse(path, text, length, &report);
  policy_say(&report);
  if (calendar == NULL) return EXIT_DOCUMENT;
  int at = calendar_set_find(set, calendar->name);
  if (at < 0 && set->count == CALENDARS_MAX) {
    complain("more than %d calendars", CALENDARS_MAX);
    calendar_free(calendar);
    return EXIT_USE;
  }
  if (at < 0) at = (int)set->count++;
  else calendar_free(set->parsed[at]);
  set->parsed[at] = calendar;
  set->rows[at] = *calendar;
  return EXIT_FINE;
}

struct calendar_set *calendar_set_open(void) {
  struct calendar_set *set = calloc(1, sizeof *set);
  must(set != NULL);
  for (const struct document_embedded *file = document_embedded_calendars; file->file_name != NULL; file++)
    must(put(set, file->file_name, file->text, file->length) == EXIT_FINE);
  return set;
}

int calendar_set_add(struct calendar_set *set, const char *path) {
  size_t length;
  char *text = policy_read(path, &length);
  if (text == NULL) return EXIT_INPUT;
  int code = put(set, path, text, length);
  free(text);
  return code;
}

void calendar_set_close(struct calendar_set *set) {
  if (set == NULL) return;
  for (uint32_t i = 0; i < set->count; i++) calendar_free(set->parsed[i]);
  free(set);
}
