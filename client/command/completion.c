/* completion.c - `rectify completion bash` and the hidden `rectify __complete` that it calls. */
#include <string.h>

#include "client/command/command.h"
#include "client/command/verb.h"

static const char bash_script[] =
    "# bash completion for rectify: source <(rectify completion bash)\n"
    "_rectify() {\n"
    "  local line\n"
    "  COMPREPLY=()\n"
    "  while IFS= read -r line; do COMPREPLY+=(\"$line\"); done \\\n"
    "    < <(rectify __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "}\n"
    "complete -o default -F _rectify rectify\n";

int completion_run(struct session *session, struct arguments *arguments) {
  int code = arguments_plain(session, arguments, 1, 1);
  if (code != EXIT_FINE) return code;
  if (strcmp(arguments->argv[optind], "bash") != 0)
    return complain_usage(arguments->verb, "there is completion for bash only, not for '%s'", arguments->argv[optind]);
  (void)fputs(bash_script, stdout);
  return EXIT_FINE;
}

static void offer(const char *before, const char *candidate, const char *word) {
  if (strncmp(candidate, word, strlen(word)) == 0) (void)printf("%s%s\n", before, candidate);
}

static void offer_flags(const struct flag *flags, const char *word) {
  for (; flags->name != NULL; flags++)
    if (strncmp(word, "--", 2) == 0) offer("--", flags->name, word + 2);
    else if (word[0] == '-' && word[1] == '\0') (void)printf("--%s\n", flags->name);
}

/* The row of an option that takes a value, by "--name" or "-x". */
static const struct flag *flag_of(const struct flag *flags, const char *word) {
  for (; flags->name != NULL; flags++) {
    if (flags->argument == NULL) continue;
    if (strncmp(word, "--", 2) == 0 && strcmp(word + 2, flags->name) == 0) return flags;
    if (word[0] == '-' && word[1] == flags->letter && flags->letter != 0 && word[2] == '\0') return flags;
  }
  return NULL;
}

/* The first word of a name, or for two-word verbs the second after the first. */
static void offer_verbs(const char *first, const char *word) {
  const char *said = "";
  for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
    const char *space = strchr(verb->name, ' ');
    char head[32];
    if (verb->group == GROUP_HIDDEN) continue;
    size_t length = space == NULL ? strlen(verb->name) : (size_t)(space - verb->name);
    (void)snprintf(head, sizeof head, "%.*s", (int)length, verb->name);
    if (first != NULL && space != NULL && strcmp(head, first) == 0) offer("", space + 1, word);
    if (first == NULL && (strncmp(said, head, length) != 0 || said[length] != ' ' || space == NULL))
      offer("", head, word);
    said = verb->name;
  }
}

/* argv: the words after `rectify`, the last being completed (maybe empty). */
int complete_run(struct session *session, struct arguments *arguments) {
  (void)session;
  int count = arguments->argc - 1;
  char **words = arguments->argv + 1;
  const char *word = count > 0 ? words[count - 1] : "";
  const char *before = count > 1 ? words[count - 2] : NULL;
  int at = 0, taken = 0;
  while (at < count - 1 && words[at][0] == '-') at += flag_of(global_flags, words[at]) != NULL ? 2 : 1;
  if (at >= count - 1) {
    if (word[0] == '-') offer_flags(global_flags, word);
    else if (at == count - 1 || count == 0) offer_verbs(NULL, word);
    return EXIT_FINE;
  }
  const struct verb *verb = verb_find(words[at], at + 1 < count - 1 ? words[at + 1] : NULL, &taken);
  if (verb == NULL) {
    if (at + 1 == count - 1) offer_verbs(words[at], word);
    return EXIT_FINE;
  }
  const struct flag *flag = before == NULL ? NULL : flag_of(verb->flags, before);
  if (flag != NULL) {
    for (const struct word *known = flag->words; known != NULL && known->name != NULL; known++)
      offer("", known->name, word);
    return EXIT_FINE;
  }
  offer_flags(verb->flags, word);
  offer_flags(global_flags, word);
  return EXIT_FINE;
}
