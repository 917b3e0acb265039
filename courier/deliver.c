/* deliver.c - see deliver.h. */
#include "courier/deliver.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "courier/clock.h"
#include "courier/log.h"
#include "courier/plan.h"
#include "rectify/must.h"

#define PAUSE_SECONDS_MAX 60
#define SILENT_MAX 5        /* attempts in a row without a word from the server before its channel pauses */
#define GONE_SECONDS 60     /* a letter that found no place is given back for so long */

#define STACK_BYTES (512 * 1024) /* of a worker: libcurl, TLS and the resolver */

/* ---- workers ---- */

/* libcurl 7.88 keeps a connection whose answer to a text did not come in time, and would take that answer, when it comes, for one
 * to the next letter.  A socket that is shut is not used again, and nobody waits for a farewell on it. */
static void spoil(CURL *easy) {
  curl_socket_t fd = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD) (void)shutdown(fd, SHUT_RDWR);
}

static void *work(void *context) {
  struct slot *slot = context;
  const uint64_t one = 1;
  for (;;) {
    while (sem_wait(&slot->go) != 0) must(errno == EINTR);
    if (slot->ending) return NULL;
    slot->result = curl_easy_perform(slot->exchange.easy);
    if (slot->result != CURLE_OK) spoil(slot->exchange.easy);
    atomic_store(&slot->done, true);
    must(write(slot->ended_fd, &one, sizeof one) == sizeof one);
  }
}

/* False: the system has no thread to give; the letter's lease then ends by itself. */
static bool hire(struct slot *slot, int ended_fd) {
  pthread_attr_t how;
  if (slot->has_thread) return true;
  slot->ended_fd = ended_fd;
  slot->exchange.easy = curl_easy_init();
  must(slot->exchange.easy != NULL && sem_init(&slot->go, 0, 0) == 0 && pthread_attr_init(&how) == 0);
  must(pthread_attr_setstacksize(&how, STACK_BYTES) == 0);
  slot->has_thread = pthread_create(&slot->thread, &how, work, slot) == 0;
  (void)pthread_attr_destroy(&how);
  return slot->has_thread;
}

static void dismiss(struct slot *slot) {
  if (!slot->has_thread) return;
  slot->ending = true;
  must(sem_post(&slot->go) == 0 && pthread_join(slot->thread, NULL) == 0 && sem_destroy(&slot->go) == 0);
  curl_easy_cleanup(slot->exchange.easy);
  slot->has_thread = false;
}

bool deliver_open(struct delivering *it) {
  it->ended_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return it->ended_fd >= 0;
}

void deliver_free(struct delivering *it) {
  must(it->under_way == 0);
  for (struct slot *slot = it->slots; slot < it->slots + SLOTS_MAX; slot++) dismiss(slot);
  close(it->ended_fd);
}

/* ---- letters ---- */

static char *copy_text(const ProtobufCBinaryData *data) {
  char *text = malloc(data->len + 1);
  must(text != NULL);
  if (data->len > 0) memcpy(text, data->data, data->len);
  text[data->len] = '\0';
  return text;
}

static void put_id(const uint8_t id[16], char out[LETTER_ID_TEXT_BYTES]) {
  char *at = out;
  for (int i = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
    (void)snprintf(at, 3, "%02x", id[i]);
    at += 2;
  }
}

/* False: the daemon sent what is no letter. */
static bool take_letter(const Rectify__V1__LeasedLetter *leased, struct outgoing *out) {
  const Rectify__V1__Letter *letter = leased->letter;
  if (letter == NULL || letter->id.len != sizeof out->id) return false;
  *out = (struct outgoing){.attempt = leased->attempt, .failures = leased->failures, .made = leased->made, .urgent = letter->urgent};
  memcpy(out->id, letter->id.data, sizeof out->id);
  put_id(out->id, out->id_text);
  wire_copy(&letter->officer, out->officer, sizeof out->officer);
  wire_copy(&letter->language, out->language, sizeof out->language);
  out->subject = copy_text(&letter->subject);
  out->text = copy_text(&letter->body);
  out->html = copy_text(&letter->html);
  return true;
}

static void free_letter(struct outgoing *letter) {
  free(letter->subject);
  free(letter->text);
  free(letter->html);
  letter->subject = letter->text = letter->html = NULL;
}

/* ---- reports ---- */

static struct reported *add_report(struct delivering *it, const struct outgoing *letter, uint32_t outcome, usec_t retry_at) {
  must(it->report_count < sizeof it->reports / sizeof *it->reports);
  struct reported *report = &it->reports[it->report_count++];
  *report = (struct reported){.attempt = letter->attempt, .outcome = outcome, .retry_at = retry_at};
  memcpy(report->id, letter->id, sizeof report->id);
  return report;
}

static void say_outcome(const struct reported *report, const Rectify__V1__LetterOutcome *outcome) {
  char id[LETTER_ID_TEXT_BYTES];
  put_id(report->id, id);
  if (outcome->result == LETTER_RESULT_GIVEN_UP)
    log_err("courier.given_up id=%s attempt=%u answer=\"%.200s\"", id, report->attempt, report->answer);
  else if (outcome->result == LETTER_RESULT_DUPLICATE || !letter_result_is_fine(outcome->result))
    log_warning("courier.report id=%s attempt=%u outcome=%s result=%s", id, report->attempt,
                word_name(words_delivery, report->outcome), word_name(words_letter_result, outcome->result));
}

/* All that has ended since the last time; kept when the daemon does not answer. */
static void send_reports(struct delivering *it, struct wire *wire) {
  static Rectify__V1__LetterReport reports[WIRE_POST_MAX];
  static Rectify__V1__LetterReport *pointers[WIRE_POST_MAX];
  const Rectify__V1__LetterOutcomes *outcomes;
  if (it->report_count == 0 || !wire_open(wire)) return;
  for (uint32_t i = 0; i < it->report_count; i++) {
    const struct reported *from = &it->reports[i];
    rectify__v1__letter_report__init(pointers[i] = &reports[i]);
    reports[i].letter = wire_bytes(from->id, sizeof from->id);
    reports[i].attempt = from->attempt;
    reports[i].outcome = from->outcome;
    reports[i].answer = wire_text(from->answer);
    reports[i].retry_at = from->retry_at;
  }
  if (!wire_ended(wire, rectify_report(wire->rectify, pointers, it->report_count, WIRE_TIMEOUT_MSEC, &outcomes))) return;
  for (uint32_t i = 0; i < it->report_count && i < outcomes->n_outcomes; i++) say_outcome(&it->reports[i], outcomes->outcomes[i]);
  it->report_count = 0;
}

/* ---- the end of an attempt ---- */

static uint32_t random32(void) {
  uint32_t value = 0;
  return getrandom(&value, sizeof value, GRND_NONBLOCK) == sizeof value ? value : 0;
}

static void pause_channel(struct channel *channel, int64_t seconds) {
  const int64_t until = clock_forward_msec() + seconds * 1000;
  if (until > channel->paused_until_msec) channel->paused_until_msec = until;
}

/* 1, 2, 4 ... seconds. */
static void pause_longer(struct channel *channel) {
  const uint32_t step = channel->faults < 6 ? channel->faults : 6;
  const int64_t seconds = INT64_C(1) << step;
  pause_channel(channel, seconds < PAUSE_SECONDS_MAX ? seconds : PAUSE_SECONDS_MAX);
  channel->faults++;
}

static void note_fault(struct channel *channel, const struct verdict *verdict, bool heard, const char *answer) {
  const char *name = channel->setting->name;
  if (verdict->fault == FAULT_NONE || verdict->fault == FAULT_LETTER || (verdict->fault == FAULT_PASSING && heard)) {
    if (channel->faults > 0) log_info("courier.channel_up channel=%s", name);
    channel->faults = channel->silent = 0;
    return;
  }
  if (verdict->fault == FAULT_RATE) {
    log_warning("courier.rate channel=%s wait=%d answer=\"%.200s\"", name, verdict->wait_seconds, answer);
    pause_channel(channel, verdict->wait_seconds);
    return;
  }
  if (verdict->fault == FAULT_PASSING && ++channel->silent < SILENT_MAX) return;
  if (channel->faults == 0)
    log_line(verdict->fault == FAULT_SETUP ? LOG_ERR : LOG_WARNING, "courier.channel_down channel=%s reason=%s answer=\"%.300s\"", name,
             verdict->fault == FAULT_SETUP ? "setup" : "silent", answer);
  pause_longer(channel);
}

static usec_t retry_at(const struct settings *settings, const struct outgoing *letter, const struct verdict *verdict, usec_t now) {
  const struct courier_config *config = &settings->config;
  int32_t delay = plan_backoff(config->retry_first_seconds, config->retry_max_seconds, letter->failures, random32());
  if (delay < verdict->wait_seconds) delay = verdict->wait_seconds;
  return now + delay * USEC_PER_SECOND;
}

/* Where the channel tells it. */
static void add_seen(struct delivering *it, const struct slot *slot) {
  if (slot->channel->setting->type != CHANNEL_WEBHOOK) return;
  const uint32_t seen = verdict_seen(buffer_text(&slot->exchange.answer));
  if (seen != 0) (void)add_report(it, &slot->letter, seen, 0);
}

static void finish(struct delivering *it, struct slot *slot, const struct settings *settings, CURLcode result, usec_t now) {
  const struct verdict verdict = channel_judge(slot->channel, &slot->exchange, result);
  const bool done = verdict.fault == FAULT_NONE, never = verdict.fault == FAULT_LETTER;
  struct reported *report = add_report(it, &slot->letter, done ? DELIVERY_DELIVERED : never ? DELIVERY_REFUSED : DELIVERY_FAILED,
                                       done || never ? 0 : retry_at(settings, &slot->letter, &verdict, now));
  channel_answer(&slot->exchange, result, report->answer);
  note_fault(slot->channel, &verdict, slot->exchange.answered > 0, report->answer);
  if (done) add_seen(it, slot);
  it->delivered += done;
  it->refused += never;
  it->failed += !done && !never;
  if (!done)
    log_info("courier.attempt id=%s channel=%s attempt=%u outcome=%s answer=\"%.200s\"", slot->letter.id_text,
             slot->channel->setting->name, slot->letter.attempt, word_name(words_delivery, report->outcome), report->answer);
  slot->channel->under_way--;
  slot->channel = NULL;
  it->under_way--;
  exchange_clear(&slot->exchange);
  free_letter(&slot->letter);
}

/* Takes in what the workers have ended; false: nothing had. */
static bool collect(struct delivering *it, const struct settings *settings, usec_t now) {
  bool any = false;
  for (struct slot *slot = it->slots; slot < it->slots + SLOTS_MAX; slot++) {
    if (slot->channel == NULL || !atomic_load(&slot->done)) continue;
    finish(it, slot, settings, slot->result, now);
    any = true;
  }
  return any;
}

/* ---- the beginning of an attempt ---- */

/* A free worker; one that may have a connection of that channel comes first. */
static struct slot *free_slot(struct delivering *it, const char *channel) {
  struct slot *any = NULL;
  for (struct slot *slot = it->slots; slot < it->slots + SLOTS_MAX; slot++) {
    if (slot->channel != NULL) continue;
    if (strcmp(slot->last, channel) == 0) return slot;
    if (any == NULL) any = slot;
  }
  return any;
}

static void start(struct delivering *it, struct outgoing *letter, struct channel *channel, const struct settings *settings, usec_t now) {
  struct slot *slot = free_slot(it, channel->setting->name);
  must(slot != NULL);
  const bool network = channel->setting->type != CHANNEL_SYSLOG;
  if (!hire(slot, it->ended_fd)) {
    log_err("courier.no_worker reason=\"%s\"", strerror(errno));
    free_letter(letter);
    return;
  }
  slot->letter = *letter;
  slot->channel = channel;
  (void)snprintf(slot->last, sizeof slot->last, "%s", channel->setting->name);
  channel->under_way++;
  it->under_way++;
  rate_take(&channel->rate, clock_forward_msec());
  channel_prepare(channel, settings->config.host, &slot->letter, clock_wall_msec(), &slot->exchange);
  atomic_store(&slot->done, false);
  if (network) must(sem_post(&slot->go) == 0);
  else finish(it, slot, settings, CURLE_OK, now);
}

static void give_up(struct delivering *it, struct outgoing *letter, uint32_t outcome, usec_t until, const char *text) {
  struct reported *report = add_report(it, letter, outcome, until);
  (void)snprintf(report->answer, sizeof report->answer, "%s", text);
  it->refused += outcome == DELIVERY_REFUSED;
  free_letter(letter);
}

/* Whether the channel may begin one more attempt now. */
static bool has_room(const struct channel *channel) {
  const int64_t now = clock_forward_msec();
  return channel->under_way < (uint32_t)channel->setting->at_once && channel->paused_until_msec <= now &&
         rate_next(&channel->rate, now) <= now;
}

static void take_leased(struct delivering *it, const Rectify__V1__LeasedLetter *leased, struct settings *settings, usec_t now) {
  struct outgoing letter;
  if (!take_letter(leased, &letter)) return;
  struct channel *channel = settings_channel(settings, (const char *)leased->letter->channel.data, leased->letter->channel.len);
  const char *address = channel == NULL ? NULL : settings_address(settings, letter.officer, channel);
  if (channel == NULL)
    give_up(it, &letter, DELIVERY_REFUSED, 0, "this channel is no longer configured");
  else if (address == NULL)
    give_up(it, &letter, DELIVERY_REFUSED, 0, "the officer has no address on this channel any more");
  else if (!has_room(channel))
    give_up(it, &letter, DELIVERY_DEFERRED, now + GONE_SECONDS * USEC_PER_SECOND, "the channel has no room");
  else {
    (void)snprintf(letter.address, sizeof letter.address, "%s", address);
    start(it, &letter, channel, settings, now);
  }
}

/* Leases up to `count` letters of a channel (NULL: of any).  How many came; -1: no answer. */
static int lease(struct delivering *it, struct wire *wire, struct settings *settings, const char *name, uint32_t count) {
  const Rectify__V1__Leased *leased;
  if (!wire_open(wire)) return -1;
  const uint32_t seconds = (uint32_t)settings->config.lease_seconds;
  if (!wire_ended(wire, rectify_lease(wire->rectify, name, count, seconds, WIRE_TIMEOUT_MSEC, &leased))) return -1;
  wire->now = leased->now;
  must(leased->n_letters <= count);
  for (size_t i = 0; i < leased->n_letters; i++) take_leased(it, leased->letters[i], settings, wire->now);
  return (int)leased->n_letters;
}

/* How many letters the channel is to begin now; what has a rate, one by one. */
static uint32_t wanted(const struct delivering *it, const struct channel *channel) {
  const uint32_t places = (uint32_t)channel->setting->at_once;
  uint32_t count = places - channel->under_way;
  if (!channel->hungry || !has_room(channel)) return 0;
  if (count < places / 4) return 0; /* a lease is a transaction: some at a time */
  if (channel->rate.per_minute > 0) count = 1;
  if (count > SLOTS_MAX - it->under_way) count = SLOTS_MAX - it->under_way;
  return count < LEASE_LETTERS_MAX ? count : LEASE_LETTERS_MAX;
}

/* True: some channel may have more. */
static bool lease_all(struct delivering *it, struct wire *wire, struct settings *settings) {
  bool more = false, quiet = true;
  for (uint32_t i = 0; i < settings->config.channel_count && it->report_count < SLOTS_MAX; i++) {
    struct channel *channel = &settings->channels[i];
    const uint32_t count = wanted(it, channel);
    quiet &= !channel->hungry && has_room(channel);
    if (count == 0) continue;
    const int got = lease(it, wire, settings, channel->setting->name, count);
    channel->hungry = got >= 0 && (uint32_t)got == count;
    more |= channel->hungry;
    if (got < 0) return false;
  }
  if (quiet && !it->stray_asked && it->under_way < SLOTS_MAX) { /* nobody asks for channels that are gone */
    it->stray_asked = lease(it, wire, settings, NULL, 1) <= 0;
    more |= !it->stray_asked;
  }
  return more;
}

/* ---- the loop's parts ---- */

void deliver_round(struct delivering *it, struct settings *settings) {
  it->stray_asked = false;
  for (uint32_t i = 0; i < settings->config.channel_count; i++) settings->channels[i].hungry = true;
}

bool deliver_step(struct delivering *it, struct wire *wire, struct settings *settings, bool leases) {
  bool more = leases && it->report_count < SLOTS_MAX && lease_all(it, wire, settings);
  more |= collect(it, settings, wire->now);
  send_reports(it, wire);
  return more;
}

void deliver_wait(struct delivering *it, int signal_fd, int wait_msec) {
  struct pollfd waits[2] = {{.fd = signal_fd, .events = POLLIN}, {.fd = it->ended_fd, .events = POLLIN}};
  uint64_t ended;
  if (poll(waits, 2, wait_msec) > 0 && waits[1].revents != 0) must(read(it->ended_fd, &ended, sizeof ended) == sizeof ended);
}
