#include "daemon/seal.h"

#include <string.h>

#include "daemon/daemon.h"
#include "daemon/tiles.h"
#include "rectify/must.h"

#define SAY_MSEC 60000  /* heads to syslog */
#define KEEP_MSEC 1000  /* heads to the table */
#define AGAIN_MSEC 1000 /* after an answer that signed nothing */

static struct seal *seal_of(struct daemon *daemon) { return &daemon->seal; }

void seal_open(struct daemon *daemon, const char *path) {
  if (path[0] != '\0') daemon->seal.signing = signing_new(path);
}

void seal_close(struct daemon *daemon) {
  signing_free(daemon->seal.signing);
  growth_free(&daemon->seal.growth);
}

bool seal_inclusion(struct daemon *daemon, uint64_t index, uint64_t size, struct merkle_proof *out) {
  struct growth *growth = &daemon->seal.growth;
  const struct merkle_source source = growth_source(growth);
  return index >= growth->before.size && size <= growth->size && merkle_inclusion(&source, index, size, out);
}

/* ---- answering ---- */

static void answer_signed(struct daemon *daemon) {
  struct seal *seal = seal_of(daemon);
  answer_batch(daemon, daemon->signed_);
  batch_reset(daemon->signed_);
  seal->waits = seal->answerable = false;
}

/* The oldest batch takes the place, and the others move up. */
static void swap_in(struct daemon *daemon) {
  struct batch *kept = daemon->signed_;
  must(daemon->landed > 0 && daemon->landed <= daemon->flights);
  daemon->signed_ = daemon->fly[0];
  daemon->landed--;
  daemon->flights--;
  for (uint32_t i = 0; i < daemon->flights; i++) daemon->fly[i] = daemon->fly[i + 1];
  daemon->fly[daemon->flights] = kept;
}

static bool is_covered(const struct seal *seal, const struct batch *batch) {
  return seal->note_length > 0 && seal->size >= batch->size_before + batch->fresh_count;
}

void seal_take(struct daemon *daemon) {
  struct seal *seal = seal_of(daemon);
  if (seal->waits || daemon->landed == 0) return;
  swap_in(daemon);
  seal->waits = true;
  seal->waits_since = clock_monotonic_msec();
  const bool nobody = daemon->signed_->request_count == 0;
  seal->answerable = seal->signing == NULL || !seal->proven || seal->silent || nobody || is_covered(seal, daemon->signed_);
}

void seal_answer(struct daemon *daemon) {
  struct seal *seal = seal_of(daemon);
  while (seal->waits && seal->answerable) {
    answer_signed(daemon);
    if (seal->signing == NULL && daemon->landed == 0) growth_advance(&seal->growth, daemon->committed_size);
    seal_take(daemon);
  }
}

bool seal_is_idle(const struct daemon *daemon) { return !daemon->seal.waits && daemon->landed == 0; }

void seal_forget(struct daemon *daemon) {
  struct seal *seal = seal_of(daemon);
  seal->begun = seal->proven = seal->proving = false;
  if (seal->waits) answer_signed(daemon);
  while (daemon->landed > 0) {
    swap_in(daemon);
    answer_signed(daemon);
  }
}

/* ---- proving, at the start and after a silence that was too long to remember ---- */

static void ask_sign(struct daemon *daemon, const struct merkle_proof *proof) {
  signing_ask_sign(daemon->seal.signing, daemon->committed_size, &daemon->committed_root, proof);
}

/* The tiles that the proof needs, and what it is about. */
static struct tiles tiles;
static uint64_t proof_from, proof_to;

static void tiles_result(void *context, unsigned step, const PGresult *result) {
  (void)context, (void)step;
  for (int row = 0; row < PQntuples(result); row++) {
    size_t length;
    const uint8_t *hashes = pg_bytes(result, row, 2, &length);
    if (!tiles_take(&tiles, (uint32_t)pg_int(result, row, 0), (uint64_t)pg_int(result, row, 1), hashes, length))
      store_damaged("a tile of the log is none");
  }
}

static void sign_by_tiles(struct daemon *daemon) {
  struct merkle_proof proof;
  const struct merkle_source source = tiles_source(&tiles);
  daemon->seal.proving = false;
  if (!signing_is_idle(daemon->seal.signing) || proof_to != daemon->committed_size) return; /* asked again at the next turn */
  if (!merkle_consistency(&source, proof_from, proof_to, &proof)) store_damaged("a tile of the log is missing");
  ask_sign(daemon, &proof);
}

static void tiles_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  (void)sqlstate;
  daemon->seal.proving = false;
  if (outcome == PG_DONE) sign_by_tiles(daemon);
  else log_warning("seal.tiles_failed text=%s", text);
}

static void fetch_tiles(struct daemon *daemon) {
  static struct pg_array levels, numbers;
  struct pg_params params;
  if (!pg_begin(daemon->store.pg, tiles_result, tiles_done, daemon)) return;
  daemon->seal.proving = true;
  pg_array_reset(&levels, PG_INT2);
  pg_array_reset(&numbers, PG_INT8);
  for (uint32_t i = 0; i < tiles.wish_count; i++) {
    pg_put_int(&levels, tiles.wishes[i].level);
    pg_put_int(&numbers, (int64_t)tiles.wishes[i].n);
  }
  pg_params_reset(&params);
  pg_param_array(&params, &levels);
  pg_param_array(&params, &numbers);
  pg_statement(daemon->store.pg, STATEMENT_LOAD_TILES_NAMED, &params);
  pg_end(daemon->store.pg);
}

/* The signer has signed what the log does not extend.  A daemon that was superseded and has not noticed hears so too: it is about
 * the log itself only when that was just read. */
static void disputed(struct daemon *daemon, uint8_t verdict) {
  if (daemon->store.state != STORE_READY) store_damaged(signer_verdict_text(verdict));
  store_restart(daemon, "the signer has signed another log than this daemon knows");
}

/* What was signed last is larger than the log, or as large and another one: somebody took history away. */
static uint8_t judge_last(const struct daemon *daemon, const struct signer_reply *last) {
  if (last->size > daemon->committed_size) return SIGNER_ROLLED_BACK;
  const bool same = last->size != daemon->committed_size || memcmp(&last->root, &daemon->committed_root, HASH_BYTES) == 0;
  return same ? SIGNER_OK : SIGNER_FORKED;
}

static void prove_from(struct daemon *daemon, const struct signer_reply *last) {
  struct merkle_proof proof;
  const uint8_t verdict = judge_last(daemon, last);
  if (verdict != SIGNER_OK) {
    disputed(daemon, verdict);
    return;
  }
  proof_from = last->size;
  proof_to = daemon->committed_size;
  if (last->size == 0 || last->size == daemon->committed_size) {
    ask_sign(daemon, NULL);
    return;
  }
  tiles_start(&tiles, &daemon->store.tree);
  const struct merkle_source wishing = tiles_wishing(&tiles);
  if (!merkle_consistency(&wishing, proof_from, proof_to, &proof)) store_damaged("the log's right edge has a gap");
  if (tiles.wish_count == 0) sign_by_tiles(daemon);
  else fetch_tiles(daemon);
}

void seal_prove(struct daemon *daemon) {
  struct seal *seal = seal_of(daemon);
  growth_start(&seal->growth, &daemon->store.tree.merkle);
  seal->begun = true;
  if (seal->signing == NULL) store_proven(daemon);
  else if (signing_is_idle(seal->signing)) signing_ask_status(seal->signing);
  else log_warning("seal.waits reason=the_signer_is_not_there action=not_serving");
}

/* ---- what the signer says ---- */

static void take_note(struct daemon *daemon, const struct signer_reply *reply) {
  struct seal *seal = seal_of(daemon);
  const bool began = !seal->proven;
  seal->size = reply->size;
  seal->root = reply->root;
  seal->note_length = reply->note_length;
  memcpy(seal->note, reply->note, reply->note_length);
  if (seal->silent) log_info("seal.signs_again size=%lu", seal->size);
  seal->silent = false;
  seal->proven = true;
  if (seal->waits && is_covered(seal, daemon->signed_)) answer_signed(daemon);
  growth_advance(&seal->growth, seal->size);
  if (began && daemon->store.state == STORE_LOADING) store_proven(daemon);
}

static void tell_silent(struct seal *seal, const char *why) {
  if (!seal->silent) log_err("seal.silent reason=%s action=receipts_leave_unsigned", why);
  seal->silent = true;
}

/* After a new connection the last head tells where to go on; all later ones are the answers to ours. */
static void take_answer(struct daemon *daemon) {
  struct seal *seal = seal_of(daemon);
  const struct signer_reply *reply = signing_reply(seal->signing);
  if (reply->verdict == SIGNER_ROLLED_BACK || reply->verdict == SIGNER_FORKED || reply->verdict == SIGNER_NOT_PROVED) {
    disputed(daemon, reply->verdict);
    return;
  }
  if (reply->verdict != SIGNER_OK) {
    tell_silent(seal, signer_verdict_text(reply->verdict));
    seal->again_at = clock_monotonic_msec() + AGAIN_MSEC;
    return;
  }
  if (!seal->begun || seal->proving) return;
  if (reply->size == daemon->committed_size || (seal->proven && reply->size >= seal->growth.before.size &&
                                                reply->size <= seal->growth.size)) {
    struct hash root;
    if (growth_root(&seal->growth, reply->size, &root) && memcmp(&root, &reply->root, HASH_BYTES) == 0) take_note(daemon, reply);
    else disputed(daemon, SIGNER_FORKED);
  } else {
    seal->proven = false;
    prove_from(daemon, reply);
  }
}

/* A log that grew while nobody signed is not remembered without end: the proof then comes from tiles. */
static void bound_growth(struct daemon *daemon) {
  struct seal *seal = seal_of(daemon);
  if (growth_kept(&seal->growth) <= SEAL_LEAVES_MAX || seal->waits || daemon->landed > 0) return;
  growth_advance(&seal->growth, seal->growth.size);
  seal->proven = false;
}

static void sign_more(struct daemon *daemon, int64_t now_msec) {
  struct seal *seal = seal_of(daemon);
  struct merkle_proof proof;
  const struct merkle_source source = growth_source(&seal->growth);
  if (!seal->begun || !signing_is_idle(seal->signing) || now_msec < seal->again_at) return;
  if (!seal->proven) {
    if (!seal->proving) signing_ask_status(seal->signing);
    return;
  }
  if (daemon->committed_size <= seal->size) return;
  must(merkle_consistency(&source, seal->size, daemon->committed_size, &proof)); /* growth begins at the last head */
  ask_sign(daemon, &proof);
}

/* ---- keeping and saying ---- */

static void no_result(void *context, unsigned step, const PGresult *result) { (void)context, (void)step, (void)result; }
static void kept(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  (void)context, (void)sqlstate;
  if (outcome != PG_DONE) log_warning("seal.not_kept text=%s", text);
}

void seal_keep(struct daemon *daemon) {
  struct seal *seal = seal_of(daemon);
  struct pg_params params;
  if (daemon->store.state != STORE_READY || seal->note_length == 0 || seal->size <= seal->kept_size) return;
  if (!pg_begin(daemon->store.pg, no_result, kept, daemon)) return;
  pg_params_reset(&params);
  pg_param_int8(&params, (int64_t)seal->size);
  pg_param_bytes(&params, seal->note, seal->note_length);
  pg_statement(daemon->store.pg, STATEMENT_KEEP_CHECKPOINT, &params);
  pg_end(daemon->store.pg);
  seal->kept_size = seal->size;
  seal->kept_at = clock_monotonic_msec();
}

/* A log server elsewhere is a witness too. */
static void say(struct seal *seal, int64_t now_msec) {
  struct note note;
  struct checkpoint head;
  char code[CHECKPOINT_CODE_BYTES];
  if (seal->note_length == 0 || now_msec < seal->said_at) return;
  if (!note_parse(seal->note, seal->note_length, &note) || !checkpoint_parse(note.text, note.text_length, &head)) return;
  checkpoint_code(&head, code);
  log_info("seal.head log=%s size=%lu code=%s", head.origin, head.size, code);
  seal->said_at = now_msec + SAY_MSEC;
}

/* ---- the loop's view ---- */

void seal_turn(struct daemon *daemon, int64_t now_msec) {
  struct seal *seal = seal_of(daemon);
  if (seal->signing == NULL || daemon->store.state < STORE_LOADING) return; /* a standby leaves the signer alone */
  switch (signing_turn(seal->signing, now_msec)) {
    case SIGNING_NONE: break;
    case SIGNING_UP: signing_ask_status(seal->signing); break;
    case SIGNING_ANSWERED: take_answer(daemon); break;
    case SIGNING_LOST: tell_silent(seal, "the connection to the signer ended"); break;
  }
  if (seal->waits && now_msec - seal->waits_since >= SEAL_MSEC_MAX) {
    tell_silent(seal, "no answer in time");
    answer_signed(daemon);
  }
  seal_take(daemon);
  bound_growth(daemon);
  sign_more(daemon, now_msec);
  if (now_msec >= seal->kept_at + KEEP_MSEC || daemon->stopping) seal_keep(daemon);
  say(seal, now_msec);
}

int64_t seal_next_msec(const struct daemon *daemon) {
  return daemon->seal.waits ? daemon->seal.waits_since + SEAL_MSEC_MAX : INT64_MAX;
}
