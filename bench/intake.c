/* intake.c - findings through librectify, for bench/intake.sh and others: many at a time, and one at a time.
 *
 *   intake flood ENDPOINT PID WRITER SEED COUNT  COUNT findings, REQUESTS_IN_FLIGHT requests of PER_REQUEST at a time; PID and
 *                                                WRITER: of the daemon, and of the server process that it writes through
 *   intake single ENDPOINT SEED COUNT            one finding at a time: latency
 *
 * Prints one line of numbers each, see the functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/lib/made.h"
#include "bench/lib/measure.h"
#include "rectify/client.h"
#include "rectify/must.h"

#define REQUESTS_IN_FLIGHT 8
#define PER_REQUEST 250
#define TIMEOUT_MSEC 60000

static struct made_cases made;

static struct rectify *open_client(const char *endpoint, const char *seed) {
  struct rectify *client = rectify_open(endpoint, "inspector");
  if (client == NULL) fail(endpoint, "cannot be opened");
  made_begin(&made, strtoull(seed, NULL, 10));
  return client;
}

static void send_findings(struct rectify *client, uint32_t count, int32_t until) {
  static struct made_finding drafts[PER_REQUEST];
  static Rectify__V1__Finding *pointers[PER_REQUEST];
  Rectify__V1__Submit submit;
  for (uint32_t i = 0; i < count; i++) {
    uint8_t id[16];
    must(rectify_key(client, id) == RECTIFY_OK);
    made_fill(&made, &drafts[i], id, until);
    made_text(&made, &drafts[i]);
    pointers[i] = &drafts[i].finding;
  }
  Rectify__V1__Request request = made_request(&submit, pointers, count);
  if (rectify_send(client, &request) != RECTIFY_OK) fail("send", rectify_error_text(client));
}

/* Waits for one reply; each of its findings must have been accepted.  Returns how many. */
static uint32_t receive_outcomes(struct rectify *client) {
  const Rectify__V1__Reply *reply;
  if (rectify_receive(client, TIMEOUT_MSEC, &reply) != RECTIFY_OK) fail("receive", rectify_error_text(client));
  if (reply->body_case != RECTIFY__V1__REPLY__BODY_OUTCOMES) fail("receive", "not outcomes");
  for (size_t i = 0; i < reply->outcomes->n_outcomes; i++)
    if (reply->outcomes->outcomes[i]->result_case != RECTIFY__V1__OUTCOME__RESULT_RECEIPT)
      fail("receive", "a finding was not accepted");
  return (uint32_t)reply->outcomes->n_outcomes;
}

static long resident_kb(int pid) {
  char path[64];
  long pages;
  snprintf(path, sizeof path, "/proc/%d/statm", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) fail(path, "cannot be read");
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Prints: findings per second; CPU in nanoseconds a finding of the daemon, of the server process and of this client; resident
 * kilobytes of the daemon. */
static void flood(const char *endpoint, int pid, int writer, const char *seed, uint32_t count) {
  struct rectify *client = open_client(endpoint, seed);
  const int32_t until = made_yesterday();
  const int who[3] = {pid, writer, getpid()};
  uint32_t sent = 0, received = 0;
  double used[3];
  must(count > 0);
  for (int i = 0; i < 3; i++) used[i] = cpu_nsec(who[i]);
  int64_t start = now_nsec();
  while (received < count) {
    while (sent < count && rectify_unanswered(client) < REQUESTS_IN_FLIGHT) {
      const uint32_t some = count - sent < PER_REQUEST ? count - sent : PER_REQUEST;
      send_findings(client, some, until);
      sent += some;
    }
    received += receive_outcomes(client);
  }
  int64_t elapsed = now_nsec() - start;
  for (int i = 0; i < 3; i++) used[i] = (cpu_nsec(who[i]) - used[i]) / received;
  printf("%.0f %.0f %.0f %.0f %ld\n", received * 1e9 / (double)elapsed, used[0], used[1], used[2], resident_kb(pid));
  rectify_close(client);
}

/* Prints: p50, p99 and the longest in microseconds. */
static void single(const char *endpoint, const char *seed, uint32_t count) {
  struct rectify *client = open_client(endpoint, seed);
  int64_t *latencies = calloc(count, sizeof *latencies);
  const int32_t until = made_yesterday();
  must(latencies != NULL);
  for (uint32_t i = 0; i < count; i++) {
    int64_t start = now_nsec();
    send_findings(client, 1, until);
    receive_outcomes(client);
    latencies[i] = now_nsec() - start;
  }
  print_latencies(latencies, count);
  puts("");
  free(latencies);
  rectify_close(client);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "flood") == 0 && argc == 7) flood(argv[2], atoi(argv[3]), atoi(argv[4]), argv[5], (uint32_t)atol(argv[6]));
  else if (strcmp(what, "single") == 0 && argc == 5) single(argv[2], argv[3], (uint32_t)atol(argv[4]));
  else fail("usage", "see bench/intake.c");
  return 0;
}
