/* past.c - see past.h. */
#include "client/command/past.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/command/trust.h"
#include "rectify/must.h"

const struct flag past_flags[] = {PAST_FLAGS, {NULL, 0, NULL, NULL, NULL}};

bool past_option(struct session *session, const char *name, const char *value) {
  int64_t size;
  if (strcmp(name, "as-of") == 0) {
    session->as_of_text = value;
    return true;
  }
  must(strcmp(name, "known-at") == 0);
  if (!number_read(value, 1, INT64_MAX, &size)) {
    complain("--known-at wants the size of a log, a number from 1, not '%s'", value);
    return false;
  }
  session->known_at = (uint64_t)size;
  return true;
}

usec_t past_next_day(const struct session *session, const char *text) {
  day_t day;
  char next[11];
  usec_t instant;
  if (!workday_parse(text, strlen(text), &day) || day >= DAY_MAX) return -1;
  workday_format(day + 1, next);
  return instant_read(session, next, &instant, NULL) ? instant : -1;
}

/* A day ends where the next one begins; the instant before belongs to it. */
static bool end_of_day(const struct session *session, const char *text, usec_t *out) {
  const usec_t next = past_next_day(session, text);
  if (next < 0) return false;
  *out = next - 1;
  return true;
}

int past_settle(struct session *session, const struct arguments *arguments) {
  bool has_time;
  const char *text = session->as_of_text;
  if (text == NULL) return EXIT_FINE;
  bool fine = instant_read(session, text, &session->as_of, &has_time);
  if (fine && !has_time) fine = end_of_day(session, text, &session->as_of);
  if (fine && session->as_of > 0) return EXIT_FINE;
  return complain_usage(arguments->verb, "--as-of wants a date such as 2026-03-01 or 2026-03-01T09:00, not '%s'", text);
}

int past_read(struct session *session, struct arguments *arguments) {
  int exit_code = EXIT_FINE;
  for (int option; (option = arguments_next(session, arguments, &exit_code)) != ARGUMENTS_END;) {
    if (option == ARGUMENTS_STOP) return exit_code == EXIT_FINE ? -1 : exit_code;
    if (!past_option(session, arguments->verb->flags[option].name, optarg)) return EXIT_USE;
  }
  return past_settle(session, arguments);
}

bool past_is_meant(const struct session *session) { return session->as_of != 0 || session->known_at != 0; }

bool past_log_name(const char *given, char out[NOTE_NAME_BYTES_MAX + 1]) {
  char path[4096];
  struct note_verifier key;
  const char *home = getenv("HOME");
  if (given == NULL) {
    const int length = home == NULL ? -1 : snprintf(path, sizeof path, "%s/.config/rectify/log", home);
    if (length < 0 || (size_t)length >= sizeof path || access(path, R_OK) != 0) return false;
    given = path;
  }
  if (!trust_public(given, &key)) return false;
  (void)snprintf(out, NOTE_NAME_BYTES_MAX + 1, "%s", key.name);
  return true;
}
