/* aftermath.c - see aftermath.h. */
#include "client/command/aftermath.h"
#include "client/command/language.h"

#include <stdlib.h>
#include <string.h>

#include "client/command/verb.h"
#include "client/command/wrap.h"
#include "rectify/core.h"
#include "rectify/must.h"

/* Which cases came of a command.  Under a manual clock many commands have one instant: a sweep happens once to a case, the
 * others make one case each, which has the highest number so far. */
struct opened {
  struct session *session;
  uint32_t origin;
  bool one;
  usec_t recorded;
  uint64_t case_no; /* of the last one; 0: none yet */
  char unit[CODE_BYTES_MAX + 1];
};

static void put_moves(FILE *out, uint32_t status) {
  bool any = false;
  for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
    if (verb->command == 0 || verb->command == COMMAND_SUBMIT || lifecycle_move(verb->command, status) == NULL) continue;
    (void)fprintf(out, "%s%s", any ? _(", ") : _("; there is: "),
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
  (void)fprintf(out, "%s%s%s", name, _(" is "), say_word(session, words_status, page->cases[0]->status));
  put_moves(out, page->cases[0]->status);
  must(fclose(out) == 0);
  wrap_line(stderr, text, length, 2, wrap_limit(stderr));
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

static void print_new(const struct opened *opened) {
  const struct session *session = opened->session;
  char name[CASE_TEXT_BYTES];
  case_text(opened->case_no, name);
  (void)printf("%s  %s%s%s", name, _("new: "), say_word(session, words_origin, opened->origin),
               _(", unit "));
  print_safe(stdout, opened->unit, strlen(opened->unit));
  (void)putchar('\n');
}

static int take_new(void *context, const Rectify__V1__Page *page) {
  struct opened *opened = context;
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *row = page->cases[i];
    if (row->opened != opened->recorded || row->origin != opened->origin || row->case_no < opened->case_no) continue;
    opened->case_no = row->case_no;
    (void)snprintf(opened->unit, sizeof opened->unit, "%.*s", (int)row->unit.len,
                   row->unit.len > 0 ? (const char *)row->unit.data : "");
    if (!opened->one) print_new(opened);
  }
  return EXIT_FINE;
}

static uint32_t origin_of(uint32_t command) {
  if (command == COMMAND_SPLIT) return ORIGIN_SPLIT;
  if (command == COMMAND_CO_UNIT) return ORIGIN_CO_UNIT;
  return command == COMMAND_SWEEP ? ORIGIN_SWEEP : 0;
}

bool aftermath_makes_cases(uint32_t command) { return origin_of(command) != 0; }

void aftermath_say_new(struct session *session, uint32_t command, uint64_t case_no, usec_t recorded) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery which = RECTIFY__V1__CASE_QUERY__INIT;
  struct opened opened = {session, origin_of(command), command != COMMAND_SWEEP, recorded, 0, ""};
  must(aftermath_makes_cases(command));
  which.parent = case_no;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &which;
  if (session_pages(session, &query, take_new, &opened) == EXIT_FINE && opened.one && opened.case_no != 0) print_new(&opened);
}
