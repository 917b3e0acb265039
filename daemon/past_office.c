/* past_office.c - the registry and the calendars that were in force at some time.
 *
 * Ids of units and officers come from the registries before, so that an old registry is made by reading all of them up to
 * it, in order, one a job: the loop is never held longer than by one publication.  One query reads at a time; the others are
 * told to come again.  What was made stays for later queries; at most OFFICES_KEPT are kept. */
#include <stdlib.h>

#include "daemon/past.h"
#include "rectify/must.h"

#define OFFICES_KEPT 3

static struct past_office *offices;
static uint64_t uses;
static bool reading; /* some query is making one */

static void drop(struct past_office *office) {
  struct past_office **at = &offices;
  while (*at != office) at = &(*at)->next;
  *at = office->next;
  world_free(office->office);
  free(office);
}

/* One that nobody uses and that was used longest ago. */
static void make_room(void) {
  uint32_t count = 0;
  struct past_office *oldest = NULL;
  for (struct past_office *at = offices; at != NULL; at = at->next) {
    count++;
    if (at->users == 0 && (oldest == NULL || at->used < oldest->used)) oldest = at;
  }
  if (count > OFFICES_KEPT && oldest != NULL) drop(oldest);
}

void past_office_release(struct past *past) {
  struct past_office *office = past->office;
  past->office = NULL;
  if (office == NULL) return;
  office->users--;
  if (office->complete) {
    make_room();
    return;
  }
  reading = false;
  drop(office);
}

void past_office_forget_all(void) {
  while (offices != NULL) drop(offices);
}

static void use(struct past *past, struct past_office *office) {
  past->office = office;
  office->users++;
  office->used = ++uses;
}

static struct past_office *find(const struct past *past) {
  for (struct past_office *at = offices; at != NULL; at = at->next)
    if (at->complete && at->registry == past->registry && at->calendar == past->calendar) return at;
  return NULL;
}

static struct past_office *begin_office(void) {
  struct past_office *office = calloc(1, sizeof *office);
  must(office != NULL);
  office->office = world_new();
  office->next = offices;
  offices = office;
  reading = true;
  return office;
}

/* ---- reading ---- */

static void (*after)(struct query *query); /* of the query that is reading */

static uint32_t next_kind(const struct past *past) {
  const uint32_t *versions = past->office->office->versions;
  if (versions[DOCUMENT_CALENDAR] < past->calendar) return DOCUMENT_CALENDAR;
  return versions[DOCUMENT_REGISTRY] < past->registry ? DOCUMENT_REGISTRY : DOCUMENT_NONE;
}

static bool read_document(struct office *office, uint32_t kind, const PGresult *result) {
  struct document_report report = {0};
  struct publication publication;
  size_t name_length, length;
  if (PQntuples(result) != 1) return false;
  const char *name = (const char *)pg_bytes(result, 0, 0, &name_length);
  const char *body = (const char *)pg_bytes(result, 0, 1, &length);
  const bool fine = world_parse(office, kind, true, name, body, length, &publication, &report);
  document_report_free(&report);
  if (fine) world_adopt(office, &publication);
  return fine;
}

static void take_document(void *context, unsigned step, const PGresult *result) {
  struct query *query = context;
  const uint32_t kind = next_kind(query->past);
  (void)step;
  if (read_document(query->past->office->office, kind, result)) return;
  log_err("past.document_unreadable kind=%u version=%u", kind, query->past->office->office->versions[kind] + 1);
  past_refuse(query, FAILURE_INTERNAL, "query", "a document that was in force then cannot be read");
}

static void read_next(struct query *query) {
  struct past *past = query->past;
  struct pg_params params;
  const uint32_t kind = next_kind(past);
  if (kind == DOCUMENT_NONE) {
    past->office->registry = past->registry;
    past->office->calendar = past->calendar;
    past->office->complete = true;
    reading = false;
    after(query);
    return;
  }
  if (!past_job(query, take_document, read_next)) return;
  pg_params_reset(&params);
  pg_param_int2(&params, (int16_t)kind);
  pg_param_int4(&params, (int32_t)past->office->office->versions[kind]);
  pg_statement(query->daemon->reader, STATEMENT_QUERY_PAST_DOCUMENT, &params);
  pg_end(query->daemon->reader);
}

static bool is_of_today(const struct query *query) {
  const uint32_t *today = query->daemon->store.office->versions;
  return query->past->registry == today[DOCUMENT_REGISTRY] && query->past->calendar == today[DOCUMENT_CALENDAR];
}

bool past_office_holds(struct query *query) {
  if (query->past->office != NULL || is_of_today(query)) return true;
  past_refuse(query, FAILURE_BUSY, "query", "another registry or calendar was just published; try again");
  query_end(query);
  return false;
}

void past_find_office(struct query *query, void (*then)(struct query *query)) {
  struct past *past = query->past;
  struct past_office *known = find(past);
  if (known != NULL) use(past, known);
  if (known != NULL || is_of_today(query)) {
    then(query);
  } else if (reading) {
    past_refuse(query, FAILURE_BUSY, "query", "the documents of another time are being read; try later");
    query_end(query);
  } else {
    after = then;
    use(past, begin_office());
    read_next(query);
  }
}
