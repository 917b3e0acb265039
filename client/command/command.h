/* command.h - what the subcommands of `rectify` share: the session, the verb table, options, words for people.
 *
 * Data goes to stdout, words to stderr.  A subcommand is one function `int NAME(struct session *, struct arguments *)`
 * that returns an exit code of enum exit_code; it prints its own message before it returns anything but EXIT_FINE.
 */
#ifndef RECTIFY_COMMAND_H
#define RECTIFY_COMMAND_H

#include <getopt.h>
#include <stdio.h>

#include "rectify/client.h"
#include "rectify/model.h"

enum exit_code {
  EXIT_FINE = 0,
  EXIT_REFUSED = 1,      /* the daemon said no, or some rows were refused or bad */
  EXIT_DIFFERENT = 2,    /* what is stored does not agree with itself, or was tampered with */
  EXIT_USE = 64,         /* the command line is wrong */
  EXIT_INPUT = 65,       /* an input file is unusable */
  EXIT_UNREACHABLE = 69, /* no answer: the outcome is unknown */
  EXIT_SYSTEM = 71,      /* memory, sockets, random numbers, the disk */
  EXIT_SAVED = 75,       /* saved here, not received there yet: it will be sent */
  EXIT_PROTOCOL = 76,    /* the answer was not one */
  EXIT_DOCUMENT = 78,    /* a policy, calendar, registry or mapping has errors */
};

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON, FORMAT_XLSX /* of a verb's own option */ };

#define ENDPOINT_BYTES_MAX 512

/* One run of the program. */
struct session {
  char endpoint[ENDPOINT_BYTES_MAX];
  const char *actor; /* officer code; NULL: not said */
  const char *key_file; /* of a connection over TCP; NULL: ~/.config/rectify/key */
  const char *server;   /* the daemon's public key, as text; NULL: the first line of ~/.config/rectify/server */
  const char *log_key;  /* the log's public key: only what proves itself is received; NULL: the first line of ~/.config/rectify/log */
  int timeout_msec;
  enum format format;
  bool zh;
  bool colour;
  bool utc;
  const char *as_of_text; /* --as-of, and what it says; 0: now */
  usec_t as_of;
  uint64_t known_at;       /* --known-at; 0: all that is known */
  bool offline; /* try no daemon: save here */
  bool fell_silent; /* `offline` was not asked for: the daemon answered no more */
  struct rectify *rectify; /* NULL until session_open() */
  bool heard;              /* a daemon has answered */
  struct rectify_spool *spool; /* NULL until keep.h's session_spool() */
  bool spool_failed;           /* it was said already */
  Rectify__V1__Reply *spooled; /* owned: made from the spool */
};

/* One option of a verb; tables end with a NULL name. */
struct flag {
  const char *name;
  char letter;          /* 0: long only */
  const char *argument; /* NULL: takes none */
  const char *help;
  const struct word *words; /* the values it takes, for completion; NULL: free */
};

enum group {
  GROUP_REPORT,
  GROUP_UNIT,
  GROUP_OFFICE,
  GROUP_RELATE,
  GROUP_VERIFY,
  GROUP_ACCOUNT,
  GROUP_ANYBODY,
  GROUP_SEE,
  GROUP_DATES,
  GROUP_ADMINISTER,
  GROUP_TRUST,
  GROUP_HELP,
  GROUP_HIDDEN
};

struct arguments;

/* One subcommand: help, completion and dispatch all come from this row. */
struct verb {
  const char *name; /* "submit", or two words: "registry load" */
  enum group group;
  const char *synopsis; /* what follows the name */
  const char *summary;  /* one line */
  const char *help;     /* the rest of --help, with examples */
  const struct flag *flags;
  int (*run)(struct session *session, struct arguments *arguments);
  uint32_t command; /* act verbs: command.def; else 0 */
};
extern const struct verb verbs[]; /* ends with a NULL name */
const char *group_title(enum group group, bool zh);

/* ---- options.c ---- */

#define FLAGS_MAX 40

/* The words after the verb, read through arguments_next(). */
struct arguments {
  const struct verb *verb;
  int argc;
  char **argv; /* argv[0] is the verb */
  struct option longs[FLAGS_MAX + 1];
  char shorts[2 * FLAGS_MAX + 4];
  uint32_t flag_count;
};
extern const struct flag global_flags[];

void arguments_init(struct arguments *arguments, const struct verb *verb, int argc, char **argv);

/* The options end at the first word that is none: what follows belongs to somebody else. */
void arguments_in_order(struct arguments *arguments);

/* The next option of the verb: its index in verb->flags, with optarg set; ARGUMENTS_END after the last (then
 * argv[optind] is the first word that is no option); ARGUMENTS_STOP when the program must end with *exit_code.  Global
 * options and
 * --help are dealt with inside. */
enum { ARGUMENTS_END = -1, ARGUMENTS_STOP = -2 };
int arguments_next(struct session *session, struct arguments *arguments, int *exit_code);

/* For verbs without options of their own that take between `least` and `most` words: EXIT_FINE, else the exit code to
 * end with, negative for "help was printed, end with 0". */
int arguments_plain(struct session *session, struct arguments *arguments, int least, int most);
/* Checks the number of words left; EXIT_FINE or EXIT_USE with a message. */
int arguments_words(const struct arguments *arguments, int least, int most);

/* Applies a global option by index in global_flags; false with a message when its value is wrong. */
bool global_apply(struct session *session, uint32_t index, const char *value);

/* ---- help.c, completion.c ---- */
/* `zh`: with the names of commands and groups in Chinese too; the explanations are in English. */
void help_program(FILE *out, bool zh);
void help_verb(FILE *out, const struct verb *verb, size_t width);
/* The verbs of two words that begin with `name`, a line each; false when there are none. */
bool help_family(FILE *out, const char *name, bool zh);
bool verb_has_family(const char *name);
const struct verb *verb_find(const char *first, const char *second, int *words);
const char *verb_nearest(const char *name); /* for "did you mean"; NULL */
/* Says that there is no such verb, and which is meant or which begin so; `second` is NULL where the first word is wrong. */
int verb_unknown(const struct session *session, const char *name, const char *second);

/* ---- message.c ---- */
/* "rectify: ...\n" on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, then "rectify VERB --help tells more", and EXIT_USE. */
int complain_usage(const struct verb *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `text` in the session's language. */
const char *in_language(const struct session *session, const char *en, const char *zh);
/* A word of a table for people: zh or the identifier; "" for 0. */
const char *say_word(const struct session *session, const struct word *table, uint32_t number);
/* Reads a word of a table; 0 with a message ("did you mean") when it is none. */
uint32_t read_word(const struct word *table, const char *what, const char *text);

/* ---- session.c ---- */
/* The file of that name below ~/.config/rectify; false without a HOME. */
#define HOME_PATH_BYTES 4096
bool home_file(const char *name, char out[HOME_PATH_BYTES]);
/* Connects as the actor that was named; EXIT_FINE or an exit code after its message. */
int session_actor(const struct session *session); /* only whether somebody was named */
int session_open(struct session *session);
void session_close(struct session *session);
void session_forget_reply(struct session *session); /* keep.c */
/* Asks once; EXIT_FINE or an exit code after its message.  *reply is borrowed until the next call. */
int session_ask(struct session *session, Rectify__V1__Request *request, const Rectify__V1__Reply **reply);
int session_ping(struct session *session, const Rectify__V1__Pong **pong);
int session_misfit(void); /* says that the answer is one to another question; EXIT_PROTOCOL */
/* Asks for one page; *page is borrowed until the next call. */
int session_page(struct session *session, Rectify__V1__Query *query, const Rectify__V1__Page **page);
/* Asks for all pages of a query and gives each to `take`, which returns EXIT_FINE to go on. */
typedef int page_fn(void *context, const Rectify__V1__Page *page);
int session_pages(struct session *session, Rectify__V1__Query *query, page_fn *take, void *context);
/* The same of today, for many pages that take time: the daemon makes the next page while `take`, which asks nothing itself, has this one. */
int session_pages_ahead(struct session *session, Rectify__V1__Query *query, page_fn *take, void *context);
/* Says what the daemon answered instead; returns the exit code. */
int session_say_error(const Rectify__V1__Error *error);
/* Says what a failed call of librectify means; returns the exit code. */
int session_failure(struct session *session, int result);

/* endpoint.c: where the daemon is, when nobody says. */
void endpoint_default(char out[ENDPOINT_BYTES_MAX]);

/* ---- text.c ---- */
ProtobufCBinaryData wire_text(const char *text); /* borrowed; NULL gives the empty one */
ProtobufCBinaryData wire_bytes(const void *data, size_t length);
bool wire_is(const ProtobufCBinaryData *data, const char *text);

#define CASE_TEXT_BYTES 24
void case_text(uint64_t case_no, char out[CASE_TEXT_BYTES]); /* "C-000042" */
bool case_read(const char *text, uint64_t *case_no);         /* 42, C-42, c-000042; from 1 */

#define INSTANT_TEXT_BYTES 40
/* For people: "2026-02-09 09:00:12", in the user's zone or UTC; "" for 0 and never. */
void instant_text(const struct session *session, usec_t instant, char out[INSTANT_TEXT_BYTES]);
/* For machines: "2026-02-09T09:00:12.000000Z". */
void instant_machine(usec_t instant, char out[INSTANT_TEXT_BYTES]);
/* The day in the user's zone or UTC; 0 for 0 and never. */
day_t instant_day(const struct session *session, usec_t instant);
/* The one that the session's format wants. */
void instant_format(const struct session *session, usec_t instant, char out[INSTANT_TEXT_BYTES]);
/* "2026-03-01" or "2026-03-01T09:00[:SS]", with "Z" for UTC; *has_time may be NULL. */
bool instant_read(const struct session *session, const char *text, usec_t *instant, bool *has_time);

#define UUID_TEXT_BYTES 37
void uuid_text(const uint8_t uuid[16], char out[UUID_TEXT_BYTES]);
bool uuid_read(const char *text, size_t length, uint8_t uuid[16]);
void hex_text(const uint8_t *data, size_t length, char *out); /* 2 * length + 1 bytes */
bool number_read(const char *text, int64_t least, int64_t most, int64_t *out);
bool span_read(const char *text, struct span *out); /* "15wd", "-3wd", "24h" */
void span_text(struct span span, char out[24]);
/* Writes user text with control characters made visible, so that it cannot drive the terminal. */
void print_safe(FILE *out, const void *text, size_t length);

/* hash.c */
void sha256(const void *data, size_t length, uint8_t out[HASH_BYTES]);
/* The id of a row that brings none: UUIDv7-shaped (RFC 9562), time part midnight UTC of `found_on`, the other 74 bits
 * from SHA-256 over (`data`, `ordinal`, `from`).  `from` is the hash of whose row it is; NULL: whoever's.  The same input gives the
 * same id for ever. */
void id_derive(const uint8_t *from, const void *data, size_t length, uint64_t ordinal, day_t found_on, uint8_t id[16]);
/* The id for the next attempt at a row whose id was refused: the same time part, the rest from SHA-256(id). */
void id_again(uint8_t id[16]);

#endif
