/* offer.c - the half of bench/peers.sh that offers findings to rectifyd and measures when each is answered for.
 *
 *   offer ENDPOINT KEYS PID SEED CLIENTS PER_REQUEST COUNT MSEC        closed loop: each of CLIENTS has one request in flight
 *   offer ENDPOINT KEYS PID SEED CLIENTS PER_REQUEST COUNT MSEC RATE   open loop: RATE requests a second, whatever is unanswered
 *
 * ENDPOINT is of ipc (KEYS is -), or of tcp: then the folder KEYS holds the key files of CURVE `server`, inspector-0, ....
 * Requests are packed beforehand.  At most COUNT findings; in a closed loop none is sent after MSEC.  In an open loop the gaps
 * between arrivals are those of a Poisson process, and a latency counts from the instant at which a request was to be
 * sent, not from when it could be: a daemon that stalls is charged with all who would have come meanwhile.
 *
 * One thread, one DEALER socket a client, no librectify: its window would close the loop.  A request that is answered by `busy`
 * is sent again when the answer says; its latency goes on.  Prints: findings a second, p50, p99 and largest latency in
 * microseconds, findings, CPU of process PID in nanoseconds a finding, answers `busy`.  Called by bench/peers.sh only.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <zmq.h>

#include "bench/lib/made.h"
#include "bench/lib/measure.h"
#include "rectify/client.h"
#include "rectify/must.h"
#include "rectify/words.h"
#include "sign/curve.h"

#define CLIENTS_MAX 64
#define OFFICERS 8 /* `inspectors` of peers.sh: what one may hand in is bounded */
#define PER_REQUEST_MAX 500
#define SILENCE_MSEC 30000

static struct made_cases made;

/* ---- requests ---- */

struct request {
  uint8_t *bytes;
  size_t length;
  int64_t due_nsec; /* when it was to be sent: in an open loop from the start of the run until that is known */
  int64_t again_nsec;
  bool answered;
};

static struct {
  uint32_t clients, per_request, requests;
  double rate; /* 0: closed loop */
  void *sockets[CLIENTS_MAX];
  struct request *request;
  uint32_t next[CLIENTS_MAX]; /* closed loop: the client's next request */
  uint32_t next_due;          /* open loop */
  uint32_t *again, again_first, again_count; /* a ring: what was answered by `busy` */
  int64_t *latencies;
  uint32_t sent, answered;
  uint64_t busy;
} run;

/* Its id ends with its number, so that an answer finds it. */
static void request_pack(uint32_t number, int32_t until) {
  static struct made_finding drafts[PER_REQUEST_MAX];
  static Rectify__V1__Finding *pointers[PER_REQUEST_MAX];
  Rectify__V1__Submit submit;
  uint8_t id[16];
  char actor[32];
  for (uint32_t i = 0; i < run.per_request; i++) {
    must(rectify_key_new(id) == RECTIFY_OK);
    made_fill(&made, &drafts[i], id, until);
    made_text(&made, &drafts[i]);
    pointers[i] = &drafts[i].finding;
  }
  must(rectify_key_new(id) == RECTIFY_OK);
  memcpy(id + 12, &number, 4);
  snprintf(actor, sizeof actor, "inspector-%u", number % run.clients % OFFICERS);
  Rectify__V1__Request request = made_request(&submit, pointers, run.per_request);
  request.version = 1;
  request.id = (ProtobufCBinaryData){16, id};
  request.actor = made_bytes(actor);
  struct request *out = &run.request[number];
  out->length = rectify__v1__request__get_packed_size(&request);
  out->bytes = malloc(out->length);
  must(out->bytes != NULL && rectify__v1__request__pack(&request, out->bytes) == out->length);
}

/* As many instants by chance as there are requests, in order: a Poisson process of which the number of arrivals is known. */
static void make_schedule(void) {
  double whole = run.requests * 1e9 / run.rate;
  for (uint32_t i = 0; i < run.requests; i++) run.latencies[i] = (int64_t)(made_share(&made) * whole);
  qsort(run.latencies, run.requests, sizeof *run.latencies, compare_int64);
  for (uint32_t i = 0; i < run.requests; i++) run.request[i].due_nsec = run.latencies[i];
}

static void make_requests(void) {
  const int32_t until = made_yesterday();
  run.request = calloc(run.requests, sizeof *run.request);
  run.again = calloc(run.requests, sizeof *run.again);
  run.latencies = calloc(run.requests, sizeof *run.latencies);
  must(run.request != NULL && run.again != NULL && run.latencies != NULL);
  for (uint32_t i = 0; i < run.requests; i++) request_pack(i, until);
  if (run.rate > 0) make_schedule();
}

static void request_send(uint32_t number) {
  struct request *request = &run.request[number];
  if (zmq_send(run.sockets[number % run.clients], request->bytes, request->length, ZMQ_DONTWAIT) < 0)
    fail("send", zmq_strerror(errno));
}

static void request_begin(uint32_t number, int64_t due) {
  run.request[number].due_nsec = due;
  request_send(number);
  run.sent++;
}

/* Sends what is due.  Returns when the next one is, or INT64_MAX. */
static int64_t send_due(int64_t start) {
  int64_t now = now_nsec();
  while (run.again_count > 0 && run.request[run.again[run.again_first]].again_nsec <= now) {
    request_send(run.again[run.again_first]);
    run.again_first = (run.again_first + 1) % run.requests;
    run.again_count--;
  }
  while (run.rate > 0 && run.next_due < run.requests && start + run.request[run.next_due].due_nsec <= now) {
    request_begin(run.next_due, start + run.request[run.next_due].due_nsec);
    run.next_due++;
  }
  int64_t next = run.again_count > 0 ? run.request[run.again[run.again_first]].again_nsec : INT64_MAX;
  if (run.rate <= 0 || run.next_due == run.requests) return next;
  int64_t due = start + run.request[run.next_due].due_nsec;
  return due < next ? due : next;
}

/* ---- answers ---- */

static void take_outcomes(struct request *request, const Rectify__V1__Outcomes *outcomes) {
  if (outcomes->n_outcomes != run.per_request) fail("answer", "not as many outcomes as findings");
  for (size_t i = 0; i < outcomes->n_outcomes; i++)
    if (outcomes->outcomes[i]->result_case != RECTIFY__V1__OUTCOME__RESULT_RECEIPT)
      fail("answer", "a finding was not accepted");
  request->answered = true;
  run.latencies[run.answered++] = now_nsec() - request->due_nsec;
}

static void take_error(uint32_t number, const Rectify__V1__Error *error) {
  char text[200];
  snprintf(text, sizeof text, "%.*s", (int)error->text.len, (const char *)error->text.data);
  if (error->code != FAILURE_BUSY && error->code != FAILURE_UNAVAILABLE) fail("answer", text);
  run.request[number].again_nsec = now_nsec() + 1000000 * (int64_t)(error->retry_msec > 0 ? error->retry_msec : 1);
  must(run.again_count < run.requests);
  run.again[(run.again_first + run.again_count++) % run.requests] = number;
  run.busy++;
}

/* Takes one answer of the client, and in a closed loop sends the client's next request, unless it is too late.  False: there is none. */
static bool take_answer(uint32_t client, int64_t end) {
  zmq_msg_t frame;
  uint32_t number;
  zmq_msg_init(&frame);
  if (zmq_msg_recv(&frame, run.sockets[client], ZMQ_DONTWAIT) < 0) return false;
  Rectify__V1__Reply *reply = rectify__v1__reply__unpack(NULL, zmq_msg_size(&frame), zmq_msg_data(&frame));
  if (reply == NULL || reply->id.len != 16) fail("answer", "not one");
  memcpy(&number, reply->id.data + 12, 4);
  if (number >= run.requests || run.request[number].answered) fail("answer", "to no request");
  if (reply->body_case == RECTIFY__V1__REPLY__BODY_OUTCOMES) take_outcomes(&run.request[number], reply->outcomes);
  else if (reply->body_case == RECTIFY__V1__REPLY__BODY_ERROR) take_error(number, reply->error);
  else fail("answer", "not outcomes");
  if (run.rate <= 0 && run.request[number].answered && run.next[client] < run.requests && now_nsec() < end) {
    request_begin(run.next[client], now_nsec());
    run.next[client] += run.clients;
  }
  rectify__v1__reply__free_unpacked(reply, NULL);
  zmq_msg_close(&frame);
  return true;
}

/* Waits for an answer or the instant `next`. */
static void wait_for(zmq_pollitem_t *items, int64_t next) {
  struct itimerspec timer = {.it_value = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000}};
  if (next == INT64_MAX) timer.it_value = (struct timespec){0, 0};
  must(timerfd_settime(items[run.clients].fd, TFD_TIMER_ABSTIME, &timer, NULL) == 0);
  int ready = zmq_poll(items, (int)run.clients + 1, SILENCE_MSEC);
  if (ready < 0) fail("poll", zmq_strerror(errno));
  if (ready == 0) fail("answer", "none within 30 s");
}

static bool all_done(void) {
  return run.answered == run.sent && (run.rate <= 0 || run.next_due == run.requests);
}

/* Returns the nanoseconds it took. */
static int64_t offer(int64_t msec) {
  zmq_pollitem_t items[CLIENTS_MAX + 1];
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  must(timer >= 0);
  (void)prctl(PR_SET_TIMERSLACK, 1UL);
  for (uint32_t i = 0; i < run.clients; i++) items[i] = (zmq_pollitem_t){.socket = run.sockets[i], .events = ZMQ_POLLIN};
  items[run.clients] = (zmq_pollitem_t){.fd = timer, .events = ZMQ_POLLIN};
  int64_t start = now_nsec(), end = start + msec * 1000000;
  for (uint32_t i = 0; run.rate <= 0 && i < run.clients && i < run.requests; i++) {
    request_begin(i, now_nsec());
    run.next[i] = i + run.clients;
  }
  for (int64_t next = send_due(start); !all_done(); next = send_due(start)) {
    wait_for(items, next);
    for (uint32_t i = 0; i < run.clients; i++)
      while ((items[i].revents & ZMQ_POLLIN) != 0 && take_answer(i, end)) continue;
  }
  close(timer);
  return now_nsec() - start;
}

/* ---- connections ---- */

static void read_key(const char *folder, const char *name, struct curve_pair *pair) {
  char path[512], error[SECRET_ERROR_BYTES];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (!curve_read(path, pair, error)) fail(path, error);
}

static void dress(void *socket, const char *folder, uint32_t client) {
  struct curve_pair server, own;
  char name[32];
  snprintf(name, sizeof name, "inspector-%u", client % OFFICERS);
  read_key(folder, "server", &server);
  read_key(folder, name, &own);
  must(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server.public_key, CURVE_KEY_BYTES) == 0);
  must(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own.public_key, CURVE_KEY_BYTES) == 0);
  must(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own.secret, CURVE_KEY_BYTES) == 0);
}

static void ping(void *socket, uint32_t client) {
  Rectify__V1__Ping body = RECTIFY__V1__PING__INIT;
  Rectify__V1__Request request = RECTIFY__V1__REQUEST__INIT;
  uint8_t id[16], bytes[256];
  char actor[32];
  must(rectify_key_new(id) == RECTIFY_OK);
  snprintf(actor, sizeof actor, "inspector-%u", client % OFFICERS);
  request.version = 1;
  request.id = (ProtobufCBinaryData){16, id};
  request.actor = made_bytes(actor);
  request.body_case = RECTIFY__V1__REQUEST__BODY_PING;
  request.ping = &body;
  size_t length = rectify__v1__request__pack(&request, bytes);
  must(length <= sizeof bytes);
  if (zmq_send(socket, bytes, length, 0) < 0 || zmq_recv(socket, bytes, sizeof bytes, 0) < 0)
    fail("connect", zmq_strerror(errno));
}

/* Connects all, and waits until each is through its handshake: that is no part of what is measured. */
static void open_sockets(void *context, const char *endpoint, const char *keys) {
  int none = 0, silence = SILENCE_MSEC;
  for (uint32_t i = 0; i < run.clients; i++) {
    void *socket = run.sockets[i] = zmq_socket(context, ZMQ_DEALER);
    must(socket != NULL && zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none) == 0);
    must(zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none) == 0 && zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none) == 0);
    must(zmq_setsockopt(socket, ZMQ_RCVTIMEO, &silence, sizeof silence) == 0);
    if (strcmp(keys, "-") != 0) dress(socket, keys, i);
    if (zmq_connect(socket, endpoint) != 0) fail(endpoint, zmq_strerror(errno));
  }
  for (uint32_t i = 0; i < run.clients; i++) ping(run.sockets[i], i);
}

static void report(int64_t elapsed, double used_nsec) {
  const double findings = (double)run.answered * run.per_request;
  printf("%.0f ", findings * 1e9 / (double)elapsed);
  print_latencies(run.latencies, run.answered);
  printf(" %.0f %.0f %lu\n", findings, used_nsec / findings, run.busy);
}

int main(int argc, char **argv) {
  if (argc != 9 && argc != 10) fail("usage", "see bench/offer.c");
  const int pid = atoi(argv[3]);
  made_begin(&made, strtoull(argv[4], NULL, 10));
  run.clients = (uint32_t)atol(argv[5]);
  run.per_request = (uint32_t)atol(argv[6]);
  run.rate = argc == 10 ? atof(argv[9]) : 0;
  must(run.clients >= 1 && run.clients <= CLIENTS_MAX && run.per_request >= 1 && run.per_request <= PER_REQUEST_MAX);
  run.requests = (uint32_t)atol(argv[7]) / run.per_request;
  must(run.requests > 0);
  make_requests();
  void *context = zmq_ctx_new();
  must(context != NULL);
  open_sockets(context, argv[1], argv[2]);
  const double used_nsec = cpu_nsec(pid);
  int64_t elapsed = offer(atol(argv[8]));
  report(elapsed, cpu_nsec(pid) - used_nsec);
  for (uint32_t i = 0; i < run.clients; i++) zmq_close(run.sockets[i]);
  zmq_ctx_term(context);
  for (uint32_t i = 0; i < run.requests; i++) free(run.request[i].bytes);
  free(run.request);
  free(run.again);
  free(run.latencies);
  return 0;
}
