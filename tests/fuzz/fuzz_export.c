/* fuzz_export.c - hostile exports, held against a head that was kept elsewhere.  The secret key of the log was thrown
 * away, so only the history of the corpus can pass: whatever passes has its thirty records and four rows.
 *
 * `make test` replays corpus/export through it; `make fuzz` searches. */
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"
#include "tests/fuzz/log.h"
#include "verify/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECORDS 30
#define ROWS 4

static const char head[] =
    "rectify.test/log\n"
    "30\n"
    "bTQkSmaE72kqlUEMpaN01f+y63Ip3ojAau16VaeBm6w=\n"
    "\n"
    "\xe2\x80\x94 rectify.test/log "
    "1ShlICawax8TWB723aJ1kJae+CbnXuhitKOfkNmQFsnCSEEqoBr9WI0TWoSRGEeJqVxUKefz1W2pli1HazTJvBAjQwQ=\n";

static void tell(void *context, enum verify_finding finding, const char *text) {
  uint64_t *told = context;
  must(text != NULL && strlen(text) < 512);
  if (finding == VERIFY_FINDING_COUNT) return;
  must(verify_finding_name(finding)[0] != '\0' && verify_finding_text(finding)[0] != '\0');
  ++*told;
}

static void try_verify(FILE *file) {
  static struct note_verifier log;
  const struct verify_note outside = {head, sizeof head - 1, "kept"};
  uint64_t told = 0;
  struct verify_result result;
  if (log.name[0] == '\0') must(note_verifier_parse(FUZZ_LOG, sizeof FUZZ_LOG - 1, &log));
  const struct verify_options options = {
      .log = &log, .heads = &outside, .head_count = 1, .tell = tell, .context = &told};
  must(verify_export(file, &options, &result) == 0);
  must(told == result.findings);
  if (result.findings == 0) must(result.events == RECORDS && result.cases == ROWS && result.covered == RECORDS);
}

static void try_tail(FILE *file, size_t size) {
  struct export_tail tail;
  rewind(file);
  if (export_find_tail(file, &tail) == EXPORT_OK) must(tail.offset <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  uint8_t *exact = malloc(size); /* its own block, so that reading on is seen */
  must(exact != NULL);
  memcpy(exact, data, size);
  FILE *file = fmemopen(exact, size, "rb");
  must(file != NULL);
  try_verify(file);
  try_tail(file, size);
  (void)fclose(file);
  free(exact);
  return 0;
}
