/* policy.h - what the subcommands `policy ...` share: a policy file and what belongs to it, read without a daemon. */
#ifndef RECTIFY_CLIENT_COMMAND_POLICY_H
#define RECTIFY_CLIENT_COMMAND_POLICY_H

#include "client/command/command.h"
#include "document/policy_tests.h"

#define FILES_MAX 1000 /* of one command */

/* A whole file, of standard input where `path` is "-"; NULL after its message. */
char *policy_read(const char *path, size_t *length);
/* Prints the errors of a document on stderr and frees the report. */
void policy_say(struct document_report *report);

/* A policy file, parsed.  On anything but EXIT_FINE the message is out and *out is empty. */
struct policy_file {
  const char *path;
  char *text;
  size_t length;
  struct policy *policy;
  struct policy_places places;
};
int policy_file_open(const char *path, struct policy_file *out);
/* The same of the policy in force at the daemon of an open session. */
int policy_file_fetch(struct session *session, struct policy_file *out);
void policy_file_close(struct policy_file *file);

/* The calendars compiled in, and more from files; a file's calendar takes the place of one of the same name. */
struct calendar_set {
  uint32_t count;
  struct calendar rows[CALENDARS_MAX];
  struct calendar *parsed[CALENDARS_MAX]; /* own the texts of `rows` */
};
/* Never NULL: out of memory ends the program. */
struct calendar_set *calendar_set_open(void);
int calendar_set_add(struct calendar_set *set, const char *path);
/* The index of the name, or -1. */
int calendar_set_find(const struct calendar_set *set, const char *name);
void calendar_set_close(struct calendar_set *set);

#endif
