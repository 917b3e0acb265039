/* fuzz_note.c - hostile notes, keys, fork records, requests to signer and witness.  The first byte chooses the reader.
 * Whatever is taken apart is put together again as the same bytes; nothing is signed by a key that nobody has.
 *
 * `make test` replays corpus/note through it; `make fuzz` searches. */
#include <stdlib.h>
#include <string.h>

#include "rectify/must.h"
#include "sign/fork.h"
#include "sign/witness.h"
#include "tests/fuzz/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct note_verifier log_key;

static void try_note(const uint8_t *data, size_t size) {
  struct note note;
  struct checkpoint head;
  char text[NOTE_TEXT_BYTES_MAX];
  if (!note_parse((const char *)data, size, &note)) return;
  must(note.count > 0 && note.count <= NOTE_SIGNATURES_MAX && note.text_length < size);
  bool is_head = checkpoint_parse(note.text, note.text_length, &head);
  if (is_head) {
    size_t length = checkpoint_format(&head, text); /* other lines may follow */
    must(length <= note.text_length && memcmp(text, note.text, length) == 0);
  }
  if (!note_is_signed_by(&note, &log_key, NULL)) return;
  must(is_head && (head.size == 10 || head.size == 15 || head.size == 16 || head.size == 20 || head.size == 30));
}

static void try_public(const uint8_t *data, size_t size) {
  struct note_verifier verifier;
  char text[NOTE_KEY_TEXT_BYTES_MAX];
  if (!note_verifier_parse((const char *)data, size, &verifier)) return;
  note_verifier_format(&verifier, text);
  must(strlen(text) == size && strncasecmp(text, (const char *)data, size) == 0);
}

static void try_secret(const uint8_t *data, size_t size) {
  struct note_signer signer;
  char text[NOTE_KEY_TEXT_BYTES_MAX], line[NOTE_LINE_BYTES_MAX];
  if (!note_signer_parse((const char *)data, size, &signer)) return;
  note_signer_format(&signer, text);
  must(strlen(text) == size);
  must(note_sign(&signer, "text\n", 5, 1, line) > 0);
}

static void try_fork(const uint8_t *data, size_t size) {
  struct fork_record record;
  char text[NOTE_TEXT_BYTES_MAX];
  struct note_verifier people[FORK_PEOPLE_MAX];
  uint32_t count;
  if (fork_parse((const char *)data, size, &record))
    must(fork_format(&record, text) == size && memcmp(text, data, size) == 0);
  if (fork_people_parse((const char *)data, size, people, &count)) must(count <= FORK_PEOPLE_MAX);
}

static void try_witness(const uint8_t *data, size_t size) {
  static char text[WITNESS_REQUEST_BYTES_MAX];
  struct witness_request request;
  struct checkpoint known = {.size = 10}, head;
  if (!witness_request_parse((const char *)data, size, &request)) return;
  must(witness_request_format(&request, text) == size && memcmp(text, data, size) == 0);
  must(witness_judge(&log_key, log_key.name, &known, &request, &head) !=
       WITNESS_OK); /* the head of size 10 is not all zeros */
}

static void try_signer(const uint8_t *data, size_t size) {
  static struct signer_request request;
  static struct signer_reply reply;
  static uint8_t bytes[SIGNER_REQUEST_BYTES_MAX + SIGNER_REPLY_BYTES_MAX];
  if (signer_request_unpack(data, size, &request))
    must(signer_request_pack(&request, bytes) == size && memcmp(bytes, data, size) == 0);
  if (signer_reply_unpack(data, size, &reply))
    must(signer_reply_pack(&reply, bytes) == size && memcmp(bytes, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const readers[])(const uint8_t *, size_t) = {try_note, try_public,  try_secret,
                                                             try_fork, try_witness, try_signer};
  if (size == 0) return 0;
  if (log_key.name[0] == '\0') must(note_verifier_parse(FUZZ_LOG, sizeof FUZZ_LOG - 1, &log_key));
  uint8_t *exact = malloc(size); /* its own block, so that reading on is seen */
  must(exact != NULL);
  memcpy(exact, data + 1, size - 1);
  readers[data[0] % 6](exact, size - 1);
  free(exact);
  return 0;
}
