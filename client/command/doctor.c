/* doctor.c - `doctor`: proves that the log has the root it claims, and that every stored row is the fold of its events.
 *
 * Memory: one folded state a case, a hash for 256 events; nothing else is kept of an event.  The daemon may go on working meanwhile: rows that are
 * newer than what was read of the log are looked at again after reading on. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/command.h"
#include "client/command/doctor_rows.h"
#include "client/command/language.h"
#include "client/command/signed.h"
#include "client/command/verb.h"
#include "proto/codec.h"
#include "rectify/must.h"

#define SLOTS_FIRST 8192
#define ROUNDS_MAX 8          /* of looking again at rows that moved on */
#define DIFFERENCES_SHOWN 100 /* more are counted only */
#define AGAIN_MAX 100000

struct folded {
  struct case_state state; /* case_no 0: free slot */
  bool checked;
  bool late; /* accepted while the rows were being read: its row need not have been among them */
};

struct claim {
  uint64_t index, erased_by, case_no;
};

/* An erasure that was asked for. */
struct ask {
  uint64_t other;
  uint32_t actor;
};

struct doctor {
  bool no_files;
  uint64_t files; /* of evidence, hashed again */
  struct session *session;
  struct merkle tree;
  struct row_counts counts;
  struct tile_sums *tiles;
  struct key_sums *keys;
  usec_t recorded;      /* the newest instant in the records */
  uint64_t tiles_seen;
  bool held;            /* the head's other columns and the counts were compared */
  uint64_t proved;      /* the size at which our root was last held against the head's */
  struct folded *cases; /* open addressing by case number */
  size_t size, used;
  uint32_t last_version_of_none; /* of the events of no case */
  uint64_t differences, checked;
  struct claim *claims; /* texts that the daemon says an event to come erased */
  size_t claim_count, claim_max, erased;
  struct ask *asks; /* erasures that were asked for */
  size_t ask_count, ask_max;
  uint64_t *again; /* case numbers whose rows have moved on */
  size_t again_count;
  bool reads_rows;
  struct signed_log signatures;
  bool broken; /* the log itself cannot be followed further */
};

static void differ(struct doctor *doctor, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void differ(struct doctor *doctor, const char *format, ...) {
  va_list list;
  if (doctor->differences++ >= DIFFERENCES_SHOWN) return;
  (void)fputs("doctor: ", stdout);
  va_start(list, format);
  (void)vprintf(format, list);
  va_end(list);
  (void)putchar('\n');
}

/* ---- cases by number ---- */

static size_t hash_of(uint64_t case_no) {
  return (size_t)((case_no * UINT64_C(0x9e3779b97f4a7c15)) >> 20);
}

static struct folded *find(struct folded *cases, size_t size, uint64_t case_no) {
  size_t at = hash_of(case_no) & (size - 1);
  while (cases[at].state.case_no != 0 && cases[at].state.case_no != case_no) at = (at + 1) & (size - 1);
  return &cases[at];
}

static void grow(struct doctor *doctor) {
  size_t size = 2 * doctor->size;
  struct folded *cases = calloc(size, sizeof *cases);
  must(cases != NULL);
  for (size_t i = 0; i < doctor->size; i++)
    if (doctor->cases[i].state.case_no != 0) *find(cases, size, doctor->cases[i].state.case_no) = doctor->cases[i];
  free(doctor->cases);
  doctor->cases = cases;
  doctor->size = size;
}

/* The case's slot, made when it is new; its case_no is set by the fold of its first event. */
static struct folded *slot_of(struct doctor *doctor, uint64_t case_no) {
  if (doctor->used * 4 >= doctor->size * 3) grow(doctor);
  return find(doctor->cases, doctor->size, case_no);
}

/* ---- the log ---- */

static const struct case_state *fold(struct doctor *doctor, const struct event *event, uint64_t log_index) {
  char name[CASE_TEXT_BYTES];
  if (event->case_no == 0) {
    if (event->version != 0 && event->version != doctor->last_version_of_none + 1)
      differ(doctor, "log %llu: event %u of no case follows number %u", (unsigned long long)log_index, event->version,
             doctor->last_version_of_none);
    doctor->last_version_of_none = event->version;
    return NULL;
  }
  struct folded *folded = slot_of(doctor, event->case_no);
  uint32_t before = folded->state.version;
  bool is_new = folded->state.case_no == 0;
  case_text(event->case_no, name);
  if (event->version != before + 1)
    differ(doctor, "log %llu: event %u of %s follows number %u", (unsigned long long)log_index, event->version, name,
           before);
  if (!case_apply(&folded->state, event)) {
    differ(doctor, "log %llu: event %u of %s cannot follow", (unsigned long long)log_index, event->version, name);
    return NULL;
  }
  must(folded->state.case_no == event->case_no);
  if (is_new) folded->late = doctor->reads_rows;
  doctor->used += is_new;
  return &folded->state;
}

/* A line to be shown, its tabs as spaces; to be freed. */
static char *copy_line(const char *text, size_t length) {
  char *copy = malloc(length + 1);
  must(copy != NULL);
  for (size_t i = 0; i < length; i++) copy[i] = text[i] == '\t' ? ' ' : text[i];
  copy[length] = '\0';
  return copy;
}

/* The first line in which both differ. */
static void differ_in_rows(struct doctor *doctor, uint64_t log_index, const char *stored, const char *wanted) {
  while (*stored != '\0' && *wanted != '\0') {
    const size_t a = strcspn(stored, "\n"), b = strcspn(wanted, "\n");
    if (a != b || memcmp(stored, wanted, a) != 0) break;
    stored += a + (stored[a] != '\0');
    wanted += b + (wanted[b] != '\0');
  }
  char *row = copy_line(stored, strcspn(stored, "\n")), *by_record = copy_line(wanted, strcspn(wanted, "\n"));
  differ(doctor, "log %llu: the row is \"%s\", by the record \"%s\"", (unsigned long long)log_index, row, by_record);
  free(row);
  free(by_record);
}

/* All that the tables hold of an event. */
static void compare_rows(struct doctor *doctor, const Rectify__V1__EventRow *row, const struct event *event,
                         const struct case_state *after) {
  char wanted[ROWS_BYTES_MAX];
  rows_of_event(event, after, wanted, &doctor->counts);
  key_sums_add(doctor->keys, event, row->log_index);
  if (event->recorded > doctor->recorded) doctor->recorded = event->recorded;
  if (row->stored.len == strlen(wanted) && memcmp(row->stored.data, wanted, row->stored.len) == 0) return;
  char *stored = strndup((const char *)row->stored.data, row->stored.len);
  must(stored != NULL);
  differ_in_rows(doctor, row->log_index, stored, wanted);
  free(stored);
}

/* sha256() with the type that core wants. */
static void hash_record(const void *data, size_t length, uint8_t out[HASH_BYTES]) {
  sha256(data, length, out);
}

/* The head moves while we read: where our tree has the head's size, the roots must be equal. */
static void check_root(struct doctor *doctor, const Rectify__V1__Head *head) {
  struct hash root;
  if (head == NULL || head->size != doctor->tree.size || doctor->proved == head->size) return;
  merkle_root(hash_record, &doctor->tree, &root);
  if (head->root.len != HASH_BYTES || memcmp(root.bytes, head->root.data, HASH_BYTES) != 0)
    differ(doctor, "the root over %llu records is not the head's", (unsigned long long)doctor->tree.size);
  doctor->proved = head->size;
}

static void claim(struct doctor *doctor, const Rectify__V1__EventRow *row, uint64_t case_no) {
  if (doctor->claim_count == doctor->claim_max) {
    doctor->claim_max = doctor->claim_max == 0 ? 64 : 2 * doctor->claim_max;
    doctor->claims = reallocarray(doctor->claims, doctor->claim_max, sizeof *doctor->claims);
    must(doctor->claims != NULL);
  }
  doctor->claims[doctor->claim_count++] = (struct claim){row->log_index, row->erased_by, case_no};
}

/* The text is the one that the record commits to, or an event erased it. */
static void check_text(struct doctor *doctor, const Rectify__V1__EventRow *row, const struct event *event) {
  static uint8_t salted[SALT_BYTES + TEXT_BYTES_MAX];
  uint8_t digest[HASH_BYTES];
  const unsigned long long index = (unsigned long long)row->log_index;
  if (!event->has_text && row->text.len > 0) differ(doctor, "log %llu: a text stands beside a record that has none", index);
  if (event->has_text && row->text.len == 0 && row->erased_by != 0) claim(doctor, row, event->case_no);
  if (row->text.len > 0 && row->erased_by != 0)
    differ(doctor, "log %llu: event %llu erased the text, and it stands all the same", index, (unsigned long long)row->erased_by);
  if (event->has_text && row->text.len == 0 && row->erased_by == 0)
    differ(doctor, "log %llu: the text is gone, and no event erased it", index);
  if (!event->has_text || row->text.len == 0) return;
  if (row->text.len > TEXT_BYTES_MAX || row->salt.len != SALT_BYTES) {
    differ(doctor, "log %llu: the text cannot be checked", index);
    return;
  }
  memcpy(salted, row->salt.data, SALT_BYTES);
  memcpy(salted + SALT_BYTES, row->text.data, row->text.len);
  sha256(salted, SALT_BYTES + row->text.len, digest);
  if (memcmp(digest, event->text.bytes, HASH_BYTES) != 0) differ(doctor, "log %llu: the text is not the one recorded", index);
}

static void note_ask(struct doctor *doctor, const struct event *event) {
  if (doctor->ask_count == doctor->ask_max) {
    doctor->ask_max = doctor->ask_max == 0 ? 64 : 2 * doctor->ask_max;
    doctor->asks = reallocarray(doctor->asks, doctor->ask_max, sizeof *doctor->asks);
    must(doctor->asks != NULL);
  }
  doctor->asks[doctor->ask_count++] = (struct ask){event->other, event->actor};
}

/* Two persons: whoever erases is not the one who asked, as the records say it. */
static bool was_asked(const struct doctor *doctor, const struct event *event) {
  for (size_t i = doctor->ask_count; i > 0; i--) { /* the last one who asked counts */
    const struct ask *ask = &doctor->asks[i - 1];
    if (ask->other == event->other) return ask->actor != event->actor && ask->actor != event->on_behalf;
  }
  return false;
}

static void bear_out(struct doctor *doctor, const struct event *event, uint64_t log_index) {
  if (event->command == COMMAND_ERASE_ASK && !rule_refuses(event->rule)) note_ask(doctor, event);
  if (event->command != COMMAND_ERASE || rule_refuses(event->rule)) return;
  if (!was_asked(doctor, event))
    differ(doctor, "log %llu: an erasure that nobody else asked for before", (unsigned long long)log_index);
  for (size_t i = 0; i < doctor->claim_count; i++) {
    const struct claim *claimed = &doctor->claims[i];
    if (claimed->index + 1 != event->other || claimed->erased_by != log_index || claimed->case_no != event->case_no) continue;
    if (doctor->session->format != FORMAT_JSON)
      (void)printf(_("doctor: log %llu: its text was erased by event %llu\n"), (unsigned long long)claimed->index,
                   (unsigned long long)log_index);
    doctor->erased++;
    doctor->claims[i] = doctor->claims[--doctor->claim_count];
    return;
  }
}

static void tell_unfounded(struct doctor *doctor) {
  for (size_t i = 0; i < doctor->claim_count; i++)
    differ(doctor, "log %llu: the text is gone, and event %llu did not erase it", (unsigned long long)doctor->claims[i].index,
           (unsigned long long)doctor->claims[i].erased_by);
}

/* One record: its text, its signature, the rows that follow from it. */
static void read_event(struct doctor *doctor, const struct event *event, const Rectify__V1__EventRow *row) {
  const char *wrong = signed_check(&doctor->signatures, event, row);
  if (wrong != NULL) differ(doctor, "log %llu: the inspector's signature: %s", (unsigned long long)row->log_index, wrong);
  check_text(doctor, row, event);
  bear_out(doctor, event, row->log_index);
  compare_rows(doctor, row, event, fold(doctor, event, row->log_index));
}

static int read_events(void *context, const Rectify__V1__Page *page) {
  struct doctor *doctor = context;
  check_root(doctor, page->head);
  for (size_t i = 0; i < page->n_events; i++) {
    const Rectify__V1__EventRow *row = page->events[i];
    struct event event;
    struct hash leaf;
    if (row->log_index != doctor->tree.size) {
      differ(doctor, "log %llu: the record is missing; %llu comes next", (unsigned long long)doctor->tree.size,
             (unsigned long long)row->log_index);
      doctor->broken = true;
      return -1;
    }
    merkle_leaf(hash_record, row->record.data, row->record.len, &leaf);
    merkle_append(hash_record, &doctor->tree, &leaf);
    tile_sums_add(doctor->tiles, &leaf);
    if (codec_event_unpack(row->record.data, row->record.len, &event)) read_event(doctor, &event, row);
    else differ(doctor, "log %llu: the record cannot be read", (unsigned long long)row->log_index);
    check_root(doctor, page->head);
  }
  if (page->next_cursor.len == 0 && page->head != NULL && page->head->size > doctor->tree.size)
    differ(doctor, "the log has %llu records, its head says %llu", (unsigned long long)doctor->tree.size,
           (unsigned long long)page->head->size);
  return EXIT_FINE;
}

/* Reads on to the end of the log, until a head was met. */
static int read_log(struct doctor *doctor) {
  int code = EXIT_FINE;
  for (int round = 0; round < ROUNDS_MAX && code == EXIT_FINE && !doctor->broken; round++) {
    Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
    Rectify__V1__LogQuery log = RECTIFY__V1__LOG_QUERY__INIT;
    log.from_index = doctor->tree.size;
    log.with_stored = true;
    query.what_case = RECTIFY__V1__QUERY__WHAT_LOG;
    query.log = &log;
    code = session_pages_ahead(doctor->session, &query, read_events, doctor);
    if (doctor->proved != 0 || doctor->tree.size == 0) break;
  }
  if (code == EXIT_FINE && doctor->proved == 0 && doctor->tree.size > 0)
    differ(doctor, "the head never matched what was read; is the log growing?");
  return code < 0 ? EXIT_FINE : code;
}

/* ---- the rows ---- */

static void expect(struct doctor *doctor, const char *name, const char *what, int64_t stored, int64_t folded) {
  if (stored == folded) return;
  differ(doctor, "%s: %s is %lld in the row, %lld by its events", name, what, (long long)stored, (long long)folded);
}

static void compare_columns(struct doctor *doctor, const char *name, const Rectify__V1__CaseColumns *columns,
                            const struct case_state *state) {
  uint32_t due_clock;
  usec_t due = case_due(state, &due_clock), next = case_next_fire(state, NULL);
  expect(doctor, name, "status", columns->status, state->status);
  expect(doctor, name, "track", columns->track, state->track);
  expect(doctor, name, "light", columns->light, state->light);
  expect(doctor, name, "unit", columns->unit, state->unit);
  expect(doctor, name, "handler", columns->handler, state->handler);
  expect(doctor, name, "verifier", columns->verifier, state->verifier);
  expect(doctor, name, "accountable", columns->accountable, state->accountable);
  expect(doctor, name, "team", columns->team, state->team);
  expect(doctor, name, "opened", columns->opened, state->opened);
  expect(doctor, name, "due", columns->due, due);
  expect(doctor, name, "due_clock", columns->due_clock, due_clock);
  expect(doctor, name, "first_due", columns->first_due, state->first_due);
  expect(doctor, name, "next_fire", columns->next_fire, next == INSTANT_NONE ? 0 : next);
  expect(doctor, name, "closed", columns->closed, state->closed);
  expect(doctor, name, "flags", columns->flags, state->flags);
  expect(doctor, name, "parent", (int64_t)columns->parent, (int64_t)state->parent);
  expect(doctor, name, "finding_of", (int64_t)columns->finding_of, (int64_t)state->finding_of);
}

static void compare(struct doctor *doctor, const Rectify__V1__CaseRow *row, const struct case_state *state) {
  uint8_t packed[STATE_BODY_BYTES_MAX];
  char name[CASE_TEXT_BYTES];
  bool open = status_is_open(state->status);
  case_text(row->case_no, name);
  size_t length = codec_state_pack(state, packed);
  if (row->state.len != length || memcmp(row->state.data, packed, length) != 0)
    differ(doctor, "%s: the stored state is not the fold of its events", name);
  if (row->columns == NULL)
    differ(doctor, "%s: the daemon did not send the row's columns", name);
  else
    compare_columns(doctor, name, row->columns, state);
  if (open && state->accountable == 0) differ(doctor, "%s: open, and nobody is accountable", name);
  if (open && case_next_fire(state, NULL) == INSTANT_NONE) differ(doctor, "%s: open, and no timer is set", name);
}

static int check_rows(void *context, const Rectify__V1__Page *page) {
  struct doctor *doctor = context;
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *row = page->cases[i];
    struct folded *folded = find(doctor->cases, doctor->size, row->case_no);
    if (row->case_no == 0) continue;
    bool moved = folded->state.case_no == 0 || row->version != folded->state.version;
    if (moved && doctor->again_count < AGAIN_MAX) {
      doctor->again[doctor->again_count++] = row->case_no;
      continue;
    }
    if (folded->state.case_no == 0) continue;
    compare(doctor, row, &folded->state);
    doctor->checked += !folded->checked;
    folded->checked = true;
  }
  return EXIT_FINE;
}

static int read_rows(struct doctor *doctor, uint64_t *case_nos, size_t count) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery cases = RECTIFY__V1__CASE_QUERY__INIT;
  cases.with_state = true;
  cases.n_case_no = count;
  cases.case_no = case_nos;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &cases;
  return session_pages_ahead(doctor->session, &query, check_rows, doctor);
}

/* Rows that were not of the version that we folded: read on in the log, then look at them again. */
static int look_again(struct doctor *doctor) {
  for (int round = 0; round < ROUNDS_MAX && doctor->again_count > 0; round++) {
    size_t count = doctor->again_count;
    uint64_t *numbers = calloc(count, sizeof *numbers);
    must(numbers != NULL);
    memcpy(numbers, doctor->again, count * sizeof *numbers);
    doctor->again_count = 0;
    int code = read_log(doctor);
    for (size_t at = 0; at < count && code == EXIT_FINE; at += WIRE_PAGE_MAX)
      code = read_rows(doctor, numbers + at, count - at < WIRE_PAGE_MAX ? count - at : WIRE_PAGE_MAX);
    free(numbers);
    if (code != EXIT_FINE) return code;
  }
  for (size_t i = 0; i < doctor->again_count; i++) {
    char name[CASE_TEXT_BYTES];
    case_text(doctor->again[i], name);
    differ(doctor, "%s: the row's version is not the number of its last event", name);
  }
  return EXIT_FINE;
}

static void find_missing(struct doctor *doctor) {
  for (size_t i = 0; i < doctor->size; i++) {
    char name[CASE_TEXT_BYTES];
    if (doctor->cases[i].state.case_no == 0 || doctor->cases[i].checked || doctor->cases[i].late) continue;
    case_text(doctor->cases[i].state.case_no, name);
    differ(doctor, "%s: has events, but no row that could be compared", name);
  }
}

/* ---- the head's other columns, the counts, tiles and keys ---- */

static void expect_line(struct doctor *doctor, ProtobufCBinaryData stored, const char *wanted) {
  if (stored.len == strlen(wanted) && memcmp(stored.data, wanted, stored.len) == 0) return;
  char *text = copy_line((const char *)stored.data, stored.len);
  differ(doctor, "stored is \"%s\", which the records do not say", text);
  free(text);
}

static void check_head(struct doctor *doctor, ProtobufCBinaryData stored, usec_t now) {
  char text[512], wanted[512], frontier_hex[2 * HASH_BYTES + 1], tail_hex[2 * HASH_BYTES + 1];
  uint8_t frontier[HASH_BYTES], tail[HASH_BYTES];
  long long clock = -1;
  sha256(doctor->tree.frontier, doctor->tree.count * HASH_BYTES, frontier);
  tile_sums_tail(doctor->tiles, tail);
  hex_text(frontier, HASH_BYTES, frontier_hex);
  hex_text(tail, HASH_BYTES, tail_hex);
  (void)snprintf(text, sizeof text, "%.*s", (int)stored.len, (const char *)stored.data);
  (void)sscanf(text, "head\t%*s\t%*s\t%*s\t%lld", &clock);
  if (clock < doctor->recorded || clock > now)
    differ(doctor, "the head's clock is not between the newest record and now");
  (void)snprintf(wanted, sizeof wanted, "head\t%llu\t%zu\t%u\t%lld\t%s\t%s", (unsigned long long)doctor->tree.size, doctor->used,
                 doctor->last_version_of_none, clock, frontier_hex, tail_hex);
  expect_line(doctor, stored, wanted);
}

/* One page, all of one look: compared only where the log stands where we have read to. */
static int check_counts(void *context, const Rectify__V1__Page *page) {
  struct doctor *doctor = context;
  const struct row_counts *counts = &doctor->counts;
  const struct {
    const char *name;
    uint64_t count;
  } wanted[] = {{"event", doctor->tree.size},   {"case", doctor->used},     {"finding", counts->finding},
                {"notice", counts->notice},     {"evidence", counts->evidence}, {"order", counts->order},
                {"rule", counts->rule},         {"document", counts->document}, {"tile", tile_sums_count(doctor->tiles)},
                {"letter_of_another", 0}};
  const size_t rows = sizeof wanted / sizeof wanted[0];
  char text[128];
  if (page->head == NULL || page->head->size != doctor->tree.size) return EXIT_FINE;
  doctor->held = true;
  if (page->n_lines != rows + 1) {
    differ(doctor, "the daemon did not say how many rows each table has");
    return EXIT_FINE;
  }
  check_head(doctor, page->lines[0], page->now);
  for (size_t i = 0; i < rows; i++) {
    (void)snprintf(text, sizeof text, "count\t%s\t%llu", wanted[i].name, (unsigned long long)wanted[i].count);
    expect_line(doctor, page->lines[i + 1], text);
  }
  return EXIT_FINE;
}

/* A tile that we have not filled ourselves is newer than what we read. */
static int check_tiles(void *context, const Rectify__V1__Page *page) {
  struct doctor *doctor = context;
  for (size_t i = 0; i < page->n_lines; i++) {
    char text[160], wanted[160];
    unsigned level = 0;
    unsigned long long n = 0;
    (void)snprintf(text, sizeof text, "%.*s", (int)page->lines[i].len, (const char *)page->lines[i].data);
    if (sscanf(text, "tile\t%u\t%llu", &level, &n) != 2 || !tile_sums_line(doctor->tiles, level, n, wanted)) continue;
    doctor->tiles_seen++;
    expect_line(doctor, page->lines[i], wanted);
  }
  return EXIT_FINE;
}

static int check_keys(void *context, const Rectify__V1__Page *page) {
  struct doctor *doctor = context;
  char text[256], wanted[256];
  for (size_t i = 0; i < page->n_lines; i++) {
    unsigned long long log_index = 0;
    (void)snprintf(text, sizeof text, "%.*s", (int)page->lines[i].len, (const char *)page->lines[i].data);
    (void)sscanf(text, "key\t%llu", &log_index);
    const bool newer = log_index >= doctor->tree.size && page->head != NULL && log_index < page->head->size;
    if (newer) continue; /* its event came after what we read */
    if (!key_sums_next(doctor->keys, wanted)) wanted[0] = '\0';
    expect_line(doctor, page->lines[i], wanted);
  }
  if (page->next_cursor.len == 0 && key_sums_next(doctor->keys, wanted)) differ(doctor, "a client's key is missing: %s", wanted);
  return EXIT_FINE;
}

/* The database has hashed its parts again: what that gives is the file's name. */
static int check_files(void *context, const Rectify__V1__Page *page) {
  struct doctor *doctor = context;
  for (size_t i = 0; i < page->n_lines; i++) {
    char text[256], name[2 * HASH_BYTES + 1] = "", hashed[2 * HASH_BYTES + 1] = "";
    unsigned long long size = 0, bytes = 0;
    unsigned erased = 0;
    (void)snprintf(text, sizeof text, "%.*s", (int)page->lines[i].len, (const char *)page->lines[i].data);
    doctor->files++;
    if (sscanf(text, "file\t%64s\t%llu\t%u\t%64s\t%llu", name, &size, &erased, hashed, &bytes) != 5) differ(doctor, "a file is no file");
    if (erased != 0 && bytes != 0) differ(doctor, "file %s: it was erased, and its bytes stand all the same", name);
    if (erased == 0 && (strcmp(name, hashed) != 0 || bytes != size))
      differ(doctor, "file %s: its bytes are not those that were handed in", name);
  }
  return EXIT_FINE;
}

static int read_stored(struct doctor *doctor, uint32_t part, page_fn *page) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__StoredQuery stored = RECTIFY__V1__STORED_QUERY__INIT;
  stored.part = part;
  query.what_case = RECTIFY__V1__QUERY__WHAT_STORED;
  query.stored = &stored;
  return session_pages(doctor->session, &query, page, doctor);
}

static int check_stored(struct doctor *doctor) {
  const uint64_t tiles = tile_sums_count(doctor->tiles);
  int code = read_stored(doctor, 1, check_tiles);
  if (code == EXIT_FINE && doctor->tiles_seen < tiles) differ(doctor, "of %llu tiles, %llu are missing", (unsigned long long)tiles,
                                                              (unsigned long long)(tiles - doctor->tiles_seen));
  if (code == EXIT_FINE) code = read_stored(doctor, 2, check_keys);
  if (code == EXIT_FINE && !doctor->no_files) code = read_stored(doctor, 3, check_files);
  for (int round = 0; round < ROUNDS_MAX && code == EXIT_FINE && !doctor->held && !doctor->broken; round++) {
    if (round > 0) code = read_log(doctor);
    if (code == EXIT_FINE) code = read_stored(doctor, 0, check_counts);
  }
  if (code == EXIT_FINE && !doctor->held && !doctor->broken)
    complain("the log is growing too fast to compare how many rows each table has; run it again when less is handed in");
  return code;
}

static int verdict(const struct doctor *doctor) {
  const char *format = doctor->differences == 0 ? "log root ok, fold = row" : "DIFFERENT";
  if (doctor->session->format == FORMAT_JSON)
    (void)printf("{\"events\":%llu,\"cases\":%llu,\"erased\":%zu,\"differences\":%llu,\"signed\":%llu,\"signed_erased\":%llu,\"files\":%llu}\n",
                 (unsigned long long)doctor->tree.size, (unsigned long long)doctor->checked, doctor->erased,
                 (unsigned long long)doctor->differences, (unsigned long long)doctor->signatures.good,
                 (unsigned long long)doctor->signatures.erased, (unsigned long long)doctor->files);
  else
    (void)printf(_("doctor: %llu events, %llu cases: %s\n"), (unsigned long long)doctor->tree.size,
                 (unsigned long long)doctor->checked, format);
  if (doctor->session->format != FORMAT_JSON && doctor->signatures.good + doctor->signatures.erased > 0)
    (void)printf(_("doctor: %llu findings signed by their inspectors, %llu more erased since\n"),
                 (unsigned long long)doctor->signatures.good, (unsigned long long)doctor->signatures.erased);
  if (doctor->session->format != FORMAT_JSON && doctor->files > 0)
    (void)printf(_("doctor: %llu files of evidence hashed\n"), (unsigned long long)doctor->files);
  if (doctor->differences == 0) return EXIT_FINE;
  complain("%llu differences; keep the database as it is and find out who wrote to it",
           (unsigned long long)doctor->differences);
  return EXIT_DIFFERENT;
}

enum { DOCTOR_NO_FILES };
const struct flag doctor_flags[] = {
    {"no-files", 0, NULL, "do not hash the files of evidence again: of many it takes long", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static int read_options(struct session *session, struct arguments *arguments, struct doctor *doctor) {
  int code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    doctor->no_files = true;
  }
  return arguments_words(arguments, 0, 0);
}

int doctor_run(struct session *session, struct arguments *arguments) {
  struct doctor doctor = {.session = session, .size = SLOTS_FIRST};
  int code = read_options(session, arguments, &doctor);
  if (code == EXIT_FINE) code = session_open(session);
  if (code != EXIT_FINE) return code;
  doctor.cases = calloc(doctor.size, sizeof *doctor.cases);
  doctor.again = calloc(AGAIN_MAX, sizeof *doctor.again);
  must(doctor.cases != NULL && doctor.again != NULL);
  doctor.tiles = tile_sums_new();
  doctor.keys = key_sums_new();
  code = read_log(&doctor);
  doctor.reads_rows = true;
  if (code == EXIT_FINE && !doctor.broken) code = read_rows(&doctor, NULL, 0);
  if (code == EXIT_FINE && !doctor.broken) code = look_again(&doctor);
  if (code == EXIT_FINE && !doctor.broken) find_missing(&doctor);
  if (code == EXIT_FINE && !doctor.broken) code = check_stored(&doctor);
  if (code == EXIT_FINE && !doctor.broken) tell_unfounded(&doctor);
  if (code == EXIT_FINE) code = verdict(&doctor);
  tile_sums_free(doctor.tiles);
  key_sums_free(doctor.keys);
  free(doctor.signatures.keys);
  free(doctor.cases);
  free(doctor.claims);
  free(doctor.asks);
  free(doctor.again);
  return code;
}
