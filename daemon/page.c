/* page.c - rows of a result into one page, packed and sent while the result still lives.  A page ends early when it
 * would outgrow WIRE_PAGE_BYTES_MAX; the cursor then says where to go on. */
#include <endian.h>
#include <string.h>

#include "daemon/query.h"
#include "rectify/must.h"

void page_begin(struct query *query, struct page *page) {
  rectify__v1__page__init(&page->page);
  rectify__v1__head__init(&page->head);
  page->head.size = query->size;
  page->head.epoch = query->epoch;
  page->head.root = (ProtobufCBinaryData){HASH_BYTES, query->root.bytes};
  const struct seal *seal = &query->daemon->seal;
  if (seal->note_length > 0 && seal->size == query->size)
    page->head.note = (ProtobufCBinaryData){seal->note_length, (uint8_t *)(uintptr_t)seal->note};
  page->page.head = &page->head;
  page->page.now = query_now(query);
  page->bytes = 0;
}

void page_set_cursor(struct page *page, int64_t first, int64_t second) {
  uint64_t wire[2] = {htobe64((uint64_t)first), htobe64((uint64_t)second)};
  memcpy(page->cursor, wire, sizeof wire);
  page->page.next_cursor = (ProtobufCBinaryData){sizeof page->cursor, page->cursor};
}

void page_finish(struct query *query, struct page *page) {
  answer_page(query->daemon, &query->back, &query->id, &page->page);
  query->answered = true;
}

ProtobufCBinaryData page_field(const PGresult *result, int row, int column) {
  size_t length;
  const uint8_t *data = pg_bytes(result, row, column, &length);
  return (ProtobufCBinaryData){length, (uint8_t *)(uintptr_t)data};
}

/* ---- events ---- */

enum {
  EVENTS_INDEX, EVENTS_RECORD, EVENTS_TEXT, EVENTS_SALT, EVENTS_ACTOR, EVENTS_ERASED_BY, EVENTS_VERSION, EVENTS_SIGNED,
  EVENTS_SIGNATURE, EVENTS_SIGNER, EVENTS_SIGNATURE_SALT, EVENTS_STORED, EVENTS_LEAF, EVENTS_RESTRICTED
};

/* Who read the case is for those who oversee: others see that something stands at that place. */
static void withhold(Rectify__V1__EventRow *row) {
  const uint64_t log_index = row->log_index;
  rectify__v1__event_row__init(row);
  row->log_index = log_index;
}

/* Of the log: whether a row has words of a restricted case.  Of a history the case itself has said so. */
static bool has_restricted(const struct query *query, const PGresult *result) {
  if (query->what != RECTIFY__V1__QUERY__WHAT_LOG) return false;
  must(PQnfields(result) > EVENTS_RESTRICTED);
  for (int row = 0; row < PQntuples(result); row++)
    if (pg_int(result, row, EVENTS_RESTRICTED) != 0) return true;
  return false;
}

/* False when the event took effect later than the instant that is asked about.  Whom the actor stood in for stands in the
 * record alone. */
static bool fill_event(const struct query *query, const PGresult *result, int at, Rectify__V1__EventRow *row) {
  struct event event;
  rectify__v1__event_row__init(row);
  row->log_index = (uint64_t)pg_int(result, at, EVENTS_INDEX);
  row->record = page_field(result, at, EVENTS_RECORD);
  row->text = page_field(result, at, EVENTS_TEXT);
  row->salt = page_field(result, at, EVENTS_SALT);
  if (PQnfields(result) > EVENTS_STORED) row->stored = page_field(result, at, EVENTS_STORED);
  if (PQnfields(result) > EVENTS_LEAF) row->leaf = page_field(result, at, EVENTS_LEAF);
  row->erased_by = pg_null(result, at, EVENTS_ERASED_BY) ? 0 : (uint64_t)pg_int(result, at, EVENTS_ERASED_BY);
  row->signed_ = page_field(result, at, EVENTS_SIGNED);
  row->signature = page_field(result, at, EVENTS_SIGNATURE);
  row->signer = page_field(result, at, EVENTS_SIGNER);
  row->signature_salt = page_field(result, at, EVENTS_SIGNATURE_SALT);
  const bool known = codec_event_unpack(row->record.data, row->record.len, &event);
  row_of_people(query_world(query)->registry, (uint32_t)pg_int(result, at, EVENTS_ACTOR), known ? event.on_behalf : 0, row);
  if (known && event.command == COMMAND_READ && !query_may(query->daemon, QUERY_LOG, query->actor)) withhold(row);
  return query->past == NULL || (known && event.effective <= query_now(query));
}

static size_t bytes_of_event(const Rectify__V1__EventRow *row) {
  return row->record.len + row->text.len + row->salt.len + row->stored.len + row->leaf.len + row->signed_.len + row->signature.len +
         row->signer.len + row->signature_salt.len + row->actor.len + row->actor_name.len + row->on_behalf.len +
         row->on_behalf_name.len + 64;
}

void page_of_events(struct query *query, const PGresult *result) {
  static Rectify__V1__EventRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  struct page page;
  if (has_restricted(query, result) && !reading_may_show(query, 0)) return;
  page_begin(query, &page);
  const bool of_case = query->what == RECTIFY__V1__QUERY__WHAT_HISTORY;
  int count = PQntuples(result), used = 0;
  bool later = false;
  while (used < count && page.bytes < WIRE_PAGE_BYTES_MAX) {
    later = !fill_event(query, result, used, &rows[used]);
    if (later) break;
    page.bytes += bytes_of_event(&rows[used]);
    pointers[used] = &rows[used];
    used++;
  }
  if (!later && used > 0 && (used < count || (uint32_t)count == query->limit))
    page_set_cursor(&page, pg_int(result, used - 1, of_case ? EVENTS_VERSION : EVENTS_INDEX), 0);
  page.page.n_events = (size_t)used;
  page.page.events = pointers;
  page_finish(query, &page);
}

/* ---- what is stored beside the records ---- */

void page_of_stored(struct query *query, const PGresult *result) {
  static ProtobufCBinaryData lines[WIRE_PAGE_MAX];
  struct page page;
  page_begin(query, &page);
  int count = PQntuples(result);
  must(count <= WIRE_PAGE_MAX);
  for (int i = 0; i < count; i++) lines[i] = page_field(result, i, 0);
  if (PQnfields(result) > 1 && count > 0) /* a page may end early: the last one is empty */
    page_set_cursor(&page, pg_int(result, count - 1, 1), pg_int(result, count - 1, 2));
  page.page.n_lines = (size_t)count;
  page.page.lines = lines;
  page_finish(query, &page);
}

/* ---- notices ---- */

enum { NOTICES_ID, NOTICES_CASE, NOTICES_KIND, NOTICES_COPY, NOTICES_RECIPIENT, NOTICES_OFFICER, NOTICES_CREATED,
       NOTICES_INSTEAD_OF, NOTICES_DIGEST };

void page_fill_notice(const struct registry *registry, const PGresult *result, int at, Rectify__V1__NoticeRow *row) {
  rectify__v1__notice_row__init(row);
  row->id = (uint64_t)pg_int(result, at, NOTICES_ID);
  row->case_no = (uint64_t)pg_int(result, at, NOTICES_CASE);
  row->kind = (uint32_t)pg_int(result, at, NOTICES_KIND);
  row->copy = pg_int(result, at, NOTICES_COPY) != 0;
  row->recipient = (uint32_t)pg_int(result, at, NOTICES_RECIPIENT);
  row_name_officer(registry, (uint32_t)pg_int(result, at, NOTICES_OFFICER), &row->officer, &row->officer_name);
  row_name_officer(registry, (uint32_t)pg_int(result, at, NOTICES_INSTEAD_OF), &row->instead_of, &row->instead_of_name);
  row->created = pg_instant(result, at, NOTICES_CREATED);
  row->digest = (uint64_t)pg_int(result, at, NOTICES_DIGEST);
}

void page_of_notices(struct query *query, const PGresult *result) {
  static Rectify__V1__NoticeRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  struct page page;
  page_begin(query, &page);
  int count = PQntuples(result);
  for (int i = 0; i < count; i++) {
    pointers[i] = &rows[i];
    page_fill_notice(query->daemon->store.office->registry, result, i, &rows[i]);
  }
  if (count > 0 && (uint32_t)count == query->limit) page_set_cursor(&page, pg_int(result, count - 1, NOTICES_ID), 0);
  page.page.n_notices = (size_t)count;
  page.page.notices = pointers;
  page_finish(query, &page);
}

/* ---- documents ---- */

enum { DOCUMENTS_KIND, DOCUMENTS_VERSION, DOCUMENTS_FILE_NAME, DOCUMENTS_SHA256, DOCUMENTS_INDEX, DOCUMENTS_BODY };

static void fill_document(const PGresult *result, int at, Rectify__V1__DocumentRow *row) {
  rectify__v1__document_row__init(row);
  row->document = (uint32_t)pg_int(result, at, DOCUMENTS_KIND);
  row->version = (uint32_t)pg_int(result, at, DOCUMENTS_VERSION);
  row->file_name = page_field(result, at, DOCUMENTS_FILE_NAME);
  row->sha256 = page_field(result, at, DOCUMENTS_SHA256);
  row->log_index = (uint64_t)pg_int(result, at, DOCUMENTS_INDEX);
  row->body = page_field(result, at, DOCUMENTS_BODY);
}

/* One body is at most DOCUMENT_BYTES_MAX, which is what a frame has room for. */
void page_of_documents(struct query *query, const PGresult *result) {
  static Rectify__V1__DocumentRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  struct page page;
  page_begin(query, &page);
  int count = PQntuples(result);
  for (int i = 0; i < count; i++) {
    pointers[i] = &rows[i];
    fill_document(result, i, &rows[i]);
  }
  if (count > 0 && (uint32_t)count == query->limit && rows[0].body.len == 0)
    page_set_cursor(&page, pg_int(result, count - 1, DOCUMENTS_VERSION), 0);
  page.page.n_documents = (size_t)count;
  page.page.documents = pointers;
  page_finish(query, &page);
}
