/* sim_server_letters.c - letters in the simulated database: what the functions of migrations/0009_letters.sql and the statements about
 * letters do.  Each request of a courier is a transaction of its own; a failover can take away what no standby had. */
#include "daemon/tree.h"
#include "rectify/limits.h"
#include "sign/digest.h"
#include "tests/sim/sim_params.h"

#define CHANNEL_BYTES 32
#define DAY_USEC (24 * HOUR)
#define GIVE_UP_FAILURES 100
#define GIVE_UP_HOURS 72
#define GIVE_UP_DAYS 31
#define KIND_UNDELIVERED 9
#define KIND_PROPOSAL 7
#define RULE_RESTRICTED 656
#define RULE_FREED 657

enum { WAITING = 1, DELIVERED, GIVEN_UP, NO_CHANNEL };

struct text {
  const char *bytes; /* kept until the run is over */
  size_t length;
};

struct letter_row {
  uint8_t id[16], lease[16];
  bool leased, urgent, opened, acknowledged, failed_before;
  uint32_t officer, state, attempts, failures, notice_count;
  char channel[CHANNEL_BYTES];
  struct text language, subject, body, html;
  int64_t made, not_before, due_at, first_failed, settled;
  uint64_t size;
  const int64_t *notices; /* ascending; kept likewise */
};

struct delivery_row {
  uint32_t letter, attempt, outcome; /* outcome 0: under way */
  uint8_t lease[16];
  struct text answer;
};

struct dead_row {
  uint32_t letter;
  uint64_t case_no;
  uint8_t key[16];
};

struct tables {
  struct letter_row *letters;
  struct delivery_row *deliveries;
  struct dead_row *dead;
  uint32_t letter_count, delivery_count, dead_count, letter_room, delivery_room, dead_room;
  int64_t posted_until;
};

static struct tables now, before; /* before: as it was when the first transaction began that no standby may have */
static bool undo_possible, wrote;

/* ---- rows ---- */

#define ADD(table, count, room) (grow((void **)&now.table, sizeof *now.table, now.count + 1, &now.room), &now.table[now.count++])

static void grow(void **rows, size_t size, uint32_t count, uint32_t *room) {
  if (count <= *room) return;
  *room = *room == 0 ? 64 : 2 * *room;
  *rows = realloc(*rows, *room * size);
  must(*rows != NULL);
}

static struct kept {
  struct kept *next;
} *kept;

static void *keep(size_t length) {
  struct kept *block = malloc(sizeof *block + length + 1);
  must(block != NULL);
  block->next = kept;
  kept = block;
  return block + 1;
}

static struct text text_of(const uint8_t *bytes, size_t length) {
  char *copy = keep(length);
  if (length > 0) memcpy(copy, bytes, length);
  return (struct text){copy, length};
}

static struct text next_kept(struct cells *cells) {
  cell_next(cells);
  return text_of(cells->cell, cells->length);
}

static void copy_rows(struct tables *to, const struct tables *from) {
  *to = *from;
  to->letter_room = from->letter_count + 1;
  to->delivery_room = from->delivery_count + 1;
  to->dead_room = from->dead_count + 1;
  to->letters = malloc(to->letter_room * sizeof *to->letters);
  to->deliveries = malloc(to->delivery_room * sizeof *to->deliveries);
  to->dead = malloc(to->dead_room * sizeof *to->dead);
  must(to->letters != NULL && to->deliveries != NULL && to->dead != NULL);
  if (from->letter_count > 0) memcpy(to->letters, from->letters, from->letter_count * sizeof *to->letters);
  if (from->delivery_count > 0) memcpy(to->deliveries, from->deliveries, from->delivery_count * sizeof *to->deliveries);
  if (from->dead_count > 0) memcpy(to->dead, from->dead, from->dead_count * sizeof *to->dead);
}

static void free_rows(struct tables *tables) {
  free(tables->letters);
  free(tables->deliveries);
  free(tables->dead);
  *tables = (struct tables){0};
}

/* ---- what a failover may take away ---- */

static void written(void) {
  wrote = true;
  if (undo_possible) return;
  copy_rows(&before, &now);
  undo_possible = true;
}

bool letters_wrote(void) { return wrote; }

void letters_durable(void) {
  if (undo_possible) free_rows(&before);
  undo_possible = false;
}

void letters_lose(void) {
  if (!undo_possible) return;
  sim_tell("  database: the new primary never had what couriers asked for last");
  free_rows(&now);
  now = before;
  before = (struct tables){0};
  undo_possible = false;
}

void letters_clear(void) {
  letters_durable();
  free_rows(&now);
  for (struct kept *next; kept != NULL; kept = next) {
    next = kept->next;
    free(kept);
  }
}

/* ---- what is there ---- */

static struct letter_row *letter_of(const uint8_t id[16]) {
  for (uint32_t i = 0; i < now.letter_count; i++)
    if (memcmp(now.letters[i].id, id, 16) == 0) return &now.letters[i];
  return NULL;
}

static uint32_t place_of(const struct letter_row *row) { return (uint32_t)(row - now.letters); }

static bool tells(const struct letter_row *row, int64_t notice) {
  for (uint32_t i = 0; i < row->notice_count; i++)
    if (row->notices[i] == notice) return true;
  return false;
}

static bool is_posted(int64_t notice, const char *channel) {
  for (uint32_t i = 0; i < now.letter_count; i++)
    if ((channel == NULL || strcmp(now.letters[i].channel, channel) == 0) && tells(&now.letters[i], notice)) return true;
  return false;
}

static const struct server_notice *notice_of(int64_t id) {
  const uint64_t at = server_notice_at(id, server.notice_count);
  return at < server.notice_count && server.notices[at].id == id ? &server.notices[at] : NULL;
}

bool letters_tell(int64_t notice) { return is_posted(notice, NULL); }

bool letters_find(uint32_t at, struct server_letter *out) {
  if (at >= now.letter_count) return false;
  const struct letter_row *row = &now.letters[at];
  *out = (struct server_letter){.id = row->id, .officer = row->officer, .state = row->state, .attempts = row->attempts, .leased = row->leased,
                                .channel = row->channel, .due_at = row->due_at, .notices = row->notices, .notice_count = row->notice_count,
                                .subject = row->subject.bytes, .subject_length = row->subject.length, .body = row->body.bytes,
                                .body_length = row->body.length, .made = row->made};
  return true;
}

bool letters_find_id(const uint8_t id[16], struct server_letter *out) {
  const struct letter_row *row = letter_of(id);
  return row != NULL && letters_find(place_of(row), out);
}

static void key_of(const uint8_t id[16], uint64_t case_no, uint8_t key[16]) {
  uint8_t data[24], hash[32];
  memcpy(data, id, 16);
  for (int i = 0; i < 8; i++) data[16 + i] = (uint8_t)(case_no >> (56 - 8 * i));
  digest_sha256(data, sizeof data, hash);
  memcpy(key, hash, 16);
  key[6] = (uint8_t)((key[6] & 15) | 128);
  key[8] = (uint8_t)((key[8] & 63) | 128);
}

void letters_dead_key(const uint8_t id[16], uint64_t case_no, uint8_t key[16]) { key_of(id, case_no, key); }

/* ---- restricted cases ---- */

static bool case_was_restricted(uint64_t case_no, uint64_t size) {
  bool restricted = false;
  for (uint64_t i = 0; i < size && i < server.head.size; i++) {
    const struct server_event *event = &server.events[i];
    if (event->case_no == case_no && (event->rule == RULE_RESTRICTED || event->rule == RULE_FREED)) restricted = event->rule == RULE_RESTRICTED;
  }
  const uint64_t end = server_notice_at((int64_t)size * 16, server.notice_count);
  for (uint64_t i = 0; i < end; i++)
    restricted |= server.notices[i].kind == KIND_PROPOSAL && server.events[server.notices[i].id / 16].case_no == case_no;
  return restricted;
}

static bool was_restricted(uint64_t case_no, uint64_t size) {
  const uint64_t finding_of = server.cases[case_no - 1].finding_of;
  return case_was_restricted(case_no, size) || (finding_of != case_no && case_was_restricted(finding_of, size));
}

/* rectify.letter_is_open() */
static bool is_open(const struct letter_row *row) {
  for (uint32_t i = 0; i < row->notice_count; i++) {
    const uint64_t case_no = notice_of(row->notices[i])->case_no;
    if (server_is_restricted(&server.cases[case_no - 1]) && !was_restricted(case_no, row->size)) return false;
  }
  return true;
}

/* ---- giving up ---- */

static void give_up(struct letter_row *row, int64_t at) {
  row->state = GIVEN_UP;
  row->settled = at;
  row->leased = false;
  for (uint32_t i = 0; i < row->notice_count; i++) {
    const struct server_notice *notice = notice_of(row->notices[i]);
    bool there = notice->kind == KIND_UNDELIVERED || notice->case_no == 0;
    for (uint32_t k = 0; k < now.dead_count && !there; k++)
      there = now.dead[k].letter == place_of(row) && now.dead[k].case_no == notice->case_no;
    if (there) continue;
    struct dead_row *dead = ADD(dead, dead_count, dead_room);
    *dead = (struct dead_row){.letter = place_of(row), .case_no = notice->case_no};
    key_of(row->id, notice->case_no, dead->key);
  }
}

static bool tells_of(const struct letter_row *row, uint64_t case_no) {
  for (uint32_t i = 0; i < row->notice_count; i++) {
    const uint64_t of = server.events[row->notices[i] / 16].case_no;
    if (of > 0 && (of == case_no || server.cases[of - 1].finding_of == case_no)) return true;
  }
  return false;
}

/* rectify.forget_letters() */
void letters_forget(uint64_t case_no) {
  written();
  for (uint32_t i = 0; i < now.letter_count; i++) {
    struct letter_row *row = &now.letters[i];
    if (!tells_of(row, case_no)) continue;
    if (row->state == WAITING) give_up(row, server.head.clock);
    row->subject = row->body = row->html = (struct text){"", 0};
    for (uint32_t k = 0; k < now.delivery_count; k++)
      if (now.deliveries[k].letter == i && now.deliveries[k].outcome != 0) now.deliveries[k].answer = (struct text){"", 0};
  }
}

/* ---- making ---- */

enum { M_EPOCH, M_NOW, M_SIZE, M_IDS, M_OFFICERS, M_CHANNELS, M_LANGUAGES, M_URGENT, M_SUBJECTS, M_BODIES, M_HTMLS, M_NOT_BEFORE, M_PLACES,
       M_NOTICES };
enum { RESULT_MADE = 1, RESULT_REPEATED, RESULT_TAKEN, RESULT_NOTICE_UNKNOWN, RESULT_OFFICER_UNKNOWN, RESULT_ID_TAKEN, RESULT_RECORDED,
       RESULT_DUPLICATE, RESULT_GIVEN_UP, RESULT_STALE, RESULT_LETTER_UNKNOWN, RESULT_ERASED };

static int by_number(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The notices of the letter at that place, each once, ascending. */
static uint32_t own_notices(const struct server_params *params, uint32_t place, int64_t own[LETTER_POST_NOTICES_MAX]) {
  struct cells places = cells_of(params, M_PLACES), notices = cells_of(params, M_NOTICES);
  uint32_t count = 0, used = 0;
  for (uint32_t i = 0; i < places.count; i++) {
    const int64_t notice = next_int(&notices);
    if (next_int(&places) == place) own[count++] = notice;
  }
  qsort(own, count, sizeof *own, by_number);
  for (uint32_t i = 0; i < count; i++)
    if (used == 0 || own[used - 1] != own[i]) own[used++] = own[i];
  return used;
}

static void put_outcome(struct pg_result *result, int what, int64_t notice, uint32_t state) {
  result_int(result, what);
  result_int(result, notice);
  result_int(result, state);
}

/* What is in the way of a letter, and the notice; 0: nothing. */
static int what_stops(const struct letter_row *row, uint64_t size, int64_t *notice) {
  for (uint32_t i = 0; i < row->notice_count; i++) {
    const struct server_notice *one = notice_of(*notice = row->notices[i]);
    if (one == NULL || one->officer != row->officer) return RESULT_NOTICE_UNKNOWN;
  }
  for (uint32_t i = 0; i < row->notice_count; i++)
    if (is_posted(*notice = row->notices[i], row->channel)) return RESULT_TAKEN;
  for (uint32_t i = 0; i < row->notice_count; i++)
    if (server_erased_since(notice_of(*notice = row->notices[i])->case_no, size)) return RESULT_ERASED;
  *notice = 0;
  return 0;
}

static void make_one(struct pg_result *result, struct letter_row *row) {
  const struct letter_row *old = letter_of(row->id);
  int64_t notice = 0;
  if (old != NULL) {
    const bool same = old->officer == row->officer && strcmp(old->channel, row->channel) == 0 && old->notice_count == row->notice_count &&
                      memcmp(old->notices, row->notices, row->notice_count * sizeof *row->notices) == 0;
    put_outcome(result, same ? RESULT_REPEATED : RESULT_ID_TAKEN, 0, old->state);
    return;
  }
  const int stops = row->officer == 0 ? RESULT_OFFICER_UNKNOWN : what_stops(row, row->size, &notice);
  if (stops != 0) {
    put_outcome(result, stops, notice, 0);
    return;
  }
  row->state = strcmp(row->channel, "none") == 0 ? NO_CHANNEL : WAITING;
  if (row->not_before < row->made) row->not_before = row->made;
  row->due_at = row->not_before;
  row->settled = row->made;
  *ADD(letters, letter_count, letter_room) = *row;
  put_outcome(result, RESULT_MADE, 0, row->state);
}

static void move_mark(void) {
  for (uint64_t i = server_notice_at(now.posted_until, server.notice_count); i < server.notice_count; i++) {
    if (is_posted(server.notices[i].id, NULL)) continue;
    now.posted_until = server.notices[i].id;
    return;
  }
  const int64_t end = server.notice_count == 0 ? 0 : server.notices[server.notice_count - 1].id + 1;
  if (end > now.posted_until) now.posted_until = end;
}

static bool is_epoch(const struct server_params *params) { return (uint64_t)param(params, M_EPOCH) == server.head.epoch; }
static struct pg_result *other_epoch(void) { return result_error("RF001", "another daemon has taken over"); }

struct pg_result *letters_make(const struct server_params *params) {
  static int64_t own[LETTER_POST_NOTICES_MAX];
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct cells cells[9];
  wrote = false;
  if (!is_epoch(params)) return other_epoch();
  written();
  result_columns(result, 3);
  for (int i = 0; i < 9; i++) cells[i] = cells_of(params, M_IDS + i);
  for (uint32_t i = 0; i < cells[0].count; i++) {
    struct letter_row row = {.made = param(params, M_NOW), .size = (uint64_t)param(params, M_SIZE)};
    next_bytes(&cells[0], row.id, 16);
    row.officer = (uint32_t)next_int(&cells[1]);
    cell_next(&cells[2]);
    snprintf(row.channel, sizeof row.channel, "%.*s", (int)cells[2].length, (const char *)cells[2].cell);
    row.language = next_kept(&cells[3]);
    row.urgent = next_int(&cells[4]) != 0;
    row.subject = next_kept(&cells[5]);
    row.body = next_kept(&cells[6]);
    row.html = next_kept(&cells[7]);
    row.not_before = next_int(&cells[8]);
    row.notice_count = own_notices(params, i + 1, own);
    row.notices = memcpy(keep(row.notice_count * sizeof *own), own, row.notice_count * sizeof *own);
    make_one(result, &row);
  }
  move_mark();
  return result;
}

/* ---- leasing ---- */

enum { L_EPOCH, L_NOW, L_LEASE, L_CHANNEL, L_COUNT, L_UNTIL };

static int order(const struct letter_row *a, int64_t a_at, const struct letter_row *b, int64_t b_at) {
  if (a->urgent != b->urgent) return a->urgent ? -1 : 1;
  if (a_at != b_at) return a_at < b_at ? -1 : 1;
  return memcmp(a->id, b->id, 16);
}

static int by_due(const void *a, const void *b) {
  const struct letter_row *x = *(struct letter_row *const *)a, *y = *(struct letter_row *const *)b;
  return order(x, x->due_at, y, y->due_at);
}

static int by_not_before(const void *a, const void *b) {
  const struct letter_row *x = *(struct letter_row *const *)a, *y = *(struct letter_row *const *)b;
  return order(x, x->not_before, y, y->not_before);
}

static void put_numbers(struct pg_result *result, const int64_t *numbers, uint32_t count) {
  uint8_t wire[LETTER_NOTICES_MAX * 8];
  for (uint32_t i = 0; i < count; i++)
    for (int k = 0; k < 8; k++) wire[8 * i + (uint32_t)k] = (uint8_t)((uint64_t)numbers[i] >> (56 - 8 * k));
  result_bytes(result, wire, 8 * (size_t)count);
}

static void put_cases(struct pg_result *result, const struct letter_row *row) {
  int64_t cases[LETTER_NOTICES_MAX];
  uint32_t used = 0;
  for (uint32_t i = 0; i < row->notice_count; i++) cases[i] = (int64_t)notice_of(row->notices[i])->case_no;
  qsort(cases, row->notice_count, sizeof *cases, by_number);
  for (uint32_t i = 0; i < row->notice_count; i++)
    if (used == 0 || cases[used - 1] != cases[i]) cases[used++] = cases[i];
  put_numbers(result, cases, used);
}

static void put_text(struct pg_result *result, struct text text) { result_bytes(result, text.bytes, text.length); }

static void put_leased(struct pg_result *result, const struct letter_row *row) {
  result_bytes(result, row->id, 16);
  result_int(result, row->officer);
  result_bytes(result, row->channel, strlen(row->channel));
  put_text(result, row->language);
  result_int(result, row->urgent);
  put_text(result, row->subject);
  put_text(result, row->body);
  put_text(result, row->html);
  result_int(result, row->not_before);
  result_int(result, row->made);
  result_int(result, row->due_at);
  result_int(result, row->attempts);
  result_int(result, row->failures);
  put_numbers(result, row->notices, row->notice_count);
  if (is_open(row)) result_null(result);
  else put_cases(result, row);
}

/* An earlier attempt that nobody reported ended without a word. */
static void expire(const struct letter_row *row) {
  for (uint32_t i = 0; i < now.delivery_count; i++)
    if (now.deliveries[i].letter == place_of(row) && now.deliveries[i].outcome == 0) now.deliveries[i].outcome = DELIVERY_EXPIRED;
}

static void hand_out(struct letter_row *row, const struct server_params *params) {
  expire(row);
  memcpy(row->lease, params->values[L_LEASE], 16);
  row->leased = true;
  row->due_at = param(params, L_UNTIL);
  row->attempts++;
  struct delivery_row *delivery = ADD(deliveries, delivery_count, delivery_room);
  *delivery = (struct delivery_row){.letter = place_of(row), .attempt = row->attempts};
  memcpy(delivery->lease, row->lease, 16);
}

static bool has_leased(const uint8_t *lease) {
  for (uint32_t i = 0; i < now.delivery_count; i++)
    if (memcmp(now.deliveries[i].lease, lease, 16) == 0) return true;
  return false;
}

static bool is_due(const struct letter_row *row, const struct server_params *params) {
  return row->state == WAITING && row->due_at <= param(params, L_NOW);
}

static bool is_of(const struct letter_row *row, const struct server_params *params) {
  return params->values[L_CHANNEL] == NULL ||
         (strlen(row->channel) == (size_t)params->lengths[L_CHANNEL] && memcmp(row->channel, params->values[L_CHANNEL], strlen(row->channel)) == 0);
}

static void lease_due(const struct server_params *params) {
  struct letter_row **due = calloc(now.letter_count + 1, sizeof *due);
  uint32_t count = 0;
  must(due != NULL);
  for (uint32_t i = 0; i < now.letter_count; i++)
    if (is_due(&now.letters[i], params) && is_of(&now.letters[i], params)) due[count++] = &now.letters[i];
  qsort(due, count, sizeof *due, by_due);
  if (count > 0) written();
  for (uint32_t i = 0; i < count && i < (uint32_t)param(params, L_COUNT); i++) hand_out(due[i], params);
  free(due);
}

static void give_up_the_tired(const struct server_params *params) {
  for (uint32_t i = 0; i < now.letter_count; i++) {
    if (!is_due(&now.letters[i], params) || now.letters[i].attempts < LETTER_ATTEMPTS_MAX) continue;
    written();
    give_up(&now.letters[i], param(params, L_NOW));
  }
}

struct pg_result *letters_lease(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct letter_row **held;
  uint32_t count = 0;
  wrote = false;
  if (!is_epoch(params)) return other_epoch();
  give_up_the_tired(params);
  if (!has_leased((const uint8_t *)params->values[L_LEASE])) lease_due(params);
  held = calloc(now.letter_count + 1, sizeof *held);
  must(held != NULL);
  for (uint32_t i = 0; i < now.letter_count; i++) {
    struct letter_row *row = &now.letters[i];
    if (row->leased && memcmp(row->lease, params->values[L_LEASE], 16) == 0 && row->due_at > param(params, L_NOW)) held[count++] = row;
  }
  qsort(held, count, sizeof *held, by_not_before);
  result_columns(result, 15);
  for (uint32_t i = 0; i < count; i++) put_leased(result, held[i]);
  wrote |= count > 0; /* its commit waits, as one that changes something does */
  free(held);
  return result;
}

struct pg_result *letters_next(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  int64_t next = INT64_MAX;
  bool given_up = false;
  wrote = false;
  for (uint32_t i = 0; i < now.letter_count; i++) {
    const struct letter_row *row = &now.letters[i];
    const bool of = params->values[0] == NULL || (strlen(row->channel) == (size_t)params->lengths[0] && memcmp(row->channel, params->values[0], strlen(row->channel)) == 0);
    if (row->state == WAITING && of && row->due_at < next) next = row->due_at;
    given_up |= row->state == GIVEN_UP && row->settled == param(params, 1);
  }
  result_columns(result, 2);
  if (next == INT64_MAX) result_null(result);
  else result_int(result, next);
  result_int(result, given_up);
  return result;
}

/* ---- reporting ---- */

enum { R_EPOCH, R_NOW, R_LETTERS, R_ATTEMPTS, R_OUTCOMES, R_ANSWERS, R_RETRIES };

struct said {
  int64_t now, again;
  uint32_t attempt, outcome;
  struct text answer;
};

static struct delivery_row *delivery_of(const struct letter_row *row, uint32_t attempt) {
  for (uint32_t i = 0; i < now.delivery_count; i++)
    if (now.deliveries[i].letter == place_of(row) && now.deliveries[i].attempt == attempt) return &now.deliveries[i];
  return NULL;
}

static int seen(struct letter_row *row, uint32_t outcome) {
  if (outcome == DELIVERY_OPENED ? row->opened : row->acknowledged) return RESULT_REPEATED;
  written();
  row->opened = true;
  row->acknowledged = outcome == DELIVERY_ACKNOWLEDGED;
  return RESULT_RECORDED;
}

static int delivered(struct letter_row *row, const struct said *said) {
  if (row->state == DELIVERED) return RESULT_DUPLICATE;
  row->state = DELIVERED;
  row->settled = said->now;
  row->leased = false;
  return RESULT_RECORDED;
}

static int not_delivered(struct letter_row *row, const struct said *said) {
  const bool failed = said->outcome == DELIVERY_FAILED;
  if (row->state != WAITING) return RESULT_STALE;
  row->leased = false;
  row->due_at = row->not_before = said->again;
  row->failures += failed;
  if (failed && !row->failed_before) row->first_failed = said->now;
  row->failed_before |= failed;
  if (said->outcome == DELIVERY_REFUSED ||
      (failed && (row->failures >= GIVE_UP_FAILURES || said->now >= row->first_failed + GIVE_UP_HOURS * HOUR)) ||
      (said->outcome == DELIVERY_DEFERRED && said->now >= row->made + GIVE_UP_DAYS * DAY_USEC)) {
    give_up(row, said->now);
    return RESULT_GIVEN_UP;
  }
  return RESULT_RECORDED;
}

/* rectify.report_letter() */
static int report(struct letter_row *row, const struct said *said) {
  struct delivery_row *delivery = row == NULL ? NULL : delivery_of(row, said->attempt);
  if (delivery == NULL) return RESULT_LETTER_UNKNOWN;
  if (said->outcome == DELIVERY_OPENED || said->outcome == DELIVERY_ACKNOWLEDGED) return seen(row, said->outcome);
  if (delivery->outcome == said->outcome) return RESULT_REPEATED;
  if (delivery->outcome != 0 && (delivery->outcome != DELIVERY_EXPIRED || said->outcome != DELIVERY_DELIVERED)) return RESULT_STALE;
  written();
  check_attempt_ended(row->id, said->attempt, said->outcome);
  delivery->outcome = said->outcome;
  delivery->answer = said->answer;
  return said->outcome == DELIVERY_DELIVERED ? delivered(row, said) : not_delivered(row, said);
}

struct pg_result *letters_report(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct cells cells[5];
  const int64_t most = param(params, R_NOW) + GIVE_UP_DAYS * DAY_USEC;
  wrote = true; /* likewise, also a repeat */
  if (!is_epoch(params)) return other_epoch();
  result_columns(result, 3);
  for (int i = 0; i < 5; i++) cells[i] = cells_of(params, R_LETTERS + i);
  for (uint32_t i = 0; i < cells[0].count; i++) {
    uint8_t id[16];
    next_bytes(&cells[0], id, sizeof id);
    struct letter_row *row = letter_of(id);
    struct said said = {.now = param(params, R_NOW), .attempt = (uint32_t)next_int(&cells[1]), .outcome = (uint32_t)next_int(&cells[2])};
    said.answer = next_kept(&cells[3]);
    said.again = next_int(&cells[4]);
    if (said.again < said.now) said.again = said.now;
    if (said.again > most) said.again = most;
    const int what = report(row, &said);
    put_outcome(result, what, 0, row == NULL ? 0 : row->state);
  }
  return result;
}

/* ---- what was given up ---- */

static int by_settled(const void *a, const void *b) {
  const struct dead_row *x = *(struct dead_row *const *)a, *y = *(struct dead_row *const *)b;
  const struct letter_row *of_x = &now.letters[x->letter], *of_y = &now.letters[y->letter];
  if (of_x->settled != of_y->settled) return of_x->settled < of_y->settled ? -1 : 1;
  const int ids = memcmp(of_x->id, of_y->id, 16);
  return ids != 0 ? ids : (x->case_no > y->case_no) - (x->case_no < y->case_no);
}

static struct text last_answer(const struct dead_row *dead) {
  struct text answer = {"", 0};
  uint32_t attempt = 0;
  for (uint32_t i = 0; i < now.delivery_count; i++) {
    const struct delivery_row *row = &now.deliveries[i];
    if (row->letter != dead->letter || row->answer.length == 0 || row->attempt < attempt) continue;
    attempt = row->attempt;
    answer = row->answer;
  }
  return answer;
}

struct pg_result *letters_dead(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct dead_row **rows = calloc(now.dead_count + 1, sizeof *rows);
  uint32_t count = 0;
  must(rows != NULL);
  wrote = false;
  for (uint32_t i = 0; i < now.dead_count; i++) {
    const int64_t at = server_find_key(now.dead[i].key);
    if (now.letters[now.dead[i].letter].state == GIVEN_UP && (at < 0 || (uint64_t)at >= server.head.size)) rows[count++] = &now.dead[i];
  }
  qsort(rows, count, sizeof *rows, by_settled);
  result_columns(result, 5);
  for (uint32_t i = 0; i < count && i < (uint32_t)param(params, 0); i++) {
    const struct letter_row *letter = &now.letters[rows[i]->letter];
    result_bytes(result, rows[i]->key, 16);
    result_int(result, (int64_t)rows[i]->case_no);
    result_int(result, letter->officer);
    result_bytes(result, letter->channel, strlen(letter->channel));
    put_text(result, last_answer(rows[i]));
  }
  free(rows);
  return result;
}

/* ---- notices in no letter ---- */

static void put_words(struct pg_result *result, bool open, int64_t log_index) {
  size_t length;
  const char *words = open ? server_text(log_index, &length) : NULL;
  if (words == NULL) result_null(result);
  else result_bytes(result, words, length);
}

static void put_unposted(struct pg_result *result, const struct server_notice *notice) {
  const struct server_event *event = &server.events[notice->id / 16];
  const struct server_case *row = &server.cases[notice->case_no - 1];
  const struct finding_row *finding = server_finding(row->finding_of);
  const bool open = !server_is_restricted(row);
  must(finding != NULL);
  server_put_notice(result, notice);
  result_int(result, event->version);
  result_int(result, event->command);
  result_int(result, event->rule);
  result_bytes(result, event->record, event->length);
  put_words(result, open, notice->id / 16);
  result_bytes(result, row->state, row->length);
  result_bytes(result, finding->unit_code, strlen(finding->unit_code));
  result_bytes(result, finding->inspection, strlen(finding->inspection));
  result_bytes(result, finding->category, strlen(finding->category));
  result_bytes(result, finding->code, strlen(finding->code));
  put_words(result, open, finding->log_index);
}

struct pg_result *letters_unposted(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  int64_t rows = param(params, 1), from = param(params, 0) + 1;
  if (from < now.posted_until) from = now.posted_until;
  result_columns(result, 20);
  for (uint64_t i = server_notice_at(from, server.notice_count); i < server.notice_count && rows > 0; i++) {
    if (is_posted(server.notices[i].id, NULL)) continue;
    put_unposted(result, &server.notices[i]);
    rows--;
  }
  return result;
}
