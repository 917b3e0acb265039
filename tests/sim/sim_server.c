/* sim_server.c - the database: what the statements of daemon/sql and rectify.append() of migrations/0002_workflow.sql do, on
 * tables in memory.  One transaction at a time; a statement that fails changes nothing. */
#include "daemon/pg.h"
#include "daemon/query.h"
#include "daemon/tree.h"
#include "sign/digest.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_params.h"

#define NO_CLOCK (-INT64_C(946684800000000)) /* 1970, as PostgreSQL counts: no event yet */

/* What is kept apart from the record of an event, until it is erased. */
struct text_row {
  int64_t log_index;
  char *body;
  size_t length;
};

/* Somebody asked for the erasure of a text, or erased it (asked_by 0).  The last row of a text counts. */
struct erasure_row {
  int64_t text_index, log_index;
  uint32_t asked_by;
};

struct evidence_row {
  uint8_t sha256[32];
  int64_t log_index;
  uint64_t case_no;
};

struct tile_row {
  int32_t level;
  int64_t n;
  uint8_t hashes[256 * 32];
};

struct document_row {
  int32_t kind, version;
  int64_t log_index;
  char *name, *body;
  size_t name_length, length;
  uint8_t sha256[32];
};

struct order_row {
  int32_t year, serial;
};

struct rule_row {
  uint64_t case_no;
  int32_t effective;
  char parent_code[TEXT_MAX], category[TEXT_MAX];
};

struct server server;

#define TABLES 8
/* A table: rows that are only added, and taken off again from the end. */
#define TABLE(type, name) \
  static type *name;      \
  static uint64_t name##_count, name##_room;
TABLE(struct finding_row, findings)
TABLE(struct evidence_row, evidence)
TABLE(struct tile_row, tiles)
TABLE(struct document_row, documents)
TABLE(struct order_row, orders)
TABLE(struct rule_row, rules)
TABLE(struct text_row, texts)
TABLE(struct erasure_row, erasures)
static uint64_t *keys; /* of events: log index + 1, open addressing */
static uint64_t keys_room;
static uint64_t lock_session; /* who has the lock; 0: nobody */

#define ADD(table) (grow((void **)&table, sizeof *table, table##_count + 1, &table##_room), &table[table##_count++])

static void grow(void **rows, size_t size, uint64_t count, uint64_t *room) {
  if (count <= *room) return;
  const uint64_t wanted = *room == 0 ? 64 : 2 * *room;
  *rows = realloc(*rows, wanted * size);
  must(*rows != NULL);
  memset((uint8_t *)*rows + *room * size, 0, (wanted - *room) * size);
  *room = wanted;
}

static void count_tables(uint64_t counts[TABLES]) {
  const uint64_t now[TABLES] = {findings_count, evidence_count, tiles_count, documents_count, orders_count, rules_count, texts_count, erasures_count};
  memcpy(counts, now, sizeof now);
}

static void set_counts(const uint64_t counts[TABLES]) {
  findings_count = counts[0];
  evidence_count = counts[1];
  tiles_count = counts[2];
  documents_count = counts[3];
  orders_count = counts[4];
  rules_count = counts[5];
  texts_count = counts[6];
  erasures_count = counts[7];
}

/* ---- what the last append may have to give back ---- */

#define UNDO_CASES_MAX 20000
static void written(uint64_t case_no);

static struct {
  bool possible;
  struct server_head head;
  uint64_t counts[TABLES], notice_count;
  uint32_t case_count;
  struct {
    uint64_t case_no;
    struct server_case row;
  } *cases;
} undo;

static void undo_forget(void) {
  for (uint32_t i = 0; i < undo.case_count; i++) free(undo.cases[i].row.state);
  undo.case_count = 0;
  undo.possible = false;
}

static void undo_begin(void) {
  undo_forget();
  if (undo.cases == NULL) undo.cases = calloc(UNDO_CASES_MAX, sizeof *undo.cases);
  must(undo.cases != NULL);
  undo.head = server.head;
  count_tables(undo.counts);
  undo.notice_count = server.notice_count;
  undo.possible = true;
}

/* ---- backups ---- */

#define BACKUP_EVENTS 20 /* between two of them */
static struct {
  struct server_head head;
  uint64_t counts[TABLES], notice_count;
  struct server_case *cases;
} backup, replaced; /* what was there when the backup was restored */

static void forget_backup(void) {
  for (uint64_t i = 0; i < backup.head.cases; i++) free(backup.cases[i].state);
  free(backup.cases);
  backup.cases = NULL;
  backup.head = (struct server_head){0};
}

static void back_up(void) {
  if (server.corrupt) return;
  forget_backup();
  backup.head = server.head;
  backup.notice_count = server.notice_count;
  count_tables(backup.counts);
  backup.cases = calloc(server.head.cases + 1, sizeof *backup.cases);
  must(backup.cases != NULL);
  for (uint64_t i = 0; i < server.head.cases; i++) {
    backup.cases[i] = server.cases[i];
    backup.cases[i].state = copy_of(server.cases[i].state, server.cases[i].length);
  }
}

bool server_roll_back(uint64_t signed_size) {
  if (server.rolled_back || server.corrupt || backup.cases == NULL || signed_size <= backup.head.size || server.durable < server.head.size)
    return false;
  undo_forget();
  sim_tell("  database: a backup of %llu events is restored over %llu", (unsigned long long)backup.head.size, (unsigned long long)server.head.size);
  replaced.head = server.head;
  replaced.notice_count = server.notice_count;
  count_tables(replaced.counts);
  replaced.cases = server.cases;
  server.head = backup.head;
  server.head.epoch = replaced.head.epoch;
  server.notice_count = backup.notice_count;
  server.cases = backup.cases;
  set_counts(backup.counts);
  server.rolled_back = true;
  return true;
}

void server_roll_forward(void) {
  const uint64_t epoch = server.head.epoch;
  if (!server.rolled_back) return;
  server.rolled_back = false;
  server.head = replaced.head;
  server.head.epoch = epoch;
  server.notice_count = replaced.notice_count;
  server.cases = replaced.cases;
  set_counts(replaced.counts);
}

void server_make_durable(void) {
  undo_forget();
  letters_durable();
  if (server.rolled_back) return;
  server.durable_epoch = server.head.epoch;
  if (server.durable == server.head.size) return;
  server.durable = server.head.size;
  check_durable();
  if (sim.signs && server.head.size >= backup.head.size + BACKUP_EVENTS) back_up();
}

/* ---- keys ---- */

static uint64_t key_slot(const uint8_t key[16]) {
  uint64_t slot = sim_hash(key) & (keys_room - 1);
  while (keys[slot] != 0 && memcmp(server.events[keys[slot] - 1].key, key, 16) != 0) slot = (slot + 1) & (keys_room - 1);
  return slot;
}

int64_t server_find_key(const uint8_t key[16]) { return keys_room == 0 ? -1 : (int64_t)keys[key_slot(key)] - 1; }

static void index_keys(uint64_t room, uint64_t count) {
  free(keys);
  keys = calloc(room, sizeof *keys);
  must(keys != NULL);
  keys_room = room;
  for (uint64_t i = 0; i < count; i++) keys[key_slot(server.events[i].key)] = i + 1;
}

static void key_add(uint64_t log_index) {
  if (2 * (log_index + 1) > keys_room) index_keys(keys_room == 0 ? 1024 : 2 * keys_room, log_index);
  keys[key_slot(server.events[log_index].key)] = log_index + 1;
}

/* ---- a failover to a standby that did not have the last batch ---- */

void server_lose_tail(void) {
  server.head.epoch = server.durable_epoch;
  check_epoch_lost(server.head.epoch);
  letters_lose();
  if (!undo.possible) return;
  sim_tell("  database: the new primary never had the last %llu events", (unsigned long long)(server.head.size - undo.head.size));
  for (uint64_t i = undo.head.size; i < server.head.size; i++) {
    free(server.events[i].record);
    server.events[i].record = NULL;
  }
  for (uint64_t i = undo.head.cases; i < server.head.cases; i++) {
    free(server.cases[i].state);
    server.cases[i] = (struct server_case){0};
  }
  for (uint32_t i = 0; i < undo.case_count; i++) {
    struct server_case *row = &server.cases[undo.cases[i].case_no - 1];
    free(row->state);
    *row = undo.cases[i].row;
  }
  undo.case_count = 0;
  server.head = undo.head;
  server.head.epoch = server.durable_epoch;
  set_counts(undo.counts);
  server.notice_count = undo.notice_count;
  index_keys(keys_room, server.head.size);
  undo_forget();
}

/* ---- append ---- */

enum { P_SIZE, P_EPOCH, P_NEW_SIZE, P_ROOT, P_FRONTIER, P_TAIL, P_CASES, P_SYSTEM, P_CLOCK, P_TILES = 9, P_EVENTS = 12,
       P_PRIVATE = 20, P_EVIDENCE = 23, P_FINDINGS = 31, P_CASE_ROWS = 44, P_NOTICES = 64, P_DOCUMENTS = 73, P_ORDERS = 79, P_RULES = 83 };

/* Each case of an event has its row in the batch. */
static bool rows_are_there(const struct server_params *params) {
  struct cells e_case = cells_of(params, P_EVENTS);
  for (uint32_t i = 0; i < e_case.count; i++) {
    const uint64_t wanted = (uint64_t)next_int(&e_case);
    struct cells of_case = cells_of(params, P_CASE_ROWS);
    bool found = wanted == 0;
    for (uint32_t k = 0; k < of_case.count && !found; k++) found = (uint64_t)next_int(&of_case) == wanted;
    if (!found) return false;
  }
  return true;
}

/* Numbers of a case's events go on from its row's. */
static bool versions_follow(const struct server_params *params, uint64_t known) {
  struct cells of_case = cells_of(params, P_CASE_ROWS), of_version = cells_of(params, P_CASE_ROWS + 1);
  for (uint32_t i = 0; i < of_case.count; i++) {
    const uint64_t case_no = (uint64_t)next_int(&of_case);
    const uint32_t last = (uint32_t)next_int(&of_version);
    uint32_t at = case_no > known ? 0 : server.cases[case_no - 1].version;
    struct cells e_case = cells_of(params, P_EVENTS), e_version = cells_of(params, P_EVENTS + 1);
    for (uint32_t k = 0; k < e_case.count; k++) {
      const uint64_t of = (uint64_t)next_int(&e_case);
      const uint32_t version = (uint32_t)next_int(&e_version);
      if (of == case_no && version != ++at) return false;
    }
    if (at != last || case_no > (uint64_t)param(params, P_CASES)) return false;
  }
  return true;
}

static bool key_is_known(const struct server_params *params) {
  struct cells key = cells_of(params, P_EVENTS + 2);
  for (uint32_t i = 0; i < key.count; i++) {
    struct cells other = cells_of(params, P_EVENTS + 2);
    cell_next(&key);
    if (server_find_key(key.cell) >= 0) return true;
    for (uint32_t k = 0; k < i; k++) {
      cell_next(&other);
      if (memcmp(other.cell, key.cell, 16) == 0) return true;
    }
  }
  return false;
}

static bool orders_follow(const struct server_params *params) {
  struct cells year = cells_of(params, P_ORDERS), serial = cells_of(params, P_ORDERS + 1);
  struct order_row last = orders_count == 0 ? (struct order_row){0} : orders[orders_count - 1];
  for (uint32_t i = 0; i < year.count; i++) {
    const struct order_row row = {(int32_t)next_int(&year), (int32_t)next_int(&serial)};
    if (row.serial != (row.year == last.year ? last.serial + 1 : 1)) return false;
    last = row;
  }
  return true;
}

/* What append() refuses; NULL: it goes through. */
static struct pg_result *refuse_append(const struct server_params *params) {
  const struct server_head *head = &server.head;
  const uint64_t events = cells_of(params, P_EVENTS).count, new_size = (uint64_t)param(params, P_NEW_SIZE);
  if ((uint64_t)param(params, P_SIZE) != head->size || new_size != head->size + events || events == 0 ||
      (uint64_t)param(params, P_CASES) < head->cases || param(params, P_SYSTEM) < head->system_events)
    return result_error("RF001", "the log's head is not there");
  if ((uint64_t)param(params, P_EPOCH) != head->epoch)
    return result_error("RF001", "the log's head is not of that epoch");
  if (key_is_known(params)) return result_error("23505", "duplicate key value violates unique constraint \"event_key_key\"");
  if (!rows_are_there(params) || !versions_follow(params, head->cases)) return result_error("RF002", "event numbers of a case do not follow");
  if (!orders_follow(params)) return result_error("RF002", "numbers of supervision orders do not follow");
  return NULL;
}

static void add_events(const struct server_params *params) {
  struct cells cells[8];
  for (int i = 0; i < 8; i++) cells[i] = cells_of(params, P_EVENTS + i);
  for (uint32_t i = 0; i < cells[0].count; i++) {
    const uint64_t at = server.head.size + i;
    grow((void **)&server.events, sizeof *server.events, at + 1, &server.event_room);
    struct server_event *event = &server.events[at];
    event->case_no = (uint64_t)next_int(&cells[0]);
    event->version = (uint32_t)next_int(&cells[1]);
    next_bytes(&cells[2], event->key, 16);
    event->command = (uint32_t)next_int(&cells[3]);
    event->rule = (uint32_t)next_int(&cells[4]);
    event->actor = (uint32_t)next_int(&cells[5]);
    cell_next(&cells[7]);
    event->record = copy_of(cells[7].cell, cells[7].length);
    event->length = (uint32_t)cells[7].length;
    key_add(at);
  }
}

static void add_evidence(const struct server_params *params) {
  struct cells of_event = cells_of(params, P_EVIDENCE), of_case = cells_of(params, P_EVIDENCE + 2), sha256 = cells_of(params, P_EVIDENCE + 4);
  for (uint32_t i = 0; i < of_case.count; i++) {
    struct evidence_row *row = ADD(evidence);
    row->log_index = next_int(&of_event);
    row->case_no = (uint64_t)next_int(&of_case);
    next_bytes(&sha256, row->sha256, sizeof row->sha256);
  }
}

static void add_texts(const struct server_params *params) {
  struct cells of_event = cells_of(params, P_PRIVATE), words = cells_of(params, P_PRIVATE + 2);
  for (uint32_t i = 0; i < of_event.count; i++) {
    struct text_row *row = ADD(texts);
    free(row->body); /* of one that a failover took away */
    *row = (struct text_row){.log_index = next_int(&of_event)};
    cell_next(&words);
    row->body = copy_of(words.cell, row->length = words.length);
  }
}

/* Log indexes ascend. */
static struct text_row *text_row(int64_t log_index) {
  uint64_t low = 0, high = texts_count;
  while (low < high) {
    const uint64_t middle = (low + high) / 2;
    if (texts[middle].log_index < log_index) low = middle + 1;
    else high = middle;
  }
  return low < texts_count && texts[low].log_index == log_index ? &texts[low] : NULL;
}

/* The last that was said of the erasure of that text; NULL: nothing. */
static const struct erasure_row *erasure_of(int64_t text_index) {
  for (uint64_t i = erasures_count; i > 0; i--)
    if (erasures[i - 1].text_index == text_index) return &erasures[i - 1];
  return NULL;
}

static bool is_erased(int64_t text_index) {
  const struct erasure_row *row = erasure_of(text_index);
  return row != NULL && row->asked_by == 0;
}

const char *server_text(int64_t log_index, size_t *length) {
  const struct text_row *row = text_row(log_index);
  if (row == NULL || is_erased(log_index)) return NULL;
  *length = row->length;
  return row->body;
}

bool server_has_evidence(const uint8_t sha256[32]) {
  for (uint64_t i = 0; i < evidence_count; i++)
    if (memcmp(evidence[i].sha256, sha256, 32) == 0) return true;
  return false;
}

static void add_findings(const struct server_params *params) {
  struct cells of_case = cells_of(params, P_FINDINGS), of_event = cells_of(params, P_FINDINGS + 2), found = cells_of(params, P_FINDINGS + 7),
               codes[5];
  for (int i = 0; i < 5; i++) codes[i] = cells_of(params, P_FINDINGS + 8 + i);
  for (uint32_t i = 0; i < of_case.count; i++) {
    struct finding_row *row = ADD(findings);
    row->case_no = (uint64_t)next_int(&of_case);
    row->found_on = (int32_t)next_int(&found);
    next_text(&codes[0], row->unit_code);
    next_text(&codes[1], row->parent_code);
    next_text(&codes[2], row->code);
    next_text(&codes[3], row->category);
    next_text(&codes[4], row->inspection);
    row->log_index = next_int(&of_event);
  }
}

static void keep_for_undo(uint64_t case_no, const struct server_case *row) {
  must(undo.case_count < UNDO_CASES_MAX);
  undo.cases[undo.case_count].case_no = case_no;
  undo.cases[undo.case_count].row = *row;
  undo.case_count++;
}

static void put_cases(const struct server_params *params) {
  struct cells of_case = cells_of(params, P_CASE_ROWS), version = cells_of(params, P_CASE_ROWS + 1),
               fire = cells_of(params, P_CASE_ROWS + 14), state = cells_of(params, P_CASE_ROWS + 16),
               flags = cells_of(params, P_CASE_ROWS + 17), parent = cells_of(params, P_CASE_ROWS + 18), finding_of = cells_of(params, P_CASE_ROWS + 19);
  for (uint32_t i = 0; i < of_case.count; i++) {
    const uint64_t case_no = (uint64_t)next_int(&of_case);
    grow((void **)&server.cases, sizeof *server.cases, case_no, &server.case_room);
    struct server_case *row = &server.cases[case_no - 1];
    written(case_no);
    if (case_no <= undo.head.cases) keep_for_undo(case_no, row);
    cell_next(&state);
    row->state = copy_of(state.cell, state.length);
    row->length = (uint32_t)state.length;
    row->version = (uint32_t)next_int(&version);
    cell_next(&fire);
    row->has_fire = fire.cell != NULL;
    row->flags = (uint32_t)next_int(&flags);
    row->parent = (uint64_t)next_int(&parent);
    row->finding_of = (uint64_t)next_int(&finding_of);
  }
}

static void add_notices(const struct server_params *params) {
  struct cells cells[9];
  for (int i = 0; i < 9; i++) cells[i] = cells_of(params, P_NOTICES + i);
  for (uint32_t i = 0; i < cells[0].count; i++) {
    grow((void **)&server.notices, sizeof *server.notices, server.notice_count + 1, &server.notice_room);
    struct server_notice *row = &server.notices[server.notice_count++];
    row->id = next_int(&cells[0]);
    row->case_no = (uint64_t)next_int(&cells[1]);
    row->kind = (uint32_t)next_int(&cells[2]);
    row->copy = next_int(&cells[3]) != 0;
    row->recipient = (uint32_t)next_int(&cells[4]);
    row->officer = (uint32_t)next_int(&cells[5]);
    row->created = next_int(&cells[6]);
    row->instead_of = (uint32_t)next_int(&cells[7]);
    row->digest = (uint64_t)next_int(&cells[8]);
  }
}

static void add_tiles(const struct server_params *params) {
  struct cells level = cells_of(params, P_TILES), n = cells_of(params, P_TILES + 1), hashes = cells_of(params, P_TILES + 2);
  for (uint32_t i = 0; i < level.count; i++) {
    struct tile_row *row = ADD(tiles);
    row->level = (int32_t)next_int(&level);
    row->n = next_int(&n);
    next_bytes(&hashes, row->hashes, sizeof row->hashes);
  }
}

static void add_documents(const struct server_params *params) {
  struct cells cells[6];
  for (int i = 0; i < 6; i++) cells[i] = cells_of(params, P_DOCUMENTS + i);
  for (uint32_t i = 0; i < cells[0].count; i++) {
    struct document_row *row = ADD(documents);
    row->kind = (int32_t)next_int(&cells[0]);
    row->version = (int32_t)next_int(&cells[1]);
    cell_next(&cells[2]);
    free(row->name); /* of one that a failover took away */
    row->name = copy_of(cells[2].cell, row->name_length = cells[2].length);
    cell_next(&cells[3]);
    free(row->body);
    row->body = copy_of(cells[3].cell, row->length = cells[3].length);
    next_bytes(&cells[4], row->sha256, sizeof row->sha256);
    row->log_index = next_int(&cells[5]);
  }
}

static void add_numbers(const struct server_params *params) {
  struct cells year = cells_of(params, P_ORDERS), serial = cells_of(params, P_ORDERS + 1), of_case = cells_of(params, P_RULES),
               finding_of = cells_of(params, P_RULES + 2), effective = cells_of(params, P_RULES + 3);
  for (uint32_t i = 0; i < year.count; i++) *ADD(orders) = (struct order_row){(int32_t)next_int(&year), (int32_t)next_int(&serial)};
  for (uint32_t i = 0; i < of_case.count; i++) {
    const uint64_t case_no = (uint64_t)next_int(&of_case), about = (uint64_t)next_int(&finding_of);
    struct rule_row *row = ADD(rules);
    *row = (struct rule_row){.case_no = case_no, .effective = (int32_t)next_int(&effective)};
    for (uint64_t k = 0; k < findings_count; k++)
      if (findings[k].case_no == about) {
        memcpy(row->parent_code, findings[k].parent_code, TEXT_MAX);
        memcpy(row->category, findings[k].category, TEXT_MAX);
      }
  }
}

static void move_head(const struct server_params *params) {
  struct server_head *head = &server.head;
  written(0);
  head->size = (uint64_t)param(params, P_NEW_SIZE);
  memcpy(head->root.bytes, params->values[P_ROOT], 32);
  head->frontier_bytes = (uint32_t)params->lengths[P_FRONTIER];
  head->tail_bytes = (uint32_t)params->lengths[P_TAIL];
  must(head->frontier_bytes <= sizeof head->frontier && head->tail_bytes <= sizeof head->tail);
  if (head->frontier_bytes > 0) memcpy(head->frontier, params->values[P_FRONTIER], head->frontier_bytes);
  if (head->tail_bytes > 0) memcpy(head->tail, params->values[P_TAIL], head->tail_bytes);
  head->cases = (uint64_t)param(params, P_CASES);
  head->system_events = param(params, P_SYSTEM);
  if (param(params, P_CLOCK) > head->clock) head->clock = param(params, P_CLOCK);
}

/* As the transaction would: what came before is on the standby when this one is. */
static struct pg_result *append(const struct server_params *params) {
  struct pg_result *refused = refuse_append(params);
  if (refused != NULL) return refused;
  if (server.durable < server.head.size) server_make_durable();
  check_append((uint64_t)param(params, P_EPOCH), (uint64_t)param(params, P_SIZE), (uint64_t)param(params, P_NEW_SIZE));
  undo_begin();
  add_events(params);
  add_texts(params);
  add_evidence(params);
  add_findings(params);
  put_cases(params);
  add_notices(params);
  add_tiles(params);
  add_documents(params);
  add_numbers(params);
  move_head(params);
  return result_new(PGRES_TUPLES_OK);
}

/* ---- what statements change ---- */

static bool is_of_letters(uint32_t statement) {
  return statement == STATEMENT_MAKE_LETTERS || statement == STATEMENT_LEASE_LETTERS || statement == STATEMENT_REPORT_LETTERS;
}

bool server_may_write(uint32_t statement) { return statement == STATEMENT_APPEND || is_of_letters(statement); }
bool server_wrote(uint32_t statement) { return statement == STATEMENT_APPEND || (is_of_letters(statement) && letters_wrote()); }

/* ---- lock and head ---- */

void server_unnames(bool unnamed) {
  server.unnames = false;
  if (unnamed == server.unnamed) return;
  server.unnamed = unnamed;
  server.settings_read = sim.now + 1;
}

/* lock.sql: a session that had the lock for this daemon, and still has it, is ended where nobody took over since. */
static struct pg_result *lock(const struct server_params *params, uint64_t session) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  const bool got = lock_session == 0 || lock_session == session;
  if (!got && lock_session == (uint64_t)param(params, 0) && server.head.epoch == (uint64_t)param(params, 1)) pq_end_session(lock_session);
  if (got) lock_session = session;
  result_columns(result, 5);
  result_int(result, got);
  result_int(result, 0);
  result_int(result, (int64_t)server.head.epoch);
  result_int(result, 1);
  result_int(result, !server.unnamed);
  if (got && server.unnames) server_unnames(true);
  return result;
}

static struct pg_result *check_standby(void) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  result_columns(result, 2);
  result_name(result, "on_standby");
  result_int(result, !server.unnamed);
  result_int(result, server.settings_read);
  return result;
}

void server_release(uint64_t session) {
  if (lock_session == session) lock_session = 0;
}

void server_lock_lost(void) { lock_session = 0; }

static struct pg_result *take_over(void) {
  struct server_head *head = &server.head;
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  head->epoch++;
  if (!server.unnamed) server_make_durable();
  check_epoch(head->epoch);
  result_columns(result, 9);
  result_int(result, (int64_t)head->size);
  result_bytes(result, head->root.bytes, 32);
  result_bytes(result, head->frontier, head->frontier_bytes);
  result_bytes(result, head->tail, head->tail_bytes);
  result_int(result, (int64_t)head->epoch);
  result_int(result, (int64_t)head->cases);
  result_int(result, head->system_events);
  result_int(result, head->clock);
  result_int(result, (int64_t)head->reviewed);
  return result;
}

static struct pg_result *set_reviewed(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  if ((uint64_t)param(params, 0) != server.head.epoch) return result;
  server.head.reviewed = (uint64_t)param(params, 1);
  result_int(result, 1);
  return result;
}

/* What is searched: the next findings, by case number. */
static struct pg_result *index_findings(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  if ((uint64_t)param(params, 0) != server.head.epoch) return result;
  const uint64_t next = server.head.indexed + (uint64_t)param(params, 1);
  server.head.indexed = next < server.head.cases ? next : server.head.cases;
  result_int(result, (int64_t)server.head.indexed);
  return result;
}

/* ---- loading ---- */

static void put_document(struct pg_result *result, const struct document_row *row) {
  const struct server_event *event = &server.events[row->log_index];
  result_int(result, row->kind);
  result_int(result, row->version);
  result_bytes(result, row->name, row->name_length);
  result_bytes(result, row->body, row->length);
  result_int(result, row->log_index);
  result_bytes(result, row->sha256, 32);
  result_bytes(result, event->record, event->length);
}

static struct pg_result *load_documents(void) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  result_columns(result, 7);
  for (int32_t kind = DOCUMENT_CALENDAR; kind > 0; kind--)
    for (uint64_t i = 0; i < documents_count; i++) /* versions ascend by themselves */
      if (documents[i].kind == kind) put_document(result, &documents[i]);
  return result;
}

const char *server_document(int32_t kind, uint32_t version, size_t *length) {
  for (uint64_t i = 0; i < documents_count; i++) {
    if (documents[i].kind != kind || (uint32_t)documents[i].version != version) continue;
    *length = documents[i].length;
    return documents[i].body;
  }
  sim_wrong("version %u of document %d is not stored", version, kind);
}

/* The greatest UUIDv7 on record; NULL: none. */
static const uint8_t *greatest_key(void) {
  const uint8_t *greatest = NULL;
  for (uint64_t i = 0; i < server.head.size; i++) {
    const uint8_t *key = server.events[i].key;
    if (key[6] >> 4 == 7 && key[0] < UUID_V7_END && (greatest == NULL || memcmp(key, greatest, 16) > 0)) greatest = key;
  }
  return greatest;
}

static struct pg_result *load_numbers(void) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  const uint8_t *greatest = greatest_key();
  const struct order_row last = orders_count == 0 ? (struct order_row){0} : orders[orders_count - 1];
  result_columns(result, 4);
  result_int(result, last.year);
  result_int(result, last.serial);
  result_int(result, rules_count > 0);
  if (greatest == NULL) result_null(result);
  else result_bytes(result, greatest, 16);
  return result;
}

/* Tiles of each level, whose numbers are parameters too: these, or from these on. */
static struct pg_result *tiles_of(const struct server_params *params, bool onwards) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct cells levels = cells_of(params, 0), numbers = cells_of(params, 1);
  result_columns(result, 3);
  for (uint32_t i = 0; i < levels.count; i++) {
    const int64_t level = next_int(&levels), n = next_int(&numbers);
    for (uint64_t k = 0; k < tiles_count; k++) {
      if (tiles[k].level != level || (onwards ? tiles[k].n < n : tiles[k].n != n)) continue;
      result_int(result, level);
      result_int(result, tiles[k].n);
      result_bytes(result, tiles[k].hashes, sizeof tiles[k].hashes);
    }
  }
  return result;
}

static struct pg_result *load_tiles(const struct server_params *params) { return tiles_of(params, true); }
static struct pg_result *load_tiles_named(const struct server_params *params) { return tiles_of(params, false); }

static struct pg_result *load_cases(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  int64_t rows = param(params, 1);
  result_columns(result, 2);
  for (uint64_t i = (uint64_t)param(params, 0); i < server.head.cases && rows > 0; i++) {
    if (!server.cases[i].has_fire) continue;
    result_int(result, (int64_t)i + 1);
    result_bytes(result, server.cases[i].state, server.cases[i].length);
    rows--;
  }
  return result;
}

static struct pg_result *keep_checkpoint(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  check_signed((uint64_t)param(params, 0), params->values[1], (size_t)params->lengths[1]);
  result_null(result);
  return result;
}

/* ---- probes ---- */

static struct pg_result *probe_keys(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct cells key = cells_of(params, 0);
  result_columns(result, 3);
  for (uint32_t i = 0; i < key.count; i++) {
    cell_next(&key);
    const int64_t at = server_find_key(key.cell);
    if (at < 0 || (uint64_t)at >= server.head.size) continue;
    result_bytes(result, key.cell, 16);
    result_int(result, at);
    result_bytes(result, server.events[at].record, server.events[at].length);
  }
  return result;
}

static void put_case(struct pg_result *result, uint64_t case_no) {
  result_int(result, (int64_t)case_no);
  result_bytes(result, server.cases[case_no - 1].state, server.cases[case_no - 1].length);
}

static struct pg_result *probe_cases(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct cells wanted = cells_of(params, 0);
  result_columns(result, 2);
  for (uint32_t i = 0; i < wanted.count; i++) {
    const int64_t case_no = next_int(&wanted);
    if (case_no < 1 || (uint64_t)case_no > server.head.cases) continue;
    put_case(result, (uint64_t)case_no);
    const uint64_t parent = server.cases[case_no - 1].parent;
    if (parent > 0) put_case(result, parent);
  }
  return result;
}

static int64_t at_most(int64_t count, int64_t most) { return count < most ? count : most; }

#define DAYS_1970_TO_2000 10957

static bool is_same(const struct finding_row *row, bool problem, const char *above, const char *word) {
  return problem ? strcmp(row->unit_code, above) == 0 && strcmp(row->code, word) == 0
                 : strcmp(row->parent_code, above) == 0 && strcmp(row->category, word) == 0;
}

uint32_t server_earlier(uint64_t case_no, bool problem, int32_t days) {
  uint64_t own = 0;
  uint32_t count = 0;
  while (own < findings_count && findings[own].case_no != case_no) own++;
  if (own == findings_count) return 0;
  const struct finding_row *row = &findings[own];
  const char *above = problem ? row->unit_code : row->parent_code, *word = problem ? row->code : row->category;
  for (uint64_t k = 0; k < own && above[0] != '\0' && word[0] != '\0'; k++)
    count += is_same(&findings[k], problem, above, word) && findings[k].found_on <= row->found_on && row->found_on - findings[k].found_on <= days;
  return count;
}

/* Each day's rows come with the first finding of that day: of a day at most `most`, or of the problem or kind at most so many, the
 * youngest days first. */
static struct pg_result *probe_days(const struct server_params *params, bool problem, bool each_day) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct cells above = cells_of(params, 0), word = cells_of(params, 1), day = cells_of(params, 2), last = cells_of(params, each_day ? 2 : 3);
  char words[2][TEXT_MAX];
  result_columns(result, 3);
  for (uint32_t i = 0; i < above.count; i++) {
    next_text(&above, words[0]);
    next_text(&word, words[1]);
    const int64_t from = next_int(&day), until = each_day ? INT64_MAX : next_int(&last), most = param(params, each_day ? 3 : 4);
    for (uint64_t k = 0; k < findings_count; k++) {
      int64_t earlier = 0, count = 0, after = 0;
      if (findings[k].found_on < from || findings[k].found_on > until || !is_same(&findings[k], problem, words[0], words[1])) continue;
      for (uint64_t m = 0; m < findings_count; m++) {
        if (findings[m].found_on < findings[k].found_on || findings[m].found_on > until || !is_same(&findings[m], problem, words[0], words[1])) continue;
        after += findings[m].found_on > findings[k].found_on;
        if (findings[m].found_on > findings[k].found_on) continue;
        earlier += m < k;
        count++;
      }
      const int64_t room = most - (each_day ? 0 : after);
      if (earlier > 0 || room <= 0) continue;
      result_int(result, (int64_t)i + 1);
      result_int(result, findings[k].found_on + DAYS_1970_TO_2000); /* results have no dates here */
      result_int(result, at_most(count, room));
    }
  }
  return result;
}

static struct pg_result *probe_evidence(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct cells hash = cells_of(params, 0), own = cells_of(params, 1);
  result_columns(result, 3);
  for (uint32_t i = 0; i < hash.count; i++) {
    cell_next(&hash);
    const uint64_t mine = (uint64_t)next_int(&own);
    uint64_t first = 0;
    for (uint64_t k = 0; k < evidence_count; k++)
      if (memcmp(evidence[k].sha256, hash.cell, 32) == 0 && evidence[k].case_no > 0 && evidence[k].case_no != mine &&
          (first == 0 || evidence[k].case_no < first))
        first = evidence[k].case_no;
    if (first == 0) continue;
    result_int(result, (int64_t)i + 1);
    put_case(result, first);
  }
  return result;
}

static struct pg_result *probe_rules(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct cells parent = cells_of(params, 0), category = cells_of(params, 1), found = cells_of(params, 2);
  char text[2][TEXT_MAX];
  result_columns(result, 3);
  for (uint32_t i = 0; i < parent.count; i++) {
    const struct rule_row *newest = NULL;
    next_text(&parent, text[0]);
    next_text(&category, text[1]);
    const int64_t day = next_int(&found);
    for (uint64_t k = 0; k < rules_count; k++) {
      const struct rule_row *row = &rules[k];
      if (text[0][0] == '\0' || text[1][0] == '\0' || row->effective > day) continue;
      if (strcmp(row->parent_code, text[0]) != 0 || strcmp(row->category, text[1]) != 0) continue;
      if (newest == NULL || row->effective >= newest->effective) newest = row;
    }
    if (newest == NULL) continue;
    result_int(result, (int64_t)i + 1);
    put_case(result, newest->case_no);
  }
  return result;
}

/* ---- the reader ---- */

static struct pg_result *query_head(void) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  result_columns(result, 3);
  result_int(result, (int64_t)server.head.size);
  result_bytes(result, server.head.root.bytes, 32);
  result_int(result, (int64_t)server.head.epoch);
  return result;
}

/* The place of the first notice with that id or a higher one, among the first so many: their ids ascend. */
uint64_t server_notice_at(int64_t id, uint64_t among) {
  uint64_t low = 0, high = among;
  while (low < high) {
    const uint64_t middle = (low + high) / 2;
    if (server.notices[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

void server_put_notice(struct pg_result *result, const struct server_notice *row) {
  result_int(result, row->id);
  result_int(result, (int64_t)row->case_no);
  result_int(result, row->kind);
  result_int(result, row->copy);
  result_int(result, row->recipient);
  result_int(result, row->officer);
  result_int(result, row->created);
  result_int(result, row->instead_of);
  result_int(result, (int64_t)row->digest);
}

/* Of an officer; the simulator asks for no others. */
static struct pg_result *query_notices(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  int64_t rows = param(params, 3);
  result_columns(result, 9);
  for (uint64_t i = server_notice_at(param(params, 2) + 1, server.notice_count); i < server.notice_count && rows > 0; i++) {
    const struct server_notice *row = &server.notices[i];
    if (params->values[0] != NULL && row->officer != param(params, 0)) continue;
    server_put_notice(result, row);
    rows--;
  }
  return result;
}

/* rectify.is_restricted(): the case itself, or the one whose finding it is about. */
bool server_is_restricted(const struct server_case *row) {
  return ((row->flags | server.cases[row->finding_of - 1].flags) & CASE_RESTRICTS) != 0;
}

const struct finding_row *server_finding(uint64_t case_no) {
  for (uint64_t i = 0; i < findings_count; i++)
    if (findings[i].case_no == case_no) return &findings[i];
  return NULL;
}

static void result_text(struct pg_result *result, const char *text) { result_bytes(result, text, strlen(text)); }

/* One case by its number, by somebody who may read all; the simulator asks for no others. */
static struct pg_result *case_found(uint64_t case_no, bool with_text) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  result_columns(result, CASES_RESTRICTED + 1);
  if (case_no == 0 || case_no > server.head.cases) return result;
  const struct server_case *row = &server.cases[case_no - 1];
  const struct finding_row *finding = server_finding(row->finding_of);
  must(finding != NULL);
  result_int(result, (int64_t)case_no);
  result_null(result); /* the finding's id */
  result_int(result, row->version);
  result_bytes(result, row->state, row->length);
  result_text(result, finding->unit_code);
  result_null(result); /* the inspection */
  result_text(result, finding->category);
  result_text(result, finding->code);
  for (int column = CASES_DUE; column < CASES_TEXT; column++) result_null(result);
  size_t length;
  const char *words = with_text ? server_text(finding->log_index, &length) : NULL;
  if (words != NULL) result_bytes(result, words, length);
  else result_null(result);
  result_int(result, 0);
  for (int column = CASES_STATUS; column < CASES_RESTRICTED; column++) result_null(result); /* for with_state alone */
  result_int(result, server_is_restricted(row));
  return result;
}

static struct pg_result *query_case(const struct server_params *params) {
  must(params->values[1] == NULL); /* who may read all */
  return case_found((uint64_t)param(params, 0), false);
}

static struct pg_result *query_cases(const struct server_params *params) {
  struct cells numbers = cells_of(params, 0);
  must(numbers.count == 1 && params->values[1] == NULL && param(params, 13) == 0);
  return case_found((uint64_t)next_int(&numbers), param(params, 12) != 0);
}

static struct pg_result *planned(const char *mode, const char *seqscan) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  result_columns(result, 2);
  result_text(result, mode);
  result_text(result, seqscan);
  return result;
}

static struct pg_result *nothing(void) { return result_new(PGRES_TUPLES_OK); }

/* ---- erasures: migrations/0006_erasure.sql ---- */

bool server_erased_since(uint64_t case_no, uint64_t size) {
  const uint64_t finding_of = server.cases[case_no - 1].finding_of;
  for (uint64_t i = 0; i < erasures_count; i++) {
    const uint64_t of = server.events[erasures[i].text_index].case_no;
    if (erasures[i].asked_by == 0 && (uint64_t)erasures[i].log_index >= size && of > 0 && (of == case_no || of == finding_of)) return true;
  }
  return false;
}

static bool has_something_to_erase(int64_t log_index) {
  size_t length;
  bool found = server_text(log_index, &length) != NULL;
  for (uint64_t i = 0; i < evidence_count && !found; i++) found = evidence[i].log_index == log_index;
  return found;
}

/* Who asked last: also after it was erased. */
static const struct erasure_row *last_asked(int64_t text_index) {
  for (uint64_t i = erasures_count; i > 0; i--)
    if (erasures[i - 1].text_index == text_index && erasures[i - 1].asked_by != 0) return &erasures[i - 1];
  return NULL;
}

static struct pg_result *probe_erasures(const struct server_params *params) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  struct cells wanted = cells_of(params, 0);
  result_columns(result, 6);
  for (uint32_t i = 0; i < wanted.count; i++) {
    const int64_t at = next_int(&wanted);
    const struct erasure_row *asked = last_asked(at), *last = erasure_of(at);
    if (at < 0 || (uint64_t)at >= server.head.size) continue;
    const uint64_t case_no = server.events[at].case_no;
    result_int(result, (int64_t)i + 1);
    result_int(result, (int64_t)case_no);
    if (case_no == 0) result_null(result);
    else result_bytes(result, server.cases[case_no - 1].state, server.cases[case_no - 1].length);
    if (asked == NULL) result_null(result);
    else result_int(result, asked->asked_by);
    if (last == NULL || last->asked_by != 0) result_null(result);
    else result_int(result, last->log_index);
    result_int(result, has_something_to_erase(at));
  }
  return result;
}

static struct pg_result *project_erasures(const struct server_params *params) {
  struct cells asked = cells_of(params, 0), asked_at = cells_of(params, 1), asked_by = cells_of(params, 2), erased = cells_of(params, 3),
               erased_at = cells_of(params, 4);
  size_t length;
  for (uint32_t i = 0; i < asked.count; i++)
    *ADD(erasures) = (struct erasure_row){next_int(&asked), next_int(&asked_at), (uint32_t)next_int(&asked_by)};
  for (uint32_t i = 0; i < erased.count; i++) {
    const struct erasure_row row = {next_int(&erased), next_int(&erased_at), 0};
    const bool has_text = server_text(row.text_index, &length) != NULL;
    *ADD(erasures) = row;
    if (has_text && server.events[row.text_index].case_no > 0) letters_forget(server.events[row.text_index].case_no);
  }
  return nothing();
}

/* ---- by statement ---- */

static struct pg_result *registry_checked(void) {
  struct pg_result *result = result_new(PGRES_TUPLES_OK);
  result_columns(result, 2);
  result_int(result, 0);
  result_null(result);
  return result;
}

struct pg_result *server_run(uint32_t statement, const struct server_params *params, uint64_t session) {
  switch ((int)statement) {
    case STATEMENT_LOCK: return lock(params, session);
    case STATEMENT_TAKE_OVER: return take_over();
    case STATEMENT_LOAD_DOCUMENTS: return load_documents();
    case STATEMENT_LOAD_NUMBERS: return load_numbers();
    case STATEMENT_LOAD_KEYS: return nothing();
    case STATEMENT_LOAD_TILES: return load_tiles(params);
    case STATEMENT_LOAD_TILES_NAMED: return load_tiles_named(params);
    case STATEMENT_KEEP_CHECKPOINT: return keep_checkpoint(params);
    case STATEMENT_LOAD_CASES: return load_cases(params);
    case STATEMENT_CHECK_REGISTRY: return registry_checked();
    case STATEMENT_PROBE_KEYS: return probe_keys(params);
    case STATEMENT_PROBE_CASES: return probe_cases(params);
    case STATEMENT_PROBE_PROBLEMS: return probe_days(params, true, false);
    case STATEMENT_PROBE_KINDS: return probe_days(params, false, false);
    case STATEMENT_PROBE_MANY_PROBLEMS: return probe_days(params, true, true);
    case STATEMENT_PROBE_MANY_KINDS: return probe_days(params, false, true);
    case STATEMENT_PROBE_EVIDENCE: return probe_evidence(params);
    case STATEMENT_PROBE_RULES: return probe_rules(params);
    case STATEMENT_PROBE_ERASURES: return probe_erasures(params);
    case STATEMENT_PROJECT_ERASURES: return project_erasures(params);
    case STATEMENT_PROBE_CONTENT: return content_probe(params);
    case STATEMENT_BEGIN_UPLOAD: return content_begin(params);
    case STATEMENT_KEEP_PART: return content_keep_part(params);
    case STATEMENT_LOAD_PARTS: return content_load_parts(params);
    case STATEMENT_FINISH_UPLOAD: return content_finish(params);
    case STATEMENT_DROP_UPLOAD: return content_drop(params);
    case STATEMENT_APPEND: return append(params);
    case STATEMENT_CHECK_STANDBY: return check_standby();
    case STATEMENT_INDEX_FINDINGS: return index_findings(params);
    case STATEMENT_MAKE_LETTERS: return letters_make(params);
    case STATEMENT_LEASE_LETTERS: return letters_lease(params);
    case STATEMENT_NEXT_LETTER: return letters_next(params);
    case STATEMENT_REPORT_LETTERS: return letters_report(params);
    case STATEMENT_LOAD_DEAD_LETTERS: return letters_dead(params);
    case STATEMENT_QUERY_UNPOSTED: return letters_unposted(params);
    case STATEMENT_SWEEP_UPLOADS: return content_sweep(params);
    case STATEMENT_PROJECT_REGISTRY: return nothing();
    case STATEMENT_SET_REVIEWED: return set_reviewed(params);
    case STATEMENT_QUERY_HEAD: return query_head();
    case STATEMENT_PLAN_ONCE: return planned("force_generic_plan", "off");
    case STATEMENT_PLAN_EACH: return planned("force_custom_plan", "on");
    case STATEMENT_QUERY_CASE: return query_case(params);
    case STATEMENT_QUERY_CASES: return query_cases(params);
    case STATEMENT_QUERY_NOTICES: return query_notices(params);
    default: break;
  }
  sim_wrong("the simulated database knows no statement %s", statement_text((enum statement)statement)->name);
}


/* ---- spoilt rows ---- */

static struct {
  uint64_t case_no; /* whose row ends early; 0: a bit of the head is another */
  uint32_t was_length;
  uint8_t *at, was;
} spoilt;

/* Whoever writes the row anew mends it. */
static void written(uint64_t case_no) {
  if (server.corrupt && spoilt.case_no == case_no) server.corrupt = false;
}

void server_corrupt(uint32_t dice) {
  if (server.corrupt || server.head.cases == 0 || server.durable < server.head.size) return;
  server.corrupt = true;
  spoilt.case_no = dice % 3 == 0 ? 1 + dice / 3 % server.head.cases : 0;
  if (spoilt.case_no != 0) {
    struct server_case *row = &server.cases[spoilt.case_no - 1];
    spoilt.was_length = row->length;
    row->length /= 2;
    return;
  }
  spoilt.at = dice % 3 == 1 ? &server.head.root.bytes[dice / 3 % 32] : &server.head.frontier[dice / 3 % server.head.frontier_bytes];
  spoilt.was = *spoilt.at;
  *spoilt.at ^= (uint8_t)(1 << dice / 96 % 8);
}

void server_mend(void) {
  if (!server.corrupt) return;
  server.corrupt = false;
  if (spoilt.case_no == 0) *spoilt.at = spoilt.was;
  else server.cases[spoilt.case_no - 1].length = spoilt.was_length;
}

void server_clear(void) {
  undo_forget();
  server_roll_forward();
  forget_backup();
  content_clear();
  letters_clear();
  for (uint64_t i = 0; i < server.head.size; i++) free(server.events[i].record);
  for (uint64_t i = 0; i < server.head.cases; i++) free(server.cases[i].state);
  for (uint64_t i = 0; i < documents_room; i++) {
    free(documents[i].name);
    free(documents[i].body);
    documents[i].name = documents[i].body = NULL;
  }
  for (uint64_t i = 0; i < texts_room; i++) {
    free(texts[i].body);
    texts[i].body = NULL;
  }
  struct server_event *events = server.events;
  struct server_case *cases = server.cases;
  struct server_notice *notices = server.notices;
  const struct server fresh = {.events = events, .event_room = server.event_room, .cases = cases, .case_room = server.case_room,
                               .notices = notices, .notice_room = server.notice_room};
  server = fresh;
  findings_count = evidence_count = tiles_count = documents_count = orders_count = rules_count = texts_count = erasures_count = 0;
  if (keys_room > 0) memset(keys, 0, keys_room * sizeof *keys);
  lock_session = 0;
  struct hash empty;
  const struct merkle none = {0};
  merkle_root(digest_sha256, &none, &empty);
  server.head.root = empty;
  server.head.clock = NO_CLOCK;
}
