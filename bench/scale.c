/* scale.c - the measuring half of bench/scale.sh: findings at an even pace, and questions one at a time.
 *
 *   scale pace ENDPOINT SEED RATE SECONDS [FROM UNTIL]   one finding a request, RATE a second, whether or not the ones before are answered.
 *                                                        FROM, UNTIL: seconds since 1970 of those that count; all without
 *   scale ask ENDPOINT WHAT CASES COUNT                  COUNT questions about cases 1..CASES picked at random; WHAT: history, why,
 *                                                        inbox (an officer's 20 next cases by due date), search (two words, 20 findings)
 *
 * Prints: how many were counted, p50, p99 and the longest in microseconds.  The time of a finding is from when it was to be sent, so
 * that one that could not be sent in time counts as waiting; librectify waits whole milliseconds, so up to one of them is the generator's
 * own.  Called by bench/scale.sh only.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/lib/made.h"
#include "bench/lib/measure.h"
#include "rectify/client.h"
#include "rectify/model.h"
#include "rectify/must.h"

#define TIMEOUT_MSEC 60000
#define TEXT_BYTES 480

/* Since 1970: FROM and UNTIL are instants of the daemon's clock. */
static int64_t now_usec(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void report(int64_t *latencies_nsec, uint32_t count) {
  printf("%u ", count);
  print_latencies(latencies_nsec, count);
  puts("");
}

static struct rectify *open_client(const char *endpoint, const char *actor) {
  struct rectify *client = rectify_open(endpoint, actor);
  if (client == NULL) fail(endpoint, "cannot be opened");
  return client;
}

/* ---- findings at an even pace ---- */

struct pace {
  struct rectify *client;
  struct made_cases made;
  int64_t *due, *taken; /* of each finding: when it was to be sent (µs), and how long it took (ns) */
  uint32_t sent, answered;
};

/* The last four bytes of the id are the finding's place. */
static void send_one(struct pace *pace) {
  static struct made_finding draft;
  Rectify__V1__Finding *pointer = &draft.finding;
  Rectify__V1__Submit submit;
  const uint32_t place = htobe32(pace->sent);
  uint8_t id[16];
  must(rectify_key(pace->client, id) == RECTIFY_OK);
  memcpy(id + 12, &place, sizeof place);
  made_fill(&pace->made, &draft, id, made_yesterday());
  made_words(&pace->made, &draft, TEXT_BYTES);
  Rectify__V1__Request request = made_request(&submit, &pointer, 1);
  if (rectify_send(pace->client, &request) != RECTIFY_OK) fail("send", rectify_error_text(pace->client));
  pace->sent++;
}

static void take_reply(struct pace *pace, const Rectify__V1__Reply *reply) {
  uint32_t place;
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_OUTCOMES || reply->outcomes->n_outcomes != 1) fail("receive", "not an outcome");
  const Rectify__V1__Outcome *outcome = reply->outcomes->outcomes[0];
  if (outcome->result_case != RECTIFY__V1__OUTCOME__RESULT_RECEIPT || outcome->id.len != 16) fail("receive", "a finding was not accepted");
  memcpy(&place, outcome->id.data + 12, sizeof place);
  place = be32toh(place);
  must(place < pace->sent && pace->taken[place] < 0);
  pace->taken[place] = (now_usec() - pace->due[place]) * 1000;
  pace->answered++;
}

/* Waits for a reply, until the next one is to be sent when one may be. */
static void receive_next(struct pace *pace, bool may_send) {
  const Rectify__V1__Reply *reply;
  const int64_t left = may_send ? pace->due[pace->sent] - now_usec() : TIMEOUT_MSEC * INT64_C(1000);
  const int result = rectify_receive(pace->client, left <= 0 ? 0 : (int)(left / 1000) + 1, &reply);
  if (result == RECTIFY_OK) take_reply(pace, reply);
  else if (!may_send || result != RECTIFY_TIMEOUT) fail("receive", rectify_error_text(pace->client));
}

static void run_pace(int argc, char **argv) {
  const int64_t rate = atol(argv[4]), begun = now_usec();
  const uint32_t count = (uint32_t)(rate * atol(argv[5]));
  const int64_t from = argc == 8 ? (int64_t)(atof(argv[6]) * 1e6) : 0, until = argc == 8 ? (int64_t)(atof(argv[7]) * 1e6) : INT64_MAX;
  struct pace pace = {.client = open_client(argv[2], "inspector")};
  pace.due = calloc(count, sizeof *pace.due);
  pace.taken = malloc(count * sizeof *pace.taken);
  must(pace.due != NULL && pace.taken != NULL && rate > 0);
  memset(pace.taken, 0xff, count * sizeof *pace.taken);
  made_begin(&pace.made, strtoull(argv[3], NULL, 10));
  for (uint32_t i = 0; i < count; i++) pace.due[i] = begun + (int64_t)i * 1000000 / rate;
  while (pace.answered < count) {
    const bool may_send = pace.sent < count && rectify_unanswered(pace.client) < RECTIFY_WINDOW_MAX;
    if (may_send && now_usec() >= pace.due[pace.sent]) send_one(&pace);
    else receive_next(&pace, may_send);
  }
  uint32_t counted = 0;
  for (uint32_t i = 0; i < count; i++)
    if (pace.due[i] >= from && pace.due[i] < until) pace.taken[counted++] = pace.taken[i];
  report(pace.taken, counted);
  free(pace.due);
  free(pace.taken);
  rectify_close(pace.client);
}

/* ---- questions ---- */

/* The case that it was about; 0: none by number. */
static uint64_t ask_one(struct rectify *client, const char *what, struct made_cases *made, uint64_t cases) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__HistoryQuery history = RECTIFY__V1__HISTORY_QUERY__INIT;
  Rectify__V1__WhyQuery why = RECTIFY__V1__WHY_QUERY__INIT;
  Rectify__V1__CaseQuery wanted = RECTIFY__V1__CASE_QUERY__INIT;
  const Rectify__V1__Reply *reply;
  char officer[8];
  ProtobufCBinaryData words[2] = {made_bytes("消防"), made_bytes("通道")};
  query.limit = 20;
  history.case_no = why.case_no = 1 + made_next(made) % cases;
  wanted.open_only = true;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &wanted;
  if (strcmp(what, "history") == 0) {
    query.what_case = RECTIFY__V1__QUERY__WHAT_HISTORY;
    query.history = &history;
  } else if (strcmp(what, "why") == 0) {
    query.what_case = RECTIFY__V1__QUERY__WHAT_WHY;
    query.why = &why;
  } else if (strcmp(what, "inbox") == 0) {
    (void)snprintf(officer, sizeof officer, "h%02u", (unsigned)(made_next(made) % 80));
    wanted.accountable = made_bytes(officer);
    wanted.order = 1;
  } else if (strcmp(what, "search") == 0) {
    wanted.words = words;
    wanted.n_words = 2;
    wanted.with_text = true;
  } else fail(what, "is no question");
  request.body_case = RECTIFY__V1__REQUEST__BODY_QUERY;
  request.query = &query;
  if (rectify_ask(client, &request, TIMEOUT_MSEC, &reply) != RECTIFY_OK) fail(what, rectify_error_text(client));
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_PAGE) fail(what, "was not answered by a page");
  const Rectify__V1__Page *page = reply->page;
  if (page->n_events + page->n_cases + page->n_lines == 0) fail(what, "was answered by an empty page");
  return query.what_case == RECTIFY__V1__QUERY__WHAT_CASES ? 0 : history.case_no;
}

/* Whether reading it goes on record first, which takes a commit. */
static bool is_restricted(struct rectify *client, uint64_t case_no) {
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  Rectify__V1__Query query = RECTIFY__V1__QUERY__INIT;
  Rectify__V1__CaseQuery wanted = RECTIFY__V1__CASE_QUERY__INIT;
  const Rectify__V1__Reply *reply;
  wanted.n_case_no = 1;
  wanted.case_no = &case_no;
  query.what_case = RECTIFY__V1__QUERY__WHAT_CASES;
  query.cases = &wanted;
  request.body_case = RECTIFY__V1__REQUEST__BODY_QUERY;
  request.query = &query;
  if (rectify_ask(client, &request, TIMEOUT_MSEC, &reply) != RECTIFY_OK) fail("a case", rectify_error_text(client));
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_PAGE || reply->page->n_cases != 1) fail("a case", "was not found");
  return (reply->page->cases[0]->flags & CASE_RESTRICTS) != 0;
}

static void run_ask(const char *endpoint, const char *what, uint64_t cases, uint32_t count) {
  struct rectify *client = open_client(endpoint, "office");
  struct made_cases made;
  int64_t *taken = calloc(count, sizeof *taken);
  must(taken != NULL && count > 0 && cases > 0);
  made_begin(&made, cases);
  for (int i = 0; i < 20; i++) (void)ask_one(client, what, &made, cases); /* plans are made by then */
  uint32_t restricted = 0;
  for (uint32_t i = 0; i < count;) {
    const int64_t begun = now_nsec();
    const uint64_t case_no = ask_one(client, what, &made, cases);
    taken[i] = now_nsec() - begun;
    if (case_no != 0 && is_restricted(client, case_no)) restricted++;
    else i++;
  }
  report(taken, count);
  if (restricted > 0) fprintf(stderr, "%u more were of restricted cases\n", restricted);
  free(taken);
  rectify_close(client);
}

int main(int argc, char **argv) {
  if ((argc == 6 || argc == 8) && strcmp(argv[1], "pace") == 0) run_pace(argc, argv);
  else if (argc == 6 && strcmp(argv[1], "ask") == 0) run_ask(argv[2], argv[3], strtoull(argv[4], NULL, 10), (uint32_t)atol(argv[5]));
  else fail("usage", "see bench/scale.c");
  return 0;
}
