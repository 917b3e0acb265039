/* bundle_file.c - see bundle.h: made and checked; what is in it is bundle.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/bundle.h"
#include "client/command/command.h"

static size_t text_of(const struct bundle *bundle, char out[NOTE_TEXT_BYTES_MAX]) {
  int length = snprintf(out, NOTE_TEXT_BYTES_MAX, "rectify bundle 1\nfrom %s\nitems %llu\nfates %llu\nbytes %llu\nsha256 %s\n",
                        bundle->from, (unsigned long long)bundle->items, (unsigned long long)bundle->fates,
                        (unsigned long long)bundle->bytes, bundle->sha256);
  return (size_t)length;
}

static void sum_of(const uint8_t *body, size_t length, char out[2 * HASH_BYTES + 1]) {
  uint8_t digest[HASH_BYTES];
  sha256(body, length, digest);
  hex_text(digest, sizeof digest, out);
}

uint8_t *bundle_make(const struct note_signer *signer, const struct bundle *bundle, size_t *length) {
  char text[NOTE_TEXT_BYTES_MAX], line[NOTE_LINE_BYTES_MAX];
  struct bundle whole = *bundle;
  memcpy(whole.from, signer->verifier.name, sizeof whole.from);
  sum_of(bundle->body, bundle->bytes, whole.sha256);
  const size_t text_length = text_of(&whole, text), line_length = note_sign(signer, text, text_length, 0, line);
  uint8_t *file = line_length == 0 ? NULL : malloc(text_length + line_length + 2 + bundle->bytes);
  if (file == NULL) return NULL;
  *length = 0;
  const struct {
    const void *data;
    size_t length;
  } parts[] = {{text, text_length}, {"\n", 1}, {line, line_length}, {"\n", 1}, {bundle->body, bundle->bytes}};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    if (parts[i].length > 0) memcpy(file + *length, parts[i].data, parts[i].length);
    *length += parts[i].length;
  }
  return file;
}

/* Where the body begins: behind the second empty line.  0: there is none. */
static size_t find_body(const uint8_t *file, size_t length) {
  const size_t head = length < NOTE_BYTES_MAX ? length : NOTE_BYTES_MAX;
  const uint8_t *first = memmem(file, head, "\n\n", 2);
  if (first == NULL) return 0;
  const uint8_t *second = memmem(first + 2, head - (size_t)(first + 2 - file), "\n\n", 2);
  return second == NULL ? 0 : (size_t)(second + 2 - file);
}

/* Read, and written again it must be the same: one way to say a thing. */
static bool read_text(const struct note *note, struct bundle *out) {
  char text[NOTE_TEXT_BYTES_MAX + 1], again[NOTE_TEXT_BYTES_MAX];
  unsigned long long items, fates, bytes;
  if (note->text_length > NOTE_TEXT_BYTES_MAX) return false;
  memcpy(text, note->text, note->text_length);
  text[note->text_length] = '\0';
  if (sscanf(text, "rectify bundle 1\nfrom %100s\nitems %20llu\nfates %20llu\nbytes %20llu\nsha256 %64s\n", out->from, &items,
             &fates, &bytes, out->sha256) != 5)
    return false;
  out->items = items;
  out->fates = fates;
  out->bytes = bytes;
  return text_of(out, again) == note->text_length && memcmp(again, text, note->text_length) == 0;
}

const char *bundle_open(const uint8_t *file, size_t length, const struct note_verifier *from, struct bundle *out) {
  char sum[2 * HASH_BYTES + 1];
  struct note note;
  const size_t begin = find_body(file, length);
  if (begin == 0 || !note_parse((const char *)file, begin - 1, &note) || !read_text(&note, out)) return "it is not a bundle, or its beginning is cut short";
  if (!note_is_signed_by(&note, from, NULL)) return "it is not signed by that key, or was changed since";
  if (length - begin < out->bytes) return "it is cut short";
  if (length - begin > out->bytes) return "it is longer than what was signed";
  out->body = file + begin;
  sum_of(out->body, out->bytes, sum);
  return strcmp(sum, out->sha256) == 0 ? NULL : "what it carries was changed since it was signed";
}
