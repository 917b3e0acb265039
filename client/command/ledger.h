/* ledger.h - ledgers, lists and what else leaves the building: which columns (a map), what stands in them, and the head of the log
 * that it was made from.  Callers: ledger.c, circular.c, printed_order.c. */
#ifndef RECTIFY_LEDGER_H
#define RECTIFY_LEDGER_H

#include "client/command/view.h"
#include "document/ledger_map.h"

/* What the cells of one row are made from. */
struct ledger_cell {
  const struct session *session;
  const struct ledger_map *map;
  uint64_t row; /* from 1 */
  const Rectify__V1__CaseRow *of;        /* of a ledger of cases, */
  const Rectify__V1__LedgerFacts *facts; /* and what its events say; never NULL then */
  const Rectify__V1__LedgerStep *step;   /* of a ledger of steps, */
  const struct event *event;             /* and its record */
};

/* ---- ledger_columns.c ---- */
/* The map whose name or file is given.  EXIT_FINE or an exit code after its message. */
int ledger_map_load(const char *given, struct ledger_map *map);
/* All that is known of cases: what a ledger shows when nobody says which. */
void ledger_map_all(struct ledger_map *map);
/* The columns of a map for a sheet, with `widths`; `all`: as ledger_map_all() made it, some for machines only.  Texts are borrowed
 * from the map. */
void ledger_columns(const struct ledger_map *map, bool all, struct column columns[LEDGER_COLUMNS_MAX],
                    uint8_t widths[LEDGER_COLUMNS_MAX]);
/* Whether some column needs the facts. */
bool ledger_needs_facts(const struct ledger_map *map);
/* The cells of one row. */
void ledger_put(struct sheet *sheet, const struct ledger_cell *cell);

/* ---- ledger_facts.c ---- */
/* Gives each row of a page of cases to `take`, in the page's order, with its facts where they are wanted; `take` returns EXIT_FINE
 * to go on. */
typedef int ledger_case_fn(void *context, const Rectify__V1__CaseRow *row, const Rectify__V1__LedgerFacts *facts);
int ledger_cases(struct session *session, const Rectify__V1__Page *page, bool with_facts, ledger_case_fn *take, void *context);
/* Gives each step of a period to `take`; *end notes the log. */
typedef int ledger_step_fn(void *context, const Rectify__V1__LedgerStep *step, const struct event *event);
int ledger_steps(struct session *session, Rectify__V1__LedgerQuery *wanted, struct view_end *end, ledger_step_fn *take,
                 void *context);

/* ---- ledger_head.c ---- */
#define LEDGER_CODE_BYTES 64
/* "812:7f3a-09c2-...", what paper needs: size and short code of the head, for `rectify verify --printed`; "" where the log's key is
 * not known.  `key` as --log gives it, or NULL. */
void ledger_code(const struct view_end *end, const char *key, char out[LEDGER_CODE_BYTES]);
#define LEDGER_HEAD_BYTES 512
/* "17 cases as of ...; log of 812 events, root ..." in the session's language; `what`: "cases", "项". */
void ledger_head(const struct session *session, const struct view_end *end, const char *en, const char *zh,
                 char out[LEDGER_HEAD_BYTES]);
/* The same, and the code, where the session's format has it: behind a table, else on stderr. */
void ledger_say_head(const struct session *session, const struct view_end *end, const char *key, const char *en,
                     const char *zh);

#endif
