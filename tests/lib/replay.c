/* replay.c - replays a fuzz corpus: each file through LLVMFuzzerTestOneInput, one TAP line a file.
 *
 * A crash or a sanitizer report ends the program, which is the failure.  Arguments: files and directories.  Without a
 * corpus the empty input alone is tried.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rectify/must.h"

#define INPUT_BYTES_MAX (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count;

static void replay_bytes(const char *name, const uint8_t *data, size_t size) {
  (void)LLVMFuzzerTestOneInput(data, size);
  printf("ok %d - %s\n", ++count, name);
  fflush(stdout);
}

/* The bytes are copied into a block of exactly their size, so that a sanitizer sees a read past their end. */
static void replay_file(const char *path, off_t size) {
  must(size <= INPUT_BYTES_MAX);
  uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
  FILE *file = fopen(path, "rb");
  must(data != NULL && file != NULL);
  must(fread(data, 1, (size_t)size, file) == (size_t)size);
  fclose(file);
  replay_bytes(path, data, (size_t)size);
  free(data);
}

static int is_visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

static void replay(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) return;
  if (!S_ISDIR(status.st_mode)) {
    replay_file(path, status.st_size);
    return;
  }
  struct dirent **entries;
  int entry_count = scandir(path, &entries, is_visible, alphasort);
  must(entry_count >= 0);
  for (int i = 0; i < entry_count; i++) {
    char inner[4096];
    snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
    if (stat(inner, &status) == 0 && S_ISREG(status.st_mode)) replay_file(inner, status.st_size);
    free(entries[i]);
  }
  free(entries);
}

int main(int argc, char **argv) {
  replay_bytes("the empty input", (const uint8_t *)"", 0);
  for (int i = 1; i < argc; i++) replay(argv[i]);
  printf("1..%d\n", count);
  return 0;
}
