/* post.c - see post.h. */
#include "courier/post.h"

#include <stdlib.h>
#include <string.h>

#include "courier/log.h"
#include "rectify/must.h"

#define PAGES_MAX 4                                /* read in one round */
#define FRESH_USEC (60 * USEC_PER_SECOND)          /* rows that were read within so long are not read again */
#define REQUEST_BYTES_MAX (WIRE_FRAME_BYTES_MAX - 512 * 1024) /* texts of one request: the rest of a frame is for its frame */

/* ---- what waits ---- */

static void forget(struct posting *posting) {
  for (uint32_t i = 0; i < posting->count; i++)
    if (posting->rows[i].row != NULL) rectify__v1__notice_row__free_unpacked(posting->rows[i].row, NULL);
  posting->count = 0;
  posting->cursor_length = 0;
  posting->last = 0;
}

void post_free(struct posting *posting) {
  forget(posting);
  free(posting->rows);
  posting->rows = NULL;
}

/* The page is the connection's; what waits is ours. */
static Rectify__V1__NoticeRow *copy_row(const Rectify__V1__NoticeRow *row) {
  const size_t size = rectify__v1__notice_row__get_packed_size(row);
  uint8_t *bytes = malloc(size + 1);
  must(bytes != NULL);
  rectify__v1__notice_row__pack(row, bytes);
  Rectify__V1__NoticeRow *copy = rectify__v1__notice_row__unpack(NULL, size, bytes);
  must(copy != NULL);
  free(bytes);
  return copy;
}

static void track_digest(struct posting *posting, uint64_t number, uint64_t id) {
  uint32_t oldest = 0;
  if (number == 0) return;
  for (uint32_t i = 0; i < DIGESTS_TRACKED; i++) {
    if (posting->digests[i].number == number) {
      posting->digests[i].last = id;
      return;
    }
    if (posting->digests[i].number < posting->digests[oldest].number) oldest = i;
  }
  posting->digests[oldest].number = number;
  posting->digests[oldest].last = id;
}

/* Nothing of that number came since the round before. */
static bool is_settled(const struct posting *posting, uint64_t number) {
  for (uint32_t i = 0; number != 0 && i < DIGESTS_TRACKED; i++)
    if (posting->digests[i].number == number) return posting->digests[i].last <= posting->seen;
  return true;
}

/* A kind of a newer daemon has no template here; it is left for a newer courier, and said. */
static bool is_ours(const Rectify__V1__NoticeRow *row) {
  if (row->kind >= 1 && row->kind <= NOTICE_COUNT && row->officer.len >= 1 && row->officer.len <= CODE_BYTES_MAX) return true;
  log_err("courier.notice_unknown id=%llu kind=%u", (unsigned long long)row->id, row->kind);
  return false;
}

static void keep_page(struct posting *posting, const Rectify__V1__Page *page) {
  for (size_t i = 0; i < page->n_notices && posting->count < PENDING_MAX; i++) {
    const Rectify__V1__NoticeRow *row = page->notices[i];
    if (row->id <= posting->last) continue;
    posting->last = row->id;
    if (!is_ours(row)) continue;
    struct pending *pending = &posting->rows[posting->count++];
    pending->row = copy_row(row);
    wire_copy(&row->officer, pending->officer, sizeof pending->officer);
    track_digest(posting, row->digest, row->id);
  }
}

/* Reads on from where the last round stood, `pages` at most; false: no answer. */
static bool read_on(struct posting *posting, struct wire *wire, uint32_t pages) {
  posting->at_end = false;
  for (; pages > 0 && posting->count < PENDING_MAX; pages--) {
    const ProtobufCBinaryData cursor = {posting->cursor_length, posting->cursor};
    const Rectify__V1__Page *page;
    if (!wire_open(wire)) return false;
    const int result = rectify_unposted(wire->rectify, cursor.len == 0 ? NULL : &cursor, WIRE_TIMEOUT_MSEC, &page);
    if (!wire_ended(wire, result)) return false;
    wire->now = page->now;
    if (posting->count == 0) posting->size = page->head->size;
    keep_page(posting, page);
    posting->at_end = page->next_cursor.len == 0 || page->next_cursor.len > sizeof posting->cursor;
    if (posting->at_end) return true;
    posting->cursor_length = page->next_cursor.len;
    memcpy(posting->cursor, page->next_cursor.data, page->next_cursor.len);
  }
  return true;
}

static bool read_anew(struct posting *posting, struct wire *wire) {
  forget(posting);
  if (!read_on(posting, wire, UINT32_MAX)) return false;
  posting->read_at = wire->now;
  return true;
}

/* ---- planning ---- */

/* A round over all that waits. */
struct round {
  struct posting *posting;
  struct wire *wire;
  const struct settings *settings;
  const struct calendar *calendar;
  bool force, look;   /* look: only whether something may go */
  bool ready, failed, full; /* full: one request was sent; the rest is for the next round */
  int made;
  /* the letters of one request */
  Rectify__V1__Letter letters[WIRE_POST_MAX], *pointers[WIRE_POST_MAX];
  uint32_t rows[WIRE_POST_MAX][PLAN_LETTER_MAX]; /* the notices, by place in `posting` */
  struct letter texts[WIRE_POST_MAX];
  uint64_t ids[WIRE_POST_MAX][PLAN_LETTER_MAX];
  uint8_t keys[WIRE_POST_MAX][WIRE_ID_BYTES];
  uint32_t count;
  size_t bytes;
};

static void take_outcome(struct round *round, uint32_t at, const Rectify__V1__LetterOutcome *outcome) {
  struct posting *posting = round->posting;
  const Rectify__V1__Letter *letter = &round->letters[at];
  const bool fine = letter_result_is_fine(outcome->result);
  if (!fine)
    log_err("courier.not_posted officer=%.*s result=%s notice=%llu", (int)letter->officer.len, (const char *)letter->officer.data,
            word_name(words_letter_result, outcome->result), (unsigned long long)outcome->notice);
  posting->letters += fine;
  posting->nowhere += fine && letter->channel.len == 4 && memcmp(letter->channel.data, "none", 4) == 0;
  round->made += fine;
  posting->anew |= outcome->result == LETTER_RESULT_ERASED;
  for (size_t i = 0; i < letter->n_notices; i++) {
    struct pending *pending = &posting->rows[round->rows[at][i]];
    if (pending->row != NULL) rectify__v1__notice_row__free_unpacked(pending->row, NULL);
    pending->row = NULL;
  }
}

/* The daemon will not have a request of this form, now or later: a fault of this program or of a template. */
static bool is_refused(const struct wire *wire, int result) {
  const Rectify__V1__Error *error = result == RECTIFY_ERROR ? rectify_error(wire->rectify) : NULL;
  return error != NULL && (error->code == FAILURE_FIELD || error->code == FAILURE_MALFORMED || error->code == FAILURE_TOO_LARGE);
}

/* Letters [from, until).  A letter that was refused was taken by another courier: it is gone from here too. */
static void send_some(struct round *round, uint32_t from, uint32_t until) {
  const Rectify__V1__LetterOutcomes *outcomes;
  const uint32_t count = until - from;
  const int result = rectify_post(round->wire->rectify, round->pointers + from, count, round->posting->size, WIRE_TIMEOUT_MSEC, &outcomes);
  if (is_refused(round->wire, result) && count == 1) {
    const Rectify__V1__LetterOutcome outcome = RECTIFY__V1__LETTER_OUTCOME__INIT;
    log_err("courier.letter_refused reason=\"%s\"", rectify_error_text(round->wire->rectify));
    take_outcome(round, from, &outcome); /* until all is read anew */
    return;
  }
  if (is_refused(round->wire, result)) { /* one that nobody will take must not hold up the others */
    send_some(round, from, from + count / 2);
    send_some(round, from + count / 2, until);
    return;
  }
  round->failed |= !wire_ended(round->wire, result) || outcomes->n_outcomes != count;
  for (uint32_t i = 0; !round->failed && i < count; i++) take_outcome(round, from + i, outcomes->outcomes[i]);
}

static void send_request(struct round *round) {
  if (round->count > 0) send_some(round, 0, round->count);
  round->count = 0;
  round->bytes = 0;
}

/* One letter on one channel, under an id of its own that is its Message-ID for ever. */
static void add_letter(struct round *round, const char *officer, const char *channel, const struct contact *contact,
                       const uint32_t *places, uint32_t count, bool urgent) {
  static const Rectify__V1__Letter empty = RECTIFY__V1__LETTER__INIT;
  const Rectify__V1__NoticeRow *rows[PLAN_LETTER_MAX];
  const uint32_t at = round->count++;
  Rectify__V1__Letter *letter = round->pointers[at] = &round->letters[at];
  struct letter *texts = &round->texts[at];
  for (uint32_t i = 0; i < count; i++) {
    round->rows[at][i] = places[i];
    rows[i] = round->posting->rows[places[i]].row;
    round->ids[at][i] = rows[i]->id;
  }
  const struct contacts *contacts = &round->settings->contacts;
  letter_render(&round->settings->templates, (enum language)contact->language, &contacts->zones[contact->zone], round->wire->now,
                rows, count, texts);
  *letter = empty;
  must(rectify_key(round->wire->rectify, round->keys[at]) == RECTIFY_OK);
  letter->id = wire_bytes(round->keys[at], WIRE_ID_BYTES);
  letter->officer = wire_text(officer);
  letter->channel = wire_text(channel);
  letter->n_notices = count;
  letter->notices = round->ids[at];
  letter->subject = wire_text(buffer_text(&texts->subject));
  letter->body = wire_text(buffer_text(&texts->text));
  letter->html = wire_text(buffer_text(&texts->html));
  letter->language = wire_text(word_name(words_language, contact->language));
  letter->urgent = urgent;
  round->bytes += texts->subject.length + texts->text.length + texts->html.length + 1024;
}

/* All channels of a letter are in one request: a notice that is in any letter is not asked for again. */
static void add_letters(struct round *round, const struct contact *contact, const char *officer, const uint32_t *places,
                        uint32_t count, bool urgent) {
  const uint32_t ways = contact->address_count > 0 ? contact->address_count : 1;
  const size_t most = ways * (LETTER_SUBJECT_BYTES_MAX + LETTER_BODY_BYTES_MAX + LETTER_HTML_BYTES_MAX + 1024);
  if (round->count + ways > WIRE_POST_MAX || round->bytes + most > REQUEST_BYTES_MAX ||
      (round->count + ways) * PLAN_LETTER_MAX > LETTER_POST_NOTICES_MAX)
    round->full = true;
  if (round->full) return;
  if (contact->address_count == 0) add_letter(round, officer, "none", contact, places, count, urgent);
  for (uint32_t i = 0; i < contact->address_count; i++)
    add_letter(round, officer, round->settings->config.channels[contact->addresses[i].channel].name, contact, places, count, urgent);
}

/* Who has no contact, or one without an address: nothing to wait for. */
static const struct contact *contact_of(const struct round *round, const char *officer, struct contact *nobody) {
  const struct contact *contact = contacts_find(&round->settings->contacts, officer);
  *nobody = contact != NULL ? *contact : (struct contact){.language = round->settings->config.language};
  if (contact != NULL && contact->address_count > 0) return contact;
  nobody->quiet_from = nobody->quiet_until = 0;
  nobody->digest_minutes = -1;
  return nobody;
}

static void take_letters(struct round *round, const struct contact *contact, const char *officer, const uint32_t *order,
                         const struct plan_place *places, uint32_t count, uint32_t letters) {
  for (uint32_t letter = 1; letter <= letters && !round->full; letter++) {
    uint32_t members[PLAN_LETTER_MAX], used = 0;
    bool urgent = false;
    for (uint32_t i = 0; i < count; i++) {
      if (places[i].letter != letter) continue;
      must(used < PLAN_LETTER_MAX);
      members[used++] = order[i];
      urgent |= places[i].urgent;
    }
    add_letters(round, contact, officer, members, used, urgent);
  }
}

#define OFFICER_NOTICES_MAX 1024 /* of one officer in one round; the rest in the next */

/* The notices of one officer, `order` has their places. */
static void take_officer(struct round *round, const uint32_t *order, uint32_t count) {
  static struct plan_notice notices[OFFICER_NOTICES_MAX];
  static struct plan_place places[OFFICER_NOTICES_MAX];
  const struct courier_config *config = &round->settings->config;
  const struct plan_rules rules = {config->at_once, config->through_quiet, config->gather_from};
  const char *officer = round->posting->rows[order[0]].officer;
  struct contact nobody;
  const struct contact *contact = contact_of(round, officer, &nobody);
  const struct plan_officer who = {contact, &round->settings->contacts.zones[contact->zone], round->calendar};
  usec_t next = INSTANT_NONE;
  if (count > OFFICER_NOTICES_MAX) count = OFFICER_NOTICES_MAX;
  for (uint32_t i = 0; i < count; i++) {
    const Rectify__V1__NoticeRow *row = round->posting->rows[order[i]].row;
    notices[i] = (struct plan_notice){row->digest, row->created, (uint8_t)row->kind, is_settled(round->posting, row->digest)};
  }
  const uint32_t letters = plan_officer(&rules, &who, round->wire->now, round->force, notices, count, places, &next);
  round->ready |= letters > 0;
  if (!round->look) take_letters(round, contact, officer, order, places, count, letters);
}

static const struct pending *sorting; /* qsort has no context */

static int by_officer(const void *left, const void *right) {
  const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  const int order = strcmp(sorting[a].officer, sorting[b].officer);
  return order != 0 ? order : (a > b) - (a < b);
}

static void take_all(struct round *round) {
  const struct posting *posting = round->posting;
  uint32_t *order = calloc(posting->count + 1, sizeof *order);
  must(order != NULL);
  for (uint32_t i = 0; i < posting->count; i++) order[i] = i;
  sorting = posting->rows;
  qsort(order, posting->count, sizeof *order, by_officer);
  for (uint32_t from = 0, end; from < posting->count && !round->full; from = end) {
    for (end = from + 1; end < posting->count; end++)
      if (strcmp(posting->rows[order[from]].officer, posting->rows[order[end]].officer) != 0) break;
    take_officer(round, order + from, end - from);
  }
  send_request(round);
  free(order);
}

static void drop_posted(struct posting *posting) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < posting->count; i++)
    if (posting->rows[i].row != NULL) posting->rows[kept++] = posting->rows[i];
  posting->count = kept;
}

static void round_free(struct round *round) {
  for (uint32_t i = 0; i < WIRE_POST_MAX; i++) letter_free(&round->texts[i]);
  free(round);
}

static int run(struct round *round) {
  struct posting *posting = round->posting;
  if (posting->anew) forget(posting);
  posting->anew = false;
  const bool empty = posting->count == 0;
  if (!read_on(posting, round->wire, PAGES_MAX)) return -1;
  if (empty) posting->read_at = round->wire->now;
  round->look = true;
  round->force = posting->count == PENDING_MAX;
  take_all(round);
  if (round->ready && round->wire->now - posting->read_at > FRESH_USEC && !read_anew(posting, round->wire)) return -1;
  round->look = false;
  if (round->ready) take_all(round);
  if (posting->at_end) posting->seen = posting->last;
  drop_posted(posting);
  return round->failed ? -1 : round->made;
}

bool post_has_more(const struct posting *posting, int made) { return made > 0 || (made == 0 && (posting->anew || !posting->at_end)); }

int post_round(struct posting *posting, struct wire *wire, const struct settings *settings, const struct calendar *calendar) {
  struct round *round = calloc(1, sizeof *round);
  if (posting->rows == NULL) posting->rows = calloc(PENDING_MAX, sizeof *posting->rows);
  must(round != NULL && posting->rows != NULL);
  round->posting = posting;
  round->wire = wire;
  round->settings = settings;
  round->calendar = calendar;
  const int made = run(round);
  round_free(round);
  return made;
}
