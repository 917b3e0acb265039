/* export_city.c - for the tamper suite and for measuring: plays a made-up history through the real core and codec, and
 * writes what a daemon would export of it.
 *
 *   export_city KEY-FILE FOLDER EVENTS HEAD-EVERY
 *
 * KEY-FILE is the log's secret key.  FOLDER gets `export`, `pub` (the public key), `head-N` for three sizes N of the
 * log, and `receipt` with `receipt-late` (the same record under the last head).  Some texts are asked to be erased, and erased by another
 * person.
 * The same arguments give the same bytes.
 */
#include "proto/codec.h"
#include "rectify/must.h"
#include "sign/digest.h"
#include "sign/note.h"
#include "sign/secret.h"
#include "tests/lib/city.h"
#include "verify/export.h"
#include "verify/receipt.h"

#define CASES_MAX 200000
#define TEXT_BYTES 48

static struct city *city;
static struct note_signer key;
static struct codec_arena *arena;
static const char *folder;
static FILE *out;
static uint64_t events_wanted, head_every;
static struct export_end counts;
static struct merkle tree;
static struct hash *leaves; /* for proofs */
static struct case_state *cases;
static uint64_t dice = 20260213, key_next, erasable, erasable_case;
static bool has_erasable;
static uint32_t asked_by; /* who asked for `erasable` to be erased; 0: nobody yet */
static uint64_t *erased_by; /* by log index; 0: not erased */
static usec_t now;
static uint32_t order_serial, last_of_none;

struct kept { /* rows are written when it is known whether their texts get erased: one batch later */
  struct export_event row;
  uint8_t record[EVENT_BODY_BYTES_MAX];
  uint8_t salt[SALT_BYTES];
  char text[TEXT_BYTES];
};
#define WINDOW 64
static struct kept window[WINDOW];
static uint64_t written;

static uint32_t below(uint32_t bound) {
  uint64_t z = dice += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)((z ^ (z >> 31)) >> 16) % bound;
}

static FILE *create(const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  must(file != NULL);
  return file;
}

/* ---- heads, receipts ---- */

static size_t sign_head(char note[NOTE_BYTES_MAX]) {
  struct checkpoint head = {.size = tree.size};
  snprintf(head.origin, sizeof head.origin, "%s", key.verifier.name);
  merkle_root(digest_sha256, &tree, &head.root);
  size_t length = checkpoint_format(&head, note);
  note[length] = '\n';
  return length + 1 + note_sign(&key, note, length, 0, note + length + 1);
}

static bool node(void *context, uint32_t level, uint64_t index, struct hash *hash) {
  struct merkle part = {0};
  (void)context;
  for (uint64_t i = index << level; i < (index + 1) << level; i++) merkle_append(digest_sha256, &part, &leaves[i]);
  merkle_root(digest_sha256, &part, hash);
  return true;
}

static struct receipt receipt; /* of the record in the middle */

static void keep_receipt(const char *name) {
  const struct merkle_source source = {node, NULL, digest_sha256, NULL};
  char text[RECEIPT_BYTES_MAX];
  receipt.note_length = sign_head(receipt.note);
  must(merkle_inclusion(&source, receipt.log_index, tree.size, &receipt.proof));
  size_t length = receipt_format(&receipt, text);
  FILE *file = create(name);
  must(fwrite(text, 1, length, file) == length && fclose(file) == 0);
}

static void keep_head(void) {
  char note[NOTE_BYTES_MAX], name[64];
  size_t length = sign_head(note);
  snprintf(name, sizeof name, "head-%llu", (unsigned long long)tree.size);
  FILE *file = create(name);
  must(fwrite(note, 1, length, file) == length && fclose(file) == 0);
}

/* ---- the export ---- */

static void write_until(uint64_t until) {
  for (; written < until; written++) {
    struct kept *kept = &window[written % WINDOW];
    kept->row.record = kept->record;
    kept->row.salt = kept->salt;
    kept->row.text = (const uint8_t *)kept->text;
    if (erased_by[written] != 0) {
      kept->row.text_kind = EXPORT_TEXT_ERASED;
      kept->row.erased_by = erased_by[written];
    }
    must(export_write_event(out, &kept->row) == 0);
    counts.events++;
  }
}

static void write_head(void) {
  char note[NOTE_BYTES_MAX];
  write_until(tree.size);
  must(export_write_head(out, note, sign_head(note)) == 0);
  counts.heads++;
}

static void record(const struct event *event, const char *text, const uint8_t salt[SALT_BYTES]) {
  struct kept *kept = &window[tree.size % WINDOW];
  if (tree.size - written == WINDOW - 1) write_until(tree.size - WINDOW / 2);
  memset(&kept->row, 0, sizeof kept->row);
  kept->row.log_index = tree.size;
  kept->row.record_length = (uint32_t)codec_event_pack(event, kept->record);
  if (event->has_text) {
    kept->row.text_kind = EXPORT_TEXT_HERE;
    kept->row.text_length = (uint32_t)snprintf(kept->text, sizeof kept->text, "%s", text);
    memcpy(kept->salt, salt, SALT_BYTES);
  }
  merkle_leaf(digest_sha256, kept->record, kept->row.record_length, &kept->row.leaf);
  leaves[tree.size] = kept->row.leaf;
  if (tree.size == events_wanted / 2) {
    receipt.log_index = tree.size;
    receipt.record_length = kept->row.record_length;
    memcpy(receipt.record, kept->record, kept->row.record_length);
  }
  merkle_append(digest_sha256, &tree, &kept->row.leaf);
  if (tree.size == events_wanted / 2 + 1) keep_receipt("receipt");
  if (tree.size == events_wanted / 3 || tree.size == 2 * (events_wanted / 3)) keep_head();
  if (tree.size % head_every == 0) write_head();
}

static void write_row(const struct case_state *s) {
  uint8_t state[STATE_BODY_BYTES_MAX];
  uint32_t due_clock;
  const usec_t due = case_due(s, &due_clock), fires = case_next_fire(s, NULL);
  const int64_t next_fire = fires == INSTANT_NONE ? 0 : fires;
  struct export_case row = {.case_no = s->case_no,
                            .state = state,
                            .state_length = (uint32_t)codec_state_pack(s, state),
                            .columns = {
#define COLUMN(name, value) value,
#include "verify/column.def"
#undef COLUMN
                            }};
  must(export_write_case(out, &row) == 0);
  counts.cases++;
}

/* ---- the history ---- */

static void make_key(struct command *command) {
  key_next++;
  memcpy(command->key.bytes, &key_next, sizeof key_next);
  command->key.bytes[15] = 7;
}

static uint32_t play(const struct command *command) {
  struct decision decision;
  struct event *event = &decision.event;
  struct case_state *state = command->case_no == 0 ? NULL : &cases[command->case_no];
  const struct fresh fresh = {counts.cases + 1, 2025, order_serial + 1};
  if (tree.size >= events_wanted) return 0;
  case_decide(&city->world, state, command, now, &fresh, &decision);
  if (!decision.record) return decision.rule;
  if (event->case_no == 0) event->version = ++last_of_none;
  else {
    if (state == NULL) state = &cases[counts.cases = event->case_no];
    must(case_apply(state, event));
  }
  char text[TEXT_BYTES];
  uint8_t salt[SALT_BYTES], salted[SALT_BYTES + TEXT_BYTES];
  if (event->has_text) {
    snprintf(text, sizeof text, "what was said at %llu: 已整改", (unsigned long long)tree.size);
    for (uint32_t i = 0; i < SALT_BYTES; i++) salt[i] = (uint8_t)below(256);
    memcpy(salted, salt, SALT_BYTES);
    memcpy(salted + SALT_BYTES, text, strlen(text));
    digest_sha256(salted, SALT_BYTES + strlen(text), event->text.bytes);
  }
  if (event->order_serial != 0) order_serial = event->order_serial;
  bool speaks = has_erasable && erasable >= written && command->kind == COMMAND_COMMENT && !rule_refuses(event->rule) &&
                event->case_no == erasable_case;
  if (speaks && asked_by == 0) {
    asked_by = event->actor;
    event->command = COMMAND_ERASE_ASK;
    event->rule = RULE_ERASURE_ASKED;
    event->other = erasable + 1;
  } else if (speaks && asked_by != event->actor) {
    erased_by[erasable] = tree.size;
    event->command = COMMAND_ERASE;
    event->rule = RULE_ERASED;
    event->other = erasable + 1;
    has_erasable = false;
  } else if (event->has_text && event->case_no != 0 && (!has_erasable || erasable < written) && tree.size % 3 == 0) {
    erasable = tree.size;
    erasable_case = event->case_no;
    has_erasable = true;
    asked_by = 0;
  }
  record(event, text, salt);
  if (rule_refuses(decision.rule) || event->case_no == 0) return decision.rule;
  const struct case_state after = *state;
  const struct event caused = *event;
  struct command next;
  struct finding finding;
  for (uint32_t i = 0; case_follow_up(&city->world, &after, &caused, i, &next, &finding); i++) {
    if (next.kind == COMMAND_SPAWN && counts.cases + 1 >= CASES_MAX) break;
    next.other_state = next.kind == COMMAND_SPAWN ? &cases[next.other] : NULL;
    (void)play(&next);
  }
  return decision.rule;
}

static void submit(void) {
  struct finding finding = {.kind = (uint8_t)(1 + below(KIND_COUNT)),
                            .severity = (uint8_t)(1 + below(SEVERITY_COUNT)),
                            .unit = city_unit(city, below(2) ? "fire" : "street"),
                            .team = city_unit(city, "team-1"),
                            .found_on = zone_day_of(&city->zones[0], now)};
  struct command command = {.kind = COMMAND_SUBMIT,
                            .actor = city_officer(city, "insp-1"),
                            .has_text = true,
                            .finding = &finding,
                            .plain = "wet paint",
                            .plain_length = 9};
  snprintf(finding.unit_code, sizeof finding.unit_code, "fire");
  snprintf(finding.category, sizeof finding.category, "paint");
  make_key(&command);
  finding.id = command.key;
  (void)play(&command);
}

static void act(void) {
  static const uint8_t kinds[] = {
      COMMAND_SIGN_FOR, COMMAND_PROGRESS, COMMAND_PLAN_SUBMIT,   COMMAND_PLAN_APPROVE,    COMMAND_COMMENT,
      COMMAND_COMMENT,  COMMAND_ENDORSE,  COMMAND_ATTACH,        COMMAND_REQUEST_CLOSURE, COMMAND_VERIFY_PASS,
      COMMAND_TALK,     COMMAND_ESCALATE, COMMAND_EXTENSION_ASK, COMMAND_EXTENSION_GRANT, COMMAND_HOLD,
      COMMAND_RESUME,   COMMAND_BOUNCE,   COMMAND_ADJUDICATE,    COMMAND_REOPEN,          COMMAND_CO_UNIT};
  static const char *const officers[] = {"h-fire", "h-street", "p-fire", "p-street", "off-1", "ver-1", "ver-2"};
  uint64_t recent = counts.cases < 300 ? counts.cases : 300;
  struct command command = {.kind = kinds[below(sizeof kinds)],
                            .case_no = counts.cases - below((uint32_t)recent),
                            .actor = city_officer(city, officers[below(7)]),
                            .has_text = true,
                            .days = 5,
                            .measures = 1,
                            .unit = city_unit(city, "fire")};
  if (has_erasable && below(4) == 0) {
    command.kind = COMMAND_COMMENT;
    command.case_no = erasable_case;
    command.actor = city_officer(city, asked_by == 0 ? "off-1" : "ver-1");
  }
  const struct case_state *state = &cases[command.case_no];
  if (below(3) != 0 && (command_roles(command.kind) & ROLE_BIT(ROLE_HANDLER)) != 0 && state->handler != 0)
    command.actor = state->handler;
  if (command.kind == COMMAND_PLAN_SUBMIT || command.kind == COMMAND_ATTACH ||
      command.kind == COMMAND_REQUEST_CLOSURE) {
    command.evidence_count = 1;
    command.evidence[0].kind = command.kind == COMMAND_PLAN_SUBMIT ? EVIDENCE_PLAN : EVIDENCE_MATERIAL;
    memset(command.evidence[0].sha256.bytes, (int)below(256), HASH_BYTES);
    command.evidence[0].stored = below(8) != 0;
  }
  make_key(&command);
  (void)play(&command);
}

/* The clocks of some of the youngest cases. */
static void fire(void) {
  uint32_t slot = 0;
  uint64_t recent = counts.cases < 300 ? counts.cases : 300;
  const struct case_state *state = &cases[counts.cases - below((uint32_t)recent)];
  usec_t at = case_next_fire(state, &slot);
  struct command command;
  if (at > now) return;
  case_rung_command(state, slot, &command);
  (void)play(&command);
}

static void play_all(void) {
  while (tree.size < events_wanted) {
    now += (usec_t)below(1200) * USEC_PER_SECOND;
    uint32_t what = below(100);
    if (counts.cases == 0 || (what < 10 && counts.cases + 1 < CASES_MAX)) submit();
    else if (what < 80) act();
    else fire();
  }
}

static void read_key(const char *path) {
  char text[NOTE_KEY_TEXT_BYTES_MAX + 1], error[4400];
  size_t length;
  if (!secret_read(path, text, sizeof text, &length, error, sizeof error)) {
    fprintf(stderr, "%s\n", error);
    exit(2);
  }
  must(note_signer_parse(text, length - (text[length - 1] == '\n'), &key));
  note_verifier_format(&key.verifier, text);
  FILE *file = create("pub");
  must(fprintf(file, "%s\n", text) > 0 && fclose(file) == 0);
}

int main(int argc, char **argv) {
  must(argc == 5);
  folder = argv[2];
  events_wanted = strtoull(argv[3], NULL, 10);
  head_every = strtoull(argv[4], NULL, 10);
  read_key(argv[1]);
  city = city_open(CITY_POLICY, CITY_REGISTRY);
  arena = codec_arena_new(64 * 1024);
  leaves = calloc(events_wanted + 1, sizeof *leaves);
  cases = calloc(CASES_MAX + 1, sizeof *cases);
  erased_by = calloc(events_wanted + 1, sizeof *erased_by);
  must(leaves != NULL && cases != NULL && erased_by != NULL);
  now = city_instant(city, "2025-01-02T08:00");
  out = create("export");
  must(export_write_log(out, key.verifier.name) == 0);
  play_all();
  keep_head();
  keep_receipt("receipt-late");
  write_head();
  uint64_t last = counts.cases;
  counts.cases = 0;
  for (uint64_t i = 1; i <= last; i++) write_row(&cases[i]);
  must(export_write_end(out, &counts) == 0 && fclose(out) == 0);
  printf("%llu events, %llu heads, %llu cases\n", (unsigned long long)counts.events, (unsigned long long)counts.heads,
         (unsigned long long)counts.cases);
  free(leaves);
  free(cases);
  free(erased_by);
  codec_arena_free(arena);
  city_close(city);
  return 0;
}
