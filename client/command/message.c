/* message.c - words to people: complaints on stderr, words of the tables in the session's language. */
#include <stdarg.h>
#include <string.h>

#include "client/command/command.h"
#include "client/command/language.h"

static void say(const char *format, va_list list) __attribute__((format(printf, 1, 0)));
static void say(const char *format, va_list list) {
  (void)fputs("rectify: ", stderr);
  (void)vfprintf(stderr, _(format), list);
  (void)fputc('\n', stderr);
}

void complain(const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(format, list);
  va_end(list);
}

int complain_usage(const struct verb *verb, const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(format, list);
  va_end(list);
  if (verb == NULL) (void)fputs(_("`rectify --help` lists the commands\n"), stderr);
  else
    (void)fprintf(stderr, _("usage: rectify %s %s\n`rectify %s --help` tells more\n"), verb->name, verb->synopsis,
                  verb->name);
  return EXIT_USE;
}

const char *in_language(const struct session *session, const char *en, const char *zh) {
  return session->zh ? zh : en;
}

const char *say_word(const struct session *session, const struct word *table, uint32_t number) {
  if (number == 0) return "";
  return session->zh ? word_zh(table, number) : word_name(table, number);
}

uint32_t read_word(const struct word *table, const char *what, const char *text) {
  uint32_t number = word_number(table, text, strlen(text));
  if (number != 0) return number;
  const char *near = word_nearest(table, text, strlen(text));
  if (near != NULL) {
    complain("unknown %s '%s'; did you mean '%s'?", _(what), text, near);
    return 0;
  }
  (void)fprintf(stderr, _("rectify: unknown %s '%s'; known are:"), _(what), text);
  for (const struct word *word = table; word->name != NULL; word++) (void)fprintf(stderr, " %s", word->name);
  (void)fputc('\n', stderr);
  return 0;
}
