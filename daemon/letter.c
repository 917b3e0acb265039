/* letter.c - what couriers ask: letters are made, leased and reported.  On a connection of its own, as the role rectify_writer, so
 * that a slow mail server's paperwork never holds up a commit; migrations/0009_letters.sql does the work, in one transaction a
 * request.  What is given up goes on record: dead.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/query.h"
#include "rectify/must.h"

#define POST_RETRY_MSEC 500

#define LEASED_BYTES_MAX (LETTER_SUBJECT_BYTES_MAX + LETTER_BODY_BYTES_MAX + LETTER_HTML_BYTES_MAX + LETTER_NOTICES_MAX * 10 + 500)
_Static_assert(LEASE_LETTERS_MAX * LEASED_BYTES_MAX < WIRE_FRAME_BYTES_MAX, "a lease fits into one frame");

/* A request that waits for the database; its answer leaves when what it changed is durable. */
struct job {
  struct daemon *daemon;
  struct route_back back;
  struct uuid id;
  uint32_t count; /* letters, or reports; 0: a lease */
  bool given_up;
  PGresult *leased; /* of a lease */
  pg_done_fn *ended;
  struct standby_check before, after; /* where a standby is to have it too: of the commit, whose end is */
  enum pg_outcome outcome;
  char sqlstate[6], text[128];
  usec_t next_due;
  struct uuid ids[WIRE_POST_MAX];
  struct letter_outcome {
    uint32_t result, state;
    uint64_t notice;
  } outcomes[WIRE_POST_MAX];
};

static struct job *new_job(struct daemon *daemon, const struct route_back *back, const struct uuid *id, size_t count) {
  struct job *job = calloc(1, sizeof *job);
  must(job != NULL && count <= WIRE_POST_MAX);
  job->daemon = daemon;
  job->back = *back;
  job->id = *id;
  job->count = (uint32_t)count;
  daemon->post.jobs++;
  return job;
}

static void job_end(struct job *job) {
  job->daemon->post.jobs--;
  PQclear(job->leased);
  free(job);
}

static void job_failed(const struct job *job, const char *sqlstate, const char *text) {
  const bool lies_in_the_data = strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0;
  log_warning("letters.failed sqlstate=%s text=%s", sqlstate, text);
  if (lies_in_the_data)
    answer_error(job->daemon, &job->back, &job->id, FAILURE_INTERNAL, "", "the database refused to record this", 0);
  else
    answer_error(job->daemon, &job->back, &job->id, FAILURE_UNAVAILABLE, "", "the database cannot be reached; try later",
                 RETRY_AFTER_MSEC);
}

/* ---- what a standby must have too: as batches, commit.c ---- */

static void committed(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct job *job = context;
  job->outcome = outcome;
  (void)snprintf(job->sqlstate, sizeof job->sqlstate, "%s", sqlstate);
  (void)snprintf(job->text, sizeof job->text, "%.120s", text);
}

static void check_result(void *context, unsigned step, const PGresult *result) {
  struct job *job = context;
  (void)step;
  (void)standby_take(result, &job->after);
}

/* A courier that was told what a failover then takes away would send it under another id, or a second one would send it too. */
static void check_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct job *job = context;
  if (job->outcome != PG_DONE) job->ended(job, job->outcome, job->sqlstate, job->text);
  else if (outcome != PG_DONE) job->ended(job, PG_UNKNOWN, sqlstate, text);
  else if (!standby_has_it(&job->before, &job->after)) job->ended(job, PG_UNKNOWN, "", "no standby is known to have it, but durability is standby");
  else job->ended(job, PG_DONE, "", "");
}

static bool begin(struct job *job, pg_result_fn *result, pg_done_fn *ended) {
  job->ended = ended;
  return pg_begin(job->daemon->post.pg, result, job->daemon->store.wants_standby ? committed : ended, job);
}

static void finish(struct job *job) {
  struct pg *pg = job->daemon->post.pg;
  const bool wants_standby = job->daemon->store.wants_standby;
  struct pg_params params;
  pg_params_reset(&params);
  if (wants_standby) pg_statement(pg, STATEMENT_CHECK_STANDBY, &params);
  pg_end(pg);
  if (!wants_standby) return;
  must(pg_begin(pg, check_result, check_done, job));
  pg_statement(pg, STATEMENT_CHECK_STANDBY, &params);
  pg_end(pg);
}

/* ---- outcomes of letters and reports ---- */

enum { OUTCOMES_RESULT, OUTCOMES_NOTICE, OUTCOMES_STATE };

static void outcomes_result(void *context, unsigned step, const PGresult *result) {
  struct job *job = context;
  (void)step;
  if (standby_take(result, &job->before)) return;
  must((uint32_t)PQntuples(result) == job->count);
  for (int i = 0; i < PQntuples(result); i++) {
    job->outcomes[i] = (struct letter_outcome){(uint32_t)pg_int(result, i, OUTCOMES_RESULT),
                                               (uint32_t)pg_int(result, i, OUTCOMES_STATE),
                                               (uint64_t)pg_int(result, i, OUTCOMES_NOTICE)};
    job->given_up |= job->outcomes[i].result == LETTER_RESULT_GIVEN_UP;
  }
}

static void answer_outcomes(const struct job *job) {
  static Rectify__V1__LetterOutcome rows[WIRE_POST_MAX], *pointers[WIRE_POST_MAX];
  Rectify__V1__LetterOutcomes outcomes = RECTIFY__V1__LETTER_OUTCOMES__INIT;
  for (uint32_t i = 0; i < job->count; i++) {
    pointers[i] = &rows[i];
    rectify__v1__letter_outcome__init(&rows[i]);
    rows[i].letter = (ProtobufCBinaryData){WIRE_ID_BYTES, (uint8_t *)(uintptr_t)job->ids[i].bytes};
    rows[i].result = job->outcomes[i].result;
    rows[i].state = job->outcomes[i].state;
    rows[i].notice = job->outcomes[i].notice;
  }
  outcomes.n_outcomes = job->count;
  outcomes.outcomes = pointers;
  answer_letters(job->daemon, &job->back, &job->id, &outcomes);
}

static void outcomes_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct job *job = context;
  if (outcome == PG_DONE) answer_outcomes(job);
  else job_failed(job, sqlstate, text);
  job->daemon->post.dead_wanted |= job->given_up;
  job_end(job);
}

/* ---- making ---- */

struct made {
  struct pg_array ids, officers, channels, languages, urgent, subjects, bodies, htmls, not_before, places, notices;
};

static void made_begin(struct made *made) {
  pg_array_reset(&made->ids, PG_UUID);
  pg_array_reset(&made->officers, PG_INT4);
  pg_array_reset(&made->channels, PG_TEXT);
  pg_array_reset(&made->languages, PG_TEXT);
  pg_array_reset(&made->urgent, PG_BOOL);
  pg_array_reset(&made->subjects, PG_TEXT);
  pg_array_reset(&made->bodies, PG_TEXT);
  pg_array_reset(&made->htmls, PG_TEXT);
  pg_array_reset(&made->not_before, PG_INSTANT);
  pg_array_reset(&made->places, PG_INT4);
  pg_array_reset(&made->notices, PG_INT8);
}

static void put_text(struct pg_array *array, ProtobufCBinaryData text) { pg_put_bytes(array, text.data, text.len); }

/* Who left is sent nothing any more; his letter says so, and his notices need no other one. */
static void put_receiver(struct made *made, const struct registry *registry, const Rectify__V1__Letter *letter) {
  static const ProtobufCBinaryData none = {4, (uint8_t *)(uintptr_t)"none"};
  const uint32_t officer = registry_find_officer(registry, (const char *)letter->officer.data, letter->officer.len);
  pg_put_int(&made->officers, officer);
  put_text(&made->channels, registry->officers[officer].retired ? none : letter->channel);
}

static void made_add(struct made *made, const struct registry *registry, const Rectify__V1__Letter *letter) {
  put_text(&made->ids, letter->id);
  put_receiver(made, registry, letter);
  put_text(&made->languages, letter->language);
  pg_put_int(&made->urgent, letter->urgent);
  put_text(&made->subjects, letter->subject);
  put_text(&made->bodies, letter->body);
  put_text(&made->htmls, letter->html);
  pg_put_int(&made->not_before, letter->not_before);
  for (size_t i = 0; i < letter->n_notices; i++) {
    pg_put_int(&made->places, made->ids.count);
    pg_put_int(&made->notices, (int64_t)letter->notices[i]);
  }
}

static void begin_params(const struct daemon *daemon, usec_t now, struct pg_params *params) {
  pg_params_reset(params);
  pg_param_int8(params, (int64_t)daemon->store.epoch);
  pg_param_instant(params, now);
}

static bool send_post(struct daemon *daemon, const Rectify__V1__Post *post, struct job *job) {
  static struct made made;
  struct pg_params params;
  if (!begin(job, outcomes_result, outcomes_done)) return false;
  made_begin(&made);
  for (size_t i = 0; i < post->n_letters; i++) {
    memcpy(job->ids[i].bytes, post->letters[i]->id.data, WIRE_ID_BYTES);
    made_add(&made, daemon->store.office->registry, post->letters[i]);
  }
  begin_params(daemon, clock_now(), &params);
  pg_param_int8(&params, (int64_t)post->size);
  struct pg_array *const arrays[] = {&made.ids,      &made.officers, &made.channels,   &made.languages, &made.urgent, &made.subjects,
                                     &made.bodies,   &made.htmls,    &made.not_before, &made.places,    &made.notices};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) pg_param_array(&params, arrays[i]);
  pg_statement(daemon->post.pg, STATEMENT_MAKE_LETTERS, &params);
  finish(job);
  return true;
}

/* ---- leasing ---- */

enum { LEASED_ID, LEASED_OFFICER, LEASED_CHANNEL, LEASED_LANGUAGE, LEASED_URGENT, LEASED_SUBJECT, LEASED_BODY, LEASED_HTML,
       LEASED_NOT_BEFORE, LEASED_MADE, LEASED_DUE, LEASED_ATTEMPTS, LEASED_FAILURES, LEASED_NOTICES, LEASED_CLOSED };

static void lease_result(void *context, unsigned step, const PGresult *result) {
  struct job *job = context;
  if (standby_take(result, &job->before)) return;
  if (step == 0) {
    job->leased = PQcopyResult(result, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
    return;
  }
  job->next_due = pg_instant(result, 0, 0);
  job->given_up = pg_int(result, 0, 1) != 0;
}

size_t letter_numbers(ProtobufCBinaryData packed, uint64_t *out, size_t room) {
  size_t count = 0;
  for (size_t at = 0; at + 8 <= packed.len && count < room; at += 8) {
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) value = value << 8 | packed.data[at + i];
    out[count++] = value;
  }
  return count;
}

/* All that one leased letter points to. */
struct lease_room {
  Rectify__V1__LeasedLetter leased;
  Rectify__V1__Letter letter;
  uint64_t notices[LETTER_NOTICES_MAX];
  char closed[LETTER_NOTICES_MAX * sizeof "rectify show 18446744073709551615\n" + 300];
};

/* Its words came before a case of it was restricted; the officer reads them where that is recorded. */
static void close_letter(ProtobufCBinaryData packed, struct lease_room *room) {
  static const char subject[] = "限制查阅的事项 / A restricted case";
  uint64_t cases[LETTER_NOTICES_MAX];
  const size_t count = letter_numbers(packed, cases, LETTER_NOTICES_MAX);
  size_t used = (size_t)snprintf(room->closed, sizeof room->closed, "%s",
                                 "事项已限制查阅，内容不在信中。请查看：\n"
                                 "A case of this letter is restricted: what it says is not written here. See:\n");
  for (size_t i = 0; i < count; i++)
    used += (size_t)snprintf(room->closed + used, sizeof room->closed - used, "rectify show %llu\n", (unsigned long long)cases[i]);
  must(used < sizeof room->closed);
  room->letter.subject = (ProtobufCBinaryData){sizeof subject - 1, (uint8_t *)(uintptr_t)subject};
  room->letter.body = (ProtobufCBinaryData){used, (uint8_t *)room->closed};
  room->letter.html = (ProtobufCBinaryData){0, NULL};
}

static void fill_leased(const struct registry *registry, const PGresult *rows, int at, struct lease_room *room) {
  ProtobufCBinaryData name;
  rectify__v1__leased_letter__init(&room->leased);
  rectify__v1__letter__init(&room->letter);
  room->letter.id = page_field(rows, at, LEASED_ID);
  row_name_officer(registry, (uint32_t)pg_int(rows, at, LEASED_OFFICER), &room->letter.officer, &name);
  room->letter.channel = page_field(rows, at, LEASED_CHANNEL);
  room->letter.language = page_field(rows, at, LEASED_LANGUAGE);
  room->letter.urgent = pg_int(rows, at, LEASED_URGENT) != 0;
  room->letter.subject = page_field(rows, at, LEASED_SUBJECT);
  room->letter.body = page_field(rows, at, LEASED_BODY);
  room->letter.html = page_field(rows, at, LEASED_HTML);
  room->letter.not_before = pg_instant(rows, at, LEASED_NOT_BEFORE);
  room->letter.n_notices = letter_numbers(page_field(rows, at, LEASED_NOTICES), room->notices, LETTER_NOTICES_MAX);
  room->letter.notices = room->notices;
  if (!pg_null(rows, at, LEASED_CLOSED)) close_letter(page_field(rows, at, LEASED_CLOSED), room);
  room->leased.letter = &room->letter;
  room->leased.attempt = (uint32_t)pg_int(rows, at, LEASED_ATTEMPTS);
  room->leased.failures = (uint32_t)pg_int(rows, at, LEASED_FAILURES);
  room->leased.until = pg_instant(rows, at, LEASED_DUE);
  room->leased.made = pg_instant(rows, at, LEASED_MADE);
}

static void answer_lease(const struct job *job) {
  static struct lease_room rooms[LEASE_LETTERS_MAX];
  static Rectify__V1__LeasedLetter *pointers[LEASE_LETTERS_MAX];
  Rectify__V1__Leased leased = RECTIFY__V1__LEASED__INIT;
  const int count = PQntuples(job->leased);
  must(count <= LEASE_LETTERS_MAX);
  for (int i = 0; i < count; i++) {
    pointers[i] = &rooms[i].leased;
    fill_leased(job->daemon->store.office->registry, job->leased, i, &rooms[i]);
  }
  leased.now = clock_now();
  leased.next_due = job->next_due;
  leased.n_letters = (size_t)count;
  leased.letters = pointers;
  answer_leased(job->daemon, &job->back, &job->id, &leased);
}

static void lease_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct job *job = context;
  const bool fine = outcome == PG_DONE && job->leased != NULL && job->daemon->store.office->registry != NULL;
  if (fine) answer_lease(job);
  else job_failed(job, sqlstate, text);
  job->daemon->post.dead_wanted |= job->given_up;
  job_end(job);
}

static void param_channel(struct pg_params *params, ProtobufCBinaryData channel) {
  if (channel.len == 0) pg_param_null(params);
  else pg_param_bytes(params, channel.data, channel.len);
}

static bool send_lease(struct daemon *daemon, const Rectify__V1__Lease *lease, struct job *job) {
  struct pg_params params;
  const usec_t now = clock_now();
  if (!begin(job, lease_result, lease_done)) return false;
  begin_params(daemon, now, &params);
  pg_param_bytes(&params, job->id.bytes, WIRE_ID_BYTES);
  param_channel(&params, lease->channel);
  pg_param_int4(&params, (int32_t)lease->count);
  pg_param_instant(&params, now + lease->seconds * USEC_PER_SECOND);
  pg_statement(daemon->post.pg, STATEMENT_LEASE_LETTERS, &params);
  pg_params_reset(&params);
  param_channel(&params, lease->channel);
  pg_param_instant(&params, now);
  pg_statement(daemon->post.pg, STATEMENT_NEXT_LETTER, &params);
  finish(job);
  return true;
}

/* ---- reporting ---- */

static bool send_report(struct daemon *daemon, const Rectify__V1__Report *report, struct job *job) {
  static struct pg_array arrays[5];
  static const uint32_t types[] = {PG_UUID, PG_INT4, PG_INT2, PG_TEXT, PG_INSTANT};
  struct pg_params params;
  if (!begin(job, outcomes_result, outcomes_done)) return false;
  for (size_t i = 0; i < 5; i++) pg_array_reset(&arrays[i], types[i]);
  for (size_t i = 0; i < report->n_reports; i++) {
    const Rectify__V1__LetterReport *one = report->reports[i];
    memcpy(job->ids[i].bytes, one->letter.data, WIRE_ID_BYTES);
    put_text(&arrays[0], one->letter);
    pg_put_int(&arrays[1], one->attempt);
    pg_put_int(&arrays[2], one->outcome);
    put_text(&arrays[3], one->answer);
    pg_put_int(&arrays[4], one->retry_at);
  }
  begin_params(daemon, clock_now(), &params);
  for (size_t i = 0; i < 5; i++) pg_param_array(&params, &arrays[i]);
  pg_statement(daemon->post.pg, STATEMENT_REPORT_LETTERS, &params);
  finish(job);
  return true;
}

/* ---- requests ---- */

static bool is_word(ProtobufCBinaryData text) {
  for (size_t i = 0; i < text.len; i++) {
    const uint8_t c = text.data[i];
    const bool fine = (c >= 'a' && c <= 'z') || (i > 0 && ((c >= '0' && c <= '9') || c == '_' || c == '-'));
    if (!fine) return false;
  }
  return true;
}

/* NULL: nothing is wrong. */
static const char *check_post(const Rectify__V1__Post *post, uint32_t *failure) {
  size_t notices = 0;
  *failure = FAILURE_FIELD;
  for (size_t i = 0; i < post->n_letters; i++) {
    if (!is_word(post->letters[i]->channel)) return "a channel is a word of small letters, digits, - and _";
    notices += post->letters[i]->n_notices;
  }
  *failure = FAILURE_TOO_LARGE;
  return notices > LETTER_POST_NOTICES_MAX ? "more notices than one request may have" : NULL;
}

static bool send_request(struct daemon *daemon, const Rectify__V1__Request *request, const struct route_back *back,
                         const struct uuid *id) {
  const bool posts = request->body_case == RECTIFY__V1__REQUEST__BODY_POST;
  const bool leases = request->body_case == RECTIFY__V1__REQUEST__BODY_LEASE;
  if (daemon->post.jobs >= LETTER_JOBS_MAX) return false;
  struct job *job = new_job(daemon, back, id, posts ? request->post->n_letters : leases ? 0 : request->report->n_reports);
  const bool sent = posts    ? send_post(daemon, request->post, job)
                    : leases ? send_lease(daemon, request->lease, job)
                             : send_report(daemon, request->report, job);
  if (!sent) job_end(job);
  return sent;
}

void letter_request(struct daemon *daemon, const Rectify__V1__Request *request, uint32_t actor, const struct route_back *back,
                    const struct uuid *id) {
  const bool posts = request->body_case == RECTIFY__V1__REQUEST__BODY_POST;
  uint32_t failure = FAILURE_FIELD;
  const char *wrong = posts ? check_post(request->post, &failure) : NULL;
  if (!query_may(daemon, QUERY_POST, actor))
    answer_error(daemon, back, id, FAILURE_FORBIDDEN, "", query_why_not(QUERY_POST), 0);
  else if (wrong != NULL)
    answer_error(daemon, back, id, failure, "post.letters", wrong, 0);
  else if (!send_request(daemon, request, back, id))
    answer_error(daemon, back, id, FAILURE_BUSY, "", "too many requests about letters wait; try later", RETRY_AFTER_MSEC);
}

void letter_turn(struct daemon *daemon, int64_t now_msec) {
  struct post *post = &daemon->post;
  pg_turn(post->pg, now_msec);
  if (daemon->store.state != STORE_READY) return;
  if (pg_state(post->pg) == PG_DOWN && now_msec >= post->retry_at) {
    post->retry_at = now_msec + POST_RETRY_MSEC;
    pg_connect(post->pg, daemon->store.conninfo, now_msec);
  }
  dead_ask(daemon);
}
