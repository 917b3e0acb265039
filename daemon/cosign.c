/* cosign.c - a witness's line goes behind the head that it cosigned.  The daemon does not judge it: whoever holds the witness's key
 * does; here it only has to be a line of a note. */
#include <string.h>

#include "daemon/daemon.h"

static struct waiting {
  bool used, found;
  struct daemon *daemon;
  struct route_back back;
  struct uuid id;
} places[COSIGNS_MAX];

static void cosign_result(void *context, unsigned step, const PGresult *result) {
  struct waiting *waiting = context;
  (void)step;
  waiting->found = PQntuples(result) == 1 && !pg_null(result, 0, 0);
}

static void cosign_done(void *context, enum pg_outcome outcome, const char *sqlstate, const char *text) {
  struct waiting *waiting = context;
  struct daemon *daemon = waiting->daemon;
  (void)sqlstate, (void)text;
  waiting->used = false;
  if (outcome != PG_DONE)
    answer_error(daemon, &waiting->back, &waiting->id, FAILURE_UNAVAILABLE, "cosign", "the database cannot be reached; try later",
                 RETRY_AFTER_MSEC);
  else if (waiting->found) answer_pong(daemon, &waiting->back, &waiting->id);
  else answer_error(daemon, &waiting->back, &waiting->id, FAILURE_NOT_FOUND, "cosign.size", "no head of that size is kept", 0);
}

static bool is_line(const Rectify__V1__Cosign *cosign) {
  static const char dash[] = "\u2014 ";
  const size_t length = cosign->line.len, start = sizeof dash - 1;
  const uint8_t *data = cosign->line.data;
  return length > start + 1 && memcmp(data, dash, start) == 0 && memchr(data, '\n', length) == data + length - 1;
}

/* Behind a signed head it must still be a note: whoever reads the head reads all of it. */
static bool fits_behind(const struct seal *seal, const Rectify__V1__Cosign *cosign) {
  char bytes[sizeof seal->note + COSIGNATURE_BYTES_MAX];
  struct note note;
  if (seal->note_length == 0 || cosign->line.len > COSIGNATURE_BYTES_MAX) return false;
  memcpy(bytes, seal->note, seal->note_length);
  memcpy(bytes + seal->note_length, cosign->line.data, cosign->line.len);
  return note_parse(bytes, seal->note_length + cosign->line.len, &note);
}

static struct waiting *free_place(void) {
  for (uint32_t i = 0; i < COSIGNS_MAX; i++)
    if (!places[i].used) return &places[i];
  return NULL;
}

void cosign_request(struct daemon *daemon, const Rectify__V1__Cosign *cosign, uint32_t actor, const struct route_back *back,
                    const struct uuid *id) {
  struct pg_params params;
  struct waiting *waiting = free_place();
  if (cosign->size == daemon->seal.size) seal_keep(daemon); /* in the same connection, before it */
  if (!query_may(daemon, QUERY_COSIGN, actor)) {
    answer_error(daemon, back, id, FAILURE_FORBIDDEN, "cosign", query_why_not(QUERY_COSIGN), 0);
  } else if (!is_line(cosign) || !fits_behind(&daemon->seal, cosign)) {
    answer_error(daemon, back, id, FAILURE_FIELD, "cosign.line", "not a signature line of a note", 0);
  } else if (waiting == NULL || !pg_begin(daemon->store.pg, cosign_result, cosign_done, waiting)) {
    answer_error(daemon, back, id, FAILURE_BUSY, "cosign", "16 cosignatures wait already; try later", RETRY_AFTER_MSEC);
  } else {
    *waiting = (struct waiting){true, false, daemon, *back, *id};
    pg_params_reset(&params);
    pg_param_int8(&params, (int64_t)cosign->size);
    pg_param_bytes(&params, cosign->line.data, cosign->line.len);
    pg_statement(daemon->store.pg, STATEMENT_ADD_COSIGNATURE, &params);
    pg_end(daemon->store.pg);
  }
}
