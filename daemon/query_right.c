/* query_right.c - who may ask what: include/rectify/query.def.  Which cases a case's readers are is the database's to say, with
 * the rows: daemon/query_cases.c. */
#include <stdio.h>

#include "daemon/query.h"

enum reach { EVERYBODY, APPOINTED, READABLE, ROOT };

#define B(role) ROLE_BIT(ROLE_##role)
static const struct right {
  enum reach reach;
  uint32_t roles;
  const char *text;
} rights[] = {
#define QUERY(number, NAME, name, zh, reach, roles, text) [number] = {reach, roles, text},
#include "rectify/query.def"
#undef QUERY
};
#undef B

static bool has_at_root(const struct daemon *daemon, uint32_t actor, uint32_t roles) {
  const struct registry *registry = daemon->store.office->registry;
  uint32_t root = 1;
  while (root <= registry->unit_count && (registry->units[root].parent != 0 || registry->units[root].retired)) root++;
  const day_t day = query_today(daemon);
  return (registry_roles(registry, actor, root, day) & roles) != 0 ||
         registry_on_behalf(registry, actor, roles, root, day) != 0;
}

bool query_may(const struct daemon *daemon, enum query_right right, uint32_t actor) {
  switch (rights[right].reach) {
    case EVERYBODY:
    case READABLE: return true; /* as far as rows are concerned, see above */
    case APPOINTED: return registry_roles_anywhere(daemon->store.office->registry, actor, query_today(daemon)) != 0;
    case ROOT: return has_at_root(daemon, actor, rights[right].roles);
  }
  return false;
}

/* "only for office or auditor of the root unit: the whole log" */
const char *query_why_not(enum query_right right) {
  static char text[256];
  int used = snprintf(text, sizeof text, "only for");
  if (rights[right].reach == APPOINTED) used += snprintf(text + used, sizeof text - (size_t)used, " who has a role");
  const char *between = " ";
  for (uint32_t role = 1; role <= ROLE_COUNT; role++) {
    if ((rights[right].roles & ROLE_BIT(role)) == 0) continue;
    used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", between, word_name(words_role, role));
    between = " or ";
  }
  if (rights[right].reach == ROOT) used += snprintf(text + used, sizeof text - (size_t)used, " of the root unit");
  (void)snprintf(text + used, sizeof text - (size_t)used, ": %s", rights[right].text);
  return text;
}

/* ---- which right a query asks for ---- */

static enum query_right of_notices(const struct daemon *daemon, const Rectify__V1__NoticeQuery *wanted, uint32_t actor) {
  const struct registry *registry = daemon->store.office->registry;
  const bool another = wanted->officer.len > 0 &&
                       registry_officer_by_code(registry, (const char *)wanted->officer.data, wanted->officer.len) != actor;
  if (another) return QUERY_NOTICES_OF_ANOTHER;
  return wanted->case_no != 0 ? QUERY_NOTICES_OF_CASE : QUERY_NOTICES;
}

static enum query_right of_proof(const Rectify__V1__ProofQuery *wanted) {
  if (wanted->old_size != 0) return QUERY_HEADS; /* that one log extends another is nobody's secret */
  return wanted->case_no != 0 ? QUERY_PROOF_OF_CASE : QUERY_LOG;
}

enum query_right query_right_of(const struct daemon *daemon, const Rectify__V1__Query *wanted, uint32_t actor) {
  switch (wanted->what_case) {
    case RECTIFY__V1__QUERY__WHAT_CASES: return QUERY_CASES;
    case RECTIFY__V1__QUERY__WHAT_HISTORY: return QUERY_HISTORY;
    case RECTIFY__V1__QUERY__WHAT_WHY: return QUERY_WHY;
    case RECTIFY__V1__QUERY__WHAT_NEXT: return QUERY_NEXT;
    case RECTIFY__V1__QUERY__WHAT_UNPOSTED: return QUERY_POST;
    case RECTIFY__V1__QUERY__WHAT_LETTERS: return QUERY_LETTERS;
    case RECTIFY__V1__QUERY__WHAT_NOTICES: return of_notices(daemon, wanted->notices, actor);
    case RECTIFY__V1__QUERY__WHAT_UNITS:
    case RECTIFY__V1__QUERY__WHAT_OFFICERS: return QUERY_REGISTERED;
    case RECTIFY__V1__QUERY__WHAT_DOCUMENTS:
      return wanted->documents->document == DOCUMENT_REGISTRY ? QUERY_REGISTRIES : QUERY_RULES;
    case RECTIFY__V1__QUERY__WHAT_KEYS: return QUERY_KEYS;
    case RECTIFY__V1__QUERY__WHAT_PROOF: return of_proof(wanted->proof);
    case RECTIFY__V1__QUERY__WHAT_CHECKPOINTS: return QUERY_HEADS;
    case RECTIFY__V1__QUERY__WHAT_LOG: return wanted->log->readable ? QUERY_CASES : QUERY_LOG;
    case RECTIFY__V1__QUERY__WHAT_STORED:
    case RECTIFY__V1__QUERY__WHAT__NOT_SET:
    case _RECTIFY__V1__QUERY__WHAT__CASE_IS_INT_SIZE: break;
  }
  return QUERY_LOG; /* the narrowest */
}
