/* bulk.c - `bulk`: one command over all cases that a filter finds, with a preview, in one request.
 *
 * The preview decides what is sent: a case for which it foretells a refusal is left out, and said so, so that the log holds
 * attempts of people and not the misses of a filter.  The daemon commits the request in one transaction; the ids follow from
 * one base id and the case, so that the same bulk said again with --id doubles nothing, however many cases are left. */
#include "client/command/bulk.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/keep.h"
#include "client/command/language.h"
#include "client/command/verb.h"
#include "rectify/must.h"

#define BULK_FLAGS                                                                                  \
  {"preview", 0, NULL, "only show what would come of it", NULL},                                    \
      {"yes", 'y', NULL, "do it without asking; needed where nobody can be asked", NULL}
#define BULK_OWN 2 /* of the flags below: then come those of the filter */
const struct flag bulk_flags[] = {BULK_FLAGS, CASE_FLAGS, {NULL, 0, NULL, NULL, NULL}};

/* ---- reading ---- */

/* The options of `bulk` before the verb, and again among those of the verb. */
static bool own_option(struct bulk *bulk, const char *name) {
  if (strcmp(name, "preview") == 0) bulk->preview = true;
  else if (strcmp(name, "yes") == 0) bulk->yes = true;
  else return false;
  return true;
}

static int find_verb(struct arguments *arguments, const struct verb **verb, int *taken) {
  char **words = arguments->argv + optind;
  if (words[0] == NULL) return complain_usage(arguments->verb, "bulk: which command? such as sign-for");
  *verb = verb_find(words[0], words[1], taken);
  if (*verb == NULL) {
    const char *near = verb_nearest(words[0]);
    if (near == NULL) return complain_usage(arguments->verb, "there is no command '%s'", words[0]);
    return complain_usage(arguments->verb, "there is no command '%s'; did you mean '%s'?", words[0], near);
  }
  if ((*verb)->run == act_run) return EXIT_FINE;
  return complain_usage(arguments->verb, "bulk: '%s' is not done to cases", (*verb)->name);
}

static int read_filter(struct session *session, struct arguments *arguments, struct bulk *bulk) {
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (own_option(bulk, arguments->verb->flags[option].name)) continue;
    if (!filter_option(&bulk->filter, option - BULK_OWN)) return EXIT_USE;
  }
  return EXIT_FINE;
}

/* After a wrong option of the verb: it may be one of the filter. */
static int say_order_of_words(const struct verb *verb, int code) {
  (void)fprintf(stderr, _("what says which cases goes before the command: rectify bulk FILTER... %s ...\n"), verb->name);
  return code;
}

/* The verb's own options, and those of bulk among them. */
static int read_order(struct session *session, struct arguments *outer, int taken, struct bulk *bulk) {
  struct flag flags[FLAGS_MAX] = {BULK_FLAGS};
  struct verb with_own = *bulk->verb;
  struct arguments arguments;
  int exit_code = EXIT_FINE, count = BULK_OWN;
  for (const struct flag *flag = bulk->verb->flags; flag->name != NULL; flag++)
    if (strcmp(flag->name, "preview") != 0) flags[count++] = *flag;
  must(count < FLAGS_MAX);
  with_own.flags = flags;
  arguments_init(&arguments, &with_own, outer->argc - optind - taken + 1, outer->argv + optind + taken - 1);
  for (int option; (option = arguments_next(session, &arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : say_order_of_words(bulk->verb, exit_code);
    if (own_option(bulk, flags[option].name)) continue;
    if (!order_option(&bulk->order, flags[option].name, optarg)) return order_failure(&bulk->order);
  }
  if (optind < arguments.argc)
    return complain_usage(outer->verb, "bulk finds the cases itself; leave out '%s', or say `rectify %s %s`",
                          arguments.argv[optind], bulk->verb->name, arguments.argv[optind]);
  return EXIT_FINE;
}

static int read_all(struct session *session, struct arguments *arguments, struct bulk *bulk) {
  int taken = 1;
  arguments_in_order(arguments);
  int code = read_filter(session, arguments, bulk);
  if (code == EXIT_FINE) code = find_verb(arguments, &bulk->verb, &taken);
  if (code != EXIT_FINE) return code;
  order_init(&bulk->order, bulk->verb);
  code = read_order(session, arguments, taken, bulk);
  if (code != EXIT_FINE) return code;
  if (bulk->filter.conditions == 0)
    return complain_usage(arguments->verb, "bulk: say which cases, such as --unit UNIT or --status STATUS, before '%s'",
                          bulk->verb->name);
  if (bulk->preview && bulk->yes) return complain_usage(arguments->verb, "bulk: either --preview or --yes");
  if (bulk->preview || bulk->yes || (isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1)) return EXIT_FINE;
  return complain_usage(arguments->verb, "bulk: nobody can be asked here; say --preview or --yes");
}

/* ---- the cases ---- */

static void keep_text(char *out, size_t size, const ProtobufCBinaryData *data) {
  size_t length = data->len < size - 1 ? data->len : size - 1;
  if (length > 0) memcpy(out, data->data, length);
  out[length] = '\0';
}

static int take_page(void *context, const Rectify__V1__Page *page) {
  struct bulk *bulk = context;
  const uint64_t most = bulk->filter.rows_max;
  for (size_t i = 0; i < page->n_cases; i++) {
    const Rectify__V1__CaseRow *from = page->cases[i];
    if (most != 0 && bulk->count == most) return -1;
    if (bulk->count == WIRE_ACT_MAX) {
      bulk->more++;
      return -1;
    }
    struct bulk_row *row = &bulk->rows[bulk->count++];
    row->case_no = from->case_no;
    row->status = from->status;
    row->light = from->light;
    keep_text(row->unit, sizeof row->unit, from->unit.len > 0 ? &from->unit : &from->reported_unit);
    keep_text(row->due, sizeof row->due, &from->due_text);
  }
  return EXIT_FINE;
}

static int find_cases(struct bulk *bulk) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  int code = filter_settle(bulk->session, &bulk->filter);
  if (code != EXIT_FINE) return code;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &bulk->filter.query;
  code = session_pages(bulk->session, &query, take_page, bulk);
  if (code > EXIT_FINE) return code;
  if (bulk->more == 0) return EXIT_FINE;
  complain("more than %d cases are meant; one transaction takes at most %d of them", WIRE_ACT_MAX, WIRE_ACT_MAX);
  (void)fputs(_("narrow it with --unit, --status, --track, --kind, --inspection or --officer, or take the first ones with "
              "--by-due --limit 500\n"), stderr);
  return EXIT_USE;
}

/* ---- asking the daemon ---- */

static void take_outcome(struct bulk_row *row, const Rectify__V1__Outcome *outcome, bool preview) {
  row->foretold = preview;
  row->rule = 0;
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) {
    const Rectify__V1__Receipt *receipt = outcome->receipt;
    row->result = receipt->repeated ? BULK_REPEATED : BULK_DONE;
    row->rule = receipt->rule;
    row->status_then = receipt->status;
    row->track_then = receipt->track;
    row->event_number = receipt->event_number;
    row->log_index = receipt->log_index;
    keep_text(row->due_then, sizeof row->due_then, &receipt->due_text);
  } else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL) {
    row->result = BULK_REFUSED;
    row->rule = outcome->refusal->rule;
    row->event_number = outcome->refusal->event_number;
    row->log_index = outcome->refusal->log_index;
  } else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT__NOT_SET) {
    row->result = BULK_SAVED; /* here only */
  } else {
    row->result = BULK_ERROR;
    if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_ERROR)
      keep_text(row->text, sizeof row->text, &outcome->error->text);
  }
}

static int wrong_answer(bool preview) {
  if (!preview) return session_misfit();
  complain("the daemon does not know previews: it may have recorded the commands; `rectify history CASE` tells");
  return EXIT_PROTOCOL;
}

/* Sends the rows whose result is `which`, and notes what came of them. */
static int send_rows(struct bulk *bulk, bool preview) {
  uint64_t cases[WIRE_ACT_MAX];
  struct bulk_row *asked[WIRE_ACT_MAX];
  size_t count = 0;
  const Rectify__V1__Reply *reply;
  for (size_t i = 0; i < bulk->count; i++) {
    struct bulk_row *row = &bulk->rows[i];
    if (!preview && row->result != BULK_DONE && row->result != BULK_REPEATED) continue;
    asked[count] = row;
    cases[count++] = row->case_no;
  }
  if (count == 0) return EXIT_FINE;
  bulk->order.preview = preview;
  int code = order_send(bulk->session, &bulk->order, cases, count, false, &reply);
  if (code != EXIT_FINE) return code;
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_OUTCOMES || reply->outcomes->n_outcomes != count ||
      (reply->outcomes->preview != 0) != preview)
    return wrong_answer(preview);
  for (size_t i = 0; i < count; i++) take_outcome(asked[i], reply->outcomes->outcomes[i], preview);
  return EXIT_FINE;
}

/* ---- asking the person ---- */

static size_t count_of(const struct bulk *bulk, bool good) {
  size_t count = 0;
  for (size_t i = 0; i < bulk->count; i++)
    count += (bulk->rows[i].result == BULK_DONE || bulk->rows[i].result == BULK_REPEATED) == good;
  return count;
}

static bool confirmed(const struct bulk *bulk) {
  char answer[16] = "";
  if (bulk->yes) return true;
  (void)fflush(stdout);
  (void)fprintf(stderr, _("%s: %zu of %zu cases.  Go on? [y/N] "), bulk->verb->name, count_of(bulk, true), bulk->count);
  if (fgets(answer, sizeof answer, stdin) == NULL) return false;
  return answer[0] == 'y' || answer[0] == 'Y';
}

static int carry_out(struct bulk *bulk) {
  int code = send_rows(bulk, true);
  if (code != EXIT_FINE) return code;
  if (bulk->preview || !bulk->yes) bulk_print(bulk);
  if (bulk->preview) return count_of(bulk, false) > 0 ? EXIT_REFUSED : EXIT_FINE;
  if (count_of(bulk, true) == 0 && !bulk->yes) return EXIT_REFUSED; /* all has been said */
  if (count_of(bulk, true) > 0 && !confirmed(bulk)) {
    (void)fputs(_("nothing was done\n"), stderr);
    return EXIT_FINE;
  }
  code = send_rows(bulk, false);
  if (code != EXIT_FINE) return code;
  bulk_print(bulk);
  size_t saved = 0;
  for (size_t i = 0; i < bulk->count; i++) saved += bulk->rows[i].result == BULK_SAVED;
  if (count_of(bulk, false) > saved) return EXIT_REFUSED;
  return saved > 0 ? EXIT_SAVED : EXIT_FINE;
}

static int bulk_all(struct bulk *bulk) {
  int code = session_open(bulk->session);
  if (code == EXIT_FINE) code = order_complete(bulk->session, bulk->verb, &bulk->order);
  if (code == EXIT_FINE && !session_clear_spool(bulk->session)) code = EXIT_UNREACHABLE; /* a preview looks at what is there */
  if (code == EXIT_FINE) code = find_cases(bulk);
  if (code != EXIT_FINE) return code;
  if (bulk->count > 0) return carry_out(bulk);
  complain("%s", _("no case is meant: nothing to do"));
  return EXIT_FINE;
}

int bulk_run(struct session *session, struct arguments *arguments) {
  struct bulk *bulk = calloc(1, sizeof *bulk); /* too large for a stack */
  must(bulk != NULL);
  bulk->session = session;
  filter_init(&bulk->filter);
  int code = read_all(session, arguments, bulk);
  if (code == EXIT_FINE) code = bulk_all(bulk);
  if (bulk->verb != NULL) order_free(&bulk->order);
  free(bulk);
  return code;
}
