/* verify.c - the records of an export, one after the other: verify.h. */
#include "verify/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rectify/must.h"
#include "sign/digest.h"
#include "verify/verify_internal.h"

#define TEXT_MAX 512
#define EVENT_BYTES_USUAL 256 /* of an event in an export, with its share of heads and rows */

static const char *const names[] = {
#define FINDING(NAME, name, text) name,
#include "verify/finding.def"
#undef FINDING
};
static const char *const texts[] = {
#define FINDING(NAME, name, text) text,
#include "verify/finding.def"
#undef FINDING
};

const char *verify_finding_name(enum verify_finding finding) {
  must(finding < VERIFY_FINDING_COUNT);
  return names[finding];
}

const char *verify_finding_text(enum verify_finding finding) {
  must(finding < VERIFY_FINDING_COUNT);
  return texts[finding];
}

static void tell(struct verify *verify, enum verify_finding finding, const char *format, va_list list)
    __attribute__((format(printf, 3, 0)));
static void tell(struct verify *verify, enum verify_finding finding, const char *format, va_list list) {
  char text[TEXT_MAX];
  (void)vsnprintf(text, sizeof text, format, list);
  verify->options->tell(verify->options->context, finding, text);
}

void verify_found(struct verify *verify, enum verify_finding finding, const char *format, ...) {
  va_list list;
  verify->result.findings++;
  va_start(list, format);
  tell(verify, finding, format, list);
  va_end(list);
}

static void note_erased(struct verify *verify, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note_erased(struct verify *verify, const char *format, ...) {
  va_list list;
  verify->result.erased++;
  va_start(list, format);
  tell(verify, VERIFY_FINDING_COUNT, format, list);
  va_end(list);
}

/* ---- texts ---- */

/* The row of the tree that is equal to *key, a copy of which is put there when there is none. */
static void *row_of(void **tree, const void *key, size_t size, int (*compare)(const void *, const void *)) {
  void **slot = tsearch(key, tree, compare), *row;
  must(slot != NULL);
  if (*slot != key) return *slot;
  must((row = malloc(size)) != NULL);
  return *slot = memcpy(row, key, size);
}

static int order(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

static int order_of_claims(const void *a, const void *b) {
  const struct claim *left = a, *right = b;
  int by = order(left->index, right->index);
  if (by == 0) by = order(left->erased_by, right->erased_by);
  return by != 0 ? by : order(left->case_no, right->case_no);
}

static int order_of_asks(const void *a, const void *b) {
  return order(((const struct ask *)a)->other, ((const struct ask *)b)->other);
}

static void claim_add(struct verify *verify, const struct claim *claim) {
  struct claim *row = row_of(&verify->claims, claim, sizeof *claim, order_of_claims);
  row->count++;
}

static void check_text(struct verify *verify, const struct export_event *row, const struct looked_record *looked) {
  const struct event *event = &looked->event;
  const uint64_t index = row->log_index;
  if (!event->has_text) {
    if (row->text_kind != EXPORT_TEXT_NONE) verify_found(verify, VERIFY_TEXT_UNASKED, "record %" PRIu64, index);
    return;
  }
  if (row->text_kind == EXPORT_TEXT_ERASED) claim_add(verify, &(struct claim){index, row->erased_by, event->case_no, 0});
  if (row->text_kind == EXPORT_TEXT_NONE || row->text_kind == EXPORT_TEXT_MISSING)
    verify_found(verify, VERIFY_TEXT_MISSING, "record %" PRIu64, index);
  if (looked->text_differs) verify_found(verify, VERIFY_TEXT_DIFFERS, "record %" PRIu64, index);
}

/* Its `other` is one more than the log index of the text. */
static bool is_accepted(const struct event *event, uint32_t command) {
  return event->command == command && event->other != 0 && !rule_refuses(event->rule);
}

/* The last one who asked counts. */
static void note_ask(struct verify *verify, const struct event *event) {
  const struct ask asked = {event->other, event->case_no, event->actor};
  struct ask *ask = row_of(&verify->asks, &asked, sizeof asked, order_of_asks);
  *ask = asked;
}

/* Two persons: neither who erases nor whom he stands in for had asked. */
static void check_asked(struct verify *verify, const struct event *event, uint64_t log_index) {
  const struct ask wanted = {.other = event->other};
  struct ask *const *found = tfind(&wanted, &verify->asks, order_of_asks);
  const struct ask *ask = found == NULL ? NULL : *found;
  if (ask != NULL && ask->case_no == event->case_no && ask->actor != event->actor && ask->actor != event->on_behalf) return;
  verify_found(verify, VERIFY_ERASURE_ALONE, "record %" PRIu64 ": nobody else had asked for the text of record %" PRIu64 " to be erased",
               log_index, event->other - 1);
}

static void bear_out(struct verify *verify, const struct event *event, uint64_t log_index) {
  if (is_accepted(event, COMMAND_ERASE_ASK)) note_ask(verify, event);
  if (!is_accepted(event, COMMAND_ERASE)) return;
  check_asked(verify, event, log_index);
  const struct claim wanted = {.index = event->other - 1, .erased_by = log_index, .case_no = event->case_no};
  struct claim *const *found = tfind(&wanted, &verify->claims, order_of_claims);
  if (found == NULL) return;
  struct claim *claim = *found;
  (void)tdelete(&wanted, &verify->claims, order_of_claims);
  note_erased(verify, "record %" PRIu64 ": its text was erased by event %" PRIu64, claim->index, log_index);
  free(claim);
}

static void tell_claim(const void *node, VISIT visit, void *context) {
  const struct claim *claim = *(struct claim *const *)node;
  if (visit != postorder && visit != leaf) return;
  for (uint64_t i = 0; i < claim->count; i++)
    verify_found(context, VERIFY_TEXT_MISSING, "record %" PRIu64 ": event %" PRIu64 " did not erase it", claim->index, claim->erased_by);
}

static void tell_unfounded(struct verify *verify) { twalk_r(verify->claims, tell_claim, verify); }

/* ---- records ---- */

static void check_place(struct verify *verify, uint64_t index) {
  if (index > verify->size)
    verify_found(verify, VERIFY_RECORD_MISSING, "records %" PRIu64 " to %" PRIu64 " are not here", verify->size,
                 index - 1);
  if (index < verify->size)
    verify_found(verify, VERIFY_RECORD_MISPLACED, "record %" PRIu64 " stands where %" PRIu64 " belongs", index,
                 verify->size);
  verify->records_wrong |= index != verify->size;
}

static void take_event(struct verify *verify, const struct export_event *row, const struct looked_record *looked) {
  const struct event *event = &looked->event;
  check_place(verify, row->log_index);
  if (memcmp(&looked->leaf, &row->leaf, sizeof row->leaf) != 0) {
    verify->records_wrong = true;
    verify_found(verify, VERIFY_RECORD_EDITED, "record %" PRIu64, row->log_index);
  }
  merkle_append(digest_sha256, &verify->tree, &looked->leaf);
  if (row->log_index >= verify->size) verify->size = row->log_index + 1;
  verify->result.events++;
  if (looked->readable) {
    if (!key_set_add(verify, &event->key)) {
      verify->records_wrong = true;
      verify_found(verify, VERIFY_KEY_TWICE, "record %" PRIu64 ": its key was recorded before", row->log_index);
    }
    check_text(verify, row, looked);
    bear_out(verify, event, row->log_index);
    case_fold_event(verify, event, row->log_index);
  } else {
    verify->records_wrong = true;
    verify_found(verify, VERIFY_RECORD_UNREADABLE, "record %" PRIu64, row->log_index);
  }
  head_check_outside(verify);
}

static void take_log(struct verify *verify, const struct export_section *section) {
  const char *name = verify->options->log->name;
  if (section->length != strlen(name) || memcmp(section->body, name, section->length) != 0)
    verify_found(verify, VERIFY_HEAD_OTHER_LOG, "the export is of the log %.*s, the key is that of %s",
                 (int)(section->length < 100 ? section->length : 100), (const char *)section->body, name);
}

static void take_end(struct verify *verify, const struct export_end *end, uint64_t heads) {
  if (end->events == verify->result.events && end->heads == heads && end->cases == verify->result.cases) return;
  verify_found(verify, VERIFY_DAMAGED,
               "%" PRIu64 " records, %" PRIu64 " heads and %" PRIu64 " rows were written, %" PRIu64 ", %" PRIu64
               " and %" PRIu64 " are here",
               end->events, end->heads, end->cases, verify->result.events, heads, verify->result.cases);
}

/* ---- the file ---- */

/* The place of a section in the file: name, records and heads, rows, end. */
static int part_of(uint8_t tag) {
  return tag == EXPORT_LOG ? 0 : tag == EXPORT_EVENT || tag == EXPORT_HEAD ? 1 : tag == EXPORT_CASE ? 2 : 3;
}

static void take_section(struct verify *verify, const struct looked *looked, uint64_t *heads) {
  const struct export_section *section = &looked->section;
  switch ((enum export_tag)section->tag) {
    case EXPORT_LOG:
      take_log(verify, section);
      return;
    case EXPORT_EVENT:
      take_event(verify, &section->event, &looked->record);
      return;
    case EXPORT_HEAD:
      (*heads)++;
      head_in_export(verify, &looked->head);
      return;
    case EXPORT_CASE:
      case_compare_row(verify, &section->row);
      return;
    case EXPORT_END:
      take_end(verify, &section->end, *heads);
      return;
  }
}

static int read_sections(struct verify *verify, struct ahead *ahead) {
  const struct looked *looked;
  uint64_t heads = 0;
  int part = -1, result;
  while ((result = ahead_next(ahead, &looked)) == EXPORT_OK) {
    int next = part_of(looked->section.tag);
    if (part < 0 ? next != 0 : next < part || (next == part && (next == 0 || next == 3))) {
      result = EXPORT_DAMAGED;
      break;
    }
    part = next;
    take_section(verify, looked, &heads);
  }
  if (result == EXPORT_FAULT) return -1;
  if (result != EXPORT_EOF || part != 3)
    verify_found(verify, VERIFY_DAMAGED,
                 result == EXPORT_DAMAGED ? "not an export from byte %" PRIu64 " on" : "cut off after byte %" PRIu64,
                 ahead_offset(ahead));
  return part == 3 ? 1 : 0;
}

/* As the size of the file lets expect; 0: it has none. */
static uint64_t events_of(FILE *file) {
  struct stat status;
  return fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) ? (uint64_t)status.st_size / EVENT_BYTES_USUAL : 0;
}

int verify_export(FILE *file, const struct verify_options *options, struct verify_result *out) {
  struct verify *verify = calloc(1, sizeof *verify);
  must(verify != NULL);
  verify->options = options;
  key_set_expect(verify, events_of(file));
  head_begin(verify);
  struct ahead *ahead = ahead_new(file, options);
  int whole = read_sections(verify, ahead), why = errno;
  ahead_free(ahead);
  if (whole >= 0) {
    head_finish(verify);
    tell_unfounded(verify);
  }
  if (whole == 1) case_find_missing(verify); /* where the rows were cut off, all would be missing */
  *out = verify->result;
  free(verify->cases);
  free(verify->keys);
  tdestroy(verify->claims, free);
  tdestroy(verify->asks, free);
  free(verify);
  errno = why;
  return whole < 0 ? -1 : 0;
}
