/* fuzz_content.c - files of any kind: however one is cut into parts, it is the same, and always something.  The first byte says how
 * large the first part is.
 *
 * `make test` replays corpus/content through it.  To search:
 *   clang -std=gnu17 -g -O1 -D_GNU_SOURCE -Iinclude -I. -fsanitize=fuzzer,address,undefined -o build/fuzz tests/fuzz/fuzz_content.c \
 *     core/[a-z]*.c && build/fuzz -max_len=4096 -max_total_time=60 build/corpus tests/fuzz/corpus/content */
#include <stdlib.h>
#include <string.h>

#include "rectify/content.h"
#include "rectify/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t in_parts(const uint8_t *data, size_t size, size_t first, size_t part) {
  struct content_look look = {0};
  if (first > size) first = size;
  content_feed(&look, data, first);
  for (size_t at = first; at < size; at += part) content_feed(&look, data + at, size - at < part ? size - at : part);
  return content_of(&look);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *exact = calloc(1, size > 0 ? size : 1); /* its own block, so that reading on is seen */
  must(exact != NULL);
  if (size > 0) memcpy(exact, data, size);
  const size_t first = size > 0 ? exact[0] : 0;
  const uint32_t whole = in_parts(exact, size, size, 1);
  must(whole >= 1 && whole <= CONTENT_COUNT);
  must(in_parts(exact, size, first, 1) == whole);
  must(in_parts(exact, size, first, CONTENT_CARRY_BYTES - 1) == whole);
  must(in_parts(exact, size, first, CONTENT_CARRY_BYTES + first) == whole);
  free(exact);
  return 0;
}
