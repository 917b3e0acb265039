/* daemon.h - the daemon's parts and how they hang together.  One thread; every function here is called from the loop.
 *
 *   main     options, signals, the loop
 *   store    the writing connection: lock, take over, load, ready; probes and appends
 *   pipeline requests in, batches round, outcomes out
 *   query    the reading connection
 *   letter   the connection for letters
 *   watch    who is told of commits
 */
#ifndef RECTIFY_DAEMON_H
#define RECTIFY_DAEMON_H

#include "daemon/batch.h"
#include "daemon/book.h"
#include "daemon/clock.h"
#include "daemon/keys.h"
#include "daemon/log.h"
#include "daemon/pg.h"
#include "daemon/quota.h"
#include "daemon/recent.h"
#include "daemon/recur.h"
#include "daemon/router.h"
#include "daemon/seal.h"
#include "daemon/tree.h"
#include "daemon/world.h"

#define SOFTWARE "rectifyd 0.1.0"

enum store_state {
  STORE_DOWN,       /* no connection; tries again at retry_at */
  STORE_CONNECTING, /* connecting, preparing statements */
  STORE_STANDBY,    /* another daemon holds the lock */
  STORE_LOADING,    /* taken over; documents, tiles and cases come in */
  STORE_READY,
};

/* The writing connection and what it loaded. */
struct store {
  enum store_state state;
  struct pg *pg;
  const char *conninfo; /* borrowed */
  bool wants_standby;   /* nothing is acknowledged that no synchronous standby has */
  int64_t retry_at;     /* monotonic ms */
  uint32_t failures;    /* in a row, for the backoff */
  bool waiting;         /* a lock or load step is under way */
  bool was_ready;       /* it has served before */
  int session;          /* process id of the backend that had the lock for us last; 0: none had */
  bool bootstrap;       /* the database has no documents yet */
  uint64_t loaded_until; /* last case number loaded */
  uint64_t epoch, cases;
  uint64_t epoch_asked; /* of the take-over under way: `epoch` once that is committed */
  uint64_t size_asked;  /* likewise of the log, */
  struct hash root_asked; /* and its root: a standby may not have it */
  uint32_t system_events;
  uint32_t order_year, order_serial; /* of the last supervision order */
  bool has_rules;                    /* some rule was issued: findings are held against them */
  uint64_t digest;                   /* of the rungs that make up for an outage; 0: none do */
  uint64_t reviews_wanted, reviewed; /* size of the log with the newest publication that asks for reviews; with the one that all
                                      * cases were reviewed by, as the head says */
  uint64_t reviews_kept;             /* what `reviewed` becomes with the job under way */
  uint32_t review_cursor;            /* of book_walk() */
  bool reviews_handed_out;           /* all reviews are in batches */
  uint64_t indexed;                  /* findings of cases up to this one can be searched by the index; 0: not known yet */
  bool indexing, index_failed;       /* a step is under way; one failed: the next start tries again */
  int64_t index_at;                  /* monotonic ms: not before, because somebody may hand in more */
  struct tree tree;
  struct office *office;
  struct book *book;
  struct keys *keys;
  struct recur *recur;
  struct recent *recent;
};

struct watcher {
  bool used;
  bool lost; /* a push could not be sent, or was never made */
  struct route_back back;
  struct uuid id;
  uint32_t actor;
  bool has_key; /* of the connection: it must stay good */
  uint8_t key[CURVE_KEY_BYTES];
  uint32_t unit;
  uint64_t case_no;
  uint64_t size; /* of the log when last told */
  uint64_t head_size; /* of the signed head last told */
  int64_t expires; /* monotonic ms */
};

/* Turns of the loop since the daemon serves, by what each took; while one lasts nobody is answered. */
#define TURN_BOUNDS 8
struct turns {
  uint64_t count[TURN_BOUNDS]; /* up to 1, 2, 5, 10, 20, 40, 100 ms, and longer */
  uint64_t usec_max;
};

#define DEAD_TEXT_BYTES 1600

/* A case that is to be told of a letter that was given up. */
struct dead_letter {
  struct uuid key;
  uint64_t case_no;
  char text[DEAD_TEXT_BYTES];
};

/* The connection for letters, beside the writing one. */
struct post {
  struct pg *pg;
  int64_t retry_at; /* monotonic ms */
  uint32_t jobs;    /* requests of couriers that wait for it */
  bool dead_wanted, dead_loading; /* it is to be asked, it is being asked, what was given up and is not on record */
  uint32_t dead_count;
  struct dead_letter dead[DEAD_LETTERS_MAX];
};

/* Appends on their way.  The server turns to the second one at once, and need not wait for it to be sent. */
#define FLIGHTS_MAX 2

/* How far the next batch is: there is none; the database was asked what must be known; it is known; it is decided and packed. */
enum next_stage { NEXT_NONE, NEXT_ASKED, NEXT_KNOWN, NEXT_DECIDED };

struct daemon {
  struct router *router;
  struct codec_arena *arena;
  struct store store;
  struct pg *reader;
  struct post post;
  const char *reader_conninfo;
  struct pg *keeper; /* for files of evidence; connected as the writer is */
  int64_t keeper_retry_at;
  usec_t content_swept_at;
  uint64_t content_bytes_max, content_day_bytes_max;
  int64_t reader_retry_at;
  struct batch *gather, *next, *fly[FLIGHTS_MAX], *signed_;
  uint32_t flights, landed; /* batches in `fly`, the oldest first; so many of them are durable and wait for their place in signed_ */
  struct seal seal;
  struct turns turns;
  enum next_stage stage; /* of `next` */
  bool ahead;            /* its probe went before the append of the youngest that flies, or it needed none */
  uint32_t behind_min;   /* items of a batch that leaves behind one that has not landed: a full one's; the simulator's are small */
  uint64_t committed_size; /* of the log, as known to be durable */
  struct hash committed_root;
  uint64_t committed_cases;
  int64_t cautious_until; /* monotonic ms: until then requests are committed one at a time, after one was refused */
  uint32_t recur_rows; /* findings of a problem or kind that are read first, RECUR_DAY_MAX; the simulator's are fewer */
  int32_t recur_earlier; /* days before what a finding asks for that are asked for too, RECUR_EARLIER_DAYS; likewise */
  bool stopping;
  struct {
    bool wanted, under_way;
    bool keeping; /* all rungs have fired; the clock itself is being stored */
    bool kept;    /* the database said so; what it says is known at the end of the job only */
    usec_t until;
    struct route_back back;
    struct uuid id;
  } advance; /* of the manual clock */
  struct quotas *quotas;
  struct {
    struct uuid keys[READERS_KEPT_MAX]; /* of READ events, a ring */
    uint32_t next;
  } readers;
  struct query *queries; /* that wait for the reading connection, in no order */
  struct watcher watchers[WATCHERS_MAX];
  uint8_t *scratch; /* for packed replies */
};

/* ---- store.c ---- */
void store_turn(struct daemon *daemon, int64_t now_msec);
/* Forgets everything in memory and reconnects: after a lost connection or a batch that failed or is in doubt. */
void store_restart(struct daemon *daemon, const char *why);
/* What is stored cannot be what was written: logs `what` and ends the program with exit code 2; somebody must look. */
_Noreturn void store_damaged(const char *what);
/* The log extends what was signed last: the daemon may serve. */
void store_proven(struct daemon *daemon);
int64_t store_next_msec(const struct daemon *daemon);

/* ---- pipeline.c ---- */
/* Takes what waits at the socket, moves batches on. */
void pipeline_turn(struct daemon *daemon);
/* Whether a batch that is not answered yet has it. */
bool pipeline_has_key(const struct daemon *daemon, const struct uuid *key);
bool pipeline_wants_requests(const struct daemon *daemon);
bool pipeline_is_idle(const struct daemon *daemon);
/* The first publications of an empty database. */
void pipeline_bootstrap(struct daemon *daemon);
/* The store was lost: what was being worked on is answered "unavailable" or, where in doubt, not at all. */
void pipeline_forget(struct daemon *daemon);
/* When the next rung is due (INSTANT_NONE: never). */
usec_t pipeline_next_fire(const struct daemon *daemon);

/* ---- identity.c ---- */
/* Whether the holder of a key may connect: zap_admit_fn of the remote door; `context` is the daemon. */
bool identity_admits(void *context, const uint8_t key[CURVE_KEY_BYTES]);
/* Whether `key` (NULL: the local door, whose permissions are the check) may be used for `actor` now; else *why. */
bool identity_holds(const struct daemon *daemon, const uint8_t *key, uint32_t actor, const char **why);
/* Whether the finding bears a right signature by a key that its actor may sign with today. */
bool identity_signed(const struct daemon *daemon, const struct batch *batch, const struct item *item);

/* ---- refusal.c ---- */
/* Whether a verdict on the item is to be recorded; a refusal too many is only counted, and the item told so. */
bool refusal_is_recorded(struct daemon *daemon, struct item *item, uint32_t rule, usec_t now);
/* Counts of refusals that are to be put on record now. */
bool refusal_counts_are_due(const struct daemon *daemon);
void refusal_record_counts(struct daemon *daemon, struct batch *batch, usec_t now);

/* ---- decide_key.c ---- */
void decide_key_change(struct daemon *daemon, struct batch *batch, uint32_t at, usec_t now);

/* ---- decide_erase.c ---- */
bool is_erasure(uint32_t command);
void erasure_decide(struct daemon *daemon, struct batch *batch, struct item *item, usec_t now, struct decision *out);

/* ---- reading.c: readers of restricted cases ---- */
/* Whether some query waits until its reader is on record. */
bool reading_waits(const struct daemon *daemon);
/* Adds those readers to a batch that is about to be sealed. */
void reading_fill(struct daemon *daemon, struct batch *batch);
void reading_decide(struct daemon *daemon, struct item *item, usec_t now, struct decision *out);
/* The batch is durable: the queries of its readers are asked anew. */
void reading_landed(struct daemon *daemon, const struct batch *batch);
/* The store was lost: who waits is answered "unavailable". */
void reading_forget(struct daemon *daemon);

/* ---- decide.c ---- */

/* Numbers, packs and hashes an event that was decided; it becomes the next of the log. */
struct recorded *record_event(struct daemon *daemon, struct batch *batch, const struct event *event);
/* Decides every item of daemon->next and the rungs that are due; fills its fresh events. */
void batch_decide(struct daemon *daemon, struct batch *batch, bool with_rungs);
/* What batch_decide() does before and after: for the first start, which publishes what is in force already. */
void batch_begin(struct daemon *daemon, struct batch *batch);
void batch_finish(struct daemon *daemon, struct batch *batch);
/* An event of no case, decided now by the documents in force; the rest is the caller's to fill in. */
struct event batch_event(const struct daemon *daemon, uint32_t command, usec_t now);
/* Records the event of the item at `at`, which concerns no case. */
void batch_record(struct daemon *daemon, struct batch *batch, const struct event *event, uint32_t at);
/* The item is not judged; `text` is borrowed until the batch is answered. */
void item_fail(struct item *item, uint32_t failure, const char *text);

/* ---- publish.c ---- */
void publish_decide(struct daemon *daemon, struct batch *batch, uint32_t at, usec_t now);
/* Whether the actor may publish, and say whose key is which. */
bool is_administrator(const struct registry *registry, uint32_t actor, usec_t now);
/* The first publications of an empty database: what the program carries. */
void publish_embedded(struct daemon *daemon, struct batch *batch);

/* ---- review.c ---- */
/* Whether some case may not have been reviewed yet by what is in force. */
bool review_is_pending(const struct daemon *daemon);
/* Whether a document of the kind asks for reviews. */
bool review_is_reason(uint32_t document);
/* All cases are to be reviewed by what the log holds at this size. */
void review_want(struct daemon *daemon, uint64_t size);
/* Whether review_fill() has something to add. */
bool review_has_more(const struct daemon *daemon);
/* Adds the next reviews to a batch that is about to be sealed. */
void review_fill(struct daemon *daemon, struct batch *batch);
/* The batch is durable: with the last reviews, that too is kept. */
void review_landed(struct daemon *daemon, const struct batch *batch);

/* ---- search.c: findings into the index of searches, behind the log ---- */
/* One step, when nothing else is to be done. */
void search_turn(struct daemon *daemon);
/* Something was recorded, and more may follow at once: not now. */
void search_wait(struct daemon *daemon);
/* The connection is gone, and the step under way with it. */
void search_forget(struct store *store);
/* Findings of cases up to this one are searched, those that a search reads by itself included. */
uint64_t search_reach(const struct daemon *daemon);

/* ---- commit.c ---- */
/* False: it is another statement's result. */
bool standby_take(const PGresult *result, struct standby_check *check);
/* Whether a standby has what was committed between the two. */
bool standby_has_it(const struct standby_check *earlier, const struct standby_check *later);
/* Fills the columns for append() with a batch that was decided: it is the next one that is sent. */
void commit_fill(struct daemon *daemon, const struct batch *batch);
/* Sends the append of the batch that they were filled with; pipeline_commit_done() is told the outcome. */
bool commit_send(struct daemon *daemon, struct batch *batch);
/* Sends the tables of a registry: STATEMENT_PROJECT_REGISTRY, or STATEMENT_CHECK_REGISTRY (with the epoch), in an open job. */
void commit_send_registry(struct pg *pg, enum statement statement, const struct registry *registry, uint64_t epoch);
void commit_free(void);
void pipeline_commit_done(struct daemon *daemon, enum pg_outcome outcome, const char *sqlstate, const char *text);
/* Whether the probe of a batch may go ahead of the append of the one that is decided before it, which it does not see then. */
bool probe_may_go_ahead(const struct daemon *daemon, const struct batch *batch, const struct batch *before);
/* Sends the probes of `batch`; pipeline_probe_done() is told when its items are filled in. */
bool probe_send(struct daemon *daemon, struct batch *batch);
/* Whether the recurrences of all its findings are known.  Not so where what has landed since changed the registry or the policy:
 * then probe_again() asks for what is missing. */
bool probe_suffices(struct daemon *daemon, struct batch *batch);
bool probe_again(struct daemon *daemon, struct batch *batch);
/* Fills in how often the finding was found before, and counts it as one that will have been: both at the instant it is decided. */
void probe_recurrences(struct daemon *daemon, struct item *item);
void probe_recorded(struct daemon *daemon, const struct item *item);
void pipeline_probe_done(struct daemon *daemon, enum pg_outcome outcome, const char *text);

/* ---- answer.c ---- */
void answer_batch(struct daemon *daemon, struct batch *batch);
void answer_error(struct daemon *daemon, const struct route_back *back, const struct uuid *id, uint32_t code,
                  const char *field, const char *text, uint32_t retry_msec);
void answer_pong(struct daemon *daemon, const struct route_back *back, const struct uuid *id);
void answer_page(struct daemon *daemon, const struct route_back *back, const struct uuid *id,
                 Rectify__V1__Page *page);
void answer_uploaded(struct daemon *daemon, const struct route_back *back, const struct uuid *id, Rectify__V1__Uploaded *uploaded);
void answer_push(struct daemon *daemon, struct watcher *watcher, Rectify__V1__Push *push);
void answer_letters(struct daemon *daemon, const struct route_back *back, const struct uuid *id,
                    Rectify__V1__LetterOutcomes *outcomes);
void answer_leased(struct daemon *daemon, const struct route_back *back, const struct uuid *id, Rectify__V1__Leased *leased);
void answer_head(const struct daemon *daemon, Rectify__V1__Head *head, const struct hash *root, uint64_t size);
ProtobufCBinaryData answer_text(const char *text);

/* ---- row.c ---- */
/* Room for what one case row points to. */
struct row_room {
  char due[11], closed[11];
  char order[24]; /* "2026-17" */
  Rectify__V1__CaseColumns columns;
};
/* Fills `row` from a folded state as it stands at `now`; names are borrowed from the world's registry. */
void row_of_case(const struct world *world, usec_t now, const struct case_state *state, Rectify__V1__CaseRow *row,
                 struct row_room *room);
/* Code and name of an officer, borrowed from the registry; nothing for 0 and for one that it does not have. */
void row_name_officer(const struct registry *registry, uint32_t officer, ProtobufCBinaryData *code,
                      ProtobufCBinaryData *name);
/* The same of a unit. */
void row_name_unit(const struct registry *registry, uint32_t unit, ProtobufCBinaryData *code, ProtobufCBinaryData *name);
/* Who did it, and for whom. */
void row_of_people(const struct registry *registry, uint32_t actor, uint32_t on_behalf, Rectify__V1__EventRow *row);

/* ---- query.c ---- */
void query_start(struct daemon *daemon, const Rectify__V1__Query *query, uint32_t actor,
                 const struct route_back *back, const struct uuid *id);
void query_turn(struct daemon *daemon, int64_t now_msec);

/* ---- query_right.c: who may ask what, by include/rectify/query.def ---- */
enum query_right {
#define QUERY(number, NAME, name, zh, reach, roles, text) QUERY_##NAME = (number),
#include "rectify/query.def"
#undef QUERY
};
bool query_may(const struct daemon *daemon, enum query_right right, uint32_t actor);
const char *query_why_not(enum query_right right); /* what who may not is told; valid until the next call */

/* ---- cosign.c ---- */
void cosign_request(struct daemon *daemon, const Rectify__V1__Cosign *cosign, uint32_t actor, const struct route_back *back,
                    const struct uuid *id);
/* ---- letter.c ---- */
/* A Post, Lease or Report. */
void letter_request(struct daemon *daemon, const Rectify__V1__Request *request, uint32_t actor, const struct route_back *back,
                    const struct uuid *id);
void letter_turn(struct daemon *daemon, int64_t now_msec);
/* Numbers that a statement put one behind the other, each as eight bytes; returns how many. */
size_t letter_numbers(ProtobufCBinaryData packed, uint64_t *out, size_t room);

/* ---- dead.c ---- */
/* Asks what was given up and is not on record, when there may be some. */
void dead_ask(struct daemon *daemon);
/* Whether dead_fill() has something to add. */
bool dead_have_some(const struct daemon *daemon);
/* Adds what it was told to a batch that is about to be sealed. */
void dead_fill(struct daemon *daemon, struct batch *batch);
/* The batch is durable: there may be more to ask for. */
void dead_landed(struct daemon *daemon, const struct batch *batch);
/* The store was lost: all is to be asked again. */
void dead_forget(struct daemon *daemon);

/* ---- content.c: files of evidence ---- */
void content_upload(struct daemon *daemon, const Rectify__V1__Upload *upload, uint32_t actor, const struct route_back *back,
                    const struct uuid *id);
void content_part(struct daemon *daemon, const Rectify__V1__Part *part, uint32_t actor, const struct route_back *back,
                  const struct uuid *id);
void content_turn(struct daemon *daemon, int64_t now_msec);
/* ---- past_office.c ---- */
void past_office_forget_all(void); /* documents of the past that are kept; at the end of the program */

/* ---- watch.c ---- */
void watch_request(struct daemon *daemon, const Rectify__V1__Watch *watch, uint32_t actor,
                   const struct route_back *back, const struct uuid *id);
void watch_tell(struct daemon *daemon, const struct batch *batch);
/* The log has grown by what nobody was told of: another daemon's batches, or one of our own that was in doubt.  The next push to
 * each shows the gap. */
void watch_missed(struct daemon *daemon);

#endif
