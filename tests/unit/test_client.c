/* librectify against a ROUTER socket that this test holds: lost, late, doubled and broken answers.
 *
 * Most tests play both sides in one thread, by rectify_send() and rectify_receive(); rectify_ask() gets a thread that
 * plays a daemon from a list of reactions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <unistd.h>
#include <zmq.h>

#include "client/internal.h"

#define PATIENCE_MSEC 10000 /* for what must come; never waited for in full unless the test fails */
#define SHORT_MSEC 40       /* for what must not come */

static char directory[64], endpoint[96];
static void *context, *router;
static struct rectify *client;

/* One request as the daemon sees it. */
struct seen {
  uint8_t routing[WIRE_ROUTING_BYTES_MAX];
  size_t routing_length;
  uint8_t bytes[4096];
  size_t length;
  uint8_t id[16];
};

static void router_open(void) {
  int zero = 0, patience = PATIENCE_MSEC, many = 2000;
  router = zmq_socket(context, ZMQ_ROUTER);
  assert_non_null(router);
  zmq_setsockopt(router, ZMQ_LINGER, &zero, sizeof zero);
  zmq_setsockopt(router, ZMQ_RCVTIMEO, &patience, sizeof patience);
  zmq_setsockopt(router, ZMQ_SNDHWM, &many, sizeof many);
  assert_int_equal(zmq_bind(router, endpoint), 0);
}

static int set_up(void **state) {
  (void)state;
  strcpy(directory, "/tmp/rectify-client-XXXXXX");
  if (mkdtemp(directory) == NULL) return 1;
  snprintf(endpoint, sizeof endpoint, "ipc://%s/socket", directory);
  context = zmq_ctx_new();
  router_open();
  client = rectify_open(endpoint, "O7");
  if (client == NULL) return 1;
  client->timing = (struct client_timing){.first_msec = 5, .max_msec = 20, .jitter_percent = 20};
  return client_wire_wait(client, true, PATIENCE_MSEC); /* connected: what is sent now goes out now */
}

static int tear_down(void **state) {
  (void)state;
  rectify_close(client);
  if (router != NULL) zmq_close(router);
  zmq_ctx_term(context);
  unlink(endpoint + strlen("ipc://"));
  return rmdir(directory);
}

static void ping(Rectify__V1__Request *request) {
  static Rectify__V1__Ping body;
  rectify__v1__ping__init(&body);
  rectify__v1__request__init(request);
  request->body_case = RECTIFY__V1__REQUEST__BODY_PING;
  request->ping = &body;
}

/* ---- the daemon's side ---- */

/* False when nothing came in time. */
static bool daemon_receive(struct seen *seen) {
  int got = zmq_recv(router, seen->routing, sizeof seen->routing, 0);
  if (got < 0) return false;
  seen->routing_length = (size_t)got;
  got = zmq_recv(router, seen->bytes, sizeof seen->bytes, 0);
  if (got < 0 || got > (int)sizeof seen->bytes) return false;
  seen->length = (size_t)got;
  struct codec_arena *arena = codec_arena_new(64 * 1024);
  struct codec_error error;
  struct uuid id;
  bool has_id, ok = codec_request(arena, seen->bytes, seen->length, &id, &has_id, &error) != NULL;
  memcpy(seen->id, id.bytes, sizeof seen->id);
  codec_arena_free(arena);
  return ok;
}

static void daemon_send_bytes(const struct seen *to, const void *bytes, size_t length) {
  zmq_send(router, to->routing, to->routing_length, ZMQ_SNDMORE);
  zmq_send(router, bytes, length, 0);
}

static void daemon_send(const struct seen *to, Rectify__V1__Reply *reply) {
  uint8_t id[16];
  size_t length;
  memcpy(id, to->id, sizeof id);
  reply->version = WIRE_VERSION;
  if (reply->id.len == 0) reply->id = (ProtobufCBinaryData){.len = sizeof id, .data = id};
  uint8_t *bytes = codec_pack(&reply->base, &length);
  daemon_send_bytes(to, bytes, length);
  free(bytes);
}

static void daemon_answer(const struct seen *to) {
  Rectify__V1__Pong pong = RECTIFY__V1__PONG__INIT;
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  reply.body_case = RECTIFY__V1__REPLY__BODY_PONG;
  reply.pong = &pong;
  daemon_send(to, &reply);
}

static void daemon_fail(const struct seen *to, uint32_t code, uint32_t retry_msec) {
  Rectify__V1__Error error = RECTIFY__V1__ERROR__INIT;
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  error.code = code;
  error.field = (ProtobufCBinaryData){.len = 5, .data = (uint8_t *)(uintptr_t)"actor"};
  error.text = (ProtobufCBinaryData){.len = 8, .data = (uint8_t *)(uintptr_t)"not here"};
  error.retry_msec = retry_msec;
  reply.body_case = RECTIFY__V1__REPLY__BODY_ERROR;
  reply.error = &error;
  daemon_send(to, &reply);
}

static void daemon_push(const struct seen *to, uint64_t size) {
  Rectify__V1__Push push = RECTIFY__V1__PUSH__INIT;
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  push.size = size;
  reply.body_case = RECTIFY__V1__REPLY__BODY_PUSH;
  reply.push = &push;
  daemon_send(to, &reply);
}

static void send_ping(void) {
  Rectify__V1__Request request;
  ping(&request);
  assert_int_equal(rectify_send(client, &request), RECTIFY_OK);
}

static void expect_reply(int body_case) {
  const Rectify__V1__Reply *reply;
  assert_int_equal(rectify_receive(client, PATIENCE_MSEC, &reply), RECTIFY_OK);
  assert_int_equal(reply->body_case, body_case);
}

static void expect_nothing(void) {
  const Rectify__V1__Reply *reply;
  assert_int_equal(rectify_receive(client, SHORT_MSEC, &reply), RECTIFY_TIMEOUT);
}

/* Lets the client go on until the daemon's side has something: resends happen in the client's calls only. */
static bool daemon_receive_resent(struct seen *seen) {
  zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
  for (unsigned i = 0; i < PATIENCE_MSEC / SHORT_MSEC && zmq_poll(&item, 1, 0) == 0; i++) expect_nothing();
  return daemon_receive(seen);
}

/* ---- resending ---- */

static void test_a_lost_answer_is_asked_for_again_with_the_same_bytes(void **state) {
  (void)state;
  struct seen first, again;
  send_ping();
  assert_true(daemon_receive(&first)); /* and says nothing */
  for (unsigned i = 0; i < 2; i++) {
    assert_true(daemon_receive_resent(&again));
    assert_int_equal(again.length, first.length);
    assert_memory_equal(again.bytes, first.bytes, first.length);
  }
  assert_int_equal(rectify_unanswered(client), 1);
  daemon_answer(&again);
  expect_reply(RECTIFY__V1__REPLY__BODY_PONG);
  assert_int_equal(rectify_unanswered(client), 0);
}

static void test_a_second_answer_and_a_strange_one_are_dropped(void **state) {
  (void)state;
  struct seen seen;
  client->timing = client_timing_default;
  send_ping();
  assert_true(daemon_receive(&seen));
  daemon_answer(&seen);
  daemon_answer(&seen);
  seen.id[3] ^= 1;
  daemon_answer(&seen);
  expect_reply(RECTIFY__V1__REPLY__BODY_PONG);
  expect_nothing();
  assert_non_null(strstr(rectify_error_text(client), "nothing came from ipc://"));
}

static void test_try_later_sends_the_same_bytes_later(void **state) {
  (void)state;
  struct seen first, again;
  client->timing.first_msec = client->timing.max_msec = PATIENCE_MSEC; /* so that only the hint can be the cause */
  send_ping();
  assert_true(daemon_receive(&first));
  daemon_fail(&first, FAILURE_BUSY, 3);
  assert_true(daemon_receive_resent(&again));
  assert_int_equal(again.length, first.length);
  assert_memory_equal(again.bytes, first.bytes, first.length);
  daemon_fail(&again, FAILURE_UNAVAILABLE, 3);
  expect_nothing();
  assert_non_null(strstr(rectify_error_text(client), "not here"));
  assert_true(daemon_receive_resent(&again));
  daemon_answer(&again);
  expect_reply(RECTIFY__V1__REPLY__BODY_PONG);
}

static void test_other_errors_are_answers(void **state) {
  (void)state;
  struct seen seen;
  send_ping();
  assert_true(daemon_receive(&seen));
  daemon_fail(&seen, FAILURE_ACTOR, 0);
  expect_reply(RECTIFY__V1__REPLY__BODY_ERROR);
  assert_int_equal(rectify_unanswered(client), 0);
}

static void test_a_restarted_daemon_gets_what_the_old_one_left(void **state) {
  (void)state;
  struct seen first, again;
  send_ping();
  assert_true(daemon_receive(&first));
  zmq_close(router);
  expect_nothing();
  router_open();
  assert_true(daemon_receive_resent(&again));
  assert_memory_equal(again.bytes, first.bytes, first.length);
  daemon_answer(&again);
  expect_reply(RECTIFY__V1__REPLY__BODY_PONG);
}

static void test_waits_double_and_differ(void **state) {
  (void)state;
  assert_int_equal(client_timing_default.first_msec, 1000);
  assert_int_equal(client_timing_default.max_msec, 30000);
  int64_t least = INT64_MAX, most = 0;
  for (unsigned i = 0; i < 10000; i++) {
    int64_t msec = client_jitter(client, 1000);
    least = msec < least ? msec : least;
    most = msec > most ? msec : most;
  }
  assert_int_equal(least, 800);
  assert_int_equal(most, 1200);
  client->timing = client_timing_default;
  client->timing.jitter_percent = 0;
  send_ping();
  int64_t now = client->slots[0].send_at, next_at;
  const int64_t waits[] = {2000, 4000, 8000, 16000, 30000, 30000};
  for (unsigned i = 0; i < sizeof waits / sizeof waits[0]; i++, now = next_at) {
    bool blocked;
    assert_int_equal(client_slots_send(client, now, &next_at, &blocked), 0);
    assert_false(blocked);
    assert_int_equal(next_at - now, waits[i]);
  }
}

/* ---- the window ---- */

static void test_the_window_has_a_bound(void **state) {
  (void)state;
  Rectify__V1__Request request;
  struct seen seen;
  client->timing = client_timing_default;
  for (unsigned i = 0; i < RECTIFY_WINDOW_MAX; i++) send_ping();
  assert_int_equal(rectify_unanswered(client), RECTIFY_WINDOW_MAX);
  ping(&request);
  assert_int_equal(rectify_send(client, &request), RECTIFY_TIMEOUT);
  assert_int_equal(request.id.len, 0);
  assert_true(daemon_receive(&seen));
  daemon_answer(&seen);
  expect_reply(RECTIFY__V1__REPLY__BODY_PONG);
  send_ping();
  for (unsigned i = 0; i < RECTIFY_WINDOW_MAX; i++) { /* all arrive, though the socket's queues are shorter */
    const Rectify__V1__Reply *reply;
    if (i % 8 == 0) rectify_receive(client, 0, &reply);
    assert_true(daemon_receive(&seen));
    daemon_answer(&seen);
    expect_reply(RECTIFY__V1__REPLY__BODY_PONG);
  }
  assert_int_equal(rectify_unanswered(client), 0);
}

static void test_an_id_waits_once(void **state) {
  (void)state;
  uint8_t id[16] = "0123456789abcde";
  Rectify__V1__Request request;
  struct seen seen;
  ping(&request);
  request.id = (ProtobufCBinaryData){.len = 16, .data = id};
  assert_int_equal(rectify_send(client, &request), RECTIFY_OK);
  assert_ptr_equal(request.id.data, id);
  assert_int_equal(rectify_send(client, &request), RECTIFY_SYSTEM);
  assert_true(daemon_receive(&seen));
  assert_memory_equal(seen.id, id, 16);
}

static void test_a_request_larger_than_a_frame(void **state) {
  (void)state;
  Rectify__V1__Publish publish = RECTIFY__V1__PUBLISH__INIT;
  Rectify__V1__Request request;
  publish.body = (ProtobufCBinaryData){.len = WIRE_FRAME_BYTES_MAX, .data = calloc(1, WIRE_FRAME_BYTES_MAX)};
  ping(&request);
  request.body_case = RECTIFY__V1__REQUEST__BODY_PUBLISH;
  request.publish = &publish;
  assert_int_equal(rectify_send(client, &request), RECTIFY_SYSTEM);
  assert_int_equal(rectify_unanswered(client), 0);
  free(publish.body.data);
}

/* ---- what is no answer ---- */

static void test_broken_answers(void **state) {
  (void)state;
  const Rectify__V1__Reply *reply;
  struct seen seen;
  client->timing = client_timing_default;
  send_ping();
  assert_true(daemon_receive(&seen));
  daemon_send_bytes(&seen, "\xff\xff", 2);
  assert_int_equal(rectify_receive(client, PATIENCE_MSEC, &reply), RECTIFY_PROTOCOL);
  zmq_send(router, seen.routing, seen.routing_length, ZMQ_SNDMORE);
  zmq_send(router, "a", 1, ZMQ_SNDMORE);
  daemon_send_bytes(&(struct seen){0}, "b", 1); /* continues the message: too many frames */
  assert_int_equal(rectify_receive(client, PATIENCE_MSEC, &reply), RECTIFY_PROTOCOL);
  zmq_send(router, seen.routing, seen.routing_length, ZMQ_SNDMORE);
  zmq_send(router, "", 0, ZMQ_SNDMORE); /* the delimiter of REQ sockets */
  uint8_t pong[] = {0x08, 1, 0x12, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x62, 0};
  memcpy(pong + 4, seen.id, 16);
  zmq_send(router, pong, sizeof pong, 0);
  expect_reply(RECTIFY__V1__REPLY__BODY_PONG);
}

/* ---- rectify_ask() ---- */

enum reaction { SILENT, ANSWER, BUSY, REFUSE, PUSHES, ANSWER_OLDEST, END };

static const enum reaction *reactions;
static unsigned push_count;

static void *daemon_play(void *unused) {
  static struct seen oldest, seen;
  (void)unused;
  for (unsigned i = 0; reactions[i] != END; i++) {
    if (!daemon_receive(&seen)) return (void *)1;
    if (i == 0) oldest = seen;
    if (reactions[i] == BUSY) daemon_fail(&seen, FAILURE_BUSY, 1);
    if (reactions[i] == REFUSE) daemon_fail(&seen, FAILURE_ACTOR, 0);
    if (reactions[i] == ANSWER_OLDEST) daemon_answer(&oldest);
    if (reactions[i] == PUSHES)
      for (unsigned k = 1; k <= push_count; k++) daemon_push(&oldest, k);
    if (reactions[i] == ANSWER || reactions[i] == PUSHES || reactions[i] == ANSWER_OLDEST) daemon_answer(&seen);
  }
  return NULL;
}

static int ask(const enum reaction *list, Rectify__V1__Request *request, int timeout_msec) {
  const Rectify__V1__Reply *reply = NULL;
  pthread_t thread;
  void *failed;
  reactions = list;
  pthread_create(&thread, NULL, daemon_play, NULL);
  int result = rectify_ask(client, request, timeout_msec, &reply);
  pthread_join(thread, &failed);
  assert_null(failed);
  if (result == RECTIFY_OK) assert_int_equal(reply->body_case, RECTIFY__V1__REPLY__BODY_PONG);
  return result;
}

static void test_ask_through_losses_and_busy(void **state) {
  (void)state;
  Rectify__V1__Request request;
  ping(&request);
  assert_int_equal(ask((enum reaction[]){SILENT, BUSY, SILENT, BUSY, ANSWER, END}, &request, PATIENCE_MSEC), RECTIFY_OK);
  assert_int_equal(request.id.len, 0); /* the caller's request can be asked again */
  client->timing = client_timing_default;
  assert_int_equal(ask((enum reaction[]){ANSWER, END}, &request, PATIENCE_MSEC), RECTIFY_OK);
}

static void test_ask_tells_the_error(void **state) {
  (void)state;
  Rectify__V1__Request request;
  ping(&request);
  client->timing = client_timing_default;
  assert_int_equal(ask((enum reaction[]){REFUSE, END}, &request, PATIENCE_MSEC), RECTIFY_ERROR);
  assert_int_equal(rectify_error(client)->code, FAILURE_ACTOR);
  assert_string_equal(rectify_error_text(client), "actor: not here");
  assert_int_equal(ask((enum reaction[]){ANSWER, END}, &request, PATIENCE_MSEC), RECTIFY_OK);
  assert_null(rectify_error(client));
}

/* ---- a courier's calls ---- */

/* Answers lease by a lease, reports and letters by outcomes, the query by a page of the same id; `odd`: each by a pong. */
static void *daemon_for_courier(void *odd) {
  static struct seen seen;
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  Rectify__V1__Leased leased = RECTIFY__V1__LEASED__INIT;
  Rectify__V1__LetterOutcomes letters = RECTIFY__V1__LETTER_OUTCOMES__INIT;
  Rectify__V1__Page page = RECTIFY__V1__PAGE__INIT;
  if (!daemon_receive(&seen)) return (void *)1;
  Rectify__V1__Request *request = rectify__v1__request__unpack(NULL, seen.length, seen.bytes);
  leased.now = 7;
  page.now = 8;
  if (odd != NULL) {
    daemon_answer(&seen);
  } else {
    reply.body_case = request->body_case == RECTIFY__V1__REQUEST__BODY_LEASE   ? RECTIFY__V1__REPLY__BODY_LEASED
                      : request->body_case == RECTIFY__V1__REQUEST__BODY_QUERY ? RECTIFY__V1__REPLY__BODY_PAGE
                                                                               : RECTIFY__V1__REPLY__BODY_LETTERS;
    if (reply.body_case == RECTIFY__V1__REPLY__BODY_LEASED) reply.leased = &leased;
    if (reply.body_case == RECTIFY__V1__REPLY__BODY_PAGE) reply.page = &page;
    if (reply.body_case == RECTIFY__V1__REPLY__BODY_LETTERS) reply.letters = &letters;
    daemon_send(&seen, &reply);
  }
  rectify__v1__request__free_unpacked(request, NULL);
  return NULL;
}

enum call { UNPOSTED, POST, LEASE, REPORT, CALLS };

static int call(enum call which, const Rectify__V1__Page **page, const Rectify__V1__Leased **leased,
                const Rectify__V1__LetterOutcomes **outcomes) {
  static uint8_t key[16] = {1, 2, 3, 4, 5, 6, 0x70, 8, 0x80}, officer[] = "O1", channel[] = "mail";
  static uint64_t notice = 16;
  Rectify__V1__Letter letter = RECTIFY__V1__LETTER__INIT, *letters = &letter;
  Rectify__V1__LetterReport report = RECTIFY__V1__LETTER_REPORT__INIT, *reports = &report;
  letter.id = report.letter = (ProtobufCBinaryData){16, key};
  letter.officer = (ProtobufCBinaryData){2, officer};
  letter.channel = (ProtobufCBinaryData){4, channel};
  letter.n_notices = 1;
  letter.notices = &notice;
  report.attempt = 1;
  report.outcome = DELIVERY_DELIVERED;
  if (which == UNPOSTED) return rectify_unposted(client, NULL, PATIENCE_MSEC, page);
  if (which == POST) return rectify_post(client, &letters, 1, 5, PATIENCE_MSEC, outcomes);
  if (which == LEASE) return rectify_lease(client, "mail", 2, 60, PATIENCE_MSEC, leased);
  return rectify_report(client, &reports, 1, PATIENCE_MSEC, outcomes);
}

static void test_a_couriers_calls(void **state) {
  (void)state;
  static char odd;
  client->timing = client_timing_default;
  for (int i = 0; i < 2 * CALLS; i++) {
    const Rectify__V1__Page *page = NULL;
    const Rectify__V1__Leased *leased = NULL;
    const Rectify__V1__LetterOutcomes *outcomes = NULL;
    const bool right = i < CALLS;
    pthread_t thread;
    void *failed;
    pthread_create(&thread, NULL, daemon_for_courier, right ? NULL : &odd);
    assert_int_equal(call((enum call)(i % CALLS), &page, &leased, &outcomes), right ? RECTIFY_OK : RECTIFY_PROTOCOL);
    pthread_join(thread, &failed);
    assert_null(failed); /* what was sent is a request of this protocol */
    if (right && i == UNPOSTED) assert_int_equal(page->now, 8);
    if (right && i == LEASE) assert_int_equal(leased->now, 7);
    if (right && (i == POST || i == REPORT)) assert_non_null(outcomes);
  }
}

static void test_ask_keeps_what_others_wait_for(void **state) {
  (void)state;
  Rectify__V1__Request request;
  client->timing = client_timing_default;
  send_ping();
  ping(&request);
  assert_int_equal(ask((enum reaction[]){SILENT, ANSWER_OLDEST, END}, &request, PATIENCE_MSEC), RECTIFY_OK);
  assert_int_equal(rectify_unanswered(client), 1); /* answered, but not yet received */
  expect_reply(RECTIFY__V1__REPLY__BODY_PONG);
  assert_int_equal(rectify_unanswered(client), 0);
}

static void test_ask_with_a_full_window(void **state) {
  (void)state;
  Rectify__V1__Request request;
  enum reaction list[RECTIFY_WINDOW_MAX + 2] = {SILENT};
  client->timing = client_timing_default;
  for (unsigned i = 0; i < RECTIFY_WINDOW_MAX; i++) send_ping();
  list[RECTIFY_WINDOW_MAX] = ANSWER;
  list[RECTIFY_WINDOW_MAX + 1] = END;
  ping(&request);
  /* The last of all to be sent, because its slot is the last. */
  assert_int_equal(ask(list, &request, PATIENCE_MSEC), RECTIFY_OK);
  assert_int_equal(rectify_unanswered(client), RECTIFY_WINDOW_MAX);
}

static void test_pushes_are_kept_up_to_a_bound(void **state) {
  (void)state;
  Rectify__V1__Request request;
  client->timing = client_timing_default;
  push_count = CLIENT_PUSHES_MAX + 40;
  ping(&request);
  assert_int_equal(ask((enum reaction[]){PUSHES, END}, &request, PATIENCE_MSEC), RECTIFY_OK);
  assert_int_equal(rectify_unanswered(client), 0);
  for (unsigned i = 1; i <= CLIENT_PUSHES_MAX; i++) {
    const Rectify__V1__Reply *reply;
    assert_int_equal(rectify_receive(client, 0, &reply), RECTIFY_OK);
    assert_int_equal(reply->body_case, RECTIFY__V1__REPLY__BODY_PUSH);
    assert_int_equal(reply->push->size, i);
  }
  expect_nothing();
}

/* Nobody there: the text says where and what to look at; the request does not stay behind. */
static void test_ask_without_a_daemon(void **state) {
  (void)state;
  Rectify__V1__Request request;
  const Rectify__V1__Reply *reply;
  zmq_close(router);
  router = NULL;
  ping(&request);
  assert_int_equal(rectify_ask(client, &request, SHORT_MSEC, &reply), RECTIFY_TIMEOUT);
  char expected[256];
  snprintf(expected, sizeof expected, "no daemon answered at %s within 0.04 s; is rectifyd running?", endpoint);
  assert_string_equal(rectify_error_text(client), expected);
  assert_int_equal(rectify_unanswered(client), 0);
}

/* ---- opening, keys ---- */

static void test_endpoints(void **state) {
  (void)state;
  const struct {
    const char *endpoint, *actor;
    int error;
  } rows[] = {
      {"tcp://127.0.0.1:7420", "O7", EPROTONOSUPPORT},
      {"ipc://", "O7", EINVAL},
      {"/run/rectify.socket", "O7", EINVAL},
      {"inproc://x", "O7", EINVAL},
      {"", "O7", EINVAL},
      {NULL, "O7", EINVAL},
      {"ipc:///tmp/x", "", EINVAL},
      {"ipc:///tmp/x", NULL, EINVAL},
      {"ipc:///tmp/x", "\xff", EINVAL},
      {"ipc:///tmp/x", "1234567890123456789012345678901234567890123456789012345678901234", EINVAL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_null(rectify_open(rows[i].endpoint, rows[i].actor));
    assert_int_equal(errno, rows[i].error);
  }
  rectify_close(NULL);
}

static void test_keys_are_uuid7_and_increase(void **state) {
  (void)state;
  uint8_t last[16] = {0}, key[16];
  client->key_msec = UINT64_C(4102444800000); /* 2100: the clock was set back since */
  for (unsigned i = 0; i < 10000; i++) {      /* more than fit into one millisecond's counter */
    assert_int_equal(rectify_key(client, key), RECTIFY_OK);
    assert_int_equal(key[6] >> 4, 7);
    assert_int_equal(key[8] >> 6, 2);
    assert_true(memcmp(key, last, 16) > 0);
    memcpy(last, key, 16);
  }
  client->key_msec = 0;
  assert_int_equal(rectify_key(client, key), RECTIFY_OK);
  assert_true(client->key_msec > UINT64_C(1700000000000)); /* milliseconds, not seconds */
}

static void test_keys_of_many_cases(void **state) {
  (void)state;
  uint8_t base[16], keys[100][16], again[16];
  assert_int_equal(rectify_key(client, base), RECTIFY_OK);
  for (uint64_t i = 0; i < 100; i++) {
    rectify_key_for_case(base, i + 1, keys[i]);
    assert_int_equal(keys[i][6] >> 4, 7);
    assert_int_equal(keys[i][8] >> 6, 2);
    assert_memory_equal(keys[i], base, 6); /* the base's time */
    assert_memory_not_equal(keys[i], base, 16);
    for (uint64_t k = 0; k < i; k++) assert_memory_not_equal(keys[i], keys[k], 16);
  }
  rectify_key_for_case(base, 42, again);
  assert_memory_equal(again, keys[41], 16);
  base[15] ^= 1; /* another base, other keys */
  rectify_key_for_case(base, 42, again);
  assert_memory_not_equal(again, keys[41], 16);
}

#define WITH_DAEMON(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* Has no patience until the other endpoint's turn has come, and then says there what it has to say, with all patience. */
static void go_on_to(struct rectify *both, uint32_t endpoint_at) {
  const Rectify__V1__Reply *got;
  both->timing.patience_msec = 20;
  for (uint32_t i = 0; i < 10000 && both->endpoint_at != endpoint_at; i++) (void)rectify_receive(both, 1, &got);
  assert_int_equal(both->endpoint_at, endpoint_at);
  both->timing.patience_msec = PATIENCE_MSEC;
  (void)rectify_receive(both, 100, &got);
}

/* The first daemon of the list hears and says nothing: after the patience the same bytes go to the second, and again to the
 * first when that is silent too; an answer ends it. */
static void test_the_next_endpoint_after_silence(void **state) {
  (void)state;
  char list[256], second[128];
  int patience = PATIENCE_MSEC;
  struct seen first_seen, second_seen, again;
  Rectify__V1__Request request;
  Rectify__V1__Pong pong = RECTIFY__V1__PONG__INIT;
  Rectify__V1__Reply reply = RECTIFY__V1__REPLY__INIT;
  const Rectify__V1__Reply *got;
  void *const deaf = router, *other = zmq_socket(context, ZMQ_ROUTER);
  snprintf(second, sizeof second, "%s-2", endpoint);
  snprintf(list, sizeof list, "%s,%s", endpoint, second);
  zmq_setsockopt(other, ZMQ_RCVTIMEO, &patience, sizeof patience);
  assert_int_equal(zmq_bind(other, second), 0);
  struct rectify *both = rectify_open(list, "O7");
  both->timing = (struct client_timing){.first_msec = 4000, .max_msec = 8000, .jitter_percent = 20, .patience_msec = 20};
  ping(&request);
  assert_int_equal(rectify_send(both, &request), RECTIFY_OK);
  assert_int_equal(rectify_receive(both, 1, &got), RECTIFY_TIMEOUT);
  go_on_to(both, 1);
  assert_true(daemon_receive(&first_seen));
  router = other;
  assert_true(daemon_receive(&second_seen));
  assert_int_equal(first_seen.length, second_seen.length);
  assert_memory_equal(first_seen.bytes, second_seen.bytes, first_seen.length);
  go_on_to(both, 0);
  assert_int_equal(both->rounds, 1);
  router = deaf;
  assert_true(daemon_receive(&again));
  assert_memory_equal(again.bytes, first_seen.bytes, first_seen.length);
  reply.body_case = RECTIFY__V1__REPLY__BODY_PONG;
  reply.pong = &pong;
  daemon_send(&again, &reply);
  int result = rectify_receive(both, PATIENCE_MSEC, &got);
  rectify_close(both);
  zmq_close(other);
  unlink(second + strlen("ipc://"));
  assert_int_equal(result, RECTIFY_OK);
}

/* A caller who gives up sooner than the patience, and asks again: the silence adds up. */
static void test_impatient_callers_come_to_the_next_endpoint(void **state) {
  (void)state;
  char list[256];
  Rectify__V1__Request request;
  const Rectify__V1__Reply *got;
  snprintf(list, sizeof list, "%s,%s-2", endpoint, endpoint);
  struct rectify *both = rectify_open(list, "O7");
  both->timing = (struct client_timing){.first_msec = 4000, .max_msec = 8000, .jitter_percent = 20, .patience_msec = 400};
  for (uint32_t i = 0; i < 500 && both->endpoint_at == 0; i++) {
    ping(&request);
    assert_int_equal(rectify_ask(both, &request, 20, &got), RECTIFY_TIMEOUT);
  }
  const uint32_t at = both->endpoint_at;
  rectify_close(both);
  assert_int_equal(at, 1);
}

static void test_lists_of_endpoints(void **state) {
  (void)state;
  assert_int_equal(client_endpoints("ipc:///a", "ipc://"), 1);
  assert_int_equal(client_endpoints("ipc:///a,ipc:///b", "ipc://"), 2);
  assert_int_equal(client_endpoints("ipc:///a,tcp://b:1", "ipc://"), 0);
  assert_int_equal(client_endpoints("ipc:///a,", "ipc://"), 0);
  assert_int_equal(client_endpoints("", "ipc://"), 0);
  assert_int_equal(client_endpoints("ipc://1,ipc://2,ipc://3,ipc://4,ipc://5,ipc://6,ipc://7,ipc://8,ipc://9", "ipc://"), 0);
  assert_true(client_endpoints_meet("ipc:///a,ipc:///b", "ipc:///b"));
  assert_false(client_endpoints_meet("ipc:///a", "ipc:///ab"));
  assert_null(rectify_open("ipc:///a,tcp://b:1", "O7"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_DAEMON(test_a_lost_answer_is_asked_for_again_with_the_same_bytes),
      WITH_DAEMON(test_a_second_answer_and_a_strange_one_are_dropped),
      WITH_DAEMON(test_try_later_sends_the_same_bytes_later),
      WITH_DAEMON(test_other_errors_are_answers),
      WITH_DAEMON(test_a_restarted_daemon_gets_what_the_old_one_left),
      WITH_DAEMON(test_waits_double_and_differ),
      WITH_DAEMON(test_the_window_has_a_bound),
      WITH_DAEMON(test_an_id_waits_once),
      WITH_DAEMON(test_a_request_larger_than_a_frame),
      WITH_DAEMON(test_broken_answers),
      WITH_DAEMON(test_ask_through_losses_and_busy),
      WITH_DAEMON(test_ask_tells_the_error),
      WITH_DAEMON(test_a_couriers_calls),
      WITH_DAEMON(test_ask_keeps_what_others_wait_for),
      WITH_DAEMON(test_ask_with_a_full_window),
      WITH_DAEMON(test_pushes_are_kept_up_to_a_bound),
      WITH_DAEMON(test_ask_without_a_daemon),
      cmocka_unit_test(test_endpoints),
      WITH_DAEMON(test_the_next_endpoint_after_silence),
      WITH_DAEMON(test_impatient_callers_come_to_the_next_endpoint),
      cmocka_unit_test(test_lists_of_endpoints),
      WITH_DAEMON(test_keys_are_uuid7_and_increase),
      WITH_DAEMON(test_keys_of_many_cases),
  };
  (void)alarm(120); /* a check that fails leaves sockets open, and their context waits for them for ever */
  return cmocka_run_group_tests(tests, NULL, NULL);
}
