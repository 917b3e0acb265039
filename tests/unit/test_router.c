/* The two doors: who gets in over TCP, who does not, and that the door shuts itself when everybody would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#include "daemon/router.h"

#define TURNS_MAX 400 /* of 10 ms of waiting at most: an answer on loopback comes within one or two */
#define QUIET_TURNS 25

static struct curve_pair server, friend, other;
static void *outside; /* the context of the clients */
static char endpoint[300], local[64];
static unsigned asked;
static bool admit_all;

static bool admit(void *context, const uint8_t key[CURVE_KEY_BYTES]) {
  (void)context;
  asked++;
  return admit_all || memcmp(key, friend.public_key, CURVE_KEY_BYTES) == 0;
}

static int set_up(void **unused) {
  (void)unused;
  assert_true(curve_new(&server) && curve_new(&friend) && curve_new(&other));
  outside = zmq_ctx_new();
  snprintf(local, sizeof local, "ipc:///tmp/rectify-router-%d.sock", getpid());
  asked = 0;
  admit_all = false;
  return 0;
}

static int tear_down(void **unused) {
  (void)unused;
  zmq_ctx_term(outside);
  return 0;
}

static struct router *listen(void) {
  char error[256] = "";
  struct router *router = router_new();
  if (router_listen(router, "tcp://127.0.0.1:*", &server, admit, NULL, error, sizeof error) != 0) fail_msg("%s", error);
  snprintf(endpoint, sizeof endpoint, "%s", router_listening(router));
  assert_int_equal(router_bind(router, local, 0600, error, sizeof error), 0);
  return router;
}

/* One turn of the loop; time goes on by the turn, not by the clock. */
static int64_t now_msec;
static enum door_news turn(struct router *router) {
  (void)router_wait(router, true, NULL, 0, 10);
  now_msec += 10;
  return router_turn(router, now_msec);
}

static enum door_news first_news(struct router *router) {
  for (int i = 0; i < TURNS_MAX; i++) {
    enum door_news news = turn(router);
    if (news != DOOR_SAME) return news;
  }
  return DOOR_SAME;
}

/* The next message, or NULL after so many quiet turns. */
static const char *next(struct router *router, struct route_back *back, int turns) {
  static char text[64];
  for (int i = 0; i < turns; i++) {
    size_t length;
    (void)turn(router);
    const uint8_t *data = router_receive(router, back, &length);
    if (data == NULL) continue;
    assert_true(length < sizeof text);
    memcpy(text, data, length);
    text[length] = '\0';
    return text;
  }
  return NULL;
}

enum dress { DRESS_FRIEND, DRESS_OTHER, DRESS_WRONG_SERVER, DRESS_NULL, DRESS_PLAIN };

static void *knock(enum dress dress, const char *where) {
  const int zero = 0;
  void *socket = zmq_socket(outside, ZMQ_DEALER);
  const struct curve_pair *pair = dress == DRESS_OTHER ? &other : &friend, *to = dress == DRESS_WRONG_SERVER ? &other : &server;
  assert_non_null(socket);
  zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
  if (dress == DRESS_PLAIN) {
    zmq_setsockopt(socket, ZMQ_PLAIN_USERNAME, "office", 6);
    zmq_setsockopt(socket, ZMQ_PLAIN_PASSWORD, "office", 6);
  } else if (dress != DRESS_NULL) {
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, to->public_key, CURVE_KEY_BYTES);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, pair->public_key, CURVE_KEY_BYTES);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, pair->secret, CURVE_KEY_BYTES);
  }
  assert_int_equal(zmq_connect(socket, where), 0);
  assert_int_equal(zmq_send(socket, "hello", 5, 0), 5);
  return socket;
}

static void test_a_stranger_opens_the_door(void **unused) {
  (void)unused;
  struct router *router = listen();
  assert_int_equal(first_news(router), DOOR_OPENED);
  assert_true(asked >= 1);
  router_free(router);
}

static void test_a_registered_key_comes_in(void **unused) {
  (void)unused;
  struct route_back back;
  char answer[16];
  struct router *router = listen();
  assert_int_equal(first_news(router), DOOR_OPENED);
  void *socket = knock(DRESS_FRIEND, endpoint);
  assert_string_equal(next(router, &back, TURNS_MAX), "hello");
  assert_true(back.remote);
  assert_memory_equal(router_sender(router), friend.public_key, CURVE_KEY_BYTES);
  assert_true(router_send(router, &back, "yes", 3));
  assert_int_equal(zmq_recv(socket, answer, sizeof answer, 0), 3);
  zmq_close(socket);
  router_free(router);
}

static void test_the_local_door_has_no_keys(void **unused) {
  (void)unused;
  struct route_back back;
  struct router *router = listen();
  void *socket = knock(DRESS_NULL, local);
  assert_string_equal(next(router, &back, TURNS_MAX), "hello");
  assert_false(back.remote);
  assert_null(router_sender(router));
  zmq_close(socket);
  router_free(router);
}

/* Before the proof nobody is heard, not even a friend: the message waits. */
static void test_nobody_is_served_unproven(void **unused) {
  (void)unused;
  struct route_back back;
  size_t length;
  struct router *router = listen();
  void *socket = knock(DRESS_FRIEND, endpoint);
  assert_null(router_receive(router, &back, &length));
  assert_int_equal(first_news(router), DOOR_OPENED);
  assert_string_equal(next(router, &back, TURNS_MAX), "hello");
  zmq_close(socket);
  router_free(router);
}

static void test_others_stay_outside(void **unused) {
  (void)unused;
  static const enum dress dresses[] = {DRESS_OTHER, DRESS_WRONG_SERVER, DRESS_NULL, DRESS_PLAIN};
  struct route_back back;
  struct router *router = listen();
  assert_int_equal(first_news(router), DOOR_OPENED);
  for (size_t i = 0; i < sizeof dresses / sizeof dresses[0]; i++) {
    void *socket = knock(dresses[i], endpoint);
    unsigned before = asked;
    assert_null(next(router, &back, QUIET_TURNS));
    assert_int_equal(asked > before, dresses[i] == DRESS_OTHER); /* the others do not even get so far */
    zmq_close(socket);
  }
  void *socket = knock(DRESS_FRIEND, endpoint); /* and the door works as before */
  assert_string_equal(next(router, &back, TURNS_MAX), "hello");
  zmq_close(socket);
  router_free(router);
}

static void test_an_open_door_shuts_itself(void **unused) {
  (void)unused;
  struct route_back back;
  admit_all = true;
  struct router *router = listen();
  void *socket = knock(DRESS_FRIEND, endpoint);
  assert_int_equal(first_news(router), DOOR_ADMITS);
  admit_all = false; /* for good: somebody has to look first */
  now_msec += 10 * 60000;
  assert_null(next(router, &back, QUIET_TURNS));
  zmq_close(socket);
  router_free(router);
}

static void test_the_proof_is_kept_fresh(void **unused) {
  (void)unused;
  struct route_back back;
  struct router *router = listen();
  assert_int_equal(first_news(router), DOOR_OPENED);
  admit_all = true; /* a minute later the handler is broken */
  assert_null(next(router, &back, QUIET_TURNS));
  now_msec += 60000;
  assert_int_equal(first_news(router), DOOR_ADMITS);
  void *socket = knock(DRESS_FRIEND, endpoint);
  assert_null(next(router, &back, QUIET_TURNS));
  zmq_close(socket);
  router_free(router);
}

static void test_too_many_frames_are_dropped(void **unused) {
  (void)unused;
  struct route_back back;
  struct router *router = listen();
  assert_int_equal(first_news(router), DOOR_OPENED);
  void *socket = knock(DRESS_FRIEND, endpoint);
  assert_string_equal(next(router, &back, TURNS_MAX), "hello");
  for (int i = 0; i < 1000; i++) zmq_send(socket, "x", 1, i < 999 ? ZMQ_SNDMORE : 0);
  zmq_send(socket, "after", 5, 0);
  assert_string_equal(next(router, &back, TURNS_MAX), "after");
  assert_int_equal(router_dropped(router), 1);
  zmq_close(socket);
  router_free(router);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_a_stranger_opens_the_door), TEST(test_a_registered_key_comes_in), TEST(test_the_local_door_has_no_keys),
      TEST(test_nobody_is_served_unproven), TEST(test_others_stay_outside),       TEST(test_an_open_door_shuts_itself),
      TEST(test_the_proof_is_kept_fresh),   TEST(test_too_many_frames_are_dropped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
