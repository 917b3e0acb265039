/* sim_check_letters.c - the invariants of letters: what couriers are told, what goes out on the wire, what its servers have taken, and
 * what stands in the database, held against each other. */
#include "daemon/tree.h"
#include "proto/codec.h"
#include "rectify/words.h"
#include "sign/digest.h"
#include "tests/sim/sim.h"

#define CLOSED_SUBJECT "限制查阅的事项 / A restricted case"
#define NO_ADDRESS_CHANNEL "none"
#define END_SECONDS 90 /* what was put off when all was settled may have come due in the last minute */

/* A letter that a courier has been handed. */
static struct known {
  uint8_t id[16];
  bool has_text, taken;
  uint32_t holder, held, sent; /* courier; attempts: that it was handed, that was sent last */
  bool holds;                  /* the attempt is not known to be over */
  usec_t until;                /* of its lease, by the daemon's clock */
  uint64_t text;               /* its hash */
  uint32_t told_at;            /* attempts when its delivery was acknowledged; 0: it was not */
} *letters;
static uint64_t count, room, twice;

void check_letters_clear(void) { count = twice = 0; }
uint64_t check_letter_count(void) { return count; }
uint64_t check_twice_count(void) { return twice; }

static struct known *known_of(const uint8_t id[16]) {
  for (uint64_t i = 0; i < count; i++)
    if (memcmp(letters[i].id, id, 16) == 0) return &letters[i];
  return NULL;
}

static struct known *known_or_new(const uint8_t id[16]) {
  struct known *known = known_of(id);
  if (known != NULL) return known;
  if (count == room) {
    room = room == 0 ? 256 : 2 * room;
    letters = realloc(letters, room * sizeof *letters);
    must(letters != NULL);
  }
  letters[count] = (struct known){0};
  memcpy(letters[count].id, id, 16);
  return &letters[count++];
}

static const char *short_id(const uint8_t id[16]) {
  static char text[24];
  for (int i = 0; i < 8; i++) snprintf(text + 2 * i, 3, "%02x", id[8 + i]);
  return text;
}

static const struct server_notice *notice_of(int64_t id) { return &server.notices[server_notice_at(id, server.notice_count)]; }

/* ---- leases ---- */

static void cases_of(const struct server_letter *row, uint64_t cases[LETTER_NOTICES_MAX]) {
  for (uint32_t i = 0; i < row->notice_count; i++) cases[i] = notice_of(row->notices[i])->case_no;
}

static void check_cases(const Rectify__V1__Letter *letter, const struct server_letter *row) {
  uint64_t cases[LETTER_NOTICES_MAX];
  cases_of(row, cases);
  check_words(cases, row->notice_count, (const char *)letter->body.data, letter->body.len);
}

/* What was handed out is stored, and no failover takes it back: else somebody else could be handed the same. */
static void check_leased_letter(uint32_t courier, const Rectify__V1__LeasedLetter *leased, usec_t now) {
  const uint8_t *id = leased->letter->id.data;
  struct server_letter row;
  HOLDS(letters_find_id(id, &row) && row.attempts >= leased->attempt, "courier %u was handed letter %s, attempt %u, which is not stored", courier,
        short_id(id), leased->attempt);
  struct known *known = known_or_new(id);
  HOLDS(known->told_at == 0 || leased->attempt <= known->told_at, "letter %s was handed out again after its delivery had been recorded", short_id(id));
  if (leased->attempt < known->held && sim.clock_was_set) return; /* an answer that was overtaken */
  HOLDS(leased->attempt >= known->held, "letter %s: attempt %u was handed out after attempt %u", short_id(id), leased->attempt, known->held);
  const bool other = known->holder != courier || known->held != leased->attempt;
  HOLDS(!known->holds || !other || now >= known->until, "letter %s: couriers %u and %u hold it in one lease time", short_id(id), known->holder, courier);
  known->holder = courier;
  known->held = leased->attempt;
  known->until = leased->until;
  known->holds = true;
  check_cases(leased->letter, &row);
}

void check_leased(uint32_t courier, const void *told) {
  const Rectify__V1__Leased *leased = told;
  for (size_t i = 0; i < leased->n_letters; i++) check_leased_letter(courier, leased->letters[i], leased->now);
  sim_digest(leased->n_letters);
}

/* ---- sending ---- */

static uint64_t hash_of(const struct sim_letter *letter) {
  uint64_t hash = 1;
  for (const char *at = letter->subject; *at != '\0'; at++) hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
  for (size_t i = 0; i < letter->length; i++) /* lines of a mail end otherwise */
    if (letter->text[i] != '\r') hash = (hash ^ (uint8_t)letter->text[i]) * UINT64_C(0x100000001b3);
  return hash;
}

/* The same under the same id; but what a case that was restricted since then says. */
static void check_text(struct known *known, const struct sim_letter *letter) {
  const uint64_t hash = hash_of(letter);
  if (strcmp(letter->subject, CLOSED_SUBJECT) == 0) return;
  HOLDS(!known->has_text || known->text == hash, "letter %s says something else than before", short_id(letter->id));
  known->has_text = true;
  known->text = hash;
}

void check_letter_sent(const struct sim_letter *letter) {
  struct known *known = known_of(letter->id);
  struct server_letter row;
  HOLDS(known != NULL && letters_find_id(letter->id, &row), "a letter goes out under the id %s, which none has", short_id(letter->id));
  HOLDS(known->holder == letter->courier || known->held > letter->attempt, "letter %s: courier %u sends what it was not handed", short_id(letter->id),
        letter->courier);
  HOLDS(letter->attempt > known->sent, "letter %s: attempt %u goes out twice", short_id(letter->id), letter->attempt);
  HOLDS(strncmp(letter->to, person_officer(row.officer), strcspn(letter->to, "@")) == 0, "letter %s goes to somebody else", short_id(letter->id));
  known->sent = letter->attempt;
  check_text(known, letter);
  sim_tell("courier %u sends letter %s to %s, attempt %u", letter->courier, short_id(letter->id), letter->to, letter->attempt);
  sim_digest(letter->attempt);
}

void check_letter_taken(const uint8_t id[16]) {
  struct known *known = known_of(id);
  sim_tell("a server takes letter %s%s", short_id(id), known->taken ? ", again" : "");
  twice += known->taken;
  known->taken = true;
}

/* ---- reports ---- */

/* The database notes how an attempt ended: the letter is free again, or delivered. */
void check_attempt_ended(const uint8_t id[16], uint32_t attempt, uint32_t outcome) {
  struct known *known = known_of(id);
  HOLDS(known != NULL && known->held >= attempt, "letter %s: an attempt was reported that nobody was handed", short_id(id));
  HOLDS(outcome != DELIVERY_DELIVERED || known->taken, "letter %s was reported delivered, and no server has taken it", short_id(id));
  if (known->held == attempt) known->holds = false;
}

void check_reported(const uint8_t id[16], uint32_t outcome, uint32_t result) {
  struct known *known = known_of(id);
  struct server_letter row;
  HOLDS(known != NULL && letters_find_id(id, &row), "letter %s: a report was answered that nobody gave", short_id(id));
  const bool recorded = result == LETTER_RESULT_RECORDED || result == LETTER_RESULT_REPEATED || result == LETTER_RESULT_DUPLICATE;
  if (outcome == DELIVERY_DELIVERED && recorded && known->told_at == 0) known->told_at = row.attempts;
}

/* ---- when all is quiet ---- */

/* By a daemon's clock that was set, something may be due only when the others' clocks have caught up. */
static bool waits_for_clock(const struct server_letter *letter, usec_t since) {
  const int64_t to_1970 = INT64_C(946684800) * SECOND;
  usec_t now = sim_born + sim.now + host_skew();
  if (server.head.clock + to_1970 > now) now = server.head.clock + to_1970;
  return sim.clock_was_set && letter->due_at + to_1970 > now - since;
}

bool check_letters_settled(void) {
  struct server_letter letter;
  for (uint64_t i = 0; i < server.notice_count; i++)
    if (!letters_tell(server.notices[i].id)) return false;
  for (uint32_t at = 0; letters_find(at, &letter); at++)
    if (letter.state == LETTER_WAITING && !waits_for_clock(&letter, 0)) return false;
  return true;
}

/* Each case of a letter that was given up has been told, but those that it told of others given up. */
static void check_given_up(const struct server_letter *letter) {
  for (uint32_t i = 0; i < letter->notice_count; i++) {
    const struct server_notice *notice = notice_of(letter->notices[i]);
    uint8_t key[16];
    letters_dead_key(letter->id, notice->case_no, key);
    const int64_t at = server_find_key(key);
    HOLDS(notice->kind == NOTICE_UNDELIVERED || (at >= 0 && (uint64_t)at < server.durable && server.events[at].command == COMMAND_UNDELIVERED),
          "letter %s was given up, and case %llu has not been told", short_id(letter->id), (unsigned long long)notice->case_no);
  }
}

/* A notice goes to nobody under two ids of one channel. */
static void check_told_once(uint32_t at, const struct server_letter *letter) {
  struct server_letter other;
  for (uint32_t i = 0; i < letter->notice_count; i++)
    for (uint32_t k = at + 1; letters_find(k, &other); k++)
      for (uint32_t m = 0; m < other.notice_count; m++)
        HOLDS(other.notices[m] != letter->notices[i] || strcmp(other.channel, letter->channel) != 0, "notice %lld is in two letters of channel %s",
              (long long)letter->notices[i], letter->channel);
}

void check_letters_end(void) {
  struct server_letter letter;
  uint64_t cases[LETTER_NOTICES_MAX];
  for (uint64_t i = 0; i < server.notice_count; i++)
    HOLDS(letters_tell(server.notices[i].id), "notice %lld is in no letter", (long long)server.notices[i].id);
  for (uint32_t at = 0; letters_find(at, &letter); at++) {
    const struct known *known = known_of(letter.id);
    const bool nowhere = strcmp(letter.channel, NO_ADDRESS_CHANNEL) == 0;
    HOLDS(letter.state != LETTER_WAITING || waits_for_clock(&letter, END_SECONDS * SECOND), "letter %s still waits", short_id(letter.id));
    HOLDS(letter.state != LETTER_DELIVERED || (known != NULL && known->taken), "letter %s never arrived", short_id(letter.id));
    HOLDS((letter.state == LETTER_NONE) == nowhere, "letter %s: its officer is reached elsewhere", short_id(letter.id));
    if (letter.state == LETTER_DEAD) check_given_up(&letter);
    check_told_once(at, &letter);
    cases_of(&letter, cases);
    check_erased(cases, letter.notice_count, letter.body, letter.body_length);
  }
}
