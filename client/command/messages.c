/* messages.c - the hidden `rectify __messages`: what the tables of commands and options say, as a catalogue to be translated.
 *
 * scripts/po.sh joins it with what xgettext finds in the code. */
#include <string.h>

#include "client/command/language.h"
#include "client/command/verb.h"

static void print_message(const char *text) {
  if (text[0] == '\0') return;
  (void)fputs("msgid \"", stdout);
  for (; *text != '\0'; text++) {
    if (*text == '\n') (void)fputs("\\n", stdout);
    else if (*text == '"' || *text == '\\') (void)printf("\\%c", *text);
    else (void)fputc(*text, stdout);
  }
  (void)fputs("\"\nmsgstr \"\"\n\n", stdout);
}

static void print_words(const struct word *words) {
  for (; words != NULL && words->name != NULL; words++) print_message(words->text);
}

static void print_flags(const struct flag *flags) {
  for (; flags->name != NULL; flags++) {
    print_message(flags->help);
    print_words(flags->words);
  }
}

int messages_run(struct session *session, struct arguments *arguments) {
  int code = arguments_plain(session, arguments, 0, 0);
  if (code != EXIT_FINE) return code;
  (void)fputs("msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n\n", stdout);
  print_flags(global_flags);
  print_words(words_failure);
  for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
    if (verb->group == GROUP_HIDDEN) continue;
    print_message(verb->summary);
    print_message(verb->help);
    print_flags(verb->flags);
  }
  return EXIT_FINE;
}
