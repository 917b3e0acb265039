/* fuzz_receipt.c - hostile receipts.  The secret key of the log below was thrown away, so only the receipts of the
 * corpus may hold: anything else that does is a forgery.
 *
 * `make test` replays corpus/receipt through it; `make fuzz` searches. */
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"
#include "sign/digest.h"
#include "tests/fuzz/log.h"
#include "verify/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* SHA-256 of the receipts that hold, its first bytes. */
static const uint8_t good[][4] = {{0xbb, 0xc5, 0x78, 0x88}, {0x3a, 0xa9, 0x46, 0x61}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct receipt receipt;
  static char again[RECEIPT_BYTES_MAX];
  static struct note_verifier log;
  uint8_t digest[HASH_BYTES];
  must(log.name[0] != '\0' || note_verifier_parse(FUZZ_LOG, sizeof FUZZ_LOG - 1, &log));
  char *exact = malloc(size > 0 ? size : 1); /* its own block, so that reading on is seen */
  must(exact != NULL);
  if (size > 0) memcpy(exact, data, size);
  if (receipt_parse(exact, size, &receipt))
    must(receipt_format(&receipt, again) == size && memcmp(again, exact, size) == 0);
  if (receipt_check(exact, size, &log, NULL, 0, &receipt) == RECEIPT_HOLDS) {
    digest_sha256(exact, size, digest);
    must(memcmp(digest, good[0], 4) == 0 || memcmp(digest, good[1], 4) == 0);
  }
  free(exact);
  return 0;
}
