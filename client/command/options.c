/* options.c - getopt_long from the tables: the verb's options and the global ones, anywhere after the verb. */
#include <stdlib.h>
#include <string.h>

#include "client/command/command.h"
#include "client/command/language.h"
#include "client/command/wrap.h"
#include "rectify/must.h"

#define TIMEOUT_SECONDS_MAX 86400
enum { VALUE_VERB = 1000, VALUE_GLOBAL = 2000, VALUE_HELP = 3000 };

enum {
  GLOBAL_ENDPOINT,
  GLOBAL_AS,
  GLOBAL_KEY,
  GLOBAL_SERVER,
  GLOBAL_LOG,
  GLOBAL_TIMEOUT,
  GLOBAL_OFFLINE,
  GLOBAL_JSON,
  GLOBAL_CSV,
  GLOBAL_ZH,
  GLOBAL_EN,
  GLOBAL_UTC,
  GLOBAL_NO_COLOR
};
const struct flag global_flags[] = {
    {"endpoint", 0, "ADDRESS", "where rectifyd listens: ipc:///path/rectifyd.sock or tcp://HOST:PORT; after a comma the next, for when it is silent", NULL},
    {"as", 0, "OFFICER", "who acts: the code of an officer", NULL},
    {"key", 0, "FILE", "one's own key, for TCP (~/.config/rectify/key)", NULL},
    {"server", 0, "KEY", "the daemon's public key, for TCP (first line of ~/.config/rectify/server)", NULL},
    {"log", 0, "KEY", "the log's public key: what does not prove itself by it is not received (first line of ~/.config/rectify/log)", NULL},
    {"timeout", 0, "SECONDS", "how long to wait for an answer (10)", NULL},
    {"offline", 0, NULL, "try no daemon: save findings and commands here, to be sent later (`spool send`)", NULL},
    {"json", 0, NULL, "print JSON lines, one object a row", NULL},
    {"csv", 0, NULL, "print CSV (RFC 4180), safe against formula injection", NULL},
    {"zh", 0, NULL, "words and headers in Chinese", NULL},
    {"en", 0, NULL, "words and headers in English", NULL},
    {"utc", 0, NULL, "read and print times in UTC instead of the local time zone", NULL},
    {"no-color", 0, NULL, "no colours", NULL},
    {NULL, 0, NULL, NULL, NULL},
};

bool global_apply(struct session *session, uint32_t index, const char *value) {
  int64_t seconds;
  switch (index) {
    case GLOBAL_ENDPOINT:
      (void)snprintf(session->endpoint, sizeof session->endpoint, "%s", value);
      return true;
    case GLOBAL_AS:
      session->actor = value;
      return true;
    case GLOBAL_KEY:
      session->key_file = value;
      return true;
    case GLOBAL_SERVER:
      session->server = value;
      return true;
    case GLOBAL_LOG:
      session->log_key = value;
      return true;
    case GLOBAL_TIMEOUT:
      if (!number_read(value, 1, TIMEOUT_SECONDS_MAX, &seconds)) {
        complain("--timeout wants a number of seconds, 1 to %d, not '%s'", TIMEOUT_SECONDS_MAX, value);
        return false;
      }
      session->timeout_msec = (int)seconds * 1000;
      return true;
    case GLOBAL_OFFLINE:
      session->offline = true;
      return true;
    case GLOBAL_JSON:
      session->format = FORMAT_JSON;
      return true;
    case GLOBAL_CSV:
      session->format = FORMAT_CSV;
      return true;
    case GLOBAL_ZH:
      session->zh = true;
      language_choose(true);
      return true;
    case GLOBAL_EN:
      session->zh = false;
      language_choose(false);
      return true;
    case GLOBAL_UTC:
      session->utc = true;
      return true;
    case GLOBAL_NO_COLOR:
      session->colour = false;
      return true;
    default:
      must(index <= GLOBAL_NO_COLOR);
      return false;
  }
}

static bool taken(const struct arguments *arguments, const char *name) {
  for (uint32_t i = 0; i < arguments->flag_count; i++)
    if (strcmp(arguments->longs[i].name, name) == 0) return true;
  return false;
}

static void add(struct arguments *arguments, const struct flag *flag, int value) {
  must(arguments->flag_count < FLAGS_MAX);
  struct option *option = &arguments->longs[arguments->flag_count++];
  option->name = flag->name;
  option->has_arg = flag->argument == NULL ? no_argument : required_argument;
  option->flag = NULL;
  option->val = value;
  if (flag->letter == 0) return;
  size_t length = strlen(arguments->shorts);
  arguments->shorts[length] = flag->letter;
  if (flag->argument != NULL) arguments->shorts[length + 1] = ':';
}

void arguments_init(struct arguments *arguments, const struct verb *verb, int argc, char **argv) {
  static const struct flag help = {"help", 'h', NULL, "this text", NULL};
  memset(arguments, 0, sizeof *arguments);
  arguments->verb = verb;
  arguments->argc = argc;
  arguments->argv = argv;
  arguments->shorts[0] = ':';
  for (int i = 0; verb != NULL && verb->flags[i].name != NULL; i++) add(arguments, &verb->flags[i], VALUE_VERB + i);
  for (int i = 0; global_flags[i].name != NULL; i++)
    if (!taken(arguments, global_flags[i].name)) add(arguments, &global_flags[i], VALUE_GLOBAL + i);
  add(arguments, &help, VALUE_HELP);
  optind = 0; /* GNU: start over */
  opterr = 0;
}

void arguments_in_order(struct arguments *arguments) {
  memmove(arguments->shorts + 1, arguments->shorts, strlen(arguments->shorts) + 1);
  arguments->shorts[0] = '+';
}

static int index_of_letter(const struct verb *verb, int letter) {
  for (int i = 0; verb != NULL && verb->flags[i].name != NULL; i++)
    if (verb->flags[i].letter == letter) return i;
  return -1;
}

/* The long option nearest to a misspelt one, or NULL. */
static const char *nearest(const struct arguments *arguments, const char *name) {
  struct word table[FLAGS_MAX + 1];
  for (uint32_t i = 0; i <= arguments->flag_count; i++)
    table[i] = (struct word){.number = 1, .name = arguments->longs[i].name, .zh = "", .text = ""};
  return word_nearest(table, name, strcspn(name, "="));
}

static int refuse(const struct arguments *arguments, int got, int *exit_code) {
  const char *word = optind > 0 && optind <= arguments->argc ? arguments->argv[optind - 1] : "";
  if (got == ':') *exit_code = complain_usage(arguments->verb, "option '%s' wants a value", word);
  else if (optopt > 0 && optopt < 128) *exit_code = complain_usage(arguments->verb, "unknown option '-%c'", optopt);
  else if (optopt != 0) *exit_code = complain_usage(arguments->verb, "option '%s' takes no value", word);
  else if (strncmp(word, "--", 2) == 0 && nearest(arguments, word + 2) != NULL)
    *exit_code = complain_usage(arguments->verb, "unknown option '%s'; did you mean '--%s'?", word,
                                nearest(arguments, word + 2));
  else *exit_code = complain_usage(arguments->verb, "unknown or ambiguous option '%s'", word);
  return ARGUMENTS_STOP;
}

int arguments_next(struct session *session, struct arguments *arguments, int *exit_code) {
  for (;;) {
    int got = getopt_long(arguments->argc, arguments->argv, arguments->shorts, arguments->longs, NULL);
    if (got == -1) return ARGUMENTS_END;
    if (got == '?' || got == ':') return refuse(arguments, got, exit_code);
    if (got == 'h' || got == VALUE_HELP) {
      help_verb(stdout, arguments->verb, wrap_width(stdout));
      *exit_code = EXIT_FINE;
      return ARGUMENTS_STOP;
    }
    if (got >= VALUE_GLOBAL) {
      if (global_apply(session, (uint32_t)(got - VALUE_GLOBAL), optarg)) continue;
      *exit_code = EXIT_USE;
      return ARGUMENTS_STOP;
    }
    return got >= VALUE_VERB ? got - VALUE_VERB : index_of_letter(arguments->verb, got);
  }
}

/* What the synopsis calls the word at `at`, from 0: a name in capitals where one stands there; else "something". */
static const char *word_wanted(const struct verb *verb, int at, char out[CODE_BYTES_MAX]) {
  const char *word = verb->synopsis;
  for (; at > 0; at--) {
    word += strcspn(word, " ");
    word += strspn(word, " ");
  }
  const size_t length = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  if (length < 2 || length >= CODE_BYTES_MAX) return _("something");
  (void)snprintf(out, CODE_BYTES_MAX, "%.*s", (int)length, word);
  return out;
}

int arguments_words(const struct arguments *arguments, int least, int most) {
  int words = arguments->argc - optind;
  char wanted[CODE_BYTES_MAX];
  if (words < least)
    return complain_usage(arguments->verb, "%s: %s is missing", arguments->verb->name,
                          word_wanted(arguments->verb, words, wanted));
  if (words > most)
    return complain_usage(arguments->verb, "%s: '%s' is too much", arguments->verb->name,
                          arguments->argv[optind + most]);
  return EXIT_FINE;
}

int arguments_plain(struct session *session, struct arguments *arguments, int least, int most) {
  int exit_code = EXIT_FINE;
  int got = arguments_next(session, arguments, &exit_code);
  must(got == ARGUMENTS_END || got == ARGUMENTS_STOP);
  if (got == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
  return arguments_words(arguments, least, most);
}
