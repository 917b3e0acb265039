/* sim.h - the simulator: daemons, clients and their spools run in one process, in virtual time, on a made-up network and a
 * made-up PostgreSQL, all drawn from one seed.
 *
 * What runs is the code that is shipped, unchanged: core, codec, the whole daemon but its main(), the client library with its
 * spool.  What is replaced, when it is linked, is what they stand on:
 *
 *   libzmq    sim_zmq.c     sockets on a network that loses, delays, repeats, re-orders and cuts
 *   libpq     sim_pq.c      connections to sim_server.c, which does what the daemon's SQL does
 *   the clock and random numbers, the disk's calls of the spool, syslog, the end of the process: sim_system.c
 *
 * sim_host.c runs a daemon as its main() would, sim_person.c is what people do, sim_plan.c draws who does what when and what
 * breaks, sim_check.c holds every step against the invariants, main.c plays seeds and makes the ones that fail short. */
#ifndef RECTIFY_TESTS_SIM_H
#define RECTIFY_TESTS_SIM_H

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rectify/core.h"
#include "rectify/must.h"

#define SIM_DAEMONS 2
#define SIM_PEOPLE 5 /* the last one only watches */
#define SIM_WATCHER (SIM_PEOPLE - 1)
#define SIM_COURIERS 2
#define SIM_CLIENTS (SIM_PEOPLE + SIM_COURIERS)
#define SIM_STEPS_MAX 4096
#define MSEC INT64_C(1000) /* in usec_t */
#define SECOND (1000 * MSEC)
#define SIM_WORDS_BYTES 32
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

/* Streams of dice: what one part of the run draws moves nothing in another. */
enum sim_stream {
  DICE_PLAN, DICE_NET, DICE_SERVER, DICE_DISK, DICE_RANDOM, DICE_SIGNER, DICE_PEOPLE, DICE_POST = DICE_PEOPLE + SIM_PEOPLE, DICE_MAIL, DICE_STREAMS
};

/* A process of the simulation: a daemon, a person's client or a courier. */
struct process {
  bool alive;  /* what it sends while it is not comes from nowhere: dropped */
  bool paused; /* stands still, as after SIGSTOP */
  usec_t skew; /* of its system clock */
  uint32_t number; /* daemons from 0, people behind them, couriers behind those */
};

/* ---- sim_plan.c: what happens when ---- */

enum step_kind {
#define STEP(NAME, name, is_fault, text) STEP_##NAME,
#include "tests/sim/step.def"
#undef STEP
  STEP_KINDS
};

struct step {
  usec_t at;
  uint8_t kind; /* enum step_kind */
  uint8_t who;
  uint32_t a;    /* how long, in ms, or how many */
  uint32_t dice; /* of the step itself */
};

struct plan {
  uint32_t count;
  struct step steps[SIM_STEPS_MAX];
  usec_t quiet_at; /* no fault is left from here on */
};

void plan_make(struct plan *plan, uint64_t seed);
/* A hundred years of a few cases. */
void plan_century(struct plan *plan, uint64_t seed);
const char *step_name(uint32_t kind);
bool step_is_fault(uint32_t kind);
void plan_tell(const struct step *step, char *out, size_t size);
/* Lets a fault happen. */
void fault_begin(const struct step *step);

/* ---- the run ---- */

struct sim {
  uint64_t seed;
  bool trace;
  usec_t now;
  uint64_t dice[DICE_STREAMS];
  uint64_t digest, messages, steps_run;
  struct process *process; /* whose code runs; NULL: none */
  struct plan plan;
  bool resting;         /* who stands by stands still: else it would ask for the lock twice a second for days */
  usec_t last_trouble; /* when a fault last was in force */
  usec_t last_spoilt;  /* a row of the database */
  /* Of the network. */
  uint32_t loss, twice, slow; /* percent */
  bool cut[SIM_CLIENTS][SIM_DAEMONS], cut_replies;
  /* Of the disks. */
  bool signs;          /* the daemons have a signer */
  uint32_t behind_min; /* items of a batch that leaves behind another one: daemon.behind_min */
  uint32_t recur_rows; /* findings of a kind that are read one by one: daemon.recur_rows */
  int32_t recur_earlier; /* days that are asked for too: daemon.recur_earlier */
  uint32_t recent_keys; /* keys that are remembered */
  bool posts;          /* there are couriers */
  bool amends;         /* texts are erased, policies and calendars are published */
  bool clock_was_set;  /* some machine's, once */
  uint32_t mail_down, mail_slow, mail_loses, mail_refuses, courier_dies; /* percent of what servers of mail are asked */
  uint32_t signer_dies; /* percent of its questions at which it ends */
  uint32_t disk_dies; /* percent of the disk's calls at which the process ends */
  char folder[64];    /* of the spools */
  char wrong[600];    /* the first broken invariant; empty: none */
  uint64_t writes;    /* of the disks */
};
extern struct sim sim;
extern jmp_buf sim_over; /* where a broken invariant ends the run */

/* A number below `bound`, from that stream. */
uint32_t dice_below(enum sim_stream stream, uint32_t bound);
bool dice_percent(enum sim_stream stream, uint32_t percent);
uint64_t sim_hash(const uint8_t id[16]);
/* The words of the finding of that id: no other has them. */
void sim_words(const uint8_t id[16], char out[SIM_WORDS_BYTES]);

/* Calls `what(context, number)` after `delay`. */
typedef void sim_fn(void *context, uint64_t number);
void sim_after(usec_t delay, sim_fn *what, void *context, uint64_t number);
/* Lets everything happen that is due up to `until`; false: nothing is left. */
bool sim_run(usec_t until);
void sim_clear(void);

/* One line of the transcript. */
void sim_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sim_digest(uint64_t what);
/* The run ends: an invariant is broken. */
_Noreturn void sim_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define HOLDS(condition, ...) ((condition) ? (void)0 : sim_wrong(__VA_ARGS__))

/* ---- sim_system.c ---- */
#define SIM_BORN (INT64_C(1767571200) * SECOND)    /* 2026-01-05T00:00:00Z, a Monday */
#define CENTURY_BORN (INT64_C(977702400) * SECOND) /* 2000-12-25T00:00:00Z, likewise: a hundred years are over just before DAY_MAX, and 2100 has no 29 February */
extern usec_t sim_born;
void system_clear(void);
void system_crash_disk(uint32_t person); /* what was not synced is cut, or torn */
void system_end(int code);               /* where exit() goes */
extern jmp_buf *system_exit;             /* of the process that runs */

/* ---- sim_zmq.c ---- */
void net_clear(void);
/* Its sockets are gone. */
void net_forget(const struct process *process);
bool net_readable(const struct process *process);

/* ---- sim_pq.c ---- */
void pq_clear(void);
void pq_cut(const struct process *process); /* its connections break */
void pq_cut_all(void);
void pq_hang(const struct process *process, usec_t until); /* nothing comes through */
void pq_server_is_gone(void); /* the one before: another one has its place */
void pq_end_session(uint64_t session);
void pq_doubt(uint32_t percent, bool noticed); /* commits end without an answer, or with a warning */
void pq_fail(uint32_t percent);                /* commits are refused: disk full */
void pq_slow(uint32_t msec);                   /* up to so long from one job to the next; 0: hardly anything */
bool pq_is_slow(void);
usec_t pq_busy_until(void);                    /* when all that was asked is done */

/* ---- sim_server.c: the database ---- */
struct server_case {
  uint8_t *state;
  uint32_t length, version;
  bool has_fire;
  uint32_t flags;
  uint64_t parent, finding_of;
};
struct server_event {
  uint64_t case_no;
  uint32_t version, command, rule, actor;
  uint8_t key[16];
  uint8_t *record;
  uint32_t length;
};
struct server_notice {
  int64_t id;
  uint64_t case_no, digest;
  int64_t created;
  uint32_t kind, recipient, officer, instead_of;
  bool copy;
};
struct server_head {
  uint64_t size, epoch, cases, reviewed, indexed;
  int64_t system_events, clock;
  struct hash root;
  uint8_t frontier[FRONTIER_MAX * 32], tail[256 * 32];
  uint32_t frontier_bytes, tail_bytes;
};
struct server {
  struct server_head head;
  uint64_t durable;    /* events that no failover can take away */
  usec_t down_until;
  uint32_t node;       /* primaries so far */
  uint64_t durable_epoch; /* no failover goes back behind it */
  bool unnamed;        /* synchronous_standby_names is empty: a commit waits for the disk alone */
  int64_t settings_read; /* when it was last changed */
  bool unnames;        /* it will be, from the next time on that a session gets the lock */
  uint64_t event_room, case_room, notice_count, notice_room;
  struct server_event *events;
  struct server_case *cases; /* by number - 1 */
  struct server_notice *notices;
  bool rolled_back;    /* it is an old backup, which somebody has restored */
  bool corrupt;        /* a row was spoilt, and not mended yet */
};
extern struct server server;
void server_clear(void);
/* A statement of a session; `params` are binary, as sent. */
struct server_params {
  int count;
  const char *const *values;
  const int *lengths;
};
struct pg_result *server_run(uint32_t statement, const struct server_params *params, uint64_t session);
/* Whether the statement can change what a client is told; whether it has, just now. */
bool server_may_write(uint32_t statement);
bool server_wrote(uint32_t statement);
const char *server_text(int64_t log_index, size_t *length); /* kept apart from the record of an event; NULL: none, or erased */
const char *server_document(int32_t kind, uint32_t version, size_t *length);
int64_t server_find_key(const uint8_t key[16]); /* log index, or -1 */
/* Findings of the same problem, or kind, in the table before the case's own, of its day and so many days before it. */
uint32_t server_earlier(uint64_t case_no, bool problem, int32_t days);
uint64_t server_notice_at(int64_t id, uint64_t among);
void server_make_durable(void);
void server_lose_tail(void); /* a failover to a standby that did not have it */
void server_release(uint64_t session); /* its lock */
void server_lock_lost(void);
void server_unnames(bool unnamed); /* the primary's list of standbys is emptied, or filled again */
bool server_has_evidence(const uint8_t sha256[32]);
bool server_has_content(const uint8_t sha256[32], uint32_t officer); /* that officer has uploaded it */
void server_corrupt(uint32_t dice);
bool server_roll_back(uint64_t signed_size); /* to a backup that is older than that; false: there is none */
void server_roll_forward(void);
void server_mend(void);

/* ---- sim_server_letters.c: letters, as they stand in the database ---- */
struct server_letter {
  const uint8_t *id;
  uint32_t officer, state, attempts, notice_count;
  bool leased;
  const char *channel, *subject, *body;
  size_t subject_length, body_length;
  int64_t made, due_at;
  const int64_t *notices;
};
bool letters_find(uint32_t at, struct server_letter *out); /* false: there are fewer */
bool letters_find_id(const uint8_t id[16], struct server_letter *out);
bool letters_tell(int64_t notice);
void letters_dead_key(const uint8_t id[16], uint64_t case_no, uint8_t key[16]);

/* ---- sim_record.c: statements and answers, for PostgreSQL to be asked the same ---- */
void record_open(const char *path);
void record_close(void);
bool record_is_on(void);
void record_transaction(void);
void record_statement(uint32_t statement, const struct server_params *params, const PGresult *result);

/* Results, in sim_pq.c. */
struct pg_result *result_new(int status);
struct pg_result *result_error(const char *sqlstate, const char *text);
void result_int(struct pg_result *result, int64_t value);
void result_bytes(struct pg_result *result, const void *data, size_t length);
void result_null(struct pg_result *result);
void result_columns(struct pg_result *result, int columns);
void result_name(struct pg_result *result, const char *name); /* of the first column */

/* ---- sim_signing.c: the signer ---- */
void signer_clear(void);
void signer_dies(void);
void signer_starts(void);
uint64_t signer_size(void); /* of the last head that it signed */
bool signer_note_is_good(const void *data, size_t length, uint64_t size, const uint8_t root[HASH_BYTES]);

/* ---- sim_host.c: daemons ---- */
void host_prepare(void); /* once */
void host_clear(void);
void host_start(uint32_t number);
void host_crash(uint32_t number); /* kill -9 */
void host_stop(uint32_t number);  /* SIGTERM */
void host_pause(uint32_t number, bool paused);
void host_wake(uint32_t number);
struct process *host_process(uint32_t number);
bool host_is_ready(uint32_t number);
bool host_is_up(uint32_t number);
bool host_serves(uint32_t number);
usec_t host_skew(void); /* of the clock of the daemon that serves */
usec_t host_ready_since(void); /* the database has had a daemon that serves since then; INSTANT_NONE: it has none */
void clock_save(void *room), clock_load(const void *room);
size_t clock_room(void);
void probe_save(void *room), probe_load(const void *room);
size_t probe_room(void);
void uploads_save(void *room), uploads_load(const void *room);
size_t uploads_room(void);
void seal_save(void *room), seal_load(const void *room), seal_wipe(void *room);
size_t seal_room(void);

/* ---- sim_person.c: people and their clients ---- */
void person_clear(void);
void person_start(uint32_t number);
void person_crash(uint32_t number);
void person_wake(uint32_t number);
struct process *person_process(uint32_t number);
bool person_is_done(uint32_t number);
usec_t person_busy_since(uint32_t number); /* with one step; now when with none */
/* Lets the person's client wait: called from zmq_poll(). */
void person_wait(usec_t delay);

const char *person_officer(uint32_t id); /* its code */

/* ---- sim_courier.c ---- */
void courier_prepare(void); /* once, its files */
void courier_clear(void);
void courier_start(uint32_t number);
void courier_crash(uint32_t number);
void courier_stop(uint32_t number);
void courier_pause(uint32_t number, bool paused);
void courier_wake(uint32_t number);
void courier_wait(usec_t delay); /* as person_wait() */
void courier_rest(bool resting); /* nobody does anything for long */
void courier_notices(void);      /* there are new ones */
void courier_at_ease(void);      /* no officer has hours from now on: what waits goes out */
struct process *courier_process(uint32_t number);

/* ---- sim_check.c ---- */
void check_clear(void);
/* Before a batch is taken by the database, and after. */
void check_append(uint64_t epoch, uint64_t size, uint64_t new_size);
void check_epoch(uint64_t epoch); /* a daemon took over */
void check_epoch_lost(uint64_t epoch);
void check_durable(void); /* events up to server.durable: folded, hashed, compared */
void check_submitted(const uint8_t id[16], uint32_t person, uint32_t command, uint64_t case_no, bool in_spool);
void check_sent(uint32_t person, const void *data, size_t length); /* a request goes out */
void check_kept(const uint8_t id[16]); /* the spool has said so */
void check_head_seen(const void *head); /* a Rectify__V1__Head, or NULL */
void check_answer(uint32_t person, const uint8_t id[16], const void *outcome); /* a Rectify__V1__Outcome */
void check_uploaded(uint32_t officer, const uint8_t sha256[32]); /* that officer was told that the file is there */
void check_signed(uint64_t size, const void *note, size_t length); /* a signed head was kept, or given out */
void check_head(uint64_t size, const void *root);
void check_push(const void *push); /* a Rectify__V1__Push */
/* An officer asks for the words of a case; is shown a row: a Rectify__V1__CaseRow. */
void check_asks(uint32_t officer, uint64_t case_no);
void check_read(uint32_t officer, const void *row, usec_t asked);
uint64_t check_words_at(uint64_t case_no); /* the log index, and 1, of the event that the words of its finding came with; 0: no such case */
void check_erased(const uint64_t *of, uint32_t count, const char *text, size_t length); /* a letter that tells of these cases */
void check_timers(void);
void check_seen(int64_t notice);
void check_reads_all(void); /* what is there now is to be seen */
void check_end(uint32_t officer); /* who is told of all notices to the officer has heard of all */
void check_words(const uint64_t *of, uint32_t count, const char *text, size_t length); /* of a letter that tells of these cases */
const struct case_state *check_case(uint64_t case_no);
uint64_t check_case_count(void);
uint64_t check_event_count(void), check_answer_count(void), check_rung_count(void), check_reading_count(void), check_closing_count(void), check_erasure_count(void), check_signed_count(void);

/* ---- sim_check_versions.c ---- */
void check_versions_clear(void);
void check_version(const struct event *event, const struct case_state *before, uint64_t log_index); /* before: NULL, of no case */
void check_dates(const struct case_state *state);
void check_reviewed(void); /* all cases, after the last publication */
uint64_t check_published_count(void);

/* ---- sim_check_letters.c ---- */
struct sim_letter {
  uint8_t id[16];
  uint32_t courier, attempt;
  char to[300];
  const char *subject, *text;
  size_t length; /* of the text */
};
void check_letters_clear(void);
void check_leased(uint32_t courier, const void *leased); /* a Rectify__V1__Leased */
void check_letter_sent(const struct sim_letter *letter);
void check_letter_taken(const uint8_t id[16]); /* by a server of mail */
void check_attempt_ended(const uint8_t id[16], uint32_t attempt, uint32_t outcome);
void check_reported(const uint8_t id[16], uint32_t outcome, uint32_t result);
bool check_letters_settled(void);
void check_letters_end(void);
uint64_t check_letter_count(void), check_twice_count(void);

#endif
