/* submit_file.c - `submit --csv` and `submit --jsonl`: from rows to the intake, with ids, date filters, the clock,
 * progress and the summary.
 *
 * Ids.  A row that brings none gets the id_derive() of its exact bytes (without the line end), of how many identical
 * rows came before it in the file, of its date found, and of who submits it for which team: two people's identical rows are
 * two findings.  With `derive` in the mapping the named columns identify the
 * finding and identical ones are the same finding: no counting. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/command/clock.h"
#include "client/command/drafts.h"
#include "client/command/intake.h"
#include "client/command/keep.h"
#include "client/command/language.h"
#include "client/command/seen.h"
#include "client/command/submit.h"
#include "rectify/must.h"

#define NOON_MINUTES (12 * 60)

/* A row held back until all are read. */
struct held {
  struct draft draft; /* its values point into bytes */
  char *bytes;        /* owned */
  uint64_t ordinal;
};

struct feeding {
  struct session *session;
  const struct submission *submission;
  const char *file;
  FILE *in;
  uint64_t size; /* of the file; 0 unknown */
  struct intake *intake;
  struct seen *seen;
  uint64_t rows, skipped;
  day_t clock_day; /* the manual clock was moved to noon of it */
  struct held *held;
  size_t held_count, held_size;
  struct timespec began, drawn;
};

/* ---- progress ---- */

static double seconds_since(const struct timespec *then) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

static uint64_t settled(const struct feeding *feeding) {
  const struct intake_counts *counts = intake_counts(feeding->intake);
  return counts->accepted + counts->repeated + counts->refused + counts->bad + counts->saved;
}

#define BAR_WIDTH 30
#define DRAW_SECONDS 0.1
/* On a terminal only, ten times a second at most. */
static void draw(struct feeding *feeding) {
  if (isatty(STDERR_FILENO) != 1 || seconds_since(&feeding->drawn) < DRAW_SECONDS) return;
  (void)clock_gettime(CLOCK_MONOTONIC, &feeding->drawn);
  uint64_t total = feeding->held_count, done = settled(feeding);
  if (total == 0) {
    total = feeding->size;
    off_t at = ftello(feeding->in);
    done = at < 0 ? 0 : (uint64_t)at;
  }
  int filled = total == 0 ? 0 : (int)((done > total ? total : done) * BAR_WIDTH / total);
  (void)fprintf(stderr, "\r[%.*s%*s] %llu rows, %.0f/s ", filled, "##############################", BAR_WIDTH - filled,
                "", (unsigned long long)settled(feeding),
                (double)settled(feeding) / (seconds_since(&feeding->began) + 1e-9));
}

/* ---- one row ---- */

/* Before a row of a later date: settle what was sent, then move the clock. */
static int advance(struct feeding *feeding, day_t day) {
  const Rectify__V1__Pong *pong;
  usec_t target = (usec_t)day * 24 * USEC_PER_HOUR + (usec_t)NOON_MINUTES * 60 * USEC_PER_SECOND, now;
  if (!feeding->submission->advance || day <= feeding->clock_day) return EXIT_FINE;
  int code = intake_drain(feeding->intake);
  if (code == EXIT_FINE) code = session_ping(feeding->session, &pong);
  if (code != EXIT_FINE) return code;
  if (!pong->manual_clock) {
    complain("the daemon's clock is real; --advance needs `rectifyd --clock manual`");
    return EXIT_REFUSED;
  }
  feeding->clock_day = day;
  return pong->now >= target ? EXIT_FINE : clock_advance_to(feeding->session, target, &now);
}

static int pass_on(struct feeding *feeding, const struct draft *draft) {
  if (feeding->submission->dry_run) return EXIT_FINE;
  int code = advance(feeding, draft->found_on);
  if (code == EXIT_FINE) code = intake_add(feeding->intake, draft);
  draw(feeding);
  return code;
}

/* Copies the row, to be passed on in date order. */
static void hold(struct feeding *feeding, const struct draft *draft) {
  size_t length = 0;
  if (feeding->held_count == feeding->held_size) {
    feeding->held_size = feeding->held_size == 0 ? 1024 : 2 * feeding->held_size;
    feeding->held = reallocarray(feeding->held, feeding->held_size, sizeof *feeding->held);
    must(feeding->held != NULL);
  }
  struct held *held = &feeding->held[feeding->held_count];
  *held = (struct held){.draft = *draft, .ordinal = feeding->held_count++};
  for (int i = 0; i < DRAFT_FIELDS; i++) length += draft->values[i].length;
  char *to = held->bytes = malloc(length + 1);
  must(to != NULL);
  for (int i = 0; i < DRAFT_FIELDS; i++) {
    struct draft_value *value = &held->draft.values[i];
    if (value->length > 0) memcpy(to, value->text, value->length);
    value->text = to;
    to += value->length;
  }
}

static int by_date(const void *a, const void *b) {
  const struct held *left = a, *right = b;
  if (left->draft.found_on != right->draft.found_on) return left->draft.found_on < right->draft.found_on ? -1 : 1;
  return left->ordinal < right->ordinal ? -1 : 1;
}

static int release(struct feeding *feeding) {
  int code = EXIT_FINE;
  if (feeding->held_count > 0) qsort(feeding->held, feeding->held_count, sizeof *feeding->held, by_date);
  for (size_t i = 0; i < feeding->held_count && code == EXIT_FINE; i++)
    code = pass_on(feeding, &feeding->held[i].draft);
  return code;
}

/* Whose row it is: of the officer who submits it, for the team. */
static void hash_owner(const struct feeding *feeding, const struct draft *draft, uint8_t out[HASH_BYTES]) {
  char text[2 * CODE_BYTES_MAX + 2];
  const char *actor = feeding->session->actor == NULL ? "" : feeding->session->actor;
  const struct draft_value *team = &draft->values[DRAFT_TEAM];
  int length = snprintf(text, sizeof text, "%s\n%.*s", actor, (int)team->length, team->length > 0 ? team->text : "");
  must(length >= 0);
  sha256(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1, out);
}

/* `key`: the bytes that the id is made from; `whole`: identical ones are counted. */
static int feed(void *context, struct draft *draft, const void *key, size_t key_length, bool whole) {
  struct feeding *feeding = context;
  feeding->rows++;
  if (!draft_judge(draft)) {
    intake_bad(feeding->intake, draft->problem_place, draft->problem);
    return EXIT_FINE;
  }
  if (!draft->has_id) {
    uint8_t owner[HASH_BYTES];
    uint64_t ordinal = whole ? seen_count(feeding->seen, key, key_length) : 0;
    hash_owner(feeding, draft, owner);
    id_derive(whole ? owner : NULL, key, key_length, ordinal, draft->found_on, draft->id);
    draft->has_id = draft->derived = true;
  }
  if (draft->found_on < feeding->submission->from || draft->found_on > feeding->submission->until) {
    feeding->skipped++;
    return EXIT_FINE;
  }
  if (!feeding->submission->in_date_order) return pass_on(feeding, draft);
  hold(feeding, draft);
  return EXIT_FINE;
}

static void feed_bad(void *context, struct place place, const char *text) {
  struct feeding *feeding = context;
  feeding->rows++;
  intake_bad(feeding->intake, place, text);
}

/* ---- the whole file ---- */

static int summary(const struct feeding *feeding, int code) {
  const struct intake_counts *counts = intake_counts(feeding->intake);
  FILE *out = feeding->session->format == FORMAT_TABLE ? stdout : stderr;
  double seconds = seconds_since(&feeding->began);
  intake_clear_line();
  if (feeding->submission->dry_run) {
    (void)fprintf(out, _("%llu rows, %llu bad; nothing was sent\n"), (unsigned long long)feeding->rows,
                  (unsigned long long)counts->bad);
    return counts->bad == 0 ? EXIT_FINE : EXIT_REFUSED;
  }
  (void)fprintf(out, _("%llu accepted, %llu repeated (already there), %llu refused, %llu bad rows"),
                (unsigned long long)counts->accepted, (unsigned long long)counts->repeated,
                (unsigned long long)counts->refused, (unsigned long long)counts->bad);
  if (counts->saved > 0)
    (void)fprintf(out, _(", %llu saved here (not received there yet)"), (unsigned long long)counts->saved);
  if (code == EXIT_UNREACHABLE)
    (void)fprintf(out, _(", %llu unknown"), (unsigned long long)(feeding->rows - feeding->skipped - settled(feeding)));
  if (feeding->skipped > 0) (void)fprintf(out, _(", %llu outside the dates"), (unsigned long long)feeding->skipped);
  (void)fprintf(out, _("; %.1f s, %.0f rows/s\n"), seconds, (double)settled(feeding) / (seconds + 1e-9));
  intake_print_repeated(feeding->intake, out);
  if (code == EXIT_FINE && counts->refused + counts->bad > 0) return EXIT_REFUSED;
  if (code == EXIT_FINE && counts->saved > 0 && !feeding->session->offline) return EXIT_SAVED;
  return code;
}

static void feeding_free(struct feeding *feeding) {
  for (size_t i = 0; i < feeding->held_count; i++) free(feeding->held[i].bytes);
  free(feeding->held);
  intake_close(feeding->intake);
  seen_free(feeding->seen);
  if (feeding->in != stdin) (void)fclose(feeding->in);
}

int submit_file(struct session *session, const struct submission *submission) {
  struct feeding feeding = {.session = session, .submission = submission, .clock_day = -1};
  struct stat status;
  const char *path = submission->csv != NULL ? submission->csv : submission->jsonl;
  bool standard = strcmp(path, "-") == 0;
  feeding.file = standard ? "standard input" : path;
  feeding.in = standard ? stdin : fopen(path, "re");
  if (feeding.in == NULL) {
    complain("cannot read '%s': %m", path);
    return EXIT_INPUT;
  }
  if (fstat(fileno(feeding.in), &status) == 0 && S_ISREG(status.st_mode)) feeding.size = (uint64_t)status.st_size;
  feeding.intake = intake_open(session, feeding.file, submission->batch, submission->window);
  feeding.seen = seen_new();
  intake_sign(feeding.intake, submission->is_signed ? &submission->signer : NULL);
  intake_may_save(feeding.intake, !submission->advance);
  const bool proves = !submission->dry_run && !submission->advance && session_knows_log(session);
  if (proves || (!submission->dry_run && !session_clear_spool(session))) intake_offline(feeding.intake);
  (void)clock_gettime(CLOCK_MONOTONIC, &feeding.began);
  const struct draft_rows rows = {feeding.in, feeding.file, submission->csv != NULL ? submission->map : NULL, &feeding, feed, feed_bad};
  int code = drafts_read(&rows);
  if (code == EXIT_FINE) code = release(&feeding);
  if (code == EXIT_FINE) code = intake_drain(feeding.intake);
  if (code != EXIT_DOCUMENT && (code != EXIT_INPUT || feeding.rows > 0)) code = summary(&feeding, code);
  if (proves && code == EXIT_SAVED && !session->offline) code = session_send_saved(session);
  feeding_free(&feeding);
  return code;
}
