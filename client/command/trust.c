/* trust.c - see trust.h. */
#include "client/command/trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

char *trust_file(const char *path, size_t max, size_t *length) {
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  char *bytes = malloc(max + 1);
  must(bytes != NULL);
  *length = file == NULL ? 0 : fread(bytes, 1, max + 1, file);
  bool fine = file != NULL && ferror(file) == 0 && *length <= max;
  if (file == NULL || ferror(file) != 0) complain("cannot read '%s': %m", path);
  else if (!fine) complain("'%s' is longer than %zu bytes, so it is not what is asked for", path, max);
  if (file != NULL && file != stdin) (void)fclose(file);
  if (fine) return bytes;
  free(bytes);
  return NULL;
}

static bool parse_line(const char *text, size_t length, struct note_verifier *out) {
  if (length > 0 && text[length - 1] == '\n') length--;
  return note_verifier_parse(text, length, out);
}

bool trust_public(const char *given, struct note_verifier *out) {
  size_t length;
  if (parse_line(given, strlen(given), out)) return true;
  char *text = trust_file(given, NOTE_KEY_TEXT_BYTES_MAX, &length);
  if (text == NULL) return false;
  bool fine = parse_line(text, length, out);
  if (!fine) complain("'%s' does not hold a sound public key such as NAME+0123abcd+BASE64", given);
  free(text);
  return fine;
}

bool trust_secret(const char *path, struct note_signer *out) {
  char text[NOTE_KEY_TEXT_BYTES_MAX + 1], error[SECRET_ERROR_BYTES];
  size_t length;
  (void)secret_guard_memory();
  secret_lock(text, sizeof text);
  secret_lock(out, sizeof *out);
  if (!secret_read(path, text, sizeof text, &length, error, sizeof error)) {
    complain("%s", error);
    return false;
  }
  if (length > 0 && text[length - 1] == '\n') length--;
  bool fine = note_signer_parse(text, length, out);
  explicit_bzero(text, sizeof text);
  if (!fine) complain("'%s' does not hold a secret key", path);
  return fine;
}
