/* receipt_get.c - `receipt get`: the receipt of any event, made anew under the last signed head. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/verb.h"
#include "verify/receipt.h"

enum { FLAG_OUTPUT };
const struct flag receipt_get_flags[] = {
    {"output", 'o', "FILE", "write it there instead of stdout; never over a file that is there", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

/* The history gives the event's place in the log. */
struct search {
  uint32_t number, seen;
  uint64_t log_index;
};

static int look(void *context, const Rectify__V1__Page *page) {
  struct search *search = context;
  for (size_t i = 0; i < page->n_events; i++)
    if (++search->seen == search->number) search->log_index = page->events[i]->log_index;
  return EXIT_FINE;
}

static int find(struct session *session, uint64_t case_no, struct search *search) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__HistoryQuery history = RECTIFY__V1__HISTORY_QUERY__INIT;
  history.case_no = case_no;
  query.what_case = RECTIFY__V1__QUERY__WHAT_HISTORY;
  query.history = &history;
  int code = session_pages(session, &query, look, search);
  if (code != EXIT_FINE || search->seen >= search->number) return code;
  complain("the case has %u events only", search->seen);
  return EXIT_REFUSED;
}

static int fill(const Rectify__V1__Page *page, uint64_t log_index, struct receipt *out) {
  const Rectify__V1__Head *head = page->head;
  if (head == NULL || head->note.len == 0) {
    complain("no head of that log was signed yet: does a signer run?  (rectifyd --signer)");
    return EXIT_REFUSED;
  }
  bool fits = page->record.len > 0 && page->record.len <= sizeof out->record && head->note.len <= sizeof out->note &&
              page->n_proof <= MERKLE_PROOF_MAX;
  for (size_t i = 0; fits && i < page->n_proof; i++) fits = page->proof[i].len == HASH_BYTES;
  if (!fits) {
    complain("the answer is no proof: is this rectifyd of the same version?");
    return EXIT_PROTOCOL;
  }
  memcpy(out->record, page->record.data, out->record_length = page->record.len);
  memcpy(out->note, head->note.data, out->note_length = head->note.len);
  for (size_t i = 0; i < page->n_proof; i++) memcpy(out->proof.hashes[i].bytes, page->proof[i].data, HASH_BYTES);
  out->proof.count = (uint32_t)page->n_proof;
  out->log_index = log_index;
  return EXIT_FINE;
}

static int ask(struct session *session, uint64_t case_no, uint64_t log_index, struct receipt *out) {
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__ProofQuery proof = RECTIFY__V1__PROOF_QUERY__INIT;
  const Rectify__V1__Page *page;
  proof.log_index = log_index;
  proof.case_no = case_no;
  query.what_case = RECTIFY__V1__QUERY__WHAT_PROOF;
  query.proof = &proof;
  int code = session_page(session, &query, &page);
  return code == EXIT_FINE ? fill(page, log_index, out) : code;
}

static int write_out(const struct receipt *receipt, const char *path) {
  static char text[RECEIPT_BYTES_MAX];
  const size_t length = receipt_format(receipt, text);
  FILE *file = path != NULL ? fopen(path, "wbx") : stdout;
  bool fine = file != NULL && fwrite(text, 1, length, file) == length && fflush(file) == 0;
  if (!fine) complain("'%s': %m", path != NULL ? path : "stdout");
  if (file != NULL && path != NULL) (void)fclose(file);
  return fine ? EXIT_FINE : EXIT_SYSTEM;
}

int receipt_get_run(struct session *session, struct arguments *arguments) {
  static struct receipt receipt;
  const char *path = NULL;
  struct search search = {0};
  uint64_t case_no;
  int64_t number;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    path = optarg;
  }
  exit_code = arguments_words(arguments, 2, 2);
  if (exit_code != EXIT_FINE) return exit_code;
  if (!case_read(arguments->argv[optind], &case_no)) return complain_usage(arguments->verb, "'%s' is no case", arguments->argv[optind]);
  if (!number_read(arguments->argv[optind + 1], 1, UINT32_MAX, &number))
    return complain_usage(arguments->verb, "'%s' is no event number", arguments->argv[optind + 1]);
  search.number = (uint32_t)number;
  exit_code = session_open(session);
  if (exit_code == EXIT_FINE) exit_code = find(session, case_no, &search);
  if (exit_code == EXIT_FINE) exit_code = ask(session, case_no, search.log_index, &receipt);
  return exit_code == EXIT_FINE ? write_out(&receipt, path) : exit_code;
}
