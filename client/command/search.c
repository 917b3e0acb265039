/* search.c - `search`: findings whose text has all of some words, with the place where they stand. */
#include <string.h>
#include <wctype.h>

#include "client/command/language.h"
#include "client/command/verb.h"
#include "client/command/view.h"
#include "client/command/wrap.h"
#include "core/text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { SEARCH_UNIT, SEARCH_OPEN, SEARCH_LIMIT };
const struct flag search_flags[] = {
    {"unit", 'u', "UNIT", "of this unit and its subtree", NULL},
    {"open", 0, NULL, "open ones only", NULL},
    {"limit", 'n', "N", "at most N cases", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

struct searching {
  struct session *session;
  ProtobufCBinaryData words[SEARCH_WORDS_MAX];
  size_t count;
  uint64_t rows, rows_max, searched;
  struct sheet *sheet; /* for programs */
};

/* ---- where the words stand ---- */

/* As the daemon compares (rectify.search_fold): 全角 as half-width, capitals as small letters. */
static uint32_t folded(const char *text, size_t length, size_t *bytes) {
  const uint8_t *at = (const uint8_t *)text;
  const size_t size = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
  uint32_t point = size == 1 ? at[0] : at[0] & (0x7fu >> size);
  *bytes = size <= length ? size : length;
  for (size_t i = 1; i < *bytes; i++) point = point << 6 | (at[i] & 0x3fu);
  if (point >= 0xff01 && point <= 0xff5e) point -= 0xfee0;
  if (point == 0x3000 || point == '\t' || point == '\n' || point == '\r') point = ' ';
  return (uint32_t)towlower((wint_t)point);
}

/* Bytes of `text` that are the word; 0: it does not begin with it. */
static size_t match(const char *text, size_t length, const ProtobufCBinaryData *word) {
  size_t at = 0, in_word = 0, bytes, word_bytes;
  while (in_word < word->len) {
    if (at >= length) return 0;
    const uint32_t point = folded(text + at, length - at, &bytes);
    if (point != folded((const char *)word->data + in_word, word->len - in_word, &word_bytes)) return 0;
    at += bytes;
    in_word += word_bytes;
    while (point == ' ' && at < length && folded(text + at, length - at, &bytes) == ' ') at += bytes;
  }
  return at;
}

static size_t match_any(const struct searching *searching, const char *text, size_t length) {
  size_t longest = 0;
  for (size_t i = 0; i < searching->count; i++) {
    const size_t bytes = match(text, length, &searching->words[i]);
    if (bytes > longest) longest = bytes;
  }
  return longest;
}

static size_t first_match(const struct searching *searching, const char *text, size_t length) {
  size_t bytes;
  for (size_t at = 0; at < length; at += bytes) {
    if (match_any(searching, text + at, length - at) > 0) return at;
    (void)folded(text + at, length - at, &bytes);
  }
  return 0;
}

/* ---- for people ---- */

#define CONTEXT 24 /* characters before the first match */

static size_t begin_excerpt(const char *text, size_t at) {
  for (size_t characters = 0; at > 0 && characters < CONTEXT; characters++)
    do at--;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80);
  return at;
}

/* One line of the text around the first match, with every match marked where there are colours. */
static void print_excerpt(const struct searching *searching, const char *text, size_t length) {
  const bool colour = searching->session->colour;
  size_t at = begin_excerpt(text, first_match(searching, text, length)), width = wrap_width(stdout), used = 4;
  size_t marked = at; /* bytes before it are marked */
  (void)fputs(at > 0 ? "   …" : "    ", stdout);
  while (at < length) {
    size_t bytes;
    char one[8];
    const size_t matched = match_any(searching, text + at, length - at);
    const uint32_t point = folded(text + at, length - at, &bytes);
    (void)snprintf(one, sizeof one, "%.*s", (int)bytes, point == ' ' ? " " : text + at);
    used += text_width(one);
    if (used + 1 > width) break;
    if (colour && matched > 0 && at >= marked) (void)fputs("\033[1;31m", stdout);
    if (matched > 0 && at + matched > marked) marked = at + matched;
    print_safe(stdout, one, strlen(one));
    at += bytes;
    if (colour && at == marked) (void)fputs("\033[0m", stdout);
  }
  if (colour && at < marked) (void)fputs("\033[0m", stdout);
  (void)puts(at < length ? "…" : "");
}

static void print_case(const struct searching *searching, const Rectify__V1__CaseRow *row) {
  const struct session *session = searching->session;
  char number[CASE_TEXT_BYTES];
  case_text(row->case_no, number);
  const ProtobufCBinaryData *unit = row->unit.len > 0 ? &row->unit : &row->reported_unit;
  (void)printf("%s  %s  ", number, say_word(session, words_status, row->status));
  print_safe(stdout, unit->data, unit->len);
  if (row->due_text.len > 0)
    (void)printf("  %s %.*s", _("due"), (int)row->due_text.len, (const char *)row->due_text.data);
  (void)putchar('\n');
  if (row->text.len > 0) print_excerpt(searching, (const char *)row->text.data, row->text.len);
}

/* ---- for programs ---- */

static const struct column search_columns[] = {
    {"case", "CASE", "编号", 0},        {"status", "STATUS", "状态", 0}, {"track", "TRACK", "整改类型", 0},
    {"unit", "UNIT", "责任单位", 0},    {"due", "DUE", "完成时限", 0},   {"light", "LIGHT", "灯色", 0},
    {"text", "TEXT", "问题描述", 0},
};

static void put_case(struct sheet *sheet, const Rectify__V1__CaseRow *row) {
  sheet_case(sheet, row->case_no);
  sheet_word(sheet, words_status, row->status);
  sheet_word(sheet, words_track, row->track);
  sheet_data(sheet, row->unit.len > 0 ? &row->unit : &row->reported_unit);
  sheet_data(sheet, &row->due_text);
  sheet_word(sheet, words_light, row->light);
  sheet_data(sheet, &row->text);
}

/* ---- the command ---- */

static int take_page(void *context, const Rectify__V1__Page *page) {
  struct searching *searching = context;
  searching->searched = page->searched;
  for (size_t i = 0; i < page->n_cases; i++) {
    if (searching->rows_max != 0 && searching->rows == searching->rows_max) return -1;
    if (searching->sheet != NULL) put_case(searching->sheet, page->cases[i]);
    else print_case(searching, page->cases[i]);
    searching->rows++;
  }
  return EXIT_FINE;
}

static int read_search(struct arguments *arguments, struct searching *searching, Rectify__V1__CaseQuery *cases) {
  int64_t limit = 0;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(searching->session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (option == SEARCH_UNIT) cases->unit = wire_text(optarg);
    if (option == SEARCH_OPEN) cases->open_only = true;
    if (option == SEARCH_LIMIT && !number_read(optarg, 1, INT64_MAX, &limit))
      return complain_usage(arguments->verb, "--limit wants a number from 1, not '%s'", optarg);
  }
  searching->rows_max = (uint64_t)limit;
  const int code = arguments_words(arguments, 1, SEARCH_WORDS_MAX);
  for (char **word = arguments->argv + optind; code == EXIT_FINE && *word != NULL; word++)
    searching->words[searching->count++] = wire_text(*word);
  cases->words = searching->words;
  cases->n_words = searching->count;
  return code == EXIT_FINE ? session_open(searching->session) : code;
}

/* How many cases there are: what was searched may lag behind. */
static int say_reach(struct searching *searching) {
  const Rectify__V1__Pong *pong;
  const int code = session_ping(searching->session, &pong);
  if (code != EXIT_FINE || searching->searched >= pong->cases_total) return code;
  char until[CASE_TEXT_BYTES];
  case_text(searching->searched, until);
  (void)fprintf(stderr, _("searched up to case %s; the newest findings are not indexed yet\n"), until);
  return code;
}

int search_run(struct session *session, struct arguments *arguments) {
  struct searching searching = {.session = session};
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery cases = RECTIFY__V1__CASE_QUERY__INIT;
  cases.with_text = true;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &cases;
  int code = read_search(arguments, &searching, &cases);
  if (code != EXIT_FINE) return code;
  if (session->format != FORMAT_TABLE) searching.sheet = sheet_open(session, stdout, search_columns, COUNT(search_columns));
  code = session_pages(session, &query, take_page, &searching);
  if (searching.sheet != NULL) (void)sheet_close(searching.sheet);
  if (code != EXIT_FINE && code >= 0) return code;
  if (searching.rows == 0 && session->format == FORMAT_TABLE)
    (void)puts(_("no finding that you may read has all of these words; restricted cases are not searched"));
  return say_reach(&searching);
}
