/* fuzz_rows.c - hostile files of findings: CSV under a mapping, and JSON lines.  The first byte chooses ('j': JSON lines).  Whatever a row
 * says, its draft is a finding that can be packed, or has a problem at a place of the file.
 *
 * `make test` replays corpus/rows through it; `make fuzz` searches. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/drafts.h"
#include "rectify/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FINDING_BYTES_MAX (1 << 20)

static const char mapping[] =
    "unit: {column: unit, empty: unknown}\n"
    "found: {column: date}\n"
    "text: {column: text}\n"
    "kind: {column: kind, words: {Yes: prominent}, otherwise: incipient}\n"
    "severity: {constant: ordinary}\n"
    "team: {column: team}\n"
    "id: {derive: [unit, text]}\n";

static char map[64];

static void remove_map(void) { (void)unlink(map); }

static void make_map(void) {
  strcpy(map, "/tmp/rectify-fuzz-XXXXXX");
  const int fd = mkstemp(map);
  must(fd >= 0 && write(fd, mapping, sizeof mapping - 1) == (ssize_t)(sizeof mapping - 1));
  (void)close(fd);
  must(atexit(remove_map) == 0);
}

static int take(void *context, struct draft *draft, const void *key, size_t key_length, bool whole) {
  static uint8_t packed[FINDING_BYTES_MAX];
  (void)context, (void)whole;
  must(key != NULL || key_length == 0);
  if (!draft_judge(draft)) {
    must(draft->problem[0] != '\0' && draft->problem_place.line >= 1);
    return EXIT_FINE;
  }
  Rectify__V1__Finding finding;
  draft_finding(draft, &finding);
  must(rectify__v1__finding__get_packed_size(&finding) <= sizeof packed);
  must(rectify__v1__finding__pack(&finding, packed) > 0);
  return EXIT_FINE;
}

static void refuse(void *context, struct place place, const char *text) {
  (void)context;
  must(place.line >= 1 && text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (map[0] == '\0') make_map();
  if (size < 2) return 0;
  char *text = malloc(size - 1); /* its own block, so that reading on is seen */
  must(text != NULL);
  memcpy(text, data + 1, size - 1);
  FILE *file = fmemopen(text, size - 1, "rb");
  must(file != NULL);
  const struct draft_rows rows = {.in = file, .file = "f", .map = data[0] == 'j' ? NULL : map, .row = take, .bad = refuse};
  (void)drafts_read(&rows);
  (void)fclose(file);
  free(text);
  return 0;
}
