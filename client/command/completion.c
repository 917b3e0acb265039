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

/* Whether a row before `verb` begins with the same word. */
static bool offered(const struct verb *verb, size_t length) {
  for (const struct verb *before = verbs; before < verb; before++)
    if (before->group != GROUP_HIDDEN && strncmp(before->name, verb->name, length) == 0 &&
        (before->name[length] == ' ' || before->name[length] == '\0'))
      return true;
  return false;
}

/* The first words of names, or for verbs of two words the second after the first.  `acts`: commands on cases only. */
static void offer_verbs(const char *first, const char *word, bool acts) {
  for (const struct verb *verb = verbs; verb->name != NULL; verb++) {
    const char *space = strchr(verb->name, ' ');
    char head[32];
    if (verb->group == GROUP_HIDDEN || (acts && verb->run != act_run)) continue;
    size_t length = space == NULL ? strlen(verb->name) : (size_t)(space - verb->name);
    (void)snprintf(head, sizeof head, "%.*s", (int)length, verb->name);
    if (first != NULL && space != NULL && strcmp(head, first) == 0) offer("", space + 1, word);
    if (first == NULL && !offered(verb, length)) offer("", head, word);
  }
}

static void offer_words(const struct word *known, const char *word) {
  for (; known != NULL && known->name != NULL; known++) offer("", known->name, word);
}

/* The place of the verb among words[at..count): options and their values are passed over; count when there is none. */
static int find_word(char **words, int at, int count, const struct flag *own) {
  while (at < count && words[at][0] == '-')
    at += flag_of(global_flags, words[at]) != NULL || (own != NULL && flag_of(own, words[at]) != NULL) ? 2 : 1;
  return at < count ? at : count;
}

/* Completes words[last] within the verb that words[at] names; `acts`: after `bulk`. */
static void complete_at(char **words, int at, int last, bool acts);

/* The words that are no options: verbs to be helped with or done in bulk, kinds of documents. */
static void offer_arguments(const struct verb *verb, char **words, int at, int last) {
  static const struct word kinds[] = {
      {1, "policy", "", ""}, {2, "calendar", "", ""}, {3, "registry", "", ""}, {0, NULL, NULL, NULL}};
  if (verb->run == help_run) offer_verbs(last > at ? words[at] : NULL, words[last], false);
  if (verb->run == documents_run && last == at) offer_words(kinds, words[last]);
  if (verb->run == completion_run && last == at) offer("", "bash", words[last]);
}

static void complete_verb(const struct verb *verb, char **words, int at, int last) {
  const struct flag *flag = last > at ? flag_of(verb->flags, words[last - 1]) : NULL;
  if (flag != NULL) {
    offer_words(flag->words, words[last]);
    return;
  }
  if (verb->run == bulk_run) {
    int inner = find_word(words, at, last, verb->flags);
    if (inner < last || words[last][0] != '-') {
      complete_at(words, inner, last, true);
      return;
    }
  }
  if (words[last][0] != '-') offer_arguments(verb, words, at, last);
  offer_flags(verb->flags, words[last]);
  offer_flags(global_flags, words[last]);
}

static void complete_at(char **words, int at, int last, bool acts) {
  int taken = 0;
  if (at >= last) {
    offer_verbs(NULL, words[last], acts);
    return;
  }
  const struct verb *verb = verb_find(words[at], at + 1 < last ? words[at + 1] : NULL, &taken);
  if (at + 1 == last) offer_verbs(words[at], words[last], acts);
  if (verb != NULL && (!acts || verb->run == act_run)) complete_verb(verb, words, at + taken, last);
}

/* argv: the words after `rectify`, the last being completed (maybe empty). */
int complete_run(struct session *session, struct arguments *arguments) {
  static char empty[] = "";
  static char *nothing[] = {empty, NULL};
  (void)session;
  int count = arguments->argc - 1;
  char **words = count > 0 ? arguments->argv + 1 : nothing;
  int last = count > 0 ? count - 1 : 0;
  int at = find_word(words, 0, last, NULL);
  const struct flag *flag = at >= last && last > 0 ? flag_of(global_flags, words[last - 1]) : NULL;
  if (flag != NULL) offer_words(flag->words, words[last]);
  else if (at >= last && words[last][0] == '-') offer_flags(global_flags, words[last]);
  else complete_at(words, at, last, false);
  return EXIT_FINE;
}
