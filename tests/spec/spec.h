/* spec.h - the spec runner: transcripts in the domain's words, played through the core in virtual time.
 *
 * A spec is a text file.  `#` begins a comment, indentation is free, `→` stands before what must come of a line; several
 * things are separated by commas, and what stands in parentheses is for the reader.
 *
 *   policy FILE / world FILE          before the first `at`; else policy/municipal.yaml and tests/spec/city.yaml
 *   at 2026-02-09T09:00               time goes on until then; every rung fires at its time
 *   advance to 2026-02-10             the same
 *   outage until 2026-03-01           nothing runs until then; then what is due fires, late, in order
 *   OFFICER VERB F1 key=value ...     a command; the verbs stand in act.c, the keys are kind severity unit team found code
 *                                     category inspection same same_kind words officer verifier track evidence
 *                                     text days day measures form number; of other cases: other, also (that has the
 *                                     same evidence), rule_case (whose rule did not hold).
 *                                     evidence=2, evidence=plan+material, evidence=material:1 (for measure 1)
 *                                     Cases that follow from F1 are called F1.1, F1.2, ... in order.
 *   OFFICER tries COMMAND on F1       any command of command.def
 *   daemon repeats F1 / reviews F1    the last rung of the case once more; a look at the case after a publication
 *   daemon undelivered F1             a letter with notices of the case was given up
 *   publish policy|calendar|registry FILE    a new version, in force at once; every open case is reviewed
 *   publish registry FILE → not taken: WORDS the file is refused, and the words stand in what is said about it
 *   F1                                looks at the case, and at its last event: rule, edge, notices, relation
 *   F1 as of 2026-02-10T09:00         looks at the case as it was known then: the fold of what had been recorded
 *   F1 fired                          each rung since the last look, one line beginning with `→` for each
 *   F1 fired rectify                  the same, of one clock; the rungs of the others are passed over
 *     → 25 more                       so many of them, not written out
 *
 * What can be expected stands in expect.c.  A command without `refused` must be accepted.
 */
#ifndef RECTIFY_TESTS_SPEC_H
#define RECTIFY_TESTS_SPEC_H

#include "tests/lib/city.h"

#define SPEC_CASES_MAX 64
#define SPEC_WORDS_MAX 32
#define SPEC_LINE_MAX 1024

struct spec_case {
  char name[32];
  struct case_state state;
  uint32_t shown;    /* events looked at by `fired` */
  uint32_t children; /* cases that followed from it */
  bool was_closed;   /* at some time: those days are nobody's */
  struct attribution attribution;
};

/* One spec while it is played. */
struct play {
  const char *file;
  int line;
  bool failed;
  const char *policy, *registry;
  struct city *city; /* opened by the first `at` */
  usec_t now;
  uint32_t case_count;
  struct spec_case cases[SPEC_CASES_MAX];
  uint32_t event_count, event_room;
  struct event *events;     /* all that were recorded, in order */
  uint64_t commands;        /* to number keys */
  uint32_t order_year, order_serial; /* of the last supervision order */
  struct decision decision; /* the last one */
  uint32_t fired_clock;     /* whose rungs are looked at; 0: of all */
};

/* ---- play.c ---- */
void play_close(struct play *play);
/* Marks the spec as failed and says where and why. */
void play_fail(struct play *play, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Plays on until `until`; with `outage` what is due fires only then. */
void play_until(struct play *play, usec_t until, bool outage);
/* Decides, records, folds, and checks what must hold after every event.  `found`: the case, or NULL; `name` is given to a
 * case that is accepted. */
struct spec_case *play_command(struct play *play, struct spec_case *found, const char *name,
                               const struct command *command);
struct spec_case *play_case(struct play *play, const char *name); /* NULL: there is none */
struct spec_case *play_case_numbered(struct play *play, uint64_t case_no);
/* Every open case is reviewed after a publication. */
void play_review(struct play *play);
/* The case as it was known at the instant. */
void play_as_of(const struct play *play, const struct spec_case *found, usec_t instant, struct spec_case *out);
/* Folds all events again from nothing and compares. */
void play_check_fold(struct play *play);

/* ---- told.c: history, outlook and facts of every case, told to their end ---- */
void play_check_told(struct play *play);

/* ---- act.c: plays one command line, `words` of it; returns the case it was about or NULL ---- */
struct spec_case *act(struct play *play, char **words, uint32_t count);

/* ---- expect.c ---- */
void expect(struct play *play, struct spec_case *found, char *text, bool *refused);
void describe_rung(const struct play *play, const struct event *event, char *out, size_t size);
void describe_case(const struct play *play, const struct spec_case *found, char *out, size_t size);

#endif
