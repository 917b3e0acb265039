/* statements.h - every SQL statement of the daemon: daemon/sql/NAME.sql, compiled in and prepared at connect. */
#ifndef RECTIFY_STATEMENTS_H
#define RECTIFY_STATEMENTS_H

#include <stdbool.h>

enum statement {
#define STATEMENT(NAME, file, where) STATEMENT_##NAME,
#include "daemon/statements.def"
#undef STATEMENT
  STATEMENT_COUNT
};

struct statement_text {
  const char *name;
  const char *sql;
  int where;   /* enum pg_use */
  bool by_key; /* one plan for all parameters */
};

const struct statement_text *statement_text(enum statement statement);

#endif
