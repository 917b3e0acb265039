/* receipt.c - `receipt check`: needs no daemon, only the log's public key. */
#include <inttypes.h>
#include <stdlib.h>

#include "client/command/language.h"
#include "client/command/trust.h"
#include "client/command/verb.h"
#include "rectify/must.h"
#include "verify/receipt.h"

#define WITNESSES_MAX 16

enum { RECEIPT_KEY, RECEIPT_WITNESS };
const struct flag receipt_flags[] = {
    {"key", 'k', "KEY", "the log's public key: NAME+ID+BASE64, or a file that holds it", NULL},
    {"witness", 'w', "KEY", "a witness who must have cosigned the head: his public key; may be repeated", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

static void say_json(const struct receipt *receipt) {
  char when[INSTANT_TEXT_BYTES], leaf[2 * HASH_BYTES + 1], root[2 * HASH_BYTES + 1], key[UUID_TEXT_BYTES];
  char code[CHECKPOINT_CODE_BYTES];
  checkpoint_code(&receipt->head, code);
  const struct event *event = &receipt->event;
  instant_machine(event->recorded, when);
  hex_text(receipt->leaf.bytes, HASH_BYTES, leaf);
  hex_text(receipt->head.root.bytes, HASH_BYTES, root);
  uuid_text(event->key.bytes, key);
  (void)printf("{\"holds\":true,\"case_no\":%" PRIu64
               ",\"event_number\":%u,\"command\":\"%s\",\"rule\":%u,\"key\":\"%s\","
               "\"recorded\":\"%s\",\"log_index\":%" PRIu64 ",\"leaf\":\"%s\",\"log\":\"%s\",\"size\":%" PRIu64
               ",\"root\":\"%s\",\"code\":\"%s\",\"cosignatures\":%u}\n",
               event->case_no, event->version, word_name(words_command, event->command), event->rule, key, when,
               receipt->log_index, leaf, receipt->head.origin, receipt->head.size, root, code, receipt->cosignatures);
}

static void say(const struct session *session, const struct receipt *receipt) {
  char when[INSTANT_TEXT_BYTES], name[CASE_TEXT_BYTES] = "-", code[CHECKPOINT_CODE_BYTES];
  const struct event *event = &receipt->event;
  checkpoint_code(&receipt->head, code);
  instant_format(session, event->recorded, when);
  if (event->case_no != 0) case_text(event->case_no, name);
  (void)printf("%s %s %u: %s, %s %u (%s)\n", _("holds:"), name, event->version,
               say_word(session, words_command, event->command), _("rule"), event->rule,
               in_language(session, word_text(words_rule, event->rule), word_zh(words_rule, event->rule)));
  (void)printf("%s %s, %s %" PRIu64 ", %s %s, %s %" PRIu64 "\n", _("recorded"), when,
               _("record"), receipt->log_index, _("of the log"),
               receipt->head.origin, _("size"), receipt->head.size);
  (void)printf("%s %s", _("head"), code);
  if (receipt->cosignatures > 0)
    (void)printf(", %s %u", _("cosigned by"), receipt->cosignatures);
  (void)putchar('\n');
}

/* Prints what came of it; the exit code. */
static int check(const struct session *session, const char *path, const struct note_verifier *log,
                 const struct note_verifier *witnesses, uint32_t count) {
  static struct receipt receipt;
  size_t length;
  char *text = trust_file(path, RECEIPT_BYTES_MAX, &length);
  if (text == NULL) return EXIT_INPUT;
  enum receipt_verdict verdict = receipt_check(text, length, log, witnesses, count, &receipt);
  free(text);
  if (verdict != RECEIPT_HOLDS) {
    complain("%s: does not hold: %s", path, receipt_verdict_text(verdict));
    return EXIT_DIFFERENT;
  }
  if (session->format == FORMAT_JSON) say_json(&receipt);
  else say(session, &receipt);
  return EXIT_FINE;
}

int receipt_check_run(struct session *session, struct arguments *arguments) {
  static struct note_verifier log, witnesses[WITNESSES_MAX];
  uint32_t count = 0;
  bool has_key = false;
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code;
    if (option == RECEIPT_KEY && !(has_key = trust_public(optarg, &log))) return EXIT_INPUT;
    if (option != RECEIPT_WITNESS) continue;
    if (count == WITNESSES_MAX) return complain_usage(arguments->verb, "at most %d witnesses", WITNESSES_MAX);
    if (!trust_public(optarg, &witnesses[count++])) return EXIT_INPUT;
  }
  exit_code = arguments_words(arguments, 1, 1);
  if (exit_code != EXIT_FINE) return exit_code;
  if (!has_key) return complain_usage(arguments->verb, "--key: the log's public key is what a receipt is checked with");
  return check(session, arguments->argv[optind], &log, witnesses, count);
}
