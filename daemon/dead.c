/* dead.c - letters that were given up go on record: a command `undelivered` of the daemon's own on each of their cases.
 *
 * The database says which (case, letter) have no event yet; the key of each is made from both, so that asking again, after a
 * crash or a takeover, records nothing twice.  They travel as items without a request, behind whatever else waits. */
#include <stdio.h>
#include <string.h>

#include "daemon/query.h"
#include "rectify/must.h"

enum { DEAD_KEY, DEAD_CASE, DEAD_OFFICER, DEAD_CHANNEL, DEAD_ANSWER };

/* "mail, o182 Li Na: 550 no such user" */
static void tell_why(const struct registry *registry, const PGresult *result, int row, char text[DEAD_TEXT_BYTES]) {
  ProtobufCBinaryData channel = page_field(result, row, DEAD_CHANNEL), answer = page_field(result, row, DEAD_ANSWER), code = {0}, name = {0};
  row_name_officer(registry, (uint32_t)pg_int(result, row, DEAD_OFFICER), &code, &name);
  (void)snprintf(text, DEAD_TEXT_BYTES, "%.*s, %.*s %.*s%s%.*s", (int)channel.len, (const char *)channel.data, (int)code.len,
                 (const char *)code.data, (int)name.len, (const char *)name.data, answer.len > 0 ? ": " : "", (int)answer.len,
                 (const char *)answer.data);
}

static void dead_result(void *context, unsigned step, const PGresult *result) {
  struct daemon *daemon = context;
  struct post *post = &daemon->post;
  (void)step;
  if (daemon->store.state != STORE_READY) return;
  must(PQntuples(result) <= DEAD_LETTERS_MAX);
  post->dead_count = 0;
  for (int row = 0; row < PQntuples(result); row++) {
    struct dead_letter *dead = &post->dead[post->dead_count++];
    memcpy(dead->key.bytes, page_field(result, row, DEAD_KEY).data, WIRE_ID_BYTES);
    dead->case_no = (uint64_t)pg_int(result, row, DEAD_CASE);
    tell_why(daemon->store.office->registry, result, row, dead->text);
  }
}

static void dead_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct daemon *daemon = context;
  daemon->post.dead_loading = false;
  if (outcome == PG_DONE) return;
  log_warning("letters.dead_not_read sqlstate=%s text=%s", sqlstate, text);
  daemon->post.dead_wanted = true;
}

void dead_ask(struct daemon *daemon) {
  struct post *post = &daemon->post;
  struct pg_params params;
  if (!post->dead_wanted || post->dead_loading || post->dead_count > 0) return;
  if (!pg_begin(post->pg, dead_result, dead_done, daemon)) return;
  post->dead_wanted = false;
  post->dead_loading = true;
  pg_params_reset(&params);
  pg_param_int4(&params, DEAD_LETTERS_MAX);
  pg_statement(post->pg, STATEMENT_LOAD_DEAD_LETTERS, &params);
  pg_end(post->pg);
}

bool dead_have_some(const struct daemon *daemon) { return daemon->post.dead_count > 0 && !daemon->stopping; }

void dead_fill(struct daemon *daemon, struct batch *batch) {
  struct post *post = &daemon->post;
  const bool publishes = batch->item_count > 0 && batch->items[0].command.kind == COMMAND_PUBLISH;
  if (publishes) return;
  for (uint32_t i = 0; i < post->dead_count; i++) {
    struct command command = {.kind = COMMAND_UNDELIVERED, .case_no = post->dead[i].case_no, .key = post->dead[i].key};
    if (!pipeline_has_key(daemon, &command.key)) batch_own(batch, &command, post->dead[i].text);
  }
  post->dead_count = 0;
}

/* There may be more than one batch takes; and erasing a text gives up the letters that wait with it. */
void dead_landed(struct daemon *daemon, const struct batch *batch) {
  for (uint32_t i = 0; i < batch->item_count; i++) {
    const uint32_t kind = batch->items[i].command.kind;
    daemon->post.dead_wanted |= kind == COMMAND_UNDELIVERED || kind == COMMAND_ERASE;
  }
}

void dead_forget(struct daemon *daemon) {
  daemon->post.dead_count = 0;
  daemon->post.dead_wanted = true;
}
