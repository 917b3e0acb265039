/* sim_signing.c - the signer, in the place of daemon/signing.c and sign/main.c: one process that judges with sign/signer.c and keeps the
 * last head before it answers.  It dies between the two, or with a question on its way; what it has kept stays. */
#include "daemon/signing.h"

#include "proto/codec.h"
#include "tests/sim/sim.h"

#define LINES_MAX 8
#define AGAIN_MSEC 500
#define TRAVEL_USEC 200
#define LOG_NAME "sim.example/log"

struct signing {
  uint64_t number; /* never given twice in a run; 0: free */
  struct process *owner;
  uint64_t boot; /* of the signer that it is connected to; 0: to none */
  bool asked, answered;
  int64_t retry_at;
  struct signer_request request;
  struct signer_reply reply;
};

#define GOOD_KEPT 8
static struct {
  size_t length;
  uint8_t bytes[1024];
} good[GOOD_KEPT]; /* signed heads that were checked last */
static uint32_t good_next;
static struct signing lines[LINES_MAX];
static uint64_t numbers;
static struct {
  bool there; /* the key */
  struct note_signer key;
  struct signer_state state; /* on its disk */
  uint64_t boot;             /* starts so far; 0: it does not run */
  uint64_t boots;
} signer;

void signer_clear(void) {
  memset(lines, 0, sizeof lines);
  numbers = 0;
  if (!signer.there) must(note_signer_new(LOG_NAME, NOTE_ED25519, &signer.key));
  signer.there = true;
  must(signer_begin(&signer.key, &signer.state));
  signer.boot = signer.boots = 1;
}

uint64_t signer_size(void) { return signer.state.last.size; }

void signer_dies(void) {
  if (signer.boot == 0) return;
  signer.boot = 0;
  for (uint32_t i = 0; i < LINES_MAX; i++)
    if (lines[i].number != 0) host_wake(lines[i].owner->number);
}

void signer_starts(void) {
  if (signer.boot == 0) signer.boot = ++signer.boots;
}

/* Most heads are shown more than once, and checking a signature takes long. */
static bool is_known_good(const void *data, size_t length) {
  for (uint32_t i = 0; i < GOOD_KEPT; i++)
    if (good[i].length == length && memcmp(good[i].bytes, data, length) == 0) return true;
  return false;
}

/* A signed head is that of the log, by this key, and no smaller than the one before. */
bool signer_note_is_good(const void *data, size_t length, uint64_t size, const uint8_t root[HASH_BYTES]) {
  struct note note;
  struct checkpoint head;
  const bool known = is_known_good(data, length);
  if (!note_parse(data, length, &note) || (!known && !note_is_signed_by(&note, &signer.key.verifier, NULL)) ||
      !checkpoint_parse(note.text, note.text_length, &head) || head.size != size || memcmp(head.root.bytes, root, HASH_BYTES) != 0)
    return false;
  if (!known && length <= sizeof good[0].bytes) memcpy(good[good_next].bytes, data, good[good_next].length = length);
  if (!known) good_next = (good_next + 1) % GOOD_KEPT;
  return true;
}

/* ---- the signer's side ---- */

static struct signing *line_of(uint64_t number) {
  for (uint32_t i = 0; i < LINES_MAX; i++)
    if (lines[i].number == number) return &lines[i];
  return NULL;
}

static void reply_arrives(void *context, uint64_t number) {
  struct signing *line = line_of(number);
  (void)context;
  if (line == NULL || line->boot != signer.boot || signer.boot == 0) return;
  line->answered = true;
  host_wake(line->owner->number);
}

static void keep(const struct signer_state *next) {
  HOLDS(next->last.size >= signer.state.last.size, "the signer's last head fell from %llu to %llu", (unsigned long long)signer.state.last.size,
        (unsigned long long)next->last.size);
  check_head(next->last.size, next->last.root.bytes);
  signer.state = *next;
}

static void request_arrives(void *context, uint64_t number) {
  struct signing *line = line_of(number);
  struct signer_state next = signer.state;
  (void)context;
  if (line == NULL || signer.boot == 0 || line->boot != signer.boot) return;
  uint8_t verdict = line->request.ask == SIGNER_STATUS ? SIGNER_OK : signer_judge(&signer.key, &signer.state, &line->request, &next);
  if (sim.signer_dies > 0 && dice_percent(DICE_SIGNER, sim.signer_dies)) {
    if (verdict == SIGNER_OK && dice_percent(DICE_SIGNER, 50)) keep(&next);
    sim_tell("the signer dies with a question on its desk");
    signer_dies();
    return;
  }
  if (verdict == SIGNER_OK) keep(&next);
  line->reply = (struct signer_reply){.verdict = verdict, .size = signer.state.last.size, .root = signer.state.last.root};
  line->reply.note_length = signer.state.note_length;
  memcpy(line->reply.note, signer.state.note, signer.state.note_length);
  sim_after(TRAVEL_USEC, reply_arrives, NULL, number);
}

/* ---- the daemon's side ---- */

struct signing *signing_new(const char *path) {
  (void)path;
  struct signing *line = line_of(0);
  must(line != NULL);
  *line = (struct signing){.number = ++numbers, .owner = sim.process};
  return line;
}

void signing_free(struct signing *line) {
  if (line != NULL) *line = (struct signing){0};
}

int signing_fd(const struct signing *line) { return line->boot == 0 ? -1 : 0; }
bool signing_is_idle(const struct signing *line) { return line->boot != 0 && !line->asked; }
const struct signer_reply *signing_reply(const struct signing *line) { return &line->reply; }

enum signing_news signing_turn(struct signing *line, int64_t now_msec) {
  if (line->boot != 0 && line->boot != signer.boot) {
    line->boot = 0;
    line->asked = line->answered = false;
    line->retry_at = now_msec + AGAIN_MSEC;
    return SIGNING_LOST;
  }
  if (line->boot == 0) {
    if (signer.boot == 0 || now_msec < line->retry_at) return SIGNING_NONE;
    line->boot = signer.boot;
    return SIGNING_UP;
  }
  if (!line->answered) return SIGNING_NONE;
  line->asked = line->answered = false;
  return SIGNING_ANSWERED;
}

static void ask(struct signing *line, const struct signer_request *request) {
  must(signing_is_idle(line));
  line->asked = true;
  line->request = *request;
  sim_after(TRAVEL_USEC + dice_below(DICE_SIGNER, TRAVEL_USEC), request_arrives, NULL, line->number);
}

void signing_ask_status(struct signing *line) { ask(line, &(struct signer_request){.ask = SIGNER_STATUS}); }

void signing_ask_sign(struct signing *line, uint64_t size, const struct hash *root, const struct merkle_proof *proof) {
  struct signer_request request = {.ask = SIGNER_SIGN, .size = size, .root = *root};
  if (proof != NULL) request.proof = *proof;
  ask(line, &request);
}
