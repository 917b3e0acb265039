/* told.c - `notices`: who was told what, when, and in whose stead; `documents`: what was published, and one of it. */
#include <string.h>

#include "client/command/language.h"
#include "client/command/sheet.h"
#include "client/command/verb.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- notices ---- */

enum { NOTICES_OFFICER, NOTICES_CASE, NOTICES_LIMIT };
const struct flag notice_flags[] = {
    {"officer", 'o', "OFFICER", "to this officer, as far as you may read them; else to you", NULL},
    {"case", 'c', "CASE", "about this case, to whomever", NULL},
    {"limit", 'n', "N", "at most N rows", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct column notice_columns[] = {
    {"created", "WHEN", "时间", 0},
    {"case", "CASE", "编号", 0},
    {"kind", "NOTICE", "通知", 0},
    {"copy", "COPY", "抄送", COLUMN_NUMBER | COLUMN_ROOM},
    {"officer", "TO", "收件人", 0},
    {"officer_name", "NAME", "姓名", COLUMN_ROOM},
    {"recipient", "AS", "身份", 0},
    {"instead_of", "INSTEAD OF", "代", 0}, /* whom the officer stands in for */
    {"instead_of_name", "NAME", "代（姓名）", COLUMN_MACHINE},
    {"digest", "DIGEST", "合并", COLUMN_NUMBER | COLUMN_ROOM}, /* those of an officer with the same number are one message */
    {"id", "ID", "标识", COLUMN_NUMBER | COLUMN_MACHINE},
};

struct telling {
  struct sheet *sheet;
  uint64_t rows, rows_max; /* 0: all */
};

static void put_notice(struct sheet *sheet, const Rectify__V1__NoticeRow *row) {
  sheet_instant(sheet, row->created);
  sheet_case(sheet, row->case_no);
  sheet_word(sheet, words_notice, row->kind);
  sheet_truth(sheet, row->copy);
  sheet_data(sheet, &row->officer);
  sheet_data(sheet, &row->officer_name);
  sheet_word(sheet, words_recipient, row->recipient);
  sheet_data(sheet, &row->instead_of);
  sheet_data(sheet, &row->instead_of_name);
  if (row->digest != 0) sheet_number(sheet, (int64_t)row->digest);
  else sheet_nothing(sheet);
  sheet_number(sheet, (int64_t)row->id);
}

/* -1 ends the list early. */
static int print_notices(void *context, const Rectify__V1__Page *page) {
  struct telling *telling = context;
  for (size_t i = 0; i < page->n_notices; i++) {
    if (telling->rows_max != 0 && telling->rows == telling->rows_max) return -1;
    put_notice(telling->sheet, page->notices[i]);
    telling->rows++;
  }
  return EXIT_FINE;
}

static int read_notices(struct session *session, struct arguments *arguments, Rectify__V1__NoticeQuery *which,
                        struct telling *telling) {
  int code = EXIT_FINE;
  int64_t limit = 0;
  for (int option; (option = arguments_next(session, arguments, &code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return code == EXIT_FINE ? -1 : code;
    if (option == NOTICES_OFFICER) which->officer = wire_text(optarg);
    if (option == NOTICES_CASE && !case_read(optarg, &which->case_no))
      return complain_usage(arguments->verb, "--case wants a case number such as C-000042, not '%s'", optarg);
    if (option == NOTICES_LIMIT && !number_read(optarg, 1, INT64_MAX, &limit))
      return complain_usage(arguments->verb, "--limit wants a number from 1, not '%s'", optarg);
  }
  telling->rows_max = (uint64_t)limit;
  code = arguments_words(arguments, 0, 0);
  return code == EXIT_FINE ? session_open(session) : code;
}

int notices_run(struct session *session, struct arguments *arguments) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__NoticeQuery which = RECTIFY__V1__NOTICE_QUERY__INIT;
  struct telling telling = {NULL, 0, 0};
  int code = read_notices(session, arguments, &which, &telling);
  if (code != EXIT_FINE) return code;
  query.what_case = RECTIFY__V1__QUERY__WHAT_NOTICES;
  query.notices = &which;
  if (telling.rows_max != 0 && telling.rows_max < WIRE_PAGE_MAX) query.limit = (uint32_t)telling.rows_max;
  telling.sheet = sheet_open(session, stdout, notice_columns, COUNT(notice_columns));
  code = session_pages(session, &query, print_notices, &telling);
  (void)sheet_close(telling.sheet);
  if (code < 0) code = EXIT_FINE;
  if (code == EXIT_FINE && telling.rows == 0 && session->format == FORMAT_TABLE)
    (void)puts(_("no notices"));
  return code;
}

/* ---- documents ---- */

static const struct word words_document[] = {
    {DOCUMENT_REGISTRY, "registry", "人员机构", "units, officers, appointments"},
    {DOCUMENT_POLICY, "policy", "规则", "routes, limits, ladders"},
    {DOCUMENT_CALENDAR, "calendar", "日历", "holidays and make-up working days"},
    {0, NULL, NULL, NULL},
};

static const struct column document_columns[] = {
    {"document", "DOCUMENT", "文件", 0},
    {"version", "VERSION", "版本", COLUMN_NUMBER},
    {"file_name", "FILE", "文件名", COLUMN_TEXT},
    {"sha256", "SHA-256", "SHA-256", 0},
    {"log_index", "LOG INDEX", "日志号", COLUMN_NUMBER},
    {"body", "BODY", "内容", COLUMN_MACHINE},
};

#define DIGEST_SHOWN 16 /* hexadecimal digits in a table: enough to tell two apart */

struct shelf {
  struct session *session;
  struct sheet *sheet; /* NULL: one body, as it was published */
  uint64_t rows;
};

static void put_document(const struct session *session, struct sheet *sheet, const Rectify__V1__DocumentRow *row) {
  char digest[2 * HASH_BYTES + 1] = "";
  if (row->sha256.len == HASH_BYTES) hex_text(row->sha256.data, HASH_BYTES, digest);
  if (session->format == FORMAT_TABLE) digest[DIGEST_SHOWN] = '\0';
  sheet_word(sheet, words_document, row->document);
  sheet_number(sheet, row->version);
  sheet_data(sheet, &row->file_name);
  sheet_string(sheet, digest);
  sheet_number(sheet, (int64_t)row->log_index);
  sheet_data(sheet, &row->body);
}

static int print_documents(void *context, const Rectify__V1__Page *page) {
  struct shelf *shelf = context;
  for (size_t i = 0; i < page->n_documents; i++, shelf->rows++) {
    const Rectify__V1__DocumentRow *row = page->documents[i];
    if (shelf->sheet != NULL) put_document(shelf->session, shelf->sheet, row);
    else print_safe(stdout, row->body.data, row->body.len);
  }
  return EXIT_FINE;
}

static int ask_documents(struct session *session, struct shelf *shelf, uint32_t document, uint32_t version) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__DocumentQuery which = RECTIFY__V1__DOCUMENT_QUERY__INIT;
  which.document = document;
  which.version = version;
  query.what_case = RECTIFY__V1__QUERY__WHAT_DOCUMENTS;
  query.documents = &which;
  return session_pages(session, &query, print_documents, shelf);
}

static int read_documents(struct session *session, struct arguments *arguments, uint32_t *document, int64_t *version) {
  int code = arguments_plain(session, arguments, 0, 2);
  if (code != EXIT_FINE) return code;
  char **words = arguments->argv + optind;
  if (words[0] != NULL) *document = read_word(words_document, "document", words[0]);
  if (words[0] != NULL && *document == 0) return EXIT_USE;
  if (words[0] != NULL && words[1] != NULL && !number_read(words[1], 1, INT32_MAX, version))
    return complain_usage(arguments->verb, "'%s' is not the number of a version", words[1]);
  return session_open(session);
}

/* All three kinds; who may not read the registry still sees policies and calendars. */
static int list_all(struct session *session, struct shelf *shelf) {
  static const uint32_t order[] = {DOCUMENT_POLICY, DOCUMENT_CALENDAR, DOCUMENT_REGISTRY};
  int code = EXIT_FINE;
  for (size_t i = 0; i < COUNT(order) && code == EXIT_FINE; i++) code = ask_documents(session, shelf, order[i], 0);
  return code;
}

int documents_run(struct session *session, struct arguments *arguments) {
  struct shelf shelf = {.session = session};
  uint32_t document = DOCUMENT_NONE;
  int64_t version = 0;
  int code = read_documents(session, arguments, &document, &version);
  if (code != EXIT_FINE) return code;
  if (version == 0 || session->format != FORMAT_TABLE)
    shelf.sheet = sheet_open(session, stdout, document_columns, COUNT(document_columns));
  if (document == DOCUMENT_NONE) code = list_all(session, &shelf);
  else code = ask_documents(session, &shelf, document, (uint32_t)version);
  if (shelf.sheet != NULL) (void)sheet_close(shelf.sheet);
  if (code == EXIT_FINE && shelf.rows == 0 && version != 0) {
    complain("there is no version %lld of this document; `rectify documents` lists them", (long long)version);
    return EXIT_REFUSED;
  }
  return code;
}
