/* query_content.c - the evidence of a case, and its files part by part: for whoever may read the case. */
#include <string.h>

#include "daemon/query.h"

#define PARTS_A_PAGE 3 /* as many as WIRE_PAGE_BYTES_MAX holds */

enum { ROW_INDEX, ROW_ORDINAL, ROW_KIND, ROW_SHA256, ROW_NAME, ROW_SIZE, ROW_MEASURE, ROW_VERSION, ROW_ACTOR, ROW_RECORDED, ROW_STORED,
       ROW_CONTENT, ROW_ERASED, ROW_ALSO_IN };

void query_ask_evidence(struct query *query, const Rectify__V1__EvidenceQuery *wanted, bool has_cursor) {
  struct pg_params params;
  query_ask_case(query, wanted->case_no);
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)wanted->case_no);
  pg_param_int8(&params, has_cursor ? query->cursor.first : -1);
  pg_param_int2(&params, has_cursor && query->cursor.second < EVIDENCE_MAX ? (int16_t)query->cursor.second : EVIDENCE_MAX);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_EVIDENCE, &params);
}

static void fill_row(const struct query *query, const PGresult *result, int at, Rectify__V1__EvidenceRow *row) {
  rectify__v1__evidence_row__init(row);
  row->log_index = (uint64_t)pg_int(result, at, ROW_INDEX);
  row->event_number = (uint32_t)pg_int(result, at, ROW_VERSION);
  row->ordinal = (uint32_t)pg_int(result, at, ROW_ORDINAL);
  row->kind = (uint32_t)pg_int(result, at, ROW_KIND);
  row->sha256 = page_field(result, at, ROW_SHA256);
  row->name = page_field(result, at, ROW_NAME);
  row->size = (uint64_t)pg_int(result, at, ROW_SIZE);
  row->measure = (uint32_t)pg_int(result, at, ROW_MEASURE);
  row->recorded = pg_instant(result, at, ROW_RECORDED);
  row->stored = !pg_null(result, at, ROW_STORED) && pg_int(result, at, ROW_STORED) != 0;
  if (row->stored) row->content = (uint32_t)pg_int(result, at, ROW_CONTENT);
  row->erased = pg_int(result, at, ROW_ERASED) != 0;
  if (!pg_null(result, at, ROW_ALSO_IN)) row->also_in = (uint64_t)pg_int(result, at, ROW_ALSO_IN);
  row_name_officer(query->daemon->store.office->registry, (uint32_t)pg_int(result, at, ROW_ACTOR), &row->officer, &row->officer_name);
}

void page_of_evidence(struct query *query, const PGresult *result) {
  static Rectify__V1__EvidenceRow rows[WIRE_PAGE_MAX], *pointers[WIRE_PAGE_MAX];
  struct page page;
  page_begin(query, &page);
  const int count = PQntuples(result);
  for (int i = 0; i < count; i++) fill_row(query, result, i, pointers[i] = &rows[i]);
  if ((uint32_t)count == query->limit) page_set_cursor(&page, pg_int(result, count - 1, ROW_INDEX), pg_int(result, count - 1, ROW_ORDINAL));
  page.page.n_evidence = (size_t)count;
  page.page.evidence = pointers;
  page_finish(query, &page);
}

/* ---- a file ---- */

void query_ask_content(struct query *query, const Rectify__V1__ContentQuery *wanted, bool has_cursor) {
  struct pg_params params;
  query_ask_case(query, wanted->case_no);
  if (query->limit > PARTS_A_PAGE) query->limit = PARTS_A_PAGE;
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)wanted->case_no);
  pg_param_bytes(&params, wanted->sha256.data, wanted->sha256.len);
  pg_param_int4(&params, has_cursor && query->cursor.first < CONTENT_CHUNKS_MAX ? (int32_t)query->cursor.first
                                                                                : has_cursor ? CONTENT_CHUNKS_MAX : -1);
  pg_param_int4(&params, (int32_t)query->limit);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_CONTENT, &params);
}

void page_of_content(struct query *query, const PGresult *result) {
  ProtobufCBinaryData parts[PARTS_A_PAGE];
  struct page page;
  page_begin(query, &page);
  const int count = PQntuples(result);
  for (int i = 0; i < count; i++) parts[i] = page_field(result, i, 1);
  if ((uint32_t)count == query->limit) page_set_cursor(&page, pg_int(result, count - 1, 0), 0);
  page.page.n_parts = (size_t)count;
  page.page.parts = parts;
  page_finish(query, &page);
}
