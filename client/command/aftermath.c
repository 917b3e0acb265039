/* aftermath.c - see aftermath.h. */
#include "client/command/aftermath.h"

#include <stdlib.h>
#include <string.h>

#include "client/command/verb.h"
#include "client/command/wrap.h"
#include "rectify/core.h"
#include "rectify/must.h"

struct opened {
  struct session *session;
  usec_t recorded;
};

static void put_moves(FILE *out, const struct session *session, uint32_t status) {
  bool any = false;
  for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
    if (verb->command == 0 || verb->command == COMMAND_SUBMIT || lifecycle_move(verb->command, status) == NULL) continue;
    (void)fprintf(out, "%s%s", any ? in_language(session, ", ", "、") : in_language(session, "; there is: ", "；可用的命令："),
                  verb->name);
    any = true;
  }
}

static int say_standing(void *context, const Rectify__V1__Page *page) {
  const struct session *session = context;
  char name[CASE_TEXT_BYTES], *text = NULL;
  size_t length = 0;
  if (page->n_cases == 0) return EXIT_FINE;
  FILE *out = open_memstream(&text, &length);
  must(out != NULL);
  case_text(page->cases[0]->case_no, name);
  (void)fprintf(out, "%s%s%s", name, in_language(session, " is ", "："), say_word(session, words_status, page->cases[0]->status));
  put_moves(out, session, page->cases[0]->status);
  must(fclose(out) == 0);
  wrap_words(stderr, text, 0, 2, wrap_width(stderr));
  free(text);
  return EXIT_FINE;
}

void aftermath_say_standing(struct session *session, uint64_t case_no) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery which = RECTIFY__V1__CASE_QUERY__INIT;
  which.n_case_no = 1;
  which.case_no = &case_no;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &which;
  (void)session_pages(session, &query, say_standing, session);
}

static int say_new(void *context, const Rectify__V1__Page *page) {
  const struct opened *opened = context;
  const struct session *session = opened->session;
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *row = page->cases[i];
    char name[CASE_TEXT_BYTES];
    if (row->opened != opened->recorded) continue;
    case_text(row->case_no, name);
    (void)printf("%s  %s%s", name, in_language(session, "new: ", "新事项："), say_word(session, words_origin, row->origin));
    (void)fputs(in_language(session, ", unit ", "，责任单位 "), stdout);
    print_safe(stdout, row->unit.data, row->unit.len);
    (void)putchar('\n');
  }
  return EXIT_FINE;
}

void aftermath_say_new(struct session *session, uint64_t case_no, usec_t recorded) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery which = RECTIFY__V1__CASE_QUERY__INIT;
  struct opened opened = {session, recorded};
  which.parent = case_no;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &which;
  (void)session_pages(session, &query, say_new, &opened);
}
