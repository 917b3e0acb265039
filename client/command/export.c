/* export.c - `export log`: the log, the heads that were signed, and the rows of the cases as they are at its end.
 *
 * Records and heads are written as they come.  Rows go into a temporary file first: the daemon may go on working meanwhile, and a
 * row that has moved on since the last record written is fetched again together with the records that moved it. */
#include "client/command/export.h"
#include "client/command/language.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/verb.h"
#include "proto/codec.h"
#include "rectify/must.h"
#include "sign/note.h"
#include "verify/export.h"

#define ROUNDS_MAX 64 /* of fetching rows again; each is smaller than the one before */
#define NAME_UNSIGNED "unsigned" /* of a log without a signer */

const struct flag export_flags[] = {
    {"resume", 0, NULL, "go on with an export that was cut off", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

struct head {
  uint64_t size;
  size_t length;
  char *note; /* owned */
};

/* Where the last row of a case stands in the temporary file. */
struct place {
  uint64_t case_no;
  long at;
};

struct exporter {
  struct session *session;
  FILE *file, *rows;
  uint64_t next_index;           /* of the record to come */
  struct export_end end;
  char log[NOTE_NAME_BYTES_MAX + 1];
  struct head heads[WIRE_PAGE_MAX]; /* ascending by size */
  size_t head_count, head_next;
  size_t page_records; /* of the last page */
  struct place *places; /* ascending by case number */
  size_t place_count, place_room;
  uint64_t *moved; /* cases of the records written since rows were read */
  size_t moved_count, moved_room;
  uint64_t rows_size; /* size of the log when the last page of rows was read */
};

static int failed(const char *what) {
  complain("%s: %m", what);
  return EXIT_SYSTEM;
}

static void *grown(void *data, size_t count, size_t *room, size_t size) {
  if (count < *room) return data;
  *room = *room == 0 ? 1024 : 2 * *room;
  data = realloc(data, *room * size);
  must(data != NULL);
  return data;
}

/* ---- heads ---- */

static void forget_heads(struct exporter *exporter) {
  for (size_t i = 0; i < exporter->head_count; i++) free(exporter->heads[i].note);
  exporter->head_count = exporter->head_next = 0;
}

/* A head without the lines at its end that are no signatures: what a witness handed in does not make a head unreadable. */
static ProtobufCBinaryData readable_part(const ProtobufCBinaryData *bytes) {
  struct note note;
  size_t length = bytes->len;
  while (length > 0 && !note_parse((const char *)bytes->data, length, &note)) {
    length--;
    while (length > 0 && bytes->data[length - 1] != '\n') length--;
  }
  return (ProtobufCBinaryData){length, bytes->data};
}

static int take_heads(void *context, const Rectify__V1__Page *page) {
  struct exporter *exporter = context;
  for (size_t i = 0; i < page->n_checkpoints && exporter->head_count < WIRE_PAGE_MAX; i++) {
    const ProtobufCBinaryData bytes = readable_part(&page->checkpoints[i]);
    struct head *head = &exporter->heads[exporter->head_count];
    struct note note;
    struct checkpoint says;
    if (!note_parse((const char *)bytes.data, bytes.len, &note) || !checkpoint_parse(note.text, note.text_length, &says)) {
      complain("the daemon sent a head that is none");
      return EXIT_PROTOCOL;
    }
    head->note = malloc(bytes.len);
    must(head->note != NULL);
    memcpy(head->note, bytes.data, head->length = bytes.len);
    head->size = says.size;
    exporter->head_count++;
    if (exporter->log[0] == '\0') (void)snprintf(exporter->log, sizeof exporter->log, "%s", says.origin);
  }
  return -1; /* one page is enough */
}

/* The heads of the records to come, as many as a page of these can have. */
static int fetch_heads(struct exporter *exporter, uint64_t from_size) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CheckpointQuery heads = RECTIFY__V1__CHECKPOINT_QUERY__INIT;
  forget_heads(exporter);
  heads.from_size = from_size;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CHECKPOINTS;
  query.checkpoints = &heads;
  int code = session_pages(exporter->session, &query, take_heads, exporter);
  return code == -1 ? EXIT_FINE : code;
}

/* Heads stand where the log had their size. */
static int write_heads(struct exporter *exporter) {
  for (; exporter->head_next < exporter->head_count; exporter->head_next++) {
    const struct head *head = &exporter->heads[exporter->head_next];
    if (head->size > exporter->next_index) return EXIT_FINE;
    if (head->size < exporter->next_index) continue;
    if (export_write_head(exporter->file, head->note, head->length) != 0) return failed("writing the export");
    exporter->end.heads++;
  }
  return EXIT_FINE;
}

/* ---- records ---- */

static int write_record(struct exporter *exporter, const Rectify__V1__EventRow *row) {
  static struct event event;
  struct export_event out = {.log_index = row->log_index};
  bool known = codec_event_unpack(row->record.data, row->record.len, &event);
  if (row->log_index != exporter->next_index || row->leaf.len != HASH_BYTES || row->record.len > EVENT_BODY_BYTES_MAX ||
      row->text.len > TEXT_BYTES_MAX) {
    complain("the daemon's log has a gap at %" PRIu64 ": `rectify doctor` says more", exporter->next_index);
    return EXIT_DIFFERENT;
  }
  memcpy(out.leaf.bytes, row->leaf.data, HASH_BYTES);
  out.record = row->record.data;
  out.record_length = (uint32_t)row->record.len;
  out.text_kind = EXPORT_TEXT_NONE;
  if (row->text.len > 0 && row->salt.len == SALT_BYTES) out.text_kind = EXPORT_TEXT_HERE;
  else if (row->erased_by != 0) out.text_kind = EXPORT_TEXT_ERASED;
  else if (known && event.has_text) out.text_kind = EXPORT_TEXT_MISSING;
  out.erased_by = row->erased_by;
  out.text = row->text.data;
  out.text_length = (uint32_t)row->text.len;
  out.salt = row->salt.data;
  if (export_write_event(exporter->file, &out) != 0) return failed("writing the export");
  exporter->next_index++;
  exporter->end.events++;
  if (known && event.case_no != 0) {
    exporter->moved = grown(exporter->moved, exporter->moved_count, &exporter->moved_room, sizeof *exporter->moved);
    exporter->moved[exporter->moved_count++] = event.case_no;
  }
  return write_heads(exporter);
}

static int take_records(void *context, const Rectify__V1__Page *page) {
  struct exporter *exporter = context;
  exporter->page_records = page->n_events;
  for (size_t i = 0; i < page->n_events; i++) {
    int code = write_record(exporter, page->events[i]);
    if (code != EXIT_FINE) return code;
  }
  return -1; /* heads are fetched before the next page */
}

static int write_page(struct exporter *exporter) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__LogQuery log = RECTIFY__V1__LOG_QUERY__INIT;
  log.from_index = exporter->next_index;
  query.what_case = RECTIFY__V1__QUERY__WHAT_LOG;
  query.log = &log;
  int code = fetch_heads(exporter, exporter->next_index + 1);
  if (code == EXIT_FINE) code = session_pages(exporter->session, &query, take_records, exporter);
  return code == -1 ? EXIT_FINE : code;
}

static int write_records(struct exporter *exporter) {
  int code = EXIT_FINE;
  exporter->moved_count = 0;
  do code = write_page(exporter);
  while (code == EXIT_FINE && exporter->page_records > 0);
  return code;
}

/* ---- rows ---- */

static void fill_row(const Rectify__V1__CaseRow *row, struct export_case *out) {
  const Rectify__V1__CaseColumns *columns = row->columns;
#define COLUMN(name, value) out->columns[EXPORT_COLUMN_##name] = (int64_t)columns->name;
#include "verify/column.def"
#undef COLUMN
  out->case_no = row->case_no;
  out->state = row->state.data;
  out->state_length = (uint32_t)row->state.len;
}

static struct place *place_of(struct exporter *exporter, uint64_t case_no) {
  size_t low = 0, high = exporter->place_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (exporter->places[middle].case_no < case_no) low = middle + 1;
    else high = middle;
  }
  if (low < exporter->place_count && exporter->places[low].case_no == case_no) return &exporter->places[low];
  exporter->places = grown(exporter->places, exporter->place_count, &exporter->place_room, sizeof *exporter->places);
  memmove(exporter->places + low + 1, exporter->places + low, (exporter->place_count++ - low) * sizeof *exporter->places);
  exporter->places[low].case_no = case_no;
  return &exporter->places[low];
}

static int take_rows(void *context, const Rectify__V1__Page *page) {
  struct exporter *exporter = context;
  if (page->head != NULL && page->head->size > exporter->rows_size) exporter->rows_size = page->head->size;
  for (size_t i = 0; i < page->n_cases; i++) {
    struct export_case row;
    if (page->cases[i]->columns == NULL || page->cases[i]->state.len > STATE_BODY_BYTES_MAX) {
      complain("the daemon sent a row without its columns: is this rectifyd of the same version?");
      return EXIT_PROTOCOL;
    }
    fill_row(page->cases[i], &row);
    place_of(exporter, row.case_no)->at = ftell(exporter->rows);
    if (export_write_case(exporter->rows, &row) != 0) return failed("writing a temporary file");
  }
  return EXIT_FINE;
}

static int ask_rows(struct exporter *exporter, Rectify__V1__CaseQuery *cases) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  cases->with_state = true;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = cases;
  return session_pages(exporter->session, &query, take_rows, exporter);
}

/* The rows of the cases that moved. */
static int ask_moved(struct exporter *exporter) {
  int code = EXIT_FINE;
  for (size_t at = 0; at < exporter->moved_count && code == EXIT_FINE; at += WIRE_PAGE_MAX) {
    Rectify__V1__CaseQuery cases = RECTIFY__V1__CASE_QUERY__INIT;
    const size_t left = exporter->moved_count - at;
    cases.case_no = exporter->moved + at;
    cases.n_case_no = left < WIRE_PAGE_MAX ? left : WIRE_PAGE_MAX;
    code = ask_rows(exporter, &cases);
  }
  return code;
}

/* Until no row is ahead of the records. */
static int gather_rows(struct exporter *exporter) {
  Rectify__V1__CaseQuery all = RECTIFY__V1__CASE_QUERY__INIT;
  int code = ask_rows(exporter, &all);
  for (int round = 0; code == EXIT_FINE && exporter->rows_size > exporter->next_index; round++) {
    if (round == ROUNDS_MAX) {
      complain("the daemon is too busy: its rows move on faster than they can be read");
      return EXIT_UNREACHABLE;
    }
    code = write_records(exporter);
    if (code == EXIT_FINE) code = ask_moved(exporter);
  }
  return code;
}

static int copy_row(struct exporter *exporter, const struct place *place) {
  uint8_t head[5], body[EXPORT_BODY_BYTES_MAX];
  if (fseek(exporter->rows, place->at, SEEK_SET) != 0 || fread(head, 1, sizeof head, exporter->rows) != sizeof head)
    return failed("reading a temporary file");
  const size_t length = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
  must(length <= sizeof body);
  if (fread(body, 1, length, exporter->rows) != length) return failed("reading a temporary file");
  bool written = fwrite(head, 1, sizeof head, exporter->file) == sizeof head && fwrite(body, 1, length, exporter->file) == length;
  exporter->end.cases += written;
  return written ? EXIT_FINE : failed("writing the export");
}

static int write_rows(struct exporter *exporter) {
  int code = fflush(exporter->rows) == 0 ? EXIT_FINE : failed("writing a temporary file");
  for (size_t i = 0; i < exporter->place_count && code == EXIT_FINE; i++) code = copy_row(exporter, &exporter->places[i]);
  if (code == EXIT_FINE && export_write_end(exporter->file, &exporter->end) != 0) return failed("writing the export");
  if (code == EXIT_FINE && (fflush(exporter->file) != 0 || ferror(exporter->file) != 0)) return failed("writing the export");
  return code;
}

/* ---- the whole ---- */

/* What is there already is gone on with; its rows, if there are any, are cut off: they are written anew. */
static int find_start(struct exporter *exporter, bool resume) {
  struct export_tail tail = {0};
  int code = fetch_heads(exporter, 0);
  if (code != EXIT_FINE) return code;
  if (exporter->log[0] == '\0') strcpy(exporter->log, NAME_UNSIGNED);
  if (resume && export_find_tail(exporter->file, &tail) != EXPORT_OK) {
    complain("what is there is no export that could be gone on with");
    return EXIT_INPUT;
  }
  if (tail.log[0] == '\0') {
    if (ftruncate(fileno(exporter->file), 0) != 0 && errno != EINVAL) return failed("writing the export");
    rewind(exporter->file);
    if (export_write_log(exporter->file, exporter->log) != 0) return failed("writing the export");
    return write_heads(exporter); /* the head of the empty log, if it was signed */
  }
  exporter->next_index = exporter->end.events = tail.next_index;
  exporter->end.heads = tail.heads;
  bool cut = fflush(exporter->file) == 0 && ftruncate(fileno(exporter->file), (off_t)tail.offset) == 0 &&
             fseek(exporter->file, (long)tail.offset, SEEK_SET) == 0;
  return cut ? EXIT_FINE : failed("writing the export");
}

int export_log(struct session *session, FILE *file, bool resume) {
  static struct exporter exporter;
  exporter = (struct exporter){.session = session, .file = file};
  exporter.rows = tmpfile();
  int code = exporter.rows != NULL ? find_start(&exporter, resume) : failed("making a temporary file");
  if (code == EXIT_FINE) code = write_records(&exporter);
  if (code == EXIT_FINE) code = gather_rows(&exporter);
  if (code == EXIT_FINE) code = write_rows(&exporter);
  if (code == EXIT_FINE)
    (void)fprintf(stderr, _("export: %" PRIu64 " records, %" PRIu64 " heads, %" PRIu64 " cases of %s\n"), exporter.end.events,
                  exporter.end.heads, exporter.end.cases, exporter.log);
  if (exporter.rows != NULL) (void)fclose(exporter.rows);
  forget_heads(&exporter);
  free(exporter.places);
  free(exporter.moved);
  return code;
}

int export_run(struct session *session, struct arguments *arguments) {
  bool resume = false;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    resume = true;
  }
  exit_code = arguments_words(arguments, 1, 1);
  if (exit_code == EXIT_FINE) exit_code = session_open(session);
  if (exit_code != EXIT_FINE) return exit_code;
  const char *path = arguments->argv[optind];
  FILE *file = fopen(path, resume ? "r+b" : "wbx"); /* an export is evidence: none is written over */
  if (file == NULL) {
    complain(errno == EEXIST ? N_("'%s' is there already; --resume goes on with one that was cut off") : "'%s': %m", path);
    return EXIT_INPUT;
  }
  exit_code = export_log(session, file, resume);
  if (fclose(file) != 0 && exit_code == EXIT_FINE) exit_code = failed(path);
  return exit_code;
}
