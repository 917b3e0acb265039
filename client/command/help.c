/* help.c - `rectify --help`, `rectify VERB --help`, and finding verbs by name: all from the verb table. */
#include <string.h>

#include "client/command/command.h"

#define VERBS_MAX 64
#define FLAG_WIDTH 26

static const char program_head[] =
    "rectify - findings, and what becomes of them\n"
    "\n"
    "usage: rectify [OPTION...] COMMAND [ARGUMENT...]\n"
    "       rectify               on a terminal: your inbox\n";

static const char program_tail[] =
    "\n"
    "Who acts: until clients have identities the request itself names the actor.  Say --as OFFICER or set "
    "RECTIFY_ACTOR;\n"
    "the daemon believes it, and only the permissions of its socket keep others out.\n"
    "\n"
    "Environment: RECTIFY_ENDPOINT, RECTIFY_ACTOR, RECTIFY_LANG (zh or en; else LANG), NO_COLOR, VISUAL and EDITOR, "
    "TZ.\n"
    "Without RECTIFY_ENDPOINT: ~/.local/state/rectify/rectifyd.sock if it exists, else "
    "/var/lib/rectify/rectifyd.sock.\n"
    "\n"
    "Exit codes: 0 done; 1 refused by the daemon, or some rows were; 2 something was tampered with; 64 wrong command "
    "line;\n"
    "65 input file unusable; 69 no answer, the outcome is unknown (running it again is safe where ids are kept: submit "
    "of\n"
    "files, commands with --id); 71 system trouble; 76 the answer was not one; 78 a document (policy, calendar, "
    "registry,\n"
    "mapping) has errors.\n"
    "\n"
    "`rectify COMMAND --help` explains one command, with examples.\n";

const char *group_title(enum group group) {
  switch (group) {
    case GROUP_REPORT:
      return "Report";
    case GROUP_ACT:
      return "Act on cases";
    case GROUP_SEE:
      return "See";
    case GROUP_DATES:
      return "Dates and the clock";
    case GROUP_ADMINISTER:
      return "Administer and check";
    case GROUP_TRUST:
      return "Prove";
    case GROUP_HELP:
      return "Help";
    case GROUP_HIDDEN:
      break;
  }
  return "";
}

static void print_flag(FILE *out, const struct flag *flag) {
  char left[64];
  int length = snprintf(left, sizeof left, flag->letter != 0 ? "-%c, --" : "    --", flag->letter);
  (void)snprintf(left + length, sizeof left - (size_t)length, "%s%s%s", flag->name, flag->argument != NULL ? " " : "",
                 flag->argument != NULL ? flag->argument : "");
  (void)fprintf(out, "  %-*s  %s\n", FLAG_WIDTH, left, flag->help);
}

static void print_flags(FILE *out, const char *title, const struct flag *flags) {
  if (flags[0].name == NULL) return;
  (void)fprintf(out, "\n%s:\n", title);
  for (; flags->name != NULL; flags++) print_flag(out, flags);
}

void help_program(FILE *out) {
  (void)fputs(program_head, out);
  for (enum group group = GROUP_REPORT; group < GROUP_HIDDEN; group++) {
    (void)fprintf(out, "\n%s:\n", group_title(group));
    for (const struct verb *verb = verbs; verb->name != NULL; verb++)
      if (verb->group == group) (void)fprintf(out, "  %-17s %s\n", verb->name, verb->summary);
  }
  print_flags(out, "Options, before or after the command", global_flags);
  (void)fputs(program_tail, out);
}

static void print_words(FILE *out, const struct flag *flag) {
  if (flag->words == NULL) return;
  (void)fprintf(out, "\n--%s %s:\n", flag->name, flag->argument);
  for (const struct word *word = flag->words; word->name != NULL; word++)
    (void)fprintf(out, "  %-22s  %s %s\n", word->name, word->zh, word->text);
}

void help_verb(FILE *out, const struct verb *verb) {
  (void)fprintf(out, "rectify %s - %s\n\nusage: rectify %s %s\n\n%s", verb->name, verb->summary, verb->name,
                verb->synopsis, verb->help);
  print_flags(out, "Options", verb->flags);
  for (const struct flag *flag = verb->flags; flag->name != NULL; flag++) print_words(out, flag);
  (void)fputs("\nThe options of `rectify --help` (--as, --json, --csv, --zh, --endpoint, ...) work here too.\n", out);
}

/* Whether `verb` is called by the words, and by how many of them. */
static int called(const struct verb *verb, const char *first, const char *second) {
  size_t length = strlen(first);
  if (strncmp(verb->name, first, length) != 0) return 0;
  if (verb->name[length] == '\0') return 1;
  if (second == NULL || verb->name[length] != ' ') return 0;
  return strcmp(verb->name + length + 1, second) == 0 ? 2 : 0;
}

const struct verb *verb_find(const char *first, const char *second, int *words) {
  for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
    int count = called(verb, first, second);
    if (count == 0) continue;
    *words = count;
    return verb;
  }
  return NULL;
}

const char *verb_nearest(const char *name) {
  struct word table[VERBS_MAX + 1];
  size_t count = 0;
  for (const struct verb *verb = verbs; verb->name != NULL && count < VERBS_MAX; verb++)
    if (verb->group != GROUP_HIDDEN)
      table[count++] = (struct word){.number = 1, .name = verb->name, .zh = "", .text = ""};
  table[count] = (struct word){0, NULL, NULL, NULL};
  const char *near = word_nearest(table, name, strlen(name));
  if (near != NULL) return near;
  size_t length = strlen(name); /* "registry" alone */
  for (const struct verb *verb = verbs; verb->name != NULL; verb++)
    if (strncmp(verb->name, name, length) == 0 && verb->group != GROUP_HIDDEN) return verb->name;
  return NULL;
}
