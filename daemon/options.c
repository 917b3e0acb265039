#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/daemon.h"

/* OPTION(letter, name, argument, help): the one list of options. */
#define OPTIONS                                                                                                      \
  OPTION('c', "config", "FILE", "read settings from FILE (YAML); options win over it")                               \
  OPTION('d', "data", "DIR", "data directory, absolute [~/.local/state/rectify; as root /var/lib/rectify]")          \
  OPTION('e', "endpoint", "ENDPOINT", "where clients come in, ipc:///PATH [DIR/rectifyd.sock]")                      \
  OPTION('L', "listen", "ENDPOINT", "also take clients with keys at tcp://ADDRESS:PORT; needs --server-key")            \
  OPTION('k', "server-key", "FILE", "the daemon's own secret key, made by `rectify key new` [credential server-key]")    \
  OPTION('S', "signer", "SOCKET", "rectify-sign listens there, and signs the log's heads [heads are not signed]")        \
  OPTION('r', "identity-rate", "NUMBER", "findings and commands a second of one officer, 1 to 20000 [20000]")            \
  OPTION('y', "durability", "WHERE", "what is acknowledged is on the disk, or on a synchronous standby too [disk]")          \
  OPTION('E', "evidence-mib", "NUMBER", "largest file of evidence in MiB, 1 to 256 [32]")                               \
  OPTION('Y', "evidence-day-mib", "NUMBER", "files that one officer begins to upload in 24 hours, in MiB [1024]")        \
  OPTION('m', "socket-mode", "MODE", "permissions of the socket, octal [0660]")                                      \
  OPTION('D', "database", "CONNINFO", "PostgreSQL as rectify_writer; without it a private one under DIR")            \
  OPTION('R', "database-reader", "CONNINFO", "PostgreSQL as rectify_reader, may be a replica [as --database]")       \
  OPTION('O', "database-owner", "CONNINFO", "PostgreSQL as who may migrate; without it the schema is only checked")  \
  OPTION('M', "migrate", NULL, "bring the database up to date and exit")                                             \
  OPTION('C', "clock", "KIND", "real, or manual: moves only by `rectify clock advance` [real]")                      \
  OPTION('s', "clock-start", "WHEN", "where a manual clock of a new database starts, YYYY-MM-DD (UTC) [today]")      \
  OPTION('b', "background", NULL, "detach from the terminal once the options are understood")                        \
  OPTION('p', "pid-file", "FILE", "write the process id there")                                                      \
  OPTION('l', "log-level", "LEVEL", "err, warning or info [info]")                                                   \
  OPTION('V', "version", NULL, "print the version")                                                                  \
  OPTION('h', "help", NULL, "this text")

static const struct option long_options[] = {
#define OPTION(letter, name, argument, help) {name, (argument) == NULL ? no_argument : required_argument, NULL, letter},
    OPTIONS
#undef OPTION
    {NULL, 0, NULL, 0}};

/* What an option does, from the column where it stands on, in lines that a terminal holds. */
static void put_help(const char *text) {
  enum { FROM = 35, WIDTH = 80 };
  while (strlen(text) > WIDTH - FROM) {
    int cut = WIDTH - FROM;
    while (cut > 1 && text[cut] != ' ') cut--;
    printf("%.*s\n%*s", cut, text, FROM, "");
    text += cut + 1;
  }
  puts(text);
}

static _Noreturn void print_help(void) {
  puts("Usage: rectifyd [OPTION]...\n"
       "The rectification daemon: takes findings over ZeroMQ, makes each somebody's duty\n"
       "with a date, reminds, escalates, and keeps every step in PostgreSQL.  Stays in\n"
       "the foreground and logs to syslog and stderr.\n");
#define OPTION(letter, name, argument, help)                                             \
  printf("  -%c, --%-16s %-9s ", letter, name, (argument) == NULL ? "" : (argument));    \
  put_help(help);
  OPTIONS
#undef OPTION
  puts("\nExamples:\n"
       "  rectifyd                                         on its own private PostgreSQL\n"
       "  rectifyd --config /etc/rectify/rectifyd.yaml\n"
       "  rectifyd --clock manual --clock-start 2026-01-05 for a demonstration\n"
       "\nExit codes: 0 stopped as asked, 2 the database is damaged, 64 usage, 69 database\n"
       "not to be had, 75 another daemon took over, 78 configuration.  SIGTERM stops it.");
  exit(0);
}

static _Noreturn void usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void usage(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("rectifyd: ", stderr);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputs("\nTry 'rectifyd --help'.\n", stderr);
  exit(EXIT_USAGE);
}

static void copy(char *out, size_t size, const char *name, const char *value) {
  if (strlen(value) >= size || value[0] == '\0') usage("--%s: empty or too long", name);
  strcpy(out, value);
}

/* ---- the file ---- */

static void read_file(const char *path, struct config *config) {
  size_t length;
  char *text = document_read(path, DOCUMENT_BYTES_MAX, &length);
  if (text == NULL) {
    fprintf(stderr, "rectifyd: %s: %s\n", path, strerror(errno));
    exit(EXIT_CONFIG);
  }
  struct document_report report = {0};
  if (!config_parse(path, text, length, config, &report)) {
    fputs(report.text, stderr);
    exit(EXIT_CONFIG);
  }
  free(text);
  document_report_free(&report);
}

static void find_file(int argc, char **argv, const char *letters, struct options *out) {
  int option;
  while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
    if (option == '?') { /* getopt has said what is wrong */
      fputs("Try 'rectifyd --help'.\n", stderr);
      exit(EXIT_USAGE);
    }
    if (option == 'h') print_help();
    if (option == 'V') {
      puts(SOFTWARE);
      exit(0);
    }
    if (option == 'c') read_file(optarg, &out->config);
  }
  if (optind < argc) usage("unexpected argument '%s'", argv[optind]);
  optind = 1;
}

/* ---- the command line ---- */

static usec_t parse_start(const char *value) {
  day_t day;
  if (!workday_parse(value, strlen(value), &day)) usage("--clock-start: '%s' is not a date YYYY-MM-DD", value);
  return (usec_t)day * 24 * USEC_PER_HOUR;
}

static void take(struct options *out, int option, const char *value) {
  struct config *config = &out->config;
  switch (option) {
    case 'd': copy(config->data_dir, sizeof config->data_dir, "data", value); return;
    case 'e': copy(config->endpoint, sizeof config->endpoint, "endpoint", value); return;
    case 'L': copy(config->listen, sizeof config->listen, "listen", value); return;
    case 'k': copy(config->server_key, sizeof config->server_key, "server-key", value); return;
    case 'S': copy(config->signer, sizeof config->signer, "signer", value); return;
    case 'r': copy(config->identity_rate, sizeof config->identity_rate, "identity-rate", value); return;
    case 'y': copy(config->durability, sizeof config->durability, "durability", value); return;
    case 'E': copy(config->evidence_mib, sizeof config->evidence_mib, "evidence-mib", value); return;
    case 'Y': copy(config->evidence_day_mib, sizeof config->evidence_day_mib, "evidence-day-mib", value); return;
    case 'm': copy(config->socket_mode, sizeof config->socket_mode, "socket-mode", value); return;
    case 'D': copy(config->database, sizeof config->database, "database", value); return;
    case 'R': copy(config->database_reader, sizeof config->database_reader, "database-reader", value); return;
    case 'O': copy(config->database_owner, sizeof config->database_owner, "database-owner", value); return;
    case 'l': copy(config->log_level, sizeof config->log_level, "log-level", value); return;
    case 'p': copy(out->pid_file, sizeof out->pid_file, "pid-file", value); return;
    case 'M': out->migrate_only = true; return;
    case 'b': out->background = true; return;
    case 's': out->clock_start = parse_start(value); return;
    case 'C':
      if (strcmp(value, "manual") != 0 && strcmp(value, "real") != 0) usage("--clock: real or manual, not '%s'", value);
      out->manual_clock = value[0] == 'm';
      return;
    default: return;
  }
}

/* ---- defaults and checks ---- */

static void set_data_dir(struct config *config) {
  const char *home = getenv("HOME");
  if (config->data_dir[0] == '\0' && geteuid() == 0) strcpy(config->data_dir, "/var/lib/rectify");
  if (config->data_dir[0] == '\0' && home != NULL && home[0] == '/')
    snprintf(config->data_dir, sizeof config->data_dir, "%.900s/.local/state/rectify", home);
  if (config->data_dir[0] == '\0') usage("HOME names no home directory: say where by --data DIR");
  if (config->data_dir[0] != '/') usage("--data: '%s' is not an absolute path", config->data_dir);
}

static void set_mode(struct options *out) {
  const char *text = out->config.socket_mode[0] == '\0' ? "0660" : out->config.socket_mode;
  char *end;
  unsigned long mode = strtoul(text, &end, 8);
  if (*end != '\0' || mode > 0777 || (mode & 0600) != 0600) usage("--socket-mode: '%s' is no octal mode such as 0660", text);
  out->socket_mode = (unsigned)mode;
}

/* A number from 1 to `most`; `usual` where nothing is said. */
static uint32_t read_number(const char *name, const char *text, uint32_t usual, uint32_t most) {
  char *end = NULL;
  unsigned long number = text[0] == '\0' ? usual : strtoul(text, &end, 10);
  if ((end != NULL && *end != '\0') || number < 1 || number > most)
    usage("--%s: '%s' is not a number from 1 to %u", name, text, most);
  return (uint32_t)number;
}

static void set_numbers(struct options *out) {
  const struct config *config = &out->config;
  out->identity_rate = read_number("identity-rate", config->identity_rate, IDENTITY_ITEMS_PER_SECOND, IDENTITY_ITEMS_PER_SECOND);
  out->evidence_mib = read_number("evidence-mib", config->evidence_mib, CONTENT_MIB_DEFAULT, CONTENT_MIB_MAX);
  out->evidence_day_mib = read_number("evidence-day-mib", config->evidence_day_mib, CONTENT_DAY_MIB_DEFAULT, CONTENT_DAY_MIB_MAX);
}

static void set_level(struct options *out) {
  const char *text = out->config.log_level[0] == '\0' ? "info" : out->config.log_level;
  if (strcmp(text, "err") == 0) out->log_level = LOG_ERR;
  else if (strcmp(text, "warning") == 0) out->log_level = LOG_WARNING;
  else if (strcmp(text, "info") == 0) out->log_level = LOG_INFO;
  else usage("--log-level: err, warning or info, not '%s'", text);
}

static void set_durability(struct options *out) {
  const char *text = out->config.durability;
  out->wants_standby = strcmp(text, "standby") == 0;
  if (!out->wants_standby && text[0] != '\0' && strcmp(text, "disk") != 0) usage("--durability: disk or standby, not '%s'", text);
  if (out->wants_standby && out->config.database[0] == '\0')
    usage("--durability standby needs --database: the private PostgreSQL has no standby");
}

/* A service manager hands secrets over as files in a folder of their own (systemd.exec(5), LoadCredential). */
static void set_server_key(struct config *config) {
  if (config->listen[0] == '\0' || config->server_key[0] != '\0') return;
  if (getenv("CREDENTIALS_DIRECTORY") == NULL) usage("--listen needs --server-key FILE: `rectify key new FILE` makes one");
  strcpy(config->server_key, "credential:server-key");
}

static void complete(struct options *out) {
  struct config *config = &out->config;
  set_server_key(config);
  set_data_dir(config);
  set_mode(out);
  set_numbers(out);
  set_level(out);
  set_durability(out);
  if (config->endpoint[0] == '\0')
    snprintf(config->endpoint, sizeof config->endpoint, "ipc://%.900s/rectifyd.sock", config->data_dir);
  if (config->database[0] == '\0' && (config->database_reader[0] != '\0' || config->database_owner[0] != '\0'))
    usage("--database-reader and --database-owner need --database");
  if (config->database[0] != '\0' && config->database_reader[0] == '\0')
    strcpy(config->database_reader, config->database);
  if (out->clock_start != 0 && !out->manual_clock) usage("--clock-start needs --clock manual");
  if (out->clock_start == 0) out->clock_start = clock_now() / (24 * USEC_PER_HOUR) * (24 * USEC_PER_HOUR);
}

void options_read(int argc, char **argv, struct options *out) {
  char letters[64];
  size_t used = 0;
#define OPTION(letter, name, argument, help)  \
  letters[used++] = letter;                   \
  if ((argument) != NULL) letters[used++] = ':';
  OPTIONS
#undef OPTION
  letters[used] = '\0';
  *out = (struct options){0};
  find_file(argc, argv, letters, out);
  int option;
  while ((option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) take(out, option, optarg);
  complete(out);
}
