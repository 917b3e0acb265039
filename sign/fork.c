/* fork.c - see fork.h. */
#include "sign/fork.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"

#define FIRST_LINE "rectify-fork/v1\n"

const char *fork_verdict_text(enum fork_verdict verdict) {
  switch (verdict) {
    case FORK_OK:
      return "the fork is on record";
    case FORK_UNREADABLE:
      return "not the signed record of a fork";
    case FORK_NOT_LAST:
      return "what it gives up is not the last head that was signed";
    case FORK_NAME:
      return "the new history does not have the next name of the log";
    case FORK_ALONE:
      return "two of the people have to sign it";
  }
  must(false);
  return "";
}

bool fork_next_origin(const struct note_signer *signer, const char *origin, char out[NOTE_NAME_BYTES_MAX + 1]) {
  const size_t length = strlen(signer->verifier.name);
  must(strncmp(origin, signer->verifier.name, length) == 0);
  unsigned long number = origin[length] == '/' ? strtoul(origin + length + 1, NULL, 10) : 1;
  return snprintf(out, NOTE_NAME_BYTES_MAX + 1, "%s/%lu", signer->verifier.name, number + 1) <= NOTE_NAME_BYTES_MAX;
}

/* ---- the text ---- */

static bool reason_ok(const char *reason) {
  const size_t length = strnlen(reason, FORK_REASON_BYTES_MAX + 1);
  if (length == 0 || length > FORK_REASON_BYTES_MAX) return false;
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)reason[i] < ' ' || reason[i] == 0x7f) return false;
  return true;
}

size_t fork_format(const struct fork_record *record, char out[NOTE_TEXT_BYTES_MAX]) {
  char old_root[64], new_root[64];
  if (!reason_ok(record->reason)) return 0;
  base64_encode(record->gives_up.root.bytes, HASH_BYTES, old_root);
  base64_encode(record->goes_on.root.bytes, HASH_BYTES, new_root);
  int length = snprintf(out, NOTE_TEXT_BYTES_MAX,
                        FIRST_LINE "gives-up %s %" PRIu64 " %s\ngoes-on %s %" PRIu64 " %s\nreason %s\n",
                        record->gives_up.origin, record->gives_up.size, old_root, record->goes_on.origin,
                        record->goes_on.size, new_root, record->reason);
  must(length > 0 && length < NOTE_TEXT_BYTES_MAX);
  return (size_t)length;
}

/* "word origin size root" as a checkpoint. */
static bool parse_head(const char *line, const char *word, struct checkpoint *out) {
  char origin[NOTE_NAME_BYTES_MAX + 1], size[24], root[64], text[NOTE_TEXT_BYTES_MAX];
  const size_t skip = strlen(word);
  if (strncmp(line, word, skip) != 0) return false;
  if (sscanf(line + skip, "%100s %23s %63s", origin, size, root) != 3) return false;
  int length = snprintf(text, sizeof text, "%s\n%s\n%s\n", origin, size, root);
  return length > 0 && checkpoint_parse(text, (size_t)length, out);
}

bool fork_parse(const char *text, size_t length, struct fork_record *out) {
  char copy[NOTE_TEXT_BYTES_MAX + 1], again[NOTE_TEXT_BYTES_MAX], *lines[3], *at = copy;
  memset(out, 0, sizeof *out);
  if (length > NOTE_TEXT_BYTES_MAX || length < sizeof FIRST_LINE || memchr(text, '\0', length) != NULL) return false;
  memcpy(copy, text, length);
  copy[length] = '\0';
  if (strncmp(at, FIRST_LINE, sizeof FIRST_LINE - 1) != 0) return false;
  at += sizeof FIRST_LINE - 1;
  for (int i = 0; i < 3; i++) {
    lines[i] = at;
    char *newline = strchr(at, '\n');
    if (newline == NULL) return false;
    *newline = '\0';
    at = newline + 1;
  }
  if (!parse_head(lines[0], "gives-up ", &out->gives_up) || !parse_head(lines[1], "goes-on ", &out->goes_on))
    return false;
  if (strncmp(lines[2], "reason ", 7) != 0 || strlen(lines[2] + 7) > FORK_REASON_BYTES_MAX) return false;
  strcpy(out->reason, lines[2] + 7);
  return fork_format(out, again) == length && memcmp(again, text, length) == 0; /* there is one way to write it */
}

/* ---- the people ---- */

static bool is_new(const struct note_verifier *people, uint32_t count, const struct note_verifier *one) {
  for (uint32_t i = 0; i < count; i++) {
    if (strcmp(people[i].name, one->name) == 0) return false;
    if (memcmp(people[i].public_key, one->public_key, NOTE_KEY_BYTES) == 0) return false;
  }
  return true;
}

bool fork_people_parse(const char *text, size_t length, struct note_verifier out[FORK_PEOPLE_MAX], uint32_t *count) {
  *count = 0;
  while (length > 0) {
    const char *newline = memchr(text, '\n', length);
    const size_t line = newline == NULL ? length : (size_t)(newline - text), used = newline == NULL ? line : line + 1;
    if (line > 0 && text[0] != '#') {
      if (*count == FORK_PEOPLE_MAX || !note_verifier_parse(text, line, &out[*count])) return false;
      if (out[*count].algorithm != NOTE_ED25519 || !is_new(out, *count, &out[*count])) return false;
      ++*count;
    }
    text += used;
    length -= used;
  }
  return true;
}

static uint32_t signers(const struct note *note, const struct note_verifier *people, uint32_t people_count) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < people_count; i++) count += note_is_signed_by(note, &people[i], NULL);
  return count;
}

enum fork_verdict fork_judge(const struct note_signer *signer, const struct signer_state *state, const char *bytes,
                             size_t length, const struct note_verifier *people, uint32_t people_count,
                             struct signer_state *next) {
  struct note note;
  struct fork_record record;
  char origin[NOTE_NAME_BYTES_MAX + 1];
  if (!note_parse(bytes, length, &note) || !fork_parse(note.text, note.text_length, &record)) return FORK_UNREADABLE;
  const struct checkpoint *last = &state->last;
  if (strcmp(record.gives_up.origin, last->origin) != 0 || record.gives_up.size != last->size ||
      memcmp(&record.gives_up.root, &last->root, sizeof last->root) != 0)
    return FORK_NOT_LAST;
  if (!fork_next_origin(signer, last->origin, origin) || strcmp(record.goes_on.origin, origin) != 0) return FORK_NAME;
  if (signers(&note, people, people_count) < FORK_SIGNERS_LEAST) return FORK_ALONE;
  return signer_sign_head(signer, &record.goes_on, next) ? FORK_OK : FORK_UNREADABLE;
}
