/* key.c - `key new`, `key public`, `key sign`: key pairs in files that only their owner may read.
 *
 * A key for signed notes is one line, as other tools for them write it; one to connect with is CURVE's (sign/curve.h). */
#include <stdlib.h>
#include <string.h>

#include "client/command/trust.h"
#include "client/command/verb.h"
#include "rectify/must.h"
#include "sign/curve.h"

enum { KEY_FOR, KEY_NAME };
const struct flag key_new_flags[] = {
    {"for", 0, "USE", "client (to connect, the daemon itself too; the default), log, person (to sign forks and findings) or witness", NULL},
    {"name", 0, "NAME", "whose: an officer's code, the name of a log or a witness", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct {
  const char *use;
  uint8_t algorithm; /* 0: CURVE */
} uses[] = {{"client", 0}, {"log", NOTE_ED25519}, {"person", NOTE_ED25519}, {"witness", NOTE_COSIGNATURE}};

static int keep(const char *path, char *text, const char *public_text) {
  char error[SECRET_ERROR_BYTES];
  bool kept = secret_write(path, text, strlen(text), error, sizeof error);
  explicit_bzero(text, strlen(text));
  if (!kept) {
    complain("%s", error);
    return EXIT_INPUT;
  }
  (void)puts(public_text);
  return EXIT_FINE;
}

static int new_curve(const char *path) {
  struct curve_pair pair;
  char line[CURVE_LINE_BYTES], shown[CURVE_TEXT_BYTES];
  if (!curve_new(&pair)) return complain("the system gives no random numbers"), EXIT_SYSTEM;
  curve_line(&pair, line);
  curve_text(pair.public_key, shown);
  curve_wipe(&pair, sizeof pair);
  return keep(path, line, shown);
}

static int new_note(const char *name, uint8_t algorithm, const char *path) {
  struct note_signer signer;
  char text[NOTE_KEY_TEXT_BYTES_MAX + 1], shown[NOTE_KEY_TEXT_BYTES_MAX];
  if (!note_signer_new(name, algorithm, &signer))
    return complain("a name has 1 to %d printable characters, no spaces and no plus", NOTE_NAME_BYTES_MAX), EXIT_USE;
  note_signer_format(&signer, text);
  (void)strcat(text, "\n");
  note_verifier_format(&signer.verifier, shown);
  note_signer_wipe(&signer);
  return keep(path, text, shown);
}

int key_new_run(struct session *session, struct arguments *arguments) {
  const char *use = "client", *name = NULL;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code;
    if (option == KEY_FOR) use = optarg;
    if (option == KEY_NAME) name = optarg;
  }
  exit_code = arguments_words(arguments, 1, 1);
  if (exit_code != EXIT_FINE) return exit_code;
  if (name == NULL && strcmp(use, "client") != 0) return complain_usage(arguments->verb, "--name says whose key it is");
  (void)secret_guard_memory();
  for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
    if (strcmp(uses[i].use, use) != 0) continue;
    const char *path = arguments->argv[optind];
    return uses[i].algorithm == 0 ? new_curve(path) : new_note(name, uses[i].algorithm, path);
  }
  return complain_usage(arguments->verb, "--for is client, log, person or witness, not '%s'", use);
}

/* ---- public ---- */

static bool public_of_curve(const char *line, size_t length, char *out) {
  struct curve_pair pair;
  bool fine = curve_of_line(line, length, &pair);
  if (fine) curve_text(pair.public_key, out);
  curve_wipe(&pair, sizeof pair);
  return fine;
}

static bool public_of_note(const char *text, size_t length, char *out) {
  struct note_signer signer;
  if (length > 0 && text[length - 1] == '\n') length--;
  if (!note_signer_parse(text, length, &signer)) return false;
  note_verifier_format(&signer.verifier, out);
  note_signer_wipe(&signer);
  return true;
}

int key_public_run(struct session *session, struct arguments *arguments) {
  char text[NOTE_KEY_TEXT_BYTES_MAX + 1], shown[NOTE_KEY_TEXT_BYTES_MAX], error[SECRET_ERROR_BYTES];
  size_t length;
  int code = arguments_plain(session, arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  (void)secret_guard_memory();
  if (!secret_read(arguments->argv[optind], text, sizeof text - 1, &length, error, sizeof error)) {
    complain("%s", error);
    return EXIT_INPUT;
  }
  text[length] = '\0';
  bool fine = public_of_note(text, length, shown) || public_of_curve(text, length, shown);
  explicit_bzero(text, sizeof text);
  if (fine) (void)puts(shown);
  else complain("'%s' does not hold a secret key", arguments->argv[optind]);
  return fine ? EXIT_FINE : EXIT_INPUT;
}

/* ---- sign ---- */

/* The text of a note that has signatures, or the whole when it has none yet. */
static bool add_signature(const struct note_signer *signer, const char *bytes, size_t length) {
  char line[NOTE_LINE_BYTES_MAX];
  struct note note;
  bool has_some = note_parse(bytes, length, &note);
  size_t text_length = has_some ? note.text_length : length;
  if (text_length == 0 || text_length > NOTE_TEXT_BYTES_MAX || bytes[text_length - 1] != '\n') return false;
  if (!has_some && memmem(bytes, length, "\n\n", 2) != NULL) return false;
  size_t line_length = note_sign(signer, bytes, text_length, 0, line);
  if (line_length == 0) return false;
  (void)fwrite(bytes, 1, length, stdout);
  if (!has_some) (void)putchar('\n');
  (void)fwrite(line, 1, line_length, stdout);
  return true;
}

int key_sign_run(struct session *session, struct arguments *arguments) {
  struct note_signer signer;
  size_t length;
  int code = arguments_plain(session, arguments, 1, 2);
  if (code != EXIT_FINE) return code;
  const char *from = arguments->argc - optind == 2 ? arguments->argv[optind + 1] : "-";
  if (!trust_secret(arguments->argv[optind], &signer)) return EXIT_INPUT;
  char *bytes = signer.verifier.algorithm == NOTE_ED25519 ? trust_file(from, NOTE_BYTES_MAX, &length) : NULL;
  code = EXIT_INPUT;
  if (signer.verifier.algorithm != NOTE_ED25519) complain("a witness's key cosigns heads only: `rectify witness`");
  else if (bytes != NULL && add_signature(&signer, bytes, length)) code = EXIT_FINE;
  else if (bytes != NULL)
    complain(
        "what is to be signed is a note, or a text of at most %d bytes that ends with a newline and has no empty line",
        NOTE_TEXT_BYTES_MAX);
  note_signer_wipe(&signer);
  free(bytes);
  return code;
}
