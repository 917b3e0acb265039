/* evidence_list.c - `evidence list` and `evidence put`: what was handed in for a case, and files that go ahead of a command. */
#include <stdlib.h>
#include <string.h>

#include "client/command/evidence_rows.h"
#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/upload.h"
#include "client/command/verb.h"
#include "rectify/content.h"

/* ---- the rows of a case ---- */

int evidence_rows(struct session *session, uint64_t case_no, page_fn *take, void *context) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__EvidenceQuery evidence = RECTIFY__V1__EVIDENCE_QUERY__INIT;
  evidence.case_no = case_no;
  query.what_case = RECTIFY__V1__QUERY__WHAT_EVIDENCE;
  query.evidence = &evidence;
  return session_pages(session, &query, take, context);
}

/* ---- list ---- */

static const struct column list_columns[] = {
    {"number", "N", "序号", COLUMN_NUMBER},
    {"kind", "KIND", "材料种类", 0},
    {"measure", "MEASURE", "措施", COLUMN_NUMBER},
    {"name", "NAME", "文件名", COLUMN_TEXT},
    {"size", "BYTES", "字节数", COLUMN_NUMBER},
    {"file", "FILE", "文件", 0}, /* stored, absent, erased */
    {"content", "WHAT IT IS", "类型", 0},
    {"officer", "FROM", "提交人", 0},
    {"officer_name", "NAME", "姓名", COLUMN_MACHINE},
    {"recorded", "RECORDED", "提交时间", COLUMN_ROOM},
    {"event", "EVENT", "事件号", COLUMN_NUMBER | COLUMN_MACHINE},
    {"log_index", "LOG INDEX", "日志号", COLUMN_NUMBER | COLUMN_MACHINE},
    {"also_in", "ALSO IN", "另见事项", COLUMN_ROOM},
    {"sha256", "SHA-256", "SHA-256", COLUMN_ROOM},
};

struct listing {
  const struct session *session;
  struct sheet *sheet;
  int64_t number;
};

static const char *state_of(const struct session *session, const Rectify__V1__EvidenceRow *row) {
  const bool words = session->format == FORMAT_TABLE;
  if (row->erased) return words ? _("erased") : "erased";
  if (row->stored) return words ? _("here") : "stored";
  return words ? _("only its hash") : "absent";
}

static void put_optional(struct sheet *sheet, int64_t number) {
  if (number != 0) sheet_number(sheet, number);
  else sheet_nothing(sheet);
}

static void put_row(struct listing *listing, const Rectify__V1__EvidenceRow *row) {
  struct sheet *sheet = listing->sheet;
  char hash[2 * HASH_BYTES + 1] = "";
  if (row->sha256.len == HASH_BYTES) hex_text(row->sha256.data, HASH_BYTES, hash);
  sheet_number(sheet, ++listing->number);
  sheet_word(sheet, words_evidence, row->kind);
  put_optional(sheet, row->measure);
  sheet_data(sheet, &row->name);
  sheet_number(sheet, (int64_t)row->size);
  sheet_string(sheet, state_of(listing->session, row));
  sheet_word(sheet, words_content, row->content);
  sheet_data(sheet, &row->officer);
  sheet_data(sheet, &row->officer_name);
  sheet_instant(sheet, row->recorded);
  sheet_number(sheet, row->event_number);
  sheet_number(sheet, (int64_t)row->log_index);
  sheet_case(sheet, row->also_in);
  sheet_string(sheet, hash);
}

static int print_rows(void *context, const Rectify__V1__Page *page) {
  for (size_t i = 0; i < page->n_evidence; i++) put_row(context, page->evidence[i]);
  return EXIT_FINE;
}

int evidence_list_run(struct session *session, struct arguments *arguments) {
  uint64_t case_no;
  struct listing listing = {.session = session};
  int code = arguments_plain(session, arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (!case_read(arguments->argv[optind], &case_no))
    return complain_usage(arguments->verb, "'%s' is not a case number such as C-000042", arguments->argv[optind]);
  code = session_open(session);
  if (code != EXIT_FINE) return code;
  listing.sheet = sheet_open(session, stdout, list_columns, sizeof list_columns / sizeof list_columns[0]);
  code = evidence_rows(session, case_no, print_rows, &listing);
  const uint64_t rows = sheet_close(listing.sheet);
  if (code == EXIT_FINE && rows == 0 && session->format == FORMAT_TABLE)
    (void)puts(_("no evidence was handed in for this case"));
  return code;
}

/* ---- put ---- */

static const struct column put_columns[] = {
    {"sha256", "SHA-256", "SHA-256", 0},
    {"size", "BYTES", "字节数", COLUMN_NUMBER},
    {"path", "FILE", "文件", COLUMN_TEXT},
};

int evidence_put_run(struct session *session, struct arguments *arguments) {
  int code = arguments_plain(session, arguments, 1, WIRE_ACT_MAX);
  if (code == EXIT_FINE) code = session_open(session);
  if (code != EXIT_FINE) return code;
  struct sheet *sheet = sheet_open(session, stdout, put_columns, sizeof put_columns / sizeof put_columns[0]);
  for (int i = optind; i < arguments->argc && code == EXIT_FINE; i++) {
    uint8_t sha256[HASH_BYTES];
    uint64_t size;
    char hash[2 * HASH_BYTES + 1];
    code = file_look(arguments->argv[i], sha256, &size) ? upload_file(session, arguments->argv[i], sha256, size) : EXIT_INPUT;
    if (code != EXIT_FINE) break;
    hex_text(sha256, HASH_BYTES, hash);
    sheet_string(sheet, hash);
    sheet_number(sheet, (int64_t)size);
    sheet_string(sheet, arguments->argv[i]);
  }
  (void)sheet_close(sheet);
  return code;
}
