/* sim_person.c - people and their clients: each a coroutine that runs librectify and waits where that waits.  All but the last
 * hand in findings and do something about cases, through their spool or at once; the last one watches. */
#include <fcntl.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "document/document.h"

#include "client/internal.h"
#include "daemon/tree.h"
#include "sign/digest.h"
#include "tests/sim/sim.h"

#define STACK_BYTES (512 * 1024)
#define ASK_MSEC 5000
#define AGAIN_MSEC 2000
#define RENEW_MSEC 20000
#define START_AGAIN_MSEC 3000
#define OFFICER "h-fire" /* whose notices the watcher reads */
#define OFFICER_ID 8
#define REMIND_AT "remind_at: \""

struct person {
  struct process process;
  ucontext_t context;
  uint8_t *stack;
  bool made, waiting, wake_asked, done;
  uint64_t timer;
  uint32_t next; /* of the plan's steps */
  struct rectify *rectify;
  struct rectify_spool *spool;
  usec_t busy_since; /* with a step; 0: with none */
  uint64_t seen; /* the watcher: size of the log as last told */
};

static struct person people[SIM_PEOPLE];
static ucontext_t loop;
static const char *const endpoints[2] = {"ipc:///sim/0,ipc:///sim/1", "ipc:///sim/1,ipc:///sim/0"};
static const char *const officers[] = {"",      "p-city", "office", "verifier", "body",    "auditor",
                                       "admin", "p-fire", "h-fire", "p-water",  "h-water", "inspector"};
#define OFFICERS (sizeof officers / sizeof officers[0] - 1)
static const char *const units[] = {"fire", "water", "fire", "water", "street", "nowhere"};

const char *person_officer(uint32_t id) { return id <= OFFICERS ? officers[id] : "courier"; }
struct process *person_process(uint32_t number) { return &people[number].process; }
usec_t person_busy_since(uint32_t number) { return people[number].busy_since == 0 ? sim.now : people[number].busy_since; }
bool person_is_done(uint32_t number) { return people[number].done; }

static enum sim_stream stream_of(const struct person *person) {
  return (enum sim_stream)(DICE_PEOPLE + (person->process.number - SIM_DAEMONS));
}

static uint32_t below(const struct person *person, uint32_t bound) { return dice_below(stream_of(person), bound); }
static bool percent(const struct person *person, uint32_t percents) { return below(person, 100) < percents; }
static uint32_t number_of(const struct person *person) { return person->process.number - SIM_DAEMONS; }

/* ---- the coroutine ---- */

static void start_again(void *context, uint64_t number) {
  (void)context;
  person_start((uint32_t)number);
}

/* It has come to its end, or its process was killed: then it starts again later. */
static void ended(struct person *person) {
  const bool killed = !person->process.alive;
  person->made = person->process.alive = false;
  person->busy_since = 0;
  if (!killed) return;
  system_crash_disk(person->process.number);
  sim_after(START_AGAIN_MSEC * MSEC, start_again, NULL, number_of(person));
}

static void resume(struct person *person) {
  if (!person->made) return;
  person->timer++;
  person->waiting = person->wake_asked = false;
  sim.process = &person->process;
  must(swapcontext(&loop, &person->context) == 0);
  sim.process = NULL;
  if (!person->waiting) ended(person);
}

static void ring(void *context, uint64_t number) {
  struct person *person = context;
  if (person->made && person->waiting && person->timer == number) resume(person);
}

void person_wait(usec_t delay) {
  struct person *person = &people[sim.process->number - SIM_DAEMONS];
  if (!person->process.alive) return;
  person->waiting = true;
  if (delay < INSTANT_NONE - sim.now) sim_after(delay, ring, person, person->timer);
  must(swapcontext(&person->context, &loop) == 0);
}

void person_wake(uint32_t number) {
  struct person *person = &people[number];
  if (!person->made || !person->waiting || person->wake_asked) return;
  person->wake_asked = true;
  sim_after(20, ring, person, person->timer);
}

void person_crash(uint32_t number) {
  struct person *person = &people[number];
  if (!person->made) return;
  person->process.alive = false;
  if (person->waiting) resume(person);
}

/* ---- asking ---- */

static ProtobufCBinaryData bytes_of(const void *data, size_t length) {
  return (ProtobufCBinaryData){.len = length, .data = (uint8_t *)(uintptr_t)data};
}
static ProtobufCBinaryData text_of(const char *text) { return bytes_of(text, strlen(text)); }

static void settled(void *context, const struct rectify_spooled *item) {
  struct person *person = context;
  HOLDS(item->outcome != NULL, "the spool settled an item without an answer");
  sim_tell("person %u: %s", number_of(person), item->fate == RECTIFY_RECEIVED ? "received" : item->fate == RECTIFY_REFUSED ? "refused" : "failed");
  check_answer(number_of(person), item->id, item->outcome);
}

/* What a client that lives may not say. */
static void check_result(const struct person *person, int result, const char *what, const char *text) {
  if (!person->process.alive || result == RECTIFY_OK || result == RECTIFY_TIMEOUT) return;
  sim_wrong("person %u: %s ended with %d: %s", number_of(person), what, result, text);
}

static int send_waiting(struct person *person) {
  int result = rectify_spool_send(person->spool, person->rectify, NULL, ASK_MSEC, settled, person);
  check_result(person, result, "sending what waits", rectify_spool_error(person->spool));
  return result;
}

static void through_spool(struct person *person, const char *actor, const Rectify__V1__Request *request, size_t count,
                          const uint8_t (*ids)[16]) {
  uint32_t known;
  int result = rectify_spool_add(person->spool, "", actor, request, &known);
  check_result(person, result, "keeping", rectify_spool_error(person->spool));
  if (result != RECTIFY_OK) return;
  for (size_t i = 0; i < count; i++) check_kept(ids[i]);
  (void)send_waiting(person);
}

/* Says it until there is an answer. */
static void at_once(struct person *person, const char *actor, Rectify__V1__Request *request, const uint8_t id[16]) {
  const ProtobufCBinaryData who = text_of(actor);
  const Rectify__V1__Reply *reply;
  int result = RECTIFY_TIMEOUT;
  while (result == RECTIFY_TIMEOUT && person->process.alive) {
    result = client_ask_as(person->rectify, &who, request, ASK_MSEC, &reply);
    if (result == RECTIFY_TIMEOUT) sim_tell("person %u: %s", number_of(person), rectify_error_text(person->rectify));
  }
  check_result(person, result, "asking", rectify_error_text(person->rectify));
  if (result != RECTIFY_OK || !person->process.alive) return;
  HOLDS(reply->body_case == RECTIFY__V1__REPLY__BODY_OUTCOMES && reply->outcomes->n_outcomes == 1, "an answer that is none");
  check_answer(number_of(person), id, reply->outcomes->outcomes[0]);
}

/* ---- findings ---- */

#define FINDINGS_MAX 4
#define EVIDENCE_KINDS 6

#define FILE_BYTES_MAX (CONTENT_CHUNK_BYTES + 100)
struct paper {
  uint32_t number, copy;
  size_t size;
  uint8_t sha256[32];
};
static char paper_bytes[FILE_BYTES_MAX];

/* A file: its words, and for a few so many bytes behind them that it takes two parts. */
static size_t file_of(uint32_t number, uint32_t copy, char *out) {
  const size_t length = (size_t)snprintf(out, FILE_BYTES_MAX, "evidence %u, copy %u\n", number, copy);
  if (copy % 61 != 1) return length;
  memset(out + length, '.', FILE_BYTES_MAX - length);
  return FILE_BYTES_MAX;
}

static void make_evidence(const struct person *person, Rectify__V1__Evidence *piece, struct paper *paper) {
  rectify__v1__evidence__init(piece);
  paper->number = below(person, 40);
  paper->copy = percent(person, 80) ? 1 + below(person, 255) : 0;
  piece->size = paper->size = file_of(paper->number, paper->copy, paper_bytes);
  digest_sha256(paper_bytes, paper->size, paper->sha256);
  piece->kind = 1 + below(person, EVIDENCE_KINDS);
  piece->sha256 = bytes_of(paper->sha256, 32);
  piece->name = text_of("picture.jpg");
}

/* Until it is there, or the daemon says that this officer brings no files. */
static void upload(struct person *person, const char *actor, uint32_t officer, const struct paper *paper) {
  const int file = memfd_create("evidence", MFD_CLOEXEC);
  const size_t length = file_of(paper->number, paper->copy, paper_bytes);
  int result = RECTIFY_TIMEOUT;
  must(file >= 0 && pwrite(file, paper_bytes, length, 0) == (ssize_t)length);
  while (result != RECTIFY_OK && person->process.alive) {
    result = rectify_upload(person->rectify, actor, file, paper->sha256, length, ASK_MSEC, NULL, NULL);
    const uint32_t code = result == RECTIFY_ERROR ? rectify_error(person->rectify)->code : 0;
    if (result == RECTIFY_OK || code == FAILURE_FORBIDDEN) break;
    if (code != 0 && !failure_is_retry(code) && code != FAILURE_NOT_FOUND) check_result(person, result, "bringing a file", rectify_error_text(person->rectify));
    if (code == 0) check_result(person, result, "bringing a file", rectify_error_text(person->rectify));
    person_wait(AGAIN_MSEC * MSEC);
  }
  close(file);
  sim_tell("person %u: file %u/%u of %s: %d", number_of(person), paper->number, paper->copy, actor, result);
  if (result == RECTIFY_OK && person->process.alive) check_uploaded(officer, paper->sha256);
}

static day_t today(void) { return (day_t)((sim_born + sim.now) / DAY); }

static void make_finding(const struct person *person, Rectify__V1__Finding *finding, uint8_t id[16], char words[SIM_WORDS_BYTES]) {
  static const char *const categories[] = {"", "burning", "wiring", "records"}, *const codes[] = {"", "A-1", "FIRE-2", "B-3"};
  must(rectify_key_new(id) == RECTIFY_OK);
  rectify__v1__finding__init(finding);
  finding->id = bytes_of(id, 16);
  finding->team = text_of("team");
  finding->inspection = text_of(percent(person, 20) ? "spring" : "autumn");
  finding->unit = text_of(units[below(person, sizeof units / sizeof units[0])]);
  finding->kind = 1 + below(person, 5);
  finding->severity = 1 + below(person, 4);
  finding->category = text_of(categories[below(person, 4)]);
  finding->code = text_of(codes[below(person, 4)]);
  finding->found_on = today() - (day_t)below(person, 20);
  sim_words(id, words);
  finding->text = text_of(words);
}

static void find(struct person *person, const struct step *step) {
  uint8_t ids[FINDINGS_MAX][16];
  char words[FINDINGS_MAX][SIM_WORDS_BYTES];
  struct paper papers[FINDINGS_MAX];
  Rectify__V1__Finding findings[FINDINGS_MAX], *pointers[FINDINGS_MAX];
  Rectify__V1__Evidence pieces[FINDINGS_MAX], *piece_pointers[FINDINGS_MAX];
  Rectify__V1__Submit submit = RECTIFY__V1__SUBMIT__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  const bool now = step->kind == STEP_FIND_NOW;
  const char *actor = percent(person, 95) ? "inspector" : officers[1 + below(person, OFFICERS)];
  submit.n_findings = now ? 1 : 1 + step->a % FINDINGS_MAX;
  for (size_t i = 0; i < submit.n_findings; i++) {
    make_finding(person, pointers[i] = &findings[i], ids[i], words[i]);
    make_evidence(person, piece_pointers[i] = &pieces[i], &papers[i]);
    findings[i].n_evidence = percent(person, pq_is_slow() ? 5 : 40); /* findings alone are decided ahead of a commit */
    findings[i].evidence = &piece_pointers[i];
    check_submitted(ids[i], number_of(person), COMMAND_SUBMIT, 0, !now);
  }
  submit.findings = pointers;
  request.body_case = RECTIFY__V1__REQUEST__BODY_SUBMIT;
  request.submit = &submit;
  sim_tell("person %u: %zu findings%s", number_of(person), submit.n_findings, now ? ", at once" : "");
  if (now) at_once(person, actor, &request, ids[0]);
  else through_spool(person, actor, &request, submit.n_findings, (const uint8_t(*)[16])ids);
}

/* ---- doing something about a case ---- */

/* By the status of the case what somebody in that place would do; `who` is that somebody. */
enum who { HANDLER, PRINCIPAL, OFFICE, VERIFIER, BODY, TEAM, WHO_COUNT };
struct deed {
  uint8_t status, command, who;
};
static const struct deed deeds[] = {
    {STATUS_UNROUTED, COMMAND_DISPATCH, OFFICE},       {STATUS_UNROUTED, COMMAND_WITHDRAW, TEAM},
    {STATUS_DISPATCHED, COMMAND_SIGN_FOR, HANDLER},    {STATUS_DISPATCHED, COMMAND_SIGN_FOR, HANDLER},
    {STATUS_DISPATCHED, COMMAND_BOUNCE, HANDLER},      {STATUS_DISPATCHED, COMMAND_ESCALATE, OFFICE},
    {STATUS_BOUNCED, COMMAND_ADJUDICATE, OFFICE},      {STATUS_RECTIFYING, COMMAND_PLAN_SUBMIT, HANDLER},
    {STATUS_RECTIFYING, COMMAND_PLAN_APPROVE, OFFICE}, {STATUS_RECTIFYING, COMMAND_TALK, PRINCIPAL},
    {STATUS_RECTIFYING, COMMAND_ENDORSE, PRINCIPAL},   {STATUS_RECTIFYING, COMMAND_REQUEST_CLOSURE, HANDLER},
    {STATUS_RECTIFYING, COMMAND_REQUEST_CLOSURE, HANDLER}, {STATUS_RECTIFYING, COMMAND_PROGRESS, HANDLER},
    {STATUS_RECTIFYING, COMMAND_HOLD, OFFICE},         {STATUS_RECTIFYING, COMMAND_RESUME, OFFICE},
    {STATUS_RECTIFYING, COMMAND_EXTENSION_ASK, HANDLER}, {STATUS_RECTIFYING, COMMAND_EXTENSION_GRANT, OFFICE},
    {STATUS_DISPATCHED, COMMAND_RESTRICT, OFFICE},     {STATUS_RECTIFYING, COMMAND_RESTRICT, BODY},
    {STATUS_RECTIFYING, COMMAND_ESCALATE, OFFICE},     {STATUS_RECTIFYING, COMMAND_ORDER_SIGN, HANDLER},
    {STATUS_RECTIFYING, COMMAND_RULE_ISSUE, HANDLER},  {STATUS_RECTIFYING, COMMAND_SWEEP, OFFICE},
    {STATUS_RECTIFYING, COMMAND_SPLIT, OFFICE},        {STATUS_RECTIFYING, COMMAND_CO_UNIT, OFFICE},
    {STATUS_RECTIFYING, COMMAND_MERGE_INTO, OFFICE},   {STATUS_RECTIFYING, COMMAND_DECIDE, BODY},
    {STATUS_VERIFYING, COMMAND_VERIFY_PASS, VERIFIER}, {STATUS_VERIFYING, COMMAND_VERIFY_PASS, VERIFIER},
    {STATUS_VERIFYING, COMMAND_VERIFY_FAIL, VERIFIER}, {STATUS_STAGED, COMMAND_REQUEST_CLOSURE, HANDLER},
    {STATUS_CLOSED_OUT, COMMAND_LOOK_BACK_PASS, VERIFIER}, {STATUS_CLOSED_OUT, COMMAND_LOOK_BACK_RELAPSE, VERIFIER},
    {STATUS_CLOSED_OUT, COMMAND_REOPEN, OFFICE},       {STATUS_ARCHIVED, COMMAND_REOPEN, OFFICE},
    {STATUS_MERGED, COMMAND_UNMERGE, OFFICE},          {STATUS_WITHDRAWN, COMMAND_COMMENT, OFFICE}};

static uint32_t officer_of(const struct case_state *state, uint32_t who) {
  switch ((enum who)who) {
    case HANDLER: return state->handler != 0 ? state->handler : 10;
    case PRINCIPAL: return state->unit == 3 ? 9 : state->unit == 2 ? 7 : 1;
    case OFFICE: return 2;
    case VERIFIER: return state->verifier != 0 ? state->verifier : 3;
    case BODY: return 4;
    case TEAM:
    case WHO_COUNT: break;
  }
  return 11;
}

/* The step that brings a case nearer to its end. */
static struct deed next_step(const struct case_state *state) {
  const uint32_t flags = state->flags;
  if (case_clock_of(state, CLOCK_PLAN_REVIEW) != NULL) return (struct deed){STATUS_RECTIFYING, COMMAND_PLAN_APPROVE, OFFICE};
  if (state->order_serial != 0 && (flags & CASE_ORDER_SIGNED) == 0) return (struct deed){STATUS_RECTIFYING, COMMAND_ORDER_SIGN, HANDLER};
  if (case_clock_of(state, CLOCK_DECISION) != NULL) return (struct deed){STATUS_RECTIFYING, COMMAND_DECIDE, BODY};
  if ((flags & CASE_PLAN_APPROVED) == 0 && (state->track == TRACK_SPECIAL_RECTIFICATION || state->track == TRACK_SUPERVISION))
    return (struct deed){STATUS_RECTIFYING, COMMAND_PLAN_SUBMIT, HANDLER};
  if ((flags & CASE_TALKED) == 0 && state->track == TRACK_EARLY_WARNING) return (struct deed){STATUS_RECTIFYING, COMMAND_TALK, PRINCIPAL};
  if ((flags & CASE_RULE_ISSUED) == 0 && state->track == TRACK_NEW_RULES) return (struct deed){STATUS_RECTIFYING, COMMAND_RULE_ISSUE, HANDLER};
  if ((flags & CASE_ENDORSED) == 0) return (struct deed){STATUS_RECTIFYING, COMMAND_ENDORSE, PRINCIPAL};
  return (struct deed){STATUS_RECTIFYING, COMMAND_REQUEST_CLOSURE, HANDLER};
}

static uint32_t kind_of(uint32_t command) {
  if (command == COMMAND_TALK) return EVIDENCE_TALK_RECORD;
  if (command == COMMAND_PLAN_SUBMIT) return EVIDENCE_PLAN;
  if (command == COMMAND_RULE_ISSUE) return EVIDENCE_RULE_DOCUMENT;
  if (command == COMMAND_ORDER_SIGN) return EVIDENCE_SUPERVISION_ORDER;
  return command == COMMAND_DECIDE ? EVIDENCE_DECISION : EVIDENCE_MATERIAL;
}

static bool has_papers(uint32_t command) { return command == COMMAND_REQUEST_CLOSURE || kind_of(command) != EVIDENCE_MATERIAL; }

static struct deed choose(const struct person *person, const struct case_state *state) {
  if (state != NULL && state->status == STATUS_RECTIFYING && percent(person, 60)) return next_step(state);
  const uint32_t first = below(person, sizeof deeds / sizeof deeds[0]);
  for (uint32_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
    const struct deed *deed = &deeds[(first + i) % (sizeof deeds / sizeof deeds[0])];
    if (state != NULL && deed->status == state->status && percent(person, 90)) return *deed;
  }
  return (struct deed){0, COMMAND_COMMENT, (uint8_t)below(person, WHO_COUNT)};
}

static void fill_command(const struct person *person, Rectify__V1__Command *command, uint64_t case_no, uint32_t kind) {
  command->command = kind;
  command->case_no = case_no;
  command->text = text_of("because");
  if (kind == COMMAND_DISPATCH || kind == COMMAND_ADJUDICATE || kind == COMMAND_SPLIT || kind == COMMAND_CO_UNIT)
    command->unit = text_of(units[below(person, 3)]);
  if (kind == COMMAND_HOLD || kind == COMMAND_EXTENSION_ASK) command->days = 1 + below(person, 5);
  if (kind == COMMAND_PLAN_SUBMIT) command->measures = below(person, 8) != 0;
  if (kind == COMMAND_RULE_ISSUE) command->day = today();
  if (kind == COMMAND_DECIDE) command->form = 1 + below(person, 3);
  if (kind == COMMAND_RULE_ISSUE || kind == COMMAND_DECIDE) command->number = text_of("2026-1");
  if (kind == COMMAND_ESCALATE) command->track = 1 + below(person, 5);
  if (kind == COMMAND_MERGE_INTO) command->other = 1 + below(person, (uint32_t)check_case_count());
}

static uint64_t some_case(const struct person *person) {
  const uint64_t count = check_case_count();
  if (percent(person, 5)) return count + 1 + below(person, 3); /* of which there is none */
  return count == 0 ? 1 : count - below(person, (uint32_t)(count < 30 ? count : 30));
}

static void act(struct person *person, const struct step *step) {
  uint8_t id[16];
  struct paper papers[2];
  Rectify__V1__Command command = RECTIFY__V1__COMMAND__INIT, *pointer = &command;
  Rectify__V1__Evidence pieces[2], *piece_pointers[2] = {&pieces[0], &pieces[1]};
  Rectify__V1__Act body = RECTIFY__V1__ACT__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  const bool now = step->kind == STEP_ACT_NOW;
  const uint64_t case_no = some_case(person);
  const struct case_state *state = check_case(case_no), none = {0};
  const struct deed deed = choose(person, state);
  const uint32_t officer = percent(person, 92) ? officer_of(state == NULL ? &none : state, deed.who) : 1 + below(person, OFFICERS);
  const char *actor = officers[officer];
  must(rectify_key_new(id) == RECTIFY_OK);
  command.id = bytes_of(id, 16);
  fill_command(person, &command, case_no, deed.command);
  for (int i = 0; i < 2; i++) make_evidence(person, &pieces[i], &papers[i]);
  command.n_evidence = has_papers(deed.command) && percent(person, 95) ? 1 + below(person, 2) : 0;
  if (percent(person, 90)) pieces[0].kind = kind_of(deed.command);
  pieces[0].measure = deed.command == COMMAND_REQUEST_CLOSURE && state != NULL && state->measures > 0;
  command.evidence = piece_pointers;
  body.n_commands = 1;
  body.commands = &pointer;
  request.body_case = RECTIFY__V1__REQUEST__BODY_ACT;
  request.act = &body;
  sim_tell("person %u: %s on case %llu as %s%s", number_of(person), word_name(words_command, deed.command), (unsigned long long)case_no,
       actor, now ? ", at once" : "");
  for (size_t i = 0; i < command.n_evidence; i++)
    if (percent(person, 80)) upload(person, actor, officer, &papers[i]);
  if (!person->process.alive) return;
  check_submitted(id, number_of(person), deed.command, case_no, !now);
  if (now) at_once(person, actor, &request, id);
  else through_spool(person, actor, &request, 1, (const uint8_t(*)[16]) & id);
}

/* ---- erasing ---- */

/* One command, at once. */
static void say(struct person *person, const char *actor, Rectify__V1__Command *command, uint8_t id[16]) {
  Rectify__V1__Act body = RECTIFY__V1__ACT__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  must(rectify_key_new(id) == RECTIFY_OK);
  command->id = bytes_of(id, 16);
  body.n_commands = 1;
  body.commands = &command;
  request.body_case = RECTIFY__V1__REQUEST__BODY_ACT;
  request.act = &body;
  sim_tell("person %u: %s of case %llu as %s, at once", number_of(person), word_name(words_command, command->command),
           (unsigned long long)command->case_no, actor);
  check_submitted(id, number_of(person), command->command, command->case_no, false);
  at_once(person, actor, &request, id);
}

static void say_of_text(struct person *person, const char *actor, uint64_t case_no, uint32_t kind) {
  uint8_t id[16];
  Rectify__V1__Command command = RECTIFY__V1__COMMAND__INIT;
  command.command = kind;
  command.case_no = check_case(case_no)->finding_of;
  command.other = check_words_at(case_no);
  command.text = text_of(kind == COMMAND_ERASE_ASK ? "consent was withdrawn" : "");
  command.number = text_of(kind == COMMAND_ERASE_ASK ? "PIPL 47" : "");
  say(person, actor, &command, id);
}

/* Now and then nobody asked, or who asked wants to erase it too. */
static void erase(struct person *person, const struct step *step) {
  const uint64_t case_no = some_case(person);
  (void)step;
  if (check_case(case_no) == NULL || check_words_at(case_no) == 0) return;
  if (percent(person, 90)) say_of_text(person, "office", case_no, COMMAND_ERASE_ASK);
  if (person->process.alive) say_of_text(person, percent(person, 90) ? "admin" : "office", case_no, COMMAND_ERASE);
}

/* ---- publishing ---- */

/* The shipped text with a line behind it. */
static void publish(struct person *person, uint32_t kind, const struct document_embedded *document, const char *more) {
  uint8_t id[16];
  Rectify__V1__Publish body = RECTIFY__V1__PUBLISH__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  char *text = malloc(document->length + strlen(more) + 1), *hour;
  must(text != NULL && rectify_key_new(id) == RECTIFY_OK);
  memcpy(text, document->text, document->length);
  memcpy(text + document->length, more, strlen(more) + 1);
  if (kind == DOCUMENT_POLICY && (hour = strstr(text, REMIND_AT "09")) != NULL) memcpy(hour + strlen(REMIND_AT), more + 2, 2);
  body.id = bytes_of(id, 16);
  body.document = kind;
  body.file_name = text_of("document.yaml");
  body.body = bytes_of(text, document->length + strlen(more));
  request.body_case = RECTIFY__V1__REQUEST__BODY_PUBLISH;
  request.publish = &body;
  sim_tell("person %u: publishes document %u: %s", number_of(person), kind, more);
  check_submitted(id, number_of(person), COMMAND_PUBLISH, 0, false);
  at_once(person, "admin", &request, id);
  free(text);
}

static void publish_registry(struct person *person, const struct step *step) {
  char more[100];
  snprintf(more, sizeof more, "  - {officer: p-city, role: office, unit: %s}\n", units[step->dice % 2]);
  publish(person, DOCUMENT_REGISTRY, &document_embedded_registry, more);
}

/* What reminds comes at another hour. */
static void publish_policy(struct person *person, const struct step *step) {
  char more[100];
  snprintf(more, sizeof more, "# %02u\n", 8 + step->dice % 10);
  publish(person, DOCUMENT_POLICY, &document_embedded_policy, more);
}

/* A day within the next five weeks, but none of the week that calendar.yaml tells of. */
static void publish_calendar(struct person *person, const struct step *step) {
  char text[11], more[100];
  day_t day = today() + 1 + (day_t)(step->dice % 35), told;
  must(workday_parse("2026-01-19", 10, &told));
  if (day >= told && day < told + 7) day += 7;
  workday_format(day, text);
  snprintf(more, sizeof more, "  - {date: %s, kind: holiday, name: sudden, notice: n}\n", text);
  publish(person, DOCUMENT_CALENDAR, document_embedded_calendars, more);
}

static void rebase(struct person *person, const struct step *step) {
  uint8_t id[16];
  Rectify__V1__Command command = RECTIFY__V1__COMMAND__INIT;
  (void)step;
  command.command = COMMAND_REBASE;
  command.case_no = some_case(person);
  command.text = text_of("the new limits are meant for it too");
  say(person, "office", &command, id);
}

/* ---- reading ---- */

/* A restricted one, where there is one among those that follow. */
static uint64_t case_to_read(const struct person *person) {
  const uint64_t count = check_case_count(), first = some_case(person);
  for (uint64_t at = first; at <= count; at++)
    if ((check_case(at)->flags & CASE_RESTRICTS) != 0) return at;
  return first;
}

static void read_words(struct person *person, const struct step *step) {
  uint64_t case_no = case_to_read(person);
  const uint32_t officer = step->dice % 2 == 0 ? 2 : 5; /* the office, the auditor: who may read all */
  const ProtobufCBinaryData who = text_of(officers[officer]);
  Rectify__V1__CaseQuery body = RECTIFY__V1__CASE_QUERY__INIT;
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  const Rectify__V1__Reply *reply;
  int result = RECTIFY_TIMEOUT;
  body.n_case_no = 1;
  body.case_no = &case_no;
  body.with_text = true;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &body;
  request.body_case = RECTIFY__V1__REQUEST__BODY_QUERY;
  request.query = &query;
  sim_tell("person %u: reads case %llu as %s", number_of(person), (unsigned long long)case_no, officers[officer]);
  const usec_t asked = sim.now;
  check_asks(officer, case_no);
  while (result == RECTIFY_TIMEOUT && person->process.alive) result = client_ask_as(person->rectify, &who, &request, ASK_MSEC, &reply);
  check_result(person, result, "reading", rectify_error_text(person->rectify));
  if (result != RECTIFY_OK || !person->process.alive) return;
  HOLDS(reply->body_case == RECTIFY__V1__REPLY__BODY_PAGE, "a page that is none");
  for (size_t i = 0; i < reply->page->n_cases; i++) check_read(officer, reply->page->cases[i], asked);
}

/* ---- watching ---- */

/* All notices of the officer, page by page. */
static void read_notices(struct person *person) {
  uint8_t cursor[WIRE_CURSOR_BYTES_MAX];
  size_t length = 0;
  do {
    Rectify__V1__NoticeQuery notices = RECTIFY__V1__NOTICE_QUERY__INIT;
    Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
    Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
    const Rectify__V1__Reply *reply;
    notices.officer = text_of(OFFICER);
    query.what_case = RECTIFY__V1__QUERY__WHAT_NOTICES;
    query.notices = &notices;
    query.cursor = bytes_of(cursor, length);
    request.body_case = RECTIFY__V1__REQUEST__BODY_QUERY;
    request.query = &query;
    int result = rectify_ask(person->rectify, &request, ASK_MSEC, &reply);
    check_result(person, result, "reading notices", rectify_error_text(person->rectify));
    if (!person->process.alive) return;
    if (result != RECTIFY_OK) continue;
    HOLDS(reply->body_case == RECTIFY__V1__REPLY__BODY_PAGE, "a page that is none");
    for (size_t i = 0; i < reply->page->n_notices; i++) check_seen((int64_t)reply->page->notices[i]->id);
    check_head_seen(reply->page->head);
    length = reply->page->next_cursor.len;
    if (length > 0) memcpy(cursor, reply->page->next_cursor.data, length);
    if (length == 0) return;
  } while (person->process.alive);
}

static void take_pushes(struct person *person, usec_t until) {
  const Rectify__V1__Reply *reply;
  bool gap = false;
  while (person->process.alive && sim.now < until && !gap) {
    int result = rectify_receive(person->rectify, (int)((until - sim.now) / MSEC) + 1, &reply);
    if (result != RECTIFY_OK) break;
    if (reply->body_case != RECTIFY__V1__REPLY__BODY_PUSH) continue;
    check_push(reply->push);
    gap = reply->push->previous_size > person->seen;
    if (reply->push->size > person->seen) person->seen = reply->push->size;
  }
  if (gap) read_notices(person);
}

static void watch(struct person *person, const struct step *step) {
  uint8_t id[16];
  const usec_t until = sim.now + step->a * MSEC;
  must(rectify_key(person->rectify, id) == RECTIFY_OK);
  while (person->process.alive && sim.now < until) {
    Rectify__V1__Watch body = RECTIFY__V1__WATCH__INIT;
    Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
    const Rectify__V1__Reply *reply;
    request.id = bytes_of(id, 16);
    request.body_case = RECTIFY__V1__REQUEST__BODY_WATCH;
    request.watch = &body;
    int result = rectify_ask(person->rectify, &request, ASK_MSEC, &reply);
    check_result(person, result, "watching", rectify_error_text(person->rectify));
    take_pushes(person, sim.now + (result == RECTIFY_OK ? RENEW_MSEC : 100) * MSEC);
  }
}

/* ---- a life ---- */

static void forget(struct person *person, const struct step *step) {
  (void)step;
  check_result(person, rectify_spool_forget(person->spool), "forgetting", rectify_spool_error(person->spool));
}

static void (*const does[STEP_KINDS])(struct person *person, const struct step *step) = {
    [STEP_FIND] = find,     [STEP_FIND_NOW] = find,     [STEP_ACT] = act,    [STEP_ACT_NOW] = act,
    [STEP_FORGET] = forget, [STEP_REGISTRY] = publish_registry, [STEP_WATCH] = watch,
    [STEP_READ] = read_words, [STEP_ERASE] = erase,
    [STEP_POLICY] = publish_policy, [STEP_CALENDAR] = publish_calendar, [STEP_REBASE] = rebase};

static void open_client(struct person *person) {
  char folder[96], error[RECTIFY_TEXT_BYTES];
  snprintf(folder, sizeof folder, "%s/%u", sim.folder, number_of(person));
  int result = rectify_spool_open(folder, &person->spool, error);
  if (result != RECTIFY_OK) person->spool = NULL;
  check_result(person, result, "opening the spool", error);
  person->rectify = rectify_open(endpoints[number_of(person) % 2], number_of(person) == SIM_WATCHER ? "auditor" : "inspector");
  must(person->rectify != NULL);
}

/* What is left over from before, in the plan and in the spool. */
static void live(struct person *person) {
  const struct plan *plan = &sim.plan;
  if (person->spool != NULL) (void)send_waiting(person);
  for (; person->next < plan->count && person->process.alive; person->next++) {
    const struct step *step = &plan->steps[person->next];
    if (step_is_fault(step->kind) || step->who != number_of(person)) continue;
    if (step->at > sim.now) person_wait(step->at - sim.now);
    while (person->process.alive && sim.now < step->at) person_wait(step->at - sim.now);
    if (!person->process.alive) return;
    sim.dice[stream_of(person)] = step->dice;
    sim_digest(person->next);
    person->busy_since = sim.now;
    does[step->kind](person, step);
    person->busy_since = 0;
  }
  while (person->process.alive && person->spool != NULL && rectify_spool_waiting(person->spool, NULL) > 0) {
    if (send_waiting(person) != RECTIFY_OK) person_wait(AGAIN_MSEC * MSEC);
  }
}

/* The watcher reads once more when all others are done. */
static void see_the_end(struct person *person) {
  for (bool others = false; !others && person->process.alive;) {
    others = sim.now >= sim.plan.quiet_at;
    for (uint32_t i = 0; i < SIM_WATCHER; i++) others = others && people[i].done;
    if (!others) person_wait(sim.now < sim.plan.quiet_at ? sim.plan.quiet_at - sim.now : SECOND);
  }
  check_reads_all();
  if (person->process.alive) read_notices(person);
}

static void person_main(void) {
  struct person *person = &people[sim.process->number - SIM_DAEMONS];
  open_client(person);
  if (person->process.alive && person->spool != NULL) live(person);
  if (person->process.alive && number_of(person) == SIM_WATCHER) see_the_end(person);
  rectify_close(person->rectify);
  rectify_spool_close(person->spool);
  person->rectify = NULL;
  person->spool = NULL;
  person->done = person->process.alive;
}

void person_start(uint32_t number) {
  struct person *person = &people[number];
  if (person->made) return;
  if (person->stack == NULL) person->stack = malloc(STACK_BYTES);
  must(person->stack != NULL && getcontext(&person->context) == 0);
  person->context.uc_stack.ss_sp = person->stack;
  person->context.uc_stack.ss_size = STACK_BYTES;
  person->context.uc_link = &loop;
  makecontext(&person->context, person_main, 0);
  person->process.alive = person->made = true;
  person->process.number = SIM_DAEMONS + number;
  resume(person);
}

void person_clear(void) {
  for (uint32_t i = 0; i < SIM_PEOPLE; i++) {
    struct person *person = &people[i];
    uint8_t *stack = person->stack;
    *person = (struct person){.stack = stack};
    person->process.number = SIM_DAEMONS + i;
  }
}
