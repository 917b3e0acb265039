/* main.c - `rectify`: finds the verb, sets the session up, runs one subcommand. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/keep.h"
#include "client/command/language.h"
#include "client/command/verb.h"

#define TIMEOUT_MSEC 10000

/* The first of RECTIFY_LANG, LC_ALL, LC_MESSAGES, LANG that says something decides. */
static bool chinese(void) {
  static const char *const names[] = {"RECTIFY_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    const char *value = getenv(names[i]);
    if (value != NULL && value[0] != '\0') return strncmp(value, "zh", 2) == 0;
  }
  return false;
}

static void session_defaults(struct session *session) {
  const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
  memset(session, 0, sizeof *session);
  endpoint_default(session->endpoint);
  session->actor = getenv("RECTIFY_ACTOR");
  session->key_file = getenv("RECTIFY_KEY");
  session->server = getenv("RECTIFY_SERVER");
  session->log_key = getenv("RECTIFY_LOG");
  session->timeout_msec = TIMEOUT_MSEC;
  session->zh = chinese();
  language_choose(session->zh);
  session->colour = isatty(STDOUT_FILENO) == 1 && (no_colour == NULL || no_colour[0] == '\0') &&
                    (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

/* Reads the global options before the verb; the index of the first word that is none, 0 to stop with *exit_code. */
static int read_globals(struct session *session, int argc, char **argv, int *exit_code) {
  static const char version_name[] = "version";
  struct option longs[FLAGS_MAX];
  int count = 0;
  for (; global_flags[count].name != NULL; count++)
    longs[count] = (struct option){global_flags[count].name, global_flags[count].argument != NULL, NULL, 256 + count};
  longs[count] = (struct option){"help", no_argument, NULL, 'h'};
  longs[count + 1] = (struct option){version_name, no_argument, NULL, 'V'};
  longs[count + 2] = (struct option){NULL, 0, NULL, 0};
  opterr = 0;
  for (int got; (got = getopt_long(argc, argv, "+:hV", longs, NULL)) != -1;) {
    *exit_code = EXIT_FINE;
    if (got == 'h') help_program(stdout, session->zh);
    else if (got == 'V') (void)puts("rectify " RECTIFY_VERSION);
    else if (got == ':') *exit_code = complain_usage(NULL, "option '%s' wants a value", argv[optind - 1]);
    else if (got < 256) *exit_code = complain_usage(NULL, "unknown option '%s'", argv[optind - 1]);
    else if (global_apply(session, (uint32_t)(got - 256), optarg)) continue;
    else *exit_code = EXIT_USE;
    return 0;
  }
  return optind;
}

/* Runs the verb named by words[0] (and words[1]). */
static int run(struct session *session, int count, char **words) {
  struct arguments arguments;
  int taken = 1;
  const struct verb *verb = verb_find(words[0], count > 1 ? words[1] : NULL, &taken);
  if (verb == NULL) return verb_unknown(session, words[0], count > 1 && verb_has_family(words[0]) ? words[1] : NULL);
  arguments_init(&arguments, verb, count - taken + 1, words + taken - 1);
  return verb->run(session, &arguments);
}

static int inbox_or_help(struct session *session) {
  static char name[] = "inbox";
  char *words[] = {name, NULL};
  if (isatty(STDOUT_FILENO) == 1 && session->actor != NULL) return run(session, 1, words);
  help_program(isatty(STDOUT_FILENO) == 1 ? stdout : stderr, session->zh);
  return isatty(STDOUT_FILENO) == 1 ? EXIT_FINE : EXIT_USE;
}

int main(int argc, char **argv) {
  struct session session;
  int exit_code = EXIT_FINE;
  language_open();
  session_defaults(&session);
  int first = read_globals(&session, argc, argv, &exit_code);
  if (first > 0) exit_code = first < argc ? run(&session, argc - first, argv + first) : inbox_or_help(&session);
  session_flush(&session);
  session_close(&session);
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    complain("cannot write the output: %m");
    if (exit_code == EXIT_FINE) exit_code = EXIT_SYSTEM;
  }
  return exit_code < 0 ? EXIT_FINE : exit_code;
}
