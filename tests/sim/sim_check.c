/* sim_check.c - the invariants, held against every step.  What it knows it reckons by itself from the records that the database
 * took: the tree, the folded cases, the heads, who handed in what. */
#include "core/judge.h"
#include "daemon/tree.h"
#include "document/document.h"
#include "proto/codec.h"
#include "sign/digest.h"
#include "tests/sim/sim.h"

#define CALM_SECONDS 30 /* after trouble, before lateness counts */
#define LATE_SECONDS 20
#define LEASE_SECONDS 6 /* from when the database hands a letter out until the courier has it: nobody waits longer */
#define READERS_MAX 32
#define RECURRENCE_DAYS 365 /* of municipal.yaml */

struct submission {
  uint8_t id[16];
  uint8_t person;
  uint32_t command, order; /* in the person's spool, from 1; 0: not in it */
  uint64_t case_no;
  bool kept; /* the spool has it */
};

#define SENT_KEPT 64
#define SENT_TIMES_MAX 3 /* to the daemon that serves */
static struct sent {
  uint64_t hash;
  uint32_t count;
  bool calm; /* when it was said first */
} sent_last[SIM_CLIENTS][SENT_KEPT];
static struct merkle tree;
static struct hash *roots;  /* by size */
static bool *is_head;       /* sizes that a batch ended at */
static struct known {
  struct case_state state;
  day_t read_on[READERS_MAX]; /* by officer: the last day that a reading is on record for; 0: none */
  char words[SIM_WORDS_BYTES]; /* of its own finding */
  uint64_t words_at;           /* the log index of its event, and 1 */
  uint32_t erasure_asked_by;   /* of those words */
  usec_t erased_at;            /* of the simulator; 0: they are there */
  usec_t restricted_at; /* since when, of the simulator; 0: it is not */
  usec_t changed; /* a clock that stood still may have been set going on behind its next rung */
} *cases;
static uint32_t *asked_by; /* of each case number: officers, as bits, who wanted to read it; there may be no such case yet */
static uint64_t asked_room;
static uint64_t size, case_count, roots_room, cases_room, epoch_now, notices_checked, answers, rungs, readings, closings, erasures, signed_heads;
static struct submission *submissions;
static uint64_t submission_count, submission_room;
static uint32_t *by_id; /* open addressing */
static uint64_t by_id_room;
static uint32_t orders[SIM_PEOPLE], last_order[SIM_PEOPLE];
static uint8_t *seen; /* notices, by place in the table */
static uint64_t seen_room;
static usec_t last_recorded;
static uint64_t must_be_seen; /* notices: there when the watcher read all for the last time */

static void room_for(void **rows, size_t row, uint64_t count, uint64_t *room) {
  if (count <= *room) return;
  const uint64_t wanted = count + 1024 + *room;
  *rows = realloc(*rows, wanted * row);
  must(*rows != NULL);
  memset((uint8_t *)*rows + *room * row, 0, (wanted - *room) * row);
  *room = wanted;
}

void check_clear(void) {
  uint64_t heads_room = roots_room;
  tree = (struct merkle){0};
  if (is_head != NULL) memset(is_head, 0, heads_room * sizeof *is_head);
  if (by_id != NULL) memset(by_id, 0, by_id_room * sizeof *by_id);
  if (cases != NULL) memset(cases, 0, case_count * sizeof *cases);
  if (seen != NULL) memset(seen, 0, seen_room);
  if (asked_by != NULL) memset(asked_by, 0, asked_room * sizeof *asked_by);
  memset(orders, 0, sizeof orders);
  memset(sent_last, 0, sizeof sent_last);
  memset(last_order, 0, sizeof last_order);
  size = case_count = epoch_now = notices_checked = answers = rungs = readings = closings = erasures = signed_heads = submission_count = 0;
  last_recorded = 0;
  must_be_seen = 0;
  room_for((void **)&roots, sizeof *roots, 1, &roots_room);
  is_head = realloc(is_head, roots_room * sizeof *is_head);
  must(is_head != NULL);
  memset(is_head + heads_room, 0, (roots_room - heads_room) * sizeof *is_head);
  merkle_root(digest_sha256, &tree, &roots[0]);
  is_head[0] = true;
}

uint64_t check_case_count(void) { return case_count; }
uint64_t check_event_count(void) { return size; }
uint64_t check_answer_count(void) { return answers; }
uint64_t check_rung_count(void) { return rungs; }
uint64_t check_reading_count(void) { return readings; }
uint64_t check_signed_count(void) { return signed_heads; }
uint64_t check_erasure_count(void) { return erasures; }
uint64_t check_closing_count(void) { return closings; }
const struct case_state *check_case(uint64_t case_no) { return case_no == 0 || case_no > case_count ? NULL : &cases[case_no - 1].state; }

/* ---- who handed in what ---- */

static uint64_t slot_of(const uint8_t id[16]) {
  uint64_t slot = sim_hash(id) & (by_id_room - 1);
  while (by_id[slot] != 0 && memcmp(submissions[by_id[slot] - 1].id, id, 16) != 0) slot = (slot + 1) & (by_id_room - 1);
  return slot;
}

static const struct submission *submission_of(const uint8_t id[16]) {
  const uint32_t at = by_id_room == 0 ? 0 : by_id[slot_of(id)];
  return at == 0 ? NULL : &submissions[at - 1];
}

static void index_again(void) {
  by_id_room = by_id_room == 0 ? 1024 : 2 * by_id_room;
  free(by_id);
  by_id = calloc(by_id_room, sizeof *by_id);
  must(by_id != NULL);
  for (uint64_t i = 0; i < submission_count; i++) by_id[slot_of(submissions[i].id)] = (uint32_t)i + 1;
}

void check_submitted(const uint8_t id[16], uint32_t person, uint32_t command, uint64_t case_no, bool in_spool) {
  if (2 * (submission_count + 1) > by_id_room) index_again();
  room_for((void **)&submissions, sizeof *submissions, submission_count + 1, &submission_room);
  struct submission *submission = &submissions[submission_count];
  *submission = (struct submission){.person = (uint8_t)person, .command = command, .case_no = case_no};
  memcpy(submission->id, id, 16);
  if (in_spool) submission->order = ++orders[person];
  by_id[slot_of(id)] = (uint32_t)++submission_count;
}

void check_kept(const uint8_t id[16]) { submissions[by_id[slot_of(id)] - 1].kept = true; }

/* ---- writers ---- */

void check_epoch(uint64_t epoch) {
  HOLDS(epoch > epoch_now, "epoch %llu was given out twice", (unsigned long long)epoch);
  epoch_now = epoch;
}

/* A failover took back what no standby had. */
void check_epoch_lost(uint64_t epoch) { epoch_now = epoch; }

void check_append(uint64_t epoch, uint64_t at, uint64_t new_size) {
  HOLDS(epoch == epoch_now, "two writers: a batch of epoch %llu was committed after epoch %llu had begun", (unsigned long long)epoch,
        (unsigned long long)epoch_now);
  HOLDS(!server.rolled_back, "a batch was recorded on a history that was rolled back behind a signed head");
  HOLDS(new_size - at <= BATCH_EVENTS_MAX, "a batch of %llu events", (unsigned long long)(new_size - at));
  HOLDS(at == server.head.size && new_size > at, "log indexes: a batch from %llu on a log of %llu", (unsigned long long)at,
        (unsigned long long)server.head.size);
}

/* ---- one event ---- */

/* A day of reading is one of the root unit's zone, whosever case it is: case_read_command(). */
static const struct zone *root_zone(void) {
  static struct zone zone;
  static bool loaded;
  if (!loaded) must(zone_load("Asia/Shanghai", &zone));
  loaded = true;
  return &zone;
}

/* Who asks on the eve of a day may be recorded on that day: the id tells. */
static day_t day_of_reading(const struct event *event) {
  const day_t recorded = zone_day_of(root_zone(), event->recorded);
  struct uuid key;
  case_own_key(event->case_no, KEY_READ, event->actor, (uint32_t)recorded, &key);
  return memcmp(&key, &event->key, sizeof key) == 0 ? recorded : recorded - 1;
}

/* Who reads is on record once a day, and only who has asked. */
static void check_reading(const struct event *event) {
  struct known *known = &cases[event->case_no - 1];
  const day_t day = day_of_reading(event);
  const unsigned long long case_no = event->case_no;
  HOLDS(event->actor < READERS_MAX && event->case_no <= asked_room && (asked_by[event->case_no - 1] >> event->actor & 1) != 0, "case %llu: read by officer %u, who has not asked",
        case_no, event->actor);
  HOLDS(known->read_on[event->actor] != day, "case %llu: officer %u's reading is on record twice", case_no, event->actor);
  known->read_on[event->actor] = day;
}

/* It is somebody's, who said it; or the daemon's own. */
static void check_origin(const struct event *event) {
  if (event->actor == 0 || event->command == COMMAND_READ) return;
  const struct submission *submission = submission_of(event->key.bytes);
  HOLDS(submission != NULL, "event %llu was handed in by nobody", (unsigned long long)size);
  HOLDS(submission->command == event->command, "event %llu is another command than was handed in", (unsigned long long)size);
  if (submission->order == 0) return;
  HOLDS(submission->order > last_order[submission->person],
        "order: item %u of person %u's spool was recorded behind item %u", submission->order, submission->person,
        last_order[submission->person]);
  last_order[submission->person] = submission->order;
}

static bool calm(void) {
  const usec_t since = host_ready_since(), calm_for = CALM_SECONDS * SECOND;
  return since != INSTANT_NONE && sim.now > since + calm_for && sim.now > sim.last_trouble + calm_for;
}

/* While nothing is wrong nobody says the same again and again. */
void check_sent(uint32_t person, const void *data, size_t length) {
  uint64_t hash = length + 1;
  for (size_t i = 0; i < length; i++) hash = (hash ^ ((const uint8_t *)data)[i]) * UINT64_C(0x100000001b3);
  struct sent *sent = &sent_last[person][hash % SENT_KEPT];
  if (sent->hash != hash) *sent = (struct sent){.hash = hash, .calm = calm()};
  sent->count++;
  HOLDS(!sent->calm || !calm() || sent->count <= SENT_TIMES_MAX, "person %u said the same %u times, and nothing is wrong", person, sent->count);
}

/* It is the one that was next, and not before its time. */
static void check_rung(const struct case_state *before, const struct event *event, usec_t changed) {
  const struct case_clock *clock = case_clock_of(before, event->fired_clock);
  const unsigned long long case_no = event->case_no;
  rungs++;
  HOLDS(clock != NULL && clock->generation == event->fired_generation && clock->nth == event->fired_nth,
        "case %llu: a rung fired that was not next", case_no);
  HOLDS(event->effective == clock->next_fire, "case %llu: a rung fired at another instant than its own", case_no);
  HOLDS(event->recorded >= event->effective, "case %llu: a rung fired before its time", case_no);
  const usec_t due = event->effective > changed ? event->effective : changed;
  if (calm())
    HOLDS(event->recorded - due <= LATE_SECONDS * SECOND, "case %llu: a rung fired %lld s late, and nothing was wrong", case_no,
          (long long)((event->recorded - due) / SECOND));
}

static void check_open(const struct case_state *state) {
  const unsigned long long case_no = state->case_no;
  if (!status_is_open(state->status)) return;
  HOLDS(state->accountable != 0, "case %llu: nobody is accountable", case_no);
  HOLDS(case_next_fire(state, NULL) != INSTANT_NONE, "case %llu: no timer runs", case_no);
}

/* Of the officers of city.yaml; a publication may give the mayor the office of a unit (sim_person.c). */
static const uint32_t roles_of[] = {0,
                                    ROLE_BIT(ROLE_PRINCIPAL) | ROLE_BIT(ROLE_OFFICE),
                                    ROLE_BIT(ROLE_OFFICE),
                                    ROLE_BIT(ROLE_VERIFIER),
                                    ROLE_BIT(ROLE_BODY),
                                    ROLE_BIT(ROLE_AUDITOR),
                                    ROLE_BIT(ROLE_ADMINISTRATOR),
                                    ROLE_BIT(ROLE_PRINCIPAL),
                                    ROLE_BIT(ROLE_HANDLER),
                                    ROLE_BIT(ROLE_PRINCIPAL),
                                    ROLE_BIT(ROLE_HANDLER),
                                    ROLE_BIT(ROLE_INSPECTOR)};

static uint32_t unit_of(uint32_t officer) { return officer == 7 || officer == 8 ? 2 : officer == 9 || officer == 10 ? 3 : 0; }

/* What was done, somebody did who may, for his unit or for all of them. */
static void check_right(const struct case_state *before, const struct event *event) {
  const uint32_t allowed = command_roles(event->command), unit = unit_of(event->actor);
  if (event->actor == 0 || event->command == COMMAND_READ || rule_refuses(event->rule) || (allowed & ROLE_SUBJECT) != 0) return;
  HOLDS(event->actor < sizeof roles_of / sizeof roles_of[0] && (roles_of[event->actor] & allowed) != 0 &&
            (unit == 0 || event->case_no == 0 || before->unit == unit),
        "event %llu: officer %u did what he may not", (unsigned long long)size, event->actor);
}

/* A refusal changes nothing but the number of events. */
static void check_refusal(const struct case_state *before, const struct case_state *after, const struct event *event) {
  struct case_state same = *before;
  if (!rule_refuses(event->rule)) return;
  same.version = after->version;
  uint8_t packed[2][STATE_BODY_BYTES_MAX];
  const size_t length = codec_state_pack(&same, packed[0]);
  HOLDS(codec_state_pack(after, packed[1]) == length && memcmp(packed[0], packed[1], length) == 0, "case %llu: a refusal changed it",
        (unsigned long long)event->case_no);
}

/* How often it was found before is what the table has. */
static void check_recurrence(const struct event *event) {
  if (event->command != COMMAND_SUBMIT || !event->has_finding) return;
  const uint32_t problems = server_earlier(event->case_no, true, RECURRENCE_DAYS), kinds = server_earlier(event->case_no, false, RECURRENCE_DAYS);
  HOLDS(event->finding.same_problem == (problems < SAME_PROBLEM_COUNT_MAX ? problems : SAME_PROBLEM_COUNT_MAX),
        "case %llu: the same problem was found %u times before, not %u", (unsigned long long)event->case_no, problems, event->finding.same_problem);
  HOLDS(event->finding.same_kind == (kinds <= SAME_KIND_COUNT_MAX ? kinds : SAME_KIND_COUNT_MAX + 1),
        "case %llu: the same kind was found %u times before, not %u", (unsigned long long)event->case_no, kinds, event->finding.same_kind);
}

/* What counts as shown is there, brought by who shows it; and nothing that is there is passed over. */
static void check_evidence(const struct event *event) {
  bool shown = false;
  for (uint32_t i = 0; i < event->evidence_count; i++) {
    const struct evidence_item *piece = &event->evidence[i];
    shown |= !piece->absent;
    HOLDS(event->command != COMMAND_REQUEST_CLOSURE || piece->absent || server_has_content(piece->sha256.bytes, event->actor),
          "event %llu: a piece of evidence counts whose file is not there", (unsigned long long)size);
  }
  HOLDS(event->command != COMMAND_REQUEST_CLOSURE || rule_refuses(event->rule) || shown || cases[event->case_no - 1].state.evidence_count > 0,
        "event %llu: a closing rests on nothing", (unsigned long long)size);
}

void check_uploaded(uint32_t officer, const uint8_t sha256[32]) {
  HOLDS(server_has_content(sha256, officer), "officer %u was told that a file is there, and it is not", officer);
}

/* Two persons; and then it is gone. */
static void check_erasure(const struct event *event) {
  struct known *known = &cases[event->case_no - 1];
  size_t length;
  if (rule_refuses(event->rule) || event->other == 0 || event->other != known->words_at) return;
  if (event->command == COMMAND_ERASE_ASK) known->erasure_asked_by = event->actor;
  if (event->command != COMMAND_ERASE) return;
  HOLDS(known->erasure_asked_by != 0 && known->erasure_asked_by != event->actor, "case %llu: officer %u erased what nobody else had asked for",
        (unsigned long long)event->case_no, event->actor);
  HOLDS(server_text((int64_t)event->other - 1, &length) == NULL, "case %llu: its words were erased, and stand all the same",
        (unsigned long long)event->case_no);
  if (known->erased_at == 0) known->erased_at = sim.now;
  erasures++;
}

/* Who asks for a closing does not verify it. */
static void check_four_eyes(const struct case_state *before, const struct event *event) {
  if (event->command != COMMAND_VERIFY_PASS || rule_refuses(event->rule)) return;
  HOLDS(event->actor != before->closing_by && event->actor != before->closing_for, "case %llu: officer %u verified his own closing",
        (unsigned long long)event->case_no, event->actor);
  closings++;
}

static void fold(const struct event *event) {
  if (event->case_no == 0) return;
  if (event->case_no == case_count + 1) {
    room_for((void **)&cases, sizeof *cases, ++case_count, &cases_room);
    cases[case_count - 1] = (struct known){0};
  }
  HOLDS(event->case_no <= case_count, "case %llu: a number was left out", (unsigned long long)event->case_no);
  struct known *known = &cases[event->case_no - 1];
  if (event->command == COMMAND_SUBMIT && event->has_finding) {
    sim_words(event->key.bytes, known->words);
    known->words_at = size + 1;
  }
  check_erasure(event);
  if (event->command == COMMAND_READ) check_reading(event);
  check_evidence(event);
  check_recurrence(event);
  check_right(&known->state, event);
  const struct case_state before = known->state;
  check_four_eyes(&known->state, event);
  if (event->command == COMMAND_RUNG_DUE) check_rung(&known->state, event, known->changed);
  known->changed = event->recorded;
  HOLDS(case_apply(&known->state, event), "case %llu: event %u does not follow", (unsigned long long)event->case_no, event->version);
  check_refusal(&before, &known->state, event);
  if ((known->state.flags & CASE_RESTRICTS) == 0) known->restricted_at = 0;
  else if (known->restricted_at == 0) known->restricted_at = sim.now;
}

/* The event's notices stand in the table, and no others. */
static void check_notices(const struct event *event) {
  for (uint32_t i = 0; i < event->notice_count; i++, notices_checked++) {
    const struct server_notice *row = &server.notices[notices_checked];
    HOLDS(notices_checked < server.notice_count && row->id == (int64_t)(size * 16 + i) && row->officer == event->notices[i].officer &&
              row->kind == event->notices[i].kind && row->case_no == event->case_no,
          "event %llu: a notice is lost", (unsigned long long)size);
  }
}

/* The record has a hash of what is said; so it can be erased. */
static void check_no_words(const struct server_event *row, const struct event *event) {
  char words[SIM_WORDS_BYTES];
  if (!event->has_finding) return;
  sim_words(event->key.bytes, words);
  HOLDS(memmem(row->record, row->length, words, strlen(words)) == NULL, "event %llu: its record has the words themselves", (unsigned long long)size);
}

static void take_event(void) {
  static const struct case_state no_case;
  struct event event;
  struct hash leaf;
  const struct server_event *row = &server.events[size];
  HOLDS(codec_event_unpack(row->record, row->length, &event), "event %llu: no record", (unsigned long long)size);
  HOLDS(event.case_no == row->case_no && memcmp(event.key.bytes, row->key, 16) == 0 && event.version == row->version &&
            event.command == row->command && event.rule == row->rule,
        "event %llu: the row is not its record", (unsigned long long)size);
  check_no_words(row, &event);
  HOLDS(server_find_key(row->key) == (int64_t)size, "event %llu: its id is stored twice", (unsigned long long)size);
  HOLDS(event.recorded >= last_recorded, "event %llu: time ran back", (unsigned long long)size);
  last_recorded = event.recorded;
  check_origin(&event);
  check_version(&event, event.case_no == 0 ? NULL : check_case(event.case_no) != NULL ? check_case(event.case_no) : &no_case, size);
  fold(&event);
  check_notices(&event);
  merkle_leaf(digest_sha256, row->record, row->length, &leaf);
  merkle_append(digest_sha256, &tree, &leaf);
  size++;
}

static void check_row(uint64_t case_no) {
  uint8_t packed[STATE_BODY_BYTES_MAX];
  const struct server_case *row = &server.cases[case_no - 1];
  const struct case_state *state = &cases[case_no - 1].state;
  const size_t length = codec_state_pack(state, packed);
  HOLDS(row->length == length && memcmp(row->state, packed, length) == 0, "case %llu: its row is not the fold of its events",
        (unsigned long long)case_no);
  HOLDS(row->has_fire == (case_next_fire(state, NULL) != INSTANT_NONE), "case %llu: its row has another timer", (unsigned long long)case_no);
  check_open(state);
}

void check_durable(void) {
  const uint64_t from = size;
  uint64_t heads_room = roots_room;
  if (size == server.durable) return;
  while (size < server.durable) take_event();
  courier_notices();
  room_for((void **)&roots, sizeof *roots, size + 1, &roots_room);
  if (roots_room != heads_room) {
    is_head = realloc(is_head, roots_room * sizeof *is_head);
    must(is_head != NULL);
    memset(is_head + heads_room, 0, (roots_room - heads_room) * sizeof *is_head);
  }
  merkle_root(digest_sha256, &tree, &roots[size]);
  is_head[size] = true;
  HOLDS(memcmp(&roots[size], &server.head.root, HASH_BYTES) == 0, "the head of %llu events is not the root of their records",
        (unsigned long long)size);
  HOLDS(server.head.frontier_bytes == tree.count * HASH_BYTES && memcmp(server.head.frontier, tree.frontier, server.head.frontier_bytes) == 0,
        "the head's frontier is not that of the records");
  for (uint64_t i = from; i < size; i++)
    if (server.events[i].case_no != 0) check_row(server.events[i].case_no);
  HOLDS(server.head.cases == case_count, "the head counts %llu cases", (unsigned long long)server.head.cases);
  sim_digest(roots[size].bytes[0] + 256ull * roots[size].bytes[1]);
}

/* ---- what people are told ---- */

void check_head(uint64_t of, const void *root) {
  HOLDS(of <= size && is_head[of], "a head of %llu events was given out, which no durable batch ended at", (unsigned long long)of);
  HOLDS(memcmp(&roots[of], root, HASH_BYTES) == 0, "a head of %llu events was given out that is not the log's", (unsigned long long)of);
}

void check_signed(uint64_t of, const void *note, size_t length) {
  HOLDS(of <= size && is_head[of], "a head of %llu events was signed, which no durable batch ended at", (unsigned long long)of);
  HOLDS(signer_note_is_good(note, length, of, roots[of].bytes), "the signed head of %llu events is not the log's", (unsigned long long)of);
  signed_heads++;
}

void check_head_seen(const void *told) {
  const Rectify__V1__Head *head = told;
  if (head != NULL && head->size <= size) check_head(head->size, head->root.data); /* what may still be lost may be read */
}

static void check_proof(uint64_t log_index, const Rectify__V1__Head *head, ProtobufCBinaryData record, size_t count,
                        const ProtobufCBinaryData *proof) {
  struct merkle_proof path = {.count = (uint32_t)count};
  struct hash leaf, root;
  const struct server_event *row = &server.events[log_index];
  if (head == NULL) return; /* a repeat */
  HOLDS(head->root.len == HASH_BYTES && record.len == row->length && memcmp(record.data, row->record, record.len) == 0,
        "a receipt holds another record than the log");
  check_head(head->size, head->root.data);
  if (head->note.len > 0) check_signed(head->size, head->note.data, head->note.len);
  HOLDS(count <= MERKLE_PROOF_MAX, "a receipt's proof is too long");
  if (count == 0 && head->size > 1) return; /* it can be asked for */
  for (size_t i = 0; i < count; i++) memcpy(path.hashes[i].bytes, proof[i].data, HASH_BYTES);
  memcpy(root.bytes, head->root.data, HASH_BYTES);
  merkle_leaf(digest_sha256, record.data, record.len, &leaf);
  HOLDS(merkle_inclusion_holds(digest_sha256, &leaf, log_index, head->size, &path, &root), "a receipt does not verify");
}

static const struct server_event *acknowledged(uint32_t person, const uint8_t id[16], uint64_t log_index, bool refused) {
  const int64_t at = server_find_key(id);
  HOLDS(at >= 0, "person %u was told that something is recorded, and it is not stored", person);
  HOLDS((uint64_t)at < server.durable, "person %u was told that something is recorded, and it may still be lost", person);
  HOLDS((uint64_t)at == log_index, "person %u was told another place in the log", person);
  HOLDS(rule_refuses(server.events[at].rule) == refused, "person %u was told another verdict than is stored", person);
  answers++;
  return &server.events[at];
}

void check_answer(uint32_t person, const uint8_t id[16], const void *told) {
  const Rectify__V1__Outcome *outcome = told;
  sim_digest(outcome->result_case);
  if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_RECEIPT) {
    const Rectify__V1__Receipt *receipt = outcome->receipt;
    const struct server_event *row = acknowledged(person, id, receipt->log_index, false);
    HOLDS(receipt->case_no == row->case_no && (row->case_no == 0 || receipt->event_number == row->version), "a receipt is about something else");
    check_proof(receipt->log_index, receipt->head, receipt->record, receipt->n_proof, receipt->proof);
  } else if (outcome->result_case == RECTIFY__V1__OUTCOME__RESULT_REFUSAL) {
    const Rectify__V1__Refusal *refusal = outcome->refusal;
    (void)acknowledged(person, id, refusal->log_index, true);
    check_proof(refusal->log_index, refusal->head, refusal->record, refusal->n_proof, refusal->proof);
  } else {
    const uint32_t code = outcome->error == NULL ? 0 : outcome->error->code;
    sim_wrong("person %u was told error %u for something that is fine", person, code);
  }
}

static uint64_t notices_before(int64_t id) { return server_notice_at(id, notices_checked); }

static void see(int64_t notice) {
  const uint64_t at = notices_before(notice);
  HOLDS(at < notices_checked && server.notices[at].id == notice, "a notice was told that is not stored");
  room_for((void **)&seen, 1, at + 1, &seen_room);
  seen[at] = 1;
}

void check_reads_all(void) { must_be_seen = notices_checked; }

void check_seen(int64_t notice) {
  if ((uint64_t)notice / 16 < size) see(notice);
}

/* A push has all notices of the stretch of log that it covers. */
void check_push(const void *told) {
  const Rectify__V1__Push *push = told;
  const uint64_t wanted = notices_before((int64_t)push->size * 16) - notices_before((int64_t)push->previous_size * 16);
  uint64_t count = 0;
  HOLDS(push->size <= size && push->previous_size <= push->size, "a push is about a log that is not durable");
  for (size_t i = 0; i < push->n_events; i++) {
    const Rectify__V1__CaseRow *row = push->events[i]->row;
    HOLDS(row == NULL || (row->case_no <= case_count && row->version <= cases[row->case_no - 1].state.version), "a push shows case %llu in version %u, which is not durable",
          (unsigned long long)row->case_no, row->version);
    count += push->events[i]->n_notices;
    for (size_t k = 0; k < push->events[i]->n_notices; k++) see((int64_t)push->events[i]->notices[k]->id);
  }
  HOLDS(count == wanted, "a push from %llu to %llu has %llu notices of %llu", (unsigned long long)push->previous_size,
        (unsigned long long)push->size, (unsigned long long)count, (unsigned long long)wanted);
}

/* ---- words of restricted cases ---- */

/* Of the finding that it is about. */
static const char *words_of(uint64_t case_no) { return cases[cases[case_no - 1].state.finding_of - 1].words; }

void check_asks(uint32_t officer, uint64_t case_no) {
  must(officer < READERS_MAX && case_no > 0);
  room_for((void **)&asked_by, sizeof *asked_by, case_no, &asked_room);
  asked_by[case_no - 1] |= 1U << officer;
}

static void check_shown(const Rectify__V1__CaseRow *row, usec_t asked) {
  const usec_t erased = cases[cases[row->case_no - 1].state.finding_of - 1].erased_at;
  const char *words = words_of(row->case_no);
  HOLDS(erased == 0 || asked < erased, "case %llu: its words were shown after they were erased", (unsigned long long)row->case_no);
  HOLDS(row->text.len == strlen(words) && memcmp(row->text.data, words, row->text.len) == 0, "the words of case %llu are others",
        (unsigned long long)row->case_no);
}

/* The row's own flags say whether it was restricted when it was read; it was asked for at `asked`. */
void check_read(uint32_t officer, const void *told, usec_t asked) {
  const Rectify__V1__CaseRow *row = told;
  if (row->text.len == 0 || row->case_no == 0) return; /* 0: its row is spoilt */
  if (row->case_no <= case_count) check_shown(row, asked);
  if ((row->flags & CASE_RESTRICTS) == 0) return;
  HOLDS(row->case_no <= case_count && cases[row->case_no - 1].read_on[officer] != 0,
        "case %llu: officer %u was shown its words, and his reading is not on record, or may be lost", (unsigned long long)row->case_no, officer);
  readings++;
}

/* What the database handed out before may still be on its way. */
static bool may_leave(uint64_t case_no) {
  const usec_t restricted = cases[case_no - 1].restricted_at, erased = cases[cases[case_no - 1].state.finding_of - 1].erased_at;
  return (restricted == 0 || sim.now < restricted + LEASE_SECONDS * SECOND) && (erased == 0 || sim.now < erased + LEASE_SECONDS * SECOND);
}

/* A case of the same finding that is not restricted may have them in the same letter. */
void check_words(const uint64_t *of, uint32_t count, const char *text, size_t length) {
  for (uint32_t i = 0; i < count; i++) {
    const char *words = words_of(of[i]);
    bool fine = memmem(text, length, words, strlen(words)) == NULL;
    for (uint32_t k = 0; k < count && !fine; k++) fine = words_of(of[k]) == words && may_leave(of[k]);
    HOLDS(fine, "case %llu: its words are handed out in a letter, and it is restricted, or they are erased", (unsigned long long)of[i]);
  }
}

/* What is erased stands in no letter. */
void check_erased(const uint64_t *of, uint32_t count, const char *text, size_t length) {
  for (uint32_t i = 0; i < count; i++) {
    const struct known *finding = &cases[cases[of[i] - 1].state.finding_of - 1];
    HOLDS(finding->erased_at == 0 || memmem(text, length, finding->words, strlen(finding->words)) == NULL,
          "case %llu: its words were erased, and stand in a letter", (unsigned long long)of[i]);
  }
}

uint64_t check_words_at(uint64_t case_no) { return case_no == 0 || case_no > case_count ? 0 : cases[cases[case_no - 1].state.finding_of - 1].words_at; }

/* ---- when all is quiet ---- */

void check_timers(void) {
  const usec_t now = sim_born + sim.now;
  if (!calm()) return;
  for (uint64_t i = 0; i < case_count; i++) {
    const usec_t fire = case_next_fire(&cases[i].state, NULL);
    HOLDS(fire > now - LATE_SECONDS * SECOND || host_skew() != 0, "case %llu: its timer is overdue by %lld s, and nothing is wrong",
          (unsigned long long)i + 1, (long long)((now - fire) / SECOND));
    check_dates(&cases[i].state);
  }
}

void check_end(uint32_t officer) {
  HOLDS(server.durable == server.head.size && size == server.durable, "the last batch never became durable");
  for (uint64_t i = 0; i < case_count; i++) check_row(i + 1);
  check_reviewed();
  for (uint64_t i = 0; i < submission_count; i++)
    HOLDS(!submissions[i].kept || server_find_key(submissions[i].id) >= 0,
          "the spool of person %u kept something that was never recorded", submissions[i].person);
  for (uint64_t at = 0; at < must_be_seen; at++)
    HOLDS(server.notices[at].officer != officer || (at < seen_room && seen[at]), "notice %llu never reached the officer",
          (unsigned long long)server.notices[at].id);
}
