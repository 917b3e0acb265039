/* manual.c - the hidden `rectify __manual`: the manual page rectify(1) in the language of scdoc, from the table of verbs.
 *
 * `make docs` writes docs/man/rectify.1.scd with it; tests/flow/command.t fails when that file has drifted.  What --help
 * prints stands in literal blocks, so that the page and the program say the same, letter by letter. */
#include "client/command/language.h"
#include "client/command/verb.h"

#define MANUAL_WIDTH 72

static const char head[] =
    "rectify(1)\n\n"
    "# NAME\n\n"
    "rectify - findings, and what becomes of them\n\n"
    "# SYNOPSIS\n\n"
    "*rectify* [_OPTION_...] _COMMAND_ [_ARGUMENT_...]\n\n"
    "# DESCRIPTION\n\n"
    "*rectify* is the command of inspectors, units, the rectification office, verifiers, the accountability body, auditors\n"
    "and administrators.  It asks *rectifyd* over its socket.  Data goes to the standard output, words to the standard\n"
    "error.  With --json and --csv the output is for programs: identifiers in English, times in UTC, stable names.\n\n"
    "Which command is possible in which status, and who may give it, is listed in _LIFECYCLE.md_; the protocol is described\n"
    "in _PROTOCOL.md_; policies are explained in *rectify-policy*(5).\n\n";

static const char tail[] =
    "# SEE ALSO\n\n"
    "*rectify-policy*(5)\n";

static void print_block_begin(void) { (void)fputs("```\n", stdout); }
static void print_block_end(void) { (void)fputs("```\n\n", stdout); }

int manual_run(struct session *session, struct arguments *arguments) {
  int code = arguments_plain(session, arguments, 0, 0);
  if (code != EXIT_FINE) return code;
  language_choose(false);
  (void)fputs(head, stdout);
  (void)fputs("# COMMANDS\n\n", stdout);
  print_block_begin();
  help_program(stdout, false);
  print_block_end();
  for (enum group group = GROUP_REPORT; group < GROUP_HIDDEN; group++) {
    (void)printf("# %s\n\n", group_title(group, false));
    for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
      if (verb->group != group) continue;
      (void)printf("## rectify %s\n\n", verb->name);
      print_block_begin();
      help_verb(stdout, verb, MANUAL_WIDTH);
      print_block_end();
    }
  }
  (void)fputs(tail, stdout);
  return EXIT_FINE;
}
